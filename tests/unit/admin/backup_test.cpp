// SPDX-License-Identifier: Apache-2.0
// `kith backup` and `restore`, with the built program on two sites.
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>

#include <fstream>

#include "engine/base/unique_fd.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using test::held_mail;
using test::passed_mail;
using test::Site;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

struct Backed : Site {
    Backed() {
        write_secret();
        seen({held_mail(), passed_mail()});
        dir.write("models.d/mine.yaml", "when: ready\naction: tag\n");
        const auto out = kith({"backup", backup()});
        if (out.status != 0) FAIL(out.err);
    }
    [[nodiscard]] std::string backup() const { return dir.file("backup"); }
};

std::string flip(const Site& site, const std::string& name, std::size_t at) {
    std::string bytes = site.dir.read(name);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    return site.dir.write(name, bytes);
}

}  // namespace

TEST_CASE("a backup restored elsewhere is the same site: list, explain, journal, secret") {
    const Backed from;
    const Site to;
    to.write_secret();
    to.seen({passed_mail()});
    REQUIRE(to.kith({"list"}).out == "no mail with another verdict than pass\n");
    const auto restored = to.kith({"restore", from.backup()});
    INFO(restored.err);
    CHECK(restored.status == 0);
    CHECK(to.kith({"list", "--all"}).out == from.kith({"list", "--all"}).out);
    CHECK(to.kith({"explain", "abcdefghijklmnop"}).out ==
          from.kith({"explain", "abcdefghijklmnop"}).out);
    CHECK(to.dir.read("site.key") == from.dir.read("site.key"));
    CHECK(fs::exists(to.dir.file("store.before-restore/data.mdb")));
    CHECK(fs::exists(to.dir.file("journal.before-restore")));
    CHECK_FALSE(fs::exists(to.dir.file("store.restoring")));
    CHECK(to.dir.read("../" + from.dir.path().filename().string() +
                      "/backup/etc/models.d/mine.yaml") == "when: ready\naction: tag\n");
    // Nobody loses the earlier state to a second one by mistake.
    const auto again = to.kith({"restore", from.backup()});
    CHECK(again.status == 64);
    CHECK(again.err.find(".before-restore") != std::string::npos);
}

TEST_CASE("the audit log is whole on the machine that it was restored on, and goes on here") {
    Site from;
    from.write_secret();
    from.seen({held_mail(), passed_mail()});
    REQUIRE(from.kith({"confirm", "abcdefghijklmnop", "--reason", "bad"}).status == 0);
    REQUIRE(from.kith({"backup", from.dir.file("backup")}).status == 0);
    const auto entries = [](const Site& site) {
        return Json::parse(site.kith({"--json", "audit", "list"}).out)["entries"].size();
    };
    const auto before = entries(from);
    REQUIRE(before == 1);

    const Site to;
    to.dir.write("site.key", "fedcba9876543210");
    to.seen({passed_mail()});
    // That it is restored is said in the log of the secret that is there, which is another one.
    REQUIRE(to.kith({"restore", from.dir.file("backup")}).status == 0);
    auto verified = to.kith({"audit", "verify"});
    INFO(verified.out << verified.err);
    CHECK(verified.status == 0);
    CHECK(entries(to) == before + 1);
    CHECK(fs::exists(to.dir.file("audit.log.before-restore")));

    REQUIRE(from.kith({"restore", from.dir.file("backup")}).status == 0);
    CHECK(entries(from) == before + 1);
    CHECK(from.kith({"audit", "verify"}).status == 0);
}

TEST_CASE("a backup may be read by nobody else, and takes no place that is taken") {
    const Backed from;
    struct stat st {};
    REQUIRE(::stat(from.backup().c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0700);
    REQUIRE(::stat((from.backup() + "/site.key").c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0600);
    CHECK(from.kith({"backup", from.backup()}).status == 64);
    CHECK(from.kith({"backup", "/nonexistent/backup"}).status == 66);
}

TEST_CASE(
    "verify finds a change of any file, a missing one, and a list that names files elsewhere") {
    const Backed from;
    const Json whole = Json::parse(from.kith({"--json", "restore", "--verify", from.backup()}).out);
    CHECK(whole["restored"] == false);
    CHECK(whole["files"] == 5);
    const Json list = Json::parse(from.dir.read("backup/backup.json"));
    for (const Json& f : list["files"]) {
        const std::string name = "backup/" + f["path"].get<std::string>();
        flip(from, name, f["bytes"].get<std::size_t>() / 2);
        const auto out = from.kith({"restore", "--verify", from.backup()});
        INFO(name);
        CHECK(out.status == 74);
        CHECK(out.err.find(f["path"].get<std::string>()) != std::string::npos);
        flip(from, name, f["bytes"].get<std::size_t>() / 2);
    }
    CHECK(from.kith({"restore", "--verify", from.backup()}).status == 0);
    Json other = list;
    other["files"][0]["path"] = "../site.key";
    from.dir.write("backup/backup.json", other.dump());
    CHECK(from.kith({"restore", "--verify", from.backup()}).err.find("../site.key") !=
          std::string::npos);
    from.dir.write("backup/backup.json", "{");
    CHECK(from.kith({"restore", "--verify", from.backup()}).status == 74);
    from.dir.write("backup/backup.json", list.dump());
    fs::remove(from.backup() + "/store.dump");
    CHECK(from.kith({"restore", "--verify", from.backup()}).status != 0);
}

TEST_CASE("a damaged backup leaves what is there as it is") {
    const Backed from;
    const Site to;
    to.write_secret();
    to.seen({held_mail()});
    flip(from, "backup/store.dump", from.dir.read("backup/store.dump").size() / 2);
    CHECK(to.kith({"restore", from.backup()}).status == 74);
    CHECK(to.kith({"list"}).out.find("abcdefghijklmnop") != std::string::npos);
    CHECK_FALSE(fs::exists(to.dir.file("store.before-restore")));
    CHECK_FALSE(fs::exists(to.dir.file("store.restoring")));
}

TEST_CASE("of a backup that lacks a file, that file is named") {
    const Backed from;
    const Site to;
    fs::path lost;
    for (const auto& file : fs::directory_iterator(from.dir.path() / "backup" / "journal"))
        lost = file.path();
    REQUIRE(fs::remove(lost));
    const auto out = to.kith({"restore", from.backup()});
    CHECK(out.status == 74);
    CHECK(out.err.find("is an incomplete backup: journal/" + lost.filename().string() +
                       " is missing") != std::string::npos);
    CHECK(out.err.find("name the directory") == std::string::npos);
}

TEST_CASE("what an interrupted restore left behind is no hindrance") {
    const Backed from;
    const Site to;
    to.write_secret();
    to.seen({passed_mail()});
    to.dir.write("store.restoring/data.mdb", "half");
    to.dir.write("site.key.restoring", "half");
    CHECK(to.kith({"restore", from.backup()}).status == 0);
    CHECK(to.kith({"list"}).out.find("abcdefghijklmnop") != std::string::npos);
}

TEST_CASE("nothing is restored under a running learner") {
    const Backed from;
    const UniqueFd lock(::open(from.dir.file("store/writer.lock").c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(lock);
    REQUIRE(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0);
    const auto out = from.kith({"restore", from.backup()});
    CHECK(out.status == 75);
    CHECK(out.err.find("systemctl stop kith-milter kith-learner") != std::string::npos);
    CHECK(from.kith({"restore", "--verify", from.backup()}).status == 0);
}

TEST_CASE(
    "a restore killed between two of its renames is undone by the next one, which completes") {
    const Backed from;
    for (const int renames : {1, 2, 3, 4, 5}) {
        CAPTURE(renames);
        const Site to;
        to.write_secret();
        to.seen({passed_mail()});
        // As restore does it: each place to its old name, then the new one to the place.
        int done = 0;
        for (const std::string place : {"journal", "store", "site.key"}) {
            const fs::path here = to.dir.path() / place;
            if (place == "site.key")
                to.dir.write("site.key.restoring", "fedcba9876543210");
            else
                fs::create_directories(to.dir.path() / (place + ".restoring"));
            if (done++ < renames) fs::rename(here, to.dir.path() / (place + ".before-restore"));
            if (done++ < renames) fs::rename(to.dir.path() / (place + ".restoring"), here);
        }
        const auto out = to.kith({"restore", from.backup()});
        INFO(out.err);
        CHECK(out.status == 0);
        CHECK(to.kith({"list", "--all"}).out == from.kith({"list", "--all"}).out);
        CHECK(to.dir.read("site.key.before-restore") == "0123456789abcdef");
        CHECK(fs::exists(to.dir.file("store.before-restore/data.mdb")));
        CHECK_FALSE(fs::is_empty(to.dir.file("journal.before-restore")));
    }
}

namespace {

/// Runs the program, and kills it after so many milliseconds if it still runs.
void kill_after(const Site& site, int milliseconds, std::vector<std::string> arguments) {
    std::vector<std::string> command{
        "/usr/bin/timeout",
        "-s",
        "KILL",
        "0." + std::string(milliseconds < 10 ? "00" : "0") + std::to_string(milliseconds),
        kith::test::kith_program(),
        "--config",
        site.dir.file("kith.yaml")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    REQUIRE(admin::run_process(command, {}));
}

}  // namespace

TEST_CASE(
    "killed at any moment, a backup is whole or not there, and a restore the old or the new") {
    const Backed from;
    for (const int after : {3, 6, 9, 12, 16, 20, 25, 30, 40, 60, 90}) {
        CAPTURE(after);
        const std::string backup = from.dir.file("backup" + std::to_string(after));
        kill_after(from, after, {"backup", backup});
        if (fs::exists(backup)) CHECK(from.kith({"restore", "--verify", backup}).status == 0);
        if (!fs::exists(backup)) CHECK(from.kith({"backup", backup}).status == 0);

        const Site to;
        to.write_secret();
        to.seen({passed_mail()});
        const std::string old = to.kith({"list", "--all"}).out,
                          fresh = from.kith({"list", "--all"}).out;
        kill_after(to, after, {"restore", from.backup()});
        const bool swapped = fs::exists(to.dir.file("site.key.before-restore"));
        const bool began = fs::exists(to.dir.file("journal.before-restore"));
        if (began == swapped) CHECK(to.kith({"list", "--all"}).out == (swapped ? fresh : old));
        const auto again = to.kith({"restore", from.backup()});
        CHECK(again.status == (swapped && !fs::exists(to.dir.file("site.key.restoring")) ? 64 : 0));
        CHECK(to.kith({"list", "--all"}).out == fresh);
    }
}
