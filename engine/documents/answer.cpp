// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/answer.hpp"

#include "engine/base/text.hpp"

namespace kith {
namespace {

constexpr std::string_view kBegin = "kith-extract 1 ";
constexpr ReadOutcome kSaid[] = {ReadOutcome::Whole, ReadOutcome::Cut, ReadOutcome::Encrypted,
                                 ReadOutcome::Damaged};

}  // namespace

std::string_view to_string(ReadOutcome o) noexcept {
    switch (o) {
        case ReadOutcome::Whole:
            return "whole";
        case ReadOutcome::Cut:
            return "cut";
        case ReadOutcome::Encrypted:
            return "encrypted";
        case ReadOutcome::Damaged:
            return "damaged";
        case ReadOutcome::Killed:
            return "killed";
    }
    return "damaged";
}

std::string encode_answer(const ExtractedText& text) {
    const bool longer = text.text.size() > kMaxExtractedBytes;
    std::string out(kBegin);
    out += to_string(longer ? ReadOutcome::Cut : text.outcome);
    out += '\n';
    out += utf8_prefix(text.text, kMaxExtractedBytes);
    return out;
}

std::optional<ExtractedText> decode_answer(std::string_view bytes) {
    if (bytes.size() > kMaxAnswerBytes || !bytes.starts_with(kBegin)) return std::nullopt;
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view said = bytes.substr(kBegin.size(), end - kBegin.size());
    for (const ReadOutcome outcome : kSaid)
        if (said == to_string(outcome)) {
            const std::string clean = scrub_utf8(bytes.substr(end + 1));
            return ExtractedText{outcome, std::string(utf8_prefix(clean, kMaxExtractedBytes))};
        }
    return std::nullopt;
}

}  // namespace kith
