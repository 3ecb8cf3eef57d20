// SPDX-License-Identifier: Apache-2.0
// A recorded stream through parser, judge and learner (engine/learner/replay.hpp).
#include "engine/learner/replay.hpp"

#include <memory>

#include "tests/support/catch.hpp"
#include "tests/support/message_builder.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

Config config() {
    Config c;
    c.site.domains = {"site.example"};
    return c;
}

ReplayMail arriving(double at, std::string rcpt = "ben@site.example") {
    ReplayMail m;
    m.arrival.time = day(at);
    m.arrival.client_addr = "192.0.2.7";
    m.arrival.mail_from = "anna@partner.example";
    m.arrival.rcpts = {std::move(rcpt)};
    return m;
}

std::string bytes(int i, std::string_view link = "") {
    return MessageBuilder()
        .set("Message-ID", "<" + std::to_string(i) + "@partner.example>")
        .body("The gasket order is on its way, we ship on Monday.\n" + std::string(link) + "\n")
        .raw();
}

double mails_of(const Replay& r) {
    const auto p = r.memory().profile(Subject::Correspondent, person("anna@partner.example"));
    return p ? static_cast<double>(p->messages) : 0;
}

}  // namespace

TEST_CASE("a replayed mail is judged, then learned") {
    message_library_init();
    const Config c = config();
    Replay replay(c, test_hasher());
    const auto first = replay.run(arriving(0), bytes(0));
    CHECK(first.judgement.relations.messages == 0);
    CHECK(first.direction == Direction::Inbound);
    CHECK(first.total_us >= first.assess_us);
    CHECK(replay.run(arriving(1), bytes(1)).judgement.relations.messages == 1);
    CHECK(mails_of(replay) > 1);
}

TEST_CASE("a feature that is left out surprises nobody, nor do sums with it") {
    message_library_init();
    const Config c = config();
    const auto probe = [&](const std::vector<std::size_t>& without) {
        Replay replay(c, test_hasher(), Seconds{900}, without);
        for (int i = 0; i < 30; ++i) (void)replay.run(arriving(i), bytes(i));
        return replay.run(arriving(31), bytes(31, "https://far.example/a")).judgement.surprise;
    };
    const std::size_t host = index_of(FeatureId::link_host),
                      links = index_of(FeatureId::text_links);
    const SurpriseVector whole = probe({}), less = probe({host});
    REQUIRE(whole.x[host] > 0);
    CHECK(less.x[host] == 0);
    CHECK(less.detail[links].sum == Approx(whole.detail[links].sum - whole.x[host]).margin(1e-5));
    CHECK(probe({links}).detail[links].sum == 0);
}

TEST_CASE("a probe is judged and leaves no trace") {
    message_library_init();
    const Config c = config();
    Replay replay(c, test_hasher());
    (void)replay.run(arriving(0), bytes(0));
    ReplayMail probe = arriving(400);
    probe.learn = false;
    const auto a = replay.run(probe, bytes(1, "https://new.example/x"));
    const auto b = replay.run(probe, bytes(1, "https://new.example/x"));
    CHECK(a.judgement.assessment.stratum == Stratum::NewLink);
    CHECK(a.judgement.assessment.raw == b.judgement.assessment.raw);
    CHECK(a.judgement.assessment.p == b.judgement.assessment.p);
    CHECK(mails_of(replay) == 1);
    CHECK(replay.memory().site().mails[0] == 1);
    CHECK(replay.memory().traces(person("anna@partner.example")).items.empty());
}

TEST_CASE("probes of one session see one another, others do not, until the session ends") {
    message_library_init();
    Config c = config();
    Replay replay(c, test_hasher());
    // Every sixth correspondent brings a new link once: mail with a link has a scale of its own.
    for (int i = 0; i < 500; ++i) {
        ReplayMail m = arriving(0.02 * i);
        const std::string from =
            "p" + std::to_string(i % 40) + "@far" + std::to_string(i % 7) + ".example";
        m.arrival.mail_from = from;
        const auto raw = MessageBuilder()
                             .from(from)
                             .set("Message-ID", "<" + std::to_string(i) + "@far.example>")
                             .body("A line about the order.\n" +
                                   (i % 6 == 0 ? "https://h" + std::to_string(i) + ".example/x\n"
                                               : std::string()))
                             .raw();
        (void)replay.run(m, raw);
    }
    for (int i = 0; i < 20; ++i) (void)replay.run(arriving(12 + 0.1 * i), bytes(1000 + i));
    const auto probe = [&](const char* session, int i) {
        ReplayMail m = arriving(15, "r" + std::to_string(i) + "@site.example");
        m.learn = false;
        if (session != nullptr) m.session = session;
        const std::string link =
            "Open the shared document and log in with your password: "
            "https://odd.example/a" +
            std::to_string(i);
        return replay.run(m, bytes(2000 + i, link)).judgement.assessment;
    };
    const Assessment alone = probe("one", 1);
    REQUIRE(alone.stratum == Stratum::NewLink);
    REQUIRE(alone.own_evidence > 1);  // something to add up
    REQUIRE(alone.own_evidence < 8);  // and room for it
    const Assessment second = probe("one", 2);
    CHECK(second.p < std::pow(10, -second.own_evidence) * 0.999);
    const Assessment elsewhere = probe("two", 3);
    CHECK(elsewhere.p == Approx(std::pow(10, -elsewhere.own_evidence)));
    replay.end_session("one");
    const Assessment after = probe("one", 4);
    CHECK(after.p == Approx(std::pow(10, -after.own_evidence)));
}

namespace {

/// A stream in which mail with a new link is not rare, and every mail with one that is at all
/// unusual is delayed.
struct Delaying {
    Delaying() {
        message_library_init();
        c = config();
        c.budget.holds_per_1000 = 0;
        c.budget.delays_per_1000 = 100;
        c.budget.shares = {.02, .9, .02, .02, .02, .02};
        c.budget.min_calibration = 100;
        c.budget.min_stratum_calibration = 10;
        replay = std::make_unique<Replay>(c, test_hasher(), Seconds(900));
        for (int i = 0; i < 300; ++i) {
            const std::string from = "p" + std::to_string(i % 40) + "@far.example";
            ReplayMail m = arriving(0.02 * i);
            m.arrival.mail_from = from;
            const std::string link =
                i % 6 == 0 ? "https://h" + std::to_string(i) + ".example/x\n" : "";
            (void)replay->run(m, MessageBuilder()
                                     .from(from)
                                     .set("Message-ID", "<" + std::to_string(i) + "@far.example>")
                                     .body("A line about the order.\n" + link)
                                     .raw());
            while (replay->retry(std::nullopt)) {
            }
        }
        for (int i = 0; i < 20; ++i) (void)replay->run(arriving(6 + 0.1 * i), bytes(1000 + i));
        mails = replay->memory().site().mails[0];
        CHECK(mails == 320);  // each once, delayed or not
    }
    /// An unusual mail, `minutes` after the start of day 10.
    ReplayResult odd(double minutes, const std::string& rcpt, const char* session = nullptr,
                     bool learn = true) {
        ReplayMail m = arriving(10 + minutes / 1440, rcpt);
        m.id = rcpt;
        m.learn = learn;
        if (session != nullptr) m.session = session;
        return replay->run(m, bytes(static_cast<int>(std::hash<std::string>{}(rcpt) % 100000),
                                    "Open the shared document and log in with your password: "
                                    "https://odd.example/x"));
    }
    Config c;
    std::unique_ptr<Replay> replay;
    double mails = 0;
};

}  // namespace

TEST_CASE("a delayed mail comes again after the wait, and counts what its sender sent meanwhile") {
    Delaying s;
    const ReplayResult first = s.odd(0, "a@site.example");
    REQUIRE(first.judgement.assessment.verdict == Verdict::Defer);
    CHECK(s.replay->memory().site().mails[0] == s.mails);
    const ReplayResult second = s.odd(5, "b@site.example");
    CHECK(second.judgement.assessment.score > first.judgement.assessment.score);
    CHECK_FALSE(s.replay->retry(day(10) + Seconds(899)));
    const auto again = s.replay->retry(day(10) + Seconds(900));
    REQUIRE(again);
    CHECK(again->id == "a@site.example");
    CHECK(again->judgement.assessment.delayed);
    CHECK(again->judgement.assessment.verdict != Verdict::Defer);
    CHECK(again->judgement.assessment.score > first.judgement.assessment.score);
    while (s.replay->retry(std::nullopt)) {
    }
    CHECK(s.replay->memory().site().mails[0] == s.mails + 2);
}

TEST_CASE("a delayed probe leaves no trace, but in its session until its last retry") {
    Delaying s;
    const char* session = GENERATE(static_cast<const char*>(nullptr), "one");
    const ReplayResult first = s.odd(0, "a@site.example", session, false);
    REQUIRE(first.judgement.assessment.verdict == Verdict::Defer);
    const ReplayResult second = s.odd(5, "b@site.example", session, false);
    CHECK((second.judgement.assessment.score > first.judgement.assessment.score) ==
          (session != nullptr));
    if (session != nullptr) s.replay->end_session(session);
    const auto again = s.replay->retry(std::nullopt);
    REQUIRE(again);
    CHECK(again->judgement.assessment.delayed);
    CHECK((again->judgement.assessment.score > first.judgement.assessment.score) ==
          (session != nullptr));
    while (s.replay->retry(std::nullopt)) {
    }
    CHECK(s.replay->memory().site().mails[0] == s.mails);
    CHECK(s.replay->memory().traces(person("anna@partner.example")).items.empty());
    if (session != nullptr)
        CHECK(s.odd(20, "c@site.example", session, false).judgement.assessment.score ==
              Approx(first.judgement.assessment.score));
}
