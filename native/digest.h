// Checksums by the names of their algorithms.
#pragma once

#include <nettle/nettle-meta.h>
#include <nettle/version.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hex.h"
#include "sha256.h"

namespace rpmoci {

class Digest {
 public:
  /// Nettle's name of the algorithm, `sha256` for example.
  explicit Digest(const std::string& algorithm) {
    if (algorithm == "sha256") {
      sha256_.emplace();
      return;
    }
    hash_ = nettle_lookup_hash(algorithm.c_str());
    if (hash_ == nullptr) return;
    context_.resize(hash_->context_size / sizeof(std::max_align_t) + 1);
    hash_->init(context_.data());
  }

  void update(const char* bytes, std::size_t size) {
    if (sha256_) sha256_->update({bytes, size});
    if (hash_ != nullptr) hash_->update(context_.data(), size, reinterpret_cast<const std::uint8_t*>(bytes));
  }

  /// Lower-case hexadecimal digits; empty for an unknown algorithm.
  std::string finish() {
    if (sha256_) return sha256_->finish();
    if (hash_ == nullptr) return {};
    std::vector<std::uint8_t> digest(hash_->digest_size);
#if NETTLE_VERSION_MAJOR >= 4
    hash_->digest(context_.data(), digest.data());
#else
    hash_->digest(context_.data(), digest.size(), digest.data());
#endif
    return to_hex(digest.data(), digest.size());
  }

 private:
  /// Nearly all there is, and faster than nettle's.
  std::optional<Sha256> sha256_;
  const struct nettle_hash* hash_ = nullptr;
  std::vector<std::max_align_t> context_;
};

}  // namespace rpmoci
