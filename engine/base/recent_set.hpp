// SPDX-License-Identifier: Apache-2.0
// The last of what was seen, to find what comes twice, in bounded memory. Covered by
// tests/unit/base/recent_set_test.cpp.
#pragma once

#include <cstddef>
#include <deque>
#include <unordered_set>

namespace kith {

/// One thread.
template <class Key>
class RecentSet {
public:
    /// Of so many.
    explicit RecentSet(std::size_t capacity) : capacity_(capacity) {}
    /// False when it is one of the last; it is not made newer by that.
    bool add(const Key& key) {
        if (!known_.insert(key).second) return false;
        oldest_first_.push_back(key);
        if (oldest_first_.size() > capacity_) {
            known_.erase(oldest_first_.front());
            oldest_first_.pop_front();
        }
        return true;
    }

private:
    std::size_t capacity_;
    std::unordered_set<Key> known_;
    std::deque<Key> oldest_first_;
};

}  // namespace kith
