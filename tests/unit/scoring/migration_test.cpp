// SPDX-License-Identifier: Apache-2.0
// What many change to at once is no evidence against any of them (engine/scoring/migration.hpp).
#include "engine/scoring/migration.hpp"

#include "engine/learner/mail_learner.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

const char* const kPeople[] = {"anna@partner.example", "ben@partner.example", "cy@partner.example",
                               "dan@partner.example"};

struct Site {
    ScoringOptions scoring;
    LearnerOptions options;
    LearnedMemory memory;
    MailLearner learner{test_hasher(), scoring, options, memory};

    void takes(const Observations& o) {
        learner.advance(o.time);
        (void)learner.take(record_of(o), learner.judge(o, Labels{}));
    }
    /// Three weeks of ordinary mail of these people.
    void learns(std::initializer_list<const char*> people) {
        for (int i = 0; i < 20; ++i)
            for (const char* const p : people) takes(ordinary(p, i));
    }
    static Mail ordinary(const char* from, double at) {
        return Mail(from, day(at))
            .shows(FeatureId::helo_domain, "old.example")
            .shows(FeatureId::user_agent, "Thunderbird");
    }
    [[nodiscard]] double surprise(const Observations& o, FeatureId f) const {
        return static_cast<double>(compare(o, memory, test_hasher()).surprise.x[index_of(f)]);
    }
};

Mail moved(const char* from, double at) {
    return Site::ordinary(from, at).shows(FeatureId::helo_domain, "new.example");
}

}  // namespace

TEST_CASE("a value new for a third sender of the domain within a day is no surprise any more") {
    Site s;
    s.learns({kPeople[0], kPeople[1], kPeople[2], kPeople[3]});
    s.takes(moved(kPeople[0], 21));
    CHECK(s.surprise(moved(kPeople[1], 21.1), FeatureId::helo_domain) > 1);
    s.takes(moved(kPeople[1], 21.1));
    CHECK(s.surprise(moved(kPeople[2], 21.2), FeatureId::helo_domain) == 0);
    s.takes(moved(kPeople[2], 21.2));
    CHECK(s.surprise(moved(kPeople[3], 21.3), FeatureId::helo_domain) == 0);
    CHECK(s.surprise(moved(kPeople[3], 23), FeatureId::helo_domain) > 0);  // not within the day
}

TEST_CASE("one sender alone moves nobody, however many mails it writes") {
    Site s;
    s.learns({kPeople[0], kPeople[1], kPeople[2]});
    for (int i = 0; i < 5; ++i) s.takes(moved(kPeople[0], 21 + .01 * i));
    CHECK(s.surprise(moved(kPeople[1], 21.2), FeatureId::helo_domain) > 1);
}

TEST_CASE("who is not vouched for by the domain neither makes nor uses a migration") {
    Site s;
    s.learns({kPeople[0], kPeople[1], kPeople[2], kPeople[3]});
    const auto forged = [](int who, double at) {
        return moved(kPeople[who], at)
            .lacks(FeatureId::aligned_signer)
            .shows(FeatureId::auth_triple, "spf=none dkim=none dmarc=none");
    };
    SECTION("makes") {
        for (int i = 0; i < 3; ++i) s.takes(forged(i, 21 + .1 * i));
        CHECK(s.surprise(moved(kPeople[3], 21.3), FeatureId::helo_domain) > 0);
    }
    SECTION("uses") {
        for (int i = 0; i < 3; ++i) s.takes(moved(kPeople[i], 21 + .1 * i));
        CHECK(s.surprise(forged(3, 21.3), FeatureId::helo_domain) > 0);
    }
}

TEST_CASE("strangers, and senders at a free mail provider, make none") {
    Site s;
    const bool strangers = GENERATE(true, false);
    if (strangers)
        s.learns({kPeople[3]});
    else
        s.learns({kPeople[0], kPeople[1], kPeople[2], kPeople[3]});
    for (int i = 0; i < 3; ++i) {
        Mail m = moved(kPeople[i], 21 + .1 * i);
        m.get().free_mail_like = !strangers;
        s.takes(m);
    }
    CHECK(s.memory.profile(Subject::Domain, domain_key(test_hasher(), "partner.example"))
              ->migrations.items.empty());
}

TEST_CASE("what three domains change to within a day surprises at no other, if it is on the way") {
    Site s;
    const char* const firms[] = {"a@one.example", "b@two.example", "c@three.example",
                                 "d@four.example"};
    s.learns({firms[0], firms[1], firms[2], firms[3]});
    const auto changed = [](const char* from, double at) {
        return moved(from, at).shows(FeatureId::user_agent, "Evil");
    };
    for (int i = 0; i < 3; ++i) s.takes(changed(firms[i], 21 + .1 * i));
    CHECK(s.surprise(changed(firms[3], 21.4), FeatureId::helo_domain) == 0);
    CHECK(s.surprise(changed(firms[3], 21.4), FeatureId::user_agent) > 0);
}

TEST_CASE("requests never migrate") {
    Site s;
    s.learns({kPeople[0], kPeople[1], kPeople[2], kPeople[3]});
    const auto asking = [](int who, double at) {
        return Site::ordinary(kPeople[who], at).asks_for({Ask::Payee});
    };
    for (int i = 0; i < 3; ++i) s.takes(asking(i, 21 + .1 * i));
    CHECK(s.surprise(asking(3, 21.3), FeatureId::ask_payee) > 0);
}

TEST_CASE("lists are bounded and forget after a day") {
    Migrations list, site;
    Observations o = Mail();
    Comparison c;
    c.values = o.values;
    auto& d = c.surprise.detail[index_of(FeatureId::helo_domain)];
    d.new_to_sender = true;
    d.n = 10;
    for (std::uint32_t i = 0; i < 200; ++i) {
        d.value = i;
        note_migrants(o, c, list, site);
    }
    CHECK(list.items.size() == Migrations::kMax);
    CHECK(site.items.size() == Migrations::kMax);
    o.time += Seconds(86401);
    note_migrants(o, c, list, site);
    CHECK(list.items.size() == 1);
}
