// SPDX-License-Identifier: Apache-2.0
#include "engine/store/dump.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;

namespace {

struct Made {
    Made() {
        options.directory = dir.file("store");
        options.map_size_bytes = 64ULL << 20;
        std::filesystem::create_directories(options.directory);
        auto opened = Store::open(options, Store::Mode::Write);
        REQUIRE(opened);
        store = std::move(*opened);
    }
    void put(Table table, std::string_view key, std::string_view value) const {
        auto writer = store->write();
        REQUIRE(writer);
        REQUIRE((*writer)->put(table, key, value));
        REQUIRE((*writer)->commit());
    }
    [[nodiscard]] std::string dumped() const {
        auto reader = store->read();
        REQUIRE(reader);
        std::string out;
        const auto count = dump_store(**reader, [&](std::string_view bytes) {
            out += bytes;
            return ok();
        });
        REQUIRE(count);
        CHECK(count->bytes == out.size());
        return out;
    }
    test::TempDir dir;
    StoreOptions options;
    std::unique_ptr<Store> store;
};

DumpSource from(std::string_view bytes) {
    return [bytes, at = std::size_t{0}](std::size_t n) mutable -> Result<std::string> {
        const std::string_view piece = bytes.substr(at, n);
        at += piece.size();
        return std::string(piece);
    };
}

void fill(const Made& made) {
    made.put(Table::Profiles, "b", std::string("\0x", 2));
    made.put(Table::Profiles, "a", "");
    made.put(Table::Examples, std::string(511, 'k'), std::string(100000, 'v'));
    made.put(Table::Meta, "site-key", "check");
}

}  // namespace

TEST_CASE("a store made of a dump has the same dump") {
    const Made first, second;
    fill(first);
    const std::string bytes = first.dumped();
    const auto count = load_dump(from(bytes), *second.store);
    REQUIRE(count);
    CHECK(count->records == 4);
    CHECK(second.dumped() == bytes);
    const auto reader = second.store->read();
    REQUIRE(reader);
    CHECK((*reader)->get(Table::Profiles, "b").value() == std::string("\0x", 2));
}

TEST_CASE("more records than one transaction holds come over") {
    const Made first, second;
    auto writer = first.store->write();
    REQUIRE(writer);
    for (int i = 0; i < 12001; ++i)
        REQUIRE((*writer)->put(Table::Words, "key" + std::to_string(i), "v"));
    REQUIRE((*writer)->commit());
    REQUIRE(load_dump(from(first.dumped()), *second.store));
    const auto reader = second.store->read();
    REQUIRE(reader);
    CHECK((*reader)->count(Table::Words).value() == 12001);
}

TEST_CASE("a dump that is cut, goes on, or is none is refused wherever that is") {
    const Made made;
    made.put(Table::Profiles, "a", "value");
    const std::string bytes = made.dumped();
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        INFO(n);
        const auto checked = check_dump(from(std::string_view(bytes).substr(0, n)));
        REQUIRE_FALSE(checked);
        CHECK(checked.error().code == ErrorCode::Corrupt);
    }
    CHECK(check_dump(from(bytes)));
    CHECK_FALSE(check_dump(from(bytes + "x")));
    std::string other = bytes;
    other[8] = static_cast<char>(kTableCount);
    CHECK_FALSE(check_dump(from(other)));
    other = bytes;
    other[12] = '\x7f';  // a key of two thousand million bytes
    CHECK_FALSE(check_dump(from(other)));
    other = bytes;
    other[other.size() - 8] = static_cast<char>(other[other.size() - 8] + 1);
    CHECK_FALSE(check_dump(from(other)));
}
