// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/indicators.hpp"

#include <set>

#include "tests/unit/accounts/account_builder.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// A look at an event that nothing is unusual about.
struct Scene {
    Sighting seen;
    AccountState account;
    Endpoint endpoint;
    AccountSurprises nats{};
    AccountValues values{};
    double hand = 0;
    bool user_active = false;
    std::optional<Travel> travel;

    Scene() {
        seen.time = kMonday;
        seen.act = AccountAct::Login;
        endpoint.network = 1;
        endpoint.last = kMonday;
    }
    Scene& act(AccountAct a) { return seen.act = a, *this; }
    Scene& marked(AccountMark m) { return seen.marks |= 1U << static_cast<unsigned>(m), *this; }
    Scene& unusual(AccountFeature f, float x) { return nats[index_of(f)] = x, *this; }
    Scene& today(AccountFeature f, std::uint32_t n) {
        return account.today[index_of(f)] = n, *this;
    }
    Scene& foreign() {
        hand = 7;
        endpoint.nats[index_of(AccountCause::Origin)] = 4;
        return *this;
    }
    [[nodiscard]] bool holds(AccountIndicator i) {
        account.endpoints.push_back(endpoint);
        return has_indicator(
            indicators_of({seen, values, nats, account, endpoint, hand, user_active, travel}), i);
    }
};

}  // namespace

TEST_CASE("an event that is as usual has no indicator") {
    Scene s;
    for (const AccountIndicatorSpec& i : account_indicators()) CHECK_FALSE(s.holds(i.number));
}

TEST_CASE("indicators have numbers, names and sentences of their own") {
    std::set<std::string_view> names;
    std::set<int> numbers;
    for (const AccountIndicatorSpec& i : account_indicators()) {
        CHECK(names.insert(i.name).second);
        CHECK(numbers.insert(static_cast<int>(i.number)).second);
        CHECK(static_cast<int>(i.number) < 32);
        CHECK_FALSE(i.text.empty());
    }
    CHECK(names.size() == 18);
}

TEST_CASE("a change after a foreign login of the day, and not without") {
    CHECK(Scene().act(AccountAct::Credential).foreign().holds(AccountIndicator::login_and_update));
    CHECK_FALSE(Scene().act(AccountAct::Credential).holds(AccountIndicator::login_and_update));
    Scene later;
    Endpoint other;
    other.network = 2;
    other.nats[index_of(AccountCause::Origin)] = 4;
    other.last = kMonday - Seconds(86399);
    later.account.endpoints.push_back(other);
    CHECK(later.act(AccountAct::Forward).holds(AccountIndicator::login_and_update));
    later.account.endpoints.front().last -= Seconds(1);
    CHECK_FALSE(later.holds(AccountIndicator::login_and_update));
}

TEST_CASE("a foreign login counts while the user is active only") {
    Scene s;
    s.foreign();
    CHECK_FALSE(s.holds(AccountIndicator::rare_while_active));
    s.user_active = true;
    CHECK(s.holds(AccountIndicator::rare_while_active));
    s.hand = 5.9;
    CHECK_FALSE(s.holds(AccountIndicator::rare_while_active));
}

TEST_CASE("three foreign networks within a day are many") {
    Scene s;
    s.foreign();
    for (std::uint32_t network = 2; network <= 3; ++network) {
        CHECK_FALSE(Scene(s).holds(AccountIndicator::many_sources));
        Endpoint e = s.endpoint;
        e.network = network;
        s.account.endpoints.push_back(e);
    }
    CHECK(s.holds(AccountIndicator::many_sources));
}

TEST_CASE("an impossible journey counts to a rare place only, and from a use on") {
    Scene s;
    s.travel = Travel{9600, Seconds(840), "BR"};
    CHECK_FALSE(Scene(s).holds(AccountIndicator::travels_impossibly));
    s.endpoint.nats[index_of(AccountCause::Origin)] = 2.9F;
    CHECK_FALSE(Scene(s).holds(AccountIndicator::travels_impossibly));
    s.endpoint.nats[index_of(AccountCause::Origin)] = 3;
    CHECK(Scene(s).holds(AccountIndicator::travels_impossibly));
    CHECK(Scene(s).act(AccountAct::Mail).holds(AccountIndicator::travels_impossibly));
    CHECK_FALSE(Scene(s).act(AccountAct::Read).holds(AccountIndicator::travels_impossibly));
    Scene known(s);
    known.values[index_of(AccountFeature::network)] = 7;
    known.account.habits[index_of(AccountFeature::network)].add(7, 1, 32);
    CHECK_FALSE(known.holds(AccountIndicator::travels_impossibly));
    s.travel->km = 499;
    CHECK_FALSE(Scene(s).holds(AccountIndicator::travels_impossibly));
    s.travel.reset();
    CHECK_FALSE(Scene(s).holds(AccountIndicator::travels_impossibly));
}

TEST_CASE("a rule is suspicious that sends outside, or hides as nobody does") {
    CHECK(Scene()
              .act(AccountAct::RuleActivated)
              .marked(AccountMark::RedirectsOutside)
              .holds(AccountIndicator::suspicious_rule));
    Scene hides;
    hides.act(AccountAct::RuleStored).marked(AccountMark::HidesMail);
    CHECK_FALSE(Scene(hides).holds(AccountIndicator::suspicious_rule));
    CHECK(hides.unusual(AccountFeature::rule, 2).holds(AccountIndicator::suspicious_rule));
    CHECK(Scene()
              .act(AccountAct::Forward)
              .marked(AccountMark::RedirectsOutside)
              .holds(AccountIndicator::forwards_outside));
}

TEST_CASE("bulk and mass need both: more than ever, and many") {
    CHECK(Scene()
              .act(AccountAct::Read)
              .unusual(AccountFeature::read_day, 2)
              .today(AccountFeature::read_day, 50)
              .holds(AccountIndicator::bulk_read));
    CHECK_FALSE(Scene()
                    .act(AccountAct::Read)
                    .unusual(AccountFeature::read_day, 7)
                    .today(AccountFeature::read_day, 49)
                    .holds(AccountIndicator::bulk_read));
    CHECK(Scene()
              .act(AccountAct::Delete)
              .unusual(AccountFeature::delete_day, 2)
              .today(AccountFeature::delete_day, 20)
              .holds(AccountIndicator::mass_deletion));
    CHECK_FALSE(Scene()
                    .act(AccountAct::Delete)
                    .today(AccountFeature::delete_day, 2000)
                    .holds(AccountIndicator::mass_deletion));
}

TEST_CASE("two things that an account never does, from a foreign place, are a block") {
    Scene s;
    s.foreign();
    s.endpoint.nats[index_of(AccountCause::Reading)] = 2;
    CHECK_FALSE(Scene(s).holds(AccountIndicator::activity_block));
    s.endpoint.nats[index_of(AccountCause::Change)] = 2;
    CHECK(s.holds(AccountIndicator::activity_block));
}

TEST_CASE("a dormant account wakes elsewhere only") {
    Scene s;
    s.values[index_of(AccountFeature::idle)] = upward_bin(28);
    CHECK_FALSE(Scene(s).holds(AccountIndicator::dormant_wakes));
    CHECK(s.foreign().holds(AccountIndicator::dormant_wakes));
}

TEST_CASE("failed logins, and a protocol that asks for the password only") {
    CHECK(Scene().unusual(AccountFeature::failures, 3).holds(AccountIndicator::failures_first));
    CHECK(Scene()
              .marked(AccountMark::Legacy)
              .unusual(AccountFeature::service, 3)
              .holds(AccountIndicator::new_legacy));
    CHECK_FALSE(Scene().unusual(AccountFeature::service, 7).holds(AccountIndicator::new_legacy));
}

TEST_CASE("mail: to colleagues, to many, and what the mail itself shows") {
    Scene mail;
    mail.act(AccountAct::Mail);
    CHECK(Scene(mail)
              .marked(AccountMark::OwnPeople)
              .marked(AccountMark::Payload)
              .foreign()
              .holds(AccountIndicator::internal_phishing));
    CHECK_FALSE(Scene(mail)
                    .marked(AccountMark::OwnPeople)
                    .marked(AccountMark::Payload)
                    .holds(AccountIndicator::internal_phishing));
    CHECK(Scene(mail)
              .unusual(AccountFeature::sent_day, 2)
              .today(AccountFeature::sent_day, 10)
              .holds(AccountIndicator::unusual_outbound));
    CHECK_FALSE(Scene(mail)
                    .unusual(AccountFeature::sent_day, 2)
                    .today(AccountFeature::sent_day, 9)
                    .holds(AccountIndicator::unusual_outbound));
    CHECK(Scene(mail).marked(AccountMark::Solicited).holds(AccountIndicator::solicited));
    CHECK(Scene(mail).marked(AccountMark::FileToNew).holds(AccountIndicator::file_to_new));
    CHECK(Scene(mail).marked(AccountMark::FileToOwnAddress).holds(AccountIndicator::file_to_own));
    CHECK(Scene(mail).marked(AccountMark::Misdirected).holds(AccountIndicator::misdirected));
}
