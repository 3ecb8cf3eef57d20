// SPDX-License-Identifier: Apache-2.0
// Look-ups on a parsed Message. Covered by tests/unit/message/message_test.cpp.
#include "engine/message/message.hpp"

#include <algorithm>

#include "engine/base/text.hpp"

namespace kith {

std::string_view to_string(DocumentKind k) noexcept {
    switch (k) {
        case DocumentKind::None:
            return "none";
        case DocumentKind::Pdf:
            return "pdf";
        case DocumentKind::Office:
            return "office";
        case DocumentKind::Rtf:
            return "rtf";
    }
    return "none";
}

std::string Mailbox::address() const {
    if (domain.empty()) return utf8_lower(local_part);
    return utf8_lower(local_part) + "@" + domain;
}

bool Message::has(Defect d) const noexcept {
    return std::find(defects.begin(), defects.end(), d) != defects.end();
}

std::optional<std::string_view> Message::header(std::string_view name) const noexcept {
    for (const HeaderField& field : headers)
        if (ascii_iequals(field.name, name)) return field.value;
    return std::nullopt;
}

std::string Message::own_text() const {
    std::string text;
    bool first = true;
    for (const TextLine& line : lines) {
        if (line.role != LineRole::Own) continue;
        if (!first) text += '\n';
        first = false;
        text += line.text;
    }
    return text;
}

}  // namespace kith
