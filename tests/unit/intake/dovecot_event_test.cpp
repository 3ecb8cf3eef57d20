// SPDX-License-Identifier: Apache-2.0
// Events of Dovecot's exporter (engine/intake/dovecot_event.hpp), in the form that Dovecot 2.3.19
// sends them.
#include "engine/intake/dovecot_event.hpp"

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

std::string event(const std::string& name, const std::string& fields,
                  const std::string& categories = "\"service:imap\",\"imap\"") {
    return R"({"event":")" + name +
           R"(","hostname":"Mail1","start_time":"2026-11-29T23:58:50.1Z","end_time":"2026-11-29T23:58:51.9Z","categories":[)" +
           categories +
           R"(],"fields":{"user":"Anna@example.com","session":"s1","remote_ip":"127.0.0.7",)" +
           fields + "}}";
}
std::string command(const std::string& name, const std::string& args,
                    const std::string& more = "") {
    return event("imap_command_finished", R"("cmd_name":")" + name + R"(","cmd_args":")" + args +
                                              R"(","tagged_reply_state":"OK")" + more);
}

ToldEvent read(const std::string& json) {
    auto told = parse_dovecot_event(json);
    if (!told) FAIL(told.error().text());
    if (!*told) FAIL("no event of an account");
    return **told;
}
bool is_none(const std::string& json) {
    const auto told = parse_dovecot_event(json);
    return told && !*told;
}

}  // namespace

TEST_CASE("logins, good and bad, with what is known of the client") {
    const std::string common =
        R"("mechanism":"PLAIN","transport":"TLS","service":"imap","client_id":"\"name\" \"X\"","policy_result":")";
    ToldEvent told = read(event("auth_request_finished", common + R"(ok","success":"yes")"));
    CHECK(told.event.kind == AccountEventKind::Login);
    CHECK(told.event.account == "anna@example.com");
    CHECK(told.event.host == "mail1");
    CHECK(told.event.service == "imap");
    CHECK(told.event.mechanism == "PLAIN");
    CHECK(told.event.tls == "TLS");
    CHECK(told.event.client_id == "\"name\" \"X\"");
    CHECK(told.event.client_addr == "127.0.0.7");
    CHECK(told.event.id == "login/s1");  // as the policy's report of the same login
    CHECK(to_unix(told.event.time) == 1795996731);
    told = read(event("auth_request_finished", common + R"(ok")"));
    CHECK(told.event.kind == AccountEventKind::LoginFailed);
    told = read(event("auth_request_finished", common + R"(denied")"));
    CHECK(told.event.kind == AccountEventKind::LoginRefused);
}

TEST_CASE("what is read: messages one by one, bytes by the command") {
    ToldEvent told = read(
        event("mail_opened",
              R"("mailbox":"INBOX","reason_code":["imap:cmd_fetch","imap:fetch_body"],"uid":2)"));
    CHECK(told.event.kind == AccountEventKind::Read);
    CHECK(told.event.messages == 1);
    CHECK(told.event.mailbox == "INBOX");
    CHECK(told.part == ToldEvent::Part::OfMany);
    told = read(command("UID FETCH", "1:3 (RFC822)",
                        R"(,"mailbox":"INBOX","bytes_out":333,"reason_code":["imap:fetch_body"])"));
    CHECK(told.event.bytes == 333);
    CHECK(told.event.messages == 0);
    // Looking at a list of mails is not reading them.
    CHECK(is_none(command("FETCH", "1:3 (FLAGS)", R"(,"reason_code":["imap:cmd_fetch"])")));
    CHECK(is_none(event("mail_opened", R"("reason_code":["imap:cmd_append"])")));
    CHECK(read(event("mail_opened", R"("reason_code":["pop3:cmd_retr"])")).event.messages == 1);
}

TEST_CASE("what goes: expunged, moved to the trash, moved elsewhere, copied") {
    ToldEvent told =
        read(event("mail_expunged", R"("cmd_name":"EXPUNGE","mailbox":"INBOX","uid":2)"));
    CHECK(told.event.kind == AccountEventKind::Delete);
    CHECK(told.part == ToldEvent::Part::OfMany);
    told = read(event("mail_expunged", R"("cmd_name":"UID MOVE","mailbox":"INBOX","uid":2)"));
    CHECK(told.part == ToldEvent::Part::OfMove);
    told = read(command("UID MOVE", "2 Trash",
                        R"(,"mailbox":"INBOX","tagged_reply":"OK Move completed.")"));
    CHECK(told.event.kind == AccountEventKind::Delete);
    CHECK(told.event.to_mailbox == "Trash");
    told = read(command(
        "COPY", R"(1:3 \"My Folder\")",
        R"(,"mailbox":"INBOX","tagged_reply":"OK [COPYUID 17 4:5,9 1:3] Copy completed.")"));
    CHECK(told.event.kind == AccountEventKind::Copy);
    CHECK(told.event.to_mailbox == "My Folder");
    CHECK(told.event.messages == 3);
}

TEST_CASE("mailboxes made, renamed, deleted, and who may read them; nothing of what failed") {
    CHECK(read(command("CREATE", "Hidden")).event.detail == "create");
    const AccountEvent renamed = read(command("RENAME", "Hidden Hidden2")).event;
    CHECK(renamed.kind == AccountEventKind::Folder);
    CHECK(renamed.mailbox == "Hidden");
    CHECK(renamed.detail == "rename Hidden2");
    CHECK(read(command("SETACL", "Hidden2 user=bob@example.com lr")).event.detail ==
          "setacl user=bob@example.com lr");
    CHECK(is_none(event("imap_command_finished",
                        R"("cmd_name":"CREATE","cmd_args":"X","tagged_reply_state":"NO")")));
    CHECK(is_none(command("NOOP", "")));
}

TEST_CASE("filter scripts: stored, activated, removed; their text is asked for by others") {
    const std::string categories = "\"sieve\",\"managesieve\",\"service:managesieve\"";
    const auto kind = [&](const std::string& name, const std::string& fields) {
        return read(event(name, fields, categories)).event.kind;
    };
    const std::string script = R"("cmd_name":"PUTSCRIPT","script_name":"evil")";
    CHECK(kind("sieve_storage_save_finished", script) == AccountEventKind::RuleStored);
    CHECK(kind("sieve_script_activated", script) == AccountEventKind::RuleActivated);
    CHECK(kind("sieve_script_deleted", script) == AccountEventKind::RuleRemoved);
    CHECK(kind("sieve_storage_deactivated", "\"x\":1") == AccountEventKind::RuleRemoved);
    const AccountEvent e = read(event("sieve_script_activated", script, categories)).event;
    CHECK(e.rule.name == "evil");
    CHECK_FALSE(e.rule.understood);
    CHECK(e.service == "managesieve");
    CHECK(
        is_none(event("sieve_storage_save_finished", script + R"(,"error":"quota")", categories)));
}

TEST_CASE("the end of a session, and what its client calls itself") {
    ToldEvent told = read(event("mail_user_session_finished", R"("duration":98700000)"));
    CHECK(told.event.kind == AccountEventKind::SessionEnd);
    CHECK(told.event.seconds == 98);
    CHECK(read(event("mail_user_session_finished", R"("duration":18446744073709551615)"))
              .event.seconds == UINT32_MAX);
    told = read(command("ID", R"((\"name\" \"X\"))"));
    CHECK(told.part == ToldEvent::Part::Client);
    CHECK(told.event.client_id == "(\"name\" \"X\")");
}

TEST_CASE("what is delivered to an account, and what the server does there, is not its user's") {
    const std::string name = "mail_user_session_finished", fields = R"("duration":1000000)";
    for (const char* service : {"lmtp", "lda", "doveadm", "indexer-worker"})
        CHECK(is_none(event(name, fields, "\"service:" + std::string(service) + "\"")));
    CHECK(read(event(name, fields, "\"service:pop3\"")).event.service == "pop3");
    CHECK(read(event(name, fields, "\"mail\"")).event.service.empty());
}

TEST_CASE("the same bytes have the same id, others another one") {
    const std::string one = event("mail_expunged", R"("mailbox":"INBOX","uid":2)");
    CHECK(read(one).event.id == read(one).event.id);
    CHECK(read(one).event.id !=
          read(event("mail_expunged", R"("mailbox":"INBOX","uid":3)")).event.id);
    CHECK(read(one).event.id.size() == 32);
}

TEST_CASE("what is no event is refused, what says nothing of an account is passed over") {
    for (const char* bad : {"", "{}", "[]", R"({"event":7})", "{\"event\":"})
        CHECK_FALSE(parse_dovecot_event(bad));
    CHECK_FALSE(parse_dovecot_event(R"({"event":"mail_expunged","fields":{"user":"a"}})"));
    CHECK(is_none(R"({"event":"http_request_finished","fields":{}})"));
    CHECK(is_none(R"({"event":"mail_expunged","fields":{}})"));
    CHECK(is_none(R"({"event":"mail_expunged","fields":[1,2]})"));
}

TEST_CASE("sequence sets") {
    CHECK(messages_in_set("1") == 1);
    CHECK(messages_in_set("1:3,7,9:9") == 5);
    CHECK(messages_in_set("5:1") == 5);
    CHECK(messages_in_set("1:1000000") == 1'000'000);
    for (const char* none : {"", "*", "1:*", "0", "1:0", "1:1000001", "1:18446744073709551615", "a",
                             "1:", "1x3", "1:900000,1:900000", "1,,2"})
        CHECK(messages_in_set(none) == 0);
}

TEST_CASE("trash by the name that clients give it") {
    for (const char* name :
         {"Trash", "INBOX.Trash", "Deleted Items", "Mail/Papierkorb", "GELÖSCHTE ELEMENTE",
          "Corbeille", "Papelera", "Cestino", "Prullenbak", "Kosz", "Lixeira"})
        CHECK(is_trash(name));
    CHECK_FALSE(is_trash("Trash.Old"));
    CHECK_FALSE(is_trash("INBOX"));
    CHECK_FALSE(is_trash(""));
}
