// SPDX-License-Identifier: Apache-2.0
// What attached documents name, found after delivery: payment and contact data, new or known for
// their sender. Keyed hashes only; the text is gone when this is made. Bytes:
// engine/learner/FORMAT.md. Covered by tests/unit/learner/attached_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/documents/answer.hpp"
#include "engine/features/observations.hpp"
#include "engine/message/message.hpp"
#include "engine/profile/memory.hpp"
#include "engine/store/store.hpp"

namespace kith {

/// One document of a mail.
struct ReadDocument {
    DocumentKind kind = DocumentKind::None;
    ReadOutcome outcome = ReadOutcome::Damaged;
    std::vector<std::uint64_t> checked;   ///< IBANs and wallets, right by their own check digits
    std::vector<std::uint64_t> accounts;  ///< other account numbers, by the words before them
    std::vector<std::uint64_t> phones;
    bool novel = false;  ///< names payment data that neither sender nor domain used before

    /// Of each list; a document that names more is a list of accounts, not an invoice.
    static constexpr std::size_t kMaxFacts = 8;
};

/// All documents of a mail.
struct Attached {
    std::vector<ReadDocument> documents;
    Time read{};
    bool finding = false;        ///< payment data are known of the sender, and these are others
    bool known_sender = false;   ///< payment data of the sender were known before
    std::uint32_t invoices = 0;  ///< the sender's mails with payment data in documents before
    static constexpr std::size_t kMaxDocuments = 16;

    [[nodiscard]] bool names_payment() const noexcept;
};

/// What the text of a document names. Pure.
[[nodiscard]] ReadDocument read_document_facts(DocumentKind kind, const ExtractedText& text,
                                               const Hasher& hasher);

/// How the documents of the mail `o` relate to what is known of its sender. Sets `novel` in each.
/// A finding needs inbound mail of a sender with three mails and known payment data that hardly
/// ever change: who names another account in every mail, as accountants do, surprises nobody.
[[nodiscard]] Attached relate_attached(const Observations& o, std::vector<ReadDocument> documents,
                                       const Memory& memory);

/// Adds what the documents named to what the mail teaches.
void add_attached(const Attached& attached, Observations& o);

/// In plain words, for an admin: "the attached PDF names a bank account that this sender never used
/// in 14 invoices". "" when no document was read.
[[nodiscard]] std::string attached_text(const Attached& attached);

[[nodiscard]] std::string encode(const Attached& attached);
/// nullopt when the bytes do not verify; never crashes, whatever the bytes.
[[nodiscard]] std::optional<Attached> decode_attached(std::string_view bytes);
/// Key in table Messages.
[[nodiscard]] std::string attached_key(std::string_view mail_id);
/// nullopt when no document of the mail was read, or its record does not decode.
[[nodiscard]] Result<std::optional<Attached>> find_attached(const StoreReader& reader,
                                                            std::string_view mail_id);

}  // namespace kith
