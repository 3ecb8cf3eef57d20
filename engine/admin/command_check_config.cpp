// SPDX-License-Identifier: Apache-2.0
// `kith check-config [FILE]`: every problem of the configuration at its place, then what is in
// effect. Covered by tests/unit/admin/program_test.cpp.
#include <CLI/CLI.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "engine/admin/command.hpp"
#include "engine/admin/output.hpp"
#include "engine/assess/mode.hpp"
#include "engine/config/accounts.hpp"
#include "engine/config/keys.hpp"
#include "engine/geo/geo_databases.hpp"
#include "engine/intake/doveadm.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::string file;
    std::string print;  // "", "effective" or "non-default"
};

Json problem_json(const ConfigProblem& p) {
    return {{"file", p.file},
            {"line", p.line},
            {"column", p.column},
            {"path", p.path},
            {"reason", p.reason}};
}

Json keys_json(const Config& config, const std::string& which) {
    Json keys = Json::object();
    if (which == "effective") {
        for (const KeyInfo& key : config_keys())
            keys[std::string(key.path)] = print_config_key(config, key);
    } else if (which == "non-default") {
        for (const auto& [path, value] : non_default_keys(config)) keys[path] = value;
    }
    return keys;
}

/// Files with secrets that are named and not there; kith-accounts does not start without the first
/// two.
std::vector<std::string> missing_secrets(const Config& config) {
    std::vector<std::string> out;
    const AccountOptions options = account_options(config);
    for (const auto& [key, file] :
         {std::pair("accounts.token_file", options.token_file),
          std::pair("accounts.upstream_token_file", options.upstream_token_file),
          std::pair("accounts.doveadm_key_file", options.doveadm_key_file)})
        if (const auto secret = file.empty() ? Result<std::string>("") : read_token(file); !secret)
            out.push_back(std::string(key) + ": " + secret.error().text());
    return out;
}

Outcome check_config(Env& env, const Options& options) {
    const std::string file = options.file.empty() ? env.config_path : options.file;
    const LoadedConfig loaded = load_config(file, env.tenant);
    std::vector<std::string> mmdb_problems;
    for (const std::string& name : loaded.config.accounts.mmdb)
        if (const auto opened = GeoFile::open(name); !opened)
            mmdb_problems.push_back(opened.error().text());
    const std::vector<std::string> secret_problems = missing_secrets(loaded.config);
    const int status = loaded.problems.empty() ? 0 : exit_code(ErrorCode::Config);

    if (env.json) {
        Json j;
        j["ok"] = loaded.problems.empty();
        j["files"] = loaded.files;
        j["problems"] = Json::array();
        for (const ConfigProblem& p : loaded.problems) j["problems"].push_back(problem_json(p));
        j["model_problems"] = Json::array();
        for (const ConfigProblem& p : loaded.config.model_problems)
            j["model_problems"].push_back(problem_json(p));
        j["mmdb_problems"] = mmdb_problems;
        j["secret_problems"] = secret_problems;
        if (!options.print.empty() && loaded.problems.empty())
            j["keys"] = keys_json(loaded.config, options.print);
        print_json(env.out, j);
        return status;
    }
    for (const ConfigProblem& p : loaded.problems) env.out << cell(p.text(), 2048) << '\n';
    for (const ConfigProblem& p : loaded.config.model_problems)
        env.out << "model left out: " << cell(p.text(), 2048) << '\n';
    for (const std::string& p : mmdb_problems)
        env.out << "accounts.mmdb: not in use: " << cell(p, 2048) << '\n';
    for (const std::string& p : secret_problems) env.out << cell(p, 2048) << '\n';
    if (!loaded.problems.empty()) {
        env.out << file << ": " << counted(loaded.problems.size(), "problem") << "; not usable\n";
        return status;
    }
    if (options.print == "effective") {
        env.out << print_config(loaded.config);
    } else if (options.print == "non-default") {
        for (const auto& [path, value] : non_default_keys(loaded.config))
            env.out << path << ": " << value << '\n';
    } else {
        env.out << file << ": ok (" << counted(loaded.files.size(), "file") << ", "
                << counted(non_default_keys(loaded.config).size(), "key")
                << " not at the default), mode " << modes_text(loaded.config) << '\n';
    }
    return status;
}

}  // namespace

NothingAction setup_check_config(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    sub.add_option("FILE", options->file, "File to check instead of the one of --config");
    sub.add_option("--print", options->print,
                   "Print all keys in effect, or those that are not at their default")
        ->check(CLI::IsMember({"effective", "non-default"}));
    return [options](Env& env) { return check_config(env, *options); };
}

}  // namespace kith::admin
