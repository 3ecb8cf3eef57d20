// SPDX-License-Identifier: Apache-2.0
#include "engine/message/text_lines.hpp"

#include <string>

#include "engine/base/text.hpp"
#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;

namespace {

/// One letter a line: O own, Q quoted, A attribution, S signature, P patch.
std::string roles(std::string_view text) {
    DefectSet defects;
    std::vector<TextLine> lines = split_lines(text, {}, {}, defects);
    assign_roles(lines);
    std::string out;
    for (const TextLine& line : lines) out += "OQASP"[static_cast<int>(line.role)];
    return out;
}

}  // namespace

TEST_CASE("marked quotes, their introduction and the signature are told from own text") {
    struct Row {
        std::string text, roles;
    };
    const auto row = GENERATE(values<Row>({
        {"Hello\nBye\n", "OO"},
        {"On Mon, 2 Mar 2026, A wrote:\n> old\nmine\n> old\n", "AQOQ"},
        {"On Mon, 2 Mar 2026, Anna Berg\n<anna@x.example> wrote:\n> old\n", "AAQ"},
        {"On Mon, 2 Mar 2026, A wrote:\n\n> old\n", "AOQ"},
        {"Anna Berg <a@x.example> wrote:\n> old\n", "AQ"},
        {"mine\n-- \nAnna\nTel 1\n", "OSSS"},
        {"mine\n-- \nAnna\n> late quote\nmine\n", "OSSQO"},
        {"mine\n--\nAnna\n", "OSS"},
        {"mine\n--- a/file\n+++ b/file\n", "OPP"},
        {"mine\n--- a/file\nmine\n", "OOO"},
        {"mine\n____________________\nlist footer\n", "OSS"},
        {">> deep\n>quoted\n", "QQ"},
    }));
    INFO(row.text);
    CHECK(roles(row.text) == row.roles);
}

TEST_CASE("a unified diff is a patch, no further than its own counts reach") {
    struct Row {
        std::string text, roles;
    };
    const auto row = GENERATE(values<Row>({
        {"why\n---\ndiff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@ f()\n"
         " a\n-b\n+c\nmine\n",
         "OOPPPPPPPPO"},
        {"@@ -1 +1 @@\n-b\n+c\n+mine\n", "PPPO"},
        {"@@ -0,0 +1,2 @@\n+c\nmine\n", "PPO"},
        {"@@ -1,99999999 +1,99999999 @@\nmine\n", "PO"},
        {"@@ -1,999999999999 +1 @@\nmine\n", "OO"},
        {"@@ see below @@\n+49 30 1234567\n", "OO"},
        {"index of all orders\nnew mode of payment\n", "OO"},
        {"Index: x\nnew file mode 100644\nnew mode of payment\n", "PPP"},
        {"> diff --git a/x b/x\n> index\n", "QQ"},
        {"@@ -1,3 +1,3 @@\n a\n\n b\n-- \n2.39\n", "PPPPSS"},
    }));
    INFO(row.text);
    CHECK(roles(row.text) == row.roles);
}

TEST_CASE("a sentence that only sounds like an introduction stays own text") {
    CHECK(roles("As John wrote:\nwe go on\n") == "OO");
    CHECK(roles("On Monday we meet.\nOn Tuesday too:\nfirst\n") == "OOO");
    CHECK(roles("From: the kitchen\nTo: the garden\nmine\n") == "OOO");
    CHECK(roles("-- not a signature\nmine\n") == "OO");
}

TEST_CASE("an introduction without marks behind it makes the rest quoted") {
    CHECK(roles("mine\nOn 2 Mar 2026 at 09:15, A <a@x.example> wrote:\nold\nold\n") == "OAQQ");
}

TEST_CASE("introductions are known in eight languages") {
    const auto line = GENERATE(values<std::string>({
        "On 2 Mar 2026 at 09:15, A <a@x.example> wrote:",
        "Am 02.03.2026 um 09:15 schrieb A <a@x.example>:",
        "Le 2 mars 2026 \xC3\xA0 09:15, A <a@x.example> a \xC3\xA9"
        "crit :",
        "El 2 mar 2026, a las 09:15, A <a@x.example> escribi\xC3\xB3:",
        "Il giorno 2 mar 2026, alle 09:15, A <a@x.example> ha scritto:",
        "Op 2 mrt. 2026 om 09:15 schreef A <a@x.example>:",
        "W dniu 2.03.2026 o 09:15, A pisze:",
        "Em 2 de mar. de 2026, A <a@x.example> escreveu:",
    }));
    INFO(line);
    CHECK(roles("mine\n" + line + "\n> old\n") == "OAQ");
    CHECK(roles("mine\n" + line + "\nold\n") == "OAQ");
}

TEST_CASE("separators are known in eight languages, and all behind them is quoted") {
    const auto line = GENERATE(values<std::string>({
        "-----Original Message-----",
        "-------- Forwarded Message --------",
        "---------- Forwarded message ---------",
        "-----Urspr\xC3\xBCngliche Nachricht-----",
        "-------- Weitergeleitete Nachricht --------",
        "-----Message d'origine-----",
        "-----Mensaje original-----",
        "-----Messaggio originale-----",
        "-----Oorspronkelijk bericht-----",
        "-----Oryginalna wiadomo\xC5\x9B\xC4\x87-----",
        "-----Mensagem original-----",
        "Begin forwarded message:",
    }));
    INFO(line);
    CHECK(roles("mine\n" + line + "\nold\nold\n") == "OAQQ");
}

TEST_CASE("a copied header in eight languages makes the rest quoted") {
    struct Row {
        std::string from, sent, to;
    };
    const auto row = GENERATE(values<Row>({
        {"From: A", "Sent: Monday", "To: B"},
        {"*From:* A", "*Sent:* Monday", "*To:* B"},
        {"Von: A", "Gesendet: Montag", "An: B"},
        {"De : A", "Envoy\xC3\xA9 : lundi", "\xC3\x80 : B"},
        {"De: A", "Enviado: lunes", "Para: B"},
        {"Da: A", "Inviato: luned\xC3\xAC", "A: B"},
        {"Van: A", "Verzonden: maandag", "Aan: B"},
        {"Od: A",
         "Wys\xC5\x82"
         "ano: poniedzia\xC5\x82"
         "ek",
         "Do: B"},
        {"De: A", "Enviada: segunda", "Para: B"},
    }));
    INFO(row.from);
    CHECK(roles("mine\n" + row.from + "\n" + row.sent + "\n" + row.to + "\n\nold\n") == "OAAAQQ");
}

TEST_CASE("Outlook's rule above a copied header is no signature") {
    CHECK(roles("mine\n________________________________\nFrom: A\nSent: Monday\nTo: B\n\nold\n") ==
          "OAAAAQQ");
}

TEST_CASE("a mail that says nothing above the old mail says what stands there") {
    const std::string introduction = "On Mon, 2 March 2026, Ann wrote:\n";
    CHECK(roles(introduction + "\nplease pay\n") == "AOO");
    CHECK(roles("\nDear Ms Ann Example,\n\n" + introduction + "please pay\n") == "OOOAO");
    CHECK(roles("Dear Ms Ann B Example,\n" + introduction + "please pay\n") == "OAQ");
    CHECK(roles("Thanks!\n" + introduction + "please pay\n") == "OAQ");
    CHECK(roles("\xEF\xBB\xBF" + introduction + "please pay\n") == "AO");
    // What is marked as quoted stays so, and a signature says nothing.
    CHECK(roles(introduction + "please pay\n> old\n") == "AOQ");
    CHECK(roles("-- \nlong signature of five words\n" + introduction + "please pay\n") == "SSAO");
    CHECK(roles("-----Original Message-----\nFrom: A\nSent: Monday\nTo: B\n\nplease pay\n") ==
          "AAAAOO");
    CHECK(roles("From: A\nSent: Monday\nTo: B\n\nplease pay\n") == "AAAOO");
    // The second introduction has something of the sender's above it.
    CHECK(roles(introduction + "please pay that now\n\n" + introduction + "older\n") == "AOOAQ");
}

TEST_CASE("what mark-up said of a line stays") {
    std::vector<TextLine> lines{
        {"mine", LineRole::Own}, {"old", LineRole::Quoted}, {"mine", LineRole::Own}};
    assign_roles(lines);
    CHECK(lines[1].role == LineRole::Quoted);
    CHECK(lines[2].role == LineRole::Own);
}

TEST_CASE("flowed paragraphs are joined within one depth of quoting") {
    DefectSet defects;
    const auto joined = [&](std::string_view text, Flow flow) {
        std::string out;
        for (const TextLine& line : split_lines(text, flow, {}, defects)) out += line.text + "|";
        return out;
    };
    CHECK(joined("a \nb\nc\n", {true, false}) == "a b|c|");
    CHECK(joined("a \nb\n", {true, true}) == "ab|");
    CHECK(joined("> a \n> b\n>> c\n", {true, false}) == "> a b|>> c|");
    CHECK(joined("a \n-- \nsig\n", {true, false}) == "a |-- |sig|");
    CHECK(joined(" >stuffed\n", {true, false}) == ">stuffed|");
    CHECK(joined("a \r\nb\r\n", {false, false}) == "a |b|");
}

TEST_CASE("the bounds on lines and text hold at the limit and cut one above") {
    ParseOptions options;
    options.max_lines = 2;
    DefectSet fits;
    CHECK(split_lines("a\nb\n", {}, options, fits).size() == 2);
    CHECK_FALSE(fits.has(Defect::TextCut));
    DefectSet cut;
    CHECK(split_lines("a\nb\nc\n", {}, options, cut).size() == 2);
    CHECK(cut.has(Defect::TextCut));
    options.max_lines = 10;
    options.max_text_bytes = 4;
    DefectSet text_fits;
    CHECK(split_lines("abcd", {}, options, text_fits).front().text == "abcd");
    CHECK_FALSE(text_fits.has(Defect::TextCut));
    DefectSet text_cut;
    CHECK(split_lines("abcde", {}, options, text_cut).front().text == "abcd");
    CHECK(text_cut.has(Defect::TextCut));
}
