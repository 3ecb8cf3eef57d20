// SPDX-License-Identifier: Apache-2.0
// `kith doctor`: looks at everything a working set-up needs, says what to do about each finding,
// prints the lines to paste into Postfix. Never edits anything. Exit status 0 all ok, 1 warnings, 2
// failures. Covered by tests/unit/admin/doctor_test.cpp and program_test.cpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <ostream>

#include "engine/admin/command.hpp"
#include "engine/admin/doctor_checks.hpp"
#include "engine/admin/local_state.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/models.hpp"
#include "engine/admin/output.hpp"
#include "engine/admin/postfix.hpp"
#include "engine/admin/process.hpp"
#include "engine/assess/mode.hpp"
#include "engine/assess/site_key.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/owned.hpp"
#include "engine/features/feature_id.hpp"
#include "engine/geo/geo_databases.hpp"
#include "engine/journal/journal.hpp"
#include "engine/learner/mail_index.hpp"

namespace kith::admin {
namespace {

using Checks = std::vector<Check>;

// Mails of the newest whose records are read: milliseconds.
constexpr std::size_t kNewestLookedAt = 200;
constexpr std::size_t kHeldLookedAt = 1000;

void add(Checks& checks, const char* name, CheckState state, std::string text,
         std::string todo = {}) {
    checks.push_back({name, state, std::move(text), std::move(todo)});
}

// A failed step as a finding; an error's own hint wins over `todo`.
void add_error(Checks& checks, const char* name, CheckState state, const Error& error,
               const std::string& todo) {
    add(checks, name, state, error.what, error.hint.empty() ? todo : error.hint);
}

void check_site(Checks& checks, const Config& config) {
    add(checks, "mode", CheckState::Ok,
        "mode is " + modes_text(config) +
            (config.mode == Mode::Passive && config.modes.empty()
                 ? ": kith judges and records, nothing more"
                 : ""));
    if (config.site.domains.empty())
        add(checks, "site.domains", CheckState::Fail,
            "site.domains is empty: all mail counts as inbound",
            "list your mail domains in site.domains");
    else
        add(checks, "site.domains", CheckState::Ok,
            counted(config.site.domains.size(), "own domain"));
}

void check_secret(Checks& checks, const Config& config) {
    if (const Result<Hasher::Secret> secret = read_secret(config.secret_file); !secret) {
        add_error(checks, "secret", CheckState::Fail, secret.error(),
                  "start kith-learner or kith-milter: they make it");
        return;
    }
    struct stat s {};
    if (::stat(config.secret_file.c_str(), &s) == 0 && (s.st_mode & 07) != 0)
        add(checks, "secret", CheckState::Warn, config.secret_file + " is open to every user",
            "chmod o= " + config.secret_file);
    else
        add(checks, "secret", CheckState::Ok,
            "the site's secret is there; keep a backup of it with the store");
}

void check_models(Checks& checks, const Config& config) {
    for (const ConfigProblem& problem : config.model_problems)
        add(checks, "models", CheckState::Fail, "a model is left out: " + problem.text(),
            "kith model check; until then a milter that runs keeps the models it had");
    if (const Status holds = some_model_holds(config); !holds)
        add_error(checks, "models", CheckState::Warn, holds.error(), "");
    else if (config.model_problems.empty())
        add(checks, "models", CheckState::Ok,
            counted(models_of(config).models.size(), "model") + ", with those of " +
                config.model_files.directory);
}

void check_reloaded(Checks& checks, const Config& config) {
    if (const Status current = milter_is_current(config); !current)
        add_error(checks, "reload", CheckState::Warn, current.error(), "");
    else
        add(checks, "reload", CheckState::Ok, "kith-milter goes by these settings");
}

void check_learner(Checks& checks, const Config& config) {
    const Result<bool> running = learner_running(config.store);
    if (!running)
        add_error(checks, "learner", CheckState::Warn, running.error(), "run it as root");
    else if (const Status learned = mail_is_learned(config); *running && !learned)
        add(checks, "learner", CheckState::Fail, learned.error().text(),
            "it tries again every ten seconds");
    else if (*running)
        add(checks, "learner", CheckState::Ok, "kith-learner is running");
    else
        add(checks, "learner", CheckState::Fail, "kith-learner is not running",
            "systemctl start " + learner_unit(config.tenant));
}

void check_accounts(Checks& checks, const Config& config) {
    if (!accounts_in_use(config))
        add(checks, "accounts", CheckState::Ok,
            "kith-accounts does not run: logins and rules of own accounts are not looked at");
    else if (const Status events = events_are_recorded(config); !events)
        add_error(checks, "accounts", CheckState::Fail, events.error(), "");
    else
        add(checks, "accounts", CheckState::Ok,
            "kith-accounts answers at " + config.accounts.listen);
}

void check_geo(Checks& checks, const Config& config) {
    for (const std::string& file : config.accounts.mmdb) {
        const auto opened = GeoFile::open(file);
        if (!opened)
            add_error(checks, "accounts.mmdb", CheckState::Warn, opened.error(), "");
        else
            add(checks, "accounts.mmdb", CheckState::Ok,
                file + " is " + (*opened)->type() + " of " +
                    iso8601((*opened)->built()).substr(0, 10));
    }
}

void check_tenants(Checks& checks, const Config& site) {
    if (site.tenants.empty()) return;
    std::string stopped;
    for (const auto& tenant : site.tenants) {
        const Result<bool> running = learner_running(tenant->store);
        if (running && *running) continue;
        stopped += (stopped.empty() ? "" : " ") + tenant->tenant;
    }
    if (stopped.empty())
        add(checks, "tenants", CheckState::Ok,
            "the learners of " + counted(site.tenants.size(), "tenant") + " are running");
    else
        add(checks, "tenants", CheckState::Fail, "no learner runs for " + stopped,
            "systemctl enable --now " + learner_unit("NAME") + "; kith --tenant NAME doctor");
}

// Reads the whole journal: about a second for each 500 MB.
void check_records(Checks& checks, JournalReader& journal, const Config& config) {
    if (const Status s = for_each_record(journal, [](const JournalRecord&) { return ok(); }); !s) {
        add_error(checks, "journal.records", CheckState::Fail, s.error(), "look at the disk");
        return;
    }
    if (journal.damaged_bytes() > 0)
        add(checks, "journal.records", CheckState::Warn,
            counted(journal.damaged_bytes(), "damaged byte") + " in the journal, last in " +
                segment_path(config.journal, journal.damaged_segment()),
            "look at the disk; what is left is learned, the damaged part is lost");
    else
        add(checks, "journal.records", CheckState::Ok, "all records of the journal check out");
}

void check_journal(Checks& checks, const Config& config) {
    const std::string& directory = config.journal.directory;
    if (const Status s = readable(directory); !s) {
        add_error(checks, "journal", CheckState::Fail, s.error(),
                  s.error().code == ErrorCode::NoInput ? "start kith-milter: it makes the journal"
                                                       : "run it as root");
        return;
    }
    const Result<std::unique_ptr<JournalReader>> journal = JournalReader::open(config.journal);
    if (!journal) {
        add_error(checks, "journal", CheckState::Fail, journal.error(), "run it as root");
        return;
    }
    add(checks, "journal", CheckState::Ok, directory + " is readable");
    check_records(checks, **journal, config);
}

// What the services write into.
void check_directories(Checks& checks, const Config& config, bool milter_reachable) {
    if (const Status s = mail_is_recorded(config, milter_reachable); !s)
        add_error(checks, "journal.recording", CheckState::Fail, s.error(),
                  "make room in, or give the services, " + config.journal.directory);
    else
        add(checks, "journal.recording", CheckState::Ok, "mail can be recorded");
    const std::string& spool = config.milter.spool_directory;
    if (const Status s = services_write(spool, parent_of(config.secret_file)); !s)
        add_error(checks, "spool", CheckState::Fail, s.error(), "see milter.spool_directory");
    else
        add(checks, "spool", CheckState::Ok, spool + " takes the parts of large messages");
}

// Outbound mail among the newest entries of the index; without any, half of what kith learns from
// is missing.
void check_outbound(Checks& checks, const StoreReader& reader) {
    MailFilter any;
    any.mails = MailClass::All;
    any.limit = 1;
    const Result<std::vector<MailEntry>> newest = list_mail(reader, any);
    if (!newest) {
        add_error(checks, "outbound", CheckState::Fail, newest.error(), "");
        return;
    }
    if (newest->empty()) {
        add(checks, "outbound", CheckState::Warn, "no mail was seen yet",
            "send one, then run doctor again");
        return;
    }
    any.limit = 1000;
    const Result<std::vector<MailEntry>> recent = list_mail(reader, any);
    if (!recent) {
        add_error(checks, "outbound", CheckState::Fail, recent.error(), "");
        return;
    }
    for (const MailEntry& e : *recent) {
        if (e.direction != Direction::Outbound) continue;
        add(checks, "outbound", CheckState::Ok, "outbound mail is seen, last " + iso8601(e.time));
        return;
    }
    add(checks, "outbound", CheckState::Warn,
        "no outbound mail among the last " + counted(recent->size(), "mail"),
        "hand submission to kith as well, and set site.domains and site.networks");
}

void check_running(Checks& checks, const Postfix& postfix) {
    if (::geteuid() != 0 || !postfix.has("postfix")) return;
    if (const Status runs = postfix.running(); !runs)
        add_error(checks, "postfix.running", CheckState::Fail, runs.error(),
                  "look yourself: " + postfix.command_text("postfix", {"status"}));
    else
        add(checks, "postfix.running", CheckState::Ok, "Postfix is running");
}

// Mail that the journal has as held, against Postfix's hold queue.
void check_hold_queue(Checks& checks, const StoreReader& reader, const Postfix& postfix,
                      const std::string& host) {
    MailFilter held;
    held.mails = MailClass::Held;
    held.limit = kHeldLookedAt;
    const Result<std::vector<MailEntry>> mails = list_mail(reader, held);
    if (!mails) {
        add_error(checks, "postfix.holding", CheckState::Fail, mails.error(), "");
        return;
    }
    std::vector<HeldMail> told;
    for (const MailEntry& e : *mails)
        if (e.action == Action::Held && e.state == MailState::None && !e.imported &&
            (e.host.empty() || e.host == host))
            told.push_back({e.id, e.queue_id});
    const Result<std::string> queue = postfix.run("postqueue", {"-j"});
    if (!queue) {
        add_error(checks, "postfix.holding", CheckState::Warn, queue.error(), "run it as root");
        return;
    }
    checks.push_back(check_holding(told, *queue));
}

// What really arrives with mail, by the newest records; a macro list or a wrong authserv-id shows
// here, whatever the configuration looks like.
void check_newest(Checks& checks, const Config& config, const StoreReader& reader,
                  const std::string& server) {
    MailFilter any;
    any.mails = MailClass::All;
    any.limit = kNewestLookedAt;
    const Result<std::vector<MailEntry>> newest = list_mail(reader, any);
    if (!newest) return;  // "outbound" has told
    RecentMail recent;
    for (const MailEntry& e : *newest) {
        if (e.imported) continue;
        const Result<MailRecord> record = read_record(config, e);
        if (!record) continue;  // "journal.records" has told
        if (record->own) continue;
        ++recent.mails;
        if (record->queue_id.empty()) ++recent.without_queue_id;
        if (e.direction != Direction::Inbound) continue;
        ++recent.inbound;
        if (record->client_addr.empty()) ++recent.without_client;
        if (record->observations.values[index_of(FeatureId::auth_triple)].present())
            ++recent.with_results;
    }
    for (Check& c : check_recent(recent, server)) checks.push_back(std::move(c));
}

void check_store(Checks& checks, const Config& config, const Postfix& queries,
                 const std::optional<PostfixView>& postfix,
                 const std::vector<std::string>& servers) {
    const Result<std::unique_ptr<Store>> store = Store::open(config.store, Store::Mode::Read);
    if (!store) {
        add_error(checks, "store", CheckState::Fail, store.error(),
                  "systemctl restart kith-learner: it makes the store");
        return;
    }
    const Result<std::unique_ptr<StoreReader>> reader = (*store)->read();
    if (!reader) {
        add_error(checks, "store", CheckState::Fail, reader.error(),
                  "systemctl restart kith-learner: it learns again from the journal");
        return;
    }
    add(checks, "store", CheckState::Ok, config.store.directory + " is readable");
    if (const Result<Hasher::Secret> secret = read_site_key(**reader, config); !secret)
        add_error(checks, "store.secret", CheckState::Fail, secret.error(), "");
    else
        add(checks, "store.secret", CheckState::Ok, "the store was made with the site's secret");
    check_outbound(checks, **reader);
    check_newest(checks, config, **reader, servers.empty() ? "" : servers.front());
    if (postfix) check_hold_queue(checks, **reader, queries, postfix->setting("myhostname"));
}

// By trying it: rights that mode bits do not show (access lists, AppArmor) count as well.
void check_from_chroot(Checks& checks, const SocketName& socket, const PostfixView& postfix) {
    const std::string queue = postfix.setting("queue_directory");
    const std::string below = endpoint_for(socket, queue).substr(sizeof "unix:" - 1);
    if (!socket.local || below.front() == '/' || ::geteuid() != 0) return;
    if (const Status s = connects_from(queue, below, postfix.setting("mail_owner")); !s)
        add_error(checks, "socket.chroot", CheckState::Fail, s.error(),
                  "systemctl restart kith-milter; see milter.socket_group, and whether AppArmor or "
                  "an access list forbids it");
    else
        add(checks, "socket.chroot", CheckState::Ok,
            postfix.setting("mail_owner") + ", shut in " + queue + ", connects to " + below);
}

void check_socket(Checks& checks, const SocketName& socket, const std::string& mail_owner) {
    if (const Status s = connect_to(socket); !s)
        add_error(checks, "socket", CheckState::Fail, s.error(),
                  s.error().code == ErrorCode::Permission ? "run it as root"
                                                          : "systemctl start kith-milter");
    else
        add(checks, "socket", CheckState::Ok, "kith-milter answers at its socket");
    if (!socket.local || mail_owner.empty()) return;
    const Status s = user_reaches(socket.path, mail_owner);
    if (s)
        add(checks, "socket.rights", CheckState::Ok, mail_owner + " may use the socket");
    else if (s.error().code != ErrorCode::NoInput)
        add_error(checks, "socket.rights", CheckState::Fail, s.error(),
                  "set milter.socket_group to a group of " + mail_owner +
                      ", and let it pass the directory");
}

void check_authserv(Checks& checks, const std::vector<std::string>& servers, bool are_set) {
    if (servers.empty())
        add(checks, "site.authserv_id", CheckState::Warn, "site.authserv_id is not set",
            "set it to the name your DKIM and DMARC checks write into Authentication-Results");
    else
        add(checks, "site.authserv_id", CheckState::Ok,
            "Authentication-Results of " + servers.front() + " are trusted" +
                (are_set ? "" : " (site.authserv_id is not set)"));
}

/// kith cannot tell a field that came with the mail from one that a milter before it has added.
void check_forged_results(Checks& checks, const std::vector<std::string>& servers,
                          const Postfix& postfix, const PostfixView& view) {
    for (const std::string& server : servers) {
        if (postfix.keeps_out("Authentication-Results: " + server + "; dmarc=pass", view)) continue;
        return add(
            checks, "postfix.forged_results", CheckState::Warn,
            "header_checks let Authentication-Results of " + server +
                " in that a sender has written",
            "see main.cf.snippet; not needed where your DKIM or DMARC milter takes them out");
    }
    add(checks, "postfix.forged_results", CheckState::Ok,
        "header_checks keep out Authentication-Results that a sender has written");
}

/// Where systemd runs; elsewhere whatever runs the two commands is not kith's to know.
void check_timers(Checks& checks, Time now) {
    struct stat st {};
    if (::stat("/run/systemd/system", &st) != 0) return;
    for (const auto& [name, duty] :
         {std::pair("kith-quarantine", "nobody looks after held mail"),
          std::pair("kith-alerts", "no alert is sent, and nothing old is removed")}) {
        const auto shown =
            run_process({"systemctl", "show", "--timestamp=unix",
                         "--property=Id,LoadState,ActiveState,UnitFileState,Result,"
                         "ExecMainStartTimestamp",
                         std::string(name) + ".timer", std::string(name) + ".service"},
                        {});
        if (!shown)
            add_error(checks, "timers", CheckState::Warn, shown.error(), "");
        else
            checks.push_back(check_timer(name, duty, shown->out, now));
    }
}

struct Findings {
    Checks checks;
    std::vector<std::string> lines, master_commands;
};

Findings examine(const Env& env, const PostfixOptions& options) {
    Findings f;
    const LoadedConfig loaded = load_config(env.config_path, env.tenant);
    if (!loaded.problems.empty()) {
        add(f.checks, "config", CheckState::Fail, loaded.problems.front().text(),
            "kith check-config shows " + counted(loaded.problems.size(), "problem"));
    } else {
        add(f.checks, "config", CheckState::Ok, env.config_path + " is valid");
    }
    // With a broken file the rest is looked at as far as its defaults reach.
    const Config& config = loaded.config;
    check_site(f.checks, config);
    check_models(f.checks, config);
    const SocketName socket = parse_socket_name(config.milter.socket);
    const Postfix queries(options);
    Result<PostfixView> view = queries.view();
    std::optional<PostfixView> postfix;
    if (view) postfix = std::move(*view);
    std::vector<std::string> servers = config.site.authserv_ids;
    if (servers.empty() && postfix) servers.push_back(postfix->setting("myhostname"));
    if (const Status may = may_look(config); !may) {
        add_error(f.checks, "rights", CheckState::Fail, may.error(), "");
    } else {
        check_secret(f.checks, config);
        check_journal(f.checks, config);
        check_learner(f.checks, config);
        check_accounts(f.checks, config);
        check_geo(f.checks, config);
        check_tenants(f.checks, config);
        check_store(f.checks, config, queries, postfix, servers);
        const bool reachable = connect_to(socket).has_value();
        check_directories(f.checks, config, reachable);
        if (reachable) check_reloaded(f.checks, config);
    }
    check_timers(f.checks, env.now);
    check_socket(f.checks, socket, postfix ? postfix->setting("mail_owner") : "");
    if (postfix) check_from_chroot(f.checks, socket, *postfix);
    check_authserv(f.checks, servers, !config.site.authserv_ids.empty());
    if (postfix) {
        check_running(f.checks, queries);
        check_forged_results(f.checks, servers, queries, *postfix);
        for (Check& c : check_postfix(*postfix, socket)) f.checks.push_back(std::move(c));
        f.lines = postfix_lines(*postfix, socket);
        f.master_commands = master_commands(*postfix, socket);
    } else {
        add_error(f.checks, "postfix", CheckState::Fail, view.error(),
                  "name its directory with --postfix-config");
        f.lines = postfix_lines({}, socket);
    }
    return f;
}

Outcome doctor(Env& env, const PostfixOptions& options) {
    const Findings f = examine(env, options);
    const int worst = worst_of(f.checks);
    if (env.json) {
        Json j;
        j["state"] = to_string(static_cast<CheckState>(worst));
        j["checks"] = Json::array();
        for (const Check& c : f.checks)
            j["checks"].push_back({{"name", c.name},
                                   {"state", to_string(c.state)},
                                   {"text", c.text},
                                   {"todo", c.todo}});
        j["postfix_lines"] = f.lines;
        j["master_commands"] = f.master_commands;
        j["sendmail_line"] = kSendmailLine;
        print_json(env.out, j);
        return worst;
    }
    for (const Check& c : f.checks) {
        env.out << fmt::format("{:<5} {:<26} {}\n", to_string(c.state), c.name, cell(c.text, 500));
        if (!c.todo.empty()) env.out << fmt::format("{:<32} -> {}\n", "", cell(c.todo, 500));
    }
    env.out << "\nLines for Postfix's main.cf (not written by doctor):\n";
    // From the first column: with a blank before it a line goes on with the setting above.
    for (const std::string& line : f.lines) env.out << cell(line, 4096) << '\n';
    env.out << "and, where programs on this host send mail out by sendmail(1):\n"
            << kSendmailLine << '\n';
    if (!f.master_commands.empty()) {
        env.out << "\nCommands for Postfix's master.cf (not run by doctor):\n";
        for (const std::string& line : f.master_commands) env.out << cell(line, 4096) << '\n';
    }
    env.out << "\nThen: postfix reload\n";
    return worst;
}

}  // namespace

NothingAction setup_doctor(CLI::App& sub) {
    auto options = std::make_shared<PostfixOptions>();
    add_postfix_options(sub, *options);
    return [options](Env& env) { return doctor(env, *options); };
}

}  // namespace kith::admin
