// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/hunt.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <ostream>
#include <set>

#include "engine/admin/campaigns.hpp"
#include "engine/admin/mail_lookup.hpp"

namespace kith::admin {
namespace {

/// Distinct things counted of one group; beyond it "1000+".
constexpr std::size_t kMaxCounted = 1000;

/// What is shown of a mail that matches.
struct Match {
    std::string id, from, rcpt, queue_id;
    std::size_t rcpts = 0;
    Time time{};
    ShownVerdict verdict;
    Action action = Action::Accepted;
    Direction direction = Direction::Inbound;
};

struct MatchGroup {
    std::string name;
    std::uint64_t mails = 0, held = 0;
    double highest = 0;
    Time first{}, last{};
    std::string example;  ///< id of the one with the highest score
    std::set<std::string> senders, rcpts;
};

struct Answer {
    std::uint64_t matches = 0, tagged = 0, held = 0, released = 0, confirmed = 0;
    std::deque<Match> newest;
    std::map<std::string, MatchGroup> groups;
    Campaigns campaigns;
};

std::string group_of(const MailRecord& r, HuntGrouping grouping, Campaigns& campaigns) {
    switch (grouping) {
        case HuntGrouping::Sender:
            return r.from;
        case HuntGrouping::Domain:
            return r.from.substr(r.from.rfind('@') + 1);  // all of it without an @
        case HuntGrouping::Client:
            return r.client_addr;
        case HuntGrouping::Login:
            return r.auth_user;
        case HuntGrouping::Campaign:
            return fmt::format("{:06}", campaigns.add(r.observations));
        case HuntGrouping::None:
            break;
    }
    return "";
}

void count_in(std::set<std::string>& of, const std::string& what) {
    if (of.size() < kMaxCounted) of.insert(what);
}

bool would_be_held(const MailRecord& r) {
    return r.action == Action::Held || r.assessment.verdict == Verdict::Quarantine ||
           r.assessment.verdict == Verdict::Reject;
}

void add(Answer& answer, const MailRecord& r, const std::optional<MailEntry>& entry,
         const HuntQuestion& question) {
    const bool held = would_be_held(r);
    ++answer.matches;
    answer.held += held ? 1U : 0U;
    answer.tagged += r.assessment.verdict == Verdict::Tag ? 1U : 0U;
    if (question.grouping == HuntGrouping::None) {
        answer.newest.push_back({r.id, r.from, r.rcpts.empty() ? "" : r.rcpts.front(), r.queue_id,
                                 r.rcpts.size(), r.time, shown_verdict(r, entry), r.action,
                                 r.observations.direction});
        if (answer.newest.size() > question.limit) answer.newest.pop_front();
        return;
    }
    MatchGroup& group = answer.groups[group_of(r, question.grouping, answer.campaigns)];
    if (group.mails++ == 0) group.first = group.last = r.time;
    group.first = std::min(group.first, r.time);
    group.last = std::max(group.last, r.time);
    group.held += held ? 1U : 0U;
    if (group.example.empty() || r.assessment.score > group.highest) {
        group.highest = r.assessment.score;
        group.example = r.id;
    }
    count_in(group.senders, r.from);
    for (const std::string& rcpt : r.rcpts) count_in(group.rcpts, rcpt);
}

std::vector<MatchGroup> largest(std::map<std::string, MatchGroup> groups, std::size_t limit) {
    std::vector<MatchGroup> out;
    for (auto& [name, group] : groups) {
        group.name = name;
        out.push_back(std::move(group));
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const MatchGroup& a, const MatchGroup& b) { return a.mails > b.mails; });
    if (out.size() > limit) out.resize(limit);
    return out;
}

std::string at_most(std::size_t n) {
    return n < kMaxCounted ? std::to_string(n) : std::to_string(kMaxCounted) + "+";
}

std::string_view heading_of(HuntGrouping grouping) {
    switch (grouping) {
        case HuntGrouping::Domain:
            return "DOMAIN";
        case HuntGrouping::Client:
            return "CLIENT";
        case HuntGrouping::Login:
            return "LOGIN";
        case HuntGrouping::Campaign:
            return "FROM";
        default:
            return "SENDER";
    }
}

void print_groups(Env& env, const Answer& answer, const HuntQuestion& question) {
    const auto groups = largest(answer.groups, question.limit);
    TextTable table({std::string(heading_of(question.grouping)), "MAILS", "HELD", "TO", "HIGHEST",
                     "FIRST", "LAST", "EXAMPLE"});
    for (const MatchGroup& g : groups) {
        const std::string from =
            g.senders.size() == 1 ? *g.senders.begin() : at_most(g.senders.size()) + " senders";
        table.add({cell(question.grouping == HuntGrouping::Campaign ? from : g.name, 48),
                   std::to_string(g.mails), std::to_string(g.held), at_most(g.rcpts.size()),
                   fixed1(g.highest), iso8601(g.first).substr(0, 16), iso8601(g.last).substr(0, 16),
                   cell(g.example)});
    }
    table.print(env.out);
    if (answer.groups.size() > groups.size())
        env.out << answer.groups.size() - groups.size()
                << " smaller groups are not shown (--limit)\n";
}

void print_matches(Env& env, const Answer& answer) {
    TextTable table({"ID", "TIME", "SCORE", "VERDICT", "DIRECTION", "FROM", "TO"});
    for (auto m = answer.newest.rbegin(); m != answer.newest.rend(); ++m) {
        std::string to = cell(m->rcpt, 40);
        if (m->rcpts > 1) to += " +" + std::to_string(m->rcpts - 1);
        table.add({cell(m->id), iso8601(m->time).substr(0, 16), score_text(m->verdict),
                   verdict_text(m->verdict), std::string(to_string(m->direction)),
                   cell(m->from, 40), to});
    }
    table.print(env.out);
    if (answer.matches > answer.newest.size())
        env.out << answer.matches - answer.newest.size() << " older ones are not shown (--limit)\n";
}

Json answer_json(const Answer& answer, const ScanCount& count, const HuntQuestion& question) {
    Json j;
    j["looked_at"] = scan_json(count);
    j["matches"] = answer.matches;
    j["held"] = answer.held;
    j["tagged"] = answer.tagged;
    j["released"] = answer.released;
    j["confirmed"] = answer.confirmed;
    if (question.grouping == HuntGrouping::None) {
        j["mails"] = Json::array();
        for (auto m = answer.newest.rbegin(); m != answer.newest.rend(); ++m) {
            Json one{{"id", m->id}, {"time", iso8601(m->time)}};
            add_verdict(one, m->verdict);
            one["action"] = to_string(m->action);
            one["direction"] = to_string(m->direction);
            one["from"] = m->from;
            one["to"] = m->rcpt;
            one["recipients"] = m->rcpts;
            one["queue_id"] = m->queue_id;
            j["mails"].push_back(std::move(one));
        }
        return j;
    }
    j["groups"] = Json::array();
    for (const MatchGroup& g : largest(answer.groups, question.limit))
        j["groups"].push_back({{"group", g.name},
                               {"mails", g.mails},
                               {"held", g.held},
                               {"senders", g.senders.size()},
                               {"recipients", g.rcpts.size()},
                               {"highest", rounded(g.highest, 1)},
                               {"first", iso8601(g.first)},
                               {"last", iso8601(g.last)},
                               {"example", g.example}});
    return j;
}

}  // namespace

Result<HuntGrouping> hunt_grouping(const std::string& text) {
    for (const auto& [name, grouping] :
         {std::pair("", HuntGrouping::None), std::pair("sender", HuntGrouping::Sender),
          std::pair("domain", HuntGrouping::Domain), std::pair("campaign", HuntGrouping::Campaign),
          std::pair("client", HuntGrouping::Client), std::pair("login", HuntGrouping::Login)})
        if (text == name) return grouping;
    return fail(ErrorCode::Usage, "--group-by " + cell(text) + " is not known",
                "sender, domain, campaign, client or login");
}

void add_hunt_options(CLI::App& sub, HuntQuestion& question, std::string& group_by) {
    add_span_options(sub, question.span);
    sub.add_option("--group-by", group_by,
                   "Count by sender, domain, campaign (same page or same words), client or login");
    sub.add_option("-n,--limit", question.limit, "At most so many mails or groups")
        ->capture_default_str()
        ->check(CLI::Range(1, 100000));
    add_imported_option(sub, question.imported);
}

Outcome hunt(Env& env, const Config& config, const StoreReader& reader,
             const HuntQuestion& question) {
    auto span = read_span(question.span, env.now);
    if (!span) return fail(span.error());
    if (question.imported) span->imported = &reader;
    Answer answer;
    const auto count = scan_journal(env, config, *span, [&](const MailRecord& record) {
        if (!question.model->matches({record, config.budget})) return;
        const auto entry = indexed_mail(reader, record);
        add(answer, record, entry, question);
        if (!entry) return;
        // What an admin has said since tells how often the model is right.
        answer.released += entry->state == MailState::Released ? 1U : 0U;
        answer.confirmed += entry->state == MailState::Confirmed ? 1U : 0U;
    });
    if (!count) return fail(count.error());
    if (env.json) {
        print_json(env.out, answer_json(answer, *count, question));
        return 0;
    }
    env.out << scan_text(*count) << '\n' << left_out_text(*count);
    env.out << answer.matches << (answer.matches == 1 ? " match" : " matches");
    if (count->seen > 0 && answer.matches > 0)
        env.out << fmt::format(", {} in 1000; {} {} held or would have been, {} {} tagged",
                               rate_text(1000.0 * static_cast<double>(answer.matches) /
                                         static_cast<double>(count->seen)),
                               answer.held, answer.held == 1 ? "was" : "were", answer.tagged,
                               answer.tagged == 1 ? "was" : "were");
    if (answer.released + answer.confirmed > 0)
        env.out << "; an admin released " << answer.released << " and confirmed "
                << answer.confirmed;
    env.out << '\n';
    if (answer.matches == 0) return 0;
    env.out << '\n';
    if (question.grouping == HuntGrouping::None)
        print_matches(env, answer);
    else
        print_groups(env, answer, question);
    return 0;
}

}  // namespace kith::admin
