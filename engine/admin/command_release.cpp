// SPDX-License-Identifier: Apache-2.0
// `kith release ID`: looks whether the MTA really holds the mail, records the release, then lets
// the MTA deliver. `postsuper -H` takes a mail off hold as it is; `-r`, which spares the milters as
// well, would rewrite its addresses and give it another queue id (postsuper(1)). The record comes
// first: a mail delivered without it would never be learned. Covered by
// tests/unit/admin/release_test.cpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <ostream>

#include "engine/admin/command.hpp"
#include "engine/admin/held_mail.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/config/values.hpp"
#include "engine/learner/incident.hpp"

namespace kith::admin {
namespace {

// Longer than a year nobody remembers why.
constexpr Seconds kLongestAllowance{366LL * 86400};

struct Options {
    std::string id, why, allow;
    bool learn = false, no_mta = false, force = false;
    MtaOptions mta;
};

// Mail that was held while kith could not record it (a full disk) is on hold and in no index. What
// is not on hold under that queue id, or cannot be looked up, stays what it was: `unknown`.
Outcome release_unknown(Env& env, const Config& config, const Options& options,
                        const Error& unknown) {
    if (options.no_mta || ::geteuid() != 0 || !is_queue_id(options.id)) return fail(unknown);
    const auto queue = HoldQueue::open(options.mta);
    if (!queue) return fail(unknown);
    const Result<std::string> place = (*queue)->find(options.id);
    if (!place || *place != kOnHold) return fail(unknown);
    if (Status s = audit(config, env.now,
                         {"release", options.id, "on hold, unknown to kith", options.why});
        !s)
        return fail(std::move(s).error());
    if (Status s = (*queue)->release(options.id); !s) return fail(std::move(s).error());
    if (env.json)
        print_json(env.out, Json{{"id", nullptr},
                                 {"queue_id", options.id},
                                 {"recorded", false},
                                 {"learn", false},
                                 {"allowed_until", nullptr},
                                 {"delivering", true}});
    else
        env.out << "released " << cell(options.id) << ": it was on hold, " << (*queue)->name()
                << " delivers it now\n"
                << "kith has no record of it: nothing was recorded, and nothing is learned\n";
    return 0;
}

/// When an allowance ends; epoch = none was asked for.
Result<Time> allowed_until(const Config& config, const MailEntry& entry, const Options& options,
                           Time now) {
    if (options.allow.empty()) return Time{};
    const Result<Seconds> span = parse_duration(options.allow);
    if (!span || *span < Seconds(60) || *span > kLongestAllowance)
        return fail(ErrorCode::Usage, "--allow " + cell(options.allow) + ": no span of time",
                    "give one from a minute to a year, like 30d");
    const Result<MailRecord> record = read_record(config, entry);
    if (!record) return fail(record.error());
    if (record->rcpts.empty() || reason_features(record->assessment).empty())
        return fail(ErrorCode::NoInput,
                    "mail " + entry.id + ": no reasons are recorded that could be allowed",
                    "release it without --allow; --learn takes it as normal");
    return now + *span;
}

/// The confirmed mail of the incident that `entry` belongs to; "" when there is none.
Result<std::string> confirmed_companion(const Config& config, const StoreReader& reader,
                                        const MailEntry& entry) {
    const Result<Incident> incident = find_incident(reader, entry.id);
    if (!incident) {
        if (incident.error().code == ErrorCode::NoInput) return std::string();
        return fail(incident.error());
    }
    for (const Incident::Mail& mail : incident->mails) {
        if (mail.id == entry.id) continue;
        auto other = look_up_mail(config, reader, mail.id);
        if (other) other = with_newest_word(config, reader, *std::move(other));
        if (other && other->state == MailState::Confirmed) return mail.id;
    }
    return std::string();
}

/// Not ok when the MTA cannot have the mail any more, whatever else is said of it.
Status check_not_deleted(const MailEntry& entry) {
    if (entry.state != MailState::Dropped) return ok();
    return fail(ErrorCode::NoInput, "mail " + entry.id + " was deleted on " +
                                        iso8601(entry.state_time) + " and cannot be released");
}

/// Not ok when somebody said that the mail, or another one of the same hand, was bad.
Status check_not_bad(const Config& config, const StoreReader& reader, const MailEntry& entry) {
    const std::string hint = "to release it all the same: kith release " + entry.id + " --force";
    if (entry.state == MailState::Confirmed)
        return fail(ErrorCode::Usage,
                    "mail " + entry.id + " was confirmed as bad on " + iso8601(entry.state_time),
                    hint);
    const Result<std::string> other = confirmed_companion(config, reader, entry);
    if (!other) return fail(other.error());
    if (other->empty()) return ok();
    return fail(ErrorCode::Usage,
                "mail " + entry.id + " belongs to an incident of which " + *other +
                    " was confirmed as bad: kith incident show " + entry.id,
                hint);
}

Outcome release(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    Result<MailEntry> entry = look_up_mail(config, reader, options.id);
    if (!entry)
        return entry.error().code == ErrorCode::NoInput
                   ? release_unknown(env, config, options, entry.error())
                   : Outcome(fail(entry.error()));
    // Who confirms and then releases, or two who do so at once, must not deliver what is bad.
    entry = with_newest_word(config, reader, *std::move(entry));
    if (!entry) return fail(entry.error());
    if (!options.no_mta)
        if (const Status there = check_not_deleted(*entry); !there) return fail(there.error());
    if (!options.force)
        if (const Status sound = check_not_bad(config, reader, *entry); !sound)
            return fail(sound.error());
    const Result<Time> until = allowed_until(config, *entry, options, env.now);
    if (!until) return fail(until.error());
    std::unique_ptr<HoldQueue> queue;
    if (!options.no_mta) {
        auto opened = HoldQueue::open(options.mta);
        if (!opened)
            return fail(opened.error().code, opened.error().what,
                        opened.error().hint + "; to record only that it was good: kith release " +
                            entry->id + " --no-mta");
        queue = std::move(*opened);
        if (Status held = check_on_hold(*queue, *entry, "release"); !held)
            return fail(std::move(held).error());
    }
    if (Status s = release_mail(config, env.now, queue.get(), *entry,
                                {options.learn, *until, options.why});
        !s)
        return fail(std::move(s).error());

    const bool allowed = *until > env.now;
    if (env.json) {
        print_json(env.out, Json{{"id", entry->id},
                                 {"queue_id", entry->queue_id},
                                 {"recorded", true},
                                 {"learn", options.learn},
                                 {"allowed_until", allowed ? Json(iso8601(*until)) : Json()},
                                 {"delivering", !options.no_mta}});
        return 0;
    }
    const bool never_held = entry->action != Action::Held;
    if (!options.no_mta)
        env.out << "released " << entry->id << ": " << cell(entry->queue_id) << " was on hold, "
                << queue->name() << " delivers it now\n";
    else if (never_held)
        env.out << entry->id << " was never held, it was " << to_string(entry->action)
                << ": recorded that it was good\n";
    else
        env.out << "recorded the release of " << entry->id << "; the queue was not touched\n";
    if (options.learn) env.out << "the learner takes it as normal from now on\n";
    if (allowed)
        env.out << "what was unusual about it is no surprise between its sender and its recipients "
                   "until "
                << iso8601(*until) << ": kith allow list\n";
    return 0;
}

}  // namespace

StoreAction setup_release(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    sub.add_option("ID", options->id,
                   "kith's id, a queue id, a Message-ID or the unique beginning of an id")
        ->required();
    sub.add_flag("--learn", options->learn,
                 "Let the learner take the mail as normal for its sender");
    sub.add_option("--allow", options->allow,
                   "For so long (30d), what were its reasons is no surprise between its sender and "
                   "its recipients")
        ->type_name("SPAN");
    sub.add_flag("--no-mta", options->no_mta, "Record only; do not touch the queue");
    sub.add_flag("--force", options->force,
                 "Also a mail that was, or another of its incident, confirmed as bad");
    add_reason_option(sub, options->why);
    add_mta_options(sub, options->mta);
    return [options](Env& env, const Config& config, const StoreReader& reader) {
        return release(env, config, reader, *options);
    };
}

}  // namespace kith::admin
