// SPDX-License-Identifier: Apache-2.0
#include "engine/base/log.hpp"

#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/support/captured_stderr.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace kith {
namespace {

TEST_CASE("a value in the log can forge neither a line nor a field") {
    const auto [value, expected] = GENERATE(table<std::string, std::string>({
        {"plain", "plain"},
        {"a@example.com", "a@example.com"},
        {"", "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"say \"x\"", "\"say \\x22x\\x22\""},
        {"back\\slash", "back\\x5cslash"},
        {"x\nscore=0", "\"x\\x0ascore=0\""},
        {"x\r\n", "x\\x0d\\x0a"},
        {std::string("nul\0l", 5), "nul\\x00l"},
        {"esc\x1b[2J", "esc\\x1b[2J"},
        {"del\x7f", "del\\x7f"},
        {"gr\xC3\xBC\xC3\x9F", "gr\xC3\xBC\xC3\x9F"},  // valid UTF-8 stays
        {"\xFF\xFE", "\\xff\\xfe"},                    // never valid
        {"\xC3", "\\xc3"},                             // cut sequence
        {"\xC0\xAF", "\\xc0\\xaf"},                    // overlong slash
        {"\xC2\x9B"
         "2J",
         "\\xc2\\x9b2J"},  // U+009B is ESC [ to a terminal
        {"\xE2\x80\xAE"
         "fdp.exe",
         "\\xe2\\x80\\xaefdp.exe"},           // U+202E turns the text round
        {"\xE2\x80\xA8", "\\xe2\\x80\\xa8"},  // U+2028 ends a line in some viewers
        {"\xD8\x9C",
         "\\xd8\\x9c"},  // U+061C, the bidirectional mark that is not in the U+20xx block
        {"a\xE2\x80\x8B"
         "b",
         "a\\xe2\\x80\\x8bb"},                  // U+200B has no width: two names look the same
        {"\xEF\xBB\xBFx", "\\xef\\xbb\\xbfx"},  // U+FEFF
        {"\xF3\xA0\x81\x81", "\\xf3\\xa0\\x81\\x81"},  // U+E0041, a letter that nobody sees
        {"\xF0\x9F\x98\x80 \xE6\x97\xA5",
         "\"\xF0\x9F\x98\x80 \xE6\x97\xA5\""},  // shows itself: stays
    }));
    CHECK(log_escape(value) == expected);
}

TEST_CASE("a value is cut at the limit and never inside a character or an escape") {
    CHECK(log_escape(std::string(256, 'a')).size() == 256);
    CHECK(log_escape(std::string(257, 'a')).size() == 256);
    CHECK(log_escape("ab\xC3\xBC", 4) == "ab\xC3\xBC");
    CHECK(log_escape("ab\xC3\xBC", 3) == "ab");
    CHECK(log_escape("a\n", 5) == "a\\x0a");
    CHECK(log_escape("a\n", 4) == "a");
}

TEST_CASE("a line is the message and then its fields in order") {
    CHECK(log_line("started", {}) == "started");
    CHECK(log_line("4ABC: judged",
                   {{"from", "<a@example.com>"}, {"score", "12"}, {"indicators", ""}}) ==
          "4ABC: judged from=<a@example.com> score=12 indicators=\"\"");
}

TEST_CASE("a message with hostile bytes stays one line") {
    CHECK(log_line("cannot open a\nb\x1b", {}) == "cannot open a\\x0ab\\x1b");
}

TEST_CASE("only lines of the chosen level and above are written") {
    const test::TempDir dir;
    {
        const test::CapturedStderr captured(dir.file("log"));
        log_open("kith-test", LogTarget::Stderr, LogLevel::Warning);
        log(LogLevel::Debug, "one");
        log(LogLevel::Info, "two");
        log(LogLevel::Warning, "three", {{"k", "v"}});
        log(LogLevel::Error, "four");
    }
    CHECK(dir.read("log") == "kith-test: warning: three k=v\nkith-test: error: four\n");
}

TEST_CASE("lines of several threads do not mix") {
    constexpr int kThreads = 8;
    constexpr int kLines = 200;
    const test::TempDir dir;
    {
        const test::CapturedStderr captured(dir.file("log"));
        log_open("t", LogTarget::Stderr, LogLevel::Info);
        std::vector<std::thread> threads;
        threads.reserve(kThreads);
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([t] {
                for (int i = 0; i < kLines; ++i)
                    log(LogLevel::Info, "line",
                        {{"payload", std::string(200, static_cast<char>('a' + t))}});
            });
        for (std::thread& thread : threads) thread.join();
    }
    const std::string written = dir.read("log");
    std::size_t lines = 0;
    for (std::size_t at = 0; at < written.size(); ++lines) {
        const std::size_t end = written.find('\n', at);
        REQUIRE(end != std::string::npos);
        const std::string line = written.substr(at, end - at);
        REQUIRE(line == "t: info: line payload=" + std::string(200, line.back()));
        at = end + 1;
    }
    CHECK(lines == kThreads * kLines);
}

}  // namespace
}  // namespace kith
