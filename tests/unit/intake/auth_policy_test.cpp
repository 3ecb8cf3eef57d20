// SPDX-License-Identifier: Apache-2.0
// Dovecot's auth policy protocol (engine/intake/auth_policy.hpp), with what Dovecot 2.3.19 sends.
#include "engine/intake/auth_policy.hpp"

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

const Time kNow = from_unix(1'800'000'000);

PolicyRequest request(const std::string& json) {
    auto parsed = parse_policy_request(json);
    if (!parsed) FAIL(parsed.error().text());
    return *parsed;
}

}  // namespace

TEST_CASE("a report of a login becomes the event of it") {
    const PolicyRequest r = request(
        R"({"device_id":"\"name\" \"Mail\"","login":"Anna@example.com","protocol":"sieve","pwhash":"08e3","remote":"127.0.0.7","session_id":"FBoiE3NhdY9/AAAH","success":true,"policy_reject":false,"tls":true})");
    const AccountEvent e = event_of_report(r, kNow, std::nullopt);
    CHECK(e.kind == AccountEventKind::Login);
    CHECK(e.account == "anna@example.com");
    CHECK(e.service == "managesieve");
    CHECK(e.client_addr == "127.0.0.7");
    CHECK(e.client_id == "\"name\" \"Mail\"");
    CHECK(e.tls == "TLS");
    CHECK(e.time == kNow);
    CHECK(e.id == "login/FBoiE3NhdY9/AAAH");
}

TEST_CASE("failed and refused logins are told apart, with the lock's reason") {
    const std::string json = R"({"login":"anna","session_id":"s","success":false,"policy_reject":)";
    const AccountEvent failed = event_of_report(request(json + "false}"), kNow, std::nullopt);
    CHECK(failed.kind == AccountEventKind::LoginFailed);
    CHECK(failed.detail.empty());
    const AccountLock lock{"anna", kNow, kNow + Seconds(60), false, true, "root", "stolen"};
    const AccountEvent refused = event_of_report(request(json + "true}"), kNow, lock);
    CHECK(refused.kind == AccountEventKind::LoginRefused);
    CHECK(refused.detail == "account locked until 2027-01-15T08:01:00Z: stolen");
    CHECK(event_of_report(request(json + "true}"), kNow, std::nullopt).detail == "policy");
    CHECK(failed.id != refused.id);
    // Another failure in the session is another event.
    CHECK(event_of_report(request(json + "false}"), kNow + Seconds(2), std::nullopt).id !=
          failed.id);
}

TEST_CASE("what is no request is refused; odd members are read over") {
    for (const char* bad : {"", "{}", "[]", R"({"login":""})", R"({"login":7})", "{\"login\":"})
        CHECK_FALSE(parse_policy_request(bad));
    const PolicyRequest r = request(R"({"login":"a","remote":[1],"success":"maybe","tls":7})");
    CHECK(r.remote.empty());
    CHECK_FALSE(r.success);
    CHECK(r.tls.empty());
    CHECK(request("{\"login\":\"" + std::string(5000, 'a') + "\"}").login.size() ==
          kMaxAccountText);
    CHECK(event_of_report(
              request("{\"login\":\"a\",\"session_id\":\"" + std::string(5000, 's') + "\"}"), kNow,
              std::nullopt)
              .id.size() == kMaxAccountText);
}

TEST_CASE("answers: printed as Dovecot reads them, and the stricter one counts") {
    CHECK(print({-1, "say \"why\""}) == R"({"msg":"say \"why\"","status":-1})");
    CHECK(parse_policy_answer(R"({"status":-1,"msg":"no"})")->message == "no");
    CHECK(parse_policy_answer(R"({"status":"5"})")->status == 5);
    CHECK(parse_policy_answer(R"({"status":3600})")->status == 3600);
    for (const char* bad :
         {"{}", R"({"status":"x"})", R"({"status":-2})", R"({"status":3601})", "no"})
        CHECK_FALSE(parse_policy_answer(bad));
    const PolicyAnswer yes{}, no{-1, "no"}, wait{3, ""}, longer{9, ""};
    CHECK(stricter(yes, no).status == -1);
    CHECK(stricter(no, longer).status == -1);
    CHECK(stricter(wait, yes).status == 3);
    CHECK(stricter(wait, longer).status == 9);
}
