// SPDX-License-Identifier: Apache-2.0
// The whole way from bytes to a MailRecord for programs that judge live mail: owns the read side of
// the store and the cached site state, survives a store that is missing, damaged, replaced or not
// yet there. The pure pipeline is assess.hpp.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/assess/direction.hpp"
#include "engine/config/config.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/message/message.hpp"

namespace kith {

/// A judged mail, and what is attached to it for others to read (ParseOptions::max_documents).
struct Judged {
    Judged(MailRecord judged) : record(std::move(judged)) {}  // NOLINT(google-explicit-constructor)
    MailRecord record;
    std::vector<Document> documents{};
};

/// Thread-safe. One per process (it owns the process's only Store).
class Judge {
public:
    /// Never fails because of the store: without one every mail gets a neutral score and
    /// Assessment::degraded says why; the store is looked for again every few seconds.
    [[nodiscard]] static std::unique_ptr<Judge> create(std::shared_ptr<const Config> config);
    virtual ~Judge() = default;

    /// Judges one mail. Total: any bytes, any arrival. Sets everything in the record but `action`
    /// and `mode`.
    [[nodiscard]] virtual Judged judge(const MessageBytes& bytes, const Arrival& arrival) = 0;

    /// Swaps in a new configuration; mail being judged keeps the one it started with. Store and
    /// secret paths need a restart.
    virtual void reload(std::shared_ptr<const Config> config) = 0;

    /// "" when healthy, else what is wrong with the store, for status and log.
    [[nodiscard]] virtual std::string trouble() const = 0;
};

}  // namespace kith
