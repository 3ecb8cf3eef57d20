// SPDX-License-Identifier: Apache-2.0
// Reading the journal: in order with a tail that waits, or one record at a known place. A record
// that checks out is final the moment it is seen. Anything else is looked at twice: once more under
// the writers' lock, or after it is known that the segment is closed; only then it counts as
// damage. Segments are read from the plain file or, once compressed, from memory; positions are the
// same in both. Covered by tests/unit/journal/{journal,faults,processes}_test.cpp and
// tests/fuzz/fuzz_journal.cpp.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/base/os_error.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/segment.hpp"

namespace kith {
namespace {

using namespace journal;

// One opened segment.
struct Segment {
    std::uint64_t number = 0;
    UniqueFd fd;  // plain file; empty for a compressed one
    SegmentBytes bytes = SegmentBytes::of_memory({});
    std::uint64_t lost = 0;  // bytes a damaged compressed file could not give
    std::optional<Marker> marker;
    bool closed = false;        // known to grow no more
    struct stat file {};        // as it was opened
    bool tail_counted = false;  // what lies behind its last record was added to damaged_bytes()
};

class Reader final : public JournalReader {
public:
    Reader(JournalOptions options, UniqueFd directory)
        : options_(std::move(options)), directory_(std::move(directory)) {}

    Status seek(JournalPosition position) override {
        current_.reset();
        position_ = position;
        return ok();
    }

    Result<std::optional<JournalRecord>> next() override {
        for (;;) {
            if (!current_) {
                auto opened = open_current();
                if (!opened) return fail(opened.error());
                if (!*opened) return std::optional<JournalRecord>();
            }
            auto look = look_here();
            if (!look) return fail(look.error());
            if (look->found == Found::Record) return std::optional(take(*look));
            if (!current_->closed) {
                auto closed = is_closed();
                if (!closed) return fail(closed.error());
                if (*closed) {
                    // Records may have come between our look and the end: look again, then believe.
                    current_->closed = true;
                    current_->bytes.forget();
                    continue;
                }
                look = look_under_lock();
                if (!look) {
                    if (look.error().code == ErrorCode::TryAgain)
                        return std::optional<JournalRecord>();
                    return fail(look.error());
                }
                if (look->found == Found::Record) return std::optional(take(*look));
                if (look->found != Found::Damaged) return std::optional<JournalRecord>();
            }
            auto skipped = skip(*look);
            if (!skipped) return fail(skipped.error());
            if (!*skipped) return std::optional<JournalRecord>();
        }
    }

    Result<JournalRecord> at(JournalPosition position) override {
        const std::string what = "journal record " + std::to_string(position.segment) + ":" +
                                 std::to_string(position.offset);
        if (!random_ || random_->number != position.segment || was_replaced(*random_)) {
            random_.reset();
            auto segment = open_segment(position.segment);
            if (!segment) return fail(segment.error());
            if (!*segment)
                return fail(ErrorCode::NoInput, what + ": the segment was deleted",
                            "see journal.keep");
            random_ = std::move(**segment);
        }
        random_->bytes.forget();
        auto marker = marker_of(*random_);
        if (!marker) return fail(marker.error());
        if (!*marker || position.offset < kSegmentHeaderBytes)
            return fail(ErrorCode::Corrupt, what + ": no record begins there");
        auto look =
            look_at(random_->bytes, **marker, position, options_.max_record_bytes, Payload::Check);
        if (!look) return fail(look.error());
        if (look->found != Found::Record)
            return fail(ErrorCode::Corrupt, what + ": no complete record begins there");
        return make_record(*look, position);
    }

    std::uint64_t damaged_bytes() const noexcept override { return damaged_; }
    std::uint64_t damaged_segment() const noexcept override { return damaged_segment_; }

    Result<JournalPosition> end() override {
        for (int round = 0; round < 3;
             ++round) {  // a segment may be deleted or compressed between list and open
            auto segments = list_segments(directory_.get(), options_.directory);
            if (!segments) return fail(segments.error());
            if (segments->empty()) return JournalPosition{};
            auto segment = open_segment(segments->rbegin()->first);
            if (!segment) return fail(segment.error());
            if (!*segment) continue;
            auto size = (*segment)->bytes.size();
            if (!size) return fail(size.error());
            return JournalPosition{(*segment)->number, *size};
        }
        return fail(ErrorCode::TryAgain, "journal " + options_.directory + " keeps changing");
    }

private:
    // nullopt: no such segment.
    Result<std::optional<Segment>> open_segment(std::uint64_t number) const {
        Segment segment;
        segment.number = number;
        const std::string plain = segment_name(number);
        segment.fd = UniqueFd(::openat(directory_.get(), plain.c_str(), O_RDONLY | O_CLOEXEC));
        if (segment.fd) {
            segment.bytes =
                SegmentBytes::of_file(segment.fd.get(), options_.directory + "/" + plain);
            if (::fstat(segment.fd.get(), &segment.file) != 0)
                return os_fail("journal segment " + options_.directory + "/" + plain, errno);
            return std::optional(std::move(segment));
        }
        if (errno != ENOENT)
            return os_fail("journal segment " + options_.directory + "/" + plain, errno);
        // The compressed file is complete before the plain one goes, so this order misses neither.
        const std::string name = compressed_name(number);
        const UniqueFd fd(::openat(directory_.get(), name.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd) {
            if (errno == ENOENT) return std::optional<Segment>();
            return os_fail("journal segment " + options_.directory + "/" + name, errno);
        }
        if (::fstat(fd.get(), &segment.file) != 0)
            return os_fail("journal segment " + options_.directory + "/" + name, errno);
        auto content = read_compressed(fd.get(), options_.directory + "/" + name);
        if (!content) return fail(content.error());
        segment.bytes = SegmentBytes::of_memory(std::move(content->bytes));
        segment.lost = content->lost;
        segment.closed = true;
        return std::optional(std::move(segment));
    }

    // Another file has its name since: what was taken out of records (redact_journal()) is not to
    // be read on from the old one. A plain one without a name was compressed since, or deleted.
    [[nodiscard]] bool was_replaced(const Segment& segment) const {
        const std::string name =
            segment.fd ? segment_name(segment.number) : compressed_name(segment.number);
        struct stat now {};
        if (::fstatat(directory_.get(), name.c_str(), &now, 0) != 0) return segment.fd.get() >= 0;
        return now.st_ino != segment.file.st_ino ||
               (!segment.fd && (now.st_ctim.tv_sec != segment.file.st_ctim.tv_sec ||
                                now.st_ctim.tv_nsec != segment.file.st_ctim.tv_nsec));
    }

    // Opens the segment of position_, or the first after it, or (journal begun anew) the oldest.
    // False: there is none.
    Result<bool> open_current() {
        for (;;) {
            auto segments = list_segments(directory_.get(), options_.directory);
            if (!segments) return fail(segments.error());
            auto found = segments->lower_bound(position_.segment);
            if (found == segments->end()) found = segments->begin();
            if (found == segments->end()) return false;
            if (found->first != position_.segment) position_ = {found->first, 0};
            auto segment = open_segment(found->first);
            if (!segment) {
                if (segment.error().code != ErrorCode::Corrupt ||
                    std::next(found) == segments->end())
                    return fail(segment.error());
                count_damage(1);  // not even its size can be believed
                position_ = {std::next(found)->first, 0};
                continue;
            }
            if (!*segment) continue;  // deleted meanwhile
            current_ = std::move(**segment);
            position_.offset = std::max<std::uint64_t>(position_.offset, kSegmentHeaderBytes);
            return true;
        }
    }

    static Result<std::optional<Marker>> marker_of(Segment& segment) {
        if (!segment.marker) {
            auto marker = read_marker(segment.bytes, segment.number);
            if (!marker) return fail(marker.error());
            segment.marker = *marker;
        }
        return segment.marker;
    }

    Result<Look> look_here() {
        auto marker = marker_of(*current_);
        if (!marker) return fail(marker.error());
        if (!*marker) {  // without it nothing in the segment can be told from noise
            Look look;
            look.found = Found::Torn;
            return look;
        }
        if (auto shrunk = follow_cut(**marker); !shrunk) return fail(shrunk.error());
        return look_at(current_->bytes, **marker, position_, options_.max_record_bytes,
                       Payload::Check);
    }

    // After a power failure a segment may be shorter than what was read of it. New records then
    // begin where its last one ends, before our position.
    Status follow_cut(Marker marker) {
        auto size = current_->bytes.size();
        if (!size) return fail(size.error());
        if (current_->closed || *size >= position_.offset) return ok();
        current_->bytes.forget();
        JournalPosition at{position_.segment, kSegmentHeaderBytes};
        for (;;) {
            auto look =
                look_at(current_->bytes, marker, at, options_.max_record_bytes, Payload::Skip);
            if (!look) return fail(look.error());
            if (look->found == Found::End || look->found == Found::Torn) break;
            at.offset = look->next;
        }
        position_ = std::min(position_, at);
        return ok();
    }

    Result<Look> look_under_lock() {
        // At a clean end there is nothing to argue about, and a reader that only waits never meets
        // a writer's lock.
        auto size = current_->bytes.size();
        if (!size) return fail(size.error());
        if (*size == position_.offset) return Look{};
        if (auto locked = lock_file(current_->fd.get(), LOCK_SH, segment_name(current_->number));
            !locked)
            return fail(locked.error());
        current_->bytes.forget();
        auto look = look_here();
        ::flock(current_->fd.get(), LOCK_UN);
        return look;
    }

    // A later segment exists, or this one was deleted.
    Result<bool> is_closed() {
        if (::faccessat(directory_.get(), segment_name(current_->number + 1).c_str(), F_OK, 0) == 0)
            return true;
        struct stat file {
        }, directory{};
        if (::fstat(current_->fd.get(), &file) != 0 || ::fstat(directory_.get(), &directory) != 0)
            return os_fail("journal " + options_.directory, errno);
        if (file.st_nlink == 0) return true;
        const std::pair changed{directory.st_mtim.tv_sec, directory.st_mtim.tv_nsec};
        if (changed == directory_seen_) return false;
        auto segments = list_segments(directory_.get(), options_.directory);
        if (!segments) return fail(segments.error());
        directory_seen_ = changed;
        return segments->upper_bound(current_->number) != segments->end();
    }

    // Past damage, or into the next segment. False: there is none. REQUIRES that no writer can
    // change what was looked at.
    Result<bool> skip(const Look& look) {
        if (look.found == Found::Damaged) {
            count_damage(look.next - position_.offset);
            position_.offset = look.next;
            return true;
        }
        if (!current_->tail_counted) {
            auto size = current_->bytes.size();
            if (!size) return fail(size.error());
            if (*size > position_.offset) count_damage(*size - position_.offset);
            if (current_->lost > 0) count_damage(current_->lost);
            current_->tail_counted = true;
        }
        auto segments = list_segments(directory_.get(), options_.directory);
        if (!segments) return fail(segments.error());
        // The last segment is left only for a later one, or when it is gone because the journal was
        // begun anew.
        const std::uint64_t done = current_->number;
        if (segments->upper_bound(done) == segments->end() && segments->count(done) != 0)
            return false;
        position_ = {done + 1, 0};
        current_.reset();
        directory_seen_ = {};
        return true;
    }

    // In the segment of position_.
    void count_damage(std::uint64_t bytes) {
        damaged_ += bytes;
        damaged_segment_ = position_.segment;
    }

    JournalRecord take(const Look& look) {
        JournalRecord record = make_record(look, position_);
        position_ = record.next;
        return record;
    }

    static JournalRecord make_record(const Look& look, JournalPosition position) {
        JournalRecord record;
        record.type = look.header.type;
        record.time = from_unix(look.header.time);
        record.payload.assign(look.payload);
        record.position = position;
        record.next = {position.segment, look.next};
        return record;
    }

    const JournalOptions options_;
    const UniqueFd directory_;
    JournalPosition position_;
    std::optional<Segment> current_, random_;
    std::pair<time_t, long> directory_seen_{};
    std::uint64_t damaged_ = 0, damaged_segment_ = 0;
};

}  // namespace

Status for_each_record(JournalReader& reader,
                       const std::function<Status(const JournalRecord&)>& visit) {
    for (;;) {
        const auto record = reader.next();
        if (!record) return fail(record.error());
        if (!record->has_value()) return ok();
        if (Status visited = visit(**record); !visited) return visited;
    }
}

Result<std::unique_ptr<JournalReader>> JournalReader::open(const JournalOptions& options) {
    auto directory = open_directory(options.directory);
    if (!directory) return fail(directory.error());
    return std::unique_ptr<JournalReader>(std::make_unique<Reader>(options, std::move(*directory)));
}

std::string segment_path(const JournalOptions& options, std::uint64_t segment) {
    for (const std::string& name : {segment_name(segment), compressed_name(segment)}) {
        std::string path = options.directory + "/" + name;
        if (::access(path.c_str(), F_OK) == 0) return path;
    }
    return {};
}

}  // namespace kith
