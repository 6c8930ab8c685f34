// The head of an HTTP answer (RFC 9110).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rpmoci {

class Answer {
 public:
  /// A line as libcurl gives it. A status line begins anew: an answer may follow one of "please wait".
  void read_header(std::string_view line);

  long status() const noexcept { return status_; }
  /// Whether the body is the file, or a part of it.
  bool has_file() const noexcept { return status_ == 200 || status_ == 206; }
  /// The offset that Content-Range tells; 0 when it tells none.
  std::uint64_t first_byte() const noexcept { return first_byte_; }
  /// What If-Range takes: a strong ETag, else the date of the last change; empty when there is neither.
  const std::string& validator() const noexcept { return etag_.empty() ? last_modified_ : etag_; }
  /// Seconds; negative when the server gives no number.
  std::int64_t retry_after() const noexcept { return retry_after_; }
  /// Counts bytes of a body that is no file; returns how many there were so far.
  std::size_t ignore(std::size_t bytes) noexcept { return ignored_ += bytes; }

 private:
  long status_ = 0;
  std::uint64_t first_byte_ = 0;
  std::string etag_;
  std::string last_modified_;
  std::int64_t retry_after_ = -1;
  std::size_t ignored_ = 0;
};

}  // namespace rpmoci
