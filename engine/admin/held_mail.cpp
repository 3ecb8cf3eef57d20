// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/held_mail.hpp"

#include <unistd.h>

#include <algorithm>

#include "engine/admin/mail_lookup.hpp"
#include "engine/features/feature_id.hpp"

namespace kith::admin {
namespace {

/// A failure of the MTA after something stands already.
Status after_the_record(const Config& config, Time now, const AuditEvent& event, Error error,
                        const std::string& done_so_far) {
    audit_failure(config, now, event, error);
    error.what = done_so_far + error.what;
    return fail(std::move(error));
}

}  // namespace

Status check_on_hold(const HoldQueue& queue, const MailEntry& entry, const std::string& verb) {
    const std::string record_only =
        verb == "release"
            ? "to record only that it was good: kith release " + entry.id + " --no-mta"
            : "to record only that it was bad: kith confirm " + entry.id;
    if (entry.queue_id.empty() || !is_queue_id(entry.queue_id))
        return fail(ErrorCode::NoInput,
                    "mail " + entry.id + ": no queue id was recorded, so it cannot be on hold",
                    record_only);
    if (::geteuid() != 0)
        return fail(ErrorCode::Permission,
                    verb == "release" ? "only root may take mail off hold"
                                      : "only root may delete held mail",
                    "run as root (sudo kith " + verb + " " + entry.id + ")" +
                        (verb == "release" ? ", or record only: --no-mta" : ""));
    const Result<std::string> host = queue.host();
    if (!host) return fail(host.error());
    if (!entry.host.empty() && *host != entry.host)
        return fail(ErrorCode::Unavailable,
                    "mail " + entry.id + " is in the queue of " + entry.host + ", this is " + *host,
                    "run kith " + verb + " there");
    const Result<std::string> place = queue.find(entry.queue_id);
    if (!place) return fail(place.error());
    if (*place == kOnHold) return ok();
    if (entry.action != Action::Held)
        return fail(ErrorCode::NoInput,
                    "mail " + entry.id + " was never held: it was " +
                        std::string(to_string(entry.action)) + " on " + iso8601(entry.time),
                    record_only);
    if (place->empty())
        return fail(ErrorCode::NoInput,
                    "mail " + entry.id + ": queue file " + entry.queue_id +
                        " is not in the queue any more (delivered, returned or deleted)",
                    record_only);
    return fail(ErrorCode::NoInput,
                "mail " + entry.id + ": queue file " + entry.queue_id + " is not on hold but " +
                    *place + "; " + std::string(queue.name()) + " delivers it by itself",
                record_only);
}

Status release_mail(const Config& config, Time now, const HoldQueue* queue, const MailEntry& entry,
                    const ReleaseWish& wish) {
    AuditEvent event{"release", entry.id, "", wish.why};
    event.detail = queue != nullptr ? "queue id " + entry.queue_id : "recorded only";
    event.detail += ", from " + entry.from + ", to " + entry.rcpt;
    if (wish.learn) event.detail += ", learned as normal";
    if (wish.allow_until > now) event.detail += ", allowed until " + iso8601(wish.allow_until);
    if (Status s = audit(config, now, event); !s) return s;
    AdminRecord record;
    record.id = entry.id;
    record.learn = wish.learn;
    record.why = wish.why;
    record.until = wish.allow_until;
    if (Status s = append_admin_record(config, RecordType::Release, now, std::move(record)); !s)
        return s;
    if (queue == nullptr) return ok();
    if (Status s = queue->release(entry.queue_id); !s)
        return after_the_record(config, now, event, std::move(s).error(),
                                "the release of " + entry.id + " is recorded, but ");
    return ok();
}

Status drop_mail(const Config& config, Time now, const HoldQueue& queue, const MailEntry& entry,
                 const std::string& why) {
    const AuditEvent event{
        "drop", entry.id,
        "queue id " + entry.queue_id + ", from " + entry.from + ", to " + entry.rcpt, why};
    if (Status s = audit(config, now, event); !s) return s;
    // The queue first: a mail that is recorded as deleted and still there would be looked for by
    // nobody.
    if (Status s = queue.drop(entry.queue_id); !s)
        return after_the_record(config, now, event, std::move(s).error(), "");
    AdminRecord record;
    record.id = entry.id;
    record.why = why;
    return append_admin_record(config, RecordType::Drop, now, std::move(record));
}

std::vector<std::string> reason_features(const Assessment& assessment) {
    std::vector<std::string> out;
    for (const Reason& reason : assessment.reasons)
        for (std::size_t f = 0; f < kFeatureCount; ++f)
            if (feature_name(f) == reason.feature) out.push_back(reason.feature);
    return out;
}

}  // namespace kith::admin
