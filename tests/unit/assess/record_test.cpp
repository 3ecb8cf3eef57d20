// SPDX-License-Identifier: Apache-2.0
// From message and arrival to the record that is kept (engine/assess/record.hpp).
#include "engine/assess/record.hpp"

#include "engine/base/text.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/message_builder.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

Config config() {
    Config c;
    c.site.domains = {"site.example"};
    return c;
}

Arrival arrival() {
    Arrival a;
    a.time = day(1);
    a.queue_id = "4SXyz1";
    a.mta_hostname = "mx.site.example";
    a.client_addr = "192.0.2.7";
    a.client_name = "out.partner.example";
    a.helo = "helo.partner.example";
    a.tls_version = "TLSv1.3";
    a.cipher = "TLS_AES_256_GCM_SHA384";
    a.mail_from = "bounce@partner.example";
    a.rcpts = {"ben@site.example", "cy@site.example"};
    return a;
}

MailRecord record(const Arrival& a, const MessageBuilder& m = {}, const Config& c = config()) {
    return draft_record(m.message(), a, c, test_hasher()).record;
}

}  // namespace

TEST_CASE("a record names who, when and where from") {
    const MailRecord r = record(arrival());
    CHECK(r.time == day(1));
    CHECK(r.queue_id == "4SXyz1");
    CHECK(r.host == "mx.site.example");
    CHECK(r.client_addr == "192.0.2.7");
    CHECK(r.client_name == "out.partner.example");
    CHECK(r.helo == "helo.partner.example");
    CHECK(r.tls_version == "TLSv1.3");
    CHECK(r.cipher == "TLS_AES_256_GCM_SHA384");
    CHECK(r.mail_from == "bounce@partner.example");
    CHECK(r.rcpts == std::vector<std::string>{"ben@site.example", "cy@site.example"});
    CHECK(r.auth_user.empty());
    CHECK(r.from == "anna@partner.example");
    CHECK(r.from_name == "Anna Berg");
    CHECK(r.message_id == "1@partner.example");
    CHECK(r.observations.sender == person("anna@partner.example"));
    CHECK(r.observations.direction == Direction::Inbound);
    CHECK_FALSE(r.imported);
}

TEST_CASE("the subject is kept only when the site wants it") {
    CHECK(record(arrival()).subject.empty());
    Config c = config();
    c.journal_subjects = true;
    CHECK(record(arrival(), {}, c).subject == "Minutes");
}

TEST_CASE("the same arrival gives the same id, another one another id") {
    const std::string id = record(arrival()).id;
    CHECK(id.size() == 16);
    CHECK(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567") == std::string::npos);
    CHECK(record(arrival()).id == id);
    Arrival other = arrival();
    const std::string change = GENERATE("time", "queue id", "sender", "recipient", "client");
    CAPTURE(change);
    if (change == "time") other.time += Seconds(1);
    if (change == "queue id") other.queue_id = "4SXyz2";
    if (change == "sender") other.mail_from = "x@partner.example";
    if (change == "recipient") other.rcpts[0] = "dee@site.example";
    if (change == "client") other.client_addr = "192.0.2.8";
    CHECK(record(other).id != id);
}

TEST_CASE("an id spells 80 bits, five a letter") {
    CHECK(id_text(0, 0) == "aaaaaaaaaaaaaaaa");
    CHECK(id_text(0, 1) == "aaaaaaaaaaaaaaab");
    CHECK(id_text(0, 31) == "aaaaaaaaaaaaaaa7");
    CHECK(id_text(0, 32) == "aaaaaaaaaaaaaaba");
    CHECK(id_text(0xFFFF, 0xFFFFFFFFFFFFFFFF) == "7777777777777777");
    CHECK(id_text(1, 0) ==
          "aaaqaaaaaaaaaaaa");  // bit 64 = bit 4 of the thirteenth letter from the end
}

TEST_CASE("texts are kept up to 512 bytes and made valid UTF-8, recipients up to 500") {
    Arrival a = arrival();
    a.helo = std::string(512, 'x');
    CHECK(record(a).helo.size() == 512);
    a.helo = std::string(513, 'x');
    CHECK(record(a).helo.size() == 512);
    a.helo = std::string(511, 'x') + "\xc3\xa9";
    CHECK(record(a).helo.size() == 511);
    a.queue_id = "bad\xff\xfe";
    CHECK(is_valid_utf8(record(a).queue_id));
    a.rcpts.assign(500, "x@site.example");
    CHECK(record(a).rcpts.size() == 500);
    a.rcpts.push_back("y@site.example");
    CHECK(record(a).rcpts.size() == 500);
}

TEST_CASE("a mail without From is recorded without one") {
    const MailRecord r = record(arrival(), MessageBuilder().remove("From"));
    CHECK(r.from.empty());
    CHECK(r.observations.sender == person("bounce@partner.example"));
}

TEST_CASE("what other filters said is kept, and changes nothing that is observed") {
    const MailRecord plain = record(arrival());
    CHECK(plain.other_filters.empty());
    const MailRecord told = record(
        arrival(), MessageBuilder().set("X-Spamd-Result", "default: False [2.5 / 15.00]; A(1)[]"));
    REQUIRE(told.other_filters.size() == 1);
    CHECK(told.other_filters[0].filter == "rspamd");
    CHECK_FALSE(told.other_filters[0].spam);
    CHECK(told.other_filters[0].score == 2.5);
    CHECK(told.other_filters[0].required == 15.0);
    CHECK(told.assessment.score == plain.assessment.score);
}

TEST_CASE("an imported record is marked, neutral and acted on by nobody") {
    const MailRecord r =
        import_record(MessageBuilder().message(), arrival(), config(), test_hasher());
    CHECK(r.imported);
    CHECK(r.mode == "passive");
    CHECK(r.action == Action::Accepted);
    CHECK(r.assessment.score == 0);
    CHECK(r.id == record(arrival()).id);
}
