// SPDX-License-Identifier: Apache-2.0
// The audit log (engine/admin/audit.hpp): each way to tamper with it shows.
#include "engine/admin/audit.hpp"

#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <filesystem>
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

template <class T>
T must_be(Result<T> result) {
    if (!result) FAIL(result.error().text());
    return *result;
}

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
    CHECK(tells(site.problems(), "line 1: entry 1 is not the one that journal and store know"));
    CHECK(tells(site.problems(), "know of entry 5, the log ends with entry 1"));
}

TEST_CASE("a cut end is not forgotten when the log has grown as long again") {
    const Audited site;
    auto learner = Learner::open(std::make_shared<const Config>(site.config));
    REQUIRE(learner);
    REQUIRE((*learner)->step());
    auto lines = site.lines();
    lines.resize(4);
    site.put(lines);
    site.add("cover");
    site.add("and more");
    CHECK(tells(site.problems(), "line 5: entry 5 is not the one that journal and store know"));
    REQUIRE((*learner)->step());
    learner->reset();
    auto store = Store::open(site.config.store, Store::Mode::Read);
    REQUIRE(store);
    const auto reader = (*store)->read();
    REQUIRE(reader);
    const auto verdict = verify_audit(site.config, reader->get(), AuditDepth::Store);
    REQUIRE(verdict);
    CHECK(tells(verdict->problems, "the log lost its end once: another entry 5 was known"));
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

namespace {

/// Written on days of 2026, each day the same number of lines.
struct Years : Audited {
    explicit Years(Seconds keep) { config.retention.audit = keep; }
    void add_on(int day, const std::string& object) const {
        const Status s = audit(config, from_unix(1772370000 + day * 86400LL),
                               {"release", object, "detail", "why"});
        if (!s) FAIL(s.error().text());
    }
    [[nodiscard]] std::size_t closed() const { return closed_audit_files(config).size(); }
    [[nodiscard]] std::vector<std::uint64_t> numbers() const {
        std::vector<std::uint64_t> out;
        REQUIRE(read_audit(config, [&](const AuditLine& line) {
            out.push_back(line.number);
            return true;
        }));
        return out;
    }
};

}  // namespace

TEST_CASE("the log goes on in a new file after 30 days, and its chain with it") {
    const Years site{Seconds(0)};
    site.add_on(29, "within");
    CHECK(site.closed() == 0);
    site.add_on(31, "next file");
    site.add_on(32, "next file");
    REQUIRE(site.closed() == 1);
    CHECK(closed_audit_files(site.config)[0].ends_with("/audit.log.0000000006"));
    CHECK(site.lines().size() == 2);
    CHECK(site.numbers() == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(site.problems().empty());
    CHECK(must_be(expire_audit(site.config, from_unix(1972370000))) == 0);
}

TEST_CASE("a closed file that is changed, cut or taken away shows") {
    const Years site{Seconds(0)};
    site.add_on(31, "next file");
    const std::string closed = closed_audit_files(site.config).at(0);
    const std::string name = std::filesystem::path(closed).filename().string();
    const std::string sound = site.dir.read(name);
    std::string changed = sound;
    changed.replace(changed.find("object2"), 7, "object9");
    site.dir.write(name, changed);
    CHECK(tells(site.problems(), "line 2: entry 2 was changed"));
    site.dir.write(name, sound.substr(0, sound.rfind("\n", sound.size() - 2) + 1));
    CHECK(tells(site.problems(), "entries are missing before entry 6: 1"));
    std::filesystem::remove(closed);
    CHECK(tells(site.problems(), "entries are missing before entry 6: 5"));
}

TEST_CASE("a file whose time is over goes with a line that says so, and is not missed") {
    const Years site{Seconds(40LL * 86400)};
    site.add_on(11, "second file");  // a quarter of 40 days
    site.add_on(22, "third file");
    REQUIRE(site.closed() == 2);
    const Time now = from_unix(1772370000 + 41 * 86400LL);
    CHECK(must_be(expire_audit(site.config, now)) == 5);
    CHECK(must_be(expire_audit(site.config, now)) == 0);
    CHECK(site.numbers() == std::vector<std::uint64_t>{6, 7, 8});
    CHECK(site.problems().empty());
    const auto verdict = verify_audit(site.config, nullptr);
    REQUIRE(verdict);
    CHECK(verdict->removed == 5);

    // The same done by another hand, a file further.
    std::filesystem::remove(closed_audit_files(site.config).at(0));
    CHECK(tells(site.problems(), "entries are missing before entry 7: 6"));
}
