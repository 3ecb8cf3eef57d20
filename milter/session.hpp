// SPDX-License-Identifier: Apache-2.0
// One connection of an MTA, as plain calls in the order of the milter protocol. Knows no libmilter:
// glue.cpp translates callbacks into these calls and carries out the Plan that comes back, so every
// path can be tested without an MTA. What belongs to the connection and what belongs to one message
// are kept apart: a message's state is made at MAIL and thrown away at its end, so that nothing of
// one mail can be seen by the next. Covered by tests/unit/milter/session_test.cpp.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/assess/judge.hpp"
#include "engine/assess/tenants.hpp"
#include "engine/base/account_lock.hpp"
#include "engine/base/log.hpp"
#include "engine/config/config.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/mail_record.hpp"
#include "milter/actions.hpp"
#include "milter/collector.hpp"
#include "milter/log_line.hpp"
#include "milter/worker_pool.hpp"

namespace kith::milter {

/// What has happened since the start; written by all sessions. Thread-safe.
struct Counters {
    std::atomic<std::uint64_t> messages{0};  ///< reached their end
    std::atomic<std::uint64_t> held{0}, deferred{0}, rejected{0};
    std::atomic<std::uint64_t> saturated{0};  ///< answered on_failure because the queue was full
    std::atomic<std::uint64_t> late{0};       ///< ... because the deadline passed
    std::atomic<std::uint64_t> failed{0};     ///< ... because of a failure of our own
    std::atomic<std::uint64_t> journal_failures{0};
    std::atomic<std::uint64_t> spool_failures{0};
    std::atomic<std::uint64_t> documents_dropped{0};  ///< mails whose documents will not be read
    std::atomic<std::int64_t> open_messages{
        0};  ///< between MAIL and their end: what a stop waits for
};

/// Why mail is not recorded now; "" while it is. Thread-safe.
class RecordingTrouble {
public:
    struct Now {
        std::string text;
        bool was = false;  ///< there was some since the last look, which may be over
    };
    void set(std::string text) {
        const std::lock_guard lock(mutex_);
        now_.was = now_.was || !text.empty();
        now_.text = std::move(text);
    }
    [[nodiscard]] Now look() {
        const std::lock_guard lock(mutex_);
        Now seen = now_;
        now_.was = !now_.text.empty();
        return seen;
    }

private:
    std::mutex mutex_;
    Now now_;
};

/// What a session needs of the rest of the program. Everything in it is thread-safe and outlives
/// the sessions.
struct Services {
    std::function<std::shared_ptr<const Config>()>
        config;  ///< the current one; a message keeps what it began with
    std::function<Judged(const MessageBytes&, const TenantPart&)> judge;
    /// Puts the documents of a delivered or held mail where the tenant's learner finds them; may
    /// block, runs on `spooling`. Empty: they are forgotten.
    std::function<Status(const MailRecord&, const std::vector<Document>&, const Config&)> spool;
    /// To the tenant's journal; may block, runs on `journalling`.
    std::function<Status(const MailRecord&, const Config&)> append;
    /// The lock that stands on an account; empty: none does.
    std::function<std::optional<AccountLock>(std::string_view account)> account_lock;
    std::function<Time()> now;
    std::function<void(LogLevel, std::string_view, const std::vector<LogField>&)> log;
    WorkerPool* judging = nullptr;
    WorkerPool* journalling = nullptr;  ///< one thread, so that records keep their order
    WorkerPool* spooling = nullptr;     ///< one thread; what it has no room for is dropped
    Counters counters;
    RecordingTrouble recording_trouble;
    std::mutex throttle_mutex;
    OncePerMinute judging_trouble, journal_trouble, spool_trouble, exception_trouble,
        document_trouble;
};

/// Logs at most once a minute for each `throttle`, naming how many were held back. Thread-safe.
void log_throttled(Services& services, OncePerMinute& throttle, LogLevel level,
                   std::string_view message, std::vector<LogField> fields);

/// Value of a macro of the MTA at this moment; nullopt when it has none.
using Macros = std::function<std::optional<std::string>(const char* name)>;

/// One connection. Calls come one at a time, but each may come on another thread. No call throws on
/// content; std::bad_alloc may pass through and leaves the session usable.
class Session {
public:
    static constexpr std::size_t kMaxRecipients =
        1000;  ///< kept of a message; Postfix's own limit is 1000
    static constexpr std::size_t kMaxAddressBytes =
        1024;  ///< RFC 5321 allows 256 in a path; UTF-8 and quoting need more
    static constexpr std::size_t kMaxNameBytes = 512;  ///< host names, logins and other short facts

    Session(std::shared_ptr<Services> services, Negotiated negotiated);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] const Negotiated& negotiated() const noexcept { return negotiated_; }

    /// `name` as the MTA verified it, `address` textual or "" when unknown.
    void connected(std::string_view name, std::string_view address, const Macros& macros);
    void helo(std::string_view name, const Macros& macros);
    /// Begins a message; one that had begun is forgotten. `sender` with or without <>.
    void mail_from(std::string_view sender, const Macros& macros);
    void recipient(std::string_view address);
    /// `value` as the MTA sent it (with its leading blank when negotiated).
    void header(std::string_view name, std::string_view value);
    void end_of_headers();
    void body(std::string_view chunk);
    /// Judges the message. The answer comes before milter.deadline has passed since the call,
    /// whatever the judge does. The message is over then; settled() must follow with what the MTA
    /// took of the plan.
    [[nodiscard]] Plan end_of_message(const Macros& macros);
    /// Writes log line and journal. `action` is what was done in the end.
    void settled(Action action);
    /// The message is forgotten, the connection is not.
    void abort() noexcept {
        message_.reset();
        pending_.reset();
    }
    /// A failure of our own in a call for this message: it will be answered with on_failure.
    void mark_failed() noexcept;

    /// What a callback must answer when all else failed; does not throw.
    [[nodiscard]] OnFailure on_failure() const noexcept { return on_failure_; }

private:
    /// Counts an open message for as long as it lives.
    class OpenToken {
    public:
        explicit OpenToken(std::shared_ptr<Services> services);
        ~OpenToken();
        OpenToken(const OpenToken&) = delete;
        OpenToken& operator=(const OpenToken&) = delete;

    private:
        std::shared_ptr<Services> services_;
    };

    struct Connection {
        std::string client_addr, client_name, helo, tls_version, cipher, daemon_name, daemon_port,
            mta_hostname;
    };
    struct MessageState {
        MessageState(std::shared_ptr<const Config> with, std::shared_ptr<Services> services);
        std::shared_ptr<const Config> config;
        std::unique_ptr<OpenToken> open;
        Arrival arrival;
        std::shared_ptr<Collector> collector;  ///< shared with a worker that may outlive the wait
        OwnHeaders own_headers;
        bool headers_ended = false;
        bool failed = false;
    };
    /// Between end_of_message() and settled().
    struct Pending {
        std::shared_ptr<const Config> config;
        std::unique_ptr<OpenToken> open;
        Mode mode = Mode::Passive;  ///< the strictest of all parts
        Arrival arrival;
        std::shared_ptr<const std::vector<TenantPart>> parts;
        std::vector<Judged> judged{};  ///< one of each part, or none
        std::string missed{};          ///< why there is none
        std::string shortfall{};
        std::string locked{};  ///< why the account may not send; "" = it may
        std::chrono::steady_clock::time_point begun;
    };

    MessageState& message();
    [[nodiscard]] std::optional<AccountLock> outbound_lock(const Arrival& arrival) const;
    void settle(Judged judged, const TenantPart& part, const Pending& pending, Action action);
    void journal(const std::shared_ptr<const MailRecord>& record,
                 const std::shared_ptr<const Config>& config, Deadline deadline);
    void spool(const std::shared_ptr<const MailRecord>& record,
               const std::shared_ptr<const Config>& config, std::vector<Document> documents);

    std::shared_ptr<Services> services_;
    Negotiated negotiated_;
    OnFailure on_failure_ = OnFailure::Accept;  ///< of the latest message's configuration
    Connection connection_;
    std::optional<MessageState> message_;
    std::optional<Pending> pending_;
};

}  // namespace kith::milter
