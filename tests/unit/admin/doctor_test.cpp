// SPDX-License-Identifier: Apache-2.0
// What doctor says about Postfix configurations, and what it tells to paste.
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <map>

#include "engine/admin/doctor_checks.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using namespace kith::admin;

namespace {

const SocketName kSocket = parse_socket_name("unix:/var/spool/postfix/kith/kith.sock");

// A Postfix that does everything right.
PostfixView good() {
    PostfixView v;
    v.settings = {
        {"queue_directory", "/var/spool/postfix"},
        {"smtpd_milters", "inet:127.0.0.1:8891, { unix:kith/kith.sock, default_action=accept }"},
        {"non_smtpd_milters", ""},
        {"milter_default_action", "tempfail"},
        {"milter_protocol", "6"},
        {"milter_end_of_data_macros", "i"},
        {"milter_mail_macros", "i {auth_type} {auth_authen} {auth_author} {mail_addr}"},
        {"enable_long_queue_ids", "yes"}};
    v.services = {{"smtp", "inet", "smtpd", true, {}},
                  {"submission", "inet", "smtpd", true, {}},
                  {"cleanup", "unix", "cleanup", true, {}}};
    return v;
}

std::map<std::string, CheckState> states(const PostfixView& v, const SocketName& socket = kSocket) {
    std::map<std::string, CheckState> out;
    for (const Check& c : check_postfix(v, socket)) {
        out[c.name] = c.state;
        // Whoever is told that something is wrong is told what to do.
        if (c.state != CheckState::Ok) CHECK_FALSE(c.todo.empty());
    }
    return out;
}

}  // namespace

TEST_CASE("a good set-up has nothing to complain about") {
    for (const auto& [name, state] : states(good())) {
        INFO(name);
        CHECK(state == CheckState::Ok);
    }
}

TEST_CASE("of sendmail(1) no more is said than what Postfix does") {
    // postsuper(1): requeued mail is not subjected to non_smtpd_milters, so none is judged again.
    PostfixView v = good();
    v.settings["non_smtpd_milters"] = v.settings["smtpd_milters"];
    for (const Check& c : check_postfix(v, kSocket))
        if (c.name == "postfix.non_smtpd_milters") CHECK(c.text == "mail of sendmail(1) is seen");
}

TEST_CASE("each thing wrong is found by its own check") {
    PostfixView v = good();
    SECTION("kith is not named") {
        v.settings["smtpd_milters"] = "inet:127.0.0.1:8891";
        CHECK(states(v)["postfix.smtpd_milters"] == CheckState::Fail);
    }
    SECTION("an override takes kith away") {
        v.services[0].overrides["smtpd_milters"] = "";
        CHECK(states(v)["postfix.smtpd_milters"] == CheckState::Fail);
    }
    SECTION("an absolute path inside a chroot leads nowhere") {
        v.settings["smtpd_milters"] = "unix:/var/spool/postfix/kith/kith.sock";
        CHECK(states(v)["postfix.chroot"] == CheckState::Fail);
    }
    SECTION("the same path without a chroot is right") {
        v.settings["smtpd_milters"] = "inet:127.0.0.1:8891, unix:/var/spool/postfix/kith/kith.sock";
        for (PostfixService& s : v.services) s.chroot = false;
        CHECK(states(v)["postfix.smtpd_milters"] == CheckState::Ok);
        CHECK(states(v)["postfix.chroot"] == CheckState::Ok);
    }
    SECTION("a socket outside the chroot cannot be reached") {
        const SocketName outside = parse_socket_name("unix:/run/kith/kith.sock");
        v.settings["smtpd_milters"] = "unix:/run/kith/kith.sock";
        CHECK(states(v, outside)["postfix.chroot"] == CheckState::Fail);
    }
    SECTION("submission without kith") {
        v.services[1].overrides["smtpd_milters"] = "inet:127.0.0.1:8891";
        CHECK(states(v)["postfix.submission"] == CheckState::Fail);
    }
    SECTION("submission with milters switched off") {
        v.services[1].overrides["receive_override_options"] = "no_header_body_checks,no_milters";
        CHECK(states(v)["postfix.submission"] == CheckState::Fail);
    }
    SECTION("no submission at all") {
        v.services.erase(v.services.begin() + 1);
        CHECK(states(v)["postfix.submission"] == CheckState::Warn);
    }
    SECTION("kith before the milters that check DKIM") {
        v.settings["smtpd_milters"] =
            "{ unix:kith/kith.sock, default_action=accept }, inet:127.0.0.1:8891";
        CHECK(states(v)["postfix.order"] == CheckState::Warn);
    }
    SECTION("kith alone") {
        v.settings["smtpd_milters"] = "{ unix:kith/kith.sock, default_action=accept }";
        CHECK(states(v)["postfix.authentication"] == CheckState::Warn);
    }
    SECTION("mail stops with kith") {
        v.settings["smtpd_milters"] = "inet:127.0.0.1:8891, unix:kith/kith.sock";
        CHECK(states(v)["postfix.default_action"] == CheckState::Warn);
    }
    SECTION("a content filter hands mail back to kith") {
        v.services.push_back({"127.0.0.1:10025", "inet", "smtpd", false, {{"content_filter", ""}}});
        CHECK(states(v)["postfix.reinjection"] == CheckState::Warn);
        v.services.back().overrides["receive_override_options"] = "no_milters";
        CHECK(states(v).count("postfix.reinjection") == 0);
    }
    SECTION("macros taken away") {
        v.settings["milter_end_of_data_macros"] = "j";
        CHECK(states(v)["postfix.macros"] == CheckState::Warn);
    }
    SECTION("old protocol") {
        v.settings["milter_protocol"] = "2";
        CHECK(states(v)["postfix.milter_protocol"] == CheckState::Fail);
    }
    SECTION("short queue ids") {
        v.settings["enable_long_queue_ids"] = "no";
        CHECK(states(v)["postfix.long_queue_ids"] == CheckState::Warn);
    }
    SECTION("no smtpd") {
        v.services.clear();
        CHECK(states(v)["postfix.smtpd_milters"] == CheckState::Fail);
    }
}

TEST_CASE("what kith held is looked for in the hold queue") {
    const std::string queue =
        "{\"queue_name\": \"hold\", \"queue_id\": \"4A\"}\n"
        "{\"queue_name\": \"deferred\", \"queue_id\": \"4B\"}\n";
    const auto state = [&](const std::vector<HeldMail>& told) {
        const Check c = check_holding(told, queue);
        CHECK(c.name == "postfix.holding");
        CHECK(c.todo.empty() == (c.state == CheckState::Ok));
        return c.state;
    };
    CHECK(state({}) == CheckState::Ok);
    CHECK(state({{"aaaa", "4A"}}) == CheckState::Ok);
    CHECK(check_holding({{"aaaa", "4A"}}, queue).text ==
          "1 held mail in the journal, it is in the hold queue");
    // The newest is the one that tells whether holding works now.
    CHECK(state({{"bbbb", "4B"}, {"aaaa", "4A"}}) == CheckState::Fail);
    CHECK(state({{"cccc", "4C"}}) == CheckState::Fail);
    CHECK(state({{"aaaa", "4A"}, {"cccc", "4C"}}) == CheckState::Warn);

    const Check gone = check_holding({{"aaaa", "4A"}, {"bbbb", "4B"}, {"cccc", "4C"}}, queue);
    CHECK(gone.text == "2 of 3 held mails not in the hold queue, the newest 4B (bbbb)");
    CHECK(gone.todo.find("kith release bbbb --no-mta, or kith confirm bbbb") != std::string::npos);
    CHECK(check_holding({{"aaaa", ""}}, "").state == CheckState::Fail);
}

TEST_CASE("what the newest mails came with is told") {
    const auto states_of = [](const RecentMail& recent, const std::string& server) {
        std::map<std::string, CheckState> out;
        for (const Check& c : check_recent(recent, server)) {
            out[c.name] = c.state;
            CHECK(c.todo.empty() == (c.state == CheckState::Ok));
        }
        return out;
    };
    CHECK(states_of({}, "mx.example.org").empty());
    using States = std::map<std::string, CheckState>;
    CHECK(states_of({10, 0, 0, 0, 0}, "") == States{{"macros.seen", CheckState::Ok}});
    CHECK(states_of({10, 0, 0, 4, 4}, "mx.example.org") ==
          States{{"macros.seen", CheckState::Ok}, {"results.seen", CheckState::Ok}});
    CHECK(states_of({10, 1, 0, 4, 0}, "mx.example.org") ==
          States{{"macros.seen", CheckState::Warn}, {"results.seen", CheckState::Warn}});
    CHECK(states_of({10, 0, 1, 4, 1}, "")["macros.seen"] == CheckState::Warn);
    CHECK(check_recent({10, 0, 0, 4, 0}, "mx.example.org")[1].text ==
          "0 of the newest 4 mails from outside have Authentication-Results of mx.example.org");
}

TEST_CASE("internet sockets are compared by address and port, in either notation") {
    const SocketName s = parse_socket_name("inet:11399@127.0.0.1");
    CHECK(leads_to("inet:127.0.0.1:11399", s, "/q", true));
    CHECK(leads_to("inet:localhost:11399", s, "/q", false));
    CHECK(leads_to("inet:11399@localhost", s, "/q", false));
    CHECK_FALSE(leads_to("inet:127.0.0.1:11398", s, "/q", false));
    CHECK_FALSE(leads_to("unix:11399@127.0.0.1", s, "/q", false));
    CHECK(leads_to("inet:[::1]:8891", parse_socket_name("inet6:8891@::1"), "/q", false));
    CHECK(endpoint_for(parse_socket_name("inet6:8891@::1"), "/q") == "inet:[::1]:8891");
    CHECK(endpoint_for(s, "/q") == "inet:127.0.0.1:11399");
    CHECK(endpoint_for(kSocket, "/var/spool/postfix") == "unix:kith/kith.sock");
    CHECK(endpoint_for(kSocket, "/var/spool/post") == "unix:/var/spool/postfix/kith/kith.sock");
}

TEST_CASE("the lines to paste keep other milters in place and put kith last, once") {
    const std::string kith =
        "{ unix:kith/kith.sock, default_action=accept, connect_timeout=5s, command_timeout=15s, "
        "content_timeout=60s }";
    PostfixView v = good();
    CHECK(postfix_lines(v, kSocket)[0] == "smtpd_milters = inet:127.0.0.1:8891, " + kith);
    v.settings["smtpd_milters"] = "{ unix:kith/kith.sock }, { inet:a:1, default_action=accept }";
    CHECK(postfix_lines(v, kSocket)[0] ==
          "smtpd_milters = { inet:a:1, default_action=accept }, " + kith);
    v.settings["smtpd_milters"] = "";
    CHECK(postfix_lines(v, kSocket)[0] == "smtpd_milters = " + kith);
}

TEST_CASE("services that keep mail from kith get a command each, and no other") {
    PostfixView v = good();
    CHECK(master_commands(v, kSocket).empty());
    v.services.push_back({"submission", "inet", "smtpd", true, {{"smtpd_milters", ""}}});
    v.services.push_back(
        {"smtps", "inet", "smtpd", true, {{"receive_override_options", "no_milters"}}});
    v.services.push_back(
        {"127.0.0.1:10025",
         "inet",
         "smtpd",
         true,
         {{"content_filter", ""}, {"receive_override_options", "no_unknown_recipient_checks"}}});
    v.services.push_back({"127.0.0.1:10026",
                          "inet",
                          "smtpd",
                          true,
                          {{"content_filter", ""}, {"receive_override_options", "no_milters"}}});
    v.services.push_back(
        {"465", "inet", "smtpd", true, {{"smtpd_milters", "unix:kith/kith.sock"}}});
    CHECK(master_commands(v, kSocket) ==
          std::vector<std::string>{"postconf -PX 'submission/inet/smtpd_milters'",
                                   "postconf -PX 'smtps/inet/receive_override_options'",
                                   "postconf -P '127.0.0.1:10025/inet/receive_override_options="
                                   "no_unknown_recipient_checks,no_milters'"});
}

TEST_CASE("doctor says what is missing of a fresh site, with exit status 2, and changes nothing") {
    const test::Site site;
    const test::TempDir postfix;
    postfix.write("main.cf", "compatibility_level = 3.6\n");
    postfix.write("master.cf", "smtp inet n - n - - smtpd\n");
    const auto out = site.kith({"doctor", "--json", "--postfix-config", postfix.str()});
    CHECK(out.status == 2);
    const auto j = nlohmann::json::parse(out.out);
    std::map<std::string, std::string> found;
    for (const auto& c : j["checks"]) {
        found[c["name"]] = c["state"];
        if (c["state"] != "ok") CHECK(c["todo"] != "");
    }
    CHECK(found["config"] == "ok");
    CHECK(found["secret"] == "fail");
    CHECK(found["learner"] == "fail");
    CHECK(found["store"] == "fail");
    CHECK(found["socket"] == "fail");
    CHECK(j["postfix_lines"].size() == 3);
    CHECK(j["master_commands"].empty());
    CHECK(j["sendmail_line"] == "non_smtpd_milters = $smtpd_milters");
    CHECK(postfix.read("main.cf") == "compatibility_level = 3.6\n");
    CHECK_FALSE(std::filesystem::exists(site.dir.path() / "site.key"));
    // To be pasted as they are: with a blank before it a line goes on with the setting above it.
    const std::string text = site.kith({"doctor", "--postfix-config", postfix.str()}).out;
    for (const auto& line : j["postfix_lines"])
        CHECK(text.find("\n" + line.get<std::string>() + "\n") != std::string::npos);
    CHECK(text.find("\nnon_smtpd_milters = $smtpd_milters\n") != std::string::npos);
}

TEST_CASE("doctor compares what the journal has as held with what Postfix holds") {
    const test::Site site;
    site.write_secret();
    MailRecord held = test::held_mail(), passed = test::passed_mail(), other = test::held_mail();
    other.id = "cdefghijklmnopqr";
    other.host = "mx2.example.org";  // another server's queue is not looked at
    other.queue_id = "4Q1XYZ4abc";
    passed.queue_id.clear();
    MailRecord digest = test::passed_mail();
    digest.id = "defghijklmnopqrs";
    digest.own = true;  // says nothing of what comes from outside
    site.seen({held, passed, other, digest});
    const test::TempDir postfix;
    postfix.write(
        "postconf",
        "#!/bin/sh\ncase \"$*\" in *-M*|*-P*) ;; *) echo myhostname = mx.example.org;; esac\n");
    const auto check = [&](const std::string& queue) {
        postfix.write("postqueue", "#!/bin/sh\necho '" + queue + "'\n");
        for (const char* program : {"postconf", "postqueue"})
            std::filesystem::permissions(postfix.path() / program,
                                         std::filesystem::perms::owner_all);
        std::map<std::string, std::string> found;
        const auto out = site.kith({"doctor", "--json", "--postfix-bin", postfix.str()});
        const auto j = nlohmann::json::parse(out.out);
        for (const auto& c : j["checks"]) {
            found[c["name"]] = c["state"];
            if (c["name"] == "results.seen")
                CHECK(c["text"].get<std::string>().starts_with("0 of the newest 3 mails from "));
        }
        return found;
    };
    auto found = check(R"({"queue_name": "hold", "queue_id": "4Q1XYZ2abc"})");
    CHECK(found["postfix.holding"] == "ok");
    CHECK(found["macros.seen"] == "warn");   // the one without a queue id
    CHECK(found["results.seen"] == "warn");  // none has any
    found = check(R"({"queue_name": "active", "queue_id": "4Q1XYZ2abc"})");
    CHECK(found["postfix.holding"] == "fail");
    // What an admin has said something about is no matter of the queue any more.
    site.mark(held.id, MailState::Released);
    CHECK(check("")["postfix.holding"] == "ok");
}

TEST_CASE("doctor tells root that Postfix is stopped") {
    if (::geteuid() != 0) {
        WARN("needs root: others may not ask");
        return;
    }
    const test::Site site;
    const test::TempDir postfix;
    const auto check = [&](const std::string& status) {
        postfix.write("postfix", "#!/bin/sh\n[ \"$*\" = status ] && exit " + status + "\n");
        postfix.write("postconf", "#!/bin/sh\n");
        for (const char* program : {"postfix", "postconf"})
            std::filesystem::permissions(postfix.path() / program,
                                         std::filesystem::perms::owner_all);
        const auto out = site.kith({"doctor", "--json", "--postfix-bin", postfix.str()});
        const auto j = nlohmann::json::parse(out.out);
        for (const auto& c : j["checks"])
            if (c["name"] == "postfix.running") return c;
        return nlohmann::json();
    };
    CHECK(check("0")["state"] == "ok");
    const auto stopped = check("1");
    CHECK(stopped["state"] == "fail");
    CHECK(stopped["text"] == "Postfix is not running (postfix status: status 1)");
    CHECK(stopped["todo"] == "systemctl start postfix");
}

TEST_CASE("doctor tells whether a sender can write Authentication-Results of a trusted name") {
    struct Row {
        const char* table;
        const char* state;
    };
    const auto row = GENERATE(values<Row>({
        {"", "warn"},
        {"/^Authentication-Results:.*mx\\.a\\.example/ IGNORE\n", "warn"},
        {"/^Authentication-Results:.*mx\\.[ab]\\.example/ IGNORE\n", "ok"},
        {"/^Authentication-Results:/ reject forged\n", "ok"},
        {"/^Authentication-Results:/ WARN\n", "warn"},
    }));
    const test::Site site;
    const test::TempDir postfix;
    postfix.write("master.cf", "smtp inet n - n - - smtpd\n");
    postfix.write("checks", row.table);
    postfix.write("main.cf", "compatibility_level = 3.6\nheader_checks = regexp:" +
                                 postfix.file("checks") + "\n");
    site.configure("");
    std::string config = site.dir.read("kith.yaml");
    const std::string domains = "  domains: example.org\n";
    config.insert(config.find(domains) + domains.size(),
                  "  authserv_id: [mx.a.example, mx.b.example]\n");
    site.dir.write("kith.yaml", config);
    const auto out = site.kith({"doctor", "--json", "--postfix-config", postfix.str()});
    std::string state;
    const auto j = nlohmann::json::parse(out.out);
    for (const auto& c : j["checks"])
        if (c["name"] == "postfix.forged_results") state = c["state"];
    INFO(row.table);
    CHECK(state == row.state);
}

TEST_CASE("doctor without Postfix still looks at kith and prints the lines") {
    const test::Site site;
    const auto out = site.kith({"doctor", "--postfix-bin", site.dir.str()});
    CHECK(out.status == 2);
    CHECK(out.out.find("postconf: not installed") != std::string::npos);
    CHECK(out.out.find("\nsmtpd_milters = { unix:") != std::string::npos);
}

TEST_CASE(
    "a timer that does not run, will not run or whose command failed is told, with what it left") {
    const Time now = from_unix(1772368496);
    const auto shown = [](const std::string& load, const std::string& active,
                          const std::string& file, const std::string& last,
                          const std::string& result) {
        return "Id=kith-alerts.timer\nLoadState=" + load + "\nActiveState=" + active +
               "\nUnitFileState=" + file +
               "\nResult=success\n\nId=kith-alerts.service\nLoadState=loaded\nActiveState="
               "inactive\n"
               "UnitFileState=static\nResult=" +
               result + "\nExecMainStartTimestamp=" + last + "\n";
    };
    const auto check = [&](const std::string& text) {
        return check_timer("kith-alerts", "no alert is sent", text, now);
    };
    const Check good = check(shown("loaded", "active", "enabled", "@1772368456", "success"));
    CHECK(good.state == CheckState::Ok);
    CHECK(good.text == "kith-alerts.timer runs, last at 2026-03-01T12:34:16Z");
    CHECK(check(shown("loaded", "active", "enabled", "n/a", "success")).state == CheckState::Ok);
    for (const auto& [text, says] :
         {std::pair(shown("not-found", "inactive", "", "", "success"), "is not there"),
          std::pair(shown("loaded", "inactive", "disabled", "", "success"), "is not running"),
          std::pair(shown("loaded", "active", "disabled", "@1772368456", "success"),
                    "will not after the next start"),
          std::pair(shown("loaded", "active", "enabled", "@1772368456", "exit-code"),
                    "failed (exit-code)"),
          std::pair(shown("loaded", "active", "enabled", "@1772360000", "success"),
                    "has not run since 2026-03-01T10:13:20Z"),
          std::pair(std::string(), "cannot be told")}) {
        INFO(text);
        const Check bad = check(text);
        CHECK(bad.state == CheckState::Warn);
        CHECK(bad.text.find(says) != std::string::npos);
        CHECK(bad.text.find("no alert is sent") != std::string::npos);
        CHECK_FALSE(bad.todo.empty());
    }
}
