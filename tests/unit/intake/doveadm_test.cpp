// SPDX-License-Identifier: Apache-2.0
// Dovecot's HTTP API (engine/intake/doveadm.hpp), with what Dovecot 2.3.19 answers.
#include "engine/intake/doveadm.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using kith::test::TempDir;

TEST_CASE("commands are JSON whatever is in a name") {
    CHECK(sieve_get_command("a@b", "x\"y") ==
          R"([["sieveGet",{"scriptname":"x\"y","user":"a@b"},"kith"]])");
    CHECK(*kick_command("a@b") == R"([["kick",{"force":true,"mask":["a@b"]},"kith"]])");
    for (const char* name : {"*", "a?"}) CHECK(kick_command(name).error().code == ErrorCode::Usage);
}

TEST_CASE("a script, none, and what is no answer") {
    CHECK(*parse_sieve_get(R"([["doveadmResponse",[{"sieve script":"keep;\r\n"}],"t"]])") ==
          "keep;\r\n");
    CHECK(parse_sieve_get(R"([["error",{"type":"exitCode", "exitCode":68},"t"]])").error().code ==
          ErrorCode::NoInput);
    CHECK(parse_sieve_get(R"([["error",{"type":"invalidRequest", "exitCode":0},"t"]])")
              .error()
              .code == ErrorCode::Unavailable);
    for (const char* bad :
         {"", "{}", "[]", "[[]]", "[[1,2]]", R"([["doveadmResponse",[],"t"]])",
          R"([["doveadmResponse",{"x":1},"t"]])", R"([["other",[{"a":"b"}],"t"]])"}) {
        INFO(bad);
        CHECK(parse_sieve_get(bad).error().code == ErrorCode::Corrupt);
    }
}

TEST_CASE("sessions ended, or none there, is well; a refusal is not") {
    CHECK(parse_kick(R"([["doveadmResponse",[{"result":"a@b"}],"t"]])"));
    CHECK(parse_kick(R"([["error",{"type":"exitCode", "exitCode":68},"t"]])"));
    CHECK_FALSE(parse_kick(R"([["error",{"type":"invalidRequest", "exitCode":0},"t"]])"));
    CHECK_FALSE(parse_kick("x"));
}

TEST_CASE("a secret is the first line of its file") {
    const TempDir dir;
    CHECK(*read_token(dir.write("a", "  sekrit \nmore\n")) == "sekrit");
    CHECK(*read_token(dir.write("b", std::string(1024, 'x'))) == std::string(1024, 'x'));
    for (const std::string& bad : {std::string(), std::string("\n"), std::string(1025, 'x')})
        CHECK(read_token(dir.write("c", bad)).error().code == ErrorCode::Corrupt);
    CHECK(read_token(dir.file("missing")).error().code == ErrorCode::NoInput);
}

TEST_CASE("base64 (RFC 4648, 10)") {
    CHECK(base64("").empty());
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64("sekrit") == "c2Vrcml0");
}

TEST_CASE("without address or key nothing is sent") {
    AccountOptions options;
    CHECK(doveadm_post(options, "[]", std::chrono::milliseconds(1)).error().code ==
          ErrorCode::Config);
    options.doveadm = "http://127.0.0.1:9/";
    options.doveadm_key_file = "/nonexistent/key";
    CHECK(doveadm_post(options, "[]", std::chrono::milliseconds(1)).error().code ==
          ErrorCode::NoInput);
}
