// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/account_alarms.hpp"

#include <algorithm>

#include "engine/admin/mail_lookup.hpp"
#include "engine/base/text.hpp"
#include "engine/learner/account_learner.hpp"
#include "engine/learner/incident.hpp"

namespace kith::admin {
namespace {

/// Who submitted the mail, if it is suspicious by itself; "" when nobody logged in for it, or its
/// record is gone. An incident is of a From address, which anybody can write, also holds the
/// ordinary mail around a held one, and begins where a reader says so: none of that is a ground to
/// lock somebody out.
std::string login_of(const Config& config, const StoreReader& reader, const std::string& id) {
    const auto entry = find_mail(reader, id);
    if (!entry || !entry->has_value()) return {};
    const auto record = read_record(config, **entry);
    if (!record) return {};
    const Verdict verdict = record->assessment.verdict;
    const bool suspicious = record->action == Action::Held || verdict == Verdict::Quarantine ||
                            verdict == Verdict::Reject;
    return suspicious ? ascii_lower(record->auth_user) : std::string();
}

}  // namespace

Result<std::vector<AccountAlarm>> account_alarms(const Config& config, const StoreReader& reader,
                                                 Time now, Time since) {
    const auto incidents = list_incidents(reader);
    if (!incidents) return fail(incidents.error());
    std::vector<AccountAlarm> out;
    for (const Incident& incident : *incidents) {
        if (!incident.is_open(now) || incident.opened < since) continue;
        if (incident.near_only) continue;  // nothing was held: no ground to lock anybody out
        for (const Incident::Mail& mail : incident.mails) {
            const std::string account = login_of(config, reader, mail.id);
            const bool known = std::any_of(out.begin(), out.end(), [&](const AccountAlarm& a) {
                return a.incident == incident.id && a.account == account;
            });
            if (account.empty() || known) continue;
            out.push_back(
                {account, incident.id, "suspicious mail goes out, kith incident " + incident.id});
        }
    }
    const auto of_accounts = list_account_incidents(reader);
    if (!of_accounts) return fail(of_accounts.error());
    for (const AccountIncident& incident : *of_accounts)
        if (incident.is_open(now) && incident.opened >= since)
            out.push_back({ascii_lower(incident.account), incident.id,
                           "unusual use of the account, kith incident " + incident.id});
    return out;
}

}  // namespace kith::admin
