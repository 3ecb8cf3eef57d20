// SPDX-License-Identifier: Apache-2.0
// What kith-extract says on its standard output: one line, then text. Whoever reads it must not
// trust it: the document may have taken the child over. Covered by
// tests/unit/documents/answer_test.cpp and tests/fuzz/fuzz_extract_answer.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

/// How reading a document ended. Persistent numbers (engine/learner/FORMAT.md).
enum class ReadOutcome : std::uint8_t {
    Whole = 0,      ///< all of its text
    Cut = 1,        ///< a bound was reached; the text before it
    Encrypted = 2,  ///< asks for a password
    Damaged = 3,    ///< not what it says it is, or nothing that can be read
    Killed = 4,     ///< the child used too much time or memory, or did what it must not
};
inline constexpr int kReadOutcomeCount = 5;
[[nodiscard]] std::string_view to_string(ReadOutcome o) noexcept;

struct ExtractedText {
    ReadOutcome outcome = ReadOutcome::Damaged;
    std::string text;  ///< valid UTF-8, at most kMaxExtractedBytes
};

/// Text of one document: a hundred pages of it.
inline constexpr std::size_t kMaxExtractedBytes = std::size_t{256} << 10;
/// Longest answer: the line and the text.
inline constexpr std::size_t kMaxAnswerBytes = kMaxExtractedBytes + 64;

/// "kith-extract 1 whole\n" and the text, cut at kMaxExtractedBytes (the outcome is cut then).
[[nodiscard]] std::string encode_answer(const ExtractedText& text);
/// nullopt for anything else; Killed is not the child's to say. Text is scrubbed and cut.
[[nodiscard]] std::optional<ExtractedText> decode_answer(std::string_view bytes);

}  // namespace kith
