// SPDX-License-Identifier: Apache-2.0
// Assessments in plain English.
#include "engine/admin/explain.hpp"

#include <limits>
#include <sstream>

#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using namespace kith::admin;

namespace {

MailEntry entry_of(const MailRecord& r) {
    MailEntry e;
    e.id = r.id;
    e.time = r.time;
    e.action = r.action;
    e.verdict = r.assessment.verdict;
    e.imported = r.imported;
    e.judged_late = r.imported || !r.assessment.degraded.empty();
    return e;
}

}  // namespace

TEST_CASE("how rare a mail is has two digits") {
    CHECK(one_in_text(1) == "1 in 1");
    CHECK(one_in_text(0.4) == "1 in 2.5");
    CHECK(one_in_text(0.01) == "1 in 100");
    CHECK(one_in_text(1.0 / 1234) == "1 in 1,200");
    CHECK(one_in_text(1e-5) == "1 in 100,000");
    CHECK(one_in_text(.99e-5) == "fewer than 1 in 100,000");
    for (const double odd : {0.0, -1.0, 2.0, std::numeric_limits<double>::quiet_NaN()})
        CHECK(one_in_text(odd) == "1 in 1");
    CHECK(one_in_text(1e-300) == "fewer than 1 in 100,000");
}

TEST_CASE(
    "reasons come strongest first with their share; negative and broken weights count nothing") {
    MailRecord r = test::held_mail();
    r.assessment.reasons = {{"a", 1, "one"},
                            {"b", 3, "three"},
                            {"c", -2, "less"},
                            {"d", std::numeric_limits<double>::quiet_NaN(), "odd"}};
    const Explanation e = explain_mail(entry_of(r), r);
    REQUIRE(e.reasons.size() == 4);
    CHECK(e.reasons[0].text == "three");
    CHECK(e.reasons[0].share == Approx(0.75));
    CHECK(e.reasons[1].share == Approx(0.25));
    CHECK(e.reasons[3].share == 0);
}

TEST_CASE("a held mail comes with the commands that release and confirm it") {
    const MailRecord r = test::held_mail();
    MailEntry entry = entry_of(r);
    REQUIRE(explain_mail(entry, r).commands.size() == 4);
    CHECK(explain_mail(entry, r).commands[0].command == "kith release abcdefghijklmnop");
    entry.state = MailState::Dropped;
    CHECK(explain_mail(entry, r).commands.empty());
    entry.state = MailState::Released;
    REQUIRE(explain_mail(entry, r).commands.size() == 1);
    CHECK(explain_mail(entry, r).commands[0].command == "kith confirm abcdefghijklmnop");
    CHECK(explain_mail(entry, r).verdict.find("It was released on ") != std::string::npos);
}

TEST_CASE("what an admin said of a mail that was never held is no word about holding it") {
    MailRecord r = test::held_mail();
    MailEntry entry = entry_of(r);
    entry.state = MailState::Confirmed;
    CHECK(explain_mail(entry, r).verdict.find("It was confirmed to be rightly held on ") !=
          std::string::npos);
    r.action = entry.action = Action::Accepted;
    CHECK(explain_mail(entry, r).verdict.find("It was recorded as bad on ") != std::string::npos);
    entry.state = MailState::Released;
    CHECK(explain_mail(entry, r).verdict.find("It was recorded as good on ") != std::string::npos);
}

TEST_CASE("mail without reasons that wants nothing is told why it passes") {
    MailRecord r = test::held_mail();
    r.action = Action::Accepted;
    r.assessment.verdict = Verdict::Pass;
    r.assessment.reasons.clear();
    r.assessment.stratum = Stratum::Plain;
    CHECK(explain_mail(entry_of(r), r).no_reasons.find("brings no new link") != std::string::npos);
    r.assessment.stratum = Stratum::NewLink;
    CHECK(explain_mail(entry_of(r), r).no_reasons ==
          "No reasons were written down: the score is too low for any.");
}

TEST_CASE("a mail that would have been held in another mode says which") {
    MailRecord r = test::held_mail();
    r.mode = "passive";
    r.action = Action::Accepted;
    const Explanation e = explain_mail(entry_of(r), r);
    CHECK(e.verdict ==
          "The verdict is quarantine; the mail was accepted because the mode is passive (only "
          "enforce holds mail).");
    CHECK(e.commands[0].command == "kith release abcdefghijklmnop --learn --no-mta");
}

TEST_CASE("a mail that could not be judged on arrival says why") {
    MailRecord r = test::passed_mail();
    r.assessment.degraded = "store missing";
    const Explanation e = explain_mail(entry_of(r), r);
    CHECK(e.headline ==
          "kith could not judge the mail on arrival: store missing. When learned it got the score "
          "0.0 of 100 and the verdict pass.");
    CHECK(e.verdict == "Without a verdict on arrival the mail was accepted.");
    CHECK(e.no_reasons.find("No reasons are kept") == 0);
}

TEST_CASE("an imported mail was not judged, an ordinary one is not unusual") {
    MailRecord r = test::passed_mail();
    CHECK(explain_mail(entry_of(r), r).headline ==
          "Score 0.0 of 100: nothing unusual for this site.");
    r.imported = true;
    r.assessment.ready = false;
    const Explanation e = explain_mail(entry_of(r), r);
    CHECK(
        e.headline ==
        "The mail was imported, so kith did not judge it on arrival. When learned it got the score "
        "0.0 of 100 and the verdict pass.");
    CHECK(e.verdict == "Without a verdict on arrival nothing was done with it.");
}

TEST_CASE("kith's own model is named as one, and one that changed or went since as that") {
    MailRecord r = test::held_mail();
    CHECK(explain_mail(entry_of(r), r).decision.empty());
    CHECK(explain_mail(entry_of(r), r).model.is_null());
    r.assessment.decided_by = "budget-hold";
    const Explanation own = explain_mail(entry_of(r), r);
    CHECK(
        own.decision ==
        "It was decided by kith's own model budget-hold: rarer than budget.holds_per_1000 genuine "
        "mails in 1000. Its action is hold, its priority 50.");
    CHECK(own.model["name"] == "budget-hold");
    std::ostringstream text;
    print(text, own);
    CHECK(text.str().find("\nIt was decided by kith's own model budget-hold") != std::string::npos);

    ModelSet models = shipped_models();
    const auto decision_with = [&](auto change) {
        ModelSet changed = models;
        for (Model& m : changed.models)
            if (m.name == "budget-hold") change(m);
        return explain_mail(entry_of(r), r, {std::nullopt, "kith", &changed, r.time}).decision;
    };
    CHECK(decision_with([](Model& m) {
              m.overridden_by = "/x/budget-hold.state.yaml";
              m.enabled = false;
          }).find("priority 50, changed by /x/budget-hold.state.yaml, and it is disabled now.") !=
          std::string::npos);
    CHECK(decision_with([](Model& m) {
              m.action = Verdict::Tag;
          }).find("Its action is tag, its priority 50, which was changed since.") !=
          std::string::npos);

    r.assessment.decided_by = "mine";
    r.assessment.reasons.insert(r.assessment.reasons.begin(),
                                {std::string(kModelReason), 0, "the site's model mine: too new"});
    CHECK(
        explain_mail(entry_of(r), r).decision ==
        "It was decided by the model mine, which is not there any more (the site's model mine: too "
        "new).");
    CHECK(explain_mail(entry_of(r), r).reasons.front().feature == "link_host");
}

TEST_CASE(
    "what left the hold queue without kith is told, and not offered to be delivered or deleted") {
    const MailRecord r = test::held_mail();
    MailEntry entry = entry_of(r);
    entry.hold = HoldMark::Left;
    const Explanation e = explain_mail(entry, r);
    CHECK(e.verdict.find("It left the hold queue without kith") != std::string::npos);
    REQUIRE(e.commands.size() == 2);
    CHECK(e.commands[0].command == "kith release abcdefghijklmnop --learn --no-mta");
    CHECK(e.commands[1].command == "kith confirm abcdefghijklmnop");
    entry.state = MailState::Dropped;
    CHECK(explain_mail(entry, r).verdict.find("without kith") == std::string::npos);
}

TEST_CASE("a passed mail needs no command") {
    const MailRecord r = test::passed_mail();
    CHECK(explain_mail(entry_of(r), r).commands.empty());
}

TEST_CASE("the JSON shape of an explanation") {
    const MailRecord r = test::held_mail();
    const Json j = to_json(explain_mail(entry_of(r), r), entry_of(r), r);
    for (const char* key :
         {"id", "score", "mode", "p", "stratum", "headline", "explanation", "decided_by",
          "decision", "model", "reasons", "no_reasons", "indicators", "would_pass", "commands"})
        CHECK(j.contains(key));
    CHECK(j["reasons"][0] ==
          Json{{"feature", "link_host"},
               {"nats", 6.0},
               {"share", 0.75},
               {"text", "first link to forms.example in 214 mails over 296 days"}});
}
