// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/account_response.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "engine/admin/audit.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/admin/process.hpp"
#include "engine/base/text.hpp"
#include "engine/base/whole_file.hpp"
#include "engine/config/accounts.hpp"
#include "engine/intake/doveadm.hpp"

namespace kith::admin {
namespace {

constexpr std::chrono::seconds kDoveadmTime{10};

/// Mail of the account in the queue, by the record of each queued mail.
class AccountsQueue {
public:
    AccountsQueue(const Config& config, const AccountLock& lock, Time now)
        : config_(config), lock_(lock), now_(now) {}

    /// How many mails were put on hold.
    [[nodiscard]] Result<std::size_t> hold(const MtaOptions& mta) const {
        const auto reader = read_store(config_.store);
        if (!reader) return fail(reader.error());
        const auto queue = HoldQueue::open(mta);
        if (!queue) return fail(queue.error());
        const auto host = (*queue)->host();
        if (!host) return fail(host.error());
        const auto queued = (*queue)->look();
        if (!queued) return fail(queued.error());
        std::size_t held = 0;
        for (const auto& [queue_id, where] : *queued) {
            if (where == kOnHold || !is_queue_id(queue_id)) continue;
            const auto id = mail_of_account(**reader, queue_id, *host);
            if (!id) continue;
            if (Status s =
                    audit(config_, now_,
                          {"account hold", *id,
                           "account " + lock_.account + ", queue id " + queue_id, lock_.why});
                !s)
                return fail(std::move(s).error());
            if (Status s = (*queue)->hold(queue_id); !s) return fail(std::move(s).error());
            ++held;
        }
        return held;
    }

private:
    /// kith's id of the queued mail when the account submitted it.
    [[nodiscard]] std::optional<std::string> mail_of_account(const StoreReader& reader,
                                                             const std::string& queue_id,
                                                             const std::string& host) const {
        const auto entries = find_by_queue_id(reader, queue_id, host);
        if (!entries || entries->empty()) return std::nullopt;
        const auto record = read_record(config_, entries->front());
        if (!record || ascii_lower(record->auth_user) != lock_.account) return std::nullopt;
        return entries->front().id;
    }

    const Config& config_;
    const AccountLock& lock_;
    Time now_;
};

std::string what_is_locked(const AccountLock& l) {
    return std::string(l.outbound ? "outbound " : "") + (l.login ? "login " : "") + "until " +
           iso8601(l.until);
}

/// An answer of kith's own makes no lock weaker or shorter that stands already.
AccountLock both(const AccountLock& standing, const AccountLock& added) {
    AccountLock out = standing;
    out.until = std::max(standing.until, added.until);
    out.outbound = standing.outbound || added.outbound;
    out.login = standing.login || added.login;
    return out;
}

Status set_lock(const Config& config, Time now, const AccountLock& lock) {
    if (Status s =
            audit(config, now, {"account lock", lock.account, what_is_locked(lock), lock.why});
        !s)
        return s;
    Status changed =
        change_locks(account_options(config).lock_file, now, [&](std::vector<AccountLock>& locks) {
            AccountLock set = lock;
            for (const AccountLock& l : locks)
                if (l.account == lock.account && lock.by == kByItself) set = both(l, lock);
            std::erase_if(locks, [&](const AccountLock& l) { return l.account == lock.account; });
            locks.push_back(std::move(set));
        });
    if (!changed)
        audit_failure(config, now, {"account lock", lock.account, "", lock.why}, changed.error());
    return changed;
}

/// By Dovecot's HTTP API, which needs no rights on this host, else by its own command.
Status kick_sessions(const Config& config, const std::string& account) {
    const auto command = kick_command(account);
    if (!command) return fail(command.error());
    if (!config.accounts.doveadm.empty()) {
        const auto answer = doveadm_post(config.accounts, *command, kDoveadmTime);
        return answer ? parse_kick(*answer) : Status(fail(answer.error()));
    }
    const auto done = run_process({"doveadm", "kick", "-f", account}, {});
    if (!done && done.error().code == ErrorCode::Unavailable)
        return fail(ErrorCode::Unavailable, done.error().what,
                    "install dovecot-core, or set accounts.doveadm to Dovecot's HTTP API, or lock "
                    "without --kick");
    if (!done) return fail(done.error());
    // EX_NOUSER 67 and EX_NOTFOUND 68: there was no session.
    if (done->status != 0 && done->status != 67 && done->status != 68)
        return fail(ErrorCode::Io, "doveadm kick: " + one_line(trim(done->err), 300));
    return ok();
}

}  // namespace

Status drop_ended_locks(const Config& config, Time now) {
    const std::string file = account_options(config).lock_file;
    const auto locks = read_locks(file);
    if (!locks) return fail(locks.error());
    if (std::none_of(locks->begin(), locks->end(),
                     [&](const AccountLock& l) { return l.until <= now; }))
        return ok();
    return change_locks(file, now, [](std::vector<AccountLock>&) {});
}

std::string response_memory(const Config& config) {
    return account_options(config).lock_file + ".answered";
}

Json lock_json(const AccountLock& l) {
    return {{"account", l.account},
            {"since", iso8601(l.since)},
            {"until", iso8601(l.until)},
            {"outbound", l.outbound},
            {"login", l.login},
            {"by", l.by},
            {"why", l.why}};
}

Status write_deny_file(const Config& config, Time now) {
    const AccountOptions options = account_options(config);
    if (options.deny_file.empty()) return ok();
    const auto locks = read_locks(options.lock_file);
    if (!locks) return fail(locks.error());
    std::string text;
    for (const AccountLock& l : *locks) {
        // A colon ends the name in a passwd-file: such an account is refused by the policy only.
        if (l.login && l.until > now && l.account.find(':') == std::string::npos)
            text += l.account + ":\n";
    }
    // Dovecot reads it under a user of its own; a list that it cannot read refuses everybody.
    return write_whole(options.deny_file, text, FileFor::Everyone);
}

Result<ResponseDone> respond(const Config& config, Time now, const AccountResponse& wanted,
                             const MtaOptions& mta) {
    if (wanted.lock.outbound || wanted.lock.login)  // else only sessions are to be ended
        if (Status s = set_lock(config, now, wanted.lock); !s) return fail(std::move(s).error());
    ResponseDone done;
    if (wanted.lock.login) {
        if (!config.accounts.enforce && config.accounts.deny_file.empty())
            done.problems.emplace_back(
                "logins are not refused: set accounts.enforce: true (and auth_policy_server_url "
                "in Dovecot) or accounts.deny_file");
        if (Status s = write_deny_file(config, now); !s)
            done.problems.push_back("accounts.deny_file: " + s.error().text());
    }
    if (wanted.lock.outbound) {
        if (::geteuid() != 0) {
            done.problems.emplace_back("only root may put on hold what is queued already");
        } else if (const auto held = AccountsQueue(config, wanted.lock, now).hold(mta); !held) {
            done.problems.push_back("what is queued stays as it is: " + held.error().text());
        } else if (*held > 0) {
            done.lines.push_back("put on hold " + counted(*held, "queued mail"));
        }
    }
    if (wanted.kick) {
        const std::string& account = wanted.lock.account;
        Status s = audit(config, now, {"account kick", account, "", wanted.lock.why});
        if (s) s = kick_sessions(config, account);
        if (s)
            done.lines.emplace_back(wanted.known ? "its sessions are ended"
                                                 : "its sessions are ended, if it had any");
        else
            done.problems.push_back("sessions go on: " + s.error().text());
    }
    return done;
}

Result<ResponseDone> end_lock(const Config& config, Time now, const std::string& account,
                              const std::string& why) {
    const std::string file = account_options(config).lock_file;
    const auto locks = read_locks(file);
    if (!locks) return fail(locks.error());
    const auto of_account = [&](const AccountLock& l) { return l.account == account; };
    if (std::none_of(locks->begin(), locks->end(),
                     [&](const AccountLock& l) { return of_account(l) && l.until > now; }))
        return fail(ErrorCode::NoInput, "account " + account + " is not locked",
                    "kith account locks lists those that are");
    if (Status s = audit(config, now, {"account unlock", account, "", why}); !s)
        return fail(std::move(s).error());
    if (Status s = change_locks(
            file, now, [&](std::vector<AccountLock>& all) { std::erase_if(all, of_account); });
        !s) {
        audit_failure(config, now, {"account unlock", account, "", why}, s.error());
        return fail(std::move(s).error());
    }
    ResponseDone done;
    if (Status s = write_deny_file(config, now); !s)
        done.problems.push_back("accounts.deny_file: " + s.error().text());
    return done;
}

}  // namespace kith::admin
