// SPDX-License-Identifier: Apache-2.0
// What a recipient can ask for with a digest: a mail whose subject names a held mail and carries a
// token that only kith can make, for this mail and this recipient. Written down for the admin; it
// releases nothing by itself. Covered by tests/unit/admin/quarantine_test.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/hash.hpp"
#include "engine/config/config.hpp"

namespace kith::admin {

/// 24 hexadecimal digits.
[[nodiscard]] std::string request_token(const Hasher::Secret& secret, std::string_view mail,
                                        std::string_view rcpt);
/// "kith release ID TOKEN".
[[nodiscard]] std::string request_subject(std::string_view mail, std::string_view token);

struct NamedMail {
    std::string mail, token;
};
/// What a subject asks for, whatever an answering program put before it; nullopt when nothing.
[[nodiscard]] std::optional<NamedMail> named_in(std::string_view subject);

struct ReleaseRequest {
    std::string mail;  ///< kith's id
    std::string rcpt;  ///< who asks: the token is this one's
    Time time{};
};
inline constexpr std::size_t kMaxRequests = 1000;

/// Those written down, oldest first.
[[nodiscard]] Result<std::vector<ReleaseRequest>> read_requests(const Config& config);
/// Writes one down; one for the same mail and recipient stays as it is. Full beyond kMaxRequests.
/// True when it is new.
[[nodiscard]] Result<bool> add_request(const Config& config, const ReleaseRequest& request);
/// Forgets those of recipients for whom `is_one` is true; returns how many.
[[nodiscard]] Result<std::size_t> forget_requests_of(
    const Config& config, const std::function<bool(const std::string&)>& is_one);
/// Forgets those of these mails.
[[nodiscard]] Status forget_requests(const Config& config, const std::vector<std::string>& mails);

}  // namespace kith::admin
