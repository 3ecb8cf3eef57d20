// SPDX-License-Identifier: Apache-2.0
// `kith allow list|remove`: what was allowed with `kith release --allow`. Covered by
// tests/unit/admin/release_test.cpp and tests/e2e/quarantine_test.py.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <ostream>
#include <string_view>
#include <utility>

#include "engine/admin/audit.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/features/asks.hpp"
#include "engine/features/feature_id.hpp"
#include "engine/features/spec.hpp"
#include "engine/profile/allowance.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::string id, why;
};

/// Those in force, the first to end first.
Result<std::vector<Allowance>> allowances(const StoreReader& reader, Time now) {
    std::vector<Allowance> out;
    const Status scanned = reader.scan(Table::Messages, std::string_view(&kAllowanceKey, 1),
                                       [&](std::string_view key, std::string_view value) {
                                           if (key.front() != kAllowanceKey) return false;
                                           if (auto all = decode_allowances(value))
                                               for (Allowance& a : all->items)
                                                   if (now < a.expires) out.push_back(std::move(a));
                                           return true;
                                       });
    if (!scanned) return fail(scanned.error());
    std::stable_sort(out.begin(), out.end(),
                     [](const Allowance& a, const Allowance& b) { return a.expires < b.expires; });
    return out;
}

std::vector<std::string> names_of(const Allowance& a) {
    std::vector<std::string> out;
    for (const std::uint16_t f : a.features) out.emplace_back(feature_name(f));
    return out;
}

/// What explain says of a feature, without the value, which an allowance does not keep: "links to a
/// new page owner".
std::string words_of(std::uint16_t feature) {
    if (feature >= index_of(Ask::Click) && feature < index_of(Ask::kCount)) {
        const auto ask = static_cast<Ask>(feature - index_of(Ask::Click));
        return "asks the reader to " + std::string(request_text(ask));
    }
    const FeatureSpec& spec = feature_spec(feature);
    if (!spec.unlabelled.empty()) return std::string(spec.unlabelled);
    std::string text(spec.sentence);
    // What is left has the value in brackets at most: "came by a new way (%)".
    if (const auto aside = text.find(" ("); aside != std::string::npos)
        text.erase(aside, text.find(')', aside) + 1 - aside);
    return text;
}

std::string words_of(const Allowance& a) {
    std::string out;
    for (const std::uint16_t f : a.features) out += (out.empty() ? "" : "; ") + cell(words_of(f));
    return out.empty() ? "-" : out;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& w : words) out += (out.empty() ? "" : ", ") + cell(w);
    return out.empty() ? "-" : out;
}

Outcome list(Env& env, const StoreReader& reader) {
    const auto all = allowances(reader, env.now);
    if (!all) return fail(all.error());
    if (env.json) {
        Json j;
        j["allowances"] = Json::array();
        for (const Allowance& a : *all)
            j["allowances"].push_back({{"id", a.id},
                                       {"from", a.from},
                                       {"rcpts", a.rcpt_names},
                                       {"features", names_of(a)},
                                       {"granted", iso8601(a.granted)},
                                       {"expires", iso8601(a.expires)},
                                       {"who", a.who},
                                       {"why", a.why}});
        print_json(env.out, j);
        return 0;
    }
    if (all->empty()) {
        env.out << "nothing is allowed\n";
        return 0;
    }
    for (const Allowance& a : *all)
        env.out << cell(a.id) << "  until " << iso8601(a.expires) << ", by " << cell(a.who)
                << (a.why.empty() ? "" : ": " + cell(a.why)) << "\n    from " << cell(a.from)
                << "\n    to   " << joined(a.rcpt_names) << "\n    what " << words_of(a) << '\n';
    return 0;
}

Outcome remove(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const auto all = allowances(reader, env.now);
    if (!all) return fail(all.error());
    std::vector<Allowance> found;
    for (const Allowance& a : *all)
        if (options.id.size() >= kMinIdPrefix && a.id.starts_with(options.id)) found.push_back(a);
    if (found.size() != 1)
        return fail(found.empty() ? ErrorCode::NoInput : ErrorCode::Usage,
                    found.empty() ? "nothing is allowed under " + cell(options.id)
                                  : "several begin with " + cell(options.id),
                    "kith allow list shows the ids");
    const Allowance& a = found.front();
    if (Status s = audit(
            config, env.now,
            {"allow remove", a.id, "from " + a.from + ", to " + joined(a.rcpt_names), options.why});
        !s)
        return fail(std::move(s).error());
    AdminRecord record;
    record.id = a.id;
    record.why = options.why;
    if (Status s = append_admin_record(config, RecordType::Disallow, env.now, std::move(record));
        !s)
        return fail(std::move(s).error());
    if (env.json)
        print_json(env.out, Json{{"id", a.id}, {"recorded", true}});
    else
        env.out << "recorded that what was allowed with " << cell(a.id) << " is no more\n";
    return 0;
}

}  // namespace

StoreAction setup_allow(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    CLI::App* list_sub = sub.add_subcommand("list", "List what is allowed, and until when");
    CLI::App* remove_sub = sub.add_subcommand("remove", "End an allowance");
    remove_sub->add_option("ID", options->id, "Beginning of the id of the mail that was released")
        ->required();
    add_reason_option(*remove_sub, options->why);
    for (CLI::App* one : {list_sub, remove_sub}) one->fallthrough();
    sub.require_subcommand(1);
    return [options, list_sub](Env& env, const Config& config, const StoreReader& reader) {
        return list_sub->parsed() ? list(env, reader) : remove(env, config, reader, *options);
    };
}

}  // namespace kith::admin
