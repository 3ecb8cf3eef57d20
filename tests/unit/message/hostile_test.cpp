// SPDX-License-Identifier: Apache-2.0
// parse() of hostile mail of 30 MB, read from a file as the milter reads what is large: what a
// reader is shown is found, and memory keeps within the bounds on what is read.
#include <fcntl.h>

#include <algorithm>

#include "engine/base/unique_fd.hpp"
#include "engine/message/parse.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hostile_mail.hpp"
#include "tests/support/memory_peak.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// The file's windows of header and body (5 MB) twice, their decoded text and what is found in it.
constexpr std::size_t kMostMb = 48;

TEST_CASE(
    "PARSE-32, PARSE-37: a hostile mail of 30 MB takes bounded memory, whatever it is lavish in") {
    message_library_init();
    const TempDir directory;
    for (const HostileMail& mail : hostile_mails()) {
        CAPTURE(mail.name);
        const std::string raw = mail.raw();
        REQUIRE(raw.size() >= kHostileBytes);
        const UniqueFd file(::open(directory.write("mail", raw).c_str(), O_RDONLY | O_CLOEXEC));
        REQUIRE(file);
        const auto grown = peak_growth_mb([&] {
            const Message m = parse(MessageBytes{{}, file.get(), 0, raw.size()}, {});
            const ParseOptions bounds;
            return m.raw_bytes == raw.size() && m.from.size() == 1 && m.subject == "plan" &&
                   m.parts.size() <= bounds.max_parts &&
                   m.headers.size() <= bounds.max_headers + 12 &&
                   m.to.size() <= bounds.max_addresses && m.cc.size() <= bounds.max_addresses &&
                   m.lines.size() <= bounds.max_lines && !m.defects.empty();
        });
        REQUIRE(grown);
        if (kMemoryTells) CHECK(*grown < kMostMb);
    }
}

TEST_CASE("the text behind a hostile header is read as ever") {
    message_library_init();
    const TempDir directory;
    for (const HostileMail& mail : hostile_mails()) {
        if (mail.body.size() > 100) continue;
        CAPTURE(mail.name);
        const std::string raw = mail.raw();
        const UniqueFd file(::open(directory.write("mail", raw).c_str(), O_RDONLY | O_CLOEXEC));
        const Message m = parse(MessageBytes{{}, file.get(), 0, raw.size()}, {});
        CHECK(m.has(Defect::HeadersCut));
        CHECK(m.own_text() == "the text");
    }
}

}  // namespace
