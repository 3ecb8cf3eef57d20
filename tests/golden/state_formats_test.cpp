// SPDX-License-Identifier: Apache-2.0
// Old bytes of what is remembered (engine/profile/FORMAT.md, engine/learner/FORMAT.md) that every
// release must still read: tests/golden/formats/state-v1-*.bin, made from the samples of
// tests/support/state_samples.hpp by the release that brought the format. `golden_tests [write]`
// writes those that are missing, and never one that is there.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/learner/incident.hpp"
#include "tests/support/catch.hpp"
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

Incident sample_incident() {
    Incident i;
    i.id = "abcdefghijklmnop";
    i.from = "anna@partner.example";
    i.opened = from_unix(1'700'000'001);
    i.last_held = from_unix(1'700'000'002);
    i.closed = from_unix(1'700'000'003);
    i.mails = {{"bcdefghijklmnopq", from_unix(1'700'000'000), 1.5},
               {"abcdefghijklmnop", from_unix(1'700'000'001), 3.25}};
    i.left_out = 7;
    return i;
}

/// Pieces of the site's state that are kept as old bytes: one of each kind.
const std::map<std::string, std::string> kPieces = {
    {"totals", "site-totals"},         {"experts", "site-experts"},
    {"values/1", "site-values-1"},     {"novelty/1", "site-novelty-1"},
    {"ranks/40", "site-ranks-40"},     {"scores/1/2", "site-scores-1-2"},
    {"evidence/2", "site-evidence-2"}, {"indicators/0/5", "site-indicators-0-5"},
    {"anomaly", "site-anomaly"}};

}  // namespace

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
    CHECK(encode(*name) == encode(sample_name()));
    const auto traces = decode_traces(old_bytes("traces"));
    REQUIRE(traces);
    CHECK(encode(*traces) == encode(sample_traces()));
    const auto incident = decode_incident(old_bytes("incident"));
    REQUIRE(incident);
    CHECK(encode(*incident) == encode(sample_incident()));
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
    CHECK(have.indicators[0][5].values() == want.indicators[0][5].values());
    CHECK(have.anomaly.count() == 1);
    CHECK(have.anomaly.sums()[f] == 2);
    CHECK(have.anomaly.products()[f * kFeatureCount + ranked] == 6);
}

TEST_CASE("write the old bytes that are missing", "[.][write]") {
    std::map<std::string, std::string> files = {
        {"profile", encode(sample_profile())}, {"vocabulary", encode(sample_vocabulary())},
        {"thread", encode(sample_thread())},   {"name", encode(sample_name())},
        {"traces", encode(sample_traces())},   {"word", encode(sample_word())},
        {"host", encode(sample_host())},       {"incident", encode(sample_incident())}};
    const auto pieces = pieces_of(sample_site());
    for (const auto& [piece, file] : kPieces) files[file] = pieces.at(piece);
    for (const auto& [kind, bytes] : files) {
        const std::string path = kFolder + "state-v1-" + kind + ".bin";
        if (std::filesystem::exists(path)) continue;
        std::ofstream out(path, std::ios::binary);
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        CHECK(out.good());
    }
}
