// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/account_hunt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <ostream>

#include "engine/accounts/explain.hpp"
#include "engine/admin/account_scan.hpp"
#include "engine/admin/account_view.hpp"
#include "engine/base/text.hpp"
#include "engine/policy/step_search.hpp"

namespace kith::admin {
namespace {

/// Accounts of which something is kept: who guesses names makes any number of them. And events that
/// are shown of each.
constexpr std::size_t kMaxAccounts = 50000, kMaxShown = 12;
/// Events that are kept to be shown, of all accounts: some 100 MB.
constexpr std::size_t kMaxHits = 200000;

/// What is shown of an event.
struct Hit {
    Time time{};
    AccountAct act = AccountAct::Login;
    std::string source, network, program, text, mail;
    float risk = 0;
    std::uint32_t indicators = 0;
};

struct Events {
    std::uint64_t count = 0;
    Time first{}, last{};
    void add(Time t) {
        if (count++ == 0) first = last = t;
        first = std::min(first, t);
        last = std::max(last, t);
    }
};

struct AccountAnswer {
    explicit AccountAnswer(const Model& model)
        : of_steps(model.steps.size()),
          live(std::max<std::size_t>(1, model.steps.size()), model.within, model.any_order),
          imported(live) {}
    std::string name;
    Events events;   ///< that the condition fits, or that are some step
    float risk = 0;  ///< largest of them
    std::deque<std::shared_ptr<const Hit>> newest;
    std::vector<Events> of_steps;
    StepSearch<Hit> live, imported;  ///< an old log comes in after what it tells of
    [[nodiscard]] const StepSearch<Hit>& search() const { return live.found() ? live : imported; }
};

std::shared_ptr<const Hit> hit_of(const JudgedEvent& e) {
    auto hit = std::make_shared<Hit>();
    hit->time = e.seen.time;
    hit->act = e.seen.act;
    hit->source = e.event.client_addr;
    hit->network = e.seen.network;
    hit->program = e.seen.client;
    hit->text = event_text(e);
    hit->mail = e.seen.mail;
    hit->risk = e.judged.risk;
    hit->indicators = e.judged.indicators;
    return hit;
}

/// Takes the events and answers by account.
class Hunter {
public:
    /// `whole_past`: steps are counted also before a first one was made.
    Hunter(const Model& model, bool whole_past) : model_(model), whole_past_(whole_past) {}

    void take(const JudgedEvent& e) {
        const PolicyCase asked(e);
        const std::uint32_t steps = model_.steps_of(asked);
        if (model_.steps.empty() ? !model_.matches(asked) : steps == 0) return;
        AccountAnswer* answer = answer_of(e.seen.name, steps);
        if (answer == nullptr) return;
        ++matches_;
        answer->events.add(e.seen.time);
        answer->risk = std::max(answer->risk, e.judged.risk);
        const auto hit = hit_of(e);
        for (std::size_t i = 0; i < answer->of_steps.size(); ++i)
            if ((steps >> i & 1U) != 0) answer->of_steps[i].add(e.seen.time);
        if (!model_.steps.empty())
            return (e.seen.imported ? answer->imported : answer->live).add(steps, e.seen.time, hit);
        const bool full = answer->newest.size() >= kMaxShown || hits_ >= kMaxHits;
        if (full && !answer->newest.empty())
            answer->newest.pop_front();
        else
            ++hits_;
        answer->newest.push_back(hit);
    }

    [[nodiscard]] std::uint64_t matches() const noexcept { return matches_; }
    /// Events of accounts for which there was no room.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }
    /// Those with all steps, or with an event that fits: the riskiest first.
    [[nodiscard]] std::vector<const AccountAnswer*> found() const {
        std::vector<const AccountAnswer*> out;
        for (const auto& [name, answer] : accounts_)
            if (model_.steps.empty() || answer.search().found()) out.push_back(&answer);
        std::stable_sort(out.begin(), out.end(), [](const auto* a, const auto* b) {
            return a->risk != b->risk ? a->risk > b->risk : a->events.count > b->events.count;
        });
        return out;
    }
    /// nullptr when nothing of it fits.
    [[nodiscard]] const AccountAnswer* of(const std::string& account) const {
        const auto at = accounts_.find(account);
        return at == accounts_.end() ? nullptr : &at->second;
    }

private:
    AccountAnswer* answer_of(const std::string& name, std::uint32_t steps) {
        if (const auto at = accounts_.find(name); at != accounts_.end()) return &at->second;
        // In order nothing counts before the first step.
        const bool begins = whole_past_ || model_.any_order || (steps & 1U) != 0;
        if (!model_.steps.empty() && !begins) return nullptr;
        if (accounts_.size() >= kMaxAccounts) {
            ++left_out_;
            return nullptr;
        }
        AccountAnswer& fresh = accounts_.emplace(name, AccountAnswer(model_)).first->second;
        fresh.name = name;
        return &fresh;
    }

    const Model& model_;
    const bool whole_past_;
    std::map<std::string, AccountAnswer> accounts_;
    std::uint64_t matches_ = 0, left_out_ = 0;
    std::size_t hits_ = 0;
};

/// Numbers of the steps in the order in which they were made, which need not be the model's.
std::vector<std::size_t> by_time(const AccountAnswer& a) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < a.search().chain().size(); ++i) out.push_back(i);
    std::stable_sort(out.begin(), out.end(), [&](std::size_t x, std::size_t y) {
        return a.search().chain()[x].time < a.search().chain()[y].time;
    });
    return out;
}

std::string minute(Time t) {
    std::string when = iso8601(t).substr(0, 16);
    when[10] = ' ';
    return when;
}

Json hit_json(const Hit& h) {
    return {{"time", iso8601(h.time)},
            {"kind", to_string(h.act)},
            {"text", h.text},
            {"source", h.source},
            {"network", h.network},
            {"program", h.program},
            {"mail", h.mail},
            {"risk", rounded(static_cast<double>(h.risk), 1)},
            {"indicators", indicator_names(h.indicators)},
            {"attack", attack_ids(h.indicators)}};
}

Json account_json(const AccountAnswer& a, const Model& model) {
    Json j{{"account", a.name},
           {"events", a.events.count},
           {"first", iso8601(a.events.first)},
           {"last", iso8601(a.events.last)},
           {"highest", rounded(static_cast<double>(a.risk), 1)}};
    if (model.steps.empty()) {
        j["newest"] = Json::array();
        for (auto h = a.newest.rbegin(); h != a.newest.rend(); ++h)
            j["newest"].push_back(hit_json(**h));
        return j;
    }
    j["steps"] = Json::array();
    for (const std::size_t i : by_time(a)) {
        Json step = hit_json(*a.search().chain()[i].hit);
        step["step"] = model.steps[i].name;
        step["step_attack"] = model.steps[i].attack;
        step["events"] = a.of_steps[i].count;
        j["steps"].push_back(std::move(step));
    }
    return j;
}

std::string step_text(const ModelStep& s) {
    return cell(s.name, 100) + (s.attack.empty() ? "" : " (" + s.attack + ")");
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& w : words) out += (out.empty() ? "" : ", ") + w;
    return out.empty() ? "-" : out;
}

void print_account(Env& env, const AccountAnswer& a, const Model& model) {
    const bool steps = !model.steps.empty();
    const auto made = by_time(a);
    const Time first = steps ? a.search().chain()[made.front()].time : a.events.first;
    const Time last = steps ? a.search().chain()[made.back()].time : a.events.last;
    env.out << '\n'
            << cell(a.name) << ": " << counted(a.events.count, "event") << ", " << minute(first)
            << " to " << minute(last) << " UTC (" << span_text(last - first) << ")\n";
    std::vector<std::string> head{"TIME (UTC)", "RISK", "FROM", "WHAT", "INDICATORS"};
    if (steps) head.insert(head.begin() + 1, "STEP");
    TextTable table(head);
    const auto add = [&](const Hit& h, const ModelStep* step) {
        std::vector<std::string> row{minute(h.time), fixed1(static_cast<double>(h.risk)),
                                     h.source.empty() ? "-" : cell(h.source), cell(h.text, 400),
                                     joined(indicator_names(h.indicators))};
        if (step != nullptr) row.insert(row.begin() + 1, step_text(*step));
        table.add(std::move(row));
    };
    for (const std::size_t i : made) add(*a.search().chain()[i].hit, &model.steps[i]);
    for (auto h = a.newest.rbegin(); h != a.newest.rend(); ++h) add(**h, nullptr);
    table.print(env.out, {output_width(), {head.size() - 2, head.size() - 1}, {}});
    if (!steps && a.events.count > a.newest.size())
        env.out << "and " << a.events.count - a.newest.size() << " before\n";
}

std::string_view order_text(const Model& model) {
    return model.any_order ? "in any order" : "in this order";
}

void print_answer(Env& env, const Hunter& hunter, const Model& model, std::size_t limit) {
    const auto found = hunter.found();
    if (model.steps.empty())
        env.out << hunter.matches() << (hunter.matches() == 1 ? " match" : " matches") << " on "
                << counted(found.size(), "account") << '\n';
    else
        env.out << counted(found.size(), "account") << " with all " << model.steps.size()
                << " steps " << order_text(model) << " within " << span_text(model.within) << '\n';
    if (!found.empty() && !model.description.empty())
        env.out << cell(model.description, 300) << '\n';
    for (std::size_t i = 0; i < std::min(found.size(), limit); ++i)
        print_account(env, *found[i], model);
    if (found.size() > limit)
        env.out << '\n' << found.size() - limit << " more accounts are not shown (--limit)\n";
    if (hunter.left_out() > 0)
        env.out << "\n"
                << hunter.left_out() << " events of further accounts were left out: more than "
                << kMaxAccounts << " accounts fit; ask for less, or for a shorter span\n";
}

}  // namespace

Outcome hunt_accounts(Env& env, const Config& config, const StoreReader& reader,
                      const AccountQuestion& question) {
    const auto span = read_span(question.span, env.now);
    if (!span) return fail(span.error());
    const Model& model = *question.model;
    Hunter hunter(model, false);
    const auto count = scan_account_events(env, config, reader, *span,
                                           [&](const JudgedEvent& e) { hunter.take(e); });
    if (!count) return fail(count.error());
    if (!env.json) {
        env.out << scan_text(*count) << '\n';
        print_answer(env, hunter, model, question.limit);
        return 0;
    }
    const auto found = hunter.found();
    Json j{{"looked_at", scan_json(*count)},
           {"matches", model.steps.empty() ? hunter.matches() : found.size()},
           {"accounts_found", found.size()},
           {"left_out", hunter.left_out()},
           {"accounts", Json::array()}};
    for (std::size_t i = 0; i < std::min(found.size(), question.limit); ++i)
        j["accounts"].push_back(account_json(*found[i], model));
    print_json(env.out, j);
    return 0;
}

Outcome test_on_account(Env& env, const Config& config, const StoreReader& reader,
                        const Model& model, const std::string& account) {
    const std::string name = utf8_lower(trim(account));
    Hunter hunter(model, true);
    std::uint64_t events = 0;
    const auto count = scan_account_events(env, config, reader, {}, [&](const JudgedEvent& e) {
        if (e.seen.name != name) return;
        ++events;
        hunter.take(e);
    });
    if (!count) return fail(count.error());
    if (events == 0)
        return fail(ErrorCode::NoInput, "the journal has nothing of the account " + cell(name),
                    "kith account list shows those that are known");
    const AccountAnswer* answer = hunter.of(name);
    const bool matches = answer != nullptr && (model.steps.empty() || answer->search().found());
    const AccountAnswer none(model);
    const AccountAnswer& a = answer == nullptr ? none : *answer;
    const auto time_json = [](const Events& of, Time t) {
        return of.count == 0 ? Json(nullptr) : Json(iso8601(t));
    };
    if (env.json) {
        Json j{{"model", model.name},
               {"account", name},
               {"matches", matches},
               {"looked_at", events},
               {"events", a.events.count},
               {"first", time_json(a.events, a.events.first)},
               {"last", time_json(a.events, a.events.last)},
               {"steps", Json::array()}};
        for (std::size_t i = 0; i < model.steps.size(); ++i)
            j["steps"].push_back({{"step", model.steps[i].name},
                                  {"events", a.of_steps[i].count},
                                  {"first", time_json(a.of_steps[i], a.of_steps[i].first)},
                                  {"last", time_json(a.of_steps[i], a.of_steps[i].last)}});
        print_json(env.out, j);
        return 0;
    }
    env.out << model.name << (matches ? " matches " : " does not match ") << cell(name) << ": "
            << a.events.count << " of its " << counted(events, "event") << " fit\n";
    TextTable table({"STEP", "EVENTS", "FIRST (UTC)", "LAST (UTC)"});
    bool all = true;
    for (std::size_t i = 0; i < model.steps.size(); ++i) {
        const Events& of = a.of_steps[i];
        all = all && of.count > 0;
        table.add({step_text(model.steps[i]), std::to_string(of.count),
                   of.count == 0 ? "-" : minute(of.first), of.count == 0 ? "-" : minute(of.last)});
    }
    if (!table.empty()) table.print(env.out);
    if (!matches && all && !model.steps.empty())
        env.out << "every step was made, but not " << order_text(model) << " within "
                << span_text(model.within) << '\n';
    return 0;
}

}  // namespace kith::admin
