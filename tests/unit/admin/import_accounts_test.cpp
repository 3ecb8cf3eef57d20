// SPDX-License-Identifier: Apache-2.0
// `kith import --dovecot-log` with the built program: what an old log tells reaches the journal as
// of the past, and the log again teaches nothing twice.
#include <nlohmann/json.hpp>

#include <sstream>

#include "engine/admin/import_accounts.hpp"
#include "engine/journal/account_event.hpp"
#include "engine/learner/account_learner.hpp"
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
          "4 lines read, 4 events of accounts imported\n"
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
    CHECK(iso8601(events[3].time) == "2026-03-03T07:59:00Z");
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
    const auto none = site.kith({"import", "--dovecot-log", site.dir.write("x.log", "hello\n\xff\n")});
    CHECK(none.status == 0);
    CHECK(none.out.find("no line tells of a login: is this Dovecot's log?") != std::string::npos);
    const auto missing = site.kith({"import", "--dovecot-log", site.dir.file("no.log")});
    CHECK(missing.status == 66);
    CHECK(missing.err.find("cannot open") != std::string::npos);
    CHECK(missing.err.find("zcat FILE | kith import --dovecot-log -") != std::string::npos);
    CHECK(site.kith({"import", "--dovecot-log", "-", "--mbox", "x"}).status == 64);
}

TEST_CASE("what is imported is learned at its own time, and only once") {
    const Hasher hasher(Hasher::Secret{'i', 'm', 'p', 'o', 'r', 't'});
    const AccountJudgeOptions options;
    const std::vector<std::string> own = {"example.org"};
    AccountLearner learner(hasher, options, own);
    Config config;
    config.site.domains = own;
    const Time now = from_unix(1775000000);  // four weeks later
    const auto learn = [&] {
        std::istringstream in(kLog);
        const auto read = read_account_log(
            in, config, hasher, now, [](Time) { return Seconds(0); },
            [&](const AccountEvent& e) -> Status {
                const auto taken = learner.take(e, now);
                return taken ? ok() : Status(fail(taken.error()));
            },
            [] { return false; });
        REQUIRE(read);
    };
    using kith::admin::read_account_log;
    learn();
    learn();
    const auto state = learner.find("anna@example.org");
    REQUIRE(state);
    REQUIRE(*state != nullptr);
    CHECK((*state)->logins == 2);
    CHECK(iso8601((*state)->first) == "2026-03-02T08:00:00Z");
    CHECK(iso8601((*state)->last) == "2026-03-03T07:59:00Z");
}

TEST_CASE("another tenant's accounts are left out") {
    Config config;
    auto north = std::make_shared<Config>();
    north->tenant = "north";
    north->site.domains = {"example.org"};
    config.tenants = {north};
    config.site.domains = {"example.com"};
    const Hasher hasher(Hasher::Secret{});
    const auto count = [&](const Config& of) {
        std::istringstream in(kLog);
        return kith::admin::read_account_log(
                   in, of, hasher, from_unix(1775000000), [](Time) { return Seconds(0); },
                   [](const AccountEvent&) { return ok(); }, [] { return false; })
            .value();
    };
    CHECK(count(config).events == 0);
    CHECK(count(config).foreign == 4);
    CHECK(count(*north).events == 4);
}

TEST_CASE("what cannot be written ends the import, and a signal does") {
    const Hasher hasher(Hasher::Secret{});
    Config config;
    std::istringstream in(kLog);
    const auto zone = [](Time) { return Seconds(0); };
    const auto full = kith::admin::read_account_log(
        in, config, hasher, from_unix(1775000000), zone,
        [](const AccountEvent&) -> Status { return fail(ErrorCode::Full, "disk full"); },
        [] { return false; });
    REQUIRE_FALSE(full);
    CHECK(full.error().what == "disk full");
    std::istringstream again(kLog);
    const auto stopped = kith::admin::read_account_log(
        again, config, hasher, from_unix(1775000000), zone,
        [](const AccountEvent&) { return ok(); }, [] { return true; });
    REQUIRE(stopped);
    CHECK(stopped->lines == 0);
}
