// SPDX-License-Identifier: Apache-2.0
#include "engine/profile/profile.hpp"

#include <algorithm>
#include <cmath>

#include "engine/features/observations.hpp"

namespace kith {
namespace {

/// A value seen once is forgotten five half-lives later.
constexpr float kForgotten = 1.0F / 32;
/// What is left of a count by rounding when all of it was taken back.
constexpr float kRetracted = 1e-3F;

bool before(const ValueCount& a, std::size_t feature, std::uint32_t value) noexcept {
    return a.feature != feature ? a.feature < feature : a.value < value;
}

}  // namespace

void Profile::age(Time now, double half_life_days) {
    if (aged == Time{}) aged = now;
    const double days_passed = days_between(aged, now);
    if (days_passed < 0.5)
        return;  // decay in steps of half a day: the error is below half a percent
    const auto factor = static_cast<float>(std::exp2(-days_passed / half_life_days));
    aged = now;
    messages *= factor;
    received *= factor;
    ties *= factor;
    totals_.fill(0);
    for (auto& v : values_) v.count *= factor;
    std::erase_if(values_, [](const ValueCount& v) { return v.count < kForgotten; });
    for (const auto& v : values_) totals_[v.feature] += v.count;
}

Profile::Range Profile::range(std::size_t feature) const noexcept {
    const auto less = [](const ValueCount& v, std::size_t f) { return v.feature < f; };
    const auto begin = std::lower_bound(values_.begin(), values_.end(), feature, less);
    const auto end = std::lower_bound(begin, values_.end(), feature + 1, less);
    return {static_cast<std::size_t>(begin - values_.begin()),
            static_cast<std::size_t>(end - values_.begin())};
}

Standing Profile::standing(std::size_t feature, std::uint32_t value, bool ordinal) const noexcept {
    Standing s;
    s.n = total(feature);
    if (s.n <= 0) return s;
    const auto bounds = range(feature);
    const std::size_t begin = bounds.begin, end = bounds.end;  // clang 14 captures no bindings
    s.t = static_cast<double>(end - begin);
    const auto is_bin = [](std::uint32_t v) { return v >= FeatureValue::kFirstBin; };
    // Half of a direct neighbour's count. Values are sorted, so neighbours are adjacent.
    const auto half_below = [&](std::size_t i, std::uint32_t v) {
        return i > begin && is_bin(values_[i - 1].value) && values_[i - 1].value + 1 == v
                   ? static_cast<double>(values_[i - 1].count) / 2
                   : 0;
    };
    const auto half_above = [&](std::size_t i, std::uint32_t v) {
        return i < end && values_[i].value == v + 1 ? static_cast<double>(values_[i].count) / 2 : 0;
    };
    // Smoothed count of an ordinal bin: itself and half of each direct neighbour.
    const auto smoothed = [&](std::size_t i) {
        const ValueCount& v = values_[i];
        const auto c = static_cast<double>(v.count);
        if (!ordinal || !is_bin(v.value)) return c;
        return c + half_below(i, v.value) + half_above(i + 1, v.value);
    };
    const auto at = static_cast<std::size_t>(
        std::lower_bound(values_.begin() + static_cast<std::ptrdiff_t>(begin),
                         values_.begin() + static_cast<std::ptrdiff_t>(end), value,
                         [](const ValueCount& v, std::uint32_t x) { return v.value < x; }) -
        values_.begin());
    double own = 0;
    if (at < end && values_[at].value == value)
        own = smoothed(at);
    else if (ordinal && is_bin(value))  // its own mass when only neighbours were seen
        own = half_below(at, value) + half_above(at, value);
    if (own <= 0) return s;
    s.seen = true;
    constexpr double kSame = 1e-6;
    for (std::size_t i = begin; i < end; ++i) {
        const double c = smoothed(i);
        const auto mass = static_cast<double>(values_[i].count);
        if (values_[i].value == value || std::abs(c - own) <= kSame * own)
            s.equal += mass;
        else if (c < own)
            s.below += mass;
    }
    return s;
}

std::size_t Profile::count(std::size_t feature) const noexcept {
    const auto [begin, end] = range(feature);
    return end - begin;
}

double Profile::weight(std::size_t feature, std::uint32_t value) const noexcept {
    const auto it = std::lower_bound(
        values_.begin(), values_.end(), value,
        [&](const ValueCount& v, std::uint32_t x) { return before(v, feature, x); });
    const bool found = it != values_.end() && it->feature == feature && it->value == value;
    return found ? static_cast<double>(it->count) : 0;
}

bool Profile::has(std::size_t feature, std::uint32_t value) const noexcept {
    return weight(feature, value) > 0;
}

Standing Profile::add(std::size_t feature, std::uint32_t value, Time now, unsigned daily_cap,
                      std::size_t max_values) {
    const std::int32_t today = day_number(now);
    if (today > day) {  // a mail that waited is of an older day: it must not open today's cap again
        day = today;
        for (auto& v : values_) v.today = 0;
    }
    const Standing was = standing(feature, value, false);
    auto it = std::lower_bound(
        values_.begin(), values_.end(), value,
        [&](const ValueCount& v, std::uint32_t x) { return before(v, feature, x); });
    if (it != values_.end() && it->feature == feature && it->value == value) {
        if (it->today >= daily_cap) return was;
        it->count += 1;
        if (it->today < 255) ++it->today;
        recount(feature);
        return was;
    }
    const auto [begin, end] = range(feature);
    if (end - begin >= max_values) {
        const auto rarest = std::min_element(
            values_.begin() + static_cast<std::ptrdiff_t>(begin),
            values_.begin() + static_cast<std::ptrdiff_t>(end),
            [](const ValueCount& a, const ValueCount& b) { return a.count < b.count; });
        values_.erase(rarest);
        it = std::lower_bound(
            values_.begin(), values_.end(), value,
            [&](const ValueCount& v, std::uint32_t x) { return before(v, feature, x); });
    }
    values_.insert(it, ValueCount{static_cast<std::uint16_t>(feature), 1, value, 1.0F});
    recount(feature);
    return was;
}

void Profile::retract(std::size_t feature, std::uint32_t value, float weight, std::int32_t of_day) {
    const auto it = std::lower_bound(
        values_.begin(), values_.end(), value,
        [&](const ValueCount& v, std::uint32_t x) { return before(v, feature, x); });
    if (it == values_.end() || it->feature != feature || it->value != value) return;
    it->count -= weight;
    if (of_day == day && it->today > 0) --it->today;
    if (it->count < kRetracted) values_.erase(it);
    recount(feature);
}

void DailyReach::count(std::int32_t today, float rcpts, float fresh_rcpts) noexcept {
    if (today < day) return;
    if (today > day) {
        if (recipients > 0) {
            days = std::min(days + 1, kDays);
            usual_recipients += (recipients - usual_recipients) / days;
            usual_fresh += (fresh - usual_fresh) / days;
        }
        day = today;
        recipients = fresh = 0;
    }
    recipients += rcpts;
    fresh += fresh_rcpts;
}

void DailyReach::retract(std::int32_t of_day, float rcpts, float fresh_rcpts) noexcept {
    if (of_day != day) return;
    recipients = std::max(0.0F, recipients - rcpts);
    fresh = std::max(0.0F, fresh - fresh_rcpts);
}

void Profile::recount(std::size_t feature) noexcept {
    const auto [begin, end] = range(feature);
    float sum = 0;
    for (std::size_t i = begin; i < end; ++i) sum += values_[i].count;
    totals_[feature] = sum;
}

void Profile::restore(std::vector<ValueCount> values) {
    values_ = std::move(values);
    totals_.fill(0);
    for (const auto& v : values_) totals_[v.feature] += v.count;
}

}  // namespace kith
