// SPDX-License-Identifier: Apache-2.0
// Message and arrival -> MailRecord: who, when, observed. Pure. Shared by the judge and `kith
// import`. Covered by tests/unit/assess/record_test.cpp.
#pragma once

#include "engine/config/config.hpp"
#include "engine/features/observe.hpp"
#include "engine/journal/mail_record.hpp"

namespace kith {

/// The identifying fields and observations; no assessment yet. `id` is made from the mail's own
/// data under the site's secret and the arrival, so that the same arrival gives the same id.
struct DraftRecord {
    MailRecord record;
    Labels labels;
};
[[nodiscard]] DraftRecord draft_record(const Message& message, const Arrival& arrival,
                                       const Config& config, const Hasher& hasher);

/// A record of mail from the past: imported, neutral; the learner judges it when its turn comes.
[[nodiscard]] MailRecord import_record(const Message& message, const Arrival& arrival,
                                       const Config& config, const Hasher& hasher);

/// 16 characters [a-z2-7] of 80 bits.
[[nodiscard]] std::string id_text(std::uint64_t high, std::uint64_t low);

}  // namespace kith
