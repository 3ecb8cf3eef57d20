// SPDX-License-Identifier: Apache-2.0
#include "milter/log_line.hpp"

#include <algorithm>
#include <cmath>

namespace kith::milter {
namespace {

constexpr std::size_t kMaxQueueId = 64;

/// "dir=in": short, as it is read many times a day.
std::string direction_word(Direction d) {
    switch (d) {
        case Direction::Inbound:
            return "in";
        case Direction::Outbound:
            return "out";
        case Direction::Internal:
            return "internal";
    }
    return "in";
}

std::string angle(const std::string& address) { return "<" + address + ">"; }

std::string recipients(const std::vector<std::string>& rcpts) {
    std::string out;
    for (std::size_t i = 0; i < std::min(rcpts.size(), kLoggedRecipients); ++i) {
        if (i > 0) out += ',';
        out += angle(rcpts[i]);
    }
    if (rcpts.size() > kLoggedRecipients)
        out += ",+" + std::to_string(rcpts.size() - kLoggedRecipients);
    return out;
}

std::string joined(const std::vector<std::string>& items) {
    std::string out;
    for (const auto& item : items) {
        if (!out.empty()) out += ',';
        out += item;
    }
    return out;
}

constexpr std::string_view kBudgetModels = "budget-";

}  // namespace

std::string log_queue_id(std::string_view queue_id) {
    std::string out;
    for (const char c : queue_id.substr(0, kMaxQueueId)) {
        const bool fit = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                         (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '_';
        if (fit) out += c;
    }
    return out.empty() ? "NOQUEUE" : out;
}

LogLine log_line_of(const MailRecord& record, const Arrival& arrival,
                    std::chrono::milliseconds took) {
    const Assessment& a = record.assessment;
    LogLine line{log_queue_id(arrival.queue_id) + ":",
                 {{"id", record.id},
                  {"from", angle(arrival.mail_from)},
                  {"to", recipients(arrival.rcpts)},
                  {"dir", direction_word(record.observations.direction)},
                  {"score", std::to_string(std::isfinite(a.score) ? std::lround(a.score) : 0)},
                  {"stratum", std::string(to_string(a.stratum))}}};
    if (!a.tags.empty()) line.fields.push_back({"tags", joined(a.tags)});
    line.fields.push_back({"verdict", std::string(to_string(a.verdict))});
    if (a.delayed) line.fields.push_back({"delayed", "yes"});
    line.fields.push_back({"action", std::string(to_string(record.action))});
    line.fields.push_back({"mode", record.mode});
    // Those that spend the budget are in every other line and say what the verdict says.
    std::vector<std::string> models;
    for (const ModelHit& hit : a.models)
        if (hit.name.compare(0, kBudgetModels.size(), kBudgetModels) != 0)
            models.push_back(hit.live ? hit.name : hit.name + "(experimental)");
    if (!models.empty()) line.fields.push_back({"models", joined(models)});
    if (!a.reasons.empty()) line.fields.push_back({"reason", a.reasons.front().text});
    if (!a.degraded.empty()) line.fields.push_back({"degraded", a.degraded});
    if (arrival.auth_user) line.fields.push_back({"user", *arrival.auth_user});
    line.fields.push_back({"ms", std::to_string(took.count())});
    return line;
}

LogLine log_line_without_verdict(const Arrival& arrival, std::string_view why, Action action,
                                 Mode mode, std::chrono::milliseconds took) {
    return LogLine{log_queue_id(arrival.queue_id) + ":",
                   {{"id", "-"},
                    {"from", angle(arrival.mail_from)},
                    {"to", recipients(arrival.rcpts)},
                    {"verdict", "none"},
                    {"action", std::string(to_string(action))},
                    {"mode", std::string(to_string(mode))},
                    {"reason", "not judged: " + std::string(why)},
                    {"ms", std::to_string(took.count())}}};
}

std::optional<unsigned long> OncePerMinute::pass(std::chrono::steady_clock::time_point now) {
    if (last_ && now - *last_ < std::chrono::minutes(1)) {
        ++held_back_;
        return std::nullopt;
    }
    last_ = now;
    return std::exchange(held_back_, 0UL);
}

}  // namespace kith::milter
