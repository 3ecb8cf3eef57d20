// SPDX-License-Identifier: Apache-2.0
// Groups of recipients: who is in them, what they learn, and what they say about a mail.
#include "engine/profile/group.hpp"

#include <algorithm>

#include "engine/learner/learn.hpp"
#include "engine/profile/relate.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr auto kAnn = "ann@site.example", kBen = "ben@site.example", kCy = "cy@site.example";

struct Site {
    LearnedMemory memory;
    LearnerOptions options;
    int number = 0;

    Lesson learns(const Observations& o) { return learn(o, test_hasher(), options, memory); }
    /// One mail a day.
    void get(std::initializer_list<std::string_view> rcpts, int mails,
             std::string_view from = "anna@partner.example") {
        for (int i = 0; i < mails; ++i, ++number) {
            Mail m(from, day(number));
            learns(m.to(rcpts));
        }
    }
    [[nodiscard]] std::vector<Key16> members(std::string_view address) const {
        return members_of(person(address), memory);
    }
    [[nodiscard]] std::shared_ptr<const Profile> group(std::string_view address) const {
        return memory.profile(Subject::Group, person(address));
    }
    [[nodiscard]] Relations related(const Observations& o) const {
        Relations r;
        relate_groups(o, o.domain32, memory, r);
        return r;
    }
};

}  // namespace

TEST_CASE("five mails together make a group, four do not") {
    Site s;
    s.get({kAnn, kBen}, 4);
    CHECK(s.members(kAnn).empty());
    s.get({kAnn, kBen}, 1);
    CHECK(s.members(kAnn) == std::vector{person(kBen)});
    CHECK(s.members(kBen) == std::vector{person(kAnn)});
}

TEST_CASE("a list that everybody's mail goes to is in nobody's group") {
    Site s;
    s.get({kAnn, "list@site.example"}, 5);
    s.get({"list@site.example"}, 35);
    CHECK(s.members(kAnn).size() == 1);  // an eighth of the list's mail
    s.get({"list@site.example"}, 1);
    CHECK(s.members(kAnn).empty());
    CHECK(s.members("list@site.example").empty());
}

TEST_CASE("a group has seven others at most, those most often there") {
    Site s;
    const auto other = [](int i) { return "p" + std::to_string(i) + "@site.example"; };
    s.get({kAnn, other(0), other(1), other(2), other(3), other(4)}, 5);
    s.get({kAnn, other(2), other(3), other(4), other(5), other(6), other(7), other(8)}, 6);
    const auto members = s.members(kAnn);
    CHECK(members.size() == kMaxMembers);
    const auto has = [&](int i) {
        return std::find(members.begin(), members.end(), person(other(i))) != members.end();
    };
    for (int i = 0; i < 9; ++i) CHECK(has(i) == (i >= 2));  // five mails, eleven, six
}

TEST_CASE("mail to one teaches the groups of all who belong to it; a list address is one alone") {
    Site s;
    s.get({kAnn, kBen, kCy}, 5);
    s.get({kAnn}, 6, "shop@vendor.example");
    REQUIRE(s.group(kCy));
    CHECK(s.group(kCy)->ever == 11);
    CHECK(s.group(kCy)->count(index_of(kGroupDomains)) == 2);
    s.get({"info@site.example"}, 3);
    CHECK(s.group("info@site.example")->ever == 3);
    CHECK(s.members("info@site.example").empty());
}

TEST_CASE("a domain is known to a group when one of its people had mail of it") {
    Site s;
    s.get({kAnn, kBen}, 9);
    CHECK(s.related(Mail("x@vendor.example").to({kBen})).groups == 0);  // too little mail
    s.get({kAnn}, 1, "shop@vendor.example");
    const Relations known = s.related(Mail("x@vendor.example").to({kBen}));
    CHECK(known.groups == 1);
    CHECK(known.groups_know_domain == 1);
    const Relations unknown = s.related(Mail("x@far.example").to({kAnn, kBen}));
    CHECK(unknown.groups == 2);
    CHECK(unknown.groups_know_domain == 0);
    CHECK(s.related(Mail("x@far.example").to({kBen}).direction(Direction::Outbound)).groups == 0);
}

TEST_CASE("requests that never reached the group are counted; the manner of asking is none") {
    Site s;
    for (int i = 0; i < 10; ++i)
        s.learns(Mail("anna@partner.example", day(i)).to({kAnn}).asks_for({Ask::Pay}));
    const Relations r =
        s.related(Mail().to({kAnn}).asks_for({Ask::Pay, Ask::Payee, Ask::Voucher, Ask::Hurry}));
    CHECK(r.group_new_asks == 2);
    CHECK(s.related(Mail().to({kAnn}).asks_for({Ask::Pay})).group_new_asks == 0);
    CHECK(s.related(Mail().to({kAnn}).asks_for({Ask::Please})).group_new_asks == 0);
}

TEST_CASE("a mail teaches 16 groups at most, and one to more than eight people none") {
    Site s;
    const auto person_of = [](int team, int i) {
        return "p" + std::to_string(team) + std::to_string(i) + "@site.example";
    };
    std::vector<std::string> all;
    for (int team = 0; team < 8; ++team) {
        s.get({person_of(team, 0), person_of(team, 1), person_of(team, 2), person_of(team, 3)}, 5);
        all.push_back(person_of(team, 0));
    }
    std::vector<Key16> keys;
    for (const auto& a : all) keys.push_back(person(a));
    CHECK(groups_of(keys, s.memory).size() == kMaxGroupsAMail);
    CHECK(groups_of({keys.front()}, s.memory).size() == 4);
    Mail wide;
    wide.to({all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7], "ninth@site.example"});
    const Lesson lesson = s.learns(wide);
    CHECK(std::none_of(lesson.touched.begin(), lesson.touched.end(),
                       [](const Lesson::Touch& t) { return t.subject == Subject::Group; }));
}

TEST_CASE("a group keeps 128 domains") {
    Site s;
    for (int i = 0; i < 129; ++i) s.get({kAnn}, 1, "x@firm" + std::to_string(i) + ".example");
    CHECK(s.group(kAnn)->count(index_of(kGroupDomains)) == kMaxGroupDomains);
}

TEST_CASE("what a mail taught the groups is taken back, and the circle with it") {
    Site s;
    s.get({kAnn, kBen}, 12);
    Mail bad("eve@far.example", day(20));
    bad.to({kAnn}).asks_for({Ask::Payee});
    const auto stored = decode_lesson(encode(s.learns(bad)));
    REQUIRE(stored);
    CHECK(s.related(Mail("x@far.example").to({kBen})).groups_know_domain == 1);
    take_back(bad, *stored, s.options, s.memory);
    const Relations r = s.related(Mail("x@far.example").to({kBen}).asks_for({Ask::Payee}));
    CHECK(r.groups_know_domain == 0);
    CHECK(r.group_new_asks == 1);
    CHECK(s.group(kBen)->ever == 12);
    CHECK(s.members(kAnn).size() == 1);
}
