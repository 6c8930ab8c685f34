#include "sha256.h"

#include <nettle/version.h>

#include <algorithm>
#include <cstdint>

#include "hex.h"
#include "sha256_blocks.h"

namespace rpmoci {

namespace {

const std::uint8_t* data_of(std::span<const char> bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }

}  // namespace

std::span<const char> Sha256::fill_block(std::span<const char> bytes) {
  const std::size_t missing = context_.index == 0 ? 0 : SHA256_BLOCK_SIZE - context_.index;
  const auto first = bytes.first(std::min(missing, bytes.size()));
  sha256_update(&context_, first.size(), data_of(first));
  return bytes.subspan(first.size());
}

void Sha256::update(std::span<const char> bytes) {
  if (has_sha256_unit()) {
    bytes = fill_block(bytes);
    const auto blocks = bytes.size() / SHA256_BLOCK_SIZE;
    sha256_blocks(context_.state, data_of(bytes), blocks);
    context_.count += blocks;
    bytes = bytes.subspan(blocks * SHA256_BLOCK_SIZE);
  }
  sha256_update(&context_, bytes.size(), data_of(bytes));
}

std::size_t Sha256::update_two(Sha256& a, std::span<const char> bytes_a, Sha256& b, std::span<const char> bytes_b) {
  const auto size = std::min(bytes_a.size(), bytes_b.size());
  auto rest_a = bytes_a.first(size);
  auto rest_b = bytes_b.first(size);
  if (has_sha256_unit()) {
    rest_a = a.fill_block(rest_a);
    rest_b = b.fill_block(rest_b);
    const auto blocks = std::min(rest_a.size(), rest_b.size()) / SHA256_BLOCK_SIZE;
    sha256_blocks_of_two(a.context_.state, data_of(rest_a), b.context_.state, data_of(rest_b), blocks);
    a.context_.count += blocks;
    b.context_.count += blocks;
    rest_a = rest_a.subspan(blocks * SHA256_BLOCK_SIZE);
    rest_b = rest_b.subspan(blocks * SHA256_BLOCK_SIZE);
  }
  a.update(rest_a);
  b.update(rest_b);
  return size;
}

Sha256Digest Sha256::digest() {
  Sha256Digest digest;
#if NETTLE_VERSION_MAJOR >= 4
  sha256_digest(&context_, digest.data());
#else
  sha256_digest(&context_, digest.size(), digest.data());
#endif
  return digest;
}

std::string Sha256::finish() {
  const auto bytes = digest();
  return to_hex(bytes.data(), bytes.size());
}

}  // namespace rpmoci
