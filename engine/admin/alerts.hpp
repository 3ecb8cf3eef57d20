// SPDX-License-Identifier: Apache-2.0
// Alerts: something happened that somebody should hear of by mail, system log or webhook. Each
// waits as a small file in the outbox, one for each receiver, until it was handed over, over
// restarts and for as long as it takes. What is told is found in the store and on this host, and
// noted as told only when it lies in the outbox: a full outbox delays, and loses nothing. Sent by
// `kith alerts send` from timers, so that neither the mail path nor the learner ever waits for a
// receiver. Bytes: engine/admin/FORMAT.md. Covered by tests/unit/admin/alerts_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/admin/output.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"
#include "engine/config/config.hpp"
#include "engine/store/store.hpp"

namespace kith::admin {

struct Alert {
    std::string kind;  ///< held, model, incident, hold-missing, hold-aged, trouble, recovered,
                       ///< request, report, test
    std::string key;   ///< what it is about; the same kind and key waits only once
    Time time{};       ///< when it happened
    std::string text;  ///< one line in plain words, may hold text of a mail
    Json data;         ///< for programs
};

/// A receiver. The order is that of the words in a file's name.
enum class Channel : std::uint8_t { Mail, Syslog, Webhook };
inline constexpr std::array kChannels{Channel::Mail, Channel::Syslog, Channel::Webhook};
[[nodiscard]] std::string_view to_string(Channel c) noexcept;  ///< mail, syslog, webhook
[[nodiscard]] bool is_configured(const Config& config, Channel c) noexcept;

[[nodiscard]] std::string outbox_directory(const Config& config);

/// Puts the alert down for every receiver that is configured. Full when one of them has
/// alerts.max_waiting already; what was put down for the others stays.
[[nodiscard]] Status enqueue(const Config& config, Time now, const Alert& alert);

/// One that waits.
struct WaitingAlert {
    std::string file;  ///< name in the outbox
    Channel channel = Channel::Mail;
    Time since{};
    std::string id;        ///< the same for all receivers of an alert
    unsigned refused = 0;  ///< times that the receiver said that it does not want it
    bool given_up = false;
    Alert alert;
};
/// A refused alert is kept, but not tried again, after so many refusals.
inline constexpr unsigned kMaxRefused = 5;
/// Oldest first. Files that cannot be read are left out.
[[nodiscard]] Result<std::vector<WaitingAlert>> waiting_alerts(const Config& config);

/// What happened since the last call, as alerts in the outbox: mail held, incidents opened, trouble
/// of the services. The first call ever only notes where things stand. `reader` nullptr: the store
/// cannot be read.
[[nodiscard]] Status collect_alerts(const Config& config, Time now, const StoreReader* reader);

struct Sending {
    std::size_t sent = 0, waiting = 0, given_up = 0;
    std::string trouble;  ///< why something still waits; "" = it does not, or its turn has not come
};
/// Tries what waits for this receiver, oldest first, until one fails; then not again for a while
/// that doubles from a minute to an hour.
[[nodiscard]] Result<Sending> send_alerts(const Config& config, Time now, Channel channel);
/// Removes what a receiver refused for good and is older than retention.outbox; returns how many.
[[nodiscard]] Result<std::size_t> expire_alerts(const Config& config, Time now);
/// How long after the nth failure in a row.
[[nodiscard]] Seconds back_off(unsigned failures) noexcept;

/// The document a webhook gets.
[[nodiscard]] Json webhook_json(const WaitingAlert& waiting, const std::string& host);

}  // namespace kith::admin
