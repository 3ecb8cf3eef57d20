// SPDX-License-Identifier: Apache-2.0
// Reads a store once, in steps, so that no mail pays for the first look at its correspondent: the
// kernel maps a page of a memory-mapped file when it is first touched, and reads it from the disk
// if need be. With a million correspondents that was most of the slowest hundredth of all mails
// (tests/bench/store_scale). Covered by tests/unit/assess/warm_up_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/store/store.hpp"

namespace kith {

class WarmUp {
public:
    /// Stops after about `most_bytes` of keys and values: beyond what fits into memory, each page
    /// read would push out another.
    explicit WarmUp(std::uint64_t most_bytes) : bytes_left_(most_bytes) {}

    /// Reads on; a step is some milliseconds from memory, so that the snapshot of `reader` is not
    /// pinned for long. False when nothing is left to read, or the store could not be read: whoever
    /// needs it next will say so. Each call may have another reader of the same store.
    [[nodiscard]] bool step(const StoreReader& reader);

private:
    static constexpr std::uint64_t kBytesAtOnce = 4U << 20U;

    std::uint64_t bytes_left_;
    int table_ = 0;
    std::string from_;  ///< first key of the table that was not read yet
};

}  // namespace kith
