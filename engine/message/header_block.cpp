// SPDX-License-Identifier: Apache-2.0
#include "engine/message/header_block.hpp"

#include <algorithm>
#include <array>

#include "engine/base/text.hpp"

namespace kith::mail {
namespace {

/// Fields that decide what a reader sees. A thousand junk fields before the sender's must not hide
/// them from us.
constexpr std::array<std::string_view, 12> kDeciding{"from",
                                                     "sender",
                                                     "reply-to",
                                                     "to",
                                                     "cc",
                                                     "subject",
                                                     "date",
                                                     "message-id",
                                                     "in-reply-to",
                                                     "content-type",
                                                     "content-transfer-encoding",
                                                     "content-disposition"};

/// Lines looked ahead at to tell a stray line from the start of the body.
constexpr std::size_t kLookAheadLines = 200;

struct Line {
    std::string_view text;  ///< without its line end
    std::size_t next = 0;   ///< where the following line begins
};

[[nodiscard]] Line line_at(std::string_view bytes, std::size_t i) noexcept {
    const std::size_t end = bytes.find('\n', i);
    if (end == std::string_view::npos) return {bytes.substr(i), bytes.size()};
    std::size_t length = end - i;
    if (length > 0 && bytes[end - 1] == '\r') --length;
    return {bytes.substr(i, length), end + 1};
}

[[nodiscard]] bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

/// Length of the field name when the line starts a field ("Name:" or "Name :"), else 0.
[[nodiscard]] std::size_t name_length(std::string_view line) noexcept {
    std::size_t n = 0;
    while (n < line.size() && line[n] > 32 && line[n] < 127 && line[n] != ':') ++n;
    std::size_t colon = n;
    while (colon < line.size() && is_blank(line[colon])) ++colon;
    return n > 0 && colon < line.size() && line[colon] == ':' ? n : 0;
}

/// True when fields go on behind the stray line at `i`.
[[nodiscard]] bool block_goes_on(std::string_view bytes, std::size_t i) noexcept {
    std::size_t fields = 0;
    std::size_t others = 0;
    for (std::size_t n = 0; n < kLookAheadLines && i < bytes.size(); ++n) {
        const Line line = line_at(bytes, i);
        i = line.next;
        if (line.text.empty()) break;
        if (is_blank(line.text[0])) continue;
        ++(name_length(line.text) > 0 ? fields : others);
    }
    return fields > 0 && fields >= others;
}

class BlockReader {
public:
    BlockReader(std::string_view bytes, const ParseOptions& options, DefectSet& defects)
        : bytes_(bytes), options_(options), defects_(defects) {}

    [[nodiscard]] HeaderBlock read() {
        std::size_t i = 0;
        // The line that mbox files put before a message; "From : x" is a field.
        if (bytes_.substr(0, 5) == "From " && name_length(line_at(bytes_, 0).text) == 0)
            i = line_at(bytes_, 0).next;
        while (i < bytes_.size()) {
            const Line line = line_at(bytes_, i);
            if (line.text.empty()) {
                block_.ended = true;
                i = line.next;
                break;
            }
            if (is_blank(line.text[0])) {
                continue_field(line.text);
            } else if (const std::size_t n = name_length(line.text); n > 0) {
                start_field(line.text, n);
            } else {
                defects_.add(Defect::HeaderEndsEarly);
                if (!block_goes_on(bytes_, i)) {
                    block_.ended = true;
                    break;
                }
                current_ = nullptr;
            }
            i = line.next;
        }
        block_.body_offset = i;
        for (HeaderField& field : block_.fields) field.value = trim(field.value);
        return std::move(block_);
    }

private:
    void start_field(std::string_view line, std::size_t name_size) {
        current_ = nullptr;
        // A name longer than a field may be is cut like one.
        const std::string_view name =
            line.substr(0, std::min(name_size, options_.max_header_field_bytes));
        const std::string_view value = line.substr(line.find(':', name_size) + 1);
        const bool full =
            block_.fields.size() >= options_.max_headers || total_ >= options_.max_header_bytes;
        if (full) {
            defects_.add(Defect::HeadersCut);
            if (!is_first_deciding(name)) return;
        }
        block_.fields.push_back({std::string(name), {}});
        current_ = &block_.fields.back();
        field_bytes_ = name.size();
        total_ += name.size();
        deciding_ = full;
        append(value);
    }

    void continue_field(std::string_view text) {
        if (current_ == nullptr) {
            if (block_.fields.empty()) defects_.add(Defect::HeaderEndsEarly);
            return;
        }
        append(text);
    }

    void append(std::string_view text) {
        std::size_t room = options_.max_header_field_bytes > field_bytes_
                               ? options_.max_header_field_bytes - field_bytes_
                               : 0;
        if (!deciding_)
            room = std::min(
                room, options_.max_header_bytes > total_ ? options_.max_header_bytes - total_ : 0);
        if (text.size() > room) {
            defects_.add(Defect::HeadersCut);
            text = text.substr(0, room);
        }
        note_bytes(text);
        current_->value += text;
        field_bytes_ += text.size();
        total_ += text.size();
    }

    void note_bytes(std::string_view text) noexcept {
        for (const char c : text) {
            if (c == '\0') defects_.add(Defect::NulBytes);
            if (static_cast<unsigned char>(c) >= 0x80) defects_.add(Defect::EightBitHeader);
        }
    }

    [[nodiscard]] bool is_first_deciding(std::string_view name) const noexcept {
        return std::any_of(kDeciding.begin(), kDeciding.end(),
                           [&](std::string_view d) { return ascii_iequals(d, name); }) &&
               std::none_of(block_.fields.begin(), block_.fields.end(),
                            [&](const HeaderField& f) { return ascii_iequals(f.name, name); });
    }

    std::string_view bytes_;
    const ParseOptions& options_;
    DefectSet& defects_;
    HeaderBlock block_;
    HeaderField* current_ =
        nullptr;  ///< field that continuation lines belong to; into block_.fields
    std::size_t field_bytes_ = 0;
    std::size_t total_ = 0;
    bool deciding_ = false;  ///< current_ stands beyond the bound on all fields
};

}  // namespace

HeaderBlock read_header_block(std::string_view bytes, const ParseOptions& options,
                              DefectSet& defects) {
    return BlockReader(bytes, options, defects).read();
}

}  // namespace kith::mail
