// The digests over an RPM file's payload, without librpm.
#pragma once

#include <string>
#include <vector>

#include "rpm/handles.h"

namespace rpmoci {

/// RPMTAG_PAYLOADSHA256, which was called RPMTAG_PAYLOADDIGEST before rpm 6.1, and its companion.
inline constexpr rpmTagVal kPayloadDigest = 5092;
inline constexpr rpmTagVal kPayloadDigestAlgorithm = 5093;

/// What `rpmkeys --checksig --verbose` says of the digests that cover the payload, when the SHA-256 in the package's
/// header and the MD5 in its signature header (over header and payload) are there and right, and nothing else covers
/// the payload: no signature of version 3, no other digest. Nothing is no verdict, but leaves it to librpm, which takes
/// two to three times as long, because it digests the payload anew for each tag. `signature_header` was just read from
/// `stream`, whose position then is anywhere.
std::vector<std::string> check_payload(FD_t stream, Header signature_header);

}  // namespace rpmoci
