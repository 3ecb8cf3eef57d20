// SPDX-License-Identifier: Apache-2.0
// `kith release ID`: looks whether Postfix really holds the mail, records the release in the
// journal, then lets Postfix deliver. `postsuper -H` takes a mail off hold as it is; `-r`, which
// spares the milters as well, would rewrite its addresses and give it another queue id
// (postsuper(1)). Sendmail's queue is left to the admin, who is told the commands. The record comes
// first: a mail delivered without it would never be learned. Covered by
// tests/unit/admin/release_test.cpp.
#include <CLI/CLI.hpp>
#include <unistd.h>

#include <memory>
#include <optional>
#include <ostream>

#include "engine/admin/command.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/admin/postfix.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::string id, why;
    bool learn = false, no_mta = false, force = false;
    PostfixOptions postfix;
};

// Ok when Postfix holds the mail under this queue id on this host; else what was found instead.
Status check_on_hold(const Postfix& postfix, const MailEntry& entry) {
    if (entry.queue_id.empty())
        return fail(ErrorCode::NoInput,
                    "mail " + entry.id + ": no queue id was recorded, so it cannot be on hold",
                    "to record only that it was good: kith release " + entry.id + " --no-mta");
    if (::geteuid() != 0)
        return fail(ErrorCode::Permission, "only root may take mail off hold",
                    "run as root (sudo kith release " + entry.id + "), or record only: --no-mta");
    if (!postfix.has("postconf"))
        return fail(ErrorCode::Unavailable, "Postfix's postconf is not installed here",
                    "with Sendmail: kith release " + entry.id + " --no-mta && sendmail -qQ -Q -qI" +
                        entry.queue_id + " && sendmail -qI" + entry.queue_id +
                        "; where Postfix is elsewhere: --postfix-bin");
    const Result<std::string> host = postfix.setting("myhostname");
    if (!host) return fail(host.error());
    if (!entry.host.empty() && *host != entry.host)
        return fail(ErrorCode::Unavailable,
                    "mail " + entry.id + " is in the queue of " + entry.host + ", this is " + *host,
                    "run kith release there");
    const Result<std::string> queue = postfix.run("postqueue", {"-j"});
    if (!queue) return fail(queue.error());
    const std::optional<QueuedMail> queued = find_queued(*queue, entry.queue_id);
    const std::string record_only =
        "to record only that it was good: kith release " + entry.id + " --no-mta";
    if (!queued)
        return fail(ErrorCode::NoInput,
                    "mail " + entry.id + ": queue file " + entry.queue_id +
                        " is not in the queue any more (delivered, returned or deleted)",
                    record_only);
    if (queued->queue != "hold")
        return fail(ErrorCode::NoInput,
                    "mail " + entry.id + ": queue file " + entry.queue_id + " is not on hold but " +
                        queued->queue + "; Postfix delivers it by itself",
                    record_only);
    return ok();
}

// `done_so_far` is what stands already when Postfix does not follow.
Status let_go(const Postfix& postfix, const std::string& queue_id, const std::string& done_so_far) {
    for (const auto& [name, option] :
         {std::pair{"postsuper", "-H"}, std::pair{"postqueue", "-i"}}) {
        const Result<std::string> done = postfix.run(name, {option, queue_id});
        if (!done) {
            Error error = done.error();
            error.what = done_so_far + "Postfix did not follow: " + error.what;
            error.hint = "try by hand: " + postfix.command_text(name, {option, queue_id});
            return fail(std::move(error));
        }
    }
    return ok();
}

// Mail that was held while kith could not record it (a full disk) is on hold and in no index. What
// is not on hold under that queue id, or cannot be looked up, stays what it was: `unknown`.
Outcome release_unknown(Env& env, const Options& options, const Error& unknown) {
    const Postfix postfix(options.postfix);
    if (options.no_mta || ::geteuid() != 0) return fail(unknown);
    const Result<std::string> queue = postfix.run("postqueue", {"-j"});
    if (!queue) return fail(unknown);
    const std::optional<QueuedMail> queued = find_queued(*queue, options.id);
    if (!queued || queued->queue != "hold") return fail(unknown);
    if (Status s = let_go(postfix, options.id, ""); !s) return fail(std::move(s).error());
    if (env.json)
        print_json(env.out, Json{{"id", nullptr},
                                 {"queue_id", options.id},
                                 {"recorded", false},
                                 {"learn", false},
                                 {"delivering", true}});
    else
        env.out << "released " << cell(options.id) << ": it was on hold, Postfix delivers it now\n"
                << "kith has no record of it: nothing was recorded, and nothing is learned\n";
    return 0;
}

Outcome release(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const Result<MailEntry> entry = look_up_mail(config, reader, options.id);
    if (!entry)
        return entry.error().code == ErrorCode::NoInput
                   ? release_unknown(env, options, entry.error())
                   : Outcome(fail(entry.error()));
    if (entry->state == MailState::Confirmed && !options.force)
        return fail(ErrorCode::Usage,
                    "mail " + entry->id + " was confirmed as bad on " + iso8601(entry->state_time),
                    "to release it all the same: kith release " + entry->id + " --force");
    const Postfix postfix(options.postfix);
    if (!options.no_mta)
        if (Status held = check_on_hold(postfix, *entry); !held)
            return fail(std::move(held).error());

    AdminRecord record;
    record.id = entry->id;
    record.learn = options.learn;
    record.why = options.why;
    if (Status s = append_admin_record(config, RecordType::Release, env.now, std::move(record)); !s)
        return fail(std::move(s).error());
    if (!options.no_mta)
        if (Status s = let_go(postfix, entry->queue_id,
                              "the release of " + entry->id + " is recorded, but ");
            !s)
            return fail(std::move(s).error());

    if (env.json) {
        print_json(env.out, Json{{"id", entry->id},
                                 {"queue_id", entry->queue_id},
                                 {"recorded", true},
                                 {"learn", options.learn},
                                 {"delivering", !options.no_mta}});
        return 0;
    }
    if (options.no_mta)
        env.out << "recorded the release of " << entry->id << "; the queue was not touched\n";
    else
        env.out << "released " << entry->id << ": " << cell(entry->queue_id)
                << " was on hold, Postfix delivers it now\n";
    if (options.learn) env.out << "the learner takes it as normal from now on\n";
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
    sub.add_flag("--no-mta", options->no_mta, "Record only; do not touch Postfix's queue");
    sub.add_flag("--force", options->force, "Also a mail that was confirmed as bad");
    sub.add_option("--why", options->why, "Reason, kept in the journal")->type_name("TEXT");
    add_postfix_options(sub, options->postfix);
    return [options](Env& env, const Config& config, const StoreReader& reader) {
        return release(env, config, reader, *options);
    };
}

}  // namespace kith::admin
