// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/alerts.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "engine/admin/account_view.hpp"
#include "engine/admin/local_state.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/outgoing.hpp"
#include "engine/admin/state_file.hpp"
#include "engine/admin/webhook.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/log.hpp"
#include "engine/base/os_error.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/text.hpp"
#include "engine/base/whole_file.hpp"
#include "engine/config/tenants.hpp"
#include "engine/learner/account_learner.hpp"
#include "engine/learner/incident.hpp"
#include "engine/learner/learner.hpp"
#include "engine/learner/mail_index.hpp"

namespace kith::admin {
namespace {

constexpr std::size_t kMaxFile = 64U << 10U;
constexpr std::size_t kMaxAlertText = 500;
constexpr std::size_t kHeldAtOnce = 10000;  // held mail looked at in one run
constexpr std::size_t kMailAtOnce = 100;    // alerts told in one mail
constexpr std::size_t kIncidentsKnown = 5000;
constexpr Seconds kBackOffFrom{60}, kBackOffTo{3600};
// A restart is no trouble, and what lasts is told again now and then.
constexpr Seconds kLasts{90}, kAgain{6LL * 3600};
// A held mail is looked for this far back: later than that the learner does not get to it.
constexpr Seconds kLookBack{7LL * 86400};

std::string hex(const std::array<std::uint8_t, 32>& digest, std::size_t digits) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const std::uint8_t b : digest) {
        if (out.size() >= digits) break;
        out += kDigits[b >> 4];
        out += kDigits[b & 15];
    }
    return out;
}

std::string id_of(const Alert& alert) { return hex(sha256(alert.kind + '\n' + alert.key), 16); }

Json alert_json(const Alert& a) {
    return {{"kind", a.kind},
            {"key", a.key},
            {"time", to_unix(a.time)},
            {"text", a.text},
            {"data", a.data}};
}

std::string host_name() {
    std::array<char, 256> host{};
    (void)::gethostname(host.data(), host.size() - 1);
    return host.data();
}

std::optional<Channel> channel_of(std::string_view file) {
    const std::size_t dot = file.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    for (const Channel c : kChannels)
        if (file.substr(dot + 1) == to_string(c)) return c;
    return std::nullopt;
}

/// Names of the outbox's files, sorted: oldest first, for their names begin with their time.
Result<std::vector<std::string>> files_of(const Config& config) {
    std::vector<std::string> out;
    std::error_code error;
    const std::string directory = outbox_directory(config);
    std::filesystem::directory_iterator it(directory, error), end;
    if (error == std::errc::no_such_file_or_directory) return out;
    for (; !error && it != end; it.increment(error))
        if (const std::string name = it->path().filename(); channel_of(name)) out.push_back(name);
    if (error) return os_fail("cannot read the outbox " + directory, error.value());
    std::sort(out.begin(), out.end());
    return out;
}

std::string state_path(const Config& config) {
    return parent_of(config.secret_file) + "alerts.json";
}

}  // namespace

std::string_view to_string(Channel c) noexcept {
    switch (c) {
        case Channel::Mail:
            return "mail";
        case Channel::Syslog:
            return "syslog";
        case Channel::Webhook:
            return "webhook";
    }
    return "mail";
}

bool is_configured(const Config& config, Channel c) noexcept {
    switch (c) {
        case Channel::Mail:
            return !config.alerts.mail_to.empty();
        case Channel::Syslog:
            return config.alerts.syslog;
        case Channel::Webhook:
            return !config.alerts.webhook.empty();
    }
    return false;
}

std::string outbox_directory(const Config& config) {
    return config.alerts.directory.empty() ? parent_of(config.store.directory) + "outbox"
                                           : config.alerts.directory;
}

Status enqueue(const Config& config, Time now, const Alert& alert) {
    const std::string directory = outbox_directory(config);
    if (Status made = make_directory(directory); !made) return made;
    const Result<std::vector<std::string>> files = files_of(config);
    if (!files) return fail(files.error());
    Alert bounded = alert;
    bounded.text = one_line(alert.text, kMaxAlertText);
    const std::string id = id_of(alert);
    Status result = ok();
    for (const Channel c : kChannels) {
        if (!is_configured(config, c)) continue;
        const std::string ending = "-" + id + "." + std::string(to_string(c));
        std::size_t waiting = 0;
        bool there = false;
        for (const std::string& file : *files) {
            if (channel_of(file) == c) ++waiting;
            there = there || file.ends_with(ending);
        }
        if (there) continue;
        if (waiting >= config.alerts.max_waiting) {
            result = fail(ErrorCode::Full,
                          "the outbox " + directory + " is full: " + std::to_string(waiting) +
                              " alerts wait for " + std::string(to_string(c)),
                          "kith alerts list tells why they wait; alerts.max_waiting");
            continue;
        }
        Json j{{"since", to_unix(now)}, {"id", id}, {"refused", 0}, {"alert", alert_json(bounded)}};
        std::string text = json_text(j, -1);
        if (text.size() > kMaxFile) {
            j["alert"]["data"] = Json::object();
            text = json_text(j, -1);
        }
        if (Status written =
                write_whole(directory + fmt::format("/{:012}", to_unix(now)) + ending, text + "\n");
            !written)
            result = std::move(written);
    }
    return result;
}

Result<std::vector<WaitingAlert>> waiting_alerts(const Config& config) {
    const Result<std::vector<std::string>> files = files_of(config);
    if (!files) return fail(files.error());
    std::vector<WaitingAlert> out;
    for (const std::string& file : *files) {
        const Result<std::string> text =
            read_small(outbox_directory(config) + "/" + file, kMaxFile + 4096);
        const Json j = text ? Json::parse(*text, nullptr, false) : Json();
        if (!j.is_object() || !j.contains("alert") || !j["alert"].is_object()) continue;
        const Json& a = j["alert"];
        WaitingAlert w;
        w.file = file;
        w.channel = *channel_of(file);
        w.since = from_unix(number_at(j, "since"));
        w.id = string_at(j, "id");
        w.refused =
            static_cast<unsigned>(std::clamp<std::int64_t>(number_at(j, "refused"), 0, 100));
        w.given_up = w.refused >= kMaxRefused;
        w.alert = {string_at(a, "kind"), string_at(a, "key"), from_unix(number_at(a, "time")),
                   string_at(a, "text"), a.contains("data") ? a["data"] : Json()};
        out.push_back(std::move(w));
    }
    return out;
}

namespace {

/// What this host says against the services; text by name.
std::vector<std::pair<std::string, std::string>> troubles(const Config& config, bool store) {
    std::vector<std::pair<std::string, std::string>> out;
    const Result<bool> running = learner_running(config.store);
    if (running && !*running)
        out.emplace_back("learner", "kith-learner is not running: mail is judged, but not learned");
    else if (const Status learned = mail_is_learned(config); !learned)
        out.emplace_back("learner", "kith-learner cannot learn: " + learned.error().text());
    const Status reachable = connect_to(parse_socket_name(config.milter.socket));
    if (!reachable && reachable.error().code != ErrorCode::Permission)
        out.emplace_back("milter", "kith-milter does not answer: " + reachable.error().text());
    if (const Status recorded = mail_is_recorded(config, reachable.has_value()); !recorded)
        out.emplace_back("journal", "mail is not recorded: " + recorded.error().text());
    if (!store)
        out.emplace_back("store", "the store " + config.store.directory + " cannot be read");
    return out;
}

/// A trouble is told when it lasts, again while it does, and once when it is over.
Status collect_troubles(const Config& config, Time now, bool store, Json& state) {
    Json& standing = state["troubles"];
    if (!standing.is_object()) standing = Json::object();
    const auto found = troubles(config, store);
    for (const auto& [name, text] : found) {
        Json& one = standing[name];
        if (!one.is_object()) one = {{"since", to_unix(now)}, {"told", 0}};
        const Time since = from_unix(number_at(one, "since")),
                   told = from_unix(number_at(one, "told"));
        if (now - since < kLasts || (told != Time{} && now - told < kAgain)) continue;
        if (Status s = enqueue(config, now,
                               {"trouble", name + "/" + iso8601(since), now, text,
                                Json{{"service", name}, {"since", iso8601(since)}}});
            !s)
            return s;
        one["told"] = to_unix(now);
    }
    std::vector<std::string> over;
    for (const auto& [name, one] : standing.items())
        if (std::none_of(found.begin(), found.end(),
                         [&, n = name](const auto& f) { return f.first == n; }))
            over.push_back(name);
    for (const std::string& name : over) {
        const Json one = standing[name];
        const std::string since = iso8601(from_unix(number_at(one, "since")));
        if (number_at(one, "told") != 0)
            if (Status s = enqueue(config, now,
                                   {"recovered", name + "/" + since, now,
                                    "the trouble with " + name + " since " + since + " is over",
                                    Json{{"service", name}, {"since", since}}});
                !s)
                return s;
        standing.erase(name);
    }
    return ok();
}

std::string first_reason(const Config& config, const MailEntry& entry) {
    const Result<MailRecord> record = read_record(config, entry);
    return record && !record->assessment.reasons.empty() ? record->assessment.reasons.front().text
                                                         : std::string();
}

JournalPosition position_of(const Json& state) {
    return {static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_at(state, "segment"))),
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_at(state, "offset")))};
}

void set_position(Json& state, JournalPosition p) {
    state["segment"] = p.segment;
    state["offset"] = p.offset;
}

Status collect_held(const Config& config, Time now, const StoreReader& reader, Json& state) {
    const Result<JournalPosition> checkpoint = read_checkpoint(reader);
    if (!checkpoint) return fail(checkpoint.error());
    JournalPosition told = position_of(state);
    // A journal that began anew counts from its beginning.
    if (*checkpoint < told) told = {};
    MailFilter filter;
    filter.mails = MailClass::Held;
    filter.limit = kHeldAtOnce;
    filter.since = now - kLookBack;
    Result<std::vector<MailEntry>> mails = list_mail(reader, filter);
    if (!mails) return fail(mails.error());
    std::sort(mails->begin(), mails->end(),
              [](const MailEntry& a, const MailEntry& b) { return a.position < b.position; });
    for (const MailEntry& e : *mails) {
        if (e.action != Action::Held || e.imported || e.position < told) continue;
        const std::string why = first_reason(config, e);
        if (Status s =
                enqueue(config, now,
                        {"held", e.id, e.time,
                         fmt::format("held {}: from {} to {}{}, score {:.0f}{}", e.id, cell(e.from),
                                     cell(e.rcpt),
                                     e.rcpt_count > 1 ? fmt::format(" +{}", e.rcpt_count - 1) : "",
                                     e.score, why.empty() ? "" : ": " + why),
                         Json{{"mail", entry_json(e)}, {"reason", why}}});
            !s)
            return s;
        set_position(state, {e.position.segment, e.position.offset + 1});
    }
    set_position(state, *checkpoint);
    return ok();
}

/// Mail that a live model wants told, held or not: the journal since the last look.
Status collect_notified(const Config& config, Time now, const StoreReader& reader, Json& state) {
    const Result<JournalPosition> checkpoint = read_checkpoint(reader);
    if (!checkpoint) return fail(checkpoint.error());
    JournalPosition told = position_of(state);
    if (*checkpoint < told) told = {};
    auto journal = JournalReader::open(config.journal);
    if (!journal) return fail(journal.error());
    if (Status s = (*journal)->seek(told); !s) return s;
    for (;;) {
        auto next = (*journal)->next();
        if (!next) return fail(next.error());
        if (!next->has_value() || !((*next)->position < *checkpoint)) break;
        const JournalRecord& record = **next;
        const auto mail = record.type == RecordType::Mail
                              ? decode_mail_record(record.payload)
                              : Result<MailRecord>(fail(ErrorCode::NoInput, ""));
        if (mail && mail->assessment.notify) {
            std::string models;
            for (const ModelHit& hit : mail->assessment.models)
                if (hit.live) models += (models.empty() ? "" : ", ") + hit.name;
            const std::string to = mail->rcpts.empty() ? "" : mail->rcpts.front();
            if (Status s = enqueue(config, now,
                                   {"model", mail->id, mail->time,
                                    fmt::format("models {} fit {}: from {} to {}, score {:.0f}, {}",
                                                models, mail->id, cell(mail->from), cell(to),
                                                mail->assessment.score, to_string(mail->action)),
                                    Json{{"id", mail->id},
                                         {"models", models},
                                         {"from", mail->from},
                                         {"to", to},
                                         {"score", rounded(mail->assessment.score, 1)},
                                         {"action", to_string(mail->action)}}});
                !s)
                return s;
        }
        set_position(state, record.next);
    }
    set_position(state, *checkpoint);
    return ok();
}

Alert account_alert(const AccountIncident& i) {
    const std::vector<std::string> names = indicator_names(i.indicators);
    std::string signs;
    for (const std::string& name : names) signs += (signs.empty() ? "" : ", ") + name;
    // One that goes on after days of silence is told again.
    const std::string key = i.id + (i.raises > 1 ? "/" + std::to_string(i.raises) : "");
    return {"incident", key, i.raises > 1 ? i.raised : i.opened,
            fmt::format("incident {}: account {}{}; kith incident show {}", cell(i.id),
                        cell(i.account), signs.empty() ? "" : ": " + signs, cell(i.id)),
            Json{{"incident", i.id},
                 {"account", i.account},
                 {"opened", iso8601(i.opened)},
                 {"risk", rounded(static_cast<double>(i.risk), 1)},
                 {"indicators", names},
                 {"attack", attack_ids(i.indicators)}}};
}

Status collect_incidents(const Config& config, Time now, const StoreReader& reader, Json& state) {
    const auto incidents = list_incidents(reader);
    if (!incidents) return fail(incidents.error());
    Json& known = state["incidents"];
    const bool first = !known.is_array();
    if (first) known = Json::array();
    Json kept = Json::array();
    for (const Incident& i : *incidents) {
        if (kept.size() >= kIncidentsKnown) break;
        if (i.near_only) continue;  // told when one of its mails is held
        const bool told = std::find(known.begin(), known.end(), Json(i.id)) != known.end();
        if (!told && !first && i.is_open(now)) {
            const Status s =
                enqueue(config, now,
                        {"incident", i.id, i.opened,
                         fmt::format("incident {}: {} of {}; kith incident show {}", cell(i.id),
                                     counted(i.mails.size() + i.left_out, "mail"), cell(i.from),
                                     cell(i.id)),
                         Json{{"incident", i.id},
                              {"from", i.from},
                              {"opened", iso8601(i.opened)},
                              {"mails", i.mails.size() + i.left_out}}});
            if (!s) {
                known.insert(known.end(), kept.begin(), kept.end());
                return s;
            }
        }
        kept.push_back(i.id);
    }
    const auto of_accounts = list_account_incidents(reader);
    if (!of_accounts) return fail(of_accounts.error());
    for (const AccountIncident& i : *of_accounts) {
        if (kept.size() >= kIncidentsKnown) break;
        const Alert alert = account_alert(i);
        const bool told = std::find(known.begin(), known.end(), Json(alert.key)) != known.end();
        if (!told && !first && i.is_open(now)) {
            if (const Status s = enqueue(config, now, alert); !s) {
                known.insert(known.end(), kept.begin(), kept.end());
                return s;
            }
        }
        kept.push_back(alert.key);
    }
    known = std::move(kept);
    return ok();
}

}  // namespace

Status collect_alerts(const Config& config, Time now, const StoreReader* reader) {
    Result<StateFile> state = StateFile::open(state_path(config));
    if (!state) return fail(state.error());
    Json& j = state->json();
    Status result = collect_troubles(config, now, reader != nullptr, j);
    if (reader != nullptr && result) {
        if (!j.contains("held")) {
            // What was held before anybody wanted to hear of it is no news.
            j["held"] = j["notified"] = Json::object();
            if (const auto checkpoint = read_checkpoint(*reader)) {
                set_position(j["held"], *checkpoint);
                set_position(j["notified"], *checkpoint);
            }
            result = collect_incidents(config, now, *reader, j);
        } else {
            result = collect_held(config, now, *reader, j["held"]);
            if (result) result = collect_notified(config, now, *reader, j["notified"]);
            if (result) result = collect_incidents(config, now, *reader, j);
        }
    }
    const Status saved = state->save();
    return result ? saved : result;
}

Seconds back_off(unsigned failures) noexcept {
    Seconds wait = kBackOffFrom;
    for (unsigned i = 1; i < failures && wait < kBackOffTo; ++i) wait *= 2;
    return std::min(wait, kBackOffTo);
}

Json webhook_json(const WaitingAlert& w, const std::string& host) {
    return {{"version", 1},         {"id", w.id},
            {"kind", w.alert.kind}, {"time", iso8601(w.alert.time)},
            {"host", host},         {"text", w.alert.text},
            {"data", w.alert.data}};
}

namespace {

enum class Answer { Taken, Refused, Later };

struct Told {
    Answer answer = Answer::Taken;
    std::string why;
};

Told tell_webhook(const Config& config, const WaitingAlert& w) {
    const Result<int> status =
        post_json(config.alerts.webhook, w.id, json_text(webhook_json(w, host_name()), -1),
                  config.alerts.timeout);
    if (!status) return {Answer::Later, status.error().what};
    if (*status >= 200 && *status < 300) return {};
    const std::string why = "the webhook answers " + std::to_string(*status);
    // What is wrong with the alert or the URL does not mend by waiting; all else may.
    const bool refused = *status >= 400 && *status < 500 && *status != 408 && *status != 429 &&
                         *status != 401 && *status != 403 && *status != 404;
    return {refused ? Answer::Refused : Answer::Later, why};
}

Told tell_mail(const Config& config, Time now, const std::vector<const WaitingAlert*>& all) {
    OutgoingMail mail;
    mail.to = config.alerts.mail_to;
    mail.subject = all.size() == 1 ? "kith: " + all.front()->alert.text
                                   : fmt::format("kith: {} alerts at {}", all.size(), host_name());
    for (const WaitingAlert* w : all)
        mail.text +=
            fmt::format("{}  {}\n{}\n\n", iso8601(w->alert.time), w->alert.kind, w->alert.text);
    const std::string kith = kith_command(config);
    mail.text +=
        fmt::format("kith on {}; {} list --held, {} incident list\n", host_name(), kith, kith);
    const Status sent = send_mail(config, now, mail);
    return sent ? Told{} : Told{Answer::Later, sent.error().what};
}

void write_syslog(const WaitingAlert& w) {
    log_open("kith", LogTarget::Syslog, LogLevel::Info);
    log(LogLevel::Warning, "alert " + w.alert.kind + ": " + w.alert.text, {{"alert", w.id}});
    log_open("kith", LogTarget::Stderr, LogLevel::Warning);
}

/// One more refusal, written down.
void note_refusal(const std::string& path, const WaitingAlert& w) {
    const Json j{{"since", to_unix(w.since)},
                 {"id", w.id},
                 {"refused", w.refused + 1},
                 {"alert", alert_json(w.alert)}};
    (void)write_whole(path, json_text(j, -1) + "\n");
}

}  // namespace

Result<std::size_t> expire_alerts(const Config& config, Time now) {
    const Result<std::vector<WaitingAlert>> all = waiting_alerts(config);
    if (!all) return fail(all.error());
    std::size_t gone = 0;
    for (const WaitingAlert& w : *all) {
        if (!w.given_up || w.since >= now - config.retention.outbox) continue;
        const std::string file = outbox_directory(config) + "/" + w.file;
        if (::unlink(file.c_str()) != 0 && errno != ENOENT)
            return os_fail("cannot remove " + file, errno);
        ++gone;
    }
    return gone;
}

Result<Sending> send_alerts(const Config& config, Time now, Channel channel) {
    const std::string name(to_string(channel));
    // One sender a receiver: what two would send at once would come twice.
    Result<StateFile> state =
        StateFile::open(parent_of(config.secret_file) + "alerts-" + name + ".json");
    if (!state) return fail(state.error());
    Result<std::vector<WaitingAlert>> all = waiting_alerts(config);
    if (!all) return fail(all.error());
    std::erase_if(*all, [&](const WaitingAlert& w) { return w.channel != channel; });
    Sending out;
    std::vector<const WaitingAlert*> due;
    for (const WaitingAlert& w : *all) {
        if (w.given_up)
            ++out.given_up;
        else
            due.push_back(&w);
    }
    Json& j = state->json();
    out.waiting = due.size();
    if (due.empty() || now < from_unix(number_at(j, "next"))) {
        out.trouble = due.empty() ? "" : string_at(j, "why");
        return out;
    }
    const auto path_of = [&](const WaitingAlert& w) {
        return outbox_directory(config) + "/" + w.file;
    };
    const auto done = [&](const WaitingAlert& w) {
        ::unlink(path_of(w).c_str());
        ++out.sent;
        --out.waiting;
    };
    Told last;
    if (channel == Channel::Mail) {
        if (due.size() > kMailAtOnce) due.resize(kMailAtOnce);
        last = tell_mail(config, now, due);
        if (last.answer == Answer::Taken)
            for (const WaitingAlert* w : due) done(*w);
    } else {
        for (const WaitingAlert* w : due) {
            if (channel == Channel::Syslog)
                write_syslog(*w);
            else
                last = tell_webhook(config, *w);
            if (last.answer == Answer::Taken) done(*w);
            if (last.answer == Answer::Refused) note_refusal(path_of(*w), *w);
            if (last.answer == Answer::Later) break;
        }
    }
    out.trouble = last.why;
    if (last.answer == Answer::Later) {
        const auto failures =
            static_cast<unsigned>(std::clamp<std::int64_t>(number_at(j, "failures"), 0, 1000)) + 1;
        j = {
            {"failures", failures}, {"next", to_unix(now + back_off(failures))}, {"why", last.why}};
    } else {
        j = Json::object();
    }
    if (Status saved = state->save(); !saved) return fail(saved.error());
    return out;
}

}  // namespace kith::admin
