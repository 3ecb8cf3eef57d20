// SPDX-License-Identifier: Apache-2.0
// How an MTA hands a mail over does not show in what becomes of it: protocol version, cutting of
// the body, of packets into writes, order and lateness of macros, kind of socket. Every mail of a
// mixed bag is delivered in every manner to the built kith-milter that has learned, and answered
// and journalled the same.
#include <set>
#include <string>
#include <vector>

#include "tests/protocol/learned_site.hpp"
#include "tests/protocol/milter_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_mta.hpp"

namespace kith::test {
namespace {

struct NamedMail {
    const char* name;
    FakeMail mail;
};

/// What a verdict may depend on, at least once: known and new senders, links, requests, logins,
/// large and odd parts, headers to be removed.
std::vector<NamedMail> mixed_bag() {
    std::vector<NamedMail> bag;
    const auto add = [&](const char* name) -> FakeMail& {
        bag.push_back({name, {}});
        return bag.back().mail;
    };
    add("of somebody known");
    FakeMail& link = add("with a new link and a request");
    link.headers.push_back({"X-Mailer", " Odd"});
    link.body = "Please open https://odd.example/x and log in.\r\n";
    FakeMail& forged = add("with headers like ours, one of them folded");
    forged.headers.insert(forged.headers.begin(), {{"X-KITH-Verdict", " pass"},
                                                   {"x-kith-verdict", " pass\n\tindeed"},
                                                   {"X-Kith-Score", " 1"}});
    FakeMail& long_header = add("with a header of 60 KB and 8-bit bytes");
    long_header.headers.push_back({"References", " " + std::string(60000, 'r')});
    long_header.headers.push_back({"X-Wide", " \xE9t\xE9"});
    FakeMail& own = add("of an own user");
    own.sender = "<ben@site.example>";
    own.recipients = {"<anna@partner.example>", "<carl@partner.example>"};
    own.headers = {{"From", " ben@site.example"}, {"Subject", " answer"}};
    own.login = "ben";
    FakeMail& null_sender = add("of nobody");
    null_sender.sender = "<>";
    null_sender.headers = {{"From", " MAILER-DAEMON@partner.example"},
                           {"Subject", " Undelivered Mail"}};
    FakeMail& large = add("of 150 KB in two parts");
    large.headers.push_back({"Content-Type", " multipart/mixed; boundary=b"});
    large.body = "--b\r\nContent-Type: text/plain\r\n\r\nDear Ben, see https://far.example/p.\r\n";
    large.body +=
        "--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    while (large.body.size() < 150000) large.body += std::string(76, 'Q') + "\r\n";
    large.body += "--b--\r\n";
    FakeMail& odd = add("with bytes of all kinds and no line end at its end");
    for (int byte = 0; byte < 256; ++byte) odd.body += static_cast<char>(byte);
    add("without a body").body.clear();
    return bag;
}

std::vector<Delivery> manners() {
    const MtaOffer now, old = MtaOffer::version2();
    MtaOffer blank_eaten;  // version 6 of an MTA that knows no silence and eats the blank
    blank_eaten.steps = 0x7FF;
    return {
        {"as Postfix does", now, 65535, 65536, false, MacroOrder::Usual},
        {"version 2", old, 65535, 65536, false, MacroOrder::Usual},
        {"version 6, every reply waited for", blank_eaten, 65535, 65536, false, MacroOrder::Usual},
        {"1-byte chunks", now, 1, 65536, false, MacroOrder::Usual},
        {"1-byte chunks, version 2", old, 1, 65536, false, MacroOrder::Usual},
        {"chunks of 4,097 bytes in writes of 7", now, 4097, 7, false, MacroOrder::Usual},
        {"1-byte writes", old, 65535, 1, false, MacroOrder::Usual},
        {"the end of the body with the end of message", now, 65535, 65536, true, MacroOrder::Usual},
        {"the same in chunks of 100, version 2", old, 100, 65536, true, MacroOrder::Reversed},
        {"macros reversed", now, 65535, 65536, false, MacroOrder::Reversed},
        {"macros twice", old, 65535, 65536, false, MacroOrder::Twice},
        {"macros among others", now, 65535, 65536, false, MacroOrder::Noisy},
        {"macros late", now, 65535, 65536, false, MacroOrder::Late},
        {"macros late, version 2", old, 4096, 65536, false, MacroOrder::Late},
    };
}

/// The record without what differs from delivery to delivery: id and time, and what time does to
/// numbers.
std::string comparable(MailRecord record) {
    record.id.clear();
    record.time = record.observations.time = Time{};
    Assessment& a = record.assessment;
    std::string judged =
        std::string(to_string(a.verdict)) + " " + std::string(to_string(a.stratum));
    for (const auto& tag : a.tags) judged += " " + tag;
    for (const auto& reason : a.reasons) judged += "\n" + reason.text;
    a = {};
    return encode(record) + judged;
}

TEST_CASE("verdict, headers and record are the same in whatever manner a mail is handed over") {
    MilterSetup setup = enforcing_setup();
    setup.over_tcp = GENERATE(false, true);
    const MilterProcess milter(setup);
    learn_for(milter);
    const std::size_t learned = milter.journal(330).size();
    const std::vector<Delivery> all = manners();
    const std::vector<NamedMail> bag = mixed_bag();
    std::vector<std::string> answers;
    for (const NamedMail& named : bag)
        for (const Delivery& manner : all) {
            auto mta = FakeMta::connect(milter.socket());
            REQUIRE(mta);
            const EomAnswer answer = mta->deliver(named.mail, manner);
            CAPTURE(named.name, manner.name, answer.summary());
            REQUIRE(answer.final != 0);
            mta->quit();
            CHECK(mta->is_closed());
            answers.push_back(answer.summary());
        }
    const auto records = milter.journal(learned + answers.size());
    REQUIRE(records.size() == learned + answers.size());
    std::set<std::string> different;
    for (std::size_t m = 0; m < bag.size(); ++m)
        for (std::size_t d = 0; d < all.size(); ++d) {
            const std::size_t first = m * all.size(), i = first + d;
            CAPTURE(bag[m].name, all[d].name);
            CHECK(answers[i] == answers[first]);
            const bool same_record =
                comparable(records[learned + i]) == comparable(records[learned + first]);
            CHECK(same_record);
            different.insert(answers[i]);
        }
    // The bag is worth the comparison only when its mails fare differently.
    CHECK(different.size() >= 4);
    CHECK(milter.log_lines_with(" action=held ") > 0);
    CHECK(milter.log_lines_with(" dir=out ") == all.size());
    CHECK(milter.log_lines_with("internal failure") == 0);
}

TEST_CASE("many mails of every manner on one connection fare as each on its own") {
    const MilterProcess milter(enforcing_setup());
    learn_for(milter);
    const std::vector<NamedMail> bag = mixed_bag();
    std::vector<std::string> alone;
    for (const NamedMail& named : bag) {
        FakeMta mta = milter.mta();
        alone.push_back(mta.send(named.mail).summary());
    }
    const MtaOffer offer = GENERATE(MtaOffer{}, MtaOffer::version2());
    FakeMta mta = milter.mta(offer);
    for (int round = 0; round < 3; ++round)
        for (std::size_t m = 0; m < bag.size(); ++m) {
            FakeMail mail = bag[m].mail;
            mail.chunk = round == 0 ? 65535 : round == 1 ? 1000 : 1;
            CAPTURE(bag[m].name, round, offer.version);
            CHECK(mta.send(mail).summary() == alone[m]);
            if (round != 1) mta.abort();  // as Postfix does after every end of message
            mta.send_up_to_body(bag[(m + 3) % bag.size()].mail);  // and one that is given up
            mta.abort();
        }
}

}  // namespace
}  // namespace kith::test
