// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a Received field and as a date: valid UTF-8, offsets and years within their
// range.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/base/text.hpp"
#include "engine/message/date.hpp"
#include "engine/message/received.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view field(reinterpret_cast<const char*>(bytes), size);
    const kith::ReceivedHop hop = kith::mail::parse_received(field);
    if (!kith::is_valid_utf8(hop.from_helo + hop.from_rdns + hop.from_ip + hop.by + hop.with))
        std::abort();
    if (const auto date = kith::mail::parse_date(field)) {
        if (date->utc_offset_minutes && std::abs(*date->utc_offset_minutes) > 16 * 60) std::abort();
        // One day to either side of 1970-01-01 and 2200-01-01 for the zone.
        const std::int64_t seconds = kith::to_unix(date->time);
        if (seconds < -86400 || seconds > 7258118400 + 86400) std::abort();
    }
    return 0;
}
