// What is asked of a server, and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rpmoci {

struct TlsOptions {
  bool verify = true;
  /// Paths of PEM files; empty for libcurl's own choice, or for none.
  std::string ca;
  std::string certificate;
  std::string key;
};

struct TransferRequest {
  /// `http:` or `https:`, without credentials.
  std::string url;
  /// `Name: value`.
  std::vector<std::string> headers;
  /// Empty for none; the environment's is not looked at.
  std::string proxy;
  /// none, basic, digest, digest_ie, ntlm, negotiate or any.
  std::string proxy_authentication = "basic";
  /// Hosts that are asked without the proxy, between commas.
  std::string no_proxy;
  TlsOptions tls;
  TlsOptions proxy_tls;
  /// Of the server's certificate, by OCSP stapling.
  bool verify_status = false;
  /// 4 or 6; 0 for both.
  int ip_version = 0;
  /// Milliseconds: to connect, and below `min_rate`.
  long timeout = 0;
  /// Bytes a second, at least 1.
  long min_rate = 1;
  /// More than so many end the transfer.
  std::uint64_t max_bytes = 0;
};

/// What of a file is there already.
struct Resumption {
  std::uint64_t offset = 0;
  /// The ETag or date of what the bytes belong to; empty when it is unknown.
  std::string validator;
};

struct TransferFailure {
  /// PROXY for a proxy that refuses; RESOLVE, CONNECT, TIMEOUT, BROKEN_OFF, TLS or OTHER for what the network did;
  /// LOCAL for what this machine did.
  std::string code;
  std::string message;
};

struct TransferOutcome {
  /// 0 when no answer came.
  long status = 0;
  /// Absolute; empty when the answer is no redirection.
  std::string redirected_to;
  /// As in Resumption.
  std::string validator;
  /// Seconds that the server asks to be given; negative when it does not say.
  std::int64_t retry_after = -1;
  /// There were more than `max_bytes`.
  bool too_large = false;
  std::optional<TransferFailure> failure;
};

}  // namespace rpmoci
