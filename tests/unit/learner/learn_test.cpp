// SPDX-License-Identifier: Apache-2.0
// What one mail teaches, and when it may (engine/learner/learn.hpp).
#include "engine/learner/learn.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

struct Site {
    LearnedMemory memory;
    LearnerOptions options;

    void learns(const Observations& o) { learn(o, test_hasher(), options, memory); }
    [[nodiscard]] const Profile& of(std::string_view address) {
        return memory.edit_profile(Subject::Correspondent, person(address));
    }
    [[nodiscard]] double count(std::string_view address, FeatureId f, std::string_view text) {
        return of(address).standing(index_of(f), value_of(f, text), false).seen
                   ? of(address).standing(index_of(f), value_of(f, text), false).equal
                   : 0;
    }
};

Judgement judged(Stratum s, double evidence, double messages = 10) {
    Judgement j;
    j.assessment.stratum = s;
    j.assessment.p = std::pow(10, -evidence);
    j.assessment.own_evidence = evidence;
    j.relations.messages = messages;
    return j;
}

}  // namespace

TEST_CASE("held mail never teaches, whatever it looks like") {
    CHECK(fate_of(judged(Stratum::Plain, 0), true) == Fate::Never);
    CHECK(fate_of(judged(Stratum::NewLink, 5), true) == Fate::Never);
}

TEST_CASE("mail with a payload waits from one in a hundred on, other mail does not") {
    const Stratum payload = GENERATE(Stratum::Identity, Stratum::NewLink, Stratum::Request);
    CHECK(fate_of(judged(payload, 2.01), false) == Fate::Probation);
    CHECK(fate_of(judged(payload, 1.99), false) == Fate::Now);
    CHECK(fate_of(judged(Stratum::Plain, 5), false) == Fate::Now);
}

TEST_CASE("a known sender's mail that is not backed as usual waits; a stranger's teaches") {
    CHECK(fate_of(judged(Stratum::Unbacked, 0, kKnownMails), false) == Fate::Probation);
    CHECK(fate_of(judged(Stratum::Unbacked, 0, kKnownMails - 1), false) == Fate::Now);
}

TEST_CASE("every mail gives one rank and one count, whatever its fate") {
    const Fate fate = GENERATE(Fate::Now, Fate::Probation, Fate::Never);
    Site s;
    Judgement j = judged(Stratum::Request, 1);
    j.assessment.raw = 3.5;
    j.level_free_evidence = 1.25;
    j.relations.messages = 9;
    note(Mail().direction(Direction::Internal), j, fate, s.memory);
    const SiteState& site = s.memory.site();
    CHECK(site.scores[2][2].values() == std::vector<float>{3.5F});
    CHECK(site.evidence[2].values() == std::vector<float>{1.25F});
    CHECK(site.stage_evidence[2][2].values() == std::vector<float>{1.25F});
    CHECK(site.mails[2] == 1);
    CHECK(site.stratum_mails[2][2] == 1);
    // Indicators and anomaly come of mail that may teach at once only.
    CHECK(site.anomaly.count() == (fate == Fate::Now ? 1 : 0));
    CHECK(site.indicators[2][0].size() == (fate == Fate::Now ? 1U : 0U));
}

TEST_CASE("a sender's suspicious mail of a day gives one rank, all count as mails") {
    Site s;
    const double evidence = GENERATE(2.5, 1.5);
    const auto takes = [&](const char* from, double at) {
        return note(Mail(from, day(at)), judged(Stratum::NewLink, evidence), Fate::Never, s.memory);
    };
    for (int i = 0; i < 500; ++i) (void)takes("anna@partner.example", .0001 * i);
    const std::size_t burst = evidence > 2 ? kRanksADay : 500;
    const SiteState& site = s.memory.site();
    CHECK(site.scores[0][1].size() == burst);
    CHECK(site.evidence[0].size() == burst);
    CHECK(site.stage_evidence[0][3].size() == burst);
    CHECK(site.stratum_mails[0][1] == Approx(static_cast<double>(burst)));
    CHECK(site.mails[0] == 500);
    CHECK(takes("ben@partner.example", .1));
    CHECK(takes("anna@partner.example", 1));
    CHECK(site.scores[0][1].size() == burst + 2);
}

TEST_CASE("the counts behind the strata's shares are halved when the window is full") {
    Site s;
    s.memory.edit_site().stratum_mails[0] = {0, 0, 0, 4000, 4000};
    note(Mail(), judged(Stratum::Unbacked, 0), Fate::Now, s.memory);
    CHECK(s.memory.site().stratum_mails[0][3] == 2000.5F);
    CHECK(s.memory.site().stratum_mails[0][4] == 2000);
}

TEST_CASE("mail with a payload leaves a trace, other mail does not") {
    Site s;
    note(Mail(), judged(Stratum::Plain, 3), Fate::Now, s.memory);
    CHECK(s.memory.traces(person("anna@partner.example")).items.empty());
    note(Mail(), judged(Stratum::NewLink, 3), Fate::Never, s.memory);
    const auto traces = s.memory.traces(person("anna@partner.example")).items;
    REQUIRE(traces.size() == 1);
    CHECK(traces[0].held);
    CHECK(traces[0].evidence == 3);
}

TEST_CASE("traces older than two hours are dropped, and the oldest when there are too many") {
    Site s;
    const Key16 anna = person("anna@partner.example");
    note(Mail("anna@partner.example", day(0)), judged(Stratum::NewLink, 3), Fate::Now, s.memory);
    note(Mail("anna@partner.example", day(0) + Seconds(7200)), judged(Stratum::NewLink, 3),
         Fate::Now, s.memory);
    CHECK(s.memory.traces(anna).items.size() == 2);
    note(Mail("anna@partner.example", day(0) + Seconds(7201)), judged(Stratum::NewLink, 3),
         Fate::Now, s.memory);
    CHECK(s.memory.traces(anna).items.size() == 2);
    for (std::size_t i = 0; i < Traces::kMax; ++i)
        note(Mail("anna@partner.example", day(0) + Seconds(7202)).id("m" + std::to_string(i)),
             judged(Stratum::NewLink, 3), Fate::Now, s.memory);
    CHECK(s.memory.traces(anna).items.size() == Traces::kMax);
    CHECK(s.memory.traces(anna).items.front().time == day(0) + Seconds(7202));
}

TEST_CASE("a mail counts for sender, domain, pairs and site") {
    Site s;
    s.learns(Mail("anna@partner.example", day(1)).to({"ben@site.example", "cy@site.example"}));
    const Profile& anna = s.of("anna@partner.example");
    CHECK(anna.messages == 1);
    CHECK(anna.days == 1);
    CHECK(anna.first == day(1));
    CHECK(anna.last == day(1));
    const auto domain =
        s.memory.profile(Subject::Domain, domain_key(test_hasher(), "partner.example"));
    REQUIRE(domain);
    CHECK(domain->messages == 1);
    const auto pair = s.memory.profile(
        Subject::Pair, pair_key(person("anna@partner.example"), person("cy@site.example")));
    REQUIRE(pair);
    CHECK(pair->messages == 1);
    CHECK(s.memory.site().senders == 1);
    CHECK(s.memory.site().learned == 1);
    s.learns(Mail("anna@partner.example", day(1.1)));
    s.learns(Mail("anna@partner.example", day(2.1)));
    CHECK(s.of("anna@partner.example").days == 2);
    CHECK(s.memory.site().senders == 1);
}

TEST_CASE("mail that waited and is learned late counts no day a second time") {
    Site s;
    for (const double at : {10.0, 12.0, 10.5, 12.5, 11.5, 12.6, 13.0})
        s.learns(Mail("anna@partner.example", day(at)));
    CHECK(s.of("anna@partner.example").days == 3);
}

TEST_CASE("a burst of 500 on one day is worth three mails, but all are counted as mails") {
    Site s;
    for (int i = 0; i < 500; ++i) s.learns(Mail("anna@partner.example", day(1) + Seconds(i)));
    CHECK(s.count("anna@partner.example", FeatureId::time_zone, "+0100") == 3);
    CHECK(s.of("anna@partner.example").messages == 500);
    s.learns(Mail("anna@partner.example", day(2)));
    CHECK(s.count("anna@partner.example", FeatureId::time_zone, "+0100") ==
          Approx(4).epsilon(0.01));
}

TEST_CASE("a parent counts a value once for each child that shows it") {
    Site s;
    for (int i = 0; i < 5; ++i) {
        s.learns(Mail("anna@partner.example", day(i)));
        s.learns(Mail("ben@partner.example", day(i)));
        s.learns(Mail("cy@customer.example", day(i)));
    }
    const auto f = index_of(FeatureId::time_zone);
    const auto v = value_of(FeatureId::time_zone, "+0100");
    const auto domain =
        s.memory.profile(Subject::Domain, domain_key(test_hasher(), "partner.example"));
    CHECK(domain->standing(f, v, false).equal == Approx(2).epsilon(0.05));
    CHECK(s.memory.site().values.standing(f, v, false).equal == Approx(2).epsilon(0.05));
}

TEST_CASE("every member of a set is counted") {
    Site s;
    s.learns(Mail().has(FeatureId::x_headers, "X-One").has(FeatureId::x_headers, "X-Two"));
    CHECK(s.count("anna@partner.example", FeatureId::x_headers, "X-One") > 0);
    CHECK(s.of("anna@partner.example").total(index_of(FeatureId::x_headers)) == 2);
}

TEST_CASE("a novelty curve learns how often senders show something new") {
    Site s;
    for (int i = 0; i < 20; ++i)
        s.learns(Mail("anna@partner.example", day(i))
                     .shows(FeatureId::time_zone, "+" + std::to_string(i)));
    const auto& curve = s.memory.site().novelty[0][index_of(FeatureId::time_zone)];
    CHECK(curve.nu(10, 10) > 0.8);
    CHECK(s.memory.site().novelty[0][index_of(FeatureId::user_agent)].nu(10, 1) <
          NoveltyCurve{}.nu(10, 1));
}

TEST_CASE("later mails of a day lend their words less and less") {
    Site s;
    for (int i = 0; i < 20; ++i)
        s.learns(Mail("anna@partner.example", day(1) + Seconds(i)).says("invoice"));
    const float ten_whole = 10,
                shares = 10 * (1 / 11.F + 1 / 12.F + 1 / 13.F + 1 / 14.F + 1 / 15.F + 1 / 16.F +
                               1 / 17.F + 1 / 18.F + 1 / 19.F + 1 / 20.F);
    CHECK(s.memory.vocabulary(person("anna@partner.example"))->count(word_of("invoice")) ==
          Approx(ten_whole + shares).epsilon(1e-4));
}

TEST_CASE("a word knows how many senders use it") {
    Site s;
    for (const auto* who : {"anna@partner.example", "ben@partner.example", "anna@partner.example"})
        s.learns(Mail(who).says("invoice gasket"));
    s.learns(Mail("cy@customer.example").says("gasket"));
    CHECK(s.memory.word(word_of("invoice")).senders == 2);
    CHECK(s.memory.word(word_of("gasket")).senders == 3);
    CHECK(s.memory.word(word_of("gasket")).count == 4);
    CHECK(s.memory.site().words == 7);
}

TEST_CASE("the site's words fade with the half-life") {
    Site s;
    s.learns(Mail("anna@partner.example", day(0)).says("invoice"));
    s.learns(Mail("ben@partner.example", day(90)).says("invoice"));
    CHECK(s.memory.word(word_of("invoice")).count == Approx(1.5).epsilon(0.01));
    CHECK(s.memory.site().words == Approx(1.5).epsilon(0.01));
}

TEST_CASE("a host knows its senders and its tenants") {
    Site s;
    s.learns(Mail("anna@partner.example").links_to("forms.example", "one"));
    s.learns(Mail("anna@partner.example").links_to("forms.example", "one"));
    s.learns(Mail("ben@partner.example").links_to("forms.example", "two"));
    CHECK(s.memory.host(host_of("forms.example")).senders == 2);
    CHECK(s.memory.host(host_of("forms.example")).tenants == 2);
    CHECK(s.memory.host(tenant_of("forms.example/one")).senders == 1);
    CHECK(contains(s.memory.vocabulary(person("anna@partner.example"))->hosts,
                   fold32(host_of("forms.example"))));
}

TEST_CASE("accounts and telephone numbers are remembered with their senders") {
    Site s;
    Mail mail;
    mail.get().payment = {77};
    mail.get().phones = {88};
    s.learns(mail);
    s.learns(mail);
    CHECK(s.memory.host(77).senders == 1);
    CHECK(s.memory.vocabulary(person("anna@partner.example"))->payments.size() == 1);
    CHECK(s.memory.vocabulary(person("anna@partner.example"))->phones.size() == 1);
}

TEST_CASE("a conversation remembers who wrote, to whom, and in which words") {
    Site s;
    s.learns(Mail("anna@partner.example").id("m1").says("gasket order"));
    s.learns(Mail("ben@site.example")
                 .id("m2")
                 .refers_to({"m1"})
                 .to({"anna@partner.example"})
                 .says("thanks order"));
    const auto t = s.memory.thread(id_of("m2"));
    REQUIRE(t);
    CHECK(s.memory.thread(id_of("m1")) == t);
    CHECK(contains(t->participants, person("anna@partner.example").short32()));
    CHECK(contains(t->participants, person("ben@site.example").short32()));
    CHECK(contains(t->addressed, person("anna@partner.example").short32()));
    CHECK(t->words.size() == 3);
    CHECK(std::is_sorted(t->words.begin(), t->words.end()));
}

TEST_CASE("a conversation's words stop at the limit, those of its newest mail stay") {
    Site s;
    std::string old_words = "w0";
    for (std::size_t i = 1; i < Thread::kMaxWords; ++i) old_words += " w" + std::to_string(i);
    s.learns(Mail("anna@partner.example").id("m1").says(old_words));
    CHECK(s.memory.thread(id_of("m1"))->words.size() == Thread::kMaxWords);
    s.learns(Mail("ben@site.example").id("m2").refers_to({"m1"}).says("brand new"));
    const auto t = s.memory.thread(id_of("m1"));
    CHECK(t->words.size() == Thread::kMaxWords);
    CHECK(std::is_sorted(t->words.begin(), t->words.end()));
    CHECK(std::binary_search(t->words.begin(), t->words.end(), word_of("brand")));
    CHECK(std::binary_search(t->words.begin(), t->words.end(), word_of("new")));
}

TEST_CASE("a mail without Message-ID makes no conversation") {
    Site s;
    Mail mail;
    mail.get().message_id = 0;
    s.learns(mail);
    CHECK(s.memory.thread(0) == nullptr);
}

TEST_CASE("a name knows who carries it, the rarest goes first") {
    Site s;
    const auto named = [](const std::string& from) {
        Mail m(from);
        m.get().name = 99;
        return m;
    };
    for (int i = 0; i < 2; ++i) s.learns(named("anna@partner.example"));
    for (std::size_t i = 0; i < NameUse::kMaxBearers; ++i)
        s.learns(named("p" + std::to_string(i) + "@far.example"));
    const auto bearers = s.memory.name(99).bearers;
    CHECK(bearers.size() == NameUse::kMaxBearers);
    CHECK(bearers.front().address == person("anna@partner.example").short32());
    CHECK(bearers.front().count == 2);
}

TEST_CASE("names are counted for a sender's first six mails only") {
    Site s;
    Mail m;
    m.get().name = 99;
    for (int i = 0; i < 20; ++i) s.learns(m);
    REQUIRE(s.memory.name(99).bearers.size() == 1);
    CHECK(s.memory.name(99).bearers[0].count == 6);
}

TEST_CASE("who gets mail from here is known to be written to; inbound mail tells nothing of that") {
    Site s;
    s.learns(Mail("ben@site.example", day(3))
                 .direction(Direction::Outbound)
                 .to({"anna@partner.example"}));
    CHECK(s.of("anna@partner.example").received == 1);
    CHECK(s.of("anna@partner.example").last_received == day(3));
    CHECK(s.of("anna@partner.example").messages == 0);
    s.learns(Mail("anna@partner.example").to({"ben@site.example"}));
    CHECK(s.of("ben@site.example").received == 0);
    // Having been written to makes nobody a sender; the first own mail does.
    CHECK(s.memory.site().senders == 2);
}

TEST_CASE("a tie is counted once, when mail has gone both ways between two people") {
    Site s;
    const auto ben_writes = [&](double at) {
        s.learns(Mail("ben@site.example", day(at))
                     .direction(Direction::Outbound)
                     .to({"anna@partner.example"}));
    };
    s.learns(Mail("anna@partner.example", day(0)));
    CHECK(s.of("anna@partner.example").ties == 0);
    ben_writes(.1);
    CHECK(s.of("anna@partner.example").ties == 1);
    CHECK(s.of("ben@site.example").ties == 1);
    ben_writes(.2);
    s.learns(Mail("anna@partner.example", day(.3)));
    CHECK(s.of("anna@partner.example").ties == 1);
    CHECK(s.memory.site().people.tied == 2);
    CHECK(s.memory.site().people.central.size() == 2);
    CHECK(s.memory.site().people.own_domains ==
          std::vector<std::uint32_t>{domain_key(test_hasher(), "site.example").short32()});
}

TEST_CASE("programs have no ties") {
    Site s;
    s.learns(Mail("anna@partner.example", day(0)));
    Mail answer("ben@site.example", day(.1));
    answer.direction(Direction::Outbound).to({"anna@partner.example"});
    answer.get().automatic = true;
    s.learns(answer);
    CHECK(s.of("anna@partner.example").ties == 0);
}

TEST_CASE("who is addressed together is known, up to eight at once") {
    Site s;
    s.learns(Mail().to({"ben@site.example", "cy@site.example"}));
    const auto circle = [&](const char* who) { return s.memory.name(circle_key(person(who))); };
    const auto together = [&](const char* a, const char* b) {
        float count = 0;
        for (const auto& bearer : circle(a).bearers)
            if (bearer.address == person(b).short32()) count = bearer.count;
        return count;
    };
    REQUIRE(circle("ben@site.example").bearers.size() == 2);  // with how often it is there itself
    CHECK(together("ben@site.example", "cy@site.example") == 1);
    CHECK(together("cy@site.example", "ben@site.example") == 1);
    CHECK(together("ben@site.example", "ben@site.example") == 1);
    Mail wide("anna@partner.example", day(1));
    for (int i = 0; i < 9; ++i)
        wide.get().rcpts.push_back(person("r" + std::to_string(i) + "@site.example"));
    s.learns(wide);
    CHECK(circle("r0@site.example").bearers.empty());
    for (int i = 0; i < 40; ++i)
        s.learns(Mail("anna@partner.example", day(2))
                     .to({"ben@site.example", "x" + std::to_string(i) + "@site.example"}));
    CHECK(circle("ben@site.example").bearers.size() == NameUse::kMaxCircle);
}

TEST_CASE("what is written and quoted in a conversation is known; gaps are noted") {
    Site s;
    const auto thread = [&] { return *s.memory.thread(id_of("root")); };
    Mail root("anna@partner.example", day(0));
    root.id("root").get().own_passages = {1, 2};
    s.learns(root);
    CHECK(thread().passages == std::vector<std::uint64_t>{1, 2});
    CHECK_FALSE(thread().gaps);
    Mail answer("ben@site.example", day(1));
    answer.id("answer").refers_to({"root"});
    answer.get().quoted_passages = {2, 3};
    answer.get().own_passages = {4};
    s.learns(answer);
    CHECK(thread().passages == std::vector<std::uint64_t>{1, 2, 3, 4});
    CHECK_FALSE(thread().gaps);
    answer.id("long").get().marks = 1U << static_cast<unsigned>(Mark::TextCut);
    s.learns(answer);
    CHECK(thread().gaps);
    // A conversation that began before our time.
    s.learns(Mail("anna@partner.example", day(2)).id("late").refers_to({"unseen"}));
    CHECK(s.memory.thread(id_of("late"))->gaps);
}

TEST_CASE("a conversation keeps so many passages, and says when it lost some") {
    Site s;
    for (std::uint64_t i = 0; i <= Thread::kMaxPassages; ++i) {
        Mail m("anna@partner.example", day(static_cast<double>(i) / 1000));
        m.id("m" + std::to_string(i));
        if (i > 0) m.refers_to({"m0"});
        m.get().own_passages = {i};
        s.learns(m);
        if (i + 1 == Thread::kMaxPassages) CHECK_FALSE(s.memory.thread(id_of("m0"))->gaps);
    }
    CHECK(s.memory.thread(id_of("m0"))->passages.size() == Thread::kMaxPassages);
    CHECK(s.memory.thread(id_of("m0"))->gaps);
}

TEST_CASE("suspicious mail is remembered by its Message-ID, held or not; the oldest goes") {
    Site s;
    note(Mail().id("bait"), judged(Stratum::NewLink, 2), Fate::Never, s.memory);
    note(Mail().id("dull"), judged(Stratum::NewLink, 1.9), Fate::Now, s.memory);
    note(Mail().id("odd"), judged(Stratum::Plain, 5), Fate::Now, s.memory);
    CHECK(s.memory.site().people.suspects == std::vector<std::uint64_t>{id_of("bait")});
    for (std::size_t i = 0; i < People::kMaxSuspects; ++i)
        note(Mail().id(std::to_string(i)), judged(Stratum::NewLink, 2), Fate::Now, s.memory);
    CHECK(s.memory.site().people.suspects.size() == People::kMaxSuspects);
    CHECK(s.memory.site().people.suspects.front() == id_of("0"));
}

TEST_CASE("domains written to from here are known to be") {
    Site s;
    const Key16 far = domain_key(test_hasher(), "far.example");
    Mail m("ben@site.example", day(0));
    m.to({"zoe@far.example"}).get().rcpt_domains = {far};
    s.learns(m);
    CHECK(s.memory.profile(Subject::Domain, far) == nullptr);  // inbound mail writes to nobody
    s.learns(m.direction(Direction::Outbound));
    REQUIRE(s.memory.profile(Subject::Domain, far) != nullptr);
    CHECK(s.memory.profile(Subject::Domain, far)->received == 1);
}
