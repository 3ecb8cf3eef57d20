// SPDX-License-Identifier: Apache-2.0
// `kith tenants`: who shares this server, and whether their learners run. Covered by
// tests/unit/admin/tenants_test.cpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <ostream>

#include "engine/admin/command.hpp"
#include "engine/admin/local_state.hpp"
#include "engine/admin/output.hpp"
#include "engine/assess/mode.hpp"
#include "engine/config/tenants.hpp"

namespace kith::admin {
namespace {

/// "running", "stopped", or why that cannot be told.
std::string learner_state(const Config& tenant) {
    if (const Status may = may_look(tenant); !may) return "unknown: " + may.error().what;
    const Result<bool> running = learner_running(tenant.store);
    if (!running) return "unknown: " + running.error().what;
    return *running ? "running" : "stopped";
}

Outcome tenants(Env& env, const Config& site) {
    Json j;
    j["tenants"] = Json::array();
    TextTable table({"TENANT", "DOMAINS", "MODE", "LEARNER", "DIRECTORY"});
    bool all_run = true;
    for (const auto& tenant : site.tenants) {
        const std::string learner = learner_state(*tenant);
        const std::string directory = tenant_directory(site, tenant->tenant);
        all_run = all_run && learner == "running";
        j["tenants"].push_back({{"name", tenant->tenant},
                                {"domains", tenant->site.domains},
                                {"mode", modes_text(*tenant)},
                                {"learner", learner},
                                {"directory", directory}});
        table.add({tenant->tenant, cell(fmt::format("{}", fmt::join(tenant->site.domains, " "))),
                   cell(modes_text(*tenant)), cell(learner), cell(directory)});
    }
    if (env.json) {
        print_json(env.out, j);
    } else if (site.tenants.empty()) {
        env.out << "no tenants: a file NAME.yaml in " << site.tenant_files.directory
                << " makes one, see kith.yaml(5)\n";
    } else {
        table.print(env.out);
        if (!all_run)
            env.out << "A tenant's learner: systemctl enable --now " << learner_unit("TENANT")
                    << '\n';
    }
    return all_run ? kExitOk : kExitWarning;
}

}  // namespace

ConfigAction setup_tenants(CLI::App&) {
    return [](Env& env, const Config& config) -> Outcome {
        if (!config.tenant.empty())
            return fail(ErrorCode::Usage, "a tenant has no tenants",
                        env.each_tenant ? "leave out --each-tenant" : "leave out --tenant");
        return tenants(env, config);
    };
}

}  // namespace kith::admin
