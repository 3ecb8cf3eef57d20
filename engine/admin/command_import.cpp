// SPDX-License-Identifier: Apache-2.0
// `kith import`: mail of the past goes into the journal as imported records in order of time, and
// the learner learns from it. The first pass reads headers and finds when each mail arrived; the
// second parses and appends. A mail's id comes from its content, so a repeated or interrupted
// import goes on where it was and adds nothing twice; mail that kith saw live is left out. Of
// accounts, what an old log of Dovecot tells. Covered by tests/unit/admin/import_test.cpp and
// import_accounts_test.cpp.
#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <numeric>
#include <optional>
#include <ostream>

#include "engine/accounts/codec.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/import_accounts.hpp"
#include "engine/admin/import_envelope.hpp"
#include "engine/admin/import_ledger.hpp"
#include "engine/admin/import_source.hpp"
#include "engine/admin/local_state.hpp"
#include "engine/admin/output.hpp"
#include "engine/assess/direction.hpp"
#include "engine/assess/record.hpp"
#include "engine/assess/site_key.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/os_error.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/config/accounts.hpp"
#include "engine/geo/geo_databases.hpp"
#include "engine/journal/journal.hpp"
#include "engine/learner/learner.hpp"
#include "engine/learner/mail_index.hpp"
#include "engine/message/parse.hpp"

namespace kith::admin {
namespace {

constexpr std::size_t kSaveEvery =
    2000;  // mails between two saves of the ledger; a killed run re-reads so many
constexpr std::uint64_t kProgressEvery = 1000;      // mails between two lines of progress
constexpr std::uint64_t kHeaderBytes = 256 * 1024;  // of a mail, read in the first pass

// Set by SIGINT and SIGTERM: the mail in work is finished and the ledger written.
volatile std::sig_atomic_t g_stop = 0;

struct Options {
    std::string maildir, mbox, dovecot_log, as = "auto";
    bool dry_run = false;
};

struct Counts {
    std::uint64_t found = 0, imported = 0, known = 0, unreadable = 0;
    std::array<std::uint64_t, kDirectionCount> directions{};
    std::optional<Time> first, last;
};

// Says how far it is: over itself on a terminal, one line every kProgressEvery mails elsewhere.
class Progress {
public:
    Progress(Env& env, std::uint64_t total) : env_(env), total_(total) {}
    void step(const char* what) {
        ++done_;
        const bool last = done_ == total_;
        if (env_.terminal && (done_ % 100 == 0 || last))
            env_.err << '\r' << what << ' ' << done_ << '/' << total_ << std::flush;
        if (env_.terminal && last) env_.err << '\n';
        if (!env_.terminal && done_ % kProgressEvery == 0)
            env_.err << what << ' ' << done_ << '/' << total_ << '\n';
    }

private:
    Env& env_;
    std::uint64_t total_, done_ = 0;
};

ImportAs as_of(const std::string& word) {
    return word == "inbound"    ? ImportAs::Inbound
           : word == "outbound" ? ImportAs::Outbound
                                : ImportAs::Auto;
}

// The same mail has the same id in every folder and format it lies in.
std::string content_id(const Hasher& hasher, std::string_view bytes, Direction direction) {
    const std::string text = std::string(to_string(direction)) + "\n" + std::string(bytes);
    return id_text(hasher.hash64("import-high", text), hasher.hash64("import-low", text));
}

// The store's index, when there is one: mail that kith has seen live is known already.
class LiveMail {
public:
    explicit LiveMail(const Config& config) : reader_(read_store(config.store)) {}
    [[nodiscard]] bool has(const MailRecord& record) const {
        if (!reader_ || record.observations.message_id == 0) return false;
        const Result<std::vector<MailEntry>> found =
            find_by_message_id(**reader_, record.observations.message_id);
        if (!found) return false;
        return std::any_of(found->begin(), found->end(), [&](const MailEntry& e) {
            return !e.imported && std::chrono::abs(e.time - record.time) <= std::chrono::hours(24);
        });
    }

private:
    Result<std::unique_ptr<StoreReader>> reader_;
};

class Import {
public:
    Import(Env& env, const Config& config, const Options& options, const Hasher& hasher,
           ImportLedger& ledger)
        : env_(env),
          config_(config),
          options_(options),
          hasher_(hasher),
          ledger_(ledger),
          live_(config) {}

    [[nodiscard]] Status run(const MailSource& source) {
        counts_.found = source.mails.size();
        counts_.unreadable = source.unreadable;
        if (!options_.dry_run) {
            Result<std::unique_ptr<JournalWriter>> journal = JournalWriter::open(config_.journal);
            if (!journal) return fail(std::move(journal).error());
            journal_ = std::move(*journal);
        }
        const std::vector<std::size_t> order = by_time(source);
        Progress progress(env_, order.size());
        for (const std::size_t i : order) {
            if (g_stop != 0) break;
            if (Status s = take(source, source.mails[i]); !s) return s;
            progress.step(options_.dry_run ? "looking at" : "importing");
        }
        if (Status s = save(); !s) return s;
        return g_stop != 0 ? Status(fail(ErrorCode::TryAgain, "stopped by a signal")) : ok();
    }
    [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

private:
    [[nodiscard]] RecoverOptions recover_options(const SourceMail& mail) const {
        return {as_of(options_.as), mail.fallback, env_.now, mail.mbox_sender};
    }

    // Indices of the mails that can be read, oldest first.
    [[nodiscard]] std::vector<std::size_t> by_time(const MailSource& source) {
        std::vector<Time> times(source.mails.size());
        std::vector<std::size_t> order;
        Progress progress(env_, source.mails.size());
        for (std::size_t i = 0; i < source.mails.size(); ++i) {
            if (g_stop != 0) break;
            progress.step("reading");
            const Result<std::string> head = read_mail(source, source.mails[i], kHeaderBytes);
            if (!head) {
                ++counts_.unreadable;
                continue;
            }
            const std::string_view headers =
                std::string_view(*head).substr(0, header_length(*head));
            const Message message = parse(headers, config_.parse);
            times[i] =
                recover_arrival(message, config_.site, recover_options(source.mails[i])).time;
            order.push_back(i);
        }
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return times[a] < times[b]; });
        return order;
    }

    [[nodiscard]] Status take(const MailSource& source, const SourceMail& mail) {
        const Result<std::string> raw =
            read_mail(source, mail, config_.parse.max_header_bytes + config_.parse.max_body_bytes);
        if (!raw) {
            ++counts_.unreadable;
            return ok();
        }
        const Message whole =
            parse(std::string_view(*raw).substr(0, header_length(*raw)), config_.parse);
        const Arrival arrival = recover_arrival(whole, config_.site, recover_options(mail));
        const std::string bytes = as_arrived(*raw, entry_hop(whole, config_.site).own_fields);
        const std::string id = content_id(hasher_, bytes, direction_of(arrival, config_.site));
        if (ledger_.has(id)) {
            ++counts_.known;
            return ok();
        }
        MailRecord record = import_record(parse(bytes, config_.parse), arrival, config_, hasher_);
        record.id = id;
        if (live_.has(record)) {
            ++counts_.known;
            return ok();
        }
        if (Status s = append(record); !s) return s;
        ledger_.add(id);
        ++counts_.imported;
        ++counts_.directions[static_cast<std::size_t>(record.observations.direction)];
        if (!counts_.first) counts_.first = record.time;
        counts_.last = record.time;
        return counts_.imported % kSaveEvery == 0 ? save() : ok();
    }

    [[nodiscard]] Status append(const MailRecord& record) {
        if (!journal_) return ok();
        const Result<JournalPosition> at =
            journal_->append(RecordType::Mail, env_.now, encode(record));
        if (!at) return fail(at.error());
        last_ = *at;
        return ok();
    }

    // The records first, then the note about them. The last one is read again next time: its end is
    // not known here.
    [[nodiscard]] Status save() {
        if (!journal_ || last_ == JournalPosition{}) return ok();
        if (Status s = journal_->sync(); !s) return s;
        return ledger_.save(last_);
    }

    Env& env_;
    const Config& config_;
    const Options& options_;
    const Hasher& hasher_;
    ImportLedger& ledger_;
    LiveMail live_;
    std::unique_ptr<JournalWriter> journal_;
    JournalPosition last_;
    Counts counts_;
};

void print(Env& env, const Options& options, const Counts& c) {
    const auto direction = [&](Direction d) { return c.directions[static_cast<std::size_t>(d)]; };
    if (env.json) {
        Json j;
        j["found"] = c.found;
        j["imported"] = c.imported;
        j["known"] = c.known;
        j["unreadable"] = c.unreadable;
        j["inbound"] = direction(Direction::Inbound);
        j["outbound"] = direction(Direction::Outbound);
        j["internal"] = direction(Direction::Internal);
        j["first"] = c.first ? Json(iso8601(*c.first)) : Json();
        j["last"] = c.last ? Json(iso8601(*c.last)) : Json();
        j["dry_run"] = options.dry_run;
        print_json(env.out, j);
        return;
    }
    env.out << counted(c.found, "mail") << " found, " << c.imported
            << (options.dry_run ? " would be" : "") << " imported, " << c.known
            << " known already, " << c.unreadable << " unreadable\n";
    if (c.imported > 0)
        env.out << direction(Direction::Inbound) << " inbound, " << direction(Direction::Outbound)
                << " outbound, " << direction(Direction::Internal) << " internal; from "
                << iso8601(*c.first) << " to " << iso8601(*c.last) << '\n';
    if (c.imported > 0 && !options.dry_run)
        env.out << "kith-learner learns from them when it runs; see kith status\n";
}

// For a dry run, which makes nothing: before there is a secret nothing is known either, and any
// serves to tell mails apart.
Result<Hasher::Secret> look_at_secret(const Config& config) {
    const auto is_missing = [](const auto& result) {
        return !result && result.error().code == ErrorCode::NoInput;
    };
    if (is_missing(read_secret(config.secret_file)) &&
        is_missing(Store::open(config.store, Store::Mode::Read)))
        return Hasher::Secret{};
    return read_or_create_site_key(config);  // there is one, or it is lost and that is an error
}

void stop_on_signals() {
    struct sigaction stop {};
    stop.sa_handler = [](int) { g_stop = 1; };
    // Without SA_RESTART: who waits for standard input is to be woken.
    ::sigaction(SIGINT, &stop, nullptr);
    ::sigaction(SIGTERM, &stop, nullptr);
}

void print(Env& env, const Options& options, const AccountImport& c) {
    if (env.json)
        return print_json(env.out, {{"lines", c.lines},
                                    {"imported", c.events},
                                    {"known", c.known},
                                    {"foreign", c.foreign},
                                    {"first", c.first ? Json(iso8601(*c.first)) : Json()},
                                    {"last", c.last ? Json(iso8601(*c.last)) : Json()},
                                    {"dry_run", options.dry_run}});
    env.out << counted(c.lines, "line") << " read, " << counted(c.events, "event") << " of accounts"
            << (options.dry_run ? " would be" : "") << " imported, " << c.known << " known already";
    if (c.foreign > 0) env.out << ", " << c.foreign << " of accounts of others left out";
    env.out << '\n';
    if (c.events == 0) return;
    env.out << "from " << iso8601(*c.first) << " to " << iso8601(*c.last) << '\n';
    if (!options.dry_run)
        env.out << "kith-learner learns from them when it runs; see kith account list\n";
}

/// Events whose ids the learner knows, from a log that was imported or followed before.
class KnownEvents {
public:
    KnownEvents(const Config& config, const Hasher& hasher)
        : hasher_(hasher), reader_(read_store(config.store)) {}
    [[nodiscard]] bool has(const AccountEvent& event) const {
        if (!reader_ || event.id.empty()) return false;
        const std::uint64_t id = account_event_id(hasher_, event.id);
        const auto found = (*reader_)->get(Table::Accounts, account_event_key(id));
        return found && found->has_value();
    }

private:
    const Hasher& hasher_;
    Result<std::unique_ptr<StoreReader>> reader_;  // an error: nothing was learned yet
};

Result<UniqueFd> open_log(const std::string& file) {
    if (file == "-") return UniqueFd(::dup(STDIN_FILENO));
    UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return os_fail("cannot open " + file, errno,
                       "one that is compressed is read with  zcat FILE | kith import "
                       "--dovecot-log -");
    return fd;
}

/// What an old log tells of accounts. The same log again within two weeks adds nothing.
Outcome import_log(Env& env, const Config& config, const Options& options) {
    if (const Status may = may_look(config); !may) return fail(may.error());
    // Whose an account is depends on the domains of all tenants.
    const auto site = load_config_or_error(env.config_path);
    if (!site) return fail(site.error());
    const auto log = open_log(options.dovecot_log);
    if (!log) return fail(log.error());
    if (!options.dry_run)
        if (Status made = make_state_directories(config); !made) return fail(made.error());
    const auto secret = options.dry_run ? look_at_secret(config) : read_or_create_site_key(config);
    if (!secret) return fail(secret.error());
    std::unique_ptr<JournalWriter> journal;
    if (!options.dry_run) {
        auto opened = JournalWriter::open(config.journal);
        if (!opened) return fail(std::move(opened).error());
        journal = std::move(*opened);
    }
    const Hasher hasher(*secret);
    const KnownEvents known(config, hasher);
    stop_on_signals();
    GeoDatabases geo(config.accounts.mmdb);
    if (const std::string trouble = geo.trouble(); !trouble.empty())
        env.err << "kith: logins are imported without some of accounts.mmdb: "
                << cell(trouble, 2000) << '\n';
    const auto record = [&](const AccountEvent& event) -> Status {
        if (!journal) return ok();
        AccountEvent placed = event;
        placed.place = geo.find(event.client_addr);
        const auto at = journal->append(RecordType::Account, env.now, encode(placed));
        return at ? ok() : Status(fail(at.error()));
    };
    const auto done = read_account_log(
        log->get(),
        {hasher, env.now, local_zone,
         [&](const std::string& a) { return owner_of_account(*site, a)->tenant == config.tenant; },
         [&](const AccountEvent& e) { return known.has(e); }, record, [] { return g_stop != 0; }});
    if (!done)
        return fail(done.error().code,
                    "import of " + options.dovecot_log + ": " + done.error().what,
                    done.error().hint);
    if (journal)
        if (Status synced = journal->sync(); !synced) return fail(synced.error());
    if (done->lines > 0 && done->told() == 0 && g_stop == 0)
        return fail(ErrorCode::Corrupt,
                    "import of " + options.dovecot_log + ": " + counted(done->lines, "line") +
                        " read, and none tells of an account",
                    "is this Dovecot's log, whole and not compressed?");
    print(env, options, *done);
    if (g_stop != 0)
        return fail(ErrorCode::TryAgain, "import: stopped by a signal",
                    "start the same import again when kith-learner has learned what is there: it "
                    "goes on from there");
    return 0;
}

Outcome import(Env& env, const Config& config, const Options& options) {
    if (!options.dovecot_log.empty()) return import_log(env, config, options);
    if (const Status may = may_look(config); !may) return fail(may.error());
    if (config.site.domains.empty() && options.as == "auto")
        return fail(ErrorCode::Config,
                    "site.domains is empty: outbound mail cannot be told from inbound",
                    "list your mail domains in site.domains, or say --as inbound or --as outbound");
    const Result<MailSource> source =
        options.maildir.empty() ? open_mbox(options.mbox) : open_maildir(options.maildir);
    if (!source) return fail(source.error());
    stop_on_signals();
    // An import may well be the first program to run, and makes directories and secret then.
    if (!options.dry_run)
        if (Status made = make_state_directories(config); !made) return fail(made.error());
    const Result<Hasher::Secret> secret =
        options.dry_run ? look_at_secret(config) : read_or_create_site_key(config);
    if (!secret) return fail(secret.error());
    const Hasher hasher(*secret);
    const std::string file = parent_of(config.secret_file) + "import.ledger";
    Result<ImportLedger> ledger = options.dry_run ? ImportLedger::look(file, config.journal)
                                                  : ImportLedger::open(file, config.journal);
    if (!ledger) return fail(std::move(ledger).error());

    Import run(env, config, options, hasher, *ledger);
    if (Status s = run.run(*source); !s) {
        Error error = std::move(s).error();
        error.what = "import: " + error.what + " after " + counted(run.counts().imported, "mail") +
                     " of " + std::to_string(run.counts().found);
        if (error.hint.empty()) error.hint = "start the same import again, it goes on from there";
        return fail(std::move(error));
    }
    print(env, options, run.counts());
    return 0;
}

}  // namespace

ConfigAction setup_import(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    auto* maildir =
        sub.add_option("--maildir", options->maildir, "Maildir to read, with its subfolders")
            ->type_name("DIR");
    auto* mbox = sub.add_option("--mbox", options->mbox, "mbox file to read")->type_name("FILE");
    auto* dovecot_log =
        sub.add_option("--dovecot-log", options->dovecot_log,
                       "Log of Dovecot, for what is usual on accounts; - reads standard input")
            ->type_name("FILE");
    maildir->excludes(mbox)->excludes(dovecot_log);
    mbox->excludes(dovecot_log);
    sub.add_option("--as", options->as, "Direction of the mail")
        ->check(CLI::IsMember({"inbound", "outbound", "auto"}))
        ->capture_default_str();
    sub.add_flag("--dry-run", options->dry_run, "Only say what would be imported");
    sub.callback([options] {
        if (options->maildir.empty() && options->mbox.empty() && options->dovecot_log.empty())
            throw CLI::RequiredError("one of --maildir, --mbox and --dovecot-log");
    });
    return [options](Env& env, const Config& config) { return import(env, config, *options); };
}

}  // namespace kith::admin
