// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/report.hpp"

#include <map>

#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using namespace kith::admin;
using kith::test::held_mail;
using kith::test::passed_mail;

namespace {

constexpr std::int64_t kNoon = 1772366400;  // 2026-03-01T12:00:00Z
constexpr std::int64_t kDay = 86400;

Config config() {
    Config c;
    c.site.domains = {"example.org", "example.net"};
    return c;
}

ReportScope week() { return {from_unix(kNoon - 6 * kDay), from_unix(kNoon + kDay), {}, ""}; }

/// A mail of a verdict, as a passive site records it.
MailRecord mail(Verdict verdict, std::int64_t time = kNoon) {
    static int n = 0;
    MailRecord r = verdict == Verdict::Pass ? passed_mail() : held_mail();
    r.id = "mail" + std::to_string(n++);
    r.time = from_unix(time);
    r.action = Action::Accepted;
    r.mode = "passive";
    r.assessment.verdict = verdict;
    return r;
}

Report made(const std::vector<MailRecord>& mails, ReportScope scope = week()) {
    ReportBuilder builder(config(), std::move(scope),
                          [](const std::string&) { return std::optional<Verdict>(); });
    for (const MailRecord& r : mails) builder.add(r);
    return std::move(builder).finish();
}

}  // namespace

TEST_CASE("each judged mail is counted once, by verdict and by what was done") {
    MailRecord held = mail(Verdict::Quarantine), refused = mail(Verdict::Reject);
    held.action = Action::Held;
    refused.action = Action::Rejected;
    const Tally t = made({mail(Verdict::Pass), mail(Verdict::Pass), mail(Verdict::Tag), held,
                          refused, mail(Verdict::Quarantine)})
                        .total();
    CHECK(t.judged == 6);
    CHECK(t.passed == 2);
    CHECK(t.tagged == 1);
    CHECK(t.held == 2);
    CHECK(t.would_hold == 1);
    CHECK(t.holds() == 3);
    CHECK(t.passed + t.tagged + t.held + t.would_hold == t.judged);
}

TEST_CASE("what was delayed or not judged is no judged mail") {
    MailRecord delayed = mail(Verdict::Defer), neutral = mail(Verdict::Pass),
               digest = mail(Verdict::Pass);
    digest.own = true;  // kith's own
    delayed.action = Action::Deferred;
    neutral.assessment.degraded = "store missing";
    const Report r = made({delayed, neutral, digest, mail(Verdict::Pass)});
    CHECK(r.total().judged == 1);
    CHECK(r.total().delayed == 1);
    CHECK(r.total().neutral == 1);
    CHECK(r.neutral_why == "store missing");
}

TEST_CASE("mail that came too early to be held is told, with whether it would be now") {
    MailRecord early = mail(Verdict::Tag), mild = mail(Verdict::Tag);
    early.assessment.ready = mild.assessment.ready = false;
    early.assessment.score = 60;  // P = 1 in 1000, the default of budget.holds_per_1000
    mild.assessment.score = 59.9;
    const Report r = made({early, mild});
    CHECK(r.total().not_ready == 2);
    CHECK(r.total().suspicious == 1);
    CHECK(r.total().tagged == 2);
    REQUIRE(r.mails.size() == 1);
    CHECK(r.mails[0].id == early.id);
    CHECK(r.mails[0].fate == Fate::NotReady);
}

TEST_CASE("days and directions are counted apart, and add up") {
    MailRecord out = mail(Verdict::Pass, kNoon - kDay);
    out.observations.direction = Direction::Outbound;
    const Report r = made({mail(Verdict::Pass, kNoon - kDay), out, mail(Verdict::Tag)});
    REQUIRE(r.days.size() == 2);
    const auto day = day_number(from_unix(kNoon));
    CHECK(r.days.at(day - 1)[0].judged == 1);
    CHECK(r.days.at(day - 1)[1].judged == 1);
    CHECK(r.days.at(day)[0].tagged == 1);
    CHECK(r.directions[0].judged == 2);
    CHECK(r.total().judged == 3);
    // From the first mail on, not from a time before there was any.
    CHECK(r.span_days() == Approx(2));
}

TEST_CASE("only mail of the span is counted, its beginning included and its end not") {
    const ReportScope scope{from_unix(kNoon), from_unix(kNoon + 10), {}, ""};
    CHECK(made({mail(Verdict::Pass, kNoon - 1), mail(Verdict::Pass, kNoon),
                mail(Verdict::Pass, kNoon + 9), mail(Verdict::Pass, kNoon + 10)},
               scope)
              .total()
              .judged == 2);
}

TEST_CASE("a domain's mail is what comes to it or goes out from it") {
    ReportScope scope = week();
    scope.domain = "example.org";
    MailRecord to_sub = mail(Verdict::Pass), elsewhere = mail(Verdict::Pass),
               both = mail(Verdict::Pass), out = mail(Verdict::Pass), foreign = mail(Verdict::Pass);
    to_sub.rcpts = {"a@shop.Example.ORG"};
    elsewhere.rcpts = {"a@example.net", "b@notexample.org"};
    both.rcpts = {"a@example.net", "b@example.org"};
    out.observations.direction = Direction::Outbound;
    out.mail_from = "b@example.org";
    foreign.observations.direction = Direction::Outbound;
    foreign.mail_from = "b@example.net";
    foreign.rcpts = {"x@example.org"};
    CHECK(made({to_sub, elsewhere, both, out, foreign}, scope).total().judged == 3);
    scope.direction = Direction::Outbound;
    CHECK(made({to_sub, elsewhere, both, out, foreign}, scope).total().judged == 1);
}

TEST_CASE("an admin's last word about a mail counts, in its day and in the list") {
    const MailRecord good = mail(Verdict::Quarantine), bad = mail(Verdict::Quarantine),
                     open = mail(Verdict::Quarantine), passed = mail(Verdict::Pass);
    ReportBuilder builder(config(), week(), {});
    for (const MailRecord& r : {good, bad, open, passed}) builder.add(r);
    const auto says = [&](RecordType type, const std::string& id) {
        AdminRecord said;
        said.id = id;
        builder.add(type, said);
    };
    says(RecordType::Confirm, good.id);
    says(RecordType::Release, good.id);
    says(RecordType::Release, good.id);
    says(RecordType::Confirm, bad.id);
    says(RecordType::Release, passed.id);
    says(RecordType::Release, "of another week");
    const Report r = std::move(builder).finish();
    CHECK(r.total().released == 1);
    CHECK(r.total().confirmed == 1);
    CHECK(r.total().unsaid() == 1);
    CHECK(r.days.begin()->second[0].released == 1);
    CHECK(r.mails[0].state == MailState::Released);
    CHECK(r.mails[1].state == MailState::Confirmed);
    CHECK(r.mails[2].state == MailState::None);
}

TEST_CASE("each other filter is compared over the mail it spoke of") {
    const auto with = [](MailRecord r, bool spam) {
        r.other_filters = {{"rspamd", spam, std::nullopt, std::nullopt}};
        return r;
    };
    const Report r =
        made({with(mail(Verdict::Quarantine), true), with(mail(Verdict::Quarantine), false),
              with(mail(Verdict::Quarantine), false), with(mail(Verdict::Pass), true),
              with(mail(Verdict::Tag), false), mail(Verdict::Quarantine)});
    REQUIRE(r.other_filters.size() == 1);
    const Agreement& a = r.other_filters.at("rspamd");
    CHECK(a.both == 1);
    CHECK(a.only_kith == 2);
    CHECK(a.only_other == 1);
    CHECK(a.neither == 1);
    CHECK(a.mails() == 5);
}

TEST_CASE("imported mail is counted apart, by the verdict it got when it was learned") {
    const std::map<std::string, Verdict> learned{{"a", Verdict::Quarantine}, {"b", Verdict::Tag}};
    ReportBuilder builder(config(), week(), [&](const std::string& id) -> std::optional<Verdict> {
        const auto found = learned.find(id);
        return found == learned.end() ? std::nullopt : std::optional(found->second);
    });
    for (const char* id : {"a", "b", "c"}) {
        MailRecord r = mail(Verdict::Pass);
        r.id = id;
        r.imported = true;
        builder.add(r);
    }
    const Report r = std::move(builder).finish();
    CHECK(r.total().judged == 0);
    CHECK(r.days.empty());
    CHECK(r.imported.judged == 3);
    CHECK(r.imported.would_hold == 1);
    CHECK(r.imported.tagged == 1);
}

TEST_CASE("most frequent senders and first reasons come first, at most ten") {
    std::vector<MailRecord> mails;
    for (int i = 0; i < 12; ++i)
        for (int n = 0; n <= i; ++n) {
            MailRecord r = mail(n % 2 == 0 ? Verdict::Quarantine : Verdict::Tag);
            r.from = "s" + std::to_string(i) + "@far.example";
            r.assessment.reasons[0].feature = i < 6 ? "link_host" : "time_zone";
            mails.push_back(r);
        }
    mails.push_back(mail(Verdict::Pass));
    const Report r = made(mails);
    REQUIRE(r.senders.size() == kMaxRanked);
    CHECK(r.senders[0].name == "s11@far.example");
    CHECK(r.senders[0].holds == 6);
    CHECK(r.senders[0].tagged == 6);
    REQUIRE(r.reasons.size() == 2);
    CHECK(r.reasons[0].name == "time_zone");
    CHECK(r.reasons[0].example == "first link to forms.example in 214 mails over 296 days");
}

TEST_CASE("the list keeps the newest mails and counts the others") {
    std::vector<MailRecord> mails;
    for (std::size_t i = 0; i < kMaxReportMails + 5; ++i)
        mails.push_back(mail(Verdict::Quarantine));
    const Report r = made(mails);
    CHECK(r.mails.size() == kMaxReportMails);
    CHECK(r.left_out == 5);
    CHECK(r.mails.back().id == mails.back().id);
    CHECK(r.total().would_hold == kMaxReportMails + 5);
}

TEST_CASE("texts of a mail are kept valid and short") {
    MailRecord r = mail(Verdict::Quarantine);
    r.from = std::string(10'000, '\xff');
    r.subject = std::string(10'000, 's');
    r.assessment.reasons.assign(50, {"x", 1, std::string(10'000, 'y')});
    r.assessment.tags.assign(500, std::string(1000, 'z'));
    const Report report = made({r});
    const ReportMail& m = report.mails.at(0);
    CHECK(m.from.size() <= 320);
    CHECK(m.subject.size() <= 200);
    CHECK(m.reasons.size() == 3);
    CHECK(m.reasons[0].size() <= 400);
    CHECK(m.tags.size() == 16);
}

TEST_CASE("the journal is read from the segment on that the span begins in") {
    kith::test::Site site;
    Config c = config();
    c.journal = site.journal();
    c.journal.segment_bytes = 64 << 10;
    auto writer = JournalWriter::open(c.journal);
    REQUIRE(writer);
    constexpr int kDays = 40;
    for (int day = 0; day < kDays; ++day)
        for (int i = 0; i < 50; ++i) {
            MailRecord r = mail(i == 0 ? Verdict::Quarantine : Verdict::Pass, kNoon + day * kDay);
            r.id = "d" + std::to_string(day) + "n" + std::to_string(i);
            REQUIRE((*writer)->append(RecordType::Mail, r.time + Seconds(2), encode(r)));
            if (i != 0) continue;
            AdminRecord said;
            said.id = r.id;
            REQUIRE((*writer)->append(RecordType::Release, r.time + Seconds(3), encode(said)));
        }
    {
        auto made = Store::open(site.store(), Store::Mode::Write);
        REQUIRE(made);
        REQUIRE((*(*made)->write())->commit());
    }
    auto store = Store::open(site.store(), Store::Mode::Read);
    REQUIRE(store);
    auto reader = (*store)->read();
    REQUIRE(reader);
    REQUIRE(JournalReader::open(c.journal).value()->end()->segment > 3);
    const int from = GENERATE(0, 1, 17, 38, 39);
    INFO(from);
    const auto report = make_report(
        c, **reader, {from_unix(kNoon + from * kDay), from_unix(kNoon + 100 * kDay), {}, ""});
    REQUIRE(report);
    CHECK(report->days.size() == static_cast<std::size_t>(kDays - from));
    CHECK(report->total().judged == 50U * static_cast<unsigned>(kDays - from));
    CHECK(report->total().released == static_cast<unsigned>(kDays - from));
}
