// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/examples.hpp"

#include <algorithm>
#include <cmath>

#include "engine/journal/mail_record.hpp"
#include "engine/learner/examples_generated.h"
#include "engine/profile/keys.hpp"
#include "engine/profile/verified.hpp"

namespace kith {
namespace {

// Persistent: engine/learner/FORMAT.md.
constexpr float kStep = 1.0F / 4096;
constexpr float kMostSteps = 65535;
constexpr char kGenuineKey = 'g', kSwappedKey = 's', kBearerKey = 'b';
constexpr std::string_view kSinceFitKey = "fit";
/// No site counts so far; sums with numbers below it cannot overflow.
constexpr std::uint64_t kMaxNumber = 1ULL << 60;

using flatbuffers::FlatBufferBuilder;

std::string finished(const FlatBufferBuilder& b) {
    return {reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()};
}

/// A ring's place for example `number`.
std::string slot_key(char kind, std::uint64_t number, std::size_t capacity) {
    return kind + integer_key(number % capacity);
}

std::vector<fb::Nats> stored(const SparseRow& row) {
    std::vector<fb::Nats> out;
    out.reserve(row.size());
    for (const auto& [f, x] : row)
        out.emplace_back(feature_tag(f), static_cast<std::uint16_t>(std::lround(x / kStep)));
    return out;
}

/// Tags this build does not know are dropped. REQUIRES a verified vector.
SparseRow row_of(const flatbuffers::Vector<const fb::Nats*>* row) {
    SparseRow out;
    if (row == nullptr) return out;
    for (const auto* item : *row) {
        const std::size_t f = feature_index(item->tag());
        if (f < kFeatureCount && item->x() > 0 && out.size() < kFeatureCount)
            out.emplace_back(static_cast<std::uint16_t>(f), static_cast<float>(item->x()) * kStep);
    }
    std::sort(out.begin(), out.end());
    const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
    out.erase(std::unique(out.begin(), out.end(), same), out.end());
    return out;
}

bool is_weight(float w) noexcept { return std::isfinite(w) && w >= 0; }

std::string encode(const GenuineExample& e) {
    FlatBufferBuilder b(512);
    const auto weights = b.CreateVector(e.weight.data(), e.weight.size());
    const auto row = b.CreateVectorOfStructs(stored(e.row));
    b.Finish(fb::CreateGenuineExample(b, e.number, static_cast<std::uint8_t>(e.direction),
                                      static_cast<std::uint8_t>(e.stratum), weights, row));
    return finished(b);
}

std::optional<GenuineExample> decode_genuine(std::string_view bytes) {
    const Verified<fb::GenuineExample> t(bytes);
    if (!t || t->number() > kMaxNumber || t->direction() >= kDirectionCount ||
        t->stratum() >= kStratumCount || t->weights() == nullptr ||
        t->weights()->size() != kLearnedExperts)
        return std::nullopt;
    GenuineExample e;
    e.number = t->number();
    e.direction = static_cast<Direction>(t->direction());
    e.stratum = static_cast<Stratum>(t->stratum());
    const std::vector<float> weights = to_vector(t->weights(), kLearnedExperts);
    if (!std::all_of(weights.begin(), weights.end(), is_weight)) return std::nullopt;
    std::copy(weights.begin(), weights.end(), e.weight.begin());
    e.row = row_of(t->row());
    return e;
}

std::string encode(const SwappedExample& e) {
    FlatBufferBuilder b(512);
    const auto row = b.CreateVectorOfStructs(stored(e.row));
    b.Finish(
        fb::CreateSwappedExample(b, e.number, static_cast<std::uint8_t>(e.expert), e.weight, row));
    return finished(b);
}

std::optional<SwappedExample> decode_swapped(std::string_view bytes) {
    const Verified<fb::SwappedExample> t(bytes);
    if (!t || t->number() > kMaxNumber || t->expert() >= kLearnedExperts || !is_weight(t->weight()))
        return std::nullopt;
    SwappedExample e;
    e.number = t->number();
    e.expert = static_cast<Expert>(t->expert());
    e.weight = t->weight();
    e.row = row_of(t->row());
    return e;
}

std::string encode(const Bearer& bearer) {
    MailRecord record;
    record.time = bearer.last.time;
    record.observations = bearer.last;
    const std::string last = encode(record);
    FlatBufferBuilder b(last.size() + 64);
    const auto bytes =
        b.CreateVector(reinterpret_cast<const std::uint8_t*>(last.data()), last.size());
    b.Finish(fb::CreateNameBearer(b, bearer.number, bearer.mails, bytes));
    return finished(b);
}

std::optional<Bearer> decode_bearer(std::string_view bytes) {
    const Verified<fb::NameBearer> t(bytes);
    if (!t || t->number() > kMaxNumber || t->last() == nullptr) return std::nullopt;
    auto record =
        decode_mail_record({reinterpret_cast<const char*>(t->last()->Data()), t->last()->size()});
    if (!record) return std::nullopt;
    return Bearer{t->number(), t->mails(), std::move(record->observations)};
}

template <class Example>
void add_to(std::deque<Example>& ring, std::uint64_t& next, std::size_t capacity, Example example) {
    example.number = next++;
    ring.push_back(std::move(example));
    // By number, not by count: what could not be read back leaves a gap.
    while (ring.front().number + capacity < next) ring.pop_front();
}

template <class Example>
bool restore_to(std::deque<Example>& ring, std::size_t capacity, std::string_view key,
                std::optional<Example> example) {
    if (!example || key != slot_key(key.front(), example->number, capacity)) return false;
    ring.push_back(std::move(*example));
    return true;
}

/// Into their order, without those that a later one has pushed out. Returns the next number.
template <class Example>
std::uint64_t settle(std::deque<Example>& ring, std::size_t capacity) {
    std::sort(ring.begin(), ring.end(),
              [](const Example& a, const Example& b) { return a.number < b.number; });
    const std::uint64_t next = ring.empty() ? 0 : ring.back().number + 1;
    while (!ring.empty() && ring.front().number + capacity < next) ring.pop_front();
    return next;
}

}  // namespace

SparseRow example_row(const Surprises& x) {
    SparseRow row = sparse(x);
    for (auto& [f, nats] : row) nats = std::min(kMostSteps, std::round(nats / kStep)) * kStep;
    std::erase_if(row, [](const auto& item) { return item.second <= 0; });
    return row;
}

void Examples::add(GenuineExample example) {
    add_to(genuine_, next_genuine_, kGenuine, std::move(example));
}
void Examples::add(SwappedExample example) {
    add_to(swapped_, next_swapped_, kSwapped, std::move(example));
}

void Examples::saw_bearer(Observations last) {
    auto [it, fresh] = place_.try_emplace(last.sender);
    if (fresh) {
        const auto d = static_cast<std::size_t>(last.direction);
        auto& all = bearers_[d];
        const std::size_t slot = next_bearer_[d] % kBearers;
        if (slot == all.size()) all.emplace_back();
        if (all[slot].mails > 0) place_.erase(all[slot].last.sender);
        it = place_.insert_or_assign(last.sender, Place{d, slot}).first;
        all[slot] = Bearer{next_bearer_[d]++, 0, {}};
    }
    Bearer& bearer = bearers_[it->second.direction][it->second.slot];
    last.direction = static_cast<Direction>(it->second.direction);
    ++bearer.mails;
    bearer.last = std::move(last);
    new_bearers_.emplace(it->second.direction, it->second.slot);
}

void Examples::forget(const Key16& sender) {
    const auto it = place_.find(sender);
    if (it == place_.end()) return;
    Bearer& bearer = bearers_[it->second.direction][it->second.slot];
    bearer = Bearer{bearer.number, 0, {}};
    new_bearers_.emplace(it->second.direction, it->second.slot);
    place_.erase(it);
}

bool Examples::restore(std::string_view key, std::string_view value) {
    if (key == kSinceFitKey) {
        const auto count = decode_integer_key(value);
        since_fit_ = count.value_or(0);
        return count.has_value();
    }
    if (key.empty()) return false;
    switch (key.front()) {
        case kGenuineKey:
            return restore_to(genuine_, kGenuine, key, decode_genuine(value));
        case kSwappedKey:
            return restore_to(swapped_, kSwapped, key, decode_swapped(value));
        case kBearerKey:
            return restore_bearer(key, value);
        default:
            return false;
    }
}

bool Examples::restore_bearer(std::string_view key, std::string_view value) {
    if (key.size() != 10 || static_cast<unsigned char>(key[1]) >= kDirectionCount) return false;
    auto bearer = decode_bearer(value);
    if (!bearer) return false;
    const auto d = static_cast<std::size_t>(key[1]);
    const std::size_t slot = bearer->number % kBearers;
    if (decode_integer_key(key.substr(2)) != slot) return false;
    auto& all = bearers_[d];
    if (slot >= all.size()) all.resize(slot + 1);
    next_bearer_[d] = std::max(next_bearer_[d], bearer->number + 1);
    bearer->last.direction = static_cast<Direction>(d);
    // One place a sender, whatever the bytes say.
    if (bearer->mails > 0 && !place_.try_emplace(bearer->last.sender, Place{d, slot}).second)
        return false;
    all[slot] = std::move(*bearer);
    return true;
}

void Examples::restored() {
    next_genuine_ = settle(genuine_, kGenuine);
    next_swapped_ = settle(swapped_, kSwapped);
    flushed();
}

Status Examples::flush(StoreWriter& writer) const {
    const auto write = [&](const auto& ring, std::uint64_t from, char kind,
                           std::size_t capacity) -> Status {
        for (auto e = ring.rbegin(); e != ring.rend() && e->number >= from; ++e)
            if (auto put =
                    writer.put(Table::Examples, slot_key(kind, e->number, capacity), encode(*e));
                !put)
                return put;
        return ok();
    };
    if (auto done = write(genuine_, new_genuine_, kGenuineKey, kGenuine); !done) return done;
    if (auto done = write(swapped_, new_swapped_, kSwappedKey, kSwapped); !done) return done;
    for (const auto& [d, slot] : new_bearers_) {
        const std::string key = std::string{kBearerKey, static_cast<char>(d)} + integer_key(slot);
        if (auto put = writer.put(Table::Examples, key, encode(bearers_[d][slot])); !put)
            return put;
    }
    if (since_fit_ == written_since_fit_) return ok();
    return writer.put(Table::Examples, kSinceFitKey, integer_key(since_fit_));
}

void Examples::flushed() {
    new_genuine_ = next_genuine_;
    new_swapped_ = next_swapped_;
    new_bearers_.clear();
    written_since_fit_ = since_fit_;
}

}  // namespace kith
