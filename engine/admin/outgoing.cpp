// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/outgoing.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>

#include "engine/admin/output.hpp"
#include "engine/admin/process.hpp"
#include "engine/assess/own_mail.hpp"
#include "engine/base/text.hpp"
#include "engine/config/values.hpp"

namespace kith::admin {
namespace {

constexpr std::size_t kMaxLine = 900;  // RFC 5322: 998

/// Own mail is ASCII: text that was cut ends there in three points.
std::string ascii_ellipsis(std::string_view text) {
    std::string out(text);
    for (std::size_t at = 0; (at = out.find(kEllipsis, at)) != std::string::npos;)
        out.replace(at, kEllipsis.size(), "...");
    return out;
}

bool printable(char c) noexcept { return c >= 0x20 && c < 0x7f; }

std::string ascii_subject(std::string_view subject) {
    constexpr std::string_view kCut = "...";
    std::string out = ascii_ellipsis(subject);
    for (char& c : out)
        if (!printable(c)) c = '?';
    const std::string_view whole = trim(out);
    if (whole.size() <= kMaxSubject) return std::string(whole);
    return std::string(trim(whole.substr(0, kMaxSubject - kCut.size()))).append(kCut);
}

std::string ascii_text(std::string_view text) {
    std::string out;
    std::size_t column = 0;
    for (const char c : ascii_ellipsis(text)) {
        if (out.size() > kMaxOwnMail - 4096) {
            out += "\n[cut]\n";
            break;
        }
        if (c == '\n') {
            out += '\n';
            column = 0;
            continue;
        }
        if (column >= kMaxLine) {
            out += '\n';
            column = 0;
        }
        const std::string piece = printable(c) || c == '\t'
                                      ? std::string(1, c)
                                      : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        out += piece;
        column += piece.size();
    }
    if (!out.empty() && out.back() != '\n') out += '\n';
    return out;
}

/// "Sun, 01 Mar 2026 12:34:56 +0000", whatever the locale.
std::string rfc5322(Time t) {
    static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(t - day);
    return fmt::format(
        "{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[std::chrono::weekday(day).c_encoding()],
        static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
        static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
        clock.seconds().count());
}

}  // namespace

std::string own_address(const Config& config) {
    if (!config.alerts.mail_from.empty()) return config.alerts.mail_from;
    if (!config.site.domains.empty()) return "kith@" + config.site.domains.front();
    std::array<char, 256> host{};
    (void)::gethostname(host.data(), host.size() - 1);
    return std::string("kith@") + (host[0] != '\0' ? host.data() : "localhost");
}

std::string format_mail(const Config& config, const Hasher& hasher, Time now,
                        const OutgoingMail& mail, std::string_view unique) {
    const std::string from = own_address(config);
    const std::string id = fmt::format("{}.{}.kith@{}", to_unix(now), unique, domain_of(from));
    const std::string subject = ascii_subject(mail.subject);
    const std::string text = ascii_text(mail.text);
    std::string to;
    for (const std::string& address : mail.to) to += (to.empty() ? "" : ",\n ") + address;
    std::string out = "From: kith <" + from + ">\nTo: " + to + "\nSubject: " + subject +
                      "\nDate: " + rfc5322(now) + "\nMessage-ID: <" + id + ">\n";
    if (!mail.in_reply_to.empty() &&
        std::all_of(mail.in_reply_to.begin(), mail.in_reply_to.end(),
                    [](char c) { return printable(c) && c != '<' && c != '>' && c != ' '; }) &&
        mail.in_reply_to.size() < kMaxLine)
        out += "In-Reply-To: <" + mail.in_reply_to + ">\n";
    out += "Auto-Submitted: auto-generated\nPrecedence: bulk\nX-Auto-Response-Suppress: All\n" +
           std::string(kOwnMailField) + ": " + own_mail_token(hasher, id, subject, text) +
           "\nMIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n"
           "Content-Transfer-Encoding: 7bit\n\n" +
           text;
    return out;
}

Status send_mail(const Config& config, Time now, const OutgoingMail& mail) {
    const Result<Hasher::Secret> secret = read_secret(config.secret_file);
    if (!secret) return fail(secret.error());
    std::vector<std::string> command{config.alerts.sendmail, "-i", "-f", "<>"};
    for (const std::string& address : mail.to)
        // No option of sendmail's can come out of a mail.
        if (parse_mail_address(address)) command.push_back(address);
    if (command.size() == 4)
        return fail(ErrorCode::Usage, "a mail of kith's own has nobody to go to", "alerts.mail_to");
    std::random_device random;
    ProcessOptions options;
    options.input = format_mail(config, Hasher(*secret), now, mail,
                                fmt::format("{:08x}{:08x}", random(), random()));
    options.max_output_bytes = 1U << 20U;
    const Result<ProcessOutput> sent = run_process(command, options);
    if (!sent) return fail(sent.error());
    if (sent->status == 0) return ok();
    const std::string_view first = split(sent->err.empty() ? sent->out : sent->err, '\n').front();
    return fail(ErrorCode::Unavailable,
                config.alerts.sendmail + ": status " + std::to_string(sent->status) +
                    (first.empty() ? "" : ": " + std::string(first)),
                "alerts.sendmail names the program");
}

}  // namespace kith::admin
