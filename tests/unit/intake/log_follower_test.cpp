// SPDX-License-Identifier: Apache-2.0
// A growing file, line by line (engine/intake/log_follower.hpp).
#include "engine/intake/log_follower.hpp"

#include <filesystem>
#include <fstream>
#include <vector>

#include "engine/intake/log_line_reader.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using kith::test::TempDir;

namespace {

struct Followed {
    TempDir dir;
    LogFollower follower{dir.file("log")};
    std::vector<std::string> lines;

    void add(const std::string& text, const std::string& name = "log") const {
        std::ofstream(dir.path() / name, std::ios::app) << text;
    }
    /// New lines of one look.
    std::vector<std::string> look() {
        lines.clear();
        const Status read = follower.poll([&](std::string_view l) { lines.emplace_back(l); });
        if (!read) lines.push_back("error: " + read.error().text());
        return lines;
    }
};
using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("lines come once, whole, and when they are complete") {
    Followed f;
    f.add("one\ntw");
    CHECK(f.look() == Lines{"one"});
    f.add("o\nthree\n");
    CHECK(f.look() == Lines{"two", "three"});
    CHECK(f.look().empty());
}

TEST_CASE("a file that is renamed is read to its end before its successor") {
    Followed f;
    f.add("one\n");
    (void)f.look();
    f.add("two\n");
    std::filesystem::rename(f.dir.path() / "log", f.dir.path() / "log.1");
    f.add("late\n", "log.1");
    f.add("three\n");
    CHECK(f.look() == Lines{"two", "late", "three"});
    f.add("four\n");
    CHECK(f.look() == Lines{"four"});
}

TEST_CASE("between two names the old file is still read") {
    Followed f;
    f.add("one\n");
    (void)f.look();
    std::filesystem::rename(f.dir.path() / "log", f.dir.path() / "log.1");
    f.add("two\n", "log.1");
    CHECK(f.look() == Lines{"two"});
    f.add("three\n");
    CHECK(f.look() == Lines{"three"});
}

TEST_CASE("a file that is cut is read from its beginning") {
    Followed f;
    f.add("one and some more\n");
    (void)f.look();
    std::filesystem::resize_file(f.dir.path() / "log", 0);
    f.add("two\n");
    CHECK(f.look() == Lines{"two"});
}

TEST_CASE("a missing file is told, and found when it is there") {
    Followed f;
    CHECK(f.look().at(0).find("error: " + f.dir.file("log")) == 0);
    f.add("one\n");
    CHECK(f.look() == Lines{"one"});
}

TEST_CASE("of a long file only its last part is read, from a whole line on") {
    Followed f;
    std::string text;
    for (int i = 0; text.size() < (2U << 20); ++i) text += "line " + std::to_string(i) + "\n";
    f.add(text + "last\n");
    Lines all;
    for (Lines some = f.look(); !some.empty(); some = f.look())
        all.insert(all.end(), some.begin(), some.end());
    REQUIRE(all.size() > 10'000);
    CHECK(all.front().starts_with("line "));
    CHECK(all.back() == "last");
    std::size_t bytes = 0;
    for (const auto& l : all) bytes += l.size() + 1;
    CHECK(bytes <= static_cast<std::size_t>(LogFollower::kBeforeEnd));
}

TEST_CASE("a line longer than the bound is passed over, and the next one read") {
    LineCutter cutter;
    Lines lines;
    const auto keep = [&](std::string_view l) { lines.emplace_back(l); };
    cutter.add(std::string(kMaxLogLine, 'x') + "\n", keep);
    REQUIRE(lines.size() == 1);
    for (int i = 0; i < 100; ++i) cutter.add(std::string(kMaxLogLine, 'y'), keep);
    cutter.add("\nnext\n", keep);
    REQUIRE(lines.size() == 2);
    CHECK(lines[1] == "next");
}
