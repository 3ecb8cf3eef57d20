// SPDX-License-Identifier: Apache-2.0
// conf/kith.yaml as shipped: harmless as it is, and true when its comment signs are taken away.
// Prose begins with "# ", a key that is commented out with "#" alone.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

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

std::string shipped_file(const std::string& name) {
    std::ifstream in(std::string(KITH_SOURCE_DIR) + "/conf/" + name);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Lines that say something, without comments and empty ones.
std::vector<std::string> statements_of(const std::string& text) {
    std::vector<std::string> out;
    for (const std::string_view line : split(text, '\n'))
        if (!trim(line).empty() && trim(line).front() != '#') out.emplace_back(trim(line));
    return out;
}

bool has_line(const std::vector<std::string>& lines, const std::string& line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
}

TEST_CASE("CFG-08: the socket is where a chrooted Postfix finds it by the name main.cf gives it") {
    const std::string socket = MilterOptions{}.socket;
    const std::string queue = "unix:/var/spool/postfix/";
    REQUIRE(socket.substr(0, queue.size()) == queue);
    const auto lines = statements_of(shipped_file("postfix/main.cf.snippet"));
    CHECK(has_line(lines, "smtpd_milters = unix:" + socket.substr(queue.size())));
}

TEST_CASE("CFG-09: every directory of the default configuration is made at each boot") {
    const auto tmpfiles = statements_of(shipped_file("systemd/kith.tmpfiles"));
    const Config defaults;
    const auto directory_of = [](const std::string& file) {
        return file.substr(0, file.rfind('/'));
    };
    for (const std::string& directory :
         {defaults.milter.spool_directory, directory_of(defaults.milter.socket.substr(5)),
          directory_of(defaults.store.directory), directory_of(defaults.journal.directory)}) {
        CAPTURE(directory);
        CHECK(std::any_of(tmpfiles.begin(), tmpfiles.end(), [&](const std::string& line) {
            return line.rfind("d " + directory + " ", 0) == 0;
        }));
    }
    CHECK(directory_of(defaults.milter.trouble_file) == "/run/kith");
    CHECK(directory_of(defaults.learner.trouble_file) == "/run/kith");
    for (const char* unit : {"systemd/kith-milter.service.in", "systemd/kith-learner.service.in"}) {
        CAPTURE(unit);
        CHECK(has_line(statements_of(shipped_file(unit)), "RuntimeDirectory=kith"));
        CHECK(has_line(statements_of(shipped_file(unit)), "RuntimeDirectoryPreserve=yes"));
    }
}

TEST_CASE("CFG-10, CFG-13: the units tell when they are ready and read no other configuration") {
    for (const char* unit : {"systemd/kith-milter.service.in", "systemd/kith-learner.service.in"}) {
        CAPTURE(unit);
        const auto lines = statements_of(shipped_file(unit));
        CHECK(has_line(lines, "Type=notify"));
        CHECK(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
            return line.rfind("WatchdogSec=", 0) == 0 && line != "WatchdogSec=0";
        }));
        CHECK(std::none_of(lines.begin(), lines.end(), [](const std::string& line) {
            return line.rfind("PIDFile", 0) == 0 || line.rfind("Environment", 0) == 0;
        }));
    }
}

TEST_CASE("CFG-15: the lines for an MTA say what an absent filter means and how to notice it") {
    for (const auto& [file, patient] :
         {std::pair("postfix/main.cf.snippet", "tempfail"), std::pair("sendmail/kith.m4", "F=T")}) {
        CAPTURE(file);
        const std::string text = shipped_file(file);
        CHECK(text.find("unjudged") != std::string::npos);
        CHECK(text.find(patient) != std::string::npos);
        CHECK(text.find("have \"kith status\" watched") != std::string::npos);
    }
}

TEST_CASE("PROTO-27: what is recommended for Postfix sets no macro list") {
    const std::string snippet = shipped_file("postfix/main.cf.snippet");
    REQUIRE_FALSE(snippet.empty());
    CHECK(snippet.find("_macros") == std::string::npos);
}

}  // namespace
}  // namespace kith
