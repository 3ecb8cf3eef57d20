// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as header text, as a parameter field, and as encoded content: valid UTF-8 on one
// line, no decoder makes more than it may.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/base/text.hpp"
#include "engine/message/content_type.hpp"
#include "engine/message/rfc2047.hpp"
#include "engine/message/transfer_decode.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view raw(reinterpret_cast<const char*>(bytes), size);
    const std::string text = kith::mail::decode_words(raw);
    if (!kith::is_valid_utf8(text) || text.find_first_of("\r\n") != std::string::npos) std::abort();
    if (kith::mail::encoded_word_length(raw) > raw.size()) std::abort();
    const kith::mail::ParameterField field = kith::mail::parse_parameter_field(raw);
    if (!kith::is_valid_utf8(field.decoded("name")) ||
        !kith::is_valid_utf8(kith::mail::media_type_of(field)))
        std::abort();
    if (kith::mail::decode_base64(raw).bytes.size() > raw.size()) std::abort();
    if (kith::mail::decode_quoted_printable(raw).bytes.size() > raw.size()) std::abort();
    if (kith::mail::decode_uuencode(raw).bytes.size() > raw.size()) std::abort();
    return 0;
}
