// SPDX-License-Identifier: Apache-2.0
// man/kith.1 has an entry for every subcommand and names every option that the program's help
// shows.
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "engine/admin/process.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;

namespace {

std::string page() {
    std::ifstream in(KITH_SOURCE_DIR "/man/kith.1");
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string help(const std::vector<std::string>& command) {
    std::vector<std::string> all{kith::test::kith_program()};
    all.insert(all.end(), command.begin(), command.end());
    all.emplace_back("--help");
    return admin::run_process(all, {}).value().out;
}

}  // namespace

TEST_CASE("every subcommand and every long option is in the manual page") {
    const std::string text = page();
    REQUIRE_FALSE(text.empty());
    const std::vector<std::vector<std::string>> commands{
#define KITH_COMMAND(function, name, needs, summary) {name},
#include "engine/admin/commands.def"
#undef KITH_COMMAND
        {"profile", "show"},      {"profile", "forget"},      {"privacy", "export"},
        {"privacy", "erase"},     {"incident", "list"},       {"incident", "show"},
        {"incident", "hold"},     {"incident", "close"},      {"allow", "list"},
        {"allow", "remove"},      {"quarantine", "list"},     {"quarantine", "check"},
        {"quarantine", "digest"}, {"quarantine", "requests"}, {"alerts", "send"},
        {"alerts", "list"},       {"alerts", "test"},         {"audit", "list"},
        {"audit", "verify"},      {"model", "list"},          {"model", "show"},
        {"model", "check"},       {"model", "enable"},        {"model", "disable"},
        {"model", "test"},        {"model", "edit"},          {"account", "lock"},
        {"account", "unlock"},    {"account", "locks"},       {"account", "respond"},
        {"account", "list"},      {"account", "show"}};
    std::set<std::string> with_parts;
    for (const auto& command : commands)
        if (command.size() > 1) with_parts.insert(command.front());
    for (const std::vector<std::string>& command : commands) {
        std::string entry = ".It Ic";
        for (const std::string& word : command) entry += " " + word;
        INFO(entry);
        const bool has_parts = with_parts.contains(command.front());
        if (!has_parts || command.size() > 1) CHECK(text.find(entry) != std::string::npos);
        const std::string options = help(command);
        REQUIRE_FALSE(options.empty());
        const std::regex option("--([a-z][a-z-]*)");
        for (auto it = std::sregex_iterator(options.begin(), options.end(), option);
             it != std::sregex_iterator(); ++it) {
            INFO((*it)[1].str());
            CHECK(text.find("Fl -" + (*it)[1].str()) != std::string::npos);
        }
    }
}
