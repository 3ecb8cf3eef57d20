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

/// Only the time zone is new.
Scene& travelling(Scene& s) {
    s.usual().look(later().shows(FeatureId::time_zone, "+0900"));
    return s;
}

/// Experts that hear a single surprise, which the start vector's leave to the others.
void attentive(Scene& s) {
    auto& bias = s.memory.edit_site().experts.bias;
    bias = ExpertModel{}.bias;
    for (const Expert e : {Expert::Spoof, Expert::Client, Expert::Impostor})
        bias[static_cast<std::size_t>(e)] = 0;
}

const Reason* reason(const std::vector<Reason>& all, std::string_view feature) {
    for (const auto& r : all)
        if (r.feature == feature) return &r;
    return nullptr;
}

}  // namespace

TEST_CASE("reasons come strongest first and no more than asked for") {
    Scene s;
    s.usual().look(later()
                       .shows(FeatureId::time_zone, "+0900")
                       .shows(FeatureId::auth_triple, "spf=fail dkim=fail dmarc=fail"));
    const auto all = reasons_for(s.evidence(), Stratum::NewLink, labels(), 100);
    REQUIRE(all.size() >= 2);
    for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1].weight >= all[i].weight);
    CHECK(reasons_for(s.evidence(), Stratum::NewLink, labels(), 1).size() == 1);
    CHECK(reasons_for(s.evidence(), Stratum::NewLink, labels(), 0).empty());
}

TEST_CASE("features of one cause are one reason with all of their weight") {
    Scene s;
    const auto weight_of = [&](const char* feature) {
        const auto all = reasons_for(s.evidence(), Stratum::NewLink, labels(), 100);
        const Reason* r = reason(all, feature);
        return r == nullptr ? 0 : r->weight;
    };
    travelling(s);
    const double zone_alone = weight_of("time_zone");
    strange(s);
    CHECK(weight_of("user_agent") > zone_alone);
    CHECK(weight_of("time_zone") == 0);
}

TEST_CASE("a reason says what, in words and with numbers") {
    Scene s;
    travelling(s);
    attentive(s);
    const auto all = reasons_for(s.evidence(), Stratum::NewLink, labels(), 100);
    const Reason* zone = reason(all, "time_zone");
    REQUIRE(zone != nullptr);
    CHECK(zone->text ==
          "writes in the time zone +0900 for the first time in 20 mails over 21 days");
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
    attentive(s);
    for (const Stratum stratum : {Stratum::NewLink, Stratum::Unbacked}) {
        const auto all = reasons_for(s.evidence(), stratum, Labels{}, 100);
        CHECK(reason(all, "display_name") == nullptr);
        CHECK(reason(all, "auth_triple") != nullptr);
    }
}

TEST_CASE("a sum's weight goes to what it adds up, and requests are told together") {
    Scene s;
    s.usual().look(later().asks_for({Ask::Pay, Ask::Payee}));
    REQUIRE(s.surprise.x[index_of(FeatureId::text_asks)] > 0);
    const auto all = reasons_for(s.evidence(), Stratum::Request, Labels{}, 100);
    CHECK(reason(all, "text_asks") == nullptr);
    REQUIRE(reason(all, "ask_payee") != nullptr);
    CHECK(reason(all, "ask_pay") == nullptr);
    CHECK(reason(all, "ask_payee")->text ==
          "asks the reader to change bank details and to pay (never in 20 mails over 21 days)");
}

TEST_CASE("a link is told with its host and how new it is here") {
    Scene s;
    s.usual().look(later().links_to("docs.example").links_to("forms.example"));
    Labels l;
    l.link_hosts = {"docs.example", "forms.example"};
    const auto told = [&] {
        const auto all = reasons_for(s.evidence(), Stratum::NewLink, l, 100);
        const Reason* r = reason(all, "link_host");
        return r == nullptr ? "" : r->text;
    };
    CHECK(told() == "first link to docs.example in 20 mails over 21 days; nobody else ever did");
    // The one that the sender does not know is named.
    s.learns(Mail("anna@partner.example", day(20)).links_to("docs.example"));
    s.look(later().links_to("docs.example").links_to("forms.example"));
    CHECK(told() == "first link to forms.example in 21 mails over 21 days; nobody else ever did");
}

TEST_CASE("a stranger has no past to be compared with") {
    Scene s;
    attentive(s);
    s.usual();
    for (int i = 0; i < 40; ++i) s.learns(Mail("zoe@d" + std::to_string(i) + ".example", day(20)));
    s.look(later("eve@far.example").shows(FeatureId::auth_triple, "spf=fail"));
    Labels l;
    l.feature[index_of(FeatureId::auth_triple)] = "spf=fail";
    const auto told = [&] {
        for (const auto& r : reasons_for(s.evidence(), Stratum::Plain, l, 100))
            if (r.feature == "auth_triple" || r.feature == "aligned_signer") return r.text;
        return std::string();
    };
    CHECK(told().ends_with("(no mail of this sender before; compared with all mail here)"));
    s.look(later("dee@partner.example").shows(FeatureId::auth_triple, "spf=fail"));
    CHECK(told().ends_with("(no mail of this sender before; compared with its domain)"));
}

TEST_CASE("a file unlike the sender's speaks for what the mail is built of") {
    Scene s;
    attentive(s);
    for (int i = 0; i < 20; ++i)
        s.learns(Mail("anna@partner.example", day(i))
                     .shows(FeatureId::mime_tree, "text/plain")
                     .shows(FeatureId::attachment_risk, "nothing special"));
    Mail m = later().shows(FeatureId::mime_tree, "mixed");
    const auto first = [&] {
        s.look(m);
        return reasons_for(s.evidence(), Stratum::Request, Labels{}, 1).front().feature;
    };
    CHECK(first() == "mime_tree");
    m.has(FeatureId::attachment_types, "exe").shows(FeatureId::attachment_risk, "a risky name");
    m.get().has_attachment = true;
    const std::string with_file = first();
    CHECK((with_file == "attachment_types" || with_file == "attachment_risk"));
}

TEST_CASE("where a mail names its readers is told in words") {
    Scene s;
    attentive(s);
    for (int i = 0; i < 20; ++i)
        s.learns(Mail("anna@partner.example", day(i)).shows(FeatureId::recipient_place, "To"));
    const auto told = [&](const char* value) {
        Mail m = later().shows(FeatureId::recipient_place, value);
        s.look(m);
        Labels labels;
        labels.feature[index_of(FeatureId::recipient_place)] = value;
        for (const Reason& r : reasons_for(s.evidence(), Stratum::Request, labels, 8))
            if (r.feature == "recipient_place") return r.text.substr(0, r.text.find(" for the"));
        return std::string();
    };
    CHECK(told("To Cc") == "names its readers in To and Cc");
    CHECK(told("hidden copy") == "names its readers nowhere");
    CHECK(told("Cc hidden copy") == "names its readers in Cc and some nowhere");
}

TEST_CASE("labels and plural forms are filled in") {
    CHECK(filled("has % link|links for its length", "1") == "has 1 link for its length");
    CHECK(filled("has % link|links for its length", "2") == "has 2 links for its length");
    CHECK(filled("is long (% word|words)", "1") == "is long (1 word)");
    CHECK(filled("asks for % thing|things", "0") == "asks for 0 things");
    CHECK(filled("is a % for the first time", "ticket") == "is a ticket for the first time");
    CHECK(filled("a|b", "1") == "a");
    CHECK(filled("", "1").empty());
}

TEST_CASE("a mail that passes needs nothing to pass") {
    Scene s;
    strange(s);
    CHECK(what_would_pass(s.evidence(), Stratum::NewLink, 0.5, Verdict::Pass, labels(), s.options)
              .empty());
}

TEST_CASE("what would have changed the verdict is told in the reasons' words") {
    Scene s;
    strange(s);
    auto& ring = s.memory.edit_site().scores[0][static_cast<std::size_t>(Stratum::NewLink)];
    const double raw = raw_score(Stratum::NewLink, s.memory.site().experts, s.surprise.x);
    for (int i = 0; i < 99; ++i) ring.add(static_cast<float>(raw - 1 + i / 1000.0));
    s.scales = std::make_unique<Scales>(s.memory.site());
    const double own = own_evidence(s.evidence(), Stratum::NewLink, raw, s.options);
    const auto strongest = reasons_for(s.evidence(), Stratum::NewLink, labels(), 1).front().text;
    // Just enough to be held, and just enough to be tagged.
    s.options.holds_per_1000 = s.options.tags_per_1000 = 1000 * std::pow(10, -(own - .01));
    CHECK(what_would_pass(s.evidence(), Stratum::NewLink, own, Verdict::Quarantine, labels(),
                          s.options) ==
          "It would not have been held without this: " + strongest + ".");
    CHECK(what_would_pass(s.evidence(), Stratum::NewLink, own, Verdict::Tag, labels(), s.options) ==
          "It would have passed without this: " + strongest + ".");
}

TEST_CASE("a mail that would have been held by itself is not said to need the sender's others") {
    Scene s;
    strange(s);
    s.options.holds_per_1000 = 999.9;  // next to anything is held
    const std::string text = what_would_pass(s.evidence(), Stratum::NewLink, 7, Verdict::Quarantine,
                                             labels(), s.options);
    CHECK(text.find("alone") == std::string::npos);
}

TEST_CASE("when the sender's other mails decided, that is said") {
    Scene s;
    s.usual().look(later());
    const double raw = raw_score(Stratum::NewLink, s.memory.site().experts, s.surprise.x);
    const double own = own_evidence(s.evidence(), Stratum::NewLink, raw, s.options);
    s.options.holds_per_1000 = 1000 * std::pow(10, -(own + .5));  // it alone is not held
    const std::string text = what_would_pass(s.evidence(), Stratum::NewLink, 4, Verdict::Quarantine,
                                             labels(), s.options);
    CHECK(text.find("It would not have been held alone: ") == 0);
    CHECK(text.find(" % of what speaks against it are this sender's other mails") !=
          std::string::npos);
}
