// SPDX-License-Identifier: Apache-2.0
// `kith privacy export|erase ADDRESS`: what is kept of somebody, and an end to it. Covered by
// tests/unit/admin/privacy_test.cpp.
#include <CLI/CLI.hpp>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/admin/audit.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/local_state.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/admin/personal_data.hpp"
#include "engine/admin/profile_view.hpp"
#include "engine/assess/site_key.hpp"
#include "engine/base/whole_file.hpp"
#include "engine/features/observe.hpp"
#include "engine/learner/learner.hpp"

namespace kith::admin {
namespace {

/// How long the learner is waited for; it commits once a second.
constexpr std::chrono::seconds kLearnerWait{30};

struct Options {
    std::string address, output = "-", why;
    bool yes = false;
};

Outcome export_data(Env& env, const Config& config, const StoreReader& reader,
                    const Options& options) {
    const auto address = checked_address(options.address);
    if (!address) return fail(address.error());
    const auto secret = read_site_key(reader, config);
    if (!secret) return fail(secret.error());
    const std::string hash = address_id(sender_key(Hasher(*secret), *address));
    if (Status s = audit(config, env.now, {"privacy export", "address " + hash, "", options.why});
        !s)
        return fail(std::move(s).error());
    const auto document = personal_data(config, reader, env.now, *address);
    if (!document) return fail(document.error());
    if (options.output == "-") {
        print_json(env.out, *document);
        return 0;
    }
    if (Status s = write_whole(options.output, json_text(*document, 2) + "\n"); !s)
        return fail(std::move(s).error());
    if (env.json)
        print_json(env.out, Json{{"address", *address}, {"output", options.output}});
    else
        env.out << "wrote what is kept of " << cell(*address) << ": "
                << counted((*document)["mails"].size(), "mail") << ", in " << cell(options.output)
                << '\n';
    return 0;
}

/// Ok when somebody at the terminal says so.
Status confirmed(Env& env, const std::string& address, const Options& options) {
    if (options.yes) return ok();
    if (env.json || ::isatty(STDIN_FILENO) != 1)
        return fail(ErrorCode::Usage, "nothing was erased: nobody confirmed it",
                    "give --yes where nobody can be asked");
    env.err << "Erase all that kith keeps of " << cell(address)
            << "? It cannot be undone; backups are not touched. [yes/no] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "yes") return ok();
    return fail(ErrorCode::Usage, "nothing was erased: the answer was not yes", "");
}

/// Whether the learner, where it runs, has come by the order.
Result<bool> has_forgotten(const Config& config, const Store& store, JournalPosition order) {
    const auto deadline = std::chrono::steady_clock::now() + kLearnerWait;
    for (;;) {
        const auto reader = store.read();
        if (!reader) return fail(reader.error());
        const auto checkpoint = read_checkpoint(**reader);
        if (!checkpoint) return fail(checkpoint.error());
        if (*checkpoint > order) return true;
        const auto running = learner_running(config.store);
        if (!running || !*running || std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
}

void print(std::ostream& out, const std::string& address, const Erasure& done, bool forgotten) {
    const auto& j = done.journal;
    out << "erased " << cell(address) << " from the journal: " << counted(j.mails, "mail")
        << " with nothing left, " << counted(j.shared, "mail") << " to others as well, "
        << counted(j.remarks, "remark") << ", " << counted(j.events, "account event") << ", "
        << counted(j.events_of_others, "event") << " of other accounts; "
        << counted(done.requests, "request") << " to release, "
        << counted(done.alerts, "waiting alert") << '\n'
        << (forgotten
                ? "kith-learner has forgotten what it learned, its index and its lists\n"
                : "kith-learner is not running or still busy: it forgets what it learned, its "
                  "index and its lists as soon as it comes by the order\n");
    if (done.audit_lines > 0)
        out << "the audit log names the address in " << counted(done.audit_lines, "line")
            << ", which stay (retention.audit)\n";
    if (done.locked_until)
        out << "the account stays locked until " << iso8601(*done.locked_until)
            << ": the lock and its line in accounts.deny_file are kept as long; kith account "
               "unlock "
            << cell(address) << " ends it\n";
    if (!done.deny_file.empty())
        out << "accounts.deny_file may still name it: " << done.deny_file
            << "; kith account respond writes it anew\n";
    if (!done.on_hold.empty()) {
        out << "still on hold in the MTA's queue:";
        for (const std::string& id : done.on_hold) out << ' ' << cell(id);
        out << "; Postfix deletes one with  postsuper -d ID\n";
    }
    out << "not touched: backups, the system log, the MTA's queue and log\n";
}

Result<Hasher::Secret> secret_of(const Config& config, const Store& store) {
    const auto reader = store.read();
    if (!reader) return fail(reader.error());
    return read_site_key(**reader, config);
}

/// As held_mail_of(); the snapshot ends here, as the learner is waited for later.
Result<std::vector<std::string>> on_hold(const Config& config, const Store& store,
                                         const Hasher& hasher, const std::string& address) {
    const auto reader = store.read();
    if (!reader) return fail(reader.error());
    return held_mail_of(config, **reader, hasher, address);
}

Outcome erase(Env& env, const Config& config, const Store& store, const Options& options) {
    const auto address = checked_address(options.address);
    if (!address) return fail(address.error());
    const auto secret = secret_of(config, store);
    if (!secret) return fail(secret.error());
    if (Status s = confirmed(env, *address, options); !s) return fail(std::move(s).error());
    const Hasher hasher(*secret);
    auto held = on_hold(config, store, hasher, *address);
    if (!held) return fail(held.error());
    const AuditEvent event{"privacy erase", "address " + address_id(sender_key(hasher, *address)),
                           "", options.why};
    if (Status s = audit(config, env.now, event); !s) return fail(std::move(s).error());
    auto done = erase_address(config, hasher, env.now, *address, options.why);
    if (!done) {
        audit_failure(config, env.now, event, done.error());
        return fail(done.error().code, done.error().what,
                    (done.error().hint.empty() ? "" : done.error().hint + "; ") +
                        "run it again: it completes what was begun");
    }
    done->on_hold = std::move(*held);
    const auto forgotten = has_forgotten(config, store, done->order);
    if (!forgotten) return fail(forgotten.error());
    if (env.json)
        print_json(env.out, Json{{"address", *address},
                                 {"mails", done->journal.mails},
                                 {"shared_mails", done->journal.shared},
                                 {"remarks", done->journal.remarks},
                                 {"account_events", done->journal.events},
                                 {"events_of_others", done->journal.events_of_others},
                                 {"release_requests", done->requests},
                                 {"alerts", done->alerts},
                                 {"audit_lines_kept", done->audit_lines},
                                 {"locked_until",
                                  done->locked_until ? Json(iso8601(*done->locked_until)) : Json()},
                                 {"deny_file_error", done->deny_file},
                                 {"on_hold", done->on_hold},
                                 {"learner_done", *forgotten}});
    else
        print(env.out, *address, *done, *forgotten);
    return 0;
}

}  // namespace

ConfigAction setup_privacy(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    CLI::App* export_sub =
        sub.add_subcommand("export", "Write all that is kept of an address, as JSON");
    CLI::App* erase_sub = sub.add_subcommand("erase", "Erase all that is kept of an address");
    export_sub->add_option("--output", options->output, "File, - is the standard output")
        ->capture_default_str();
    erase_sub->add_flag("--yes", options->yes, "Do not ask");
    for (CLI::App* one : {export_sub, erase_sub}) {
        one->add_option("ADDRESS", options->address, "local-part@domain")->required();
        add_reason_option(*one, options->why);
        one->fallthrough();
    }
    sub.require_subcommand(1);
    // The store is opened here: after an order to erase it is looked at again.
    return [options, export_sub](Env& env, const Config& config) -> Outcome {
        if (const Status may = may_look(config); !may) return fail(may.error());
        const auto store = Store::open(config.store, Store::Mode::Read);
        if (!store) return fail(store.error());
        if (!export_sub->parsed()) return erase(env, config, **store, *options);
        const auto reader = (*store)->read();
        if (!reader) return fail(reader.error());
        return export_data(env, config, **reader, *options);
    };
}

}  // namespace kith::admin
