// SPDX-License-Identifier: Apache-2.0
// What the experts are fitted on (engine/learner/examples.hpp): bounded, and the same after a
// restart.
#include "engine/learner/examples.hpp"

#include <map>

#include "tests/support/catch.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

GenuineExample genuine(float x, Stratum s = Stratum::Plain) {
    Surprises all{};
    all[index_of(FeatureId::time_zone)] = x;
    return {0, example_row(all), Direction::Outbound, s, {1, 1, 0.25F}};
}
SwappedExample swapped(float x) {
    Surprises all{};
    all[index_of(FeatureId::user_agent)] = x;
    return {0, example_row(all), Expert::Client, 0.5F};
}
Observations bearer(const std::string& who, double at = 0) {
    return Mail(who + "@site.example", day(at)).refers_to({"thread"}).quotes("some words");
}

using Rows = std::map<std::string, std::string>;

void flush(Examples& e, MemoryStore& store) {
    REQUIRE(e.flush(store));
    e.flushed();
}
Rows rows(const MemoryStore& store) {
    Rows out;
    REQUIRE(store.scan(Table::Examples, "", [&](std::string_view k, std::string_view v) {
        out.emplace(k, v);
        return true;
    }));
    return out;
}
Examples read_back(const MemoryStore& store) {
    Examples e;
    for (const auto& [key, value] : rows(store)) CHECK(e.restore(key, value));
    e.restored();
    return e;
}
template <class Ring>
std::vector<std::uint64_t> numbers(const Ring& ring) {
    std::vector<std::uint64_t> out;
    for (const auto& e : ring) out.push_back(e.number);
    return out;
}

}  // namespace

TEST_CASE("what is kept of a surprise is what comes back from the store") {
    Surprises x{};
    x[0] = 1.0F / 3;
    x[1] = 1e-5F;  // less than half a step
    x[2] = 99;
    x[3] = 12.8F;
    const SparseRow row = example_row(x);
    REQUIRE(row.size() == 3);
    CHECK(row[0] == std::pair<std::uint16_t, float>(0, 1365.0F / 4096));  // 1365.33 steps
    CHECK(row[1].second == 65535.0F / 4096);
    CHECK(row[2].second == 52429.0F / 4096);  // 52428.8
    MemoryStore store;
    Examples e;
    e.add(GenuineExample{0, row, Direction::Inbound, Stratum::Request, {0, 1, 0.03F}});
    flush(e, store);
    const Examples back = read_back(store);
    REQUIRE(back.genuine().size() == 1);
    CHECK(back.genuine()[0].row == row);
    CHECK(back.genuine()[0].stratum == Stratum::Request);
    CHECK(back.genuine()[0].weight == std::array<float, 3>{0, 1, 0.03F});
}

TEST_CASE("everything comes back, in its order") {
    MemoryStore store;
    Examples e;
    for (int i = 0; i < 20; ++i) {
        e.add(genuine(static_cast<float>(i)));
        if (i % 2 == 0) e.add(swapped(static_cast<float>(i)));
        e.saw_bearer(bearer("p" + std::to_string(i % 7), i));
        e.count_since_fit();
        if (i % 6 == 0) flush(e, store);
    }
    flush(e, store);
    const Examples back = read_back(store);
    CHECK(numbers(back.genuine()) == numbers(e.genuine()));
    CHECK(numbers(back.swapped()) == numbers(e.swapped()));
    CHECK(back.genuine()[19].row == e.genuine()[19].row);
    CHECK(back.swapped()[9].expert == Expert::Client);
    CHECK(back.swapped()[9].weight == 0.5F);
    CHECK(back.since_fit() == 20);
    const auto &was = e.bearers(Direction::Inbound), &is = back.bearers(Direction::Inbound);
    REQUIRE(is.size() == 7);
    for (std::size_t i = 0; i < is.size(); ++i) {
        CHECK(is[i].mails == was[i].mails);
        CHECK(is[i].last.sender == was[i].last.sender);
        CHECK(is[i].last.time == was[i].last.time);
        CHECK(is[i].last.refs == was[i].last.refs);
        CHECK(is[i].last.thread_words == was[i].last.thread_words);
        CHECK(is[i].last.rcpts == was[i].last.rcpts);
    }
}

TEST_CASE("a commit writes what is new and nothing else") {
    MemoryStore store;
    Examples e;
    for (int i = 0; i < 5; ++i) e.add(genuine(1));
    e.saw_bearer(bearer("anna"));
    flush(e, store);
    const Rows before = rows(store);
    e.add(swapped(1));
    flush(e, store);
    Rows after = rows(store);
    CHECK(after.size() == before.size() + 1);
    for (const auto& [key, value] : before) CHECK(after.at(key) == value);
    // Nothing of what is there already is put again.
    MemoryStore empty;
    flush(e, empty);
    CHECK(rows(empty).empty());
}

TEST_CASE("the newest are kept and the store does not grow") {
    MemoryStore store;
    Examples e;
    const std::size_t more = 10;
    for (std::size_t i = 0; i < Examples::kGenuine + more; ++i) {
        e.add(genuine(1));
        if (i % 1000 == 0) flush(e, store);
    }
    flush(e, store);
    CHECK(e.genuine().size() == Examples::kGenuine);
    CHECK(e.genuine().front().number == more);
    CHECK(rows(store).size() == Examples::kGenuine);
    CHECK(numbers(read_back(store).genuine()) == numbers(e.genuine()));
}

TEST_CASE("the longest known bearer makes room for a new one") {
    MemoryStore store;
    Examples e;
    for (std::size_t i = 0; i < Examples::kBearers; ++i) e.saw_bearer(bearer(std::to_string(i)));
    e.saw_bearer(bearer("0"));  // still the longest known
    CHECK(e.bearers(Direction::Inbound).size() == Examples::kBearers);
    e.saw_bearer(bearer("new"));
    const auto& all = e.bearers(Direction::Inbound);
    CHECK(all.size() == Examples::kBearers);
    CHECK(all[0].last.sender == person("new@site.example"));
    CHECK(all[0].mails == 1);
    flush(e, store);
    Examples back = read_back(store);
    back.saw_bearer(bearer("newer"));
    CHECK(back.bearers(Direction::Inbound)[1].last.sender == person("newer@site.example"));
    back.saw_bearer(bearer("2"));
    CHECK(back.bearers(Direction::Inbound)[2].mails == 2);
}

TEST_CASE("nobody bears a forgotten sender's name, in the store neither") {
    MemoryStore store;
    Examples e;
    e.saw_bearer(bearer("anna"));
    e.saw_bearer(bearer("ben"));
    flush(e, store);
    e.forget(person("anna@site.example"));
    flush(e, store);
    CHECK(e.bearers(Direction::Inbound)[0].mails == 0);
    const Examples back = read_back(store);
    CHECK(back.bearers(Direction::Inbound)[0].mails == 0);
    CHECK(back.bearers(Direction::Inbound)[0].last.sender == Key16{});
    CHECK(back.bearers(Direction::Inbound)[1].mails == 1);
}

TEST_CASE("a record that is none changes nothing, and a gap harms nobody") {
    MemoryStore store;
    Examples e;
    for (int i = 0; i < 4; ++i) e.add(genuine(static_cast<float>(i + 1)));
    flush(e, store);
    Rows all = rows(store);
    const auto second = std::next(all.find("g" + std::string(8, '\0')));
    Examples back;
    {
        // A number that no site reaches: what is counted on from it must not wrap.
        MemoryStore far;
        Examples last;
        last.add(genuine(1));
        flush(last, far);
        std::string bytes = rows(far).begin()->second;
        for (std::size_t at = 0; at + 8 <= bytes.size(); ++at) {
            std::string more = bytes;
            more.replace(at, 8, std::string("\xfe\xff\xff\xff\xff\xff\xff\xff", 8));
            Examples odd;
            const std::uint64_t number = 0xFFFFFFFFFFFFFFFE;
            const std::string key = "g" + std::string(6, '\0') +
                                    static_cast<char>(number % Examples::kGenuine >> 8) +
                                    static_cast<char>(number % Examples::kGenuine & 0xFF);
            CHECK_FALSE(odd.restore(key, more));
            odd.restored();
            odd.add(genuine(2));
            CHECK(odd.genuine().size() == 1);
        }
    }
    CHECK_FALSE(back.restore("", "x"));
    CHECK_FALSE(back.restore("x", "x"));
    CHECK_FALSE(back.restore("fit", "1"));
    CHECK_FALSE(back.restore("b", ""));
    CHECK_FALSE(back.restore(std::string("b\3") + std::string(8, '\0'), second->second));
    CHECK_FALSE(back.restore(second->first, second->second.substr(1)));
    CHECK_FALSE(back.restore(all.begin()->first, ""));
    // Another one's place.
    CHECK_FALSE(back.restore("g" + std::string(7, '\0') + "\11", second->second));
    for (const auto& [key, value] : all)
        if (key != second->first) CHECK(back.restore(key, value));
    back.restored();
    CHECK(numbers(back.genuine()) == std::vector<std::uint64_t>{0, 2, 3});
    back.add(genuine(5));
    CHECK(back.genuine().back().number == 4);
}
