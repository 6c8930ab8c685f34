// What the compressor and SHA-256 alone need for an archive that is in memory, with nothing to wait for: as many
// threads as asked for, each with an equal share. Usage: layer-floor TAR none|gzip|zstd LEVEL THREADS; prints
// milliseconds.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "layer/compression.h"
#include "sha256.h"

using namespace rpmoci;

int main(int count, char** arguments) {
  if (count != 5) return 2;
  std::ifstream file(arguments[1], std::ios::binary | std::ios::ate);
  std::vector<char> archive(static_cast<std::size_t>(file.tellg()));
  file.seekg(0);
  file.read(archive.data(), static_cast<std::streamsize>(archive.size()));
  const std::string name = arguments[2];
  const Compression compression{.kind = name == "gzip"   ? Compression::Kind::gzip
                                        : name == "zstd" ? Compression::Kind::zstd
                                                         : Compression::Kind::none,
                                .level = std::atoi(arguments[3])};
  const auto size = block_size(compression.kind);
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    const auto compressor = block_compressor(compression);
    std::vector<char> output(compressor == nullptr ? 0 : compressor->bound(size));
    Sha256 diff_id;
    Sha256 digest;
    for (auto offset = next.fetch_add(size); offset < archive.size(); offset = next.fetch_add(size)) {
      const std::span<const char> block(archive.data() + offset, std::min(size, archive.size() - offset));
      std::span<const char> compressed;
      if (compressor != nullptr) {
        compressed = {output.data(), compressor->compress(block.data(), block.size(), output.data()).size};
      }
      const auto both = Sha256::update_two(diff_id, block, digest, compressed);
      diff_id.update(block.subspan(both));
    }
  };
  const auto start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < std::atoi(arguments[4]); ++i) threads.emplace_back(work);
  }
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
  std::printf("%.0f\n", taken.count());
}
