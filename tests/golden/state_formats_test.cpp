// SPDX-License-Identifier: Apache-2.0
// Old bytes of what is remembered (engine/profile/FORMAT.md) that every release must still read:
// tests/golden/formats/state-v1-*.bin, made from the samples of tests/support/state_samples.hpp by
// the release that brought the format, and the experts' examples (engine/learner/FORMAT.md).
// `golden_tests [write]` writes those that are missing, and never one that is there.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/learner/attached.hpp"
#include "engine/learner/examples.hpp"
#include "engine/learner/incident.hpp"
#include "engine/learner/lesson.hpp"
#include "engine/profile/allowance.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/observed.hpp"
#include "tests/support/state_samples.hpp"

using namespace kith;
using namespace kith::test;

namespace {

const std::string kFolder = KITH_SOURCE_DIR "/tests/golden/formats/";

std::string old_bytes(const std::string& kind) {
    std::ifstream in(kFolder + "state-v1-" + kind + ".bin", std::ios::binary);
    if (!in) FAIL("cannot read state-v1-" << kind << ".bin");
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Pieces of the site's state that are kept as old bytes: one of each kind.
const std::map<std::string, std::string> kPieces = {
    {"totals", "site-totals"},         {"experts", "site-experts"},
    {"values/1", "site-values-1"},     {"novelty/1", "site-novelty-1"},
    {"ranks/40", "site-ranks-40-2"},   {"scores/1/2", "site-scores-1-2"},
    {"evidence/2", "site-evidence-2"}, {"indicators/0/5", "site-indicators-0-5"},
    {"stages/1/3", "site-stages-1-3"}, {"anomaly", "site-anomaly"},
    {"people", "site-people"},         {"migrations", "site-migrations"}};

/// One example of each kind, as they lie in the store.
Examples sample_examples() {
    Surprises x{};
    x[feature_index(1)] = 0.5F;
    x[feature_index(2)] = 12.75F;
    Examples e;
    e.add(GenuineExample{
        0, example_row(x), Direction::Outbound, Stratum::Request, {1, 0.25F, 0.03125F}});
    e.add(SwappedExample{0, example_row(x), Expert::Impostor, 0.5F});
    e.saw_bearer(Mail("anna@partner.example").refers_to({"m1"}).quotes("some words"));
    return e;
}
std::map<std::string, std::string> rows_of(const Examples& e) {
    MemoryStore store;
    REQUIRE(e.flush(store));
    std::map<std::string, std::string> rows;
    REQUIRE(store.scan(Table::Examples, "", [&](std::string_view key, std::string_view value) {
        rows.emplace(key, value);
        return true;
    }));
    return rows;
}

/// What engine/learner/FORMAT.md keeps in table Messages beside the index.
Incident sample_incident() {
    Incident i;
    i.id = "abcd";
    i.from = "anna@partner.example";
    i.opened = from_unix(1'700'000'012);
    i.last_held = from_unix(1'700'000'014);
    i.closed = from_unix(1'700'000'015);
    i.mails = {{"abcd", from_unix(1'700'000'012), 1.5}, {"efgh", from_unix(1'700'000'013), 2.5}};
    i.left_out = 3;
    return i;
}
Allowances sample_allowances() {
    Allowances all;
    all.items.resize(1);
    Allowance& a = all.items[0];
    a.id = "abcd";
    a.rcpts = {Key16{{1, 2, 3}}, Key16{{4, 5}}};
    a.features = {static_cast<std::uint16_t>(feature_index(1)),
                  static_cast<std::uint16_t>(feature_index(12))};
    a.granted = from_unix(1'700'000'018);
    a.expires = from_unix(1'700'000'019);
    a.from = "anna@partner.example";
    a.rcpt_names = {"ben@site.example", "cora@site.example"};
    a.who = "jo";
    a.why = "their portal";
    return all;
}
Attached sample_attached() {
    Attached a;
    a.documents = {{DocumentKind::Pdf, ReadOutcome::Cut, {1, 2}, {3}, {4, 5}, true},
                   {DocumentKind::Rtf, ReadOutcome::Killed, {}, {}, {}, false}};
    a.read = from_unix(1'700'000'017);
    a.finding = a.known_sender = true;
    a.invoices = 14;
    return a;
}
Lesson sample_lesson() {
    Lesson l;
    const auto f = static_cast<std::uint16_t>(feature_index(1));
    l.values = {{f, 301, 3, 5, 1, {1, 2, 3}}};
    l.ranks = {{static_cast<std::uint16_t>(feature_index(40)), 7, 1.25F}};
    l.touched = {{Subject::Pair, Lesson::What::Received, Key16{{9, 8, 7}}, from_unix(1'700'000'016),
                  from_unix(1'700'000'017), 19'682, true}};
    l.hosts = {{302, true, false}};
    l.sender = {from_unix(1'700'000'018), 19'683, {1}, {2, 3}, {4}, {5}, {6}};
    l.domain = {from_unix(1'700'000'019), 0, {7}, {}, {}, {}, {}};
    l.thread = {303, true, {8}, {9}, {10}, {11}, {12, 13}, 14, from_unix(1'700'000'020)};
    l.word_weight = .5F;
    l.fresh_words = {5, 1};
    l.site_day = 19'684;
    l.site_aged = from_unix(1'700'000'021);
    l.person_named = true;
    return l;
}

/// With what groups, accounts and services brought.
Lesson sample_lesson_2() {
    Lesson l = sample_lesson();
    l.habits = {{0, static_cast<std::uint16_t>(feature_index(1)), 304}};
    l.touched.push_back({Subject::Account, Lesson::What::Mail, Key16{{6, 5, 4}},
                         from_unix(1'700'000'024), from_unix(1'700'000'025), 19'692, false});
    l.login_counted = true;
    l.invoice = true;
    l.speaker = Lesson::Speaker::Regular;
    l.names = {true, true, from_unix(1'700'000'026)};
    return l;
}

}  // namespace

TEST_CASE("old bytes still give the experts' examples") {
    Examples have;
    for (const auto& [key, value] : rows_of(sample_examples()))
        CHECK(have.restore(key, old_bytes(std::string("example-") + key.front())));
    have.restored();
    const Examples want = sample_examples();
    REQUIRE(have.genuine().size() == 1);
    CHECK(have.genuine()[0].row == want.genuine()[0].row);
    CHECK(have.genuine()[0].weight == want.genuine()[0].weight);
    CHECK(have.genuine()[0].direction == Direction::Outbound);
    CHECK(have.genuine()[0].stratum == Stratum::Request);
    REQUIRE(have.swapped().size() == 1);
    CHECK(have.swapped()[0].row == want.swapped()[0].row);
    CHECK(have.swapped()[0].expert == Expert::Impostor);
    CHECK(have.swapped()[0].weight == 0.5F);
    const Bearer& bearer = have.bearers(Direction::Inbound).at(0);
    CHECK(bearer.mails == 1);
    CHECK(bearer.last.sender == person("anna@partner.example"));
    CHECK(bearer.last.refs == std::vector<std::uint64_t>{id_of("m1")});
    CHECK(bearer.last.thread_words.size() == 2);
}

TEST_CASE("old bytes still give what was allowed") {
    const auto allowances = decode_allowances(old_bytes("allowances"));
    REQUIRE(allowances);
    CHECK(encode(*allowances) == encode(sample_allowances()));
    CHECK(allowances->items.at(0).rcpts.at(1) == Key16{{4, 5}});
    CHECK(allowances->items.at(0).features.at(1) == feature_index(12));
    CHECK(allowances->items.at(0).expires == from_unix(1'700'000'019));
}

TEST_CASE("old bytes still give an incident and a lesson") {
    const auto incident = decode_incident(old_bytes("incident"));
    REQUIRE(incident);
    CHECK(encode(*incident) == encode(sample_incident()));
    CHECK(incident->mails.at(1).evidence == 2.5);
    CHECK(incident->closed == from_unix(1'700'000'015));
    const auto lesson = decode_lesson(old_bytes("lesson"));
    REQUIRE(lesson);
    CHECK(encode(*lesson) == encode(sample_lesson()));
    CHECK(lesson->values.at(0).cell == std::array<std::uint8_t, kLevels>{1, 2, 3});
    CHECK(lesson->touched.at(0).key == Key16{{9, 8, 7}});
    CHECK(lesson->thread.passages == std::vector<std::uint64_t>{12, 13});
    CHECK_FALSE(lesson->invoice);
    const auto lesson_2 = decode_lesson(old_bytes("lesson-2"));
    REQUIRE(lesson_2);
    CHECK(encode(*lesson_2) == encode(sample_lesson_2()));
    CHECK(lesson_2->habits.at(0).value == 304);
    CHECK(lesson_2->touched.at(1).subject == Subject::Account);
    CHECK(lesson_2->login_counted);
    CHECK(lesson_2->names.borrowed);
    CHECK(lesson_2->names.last == from_unix(1'700'000'026));
    CHECK(lesson_2->invoice);
    CHECK(lesson_2->speaker == Lesson::Speaker::Regular);
}

TEST_CASE("old bytes still give what the documents of a mail named") {
    const auto attached = decode_attached(old_bytes("attached"));
    REQUIRE(attached);
    CHECK(encode(*attached) == encode(sample_attached()));
    CHECK(attached->documents.at(0).checked == std::vector<std::uint64_t>{1, 2});
    CHECK(attached->documents.at(1).outcome == ReadOutcome::Killed);
}

TEST_CASE("old bytes still give the records they were made of") {
    const auto profile = decode_profile(old_bytes("profile"));
    REQUIRE(profile);
    CHECK(encode(*profile) == encode(sample_profile()));
    const auto profile_2 = decode_profile(old_bytes("profile-2"));
    REQUIRE(profile_2);
    CHECK(encode(*profile_2) == encode(sample_profile_2()));
    REQUIRE(profile_2->migrations.items.size() == 1);
    CHECK(profile_2->migrations.items[0].bearers == std::vector<std::uint32_t>{105, 106});
    const auto profile_3 = decode_profile(old_bytes("profile-3"));
    REQUIRE(profile_3);
    CHECK(encode(*profile_3) == encode(sample_profile_3()));
    CHECK(profile_3->borrowed == sample_profile_3().borrowed);
    CHECK(profile_3->reach.usual_recipients == 3.5F);
    CHECK(profile_3->reach.day == 19'691);
    CHECK(profile_2->borrowed == BorrowedNames{});
    const auto vocabulary = decode_vocabulary(old_bytes("vocabulary"));
    REQUIRE(vocabulary);
    CHECK(encode(*vocabulary) == encode(sample_vocabulary()));
    const auto vocabulary_2 = decode_vocabulary(old_bytes("vocabulary-2"));
    REQUIRE(vocabulary_2);
    CHECK(vocabulary_2->invoices == 14);
    const auto thread = decode_thread(old_bytes("thread"));
    REQUIRE(thread);
    CHECK(encode(*thread) == encode(sample_thread()));
    const auto name = decode_name_use(old_bytes("name"));
    REQUIRE(name);
    // Of version 1 before bearers had keys.
    NameUse keyless = sample_name();
    for (auto& bearer : keyless.bearers) bearer.correspondent = {};
    CHECK(encode(*name) == encode(keyless));
    CHECK(encode(*decode_name_use(old_bytes("name-2"))) == encode(sample_name()));
    const auto traces = decode_traces(old_bytes("traces"));
    REQUIRE(traces);
    CHECK(encode(*traces) == encode(sample_traces()));
    const auto traces_2 = decode_traces(old_bytes("traces-2"));
    REQUIRE(traces_2);
    CHECK(encode(*traces_2) == encode(sample_traces_2()));
    REQUIRE(traces_2->fingerprints.size() == 1);
    CHECK(traces_2->fingerprints[0].values.at(1).value == 75);
    CHECK(traces_2->fingerprints[0].tenants == std::vector<std::uint32_t>{76, 77});
    const auto word = decode_site_word(old_bytes("word"));  // who speaks was not told apart yet
    REQUIRE(word);
    CHECK(word->count == sample_word().count);
    CHECK(word->senders == sample_word().senders);
    CHECK(word->day == sample_word().day);
    CHECK(word->newcomers == 0);
    const auto word_2 = decode_site_word(old_bytes("word-2"));
    REQUIRE(word_2);
    CHECK(encode(*word_2) == encode(sample_word()));
    const auto host = decode_host_use(old_bytes("host"));
    REQUIRE(host);
    CHECK(encode(*host) == encode(sample_host()));
}

TEST_CASE("old bytes still give the pieces of the site's state") {
    SiteState have;
    for (const auto& [piece, file] : kPieces) {
        INFO(piece);
        CHECK(decode_site_piece(piece, old_bytes(file), have));
    }
    const SiteState want = sample_site();
    const std::size_t f = feature_index(1), ranked = feature_index(40);
    CHECK(have.words == want.words);
    CHECK(have.mails == want.mails);
    CHECK(have.stratum_mails == want.stratum_mails);
    CHECK(have.day == want.day);
    CHECK(have.experts.version == 3);
    CHECK(have.experts.weights[0][f] == 0.75F);
    CHECK(have.experts.bias == want.experts.bias);
    CHECK(have.values.has(f, 101));
    CHECK(have.values.total(f) == want.values.total(f));
    for (std::size_t level = 0; level < kLevels; ++level)
        CHECK(have.novelty[level][f].nu(5, 2) == want.novelty[level][f].nu(5, 2));
    CHECK(have.ranks[ranked][15].values() == std::vector<float>{-2.5F});
    CHECK(have.scores[1][2].values() == want.scores[1][2].values());
    CHECK(have.evidence[2].values() == want.evidence[2].values());
    CHECK(have.stage_evidence[1][3].values() == want.stage_evidence[1][3].values());
    CHECK(have.indicators[0][5].values() == want.indicators[0][5].values());
    CHECK(have.people.central.size() == 2);
    CHECK(have.people.central[0].address == 201);
    CHECK(have.people.central[0].ties == 9.5F);
    CHECK(have.people.tied == 203);
    REQUIRE(have.migrations.items.size() == 1);
    CHECK(have.migrations.items[0].value == 207);
    CHECK(have.migrations.items[0].since == from_unix(1'700'000'011));
    CHECK(have.people.own_domains == want.people.own_domains);
    CHECK(have.people.suspects == want.people.suspects);
    CHECK(have.anomaly.count() == 1);
    CHECK(have.anomaly.sums()[f] == 2);
    CHECK(have.anomaly.products()[f * kFeatureCount + ranked] == 6);
}

TEST_CASE("ranks of the time when there were four lengths are dropped, into no other length") {
    SiteState have;
    CHECK_FALSE(decode_site_piece("ranks/40", old_bytes("site-ranks-40"), have));
    const auto& rings = have.ranks[feature_index(40)];
    REQUIRE(rings.size() == kRankBuckets);
    CHECK(std::all_of(rings.begin(), rings.end(),
                      [](const ScoreRing& ring) { return ring.size() == 0; }));
}

TEST_CASE("write the old bytes that are missing", "[.][write]") {
    std::map<std::string, std::string> files = {{"profile", encode(sample_profile())},
                                                {"profile-2", encode(sample_profile_2())},
                                                {"profile-3", encode(sample_profile_3())},
                                                {"vocabulary", encode(sample_vocabulary())},
                                                {"vocabulary-2", encode(sample_vocabulary_2())},
                                                {"thread", encode(sample_thread())},
                                                {"name-2", encode(sample_name())},
                                                {"traces", encode(sample_traces())},
                                                {"traces-2", encode(sample_traces_2())},
                                                {"word-2", encode(sample_word())},
                                                {"host", encode(sample_host())}};
    const auto pieces = pieces_of(sample_site());
    for (const auto& [piece, file] : kPieces) files[file] = pieces.at(piece);
    for (const auto& [key, value] : rows_of(sample_examples()))
        files[std::string("example-") + key.front()] = value;
    files["incident"] = encode(sample_incident());
    files["allowances"] = encode(sample_allowances());
    files["lesson"] = encode(sample_lesson());
    files["lesson-2"] = encode(sample_lesson_2());
    files["attached"] = encode(sample_attached());
    for (const auto& [kind, bytes] : files) {
        const std::string path = kFolder + "state-v1-" + kind + ".bin";
        if (std::filesystem::exists(path)) continue;
        std::ofstream out(path, std::ios::binary);
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        CHECK(out.good());
    }
}
