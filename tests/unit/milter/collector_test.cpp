// SPDX-License-Identifier: Apache-2.0
#include "milter/collector.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace kith::milter {
namespace {

std::string text_of(const MessageBytes& bytes) {
    if (bytes.fd < 0) return std::string(bytes.memory);
    std::string out(static_cast<std::size_t>(bytes.length), '\0');
    REQUIRE(::pread(bytes.fd, out.data(), out.size(), static_cast<off_t>(bytes.offset)) ==
            static_cast<ssize_t>(bytes.length));
    return out;
}

/// Bytes that repeat with no power of two, so that a lost or doubled buffer shows.
std::string pattern(std::size_t bytes) {
    std::string out(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<char>(i % 251);
    return out;
}

/// Makes writes beyond a size fail with EFBIG for as long as it lives.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit now = before_;
        now.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    rlimit before_{};
};

TEST_CASE("a message of exactly the memory bound stays in memory, one byte more goes to a file") {
    const test::TempDir dir;
    const auto extra = GENERATE(0U, 1U);
    Collector collector({1000, 1 << 20, dir.str()});
    const std::string message = pattern(1000 + extra);
    collector.append(message);
    CHECK(collector.is_in_file() == (extra == 1));
    CHECK(text_of(collector.bytes()) == message);
    CHECK_FALSE(collector.trouble());
}

TEST_CASE("the file has no name, so that nothing is left behind") {
    const test::TempDir dir;
    Collector collector({10, 1 << 20, dir.str()});
    collector.append(pattern(500));
    REQUIRE(collector.is_in_file());
    CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("how a message is cut into pieces does not show") {
    const test::TempDir dir;
    const auto piece = GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{4096},
                                std::size_t{65535}, std::size_t{300000});
    const auto memory = GENERATE(std::uint64_t{0}, std::uint64_t{100000}, std::uint64_t{1} << 20);
    const std::string message = pattern(300000);
    Collector collector({memory, 1 << 20, dir.str()});
    for (std::size_t at = 0; at < message.size(); at += piece)
        collector.append(std::string_view(message).substr(at, piece));
    CHECK(text_of(collector.bytes()) == message);
    CHECK(collector.kept() == 300000);
}

TEST_CASE("asking for the bytes does not end the collection") {
    const test::TempDir dir;
    Collector collector({4, 1 << 20, dir.str()});
    collector.append("abcdef");
    CHECK(text_of(collector.bytes()) == "abcdef");
    collector.append("gh");
    CHECK(text_of(collector.bytes()) == "abcdefgh");
}

TEST_CASE("bytes beyond the total bound are counted and not kept") {
    const test::TempDir dir;
    Collector collector({1 << 20, 100, dir.str()});
    collector.append(pattern(100));
    CHECK(collector.is_full());
    CHECK(text_of(collector.bytes()) == pattern(100));
    collector.append("x");
    CHECK(collector.kept() == 100);
    CHECK(collector.seen() == 101);
    CHECK(text_of(collector.bytes()) == pattern(100));
    CHECK_FALSE(collector.trouble());
}

TEST_CASE("one byte below the total bound is not full") {
    const test::TempDir dir;
    Collector collector({1 << 20, 100, dir.str()});
    collector.append(pattern(99));
    CHECK_FALSE(collector.is_full());
}

TEST_CASE(
    "without a spool directory the beginning that fits into memory is kept, and the trouble is "
    "named") {
    Collector collector({100, 1 << 20, "/nonexistent/spool"});
    collector.append(pattern(60));
    collector.append(pattern(60));
    collector.append(pattern(60));
    CHECK(collector.kept() == 100);
    CHECK(text_of(collector.bytes()) == pattern(60) + pattern(60).substr(0, 40));
    CHECK(collector.is_full());
    REQUIRE(collector.trouble());
    CHECK(collector.trouble()->code == ErrorCode::Io);
    CHECK(collector.trouble()->what ==
          "spool directory /nonexistent/spool: cannot create a file: No such file or directory");
}

TEST_CASE("a file that cannot grow keeps what was written whole") {
    const test::TempDir dir;
    Collector collector({1000, 1 << 20, dir.str()});
    collector.append(pattern(2000));
    REQUIRE(text_of(collector.bytes()) == pattern(2000));
    {
        const FileSizeLimit limit(2000);
        collector.append(pattern(100000));
        CHECK(text_of(collector.bytes()) == pattern(2000));
    }
    CHECK(collector.is_full());
    REQUIRE(collector.trouble());
    CHECK(collector.kept() == 2000);
}

}  // namespace
}  // namespace kith::milter
