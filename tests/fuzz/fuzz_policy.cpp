// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a condition and as a file of models: accepted and asked about a mail or an
// event on an account, or refused on one line with its place.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/config/models.hpp"

namespace {

const kith::MailRecord& a_mail() {
    static const kith::MailRecord record = [] {
        kith::MailRecord r;
        r.from = r.mail_from = "anna@partner.example";
        r.rcpts = {"ben@site.example", "finance@site.example"};
        r.assessment.score = 50;
        r.assessment.tags = {"phishing-link"};
        r.assessment.indicators = {{"Out of Character", 60}};
        return r;
    }();
    return record;
}

const kith::JudgedEvent& an_event() {
    static const kith::JudgedEvent event = [] {
        kith::JudgedEvent e;
        e.event.kind = kith::AccountEventKind::RuleActivated;
        e.event.account = "anna@site.example";
        e.event.client_addr = "203.0.113.9";
        e.event.rule.redirects = {"x@elsewhere.example"};
        e.seen = kith::sighting_of(e.event, e.event.time, kith::Hasher(kith::Hasher::Secret{}), {});
        e.judged.indicators = e.judged.unseen = 0xffffffff;
        return e;
    }();
    return event;
}

void ask(const kith::Expression& condition, const kith::PolicyCase& mail) {
    const bool holds = condition.holds(mail);
    if (condition.findings(mail).size() > kith::Expression::kMaxNodes) std::abort();
    if (kith::Expression::no(condition).holds(mail) == holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(bytes), size);
    const kith::ScoringOptions budget;
    const kith::PolicyCase mail{a_mail(), budget};
    if (const auto condition = kith::Expression::parse(text, {{"money", {"*@site.example"}}}))
        ask(*condition, mail);
    else if (condition.error().what.find('\n') != std::string::npos)
        std::abort();
    if (const auto condition = kith::Expression::parse(text, {}, kith::PolicySubject::Accounts))
        ask(*condition, kith::PolicyCase(an_event()));
    const auto loaded = kith::with_model_text(kith::shipped_models(), text, "fuzz.yaml");
    for (const auto& problem : loaded.problems)
        if (problem.text().find('\n') != std::string::npos) std::abort();
    if (!loaded.problems.empty() && !loaded.changed.empty()) std::abort();
    for (const kith::Model& model : loaded.models->models) {
        (void)model.matches(mail);
        (void)model.matches(kith::PolicyCase(an_event()));
        if (model.live && model.about == kith::PolicySubject::Accounts) std::abort();
        if (model.about == kith::PolicySubject::Accounts)
            (void)model.steps_of(kith::PolicyCase(an_event()));
    }
    (void)kith::decide(*loaded.models, mail, true);
    return 0;
}
