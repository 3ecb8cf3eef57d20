// SPDX-License-Identifier: Apache-2.0
// Erasing an address (`kith privacy erase`): which records are about it, what is left of them in
// the journal, and what the learner drops of what it learned. The address is named by its keyed
// hash, so that the order to erase it does not keep it. Covered by
// tests/unit/learner/erase_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "engine/base/hash.hpp"
#include "engine/base/notify.hpp"
#include "engine/journal/account_event.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/learner/learned_memory.hpp"
#include "engine/store/store.hpp"

namespace kith {

/// What an address is in a mail.
enum class Role : std::uint8_t {
    None,
    Recipient,  ///< one of several: the mail is also others'
    All,        ///< From, envelope sender, login or the only recipient
};
/// `address`: sender_key() of it.
[[nodiscard]] Role role_in(const MailRecord& mail, const Key16& address, const Hasher& hasher);
/// The encoded mail as if it had not been sent to this address; its name goes from the texts as
/// well, all else stays as it was written (cut_record.hpp). Corrupt for bytes that are no mail.
[[nodiscard]] Result<std::string> without_recipient(std::string_view encoded, const Key16& address,
                                                    const Hasher& hasher);
/// `text` without the addresses that have this hash, for whoever has the hash alone.
[[nodiscard]] std::string without_address(std::string_view text, const Key16& address,
                                          const Hasher& hasher);

/// Whether the address stands in a text as a whole, whatever its case: "hanna@x.example" does not
/// name anna@x.example.
[[nodiscard]] bool names_address(std::string_view text, const std::string& address);
/// Whether an event of somebody's account names the address: mail is sent on to it, it is said in a
/// detail, or a mailbox is called so.
[[nodiscard]] bool names_address(const AccountEvent& event, const std::string& address);

/// How AdminRecord::id names an address in a record of type Erase.
[[nodiscard]] std::string address_id(const Key16& address);
[[nodiscard]] std::optional<Key16> address_of_id(std::string_view id);

/// What is left of the journal's records, one after another in their order (redact_journal()). One
/// thread.
class JournalEraser {
public:
    JournalEraser(std::string address, const Hasher& hasher);
    [[nodiscard]] std::optional<std::string> operator()(const JournalRecord& record);

    struct Count {
        std::uint64_t mails = 0;   ///< nothing is left of them
        std::uint64_t shared = 0;  ///< have lost a recipient
        std::uint64_t events = 0;  ///< on the account of this name
        std::uint64_t events_of_others =
            0;                      ///< that named it, such as a rule that sends mail to it
        std::uint64_t remarks = 0;  ///< what admins and readers said about it or its mail
    };
    [[nodiscard]] const Count& count() const noexcept { return count_; }

private:
    [[nodiscard]] std::optional<std::string> of_mail(const JournalRecord& record);
    [[nodiscard]] std::optional<std::string> of_event(const JournalRecord& record);
    [[nodiscard]] std::optional<std::string> of_remark(const JournalRecord& record);
    [[nodiscard]] std::string cut(const std::string& text) const;

    std::string address_;
    Key16 key_;
    const Hasher& hasher_;
    std::set<std::string> erased_;  ///< ids of mails that nothing is left of
    Count count_;
};

/// What went from the store.
struct ErasedCount {
    std::uint64_t mails = 0;               ///< index entries
    std::set<std::string> ids{};           ///< theirs
    std::uint64_t in_lists_of_others = 0;  ///< names, conversations, words, allowances, incidents
};
/// Drops all that hangs on the address in the lists of others: index entries with lessons, pairs
/// and what waits, names, conversations, recipients, allowances, incidents. What is kept under the
/// address itself, and what accounts have of it, is the caller's. REQUIRES: memory reads from
/// `writer`. Reads the whole index and the records that it names, and calls `alive` on the way.
[[nodiscard]] Result<ErasedCount> erase_from_store(StoreWriter& writer, LearnedMemory& memory,
                                                   JournalReader& journal, const Key16& address,
                                                   const Hasher& hasher, const Alive& alive);

}  // namespace kith
