// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/assessment.hpp"

namespace kith {

std::string_view to_string(Verdict v) noexcept {
    switch (v) {
        case Verdict::Pass:
            return "pass";
        case Verdict::Tag:
            return "tag";
        case Verdict::Quarantine:
            return "quarantine";
        case Verdict::Reject:
            return "reject";
        case Verdict::Defer:
            return "tempfail";
    }
    return "?";
}

}  // namespace kith
