// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/warm_up.hpp"

#include <algorithm>

namespace kith {

bool WarmUp::step(const StoreReader& reader) {
    const std::uint64_t wanted = std::min(bytes_left_, kBytesAtOnce);
    std::uint64_t read = 0;
    while (table_ < kTableCount && read < wanted) {
        bool whole = true;
        const auto scanned = reader.scan(static_cast<Table>(table_), from_,
                                         [&](std::string_view key, std::string_view value) {
                                             whole = read < wanted;
                                             if (whole)
                                                 read += key.size() + value.size();
                                             else
                                                 from_ = key;
                                             return whole;
                                         });
        if (!scanned) return false;
        if (!whole) break;
        ++table_;
        from_.clear();
    }
    bytes_left_ -= std::min(bytes_left_, read);
    return table_ < kTableCount && bytes_left_ > 0;
}

}  // namespace kith
