// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/habit.hpp"

#include <algorithm>
#include <cmath>

namespace kith {
namespace {

constexpr float kFaded = 0.05F;
/// Parts of a day, for the two kinds of days; values 1 to 8 and 9 to 16.
constexpr std::uint32_t kParts = 8;

/// Count of `value` with half of its neighbours' on the same kind of day.
double around(const std::vector<Habit::Value>& values, std::uint32_t value) noexcept {
    const auto same_kind = [&](std::uint32_t other) {
        return (other - 1) / kParts == (value - 1) / kParts;
    };
    double sum = 0;
    for (const auto& v : values) {
        if (v.value == 0 || !same_kind(v.value)) continue;
        const std::uint32_t apart = (v.value + kParts - value) % kParts;
        if (apart == 0)
            sum += static_cast<double>(v.count);
        else if (apart == 1 || apart == kParts - 1)
            sum += static_cast<double>(v.count) / 2;
    }
    return sum;
}

}  // namespace

Standing Habit::standing(std::uint32_t value, AccountForm form) const noexcept {
    Standing out;
    double own = 0;
    for (const Value& v : values_) {
        out.n += static_cast<double>(v.count);
        if (v.value == value) own = static_cast<double>(v.count);
    }
    out.t = static_cast<double>(values_.size());
    if (form == AccountForm::Upward) {
        for (const Value& v : values_)
            if (v.value > value) out.below += static_cast<double>(v.count);
        out.equal = own;
        out.seen = own + out.below > 0;
        return out;
    }
    if (form == AccountForm::Circle) own = around(values_, value);
    out.seen = own > 0;
    for (const Value& v : values_) {
        const double other =
            form == AccountForm::Circle ? around(values_, v.value) : static_cast<double>(v.count);
        if (v.value == value || other == own)
            out.equal += static_cast<double>(v.count);
        else if (other < own)
            out.below += static_cast<double>(v.count);
    }
    return out;
}

bool Habit::knows(std::uint32_t value) const noexcept {
    return std::any_of(values_.begin(), values_.end(),
                       [&](const Value& v) { return v.value == value; });
}

bool Habit::add(std::uint32_t value, std::int32_t day, std::size_t max) {
    age(day);
    auto at = std::find_if(values_.begin(), values_.end(),
                           [&](const Value& v) { return v.value == value; });
    if (at == values_.end()) {
        if (values_.size() >= max) {
            const auto least = std::min_element(
                values_.begin(), values_.end(), [](const Value& a, const Value& b) {
                    return a.count != b.count ? a.count < b.count : a.day < b.day;
                });
            if (least == values_.end()) return false;
            *least = values_.back();
            values_.pop_back();
        }
        values_.push_back({value, 1, day, 1});
        return true;
    }
    if (day > at->day) {
        at->day = day;
        at->today = 0;
    }
    if (at->today >= kMostADay) return false;
    ++at->today;
    at->count += 1;
    return true;
}

void Habit::age(std::int32_t day) {
    if (aged_ == 0) aged_ = day;
    if (day <= aged_) return;
    const auto keep = static_cast<float>(std::exp2(-(day - aged_) / kHalfLifeDays));
    aged_ = day;
    for (Value& v : values_) v.count *= keep;
    std::erase_if(values_, [](const Value& v) { return v.count < kFaded; });
}

double Habit::total() const noexcept {
    double sum = 0;
    for (const Value& v : values_) sum += static_cast<double>(v.count);
    return sum;
}

void Habit::restore(std::vector<Value> values, std::int32_t aged) {
    values_ = std::move(values);
    aged_ = aged;
}

}  // namespace kith
