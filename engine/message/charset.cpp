// SPDX-License-Identifier: Apache-2.0
#include "engine/message/charset.hpp"

#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "engine/base/text.hpp"

namespace kith::mail {
namespace {

struct ConverterClose {
    void operator()(UConverter* c) const noexcept { ucnv_close(c); }
};
using Converter = std::unique_ptr<UConverter, ConverterClose>;

/// Longest charset label looked up; IANA's longest is 45.
constexpr std::size_t kMaxLabel = 60;
/// Bytes converted in one go: ICU counts in int32, and a UTF-16 buffer of twice the text is the
/// peak of memory.
constexpr std::size_t kChunk = 64 * 1024;

/// ICU reads options behind a comma and may look for files: only plain labels may reach it.
[[nodiscard]] bool is_plain_label(std::string_view label) noexcept {
    return !label.empty() && label.size() <= kMaxLabel &&
           std::all_of(label.begin(), label.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                      c == '.' || c == ':' || c == '+';
           });
}

/// The label a mail program reads instead of the one written.
[[nodiscard]] std::string_view practical_label(std::string_view label) noexcept {
    struct Alias {
        std::string_view written, read;
    };
    static constexpr std::array<Alias, 22> kAliases{{
        {"iso-8859-1", "windows-1252"},
        {"iso8859-1", "windows-1252"},
        {"iso_8859-1", "windows-1252"},
        {"latin1", "windows-1252"},
        {"latin-1", "windows-1252"},
        {"l1", "windows-1252"},
        {"cp1252", "windows-1252"},
        {"cp-1252", "windows-1252"},
        {"ansi_x3.110-1983", "windows-1252"},
        {"iso-8859-9", "windows-1254"},
        {"iso-8859-11", "windows-874"},
        {"tis-620", "windows-874"},
        {"iso-8859-16", "iso-8859-2"},
        {"gb2312", "gb18030"},
        {"gbk", "gb18030"},
        {"x-gbk", "gb18030"},
        {"cp-850", "ibm850"},
        {"ks_c_5601-1987", "windows-949"},
        {"euc-kr", "windows-949"},
        {"shift_jis", "windows-31j"},
        {"x-sjis", "windows-31j"},
        {"iso-8859-8-i", "iso-8859-8"},
    }};
    for (const Alias& alias : kAliases)
        if (alias.written == label) return alias.read;
    return label;
}

[[nodiscard]] Converter open_converter(std::string_view label) {
    UErrorCode error = U_ZERO_ERROR;
    Converter converter(ucnv_open(std::string(label).c_str(), &error));
    return U_SUCCESS(error) ? std::move(converter) : nullptr;
}

/// False when bytes were replaced. ICU's default is to substitute U+FFFD for what it cannot map.
[[nodiscard]] DecodedText convert(UConverter& converter, std::string_view bytes) {
    DecodedText out;
    out.utf8.reserve(bytes.size() + bytes.size() / 4);
    std::vector<UChar> wide(std::min(bytes.size(), kChunk) * 2 + 16);
    std::string narrow(wide.size() * 3, '\0');
    const char* source = bytes.data();
    const char* const end = bytes.data() + bytes.size();
    UChar carried = 0;  // a high surrogate at the end of a full buffer
    while (true) {
        UErrorCode error = U_ZERO_ERROR;
        UChar* target = wide.data();
        if (carried != 0) *target++ = carried;
        carried = 0;
        const char* const chunk_end = source + std::min<std::ptrdiff_t>(end - source, kChunk);
        ucnv_toUnicode(&converter, &target, wide.data() + wide.size(), &source, chunk_end, nullptr,
                       chunk_end == end ? 1 : 0, &error);
        auto count = static_cast<std::int32_t>(target - wide.data());
        const bool more = error == U_BUFFER_OVERFLOW_ERROR || source < end;
        if (U_FAILURE(error) && error != U_BUFFER_OVERFLOW_ERROR) {
            out.invalid = true;
            return out;
        }
        if (more && count > 0 && U16_IS_LEAD(wide[static_cast<std::size_t>(count) - 1]))
            carried = wide[static_cast<std::size_t>(--count)];
        if (std::find(wide.data(), wide.data() + count, UChar{0xFFFD}) != wide.data() + count)
            out.invalid = true;
        std::int32_t length = 0;
        UErrorCode narrow_error = U_ZERO_ERROR;
        u_strToUTF8WithSub(narrow.data(), static_cast<std::int32_t>(narrow.size()), &length,
                           wide.data(), count, 0xFFFD, nullptr, &narrow_error);
        if (U_FAILURE(narrow_error)) {
            out.invalid = true;
            return out;
        }
        out.utf8.append(narrow.data(), static_cast<std::size_t>(length));
        if (!more) return out;
    }
}

}  // namespace

DecodedText to_utf8(std::string_view bytes, std::string_view charset) {
    std::string label = ascii_lower(trim(charset));
    const bool unlabelled = label.empty() || label == "us-ascii" || label == "ascii";
    if (unlabelled || label == "utf-8" || label == "utf8") {
        if (is_valid_utf8(bytes)) return {scrub_utf8(bytes), false};
        if (!unlabelled) return {scrub_utf8(bytes), true};
        label = "windows-1252";
    }
    const Converter converter =
        is_plain_label(label) ? open_converter(practical_label(label)) : nullptr;
    if (!converter) return {scrub_utf8(bytes), true};
    DecodedText text = convert(*converter, bytes);
    if (text.utf8.find('\0') != std::string::npos) text.utf8 = scrub_utf8(text.utf8);
    return text;
}

}  // namespace kith::mail
