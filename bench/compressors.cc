// Compressors on one core: how fast, and how small. Usage: compressors FILE MEGABYTES; prints a Markdown table.
// Every block of 1 MiB is compressed alone, as in a layer.
#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "layer/compression.h"

#if __has_include(<isa-l/igzip_lib.h>)
#include <isa-l/igzip_lib.h>
#define HAS_ISAL 1
#endif

namespace {

constexpr std::size_t block = std::size_t{1} << 20;

/// Returns the compressed size.
using Compress = std::function<std::size_t(const char*, std::size_t, std::vector<char>&)>;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void measure(const std::string& name, const std::vector<char>& input, const Compress& compress) {
  std::vector<char> output(2 * block);
  double best = 0;
  std::size_t total = 0;
  for (int run = 0; run < 3; ++run) {
    total = 0;
    const auto start = cpu_seconds();
    for (std::size_t offset = 0; offset < input.size(); offset += block) {
      total += compress(input.data() + offset, std::min(block, input.size() - offset), output);
    }
    best = std::max(best, static_cast<double>(input.size()) / 1e6 / (cpu_seconds() - start));
  }
  std::printf("| %s | %.0f | %.2f |\n", name.c_str(), best,
              100 * static_cast<double>(total) / static_cast<double>(input.size()));
  std::fflush(stdout);
}

Compress own(rpmoci::Compression::Kind kind, int level) {
  std::shared_ptr compressor = rpmoci::block_compressor({.kind = kind, .level = level});
  return [compressor](const char* input, std::size_t size, std::vector<char>& output) {
    return compressor->compress(input, size, output.data()).size;
  };
}

Compress with_libdeflate(int level) {
  const std::shared_ptr<libdeflate_compressor> compressor(libdeflate_alloc_compressor(level),
                                                          libdeflate_free_compressor);
  return [compressor](const char* input, std::size_t size, std::vector<char>& output) {
    return libdeflate_deflate_compress(compressor.get(), input, size, output.data(), output.size());
  };
}

Compress with_zlib(int level) {
  return [level](const char* input, std::size_t size, std::vector<char>& output) {
    z_stream stream{};
    deflateInit2(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input));
    stream.avail_in = static_cast<uInt>(size);
    stream.next_out = reinterpret_cast<Bytef*>(output.data());
    stream.avail_out = static_cast<uInt>(output.size());
    deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return static_cast<std::size_t>(stream.total_out);
  };
}

#ifdef HAS_ISAL
Compress with_isal(std::uint32_t level) {
  auto buffer = std::make_shared<std::vector<std::uint8_t>>(ISAL_DEF_LVL3_DEFAULT);
  return [level, buffer](const char* input, std::size_t size, std::vector<char>& output) {
    isal_zstream stream;
    isal_deflate_stateless_init(&stream);
    stream.level = level;
    stream.level_buf = buffer->data();
    stream.level_buf_size = static_cast<std::uint32_t>(buffer->size());
    stream.end_of_stream = 1;
    stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(input));
    stream.avail_in = static_cast<std::uint32_t>(size);
    stream.next_out = reinterpret_cast<std::uint8_t*>(output.data());
    stream.avail_out = static_cast<std::uint32_t>(output.size());
    isal_deflate_stateless(&stream);
    return static_cast<std::size_t>(stream.total_out);
  };
}
#endif

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  std::vector<char> input(static_cast<std::size_t>(std::atol(arguments[2])) * 1'000'000);
  std::ifstream file(arguments[1], std::ios::binary);
  file.read(input.data(), static_cast<std::streamsize>(input.size()));
  input.resize(static_cast<std::size_t>(file.gcount()));
  using enum rpmoci::Compression::Kind;
  std::puts("| compressor | MB/s a core | % |\n|---|---|---|");
  for (const int level : {1, 2, 4, 6, 9}) measure("rpmoci gzip " + std::to_string(level), input, own(gzip, level));
  for (const int level : {1, 2, 3}) measure("rpmoci zstd " + std::to_string(level), input, own(zstd, level));
  for (const int level : {1, 2, 6}) measure("libdeflate " + std::to_string(level), input, with_libdeflate(level));
  for (const int level : {1, 6}) measure("zlib " + std::to_string(level), input, with_zlib(level));
#ifdef HAS_ISAL
  for (const unsigned level : {1U, 2U}) measure("ISA-L " + std::to_string(level), input, with_isal(level));
#else
  std::puts("| ISA-L | not installed | |");
#endif
}
