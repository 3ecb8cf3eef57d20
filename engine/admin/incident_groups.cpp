// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/incident_groups.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "engine/admin/campaign.hpp"
#include "engine/admin/campaigns.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/base/text.hpp"

namespace kith::admin {
namespace {

/// Sets that are joined where they share something.
class Sets {
public:
    explicit Sets(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0U); }
    std::size_t find(std::size_t i) {
        while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
        return i;
    }
    /// The smaller number stands for both.
    void join(std::size_t a, std::size_t b) {
        const std::size_t one = find(a), other = find(b);
        parent_[std::max(one, other)] = std::min(one, other);
    }

private:
    std::vector<std::size_t> parent_;
};

struct Member {
    MailEntry entry;
    std::vector<std::string> rcpts;
};

/// The incident's mails that the index knows; their campaigns join it with others.
Result<std::vector<Member>> look_at(const Config& config, const StoreReader& reader,
                                    const Incident& incident, std::size_t number,
                                    Campaigns& campaigns, std::map<std::size_t, std::size_t>& first,
                                    Sets& sets) {
    std::vector<Member> out;
    for (const Incident::Mail& m : incident.mails) {
        auto entry = find_mail(reader, m.id);
        if (!entry) return fail(entry.error());
        if (!entry->has_value()) continue;
        Member member{**entry, {}};
        const auto record = read_record(config, member.entry);
        if (record) {
            member.rcpts = record->rcpts;
            const std::size_t campaign = campaigns.add(record->observations);
            sets.join(first.try_emplace(campaign, number).first->second, number);
        } else if (!member.entry.rcpt.empty()) {
            member.rcpts = {member.entry.rcpt};
        }
        out.push_back(std::move(member));
    }
    return out;
}

void add(IncidentGroup& group, const Incident& incident, const std::vector<Member>& members,
         const ScoringOptions& options) {
    const std::string from = ascii_lower(incident.from);
    if (std::find(group.senders.begin(), group.senders.end(), from) == group.senders.end())
        group.senders.push_back(from);
    if (group.incidents.empty()) group.first = group.last = incident.opened;
    group.incidents.push_back(incident);
    group.mails += incident.mails.size() + incident.left_out;
    for (const Incident::Mail& m : incident.mails) {
        group.first = std::min(group.first, m.time);
        group.last = std::max(group.last, m.time);
    }
    for (const Member& m : members) {
        const MailEntry& e = m.entry;
        const bool held = e.action == Action::Held || e.action == Action::Rejected;
        group.held += held;
        group.near_held +=
            !held && (e.verdict == Verdict::Quarantine || e.verdict == Verdict::Reject ||
                      is_near_held(e.verdict, e.action, e.score, options));
        for (const std::string& rcpt : m.rcpts) group.rcpts.insert(ascii_lower(rcpt));
    }
}

}  // namespace

bool IncidentGroup::is_open(Time now) const noexcept {
    return std::any_of(incidents.begin(), incidents.end(),
                       [&](const Incident& i) { return i.is_open(now); });
}

std::string_view IncidentGroup::state(Time now) const noexcept {
    if (is_open(now)) {
        const bool any_held = std::any_of(incidents.begin(), incidents.end(),
                                          [](const Incident& i) { return !i.near_only; });
        return any_held ? "open" : "near-held";
    }
    return newest().closed != Time{} ? "closed" : "over";
}

Result<std::vector<IncidentGroup>> group_incidents(const Config& config, const StoreReader& reader,
                                                   const std::vector<Incident>& incidents) {
    Sets sets(incidents.size());
    Campaigns campaigns;
    std::map<std::size_t, std::size_t> first_of_campaign;
    std::map<std::string, std::size_t> first_of_sender;
    std::vector<std::vector<Member>> members;
    for (std::size_t i = 0; i < incidents.size(); ++i) {
        sets.join(first_of_sender.try_emplace(ascii_lower(incidents[i].from), i).first->second, i);
        auto found = look_at(config, reader, incidents[i], i, campaigns, first_of_campaign, sets);
        if (!found) return fail(found.error());
        members.push_back(std::move(*found));
    }
    std::map<std::size_t, IncidentGroup> groups;
    for (std::size_t i = 0; i < incidents.size(); ++i)
        add(groups[sets.find(i)], incidents[i], members[i], config.budget);
    std::vector<IncidentGroup> out;
    std::vector<std::vector<std::string>> ids;
    for (auto& [number, group] : groups) {
        auto& list = ids.emplace_back();
        for (const Incident& incident : group.incidents)
            for (const Incident::Mail& m : incident.mails) list.push_back(m.id);
        out.push_back(std::move(group));
    }
    auto answered = who_answered(config, reader, ids);
    if (!answered) return fail(answered.error());
    for (std::size_t i = 0; i < out.size(); ++i) out[i].answered = std::move((*answered)[i]);
    return out;
}

}  // namespace kith::admin
