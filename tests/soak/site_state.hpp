// SPDX-License-Identifier: Apache-2.0
// What a site has on disk, made and looked at for the soak tests: mail in the journal that no
// milter has to judge first, counts of what was recorded and learned, and traces of a later
// version.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/config/config.hpp"
#include "engine/journal/mail_record.hpp"

namespace kith::test {

/// Mails `from` to `from + count` of an endless, always same stream from `senders` correspondents:
/// conversations, words, habits; nothing with a link or a request. Mail `i` comes `i * step` after
/// `start`, which may go backward.
struct Backlog {
    std::uint64_t from = 0, count = 0, senders = 12;
    Time start{};
    Seconds step{1800};
};
[[nodiscard]] std::vector<MailRecord> backlog_mails(const Backlog& backlog);

[[nodiscard]] Status append_mails(const Config& config, const std::vector<MailRecord>& mails);

/// What journal and store hold: "journal" {mails, ids, neutral, out_of_date}, "store" {known,
/// indexed, learned, waiting, held, inbound, digest, behind}; "store" is an error's text when it
/// cannot be read. `known` is what is still known of all senders' mails, after decay; `digest` is
/// the same for the same mails learned, however often the learner was ended.
[[nodiscard]] Result<nlohmann::json> count_site(const Config& config);

/// Leaves what a later version would: "store" = a store of the next schema, "journal" = a segment
/// of the next format, "record" = a mail with a verdict that this version does not know, "type" = a
/// record of an unknown type.
[[nodiscard]] Status leave_later_version(const Config& config, const std::string& what);

}  // namespace kith::test
