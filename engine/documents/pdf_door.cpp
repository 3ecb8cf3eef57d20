// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/pdf_door.hpp"

#include <iconv.h>
#include <poppler/cpp/poppler-document.h>
#include <poppler/cpp/poppler-global.h>
#include <poppler/cpp/poppler-page.h>

#include <limits>
#include <memory>

#include "engine/base/text.hpp"

namespace kith {
namespace {

/// False when the bound is reached.
bool add_page(const poppler::document& document, int number, std::string& out) {
    const std::unique_ptr<poppler::page> page(document.create_page(number));
    if (!page) return true;  // a page that cannot be read is no reason to leave out the others
    // As it is laid out, so that what stands on one line stays on one line.
    const poppler::byte_array text =
        page->text(poppler::rectf(), poppler::page::physical_layout).to_utf8();
    out.append(text.data(), text.size());
    out += '\n';
    return out.size() <= kMaxExtractedBytes;
}

}  // namespace

bool prepare_pdf() {
    // The directions that poppler::ustring converts in. Never closed: the library would unload
    // them.
    static const iconv_t to = ::iconv_open("UTF-16", "UTF-8"),
                         from = ::iconv_open("UTF-8", "UTF-16");
    const auto missing = reinterpret_cast<iconv_t>(-1);
    return to != missing && from != missing && !poppler::ustring::from_utf8("x").to_utf8().empty();
}

ExtractedText pdf_text(std::string_view bytes) {
    poppler::set_debug_error_function([](const std::string&, void*) {}, nullptr);
    if (bytes.empty() || bytes.size() > std::numeric_limits<int>::max())
        return {ReadOutcome::Damaged, {}};
    const std::unique_ptr<poppler::document> document(
        poppler::document::load_from_raw_data(bytes.data(), static_cast<int>(bytes.size())));
    if (!document) return {ReadOutcome::Damaged, {}};
    if (document->is_locked()) return {ReadOutcome::Encrypted, {}};
    const int pages = document->pages();
    if (pages <= 0)
        return {ReadOutcome::Damaged, {}};  // also where it claims more than it can have
    ExtractedText out{pages > kMaxPages ? ReadOutcome::Cut : ReadOutcome::Whole, {}};
    for (int i = 0; i < pages; ++i) {
        if (pages > kMaxPages && i == kMaxPages - kLastPages) i = pages - kLastPages;
        if (add_page(*document, i, out.text)) continue;
        out.outcome = ReadOutcome::Cut;
        break;
    }
    out.text = scrub_utf8(out.text);
    return out;
}

}  // namespace kith
