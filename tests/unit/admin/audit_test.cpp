// SPDX-License-Identifier: Apache-2.0
// The audit log (engine/admin/audit.hpp): each way to tamper with it shows.
#include "engine/admin/audit.hpp"

#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <thread>

#include "engine/base/text.hpp"
#include "engine/learner/learner.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using namespace kith::admin;
using kith::test::Site;

namespace {

/// A site on which five things were done.
struct Audited : Site {
    Audited() {
        write_secret();
        config.secret_file = dir.file("site.key");
        config.store = store();
        config.journal = journal();
        for (int i = 1; i <= 5; ++i) add("object" + std::to_string(i));
    }
    void add(const std::string& object) const {
        const Status s =
            audit(config, from_unix(1772370000), {"release", object, "detail", "why \"not\"\n?"});
        if (!s) FAIL(s.error().text());
    }
    [[nodiscard]] std::vector<std::string> lines() const {
        std::vector<std::string> out;
        const std::string text = dir.read("audit.log");
        for (const auto line : split(text, '\n'))
            if (!line.empty()) out.emplace_back(line);
        return out;
    }
    void put(const std::vector<std::string>& lines) const {
        std::string all;
        for (const auto& line : lines) all += line + '\n';
        dir.write("audit.log", all);
    }
    [[nodiscard]] std::vector<std::string> problems() const {
        const auto verdict = verify_audit(config, nullptr);
        if (!verdict) FAIL(verdict.error().text());
        return verdict->problems;
    }
    Config config;
};

bool tells(const std::vector<std::string>& problems, const std::string& part) {
    for (const auto& p : problems)
        if (p.find(part) != std::string::npos) return true;
    return false;
}

}  // namespace

TEST_CASE("an audit log as it was written is sound, and says who did what, when and why") {
    const Audited site;
    CHECK(site.problems().empty());
    std::vector<AuditLine> read;
    REQUIRE(read_audit(site.config, [&](const AuditLine& line) {
        read.push_back(line);
        return true;
    }));
    REQUIRE(read.size() == 5);
    CHECK(read[4].number == 5);
    CHECK(read[4].time == "2026-03-01T13:00:00Z");
    CHECK(read[4].event.object == "object5");
    CHECK(read[4].event.why == "why \"not\"\n?");
    CHECK_FALSE(read[4].who.empty());
    struct stat st {};
    REQUIRE(::stat(audit_file(site.config).c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0640);
    for (const auto& line : site.lines()) CHECK(nlohmann::json::accept(line));
}

TEST_CASE("a changed line shows, whatever of it was changed") {
    const Audited site;
    const auto sound = site.lines();
    for (const auto& [from, to] : {std::pair{"object3", "object9"},
                                   {"\"uid\":0", "\"uid\":1"},
                                   {"13:00:00", "13:00:01"},
                                   {"\"who\":\"", "\"who\":\"x"}}) {
        auto lines = sound;
        const auto at = lines[2].find(from);
        if (at == std::string::npos) continue;  // another user runs the tests
        lines[2].replace(at, std::string(from).size(), to);
        site.put(lines);
        INFO(lines[2]);
        CHECK(tells(site.problems(), "line 3: entry 3 was changed"));
        CHECK_FALSE(tells(site.problems(), "line 4"));
    }
}

TEST_CASE("a removed line, two lines in another order and an inserted one show") {
    const Audited site;
    auto lines = site.lines();
    const auto sound = lines;
    lines.erase(lines.begin() + 1);
    site.put(lines);
    CHECK(tells(site.problems(), "entries are missing before entry 3: 1"));
    lines = sound;
    std::swap(lines[1], lines[2]);
    site.put(lines);
    CHECK_FALSE(site.problems().empty());
    lines = sound;
    lines.insert(lines.begin() + 3, lines[1]);
    site.put(lines);
    CHECK(tells(site.problems(), "inserted"));
    lines = sound;
    lines.insert(lines.begin() + 3, "{\"n\":4}");
    site.put(lines);
    CHECK(tells(site.problems(), "line 4: not a line of this log"));
}

TEST_CASE(
    "a cut end shows by what the journal knows, and by what the store knows when that is gone") {
    const Audited site;
    auto lines = site.lines();
    lines.resize(3);
    site.put(lines);
    CHECK(tells(site.problems(), "the end is missing: journal and store know of entry 5"));
    site.put({});
    CHECK(tells(site.problems(), "the log ends with entry 0"));
    std::filesystem::remove(site.dir.path() / "audit.log");
    CHECK(tells(site.problems(), "the log ends with entry 0"));

    auto learner = Learner::open(std::make_shared<const Config>(site.config));
    REQUIRE(learner);
    REQUIRE((*learner)->step());
    learner->reset();
    for (const auto& f : std::filesystem::directory_iterator(site.config.journal.directory))
        std::filesystem::remove(f.path());
    auto store = Store::open(site.config.store, Store::Mode::Read);
    REQUIRE(store);
    const auto reader = (*store)->read();
    REQUIRE(reader);
    const auto verdict = verify_audit(site.config, reader->get());
    REQUIRE(verdict);
    CHECK(tells(verdict->problems, "know of entry 5"));
}

TEST_CASE("a log that begins anew does not make the store forget the old one") {
    const Audited site;
    std::filesystem::remove(site.dir.path() / "audit.log");
    site.add("again");
    CHECK(tells(site.problems(), "line 1: entry 1 is not the one that journal and store know") ==
          false);  // the journal's newest word about entry 1 is the new one
    CHECK(tells(site.problems(), "know of entry 5, the log ends with entry 1"));
}

TEST_CASE("with another secret no line fits") {
    const Audited site;
    site.dir.write("site.key", "fedcba9876543210");
    CHECK(tells(site.problems(), "line 1: entry 1 was changed"));
}

TEST_CASE("a torn last line is told, and the log goes on behind it") {
    const Audited site;
    const std::string whole = site.dir.read("audit.log");
    site.dir.write("audit.log", whole.substr(0, whole.size() - 20));
    site.add("after the power failure");
    const auto problems = site.problems();
    CHECK(tells(problems, "line 5: not a line of this log"));
    CHECK(site.lines().size() == 6);
}

TEST_CASE("four at once write whole lines in one chain") {
    const Audited site;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&site] {
            for (int i = 0; i < 10; ++i)
                (void)audit(site.config, from_unix(1772370000), {"release", "x", "", ""});
        });
    for (auto& t : threads) t.join();
    CHECK(site.lines().size() == 45);
    CHECK(site.problems().empty());
}

TEST_CASE("long texts are cut, and the program tells what it finds") {
    const Audited site;
    site.add(std::string(100000, 'x') + "\xff\x1b[31m");
    CHECK(site.problems().empty());
    for (const auto& line : site.lines()) CHECK(line.size() < 4096);
    const auto sound = site.kith({"audit", "verify"});
    CHECK(sound.status == 0);
    CHECK(sound.out.find("sound: 6 entries") == 0);
    const auto listed = site.kith({"audit", "list", "-n", "2"});
    CHECK(listed.out.find("object5") != std::string::npos);
    CHECK(listed.out.find("object4") == std::string::npos);
    auto lines = site.lines();
    lines.erase(lines.begin());
    site.put(lines);
    const auto cut = site.kith({"--json", "audit", "verify"});
    CHECK(cut.status == 2);
    CHECK(nlohmann::json::parse(cut.out)["ok"] == false);
}
