// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/travel.hpp"

#include "tests/unit/accounts/account_builder.hpp"

using namespace kith;
using namespace kith::test;

namespace {

// Of the equator: one degree is 111.19 km on a sphere of 6371 km.
constexpr GeoPoint kHere{0, 0};
GeoPoint east(double km) { return {0, static_cast<float>(km / 111.194927)}; }

Endpoint place(const GeoPoint& point, const char* country, Time used, std::uint32_t network = 2) {
    Endpoint e;
    e.network = network;
    e.words = "198.51.100.0/24";
    e.point = point;
    e.country = country;
    e.used = e.last = used;
    return e;
}

Sighting used_here(Time t) {
    Sighting s;
    s.time = t;
    s.act = AccountAct::Login;
    s.place.point = kHere;
    s.place.country = "DE";
    return s;
}

std::optional<Travel> travel(const std::vector<Endpoint>& others, const Sighting& seen) {
    AccountState a;
    a.endpoints = others;
    Endpoint here = place(kHere, "DE", seen.time, 1);
    return impossible_travel(seen, here, a);
}

}  // namespace

TEST_CASE("distances are those of the globe, also across its seam and over its pole") {
    CHECK(distance_km({52.52F, 13.405F}, {-23.55F, -46.633F}) == Approx(10'250).epsilon(.01));
    CHECK(distance_km({52.52F, 13.405F}, {48.2082F, 16.3738F}) == Approx(524).epsilon(.01));
    CHECK(distance_km({0, 179.5F}, {0, -179.5F}) == Approx(111.19).epsilon(.001));
    CHECK(distance_km({89.5F, 0}, {89.5F, 180}) == Approx(111.19).epsilon(.001));
    CHECK(distance_km({90, 0}, {-90, 77}) == Approx(20'015).epsilon(.001));
    CHECK(distance_km(kHere, kHere) == 0);
}

TEST_CASE("500 km are a journey, less are not, whatever the time") {
    CHECK(is_impossible({500, Seconds(0), "BR"}));
    CHECK_FALSE(is_impossible({499.9, Seconds(0), "BR"}));
}

TEST_CASE("1,000 km in an hour can be, more cannot") {
    CHECK_FALSE(is_impossible({1000, Seconds(3600), "BR"}));
    CHECK(is_impossible({1000.1, Seconds(3600), "BR"}));
    CHECK(is_impossible({1000, Seconds(3599), "BR"}));
    CHECK_FALSE(is_impossible({20'015, Seconds(20'015 * 36 / 10 + 1), "BR"}));
}

TEST_CASE("both places need a point, and the other one a use") {
    const Time t = kMonday + Seconds(3600);
    const Endpoint far = place(east(9600), "BR", kMonday);
    CHECK(travel({far}, used_here(t)));
    Sighting without = used_here(t);
    without.place.point.reset();
    CHECK_FALSE(travel({far}, without));
    Endpoint pointless = far;
    pointless.point.reset();
    CHECK_FALSE(travel({pointless}, used_here(t)));
    Endpoint unused = far;
    unused.used = Time{};
    CHECK_FALSE(travel({unused}, used_here(t)));
    CHECK_FALSE(travel({}, used_here(t)));
}

TEST_CASE("of several places the one that was left last is told") {
    const Time t = kMonday + Seconds(3600);
    const auto found = travel(
        {place(east(9600), "BR", kMonday), place(east(-4000), "US", kMonday + Seconds(2760), 3),
         place(east(300), "FR", kMonday + Seconds(3500), 4)},
        used_here(t));
    REQUIRE(found);
    CHECK(found->from == "US");
    CHECK(found->span == Seconds(840));
    CHECK(found->km == Approx(4000).epsilon(.001));
}

TEST_CASE("what comes late is compared all the same") {
    CHECK(travel({place(east(9600), "BR", kMonday + Seconds(840))}, used_here(kMonday)));
}

TEST_CASE("a journey is told in words, with the country or the network it began in") {
    CHECK(travel_text({9'612.3, Seconds(840), "BR"}) ==
          "14 minutes after it was used from BR, 9,600 km away");
    CHECK(travel_text({987, Seconds(0), "198.51.100.0/24"}) ==
          "0 seconds after it was used from 198.51.100.0/24, 990 km away");
    CHECK(travel_text({10'049, Seconds(7200), "JP"}) ==
          "2 hours after it was used from JP, 10,000 km away");
    Endpoint nameless = place(east(9600), "", kMonday);
    const auto found = travel({nameless}, used_here(kMonday));
    REQUIRE(found);
    CHECK(found->from == "198.51.100.0/24");
}
