// SPDX-License-Identifier: Apache-2.0
#include "engine/message/attachments.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace kith::mail;
using namespace std::string_literals;

namespace {

/// Local header of one ZIP entry (APPNOTE 4.3.7), stored, with its content.
std::string zip_entry(const std::string& name, const std::string& content, bool encrypted) {
    const auto word = [](std::size_t n) {
        return std::string{static_cast<char>(n & 0xFFU), static_cast<char>(n >> 8U & 0xFFU)};
    };
    const std::string flags = encrypted ? "\x01\x00"s : "\x00\x00"s;
    return "PK\x03\x04\x14\x00"s + flags + std::string(10, '\0') + word(content.size()) + "\0\0"s +
           word(content.size()) + "\0\0"s + word(name.size()) + word(0) + name + content;
}
std::string utf16(const std::string& ascii) {
    std::string out;
    for (const char c : ascii) out += std::string{c, '\0'};
    return out;
}
const std::string kOle = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"s + std::string(504, '\0');

}  // namespace

TEST_CASE("the type is told by content, not by name") {
    CHECK(inspect_content("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n", 65536).detected_type ==
          "application/pdf");
    CHECK(inspect_content("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0"s, 65536)
              .detected_type == "image/png");
    // libmagic wants the central directory and its end too.
    const std::string entry = zip_entry("a.txt", "hello", false);
    const std::string directory = "PK\x01\x02\x14\x03\x14\x00"s + std::string(20, '\0') +
                                  "\x05\x00"s + std::string(16, '\0') + "a.txt";
    const std::string end = "PK\x05\x06\0\0\0\0\x01\0\x01\0"s + std::string(10, '\0');
    CHECK(inspect_content(entry + directory + end, 65536).detected_type == "application/zip");
    CHECK(inspect_content("", 65536).detected_type.empty());
    CHECK(inspect_content("%PDF-1.7\n", 65536, DetectType::No).detected_type.empty());
}

TEST_CASE("an encrypted ZIP is known, an open one is not taken for one") {
    CHECK(inspect_content(zip_entry("a", "x", false) + zip_entry("b", "y", true), 65536).encrypted);
    CHECK_FALSE(inspect_content(zip_entry("a", "x", false), 65536).encrypted);
    CHECK_FALSE(
        inspect_content("text PK\x03\x04\x14\x00\x01\x00"s, 65536).encrypted);  // no ZIP at all
    CHECK_FALSE(inspect_content("PK\x03\x04\x14"s, 65536).encrypted);           // cut short
}

TEST_CASE("macros are known in both Office formats") {
    CHECK(inspect_content(zip_entry("word/vbaProject.bin", "x", false), 65536).has_macros);
    CHECK_FALSE(inspect_content(zip_entry("word/document.xml", "x", false), 65536).has_macros);
    CHECK(inspect_content(kOle + utf16("_VBA_PROJECT"), 65536).has_macros);
    CHECK_FALSE(inspect_content(kOle, 65536).has_macros);
}

TEST_CASE("encrypted documents are known") {
    CHECK(inspect_content(kOle + utf16("EncryptedPackage"), 65536).encrypted);
    CHECK(inspect_content("%PDF-1.7\ntrailer << /Encrypt 5 0 R >>", 65536).encrypted);
    CHECK_FALSE(inspect_content("%PDF-1.7\ntrailer << /Root 5 0 R >>", 65536).encrypted);
    CHECK(inspect_content("Rar!\x1A\x07\x00\x00\x00\x73\x80\x00"s, 65536).encrypted);
    CHECK(inspect_content("Rar!\x1A\x07\x01\x00\x01\x02\x03\x04\x0B\x04"s, 65536).encrypted);
}

TEST_CASE("the probe sees as many bytes at either end as it may, and none between") {
    const std::string head = "%PDF-1.7\n";
    const auto with_mark_at = [&](std::size_t at) {
        std::string content = head + std::string(300 - head.size(), ' ');
        content.replace(at, 8, "/Encrypt");
        return content;
    };
    CHECK(inspect_content(with_mark_at(92), 100).encrypted);         // ends with the head
    CHECK_FALSE(inspect_content(with_mark_at(93), 100).encrypted);   // one byte out of it
    CHECK_FALSE(inspect_content(with_mark_at(199), 100).encrypted);  // one byte before the tail
    CHECK(inspect_content(with_mark_at(200), 100).encrypted);        // begins with the tail
}

TEST_CASE("documents are told by their first bytes") {
    using kith::DocumentKind;
    CHECK(document_kind("%PDF-1.7") == DocumentKind::Pdf);
    CHECK(document_kind(std::string(1019, ' ') + "%PDF-") == DocumentKind::Pdf);
    CHECK(document_kind(std::string(1020, ' ') + "%PDF-") == DocumentKind::None);
    CHECK(document_kind("{\\rtf1}") == DocumentKind::Rtf);
    for (const char* name : {"[Content_Types].xml", "mimetype", "word/document.xml", "_rels/.rels"})
        CHECK(document_kind(zip_entry(name, "x", false)) == DocumentKind::Office);
    CHECK(document_kind(zip_entry("photo.jpg", "x", false)) == DocumentKind::None);
    CHECK(document_kind("PK\x03\x04") == DocumentKind::None);
    CHECK(document_kind("") == DocumentKind::None);
    CHECK(document_kind("hello") == DocumentKind::None);
}
