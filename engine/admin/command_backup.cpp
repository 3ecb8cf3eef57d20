// SPDX-License-Identifier: Apache-2.0
// `kith backup DIRECTORY`. Covered by tests/unit/admin/backup_test.cpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <ostream>

#include "engine/admin/backup.hpp"
#include "engine/admin/output.hpp"

namespace kith::admin {

StoreAction setup_backup(CLI::App& sub) {
    auto directory = std::make_shared<std::string>();
    sub.add_option("DIRECTORY", *directory, "Where to; must not be there yet")->required();
    return [directory](Env& env, const Config& config, const StoreReader& reader) -> Outcome {
        const auto made = make_backup(config, reader, env.config_path, *directory, env.now);
        if (!made) return fail(made.error());
        if (env.json)
            print_json(env.out, Json{{"directory", made->directory},
                                     {"files", made->files},
                                     {"bytes", made->bytes},
                                     {"records", made->records}});
        else
            env.out << fmt::format(
                "{}: {}, {:.1f} MB, {} records of the store; it holds the site's secret and "
                "addresses: keep it as safe as the server\n",
                made->directory, counted(made->files, "file"),
                static_cast<double>(made->bytes) / 1e6, made->records);
        return 0;
    };
}

}  // namespace kith::admin
