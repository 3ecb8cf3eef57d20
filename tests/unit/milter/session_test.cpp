// SPDX-License-Identifier: Apache-2.0
// The session with an injected judge: verdicts, slow and throwing judges, a full queue and a
// failing journal cannot be had from the built program without hooks in it, so they are proven
// here; tests/protocol proves the translation.
#include "milter/session.hpp"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace kith::milter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
constexpr Negotiated kAll{true, true, true, true};

Macros macros(std::map<std::string, std::string> values) {
    return [values = std::move(values)](const char* name) -> std::optional<std::string> {
        const auto found = values.find(name);
        if (found == values.end()) return std::nullopt;
        return found->second;
    };
}
const Macros kNone = macros({});

std::string text_of(const MessageBytes& bytes) {
    if (bytes.fd < 0) return std::string(bytes.memory);
    std::string out(static_cast<std::size_t>(bytes.length), '\0');
    const ssize_t n = ::pread(bytes.fd, out.data(), out.size(), static_cast<off_t>(bytes.offset));
    return n == static_cast<ssize_t>(bytes.length) ? out : "(short read)";
}

/// Everything around a session, in memory.
struct World {
    explicit World(Config with = {})
        : config(std::make_shared<const Config>(std::move(with))),
          services(std::make_shared<Services>()) {
        services->config = [this] {
            std::lock_guard lock(mutex);
            return config;
        };
        services->judge = [this](const MessageBytes& bytes, const TenantPart& part) {
            std::lock_guard lock(mutex);
            judged_bytes.push_back(text_of(bytes));
            judged.push_back(part.arrival);
            MailRecord record;
            record.id = "id" + std::to_string(judged.size());
            record.assessment.verdict = verdict;
            return record;
        };
        services->append = [this](const MailRecord& record, const Config& whose) -> Status {
            std::lock_guard lock(mutex);
            tenants.push_back(whose.tenant);
            if (journal_broken) return fail(ErrorCode::Full, "journal: disk full");
            journal.push_back(record);
            return ok();
        };
        services->now = [] { return from_unix(1772442000); };
        services->log = [this](LogLevel, std::string_view message,
                               const std::vector<LogField>& fields) {
            std::lock_guard lock(mutex);
            log.push_back(log_line(message, fields));
        };
        services->judging = &judging;
        services->journalling = &journalling;
    }
    ~World() {
        // Late work refers to this object.
        (void)judging.wait_idle(std::chrono::steady_clock::now() + seconds(10));
        (void)journalling.wait_idle(std::chrono::steady_clock::now() + seconds(10));
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] std::size_t lines_with(const std::string& part) {
        std::lock_guard lock(mutex);
        std::size_t n = 0;
        for (const auto& line : log) n += line.find(part) != std::string::npos ? 1U : 0U;
        return n;
    }

    std::mutex mutex;
    std::shared_ptr<const Config> config;
    Verdict verdict = Verdict::Pass;
    bool journal_broken = false;
    std::vector<std::string> judged_bytes, log;
    std::vector<Arrival> judged;
    std::vector<MailRecord> journal;
    std::vector<std::string> tenants;  ///< whose journal each attempt was for
    WorkerPool judging{1, 1};
    WorkerPool journalling{1, 64};
    std::shared_ptr<Services> services;
};

Config with_mode(Mode mode) {
    Config config;
    config.mode = mode;
    return config;
}

Config with_deadline_and(OnFailure on_failure, Seconds deadline = Seconds(1)) {
    Config config;
    config.mode = Mode::Enforce;
    config.milter.on_failure = on_failure;
    config.milter.deadline = deadline;
    return config;
}

void begin(Session& session, const std::string& sender = "<anna@partner.example>",
           const Macros& at_mail = kNone) {
    session.mail_from(sender, at_mail);
    session.recipient("<ben@site.example>");
    session.header("Subject", " plan");
    session.end_of_headers();
    session.body("Hello\r\n");
}

Plan finish(Session& session, const std::string& queue_id = "4Q1") {
    Plan plan = session.end_of_message(macros({{"i", queue_id}}));
    session.settled(plan.action);
    return plan;
}

TEST_CASE("the judge gets the message byte for byte and what the MTA said about it") {
    World world;
    Session session(world.services, kAll);
    session.connected(
        "out.partner.example", "192.0.2.7",
        macros({{"j", "mx.site.example"}, {"{daemon_name}", "smtpd"}, {"{daemon_port}", "25"}}));
    session.helo("helo.partner.example",
                 macros({{"{tls_version}", "TLSv1.3"}, {"{cipher}", "TLS_AES_256_GCM_SHA384"}}));
    begin(session);
    CHECK(finish(session).reply == Reply::Accept);
    REQUIRE(world.judged.size() == 1);
    CHECK(world.judged_bytes[0] == "Subject: plan\n\nHello\r\n");
    const Arrival& a = world.judged[0];
    CHECK(a.client_addr == "192.0.2.7");
    CHECK(a.client_name == "out.partner.example");
    CHECK(a.helo == "helo.partner.example");
    CHECK(a.tls_version == "TLSv1.3");
    CHECK(a.cipher == "TLS_AES_256_GCM_SHA384");
    CHECK(a.mta_hostname == "mx.site.example");
    CHECK(a.daemon_name == "smtpd");
    CHECK(a.daemon_port == "25");
    CHECK(a.mail_from == "anna@partner.example");
    CHECK(a.rcpts == std::vector<std::string>{"ben@site.example"});
    CHECK(a.queue_id == "4Q1");
    CHECK_FALSE(a.auth_user);
    CHECK(to_unix(a.time) == 1772442000);
}

TEST_CASE("three messages on one connection are judged each alone") {
    World world;
    Session session(world.services, kAll);
    session.connected("c.example", "192.0.2.7", kNone);
    session.helo("h.example", kNone);
    for (int i = 1; i <= 3; ++i) {
        session.mail_from("<s" + std::to_string(i) + "@partner.example>", kNone);
        session.recipient("<r" + std::to_string(i) + "@site.example>");
        session.header("Subject", " " + std::to_string(i));
        session.body("body " + std::to_string(i));
        (void)finish(session, "Q" + std::to_string(i));
        session.abort();  // Postfix sends one after every message
    }
    REQUIRE(world.judged.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string n = std::to_string(i + 1);
        CHECK(world.judged_bytes[i] == "Subject: " + n + "\n\nbody " + n);
        CHECK(world.judged[i].mail_from == "s" + n + "@partner.example");
        CHECK(world.judged[i].rcpts == std::vector<std::string>{"r" + n + "@site.example"});
        CHECK(world.judged[i].client_addr == "192.0.2.7");
        CHECK(world.judged[i].helo == "h.example");
        CHECK(world.judged[i].queue_id == "Q" + n);
    }
}

TEST_CASE(
    "PROTO-06: a message that was given up leaves nothing for the next, and the connection's facts "
    "stay") {
    World world;
    Session session(world.services, kAll);
    session.connected("c.example", "192.0.2.7", kNone);
    session.helo("h.example", kNone);
    begin(session, "<given-up@partner.example>", macros({{"{auth_authen}", "anna"}, {"i", "OLD"}}));
    session.header("X-Kith-Score", " 1");
    session.abort();
    CHECK(world.services->counters.open_messages == 0);
    begin(session);
    const Plan plan = finish(session, "");
    REQUIRE(world.judged.size() == 1);
    CHECK(world.judged[0].mail_from == "anna@partner.example");
    CHECK_FALSE(world.judged[0].auth_user);
    CHECK(world.judged[0].queue_id.empty());
    CHECK(world.judged[0].client_addr == "192.0.2.7");
    CHECK(plan.removals.empty());
}

TEST_CASE("a login belongs to its message") {
    World world;
    Session session(world.services, kAll);
    session.connected("c.example", "192.0.2.7", kNone);
    begin(session, "<a@site.example>", macros({{"{auth_authen}", "anna"}}));
    (void)finish(session);
    begin(session, "<a@site.example>", macros({{"{auth_authen}", "ben"}}));
    (void)finish(session);
    begin(session, "<a@site.example>");
    (void)finish(session);
    REQUIRE(world.judged.size() == 3);
    CHECK(world.judged[0].auth_user == "anna");
    CHECK(world.judged[1].auth_user == "ben");
    CHECK_FALSE(world.judged[2].auth_user);
}

TEST_CASE("mail of a locked account is held or refused with the reason, in every mode") {
    const AccountLock lock{"anna", from_unix(1), from_unix(1772500000), true,
                           false,  "root",       "phishing went out"};
    for (const bool refuses : {false, true}) {
        Config config;  // passive
        config.accounts.outbound = refuses ? "refuse" : "hold";
        World world(config);
        world.services->account_lock = [&](std::string_view account) -> std::optional<AccountLock> {
            if (account != "anna") return std::nullopt;
            return lock;
        };
        Session session(world.services, kAll);
        const auto plan_of = [&](const std::string& login) {
            session.mail_from("<a@example.org>", macros({{"{auth_authen}", login}, {"i", "4Q1"}}));
            session.recipient("<b@example.net>");
            Plan plan = session.end_of_message(kNone);
            session.settled(plan.action);
            return plan;
        };
        const Plan plan = plan_of("anna");
        const std::string reason = "account locked until 2026-03-03T01:06:40Z: phishing went out";
        if (refuses) {
            CHECK(plan.reply == Reply::Reject);
            CHECK(plan.reply_code == "550");
            CHECK(plan.reply_text == "Not sent: " + reason + " (kith id1)");
            CHECK(plan.action == Action::Rejected);
        } else {
            CHECK(plan.reply == Reply::Accept);
            CHECK(plan.quarantine_reason == "kith id1 " + reason);
            CHECK(plan.action == Action::Held);
        }
        CHECK(world.lines_with("4Q1: " + reason) == 1);
        CHECK(plan_of("bert").action == Action::Accepted);
        CHECK(plan_of("").action == Action::Accepted);
    }
}

TEST_CASE("a lock of the login alone, or without a quarantine to hold in") {
    AccountLock lock{"anna", from_unix(1), from_unix(1772500000), false, true, "root", ""};
    World world;
    world.services->account_lock = [&](std::string_view) { return std::optional(lock); };
    Negotiated without = kAll;
    without.quarantine = false;
    Session session(world.services, without);
    const auto plan_of = [&] {
        session.mail_from("<a@example.org>", macros({{"{auth_authen}", "anna"}}));
        return session.end_of_message(kNone);
    };
    CHECK(plan_of().action == Action::Accepted);
    lock.outbound = true;
    const Plan plan = plan_of();
    CHECK(plan.action == Action::Rejected);
    CHECK(plan.reply_text.starts_with("Not sent: account locked until "));
}

TEST_CASE("mail of a locked account is stopped although it could not be judged") {
    World world;
    world.services->judge = [](const MessageBytes&, const TenantPart&) -> Judged {
        throw std::runtime_error("broken");
    };
    world.services->account_lock = [](std::string_view) {
        return std::optional(
            AccountLock{"anna", from_unix(1), from_unix(1772500000), true, true, "root", "why"});
    };
    Session session(world.services, kAll);
    session.mail_from("<a@example.org>", macros({{"{auth_authen}", "anna"}}));
    const Plan plan = session.end_of_message(kNone);
    CHECK(plan.action == Action::Held);
    CHECK(plan.quarantine_reason == "kith account locked until 2026-03-03T01:06:40Z: why");
}

TEST_CASE("what the MTA tells late is told all the same, and does not change what was known") {
    World world;
    Session session(world.services, kAll);
    const bool known = GENERATE(false, true);
    session.connected(
        "c.example", "192.0.2.7",
        known ? macros({{"j", "one"}, {"{daemon_name}", "one"}, {"{daemon_port}", "1"}}) : kNone);
    session.helo("h.example",
                 known ? macros({{"{tls_version}", "one"}, {"{cipher}", "one"}}) : kNone);
    begin(session, "<a@site.example>", known ? macros({{"{auth_authen}", "one"}}) : kNone);
    const Plan plan = session.end_of_message(macros({{"j", "two"},
                                                     {"{daemon_name}", "two"},
                                                     {"{daemon_port}", "2"},
                                                     {"{tls_version}", "two"},
                                                     {"{cipher}", "two"},
                                                     {"{auth_authen}", "two"}}));
    session.settled(plan.action);
    const Arrival& a = world.judged.back();
    const std::string expected = known ? "one" : "two";
    CHECK(a.mta_hostname == expected);
    CHECK(a.daemon_name == expected);
    CHECK(a.daemon_port == (known ? "1" : "2"));
    CHECK(a.tls_version == expected);
    CHECK(a.cipher == expected);
    CHECK(a.auth_user == expected);
    // Of the message, not of the connection.
    begin(session, "<a@site.example>");
    (void)finish(session);
    CHECK_FALSE(world.judged.back().auth_user);
    CHECK(world.judged.back().tls_version == (known ? "one" : ""));
    CHECK(world.judged.back().cipher == (known ? "one" : ""));
}

TEST_CASE("the EHLO after STARTTLS tells version and cipher, one without TLS takes them back") {
    World world;
    Session session(world.services, kAll);
    session.connected("c.example", "192.0.2.7", kNone);
    session.helo("h.example", kNone);
    session.helo("h.example",
                 macros({{"{tls_version}", "TLSv1.2"}, {"{cipher}", std::string(2000, 'x')}}));
    begin(session);
    (void)finish(session);
    CHECK(world.judged.back().tls_version == "TLSv1.2");
    CHECK(world.judged.back().cipher == std::string(Session::kMaxNameBytes, 'x'));
    session.connected("d.example", "192.0.2.8", kNone);
    session.helo("h.example", kNone);
    begin(session);
    (void)finish(session);
    CHECK(world.judged.back().tls_version.empty());
    CHECK(world.judged.back().cipher.empty());
}

TEST_CASE("envelope addresses lose their brackets, the null sender is empty") {
    World world;
    Session session(world.services, kAll);
    const auto [raw, clean] =
        GENERATE(table<const char*, const char*>({{"<>", ""},
                                                  {"", ""},
                                                  {"<a@b.example>", "a@b.example"},
                                                  {"a@b.example", "a@b.example"},
                                                  {"<a@b.example", "<a@b.example"}}));
    begin(session, raw);
    (void)finish(session);
    CHECK(world.judged.back().mail_from == clean);
}

TEST_CASE("what the MTA could not verify is no client name") {
    World world;
    Session session(world.services, kAll);
    const char* name = GENERATE("unknown", "[192.0.2.7]", "");
    session.connected(name, "", kNone);
    begin(session);
    (void)finish(session);
    CHECK(world.judged.back().client_name.empty());
}

TEST_CASE("the client's address at MAIL corrects one that is out of date, in any spelling") {
    World world;
    Session session(world.services, kAll);
    const auto [connected, at_mail, expected, name] =
        GENERATE(table<const char*, const char*, const char*, const char*>({
            {"192.0.2.1", "192.0.2.2", "192.0.2.2", "two.example"},
            {"192.0.2.1", "192.0.2.1", "192.0.2.1", "one.example"},
            {"2001:db8::1", "IPv6:2001:DB8:0:0:0:0:0:1", "2001:db8::1", "one.example"},
            {"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1", "one.example"},
            {"192.0.2.1", "unknown", "192.0.2.1", "one.example"},
            {"", "192.0.2.2", "192.0.2.2", "two.example"},
        }));
    session.connected("one.example", connected, kNone);
    begin(session, "<a@b.example>",
          macros({{"{client_addr}", at_mail}, {"{client_name}", "two.example"}}));
    (void)finish(session);
    CHECK(world.judged.back().client_addr == expected);
    CHECK(world.judged.back().client_name == name);
}

TEST_CASE("recipients and address bytes are bounded") {
    World world;
    Session session(world.services, kAll);
    const auto extra = GENERATE(0U, 1U);
    session.mail_from("<" + std::string(Session::kMaxAddressBytes + extra, 'a') + ">", kNone);
    for (std::size_t i = 0; i < Session::kMaxRecipients + extra; ++i)
        session.recipient("<r@site.example>");
    (void)finish(session);
    CHECK(world.judged.back().mail_from.size() == Session::kMaxAddressBytes);
    CHECK(world.judged.back().rcpts.size() == Session::kMaxRecipients);
}

TEST_CASE("PROTO-20: header values are kept raw, with or without the blank the MTA has eaten") {
    World world;
    Negotiated eaten = kAll;
    eaten.leading_space = false;
    const bool leadspc = GENERATE(true, false);
    Session session(world.services, leadspc ? kAll : eaten);
    session.mail_from("<a@b.example>", kNone);
    session.header("Subject", leadspc ? " folded\n\tvalue" : "folded\n\tvalue");
    session.header("Empty", "");
    (void)finish(session);
    CHECK(world.judged_bytes.back() == (leadspc ? "Subject: folded\n\tvalue\nEmpty:\n\n"
                                                : "Subject: folded\n\tvalue\nEmpty: \n\n"));
}

TEST_CASE("a bare line feed inside a header value does not make a field") {
    World world;
    Session session(world.services, kAll);
    session.mail_from("<a@b.example>", kNone);
    session.header("Subject", " x\nFrom: boss@site.example\n\nbody\n");
    (void)finish(session);
    CHECK(world.judged_bytes.back() == "Subject: x\n From: boss@site.example\n \n body\n \n\n");
}

TEST_CASE("a message without body or end of headers is still separated") {
    World world;
    Session session(world.services, kAll);
    session.mail_from("<a@b.example>", kNone);
    session.header("Subject", " x");
    (void)finish(session);
    CHECK(world.judged_bytes.back() == "Subject: x\n\n");
}

TEST_CASE("what is beyond the bound of a message is not kept") {
    Config config;
    config.milter.max_message_bytes = 10;
    World world(config);
    Session session(world.services, kAll);
    session.mail_from("<a@b.example>", kNone);
    session.body("1234567890123");
    session.body("4");
    (void)finish(session);
    CHECK(world.judged_bytes.back() == "\n123456789");
}

TEST_CASE("the journal gets what was judged with what was done") {
    World world(with_mode(Mode::Enforce));
    world.verdict = Verdict::Quarantine;
    Session session(world.services, kAll);
    begin(session);
    const Plan plan = session.end_of_message(kNone);
    CHECK(plan.action == Action::Held);
    session.settled(GENERATE(Action::Held, Action::Accepted));  // an MTA may refuse to hold
    REQUIRE(world.journal.size() == 1);
    CHECK(world.journal[0].mode == "enforce");
    CHECK(world.journal[0].action ==
          (world.services->counters.held == 1 ? Action::Held : Action::Accepted));
}

TEST_CASE("one line a message, beginning with the queue id") {
    World world(with_mode(Mode::Tag));
    Session session(world.services, kAll);
    begin(session);
    (void)finish(session);
    REQUIRE(world.log.size() == 1);
    CHECK(world.log[0].rfind(
              "4Q1: id=id1 from=<anna@partner.example> to=<ben@site.example> dir=in score=0", 0) ==
          0);
}

TEST_CASE(
    "RES-09: a slow judge is answered on_failure at the deadline, and what it finds later is "
    "recorded as "
    "not acted on") {
    const auto on_failure = GENERATE(OnFailure::Accept, OnFailure::Tempfail);
    World world(with_deadline_and(on_failure));
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    world.services->judge = [opened](const MessageBytes& bytes, const TenantPart&) {
        opened.wait();
        MailRecord record;
        record.id = "late";
        record.subject = text_of(bytes);  // its bytes are still there after the session went on
        record.assessment.verdict = Verdict::Quarantine;
        return record;
    };
    auto session = std::make_unique<Session>(world.services, kAll);
    begin(*session);
    session->header("X-Kith-Score", " 1");
    const auto before = std::chrono::steady_clock::now();
    const Plan plan = finish(*session);
    CHECK(std::chrono::steady_clock::now() - before < seconds(5));
    CHECK(plan.reply == (on_failure == OnFailure::Accept ? Reply::Accept : Reply::Tempfail));
    CHECK_FALSE(plan.quarantine_reason);
    CHECK(world.services->counters.late == 1);
    CHECK(world.services->counters.open_messages == 0);
    CHECK(world.lines_with("4Q1: id=- ") == 1);
    CHECK(world.lines_with("not judged: deadline") == 1);
    session.reset();
    gate.set_value();
    REQUIRE(world.judging.wait_idle(std::chrono::steady_clock::now() + seconds(10)));
    REQUIRE(world.journal.size() == 1);
    CHECK(world.journal[0].id == "late");
    CHECK(world.journal[0].subject == "Subject: plan\n\nHello\r\nX-Kith-Score: 1\n");
    CHECK(world.journal[0].action ==
          (on_failure == OnFailure::Accept ? Action::Accepted : Action::Deferred));
    CHECK(world.journal[0].assessment.degraded == "judged after milter.deadline; not acted on");
}

TEST_CASE("mail of a locked account that is judged too late is recorded as what was done with it") {
    World world(with_deadline_and(OnFailure::Tempfail));
    const bool holds = GENERATE(true, false);
    world.services->account_lock = [](std::string_view) {
        return std::optional(
            AccountLock{"anna", from_unix(1), from_unix(1772500000), true, true, "root", "why"});
    };
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    world.services->judge = [opened](const MessageBytes&, const TenantPart&) {
        opened.wait();
        return MailRecord{};
    };
    Negotiated mta = kAll;
    mta.quarantine = holds;
    Session session(world.services, mta);
    session.mail_from("<a@example.org>", macros({{"{auth_authen}", "anna"}}));
    const Plan plan = session.end_of_message(kNone);
    CHECK(plan.action == (holds ? Action::Held : Action::Rejected));
    CHECK(plan.reply == (holds ? Reply::Accept : Reply::Reject));
    gate.set_value();
    REQUIRE(world.judging.wait_idle(std::chrono::steady_clock::now() + seconds(10)));
    REQUIRE(world.journal.size() == 1);
    CHECK(world.journal[0].action == plan.action);
}

TEST_CASE("a full queue is answered on_failure at once") {
    World world(with_deadline_and(OnFailure::Tempfail, Seconds(60)));
    std::promise<void> gate, running;
    auto opened = gate.get_future().share();
    REQUIRE(world.judging.submit([&running, opened] {
        running.set_value();
        opened.wait();
    }));
    REQUIRE(running.get_future().wait_for(seconds(10)) == std::future_status::ready);
    REQUIRE(world.judging.submit([opened] { opened.wait(); }));
    Session session(world.services, kAll);
    begin(session);
    const auto before = std::chrono::steady_clock::now();
    const Plan plan = finish(session);
    CHECK(std::chrono::steady_clock::now() - before < seconds(10));
    CHECK(plan.reply == Reply::Tempfail);
    CHECK(plan.reply_code == "451");
    CHECK(world.services->counters.saturated == 1);
    CHECK(world.lines_with("not judged: saturated") == 1);
    gate.set_value();
}

TEST_CASE("a judge that throws costs that mail its verdict and no other") {
    World world(with_deadline_and(OnFailure::Accept));
    auto good = world.services->judge;
    world.services->judge = [](const MessageBytes&, const TenantPart&) -> MailRecord {
        throw std::runtime_error("broken");
    };
    Session session(world.services, kAll);
    begin(session);
    CHECK(finish(session).reply == Reply::Accept);
    CHECK(world.services->counters.failed == 1);
    world.services->judge = good;
    begin(session);
    CHECK(finish(session).reply == Reply::Accept);
    CHECK(world.services->counters.failed == 1);
    CHECK(world.judged.size() == 1);
}

TEST_CASE("a failure before the end is answered at the end of that message only") {
    World world(with_deadline_and(OnFailure::Tempfail));
    Session session(world.services, kAll);
    begin(session);
    session.mark_failed();
    CHECK(finish(session).reply == Reply::Tempfail);
    CHECK(world.judged.empty());
    begin(session);
    CHECK(finish(session).reply == Reply::Accept);
    CHECK(world.judged.size() == 1);
}

TEST_CASE("documents of delivered and held mail are spooled after the journal, of no other") {
    const auto action =
        GENERATE(Action::Accepted, Action::Held, Action::Deferred, Action::Rejected);
    World world;
    std::vector<std::string> spooled;
    WorkerPool spooling{1, 4};
    world.services->spooling = &spooling;
    world.services->judge = [](const MessageBytes&, const TenantPart&) {
        MailRecord record;
        record.id = "abcd";
        Judged judged(std::move(record));
        judged.documents = {{DocumentKind::Pdf, "%PDF-"}};
        return judged;
    };
    world.services->spool = [&](const MailRecord& record, const std::vector<Document>& documents,
                                const Config&) {
        std::lock_guard lock(world.mutex);
        spooled.push_back(record.id + documents.at(0).bytes + std::to_string(world.journal.size()));
        return ok();
    };
    Session session(world.services, kAll);
    begin(session);
    (void)session.end_of_message(kNone);
    session.settled(action);
    REQUIRE(spooling.wait_idle(std::chrono::steady_clock::now() + seconds(10)));
    const bool wanted = action == Action::Accepted || action == Action::Held;
    CHECK(spooled ==
          (wanted ? std::vector<std::string>{"abcd%PDF-1"} : std::vector<std::string>{}));
}

TEST_CASE("a spool of documents that hangs or is full holds no mail; what it drops is counted") {
    World world;
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    WorkerPool spooling{1, 1};
    world.services->spooling = &spooling;
    world.services->judge = [](const MessageBytes&, const TenantPart&) {
        Judged judged(MailRecord{});
        judged.documents = {{DocumentKind::Pdf, "%PDF-"}};
        return judged;
    };
    world.services->spool = [opened](const MailRecord&, const std::vector<Document>&,
                                     const Config&) -> Status {
        opened.wait();
        return fail(ErrorCode::Full, "attachments: too many wait");
    };
    Session session(world.services, kAll);
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 4; ++i) {
        begin(session);
        CHECK(finish(session).reply == Reply::Accept);
    }
    CHECK(std::chrono::steady_clock::now() - before < seconds(5));
    CHECK(world.services->counters.documents_dropped >= 2);  // one is written, one waits at most
    gate.set_value();
    REQUIRE(spooling.wait_idle(std::chrono::steady_clock::now() + seconds(10)));
    CHECK(world.services->counters.documents_dropped == 4);
    CHECK(world.lines_with("documents of a mail will not be read") == 1);
    CHECK(world.journal.size() == 4);
}

TEST_CASE("where nobody wants documents nothing is counted as lost") {
    World world;
    WorkerPool spooling{1, 4};
    world.services->spooling = &spooling;
    world.services->judge = [](const MessageBytes&, const TenantPart&) {
        Judged judged(MailRecord{});
        judged.documents = {{DocumentKind::Pdf, "%PDF-"}};
        return judged;
    };
    world.services->spool = [](const MailRecord&, const std::vector<Document>&,
                               const Config&) -> Status {
        return fail(ErrorCode::NoInput, "attachments: no such directory");
    };
    Session session(world.services, kAll);
    begin(session);
    (void)finish(session);
    REQUIRE(spooling.wait_idle(std::chrono::steady_clock::now() + seconds(10)));
    CHECK(world.services->counters.documents_dropped == 0);
}

TEST_CASE("a mail of two tenants is judged and recorded for each, and answered by the stricter") {
    const auto tenant = [](const char* name, const char* domain, Mode mode) {
        Config config = with_mode(mode);
        config.tenant = name;
        config.site.domains = {domain};
        return std::make_shared<const Config>(std::move(config));
    };
    Config site;
    site.tenants = {tenant("blue", "blue.example", Mode::Enforce),
                    tenant("red", "red.example", Mode::Passive)};
    World world(std::move(site));
    world.services->judge = [](const MessageBytes&, const TenantPart& part) {
        MailRecord record;
        record.id = part.config->tenant;
        record.rcpts = part.arrival.rcpts;
        // What red thinks is not acted on: it is passive.
        record.assessment.verdict =
            part.config->tenant == "blue" ? Verdict::Quarantine : Verdict::Reject;
        return record;
    };
    Session session(world.services, kAll);
    session.connected("mail.partner.example", "192.0.2.7", kNone);
    session.mail_from("<anna@partner.example>", kNone);
    session.recipient("<ben@red.example>");
    session.recipient("<cy@blue.example>");
    session.header("From", " anna@partner.example");
    session.end_of_headers();
    const Plan plan = session.end_of_message(kNone);
    CHECK(plan.action == Action::Held);
    CHECK(plan.insertions.empty());
    session.settled(plan.action);
    REQUIRE(world.journal.size() == 2);
    CHECK(world.tenants == std::vector<std::string>{"red", "blue"});
    CHECK(world.journal[0].rcpts == std::vector<std::string>{"ben@red.example"});
    CHECK(world.journal[0].mode == "passive");
    CHECK(world.journal[1].rcpts == std::vector<std::string>{"cy@blue.example"});
    CHECK(world.journal[1].mode == "enforce");
    for (const MailRecord& record : world.journal) CHECK(record.action == Action::Held);
    CHECK(world.lines_with("tenant=blue") == 1);
    CHECK(world.lines_with("tenant=red") == 1);
}

TEST_CASE("a journal that fails changes no answer and is logged once a minute") {
    World world(with_mode(Mode::Enforce));
    world.verdict = Verdict::Quarantine;
    world.journal_broken = true;
    Session session(world.services, kAll);
    for (int i = 0; i < 3; ++i) {
        begin(session);
        CHECK(finish(session).action == Action::Held);
    }
    CHECK(world.services->counters.journal_failures == 3);
    CHECK(world.lines_with("journal: mail not recorded") == 1);
}

TEST_CASE("trouble with the journal that is over before anybody looked was there all the same") {
    RecordingTrouble trouble;
    CHECK_FALSE(trouble.look().was);
    trouble.set("no room");
    trouble.set("");
    CHECK(trouble.look().was);
    CHECK(trouble.look().text.empty());
    CHECK_FALSE(trouble.look().was);
    trouble.set("no room");
    CHECK(trouble.look().text == "no room");
    CHECK(trouble.look().was);
    trouble.set("");
    CHECK(trouble.look().was);
    CHECK_FALSE(trouble.look().was);
}

TEST_CASE("a journal that hangs holds mail no longer than its deadline") {
    World world(with_deadline_and(OnFailure::Accept));
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    world.services->append = [opened](const MailRecord&, const Config&) -> Status {
        opened.wait();
        return ok();
    };
    Session session(world.services, kAll);
    begin(session);
    const auto before = std::chrono::steady_clock::now();
    CHECK(finish(session).reply == Reply::Accept);
    CHECK(std::chrono::steady_clock::now() - before < seconds(5));
    gate.set_value();
}

TEST_CASE("a message keeps the configuration it began with") {
    World world(with_mode(Mode::Enforce));
    world.verdict = Verdict::Quarantine;
    Session session(world.services, kAll);
    begin(session);
    {
        std::lock_guard lock(world.mutex);
        world.config = std::make_shared<const Config>(with_mode(Mode::Passive));
    }
    CHECK(finish(session).action == Action::Held);
    begin(session);
    CHECK(finish(session).action == Action::Accepted);
    CHECK(world.journal.at(0).mode == "enforce");
    CHECK(world.journal.at(1).mode == "passive");
}

TEST_CASE("each mail goes by the mode of its recipients' domain, also after a reload") {
    Config config = with_mode(Mode::Passive);
    config.site.domains = {"site.example", "other.example"};
    config.modes = {{"inbound", "site.example", Mode::Enforce}};
    World world(config);
    world.verdict = Verdict::Quarantine;
    Session session(world.services, kAll);
    const auto deed = [&](std::vector<std::string> rcpts) {
        session.mail_from("<anna@partner.example>", kNone);
        for (const std::string& rcpt : rcpts) session.recipient(rcpt);
        return finish(session).action;
    };
    CHECK(deed({"<ben@site.example>"}) == Action::Held);
    CHECK(deed({"<ben@other.example>"}) == Action::Accepted);
    CHECK(deed({"<ben@other.example>", "<ben@sub.site.example>"}) == Action::Held);
    CHECK(world.journal.at(0).mode == "enforce");
    CHECK(world.journal.at(1).mode == "passive");
    CHECK(world.lines_with("mode=enforce") == 2);
    {
        std::lock_guard lock(world.mutex);
        config.modes = {{"inbound", "site.example", Mode::Tag}};
        world.config = std::make_shared<const Config>(config);
    }
    CHECK(deed({"<ben@site.example>"}) == Action::Accepted);
    CHECK(world.journal.at(3).mode == "tag");
}

TEST_CASE("large mail goes through a file, and a spool that is missing costs only its end") {
    const test::TempDir dir;
    Config config;
    config.milter.memory_bytes = 1000;
    const bool has_spool = GENERATE(true, false);
    config.milter.spool_directory = has_spool ? dir.str() : dir.file("missing");
    World world(config);
    Session session(world.services, kAll);
    session.mail_from("<a@b.example>", kNone);
    session.header("Subject", " x");
    for (int i = 0; i < 100; ++i) session.body(std::string(100, 'b'));
    CHECK(finish(session).reply == Reply::Accept);
    CHECK(world.judged_bytes.at(0).size() == (has_spool ? 12U + 10000U : 1000U));
    CHECK(world.services->counters.spool_failures == (has_spool ? 0U : 1U));
}

TEST_CASE("a new connection on an old one starts from nothing") {
    World world;
    Session session(world.services, kAll);
    session.connected("one.example", "192.0.2.1", macros({{"j", "mx"}}));
    session.helo("one", kNone);
    begin(session);
    session.connected("two.example", "192.0.2.2", kNone);
    begin(session);
    (void)finish(session);
    REQUIRE(world.judged.size() == 1);
    CHECK(world.judged[0].client_addr == "192.0.2.2");
    CHECK(world.judged[0].helo.empty());
    CHECK(world.judged[0].mta_hostname.empty());
}

TEST_CASE("open messages are counted from MAIL to the answer") {
    World world;
    const auto& open = world.services->counters.open_messages;
    {
        Session session(world.services, kAll);
        session.connected("c.example", "192.0.2.1", kNone);
        CHECK(open == 0);
        begin(session);
        CHECK(open == 1);
        const Plan plan = session.end_of_message(kNone);
        CHECK(open == 1);
        session.settled(plan.action);
        CHECK(open == 0);
        begin(session);
    }
    CHECK(open == 0);
}

TEST_CASE("calls out of order neither crash nor mix messages") {
    World world;
    Session session(world.services, kAll);
    session.settled(Action::Accepted);
    session.abort();
    session.mark_failed();
    session.body("x");
    session.header("A", " late");
    session.recipient("<r@site.example>");
    CHECK(finish(session).reply == Reply::Accept);
    CHECK(world.judged_bytes.at(0) == "\nxA: late\n");
}

}  // namespace
}  // namespace kith::milter
