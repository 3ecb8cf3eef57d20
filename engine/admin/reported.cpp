// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/reported.hpp"

#include <algorithm>
#include <array>

#include "engine/base/text.hpp"

namespace kith::admin {
namespace {

constexpr std::size_t kMaxHeader = 256U << 10U;

/// The next line with its end taken off; moves `at` behind it.
std::string_view next_line(std::string_view raw, std::size_t& at) {
    const std::size_t end = std::min(raw.find('\n', at), raw.size());
    std::string_view line = raw.substr(at, end - at);
    at = std::min(end + 1, raw.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// From `at` to the first empty line, which is taken as well.
std::string header_block(std::string_view raw, std::size_t& at) {
    std::string out;
    // Some programs leave an empty line before the attached message.
    bool begun = false;
    while (at < raw.size() && out.size() < kMaxHeader) {
        const std::string_view line = next_line(raw, at);
        if (line.empty() && begun) break;
        if (line.empty()) continue;
        begun = true;
        out += line;
        out += '\n';
    }
    return out;
}

/// Value of a field in a header block, unfolded, lower case; "" without it.
std::string field(const std::string& block, std::string_view name) {
    std::string out;
    bool inside = false;
    std::size_t at = 0;
    while (at < block.size()) {
        const std::string_view line = next_line(block, at);
        if (!line.empty() && (line[0] == ' ' || line[0] == '\t')) {
            if (inside) out += ' ' + std::string(trim(line));
            continue;
        }
        if (inside) break;
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !ascii_iequals(trim(line.substr(0, colon)), name))
            continue;
        inside = true;
        out = trim(line.substr(colon + 1));
    }
    return ascii_lower(out);
}

std::string decode_base64(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        int v = -1;
        if (c >= 'A' && c <= 'Z') v = c - 'A';
        if (c >= 'a' && c <= 'z') v = c - 'a' + 26;
        if (c >= '0' && c <= '9') v = c - '0' + 52;
        if (c == '+') v = 62;
        if (c == '/') v = 63;
        if (v < 0) continue;
        bits = bits << 6 | static_cast<std::uint32_t>(v);
        if ((count += 6) < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xFF);
        if (out.size() > kMaxHeader) break;
    }
    return out;
}

bool is_attached_message(const std::string& type) {
    return type.starts_with("message/rfc822") || type.starts_with("text/rfc822-headers") ||
           type.starts_with("message/global");
}

bool is_id(std::string_view s) noexcept {
    return !s.empty() && s.size() <= 64 && std::all_of(s.begin(), s.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
}

ReportedMail reported(const Message& m) {
    ReportedMail out{m.message_id, ""};
    if (const auto id = m.header("X-Kith-Id"); id && is_id(trim(*id))) out.kith_id = trim(*id);
    return out;
}

}  // namespace

// A part begins after a boundary line and has a header of its own. Whether the boundary is the
// right one does not matter here: who reports a mail can attach whatever he likes anyway.
std::vector<std::string> attached_headers(std::string_view raw) {
    std::vector<std::string> out;
    std::size_t at = 0;
    std::string block = header_block(raw, at);
    for (;;) {
        if (is_attached_message(field(block, "content-type"))) {
            std::string inner;
            if (field(block, "content-transfer-encoding") == "base64") {
                std::size_t end = raw.find("\n--", at);
                end = std::min({end, raw.size(), at + 2 * kMaxHeader});
                const std::string decoded = decode_base64(raw.substr(at, end - at));
                std::size_t from = 0;
                inner = header_block(decoded, from);
            } else {
                inner = header_block(raw, at);
            }
            if (!inner.empty()) out.push_back(std::move(inner));
            if (out.size() == kMaxReported) return out;
        }
        for (;;) {
            if (at >= raw.size()) return out;
            const std::string_view line = next_line(raw, at);
            if (line.size() > 2 && line.starts_with("--") && !line.ends_with("--")) break;
        }
        block = header_block(raw, at);
    }
}

MailReport read_report(std::string_view raw, const ParseOptions& options) {
    const Message outer = parse(raw, options);
    MailReport out;
    const std::vector<std::string> attached = attached_headers(raw);
    out.attached = !attached.empty();
    for (const std::string& block : attached) {
        ReportedMail mail = reported(parse(block + "\n", options));
        if (!mail.message_id.empty() || !mail.kith_id.empty()) out.mails.push_back(std::move(mail));
    }
    if (!out.attached) {
        ReportedMail mail = reported(outer);
        if (!mail.message_id.empty() || !mail.kith_id.empty()) out.mails.push_back(std::move(mail));
        return out;
    }
    if (!outer.from.empty()) out.reporter = outer.from.front().address();
    out.message_id = outer.message_id;
    const auto automatic = outer.header("Auto-Submitted");
    out.automatic = (automatic && !ascii_iequals(trim(*automatic), "no")) ||
                    outer.header("List-Id").has_value();
    return out;
}

}  // namespace kith::admin
