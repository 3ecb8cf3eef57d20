// SPDX-License-Identifier: Apache-2.0
#include "milter/collector.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace kith::milter {
namespace {

/// Bytes gathered before a write to the file: a sender that dribbles single bytes must not cost a
/// system call each.
constexpr std::size_t kWriteBytes = std::size_t{64} * 1024;

/// A file without a name in `directory`, or -1 with errno set.
UniqueFd unnamed_file(const std::string& directory) {
    UniqueFd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
    if (file || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return file;
    // Some file systems have no O_TMPFILE: make a name and take it away at once.
    std::string name = directory + "/message.XXXXXX";
    file.reset(::mkostemp(name.data(), O_CLOEXEC));
    if (file) ::unlink(name.c_str());
    return file;
}

/// Writes all of `bytes` at `offset`; 0 or the errno of the failure.
int write_all(int fd, std::string_view bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? errno : EIO;
        bytes.remove_prefix(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
    return 0;
}

}  // namespace

Collector::Collector(CollectorLimits limits) : limits_(std::move(limits)) {}

void Collector::append(std::string_view piece) {
    seen_ += piece.size();
    if (is_full()) return;
    piece = piece.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(
                                piece.size(), limits_.total_bytes - kept_)));
    if (!file_ && memory_.size() + piece.size() > limits_.memory_bytes) spill();
    if (closed_) {  // no file to be had: memory up to its bound is what can be kept
        piece =
            piece.substr(0, limits_.memory_bytes > memory_.size()
                                ? static_cast<std::size_t>(limits_.memory_bytes) - memory_.size()
                                : 0);
    }
    memory_ += piece;
    kept_ += piece.size();
    if (file_ && memory_.size() >= kWriteBytes) flush();
}

MessageBytes Collector::bytes() {
    if (!file_) return MessageBytes{memory_, -1, 0, 0};
    flush();
    return MessageBytes{{}, file_.get(), 0, in_file_};
}

void Collector::spill() {
    UniqueFd file = unnamed_file(limits_.spool_directory);
    if (!file) return give_up("cannot create a file", errno);
    if (const int error = write_all(file.get(), memory_, 0); error != 0)
        return give_up("cannot write", error);
    in_file_ = memory_.size();
    file_ = std::move(file);
    memory_ = std::string();  // gives the memory back; clear() would keep it
}

void Collector::flush() {
    if (memory_.empty()) return;
    if (const int error = write_all(file_.get(), memory_, in_file_); error != 0) {
        kept_ = in_file_;
        give_up("cannot write", error);
    } else {
        in_file_ += memory_.size();
    }
    memory_.clear();
}

void Collector::give_up(std::string what, int error_number) {
    closed_ = true;
    const bool full = error_number == ENOSPC || error_number == EDQUOT;
    trouble_ = Error{
        full ? ErrorCode::Full : ErrorCode::Io,
        "spool directory " + limits_.spool_directory + ": " + what + ": " +
            std::generic_category().message(error_number),
        "large mail is judged by its beginning until this is repaired; see milter.spool_directory"};
}

}  // namespace kith::milter
