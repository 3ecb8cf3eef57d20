// SPDX-License-Identifier: Apache-2.0
// The file by which a running service says one line about itself (engine/base/status_line.hpp).
#include "engine/base/status_line.hpp"

#include <sys/stat.h>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using kith::test::TempDir;

TEST_CASE("what was said last is what is read, and nothing means that all is well") {
    const TempDir dir;
    const std::string file = dir.file("trouble");
    REQUIRE(write_status_line(file, "no space left"));
    auto said = read_status_line(file);
    REQUIRE(said);
    REQUIRE(said->has_value());
    CHECK((*said)->text == "no space left");
    CHECK((*said)->since > from_unix(1'700'000'000));
    REQUIRE(write_status_line(file, ""));
    said = read_status_line(file);
    REQUIRE(said);
    CHECK_FALSE(said->has_value());
}

TEST_CASE("a trouble stays one line of bounded length") {
    const TempDir dir;
    const std::string file = dir.file("trouble");
    REQUIRE(write_status_line(file, "one\ntwo" + std::string(10'000, 'x')));
    const auto said = read_status_line(file);
    REQUIRE(said);
    CHECK((*said)->text.starts_with("one two"));
    CHECK((*said)->text.size() == 4095);
}

TEST_CASE("a trouble that cannot be written or was never said is an error with the file's name") {
    const TempDir dir;
    const Status written = write_status_line(dir.file("missing/trouble"), "x");
    REQUIRE_FALSE(written);
    CHECK(written.error().what.find(dir.file("missing/trouble")) == 0);
    const auto said = read_status_line(dir.file("trouble"));
    REQUIRE_FALSE(said);
    CHECK(said.error().code == ErrorCode::NoInput);
}
