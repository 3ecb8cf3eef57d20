// SPDX-License-Identifier: Apache-2.0
// Mailboxes of From, To and their like (RFC 5322, section 3.4 with its obsolete forms), tokenised
// on the raw bytes and decoded afterwards, so that an encoded comma splits nothing. Lenient as mail
// programs are: whatever of the field some program may show as an address is in the list. Covered
// by tests/unit/message/addresses_test.cpp.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "engine/message/message.hpp"

namespace kith::mail {

struct AddressList {
    std::vector<Mailbox> mailboxes;
    bool cut = false;  ///< there were more than the bound
};

/// Every mailbox of a field body, group members included, at most `max_addresses`. Total; O(size).
[[nodiscard]] AddressList parse_addresses(std::string_view raw, std::size_t max_addresses);

}  // namespace kith::mail
