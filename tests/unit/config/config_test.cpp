// SPDX-License-Identifier: Apache-2.0
#include "engine/config/config.hpp"

#include <sys/stat.h>

#include <string>
#include <tuple>
#include <vector>

#include "engine/config/keys.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace kith {
namespace {

/// All problems, one a line.
std::string problems(const LoadedConfig& loaded) {
    std::string out;
    for (const ConfigProblem& problem : loaded.problems) out += problem.text() + "\n";
    return out;
}

TEST_CASE("nothing but comments is the default configuration") {
    const LoadedConfig loaded = load_config_text("# nothing\n", "k");
    CHECK(problems(loaded).empty());
    CHECK(non_default_keys(loaded.config).empty());
}

TEST_CASE("the file of a site with its domain and identifier loads as it is") {
    const LoadedConfig loaded = load_config_text(
        "site:\n  domains:\n    - example.com\n  authserv_id: mx.example.com\n", "k");
    REQUIRE(problems(loaded).empty());
    CHECK(loaded.config.site.domains == std::vector<std::string>{"example.com"});
    CHECK(loaded.config.site.authserv_ids == std::vector<std::string>{"mx.example.com"});
    CHECK(loaded.config.parse.trusted_authserv_ids == std::vector<std::string>{"mx.example.com"});
}

TEST_CASE("one domain and a list of identifiers are taken as well") {
    const LoadedConfig loaded = load_config_text(
        "site: {domains: Example.com, authserv_id: [MX1.example.com, mx2.example.com]}\n", "k");
    REQUIRE(problems(loaded).empty());
    CHECK(loaded.config.site.domains == std::vector<std::string>{"example.com"});
    CHECK(loaded.config.parse.trusted_authserv_ids ==
          std::vector<std::string>{"mx1.example.com", "mx2.example.com"});
}

TEST_CASE("a section whose keys are all commented out is empty") {
    const LoadedConfig loaded =
        load_config_text("milter:\n  # deadline: 5s\nstore:\n  max_readers: 64\n", "k");
    REQUIRE(problems(loaded).empty());
    CHECK(loaded.config.store.max_readers == 64);
}

TEST_CASE("a bad file gives exactly these problems") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"mod: tag\n", "k:1:1: mod: unknown key; did you mean mode?\n"},
        {"milter:\n  deadlin: 5s\n",
         "k:2:3: milter.deadlin: unknown key; did you mean milter.deadline?\n"},
        {"Milter: {}\n", "k:1:1: Milter: unknown key; did you mean milter?\n"},
        {"deadline: 5s\n", "k:1:1: deadline: unknown key; did you mean milter.deadline?\n"},
        {"zzzzzzzz: 5s\n", "k:1:1: zzzzzzzz: unknown key\n"},
        {"milter.deadline: 5s\n",
         "k:1:1: milter.deadline: unknown key; write each part on a line of its own, indented\n"},
        {"budget.shares: {link: 1}\n",
         "k:1:1: budget.shares: unknown key; write each part on a line of its own, indented\n"},
        {"milter: 5\n", "k:1:1: milter: is a section: its keys stand below it, indented\n"},
        {"milter: [a]\n", "k:1:1: milter: is a section: its keys stand below it, indented\n"},
        {"mode: {a: 1}\n", "k:1:1: mode: must be a value (choice), is a section\n"},
        {"mode: [tag]\n", "k:1:1: mode: must be one value (choice), is a list\n"},
        {"mode:\n", "k:1:1: mode: has no value; remove it for the default\n"},
        {"mode: Tag\n",
         "k:1:7: mode: must be one of passive, tag, enforce, is \"Tag\"; did you mean tag?\n"},
        {"milter:\n  deadline: 90s\n",
         "k:2:13: milter.deadline: must be between 1s and 60s, is \"90s\"\n"},
        {"milter:\n  deadline: 5\n",
         "k:2:13: milter.deadline: must be a time like 5s or 90d (s, m, h, d, w), is \"5\"\n"},
        {"milter: {workers: 1.5}\n",
         "k:1:19: milter.workers: must be a whole number, is \"1.5\"\n"},
        {"milter: {workers: -1}\n", "k:1:19: milter.workers: must be a whole number, is \"-1\"\n"},
        {"milter: {add_headers: yes}\n",
         "k:1:23: milter.add_headers: must be true or false, is \"yes\"\n"},
        {"budget: {holds_per_1000: .nan}\n",
         "k:1:26: budget.holds_per_1000: must be a number, is \".nan\"\n"},
        {"budget: {holds_per_1000: .inf}\n",
         "k:1:26: budget.holds_per_1000: must be a number, is \".inf\"\n"},
        {"budget: {holds_per_1000: 20}\n",
         "k:1:10: budget.holds_per_1000: tags_per_1000 (10) must be at least holds_per_1000 "
         "(20)\n"},
        {"budget: {shares: {link: .4}}\n",
         "k:1:19: budget.shares.link: the six budget.shares must sum to 1, they sum to 0.85\n"},
        {"budget: {shares: {link: 0}}\n",
         "k:1:25: budget.shares.link: must be between 0.0001 and 1, is \"0\"\n"},
        {"store: {map_size: 1GB}\n",
         "k:1:19: store.map_size: must be a size like 512KiB or 1GiB (B, KiB, MiB, GiB, TiB), is "
         "\"1GB\"\n"},
        {"store: {directory: var/lib}\n",
         "k:1:20: store.directory: must be an absolute file name, is \"var/lib\"\n"},
        {"site: {domains: [a.example, {b: c}]}\n",
         "k:1:29: site.domains: an entry of the list must be a value\n"},
        {"site: {domains: [user@a.example]}\n",
         "k:1:18: site.domains: must be a domain, is the address \"user@a.example\"\n"},
        {"site: {networks: [10.0.0.1/8]}\n",
         "k:1:19: site.networks: \"10.0.0.1/8\" has address bits behind its prefix\n"},
        {"site:\n  domains: [a@b.example, c.example, d@e.example]\n",
         "k:2:13: site.domains: must be a domain, is the address \"a@b.example\"\n"
         "k:2:37: site.domains: must be a domain, is the address \"d@e.example\"\n"},
        {"budget: {shares: {link: .4}}\nmod: tag\n",
         "k:1:19: budget.shares.link: the six budget.shares must sum to 1, they sum to 0.85\n"
         "k:2:1: mod: unknown key; did you mean mode?\n"},
        {"mode: tag\nmode: tag\n", "k:2:1: duplicate key mode, first on line 1\n"},
        {"mode: &a tag\n", "k:1:7: anchors (&name) are not used here; write the value out\n"},
        {"<<: {mode: tag}\n", "k:1:1: <<: unknown key\n"},
        {"- mode\n", "k:1:1: must hold keys and values, like \"mode: tag\"\n"},
        {"mode\n", "k:1:1: must hold keys and values, like \"mode: tag\"\n"},
        {"mode: tag\n---\nmode: tag\n",
         "k:2:1: a file holds one document; remove the second one\n"},
        {"\"a\\nb\": 1\n", "k:1:1: a\\x0ab: unknown key\n"},
        {"? [a]\n: 1\n", "k:1:3: a key must be a word\n"},
    }));
    CHECK(problems(load_config_text(text, "k")) == expected);
}

TEST_CASE("all problems of a file are told at once, in its order") {
    const LoadedConfig loaded = load_config_text(
        "mod: tag\nmilter:\n  workers: many\n  deadline: 4s\n  deadline: 5s\nstore: &a\n  "
        "map_size: 1GB\n",
        "k");
    CHECK(problems(loaded) ==
          "k:1:1: mod: unknown key; did you mean mode?\n"
          "k:3:12: milter.workers: must be a whole number, is \"many\"\n"
          "k:5:3: duplicate key deadline, first on line 4\n"
          "k:6:8: anchors (&name) are not used here; write the value out\n");
}

TEST_CASE("a hundred problems are listed and then no more") {
    std::string text;
    for (int i = 0; i < 150; ++i) text += "zzzzzzzz" + std::to_string(i) + ": 1\n";
    const LoadedConfig loaded = load_config_text(text, "k");
    REQUIRE(loaded.problems.size() == 101);
    CHECK(loaded.problems[99].text() == "k:100:1: zzzzzzzz99: unknown key");
    CHECK(loaded.problems.back().text() == "k: more problems, not listed");
}

TEST_CASE("words that YAML reads as switches stay domains") {
    const LoadedConfig loaded = load_config_text("site: {domains: [no, on, y, 1e10]}\n", "k");
    REQUIRE(problems(loaded).empty());
    CHECK(loaded.config.site.domains == std::vector<std::string>{"no", "on", "y", "1e10"});
}

TEST_CASE("the printed configuration loads to the same one") {
    Config config;
    config.mode = Mode::Enforce;
    config.site.domains = {"no", "example.com",
                           "b\xC3\xBC"
                           "cher.example"};
    config.site.networks = {};
    config.site.authserv_ids = {"12:30", "true"};
    config.milter.socket_group = "";
    config.milter.socket = "inet6:8891@::1";
    config.milter.on_failure = OnFailure::Tempfail;
    config.milter.add_headers = false;
    config.budget.holds_per_1000 = 0.1;
    config.budget.shares = {.1, .2, .3, .15, .15, .1};
    config.learner.half_life_days = 7.5;
    config.learner.probation = Seconds(0);
    config.store.directory = "/a \"b\" \\c: # d";
    config.store.map_size_bytes = 16777217;
    const LoadedConfig loaded = load_config_text(print_config(config), "printed");
    REQUIRE(problems(loaded).empty());
    CHECK(print_config(loaded.config) == print_config(config));
    CHECK(loaded.config.store.directory == config.store.directory);
    CHECK(loaded.config.site.domains == config.site.domains);
    CHECK(loaded.config.site.networks.empty());
    CHECK(loaded.config.milter.socket_group.empty());
    CHECK(loaded.config.learner.half_life_days == 7.5);
}

TEST_CASE("an entry of modes that cannot be is told at its own place, with what to do") {
    const auto first = [](const std::string& text) {
        const LoadedConfig loaded = load_config_text(text, "k");
        REQUIRE(loaded.problems.size() == 1);
        return loaded.problems.front().text();
    };
    const std::string site = "site: {domains: [example.com]}\nmodes:\n  inbound: tag\n";
    CHECK(first(site + "  inbound other.example: enforce\n") ==
          "k:4:3: modes.inbound other.example: \"other.example\" is not an own domain; add it to "
          "site.domains or correct it");
    CHECK(first(site + "  inbond: enforce\n") ==
          "k:4:3: modes.inbond: \"inbond\" is not an own domain and no direction (inbound, "
          "outbound, internal); add it to site.domains or correct it. Did you mean inbound?");
    CHECK(first(site + "  outbound: loud\n") ==
          "k:4:3: modes.outbound: must be one of passive, tag, enforce, is \"loud\"");
    CHECK(first(site + "  outbound: [tag]\n") ==
          "k:4:3: modes.outbound: must have a value: passive, tag, enforce");
    CHECK(first("modes: tag\n") ==
          "k:1:8: modes: must be a map, like {inbound: enforce, example.com: tag}");
    CHECK(first("modes:\n") == "k:1:1: modes: has no value; remove it for the default");
}

TEST_CASE("modes of a later file replace those of an earlier one as a whole") {
    const test::TempDir dir;
    const std::string main = dir.write(
        "kith.yaml", "site: {domains: [example.com]}\nmodes: {inbound: tag, example.com: tag}\n");
    dir.write("conf.d/10-a.yaml", "modes:\n  inbound shop.example.com: enforce\n");
    const LoadedConfig loaded = load_config(main);
    REQUIRE(problems(loaded).empty());
    REQUIRE(loaded.config.modes.size() == 1);
    CHECK(loaded.config.modes[0].domain == "shop.example.com");
    CHECK(print_config(load_config_text(print_config(loaded.config), "p").config) ==
          print_config(loaded.config));
    dir.write("conf.d/20-b.yaml", "modes: {}\n");
    CHECK(load_config(main).config.modes.empty());
}

TEST_CASE("files of conf.d override key by key in the order of their names") {
    const test::TempDir dir;
    const std::string main = dir.write("kith.yaml",
                                       "mode: tag\nmilter: {deadline: 7s, workers: 3}\n"
                                       "site: {domains: [a.example, b.example]}\n");
    dir.write("conf.d/20-b.yaml", "milter: {deadline: 9s}\n");
    dir.write("conf.d/10-a.yaml", "milter: {deadline: 8s}\nsite: {domains: c.example}\n");
    dir.write("conf.d/.hidden.yaml", "mode: nonsense\n");
    dir.write("conf.d/30-c.yaml.dpkg-old", "mode: nonsense\n");
    const LoadedConfig loaded = load_config(main);
    REQUIRE(problems(loaded).empty());
    CHECK(loaded.config.mode == Mode::Tag);
    CHECK(loaded.config.milter.deadline == Seconds(9));
    CHECK(loaded.config.milter.workers == 3);
    CHECK(loaded.config.site.domains == std::vector<std::string>{"c.example"});
    CHECK(loaded.files == std::vector<std::string>{main, dir.file("conf.d/10-a.yaml"),
                                                   dir.file("conf.d/20-b.yaml")});
}

TEST_CASE("a problem names the file it is in, in the order of the files") {
    const test::TempDir dir;
    const std::string main = dir.write("kith.yaml", "budget: {tags_per_1000: 5}\n");
    const std::string extra = dir.write("conf.d/a.yaml", "budget:\n  holds_per_1000: 6\nmode: x\n");
    CHECK(
        problems(load_config(main)) ==
        main +
            ":1:10: budget.tags_per_1000: tags_per_1000 (5) must be at least holds_per_1000 (6)\n" +
            extra + ":3:7: mode: must be one of passive, tag, enforce, is \"x\"\n");
}

TEST_CASE("a file in conf.d with the wrong ending is a problem, not silence") {
    const test::TempDir dir;
    const std::string main = dir.write("kith.yaml", "");
    const std::string wrong = dir.write("conf.d/site.yml", "mode: tag\n");
    CHECK(problems(load_config(main)) == wrong + ": is not read; name it .yaml\n");
}

TEST_CASE("a missing file is a problem, a missing conf.d is not") {
    const test::TempDir dir;
    const std::string missing = dir.file("kith.yaml");
    CHECK(problems(load_config(missing)) ==
          missing + ": cannot be opened: No such file or directory\n");
    CHECK(problems(load_config(dir.write("there.yaml", ""))).empty());
}

TEST_CASE("what everybody may write is refused") {
    const test::TempDir dir;
    const std::string main = dir.write("kith.yaml", "mode: tag\n");
    REQUIRE(::chmod(main.c_str(), 0646) == 0);
    const LoadedConfig loaded = load_config(main);
    CHECK(problems(loaded) == main + ": everybody may write it; run chmod o-w on it\n");
    CHECK(loaded.config.mode == Mode::Passive);
    REQUIRE(::chmod(main.c_str(), 0664) == 0);
    CHECK(problems(load_config(main)).empty());

    dir.write("conf.d/a.yaml", "mode: tag\n");
    REQUIRE(::chmod(dir.file("conf.d").c_str(), 0777) == 0);
    CHECK(problems(load_config(main)) ==
          dir.file("conf.d") + ": everybody may write into it; run chmod o-w on it\n");
}

TEST_CASE("a directory or a FIFO in place of the file is refused at once") {
    const test::TempDir dir;
    const std::string fifo = dir.file("fifo");
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(problems(load_config(fifo)) == fifo + ": is not a regular file\n");
    CHECK(problems(load_config(dir.str())) == dir.str() + ": is not a regular file\n");
}

TEST_CASE("a file of 256 KiB is read and one byte more is refused") {
    const test::TempDir dir;
    const std::string head = "mode: tag\n#";
    const std::string full =
        dir.write("full.yaml", head + std::string(256 * 1024 - head.size(), 'x'));
    CHECK(problems(load_config(full)).empty());
    const std::string over =
        dir.write("over.yaml", head + std::string(256 * 1024 - head.size() + 1, 'x'));
    CHECK(problems(load_config(over)) == over + ": larger than 262144 bytes\n");
}

TEST_CASE("a good file comes as a value, a bad one as one error with all problems") {
    const test::TempDir dir;
    const auto good = load_config_or_error(dir.write("good.yaml", "mode: tag\n"));
    REQUIRE(good);
    CHECK(good.value()->mode == Mode::Tag);
    const std::string file = dir.write("bad.yaml", "mode: x\nzzzzzzzz: 1\n");
    const auto bad = load_config_or_error(file);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == ErrorCode::Config);
    CHECK(bad.error().what == "configuration not valid: " + file +
                                  ":1:7: mode: must be one of passive, tag, enforce, is \"x\" | " +
                                  file + ":2:1: zzzzzzzz: unknown key");
}

TEST_CASE("the text of a problem leaves out what is not known") {
    CHECK(ConfigProblem{"f", 1, 2, "a.b", "reason"}.text() == "f:1:2: a.b: reason");
    CHECK(ConfigProblem{"f", 1, 0, "", "reason"}.text() == "f:1: reason");
    CHECK(ConfigProblem{"f", 0, 0, "", "reason"}.text() == "f: reason");
}

}  // namespace
}  // namespace kith
