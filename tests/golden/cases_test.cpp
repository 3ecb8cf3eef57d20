// SPDX-License-Identifier: Apache-2.0
// Whole mails before the history of tests/support/synthetic_site.hpp: cases/<name>/message.eml is
// judged, cases/<name>/expected.txt holds verdict, stratum and first reason. KITH_UPDATE_GOLDEN=1
// rewrites what is expected; look at the difference before it is committed.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/catch.hpp"
#include "tests/support/synthetic_site.hpp"

using namespace kith;
using namespace kith::test;

namespace {

std::string read(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string told(const Assessment& a) {
    return "verdict: " + std::string(to_string(a.verdict)) +
           "\nstratum: " + std::string(to_string(a.stratum)) +
           "\nreason: " + (a.reasons.empty() ? "none" : a.reasons.front().feature) + "\n";
}

}  // namespace

TEST_CASE("every case is judged as expected") {
    SyntheticSite site;
    site.learn();
    std::vector<std::filesystem::path> cases;
    for (const auto& entry :
         std::filesystem::directory_iterator(KITH_SOURCE_DIR "/tests/golden/cases"))
        if (entry.is_directory()) cases.push_back(entry.path());
    std::sort(cases.begin(), cases.end());
    REQUIRE(cases.size() >= 4);
    for (const auto& path : cases) {
        INFO(path.filename().string());
        const std::string bytes = read(path / "message.eml");
        REQUIRE_FALSE(bytes.empty());
        const std::string have = told(site.judge(bytes).assessment);
        if (std::getenv("KITH_UPDATE_GOLDEN") != nullptr)
            std::ofstream(path / "expected.txt", std::ios::binary) << have;
        CHECK(have == read(path / "expected.txt"));
    }
}

TEST_CASE("the order that must hold: a takeover's mail scores above the sender's usual one") {
    SyntheticSite site;
    site.learn();
    const double usual = site.judge(SyntheticSite::mail_of(3, 5000).raw()).assessment.score;
    const double taken =
        site.judge(read(KITH_SOURCE_DIR "/tests/golden/cases/takeover-link/message.eml"))
            .assessment.score;
    CHECK(taken > usual + 20);
}
