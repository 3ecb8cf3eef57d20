// SPDX-License-Identifier: Apache-2.0
// Reported mail (engine/admin/reported.hpp), what belongs together (campaign.hpp), and the program
// between them.
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "engine/admin/campaign.hpp"
#include "engine/admin/reported.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using namespace kith::admin;
using kith::test::Site;
using Json = nlohmann::json;

namespace {

const std::string kOriginal =
    "From: anna@supplier.example\r\nMessage-ID: <1@supplier.example>\r\nX-Kith-Id: "
    "abcdefghijklmnop\r\n"
    "Subject: a page\r\n\r\nhttps://forms.example/x\r\n";

std::string attached(const std::string& part_header, const std::string& content) {
    return "From: Bert <bert@example.org>\r\nTo: abuse@example.org\r\nMessage-ID: "
           "<r1@example.org>\r\n"
           "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee "
           "below\r\n--b\r\n" +
           part_header + "\r\n" + content + "\r\n--b--\r\n";
}

MailReport report(const std::string& raw) {
    message_library_init();
    return read_report(raw, ParseOptions{});
}

std::uint64_t hash_of(const std::string& message_id) {
    return Hasher({'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'})
        .hash64("mid", message_id);
}

/// Mail `n` of a campaign: from its own sender, to its own recipient.
MailRecord mail(int n, std::uint64_t tenant = 77) {
    MailRecord r = test::held_mail();
    r.id = std::string(1, static_cast<char>('a' + n)) + "bcdefghijklmnop";
    r.from = "s" + std::to_string(n) + "@supplier.example";
    r.rcpts = {"r" + std::to_string(n) + "@example.org"};
    r.message_id = std::to_string(n) + "@supplier.example";
    r.queue_id = "4Q" + std::to_string(n) + "aaa";
    r.time = r.observations.time = r.time + Seconds(60 * n);
    r.client_addr = "192.0.2." + std::to_string(n);
    r.client_name.clear();
    r.observations.message_id = hash_of(r.message_id);
    r.observations.sender = Key16{{static_cast<std::uint8_t>(n + 1)}};
    r.observations.rcpts = {Key16{{static_cast<std::uint8_t>(n + 100)}}};
    r.observations.links.resize(1);
    r.observations.links[0].tenant = tenant;
    r.action = Action::Accepted;
    return r;
}

}  // namespace

TEST_CASE("an attached mail is what is reported, whole, as its header only, or in base64") {
    for (const auto& [header, content] :
         {std::pair{std::string("Content-Type: message/rfc822\r\n"), kOriginal},
          {std::string("Content-Type: message/rfc822\r\n"), "\r\n" + kOriginal},
          {std::string("content-type: TEXT/rfc822-headers\r\n"), kOriginal},
          {std::string(
               "Content-Type: message/rfc822;\r\n name=x\r\nContent-Disposition: attachment\r\n"),
           kOriginal},
          {std::string("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n"),
           std::string("RnJvbTogYW5uYUBzdXBwbGllci5leGFtcGxlDQpNZXNzYWdlLUlEOiA8MUBzdXBw\r\n"
                       "bGllci5leGFtcGxlPg0KWC1LaXRoLUlkOiBhYmNkZWZnaGlqa2xtbm9wDQoNCng=\r\n")}}) {
        const MailReport r = report(attached(header, content));
        REQUIRE(r.mails.size() == 1);
        CHECK(r.mails[0].message_id == "1@supplier.example");
        CHECK(r.mails[0].kith_id == "abcdefghijklmnop");
        CHECK(r.reporter == "bert@example.org");
        CHECK(r.message_id == "r1@example.org");
        CHECK_FALSE(r.automatic);
        CHECK(r.attached);
    }
}

TEST_CASE("without an attached mail the mail itself is what is reported, by nobody it names") {
    const MailReport r = report(kOriginal);
    REQUIRE(r.mails.size() == 1);
    CHECK(r.mails[0].message_id == "1@supplier.example");
    CHECK(r.reporter.empty());
    CHECK_FALSE(r.attached);
}

TEST_CASE("hostile reports give nothing, or a bounded number of mails") {
    CHECK(report("").mails.empty());
    CHECK(report("\r\n\r\n").mails.empty());
    CHECK(report(attached("Content-Type: message/rfc822\r\n", "")).mails.empty());
    CHECK(report(attached("Content-Type: message/rfc822\r\n", "no header at all")).mails.empty());
    std::string many = "From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n";
    for (int i = 0; i < 1000; ++i)
        many += "--b\nContent-Type: message/rfc822\n\nMessage-ID: <" + std::to_string(i) +
                "@x.example>\n\n";
    CHECK(report(many).mails.size() == kMaxReported);
    CHECK(attached_headers(std::string(1U << 20U, '-')).empty());
    CHECK(
        attached_headers("Content-Type: message/rfc822\n\n" + std::string(1U << 20U, 'x')).size() ==
        1);
    const MailReport odd = report("Message-ID: <x@y.example>\nX-Kith-Id: ../../etc\n\n");
    REQUIRE(odd.mails.size() == 1);
    CHECK(odd.mails[0].kith_id.empty());
}

TEST_CASE("a machine's report is not answered") {
    std::string raw = attached("Content-Type: message/rfc822\r\n", kOriginal);
    CHECK(report("Auto-Submitted: auto-replied\r\n" + raw).automatic);
    CHECK_FALSE(report("Auto-Submitted: no\r\n" + raw).automatic);
}

TEST_CASE("networks are the first three numbers of an address, or 48 bits") {
    CHECK(network_of("192.0.2.7") == "192.0.2");
    CHECK(network_of("2001:db8:1:2::3") == network_of("2001:db8:1:ffff::9"));
    CHECK(network_of("2001:db8:1::1") != network_of("2001:db8:2::1"));
    for (const char* none : {"", "x", "1.2.3", "192.0.2.7x"}) CHECK(network_of(none).empty());
}

TEST_CASE("a reported mail finds who else got it, who answered, and what else came from there") {
    const Site site;
    MailRecord reply = mail(5, 1);
    reply.observations.direction = Direction::Outbound;
    reply.observations.refs = {hash_of("0@supplier.example")};
    reply.observations.links.clear();
    reply.client_addr = "10.0.0.1";
    MailRecord neighbour = mail(6, 2), stranger = mail(7, 3);
    stranger.client_addr = "203.0.113.1";
    MailRecord again = mail(8);
    again.action = Action::Held;
    site.seen({mail(0), mail(1), reply, neighbour, stranger, again});
    site.dir.write("report", attached("Content-Type: message/rfc822\r\n",
                                      "Message-ID: <0@supplier.example>\r\n\r\nx\r\n"));
    const auto run = [&](const std::string& options) {
        auto out = admin::run_process(
            {"/bin/sh", "-c",
             "'" + kith::test::kith_program() + "' -c '" + site.dir.file("kith.yaml") + "' " +
                 options + " < '" + site.dir.file("report") + "'"},
            {});
        if (!out) FAIL(out.error().text());
        return *out;
    };
    const auto out = run("--json report-mail --no-hold --reason 'looks odd'");
    INFO(out.err);
    REQUIRE(out.status == 0);
    const Json j = Json::parse(out.out);
    CHECK(j["found"] == 1);
    CHECK(j["originals"][0]["id"] == "abcdefghijklmnop");
    CHECK(j["reporter"] == "bert@example.org");
    CHECK(j["mails"] == 3);
    CHECK(j["recipients"] == 3);
    CHECK(j["delivered_to"] == Json{"r0@example.org", "r1@example.org"});
    CHECK(j["on_hold"] == 1);
    CHECK(j["replies"] == 1);
    CHECK(j["group"][1]["tie"] == "same link");
    CHECK(site.records(RecordType::Report).size() == 1);
    CHECK(site.records(RecordType::Confirm).empty());
    const AdminRecord record =
        decode_admin_record(site.records(RecordType::Report)[0].payload).value();
    CHECK(record.id == "abcdefghijklmnop");
    CHECK(record.address == "bert@example.org");
    CHECK(record.why == "looks odd");

    CHECK(run("report-mail --no-hold --confirm")
              .out.find("3 mails like it to 3 recipients; delivered to "
                        "2 recipients; 1 on hold before, 0 put on hold "
                        "now; 1 answer\n") != std::string::npos);
    CHECK(site.records(RecordType::Confirm).size() == 1);
    // The same person's word counts once, another's as well.
    CHECK(site.records(RecordType::Report).size() == 1);
    CHECK(run("report-mail --no-hold --reporter dora@example.org").status == 0);
    CHECK(site.records(RecordType::Report).size() == 2);
}

TEST_CASE("a report of a mail that is not known records nothing") {
    const Site site;
    site.seen({mail(0)});
    site.dir.write("report", "Message-ID: <unknown@x.example>\n\nx\n");
    const auto out = admin::run_process(
        {"/bin/sh", "-c",
         "'" + kith::test::kith_program() + "' -c '" + site.dir.file("kith.yaml") +
             "' report-mail < '" + site.dir.file("report") + "'"},
        {});
    REQUIRE(out);
    CHECK(out->status == 66);
    CHECK(out->out.find("is not known here") != std::string::npos);
    CHECK(out->out.find("no mail is attached to it: attach the mail itself") != std::string::npos);
    CHECK(site.records(RecordType::Report).empty());
    site.dir.write("report", "nothing\n");
    CHECK(site.kith({"report-mail"}).status == 64);
}
