// SPDX-License-Identifier: Apache-2.0
// Which mode a mail goes by: the keys `mode` and `modes`. The one place that answers it; milter,
// judge, log and record ask here. Pure. Covered by tests/unit/assess/mode_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/config/config.hpp"
#include "engine/features/observations.hpp"
#include "engine/message/message.hpp"

namespace kith {

/// Mode of a mail of this direction. Its domain is that of the local side: of each own recipient of
/// inbound mail, of the envelope sender of other mail. The rule with the longest domain that holds
/// the mail's counts, of two with the same one that with a direction, then the direction's, then
/// `mode`. With recipients of several modes the strictest: the MTA can hold or delay a mail as a
/// whole only.
[[nodiscard]] Mode mode_for(const Config& config, Direction direction, std::string_view mail_from,
                            const std::vector<std::string>& rcpts);
/// The same, of a mail as the MTA tells it.
[[nodiscard]] Mode mode_for(const Config& config, const Arrival& arrival);

/// For people: "passive", or "passive, but enforce for inbound example.com, tag for example.net".
[[nodiscard]] std::string modes_text(const Config& config);

}  // namespace kith
