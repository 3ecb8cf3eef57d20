// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/office.hpp"

#include "engine/base/text.hpp"
#include "engine/documents/xml_text.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/documents.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr const char* kTypes = "[Content_Types].xml";

std::string docx_with(const std::string& xml) {
    return zip_of({{kTypes, "<Types/>"}, {"word/document.xml", xml}});
}
ReadOutcome outcome_of(const std::string& bytes, const OfficeLimits& limits = {}) {
    return office_text(bytes, limits).outcome;
}
/// `n` bytes that deflate does not make small.
std::string noise(std::size_t n) {
    std::string out;
    std::uint64_t x = 88172645463325252ULL;
    while (out.size() < n) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        out += static_cast<char>('a' + x % 26);
    }
    return out;
}

}  // namespace

TEST_CASE("text of a docx file, a paragraph a line") {
    const auto text = office_text(docx_of({"Invoice", "IBAN DE89 3704 0044 0532 0130 00"}));
    CHECK(text.outcome == ReadOutcome::Whole);
    CHECK(text.text.starts_with("Invoice\nIBAN DE89 3704 0044 0532 0130 00\n"));
}

TEST_CASE("text cut into runs is one line; tabs and breaks part words") {
    const auto text = office_text(docx_with(
        word_xml("<w:p><w:r><w:t>DE89 3704</w:t></w:r><w:r><w:t xml:space=\"preserve\"> "
                 "0044</w:t><w:tab/><w:t>x</w:t><w:br/><w:t>y &amp; z</w:t></w:r></w:p>")));
    CHECK(text.text.starts_with("DE89 3704 0044 x\ny & z\n"));
}

TEST_CASE("headers and footers are read, relations and pictures are not") {
    const auto text =
        office_text(zip_of({{kTypes, "<Types/>"},
                            {"word/document.xml", word_xml(word_paragraph("body"))},
                            {"word/footer1.xml", word_xml(word_paragraph("foot"))},
                            {"word/media/image1.png", "not XML"},
                            {"customXml/item1.xml", word_xml(word_paragraph("no"))}}));
    CHECK(text.outcome == ReadOutcome::Whole);
    CHECK(text.text == "body\n\nfoot\n\n");
}

TEST_CASE("an xlsx file: shared strings, strings and numbers in cells, no indices") {
    const std::string ns = " xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    const auto text = office_text(
        zip_of({{kTypes, "<Types/>"},
                {"xl/sharedStrings.xml",
                 "<sst" + ns +
                     "><si><t>IBAN</t></si><si><r><t>DE89 </t></r><r><t>3704</t></r></si></sst>"},
                {"xl/worksheets/sheet1.xml",
                 "<worksheet" + ns +
                     "><sheetData><row><c t=\"s\"><v>77</v></c><c><v>4711</v></c><c "
                     "t=\"inlineStr\"><is><t>here</t></is></c></row></sheetData></worksheet>"}}));
    CHECK(text.outcome == ReadOutcome::Whole);
    CHECK(text.text == "IBAN\nDE89 3704\n\n 4711 here \n\n");
}

TEST_CASE("text of an OpenDocument file") {
    const auto text = office_text(odt_of({"Rechnung", "IBAN"}));
    CHECK(text.outcome == ReadOutcome::Whole);
    CHECK(text.text.starts_with("Rechnung\nIBAN\n"));
}

TEST_CASE("entries: as many as allowed, and one more") {
    const OfficeLimits limits{.max_entries = 3};
    ZipEntries entries = {
        {kTypes, "<Types/>"}, {"a", "x"}, {"word/document.xml", word_xml(word_paragraph("body"))}};
    CHECK(outcome_of(zip_of(entries), limits) == ReadOutcome::Cut);  // cannot know that it ends
    entries.erase(entries.begin() + 1);
    CHECK(outcome_of(zip_of(entries), limits) == ReadOutcome::Whole);
    entries.insert(entries.begin(), {{"a", "x"}, {"b", "x"}});
    const auto more = office_text(zip_of(entries), limits);
    CHECK(more.outcome == ReadOutcome::Cut);
    CHECK(more.text.empty());
}

TEST_CASE("bytes unpacked of one entry: as many as allowed, and one more") {
    const std::string xml = word_xml(word_paragraph(noise(5000)));
    OfficeLimits limits;
    limits.max_entry_bytes = xml.size();
    CHECK(outcome_of(docx_with(xml), limits) == ReadOutcome::Whole);
    limits.max_entry_bytes = xml.size() - 1;
    CHECK(outcome_of(docx_with(xml), limits) == ReadOutcome::Cut);
}

TEST_CASE("bytes unpacked of all entries: as many as allowed, and one more") {
    const std::string xml = word_xml(word_paragraph(noise(5000)));
    const std::string two =
        zip_of({{kTypes, "<Types/>"}, {"word/document.xml", xml}, {"word/footer1.xml", xml}});
    OfficeLimits limits;
    limits.max_total_bytes = 2 * xml.size();
    CHECK(outcome_of(two, limits) == ReadOutcome::Whole);
    limits.max_total_bytes = 2 * xml.size() - 1;
    CHECK(outcome_of(two, limits) == ReadOutcome::Cut);
}

TEST_CASE("a ZIP bomb ends at the ratio, long before the absolute bound") {
    const std::string xml =
        word_xml("<!--" + std::string(4 << 20, ' ') + "-->" + word_paragraph("x"));
    const std::string bomb = docx_with(xml);
    REQUIRE(xml.size() / bomb.size() > 200);
    CHECK(outcome_of(bomb) == ReadOutcome::Cut);
    OfficeLimits limits;
    // Reached by the first byte that makes the quotient larger than what is packed.
    limits.max_ratio = xml.size() / (bomb.size() + 1);
    CHECK(outcome_of(bomb, limits) == ReadOutcome::Cut);
    ++limits.max_ratio;
    CHECK(outcome_of(bomb, limits) == ReadOutcome::Whole);
    --limits.max_ratio;
    limits.min_ratio_bytes = xml.size();  // too small to be worth a bomb
    CHECK(outcome_of(bomb, limits) == ReadOutcome::Whole);
}

TEST_CASE("an archive inside the archive is not opened") {
    const std::string inner = docx_of({"inner words"});
    const auto text = office_text(
        zip_of({{kTypes, "<Types/>"},
                {"word/embeddings/inner.docx", inner},
                {"word/document2.xml", inner},  // a name that is read, a content that is none
                {"word/document.xml", word_xml(word_paragraph("outer words"))}}));
    CHECK(text.text.find("inner words") == std::string::npos);
    CHECK(text.outcome == ReadOutcome::Damaged);
}

TEST_CASE("an encrypted ZIP file is told from a damaged one") {
    const std::string locked = zip_of(
        {{kTypes, "<Types/>"}, {"word/document.xml", word_xml(word_paragraph("secret"))}}, "pw");
    CHECK(outcome_of(locked) == ReadOutcome::Encrypted);
    CHECK(outcome_of("PK\x03\x04 no archive") == ReadOutcome::Damaged);
    CHECK(outcome_of("") == ReadOutcome::Damaged);
    CHECK(outcome_of(zip_of({{"readme.txt", "no document"}})) == ReadOutcome::Damaged);
    const std::string whole = docx_of({"text"});
    for (std::size_t n = 0; n < whole.size(); ++n) (void)outcome_of(whole.substr(0, n));
}

TEST_CASE("a document type declaration ends the reading: no entity is ever expanded") {
    const std::string laughs =
        "<?xml version=\"1.0\"?><!DOCTYPE d [<!ENTITY a \"haha\"><!ENTITY b "
        "\"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><d><t>&c;</t></d>";
    const auto text = office_text(docx_with(laughs));
    CHECK(text.outcome == ReadOutcome::Damaged);
    CHECK(text.text.find("haha") == std::string::npos);
    const auto outside =
        office_text(docx_with("<!DOCTYPE d SYSTEM \"file:///etc/passwd\"><d><t>x</t></d>"));
    CHECK(outside.outcome == ReadOutcome::Damaged);
}

TEST_CASE("elements in elements: as deep as allowed, and one more") {
    const auto nested = [](int depth) {
        std::string open, close;
        for (int i = 0; i < depth - 1; ++i) {
            open += "<x>";
            close += "</x>";
        }
        return open + "<t>deep</t>" + close;
    };
    const auto most = office_text(docx_with(nested(XmlText::kMaxDepth)));
    CHECK(most.outcome == ReadOutcome::Whole);
    CHECK(most.text.starts_with("deep"));
    const auto more = office_text(docx_with(nested(XmlText::kMaxDepth + 1)));
    CHECK(more.outcome == ReadOutcome::Damaged);
    CHECK(more.text.find("deep") == std::string::npos);
}

TEST_CASE("text of an office file: as much as allowed, and one more") {
    const auto of = [](std::size_t n) {
        return office_text(docx_with("<d><t>" + noise(n) + "</t></d>"));
    };
    CHECK(of(kMaxExtractedBytes).outcome == ReadOutcome::Whole);
    const auto more = of(kMaxExtractedBytes + 1);
    CHECK(more.outcome == ReadOutcome::Cut);
    CHECK(more.text.size() <= kMaxExtractedBytes + 2);
}

TEST_CASE("bytes that are no UTF-8 end the part that has them") {
    const auto text = office_text(docx_with("<d><t>ab\xFF\xFE</t></d>"));
    CHECK(text.outcome == ReadOutcome::Damaged);
    CHECK(is_valid_utf8(text.text));
}
