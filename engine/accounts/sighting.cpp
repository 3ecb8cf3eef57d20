// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/sighting.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "engine/base/text.hpp"
#include "engine/features/observe.hpp"
#include "engine/message/domain.hpp"

namespace kith {
namespace {

std::string words(std::string_view text) {
    return scrub_utf8(utf8_prefix(scrub_utf8(text), Sighting::kMaxWordsBytes));
}

void set(Sighting& s, AccountFeature f, const Hasher& hasher, std::string_view text) {
    if (!text.empty())
        s.values[index_of(f)] = hasher.hash32(kAccountFeatureSpecs[index_of(f)].name, text);
}

void mark(Sighting& s, AccountMark m, bool holds) {
    if (holds) s.marks |= 1U << static_cast<unsigned>(m);
}

/// Registrable domain of a verified host name.
std::string organisation(std::string_view client_name) {
    if (client_name.empty() || mail::is_address_literal(client_name)) return {};
    return registrable_domain(mail::to_ascii_domain(client_name));
}

std::string tls_family(std::string_view tls) {
    return words(tls.substr(0, tls.find_first_of(" \t(")));
}

bool is_own_address(std::string_view address, const std::vector<std::string>& own_domains) {
    const auto at = address.rfind('@');
    if (at == std::string_view::npos) return true;  // an account of the same server
    const std::string domain = mail::to_ascii_domain(address.substr(at + 1));
    return std::any_of(own_domains.begin(), own_domains.end(), [&](const std::string& own) {
        return domain == own || (domain.size() > own.size() && domain.ends_with(own) &&
                                 domain[domain.size() - own.size() - 1] == '.');
    });
}

bool sends_outside(const AccountEvent& e, const std::vector<std::string>& own_domains) {
    if (e.kind == AccountEventKind::Forward)
        return !e.detail.empty() && !is_own_address(e.detail, own_domains);
    return std::any_of(e.rule.redirects.begin(), e.rule.redirects.end(),
                       [&](const std::string& a) { return !is_own_address(a, own_domains); });
}

bool hides(const RuleSummary& r) {
    // What is sent on with a copy that stays is hidden all the same when the copy is filed away.
    return r.discards || (!r.folders.empty() && (r.marks_seen || (r.stops && r.topics != 0)));
}

/// What a rule does, as one of few kinds: the like of it is what others have too.
std::string rule_text(const AccountEvent& e, const Sighting& s) {
    if (!e.rule.understood && e.kind != AccountEventKind::Forward) return "could not be read";
    std::string out;
    const auto add = [&](bool holds, const char* text) {
        if (holds) out += (out.empty() ? "" : ", ") + std::string(text);
    };
    add(s.has(AccountMark::RedirectsOutside), "sends mail to an address outside");
    add(!e.rule.redirects.empty() && !s.has(AccountMark::RedirectsOutside),
        "sends mail to others here");
    add(e.rule.discards, "throws mail away");
    add(!e.rule.folders.empty(), "files mail");
    add(e.rule.marks_seen, "marks it as read");
    add(s.has(AccountMark::NamesTopic), "looks for payments or warnings");
    return out.empty() ? "does nothing of note" : out;
}

bool is_change(AccountEventKind k) noexcept {
    return k == AccountEventKind::Folder || k == AccountEventKind::RuleStored ||
           k == AccountEventKind::RuleActivated || k == AccountEventKind::RuleRemoved ||
           k == AccountEventKind::Credential || k == AccountEventKind::Forward;
}

void add_change(Sighting& s, const AccountEvent& e, const Hasher& hasher,
                const std::vector<std::string>& own_domains) {
    // A rule that is stored and made active is one change.
    const bool stored = e.kind == AccountEventKind::RuleStored;
    set(s, AccountFeature::change, hasher,
        to_string(stored ? AccountEventKind::RuleActivated : e.kind));
    mark(s, AccountMark::RedirectsOutside, sends_outside(e, own_domains));
    mark(s, AccountMark::HidesMail, hides(e.rule));
    mark(s, AccountMark::NamesTopic, e.rule.topics != 0);
    if (e.rule != RuleSummary{} || e.kind == AccountEventKind::Forward) {
        s.detail = rule_text(e, s);
        set(s, AccountFeature::rule, hasher, s.detail);
        const std::string to = e.kind == AccountEventKind::Forward ? e.detail
                               : e.rule.redirects.empty()          ? ""
                                                                   : e.rule.redirects.front();
        if (!to.empty()) s.detail += ": " + words(to);
    } else {
        s.detail = words(e.detail);
    }
}

void set_place(Sighting& s, const GeoPlace& place) {
    s.place = place;
    s.values[index_of(AccountFeature::provider)] = place.asn;
    s.values[index_of(AccountFeature::country)] = country_value(place.country);
}

bool has_tag(const MailRecord& m, std::string_view tag) {
    const auto& tags = m.assessment.tags;
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

bool asks_or_links(Stratum s) noexcept {
    return s == Stratum::NewLink || s == Stratum::Request || s == Stratum::Identity;
}

}  // namespace

std::string_view to_string(AccountAct a) noexcept {
    return a == AccountAct::Mail ? "mail" : to_string(static_cast<AccountEventKind>(a));
}

std::string network_prefix(std::string_view address) {
    const std::string text(address);
    std::array<unsigned char, 16> bytes{};
    std::array<char, INET6_ADDRSTRLEN> out{};
    if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
        bytes[3] = 0;
        ::inet_ntop(AF_INET, bytes.data(), out.data(), out.size());
        return std::string(out.data()) + "/24";
    }
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return {};
    constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
        bytes[15] = 0;
        ::inet_ntop(AF_INET, bytes.data() + 12, out.data(), out.size());
        return std::string(out.data()) + "/24";
    }
    std::fill(bytes.begin() + 6, bytes.end(), 0);
    ::inet_ntop(AF_INET6, bytes.data(), out.data(), out.size());
    return std::string(out.data()) + "/48";
}

std::string country_of(std::uint32_t value) {
    std::string out = {static_cast<char>(value >> 8U & 0xFFU), static_cast<char>(value & 0xFFU)};
    return value != 0 && country_value(out) == value ? out : "";
}

std::string program_name(std::string_view client_id) {
    std::string out;
    std::string word;
    const std::string text = utf8_lower(words(client_id)) + " ";
    for (const char c : text) {
        const bool part = c == '-' || c == '_' || (c >= 'a' && c <= 'z') ||
                          (c >= '0' && c <= '9') || c == '.' ||
                          (static_cast<unsigned char>(c) & 0x80U) != 0;
        if (part) {
            word += c;
            continue;
        }
        // Versions change with every update; "name" and "version" are IMAP's own labels.
        const bool version =
            std::any_of(word.begin(), word.end(), [](char d) { return d >= '0' && d <= '9'; });
        if (!word.empty() && !version && word != "name" && word != "version")
            out += (out.empty() ? "" : " ") + word;
        word.clear();
    }
    return out;
}

std::uint32_t part_of_week(Time t) noexcept {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const unsigned weekday = std::chrono::weekday(day).iso_encoding();
    const auto hour = static_cast<std::uint32_t>((t - day).count() / 3600);
    return 1 + hour / 3 + (weekday >= 6 ? 8 : 0);
}

std::uint64_t account_event_id(const Hasher& hasher, std::string_view id) {
    return id.empty() ? 0 : hasher.hash64("account event", id);
}

Sighting sighting_of(const AccountEvent& e, Time time, const Hasher& hasher,
                     const std::vector<std::string>& own_domains) {
    Sighting s;
    s.time = time;
    s.act = static_cast<AccountAct>(e.kind);
    s.name = utf8_lower(words(e.account));
    s.account = account_key(hasher, e.account);
    s.session = e.session.empty() ? 0 : hasher.hash32("session", e.session);
    s.id = account_event_id(hasher, e.id);
    s.messages = e.messages;
    s.imported = e.imported;
    s.repeats = std::clamp(e.repeats, 1U, Sighting::kMaxRepeats);
    s.network = network_prefix(e.client_addr);
    s.organisation = words(organisation(e.client_name));
    s.client = program_name(e.client_id);
    s.service = words(ascii_lower(e.service));
    s.mechanism = words(ascii_lower(e.mechanism));
    s.tls = tls_family(e.tls);
    set(s, AccountFeature::network, hasher, s.network);
    set(s, AccountFeature::organisation, hasher, s.organisation);
    set_place(s, e.place);
    // IMAP clients say who they are; who always did and does not any more is another one.
    if (s.service == "imap" && e.kind == AccountEventKind::Login && s.client.empty())
        s.values[index_of(AccountFeature::client)] = FeatureValue::kAbsent;
    set(s, AccountFeature::client, hasher, s.client);
    // Who manages filter rules is judged by the rules.
    if (e.kind == AccountEventKind::Login && s.service != "managesieve")
        set(s, AccountFeature::service, hasher, s.service);
    set(s, AccountFeature::mechanism, hasher, s.mechanism);
    set(s, AccountFeature::tls, hasher, s.tls);
    s.values[index_of(AccountFeature::hour)] = part_of_week(time);
    mark(s, AccountMark::Legacy,
         (s.service == "pop3" || s.service == "imap") &&
             (s.mechanism == "plain" || s.mechanism == "login"));
    if (e.kind == AccountEventKind::Read) {
        s.detail = words(e.mailbox);
        set(s, AccountFeature::mailbox, hasher, s.detail);
    }
    if (e.kind == AccountEventKind::Delete || e.kind == AccountEventKind::Copy)
        s.detail = words(e.mailbox);
    if (is_change(e.kind)) add_change(s, e, hasher, own_domains);
    return s;
}

bool is_submission(const MailRecord& m) noexcept {
    return !m.auth_user.empty() && !m.imported && !m.own && m.action != Action::Deferred &&
           m.observations.direction != Direction::Inbound;
}

Sighting sighting_of(const MailRecord& m, const Hasher& hasher) {
    Sighting s;
    s.time = m.time;
    s.act = AccountAct::Mail;
    s.name = utf8_lower(words(m.auth_user));
    s.account = account_key(hasher, m.auth_user);
    s.mail = m.id;
    s.messages = 1;
    s.network = network_prefix(m.client_addr);
    s.organisation = words(organisation(m.client_name));
    set(s, AccountFeature::network, hasher, s.network);
    set(s, AccountFeature::organisation, hasher, s.organisation);
    set_place(s, m.place);
    s.values[index_of(AccountFeature::hour)] = part_of_week(m.time);
    const Observations& o = m.observations;
    const FeatureValue& agent = o.values[index_of(FeatureId::user_agent)];
    s.values[index_of(AccountFeature::mail_client)] = agent.code;
    const Stratum stratum = m.assessment.stratum;
    s.detail =
        asks_or_links(stratum) ? "brings a new link or asks for something" : "asks for nothing new";
    s.values[index_of(AccountFeature::sent_kind)] = asks_or_links(stratum) ? 2 : 1;
    for (const Key16& rcpt : o.rcpts)
        if (s.recipients.size() < Sighting::kMaxRecipients) s.recipients.push_back(rcpt.short32());
    mark(s, AccountMark::OwnPeople, o.direction == Direction::Internal);
    mark(s, AccountMark::Payload, asks_or_links(stratum));
    mark(s, AccountMark::Solicited, has_tag(m, "response-to-solicitation"));
    mark(s, AccountMark::FileToNew, has_tag(m, "new-correspondent-file-transfer"));
    mark(s, AccountMark::FileToOwnAddress, has_tag(m, "personal-account-file-transfer"));
    mark(s, AccountMark::Misdirected, has_tag(m, "misdirected-email"));
    mark(s, AccountMark::ManyRecipients, s.recipients.size() >= 10);
    constexpr double kNatsADecade = 2.302585;
    if (asks_or_links(stratum) && m.assessment.degraded.empty())
        s.mail_nats = static_cast<float>(
            std::clamp(kNatsADecade * (m.assessment.own_evidence - 1), 0.0, 6.0));
    return s;
}

}  // namespace kith
