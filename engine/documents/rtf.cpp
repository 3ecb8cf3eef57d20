// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/rtf.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "engine/base/text.hpp"

namespace kith {
namespace {

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
int hex(char c) noexcept {
    return is_digit(c)            ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/// Groups that hold no text of the document.
bool is_hidden(std::string_view word) {
    for (const std::string_view hidden :
         {"fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "themedata", "datastore",
          "listtable", "listoverridetable", "rsidtbl", "generator", "xmlnstbl", "fldinst"})
        if (word == hidden) return true;
    return false;
}

class RtfReader {
public:
    explicit RtfReader(std::string_view bytes) : in_(bytes) {}

    ExtractedText read() {
        if (!in_.starts_with("{\\rtf")) return {ReadOutcome::Damaged, {}};
        while (i_ < in_.size() && out_.size() <= kMaxExtractedBytes) {
            const char c = in_[i_++];
            if (c == '{') {
                if (groups_.size() == kMaxRtfDepth) return {ReadOutcome::Cut, scrub_utf8(out_)};
                groups_.push_back(now_);
            } else if (c == '}') {
                if (groups_.empty()) break;
                now_ = groups_.back();
                groups_.pop_back();
                if (groups_.empty()) break;
            } else if (c == '\\') {
                escape();
            } else if (c != '\r' && c != '\n') {
                add(static_cast<unsigned char>(c));
            }
        }
        const bool cut = out_.size() > kMaxExtractedBytes;
        return {cut               ? ReadOutcome::Cut
                : groups_.empty() ? ReadOutcome::Whole
                                  : ReadOutcome::Damaged,
                scrub_utf8(out_)};
    }

private:
    struct Group {
        bool hidden = false;
        int fallback = 1;  ///< characters that stand for a \u where it is not understood
    };

    void add(std::uint32_t c) {
        if (skip_ > 0) {
            --skip_;
            return;
        }
        if (now_.hidden || c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return;
        if (c < 0x80) {
            out_ += static_cast<char>(c);
        } else if (c < 0x800) {
            out_ += static_cast<char>(0xC0 | c >> 6);
            out_ += static_cast<char>(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            out_ += static_cast<char>(0xE0 | c >> 12);
            out_ += static_cast<char>(0x80 | (c >> 6 & 0x3F));
            out_ += static_cast<char>(0x80 | (c & 0x3F));
        } else {
            out_ += static_cast<char>(0xF0 | c >> 18);
            out_ += static_cast<char>(0x80 | (c >> 12 & 0x3F));
            out_ += static_cast<char>(0x80 | (c >> 6 & 0x3F));
            out_ += static_cast<char>(0x80 | (c & 0x3F));
        }
    }

    /// Behind a backslash.
    void escape() {
        if (i_ >= in_.size()) return;
        const char c = in_[i_];
        if (is_letter(c)) return control_word();
        ++i_;
        if (c == '\'') {
            const int high = i_ < in_.size() ? hex(in_[i_]) : -1;
            const int low = i_ + 1 < in_.size() ? hex(in_[i_ + 1]) : -1;
            if (high < 0 || low < 0) return;
            i_ += 2;
            add(static_cast<std::uint32_t>(high * 16 + low));
        } else if (c == '*') {
            now_.hidden = true;  // a destination that need not be understood
        } else if (c == '~' || c == '_') {
            add(c == '~' ? ' ' : '-');
        } else if (c == '\\' || c == '{' || c == '}') {
            add(static_cast<unsigned char>(c));
        }
    }

    void control_word() {
        const std::size_t begin = i_;
        while (i_ < in_.size() && is_letter(in_[i_])) ++i_;
        const std::string_view word = in_.substr(begin, i_ - begin);
        const std::size_t digits = i_;
        if (i_ < in_.size() && in_[i_] == '-') ++i_;
        while (i_ < in_.size() && is_digit(in_[i_])) ++i_;
        int number = 0;
        (void)std::from_chars(in_.data() + digits, in_.data() + i_, number);
        if (i_ < in_.size() && in_[i_] == ' ') ++i_;
        if (word == "u") {
            add(static_cast<std::uint32_t>(number < 0 ? number + 65536 : number));
            skip_ = static_cast<std::size_t>(std::clamp(now_.fallback, 0, 16));
        } else if (word == "uc") {
            now_.fallback = number;
        } else if (word == "bin") {
            i_ += std::min(in_.size() - i_, static_cast<std::size_t>(std::max(0, number)));
        } else if (word == "par" || word == "line" || word == "row" || word == "page") {
            if (!now_.hidden) out_ += '\n';
        } else if (word == "tab" || word == "cell") {
            if (!now_.hidden) out_ += ' ';
        } else if (is_hidden(word)) {
            now_.hidden = true;
        }
    }

    std::string_view in_;
    std::size_t i_ = 0;
    std::string out_;
    std::vector<Group> groups_;  ///< around the current one
    Group now_;
    std::size_t skip_ = 0;
};

}  // namespace

ExtractedText rtf_text(std::string_view bytes) { return RtfReader(bytes).read(); }

}  // namespace kith
