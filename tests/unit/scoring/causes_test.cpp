// SPDX-License-Identifier: Apache-2.0
// What belongs together (engine/scoring/causes.hpp).
#include "engine/scoring/causes.hpp"

#include <set>

#include "engine/features/asks.hpp"
#include "tests/support/catch.hpp"

using namespace kith;

TEST_CASE("every feature belongs to one cause, and that one lists it") {
    std::set<std::size_t> seen;
    for (std::size_t c = 0; c < causes().size(); ++c) {
        CHECK_FALSE(causes()[c].features.empty());
        CHECK(causes()[c].spokesmen >= 1);
        CHECK(causes()[c].spokesmen <= causes()[c].features.size());
        for (const auto f : causes()[c].features) {
            CHECK(seen.insert(f).second);
            CHECK(cause_of(f) == c);
        }
    }
    CHECK(seen.size() == kFeatureCount);
}

TEST_CASE("one client, one request, one link: told once") {
    const auto same = [](FeatureId a, FeatureId b) {
        return cause_of(index_of(a)) == cause_of(index_of(b));
    };
    CHECK(same(FeatureId::user_agent, FeatureId::time_zone));
    CHECK(same(FeatureId::aligned_signer, FeatureId::dkim_fields));
    CHECK(same(FeatureId::link_host, FeatureId::link_token));
    CHECK(cause_of(index_of(Ask::Pay)) == cause_of(index_of(Ask::Hurry)));
    CHECK_FALSE(same(FeatureId::user_agent, FeatureId::submit_network));
    CHECK_FALSE(same(FeatureId::payment_data, FeatureId::ask_pay));
}
