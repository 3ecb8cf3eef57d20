// SPDX-License-Identifier: Apache-2.0
// kith-learner: the loop around Learner. Tails the journal, commits at most once a
// learner.commit_interval, tidies once an hour. SIGTERM and SIGINT end it between two steps;
// SIGKILL at any time loses and doubles nothing.
#include <CLI/CLI.hpp>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <optional>
#include <thread>

#include "engine/base/log.hpp"
#include "engine/base/notify.hpp"
#include "engine/base/status_line.hpp"
#include "engine/base/trouble_log.hpp"
#include "engine/config/attachments.hpp"
#include "engine/documents/spool.hpp"
#include "engine/learner/believed_time.hpp"
#include "engine/learner/learner.hpp"

namespace {

using namespace kith;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kIdle{200};
constexpr std::chrono::seconds kAfterError{10};
constexpr std::chrono::hours kTidy{1};

/// Waits for `timeout` or a signal that ends the program; true when it came. The signals are
/// blocked and taken here.
bool stop_requested(const sigset_t& signals, std::chrono::milliseconds timeout) {
    const timespec wait{static_cast<time_t>(timeout.count() / 1000),
                        static_cast<long>(timeout.count() % 1000 * 1'000'000)};
    return sigtimedwait(&signals, nullptr, &wait) > 0;
}

/// What `kith status` says of the learner; "" = it learns.
void tell(const Config& config, const std::string& trouble) {
    if (const Status written = write_status_line(config.learner.trouble_file, trouble); !written)
        log(LogLevel::Warning, "kith status cannot be told whether mail is learned",
            {{"error", written.error().text()}, {"key", "learner.trouble_file"}});
}

std::vector<LogField> fields_of(const Unreadable& u, const Config& config) {
    std::vector<LogField> fields;
    if (u.records > 0) fields.push_back({"journal_records", std::to_string(u.records)});
    if (u.journal_bytes > 0) fields.push_back({"journal_bytes", std::to_string(u.journal_bytes)});
    if (!u.journal_file.empty()) fields.push_back({"last_in", u.journal_file});
    if (u.store_records > 0) {
        fields.push_back({"store_records", std::to_string(u.store_records)});
        fields.push_back({"store", config.store.directory});
    }
    return fields;
}

/// What reads documents; from then on the milter keeps some. Without it none are wanted.
std::optional<Extractor> open_documents(const AttachmentOptions& options) {
    if (options.read) {
        auto extractor = Extractor::open(options);
        if (extractor) {
            const Status opened = open_spool(options.directory);
            if (opened) return std::move(*extractor);
            log(LogLevel::Warning, "attached documents are not read: " + opened.error().text());
            return std::nullopt;
        }
        log(LogLevel::Warning, "attached documents are not read: " + extractor.error().text());
    }
    close_spool(options.directory);
    return std::nullopt;
}

/// True when documents were read.
bool read_documents(Learner& learner, const Extractor& extractor, Time now, TroubleLog& trouble) {
    auto step = learner.read_documents(extractor, now);
    if (!step) {
        trouble.look(step.error().text());
        return false;
    }
    trouble.look("");
    for (const AttachedFinding& f : step->findings)
        log(LogLevel::Warning, "a document of a delivered mail names other payment data",
            {{"queue_id", f.queue_id}, {"from", f.from}, {"id", f.id}, {"finding", f.text}});
    if (step->killed > 0)
        log(LogLevel::Info, "documents took too much to be read",
            {{"documents", std::to_string(step->killed)}});
    return step->documents > 0;
}

void tidy(Learner& learner, ExpiryClock& expiry, Time now) {
    if (!expiry.believes(now, steady_clock::now())) {
        log(LogLevel::Warning,
            "the clock went ahead: nothing is deleted for its age until it has been so for a day",
            {{"clock", iso8601(now)}});
        return;
    }
    if (auto done = learner.tidy(now); !done)
        log(LogLevel::Warning, "tidying failed: " + done.error().text());
}

/// Tells once that mail comes from a clock that is not believed, and once that it is over.
void watch_clock(const Learner& learner, bool& doubted) {
    if (learner.clock_doubted() == doubted) return;
    doubted = !doubted;
    if (doubted)
        log(LogLevel::Warning,
            "mail comes from a clock that jumped by more than a month: it counts as of the time "
            "before, until the clock has been so for a day; check the clock (timedatectl)");
    else
        log(LogLevel::Info, "the clock is believed again");
}

int run(const std::shared_ptr<const Config>& config, bool once) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, nullptr);

    AliveTeller alive;
    auto learner = Learner::open(config, [&] { alive.tell(); });
    if (!learner) {
        log(LogLevel::Error, "kith-learner cannot start: " + learner.error().text());
        return exit_code(learner.error().code);
    }
    if (const MovedStore& moved = (*learner)->moved_store(); !moved.to.empty())
        log(LogLevel::Error,
            "the store could not be used: moved aside, learning again from the journal",
            {{"store", config->store.directory}, {"moved_to", moved.to}, {"why", moved.why}});
    log(LogLevel::Info, "kith-learner started",
        {{"tenant", config->tenant.empty() ? "none" : config->tenant},
         {"store", config->store.directory},
         {"journal", config->journal.directory}});
    notify_ready("learning");
    tell(*config, "");  // a run before may have left something there

    const SystemClock clock;
    auto tidied = steady_clock::now();
    ExpiryClock expiry(clock.now(), tidied, (*learner)->newest_mail());
    std::string last_error;
    TroubleLog document_trouble({.came = "attached documents wait: "});
    Unreadable unreadable;
    bool clock_doubted = false;
    const std::optional<Extractor> extractor = open_documents(attachment_options(*config));
    for (;;) {
        alive.tell();
        auto step = (*learner)->step();
        if (!step) {
            if (is_store_lost(step.error()) && !once) {
                notify_stopping();
                log(LogLevel::Error,
                    "the store cannot be used any more, ending; started again kith-learner learns "
                    "from the journal: " +
                        step.error().what);
                return exit_code(step.error().code);
            }
            if (step.error().text() != last_error) {
                log(LogLevel::Error,
                    "learning stopped, mail is not affected: " + step.error().text());
                tell(*config, step.error().text());
            }
            last_error = step.error().text();
            if (once) return exit_code(step.error().code);
            if (stop_requested(signals, kAfterError)) break;
            continue;
        }
        if (!last_error.empty()) {
            log(LogLevel::Info, "learning goes on");
            tell(*config, "");
            last_error.clear();
        }
        if (Unreadable now = (*learner)->unreadable(); now != unreadable) {
            unreadable = std::move(now);
            log(LogLevel::Warning, "parts of the journal or store are unreadable and were skipped",
                fields_of(unreadable, *config));
        }
        watch_clock(**learner, clock_doubted);
        const bool documents = extractor && !step->more &&
                               read_documents(**learner, *extractor, clock.now(), document_trouble);
        if (once && step->records == 0 && !documents) break;
        if (steady_clock::now() - tidied > kTidy) {
            tidied = steady_clock::now();
            tidy(**learner, expiry, clock.now());
        }
        const auto pause = step->more || once || documents ? std::chrono::milliseconds{0}
                           : step->records > 0
                               ? std::chrono::milliseconds(config->learner.commit_interval)
                               : kIdle;
        if (stop_requested(signals, pause)) break;
    }
    notify_stopping();
    log(LogLevel::Info, "kith-learner stopped");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Learns from the mail that kith-milter judged; the only writer of the store."};
    std::string config_path = kDefaultConfigPath, tenant;
    bool to_stderr = false, once = false;
    app.add_option("-c,--config", config_path, "Configuration file")->type_name("FILE");
    app.add_option("--tenant", tenant, "Learn for this tenant, not for the site itself")
        ->type_name("NAME");
    app.add_flag("--stderr", to_stderr, "Log to standard error instead of syslog");
    app.add_flag("--once", once,
                 "Learn all that is in the journal, then exit; logs to standard error");
    app.set_version_flag("--version", "kith-learner " KITH_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        const int code = app.exit(e);
        return code == 0 ? 0 : exit_code(ErrorCode::Usage);
    }
    umask(0027);
    auto config = load_config_or_error(config_path, tenant);
    if (!config) {
        std::cerr << "kith-learner: " << config.error().text() << '\n';
        return exit_code(config.error().code);
    }
    // Somebody waits for the end of --once and would look for a word in vain.
    log_open("kith-learner", to_stderr || once ? LogTarget::Stderr : LogTarget::Syslog,
             log_level_named((*config)->log.level));
    try {
        return run(*config, once);
    } catch (const std::exception& e) {  // std::bad_alloc and broken promises of libraries: the
                                         // supervisor starts us again
        log(LogLevel::Error, std::string("kith-learner failed: ") + e.what());
        return exit_code(ErrorCode::Internal);
    }
}
