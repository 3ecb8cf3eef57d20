// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/sighting.hpp"

#include "tests/unit/accounts/account_builder.hpp"

using namespace kith;
using namespace kith::test;

namespace {

Sighting seen(const AccountEvent& e) { return sighting_of(e, e.time, kHasher, kOwnDomains); }

MailRecord sent() {
    MailRecord m;
    m.id = "abcdefgh234567ab";
    m.time = m.observations.time = kMonday;
    m.auth_user = "Anna@own.example";
    m.client_addr = "203.0.113.9";
    m.observations.direction = Direction::Outbound;
    m.observations.rcpts = {kHasher.key("r", "1"), kHasher.key("r", "2")};
    return m;
}

}  // namespace

TEST_CASE("networks are /24 and /48, and nothing else is one") {
    CHECK(network_prefix("203.0.113.77") == "203.0.113.0/24");
    CHECK(network_prefix("2001:db8:1:2::3") == "2001:db8:1::/48");
    CHECK(network_prefix("::ffff:203.0.113.77") == "203.0.113.0/24");
    for (const char* bad : {"", "host.example", "203.0.113", "203.0.113.256", "[::1]", "1"})
        CHECK(network_prefix(bad).empty());
    CHECK(network_prefix(std::string(100'000, '1')).empty());
    CHECK(network_prefix(std::string("203.0.113.7\0x", 13)) == "203.0.113.0/24");
}

TEST_CASE("a program is known by its name, whatever its version") {
    CHECK(program_name(R"("name" "Thunderbird" "version" "115.3.1")") == "thunderbird");
    CHECK(program_name("iPhone Mail (21A350)") == "iphone mail");
    CHECK(program_name("").empty());
    CHECK(program_name(std::string(100'000, 'x')).size() <= Sighting::kMaxWordsBytes);
}

TEST_CASE("the week has sixteen parts") {
    CHECK(part_of_week(kMonday) == 1);
    CHECK(part_of_week(kMonday + Seconds(10 * 3600)) == 4);
    CHECK(part_of_week(kMonday + Seconds(86400 - 1)) == 8);
    CHECK(part_of_week(kMonday + Seconds(5 * 86400)) == 9);
    CHECK(part_of_week(kMonday + Seconds(7 * 86400 - 1)) == 16);
}

TEST_CASE("an account is the same in any spelling, and events of others are not its own") {
    CHECK(seen(login(kMonday, "Anna@OWN.example", "")).account ==
          account_key(kHasher, "anna@own.example"));
    CHECK(seen(login(kMonday, "anna", "")).account != account_key(kHasher, "anna@own.example"));
}

TEST_CASE("what is not known of an event is no value") {
    const Sighting s = seen(AccountEvent{});
    for (std::size_t f = 0; f < kAccountFeatures; ++f)
        CHECK((s.values[f] != 0) == (f == index_of(AccountFeature::hour)));
}

TEST_CASE("a rule that sends mail outside is told from one that sends it to colleagues") {
    AccountEvent e = act(AccountEventKind::RuleActivated, kMonday, "a@own.example", "");
    e.rule.understood = true;
    e.rule.redirects = {"x@sub.own.example", "colleague"};
    CHECK_FALSE(seen(e).has(AccountMark::RedirectsOutside));
    e.rule.redirects = {"x@notown.example"};
    CHECK(seen(e).has(AccountMark::RedirectsOutside));
    CHECK(seen(e).detail == "sends mail to an address outside: x@notown.example");
    // Whatever else it does, where it sends mail is told.
    AccountEvent busy = e;
    busy.rule.discards = busy.rule.marks_seen = true;
    busy.rule.folders = {"Archive"};
    CHECK(seen(busy).detail ==
          "sends mail to an address outside, throws mail away, files mail, marks it as read: "
          "x@notown.example");
    AccountEvent forward = act(AccountEventKind::Forward, kMonday, "a@own.example", "");
    forward.detail = "y@elsewhere.example";
    CHECK(seen(forward).has(AccountMark::RedirectsOutside));
}

TEST_CASE("a rule hides mail that it throws away, or files and marks or stops") {
    AccountEvent e = act(AccountEventKind::RuleActivated, kMonday, "a@own.example", "");
    e.rule = hiding_rule();
    CHECK(seen(e).has(AccountMark::HidesMail));
    CHECK(seen(e).has(AccountMark::NamesTopic));
    e.rule = {};
    e.rule.understood = true;
    e.rule.folders = {"Lists"};
    CHECK_FALSE(seen(e).has(AccountMark::HidesMail));
    e.rule.discards = true;
    CHECK(seen(e).has(AccountMark::HidesMail));
    // Sent on, and the copy that stays is filed where nobody looks, marked as read.
    e.rule = hiding_rule();
    e.rule.redirects = {"box@elsewhere.example"};
    e.rule.keeps_copy = true;
    CHECK(seen(e).has(AccountMark::HidesMail));
    CHECK(seen(e).has(AccountMark::RedirectsOutside));
}

TEST_CASE("a mail is seen as its account's, with its recipients and what it asks") {
    MailRecord m = sent();
    const Sighting plain = sighting_of(m, kHasher);
    CHECK(plain.account == account_key(kHasher, "anna@own.example"));
    CHECK(plain.network == "203.0.113.0/24");
    CHECK(plain.recipients.size() == 2);
    CHECK_FALSE(plain.has(AccountMark::Payload));
    CHECK(plain.mail_nats == 0);
    m.assessment.stratum = Stratum::NewLink;
    m.assessment.own_evidence = 2;
    CHECK(sighting_of(m, kHasher).has(AccountMark::Payload));
    CHECK(sighting_of(m, kHasher).mail_nats == Approx(2.302585));
    m.assessment.own_evidence = 1e300;
    CHECK(sighting_of(m, kHasher).mail_nats == 6);
    m.assessment.tags = {"personal-account-file-transfer"};
    CHECK(sighting_of(m, kHasher).has(AccountMark::FileToOwnAddress));
}

TEST_CASE("recipients, repeats and texts of an event are bounded") {
    MailRecord m = sent();
    for (int i = 0; i < 1500; ++i)
        m.observations.rcpts.push_back(kHasher.key("r", std::to_string(i)));
    CHECK(sighting_of(m, kHasher).recipients.size() == Sighting::kMaxRecipients);
    AccountEvent e = login(kMonday, std::string(100'000, 'a'), "");
    e.repeats = 4'000'000'000U;
    e.mailbox = e.detail = e.service = e.tls = e.mechanism = e.client_name =
        std::string(100'000, 'b');
    const Sighting s = seen(e);
    CHECK(s.repeats == Sighting::kMaxRepeats);
    for (const std::string& text :
         {s.name, s.service, s.tls, s.mechanism, s.organisation, s.detail})
        CHECK(text.size() <= Sighting::kMaxWordsBytes);
    e.repeats = 0;
    CHECK(seen(e).repeats == 1);
}

TEST_CASE("a mail is an act of the account that submitted it, once it was taken") {
    CHECK(is_submission(sent()));
    MailRecord internal = sent();
    internal.observations.direction = Direction::Internal;
    CHECK(is_submission(internal));
    std::vector<MailRecord> others(5, sent());
    others[0].auth_user.clear();
    others[1].observations.direction = Direction::Inbound;
    others[2].action = Action::Deferred;
    others[3].imported = true;
    others[4].own = true;
    for (const MailRecord& m : others) CHECK_FALSE(is_submission(m));
}

TEST_CASE("what a submission was encrypted with is recorded and not compared with logins") {
    MailRecord m = sent();
    m.tls_version = "TLSv1.3";
    m.cipher = "TLS_AES_256_GCM_SHA384";
    const Sighting s = sighting_of(m, kHasher);
    // Dovecot tells "TLS" in its log and events: who is known by that would be a stranger by mail.
    CHECK(s.value(AccountFeature::tls) == 0);
    CHECK(s.tls.empty());
}

TEST_CASE("each act has a name") {
    CHECK(to_string(AccountAct::Mail) == "mail");
    CHECK(to_string(AccountAct::Login) == "login");
    CHECK(to_string(AccountAct::Forward) == "forward");
}

TEST_CASE("a place is seen of events and mails alike, as numbers that can be told") {
    AccountEvent e = login(kMonday, "a@own.example", "192.0.2.7");
    e.place = kBerlin;
    MailRecord m = sent();
    m.place = kBerlin;
    for (const Sighting& s : {seen(e), sighting_of(m, kHasher)}) {
        CHECK(s.value(AccountFeature::provider) == 64496);
        CHECK(s.value(AccountFeature::country) == country_value("DE"));
        CHECK((s.place == kBerlin));
    }
    CHECK(country_of(country_value("DE")) == "DE");
    CHECK(country_value("") == 0);
    CHECK(country_value("deu") == 0);
    for (const std::uint32_t none : {0U, 1U, 0x4400U, 0x44451U, 0xFFFFFFFFU})
        CHECK(country_of(none).empty());
}
