// SPDX-License-Identifier: Apache-2.0
// What is learned of a login, and what it says when the login writes as somebody else.
#include "engine/profile/account.hpp"

#include "engine/learner/learn.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

Mail submitted(std::string_view login, std::string_view from, double at) {
    Mail m(from, day(at));
    m.direction(Direction::Outbound).to({"carl@customer.example"});
    if (!login.empty()) m.get().account = account_key(test_hasher(), login);
    return m;
}

struct Site {
    LearnedMemory memory;
    LearnerOptions options;

    Lesson learns(const Observations& o) { return learn(o, test_hasher(), options, memory); }
    void writes(std::string_view login, std::string_view from, int mails, double at = 0) {
        for (int i = 0; i < mails; ++i) learns(submitted(login, from, at + i));
    }
    [[nodiscard]] AccountFrom from(const Observations& o) const {
        return account_from(o, o.sender, memory);
    }
    [[nodiscard]] std::shared_ptr<const Profile> login(std::string_view login) const {
        return memory.profile(Subject::Account, account_key(test_hasher(), login));
    }
};

}  // namespace

TEST_CASE("a login that writes as another's address for the first time is told, its own is not") {
    Site s;
    s.writes("ann", "ann@site.example", 3);
    s.writes("ben", "ben@site.example", 3);
    CHECK(s.from(submitted("ann", "ann@site.example", 9)) == AccountFrom::Usual);
    CHECK(s.from(submitted("ann", "ben@site.example", 9)) == AccountFrom::Others);
    CHECK(s.from(submitted("ann", "info@site.example", 9)) == AccountFrom::New);
    s.writes("ann", "ben@site.example", 1, 9);
    CHECK(s.from(submitted("ann", "ben@site.example", 10)) == AccountFrom::Usual);
}

TEST_CASE("nothing is said of mail from outside, without a login, or of a login hardly known") {
    Site s;
    s.writes("ann", "ann@site.example", 3);
    s.writes("ben", "ben@site.example", 2);
    Mail inbound = submitted("ann", "ben@site.example", 9);
    inbound.direction(Direction::Inbound);
    CHECK(s.from(inbound) == AccountFrom::None);
    CHECK(s.from(submitted("", "ben@site.example", 9)) == AccountFrom::None);
    CHECK(s.from(submitted("new", "ann@site.example", 9)) == AccountFrom::None);
    CHECK(s.from(submitted("ben", "ann@site.example", 9)) == AccountFrom::None);
    s.writes("ben", "ben@site.example", 1, 3);
    CHECK(s.from(submitted("ben", "ann@site.example", 9)) == AccountFrom::Others);
}

TEST_CASE(
    "an address is another login's after three mails; what came without a login is nobody's") {
    Site s;
    s.writes("ann", "ann@site.example", 5);
    s.writes("ben", "info@site.example", 2);
    CHECK(s.from(submitted("ann", "info@site.example", 9)) == AccountFrom::New);
    s.writes("ben", "info@site.example", 1, 5);
    CHECK(s.from(submitted("ann", "info@site.example", 9)) == AccountFrom::Others);
    s.writes("", "old@site.example", 9);
    CHECK(s.from(submitted("ann", "old@site.example", 20)) == AccountFrom::New);
    CHECK(s.memory.profile(Subject::Account, person("old@site.example"))->ever == 9);
}

TEST_CASE("of a login that writes as 64 addresses a new one says nothing") {
    Site s;
    const auto address = [](int i) { return "customer" + std::to_string(i) + "@site.example"; };
    for (int i = 0; i < 63; ++i) s.writes("shop", address(i), 1, i);
    CHECK(s.from(submitted("shop", "ann@site.example", 70)) == AccountFrom::New);
    s.writes("shop", address(63), 1, 63);
    CHECK(s.from(submitted("shop", "ann@site.example", 70)) == AccountFrom::None);
    for (int i = 64; i < 80; ++i) s.writes("shop", address(i), 1, i);
    CHECK(s.login("shop")->count(index_of(FeatureId::account_from)) == kMaxFromAddresses);
}

TEST_CASE(
    "a login's profile has its client, requests, recipients a day, at most thrice a day each") {
    Site s;
    for (int i = 0; i < 5; ++i) {
        Mail m = submitted("ann", "ann@site.example", i * .01);
        m.to({"a@customer.example", "b@customer.example"}).asks_for({Ask::Pay});
        s.learns(m);
    }
    const auto p = s.login("ann");
    REQUIRE(p);
    CHECK(p->ever == 5);
    CHECK(p->days == 1);
    CHECK(p->total(index_of(FeatureId::user_agent)) == 3);
    CHECK(p->total(index_of(FeatureId::account_from)) == 3);
    CHECK(p->total(index_of(Ask::Pay)) == 3);
    CHECK(p->total(index_of(Ask::Click)) == 0);  // what was not asked is not kept
    CHECK(p->reach.recipients == 10);
    CHECK(p->reach.fresh == 2);
    s.learns(submitted("ann", "ann@site.example", 1));
    CHECK(s.login("ann")->reach.usual_recipients == 10);
    CHECK(s.login("ann")->reach.usual_fresh == 2);
    CHECK(s.login("ann")->reach.recipients == 1);
}

TEST_CASE("mail from outside has no account") {
    Site s;
    Mail m("anna@partner.example", day(0));
    m.get().account = account_key(test_hasher(), "anna");
    const Lesson lesson = s.learns(m);
    CHECK(s.login("anna") == nullptr);
    CHECK_FALSE(lesson.login_counted);
}

TEST_CASE("what a mail taught of its login is taken back") {
    Site s;
    s.writes("ann", "ann@site.example", 4);
    s.writes("ben", "ben@site.example", 4);
    Mail bad = submitted("ann", "ben@site.example", 9);
    bad.shows(FeatureId::user_agent, "evil").asks_for({Ask::Payee});
    const auto stored = decode_lesson(encode(s.learns(bad)));
    REQUIRE(stored);
    CHECK(s.from(bad) == AccountFrom::Usual);
    take_back(bad, *stored, s.options, s.memory);
    CHECK(s.from(bad) == AccountFrom::Others);
    const auto ann = s.login("ann");
    CHECK(ann->ever == 4);
    CHECK(ann->total(index_of(Ask::Payee)) == 0);
    CHECK_FALSE(ann->has(index_of(FeatureId::user_agent), value_of(FeatureId::user_agent, "evil")));
    CHECK(ann->reach.recipients == 0);
    CHECK(s.memory.name(logins_key(bad.get().sender)).bearers.size() == 1);
}

TEST_CASE("a login is the same however it is spelt, and that of the address when it is one") {
    CHECK(account_key(test_hasher(), "Ann") == account_key(test_hasher(), "ann"));
    CHECK(account_key(test_hasher(), "ann@site.example") == person("ann@site.example"));
    CHECK(logins_key(person("a@b.example")) != circle_key(person("a@b.example")));
}
