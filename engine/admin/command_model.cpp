// SPDX-License-Identifier: Apache-2.0
// `kith model list|show|check|enable|disable|test|edit`: what an admin does with models. Kith
// writes two kinds of files into the models' directory, and only whole and valid ones: NAME.yaml
// (edit) and NAME.state.yaml (enable, disable), an override that says nothing but whether the model
// is on. Covered by tests/unit/admin/model_test.cpp.
#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <ostream>

#include "engine/admin/account_hunt.hpp"
#include "engine/admin/audit.hpp"
#include "engine/admin/journal_scan.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/models.hpp"
#include "engine/base/os_error.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/base/whole_file.hpp"
#include "engine/base/write_all.hpp"
#include "engine/config/file_text.hpp"

namespace kith::admin {
namespace {

constexpr std::string_view kReload = "systemctl reload kith-milter";

struct Options {
    std::string name, mail, why;
    std::vector<std::string> files;
    bool live = false, experimental = false;
    std::string since;
};

std::string source_of(const Model& m) {
    std::string out = m.is_shipped() ? "kith" : m.file;
    if (!m.overridden_by.empty()) out += " + " + m.overridden_by;
    return out;
}

/// Problems of the files, told on `err`; the models that are good are in use all the same.
void warn_of_problems(Env& env, const Config& config) {
    for (const ConfigProblem& p : config.model_problems)
        env.err << "kith: left out: " << cell(p.text(), 1000) << '\n';
}

Outcome list(Env& env, const Config& config, const Options& options) {
    const ModelSet& models = models_of(config);
    std::map<std::string, std::uint64_t> matched;
    std::optional<ScanCount> count;
    if (!options.since.empty()) {
        const auto span = read_span({options.since, ""}, env.now);
        if (!span) return fail(span.error());
        auto counted_now = scan_journal(env, config, *span, [&](const MailRecord& r) {
            for (const Model& m : models.models)
                matched[m.name] += m.matches({r, config.budget}) ? 1U : 0U;
        });
        if (!counted_now) return fail(counted_now.error());
        count = *counted_now;
    }
    warn_of_problems(env, config);
    if (env.json) {
        Json j{{"models", Json::array()}};
        for (const Model& m : models.models) {
            Json one = model_json(m, env.now);
            if (count && m.about == PolicySubject::Mail) one["matches"] = matched[m.name];
            j["models"].push_back(std::move(one));
        }
        if (count) j["looked_at"] = scan_json(*count);
        print_json(env.out, j);
        return 0;
    }
    std::vector<std::string> head{"NAME", "STATE", "PRIORITY", "ACTION"};
    if (count) head.push_back("MATCHES");
    head.push_back("FROM");
    TextTable table(head);
    for (const Model& m : models.models) {
        const bool mail = m.about == PolicySubject::Mail;
        std::vector<std::string> row{m.name, state_of(m, env.now),
                                     mail ? std::to_string(m.priority) : "-", action_text(m)};
        if (count) row.push_back(mail ? std::to_string(matched[m.name]) : "-");
        row.push_back(cell(source_of(m)));
        table.add(std::move(row));
    }
    table.print(env.out);
    if (count) env.out << '\n' << scan_text(*count) << "; disabled models are counted too\n";
    return 0;
}

Outcome show(Env& env, const Config& config, const Options& options) {
    const auto model = find_model(config, options.name);
    if (!model) return fail(model.error());
    std::string text(shipped_model_text(model->name));
    if (!model->is_shipped()) {
        auto read = read_config_file(model->file);
        if (!read) return fail(ErrorCode::Io, model->file + " " + read.error().what);
        text = std::move(*read);
    }
    if (env.json) {
        Json j = model_json(*model, env.now);
        j["text"] = text;
        print_json(env.out, j);
        return 0;
    }
    env.out << "# " << model->name << ": " << state_of(*model, env.now) << ", from "
            << cell(source_of(*model)) << '\n';
    if (!model->overridden_by.empty())
        env.out << "# in effect: priority " << model->priority << ", threshold " << model->threshold
                << ", action " << action_text(*model) << '\n';
    std::string line;
    for (std::istringstream lines(text); std::getline(lines, line);)
        env.out << (line.empty() ? "" : cell(line, 4096)) << '\n';
    return 0;
}

/// "soft is live with priority 60 and action tag: mail that budget-hold (50, hold) matches as well
/// gets no more than tag": allowed, and seldom meant.
std::vector<std::string> notes_on(const ModelSet& models) {
    std::vector<std::string> out;
    for (const auto& [by, of] : softenings(models))
        out.push_back(fmt::format(
            "{0} is live with priority {1} and action {2}: mail that {3} ({4}, {5}) matches as "
            "well "
            "gets no more than {2}; give it a priority below {4} unless that is meant",
            by->name, by->priority, action_text(*by), of->name, of->priority, action_text(*of)));
    return out;
}

Outcome check(Env& env, const Config& config, const Options& options) {
    std::vector<ConfigProblem> problems =
        options.files.empty() ? config.model_problems : std::vector<ConfigProblem>{};
    auto models = std::make_shared<const ModelSet>(models_of(config));
    for (const std::string& file : options.files) {
        LoadedModels with = with_model_file(*models, file);
        problems.insert(problems.end(), with.problems.begin(), with.problems.end());
        models = std::move(with.models);
    }
    const std::vector<std::string> notes = notes_on(*models);
    if (env.json) {
        Json j{{"ok", problems.empty()},
               {"models", models->models.size()},
               {"notes", notes},
               {"problems", Json::array()}};
        for (const ConfigProblem& p : problems)
            j["problems"].push_back({{"file", p.file},
                                     {"line", p.line},
                                     {"column", p.column},
                                     {"path", p.path},
                                     {"reason", p.reason}});
        print_json(env.out, j);
    } else {
        for (const ConfigProblem& p : problems) env.out << cell(p.text(), 2048) << '\n';
        for (const std::string& note : notes) env.out << "note: " << cell(note, 2048) << '\n';
        if (problems.empty()) {
            env.out << "ok: " << counted(models->models.size(), "model");
            if (options.files.empty()) env.out << " with those of " << config.model_files.directory;
            env.out << '\n';
        } else {
            env.out << counted(problems.size(), "problem")
                    << "; a file with one is left out whole\n";
        }
    }
    return problems.empty() ? 0 : exit_code(ErrorCode::Config);
}

std::string path_in(const Config& config, const std::string& file) {
    return (std::filesystem::path(config.model_files.directory) / file).string();
}

Status make_directory(const Config& config) {
    std::error_code error;
    std::filesystem::create_directories(config.model_files.directory, error);
    if (error)
        return fail(ErrorCode::Io,
                    config.model_files.directory + ": cannot be made: " + error.message(),
                    "run as root, or correct models.directory");
    return ok();
}

Outcome switch_model(Env& env, const Config& config, const Options& options, bool on) {
    const auto model = find_model(config, options.name);
    if (!model) return fail(model.error());
    if (options.live && model->about == PolicySubject::Accounts)
        return fail(ErrorCode::Usage,
                    "the model " + model->name + " is about accounts and cannot act",
                    "kith hunt --model " + model->name + " asks it");
    if (Status made = make_directory(config); !made) return fail(made.error());
    std::string text = "# Written by kith model " + std::string(on ? "enable" : "disable") +
                       ", which writes it anew.\n" + "override: " + model->name +
                       "\nenabled: " + (on ? "true" : "false") + "\n";
    if (options.live || options.experimental)
        text += std::string("mode: ") + (options.live ? "live" : "experimental") + "\n";
    const std::string file = path_in(config, model->name + ".state.yaml");
    const std::string how = options.live ? "live" : options.experimental ? "experimental" : "";
    if (Status s = audit(config, env.now,
                         {on ? "model enable" : "model disable", model->name, how, options.why});
        !s)
        return fail(std::move(s).error());
    if (Status written = write_whole(file, text, FileFor::Everyone); !written)
        return fail(written.error());
    const LoadedModels now = load_models(config.model_files.directory);
    const Model* after = now.models->find(model->name);
    const std::string state = after == nullptr ? "missing" : state_of(*after, env.now);
    if (env.json)
        print_json(env.out, Json{{"name", model->name}, {"state", state}, {"file", file}});
    else
        env.out << model->name << ": " << state << " (" << file << "); in effect after " << kReload
                << '\n';
    return 0;
}

Outcome test(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const auto model = find_model(config, options.name);
    if (!model) return fail(model.error());
    if (model->about == PolicySubject::Accounts)
        return test_on_account(env, config, reader, *model, options.mail);
    const auto entry = look_up_mail(config, reader, options.mail);
    if (!entry) return fail(entry.error());
    auto record = read_record(config, *entry);
    if (!record) return fail(record.error());
    take_learned_verdict(reader, *record);
    const PolicyCase mail{*record, config.budget};
    const bool matches = model->matches(mail);
    const auto findings = model->when.findings(mail);
    if (env.json) {
        Json j{{"model", model->name},
               {"mail", record->id},
               {"matches", matches},
               {"conditions", Json::array()}};
        for (const auto& f : findings)
            j["conditions"].push_back(
                {{"condition", f.condition}, {"is", f.is}, {"holds", f.holds}});
        print_json(env.out, j);
        return 0;
    }
    env.out << (model->name.empty() ? options.name : model->name)
            << (matches ? " matches " : " does not match ") << cell(record->id) << ", score "
            << fixed1(record->assessment.score);
    if (model->threshold > 0) env.out << " (threshold " << fixed1(model->threshold) << ")";
    env.out << '\n';
    TextTable table({"", "CONDITION", "OF THE MAIL"});
    for (const auto& f : findings)
        table.add({f.holds ? "yes" : "no", cell(f.condition, 100), cell(f.is, 60)});
    table.print(env.out);
    if (!matches && model->when.holds(mail))
        env.out << "the condition holds; the threshold, the scope or the day of expiry keeps the "
                   "model from it\n";
    return 0;
}

/// The text that an editor begins with.
Result<std::string> text_to_edit(const Config& config, const std::string& name) {
    const Model* model = models_of(config).find(name);
    if (model != nullptr && !model->is_shipped()) {
        auto text = read_config_file(model->file);
        if (!text) return fail(ErrorCode::Io, model->file + " " + text.error().what);
        return text;
    }
    const std::string_view shipped = shipped_model_text(name);
    if (!shipped.empty())
        return "# In place of kith's own model of this name.\n" + std::string(shipped);
    return std::string(
        "# kith-models(5) has the form. An experimental model is counted and does nothing.\n"
        "description: \n"
        "when: score >= 60\n"
        "action: tag\n"
        "mode: experimental\n"
        "priority: 40   # above 50 it decides in place of kith's own, which hold\n");
}

/// Runs $VISUAL or $EDITOR on the file, as sudoedit(8) does: the variable may hold arguments, and
/// it is the caller's own.
Status run_editor(const std::string& file) {
    const char* editor = std::getenv("VISUAL");
    if (editor == nullptr || *editor == '\0') editor = std::getenv("EDITOR");
    if (editor == nullptr || *editor == '\0') editor = "sensible-editor";
    const std::string command = std::string(editor) + " \"$1\"";
    const pid_t child = ::fork();
    if (child < 0) return os_fail(std::string(editor) + ": cannot start", errno);
    if (child == 0) {
        ::execl("/bin/sh", "sh", "-c", command.c_str(), "sh", file.c_str(),
                static_cast<char*>(nullptr));
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return ok();
    return fail(ErrorCode::Unavailable,
                std::string("the editor ") + editor + " failed; nothing is saved",
                "set EDITOR to one that is installed");
}

bool wants_to_go_on(Env& env) {
    if (::isatty(STDIN_FILENO) != 1) return false;
    env.err << "edit again? [Y/n] " << std::flush;
    std::string answer;
    return std::getline(std::cin, answer) &&
           (answer.empty() || answer[0] == 'y' || answer[0] == 'Y');
}

/// What would keep a model from being saved whatever is in it: told before somebody writes it, not
/// after.
Status check_can_save(const Config& config, const std::string& name, const std::string& file) {
    if (!is_model_name(name))
        return fail(
            ErrorCode::Usage, cell(name) + " cannot be the name of a model",
            fmt::format("letters a-z, digits and - (not first), at most {}", kMaxModelName));
    if (Status made = make_directory(config); !made) return made;
    const std::string directory = std::filesystem::path(file).parent_path().string();
    if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
        return os_fail("cannot write into " + directory, errno, "run as root");
    return check_audit(config);
}

Outcome edit(Env& env, const Config& config, const Options& options) {
    const std::string& name = options.name;
    const Model* model = models_of(config).find(name);
    const std::string file =
        model != nullptr && !model->is_shipped() ? model->file : path_in(config, name + ".yaml");
    if (Status can = check_can_save(config, name, file); !can) return fail(can.error());
    const auto begin = text_to_edit(config, name);
    if (!begin) return fail(begin.error());
    std::string scratch =
        (std::filesystem::temp_directory_path() / ("kith-" + name + "-XXXXXX.yaml")).string();
    const UniqueFd fd(::mkstemps(scratch.data(), 5));
    if (!fd) return os_fail(scratch + ": cannot make", errno);
    const std::unique_ptr<const char, int (*)(const char*)> gone(
        scratch.c_str(), [](const char* p) { return ::unlink(p); });
    if (const int error = write_all(fd.get(), *begin); error != 0)
        return os_fail(scratch + ": cannot write", error);

    for (;;) {
        if (Status edited = run_editor(scratch); !edited) return fail(edited.error());
        const auto text = read_config_file(scratch);
        if (!text) return fail(ErrorCode::Io, scratch + " " + text.error().what);
        if (*text == *begin && model != nullptr) {
            env.out << name << ": not changed\n";
            return 0;
        }
        const LoadedModels with = with_model_text(models_of(config), *text, name + ".yaml");
        std::vector<ConfigProblem> problems = with.problems;
        if (problems.empty() && (with.changed.empty() || with.changed.front() != name))
            problems.push_back(
                {name + ".yaml", 0, 0, "name", "the file must be about the model " + name});
        if (problems.empty()) {
            if (Status s = audit(config, env.now, {"model edit", name, file, options.why}); !s)
                return fail(std::move(s).error());
            if (Status written = write_whole(file, *text, FileFor::Everyone); !written)
                return fail(written.error());
            if (env.json)
                print_json(env.out, Json{{"name", name}, {"file", file}});
            else
                env.out << name << ": saved as " << file << "; in effect after " << kReload << '\n';
            return 0;
        }
        for (const ConfigProblem& p : problems) env.err << "kith: " << cell(p.text(), 2048) << '\n';
        if (!wants_to_go_on(env))
            return fail(ErrorCode::Config,
                        "the model is not valid and was not saved; the old one stays",
                        "kith-models(5) has the form");
    }
}

}  // namespace

ConfigAction setup_model(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    CLI::App* list_sub = sub.add_subcommand("list", "List models: kith's own and the site's");
    list_sub->add_option(
        "--since", options->since,
        "Also count the recorded mail of a span (7d) or since a day that each matches");
    CLI::App* show_sub = sub.add_subcommand("show", "Show a model as it is written");
    CLI::App* check_sub =
        sub.add_subcommand("check", "Check the site's models, or files before they are put there");
    check_sub->add_option("FILE", options->files, "Files to check instead");
    CLI::App* enable_sub = sub.add_subcommand("enable", "Switch a model on");
    auto* live = enable_sub->add_flag("--live", options->live, "Let it act");
    enable_sub->add_flag("--experimental", options->experimental, "Let it count only")
        ->excludes(live);
    CLI::App* disable_sub = sub.add_subcommand("disable", "Switch a model off");
    CLI::App* test_sub =
        sub.add_subcommand("test",
                           "Say which conditions of a model hold for a recorded mail, or "
                           "which of its steps an own account made");
    CLI::App* edit_sub =
        sub.add_subcommand("edit", "Write a model with $EDITOR; a broken one is not saved");
    for (CLI::App* one : {show_sub, enable_sub, disable_sub, edit_sub})
        one->add_option("NAME", options->name, "The model's name")->required();
    for (CLI::App* one : {enable_sub, disable_sub, edit_sub})
        one->add_option("--reason", options->why, "Why, for the audit log")->type_name("TEXT");
    test_sub->add_option("NAME", options->name, "The model's name, or a file")->required();
    test_sub
        ->add_option("ID", options->mail,
                     "kith's id, the MTA's queue id or the Message-ID of a mail; of a model about "
                     "accounts the login")
        ->required();
    for (CLI::App* one :
         {list_sub, show_sub, check_sub, enable_sub, disable_sub, test_sub, edit_sub})
        one->fallthrough();
    sub.require_subcommand(1);
    return [options, list_sub, show_sub, check_sub, enable_sub, disable_sub, test_sub](
               Env& env, const Config& config) -> Outcome {
        if (list_sub->parsed()) return list(env, config, *options);
        if (show_sub->parsed()) return show(env, config, *options);
        if (check_sub->parsed()) return check(env, config, *options);
        if (enable_sub->parsed() || disable_sub->parsed())
            return switch_model(env, config, *options, enable_sub->parsed());
        if (!test_sub->parsed()) return edit(env, config, *options);
        const auto reader = read_store(config.store);
        if (!reader) return fail(reader.error());
        return test(env, config, **reader, *options);
    };
}

}  // namespace kith::admin
