// SPDX-License-Identifier: Apache-2.0
// Putting a closed segment in place anew, plain or compressed: written beside, forced to disk, then
// renamed, so that a reader has the old file or the new one and a process that ends in between
// changes nothing. Covered by tests/unit/journal/{tidy,redact}_test.cpp.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "engine/base/os_error.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/base/write_all.hpp"
#include "engine/journal/segment.hpp"

namespace kith::journal {
namespace {

// zstd's own default; measured on synthetic records, higher levels gain little
// (engine/journal/FORMAT.md).
constexpr int kCompressionLevel = 3;

Result<std::string> compress(const std::string& bytes, const SegmentSummary& summary,
                             const std::string& what) {
    const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                       &ZSTD_freeCCtx);
    if (!context) return fail(ErrorCode::TryAgain, what + ": out of memory");
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kCompressionLevel);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
    std::string out = encode_summary(summary);
    const std::size_t head = out.size();
    out.resize(head + ZSTD_compressBound(bytes.size()));
    const std::size_t n = ZSTD_compress2(context.get(), out.data() + head, out.size() - head,
                                         bytes.data(), bytes.size());
    if (ZSTD_isError(n) != 0)
        return fail(ErrorCode::Internal,
                    what + ": cannot compress: " + std::string(ZSTD_getErrorName(n)));
    out.resize(head + n);
    return out;
}

Status write_file(int directory, const std::string& name, const std::string& bytes,
                  const struct stat& like, const std::string& what) {
    UniqueFd fd(::openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (!fd) return os_fail(what, errno);
    if (const int failure = write_all(fd.get(), bytes); failure != 0) return os_fail(what, failure);
    if (::geteuid() == 0 && ::fchown(fd.get(), like.st_uid, like.st_gid) != 0)
        return os_fail(what, errno);
    const timespec times[2] = {like.st_mtim, like.st_mtim};
    if (::futimens(fd.get(), times) != 0 || ::fsync(fd.get()) != 0) return os_fail(what, errno);
    return ok();
}

Status put_in_place(int directory, const std::string& unfinished, const std::string& name,
                    const std::string& what) {
    if (::renameat(directory, unfinished.c_str(), directory, name.c_str()) != 0 ||
        ::fsync(directory) != 0)
        return os_fail(what + ": cannot be replaced", errno);
    return ok();
}

// The old file is only given up for one that was read back.
Status check(int directory, const std::string& name, const std::string& bytes,
             const std::string& what) {
    const UniqueFd fd(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return os_fail(what, errno);
    auto back = read_compressed(fd.get(), name);
    if (!back) return fail(back.error());
    if (back->bytes != bytes)
        return fail(ErrorCode::Corrupt, what + ": the compressed copy differs from it");
    return ok();
}

}  // namespace

Status write_segment(int directory_fd, const std::string& unfinished, const std::string& name,
                     const std::string& bytes, const struct stat& like, const std::string& what) {
    auto written = write_file(directory_fd, unfinished, bytes, like, what + ": cannot write");
    if (written) written = put_in_place(directory_fd, unfinished, name, what);
    if (!written) ::unlinkat(directory_fd, unfinished.c_str(), 0);
    return written;
}

Status write_compressed(int directory_fd, const std::string& name, const std::string& bytes,
                        const SegmentSummary& summary, const struct stat& like,
                        const std::string& what) {
    auto packed = compress(bytes, summary, what);
    if (!packed) return fail(packed.error());
    const std::string unfinished = ".zst-" + std::to_string(::getpid()) + "-" + name;
    auto written = write_file(directory_fd, unfinished, *packed, like,
                              what + ": cannot write the compressed segment");
    if (written) written = check(directory_fd, unfinished, bytes, what);
    if (written) written = put_in_place(directory_fd, unfinished, name, what);
    if (!written) ::unlinkat(directory_fd, unfinished.c_str(), 0);
    return written;
}

}  // namespace kith::journal
