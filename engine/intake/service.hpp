// SPDX-License-Identifier: Apache-2.0
// What kith-accounts does with a request and with a line of a log, without sockets, threads and
// files of its own: policy answers from memory, events merged and handed on. Everything outside
// comes in as a function, so that a test can be the world. One thread, the loop's. Covered by
// tests/unit/intake/service_test.cpp; the program by tests/e2e/accounts_test.py.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/account_lock.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/log.hpp"
#include "engine/config/config.hpp"
#include "engine/intake/auth_policy.hpp"
#include "engine/intake/http_door.hpp"
#include "engine/intake/log_line_reader.hpp"
#include "engine/intake/session_merger.hpp"

namespace kith {

/// Questions to the upstream policy server on their way; beyond it kith's own answer counts.
inline constexpr unsigned kMaxUpstream = 256;
/// An event from further ahead than this gets the time at which it came: a clock that is wrong.
inline constexpr Seconds kMaxAhead{86400};

class Service {
public:
    /// Asks the upstream server with this target.
    using AskUpstream = std::function<void(std::string target, std::string body,
                                           std::function<void(Result<HttpReply>)>)>;
    struct World {
        std::function<Time()> now;
        std::function<std::optional<AccountLock>(std::string_view, Time)> lock;
        HasherOf hasher;
        std::function<void(AccountEvent)> record;  ///< to the journal; Rule* events by way of their
                                                   ///< text
        AskUpstream ask_upstream;                  ///< empty without an upstream server
        std::function<void(LogLevel, std::string_view, const std::vector<LogField>&)> log;
    };
    struct Counts {
        std::uint64_t allowed = 0, refused = 0, would_refuse = 0, reports = 0, events = 0,
                      lines = 0;
        std::uint64_t malformed = 0, unauthorized = 0, clock_wrong = 0;
        std::uint64_t upstream_failed = 0;
        std::uint64_t failed = 0;  ///< could not be taken in for a reason that should not be
    };

    /// `token`: what Authorization: Bearer has to bring; "" = nothing.
    Service(const AccountOptions& options, std::string token, World world)
        : options_(options), token_(std::move(token)), world_(std::move(world)) {}

    /// Another configuration, for requests that come from now on: one that waits for the upstream
    /// server is answered as it was asked. What waits to be merged, and counts, stay.
    void reconfigure(const AccountOptions& options, std::string token, AskUpstream ask_upstream) {
        options_ = options;
        token_ = std::move(token);
        world_.ask_upstream = std::move(ask_upstream);
    }

    /// POST /policy?command=allow|report, POST /events; 404 and 405 for others. An exception costs
    /// what brought it, is told and goes no further, here and in the next two.
    void handle(const HttpRequest& request, const HttpAnswer& answer);
    void log_line(std::string_view line, Seconds zone);
    /// Hands on what is ready; called every second. `all`: at the end.
    void flush(bool all = false);

    [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

private:
    template <class Work>
    void guarded(const char* what, Work work);
    void route(const HttpRequest& request, const HttpAnswer& answer);
    [[nodiscard]] bool is_authorized(const HttpRequest& request) const;
    void policy(const HttpRequest& request, const HttpAnswer& answer);
    void allow(const HttpRequest& request, const HttpAnswer& answer);
    void report(const HttpRequest& request, const HttpAnswer& answer);
    void event(const HttpRequest& request, const HttpAnswer& answer);
    [[nodiscard]] PolicyAnswer own_answer(const PolicyRequest& asked);
    void take(ToldEvent told);

    AccountOptions options_;
    std::string token_;
    World world_;
    SessionMerger merger_;
    Counts counts_;
    unsigned upstream_ = 0;  ///< questions on their way
    Time told_would_refuse_{};
    Time told_malformed_{};
    Time told_failed_{};
};

}  // namespace kith
