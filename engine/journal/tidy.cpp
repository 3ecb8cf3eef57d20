// SPDX-License-Identifier: Apache-2.0
// Compresses and expires closed segments. Oldest first, and it stops at the first failure: a
// compressed segment never follows a plain one that is older, which is why a writer may take a
// missing plain successor for "still the current one". The newest segment is never touched, so
// numbers are never used twice. Covered by tests/unit/journal/tidy_test.cpp.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "engine/base/os_error.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/segment.hpp"

namespace kith {
namespace {

using namespace journal;

// Leftovers of killed processes are removed when nobody can be in the middle of making them any
// more.
constexpr std::int64_t kLeftoverSeconds = 3600;

std::uint64_t file_bytes(int directory, const std::string& name) {
    struct stat status {};
    return ::fstatat(directory, name.c_str(), &status, 0) == 0
               ? static_cast<std::uint64_t>(status.st_size)
               : 0;
}

class Tidy {
public:
    Tidy(const JournalOptions& options, int directory, Time now)
        : options_(options), directory_(directory), now_(now) {}

    Result<std::uint64_t> segment(std::uint64_t number, SegmentFiles files) {
        const std::string plain = segment_name(number), compressed = compressed_name(number);
        const std::string& name = files.plain ? plain : compressed;
        const std::string what = "journal segment " + options_.directory + "/" + name;
        const std::uint64_t before =
            file_bytes(directory_, plain) + file_bytes(directory_, compressed);
        const UniqueFd fd(::openat(directory_, name.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status {};
        if (!fd || ::fstat(fd.get(), &status) != 0) return os_fail(what, errno);

        SegmentSummary summary;
        std::string bytes;
        if (files.plain) {
            auto whole = read_whole(fd.get(), name, kMaxSegmentBytes);
            if (!whole) return fail(whole.error());
            SegmentBytes view = SegmentBytes::of_memory(*whole);
            auto facts = summarise(view, number, options_.max_record_bytes);
            if (!facts) return fail(facts.error());
            summary = *facts;
            bytes = std::move(*whole);
        } else {
            std::string frame(kSummaryFrameBytes, '\0');
            const ssize_t n = ::pread(fd.get(), frame.data(), frame.size(), 0);
            frame.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
            if (const auto facts = decode_summary(frame)) summary = *facts;
        }
        const std::int64_t newest =
            summary.records > 0 ? summary.newest : std::int64_t{status.st_mtim.tv_sec};
        if (newest < to_unix(now_) - options_.keep.count()) {
            for (const std::string& gone : {plain, compressed})
                if (::unlinkat(directory_, gone.c_str(), 0) != 0 && errno != ENOENT)
                    return os_fail("cannot delete " + what, errno);
            return before;
        }
        if (!files.plain) return std::uint64_t{0};
        if (auto replaced = replace(bytes, summary, status, plain, compressed, what); !replaced)
            return fail(replaced.error());
        const std::uint64_t after = file_bytes(directory_, compressed);
        return before > after ? before - after : 0;
    }

private:
    Status replace(const std::string& bytes, const SegmentSummary& summary, const struct stat& like,
                   const std::string& plain, const std::string& compressed,
                   const std::string& what) {
        if (auto written = write_compressed(directory_, compressed, bytes, summary, like, what);
            !written)
            return written;
        if (::unlinkat(directory_, plain.c_str(), 0) != 0 && errno != ENOENT)
            return os_fail("cannot delete " + what, errno);
        return ok();
    }

    const JournalOptions& options_;
    const int directory_;
    const Time now_;
};

void remove_leftovers(int directory, Time now) {
    const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    DIR* dir = ::fdopendir(fd);
    if (dir == nullptr) {
        ::close(fd);
        return;
    }
    std::vector<std::string> leftovers;
    while (const dirent* entry = ::readdir(dir)) {
        const std::string name(static_cast<const char*>(entry->d_name));
        struct stat status {};
        if ((name.rfind(".new-", 0) == 0 || name.rfind(".zst-", 0) == 0) &&
            ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            status.st_ctim.tv_sec < to_unix(now) - kLeftoverSeconds)
            leftovers.push_back(name);
    }
    ::closedir(dir);
    for (const std::string& name : leftovers) ::unlinkat(directory, name.c_str(), 0);
}

}  // namespace

Result<std::uint64_t> tidy_journal(const JournalOptions& options, JournalPosition read_up_to,
                                   Time now, const std::function<void()>& alive) {
    auto directory = open_directory(options.directory);
    if (!directory) return fail(directory.error());
    // Who rewrites a segment must not find it compressed from what it was before.
    if (::flock(directory->get(), LOCK_EX | LOCK_NB) != 0) return std::uint64_t{0};
    auto segments = list_segments(directory->get(), options.directory);
    if (!segments) return fail(segments.error());
    remove_leftovers(directory->get(), now);
    Tidy tidy(options, directory->get(), now);
    std::uint64_t freed = 0;
    for (const auto& [number, files] : *segments) {
        if (number >= read_up_to.segment || number == segments->rbegin()->first) break;
        alive();
        auto bytes = tidy.segment(number, files);
        if (!bytes) return fail(bytes.error());
        freed += *bytes;
    }
    return freed;
}

}  // namespace kith
