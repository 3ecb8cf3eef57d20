// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/account_scan.hpp"

#include <algorithm>

#include "engine/base/recent_set.hpp"
#include "engine/base/text.hpp"
#include "engine/learner/account_learner.hpp"

namespace kith::admin {
namespace {

/// Ids of events that are remembered to find what was told twice: a policy request and an exported
/// event of one login are seconds apart.
constexpr std::size_t kRecentIds = 65536;

class EventReader {
public:
    explicit EventReader(const Config& config) : config_(config) {}

    /// False when the record is no event on an account, or was told before; Corrupt when it cannot
    /// be read.
    Result<bool> read(const JournalRecord& record, JudgedEvent& out) {
        return record.type == RecordType::Account ? read_event(record, out)
                                                  : read_mail(record, out);
    }

private:
    Result<bool> read_event(const JournalRecord& record, JudgedEvent& out) {
        auto event = decode_account_event(record.payload);
        if (!event) return fail(event.error());
        // As the learner has it; without what it knows of the clocks of hosts, but never later than
        // written down.
        const Time time = std::min(event->time, record.time);
        out.seen = sighting_of(*event, time, hasher_, config_.site.domains);
        out.event = std::move(*event);
        if (trim(out.event.account).empty()) return false;
        return out.seen.id == 0 || ids_.add(out.seen.id);
    }
    Result<bool> read_mail(const JournalRecord& record, JudgedEvent& out) const {
        const auto mail = decode_mail_record(record.payload);
        if (!mail) return fail(mail.error());
        if (!is_submission(*mail)) return false;
        out.seen = sighting_of(*mail, hasher_);
        out.event = {};
        out.event.account = mail->auth_user;
        out.event.time = mail->time;
        out.event.client_addr = mail->client_addr;
        out.event.client_name = mail->client_name;
        out.event.host = mail->host;
        out.event.place = mail->place;
        return true;
    }

    const Config& config_;
    // Its hashes are compared with one another only and leave this process with it.
    const Hasher hasher_{Hasher::Secret{}};
    RecentSet<std::uint64_t> ids_{kRecentIds};
};

}  // namespace

Result<ScanCount> scan_account_events(Env& env, const Config& config, const StoreReader& reader,
                                      const ScanSpan& span,
                                      const std::function<void(const JudgedEvent&)>& visit) {
    EventReader events(config);
    JudgedEvent event;
    auto count =
        walk_journal(env, config, [&](const JournalRecord& record, ScanCount& done) -> Status {
            // What happened is written down afterwards, never before.
            if ((record.type != RecordType::Account && record.type != RecordType::Mail) ||
                (span.since && record.time < *span.since))
                return ok();
            const auto read = events.read(record, event);
            if (!read) ++done.unreadable;
            if (!read || !*read || !is_within(span, event.seen.time)) return ok();
            auto judged = find_kept_judgement(reader, record.position, record.time);
            if (!judged) return fail(judged.error());
            event.judged = *judged;
            done.add(event.seen.time);
            visit(event);
            return ok();
        });
    if (count) count->thing = "event";
    return count;
}

}  // namespace kith::admin
