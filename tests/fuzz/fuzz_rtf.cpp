// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as RTF: valid UTF-8, no longer than three times the input.
#include <cstdint>
#include <cstdlib>

#include "engine/base/text.hpp"
#include "engine/documents/rtf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const kith::ExtractedText text = kith::rtf_text({reinterpret_cast<const char*>(bytes), size});
    if (!kith::is_valid_utf8(text.text) || text.text.size() > 3 * size) std::abort();
    return 0;
}
