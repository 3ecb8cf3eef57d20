// SPDX-License-Identifier: Apache-2.0
// Every command in every state that an admin meets when something is wrong: no store, no journal,
// not the right to read, an id that nobody knows. Each says what is the matter and what to do, and
// ends with the right status.
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "engine/base/text.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using kith::test::Site;

namespace {

constexpr const char* kUnknown = "zbcdefghijklmnop";  // one letter off held_mail()'s

/// A command as it is typed, and what it needs.
struct Call {
    std::string command;
    std::vector<std::string> arguments;
    bool store = false;    ///< the store must be there
    bool unknown = false;  ///< it names a mail that nobody knows
    bool judges = false;   ///< its status tells how things are (0 to 2), not how it went itself
    bool alone = false;    ///< needs nothing of kith's state
};

std::vector<Call> calls(const Site& site) {
    const std::string nowhere = site.dir.file("nowhere");
    return {
        {"status", {}, false, false, true},
        {"list", {}, true},
        {"report", {}, true},
        {"show", {kUnknown}, true, true},
        {"explain", {kUnknown}, true, true},
        {"release", {kUnknown, "--no-mta"}, true, true},
        {"drop", {kUnknown}, true, true},
        {"allow", {"list"}, true},
        {"allow", {"remove", kUnknown}, true, true},
        {"confirm", {kUnknown}, true, true},
        {"incident", {"list"}, true},
        {"incident", {"show", kUnknown}, true, true},
        {"incident", {"hold", kUnknown}, true, true},
        {"incident", {"close", kUnknown}, true, true},
        {"report-mail", {}, true},
        {"profile", {"show", "nobody@stranger.example"}, true, true},
        {"profile", {"forget", "nobody@stranger.example"}, true, true},
        {"privacy", {"export", "nobody@stranger.example"}, true},
        {"privacy", {"erase", "--yes", "nobody@stranger.example"}, true},
        {"model", {"list"}, false, false, false, true},
        {"model", {"show", "nowhere"}, false, true, false, true},
        {"model", {"check"}, false, false, false, true},
        {"model", {"enable", "nowhere"}, false, true, false, true},
        {"model", {"test", "budget-hold", kUnknown}, true, true},
        {"model", {"test", "energy-sector-hunt", kUnknown}, true, true},
        {"hunt", {"--where", "new_link"}, true},
        {"hunt", {"--accounts", "--where", "kind = login"}, true},
        {"search", {"--address", "nobody@stranger.example"}, true},
        {"similar", {kUnknown}, true, true},
        {"backtest", {nowhere}, true},
        {"backup", {site.dir.file("backup")}, true},
        {"restore", {"--verify", nowhere}, false, true, false, true},
        {"quarantine", {"list"}, true},
        {"quarantine", {"requests"}, true},
        {"alerts", {"list"}},
        {"alerts", {"send"}, false, false, true},
        {"audit", {"list"}},
        {"audit", {"verify"}},
        {"tenants", {}, false, false, true, true},
        {"account", {"locks"}, false, false, false, true},
        {"doctor", {}, false, false, true},
        {"check-config", {}, false, false, false, true},
        {"import", {"--mbox", nowhere}, false, true},
        {"replay", {nowhere}, false, true, false, true},
    };
}

std::vector<std::string> line_of(const Call& call) {
    std::vector<std::string> out{call.command};
    out.insert(out.end(), call.arguments.begin(), call.arguments.end());
    return out;
}

/// What, why and what to do: "kith: OBJECT: CAUSE" and "kith: hint: ...".
void check_words(const admin::ProcessOutput& out) {
    const auto lines = split(out.err, '\n');
    CHECK(out.err.starts_with("kith: "));
    const auto hint = out.err.find("kith: hint: ");
    REQUIRE(hint != std::string::npos);
    CHECK(out.err.size() > hint + 20);
    CHECK(out.err.find("internal error") == std::string::npos);
    CHECK(lines.size() <= 5);
}

Site& with_mail(Site& site) {
    site.seen({test::held_mail(), test::passed_mail()});
    return site;
}

}  // namespace

TEST_CASE("each command is among those that are tried") {
    const Site site;
    std::set<std::string> tried;
    for (const Call& call : calls(site)) tried.insert(call.command);
#define KITH_COMMAND(function, name, needs, summary) CHECK(tried.contains(name));
#include "engine/admin/commands.def"
#undef KITH_COMMAND
}

TEST_CASE("without a store each command that needs it names it and who makes it") {
    const Site site;
    for (const Call& call : calls(site)) {
        if (!call.store) continue;
        const auto out = site.kith(line_of(call));
        INFO(call.command << ' ' << (call.arguments.empty() ? "" : call.arguments[0]) << ": "
                          << out.err);
        CHECK(out.status == 66);
        check_words(out);
        CHECK(out.err.find("store") != std::string::npos);
        CHECK(out.err.find("kith-learner") != std::string::npos);
    }
}

TEST_CASE("without a journal each command works or says what is missing, and none breaks down") {
    Site site;
    with_mail(site);
    for (const Call& call : calls(site)) {
        if (call.unknown) continue;
        std::filesystem::remove_all(site.journal().directory);
        const auto out = site.kith(line_of(call));
        INFO(call.command << ' ' << (call.arguments.empty() ? "" : call.arguments[0]) << ": "
                          << out.status << ' ' << out.err);
        if (out.status <= (call.judges ? 2 : 0)) continue;
        CHECK((out.status == 64 || out.status == 66 || out.status == 69 || out.status == 78));
        check_words(out);
    }
}

TEST_CASE("what nobody knows is 66 (or 78 for a model's file), and the nearest is named") {
    Site site;
    with_mail(site);
    for (const Call& call : calls(site)) {
        if (!call.unknown) continue;
        const auto out = site.kith(line_of(call));
        INFO(call.command << ' ' << call.arguments[0] << ": " << out.status << ' ' << out.err);
        CHECK(out.status == 66);
        check_words(out);
        const bool names_mail = out.err.find("no mail ") != std::string::npos;
        if (names_mail) CHECK(out.err.find("the nearest is abcdefghijklmnop") != std::string::npos);
    }
    const auto queue = site.kith({"show", "4Q1XYZ2abd"});
    CHECK(queue.err.find("the nearest is 4Q1XYZ2abc") != std::string::npos);
    CHECK(site.kith({"show", "nothing-like-it"}).err.find("nearest") == std::string::npos);
}

TEST_CASE("who may not read kith's state is told who may: 77") {
    if (::geteuid() != 0) {
        WARN("needs root to become somebody else");
        SUCCEED();
        return;
    }
    Site site;
    with_mail(site);
    CHECK(site.kith({"audit", "list"}).status == 0);
    CHECK(site.kith({"privacy", "export", "nobody@stranger.example"}).status == 0);
    std::filesystem::create_directories(site.dir.path() / "outbox");
    ::chmod(site.dir.path().c_str(), 0755);
    for (const char* file : {"store", "journal", "outbox", "site.key", "audit.log"})
        REQUIRE(::chmod(site.dir.file(file).c_str(), 0700) == 0);
    // Through the directories of a build that this user cannot enter, the program is not found:
    // copy it.
    std::filesystem::copy_file(kith::test::kith_program(), site.dir.path() / "kith");
    for (const Call& call : calls(site)) {
        if (call.alone || call.judges) continue;
        std::vector<std::string> command{
            "/usr/bin/setpriv",    "--reuid=65534", "--regid=65534",           "--clear-groups",
            site.dir.file("kith"), "--config",      site.dir.file("kith.yaml")};
        const auto line = line_of(call);
        command.insert(command.end(), line.begin(), line.end());
        const auto out = admin::run_process(command, {});
        REQUIRE(out);
        INFO(call.command << ' ' << (call.arguments.empty() ? "" : call.arguments[0]) << ": "
                          << out->status << ' ' << out->err);
        CHECK(out->status == 77);
        check_words(*out);
        CHECK(out->err.find("ermission") != std::string::npos);
        CHECK(out->err.find("root") != std::string::npos);
    }
}
