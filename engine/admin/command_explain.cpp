// SPDX-License-Identifier: Apache-2.0
// `kith explain ID`. Covered by tests/unit/admin/explain_test.cpp and program_test.cpp.
#include <CLI/CLI.hpp>

#include <memory>
#include <ostream>

#include "engine/admin/command.hpp"
#include "engine/admin/explain.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/models.hpp"
#include "engine/admin/output.hpp"
#include "engine/config/tenants.hpp"

namespace kith::admin {
namespace {

Outcome explain(Env& env, const Config& config, const StoreReader& reader,
                const std::string& text) {
    const Result<MailEntry> entry = look_up_mail(config, reader, text);
    if (!entry) return fail(entry.error());
    const Result<MailRecord> record = read_record(config, *entry);
    if (!record) return fail(record.error());
    const auto attached = find_attached(reader, entry->id);
    if (!attached) return fail(attached.error());
    const Explanation explanation = explain_mail(
        *entry, *record, {*attached, kith_command(config), &models_of(config), env.now});
    if (env.json)
        print_json(env.out, to_json(explanation, *entry, *record));
    else
        print(env.out, explanation);
    return 0;
}

}  // namespace

StoreAction setup_explain(CLI::App& sub) {
    auto id = std::make_shared<std::string>();
    sub.add_option("ID", *id,
                   "kith's id, a queue id, a Message-ID or the unique beginning of an id")
        ->required();
    return [id](Env& env, const Config& config, const StoreReader& reader) {
        return explain(env, config, reader, *id);
    };
}

}  // namespace kith::admin
