// SPDX-License-Identifier: Apache-2.0
// All that is kept of one address, as one document (`kith privacy export`), and its erasure from
// what the admin's command may change: the journal and the requests to release. The store is the
// learner's, which an order in the journal reaches. Covered by tests/unit/admin/privacy_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/admin/command.hpp"
#include "engine/admin/output.hpp"
#include "engine/learner/erase.hpp"

namespace kith::admin {

/// The document of man/kith.1, "privacy export". `address` as checked_address() has it.
[[nodiscard]] Result<Json> personal_data(const Config& config, const StoreReader& reader, Time now,
                                         const std::string& address);

/// Queue ids of mail from or to the address that is on hold by the index, newest first: to be asked
/// before erase_address(), after which nobody knows.
[[nodiscard]] Result<std::vector<std::string>> held_mail_of(const Config& config,
                                                            const StoreReader& reader,
                                                            const Hasher& hasher,
                                                            const std::string& address);

struct Erasure {
    JournalEraser::Count journal;
    std::uint64_t requests = 0;          ///< to release a mail, by the address
    std::uint64_t alerts = 0;            ///< that waited and named it
    std::uint64_t audit_lines = 0;       ///< that name the address, and stay
    std::optional<Time> locked_until{};  ///< its account is locked, and stays so
    std::string deny_file;               ///< why accounts.deny_file could not be written anew
    std::vector<std::string> on_hold;    ///< queue ids of its mail that the MTA still has on hold
    JournalPosition order;               ///< what the learner has to come by
};
/// Puts the order to erase into the journal and takes the address out of all records before it. To
/// be called again where it failed: what is done already is found done.
[[nodiscard]] Result<Erasure> erase_address(const Config& config, const Hasher& hasher, Time now,
                                            const std::string& address, const std::string& why);

}  // namespace kith::admin
