// SPDX-License-Identifier: Apache-2.0
// Records as FlatBuffers tables: verified before a field is read. For the files that decode records
// of the store.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "engine/base/clock.hpp"

namespace kith {

/// Verified root of a copy-aligned buffer; LMDB gives no alignment, so the bytes are looked at
/// where they are copied to.
template <class Root>
class Verified {
public:
    explicit Verified(std::string_view bytes) : copy_((bytes.size() + 7) / 8) {
        if (bytes.empty()) return;
        std::memcpy(copy_.data(), bytes.data(), bytes.size());
        const auto* data = reinterpret_cast<const std::uint8_t*>(copy_.data());
        flatbuffers::Verifier verifier(data, bytes.size(), 16, 4096);
        if (verifier.VerifyBuffer<Root>(nullptr)) root_ = flatbuffers::GetRoot<Root>(data);
    }
    explicit operator bool() const { return root_ != nullptr; }
    const Root* operator->() const { return root_; }

private:
    std::vector<std::uint64_t> copy_;
    const Root* root_ = nullptr;
};

/// A stored time, moved into the years 1 to 9999: differences of such times cannot overflow.
[[nodiscard]] inline Time stored_time(std::int64_t seconds) noexcept {
    return from_unix(std::clamp<std::int64_t>(seconds, -62135596800, 253402300799));
}
/// A stored day number, likewise.
[[nodiscard]] inline std::int32_t stored_day(std::int32_t day) noexcept {
    return std::clamp<std::int32_t>(day, -719162, 2932896);
}

/// Largest count that is believed; sums of as many as a record can hold stay finite.
inline constexpr float kMostCounted = 1e12F;
[[nodiscard]] inline bool is_count(float x) noexcept { return x >= 0 && x <= kMostCounted; }

template <class T>
std::vector<T> to_vector(const flatbuffers::Vector<T>* v, std::size_t limit) {
    std::vector<T> out;
    if (v == nullptr) return out;
    // The verifier looks at where a vector begins, not at how its elements are aligned: copy, then
    // read.
    out.resize(std::min<std::size_t>(v->size(), limit));
    if (!out.empty()) std::memcpy(out.data(), v->Data(), sizeof(T) * out.size());
    for (T& x : out) x = flatbuffers::EndianScalar(x);
    return out;
}

}  // namespace kith
