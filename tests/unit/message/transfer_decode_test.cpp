// SPDX-License-Identifier: Apache-2.0
#include "engine/message/transfer_decode.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace kith::mail;

TEST_CASE("PARSE-17: base64 goes on after padding") {
    const DecodedBytes decoded = decode_base64("VklS==VVMhIQ==");
    CHECK(decoded.bytes == "VIRUS!!");
    CHECK(decoded.irregular);
}

TEST_CASE("base64 decodes by quanta and skips what is foreign") {
    struct Row {
        std::string encoded, bytes;
        bool irregular;
    };
    const auto row = GENERATE(values<Row>({
        {"", "", false},
        {"TQ==", "M", false},
        {"TWE=", "Ma", false},
        {"TWFu", "Man", false},
        {"TW\r\nFu\r\n", "Man", false},
        {"TQ", "M", false},  // padding left out
        {"T", "", true},     // six bits are no byte
        {"TW*Fu", "Man", true},
        {"TQ==\nTQ==", "MM", true},  // padded line by line
    }));
    const DecodedBytes decoded = decode_base64(row.encoded);
    CHECK(decoded.bytes == row.bytes);
    CHECK(decoded.irregular == row.irregular);
}

TEST_CASE("quoted-printable decodes as mail programs do") {
    struct Row {
        std::string encoded, bytes;
        bool irregular;
    };
    const auto row = GENERATE(values<Row>({
        {"a=3Db", "a=b", false},
        {"a=3db", "a=b", false},
        {"long=\r\nline", "longline", false},
        {"long=\nline", "longline", false},
        {"long= \t\r\nline", "longline", false},
        {"end=", "end", false},
        {"a=zz", "a=zz", true},
        {"a=4", "a=4", true},
        {"\r\nkept\r\n", "\r\nkept\r\n", false},
    }));
    const DecodedBytes decoded = decode_quoted_printable(row.encoded);
    CHECK(decoded.bytes == row.bytes);
    CHECK(decoded.irregular == row.irregular);
}

TEST_CASE("PARSE-36: a bare '=' in quoted-printable keeps the link behind it") {
    CHECK(decode_quoted_printable("<a href=\"http://host.example/x\">").bytes ==
          "<a href=\"http://host.example/x\">");
    CHECK(decode_quoted_printable("<a href=http://host.example/>").bytes ==
          "<a href=http://host.example/>");
}

TEST_CASE("uuencode decodes between begin and end") {
    CHECK(decode_uuencode("begin 644 x\n#0V%T\n`\nend\n").bytes == "Cat");
    CHECK(decode_uuencode("no begin").bytes.empty());
    CHECK(decode_uuencode("begin 644 x\n#0V%T\n").irregular);
}

TEST_CASE("unknown encodings are the bytes themselves") {
    CHECK(decode_transfer("a=3D", "8bit").bytes == "a=3D");
    CHECK(decode_transfer("a=3D", "").bytes == "a=3D");
    CHECK(decode_transfer("a=3D", "quoted-printable").bytes == "a=");
    CHECK(decode_transfer("TQ==", "base64").bytes == "M");
}
