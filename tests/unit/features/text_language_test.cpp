// SPDX-License-Identifier: Apache-2.0
// What the sum text_language adds up. Its ranking: tests/unit/scoring/surprises_test.cpp.
#include "engine/features/spec.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace kith;

TEST_CASE("text_language adds up its members and nothing else") {
    const FeatureSpec& spec = feature_spec(index_of(FeatureId::text_language));
    REQUIRE(spec.kind == Kind::Sum);
    for (const FeatureId id : {FeatureId::language_mix, FeatureId::language_unseen})
        CHECK(spec.sums(index_of(id)));
    for (const FeatureId id :
         {FeatureId::link_host, FeatureId::text_language, FeatureId::user_agent})
        CHECK_FALSE(spec.sums(index_of(id)));
}

}  // namespace
