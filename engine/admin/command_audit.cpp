// SPDX-License-Identifier: Apache-2.0
// `kith audit list|verify`: the audit log, and whether it is whole. Covered by
// tests/unit/admin/audit_test.cpp.
#include <CLI/CLI.hpp>

#include <deque>
#include <memory>
#include <ostream>

#include "engine/admin/audit.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/local_state.hpp"
#include "engine/admin/output.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::size_t limit = 50;
};

Outcome list(Env& env, const Config& config, const Options& options) {
    if (const Status may = may_look(config); !may) return fail(may.error());
    std::deque<AuditLine> newest;
    const Status read = read_audit(config, [&](const AuditLine& line) {
        newest.push_back(line);
        if (newest.size() > options.limit) newest.pop_front();
        return true;
    });
    if (!read) return fail(read.error());
    if (env.json) {
        Json j;
        j["entries"] = Json::array();
        for (auto it = newest.rbegin(); it != newest.rend(); ++it)
            j["entries"].push_back({{"n", it->number},
                                    {"time", it->time},
                                    {"who", it->who},
                                    {"login", it->login},
                                    {"uid", it->uid},
                                    {"action", it->event.action},
                                    {"object", it->event.object},
                                    {"detail", it->event.detail},
                                    {"why", it->event.why}});
        print_json(env.out, j);
        return 0;
    }
    if (newest.empty()) {
        env.out << "the audit log is empty\n";
        return 0;
    }
    TextTable table({"N", "TIME", "WHO", "ACTION", "OBJECT", "DETAIL", "WHY"});
    for (auto it = newest.rbegin(); it != newest.rend(); ++it)
        table.add({std::to_string(it->number), cell(it->time), cell(it->who),
                   cell(it->event.action), cell(it->event.object), cell(it->event.detail),
                   cell(it->event.why)});
    table.print(env.out);
    return 0;
}

Outcome verify(Env& env, const Config& config) {
    if (const Status may = may_look(config); !may) return fail(may.error());
    // A store that cannot be read must not keep anybody from looking at the log.
    const auto reader = read_store(config.store);
    if (!reader)
        env.err << "kith: the store cannot be asked for the log's end: "
                << cell(reader.error().text(), 500) << '\n';
    const Result<AuditVerdict> verdict = verify_audit(config, reader ? reader->get() : nullptr);
    if (!verdict) return fail(verdict.error());
    const int status = verdict->problems.empty() ? kExitOk : kExitCritical;
    if (env.json) {
        print_json(env.out, Json{{"ok", verdict->problems.empty()},
                                 {"entries", verdict->lines},
                                 {"last", verdict->last},
                                 {"removed", verdict->removed},
                                 {"witnessed", verdict->witnessed},
                                 {"problems", verdict->problems}});
        return status;
    }
    for (const std::string& problem : verdict->problems) env.out << cell(problem, 500) << '\n';
    if (verdict->problems.empty())
        env.out << "sound: " << verdict->lines << (verdict->lines == 1 ? " entry" : " entries")
                << ", each as it was written"
                << (verdict->removed > 0
                        ? "; those up to entry " + std::to_string(verdict->removed) +
                              " were removed when their time was over"
                        : "")
                << (verdict->witnessed > 0 ? "; journal and store agree on its end" : "") << '\n';
    else
        env.out << audit_file(config) << " is not as kith wrote it\n";
    return status;
}

}  // namespace

ConfigAction setup_audit(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    CLI::App* list_sub = sub.add_subcommand("list", "List what was done, newest first");
    CLI::App* verify_sub = sub.add_subcommand("verify", "Look whether the log is whole");
    list_sub->add_option("-n,--limit", options->limit, "At most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000000));
    for (CLI::App* one : {list_sub, verify_sub}) one->fallthrough();
    sub.require_subcommand(1);
    return [options, list_sub](Env& env, const Config& config) {
        return list_sub->parsed() ? list(env, config, *options) : verify(env, config);
    };
}

}  // namespace kith::admin
