// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/log_line_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "engine/base/text.hpp"
#include "engine/intake/json_fields.hpp"

namespace kith {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::size_t kSyslogStamp = 15;  ///< "Nov 29 23:58:50"
constexpr std::uint32_t kMaxAttempts = 1000;

std::string hex16(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    const auto digest = sha256(bytes);
    for (std::size_t i = 0; i < 16; ++i) {
        out += kDigits[digest[i] >> 4];
        out += kDigits[digest[i] & 15];
    }
    return out;
}

std::uint64_t number(std::string_view text) {
    std::uint64_t n = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), n);
    return n;
}

/// What stands before `separator`; takes both off `rest`. nullopt when there is none.
std::optional<std::string_view> take_until(std::string_view& rest, std::string_view separator) {
    const std::size_t at = rest.find(separator);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view out = rest.substr(0, at);
    rest.remove_prefix(at + separator.size());
    return out;
}

/// "Nov 29 23:58:50" without its year.
std::optional<Time> syslog_time(std::string_view text, const LogContext& context) {
    if (text.size() < kSyslogStamp || text[3] != ' ' || text[6] != ' ' || text[9] != ':' ||
        text[12] != ':')
        return std::nullopt;
    const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(0, 3));
    const auto day = number(trim(text.substr(4, 2)));
    const auto hour = number(text.substr(7, 2)), minute = number(text.substr(10, 2)),
               second = number(text.substr(13, 2));
    if (month == kMonths.end() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    const auto at_year = [&](std::chrono::year year) -> std::optional<Time> {
        const std::chrono::year_month_day date{
            year, std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
            std::chrono::day(static_cast<unsigned>(day))};
        if (!date.ok()) return std::nullopt;
        return Time(std::chrono::sys_days(date)) +
               Seconds(static_cast<long>(hour * 3600 + minute * 60 + second)) - context.zone;
    };
    const std::chrono::year_month_day today{
        std::chrono::floor<std::chrono::days>(context.now + context.zone)};
    std::optional<Time> best;
    for (const int shift : {0, -1, 1}) {
        const auto candidate = at_year(today.year() + std::chrono::years(shift));
        if (candidate && context.old && *candidate > context.now + std::chrono::days(1)) continue;
        const auto distance = [&](Time t) {
            return t < context.now ? context.now - t : t - context.now;
        };
        if (candidate && (!best || distance(*candidate) < distance(*best))) best = candidate;
    }
    return best;
}

class LineReader {
public:
    LineReader(std::string_view line, const LogContext& context) : rest_(line), context_(context) {}

    [[nodiscard]] std::vector<ToldEvent> read() {
        if (!stamp()) return {};
        // "imap-login: Info: Login: ..." or "imap(user)<pid><session>: Info: ...".
        for (const std::string_view service : {"imap", "pop3", "managesieve", "submission"}) {
            if (!rest_.starts_with(service)) continue;
            e_.service = service;
            rest_.remove_prefix(service.size());
            if (rest_.starts_with("-login: ")) {
                rest_.remove_prefix(8);
                level();
                login_process();
            } else if (rest_.starts_with('(')) {
                mail_process();
            }
            break;
        }
        return std::move(out_);
    }

private:
    /// The time, and with syslog the host and "dovecot: " or "dovecot[1]: ".
    bool stamp() {
        std::optional<Time> time;
        if (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
            const auto text = take_until(rest_, " ");
            const auto parsed =
                text ? parse_rfc3339(*text) : Result<Time>(fail(ErrorCode::Corrupt, ""));
            if (parsed) time = *parsed;
        } else if ((time = syslog_time(rest_, context_))) {
            rest_.remove_prefix(kSyslogStamp);
            rest_ = trim(rest_);
        }
        if (!time) return false;
        e_.time = *time;
        std::string_view ahead = rest_;
        const auto host = take_until(ahead, " ");
        if (host && ahead.starts_with("dovecot") && take_until(ahead, ": ")) {
            e_.host = utf8_lower(event_text(*host));
            rest_ = ahead;
        }
        return true;
    }

    void level() {
        if (rest_.starts_with("Info: ")) rest_.remove_prefix(6);
    }

    /// Where "name=" stands as a field: at the first place, or at the last, which is where a field
    /// that Dovecot writes behind a client's text is.
    [[nodiscard]] std::size_t field(std::string_view name, bool last) const {
        const std::string bare = std::string(name) + "=";
        if (!last && rest_.starts_with(bare)) return bare.size();
        const std::string wanted = " " + bare;
        const std::size_t at = last ? rest_.rfind(wanted) : rest_.find(wanted);
        return at == std::string_view::npos ? at : at + wanted.size();
    }
    [[nodiscard]] std::string value_at(std::size_t at) const {
        if (at == std::string_view::npos) return {};
        const std::string_view text = rest_.substr(at);
        if (text.starts_with('<')) return event_text(text.substr(1, text.find('>') - 1));
        return event_text(text.substr(0, text.find_first_of(", ")));
    }
    [[nodiscard]] std::string first(std::string_view name) const {
        return value_at(field(name, false));
    }
    [[nodiscard]] std::string last(std::string_view name) const {
        return value_at(field(name, true));
    }
    /// What a client called itself: up to what Dovecot writes next, whatever it holds.
    [[nodiscard]] std::string user() const {
        const std::size_t at = field("user", false);
        if (at == std::string_view::npos || at >= rest_.size() || rest_[at] != '<') return {};
        std::size_t next = field("method", true);
        if (next == std::string_view::npos || next < at) next = field("rip", true);
        if (next == std::string_view::npos || next < at) next = rest_.size();
        const std::size_t end = rest_.rfind('>', next);
        if (end == std::string_view::npos || end < at) return {};
        return event_text(rest_.substr(at + 1, end - at - 1));
    }

    void login_process() {
        const bool logged_in = rest_.starts_with("Login: ");
        const std::size_t failed = rest_.find("(auth failed, ");
        if (!logged_in && failed == std::string_view::npos) return;
        e_.kind = logged_in ? AccountEventKind::Login : AccountEventKind::LoginFailed;
        if (!logged_in)
            e_.repeats = static_cast<std::uint32_t>(
                std::clamp<std::uint64_t>(number(rest_.substr(failed + 14)), 1, kMaxAttempts));
        e_.account = utf8_lower(user());
        if (e_.account.empty()) return;
        e_.mechanism = last("method");
        e_.client_addr = last("rip");
        e_.session = last("session");
        if (rest_.find(", TLS") != std::string_view::npos) e_.tls = "TLS";
        keep(ToldEvent::Part::Whole,
             logged_in && !e_.session.empty()
                 ? event_text(std::string(to_string(e_.kind)) + "/" + e_.session)
                 : "");
    }

    /// Behind the service's name: "(user)<pid><session>: ", or "(user): " where the site's own
    /// mail_log_prefix has it so.
    void mail_process() {
        rest_.remove_prefix(1);
        const auto user = take_until(rest_, ")");
        const auto ids = take_until(rest_, ": ");
        if (!user || !ids || user->empty()) return;
        e_.account = utf8_lower(event_text(*user));
        if (const std::size_t at = ids->find("><"); at != std::string_view::npos)
            e_.session = event_text(ids->substr(at + 2, ids->find('>', at + 2) - at - 2));
        level();
        if (rest_.starts_with("Disconnected: ") || rest_.starts_with("Logged out") ||
            rest_.starts_with("Connection closed"))
            return session_end();
        if (rest_.starts_with("expunge: ")) return message(AccountEventKind::Delete);
        if (rest_.starts_with("copy from ")) return copy();
        if (rest_.starts_with("Mailbox ")) return folder();
    }

    void session_end() {
        // IMAP: body_count=3 body_bytes=186. POP3: retr=3/186.
        std::uint64_t messages = number(last("body_count")), bytes = number(last("body_bytes"));
        const std::string retrieved = last("retr");
        if (const std::size_t slash = retrieved.find('/'); slash != std::string::npos) {
            messages = number(retrieved);
            bytes = number(std::string_view(retrieved).substr(slash + 1));
        }
        e_.messages = messages;
        e_.bytes = bytes;
        if (messages > 0) {
            e_.kind = AccountEventKind::Read;
            keep(ToldEvent::Part::Whole, "");
        }
        e_.kind = AccountEventKind::SessionEnd;
        keep(ToldEvent::Part::Whole, "");
    }

    void message(AccountEventKind kind) {
        e_.kind = kind;
        if (e_.mailbox.empty()) e_.mailbox = first("box");
        e_.messages = 1;
        e_.bytes = number(last("size"));
        const std::string id = first("msgid");
        // As a mail's own Message-ID is kept: without brackets.
        const Hasher* hasher = context_.hasher ? context_.hasher(e_.account) : nullptr;
        if (hasher != nullptr && !id.empty()) e_.message_ids.push_back(hasher->hash64("mid", id));
        keep(ToldEvent::Part::OfMany, "");
    }

    void copy() {
        rest_.remove_prefix(10);
        const auto from = take_until(rest_, ": ");
        if (!from) return;
        e_.mailbox = event_text(*from);
        e_.to_mailbox = first("box");
        message(is_trash(e_.to_mailbox) ? AccountEventKind::Delete : AccountEventKind::Copy);
    }

    void folder() {
        std::string_view rest = rest_.substr(8);
        const auto what = take_until(rest, ": ");
        if (!what || what->size() > 16) return;
        e_.kind = AccountEventKind::Folder;
        const std::size_t arrow = rest.find(" -> ");
        e_.mailbox = event_text(rest.substr(0, arrow));
        e_.detail =
            event_text(ascii_lower(*what) + (arrow == std::string_view::npos
                                                 ? std::string()
                                                 : " to " + std::string(rest.substr(arrow + 4))));
        keep(ToldEvent::Part::Whole, "");
    }

    void keep(ToldEvent::Part part, std::string id) {
        ToldEvent told{e_, part};
        // The same line is the same event, whenever it is read again.
        told.event.id = id.empty() ? hex16(whole_) + (out_.empty() ? "" : "-2") : std::move(id);
        out_.push_back(std::move(told));
    }

    std::string_view rest_;
    const std::string_view whole_ = rest_;
    const LogContext& context_;
    AccountEvent e_;
    std::vector<ToldEvent> out_;
};

}  // namespace

std::vector<ToldEvent> read_log_line(std::string_view line, const LogContext& context) {
    if (line.size() > kMaxLogLine) return {};
    return LineReader(line, context).read();
}

}  // namespace kith
