// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/models.hpp"

#include <algorithm>

#include "engine/base/text.hpp"

namespace kith::admin {

const ModelSet& models_of(const Config& config) {
    return config.models ? *config.models : shipped_models();
}

Status some_model_holds(const Config& config) {
    const bool enforces =
        config.mode == Mode::Enforce ||
        std::any_of(config.modes.begin(), config.modes.end(),
                    [](const ModeRule& rule) { return rule.mode == Mode::Enforce; });
    if (!enforces || models_of(config).may_hold()) return ok();
    return fail(ErrorCode::Config, "no live model holds mail, though the mode is enforce",
                "kith model enable budget-hold; systemctl reload kith-milter");
}

Error problems_error(const std::vector<ConfigProblem>& problems) {
    std::string what;
    for (const ConfigProblem& p : problems) what += (what.empty() ? "" : " | ") + p.text();
    return {ErrorCode::Config, "not a valid model: " + what, "kith-models(5) has the form"};
}

Result<Model> find_model(const Config& config, const std::string& name_or_file) {
    const ModelSet& models = models_of(config);
    const bool is_file = name_or_file.find('/') != std::string::npos ||
                         name_or_file.find(".yaml") != std::string::npos;
    if (!is_file) {
        if (const Model* found = models.find(name_or_file)) return *found;
        std::vector<std::string> names;
        for (const Model& m : models.models) names.push_back(m.name);
        const std::string near = nearest(name_or_file, names);
        return fail(ErrorCode::NoInput, "there is no model " + cell(name_or_file),
                    near.empty() ? "kith model list shows all" : "did you mean " + near + "?");
    }
    const LoadedModels with = with_model_file(models, name_or_file);
    if (!with.problems.empty()) return fail(problems_error(with.problems));
    if (with.changed.empty())
        return fail(ErrorCode::Config, name_or_file + " has no model, only groups");
    return *with.models->find(with.changed.front());
}

Result<Model> model_of_condition(const Config& config, const std::string& text,
                                 PolicySubject about) {
    auto condition = Expression::parse(text, models_of(config).groups, about);
    if (!condition)
        return fail(condition.error().code, condition.error().what,
                    "kith-models(5) lists the metrics");
    Model model;
    model.about = about;
    model.when = std::move(*condition);
    return model;
}

std::string action_text(const Model& model) {
    if (model.about == PolicySubject::Accounts) return "hunt";
    std::string out;
    if (model.action) {
        switch (*model.action) {
            case Verdict::Quarantine:
                out = "hold";
                break;
            case Verdict::Defer:
                out = "delay";
                break;
            default:
                out = std::string(to_string(*model.action));
        }
    }
    if (model.notify) out += out.empty() ? "notify" : ", notify";
    return out.empty() ? "none" : out;
}

std::string state_of(const Model& m, Time now) {
    if (!m.enabled) return "disabled";
    if (m.expires && now >= *m.expires) return "expired";
    return m.live ? "live" : "experimental";
}

Json model_json(const Model& m, Time now) {
    Json j{{"name", m.name},
           {"state", state_of(m, now)},
           {"description", m.description},
           {"priority", m.priority},
           {"threshold", m.threshold},
           {"action", action_text(m)},
           {"tag", m.tag},
           {"attack", m.attack},
           {"file", m.file},
           {"overridden_by", m.overridden_by}};
    j["expires"] = m.expires ? Json(iso8601(*m.expires).substr(0, 10)) : Json(nullptr);
    j["directions"] = Json::array();
    for (const Direction d : m.directions) j["directions"].push_back(to_string(d));
    j["domains"] = m.domains;
    j["about"] = m.about == PolicySubject::Accounts ? "accounts" : "mail";
    if (m.steps.empty()) return j;
    j["within_seconds"] = m.within.count();
    j["order"] = m.any_order ? "any" : "given";
    j["steps"] = Json::array();
    for (const ModelStep& s : m.steps)
        j["steps"].push_back({{"name", s.name}, {"attack", s.attack}});
    return j;
}

}  // namespace kith::admin
