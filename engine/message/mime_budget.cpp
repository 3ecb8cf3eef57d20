// SPDX-License-Identifier: Apache-2.0
// Every line that starts with "--" and one of the boundaries declared so far counts as a delimiter,
// and the lines behind it up to an empty one as header. Both counts can only be too high: a
// declaration written in a way that this file does not read (RFC 2231, quoted pairs, too many of
// them) makes every "--" line count.
#include "engine/message/mime_budget.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/base/text.hpp"

namespace kith::mail {
namespace {

constexpr std::size_t kMaxBoundaries = 256;

[[nodiscard]] std::string_view header_end(std::string_view line) noexcept {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

class Boundaries {
public:
    /// Takes every "boundary" parameter in `text`.
    void collect(std::string_view text) {
        for (std::size_t i = 0; i + 8 <= text.size(); ++i) {
            i = text.find_first_of("bB", i);
            if (i == std::string_view::npos || i + 8 > text.size()) return;
            if (!ascii_iequals(text.substr(i, 8), "boundary")) continue;
            take(text.substr(i + 8));
        }
    }
    [[nodiscard]] bool delimits(std::string_view line) const noexcept {
        if (line.substr(0, 2) != "--") return false;
        if (any_) return true;
        const std::string_view rest = line.substr(2);
        return std::any_of(known_.begin(), known_.end(),
                           [&](std::string_view b) { return rest.substr(0, b.size()) == b; });
    }

private:
    void take(std::string_view rest) {
        if (rest.empty()) return;
        if (rest.front() != '=') {
            // "boundary*0=…" and "boundary =…" are declarations, "Boundary conditions" is not.
            if (rest.front() == '*' || rest.front() == ' ' || rest.front() == '\t' ||
                rest.front() == '\r' || rest.front() == '\n' || rest.front() == '(')
                any_ = any_ || rest.substr(0, 200).find('=') != std::string_view::npos;
            return;
        }
        rest.remove_prefix(1);
        std::string_view value;
        if (!rest.empty() && rest.front() == '"') {
            value = rest.substr(1, rest.find('"', 1) - 1);
            if (rest.find('"', 1) == std::string_view::npos) any_ = true;
        } else {
            value = rest.substr(0, rest.find_first_of(" \t\r\n;(\""));
            if (value.size() < rest.size() &&
                (rest[value.size()] == '(' || rest[value.size()] == '"'))
                any_ = true;
        }
        if (value.empty() || value.find_first_of("\\\r\n\"") != std::string_view::npos ||
            value.find("=?") != std::string_view::npos) {
            any_ = true;
            return;
        }
        if (std::find(known_.begin(), known_.end(), value) != known_.end()) return;
        if (known_.size() >= kMaxBoundaries) {
            any_ = true;
            return;
        }
        known_.push_back(value);
    }

    std::vector<std::string_view> known_;
    bool any_ = false;
};

}  // namespace

MimeBudget measure_mime(std::string_view body, std::string_view content_type,
                        const ParseOptions& options) {
    Boundaries boundaries;
    boundaries.collect(content_type);
    const std::size_t max_delimiters = max_delimiter_lines(options);
    std::size_t delimiters = 0;
    std::size_t fields = 0;
    std::size_t header_bytes = 0;
    std::size_t field_bytes = 0;
    // The body of a message/rfc822 begins with its header.
    bool in_header = ascii_lower(content_type.substr(0, 256)).find("message") != std::string::npos;
    bool encloses_message = false;
    // Parts of a multipart/digest are messages without saying so.
    bool digest = ascii_lower(content_type.substr(0, 256)).find("digest") != std::string::npos;
    std::size_t i = 0;
    while (i < body.size()) {
        std::size_t end = body.find('\n', i);
        if (end == std::string_view::npos) end = body.size();
        const std::string_view line = header_end(body.substr(i, end - i));
        if (boundaries.delimits(line)) {
            if (++delimiters > max_delimiters) return {i, true, false};
            in_header = true;
            encloses_message = false;
            field_bytes = 0;
        } else if (in_header) {
            if (line.empty()) {
                in_header = encloses_message || digest;
                encloses_message = false;
            } else {
                boundaries.collect(line);
                const std::string lower = ascii_lower(line);
                if (lower.find("message") != std::string::npos) encloses_message = true;
                if (lower.find("digest") != std::string::npos) digest = true;
                if (line.front() != ' ' && line.front() != '\t') {
                    ++fields;
                    field_bytes = 0;
                }
                header_bytes += line.size();
                field_bytes += line.size();
                if (fields > max_part_fields(options) || header_bytes > options.max_header_bytes ||
                    field_bytes > options.max_header_field_bytes)
                    return {i, false, true};
            }
        }
        i = end + 1;
    }
    return {body.size(), false, false};
}

}  // namespace kith::mail
