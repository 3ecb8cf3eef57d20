// SPDX-License-Identifier: Apache-2.0
// The audit log: who did what, when and why with the admin's command. A command adds one call,
// before it does what cannot be undone:
//
//     if (Status s = audit(config, env.now, {"release", entry.id, "queue id 4Q…", options.why});
//     !s)
//         return fail(std::move(s).error());
//
// Each line carries a digest over the line before and itself, keyed with the site's secret, so that
// a changed, removed or inserted line shows; the newest digest also goes through the journal into
// the store, so that a cut end shows. The key is there because a plain digest could be made anew by
// anybody who may write the file; who knows the secret (root, _kith) still has journal, store and
// system log against him. Bytes: engine/admin/FORMAT.md. Covered by
// tests/unit/admin/audit_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/result.hpp"
#include "engine/config/config.hpp"
#include "engine/store/store.hpp"

namespace kith::admin {

/// What is about to be done.
struct AuditEvent {
    std::string action;  ///< "release": the command's words
    std::string object;  ///< kith's id of a mail, an incident's id, a name
    std::string detail;  ///< what else decides what is done, in plain words
    std::string why;     ///< --reason
};

/// Texts of an event are cut to this many bytes.
inline constexpr std::size_t kMaxAuditText = 512;

/// Appends a line and has it on disk. Permission, Full, Io, TryAgain (another command has the file
/// for seconds): nothing may be done then, because it would not be on record.
[[nodiscard]] Status audit(const Config& config, Time now, const AuditEvent& event);
/// The same for something that went wrong after its line was written; the first error is what
/// counts, so that this one's own is dropped.
void audit_failure(const Config& config, Time now, AuditEvent event, const Error& error);
/// What audit() would fail with, as far as it can be told before: for a command whose user has work
/// to do in between.
[[nodiscard]] Status check_audit(const Config& config);

/// One line of the log.
struct AuditLine {
    std::uint64_t number = 0;  ///< from 1, without gaps
    std::string time;
    std::string who;    ///< the person, as calling_user() has it
    std::string login;  ///< the login that began the session (audit login uid); "" when none did
    std::uint64_t uid = 0;
    AuditEvent event;
    std::string hash;
};

[[nodiscard]] std::string audit_file(const Config& config);  ///< beside the site's secret
/// The log's closed files, oldest first: "audit.log." and the number of their last line, ten
/// digits. audit() closes the current one when it is larger than kMaxAuditFile or its first line
/// older than 30 days, or than a quarter of retention.audit; the chain goes on in the next.
[[nodiscard]] std::vector<std::string> closed_audit_files(const Config& config);
inline constexpr std::uint64_t kMaxAuditFile = 4U << 20U;

/// Removes closed files whose last line is older than retention.audit; each leaves a line that says
/// so, by which verify_audit() knows that nobody else did. Returns the number of lines removed.
[[nodiscard]] Result<std::uint64_t> expire_audit(const Config& config, Time now);

/// Calls `visit` for each line that can be read, oldest first, until it returns false. A missing
/// file is an empty log.
[[nodiscard]] Status read_audit(const Config& config,
                                const std::function<bool(const AuditLine&)>& visit);

struct AuditVerdict {
    std::uint64_t lines = 0;
    std::uint64_t last = 0;             ///< number of the last line
    std::uint64_t removed = 0;          ///< first lines, up to this one, whose time was over
    std::uint64_t witnessed = 0;        ///< newest line that store or journal know of
    std::vector<std::string> problems;  ///< "line 7: changed after it was written"; empty = sound

    static constexpr std::size_t kMaxProblems = 100;
};
/// What the lines are compared with.
enum class AuditDepth {
    Store,    ///< what the store knows of the end: milliseconds
    Journal,  ///< and every record of the journal: a second for each 500 MB
};
/// Looks at every line, and at what `reader` (may be nullptr) and journal know of them.
[[nodiscard]] Result<AuditVerdict> verify_audit(const Config& config, const StoreReader* reader,
                                                AuditDepth depth = AuditDepth::Journal);

/// Digest of a line, as 64 hexadecimal digits.
[[nodiscard]] std::string audit_hash(const Hasher::Secret& secret, const std::string& previous,
                                     std::string_view line);

}  // namespace kith::admin
