// SPDX-License-Identifier: Apache-2.0
// A store in memory behind the interfaces of store.hpp, for tests of what lies above it.
// `fail_from` makes every call from the nth on fail, so that a caller's handling of errors can be
// seen.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/store/store.hpp"

namespace kith::test {

/// One thread. commit() only notes that it was called.
class MemoryStore final : public StoreWriter {
public:
    int fail_from = -1;  ///< number of the first call that fails, from 0; -1 = none
    mutable int calls = 0;
    bool committed = false;

    [[nodiscard]] Result<std::optional<std::string>> get(Table table,
                                                         std::string_view key) const override {
        if (broken()) return failure();
        const auto& t = of(table);
        const auto it = t.find(std::string(key));
        return it == t.end() ? std::optional<std::string>()
                             : std::optional<std::string>(it->second);
    }
    [[nodiscard]] Status scan(
        Table table, std::string_view first,
        const std::function<bool(std::string_view, std::string_view)>& visit) const override {
        if (broken()) return failure();
        const auto& t = of(table);
        for (auto it = t.lower_bound(std::string(first)); it != t.end(); ++it) {
            ++visited;
            if (!visit(it->first, it->second)) break;
        }
        return ok();
    }
    [[nodiscard]] Result<std::uint64_t> count(Table table) const override {
        if (broken()) return failure();
        return static_cast<std::uint64_t>(of(table).size());
    }
    [[nodiscard]] Status put(Table table, std::string_view key, std::string_view value) override {
        if (broken()) return failure();
        tables_[static_cast<std::size_t>(table)][std::string(key)] = std::string(value);
        return ok();
    }
    [[nodiscard]] Status erase(Table table, std::string_view key) override {
        if (broken()) return failure();
        tables_[static_cast<std::size_t>(table)].erase(std::string(key));
        return ok();
    }
    [[nodiscard]] Status commit() override {
        committed = true;
        return ok();
    }

    mutable int visited = 0;  ///< keys shown to visitors of scan()

private:
    // Bytes compare as unsigned in the real store; std::string does so too (char_traits).
    using Rows = std::map<std::string, std::string>;
    [[nodiscard]] const Rows& of(Table table) const {
        return tables_[static_cast<std::size_t>(table)];
    }
    [[nodiscard]] bool broken() const { return fail_from >= 0 && calls++ >= fail_from; }
    [[nodiscard]] static Unexpected failure() {
        return fail(ErrorCode::Io, "memory store: told to fail");
    }

    std::array<Rows, kTableCount> tables_;
};

}  // namespace kith::test
