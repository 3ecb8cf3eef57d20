// SPDX-License-Identifier: Apache-2.0
// `kith confirm ID`: an admin says that a mail was bad. The learner takes back what the mail
// taught; the queue is not touched. Covered by tests/unit/admin/program_test.cpp.
#include <CLI/CLI.hpp>

#include <memory>
#include <ostream>

#include "engine/admin/audit.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::string id, why;
};

Outcome confirm(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const Result<MailEntry> entry = look_up_mail(config, reader, options.id);
    if (!entry) return fail(entry.error());
    if (Status s = audit(
            config, env.now,
            {"confirm", entry->id, "from " + entry->from + ", to " + entry->rcpt, options.why});
        !s)
        return fail(std::move(s).error());
    AdminRecord record;
    record.id = entry->id;
    record.why = options.why;
    if (Status s = append_admin_record(config, RecordType::Confirm, env.now, std::move(record)); !s)
        return fail(std::move(s).error());

    const bool on_hold = entry->is_on_hold(), again = entry->state == MailState::Confirmed;
    // The learner knows what a mail taught for so long (mail_learner).
    const bool too_old = entry->time < env.now - config.retention.lessons;
    if (env.json) {
        print_json(env.out,
                   Json{{"id", entry->id}, {"queue_id", entry->queue_id}, {"recorded", true}});
        return 0;
    }
    env.out << "recorded that " << entry->id << " was bad" << (again ? ", as it was before" : "")
            << '\n';
    if (too_old)
        env.out << "what it taught stays: the mail is older than retention.lessons ("
                << span_text(config.retention.lessons) << ")\n";
    if (on_hold && !entry->queue_id.empty())
        env.out << "it stays on hold until you delete it: kith drop " << cell(entry->id) << '\n';
    return 0;
}

}  // namespace

StoreAction setup_confirm(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    sub.add_option("ID", options->id,
                   "kith's id, a queue id, a Message-ID or the unique beginning of an id")
        ->required();
    add_reason_option(sub, options->why);
    return [options](Env& env, const Config& config, const StoreReader& reader) {
        return confirm(env, config, reader, *options);
    };
}

}  // namespace kith::admin
