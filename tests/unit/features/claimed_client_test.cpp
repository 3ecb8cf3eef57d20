// SPDX-License-Identifier: Apache-2.0
// What claimed_client adds up. How it judges a mail: tests/unit/scoring/surprises_test.cpp.
#include "engine/features/spec.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace kith;

TEST_CASE("claimed_client adds up how a mail is written and nothing else") {
    const FeatureSpec& spec = feature_spec(index_of(FeatureId::claimed_client));
    REQUIRE(spec.kind == Kind::Claim);
    for (const FeatureId id : {FeatureId::time_zone, FeatureId::user_agent, FeatureId::quote_style})
        CHECK(spec.sums(index_of(id)));
    for (const FeatureId id : {FeatureId::client_network, FeatureId::language_mix,
                               FeatureId::display_name, FeatureId::claimed_client})
        CHECK_FALSE(spec.sums(index_of(id)));
}

}  // namespace
