// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/clock.hpp"

namespace kith {

struct AccountJudgeOptions {
    double alerts_per_week =
        3;  ///< account incidents of ordinary use, for the whole site; 0 = none
    /// What is suspicious teaches so much later, if no incident is open then. Longer than a
    /// holiday's first days, shorter than a new home takes to become one.
    Seconds probation{7LL * 86400};
};

}  // namespace kith
