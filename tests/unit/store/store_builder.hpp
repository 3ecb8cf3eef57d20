// SPDX-License-Identifier: Apache-2.0
// Small helpers of the store's tests: open or fail the test, put and commit in one call.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/store/store.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/must.hpp"
#include "tests/support/temp_dir.hpp"

namespace kith::test {

inline StoreOptions options_in(const TempDir& dir) {
    StoreOptions options;
    options.directory = dir.file("store");
    options.map_size_bytes = 64U << 20;
    return options;
}

inline std::unique_ptr<Store> open_store(const StoreOptions& options, Store::Mode mode) {
    return must(Store::open(options, mode));
}

inline ErrorCode code_of(const StoreOptions& options, Store::Mode mode) {
    const auto store = Store::open(options, mode);
    if (store) FAIL("the store opened");
    return store.error().code;
}

inline void put(Store& store, std::string_view key, std::string_view value,
                Table table = Table::Profiles) {
    auto writer = must(store.write());
    must(writer->put(table, key, value));
    must(writer->commit());
}

inline std::optional<std::string> get(const Store& store, std::string_view key,
                                      Table table = Table::Profiles) {
    return must(must(store.read())->get(table, key));
}

/// "key=value" of every entry from `first`.
inline std::vector<std::string> entries(const StoreReader& reader, Table table = Table::Profiles,
                                        std::string_view first = {}) {
    std::vector<std::string> all;
    must(reader.scan(table, first, [&](std::string_view key, std::string_view value) {
        all.push_back(std::string(key) + "=" + std::string(value));
        return true;
    }));
    return all;
}

using Strings = std::vector<std::string>;

}  // namespace kith::test
