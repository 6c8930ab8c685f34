// Where the bytes of an answer go.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "digest.h"
#include "file_descriptor.h"

namespace rpmoci {

class BodySink {
 public:
  virtual ~BodySink() = default;
  /// Forgets everything, for an answer that begins at the file's first byte.
  virtual void restart() = 0;
  /// Throws Failure("LOCAL").
  virtual void write(std::span<const char> bytes) = 0;
  std::uint64_t size() const noexcept { return size_; }

 protected:
  std::uint64_t size_ = 0;
};

class MemorySink : public BodySink {
 public:
  void restart() override;
  void write(std::span<const char> bytes) override;
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// A file whose bytes are hashed before they are written.
class FileSink : public BodySink {
 public:
  /// Goes on at the end of what the file has, which is read; makes it when there is none. `algorithm` is nettle's name.
  /// Throws Failure("LOCAL").
  FileSink(const std::string& path, const std::string& algorithm);

  void restart() override;
  void write(std::span<const char> bytes) override;
  /// Writes what waits, and returns the checksum in lower-case hexadecimal digits. Nothing can be written afterwards.
  /// Throws Failure("LOCAL").
  std::string finish();

 private:
  void read_what_is_there();
  void flush();
  [[noreturn]] void fail(int error) const;

  std::string path_;
  std::string algorithm_;
  FileDescriptor file_;
  Digest digest_;
  /// libcurl's pieces are small. The capacity is a block.
  std::vector<char> waiting_;
};

}  // namespace rpmoci
