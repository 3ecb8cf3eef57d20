// SPDX-License-Identifier: Apache-2.0
#include "engine/geo/geo_databases.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <limits>
#include <random>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/mmdb_writer.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using namespace kith::test;

namespace {

using std::chrono::seconds;

/// Files in the order given, looked at anew at every question.
GeoDatabases databases(const std::vector<std::string>& files) {
    return GeoDatabases(files, seconds(0));
}

/// What the only record of a database says.
GeoPlace told_of(const std::string& record) {
    const TempDir dir;
    const auto file =
        dir.write("a.mmdb", MmdbWriter("Example").add("192.0.2.0/24", record).bytes());
    const auto opened = GeoFile::open(file);
    if (!opened) FAIL(opened.error().text());
    return (*opened)->find("192.0.2.1");
}

/// Of bytes that may be anything: it opens and answers, or says that it cannot.
bool survives(const TempDir& dir, std::string_view bytes) {
    const auto opened = GeoFile::open(dir.write("any.mmdb", bytes));
    if (!opened) return false;
    for (const char* address : {"192.0.2.1", "203.0.113.255", "2001:db8::1", "255.255.255.255"}) {
        const GeoPlace place = (*opened)->find(address);
        REQUIRE((place.country.empty() || is_country(place.country)));
        if (place.point)
            REQUIRE(is_on_earth(static_cast<double>(place.point->latitude),
                                static_cast<double>(place.point->longitude)));
    }
    REQUIRE((*opened)->type().size() <= 64);
    return true;
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("an address is looked up in each file, and each thing is from the first that knows it") {
    const TempDir dir;
    GeoDatabases geo = databases(
        {dir.write("asn.mmdb", asn_database()),
         dir.write("country.mmdb",
                   MmdbWriter("Example-Country").add("192.0.2.0/24", mmdb::country("CH")).bytes()),
         dir.write("city.mmdb", city_database())});
    CHECK(geo.trouble().empty());
    const GeoPlace place = geo.find("192.0.2.200");
    CHECK(place.asn == 64496);
    CHECK(place.country == "CH");
    REQUIRE(place.point);
    CHECK(static_cast<double>(place.point->latitude) == Approx(52.52).epsilon(1e-6));
    CHECK(static_cast<double>(place.point->longitude) == Approx(13.405).epsilon(1e-6));
    CHECK(geo.find("198.51.100.1").country == "BR");
    CHECK(geo.find("2001:db8:ffff::1").asn == 64499);
    CHECK(geo.find("2001:db8:ffff::1").country == "JP");
    CHECK(geo.find("::ffff:198.51.100.1").country == "BR");
}

TEST_CASE("an address that no file knows, and what is no address, is nowhere") {
    const TempDir dir;
    GeoDatabases geo = databases({dir.write("city.mmdb", city_database())});
    for (const std::string& address :
         {std::string("192.0.3.1"), std::string("10.0.0.1"), std::string("2001:db9::1"),
          std::string(), std::string("host.example"), std::string("192.0.2"),
          std::string("192.0.2.1/24"), std::string("[2001:db8::1]"), std::string("2001:db8::1%lo"),
          std::string(100'000, '1'), std::string(45, ':'), std::string("\xff\xfe")})
        CHECK(geo.find(address) == GeoPlace{});
    GeoDatabases none = databases({});
    CHECK(none.find("192.0.2.1") == GeoPlace{});
    CHECK(none.trouble().empty());
}

TEST_CASE("an IPv4 database knows nothing of IPv6") {
    const TempDir dir;
    GeoDatabases geo = databases({dir.write(
        "a.mmdb", MmdbWriter("Example", 4).add("192.0.2.0/24", mmdb::asn(64496)).bytes())});
    CHECK(geo.find("192.0.2.1").asn == 64496);
    CHECK(geo.find("::ffff:192.0.2.1").asn == 64496);
    CHECK(geo.find("2001:db8::1") == GeoPlace{});
}

TEST_CASE("of a record only what can be true is believed") {
    using namespace mmdb;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinite = std::numeric_limits<double>::infinity();
    CHECK(told_of(country("DE")).country == "DE");
    for (const char* code : {"", "D", "de", "DEU", "D1", "\xC3\x84"})
        CHECK(told_of(country(code)).country.empty());
    CHECK(told_of(country(std::string(284, 'A'))).country.empty());
    CHECK(told_of(map({{"country", text("DE")}})).country.empty());
    CHECK(told_of(city("DE", 90, -180)).point == GeoPoint{90, -180});
    for (const auto& [latitude, longitude] :
         {std::pair(nan, 1.0), std::pair(1.0, nan), std::pair(infinite, 1.0),
          std::pair(1.0, -infinite), std::pair(90.01, 1.0), std::pair(1.0, 180.01),
          std::pair(1e300, 1e300), std::pair(0.0, 0.0)}) {
        const GeoPlace place = told_of(city("DE", latitude, longitude));
        CHECK_FALSE(place.point);
        CHECK(place.country == "DE");
    }
    CHECK(told_of(asn(4'294'967'295U)).asn == 4'294'967'295U);
    CHECK(told_of(map({{"autonomous_system_number", uint64(4'294'967'296U)}})).asn == 0);
    CHECK(told_of(map({{"autonomous_system_number", text("64496")}})).asn == 0);
    CHECK(told_of(map({})) == GeoPlace{});
    CHECK(told_of(uint32(7)) == GeoPlace{});
}

TEST_CASE(
    "a database without points, or with one coordinate, has none; floats are points as well") {
    using namespace mmdb;
    CHECK_FALSE(told_of(country("DE")).point);
    CHECK_FALSE(told_of(map({{"location", map({{"latitude", number(52.5)}})}})).point);
    CHECK_FALSE(
        told_of(map({{"location", map({{"latitude", text("52.5")}, {"longitude", text("13.4")}})}}))
            .point);
    CHECK(told_of(
              map({{"location", map({{"latitude", single(52.5F)}, {"longitude", single(13.5F)}})}}))
              .point == GeoPoint{52.5F, 13.5F});
}

TEST_CASE("a point that is the middle of a country is none") {
    CHECK(told_of(mmdb::city("US", 37.75, -97.82, kMostGeoRadius)).point);
    const GeoPlace place = told_of(mmdb::city("US", 37.75, -97.82, kMostGeoRadius + 1));
    CHECK_FALSE(place.point);
    CHECK(place.country == "US");
}

TEST_CASE("what cannot be used is told with its name and what to do, and the others are used") {
    const TempDir dir;
    const std::string missing = dir.file("missing.mmdb");
    const std::string folder = dir.str();
    GeoDatabases geo =
        databases({missing, dir.write("empty.mmdb", ""), dir.write("text.mmdb", "not a database"),
                   folder, dir.write("city.mmdb", city_database())});
    CHECK(geo.find("192.0.2.1").country == "DE");
    const std::string trouble = geo.trouble();
    for (const std::string& part :
         {missing + " cannot be opened: No such file or directory", dir.file("empty.mmdb"),
          dir.file("text.mmdb") + " is damaged or of another format", folder + " is no file",
          std::string("take it out of accounts.mmdb")})
        CHECK(has(trouble, part));
    CHECK_FALSE(has(trouble, "city.mmdb"));
    const auto opened = GeoFile::open(missing);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::NoInput);
}

TEST_CASE("a pipe in the place of a file makes nobody wait") {
    const TempDir dir;
    const std::string pipe = dir.file("pipe.mmdb");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK_FALSE(GeoFile::open(pipe));
}

TEST_CASE("a file says what it is") {
    const TempDir dir;
    const auto opened = GeoFile::open(dir.write("city.mmdb", city_database()));
    REQUIRE(opened);
    CHECK((*opened)->type() == "Example-City");
    CHECK(iso8601((*opened)->built()) == "2026-01-05T00:00:00Z");
}

TEST_CASE("a file that is replaced is taken up, one that goes away is told") {
    const TempDir dir;
    const std::string file = dir.write("a.mmdb", city_database());
    GeoDatabases geo = databases({file});
    CHECK(geo.find("192.0.2.1").country == "DE");
    dir.write("b.mmdb", MmdbWriter("Example").add("192.0.2.0/24", mmdb::country("FR")).bytes());
    std::filesystem::rename(dir.file("b.mmdb"), file);
    CHECK(geo.find("192.0.2.1").country == "FR");
    std::filesystem::remove(file);
    CHECK(geo.find("192.0.2.1") == GeoPlace{});
    CHECK(has(geo.trouble(), "No such file"));
    dir.write("a.mmdb", city_database());
    CHECK(geo.find("192.0.2.1").country == "DE");
    CHECK(geo.trouble().empty());
}

TEST_CASE("files are looked at no more often than asked") {
    const TempDir dir;
    const std::string file = dir.write("a.mmdb", city_database());
    GeoDatabases geo({file}, seconds(3600));
    CHECK(geo.find("192.0.2.1").country == "DE");
    std::filesystem::remove(file);
    CHECK(geo.find("192.0.2.1").country == "DE");
    CHECK(geo.trouble().empty());
}

TEST_CASE("a file that is cut short while it is in use is not read beyond its end") {
    const TempDir dir;
    const std::string file = dir.write("a.mmdb", city_database());
    const auto opened = GeoFile::open(file);
    REQUIRE(opened);
    CHECK((*opened)->find("192.0.2.1").country == "DE");
    for (const off_t size : {100, 1, 0}) {
        REQUIRE(::truncate(file.c_str(), size) == 0);
        CHECK((*opened)->find("192.0.2.1") == GeoPlace{});
    }
}

TEST_CASE("a file of any length up to the whole is read or refused") {
    const TempDir dir;
    const std::string whole = city_database();
    std::size_t refused = 0;
    for (std::size_t size = 0; size < whole.size(); ++size)
        if (!survives(dir, std::string_view(whole).substr(0, size))) ++refused;
    CHECK(refused > whole.size() / 2);
    CHECK(survives(dir, whole));
}

TEST_CASE("a file with a byte changed at any place is read or refused") {
    const TempDir dir;
    const std::string whole = city_database();
    const auto mask = GENERATE(as<unsigned>(), 0x01, 0x80, 0xFF);
    CAPTURE(mask);
    std::size_t read = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string bytes = whole;
        bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) ^ mask);
        if (survives(dir, bytes)) ++read;
    }
    CHECK(read > whole.size() / 2);  // else the loop showed nothing
}

TEST_CASE("random bytes, alone and before a sound end, are read or refused") {
    const TempDir dir;
    const auto seed = GENERATE(as<unsigned>(), 1, 2);
    CAPTURE(seed);
    std::mt19937 random(seed);
    const std::string whole = city_database();
    const std::string end = whole.substr(whole.find("\xAB\xCD\xEFMaxMind.com"));
    std::size_t read = 0;
    for (int round = 0; round < 300; ++round) {
        std::string bytes(whole.size() - end.size(), '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        CHECK_FALSE(survives(dir, bytes));
        if (survives(dir, bytes + end)) ++read;
    }
    CHECK(read > 0);
}

TEST_CASE("threads may ask at the same time, while the file is replaced") {
    const TempDir dir;
    const std::string file = dir.write("a.mmdb", city_database());
    GeoDatabases geo = databases({file});
    std::atomic<bool> wrong{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 300; ++n)
                if (geo.find("192.0.2.1").country != "DE") wrong = true;
        });
    for (int n = 0; n < 50; ++n) {
        dir.write("b.mmdb", city_database());
        std::filesystem::rename(dir.file("b.mmdb"), file);
    }
    for (std::thread& t : threads) t.join();
    CHECK_FALSE(wrong);
}
