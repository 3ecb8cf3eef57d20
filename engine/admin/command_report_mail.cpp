// SPDX-License-Identifier: Apache-2.0
// `kith report-mail`: a mail that somebody reports, on standard input. Finds the original and who
// else got it, opens or joins an incident, holds what is still queued, answers with counts. A
// report alone teaches nothing; --confirm does. Covered by tests/unit/admin/report_mail_test.cpp
// and tests/e2e/quarantine_test.py.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <ostream>
#include <set>

#include "engine/admin/alerts.hpp"
#include "engine/admin/audit.hpp"
#include "engine/admin/campaign.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/hold_queue.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/outgoing.hpp"
#include "engine/admin/output.hpp"
#include "engine/admin/reported.hpp"
#include "engine/assess/direction.hpp"
#include "engine/assess/site_key.hpp"
#include "engine/base/text.hpp"
#include "engine/config/values.hpp"
#include "engine/learner/learner.hpp"

namespace kith::admin {
namespace {

constexpr std::size_t kMaxReport = 64U << 20U;
constexpr const char* kAttachIt = "attach the mail itself (forward as attachment)";

struct Options {
    std::string why, reporter;
    bool confirm = false, no_hold = false, reply = false;
    MtaOptions mta;
};

Result<std::string> standard_input() {
    std::string out;
    std::vector<char> buffer(65536);
    for (;;) {
        const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(ErrorCode::Io, "the report cannot be read from standard input");
        if (n == 0) return out;
        out.append(buffer.data(), static_cast<std::size_t>(n));
        if (out.size() > kMaxReport)
            return fail(ErrorCode::Full,
                        "the report is larger than " + std::to_string(kMaxReport) + " bytes");
    }
}

struct Found {
    std::vector<MailEntry> originals;
    std::vector<RelatedMail> group;  ///< the same campaign, the originals among them
    std::set<std::string> reached;   ///< recipients of what was delivered
    std::set<std::string> rcpts;     ///< all of the group
    std::vector<std::string> held;   ///< ids that were put on hold now
    std::size_t on_hold = 0;         ///< of the group, already
    std::size_t replies = 0;
    std::string not_held;  ///< why nothing was put on hold; "" = it was looked for
};

/// By kith's id, but only where the Message-ID does not say otherwise; and by Message-ID.
Result<std::vector<MailEntry>> originals(const Config& config, const StoreReader& reader,
                                         const std::vector<ReportedMail>& mails) {
    const Result<Hasher::Secret> secret = read_site_key(reader, config);
    if (!secret) return fail(secret.error());
    const Hasher hasher(*secret);
    std::vector<MailEntry> out;
    const auto add = [&](const MailEntry& e) {
        if (std::none_of(out.begin(), out.end(), [&](const MailEntry& o) { return o.id == e.id; }))
            out.push_back(e);
    };
    for (const ReportedMail& m : mails) {
        const std::uint64_t hash = m.message_id.empty() ? 0 : hasher.hash64("mid", m.message_id);
        if (!m.kith_id.empty()) {
            const auto entry = find_mail(reader, m.kith_id);
            if (!entry) return fail(entry.error());
            if (entry->has_value() && (hash == 0 || (*entry)->message_id == hash)) add(**entry);
        }
        const auto same = find_by_message_id(reader, hash);
        if (!same) return fail(same.error());
        for (const MailEntry& e : *same)
            if (!e.imported) add(e);
    }
    return out;
}

/// Puts on hold what the queue still has of the group.
Status hold_queued(const Config& config, Time now, const Options& options, Found& found) {
    if (options.no_hold || ::geteuid() != 0) {
        found.not_held = options.no_hold ? "--no-hold" : "only root may put mail on hold";
        return ok();
    }
    const auto queue = HoldQueue::open(options.mta);
    if (!queue) {
        found.not_held = queue.error().what;
        return ok();
    }
    const Result<std::string> host = (*queue)->host();
    if (!host) return fail(host.error());
    const Result<QueueView> view = (*queue)->look();
    if (!view) return fail(view.error());
    for (const RelatedMail& m : found.group) {
        if (m.entry.direction == Direction::Outbound ||
            (!m.entry.host.empty() && m.entry.host != *host))
            continue;
        const auto queued = view->find(m.entry.queue_id);
        if (queued == view->end() || queued->second == kOnHold || !is_queue_id(queued->first))
            continue;
        if (Status s = audit(
                config, now,
                {"report-mail hold", m.entry.id, "queue id " + m.entry.queue_id, options.why});
            !s)
            return s;
        if (Status s = (*queue)->hold(m.entry.queue_id); !s) return s;
        found.held.push_back(m.entry.id);
    }
    return ok();
}

/// Whether `by` has reported the mail already. The journal is read from the mail on only where the
/// learner has counted a report; one that it has not come to lies behind its checkpoint.
Result<bool> has_reported(const Config& config, const StoreReader& reader, const MailEntry& entry,
                          const std::string& by) {
    if (by.empty()) return false;
    const Result<JournalPosition> checkpoint = read_checkpoint(reader);
    if (!checkpoint) return fail(checkpoint.error());
    auto journal = JournalReader::open(config.journal);
    if (!journal) return fail(std::move(journal).error());
    if (Status s = (*journal)->seek(entry.reports > 0 ? entry.position : *checkpoint); !s)
        return fail(std::move(s).error());
    bool found = false;
    const Status read = for_each_record(**journal, [&](const JournalRecord& record) {
        if (record.type != RecordType::Report || found) return ok();
        const auto report = decode_admin_record(record.payload);
        found = report && report->id == entry.id && ascii_iequals(report->address, by);
        return ok();
    });
    if (!read) return fail(read.error());
    return found;
}

Status record_it(const Config& config, const StoreReader& reader, Time now, const MailEntry& entry,
                 const std::string& by, const Options& options) {
    if (Status s =
            audit(config, now,
                  {options.confirm ? "report-mail confirm" : "report-mail", entry.id,
                   "reported by " + (by.empty() ? "-" : by) + ", from " + entry.from, options.why});
        !s)
        return s;
    AdminRecord record;
    record.id = entry.id;
    record.address = by;
    record.why = options.why;
    // The learner counts each record as one report more.
    const Result<bool> again = has_reported(config, reader, entry, by);
    if (!again) return fail(again.error());
    if (!*again)
        if (Status s = append_admin_record(config, RecordType::Report, now, record); !s) return s;
    return options.confirm ? append_admin_record(config, RecordType::Confirm, now, record) : ok();
}

Json to_json(const Found& f, const std::string& by) {
    Json j;
    j["found"] = f.originals.size();
    j["reporter"] = by;
    j["originals"] = Json::array();
    for (const MailEntry& e : f.originals) j["originals"].push_back(entry_json(e));
    j["group"] = Json::array();
    for (const RelatedMail& m : f.group) {
        Json one = entry_json(m.entry);
        one["tie"] = to_string(m.tie);
        one["rcpts"] = m.rcpts;
        j["group"].push_back(std::move(one));
    }
    j["mails"] = f.group.size();
    j["recipients"] = f.rcpts.size();
    j["delivered_to"] = std::vector<std::string>(f.reached.begin(), f.reached.end());
    j["replies"] = f.replies;
    j["on_hold"] = f.on_hold;
    j["held_now"] = f.held;
    j["not_held"] = f.not_held;
    return j;
}

/// The counts, for the reporter: nobody else's address.
std::string answer_text(const Found& f) {
    if (f.originals.empty())
        return "Thank you for your report. The mail is not known here; it came another way, or too "
               "long ago.\n";
    return fmt::format(
        "Thank you for your report.\n\nMails like it:            {}\nPeople they were sent to:  "
        "{}\n"
        "Delivered to:              {}\nHeld before:               {}\nHeld now:                  "
        "{}\n"
        "Answered:                  {}\n\nYour postmaster has the list.\n",
        f.group.size(), f.rcpts.size(), f.reached.size(), f.on_hold, f.held.size(), f.replies);
}

Outcome report(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const Result<std::string> raw = standard_input();
    if (!raw) return fail(raw.error());
    const MailReport read = read_report(*raw, config.parse);
    if (read.mails.empty())
        return fail(ErrorCode::Usage,
                    "the report names no mail: neither it nor a mail attached to "
                    "it has a Message-ID or X-Kith-Id",
                    kAttachIt);
    const std::string by = options.reporter.empty() ? read.reporter : options.reporter;
    Found found;
    auto mails = originals(config, reader, read.mails);
    if (!mails) return fail(mails.error());
    found.originals = std::move(*mails);
    std::vector<std::string> ids;
    for (const MailEntry& e : found.originals) ids.push_back(e.id);
    const auto related = related_mail(config, reader, ids);
    if (!related) return fail(related.error());
    for (const RelatedMail& m : related->mails) {
        if (m.tie == Tie::Reply) ++found.replies;
        if (m.tie != Tie::Seed && !is_campaign(m.tie)) continue;
        found.group.push_back(m);
        found.rcpts.insert(m.rcpts.begin(), m.rcpts.end());
        if (m.entry.is_delivered()) found.reached.insert(m.rcpts.begin(), m.rcpts.end());
        if (m.entry.is_on_hold()) ++found.on_hold;
    }
    for (const MailEntry& e : found.originals)
        if (Status s = record_it(config, reader, env.now, e, by, options); !s)
            return fail(std::move(s).error());
    if (!found.originals.empty()) {
        if (Status s = hold_queued(config, env.now, options, found); !s)
            return fail(std::move(s).error());
        const MailEntry& e = found.originals.front();
        if (Status s = enqueue(
                config, env.now,
                {"report", e.id + " " + by, env.now,
                 fmt::format("{} reports {} from {}: {} like it, delivered to {}, {} put on hold: "
                             "kith incident show {}",
                             by.empty() ? "somebody" : cell(by), e.id, cell(e.from),
                             counted(found.group.size(), "mail"),
                             counted(found.reached.size(), "recipient"), found.held.size(), e.id),
                 to_json(found, by)});
            !s)
            env.err << "kith: " << cell(s.error().text(), 1000) << '\n';
    }
    // An answer goes to own people only, never to a machine, and never to whom a report claims to
    // be from elsewhere.
    bool answered = false;
    if (options.reply && !read.automatic && parse_mail_address(by) &&
        is_own_domain(ascii_lower(domain_of(by)), config.site)) {
        const Status sent =
            send_mail(config, env.now, {{by}, "Your report", answer_text(found), read.message_id});
        if (!sent) env.err << "kith: " << cell(sent.error().text(), 1000) << '\n';
        answered = sent.has_value();
    }
    const int status = found.originals.empty() ? exit_code(ErrorCode::NoInput) : 0;
    if (env.json) {
        Json j = to_json(found, by);
        j["answered"] = answered;
        print_json(env.out, j);
        return status;
    }
    if (found.originals.empty()) {
        env.out << "the reported mail is not known here: it did not come through kith, or too long "
                   "ago\n";
        // A mail that was forwarded inline is another than the one that came.
        if (!read.attached) env.out << "no mail is attached to it: " << kAttachIt << '\n';
        return status;
    }
    for (const MailEntry& e : found.originals)
        env.out << "reported " << e.id << ": from " << cell(e.from) << ", " << fate_text(e) << '\n';
    env.out << fmt::format(
        "{} like it to {}; delivered to {}; {} on hold before, {} put on hold now; {}\n",
        counted(found.group.size(), "mail"), counted(found.rcpts.size(), "recipient"),
        counted(found.reached.size(), "recipient"), found.on_hold, found.held.size(),
        counted(found.replies, "answer"));
    if (!found.not_held.empty())
        env.out << "nothing was put on hold: " << cell(found.not_held) << '\n';
    for (const std::string& rcpt : found.reached) env.out << "  got it: " << cell(rcpt) << '\n';
    env.out << "kith incident show " << found.originals.front().id
            << (options.confirm ? "\nrecorded that it was bad\n" : "\n");
    return status;
}

}  // namespace

StoreAction setup_report_mail(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    sub.add_flag("--confirm", options->confirm, "Record as well that the mail was bad");
    sub.add_flag("--no-hold", options->no_hold, "Leave the queue alone");
    sub.add_flag("--reply-to-reporter", options->reply,
                 "Mail the counts to the reporter, if it is one of the site's own people");
    sub.add_option("--reporter", options->reporter, "Who reports, where the mail does not say")
        ->type_name("ADDRESS");
    add_reason_option(sub, options->why);
    add_mta_options(sub, options->mta);
    return [options](Env& env, const Config& config, const StoreReader& reader) {
        return report(env, config, reader, *options);
    };
}

}  // namespace kith::admin
