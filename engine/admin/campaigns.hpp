// SPDX-License-Identifier: Apache-2.0
// Mails that are one mail to many, or one hand's: same page, or same words. Pure. Covered by
// tests/unit/admin/campaigns_test.cpp.
#pragma once

#include <cstddef>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/features/observations.hpp"
#include "engine/features/sketch.hpp"

namespace kith::admin {

/// alike_words(), 0 without words.
[[nodiscard]] int same_words(const Observations& a, const Observations& b) noexcept;

/// Puts mails into groups as they come: a mail joins the first group that has a page (host and
/// first path segment) of its links, or whose first mail has the same words.
class Campaigns {
public:
    /// Groups beyond so many are one, the last.
    static constexpr std::size_t kMax = 20000;
    /// Number of the mail's group, from 0.
    std::size_t add(const Observations& mail);

private:
    std::unordered_map<std::uint64_t, std::size_t> by_page_;
    std::map<std::pair<std::size_t, std::uint32_t>, std::vector<std::size_t>> by_words_;
    std::vector<Sketch> words_;  ///< of each group's first mail
};

}  // namespace kith::admin
