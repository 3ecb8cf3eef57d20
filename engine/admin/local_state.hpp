// SPDX-License-Identifier: Apache-2.0
// What this host says about kith: is the learner running, does the socket answer, who may reach a
// file. Looks only. Shared by status and doctor. Covered by tests/unit/admin/local_state_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "engine/admin/doctor_checks.hpp"
#include "engine/base/result.hpp"
#include "engine/config/config.hpp"
#include "engine/store/store.hpp"

namespace kith::admin {

/// The unit of the learner of a tenant, or of the site (""): "kith-learner@NAME", "kith-learner".
[[nodiscard]] std::string learner_unit(std::string_view tenant);
/// True while a learner holds the store's writer lock. Permission or Io when that cannot be told.
[[nodiscard]] Result<bool> learner_running(const StoreOptions& store);

/// Ok when something accepts connections at the socket within two seconds; the connection is closed
/// at once, which a milter takes for a health check. NoInput (no such socket file), Permission,
/// Unavailable (nobody listens).
[[nodiscard]] Status connect_to(const SocketName& socket);

/// Ok when `user` may pass every directory of `path` and write to it. NoInput: no such user or
/// file; Permission: with the first place that stops it.
[[nodiscard]] Status user_reaches(const std::string& path, const std::string& user);

/// Ok when `user`, shut in the directory `root` as a chrooted service is, really connects to the
/// Unix socket `path` below it ("kith/kith.sock"); the connection is closed at once. A child
/// process does it. Permission when this process may not (it is not root's) or the user is not let
/// in; NoInput (no such user, directory or socket), Unavailable (nobody listens).
[[nodiscard]] Status connects_from(const std::string& root, const std::string& path,
                                   const std::string& user);

/// Ok when the file or directory exists and, for a directory, this process may read it. NoInput,
/// Permission or Io.
[[nodiscard]] Status readable(const std::string& path);

/// Ok when the user the services run as, the owner of `state_directory`, may make files in
/// `directory` and there is room for them. NoInput (no such directory), Full, Io, or Permission
/// when this process may not look; with the directory and a hint.
[[nodiscard]] Status services_write(const std::string& directory,
                                    const std::string& state_directory);

/// Why kith-milter cannot record mail in the journal: by what it says itself, and by the look of
/// the directory. Ok when nothing is known to be wrong.
[[nodiscard]] Status mail_is_recorded(const Config& config, bool milter_reachable);

/// That the milter which runs goes by the site's settings as the files have them now. Config: by
/// which it goes instead; also ok when it never said by which.
[[nodiscard]] Status milter_is_current(const Config& config);

/// Why kith-learner, which runs, learns nothing: by what it says itself. Ok when nothing is known
/// to be wrong.
[[nodiscard]] Status mail_is_learned(const Config& config);

/// Why kith-accounts, where it has ever run, records nothing now: it does not answer, or says so
/// itself. Ok as well where it never ran.
[[nodiscard]] Status events_are_recorded(const Config& config);

/// Whether kith-accounts has run since the machine was started.
[[nodiscard]] bool accounts_in_use(const Config& config);

/// Ok unless the user of this process lacks the right to read kith's state (secret, store,
/// journal): Permission then, with who has it. What is missing or broken is no matter of rights.
[[nodiscard]] Status may_look(const Config& config);

}  // namespace kith::admin
