// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/quarantine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/admin/output.hpp"
#include "engine/admin/release_request.hpp"
#include "engine/assess/direction.hpp"
#include "engine/base/text.hpp"

namespace kith::admin {
namespace {

constexpr std::size_t kMaxReasons = 3;
constexpr std::size_t kMaxDigests = 1000;  // recipients who get one in one run

std::string when(Time t) {
    std::string out = iso8601(t).substr(0, 16);
    out[10] = ' ';
    return out;
}

std::string percent(std::string_view text) {
    std::string out;
    for (const char c : text)
        out += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                   ? std::string(1, c)
                   : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return out;
}

/// A text of a mail in a digest: one line, and no address in it a program makes a link of.
std::string quiet(std::string_view text, std::size_t max) {
    std::string out;
    for (const char c : cell(text, max)) out += c;
    for (const std::string_view scheme : {"http://", "https://", "www."})
        for (std::size_t at = 0; (at = out.find(scheme, at)) != std::string::npos;) {
            // "hxxp" and "www[.]": known to readers, and nothing to click.
            const std::string safe = scheme == "www."      ? "www[.]"
                                     : scheme == "http://" ? "hxxp://"
                                                           : "hxxps://";
            out.replace(at, scheme.size(), safe);
            at += safe.size();
        }
    return out;
}

/// What can be done with a mail on hold, each as it is to be typed.
std::vector<std::string> commands_for(const MailEntry& e) {
    if (e.state == MailState::Confirmed) return {"kith explain " + e.id, "kith drop " + e.id};
    return {"kith explain " + e.id, "kith release " + e.id, "kith drop " + e.id,
            "kith confirm " + e.id};
}

}  // namespace

QueueFindings compare_with_queue(const std::vector<MailEntry>& held, const QueueView& queue,
                                 const std::string& host, Time now, Seconds settled,
                                 Seconds max_age) {
    QueueFindings out;
    std::set<std::string_view> ours;
    for (const MailEntry& e : held) {
        if (e.action != Action::Held || e.imported || e.queue_id.empty()) continue;
        if (!e.host.empty() && e.host != host) continue;
        const auto found = queue.find(e.queue_id);
        const bool there = found != queue.end() && found->second == kOnHold;
        if (there) ours.insert(found->first);
        if (e.state == MailState::Released || e.state == MailState::Dropped ||
            e.hold == HoldMark::Freed)
            continue;
        if (there) {
            out.on_hold.push_back(e);
            if (e.hold != HoldMark::Seen) out.seen.push_back(e);
            if (max_age.count() > 0 && now - e.time > max_age) out.aged.push_back(e);
        } else if (now - e.time >= settled) {
            if (e.hold == HoldMark::Unknown) out.missing.push_back(e);
            if (e.hold == HoldMark::Seen) out.left.push_back(e);
        }
    }
    for (const auto& [id, place] : queue)
        if (place == kOnHold && !ours.contains(id)) out.unknown.push_back(id);
    return out;
}

std::string requests_address(const Config& config) {
    if (!config.quarantine.requests_to.empty()) return config.quarantine.requests_to;
    return config.quarantine.digest_to.empty() ? std::string()
                                               : config.quarantine.digest_to.front();
}

OutgoingMail admin_digest(const Config& config, Time now, const std::string& host,
                          const std::vector<DigestItem>& items, const QueueFindings& findings,
                          std::size_t requests) {
    OutgoingMail mail;
    mail.to = config.quarantine.digest_to;
    mail.subject = fmt::format("kith: {} on hold at {}", counted(items.size(), "mail"), host);
    std::string& t = mail.text;
    t = fmt::format("{} on hold at {}, {} of them for more than {}.\n",
                    counted(items.size(), "mail"), cell(host), findings.aged.size(),
                    span_text(config.quarantine.max_age));
    if (!findings.unknown.empty())
        t += fmt::format("{} more on hold that kith did not put there.\n",
                         counted(findings.unknown.size(), "mail"));
    if (requests > 0)
        t += fmt::format("{} to release wait: kith quarantine requests\n",
                         counted(requests, "request"));
    t += "Words below are those of the mails: do not follow them.\n\n";
    std::size_t n = 0;
    for (const DigestItem& item : items) {
        if (n == kMaxDigestMails) {
            t += fmt::format("and {} more: kith quarantine list\n",
                             counted(items.size() - n, "mail"));
            break;
        }
        const MailEntry& e = item.entry;
        t += fmt::format("{}. {}  {}  score {:.0f}  on hold for {}{}\n", ++n, e.id, when(e.time),
                         e.score, span_text(now - e.time),
                         e.state == MailState::Confirmed ? "  confirmed as bad" : "");
        t += "   from " + quiet(e.from, 100) + "\n   to   ";
        for (std::size_t i = 0; i < item.rcpts.size() && i < 5; ++i)
            t += (i > 0 ? ", " : "") + quiet(item.rcpts[i], 100);
        if (item.rcpts.size() > 5) t += fmt::format(" +{}", item.rcpts.size() - 5);
        t += '\n';
        if (!item.subject.empty()) t += "   subject " + quiet(item.subject, 100) + '\n';
        for (std::size_t i = 0; i < item.reasons.size() && i < kMaxReasons; ++i)
            t += "   why  " + quiet(item.reasons[i], 200) + '\n';
        for (const std::string& line : commands_for(e)) t += "   " + line + '\n';
        t += '\n';
    }
    return mail;
}

std::map<std::string, OutgoingMail> recipient_digests(const Config& config,
                                                      const Hasher::Secret& secret,
                                                      const std::vector<DigestItem>& items) {
    std::map<std::string, OutgoingMail> out;
    const std::string requests = requests_address(config);
    if (requests.empty()) return out;
    for (const DigestItem& item : items) {
        if (item.entry.direction == Direction::Outbound || item.entry.state == MailState::Confirmed)
            continue;
        for (const std::string& rcpt : item.rcpts) {
            if (!is_own_domain(ascii_lower(domain_of(rcpt)), config.site)) continue;
            if (out.size() >= kMaxDigests && !out.contains(rcpt)) continue;
            OutgoingMail& mail = out[rcpt];
            if (mail.to.empty()) {
                mail.to = {rcpt};
                mail.text =
                    "These mails to you are held, because they do not look like their senders' "
                    "own.\nIf you know that one is genuine, ask another way than by mail first; "
                    "then mail a request\nby its line \"to ask for it\", without changing the "
                    "subject. Your postmaster decides.\n\n";
            }
            const MailEntry& e = item.entry;
            mail.text += when(e.time) + "  from " + quiet(e.from, 100) + '\n';
            if (!item.subject.empty()) mail.text += "  subject " + quiet(item.subject, 100) + '\n';
            mail.text += "  to ask for it: mailto:" + requests + "?subject=" +
                         percent(request_subject(e.id, request_token(secret, e.id, rcpt))) + "\n\n";
        }
    }
    for (auto& [rcpt, mail] : out) mail.subject = "Mail to you that is held";
    return out;
}

}  // namespace kith::admin
