// SPDX-License-Identifier: Apache-2.0
// Mail of 30 MB made to cost its reader all memory or time there is: each lavish in one thing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::test {

struct HostileMail {
    std::string name;                                          ///< for the failing test
    std::vector<std::pair<std::string, std::string>> headers;  ///< values with their leading blank
    std::string body;

    /// As it would lie in a file.
    [[nodiscard]] std::string raw() const {
        std::string out;
        for (const auto& [header, value] : headers)
            out.append(header).append(":").append(value).append("\n");
        return out.append("\n").append(body);
    }
};

inline constexpr std::size_t kHostileBytes = std::size_t{30} << 20;

inline std::string repeated(std::string_view piece, std::size_t times) {
    std::string out;
    out.reserve(piece.size() * times);
    for (std::size_t i = 0; i < times; ++i) out += piece;
    return out;
}

inline std::vector<HostileMail> hostile_mails() {
    const std::vector<std::pair<std::string, std::string>> from{
        {"From", " Anna <anna@partner.example>"}, {"Subject", " plan"}};
    const auto with = [&](std::string name, std::string header, std::string value) {
        HostileMail mail{std::move(name), from, {}};
        mail.headers.emplace_back(std::move(header), std::move(value));
        return mail;
    };
    std::vector<HostileMail> all;

    HostileMail parts = with("a million parts", "Content-Type", " multipart/mixed; boundary=a");
    parts.body = repeated("--a\r\nX-Y: z123456\r\n\r\nword\r\n", 1'000'000);
    parts.body += std::string(kHostileBytes - std::min(kHostileBytes, parts.body.size()), 'x');
    all.push_back(std::move(parts));

    HostileMail fields{"half a million header fields", from, "the text\r\n"};
    const std::string value = " " + std::string(60, 'v');
    fields.headers.insert(fields.headers.end(), 500'000, {"X-A", value});
    all.push_back(std::move(fields));

    HostileMail field = with("a header field of 20 MB", "X-A", " " + std::string(20U << 20U, 'v'));
    field.headers.emplace_back("Content-Type", " multipart/mixed; boundary=a");
    // Once more where no MTA cuts it: in the header of a part.
    field.body = "--a\r\nX-A: " + std::string(20U << 20U, 'v') + "\r\n\r\nthe text\r\n--a--\r\n";
    all.push_back(std::move(field));

    HostileMail addresses{"200,000 addresses", from, {}};
    std::string list;
    for (int i = 0; i < 200'000; ++i) {
        list += (list.empty() ? " \"R, " : ",\n \"R, ") + std::to_string(i) + "\" <r" +
                std::to_string(i) + "@site.example>";
        // Postfix hands on 60,000 bytes of a field.
        if (list.size() < 59'900 && i + 1 < 200'000) continue;
        addresses.headers.emplace_back(i % 2 == 0 ? "To" : "Cc", std::exchange(list, {}));
    }
    addresses.body =
        repeated("ask r1@site.example, r2@site.example or r3@site.example\r\n", 450'000);
    all.push_back(std::move(addresses));

    HostileMail nested =
        with("a million messages in each other", "Content-Type", " message/rfc822");
    nested.body = repeated("Content-Type: message/rfc822\r\n\r\n", 1'000'000) + "the text\r\n";
    all.push_back(std::move(nested));

    HostileMail links = with("a million links", "Content-Type", " text/html");
    links.body = repeated("<a href=https://h.example/x>t</a>\r\n", 1'000'000);
    all.push_back(std::move(links));

    HostileMail lines = with("a million lines", "Content-Type", " text/plain");
    lines.body = repeated("> pay at www.h.example 12345678\r\n", 1'000'000);
    all.push_back(std::move(lines));
    return all;
}

}  // namespace kith::test
