// SPDX-License-Identifier: Apache-2.0
// `kith restore DIRECTORY [--verify]`. Covered by tests/unit/admin/backup_test.cpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <ostream>

#include "engine/admin/audit.hpp"
#include "engine/admin/backup.hpp"
#include "engine/admin/local_state.hpp"
#include "engine/admin/output.hpp"
#include "engine/base/hash.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::string directory, why;
    bool verify = false;
};

Outcome restore(Env& env, const Config& config, const Options& options) {
    if (!options.verify) {
        const auto running = learner_running(config.store);
        if (running && *running)
            return fail(ErrorCode::TryAgain, "kith-learner is running and writes the store",
                        "systemctl stop kith-milter kith-learner; mail flows meanwhile if main.cf "
                        "has default_action=accept");
    }
    // Under the secret that is there, and when another one comes back, in the log that comes with
    // it.
    const AuditEvent event{"restore", options.directory, "", options.why};
    const auto before = read_secret(config.secret_file);
    if (!options.verify && before)
        if (Status s = audit(config, env.now, event); !s) return fail(std::move(s).error());
    const auto done = options.verify ? verify_backup(options.directory)
                                     : restore_backup(config, options.directory);
    if (!done) return fail(done.error());
    const auto after = read_secret(config.secret_file);
    if (!options.verify && after && !(before && *before == *after))
        if (Status s = audit(config, env.now, event); !s) return fail(std::move(s).error());
    if (env.json) {
        print_json(env.out, Json{{"directory", done->directory},
                                 {"made", done->made},
                                 {"host", done->host},
                                 {"kith", done->version},
                                 {"files", done->files},
                                 {"bytes", done->bytes},
                                 {"records", done->records},
                                 {"restored", !options.verify}});
        return 0;
    }
    env.out << fmt::format(
        "{}: backup of {} of {}, {}, {:.1f} MB, {} records: ", cell(done->directory),
        cell(done->host), cell(done->made), counted(done->files, "file"),
        static_cast<double>(done->bytes) / 1e6, done->records);
    if (options.verify) {
        env.out << "whole\n";
        return 0;
    }
    env.out << "restored\nWhat was there is beside it, with the ending .before-restore; remove it "
               "when all is well.\n"
            << "The configuration was not touched; the backup's is in " << cell(done->directory)
            << "/etc.\n"
            << "systemctl start kith-learner kith-milter\n";
    return 0;
}

}  // namespace

ConfigAction setup_restore(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    sub.add_option("DIRECTORY", options->directory, "A backup")->required();
    sub.add_flag("--verify", options->verify, "Only read all of it and say whether it is whole");
    sub.add_option("--reason", options->why, "Why, for the audit log")->type_name("TEXT");
    return [options](Env& env, const Config& config) { return restore(env, config, *options); };
}

}  // namespace kith::admin
