// SPDX-License-Identifier: Apache-2.0
// The bytes of one message on their way in: kept in memory up to a bound, beyond it in a file that
// has no name any more (so nothing is left behind, however the process ends). Between the milter
// callbacks and parse(). A full disk must not stop mail: what cannot be kept is counted and the
// message is judged by what was kept. Covered by tests/unit/milter/collector_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/message/parse.hpp"

namespace kith::milter {

struct CollectorLimits {
    std::uint64_t memory_bytes =
        1ULL << 20;  ///< kept in memory; one byte more moves everything to the file
    std::uint64_t total_bytes = 64ULL << 20;  ///< kept at all; the rest is counted only
    std::string spool_directory = "/var/spool/kith";
};

/// Collects a message piece by piece; how it was cut into pieces never shows in bytes(). One thread
/// at a time.
class Collector {
public:
    explicit Collector(CollectorLimits limits);

    /// Keeps `piece` as far as the bounds and the disk allow. Never fails: see seen(), kept() and
    /// trouble().
    void append(std::string_view piece);

    /// Everything kept, in order. Valid until the next append() or the end of this object.
    [[nodiscard]] MessageBytes bytes();

    /// True when nothing more will be kept.
    [[nodiscard]] bool is_full() const noexcept { return closed_ || kept_ >= limits_.total_bytes; }
    [[nodiscard]] std::uint64_t seen() const noexcept { return seen_; }
    [[nodiscard]] std::uint64_t kept() const noexcept { return kept_; }
    [[nodiscard]] bool is_in_file() const noexcept { return static_cast<bool>(file_); }
    /// Why bytes within the bounds were lost (Io, Full); nullopt in health.
    [[nodiscard]] const std::optional<Error>& trouble() const noexcept { return trouble_; }

private:
    void spill();
    void flush();
    void give_up(std::string what, int error_number);

    CollectorLimits limits_;
    std::string memory_;  ///< the message, or what is not yet written to file_
    UniqueFd file_;
    std::uint64_t in_file_ = 0;
    std::uint64_t kept_ = 0;  ///< in_file_ + memory_.size()
    std::uint64_t seen_ = 0;
    bool closed_ = false;  ///< after trouble: keep what there is, take no more
    std::optional<Error> trouble_;
};

}  // namespace kith::milter
