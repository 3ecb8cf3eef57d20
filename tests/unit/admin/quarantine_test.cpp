// SPDX-License-Identifier: Apache-2.0
// Held mail as a whole (engine/admin/quarantine.hpp, release_request.hpp) and kith's own mail
// (outgoing.hpp): what is found, and what is written of it.
#include "engine/admin/quarantine.hpp"

#include <unistd.h>

#include "engine/admin/release_request.hpp"
#include "engine/assess/own_mail.hpp"
#include "engine/base/text.hpp"
#include "engine/config/values.hpp"
#include "engine/message/parse.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using namespace kith::admin;
using kith::test::Site;

namespace {

const Time kNow = from_unix(1772368496) + Seconds(3600);
constexpr Hasher::Secret kSecret{1, 2, 3};

MailEntry entry(const std::string& id, HoldMark hold = HoldMark::Unknown,
                MailState state = MailState::None) {
    MailEntry e;
    e.id = id;
    e.queue_id = "Q" + id;
    e.host = "mx.example.org";
    e.action = Action::Held;
    e.time = kNow - Seconds(600);
    e.hold = hold;
    e.state = state;
    e.from = "anna@supplier.example";
    e.rcpt = "bert@example.org";
    return e;
}

std::vector<std::string> ids(const std::vector<MailEntry>& mails) {
    std::vector<std::string> out;
    for (const auto& m : mails) out.push_back(m.id);
    return out;
}

QueueFindings look(const std::vector<MailEntry>& held, const QueueView& queue) {
    return compare_with_queue(held, queue, "mx.example.org", kNow, Seconds(60), Seconds(86400));
}

using Ids = std::vector<std::string>;

Config config() {
    Config c;
    c.site.domains = {"example.org"};
    c.quarantine.digest_to = {"postmaster@example.org"};
    return c;
}

DigestItem item(const std::string& id) {
    DigestItem i{
        entry(id), {"bert@example.org", "x@else.example"}, {"first link to forms.example"}, ""};
    return i;
}

}  // namespace

TEST_CASE(
    "a mail on hold is seen once; one that never was there is missing; one that is gone has left") {
    const auto found =
        look({entry("a"), entry("b", HoldMark::Seen), entry("c"), entry("d", HoldMark::Seen),
              entry("e", HoldMark::Missing), entry("f", HoldMark::Left)},
             {{"Qa", "hold"}, {"Qb", "hold"}, {"Qc", "active"}, {"Qz", "hold"}});
    CHECK(ids(found.on_hold) == Ids{"a", "b"});
    CHECK(ids(found.seen) == Ids{"a"});
    CHECK(ids(found.missing) == Ids{"c"});
    CHECK(ids(found.left) == Ids{"d"});
    CHECK(found.unknown == Ids{"Qz"});
}

TEST_CASE(
    "what another host holds, was released or deleted, was not held or came just now is no alarm") {
    MailEntry other = entry("a"), released = entry("b"), dropped = entry("c"),
              accepted = entry("d"), fresh = entry("e"), imported = entry("f");
    other.host = "mx2.example.org";
    released.state = MailState::Released;
    dropped.state = MailState::Dropped;
    accepted.action = Action::Accepted;
    fresh.time = kNow - Seconds(59);
    imported.imported = true;
    const auto found = look({other, released, dropped, accepted, fresh, imported}, {});
    CHECK(found.missing.empty());
    CHECK(found.left.empty());
    fresh.time = kNow - Seconds(60);
    CHECK(ids(look({fresh}, {}).missing) == Ids{"e"});
    // One that is still there after its release is nobody else's.
    CHECK(look({released}, {{"Qb", "hold"}}).unknown.empty());
}

TEST_CASE("old is what is on hold for longer than the bound, and nothing without one") {
    MailEntry old = entry("a"), young = entry("b");
    old.time = kNow - Seconds(86401);
    young.time = kNow - Seconds(86400);
    const QueueView queue{{"Qa", "hold"}, {"Qb", "hold"}};
    CHECK(ids(look({young, old}, queue).aged) == Ids{"a"});
    CHECK(compare_with_queue({old}, queue, "mx.example.org", kNow, Seconds(60), Seconds(0))
              .aged.empty());
}

TEST_CASE("kith's own mail is ASCII: text that was cut ends there in three points") {
    DigestItem i = item("abcd");
    i.reasons = {std::string(300, 'r')};
    const OutgoingMail digest = admin_digest(config(), kNow, "mx", {i}, {}, 0);
    const std::string mail = format_mail(config(), Hasher(kSecret), kNow, digest, "u");
    CHECK(mail.find("why  " + std::string(197, 'r') + "...\n") != std::string::npos);
}

TEST_CASE(
    "the admin's digest names each mail with its reasons, and nothing in it can be clicked or "
    "forged") {
    DigestItem hostile = item("abcd");
    hostile.entry.from = "x\n1. efgh forged\x1b[31m@supplier.example";
    hostile.reasons = {
        "see http://evil.example and https://evil.example, www.evil.example\xe2\x80\xae"};
    hostile.subject = "Rechnung\r\nBcc: x@y.example";
    const auto mail =
        admin_digest(config(), kNow, "mx.example.org", {hostile, item("bcde")}, {}, 2);
    CHECK(mail.to == Ids{"postmaster@example.org"});
    CHECK(mail.subject == "kith: 2 mails on hold at mx.example.org");
    CHECK(mail.text.find("\n   kith explain abcd\n   kith release abcd\n   kith drop abcd\n"
                         "   kith confirm abcd\n") != std::string::npos);
    CHECK(mail.text.find("why  first link to forms.example\n") != std::string::npos);
    CHECK(mail.text.find("2 requests to release wait") != std::string::npos);
    for (const char* part : {"\n1. efgh", "http://", "https://", "www.evil", "\x1b", "\nBcc"})
        CHECK(mail.text.find(part) == std::string::npos);
    CHECK(mail.text.find("hxxp://evil.example") != std::string::npos);
}

TEST_CASE("of a mail that was confirmed as bad the digest offers what works") {
    DigestItem bad = item("abcd");
    bad.entry.state = MailState::Confirmed;
    const auto mail = admin_digest(config(), kNow, "mx.example.org", {bad}, {}, 0);
    CHECK(mail.text.find("\n   kith explain abcd\n   kith drop abcd\n\n") != std::string::npos);
    CHECK(mail.text.find("kith release") == std::string::npos);
    CHECK(mail.text.find("kith confirm") == std::string::npos);
}

TEST_CASE("a digest is printed where there is nobody to send it to") {
    if (::geteuid() != 0) {
        WARN("needs root: others may not look into the queue");
        return;
    }
    const Site site;
    site.seen({test::held_mail()});
    const test::TempDir postfix;
    postfix.write("postconf", "#!/bin/sh\necho mx.example.org\n");
    postfix.write("postqueue",
                  "#!/bin/sh\necho '{\"queue_name\": \"hold\", \"queue_id\": \"4Q1XYZ2abc\"}'\n");
    for (const char* program : {"postconf", "postqueue"})
        std::filesystem::permissions(postfix.path() / program, std::filesystem::perms::owner_all);
    const auto digest = [&](std::vector<std::string> options) {
        options.insert(options.begin(), {"quarantine", "digest", "--postfix-bin", postfix.str()});
        return site.kith(options);
    };
    const auto printed = digest({"--print"});
    CHECK(printed.status == 0);
    CHECK(printed.out.find("on hold at mx.example.org") != std::string::npos);
    CHECK(digest({}).status == 78);
}

TEST_CASE("a digest of very many mails is bounded") {
    std::vector<DigestItem> many(5000, item("abcd"));
    const auto mail = admin_digest(config(), kNow, "mx.example.org", many, {}, 0);
    CHECK(mail.text.size() < 200000);
    CHECK(mail.text.find("and 4800 mails more") != std::string::npos);
}

TEST_CASE("a recipient's digest goes to own people only, with a token that is theirs") {
    const auto all = recipient_digests(config(), kSecret, {item("abcd"), item("bcde")});
    REQUIRE(all.size() == 1);
    const OutgoingMail& mail = all.at("bert@example.org");
    CHECK(mail.to == Ids{"bert@example.org"});
    const std::string token = request_token(kSecret, "abcd", "bert@example.org");
    CHECK(mail.text.find("mailto:postmaster@example.org?subject=kith%20release%20abcd%20" + token +
                         "\n") != std::string::npos);
    CHECK(mail.text.find("forms.example") == std::string::npos);
    Config nowhere = config();
    nowhere.quarantine.digest_to.clear();
    CHECK(recipient_digests(nowhere, kSecret, {item("abcd")}).empty());
    DigestItem bad = item("abcd");
    bad.entry.state = MailState::Confirmed;
    CHECK(recipient_digests(config(), kSecret, {bad}).empty());
}

TEST_CASE("a token is of one mail, one recipient and one site") {
    const std::string token = request_token(kSecret, "abcd", "Bert@Example.org");
    CHECK(token.size() == 24);
    CHECK(token == request_token(kSecret, "abcd", "bert@example.org"));
    CHECK(token != request_token(kSecret, "abce", "bert@example.org"));
    CHECK(token != request_token(kSecret, "abcd", "cora@example.org"));
    CHECK(token != request_token({9}, "abcd", "bert@example.org"));
}

TEST_CASE("a request is read out of a subject, also of an answer's, and out of nothing else") {
    const std::string token(24, 'a');
    for (const std::string& subject :
         {"kith release abcd " + token, "Re: kith release abcd " + token + " ",
          "AW: [ext] kith release  abcd  " + token + " please"}) {
        const auto named = named_in(subject);
        REQUIRE(named);
        CHECK(named->mail == "abcd");
        CHECK(named->token == token);
    }
    for (const std::string& subject :
         {std::string(), std::string("kith release abcd"), "kith release abcd " + token + "x",
          "kith release ../etc " + token, "kith release ab-cd " + token, std::string("release")})
        CHECK_FALSE(named_in(subject));
}

TEST_CASE("requests are kept once each, up to a bound, until they are forgotten") {
    const Site site;
    Config c;
    c.secret_file = site.dir.file("site.key");
    CHECK(read_requests(c).value().empty());
    CHECK(add_request(c, {"abcd", "bert@example.org", kNow}).value());
    CHECK_FALSE(add_request(c, {"abcd", "bert@example.org", kNow + Seconds(5)}).value());
    CHECK(add_request(c, {"abcd", "cora@example.org", kNow}).value());
    CHECK(add_request(c, {"bcde", "bert@example.org", kNow}).value());
    CHECK(read_requests(c).value().size() == 3);
    CHECK(read_requests(c).value()[0].time == kNow);
    REQUIRE(forget_requests(c, {"abcd"}));
    REQUIRE(read_requests(c).value().size() == 1);
    CHECK(read_requests(c).value()[0].mail == "bcde");
    site.dir.write("requests.json", "{\"requests\": 7");
    CHECK(read_requests(c).value().empty());
}

TEST_CASE(
    "own mail is plain ASCII, has a token the milter knows, and asks machines not to answer") {
    Config c = config();
    const Hasher hasher(kSecret);
    const OutgoingMail mail{{"postmaster@example.org", "jo@example.org"},
                            "Gr\xc3\xbc\xc3\x9f"
                            "e\r\nBcc: x " +
                                std::string(200, 'y'),
                            "one\n" + std::string(5000, 'z') + "\n.\n\xc3\xbc\x1b\r\nend",
                            "1@else.example\r\nX: y"};
    const std::string raw = format_mail(c, hasher, kNow, mail, "abc");
    for (const char ch : raw) CHECK(((ch >= 0x20 && ch < 0x7f) || ch == '\n'));
    for (const auto line : split(raw, '\n')) CHECK(line.size() < 990);
    message_library_init();
    const Message m = parse(raw, ParseOptions{});
    CHECK(m.from.at(0).address() == "kith@example.org");
    CHECK(m.to.size() == 2);
    CHECK_FALSE(m.header("Bcc"));
    CHECK_FALSE(m.header("In-Reply-To"));
    CHECK_FALSE(m.header("X"));
    CHECK(m.header("Auto-Submitted").value() == "auto-generated");
    CHECK(is_own_mail(hasher, trim(m.header(kOwnMailField).value()), m.message_id, m.subject, raw));
    CHECK_FALSE(is_own_mail(hasher, trim(m.header(kOwnMailField).value()), m.message_id, m.subject,
                            raw + "more"));
    OutgoingMail huge = mail;
    huge.text.assign(10U << 20U, 'x');
    CHECK(format_mail(c, hasher, kNow, huge, "abc").size() < kMaxOwnMail);
}

TEST_CASE("an address that could be an option, and a URL with a name in it, are refused") {
    for (const char* good : {"postmaster@example.com", "a+b@x.example", "A.b@example.org"})
        CHECK(parse_mail_address(good));
    for (const char* bad : {"", "x", "@example.com", "a@", "-f@example.com", "a b@example.com",
                            "a@b@example.com", "a@example.com\n", "\"a\"@example.com", "a@-"})
        CHECK_FALSE(parse_mail_address(bad));
    for (const char* good : {"http://127.0.0.1:8080/x", "https://chat.example.com/hooks/1?a=b"})
        CHECK(parse_url(good));
    for (const char* bad : {"", "ftp://x", "http://", "https:///x", "https://u:p@x.example/",
                            "https://x.example/a b", "x.example"})
        CHECK_FALSE(parse_url(bad));
}
