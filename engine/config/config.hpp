// SPDX-License-Identifier: Apache-2.0
// kith.yaml as a plain value. Each part is the options struct of the module that uses it; this file
// only puts them together. The table of keys (name, type, range, default, description) is
// engine/config/keys.def's; conf/kith.yaml and man/kith.yaml.5 are held equal to it by
// tests/lint/check_docs.py. Covered by tests/unit/config/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/accounts/options.hpp"
#include "engine/base/result.hpp"
#include "engine/documents/options.hpp"
#include "engine/journal/journal.hpp"
#include "engine/message/parse.hpp"
#include "engine/policy/model.hpp"
#include "engine/scoring/options.hpp"
#include "engine/store/store.hpp"

namespace kith {

/// Whose mail this is. Wrong guesses are worse than none: without domains everything counts as
/// inbound.
struct SiteOptions {
    std::vector<std::string> domains;  ///< own mail domains, lower case; subdomains count as own
    std::vector<std::string> networks{
        "127.0.0.0/8", "::1/128"};  ///< own clients (CIDR): mail from there is outbound or internal
    std::vector<std::string>
        authserv_ids;  ///< key `authserv_id` (a string or a list): trusted Authentication-Results
                       ///< identifiers; default: the MTA's host name
};

enum class Mode : std::uint8_t { Passive, Tag, Enforce };
[[nodiscard]] std::string_view to_string(Mode m) noexcept;  ///< passive, tag, enforce

/// One entry of the key `modes`: the mode of some of the mail. At least one of the first two is
/// set.
struct ModeRule {
    std::string direction;  ///< inbound, outbound or internal; "" = each
    std::string domain;     ///< own domain, lower case, with all below it; "" = each
    Mode mode = Mode::Passive;
};

/// What the milter answers when it cannot judge.
enum class OnFailure : std::uint8_t { Accept, Tempfail };

struct MilterOptions {
    std::string socket =
        "unix:/var/spool/postfix/kith/kith.sock";  ///< unix:PATH or inet:PORT@ADDRESS or inet6:…
    std::string socket_group =
        "postfix";  ///< group of a Unix socket, mode 0660; "" = the process's own
    OnFailure on_failure = OnFailure::Accept;
    Seconds deadline{5};   ///< longest time from end of message to the answer; 1 s - 60 s
    unsigned workers = 0;  ///< threads that judge; 0 = number of processors
    unsigned max_waiting =
        256;  ///< mails waiting for a worker; beyond it on_failure is answered at once
    std::uint64_t memory_bytes =
        1ULL << 20;  ///< a message's bytes kept in memory; more goes to an unlinked file
    std::string spool_directory = "/var/spool/kith";        ///< for those files
    std::string trouble_file = "/run/kith/milter.trouble";  ///< says why mail is not recorded now
    std::uint64_t max_message_bytes = 64ULL
                                      << 20;  ///< bytes collected of a message; the rest is skipped
    bool add_headers =
        true;  ///< X-Kith-* on mail that stays inside or comes in; never on outbound mail
};

struct LearnerOptions {
    Seconds commit_interval{1};      ///< at most one commit in this time
    unsigned batch_records = 1000;   ///< records a transaction at most
    double half_life_days = 90;      ///< decay of what was learned; 7-3650
    Seconds probation{3LL * 86400};  ///< suspicious mail with a payload is learned after this time
    unsigned daily_cap = 3;          ///< effective messages per sender, day and value; 1-1000
    std::string trouble_file = "/run/kith/learner.trouble";  ///< says why nothing is learned now
};

struct ModelFileOptions {
    std::string directory = "/etc/kith/models.d";  ///< the site's own models (models.hpp)
};

/// What becomes of held mail that nobody looks at (`kith quarantine`).
struct QuarantineOptions {
    Seconds max_age{7LL * 86400};        ///< on hold for longer: a word to the admin; 0 = never
    std::string on_max_age = "alarm";    ///< alarm, drop, release
    std::vector<std::string> digest_to;  ///< addresses of the digest; none = there is none
    Seconds digest_interval{86400};
    bool digest_recipients = false;  ///< also to the own recipients of held mail
    std::string requests_to;  ///< where they mail a request to release; "" = digest_to's first
    std::string requests = "record";  ///< record, release
};

/// Words to people and programs about what happened (`kith alerts`).
struct AlertOptions {
    std::vector<std::string> mail_to;
    std::string mail_from;  ///< "" = kith@ the first own domain
    bool syslog = true;
    std::string webhook;    ///< http(s) URL; "" = none
    std::string directory;  ///< outbox; "" = outbox beside the store
    std::string sendmail = "/usr/sbin/sendmail";
    Seconds timeout{10};          ///< of one call of the webhook
    unsigned max_waiting = 1000;  ///< alerts that wait for one receiver
};

/// How long what is recorded is kept, beside journal.keep, which ends all records.
struct RetentionOptions {
    Seconds passed{0};                ///< records and index entries of mail that passed; 0 = as all
    Seconds held{0};                  ///< the same of mail held, tagged, delayed or rejected
    Seconds incidents{30LL * 86400};  ///< after their last held mail
    Seconds lessons{30LL * 86400};    ///< what a mail taught, so that it can be taken back
    Seconds audit{0};                 ///< lines of the audit log; 0 = for ever
    Seconds outbox{30LL * 86400};     ///< alerts that a receiver refused
};

/// What happens on own accounts: `kith-accounts` receives it, `kith account` acts on it.
struct AccountOptions {
    std::string listen = "inet:8417@127.0.0.1";  ///< where Dovecot's requests and events come in
    std::string token_file;  ///< holds what every request must show; "" = loopback and Unix only
    unsigned max_connections = 256;
    unsigned max_waiting = 20000;   ///< events not in the journal yet; beyond it the oldest is lost
    std::string log_file;           ///< Dovecot's log, for sites without event exporter; "" = none
    std::vector<std::string> mmdb;  ///< databases that say where addresses belong
    std::string trouble_file = "/run/kith/accounts.trouble";  ///< says why events are not recorded
    bool enforce = false;             ///< logins of locked accounts are refused
    std::string upstream;             ///< policy server that is asked as well; "" = none
    std::string upstream_token_file;  ///< holds the Authorization header for it; "" = none
    Seconds upstream_timeout{1};
    std::string doveadm;            ///< Dovecot's HTTP API; "" = none
    std::string doveadm_key_file;   ///< holds doveadm_api_key or doveadm_password
    std::string sieve_path;         ///< of an account's active script, with %u %n %d %s; "" = none
    std::string lock_file;          ///< "" = locks beside the store
    std::string outbound = "hold";  ///< what is done with a locked account's mail: hold, refuse
    std::string deny_file;          ///< for Dovecot's passdb passwd-file with deny; "" = none
    std::vector<std::string> respond;  ///< to an account's incident: outbound, login, kick
    Seconds respond_for{4LL * 3600};
};

/// Organisations that share the server, each with what it learned and decided apart (tenants.hpp).
struct TenantOptions {
    std::string directory = "/etc/kith/tenants.d";  ///< NAME.yaml: what differs for tenant NAME
};

struct LogOptions {
    std::string level = "info";  ///< debug, info, warning, error
};

/// One finding of the loader: "file:line:col: path: reason".
struct ConfigProblem {
    std::string file;
    int line = 0, column = 0;  ///< 1-based; 0 when not of a place
    std::string path;          ///< "milter.deadline"
    std::string reason;        ///< with the nearest known key for an unknown one
    [[nodiscard]] std::string text() const;
};

struct Config {
    SiteOptions site;
    Mode mode = Mode::Passive;    ///< of mail that no rule of `modes` speaks of
    std::vector<ModeRule> modes;  ///< which rule a mail goes by: engine/assess/mode.hpp
    MilterOptions milter;
    AttachmentOptions attachments;
    ParseOptions parse;  ///< trusted_authserv_ids is filled from site.authserv_ids, max_document*
                         ///< from attachments
    ScoringOptions budget;
    LearnerOptions learner;
    StoreOptions store;
    JournalOptions journal;
    bool journal_subjects = false;  ///< keep subjects in the journal (privacy: off)
    std::string secret_file = "/var/lib/kith/site.key";
    QuarantineOptions quarantine;
    AlertOptions alerts;
    AccountJudgeOptions account_judge;
    RetentionOptions retention;
    AccountOptions accounts;
    LogOptions log;
    ModelFileOptions model_files;
    /// Kith's own and the site's, from `model_files` when the configuration was read from files;
    /// null: kith's own.
    std::shared_ptr<const ModelSet> models;
    std::vector<ConfigProblem> model_problems;  ///< of files whose models are left out
    TenantOptions tenant_files;
    std::string tenant;  ///< whose configuration this is; "" = of the site itself
    /// One for each file of `tenant_files`, by name; of the site's own configuration only.
    std::vector<std::shared_ptr<const Config>> tenants;
};

struct LoadedConfig {
    Config config;
    std::vector<std::string> files;       ///< what was read, in order
    std::vector<ConfigProblem> problems;  ///< not empty = config must not be used
};

/// Reads `path` and then `<dir of path>/conf.d/*.yaml` in name order; later files override key by
/// key; then the tenants (tenants.hpp) and the models. A broken model is no problem of the
/// configuration: mail flows without it, see Config::model_problems. Collects every problem. A
/// missing `path` is a problem; a missing conf.d is not. Never throws.
/// With a name the configuration is that of the tenant, and one that nobody has is a problem.
[[nodiscard]] LoadedConfig load_config(const std::string& path, const std::string& tenant = "");
/// One document from memory (tests, fuzzing); `name` stands for the file in problems.
[[nodiscard]] LoadedConfig load_config_text(const std::string& text, const std::string& name);
/// load_config(), or all problems as one Error. With a name the configuration of that tenant:
/// Usage, with the nearest name, when there is none.
[[nodiscard]] Result<std::shared_ptr<const Config>> load_config_or_error(
    const std::string& path, const std::string& tenant = "");

inline constexpr const char* kDefaultConfigPath = "/etc/kith/kith.yaml";

}  // namespace kith
