// SPDX-License-Identifier: Apache-2.0
// The alphabet of requests: how phrases match, and that the shipped vocabulary knows the situations
// it was written for.
#include "engine/features/asks.hpp"

#include <set>

#include "engine/features/words.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;

std::uint32_t match(const AskVocabulary& vocabulary, std::string_view text) {
    const auto words = words_of(text, 400);
    return vocabulary.match({words.begin(), words.end()});
}

std::uint32_t asked(std::string_view text) { return match(builtin_asks(), text); }

TEST_CASE("a phrase matches whole words in order") {
    AskVocabulary v;
    REQUIRE(v.add(Ask::Call, "Call me").has_value());
    CHECK(match(v, "please CALL me, soon") == bit(Ask::Call));
    CHECK(match(v, "call") == 0);
    CHECK(match(v, "me call") == 0);
    CHECK(match(v, "recall me") == 0);
    CHECK(match(v, "call men") == 0);
    CHECK(match(v, "") == 0);
}

TEST_CASE("a star matches any ending of its word and no other") {
    AskVocabulary v;
    REQUIRE(v.add(Ask::Open, "see attach*").has_value());
    REQUIRE(v.add(Ask::Hurry, "urg*").has_value());
    CHECK(match(v, "see attachment") == bit(Ask::Open));
    CHECK(match(v, "see attach") == bit(Ask::Open));
    CHECK(match(v, "sees attachment") == 0);
    CHECK(match(v, "urgently, see attached") == (bit(Ask::Open) | bit(Ask::Hurry)));
}

TEST_CASE("phrases have one to six words, and a leading star needs three letters") {
    AskVocabulary v;
    CHECK(v.add(Ask::Pay, "one two three four five six").has_value());
    CHECK_FALSE(v.add(Ask::Pay, "one two three four five six seven").has_value());
    CHECK_FALSE(v.add(Ask::Pay, "").has_value());
    CHECK_FALSE(v.add(Ask::Pay, "a").has_value());
    CHECK_FALSE(v.add(Ask::Pay, "ab*").has_value());
    CHECK_FALSE(v.add(Ask::Pay, "one-time").has_value());
    CHECK_FALSE(v.add(Ask::Pay, "two  blanks").has_value());
    CHECK(v.add(Ask::Pay, "abc*").has_value());
    CHECK(v.size() == 2);
}

TEST_CASE("names of asks and their bits belong together") {
    std::set<std::string_view> names;
    for (unsigned i = 0; i < static_cast<unsigned>(Ask::kCount); ++i) {
        const auto ask = static_cast<Ask>(i);
        CHECK(ask_named(to_string(ask)) == ask);
        CHECK(names.insert(to_string(ask)).second);
    }
    CHECK(to_string(Ask::Payee) == "payee");
    CHECK(to_string(Ask::Amount) == "amount");
    CHECK(request_text(Ask::Amount) == "deal with a sum of money");
    CHECK(ask_named("nonsense") == Ask::kCount);
    CHECK(to_string(Ask::kCount) == "?");
}

TEST_CASE("the shipped vocabulary has every ask in every language's measure") {
    // 25 in English and 12 in each of seven other languages, times twenty asks.
    CHECK(builtin_asks().size() >= 20 * (25 + 7 * 12));
}

TEST_CASE("each situation is heard, in several languages") {
    const auto [text, ask] = GENERATE(table<const char*, Ask>({
        {"You can find it here: click the link", Ask::Click},
        {"Please find attached the minutes", Ask::Open},
        {"Sign in to keep your mailbox", Ask::Login},
        {"Could you sign the NDA by Friday?", Ask::Document},
        {"Ann shared a folder with you", Ask::Shared},
        {"We need to process the payment", Ask::Pay},
        {"Our bank details have changed", Ask::Payee},
        {"I need some gift cards for clients", Ask::Voucher},
        {"Text me your cell number", Ask::Call},
        {"Are you at your desk?", Ask::Favour},
        {"Keep this between us", Ask::Secret},
        {"It is urgent", Ask::Hurry},
        {"Kindly confirm receipt", Ask::Confirm},
        {"Your account will be suspended", Ask::Expire},
        {"You are entitled to a refund", Ask::Prize},
        {"Send me the verification code", Ask::Code},
        {"Download and install the viewer", Ask::Install},
        {"Let me know what you think", Ask::Reply},
        {"Kindly help", Ask::Please},
        {"Manage your preferences", Ask::Unsubscribe},
        {"Unsere Bankverbindung hat sich geändert", Ask::Payee},
        {"Bitte überweisen Sie den Betrag", Ask::Pay},
        {"Vous trouverez ci-joint le document", Ask::Open},
        {"Restez discret, c'est entre nous", Ask::Secret},
        {"Necesito que compres tarjetas de regalo", Ask::Voucher},
        {"Le nuove coordinate bancarie sono qui", Ask::Payee},
        {"Uw wachtwoord verloopt vandaag", Ask::Expire},
        {"Proszę podać kod jednorazowy", Ask::Code},
        {"Seu acesso será bloqueado", Ask::Expire},
    }));
    INFO(text);
    CHECK((asked(text) & bit(ask)) != 0);
}

TEST_CASE("a mail that asks for nothing is heard to ask for nothing") {
    CHECK(asked("The meeting went well and everybody enjoyed the cake.") == 0);
    CHECK(asked("Das Treffen war schön und der Kuchen schmeckte allen.") == 0);
    CHECK(asked("") == 0);
}

TEST_CASE("every ask is a binary feature of its own") {
    const auto [id, ask] = GENERATE(table<FeatureId, Ask>(
        {{FeatureId::ask_click, Ask::Click},     {FeatureId::ask_open, Ask::Open},
         {FeatureId::ask_login, Ask::Login},     {FeatureId::ask_document, Ask::Document},
         {FeatureId::ask_shared, Ask::Shared},   {FeatureId::ask_pay, Ask::Pay},
         {FeatureId::ask_payee, Ask::Payee},     {FeatureId::ask_voucher, Ask::Voucher},
         {FeatureId::ask_call, Ask::Call},       {FeatureId::ask_favour, Ask::Favour},
         {FeatureId::ask_secret, Ask::Secret},   {FeatureId::ask_hurry, Ask::Hurry},
         {FeatureId::ask_confirm, Ask::Confirm}, {FeatureId::ask_expire, Ask::Expire},
         {FeatureId::ask_prize, Ask::Prize},     {FeatureId::ask_code, Ask::Code},
         {FeatureId::ask_install, Ask::Install}, {FeatureId::ask_reply, Ask::Reply},
         {FeatureId::ask_please, Ask::Please},   {FeatureId::ask_unsubscribe, Ask::Unsubscribe},
         {FeatureId::ask_amount, Ask::Amount}}));
    test::Look look;
    look.observations.asks = bit(ask);
    CHECK(test::see(id, look) == "yes");
    look.observations.asks = ~bit(ask);
    CHECK(test::see(id, look) == "no");
}

}  // namespace
