#include "layer/deflate.h"

#include <libdeflate.h>

#include <memory>
#include <string>
#include <vector>

#include "fuzz_target.h"
#include "layer/crc32.h"

using namespace rpmoci;

namespace {

/// The input itself, or, to get beyond the window and the length of a block, many copies with a byte that changes.
std::string expanded(std::string_view input, unsigned copies) {
  std::string text;
  for (unsigned copy = 0; copy <= copies; ++copy) {
    text += input;
    if (copies > 0) text += static_cast<char>(copy * 37);
  }
  return text;
}

std::vector<char> compressed(Deflater& deflater, const std::string& text) {
  // Of the exact size, so that writing beyond it is noticed.
  const std::unique_ptr<char[]> output(new char[Deflater::bound(text.size())]);
  const auto size = deflater.compress(text.data(), text.size(), output.get());
  check(size <= Deflater::bound(text.size()));
  return {output.get(), output.get() + size};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto text = expanded(input, data[1]);
  Deflater deflater(1 + data[0] % 9);
  const auto first = compressed(deflater, text);
  // What comes before, in the same compressor, changes nothing.
  compressed(deflater, std::string(70000, 'x') + text);
  check(compressed(deflater, text) == first);

  // Two parts and the final block are one stream.
  auto stream = first;
  stream.insert(stream.end(), first.begin(), first.end());
  stream.insert(stream.end(), {3, 0});
  std::string unpacked(2 * text.size(), '\0');
  const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> reader(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  check(libdeflate_deflate_decompress(reader.get(), stream.data(), stream.size(), unpacked.data(), unpacked.size(),
                                      nullptr) == LIBDEFLATE_SUCCESS);
  check(unpacked == text + text);

  const auto crc = libdeflate_crc32(0, text.data(), text.size());
  check(combine_crc32(crc, crc, text.size()) == libdeflate_crc32(0, unpacked.data(), unpacked.size()));
  return 0;
}
