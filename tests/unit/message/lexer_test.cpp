// SPDX-License-Identifier: Apache-2.0
#include "engine/message/lexer.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace kith::mail;

namespace {

/// Tokens as text: words plain, quoted in "", comments in (), specials in ''.
std::string shown(std::string_view input, std::string_view specials) {
    Lexer lexer(input, specials);
    std::string out;
    while (const auto token = lexer.next()) {
        if (!out.empty()) out += token->space_before ? " " : "+";
        switch (token->kind) {
            case TokenKind::Word:
                out += token->text;
                break;
            case TokenKind::Quoted:
                out += '"' + token->text + '"';
                break;
            case TokenKind::Comment:
                out += '(' + token->text + ')';
                break;
            case TokenKind::Special:
                out += '\'' + token->text + '\'';
                break;
        }
    }
    if (lexer.broken()) out += " BROKEN";
    return out;
}

}  // namespace

TEST_CASE("a structured field falls into words, quoted strings, comments and specials") {
    struct Row {
        std::string input, specials, expected;
    };
    const auto row = GENERATE(values<Row>({
        {"a b", "", "a b"},
        {"a;b", ";", "a+';'+b"},
        {"a;b", "", "a;b"},
        {R"("q \" \\ x"y)", "", R"("q " \ x"+y)"},
        {"(a (b) \\) c) d", "", "(a (b) ) c) d"},
        {"a\r\n\tb", "", "a b"},
        {"\"open a", "", "open a BROKEN"},
        {"(open a", "", "open a BROKEN"},
        {"=?utf-8?q?a,b?=,c", ",", "=?utf-8?q?a,b?=+','+c"},
        {"x=?utf-8?q?a?=", "", "x+=?utf-8?q?a?="},
    }));
    INFO(row.input);
    CHECK(shown(row.input, row.specials) == row.expected);
}
