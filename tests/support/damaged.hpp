// SPDX-License-Identifier: Apache-2.0
// Records with damaged bytes, to see that who reads them keeps every bound.
#pragma once

#include <random>
#include <string>

namespace kith::test {

/// Calls `visit` with 3,000 copies of `whole` in which one to four bytes may be anything; the same
/// ones for the same seed.
template <class Visit>
void for_each_damaged(const std::string& whole, unsigned seed, const Visit& visit) {
    std::mt19937 random(seed);
    for (int round = 0; round < 3000; ++round) {
        std::string bytes = whole;
        for (int i = 0; i <= round % 4; ++i)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        visit(bytes);
    }
}

}  // namespace kith::test
