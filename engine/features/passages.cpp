// SPDX-License-Identifier: Apache-2.0
#include "engine/features/passages.hpp"

#include <algorithm>

namespace kith {
namespace {

constexpr std::uint32_t kWordsACut = 6;
/// Shorter ones stand in any mail.
constexpr std::size_t kFewestWords = 4, kFewestBytes = 20;
/// A text without a cut for so long is no prose.
constexpr std::size_t kMostBytes = 1000;
constexpr std::size_t kMostFound = 4000;

}  // namespace

void Passages::interrupt() {
    begun_.clear();
    words_ = 0;
    inside_ = false;
}

void Passages::add(std::string_view word) {
    if (hasher_.hash32("cut", word) % kWordsACut == 0) {
        if (inside_ && words_ >= kFewestWords && begun_.size() >= kFewestBytes &&
            found_.size() < kMostFound)
            found_.push_back(hasher_.hash64("passage", begun_));
        interrupt();
        inside_ = true;
        return;
    }
    if (!inside_) return;
    begun_ += word;
    begun_ += ' ';
    ++words_;
    if (begun_.size() > kMostBytes) interrupt();
}

std::vector<std::uint64_t> Passages::take(std::size_t limit, bool& cut) const {
    std::vector<std::uint64_t> out;
    cut = false;
    for (const auto passage : found_) {
        if (std::find(out.begin(), out.end(), passage) != out.end()) continue;
        if (out.size() == limit) {
            cut = true;
            break;
        }
        out.push_back(passage);
    }
    return out;
}

}  // namespace kith
