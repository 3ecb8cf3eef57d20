// SPDX-License-Identifier: Apache-2.0
// `kith alerts send|list|test`. Covered by tests/unit/admin/alerts_test.cpp and, with a receiver
// that is down, answers 500 and hangs, by tests/e2e/alerts_test.py.
#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <ostream>

#include "engine/admin/alerts.hpp"
#include "engine/admin/audit.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/local_state.hpp"
#include "engine/admin/mail_lookup.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::vector<std::string> channels;
};

Outcome send(Env& env, const Config& config, const Options& options) {
    if (const Status may = may_look(config); !may) return fail(may.error());
    Status collected = ok();
    {
        // A store that cannot be read is one of the things to tell.
        const auto reader = read_store(config.store);
        collected = collect_alerts(config, env.now, reader ? reader->get() : nullptr);
    }
    if (!collected) env.err << "kith: " << cell(collected.error().text(), 1000) << '\n';
    int status = collected ? kExitOk : kExitWarning;
    Json j;
    j["channels"] = Json::array();
    for (const Channel c : kChannels) {
        const std::string name(to_string(c));
        if (!options.channels.empty() && std::find(options.channels.begin(), options.channels.end(),
                                                   name) == options.channels.end())
            continue;
        const Result<Sending> sent = send_alerts(config, env.now, c);
        if (!sent) return fail(sent.error());
        if (!sent->trouble.empty() || sent->given_up > 0) status = kExitWarning;
        j["channels"].push_back({{"channel", name},
                                 {"sent", sent->sent},
                                 {"waiting", sent->waiting},
                                 {"given_up", sent->given_up},
                                 {"trouble", sent->trouble}});
        if (!env.json && (sent->sent > 0 || sent->waiting > 0 || sent->given_up > 0)) {
            env.out << name << ": " << sent->sent << " sent, " << sent->waiting << " waiting";
            if (sent->given_up > 0) env.out << ", " << sent->given_up << " refused for good";
            if (!sent->trouble.empty()) env.out << ": " << cell(sent->trouble, 300);
            env.out << '\n';
        }
    }
    if (const auto old = expire_alerts(config, env.now); !old) return fail(old.error());
    if (const auto old = expire_audit(config, env.now); !old) return fail(old.error());
    if (env.json) print_json(env.out, j);
    return status;
}

Outcome list(Env& env, const Config& config) {
    const auto all = waiting_alerts(config);
    if (!all) return fail(all.error());
    if (env.json) {
        Json j;
        j["alerts"] = Json::array();
        for (const WaitingAlert& w : *all)
            j["alerts"].push_back({{"id", w.id},
                                   {"channel", to_string(w.channel)},
                                   {"since", iso8601(w.since)},
                                   {"refused", w.refused},
                                   {"given_up", w.given_up},
                                   {"kind", w.alert.kind},
                                   {"time", iso8601(w.alert.time)},
                                   {"text", w.alert.text},
                                   {"data", w.alert.data}});
        print_json(env.out, j);
        return 0;
    }
    if (all->empty()) {
        env.out << "no alert waits\n";
        return 0;
    }
    TextTable table({"ID", "FOR", "SINCE", "KIND", "TEXT"});
    for (const WaitingAlert& w : *all)
        table.add({cell(w.id), std::string(to_string(w.channel)), iso8601(w.since),
                   cell(w.alert.kind) + (w.given_up ? " (refused)" : ""), cell(w.alert.text)});
    table.print(env.out, {output_width(), {4}, {}});
    return 0;
}

Outcome test(Env& env, const Config& config) {
    std::string to;
    for (const Channel c : kChannels)
        if (is_configured(config, c)) to += (to.empty() ? "" : ", ") + std::string(to_string(c));
    if (to.empty())
        return fail(ErrorCode::Config, "alerts have no receiver",
                    "alerts.mail_to, alerts.syslog or alerts.webhook");
    if (Status s = enqueue(config, env.now,
                           {"test", iso8601(env.now) + "/" + std::to_string(::getpid()), env.now,
                            "a test by " + calling_user() + ": nothing happened", Json::object()});
        !s)
        return fail(std::move(s).error());
    if (env.json)
        print_json(env.out, Json{{"waiting_for", to}});
    else
        env.out << "a test alert waits for " << to << "; the timers send it within a minute or "
                << "two, kith alerts send does it now\n";
    return 0;
}

}  // namespace

ConfigAction setup_alerts(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    CLI::App* send_sub = sub.add_subcommand("send", "Look what happened, and send what waits");
    CLI::App* list_sub = sub.add_subcommand("list", "List alerts that wait to be sent");
    CLI::App* test_sub =
        sub.add_subcommand("test", "Put down an alert that says that it is a test");
    send_sub->add_option("--channel", options->channels, "Only for this receiver")
        ->check(CLI::IsMember({"mail", "syslog", "webhook"}));
    for (CLI::App* one : {send_sub, list_sub, test_sub}) one->fallthrough();
    sub.require_subcommand(1);
    return [options, send_sub, list_sub](Env& env, const Config& config) {
        if (send_sub->parsed()) return send(env, config, *options);
        return list_sub->parsed() ? list(env, config) : test(env, config);
    };
}

}  // namespace kith::admin
