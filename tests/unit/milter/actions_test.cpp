// SPDX-License-Identifier: Apache-2.0
#include "milter/actions.hpp"

#include <algorithm>
#include <string>

#include "tests/support/catch.hpp"

namespace kith::milter {
namespace {

constexpr Negotiated kAll{true, true, true, true};

MailRecord judged(Verdict verdict, double score = 87.4) {
    MailRecord record;
    record.id = "abcdefgh23456723";
    record.assessment.verdict = verdict;
    record.assessment.score = score;
    record.assessment.tags = {"Out of Character", "Inducement Shift"};
    record.assessment.reasons = {
        {"link_host", 3.2, "first link to forms.example in 214 mails over 296 days"}};
    return record;
}

std::string inserted(const Plan& plan, std::string_view name) {
    for (const auto& header : plan.insertions)
        if (header.name == name) return header.value;
    return "(none)";
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out{""};
    for (const char c : text) {
        if (c == '\n')
            out.emplace_back();
        else
            out.back() += c;
    }
    return out;
}

TEST_CASE(
    "PROTO-19: only enforce holds, defers or rejects; tag tells in headers too, passive does not") {
    const auto mode = GENERATE(Mode::Passive, Mode::Tag, Mode::Enforce);
    const auto verdict =
        GENERATE(Verdict::Pass, Verdict::Tag, Verdict::Quarantine, Verdict::Reject, Verdict::Defer);
    CAPTURE(static_cast<int>(mode), static_cast<int>(verdict));
    const Plan plan = plan_for(judged(verdict), mode, {}, kAll, {});
    const bool enforced = mode == Mode::Enforce;
    CHECK((plan.action == Action::Held) == (enforced && verdict == Verdict::Quarantine));
    CHECK(plan.quarantine_reason.has_value() == (enforced && verdict == Verdict::Quarantine));
    CHECK((plan.reply == Reply::Tempfail) == (enforced && verdict == Verdict::Defer));
    CHECK((plan.reply == Reply::Reject) == (enforced && verdict == Verdict::Reject));
    CHECK(plan.insertions.empty() == (mode == Mode::Passive || plan.reply != Reply::Accept));
}

TEST_CASE("the headers say score, verdict, tags, reason and id from top to bottom") {
    const Plan plan = plan_for(judged(Verdict::Tag), Mode::Tag, {}, kAll, {});
    REQUIRE(plan.insertions.size() == 5);
    CHECK(plan.insertions[0].name == "X-Kith-Score");
    CHECK(plan.insertions[0].value == "87");
    CHECK(plan.insertions[1].name == "X-Kith-Verdict");
    CHECK(plan.insertions[1].value == "tag");
    CHECK(plan.insertions[2].name == "X-Kith-Tags");
    CHECK(plan.insertions[2].value == "Out of Character, Inducement Shift");
    CHECK(plan.insertions[3].name == "X-Kith-Reason");
    CHECK(plan.insertions[3].value == "first link to forms.example in 214 mails over 296 days");
    CHECK(plan.insertions[4].name == "X-Kith-Id");
    CHECK(plan.insertions[4].value == "abcdefgh23456723");
}

TEST_CASE("headers without a value are left out") {
    MailRecord record = judged(Verdict::Pass, 0);
    record.assessment.tags.clear();
    record.assessment.reasons.clear();
    const Plan plan = plan_for(record, Mode::Tag, {}, kAll, {});
    CHECK(inserted(plan, "X-Kith-Tags") == "(none)");
    CHECK(inserted(plan, "X-Kith-Reason") == "(none)");
    CHECK(inserted(plan, "X-Kith-Score") == "0");
}

TEST_CASE("a score that is no number is written as 0") {
    CHECK(inserted(plan_for(judged(Verdict::Pass, std::nan("")), Mode::Tag, {}, kAll, {}),
                   "X-Kith-Score") == "0");
}

TEST_CASE("a neutral score says why it is neutral") {
    MailRecord record = judged(Verdict::Pass, 0);
    record.assessment.reasons.clear();
    record.assessment.degraded = "store missing";
    CHECK(inserted(plan_for(record, Mode::Tag, {}, kAll, {}), "X-Kith-Reason") ==
          "not judged: store missing");
}

TEST_CASE("FP-19: outbound mail carries none of our headers, mail that stays inside does") {
    MailRecord record = judged(Verdict::Tag);
    record.observations.direction = Direction::Outbound;
    CHECK(plan_for(record, Mode::Enforce, {}, kAll, {}).insertions.empty());
    record.observations.direction = Direction::Internal;
    CHECK(plan_for(record, Mode::Enforce, {}, kAll, {}).insertions.size() == 5);
}

TEST_CASE("milter.add_headers off adds none and still removes the sender's") {
    MilterOptions options;
    options.add_headers = false;
    OwnHeaders brought;
    brought.saw("X-Kith-Score");
    const Plan plan = plan_for(judged(Verdict::Tag), Mode::Tag, options, kAll, brought);
    CHECK(plan.insertions.empty());
    CHECK(plan.removals.size() == 1);
}

TEST_CASE("copies of our headers are removed in any case, the highest index of a name first") {
    OwnHeaders brought;
    for (const char* name : {"X-Kith-Score", "Subject", "x-kith-score", "X-KITH-VERDICT",
                             "X-Kith-Score ", "X-Kith", "X-Kith-Other"})
        brought.saw(name);
    const auto removals = brought.removals();
    REQUIRE(removals.size() == 5);
    int last_score = 4;
    for (const auto& removal : removals) {
        if (removal.name == "x-kith-score") {
            CHECK(removal.index == last_score - 1);
            last_score = removal.index;
        }
    }
    CHECK(last_score == 1);
    CHECK(std::count_if(removals.begin(), removals.end(),
                        [](const auto& r) { return r.name == "x-kith-verdict"; }) == 1);
    CHECK(std::count_if(removals.begin(), removals.end(),
                        [](const auto& r) { return r.name == "x-kith-other"; }) == 1);
}

TEST_CASE("invented names like ours are bounded and cannot crowd out the real ones") {
    OwnHeaders brought;
    for (std::size_t i = 0; i < 10 * OwnHeaders::kMaxOtherNames; ++i)
        brought.saw("X-Kith-" + std::to_string(i));
    const std::size_t others = brought.removals().size();
    CHECK(others == OwnHeaders::kMaxOtherNames + 5);
    for (int i = 0; i < 2000; ++i) brought.saw("X-Kith-Score");
    CHECK(brought.removals().size() == others + 2000);
}

TEST_CASE(
    "PROTO-23, PROTO-24: a header value holds no control character, no 8-bit byte and no empty "
    "line") {
    const std::string hostile =
        std::string("a\r\nEvil: 1\r\n\r\nbody") + '\0' + "x\x1b[31m\xc3\xa4 \t end\n";
    const std::string value = header_value(hostile);
    CHECK(value == "a Evil: 1 body?x?[31m?? end");
}

TEST_CASE("a header value is cut at its bound and every line of it stays below 998 bytes") {
    const auto extra = GENERATE(0U, 1U);
    CHECK(header_value(std::string(kMaxHeaderValue + extra, 'x')) ==
          std::string(kMaxHeaderValue, 'x'));
    std::string words;
    for (int i = 0; i < 400; ++i) words += "word ";
    const auto folded = lines(header_value(words));
    CHECK(folded.size() > 5);
    for (std::size_t i = 0; i < folded.size(); ++i) {
        CHECK(folded[i].size() <= 78);
        if (i > 0) CHECK(folded[i].rfind(" word", 0) == 0);
    }
}

TEST_CASE("the quarantine reason names the id and has at most 100 bytes") {
    MailRecord record = judged(Verdict::Quarantine);
    record.assessment.reasons[0].text = std::string(500, 'x');
    const Plan plan = plan_for(record, Mode::Enforce, {}, kAll, {});
    REQUIRE(plan.quarantine_reason);
    CHECK(plan.quarantine_reason->size() == kMaxQuarantineReason);
    CHECK(plan.quarantine_reason->rfind("kith abcdefgh23456723 score 87: xxx", 0) == 0);
}

TEST_CASE("an MTA without quarantine gets the mail with headers, and the shortfall is named") {
    Negotiated without = kAll;
    without.quarantine = false;
    const Plan plan = plan_for(judged(Verdict::Quarantine), Mode::Enforce, {}, without, {});
    CHECK(plan.action == Action::Accepted);
    CHECK_FALSE(plan.quarantine_reason);
    CHECK(plan.shortfall == "the MTA does not offer quarantine");
    CHECK(plan.insertions.size() == 5);
}

TEST_CASE("an MTA that lets nothing be changed is asked for nothing") {
    OwnHeaders brought;
    brought.saw("X-Kith-Id");
    const Plan plan =
        plan_for(judged(Verdict::Quarantine), Mode::Enforce, {}, Negotiated{}, brought);
    CHECK(plan.insertions.empty());
    CHECK(plan.removals.empty());
    CHECK_FALSE(plan.quarantine_reason);
}

TEST_CASE("a deferred mail gets 451 4.7.1 with the id, a rejected one 550 5.7.1") {
    const Plan deferred = plan_for(judged(Verdict::Defer), Mode::Enforce, {}, kAll, {});
    CHECK(deferred.reply_code == "451");
    CHECK(deferred.reply_status == "4.7.1");
    CHECK(deferred.reply_text.find("abcdefgh23456723") != std::string::npos);
    CHECK(deferred.action == Action::Deferred);
    const Plan rejected = plan_for(judged(Verdict::Reject), Mode::Enforce, {}, kAll, {});
    CHECK(rejected.reply_code == "550");
    CHECK(rejected.reply_status == "5.7.1");
    CHECK(rejected.action == Action::Rejected);
}

TEST_CASE(
    "without a verdict the answer is on_failure's, and the sender's copies of our headers go all "
    "the same") {
    OwnHeaders brought;
    brought.saw("X-Kith-Verdict");
    MilterOptions options;
    options.on_failure = OnFailure::Accept;
    const Plan accepted = plan_without_verdict(options, kAll, brought);
    CHECK(accepted.reply == Reply::Accept);
    CHECK(accepted.action == Action::Accepted);
    CHECK(accepted.removals.size() == 1);
    CHECK(accepted.insertions.empty());
    options.on_failure = OnFailure::Tempfail;
    const Plan deferred = plan_without_verdict(options, kAll, brought);
    CHECK(deferred.reply == Reply::Tempfail);
    CHECK(deferred.reply_code == "451");
    CHECK(deferred.action == Action::Deferred);
}

}  // namespace
}  // namespace kith::milter
