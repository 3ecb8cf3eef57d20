// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/service.hpp"

#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "engine/intake/json_fields.hpp"

namespace kith {
namespace {

constexpr Seconds kTellAgain{60};
constexpr const char* kTaken = "{}";

/// In the same time whatever the difference.
bool equal_secret(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned char>(a[i]) ^
                      static_cast<unsigned>(static_cast<unsigned char>(b[i]));
    return difference == 0;
}

/// True once in kTellAgain.
bool tell_now(Time& told, Time now) {
    if (told != Time{} && now >= told && now - told < kTellAgain) return false;
    told = now;
    return true;
}

std::string_view query_of(std::string_view target) {
    const std::size_t at = target.find('?');
    return at == std::string_view::npos ? std::string_view() : target.substr(at + 1);
}

}  // namespace

/// Dovecot 2.3 sends a header with its policy requests and none with its events, which bring the
/// secret in their address.
bool Service::is_authorized(const HttpRequest& request) const {
    constexpr std::string_view kParameter = "token=";
    if (token_.empty() || equal_secret(request.authorization, "Bearer " + token_)) return true;
    const std::string_view query = query_of(request.target);
    return query.starts_with(kParameter) &&
           equal_secret(query.substr(kParameter.size(), query.find('&') - kParameter.size()),
                        token_);
}

/// The one place where what should not be ends: who brings one bad event must not end the service
/// for all.
template <class Work>
void Service::guarded(const char* what, Work work) {
    try {
        work();
    } catch (const std::exception& e) {
        ++counts_.failed;
        if (tell_now(told_failed_, world_.now()))
            world_.log(LogLevel::Error, std::string(what) + " was passed over",
                       {{"error", e.what()}, {"so_far", std::to_string(counts_.failed)}});
    }
}

void Service::handle(const HttpRequest& request, const HttpAnswer& answer) {
    guarded("a request", [&] { route(request, answer); });
}

void Service::route(const HttpRequest& request, const HttpAnswer& answer) {
    if (!is_authorized(request)) {
        ++counts_.unauthorized;
        return answer({401, kTaken});
    }
    const std::string_view path =
        std::string_view(request.target).substr(0, request.target.find('?'));
    if (path != "/policy" && path != "/events") return answer({404, kTaken});
    if (request.method != "POST") return answer({405, kTaken});
    path == "/policy" ? policy(request, answer) : event(request, answer);
}

void Service::policy(const HttpRequest& request, const HttpAnswer& answer) {
    const std::string_view query = query_of(request.target);
    if (query.ends_with("command=allow")) return allow(request, answer);
    if (query.ends_with("command=report")) return report(request, answer);
    answer({404, kTaken});
}

PolicyAnswer Service::own_answer(const PolicyRequest& asked) {
    const Time now = world_.now();
    const auto lock = world_.lock(asked.login, now);
    if (!lock || !lock->login) return {};
    if (options_.enforce) return {-1, lock_text(*lock)};
    ++counts_.would_refuse;
    if (tell_now(told_would_refuse_, now))
        world_.log(LogLevel::Warning,
                   "a login of a locked account would be refused: accounts.enforce is not set",
                   {{"account", asked.login}, {"client", asked.remote}});
    return {};
}

void Service::allow(const HttpRequest& request, const HttpAnswer& answer) {
    const auto asked = parse_policy_request(request.body);
    // Fail-open: what is not understood is no reason to keep somebody from his mail.
    if (!asked) ++counts_.malformed;
    const PolicyAnswer own = asked ? own_answer(*asked) : PolicyAnswer{};
    const auto give = [this, answer](const PolicyAnswer& final) {
        ++(final.status < 0 ? counts_.refused : counts_.allowed);
        answer({200, print(final)});
    };
    if (own.status < 0 || !world_.ask_upstream || upstream_ >= kMaxUpstream) return give(own);
    ++upstream_;
    world_.ask_upstream(
        "command=allow", request.body, [this, own, give](const Result<HttpReply>& reply) {
            --upstream_;
            auto theirs = reply && reply->status == 200
                              ? parse_policy_answer(reply->body)
                              : Result<PolicyAnswer>(fail(ErrorCode::Unavailable, "no answer"));
            if (!theirs) {
                ++counts_.upstream_failed;
                return give(own);
            }
            give(stricter(own, *theirs));
        });
}

void Service::report(const HttpRequest& request, const HttpAnswer& answer) {
    const auto told = parse_policy_request(request.body);
    if (told) {
        ++counts_.reports;
        const Time now = world_.now();
        take({event_of_report(*told, now, world_.lock(told->login, now)), ToldEvent::Part::Whole});
    } else {
        ++counts_.malformed;
    }
    answer({200, R"({"status":0,"msg":""})"});
    if (!world_.ask_upstream || upstream_ >= kMaxUpstream) return;
    ++upstream_;
    world_.ask_upstream("command=report", request.body, [this](const Result<HttpReply>& reply) {
        --upstream_;
        if (!reply) ++counts_.upstream_failed;
    });
}

void Service::event(const HttpRequest& request, const HttpAnswer& answer) {
    auto told = parse_dovecot_event(request.body);
    if (!told) {
        ++counts_.malformed;
        if (tell_now(told_malformed_, world_.now()))
            world_.log(LogLevel::Warning, "an event that cannot be read",
                       {{"error", told.error().text()}, {"begins", request.body.substr(0, 80)}});
        return answer({400, kTaken});
    }
    if (*told) {
        ++counts_.events;
        take(std::move(**told));
    }
    answer({200, kTaken});
}

void Service::log_line(std::string_view line, Seconds zone) {
    guarded("a line of the log", [&] {
        ++counts_.lines;
        LogContext context{world_.now(), zone, world_.hasher};
        for (ToldEvent& told : read_log_line(line, context)) {
            ++counts_.events;
            take(std::move(told));
        }
    });
}

void Service::take(ToldEvent told) {
    const Time now = world_.now();
    if (told.event.time > now + kMaxAhead) {
        ++counts_.clock_wrong;
        told.event.time = now;
    }
    merger_.add(std::move(told), now);
    flush();
}

void Service::flush(bool all) {
    guarded("what was told of accounts", [&] {
        for (AccountEvent& event : merger_.take(world_.now(), all)) world_.record(std::move(event));
    });
}

}  // namespace kith
