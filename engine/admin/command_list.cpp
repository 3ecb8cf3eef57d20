// SPDX-License-Identifier: Apache-2.0
// `kith list`: the index, newest first. Covered by tests/unit/admin/program_test.cpp.
#include <CLI/CLI.hpp>

#include <memory>
#include <ostream>

#include "engine/admin/command.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"

namespace kith::admin {
namespace {

struct Options {
    bool held = false, tagged = false, all = false;
    std::string since;
    std::size_t limit = 50;
};

Outcome list(Env& env, const StoreReader& reader, const Options& options) {
    MailFilter filter;
    filter.mails = options.held  ? MailClass::Held
                   : options.all ? MailClass::All
                                 : MailClass::Tagged;
    filter.limit = options.limit;
    if (!options.since.empty()) {
        const Result<Time> since = parse_since(options.since, env.now);
        if (!since) return fail(since.error());
        filter.since = *since;
    }
    const Result<std::vector<MailEntry>> mails = list_mail(reader, filter);
    if (!mails) return fail(mails.error());

    if (env.json) {
        Json j;
        j["mails"] = Json::array();
        for (const MailEntry& e : *mails) j["mails"].push_back(entry_json(e));
        print_json(env.out, j);
        return 0;
    }
    if (mails->empty()) {
        env.out << (options.held  ? "no mail was held, and none would have been\n"
                    : options.all ? "no mail\n"
                                  : "no mail with another verdict than pass\n");
        return 0;
    }
    TextTable table(
        {"ID", "TIME (UTC)", "SCORE", "VERDICT", "ACTION", "FROM", "TO", "QUEUE ID", "DIRECTION"});
    for (const MailEntry& e : *mails) {
        std::string to = cell(e.rcpt, 64);
        if (e.rcpt_count > 1) to += " +" + std::to_string(e.rcpt_count - 1);
        std::string when = iso8601(e.time).substr(0, 16);
        when[10] = ' ';
        table.add({cell(e.id), when, score_text(shown_verdict(e)), verdict_text(e), fate_text(e),
                   cell(e.from, 64), to, cell(e.queue_id), std::string(to_string(e.direction))});
    }
    table.print(env.out, {output_width(), {5, 6}, {8, 7, 6}, {3, 4}});
    return 0;
}

}  // namespace

StoreAction setup_list(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    auto* held = sub.add_flag("--held", options->held,
                              "Mail that was held, or would have been in another mode");
    auto* tagged = sub.add_flag("--tagged", options->tagged,
                                "Mail with another verdict than pass (the default)");
    auto* all = sub.add_flag("--all", options->all, "Every mail");
    held->excludes(tagged)->excludes(all);
    tagged->excludes(all);
    sub.add_option("--since", options->since,
                   "Not older than a span (7d, 12h) or a day (2026-03-01)");
    sub.add_option("-n,--limit", options->limit, "At most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000000));
    return [options](Env& env, const Config&, const StoreReader& reader) {
        return list(env, reader, *options);
    };
}

}  // namespace kith::admin
