// SPDX-License-Identifier: Apache-2.0
// The mail index: found by every name, listed newest first, forgotten in time, total over damaged
// bytes.
#include "engine/learner/mail_index.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/memory_store.hpp"

using namespace kith;
using kith::test::MemoryStore;

namespace {

// 2026-03-01T00:00:00Z
constexpr std::int64_t kStart = 1772323200;

MailRecord mail(const std::string& id, std::int64_t minute) {
    MailRecord r;
    r.id = id;
    r.time = from_unix(kStart + minute * 60);
    r.queue_id = "4Q" + id.substr(0, 6);
    r.host = "mx1.example.org";
    r.from = "anna@supplier.example";
    r.rcpts = {"bert@example.org", "cora@example.org"};
    r.observations.message_id = 1000 + static_cast<std::uint64_t>(minute);
    return r;
}

MailRecord judged(const std::string& id, std::int64_t minute, Verdict verdict, Action action) {
    MailRecord r = mail(id, minute);
    r.assessment.verdict = verdict;
    r.assessment.score = 87.5;
    r.action = action;
    return r;
}

std::vector<std::string> ids(const Result<std::vector<MailEntry>>& list) {
    std::vector<std::string> out;
    for (const MailEntry& e : list.value()) out.push_back(e.id);
    return out;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("an indexed mail is found by its id with everything the index keeps") {
    MemoryStore store;
    REQUIRE(index_mail(store, judged("aaaabbbbccccdddd", 5, Verdict::Quarantine, Action::Held),
                       {3, 4096}));

    const MailEntry e = find_mail(store, "aaaabbbbccccdddd").value().value();
    CHECK(e.position == JournalPosition{3, 4096});
    CHECK(to_unix(e.time) == kStart + 300);
    CHECK(e.score == 87.5);
    CHECK(e.verdict == Verdict::Quarantine);
    CHECK(e.action == Action::Held);
    CHECK(e.state == MailState::None);
    CHECK(e.from == "anna@supplier.example");
    CHECK(e.rcpt == "bert@example.org");
    CHECK(e.rcpt_count == 2);
    CHECK(e.queue_id == "4Qaaaabb");
    CHECK(e.host == "mx1.example.org");
    CHECK_FALSE(e.imported);
}

TEST_CASE("an id that was never indexed is absent, not an error") {
    MemoryStore store;
    CHECK_FALSE(find_mail(store, "aaaabbbbccccdddd").value().has_value());
    CHECK_FALSE(find_mail(store, "").value().has_value());
    CHECK_FALSE(find_mail(store, std::string_view("a\0b", 3)).value().has_value());
}

TEST_CASE("a queue id finds its mails of every host, newest first, or of one host") {
    MemoryStore store;
    MailRecord a = mail("aaaaaaaaaaaaaaaa", 1), b = mail("bbbbbbbbbbbbbbbb", 2),
               c = mail("cccccccccccccccc", 3);
    a.queue_id = b.queue_id = "4XYZ";
    b.host = "mx2.example.org";
    c.queue_id = "4XYZ1";  // only begins alike
    for (const MailRecord& r : {a, b, c}) REQUIRE(index_mail(store, r, {1, 0}));

    CHECK(ids(find_by_queue_id(store, "4XYZ")) == Ids{b.id, a.id});
    CHECK(ids(find_by_queue_id(store, "4XYZ", "mx1.example.org")) == Ids{a.id});
    CHECK(ids(find_by_queue_id(store, "4XYZ", "mx1")).empty());
    CHECK(ids(find_by_queue_id(store, "4XY")).empty());
    CHECK(ids(find_by_queue_id(store, "")).empty());
}

TEST_CASE("a Message-ID hash finds every mail that carries it; no Message-ID finds none") {
    MemoryStore store;
    MailRecord a = mail("aaaaaaaaaaaaaaaa", 1), b = mail("bbbbbbbbbbbbbbbb", 2),
               c = mail("cccccccccccccccc", 3);
    a.observations.message_id = b.observations.message_id = 77;
    c.observations.message_id = 0;
    for (const MailRecord& r : {a, b, c}) REQUIRE(index_mail(store, r, {1, 0}));

    CHECK(ids(find_by_message_id(store, 77)) == Ids{b.id, a.id});
    CHECK(ids(find_by_message_id(store, 0)).empty());
    CHECK(ids(find_by_message_id(store, 77, 1)).size() == 1);
}

TEST_CASE("one text names a mail by id, queue id, Message-ID or the unique beginning of its id") {
    MemoryStore store;
    REQUIRE(index_mail(store, mail("aaaa111122223333", 1), {1, 0}));
    REQUIRE(index_mail(store, mail("aaaa444455556666", 2), {1, 9}));

    CHECK(resolve_mail(store, "aaaa444455556666", 0).value().id == "aaaa444455556666");
    CHECK(resolve_mail(store, "4Qaaaa44", 0).value().id == "aaaa444455556666");
    CHECK(resolve_mail(store, "<x@y.example>", 1001).value().id == "aaaa111122223333");
    CHECK(resolve_mail(store, "aaaa1", 0).value().id == "aaaa111122223333");
}

TEST_CASE("a text that names no mail or several is an error that says how to go on") {
    MemoryStore store;
    REQUIRE(index_mail(store, mail("aaaa111122223333", 1), {1, 0}));
    REQUIRE(index_mail(store, mail("aaaa444455556666", 2), {1, 9}));

    const Error several = resolve_mail(store, "aaaa", 0).error();
    CHECK(several.code == ErrorCode::Usage);
    CHECK(several.hint ==
          "use the id of one: aaaa111122223333 of 2026-03-01T00:01:00Z, "
          "aaaa444455556666 of 2026-03-01T00:02:00Z");
    CHECK(resolve_mail(store, "zzzz", 0).error().code == ErrorCode::NoInput);
    // Three characters are one too few for a beginning.
    const Error too_short = resolve_mail(store, "aaa", 0).error();
    CHECK(too_short.code == ErrorCode::NoInput);
    CHECK(too_short.hint.find("a queue id or Message-ID is to be given whole") !=
          std::string::npos);
    CHECK(too_short.hint.find("beginning of kith's id") != std::string::npos);
}

TEST_CASE("lists are newest first and show the class asked for") {
    MemoryStore store;
    REQUIRE(
        index_mail(store, judged("passpasspasspass", 1, Verdict::Pass, Action::Accepted), {1, 0}));
    REQUIRE(
        index_mail(store, judged("tagtagtagtagtagt", 2, Verdict::Tag, Action::Accepted), {1, 1}));
    REQUIRE(index_mail(store, judged("wouldholdwouldho", 3, Verdict::Quarantine, Action::Accepted),
                       {1, 2}));
    REQUIRE(index_mail(store, judged("heldheldheldheld", 4, Verdict::Quarantine, Action::Held),
                       {1, 3}));
    REQUIRE(
        index_mail(store, judged("deferdeferdefer2", 5, Verdict::Defer, Action::Deferred), {1, 4}));

    MailFilter f;
    f.mails = MailClass::All;
    CHECK(ids(list_mail(store, f)) == Ids{"deferdeferdefer2", "heldheldheldheld",
                                          "wouldholdwouldho", "tagtagtagtagtagt",
                                          "passpasspasspass"});
    f.mails = MailClass::Tagged;
    CHECK(ids(list_mail(store, f)) ==
          Ids{"deferdeferdefer2", "heldheldheldheld", "wouldholdwouldho", "tagtagtagtagtagt"});
    f.mails = MailClass::Held;
    CHECK(ids(list_mail(store, f)) == Ids{"heldheldheldheld", "wouldholdwouldho"});
}

TEST_CASE("a list ends at its limit and at the oldest time wanted, without visiting the rest") {
    MemoryStore store;
    for (int i = 0; i < 100; ++i) {
        const std::string id = "mail" + std::to_string(1000 + i);
        REQUIRE(index_mail(store, mail(id, i), {1, static_cast<std::uint64_t>(i)}));
    }
    MailFilter f;
    f.mails = MailClass::All;
    f.limit = 3;
    store.visited = 0;
    CHECK(ids(list_mail(store, f)) == Ids{"mail1099", "mail1098", "mail1097"});
    CHECK(store.visited == 4);  // and the key that shows that the second is over

    f.limit = 1000;
    f.since = from_unix(kStart + 98 * 60);
    store.visited = 0;
    CHECK(ids(list_mail(store, f)) == Ids{"mail1099", "mail1098"});
    CHECK(store.visited == 3);  // two wanted and the first one too old

    f.limit = 0;
    CHECK(ids(list_mail(store, f)).empty());
}

TEST_CASE("a state set by an admin is kept, also when the same mail is indexed again") {
    MemoryStore store;
    const MailRecord r = judged("heldheldheldheld", 4, Verdict::Quarantine, Action::Held);
    REQUIRE(index_mail(store, r, {1, 3}));
    REQUIRE(set_mail_state(store, r.id, MailState::Released, from_unix(kStart + 9000)));
    REQUIRE(index_mail(store, r, {7, 8}));

    const MailEntry e = find_mail(store, r.id).value().value();
    CHECK(e.state == MailState::Released);
    CHECK(to_unix(e.state_time) == kStart + 9000);
    CHECK(e.position == JournalPosition{7, 8});
    CHECK(set_mail_state(store, "unknownunknown22", MailState::Released, {}).error().code ==
          ErrorCode::NoInput);
}

TEST_CASE("a mail that was let go stays so, whatever is said of it afterwards") {
    MemoryStore store;
    const MailRecord r = judged("heldheldheldheld", 4, Verdict::Quarantine, Action::Held);
    REQUIRE(index_mail(store, r, {1, 3}));
    CHECK(find_mail(store, r.id).value()->is_on_hold());
    CHECK_FALSE(find_mail(store, r.id).value()->is_delivered());
    REQUIRE(set_mail_state(store, r.id, MailState::Released, from_unix(kStart + 9000)));
    REQUIRE(set_mail_state(store, r.id, MailState::Confirmed, from_unix(kStart + 9100)));
    const MailEntry e = find_mail(store, r.id).value().value();
    CHECK(e.state == MailState::Confirmed);
    CHECK(e.hold == HoldMark::Freed);
    CHECK_FALSE(e.is_on_hold());
    CHECK(e.is_delivered());
    // What was deleted reached nobody.
    REQUIRE(set_mail_state(store, r.id, MailState::Dropped, from_unix(kStart + 9200)));
    CHECK_FALSE(find_mail(store, r.id).value()->is_delivered());
}

TEST_CASE("a mail indexed again with other facts leaves none of its old keys behind") {
    MemoryStore store;
    REQUIRE(index_mail(store, judged("aaaabbbbccccdddd", 1, Verdict::Quarantine, Action::Held),
                       {1, 0}));
    MailRecord again = judged("aaaabbbbccccdddd", 2, Verdict::Pass, Action::Accepted);
    again.queue_id = "4NEW";
    again.observations.message_id = 5;
    REQUIRE(index_mail(store, again, {1, 0}));

    CHECK(ids(list_mail(store, {MailClass::Held, {}, 50, {}})).empty());
    CHECK(ids(list_mail(store, {MailClass::All, {}, 50, {}})) == Ids{"aaaabbbbccccdddd"});
    CHECK(ids(find_by_queue_id(store, "4Qaaaabb")).empty());
    CHECK(ids(find_by_message_id(store, 1001)).empty());
    CHECK(store.count(Table::Messages).value() == 4);  // id, all, queue id, Message-ID
}

TEST_CASE("expiry removes what is older, with every key, at most so many at a time") {
    MemoryStore store;
    for (int i = 0; i < 10; ++i)
        REQUIRE(index_mail(store,
                           judged("mail" + std::to_string(i), i, Verdict::Quarantine, Action::Held),
                           {1, 0}));

    const Time before = from_unix(kStart + 5 * 60);  // mails 0 to 4 are older
    CHECK(expire_mail(store, before, 2).value() == 2);
    CHECK(expire_mail(store, before, 100).value() == 3);
    CHECK(expire_mail(store, before, 100).value() == 0);
    CHECK(ids(list_mail(store, {MailClass::All, {}, 50, {}})) ==
          Ids{"mail9", "mail8", "mail7", "mail6", "mail5"});
    CHECK(store.count(Table::Messages).value() == 5 * 6);
    CHECK(expire_mail(store, from_unix(0), 100).value() == 0);
}

TEST_CASE("an id of other bytes than letters and digits, or one byte too long, is refused") {
    MemoryStore store;
    CHECK(index_mail(store, mail(std::string(kMaxIndexId, 'a'), 1), {1, 0}));
    MailRecord long_id = mail("aaaaaa", 1);
    long_id.id = std::string(kMaxIndexId + 1, 'a');
    CHECK(index_mail(store, long_id, {1, 0}).error().code == ErrorCode::Corrupt);
    MailRecord nul = mail("aaaaaa", 1);
    nul.id = std::string("aaa\0aaa", 7);
    CHECK(index_mail(store, nul, {1, 0}).error().code == ErrorCode::Corrupt);
    CHECK(index_mail(store,
                     [] {
                         MailRecord r = mail("aaaaaa", 1);
                         r.id.clear();
                         return r;
                     }(),
                     {1, 0})
              .error()
              .code == ErrorCode::Corrupt);
}

TEST_CASE("texts are kept up to their bound and cut beyond it") {
    MemoryStore store;
    MailRecord r = mail("aaaabbbbccccdddd", 1);
    r.from = std::string(kMaxIndexText, 'f');
    r.rcpts = {std::string(kMaxIndexText + 1, 'r')};
    r.queue_id = std::string(kMaxIndexId + 100, 'Q');
    r.host = std::string(kMaxIndexHost + 100, 'h');
    REQUIRE(index_mail(store, r, {1, 0}));

    const MailEntry e = find_mail(store, r.id).value().value();
    CHECK(e.from.size() == kMaxIndexText);
    CHECK(e.rcpt.size() == kMaxIndexText);
    CHECK(e.queue_id.size() == kMaxIndexId);
    CHECK(e.host.size() == kMaxIndexHost);
    CHECK(ids(find_by_queue_id(store, std::string(kMaxIndexId, 'Q'))) == Ids{r.id});
}

TEST_CASE("damaged entries are an error, whatever byte is wrong") {
    MemoryStore store;
    REQUIRE(index_mail(store, mail("aaaabbbbccccdddd", 1), {1, 0}));
    const std::string good = store.get(Table::Messages, "Iaaaabbbbccccdddd").value().value();

    SECTION("cut anywhere") {
        for (std::size_t n = 0; n < good.size(); ++n) {
            REQUIRE(store.put(Table::Messages, "Iaaaabbbbccccdddd", good.substr(0, n)));
            const auto found = find_mail(store, "aaaabbbbccccdddd");
            // A shorter buffer may still verify when only padding is missing; it must never be
            // another mail.
            if (found)
                CHECK(found.value().value().id == "aaaabbbbccccdddd");
            else
                CHECK(found.error().code == ErrorCode::Corrupt);
        }
    }
    SECTION("a byte changed anywhere") {
        for (std::size_t n = 0; n < good.size(); ++n) {
            std::string bad = good;
            bad[n] = static_cast<char>(bad[n] ^ 0xff);
            REQUIRE(store.put(Table::Messages, "Iaaaabbbbccccdddd", bad));
            const auto found = find_mail(store, "aaaabbbbccccdddd");
            if (found)
                CHECK(found.value().value().id == "aaaabbbbccccdddd");
            else
                CHECK(found.error().code == ErrorCode::Corrupt);
        }
    }
    SECTION("the entry of another mail") {
        REQUIRE(store.put(Table::Messages, "Ieeeeffffgggghhhh", good));
        CHECK(find_mail(store, "eeeeffffgggghhhh").error().code == ErrorCode::Corrupt);
    }
    SECTION("a key that leads nowhere") {
        REQUIRE(store.erase(Table::Messages, "Iaaaabbbbccccdddd"));
        CHECK(list_mail(store, {MailClass::All, {}, 50, {}}).error().code == ErrorCode::Corrupt);
        CHECK(find_by_queue_id(store, "4Qaaaabb").error().code == ErrorCode::Corrupt);
    }
}

TEST_CASE("a failure of the store at any step comes back as that failure") {
    for (int n = 0; n < 6; ++n) {
        MemoryStore store;
        store.fail_from = n;
        CHECK(index_mail(store, judged("aaaabbbbccccdddd", 1, Verdict::Quarantine, Action::Held),
                         {1, 0})
                  .error()
                  .code == ErrorCode::Io);
    }
}

TEST_CASE("a mail dated before 1970 is the oldest of a list, not a failure") {
    MemoryStore store;
    MailRecord r = mail("aaaabbbbccccdddd", 0);
    r.time = from_unix(-86400);
    REQUIRE(index_mail(store, r, {1, 0}));
    REQUIRE(index_mail(store, mail("eeeeffffgggghhhh", 0), {1, 1}));
    CHECK(ids(list_mail(store, {MailClass::All, {}, 50, {}})) ==
          Ids{"eeeeffffgggghhhh", "aaaabbbbccccdddd"});
}
