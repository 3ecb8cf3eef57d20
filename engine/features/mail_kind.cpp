// SPDX-License-Identifier: Apache-2.0
#include "engine/features/mail_kind.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "engine/base/text.hpp"
#include "engine/features/words.hpp"

namespace kith {
namespace {

bool has_part(const Message& m, std::string_view media_type) {
    return std::any_of(m.parts.begin(), m.parts.end(),
                       [&](const Part& p) { return p.media_type == media_type; });
}

bool contains(std::string_view value, std::string_view lower) {
    return ascii_lower(value).find(lower) != std::string::npos;
}

template <std::size_t N>
bool has_any_header(const Message& m, const std::array<std::string_view, N>& names) {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return m.header(name).has_value(); });
}

/// Fields that issue trackers and help desks add.
constexpr std::array<std::string_view, 12> kTrackerFields = {
    "X-RT-Ticket",     "RT-Ticket",       "X-JIRA-FingerPrint", "X-OTRS-TicketNumber",
    "X-OTRS-Ticket",   "X-Zammad-Ticket", "X-Redmine-Issue-Id", "X-GitLab-Issue-ID",
    "X-Bugzilla-Type", "X-Mantis-BugId",  "X-Zendesk-Ticket",   "X-Freshdesk-Ticket"};

/// "[#1234]", "[Ticket#1234]", "Ticket 1234", "case #1234", in brackets or after its word.
bool has_ticket_number(std::string_view subject) {
    static constexpr std::array<std::string_view, 8> kWords = {
        "ticket", "case", "incident", "issue", "request", "vorgang", "anfrage", "dossier"};
    const std::string s = utf8_lower(utf8_prefix(subject, 500));
    for (std::size_t i = 0; i < s.size(); ++i) {
        std::size_t digits = 0;
        while (i + digits < s.size() &&
               std::isdigit(static_cast<unsigned char>(s[i + digits])) != 0)
            ++digits;
        if (digits < 3) {
            i += digits;
            continue;
        }
        std::string_view before = std::string_view(s).substr(0, i);
        const bool number_sign = before.ends_with('#');
        while (!before.empty() && (before.back() == '#' || before.back() == ' ' ||
                                   before.back() == ':' || before.back() == '-'))
            before.remove_suffix(1);
        const bool after_word =
            std::any_of(kWords.begin(), kWords.end(),
                        [&](std::string_view word) { return before.ends_with(word); });
        if (after_word || (number_sign && before.ends_with('['))) return true;
        i += digits;
    }
    return false;
}

bool subject_says_report(std::string_view subject) {
    static constexpr std::array<std::string_view, 14> kWords = {
        "report",  "bericht", "rapport", "informe",  "rapporto", "raport",          "relatório",
        "summary", "backup",  "cron",    "logwatch", "digest",   "zusammenfassung", "statistics"};
    const auto words = words_of(subject, 40);
    return std::any_of(words.begin(), words.end(), [](const std::string& w) {
        return std::find(kWords.begin(), kWords.end(), w) != kWords.end();
    });
}

/// An address that reads no answers, or the mail system's own.
bool nobody_reads(const Message& m) {
    if (m.from.empty()) return false;
    std::string local;
    for (const char c : ascii_lower(m.from.front().local_part))
        if (c != '-' && c != '_' && c != '.') local += c;
    return local.find("noreply") != std::string::npos ||
           local.find("donotreply") != std::string::npos;
}
bool is_daemon(const Message& m) {
    return !m.from.empty() && ascii_iequals(m.from.front().local_part, "mailer-daemon");
}

/// What a program's mail is when nothing says it more closely.
MailKind by_subject(const Message& m, MailKind otherwise) {
    if (has_ticket_number(m.subject)) return MailKind::Ticket;
    return subject_says_report(m.subject) ? MailKind::Report : otherwise;
}

MailKind by_auto_submitted(const Message& m, std::string_view value) {
    return contains(value, "replied") ? MailKind::AutoReply : by_subject(m, MailKind::Notification);
}

}  // namespace

MailKind mail_kind(const Message& m, const Arrival& a) {
    if (has_part(m, "text/calendar")) return MailKind::Calendar;
    if (has_part(m, "message/disposition-notification")) return MailKind::AutoReply;
    if (has_part(m, "message/feedback-report")) return MailKind::Report;
    if (has_part(m, "message/delivery-status") ||
        (a.mail_from.empty() && (m.mime_tree.starts_with("report") || is_daemon(m))))
        return MailKind::Bounce;
    if (has_any_header(m, kTrackerFields)) return MailKind::Ticket;
    if (m.header("X-Cron-Env")) return MailKind::Report;
    if (const auto automatic = m.header("Auto-Submitted");
        automatic && !ascii_iequals(trim(*automatic), "no"))
        return by_auto_submitted(m, *automatic);
    if (m.header("X-Autoreply") || m.header("X-Autorespond")) return MailKind::AutoReply;
    if (m.header("X-Auto-Response-Suppress")) return by_subject(m, MailKind::Notification);
    if (m.header("Feedback-ID") || m.header("List-Unsubscribe-Post")) return MailKind::Newsletter;
    if (m.header("List-Id") || m.header("List-Post"))
        return m.header("List-Post") ? MailKind::List : MailKind::Newsletter;
    if (m.header("List-Unsubscribe")) return MailKind::Newsletter;
    if (const auto precedence = m.header("Precedence")) {
        if (contains(*precedence, "auto_reply")) return MailKind::AutoReply;
        if (contains(*precedence, "list")) return MailKind::List;
        if (contains(*precedence, "bulk") || contains(*precedence, "junk"))
            return by_subject(m, MailKind::Bulk);
    }
    return nobody_reads(m) ? by_subject(m, MailKind::Notification) : MailKind::Person;
}

std::string_view to_string(MailKind kind) noexcept {
    switch (kind) {
        case MailKind::Person:
            return "personal mail";
        case MailKind::Newsletter:
            return "newsletter";
        case MailKind::List:
            return "list mail";
        case MailKind::Bulk:
            return "bulk mail";
        case MailKind::Notification:
            return "notification";
        case MailKind::Ticket:
            return "ticket";
        case MailKind::Report:
            return "automated report";
        case MailKind::AutoReply:
            return "automatic reply";
        case MailKind::Calendar:
            return "calendar mail";
        case MailKind::Bounce:
            return "bounce";
    }
    return "?";
}

}  // namespace kith
