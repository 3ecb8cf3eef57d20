// SPDX-License-Identifier: Apache-2.0
// All of a store as one stream of bytes that is the same on every architecture, and back: LMDB's
// own file is not (word size, byte order). Bytes: engine/store/FORMAT.md, "Dump". Covered by
// tests/unit/store/dump_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/store/store.hpp"

namespace kith {

/// Takes the next bytes.
using DumpSink = std::function<Status(std::string_view)>;
/// Gives up to `n` next bytes; fewer only at the end.
using DumpSource = std::function<Result<std::string>(std::size_t n)>;

struct DumpCount {
    std::uint64_t records = 0, bytes = 0;
};

/// The snapshot's records, table by table in key order.
[[nodiscard]] Result<DumpCount> dump_store(const StoreReader& reader, const DumpSink& sink);
/// Puts every record into `store` in transactions of some thousand. Corrupt when the stream is not
/// whole; what was committed by then stays. Called for a store that is new and nobody else's.
[[nodiscard]] Result<DumpCount> load_dump(const DumpSource& source, Store& store);
/// Reads it as load_dump() does, and keeps nothing.
[[nodiscard]] Result<DumpCount> check_dump(const DumpSource& source);

}  // namespace kith
