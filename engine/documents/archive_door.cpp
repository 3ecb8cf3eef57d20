// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/archive_door.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>

namespace kith {
namespace {

struct CloseArchive {
    void operator()(archive* a) const noexcept { ::archive_read_free(a); }
};
using Archive = std::unique_ptr<archive, CloseArchive>;

/// False when the file is damaged there.
bool read_entry(archive* file, const ZipVisitor& visitor) {
    std::array<char, 16384> buffer{};
    for (;;) {
        const la_ssize_t n = ::archive_read_data(file, buffer.data(), buffer.size());
        if (n < 0) return false;
        if (n == 0 || !visitor.piece({buffer.data(), static_cast<std::size_t>(n)})) return true;
    }
}

}  // namespace

ZipEnd walk_zip(std::string_view bytes, const ZipVisitor& visitor) {
    const Archive file(::archive_read_new());
    if (!file || ::archive_read_support_format_zip(file.get()) != ARCHIVE_OK ||
        ::archive_read_open_memory(file.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
        return ZipEnd::Damaged;
    for (;;) {
        if (!visitor.next()) return ZipEnd::Stopped;
        archive_entry* entry = nullptr;
        const int got = ::archive_read_next_header(file.get(), &entry);
        if (got == ARCHIVE_EOF) return ZipEnd::Whole;
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return ZipEnd::Damaged;
        const char* name = ::archive_entry_pathname(entry);
        if (name == nullptr || !visitor.wants(name)) continue;
        if (::archive_entry_is_data_encrypted(entry) != 0) return ZipEnd::Encrypted;
        if (!read_entry(file.get(), visitor)) return ZipEnd::Damaged;
        if (!visitor.entry_done()) return ZipEnd::Stopped;
    }
}

}  // namespace kith
