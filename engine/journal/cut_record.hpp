// SPDX-License-Identifier: Apache-2.0
// Taking an address out of an encoded record where it lies: the bytes stay as many, and all else in
// them stays as it was written, also what another version of kith wrote and this one would not.
// Encoded anew an older record may need more room than it has. REQUIRES:
// the bytes decode, which bounds what is in them. Corrupt for bytes that are no such record.
// Covered by tests/unit/journal/cut_record_test.cpp, tests/golden/formats.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/base/hash.hpp"
#include "engine/base/result.hpp"

namespace kith {

/// True for the address that goes.
using IsAddress = std::function<bool(const std::string&)>;
/// A text without the address: not longer than it was.
using WithoutAddress = std::function<std::string(const std::string&)>;

struct RecipientCut {
    IsAddress is_address;
    Key16 key;                   ///< its hash
    std::uint64_t rcpt_set = 0;  ///< Observations::rcpt_set of those that are left
    WithoutAddress without;
};
/// A MailRecord without a recipient; subject, reasons and what would have passed are put through
/// `without`.
[[nodiscard]] Result<std::string> cut_mail_record(std::string_view payload,
                                                  const RecipientCut& cut);

/// An AdminRecord whose reason was put through `without`.
[[nodiscard]] Result<std::string> cut_admin_record(std::string_view payload,
                                                   const WithoutAddress& without);

/// An AccountEvent that sends no mail on to the address; detail, mailboxes, folders and the rule's
/// name are put through `without`.
[[nodiscard]] Result<std::string> cut_account_event(std::string_view payload,
                                                    const IsAddress& is_address,
                                                    const WithoutAddress& without);

}  // namespace kith
