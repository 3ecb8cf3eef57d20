// SPDX-License-Identifier: Apache-2.0
// An account event with every field set, and its comparison field by field. The structured bindings
// count the members: when one is added, this stops compiling, and schema, encode() and decode()
// must learn it.
#pragma once

#include "engine/journal/account_event.hpp"
#include "tests/support/catch.hpp"

namespace kith::test {

inline AccountEvent full_event() {
    AccountEvent e;
    e.kind = AccountEventKind::RuleActivated;
    e.time = from_unix(1'700'000'333);
    e.id = "imap1:8f3a";
    e.account = "anna@own.example";
    e.host = "imap1.own.example";
    e.service = "managesieve";
    e.session = "Zk3fQ";
    e.client_addr = "192.0.2.7";
    e.client_name = "host7.net.example";
    e.client_id = "\"name\" \"Thunderbird\"";
    e.mechanism = "PLAIN";
    e.tls = "TLSv1.3 TLS_AES_256_GCM_SHA384";
    e.mailbox = "INBOX";
    e.to_mailbox = "Trash";
    e.messages = 12;
    e.bytes = 345678;
    e.repeats = 3;
    e.seconds = 61;
    e.detail = "a detail";
    e.message_ids = {7, 8};
    e.rule.name = ".";
    e.rule.redirects = {"x@elsewhere.example"};
    e.rule.folders = {"RSS Feeds", "Old"};
    e.rule.words = {11, 22, 33};
    e.rule.topics = 5;
    e.rule.discards = e.rule.marks_seen = e.rule.stops = true;
    e.rule.keeps_copy = e.rule.conditional = e.rule.understood = true;
    e.place = {64496, "DE", GeoPoint{52.5F, 13.5F}};
    return e;
}

inline void check_equal(const AccountEvent& a, const AccountEvent& b) {
    const auto& [kind, time, id, account, host, service, session, client_addr, client_name,
                 client_id, mechanism, tls, mailbox, to_mailbox, messages, bytes, repeats, seconds,
                 detail, message_ids, rule, imported, place] = a;
    CHECK(kind == b.kind);
    CHECK(time == b.time);
    CHECK(id == b.id);
    CHECK(account == b.account);
    CHECK(host == b.host);
    CHECK(service == b.service);
    CHECK(session == b.session);
    CHECK(client_addr == b.client_addr);
    CHECK(client_name == b.client_name);
    CHECK(client_id == b.client_id);
    CHECK(mechanism == b.mechanism);
    CHECK(tls == b.tls);
    CHECK(mailbox == b.mailbox);
    CHECK(to_mailbox == b.to_mailbox);
    CHECK(messages == b.messages);
    CHECK(bytes == b.bytes);
    CHECK(repeats == b.repeats);
    CHECK(seconds == b.seconds);
    CHECK(detail == b.detail);
    CHECK(message_ids == b.message_ids);
    CHECK((rule == b.rule));
    CHECK(imported == b.imported);
    CHECK((place == b.place));
}

}  // namespace kith::test
