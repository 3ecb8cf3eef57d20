// SPDX-License-Identifier: Apache-2.0
// Files that are replaced as a whole (engine/base/whole_file.hpp).
#include "engine/base/whole_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using kith::test::TempDir;
namespace fs = std::filesystem;

namespace {

struct stat status_of(const std::string& path) {
    struct stat s {};
    REQUIRE(::stat(path.c_str(), &s) == 0);
    return s;
}

}  // namespace

TEST_CASE("a file is replaced whole, with the mode of those it is for, and nothing lies beside") {
    const TempDir dir;
    const uid_t owner = ::geteuid() == 0 ? 65534 : ::geteuid();
    REQUIRE(::chown(dir.str().c_str(), owner, static_cast<gid_t>(-1)) == 0);
    const std::string file = dir.file("state");
    REQUIRE(write_whole(file, "a long first text"));
    REQUIRE(write_whole(file, "short"));
    CHECK(read_small(file, 5).value() == "short");
    CHECK((status_of(file).st_mode & 07777) == 0640);
    CHECK(status_of(file).st_uid == owner);
    REQUIRE(write_whole(dir.file("open"), "", FileFor::Everyone));
    CHECK((status_of(dir.file("open")).st_mode & 07777) == 0644);
    CHECK(status_of(dir.file("open")).st_uid == ::geteuid());
    CHECK(std::distance(fs::directory_iterator(dir.str()), {}) == 2);
}

TEST_CASE("where it cannot be replaced, it stays, and nothing lies beside") {
    const TempDir dir;
    fs::create_directories(dir.file("taken/full"));
    CHECK_FALSE(write_whole(dir.file("taken"), "text"));
    CHECK(std::distance(fs::directory_iterator(dir.str()), {}) == 1);
    const auto nowhere = write_whole(dir.file("missing/state"), "text");
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().code == ErrorCode::NoInput);
}

TEST_CASE("reading ends at its bound, follows no link and waits for nobody") {
    const TempDir dir;
    REQUIRE(write_whole(dir.file("state"), "12345"));
    CHECK(read_small(dir.file("state"), 4).error().code == ErrorCode::Full);
    CHECK(read_small(dir.file("none"), 4).error().code == ErrorCode::NoInput);
    fs::create_symlink(dir.file("state"), dir.file("link"));
    CHECK_FALSE(read_small(dir.file("link"), 5));
    REQUIRE(::mkfifo(dir.file("pipe").c_str(), 0600) == 0);
    CHECK(read_small(dir.file("pipe"), 5).value().empty());
}

TEST_CASE("what is written goes through no link of somebody else") {
    const TempDir dir;
    REQUIRE(write_whole(dir.file("other"), "theirs"));
    fs::create_symlink(dir.file("other"), dir.file("state"));
    REQUIRE(write_whole(dir.file("state"), "ours"));
    CHECK(read_small(dir.file("other"), 9).value() == "theirs");
    CHECK(read_small(dir.file("state"), 9).value() == "ours");
}
