// SPDX-License-Identifier: Apache-2.0
// A tracker that writes under the names of those who use it is learned: from then on a colleague's
// name in its mail is no claim of identity. The same mail of a stranger is one.
#include "engine/profile/borrowed_names.hpp"

#include <algorithm>

#include "engine/assess/assess.hpp"
#include "engine/learner/learn.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

std::uint64_t name_of(int colleague) { return 7000 + static_cast<std::uint64_t>(colleague); }

/// "Colleague 3" <FROM>.
Mail under_name(int colleague, std::string_view from, double at) {
    Mail m(from, day(at));
    m.get().name = name_of(colleague);
    return m;
}
/// A ticket has an address of its own.
std::string ticket(int number) { return "ticket" + std::to_string(number) + "@tracker.example"; }

struct Site {
    LearnedMemory memory;
    LearnerOptions options;

    /// Six colleagues who write from here under their own names.
    Site() {
        for (int mail = 0; mail < 3; ++mail)
            for (int c = 0; c < 6; ++c) {
                Mail m = under_name(c, "c" + std::to_string(c) + "@site.example", mail);
                learns(m.direction(Direction::Internal));
            }
    }
    Lesson learns(const Observations& o) { return learn(o, test_hasher(), options, memory); }
    /// `mails` about tickets over 18 days, of colleagues 0 to 2 in turn; `change` each.
    template <class Change>
    void tracker(int mails, Change change) {
        for (int i = 0; i < mails; ++i) {
            Mail m = under_name(i % 3, ticket(i), 3 + 18.0 * i / (mails - 1));
            change(m);
            learns(m);
        }
    }
    void tracker(int mails) {
        tracker(mails, [](Mail&) {});
    }
    [[nodiscard]] Judgement judged(const Observations& o) const {
        const Scales scales(memory.site());
        return assess(o, Labels{}, {memory, scales, test_hasher(), ScoringOptions{}, {}});
    }
    [[nodiscard]] bool claims(const Observations& o) const {
        const Judgement j = judged(o);
        const auto& tags = j.assessment.tags;
        const bool tagged = std::find(tags.begin(), tags.end(), "user-impersonation") != tags.end();
        CHECK(tagged == j.relations.own_name);
        CHECK(j.relations.known_name == (j.assessment.stratum == Stratum::Identity));
        return j.relations.known_name;
    }
};

Mail of_tracker(int colleague = 5) { return under_name(colleague, ticket(99), 22); }

}  // namespace

TEST_CASE(
    "a new colleague's name from a learned service claims nothing, from a fresh domain it does") {
    Site s;
    CHECK(s.claims(of_tracker()));  // not yet learned
    s.tracker(10);
    CHECK_FALSE(s.claims(of_tracker()));
    CHECK(s.claims(under_name(5, "ticket99@fresh.example", 22)));
    const auto tags = s.judged(of_tracker()).assessment.tags;
    CHECK(std::find(tags.begin(), tags.end(), "service-sender") != tags.end());
    CHECK_FALSE(s.judged(of_tracker()).relations.claimed);
    // Nobody's name is nothing to lend.
    CHECK_FALSE(s.judged(of_tracker(77)).relations.lent_name);
}

TEST_CASE("nine mails are not enough") {
    Site s;
    s.tracker(9);
    CHECK(s.claims(of_tracker()));
}

TEST_CASE("mail that the domain does not vouch for neither teaches nor gains") {
    Site s;
    s.tracker(10, [](Mail& m) { m.lacks(FeatureId::aligned_signer); });
    CHECK(s.memory.profile(Subject::Domain, of_tracker().get().domain)->borrowed.named == 0);
    CHECK(s.claims(of_tracker()));
    s.tracker(10);
    CHECK_FALSE(s.claims(of_tracker()));
    CHECK(s.claims(of_tracker().lacks(FeatureId::aligned_signer)));
    CHECK(s.claims(of_tracker().says_nothing_of(FeatureId::aligned_signer)));
}

TEST_CASE("free mail is never a service") {
    Site s;
    s.tracker(30, [](Mail& m) { m.get().free_mail_like = true; });
    Mail m = of_tracker();
    m.get().free_mail_like = true;
    CHECK(s.claims(m));
    CHECK(s.claims(of_tracker()));
}

TEST_CASE("names that nobody else bears are no habit") {
    Site s;
    s.tracker(10, [](Mail& m) { m.get().name += 500; });
    CHECK(s.claims(of_tracker()));
}

TEST_CASE("a look-alike domain and a known local part stay what they are") {
    Site s;
    for (int i = 0; i < 4; ++i) {
        Mail m("anna.berg@partner.example", day(i));
        m.get().label_variants = {55, 56};
        m.get().local_part = 98;
        s.learns(m);
    }
    s.tracker(10);
    Mail part = of_tracker();
    part.get().local_part = 98;
    CHECK(s.judged(part).relations.known_local_part);
    CHECK(s.judged(part).assessment.stratum == Stratum::Identity);
    // A service that is hardly known cannot be: make one whose mail was forgotten.
    Mail alike = of_tracker();
    alike.get().label_variants = {56};
    s.memory.edit_profile(Subject::Domain, alike.get().domain).ever = 1;
    CHECK(s.judged(alike).relations.look_alike_domain);
    CHECK(s.judged(alike).assessment.stratum == Stratum::Identity);
}

TEST_CASE("own mail going out does not make the own domain a service") {
    Site s;
    s.tracker(12, [](Mail& m) { m.direction(Direction::Outbound); });
    CHECK(s.memory.profile(Subject::Domain, of_tracker().get().domain)->borrowed.named == 0);
}

TEST_CASE("one mail taken back, and nine are not enough again") {
    Site s;
    s.tracker(9);
    const Mail bad = under_name(1, ticket(50), 21.5);
    const auto stored = decode_lesson(encode(s.learns(bad)));
    REQUIRE(stored);
    CHECK_FALSE(s.claims(of_tracker()));
    take_back(bad, *stored, s.options, s.memory);
    CHECK(s.claims(of_tracker()));
}

TEST_CASE("a domain whose people write under their own names stays one where a name is a claim") {
    Site s;
    s.tracker(10);
    for (int i = 0; i < 11; ++i)
        s.learns(under_name(60 + i, "person" + std::to_string(i) + "@tracker.example", 21 + i));
    CHECK(s.claims(under_name(5, ticket(99), 33)));
}
