// SPDX-License-Identifier: Apache-2.0
#include "engine/message/mime_budget.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;

namespace {

std::string repeated(std::string_view piece, std::size_t n) {
    std::string out;
    for (std::size_t i = 0; i < n; ++i) out += piece;
    return out;
}
constexpr std::string_view kType = "multipart/mixed; boundary=\"b\"";

}  // namespace

TEST_CASE("PARSE-37: delimiter lines are bounded before parsing, at the limit and one above") {
    const ParseOptions options;
    const std::size_t most = max_delimiter_lines(options);
    const std::string fits = repeated("--b\n\n", most);
    CHECK(measure_mime(fits, kType, options).bytes == fits.size());
    const MimeBudget cut = measure_mime(repeated("--b\n\n", most + 1), kType, options);
    CHECK(cut.parts_cut);
    CHECK(cut.bytes == fits.size());
}

TEST_CASE("lines of dashes that delimit nothing do not count") {
    const std::string patch =
        "--b\n\n" + repeated("--- a/file\n+++ b/file\n\n-- \n", 5000) + "--b--\n";
    CHECK_FALSE(measure_mime(patch, kType, {}).parts_cut);
}

TEST_CASE("a boundary declared inside a part counts from there on") {
    const std::string inner = "--b\nContent-Type: multipart/mixed; boundary=inner\n\n";
    CHECK(measure_mime(inner + repeated("--inner\n\n", 1000), kType, {}).parts_cut);
    CHECK_FALSE(measure_mime("--b\n\n" + repeated("--inner\n\n", 1000), kType, {}).parts_cut);
}

TEST_CASE("boundaries declared in a form that is not read make every dashed line count") {
    const auto declaration = GENERATE(values<std::string>({
        "boundary*0=in; boundary*1=ner",
        "boundary = inner",
        "boundary=\"in\\ner\"",
        "boundary=\"\"",
        "boundary=",
        "boundary*=utf-8''inner",
        "boundary=in(comment)ner",
    }));
    INFO(declaration);
    const std::string inner = "--b\nContent-Type: multipart/mixed; " + declaration + "\n\n";
    CHECK(measure_mime(inner + repeated("--inner\n\n", 1000), kType, {}).parts_cut);
}

TEST_CASE("part header fields are bounded in number and size, at the limit and one above") {
    ParseOptions options;
    options.max_headers = 1;
    const std::size_t most = max_part_fields(options);
    CHECK_FALSE(
        measure_mime("--b\n" + repeated("a:b\n", most) + "\nx", kType, options).headers_cut);
    CHECK(measure_mime("--b\n" + repeated("a:b\n", most + 1) + "\nx", kType, options).headers_cut);

    options = {};
    options.max_header_field_bytes = 10;
    CHECK_FALSE(
        measure_mime("--b\nab:" + std::string(7, 'x') + "\n\n", kType, options).headers_cut);
    CHECK(measure_mime("--b\nab:" + std::string(8, 'x') + "\n\n", kType, options).headers_cut);
    CHECK(measure_mime("--b\nab:xxx\n yyyy\n\n", kType, options).headers_cut);  // folded: 6 + 5

    options = {};
    options.max_header_bytes = 20;
    CHECK_FALSE(measure_mime("--b\na:12345678\nb:12345678\n\n", kType, options).headers_cut);
    CHECK(measure_mime("--b\na:12345678\nb:123456789\n\n", kType, options).headers_cut);
}

TEST_CASE("headers of enclosed messages count, said or by default of a digest") {
    ParseOptions options;
    options.max_headers = 1;
    const std::string fields = repeated("a:b\n", max_part_fields(options) + 1) + "\n";
    CHECK(
        measure_mime("--b\nContent-Type: message/rfc822\n\n" + fields, kType, options).headers_cut);
    CHECK(measure_mime("--b\n\n" + fields, "multipart/digest; boundary=b", options).headers_cut);
    CHECK(measure_mime(fields, "message/rfc822", options).headers_cut);
    CHECK_FALSE(
        measure_mime("--b\nContent-Type: text/plain\n\n" + fields, kType, options).headers_cut);
}
