// SPDX-License-Identifier: Apache-2.0
// Vocabularies, short lists and the site's start state (engine/profile/state.hpp).
#include "engine/profile/state.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

TEST_CASE("a word's count is the sum of its weights; others have none") {
    Vocabulary v;
    v.add(30, 1);
    v.add(10, 2);
    v.add(20, 1);
    v.add(10, 0.5F);
    CHECK(v.count(10) == 2.5F);
    CHECK(v.count(11) == 0);
    CHECK(v.total == 4.5F);
    REQUIRE(v.words.size() == 3);
    CHECK(v.words[0].word == 10);
    CHECK(v.words[2].word == 30);
}

TEST_CASE("words fade with the half-life and are dropped below a tenth") {
    Vocabulary v;
    v.add(10, 8);
    v.add(20, 0.15F);
    v.age(day(0), 90);
    v.age(day(90), 90);
    CHECK(v.count(10) == Approx(4));
    CHECK(v.count(20) == 0);
    CHECK(v.words.size() == 1);
}

TEST_CASE("a vocabulary is not aged within a day nor backwards") {
    Vocabulary v;
    v.add(10, 8);
    v.age(day(10), 90);
    v.age(day(10.9), 90);
    v.age(day(0), 90);
    CHECK(v.count(10) == 8);
}

TEST_CASE("a vocabulary at its limit is left alone, one above loses the rarest quarter") {
    Vocabulary v;
    for (std::uint32_t w = 1; w <= 8; ++w) v.add(w, static_cast<float>(w));
    v.trim(8);
    CHECK(v.words.size() == 8);
    v.add(9, 9);
    const float total = v.total;
    v.trim(8);
    CHECK(v.words.size() == 6);
    CHECK(v.count(3) == 0);
    CHECK(v.count(4) == 4);
    CHECK(v.total == total);
}

TEST_CASE("among words used equally often enough stay to fill the rest") {
    Vocabulary v;
    for (std::uint32_t w = 1; w <= 9; ++w) v.add(w, 1);
    v.trim(8);
    CHECK(v.words.size() == 6);
}

TEST_CASE(
    "a short list keeps the newest, moves what comes again to the end and tells what is new") {
    std::vector<std::uint32_t> list;
    CHECK(remember(list, 1, 3));
    CHECK(remember(list, 2, 3));
    CHECK(remember(list, 3, 3));
    CHECK_FALSE(remember(list, 1, 3));
    CHECK(list == std::vector<std::uint32_t>{2, 3, 1});
    CHECK(remember(list, 4, 3));
    CHECK(list == std::vector<std::uint32_t>{3, 1, 4});
    CHECK(contains(list, 4));
    CHECK_FALSE(contains(list, 2));
}

TEST_CASE("the site begins with empty rings of the agreed sizes, ranks only for ranked features") {
    const SiteState site;
    CHECK(site.scores[0][0].capacity() == kScoreRing);
    CHECK(site.evidence[2].capacity() == kLevelRing);
    CHECK(site.indicators[1][5].capacity() == kIndicatorRing);
    CHECK(site.anomaly.dimension() == kFeatureCount);
    const auto ranked = index_of(FeatureId::language_mix);
    REQUIRE(site.ranks[ranked].size() == kRankBuckets);
    CHECK(site.ranks[ranked].size() == 24);  // 6 lengths x 4 histories: FORMAT.md
    CHECK(site.ranks[ranked][0].capacity() == kRankRing);
    CHECK(has_ranks(ranked));
    const auto sum = index_of(FeatureId::text_asks);
    REQUIRE(has_ranks(sum));
    CHECK(site.ranks[sum][0].capacity() == kSumRing);
    CHECK(rank_bucket(ranked, 2, 3) == 11);
    CHECK(rank_bucket(ranked, 5, 3) == 23);
    CHECK(rank_bucket(sum, 2, 3) == 8);  // one bucket a length, whatever the history
    CHECK(site.ranks[index_of(FeatureId::user_agent)].empty());
}

TEST_CASE("a VIP is one of the best connected twentieth, with five ties at least") {
    People p;
    p.tied = 40;  // two of them
    for (std::uint32_t a = 1; a <= 10; ++a) p.rank(a, static_cast<float>(a));
    CHECK(p.vips() == 2);
    CHECK(p.is_vip(10));
    CHECK(p.is_vip(9));
    CHECK_FALSE(p.is_vip(8));
    p.rank(1, 20);
    CHECK(p.is_vip(1));
    CHECK_FALSE(p.is_vip(9));
    CHECK(p.central.size() == 10);
    People few;
    few.tied = 3;
    few.rank(7, 4);
    CHECK_FALSE(few.is_vip(7));
    few.rank(7, 5);
    CHECK(few.is_vip(7));
}

TEST_CASE("the best connected are bounded; the least of them goes") {
    People p;
    for (std::uint32_t a = 0; a <= People::kMaxCentral; ++a)
        p.rank(a, static_cast<float>(1000 - a));
    CHECK(p.central.size() == People::kMaxCentral);
    CHECK(p.central.front().address == 0);
    CHECK(p.central.back().address == People::kMaxCentral - 1);
}
