// SPDX-License-Identifier: Apache-2.0
// What kith-accounts answers and records (engine/intake/service.hpp), in a world of the test's own.
#include "engine/intake/service.hpp"

#include <map>
#include <stdexcept>
#include <vector>

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

struct World {
    explicit World(bool enforce = true, std::string token = "") {
        AccountOptions options;
        options.enforce = enforce;
        Service::World w;
        w.now = [this] { return now; };
        w.lock = [this](std::string_view account, Time at) -> std::optional<AccountLock> {
            const auto found = locks.find(std::string(account));
            if (found == locks.end() || found->second.until <= at) return std::nullopt;
            return found->second;
        };
        w.record = [this](AccountEvent e) { recorded.push_back(std::move(e)); };
        w.log = [this](LogLevel, std::string_view text, const std::vector<LogField>&) {
            logged.emplace_back(text);
        };
        w.ask_upstream = [this](const std::string& command, const std::string& body,
                                std::function<void(Result<HttpReply>)> done) {
            asked.push_back(command + " " + body);
            if (holds_back)
                held.push_back(std::move(done));
            else if (upstream)
                done(HttpReply{200, *upstream});
            else
                done(fail(ErrorCode::Unavailable, "down"));
        };
        service.emplace(options, std::move(token), std::move(w));
    }
    HttpReply post(const std::string& target, const std::string& body,
                   const std::string& auth = "") {
        HttpReply got{0, ""};
        service->handle({"POST", target, auth, body}, [&](HttpReply r) { got = std::move(r); });
        return got;
    }
    PolicyAnswer allow(const std::string& login) {
        const HttpReply reply = post("/policy?command=allow", "{\"login\":\"" + login + "\"}");
        REQUIRE(reply.status == 200);
        return parse_policy_answer(reply.body).value();
    }

    Time now = from_unix(1'800'000'000);
    std::map<std::string, AccountLock> locks{
        {"anna", {"anna", now, now + Seconds(3600), false, true, "root", "stolen"}},
        {"outbound", {"outbound", now, now + Seconds(3600), true, false, "root", ""}}};
    bool holds_back = false;
    std::optional<std::string> upstream;
    std::vector<std::string> asked, logged;
    std::vector<std::function<void(Result<HttpReply>)>> held;
    std::vector<AccountEvent> recorded;
    std::optional<Service> service;
};

const std::string kReport =
    R"({"login":"anna","session_id":"s1","success":true,"protocol":"imap"})";

}  // namespace

TEST_CASE("a locked login gets no with its reason, until the lock ends; others get yes") {
    World w;
    CHECK(w.allow("anna").status == -1);
    CHECK(w.allow("ANNA").message == "account locked until 2027-01-15T09:00:00Z: stolen");
    CHECK(w.allow("bert").status == 0);
    CHECK(w.allow("outbound").status == 0);
    w.now += Seconds(3600);
    CHECK(w.allow("anna").status == 0);
}

TEST_CASE(
    "without accounts.enforce everybody gets yes, and what would have been is logged once a "
    "minute") {
    World w(false);
    CHECK(w.allow("anna").status == 0);
    CHECK(w.allow("anna").status == 0);
    CHECK(w.service->counts().would_refuse == 2);
    CHECK(w.logged.size() == 1);
    w.now += Seconds(60);
    CHECK(w.allow("anna").status == 0);
    CHECK(w.logged.size() == 2);
}

TEST_CASE("what is not understood gets yes") {
    World w;
    for (const char* body : {"", "{", "[]", "{\"login\":7}"}) {
        const HttpReply reply = w.post("/policy?command=allow", body);
        CHECK(reply.status == 200);
        CHECK(parse_policy_answer(reply.body)->status == 0);
    }
    CHECK(w.service->counts().malformed == 4);
}

TEST_CASE("the stricter of kith's and the upstream server's answer counts") {
    World w;
    w.upstream = R"({"status":-1,"msg":"blocked"})";
    CHECK(w.allow("bert").status == -1);
    CHECK(w.allow("bert").message == "blocked");
    w.upstream = R"({"status":5,"msg":""})";
    CHECK(w.allow("bert").status == 5);
    w.upstream = R"({"status":0,"msg":""})";
    CHECK(w.allow("bert").status == 0);
    w.asked.clear();
    CHECK(w.allow("anna").status == -1);  // nobody needs to be asked
    CHECK(w.asked.empty());
}

TEST_CASE("an upstream server that is down, slow or talks nonsense leaves kith's own answer") {
    World w;
    CHECK(w.allow("bert").status == 0);
    w.upstream = "nonsense";
    CHECK(w.allow("bert").status == 0);
    w.upstream = R"({"status":99999})";
    CHECK(w.allow("bert").status == 0);
    CHECK(w.service->counts().upstream_failed == 3);

    w.holds_back = true;
    std::size_t answered = 0;
    const auto ask = [&] {
        w.service->handle({"POST", "/policy?command=allow", "", R"({"login":"bert"})"},
                          [&](const HttpReply&) { ++answered; });
    };
    for (unsigned i = 0; i < kMaxUpstream; ++i) ask();
    CHECK(answered == 0);
    ask();  // one too many does not wait
    CHECK(answered == 1);
    for (auto& done : w.held) done(fail(ErrorCode::Unavailable, "late"));
    CHECK(answered == kMaxUpstream + 1);
}

TEST_CASE("reports are recorded, and passed on") {
    World w;
    CHECK(w.post("/policy?command=report", kReport).status == 200);
    REQUIRE(w.recorded.size() == 1);
    CHECK(w.recorded[0].kind == AccountEventKind::Login);
    CHECK(w.asked == std::vector<std::string>{"command=report " + kReport});
    CHECK(w.post("/policy?command=report", "{").status == 200);
    CHECK(w.recorded.size() == 1);
    // The exporter's event of the same login is known.
    CHECK(
        w.post(
             "/events",
             R"({"event":"auth_request_finished","end_time":"2027-01-15T08:00:00Z","fields":{"user":"anna","session":"s1","success":"yes"}})")
            .status == 200);
    CHECK(w.recorded.size() == 1);
}

TEST_CASE("malformed events are refused, counted, and told once a minute") {
    World w;
    for (int i = 0; i < 3; ++i) CHECK(w.post("/events", "{").status == 400);
    CHECK(w.service->counts().malformed == 3);
    CHECK(w.logged.size() == 1);
    CHECK(w.recorded.empty());
}

TEST_CASE("late events keep their time, those from far ahead get the time at which they came") {
    World w;
    const auto deleted = [&](const std::string& time, const std::string& uid) {
        return w.post("/events", R"({"event":"mail_expunged","end_time":")" + time +
                                     R"(","fields":{"user":"anna","session":")" + uid + "\"}}");
    };
    CHECK(deleted("2026-12-01T00:00:00Z", "1").status == 200);
    CHECK(deleted("2027-01-16T08:00:00Z", "2").status == 200);
    CHECK(deleted("2027-01-16T08:00:01Z", "3").status == 200);
    w.service->flush(true);
    REQUIRE(w.recorded.size() == 3);
    CHECK(iso8601(w.recorded[0].time) == "2026-12-01T00:00:00Z");
    CHECK(iso8601(w.recorded[1].time) == "2027-01-16T08:00:00Z");
    CHECK(w.recorded[2].time == w.now);
    CHECK(w.service->counts().clock_wrong == 1);
}

TEST_CASE("lines of a log are recorded as events are") {
    World w;
    w.service->log_line(
        "2027-01-15T08:00:00Z mail dovecot: imap-login: Login: user=<anna>, method=PLAIN, "
        "rip=192.0.2.1, session=<s1>",
        Seconds(0));
    w.service->log_line("something else", Seconds(0));
    REQUIRE(w.recorded.size() == 1);
    CHECK(w.recorded[0].client_addr == "192.0.2.1");
    CHECK(w.service->counts().lines == 2);
}

TEST_CASE("with a token nothing is answered or taken without it") {
    World w(true, "sekrit");
    for (const char* auth :
         {"", "Bearer", "Bearer sekri", "Bearer sekritx", "Basic sekrit", "Bearer Sekrit"}) {
        CHECK(w.post("/policy?command=report", kReport, auth).status == 401);
        CHECK(w.post("/events", "{", auth).status == 401);
    }
    CHECK(w.recorded.empty());
    CHECK(w.post("/policy?command=report", kReport, "Bearer sekrit").status == 200);
    CHECK(w.recorded.size() == 1);
    CHECK(w.service->counts().unauthorized == 12);
    // As Dovecot's exporter has to bring it, which sends no header.
    for (const char* query :
         {"?token=", "?token=sekri", "?token=sekritx", "?Token=sekrit", "?x=token=sekrit"})
        CHECK(w.post("/events" + std::string(query), "{").status == 401);
    CHECK(w.post("/events?token=sekrit", "{").status == 400);
    CHECK(w.post("/policy?token=sekrit&command=report", kReport).status == 200);
}

TEST_CASE("other places and methods are told apart") {
    World w;
    CHECK(w.post("/", "").status == 404);
    CHECK(w.post("/policy", "{}").status == 404);
    CHECK(w.post("/policy?command=other", "{}").status == 404);
    HttpReply got;
    w.service->handle({"GET", "/events", "", ""}, [&](HttpReply r) { got = std::move(r); });
    CHECK(got.status == 405);
}

TEST_CASE("what should not be costs the event that brought it, is told, and ends nothing") {
    World world;
    bool broken = true;
    Service::World w;
    w.now = [&] { return world.now; };
    w.lock = [&](std::string_view, Time) -> std::optional<AccountLock> {
        if (broken) throw std::runtime_error("no memory");
        return std::nullopt;
    };
    w.record = [&](AccountEvent e) {
        if (broken) throw std::runtime_error("no memory");
        world.recorded.push_back(std::move(e));
    };
    w.log = [&](LogLevel level, std::string_view text, const std::vector<LogField>& fields) {
        CHECK(level == LogLevel::Error);
        world.logged.push_back(log_line(text, fields));
    };
    world.service.emplace(AccountOptions{}, "", std::move(w));

    CHECK(world.post("/policy?command=allow", "{\"login\":\"anna\"}").status == 0);
    CHECK(world.post("/policy?command=report", kReport).status == 0);
    world.service->log_line("imap-login: Info: Login: user=<anna>, method=PLAIN, session=<s1>",
                            Seconds(0));
    world.now += Seconds(3600);
    world.service->flush(true);
    CHECK(world.service->counts().failed >= 2);
    REQUIRE_FALSE(world.logged.empty());
    CHECK(world.logged[0] == "a request was passed over error=\"no memory\" so_far=1");

    broken = false;
    CHECK(world.post("/policy?command=allow", "{\"login\":\"anna\"}").status == 200);
    CHECK(world.post("/policy?command=report", kReport).status == 200);
    world.service->flush(true);
    CHECK(world.recorded.size() == 1);
}

TEST_CASE(
    "another configuration is for what comes after it; what waits is answered as it was asked") {
    World w(false);
    w.holds_back = true;
    HttpReply got{0, ""};
    w.service->handle({"POST", "/policy?command=allow", "", R"({"login":"anna"})"},
                      [&](HttpReply r) { got = std::move(r); });
    REQUIRE(w.held.size() == 1);
    AccountOptions enforcing;
    enforcing.enforce = true;
    w.service->reconfigure(enforcing, "s3cret", {});
    // The one before: logins were not refused then, and the other server's answer counts.
    w.held[0](HttpReply{200, R"({"status":0,"msg":"theirs"})"});
    CHECK(got.status == 200);
    CHECK(parse_policy_answer(got.body).value().status == 0);
    // The next one: refused, with a token, and nobody else is asked.
    CHECK(w.post("/policy?command=allow", R"({"login":"anna"})").status == 401);
    const HttpReply next = w.post("/policy?command=allow", R"({"login":"anna"})", "Bearer s3cret");
    CHECK(parse_policy_answer(next.body).value().status == -1);
    CHECK(w.asked.size() == 1);
    // What was counted and what waits to be merged are of the service, not of the configuration.
    CHECK(w.service->counts().allowed == 1);
    CHECK(w.service->counts().refused == 1);
}
