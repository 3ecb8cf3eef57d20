// SPDX-License-Identifier: Apache-2.0
// What the admin's command knows of Postfix: its settings, services and queue as plain data, read
// with Postfix's own commands and never changed but by `release`. Parsers are pure and total.
// Sources: postconf(1), postqueue(1), postsuper(1), master(5), MILTER_README. Covered by
// tests/unit/admin/postfix_test.cpp.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/admin/process.hpp"
#include "engine/base/result.hpp"

namespace CLI {
class App;
}

namespace kith::admin {

/// Options every command that talks to Postfix shares.
struct PostfixOptions {
    std::string
        config_directory;       ///< --postfix-config: passed on as -c; "" = Postfix's own default
    std::string bin_directory;  ///< --postfix-bin: where postconf, postqueue and postsuper are; ""
                                ///< = the system's places
};
void add_postfix_options(CLI::App& sub, PostfixOptions& options);

/// One milter of smtpd_milters with the settings in its braces.
struct MilterEntry {
    std::string endpoint;                         ///< "unix:kith/kith.sock"
    std::map<std::string, std::string> settings;  ///< "default_action" -> "accept"
};
/// A value of smtpd_milters or non_smtpd_milters; unbalanced braces end with the text.
[[nodiscard]] std::vector<MilterEntry> parse_milters(std::string_view value);

/// One line of master.cf with its -o overrides.
struct PostfixService {
    std::string name, type, command;
    bool chroot = false;
    std::map<std::string, std::string> overrides;
};

/// Postfix as configured.
struct PostfixView {
    std::map<std::string, std::string> settings;  ///< all of main.cf with defaults, $names expanded
    std::vector<PostfixService> services;
    [[nodiscard]] std::string setting(const std::string& name) const;  ///< "" when unknown
    /// The service's override, else the setting.
    [[nodiscard]] std::string setting(const PostfixService& service, const std::string& name) const;
};

/// Lines "name = value" of postconf.
[[nodiscard]] std::map<std::string, std::string> parse_settings(std::string_view postconf);
/// Output of `postconf -M` and `postconf -P`. `chroot_default` is what "-" in the chroot column
/// means.
[[nodiscard]] std::vector<PostfixService> parse_services(std::string_view postconf_m,
                                                         std::string_view postconf_p,
                                                         bool chroot_default);

/// One mail in the queue.
struct QueuedMail {
    std::string queue;  ///< hold, deferred, active, incoming, maildrop, corrupt
    std::string queue_id;
};
/// The mail with this queue id in the output of `postqueue -j`; lines that are no JSON are passed
/// over.
[[nodiscard]] std::optional<QueuedMail> find_queued(std::string_view postqueue_j,
                                                    std::string_view queue_id);
/// All mail in the output of `postqueue -j`.
[[nodiscard]] std::vector<QueuedMail> queued_mail(std::string_view postqueue_j);
/// All mail on hold in the output of `postqueue -j`.
[[nodiscard]] std::vector<QueuedMail> held_mail(std::string_view postqueue_j);

/// Runs Postfix's commands. const-safe.
class Postfix {
public:
    explicit Postfix(const PostfixOptions& options);
    /// Whether there is a Postfix at all, to judge by the command.
    [[nodiscard]] bool has(const std::string& name) const { return is_installed(name, process_); }
    /// Output of the command; Unavailable with its first line of complaint when it ends with
    /// another status than 0. Where it says that Postfix is down, that line and what to do.
    [[nodiscard]] Result<std::string> run(const std::string& name,
                                          const std::vector<std::string>& arguments) const;
    /// Ok when its master(8) runs; Unavailable with what to do when not. Only root may ask.
    [[nodiscard]] Status running() const;
    [[nodiscard]] Result<PostfixView> view() const;
    /// Value of one setting, expanded.
    [[nodiscard]] Result<std::string> setting(const std::string& name) const;
    /// Whether mail with this header field loses it, or is refused, before a milter sees it
    /// (header_checks(5); what milters add does not pass there).
    [[nodiscard]] bool keeps_out(const std::string& field, const PostfixView& view) const;
    /// "postsuper -c DIR -H ID" as an admin would type it.
    [[nodiscard]] std::string command_text(const std::string& name,
                                           const std::vector<std::string>& arguments) const;

private:
    [[nodiscard]] std::vector<std::string> command(const std::string& name,
                                                   const std::vector<std::string>& arguments) const;
    [[nodiscard]] std::string start_text() const;  ///< how an admin starts it
    PostfixOptions options_;
    ProcessOptions process_;
};

}  // namespace kith::admin
