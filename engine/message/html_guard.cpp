// SPDX-License-Identifier: Apache-2.0
// Looks at every "<" with a letter behind it, also inside comments, scripts and attribute values,
// so that no disagreement with the parser about where those end can hide a tag from the count.
#include "engine/message/html_guard.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "engine/base/text.hpp"

namespace kith::mail {
namespace {

/// Elements without content, and those that the start of the next one closes: they cannot pile up.
constexpr std::array<std::string_view, 25> kShallow{
    "area", "base",  "br",     "col",   "embed", "hr",    "img",   "input", "link",
    "meta", "param", "source", "track", "wbr",   "p",     "li",    "td",    "th",
    "tr",   "dt",    "dd",     "tbody", "thead", "tfoot", "option"};
/// Longest name told apart; longer ones share a count, which can only make it too high.
constexpr std::size_t kMaxName = 32;
/// Looks at a byte, on average, before the rest is cut: nested quoting tricks could otherwise make
/// it a square.
constexpr std::size_t kWorkPerByte = 16;

[[nodiscard]] bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
[[nodiscard]] bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

class Guard {
public:
    explicit Guard(std::string_view html)
        : html_(html), work_left_((html.size() + 64) * kWorkPerByte) {}

    [[nodiscard]] std::size_t run() {
        std::size_t i = 0;
        while ((i = html_.find('<', i)) != std::string_view::npos) {
            const std::size_t tag = i++;
            const bool closing = i < html_.size() && html_[i] == '/';
            if (closing) ++i;
            if (i >= html_.size() || !is_letter(html_[i])) continue;
            const std::size_t name_start = i;
            while (i < html_.size() && i - name_start < kMaxName && !is_space(html_[i]) &&
                   html_[i] != '/' && html_[i] != '>')
                ++i;
            const std::string name = ascii_lower(html_.substr(name_start, i - name_start));
            if (closing) {
                close(name);
            } else if (!open(name) || !attributes_fit(i)) {
                return tag;
            }
        }
        return html_.size();
    }

private:
    [[nodiscard]] bool open(const std::string& name) {
        if ((name == "html" || name == "body") && ++body_tags_ > kMaxBodyTags) return false;
        if (std::find(kShallow.begin(), kShallow.end(), name) != kShallow.end()) return true;
        ++open_[name];
        return ++depth_ <= kMaxOpenElements;
    }
    void close(const std::string& name) {
        const auto it = open_.find(name);
        if (it == open_.end()) return;
        if (--it->second == 0) open_.erase(it);
        --depth_;
    }
    /// Steps over one byte; false when the work is used up.
    [[nodiscard]] bool step(std::size_t bytes) noexcept {
        if (work_left_ < bytes) return false;
        work_left_ -= bytes;
        return true;
    }
    /// HTML standard, sections 13.2.5.32 to 13.2.5.38: before attribute name to unquoted value.
    [[nodiscard]] bool attributes_fit(std::size_t i) noexcept {
        const std::size_t size = html_.size();
        std::size_t count = 0;
        while (i < size) {
            const std::size_t from = i;
            while (i < size && (is_space(html_[i]) || html_[i] == '/')) ++i;
            if (i >= size || html_[i] == '>') return step(i - from);
            if (++count > kMaxAttributes) return false;
            ++i;
            while (i < size && !is_space(html_[i]) && html_[i] != '/' && html_[i] != '>' &&
                   html_[i] != '=')
                ++i;
            while (i < size && is_space(html_[i])) ++i;
            if (i < size && html_[i] == '=') {
                ++i;
                while (i < size && is_space(html_[i])) ++i;
                if (i < size && (html_[i] == '"' || html_[i] == '\'')) {
                    i = std::min(html_.find(html_[i], i + 1), size - 1) + 1;
                } else {
                    while (i < size && !is_space(html_[i]) && html_[i] != '>') ++i;
                }
            }
            if (!step(i - from)) return false;
        }
        return true;
    }

    std::string_view html_;
    std::size_t work_left_;
    std::map<std::string, std::size_t, std::less<>> open_;
    std::size_t depth_ = 0;
    std::size_t body_tags_ = 0;
};

}  // namespace

std::size_t safe_html_prefix(std::string_view html) { return Guard(html).run(); }

}  // namespace kith::mail
