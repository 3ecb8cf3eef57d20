// SPDX-License-Identifier: Apache-2.0
// `kith incident list|show|hold|close`: mail of one sender that belongs together, who got it before
// one of them was held, the stop for what is still queued, and the end. Covered by
// tests/unit/admin/incident_test.cpp.
#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <utility>

#include "engine/accounts/explain.hpp"
#include "engine/admin/account_view.hpp"
#include "engine/admin/audit.hpp"
#include "engine/admin/campaign.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/hold_queue.hpp"
#include "engine/admin/incident_groups.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/base/text.hpp"
#include "engine/learner/incident.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::string id, why;
    bool all = false, normal = false;
    MtaOptions mta;
};

/// find_account_incident(); nullopt when no account has one of this id.
Result<std::optional<AccountIncident>> the_account_incident(const StoreReader& reader,
                                                            const std::string& id) {
    auto found = find_account_incident(reader, id);
    if (found) return std::optional(std::move(*found));
    if (found.error().code == ErrorCode::NoInput) return std::optional<AccountIncident>{};
    return fail(std::move(found).error());
}

/// find_incident(), with the nearest id of any incident where there is none.
Result<Incident> the_incident(const StoreReader& reader, const std::string& id) {
    auto found = find_incident(reader, id);
    if (found || found.error().code != ErrorCode::NoInput) return found;
    const auto all = list_incidents(reader);
    std::vector<std::string> ids;
    if (all)
        for (const Incident& incident : *all) ids.push_back(incident.id);
    if (const auto of_accounts = list_account_incidents(reader))
        for (const AccountIncident& incident : *of_accounts) ids.push_back(incident.id);
    const std::string near = nearest(id, ids);
    if (near.empty()) return found;
    return fail(ErrorCode::NoInput, found.error().what,
                "the nearest is " + near + "; " + found.error().hint);
}

/// One mail of an incident with what index and journal still know.
struct Member {
    double evidence = 0;
    MailEntry entry;
    std::vector<std::string> rcpts;  ///< all of them while the journal has its record
};

/// Mail that the index has forgotten is left out.
Result<std::vector<Member>> members_of(const Config& config, const StoreReader& reader,
                                       const Incident& incident) {
    std::vector<Member> out;
    for (const Incident::Mail& m : incident.mails) {
        auto entry = find_mail(reader, m.id);
        if (!entry) return fail(entry.error());
        if (!entry->has_value()) continue;
        Member member{m.evidence, **entry, {}};
        auto record = read_record(config, member.entry);
        if (record)
            member.rcpts = record->rcpts;
        else if (!member.entry.rcpt.empty())
            member.rcpts = {member.entry.rcpt};
        out.push_back(std::move(member));
    }
    return out;
}

/// Recipients of what was delivered, each once, in the order of the mails.
std::vector<std::string> reached(const std::vector<Member>& members) {
    std::vector<std::string> out;
    for (const Member& m : members)
        for (const std::string& rcpt : m.rcpts)
            if (m.entry.is_delivered() && std::find(out.begin(), out.end(), rcpt) == out.end())
                out.push_back(rcpt);
    return out;
}

Json incident_json(const Incident& i, Time now) {
    return {{"id", i.id},
            {"from", i.from},
            {"opened", iso8601(i.opened)},
            {"last_held", iso8601(i.last_held)},
            {"open", i.is_open(now)},
            {"mails", i.mails.size() + i.left_out}};
}

void print_account_incidents(Env& env, const std::vector<AccountIncident>& incidents) {
    TextTable table({"ID", "STATE", "OPENED", "LAST STEP", "STEPS", "RISK", "ACCOUNT"});
    for (const AccountIncident& i : incidents)
        table.add({cell(i.id), i.is_open(env.now) ? "open" : "closed", iso8601(i.opened),
                   iso8601(i.last), std::to_string(i.steps.size() + i.left_out),
                   fixed1(static_cast<double>(i.risk)), cell(i.account, 64)});
    if (!table.empty()) table.print(env.out);
}

Json group_json(const IncidentGroup& g, Time now) {
    Json j{{"id", g.newest().id},
           {"state", g.state(now)},
           {"from", g.senders},
           {"mails", g.mails},
           {"held", g.held},
           {"near_held", g.near_held},
           {"rcpts", g.rcpts},
           {"answered", g.answered},
           {"first", iso8601(g.first)},
           {"last", iso8601(g.last)},
           {"incidents", Json::array()}};
    for (const Incident& i : g.incidents) j["incidents"].push_back(incident_json(i, now));
    return j;
}

/// "anna@partner.example and 2 more".
std::string first_of(const std::vector<std::string>& names) {
    if (names.empty()) return "-";
    return cell(names.front(), 64) +
           (names.size() > 1 ? " and " + std::to_string(names.size() - 1) + " more" : "");
}

Outcome list(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const auto incidents = list_incidents(reader);
    if (!incidents) return fail(incidents.error());
    auto of_accounts = list_account_incidents(reader);
    if (!of_accounts) return fail(of_accounts.error());
    auto groups = group_incidents(config, reader, *incidents);
    if (!groups) return fail(groups.error());
    const auto is_over = [&](const auto& i) { return !options.all && !i.is_open(env.now); };
    const std::size_t hidden =
        std::erase_if(*groups, is_over) + std::erase_if(*of_accounts, is_over);
    if (env.json) {
        Json j;
        j["groups"] = Json::array();
        for (const IncidentGroup& g : *groups) j["groups"].push_back(group_json(g, env.now));
        j["accounts"] = Json::array();
        for (const AccountIncident& i : *of_accounts)
            j["accounts"].push_back(account_incident_json(i, env.now));
        print_json(env.out, j);
        return 0;
    }
    if (groups->empty() && of_accounts->empty()) {
        env.out << (hidden == 0 ? "no incidents\n" : "no open incidents; --all shows the others\n");
        return 0;
    }
    print_account_incidents(env, *of_accounts);
    if (groups->empty()) return 0;
    if (!of_accounts->empty()) env.out << '\n';
    TextTable table(
        {"ID", "STATE", "FIRST", "LAST", "MAILS", "HELD", "NEARLY", "TO", "ANSWERED", "FROM"});
    for (const IncidentGroup& g : *groups)
        table.add({cell(g.newest().id), std::string(g.state(env.now)), iso8601(g.first),
                   iso8601(g.last), std::to_string(g.mails), std::to_string(g.held),
                   std::to_string(g.near_held), std::to_string(g.rcpts.size()),
                   first_of({g.answered.begin(), g.answered.end()}), first_of(g.senders)});
    table.print(env.out, {output_width(), {9, 8}, {2}});
    return 0;
}

std::string joined(const std::vector<std::string>& addresses) {
    std::string out;
    for (const std::string& a : addresses) out += (out.empty() ? "" : ", ") + cell(a);
    return out.empty() ? "nobody" : out;
}

/// Mail outside of the incident's own list, under a heading.
void print_related(std::ostream& out, const char* heading, const std::vector<RelatedMail>& mails,
                   bool (*wanted)(Tie)) {
    TextTable table({"ID", "TIME (UTC)", "SCORE", "HOW", "ACTION", "FROM", "TO", "CLIENT"});
    for (const RelatedMail& m : mails) {
        if (!wanted(m.tie)) continue;
        std::string when = iso8601(m.entry.time).substr(0, 16);
        when[10] = ' ';
        table.add({cell(m.entry.id), when, fixed1(m.entry.score), std::string(to_string(m.tie)),
                   fate_text(m.entry), cell(m.entry.from, 64), joined(m.rcpts),
                   cell(m.client, 64)});
    }
    if (table.empty()) return;
    out << '\n' << heading << '\n';
    table.print(out, {output_width(), {5, 6, 7, 4}, {7}});
}

Json related_json(const std::vector<RelatedMail>& mails, bool (*wanted)(Tie)) {
    Json out = Json::array();
    for (const RelatedMail& m : mails) {
        if (!wanted(m.tie)) continue;
        Json one = entry_json(m.entry);
        one["how"] = to_string(m.tie);
        one["rcpts"] = m.rcpts;
        one["client"] = m.client;
        out.push_back(std::move(one));
    }
    return out;
}

/// From its first mail to its last, held or not.
std::pair<Time, Time> span_of(const Incident& incident) {
    Time first = incident.opened, last = incident.last_held;
    for (const Incident::Mail& m : incident.mails) {
        first = std::min(first, m.time);
        last = std::max(last, m.time);
    }
    return {first, last};
}

bool from_there(Tie t) { return t == Tie::Sender || t == Tie::Network || t == Tie::Host; }
bool is_reply(Tie t) { return t == Tie::Reply; }
bool of_campaign(Tie t) { return is_campaign(t); }

Outcome show(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const auto of_account = the_account_incident(reader, options.id);
    if (!of_account) return fail(of_account.error());
    if (of_account->has_value()) {
        print_account_incident(env, **of_account);
        return 0;
    }
    const auto incident = the_incident(reader, options.id);
    if (!incident) return fail(incident.error());
    const auto members = members_of(config, reader, *incident);
    if (!members) return fail(members.error());
    const std::vector<std::string> got = reached(*members);
    std::vector<std::string> ids;
    for (const Incident::Mail& m : incident->mails) ids.push_back(m.id);
    const auto related = related_mail(config, reader, ids);
    if (!related) return fail(related.error());
    if (env.json) {
        Json j = incident_json(*incident, env.now);
        j["mails"] = Json::array();
        for (const Member& m : *members) {
            Json mail = entry_json(m.entry);
            mail["evidence"] = rounded(m.evidence, 3);
            mail["rcpts"] = m.rcpts;
            j["mails"].push_back(std::move(mail));
        }
        j["left_out"] = incident->left_out;
        j["delivered_to"] = got;
        j["campaign"] = related_json(related->mails, of_campaign);
        j["replies"] = related_json(related->mails, is_reply);
        j["also_from_there"] = related_json(related->mails, from_there);
        print_json(env.out, j);
        return 0;
    }
    const auto [first, last] = span_of(*incident);
    env.out << "Incident " << cell(incident->id) << ": mail of " << cell(incident->from) << ", "
            << iso8601(first) << " to " << iso8601(last)
            << (incident->is_open(env.now) ? "\n" : ", closed\n") << "Delivered to: " << joined(got)
            << "\n\n";
    TextTable table({"ID", "TIME", "EVIDENCE", "SCORE", "ACTION", "QUEUE ID", "TO"});
    for (const Member& m : *members)
        table.add({cell(m.entry.id), iso8601(m.entry.time), fixed1(m.evidence),
                   fixed1(m.entry.score), fate_text(m.entry), cell(m.entry.queue_id),
                   joined(m.rcpts)});
    table.print(env.out);
    if (incident->left_out > 0)
        env.out << "and " << counted(incident->left_out, "mail") << " more, see kith list\n";
    print_related(env.out, "The same campaign, from others as well:", related->mails, of_campaign);
    print_related(env.out, "Who answered:", related->mails, is_reply);
    print_related(env.out, "What else came from there:", related->mails, from_there);
    if (related->left_out > 0)
        env.out << "and " << counted(related->left_out, "mail") << " more around it\n";
    env.out << "\nWhat you can do:\n  kith incident hold " << cell(incident->id)
            << "    # put on hold what is still queued\n";
    if (incident->is_open(env.now))
        env.out << "  kith incident close " << cell(incident->id)
                << "   # when the account is its owner's again\n";
    return 0;
}

Outcome hold(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const auto of_account = the_account_incident(reader, options.id);
    if (!of_account) return fail(of_account.error());
    if (of_account->has_value())
        return fail(
            ErrorCode::Usage,
            "incident " + (*of_account)->id + " is of an account: it has no queue of its own",
            "kith account lock " + (*of_account)->account + " stops its mail and its logins");
    const auto incident = the_incident(reader, options.id);
    if (!incident) return fail(incident.error());
    const auto members = members_of(config, reader, *incident);
    if (!members) return fail(members.error());
    if (::geteuid() != 0)
        return fail(ErrorCode::Permission, "only root may put mail on hold",
                    "run as root: sudo kith incident hold " + incident->id);
    const auto queue = HoldQueue::open(options.mta);
    if (!queue) return fail(queue.error());
    const Result<std::string> host = (*queue)->host();
    if (!host) return fail(host.error());
    const Result<QueueView> queued = (*queue)->look();
    if (!queued) return fail(queued.error());

    std::vector<const Member*> stopped;
    for (const Member& m : *members) {
        if (!m.entry.host.empty() && m.entry.host != *host) continue;
        const auto found = queued->find(m.entry.queue_id);
        if (found == queued->end() || found->second == kOnHold || !is_queue_id(found->first))
            continue;
        if (Status s =
                audit(config, env.now,
                      {"incident hold", m.entry.id,
                       "incident " + incident->id + ", queue id " + m.entry.queue_id, options.why});
            !s)
            return fail(std::move(s).error());
        if (Status s = (*queue)->hold(m.entry.queue_id); !s) return fail(std::move(s).error());
        stopped.push_back(&m);
    }
    if (env.json) {
        Json j{{"id", incident->id}, {"held", Json::array()}};
        for (const Member* m : stopped)
            j["held"].push_back({{"id", m->entry.id}, {"queue_id", m->entry.queue_id}});
        print_json(env.out, j);
        return 0;
    }
    for (const Member* m : stopped)
        env.out << "held " << cell(m->entry.id) << ": " << cell(m->entry.queue_id) << " to "
                << joined(m->rcpts) << '\n';
    if (stopped.empty())
        env.out << "nothing of incident " << cell(incident->id)
                << " is queued: it is delivered, on hold or was not accepted\n";
    return 0;
}

/// How and when an incident of mail ended. REQUIRES that it is not open.
std::string ending_of(const Incident& incident) {
    if (incident.closed != Time{}) return "closed by an admin on " + iso8601(incident.closed);
    return "over on " + iso8601(incident.last_held + kIncidentKept) + ", " +
           span_text(kIncidentKept) + " after its last mail that was held or nearly";
}

/// The end of an account's incident: nothing of it is learned, or all of it at once.
Outcome close_account(Env& env, const Config& config, const AccountIncident& incident,
                      const Options& options) {
    if (!incident.is_open(env.now))
        return fail(ErrorCode::NoInput,
                    "incident " + incident.id + " of account " + incident.account +
                        " is not open any more: " + ending_text(incident, env.now),
                    "nothing is left to close; kith incident list shows those that are open");
    const std::string what =
        "account " + incident.account + (options.normal ? ", its owner's ways" : "");
    if (Status s = audit(config, env.now, {"incident close", incident.id, what, options.why}); !s)
        return fail(std::move(s).error());
    AdminRecord record;
    record.id = incident.id;
    record.why = options.why;
    record.learn = options.normal;
    if (Status s = append_admin_record(config, RecordType::Close, env.now, std::move(record)); !s)
        return fail(std::move(s).error());
    if (env.json)
        print_json(env.out, Json{{"id", incident.id}, {"recorded", true}});
    else
        env.out << "closed incident " << cell(incident.id) << ": what happened on "
                << cell(incident.account)
                << (options.normal ? " is normal from now on\n" : " is not learned\n");
    return 0;
}

Outcome close(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const auto of_account = the_account_incident(reader, options.id);
    if (!of_account) return fail(of_account.error());
    if (of_account->has_value()) return close_account(env, config, **of_account, options);
    if (options.normal)
        return fail(ErrorCode::Usage, "--normal is for an incident of an account",
                    "kith release --learn says that a held mail is normal");
    const auto incident = the_incident(reader, options.id);
    if (!incident) return fail(incident.error());
    if (!incident->is_open(env.now))
        return fail(ErrorCode::NoInput,
                    "incident " + incident->id + " is not open any more: " + ending_of(*incident),
                    "nothing is left to close; kith incident list shows those that are open");
    if (Status s =
            audit(config, env.now,
                  {"incident close", incident->id, "mail of " + incident->from, options.why});
        !s)
        return fail(std::move(s).error());
    AdminRecord record;
    record.id = incident->id;
    record.why = options.why;
    if (Status s = append_admin_record(config, RecordType::Close, env.now, std::move(record)); !s)
        return fail(std::move(s).error());
    if (env.json)
        print_json(env.out, Json{{"id", incident->id}, {"recorded", true}});
    else
        env.out << "closed incident " << cell(incident->id) << ": later mail of "
                << cell(incident->from) << " may teach again\n";
    return 0;
}

}  // namespace

StoreAction setup_incident(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    CLI::App* list_sub =
        sub.add_subcommand("list", "List open incidents by campaign and sender, newest first");
    CLI::App* show_sub = sub.add_subcommand("show", "Show an incident's mail and who got it");
    CLI::App* hold_sub =
        sub.add_subcommand("hold", "Put on hold what is still queued of an incident");
    CLI::App* close_sub = sub.add_subcommand("close", "Record that an incident is over");
    list_sub->add_flag("--all", options->all, "Also those that are closed or over");
    for (CLI::App* one : {show_sub, hold_sub, close_sub})
        one->add_option("ID", options->id, "Beginning of the incident's id, or id of a mail in it")
            ->required();
    close_sub->add_flag("--normal", options->normal,
                        "It was the account's owner: what happened is normal");
    add_mta_options(*hold_sub, options->mta);
    for (CLI::App* one : {hold_sub, close_sub}) add_reason_option(*one, options->why);
    for (CLI::App* one : {list_sub, show_sub, hold_sub, close_sub}) one->fallthrough();
    sub.require_subcommand(1);
    return [options, list_sub, hold_sub, close_sub](Env& env, const Config& config,
                                                    const StoreReader& reader) {
        if (list_sub->parsed()) return list(env, config, reader, *options);
        if (close_sub->parsed()) return close(env, config, reader, *options);
        return hold_sub->parsed() ? hold(env, config, reader, *options)
                                  : show(env, config, reader, *options);
    };
}

}  // namespace kith::admin
