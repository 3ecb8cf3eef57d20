// SPDX-License-Identifier: Apache-2.0
// kith-accounts: takes what Dovecot asks and tells about logins and accounts, answers from memory,
// appends to the journal, writes nothing else. Manual: man/kith-accounts.8. Covered by
// tests/e2e/accounts_test.py.
#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "engine/base/log.hpp"
#include "engine/base/notify.hpp"
#include "engine/base/status_line.hpp"
#include "engine/base/trouble_log.hpp"
#include "engine/config/accounts.hpp"
#include "engine/geo/geo_databases.hpp"
#include "engine/intake/event_queue.hpp"
#include "engine/intake/http_door.hpp"
#include "engine/intake/log_follower.hpp"
#include "engine/intake/log_line_reader.hpp"
#include "engine/intake/rule_source.hpp"
#include "engine/intake/run_loop.hpp"
#include "engine/intake/service.hpp"
#include "engine/intake/serving.hpp"
#include "engine/journal/account_event.hpp"

namespace {

using namespace kith;
using std::chrono::milliseconds;

constexpr milliseconds kTick{500};
constexpr milliseconds kFollow{200};
/// Scripts whose text is asked for; beyond it they are recorded without.
constexpr std::size_t kMaxWaitingRules = 1000;
/// Until a script that was just stored can be read.
constexpr milliseconds kRuleSettles{300};

struct CommandLine {
    std::string config = kDefaultConfigPath;
    bool to_stderr = false, from_stdin = false;
};

/// Asks for the text of filter scripts, one after another, in a thread of its own.
class RuleReader {
public:
    RuleReader(const CurrentServing& current, EventQueue& queue)
        : current_(current), queue_(queue), thread_([this] { run(); }) {}
    ~RuleReader() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        wake_.notify_all();
        thread_.join();
    }
    RuleReader(const RuleReader&) = delete;
    RuleReader& operator=(const RuleReader&) = delete;

    void push(AccountEvent event) {
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.size() < kMaxWaitingRules) {
                waiting_.push_back(std::move(event));
                wake_.notify_one();
                return;
            }
        }
        queue_.push(std::move(event));
    }

private:
    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
            AccountEvent event = std::move(waiting_.front());
            waiting_.pop_front();
            // At the end nobody is asked any more: an event without a text is better than none.
            if (!ending_) {
                wake_.wait_for(lock, kRuleSettles, [this] { return ending_; });
                lock.unlock();
                const Status read = ask(event);
                if (!read) complain(event, read.error());
                lock.lock();
            }
            queue_.push(std::move(event));
        }
    }
    /// The event goes on without a text, whatever happens.
    Status ask(AccountEvent& event) {
        try {
            const auto serving = current_.get();
            Owners& owners = serving->owners;
            return read_rule(owners.of(event.account).accounts, owners.hasher(event.account),
                             event);
        } catch (const std::exception& e) {
            return fail(ErrorCode::Internal, e.what());
        }
    }
    void complain(const AccountEvent& event, const Error& error) {
        if (error.text() == last_error_) return;
        last_error_ = error.text();
        log(LogLevel::Warning, "the text of a filter script cannot be had",
            {{"account", event.account}, {"script", event.rule.name}, {"error", last_error_}});
    }

    const CurrentServing& current_;
    EventQueue& queue_;
    std::string last_error_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<AccountEvent> waiting_;
    bool ending_ = false;
    std::thread thread_;  // last: it uses everything above
};

/// Reads a log in a thread of its own and hands its lines to the loop's.
class LogReader {
public:
    LogReader(const AccountOptions& options, bool from_stdin, HttpLoop& loop, Service& service)
        : loop_(loop), service_(service) {
        if (from_stdin)
            begin([this] { read_stdin(); });
        else if (!options.log_file.empty())
            begin([this, file = options.log_file] { follow(file); });
    }
    ~LogReader() {
        ending_ = true;
        if (thread_.joinable()) thread_.join();
    }
    LogReader(const LogReader&) = delete;
    LogReader& operator=(const LogReader&) = delete;

private:
    void begin(std::function<void()> work) {
        thread_ = std::thread([this, work = std::move(work)] { run_beside(loop_, work); });
    }
    void hand_over(std::vector<std::string> lines) {
        if (lines.empty()) return;
        // They may come to the loop when this reader has made room for one of another file.
        loop_.post([&service = service_, lines = std::move(lines)] {
            const Seconds zone = local_zone(SystemClock().now());
            for (const std::string& line : lines) service.log_line(line, zone);
        });
    }
    void follow(const std::string& file) {
        LogFollower follower(file);
        TroubleLog trouble({.came = "the log cannot be followed: "});
        while (!ending_) {
            std::vector<std::string> lines;
            const Status read =
                follower.poll([&](std::string_view line) { lines.emplace_back(line); });
            trouble.look(read ? "" : read.error().text());
            hand_over(std::move(lines));
            std::this_thread::sleep_for(kFollow);
        }
    }
    void read_stdin() {
        LineCutter cutter;
        std::string buffer(64U << 10, '\0');
        while (!ending_) {
            pollfd ready{STDIN_FILENO, POLLIN, 0};
            if (::poll(&ready, 1, static_cast<int>(kFollow.count())) <= 0) continue;
            const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return log(LogLevel::Warning, "standard input has ended");
            std::vector<std::string> lines;
            cutter.add({buffer.data(), static_cast<std::size_t>(n)},
                       [&](std::string_view line) { lines.emplace_back(line); });
            hand_over(std::move(lines));
        }
    }

    HttpLoop& loop_;
    Service& service_;
    std::atomic<bool> ending_{false};
    std::thread thread_;
};

int complain(const Error& error) {
    log(LogLevel::Error, "kith-accounts cannot start: " + error.text());
    return exit_code(error.code);
}

/// What kith status and kith doctor read. Tells once what changed.
class Trouble {
public:
    explicit Trouble(std::string file) : file_(std::move(file)) {}
    void look(const EventQueue::Counts& counts, std::uint64_t unauthorized) {
        std::string text = counts.trouble;
        const auto add = [&](const std::string& more) {
            text += (text.empty() ? "" : "; ") + more;
        };
        if (dropped_.rose(counts.dropped))
            add(std::to_string(counts.dropped) +
                " events were dropped since the start, see accounts.max_waiting");
        if (unauthorized_.rose(unauthorized))
            add(std::to_string(unauthorized) +
                " requests came without the secret of accounts.token_file: if they are Dovecot's, "
                "no lock keeps anybody out; see \"token_file\" in kith-accounts(8)");
        if (told_ && text == *told_) return;
        if (!text.empty() && (!told_ || told_->empty()))
            log(LogLevel::Error, "events are not recorded: " + text);
        if (text.empty() && told_ && !told_->empty())
            log(LogLevel::Info, "events are recorded again",
                {{"dropped", std::to_string(counts.dropped)}});
        told_ = text;
        if (const Status written = write_status_line(file_, text); !written)
            log(LogLevel::Warning, "kith status cannot be told whether events are recorded",
                {{"error", written.error().text()}, {"key", "accounts.trouble_file"}});
    }

private:
    /// A count that only rises: what it counts is over when it stood still for a minute.
    class Rising {
    public:
        bool rose(std::uint64_t count) {
            quiet_ = count > count_ ? 0 : quiet_ + 1;
            count_ = count;
            return count > 0 && quiet_ < kQuietTicks;
        }

    private:
        static constexpr unsigned kQuietTicks = 120;
        std::uint64_t count_ = 0;
        unsigned quiet_ = 0;
    };
    const std::string file_;
    Rising dropped_, unauthorized_;
    std::optional<std::string> told_;  // nullopt: a file of a run before may still be there
};

void tell_counts(const Service::Counts& c, const EventQueue::Counts& q, const HttpLoop& loop) {
    log(LogLevel::Info, "so far",
        {{"allowed", std::to_string(c.allowed)},
         {"refused", std::to_string(c.refused)},
         {"reports", std::to_string(c.reports)},
         {"events", std::to_string(c.events)},
         {"log_lines", std::to_string(c.lines)},
         {"malformed", std::to_string(c.malformed)},
         {"failed", std::to_string(c.failed)},
         {"unauthorized", std::to_string(c.unauthorized)},
         {"clock_wrong", std::to_string(c.clock_wrong)},
         {"upstream_failed", std::to_string(c.upstream_failed)},
         {"connections_refused", std::to_string(loop.refused_connections())},
         {"written", std::to_string(q.written)},
         {"dropped", std::to_string(q.dropped)}});
}

/// `loop` may be made later; it must outlive what this returns.
Service::AskUpstream upstream_of(const Serving& serving, std::unique_ptr<HttpLoop>& loop) {
    const AccountOptions& options = serving.options;
    if (options.upstream.empty()) return {};
    // As Dovecot itself joins them.
    const std::string url =
        options.upstream + (options.upstream.ends_with('&')                   ? ""
                            : options.upstream.find('?') == std::string::npos ? "?"
                                                                              : "&");
    return [url, time = options.upstream_timeout, authorization = serving.upstream_authorization,
            &loop](const std::string& command, std::string body,
                   std::function<void(Result<HttpReply>)> done) {
        HttpPost post;
        post.url = url + command;
        if (!authorization.empty()) post.headers = {{"Authorization", authorization}};
        post.body = std::move(body);
        post.time = time;
        loop->send(std::move(post), std::move(done));
    };
}

std::vector<LogField> what_is_served(const AccountOptions& options) {
    return {{"enforce", options.enforce ? "yes" : "no"},
            {"upstream", options.upstream.empty() ? "none" : options.upstream}};
}

void tell_reload(const Config& started, const Serving& next, bool keeps_token) {
    std::string restart = needs_restart(started, *next.owners.site());
    if (keeps_token) restart += (restart.empty() ? "" : ",") + std::string("accounts.token_file");
    std::vector<LogField> fields = what_is_served(next.options);
    if (!restart.empty()) fields.push_back({"needs_restart", restart});
    log(restart.empty() ? LogLevel::Info : LogLevel::Warning, "reload: configuration taken over",
        fields);
}

int serve(const std::shared_ptr<const Config>& config, const CommandLine& line) {
    const AccountOptions options = account_options(*config);
    auto first = make_serving(config);
    if (!first) return complain(first.error());

    const SystemClock clock;
    CurrentServing current(*first);
    if (const auto secret = read_secret(config->secret_file); !secret)
        log(LogLevel::Warning,
            "words of rules and Message-IDs are not kept until the secret can be read, which "
            "kith-learner makes: " +
                secret.error().text());
    EventQueue queue(options.max_waiting, kAfterJournalError, [&](const AccountEvent& e) {
        const auto serving = current.get();
        return serving->owners.append(e, clock.now());
    });
    RuleReader rules(current, queue);
    std::optional<AccountLocks> locks(std::in_place);
    GeoDatabases geo(options.mmdb);
    TroubleLog geo_trouble({.came = "logins are judged without some of accounts.mmdb: ",
                            .over = "all of accounts.mmdb is in use"});
    geo_trouble.look(geo.trouble());
    std::unique_ptr<HttpLoop> loop;
    Service::World world;
    world.now = [&] { return clock.now(); };
    world.lock = [&](std::string_view account, Time now) {
        return locks->find(current.get()->owners.site(), account, now);
    };
    // What it points to stays: only this thread, which asks, puts another one in its place.
    world.hasher = [&](std::string_view account) { return current.get()->owners.hasher(account); };
    world.record = [&](AccountEvent e) {
        // Now: what is said of the address later is not what could be known when it was used.
        e.place = geo.find(e.client_addr);
        const bool has_text =
            e.kind == AccountEventKind::RuleStored || e.kind == AccountEventKind::RuleActivated;
        has_text ? rules.push(std::move(e)) : queue.push(std::move(e));
    };
    world.ask_upstream = upstream_of(**first, loop);
    world.log = [](LogLevel level, std::string_view text, const std::vector<LogField>& fields) {
        log(level, text, fields);
    };
    Service service(options, (*first)->token, std::move(world));

    HttpLimits limits;
    limits.max_connections = options.max_connections;
    auto opened = HttpLoop::open(options.listen, limits,
                                 [&](const HttpRequest& r, HttpAnswer a) { service.handle(r, a); });
    if (!opened) return complain(opened.error());
    loop = std::move(*opened);

    Trouble trouble(options.trouble_file);
    TroubleLog lock_trouble({.level = LogLevel::Error, .came = "locks cannot be read: "});
    std::uint64_t ticks = 0;
    const auto watchdog = watchdog_interval();
    loop->every(kTick, [&] {
        service.flush();
        trouble.look(queue.counts(), service.counts().unauthorized);
        geo_trouble.look(geo.trouble());
        lock_trouble.look(locks->trouble());
        if (++ticks % (3600 * 2) == 0) tell_counts(service.counts(), queue.counts(), *loop);
    });
    if (watchdog) loop->every(*watchdog, [] { notify_alive(); });

    std::optional<LogReader> reader(std::in_place, options, line.from_stdin, *loop, service);
    // In the loop's thread, between two requests.
    const auto take_over = [&](const std::shared_ptr<Serving>& next) {
        const auto before = current.get();
        const bool keeps_token = keep_token(options.listen, *before, *next);
        // The same files go on being known by what was last read of them, should one of them be
        // unreadable just now.
        if (next->lock_files != before->lock_files) locks.emplace();
        service.reconfigure(next->options, next->token, upstream_of(*next, loop));
        current.set(next);
        // A file that stays is read on where it was.
        if (next->options.log_file != before->options.log_file && !line.from_stdin)
            reader.emplace(next->options, line.from_stdin, *loop, service);
        tell_reload(*config, *next, keeps_token);
        notify_ready("serving");
    };
    const auto reload = [&] {
        notify_reloading();
        auto next = load_serving(line.config);
        if (next) return loop->post([&take_over, next = *next] { take_over(next); });
        log(LogLevel::Error, "reload: configuration refused, the old one stays",
            {{"error", next.error().text()}});
        notify_ready("serving");
    };

    std::vector<LogField> fields{{"version", KITH_VERSION}, {"listen", options.listen}};
    for (LogField& field : what_is_served(options)) fields.push_back(std::move(field));
    log(LogLevel::Info, "serving", fields);
    notify_ready("serving");
    run_until_signal(*loop, reload);
    notify_stopping();
    reader.reset();
    service.flush(true);
    tell_counts(service.counts(), queue.counts(), *loop);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Takes what Dovecot asks and tells about logins and accounts."};
    CommandLine line;
    app.add_option("-c,--config", line.config, "Configuration file")->type_name("FILE");
    app.add_flag("--stderr", line.to_stderr, "Log to standard error instead of syslog");
    app.add_flag("--stdin", line.from_stdin,
                 "Read Dovecot's log on standard input, as journalctl -f prints it");
    app.set_version_flag("--version", "kith-accounts " KITH_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        const int code = app.exit(e);
        return code == 0 ? 0 : exit_code(ErrorCode::Usage);
    }
    ::umask(0027);
    ::signal(SIGPIPE, SIG_IGN);
    // Before any thread, so that all of them leave these to the one that waits.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int one : kLoopSignals) sigaddset(&signals, one);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    const auto config = load_config_or_error(line.config);
    if (!config) {
        std::cerr << "kith-accounts: " << config.error().text() << '\n';
        return exit_code(config.error().code);
    }
    log_open("kith-accounts", line.to_stderr ? LogTarget::Stderr : LogTarget::Syslog,
             log_level_named((*config)->log.level));
    try {
        return serve(*config, line);
    } catch (const std::exception& e) {  // the supervisor starts us again
        log(LogLevel::Error, std::string("kith-accounts failed: ") + e.what());
        return exit_code(ErrorCode::Internal);
    }
}
