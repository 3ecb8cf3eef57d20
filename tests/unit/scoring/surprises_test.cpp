// SPDX-License-Identifier: Apache-2.0
// Observations against a history (engine/scoring/surprises.hpp).
#include "tests/unit/scoring/scene.hpp"

using namespace kith;
using namespace kith::test;

TEST_CASE("a sender's usual value is no surprise, a new one is") {
    Scene s;
    s.usual().look(later());
    CHECK(s.of(FeatureId::time_zone).p > 0.5);
    CHECK(s.surprise.x[index_of(FeatureId::time_zone)] == 0);
    s.look(later().shows(FeatureId::time_zone, "+0900"));
    CHECK(s.of(FeatureId::time_zone).p < 0.01);
    CHECK(s.of(FeatureId::time_zone).new_to_sender);
    CHECK(s.of(FeatureId::time_zone).steady);
    CHECK(s.surprise.x[index_of(FeatureId::time_zone)] > 3);
}

TEST_CASE("a mail that says nothing of a feature surprises nobody by it") {
    Scene s;
    s.usual().look(later().says_nothing_of(FeatureId::time_zone));
    CHECK(s.of(FeatureId::time_zone).p == 1);
    CHECK(s.surprise.x[index_of(FeatureId::time_zone)] == 0);
}

TEST_CASE("what the domain knows surprises less than what nobody knows") {
    Scene s;
    s.usual();
    for (int i = 0; i < 5; ++i)
        s.learns(Mail("bea@partner.example", day(20) + Seconds(i))
                     .shows(FeatureId::user_agent, "Outlook"));
    s.look(later().shows(FeatureId::user_agent, "Outlook"));
    const double colleagues = s.of(FeatureId::user_agent).p;
    s.look(later().shows(FeatureId::user_agent, "Unheard"));
    CHECK(s.of(FeatureId::user_agent).p < colleagues);
}

TEST_CASE("a stranger is compared with its domain, else with the site, else with nothing") {
    Scene s;
    s.look(later("dee@partner.example"));
    CHECK(s.of(FeatureId::time_zone).p == 1);  // nothing learned at all
    s.usual();
    s.look(later("dee@partner.example"));
    const double usual = s.of(FeatureId::time_zone).p;
    CHECK(s.of(FeatureId::time_zone).n == 0);
    CHECK_FALSE(s.of(FeatureId::time_zone).new_to_sender);
    s.look(later("dee@partner.example").shows(FeatureId::time_zone, "+0900"));
    CHECK(s.of(FeatureId::time_zone).p < usual);
    s.look(later("eve@far.example"));
    CHECK(s.of(FeatureId::time_zone).p < 1);
}

TEST_CASE("a sum is ranked among mail of the same length and says nothing before there is enough") {
    Scene s;
    s.usual();
    const auto sum = index_of(FeatureId::text_asks);
    const Mail asking = later().asks_for({Ask::Pay, Ask::Secret, Ask::Code});
    s.look(asking);
    REQUIRE(s.of(FeatureId::text_asks).sum > 5);
    CHECK(s.memory.site().ranks[sum][0].size() == 60);  // learned: one value a mail
    CHECK(s.of(FeatureId::text_asks).p == Approx(1.0 / 61));
    CHECK(s.surprise.x[sum] > 3);
    s.look(later());
    CHECK(s.surprise.x[sum] == 0);
    Mail longer = asking;
    longer.get().word_total = 100;
    s.look(longer);
    CHECK(s.surprise.x[sum] == 0);  // nobody wrote as long a mail before
}

TEST_CASE("without its members a sum is no surprise") {
    Scene s;
    s.usual().look(later().asks_for({Ask::Pay, Ask::Secret}));
    const auto sum = index_of(FeatureId::text_asks);
    REQUIRE(s.surprise.x[sum] > 0);
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (feature_spec(sum).sums(f)) s.surprise.x[f] = 0;
    rank_sums(s.relations, s.memory.site(), s.surprise);
    CHECK(s.surprise.x[sum] == 0);
    CHECK(s.of(FeatureId::text_asks).sum == 0);
}

TEST_CASE("a set is as surprising as its worst member, paid for by their number") {
    Scene s;
    for (int i = 0; i < 20; ++i)
        s.learns(Mail("anna@partner.example", day(i)).has(FeatureId::x_headers, "X-A"));
    s.look(later().has(FeatureId::x_headers, "X-New"));
    const double alone = s.of(FeatureId::x_headers).p;
    s.look(later().has(FeatureId::x_headers, "X-A").has(FeatureId::x_headers, "X-New"));
    CHECK(s.of(FeatureId::x_headers).p == Approx(2 * alone));
    CHECK(s.of(FeatureId::x_headers).value == value_of(FeatureId::x_headers, "X-New"));
}

TEST_CASE("a bin beside the usual one surprises less than one far off") {
    Scene s;
    for (int i = 0; i < 20; ++i)
        s.learns(Mail("anna@partner.example", day(i)).bin(FeatureId::recipient_count, 2));
    s.look(later().bin(FeatureId::recipient_count, 3));
    const double near = s.of(FeatureId::recipient_count).p;
    s.look(later().bin(FeatureId::recipient_count, 9));
    CHECK(s.of(FeatureId::recipient_count).p < near);
}

TEST_CASE("a ranked number needs fifty of its length, then its rank counts") {
    Scene s;
    auto& ring = s.memory.edit_site().ranks[index_of(FeatureId::language_mix)][0];
    s.usual();
    s.memory.edit_site().words = 1000;
    const auto mail = later("dee@far.example").says("odd words here");
    for (int i = 0; i < 49; ++i) ring.add(-100);
    s.look(mail);
    CHECK(s.of(FeatureId::language_mix).p == 1);
    ring.add(-100);
    s.look(mail);
    CHECK(s.of(FeatureId::language_mix).p == Approx(1.0 / static_cast<double>(ring.size() + 1)));
    for (int i = 0; i < 49; ++i) ring.add(100);
    s.look(mail);
    CHECK(s.of(FeatureId::language_mix).p > 0.4);
}

TEST_CASE("every surprise is finite and not negative") {
    Scene s;
    s.usual().look(later("zed@nowhere.example").shows(FeatureId::time_zone, "?").says("x y z"));
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        CHECK(s.surprise.x[f] >= 0);
        CHECK(s.surprise.x[f] < 13);  // hinge of the floor
        CHECK(s.surprise.detail[f].p >= kSurpriseFloor);
    }
}

TEST_CASE("a stranger is compared with the client of the person it looks like") {
    Scene s;
    const auto named = [](Mail mail) {
        mail.get().name = id_of("Anna Ames");
        return mail;
    };
    for (int i = 0; i < 20; ++i) s.learns(named(Mail("anna@partner.example", day(i))));
    s.look(named(later("anna@home.example")));
    REQUIRE(s.relations.claimed == person("anna@partner.example"));
    const float own_client = s.of(FeatureId::claimed_client).sum;
    s.look(named(later("anna@home.example"))
               .shows(FeatureId::time_zone, "+0900")
               .shows(FeatureId::user_agent, "Unheard"));
    CHECK(s.of(FeatureId::claimed_client).sum > own_client + 4.0F);
    // Others' names, or none, lead to nobody.
    s.look(later("anna@home.example").shows(FeatureId::time_zone, "+0900"));
    CHECK(s.of(FeatureId::claimed_client).sum == 0);
}
