// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/answer.hpp"

#include "engine/base/text.hpp"
#include "tests/support/catch.hpp"

using namespace kith;

TEST_CASE("an answer is one line and text") {
    CHECK(encode_answer({ReadOutcome::Whole, "IBAN"}) == "kith-extract 1 whole\nIBAN");
    const auto answer = decode_answer("kith-extract 1 cut\ntwo\nlines\n");
    REQUIRE(answer);
    CHECK(answer->outcome == ReadOutcome::Cut);
    CHECK(answer->text == "two\nlines\n");
}

TEST_CASE("every outcome that a child may tell comes back") {
    const auto outcome = GENERATE(ReadOutcome::Whole, ReadOutcome::Cut, ReadOutcome::Encrypted,
                                  ReadOutcome::Damaged);
    const auto answer = decode_answer(encode_answer({outcome, "x"}));
    REQUIRE(answer);
    CHECK(answer->outcome == outcome);
}

TEST_CASE("anything else is no answer") {
    const std::string bytes =
        GENERATE(std::string(), std::string("text"), std::string("kith-extract 1 whole"),
                 std::string("kith-extract 2 whole\n"), std::string("kith-extract 1 killed\n"),
                 std::string("kith-extract 1 whole \n"), std::string("kith-extract 1 \n"));
    CAPTURE(bytes);
    CHECK_FALSE(decode_answer(bytes));
}

TEST_CASE("text is cut at its bound, and says so") {
    const std::string most(kMaxExtractedBytes, 'x');
    CHECK(decode_answer(encode_answer({ReadOutcome::Whole, most}))->outcome == ReadOutcome::Whole);
    const auto longer = decode_answer(encode_answer({ReadOutcome::Whole, most + "y"}));
    CHECK(longer->outcome == ReadOutcome::Cut);
    CHECK(longer->text == most);
    // A child that was taken over says what it likes.
    const std::string line = "kith-extract 1 whole\n";
    CHECK(decode_answer(line + std::string(kMaxAnswerBytes - line.size(), 'x')));
    CHECK_FALSE(decode_answer(line + std::string(kMaxAnswerBytes - line.size() + 1, 'x')));
}

TEST_CASE("text that is no UTF-8 is mended") {
    const auto answer = decode_answer(
        "kith-extract 1 whole\na\xFF"
        "b\xC3");
    REQUIRE(answer);
    CHECK(is_valid_utf8(answer->text));
    CHECK(answer->text.starts_with("a"));
}
