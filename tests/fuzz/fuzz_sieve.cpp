// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a filter script: understood or not, and what is said of it is bounded, valid,
// the same every time, and survives the journal.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/base/text.hpp"
#include "engine/intake/sieve.hpp"
#include "engine/journal/account_event.hpp"

namespace {

bool is_bounded(const std::vector<std::string>& list) {
    return list.size() <= kith::kMaxAccountList &&
           std::all_of(list.begin(), list.end(), [](const std::string& s) {
               return s.size() <= kith::kMaxAccountText && kith::is_valid_utf8(s);
           });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view script(reinterpret_cast<const char*>(bytes), size);
    static const kith::Hasher hasher{kith::Hasher::Secret{1}};
    const kith::RuleSummary rule = kith::summarize_sieve(script, &hasher);
    if (!rule.understood && rule != kith::RuleSummary{}) std::abort();
    if (!is_bounded(rule.redirects) || !is_bounded(rule.folders) ||
        rule.words.size() > kith::kMaxAccountList)
        std::abort();
    if (kith::summarize_sieve(script, &hasher) != rule) std::abort();
    kith::AccountEvent event;
    event.rule = rule;
    const auto again = kith::decode_account_event(kith::encode(event));
    if (!again || again->rule != rule) std::abort();
    return 0;
}
