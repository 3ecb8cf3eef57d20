// SPDX-License-Identifier: Apache-2.0
#include "engine/base/result.hpp"

#include <memory>
#include <string>

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

Result<int> half(int n) {
    if (n % 2 != 0) return fail(ErrorCode::Usage, "odd number", "give an even one");
    return n / 2;
}

}  // namespace

TEST_CASE("a result holds the value or the error, never both") {
    const Result<int> good = half(8);
    REQUIRE(good);
    CHECK(good.value() == 4);
    const Result<int> bad = half(3);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == ErrorCode::Usage);
}

TEST_CASE("an error reads as what and hint, or as what alone") {
    CHECK(half(3).error().text() == "odd number; give an even one");
    CHECK((Error{ErrorCode::Io, "disk gone", ""}.text()) == "disk gone");
}

TEST_CASE("a result carries what can only be moved") {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
    REQUIRE(result);
    const std::unique_ptr<int> taken = std::move(result).value();
    CHECK(*taken == 5);
}

TEST_CASE("a result of strings tells value from error") {
    const Result<std::string> value = std::string("text");
    CHECK(value->size() == 4);
    const Status done = ok();
    CHECK(done.has_value());
}

TEST_CASE("each error code has its sysexits number") {
    struct Row {
        ErrorCode code;
        int number;
    };
    const auto row = GENERATE(values<Row>({{ErrorCode::Usage, 64},
                                           {ErrorCode::NoInput, 66},
                                           {ErrorCode::Unavailable, 69},
                                           {ErrorCode::Internal, 70},
                                           {ErrorCode::Io, 74},
                                           {ErrorCode::Full, 74},
                                           {ErrorCode::Corrupt, 74},
                                           {ErrorCode::TryAgain, 75},
                                           {ErrorCode::Permission, 77},
                                           {ErrorCode::Config, 78}}));
    CHECK(exit_code(row.code) == row.number);
}
