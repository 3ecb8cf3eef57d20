// SPDX-License-Identifier: Apache-2.0
#include "milter/session.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "engine/assess/mode.hpp"
#include "engine/base/text.hpp"

namespace kith::milter {
namespace {

/// "<a@b>" and "a@b" are the same: mail handed to Postfix's sendmail(1) comes without the brackets.
std::string_view without_brackets(std::string_view address) {
    address = trim(address);
    if (address.size() >= 2 && address.front() == '<' && address.back() == '>')
        address = address.substr(1, address.size() - 2);
    return address;
}

/// What the MTA could not verify is no name: Postfix says "unknown", Sendmail the address in
/// brackets.
std::string_view verified_name(std::string_view name) {
    if (name == "unknown" || (!name.empty() && name.front() == '[')) return {};
    return name;
}

std::string macro(const Macros& macros, const char* name) {
    const auto value = macros(name);
    return value ? scrub_utf8(*value, Session::kMaxNameBytes) : std::string();
}

/// What its own stage told; else what the MTA has told since. An MTA that takes no macro lists from
/// us (protocol version 2) sends each with the stage that its own settings name.
std::string known_or_macro(const std::string& known, const Macros& macros, const char* name) {
    return known.empty() ? macro(macros, name) : known;
}

/// The address as on_connect writes it: Sendmail puts "IPv6:" before one and spells zeros out. ""
/// for what is no address.
std::string normal_address(std::string text) {
    if (ascii_lower(text.substr(0, 5)) == "ipv6:") text.erase(0, 5);
    std::array<char, INET6_ADDRSTRLEN> out{};
    in_addr v4{};
    if (::inet_pton(AF_INET, text.c_str(), &v4) == 1)
        return ::inet_ntop(AF_INET, &v4, out.data(), out.size());
    in6_addr v6{};
    if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1) return {};
    if (IN6_IS_ADDR_V4MAPPED(&v6))
        return ::inet_ntop(AF_INET, &v6.s6_addr[12], out.data(), out.size());
    return ::inet_ntop(AF_INET6, &v6, out.data(), out.size());
}

/// A value whose folded lines all begin with white space: text after a bare line feed must not pass
/// for a field of its own.
void append_header_value(std::string& out, std::string_view value) {
    for (std::size_t i = 0; i < value.size(); ++i) {
        out += value[i];
        const bool ends_line = value[i] == '\n' && (i + 1 == value.size() ||
                                                    (value[i + 1] != ' ' && value[i + 1] != '\t'));
        if (ends_line) out += ' ';
    }
}

std::chrono::milliseconds since(std::chrono::steady_clock::time_point begun) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 begun);
}

void append_record(Services& services, const MailRecord& record, const Config& config) {
    const Status status = services.append(record, config);
    services.recording_trouble.set(status ? "" : status.error().text());
    if (status) return;
    services.counters.journal_failures.fetch_add(1);
    log_throttled(services, services.journal_trouble, LogLevel::Error,
                  "journal: mail not recorded; it was answered all the same",
                  {{"id", record.id}, {"error", status.error().text()}});
}

/// What a judge says of each part of a mail.
std::vector<Judged> judge_parts(const Services& services, const MessageBytes& bytes,
                                const std::vector<TenantPart>& parts) {
    std::vector<Judged> out;
    for (const TenantPart& part : parts) out.push_back(services.judge(bytes, part));
    return out;
}

Mode strictest_mode(const std::vector<TenantPart>& parts) {
    Mode strictest = Mode::Passive;
    for (const TenantPart& part : parts)
        strictest = std::max(strictest, mode_for(*part.config, part.arrival));
    return strictest;
}

/// Mail that came too late for an answer is recorded all the same.
void record_late(Services& services, const std::vector<TenantPart>& parts,
                 std::vector<Judged> judged, Action done) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
        MailRecord& late = judged[i].record;
        late.mode = std::string(to_string(mode_for(*parts[i].config, parts[i].arrival)));
        late.action = done;
        late.assessment.degraded = "judged after milter.deadline; not acted on";
        append_record(services, late, *parts[i].config);
    }
}

}  // namespace

void log_throttled(Services& services, OncePerMinute& throttle, LogLevel level,
                   std::string_view message, std::vector<LogField> fields) {
    std::optional<unsigned long> held_back;
    {
        std::lock_guard lock(services.throttle_mutex);
        held_back = throttle.pass(std::chrono::steady_clock::now());
    }
    if (!held_back) return;
    if (*held_back > 0) fields.push_back({"not_logged", std::to_string(*held_back)});
    services.log(level, message, fields);
}

Session::OpenToken::OpenToken(std::shared_ptr<Services> services) : services_(std::move(services)) {
    services_->counters.open_messages.fetch_add(1);
}
Session::OpenToken::~OpenToken() { services_->counters.open_messages.fetch_sub(1); }

Session::MessageState::MessageState(std::shared_ptr<const Config> with,
                                    std::shared_ptr<Services> services)
    : config(std::move(with)),
      open(std::make_unique<OpenToken>(std::move(services))),
      collector(std::make_shared<Collector>(CollectorLimits{config->milter.memory_bytes,
                                                            config->milter.max_message_bytes,
                                                            config->milter.spool_directory})) {}

Session::Session(std::shared_ptr<Services> services, Negotiated negotiated)
    : services_(std::move(services)), negotiated_(negotiated) {}
Session::~Session() = default;

void Session::connected(std::string_view name, std::string_view address, const Macros& macros) {
    message_.reset();
    pending_.reset();
    connection_ = {};
    connection_.client_name = scrub_utf8(verified_name(name), kMaxNameBytes);
    connection_.client_addr = scrub_utf8(address, kMaxNameBytes);
    connection_.daemon_name = macro(macros, "{daemon_name}");
    connection_.daemon_port = macro(macros, "{daemon_port}");
    connection_.mta_hostname = macro(macros, "j");
}

void Session::helo(std::string_view name, const Macros& macros) {
    connection_.helo = scrub_utf8(name, kMaxNameBytes);
    // A second EHLO follows STARTTLS and is the one that knows version and cipher.
    connection_.tls_version = macro(macros, "{tls_version}");
    connection_.cipher = macro(macros, "{cipher}");
}

Session::MessageState& Session::message() {
    // An MTA that sends no MAIL before RCPT breaks the protocol; its mail is judged all the same.
    if (!message_) {
        message_.emplace(services_->config(), services_);
        on_failure_ = message_->config->milter.on_failure;
        message_->arrival.time = services_->now();
    }
    return *message_;
}

void Session::mail_from(std::string_view sender, const Macros& macros) {
    message_.reset();
    pending_.reset();
    // Sendmail may serve a new client on the connection (QUIT_NC) and libmilter may drop its
    // CONNECT, which it does after anything but a message answered CONTINUE. Mail must not go by
    // the name of the client before.
    if (std::string address = normal_address(macro(macros, "{client_addr}"));
        !address.empty() && address != connection_.client_addr) {
        connection_.client_addr = std::move(address);
        connection_.client_name = verified_name(macro(macros, "{client_name}"));
    }
    Arrival& arrival = message().arrival;
    arrival.mail_from = scrub_utf8(without_brackets(sender), kMaxAddressBytes);
    // Asked for at every MAIL: a login belongs to the message, not to the connection's first
    // message only.
    std::string login = macro(macros, "{auth_authen}");
    if (!login.empty()) arrival.auth_user = std::move(login);
    arrival.queue_id = macro(macros, "i");
}

void Session::recipient(std::string_view address) {
    auto& rcpts = message().arrival.rcpts;
    if (rcpts.size() < kMaxRecipients)
        rcpts.push_back(scrub_utf8(without_brackets(address), kMaxAddressBytes));
}

void Session::header(std::string_view name, std::string_view value) {
    MessageState& m = message();
    m.own_headers.saw(name);
    std::string line(name);
    line += ':';
    // Without HDR_LEADSPC both MTAs have eaten one blank; with it the value is as it came.
    if (!negotiated_.leading_space) line += ' ';
    append_header_value(line, value);
    line += '\n';
    m.collector->append(line);
}

void Session::end_of_headers() {
    MessageState& m = message();
    if (std::exchange(m.headers_ended, true)) return;
    m.collector->append("\n");
}

void Session::body(std::string_view chunk) {
    end_of_headers();  // an MTA without the step
    message().collector->append(chunk);
}

void Session::mark_failed() noexcept {
    if (message_) message_->failed = true;
}

Plan Session::end_of_message(const Macros& macros) {
    const auto begun = std::chrono::steady_clock::now();
    end_of_headers();
    MessageState m = std::move(message());
    message_.reset();
    Counters& counters = services_->counters;
    counters.messages.fetch_add(1);

    Arrival& arrival = m.arrival;
    arrival.client_addr = connection_.client_addr;
    arrival.client_name = connection_.client_name;
    arrival.helo = connection_.helo;
    arrival.tls_version = known_or_macro(connection_.tls_version, macros, "{tls_version}");
    arrival.cipher = known_or_macro(connection_.cipher, macros, "{cipher}");
    arrival.daemon_name = known_or_macro(connection_.daemon_name, macros, "{daemon_name}");
    arrival.daemon_port = known_or_macro(connection_.daemon_port, macros, "{daemon_port}");
    arrival.mta_hostname = known_or_macro(connection_.mta_hostname, macros, "j");
    if (!arrival.auth_user)
        if (std::string login = macro(macros, "{auth_authen}"); !login.empty())
            arrival.auth_user = std::move(login);
    // Postfix has no queue id before DATA, so what MAIL said is only second best.
    if (std::string queue_id = macro(macros, "i"); !queue_id.empty())
        arrival.queue_id = std::move(queue_id);

    const MilterOptions& options = m.config->milter;
    // The worker's as well, for as long as a late one may run.
    const auto parts =
        std::make_shared<const std::vector<TenantPart>>(split_by_tenant(m.config, arrival));
    const auto lock = outbound_lock(arrival);
    const AccountOptions& locked = parts->front().config->accounts;
    // What is done when there is no verdict in time, which a record that comes late tells as well.
    Plan without = lock ? plan_for_locked(nullptr, *lock, locked, negotiated_, m.own_headers)
                        : plan_without_verdict(options, negotiated_, m.own_headers);
    std::variant<std::vector<Judged>, Missed> outcome = Missed::Failed;
    if (!m.failed) {
        outcome = run_within<std::vector<Judged>>(
            *services_->judging, begun + options.deadline,
            [services = services_, collector = m.collector, parts] {
                return judge_parts(*services, collector->bytes(), *parts);
            },
            [services = services_, parts, done = without.action](std::vector<Judged> late) {
                record_late(*services, *parts, std::move(late), done);
            });
    }
    // The collector is the worker's as long as a late one may run; its trouble is read only when no
    // worker can hold it.
    if (!std::holds_alternative<Missed>(outcome) && m.collector->trouble()) {
        counters.spool_failures.fetch_add(1);
        log_throttled(*services_, services_->spool_trouble, LogLevel::Error,
                      "spool: a large mail was judged by its beginning",
                      {{"queue_id", log_queue_id(arrival.queue_id)},
                       {"error", m.collector->trouble()->text()}});
    }

    Pending pending{.config = m.config,
                    .open = std::move(m.open),
                    .mode = strictest_mode(*parts),
                    .arrival = std::move(arrival),
                    .parts = parts,
                    .begun = begun};
    Plan plan;
    if (auto* judged = std::get_if<std::vector<Judged>>(&outcome)) {
        for (std::size_t i = 0; i < parts->size(); ++i) {
            const TenantPart& part = (*parts)[i];
            const Mode mode = mode_for(*part.config, part.arrival);
            MailRecord& record = (*judged)[i].record;
            record.mode = std::string(to_string(mode));
            Plan own = plan_for(record, mode, options, negotiated_, m.own_headers);
            plan = i == 0 ? std::move(own) : stricter(std::move(plan), std::move(own));
        }
        pending.judged = std::move(*judged);
    } else {
        const Missed missed = std::get<Missed>(outcome);
        pending.missed = to_string(missed);
        auto& counter = missed == Missed::Saturated ? counters.saturated
                        : missed == Missed::TooLate ? counters.late
                                                    : counters.failed;
        counter.fetch_add(1);
        plan = std::move(without);
    }
    if (lock && !pending.judged.empty())
        plan = plan_for_locked(&pending.judged.front().record, *lock, locked, negotiated_,
                               m.own_headers);
    if (lock) pending.locked = lock_text(*lock);
    pending.shortfall = plan.shortfall;
    pending_ = std::move(pending);
    return plan;
}

/// The lock that keeps this mail from going out.
std::optional<AccountLock> Session::outbound_lock(const Arrival& arrival) const {
    if (!arrival.auth_user || !services_->account_lock) return std::nullopt;
    auto lock = services_->account_lock(*arrival.auth_user);
    if (lock && !lock->outbound) lock.reset();
    return lock;
}

void Session::settled(Action action) {
    if (!pending_) return;
    Pending p = std::move(*pending_);
    pending_.reset();
    Counters& counters = services_->counters;
    if (action == Action::Held) counters.held.fetch_add(1);
    if (action == Action::Deferred) counters.deferred.fetch_add(1);
    if (action == Action::Rejected) counters.rejected.fetch_add(1);

    if (!p.locked.empty())
        services_->log(LogLevel::Warning, log_queue_id(p.arrival.queue_id) + ": " + p.locked,
                       {{"login", p.arrival.auth_user.value_or("")},
                        {"action", std::string(to_string(action))}});
    if (p.judged.empty()) {
        const LogLine line =
            log_line_without_verdict(p.arrival, p.missed, action, p.mode, since(p.begun));
        services_->log(LogLevel::Info, line.message, line.fields);
        log_throttled(*services_, services_->judging_trouble, LogLevel::Error,
                      "mail answered without a verdict",
                      {{"cause", p.missed},
                       {"saturated", std::to_string(counters.saturated.load())},
                       {"late", std::to_string(counters.late.load())},
                       {"failed", std::to_string(counters.failed.load())}});
        return;
    }
    for (std::size_t i = 0; i < p.judged.size(); ++i)
        settle(std::move(p.judged[i]), (*p.parts)[i], p, action);
}

void Session::settle(Judged judged, const TenantPart& part, const Pending& pending, Action action) {
    judged.record.action = action;
    LogLine line = log_line_of(judged.record, part.arrival, since(pending.begun));
    if (!part.config->tenant.empty()) line.fields.push_back({"tenant", part.config->tenant});
    services_->log(judged.record.assessment.notify ? LogLevel::Warning : LogLevel::Info,
                   line.message, line.fields);
    if (!pending.shortfall.empty())
        services_->log(LogLevel::Warning, line.message, {{"not_done", pending.shortfall}});
    const auto record = std::make_shared<const MailRecord>(std::move(judged.record));
    journal(record, part.config, pending.begun + pending.config->milter.deadline);
    if (action == Action::Accepted || action == Action::Held)
        spool(record, part.config, std::move(judged.documents));
}

/// Nobody waits for it: the mail is answered, and what finds no room is not read.
void Session::spool(const std::shared_ptr<const MailRecord>& record,
                    const std::shared_ptr<const Config>& config, std::vector<Document> documents) {
    if (documents.empty() || !services_->spool || services_->spooling == nullptr) return;
    auto kept = std::make_shared<const std::vector<Document>>(std::move(documents));
    const auto drop = [services = services_, id = record->id](const std::string& why) {
        services->counters.documents_dropped.fetch_add(1);
        log_throttled(*services, services->document_trouble, LogLevel::Info,
                      "documents of a mail will not be read", {{"id", id}, {"cause", why}});
    };
    const bool queued =
        services_->spooling->submit([services = services_, record, config, kept, drop] {
            const Status done = services->spool(*record, *kept, *config);
            // Without the directory nobody wants any.
            if (!done && done.error().code != ErrorCode::NoInput) drop(done.error().what);
        });
    if (!queued) drop("the disk does not keep up");
}

void Session::journal(const std::shared_ptr<const MailRecord>& record,
                      const std::shared_ptr<const Config>& config, Deadline deadline) {
    // Waited for, so that a crash after the answer loses no record; but never longer than the
    // message's own deadline: a disk that hangs must not hold mail.
    const bool queued = run_and_wait(
        *services_->journalling, deadline,
        [services = services_, record, config] { append_record(*services, *record, *config); });
    if (queued) return;
    services_->recording_trouble.set("the disk of the journal does not keep up");
    services_->counters.journal_failures.fetch_add(1);
    log_throttled(*services_, services_->journal_trouble, LogLevel::Error,
                  "journal: mail not recorded; the disk does not keep up", {{"id", record->id}});
}

}  // namespace kith::milter
