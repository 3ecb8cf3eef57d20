// SPDX-License-Identifier: Apache-2.0
// What the sum text_asks adds up. Its ranking: tests/unit/scoring/surprises_test.cpp.
#include "engine/features/spec.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace kith;

TEST_CASE("text_asks adds up its members and nothing else") {
    const FeatureSpec& spec = feature_spec(index_of(FeatureId::text_asks));
    REQUIRE(spec.kind == Kind::Sum);
    for (const FeatureId id :
         {FeatureId::ask_click, FeatureId::ask_pay, FeatureId::ask_unsubscribe})
        CHECK(spec.sums(index_of(id)));
    for (const FeatureId id : {FeatureId::ask_count, FeatureId::text_asks, FeatureId::user_agent})
        CHECK_FALSE(spec.sums(index_of(id)));
}

}  // namespace
