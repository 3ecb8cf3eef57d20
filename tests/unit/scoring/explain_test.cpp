// SPDX-License-Identifier: Apache-2.0
// Reasons in words and what would have passed (engine/scoring/explain.hpp).
#include "tests/unit/scoring/scene.hpp"

using namespace kith;
using namespace kith::test;

namespace {

Scene& strange(Scene& s) {
    s.usual().look(
        later().shows(FeatureId::time_zone, "+0900").shows(FeatureId::user_agent, "Unheard"));
    return s;
}

Labels labels() {
    Labels l;
    l.feature[index_of(FeatureId::time_zone)] = "+0900";
    l.feature[index_of(FeatureId::user_agent)] = "Unheard";
    return l;
}

const Reason* reason(const std::vector<Reason>& all, std::string_view feature) {
    for (const auto& r : all)
        if (r.feature == feature) return &r;
    return nullptr;
}

}  // namespace

TEST_CASE("reasons come strongest first and no more than asked for") {
    Scene s;
    strange(s);
    const auto all = reasons_for(s.evidence(), Stratum::NewLink, labels(), 100);
    REQUIRE(all.size() >= 2);
    for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1].weight >= all[i].weight);
    CHECK(reasons_for(s.evidence(), Stratum::NewLink, labels(), 1).size() == 1);
    CHECK(reasons_for(s.evidence(), Stratum::NewLink, labels(), 0).empty());
}

TEST_CASE("a reason says what, in words and with numbers") {
    Scene s;
    strange(s);
    const auto all = reasons_for(s.evidence(), Stratum::NewLink, labels(), 100);
    const Reason* zone = reason(all, "time_zone");
    REQUIRE(zone != nullptr);
    CHECK(zone->text.find("+0900") != std::string::npos);
    CHECK(zone->text.find('%') == std::string::npos);
    CHECK(zone->text.find("never in") != std::string::npos);
    CHECK(zone->text.find(" mails over 21 days") != std::string::npos);
    // Two weights of .3 and half of .3: the client expert counts half in a link's mail.
    CHECK(zone->weight > 0);
}

TEST_CASE("reasons without labels are whole sentences still") {
    Scene s;
    strange(s);
    for (const auto& r : reasons_for(s.evidence(), Stratum::NewLink, Labels{}, 100)) {
        CHECK_FALSE(r.text.empty());
        CHECK_FALSE(r.feature.empty());
    }
}

TEST_CASE("what the stratum does not weigh is no reason") {
    Scene s;
    s.usual().look(later()
                       .shows(FeatureId::auth_triple, "spf=fail dkim=fail dmarc=fail")
                       .shows(FeatureId::display_name, "Somebody Else"));
    for (const Stratum stratum : {Stratum::NewLink, Stratum::Unbacked}) {
        const auto all = reasons_for(s.evidence(), stratum, Labels{}, 100);
        CHECK(reason(all, "display_name") == nullptr);
        CHECK(reason(all, "auth_triple") != nullptr);
    }
}

TEST_CASE("a sum's weight goes to what it adds up") {
    Scene s;
    s.usual().look(later().asks_for({Ask::Pay, Ask::Payee}));
    REQUIRE(s.surprise.x[index_of(FeatureId::text_asks)] > 0);
    const auto all = reasons_for(s.evidence(), Stratum::Request, Labels{}, 100);
    CHECK(reason(all, "text_asks") == nullptr);
    REQUIRE(reason(all, "ask_pay") != nullptr);
    REQUIRE(reason(all, "ask_payee") != nullptr);
    CHECK(reason(all, "ask_pay")->weight == Approx(reason(all, "ask_payee")->weight));
}

TEST_CASE("a mail that passes needs nothing to pass") {
    Scene s;
    strange(s);
    CHECK(what_would_pass(s.evidence(), Stratum::NewLink, 0.5, 2, s.options).empty());
}

TEST_CASE("what would have passed names the fewest strongest features") {
    Scene s;
    strange(s);
    auto& ring = s.memory.edit_site().scores[0][static_cast<std::size_t>(Stratum::NewLink)];
    const double raw = raw_score(Stratum::NewLink, s.memory.site().experts, s.surprise.x);
    for (int i = 0; i < 99; ++i) ring.add(static_cast<float>(raw - 1 + i / 1000.0));
    s.scales = std::make_unique<Scales>(s.memory.site());
    const double own = own_evidence(s.evidence(), Stratum::NewLink, raw, s.options);
    const auto strongest = reasons_for(s.evidence(), Stratum::NewLink, Labels{}, 1).front().feature;
    const std::string text =
        what_would_pass(s.evidence(), Stratum::NewLink, own, own - 0.01, s.options);
    CHECK(text == "It would have passed without: " + strongest + ".");
}

TEST_CASE("when the sender's other mails decided, that is said") {
    Scene s;
    s.usual().look(later());
    const std::string text = what_would_pass(s.evidence(), Stratum::NewLink, 4, 0.1, s.options);
    CHECK(text.find("passed alone") != std::string::npos);
    CHECK(text.find("80.0 points") != std::string::npos);
}
