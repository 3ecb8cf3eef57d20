// SPDX-License-Identifier: Apache-2.0
// Files -> Config. Each file is read into a tree (yaml.hpp), walked against the table (keys.hpp)
// and set key by key over what earlier files set. Nothing stops at the first problem. Covered by
// tests/unit/config/config_test.cpp.
#include "engine/config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "engine/base/log.hpp"
#include "engine/base/text.hpp"
#include "engine/config/attachments.hpp"
#include "engine/config/file_text.hpp"
#include "engine/config/keys.hpp"
#include "engine/config/models.hpp"
#include "engine/config/tenants.hpp"
#include "engine/config/yaml.hpp"

namespace kith {
namespace {

/// More problems than this help nobody.
constexpr std::size_t kMaxProblems = 100;

struct Place {
    std::string file;
    int line = 0, column = 0;
};

class Loader {
public:
    explicit Loader(std::string main_file) : main_file_(std::move(main_file)) {}
    /// Reads the file of one tenant over `base`; no key of the whole site may be in it.
    Loader(std::string file, Config base) : main_file_(std::move(file)), of_tenant_(true) {
        out_.config = std::move(base);
    }

    void read_file(const std::string& file);
    void read_text(std::string_view text, const std::string& file);
    void problem(const Place& place, std::string path, std::string reason) {
        if (out_.problems.size() >= kMaxProblems) {
            more_problems_ = true;
            return;
        }
        out_.problems.push_back(
            {place.file, place.line, place.column, std::move(path), std::move(reason)});
    }
    [[nodiscard]] LoadedConfig finish() &&;

private:
    void walk(const YamlNode& map, const std::string& prefix);
    void enter(const YamlNode& value, const std::string& path, const Place& place);
    void set(const YamlNode& value, const KeyInfo& key, const Place& place);
    void set_map(const YamlNode& map, const KeyInfo& key, const Place& place);
    void unknown(const std::string& key, const std::string& prefix, const Place& place);

    std::string main_file_;
    std::string file_;  ///< the one being read
    LoadedConfig out_;
    std::map<std::string, Place, std::less<>> places_;  ///< where each key was set last
    std::set<std::string, std::less<>> failed_;         ///< keys with a problem of their own
    bool incomplete_ = false;                           ///< a file was not understood to its end
    bool more_problems_ = false;                        ///< than kMaxProblems
    bool of_tenant_ = false;
};

std::string join_path(const std::string& prefix, const std::string& key) {
    return prefix.empty() ? key : prefix + "." + key;
}

bool is_section(std::string_view path) {
    const std::string start = std::string(path) + ".";
    return std::any_of(config_keys().begin(), config_keys().end(), [&](const KeyInfo& key) {
        return key.path.substr(0, start.size()) == start;
    });
}

/// Names that may stand in section `prefix`.
std::vector<std::string> names_in(const std::string& prefix) {
    const std::string start = prefix.empty() ? "" : prefix + ".";
    std::vector<std::string> names;
    for (const KeyInfo& key : config_keys()) {
        if (key.path.substr(0, start.size()) != start) continue;
        const std::string_view rest = key.path.substr(start.size());
        std::string name(rest.substr(0, rest.find('.')));
        if (std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(std::move(name));
    }
    return names;
}

/// "passive, tag, enforce"
std::string split_choices(const KeyInfo& key) {
    return fmt::format("{}", fmt::join(split(key.range, '|'), ", "));
}

void Loader::read_file(const std::string& file) {
    auto text = read_config_file(file);
    if (!text) return problem({file}, "", text.error().what);
    read_text(*text, file);
}

void Loader::read_text(std::string_view text, const std::string& file) {
    file_ = file;
    out_.files.push_back(file);
    const YamlDocument document = read_yaml(text);
    incomplete_ = incomplete_ || !document.problems.empty();
    for (const YamlProblem& p : document.problems) problem({file, p.line, p.column}, "", p.reason);
    switch (document.root.kind) {
        case YamlNode::Kind::Null:
            break;  // an empty file, or all of it commented out
        case YamlNode::Kind::Map:
            walk(document.root, "");
            break;
        case YamlNode::Kind::Scalar:
        case YamlNode::Kind::List:
            problem({file, document.root.line, document.root.column}, "",
                    "must hold keys and values, like \"mode: tag\"");
    }
}

void Loader::walk(const YamlNode& map, const std::string& prefix) {
    for (std::size_t i = 0; i < map.items.size(); ++i) {
        const Place place{file_, map.key_lines[i], map.key_columns[i]};
        const std::string path = join_path(prefix, map.keys[i]);
        const bool one_word = map.keys[i].find('.') == std::string::npos;  // not a path
        if (const KeyInfo* key = find_config_key(path); key != nullptr && one_word) {
            set(map.items[i], *key, place);
        } else if (one_word && is_section(path)) {
            enter(map.items[i], path, place);
        } else {
            unknown(map.keys[i], prefix, place);
        }
    }
}

void Loader::enter(const YamlNode& value, const std::string& path, const Place& place) {
    if (value.kind == YamlNode::Kind::Null) return;  // all its keys are commented out
    if (value.kind != YamlNode::Kind::Map)
        return problem(place, path, "is a section: its keys stand below it, indented");
    walk(value, path);
}

void Loader::set(const YamlNode& value, const KeyInfo& key, const Place& place) {
    const std::string path(key.path);
    const auto refuse = [&](const Place& where, std::string reason) {
        failed_.insert(path);
        problem(where, path, std::move(reason));
    };
    if (of_tenant_ && is_of_whole_site(path))
        return refuse(place, "is for the whole site: it belongs into kith.yaml");
    std::vector<ConfigText> texts;
    switch (value.kind) {
        case YamlNode::Kind::Null:
            return refuse(place, "has no value; remove it for the default");
        case YamlNode::Kind::Map:
            if (is_map(key.type)) return set_map(value, key, place);
            return refuse(place,
                          fmt::format("must be a value ({}), is a section", to_string(key.type)));
        case YamlNode::Kind::Scalar:
            texts.push_back({value.text, value.quoted});
            break;
        case YamlNode::Kind::List:
            for (const YamlNode& item : value.items) {
                if (item.kind != YamlNode::Kind::Scalar)
                    return refuse({file_, item.line, item.column},
                                  "an entry of the list must be a value");
                texts.push_back({item.text, item.quoted});
            }
            if (!is_list(key.type))
                return refuse(
                    place, fmt::format("must be one value ({}), is a list", to_string(key.type)));
            break;
    }
    // Each bad entry of a list at its own place.
    bool all_good = true;
    for (std::size_t i = 0; value.kind == YamlNode::Kind::List && i < texts.size(); ++i) {
        Config scratch;
        if (auto done = set_config_key(scratch, key, {texts[i]}); !done) {
            refuse({file_, value.items[i].line, value.items[i].column}, done.error().what);
            all_good = false;
        }
    }
    if (!all_good) return;
    if (auto done = set_config_key(out_.config, key, texts); !done)
        return refuse({file_, value.line, value.column}, done.error().what);
    failed_.erase(
        path);  // a later file puts right what an earlier one had wrong; its problem stays listed
    places_[path] = place;
}

/// Each bad entry of a map at its own place, where a problem across keys finds it as well.
void Loader::set_map(const YamlNode& map, const KeyInfo& key, const Place& place) {
    const std::string path(key.path);
    std::vector<ConfigText> texts;
    bool all_good = true;
    for (std::size_t i = 0; i < map.items.size(); ++i) {
        const YamlNode& item = map.items[i];
        const Place here{file_, map.key_lines[i], map.key_columns[i]};
        // Without a name it would pass for a value that is no map.
        ConfigText text{item.text, item.quoted, map.keys[i].empty() ? " " : map.keys[i]};
        Config scratch;
        const Status good =
            item.kind != YamlNode::Kind::Scalar
                ? Status(fail(ErrorCode::Config,
                              fmt::format("must have a value: {}", split_choices(key))))
                : set_config_key(scratch, key, {text});
        if (!good) {
            failed_.insert(path);
            problem(here, join_path(path, log_escape(map.keys[i], 64)), good.error().what);
            all_good = false;
        } else if (const auto scope = parse_mode_scope(map.keys[i]); scope) {
            places_[join_path(path, mode_scope(*scope))] = here;
        }
        texts.push_back(std::move(text));
    }
    if (!all_good) return;
    if (const Status done = set_config_key(out_.config, key, texts); !done) {
        failed_.insert(path);
        return problem(place, path, done.error().what);
    }
    failed_.erase(path);
    places_[path] = place;
}

void Loader::unknown(const std::string& key, const std::string& prefix, const Place& place) {
    const std::string path = join_path(prefix, log_escape(key, 64));
    const std::string plain_path = join_path(prefix, key);
    if (key.find('.') != std::string::npos &&
        (find_config_key(plain_path) != nullptr || is_section(plain_path)))
        return problem(place, path, "unknown key; write each part on a line of its own, indented");
    std::string near = nearest(key, names_in(prefix));
    if (!near.empty()) {
        near = join_path(prefix, near);
    } else {  // the right name in the wrong section
        for (const KeyInfo& known : config_keys())
            if (split(known.path, '.').back() == key) near = known.path;
    }
    problem(place, path, near.empty() ? "unknown key" : "unknown key; did you mean " + near + "?");
}

LoadedConfig Loader::finish() && {
    const auto across = incomplete_ ? std::vector<CrossProblem>{} : check_across_keys(out_.config);
    for (const CrossProblem& cross : across) {
        const bool known_already =
            std::any_of(cross.keys.begin(), cross.keys.end(),
                        [&](const std::string& key) { return failed_.count(key) != 0; });
        if (known_already) continue;
        // Blame a key that somebody wrote rather than a default.
        const auto written =
            std::find_if(cross.keys.begin(), cross.keys.end(),
                         [&](const std::string& key) { return places_.count(key) != 0; });
        const std::string& blamed = written == cross.keys.end() ? cross.keys.front() : *written;
        const auto place = places_.find(blamed);
        problem(place == places_.end() ? Place{main_file_} : place->second, blamed, cross.reason);
    }
    // Problems across keys are found last, and stand where their key does.
    const auto rank = [&](const ConfigProblem& p) {
        return std::find(out_.files.begin(), out_.files.end(), p.file) - out_.files.begin();
    };
    std::stable_sort(out_.problems.begin(), out_.problems.end(),
                     [&](const ConfigProblem& a, const ConfigProblem& b) {
                         return std::tuple(rank(a), a.line, a.column) <
                                std::tuple(rank(b), b.line, b.column);
                     });
    if (more_problems_)
        out_.problems.push_back({main_file_, 0, 0, "", "more problems, not listed"});
    Config& c = out_.config;
    c.parse.trusted_authserv_ids = c.site.authserv_ids;
    c.parse.max_documents = c.attachments.read ? c.attachments.max_documents : 0;
    c.parse.max_document_bytes = static_cast<std::size_t>(c.attachments.max_bytes);
    return std::move(out_);
}

}  // namespace

AttachmentOptions attachment_options(const Config& config) {
    AttachmentOptions out = config.attachments;
    if (out.directory.empty())
        out.directory = std::filesystem::path(config.store.directory).parent_path() / "attachments";
    return out;
}

std::string_view to_string(Mode m) noexcept {
    switch (m) {
        case Mode::Passive:
            return "passive";
        case Mode::Tag:
            return "tag";
        case Mode::Enforce:
            return "enforce";
    }
    return "passive";
}

std::string ConfigProblem::text() const {
    std::string out = file;
    if (line > 0) out += fmt::format(":{}", line);
    if (line > 0 && column > 0) out += fmt::format(":{}", column);
    if (!path.empty()) out += ": " + path;
    return out + ": " + reason;
}

namespace {

/// One file of tenants.directory; what is wrong with it is among `site`'s problems.
void load_tenant(LoadedConfig& site, const std::string& file) {
    const std::string name = std::filesystem::path(file).stem();
    if (!is_tenant_name(name)) {
        site.problems.push_back({file, 0, 0, "",
                                 fmt::format("the name of a tenant has 1 to {} of a-z, 0-9 and -, "
                                             "a letter first; rename the file",
                                             kMaxTenantName)});
        return;
    }
    Loader loader(file, tenant_base(site.config, name));
    loader.read_file(file);
    LoadedConfig loaded = std::move(loader).finish();
    site.files.push_back(file);
    for (ConfigProblem& p : loaded.problems) site.problems.push_back(std::move(p));
    Config& tenant = loaded.config;
    if (loaded.problems.empty() && tenant.site.domains.empty())
        site.problems.push_back(
            {file, 0, 0, "site.domains", "is missing: a tenant is told by its domains"});
    if (tenant.model_files.directory != site.config.model_files.directory) {
        LoadedModels models = load_models(tenant.model_files.directory);
        tenant.models = std::move(models.models);
        tenant.model_problems = std::move(models.problems);
    } else {
        tenant.model_problems.clear();  // told once, by the site
    }
    site.config.tenants.push_back(std::make_shared<const Config>(std::move(tenant)));
}

/// No domain has two owners.
void check_domains_of_tenants(LoadedConfig& site) {
    std::map<std::string, std::string, std::less<>> owners;
    for (const std::string& domain : site.config.site.domains) owners[domain] = "the site itself";
    for (const auto& tenant : site.config.tenants)
        for (const std::string& domain : tenant->site.domains)
            if (const auto [at, is_new] = owners.emplace(domain, "tenant " + tenant->tenant);
                !is_new && at->second != "tenant " + tenant->tenant)
                site.problems.push_back(
                    {(std::filesystem::path(site.config.tenant_files.directory) /
                      (tenant->tenant + ".yaml"))
                         .string(),
                     0, 0, "site.domains",
                     fmt::format("{} is a domain of {} already", domain, at->second)});
}

void load_tenants(LoadedConfig& site) {
    const ConfigDirectory found = list_config_directory(site.config.tenant_files.directory);
    for (const auto& [place, reason] : found.problems)
        site.problems.push_back({place, 0, 0, "", reason});
    if (found.files.size() > kMaxTenants) {
        site.problems.push_back({site.config.tenant_files.directory, 0, 0, "",
                                 fmt::format("more than {} tenants", kMaxTenants)});
        return;
    }
    for (const std::string& file : found.files) load_tenant(site, file);
    check_domains_of_tenants(site);
}

}  // namespace

LoadedConfig load_config(const std::string& path, const std::string& tenant) {
    Loader loader(path);
    loader.read_file(path);
    const std::filesystem::path directory = std::filesystem::path(path).parent_path() / "conf.d";
    const ConfigDirectory found = list_config_directory(directory.string());
    for (const auto& [place, reason] : found.problems) loader.problem({place}, "", reason);
    for (const std::string& file : found.files) loader.read_file(file);
    LoadedConfig loaded = std::move(loader).finish();
    LoadedModels models = load_models(loaded.config.model_files.directory);
    loaded.config.models = std::move(models.models);
    loaded.config.model_problems = std::move(models.problems);
    load_tenants(loaded);
    if (tenant.empty()) return loaded;
    if (const auto whose = find_tenant(loaded.config, tenant)) {
        const std::shared_ptr<const Config> kept = *whose;  // it lies in what is replaced
        loaded.config = *kept;
    } else {
        loaded.problems.push_back({path, 0, 0, "", whose.error().text()});
    }
    return loaded;
}

LoadedConfig load_config_text(const std::string& text, const std::string& name) {
    Loader loader(name);
    loader.read_text(text, name);
    return std::move(loader).finish();
}

Result<std::shared_ptr<const Config>> load_config_or_error(const std::string& path,
                                                           const std::string& tenant) {
    LoadedConfig loaded = load_config(path);
    if (!loaded.problems.empty()) {
        std::vector<std::string> texts;
        for (const ConfigProblem& problem : loaded.problems) texts.push_back(problem.text());
        return fail(ErrorCode::Config,
                    fmt::format("configuration not valid: {}", fmt::join(texts, " | ")),
                    "kith check-config lists one problem a line");
    }
    if (tenant.empty()) return std::make_shared<const Config>(std::move(loaded.config));
    return find_tenant(loaded.config, tenant);
}

}  // namespace kith
