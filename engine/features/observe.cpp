// SPDX-License-Identifier: Apache-2.0
#include "engine/features/observe.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "engine/features/facts.hpp"
#include "engine/features/helpers.hpp"
#include "engine/features/line_words.hpp"
#include "engine/features/mail_kind.hpp"
#include "engine/features/passages.hpp"
#include "engine/features/spec.hpp"
#include "engine/features/words.hpp"
#include "engine/message/domain.hpp"

namespace kith {
namespace {

constexpr std::size_t kMaxRcpts = 200, kMaxRefs = 40, kMaxThreadWords = 300;
constexpr std::size_t kBeside = 200;  // characters of text on each side of a link: two sentences
// A hostile mail has many links and much text.
constexpr std::size_t kMostSearched = std::size_t{64} << 10, kMostSearches = 64;
constexpr std::size_t kFewestLabelLetters = 4, kMaxLabelLetters = 24;

/// The name without what services and firms add: "Ann Example (via Tracker)", "Ann Example via
/// Tracker", "Ann Example [Team]".
std::string plain_name(std::string_view name) {
    std::string out;
    int depth = 0;
    for (const char c : name) {
        if (c == '(' || c == '[') ++depth;
        if (depth == 0) out.push_back(c);
        if ((c == ')' || c == ']') && depth > 0) --depth;
    }
    return out.substr(0, ascii_lower(out).find(" via "));
}

std::string sorted_name(std::string_view name) {
    auto words = words_of(plain_name(name), 12);
    if (words.size() < 2) words = words_of(name, 12);
    if (words.size() < 2) return "";
    std::sort(words.begin(), words.end());
    std::string out;
    for (const auto& w : words) out += w + " ";
    return out;
}

/// Characters that readers take for one another, folded. The rest of UTS 39 is folded by domain
/// names being A-labels here.
std::string label_skeleton(std::string_view label) {
    std::string out;
    for (std::size_t i = 0; i < label.size(); ++i) {
        const char c = label[i], next = i + 1 < label.size() ? label[i + 1] : '\0';
        if (c == '-') continue;
        if (c == 'r' && next == 'n') {
            out.push_back('m');
            ++i;
            continue;
        }
        if (c == 'v' && next == 'v') {
            out.push_back('w');
            ++i;
            continue;
        }
        out.push_back(c == '1' ? 'l' : c == '0' ? 'o' : c == '5' ? 's' : c == '3' ? 'e' : c);
    }
    return out;
}

/// Keys that labels one edit or one transposition apart share: the skeleton and all of its
/// deletions (symmetric delete).
std::vector<std::uint64_t> label_variants(std::string_view label, const Hasher& hasher) {
    std::vector<std::uint64_t> out;
    if (label.size() < kFewestLabelLetters || label.size() > kMaxLabelLetters) return out;
    const std::string s = label_skeleton(label);
    out.push_back(hasher.hash64("label", s));
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (i > 0 && s[i] == s[i - 1]) continue;
        std::string shorter = s;
        shorter.erase(i, 1);
        out.push_back(hasher.hash64("label", shorter));
    }
    return out;
}

std::array<std::uint32_t, 8> sketch_of(const std::vector<WordCount>& words) {
    // Eight min-hashes from one hash each by odd multipliers; enough to tell "the same text" from
    // "another text".
    static constexpr std::array<std::uint32_t, 8> kOdd = {0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D,
                                                          0x27D4EB2F, 0x165667B1, 0xD3A2646D,
                                                          0xFD7046C5, 0xB55A4F09};
    std::array<std::uint32_t, 8> out;
    out.fill(std::numeric_limits<std::uint32_t>::max());
    for (const auto& w : words)
        for (std::size_t k = 0; k < out.size(); ++k) {
            std::uint32_t h = w.word * kOdd[k];
            h ^= h >> 15;
            out[k] = std::min(out[k], h * kOdd[(k + 1) % 8]);
        }
    return out;
}

std::vector<WordCount> count_words(const std::vector<std::string_view>& words,
                                   const Hasher& hasher) {
    std::vector<std::uint32_t> hashes;
    hashes.reserve(words.size());
    for (const auto& w : words) hashes.push_back(hasher.hash32("word", w));
    std::sort(hashes.begin(), hashes.end());
    std::vector<WordCount> out;
    for (const auto h : hashes) {
        if (!out.empty() && out.back().word == h)
            ++out.back().count;
        else
            out.push_back({h, 1});
    }
    return out;
}

class Observer {
public:
    Observer(const Message& m, const Arrival& a, Direction d, const ObserveContext& c)
        : m_(m), a_(a), c_(c), lines_(m.lines) {
        result_.observations.time = a.time;
        result_.observations.direction = d;
    }

    Observed run() && {
        identity();
        conversation();
        text();
        passages();
        links();
        marks();
        features();
        return std::move(result_);
    }

private:
    Observations& o() { return result_.observations; }
    const Hasher& h() const { return c_.hasher; }

    void identity() {
        const std::string sender = claimed_sender(m_, a_);
        const std::string_view host = domain_of(sender);
        const std::string domain =
            host.empty() ? "" : registrable_domain(mail::to_ascii_domain(host));
        result_.labels.sender = scrub_utf8(sender, 320);
        result_.labels.domain = scrub_utf8(domain, 255);
        o().sender = sender_key(h(), sender);
        o().domain = domain_key(h(), domain);
        o().sender32 = o().sender.short32();
        o().domain32 = o().domain.short32();
        if (a_.auth_user && !a_.auth_user->empty()) o().account = account_key(h(), *a_.auth_user);
        const std::string label = domain.substr(0, domain.find('.'));
        o().domain_label = label.empty() ? 0 : h().hash64("label", label_skeleton(label));
        o().label_variants = label_variants(label, h());
        if (!m_.from.empty()) {
            const Mailbox& from = m_.from.front();
            const std::string name = sorted_name(from.display_name);
            o().name = name.empty() ? 0 : h().hash64("name", name);
            const std::string local = ascii_lower(from.local_part);
            o().local_part = local.size() >= 5 ? h().hash64("local", local) : 0;
            for (const auto& word : words_of(from.display_name, Observations::kMaxNameLabels))
                if (word.size() >= kFewestLabelLetters)
                    o().name_labels.push_back(h().hash64("label", label_skeleton(word)));
        }
        o().free_mail_like = is_free_mail(domain);
        std::vector<std::string> rcpts;
        for (const auto& r : a_.rcpts) {
            if (rcpts.size() == kMaxRcpts) break;
            rcpts.push_back(ascii_lower(r));
        }
        std::sort(rcpts.begin(), rcpts.end());
        rcpts.erase(std::unique(rcpts.begin(), rcpts.end()), rcpts.end());
        std::string all;
        for (const auto& r : rcpts) {
            o().rcpts.push_back(sender_key(h(), r));
            all += r + "\n";
        }
        o().rcpt_set = h().hash64("rcpts", all);
        recipient_domains(rcpts);
        o().kind = mail_kind(m_, a_);
        o().automatic = o().kind != MailKind::Person;
    }

    void recipient_domains(const std::vector<std::string>& rcpts) {
        auto& domains = o().rcpt_domains;
        for (const auto& r : rcpts) {
            const std::string_view host = domain_of(r);
            if (host.empty() || is_own(host, c_.own_domains)) continue;
            domains.push_back(domain_key(h(), registrable_domain(mail::to_ascii_domain(host))));
        }
        std::sort(domains.begin(), domains.end());
        domains.erase(std::unique(domains.begin(), domains.end()), domains.end());
        if (domains.size() > Observations::kMaxRcptDomains)
            domains.resize(Observations::kMaxRcptDomains);
    }

    void conversation() {
        if (!m_.message_id.empty()) o().message_id = h().hash64("mid", m_.message_id);
        const auto add = [&](const std::string& id) {
            const auto hash = h().hash64("mid", id);
            if (o().refs.size() < kMaxRefs &&
                std::find(o().refs.begin(), o().refs.end(), hash) == o().refs.end())
                o().refs.push_back(hash);
        };
        for (const auto& id : m_.in_reply_to) add(id);
        for (auto it = m_.references.rbegin(); it != m_.references.rend(); ++it) add(*it);
    }

    void text() {
        const std::vector<std::string_view> words = lines_.own();
        o().word_total = static_cast<std::uint32_t>(words.size());
        o().words = count_words(words, h());
        o().sketch = sketch_of(o().words);

        const std::vector<std::string> subject = words_of(m_.subject, 60);
        o().asks = c_.asks.match(words) | c_.asks.match({subject.begin(), subject.end()});
        std::string plain;
        for (const auto& line : m_.lines)
            if (line.role == LineRole::Own) plain += line.text + "\n";
        o().asks |= amount_in(plain);

        std::vector<std::uint32_t> thread;
        for (const auto& w : lines_.quoted()) thread.push_back(h().hash32("word", w));
        std::sort(thread.begin(), thread.end());
        thread.erase(std::unique(thread.begin(), thread.end()), thread.end());
        if (thread.size() > kMaxThreadWords) thread.resize(kMaxThreadWords);
        o().thread_words = std::move(thread);

        // An account on a line of its own is hardly prose, and one below the signature mark is read
        // all the same.
        std::string all, signature;
        for (const auto& line : m_.lines) {
            if (line.role == LineRole::Own || line.role == LineRole::Patch) all += line.text + "\n";
            if (line.role == LineRole::Signature) signature += line.text + "\n";
        }
        all += m_.attached_text;
        for (const auto& x : find_phones(all)) o().phones.push_back(h().hash64("phone", x));
        all += signature;
        const auto wallets = find_wallets(all);
        mark(Mark::Wallet, !wallets.empty());
        for (const auto& found :
             {find_ibans(all), find_mistyped_ibans(all), wallets, find_accounts(all)})
            for (const auto& x : found)
                if (o().payment.size() < Observations::kMaxPayments)
                    o().payment.push_back(h().hash64("payment", x));
    }

    /// What is quoted, and what later mail may quote. Each block of lines by itself: an answer
    /// between two quotes parts them.
    void passages() {
        Passages own(h()), quoted(h());
        std::size_t words = 0;
        for (std::size_t i = 0; i < m_.lines.size(); ++i) {
            if (m_.lines[i].role == LineRole::Attribution) continue;
            const bool is_quote = m_.lines[i].role == LineRole::Quoted;
            const auto range = lines_.passage(i);
            for (auto w = range.begin; w < range.end; ++w)
                (is_quote ? quoted : own).add(lines_.word(w));
            words += range.size();
            (is_quote ? own : quoted).interrupt();
        }
        bool cut = false, quotes_cut = false;
        o().own_passages = own.take(Observations::kMaxPassages, cut);
        o().quoted_passages = quoted.take(Observations::kMaxPassages, quotes_cut);
        mark(Mark::TextCut, cut || words == LineWords::kMaxPassageWords);
    }

    void mark(Mark m, bool set) {
        if (set) o().marks |= 1U << static_cast<unsigned>(m);
    }

    void marks() {
        mark(Mark::NamesSite, names_site());
        mark(Mark::Encrypted, std::any_of(m_.parts.begin(), m_.parts.end(), [](const Part& p) {
                 return p.is_attachment && p.encrypted;
             }));
        mark(Mark::Form, std::any_of(m_.links.begin(), m_.links.end(),
                                     [](const Link& l) { return l.place == LinkPlace::Form; }));
        mark(Mark::ToOwnAddress, writes_to_itself());
        mark(Mark::SaidSpam, told_spam(m_));
        mark(Mark::WriteTo, std::any_of(m_.links.begin(), m_.links.end(),
                                        [&](const Link& l) { return writes_to_stranger(l); }));
    }

    /// A mailto link to nobody of the site, of the sender's domain or named in the mail's header: a
    /// click on it leads out of the conversation as a page's does. That answers go there
    /// (Reply-To) makes nobody a part of it.
    bool writes_to_stranger(const Link& link) const {
        if (link.scheme != "mailto" || link.quoted || link.place == LinkPlace::Header) return false;
        const std::string_view url = link.url;
        const std::string_view found = url.substr(url.find(':') + 1);
        const std::string address = ascii_lower(trim(found.substr(0, found.find('?'))));
        const auto at = address.rfind('@');
        if (at == std::string::npos) return false;
        const std::string domain = address.substr(at + 1);
        if (is_own(domain, c_.own_domains)) return false;
        if (!result_.observations.free_mail_like &&
            registrable_domain(domain) == result_.labels.domain)
            return false;
        const auto names = [&](const std::vector<Mailbox>& list) {
            return std::any_of(list.begin(), list.end(),
                               [&](const Mailbox& m) { return m.address() == address; });
        };
        return !names(m_.from) && !names(m_.to) && !names(m_.cc);
    }

    /// Does mail from outside speak of the site's domain, in the name of its sender, the subject or
    /// the text?
    bool names_site() const {
        if (m_.from.empty() || is_own(m_.from.front().domain, c_.own_domains)) return false;
        const std::string name = ascii_lower(m_.from.front().display_name + " " + m_.subject);
        const std::string own = ascii_lower(m_.own_text());
        const auto words = words_of(name, 80);
        const auto speaks_of = [&](const std::string& domain) {
            const std::string label = domain.substr(0, domain.find('.'));
            return !domain.empty() &&
                   (own.find(domain) != std::string::npos ||
                    name.find(domain) != std::string::npos ||
                    (label.size() >= kFewestLabelLetters &&
                     std::find(words.begin(), words.end(), label) != words.end()));
        };
        return std::any_of(c_.own_domains.begin(), c_.own_domains.end(), speaks_of);
    }

    /// Is a recipient outside the site called like the sender?
    bool writes_to_itself() const {
        if (m_.from.empty()) return false;
        const std::string local = ascii_lower(m_.from.front().local_part);
        const std::string name = sorted_name(m_.from.front().display_name);
        return std::any_of(a_.rcpts.begin(), a_.rcpts.end(), [&](const std::string& r) {
            const std::string rcpt = ascii_lower(r);
            const auto at = rcpt.rfind('@');
            if (at == std::string::npos || is_own(rcpt.substr(at + 1), c_.own_domains))
                return false;
            const std::string theirs = rcpt.substr(0, at);
            return (local.size() >= 5 && theirs == local) ||
                   (!name.empty() && sorted_name(theirs) == name);
        });
    }

    /// What the words around a link ask for; all that the text asks where it cannot be found in it.
    std::uint32_t asks_beside(const Link& link) const {
        const std::string_view prose = lines_.prose(), text = prose.substr(0, kMostSearched);
        std::string_view at = link.url;
        std::size_t start = text.find(at);
        if (start == std::string::npos && !link.visible_text.empty()) {
            at = link.visible_text;
            start = text.find(at);
        }
        if (start == std::string::npos) return result_.observations.asks;
        // Whole words only: half of a URL before this one would read as words.
        std::size_t from = start < kBeside ? 0 : prose.find_first_of(" \n", start - kBeside);
        from = std::min(from, start);
        std::size_t end = std::min(start + at.size() + kBeside, prose.size());
        if (end < prose.size()) end = std::max(prose.find_last_of(" \n", end), start + at.size());
        const auto window = prose.substr(from, end - from);
        const auto words = words_of(without_urls(window), 2 * kBeside);
        return c_.asks.match({words.begin(), words.end()}) | amount_in(window);
    }

    static std::uint32_t amount_in(std::string_view text) {
        return names_amount(text) ? bit(Ask::Amount) : 0;
    }

    void links() {
        std::size_t searched = 0;
        for (const auto& link : m_.links) {
            if (link.quoted || link.host.empty() || link.place == LinkPlace::Image ||
                link.place == LinkPlace::Header)
                continue;
            ObservedLink x;
            x.host = h().hash64("host", link.registrable);
            x.tenant = h().hash64("tenant", link.host + "/" + link.tenant);
            x.own_domain = is_own(link.host, c_.own_domains);
            x.sender_domain = link.registrable == result_.labels.domain;
            const std::string rest = link.path + "?" + link.query;
            x.shape = h().hash32("shape", skeleton(link.path));
            x.has_token = has_random_token(rest);
            x.asks = searched++ < kMostSearches ? asks_beside(link) : o().asks;
            for (const auto& w : url_words(rest)) x.words.push_back(h().hash32("word", w));
            const auto same = [&](const ObservedLink& y) {
                return y.host == x.host && y.tenant == x.tenant;
            };
            const auto before = std::find_if(o().links.begin(), o().links.end(), same);
            if (before != o().links.end()) {
                before->asks |= x.asks;  // a first one that asks nothing must not hide the second
                continue;
            }
            o().links.push_back(std::move(x));
            result_.labels.link_hosts.push_back(scrub_utf8(link.host, 255));
            if (o().links.size() == Observations::kMaxLinks) break;
        }
        o().has_attachment = std::any_of(m_.parts.begin(), m_.parts.end(),
                                         [](const Part& p) { return p.is_attachment; });
    }

    void features() {
        const Glimpse glimpse{m_, a_, result_.observations, c_.own_domains};
        for (std::size_t i = 0; i < kFeatureCount; ++i) {
            const FeatureSpec& spec = feature_spec(i);
            if (spec.extract == nullptr) continue;
            const Seen seen = spec.extract(glimpse);
            o().values[i] = encode_seen(seen, i, h());
            if (seen.state() == Seen::State::Members) {
                for (const auto& text : seen.texts()) {
                    const std::uint32_t value = h().hash32(feature_name(i), text);
                    o().set_members.emplace_back(static_cast<std::uint16_t>(i), value);
                    result_.labels.member.emplace_back(value, scrub_utf8(text, 80));
                }
            } else if (!seen.texts().empty()) {
                result_.labels.feature[i] = scrub_utf8(seen.texts().front(), 80);
            } else if (seen.state() == Seen::State::Absent) {
                result_.labels.feature[i] = "none";
            }
        }
    }

    const Message& m_;
    const Arrival& a_;
    const ObserveContext& c_;
    const LineWords lines_;
    Observed result_;
};

}  // namespace

FeatureValue encode_seen(const Seen& seen, std::size_t index, const Hasher& hasher) {
    switch (seen.state()) {
        case Seen::State::Nothing:
            return {};
        case Seen::State::Absent:
            return {FeatureValue::kAbsent, 0};
        case Seen::State::Category: {
            const auto code = hasher.hash32(feature_name(index), seen.texts().front());
            return {code == FeatureValue::kAbsent ? FeatureValue::kAbsent + 1 : code, 0};
        }
        case Seen::State::Bin:
            return {FeatureValue::kFirstBin + static_cast<std::uint32_t>(seen.bin_value()), 0};
        case Seen::State::Number: {
            // Not-a-number would never rank; a number beyond float is undefined to convert.
            const double x = seen.number_value();
            return {FeatureValue::kFirstBin,
                    std::isnan(x) ? 0.0F : static_cast<float>(std::clamp(x, -1e30, 1e30))};
        }
        case Seen::State::Members:
            return seen.texts().empty() ? FeatureValue{FeatureValue::kAbsent, 0}
                                        : FeatureValue{FeatureValue::kFirstBin, 0};
    }
    return {};
}

Key16 sender_key(const Hasher& hasher, std::string_view address) {
    return hasher.key("address", ascii_lower(address));
}
Key16 domain_key(const Hasher& hasher, std::string_view domain) {
    return hasher.key("domain", ascii_lower(domain));
}

Key16 account_key(const Hasher& hasher, std::string_view login) {
    return hasher.key("address", utf8_lower(scrub_utf8(login)));
}

std::string claimed_sender(const Message& message, const Arrival& arrival) {
    std::string out;
    for (const auto& from : message.from) {
        const std::string address = from.address();
        if (address.empty() || out.size() > 512) continue;
        out += (out.empty() ? "" : ",") + address;
    }
    return out.empty() ? ascii_lower(arrival.mail_from) : out;
}

Observed observe(const Message& message, const Arrival& arrival, Direction direction,
                 const ObserveContext& context) {
    return Observer(message, arrival, direction, context).run();
}

}  // namespace kith
