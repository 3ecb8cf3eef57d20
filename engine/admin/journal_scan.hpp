// SPDX-License-Identifier: Apache-2.0
// The recorded past, mail by mail, for commands that look through it. Covered by
// tests/unit/admin/hunt_test.cpp.
#pragma once

#include <functional>
#include <optional>

#include "engine/admin/command.hpp"
#include "engine/admin/output.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/store/store.hpp"

namespace kith::admin {

struct ScanSpan {
    std::optional<Time> since, until;  ///< of the mail's arrival; until: not from then on
    /// Imported mail as well, with the score and verdict it got when it was learned, which this
    /// index has: it was never judged on arrival. Null: without imported mail.
    const StoreReader* imported = nullptr;
};

struct ScanCount {
    std::string_view thing = "mail";  ///< what was looked at
    std::uint64_t seen = 0;           ///< of them
    std::uint64_t imported = 0;       ///< mails of the span that were not: they were imported
    std::uint64_t unreadable = 0;     ///< records
    std::uint64_t damaged_bytes = 0;
    Time first{}, last{};  ///< of the first and last one that was looked at; only with seen > 0
    double seconds = 0;
    void add(Time time) noexcept;
};

/// Whether a time is in it.
[[nodiscard]] bool is_within(const ScanSpan& span, Time time) noexcept;

/// Calls `visit` with every record of the journal, in its order; it counts what it looks at. One
/// record at a time is in memory. On a terminal the progress is told on env.err. NoInput when there
/// is no journal; an error of `visit` ends it.
[[nodiscard]] Result<ScanCount> walk_journal(
    Env& env, const Config& config,
    const std::function<Status(const JournalRecord&, ScanCount&)>& visit);

/// Calls `visit` with every judged mail of the span, in the order of the journal, as
/// walk_journal() does.
[[nodiscard]] Result<ScanCount> scan_journal(Env& env, const Config& config, const ScanSpan& span,
                                             const std::function<void(const MailRecord&)>& visit);

/// "looked at 1,234 mails of 2026-03-01T.. to ..".
[[nodiscard]] std::string scan_text(const ScanCount& count);
/// How many imported mails were not looked at and what takes them in, with the line's end; "" where
/// there was none.
[[nodiscard]] std::string left_out_text(const ScanCount& count);
/// "since", "until" and counts.
[[nodiscard]] Json scan_json(const ScanCount& count);

/// Adds --since (default `since`) and --until; the texts are read by read_span().
struct SpanOptions {
    std::string since, until;
};
void add_span_options(CLI::App& sub, SpanOptions& options);
/// --imported.
void add_imported_option(CLI::App& sub, bool& imported);
[[nodiscard]] Result<ScanSpan> read_span(const SpanOptions& options, Time now);

}  // namespace kith::admin
