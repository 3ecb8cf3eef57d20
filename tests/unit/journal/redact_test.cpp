// SPDX-License-Identifier: Apache-2.0
// Taking content out of the past: same positions, beside writers and readers, plain and compressed,
// whoever is killed in between.
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/unit/journal/journal_builder.hpp"

using namespace kith;
using namespace kith::test;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kDay = 86400, kStart = 1'700'000'000;

std::string text(int i) {
    std::string payload = "record " + std::to_string(i) + (i % 2 == 0 ? " secret " : " public ");
    while (payload.size() < 200) payload += i % 2 == 0 ? "secret " : "public ";
    payload.resize(200);
    return payload;
}

// Five segments of three records each and a current one without any; every second is secret.
struct Past {
    TempDir dir;
    JournalOptions options = options_in(dir, 3 * 232);
    std::unique_ptr<JournalWriter> writer = must(JournalWriter::open(options));
    Strings written;
    std::vector<JournalPosition> where;
    Past() {
        for (int i = 0; i < 15; ++i) {
            written.push_back(text(i));
            where.push_back(append(*writer, written.back(), kStart + i / 3 * kDay));
        }
        if (!writer->close_segment()) FAIL("cannot close");
    }
    [[nodiscard]] JournalPosition end() const { return {where.back().segment + 1, 0}; }
    [[nodiscard]] bool holds(std::string_view needle) const {
        for (const auto& entry : fs::directory_iterator(options.directory)) {
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string all{std::istreambuf_iterator<char>(in),
                                  std::istreambuf_iterator<char>()};
            if (all.find(needle) != std::string::npos) return true;
        }
        return false;
    }
};

std::optional<std::string> no_secrets(const JournalRecord& r) {
    if (r.payload.find("secret") == std::string::npos) return std::nullopt;
    return "";
}

Redacted redact(const JournalOptions& options, const RedactSpan& span,
                const Redaction& redaction = no_secrets) {
    return must(redact_journal(options, span, redaction));
}

}  // namespace

TEST_CASE("what is taken out is gone from the files, and every other record is where it was") {
    Past past;
    const bool compressed = GENERATE(false, true);
    CAPTURE(compressed);
    if (compressed) must(tidy_journal(past.options, past.end(), from_unix(kStart + 6 * kDay)));
    const auto done = redact(past.options, {0, past.end(), std::nullopt});
    CHECK(done.records == 8);
    CHECK(done.segments == 5);
    CHECK(done.looked_up_to == 5);
    if (!compressed) CHECK_FALSE(past.holds("secret"));
    const auto reader = must(JournalReader::open(past.options));
    for (std::size_t i = 0; i < past.where.size(); ++i) {
        CAPTURE(i);
        const auto at = must(reader->at(past.where[i]));
        const auto next = must(reader->next());
        REQUIRE(next);
        CHECK(next->position == past.where[i]);
        CHECK(at.payload == (i % 2 == 0 ? std::string(200, ' ') : past.written[i]));
        CHECK(next->payload == at.payload);
        CHECK(to_unix(at.time) == kStart + static_cast<std::int64_t>(i / 3) * kDay);
    }
    CHECK(reader->damaged_bytes() == 0);
    CHECK(redact(past.options, {0, past.end(), std::nullopt}).records == 0);
}

TEST_CASE("a shorter payload is filled up, one as long fits, a longer one is not written") {
    Past past;
    const auto put = [](std::string payload) {
        return [payload](const JournalRecord& r) -> std::optional<std::string> {
            if (r.position.segment != 1 || r.position.offset != 32) return std::nullopt;
            return payload;
        };
    };
    const auto first = [&] {
        return must(must(JournalReader::open(past.options))->at(past.where[0]));
    };
    const RedactSpan span{0, past.end(), std::nullopt};
    redact(past.options, span, put("short"));
    CHECK(first().payload == "short" + std::string(195, '\0'));
    redact(past.options, span, put(std::string(200, 'x')));
    CHECK(first().payload == std::string(200, 'x'));
    redact(past.options, span, put(std::string(201, 'y')));
    CHECK(first().payload == std::string(200, ' '));
    CHECK(first().type == RecordType::Note);
}

TEST_CASE("only what lies in the span is looked at, and never the current segment") {
    Past past;
    SECTION("up to a position within a segment") {
        CHECK(redact(past.options, {0, past.where[4], std::nullopt}).records == 2);
    }
    SECTION("from a segment on") {
        CHECK(redact(past.options, {3, past.end(), std::nullopt}).records == 5);
    }
    SECTION("segments whose newest record is older") {
        const auto done = redact(past.options, {0, past.end(), from_unix(kStart + 2 * kDay)});
        CHECK(done.records == 3);
        CHECK(done.looked_up_to == 2);
    }
    SECTION("the current one waits until it is closed") {
        append(*past.writer, "secret of today", kStart + 9 * kDay);
        const RedactSpan all{6, {99, 0}, std::nullopt};
        CHECK(redact(past.options, all).records == 0);
        REQUIRE(past.writer->close_segment());
        CHECK(redact(past.options, all).records == 1);
    }
}

TEST_CASE("closing a segment without records makes no other") {
    Past past;
    const auto end = must(must(JournalReader::open(past.options))->end());
    REQUIRE(past.writer->close_segment());
    REQUIRE(past.writer->close_segment());
    CHECK(must(must(JournalReader::open(past.options))->end()) == end);
    CHECK(append(*past.writer, "goes on").segment == end.segment);
}

TEST_CASE("a reader in the middle reads on, and asks the new file for a single record") {
    Past past;
    const auto reader = must(JournalReader::open(past.options));
    REQUIRE(must(reader->next())->payload == past.written[0]);
    REQUIRE(must(reader->at(past.where[0])).payload == past.written[0]);
    redact(past.options, {0, past.end(), std::nullopt});
    CHECK(must(reader->at(past.where[0])).payload == std::string(200, ' '));
    CHECK(payloads(*reader).size() == 14);
    must(tidy_journal(past.options, past.end(), from_unix(kStart + 6 * kDay)));
    CHECK(must(reader->at(past.where[1])).payload == past.written[1]);
    CHECK(reader->damaged_bytes() == 0);
}

TEST_CASE("whoever is killed while writing leaves each segment as it was or as it is to be") {
    Past past;
    // Ends the process at the n-th record it is asked about.
    for (int n = 1; n <= 15; ++n) {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            int asked = 0;
            (void)redact_journal(past.options, {0, past.end(), std::nullopt},
                                 [&](const JournalRecord& r) {
                                     if (++asked == n) ::_exit(9);
                                     return no_secrets(r);
                                 });
            ::_exit(0);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(payloads(past.options).size() == 15);
    }
    CHECK(redact(past.options, {0, past.end(), std::nullopt}).records == 2);
    CHECK_FALSE(past.holds("secret"));
}

TEST_CASE("tidying waits for its next turn while somebody redacts") {
    Past past;
    std::uint64_t freed = 1;
    redact(past.options, {0, past.end(), std::nullopt}, [&](const JournalRecord& r) {
        if (freed == 1)
            freed = must(tidy_journal(past.options, past.end(), from_unix(kStart + 6 * kDay)));
        return no_secrets(r);
    });
    CHECK(freed == 0);
    CHECK(must(tidy_journal(past.options, past.end(), from_unix(kStart + 6 * kDay))) > 0);
    CHECK(payloads(past.options).size() == 15);
}

TEST_CASE("damage beside what is taken out stays damage, and nothing else is lost") {
    Past past;
    {
        std::fstream file(past.options.directory + "/0000000002.kj",
                          std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(32 + 232 + 40);
        file.put('!');
    }
    CHECK(redact(past.options, {0, past.end(), std::nullopt}).records == 7);
    const auto reader = must(JournalReader::open(past.options));
    CHECK(payloads(*reader).size() == 14);
    CHECK(reader->damaged_bytes() == 232);
}

TEST_CASE("writers, a reader and tidying go on while the past is redacted again and again") {
    Past past;
    constexpr int kAppended = 600;
    std::thread writing([&] {
        const auto own = must(JournalWriter::open(past.options));
        for (int i = 0; i < kAppended; ++i) append(*own, text(1), kStart + 20 * kDay);
    });
    std::thread tidying([&] {
        for (int i = 0; i < 20; ++i)
            (void)must(tidy_journal(past.options, past.end(), from_unix(kStart + 20 * kDay)));
    });
    const auto reader = must(JournalReader::open(past.options));
    std::size_t read = 0;
    for (int round = 0; round < 10; ++round) {
        REQUIRE(past.writer->close_segment());
        const auto end = must(reader->end());
        redact(past.options, {0, end, std::nullopt}, [&](const JournalRecord& r) {
            return round % 2 == 0 ? no_secrets(r) : std::optional<std::string>("public again");
        });
        for (int i = 0; i < 50 && must(reader->next()); ++i) ++read;
    }
    writing.join();
    tidying.join();
    while (must(reader->next())) ++read;
    CHECK(read == 15 + kAppended);
    CHECK(reader->damaged_bytes() == 0);
}
