// SPDX-License-Identifier: Apache-2.0
// Taking content out of records of the past. Closed segments only: a new file with the changed
// records takes the old one's name, so that no reader ever sees half a record and every position
// stays true. A lock on the directory keeps two such works, and tidy_journal(), apart; writers and
// readers never wait for it. Covered by tests/unit/journal/redact_test.cpp.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "engine/base/crc32c.hpp"
#include "engine/base/os_error.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/segment.hpp"

namespace kith {
namespace {

using namespace journal;

constexpr std::chrono::seconds kOthersAtWork{60};

// A closed segment as it is on disk.
struct Whole {
    std::string bytes;
    SegmentSummary summary;
    struct stat file {};
};

class Redactor {
public:
    Redactor(const JournalOptions& options, int directory, const RedactSpan& span,
             const Redaction& redact)
        : options_(options), directory_(directory), span_(span), redact_(redact) {}

    Status segment(std::uint64_t number, SegmentFiles files) {
        const std::string name = files.plain ? segment_name(number) : compressed_name(number);
        const std::string what = "journal segment " + options_.directory + "/" + name;
        if (!files.plain && is_young(name)) {
            done_ = true;
            return ok();
        }
        auto whole = read(number, files, name, what);
        if (!whole) return fail(whole.error());
        if (span_.older_than && newest(*whole) >= to_unix(*span_.older_than)) {
            done_ = true;
            return ok();
        }
        auto changed = redact_records(number, whole->bytes);
        if (!changed) return fail(changed.error());
        if (*changed > 0) {
            const Status written =
                files.plain
                    ? write_segment(directory_, ".new-" + std::to_string(::getpid()) + "-" + name,
                                    name, whole->bytes, whole->file, what)
                    : write_compressed(directory_, name, whole->bytes, whole->summary, whole->file,
                                       what);
            if (!written) return written;
            // Where both are there, a killed tidy_journal() left the second; the plain one counts.
            if (files.plain && files.compressed &&
                ::unlinkat(directory_, compressed_name(number).c_str(), 0) != 0 && errno != ENOENT)
                return os_fail("cannot delete " + what + ".zst", errno);
            ++count_.segments;
            count_.records += *changed;
        }
        count_.looked_up_to = number;
        return ok();
    }
    [[nodiscard]] const Redacted& count() const noexcept { return count_; }
    /// Nothing that follows is old enough.
    [[nodiscard]] bool done() const noexcept { return done_; }

private:
    // By what a compressed segment says of itself, without reading all of it.
    [[nodiscard]] bool is_young(const std::string& name) const {
        if (!span_.older_than) return false;
        const UniqueFd fd(::openat(directory_, name.c_str(), O_RDONLY | O_CLOEXEC));
        std::string frame(kSummaryFrameBytes, '\0');
        if (!fd ||
            ::pread(fd.get(), frame.data(), frame.size(), 0) != static_cast<ssize_t>(frame.size()))
            return false;
        const auto summary = decode_summary(frame);
        return summary && summary->records > 0 && summary->newest >= to_unix(*span_.older_than);
    }

    static std::int64_t newest(const Whole& whole) {
        return whole.summary.records > 0 ? whole.summary.newest
                                         : std::int64_t{whole.file.st_mtim.tv_sec};
    }

    Result<Whole> read(std::uint64_t number, SegmentFiles files, const std::string& name,
                       const std::string& what) const {
        Whole whole;
        const UniqueFd fd(::openat(directory_, name.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd || ::fstat(fd.get(), &whole.file) != 0) return os_fail(what, errno);
        std::uint64_t lost = 0;
        if (files.plain) {
            auto bytes = read_whole(fd.get(), name, kMaxSegmentBytes);
            if (!bytes) return fail(bytes.error());
            whole.bytes = std::move(*bytes);
        } else {
            auto content = read_compressed(fd.get(), name);
            if (!content) return fail(content.error());
            whole.bytes = std::move(content->bytes);
            lost = content->lost;
        }
        SegmentBytes view = SegmentBytes::of_memory(whole.bytes);
        auto summary = summarise(view, number, options_.max_record_bytes);
        if (!summary) return fail(summary.error());
        whole.summary = *summary;
        whole.summary.uncompressed_bytes += lost;
        return whole;
    }

    // Count of records that `redact` wanted changed; `bytes` has them changed.
    Result<std::uint64_t> redact_records(std::uint64_t number, std::string& bytes) const {
        SegmentBytes view = SegmentBytes::of_memory(bytes);
        auto marker = read_marker(view, number);
        if (!marker) return fail(marker.error());
        std::uint64_t changed = 0;
        if (!*marker) return changed;
        JournalPosition at{number, kSegmentHeaderBytes};
        while (at < span_.before) {
            auto look = look_at(view, **marker, at, options_.max_record_bytes, Payload::Check);
            if (!look) return fail(look.error());
            if (look->found == Found::End || look->found == Found::Torn) break;
            if (look->found == Found::Record) {
                const JournalRecord record{look->header.type,
                                           from_unix(look->header.time),
                                           std::string(look->payload),
                                           at,
                                           {number, look->next}};
                if (const auto payload = redact_(record)) {
                    put(bytes, **marker, look->header, at, *payload);
                    ++changed;
                }
            }
            at.offset = look->next;
        }
        return changed;
    }

    static void put(std::string& bytes, Marker marker, RecordHeader header, JournalPosition at,
                    std::string payload) {
        const bool fits = !payload.empty() && payload.size() <= header.payload_bytes;
        if (!fits) {
            payload.clear();
            header.type = RecordType::Note;
        }
        payload.resize(header.payload_bytes, fits ? '\0' : ' ');
        header.payload_crc = crc32c(payload);
        std::array<char, kRecordHeaderBytes> head{};
        encode_record_header(header, marker, at, head);
        const auto offset = static_cast<std::size_t>(at.offset);
        bytes.replace(offset, head.size(), head.data(), head.size());
        bytes.replace(offset + head.size(), payload.size(), payload);
    }

    const JournalOptions& options_;
    const int directory_;
    const RedactSpan& span_;
    const Redaction& redact_;
    Redacted count_;
    bool done_ = false;
};

}  // namespace

Result<Redacted> redact_journal(const JournalOptions& options, const RedactSpan& span,
                                const Redaction& redact) {
    auto directory = open_directory(options.directory);
    if (!directory) return fail(directory.error());
    if (auto locked = lock_file(directory->get(), LOCK_EX, options.directory, kOthersAtWork);
        !locked)
        return fail(locked.error());
    auto segments = list_segments(directory->get(), options.directory);
    if (!segments) return fail(segments.error());
    Redactor redactor(options, directory->get(), span, redact);
    for (const auto& [number, files] : *segments) {
        if (number > span.before.segment || number == segments->rbegin()->first) break;
        if (number < span.first_segment) continue;
        if (auto done = redactor.segment(number, files); !done) return fail(done.error());
        if (redactor.done()) break;
    }
    return redactor.count();
}

}  // namespace kith
