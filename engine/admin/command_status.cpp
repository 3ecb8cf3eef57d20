// SPDX-License-Identifier: Apache-2.0
// `kith status`: is the filter alive, does it keep up, is it ready to hold mail. First line and
// exit status follow Nagios' plugins (0 ok, 1 warning, 2 critical; 3 unknown is an error, which
// main prints so). Covered by tests/unit/admin/program_test.cpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <ostream>
#include <vector>

#include "engine/admin/account_view.hpp"
#include "engine/admin/audit.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/doctor_checks.hpp"
#include "engine/admin/local_state.hpp"
#include "engine/admin/models.hpp"
#include "engine/admin/output.hpp"
#include "engine/assess/mode.hpp"
#include "engine/assess/site_key.hpp"
#include "engine/assess/store_memory.hpp"
#include "engine/base/owned.hpp"
#include "engine/config/keys.hpp"
#include "engine/config/values.hpp"
#include "engine/journal/journal.hpp"
#include "engine/learner/incident.hpp"
#include "engine/learner/learner.hpp"
#include "engine/learner/mail_index.hpp"

namespace kith::admin {
namespace {

// The learner commits once a second; minutes behind means that it does not keep up, an hour that it
// does nothing.
constexpr Seconds kLagWarning{5 * 60}, kLagCritical{60 * 60};
// Share of store.map_size in use. A full map stops learning until it is raised.
constexpr double kMapWarning = 0.80, kMapCritical = 0.95;
constexpr std::size_t kHeldShown = 10000;  // held mail counted at most
// Mails of the last week counted at most: a check may run every minute, and this many take a third
// of a second.
constexpr std::size_t kRecentCounted = 100'000;
constexpr Seconds kDay{24 * 3600}, kWeek{7 * 24 * 3600};

struct Trouble {
    int state = kExitWarning;
    std::string text;
};

struct Readiness {
    Direction direction;
    std::size_t mails = 0;
    bool ready = false;
};

/// What became of the mail of some time, by the index.
struct Recent {
    std::uint64_t mails = 0, tagged = 0, holds = 0;  ///< holds: held, or would be in mode enforce
    [[nodiscard]] double in_1000(std::uint64_t n) const noexcept {
        return mails == 0 ? 0 : 1000 * static_cast<double>(n) / static_cast<double>(mails);
    }
};

struct Report {
    std::vector<Trouble> troubles;
    bool learner_running = false, milter_reachable = false;
    std::string
        not_recorded,  // why kith-milter cannot record mail; "" = nothing is known against it
        not_learned;   // why kith-learner cannot learn; ""
    std::optional<StoreStats> store;
    std::optional<JournalPosition> checkpoint, end;
    std::optional<Seconds> lag;  // age of the oldest record not yet learned; 0 when there is none
    std::uint64_t damaged_bytes = 0;
    std::string damaged_file;  // segment of the journal with damage; "" = none is known
    std::vector<Readiness> readiness;
    double learned = 0, waiting = 0;
    double tied = 0;          // people with mail both ways
    std::size_t vips = 0;     // the best connected of them
    std::size_t on_hold = 0;  // held and not released
    std::size_t confirmed_held =
        0;  // of them, confirmed as bad: on hold until somebody deletes them
    std::optional<Time> oldest_on_hold;
    std::size_t open_incidents = 0, account_incidents = 0;
    std::optional<std::size_t> account_days;  ///< that were seen; none: nothing of accounts comes
    std::optional<Recent> day, week;
    bool recent_cut = false;  // there were more than kRecentCounted

    void add(int state, std::string text) { troubles.push_back({state, std::move(text)}); }
    void add(int state, const Error& error) { add(state, error.text()); }
    [[nodiscard]] int state() const {
        int worst = kExitOk;
        for (const Trouble& t : troubles) worst = std::max(worst, t.state);
        return worst;
    }
};

std::string_view state_word(int state) {
    return state == kExitOk ? "OK" : state == kExitWarning ? "WARNING" : "CRITICAL";
}

void look_at_index(Report& r, const StoreReader& reader) {
    MailFilter held;
    held.mails = MailClass::Held;
    held.limit = kHeldShown;
    const Result<std::vector<MailEntry>> mails = list_mail(reader, held);
    if (!mails) {
        r.add(kExitCritical, mails.error());
        return;
    }
    for (const MailEntry& e : *mails) {
        if (!e.is_on_hold()) continue;
        ++r.on_hold;
        if (e.state == MailState::Confirmed) ++r.confirmed_held;
        r.oldest_on_hold = e.time;
    }
}

void look_at_recent(Report& r, const StoreReader& reader, Time now) {
    MailFilter filter;
    filter.mails = MailClass::All;
    filter.since = now - kWeek;
    filter.limit = kRecentCounted;
    const Result<std::vector<MailEntry>> mails = list_mail(reader, filter);
    if (!mails) {
        r.add(kExitCritical, mails.error());
        return;
    }
    r.recent_cut = mails->size() == kRecentCounted;
    r.day.emplace();
    r.week.emplace();
    for (const MailEntry& e : *mails) {
        // What was delayed comes again and is counted then.
        if (e.imported || e.action == Action::Deferred) continue;
        const bool holds = e.action == Action::Held || e.action == Action::Rejected ||
                           e.verdict == Verdict::Quarantine || e.verdict == Verdict::Reject;
        for (Recent* recent : {&*r.week, &*r.day}) {
            if (recent == &*r.day && e.time < now - kDay) continue;
            ++recent->mails;
            if (holds)
                ++recent->holds;
            else if (e.verdict == Verdict::Tag)
                ++recent->tagged;
        }
    }
}

template <class AnyIncident>
std::size_t count_open(const std::vector<AnyIncident>& incidents, Time now) {
    return static_cast<std::size_t>(std::count_if(
        incidents.begin(), incidents.end(), [&](const AnyIncident& i) { return i.is_open(now); }));
}

void look_at_incidents(Report& r, const StoreReader& reader, Time now) {
    const Result<std::vector<Incident>> incidents = list_incidents(reader);
    if (!incidents) {
        r.add(kExitCritical, incidents.error());
        return;
    }
    r.open_incidents = count_open(*incidents, now);
}

void look_at_accounts(Report& r, const StoreReader& reader, const Config& config, Time now) {
    const auto days = account_days(reader);
    const auto incidents = list_account_incidents(reader);
    if (!days || !incidents) {
        r.add(kExitCritical, days ? incidents.error() : days.error());
        return;
    }
    if (*days > 0 || accounts_in_use(config)) r.account_days = *days;
    r.account_incidents = count_open(*incidents, now);
}

void look_at_site(Report& r, const StoreReader& reader, const Config& config) {
    const auto snapshot = load_snapshot(reader, 0);
    if (!snapshot) {
        r.add(kExitCritical, snapshot.error());
        return;
    }
    const SiteSnapshot& s = **snapshot;
    r.learned = s.site.learned;
    r.waiting = s.site.waiting;
    r.tied = static_cast<double>(s.site.people.tied);
    r.vips = s.site.people.vips();
    for (const Direction d : {Direction::Inbound, Direction::Outbound, Direction::Internal}) {
        const std::size_t mails = s.scales.calibration_mails(d);
        r.readiness.push_back({d, mails, mails >= mails_needed(config.budget)});
    }
}

// Damage that the learner has met long ago; it matters for as long as mail lies in that segment.
void look_at_damage(Report& r, const StoreReader& reader, const Config& config) {
    const Result<std::uint64_t> segment = read_damaged_segment(reader);
    if (!segment) {
        r.add(kExitCritical, segment.error());
        return;
    }
    if (*segment > 0) r.damaged_file = segment_path(config.journal, *segment);
}

void look_at_clock(Report& r, const StoreReader& reader) {
    const Result<std::optional<Time>> doubted = read_doubted_clock(reader);
    if (!doubted)
        r.add(kExitCritical, doubted.error());
    else if (*doubted)
        r.add(kExitWarning, "mail comes from a clock that jumped to " + iso8601(**doubted) +
                                ": it counts as of the time before, until the clock has been so "
                                "for a day; check the clock (timedatectl)");
}

// A closed file is four megabytes at most and a line an action: milliseconds.
void look_at_audit(Report& r, const StoreReader& reader, const Config& config) {
    const Result<AuditVerdict> verdict = verify_audit(config, &reader, AuditDepth::Store);
    if (!verdict)
        r.add(kExitWarning, verdict.error());
    else if (!verdict->problems.empty())
        r.add(kExitCritical, audit_file(config) + " is not as kith wrote it: " +
                                 verdict->problems.front() + "; see kith audit verify");
}

void look_at_store(Report& r, const Config& config, Time now) {
    Result<std::unique_ptr<Store>> store = Store::open(config.store, Store::Mode::Read);
    if (!store) {
        r.add(kExitCritical, store.error());
        return;
    }
    const Result<StoreStats> stats = (*store)->stats();
    if (stats) {
        r.store = *stats;
        const double used = stats->map_bytes == 0 ? 0
                                                  : static_cast<double>(stats->used_bytes) /
                                                        static_cast<double>(stats->map_bytes);
        if (used > kMapWarning)
            r.add(used > kMapCritical ? kExitCritical : kExitWarning,
                  fmt::format("store is {:.0f} % full; raise store.map_size", 100 * used));
    } else {
        r.add(kExitCritical, stats.error());
    }
    const Result<std::unique_ptr<StoreReader>> reader = (*store)->read();
    if (!reader) {
        r.add(kExitCritical, reader.error());
        return;
    }
    if (const Result<Hasher::Secret> secret = read_site_key(**reader, config); !secret)
        r.add(kExitCritical, secret.error());
    else
        look_at_audit(r, **reader, config);
    if (const Result<JournalPosition> checkpoint = read_checkpoint(**reader))
        r.checkpoint = *checkpoint;
    else
        r.add(kExitCritical, checkpoint.error());
    look_at_damage(r, **reader, config);
    look_at_clock(r, **reader);
    look_at_site(r, **reader, config);
    look_at_index(r, **reader);
    look_at_recent(r, **reader, now);
    look_at_incidents(r, **reader, now);
    look_at_accounts(r, **reader, config, now);
}

void look_at_journal(Report& r, const Config& config, Time now) {
    Result<std::unique_ptr<JournalReader>> journal = JournalReader::open(config.journal);
    if (!journal) {
        r.add(kExitCritical, journal.error());
        return;
    }
    const Result<JournalPosition> end = (*journal)->end();
    if (!end) {
        r.add(kExitCritical, end.error());
        return;
    }
    r.end = *end;
    if (!r.checkpoint) return;
    if (Status s = (*journal)->seek(*r.checkpoint); !s) {
        r.add(kExitCritical, s.error());
        return;
    }
    const Result<std::optional<JournalRecord>> next = (*journal)->next();
    if (!next) {
        r.add(kExitCritical, next.error());
        return;
    }
    r.damaged_bytes = (*journal)->damaged_bytes();
    if (r.damaged_bytes > 0)
        r.damaged_file = segment_path(config.journal, (*journal)->damaged_segment());
    r.lag = *next ? std::max(Seconds(0), now - (*next)->time) : Seconds(0);
    if (*r.lag > kLagWarning)
        r.add(*r.lag > kLagCritical ? kExitCritical : kExitWarning,
              "the learner is " + span_text(*r.lag) + " behind");
}

Report examine(const Config& config, Time now) {
    Report r;
    for (const ConfigProblem& problem : config.model_problems)
        r.add(kExitWarning,
              "a model is left out (a milter that runs keeps those it had): " + problem.text());
    if (const Status holds = some_model_holds(config); !holds) r.add(kExitWarning, holds.error());
    const Result<bool> running = learner_running(config.store);
    r.learner_running = running && *running;
    if (!running)
        r.add(kExitWarning, running.error());
    else if (!*running)
        r.add(kExitCritical,
              "kith-learner is not running; systemctl start " + learner_unit(config.tenant));
    else if (const Status learned = mail_is_learned(config); !learned) {
        r.not_learned = learned.error().text();
        r.add(kExitCritical, learned.error());
    }
    const Status reachable = connect_to(parse_socket_name(config.milter.socket));
    r.milter_reachable = reachable.has_value();
    if (!reachable && reachable.error().code == ErrorCode::Permission)
        r.add(kExitWarning,
              "whether kith-milter answers cannot be told: " + reachable.error().what +
                  "; run it as root, or as a member of the socket's group as well");
    else if (!reachable)
        r.add(kExitCritical, "kith-milter does not answer: " + reachable.error().text());
    if (const Status current = milter_is_current(config); r.milter_reachable && !current)
        r.add(kExitWarning, current.error());
    if (const Status recorded = mail_is_recorded(config, r.milter_reachable); !recorded) {
        r.not_recorded = recorded.error().text();
        r.add(kExitCritical, recorded.error());
    }
    if (const Status spool =
            services_write(config.milter.spool_directory, parent_of(config.secret_file));
        !spool)
        r.add(kExitWarning, "large mail is judged by its beginning: spool " + spool.error().text());
    if (const Status events = events_are_recorded(config); !events)
        r.add(kExitWarning, events.error());
    look_at_store(r, config, now);
    look_at_journal(r, config, now);
    if (!r.damaged_file.empty())
        r.add(kExitWarning, "the journal is damaged in " + r.damaged_file +
                                ": mail recorded there is not learned; look at the disk");
    return r;
}

Json position_json(const std::optional<JournalPosition>& p) {
    return p ? Json{{"segment", p->segment}, {"offset", p->offset}} : Json();
}

Json recent_json(const std::optional<Recent>& recent) {
    if (!recent) return {};
    return {{"mails", recent->mails},
            {"tagged", recent->tagged},
            {"holds", recent->holds},
            {"tagged_per_1000", rounded(recent->in_1000(recent->tagged), 3)},
            {"holds_per_1000", rounded(recent->in_1000(recent->holds), 3)}};
}

void print_recent(std::ostream& out, const char* name, const Recent& recent, bool cut,
                  const ScoringOptions& budget) {
    out << fmt::format("{:<10} {}{}", name, cut ? "more than " : "", counted(recent.mails, "mail"));
    if (recent.mails > 0)
        out << fmt::format(
            ", {} tagged ({} in 1000, promised {:g}), {} held or would be ({}, promised {:g})",
            recent.tagged, rate_text(recent.in_1000(recent.tagged)), budget.tags_per_1000,
            recent.holds, rate_text(recent.in_1000(recent.holds)), budget.holds_per_1000);
    out << '\n';
}

Json report_json(const Report& r, const Config& config) {
    Json j;
    j["state"] = r.state() == kExitOk ? "ok" : r.state() == kExitWarning ? "warning" : "critical";
    j["mode"] = to_string(config.mode);
    j["modes"] = Json::object();
    for (const ModeRule& rule : config.modes) j["modes"][mode_scope(rule)] = to_string(rule.mode);
    j["troubles"] = Json::array();
    for (const Trouble& t : r.troubles)
        j["troubles"].push_back(
            {{"state", t.state == kExitWarning ? "warning" : "critical"}, {"text", t.text}});
    j["milter"] = {{"reachable", r.milter_reachable},
                   {"not_recorded", r.not_recorded.empty() ? Json() : Json(r.not_recorded)}};
    j["learner"] = {{"running", r.learner_running},
                    {"not_learned", r.not_learned.empty() ? Json() : Json(r.not_learned)},
                    {"checkpoint", position_json(r.checkpoint)},
                    {"lag_seconds", r.lag ? Json(r.lag->count()) : Json()},
                    {"learned", rounded(r.learned, 0)},
                    {"waiting", rounded(r.waiting, 0)}};
    j["journal"] = {{"end", position_json(r.end)},
                    {"damaged_bytes", r.damaged_bytes},
                    {"damaged_file", r.damaged_file.empty() ? Json() : Json(r.damaged_file)}};
    j["store"] = r.store ? Json{{"used_bytes", r.store->used_bytes},
                                {"map_bytes", r.store->map_bytes},
                                {"file_bytes", r.store->file_bytes},
                                {"generation", r.store->generation},
                                {"readers", r.store->readers}}
                         : Json();
    j["readiness"] = Json::array();
    for (const Readiness& d : r.readiness)
        j["readiness"].push_back({{"direction", to_string(d.direction)},
                                  {"mails", d.mails},
                                  {"needed", mails_needed(config.budget)},
                                  {"ready", d.ready}});
    j["last_day"] = recent_json(r.day);
    j["last_week"] = recent_json(r.week);
    j["promised"] = {{"tags_per_1000", config.budget.tags_per_1000},
                     {"holds_per_1000", config.budget.holds_per_1000}};
    j["people"] = {{"with_mail_both_ways", rounded(r.tied, 0)}, {"vips", r.vips}};
    j["on_hold"] = {{"mails", r.on_hold},
                    {"confirmed", r.confirmed_held},
                    {"oldest", r.oldest_on_hold ? Json(iso8601(*r.oldest_on_hold)) : Json()}};
    j["open_incidents"] = r.open_incidents;
    j["accounts"] = r.account_days ? Json{{"days", *r.account_days},
                                          {"needed", kEnoughAccountDays},
                                          {"ready", *r.account_days >= kEnoughAccountDays},
                                          {"open_incidents", r.account_incidents}}
                                   : Json();
    return j;
}

void print(std::ostream& out, const Report& r, const Config& config, Time now) {
    out << "KITH " << state_word(r.state()) << " - "
        << (r.troubles.empty() ? "mode " + cell(modes_text(config), 300)
                               : cell(r.troubles.front().text, 300))
        << '\n';
    for (std::size_t i = 1; i < r.troubles.size(); ++i)
        out << state_word(r.troubles[i].state) << ": " << cell(r.troubles[i].text, 500) << '\n';
    out << "milter     " << (r.milter_reachable ? "answers" : "does not answer")
        << (r.not_recorded.empty() ? "" : ", mail is not recorded") << '\n';
    out << "learner    " << (r.learner_running ? "running" : "not running")
        << (r.not_learned.empty() ? "" : ", mail is not learned");
    if (r.lag)
        out << (r.lag->count() == 0 ? ", everything learned"
                                    : ", " + span_text(*r.lag) + " behind");
    out << '\n';
    if (r.store)
        out << "store      " << print_size(r.store->used_bytes) << " of "
            << print_size(r.store->map_bytes) << ", generation " << r.store->generation << ", "
            << counted(r.store->readers, "reader") << '\n';
    if (r.end)
        out << "journal    segment " << r.end->segment << ", offset " << r.end->offset
            << (r.damaged_bytes > 0 ? ", " + counted(r.damaged_bytes, "damaged byte") : "") << '\n';
    for (const Readiness& d : r.readiness) {
        if (d.ready)
            out << fmt::format("{:<10} ready to hold mail\n", to_string(d.direction));
        else
            out << fmt::format(
                "{:<10} {} of {} mails seen to hold any: still learning, tags at most\n",
                to_string(d.direction), d.mails, mails_needed(config.budget));
    }
    if (r.account_days && *r.account_days < kEnoughAccountDays)
        out << "accounts   " << account_readiness(*r.account_days) << '\n';
    if (r.day) print_recent(out, "last day", *r.day, false, config.budget);
    if (r.week) print_recent(out, "last week", *r.week, r.recent_cut, config.budget);
    if (r.store)
        out << fmt::format("learned    {:.0f} mails, {:.0f} wait for their turn\n", r.learned,
                           r.waiting);
    if (r.tied > 0)
        out << fmt::format("people     {:.0f} with mail both ways, {}\n", r.tied,
                           counted(r.vips, "VIP"));
    out << "on hold    " << counted(r.on_hold, "mail")
        << (r.oldest_on_hold ? ", the oldest for " + span_text(now - *r.oldest_on_hold) : "");
    if (r.confirmed_held > 0)
        out << "; " << r.confirmed_held << " confirmed as bad, until deleted with kith drop";
    out << '\n';
    if (r.open_incidents + r.account_incidents > 0)
        out << "incidents  " << r.open_incidents + r.account_incidents << " open"
            << (r.account_incidents > 0
                    ? ", " + std::to_string(r.account_incidents) + " of them of own accounts"
                    : "")
            << ", see kith incident list\n";
}

Outcome status(Env& env) {
    const Result<std::shared_ptr<const Config>> config =
        load_config_or_error(env.config_path, env.tenant);
    if (!config) return fail(config.error());
    if (const Status may = may_look(**config); !may) return fail(may.error());
    const Report r = examine(**config, env.now);
    if (env.json)
        print_json(env.out, report_json(r, **config));
    else
        print(env.out, r, **config, env.now);
    return r.state();
}

}  // namespace

NothingAction setup_status(CLI::App&) {
    return [](Env& env) { return status(env); };
}

}  // namespace kith::admin
