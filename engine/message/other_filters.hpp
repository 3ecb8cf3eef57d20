// SPDX-License-Identifier: Apache-2.0
// What other filters on the way said of a mail, by the fields they left in its header: SpamAssassin
// and what writes like it (X-Spam-*), rspamd (X-Spam, X-Spamd-*, X-Rspamd-*), a virus scanner
// (X-Virus-Status). For people who compare, never for a verdict: a sender can write such fields
// himself. Covered by tests/unit/message/other_filters_test.cpp and
// tests/fuzz/fuzz_auth_results.cpp.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/message/message.hpp"

namespace kith::mail {

struct FilterSays {
    std::string_view filter;  ///< "SpamAssassin", "rspamd" or "virus scanner"; static
    bool spam = false;
    std::optional<double> score, required;  ///< finite, between -kMaxFilterScore and it
};

inline constexpr double kMaxFilterScore = 10000;

/// At most one word of each filter, in the order above. Of a filter only what stands topmost
/// counts: each field once, and none below the next Received field, which an earlier server wrote
/// or the sender. Any of its fields that says yes makes it yes: rspamd's "default: False" is said
/// of refusing only. A filter that tells neither yes nor no nor a score with its limit said
/// nothing. Total.
[[nodiscard]] std::vector<FilterSays> other_filters(const std::vector<HeaderField>& headers);

}  // namespace kith::mail
