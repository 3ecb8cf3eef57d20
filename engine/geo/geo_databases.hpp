// SPDX-License-Identifier: Apache-2.0
// Where addresses belong, from files in MaxMind's format (GeoLite2, DB-IP and the like: City,
// Country, ASN); the only door to libmaxminddb. Files are the admin's and may be anything: what is
// missing or damaged is told, and nothing is known then. Of what a file says only what can be true
// is believed. Covered by tests/unit/geo/geo_databases_test.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/geo_place.hpp"
#include "engine/base/result.hpp"

namespace kith {

/// An uncertain point says nothing: two circles of this radius, in km, must not look like a journey
/// (engine/accounts/travel.hpp).
inline constexpr unsigned kMostGeoRadius = 250;

/// One file, mapped into memory. Const-safe.
class GeoFile {
public:
    /// NoInput, Permission, Io when it cannot be opened; Corrupt when it is no such database.
    [[nodiscard]] static Result<std::unique_ptr<const GeoFile>> open(const std::string& file);
    ~GeoFile();
    GeoFile(const GeoFile&) = delete;
    GeoFile& operator=(const GeoFile&) = delete;

    /// What the file says of an IPv4 or IPv6 address as text; nothing for other text.
    [[nodiscard]] GeoPlace find(std::string_view address) const;
    [[nodiscard]] std::string type() const;  ///< "GeoLite2-City", its own name for itself
    [[nodiscard]] Time built() const noexcept;

    /// Which bytes these are: another file in the place, or a change in the file, gives another.
    struct Identity {
        std::uint64_t device = 0, inode = 0, size = 0;
        std::int64_t modified = 0, changed = 0;  ///< nanoseconds
        bool operator==(const Identity&) const = default;
    };
    [[nodiscard]] static Identity identity_of(const std::string& file);

private:
    struct Opened;
    explicit GeoFile(std::unique_ptr<Opened> opened);

    const std::unique_ptr<Opened> opened_;
};

/// Several files as one: each thing from the first file that knows it. Thread-safe.
class GeoDatabases {
public:
    static constexpr std::chrono::seconds kLookEvery{60};

    /// `look_every`: how often files that were replaced, or were missing, are looked for.
    explicit GeoDatabases(const std::vector<std::string>& files,
                          std::chrono::seconds look_every = kLookEvery);

    /// Some microseconds; once in look_every some more.
    [[nodiscard]] GeoPlace find(std::string_view address);
    /// Which files cannot be used, why, and what to do; "" = all can.
    [[nodiscard]] std::string trouble();

private:
    struct Entry {
        std::string file;
        std::shared_ptr<const GeoFile> open;  ///< nullptr: `trouble` says why
        std::string trouble;
        std::optional<GeoFile::Identity> looked_at{};  ///< of what `open` or `trouble` is
    };
    /// REQUIRES: mutex_ is held.
    void look();

    const std::chrono::seconds look_every_;
    std::mutex mutex_;
    std::vector<Entry> entries_;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace kith
