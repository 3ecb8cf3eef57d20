// SPDX-License-Identifier: Apache-2.0
#include "engine/base/result.hpp"

namespace kith {

int exit_code(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::Usage:
            return 64;
        case ErrorCode::NoInput:
            return 66;
        case ErrorCode::Unavailable:
            return 69;
        case ErrorCode::Internal:
            return 70;
        case ErrorCode::Io:
        case ErrorCode::Full:
        case ErrorCode::Corrupt:
            return 74;
        case ErrorCode::TryAgain:
            return 75;
        case ErrorCode::Permission:
            return 77;
        case ErrorCode::Config:
            return 78;
    }
    return 70;
}

}  // namespace kith
