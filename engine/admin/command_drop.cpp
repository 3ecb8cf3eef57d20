// SPDX-License-Identifier: Apache-2.0
// `kith drop ID`: deletes a mail that is on hold. Nobody gets it, and it teaches nothing, as no
// held mail does. Covered by tests/unit/admin/drop_test.cpp.
#include <CLI/CLI.hpp>

#include <memory>
#include <ostream>

#include "engine/admin/command.hpp"
#include "engine/admin/held_mail.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::string id, why;
    bool confirm = false;
    MtaOptions mta;
};

/// Mail that is on hold and in no index (kith could not record it, or its traces were erased) has
/// nothing that tells whether it is the right one: Postfix deletes it when the admin says so.
Error with_way_out(Error unknown, const Options& options) {
    if (unknown.code != ErrorCode::NoInput || !is_queue_id(options.id)) return unknown;
    const auto queue = HoldQueue::open(options.mta);
    if (!queue || (*queue)->name() != "Postfix") return unknown;
    const Result<std::string> place = (*queue)->find(options.id);
    if (place && *place == kOnHold)
        unknown.hint = "Postfix has it on hold: to delete it, postsuper -d " + options.id + " hold";
    return unknown;
}

Outcome drop(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const Result<MailEntry> entry = look_up_mail(config, reader, options.id);
    if (!entry) return fail(with_way_out(entry.error(), options));
    const auto queue = HoldQueue::open(options.mta);
    if (!queue) return fail(queue.error());
    if (Status held = check_on_hold(**queue, *entry, "drop"); !held)
        return fail(std::move(held).error());
    if (options.confirm) {
        if (Status s = audit(config, env.now, {"confirm", entry->id, "", options.why}); !s)
            return fail(std::move(s).error());
        AdminRecord record;
        record.id = entry->id;
        record.why = options.why;
        if (Status s = append_admin_record(config, RecordType::Confirm, env.now, std::move(record));
            !s)
            return fail(std::move(s).error());
    }
    if (Status s = drop_mail(config, env.now, **queue, *entry, options.why); !s)
        return fail(std::move(s).error());
    if (env.json) {
        print_json(env.out, Json{{"id", entry->id},
                                 {"queue_id", entry->queue_id},
                                 {"confirmed", options.confirm},
                                 {"deleted", true}});
        return 0;
    }
    env.out << "deleted " << entry->id << ": " << cell(entry->queue_id) << " from "
            << cell(entry->from) << " to " << cell(entry->rcpt)
            << (entry->rcpt_count > 1 ? " +" + std::to_string(entry->rcpt_count - 1) : "")
            << " was on hold\n";
    if (options.confirm) env.out << "recorded that it was bad\n";
    return 0;
}

}  // namespace

StoreAction setup_drop(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    sub.add_option("ID", options->id,
                   "kith's id, a queue id, a Message-ID or the unique beginning of an id")
        ->required();
    sub.add_flag("--confirm", options->confirm, "Record that it was bad as well");
    add_reason_option(sub, options->why);
    add_mta_options(sub, options->mta);
    return [options](Env& env, const Config& config, const StoreReader& reader) {
        return drop(env, config, reader, *options);
    };
}

}  // namespace kith::admin
