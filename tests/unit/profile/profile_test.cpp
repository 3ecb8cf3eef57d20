// SPDX-License-Identifier: Apache-2.0
// Counts of engine/profile/profile.hpp: adding, capping, evicting, fading, and where a value
// stands.
#include "engine/profile/profile.hpp"

#include "engine/features/observations.hpp"
#include "tests/support/catch.hpp"

using namespace kith;

namespace {

constexpr std::size_t kF = 3;
Time at(double days) { return from_unix(1'772'438'400 + static_cast<std::int64_t>(days * 86400)); }

/// Counts as given, one day a count so that no cap interferes.
Profile with(std::initializer_list<std::pair<std::uint32_t, float>> counts) {
    std::vector<ValueCount> v;
    for (const auto& [value, count] : counts)
        v.push_back({static_cast<std::uint16_t>(kF), 0, value, count});
    Profile p;
    p.restore(std::move(v));
    return p;
}

double count_of(const Profile& p, std::uint32_t value) {
    for (const auto& v : p.values())
        if (v.feature == kF && v.value == value) return static_cast<double>(v.count);
    return 0;
}

}  // namespace

TEST_CASE("adding returns where the value stood before") {
    Profile p;
    CHECK(p.add(kF, 7, at(0), 3, 16).n == 0);
    const Standing second = p.add(kF, 7, at(0), 3, 16);
    CHECK(second.n == 1);
    CHECK(second.seen);
    const Standing other = p.add(kF, 8, at(0), 3, 16);
    CHECK(other.n == 2);
    CHECK(other.t == 1);
    CHECK_FALSE(other.seen);
}

TEST_CASE("the weight of a value is how often it was counted") {
    Profile p;
    CHECK(p.weight(0, 7) == 0);
    p.add(0, 7, at(0), 255, 8);
    p.add(0, 7, at(0), 255, 8);
    p.add(0, 8, at(0), 255, 8);
    CHECK(p.weight(0, 7) == 2);
    CHECK(p.weight(0, 9) == 0);
    CHECK(p.weight(1, 7) == 0);
}

TEST_CASE("a value counts at most daily_cap times a day, and again on the next") {
    Profile p;
    for (int i = 0; i < 500; ++i) p.add(kF, 7, at(0), 3, 16);
    CHECK(count_of(p, 7) == 3);
    p.add(kF, 7, at(1), 3, 16);
    CHECK(count_of(p, 7) == 4);
}

TEST_CASE("a mail of an older day does not open the cap of today again") {
    Profile p;
    for (int i = 0; i < 10; ++i) {
        p.add(kF, 7, at(5), 3, 16);
        p.add(kF, 9, at(2), 3, 16);  // one that waited three days
    }
    CHECK(count_of(p, 7) == 3);
    CHECK(p.day == day_number(at(5)));
}

TEST_CASE("at the limit of values the rarest goes for a new one") {
    Profile p = with({{10, 5}, {20, 1}, {30, 3}});
    p.add(kF, 40, at(0), 3, 4);
    CHECK(p.values().size() == 4);
    CHECK(p.has(kF, 20));
    p.add(kF, 50, at(0), 3, 4);
    CHECK(p.values().size() == 4);
    CHECK_FALSE(p.has(kF, 20));
    CHECK(p.has(kF, 50));
    CHECK(p.total(kF) == 5 + 3 + 1 + 1);
}

TEST_CASE("features do not mix") {
    Profile p;
    p.add(kF, 7, at(0), 3, 16);
    p.add(kF + 1, 7, at(0), 3, 16);
    p.add(kF - 1, 9, at(0), 3, 16);
    CHECK(p.total(kF) == 1);
    CHECK_FALSE(p.has(kF, 9));
    CHECK(p.standing(kF, 7, false).t == 1);
}

TEST_CASE("a half-life halves every count, the mails and the received") {
    Profile p = with({{7, 8}, {9, 2}});
    p.aged = at(0);
    p.messages = 10;
    p.received = 4;
    p.age(at(90), 90);
    CHECK(count_of(p, 7) == Approx(4));
    CHECK(p.messages == Approx(5));
    CHECK(p.received == Approx(2));
    CHECK(p.total(kF) == Approx(5));
    p.age(at(180), 90);
    CHECK(count_of(p, 7) == Approx(2));
}

TEST_CASE("a value seen once is kept for five half-lives and no longer") {
    Profile p = with({{7, 1}});
    p.aged = at(0);
    p.age(at(5 * 90 - 1), 90);
    CHECK(p.has(kF, 7));
    p.age(at(5 * 90 + 1), 90);
    CHECK_FALSE(p.has(kF, 7));
    CHECK(p.total(kF) == 0);
}

TEST_CASE("a clock that goes back changes nothing") {
    Profile p = with({{7, 8}});
    p.aged = at(100);
    p.age(at(0), 90);
    CHECK(count_of(p, 7) == 8);
    CHECK(p.aged == at(100));
}

TEST_CASE("the first ageing only sets the time") {
    Profile p = with({{7, 8}});
    p.age(at(1000), 90);
    CHECK(count_of(p, 7) == 8);
    CHECK(p.aged == at(1000));
}

TEST_CASE("a value stands above those counted less and beside those counted as often") {
    const Profile p = with({{10, 6}, {20, 3}, {30, 3}, {40, 1}});
    const Standing s = p.standing(kF, 20, false);
    CHECK(s.n == 13);
    CHECK(s.t == 4);
    CHECK(s.below == 1);
    CHECK(s.equal == 6);
    CHECK(s.seen);
    const Standing unseen = p.standing(kF, 21, false);
    CHECK_FALSE(unseen.seen);
    CHECK(unseen.below == 0);
    CHECK(unseen.equal == 0);
}

TEST_CASE("neighbouring bins lend an ordinal value half of their counts") {
    // Bins 2, 3, 5 with counts 4, 1, 2: smoothed 4.5, 3, 2.
    const Profile p = with({{2, 4}, {3, 1}, {5, 2}});
    const Standing three = p.standing(kF, 3, true);
    CHECK(three.below == 2);  // bin 5
    CHECK(three.equal == 1);
    // Bin 4 was never seen, but 3 and 5 were: 0.5 + 1 = 1.5, fewer than all.
    const Standing four = p.standing(kF, 4, true);
    CHECK(four.seen);
    CHECK(four.below == 0);
    CHECK_FALSE(p.standing(kF, 4, false).seen);
    CHECK_FALSE(p.standing(kF, 9, true).seen);
}

TEST_CASE("absence is no neighbour of the first bin") {
    const Profile p = with({{FeatureValue::kAbsent, 9}});
    CHECK_FALSE(p.standing(kF, FeatureValue::kFirstBin, true).seen);
}

TEST_CASE("day numbers change at midnight UTC, before the epoch too") {
    CHECK(day_number(from_unix(86399)) == 0);
    CHECK(day_number(from_unix(86400)) == 1);
    CHECK(day_number(from_unix(-1)) == -1);
}
