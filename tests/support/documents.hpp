// SPDX-License-Identifier: Apache-2.0
// Documents made by hand for tests: small PDF files of plain text, and office files as ZIP files of
// the parts that a test is about.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::test {

/// One PDF file: each text is a page, each line of it a line of Helvetica. `extra` goes into the
/// trailer; `claimed_pages`: how many pages it says it has, if not 0.
inline std::string pdf_of(const std::vector<std::string>& pages, const std::string& extra = "",
                          std::size_t claimed_pages = 0) {
    std::vector<std::string> objects;
    std::string kids;
    for (std::size_t i = 0; i < pages.size(); ++i) kids += std::to_string(4 + 2 * i) + " 0 R ";
    objects.push_back("<< /Type /Catalog /Pages 2 0 R >>");
    objects.push_back("<< /Type /Pages /Kids [" + kids + "] /Count " +
                      std::to_string(claimed_pages > 0 ? claimed_pages : pages.size()) + " >>");
    objects.push_back("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
    for (std::size_t i = 0; i < pages.size(); ++i) {
        std::string content = "BT /F1 11 Tf 14 TL 50 800 Td\n";
        std::string line;
        for (const char c : pages[i] + "\n") {
            if (c != '\n') {
                if (c == '(' || c == ')' || c == '\\') line += '\\';
                line += c;
                continue;
            }
            content += "(" + line + ") Tj T*\n";
            line.clear();
        }
        content += "ET";
        objects.push_back(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << "
            "/Font << /F1 3 0 R >> >> /Contents " +
            std::to_string(5 + 2 * i) + " 0 R >>");
        objects.push_back("<< /Length " + std::to_string(content.size()) + " >>\nstream\n" +
                          content + "\nendstream");
    }
    std::string out = "%PDF-1.4\n";
    std::vector<std::size_t> offsets;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        offsets.push_back(out.size());
        out += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
    }
    const std::size_t table = out.size();
    out += "xref\n0 " + std::to_string(objects.size() + 1) + "\n0000000000 65535 f \n";
    for (const std::size_t offset : offsets) {
        char entry[32];
        std::snprintf(entry, sizeof entry, "%010zu 00000 n \n", offset);
        out += entry;
    }
    return out + "trailer\n<< /Size " + std::to_string(objects.size() + 1) + " /Root 1 0 R " +
           extra + " >>\nstartxref\n" + std::to_string(table) + "\n%%EOF\n";
}

/// A PDF file that asks for a password which nobody has.
inline std::string locked_pdf() {
    const std::string key(64, '5');
    return pdf_of({"secret"},
                  "/ID [<00112233445566778899aabbccddeeff> "
                  "<00112233445566778899aabbccddeeff>] /Encrypt << /Filter /Standard "
                  "/V 1 /R 2 /O <" +
                      key + "> /U <" + key + "> /P -4 >>");
}

using ZipEntries = std::vector<std::pair<std::string, std::string>>;

/// A ZIP file of these entries (name, content), deflated. With a password they are encrypted.
inline std::string zip_of(const ZipEntries& entries, const char* password = nullptr) {
    archive* a = ::archive_write_new();
    const auto must = [&](int rc) {
        if (rc != ARCHIVE_OK) throw std::runtime_error(::archive_error_string(a));
    };
    must(::archive_write_set_format_zip(a));
    if (password != nullptr) {
        must(::archive_write_set_options(a, "zip:encryption=zipcrypt"));
        must(::archive_write_set_passphrase(a, password));
    }
    std::size_t most = 65536;
    for (const auto& [name, content] : entries) most += content.size() + 2 * name.size() + 1024;
    std::string out(most, '\0');
    std::size_t used = 0;
    must(::archive_write_set_bytes_in_last_block(a, 1));
    must(::archive_write_open_memory(a, out.data(), out.size(), &used));
    for (const auto& [name, content] : entries) {
        archive_entry* e = ::archive_entry_new();
        ::archive_entry_set_pathname(e, name.c_str());
        ::archive_entry_set_size(e, static_cast<la_int64_t>(content.size()));
        ::archive_entry_set_filetype(e, AE_IFREG);
        ::archive_entry_set_perm(e, 0644);
        must(::archive_write_header(a, e));
        if (::archive_write_data(a, content.data(), content.size()) < 0)
            throw std::runtime_error(::archive_error_string(a));
        ::archive_entry_free(e);
    }
    must(::archive_write_close(a));
    ::archive_write_free(a);
    out.resize(used);
    return out;
}

inline std::string word_xml(std::string_view body) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document "
           "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>" +
           std::string(body) + "</w:body></w:document>";
}
inline std::string word_paragraph(std::string_view text) {
    return "<w:p><w:r><w:t>" + std::string(text) + "</w:t></w:r></w:p>";
}
/// A docx file with one paragraph a text.
inline std::string docx_of(const std::vector<std::string>& paragraphs) {
    std::string body;
    for (const auto& p : paragraphs) body += word_paragraph(p);
    return zip_of({{"[Content_Types].xml", "<Types/>"}, {"word/document.xml", word_xml(body)}});
}
/// An OpenDocument text with one paragraph a text.
inline std::string odt_of(const std::vector<std::string>& paragraphs) {
    std::string body;
    for (const auto& p : paragraphs) body += "<text:p><text:span>" + p + "</text:span></text:p>";
    return zip_of({{"mimetype", "application/vnd.oasis.opendocument.text"},
                   {"content.xml",
                    "<office:document-content "
                    "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" "
                    "xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body>" +
                        body + "</office:body></office:document-content>"}});
}

}  // namespace kith::test
