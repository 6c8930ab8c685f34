#include "transfer/set_options.h"

#include <new>
#include <string>

namespace rpmoci {

namespace {

void append(HeaderList& list, const std::string& line) {
  auto* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  list.release();
  list.reset(longer);
}

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

/// libcurl's names for what TlsOptions has.
struct TlsNames {
  CURLoption verify_peer;
  CURLoption verify_host;
  CURLoption ca;
  CURLoption certificate;
  CURLoption key;
};
constexpr TlsNames kServer{CURLOPT_SSL_VERIFYPEER, CURLOPT_SSL_VERIFYHOST, CURLOPT_CAINFO, CURLOPT_SSLCERT,
                           CURLOPT_SSLKEY};
constexpr TlsNames kProxy{CURLOPT_PROXY_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYHOST, CURLOPT_PROXY_CAINFO,
                          CURLOPT_PROXY_SSLCERT, CURLOPT_PROXY_SSLKEY};

void set_tls(CURL* easy, const TlsNames& names, const TlsOptions& tls) {
  curl_easy_setopt(easy, names.verify_peer, tls.verify ? 1L : 0L);
  curl_easy_setopt(easy, names.verify_host, tls.verify ? 2L : 0L);
  if (!tls.ca.empty()) curl_easy_setopt(easy, names.ca, tls.ca.c_str());
  curl_easy_setopt(easy, names.certificate, or_null(tls.certificate));
  curl_easy_setopt(easy, names.key, or_null(tls.key));
}

unsigned long authentication_of(const std::string& name) {
  if (name == "basic") return CURLAUTH_BASIC;
  if (name == "digest") return CURLAUTH_DIGEST;
  if (name == "digest_ie") return CURLAUTH_DIGEST_IE;
  if (name == "ntlm") return CURLAUTH_NTLM;
  if (name == "negotiate") return CURLAUTH_NEGOTIATE;
  return name == "any" ? CURLAUTH_ANY : CURLAUTH_NONE;
}

void allow_http_only(CURL* easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

}  // namespace

HeaderList set_options(CURL* easy, const TransferRequest& request, const Resumption& resumption) {
  curl_easy_reset(easy);
  allow_http_only(easy);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  // An empty text, unlike none, keeps the environment's out.
  curl_easy_setopt(easy, CURLOPT_PROXY, request.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_PROXYAUTH, authentication_of(request.proxy_authentication));
  curl_easy_setopt(easy, CURLOPT_NOPROXY, request.no_proxy.c_str());
  set_tls(easy, kServer, request.tls);
  set_tls(easy, kProxy, request.proxy_tls);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYSTATUS, request.verify_status ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_IPRESOLVE,
                   static_cast<long>(request.ip_version == 4   ? CURL_IPRESOLVE_V4
                                     : request.ip_version == 6 ? CURL_IPRESOLVE_V6
                                                               : CURL_IPRESOLVE_WHATEVER));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request.timeout);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (request.timeout + 999) / 1000);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, request.min_rate);
  // The process's signals are Node's.
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
  HeaderList headers;
  for (const auto& line : request.headers) append(headers, line);
  if (resumption.offset > 0) {
    append(headers, "Range: bytes=" + std::to_string(resumption.offset) + "-");
    if (!resumption.validator.empty()) append(headers, "If-Range: " + resumption.validator);
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  return headers;
}

}  // namespace rpmoci
