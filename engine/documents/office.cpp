// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/office.hpp"

#include <optional>

#include "engine/base/text.hpp"
#include "engine/documents/archive_door.hpp"
#include "engine/documents/xml_text.hpp"

namespace kith {
namespace {

/// Entries that hold what a reader sees. Relations, styles and numbers of formats do not.
bool holds_text(std::string_view name) {
    if (!name.ends_with(".xml")) return false;
    for (const std::string_view begin :
         {"word/document", "word/header", "word/footer", "word/footnotes", "word/endnotes",
          "xl/sharedStrings", "xl/worksheets/sheet", "ppt/slides/slide"})
        if (name.starts_with(begin)) return true;
    // Page headers and footers of OpenDocument stand in its styles.
    return name == "content.xml" || name == "styles.xml";
}

class OfficeReader {
public:
    OfficeReader(std::size_t packed, const OfficeLimits& limits)
        : packed_(packed), limits_(limits) {}

    ExtractedText read(std::string_view bytes) {
        const ZipEnd end =
            walk_zip(bytes, {[&](std::string_view name) { return wants(name); },
                             [&](std::string_view piece) { return take(piece); },
                             [&] { return finish_entry(); }, [&] { return begin_entry(); }});
        ExtractedText out{ReadOutcome::Whole, scrub_utf8(text_)};
        if (end == ZipEnd::Encrypted) return {ReadOutcome::Encrypted, {}};
        if (cut_ || end == ZipEnd::Stopped)
            out.outcome = ReadOutcome::Cut;
        else if (end == ZipEnd::Damaged || damaged_ || read_ == 0)
            out.outcome = ReadOutcome::Damaged;
        return out;
    }

private:
    bool begin_entry() {
        if (entries_ == limits_.max_entries) cut_ = true;
        return entries_++ < limits_.max_entries && !stop_;
    }
    bool wants(std::string_view name) {
        if (!holds_text(name)) return false;
        xml_.emplace(text_, kMaxExtractedBytes + 1);
        entry_bytes_ = 0;
        return true;
    }
    /// What an entry is said to be is no bound; what came out of it is.
    bool take(std::string_view piece) {
        entry_bytes_ += piece.size();
        total_bytes_ += piece.size();
        const bool bomb =
            total_bytes_ > limits_.min_ratio_bytes && total_bytes_ / limits_.max_ratio > packed_;
        if (total_bytes_ > limits_.max_total_bytes || bomb) stop_ = true;
        if (entry_bytes_ > limits_.max_entry_bytes || stop_) {
            cut_ = true;
            return false;
        }
        if (xml_->feed(piece)) return true;
        (xml_->is_full() ? cut_ : damaged_) = true;
        return false;
    }
    bool finish_entry() {
        if (!cut_ && !damaged_ && !xml_->finish()) (xml_->is_full() ? cut_ : damaged_) = true;
        if (xml_->is_full()) stop_ = true;
        xml_.reset();
        text_ += '\n';
        ++read_;
        return !stop_;
    }

    const std::size_t packed_;
    const OfficeLimits& limits_;
    std::string text_;
    std::optional<XmlText> xml_;
    std::size_t entries_ = 0, entry_bytes_ = 0, total_bytes_ = 0, read_ = 0;
    bool stop_ = false, cut_ = false, damaged_ = false;
};

}  // namespace

ExtractedText office_text(std::string_view bytes, const OfficeLimits& limits) {
    return OfficeReader(bytes.size(), limits).read(bytes);
}

}  // namespace kith
