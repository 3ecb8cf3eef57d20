// SPDX-License-Identifier: Apache-2.0
// What the sum text_links adds up. Its ranking: tests/unit/scoring/surprises_test.cpp.
#include "engine/features/spec.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace kith;

TEST_CASE("text_links adds up its members and nothing else") {
    const FeatureSpec& spec = feature_spec(index_of(FeatureId::text_links));
    REQUIRE(spec.kind == Kind::Sum);
    for (const FeatureId id :
         {FeatureId::link_host, FeatureId::anchor_mismatch, FeatureId::link_file,
          FeatureId::link_asks, FeatureId::link_opaque, FeatureId::link_words})
        CHECK(spec.sums(index_of(id)));
    for (const FeatureId id : {FeatureId::link_named, FeatureId::link_unasked,
                               FeatureId::text_links, FeatureId::user_agent})
        CHECK_FALSE(spec.sums(index_of(id)));
}

}  // namespace
