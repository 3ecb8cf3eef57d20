// SPDX-License-Identifier: Apache-2.0
// The program `kith`: the admin's command. Builds the command line from commands.def, gives a
// subcommand what it needs, prints an error once and turns it into a sysexits(3) status. Everything
// else is in command_*.cpp. Covered by tests/unit/admin/program_test.cpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/admin/command.hpp"
#include "engine/admin/local_state.hpp"
#include "engine/admin/output.hpp"
#include "engine/base/log.hpp"
#include "engine/base/text.hpp"
#include "engine/message/parse.hpp"

namespace kith::admin {
namespace {

using Action = std::variant<NothingAction, ConfigAction, StoreAction>;

struct Command {
    CLI::App* sub;
    Action action;
};

Outcome run_nothing(Env& env, const NothingAction& action) { return action(env); }

Outcome run_config(Env& env, const ConfigAction& action) {
    Result<std::shared_ptr<const Config>> config =
        load_config_or_error(env.config_path, env.tenant);
    if (!config) return fail(std::move(config).error());
    return action(env, **config);
}

Outcome run_store(Env& env, const StoreAction& action) {
    Result<std::shared_ptr<const Config>> config =
        load_config_or_error(env.config_path, env.tenant);
    if (!config) return fail(std::move(config).error());
    if (const Status may = may_look(**config); !may) return fail(may.error());
    Result<std::unique_ptr<StoreReader>> reader = read_store((*config)->store);
    if (!reader) return fail(std::move(reader).error());
    return action(env, **config, **reader);
}

Outcome run(Env& env, const Action& action) {
    if (const auto* a = std::get_if<NothingAction>(&action)) return run_nothing(env, *a);
    if (const auto* a = std::get_if<ConfigAction>(&action)) return run_config(env, *a);
    return run_store(env, std::get<StoreAction>(action));
}

// The one place where an error becomes words and a number. With --json it is a document on stdout
// as well.
int report(Env& env, Error error) {
    // Who may not read a file needs no other advice about it.
    if (error.code == ErrorCode::Permission &&
        (error.hint.empty() || error.hint.starts_with("check ")))
        error.hint = "run it as root, or to look only as a member of the group _kith";
    if (env.json) {
        print_json(
            env.out,
            Json{{"error",
                  {{"code", exit_code(error.code)}, {"what", error.what}, {"hint", error.hint}}}});
    }
    if (env.is_plugin && !env.json) env.out << "KITH UNKNOWN - " << cell(error.what, 300) << '\n';
    env.err << "kith: " << cell(error.what, 4096) << '\n';
    if (!error.hint.empty()) env.err << "kith: hint: " << cell(error.hint, 4096) << '\n';
    return env.is_plugin ? kExitUnknown : exit_code(error.code);
}

// Exit status of a run; an error is reported.
int run_one(Env& env, const Action& action) {
    const Outcome outcome = run(env, action);
    return outcome ? *outcome : report(env, outcome.error());
}

// For the site itself and for each tenant; what fails for one is done for the others. The worst
// status, which is the largest: 0 to 2 tell how things are, all above that the command failed (3
// where it is a plugin).
int run_each(Env& env, const Action& action) {
    const auto site = load_config_or_error(env.config_path);
    if (!site) return report(env, site.error());
    env.each_tenant = true;
    int worst = run_one(env, action);
    for (const auto& tenant : (*site)->tenants) {
        env.tenant = tenant->tenant;
        if (!env.json) env.out << "\ntenant " << env.tenant << ":\n";
        worst = std::max(worst, run_one(env, action));
    }
    return worst;
}

// "kith list | head": who reads no further wants no more, and no word about it either. The errno of
// the failed write is long gone; a pipe without a reader still says so.
bool reader_has_gone() {
    pollfd out{STDOUT_FILENO, POLLOUT, 0};
    return ::poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

// What stands on the line as far as it was understood: of "kith allow list" kith, allow and list.
std::vector<const CLI::App*> commands_of(const CLI::App& app) {
    std::vector<const CLI::App*> out{&app};
    while (!out.back()->get_subcommands().empty())
        out.push_back(out.back()->get_subcommands().front());
    return out;
}

std::vector<std::string> names_below(const CLI::App& command) {
    std::vector<std::string> out;
    for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; }))
        out.push_back(sub->get_name());
    return out;
}

// Why the line is wrong, with the help of the command at hand.
Error usage_error(const CLI::App& app, const CLI::ParseError& e) {
    const std::vector<const CLI::App*> commands = commands_of(app);
    std::string path;
    for (const CLI::App* command : commands) path += command->get_name() + " ";
    std::string hint = path + "--help";
    const std::vector<std::string> names = names_below(*commands.back());
    const std::vector<std::string> unknown = app.remaining(true);
    const bool no_command = unknown.empty() && dynamic_cast<const CLI::RequiredError*>(&e);
    const bool no_such_command = !unknown.empty() && !unknown.front().starts_with('-');
    if (!names.empty() && (no_command || no_such_command)) {
        const std::string near = no_command ? "" : nearest(unknown.front(), names);
        if (!near.empty())
            hint = "the nearest is " + near + "; " + hint;
        else if (commands.size() > 1)  // those at the top are too many
            hint = fmt::format("there are {}; {}", fmt::join(names, ", "), hint);
        return {
            ErrorCode::Usage,
            (commands.size() > 1 ? commands.back()->get_name() + ": " : "") +
                (no_command ? "a command is missing" : "there is no command " + unknown.front()),
            hint};
    }
    // CLI11 names them the last one first.
    if (!unknown.empty() && (!names.empty() || dynamic_cast<const CLI::ExtrasError*>(&e)))
        return {ErrorCode::Usage, fmt::format("not understood: {}", fmt::join(unknown, " ")), hint};
    return {ErrorCode::Usage, e.what(), hint};
}

int main_inner(int argc, char** argv) {
    CLI::App app("Command of the mail filter kith: look, explain, release, check.", "kith");
    std::string config_path = kDefaultConfigPath;
    std::string tenant;
    bool json = false, each_tenant = false;
    app.set_version_flag("--version", "kith " KITH_VERSION);
    app.add_option("-c,--config", config_path, "Configuration file")->capture_default_str();
    auto* one_tenant =
        app.add_option("--tenant", tenant, "Of this tenant, not of the site itself (kith tenants)");
    app.add_flag("--each-tenant", each_tenant, "Run once for the site itself and for each tenant")
        ->excludes(one_tenant);
    app.add_flag("--json", json, "Print one JSON document instead of text");
    app.require_subcommand(1);

    std::vector<Command> commands;
#define KITH_COMMAND(function, name, needs, summary)                      \
    {                                                                     \
        CLI::App* sub = app.add_subcommand(name, summary)->fallthrough(); \
        commands.push_back({sub, setup_##function(*sub)});                \
    }
#include "engine/admin/commands.def"
#undef KITH_COMMAND

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        if (e.get_exit_code() == 0) return app.exit(e);  // --help, --version
        // The line may be wrong before the flag was reached.
        const bool wants_json =
            std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
        Env env{std::cout, std::cerr, config_path, SystemClock().now(), wants_json, {}, false};
        return report(env, usage_error(app, e));
    }

    Env env{std::cout,
            std::cerr,
            config_path,
            SystemClock().now(),
            json,
            tenant,
            ::isatty(STDERR_FILENO) == 1};
    log_open("kith", LogTarget::Stderr, LogLevel::Warning);
    ::signal(SIGPIPE, SIG_IGN);  // an import is not to end because nobody follows its progress
    message_library_init();
    for (const Command& command : commands) {
        if (!command.sub->parsed()) continue;
        env.is_plugin = command.sub->get_name() == "status";
        const int status =
            each_tenant ? run_each(env, command.action) : run_one(env, command.action);
        std::cout.flush();
        if (!std::cout && !reader_has_gone())
            return report(env,
                          Error{ErrorCode::Io, "cannot write the output", "is the disk full?"});
        return status;
    }
    return exit_code(ErrorCode::Internal);
}

}  // namespace
}  // namespace kith::admin

int main(int argc, char** argv) {
    try {
        return kith::admin::main_inner(argc, argv);
    } catch (const std::exception& e) {
        std::cerr << "kith: internal error: " << e.what() << '\n';
    } catch (...) {
        std::cerr << "kith: internal error\n";
    }
    return kith::exit_code(kith::ErrorCode::Internal);
}
