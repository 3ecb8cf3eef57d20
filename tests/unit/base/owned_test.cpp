// SPDX-License-Identifier: Apache-2.0
// Who owns what root makes (engine/base/owned.hpp).
#include "engine/base/owned.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/hash.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using kith::test::TempDir;

namespace {

uid_t owner_of(const std::string& path) {
    struct stat s {};
    REQUIRE(::stat(path.c_str(), &s) == 0);
    return s.st_uid;
}

}  // namespace

TEST_CASE("a directory is made for the owner of the one it lies in, and one that is there stays") {
    const TempDir dir;
    const uid_t owner = ::geteuid() == 0 ? 65534 : ::geteuid();
    REQUIRE(::chown(dir.str().c_str(), owner, static_cast<gid_t>(-1)) == 0);
    REQUIRE(make_directory(dir.file("journal")));
    CHECK(owner_of(dir.file("journal")) == owner);
    CHECK(make_directory(dir.file("journal")));
    REQUIRE(make_directory(dir.file("store/")));
    CHECK(owner_of(dir.file("store")) == owner);
}

TEST_CASE("the site's secret belongs to the owner of its directory") {
    const TempDir dir;
    const uid_t owner = ::geteuid() == 0 ? 65534 : ::geteuid();
    REQUIRE(::chown(dir.str().c_str(), owner, static_cast<gid_t>(-1)) == 0);
    REQUIRE(read_or_create_secret(dir.file("site.key")));
    CHECK(owner_of(dir.file("site.key")) == owner);
}

TEST_CASE("in a directory that is missing nothing is made, and the hint says who makes it") {
    const TempDir dir;
    for (const Error& error : {make_directory(dir.file("state/journal")).error(),
                               read_or_create_secret(dir.file("state/site.key")).error()}) {
        CHECK(error.code == ErrorCode::NoInput);
        CHECK(error.what.find("cannot create ") != std::string::npos);
        CHECK(error.hint.find(dir.file("state/") + " is missing: ") == 0);
    }
    CHECK_FALSE(std::filesystem::exists(dir.file("state")));
}
