// SPDX-License-Identifier: Apache-2.0
// What the codecs of the journal's payloads share; private to this folder. Reading trusts nothing:
// the verifier checks every offset under limits of depth and count, then a budget makes sure that
// what is decoded is not larger than the bytes it came from: offsets may point twice at the same
// string, and a megabyte could so grow to terabytes. Covered by
// tests/unit/journal/mail_record_test.cpp and account_event_test.cpp.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/geo_place.hpp"
#include "engine/base/result.hpp"

namespace kith::payload {

inline constexpr const char* kMailIdentifier = "KJM1";     // persistent
inline constexpr const char* kAdminIdentifier = "KJA1";    // persistent
inline constexpr const char* kAccountIdentifier = "KJC1";  // persistent

// The schema nests four deep. Tables of a record: a link each, indicators, reasons; 4096 is ten
// times what kith writes.
inline constexpr flatbuffers::uoffset_t kMaxRecordDepth = 8;
inline constexpr flatbuffers::uoffset_t kMaxRecordTables = 4096;
// Years 1 to 9999: differences of such times cannot overflow.
inline constexpr std::int64_t kEarliestRecord = -62135596800, kLatestRecord = 253402300799;

// A number that is not finite says nothing that can be kept: 0 for NaN, the nearest finite number
// for an infinity.
template <class T>
T finite(T x) noexcept {
    if (std::isnan(x)) return 0;
    return std::clamp(x, std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max());
}

inline std::string finished(const flatbuffers::FlatBufferBuilder& builder) {
    return std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()),
                       builder.GetSize());
}

inline flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>> strings(
    flatbuffers::FlatBufferBuilder& b, const std::vector<std::string>& values) {
    std::vector<flatbuffers::Offset<flatbuffers::String>> offsets;
    offsets.reserve(values.size());
    for (const std::string& value : values) offsets.push_back(b.CreateString(value));
    return b.CreateVector(offsets);
}

// The four fields of a place; of what is not known none takes room.
inline flatbuffers::Offset<flatbuffers::String> place_country(flatbuffers::FlatBufferBuilder& b,
                                                              const GeoPlace& place) {
    return is_country(place.country) ? b.CreateString(place.country) : 0;
}
inline flatbuffers::Optional<float> latitude_of(const GeoPlace& place) {
    return place.point ? flatbuffers::Optional<float>(place.point->latitude) : flatbuffers::nullopt;
}
inline flatbuffers::Optional<float> longitude_of(const GeoPlace& place) {
    return place.point ? flatbuffers::Optional<float>(place.point->longitude)
                       : flatbuffers::nullopt;
}

// Decodes verified tables. The first thing that is wrong is kept in `wrong()`; what follows it is
// left empty.
class RecordDecoder {
public:
    explicit RecordDecoder(std::size_t budget_bytes) : left_(budget_bytes) {}

    [[nodiscard]] const char* wrong() const noexcept { return wrong_; }

    void text(std::string& out, const flatbuffers::String* in) {
        if (in != nullptr && spend(in->size())) out.assign(in->c_str(), in->size());
    }

    void texts(std::vector<std::string>& out,
               const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* in) {
        // An entry of the vector has four bytes: an empty string costs as much here, so that
        // entries are bounded as well.
        if (in == nullptr || !spend(std::size_t{4} * in->size())) return;
        out.resize(in->size());
        for (flatbuffers::uoffset_t i = 0; i < in->size(); ++i) text(out[i], in->Get(i));
    }

    template <class T>
    void numbers(std::vector<T>& out, const flatbuffers::Vector<T>* in) {
        if (in == nullptr || !spend(sizeof(T) * in->size())) return;
        // The verifier looks at where a vector begins, not at how its elements are aligned: copy,
        // then read.
        out.resize(in->size());
        if (!out.empty()) std::memcpy(out.data(), in->Data(), sizeof(T) * out.size());
        for (T& value : out) value = flatbuffers::EndianScalar(value);
    }

    /// Calls `each` for copies of the structs of `in`.
    template <class T, class Each>
    void structs(const flatbuffers::Vector<const T*>* in, Each each) {
        if (in == nullptr || !spend(sizeof(T) * in->size())) return;
        for (flatbuffers::uoffset_t i = 0; i < in->size() && wrong_ == nullptr; ++i) {
            T copy;
            std::memcpy(static_cast<void*>(&copy), in->Data() + sizeof(T) * i, sizeof(T));
            each(copy);
        }
    }

    /// Calls `each` for the tables of `in`.
    template <class T, class Each>
    void all(const flatbuffers::Vector<T>* in, std::size_t bytes_each, Each each) {
        if (in == nullptr || !spend(bytes_each * in->size())) return;
        for (flatbuffers::uoffset_t i = 0; i < in->size() && wrong_ == nullptr; ++i)
            each(*in->Get(i));
    }

    template <class T>
    void number(T& out, T in) {
        if (std::isfinite(in))
            out = in;
        else
            fail_with("a number is not finite");
    }

    void time(Time& out, std::int64_t in) {
        if (in >= kEarliestRecord && in <= kLatestRecord)
            out = from_unix(in);
        else
            fail_with("a time is outside the years 1 to 9999");
    }

    template <class E>
    void enumerator(E& out, std::uint8_t in, int count) {
        if (in < count)
            out = static_cast<E>(in);
        else
            fail_with("an enumeration has an unknown value");
    }

    void number(std::optional<double>& out, const flatbuffers::Optional<double>& in) {
        if (in) number(out.emplace(), *in);
    }

    /// Of a table with the fields of a place. What cannot be one is left out: it says nothing.
    template <class Table>
    void place(GeoPlace& out, const Table& in) {
        out.asn = in.asn();
        text(out.country, in.country());
        if (!is_country(out.country)) out.country.clear();
        out.point = geo_point(in.latitude(), in.longitude());
    }

protected:
    void fail_with(const char* what) noexcept {
        if (wrong_ == nullptr) wrong_ = what;
    }

private:
    bool spend(std::size_t bytes) noexcept {
        if (wrong_ != nullptr) return false;
        if (bytes > left_) {
            fail_with("it holds the same bytes more than once");
            return false;
        }
        left_ -= bytes;
        return true;
    }

    std::size_t left_;
    const char* wrong_ = nullptr;
};

// FlatBuffers reads numbers in place, which asks for aligned bytes; a view into the middle of
// something may be odd.
class AlignedBytes {
public:
    explicit AlignedBytes(std::string_view bytes) : data_(bytes.data()), size_(bytes.size()) {
        if (reinterpret_cast<std::uintptr_t>(data_) % alignof(std::max_align_t) == 0) return;
        copy_.resize(size_ / sizeof(std::max_align_t) + 1);
        std::memcpy(copy_.data(), bytes.data(), size_);
        data_ = reinterpret_cast<const char*>(copy_.data());
    }
    AlignedBytes(const AlignedBytes&) = delete;
    AlignedBytes& operator=(const AlignedBytes&) = delete;

    [[nodiscard]] const char* data() const noexcept { return data_; }
    /// The root table, nullptr unless everything in it verifies.
    template <class T>
    [[nodiscard]] const T* verified(const char* identifier) const {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(data_);
        if (size_ < 8 || size_ >= FLATBUFFERS_MAX_BUFFER_SIZE) return nullptr;
        flatbuffers::Verifier verifier(bytes, size_, kMaxRecordDepth, kMaxRecordTables);
        return verifier.VerifyBuffer<T>(identifier) ? flatbuffers::GetRoot<T>(bytes) : nullptr;
    }

private:
    const char* data_;
    std::size_t size_;
    std::vector<std::max_align_t> copy_;
};

inline Unexpected damaged(const char* what, const char* why) {
    return fail(ErrorCode::Corrupt, std::string(what) + " is damaged: " + why);
}

}  // namespace kith::payload
