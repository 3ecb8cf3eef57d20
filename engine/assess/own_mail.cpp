// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/own_mail.hpp"

#include <algorithm>

#include "engine/base/text.hpp"

namespace kith {

std::string own_mail_token(const Hasher& hasher, std::string_view message_id,
                           std::string_view subject, std::string_view text) {
    std::string all(message_id);
    all += '\n';
    all += subject;
    all += '\n';
    for (const char c : trim(text))
        if (c != '\r') all += c;
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const std::uint8_t b : hasher.key("own-mail", all).bytes) {
        out += kDigits[b >> 4];
        out += kDigits[b & 15];
    }
    return out;
}

bool is_own_mail(const Hasher& hasher, std::string_view token, std::string_view message_id,
                 std::string_view subject, std::string_view raw) {
    if (token.size() != 32 || message_id.empty() || raw.size() > kMaxOwnMail) return false;
    const std::size_t crlf = raw.find("\r\n\r\n"), lf = raw.find("\n\n");
    const std::size_t body = std::min(crlf == std::string_view::npos ? crlf : crlf + 4,
                                      lf == std::string_view::npos ? lf : lf + 2);
    if (body == std::string_view::npos) return false;
    const std::string wanted = own_mail_token(hasher, message_id, subject, raw.substr(body));
    // No early end: how much of a guess was right is not to be measured.
    unsigned different = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        different |= static_cast<unsigned>(wanted[i] ^ token[i]) & 0xFFU;
    return different == 0;
}

}  // namespace kith
