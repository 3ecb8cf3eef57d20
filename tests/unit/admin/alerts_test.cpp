// SPDX-License-Identifier: Apache-2.0
// The outbox of alerts and what is told (engine/admin/alerts.hpp). A receiver that is down, hangs
// or answers nonsense: tests/e2e/alerts_test.py.
#include "engine/admin/alerts.hpp"

#include <sys/stat.h>

#include <fstream>
#include <set>

#include "engine/accounts/codec.hpp"
#include "engine/admin/state_file.hpp"
#include "engine/learner/incident.hpp"
#include "engine/learner/learner.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using namespace kith::admin;
using kith::test::Site;

namespace {

const Time kNow = from_unix(1772368496) + Seconds(3600);

struct Alerted : Site {
    Alerted() {
        write_secret();
        config.secret_file = dir.file("site.key");
        config.store = store();
        config.journal = journal();
        config.milter.socket = "unix:" + dir.file("kith.sock");
        config.milter.trouble_file = dir.file("trouble");
        config.learner.trouble_file = dir.file("learner-trouble");
        config.alerts.directory = dir.file("outbox");
        config.alerts.webhook = "http://127.0.0.1:1/";
        config.alerts.syslog = false;
    }
    [[nodiscard]] std::vector<WaitingAlert> waiting() const {
        auto all = waiting_alerts(config);
        if (!all) FAIL(all.error().text());
        return *all;
    }
    [[nodiscard]] std::size_t count(const std::string& kind) const {
        std::size_t n = 0;
        for (const auto& w : waiting())
            if (w.alert.kind == kind) ++n;
        return n;
    }
    void put(const std::string& key, Time now = kNow) const {
        const Status s = enqueue(config, now, {"held", key, now, "text of " + key, Json{{"x", 1}}});
        if (!s) FAIL(s.error().text());
    }
    /// As the learner leaves it: mails seen so far are learned, and the checkpoint is behind them.
    void collect(Time now = kNow) const {
        if (!std::filesystem::exists(config.store.directory + "/data.mdb")) learn();
        auto opened = Store::open(config.store, Store::Mode::Read);
        REQUIRE(opened);
        const auto reader = (*opened)->read();
        REQUIRE(reader);
        const Status s = collect_alerts(config, now, reader->get());
        if (!s) FAIL(s.error().text());
    }
    void learn() const {
        auto learner = Learner::open(std::make_shared<const Config>(config));
        REQUIRE(learner);
        REQUIRE((*learner)->step());
    }
    void mail(const std::string& id, Action action = Action::Held, bool notify = false) const {
        MailRecord r = test::held_mail();
        r.assessment.notify = notify;
        r.assessment.models = {{"count-only", false}, {"finance", true}};
        r.id = id;
        r.action = action;
        r.message_id = id + "@supplier.example";
        r.observations.message_id = std::hash<std::string>{}(id);
        auto writer = JournalWriter::open(config.journal);
        REQUIRE(writer);
        REQUIRE((*writer)->append(RecordType::Mail, r.time, encode(r)));
        learn();
    }
    Config config;
};

}  // namespace

TEST_CASE("an alert waits once for each receiver that is named, over restarts") {
    Alerted site;
    site.put("abcd");
    site.put("abcd", kNow + Seconds(5));
    REQUIRE(site.waiting().size() == 1);
    site.config.alerts.mail_to = {"jo@example.org"};
    site.config.alerts.syslog = true;
    site.put("bcde", kNow + Seconds(1));
    CHECK(site.waiting().size() == 4);
    const WaitingAlert first = site.waiting().front();
    CHECK(first.channel == Channel::Webhook);
    CHECK(first.since == kNow);
    CHECK(first.alert.text == "text of abcd");
    CHECK(first.alert.data["x"] == 1);
    struct stat st {};
    REQUIRE(::stat((site.config.alerts.directory + "/" + first.file).c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0640);
}

TEST_CASE("without a receiver nothing waits, and a full outbox says so") {
    Alerted site;
    site.config.alerts.webhook.clear();
    site.put("abcd");
    CHECK(site.waiting().empty());
    site.config.alerts.webhook = "http://127.0.0.1:1/";
    site.config.alerts.max_waiting = 3;
    for (const char* key : {"a", "b", "c"}) site.put(key);
    const Status full = enqueue(site.config, kNow, {"held", "d", kNow, "x", {}});
    REQUIRE_FALSE(full);
    CHECK(full.error().code == ErrorCode::Full);
    CHECK(site.waiting().size() == 3);
}

TEST_CASE("hostile text in an alert is one plain line, and a huge one is cut") {
    const Alerted site;
    REQUIRE(enqueue(site.config, kNow,
                    {"held", "k", kNow, "a\nb\x1b[31m\xff" + std::string(100000, 'x'),
                     Json{{"big", std::string(100000, 'y')}}}));
    REQUIRE(site.waiting().size() == 1);
    const std::string text = site.waiting()[0].alert.text;
    CHECK(text.size() < 600);
    CHECK(text.find('\n') == std::string::npos);
    CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("files that are no alerts are passed over") {
    const Alerted site;
    site.put("abcd");
    for (const auto& [name, text] : {std::pair{"1-x.webhook", "{"},
                                     {"2-x.webhook", "[]"},
                                     {"3-x.mail", "{\"alert\": 7}"},
                                     {"x.other", "{}"},
                                     {"README", ""}})
        std::ofstream(site.config.alerts.directory + "/" + name) << text;
    CHECK(site.waiting().size() == 1);
}

TEST_CASE(
    "what was held before is no news, what is held later is told once, and mail that passed "
    "never") {
    const Alerted site;
    site.mail("aaaaaaaaaaaaaaaa");
    site.collect();
    CHECK(site.count("held") == 0);
    site.mail("bbbbbbbbbbbbbbbb");
    site.mail("cccccccccccccccc", Action::Accepted);
    site.collect();
    REQUIRE(site.count("held") == 1);
    for (const auto& w : site.waiting())
        if (w.alert.kind == "held") {
            CHECK(w.alert.key == "bbbbbbbbbbbbbbbb");
            CHECK(w.alert.text ==
                  "held bbbbbbbbbbbbbbbb: from anna@supplier.example to bert@example.org +1, score "
                  "88: first link to forms.example in 214 mails over 296 days");
        }
    site.collect();
    site.mail("dddddddddddddddd");
    site.collect();
    CHECK(site.count("held") == 2);
}

TEST_CASE("mail that a live model wants told is told once, held or not") {
    const Alerted site;
    site.mail("aaaaaaaaaaaaaaaa", Action::Accepted, true);
    site.collect();
    CHECK(site.count("model") == 0);
    site.mail("bbbbbbbbbbbbbbbb", Action::Accepted, true);
    site.mail("cccccccccccccccc", Action::Accepted);
    site.collect();
    REQUIRE(site.count("model") == 1);
    for (const auto& w : site.waiting())
        if (w.alert.kind == "model")
            CHECK(w.alert.text ==
                  "models finance fit bbbbbbbbbbbbbbbb: from anna@supplier.example to "
                  "bert@example.org, score 88, accepted");
    site.collect();
    CHECK(site.count("model") == 1);
}

TEST_CASE("what does not fit into the outbox is told when there is room") {
    Alerted site;
    site.collect();
    for (const char c : std::string("abcde")) site.mail(std::string(16, c));
    site.config.alerts.max_waiting = 2;
    auto opened = Store::open(site.config.store, Store::Mode::Read);
    REQUIRE(opened);
    const auto reader = (*opened)->read();
    REQUIRE(reader);
    const Status full = collect_alerts(site.config, kNow, reader->get());
    REQUIRE_FALSE(full);
    CHECK(full.error().code == ErrorCode::Full);
    CHECK(site.count("held") == 2);
    std::set<std::string> told;
    for (int i = 0; i < 5; ++i) {
        for (const auto& w : site.waiting()) {
            if (w.alert.kind == "held") told.insert(w.alert.key);
            std::filesystem::remove(site.config.alerts.directory + "/" + w.file);
        }
        (void)collect_alerts(site.config, kNow, reader->get());
    }
    CHECK(told.size() == 5);
}

TEST_CASE("an incident that opens is told once") {
    const Alerted site;
    site.collect();
    site.mail("aaaaaaaaaaaaaaaa");
    site.collect();
    site.collect();
    CHECK(site.count("incident") == 1);
}

TEST_CASE("an own account's incident is told once, and again when it goes on after a pause") {
    const Alerted site;
    site.learn();
    site.collect();
    AccountState a;
    a.incident.id = "abcdefgh234567ab";
    a.incident.account = a.name = "anna@example.org";
    a.incident.opened = a.incident.last = a.incident.raised = kNow;
    a.incident.raises = 1;
    const auto keep = [&] {
        auto opened = Store::open(site.config.store, Store::Mode::Write);
        REQUIRE(opened);
        auto txn = (*opened)->write();
        REQUIRE(txn);
        const Key16 key{{1}};
        REQUIRE((*txn)->put(Table::Accounts, account_state_key(key), encode(a)));
        REQUIRE((*txn)->put(Table::Accounts, "c" + a.incident.id, key.view()));
        REQUIRE((*txn)->commit());
    };
    keep();
    site.collect();
    site.collect();
    REQUIRE(site.count("incident") == 1);
    CHECK(site.waiting().front().alert.data["account"] == "anna@example.org");
    CHECK(site.waiting().front().alert.text.find("kith incident show abcdefgh234567ab") !=
          std::string::npos);
    a.incident.raises = 2;
    keep();
    site.collect();
    site.collect();
    CHECK(site.count("incident") == 2);
}

TEST_CASE("trouble is told when it lasts, again after hours, and once when it is over") {
    Alerted site;
    site.learn();
    site.collect(kNow);  // neither learner nor milter runs
    CHECK(site.count("trouble") == 0);
    site.collect(kNow + Seconds(100));
    const std::size_t told = site.count("trouble");
    CHECK(told >= 2);
    site.collect(kNow + Seconds(200));
    CHECK(site.count("trouble") == told);
    auto store = Store::open(site.config.store, Store::Mode::Write);  // as a learner does
    REQUIRE(store);
    REQUIRE(collect_alerts(site.config, kNow + Seconds(300), nullptr));
    CHECK(site.count("recovered") == 1);
    site.config.alerts.max_waiting = 1000;
}

TEST_CASE("the time until the next try doubles from a minute to an hour") {
    CHECK(back_off(1) == Seconds(60));
    CHECK(back_off(2) == Seconds(120));
    CHECK(back_off(6) == Seconds(1920));
    CHECK(back_off(7) == Seconds(3600));
    CHECK(back_off(1000) == Seconds(3600));
}

TEST_CASE(
    "a receiver that is down costs nothing but time, and is not asked again before it is due") {
    const Alerted site;
    site.put("abcd");
    const auto first = send_alerts(site.config, kNow, Channel::Webhook);
    REQUIRE(first);
    CHECK(first->sent == 0);
    CHECK(first->waiting == 1);
    CHECK(first->trouble.find("does not answer") != std::string::npos);
    const auto soon = send_alerts(site.config, kNow + Seconds(59), Channel::Webhook);
    REQUIRE(soon);
    CHECK(soon->waiting == 1);
    const std::string path = site.dir.file("alerts-webhook.json");
    CHECK(number_at(StateFile::open(path).value().json(), "failures") == 1);
    REQUIRE(send_alerts(site.config, kNow + Seconds(60), Channel::Webhook));
    CHECK(number_at(StateFile::open(path).value().json(), "failures") == 2);
    CHECK(site.waiting().size() == 1);
}

TEST_CASE("mail is handed to sendmail in one piece, without a shell, and waits when that fails") {
    Alerted site;
    site.config.alerts.webhook.clear();
    site.config.alerts.mail_to = {"jo@example.org", "mo@example.org"};
    site.config.alerts.sendmail = site.dir.file("sendmail");
    site.config.site.domains = {"example.org"};
    const auto script = [&](const std::string& body) {
        site.dir.write("sendmail", "#!/bin/sh\n" + body + "\n");
        ::chmod(site.dir.file("sendmail").c_str(), 0755);
    };
    site.put("abcd");
    site.put("bcde");
    script("echo 'sendmail: fatal: no' >&2; exit 75");
    const auto failed = send_alerts(site.config, kNow, Channel::Mail);
    REQUIRE(failed);
    CHECK(failed->waiting == 2);
    CHECK(failed->trouble.find("sendmail: fatal: no") != std::string::npos);
    script("echo \"$@\" > " + site.dir.file("arguments") + "; cat > " + site.dir.file("mail"));
    const auto sent = send_alerts(site.config, kNow + Seconds(60), Channel::Mail);
    REQUIRE(sent);
    CHECK(sent->sent == 2);
    CHECK(site.waiting().empty());
    CHECK(site.dir.read("arguments") == "-i -f <> jo@example.org mo@example.org\n");
    const std::string mail = site.dir.read("mail");
    CHECK(mail.find("text of abcd\n") != std::string::npos);
    CHECK(mail.find("text of bcde\n") != std::string::npos);
    CHECK(mail.find("\nX-Kith-Own: ") != std::string::npos);
    site.put(std::string(100, 'k'));
    REQUIRE(send_alerts(site.config, kNow + Seconds(120), Channel::Mail));
    CHECK(site.dir.read("mail").find("\nSubject: kith: text of " + std::string(53, 'k') +
                                     "...\n") != std::string::npos);
}
