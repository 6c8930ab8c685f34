#include "transfer/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>
#include <system_error>

#include "failure.h"
#include "transfer/answer.h"
#include "transfer/set_options.h"

namespace rpmoci {

namespace {

/// Milliseconds between two looks at a cancellation.
constexpr int kPause = 50;

void initialize_once() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_ALL);
  if (result != CURLE_OK) throw Failure("LOCAL", curl_easy_strerror(result));
}

/// What a transfer's callbacks work on.
struct Exchange {
  const TransferRequest& request;
  BodySink& sink;
  Answer answer;
  bool begun = false;
  bool too_large = false;
  std::exception_ptr error;
};

/// Before the body's first byte. False for a part that was not asked for.
bool begin_body(Exchange& exchange) {
  if (exchange.begun) return true;
  exchange.begun = true;
  const auto status = exchange.answer.status();
  if (status == 200) exchange.sink.restart();
  return status != 206 || exchange.sink.size() == 0 || exchange.answer.first_byte() == exchange.sink.size();
}

/// Nobody reads what comes with an error, but a short text is not worth a new connection.
constexpr std::size_t kMostIgnored = 64 << 10;

std::size_t receive(char* data, std::size_t, std::size_t size, void* raw) {
  auto& exchange = *static_cast<Exchange*>(raw);
  try {
    if (!exchange.answer.has_file()) return exchange.answer.ignore(size) > kMostIgnored ? 0 : size;
    if (!begin_body(exchange)) return 0;
    const auto left = exchange.request.max_bytes - std::min(exchange.request.max_bytes, exchange.sink.size());
    exchange.sink.write({data, std::min<std::size_t>(size, left)});
    exchange.too_large = size > left;
    return exchange.too_large ? 0 : size;
  } catch (...) {
    exchange.error = std::current_exception();
    return 0;
  }
}

std::size_t receive_header(char* data, std::size_t, std::size_t size, void* raw) {
  static_cast<Exchange*>(raw)->answer.read_header({data, size});
  return size;
}

std::string os_message(CURL* easy, std::string fallback) {
  long number = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  return number == 0 ? std::move(fallback) : std::generic_category().message(static_cast<int>(number));
}

TransferFailure failure_of(CURLcode code, CURL* easy, const char* detail) {
  std::string message = *detail == '\0' ? curl_easy_strerror(code) : detail;
  long proxy_status = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (proxy_status != 0 && proxy_status != 200) return {"PROXY", "HTTP status " + std::to_string(proxy_status)};
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {"RESOLVE", message};
    case CURLE_COULDNT_CONNECT:
      return {"CONNECT", os_message(easy, message)};
    case CURLE_OPERATION_TIMEDOUT:
      return {"TIMEOUT", message};
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    // As it is called when a connection ends in a handshake.
    case CURLE_SSL_CONNECT_ERROR:
      return {"BROKEN_OFF", message};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return {"TLS", message};
    default:
      return {"OTHER", message};
  }
}

/// Takes a transfer out of its multi handle, whatever comes.
class Attachment {
 public:
  Attachment(CURLM* multi, CURL* easy) : multi_(multi), easy_(easy) { curl_multi_add_handle(multi, easy); }
  ~Attachment() { curl_multi_remove_handle(multi_, easy_); }
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

 private:
  CURLM* multi_;
  CURL* easy_;
};

}  // namespace

Connection::Connection() {
  initialize_once();
  multi_.reset(curl_multi_init());
  easy_.reset(curl_easy_init());
  if (multi_ == nullptr || easy_ == nullptr) throw std::bad_alloc();
}

TransferOutcome Connection::perform(const TransferRequest& request, const std::string& validator, BodySink& sink,
                                    const std::atomic<bool>& cancelled) {
  origin_ = origin_of(request.url);
  auto* easy = easy_.get();
  Exchange exchange{request, sink};
  char detail[CURL_ERROR_SIZE] = "";
  const auto headers = set_options(easy, request, {sink.size(), validator});
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  // Afterwards, nothing must point to what was here.
  const std::unique_ptr<CURL, void (*)(CURL*)> reset(easy, curl_easy_reset);
  const auto code = run(cancelled);
  if (exchange.error) std::rethrow_exception(exchange.error);
  TransferOutcome outcome;
  outcome.status = exchange.answer.status();
  outcome.validator = exchange.answer.validator();
  outcome.retry_after = exchange.answer.retry_after();
  outcome.too_large = exchange.too_large;
  if (char* url = nullptr; curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &url) == CURLE_OK && url != nullptr)
    outcome.redirected_to = url;
  if (code == CURLE_OK) {
    // An empty file has no first byte.
    begin_body(exchange);
  } else if (code == CURLE_WRITE_ERROR) {
    // Ours: what was not worth reading on.
    if (exchange.answer.has_file() && !exchange.too_large)
      outcome.failure = {"BROKEN_OFF", "the server sent another part than the one that was asked for"};
  } else {
    outcome.failure = failure_of(code, easy, detail);
  }
  return outcome;
}

CURLcode Connection::run(const std::atomic<bool>& cancelled) {
  const Attachment attachment(multi_.get(), easy_.get());
  while (true) {
    if (cancelled) throw Failure("CANCELLED", "nobody waits for the transfer any more");
    int running = 0;
    if (const auto code = curl_multi_perform(multi_.get(), &running); code != CURLM_OK)
      throw Failure("LOCAL", curl_multi_strerror(code));
    int waiting = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &waiting))
      if (message->msg == CURLMSG_DONE) return message->data.result;
    if (const auto code = curl_multi_poll(multi_.get(), nullptr, 0, kPause, nullptr); code != CURLM_OK)
      throw Failure("LOCAL", curl_multi_strerror(code));
  }
}

std::unique_ptr<Connection> ConnectionPool::take(const std::string& origin) {
  std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Connection>();
  auto found = std::find_if(idle_.begin(), idle_.end(), [&](const auto& idle) { return idle->origin() == origin; });
  if (found == idle_.end()) found = idle_.begin();
  auto connection = std::move(*found);
  idle_.erase(found);
  return connection;
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection) {
  std::lock_guard lock(mutex_);
  if (!closed_) idle_.push_back(std::move(connection));
}

void ConnectionPool::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  idle_.clear();
}

std::string origin_of(const std::string& url) {
  const auto scheme = url.find("://");
  return scheme == std::string::npos ? url : url.substr(0, url.find('/', scheme + 3));
}

}  // namespace rpmoci
