// SPDX-License-Identifier: Apache-2.0
// `kith account list|show|lock|unlock|locks`: what is known of an own account, and one that
// somebody else has is kept from sending and from logging in, for some hours. Covered by
// tests/unit/admin/account_test.cpp and, with a real Dovecot and Postfix, by
// tests/e2e/accounts_test.py.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "engine/admin/account_alarms.hpp"
#include "engine/admin/account_response.hpp"
#include "engine/admin/account_view.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/hold_queue.hpp"
#include "engine/admin/local_state.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/admin/state_file.hpp"
#include "engine/assess/direction.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/text.hpp"
#include "engine/config/accounts.hpp"
#include "engine/config/tenants.hpp"
#include "engine/config/values.hpp"
#include "engine/features/observe.hpp"

namespace kith::admin {
namespace {

constexpr Seconds kLongestLock{90LL * 86400};
/// Older incidents are not answered by themselves any more.
constexpr Seconds kAnswered{86400};

struct Options {
    std::string account, span = "4h", why;
    bool outbound = false, login = false, kick = false;
    unsigned limit = 50;
    MtaOptions mta;
};

std::string what_text(const AccountLock& l) {
    if (l.outbound && l.login) return "outbound mail and login";
    return l.outbound ? "outbound mail" : "login";
}

/// The services look for a lock where its account belongs.
Status check_owner(const Env& env, const Config& config, const std::string& account) {
    const auto site = load_config_or_error(env.config_path);
    if (!site) return fail(site.error());
    const auto& owner = owner_of_account(*site, account);
    if (owner->tenant == config.tenant) return ok();
    if (owner->tenant.empty())
        return fail(ErrorCode::Usage,
                    "account " + account + " has no domain of tenant " + config.tenant);
    return fail(ErrorCode::Usage, "account " + account + " is of tenant " + owner->tenant,
                kith_command(*owner) + " account lock " + account);
}

void print_done(std::ostream& out, const ResponseDone& done) {
    for (const std::string& line : done.lines) out << line << '\n';
    for (const std::string& line : done.problems) out << "not done: " << line << '\n';
}

/// A lock that stands already goes on: what it stops, its end when that is later, its reason when
/// there is no new one.
Status add_to_standing(const Config& config, Time now, AccountLock& lock) {
    const auto all = read_locks(account_options(config).lock_file);
    if (!all) return fail(all.error());
    for (const AccountLock& old : *all) {
        if (old.account != lock.account || old.until <= now) continue;
        lock.outbound = lock.outbound || old.outbound;
        lock.login = lock.login || old.login;
        lock.until = std::max(lock.until, old.until);
        if (lock.why.empty()) lock.why = old.why;
    }
    return ok();
}

struct Seen {
    bool known = true;    ///< false when kith never saw the account
    std::string nearest;  ///< of one that it never saw: the name most like it; "" = none is
};

/// Where that cannot be told nobody is bothered with it.
Seen look_for(const Config& config, const std::string& account) {
    const auto reader = read_store(config.store);
    const auto secret = read_secret(config.secret_file);
    if (!reader || !secret) return {};
    const auto found = find_account(**reader, account_key(Hasher(*secret), account));
    if (!found || found->has_value()) return {};
    std::vector<std::string> names;
    const Status scanned = scan_accounts(**reader, [&](const AccountState& a) {
        names.push_back(a.name);
        return true;
    });
    return {false, scanned ? nearest(account, names) : ""};
}

Outcome lock(Env& env, const Config& config, const Options& o) {
    const auto span = parse_duration(o.span);
    if (!span || *span < Seconds(60) || *span > kLongestLock)
        return fail(ErrorCode::Usage, "--for takes a time from 1m to 90d, like 4h, not " + o.span);
    if (o.account.size() > kMaxLockAccount || trim(o.account).empty())
        return fail(ErrorCode::Usage,
                    "an account's name has 1 to " + std::to_string(kMaxLockAccount) + " bytes");
    if (Status mine = check_owner(env, config, ascii_lower(trim(o.account))); !mine)
        return fail(std::move(mine).error());
    AccountResponse wanted;
    wanted.lock.account = ascii_lower(trim(o.account));
    wanted.lock.since = env.now;
    wanted.lock.until = env.now + *span;
    // Without a word about what, everything that a lock can stop.
    wanted.lock.outbound = o.outbound || !o.login;
    wanted.lock.login = o.login || !o.outbound;
    wanted.lock.by = calling_user();
    wanted.lock.why = o.why;
    wanted.kick = o.kick;
    const auto stands = add_to_standing(config, env.now, wanted.lock);
    if (!stands) return fail(stands.error());
    const Seen seen = look_for(config, wanted.lock.account);
    wanted.known = seen.known;
    const auto done = respond(config, env.now, wanted, o.mta);
    if (!done) return fail(done.error());
    if (env.json) {
        Json j = lock_json(wanted.lock);
        j["done"] = done->lines;
        j["not_done"] = done->problems;
        j["known"] = seen.known;
        print_json(env.out, j);
    } else {
        env.out << "locked " << cell(wanted.lock.account) << " until " << iso8601(wanted.lock.until)
                << ": " << what_text(wanted.lock) << '\n';
        if (!seen.known)
            env.out << "kith has never seen this account: is it the login name?"
                    << (seen.nearest.empty() ? "" : " The nearest is " + cell(seen.nearest))
                    << '\n';
        print_done(env.out, *done);
        env.out << "ends by itself; earlier with  kith account unlock " << cell(wanted.lock.account)
                << '\n';
    }
    return done->problems.empty() ? kExitOk : kExitWarning;
}

Outcome unlock(Env& env, const Config& config, const Options& o) {
    const auto done = end_lock(config, env.now, ascii_lower(trim(o.account)), o.why);
    if (!done) return fail(done.error());
    if (env.json) {
        print_json(env.out, Json{{"account", ascii_lower(trim(o.account))},
                                 {"done", done->lines},
                                 {"not_done", done->problems}});
    } else {
        env.out << "unlocked " << cell(ascii_lower(trim(o.account))) << '\n';
        print_done(env.out, *done);
    }
    return done->problems.empty() ? kExitOk : kExitWarning;
}

Outcome locks(Env& env, const Config& config) {
    if (const Status may = may_look(config); !may) return fail(may.error());
    const auto all = read_locks(account_options(config).lock_file);
    if (!all) return fail(all.error());
    TextTable table({"ACCOUNT", "UNTIL", "WHAT", "BY", "WHY"});
    Json j;
    j["locks"] = Json::array();
    for (const AccountLock& l : *all) {
        if (l.until <= env.now) continue;
        j["locks"].push_back(lock_json(l));
        table.add({cell(l.account, 64), iso8601(l.until), what_text(l), cell(l.by), cell(l.why)});
    }
    if (env.json)
        print_json(env.out, j);
    else if (table.empty())
        env.out << "no account is locked\n";
    else
        table.print(env.out, {output_width(), {4}, {}});
    return 0;
}

/// What is learned lies in the store; locks do not need it.
Outcome view(Env& env, const Config& config, const Options& o, bool all) {
    const auto reader = read_store(config.store);
    if (!reader) return fail(reader.error());
    return all ? list_accounts(env, **reader, o.limit)
               : show_account(env, config, **reader, o.account);
}

/// What accounts.respond asks for, for one account.
AccountResponse configured_response(const Config& config, const AccountAlarm& alarm, Time now) {
    const auto& asked = config.accounts.respond;
    const auto has = [&](const char* what) {
        return std::find(asked.begin(), asked.end(), what) != asked.end();
    };
    AccountResponse r;
    r.lock = {alarm.account,   now,          now + config.accounts.respond_for,
              has("outbound"), has("login"), kByItself,
              alarm.why};
    r.kick = has("kick");
    return r;
}

Result<std::vector<AccountAlarm>> new_alarms(const Config& config, Time now) {
    if (config.accounts.respond.empty()) return std::vector<AccountAlarm>();
    const auto reader = read_store(config.store);
    if (!reader) return fail(reader.error());
    return account_alarms(config, **reader, now, now - kAnswered);
}

/// What older incidents were answered by is dropped from the file: it names accounts.
Result<Json> answered_lately(StateFile& memory, Time now) {
    Json lately = Json::object();
    const auto all = memory.json().find("answered");
    if (all == memory.json().end() || !all->is_object()) return lately;
    for (const auto& [key, when] : all->items())
        if (when.is_number_integer() && when.get<std::int64_t>() >= to_unix(now - 2 * kAnswered))
            lately[key] = when;
    if (lately.size() == all->size()) return lately;
    memory.json()["answered"] = lately;
    if (Status s = memory.save(); !s) return fail(std::move(s).error());
    return lately;
}

/// Once for each incident: what an admin undoes stays undone.
Outcome respond_to_alarms(Env& env, const Config& config, const Options& o) {
    if (const Status may = may_look(config); !may) return fail(may.error());
    if (Status s = drop_ended_locks(config, env.now); !s)
        env.err << "kith: locks that have ended stay in their file: "
                << cell(s.error().text(), 1000) << '\n';
    // The list for Dovecot has no ends of its own.
    if (Status s = write_deny_file(config, env.now); !s)
        env.err << "kith: accounts.deny_file: " << cell(s.error().text(), 1000) << '\n';
    const auto alarms = new_alarms(config, env.now);
    if (!alarms) return fail(alarms.error());
    auto memory = StateFile::open(response_memory(config));
    if (!memory) return fail(memory.error());
    auto before = answered_lately(*memory, env.now);
    if (!before) return fail(before.error());
    Json answered = std::move(*before);
    int status = kExitOk;
    Json done_json = Json::array();
    for (const AccountAlarm& alarm : *alarms) {
        const std::string key = alarm.incident + " " + alarm.account;
        if (answered.contains(key)) continue;
        answered[key] = to_unix(env.now);
        memory->json()["answered"] = answered;
        // Before it is done: what is done twice would undo an admin's word.
        if (Status s = memory->save(); !s) return fail(std::move(s).error());
        const AccountResponse wanted = configured_response(config, alarm, env.now);
        const auto done = respond(config, env.now, wanted, o.mta);
        if (!done) {
            // Not done at all: the next run tries again, and goes on with the others now.
            answered.erase(key);
            memory->json()["answered"] = answered;
            if (Status s = memory->save(); !s) return fail(std::move(s).error());
            env.err << "kith: " << cell(alarm.account)
                    << " is not locked: " << cell(done.error().text(), 1000) << '\n';
            status = kExitCritical;
            continue;
        }
        if (!done->problems.empty()) status = kExitWarning;
        done_json.push_back({{"account", alarm.account},
                             {"incident", alarm.incident},
                             {"done", done->lines},
                             {"not_done", done->problems}});
        if (env.json) continue;
        env.out << cell(alarm.account) << ": " << cell(alarm.why) << '\n';
        print_done(env.out, *done);
    }
    if (env.json) print_json(env.out, Json{{"responses", done_json}});
    return status;
}

}  // namespace

ConfigAction setup_account(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    CLI::App* lock_sub =
        sub.add_subcommand("lock", "Keep an own account from sending and logging in, for a time");
    CLI::App* unlock_sub = sub.add_subcommand("unlock", "End a lock");
    CLI::App* locks_sub = sub.add_subcommand("locks", "List the accounts that are locked");
    CLI::App* list_sub = sub.add_subcommand("list", "List accounts, the riskiest first");
    CLI::App* show_sub =
        sub.add_subcommand("show", "Show what is usual for an account, and what was not");
    show_sub->add_option("ACCOUNT", options->account, "Login name")->required();
    list_sub->add_option("-n,--limit", options->limit, "At most so many (50)")
        ->check(CLI::Range(1U, 100000U))
        ->type_name("N");
    CLI::App* respond_sub = sub.add_subcommand(
        "respond", "Do what accounts.respond says where an incident opened on an account");
    for (CLI::App* one : {lock_sub, unlock_sub}) {
        one->add_option("ACCOUNT", options->account, "Login name")->required();
        add_reason_option(*one, options->why);
    }
    lock_sub->add_option("--for", options->span, "How long, 1m to 90d (4h)")->type_name("TIME");
    lock_sub->add_flag("--outbound", options->outbound,
                       "Stop its mail; without this and --login both are done");
    lock_sub->add_flag("--login", options->login, "Refuse its logins");
    lock_sub->add_flag("--kick", options->kick, "End its sessions as well (doveadm)");
    for (CLI::App* one : {lock_sub, respond_sub}) add_mta_options(*one, options->mta);
    for (CLI::App* one : {lock_sub, unlock_sub, locks_sub, respond_sub, list_sub, show_sub})
        one->fallthrough();
    sub.require_subcommand(1);
    return [options, lock_sub, unlock_sub, respond_sub, list_sub, show_sub](
               Env& env, const Config& config) -> Outcome {
        if (list_sub->parsed() || show_sub->parsed())
            return view(env, config, *options, list_sub->parsed());
        if (respond_sub->parsed()) return respond_to_alarms(env, config, *options);
        if (lock_sub->parsed()) return lock(env, config, *options);
        return unlock_sub->parsed() ? unlock(env, config, *options) : locks(env, config);
    };
}

}  // namespace kith::admin
