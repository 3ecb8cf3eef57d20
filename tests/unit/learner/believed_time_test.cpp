// SPDX-License-Identifier: Apache-2.0
// The time that mail counts as of when the clock steps.
#include "engine/learner/believed_time.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"
#include "tests/unit/learner/learner_fixture.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr double kMinute = 1.0 / 1440;

BelievedTime at(double days) {
    BelievedTime time;
    CHECK(time.believe(day(days)) == day(days));
    return time;
}

}  // namespace

TEST_CASE("mail counts as of its arrival, later or earlier, within a month") {
    BelievedTime time = at(0);
    for (const double days : {0.1, 20.0, 51.0, 21.0, 20.5}) {
        CHECK(time.believe(day(days)) == day(days));
        CHECK_FALSE(time.in_doubt_since());
    }
    CHECK(time.newest() == day(51));
}

TEST_CASE(
    "mail from a clock that jumped counts as of the time before, until the clock is right again") {
    const double jump = GENERATE(31.1, 365.0, 36500.0, -40.0, -20000.0);
    BelievedTime time = at(0);
    for (int i = 0; i < 1000; ++i) CHECK(time.believe(day(jump + i * kMinute)) == day(0));
    CHECK(time.in_doubt_since() == day(jump));
    CHECK(time.believe(day(1)) == day(1));
    CHECK_FALSE(time.in_doubt_since());
}

TEST_CASE("a jump that lasts a day is believed") {
    const double jump = GENERATE(100.0, -100.0);
    BelievedTime time = at(0);
    CHECK(time.believe(day(jump)) == day(0));
    CHECK(time.believe(day(jump + 1 - kMinute)) == day(0));
    CHECK(time.believe(day(jump + 1)) == day(jump + 1));
    CHECK(time.believe(day(jump + 2)) == day(jump + 2));
    CHECK_FALSE(time.in_doubt_since());
}

TEST_CASE("a clock that jumps again has to last a day from there") {
    BelievedTime time = at(0);
    CHECK(time.believe(day(100)) == day(0));
    CHECK(time.believe(day(100.9)) == day(0));
    CHECK(time.believe(day(400)) == day(0));
    CHECK(time.in_doubt_since() == day(400));
    CHECK(time.believe(day(100.95)) == day(0));
    CHECK(time.in_doubt_since() == day(100.95));
}

TEST_CASE("what is known of the clock comes back from its bytes, and other bytes know nothing") {
    BelievedTime time;
    CHECK(BelievedTime::decode(time.encode()) == time);
    time = at(3);
    CHECK(BelievedTime::decode(time.encode()) == time);
    (void)time.believe(day(-30000));
    CHECK(BelievedTime::decode(time.encode()) == time);
    CHECK(BelievedTime::decode("") == BelievedTime{});
    CHECK(BelievedTime::decode("12345678") == BelievedTime{});
}

TEST_CASE("nothing is deleted for its age for a day after the clock went ahead") {
    const ExpiryClock::Steady start{};
    using std::chrono::hours;
    ExpiryClock clock(day(0), start, day(0));
    CHECK(clock.believes(day(0) + hours(1), start + hours(1)));
    CHECK_FALSE(clock.believes(day(300), start + hours(2)));
    CHECK_FALSE(clock.believes(day(300) + hours(23), start + hours(25)));
    SECTION("and everything as ever when it was right") {
        CHECK(clock.believes(day(300) + hours(24), start + hours(26)));
    }
    SECTION("and everything as ever when it is put right") {
        CHECK(clock.believes(day(0) + hours(26), start + hours(26)));
    }
}

TEST_CASE("nothing is deleted for its age for a day after a start long after the newest mail") {
    const ExpiryClock::Steady start{};
    using std::chrono::hours;
    ExpiryClock clock(day(300), start, day(0));
    CHECK_FALSE(clock.believes(day(300) + hours(1), start + hours(1)));
    CHECK(clock.believes(day(300) + hours(24), start + hours(24)));
    ExpiryClock empty(day(300), start, std::nullopt);
    CHECK(empty.believes(day(300) + hours(1), start + hours(1)));
}

TEST_CASE("a clock that is ten years ahead for some mails costs nothing that was learned") {
    LearnerSite site;
    auto mails = stream(400);
    site.journal({mails.begin(), mails.begin() + 390});
    site.learn();
    const double known = site.mails_of("writer1@partner1.example");
    REQUIRE(known > 1);
    auto wrong = mails[390];
    wrong.time = wrong.observations.time = wrong.time + std::chrono::hours(24 * 3650);
    wrong.observations.sender = person("writer1@partner1.example");
    auto right = mails[391];
    right.observations.sender = person("writer1@partner1.example");
    const bool started_again_meanwhile = GENERATE(false, true);
    CAPTURE(started_again_meanwhile);
    site.journal({wrong});
    if (started_again_meanwhile) site.learn();
    site.journal({right});
    auto learner = site.open();
    must(learner->step());
    CHECK_FALSE(learner->clock_doubted());
    learner.reset();
    CHECK(site.mails_of("writer1@partner1.example") > 0.95 * known);
    auto store = must(Store::open(site.config.store, Store::Mode::Read));
    auto reader = must(store->read());
    CHECK(must(find_mail(*reader, wrong.id))->time == mails[389].time);
}
