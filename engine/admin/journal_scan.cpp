// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/journal_scan.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ostream>

#include "engine/admin/mail_lookup.hpp"

namespace kith::admin {
namespace {

using std::chrono::steady_clock;

/// Between two lines of progress.
constexpr std::chrono::milliseconds kTell{500};
/// Records between two looks at the clock.
constexpr std::uint64_t kLook = 1024;

class Progress {
public:
    Progress(Env& env, std::uint64_t segments) : env_(env), segments_(segments) {}
    ~Progress() {
        if (told_) env_.err << "\r\033[K" << std::flush;
    }
    void step(const JournalRecord& record) {
        if (!env_.terminal || ++records_ % kLook != 0 || steady_clock::now() - last_ < kTell)
            return;
        last_ = steady_clock::now();
        const double seconds = std::chrono::duration<double>(last_ - begin_).count();
        if (first_ == 0) first_ = record.position.segment;
        env_.err << fmt::format(
                        "\rlooking through the journal: {}, part {} of {}, {:.0f} records/s\033[K",
                        iso8601(record.time).substr(0, 10), record.position.segment - first_ + 1,
                        segments_ > first_ ? segments_ - first_ + 1 : 1,
                        static_cast<double>(records_) / seconds)
                 << std::flush;
        told_ = true;
    }

private:
    Env& env_;
    std::uint64_t segments_, first_ = 0, records_ = 0;
    bool told_ = false;
    steady_clock::time_point begin_ = steady_clock::now(), last_ = begin_;
};

}  // namespace

Result<ScanCount> walk_journal(
    Env& env, const Config& config,
    const std::function<Status(const JournalRecord&, ScanCount&)>& visit) {
    auto reader = JournalReader::open(config.journal);
    if (!reader) return fail(reader.error());
    const auto end = (*reader)->end();
    if (!end) return fail(end.error());
    const auto started = steady_clock::now();
    Progress progress(env, end->segment);
    ScanCount count;
    const Status walked = for_each_record(**reader, [&](const JournalRecord& record) {
        progress.step(record);
        return visit(record, count);
    });
    if (!walked) return fail(walked.error());
    count.damaged_bytes = (*reader)->damaged_bytes();
    count.seconds = std::chrono::duration<double>(steady_clock::now() - started).count();
    return count;
}

Result<ScanCount> scan_journal(Env& env, const Config& config, const ScanSpan& span,
                               const std::function<void(const MailRecord&)>& visit) {
    return walk_journal(env, config, [&](const JournalRecord& record, ScanCount& count) -> Status {
        // A record is appended when its mail is answered: never before the mail came.
        if (record.type != RecordType::Mail || (span.since && record.time < *span.since))
            return ok();
        auto mail = decode_mail_record(record.payload);
        if (!mail) {
            ++count.unreadable;
            return ok();
        }
        if (!is_within(span, mail->time)) return ok();
        if (mail->imported && span.imported == nullptr) {
            ++count.imported;
            return ok();
        }
        if (mail->imported) take_learned_verdict(*span.imported, *mail);
        count.add(mail->time);
        visit(*mail);
        return ok();
    });
}

bool is_within(const ScanSpan& span, Time time) noexcept {
    return (!span.since || time >= *span.since) && (!span.until || time < *span.until);
}

void ScanCount::add(Time time) noexcept {
    if (seen++ == 0) first = last = time;
    first = std::min(first, time);
    last = std::max(last, time);
}

std::string scan_text(const ScanCount& count) {
    std::string out = "looked at " + counted(count.seen, count.thing);
    if (count.seen > 0) out += " of " + iso8601(count.first) + " to " + iso8601(count.last);
    if (count.unreadable > 0 || count.damaged_bytes > 0)
        out += fmt::format(" ({} and {} are not readable)", counted(count.unreadable, "record"),
                           counted(count.damaged_bytes, "byte"));
    return out;
}

std::string left_out_text(const ScanCount& count) {
    if (count.imported == 0) return "";
    return counted(count.imported, "imported mail") +
           (count.imported == 1 ? " is left out, --imported takes it in\n"
                                : " are left out, --imported takes them in\n");
}

Json scan_json(const ScanCount& count) {
    Json j{{std::string(count.thing) + "s", count.seen}};
    if (count.seen > 0) {
        j["first"] = iso8601(count.first);
        j["last"] = iso8601(count.last);
    }
    j["unreadable"] = count.unreadable;
    j["damaged_bytes"] = count.damaged_bytes;
    j["seconds"] = rounded(count.seconds, 3);
    return j;
}

void add_span_options(CLI::App& sub, SpanOptions& options) {
    sub.add_option(
        "--since", options.since,
        "Not older than a span (7d, 12h) or a day (2026-03-01); without it all that is kept");
    sub.add_option("--until", options.until, "Older than a span or a day");
}

void add_imported_option(CLI::App& sub, bool& imported) {
    sub.add_flag("--imported", imported,
                 "Imported mail as well, with the score it got when it was learned");
}

Result<ScanSpan> read_span(const SpanOptions& options, Time now) {
    ScanSpan span;
    for (const auto& [text, place] :
         {std::pair(&options.since, &span.since), std::pair(&options.until, &span.until)}) {
        if (text->empty()) continue;
        const auto time = parse_since(*text, now);
        if (!time) return fail(time.error());
        *place = *time;
    }
    return span;
}

}  // namespace kith::admin
