// SPDX-License-Identifier: Apache-2.0
#include "engine/config/models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "engine/base/log.hpp"
#include "engine/base/text.hpp"
#include "engine/config/file_text.hpp"
#include "engine/config/shipped_models.hpp"
#include "engine/config/values.hpp"
#include "engine/config/yaml.hpp"

namespace kith {
namespace {

/// Enough for conditions nested as deep as Expression takes them.
constexpr YamlLimits kLimits{64 * 1024, 5000, 24};

constexpr std::pair<std::string_view, Verdict> kActions[] = {{"hold", Verdict::Quarantine},
                                                             {"tag", Verdict::Tag},
                                                             {"delay", Verdict::Defer},
                                                             {"reject", Verdict::Reject}};

bool is_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kMaxModelName && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
}

/// "T1566" or "T1566.002".
bool is_technique(std::string_view text) {
    const auto digits = [](std::string_view s) {
        return std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    return (text.size() == 5 || (text.size() == 9 && text[5] == '.' && digits(text.substr(6)))) &&
           text.front() == 'T' && digits(text.substr(1, 4));
}

std::string stem_of(std::string_view file) {
    if (const auto slash = file.rfind('/'); slash != std::string_view::npos)
        file.remove_prefix(slash + 1);
    if (file.size() > 5 && file.substr(file.size() - 5) == ".yaml") file.remove_suffix(5);
    return std::string(file);
}

enum class Source : std::uint8_t {
    Shipped,  ///< comes with kith
    Site,     ///< in the site's directory
    Trial,    ///< what such a file would do: it may replace one that is there
};

/// Reads one file into a set of models. What it finds wrong goes to `problems`; `models` is to be
/// used only when there is none.
class FileReader {
public:
    FileReader(ModelSet& models, std::string file, Source source,
               std::vector<ConfigProblem>& problems)
        : models_(models), file_(std::move(file)), source_(source), problems_(problems) {}

    void read(std::string_view text) {
        const YamlDocument document = read_yaml(text, kLimits);
        for (const YamlProblem& p : document.problems)
            problems_.push_back({file_, p.line, p.column, "", p.reason});
        if (!document.problems.empty()) return;
        const YamlNode& root = document.root;
        if (root.kind == YamlNode::Kind::Null)
            return refuse(root, "", "is empty; a model has at least a \"when\"");
        if (root.kind != YamlNode::Kind::Map)
            return refuse(root, "", "must hold keys and values, like \"when: score >= 60\"");
        if (const YamlNode* groups = value_of(root, "groups")) read_groups(*groups);
        if (const YamlNode* base = value_of(root, "override"))
            override_model(root, *base);
        else if (value_of(root, "when") != nullptr || value_of(root, "steps") != nullptr ||
                 value_of(root, "groups") == nullptr)
            add_model(root);
        else
            know_keys(root, {"groups"});
    }

    /// The model that the file is about.
    [[nodiscard]] const std::string& named() const noexcept { return named_; }

private:
    void refuse(const YamlNode& at, std::string path, std::string reason) {
        problems_.push_back({file_, at.line, at.column, std::move(path), std::move(reason)});
    }
    static const YamlNode* value_of(const YamlNode& map, std::string_view key) {
        const auto at = std::find(map.keys.begin(), map.keys.end(), key);
        return at == map.keys.end() ? nullptr
                                    : &map.items[static_cast<std::size_t>(at - map.keys.begin())];
    }
    void know_keys(const YamlNode& map, const std::vector<std::string>& known,
                   const std::string& prefix = "") {
        for (std::size_t i = 0; i < map.keys.size(); ++i) {
            if (std::find(known.begin(), known.end(), map.keys[i]) != known.end()) continue;
            const std::string near = nearest(map.keys[i], known);
            problems_.push_back(
                {file_, map.key_lines[i], map.key_columns[i], prefix + log_escape(map.keys[i], 64),
                 near.empty() ? "unknown key" : "unknown key; did you mean " + near + "?"});
        }
    }
    std::optional<std::string> scalar(const YamlNode& node, const std::string& path) {
        if (node.kind == YamlNode::Kind::Scalar) return node.text;
        refuse(node, path,
               node.kind == YamlNode::Kind::Null ? "has no value" : "must be one value");
        return std::nullopt;
    }
    /// A value or a list of values.
    std::vector<const YamlNode*> scalars(const YamlNode& node, const std::string& path) {
        std::vector<const YamlNode*> out;
        if (node.kind == YamlNode::Kind::Scalar) return {&node};
        if (node.kind != YamlNode::Kind::List) {
            refuse(node, path, "must be a value or a list");
            return {};
        }
        for (const YamlNode& item : node.items)
            if (scalar(item, path)) out.push_back(&item);
        return out;
    }

    void read_groups(const YamlNode& groups) {
        if (groups.kind != YamlNode::Kind::Map)
            return refuse(groups, "groups", "must hold names with lists below them");
        for (std::size_t i = 0; i < groups.keys.size(); ++i) {
            const std::string& name = groups.keys[i];
            const std::string path = "groups." + log_escape(name, 64);
            if (!is_name(name))
                refuse(groups.items[i], path, "a name has letters a-z, digits and - only");
            auto& entries = models_.groups[name];
            entries.clear();
            for (const YamlNode* item : scalars(groups.items[i], path)) {
                if (item->text.empty() || item->text.size() > Expression::kMaxPattern)
                    refuse(*item, path,
                           fmt::format("an entry has 1 to {} bytes", Expression::kMaxPattern));
                entries.push_back(item->text);
            }
        }
        std::size_t all = 0;
        for (const auto& [name, entries] : models_.groups) all += entries.size();
        if (all > kMaxGroupEntries)
            refuse(groups, "groups",
                   fmt::format("more than {} entries in all groups", kMaxGroupEntries));
    }

    std::optional<Expression> condition(const YamlNode& node, const std::string& path) {
        if (node.kind == YamlNode::Kind::Scalar) {
            auto parsed = Expression::parse(node.text, models_.groups, subject_);
            if (parsed) return std::move(*parsed);
            refuse(node, path, parsed.error().what);
            return std::nullopt;
        }
        if (node.kind == YamlNode::Kind::List) return all_of(node, path, false);
        if (node.kind != YamlNode::Kind::Map || node.keys.size() != 1) {
            refuse(node, path,
                   "must be a condition, or one of all:, any: and not: with conditions below it");
            return std::nullopt;
        }
        const std::string& word = node.keys.front();
        const YamlNode& below = node.items.front();
        if (word == "not") {
            auto part = condition(below, path + ".not");
            if (!part) return std::nullopt;
            return Expression::no(std::move(*part));
        }
        if (word == "all" || word == "any") {
            if (below.kind != YamlNode::Kind::List || below.items.empty()) {
                refuse(below, path + "." + word, "must be a list of conditions");
                return std::nullopt;
            }
            return all_of(below, path + "." + word, word == "any");
        }
        const std::string near = nearest(word, {"all", "any", "not"});
        refuse(node, path,
               "must be all, any or not, is " + quote_value(word) +
                   (near.empty() ? "" : "; did you mean " + near + "?"));
        return std::nullopt;
    }
    std::optional<Expression> all_of(const YamlNode& list, const std::string& path, bool any) {
        std::vector<Expression> parts;
        for (const YamlNode& item : list.items)
            if (auto part = condition(item, path)) parts.push_back(std::move(*part));
        if (parts.size() != list.items.size()) return std::nullopt;
        return any ? Expression::any(std::move(parts)) : Expression::all(std::move(parts));
    }

    void set_action(Model& m, const YamlNode& node) {
        m.action.reset();
        m.notify = false;
        for (const YamlNode* item : scalars(node, "action")) {
            if (item->text == "notify") {
                m.notify = true;
                continue;
            }
            const auto* known = std::find_if(std::begin(kActions), std::end(kActions),
                                             [&](const auto& a) { return a.first == item->text; });
            if (known == std::end(kActions)) {
                const std::string near =
                    nearest(item->text, {"hold", "tag", "delay", "reject", "notify"});
                refuse(*item, "action",
                       "must be hold, tag, delay, reject or notify, is " + quote_value(item->text) +
                           (near.empty() ? "" : "; did you mean " + near + "?"));
            } else if (m.action) {
                refuse(*item, "action", "only notify goes together with another action");
            } else {
                m.action = known->second;
            }
        }
    }

    void set_scope(Model& m, const YamlNode& node) {
        if (node.kind == YamlNode::Kind::Scalar && node.text == "accounts") {
            if (m.about != PolicySubject::Accounts)
                refuse(node, "scope", "an override does not change what a model is about");
            return;
        }
        if (node.kind != YamlNode::Kind::Map || m.about == PolicySubject::Accounts)
            return refuse(node, "scope", "must be accounts, or hold directions: or domains:");
        know_keys(node, {"directions", "domains"}, "scope.");
        m.directions.clear();
        m.domains.clear();
        if (const YamlNode* directions = value_of(node, "directions"))
            for (const YamlNode* item : scalars(*directions, "scope.directions")) {
                const auto known = {Direction::Inbound, Direction::Outbound, Direction::Internal};
                const auto at = std::find_if(known.begin(), known.end(), [&](Direction d) {
                    return to_string(d) == item->text;
                });
                if (at == known.end())
                    refuse(*item, "scope.directions",
                           "must be inbound, outbound or internal, is " + quote_value(item->text));
                else
                    m.directions.push_back(*at);
            }
        if (const YamlNode* domains = value_of(node, "domains"))
            for (const YamlNode* item : scalars(*domains, "scope.domains")) {
                const auto domain = parse_domain(item->text);
                if (domain)
                    m.domains.push_back(*domain);
                else
                    refuse(*item, "scope.domains", domain.error().what);
            }
    }

    void set_number(double& out, const YamlNode& node, const std::string& path) {
        const auto text = scalar(node, path);
        if (!text) return;
        const auto number = parse_number(*text);
        if (!number)
            refuse(node, path, number.error().what);
        else if (*number < 0 || *number > 100)
            refuse(node, path, "must be between 0 and 100, is " + quote_value(*text));
        else
            out = *number;
    }

    void set_condition(Expression& out, const YamlNode& node, const std::string& path) {
        if (auto when = condition(node, path)) out = std::move(*when);
        if (out.nodes() > Expression::kMaxNodes)
            refuse(node, path, fmt::format("more than {} conditions", Expression::kMaxNodes));
    }
    std::string technique(const YamlNode& node, const std::string& path) {
        const auto text = scalar(node, path);
        if (text && !is_technique(*text))
            refuse(node, path,
                   "must be a technique of MITRE ATT&CK like T1566.002, is " + quote_value(*text));
        return text.value_or("");
    }

    void set_steps(Model& m, const YamlNode& node) {
        if (node.kind != YamlNode::Kind::List || node.items.size() < 2 ||
            node.items.size() > kMaxModelSteps)
            return refuse(node, "steps",
                          fmt::format("must be a list of 2 to {} steps, each with name: and when:",
                                      kMaxModelSteps));
        for (const YamlNode& item : node.items) {
            const std::string path = fmt::format("steps.{}", m.steps.size() + 1);
            ModelStep& step = m.steps.emplace_back();
            if (item.kind != YamlNode::Kind::Map) {
                refuse(item, path, "must hold name: and when:");
                continue;
            }
            know_keys(item, {"name", "when", "attack"}, path + ".");
            if (const YamlNode* name = value_of(item, "name"))
                step.name = std::string(trim(scalar(*name, path + ".name").value_or("")));
            if (step.name.empty() || step.name.size() > kMaxStepName)
                refuse(item, path + ".name",
                       fmt::format("must be a few words, at most {} bytes", kMaxStepName));
            if (const YamlNode* when = value_of(item, "when"))
                set_condition(step.when, *when, path + ".when");
            else
                refuse(item, path + ".when", "is missing: which event is meant");
            if (const YamlNode* attack = value_of(item, "attack"))
                step.attack = technique(*attack, path + ".attack");
        }
    }

    /// Keys of models of accounts alone; false when it is none.
    bool set_account_key(Model& m, const std::string& key, const YamlNode& node) {
        if (key == "steps") {
            set_steps(m, node);
        } else if (key == "within") {
            const auto text = scalar(node, key);
            const auto span = text ? parse_duration(*text) : Result<Seconds>(Seconds{1});
            if (!span)
                refuse(node, key, span.error().what);
            else if (*span <= Seconds{0})
                refuse(node, key, "must be longer than 0");
            else
                m.within = *span;
        } else if (key == "order") {
            const auto text = scalar(node, key);
            if (text && *text != "any" && *text != "given")
                refuse(node, key, "must be given or any, is " + quote_value(*text));
            m.any_order = text == "any";
        } else {
            return false;
        }
        return true;
    }

    /// Keys that a model and an override share.
    void set_keys(Model& m, const YamlNode& root) {
        for (std::size_t i = 0; i < root.keys.size(); ++i) {
            const std::string& key = root.keys[i];
            const YamlNode& node = root.items[i];
            if (m.about == PolicySubject::Accounts && set_account_key(m, key, node)) continue;
            if (key == "action") {
                set_action(m, node);
            } else if (key == "scope") {
                set_scope(m, node);
            } else if (key == "threshold") {
                set_number(m.threshold, node, key);
            } else if (key == "priority") {
                double priority = m.priority;
                set_number(priority, node, key);
                m.priority = static_cast<int>(priority);
            } else if (key == "mode") {
                const auto text = scalar(node, key);
                if (text && *text != "live" && *text != "experimental")
                    refuse(node, key, "must be live or experimental, is " + quote_value(*text));
                m.live = text == "live";
                if (m.live && m.about == PolicySubject::Accounts)
                    refuse(node, key,
                           "must be experimental: a model of scope accounts is for kith hunt, what "
                           "it finds has happened and cannot be held any more");
            } else if (key == "enabled") {
                const auto text = scalar(node, key);
                const auto on = text ? parse_bool(*text) : Result<bool>(false);
                if (!on) refuse(node, key, on.error().what);
                m.enabled = on && *on;
            } else if (key == "expires") {
                const auto text = scalar(node, key);
                const auto day = text ? parse_day(*text) : Result<Time>(Time{});
                if (!day) refuse(node, key, day.error().what);
                if (day) m.expires = *day;
            } else if (key == "tag") {
                const auto text = scalar(node, key);
                if (text && !is_name(*text))
                    refuse(node, key, "a tag has letters a-z, digits and - only, at most 64");
                m.tag = text.value_or("");
            } else if (key == "attack") {
                m.attack = technique(node, key);
            } else if (key == "description") {
                const auto text = scalar(node, key);
                m.description = std::string(trim(text.value_or("")));
                std::replace(m.description.begin(), m.description.end(), '\n', ' ');
                if (m.description.size() > kMaxDescription)
                    refuse(node, key, fmt::format("longer than {} bytes", kMaxDescription));
            } else if (key == "when") {
                set_condition(m.when, node, key);
            }
        }
    }

    static const std::vector<std::string>& model_keys() {
        static const std::vector<std::string> keys{
            "name",  "description", "when",   "threshold", "priority", "action", "tag",    "mode",
            "scope", "expires",     "attack", "enabled",   "groups",   "steps",  "within", "order"};
        return keys;
    }

    /// Keys that a model has only when it is about the other.
    void refuse_keys_of_others(const YamlNode& root, PolicySubject about) {
        static const std::vector<std::string> of_mail{"threshold", "priority", "action", "tag",
                                                      "expires"};
        static const std::vector<std::string> of_accounts{"steps", "within", "order"};
        const bool accounts = about == PolicySubject::Accounts;
        for (const std::string& key : accounts ? of_mail : of_accounts)
            if (const YamlNode* node = value_of(root, key))
                refuse(*node, key,
                       accounts
                           ? "is for mail: a model of scope accounts is for kith hunt and does "
                             "nothing by itself"
                           : "needs scope: accounts");
    }

    void require_condition(const Model& m, const YamlNode& root) {
        const bool when = value_of(root, "when") != nullptr;
        const bool steps = value_of(root, "steps") != nullptr;
        if (m.about == PolicySubject::Mail) {
            if (!when) refuse(root, "when", "is missing: which mail is meant");
            return;
        }
        if (when == steps)
            refuse(root, "when", "a model of scope accounts has either when: or steps:");
        if (steps != (value_of(root, "within") != nullptr))
            refuse(root, "within",
                   steps ? "is missing: how long after the first step the last may be"
                         : "needs steps:");
    }

    void add_model(const YamlNode& root) {
        know_keys(root, model_keys());
        Model m;
        const YamlNode* scope = value_of(root, "scope");
        if (scope != nullptr && scope->kind == YamlNode::Kind::Scalar && scope->text == "accounts")
            m.about = PolicySubject::Accounts;
        subject_ = m.about;
        refuse_keys_of_others(root, m.about);
        m.name = stem_of(file_);
        if (const YamlNode* name = value_of(root, "name"))
            m.name = scalar(*name, "name").value_or("");
        named_ = m.name;
        if (!is_name(m.name))
            refuse(
                root, "name",
                "must have letters a-z, digits and - only, at most 64; is " + quote_value(m.name));
        m.file = source_ == Source::Shipped ? "" : file_;
        require_condition(m, root);
        set_keys(m, root);
        if (m.about == PolicySubject::Mail && value_of(root, "action") == nullptr && m.tag.empty())
            refuse(root, "action", "is missing: what is to be done with the mail");
        put(std::move(m), root);
    }

    void override_model(const YamlNode& root, const YamlNode& base) {
        know_keys(root, {"override", "description", "threshold", "priority", "action", "tag",
                         "mode", "scope", "expires", "attack", "enabled", "groups"});
        const auto name = scalar(base, "override");
        if (!name) return;
        named_ = *name;
        const Model* found = models_.find(*name);
        if (found == nullptr) {
            std::vector<std::string> names;
            for (const Model& m : models_.models) names.push_back(m.name);
            const std::string near = nearest(*name, names);
            return refuse(base, "override",
                          "there is no model " + quote_value(*name) + " before this file" +
                              (near.empty() ? "" : "; did you mean " + near + "?"));
        }
        Model m = *found;
        m.overridden_by = file_;
        if (m.about == PolicySubject::Accounts) refuse_keys_of_others(root, m.about);
        set_keys(m, root);
        put(std::move(m), root);
    }

    void put(Model m, const YamlNode& root) {
        auto& all = models_.models;
        const auto at =
            std::lower_bound(all.begin(), all.end(), m.name,
                             [](const Model& a, const std::string& name) { return a.name < name; });
        if (at != all.end() && at->name == m.name) {
            // One of kith's own may be replaced by the site's; two of the site's by one name are a
            // slip.
            if (m.overridden_by.empty() && !at->is_shipped() && source_ != Source::Trial)
                refuse(root, "name", "the model " + m.name + " is already in " + at->file);
            *at = std::move(m);
        } else if (all.size() >= kMaxModels) {
            refuse(root, "", fmt::format("more than {} models", kMaxModels));
        } else {
            all.insert(at, std::move(m));
        }
    }

    ModelSet& models_;
    std::string file_;
    Source source_;
    std::vector<ConfigProblem>& problems_;
    std::string named_;
    PolicySubject subject_ = PolicySubject::Mail;  ///< of the file's model
};

bool is_override(std::string_view text) {
    const YamlDocument document = read_yaml(text, kLimits);
    const auto& keys = document.root.keys;
    return std::find(keys.begin(), keys.end(), "override") != keys.end();
}

/// Reads one file into `models` unless something is wrong with it.
void read_into(ModelSet& models, std::string_view text, const std::string& file, Source source,
               LoadedModels& out) {
    ModelSet with = models;
    const std::size_t before = out.problems.size();
    FileReader reader(with, file, source, out.problems);
    reader.read(text);
    if (out.problems.size() != before) return;
    models = std::move(with);
    models.sources.append(file).append(1, '\0').append(text).append(1, '\0');
    if (!reader.named().empty()) out.changed.push_back(reader.named());
}

}  // namespace

bool is_model_name(std::string_view text) noexcept { return is_name(text); }

const ModelSet& shipped_models() {
    static const ModelSet models = [] {
        ModelSet made;
        LoadedModels loaded;
        for (const ShippedModel& m : shipped_model_texts())
            read_into(made, m.text, std::string(m.name) + ".yaml", Source::Shipped, loaded);
        // The files are part of the program: a bad one is our own broken promise and fails the
        // first test that runs.
        if (!loaded.problems.empty()) std::abort();
        return made;
    }();
    return models;
}

std::string_view shipped_model_text(std::string_view name) {
    for (const ShippedModel& m : shipped_model_texts())
        if (m.name == name) return m.text;
    return {};
}

LoadedModels load_models(const std::string& directory) {
    LoadedModels out;
    ModelSet models = shipped_models();
    const ConfigDirectory found = list_config_directory(directory);
    for (const auto& [place, reason] : found.problems)
        out.problems.push_back({place, 0, 0, "", reason});
    // What an override changes must be there first, whatever the files are called.
    std::vector<std::pair<std::string, std::string>> overrides;
    for (const std::string& file : found.files) {
        out.files.push_back(file);
        auto text = read_config_file(file);
        if (!text)
            out.problems.push_back({file, 0, 0, "", text.error().what});
        else if (is_override(*text))
            overrides.emplace_back(file, std::move(*text));
        else
            read_into(models, *text, file, Source::Site, out);
    }
    for (const auto& [file, text] : overrides) read_into(models, text, file, Source::Site, out);
    out.models = std::make_shared<const ModelSet>(std::move(models));
    return out;
}

LoadedModels with_model_text(const ModelSet& base, std::string_view text, const std::string& name) {
    LoadedModels out;
    ModelSet models = base;
    read_into(models, text, name, Source::Trial, out);
    out.files.push_back(name);
    out.models = std::make_shared<const ModelSet>(std::move(models));
    return out;
}

LoadedModels with_model_file(const ModelSet& base, const std::string& path) {
    if (const auto text = read_config_file(path))
        return with_model_text(base, *text, path);
    else {
        LoadedModels out;
        out.models = std::make_shared<const ModelSet>(base);
        out.problems.push_back({path, 0, 0, "", text.error().what});
        return out;
    }
}

}  // namespace kith
