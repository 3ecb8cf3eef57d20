// SPDX-License-Identifier: Apache-2.0
// Two people who write on the same program in the same office: nothing but the login tells who
// submitted a mail. When one writes as the other for the first time, that is the reason named
// first; a mail of her own, and what comes from outside, gets no such reason.
#include "engine/assess/record.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/synthetic_site.hpp"

using namespace kith;
using namespace kith::test;

namespace {

struct Office {
    SyntheticSite site;

    Office() {
        site.learn();
        for (int n = 0; n < 60; ++n) {
            write("ann", "ann@site.example", n, n * .45, true);
            write("ben", "ben@site.example", n + 500, n * .45 + .1, true);
        }
    }
    struct Judged {
        Judgement judgement;
        std::vector<Reason> reasons;
        [[nodiscard]] bool names_login() const {
            return std::any_of(reasons.begin(), reasons.end(),
                               [](const Reason& r) { return r.feature == "account_from"; });
        }
    };
    Judged write(const std::string& login, const std::string& from, int n, double at, bool learn) {
        ReplayMail m;
        m.learn = learn;
        m.arrival.time = day(at);
        m.arrival.mail_from = from;
        if (!login.empty()) m.arrival.auth_user = login;
        m.arrival.client_addr = login.empty() ? "203.0.113.66" : "10.0.0.5";
        m.arrival.rcpts = {"person" + std::to_string(n % 4) + "@firm1.example"};
        m.arrival.mta_hostname = "mx.site.example";
        MessageBuilder mail;
        mail.from(from)
            .to(m.arrival.rcpts.front())
            .subject("Order " + std::to_string(n))
            .set("Message-ID", "<w" + std::to_string(n) + "@site.example>")
            .set("User-Agent", "Roundcube Webmail/1.6")
            .body(SyntheticSite::text_of(2, n));
        const std::string raw = mail.raw();
        Judged out{site.replay.run(m, raw).judgement, {}};
        const DraftRecord draft =
            draft_record(parse(raw, site.config.parse), m.arrival, site.config, test_hasher());
        const SiteState& state = site.replay.memory().site();
        const Scales scales(state);
        const Judgement& j = out.judgement;
        const Evidence e{
            draft.record.observations, j.values, j.relations, j.surprise, j.history, state, scales};
        out.reasons = reasons_for(e, j.assessment.stratum, draft.labels, 8);
        return out;
    }
};

}  // namespace

TEST_CASE("a login that writes as another's address for the first time is the reason named first") {
    Office office;
    const auto stolen = office.write("ann", "ben@site.example", 900, 28, false);
    REQUIRE_FALSE(stolen.reasons.empty());
    INFO(stolen.reasons.front().text);
    CHECK(stolen.reasons.front().feature == "account_from");
    CHECK(stolen.reasons.front().text.starts_with(
        "is written as an address that its login never used before, and that is another login's "
        "(never in 60 mails over "));

    const auto own = office.write("ben", "ben@site.example", 900, 28, false);
    CHECK_FALSE(own.names_login());
    CHECK(stolen.judgement.assessment.raw > own.judgement.assessment.raw);

    const auto outside = office.write("", "ben@site.example", 900, 28, false);
    CHECK(outside.judgement.relations.account_from == AccountFrom::None);
    CHECK_FALSE(outside.names_login());
}
