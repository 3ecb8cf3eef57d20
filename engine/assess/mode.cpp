// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/mode.hpp"

#include <algorithm>

#include "engine/assess/direction.hpp"
#include "engine/base/text.hpp"
#include "engine/config/keys.hpp"

namespace kith {
namespace {

/// Longest domain first, then whether there is a direction: the larger speaks for the mail.
std::size_t specificity(const ModeRule& rule) noexcept {
    return 2 * rule.domain.size() + (rule.direction.empty() ? 0 : 1);
}

/// `domain` in lower case, "" = of no own domain.
Mode mode_in(const Config& config, Direction direction, std::string_view domain) {
    const ModeRule* best = nullptr;
    for (const ModeRule& rule : config.modes) {
        if (!rule.direction.empty() && rule.direction != to_string(direction)) continue;
        if (!rule.domain.empty() && !is_domain_or_below(domain, rule.domain)) continue;
        if (best == nullptr || specificity(rule) > specificity(*best)) best = &rule;
    }
    return best == nullptr ? config.mode : best->mode;
}

}  // namespace

Mode mode_for(const Config& config, Direction direction, std::string_view mail_from,
              const std::vector<std::string>& rcpts) {
    if (config.modes.empty()) return config.mode;
    if (direction != Direction::Inbound) return mode_in(config, direction, lower_domain(mail_from));
    if (rcpts.empty()) return mode_in(config, direction, "");
    Mode strictest = Mode::Passive;
    std::string last;  // many recipients are mostly of one domain
    for (std::size_t i = 0; i < rcpts.size(); ++i) {
        std::string domain = lower_domain(rcpts[i]);
        if (i > 0 && domain == last) continue;
        last = std::move(domain);
        strictest = std::max(strictest, mode_in(config, direction, last));
    }
    return strictest;
}

Mode mode_for(const Config& config, const Arrival& arrival) {
    return mode_for(config, direction_of(arrival, config.site), arrival.mail_from, arrival.rcpts);
}

std::string modes_text(const Config& config) {
    std::string out(to_string(config.mode));
    for (const ModeRule& rule : config.modes) {
        out += &rule == &config.modes.front() ? ", but " : ", ";
        out += std::string(to_string(rule.mode)) + " for " + mode_scope(rule);
    }
    return out;
}

}  // namespace kith
