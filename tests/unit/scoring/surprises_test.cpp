// SPDX-License-Identifier: Apache-2.0
// Observations against a history (engine/scoring/surprises.hpp).
#include <cmath>

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
    longer.get().word_total = 24;
    s.look(longer);
    CHECK(s.surprise.x[sum] == 0);  // nobody wrote as long a mail before, and shorter ones ask less
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

namespace {

/// Of fifty numbers each, so that p tells which ring was asked: the mail's number is 0.
struct Peers {
    SiteState site;
    Relations relations;
    FeatureVector values{};
    Observations o = Mail();
    const std::size_t f = index_of(FeatureId::language_mix);

    Peers(int length, int history) {
        relations.length_bucket = length;
        relations.history_bucket = history;
        values[f] = encode_seen(Seen::number(0), f, test_hasher());
    }
    Peers& has(int length, int history, int above, int below) {
        ScoreRing& ring = site.ranks[f][rank_bucket(f, length, history)];
        for (int i = 0; i < above; ++i) ring.add(1);
        for (int i = 0; i < below; ++i) ring.add(-1);
        return *this;
    }
    /// Mails compared with whose number is at least as high; -1 when there was nothing to compare.
    [[nodiscard]] int above() const {
        const auto d = surprises(o, values, relations, History{}, site).detail[f];
        return d.n > 0 ? static_cast<int>(std::lround(d.p * (d.n + 1))) - 1 : -1;
    }
};

}  // namespace

TEST_CASE("a number is compared with mail of its own length and history where there is enough") {
    CHECK(Peers(3, 2).has(3, 2, 7, 43).has(3, 1, 9, 41).has(2, 2, 11, 39).above() == 7);
}

TEST_CASE("where there is too little, mail of less history and the same length comes first") {
    CHECK(Peers(3, 2).has(3, 2, 7, 42).has(3, 0, 9, 41).has(2, 2, 11, 39).above() == 9);
    CHECK(Peers(3, 2).has(3, 3, 9, 41).above() == -1);  // mail of more history knows more
}

TEST_CASE("then mail of the next shorter length, whose numbers spread more; never a longer one") {
    CHECK(Peers(3, 2).has(3, 2, 7, 42).has(2, 1, 11, 39).has(4, 2, 13, 37).above() == 11);
    CHECK(Peers(3, 2).has(3, 2, 7, 42).has(2, 1, 11, 38).has(4, 0, 13, 37).above() == -1);
    CHECK(Peers(0, 0).has(1, 0, 5, 45).above() == -1);
    CHECK(Peers(5, 0).has(4, 0, 5, 45).above() == 5);
    CHECK(Peers(3, 2).has(1, 2, 7, 43).above() == -1);  // two lengths away
}

TEST_CASE("a sum asks the next longer length: it grows with the words") {
    const std::size_t sum = index_of(FeatureId::text_asks);
    const std::size_t pay = index_of(Ask::Pay);
    SurpriseVector v;
    v.x[pay] = 4;
    SiteState site;
    Relations r;
    r.length_bucket = 2;
    const auto x = [&] {
        rank_sums(r, site, v);
        return v.x[sum];
    };
    for (int i = 0; i < 50; ++i) site.ranks[sum][rank_bucket(sum, 1, 0)].add(0);
    CHECK(x() == 0);
    for (int i = 0; i < 50; ++i) site.ranks[sum][rank_bucket(sum, 3, 0)].add(0);
    CHECK(x() > 2);
    for (int i = 0; i < 50; ++i) site.ranks[sum][rank_bucket(sum, 2, 0)].add(9);
    CHECK(x() == 0);
}

TEST_CASE("what speaks for a mail is its nats, bounded, and surprises nobody") {
    SiteState site;
    FeatureVector values{};
    const std::size_t f = index_of(FeatureId::link_named);
    const auto x = [&](double nats) {
        values[f] = encode_seen(Seen::number(nats), f, test_hasher());
        const auto v = surprises(Mail(), values, Relations{}, History{}, site);
        CHECK(v.detail[f].p == 1);
        return v.x[f];
    };
    CHECK(x(1.5) == 1.5F);
    CHECK(x(7) == 5);
    CHECK(x(-1) == 0);
    site.without[f] = true;
    CHECK(x(1.5) == 0);
}

TEST_CASE("strangeness leaves out what speaks for a mail and nothing else") {
    Surprises x{};
    x.fill(2);
    const Surprises strange = strangeness(x);
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        CHECK(strange[f] == (feature_spec(f).kind == Kind::Relief ? 0 : 2));
    CHECK(strange[index_of(FeatureId::link_named)] == 0);
}

TEST_CASE("a mail that much speaks for is no more anomalous for that") {
    Scene s;
    s.usual();
    for (int i = 0; i < 500; ++i) {
        Surprises x{};
        for (std::size_t f = 0; f < kFeatureCount; ++f)
            x[f] = static_cast<float>((static_cast<std::size_t>(i) * (f + 3)) % 7) / 7;
        s.memory.edit_site().anomaly.add(strangeness(x));
    }
    s.look(later().links_to("new.example"));
    const auto anomaly = [&] { return indicator_strengths(s.evidence())[0]; };
    const double before = anomaly();
    s.surprise.x[index_of(FeatureId::link_named)] += 4;
    CHECK(anomaly() == before);
    s.surprise.x[index_of(FeatureId::link_shape)] += 4;
    CHECK(anomaly() > before);
}

TEST_CASE("the client of the person it looks like can be left out") {
    Scene s;
    const auto named = [](Mail mail) {
        mail.get().name = id_of("Anna Ames");
        return mail;
    };
    for (int i = 0; i < 20; ++i) s.learns(named(Mail("anna@partner.example", day(i))));
    const auto foreign = named(later("anna@home.example")).shows(FeatureId::user_agent, "Unheard");
    const auto claimed = index_of(FeatureId::claimed_client);
    s.look(foreign);
    REQUIRE(s.surprise.x[claimed] > 0);
    s.memory.edit_site().without[claimed] = true;
    s.look(foreign);
    CHECK(s.surprise.x[claimed] == 0);
    CHECK(s.of(FeatureId::claimed_client).sum == 0);
}
