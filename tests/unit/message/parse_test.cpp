// SPDX-License-Identifier: Apache-2.0
// parse() as a whole: fields, bounds, hostile mail, memory and file alike.
#include "engine/message/parse.hpp"

#include <fcntl.h>

#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/text.hpp"
#include "engine/base/unique_fd.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/memory_peak.hpp"
#include "tests/support/message_builder.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using test::MessageBuilder;

namespace {

std::string repeated(std::string_view piece, std::size_t n) {
    std::string out;
    out.reserve(piece.size() * n);
    for (std::size_t i = 0; i < n; ++i) out += piece;
    return out;
}

Message parsed(std::string_view bytes, const ParseOptions& options = {}) {
    message_library_init();
    return parse(bytes, options);
}

/// Everything of a message that is text is valid UTF-8.
void require_valid(const Message& m) {
    REQUIRE(is_valid_utf8(m.subject + m.message_id + m.user_agent + m.boundary + m.mime_tree +
                          m.html_skeleton));
    for (const auto* list : {&m.from, &m.to, &m.cc, &m.reply_to})
        for (const Mailbox& box : *list)
            REQUIRE(is_valid_utf8(box.display_name + box.local_part + box.domain));
    for (const TextLine& line : m.lines) REQUIRE(is_valid_utf8(line.text));
    for (const Link& link : m.links)
        REQUIRE(is_valid_utf8(link.url + link.host + link.path + link.query + link.tenant +
                              link.userinfo + link.visible_text));
    for (const Part& part : m.parts)
        REQUIRE(is_valid_utf8(part.media_type + part.charset + part.encoding + part.disposition +
                              part.filename + part.detected_type));
    for (const ReceivedHop& hop : m.received)
        REQUIRE(is_valid_utf8(hop.from_helo + hop.from_rdns + hop.by + hop.with));
}

}  // namespace

TEST_CASE("an ordinary mail is read whole") {
    const Message m =
        MessageBuilder()
            .add("Reply-To", "desk@partner.example")
            .add("Cc", "c@x.example, d@x.example")
            .add("Sender", "Office <office@partner.example>")
            .add("In-Reply-To", "<0@site.example>")
            .add("References", "<a@site.example>\n <0@site.example>")
            .add("User-Agent", "Mailer 1.2")
            .add("X-Mailer", "Other")
            .add("List-Unsubscribe", "<https://list.example/u>, <mailto:u@list.example>")
            .message();
    REQUIRE(m.from.size() == 1);
    CHECK(m.from[0].address() == "anna@partner.example");
    CHECK(m.from[0].display_name == "Anna Berg");
    CHECK(m.to[0].address() == "ben@site.example");
    CHECK(m.reply_to[0].address() == "desk@partner.example");
    CHECK(m.cc.size() == 2);
    CHECK(m.sender->display_name == "Office");
    CHECK(m.subject == "Minutes");
    CHECK(m.message_id == "1@partner.example");
    CHECK(m.in_reply_to == std::vector<std::string>{"0@site.example"});
    CHECK(m.references == std::vector<std::string>{"a@site.example", "0@site.example"});
    CHECK(iso8601(*m.date) == "2026-03-02T08:15:00Z");
    CHECK(m.date_utc_offset_minutes == 60);
    CHECK(m.user_agent == "Mailer 1.2");
    REQUIRE(m.links.size() == 2);
    CHECK(m.links[0].place == LinkPlace::Header);
    CHECK(m.defects.empty());
}

TEST_CASE("line ends make no difference") {
    const MessageBuilder builder = MessageBuilder().parts(
        "mixed", {"Content-Type: text/plain\n\na\nb\n", "Content-Type: text/html\n\n<p>c\n"});
    const Message lf = MessageBuilder(builder).message();
    const Message crlf = MessageBuilder(builder).crlf().message();
    CHECK(lf.lines.size() == crlf.lines.size());
    CHECK(lf.own_text() == crlf.own_text());
    CHECK(lf.mime_tree == crlf.mime_tree);
    CHECK(lf.subject == crlf.subject);
}

TEST_CASE("no bytes, and bytes that are no mail, give a message") {
    for (const std::string& bytes :
         {std::string(), std::string("\n"), std::string("\r\n\r\n"), std::string("x"),
          std::string("\0\0\0", 3), std::string(" \n \n"), std::string("From "),
          std::string(":::\n:\n")}) {
        const Message m = parsed(bytes);
        CHECK(m.has(Defect::NoFrom));
        CHECK(m.raw_bytes == bytes.size());
    }
}

TEST_CASE("PARSE-05: every From field is read, and more than one is noted") {
    const Message two = MessageBuilder().add("From", "ceo@corp.example").message();
    REQUIRE(two.from.size() == 2);
    CHECK(two.from[1].address() == "ceo@corp.example");
    CHECK(two.has(Defect::ManyFrom));
    CHECK(two.has(Defect::DuplicateHeader));
    CHECK(MessageBuilder().from("a@x.example, b@y.example").message().has(Defect::ManyFrom));
}

TEST_CASE("PARSE-07 and PARSE-08: without a usable From the rest is still read") {
    const auto field = GENERATE(values<std::string>(
        {"", "nobody", "<>", "=?utf-8?q?ceo=40corp.example?=", "\"a@b.example\""}));
    INFO(field);
    const Message m = MessageBuilder().from(field).body("https://a.example/\n").message();
    CHECK(m.has(Defect::NoFrom));
    CHECK(m.subject == "Minutes");
    CHECK(m.links.size() == 1);
    CHECK(MessageBuilder().remove("From").message().has(Defect::NoFrom));
}

TEST_CASE("PARSE-18: a subject of adjacent encoded words is whole") {
    CHECK(
        MessageBuilder().subject("=?utf-8?B?SGVsbG8?=\n =?utf-8?B?IHdvcmxk?=").message().subject ==
        "Hello world");
}

TEST_CASE("SEC-06: only results of trusted servers are kept") {
    ParseOptions options;
    options.trusted_authserv_ids = {"mx.site.example"};
    const MessageBuilder builder =
        MessageBuilder()
            .add("Authentication-Results", "evil.example; dmarc=pass header.from=partner.example")
            .add("Authentication-Results",
                 "mx.site.example; dmarc=fail header.from=partner.example");
    const Message m = builder.message(options);
    CHECK(m.auth_results_present);
    REQUIRE(m.auth_results.size() == 1);
    CHECK(m.auth_results[0].result == "fail");
    CHECK_FALSE(builder.message().auth_results_present);
}

TEST_CASE("SEC-06: of a server's results of a method only those of its topmost field count") {
    struct Row {
        std::vector<std::string> fields;
        std::vector<std::string> kept;
    };
    const auto row = GENERATE(values<Row>({
        {{"mx.site.example; dmarc=fail header.from=a.example",
          "mx.site.example; dmarc=pass header.from=a.example; spf=pass smtp.mailfrom=a.example"},
         {"dmarc=fail", "spf=pass"}},
        {{"MX.Site.Example 1; dkim=fail header.d=a.example; dkim=pass header.d=b.example",
          "mx.site.example; dkim=pass header.d=a.example"},
         {"dkim=fail", "dkim=pass"}},
        // What cannot be read tells of no method.
        {{"mx.site.example; dmarc", "mx.site.example; dmarc=fail header.from=a.example"},
         {"dmarc=fail"}},
        // Servers of one site speak each for themselves: the inner one sees the outer as client.
        {{"inner.site.example; spf=fail smtp.mailfrom=a.example",
          "mx.site.example; spf=pass smtp.mailfrom=a.example"},
         {"spf=fail", "spf=pass"}},
        {{"other.example; dmarc=fail header.from=a.example",
          "mx.site.example; dmarc=pass header.from=a.example"},
         {"dmarc=pass"}},
    }));
    ParseOptions options;
    options.trusted_authserv_ids = {"mx.site.example", "inner.site.example"};
    MessageBuilder builder;
    for (const std::string& field : row.fields) builder.add("Authentication-Results", field);
    std::vector<std::string> kept;
    for (const AuthResult& r : builder.message(options).auth_results)
        kept.push_back(r.method + "=" + r.result);
    CHECK(kept == row.kept);
}

TEST_CASE("authentication results are kept up to 256, whatever the number of fields") {
    ParseOptions options;
    options.trusted_authserv_ids = {"mx.site.example"};
    MessageBuilder builder;
    for (int i = 0; i < 257; ++i)
        builder.add("Authentication-Results", "mx.site.example; m" + std::to_string(i) + "=pass");
    const Message m = builder.message(options);
    REQUIRE(m.auth_results.size() == 256);
    CHECK(m.auth_results.back().method == "m255");
}

TEST_CASE("references keep the first and the newest, at the limit and one above") {
    ParseOptions options;
    options.max_references = 3;
    CHECK(MessageBuilder().add("References", "<1@x> <2@x> <3@x>").message(options).references ==
          std::vector<std::string>{"1@x", "2@x", "3@x"});
    CHECK(
        MessageBuilder().add("References", "<1@x> <2@x> <3@x> <4@x>").message(options).references ==
        std::vector<std::string>{"1@x", "3@x", "4@x"});
}

TEST_CASE("the bound on addresses holds over all fields of a name") {
    ParseOptions options;
    options.max_addresses = 2;
    CHECK_FALSE(
        MessageBuilder().to("a@x.example, b@x.example").message(options).has(Defect::AddressesCut));
    const Message m =
        MessageBuilder().to("a@x.example, b@x.example").add("To", "c@x.example").message(options);
    CHECK(m.has(Defect::AddressesCut));
    CHECK(m.to.size() == 2);
}

TEST_CASE("the bound on parts holds at the limit and cuts one above") {
    ParseOptions options;
    options.max_parts = 2;
    const std::string part = "Content-Type: application/x-a\n\nx\n";
    const Message fits = MessageBuilder().parts("mixed", {part, part}).message(options);
    CHECK(fits.parts.size() == 2);
    CHECK_FALSE(fits.has(Defect::PartsCut));
    const Message cut = MessageBuilder().parts("mixed", {part, part, part}).message(options);
    CHECK(cut.parts.size() == 2);
    CHECK(cut.has(Defect::PartsCut));
}

TEST_CASE("the bound on depth holds at the limit and cuts one above") {
    ParseOptions options;
    options.max_depth = 3;
    const auto nested = [&](int levels) {
        std::string body = "Content-Type: text/plain\n\ndeep\n";
        for (int i = levels; i > 1; --i) {
            const std::string b = "b" + std::to_string(i);
            std::string outer = "Content-Type: multipart/mixed; boundary=";
            outer.append(b).append("\n\n--").append(b).append("\n").append(body);
            body = outer.append("--").append(b).append("--\n");
        }
        return MessageBuilder().parts("mixed", {body}).message(options);
    };
    CHECK(nested(3).own_text() == "deep");
    CHECK_FALSE(nested(3).has(Defect::DepthCut));
    CHECK(nested(4).own_text().empty());
    CHECK(nested(4).has(Defect::DepthCut));
}

TEST_CASE("the bound on the body holds at the limit and cuts one above") {
    ParseOptions options;
    options.max_body_bytes = 6;
    CHECK_FALSE(MessageBuilder().body("12345\n").message(options).has(Defect::BodyCut));
    const Message m = MessageBuilder().body("1234567\n").message(options);
    CHECK(m.has(Defect::BodyCut));
    CHECK(m.own_text() == "123456");
}

TEST_CASE("the bounds on text of many parts hold together") {
    ParseOptions options;
    options.max_lines = 3;
    const std::string part = "Content-Type: text/plain\n\n1\n2\n";
    CHECK(MessageBuilder().parts("mixed", {part, part}).message(options).lines.size() == 3);
    CHECK(MessageBuilder().parts("mixed", {part, part}).message(options).has(Defect::TextCut));
    options = {};
    options.max_links = 2;
    const Message m = MessageBuilder().body(repeated("https://a.example/\n", 3)).message(options);
    CHECK(m.links.size() == 2);
    CHECK(m.has(Defect::LinksCut));
    CHECK_FALSE(MessageBuilder()
                    .body(repeated("https://a.example/\n", 2))
                    .message(options)
                    .has(Defect::LinksCut));
}

TEST_CASE("a file is read as memory is, wherever the message stands in it") {
    const std::string raw = MessageBuilder()
                                .parts("mixed", {"Content-Type: text/plain\n\nbody\n",
                                                 "Content-Type: application/pdf\n\n%PDF-1.7\n"})
                                .raw();
    const test::TempDir dir;
    const UniqueFd fd(::open(dir.write("box", "before" + raw + "after").c_str(), O_RDONLY));
    message_library_init();
    const Message file = parse(MessageBytes{{}, fd.get(), 6, raw.size()}, {});
    const Message memory = parsed(raw);
    CHECK(file.raw_bytes == raw.size());
    CHECK(file.own_text() == memory.own_text());
    CHECK(file.parts.size() == memory.parts.size());
    CHECK(file.defects == memory.defects);
}

TEST_CASE("the body of a file is found behind a header longer than what is kept") {
    ParseOptions options;
    options.max_header_bytes = 100;
    options.max_body_bytes = 50;
    const std::string raw =
        "From: a@x.example\nX-Junk: " + std::string(600000, 'j') + "\nX-B: 1\n\nthe body\n";
    const test::TempDir dir;
    const UniqueFd fd(::open(dir.write("m", raw).c_str(), O_RDONLY));
    message_library_init();
    const Message m = parse(MessageBytes{{}, fd.get(), 0, raw.size()}, options);
    CHECK(m.has(Defect::HeadersCut));
    CHECK(m.own_text() == "the body");
    CHECK(m.raw_bytes == raw.size());
}

TEST_CASE("a file that is shorter than said, or no file, gives what is there") {
    const test::TempDir dir;
    const UniqueFd fd(::open(dir.write("m", "From: a@x.example\n\nbody").c_str(), O_RDONLY));
    message_library_init();
    CHECK(parse(MessageBytes{{}, fd.get(), 0, 1000}, {}).own_text() == "body");
    CHECK(parse(MessageBytes{{}, 987654, 0, 1000}, {}).has(Defect::NoFrom));
}

TEST_CASE("PARSE-37: a million empty parts take bounded memory") {
    const std::string raw = "From: a@x.example\nContent-Type: multipart/mixed; boundary=a\n\n" +
                            repeated("--a\nx:y\n\n", 1000000);
    const auto grown = test::peak_growth_mb([&] {
        const Message m = parsed(raw);
        return m.has(Defect::BodyCut) && m.has(Defect::PartsCut) &&
               m.parts.size() == ParseOptions{}.max_parts;
    });
    REQUIRE(grown);
    CHECK(*grown < 64);
}

TEST_CASE("PARSE-32: half a million header fields and one of 20 MB take bounded memory") {
    const std::string many = repeated("X-A: 1\n", 500000) + "From: a@x.example\n\nbody\n";
    const std::string one =
        "From: a@x.example\nX-A: " + std::string(20U << 20U, 'x') + "\n\nbody\n";
    const std::string parts =
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=a\n\n--a\n" +
        repeated("x:y\n", 500000);
    const Message m = parsed(many);
    CHECK(m.has(Defect::HeadersCut));
    CHECK(m.headers.size() == ParseOptions{}.max_headers + 1);
    CHECK(m.from.size() == 1);
    CHECK(m.own_text() == "body");
    const Message long_field = parsed(one);
    CHECK(long_field.has(Defect::HeadersCut));
    CHECK(long_field.own_text() == "body");
    CHECK(parsed(parts).has(Defect::HeadersCut));
    for (const std::string* raw : {&many, &one, &parts}) {
        const auto grown = test::peak_growth_mb([&] { return parsed(*raw).raw_bytes > 0; });
        REQUIRE(grown);
        CHECK(*grown < 64);
    }
}

TEST_CASE("deep nesting and endless enclosure are cut in time") {
    std::string deep;
    for (int i = 0; i < 20000; ++i) {
        const std::string b = "b" + std::to_string(i);
        deep.append("Content-Type: multipart/mixed; boundary=").append(b);
        deep.append("\n\n--").append(b).append("\n");
    }
    CHECK(parsed("From: a@x.example\n" + deep).parts.size() <= 1);
    const Message m =
        parsed("From: a@x.example\n" + repeated("Content-Type: message/rfc822\n\n", 20000));
    CHECK((m.has(Defect::DepthCut) || m.has(Defect::HeadersCut)));
}

TEST_CASE("mutated mail never breaks the parser, and all its text is valid") {
    const std::vector<std::string> seeds{
        MessageBuilder()
            .parts("mixed",
                   {"Content-Type: text/plain; format=flowed\n\na \nb https://a.example/\n",
                    "Content-Type: text/html\nContent-Transfer-Encoding: "
                    "quoted-printable\n\n<p>=C3=A4<a href=3D\"http://b.example\">x</a>\n",
                    "Content-Type: application/zip; "
                    "name*=utf-8''%C3%A4\nContent-Transfer-Encoding: base64\n\nUEsDBBQAAQA=\n"})
            .add("Received",
                 "from a (b [192.0.2.1]) by c with ESMTP; Mon, 02 Mar 2026 09:15:00 +0100")
            .add("DKIM-Signature", "v=1; d=a.example; s=s; h=from")
            .raw(),
        MessageBuilder()
            .from("=?utf-8?B?w6Q=?= \"a\\\"b\" <a@x.example>, G: b@y.example;")
            .type("text/plain; charset=iso-2022-jp")
            .body("\x1B$B$\"\x1B(B\n> q\nOn 1, A wrote:\n")
            .raw()};
    const auto seed = GENERATE(range(1, 5));
    std::mt19937 random(static_cast<unsigned>(seed));
    for (int i = 0; i < 250; ++i) {
        std::string bytes = seeds[random() % seeds.size()];
        for (unsigned k = 1 + random() % 8; k > 0; --k) {
            const std::size_t at = random() % bytes.size();
            switch (random() % 3) {
                case 0:
                    bytes[at] = static_cast<char>(random());
                    break;
                case 1:
                    bytes.erase(at, 1 + random() % 4);
                    break;
                default:
                    bytes.insert(at, bytes.substr(random() % bytes.size(), 1 + random() % 40));
                    break;
            }
            if (bytes.empty()) bytes = "x";
        }
        INFO("seed " << seed << " round " << i);
        require_valid(parsed(bytes));
    }
}

TEST_CASE("threads parse side by side with the same result") {
    message_library_init();
    const std::string raw =
        MessageBuilder()
            .parts("alternative",
                   {"Content-Type: text/plain; charset=koi8-r\n\n\xC1\xC2 https://b\xC3\xBC"
                    "cher.example/\n",
                    "Content-Type: text/html\n\n<p>x\n",
                    "Content-Type: application/pdf\n\n%PDF-1.7\n"})
            .raw();
    const Message expected = parse(raw, {});
    std::vector<std::thread> threads;
    std::vector<int> wrong(4, 0);
    for (std::size_t t = 0; t < wrong.size(); ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 50; ++i) {
                const Message m = parse(raw, {});
                if (m.own_text() != expected.own_text() || m.parts.size() != 3 ||
                    m.parts[2].detected_type != expected.parts[2].detected_type)
                    ++wrong[t];
            }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(4, 0));
    CHECK(expected.parts[2].detected_type == "application/pdf");
}
