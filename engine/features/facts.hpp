// SPDX-License-Identifier: Apache-2.0
// Payment and contact data in text: found, checked, normalised; the caller keeps keyed hashes only.
// Covered by tests/unit/features/facts_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kith {

/// IBANs of their country's length that pass ISO 13616's check digits, upper case without blanks.
/// At most `limit`.
[[nodiscard]] std::vector<std::string> find_ibans(std::string_view text, std::size_t limit = 16);
/// What is written like an IBAN of a country that has them, and fails the check. At most `limit`.
[[nodiscard]] std::vector<std::string> find_mistyped_ibans(std::string_view text,
                                                           std::size_t limit = 16);
/// Does the text name a sum of money of three digits or more: a number beside a currency?
[[nodiscard]] bool names_amount(std::string_view text);
/// Bitcoin (bech32 or base58 form) and Ethereum addresses by their form. At most `limit`.
[[nodiscard]] std::vector<std::string> find_wallets(std::string_view text, std::size_t limit = 16);
/// Bank accounts that are no IBANs, by the word before them: "SWIFT/BIC: DEUTDEFF500", "account
/// no. 12345678", "sort code 12-34-56", in the vocabulary's languages. Upper case without
/// punctuation. At most `limit`.
[[nodiscard]] std::vector<std::string> find_accounts(std::string_view text, std::size_t limit = 16);
/// Phone numbers of 8 to 15 digits written as such (leading + or 0, in brackets, or 800-555-0199),
/// digits only; dates are none. At most `limit`.
[[nodiscard]] std::vector<std::string> find_phones(std::string_view text, std::size_t limit = 16);

}  // namespace kith
