// SPDX-License-Identifier: Apache-2.0
#include "engine/policy/step_search.hpp"

#include <random>
#include <string>

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

struct Event {
    int time = 0;
    std::uint32_t steps = 0;
};

/// "t:01 t:1" as events: at time t, being the steps of these numbers.
std::vector<Event> events_of(const std::string& text) {
    std::vector<Event> out;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = text.find(' ', at);
        if (end == std::string::npos) end = text.size();
        const std::size_t colon = text.find(':', at);
        Event e{std::stoi(text.substr(at, colon - at)), 0};
        for (std::size_t i = colon + 1; i < end; ++i)
            e.steps |= 1U << static_cast<unsigned>(text[i] - '0');
        out.push_back(e);
        at = end + 1;
    }
    return out;
}

/// Times of the steps that were found; empty: nothing.
std::vector<int> times(std::size_t steps, int within, const std::vector<Event>& events,
                       bool any_order = false) {
    StepSearch<int> search(steps, Seconds(within), any_order);
    for (const Event& e : events)
        search.add(e.steps, from_unix(e.time), std::make_shared<const int>(e.time));
    std::vector<int> out;
    for (const auto& met : search.chain()) out.push_back(*met.hit);
    return out;
}

/// The dull version: all ways to choose one event for each step.
bool some_choice(const std::vector<Event>& events, std::size_t steps, int within, bool any_order,
                 std::size_t step = 0, std::vector<std::size_t> chosen = {}) {
    if (step == steps) {
        int first = events[chosen[0]].time, last = first;
        for (const std::size_t i : chosen) {
            first = std::min(first, events[i].time);
            last = std::max(last, events[i].time);
        }
        return last - first <= within;
    }
    const std::size_t begin = any_order || chosen.empty() ? 0 : chosen.back() + 1;
    for (std::size_t i = begin; i < events.size(); ++i) {
        if ((events[i].steps >> step & 1U) == 0) continue;
        auto with = chosen;
        with.push_back(i);
        if (some_choice(events, steps, within, any_order, step + 1, with)) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("what an old log tells later was before, and follows nothing") {
    const int day = 86400;
    const auto at = [&](int d) { return std::to_string(d * day); };
    CHECK(times(2, 30 * day, events_of(at(100) + ":0 " + at(90) + ":1")).empty());
    CHECK(times(2, 30 * day, events_of(at(100) + ":0 " + at(90) + ":1 " + at(101) + ":1")) ==
          std::vector<int>{100 * day, 101 * day});
}

TEST_CASE("steps are found in their order, whatever lies between them") {
    CHECK(times(3, 100, events_of("1:0 2:2 3:1 4:0 9:2")) == std::vector<int>{1, 3, 9});
    CHECK(times(3, 100, events_of("1:2 2:1 3:0")).empty());
    CHECK(times(3, 100, events_of("1:2 2:1 3:0"), true) == std::vector<int>{3, 2, 1});
}

TEST_CASE("the last step may be exactly so long after the first") {
    CHECK_FALSE(times(2, 10, events_of("0:0 10:1")).empty());
    CHECK(times(2, 10, events_of("0:0 11:1")).empty());
    // A later beginning is as good.
    CHECK(times(3, 10, events_of("0:0 2:1 5:0 6:1 12:2")) == std::vector<int>{5, 6, 12});
}

TEST_CASE("one event is one step in order, and may be several in any order") {
    CHECK(times(2, 10, events_of("1:01")).empty());
    CHECK(times(2, 10, events_of("1:01 2:01")) == std::vector<int>{1, 2});
    CHECK(times(2, 10, events_of("1:01"), true) == std::vector<int>{1, 1});
}

TEST_CASE("what was found first stays") {
    CHECK(times(2, 10, events_of("1:0 2:1 3:0 4:1")) == std::vector<int>{1, 2});
}

TEST_CASE("it finds what trying all choices finds") {
    const auto seed = GENERATE(as<unsigned>(), 1, 2, 3);
    const bool any_order = GENERATE(false, true);
    CAPTURE(seed, any_order);
    std::mt19937 random(seed);
    int found = 0;
    for (int round = 0; round < 1500; ++round) {
        const std::size_t steps = 2 + random() % 3;
        const int within = 1 + static_cast<int>(random() % 12);
        std::vector<Event> events;
        int t = 0;
        for (std::size_t n = random() % 10; n > 0; --n) {
            t += static_cast<int>(random() % 4);
            events.push_back({t, static_cast<std::uint32_t>(random() % (1U << steps))});
        }
        const auto chain = times(steps, within, events, any_order);
        REQUIRE(!chain.empty() == some_choice(events, steps, within, any_order));
        if (chain.empty()) continue;
        ++found;
        REQUIRE(chain.size() == steps);
        if (!any_order) REQUIRE(std::is_sorted(chain.begin(), chain.end()));
        const auto [first, last] = std::minmax_element(chain.begin(), chain.end());
        REQUIRE(*last - *first <= within);
    }
    CHECK(found > 200);
}
