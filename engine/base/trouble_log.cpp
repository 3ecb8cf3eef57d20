// SPDX-License-Identifier: Apache-2.0
#include "engine/base/trouble_log.hpp"

#include <utility>

namespace kith {

void TroubleLog::look(std::string now) {
    if (now == last_) return;
    last_ = std::move(now);
    if (last_.empty()) {
        if (!words_.over.empty()) log(LogLevel::Info, words_.over);
    } else if (words_.field.empty()) {
        log(words_.level, std::string(words_.came) + last_);
    } else {
        log(words_.level, words_.came, {{words_.field, last_}});
    }
}

}  // namespace kith
