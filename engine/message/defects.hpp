// SPDX-License-Identifier: Apache-2.0
// The set of Defects a parse has met so far. Every parser of this folder adds to one.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/message/message.hpp"

namespace kith::mail {

/// A set of Defect. One thread.
class DefectSet {
public:
    void add(Defect d) noexcept { bits_ |= std::uint64_t{1} << static_cast<unsigned>(d); }
    void add_if(bool condition, Defect d) noexcept {
        if (condition) add(d);
    }
    [[nodiscard]] bool has(Defect d) const noexcept {
        return (bits_ >> static_cast<unsigned>(d) & 1U) != 0;
    }
    /// Sorted, each once.
    [[nodiscard]] std::vector<Defect> list() const {
        std::vector<Defect> out;
        for (unsigned i = 0; i < 64; ++i)
            if ((bits_ >> i & 1U) != 0) out.push_back(static_cast<Defect>(i));
        return out;
    }

private:
    std::uint64_t bits_ = 0;
};

}  // namespace kith::mail
