// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/pdf_door.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/documents.hpp"

using namespace kith;
using namespace kith::test;

namespace {

bool has(const ExtractedText& text, std::string_view part) {
    return text.text.find(part) != std::string::npos;
}
std::vector<std::string> pages(int n) {
    std::vector<std::string> out;
    for (int i = 1; i <= n; ++i) out.push_back("page-" + std::to_string(i) + "-end");
    return out;
}

}  // namespace

TEST_CASE("a PDF file's text keeps its lines") {
    const auto text =
        pdf_text(pdf_of({"Invoice 4711\nIBAN DE89 3704 0044 0532 0130 00\nThank you"}));
    CHECK(text.outcome == ReadOutcome::Whole);
    CHECK(has(text, "Invoice 4711\n"));
    CHECK(has(text, "IBAN DE89 3704 0044 0532 0130 00\n"));
}

TEST_CASE("of many pages the first and the last are read") {
    const auto most = pdf_text(pdf_of(pages(kMaxPages)));
    CHECK(most.outcome == ReadOutcome::Whole);
    for (int i = 1; i <= kMaxPages; ++i) CHECK(has(most, "page-" + std::to_string(i) + "-end"));
    const auto more = pdf_text(pdf_of(pages(kMaxPages + 1)));
    CHECK(more.outcome == ReadOutcome::Cut);
    CHECK(has(more, "page-1-end"));
    CHECK(has(more, "page-45-end"));
    CHECK_FALSE(has(more, "page-46-end"));
    CHECK(has(more, "page-47-end"));
    CHECK(has(more, "page-51-end"));
}

TEST_CASE("a PDF file that says it has a million pages and has one") {
    const auto text = pdf_text(pdf_of({"only page"}, "", 1'000'000));
    CHECK(text.outcome == ReadOutcome::Damaged);
    CHECK(text.text.empty());
}

TEST_CASE("a PDF file with a password is not read") {
    const auto text = pdf_text(locked_pdf());
    CHECK(text.outcome == ReadOutcome::Encrypted);
    CHECK(text.text.empty());
}

TEST_CASE("what is no PDF file is damaged, and half of one is no crash") {
    CHECK(pdf_text("").outcome == ReadOutcome::Damaged);
    CHECK(pdf_text("%PDF-1.4\n").outcome == ReadOutcome::Damaged);
    const std::string whole = pdf_of({"Invoice"});
    for (std::size_t n = 0; n < whole.size(); n += 37) (void)pdf_text(whole.substr(0, n));
    CHECK(pdf_text(whole).outcome == ReadOutcome::Whole);
}
