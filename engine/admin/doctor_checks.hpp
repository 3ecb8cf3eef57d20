// SPDX-License-Identifier: Apache-2.0
// The checks of `kith doctor` about Postfix, over plain data: what Postfix is told and whether that
// reaches kith's socket. Pure; command_doctor.cpp looks at files, sockets and the store. Sources:
// MILTER_README, master(5), and the faults reported most often for milters: a socket outside the
// chroot, a default action that refuses mail. Covered by tests/unit/admin/doctor_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/admin/postfix.hpp"
#include "engine/base/clock.hpp"

namespace kith::admin {

enum class CheckState { Ok, Warn, Fail };
[[nodiscard]] std::string_view to_string(CheckState s) noexcept;  ///< ok, warn, fail

/// One finding; `todo` says what to do and is empty when the state is Ok.
struct Check {
    std::string name;  ///< stable, for programs: "postfix.submission"
    CheckState state = CheckState::Ok;
    std::string text;
    std::string todo;
};

/// kith's socket as configured (milter.socket), taken apart.
struct SocketName {
    bool local = false;      ///< a Unix socket
    std::string path;        ///< of a Unix socket
    std::string host, port;  ///< of an internet socket; "localhost" and "::1" are kept as written
};
/// unix:PATH, local:PATH, inet:PORT@HOST, inet:HOST:PORT and inet6 likewise. A Unix path stays as
/// written.
[[nodiscard]] SocketName parse_socket_name(std::string_view text);

/// Whether a milter entry of a service leads to kith's socket. A relative path, and in a chrooted
/// service every path, is below `queue_directory`.
[[nodiscard]] bool leads_to(std::string_view endpoint, const SocketName& socket,
                            std::string_view queue_directory, bool chroot);

/// The endpoint to write into main.cf: relative to the queue directory where it can be, so that it
/// works in a chroot and outside alike.
[[nodiscard]] std::string endpoint_for(const SocketName& socket, std::string_view queue_directory);

/// Everything about main.cf and master.cf. Order is that of the output.
[[nodiscard]] std::vector<Check> check_postfix(const PostfixView& view, const SocketName& socket);

/// A mail that the journal has as held and of which no admin has said anything since.
struct HeldMail {
    std::string id, queue_id;
};
/// Whether what kith held really lies in the hold queue; `told` newest first, `postqueue_j` the
/// output of `postqueue -j`. The newest mail tells whether holding works now: Fail without it.
/// Older ones may have been let go by hand: Warn.
[[nodiscard]] Check check_holding(const std::vector<HeldMail>& told, std::string_view postqueue_j);

/// What the newest mails came with; imported ones and kith's own are left out.
struct RecentMail {
    std::size_t mails = 0;             ///< looked at
    std::size_t without_queue_id = 0;  ///< macro i was not sent
    std::size_t without_client = 0;    ///< came by SMTP, but without the client's address
    std::size_t inbound = 0;           ///< of them from outside
    std::size_t with_results = 0;      ///< of these with a trusted Authentication-Results field
};
/// Whether the macros and the Authentication-Results of `server` ("" = none trusted) really arrive.
[[nodiscard]] std::vector<Check> check_recent(const RecentMail& recent, const std::string& server);

/// Whether a timer of kith's will run again and did lately, and whether its last run went well.
/// `shown`: what `systemctl show --timestamp=unix` prints of NAME.timer and NAME.service; `duty`
/// says what is left undone without it. Nothing of NAME.timer in it: systemd could not be asked.
[[nodiscard]] Check check_timer(const std::string& name, const std::string& duty,
                                std::string_view shown, Time now);

/// Lines for main.cf; milters that are already there keep their place, kith comes last.
[[nodiscard]] std::vector<std::string> postfix_lines(const PostfixView& view,
                                                     const SocketName& socket);

/// Commands for services whose own options in master.cf keep mail from kith, or hand it mail that
/// comes back from a content filter a second time; empty where none does.
[[nodiscard]] std::vector<std::string> master_commands(const PostfixView& view,
                                                       const SocketName& socket);
/// For main.cf where programs on the host send mail out by sendmail(1).
inline constexpr const char* kSendmailLine = "non_smtpd_milters = $smtpd_milters";

/// Ok < Warn < Fail: the worst of all, as an exit status 0, 1, 2.
[[nodiscard]] int worst_of(const std::vector<Check>& checks) noexcept;

}  // namespace kith::admin
