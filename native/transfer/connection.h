// One transfer after the other, over connections that are kept alive.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "transfer/body_sink.h"
#include "transfer/request.h"

namespace rpmoci {

/// For one thread at a time.
class Connection {
 public:
  /// Throws std::bad_alloc.
  Connection();

  /// Asks for what `request` says and hands the body of an answer of 200 or 206 to `sink`; with bytes in the sink, for
  /// the rest of them, and from the start where the server has it no other way. Follows no redirection. Looks at
  /// `cancelled` twenty times a second, and throws Failure("CANCELLED").
  TransferOutcome perform(const TransferRequest& request, const std::string& validator, BodySink& sink,
                          const std::atomic<bool>& cancelled);

  /// The scheme, host and port of the last transfer.
  const std::string& origin() const noexcept { return origin_; }

 private:
  struct MultiDeleter {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };
  struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };

  CURLcode run(const std::atomic<bool>& cancelled);

  /// Keeps the connections.
  std::unique_ptr<CURLM, MultiDeleter> multi_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  std::string origin_;
};

/// Connections that nobody uses just now.
class ConnectionPool {
 public:
  /// One that has been to the same origin, if there is one.
  std::unique_ptr<Connection> take(const std::string& origin);
  void give_back(std::unique_ptr<Connection> connection);
  /// Ends those that are idle, and the others when they come back.
  void close();

 private:
  std::mutex mutex_;
  bool closed_ = false;
  std::vector<std::unique_ptr<Connection>> idle_;
};

/// `scheme://host:port` of a URL.
std::string origin_of(const std::string& url);

}  // namespace rpmoci
