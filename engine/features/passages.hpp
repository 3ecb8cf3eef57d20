// SPDX-License-Identifier: Apache-2.0
// Text cut into passages that are the same wherever the lines are broken: a quoted sentence can be
// looked up among what was written, whatever the clients between did to its lines. Cuts stand at
// words chosen by a keyed hash, about every sixth. Covered by
// tests/unit/features/passages_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.hpp"

namespace kith {

/// Collects the passages of a text that comes in pieces. One thread.
class Passages {
public:
    explicit Passages(const Hasher& hasher) : hasher_(hasher) {}

    /// The next word, lower case.
    void add(std::string_view word);
    /// The text goes on elsewhere: what is begun is given up, since a part of a passage is none.
    void interrupt();
    /// Distinct keyed hashes, in order, of at most `limit` passages. `cut` tells whether there were
    /// more.
    [[nodiscard]] std::vector<std::uint64_t> take(std::size_t limit, bool& cut) const;

private:
    const Hasher& hasher_;
    std::string begun_;
    std::size_t words_ = 0;
    bool inside_ = false;  // behind a cut
    std::vector<std::uint64_t> found_;
};

}  // namespace kith
