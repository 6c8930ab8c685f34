// RAII over librpm's C handles: each is freed by the library's own function.
#pragma once

#include <rpm/header.h>
#include <rpm/rpmdb.h>
#include <rpm/rpmio.h>
#include <rpm/rpmkeyring.h>
#include <rpm/rpmpgp.h>
#include <rpm/rpmtd.h>
#include <rpm/rpmts.h>

#include <cstdlib>
#include <memory>
#include <type_traits>
#include <utility>

#include "file_descriptor.h"

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
