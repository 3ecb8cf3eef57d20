// SPDX-License-Identifier: Apache-2.0
// Appending to the journal. The lock is flock(2) on the current segment, the one with the highest
// number: it goes away with its holder, also by kill -9, and needs no file of its own. Under it a
// writer checks that the segment is still the current one, cuts what a killed writer left, and
// writes one record with one pwrite. Why this loses and doubles nothing: engine/journal/FORMAT.md,
// "Who may do what". Covered by tests/unit/journal/{journal,faults,processes}_test.cpp.
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <vector>

#include "engine/base/crc32c.hpp"
#include "engine/base/os_error.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/sanitizer.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/segment.hpp"

namespace kith {
namespace {

using namespace journal;

constexpr mode_t kSegmentMode = 0640;
// Segments left since the last sync(); more are synced at once, so that the list of open files
// stays short.
constexpr std::size_t kMaxUnsynced = 4;
// Rounds of "somebody else went on to the next segment" before an append gives up; each round
// follows a whole segment.
constexpr int kMaxRounds = 64;

Result<Marker> random_marker() {
    Marker marker = 0;
    while (marker == 0) {
        if (::getrandom(&marker, sizeof marker, 0) != static_cast<ssize_t>(sizeof marker) &&
            errno != EINTR)
            return os_fail("journal: no random bytes", errno);
    }
    return marker;
}

class Writer final : public JournalWriter {
public:
    Writer(JournalOptions options, UniqueFd directory)
        : options_(std::move(options)), directory_(std::move(directory)) {}

    Status start() {
        const std::lock_guard guard(mutex_);
        return open_newest();
    }

    Result<JournalPosition> append(RecordType type, Time time, std::string_view payload) override {
        if (payload.size() > options_.max_record_bytes)
            return fail(ErrorCode::Usage, "journal record of " + std::to_string(payload.size()) +
                                              " bytes exceeds the limit of " +
                                              std::to_string(options_.max_record_bytes));
        RecordHeader header;
        header.payload_bytes = static_cast<std::uint32_t>(payload.size());
        header.type = type;
        header.time = to_unix(time);
        header.payload_crc = crc32c(payload);

        std::unique_lock guard(mutex_, kLockWait);
        if (!guard) return fail(ErrorCode::TryAgain, "journal " + options_.directory + " is busy");
        if (pid_ != ::getpid()) {  // a forked child shares its parent's lock: take one of its own
            pid_ = ::getpid();
            if (auto opened = open_newest(); !opened) return fail(opened.error());
        }
        for (int round = 0; round < kMaxRounds; ++round) {
            if (auto locked = lock_file(segment_fd_.get(), LOCK_EX, name()); !locked)
                return fail(locked.error());
            auto position = append_locked(header, payload);
            ::flock(segment_fd_.get(), LOCK_UN);
            if (!position) return fail(position.error());
            if (*position) return **position;
            if (auto opened = open_newest(); !opened) return fail(opened.error());
        }
        return fail(ErrorCode::TryAgain,
                    "journal " + options_.directory + ": the current segment keeps changing");
    }

    Status close_segment() override {
        std::unique_lock guard(mutex_, kLockWait);
        if (!guard) return fail(ErrorCode::TryAgain, "journal " + options_.directory + " is busy");
        if (auto opened = open_newest(); !opened) return opened;
        if (auto locked = lock_file(segment_fd_.get(), LOCK_EX, name()); !locked) return locked;
        Status made = ok();
        // Superseded: somebody else was faster.
        if (!is_superseded()) {
            struct stat status {};
            if (::fstat(segment_fd_.get(), &status) != 0)
                made = os_fail("journal segment " + name(), errno);
            else if (static_cast<std::uint64_t>(status.st_size) > kSegmentHeaderBytes)
                made = create_segment(segment_ + 1);
        }
        ::flock(segment_fd_.get(), LOCK_UN);
        return made ? open_newest() : made;
    }

    Status sync() override {
        const std::lock_guard guard(mutex_);
        for (const UniqueFd& fd : unsynced_)
            if (::fdatasync(fd.get()) != 0)
                return os_fail("journal " + options_.directory + ": cannot sync", errno);
        unsynced_.clear();
        if (::fdatasync(segment_fd_.get()) != 0)
            return os_fail("journal segment " + name() + ": cannot sync", errno);
        if (directory_changed_ && ::fsync(directory_.get()) != 0)
            return os_fail("journal " + options_.directory + ": cannot sync", errno);
        directory_changed_ = false;
        return ok();
    }

private:
    [[nodiscard]] std::string name() const {
        return options_.directory + "/" + segment_name(segment_);
    }

    // Opens the newest segment and makes the first one if there is none.
    Status open_newest() {
        auto segments = list_segments(directory_.get(), options_.directory);
        if (!segments) return fail(segments.error());
        std::uint64_t newest = segments->empty() ? 1 : segments->rbegin()->first;
        if (segments->empty() || !segments->rbegin()->second.plain) {
            // Only compressed ones are left (a copied journal): a compressed segment is closed for
            // good.
            if (!segments->empty()) ++newest;
            if (auto made = create_segment(newest); !made) return made;
        }
        UniqueFd fd(::openat(directory_.get(), segment_name(newest).c_str(), O_RDWR | O_CLOEXEC));
        if (!fd)
            return os_fail("journal segment " + options_.directory + "/" + segment_name(newest),
                           errno,
                           errno == EROFS ? "mount its file system writable"
                                          : "it must belong to the user the kith services run as");
        if (segment_fd_) {
            if (unsynced_.size() >= kMaxUnsynced) {
                if (::fdatasync(unsynced_.front().get()) != 0)
                    return os_fail("journal " + options_.directory + ": cannot sync", errno);
                unsynced_.erase(unsynced_.begin());
            }
            unsynced_.push_back(std::move(segment_fd_));
        }
        segment_fd_ = std::move(fd);
        segment_ = newest;
        marker_.reset();
        end_ = 0;
        directory_changed_ = true;
        return ok();
    }

    // A segment appears under its name with its header complete, or not at all. Losing a race for
    // the name is success.
    Status create_segment(std::uint64_t segment) {
        auto marker = random_marker();
        if (!marker) return fail(marker.error());
        const auto header = encode_segment_header(segment, *marker);
        std::array<char, 40> unfinished{};
        std::snprintf(unfinished.data(), unfinished.size(), ".new-%016llx",
                      static_cast<unsigned long long>(*marker));
        const std::string what =
            "journal segment " + options_.directory + "/" + segment_name(segment);
        UniqueFd fd(::openat(directory_.get(), unfinished.data(),
                             O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kSegmentMode));
        if (!fd) return os_fail(what + ": cannot create", errno);
        int error = 0;
        const ssize_t n = ::pwrite(fd.get(), header.data(), header.size(), 0);
        if (n != static_cast<ssize_t>(header.size())) error = n < 0 ? errno : ENOSPC;
        if (error == 0) error = give_to_owner_of_directory(fd.get());
        if (error == 0 &&
            ::linkat(directory_.get(), unfinished.data(), directory_.get(),
                     segment_name(segment).c_str(), 0) != 0 &&
            errno != EEXIST)
            error = errno;
        ::unlinkat(directory_.get(), unfinished.data(), 0);
        if (error != 0) return os_fail(what + ": cannot create", error);
        return ok();
    }

    // The admin's command runs as root; a segment of root's would shut the services out.
    [[nodiscard]] int give_to_owner_of_directory(int fd) const {
        if (::geteuid() != 0) return 0;
        struct stat status {};
        if (::fstat(directory_.get(), &status) != 0) return errno;
        return ::fchown(fd, status.st_uid, status.st_gid) == 0 ? 0 : errno;
    }

    // Gone, replaced or followed by another. REQUIRES the lock.
    [[nodiscard]] bool is_superseded() const {
        struct stat status {};
        return ::fstat(segment_fd_.get(), &status) != 0 || status.st_nlink == 0 ||
               ::faccessat(directory_.get(), segment_name(segment_ + 1).c_str(), F_OK, 0) == 0;
    }

    // REQUIRES the lock. nullopt: this is not the current segment any more.
    Result<std::optional<JournalPosition>> append_locked(RecordHeader header,
                                                         std::string_view payload) {
        struct stat status {};
        if (::fstat(segment_fd_.get(), &status) != 0)
            return os_fail("journal segment " + name(), errno);
        if (is_superseded()) return std::optional<JournalPosition>();

        const auto size = static_cast<std::uint64_t>(status.st_size);
        auto usable = size == end_ && marker_ ? Result<bool>(true) : find_end(size);
        if (!usable) return fail(usable.error());
        if (!*usable || end_ >= options_.segment_bytes) {
            if (auto made = create_segment(segment_ + 1); !made) return fail(made.error());
            return std::optional<JournalPosition>();
        }
        return write_record(header, payload);
    }

    // Sets end_ to behind the last record, and cuts off what lies there. False: the segment's
    // marker cannot be read, so that nobody could find a record appended here.
    Result<bool> find_end(std::uint64_t size) {
        SegmentBytes bytes = SegmentBytes::of_file(segment_fd_.get(), name());
        if (!marker_ || size < end_) {
            auto marker = read_marker(bytes, segment_);
            if (!marker) return fail(marker.error());
            if (!*marker) return false;
            marker_ = *marker;
            end_ = kSegmentHeaderBytes;
        }
        for (;;) {
            auto look = look_at(bytes, *marker_, {segment_, end_}, options_.max_record_bytes,
                                Payload::Skip);
            if (!look) return fail(look.error());
            if (look->found == Found::End) return true;
            if (look->found == Found::Torn) {
                if (::ftruncate(segment_fd_.get(), static_cast<off_t>(end_)) != 0)
                    return os_fail("journal segment " + name() + ": cannot cut a torn record",
                                   errno);
                return true;
            }
            end_ = look->next;
        }
    }

    Result<std::optional<JournalPosition>> write_record(const RecordHeader& header,
                                                        std::string_view payload) {
        const JournalPosition position{segment_, end_};
        std::array<char, kRecordHeaderBytes> head{};
        encode_record_header(header, *marker_, position, head);
        record_.assign(head.data(), head.size());
        record_.append(payload);
        ssize_t n = 0;
        do {
            n = ::pwrite(segment_fd_.get(), record_.data(), record_.size(),
                         static_cast<off_t>(end_));
        } while (n < 0 && errno == EINTR);
        if (n != static_cast<ssize_t>(record_.size())) {
            // A regular file is written short only when there is no room for the rest.
            const int error = n < 0 ? errno : ENOSPC;
            // If this fails as well, the next append finds a torn record and tries again.
            if (::ftruncate(segment_fd_.get(), static_cast<off_t>(end_)) != 0) end_ = 0;
            if (end_ == 0) marker_.reset();
            return os_fail("journal segment " + name() + ": cannot append", error,
                           os_error_code(error) == ErrorCode::Full
                               ? "free disk space or lower journal.keep"
                               : "");
        }
        end_ += record_.size();
        return std::optional<JournalPosition>(position);
    }

    const JournalOptions options_;
    const UniqueFd directory_;
    std::timed_mutex mutex_;  // guards all below
    pid_t pid_ = ::getpid();
    std::uint64_t segment_ = 0;
    UniqueFd segment_fd_;
    std::optional<Marker> marker_;
    std::uint64_t end_ = 0;  // behind the last record that we wrote or checked
    std::string record_;
    std::vector<UniqueFd> unsynced_;
    bool directory_changed_ = false;
};

}  // namespace

Result<std::unique_ptr<JournalWriter>> JournalWriter::open(const JournalOptions& options) {
    if (auto made = make_directory(options.directory); !made) return fail(made.error());
    auto directory = open_directory(options.directory);
    if (!directory) return fail(directory.error());
    auto writer = std::make_unique<Writer>(options, std::move(*directory));
    if (auto started = writer->start(); !started) return fail(started.error());
    return std::unique_ptr<JournalWriter>(std::move(writer));
}

}  // namespace kith

#ifdef KITH_THREAD_SANITIZER
/// What std::timed_mutex waits with. A ThreadSanitizer that does not know it sees no lock taken
/// and takes everything under it for a race; the older call it knows.
extern "C" int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                                       const timespec* until) noexcept {
    constexpr long kSecond = 1'000'000'000;
    timespec now{}, wall{};
    ::clock_gettime(clock, &now);
    ::clock_gettime(CLOCK_REALTIME, &wall);
    timespec then{wall.tv_sec + until->tv_sec - now.tv_sec,
                  wall.tv_nsec + until->tv_nsec - now.tv_nsec};
    if (then.tv_nsec < 0) {
        then.tv_nsec += kSecond;
        --then.tv_sec;
    } else if (then.tv_nsec >= kSecond) {
        then.tv_nsec -= kSecond;
        ++then.tv_sec;
    }
    return ::pthread_mutex_timedlock(mutex, &then);
}
#endif
