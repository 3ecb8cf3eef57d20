// SPDX-License-Identifier: Apache-2.0
#include "engine/features/helpers.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "engine/features/asks.hpp"
#include "engine/features/words.hpp"
#include "engine/message/domain.hpp"

namespace kith {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alnum(char c) noexcept { return is_digit(c) || is_alpha(c); }
bool is_hex(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool starts_with_nocase(std::string_view s, std::string_view prefix) noexcept {
    return s.size() >= prefix.size() && ascii_iequals(s.substr(0, prefix.size()), prefix);
}

/// "SRS0=hash=day=domain=local" and "SRS1=hash=forwarder==hash=day=domain=local" -> "local@domain";
/// "" for other forms.
std::string srs_original(std::string_view local) {
    if (!local.starts_with("srs0") && !local.starts_with("srs1")) return "";
    std::string_view rest = local.substr(4);
    if (local[3] == '1') {
        const auto inner = rest.find("==");
        if (inner == std::string_view::npos) return "";
        rest.remove_prefix(inner + 1);
    }
    if (rest.empty()) return "";
    rest.remove_prefix(1);  // '=', '-' or '+'
    for (int field = 0; field < 2; ++field) {
        const auto end = rest.find('=');
        if (end == std::string_view::npos) return "";
        rest.remove_prefix(end + 1);
    }
    const auto end = rest.find('=');
    if (end == std::string_view::npos || end == 0 || end + 1 == rest.size()) return "";
    return std::string(rest.substr(end + 1)) + "@" + std::string(rest.substr(0, end));
}

/// A label no person chose: long, or digits and letters mixed, or hex.
bool is_random_label(std::string_view label) noexcept {
    std::size_t digits = 0, letters = 0;
    bool hex = true;
    for (const char c : label) {
        digits += is_digit(c) ? 1U : 0U;
        letters += is_alpha(c) ? 1U : 0U;
        hex = hex && is_hex(c);
    }
    return (label.size() >= 12 && digits >= 2 && letters >= 2) || (label.size() >= 16 && hex) ||
           label.size() > 30;
}

}  // namespace

std::string network_of(std::string_view address) {
    if (address.find('\0') != std::string_view::npos) return "?";
    const std::string text(address);
    in_addr v4{};
    in6_addr v6{};
    if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) {
        if (!IN6_IS_ADDR_V4MAPPED(&v6)) {
            if (IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_LINKLOCAL(&v6) ||
                (v6.s6_addr[0] & 0xFE) == 0xFC)
                return "private";
            std::array<char, 16> buffer{};
            (void)std::snprintf(
                buffer.data(), buffer.size(), "%x:%x:%x", v6.s6_addr[0] << 8 | v6.s6_addr[1],
                v6.s6_addr[2] << 8 | v6.s6_addr[3], v6.s6_addr[4] << 8 | v6.s6_addr[5]);
            return buffer.data();
        }
        std::copy_n(v6.s6_addr + 12, 4, reinterpret_cast<std::uint8_t*>(&v4));
    } else if (inet_pton(AF_INET, text.c_str(), &v4) != 1) {
        return "?";
    }
    const auto* b = reinterpret_cast<const std::uint8_t*>(&v4);
    const bool is_private = b[0] == 10 || b[0] == 127 || (b[0] == 172 && (b[1] & 0xF0) == 16) ||
                            (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254) ||
                            (b[0] == 100 && (b[1] & 0xC0) == 64);
    if (is_private) return "private";
    return std::to_string(b[0]) + "." + std::to_string(b[1]);
}

std::string organisation_of(std::string_view host) {
    if (host.empty()) return "";
    if (host.front() == '[' || network_of(host) != "?") return "[address]";
    if (host.find('.') == std::string_view::npos) return "bare";
    return registrable_domain(ascii_lower(host));
}

bool same_organisation(std::string_view a, std::string_view b) {
    if (a.empty() || b.empty()) return false;
    if (ascii_iequals(a, b)) return true;
    const std::string organisation = organisation_of(a);
    return organisation != "bare" && organisation != "[address]" &&
           organisation == organisation_of(b);
}

bool is_own(std::string_view host, const std::vector<std::string>& own_domains) {
    const std::string lower = ascii_lower(host);
    return std::any_of(own_domains.begin(), own_domains.end(), [&](const std::string& d) {
        return lower == d || (lower.size() > d.size() && lower.ends_with(d) &&
                              lower[lower.size() - d.size() - 1] == '.');
    });
}

std::string selector_shape(std::string_view selector) {
    std::string out;
    for (const char c : selector.substr(0, 64)) {
        const char x =
            is_digit(c) ? '0' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        if (x != '0' || out.empty() || out.back() != '0') out.push_back(x);
    }
    return out;
}

std::string join_sorted(std::vector<std::string> items) {
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    std::string out;
    for (const auto& i : items) out += (out.empty() ? "" : ",") + i;
    return out;
}

std::string auth_result(const Message& m, std::string_view method) {
    const AuthResult* found = nullptr;
    for (const auto& r : m.auth_results) {
        if (r.method != method) continue;
        if (method == "spf" && r.property == "smtp.helo")
            continue;  // HELO's pass is not the sender's (SEC-02)
        if (found == nullptr || (r.result == "pass" && found->result != "pass")) found = &r;
    }
    return found == nullptr ? "none" : found->result;
}

std::string undecorated_address(std::string_view address) {
    std::string a = ascii_lower(address);
    const auto at = a.rfind('@');
    if (at == std::string::npos) return a;
    std::string local = a.substr(0, at), domain = a.substr(at + 1);
    if (std::string original = srs_original(local); !original.empty()) return original;
    if (local.starts_with("prvs=")) {
        const auto second = local.find('=', 5);
        if (second != std::string::npos) local = local.substr(second + 1);
    }
    if (local.starts_with("btv1==")) {
        const auto second = local.find("==", 6);
        if (second != std::string::npos) local = local.substr(second + 2);
    }
    // VERP: what follows the first '+' names the recipient or the issue, not the sender.
    if (const auto plus = local.find('+'); plus != std::string::npos && plus > 0)
        local.resize(plus);
    return local + "@" + domain;
}

std::string envelope_relation(std::string_view mail_from, const Mailbox& from) {
    if (mail_from.empty()) return "empty";
    const std::string address = undecorated_address(mail_from);
    if (address == from.address() || ascii_lower(mail_from) == from.address())
        return "the From address";
    const std::string_view domain = domain_of(address);
    if (!domain.empty() && domain == from.domain) return "of the same domain";
    if (same_organisation(domain, from.domain)) return "of the same organisation";
    const std::string organisation = organisation_of(domain);
    return organisation.empty() ? "without a domain" : "of " + organisation;
}

const ReceivedHop* submission_hop(const Message& m) noexcept {
    for (auto it = m.received.rbegin(); it != m.received.rend(); ++it)
        if (!it->from_ip.empty() && network_of(it->from_ip) != "?") return &*it;
    return nullptr;
}

std::string host_shape(std::string_view host) {
    const std::string lower = ascii_lower(host.substr(0, 255));
    auto labels = split(lower, '.');
    if (labels.size() > 4) labels.erase(labels.begin(), labels.end() - 4);
    std::string out;
    for (const auto label : labels) {
        if (!out.empty()) out += '.';
        if (is_random_label(label))
            out += '*';
        else
            out += selector_shape(label);
    }
    return out;
}

std::string utc_offset_text(int minutes) {
    constexpr int kMost = 99 * 60 + 59;  // four digits; also keeps std::abs defined
    const int m = std::abs(std::clamp(minutes, -kMost, kMost));
    std::array<char, 24> buffer{};
    (void)std::snprintf(buffer.data(), buffer.size(), "UTC%c%02d:%02d", minutes < 0 ? '-' : '+',
                        m / 60, m % 60);
    return buffer.data();
}

std::string_view strip_brackets(std::string_view s) noexcept {
    if (s.size() >= 2 && s.front() == '[' && s.back() == ']') return s.substr(1, s.size() - 2);
    return s;
}

std::string product_family(std::string_view user_agent) {
    // Words without digits tell product and platform; versions change with every update.
    std::string out;
    int words = 0;
    const std::string lower = ascii_lower(user_agent.substr(0, 256));
    for (auto piece : split(lower, ' ')) {
        const auto slash = piece.find('/');
        std::string word;
        for (const char c : piece.substr(0, slash))
            if (is_alpha(c) || c == '-') word.push_back(c);
        if (word.size() < 2 || word == "mozilla" || word == "gecko" || word == "rv" ||
            word == "intel")
            continue;
        out += (out.empty() ? "" : " ") + word;
        if (++words == 5) break;
    }
    return out.empty() ? "?" : out;
}

namespace {

constexpr std::array<std::string_view, 16> kOrdered = {"from",
                                                       "to",
                                                       "cc",
                                                       "subject",
                                                       "date",
                                                       "message-id",
                                                       "mime-version",
                                                       "content-type",
                                                       "content-transfer-encoding",
                                                       "user-agent",
                                                       "x-mailer",
                                                       "in-reply-to",
                                                       "references",
                                                       "reply-to",
                                                       "sender",
                                                       "content-language"};
constexpr std::array<std::string_view, 7> kCore = {
    "from", "to", "subject", "date", "message-id", "mime-version", "content-type"};

/// Position of the first field of each name in `names`; -1 when absent.
template <std::size_t N>
std::array<int, N> positions(const Message& m, const std::array<std::string_view, N>& names) {
    std::array<int, N> at;
    at.fill(-1);
    for (std::size_t i = 0; i < m.headers.size(); ++i)
        for (std::size_t k = 0; k < N; ++k)
            if (at[k] < 0 && ascii_iequals(m.headers[i].name, names[k]))
                at[k] = static_cast<int>(i);
    return at;
}

}  // namespace

std::vector<std::string> header_precedences(const Message& m) {
    const auto at = positions(m, kOrdered);
    std::vector<std::string> out;
    for (std::size_t i = 0; i < kOrdered.size(); ++i)
        for (std::size_t k = i + 1; k < kOrdered.size(); ++k)
            if (at[i] >= 0 && at[k] >= 0)
                out.push_back(std::string(kOrdered[at[i] < at[k] ? i : k]) + " before " +
                              std::string(kOrdered[at[i] < at[k] ? k : i]));
    return out;
}

std::string core_order(const Message& m) {
    const auto at = positions(m, kCore);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < kCore.size(); ++i)
        if (at[i] >= 0) order.push_back(i);
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return at[a] < at[b]; });
    std::string out;
    for (const auto i : order) out += (out.empty() ? "" : ",") + std::string(kCore[i]);
    return out;
}

std::vector<std::string> client_fields(const Message& m) {
    // Added on the way by relays, filters, lists: they say nothing about the writer's client.
    static constexpr std::array<std::string_view, 22> kTransit = {
        "x-spam",      "x-virus",      "x-kith",        "x-rspamd",      "x-barracuda",
        "x-received",  "x-google",     "x-gm-",         "x-ms-exchange", "x-forefront",
        "x-microsoft", "x-proofpoint", "x-original-to", "x-delivered",   "x-beenthere",
        "x-mailman",   "x-list",       "x-forwarded",   "x-tm-",         "x-originating",
        "x-amavis",    "x-cm-"};
    std::vector<std::string> out;
    for (const auto& h : m.headers) {
        if (!starts_with_nocase(h.name, "x-")) continue;
        if (std::any_of(kTransit.begin(), kTransit.end(),
                        [&](std::string_view t) { return starts_with_nocase(h.name, t); }))
            continue;
        out.push_back(ascii_lower(std::string_view(h.name).substr(0, 40)));
        if (out.size() == 16) break;
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

std::string name_spelling(const Message& m) {
    std::string out;
    for (const std::string_view name :
         {"message-id", "mime-version", "cc", "content-transfer-encoding", "content-type"})
        for (const auto& h : m.headers)
            if (ascii_iequals(h.name, name)) {
                out += (out.empty() ? "" : " ") + h.name;
                break;
            }
    return out;
}

std::string_view before_at(std::string_view id) noexcept { return id.substr(0, id.rfind('@')); }

std::string skeleton(std::string_view s) {
    std::string out;
    const std::string_view text = s.substr(0, 128);
    for (std::size_t i = 0; i < text.size();) {
        if (!is_alnum(text[i])) {
            const char c = static_cast<unsigned char>(text[i]) < 0x80 ? text[i] : '~';
            if (out.size() < 48 && (c != '~' || out.empty() || out.back() != '~')) out.push_back(c);
            ++i;
            continue;
        }
        std::size_t j = i;
        bool digit = false, lower = false, upper = false, hex = true;
        for (; j < text.size() && is_alnum(text[j]); ++j) {
            digit = digit || is_digit(text[j]);
            lower = lower || (text[j] >= 'a' && text[j] <= 'z');
            upper = upper || (text[j] >= 'A' && text[j] <= 'Z');
            hex = hex && is_hex(text[j]);
        }
        char kind = 'x';  // letters and digits mixed
        if (digit && !lower && !upper)
            kind = '0';
        else if (hex && digit)
            kind = upper ? 'H' : 'h';
        else if (!digit)
            kind = upper && lower ? 'M' : upper ? 'A' : 'a';
        out.push_back(kind);
        const std::size_t n = j - i;
        out.push_back(static_cast<char>('0' + (n < 3    ? 1
                                               : n < 6  ? 2
                                               : n < 10 ? 3
                                               : n < 16 ? 4
                                               : n < 28 ? 5
                                                        : 6)));
        i = j;
    }
    return out;
}

const Part* first_text_part(const Message& m) noexcept {
    for (const auto& p : m.parts)
        if (p.media_type.starts_with("text/") && !p.is_attachment) return &p;
    return nullptr;
}

bool has_html(const Message& m) noexcept {
    return std::any_of(m.parts.begin(), m.parts.end(), [](const Part& p) {
        return p.media_type == "text/html" && !p.is_attachment;
    });
}

std::string name_form(const Mailbox& m) {
    std::string out;
    switch (m.form) {
        case NameForm::None:
            out = "no name";
            break;
        case NameForm::Bare:
            out = "bare name";
            break;
        case NameForm::Quoted:
            out = "quoted name";
            break;
        case NameForm::Encoded:
            out = "encoded name";
            break;
        case NameForm::Comment:
            out = "name in a comment";
            break;
    }
    if (m.display_name.find(',') != std::string::npos) out += " with a comma";
    if (m.display_name.find('@') != std::string::npos) out += " like an address";
    return out;
}

std::string parameter_names(std::string_view content_type) {
    std::string out;
    const auto pieces = split(content_type.substr(0, 1024), ';');
    for (std::size_t i = 1; i < pieces.size() && i < 8; ++i) {
        const auto eq = pieces[i].find('=');
        const auto name = ascii_lower(trim(pieces[i].substr(0, eq)));
        if (name.empty()) continue;
        out += (out.empty() ? "" : " ") + name;
        if (eq == std::string_view::npos) continue;
        const auto value = trim(pieces[i].substr(eq + 1));
        if (!value.empty() && value.front() == '"') out += "\"";
        if (name == "format" || name == "delsp") out += "=" + ascii_lower(value.substr(0, 16));
    }
    return out.empty() ? "none" : out;
}

std::string quote_style(const Message& m) {
    bool quoted = false, own_before = false, own_after = false;
    int switches = 0;
    LineRole last = LineRole::Signature;
    for (const auto& line : m.lines) {
        if (line.role == LineRole::Signature || line.role == LineRole::Patch ||
            trim(line.text).empty())
            continue;
        if (line.role == LineRole::Quoted || line.role == LineRole::Attribution) {
            quoted = true;
            last = LineRole::Quoted;
            continue;
        }
        if (quoted)
            own_after = true;
        else
            own_before = true;
        if (last == LineRole::Quoted) ++switches;
        last = LineRole::Own;
    }
    if (!quoted) return "nothing quoted";
    if (switches > 1) return "between";
    if (own_before && !own_after) return "above";
    if (own_after && !own_before) return "below";
    return own_before ? "above and below" : "quotes only";
}

std::string attribution_form(const Message& m) {
    for (const auto& line : m.lines) {
        if (line.role != LineRole::Attribution) continue;
        // Only what stays the same from mail to mail: the client's own words and the form of date
        // and time. Names, weekdays and months would make every answer a new form.
        static constexpr std::array<std::string_view, 36> kOwn = {
            "am",       "at",        "da",        "dnia",
            "du",       "el",        "em",        "escreveu",
            "escribió", "forwarded", "from",      "ha",
            "het",      "il",        "le",        "message",
            "mensaje",  "mail",      "nachricht", "napisał",
            "napisała", "on",        "op",        "original",
            "origine",  "originale", "pisze",     "schreef",
            "schrieb",  "scritto",   "um",        "ursprüngliche",
            "von",      "wrote",     "écrit",     "weitergeleitete"};
        std::string out = line.text.starts_with("-----") ? "rule" : "";
        for (const auto& word : words_of(line.text, 40))
            if (out.size() < 60 && std::find(kOwn.begin(), kOwn.end(), word) != kOwn.end())
                out += (out.empty() ? "" : " ") + word;
        std::string numbers;
        const std::string_view text = line.text;
        for (std::size_t i = 0; i < text.size() && numbers.size() < 16; ++i) {
            if (is_digit(text[i])) {
                if (numbers.empty() || numbers.back() != '0') numbers.push_back('0');
            } else if (i > 0 && is_digit(text[i - 1])) {
                numbers.push_back(
                    text[i] == '.' || text[i] == '/' || text[i] == ':' || text[i] == '-' ? text[i]
                                                                                         : ' ');
            }
        }
        out += (out.empty() ? "" : " ") + std::string(trim(numbers));
        if (text.find('@') != std::string_view::npos)
            out += text.find('<') != std::string_view::npos ? " <@>" : " @";
        if (text.ends_with(':')) out += " colon";
        return std::string(trim(out)).empty() ? "other" : std::string(trim(out));
    }
    return "";
}

std::string subject_prefix(std::string_view subject) {
    const auto s = trim(subject);
    const auto colon = s.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon > 6) return "";
    const auto prefix = ascii_lower(s.substr(0, colon));
    static constexpr std::array<std::string_view, 16> kPrefixes = {
        "re", "aw",  "wg",  "fw",  "fwd", "sv", "antw", "vs",
        "tr", "rif", "odp", "res", "enc", "i",  "r",    "rv"};
    if (std::find(kPrefixes.begin(), kPrefixes.end(), prefix) == kPrefixes.end()) return "";
    return std::string(s.substr(0, colon));
}

std::string novelty_text(Novelty n) {
    switch (n) {
        case Novelty::Sender:
            return "this sender used before";
        case Novelty::Domain:
            return "only colleagues of this sender used before";
        case Novelty::Site5:
            return "others here use, but never this sender";
        case Novelty::Site1:
            return "hardly anybody here ever used";
        case Novelty::Never:
            return "never seen here before";
        case Novelty::None:
            return "none";
    }
    return "?";
}

std::string thread_text(ThreadState t) {
    switch (t) {
        case ThreadState::None:
            return "starts a conversation of its own";
        case ThreadState::Unknown:
            return "answers in a conversation never seen here";
        case ThreadState::Member:
            return "answers in a conversation it takes part in";
        case ThreadState::Colleague:
            return "answers in a conversation that only a colleague takes part in";
        case ThreadState::Addressed:
            return "answers in a conversation it was addressed in";
        case ThreadState::Newcomer:
            return "joins a conversation it had no part in";
    }
    return "?";
}

std::string wrote_back_text(int bin) {
    static constexpr std::array<const char*, 4> kTexts = {
        "nobody here ever wrote to this sender", "nobody here wrote to this sender for 90 days",
        "somebody here wrote to this sender within 90 days",
        "somebody here wrote to this sender within 7 days"};
    return kTexts[static_cast<std::size_t>(std::clamp(bin, 0, 3))];
}

int density_bin(const Observations& o) noexcept {
    const auto links = static_cast<double>(o.links.size());
    if (links <= 0) return 0;
    const double per_twelve = 12 * links / std::max(1.0, static_cast<double>(o.word_total));
    return std::clamp(static_cast<int>(std::lround(std::log2(per_twelve))) + 5, 1, 9);
}

int log2_bin(std::uint32_t n) noexcept { return std::min(static_cast<int>(std::bit_width(n)), 8); }

int popcount(std::uint32_t bits) noexcept { return std::popcount(bits); }

std::string link_place(const Message& m) {
    bool alone = false, inline_text = false, anchor = false, short_anchor = false;
    for (const auto& link : m.links) {
        if (link.quoted || link.host.empty()) continue;
        switch (link.place) {
            case LinkPlace::TextAlone:
                alone = true;
                break;
            case LinkPlace::TextInline:
                inline_text = true;
                break;
            case LinkPlace::Anchor:
            case LinkPlace::Area:
                (words_of(link.visible_text, 8).size() <= 5 ? short_anchor : anchor) = true;
                break;
            default:
                break;
        }
    }
    std::string out;
    if (alone) out += "alone ";
    if (inline_text) out += "in text ";
    if (short_anchor) out += "short anchor ";
    if (anchor) out += "long anchor ";
    return out.empty() ? "no link" : std::string(trim(out));
}

int anchor_mismatch(const Message& m) {
    int result = -1;
    for (const auto& link : m.links) {
        if (link.quoted || link.place != LinkPlace::Anchor || link.host.empty()) continue;
        std::string_view text = trim(link.visible_text);
        if (const auto scheme = text.find("://"); scheme != std::string_view::npos)
            text.remove_prefix(scheme + 3);
        text = text.substr(0, text.find_first_of("/ ?#"));
        if (text.find('.') == std::string_view::npos || text.find('@') != std::string_view::npos)
            continue;
        const std::string shown = registrable_domain(mail::to_ascii_domain(text));
        if (!is_registrable(shown)) continue;  // "2.5" and "etc." are no hosts
        result = std::max(result, 0);
        if (shown != link.registrable) return 1;
    }
    return result;
}

std::string html_tricks(const Message& m) {
    bool form = false, data = false;
    for (const auto& link : m.links) {
        form = form || link.place == LinkPlace::Form;
        data = data || link.scheme == "data" || link.scheme == "javascript";
    }
    std::string out;
    if (form) out += "form ";
    if (data) out += "data ";
    if (m.html_hidden_chars > 200) out += "hidden ";
    return out.empty() ? "none" : std::string(trim(out));
}

bool has_images(const Message& m) noexcept {
    return std::any_of(m.parts.begin(), m.parts.end(),
                       [](const Part& p) { return p.media_type.starts_with("image/"); }) ||
           std::any_of(m.links.begin(), m.links.end(),
                       [](const Link& l) { return l.place == LinkPlace::Image; });
}

std::vector<std::string> attachment_types(const Message& m) {
    std::vector<std::string> out;
    for (const auto& p : m.parts) {
        if (!p.is_attachment) continue;
        std::string type = p.detected_type.empty() ? p.media_type : p.detected_type;
        if (type == "application/octet-stream" || type == "text/plain" ||
            type == "application/zip") {
            const auto dot = p.filename.rfind('.');
            if (dot != std::string::npos && p.filename.size() - dot <= 6)
                type += " " + ascii_lower(p.filename.substr(dot));
        }
        out.push_back(type.substr(0, 80));
        if (out.size() == 16) break;
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

std::string attachment_risk(const Message& m) {
    bool any = false, macros = false, encrypted = false, disguised = false;
    for (const auto& p : m.parts) {
        if (!p.is_attachment) continue;
        any = true;
        macros = macros || p.has_macros;
        encrypted = encrypted || p.encrypted;
        const auto dots = std::count(p.filename.begin(), p.filename.end(), '.');
        std::string lower = ascii_lower(p.filename);
        // Windows drops trailing dots and blanks; U+202E turns "fdp.exe" into "exe.pdf" on the
        // screen.
        while (!lower.empty() && (lower.back() == '.' || lower.back() == ' ')) lower.pop_back();
        disguised = disguised || lower.find("\u202E") != std::string::npos;
        for (const std::string_view ending :
             {".exe", ".scr", ".js",  ".jse", ".vbs", ".vbe", ".wsf", ".lnk",
              ".url", ".iso", ".img", ".vhd", ".hta", ".bat", ".cmd", ".ps1",
              ".msi", ".jar", ".cpl", ".xll", ".chm", ".svg", ".one"})
            disguised = disguised || lower.ends_with(ending);
        // A saved page is harmless by itself; "invoice.pdf.html" is not what it says.
        disguised =
            disguised || (dots > 1 && (lower.ends_with(".html") || lower.ends_with(".htm")));
    }
    if (!any) return "";
    std::string out;
    if (macros) out += "macros ";
    if (encrypted) out += "encryption ";
    if (disguised) out += "a risky name ";
    return out.empty() ? "nothing special" : std::string(trim(out));
}

namespace {

/// Links of the own text that lead away from the site.
template <class F>
void for_each_outward_link(const Message& m, const std::vector<std::string>& own_domains, F&& f) {
    for (const auto& link : m.links)
        if (!link.quoted && !link.host.empty() && link.place != LinkPlace::Image &&
            link.place != LinkPlace::Header && !is_own(link.host, own_domains))
            f(link);
}

/// "pdf" of "/a/report.pdf"; "page" where the last segment has no extension that could be one.
std::string file_type(std::string_view path) {
    constexpr std::size_t kLongest = 5;
    const std::string_view name = path.substr(path.rfind('/') + 1);
    const auto dot = name.rfind('.');
    const std::string_view type = dot == std::string_view::npos ? "" : name.substr(dot + 1);
    const bool usable =
        !type.empty() && type.size() <= kLongest &&
        std::all_of(type.begin(), type.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
    return usable ? ascii_lower(type) : "page";
}

}  // namespace

std::vector<std::string> link_file_types(const Message& m,
                                         const std::vector<std::string>& own_domains) {
    constexpr std::size_t kMost = 8;
    std::vector<std::string> out;
    for_each_outward_link(m, own_domains, [&](const Link& link) {
        std::string type = file_type(link.path);
        if (out.size() < kMost && std::find(out.begin(), out.end(), type) == out.end())
            out.push_back(std::move(type));
    });
    return out;
}

Readable readable_links(const Message& m, const std::vector<std::string>& own_domains) {
    Readable out = Readable::NoLink;
    for_each_outward_link(m, own_domains, [&](const Link& link) {
        const bool bare = link.path.size() <= 1 && link.query.empty();
        const bool says = bare || !url_words(link.path + "?" + link.query).empty();
        out = std::max(out, says ? Readable::Yes : Readable::No);
    });
    return out;
}

bool subject_asks(const Message& m) {
    const auto words = words_of(m.subject, 60);
    std::vector<std::string_view> views(words.begin(), words.end());
    return builtin_asks().match(views) != 0;
}

std::string reply_relation(const Message& m) {
    if (m.reply_to.empty()) return "nowhere else";
    if (m.from.empty()) return "an address";
    // The farthest of several counts: an attacker adds an address of their own to the genuine one.
    const Mailbox& from = m.from.front();
    std::vector<std::string> foreign;
    bool same_address = true;
    for (const auto& to : m.reply_to) {
        if (to.address() == from.address()) continue;
        same_address = false;
        if (same_organisation(to.domain, from.domain)) continue;
        const std::string organisation = organisation_of(to.domain);
        foreign.push_back(organisation.empty() ? "an address without domain" : organisation);
        if (foreign.size() == 4) break;
    }
    if (same_address) return "the same address";
    return foreign.empty() ? "an address of the same organisation"
                           : join_sorted(std::move(foreign));
}

std::string sender_relation(const Message& m) {
    if (!m.sender) return "nobody else";
    if (!m.from.empty() && m.sender->address() == m.from.front().address())
        return "the same address";
    if (!m.from.empty() && same_organisation(m.sender->domain, m.from.front().domain))
        return "a colleague";
    const std::string organisation = organisation_of(m.sender->domain);
    return organisation.empty() ? "an address without domain" : organisation;
}

std::string recipient_place(const Message& m, const Arrival& a) {
    std::vector<std::string> to, cc;
    for (const auto& x : m.to) to.push_back(x.address());
    for (const auto& x : m.cc) cc.push_back(x.address());
    std::sort(to.begin(), to.end());
    std::sort(cc.begin(), cc.end());
    bool in_to = false, in_cc = false, hidden = false;
    for (const auto& rcpt : a.rcpts) {
        const std::string lower = ascii_lower(rcpt);
        if (std::binary_search(to.begin(), to.end(), lower)) {
            in_to = true;
        } else if (std::binary_search(cc.begin(), cc.end(), lower)) {
            in_cc = true;
        } else {
            hidden = true;
        }
    }
    std::string out;
    if (in_to) out += "To ";
    if (in_cc) out += "Cc ";
    if (hidden) out += to.empty() && cc.empty() ? "no named recipient " : "hidden copy ";
    return out.empty() ? "nobody" : std::string(trim(out));
}

bool is_free_mail(std::string_view domain) {
    // Under one name in many countries, and under one name only.
    static constexpr std::array<std::string_view, 9> kAnyEnding = {
        "gmail", "googlemail", "yahoo", "hotmail", "outlook", "live", "gmx", "yandex", "aol"};
    static constexpr std::array<std::string_view, 30> kWhole = {
        "icloud.com",  "me.com",      "msn.com",      "proton.me",   "protonmail.com",
        "mail.com",    "mail.ru",     "web.de",       "t-online.de", "freenet.de",
        "posteo.de",   "mailbox.org", "tutanota.com", "qq.com",      "163.com",
        "126.com",     "zoho.com",    "fastmail.com", "orange.fr",   "free.fr",
        "laposte.net", "libero.it",   "wp.pl",        "o2.pl",       "onet.pl",
        "uol.com.br",  "bol.com.br",  "sapo.pt",      "ziggo.nl",    "btinternet.com"};
    const std::string_view label = domain.substr(0, domain.find('.'));
    return std::find(kAnyEnding.begin(), kAnyEnding.end(), label) != kAnyEnding.end() ||
           std::find(kWhole.begin(), kWhole.end(), domain) != kWhole.end();
}

bool told_spam(const Message& m) {
    for (const std::string_view name : {"X-Spam-Flag", "X-Spam-Status", "X-Spam"})
        if (const auto value = m.header(name))
            if (starts_with_nocase(trim(*value), "yes")) return true;
    return false;
}

}  // namespace kith
