// SPDX-License-Identifier: Apache-2.0
// kith-milter: the filter between the MTA and the engine. This file puts the parts together:
// configuration, judge, journal, worker threads, socket, libmilter; and it owns signals, reload and
// the orderly end. Foreground only: the service manager starts it. Exit codes are those of
// sysexits(3). Manual: man/kith-milter.8. Covered by tests/protocol/.
#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "engine/assess/in_use.hpp"
#include "engine/assess/judges.hpp"
#include "engine/assess/mode.hpp"
#include "engine/base/account_lock.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/notify.hpp"
#include "engine/base/status_line.hpp"
#include "engine/base/trouble_log.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/config/accounts.hpp"
#include "engine/config/attachments.hpp"
#include "engine/config/config.hpp"
#include "engine/config/keys.hpp"
#include "engine/documents/spool.hpp"
#include "engine/geo/geo_databases.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/message/parse.hpp"
#include "milter/glue.hpp"
#include "milter/session.hpp"
#include "milter/socket_guard.hpp"
#include "milter/worker_pool.hpp"

namespace kith::milter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Records waiting for the disk; each is a few kilobytes.
constexpr unsigned kMaxWaitingRecords = 4096;
/// Mails whose documents wait for the disk; each may have a message's size.
constexpr unsigned kMaxWaitingDocuments = 8;
/// Longest wait at the end for messages that have begun, beyond milter.deadline. Less than
/// systemd's 90 s with any deadline.
constexpr std::chrono::seconds kDrainBeyondDeadline{5};
/// After the last message was answered: libmilter writes the reply after our callback has returned
/// and tells nobody.
constexpr milliseconds kReplyGrace{200};
constexpr milliseconds kPollStep{20};
/// How often trouble of store and journal is looked for and told.
constexpr std::chrono::seconds kTroubleInterval{5};
/// How long a client may wait that libmilter has lost sight of, see knock(). Far below the 10 s
/// after which Sendmail gives up on a reply; a knock costs less than a tenth of a millisecond.
constexpr milliseconds kKnockInterval{500};

struct CommandLine {
    std::string config = kDefaultConfigPath;
    std::string socket;
    bool check = false;
    bool to_stderr = false;
};

/// The configuration in use. Thread-safe.
class CurrentConfig {
public:
    explicit CurrentConfig(std::shared_ptr<const Config> config) : config_(std::move(config)) {}
    [[nodiscard]] std::shared_ptr<const Config> get() const {
        std::lock_guard lock(mutex_);
        return config_;
    }
    void set(std::shared_ptr<const Config> config) {
        std::lock_guard lock(mutex_);
        config_ = std::move(config);
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Config> config_;
};

/// The journals of the site and its tenants, each opened when first needed and again after a
/// failure: a directory that is missing at the start or a disk that was full must not need a
/// restart. One thread (the journalling pool has one).
class LazyJournals {
public:
    [[nodiscard]] Status append(const MailRecord& record, const Config& config, Time now) {
        std::unique_ptr<JournalWriter>& writer = writers_[config.tenant];
        if (!writer) {
            auto opened = JournalWriter::open(config.journal);
            if (!opened) return fail(std::move(opened).error());
            writer = std::move(*opened);
        }
        auto position = writer->append(RecordType::Mail, now, encode(record));
        if (position) return ok();
        writer.reset();
        return fail(std::move(position).error());
    }

private:
    std::map<std::string, std::unique_ptr<JournalWriter>> writers_;
};

void tell_in_use(const Config& config, const std::string& restart) {
    if (const Status written = write_in_use(config, restart); !written)
        log(LogLevel::Warning, "kith status cannot be told which configuration is in use",
            {{"error", written.error().text()}, {"key", "milter.trouble_file"}});
}

int complain(const Error& error) {
    log(LogLevel::Error, error.what,
        error.hint.empty() ? std::vector<LogField>{} : std::vector<LogField>{{"hint", error.hint}});
    return exit_code(error.code);
}

void tell_model_problems(const Config& config, std::string_view what) {
    for (const ConfigProblem& problem : config.model_problems)
        log(LogLevel::Error, std::string(what),
            {{"error", problem.text()}, {"hint", "kith model check"}});
}

/// At a reload a broken model never takes the place of a working one: all of them stay as they
/// were.
std::shared_ptr<const Config> with_working_models(std::shared_ptr<const Config> loaded,
                                                  const Config& current) {
    if (loaded->model_problems.empty()) return loaded;
    tell_model_problems(*loaded, "reload: a model is broken, the old models stay");
    auto kept = std::make_shared<Config>(*loaded);
    kept->models = current.models;
    return kept;
}

/// A descriptor that is missing among 0-2 would be given to the next socket, and the next line on
/// stderr written into it.
void fill_standard_descriptors() {
    for (;;) {
        const int fd = ::open("/dev/null", O_RDWR);
        if (fd < 0) return;
        if (fd > 2) {
            ::close(fd);
            return;
        }
    }
}

/// --check: says what would keep the milter from serving. 0, or 78 with every problem on stderr.
int check(const CommandLine& command_line) {
    const LoadedConfig loaded = load_config(command_line.config);
    for (const ConfigProblem& problem : loaded.problems) std::cerr << problem.text() << '\n';
    for (const ConfigProblem& problem : loaded.config.model_problems)
        std::cerr << "left out: " << problem.text() << '\n';
    if (!loaded.problems.empty()) return exit_code(ErrorCode::Config);
    const std::string socket =
        command_line.socket.empty() ? loaded.config.milter.socket : command_line.socket;
    const auto spec = parse_socket(socket);
    if (!spec) {
        std::cerr << spec.error().text() << '\n';
        return exit_code(spec.error().code);
    }
    std::cout << "configuration ok: mode " << modes_text(loaded.config) << ", socket " << spec->spec
              << '\n';
    return 0;
}

/// Everything that runs while mail flows, apart from libmilter: signals, reload, watchdog, the
/// order of the end.
class Control {
public:
    /// What it looks after; all must outlive it.
    struct Parts {
        CurrentConfig& current;
        Judges& judges;
        GeoDatabases& geo;
        Services& services;
    };
    /// `signals` is a signalfd, `wake` an eventfd written when `finished` becomes true, `listener`
    /// libmilter's or -1.
    Control(const CommandLine& command_line, const Parts& parts, int signals, int wake,
            int listener)
        : command_line_(command_line),
          current_(parts.current),
          judges_(parts.judges),
          geo_(parts.geo),
          services_(parts.services),
          signals_(signals),
          wake_(wake),
          listener_(listener),
          started_with_(parts.current.get()) {}

    /// Returns after an order to stop, when the messages that had begun are answered; or when
    /// `finished` says that libmilter stopped by itself.
    void loop(const std::atomic<bool>& finished) {
        const auto watchdog = watchdog_interval();
        auto next_trouble = steady_clock::now(), next_alive = next_trouble;
        while (!finished.load()) {
            if (steady_clock::now() >= next_trouble) {
                store_trouble_.look(judges_.trouble());
                watch_journal();
                geo_trouble_.look(geo_.trouble());
                next_trouble = steady_clock::now() + kTroubleInterval;
            }
            knock(listener_);
            std::array<pollfd, 2> events = {{{signals_, POLLIN, 0}, {wake_, POLLIN, 0}}};
            const auto wait =
                watchdog ? std::min<milliseconds>(*watchdog, kKnockInterval) : kKnockInterval;
            if (::poll(events.data(), events.size(), static_cast<int>(wait.count())) < 0 &&
                errno != EINTR) {
                std::this_thread::sleep_for(kPollStep);  // out of memory in the kernel: passes
                continue;
            }
            if (finished.load()) return;
            const Orders orders = read_signals();
            if (orders.stop) return drain();
            if (orders.reload) reload();
            if (watchdog && steady_clock::now() >= next_alive) {
                if (makes_progress()) notify_alive();
                next_alive = steady_clock::now() + *watchdog;
            }
        }
    }

private:
    struct Orders {
        bool stop = false;
        bool reload = false;
    };

    /// Everything that has come since the last call; several orders to reload are one.
    [[nodiscard]] Orders read_signals() const {
        Orders orders;
        signalfd_siginfo info{};
        while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            const bool reloads = info.ssi_signo == SIGUSR1 || info.ssi_signo == SIGHUP;
            (reloads ? orders.reload : orders.stop) = true;
        }
        return orders;
    }

    void reload() {
        notify_reloading();
        auto loaded = load_config_or_error(command_line_.config);
        if (!loaded) {
            log(LogLevel::Error, "reload: configuration refused, the old one stays",
                {{"error", loaded.error().text()}});
        } else {
            *loaded = with_working_models(*loaded, *current_.get());
            std::string restart;
            for (const auto& key : keys_needing_restart(*started_with_, **loaded))
                restart += (restart.empty() ? "" : ",") + key;
            judges_.reload(*loaded);
            current_.set(*loaded);
            tell_in_use(**loaded, restart);
            std::vector<LogField> fields{{"mode", modes_text(**loaded)}};
            if (!restart.empty()) fields.push_back({"needs_restart", restart});
            if (!(*loaded)->model_problems.empty()) fields.push_back({"models", "as before"});
            log(restart.empty() ? LogLevel::Info : LogLevel::Warning,
                "reload: configuration taken over", fields);
        }
        notify_ready("serving");
    }

    /// False when mail waits and none was judged since the last call: all workers hang, and a
    /// restart is what helps.
    bool makes_progress() {
        const std::uint64_t completed = services_.judging->completed();
        const bool progress = completed != last_completed_ || services_.judging->waiting() == 0;
        last_completed_ = completed;
        return progress;
    }

    // The failures themselves are logged where they happen; this is what `kith status` sees.
    void watch_journal() {
        const RecordingTrouble::Now now = services_.recording_trouble.look();
        if (now.was && now.text.empty()) log(LogLevel::Info, "journal: mail is recorded again");
        if (now.text == told_trouble_) return;
        told_trouble_ = now.text;
        if (const Status written = write_status_line(started_with_->milter.trouble_file, now.text);
            !written)
            log(LogLevel::Warning, "kith status cannot be told whether mail is recorded",
                {{"error", written.error().text()}, {"key", "milter.trouble_file"}});
    }

    void drain() {
        notify_stopping();
        log(LogLevel::Info, "stopping",
            {{"open_messages", std::to_string(services_.counters.open_messages.load())}});
        const auto until =
            steady_clock::now() + current_.get()->milter.deadline + kDrainBeyondDeadline;
        while (services_.counters.open_messages.load() > 0 && steady_clock::now() < until)
            std::this_thread::sleep_for(kPollStep);
        // smfi_stop is of no use here: it waits for the accept loop, up to 5 s, and leaves open
        // connections as they are.
        std::this_thread::sleep_for(kReplyGrace);
    }

    const CommandLine& command_line_;
    CurrentConfig& current_;
    Judges& judges_;
    GeoDatabases& geo_;
    Services& services_;
    const int signals_;
    const int wake_;
    const int listener_;
    const std::shared_ptr<const Config> started_with_;  ///< a reload changes less than a start
    std::uint64_t last_completed_ = 0;
    TroubleLog store_trouble_{{.came = "store: mail passes with a neutral score",
                               .field = "trouble",
                               .over = "store: in use again"}};
    TroubleLog geo_trouble_{
        {.came = "accounts that send are judged without some of accounts.mmdb: ",
         .over = "all of accounts.mmdb is in use"}};
    std::optional<std::string> told_trouble_;  // nullopt: a file of a run before may still be there
};

/// Blocks HUP, TERM, INT and USR1 in this thread and in those it starts, and returns the descriptor
/// they are read from; libmilter's own wait for them is taken out in glue.cpp.
UniqueFd take_signals() {
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGHUP, SIGTERM, SIGINT, SIGUSR1}) sigaddset(&set, signal);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int serve(const CommandLine& command_line, const std::shared_ptr<const Config>& config) {
    const UniqueFd signals = take_signals();
    const UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!signals || !wake)
        return complain({ErrorCode::Io, "cannot make the signal descriptors", ""});

    const auto spec =
        parse_socket(command_line.socket.empty() ? config->milter.socket : command_line.socket);
    if (!spec) return complain(spec.error());
    const auto lock = lock_socket(*spec);
    if (!lock) return complain(lock.error());
    if (const auto removed = remove_stale_socket(*spec); !removed) return complain(removed.error());

    message_library_init();
    tell_model_problems(*config, "a model is broken and left out");
    CurrentConfig current(config);
    Judges judges(config);
    const SystemClock clock;
    LazyJournals journals;
    GeoDatabases geo(config->accounts.mmdb);
    auto services = std::make_shared<Services>();
    const auto report = [&services_ref = *services](const char* what) {
        log_throttled(services_ref, services_ref.exception_trouble, LogLevel::Error,
                      "internal failure in a worker", {{"error", what}});
    };
    services->config = [&] { return current.get(); };
    services->judge = [&](const MessageBytes& bytes, const TenantPart& part) {
        Judged judged = judges.judge(bytes, part);
        // Now: what is said of the address later is not what could be known when it was used.
        if (!judged.record.auth_user.empty())
            judged.record.place = geo.find(judged.record.client_addr);
        return judged;
    };
    services->append = [&](const MailRecord& record, const Config& whose) {
        return journals.append(record, whose, clock.now());
    };
    services->spool = [](const MailRecord& record, const std::vector<Document>& documents,
                         const Config& whose) {
        return spool_documents(attachment_options(whose), record.id, record.observations.sender32,
                               documents);
    };
    AccountLocks locks;
    services->account_lock = [&](std::string_view account) {
        return locks.find(current.get(), account, clock.now());
    };
    services->now = [&] { return clock.now(); };
    services->log = [](LogLevel level, std::string_view message,
                       const std::vector<LogField>& fields) { log(level, message, fields); };
    WorkerPool judging(config->milter.workers, config->milter.max_waiting, report);
    WorkerPool journalling(1, kMaxWaitingRecords, report);
    services->judging = &judging;
    services->journalling = &journalling;
    WorkerPool spooling(1, kMaxWaitingDocuments, report);
    services->spooling = &spooling;

    const mode_t old_mask = ::umask(0117);  // a Unix socket is made with mode 0777 & ~umask
    const Status opened = open_milter(spec->spec, services);
    ::umask(old_mask);
    if (!opened) return complain(opened.error());
    if (const Status shared = share_socket(*spec, config->milter.socket_group); !shared)
        log(LogLevel::Warning, shared.error().what, {{"hint", shared.error().hint}});
    const int listener = find_listener(*spec);
    if (!spec->is_unix && (listener < 0 || !disable_nagle(listener)))
        log(LogLevel::Warning, "TCP_NODELAY could not be set: every message may take 40 ms longer");

    log(LogLevel::Info, "serving",
        {{"version", KITH_VERSION},
         {"socket", spec->spec},
         {"mode", modes_text(*config)},
         {"workers", std::to_string(judging.threads())}});
    tell_in_use(*config, "");
    notify_ready("serving");

    std::atomic<bool> finished{false};
    Status served = ok();
    std::thread([&] {
        served = run_milter();
        finished.store(true);
        const std::uint64_t one = 1;
        (void)!::write(wake.get(), &one, sizeof one);
    }).detach();  // it returns only when libmilter gives up; this function ends in _exit
    Control(command_line, {current, judges, geo, *services}, signals.get(), wake.get(), listener)
        .loop(finished);

    // libmilter's threads go on, and no order makes them end: what counts is that messages are
    // answered and that what they left to the pools is done; then the process leaves without
    // destructors, under which those threads would fall.
    const auto until = steady_clock::now() + current.get()->milter.deadline + kDrainBeyondDeadline;
    while (services->counters.open_messages.load() > 0 && steady_clock::now() < until)
        std::this_thread::sleep_for(kPollStep);
    const bool idle =
        judging.wait_idle(until) && journalling.wait_idle(until) && spooling.wait_idle(until);
    const Counters& c = services->counters;
    log(idle ? LogLevel::Info : LogLevel::Warning, "stopped",
        {{"messages", std::to_string(c.messages.load())},
         {"held", std::to_string(c.held.load())},
         {"deferred", std::to_string(c.deferred.load())},
         {"rejected", std::to_string(c.rejected.load())},
         {"saturated", std::to_string(c.saturated.load())},
         {"late", std::to_string(c.late.load())},
         {"failed", std::to_string(c.failed.load())},
         {"journal_failures", std::to_string(c.journal_failures.load())},
         {"documents_dropped", std::to_string(c.documents_dropped.load())}});
    if (spec->is_unix) ::unlink(spec->path.c_str());  // still under the lock
    const int code = finished.load() && !served ? complain(served.error()) : 0;
    std::fflush(nullptr);
    ::_exit(code);
}

int run(int argc, char** argv) {
    fill_standard_descriptors();
    CommandLine command_line;
    CLI::App app{"kith-milter: judges mail for Postfix or Sendmail", "kith-milter"};
    app.add_option("-c,--config", command_line.config, "configuration file")->capture_default_str();
    app.add_option("--socket", command_line.socket, "socket to serve instead of milter.socket");
    app.add_flag("--check", command_line.check, "check the configuration and leave");
    app.add_flag("--stderr,--foreground", command_line.to_stderr,
                 "log to stderr instead of syslog");
    app.set_version_flag("--version", std::string("kith-milter ") + KITH_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : exit_code(ErrorCode::Usage);
    }
    if (command_line.check) return check(command_line);
    const LogTarget target = command_line.to_stderr ? LogTarget::Stderr : LogTarget::Syslog;
    const auto config = load_config_or_error(command_line.config);
    log_open("kith-milter", target,
             config ? log_level_named((*config)->log.level) : LogLevel::Info);
    if (!config) {
        std::cerr << config.error().text() << '\n';  // also where systemctl status shows it
        return target == LogTarget::Stderr ? exit_code(config.error().code)
                                           : complain(config.error());
    }
    return serve(command_line, *config);
}

}  // namespace
}  // namespace kith::milter

int main(int argc, char** argv) {
    try {
        return kith::milter::run(argc, argv);
    } catch (const std::exception& e) {
        std::cerr << "kith-milter: " << e.what() << '\n';
        return kith::exit_code(kith::ErrorCode::Internal);
    }
}
