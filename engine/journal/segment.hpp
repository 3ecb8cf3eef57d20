// SPDX-License-Identifier: Apache-2.0
// Bytes of a journal segment, for the files of this folder only: headers, names, and the one
// function by which writer and reader decide what lies at an offset. They must agree, because the
// writer cuts what the reader waits at. Everything here is persistent: engine/journal/FORMAT.md.
// Covered by tests/unit/journal/.
#pragma once

#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/journal/journal.hpp"

namespace kith::journal {

inline constexpr std::size_t kSegmentHeaderBytes = 32;
inline constexpr std::size_t kRecordHeaderBytes = 32;
inline constexpr std::uint32_t kFormatVersion = 1;
/// A compressed segment that claims more is damaged; bounds the memory of reading one. Above the
/// largest journal.segment_size with a largest record behind it.
inline constexpr std::uint64_t kMaxSegmentBytes = 2ULL << 30;
/// How long an append or a reader's second look waits for another process's lock. An append takes
/// microseconds, so this is only reached when a process was stopped inside one; mail must not wait
/// for that.
inline constexpr std::chrono::milliseconds kLockWait{2000};

/// Random number that begins every record of one segment; no sender of mail can know it, so no mail
/// can contain it.
using Marker = std::uint64_t;

[[nodiscard]] std::array<char, kSegmentHeaderBytes> encode_segment_header(std::uint64_t segment,
                                                                          Marker marker);

struct RecordHeader {
    std::uint32_t payload_bytes = 0;
    RecordType type = RecordType::Note;
    std::int64_t time = 0;  ///< seconds since the Unix epoch
    std::uint32_t payload_crc = 0;
};
void encode_record_header(const RecordHeader& header, Marker marker, JournalPosition position,
                          std::array<char, kRecordHeaderBytes>& out);
/// nullopt when `bytes` do not begin with a record header made for this very position.
[[nodiscard]] std::optional<RecordHeader> decode_record_header(std::string_view bytes,
                                                               Marker marker,
                                                               JournalPosition position);

[[nodiscard]] std::string segment_name(std::uint64_t segment);     ///< "0000000042.kj"
[[nodiscard]] std::string compressed_name(std::uint64_t segment);  ///< "0000000042.kj.zst"

struct SegmentFiles {
    bool plain = false, compressed = false;
};
/// The segments in the directory by number.
[[nodiscard]] Result<std::map<std::uint64_t, SegmentFiles>> list_segments(
    int directory_fd, const std::string& directory);
[[nodiscard]] Result<UniqueFd> open_directory(const std::string& directory);

/// A segment's uncompressed bytes: a file read through a buffer, or memory. One thread.
class SegmentBytes {
public:
    /// Borrows `fd`, which must outlive this.
    static SegmentBytes of_file(int fd, std::string name);
    static SegmentBytes of_memory(std::string bytes);

    /// Up to `want` bytes from `offset`; fewer only at the end. Valid until the next call.
    [[nodiscard]] Result<std::string_view> view(std::uint64_t offset, std::size_t want);
    [[nodiscard]] Result<std::uint64_t> size() const;
    /// Next view() reads the file again: after a failed look the buffered bytes may be stale.
    void forget() noexcept {
        if (fd_ >= 0) buffer_.clear();
    }

private:
    int fd_ = -1;
    std::string name_;
    std::string buffer_;
    std::uint64_t buffer_offset_ = 0;
};

/// Marker of a segment, from its header or, when that is damaged, from its first record; nullopt
/// when neither checks out. Corrupt when a newer kith wrote it.
[[nodiscard]] Result<std::optional<Marker>> read_marker(SegmentBytes& bytes, std::uint64_t segment);

enum class Found {
    Record,   ///< complete, and every check passes
    Damaged,  ///< not a record, or one whose payload fails; something follows at `next`
    Torn,     ///< bytes that are not (yet) a record, nothing after them
    End,      ///< no bytes
};
struct Look {
    Found found = Found::End;
    RecordHeader header;
    std::string_view payload;  ///< valid until the next view()
    std::uint64_t next = 0;    ///< where to go on; for Torn and End, where a writer goes on
};
enum class Payload { Check, Skip };
/// What lies at `offset`. Bad bytes are searched for the next record header that checks out.
[[nodiscard]] Result<Look> look_at(SegmentBytes& bytes, Marker marker, JournalPosition position,
                                   std::uint32_t max_record_bytes, Payload payload);

/// Locks (LOCK_EX, LOCK_SH) with a deadline. TryAgain when it passes.
[[nodiscard]] Status lock_file(int fd, int operation, const std::string& name,
                               std::chrono::milliseconds wait = kLockWait);

/// Content of a compressed segment. What could be read before the damage is in `bytes`; `lost` =
/// claimed but unreadable.
struct Decompressed {
    std::string bytes;
    std::uint64_t lost = 0;
};
[[nodiscard]] Result<Decompressed> read_compressed(int fd, const std::string& name);

/// Facts about a closed segment, kept in a skippable frame before its compressed bytes.
struct SegmentSummary {
    std::uint64_t segment = 0;
    std::uint64_t uncompressed_bytes = 0;
    std::uint64_t records = 0;
    std::int64_t newest = 0;  ///< time of the newest record, 0 without any
};
inline constexpr std::size_t kSummaryFrameBytes = 8 + 40;
/// Walks the segment; nothing but its number and size when its marker cannot be read.
[[nodiscard]] Result<SegmentSummary> summarise(SegmentBytes& bytes, std::uint64_t segment,
                                               std::uint32_t max_record_bytes);
[[nodiscard]] std::string encode_summary(const SegmentSummary& summary);
[[nodiscard]] std::optional<SegmentSummary> decode_summary(std::string_view frame);

[[nodiscard]] Result<std::string> read_whole(int fd, const std::string& name, std::uint64_t limit);

/// Writes `bytes` whole beside the segments, forced to disk, with owner and times of `like`, and
/// gives it the name `name`; a process that ends in between leaves `unfinished`, which tidy_journal
/// removes after an hour. `what` begins the errors.
[[nodiscard]] Status write_segment(int directory_fd, const std::string& unfinished,
                                   const std::string& name, const std::string& bytes,
                                   const struct stat& like, const std::string& what);
/// The same for the compressed form, which is read back before it gets its name.
[[nodiscard]] Status write_compressed(int directory_fd, const std::string& name,
                                      const std::string& bytes, const SegmentSummary& summary,
                                      const struct stat& like, const std::string& what);

}  // namespace kith::journal
