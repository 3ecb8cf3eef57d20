// SPDX-License-Identifier: Apache-2.0
#include "engine/message/addresses.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;
using namespace std::string_literals;

namespace {

/// "name|local|domain" of every mailbox.
std::vector<std::string> shown(std::string_view raw) {
    std::vector<std::string> out;
    for (const Mailbox& m : parse_addresses(raw, 100).mailboxes)
        out.push_back(m.display_name + "|" + m.local_part + "|" + m.domain);
    return out;
}
using List = std::vector<std::string>;

}  // namespace

TEST_CASE("address fields give their mailboxes") {
    struct Row {
        std::string raw;
        List expected;
    };
    const auto row = GENERATE(values<Row>({
        {"", {}},
        {"  ,, ; ", {}},
        {"a@x.example", {"|a|x.example"}},
        {"<a@x.example>", {"|a|x.example"}},
        {"Anna Berg <a@x.example>", {"Anna Berg|a|x.example"}},
        {"\"Berg, Anna\" <a@x.example>", {"Berg, Anna|a|x.example"}},
        {"J. R. Doe <a@x.example>", {"J. R. Doe|a|x.example"}},
        {"a@x.example (Anna (really))", {"Anna (really)|a|x.example"}},
        {"a@x.example, B <b@y.example>", {"|a|x.example", "B|b|y.example"}},
        {"a@x.example; b@y.example", {"|a|x.example", "|b|y.example"}},
        {"Team: a@x.example, B <b@y.example>;, c@z.example",
         {"|a|x.example", "B|b|y.example", "|c|z.example"}},
        {"undisclosed-recipients:;", {}},
        {"\"a b\"@x.example", {"|a b|x.example"}},
        {"a.b.c@mail.x.example", {"|a.b.c|mail.x.example"}},
        {"a . b @ x . example", {"|a.b|x.example"}},
        {"a@[192.0.2.1]", {"|a|[192.0.2.1]"}},
        {"A@X.Example.", {"|A|x.example"}},
        {"<>", {}},
        {"Anna <a@x.example", {"Anna|a|x.example"}},
        {"Anna <<a@x.example>>", {"Anna|a|x.example"}},
        {"=?utf-8?q?Anna?= =?utf-8?q?_Berg?= <a@x.example>", {"Anna Berg|a|x.example"}},
    }));
    INFO(row.raw);
    CHECK(shown(row.raw) == row.expected);
}

TEST_CASE("PARSE-01: a quoted pair does not end a quoted string") {
    CHECK(shown(R"("\"Medtronic, Inc.\"" <a@b.example>)") ==
          List{"\"Medtronic, Inc.\"|a|b.example"});
}

TEST_CASE("PARSE-02: an apostrophe is no quote") {
    CHECK(shown("\"'X, Y' via Z\" <list@groups.example>") ==
          List{"'X, Y' via Z|list|groups.example"});
    CHECK(shown("O'Neil <o@x.example>") == List{"O'Neil|o|x.example"});
}

TEST_CASE("PARSE-04: mailboxes without a domain and empty groups are no holes") {
    CHECK(shown("a@b.example, c") == List{"|a|b.example", "|c|"});
    CHECK(shown("empty:;, c@d.example") == List{"|c|d.example"});
}

TEST_CASE("PARSE-05: every mailbox of a field is seen") {
    CHECK(shown("mallory@evil.example, ceo@corp.example") ==
          List{"|mallory|evil.example", "|ceo|corp.example"});
    CHECK(shown("<mallory@evil.example><ceo@corp.example>") ==
          List{"|mallory|evil.example", "|ceo|corp.example"});
    CHECK(shown("<mallory@evil.example> ceo@corp.example") ==
          List{"|mallory|evil.example", "|ceo|corp.example"});
}

TEST_CASE("PARSE-25: a domain in UTF-8 becomes its A-label") {
    CHECK(shown("a@b\xC3\xBC"
                "cher.example") == List{"|a|xn--bcher-kva.example"});
    CHECK(shown("a@\xFF\xFE.example").size() == 1);
}

TEST_CASE("PARSE-27: an encoded comma splits nothing") {
    CHECK(shown("=?iso-8859-1?Q?Last=2C_First?= <x@y.example>") == List{"Last, First|x|y.example"});
    CHECK(shown("=?utf-8?Q?Last,_First?= <x@y.example>") == List{"Last, First|x|y.example"});
    CHECK(shown("=?utf-8?Q?ceo@corp.example?= <x@y.example>") ==
          List{"ceo@corp.example|x|y.example"});
}

TEST_CASE("SEC-14: composition tricks do not hide the address that is used") {
    CHECK(shown("<@relay.example,@b.example:user@evil.example>") == List{"|user|evil.example"});
    CHECK(shown("ceo@corp.example <mallory@evil.example>") ==
          List{"ceo@corp.example|mallory|evil.example"});
    CHECK(shown("\"ceo@corp.example\" <mallory@evil.example>") ==
          List{"ceo@corp.example|mallory|evil.example"});
    CHECK(shown("(ceo@corp.example) mallory@evil.example") ==
          List{"ceo@corp.example|mallory|evil.example"});
    CHECK(shown("=?utf-8?q?ceo=40corp.example?=") ==
          List{"ceo@corp.example|=?utf-8?q?ceo=40corp.example?=|"});
    CHECK(shown("mallory@evil.example\0.corp.example"s) ==
          List{"|mallory|evil.example.corp.example"});
    CHECK(shown("a@b@corp.example") == List{"|a@b|corp.example"});
    CHECK(shown("\"unclosed <mallory@evil.example>") == List{"unclosed|mallory|evil.example"});
    CHECK(shown("x (unclosed <mallory@evil.example>") == List{"x unclosed|mallory|evil.example"});
}

TEST_CASE("the way a name is written is kept") {
    struct Row {
        std::string raw;
        NameForm form;
    };
    const auto row = GENERATE(values<Row>({
        {"a@x.example", NameForm::None},
        {"Anna <a@x.example>", NameForm::Bare},
        {"\"Anna\" <a@x.example>", NameForm::Quoted},
        {"=?utf-8?q?Anna?= <a@x.example>", NameForm::Encoded},
        {"a@x.example (Anna)", NameForm::Comment},
        {"(Anna) <a@x.example>", NameForm::Comment},
        {"\"\" <a@x.example>", NameForm::None},
    }));
    INFO(row.raw);
    const auto list = parse_addresses(row.raw, 10).mailboxes;
    REQUIRE(list.size() == 1);
    CHECK(list[0].form == row.form);
}

TEST_CASE("the bound on addresses holds at the limit and cuts one above") {
    CHECK_FALSE(parse_addresses("a@x.example,b@x.example", 2).cut);
    const AddressList cut = parse_addresses("a@x.example,b@x.example,c@x.example", 2);
    CHECK(cut.cut);
    CHECK(cut.mailboxes.size() == 2);
}

TEST_CASE("PARSE-32: a field of 200,000 addresses is read up to the bound") {
    std::string raw;
    for (int i = 0; i < 200000; ++i) raw += "a@x.example,";
    const AddressList list = parse_addresses(raw, 1000);
    CHECK(list.cut);
    CHECK(list.mailboxes.size() == 1000);
}

TEST_CASE("hostile nesting is read in time") {
    CHECK(parse_addresses(std::string(65536, '('), 10).mailboxes.empty());
    CHECK(parse_addresses(std::string(65536, '"') + "a@x.example", 10).mailboxes.size() == 1);
    CHECK(parse_addresses(std::string(65536, '<') + "a@x.example", 10).mailboxes.size() == 1);
    CHECK(parse_addresses(std::string(65536, '@'), 10).mailboxes.size() <= 10);
}
