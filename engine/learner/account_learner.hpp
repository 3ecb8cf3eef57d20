// SPDX-License-Identifier: Apache-2.0
// What happens on own accounts through judging and learning, the same for the learner and for
// `kith replay --accounts`: finds repeats, puts the clocks of hosts right, keeps decoded state in
// front of the store and writes back what changed. Bytes: engine/accounts/FORMAT.md. Covered by
// tests/unit/learner/account_learner_test.cpp.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/accounts/judge.hpp"
#include "engine/accounts/kept_judgement.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/notify.hpp"
#include "engine/journal/journal.hpp"
#include "engine/store/store.hpp"

namespace kith {

/// Ids of events are remembered for so long.
inline constexpr Seconds kAccountIdsKept{14LL * 86400};
/// An account on which nothing happened for so long is forgotten.
inline constexpr Seconds kAccountKept{400LL * 86400};

/// One thread.
class AccountLearner {
public:
    /// All must outlive this.
    AccountLearner(const Hasher& hasher, const AccountJudgeOptions& options,
                   const std::vector<std::string>& own_domains);

    /// Where what is not in memory comes from; must stay valid until changed. nullptr = nowhere.
    void read_from(const StoreReader* reader) { reader_ = reader; }
    /// Loads the site's state. Pieces that do not decode keep their start value; returns how many.
    [[nodiscard]] Result<int> load_site();

    /// Takes in an event that was written down at `arrived`. nullopt when it is a repeat, or a
    /// failed login of an account that nobody ever logged in to. Errors are the store's.
    [[nodiscard]] Result<std::optional<AccountJudgement>> take(const AccountEvent& event,
                                                               Time arrived);
    /// Takes in a mail: one that an account sent, or one that reached accounts. nullopt when it is
    /// none of an account's own, or does not count (imported, kith's own).
    [[nodiscard]] Result<std::optional<AccountJudgement>> take(const MailRecord& mail);

    /// Remembers how what the journal has at `record` was judged, unless all was as usual.
    void keep(JournalPosition record, Time recorded, const AccountJudgement& judged);

    /// Ends the incident of this id. False when there is no such one that is open.
    [[nodiscard]] Result<bool> close(const std::string& incident, Time now, bool normal);
    /// Nothing is known of this account any more. What it taught domain and site names nobody.
    [[nodiscard]] Status forget(const Key16& account);

    /// Puts what is told of accounts' steps through `without`, which makes texts shorter only.
    /// Reads all accounts and calls `alive` on the way. REQUIRES: read_from() named `writer`.
    [[nodiscard]] Status reword(StoreWriter& writer,
                                const std::function<std::string(const std::string&)>& without,
                                const Alive& alive);

    /// Writes what changed since the last flushed().
    [[nodiscard]] Status flush(StoreWriter& writer);
    /// Call after the writer of flush() was committed.
    void flushed();

    /// For reports; nullptr when the account is not known.
    [[nodiscard]] Result<const AccountState*> find(const std::string& name);
    [[nodiscard]] const AccountSite& site() const noexcept { return site_; }

private:
    struct Entry {
        AccountState state;
        bool changed = false;
    };
    [[nodiscard]] Result<AccountState*> load(const Key16& key, bool make);
    [[nodiscard]] Result<Habits*> habits_of(const Key16& domain);
    [[nodiscard]] Result<bool> is_repeat(std::uint64_t id, Time time);
    [[nodiscard]] Result<AccountJudgement> observe(const Sighting& s);
    [[nodiscard]] Key16 domain_of(const std::string& name) const;
    [[nodiscard]] Status note_arrived_mail(const MailRecord& mail);
    [[nodiscard]] Status put_if_changed(StoreWriter& writer, const std::string& key,
                                        std::string bytes);

    const Hasher& hasher_;
    const AccountJudgeOptions& options_;
    const std::vector<std::string>& own_domains_;
    const StoreReader* reader_ = nullptr;
    AccountSite site_;
    std::unordered_map<Key16, Entry> accounts_;
    std::unordered_map<Key16, Habits> domains_;
    std::unordered_map<std::uint64_t, std::int32_t> ids_;  ///< with their day, not in the store yet
    std::map<std::string, Key16> incidents_;               ///< opened, not in the store yet
    std::vector<std::pair<std::string, std::string>> kept_;  ///< judgements, not in the store yet
    std::vector<std::string> gone_;                          ///< keys to erase
    std::unordered_map<std::string, std::uint32_t>
        stored_;  ///< sums of the pieces as they are stored
};

/// All that are kept, newest first.
[[nodiscard]] Result<std::vector<AccountIncident>> list_account_incidents(
    const StoreReader& reader);
/// The one whose id begins with `id`. NoInput when there is none; Usage when there are several.
[[nodiscard]] Result<AccountIncident> find_account_incident(const StoreReader& reader,
                                                            std::string_view id);
/// nullopt when the account is not known.
[[nodiscard]] Result<std::optional<AccountState>> find_account(const StoreReader& reader,
                                                               const Key16& account);
/// All accounts, in no order that means anything. Records that do not decode are left out.
[[nodiscard]] Status scan_accounts(const StoreReader& reader,
                                   const std::function<bool(const AccountState&)>& visit);
/// Account-days that have ended; before kEnoughAccountDays of them no alert is raised.
[[nodiscard]] Result<std::size_t> account_days(const StoreReader& reader);
/// How what the journal has at `record` was judged: as usual when nothing is kept of it.
/// `recorded`: the record's time; after a loss of records others stand in their places.
[[nodiscard]] Result<KeptJudgement> find_kept_judgement(const StoreReader& reader,
                                                        JournalPosition record, Time recorded);
/// Removes judgements of records whose segments the journal has deleted, the oldest first and some
/// 50,000 at once.
[[nodiscard]] Status expire_kept_judgements(StoreWriter& writer, const JournalOptions& journal);
/// Removes at most `max` of each kind of what is too old; returns how many. Incidents that are over
/// go when their last step is older than `incidents_before`.
[[nodiscard]] Result<std::size_t> expire_accounts(StoreWriter& writer, Time now,
                                                  Time incidents_before, std::size_t max);

}  // namespace kith
