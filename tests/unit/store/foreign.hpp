// SPDX-License-Identifier: Apache-2.0
// LMDB files that are not kith's, for tests.
#pragma once

#include <string>
#include <string_view>

namespace kith::test {

/// Makes data.mdb in `directory` with `value` under `key` in the database `table` (nullptr: the
/// unnamed one).
void make_lmdb(const std::string& directory, const char* table, std::string_view key,
               std::string_view value);

/// Removes a table from a store that nobody has open.
void drop_table(const std::string& directory, const char* table);

}  // namespace kith::test
