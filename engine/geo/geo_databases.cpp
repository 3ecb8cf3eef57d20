// SPDX-License-Identifier: Apache-2.0
#include "engine/geo/geo_databases.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <optional>

#include "engine/base/os_error.hpp"
#include "engine/base/text.hpp"
#include "engine/base/unique_fd.hpp"

namespace kith {
namespace {

constexpr std::size_t kMaxTypeBytes = 64;
constexpr const char* kGoesOn =
    "put it there anew, whole, under this name, or take it out of accounts.mmdb; without it mail "
    "and logins go on";

GeoFile::Identity identity_in(const struct stat& s) {
    const auto nanoseconds = [](const timespec& t) {
        return std::int64_t{1'000'000'000} * t.tv_sec + t.tv_nsec;
    };
    return {s.st_dev, s.st_ino, static_cast<std::uint64_t>(s.st_size), nanoseconds(s.st_mtim),
            nanoseconds(s.st_ctim)};
}

/// An address of either family, in the form that libmaxminddb takes.
class Address {
public:
    explicit Address(std::string_view text) {
        std::array<char, INET6_ADDRSTRLEN> copy{};
        if (text.empty() || text.size() >= copy.size()) return;
        std::copy(text.begin(), text.end(), copy.begin());
        if (::inet_pton(AF_INET, copy.data(), &v4_.sin_addr) == 1) {
            v4_.sin_family = AF_INET;
            family_ = AF_INET;
        } else if (::inet_pton(AF_INET6, copy.data(), &v6_.sin6_addr) == 1) {
            v6_.sin6_family = AF_INET6;
            family_ = AF_INET6;
            if (IN6_IS_ADDR_V4MAPPED(&v6_.sin6_addr)) {
                std::memcpy(&v4_.sin_addr, v6_.sin6_addr.s6_addr + 12, sizeof v4_.sin_addr);
                v4_.sin_family = AF_INET;
                family_ = AF_INET;
            }
        }
    }
    [[nodiscard]] const sockaddr* get() const noexcept {
        if (family_ == AF_INET) return reinterpret_cast<const sockaddr*>(&v4_);
        return family_ == AF_INET6 ? reinterpret_cast<const sockaddr*>(&v6_) : nullptr;
    }

private:
    sockaddr_in v4_{};
    sockaddr_in6 v6_{};
    sa_family_t family_ = AF_UNSPEC;
};

/// What stands in a record under a path of names; nullopt when there is nothing, or it is damaged.
std::optional<MMDB_entry_data_s> value_at(MMDB_entry_s& record,
                                          std::initializer_list<const char*> names) {
    std::array<const char*, 4> path{};  // the last one stays null
    std::copy_n(names.begin(), std::min(names.size(), path.size() - 1), path.begin());
    MMDB_entry_data_s data{};
    if (MMDB_aget_value(&record, &data, path.data()) != MMDB_SUCCESS || !data.has_data)
        return std::nullopt;
    return data;
}

std::uint64_t whole_at(MMDB_entry_s& record, std::initializer_list<const char*> names) {
    const auto data = value_at(record, names);
    if (!data) return 0;
    switch (data->type) {
        case MMDB_DATA_TYPE_UINT16:
            return data->uint16;
        case MMDB_DATA_TYPE_UINT32:
            return data->uint32;
        case MMDB_DATA_TYPE_UINT64:
            return data->uint64;
        default:
            return 0;
    }
}

std::optional<double> degrees_at(MMDB_entry_s& record, const char* name) {
    const auto data = value_at(record, {"location", name});
    if (!data) return std::nullopt;
    if (data->type == MMDB_DATA_TYPE_DOUBLE) return data->double_value;
    if (data->type == MMDB_DATA_TYPE_FLOAT) return static_cast<double>(data->float_value);
    return std::nullopt;
}

GeoPlace place_in(MMDB_entry_s& record) {
    GeoPlace out;
    const std::uint64_t asn = whole_at(record, {"autonomous_system_number"});
    if (asn <= UINT32_MAX) out.asn = static_cast<std::uint32_t>(asn);
    const auto country = value_at(record, {"country", "iso_code"});
    if (country && country->type == MMDB_DATA_TYPE_UTF8_STRING)
        if (const std::string_view code(country->utf8_string, country->data_size); is_country(code))
            out.country = code;
    if (whole_at(record, {"location", "accuracy_radius"}) <= kMostGeoRadius)
        out.point = geo_point(degrees_at(record, "latitude"), degrees_at(record, "longitude"));
    // Not a buoy in the Gulf of Guinea: some databases write "not known" so.
    if (out.point == GeoPoint{}) out.point.reset();
    return out;
}

}  // namespace

struct GeoFile::Opened {
    UniqueFd fd;  ///< of the same file, to see that it has not become shorter
    MMDB_s db{};
    bool is_open = false;
    Opened() = default;
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;
    ~Opened() {
        if (is_open) MMDB_close(&db);
    }
};

GeoFile::GeoFile(std::unique_ptr<Opened> opened) : opened_(std::move(opened)) {}

GeoFile::~GeoFile() = default;

GeoFile::Identity GeoFile::identity_of(const std::string& file) {
    struct stat s {};
    return ::stat(file.c_str(), &s) == 0 ? identity_in(s) : Identity{};
}

Result<std::unique_ptr<const GeoFile>> GeoFile::open(const std::string& file) {
    auto opened = std::make_unique<Opened>();
    // Not to wait for whoever writes into a pipe.
    opened->fd = UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat s {};
    if (!opened->fd || ::fstat(opened->fd.get(), &s) != 0)
        return os_fail("the database of addresses " + file + " cannot be opened", errno, kGoesOn);
    if (!S_ISREG(s.st_mode))
        return fail(ErrorCode::Corrupt, "the database of addresses " + file + " is no file",
                    kGoesOn);
    const int status = MMDB_open(file.c_str(), MMDB_MODE_MMAP, &opened->db);
    if (status != MMDB_SUCCESS)
        return fail(ErrorCode::Corrupt,
                    "the database of addresses " + file + " is damaged or of another format (" +
                        MMDB_strerror(status) + ")",
                    kGoesOn);
    opened->is_open = true;
    return std::unique_ptr<const GeoFile>(new GeoFile(std::move(opened)));
}

GeoPlace GeoFile::find(std::string_view text) const {
    const Address address(text);
    struct stat s {};
    // Beyond the end of a file that is being written anew reading would kill the process.
    if (address.get() == nullptr || ::fstat(opened_->fd.get(), &s) != 0 ||
        s.st_size < opened_->db.file_size)
        return {};
    int status = MMDB_SUCCESS;
    MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&opened_->db, address.get(), &status);
    if (status != MMDB_SUCCESS || !found.found_entry) return {};
    return place_in(found.entry);
}

std::string GeoFile::type() const {
    const char* type = opened_->db.metadata.database_type;
    return type == nullptr ? "" : scrub_utf8(type, kMaxTypeBytes);
}

Time GeoFile::built() const noexcept {
    constexpr std::uint64_t kLatest = 253402300799;  // the year 9999
    return from_unix(
        static_cast<std::int64_t>(std::min(opened_->db.metadata.build_epoch, kLatest)));
}

GeoDatabases::GeoDatabases(const std::vector<std::string>& files, std::chrono::seconds look_every)
    : look_every_(look_every) {
    for (const std::string& file : files) entries_.push_back({file, nullptr, "", {}});
}

void GeoDatabases::look() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + look_every_;
    for (Entry& e : entries_) {
        const GeoFile::Identity bytes = GeoFile::identity_of(e.file);
        // The same bytes are as damaged as they were, and libmaxminddb loses some memory each time.
        if (e.looked_at == bytes) continue;
        e.looked_at = bytes;
        // What was there before may be the very bytes that are being written over.
        e.open.reset();
        auto opened = GeoFile::open(e.file);
        e.trouble = opened ? "" : opened.error().text();
        if (opened) e.open = std::move(*opened);
    }
}

GeoPlace GeoDatabases::find(std::string_view address) {
    std::vector<std::shared_ptr<const GeoFile>> files;
    {
        const std::lock_guard lock(mutex_);
        if (entries_.empty()) return {};
        look();
        for (const Entry& e : entries_)
            if (e.open) files.push_back(e.open);
    }
    GeoPlace out;
    for (const auto& file : files) {
        GeoPlace one = file->find(address);
        if (out.asn == 0) out.asn = one.asn;
        if (out.country.empty()) out.country = std::move(one.country);
        if (!out.point) out.point = one.point;
    }
    return out;
}

std::string GeoDatabases::trouble() {
    const std::lock_guard lock(mutex_);
    look();
    std::string out;
    for (const Entry& e : entries_)
        if (!e.trouble.empty()) out += (out.empty() ? "" : "; ") + e.trouble;
    return out;
}

}  // namespace kith
