// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/personal_data.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "engine/admin/account_response.hpp"
#include "engine/admin/account_view.hpp"
#include "engine/admin/alerts.hpp"
#include "engine/admin/audit.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/profile_view.hpp"
#include "engine/admin/release_request.hpp"
#include "engine/admin/state_file.hpp"
#include "engine/assess/site_key.hpp"
#include "engine/base/os_error.hpp"
#include "engine/base/text.hpp"
#include "engine/base/whole_file.hpp"
#include "engine/config/accounts.hpp"
#include "engine/features/observe.hpp"
#include "engine/journal/account_event.hpp"
#include "engine/learner/account_learner.hpp"
#include "engine/learner/incident.hpp"
#include "engine/learner/lesson.hpp"
#include "engine/profile/codec.hpp"

namespace kith::admin {
namespace {

constexpr const char* kNotFound =
    "Kept under keyed hashes that lead to no address, and so neither listed here nor told apart: "
    "words, link hosts, account and telephone numbers that other correspondents or the site "
    "learned from mail of this address, its share in statistics (calibration, novelty, examples), "
    "and pairs with people whose mail the journal has forgotten. Texts of mail are kept nowhere. "
    "Events and locks of an account are found where its login name is the address. "
    "Not looked through: backups, the system log, the MTA's queue and log.";

/// Of the files beside the locks.
constexpr std::size_t kMaxMemory = 4U << 20;

bool names(const AuditEvent& event, const std::string& address) {
    return names_address(event.object, address) || names_address(event.detail, address) ||
           names_address(event.why, address);
}
bool names(const Alert& alert, const std::string& address) {
    return names_address(alert.text, address) || names_address(json_text(alert.data, -1), address);
}

/// What was unusual about an event, as it was judged when it came; empty: nothing.
Json judged_json(const KeptJudgement& judged) {
    if (!is_worth_keeping(judged)) return Json::object();
    Json unusual = Json::array();
    for (std::size_t f = 0; f < kAccountFeatures; ++f)
        if (judged.nats[f] > 0 || is_unseen(judged, f))
            unusual.push_back({{"what", kAccountFeatureSpecs[f].name},
                               {"nats", rounded(static_cast<double>(judged.nats[f]), 1)},
                               {"new", is_unseen(judged, f)}});
    return {{"risk", rounded(static_cast<double>(judged.risk), 1)},
            {"indicators", indicator_names(judged.indicators)},
            {"unusual", unusual}};
}

Json event_json(const AccountEvent& e) {
    return {
        {"time", iso8601(e.time)},  {"what", to_string(e.kind)},     {"host", e.host},
        {"service", e.service},     {"client_addr", e.client_addr},  {"client_name", e.client_name},
        {"client_id", e.client_id}, {"mechanism", e.mechanism},      {"tls", e.tls},
        {"mailbox", e.mailbox},     {"to_mailbox", e.to_mailbox},    {"messages", e.messages},
        {"bytes", e.bytes},         {"repeats", e.repeats},          {"detail", e.detail},
        {"rule", e.rule.name},      {"redirects", e.rule.redirects}, {"folders", e.rule.folders},
        {"imported", e.imported},   {"place", place_json(e.place)}};
}

class Collector {
public:
    Collector(const Config& config, const StoreReader& reader, const Hasher& hasher,
              const std::string& address, Time now)
        : config_(config),
          reader_(reader),
          hasher_(hasher),
          address_(address),
          key_(sender_key(hasher, address)),
          now_(now) {}

    Result<Json> run() {
        Json j;
        j["address"] = address_;
        j["made"] = iso8601(now_);
        j["key"] = address_id(key_);
        const auto view = ProfileView::of(config_, reader_, address_);
        if (!view) return fail(view.error());
        j["profile"] = view->json();
        for (const auto step :
             {&Collector::lists, &Collector::allowances, &Collector::incidents,
              &Collector::account_incidents, &Collector::pending, &Collector::mails,
              &Collector::index, &Collector::requests, &Collector::alerts, &Collector::locks,
              &Collector::responses, &Collector::deny_file, &Collector::steps_of_others,
              &Collector::audit_log})
            if (auto done = (this->*step)(j); !done) return fail(done.error());
        j["not_found_by_address"] = kNotFound;
        return j;
    }

private:
    bool is_own(const std::string& text) const {
        return !text.empty() && sender_key(hasher_, text) == key_;
    }

    /// Calls `visit` with each decoded record of a table whose key begins like `first`.
    template <class T, class Decode, class Visit>
    Status each(Table table, const std::string& first, Decode decode, Visit visit) const {
        return reader_.scan(table, first, [&](std::string_view key, std::string_view value) {
            if (!first.empty() && key.front() != first.front()) return false;
            if (const auto decoded = decode(value)) visit(static_cast<const T&>(*decoded));
            return true;
        });
    }

    /// In how many lists about others the address stands, by its hash.
    Status lists(Json& j) {
        const std::uint32_t short_key = key_.short32();
        std::uint64_t bearers = 0, threads = 0, recipients = 0, lessons = 0;
        auto done = each<NameUse>(Table::Names, "", decode_name_use, [&](const NameUse& n) {
            bearers += std::any_of(n.bearers.begin(), n.bearers.end(), [&](const auto& b) {
                return b.address == short_key || b.correspondent == key_;
            });
        });
        if (done)
            done = each<Thread>(Table::Threads, "t", decode_thread, [&](const Thread& t) {
                threads += contains(t.participants, short_key) || contains(t.addressed, short_key);
            });
        if (done)
            done = each<Vocabulary>(Table::Words, "", decode_vocabulary, [&](const Vocabulary& v) {
                recipients += contains(v.recipients, short_key);
            });
        if (done)
            done = each<Lesson>(
                Table::Messages, lesson_key(Time{}, ""), decode_lesson, [&](const Lesson& l) {
                    lessons += std::any_of(l.touched.begin(), l.touched.end(),
                                           [&](const auto& t) { return t.key == key_; });
                });
        j["in_lists"] = {{"names_and_circles", bearers},
                         {"conversations", threads},
                         {"recipients_of_others", recipients},
                         {"lessons", lessons}};
        return done;
    }

    Status allowances(Json& j) {
        j["allowances"] = Json::array();
        return each<Allowances>(
            Table::Messages, std::string(1, kAllowanceKey), decode_allowances,
            [&](const Allowances& all) {
                for (const Allowance& a : all.items)
                    if (is_own(a.from) ||
                        std::find(a.rcpts.begin(), a.rcpts.end(), key_) != a.rcpts.end())
                        j["allowances"].push_back({{"id", a.id},
                                                   {"from", a.from},
                                                   {"rcpts", a.rcpt_names},
                                                   {"granted", iso8601(a.granted)},
                                                   {"expires", iso8601(a.expires)},
                                                   {"who", a.who},
                                                   {"why", a.why}});
            });
    }

    Status incidents(Json& j) {
        j["incidents"] = Json::array();
        const auto all = list_incidents(reader_);
        if (!all) return fail(all.error());
        for (const Incident& i : *all) {
            if (!is_own(i.from)) continue;
            Json one{{"id", i.id},
                     {"from", i.from},
                     {"opened", iso8601(i.opened)},
                     {"last_held", iso8601(i.last_held)},
                     {"mails", Json::array()}};
            for (const Incident::Mail& m : i.mails) one["mails"].push_back(m.id);
            j["incidents"].push_back(std::move(one));
        }
        return ok();
    }

    /// Of the account itself, those that are over as well.
    Status account_incidents(Json& j) {
        j["account_incidents"] = Json::array();
        const auto all = list_account_incidents(reader_);
        if (!all) return fail(all.error());
        for (const AccountIncident& i : *all)
            if (is_own(i.account)) j["account_incidents"].push_back(account_incident_json(i, now_));
        return ok();
    }

    /// Mail on probation, and mail that was answered with a temporary failure.
    Status pending(Json& j) {
        j["waiting"] = Json::array();
        const auto visit = [&](std::string_view bytes, const char* why) {
            const auto mail = decode_mail_record(bytes);
            if (mail && role_in(*mail, key_, hasher_) != Role::None)
                j["waiting"].push_back({{"id", mail->id}, {"for", why}});
        };
        auto done = reader_.scan(Table::Waiting, "", [&](std::string_view, std::string_view value) {
            visit(value, "probation");
            return true;
        });
        if (!done) return done;
        return reader_.scan(Table::Messages, "D",
                            [&](std::string_view key, std::string_view value) {
                                if (key.front() != 'D') return false;
                                if (value.size() > 8) visit(value.substr(8), "retry");
                                return true;
                            });
    }

    /// What it was in a mail: not what role_in() decides by, but for people.
    Json roles(const MailRecord& m) const {
        Json out = Json::array();
        if (is_own(m.mail_from)) out.push_back("envelope sender");
        if (is_own(m.from) || m.observations.sender == key_) out.push_back("From");
        if (is_own(m.auth_user) || m.observations.account == key_) out.push_back("login");
        if (std::any_of(m.rcpts.begin(), m.rcpts.end(),
                        [&](const std::string& r) { return is_own(r); }))
            out.push_back("recipient");
        return out;
    }

    Status mails(Json& j) {
        j["mails"] = Json::array();
        j["remarks"] = Json::array();
        j["account_events"] = Json::array();
        j["events_of_others"] = Json::array();
        const auto journal = JournalReader::open(config_.journal);
        if (!journal) return fail(journal.error());
        return for_each_record(**journal, [&](const JournalRecord& record) {
            if (record.type == RecordType::Mail) return mail(record, j);
            if (record.type == RecordType::Account) return account_event(record, j);
            const auto said = decode_admin_record(record.payload);
            if (said && (is_own(said->address) || names_address(said->why, address_)))
                j["remarks"].push_back({{"time", iso8601(record.time)},
                                        {"id", said->id},
                                        {"address", said->address},
                                        {"who", said->who},
                                        {"why", said->why}});
            return ok();
        });
    }

    Status account_event(const JournalRecord& record, Json& j) {
        const auto event = decode_account_event(record.payload);
        if (!event) return ok();
        Json one = event_json(*event);
        if (is_own(event->account)) {
            const auto judged = find_kept_judgement(reader_, record.position, record.time);
            if (!judged) return fail(judged.error());
            one["judged"] = judged_json(*judged);
            j["account_events"].push_back(std::move(one));
        } else if (names_address(*event, address_)) {
            one["account"] = event->account;
            j["events_of_others"].push_back(std::move(one));
        }
        return ok();
    }

    Status mail(const JournalRecord& record, Json& j) {
        const auto m = decode_mail_record(record.payload);
        if (!m || role_in(*m, key_, hasher_) == Role::None) return ok();
        const auto entry = find_mail(reader_, m->id);
        if (!entry) return fail(entry.error());
        Json one = record_json(entry->value_or(entry_of(*m, record.position)), *m);
        one["roles"] = roles(*m);
        j["mails"].push_back(std::move(one));
        listed_.insert(m->id);
        return ok();
    }

    /// Entries whose record the journal has forgotten.
    Status index(Json& j) {
        j["index"] = Json::array();
        return for_each_mail(reader_, [&](const MailEntry& e) {
            if ((is_own(e.from) || is_own(e.rcpt)) && !listed_.contains(e.id))
                j["index"].push_back(entry_json(e));
            return true;
        });
    }

    Status requests(Json& j) {
        j["release_requests"] = Json::array();
        const auto all = read_requests(config_);
        if (!all) return fail(all.error());
        for (const ReleaseRequest& r : *all)
            if (is_own(r.rcpt))
                j["release_requests"].push_back({{"id", r.mail}, {"time", iso8601(r.time)}});
        return ok();
    }

    Status alerts(Json& j) {
        j["alerts"] = Json::array();
        const auto all = waiting_alerts(config_);
        if (!all) return fail(all.error());
        for (const WaitingAlert& w : *all)
            if (names(w.alert, address_))
                j["alerts"].push_back({{"id", w.id},
                                       {"channel", to_string(w.channel)},
                                       {"time", iso8601(w.alert.time)},
                                       {"text", w.alert.text}});
        return ok();
    }

    /// Ended ones as well, as long as they are in the file.
    Status locks(Json& j) {
        j["locks"] = Json::array();
        const auto all = read_locks(account_options(config_).lock_file);
        if (!all) return fail(all.error());
        for (const AccountLock& l : *all)
            if (is_own(l.account) || names_address(l.why, address_) ||
                names_address(l.by, address_))
                j["locks"].push_back(lock_json(l));
        return ok();
    }

    /// Incidents of the account that `kith account respond` answered.
    Status responses(Json& j) {
        j["responses"] = Json::array();
        const auto text = read_small(response_memory(config_), kMaxMemory);
        if (!text && text.error().code == ErrorCode::NoInput) return ok();
        if (!text) return fail(text.error());
        const Json memory = Json::parse(*text, nullptr, false);
        const auto answered = memory.is_object() ? memory.find("answered") : memory.end();
        if (answered == memory.end() || !answered->is_object()) return ok();
        for (const auto& [key, when] : answered->items()) {
            const std::size_t blank = key.find(' ');
            if (blank != std::string::npos && is_own(key.substr(blank + 1)) &&
                when.is_number_integer())
                j["responses"].push_back({{"incident", key.substr(0, blank)},
                                          {"time", iso8601(from_unix(when.get<std::int64_t>()))}});
        }
        return ok();
    }

    Status deny_file(Json& j) {
        j["in_deny_file"] = false;
        const std::string file = account_options(config_).deny_file;
        if (file.empty()) return ok();
        const auto text = read_small(file, kMaxMemory);
        if (!text && text.error().code == ErrorCode::NoInput) return ok();
        if (!text) return fail(text.error());
        for (const std::string_view line : split(*text, '\n'))
            if (is_own(std::string(line.substr(0, line.find(':'))))) j["in_deny_file"] = true;
        return ok();
    }

    /// What was unusual on others' accounts, where it names the address.
    Status steps_of_others(Json& j) {
        j["steps_of_others"] = Json::array();
        return scan_accounts(reader_, [&](const AccountState& account) {
            if (is_own(account.name)) return true;
            std::vector<const std::vector<AccountStep>*> stories{&account.unusual,
                                                                 &account.incident.steps};
            for (const AccountIncident& past : account.past) stories.push_back(&past.steps);
            for (const auto* steps : stories)
                for (const AccountStep& step : *steps)
                    if (names_address(step.text, address_))
                        j["steps_of_others"].push_back({{"account", account.name},
                                                        {"time", iso8601(step.time)},
                                                        {"text", step.text}});
            return true;
        });
    }

    Status audit_log(Json& j) {
        j["audit"] = Json::array();
        return read_audit(config_, [&](const AuditLine& line) {
            const AuditEvent& e = line.event;
            if (names(e, address_))
                j["audit"].push_back({{"n", line.number},
                                      {"time", line.time},
                                      {"who", line.who},
                                      {"action", e.action},
                                      {"object", e.object},
                                      {"detail", e.detail},
                                      {"why", e.why}});
            return true;
        });
    }

    const Config& config_;
    const StoreReader& reader_;
    const Hasher& hasher_;
    const std::string& address_;
    const Key16 key_;
    const Time now_;
    std::set<std::string> listed_;
};

/// A lock of the account itself keeps whoever has its password out, and stays until it ends. What
/// has ended goes, and what others' locks say of the address.
Status erase_from_locks(const Config& config, const Hasher& hasher, Time now,
                        const std::string& address, Erasure& done) {
    const std::string file = account_options(config).lock_file;
    const Key16 key = sender_key(hasher, address);
    const auto locks = read_locks(file);
    if (!locks) return fail(locks.error());
    const auto reword = [&](AccountLock& l) {
        const std::string why = without_address(l.why, key, hasher);
        const bool changes = why != l.why && sender_key(hasher, l.account) != key;
        if (changes) l.why = why;
        return changes;
    };
    bool changes = false;
    for (AccountLock l : *locks) {
        if (sender_key(hasher, l.account) == key && l.until > now) done.locked_until = l.until;
        changes = changes || l.until <= now || reword(l);
    }
    if (changes) {
        const Status changed = change_locks(file, now, [&](std::vector<AccountLock>& all) {
            for (AccountLock& l : all) (void)reword(l);
        });
        if (!changed) return changed;
    }
    // A line of it outlives its lock until somebody writes it again.
    if (const Status written = write_deny_file(config, now); !written)
        done.deny_file = written.error().text();
    return ok();
}

}  // namespace

Result<Json> personal_data(const Config& config, const StoreReader& reader, Time now,
                           const std::string& address) {
    const Result<Hasher::Secret> secret = read_site_key(reader, config);
    if (!secret) return fail(secret.error());
    const Hasher hasher(*secret);
    return Collector(config, reader, hasher, address, now).run();
}

Result<std::vector<std::string>> held_mail_of(const Config& config, const StoreReader& reader,
                                              const Hasher& hasher, const std::string& address) {
    constexpr std::size_t kMostHeld = 10'000;
    const Key16 key = sender_key(hasher, address);
    MailFilter filter;
    filter.mails = MailClass::Held;
    filter.limit = kMostHeld;
    const auto held = list_mail(reader, filter);
    if (!held) return fail(held.error());
    std::vector<std::string> out;
    for (const MailEntry& e : *held) {
        if (!e.is_on_hold() || e.queue_id.empty()) continue;
        bool names_it = sender_key(hasher, e.from) == key || sender_key(hasher, e.rcpt) == key;
        if (!names_it)
            if (const auto record = read_record(config, e))  // the entry has one recipient only
                names_it = role_in(*record, key, hasher) != Role::None;
        if (names_it) out.push_back(e.queue_id);
    }
    return out;
}

Result<Erasure> erase_address(const Config& config, const Hasher& hasher, Time now,
                              const std::string& address, const std::string& why) {
    Erasure out;
    const Key16 key = sender_key(hasher, address);
    auto journal = JournalWriter::open(config.journal);
    if (!journal) return fail(journal.error());
    AdminRecord order;
    order.id = address_id(key);
    order.who = calling_user();
    order.why = names_address(why, address) ? "" : why;
    const auto position = (*journal)->append(RecordType::Erase, now, encode(order));
    if (!position) return fail(position.error());
    if (Status s = (*journal)->sync(); !s) return fail(s.error());
    if (Status s = (*journal)->close_segment(); !s) return fail(s.error());
    out.order = *position;
    JournalEraser eraser(address, hasher);
    const auto redacted =
        redact_journal(config.journal, {0, *position, std::nullopt},
                       [&](const JournalRecord& record) { return eraser(record); });
    if (!redacted) return fail(redacted.error());
    out.journal = eraser.count();
    const auto forgotten = forget_requests_of(
        config, [&](const std::string& rcpt) { return sender_key(hasher, rcpt) == key; });
    if (!forgotten) return fail(forgotten.error());
    out.requests = *forgotten;
    if (Status s = erase_from_locks(config, hasher, now, address, out); !s)
        return fail(std::move(s).error());
    const auto alerts = waiting_alerts(config);
    if (!alerts) return fail(alerts.error());
    for (const WaitingAlert& w : *alerts)
        if (names(w.alert, address)) {
            const std::string file = outbox_directory(config) + "/" + w.file;
            if (::unlink(file.c_str()) != 0 && errno != ENOENT)
                return os_fail("cannot remove " + file, errno);
            ++out.alerts;
        }
    const Status read = read_audit(config, [&](const AuditLine& line) {
        out.audit_lines += names(line.event, address);
        return true;
    });
    if (!read) return fail(read.error());
    return out;
}

}  // namespace kith::admin
