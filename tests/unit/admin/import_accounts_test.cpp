// SPDX-License-Identifier: Apache-2.0
// `kith import --dovecot-log` with the built program: what an old log tells reaches the journal as
// of the past, and the log again teaches nothing twice.
#include "engine/admin/import_accounts.hpp"

#include <fcntl.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "engine/base/unique_fd.hpp"
#include "engine/journal/account_event.hpp"
#include "engine/learner/account_learner.hpp"
#include "tests/support/mmdb_writer.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using kith::test::Site;
using Json = nlohmann::json;

namespace {

const std::string kLog =
    "2026-03-02T08:00:00+00:00 mail1 dovecot: imap-login: Login: user=<anna@example.org>, "
    "method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=1, TLS, session=<s1>\n"
    "2026-03-02T08:00:01+00:00 mail1 postfix/smtpd[4]: connect from unknown[192.0.2.9]\n"
    "2026-03-02T08:30:00+00:00 mail1 dovecot: imap(anna@example.org)<1><s1>: Disconnected: Logged "
    "out in=579 out=2126 deleted=0 expunged=0 trashed=0 hdr_count=0 hdr_bytes=0 body_count=3 "
    "body_bytes=186\n"
    "2026-03-03T07:59:00+00:00 mail1 dovecot: imap-login: Login: user=<anna@example.org>, "
    "method=PLAIN, rip=192.0.2.8, lip=192.0.2.1, mpid=2, TLS, session=<s2>";  // no end of line

std::vector<AccountEvent> recorded(const Site& site) {
    std::vector<AccountEvent> out;
    for (const JournalRecord& r : site.records(RecordType::Account))
        out.push_back(decode_account_event(r.payload).value());
    return out;
}

}  // namespace

TEST_CASE("an old log of Dovecot reaches the journal as of the past") {
    Site site;
    site.write_secret();
    const std::string file = site.dir.write("mail.log", kLog);
    const auto out = site.kith({"import", "--dovecot-log", file});
    CHECK(out.err == "");
    CHECK(out.status == 0);
    CHECK(out.out ==
          "4 lines read, 4 events of accounts imported, 0 known already\n"
          "from 2026-03-02T08:00:00Z to 2026-03-03T07:59:00Z\n"
          "kith-learner learns from them when it runs; see kith account list\n");
    const auto events = recorded(site);
    REQUIRE(events.size() == 4);
    for (const AccountEvent& e : events) {
        CHECK(e.imported);
        CHECK(e.account == "anna@example.org");
        CHECK(e.host == "mail1");
    }
    CHECK(events[0].kind == AccountEventKind::Login);
    CHECK(events[0].client_addr == "192.0.2.7");
    const auto read = std::find_if(events.begin(), events.end(), [](const AccountEvent& e) {
        return e.kind == AccountEventKind::Read;
    });
    REQUIRE(read != events.end());
    CHECK(read->messages == 3);
    CHECK(read->client_addr == "192.0.2.7");
    CHECK(std::count_if(events.begin(), events.end(), [](const AccountEvent& e) {
              return e.kind == AccountEventKind::Login && iso8601(e.time) == "2026-03-03T07:59:00Z";
          }) == 1);
}

TEST_CASE("an old log's events have the places that addresses have today") {
    Site site;
    site.write_secret();
    site.configure("accounts: {mmdb: [" + site.dir.write("city.mmdb", test::city_database()) +
                   "]}\n");
    const std::string file = site.dir.write("mail.log", kLog);
    const auto out = site.kith({"import", "--dovecot-log", file});
    INFO(out.err);
    REQUIRE(out.status == 0);
    for (const AccountEvent& e : recorded(site)) CHECK(e.place.country == "DE");
}

TEST_CASE("a dry run of a log says the same and writes nothing") {
    Site site;
    site.write_secret();
    const std::string file = site.dir.write("mail.log", kLog);
    const auto out = site.kith({"--json", "import", "--dry-run", "--dovecot-log", file});
    CHECK(out.status == 0);
    const Json j = Json::parse(out.out);
    CHECK(j["lines"] == 4);
    CHECK(j["imported"] == 4);
    CHECK(j["dry_run"] == true);
    CHECK(recorded(site).empty());
}

TEST_CASE("a log that is none, one that is missing, and two sources at once say so") {
    Site site;
    site.write_secret();
    const auto none =
        site.kith({"import", "--dovecot-log", site.dir.write("x.log", "hello\n\xff\n")});
    CHECK(none.status == 74);
    CHECK(none.out.empty());
    CHECK(none.err.find("2 lines read, and none tells of an account") != std::string::npos);
    CHECK(none.err.find("is this Dovecot's log") != std::string::npos);
    CHECK(site.kith({"import", "--dovecot-log", site.dir.write("empty.log", "")}).status == 0);
    const auto missing = site.kith({"import", "--dovecot-log", site.dir.file("no.log")});
    CHECK(missing.status == 66);
    CHECK(missing.err.find("cannot open") != std::string::npos);
    CHECK(missing.err.find("zcat FILE | kith import --dovecot-log -") != std::string::npos);
    CHECK(site.kith({"import", "--dovecot-log", "-", "--mbox", "x"}).status == 64);
}

namespace {

const Hasher kHasher(Hasher::Secret{'i', 'm', 'p', 'o', 'r', 't'});
const Time kNow = from_unix(1775000000);  // four weeks later

/// Reads `text` as a log; what is not said is ours, new and written nowhere.
Result<kith::admin::AccountImport> read_text(const Site& site, const std::string& text,
                                             kith::admin::AccountLogReading reading) {
    if (!reading.zone) reading.zone = [](Time) { return Seconds(0); };
    if (!reading.is_ours) reading.is_ours = [](const std::string&) { return true; };
    if (!reading.is_known) reading.is_known = [](const AccountEvent&) { return false; };
    if (!reading.record) reading.record = [](const AccountEvent&) { return ok(); };
    if (!reading.stopped) reading.stopped = [] { return false; };
    const UniqueFd fd(::open(site.dir.write("text.log", text).c_str(), O_RDONLY));
    REQUIRE(fd);
    return kith::admin::read_account_log(fd.get(), reading);
}

}  // namespace

TEST_CASE("what is imported is learned at its own time, only once, and opens no incident") {
    Site site;
    const AccountJudgeOptions options;
    const std::vector<std::string> own = {"example.org"};
    AccountLearner learner(kHasher, options, own);
    kith::admin::AccountLogReading reading{kHasher, kNow, {}, {}, {}, {}, {}};
    reading.record = [&](const AccountEvent& e) -> Status {
        const auto taken = learner.take(e, kNow);
        if (taken && *taken) CHECK_FALSE((*taken)->alert);
        return taken ? ok() : Status(fail(taken.error()));
    };
    REQUIRE(read_text(site, kLog, reading));
    REQUIRE(read_text(site, kLog, reading));
    const auto state = learner.find("anna@example.org");
    REQUIRE(state);
    REQUIRE(*state != nullptr);
    CHECK((*state)->logins == 2);
    CHECK(iso8601((*state)->first) == "2026-03-02T08:00:00Z");
    CHECK(iso8601((*state)->last) == "2026-03-03T07:59:00Z");
}

TEST_CASE("account-days of an import are no days of the week that is going on") {
    Site site;
    const AccountJudgeOptions options;
    const std::vector<std::string> own = {"example.org"};
    AccountLearner learner(kHasher, options, own);
    AccountEvent lately;  // kith has seen this week already
    lately.account = "carl@example.org";
    lately.client_addr = "192.0.2.9";
    for (const int days_ago : {1, 0}) {
        lately.time = kNow - std::chrono::days(days_ago);
        REQUIRE(learner.take(lately, lately.time));
    }
    const auto before = learner.site().day_counts;
    kith::admin::AccountLogReading reading{kHasher, kNow, {}, {}, {}, {}, {}};
    reading.record = [&](const AccountEvent& e) -> Status {
        const auto taken = learner.take(e, kNow);
        return taken ? ok() : Status(fail(taken.error()));
    };
    REQUIRE(read_text(site, kLog, reading));
    CHECK(learner.site().day_counts == before);
    CHECK(learner.site().last_day == day_number(kNow));
    CHECK(learner.site().last_day - learner.site().first_day > 8);
}

TEST_CASE("an import adds nothing to an incident that is open") {
    const AccountJudgeOptions options;
    AccountState account;
    Habits domain, all;
    AccountSite site;
    account.incident.id = "abcdefghijklmnop";
    account.incident.opened = account.incident.last = account.incident.raised = kNow;
    account.incident.steps.push_back({kNow, AccountAct::Login, "logs in", "", 1, 90});
    Sighting old;
    old.time = kNow - std::chrono::days(20);
    old.act = AccountAct::RuleActivated;
    old.imported = true;
    old.marks = 1U << static_cast<unsigned>(AccountMark::RedirectsOutside);
    old.values[index_of(AccountFeature::rule)] = 7;
    const auto judged =
        observe_account(old, options, "bbcdefghijklmnop", {account, domain, all, site});
    CHECK_FALSE(judged.alert);
    CHECK(account.incident.steps.size() == 1);
    CHECK(account.incident.id == "abcdefghijklmnop");
}

TEST_CASE("accounts of others and events that are known are left out, and counted") {
    Site site;
    kith::admin::AccountLogReading reading{kHasher, kNow, {}, {}, {}, {}, {}};
    reading.is_ours = [](const std::string&) { return false; };
    auto read = read_text(site, kLog, reading);
    REQUIRE(read);
    CHECK(read->events == 0);
    CHECK(read->foreign == 4);
    reading.is_ours = {};
    reading.is_known = [](const AccountEvent& e) { return e.kind == AccountEventKind::Login; };
    read = read_text(site, kLog, reading);
    REQUIRE(read);
    CHECK(read->events == 2);
    CHECK(read->known == 2);
}

TEST_CASE("a stamp without a year is never in the future of an import") {
    Site site;
    kith::admin::AccountLogReading reading{kHasher, kNow, {}, {}, {}, {}, {}};  // 31 March 2026
    std::vector<std::string> times;
    reading.record = [&](const AccountEvent& e) {
        times.push_back(iso8601(e.time));
        return ok();
    };
    const std::string rest =
        " mail1 dovecot: imap-login: Login: user=<anna>, method=PLAIN, "
        "rip=192.0.2.7, lip=192.0.2.1, session=<";
    REQUIRE(read_text(site,
                      "Apr 20 08:00:00" + rest + "a>\nDec 31 08:00:00" + rest +
                          "b>\nMar 30 08:00:00" + rest + "c>\n",
                      reading));
    CHECK(times == std::vector<std::string>{"2025-04-20T08:00:00Z", "2025-12-31T08:00:00Z",
                                            "2026-03-30T08:00:00Z"});
}

TEST_CASE("what cannot be read or written ends the import, and a signal does") {
    Site site;
    kith::admin::AccountLogReading reading{kHasher, kNow, {}, {}, {}, {}, {}};
    reading.record = [](const AccountEvent&) -> Status {
        return fail(ErrorCode::Full, "disk full");
    };
    const auto full = read_text(site, kLog, reading);
    REQUIRE_FALSE(full);
    CHECK(full.error().what == "disk full");
    reading.record = {};
    reading.stopped = [] { return true; };
    const auto stopped = read_text(site, kLog, reading);
    REQUIRE(stopped);
    CHECK(stopped->lines == 0);
    site.write_secret();
    const auto directory = site.kith({"import", "--dovecot-log", site.dir.path().string()});
    CHECK(directory.status == 74);
    CHECK(directory.err.find("the log cannot be read: Is a directory") != std::string::npos);
}
