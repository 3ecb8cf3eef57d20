// SPDX-License-Identifier: Apache-2.0
// `kith hunt`: a condition or a model over the recorded past, of mail or of own accounts. Covered
// by tests/unit/admin/hunt_test.cpp and account_hunt_test.cpp.
#include <CLI/CLI.hpp>

#include <memory>

#include "engine/admin/account_hunt.hpp"
#include "engine/admin/hunt.hpp"
#include "engine/admin/models.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::string model, where, group_by;
    bool accounts = false;
    HuntQuestion question;
};

Outcome run_on_accounts(Env& env, const Config& config, const StoreReader& reader,
                        const Options& options, const Model& model) {
    if (!options.group_by.empty() || options.question.imported)
        return fail(ErrorCode::Usage, "--group-by and --imported are for mail",
                    "what happened on accounts is grouped by account");
    return hunt_accounts(env, config, reader,
                         {&model, options.question.span, options.question.limit});
}

Outcome run(Env& env, const Config& config, const StoreReader& reader, Options options) {
    Result<Model> asked = fail(ErrorCode::Usage, "nothing to look for",
                               "give --where 'CONDITION' or --model NAME|FILE, see kith-models(5)");
    if (!options.where.empty())
        asked =
            model_of_condition(config, options.where,
                               options.accounts ? PolicySubject::Accounts : PolicySubject::Mail);
    else if (!options.model.empty())
        asked = find_model(config, options.model);
    if (!asked) return fail(asked.error());
    if (asked->about == PolicySubject::Accounts)
        return run_on_accounts(env, config, reader, options, *asked);
    if (options.accounts)
        return fail(ErrorCode::Usage, "the model " + cell(asked->name) + " is about mail",
                    "leave out --accounts; a model with \"scope: accounts\" is about accounts");
    options.question.model = &*asked;
    const auto grouping = hunt_grouping(options.group_by);
    if (!grouping) return fail(grouping.error());
    options.question.grouping = *grouping;
    return hunt(env, config, reader, options.question);
}

}  // namespace

StoreAction setup_hunt(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    auto* model = sub.add_option("--model", options->model, "A model's name, or a file with one")
                      ->type_name("NAME|FILE");
    sub.add_option("--where", options->where, "A condition, as kith-models(5) has it")
        ->type_name("CONDITION")
        ->excludes(model);
    sub.add_flag("--accounts", options->accounts,
                 "Look through what happened on own accounts, not through mail; implied by a model "
                 "of scope accounts");
    add_hunt_options(sub, options->question, options->group_by);
    return [options](Env& env, const Config& config, const StoreReader& reader) {
        return run(env, config, reader, *options);
    };
}

}  // namespace kith::admin
