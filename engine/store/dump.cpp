// SPDX-License-Identifier: Apache-2.0
#include "engine/store/dump.hpp"

#include <memory>

#include "engine/store/format_key.hpp"

namespace kith {
namespace {

constexpr std::string_view kMagic = "KITHDMP1";
constexpr std::uint8_t kEnd = 0xFF;
constexpr std::size_t kMaxKey = 511;  // LMDB's
constexpr std::size_t kMaxValue =
    256UL << 20;  // far beyond any record; keeps damage from taking all memory
constexpr std::uint64_t kBatch = 5000;  // records a transaction
constexpr std::size_t kBuffer = 1UL << 16;

template <class T>
void append(std::string& out, T x) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
        out += static_cast<char>(static_cast<std::uint64_t>(x) >> (8 * i) & 0xFFU);
}

template <class T>
T number(std::string_view bytes) {
    std::uint64_t x = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) x = x << 8 | static_cast<unsigned char>(bytes[i]);
    return static_cast<T>(x);
}

Unexpected damaged(const std::string& why) {
    return fail(ErrorCode::Corrupt, "the copy of the store is damaged: " + why,
                "use another backup");
}

using Visit = std::function<Status(Table, std::string_view key, std::string_view value)>;

Result<DumpCount> walk(const DumpSource& source, const Visit& visit) {
    DumpCount count;
    const auto take = [&](std::size_t n) -> Result<std::string> {
        auto bytes = source(n);
        if (bytes && bytes->size() != n) return damaged("it ends early");
        if (bytes) count.bytes += n;
        return bytes;
    };
    const auto magic = take(kMagic.size());
    if (!magic) return fail(magic.error());
    if (*magic != kMagic) return damaged("it is none, or of a later version of kith");
    for (;;) {
        const auto table = take(1);
        if (!table) return fail(table.error());
        const auto which = static_cast<std::uint8_t>(table->front());
        if (which == kEnd) break;
        if (which >= kTableCount)
            return damaged("an unknown table, perhaps of a later version of kith");
        const auto sizes = take(8);
        if (!sizes) return fail(sizes.error());
        const auto key_size = number<std::uint32_t>(*sizes),
                   value_size = number<std::uint32_t>(std::string_view(*sizes).substr(4));
        if (key_size == 0 || key_size > kMaxKey || value_size > kMaxValue)
            return damaged("a length that cannot be");
        const auto record = take(std::size_t{key_size} + value_size);
        if (!record) return fail(record.error());
        const std::string_view view = *record;
        if (Status s =
                visit(static_cast<Table>(which), view.substr(0, key_size), view.substr(key_size));
            !s)
            return fail(std::move(s).error());
        ++count.records;
    }
    const auto records = take(8);
    if (!records) return fail(records.error());
    if (number<std::uint64_t>(*records) != count.records) return damaged("records are missing");
    const auto more = source(1);
    if (!more) return fail(more.error());
    if (!more->empty()) return damaged("it goes on behind its end");
    return count;
}

}  // namespace

Result<DumpCount> dump_store(const StoreReader& reader, const DumpSink& sink) {
    DumpCount count;
    std::string buffer(kMagic);
    Status written = ok();
    const auto flush = [&](bool all) {
        if (buffer.size() < kBuffer && !all) return true;
        written = sink(buffer);
        count.bytes += buffer.size();
        buffer.clear();
        return written.has_value();
    };
    for (int t = 0; t < kTableCount; ++t) {
        const Status scanned = reader.scan(
            static_cast<Table>(t), "", [&](std::string_view key, std::string_view value) {
                // It tells this machine's store from another's; the new one has its own.
                if (static_cast<Table>(t) == Table::Meta && key == kStoreFormatKey) return true;
                append(buffer, static_cast<std::uint8_t>(t));
                append(buffer, static_cast<std::uint32_t>(key.size()));
                append(buffer, static_cast<std::uint32_t>(value.size()));
                buffer.append(key).append(value);
                ++count.records;
                return flush(false);
            });
        if (!scanned) return fail(scanned.error());
        if (!written) return fail(written.error());
    }
    append(buffer, kEnd);
    append(buffer, count.records);
    if (!flush(true)) return fail(written.error());
    return count;
}

Result<DumpCount> load_dump(const DumpSource& source, Store& store) {
    std::unique_ptr<StoreWriter> writer;
    std::uint64_t waiting = 0;
    const auto commit = [&]() -> Status {
        if (!writer) return ok();
        Status done = writer->commit();
        writer.reset();
        waiting = 0;
        return done;
    };
    auto count =
        walk(source, [&](Table table, std::string_view key, std::string_view value) -> Status {
            if (!writer) {
                auto opened = store.write();
                if (!opened) return fail(std::move(opened).error());
                writer = std::move(*opened);
            }
            if (Status put = writer->put(table, key, value); !put) return put;
            return ++waiting >= kBatch ? commit() : ok();
        });
    if (!count) return count;
    if (Status done = commit(); !done) return fail(std::move(done).error());
    return count;
}

Result<DumpCount> check_dump(const DumpSource& source) {
    return walk(source, [](Table, std::string_view, std::string_view) { return ok(); });
}

}  // namespace kith
