// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/past_incidents.hpp"

#include "engine/accounts/codec.hpp"
#include "engine/accounts/explain.hpp"
#include "tests/unit/accounts/account_builder.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr Time day(int n) { return kMonday + Seconds(86400LL * n); }

AccountIncident incident(const std::string& id, Time opened, std::size_t steps = 1) {
    AccountIncident i;
    i.id = id;
    i.account = "anna@own.example";
    i.opened = i.last = opened;
    for (std::size_t n = 0; n < steps; ++n) {
        i.last = opened + Seconds(static_cast<std::int64_t>(60 * n));
        i.steps.push_back({i.last, AccountAct::Login, std::string(400, 'x'), "", 0, 50});
    }
    return i;
}

std::size_t steps_of(const AccountState& a) {
    std::size_t sum = 0;
    for (const AccountIncident& i : a.past) sum += i.steps.size();
    return sum;
}

}  // namespace

TEST_CASE("an incident that is put away is a past one, and its time ran out unless closed") {
    AccountState a;
    put_away_incident(a);
    CHECK(a.past.empty());
    a.incident = incident("first", day(0));
    put_away_incident(a);
    CHECK(a.incident.id.empty());
    REQUIRE(a.past.size() == 1);
    CHECK(a.past[0].closed == day(0) + AccountIncident::kKept);
    CHECK(ended_by_itself(a.past[0]));
    a.incident = incident("second", day(30));
    a.incident.closed = day(31);
    put_away_incident(a);
    CHECK(a.past[1].closed == day(31));
    CHECK_FALSE(ended_by_itself(a.past[1]));
    CHECK(incident_of(a, "first") == &a.past[0]);
    CHECK(incident_of(a, "third") == nullptr);
    CHECK(incident_of(a, "") == nullptr);
}

TEST_CASE("the last eight are kept, the newest with most of their stories") {
    AccountState a;
    for (int n = 0; n < 20; ++n) {
        a.incident = incident("id" + std::to_string(n), day(30 * n), AccountIncident::kMaxSteps);
        a.incident.left_out = 5;
        put_away_incident(a);
        CHECK(steps_of(a) <= kMaxStepsOfPast);
    }
    REQUIRE(a.past.size() == kMaxPastIncidents);
    CHECK(a.past.front().id == "id12");
    CHECK(a.past.back().id == "id19");
    CHECK(a.past.back().steps.size() == kMaxPastSteps);
    CHECK(a.past.back().left_out == 5 + AccountIncident::kMaxSteps - kMaxPastSteps);
    // The beginning of the story stays.
    CHECK(a.past.front().steps.size() == kLeastPastSteps);
    CHECK(a.past.front().steps[0].time == day(30 * 12));
    CHECK(a.past.front().left_out == 5 + AccountIncident::kMaxSteps - kLeastPastSteps);
    // Texts as long as they may be, which hardly one is.
    AccountState none = a;
    none.past.clear();
    CHECK(encode(a).size() - encode(none).size() < 35'000);
}

TEST_CASE("what is over goes with its time, what is open stays however old it is") {
    AccountState a;
    a.past = {incident("old", day(0)), incident("newer", day(20))};
    a.incident = incident("last", day(40));
    CHECK(drop_incidents(a, day(10), day(41)) == 1);
    REQUIRE(a.past.size() == 1);
    CHECK(a.past[0].id == "newer");
    CHECK(drop_incidents(a, day(41), day(41)) == 1);
    CHECK(a.past.empty());
    CHECK(a.incident.id == "last");
    CHECK(drop_incidents(a, day(41), day(53)) == 0);
    // Over, and nothing of what led to it is learned afterwards.
    a.pending = {{2, 99, day(60)}};
    CHECK(drop_incidents(a, day(41), day(55)) == 1);
    CHECK(a.incident.id.empty());
    CHECK(a.pending.empty());
    CHECK(drop_incidents(a, day(41), day(55)) == 0);
}

TEST_CASE("what waits to be learned since an incident was closed is not lost with the incident") {
    AccountState a;
    a.incident = incident("last", day(0));
    a.incident.closed = day(1);
    a.pending = {{2, 99, day(60)}};
    CHECK(drop_incidents(a, day(50), day(55)) == 1);
    CHECK(a.pending.size() == 1);
}

TEST_CASE("how an incident ended is said in words") {
    AccountIncident i = incident("x", day(0));
    CHECK(ending_text(i, day(14)) == "open");
    CHECK(ending_text(i, day(15)) == "over, 14 days without a step");
    i.closed = day(2);
    CHECK(ending_text(i, day(3)) == "closed by an admin");
    i.normal = true;
    CHECK(ending_text(i, day(3)) == "closed by an admin: it was the owner");
    i.normal = false;
    i.closed = i.last + AccountIncident::kKept;
    CHECK(ending_text(i, day(15)) == "over, 14 days without a step");
}
