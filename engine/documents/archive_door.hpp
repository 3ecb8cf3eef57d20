// SPDX-License-Identifier: Apache-2.0
// Entries of a ZIP file in memory, one after another. Behind this header, in archive_door.cpp
// alone, is libarchive.
#pragma once

#include <functional>
#include <string_view>

namespace kith {

/// How a walk through a ZIP file ended.
enum class ZipEnd { Whole, Stopped, Encrypted, Damaged };

/// What to do with an entry.
struct ZipVisitor {
    std::function<bool(std::string_view name)> wants;  ///< true: its bytes are to be unpacked
    std::function<bool(std::string_view piece)>
        piece;                         ///< of the wanted entry; false: no more of it
    std::function<bool()> entry_done;  ///< false: stop
    std::function<bool()> next;        ///< before each entry; false: stop
};

/// Directory, names, sizes and methods are all the file's word: only pieces really unpacked count.
[[nodiscard]] ZipEnd walk_zip(std::string_view bytes, const ZipVisitor& visitor);

}  // namespace kith
