// SPDX-License-Identifier: Apache-2.0
// Bounds that are constants of one reader, at the limit and one above; those of ParseOptions are
// tested beside what they bound.
#include <string>
#include <vector>

#include "engine/message/attachments.hpp"
#include "engine/message/auth_results.hpp"
#include "engine/message/charset.hpp"
#include "engine/message/content_type.hpp"
#include "engine/message/date.hpp"
#include "engine/message/domain.hpp"
#include "engine/message/html.hpp"
#include "engine/message/links.hpp"
#include "engine/message/mime_budget.hpp"
#include "engine/message/rfc2047.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hostile_mail.hpp"
#include "tests/support/message_builder.hpp"

using namespace kith;
using namespace kith::mail;
using test::MessageBuilder;
using test::repeated;

namespace {

TEST_CASE("the body: as many bytes as may be read, and one more") {
    ParseOptions options;
    options.max_body_bytes = 6;
    const Message fits = MessageBuilder().body("123456").message(options);
    CHECK_FALSE(fits.has(Defect::BodyCut));
    CHECK(fits.own_text() == "123456");
    const Message cut = MessageBuilder().body("1234567").message(options);
    CHECK(cut.has(Defect::BodyCut));
    CHECK(cut.own_text() == "123456");
}

TEST_CASE("text of all parts together: as many bytes as are kept, and one more") {
    ParseOptions options;
    options.max_text_bytes = 10;
    const std::string five = "Content-Type: text/plain\n\n12345\n",
                      six = "Content-Type: text/plain\n\n123456\n";
    const Message fits = MessageBuilder().parts("mixed", {five, five}).message(options);
    CHECK_FALSE(fits.has(Defect::TextCut));
    CHECK(fits.lines.size() == 2);
    const Message cut = MessageBuilder().parts("mixed", {five, six}).message(options);
    CHECK(cut.has(Defect::TextCut));
    CHECK(cut.lines.size() == 1);
}

TEST_CASE("text that shrinks to an eighth in decoding is in proportion, one byte less is not") {
    // 1,024 bytes: as many encoded characters, the rest soft line breaks ("=\n").
    const auto mail = [](std::size_t encoded) {
        const std::string text = repeated("=41", encoded);
        return MessageBuilder()
            .encoding("quoted-printable")
            .body(text + repeated("=\n", (1024 - text.size()) / 2) +
                  (text.size() % 2 == 1 ? "A" : ""))
            .message();
    };
    // 128 characters are 384 bytes; 127 are 381, and the odd byte left over is the 128th.
    CHECK_FALSE(mail(128).has(Defect::DecodeRatio));
    CHECK_FALSE(mail(127).has(Defect::DecodeRatio));
    CHECK(mail(126).has(Defect::DecodeRatio));
}

TEST_CASE("text shorter than 1,024 bytes has any proportion") {
    const auto mail = [](std::size_t bytes) {
        return MessageBuilder()
            .encoding("quoted-printable")
            .body(repeated("=\n", bytes / 2))
            .message();
    };
    CHECK_FALSE(mail(1022).has(Defect::DecodeRatio));
    CHECK(mail(1024).has(Defect::DecodeRatio));
}

TEST_CASE("hops, signatures, results, Message-ID and subject: as much as is kept, and one more") {
    const auto with = [](std::string_view name, std::string_view value, int times) {
        MessageBuilder mail;
        for (int i = 0; i < times; ++i) mail.add(name, value);
        ParseOptions options;
        options.trusted_authserv_ids = {"mx.site.example"};
        return mail.message(options);
    };
    const std::string hop =
        "from a.example by b.example with ESMTP; Mon, 02 Mar 2026 09:15:00 +0100";
    CHECK(with("Received", hop, 100).received.size() == 100);
    CHECK(with("Received", hop, 101).received.size() == 100);
    const std::string signature = "v=1; d=a.example; s=s; h=from";
    CHECK(with("DKIM-Signature", signature, 32).dkim.size() == 32);
    CHECK(with("DKIM-Signature", signature, 33).dkim.size() == 32);
    // Of a method one field tells, with 64 results at most.
    const auto results = [](const std::vector<std::string>& methods) {
        MessageBuilder mail;
        for (const std::string& method : methods)
            mail.add("Authentication-Results",
                     "mx.site.example" + repeated("; " + method + "=pass header.d=a.example", 64));
        ParseOptions options;
        options.trusted_authserv_ids = {"mx.site.example"};
        return mail.message(options).auth_results.size();
    };
    CHECK(results({"spf", "dkim", "dmarc", "arc"}) == 256);
    CHECK(results({"spf", "dkim", "dmarc", "arc", "iprev"}) == 256);
    const auto id = [](std::size_t size) {
        return MessageBuilder().set("Message-ID", "<" + std::string(size, 'i') + ">").message();
    };
    CHECK(id(998).message_id == std::string(998, 'i'));
    CHECK(id(999).message_id == "<" + std::string(997, 'i'));  // no id: the field's beginning
    const std::string subject(std::size_t{16} * 1024, 's');
    CHECK(MessageBuilder().subject(subject).message().subject == subject);
    CHECK(MessageBuilder().subject(subject + "t").message().subject == subject);
}

TEST_CASE("attachments whose type is looked for: as many as allowed, and one more") {
    const std::string part = "--b\nContent-Type: application/pdf\n\n%PDF-1.7\n";
    const auto detected = [&](std::size_t parts) {
        const Message m = MessageBuilder()
                              .type("multipart/mixed; boundary=b")
                              .body(repeated(part, parts) + "--b--\n")
                              .message();
        std::size_t count = 0;
        for (const Part& p : m.parts) count += p.detected_type.empty() ? 0U : 1U;
        return count;
    };
    CHECK(detected(40) == 40);
    CHECK(detected(41) == 40);
}

TEST_CASE("an attachment is probed as far as allowed, and no byte further") {
    const std::string content = "%PDF-1.7 /Encrypt";
    CHECK(inspect_content(content, content.size(), DetectType::No).encrypted);
    // Behind the window the last bytes are looked at, but not the same again.
    CHECK_FALSE(inspect_content(content, content.size() - 1, DetectType::No).encrypted);
}

TEST_CASE("boundaries that are known by name: as many as allowed, and one more") {
    const auto counted = [](int boundaries) {
        std::string body;
        for (int i = 0; i < boundaries; ++i)
            body +=
                "--b\nContent-Type: multipart/mixed; boundary=inner" + std::to_string(i) + "\n\n";
        ParseOptions options;
        options.max_parts = 1000;  // room for the delimiters of the parts themselves
        // Lines of dashes that delimit nothing count once all lines of dashes do.
        return measure_mime(body + repeated("--no-delimiter\n", 3000),
                            "multipart/mixed; boundary=b", options)
            .parts_cut;
    };
    CHECK_FALSE(counted(255));  // and the message's own
    CHECK(counted(256));
}

TEST_CASE("a parameter in sections: as many as allowed, and one more") {
    const auto joined = [](int sections) {
        std::string field = "a";
        for (int i = 0; i < sections; ++i) field += ";f*" + std::to_string(i) + "=x";
        return parse_parameter_field(field).decoded("f").size();
    };
    // The bound on parameters is the same, so the last section of 128 is number 127.
    CHECK(joined(128) == 128);
    CHECK(joined(129) == 128);
    CHECK(parse_parameter_field("a;f*0=x;f*127=y;f*128=z").decoded("f") == "x");
}

TEST_CASE("a date is read as far as allowed, and no byte further") {
    const std::string date = "02 Mar 2026 09:15:00 +0100";
    const auto padded = [&](std::size_t bytes) {
        return parse_date("(" + std::string(bytes - date.size() - 2, 'c') + ")" + date);
    };
    REQUIRE(padded(256));
    CHECK(padded(256)->utc_offset_minutes == 60);
    REQUIRE(padded(257));
    CHECK(padded(257)->utc_offset_minutes != 60);  // "+010"
}

TEST_CASE("names of charsets: as long as allowed, and one byte more") {
    const auto word = [](std::size_t bytes) { return "=?" + std::string(bytes, 'x') + "?q?a?="; };
    CHECK(encoded_word_length(word(64)) == word(64).size());
    CHECK(encoded_word_length(word(65)) == 0);
}

TEST_CASE("the identity of a result: as long as allowed, and one byte more") {
    const auto domain = [](std::size_t bytes) {
        const auto field = parse_auth_results("mx.site.example; spf=pass smtp.mailfrom=" +
                                                  std::string(bytes - 10, 'l') + "@a.example",
                                              {"mx.site.example"});
        return field && !field->results.empty() ? field->results.front().domain : "(no result)";
    };
    CHECK(domain(512) == "a.example");
    CHECK(domain(513) == "(no result)");  // a value that is no name makes it worthless
}

TEST_CASE("a host's name: as long as allowed, and one byte more") {
    const std::string host = repeated("a.", 508) + "example";  // 1,023 bytes
    CHECK(to_ascii_domain(host + "s") == host + "s");
    CHECK(to_ascii_domain(host + "st") == host + "s");
}

TEST_CASE("a link is scanned as far as allowed, and no byte further") {
    const std::size_t most = std::size_t{64} * 1024;
    const std::string url = "https://h.example/" + std::string(most - 20, 'x');  // 2 bytes short
    CHECK(parse_link(url + "yz", most + 2)->url == url + "yz");
    CHECK(parse_link(url + "yzz", most + 2)->url == url + "yz");
}

TEST_CASE("a link's visible text and a line of HTML: as long as allowed, and one byte more") {
    const auto read = [](const std::string& html) {
        DefectSet defects;
        return read_html(html, ParseOptions{}, defects);
    };
    const auto visible = [&](std::size_t bytes) {
        return read("<a href=http://a.example>" + std::string(bytes, 'v') + "</a>")
            .links.at(0)
            .link.visible_text.size();
    };
    // Room for a blank and a character of four bytes is kept.
    CHECK(visible(508) == 508);
    CHECK(visible(509) == 508);
    const std::size_t line = std::size_t{16} * 1024;
    CHECK(read(std::string(line, 'l')).lines.size() == 1);
    CHECK(read(std::string(line + 1, 'l')).lines.size() == 2);
}

TEST_CASE("the shape of the MIME tree is cut, and the rest of the parts still counted") {
    const std::string part = "--b\nContent-Type: application/x-a\n\nx\n";
    const Message m = MessageBuilder()
                          .type("multipart/mixed; boundary=b")
                          .body(repeated(part, 60) + "--b--\n")
                          .message();
    CHECK(m.mime_tree.size() == 256);
    CHECK(m.parts.size() == 60);
}

}  // namespace
