// ASCII armour of OpenPGP data (RFC 9580, section 6).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpmoci {

/// The armoured blocks of a text that are labelled so (`PUBLIC KEY BLOCK`, `SIGNATURE`), from the line that begins them
/// to the one that ends them, with plain line ends: some parsers stumble over what editors and mail add to them. What
/// lies between blocks, and a last one without an end, is left out; one in the middle without an end stays, damaged.
std::vector<std::string> armoured_blocks(std::string_view text, const std::string& label);

/// The bytes of one of those blocks; nothing when its base64 is damaged. The checksum at its end is passed over, as RFC
/// 9580 demands. librpm's pgpParsePkts decodes keys only.
std::optional<std::string> decode_armour(std::string_view block);

}  // namespace rpmoci
