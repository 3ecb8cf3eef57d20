// SPDX-License-Identifier: Apache-2.0
// Builds the bytes of a mail for a test: names only what the test is about, everything else is an
// ordinary mail between two people. `raw()` gives the bytes, `message()` what parse() makes of
// them.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/message/parse.hpp"

namespace kith::test {

/// One thread. Fields keep their order; setting a field again replaces it, `add` appends another of
/// the same name.
class MessageBuilder {
public:
    MessageBuilder() {
        set("From", "Anna Berg <anna@partner.example>");
        set("To", "Ben Cole <ben@site.example>");
        set("Subject", "Minutes");
        set("Date", "Mon, 02 Mar 2026 09:15:00 +0100");
        set("Message-ID", "<1@partner.example>");
        set("MIME-Version", "1.0");
        set("Content-Type", "text/plain; charset=utf-8");
    }

    MessageBuilder& set(std::string_view name, std::string_view value) {
        for (auto& [n, v] : fields_) {
            if (n != name) continue;
            v = value;
            return *this;
        }
        return add(name, value);
    }
    MessageBuilder& add(std::string_view name, std::string_view value) {
        fields_.emplace_back(name, value);
        return *this;
    }
    MessageBuilder& remove(std::string_view name) {
        std::vector<std::pair<std::string, std::string>> kept;
        for (auto& field : fields_)
            if (field.first != name) kept.push_back(std::move(field));
        fields_ = std::move(kept);
        return *this;
    }
    MessageBuilder& from(std::string_view value) { return set("From", value); }
    MessageBuilder& to(std::string_view value) { return set("To", value); }
    MessageBuilder& subject(std::string_view value) { return set("Subject", value); }
    MessageBuilder& type(std::string_view value) { return set("Content-Type", value); }
    MessageBuilder& encoding(std::string_view value) {
        return set("Content-Transfer-Encoding", value);
    }
    MessageBuilder& body(std::string_view text) {
        body_ = text;
        return *this;
    }
    MessageBuilder& html(std::string_view text) {
        return type("text/html; charset=utf-8").body(text);
    }
    /// A multipart of whole parts, each "fields, empty line, content" with LF line ends.
    MessageBuilder& parts(std::string_view subtype, std::initializer_list<std::string_view> parts) {
        type("multipart/" + std::string(subtype) + "; boundary=\"b\"");
        body_.clear();
        for (const std::string_view part : parts) body_.append("--b\n").append(part).append("\n");
        body_ += "--b--\n";
        return *this;
    }
    /// Line ends as they are on the wire.
    MessageBuilder& crlf() {
        crlf_ = true;
        return *this;
    }

    [[nodiscard]] std::string raw() const {
        std::string out;
        for (const auto& [name, value] : fields_)
            out.append(name).append(": ").append(value).append("\n");
        out.append("\n").append(body_);
        if (!crlf_) return out;
        std::string wire;
        for (const char c : out) {
            if (c == '\n') wire += '\r';
            wire += c;
        }
        return wire;
    }
    [[nodiscard]] Message message(const ParseOptions& options = {}) const {
        message_library_init();
        return parse(raw(), options);
    }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
    std::string body_ = "See you on Monday.\n";
    bool crlf_ = false;
};

}  // namespace kith::test
