// SPDX-License-Identifier: Apache-2.0
// Allowances (engine/profile/allowance.hpp): for whom, for what, until when; and their bytes.
#include "engine/profile/allowance.hpp"

#include "engine/features/feature_id.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

Allowance allowance(std::string id, std::initializer_list<std::string_view> to,
                    std::vector<std::uint16_t> features, double until = 30) {
    Allowance a;
    a.id = std::move(id);
    for (const auto rcpt : to) {
        a.rcpts.push_back(person(rcpt));
        a.rcpt_names.emplace_back(rcpt);
    }
    a.features = std::move(features);
    a.granted = day(0);
    a.expires = day(until);
    a.from = "anna@partner.example";
    a.who = "jo";
    a.why = "their portal";
    return a;
}

using Features = std::vector<std::uint16_t>;
const Key16 kBen = person("ben@site.example"), kCora = person("cora@site.example");

}  // namespace

TEST_CASE("what is allowed to one recipient is allowed to that one only, and until its day") {
    Allowances all;
    all.add(allowance("m1", {"ben@site.example"}, {3, 5}), day(0));
    CHECK(all.allowed({kBen}, day(1)) == Features{3, 5});
    CHECK(all.allowed({kCora}, day(1)).empty());
    CHECK(all.allowed({kBen, kCora}, day(1)).empty());
    CHECK(all.allowed({}, day(1)).empty());
    CHECK(all.allowed({kBen}, day(29.9)) == Features{3, 5});
    CHECK(all.allowed({kBen}, day(30)).empty());
}

TEST_CASE("a mail to several is allowed what each of them is allowed, from whichever mail") {
    Allowances all;
    all.add(allowance("m1", {"ben@site.example"}, {3, 5}), day(0));
    all.add(allowance("m2", {"cora@site.example", "ben@site.example"}, {5, 7}), day(0));
    CHECK(all.allowed({kBen}, day(1)) == Features{3, 5, 7});
    CHECK(all.allowed({kBen, kCora}, day(1)) == Features{5, 7});
}

TEST_CASE("the same mail allowed again replaces itself, and the number is bounded") {
    Allowances all;
    all.add(allowance("m1", {"ben@site.example"}, {3}), day(0));
    all.add(allowance("m1", {"ben@site.example"}, {4}), day(1));
    CHECK(all.items.size() == 1);
    CHECK(all.allowed({kBen}, day(2)) == Features{4});
    for (int i = 0; i < 100; ++i)
        all.add(allowance("x" + std::to_string(i), {"cora@site.example"}, {4}), day(1));
    CHECK(all.items.size() == Allowances::kMax);
    CHECK(all.items.back().id == "x99");
    CHECK(all.remove("x99"));
    CHECK_FALSE(all.remove("x99"));
    all.add(allowance("late", {"ben@site.example"}, {4}, 90), day(60));
    CHECK(all.items.size() == 1);  // the others are over
}

TEST_CASE("what is encoded decodes to the same, and other bytes to nothing") {
    Allowances all;
    all.add(allowance("m1", {"ben@site.example"}, {3, 5}), day(0));
    all.add(allowance("m2", {"cora@site.example", "ben@site.example"}, {0}), day(0));
    const std::string bytes = encode(all);
    const auto back = decode_allowances(bytes);
    REQUIRE(back);
    CHECK(encode(*back) == bytes);
    CHECK(back->items.at(1).rcpt_names.at(1) == "ben@site.example");
    CHECK(back->items.at(0).features == Features{3, 5});
    CHECK(back->items.at(0).expires == day(30));
    CHECK(encode(decode_allowances(encode(Allowances{})).value()) == encode(Allowances{}));
    CHECK_FALSE(decode_allowances(""));
    CHECK_FALSE(decode_allowances("KAL1KAL1KAL1"));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        (void)decode_allowances(bytes.substr(0, n));
        std::string flipped = bytes;
        flipped[n] = static_cast<char>(flipped[n] ^ 0x55);
        if (const auto odd = decode_allowances(flipped))
            CHECK(odd->items.size() <= Allowances::kMax);
    }
}
