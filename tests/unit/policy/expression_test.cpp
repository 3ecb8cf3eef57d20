// SPDX-License-Identifier: Apache-2.0
#include "engine/policy/expression.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/policy/policy_case.hpp"

using namespace kith;
using test::JudgedMail;

namespace {
std::string error_of(std::string_view text) {
    const auto e = Expression::parse(text);
    return e ? "" : e.error().what;
}
}  // namespace

TEST_CASE("and binds stronger than or, not strongest; brackets change that") {
    const JudgedMail mail;
    CHECK(mail.fits("ready or retried and automatic"));
    CHECK_FALSE(mail.fits("(ready or retried) and automatic"));
    CHECK(mail.fits("not retried and ready"));
    CHECK_FALSE(mail.fits("not (not retried and ready)"));
    CHECK(mail.fits("not not ready"));
}

TEST_CASE("numbers are compared in every way, also with other metrics") {
    const JudgedMail mail;
    CHECK(
        mail.fits("score=52 and score!=51 and score<53 and score<=52 and score>51 and score>=52"));
    CHECK_FALSE(mail.fits("score < 52"));
    CHECK_FALSE(mail.fits("score > 52"));
    CHECK(mail.fits("rate <= budget.tags and rate > budget.holds"));
    CHECK(mail.fits("score > -1e3"));
}

TEST_CASE("texts are compared whole, without case, by patterns and lists") {
    const JudgedMail mail;
    CHECK(mail.fits("from = ANNA@sales.partner.example"));
    CHECK_FALSE(mail.fits("from = anna"));
    CHECK(mail.fits("from = anna@*"));
    CHECK(mail.fits("from.domain in (other.example, *.partner.example)"));
    CHECK_FALSE(mail.fits("from.domain in (partner.example)"));
    CHECK(mail.fits("from.domain != partner.example"));
    CHECK(mail.fits("from.name = \"anna ?artner\""));
}

TEST_CASE("several texts: one that fits is enough, and != means that none does") {
    const JudgedMail mail;
    CHECK(mail.fits("rcpt = ben@site.example"));
    CHECK(mail.fits("rcpt != carl@site.example"));
    CHECK_FALSE(mail.fits("rcpt != ben@site.example"));
}

TEST_CASE("a group stands for its entries") {
    const JudgedMail mail;
    const PolicyGroups groups{{"money", {"Finance@site.example", "*@pay.example"}}};
    CHECK(mail.fits("rcpt in (x@y.example, group.money)", groups));
    CHECK_FALSE(mail.fits("from in group.money", groups));
    CHECK(Expression::parse("rcpt in group.mony", groups).error().what.find("group.money") !=
          std::string::npos);
}

TEST_CASE("what is not well formed is told at its place") {
    CHECK(error_of("") == "condition is empty");
    CHECK(error_of("scor > 3") ==
          "condition, character 1, at \"scor\": unknown metric; did you mean score?");
    CHECK(error_of("score > ") == "condition, character 9, at the end: a value is missing");
    CHECK(error_of("score 3").find("score is a number: a comparison must follow") !=
          std::string::npos);
    CHECK(error_of("score > many").find("expected a number") != std::string::npos);
    CHECK(error_of("ready = 1").find("yes or no is not compared") != std::string::npos);
    CHECK(error_of("from > a").find("only numbers") != std::string::npos);
    CHECK(error_of("score in (1, 2)").find("\"in\" is for texts") != std::string::npos);
    CHECK(error_of("(ready").find("closing bracket") != std::string::npos);
    CHECK(error_of("ready ready").find("\"and\" or \"or\" is missing") != std::string::npos);
    CHECK(error_of("from = \"a").find("a quote is not closed") != std::string::npos);
    CHECK(error_of("score > nan").find("expected a number") != std::string::npos);
    CHECK(error_of("score > 1e999").find("expected a number") != std::string::npos);
    CHECK(error_of("ready and \x1b[31m").find('\x1b') == std::string::npos);
    CHECK(error_of("from = \xff") == "condition is not UTF-8");
}

TEST_CASE("a value that a metric never has is refused, with the nearest it has") {
    CHECK(error_of("ready and wants = lnk") ==
          "condition, character 19, at \"lnk\": wants is never lnk; did you mean link?");
    CHECK(error_of("direction != outgoing") ==
          "condition, character 14, at \"outgoing\": direction is never outgoing; it is inbound, "
          "outbound, internal");
    CHECK(error_of("kind in (person, newsleter)").find("did you mean newsletter?") !=
          std::string::npos);
    CHECK(error_of("kind = \"\"").find("kind is never empty; it is person, newsletter, list") !=
          std::string::npos);
    CHECK(error_of("kind = auto_*").find("kind is never auto_*") != std::string::npos);
    CHECK(error_of("kind = AUTO-* or wants in (Link, identity) or kind != *").empty());
    const PolicyGroups groups{{"kinds", {"person", "tiket"}}};
    CHECK(Expression::parse("kind in group.kinds", groups).error().what ==
          "condition, character 9, at \"group.kinds\": kind is never tiket; did you mean ticket?");
    const auto of_accounts = [](std::string_view text) {
        return Expression::parse(text, {}, PolicySubject::Accounts);
    };
    CHECK(of_accounts("kind = loginn").error().what ==
          "condition, character 8, at \"loginn\": kind is never loginn; did you mean login?");
    CHECK(of_accounts("kind = mail or kind = rule-*"));
    CHECK(of_accounts("service = whatever"));
}

TEST_CASE("length, depth, conditions and values are bounded, at the limit and beyond") {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '(') + "ready" + std::string(depth, ')');
    };
    CHECK(error_of(nested(Expression::kMaxDepth - 3)).empty());
    CHECK(error_of(nested(Expression::kMaxDepth - 2)).find("nested deeper") != std::string::npos);
    const auto many = [](std::size_t n) {
        std::string out = "ready";
        for (std::size_t i = 1; i < n; ++i) out += " or ready";
        return out;
    };
    CHECK(error_of(many(Expression::kMaxNodes)).empty());
    CHECK(error_of(many(Expression::kMaxNodes + 1)).find("more than 512 conditions") !=
          std::string::npos);
    CHECK(error_of("from = " + std::string(Expression::kMaxPattern, 'a')).empty());
    CHECK(error_of("from = " + std::string(Expression::kMaxPattern + 1, 'a'))
              .find("longer than 256") != std::string::npos);
    CHECK(error_of("ready" + std::string(Expression::kMaxLength - 5, ' ')).empty());
    CHECK(
        error_of("ready" + std::string(Expression::kMaxLength - 4, ' ')).find("longer than 8192") !=
        std::string::npos);
}

TEST_CASE("a pattern of stars is no trap for time") {
    std::string pattern;
    for (int i = 0; i < 120; ++i) pattern += "*a";
    CHECK_FALSE(matches_pattern(std::string(100000, 'a') + "b", pattern));
    CHECK(matches_pattern(std::string(100000, 'a'), pattern));
}

TEST_CASE("patterns match the whole text") {
    CHECK(matches_pattern("", ""));
    CHECK(matches_pattern("", "*"));
    CHECK(matches_pattern("abc", "a*c"));
    CHECK(matches_pattern("abc", "a?c"));
    CHECK_FALSE(matches_pattern("abc", "a?"));
    CHECK_FALSE(matches_pattern("abc", "b*"));
    CHECK(matches_pattern("xaxbx", "*a*b*"));
}

TEST_CASE("findings tell each comparison with what the mail has") {
    const JudgedMail mail;
    const auto e = Expression::parse("score >= 60 and (asks.payee or rcpt = x@y.example)");
    REQUIRE(e);
    const auto found = e->findings(mail.view());
    REQUIRE(found.size() == 3);
    CHECK(found[0].condition == "score >= 60");
    CHECK(found[0].is == "52");
    CHECK_FALSE(found[0].holds);
    CHECK(found[1].condition == "asks.payee");
    CHECK(found[1].is == "yes");
    CHECK(found[2].is == "ben@site.example, finance@site.example");
}
