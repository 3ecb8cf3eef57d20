// SPDX-License-Identifier: Apache-2.0
#include "engine/message/auth_results.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;

namespace {

const std::vector<std::string> kTrusted{"mx.site.example"};

/// "method=result property:domain/selector" of every result; "UNTRUSTED" for a field that is not
/// ours.
std::vector<std::string> shown(std::string_view field) {
    const auto read = parse_auth_results(field, kTrusted);
    if (!read) return {"UNTRUSTED"};
    std::vector<std::string> out;
    for (const AuthResult& r : read->results)
        out.push_back(r.method + "=" + r.result + " " + r.property + ":" + r.domain +
                      (r.selector.empty() ? "" : "/" + r.selector));
    return out;
}
using List = std::vector<std::string>;

}  // namespace

TEST_CASE("results of a trusted server are read") {
    struct Row {
        std::string field;
        List expected;
    };
    const auto row = GENERATE(values<Row>({
        {"mx.site.example; none", {}},
        {"MX.Site.Example 1; spf=pass smtp.mailfrom=a@B.example",
         {"spf=pass smtp.mailfrom:b.example"}},
        {"mx.site.example; dkim=pass (2048-bit key) header.d=a.example header.s=S1 "
         "header.b=\"x/y==\"; dmarc=pass "
         "(p=none dis=none) header.from=a.example",
         {"dkim=pass header.d:a.example/s1", "dmarc=pass header.from:a.example"}},
        {"mx.site.example;\r\n\tdkim=pass header.i=@a.example header.s=s1 header.b=x=",
         {"dkim=pass header.i:a.example/s1"}},
        {"mx.site.example; spf=none smtp.mailfrom=<> smtp.helo=h.example",
         {"spf=none smtp.helo:h.example"}},
        {"\"mx.site.example\"; iprev=pass policy.iprev=192.0.2.1", {"iprev=pass :"}},
        {"(c) mx.site.example (c) ; (c) spf (c) = (c) pass (c) smtp.mailfrom=a.example (c)",
         {"spf=pass smtp.mailfrom:a.example"}},
        {"mx.site.example; spf=fail reason=\"a; dkim=pass header.d=evil.example\" "
         "smtp.mailfrom=a.example",
         {"spf=fail smtp.mailfrom:a.example"}},
        {"mx.site.example; dkim/1=pass header.d=a.example", {"dkim=pass header.d:a.example"}},
        {"mx.site.example; arc=pass", {"arc=pass :"}},
    }));
    INFO(row.field);
    CHECK(shown(row.field) == row.expected);
}

TEST_CASE("SEC-02: an SPF pass of the HELO name is not one of the sender") {
    CHECK(shown("mx.site.example; spf=pass smtp.helo=attacker.example") ==
          List{"spf=pass smtp.helo:attacker.example"});
    CHECK(shown("mx.site.example; spf=pass smtp.helo=attacker.example smtp.mailfrom=a.example") ==
          List{"spf=pass smtp.mailfrom:a.example"});
}

TEST_CASE("SEC-03: text injected into a value changes no result") {
    // d=bank.example(.evil.example of a DKIM signature, copied as it came.
    CHECK(shown("mx.site.example; dkim=pass header.d=bank.example(.evil.example").empty());
    CHECK(shown("mx.site.example; dkim=pass header.d=bank.example(.evil.example); spf=pass "
                "smtp.mailfrom=a.example") == List{"spf=pass smtp.mailfrom:a.example"});
    CHECK(shown("mx.site.example; dkim=pass header.d=bank.example\"; dmarc=pass "
                "header.from=bank.example")
              .empty());
    CHECK(shown("mx.site.example; dkim=pass header.d=bank.example/evil").empty());
    CHECK(shown("mx.site.example; spf=pass smtp.mailfrom=\"x; dmarc=pass "
                "header.from=bank.example\"@evil.example") ==
          List{"spf=pass smtp.mailfrom:evil.example"});
}

TEST_CASE("SEC-06: only fields of trusted servers count") {
    CHECK(shown("other.example; dmarc=pass header.from=bank.example") == List{"UNTRUSTED"});
    CHECK(shown("mx.site.example.evil.example; spf=pass") == List{"UNTRUSTED"});
    CHECK(shown("mx.site.example spf=pass; dmarc=pass") == List{"UNTRUSTED"});
    CHECK(shown("(mx.site.example) other.example; spf=pass") == List{"UNTRUSTED"});
    CHECK(shown("") == List{"UNTRUSTED"});
    CHECK(shown("mx.site.example.; spf=pass") == List{"UNTRUSTED"});
    CHECK(shown("mx.site.example/1; spf=pass") == List{"UNTRUSTED"});
    CHECK(shown("\"mx.site.example \"; spf=pass") == List{"UNTRUSTED"});
    CHECK(shown("mx.site.example x; spf=pass") == List{"UNTRUSTED"});
    CHECK(shown("mx.site.ex\xc2\xad"
                "ample; spf=pass") == List{"UNTRUSTED"});
    CHECK_FALSE(parse_auth_results("mx.site.example; none", {}));
}

TEST_CASE("PARSE-29: a malformed result is left out") {
    CHECK(shown("mx.site.example; (null)=pass; spf=pass smtp.mailfrom=a.example") ==
          List{"spf=pass smtp.mailfrom:a.example"});
    CHECK(shown("mx.site.example; =; ===; spf; spf=").empty());
}

TEST_CASE("the bound on results holds at 64 and leaves out one above") {
    std::string field = "mx.site.example";
    for (int i = 0; i < 64; ++i)
        field += "; spf=pass smtp.mailfrom=a" + std::to_string(i) + ".example";
    CHECK(shown(field).size() == 64);
    CHECK(shown(field + "; spf=pass smtp.mailfrom=last.example").size() == 64);
}

TEST_CASE("a DKIM signature's claim is read, white space removed") {
    const auto claim = parse_dkim_signature(
        "v=1; a=RSA-SHA256; d=A.example;\r\n s=S1; h=From:To:\r\n\tSubject; b=AA==");
    REQUIRE(claim);
    CHECK(claim->domain == "a.example");
    CHECK(claim->selector == "s1");
    CHECK(claim->signed_headers == "from:to:subject");
    CHECK(claim->algorithm == "rsa-sha256");
    CHECK_FALSE(parse_dkim_signature("v=1; s=x"));
    CHECK_FALSE(parse_dkim_signature(""));
}
