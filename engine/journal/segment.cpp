// SPDX-License-Identifier: Apache-2.0
#include "engine/journal/segment.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

#include "engine/base/crc32c.hpp"
#include "engine/base/os_error.hpp"

namespace kith::journal {
namespace {

constexpr std::string_view kSegmentMagic = "KITHJRN\n";
constexpr std::size_t kReadAhead = 256 * 1024;
constexpr std::uint32_t kSkippableMagic =
    0x184D2A5BU;  // one of zstd's sixteen skippable frame numbers
// What is decompressed of a file whose summary is damaged, and might expand to anything: four
// default segments.
constexpr std::uint64_t kMaxWithoutSummary = 64ULL << 20;
constexpr std::string_view kSummaryMagic = "KJS1";

template <class T>
void put(char* out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
        out[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFFU);
}

template <class T>
T take(std::string_view bytes, std::size_t offset) {
    std::uint64_t value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;)
        value = value << 8 | static_cast<std::uint8_t>(bytes[offset + i]);
    return static_cast<T>(value);
}

// The position is summed but not stored: a copy of a record, at another place or in another
// segment, does not check out.
std::uint32_t header_crc(std::string_view first_28_bytes, JournalPosition position) {
    std::array<char, 16> place{};
    put(place.data(), position.segment);
    put(place.data() + 8, position.offset);
    return crc32c(first_28_bytes, crc32c({place.data(), place.size()}));
}

Result<std::optional<std::uint64_t>> find_record(SegmentBytes& bytes, Marker marker,
                                                 JournalPosition from) {
    std::array<char, 8> needle{};
    put(needle.data(), marker);
    const std::string_view wanted(needle.data(), needle.size());
    std::uint64_t offset = from.offset;
    for (;;) {
        auto window = bytes.view(offset, kReadAhead);
        if (!window) return fail(window.error());
        if (window->size() < kRecordHeaderBytes) return std::optional<std::uint64_t>();
        // A header may lie across the window's end: what begins in its last 31 bytes is seen again
        // in the next one.
        const std::string_view here = *window;
        for (std::size_t at = here.find(wanted); at != std::string_view::npos;
             at = here.find(wanted, at + 1)) {
            if (at + kRecordHeaderBytes > here.size()) break;
            const JournalPosition candidate{from.segment, offset + at};
            if (decode_record_header(here.substr(at), marker, candidate))
                return std::optional<std::uint64_t>(candidate.offset);
        }
        offset += here.size() - (kRecordHeaderBytes - 1);
    }
}

struct CloseDirectory {
    void operator()(DIR* d) const noexcept { ::closedir(d); }
};
struct FreeStream {
    void operator()(ZSTD_DStream* s) const noexcept { ZSTD_freeDStream(s); }
};

}  // namespace

std::array<char, kSegmentHeaderBytes> encode_segment_header(std::uint64_t segment, Marker marker) {
    std::array<char, kSegmentHeaderBytes> out{};
    std::copy(kSegmentMagic.begin(), kSegmentMagic.end(), out.begin());
    put(out.data() + 8, segment);
    put(out.data() + 16, marker);
    put(out.data() + 24, kFormatVersion);
    put(out.data() + 28, crc32c({out.data(), 28}));
    return out;
}

void encode_record_header(const RecordHeader& header, Marker marker, JournalPosition position,
                          std::array<char, kRecordHeaderBytes>& out) {
    put(out.data(), marker);
    put(out.data() + 8, header.payload_bytes);
    put(out.data() + 12, static_cast<std::uint16_t>(header.type));
    put(out.data() + 14, std::uint16_t{0});
    put(out.data() + 16, static_cast<std::uint64_t>(header.time));
    put(out.data() + 24, header.payload_crc);
    put(out.data() + 28, header_crc({out.data(), 28}, position));
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes, Marker marker,
                                                 JournalPosition position) {
    if (bytes.size() < kRecordHeaderBytes || take<Marker>(bytes, 0) != marker ||
        take<std::uint32_t>(bytes, 28) != header_crc(bytes.substr(0, 28), position))
        return std::nullopt;
    RecordHeader header;
    header.payload_bytes = take<std::uint32_t>(bytes, 8);
    header.type = static_cast<RecordType>(take<std::uint16_t>(bytes, 12));
    header.time = static_cast<std::int64_t>(take<std::uint64_t>(bytes, 16));
    header.payload_crc = take<std::uint32_t>(bytes, 24);
    return header;
}

std::string segment_name(std::uint64_t segment) {
    std::array<char, 32> name{};
    const int n = std::snprintf(name.data(), name.size(), "%010llu.kj",
                                static_cast<unsigned long long>(segment));
    return std::string(name.data(), static_cast<std::size_t>(n));
}

std::string compressed_name(std::uint64_t segment) { return segment_name(segment) + ".zst"; }

Result<std::map<std::uint64_t, SegmentFiles>> list_segments(int directory_fd,
                                                            const std::string& directory) {
    const int fd = ::openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return os_fail("journal " + directory, errno);
    const std::unique_ptr<DIR, CloseDirectory> dir(::fdopendir(fd));
    if (!dir) {
        ::close(fd);
        return os_fail("journal " + directory, errno);
    }
    std::map<std::uint64_t, SegmentFiles> segments;
    for (errno = 0; const dirent* entry = ::readdir(dir.get()); errno = 0) {
        const std::string_view name(static_cast<const char*>(entry->d_name));
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (error != std::errc{} || number == 0) continue;
        // Only names we would write ourselves: "1.kj" beside "0000000001.kj" is nobody's segment.
        if (name == segment_name(number))
            segments[number].plain = true;
        else if (name == compressed_name(number))
            segments[number].compressed = true;
    }
    if (errno != 0) return os_fail("journal " + directory, errno);
    return segments;
}

Result<UniqueFd> open_directory(const std::string& directory) {
    UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return os_fail("journal " + directory, errno, "check journal.directory");
    return fd;
}

SegmentBytes SegmentBytes::of_file(int fd, std::string name) {
    SegmentBytes bytes;
    bytes.fd_ = fd;
    bytes.name_ = std::move(name);
    return bytes;
}

SegmentBytes SegmentBytes::of_memory(std::string content) {
    SegmentBytes bytes;
    bytes.buffer_ = std::move(content);
    return bytes;
}

Result<std::uint64_t> SegmentBytes::size() const {
    if (fd_ < 0) return static_cast<std::uint64_t>(buffer_.size());
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return os_fail("journal segment " + name_, errno);
    return static_cast<std::uint64_t>(status.st_size);
}

Result<std::string_view> SegmentBytes::view(std::uint64_t offset, std::size_t want) {
    const auto have = [&](std::size_t n) {
        return offset >= buffer_offset_ && offset - buffer_offset_ <= buffer_.size() &&
               buffer_.size() - (offset - buffer_offset_) >= n;
    };
    if (fd_ >= 0 && !have(want)) {
        auto end = size();
        if (!end) return fail(end.error());
        const std::uint64_t there = *end > offset ? *end - offset : 0;
        buffer_.resize(
            static_cast<std::size_t>(std::min<std::uint64_t>(std::max(want, kReadAhead), there)));
        buffer_offset_ = offset;
        std::size_t filled = 0;
        while (filled < buffer_.size()) {
            const ssize_t n = ::pread(fd_, buffer_.data() + filled, buffer_.size() - filled,
                                      static_cast<off_t>(offset + filled));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) {
                const int error = errno;
                buffer_.clear();
                return os_fail("journal segment " + name_, error);
            }
            if (n == 0) break;
            filled += static_cast<std::size_t>(n);
        }
        buffer_.resize(filled);
    }
    if (!have(0)) return std::string_view();
    return std::string_view(buffer_).substr(static_cast<std::size_t>(offset - buffer_offset_),
                                            want);
}

Result<std::optional<Marker>> read_marker(SegmentBytes& bytes, std::uint64_t segment) {
    auto view = bytes.view(0, kSegmentHeaderBytes + kRecordHeaderBytes);
    if (!view) return fail(view.error());
    const std::string_view head = *view;
    if (head.size() >= kSegmentHeaderBytes &&
        head.substr(0, kSegmentMagic.size()) == kSegmentMagic &&
        take<std::uint32_t>(head, 28) == crc32c(head.substr(0, 28))) {
        const auto version = take<std::uint32_t>(head, 24);
        if (version > kFormatVersion)
            return fail(ErrorCode::Corrupt,
                        "journal segment " + segment_name(segment) + " has format " +
                            std::to_string(version) + ", this kith reads up to " +
                            std::to_string(kFormatVersion),
                        "run the kith that wrote it, or a newer one");
        if (take<std::uint64_t>(head, 8) == segment)
            return std::optional<Marker>(take<Marker>(head, 16));
    }
    if (head.size() >= kSegmentHeaderBytes + kRecordHeaderBytes) {
        const std::string_view record = head.substr(kSegmentHeaderBytes);
        const Marker marker = take<Marker>(record, 0);
        if (decode_record_header(record, marker, {segment, kSegmentHeaderBytes}))
            return std::optional<Marker>(marker);
    }
    return std::optional<Marker>();
}

Result<Look> look_at(SegmentBytes& bytes, Marker marker, JournalPosition position,
                     std::uint32_t max_record_bytes, Payload payload) {
    Look look;
    look.next = position.offset;
    auto head = bytes.view(position.offset, kRecordHeaderBytes);
    if (!head) return fail(head.error());
    if (head->empty()) return look;
    const auto header = decode_record_header(*head, marker, position);
    if (!header) {
        auto found = find_record(bytes, marker, {position.segment, position.offset + 1});
        if (!found) return fail(found.error());
        look.found = *found ? Found::Damaged : Found::Torn;
        if (*found) look.next = **found;
        return look;
    }
    look.header = *header;
    const std::uint64_t end = position.offset + kRecordHeaderBytes + header->payload_bytes;
    if (payload == Payload::Skip || header->payload_bytes > max_record_bytes) {
        auto size = bytes.size();
        if (!size) return fail(size.error());
        look.found = end > *size                                ? Found::Torn
                     : header->payload_bytes > max_record_bytes ? Found::Damaged
                                                                : Found::Record;
    } else {
        auto whole = bytes.view(position.offset, kRecordHeaderBytes + header->payload_bytes);
        if (!whole) return fail(whole.error());
        if (whole->size() < kRecordHeaderBytes + header->payload_bytes) {
            look.found = Found::Torn;
        } else {
            look.payload = whole->substr(kRecordHeaderBytes);
            look.found =
                crc32c(look.payload) == header->payload_crc ? Found::Record : Found::Damaged;
        }
    }
    if (look.found != Found::Torn) look.next = end;
    return look;
}

Status lock_file(int fd, int operation, const std::string& name, std::chrono::milliseconds wait) {
    const auto deadline = std::chrono::steady_clock::now() + wait;
    std::chrono::microseconds pause{20};
    while (::flock(fd, operation | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return os_fail("cannot lock journal segment " + name, errno);
        if (std::chrono::steady_clock::now() >= deadline)
            return fail(ErrorCode::TryAgain, "journal " + name + " stays locked by another process",
                        "look for a stopped kith process (ps, state T)");
        // flock has no deadline of its own; the pause only delays who finds the lock taken.
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, std::chrono::microseconds(2000));
    }
    return ok();
}

Result<std::string> read_whole(int fd, const std::string& name, std::uint64_t limit) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return os_fail("journal segment " + name, errno);
    if (static_cast<std::uint64_t>(status.st_size) > limit)
        return fail(ErrorCode::Corrupt, "journal segment " + name + " is larger than " +
                                            std::to_string(limit) + " bytes");
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t filled = 0;
    while (filled < bytes.size()) {
        const ssize_t n =
            ::pread(fd, bytes.data() + filled, bytes.size() - filled, static_cast<off_t>(filled));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_fail("journal segment " + name, errno);
        if (n == 0) break;
        filled += static_cast<std::size_t>(n);
    }
    bytes.resize(filled);
    return bytes;
}

Result<Decompressed> read_compressed(int fd, const std::string& name) {
    auto file = read_whole(fd, name, kMaxSegmentBytes);
    if (!file) return fail(file.error());
    Decompressed content;
    const auto summary = decode_summary(*file);
    const std::unique_ptr<ZSTD_DStream, FreeStream> stream(ZSTD_createDStream());
    if (!stream) return fail(ErrorCode::TryAgain, "journal segment " + name + ": out of memory");
    const std::uint64_t limit =
        summary ? std::min(summary->uncompressed_bytes, kMaxSegmentBytes) : kMaxWithoutSummary;
    if (summary) content.bytes.reserve(static_cast<std::size_t>(limit));
    ZSTD_inBuffer in{file->data(), file->size(), 0};
    std::string piece(ZSTD_DStreamOutSize(), '\0');
    std::size_t state = 1;
    while ((in.pos < in.size || state != 0) && content.bytes.size() < limit) {
        ZSTD_outBuffer out{piece.data(), piece.size(), 0};
        const std::size_t before = in.pos;
        state = ZSTD_decompressStream(stream.get(), &out, &in);
        if (ZSTD_isError(state) != 0) break;
        content.bytes.append(piece, 0, out.pos);
        if (in.pos == before && out.pos == 0) break;  // a frame cut short
    }
    if (summary && summary->uncompressed_bytes > content.bytes.size())
        content.lost = summary->uncompressed_bytes - content.bytes.size();
    return content;
}

// Time of the newest record; the file's own time when no record is left to ask.
Result<SegmentSummary> summarise(SegmentBytes& bytes, std::uint64_t segment,
                                 std::uint32_t max_record_bytes) {
    SegmentSummary summary;
    summary.segment = segment;
    auto size = bytes.size();
    if (!size) return fail(size.error());
    summary.uncompressed_bytes = *size;
    auto marker = read_marker(bytes, segment);
    if (!marker) return fail(marker.error());
    if (!*marker) return summary;
    JournalPosition at{segment, kSegmentHeaderBytes};
    for (;;) {
        auto look = look_at(bytes, **marker, at, max_record_bytes, Payload::Skip);
        if (!look) return fail(look.error());
        if (look->found == Found::End || look->found == Found::Torn) return summary;
        if (look->found == Found::Record) {
            summary.newest = summary.records == 0 ? look->header.time
                                                  : std::max(summary.newest, look->header.time);
            ++summary.records;
        }
        at.offset = look->next;
    }
}

std::string encode_summary(const SegmentSummary& summary) {
    std::string frame(kSummaryFrameBytes, '\0');
    put(frame.data(), kSkippableMagic);
    put(frame.data() + 4, static_cast<std::uint32_t>(kSummaryFrameBytes - 8));
    std::copy(kSummaryMagic.begin(), kSummaryMagic.end(), frame.begin() + 8);
    put(frame.data() + 12, summary.segment);
    put(frame.data() + 20, summary.uncompressed_bytes);
    put(frame.data() + 28, summary.records);
    put(frame.data() + 36, static_cast<std::uint64_t>(summary.newest));
    put(frame.data() + 44, crc32c(std::string_view(frame).substr(0, 44)));
    return frame;
}

std::optional<SegmentSummary> decode_summary(std::string_view frame) {
    if (frame.size() < kSummaryFrameBytes || take<std::uint32_t>(frame, 0) != kSkippableMagic ||
        frame.substr(8, 4) != kSummaryMagic ||
        take<std::uint32_t>(frame, 44) != crc32c(frame.substr(0, 44)))
        return std::nullopt;
    return SegmentSummary{take<std::uint64_t>(frame, 12), take<std::uint64_t>(frame, 20),
                          take<std::uint64_t>(frame, 28),
                          static_cast<std::int64_t>(take<std::uint64_t>(frame, 36))};
}

}  // namespace kith::journal
