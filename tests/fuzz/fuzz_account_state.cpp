// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as every record of engine/accounts/codec.hpp: nothing, or a state within its
// bounds that encodes to something that gives the same again, and with which events are judged.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/accounts/codec.hpp"
#include "engine/accounts/judge.hpp"
#include "engine/accounts/past_incidents.hpp"

namespace {

using namespace kith;

void check_bounds(const AccountState& a) {
    if (a.endpoints.size() > AccountState::kMaxEndpoints ||
        a.sessions.size() > AccountState::kMaxSessions ||
        a.failures.size() > AccountState::kMaxFailures ||
        a.pending.size() > AccountState::kMaxPending ||
        a.arrived.size() > AccountState::kMaxArrived ||
        a.unusual.size() > AccountState::kMaxUnusual ||
        a.incident.steps.size() > AccountIncident::kMaxSteps || a.past.size() > kMaxPastIncidents)
        std::abort();
    std::size_t steps = 0;
    for (const AccountIncident& past : a.past) steps += past.steps.size();
    if (steps > kMaxStepsOfPast) std::abort();
}

/// A login and a deletion of an account as it was read.
void use(AccountState& account, AccountSite& site) {
    static Habits domain, all;
    Sighting s;
    s.time = std::max(account.last, from_unix(1'790'000'000));
    s.act = AccountAct::Login;
    for (std::size_t f = 0; f < kAccountFeatures; ++f) s.values[f] = 1;
    (void)observe_account(s, {}, "abcdefghijklmnop", {account, domain, all, site});
    s.act = AccountAct::Delete;
    s.messages = 1000;
    (void)observe_account(s, {}, "abcdefghijklmnop", {account, domain, all, site});
    check_bounds(account);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view in(reinterpret_cast<const char*>(bytes), size);
    static AccountSite site;  // large; what one input left there is input for the next
    if (auto account = decode_account_state(in)) {
        check_bounds(*account);
        const std::string once = encode(*account);
        const auto again = decode_account_state(once);
        if (!again || encode(*again) != once) std::abort();
        use(*account, site);
    }
    for (const AccountFeatureSpec& f : kAccountFeatureSpecs) {
        Habit habit;
        if (decode_habit(in, f.tag, habit) && habit.values().size() > kMostOfParent) std::abort();
    }
    for (const char* piece : {"basics", "peaks/0", "peaks/5", "novelty/1"})
        (void)decode_site_piece(piece, in, site);
    const auto cut = in.find('\0');
    if (cut != std::string_view::npos)
        (void)decode_site_piece(in.substr(0, cut), in.substr(cut + 1), site);
    return 0;
}
