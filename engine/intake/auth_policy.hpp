// SPDX-License-Identifier: Apache-2.0
// Dovecot's auth policy protocol (auth_policy_server_url): before and after a login Dovecot asks
// whether it may be ("allow"), and tells how it went ("report"). Pure. What Dovecot 2.3 sends was
// looked at on the wire; the fields are those of auth_policy_request_attributes. Covered by
// tests/unit/intake/auth_policy_test.cpp and tests/fuzz/fuzz_intake.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/account_lock.hpp"
#include "engine/base/result.hpp"
#include "engine/journal/account_event.hpp"

namespace kith {

/// One request, without the password's hash, which is not read.
struct PolicyRequest {
    std::string login;      ///< lower case
    std::string remote;     ///< client's address
    std::string protocol;   ///< imap, pop3, sieve, submission, smtp
    std::string session;    ///< "" = none
    std::string device_id;  ///< IMAP ID, where imap_id_retain is set
    std::string mechanism, tls;
    bool success = false;        ///< reports
    bool policy_reject = false;  ///< reports: an allow was answered with no
};

/// Corrupt for what is no request, or has no login.
[[nodiscard]] Result<PolicyRequest> parse_policy_request(std::string_view json);

/// A report as the event that it tells. `lock`: of the account, if there is one.
[[nodiscard]] AccountEvent event_of_report(const PolicyRequest& request, Time now,
                                           const std::optional<AccountLock>& lock);

/// An answer. status: 0 = yes, -1 = no, more = yes after so many seconds.
struct PolicyAnswer {
    std::int64_t status = 0;
    std::string message;  ///< of a no, for the log of the mail server and its client
};
[[nodiscard]] std::string print(const PolicyAnswer& answer);
/// Another server's answer. Corrupt when it has no whole number as its status, -1 to 3600.
[[nodiscard]] Result<PolicyAnswer> parse_policy_answer(std::string_view json);
/// No before wait before yes; the longer wait.
[[nodiscard]] const PolicyAnswer& stricter(const PolicyAnswer& a, const PolicyAnswer& b) noexcept;

}  // namespace kith
