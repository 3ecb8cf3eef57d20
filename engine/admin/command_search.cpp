// SPDX-License-Identifier: Apache-2.0
// `kith search`: recorded mail by what an admin has in hand. Covered by
// tests/unit/admin/hunt_test.cpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "engine/admin/hunt.hpp"
#include "engine/admin/models.hpp"
#include "engine/policy/metrics.hpp"
#include "engine/scoring/tags.hpp"

namespace kith::admin {
namespace {

constexpr std::string_view kIndicatorNames[] = {
#define INDICATOR(number, function, name, meaning) name,
#include "engine/scoring/indicators.def"
#undef INDICATOR
};

struct Options {
    std::string address, domain, account, host, indicator, tag, group_by;
    double at_least = 40;
    HuntQuestion question;
};

/// A text as conditions take it. A quote cannot be written there: ? matches it.
std::string quoted(std::string text) {
    for (char& c : text)
        if (c == '"') c = '?';
    return '"' + text + '"';
}

/// The first tag or indicator whose name begins with `text`, as conditions spell it; "" = none.
std::string begins_with(std::string_view family, std::string_view text) {
    if (family == "tag")
        for (const Tag& t : all_tags())
            if (t.name.starts_with(text)) return std::string(t.name);
    if (family == "indicator")
        for (const std::string_view name : kIndicatorNames)
            if (slug_of(name).starts_with(text)) return slug_of(name);
    return "";
}

std::string condition_of(const Options& o) {
    std::string out;
    const auto also = [&](const std::string& part) {
        out += (out.empty() ? "(" : " and (") + part + ")";
    };
    if (!o.address.empty())
        also(fmt::format("from = {0} or mail_from = {0} or rcpt = {0}", quoted(o.address)));
    if (!o.domain.empty()) {
        const std::string own = quoted(o.domain), below = quoted("*." + o.domain);
        also(
            fmt::format("from.domain in ({0}, {1}) or mail_from.domain in ({0}, {1}) or "
                        "rcpt.domain in ({0}, {1})",
                        own, below));
    }
    if (!o.account.empty()) also("login = " + quoted(o.account));
    if (!o.host.empty())
        also(fmt::format("client.addr = {0} or client.name = {0} or helo = {0}", quoted(o.host)));
    if (!o.indicator.empty())
        also(fmt::format("indicator.{} >= {}", slug_of(o.indicator), o.at_least));
    if (!o.tag.empty()) also("tag." + o.tag);
    return out;
}

/// Whether `family`, tag or indicator, has `name`. `option`: what was typed, for the answer.
Status check_name(std::string_view family, const std::string& name, const std::string& option) {
    if (name.empty()) return ok();
    const std::string begin = std::string(family) + '.';
    const FoundMetric found = find_metric(begin + name, PolicySubject::Mail);
    if (found.metric != nullptr) return ok();
    std::string near = found.nearest.substr(std::min(begin.size(), found.nearest.size()));
    // The beginning of a name is no typing error.
    if (near.empty()) near = begins_with(family, name);
    return fail(ErrorCode::Usage,
                option + ": there is no such " + std::string(family) +
                    (near.empty() ? "" : "; did you mean " + near + "?"),
                "kith-indicators(7) lists them");
}

Outcome run(Env& env, const Config& config, const StoreReader& reader, Options options) {
    if (Status s = check_name("tag", options.tag, "--tag " + cell(options.tag)); !s)
        return fail(std::move(s).error());
    if (Status s = check_name("indicator", slug_of(options.indicator),
                              "--indicator " + cell(options.indicator));
        !s)
        return fail(std::move(s).error());
    const std::string condition = condition_of(options);
    if (condition.empty())
        return fail(ErrorCode::Usage, "nothing to look for",
                    "give --address, --domain, --account, --host, --indicator or --tag");
    const auto model = model_of_condition(config, condition);
    if (!model) return fail(model.error());
    options.question.model = &*model;
    const auto grouping = hunt_grouping(options.group_by);
    if (!grouping) return fail(grouping.error());
    options.question.grouping = *grouping;
    return hunt(env, config, reader, options.question);
}

}  // namespace

StoreAction setup_search(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    sub.add_option("--address", options->address,
                   "Sender, envelope sender or recipient; * stands for any text");
    sub.add_option("--domain", options->domain, "Domain of one of them, and what is below it");
    sub.add_option("--account", options->account, "Login that submitted the mail");
    sub.add_option("--host", options->host, "Address, name or HELO of the client");
    sub.add_option("--indicator", options->indicator, "Indicator, like \"Out of Character\"");
    sub.add_option("--at-least", options->at_least, "Score of the indicator from which on")
        ->capture_default_str()
        ->check(CLI::Range(0, 100));
    sub.add_option("--tag", options->tag, "Tag, like phishing-link");
    add_hunt_options(sub, options->question, options->group_by);
    return [options](Env& env, const Config& config, const StoreReader& reader) {
        return run(env, config, reader, *options);
    };
}

}  // namespace kith::admin
