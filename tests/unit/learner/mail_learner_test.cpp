// SPDX-License-Identifier: Apache-2.0
// One mail through judging and learning (engine/learner/mail_learner.hpp): probation, answers,
// releases, and when the scales are rebuilt.
#include "engine/learner/mail_learner.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

struct Site {
    ScoringOptions scoring;
    LearnerOptions options;
    LearnedMemory memory;
    MailLearner learner{test_hasher(), scoring, options, memory};

    Fate takes(const Observations& o, Action action = Action::Accepted) {
        learner.advance(o.time);
        return learner.take(record_of(o, action), learner.judge(o, Labels{}));
    }
    /// As a judge that finds it one in a thousand would have it.
    Fate takes_suspicious(const Observations& o) {
        Judgement j = learner.judge(o, Labels{});
        j.assessment.stratum = Stratum::NewLink;
        j.assessment.p = 0.001;
        return learner.take(record_of(o), j);
    }
    [[nodiscard]] double mails(std::string_view address = "anna@partner.example") const {
        const auto p = memory.profile(Subject::Correspondent, person(address));
        return p ? static_cast<double>(p->messages) : 0;
    }
};

Mail linking(double at = 0) {
    return Mail("anna@partner.example", day(at)).links_to("new.example");
}

}  // namespace

TEST_CASE("ordinary mail teaches at once") {
    Site s;
    CHECK(s.takes(Mail()) == Fate::Now);
    CHECK(s.mails() == 1);
    CHECK(s.memory.site().waiting == 0);
}

TEST_CASE("suspicious mail teaches after three days and not a second earlier") {
    Site s;
    CHECK(s.takes_suspicious(linking()) == Fate::Probation);
    CHECK(s.mails() == 0);
    CHECK(s.memory.site().waiting == 1);
    s.learner.advance(day(3) - Seconds(1));
    CHECK(s.mails() == 0);
    s.learner.advance(day(3));
    CHECK(s.mails() == 1);
    CHECK(s.memory.site().waiting == 0);
    s.learner.advance(day(9));
    CHECK(s.mails() == 1);
}

TEST_CASE("suspicious mail teaches at once when somebody here answers it") {
    Site s;
    s.takes_suspicious(linking().id("m1"));
    s.takes(Mail("ben@site.example", day(0.1))
                .direction(Direction::Outbound)
                .to({"anna@partner.example"})
                .refers_to({"m1"}));
    CHECK(s.mails() == 1);
    s.learner.advance(day(9));
    CHECK(s.mails() == 1);
}

TEST_CASE("an answer from outside does not vouch for a waiting mail") {
    Site s;
    s.takes_suspicious(linking().id("m1"));
    s.takes(Mail("accomplice@far.example", day(0.1)).refers_to({"m1"}));
    CHECK(s.mails() == 0);
    CHECK(s.memory.waiting_count() == 1);
}

TEST_CASE("held mail is counted and teaches nothing, however long") {
    Site s;
    CHECK(s.takes(linking(), Action::Held) == Fate::Never);
    s.learner.advance(day(400));
    CHECK(s.mails() == 0);
    CHECK(s.memory.site().held == 1);
    CHECK(s.memory.site().mails[0] == 1);
}

TEST_CASE("mail of a known sender that is not backed as usual waits") {
    Site s;
    for (int i = 0; i < 40; ++i) s.takes(Mail("anna@partner.example", day(i)));
    CHECK(s.takes(Mail("anna@partner.example", day(41))
                      .shows(FeatureId::auth_triple, "spf=fail dkim=none dmarc=fail")
                      .lacks(FeatureId::aligned_signer)) == Fate::Probation);
}

TEST_CASE("a released mail teaches at once or after the probation from then on") {
    Site s;
    const auto record = record_of(linking(), Action::Held);
    s.takes(record.observations, Action::Held);
    SECTION("at once") {
        s.learner.release(record, true, day(1));
        CHECK(s.mails() == 1);
    }
    SECTION("later") {
        s.learner.release(record, false, day(1));
        s.learner.advance(day(4) - Seconds(1));
        CHECK(s.mails() == 0);
        s.learner.advance(day(4));
        CHECK(s.mails() == 1);
    }
    SECTION("first later, then at once: once") {
        s.learner.release(record, false, day(1));
        s.learner.release(record, true, day(2));
        s.learner.advance(day(9));
        CHECK(s.mails() == Approx(1));
    }
}

TEST_CASE("what was confirmed to be bad is taken off the waiting list, and only that") {
    Site s;
    const Mail bad = linking().id("m1");
    s.takes_suspicious(bad);
    s.takes_suspicious(Mail("ben@other.example", day(0)).links_to("new.example").id("m1"));
    s.learner.confirm_bad(record_of(bad));
    CHECK(s.memory.waiting_count() == 1);
    s.learner.advance(day(9));
    CHECK(s.mails() == 0);
    CHECK(s.mails("ben@other.example") == 1);
}

TEST_CASE("a mail without a Message-ID is taken off the waiting list as well") {
    Site s;
    Mail bad = linking();
    bad.get().message_id = 0;
    s.takes_suspicious(bad);
    s.learner.confirm_bad(record_of(bad));
    CHECK(s.memory.waiting_count() == 0);
}

TEST_CASE("what a mail taught is taken back when it was confirmed to be bad, once") {
    Site s;
    for (int i = 0; i < 4; ++i) s.takes(Mail("anna@partner.example", day(i)));
    const double before = s.mails();
    const Mail bad = Mail("anna@partner.example", day(4)).shows(FeatureId::user_agent, "evil");
    CHECK(s.takes(bad) == Fate::Now);
    const auto knows = [&] {
        return s.memory.profile(Subject::Correspondent, person("anna@partner.example"))
            ->has(index_of(FeatureId::user_agent), value_of(FeatureId::user_agent, "evil"));
    };
    CHECK(knows());
    const int times = GENERATE(1, 2);
    for (int i = 0; i < times; ++i) s.learner.confirm_bad(record_of(bad));
    CHECK_FALSE(knows());
    CHECK(s.mails() == Approx(before).epsilon(.01));
    CHECK(s.memory.site().learned == 4);
}

TEST_CASE("what waited and was learned later is taken back, too") {
    Site s;
    const Mail bad = linking();
    s.takes_suspicious(bad);
    s.learner.advance(day(3));
    CHECK(s.mails() == 1);
    s.learner.confirm_bad(record_of(bad));
    CHECK(s.mails() == 0);
    CHECK(s.memory.site().learned == 0);
}

TEST_CASE("a mail that was confirmed to be bad puts its sender's waiting mail under suspicion") {
    Site s;
    const Mail bad = linking(), other = linking(0.01);
    MailRecord record = record_of(bad);
    record.assessment.stratum = Stratum::NewLink;
    s.takes_suspicious(bad);
    s.takes_suspicious(other);
    s.learner.confirm_bad(record);
    REQUIRE(s.memory.incident(person("anna@partner.example")));
    s.learner.advance(day(9));
    CHECK(s.mails() == 0);
    CHECK(s.memory.waiting_count() == 1);
}

TEST_CASE("a held mail leaves a fingerprint, and its release lifts it") {
    Site s;
    for (int i = 0; i < 30; ++i) s.takes(Mail("anna@partner.example", day(i)));
    const Mail bad = Mail("anna@partner.example", day(30))
                         .links_to("new.example")
                         .shows(FeatureId::user_agent, "evil")
                         .shows(FeatureId::time_zone, "+0900");
    s.takes(bad, Action::Held);
    const auto prints = [&] {
        return s.memory.traces(person("anna@partner.example")).fingerprints;
    };
    REQUIRE(prints().size() == 1);
    const auto knows = [&](FeatureId f, std::string_view value) {
        const auto values = prints()[0].values;
        return std::any_of(values.begin(), values.end(), [&](const Fingerprint::Value& v) {
            return v.feature == index_of(f) && v.value == value_of(f, value);
        });
    };
    CHECK(knows(FeatureId::user_agent, "evil"));
    CHECK(knows(FeatureId::time_zone, "+0900"));
    CHECK_FALSE(knows(FeatureId::auth_triple, "spf=pass dkim=pass dmarc=pass"));
    SECTION("released") {
        s.learner.release(record_of(bad, Action::Held), true, day(31));
        CHECK(prints().empty());
    }
    SECTION("a mail with the same traits that waits never teaches") {
        Mail other = bad;
        other.id("other").get().time = day(30.1);
        Judgement j = s.learner.judge(other, Labels{});
        j.assessment.stratum = Stratum::NewLink;
        j.assessment.p = .001;
        j.suspicion.overlap = 1;
        CHECK(s.learner.take(record_of(other), j) == Fate::Probation);
        CHECK(s.memory.waiting_count() == 0);
    }
}

TEST_CASE("what waits already and is of the same hand as a held mail never teaches") {
    Site s;
    for (int i = 0; i < 30; ++i) s.takes(Mail("anna@partner.example", day(i)));
    const auto evil = [](double at, const char* id) {
        return Mail("anna@partner.example", day(at))
            .links_to("new.example")
            .shows(FeatureId::user_agent, "evil")
            .shows(FeatureId::time_zone, "+0900")
            .id(id);
    };
    const auto waits = [&](const Mail& m) {
        Judgement j = s.learner.judge(m, Labels{});
        j.assessment.stratum = Stratum::NewLink;
        j.assessment.p = .005;
        MailRecord r = record_of(m);
        r.assessment = j.assessment;
        return s.learner.take(r, j);
    };
    CHECK(waits(evil(30, "first")) == Fate::Probation);
    CHECK(waits(Mail("anna@partner.example", day(30.01)).links_to("docs.example").id("own")) ==
          Fate::Probation);
    REQUIRE(s.memory.waiting_count() == 2);
    s.takes(evil(30.02, "held"), Action::Held);
    CHECK(s.memory.waiting_count() == 1);
    CHECK_FALSE(s.memory.take_waiting(id_of("first")));
}

TEST_CASE("a mail that teaches already is not taught again by its release") {
    Site s;
    const auto record = record_of(linking(), Action::Held);
    s.takes(record.observations, Action::Held);
    s.learner.release(record, true, day(1));
    s.learner.release(record, true, day(2));
    s.learner.release(record, false, day(2));
    s.learner.advance(day(9));
    CHECK(s.memory.site().learned == 1);
}

TEST_CASE("a delayed mail leaves a trace, and counts and teaches once when it comes again") {
    Site s;
    const Mail first = linking().id("m1").to({"ben@site.example"});
    MailRecord record = record_of(first, Action::Deferred);
    Judgement j = s.learner.judge(first, Labels{});
    j.assessment.stratum = Stratum::NewLink;
    s.learner.postpone(record, j);
    s.learner.postpone(record, j);  // it may be late at its retry as well
    CHECK(s.mails() == 0);
    CHECK(s.memory.site().mails[0] == 0);
    CHECK(s.memory.site().learned == 0);
    REQUIRE(s.memory.traces(person("anna@partner.example")).items.size() == 1);
    CHECK(s.memory.traces(person("anna@partner.example")).items[0].mail == record.id);

    s.takes(linking(0.01).id("m1"));
    CHECK(s.mails() == 1);
    CHECK(s.memory.site().mails[0] == 1);
    CHECK(s.memory.traces(person("anna@partner.example")).items.size() <= 1);
    s.learner.advance(day(30));
    CHECK(s.memory.site().mails[0] == 1);
    CHECK(s.mails() == 1);
}

TEST_CASE(
    "a delayed mail that never comes again counts when its time is over and teaches nothing") {
    Site s;
    s.learner.postpone(record_of(linking(), Action::Deferred),
                       s.learner.judge(linking(), Labels{}));
    s.learner.advance(day(5));
    CHECK(s.memory.site().mails[0] == 0);
    s.learner.advance(day(5) + Seconds(1));
    CHECK(s.memory.site().mails[0] == 1);
    s.learner.advance(day(30));
    CHECK(s.memory.site().mails[0] == 1);
    CHECK(s.mails() == 0);
}

TEST_CASE("while its sender has an incident, suspicious mail goes on waiting, even if answered") {
    Site s;
    s.takes_suspicious(linking().id("m1"));
    MailRecord held = record_of(linking(0.01).id("m2"), Action::Held);
    held.assessment.stratum = Stratum::NewLink;
    held.assessment.verdict = Verdict::Quarantine;
    s.learner.take(held, s.learner.judge(held.observations, Labels{}));
    s.takes(Mail("ben@site.example", day(0.1))
                .direction(Direction::Outbound)
                .to({"anna@partner.example"})
                .refers_to({"m1"}));
    s.learner.advance(day(4));
    CHECK(s.mails() == 0);
    CHECK(s.memory.waiting_count() == 1);
    SECTION("a mail that an admin released teaches all the same") {
        s.learner.release(held, false, day(4));
        s.learner.advance(day(7));
        CHECK(s.mails() == 1);
    }
    SECTION("until the incident is over") {
        s.learner.advance(day(30.01));
        CHECK(s.mails() == 0);
        s.learner.advance(day(30.02));
        CHECK(s.mails() == 1);
        CHECK(s.memory.waiting_count() == 0);
    }
}

TEST_CASE("the scales follow the state after 250 mails") {
    Site s;
    const auto score = [&] { return s.learner.judge(linking(1), Labels{}).assessment.p; };
    const double before = score();
    for (int i = 0; i < 249; ++i)
        s.takes(Mail("p" + std::to_string(i) + "@far.example", day(0) + Seconds(i)));
    CHECK(score() == before);
    s.takes(Mail("last@far.example", day(0) + Seconds(249)));
    CHECK(score() != before);
}

TEST_CASE("judging changes nothing") {
    Site s;
    for (int i = 0; i < 5; ++i) s.takes(Mail("anna@partner.example", day(i)));
    const auto first = s.learner.judge(linking(6), Labels{});
    const auto second = s.learner.judge(linking(6), Labels{});
    CHECK(first.assessment.raw == second.assessment.raw);
    CHECK(first.assessment.score == second.assessment.score);
    CHECK(s.memory.site().mails[0] == 5);
    CHECK(s.memory.host(host_of("new.example")).senders == 0);
}
