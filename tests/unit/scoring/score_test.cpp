// SPDX-License-Identifier: Apache-2.0
// Stratum, raw score, evidence and verdict (engine/scoring/score.hpp).
#include "engine/scoring/score.hpp"

#include <cmath>

#include "tests/unit/scoring/scene.hpp"

using namespace kith;
using namespace kith::test;

namespace {

Trace other(double minutes_before, std::string_view rcpt, float evidence = 3) {
    Trace t;
    t.time = day(21) - Seconds(static_cast<long>(60 * minutes_before));
    t.rcpt_set = test_hasher().hash64("rcpts", rcpt);
    t.message_id = id_of(std::string("other ") + std::string(rcpt));
    t.sketch = {9, 9, 9, 9, 9, 9, 9, 9};
    t.evidence = evidence;
    return t;
}

double joint(const Scene& s, double own, Stratum stratum, const Traces& traces) {
    return joint_evidence(own, other_mails(own, s.evidence(), stratum, traces));
}

}  // namespace

TEST_CASE("SEC-08: ordinary mail is plain, mail that nothing speaks for unbacked") {
    Scene s;
    s.usual();
    CHECK(stratum_of(s.look(later())) == Stratum::Plain);
    CHECK(is_backed(s.evidence()));
    const auto failing = [] {
        return later().shows(FeatureId::auth_triple, "spf=fail dkim=fail dmarc=fail");
    };
    CHECK(stratum_of(s.look(failing().lacks(FeatureId::aligned_signer))) == Stratum::Unbacked);
    CHECK_FALSE(is_backed(s.evidence()));
    // The From domain itself vouches for it, in another way than usual.
    CHECK(stratum_of(s.look(failing().shows(FeatureId::aligned_signer,
                                            "partner.example by SPF"))) == Stratum::Plain);
}

TEST_CASE("a client foreign in several features is a stratum of its own, for known senders") {
    Scene s;
    const auto written_on = [](Mail mail, std::string_view client) {
        const std::string name(client);
        for (const auto f :
             {FeatureId::time_zone, FeatureId::user_agent, FeatureId::message_id_host,
              FeatureId::charset, FeatureId::submit_network})
            mail.shows(f, "that of " + name);
        return mail;
    };
    for (int i = 0; i < 20; ++i)
        s.learns(written_on(Mail("anna@partner.example", day(i)), "the office"));
    const auto foreign = [&](Mail mail) { return written_on(std::move(mail), "somebody else"); };
    CHECK(stratum_of(s.look(foreign(later()))) == Stratum::NewClient);
    CHECK(stratum_of(s.look(later().shows(FeatureId::user_agent, "Unheard"))) == Stratum::Plain);
    CHECK(stratum_of(s.look(foreign(later("new@far.example")))) != Stratum::NewClient);
}

TEST_CASE("a link the sender never used makes it a link's mail, whatever else it asks") {
    Scene s;
    s.usual().learns(Mail("anna@partner.example", day(20.5)).links_to("shop.example", "a"));
    CHECK(stratum_of(s.look(later().links_to("new.example").asks_for({Ask::Pay, Ask::Hurry}))) ==
          Stratum::NewLink);
    CHECK(stratum_of(s.look(later().links_to("shop.example", "b"))) == Stratum::Plain);
}

TEST_CASE("a request is what sender and site are not used to, or payment data") {
    Scene s;
    s.usual();
    CHECK(stratum_of(s.look(later().asks_for({Ask::Pay, Ask::Hurry}))) == Stratum::Request);
    CHECK(stratum_of(s.look(later().asks_for({Ask::Please, Ask::Reply}))) == Stratum::Plain);
    Scene used;
    used.usual();
    for (int i = 0; i < 8; ++i)
        used.learns(
            Mail("anna@partner.example", day(20.1 + i / 10.0)).asks_for({Ask::Pay, Ask::Hurry}));
    CHECK(stratum_of(used.look(later().asks_for({Ask::Pay, Ask::Hurry}))) == Stratum::Plain);
    Mail mail = later();
    mail.get().payment = {7};
    CHECK(stratum_of(s.look(mail)) == Stratum::Request);
}

TEST_CASE("words without a page to open or a number to call are a warning's, not a request's") {
    Scene s;
    s.usual();
    const auto asks = {Ask::Login, Ask::Open, Ask::Call, Ask::Hurry, Ask::Please};
    CHECK(stratum_of(s.look(later().asks_for(asks))) == Stratum::Plain);
    Mail with_number = later().asks_for(asks);
    with_number.get().phones = {7};
    CHECK(stratum_of(s.look(with_number)) == Stratum::Request);
    Mail with_file = later().asks_for(asks);
    with_file.get().has_attachment = true;
    CHECK(stratum_of(s.look(with_file)) == Stratum::Request);
    Mail with_address = later().asks_for(asks);
    with_address.get().marks |= 1U << static_cast<unsigned>(Mark::WriteTo);
    CHECK(stratum_of(s.look(with_address)) == Stratum::Request);
}

TEST_CASE("only what hardly wrote before can claim to be somebody else") {
    Scene s;
    s.usual();
    s.look(later("new@far.example"));
    s.relations.known_name = true;
    s.relations.messages = kKnownMails - 1;
    CHECK(stratum_of(s.evidence()) == Stratum::Identity);
    s.relations.messages = kKnownMails;
    CHECK(stratum_of(s.evidence()) != Stratum::Identity);
    // A second address of three days is a correspondent like others, a look-alike domain is not.
    s.relations.messages = kKnownMails - 1;
    s.relations.known_days = kProbationDays;
    s.relations.look_alike_domain = true;
    CHECK(stratum_of(s.evidence()) == Stratum::Identity);
    s.relations.look_alike_domain = false;
    s.relations.known_name = s.relations.known_local_part = true;
    CHECK(stratum_of(s.evidence()) != Stratum::Identity);
    s.relations.known_days = kProbationDays - .1;
    CHECK(stratum_of(s.evidence()) == Stratum::Identity);
}

TEST_CASE("a new address at a firm claims nobody's identity, if the firm vouches for the mail") {
    Scene s;
    s.usual();
    Mail mail = later("new@far.example");
    mail.shows(FeatureId::aligned_signer, "far.example");
    s.look(mail);
    s.relations.messages = 0;
    s.relations.known_name = s.relations.known_local_part = true;
    CHECK(stratum_of(s.evidence()) == Stratum::Identity);
    s.relations.firm = true;
    CHECK(stratum_of(s.evidence()) != Stratum::Identity);
    s.relations.look_alike_domain = true;
    CHECK(stratum_of(s.evidence()) == Stratum::Identity);
    mail.lacks(FeatureId::aligned_signer);
    s.look(mail);
    s.relations.messages = 0;
    s.relations.known_name = s.relations.firm = true;
    CHECK(stratum_of(s.evidence()) == Stratum::Identity);
    mail.shows(FeatureId::aligned_signer, "far.example").get().free_mail_like = true;
    s.look(mail);
    s.relations.messages = 0;
    s.relations.known_name = s.relations.firm = true;
    CHECK(stratum_of(s.evidence()) == Stratum::Identity);
}

TEST_CASE("the raw score never falls when a surprise grows") {
    const Stratum stratum = GENERATE(Stratum::Identity, Stratum::NewLink, Stratum::Request,
                                     Stratum::Unbacked, Stratum::Plain, Stratum::NewClient);
    const ExpertModel model;
    Surprises x{};
    const double quiet = raw_score(stratum, model, x);
    CHECK(std::isfinite(quiet));
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        if (feature_spec(f).kind == Kind::Relief) continue;
        const double before = raw_score(stratum, model, x);
        x[f] = 12.8F;
        CHECK(raw_score(stratum, model, x) >= before);
    }
    CHECK(raw_score(stratum, model, x) > quiet);
    CHECK(std::isfinite(raw_score(stratum, model, x)));
}

TEST_CASE("what speaks for a mail takes its nats off the raw score of its own stratum alone") {
    const auto [id, own] = GENERATE(table<FeatureId, Stratum>(
        {{FeatureId::link_named, Stratum::NewLink}, {FeatureId::link_unasked, Stratum::NewLink}}));
    const ExpertModel model;
    Surprises x{};
    x[index_of(FeatureId::link_host)] = 5;
    x[index_of(FeatureId::identity_marks)] = 4;
    Surprises relieved = x;
    relieved[index_of(id)] = 1.5F;
    for (std::size_t i = 0; i < kStratumCount; ++i) {
        const auto stratum = static_cast<Stratum>(i);
        INFO(feature_name(index_of(id)) << " " << to_string(stratum));
        CHECK(raw_score(stratum, model, relieved) ==
              Approx(raw_score(stratum, model, x) - (stratum == own ? 1.5 : 0)));
        CHECK(raw_slope(stratum, model, relieved)[index_of(id)] == (stratum == own ? -1 : 0));
        // Nothing else weighs more or less for it.
        const std::size_t other = index_of(FeatureId::user_agent);
        CHECK(raw_slope(stratum, model, relieved)[other] ==
              Approx(raw_slope(stratum, model, x)[other]));
    }
}

TEST_CASE("several things that speak for a mail are added") {
    const ExpertModel model;
    Surprises x{};
    const double before = raw_score(Stratum::NewLink, model, x);
    x[index_of(FeatureId::link_named)] = 3;
    x[index_of(FeatureId::link_unasked)] = 1;
    CHECK(raw_score(Stratum::NewLink, model, x) == Approx(before - 4));
}

TEST_CASE("the slope is how much the raw score grows with a surprise") {
    const Stratum stratum =
        GENERATE(Stratum::Identity, Stratum::NewLink, Stratum::Plain, Stratum::NewClient);
    const ExpertModel model;
    Surprises x{};
    for (std::size_t f = 0; f < kFeatureCount; f += 3) x[f] = static_cast<float>(f % 7);
    const auto slope = raw_slope(stratum, model, x);
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        Surprises more = x;
        more[f] += 0.01F;
        CHECK(slope[f] ==
              Approx((raw_score(stratum, model, more) - raw_score(stratum, model, x)) / 0.01)
                  .margin(0.01));
    }
}

TEST_CASE("own evidence is p times the stratum's share over its share of the budget") {
    Scene s;
    auto& site = s.memory.edit_site();
    for (int i = 0; i < 9; ++i) site.scores[0][1].add(static_cast<float>(i));
    site.stratum_mails[0] = {0, 9, 4, 0, 81, 0};  // link: 10 of 100
    s.look(later());
    s.options.shares[1] = 0.5;
    // p = 1/10 above all nine, share .1, budget share .5
    CHECK(own_evidence(s.evidence(), Stratum::NewLink, 100, s.options) ==
          Approx(-std::log10(0.1 * 0.1 / 0.5)));
    s.options.shares[1] = 0.1;
    CHECK(own_evidence(s.evidence(), Stratum::NewLink, 100, s.options) == Approx(1));
    CHECK(own_evidence(s.evidence(), Stratum::Plain, -100, s.options) == 0);  // never below 0
}

TEST_CASE("mail of the last two hours to other recipients adds evidence") {
    Scene s;
    s.look(later().links_to("new.example"));
    const auto joint_with = [&](const Trace& t) {
        return joint(s, 2, Stratum::NewLink, Traces{{t}});
    };
    // less weight for other words and another link: .8 * .7 * (3 - .7)
    CHECK(joint_with(other(10, "x")) == Approx(3.288));
    SECTION("the same words or the same link count whole") {
        Trace t = other(10, "x");
        t.sketch = s.o.sketch;
        CHECK(joint_with(t) == Approx(3.84));
        t = other(10, "x");
        t.tenants = {fold32(tenant_of("new.example/"))};
        CHECK(joint_with(t) == Approx(3.84));
    }
    SECTION("half of the words' hashes are the same words, fewer are not") {
        Trace t = other(10, "x");
        for (std::size_t i = 0; i < 3; ++i) t.sketch[i] = s.o.sketch[i];
        CHECK(joint_with(t) == Approx(3.288));
        t.sketch[3] = s.o.sketch[3];
        CHECK(joint_with(t) == Approx(3.84));
    }
    SECTION("a held one weighs a little more") {
        Trace t = other(10, "x");
        t.held = true;
        CHECK(joint_with(t) == Approx(3.588));
    }
    SECTION("after two hours it is forgotten; what comes later does not count") {
        CHECK(joint_with(other(120, "x")) == Approx(3.288));
        CHECK(joint_with(other(121, "x")) == 2);
        CHECK(joint_with(other(-1, "x")) == 2);
    }
    SECTION("the same recipients are a series, no fan-out") {
        Trace t = other(10, "x");
        t.rcpt_set = s.o.rcpt_set;
        CHECK(joint_with(t) == 2);
    }
    SECTION("a copy of the same mail is the same mail") {
        Trace t = other(10, "x");
        t.message_id = s.o.message_id;
        CHECK(joint_with(t) == 2);
    }
    SECTION("mails without a Message-ID are not the same for that") {
        Trace t = other(10, "x");
        t.message_id = s.o.message_id = 0;
        CHECK(joint_with(t) == Approx(3.288));
    }
}

TEST_CASE("at its retry a delayed mail counts what came before its first attempt and since") {
    Scene s;
    s.look(later().links_to("new.example"));
    const auto gain = [&](double minutes_before) {
        return other_mails(2, s.evidence(), Stratum::NewLink, Traces{{other(minutes_before, "x")}},
                           day(21) - Seconds(3 * 3600))
            .gain;
    };
    CHECK(gain(10) == Approx(1.288));
    CHECK(gain(300) == Approx(1.288));
    CHECK(gain(301) == 0);
}

TEST_CASE("the other mails are counted, those alike apart") {
    Scene s;
    s.look(later().links_to("new.example"));
    Trace alike = other(20, "y");
    alike.sketch = s.o.sketch;
    alike.held = true;
    const OtherMails others =
        other_mails(2, s.evidence(), Stratum::NewLink,
                    Traces{{other(10, "x"), alike, other(30, "z", 0.5F), other(200, "w")}});
    CHECK(others.mails == 2);
    CHECK(others.alike == 1);
    CHECK(others.held);
    CHECK(others.gain == Approx(2.3));
}

TEST_CASE("evidence of others helps no mail that is ordinary or asks for nothing") {
    Scene s;
    s.look(later().links_to("new.example"));
    const Traces traces{{other(10, "x")}};
    CHECK(joint(s, 0.5, Stratum::NewLink, traces) == 0.5);
    CHECK(joint(s, 0.51, Stratum::NewLink, traces) > 0.51);
    CHECK(joint(s, 3, Stratum::Plain, traces) == 3);
    CHECK(joint(s, 3, Stratum::Unbacked, traces) == 3);
}

TEST_CASE("a request without new link or money gains from others only if it is unusual by itself") {
    Scene s;
    const Traces traces{{other(10, "x")}};
    s.look(later().asks_for({Ask::Login, Ask::Hurry}));
    CHECK(joint(s, 1.49, Stratum::Request, traces) == 1.49);
    CHECK(joint(s, 1.5, Stratum::Request, traces) > 1.5);
    CHECK(joint(s, 3, Stratum::Identity, traces) == 3);
    s.look(later().asks_for({Ask::Pay, Ask::Hurry}));
    CHECK(joint(s, 1, Stratum::Request, traces) > 1);
}

TEST_CASE("many mails add two powers of ten at most, and nothing goes beyond eight") {
    Scene s;
    s.look(later().links_to("new.example"));
    Traces traces;
    for (int i = 0; i < 60; ++i) traces.items.push_back(other(1, "r" + std::to_string(i), 8));
    CHECK(joint(s, 2, Stratum::NewLink, traces) == Approx(4));
    CHECK(joint(s, 7, Stratum::NewLink, traces) == 8);
}

TEST_CASE(
    "an account at risk adds half its rarity to mail that wants something, two powers at most") {
    Scene s;
    s.look(later().links_to("new.example"));
    const auto gain = [&](double own, double risk, Stratum stratum = Stratum::NewLink) {
        const Evidence e = s.evidence();
        return account_gain(own, risk, e.observations, e.relations, stratum);
    };
    CHECK(gain(2, 0) == 0);
    CHECK(gain(2, 20) == 0);
    CHECK(gain(2, 40) == Approx(.5));
    CHECK(gain(2, 80) == Approx(1.5));
    CHECK(gain(2, 100) == Approx(2));
    CHECK(gain(.5, 80) == 0);
    CHECK(gain(2, 80, Stratum::Plain) == 0);
}

TEST_CASE("a trace has the foreign links, at most eight, and the mail's evidence") {
    Mail mail = later();
    for (int i = 0; i < 9; ++i) mail.links_to("h" + std::to_string(i) + ".example");
    mail.get().links[0].own_domain = true;
    const Trace t = trace_of(mail, 2.5, true);
    CHECK(t.tenants.size() == 8);
    CHECK_FALSE(contains(t.tenants, fold32(tenant_of("h0.example/"))));
    CHECK(t.evidence == 2.5F);
    CHECK(t.held);
    CHECK(t.time == day(21));
}

TEST_CASE(
    "a mail leaves one trace however often it comes, old ones go, the oldest beyond the bound "
    "too") {
    Traces traces;
    leave_trace(traces, other(100, "x"));
    leave_trace(traces, other(90, "y"));
    Trace again = other(50, "x", 4);
    leave_trace(traces, again);
    REQUIRE(traces.items.size() == 2);
    CHECK(traces.items.back().evidence == 4);
    CHECK(traces.items.back().time == again.time);
    Trace unnamed = other(40, "x"), different = other(40, "x");
    unnamed.message_id = different.message_id = 0;
    different.sketch[0] = 1;
    leave_trace(traces, unnamed);
    leave_trace(traces, different);
    leave_trace(traces, unnamed);
    CHECK(traces.items.size() == 4);
    leave_trace(traces, other(-60, "z"));
    CHECK(traces.items.size() == 4);  // that of 90 minutes before is older than two hours
    for (std::size_t i = 0; i < Traces::kMax; ++i)
        leave_trace(traces, other(-60, "r" + std::to_string(i)));
    CHECK(traces.items.size() == Traces::kMax);
    CHECK(traces.items.front().rcpt_set == other(0, "r0").rcpt_set);
}

TEST_CASE("between the budgets a mail from outside that wants something is worth a delay") {
    ScoringOptions o;  // 1 in 1000 held
    const auto worth = [&](double evidence, bool ready = true, Direction d = Direction::Inbound,
                           Stratum s = Stratum::NewLink) {
        return is_worth_delay(evidence, ready, d, s, o);
    };
    CHECK_FALSE(worth(2.5));  // off unless configured
    o.delays_per_1000 = 10;
    CHECK_FALSE(worth(1.99));
    CHECK(worth(2.01));
    CHECK(worth(2.99));
    CHECK_FALSE(worth(3.01));  // held
    CHECK_FALSE(worth(2.5, false));
    CHECK_FALSE(worth(2.5, true, Direction::Outbound));
    CHECK_FALSE(worth(2.5, true, Direction::Internal));
    CHECK(worth(2.5, true, Direction::Inbound, Stratum::Request));
    CHECK(worth(2.5, true, Direction::Inbound, Stratum::Identity));
    CHECK_FALSE(worth(2.5, true, Direction::Inbound, Stratum::Plain));
    CHECK_FALSE(worth(2.5, true, Direction::Inbound, Stratum::Unbacked));
    o.holds_per_1000 = 0;
    CHECK(worth(8));
}

TEST_CASE("a score is twenty points a power of ten, from 0 to 100") {
    CHECK(score_of(0) == 0);
    CHECK(score_of(3) == 60);
    CHECK(score_of(5) == 100);
    CHECK(score_of(8) == 100);
    CHECK(score_of(-1) == 0);
}

TEST_CASE("a verdict is P against the budget") {
    ScoringOptions o;  // 1 held, 10 tagged in 1000
    CHECK(verdict_of(1.99, true, o) == Verdict::Pass);
    CHECK(verdict_of(2.01, true, o) == Verdict::Tag);
    CHECK(verdict_of(2.99, true, o) == Verdict::Tag);
    CHECK(verdict_of(3.01, true, o) == Verdict::Quarantine);
    CHECK(verdict_of(8, false, o) == Verdict::Tag);  // still learning
    o.holds_per_1000 = 0;
    CHECK(verdict_of(8, true, o) == Verdict::Tag);
    o.tags_per_1000 = 0;
    CHECK(verdict_of(8, true, o) == Verdict::Pass);
}

TEST_CASE("nothing is held before there is enough calibration mail of direction and stratum") {
    Scene s;
    auto& site = s.memory.edit_site();
    for (int i = 0; i < 29; ++i) site.scores[0][1].add(1);
    for (int i = 0; i < 2966; ++i) site.scores[0][4].add(1);
    CHECK_FALSE(is_ready(Scales(site), Direction::Inbound, Stratum::NewLink, s.options));
    CHECK(is_ready(Scales(site), Direction::Inbound, Stratum::Plain, s.options));
    site.scores[0][1].add(1);
    CHECK(is_ready(Scales(site), Direction::Inbound, Stratum::NewLink, s.options));
    CHECK_FALSE(is_ready(Scales(site), Direction::Outbound, Stratum::Plain, s.options));
    for (const auto& [per_1000, needed] :
         {std::pair(10.0, 2995), {1.0, 2995}, {.5, 5990}, {.1, 29950}, {0.0, 2995}}) {
        ScoringOptions options;
        options.holds_per_1000 = per_1000;
        CHECK(mails_needed(options) == static_cast<std::size_t>(needed));
    }
    s.options.holds_per_1000 = .99;
    CHECK_FALSE(is_ready(Scales(site), Direction::Inbound, Stratum::Plain, s.options));
    s.options.holds_per_1000 = 1;
    s.options.min_calibration = 2997;
    CHECK_FALSE(is_ready(Scales(site), Direction::Inbound, Stratum::Plain, s.options));
}
