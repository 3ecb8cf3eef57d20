// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as an address field: bounded, valid UTF-8, and a mailbox written out is read as
// the same address.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/base/text.hpp"
#include "engine/message/addresses.hpp"
#include "engine/message/domain.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view field(reinterpret_cast<const char*>(bytes), size);
    const kith::mail::AddressList list = kith::mail::parse_addresses(field, 8);
    if (list.mailboxes.size() > 8) std::abort();
    for (const kith::Mailbox& box : list.mailboxes) {
        if (!kith::is_valid_utf8(box.display_name + box.local_part + box.domain)) std::abort();
        if (!kith::mail::is_plain_domain(box.domain) ||
            !kith::mail::is_plain_domain(box.local_part))
            continue;
        if (box.domain.front() == '.' || box.local_part.front() == '.' ||
            box.local_part.back() == '.')
            continue;
        const auto again =
            kith::mail::parse_addresses(box.local_part + "@" + box.domain, 8).mailboxes;
        if (again.size() != 1 || again[0].address() != box.address()) std::abort();
    }
    return 0;
}
