// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as what kith-extract says: none, or bounded valid text that survives the way
// back, and facts found in it are bounded too.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/base/text.hpp"
#include "engine/documents/answer.hpp"
#include "engine/learner/attached.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view said(reinterpret_cast<const char*>(bytes), size);
    const auto answer = kith::decode_answer(said);
    if (!answer) return 0;
    if (answer->outcome == kith::ReadOutcome::Killed) std::abort();
    if (answer->text.size() > kith::kMaxExtractedBytes || !kith::is_valid_utf8(answer->text))
        std::abort();
    const auto again = kith::decode_answer(kith::encode_answer(*answer));
    if (!again || again->text != answer->text || again->outcome != answer->outcome) std::abort();
    static const kith::Hasher hasher{kith::Hasher::Secret{1}};
    const auto read = kith::read_document_facts(kith::DocumentKind::Pdf, *answer, hasher);
    constexpr std::size_t kMost = kith::ReadDocument::kMaxFacts;
    if (read.checked.size() > kMost || read.accounts.size() > kMost || read.phones.size() > kMost)
        std::abort();
    return 0;
}
