// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/indicators.hpp"

#include <algorithm>
#include <array>

namespace kith {
namespace {

/// Nats from which on a thing is not done, or not in such numbers.
constexpr float kUnusual = 2, kVeryUnusual = 3;
constexpr std::uint64_t kManyRead = 50, kManyDeleted = 20, kManyWrittenTo = 10;
constexpr std::uint32_t kMonthBin = upward_bin(28);

float nats(const AccountLook& l, AccountFeature f) { return l.nats[index_of(f)]; }

bool is_foreign(const AccountLook& l) { return l.hand >= kForeignHand; }

bool is_new_place(const Endpoint& e) {
    return e.nats[index_of(AccountCause::Origin)] >= kVeryUnusual;
}

bool is_rule(AccountAct a) { return a == AccountAct::RuleStored || a == AccountAct::RuleActivated; }

bool changes(AccountAct a) {
    return is_rule(a) || a == AccountAct::Credential || a == AccountAct::Forward ||
           a == AccountAct::Folder;
}

bool is_use(AccountAct a) { return a == AccountAct::Login || a == AccountAct::Mail; }

/// From any foreign place of the last day: who logs in does not always change things himself.
bool foreign_lately(const AccountLook& l) {
    return is_foreign(l) ||
           std::any_of(l.account.endpoints.begin(), l.account.endpoints.end(),
                       [&](const Endpoint& e) {
                           return is_new_place(e) && l.seen.time - e.last < Seconds(86400);
                       });
}

bool login_and_update(const AccountLook& l) { return changes(l.seen.act) && foreign_lately(l); }

bool rare_while_active(const AccountLook& l) {
    return is_use(l.seen.act) && is_foreign(l) && is_new_place(l.endpoint) && l.user_active;
}

bool many_sources(const AccountLook& l) {
    return is_use(l.seen.act) && is_new_place(l.endpoint) &&
           std::count_if(l.account.endpoints.begin(), l.account.endpoints.end(),
                         [&](const Endpoint& e) {
                             return is_new_place(e) && l.seen.time - e.last < Seconds(86400);
                         }) >= 3;
}

/// To a place that the account knows people travel by VPN, or by the carrier's way out.
bool travels_impossibly(const AccountLook& l) {
    const std::size_t network = index_of(AccountFeature::network);
    return is_use(l.seen.act) && is_new_place(l.endpoint) &&
           !l.account.habits[network].knows(l.values[network]) && l.travel &&
           is_impossible(*l.travel);
}

bool suspicious_rule(const AccountLook& l) {
    return is_rule(l.seen.act) &&
           (l.seen.has(AccountMark::RedirectsOutside) ||
            (l.seen.has(AccountMark::HidesMail) && nats(l, AccountFeature::rule) >= kUnusual));
}

bool forwards_outside(const AccountLook& l) {
    return changes(l.seen.act) && l.seen.has(AccountMark::RedirectsOutside);
}

bool failures_first(const AccountLook& l) {
    return l.seen.act == AccountAct::Login && nats(l, AccountFeature::failures) >= kVeryUnusual;
}

bool activity_block(const AccountLook& l) {
    int causes = 0;
    for (std::size_t c = kHandCauses; c < kAccountCauses; ++c)
        causes += l.endpoint.nats[c] >= kUnusual ? 1 : 0;
    return causes >= 2 && is_foreign(l);
}

bool bulk_read(const AccountLook& l) {
    return nats(l, AccountFeature::read_day) >= kUnusual &&
           l.account.today[index_of(AccountFeature::read_day)] >= kManyRead;
}

bool mass_deletion(const AccountLook& l) {
    return nats(l, AccountFeature::delete_day) >= kUnusual &&
           l.account.today[index_of(AccountFeature::delete_day)] >= kManyDeleted;
}

bool dormant_wakes(const AccountLook& l) {
    return is_use(l.seen.act) && l.values[index_of(AccountFeature::idle)] >= kMonthBin &&
           is_new_place(l.endpoint);
}

bool new_legacy(const AccountLook& l) {
    return l.seen.act == AccountAct::Login && l.seen.has(AccountMark::Legacy) &&
           std::max(nats(l, AccountFeature::service), nats(l, AccountFeature::mechanism)) >=
               kVeryUnusual;
}

bool internal_phishing(const AccountLook& l) {
    return l.seen.act == AccountAct::Mail && l.seen.has(AccountMark::OwnPeople) &&
           l.seen.has(AccountMark::Payload) &&
           (is_foreign(l) || l.seen.has(AccountMark::ManyRecipients));
}

bool unusual_outbound(const AccountLook& l) {
    return l.seen.act == AccountAct::Mail &&
           ((l.account.today[index_of(AccountFeature::sent_day)] >= kManyWrittenTo &&
             nats(l, AccountFeature::sent_day) >= kUnusual) ||
            nats(l, AccountFeature::new_recipients) >= kVeryUnusual ||
            (is_foreign(l) && l.seen.has(AccountMark::Payload)));
}

bool solicited(const AccountLook& l) { return l.seen.has(AccountMark::Solicited); }
bool file_to_new(const AccountLook& l) { return l.seen.has(AccountMark::FileToNew); }
bool file_to_own(const AccountLook& l) { return l.seen.has(AccountMark::FileToOwnAddress); }
bool misdirected(const AccountLook& l) { return l.seen.has(AccountMark::Misdirected); }

constexpr std::array kIndicators = {
#define ACCOUNT_INDICATOR(number, function, name, attack, text) \
    AccountIndicatorSpec{AccountIndicator::function, name, attack, text, function},
#include "engine/accounts/account_indicators.def"
#undef ACCOUNT_INDICATOR
};

}  // namespace

std::span<const AccountIndicatorSpec> account_indicators() noexcept { return kIndicators; }

std::uint32_t indicators_of(const AccountLook& look) {
    std::uint32_t bits = 0;
    for (const AccountIndicatorSpec& i : kIndicators)
        if (i.holds(look)) bits |= 1U << static_cast<unsigned>(i.number);
    return bits;
}

}  // namespace kith
