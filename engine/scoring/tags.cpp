// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/tags.hpp"

#include <algorithm>
#include <initializer_list>

namespace kith {
namespace {

constexpr double kHeldScore = 60, kTaggedScore = 40;  // 1 and 10 of 1000 genuine mails
constexpr double kStrong = 50;                        // of an indicator: 1 in 300
constexpr double kWellKnown = 10;                     // mails
constexpr double kFar = .01, kNear = .2;              // p of what the text says
constexpr std::uint32_t kLetterWords = 60;            // a short note is no sales letter

using V = const TagView&;

const Observations& mail(V v) noexcept { return v.e.observations; }
const Relations& rel(V v) noexcept { return v.e.relations; }

bool asks_any(V v, std::initializer_list<Ask> asks) noexcept {
    return std::any_of(asks.begin(), asks.end(), [&](Ask a) { return mail(v).asks_for(a); });
}
bool is_kind(V v, std::initializer_list<MailKind> kinds) noexcept {
    return std::find(kinds.begin(), kinds.end(), mail(v).kind) != kinds.end();
}
bool is_bulk(V v) noexcept { return is_kind(v, {MailKind::Newsletter, MailKind::Bulk}); }
bool inbound(V v) noexcept { return mail(v).direction == Direction::Inbound; }
bool outbound(V v) noexcept { return mail(v).direction == Direction::Outbound; }
bool person(V v) noexcept { return mail(v).kind == MailKind::Person; }

bool hardly_seen(V v) noexcept { return rel(v).messages < kKnownMails; }
bool stranger(V v) noexcept { return hardly_seen(v) && rel(v).wrote_back == 0; }
bool never_met(V v) noexcept { return rel(v).pair_messages <= 0 && rel(v).pair_answers <= 0; }

bool links_elsewhere(V v) noexcept {
    return std::any_of(mail(v).links.begin(), mail(v).links.end(),
                       [](const ObservedLink& l) { return !l.own_domain && !l.sender_domain; });
}
bool changed(V v, FeatureId f) noexcept { return v.e.surprise.detail[index_of(f)].new_to_sender; }
bool elsewhere_only(Novelty n) noexcept { return n != Novelty::None && n != Novelty::Sender; }
bool strong(V v, std::string_view indicator) noexcept {
    return std::any_of(v.indicators.begin(), v.indicators.end(), [&](const IndicatorScore& i) {
        return i.name == indicator && i.score >= kStrong;
    });
}
bool new_way(V v) noexcept {
    return changed(v, FeatureId::client_domain) || changed(v, FeatureId::client_network);
}
bool new_file(V v) noexcept {
    return mail(v).has_attachment && changed(v, FeatureId::attachment_types);
}
/// Smallest p of the three views of the text.
double text_p(V v) noexcept {
    const auto& d = v.e.surprise.detail;
    return std::min({d[index_of(FeatureId::text_language)].p, d[index_of(FeatureId::text_links)].p,
                     d[index_of(FeatureId::text_asks)].p});
}

bool email_account_takeover(V v) {
    return !inbound(v) && has_payload(v.stratum) && v.score >= kHeldScore;
}
bool compromise_indicators(V v) { return v.account_risk >= kHeldScore; }
bool vip_impersonation(V v) { return inbound(v) && rel(v).vip_name; }
bool user_impersonation(V v) { return inbound(v) && rel(v).own_name; }
bool lookalike_domain(V v) { return rel(v).look_alike_domain; }
bool forged_address(V v) { return !hardly_seen(v) && !is_backed(v.e) && new_way(v); }
bool internal_it_impersonation(V v) {
    return inbound(v) && stranger(v) && mail(v).has(Mark::NamesSite) &&
           asks_any(v, {Ask::Login, Ask::Click, Ask::Confirm, Ask::Expire, Ask::Install});
}
bool brand_impersonation(V v) { return inbound(v) && hardly_seen(v) && rel(v).known_brand; }
bool credential_harvesting(V v) {
    return (mail(v).asks_for(Ask::Login) && rel(v).new_link) ||
           (mail(v).has(Mark::Form) && v.e.surprise.x[index_of(FeatureId::form_or_data)] > 0);
}
bool phishing_link(V v) { return v.stratum == Stratum::NewLink && v.score >= kHeldScore; }
bool phishing_attachment(V v) { return new_file(v) && v.score >= kHeldScore; }
bool cloud_platform_abuse(V v) {
    return rel(v).new_link && rel(v).host <= Novelty::Site5 && rel(v).tenant == Novelty::Never &&
           asks_any(v, {Ask::Shared, Ask::Document, Ask::Open, Ask::Login, Ask::Click});
}
bool document_anomalies(V v) { return !hardly_seen(v) && elsewhere_only(rel(v).payment); }
bool extortion(V v) {
    return mail(v).has(Mark::Wallet) &&
           asks_any(v, {Ask::Pay, Ask::Hurry, Ask::Expire, Ask::Secret});
}
bool payment_scare(V v) {
    return stranger(v) && mail(v).asks_for(Ask::Pay) && asks_any(v, {Ask::Expire, Ask::Hurry});
}
bool fake_account_alert(V v) {
    return stranger(v) && mail(v).asks_for(Ask::Expire) && links_elsewhere(v) &&
           asks_any(v, {Ask::Login, Ask::Confirm, Ask::Click});
}
bool multistage_payload(V v) {
    return (mail(v).has(Mark::Encrypted) && mail(v).asks_for(Ask::Code)) ||
           (mail(v).asks_for(Ask::Call) && elsewhere_only(rel(v).phone) && !links_elsewhere(v));
}
bool solicitation(V v) {
    return inbound(v) && person(v) && stranger(v) && mail(v).links.empty() &&
           mail(v).word_total < kLetterWords &&
           asks_any(v, {Ask::Reply, Ask::Call, Ask::Favour, Ask::Voucher, Ask::Secret});
}
bool spam(V v) { return mail(v).has(Mark::SaidSpam); }
bool out_of_character(V v) { return !hardly_seen(v) && strong(v, "Out of Character"); }
bool response_to_solicitation(V v) { return !inbound(v) && rel(v).answers_suspect; }
bool misdirected_email(V v) { return !inbound(v) && rel(v).odd_reader; }
bool personal_account_file_transfer(V v) {
    return outbound(v) && mail(v).has_attachment && mail(v).has(Mark::ToOwnAddress);
}
bool new_correspondent_file_transfer(V v) {
    return outbound(v) && mail(v).has_attachment && never_met(v);
}
bool data_loss(V v) { return outbound(v) && new_file(v) && v.score >= kTaggedScore; }
bool new_sensitive_file_transfer(V v) { return outbound(v) && new_file(v); }
bool suspicious_link(V v) {
    return v.stratum == Stratum::NewLink &&
           (v.score >= kTaggedScore || strong(v, "Inducement Shift"));
}
bool suspicious_attachment(V v) {
    return new_file(v) || (mail(v).has_attachment && changed(v, FeatureId::attachment_risk));
}
bool unknown_intent(V v) { return hardly_seen(v) && mail(v).has(Mark::Encrypted); }
bool inconsistent_content(V v) { return rel(v).messages >= kWellKnown && text_p(v) <= kFar; }
bool spoofing_indicators(V v) {
    const int signs = (new_way(v) ? 1 : 0) + (changed(v, FeatureId::dkim_signer) ? 1 : 0) +
                      (changed(v, FeatureId::return_path) ? 1 : 0) +
                      (changed(v, FeatureId::reply_to) ? 1 : 0) + (rel(v).known_name ? 1 : 0);
    return signs >= 2;
}
bool validation_issues(V v) {
    const bool unsigned_mail =
        v.e.values[index_of(FeatureId::aligned_signer)].code == FeatureValue::kAbsent;
    return v.stratum == Stratum::Unbacked || (hardly_seen(v) && unsigned_mail);
}
bool unusual_recipients(V v) {
    return rel(v).recipients_known == 0 && rel(v).groups_know_domain == 0;
}
bool unusual_request(V v) { return inbound(v) && rel(v).group_new_asks > 0; }
bool no_association(V v) {
    const Relations& r = rel(v);
    return inbound(v) && r.messages <= 0 && r.domain_messages <= 0 && r.received <= 0 &&
           r.domain_received <= 0;
}
bool first_time_contact(V v) { return never_met(v) && !mail(v).rcpts.empty(); }
bool cold_call(V v) {
    return inbound(v) && person(v) && no_association(v) &&
           (links_elsewhere(v) || mail(v).word_total >= kLetterWords) &&
           asks_any(v, {Ask::Reply, Ask::Call});
}
bool service_sender(V v) { return rel(v).lent_name; }
bool personal_address(V v) { return mail(v).free_mail_like && rel(v).own_name; }
bool unknown_bulk_mailer(V v) { return is_bulk(v) && hardly_seen(v); }
bool unknown_correspondent(V v) { return inbound(v) && person(v) && rel(v).wrote_back < 2; }
bool new_correspondent(V v) {
    return inbound(v) && person(v) && hardly_seen(v) &&
           (rel(v).domain_messages > rel(v).messages || rel(v).domain_received > 0);
}
bool singular_relationship(V v) {
    return !hardly_seen(v) && rel(v).readers == 1 && mail(v).rcpts.size() == 1 &&
           rel(v).pair_messages > 0;
}
bool vip(V v) { return rel(v).vip; }
bool active_conversation(V v) {
    return rel(v).wrote_back == 3 &&
           (rel(v).thread == ThreadState::Member || rel(v).thread == ThreadState::Addressed ||
            rel(v).pair_answers > 0);
}
bool established_correspondent(V v) {
    constexpr double kEachWay = 3, kDays = 3;
    return rel(v).messages >= kEachWay && rel(v).received >= kEachWay && rel(v).days >= kDays;
}
bool known_correspondent(V v) { return rel(v).wrote_back > 0; }
bool established_domain_relationship(V v) {
    return rel(v).domain_messages >= kBusinessMails && rel(v).domain_received >= kBusinessMails;
}
bool known_domain_relationship(V v) { return rel(v).domain_received > 0; }
bool high_mailing_history(V v) { return rel(v).days > 20; }
bool moderate_mailing_history(V v) { return rel(v).days > 3 && rel(v).days <= 20; }
bool low_mailing_history(V v) { return rel(v).days > 0 && rel(v).days <= 3; }
bool consistent_content(V v) {
    return rel(v).messages >= kWellKnown && text_p(v) >= kNear && !suspicious_attachment(v);
}
bool account_confirmation(V v) {
    return mail(v).automatic && is_backed(v.e) && !mail(v).links.empty() && !links_elsewhere(v) &&
           asks_any(v, {Ask::Confirm, Ask::Code});
}
bool undeliverable(V v) { return mail(v).kind == MailKind::Bounce; }
bool automatic_response(V v) { return mail(v).kind == MailKind::AutoReply; }
bool automated_report(V v) { return mail(v).kind == MailKind::Report; }
bool ticket(V v) { return mail(v).kind == MailKind::Ticket; }
bool calendar(V v) { return mail(v).kind == MailKind::Calendar; }
bool notification(V v) { return mail(v).kind == MailKind::Notification; }
bool wide_distribution(V v) { return is_bulk(v) && rel(v).readers >= 10; }
bool narrow_distribution(V v) { return is_bulk(v) && !hardly_seen(v) && rel(v).readers <= 3; }
bool mailer(V v) {
    return is_kind(v, {MailKind::Newsletter, MailKind::Bulk, MailKind::List}) && !hardly_seen(v);
}
bool graymail(V v) { return is_bulk(v); }
bool non_productive_mail(V v) {
    return (is_bulk(v) || mail(v).kind == MailKind::Notification) && rel(v).wrote_back == 0 &&
           !hardly_seen(v);
}
bool freemail(V v) { return mail(v).free_mail_like; }

constexpr Tag kTags[] = {
#define TAG(function, name, meaning) {&function, name, meaning},
#include "engine/scoring/tags.def"
#undef TAG
};

}  // namespace

std::span<const Tag> all_tags() noexcept { return kTags; }

std::vector<std::string> tags_of(const TagView& view) {
    std::vector<std::string> out;
    for (const Tag& tag : kTags)
        if (out.size() < kMaxTags && tag.holds(view)) out.emplace_back(tag.name);
    return out;
}

}  // namespace kith
