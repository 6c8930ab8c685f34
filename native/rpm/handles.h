// RAII over librpm's C handles: each is freed by the library's own function.
#pragma once

#include <rpm/header.h>
#include <rpm/rpmdb.h>
#include <rpm/rpmio.h>
#include <rpm/rpmkeyring.h>
#include <rpm/rpmpgp.h>
#include <rpm/rpmtd.h>
#include <rpm/rpmts.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <type_traits>
#include <utility>

namespace rpmoci {

template <auto Function>
struct FreeWith {
  template <class Pointer>
  void operator()(Pointer pointer) const {
    Function(pointer);
  }
};

template <class Handle, auto Function>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, FreeWith<Function>>;

using OwnedHeader = Owned<Header, headerFree>;
using OwnedTransaction = Owned<rpmts, rpmtsFree>;
using OwnedKeyring = Owned<rpmKeyring, rpmKeyringFree>;
using OwnedPubkey = Owned<rpmPubkey, rpmPubkeyFree>;
using OwnedPgpParams = Owned<pgpDigParams, pgpDigParamsFree>;
using OwnedStream = Owned<FD_t, Fclose>;
using OwnedIterator = Owned<rpmdbMatchIterator, rpmdbFreeIterator>;

/// What librpm hands out with malloc().
template <class T>
using Malloced = std::unique_ptr<T, FreeWith<std::free>>;

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

/// A tag's data. Empty when the header lacks the tag.
class TagData {
 public:
  TagData(Header header, rpmTagVal tag, headerGetFlags flags = HEADERGET_EXT) {
    found_ = headerGet(header, tag, &data_, flags) != 0;
  }
  ~TagData() { rpmtdFreeData(&data_); }
  TagData(const TagData&) = delete;
  TagData& operator=(const TagData&) = delete;

  rpmtd get() { return &data_; }
  explicit operator bool() const { return found_; }

 private:
  rpmtd_s data_{};
  bool found_;
};

}  // namespace rpmoci
