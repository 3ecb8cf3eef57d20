// SPDX-License-Identifier: Apache-2.0
// The text of a filter script (engine/intake/rule_source.hpp).
#include "engine/intake/rule_source.hpp"

#include <filesystem>

#include "engine/intake/sieve.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using kith::test::TempDir;

namespace {

AccountEvent stored(const std::string& script) {
    AccountEvent e;
    e.kind = AccountEventKind::RuleStored;
    e.account = "anna@example.org";
    e.rule.name = script;
    return e;
}

}  // namespace

TEST_CASE("a pattern becomes the file of an account's script") {
    CHECK(*sieve_file("/m/%d/%n/%s.sieve", "anna@example.org", "main") ==
          "/m/example.org/anna/main.sieve");
    CHECK(*sieve_file("/m/%u/%%/x%", "anna", "main") == "/m/anna/%/x%");
}

TEST_CASE("no name leads out of the pattern's place") {
    for (const std::string& name : {std::string("../x"), std::string("a/b"), std::string(".x"),
                                    std::string(), std::string("a\0b", 3)}) {
        CHECK_FALSE(sieve_file("/m/%s", "anna", name));
        CHECK_FALSE(sieve_file("/m/%u", name, "main"));
    }
    CHECK_FALSE(sieve_file("/m/%d/%s", "anna@../..", "main"));
    CHECK_FALSE(sieve_file("/m/%d/%s", "anna", "main"));  // no domain
}

TEST_CASE("the summary of a file's text, under the script's name") {
    const TempDir dir;
    AccountOptions options;
    options.sieve_path = dir.str() + "/%n-%s";
    dir.write("anna-evil", "redirect \"x@y.example\";");
    AccountEvent e = stored("evil");
    REQUIRE(read_rule(options, nullptr, e));
    CHECK(e.rule.understood);
    CHECK(e.rule.name == "evil");
    CHECK(e.rule.redirects == std::vector<std::string>{"x@y.example"});
}

TEST_CASE("what cannot be read is not understood, and said why") {
    const TempDir dir;
    AccountOptions options;
    options.sieve_path = dir.str() + "/%s";
    std::filesystem::create_directory(dir.path() / "folder");
    dir.write("large", std::string(kMaxSieveBytes + 1, ' '));
    dir.write("fits", std::string(kMaxSieveBytes, ' '));
    for (const char* name : {"missing", "folder", "large", "../x"}) {
        AccountEvent e = stored(name);
        CHECK_FALSE(read_rule(options, nullptr, e));
        CHECK_FALSE(e.rule.understood);
        CHECK(e.rule.name == name);
    }
    AccountEvent e = stored("fits");
    CHECK(read_rule(options, nullptr, e));
    CHECK(e.rule.understood);
}

TEST_CASE("without a source, and for a script that went, nothing is asked") {
    AccountEvent e = stored("evil");
    CHECK(read_rule({}, nullptr, e));
    CHECK_FALSE(e.rule.understood);
    AccountOptions options;
    options.sieve_path = "/nonexistent/%s";
    e.kind = AccountEventKind::RuleRemoved;
    CHECK(read_rule(options, nullptr, e));
}
