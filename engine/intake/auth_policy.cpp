// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/auth_policy.hpp"

#include <nlohmann/json.hpp>

#include "engine/intake/json_fields.hpp"

namespace kith {
namespace {

constexpr std::int64_t kLongestWait = 3600;

/// Dovecot's own word for the protocol, or ours.
std::string service_of(const std::string& protocol) {
    return protocol == "sieve" ? "managesieve" : protocol;
}

}  // namespace

Result<PolicyRequest> parse_policy_request(std::string_view json) {
    const auto fields = JsonFields::parse(json);
    if (!fields) return fail(fields.error());
    PolicyRequest r;
    r.login = fields->lower("login");
    if (r.login.empty()) return fail(ErrorCode::Corrupt, "a policy request without login");
    r.remote = fields->text("remote");
    r.protocol = service_of(fields->lower("protocol"));
    r.session = fields->text("session_id");
    r.device_id = fields->text("device_id");
    r.mechanism = fields->text("mechanism");
    // By default a switch; a text where the site asks for the cipher.
    r.tls = fields->text("tls");
    if (r.tls.empty() && fields->flag("tls")) r.tls = "TLS";
    r.success = fields->flag("success");
    r.policy_reject = fields->flag("policy_reject");
    return r;
}

AccountEvent event_of_report(const PolicyRequest& request, Time now,
                             const std::optional<AccountLock>& lock) {
    AccountEvent e;
    e.kind = request.success         ? AccountEventKind::Login
             : request.policy_reject ? AccountEventKind::LoginRefused
                                     : AccountEventKind::LoginFailed;
    e.time = now;
    e.account = request.login;
    e.service = request.protocol;
    e.session = request.session;
    e.client_addr = request.remote;
    e.client_id = request.device_id;
    e.mechanism = request.mechanism;
    e.tls = request.tls;
    if (e.kind == AccountEventKind::LoginRefused)
        e.detail = event_text(lock && lock->login ? lock_text(*lock) : "policy");
    // A session logs in once, and may fail once a second; the exporter's event of the same login
    // gets the same id.
    if (!e.session.empty())
        e.id = event_text(std::string(to_string(e.kind)) + "/" + e.session +
                          (request.success ? "" : "/" + std::to_string(to_unix(now))));
    return e;
}

std::string print(const PolicyAnswer& answer) {
    return nlohmann::json{{"status", answer.status}, {"msg", answer.message}}.dump(
        -1, ' ', true, nlohmann::json::error_handler_t::replace);
}

Result<PolicyAnswer> parse_policy_answer(std::string_view json) {
    const auto fields = JsonFields::parse(json);
    if (!fields) return fail(fields.error());
    PolicyAnswer answer{fields->signed_number("status", -2), fields->text("msg")};
    if (answer.status < -1 || answer.status > kLongestWait)
        return fail(ErrorCode::Corrupt, "a policy answer without a status from -1 to 3600");
    return answer;
}

const PolicyAnswer& stricter(const PolicyAnswer& a, const PolicyAnswer& b) noexcept {
    if (a.status < 0 || b.status < 0) return a.status < 0 ? a : b;
    return b.status > a.status ? b : a;
}

}  // namespace kith
