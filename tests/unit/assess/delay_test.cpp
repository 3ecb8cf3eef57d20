// SPDX-License-Identifier: Apache-2.0
// Which mails were delayed once (engine/assess/delay.hpp).
#include "engine/assess/delay.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

std::uint64_t key_of(const Observations& o) { return delay_key(o, test_hasher()); }

}  // namespace

TEST_CASE("a retry is the same mail, whenever it comes and whatever client brings it") {
    const Mail first = Mail().id("m1");
    Mail retry = Mail("anna@partner.example", day(2)).id("m1");
    retry.shows(FeatureId::client_network, "198.51.100.0/24");
    CHECK(key_of(retry) == key_of(first));
}

TEST_CASE("another sender, recipient or Message-ID is another mail") {
    const std::uint64_t key = key_of(Mail().id("m1"));
    CHECK(key_of(Mail("eve@partner.example").id("m1")) != key);
    CHECK(key_of(Mail().id("m1").to({"eve@site.example"})) != key);
    CHECK(key_of(Mail().id("m1").to({"ben@site.example", "eve@site.example"})) != key);
    CHECK(key_of(Mail().id("m2")) != key);
}

TEST_CASE("mail without a Message-ID is known by its words") {
    Mail one, other;
    one.get().message_id = other.get().message_id = 0;
    CHECK(key_of(one) == key_of(other));
    other.get().sketch[7] = 1;
    CHECK(key_of(one) != key_of(other));
    one.id("m1").get().sketch[7] = 2;
    other.id("m1");
    CHECK(key_of(one) == key_of(other));
}

TEST_CASE("a mail is remembered once, with the time of its first attempt, for five days") {
    DelayMemory memory;
    CHECK_FALSE(memory.find(7, day(0)));
    CHECK(memory.remember(7, day(0)));
    CHECK_FALSE(memory.remember(7, day(1)));
    CHECK(memory.find(7, day(5)) == day(0));
    CHECK_FALSE(memory.find(7, day(5) + Seconds(1)));
    CHECK(memory.remember(7, day(5) + Seconds(1)));
    CHECK_FALSE(memory.find(8, day(0)));
}

TEST_CASE("when as many mails are delayed as may be, no more are, until some are old") {
    DelayMemory memory;
    for (std::uint64_t key = 0; key < kMaxDelayed; ++key)
        REQUIRE(memory.remember(key, key == 0 ? day(0) : day(1)));
    CHECK_FALSE(memory.remember(kMaxDelayed, day(1)));
    CHECK(memory.find(0, day(1)));
    CHECK(memory.remember(kMaxDelayed, day(5) + Seconds(1)));
    CHECK_FALSE(memory.remember(kMaxDelayed + 1, day(5) + Seconds(1)));
}
