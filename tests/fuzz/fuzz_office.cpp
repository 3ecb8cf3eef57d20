// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as an office file (ZIP and XML) and as one XML part of it: valid UTF-8, bounded.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/base/text.hpp"
#include "engine/documents/office.hpp"
#include "engine/documents/xml_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    // Small bounds, so that they are met.
    const kith::ExtractedText text = kith::office_text(input, {.max_entries = 8,
                                                               .max_entry_bytes = 1U << 16,
                                                               .max_total_bytes = 1U << 17,
                                                               .max_ratio = 20,
                                                               .min_ratio_bytes = 1U << 12});
    if (!kith::is_valid_utf8(text.text) || text.outcome == kith::ReadOutcome::Killed) std::abort();
    if (text.text.size() > 3 * ((std::size_t{1} << 17) + 16)) std::abort();
    std::string out;
    kith::XmlText xml(out, 1000);
    const std::size_t half = size / 2;
    if (xml.feed(input.substr(0, half)) && xml.feed(input.substr(half))) (void)xml.finish();
    if (out.size() > 1000) std::abort();
    return 0;
}
