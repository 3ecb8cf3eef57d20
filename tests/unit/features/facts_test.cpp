// SPDX-License-Identifier: Apache-2.0
// Payment data and phone numbers: what is found, what only looks like it. The accounts are the
// registry's own examples.
#include "engine/features/facts.hpp"

#include "tests/support/catch.hpp"

namespace {

using namespace kith;
using Found = std::vector<std::string>;

TEST_CASE("an IBAN is found with blanks, without, in lower case, and before more words") {
    CHECK(find_ibans("DE89 3704 0044 0532 0130 00") == Found{"DE89370400440532013000"});
    CHECK(find_ibans("to gb29nwbk60161331926819.") == Found{"GB29NWBK60161331926819"});
    CHECK(find_ibans("IBAN: NO93 8601 1117 947 and then call") == Found{"NO9386011117947"});
}

TEST_CASE("wrong check digits, a wrong length or a foreign country code make no IBAN") {
    CHECK(find_ibans("DE88 3704 0044 0532 0130 00").empty());
    CHECK(find_ibans("DE89 3704 0044 0532 0130").empty());
    CHECK(find_ibans("DE89370400440532013000X").empty());
    CHECK(find_ibans("XDE89370400440532013000").empty());
    CHECK(find_ibans("ZZ89370400440532013000").empty());
    CHECK(find_ibans("see ID12 for further details about the order").empty());
    CHECK(find_ibans("").empty());
}

TEST_CASE("the same account counts once and the limit holds") {
    const std::string two = "DE89370400440532013000 GB29NWBK60161331926819 ";
    CHECK(find_ibans(two + two).size() == 2);
    CHECK(find_ibans(two, 1).size() == 1);
    CHECK(find_ibans(two, 0).empty());
}

TEST_CASE("what is written like an IBAN is found although its check digits are wrong") {
    const auto [text, expected] = GENERATE(table<const char*, const char*>(
        {{"DE88370400440532013000", "DE88370400440532013000"},
         {"pay to DE88 3704 0044 0532 0130 00.", "DE88370400440532013000"},
         {"de88-3704-0044-0532-0130-00", "DE88370400440532013000"},
         {"GB28 NWBK 6016 1331 9268 19", "GB28NWBK60161331926819"},
         {"gb28nwbk60161331926819", "GB28NWBK60161331926819"},
         {"IBAN: NO94 8601 1117 947 and then call", "NO9486011117947"},
         {"DE89 3704 0044 0532 0130", "DE893704004405320130"},  // the last group is missing
         {"DE893704004405320130001", "DE893704004405320130001"}}));
    INFO(text);
    CHECK(find_mistyped_ibans(text) == Found{expected});
}

TEST_CASE("a right IBAN, words and product codes are no mistyped IBANs") {
    const auto* text =
        GENERATE("DE89 3704 0044 0532 0130 00", "to gb29nwbk60161331926819.",
                 "DE89 3704 0044 0532 0130 00 12.03.2026", "DE89 3704 0044 0532 0130 00 51,600 EUR",
                 "see DE12 for further details about the order", "GB28 and more words after it",
                 "AB12 3456 7890 1234 5678", "XDE88370400440532013000", "DE88370400440532013000X",
                 "DE88ABCDE70400440532013000", "DE123456789", "DE12-3456-789", "SE0123-45678-9",
                 "DE88 3704 0044 0532 0130 00 3704 0044 0532 0130", "");
    INFO(text);
    CHECK(find_mistyped_ibans(text).empty());
}

TEST_CASE("mistyped IBANs count once, up to the limit") {
    const std::string two = "DE88370400440532013000; GB28NWBK60161331926819; ";
    CHECK(find_mistyped_ibans(two + two).size() == 2);
    CHECK(find_mistyped_ibans(two, 1).size() == 1);
    CHECK(find_mistyped_ibans(two, 0).empty());
}

TEST_CASE("a sum of money is a number of three digits or more beside a currency") {
    const auto* text = GENERATE("51,600 EUR", "transfer USD 77000 today", "$85500",
                                "\xE2\x82\xAC 1.250,00", "4900 euros", "EUR 100", "900\xE2\x82\xAC",
                                "\xC2\xA3 1'250", "12,500.00 dollars", "the 2,000 pounds",
                                "$999.99", "in one go: 12.500,00 Franken.", "7 items, 850 CHF");
    INFO(text);
    CHECK(names_amount(text));
}

TEST_CASE("other numbers and currencies alone are no sums of money") {
    const auto* text =
        GENERATE("$1", "$HOME", "100 %", "EUR", "12 EUR", "EUR 99.99", "version 10.2.345",
                 "2026-03-01", "01.03.2026 10:30", "1000 neurons", "euro", "EUR-1000 x",
                 "order 51600", "$ and then 500", "1000  EUR", "500 eurobonds", "neuro 500", "");
    INFO(text);
    CHECK_FALSE(names_amount(text));
}

TEST_CASE("wallets are known by their form and checksum") {
    CHECK(find_wallets("send to 0x52908400098527886E0F7030069857D2E4169EE7 now") ==
          Found{"0x52908400098527886E0F7030069857D2E4169EE7"});
    CHECK(find_wallets("(bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4)") ==
          Found{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"});
    CHECK(find_wallets("1BoatSLRHtKNngkdXEeobR76b53LETtpyT") ==
          Found{"1BoatSLRHtKNngkdXEeobR76b53LETtpyT"});
    CHECK(find_wallets("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0").size() ==
          1);
}

TEST_CASE("commit ids, words and long numbers are no wallets") {
    CHECK(find_wallets("0x52908400098527886E0F7030069857D2E4169EE").empty());
    CHECK(find_wallets("3f786850e387550fdab836ed7e6dc881de23001b").empty());
    CHECK(find_wallets("123456789012345678901234567890").empty());
    CHECK(find_wallets("1BoatSLRHtKNngkdXEeobR76b53LETtpyU").empty());
    CHECK(find_wallets("documents/1QaZwSxEdCrFvTgByHnUjMkLpQaZ/edit").empty());
    CHECK(find_wallets("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5").empty());
    CHECK(find_wallets("").empty());
}

TEST_CASE("a BIC and an account number are found by the word before them") {
    const auto [text, expected] = GENERATE(
        table<const char*, const char*>({{"BIC: DEUTDEFF500", "DEUTDEFF"},
                                         {"SWIFT/BIC DEUTDEFF", "DEUTDEFF"},
                                         {"Swift code: NWBKGB2L.", "NWBKGB2L"},
                                         {"account number: 31926819", "31926819"},
                                         {"Bank account 3192 6819", "31926819"},
                                         {"sort code 60-16-13 and", "601613"},
                                         {"Kontonummer 0532013000", "0532013000"},
                                         {"BLZ 370 400 44", "37040044"},
                                         {"n\xC3\xBAmero de cuenta 1234567890", "1234567890"},
                                         {"Numer rachunku: 12345678", "12345678"}}));
    CHECK(find_accounts(text) == Found{expected});
}

TEST_CASE("other numbers and words are no accounts") {
    const auto* text =
        GENERATE("DEUTDEFF500", "swift customer service", "BIC is unknown", "account 2026-03-02",
                 "your account was opened on 01.02.2026", "account number 12345",
                 "account number 1234567890123456789", "order number 31926819",
                 "account no. 31926819x", "accountant number 31926819", "");
    INFO(text);
    CHECK(find_accounts(text).empty());
}

TEST_CASE("accounts count once, up to the limit, in time proportional to the text") {
    std::string text;
    for (int i = 0; i < 40; ++i) text += "account number " + std::to_string(1000000 + i) + "; ";
    CHECK(find_accounts(text + text, 100).size() == 40);
    CHECK(find_accounts(text).size() == 16);
    CHECK(find_accounts(text, 0).empty());
    std::string hostile;
    for (int i = 0; i < 30000; ++i) hostile += "account number bic swift ";
    CHECK(find_accounts(hostile).empty());
    CHECK(find_accounts(std::string(300000, 'a')).empty());
    CHECK(find_accounts(std::string(300000, '\xC3')).empty());
}

TEST_CASE("phone numbers are found as people write them") {
    const auto [text, expected] =
        GENERATE(table<const char*, const char*>({{"call +44 20 7946 0123 today", "442079460123"},
                                                  {"Tel. 030 / 1234567", "0301234567"},
                                                  {"(555) 010-1234", "5550101234"},
                                                  {"our line 1-800-555-0199.", "18005550199"},
                                                  {"800.555.0199", "8005550199"}}));
    CHECK(find_phones(text) == Found{expected});
}

TEST_CASE("dates, times, amounts and versions are no phone numbers") {
    const auto* text =
        GENERATE("on 01/02/2026 10:30", "01.02.2026", "09.00-10.30", "0123456789",
                 "part 0123456789 of many", "EUR 10.000.000", "10.0.0.12345678",
                 "order 800-555-01999", "+1234567", "DE89 3704 0044 0532 0130 00", "");
    CHECK(find_phones(text).empty());
}

TEST_CASE("eight to fifteen digits make a number") {
    CHECK(find_phones("+1234567").empty());
    CHECK(find_phones("+12345678") == Found{"12345678"});
    CHECK(find_phones("+123456789012345") == Found{"123456789012345"});
    CHECK(find_phones("+1234567890123456").empty());
}

TEST_CASE("a fact is found wherever in a text it stands") {
    for (std::size_t before = 0; before <= 70; ++before) {
        CAPTURE(before);
        // Any position within the blocks that are searched for digits at once; with letters around.
        const std::string words = std::string(before, ' ') + "see ";
        const std::string more = " , and so on and so on and so on and so on";
        CHECK(find_ibans(words + "DE89370400440532013000" + more) ==
              Found{"DE89370400440532013000"});
        CHECK(find_mistyped_ibans(words + "DE88370400440532013000" + more) ==
              Found{"DE88370400440532013000"});
        CHECK(find_wallets(words + "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq" + more).size() ==
              1);
        CHECK(find_wallets(words + "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2" + more).size() == 1);
        CHECK(find_phones(words + "( 030) 1234567" + more) == Found{"0301234567"});
        CHECK(find_phones(words + "+49 30 1234567" + more) == Found{"49301234567"});
        CHECK(find_accounts(words + "Account number 12345678" + more) == Found{"12345678"});
        CHECK(find_accounts(words + "SWIFT: DEUTDEFF" + more) == Found{"DEUTDEFF"});
        CHECK(names_amount(words + "EUR 51,600.00" + more));
    }
}

TEST_CASE("hostile text costs time in proportion to its length") {
    std::string text;
    for (int i = 0; i < 20000; ++i) text += "DE89 3704 +49 0(0 ";
    CHECK(find_ibans(text).empty());
    CHECK(find_phones(std::string(300000, '0')).empty());
    CHECK(find_wallets(std::string(300000, '1')).empty());
    CHECK(find_phones(text).size() <= 16);
    CHECK(find_mistyped_ibans(text).empty());
    CHECK(find_mistyped_ibans(std::string(300000, '0')).empty());
    std::string groups = "DE88";
    for (int i = 0; i < 60000; ++i) groups += " 3704";
    CHECK(find_mistyped_ibans(groups).empty());
    CHECK_FALSE(names_amount(std::string(300000, '0')));
    std::string commas;
    for (int i = 0; i < 60000; ++i) commas += "1,000";
    CHECK_FALSE(names_amount(commas));
    CHECK(names_amount(commas + " EUR"));
}

}  // namespace
