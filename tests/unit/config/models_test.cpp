// SPDX-License-Identifier: Apache-2.0
#include "engine/config/models.hpp"

#include <sys/stat.h>

#include <fstream>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;

namespace {

/// The one problem of a file; "" when there is none.
std::string problem_of(std::string_view text) {
    const LoadedModels loaded = with_model_text(shipped_models(), text, "mine.yaml");
    std::string out;
    for (const ConfigProblem& p : loaded.problems) out += (out.empty() ? "" : "\n") + p.text();
    return out;
}

Model read(std::string_view text) {
    const LoadedModels loaded = with_model_text(shipped_models(), text, "mine.yaml");
    REQUIRE(loaded.problems.empty());
    REQUIRE(loaded.changed.size() == 1);
    return *loaded.models->find(loaded.changed.front());
}

constexpr std::string_view kWhole = R"(name: finance
description: who pays is asked
when:
  all:
    - direction = inbound
    - any: [asks.payee, payment > 0]
    - not: mails > 50
threshold: 40
priority: 70
action: [hold, notify]
tag: finance-check
mode: live
scope:
  directions: [inbound]
  domains: [Site.example]
expires: 2027-01-31
attack: T1566.002
enabled: true
groups:
  money: [finance@site.example, "*@pay.example"]
)";

}  // namespace

TEST_CASE("kith's own models are there, three of them live, and are what conf/models.d has") {
    std::string live;
    for (const Model& m : shipped_models().models) {
        CHECK(m.is_shipped());
        CHECK_FALSE(m.description.empty());
        CHECK_FALSE(shipped_model_text(m.name).empty());
        if (m.live) live += m.name + " ";
    }
    CHECK(live == "budget-delay budget-hold budget-tag ");
}

TEST_CASE("every key of a model is read") {
    const Model m = read(kWhole);
    CHECK(m.name == "finance");
    CHECK(m.description == "who pays is asked");
    CHECK(m.threshold == 40);
    CHECK(m.priority == 70);
    CHECK(m.action == Verdict::Quarantine);
    CHECK(m.notify);
    CHECK(m.tag == "finance-check");
    CHECK(m.live);
    CHECK(m.enabled);
    CHECK(m.directions == std::vector<Direction>{Direction::Inbound});
    CHECK(m.domains == std::vector<std::string>{"site.example"});
    REQUIRE(m.expires);
    CHECK(iso8601(*m.expires) == "2027-01-31T00:00:00Z");
    CHECK(m.attack == "T1566.002");
    CHECK(m.file == "mine.yaml");
    CHECK(m.when.nodes() == 8);
}

TEST_CASE(
    "a model is called as its file where it has no name, and is experimental unless it says live") {
    const Model m = read("when: score >= 60\naction: tag\n");
    CHECK(m.name == "mine");
    CHECK_FALSE(m.live);
    CHECK(m.enabled);
}

TEST_CASE("problems are told with file, line and what would be right") {
    CHECK(problem_of("") == "mine.yaml: is empty; a model has at least a \"when\"");
    CHECK(problem_of("when: score > 1\naction: tag\nprioritx: 3\n") ==
          "mine.yaml:3:1: prioritx: unknown key; did you mean priority?");
    CHECK(problem_of("when: scor > 1\naction: tag\n") ==
          "mine.yaml:1:7: when: condition, character 1, at \"scor\": unknown metric; did you mean "
          "score?");
    CHECK(problem_of("when: ready\naction: hodl\n") ==
          "mine.yaml:2:9: action: must be hold, tag, delay, reject or notify, is \"hodl\"; did you "
          "mean hold?");
    CHECK(problem_of("when: ready\n").find("action: is missing") != std::string::npos);
    CHECK(problem_of("action: tag\n").find("when: is missing") != std::string::npos);
    CHECK(problem_of("when: ready\naction: [hold, tag]\n").find("only notify goes together") !=
          std::string::npos);
    CHECK(problem_of("when: ready\naction: tag\nmode: on\n").find("must be live or experimental") !=
          std::string::npos);
    CHECK(problem_of("when: ready\naction: tag\npriority: 101\n").find("between 0 and 100") !=
          std::string::npos);
    CHECK(
        problem_of("when: ready\naction: tag\nexpires: tomorrow\n").find("a day like 2026-03-01") !=
        std::string::npos);
    CHECK(problem_of("when: ready\naction: tag\nattack: T15\n").find("T1566.002") !=
          std::string::npos);
    CHECK(problem_of("when: ready\naction: tag\nname: Mine\n").find("letters a-z") !=
          std::string::npos);
    CHECK(problem_of("when:\n  al: [ready]\naction: tag\n").find("did you mean all?") !=
          std::string::npos);
    CHECK(problem_of("when: rcpt in group.money\naction: tag\n").find("unknown group") !=
          std::string::npos);
    CHECK(problem_of("when:\n  - ready\n  - kind = newsleter\naction: tag\n") ==
          "mine.yaml:3:5: when: condition, character 8, at \"newsleter\": kind is never newsleter; "
          "did you mean newsletter?");
    CHECK(problem_of("override: budget-hodl\nenabled: false\n").find("did you mean budget-hold?") !=
          std::string::npos);
    CHECK(problem_of("override: budget-hold\nwhen: ready\n").find("unknown key") !=
          std::string::npos);
    CHECK(problem_of("- a\n").find("must hold keys and values") != std::string::npos);
    CHECK_FALSE(problem_of("when: [\n").empty());
}

TEST_CASE("a model of accounts has steps, or a condition over single events") {
    const Model m = read(
        "scope: accounts\nwithin: 30d\norder: any\nsteps:\n"
        "  - name: comes in\n    when: kind = login and new.network\n    attack: T1078\n"
        "  - name: reads all\n    when:\n      all: [kind = read, messages > 100]\n");
    CHECK(m.about == PolicySubject::Accounts);
    CHECK(m.within == Seconds(30 * 86400));
    CHECK(m.any_order);
    CHECK_FALSE(m.live);
    REQUIRE(m.steps.size() == 2);
    CHECK(m.steps[0].name == "comes in");
    CHECK(m.steps[0].attack == "T1078");
    CHECK(m.steps[1].attack.empty());
    CHECK(m.steps[1].when.nodes() == 4);
    CHECK_FALSE(read("scope: accounts\nwithin: 1h\nsteps:\n  - {name: a, when: kind = login}\n"
                     "  - {name: b, when: kind = read}\n")
                    .any_order);
    CHECK(read("scope: accounts\nwhen: kind = forward\n").steps.empty());
}

TEST_CASE("a model of accounts cannot act, and says why at its place") {
    CHECK(problem_of("scope: accounts\nwhen: kind = login\nmode: live\n") ==
          "mine.yaml:3:7: mode: must be experimental: a model of scope accounts is for kith hunt, "
          "what it finds has happened and cannot be held any more");
    CHECK(problem_of("scope: accounts\nwhen: kind = login\naction: hold\n") ==
          "mine.yaml:3:9: action: is for mail: a model of scope accounts is for kith hunt and does "
          "nothing by itself");
    CHECK(problem_of("override: energy-sector-hunt\nmode: live\n").find("must be experimental") !=
          std::string::npos);
    CHECK(problem_of("override: energy-sector-hunt\npriority: 10\n").find("is for mail") !=
          std::string::npos);
    CHECK(problem_of("override: energy-sector-hunt\nenabled: false\n").empty());
    CHECK(problem_of("override: budget-hold\nscope: accounts\n").find("does not change") !=
          std::string::npos);
}

TEST_CASE("what is wrong with steps is told at its place") {
    const std::string one = "  - {name: a, when: kind = login}\n";
    const std::string two = one + "  - {name: b, when: kind = read}\n";
    const auto problem = [](const std::string& rest) {
        return problem_of("scope: accounts\n" + rest);
    };
    CHECK(problem("").find("either when: or steps:") != std::string::npos);
    CHECK(
        problem("within: 3d\nwhen: kind = login\nsteps:\n" + two).find("either when: or steps:") !=
        std::string::npos);
    CHECK(problem("steps:\n" + two).find("within: is missing") != std::string::npos);
    CHECK(problem("when: kind = login\nwithin: 3d\n").find("within: needs steps:") !=
          std::string::npos);
    CHECK(problem("within: 3d\nsteps:\n" + one).find("a list of 2 to 16 steps") !=
          std::string::npos);
    CHECK(problem("within: 3\nsteps:\n" + two).find("mine.yaml:2:9: within: ") == 0);
    CHECK(problem("within: 0\nsteps:\n" + two).find("longer than 0") != std::string::npos);
    CHECK(problem("within: 3d\norder: some\nsteps:\n" + two).find("must be given or any") !=
          std::string::npos);
    CHECK(problem("within: 3d\nsteps:\n" + one + "  - {name: b}\n")
              .find("mine.yaml:5:5: steps.2.when: is missing") == 0);
    CHECK(problem("within: 3d\nsteps:\n" + one + "  - {name: b, wen: kind = read}\n")
              .find("did you mean when?") != std::string::npos);
    CHECK(problem("within: 3d\nsteps:\n" + one + "  - {when: kind = read}\n")
              .find("steps.2.name: must be a few words") != std::string::npos);
    CHECK(problem("within: 3d\nsteps:\n" + one + "  - {name: b, when: score > 3}\n")
              .find("unknown metric") != std::string::npos);
    CHECK(problem("within: 3d\nsteps:\n" + one + "  - {name: b, when: kind = read, attack: T1}\n")
              .find("T1566.002") != std::string::npos);
    CHECK(problem("within: 3d\nsteps:\n" + one + "  - b\n").find("must hold name: and when:") !=
          std::string::npos);
    CHECK(problem_of("when: ready\naction: tag\nsteps:\n" + two).find("needs scope: accounts") !=
          std::string::npos);
    CHECK(problem_of("scope: account\nwhen: ready\naction: tag\n").find("must be accounts") !=
          std::string::npos);
}

TEST_CASE("an override changes what it names and nothing else") {
    const LoadedModels loaded =
        with_model_text(shipped_models(), "override: budget-hold\npriority: 10\n", "mine.yaml");
    REQUIRE(loaded.problems.empty());
    const Model *before = shipped_models().find("budget-hold"),
                *after = loaded.models->find("budget-hold");
    REQUIRE(after != nullptr);
    CHECK(after->priority == 10);
    CHECK(after->action == before->action);
    CHECK(after->description == before->description);
    CHECK(after->live);
    CHECK(after->overridden_by == "mine.yaml");
}

TEST_CASE(
    "a directory adds, replaces and overrides; a broken file is left out whole and the rest is "
    "used") {
    const test::TempDir dir;
    dir.write("a-switch.yaml", "override: zeta\nenabled: false\n");  // read last, whatever its name
    dir.write("budget-tag.yaml", "when: rate <= 5\naction: tag\nmode: live\n");
    dir.write("broken.yaml", "when: scor > 3\naction: reject\nmode: live\n");
    dir.write("groups.yaml", "groups:\n  money: [finance@site.example]\n");
    dir.write("zeta.yaml", "when: rcpt in group.money\naction: hold\nmode: live\n");
    const LoadedModels loaded = load_models(dir.str());
    REQUIRE(loaded.problems.size() == 1);
    CHECK(loaded.problems[0].file == dir.file("broken.yaml"));
    CHECK(loaded.problems[0].line == 1);
    CHECK(loaded.models->find("broken") == nullptr);
    REQUIRE(loaded.models->find("zeta") != nullptr);
    CHECK_FALSE(loaded.models->find("zeta")->enabled);
    CHECK_FALSE(loaded.models->find("budget-tag")->is_shipped());
    CHECK(loaded.models->find("budget-hold")->is_shipped());
}

TEST_CASE("one name in two files of the site is a slip, told with both places") {
    const test::TempDir dir;
    dir.write("one.yaml", "name: mine\nwhen: ready\naction: tag\n");
    dir.write("two.yaml", "name: mine\nwhen: ready\naction: hold\n");
    const LoadedModels loaded = load_models(dir.str());
    REQUIRE(loaded.problems.size() == 1);
    CHECK(loaded.problems[0].text().find("already in " + dir.file("one.yaml")) !=
          std::string::npos);
    CHECK(loaded.models->find("mine")->action == Verdict::Tag);
}

TEST_CASE("a missing directory is an empty one; one that anybody may write is not read") {
    CHECK(load_models("/nonexistent/models.d").problems.empty());
    const test::TempDir dir;
    dir.write("mine.yaml", "when: ready\naction: hold\nmode: live\n");
    REQUIRE(::chmod(dir.path().c_str(), 0777) == 0);
    const LoadedModels loaded = load_models(dir.str());
    REQUIRE(loaded.problems.size() == 1);
    CHECK(loaded.problems[0].reason.find("chmod o-w") != std::string::npos);
    CHECK(loaded.models->find("mine") == nullptr);
    REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
    REQUIRE(::chmod(dir.file("mine.yaml").c_str(), 0666) == 0);
    CHECK(load_models(dir.str()).models->find("mine") == nullptr);
}

TEST_CASE("models, groups and descriptions are bounded, at the limit and beyond") {
    CHECK(problem_of("when: ready\naction: tag\ndescription: " + std::string(kMaxDescription, 'x') +
                     "\n")
              .empty());
    CHECK(problem_of("when: ready\naction: tag\ndescription: " +
                     std::string(kMaxDescription + 1, 'x') + "\n")
              .find("longer than 300") != std::string::npos);
    CHECK(problem_of("when: ready\naction: tag\nname: " + std::string(kMaxModelName, 'x') + "\n")
              .empty());
    CHECK_FALSE(
        problem_of("when: ready\naction: tag\nname: " + std::string(kMaxModelName + 1, 'x') + "\n")
            .empty());
    const auto group = [](std::size_t entries) {
        std::string out = "groups:\n  g:\n";
        for (std::size_t i = 0; i < entries; ++i) out += "    - x\n";
        return out;
    };
    CHECK(problem_of(group(kMaxGroupEntries)).empty());
    CHECK(problem_of(group(kMaxGroupEntries + 1)).find("more than 2000") != std::string::npos);
    ModelSet full = shipped_models();
    while (full.models.size() < kMaxModels) {
        Model m = full.models.front();
        m.name = "z" + std::to_string(1000 + full.models.size());
        full.models.push_back(m);
    }
    CHECK_FALSE(with_model_text(full, "when: ready\naction: tag\n", "mine.yaml").problems.empty());
    full.models.pop_back();
    CHECK(with_model_text(full, "when: ready\naction: tag\n", "mine.yaml").problems.empty());
}
