// SPDX-License-Identifier: Apache-2.0
// Old bytes of what is remembered (engine/profile/FORMAT.md) that every release must still read:
// tests/golden/formats/state-v1-*.bin, made from the samples of tests/support/state_samples.hpp by
// the release that brought the format, and the experts' examples (engine/learner/FORMAT.md).
// `golden_tests [write]` writes those that are missing, and never one that is there.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/learner/examples.hpp"
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
    {"ranks/40", "site-ranks-40"},     {"scores/1/2", "site-scores-1-2"},
    {"evidence/2", "site-evidence-2"}, {"indicators/0/5", "site-indicators-0-5"},
    {"stages/1/3", "site-stages-1-3"}, {"anomaly", "site-anomaly"},
    {"people", "site-people"}};

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

TEST_CASE("old bytes still give the records they were made of") {
    const auto profile = decode_profile(old_bytes("profile"));
    REQUIRE(profile);
    CHECK(encode(*profile) == encode(sample_profile()));
    const auto vocabulary = decode_vocabulary(old_bytes("vocabulary"));
    REQUIRE(vocabulary);
    CHECK(encode(*vocabulary) == encode(sample_vocabulary()));
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
    const auto word = decode_site_word(old_bytes("word"));
    REQUIRE(word);
    CHECK(encode(*word) == encode(sample_word()));
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
    CHECK(have.people.own_domains == want.people.own_domains);
    CHECK(have.people.suspects == want.people.suspects);
    CHECK(have.anomaly.count() == 1);
    CHECK(have.anomaly.sums()[f] == 2);
    CHECK(have.anomaly.products()[f * kFeatureCount + ranked] == 6);
}

TEST_CASE("write the old bytes that are missing", "[.][write]") {
    std::map<std::string, std::string> files = {
        {"profile", encode(sample_profile())}, {"vocabulary", encode(sample_vocabulary())},
        {"thread", encode(sample_thread())},   {"name-2", encode(sample_name())},
        {"traces", encode(sample_traces())},   {"word", encode(sample_word())},
        {"host", encode(sample_host())}};
    const auto pieces = pieces_of(sample_site());
    for (const auto& [piece, file] : kPieces) files[file] = pieces.at(piece);
    for (const auto& [key, value] : rows_of(sample_examples()))
        files[std::string("example-") + key.front()] = value;
    for (const auto& [kind, bytes] : files) {
        const std::string path = kFolder + "state-v1-" + kind + ".bin";
        if (std::filesystem::exists(path)) continue;
        std::ofstream out(path, std::ios::binary);
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        CHECK(out.good());
    }
}
