// SPDX-License-Identifier: Apache-2.0
// Laws of the configuration over generated input: reading is total, and printing is reading's
// inverse.
#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/text.hpp"
#include "engine/config/config.hpp"
#include "engine/config/keys.hpp"
#include "engine/config/yaml.hpp"
#include "tests/support/catch.hpp"

namespace kith {
namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

/// Loads `text`; what comes out must be usable in either case.
void check_total(const std::string& text) {
    const LoadedConfig loaded = load_config_text(text, "k");
    for (const ConfigProblem& problem : loaded.problems) {
        REQUIRE_FALSE(problem.reason.empty());
        REQUIRE(is_valid_utf8(problem.text()));
        REQUIRE(problem.text().find_first_of("\n\r\x1b") == std::string::npos);
    }
    if (loaded.problems.empty())
        REQUIRE(print_config(load_config_text(print_config(loaded.config), "p").config) ==
                print_config(loaded.config));
}

TEST_CASE("CFG-01: any bytes give a configuration or problems, each of one printable line") {
    const auto seed = GENERATE(range(0U, 300U));
    INFO("seed " << seed);
    Random random(seed);
    std::string bytes(below(random, 400), '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    check_total(bytes);
}

TEST_CASE("any words of YAML and of kith in any order give a configuration or problems") {
    static const std::vector<std::string> kWords = [] {
        std::vector<std::string> words{
            "\n",          "\n",   "\n  ",  "\n    ", ": ",       ": ",
            "- ",          "? ",   "[",     "]",      "{",        "}",
            ",",           "&a ",  "*a",    "!t ",    "!!int ",   "|\n",
            ">\n",         "\"",   "'",     "#",      "---\n",    "...\n",
            "%YAML 1.2\n", "\t",   "~",     "null",   "true",     "5s",
            "1GiB",        ".nan", "1e999", "\\x",    "\xC3\xBC", "\xEF\xBB\xBF",
            "<<: "};
        for (const KeyInfo& key : config_keys())
            for (const std::string_view part : split(key.path, '.'))
                words.emplace_back(std::string(part) + ": ");
        return words;
    }();
    const auto seed = GENERATE(range(0U, 2000U));
    INFO("seed " << seed);
    Random random(seed);
    std::string text;
    for (std::size_t n = below(random, 60); n > 0; --n)
        text += kWords[below(random, kWords.size())];
    check_total(text);
}

/// A value of the key's range, drawn through its text.
std::string draw(const KeyInfo& key, Random& random) {
    const auto pick = [&](std::initializer_list<const char*> of) {
        return std::string(*(of.begin() + static_cast<std::ptrdiff_t>(below(random, of.size()))));
    };
    switch (key.type) {
        case KeyType::Bool:
            return pick({"true", "false"});
        case KeyType::Choice: {
            const auto words = split(key.range, '|');
            return std::string(words[below(random, words.size())]);
        }
        case KeyType::Count:
            return std::to_string(1000 + below(random, 9000));
        case KeyType::Number:
            return std::to_string(below(random, 10000)) + "e-5";
        case KeyType::Size:
            return std::to_string(1 + below(random, 99999)) + pick({"", "B", "KiB", "MiB"});
        case KeyType::Duration:
        case KeyType::Days:
            return std::to_string(1 + below(random, 99)) + pick({"s", "m", "h", "d"});
        case KeyType::Text:
            return pick({"", "mail", "no", "1", "a \"b\"", "x: y", "# z", "\xC3\xBC", "\\", "'"});
        case KeyType::Path:
        case KeyType::Paths:
            return pick({"/var/lib/kith", "/a b", "/\"", "/\\", "/:", "/a: #", "/\xC3\xBC"});
        case KeyType::Socket:
            return pick(
                {"unix:/a", "unix:/a b", "local:/x\"y", "inet:1@localhost", "inet6:8891@::1"});
        case KeyType::Domains:
            return pick({"no", "1e3", "example.com", "null", "true", "\xC3\xBC.example"});
        case KeyType::Networks:
            return pick({"::/0", "10.0.0.0/8", "192.0.2.1"});
        case KeyType::Modes:
            break;
        case KeyType::Address:
        case KeyType::Addresses:
            return pick({"", "a@example.com", "-x@example.com", "a b@example.com", "@", "a@"});
        case KeyType::Url:
            return pick({"", "https://example.com/x", "http://a", "ftp://a", "https://u@a/"});
        case KeyType::Names:
            return pick({"12:30", "~", "null", "mx.example.com", "'", "#x", "-"});
    }
    return "";
}

/// The key with a value drawn for it; a map's entries may contradict the drawn domains.
bool set_drawn(Config& config, const KeyInfo& key, Random& random) {
    if (is_map(key.type)) {
        std::vector<ConfigText> entries;
        for (const char* name : {"inbound", "example.com", "internal \xC3\xBC.example", "no"})
            if (below(random, 2) == 0)
                entries.push_back({below(random, 2) == 0 ? "tag" : "enforce", false, name});
        return set_config_key(config, key, entries).has_value();
    }
    return set_config_key(config, key, {{draw(key, random), key.type == KeyType::Text}})
        .has_value();
}

TEST_CASE("a printed configuration, whatever its values, reads as the same configuration") {
    const auto seed = GENERATE(range(0U, 500U));
    INFO("seed " << seed);
    Random random(seed);
    Config config;
    std::size_t set = 0;
    for (const KeyInfo& key : config_keys())
        if (set_drawn(config, key, random)) ++set;
    REQUIRE(set > 15);  // the draw hits most ranges
    const std::string printed = print_config(config);
    INFO(printed);
    const LoadedConfig again = load_config_text(printed, "k");
    // Drawn values may contradict each other; each by itself must be taken.
    for (const ConfigProblem& problem : again.problems) {
        const auto across = check_across_keys(config);
        REQUIRE(std::any_of(across.begin(), across.end(), [&](const CrossProblem& cross) {
            return cross.reason == problem.reason;
        }));
    }
    REQUIRE(print_config(again.config) == printed);
}

TEST_CASE("the order of the sections does not matter") {
    const auto seed = GENERATE(range(0U, 50U));
    INFO("seed " << seed);
    Random random(seed);
    std::vector<std::string> sections{
        "mode: tag\n", "site: {domains: [example.com]}\n", "milter: {workers: 3}\n",
        "budget: {tags_per_1000: 30, holds_per_1000: 20}\n", "log: {level: debug}\n"};
    const auto load = [&] {
        std::string text;
        for (const std::string& section : sections) text += section;
        return print_config(load_config_text(text, "k").config);
    };
    const std::string before = load();
    std::shuffle(sections.begin(), sections.end(), random);
    CHECK(load() == before);
}

}  // namespace
}  // namespace kith
