// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/host_clock.hpp"

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

constexpr Time kNow{Seconds(1'767'600'000)};

/// Events of one host an hour apart, each `late` by its clock.
void tell(HostClock& clock, int events, Seconds late, Time from) {
    for (int i = 0; i < events; ++i) {
        const Time arrived = from + Seconds(3600LL * i);
        (void)clock.correct(arrived - late, arrived);
    }
}

}  // namespace

TEST_CASE("a clock that is right is left alone") {
    HostClock clock;
    tell(clock, 10, Seconds(2), kNow);
    CHECK(clock.behind() == Seconds(0));
    const Time arrived = kNow + Seconds(11 * 3600);
    CHECK(clock.correct(arrived - Seconds(30), arrived) == arrived - Seconds(30));
}

TEST_CASE("a clock that is wrong is put right by the youngest of its events") {
    const auto wrong = GENERATE(as<long>(), 420, -420, 3600, -86400);
    CAPTURE(wrong);
    HostClock clock;
    tell(clock, 10, Seconds(wrong), kNow);
    CHECK(clock.behind() == Seconds(wrong));
    const Time arrived = kNow + Seconds(11 * 3600), happened = arrived - Seconds(600);
    CHECK(clock.correct(happened - Seconds(wrong), arrived) == happened);
}

TEST_CASE("old events after an outage do not make a clock wrong") {
    HostClock clock;
    tell(clock, 10, Seconds(1), kNow);
    const Time arrived = kNow + Seconds(10 * 3600);
    for (int i = 0; i < 1000; ++i) {
        const Time happened = arrived - Seconds(5 * 3600 - i);
        CHECK(clock.correct(happened, arrived) == happened);
    }
    // Also when the outage lasted over a day's end.
    const Time later = arrived + Seconds(30 * 3600);
    for (int i = 0; i < 100; ++i) {
        const Time happened = later - Seconds(20 * 3600 - i);
        CHECK(clock.correct(happened, later) == happened);
    }
}

TEST_CASE("few events say nothing of a clock") {
    HostClock clock;
    tell(clock, 7, Seconds(500), kNow);
    CHECK(clock.behind() == Seconds(0));
    tell(clock, 1, Seconds(500), kNow + Seconds(8 * 3600));
    CHECK(clock.behind() == Seconds(500));
}

TEST_CASE("nothing happens after it was written down, nor more than 30 days before") {
    HostClock clock;
    CHECK(clock.correct(kNow + Seconds(1), kNow) == kNow);
    CHECK(clock.correct(kNow + std::chrono::days(40000), kNow) == kNow);
    CHECK(clock.correct(kNow - std::chrono::days(30), kNow) == kNow - std::chrono::days(30));
    CHECK(clock.correct(kNow - std::chrono::days(31), kNow) == kNow - std::chrono::days(30));
    CHECK(clock.correct(from_unix(-62135596800), kNow) == kNow - std::chrono::days(30));
}

TEST_CASE("a clock that was put right is right after two days") {
    HostClock clock;
    tell(clock, 24, Seconds(420), kNow);
    tell(clock, 72, Seconds(1), kNow + Seconds(86400));
    CHECK(clock.behind() == Seconds(0));
}
