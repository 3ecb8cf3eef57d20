// SPDX-License-Identifier: Apache-2.0
// Incidents (engine/learner/incident.hpp): who belongs to them, their bounds and their bytes.
#include "engine/learner/incident.hpp"

#include "engine/learner/learned_memory.hpp"
#include "engine/scoring/score.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr const char* kAnna = "anna@partner.example";

struct Site {
    LearnedMemory memory;

    /// A mail of anna, `minutes` after the start.
    MailRecord takes(double minutes, Verdict verdict, Stratum stratum = Stratum::NewLink,
                     const char* from = kAnna) {
        MailRecord r = record_of(Mail(from, day(0) + Seconds(static_cast<long>(60 * minutes))));
        r.from = from;
        r.assessment.stratum = stratum;
        r.assessment.verdict = verdict;
        group(r, 2.5, memory);
        if (has_payload(stratum))
            leave_trace(memory.edit_traces(r.observations.sender),
                        trace_of(r.observations, 2.5, false, r.id));
        return r;
    }
    [[nodiscard]] std::shared_ptr<const Incident> incident(const char* from = kAnna) const {
        return memory.incident(person(from));
    }
};

std::vector<std::string> ids(const Incident& incident) {
    std::vector<std::string> out;
    for (const auto& m : incident.mails) out.push_back(m.id);
    return out;
}

}  // namespace

TEST_CASE("a held mail opens an incident with what its sender sent in the two hours before") {
    Site s;
    s.takes(0, Verdict::Pass);
    const auto first = s.takes(10, Verdict::Pass), delayed = s.takes(15, Verdict::Defer);
    s.takes(20, Verdict::Pass, Stratum::Plain);
    s.takes(25, Verdict::Pass, Stratum::NewLink, "ben@far.example");
    CHECK(s.incident() == nullptr);
    const auto held = s.takes(125, Verdict::Quarantine);
    REQUIRE(s.incident());
    const Incident& i = *s.incident();
    CHECK(i.id == held.id);
    CHECK(i.from == kAnna);
    CHECK(ids(i) == std::vector<std::string>{first.id, delayed.id, held.id});
    CHECK(i.mails[0].evidence == Approx(2.5));
    CHECK(s.incident("ben@far.example") == nullptr);
}

TEST_CASE("mail that follows within two hours of the last held one belongs to it") {
    Site s;
    s.takes(0, Verdict::Quarantine);
    s.takes(100, Verdict::Tag);
    s.takes(119, Verdict::Reject);
    s.takes(239, Verdict::Pass);
    CHECK(s.incident()->mails.size() == 4);
    s.takes(240, Verdict::Pass);
    CHECK(s.incident()->mails.size() == 4);
}

TEST_CASE("a warning that asks for nothing neither opens nor joins an incident") {
    Site s;
    s.takes(0, Verdict::Quarantine, Stratum::Plain);
    CHECK(s.incident() == nullptr);
    s.takes(1, Verdict::Quarantine);
    s.takes(60, Verdict::Pass, Stratum::Plain);
    CHECK(s.incident()->mails.size() == 1);
}

TEST_CASE("imported mail is no incident") {
    Site s;
    MailRecord r = record_of(Mail());
    r.imported = true;
    r.assessment.stratum = Stratum::NewLink;
    r.assessment.verdict = Verdict::Quarantine;
    group(r, 3, s.memory);
    CHECK(s.incident() == nullptr);
}

TEST_CASE("an incident is over 30 days after its last held mail, and the next is another") {
    Site s;
    const auto first = s.takes(0, Verdict::Quarantine);
    s.takes(29 * 1440.0, Verdict::Quarantine);
    CHECK(s.incident()->id == first.id);
    CHECK(s.incident()->is_open(day(59)));
    CHECK_FALSE(s.incident()->is_open(day(59) + Seconds(1)));
    const auto next = s.takes(60 * 1440.0, Verdict::Quarantine);
    CHECK(s.incident()->id == next.id);
    CHECK(s.incident()->mails.size() == 1);
}

TEST_CASE("the first 64 mails are kept, the others counted") {
    Site s;
    s.takes(0, Verdict::Quarantine);
    for (int i = 1; i < 70; ++i) s.takes(i, Verdict::Tag);
    CHECK(s.incident()->mails.size() == Incident::kMaxMails);
    CHECK(s.incident()->left_out == 6);
    CHECK(s.incident()->mails.back().time == day(0) + Seconds(63 * 60));
}

TEST_CASE("an incident's bytes give it back, and others give nothing or something, never a crash") {
    Site s;
    s.takes(0, Verdict::Pass);
    s.takes(1, Verdict::Quarantine);
    const std::string bytes = encode(*s.incident());
    const auto back = decode_incident(bytes);
    REQUIRE(back);
    CHECK(back->id == s.incident()->id);
    CHECK(back->from == kAnna);
    CHECK(back->opened == s.incident()->opened);
    CHECK(back->last_held == s.incident()->last_held);
    CHECK(back->closed == Time{});
    CHECK(ids(*back) == ids(*s.incident()));
    CHECK(encode(*back) == bytes);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        (void)decode_incident(std::string_view(bytes).substr(0, n));
        std::string flipped = bytes;
        flipped[n] = static_cast<char>(flipped[n] ^ 0x55);
        if (const auto odd = decode_incident(flipped))
            CHECK(odd->mails.size() <= Incident::kMaxMails);
    }
    CHECK_FALSE(decode_incident(""));
    CHECK_FALSE(decode_incident("an incident of no kind"));
}

TEST_CASE("incidents are found by the beginning of their id and by any of their mails") {
    MemoryStore store;
    Site s;
    const auto delivered = s.takes(0, Verdict::Pass), held = s.takes(1, Verdict::Quarantine);
    const auto other = s.takes(5, Verdict::Quarantine, Stratum::Request, "ben@far.example");
    for (const char* from : {kAnna, "ben@far.example"})
        REQUIRE(store.put(Table::Messages, incident_key(person(from)), encode(*s.incident(from))));
    REQUIRE(store.put(Table::Messages, incident_key(person("bad@far.example")), "damaged"));
    REQUIRE(
        store.put(Table::Messages, incident_key(person("gone@far.example")), encode(Incident{})));
    REQUIRE(store.put(Table::Messages, "Isomething", "else"));

    const auto all = list_incidents(store);
    REQUIRE(all);
    REQUIRE(all->size() == 2);
    CHECK(all->front().id == other.id);  // the newest first
    CHECK(find_incident(store, held.id)->from == kAnna);
    CHECK(find_incident(store, std::string_view(held.id).substr(0, 6))->from == kAnna);
    CHECK(find_incident(store, delivered.id)->id == held.id);
    CHECK(find_incident(store, std::string_view(delivered.id).substr(0, 6))->id == held.id);
    CHECK(find_incident(store, "nosuchid").error().code == ErrorCode::NoInput);
    CHECK(find_incident(store, "").error().code == ErrorCode::NoInput);

    CHECK(expire_incidents(store, day(0) + Seconds(90), 10).value() == 2);
    CHECK(list_incidents(store)->front().id == other.id);
}

namespace {

struct NearSite : Site {
    ScoringOptions options;
    MailRecord nearly(double minutes, const char* words, double score = 55,
                      Verdict verdict = Verdict::Tag, const char* from = kAnna) {
        Mail mail(from, day(0) + Seconds(static_cast<long>(60 * minutes)));
        if (*words != '\0') mail.get().sketch.fill(word_of(words));
        MailRecord r = record_of(mail);
        r.from = from;
        r.assessment.stratum = Stratum::NewLink;
        r.assessment.verdict = verdict;
        r.assessment.score = score;
        group(r, score / 20, memory);
        group_near(r, score / 20, options, memory);
        leave_trace(memory.edit_traces(r.observations.sender),
                    trace_of(r.observations, score / 20, false, r.id));
        return r;
    }
};

}  // namespace

TEST_CASE("nearly held is what was delayed, or has a score less than 10 below what is held") {
    ScoringOptions options;
    options.holds_per_1000 = 1;  // from 60 on
    const auto near = [&](Verdict v, double score, Action a = Action::Accepted) {
        return is_near_held(v, a, score, options);
    };
    CHECK(near(Verdict::Tag, 50));
    CHECK_FALSE(near(Verdict::Tag, 49.9));
    CHECK(near(Verdict::Pass, 55));
    CHECK(near(Verdict::Defer, 45));
    CHECK(near(Verdict::Pass, 45, Action::Deferred));
    CHECK_FALSE(near(Verdict::Quarantine, 80));
    CHECK_FALSE(near(Verdict::Tag, 55, Action::Held));
    options.holds_per_1000 = 10;  // from 40 on
    CHECK(near(Verdict::Tag, 30));
    options.holds_per_1000 = 0;
    CHECK_FALSE(near(Verdict::Tag, 100));
}

TEST_CASE("two nearly held mails of one campaign make an incident, of two campaigns none") {
    NearSite s;
    s.nearly(0, "invoice");
    s.nearly(10, "parcel");
    s.nearly(20, "");
    s.nearly(30, "");
    CHECK(s.incident() == nullptr);
    const auto second = s.nearly(40, "invoice");
    REQUIRE(s.incident());
    CHECK(s.incident()->near_only);
    CHECK(s.incident()->id == second.id);
    CHECK(s.incident()->mails.size() == 2);
    CHECK(decode_incident(encode(*s.incident()))->near_only);
}

TEST_CASE(
    "the two nearly held mails come within two hours, and the first one was nearly held, too") {
    NearSite s;
    s.nearly(0, "invoice");
    s.nearly(121, "invoice");
    CHECK(s.incident() == nullptr);
    s.nearly(300, "parcel", 20, Verdict::Pass);
    s.nearly(310, "parcel");
    CHECK(s.incident() == nullptr);
}

TEST_CASE("a nearly held mail joins its sender's open incident, days later as well") {
    NearSite s;
    s.takes(0, Verdict::Quarantine);
    s.nearly(3 * 1440, "parcel");
    REQUIRE(s.incident()->mails.size() == 2);
    CHECK_FALSE(s.incident()->near_only);
    CHECK(s.incident()->last_held == day(0));
    s.nearly(31 * 1440, "parcel");
    CHECK(s.incident()->mails.size() == 2);  // it was over
}

TEST_CASE("a held mail makes an incident of nearly held ones a real one") {
    NearSite s;
    s.nearly(0, "invoice");
    const auto named = s.nearly(10, "invoice");
    REQUIRE(s.incident()->near_only);
    s.takes(20, Verdict::Quarantine);
    CHECK_FALSE(s.incident()->near_only);
    CHECK(s.incident()->id == named.id);
    CHECK(s.incident()->mails.size() == 3);
}
