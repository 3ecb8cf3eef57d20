// SPDX-License-Identifier: Apache-2.0
// `kith replay`: one line of output for each line of the manifest, with delays too.
#include <nlohmann/json.hpp>

#include <set>
#include <sstream>

#include "tests/support/message_builder.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using Json = nlohmann::json;

namespace {

/// Mail of twenty correspondents, every sixth with a new link, then one unlike its sender, as a
/// probe: the last line of the manifest is no later than its retry.
std::string manifest(const test::TempDir& dir) {
    dir.write("kith.yaml",
              "mode: passive\nsite:\n  domains: example.org\nbudget:\n  min_calibration: 100\n"
              "  min_stratum_calibration: 10\n");
    std::string stream, lines;
    const auto add = [&](const std::string& id, int time, const std::string& from,
                         const std::string& raw, bool learn) {
        lines += Json{{"id", id},
                      {"time", 1772368496 + time},
                      {"file", "mbox"},
                      {"offset", stream.size()},
                      {"length", raw.size()},
                      {"mail_from", from},
                      {"rcpts", {"bert@example.org"}},
                      {"learn", learn}}
                     .dump() +
                 "\n";
        stream += raw;
    };
    for (int i = 0; i < 300; ++i) {
        const std::string from = "p" + std::to_string(i % 20) + "@far.example";
        const std::string link = i % 6 == 0 ? "https://h" + std::to_string(i) + ".example/x\n" : "";
        add("m" + std::to_string(i), 600 * i, from,
            test::MessageBuilder()
                .from(from)
                .set("Message-ID", "<" + std::to_string(i) + "@far.example>")
                .body("A line about the order.\n" + link)
                .raw(),
            true);
    }
    add("odd", 180'000, "p1@far.example",
        test::MessageBuilder()
            .from("p1@far.example")
            .set("Message-ID", "<odd@far.example>")
            .set("X-Mailer", "Odd")
            .body("Open https://odd.example/x and log in.\n")
            .raw(),
        false);
    dir.write("mbox", stream);
    return dir.write("manifest.jsonl", lines);
}

std::vector<Json> replayed(const std::vector<std::string>& arguments) {
    std::vector<std::string> command{kith::test::kith_program(), "replay"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto output = admin::run_process(command, {}).value();
    INFO(output.err);
    REQUIRE(output.status == 0);
    std::vector<Json> out;
    std::istringstream in(output.out);
    for (std::string line; std::getline(in, line);) out.push_back(Json::parse(line));
    return out;
}

const Json& line_of(const std::vector<Json>& lines, const std::string& id) {
    for (const Json& j : lines)
        if (j["id"] == id) return j;
    FAIL("no line of " << id);
    return lines.front();
}

}  // namespace

TEST_CASE("a replay says where too little mail was seen to hold any, and nothing when it was not") {
    const test::TempDir dir;
    const std::string file = manifest(dir);
    const auto told = [&](const std::string& needed) {
        return admin::run_process({kith::test::kith_program(), "replay", file, "--set",
                                   "budget.min_calibration=" + needed},
                                  {})
            .value()
            .err;
    };
    CHECK(told("100").find("needed") == std::string::npos);
    const std::string text = told("2995");
    CHECK(text.find("inbound mail: ") == 0);
    CHECK(text.find(" seen, 2995 needed before any is held (budget.min_calibration): none was\n") !=
          std::string::npos);
}

TEST_CASE("each mail has one line, a delayed one that of its retry") {
    const test::TempDir dir;
    const std::string stream = manifest(dir);
    const auto plain = replayed({stream});
    const auto delaying = replayed({stream, "--set", "budget.delays_per_1000=100", "--set",
                                    "budget.holds_per_1000=0", "--retry-after", "30"});
    for (const auto& lines : {plain, delaying}) {
        std::set<std::string> ids;
        for (const Json& j : lines) {
            ids.insert(j["id"].get<std::string>());
            CHECK(j["verdict"] != "tempfail");
        }
        CHECK(lines.size() == 301);
        CHECK(ids.size() == 301);
    }
    CHECK(line_of(plain, "odd")["delayed"] == false);
    CHECK(line_of(delaying, "odd")["delayed"] == true);
    CHECK(delaying.back()["id"] == "odd");
}

TEST_CASE("a setting that is none is refused by name") {
    const test::TempDir dir;
    const std::string stream = manifest(dir);
    for (const std::string bad : {"budget.delays_per_1000", "budget.delay=1",
                                  "budget.delays_per_1000=101", "budget.delays_per_1000=0.5"}) {
        const auto out =
            admin::run_process({kith::test::kith_program(), "replay", stream, "--set", bad}, {})
                .value();
        INFO(bad << ": " << out.err);
        CHECK(out.status == 64);
        CHECK(out.err.find("delay") != std::string::npos);
        CHECK(out.out.empty());
    }
}
