// SPDX-License-Identifier: Apache-2.0
// conf/kith.yaml as shipped: harmless as it is, and true when its comment signs are taken away.
// Prose begins with "# ", a key that is commented out with "#" alone.
#include <string>

#include "engine/base/text.hpp"
#include "engine/config/config.hpp"
#include "engine/config/keys.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace kith {
namespace {

const std::string kShipped = std::string(KITH_SOURCE_DIR) + "/conf/kith.yaml";

std::string text_of_shipped() {
    const test::TempDir dir;
    std::filesystem::copy_file(kShipped, dir.file("kith.yaml"));
    return dir.read("kith.yaml");
}

std::string uncommented(const std::string& text) {
    std::string out;
    for (const std::string_view line : split(text, '\n')) {
        const std::size_t sign = line.find('#');
        const bool is_key = sign != std::string_view::npos && trim(line.substr(0, sign)).empty() &&
                            sign + 1 < line.size() && line[sign + 1] != ' ';
        out += is_key ? std::string(line.substr(0, sign)) + std::string(line.substr(sign + 1))
                      : std::string(line);
        out += '\n';
    }
    return out;
}

TEST_CASE("the shipped configuration changes nothing") {
    const LoadedConfig loaded = load_config_text(text_of_shipped(), "kith.yaml");
    for (const ConfigProblem& problem : loaded.problems) FAIL_CHECK(problem.text());
    CHECK(non_default_keys(loaded.config).empty());
}

TEST_CASE("the shipped configuration with every key switched on is the default configuration") {
    const LoadedConfig loaded = load_config_text(uncommented(text_of_shipped()), "kith.yaml");
    for (const ConfigProblem& problem : loaded.problems) FAIL_CHECK(problem.text());
    CHECK(non_default_keys(loaded.config).empty());
}

TEST_CASE("the shipped configuration has every key at its default and with its description") {
    const std::string text = text_of_shipped();
    std::string folded;  // comment lines joined, so that a sentence may be wrapped
    for (const std::string_view line : split(text, '\n')) {
        const std::string_view bare = trim(line);
        folded += bare.substr(0, 2) == "# " ? std::string(bare.substr(2)) + " "
                                            : "\n" + std::string(bare) + "\n";
    }
    const Config defaults;
    for (const KeyInfo& key : config_keys()) {
        INFO(key.path);
        const std::string name(split(key.path, '.').back());
        const std::string entry = std::string(key.description) + " \n#" + name + ": " +
                                  print_config_key(defaults, key) + "\n";
        CHECK(folded.find(entry) != std::string::npos);
    }
}

}  // namespace
}  // namespace kith
