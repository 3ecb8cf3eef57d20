// SPDX-License-Identifier: Apache-2.0
// soak_tool: what the soak tests (soak.py) cannot do as fast or as exactly themselves. Each
// subcommand prints one JSON object a line.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

#include <iostream>
#include <thread>

#include "tests/protocol/learned_site.hpp"
#include "tests/soak/load.hpp"
#include "tests/soak/site_state.hpp"

namespace kith::test {
namespace {

using Json = nlohmann::json;

void print(const Json& json) { std::cout << json.dump() << std::endl; }

int complain(const Error& error) {
    std::cerr << "soak_tool: " << error.text() << '\n';
    return 1;
}

Json counts_json(const LoadCounts& c) {
    return {{"begun", c.begun.load()},
            {"delivered", c.delivered.load()},
            {"held", c.held.load()},
            {"rejected", c.rejected.load()},
            {"lost", c.lost.load()},
            {"not_reached", c.not_reached.load()},
            {"not_answered", c.not_answered.load()},
            {"told_later", c.told_later.load()}};
}

/// Without a number of messages the end of standard input is the order to stop.
int send(const LoadPlan& plan) {
    std::atomic<bool> stop{false}, over{false};
    std::thread listener;
    if (plan.messages == 0)
        listener = std::thread([&] {
            pollfd input{STDIN_FILENO, POLLIN, 0};
            while (!over && ::poll(&input, 1, 100) <= 0) {
            }
            stop = true;
        });
    LoadCounts counts;
    const LoadTimes times = send_load(plan, stop, counts, [&] { print(counts_json(counts)); });
    over = true;
    if (listener.joinable()) listener.join();
    Json last = counts_json(counts);
    last["median_ms"] = times.median_ms;
    last["p99_ms"] = times.p99_ms;
    last["longest_ms"] = times.longest_ms;
    last["over"] = true;
    print(last);
    return 0;
}

int probe(const std::string& socket, const std::string& kind) {
    auto mta = FakeMta::connect(socket);
    if (!mta) return complain({ErrorCode::Unavailable, "nobody listens on " + socket, ""});
    const EomAnswer answer = mta->deliver(probe_mail(kind), {});
    print({{"answered", answer.final != 0},
           {"accepted", answer.is_accepted()},
           {"held", answer.quarantine.has_value()},
           {"score", answer.own_header("X-Kith-Score")},
           {"verdict", answer.own_header("X-Kith-Verdict")}});
    return 0;
}

}  // namespace
}  // namespace kith::test

int main(int argc, char** argv) {
    using namespace kith;
    using namespace kith::test;
    CLI::App app{"Helps the soak tests."};
    app.require_subcommand(1);
    std::string config_path, socket, what;

    LoadPlan plan;
    unsigned pause_ms = 0;
    auto* sending = app.add_subcommand("send", "Send mail to a milter, as an MTA that tries again");
    sending->add_option("--socket", plan.socket)->required();
    sending->add_option("--run", plan.run);
    sending->add_option("--sessions", plan.sessions)->check(CLI::PositiveNumber);
    sending->add_option("--slow", plan.slow);
    sending->add_option("--messages", plan.messages);
    sending->add_option("--per-connection", plan.per_connection);
    sending->add_flag("--together", plan.together);
    sending->add_option("--pause-ms", pause_ms);

    auto* probing = app.add_subcommand("probe", "Send one mail, and say what becomes of it");
    probing->add_option("--socket", socket)->required();
    probing->add_option("kind", what)->required()->check(CLI::IsMember({"genuine", "foreign"}));

    Backlog backlog;
    std::int64_t start = 0, step = 1800;
    bool site = false;
    auto* appending = app.add_subcommand("backlog", "Append mail to the journal");
    appending->add_option("config", config_path)->required();
    appending->add_flag("--site", site, "The mail that a site needs before it holds any");
    appending->add_option("--start", start, "Seconds since 1970 of the first")->required();
    appending->add_option("--step", step, "Seconds from mail to mail");
    appending->add_option("--from", backlog.from);
    appending->add_option("--count", backlog.count);
    appending->add_option("--senders", backlog.senders)->check(CLI::PositiveNumber);

    auto* counting = app.add_subcommand("count", "What journal and store hold");
    counting->add_option("config", config_path)->required();

    auto* later = app.add_subcommand("later", "Leave what a later version would");
    later->add_option("config", config_path)->required();
    later->add_option("what", what)->required();

    CLI11_PARSE(app, argc, argv);
    plan.pause = std::chrono::milliseconds(pause_ms);
    if (*sending) return send(plan);
    if (*probing) return probe(socket, what);
    const auto config = load_config_or_error(config_path);
    if (!config) return complain(config.error());
    backlog.start = from_unix(start);
    backlog.step = Seconds(step);
    if (*appending) {
        const Status done =
            append_mails(**config, site ? site_mails(backlog.start) : backlog_mails(backlog));
        return done ? 0 : complain(done.error());
    }
    if (*later) {
        const Status done = leave_later_version(**config, what);
        return done ? 0 : complain(done.error());
    }
    const auto counts = count_site(**config);
    if (!counts) return complain(counts.error());
    print(*counts);
    return 0;
}
