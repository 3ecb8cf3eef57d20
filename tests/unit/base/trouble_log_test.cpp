// SPDX-License-Identifier: Apache-2.0
#include "engine/base/trouble_log.hpp"

#include <initializer_list>

#include "tests/support/captured_stderr.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace kith {
namespace {

/// What the log says when these are seen one after another.
std::string told(const TroubleWords& words, std::initializer_list<const char*> seen) {
    const test::TempDir dir;
    {
        const test::CapturedStderr captured(dir.file("log"));
        log_open("t", LogTarget::Stderr, LogLevel::Info);
        TroubleLog trouble(words);
        for (const char* now : seen) trouble.look(now);
    }
    return dir.read("log");
}

TEST_CASE("a trouble is told when it comes, becomes another and is over") {
    CHECK(told({.came = "no place: ", .over = "places are known"},
               {"", "lost", "lost", "broken", "", "", "lost"}) ==
          "t: warning: no place: lost\n"
          "t: warning: no place: broken\n"
          "t: info: places are known\n"
          "t: warning: no place: lost\n");
}

TEST_CASE("a trouble can be told in a field, at another level, and its end left out") {
    CHECK(told({.level = LogLevel::Error, .came = "store: closed", .field = "trouble"},
               {"no such file", ""}) == "t: error: store: closed trouble=\"no such file\"\n");
}

}  // namespace
}  // namespace kith
