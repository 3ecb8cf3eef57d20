// SPDX-License-Identifier: Apache-2.0
// Contracts that hold for every line of keys.def, and the behaviour of the functions over the
// table.
#include "engine/config/keys.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "engine/base/text.hpp"
#include "tests/support/catch.hpp"

namespace kith {
namespace {

std::string set_one(Config& config, std::string_view path, const std::string& text,
                    bool quoted = false) {
    const KeyInfo* key = find_config_key(path);
    if (key == nullptr) return "no such key";
    const Status done = set_config_key(config, *key, {{text, quoted}});
    return done ? "" : done.error().what;
}

std::string show(const Config& config, std::string_view path) {
    return print_config_key(config, *find_config_key(path));
}

TEST_CASE("each key is there once, in lower case, and no key is a section of another") {
    std::set<std::string_view> seen;
    for (const KeyInfo& key : config_keys()) {
        INFO(key.path);
        CHECK(seen.insert(key.path).second);
        CHECK(key.path.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.") ==
              std::string_view::npos);
        for (const KeyInfo& other : config_keys())
            CHECK(other.path.substr(0, key.path.size() + 1) != std::string(key.path) + ".");
    }
    CHECK(seen.size() > 40);
}

TEST_CASE("each description is one or more whole sentences") {
    for (const KeyInfo& key : config_keys()) {
        INFO(key.path);
        CHECK(key.description.size() > 10);
        CHECK(key.description.back() == '.');
        CHECK(key.description.find_first_of("\n\t\\") == std::string_view::npos);
    }
}

TEST_CASE("each default can be written in the file and means itself") {
    const Config defaults;
    for (const KeyInfo& key : config_keys()) {
        if (is_list(key.type) || is_map(key.type))
            continue;  // the whole printed configuration is loaded in config_test.cpp
        INFO(key.path);
        std::string text = print_config_key(defaults, key);
        const bool quoted = text.front() == '"';
        if (quoted) text = text.substr(1, text.size() - 2);
        Config config;
        const Status done = set_config_key(config, key, {{text, quoted}});
        CHECK((done ? "" : done.error().what) == "");
        CHECK(print_config_key(config, key) == print_config_key(defaults, key));
    }
}

TEST_CASE("each range takes its ends and nothing outside") {
    // The values next to the ends, by hand: one more or less in the smallest unit that each type
    // has.
    struct Outside {
        std::string_view path, below, above;
    };
    const auto outside = GENERATE(values<Outside>({
        {"milter.deadline", "0s", "61s"},
        {"milter.max_waiting", "0", "100001"},
        {"milter.memory_size", "4095", "1073741825"},
        {"budget.holds_per_1000", "-0.01", "100.01"},
        {"budget.shares.link", "0", "1.001"},
        {"learner.half_life", "604799s", "315360001s"},
        {"learner.daily_cap", "0", "1001"},
        {"store.map_size", "16777215", "17592186044417"},
        {"journal.keep", "86399s", "315360001s"},
        {"message.max_depth", "0", "101"},
    }));
    const KeyInfo& key = *find_config_key(outside.path);
    const std::size_t dots = key.range.find("..");
    const std::string low(key.range.substr(0, dots)), high(key.range.substr(dots + 2));
    Config config;
    const std::string expected = "must be between " + low + " and " + high + ", is \"";
    CHECK(set_one(config, outside.path, std::string(outside.below)) ==
          expected + std::string(outside.below) + "\"");
    CHECK(set_one(config, outside.path, std::string(outside.above)) ==
          expected + std::string(outside.above) + "\"");
    CHECK(set_one(config, outside.path, low).empty());
    CHECK(set_one(config, outside.path, high).empty());
}

TEST_CASE("both ends of every range can be set") {
    for (const KeyInfo& key : config_keys()) {
        const std::size_t dots = key.range.find("..");
        if (dots == std::string_view::npos) continue;
        INFO(key.path);
        Config config;
        CHECK(set_one(config, key.path, std::string(key.range.substr(0, dots))) == "");
        CHECK(set_one(config, key.path, std::string(key.range.substr(dots + 2))) == "");
    }
}

TEST_CASE("a choice takes its words and names the nearest for another") {
    Config config;
    CHECK(set_one(config, "mode", "enforce").empty());
    CHECK(config.mode == Mode::Enforce);
    CHECK(set_one(config, "mode", "tag").empty());
    CHECK(config.mode == Mode::Tag);
    CHECK(set_one(config, "mode", "enforced") ==
          "must be one of passive, tag, enforce, is \"enforced\"; did you mean enforce?");
    CHECK(config.mode == Mode::Tag);
    CHECK(set_one(config, "milter.on_failure", "tempfail").empty());
    CHECK(config.milter.on_failure == OnFailure::Tempfail);
    CHECK(set_one(config, "log.level", "verbose-output") ==
          "must be one of debug, info, warning, error, is \"verbose-output\"");
}

TEST_CASE("every mode is printed by its name in the table") {
    for (const Mode mode : {Mode::Passive, Mode::Tag, Mode::Enforce}) {
        Config config;
        config.mode = mode;
        CHECK(show(config, "mode") == to_string(mode));
    }
}

std::string set_modes(Config& config, const std::vector<ConfigText>& entries) {
    const Status done = set_config_key(config, *find_config_key("modes"), entries);
    return done ? "" : done.error().what;
}

TEST_CASE("modes takes directions, domains and both, in any case, and prints them as a map") {
    Config config;
    CHECK(set_modes(config, {{"enforce", false, "Inbound"},
                             {"tag", true, "Example.COM"},
                             {"passive", false, " outbound   sub.example.com "}}) == "");
    REQUIRE(config.modes.size() == 3);
    CHECK(config.modes[0].direction == "inbound");
    CHECK(config.modes[0].domain.empty());
    CHECK(config.modes[1].domain == "example.com");
    CHECK(config.modes[1].mode == Mode::Tag);
    CHECK(show(config, "modes") ==
          "{inbound: enforce, example.com: tag, \"outbound sub.example.com\": passive}");
    CHECK(set_modes(config, {}) == "");
    CHECK(show(config, "modes") == "{}");
}

TEST_CASE("modes says what is wrong with an entry, and leaves what was there") {
    struct Bad {
        const char *name, *mode, *reason;
    };
    const auto bad = GENERATE(values<Bad>({
        {"inbound", "loud", "must be one of passive, tag, enforce, is \"loud\""},
        {"inbuond example.com", "tag", "did you mean inbound?"},
        {"inbound example.com extra", "tag", "must be a direction (inbound, outbound, internal)"},
        {" ", "tag", "must be a direction (inbound, outbound, internal)"},
        {"inbound jo@example.com", "tag", "must be a domain, is the address"},
        {"*.example.com", "tag", "subdomains count anyway"},
    }));
    INFO(bad.name);
    Config config;
    REQUIRE(set_modes(config, {{"tag", false, "internal"}}) == "");
    CHECK(set_modes(config, {{bad.mode, false, bad.name}}).find(bad.reason) != std::string::npos);
    CHECK(show(config, "modes") == "{internal: tag}");
}

TEST_CASE("modes refuses the same part of the mail twice, and what is no map") {
    Config config;
    CHECK(set_modes(config, {{"tag", false, "inbound"}, {"enforce", false, "INBOUND"}}) ==
          "\"INBOUND\" is there twice");
    CHECK(set_modes(config, {{"tag", false}}) ==
          "must be a map, like {inbound: enforce, example.com: tag}");
}

TEST_CASE("numbers in quotes are text and refused, times and sizes are text anyway") {
    Config config;
    CHECK(set_one(config, "milter.workers", "4", true) ==
          "must be a whole number, is text in quotes");
    CHECK(set_one(config, "budget.holds_per_1000", "4", true) ==
          "must be a number, is text in quotes");
    CHECK(set_one(config, "milter.add_headers", "true", true) ==
          "must be a switch, is text in quotes");
    CHECK(set_one(config, "milter.deadline", "4s", true).empty());
    CHECK(set_one(config, "store.map_size", "1GiB", true).empty());
}

TEST_CASE("a list takes no entry twice and leaves the old value when one entry is wrong") {
    Config config;
    const KeyInfo& key = *find_config_key("site.domains");
    REQUIRE(set_config_key(config, key, {{"example.com", false}, {"example.org", true}}));
    const auto twice = set_config_key(config, key, {{"a.example", false}, {"A.example", false}});
    REQUIRE_FALSE(twice);
    CHECK(twice.error().what == "\"A.example\" is there twice");
    CHECK(config.site.domains == std::vector<std::string>{"example.com", "example.org"});
    REQUIRE(set_config_key(config, key, {}));
    CHECK(config.site.domains.empty());
}

TEST_CASE("a list takes 1000 entries and not 1001") {
    Config config;
    std::vector<ConfigText> entries;
    for (int i = 0; i < 1000; ++i) entries.push_back({"d" + std::to_string(i) + ".example", false});
    const KeyInfo& key = *find_config_key("site.domains");
    CHECK(set_config_key(config, key, entries));
    entries.push_back({"last.example", false});
    const auto refused = set_config_key(config, key, entries);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what == "more than 1000 entries");
}

TEST_CASE("values go where they belong") {
    Config config;
    CHECK(set_one(config, "learner.half_life", "30d").empty());
    CHECK(config.learner.half_life_days == 30.0);
    CHECK(set_one(config, "learner.half_life", "180h").empty());
    CHECK(config.learner.half_life_days == 7.5);
    CHECK(set_one(config, "budget.shares.identity", "0.2").empty());
    CHECK(set_one(config, "budget.shares.plain", "0.3").empty());
    CHECK(config.budget.shares[0] == 0.2);
    CHECK(config.budget.shares[4] == 0.3);
    CHECK(set_one(config, "message.max_body_size", "1MiB").empty());
    CHECK(config.parse.max_body_bytes == 1048576);
    CHECK(set_one(config, "journal.max_record_size", "64MiB").empty());
    CHECK(config.journal.max_record_bytes == 67108864);
    CHECK(set_one(config, "journal.subjects", "true").empty());
    CHECK(config.journal_subjects);
}

TEST_CASE("only changed keys are listed as not default") {
    Config config;
    CHECK(non_default_keys(config).empty());
    config.milter.deadline = Seconds(9);
    config.site.domains = {"example.com"};
    const std::vector<std::pair<std::string, std::string>> expected{
        {"site.domains", "[example.com]"}, {"milter.deadline", "9s"}};
    CHECK(non_default_keys(config) == expected);
}

TEST_CASE("a reload names the changed keys it cannot apply and no others") {
    const Config before;
    Config after;
    after.milter.deadline = Seconds(9);  // applied by a reload
    after.milter.socket = "unix:/run/kith.sock";
    after.store.max_readers = 100;
    CHECK(keys_needing_restart(before, after) ==
          std::vector<std::string>{"milter.socket", "store.max_readers"});
    CHECK(keys_needing_restart(before, before).empty());
}

TEST_CASE("the default configuration is consistent in itself") {
    CHECK(check_across_keys(Config{}).empty());
}

TEST_CASE("what cannot be true together is found") {
    const auto only = [](const Config& config) {
        const auto problems = check_across_keys(config);
        return problems.size() == 1 ? problems.front().reason
                                    : std::to_string(problems.size()) + " problems";
    };
    Config c;
    c.budget.shares = {.2, .2, .2, .1, .1, .1};
    CHECK(only(c) == "the six budget.shares must sum to 1, they sum to 0.9");
    c.budget.shares = {.2, .2, .2, .2, .1, .1000001};
    CHECK(check_across_keys(c).empty());
    c.budget.shares = {.2, .2, .2, .2, .1, .10001};
    CHECK(only(c) == "the six budget.shares must sum to 1, they sum to 1.00001");

    c = Config{};
    c.budget.holds_per_1000 = 10;
    CHECK(check_across_keys(c).empty());
    c.budget.holds_per_1000 = 10.5;
    CHECK(only(c) == "tags_per_1000 (10) must be at least holds_per_1000 (10.5)");

    c = Config{};
    c.milter.memory_bytes = c.milter.max_message_bytes;
    CHECK(check_across_keys(c).empty());
    c.milter.memory_bytes += 1;
    CHECK(only(c) == "memory_size must not be larger than max_message_size");

    c = Config{};
    c.parse.max_header_field_bytes = c.parse.max_header_bytes + 1;
    CHECK(only(c) == "max_header_field_size must not be larger than max_header_size");

    c = Config{};
    c.journal.segment_bytes = c.journal.max_record_bytes - 1ULL;
    CHECK(only(c) == "max_record_size must not be larger than segment_size");

    c = Config{};
    c.journal.keep = c.learner.probation;
    CHECK(only(c) ==
          "journal.keep must be longer than learner.probation: mail on probation is learned from "
          "the journal");

    c = Config{};
    c.journal.directory = c.store.directory;
    CHECK(only(c) == "journal.directory and store.directory must differ");

    for (const char* open :
         {"inet:8417@192.0.2.1", "inet:8417", "inet6:8417@::", "inet:8417@0.0.0.0"}) {
        c = {};
        c.accounts.listen = open;
        CHECK(only(c) == "accounts.listen must be a loopback address or a Unix socket, is \"" +
                             std::string(open) + "\"; or set accounts.token_file");
        c.accounts.token_file = "/etc/kith/token";
        CHECK(check_across_keys(c).empty());
    }
    c = {};
    for (const char* own :
         {"inet:1@127.0.0.2", "inet6:1@::1", "inet:1@localhost", "unix:/run/kith/a"}) {
        c.accounts.listen = own;
        CHECK(check_across_keys(c).empty());
    }
    c.accounts.doveadm = "http://127.0.0.1:8080/doveadm/v1";
    CHECK(only(c) == "accounts.doveadm needs accounts.doveadm_key_file");
    c = {};
    c.accounts.upstream = "https://192.0.2.1/";
    CHECK(only(c) == "accounts.upstream must be an http:// address");
    c = {};
    c.accounts.mmdb = {"/var/lib/GeoIP/missing.mmdb"};  // looked at by doctor, not by the reader
    CHECK(check_across_keys(c).empty());
    c = {};
    c.accounts.respond = {"outbound", "login", "kick"};
    CHECK(check_across_keys(c).empty());
    c.accounts.respond = {"outbound", "delete"};
    CHECK(only(c) == "accounts.respond knows outbound, login and kick, not \"delete\"");
}

}  // namespace
}  // namespace kith
