// SPDX-License-Identifier: Apache-2.0
#include "engine/message/body.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/message_builder.hpp"

using namespace kith;
using namespace kith::mail;
using test::MessageBuilder;

namespace {

std::string text_of(const Message& message) {
    std::string out;
    for (const TextLine& line : message.lines) out += line.text + "|";
    return out;
}
std::string types_of(const Message& message) {
    std::string out;
    for (const Part& part : message.parts)
        out += part.media_type + (part.is_attachment ? "* " : " ");
    return out;
}

}  // namespace

TEST_CASE("a plain mail has one part and its lines") {
    const Message m = MessageBuilder().body("one\ntwo\n").message();
    CHECK(text_of(m) == "one|two|");
    CHECK(types_of(m) == "text/plain ");
    CHECK(m.mime_tree == "text/plain");
    CHECK(m.parts[0].charset == "utf-8");
    CHECK_FALSE(m.text_from_html);
    CHECK(m.defects.empty());
}

TEST_CASE("alternatives give the plain text, and the links of both") {
    const Message m =
        MessageBuilder()
            .parts(
                "alternative",
                {"Content-Type: text/plain\n\nplain https://a.example/\n",
                 "Content-Type: text/html\n\n<p class=x>rich <a href=https://b.example/>b</a>\n"})
            .message();
    CHECK(text_of(m) == "plain https://a.example/|");
    CHECK(m.mime_tree == "alternative(text/plain,text/html)");
    CHECK(m.boundary == "b");
    CHECK(m.html_skeleton == "body p.x");
    REQUIRE(m.links.size() == 2);
    CHECK(m.links[0].host == "a.example");
    CHECK(m.links[1].host == "b.example");
}

TEST_CASE("an empty plain part does not hide the text of HTML") {
    const Message m = MessageBuilder()
                          .parts("alternative", {"Content-Type: text/plain\n\n \n\n",
                                                 "Content-Type: text/html\n\n<p>rich\n"})
                          .message();
    CHECK(text_of(m) == "rich|");
    CHECK(m.text_from_html);
}

TEST_CASE("attachments are told from the body") {
    const Message m =
        MessageBuilder()
            .parts("mixed", {"Content-Type: text/plain\n\nbody\n",
                             "Content-Type: text/plain\nContent-Disposition: attachment; "
                             "filename=a.txt\n\nnot body\n",
                             "Content-Type: application/pdf; "
                             "name=x.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjcK\n",
                             "Content-Type: text/plain\n\nfooter\n"})
            .message();
    CHECK(text_of(m) == "body|footer|");
    CHECK(types_of(m) == "text/plain text/plain* application/pdf* text/plain ");
    CHECK(m.parts[1].filename == "a.txt");
    CHECK(m.parts[2].filename == "x.pdf");
    CHECK(m.parts[2].detected_type == "application/pdf");
    CHECK(m.parts[2].decoded_bytes == 9);
    CHECK(m.parts[2].depth == 1);
}

TEST_CASE("only the root of a related part is read") {
    const Message m = MessageBuilder()
                          .parts("related", {"Content-Type: text/html\n\n<p>root\n",
                                             "Content-Type: text/html\n\n<p>other\n"})
                          .message();
    CHECK(text_of(m) == "root|");
    CHECK(types_of(m) == "text/html text/html* ");
}

TEST_CASE("an enclosed message is an attachment whose links count as quoted") {
    const Message m =
        MessageBuilder()
            .parts("mixed", {"Content-Type: text/plain\n\nsee below\n",
                             "Content-Type: message/rfc822\n\nFrom: x@y.example\nContent-Type: "
                             "text/plain\n\nold https://a.example/\n"})
            .message();
    CHECK(text_of(m) == "see below|");
    CHECK(m.mime_tree == "mixed(text/plain,message/rfc822(text/plain))");
    REQUIRE(m.links.size() == 1);
    CHECK(m.links[0].quoted);
    CHECK(m.parts[1].is_attachment);
    CHECK(m.from.size() == 1);  // its fields are not the message's
}

TEST_CASE("links in quoted lines are marked") {
    const Message m = MessageBuilder().body("https://a.example/\n> https://b.example/\n").message();
    REQUIRE(m.links.size() == 2);
    CHECK_FALSE(m.links[0].quoted);
    CHECK(m.links[0].place == LinkPlace::TextAlone);
    CHECK(m.links[1].quoted);
}

TEST_CASE("links of HTML below a copied header are marked") {
    const Message m = MessageBuilder()
                          .html(
                              "<p><a href=https://a.example/>new</a><p>From: A<br>Sent: x<br>To: "
                              "B<p><a href=https://b.example/>old</a>")
                          .message();
    REQUIRE(m.links.size() == 2);
    CHECK_FALSE(m.links[0].quoted);
    CHECK(m.links[1].quoted);
}

TEST_CASE("PARSE-11: with two Content-Type fields the reading by either is seen") {
    const std::string body =
        "--b\nContent-Type: text/html\n\n<a href=https://a.example/>x</a>\n--b--\n";
    const auto both = [&](std::string_view first, std::string_view second) {
        return MessageBuilder().type(first).add("Content-Type", second).body(body).message();
    };
    for (const Message& m : {both("multipart/mixed; boundary=b", "text/plain"),
                             both("text/plain", "multipart/mixed; boundary=b")}) {
        CHECK(m.has(Defect::DuplicateHeader));
        REQUIRE_FALSE(m.links.empty());
        CHECK(m.links.back().host == "a.example");
        CHECK(types_of(m).find("text/html") != std::string::npos);
        CHECK(types_of(m).find("text/plain") != std::string::npos);
    }
}

TEST_CASE("PARSE-12: a body whose boundary is never used reads as text") {
    const Message m = MessageBuilder()
                          .type("multipart/mixed; boundary=other")
                          .body("--b\n\nhello https://a.example/\n")
                          .message();
    CHECK(m.has(Defect::MissingBoundary));
    CHECK(text_of(m).find("hello") != std::string::npos);
    CHECK(m.links.size() == 1);
    const Message none = MessageBuilder().type("multipart/mixed").body("hello\n").message();
    CHECK(none.has(Defect::MissingBoundary));
    CHECK(text_of(none) == "hello|");
}

TEST_CASE("PARSE-12: so does a part of a multipart") {
    const Message m =
        MessageBuilder()
            .parts("mixed", {"Content-Type: multipart/alternative; boundary=zz\n\nhello\n",
                             "Content-Type: text/plain\n\nmore\n"})
            .message();
    CHECK(m.has(Defect::MissingBoundary));
    CHECK(text_of(m) == "hello|more|");
}

TEST_CASE("PARSE-17: base64 after padding reaches text and is noted") {
    const Message m = MessageBuilder().encoding("base64").body("VklS==VVMhIQ==\n").message();
    CHECK(text_of(m) == "VIRUS!!|");
    CHECK(m.has(Defect::InvalidBase64));
}

TEST_CASE("PARSE-19: a long parameter name without a boundary stops nothing") {
    std::string name;
    for (int i = 0; i < 200; ++i) name += "\xC3\xA4";
    const Message m =
        MessageBuilder().type("multipart/mixed; " + name + "=x").body("hello\n").message();
    CHECK(text_of(m) == "hello|");
}

TEST_CASE("PARSE-22: the line end before a delimiter belongs to it") {
    const Message m = MessageBuilder()
                          .parts("mixed", {"Content-Type: application/x-a\n\nabc",
                                           "Content-Type: application/x-b\n\nabc\n"})
                          .crlf()
                          .message();
    REQUIRE(m.parts.size() == 2);
    CHECK(m.parts[0].decoded_bytes == 3);
    CHECK(m.parts[1].decoded_bytes == 5);
}

TEST_CASE("PARSE-36: a link in half-encoded quoted-printable HTML is seen") {
    const Message m = MessageBuilder()
                          .html("<a href=\"http://a.example/x\">t=\nt</a>\n")
                          .encoding("quoted-printable")
                          .message();
    REQUIRE(m.links.size() == 1);
    CHECK(m.links[0].host == "a.example");
    CHECK(m.links[0].visible_text == "tt");
}

TEST_CASE("PARSE-40: text without a subtype is text") {
    const Message m = MessageBuilder().type("text; charset=utf-8").body("hello\n").message();
    CHECK(text_of(m) == "hello|");
}

TEST_CASE("a duplicate Content-Type of a part is read as the text it may be shown as") {
    const Message m = MessageBuilder()
                          .parts("mixed", {"Content-Type: application/x-a\nContent-Type: "
                                           "text/html\n\n<a href=https://a.example/>x</a>\n"})
                          .message();
    CHECK(m.has(Defect::DuplicateHeader));
    CHECK(m.links.size() == 1);
}

TEST_CASE("format=flowed paragraphs are joined") {
    CHECK(text_of(MessageBuilder().type("text/plain; format=flowed").body("a \nb\n").message()) ==
          "a b|");
    CHECK(text_of(MessageBuilder()
                      .type("text/plain; format=flowed; delsp=yes")
                      .body("a \nb\n")
                      .message()) == "ab|");
}

TEST_CASE("charsets that lie or are unknown are noted and give valid text") {
    CHECK(MessageBuilder().body("\xE4\n").message().has(Defect::InvalidCharset));
    CHECK(MessageBuilder()
              .type("text/plain; charset=no-such")
              .body("x\n")
              .message()
              .has(Defect::InvalidCharset));
    CHECK(text_of(MessageBuilder().remove("Content-Type").body("\xE4\n").message()) == "\xC3\xA4|");
    CHECK(MessageBuilder().body(std::string("a\0b\n", 4)).message().has(Defect::NulBytes));
}

TEST_CASE("text that is almost all encoding is out of proportion") {
    std::string soft;
    for (int i = 0; i < 2000; ++i) soft += "=\n";
    CHECK(MessageBuilder()
              .encoding("quoted-printable")
              .body(soft + "x")
              .message()
              .has(Defect::DecodeRatio));
    std::string honest;
    for (int i = 0; i < 2000; ++i) honest += "=C3=A4";
    CHECK_FALSE(MessageBuilder()
                    .encoding("quoted-printable")
                    .body(honest)
                    .message()
                    .has(Defect::DecodeRatio));
}

TEST_CASE("encryption is seen in every form it comes in") {
    CHECK(MessageBuilder().body("-----BEGIN PGP MESSAGE-----\n\nx\n").message().parts[0].encrypted);
    const Message pgp =
        MessageBuilder()
            .type("multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b")
            .body(
                "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: "
                "application/octet-stream\n\nx\n--b--\n")
            .message();
    CHECK(pgp.parts.back().encrypted);
    CHECK(MessageBuilder()
              .type("application/pkcs7-mime; smime-type=enveloped-data")
              .body("x")
              .message()
              .parts[0]
              .encrypted);
    CHECK_FALSE(MessageBuilder()
                    .type("application/pkcs7-mime; smime-type=signed-data")
                    .body("x")
                    .message()
                    .parts[0]
                    .encrypted);
}

TEST_CASE("a boundary's style is what its program makes of chance") {
    struct Row {
        std::string boundary, style;
    };
    const auto row = GENERATE(values<Row>({
        {"----=_NextPart_000_0012_01D5C2F3.8A0B7C10", "----=_NextPart_9_9_x.x"},
        {"Apple-Mail=_0B1C2D3E-1234-4AAA-8BBB-CCCCDDDDEEEE", "Apple-Mail=_x-9-x-x-CCCCDDDDEEEE"},
        {"000000000000a1b2c3059f", "x"},
        {"TB36FDmn/VVEgNH/", "x"},
        {"=_boundary", "=_boundary"},
        {"", ""},
    }));
    CHECK(boundary_style(row.boundary) == row.style);
    CHECK(boundary_style(std::string(1000, '-')).size() == 64);
}

namespace {

std::string pdf_part(const std::string& content = "%PDF-1.4 x") {
    return "Content-Type: application/pdf; name=a.pdf\n\n" + content + "\n";
}
std::string text_part(const std::string& type, const std::string& content) {
    return "Content-Type: " + type + "; name=a\nContent-Disposition: attachment\n\n" + content +
           "\n";
}

}  // namespace

TEST_CASE("documents are kept for others only where they are wanted") {
    const std::string pdf = pdf_part();
    MessageBuilder mail;
    mail.parts("mixed", {"Content-Type: text/plain\n\nhello\n", pdf});
    CHECK(mail.message().documents.empty());
    ParseOptions options;
    options.max_documents = 4;
    const Message m = mail.message(options);
    REQUIRE(m.documents.size() == 1);
    CHECK(m.documents[0].kind == DocumentKind::Pdf);
    CHECK(m.documents[0].bytes.starts_with("%PDF-1.4 x"));
}

TEST_CASE("documents: as many and as large as allowed, and one more") {
    const std::string pdf = pdf_part();
    MessageBuilder mail;
    mail.parts("mixed", {pdf, pdf, pdf});
    ParseOptions options;
    options.max_documents = 3;
    CHECK(mail.message(options).documents.size() == 3);
    options.max_documents = 2;
    CHECK(mail.message(options).documents.size() == 2);
    options.max_document_bytes = mail.message(options).documents[0].bytes.size();
    CHECK(mail.message(options).documents.size() == 2);
    --options.max_document_bytes;
    CHECK(mail.message(options).documents.empty());
}

TEST_CASE("attached text files are read for facts and never as the sender's text") {
    const std::string type = GENERATE("text/plain", "text/csv", "text/html", "text/vcard",
                                      "text/x-vcard", "text/calendar");
    CAPTURE(type);
    const std::string part = text_part(type, "IBAN DE89");
    const Message m =
        MessageBuilder().parts("mixed", {"Content-Type: text/plain\n\nhello\n", part}).message();
    CHECK(m.attached_text.starts_with("IBAN DE89\n"));
    CHECK(text_of(m) == "hello|");
    CHECK(m.defects.empty());
}

TEST_CASE("attached text: other types are not read, nor what is beyond the bound") {
    const std::string other = text_part("text/x-python", "IBAN DE89");
    CHECK(MessageBuilder().parts("mixed", {other}).message().attached_text.empty());
    const std::string ten = text_part("text/plain", "0123456789");
    MessageBuilder mail;
    mail.parts("mixed", {ten, ten});
    ParseOptions options;
    options.max_attached_text_bytes = 11;
    CHECK(mail.message(options).attached_text == "0123456789\n");
    options.max_attached_text_bytes = 10;
    CHECK(mail.message(options).attached_text == "012345678\n");
    options.max_attached_text_bytes = 0;
    CHECK(mail.message(options).attached_text.empty());
}
