// SPDX-License-Identifier: Apache-2.0
// Many lines to one event (engine/intake/session_merger.hpp).
#include "engine/intake/session_merger.hpp"

#include "tests/support/catch.hpp"

using namespace kith;
using Part = ToldEvent::Part;

namespace {

const Time kNow = from_unix(1'800'000'000);
int next_id = 0;

ToldEvent told(AccountEventKind kind, Part part, const std::string& mailbox = "INBOX",
               const std::string& session = "s") {
    ToldEvent t;
    t.part = part;
    t.event.kind = kind;
    t.event.account = "anna";
    t.event.session = session;
    t.event.time = kNow;
    t.event.mailbox = mailbox;
    t.event.messages = 1;
    t.event.id = std::to_string(++next_id);
    return t;
}
ToldEvent deleted() { return told(AccountEventKind::Delete, Part::OfMany); }

}  // namespace

TEST_CASE("messages of one session, kind and mailbox are one event after five seconds") {
    SessionMerger merger;
    for (int i = 0; i < 3; ++i) merger.add(deleted(), kNow);
    merger.add(told(AccountEventKind::Delete, Part::OfMany, "Sent"), kNow);
    merger.add(told(AccountEventKind::Delete, Part::OfMany, "INBOX", "other"), kNow);
    CHECK(merger.take(kNow + Seconds(4)).empty());
    const auto events = merger.take(kNow + Seconds(5));
    REQUIRE(events.size() == 3);
    std::uint64_t messages = 0;
    for (const auto& e : events) messages += e.messages;
    CHECK(messages == 5);
    CHECK(events[0].repeats + events[1].repeats + events[2].repeats == 5);
}

TEST_CASE("a move's target gets the number of messages that were taken away") {
    SessionMerger merger;
    for (int i = 0; i < 4; ++i) merger.add(told(AccountEventKind::Delete, Part::OfMove), kNow);
    ToldEvent move = told(AccountEventKind::Copy, Part::OfMany);
    move.event.to_mailbox = "Hidden";
    move.event.messages = 0;
    merger.add(move, kNow);
    const auto events = merger.take(kNow, true);
    REQUIRE(events.size() == 1);
    CHECK(events[0].kind == AccountEventKind::Copy);
    CHECK(events[0].messages == 4);
    CHECK(events[0].to_mailbox == "Hidden");
}

TEST_CASE("a move's messages count as well when they are told after it, and not for ever") {
    SessionMerger merger;
    ToldEvent move = told(AccountEventKind::Delete, Part::OfMany);
    move.event.to_mailbox = "Trash";
    move.event.messages = 0;
    merger.add(told(AccountEventKind::Delete, Part::OfMove), kNow);
    merger.add(move, kNow);
    merger.add(told(AccountEventKind::Delete, Part::OfMove), kNow);
    merger.add(told(AccountEventKind::Delete, Part::OfMove, "INBOX", "other"), kNow);
    auto events = merger.take(kNow + Seconds(5));
    REQUIRE(events.size() == 1);
    CHECK(events[0].messages == 2);
    // The other session's move was never told: its messages are not another move's.
    move.event.session = "other";
    move.event.id = "later";
    merger.add(move, kNow + Seconds(6));
    events = merger.take(kNow, true);
    REQUIRE(events.size() == 1);
    CHECK(events[0].messages == 0);
}

TEST_CASE("what comes twice is taken once") {
    SessionMerger merger;
    const ToldEvent login = told(AccountEventKind::Login, Part::Whole);
    merger.add(login, kNow);
    merger.add(login, kNow);
    const ToldEvent one = deleted();
    merger.add(one, kNow);
    merger.add(one, kNow + Seconds(60));
    const auto events = merger.take(kNow, true);
    CHECK(events.size() == 2);
    CHECK(events[1].messages == 1);
    CHECK(merger.repeated() == 2);
    // Without an id nothing can be a repeat.
    ToldEvent nameless = told(AccountEventKind::LoginFailed, Part::Whole);
    nameless.event.id.clear();
    merger.add(nameless, kNow);
    merger.add(nameless, kNow);
    CHECK(merger.take(kNow).size() == 2);
}

TEST_CASE("later events of a session know what its login and its client said") {
    SessionMerger merger;
    ToldEvent login = told(AccountEventKind::Login, Part::Whole);
    login.event.client_addr = "192.0.2.1";
    login.event.mechanism = "PLAIN";
    merger.add(login, kNow);
    ToldEvent client = told(AccountEventKind::Login, Part::Client);
    client.event.client_id = "Program";
    merger.add(client, kNow);
    ToldEvent rule = told(AccountEventKind::RuleStored, Part::Whole);
    merger.add(rule, kNow);
    const auto events = merger.take(kNow);
    REQUIRE(events.size() == 2);
    CHECK(events[1].client_addr == "192.0.2.1");
    CHECK(events[1].client_id == "Program");
    CHECK(events[1].mechanism == "PLAIN");
}

TEST_CASE("a session's end comes after what it did, with its sums and its length") {
    SessionMerger merger;
    merger.add(told(AccountEventKind::Login, Part::Whole), kNow);
    ToldEvent read = told(AccountEventKind::Read, Part::OfMany);
    read.event.bytes = 100;
    merger.add(read, kNow);
    ToldEvent again = read;
    again.event.id = "again";
    merger.add(again, kNow);
    ToldEvent end = told(AccountEventKind::SessionEnd, Part::Whole, "");
    end.event.messages = 0;
    end.event.time = kNow + Seconds(90);
    merger.add(end, kNow);
    CHECK(merger.take(kNow + Seconds(1)).size() == 1);  // the login
    ToldEvent late = read;
    late.event.id = "late";
    late.event.messages = 0;
    merger.add(late, kNow + Seconds(1));
    auto events = merger.take(kNow + Seconds(2));
    events.insert(events.begin(), AccountEvent{});
    REQUIRE(events.size() == 3);
    CHECK(events[1].kind == AccountEventKind::Read);
    CHECK(events[1].bytes == 300);
    CHECK(events[2].kind == AccountEventKind::SessionEnd);
    CHECK(events[2].messages == 2);
    CHECK(events[2].bytes == 300);
    CHECK(events[2].seconds == 90);
}

TEST_CASE("a message that is copied to the trash and expunged went once") {
    SessionMerger merger;
    ToldEvent one = deleted();
    one.event.message_ids = {7};
    ToldEvent same = deleted();
    same.event.message_ids = {7};
    ToldEvent other = deleted();
    other.event.message_ids = {8};
    for (const auto& t : {one, same, other}) merger.add(t, kNow);
    const auto events = merger.take(kNow, true);
    REQUIRE(events.size() == 1);
    CHECK(events[0].messages == 2);
    CHECK(events[0].message_ids == std::vector<std::uint64_t>{7, 8});
}

TEST_CASE("a message that is copied away and then expunged was moved") {
    SessionMerger merger;
    ToldEvent copy = told(AccountEventKind::Copy, Part::OfMany);
    copy.event.to_mailbox = "Hidden";
    copy.event.message_ids = {7};
    merger.add(copy, kNow);
    ToldEvent gone = deleted();
    gone.event.message_ids = {7};
    ToldEvent other_session = told(AccountEventKind::Delete, Part::OfMany, "INBOX", "other");
    other_session.event.message_ids = {7};
    for (const auto& t : {gone, other_session}) merger.add(t, kNow);
    const auto events = merger.take(kNow, true);
    REQUIRE(events.size() == 2);
    CHECK(events[0].session == "other");
    CHECK(events[1].kind == AccountEventKind::Copy);
    CHECK(events[1].messages == 1);
}

TEST_CASE("bounds: groups, Message-IDs of one event, sessions, remembered ids") {
    SessionMerger merger;
    for (std::size_t i = 0; i < kMaxMergeGroups; ++i)
        merger.add(told(AccountEventKind::Delete, Part::OfMany, std::to_string(i)), kNow);
    CHECK(merger.take(kNow).empty());
    merger.add(told(AccountEventKind::Delete, Part::OfMany, "one more"), kNow);
    CHECK(merger.take(kNow).size() == 1);  // as it is, at once
    CHECK(merger.take(kNow, true).size() == kMaxMergeGroups);

    for (std::uint64_t i = 0; i <= kMaxAccountList; ++i) {
        ToldEvent t = deleted();
        t.event.message_ids = {i};
        merger.add(t, kNow);
    }
    const auto events = merger.take(kNow, true);
    CHECK(events.at(0).messages == kMaxAccountList + 1);
    CHECK(events.at(0).message_ids.size() == kMaxAccountList);

    for (std::size_t i = 0; i <= kMaxSessions; ++i) {
        ToldEvent t = told(AccountEventKind::Login, Part::Whole, "", "n" + std::to_string(i));
        t.event.client_addr = "192.0.2.1";
        merger.add(t, kNow);
    }
    (void)merger.take(kNow);
    merger.add(told(AccountEventKind::RuleStored, Part::Whole, "", "n0"), kNow);  // forgotten
    merger.add(
        told(AccountEventKind::RuleStored, Part::Whole, "", "n" + std::to_string(kMaxSessions)),
        kNow);
    const auto rules = merger.take(kNow);
    REQUIRE(rules.size() == 2);
    CHECK(rules[0].client_addr.empty());
    CHECK(rules[1].client_addr == "192.0.2.1");

    const ToldEvent first = told(AccountEventKind::LoginFailed, Part::Whole);
    merger.add(first, kNow);
    for (std::size_t i = 0; i < kMaxRecentIds; ++i)
        merger.add(told(AccountEventKind::LoginFailed, Part::Whole), kNow);
    (void)merger.take(kNow);
    merger.add(first, kNow);
    CHECK(merger.take(kNow).size() == 1);  // so long ago that only the learner knows it
}

TEST_CASE("a clock that goes back keeps nothing for ever") {
    SessionMerger merger;
    merger.add(deleted(), kNow);
    CHECK(merger.take(kNow - Seconds(3600)).size() == 1);
}
