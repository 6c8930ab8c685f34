// The tags of a signature header that hold an OpenPGP signature of the package.
#pragma once

#include <rpm/rpmtag.h>

namespace rpmoci {

/// RPMSIGTAG_OPENPGP of rpm 6: any number of base64 texts. librpm 4 has no name for it and does not look at it.
constexpr rpmTagVal kOpenPgpSignaturesTag = 278;

constexpr rpmTagVal kSignatureTags[] = {
    RPMSIGTAG_DSA, RPMSIGTAG_RSA, RPMSIGTAG_PGP, RPMSIGTAG_GPG, kOpenPgpSignaturesTag,
};

}  // namespace rpmoci
