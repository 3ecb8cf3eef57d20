// SPDX-License-Identifier: Apache-2.0
// `kith profile show ADDRESS|LOGIN` and `kith profile forget ADDRESS`. Covered by
// tests/unit/admin/profile_test.cpp.
#include <CLI/CLI.hpp>

#include <memory>
#include <ostream>

#include "engine/admin/audit.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/admin/profile_view.hpp"
#include "engine/assess/site_key.hpp"
#include "engine/assess/store_memory.hpp"
#include "engine/base/hash.hpp"
#include "engine/features/observe.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::string address, why;
    bool all = false;
};

Outcome show(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const auto view = ProfileView::of(config, reader, options.address);
    if (!view) return fail(view.error());
    if (!view->is_known()) return fail(view->unknown().error());
    if (env.json)
        print_json(env.out, view->json());
    else
        view->print(env.out, options.all ? ProfileRows::All : ProfileRows::Telling);
    return 0;
}

Outcome forget(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const Result<std::string> address = checked_address(options.address);
    if (!address) return fail(address.error());
    const Result<Hasher::Secret> secret = read_site_key(reader, config);
    if (!secret) return fail(secret.error());
    const auto snapshot = load_snapshot(reader, 0);
    if (!snapshot) return fail(snapshot.error());
    const StoreMemory memory(reader, *snapshot);
    const Key16 sender = sender_key(Hasher(*secret), *address);
    const auto profile = unless_empty(memory.profile(Subject::Correspondent, sender));
    const auto vocabulary = memory.vocabulary(sender);
    const bool known = profile != nullptr || (vocabulary != nullptr && !vocabulary->words.empty());
    if (!memory.trouble().empty())
        return fail(ErrorCode::Corrupt, "profile of " + *address + ": " + memory.trouble(), "");
    if (!known)
        return fail(ErrorCode::NoInput, "nothing is known about " + *address,
                    "is it spelt as in From? kith list --all shows addresses");
    // Which address it was stays in the journal for journal.keep only, not in the audit log for
    // ever.
    if (Status s = audit(
            config, env.now,
            {"profile forget", "address " + audit_hash(*secret, "forget", *address).substr(0, 16),
             "", options.why});
        !s)
        return fail(std::move(s).error());
    AdminRecord record;
    record.address = *address;
    record.why = options.why;
    if (Status s = append_admin_record(config, RecordType::Forget, env.now, std::move(record)); !s)
        return fail(std::move(s).error());
    if (env.json)
        print_json(env.out, Json{{"address", *address}, {"recorded", true}});
    else
        env.out << "kith-learner forgets what it learned about " << cell(*address) << " next\n";
    return 0;
}

}  // namespace

StoreAction setup_profile(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    CLI::App* show_sub = sub.add_subcommand(
        "show", "Show what is learned about an address, its domain, group and login");
    show_sub->add_option("ADDRESS", options->address, "local-part@domain, a domain, or a login")
        ->required();
    show_sub->add_flag("--all", options->all,
                       "Every feature, not only those that tell most of the sender");
    CLI::App* forget_sub = sub.add_subcommand("forget", "Have the learner forget an address");
    forget_sub->add_option("ADDRESS", options->address, "local-part@domain")->required();
    add_reason_option(*forget_sub, options->why);
    show_sub->fallthrough();
    forget_sub->fallthrough();
    sub.require_subcommand(1);
    return [options, forget_sub](Env& env, const Config& config, const StoreReader& reader) {
        return forget_sub->parsed() ? forget(env, config, reader, *options)
                                    : show(env, config, reader, *options);
    };
}

}  // namespace kith::admin
