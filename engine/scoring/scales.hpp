// SPDX-License-Identifier: Apache-2.0
// The site's state frozen for many judgements: sorted calibrations, shares, the inverse covariance.
// Built in a few milliseconds whenever the state changed enough; immutable, shared between threads.
#pragma once

#include <array>

#include "engine/model/anomaly.hpp"
#include "engine/profile/state.hpp"

namespace kith {

class Scales {
public:
    explicit Scales(const SiteState& site);

    /// Share of genuine mail of this stratum and direction that scores at least `raw`.
    [[nodiscard]] double stratum_p(Direction d, Stratum s, double raw) const noexcept;
    /// Stratum's share of recent genuine mail of the direction, in (0, 1].
    [[nodiscard]] double share(Direction d, Stratum s) const noexcept;
    [[nodiscard]] std::size_t calibration_mails(Direction d) const noexcept;
    [[nodiscard]] std::size_t calibration_mails(Direction d, Stratum s) const noexcept;
    /// Added to C so that 3 in 100 come out as 3 in 100: weights improve and senders become known
    /// while old scores stay in the rings. Not 1 in 100: an attack may be as many. `messages`:
    /// mails of the sender before this one; newcomers and old acquaintances have a level each, near
    /// the direction's while there are few of them. From -2 to 1.3.
    [[nodiscard]] double level_shift(Direction d, double messages) const noexcept;
    /// C from one without a level: with the shift, and bent between 5 and .1 in 100 so that of each
    /// stage 1.5 in 100 come out as such as well. Rises with `c`; beyond 1 in 1000 there is the
    /// shift alone.
    [[nodiscard]] double levelled(Direction d, double messages, double c) const noexcept;
    [[nodiscard]] double indicator_p(Direction d, std::size_t indicator, double raw) const noexcept;
    [[nodiscard]] const Mahalanobis& anomaly() const noexcept { return anomaly_; }

private:
    std::array<std::array<Calibration, kStratumCount>, kDirectionCount> scores_;
    std::array<std::array<double, kStratumCount>, kDirectionCount> shares_{};
    std::array<std::array<Calibration, kIndicatorCount>, kDirectionCount> indicators_;
    std::array<std::array<double, kStages>, kDirectionCount> shift_{}, bend_{};
    std::array<std::size_t, kDirectionCount> mails_{};
    Mahalanobis anomaly_;
};

}  // namespace kith
