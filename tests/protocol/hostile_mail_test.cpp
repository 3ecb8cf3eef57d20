// SPDX-License-Identifier: Apache-2.0
// The built kith-milter judges hostile mail of 30 MB, each lavish in one thing, before its deadline
// and within 200 MiB. A field is at most as large as a command of the protocol may be: what is
// larger no MTA can send (tests/unit/message/hostile_test.cpp reads it from a file).
#include "tests/support/hostile_mail.hpp"

#include <algorithm>
#include <string>

#include "tests/protocol/learned_site.hpp"
#include "tests/protocol/milter_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_mta.hpp"
#include "tests/support/memory_peak.hpp"

namespace kith::test {
namespace {

constexpr std::size_t kMostKb = 200 * 1024;
/// Of a header command: the milter takes 1 MiB with name and zeros.
constexpr std::size_t kFieldBytes = (std::size_t{1} << 20) - 64;

/// As an MTA could send it. The recipients are many, too.
FakeMail as_sent(const HostileMail& hostile) {
    FakeMail mail;
    mail.headers.clear();
    for (const auto& [name, value] : hostile.headers)
        for (std::size_t at = 0; at == 0 || at < value.size(); at += kFieldBytes)
            mail.headers.emplace_back(name,
                                      " " + value.substr(at + (at == 0 ? 1 : 0), kFieldBytes));
    if (hostile.name.find("addresses") != std::string::npos)
        for (int i = 0; i < 200'000; ++i)
            mail.recipients.push_back("<r" + std::to_string(i) + "@site.example>");
    mail.body = hostile.body;
    return mail;
}

TEST_CASE("PARSE-32, PARSE-37: hostile mail of 30 MB is judged before the deadline, in 200 MiB") {
    MilterSetup setup = enforcing_setup();
    // A sanitizer takes its time; without one the default of 5 s holds.
    if (!kMemoryTells) setup.more_of_milter = "  deadline: 60s\n";
    MilterProcess milter(setup);
    learn_for(milter);
    for (const HostileMail& hostile : hostile_mails()) {
        CAPTURE(hostile.name, milter.peak_resident_kb());
        FakeMta mta = milter.mta();
        const EomAnswer answer = mta.send(as_sent(hostile));
        CHECK(answer.final != 0);
        CHECK_FALSE(answer.own_header("X-Kith-Verdict").empty());
        CHECK(mta.send({}).is_accepted());
        const auto records = milter.journal(1);
        const auto record = std::find_if(records.begin(), records.end(), [&](const MailRecord& r) {
            return r.id == answer.own_header("X-Kith-Id");
        });
        REQUIRE(record != records.end());
        CHECK(record->assessment.degraded.empty());
        if (kMemoryTells) CHECK(milter.peak_resident_kb() < kMostKb);
    }
    // What a mail that was not judged in time leaves.
    CHECK(milter.log_lines_with("answered without a verdict") == 0);
    CHECK(milter.is_running());
}

}  // namespace
}  // namespace kith::test
