// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/attached.hpp"

#include <algorithm>
#include <cmath>

#include "engine/features/facts.hpp"
#include "engine/learner/attached_generated.h"
#include "engine/profile/relate.hpp"
#include "engine/profile/verified.hpp"

namespace kith {
namespace {

namespace fb = learner::fb;

constexpr char kAttached = 'F';  // first byte of a key in table Messages. Persistent.
/// Other account numbers are often the customer's: they need this much history to say something.
constexpr float kEnoughInvoices = 3;

/// Runs of blanks, also those of other alphabets' typesetters, as one: tables are laid out with
/// them, and account numbers are written in groups.
std::string fold_blanks(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::size_t length = 0;
        if (text[i] == ' ' || text[i] == '\t' || text[i] == '\f' || text[i] == '\v')
            length = 1;
        else if (text.substr(i, 2) == "\xC2\xA0")  // no-break space
            length = 2;
        else if (text.substr(i, 3) == "\xE2\x80\xAF" || text.substr(i, 3) == "\xE2\x80\x89")
            length = 3;  // narrow no-break space, thin space
        if (length == 0) {
            out += text[i];
            continue;
        }
        i += length - 1;
        if (!out.empty() && out.back() != ' ' && out.back() != '\n') out += ' ';
    }
    return out;
}

void add(std::vector<std::uint64_t>& to, const std::vector<std::string>& found,
         std::string_view domain, const Hasher& hasher) {
    for (const auto& item : found)
        if (const auto hash = hasher.hash64(domain, item);
            to.size() < ReadDocument::kMaxFacts &&
            std::find(to.begin(), to.end(), hash) == to.end())
            to.push_back(hash);
}

std::string_view name_of(DocumentKind kind) {
    switch (kind) {
        case DocumentKind::Pdf:
            return "PDF";
        case DocumentKind::Office:
            return "office document";
        case DocumentKind::Rtf:
        case DocumentKind::None:
            break;
    }
    return "document";
}

}  // namespace

bool Attached::names_payment() const noexcept {
    return std::any_of(documents.begin(), documents.end(), [](const ReadDocument& d) {
        return !d.checked.empty() || !d.accounts.empty();
    });
}

ReadDocument read_document_facts(DocumentKind kind, const ExtractedText& text,
                                 const Hasher& hasher) {
    ReadDocument out;
    out.kind = kind;
    out.outcome = text.outcome;
    const std::string all = fold_blanks(text.text);
    constexpr std::size_t kMost = ReadDocument::kMaxFacts;
    // The same domains as in the text of mail (features/observe.cpp), or nothing would be known.
    add(out.checked, find_ibans(all, kMost), "payment", hasher);
    add(out.checked, find_wallets(all, kMost), "payment", hasher);
    add(out.accounts, find_mistyped_ibans(all, kMost), "payment", hasher);
    add(out.accounts, find_accounts(all, kMost), "payment", hasher);
    add(out.phones, find_phones(all, kMost), "phone", hasher);
    return out;
}

Attached relate_attached(const Observations& o, std::vector<ReadDocument> documents,
                         const Memory& memory) {
    const auto sender = memory.vocabulary(o.sender), domain = memory.vocabulary(o.domain);
    const auto profile = memory.profile(Subject::Correspondent, o.sender);
    Attached out;
    out.documents = std::move(documents);
    out.known_sender = sender && !sender->payments.empty();
    out.invoices = sender ? static_cast<std::uint32_t>(std::lround(sender->invoices)) : 0;
    const auto is_known = [&](std::uint64_t item) {
        return (sender && contains(sender->payments, fold32(item))) ||
               (domain && contains(domain->payments, fold32(item)));
    };
    const auto any_new = [&](const std::vector<std::uint64_t>& items) {
        return !std::all_of(items.begin(), items.end(), is_known);
    };
    const auto any_known = [&](const std::vector<std::uint64_t>& items) {
        return std::any_of(items.begin(), items.end(), is_known);
    };
    const bool steady = out.known_sender && sender->payments.size() < Vocabulary::kMaxFacts &&
                        static_cast<float>(sender->payments.size()) <= 2 + sender->invoices;
    const bool may_find = steady && o.direction == Direction::Inbound && profile &&
                          static_cast<double>(profile->ever) >= kKnownMails;
    for (ReadDocument& d : out.documents) {
        d.novel = any_new(d.checked) || (d.checked.empty() && any_new(d.accounts));
        // Of what is only taken for an account number nothing may be as usual.
        const bool tells = !d.checked.empty() || (!any_known(d.accounts) && sender &&
                                                  sender->invoices >= kEnoughInvoices);
        out.finding = out.finding || (may_find && d.novel && tells);
    }
    return out;
}

void add_attached(const Attached& attached, Observations& o) {
    const auto merge = [](std::vector<std::uint64_t>& to, const std::vector<std::uint64_t>& from) {
        for (const auto item : from)
            if (to.size() < Observations::kMaxPayments &&
                std::find(to.begin(), to.end(), item) == to.end())
                to.push_back(item);
    };
    for (const ReadDocument& d : attached.documents) {
        merge(o.attached_payment, d.checked);
        merge(o.attached_payment, d.accounts);
        merge(o.attached_phones, d.phones);
    }
}

std::string attached_text(const Attached& attached) {
    if (attached.documents.empty()) return "";
    const auto which = std::find_if(attached.documents.begin(), attached.documents.end(),
                                    [](const ReadDocument& d) { return d.novel; });
    const ReadDocument& d = which != attached.documents.end() ? *which : attached.documents.front();
    const std::string the = "the attached " + std::string(name_of(d.kind));
    if (attached.finding)
        return the + " names a bank account or wallet that this sender never used" +
               (attached.invoices > 0 ? " in " + std::to_string(attached.invoices) +
                                            (attached.invoices == 1 ? " invoice" : " invoices")
                                      : ": it named others before");
    if (which != attached.documents.end())
        return the + " names a bank account or wallet for the first time";
    if (attached.names_payment())
        return "attached documents name payment data that are known of this sender";
    switch (d.outcome) {
        case ReadOutcome::Encrypted:
            return the + " is encrypted and was not read";
        case ReadOutcome::Damaged:
            return the + " could not be read";
        case ReadOutcome::Killed:
            return the + " took too long or too much to be read";
        case ReadOutcome::Whole:
        case ReadOutcome::Cut:
            break;
    }
    return "attached documents name no payment data";
}

std::string encode(const Attached& attached) {
    flatbuffers::FlatBufferBuilder b(512);
    std::vector<flatbuffers::Offset<fb::AttachedDocument>> documents;
    for (const ReadDocument& d : attached.documents)
        documents.push_back(fb::CreateAttachedDocumentDirect(
            b, static_cast<std::uint8_t>(d.kind), static_cast<std::uint8_t>(d.outcome), &d.checked,
            &d.accounts, &d.phones, d.novel));
    fb::FinishAttachedBuffer(
        b, fb::CreateAttachedDirect(b, &documents, to_unix(attached.read), attached.finding,
                                    attached.known_sender, attached.invoices));
    return {reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()};
}

std::optional<Attached> decode_attached(std::string_view bytes) {
    const Verified<fb::Attached> in(bytes);
    if (!in) return std::nullopt;
    Attached out;
    out.read = stored_time(in->read());
    out.finding = in->finding();
    out.known_sender = in->known_sender();
    out.invoices = in->invoices();
    if (in->documents() == nullptr) return out;
    for (const auto* d : *in->documents()) {
        if (out.documents.size() == Attached::kMaxDocuments) break;
        if (d->kind() > static_cast<std::uint8_t>(DocumentKind::Rtf) ||
            d->outcome() >= kReadOutcomeCount)
            return std::nullopt;
        ReadDocument& document = out.documents.emplace_back();
        document.kind = static_cast<DocumentKind>(d->kind());
        document.outcome = static_cast<ReadOutcome>(d->outcome());
        document.checked = to_vector(d->checked(), ReadDocument::kMaxFacts);
        document.accounts = to_vector(d->accounts(), ReadDocument::kMaxFacts);
        document.phones = to_vector(d->phones(), ReadDocument::kMaxFacts);
        document.novel = d->novel();
    }
    return out;
}

std::string attached_key(std::string_view mail_id) { return kAttached + std::string(mail_id); }

Result<std::optional<Attached>> find_attached(const StoreReader& reader, std::string_view mail_id) {
    auto bytes = reader.get(Table::Messages, attached_key(mail_id));
    if (!bytes) return fail(bytes.error());
    return bytes->has_value() ? decode_attached(**bytes) : std::optional<Attached>();
}

}  // namespace kith
