// SPDX-License-Identifier: Apache-2.0
// Commands are run without a shell, within bounds.
#include "engine/admin/process.hpp"

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::admin;

TEST_CASE("output, complaint and status come back apart") {
    const auto out = run_process({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, {});
    REQUIRE(out);
    CHECK(out->status == 3);
    CHECK(out->out == "out\n");
    CHECK(out->err == "err\n");
}

TEST_CASE("arguments are passed as they are: there is no shell") {
    const auto out = run_process({"/bin/echo", "$HOME; `id`", "a b"}, {});
    CHECK(out.value().out == "$HOME; `id` a b\n");
}

TEST_CASE("nothing of the caller's environment reaches the command") {
    ::setenv("KITH_TEST_SECRET", "x", 1);
    CHECK(run_process({"/usr/bin/env"}, {}).value().out.find("KITH_TEST_SECRET") ==
          std::string::npos);
}

TEST_CASE("a command that is not installed is unavailable") {
    ProcessOptions options;
    options.path = {"/nonexistent"};
    CHECK(run_process({"postsuper"}, options).error().code == ErrorCode::Unavailable);
}

TEST_CASE("a command that does not end is killed at the deadline") {
    ProcessOptions options;
    options.deadline = std::chrono::milliseconds(200);
    CHECK(run_process({"/bin/sleep", "1000"}, options).error().code == ErrorCode::TryAgain);
}

TEST_CASE("output up to the bound is taken, one byte more is not") {
    ProcessOptions options;
    options.max_output_bytes = 100000;
    const auto full = run_process({"/usr/bin/head", "-c", "100000", "/dev/zero"}, options);
    REQUIRE(full);
    CHECK(full->out.size() == 100000);
    CHECK(run_process({"/usr/bin/head", "-c", "100001", "/dev/zero"}, options).error().code ==
          ErrorCode::Full);
}

TEST_CASE("a command killed by a signal has the shell's status for it") {
    CHECK(run_process({"/bin/sh", "-c", "kill -9 $$"}, {}).value().status == 137);
}
