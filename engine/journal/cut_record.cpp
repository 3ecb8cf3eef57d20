// SPDX-License-Identifier: Apache-2.0
// First what is to change is found in bytes that verify, then it is written over them: nothing is
// read after a write, since a foreign record may have two offsets to the same bytes. For the same
// reason the result is verified once more.
#include "engine/journal/cut_record.hpp"

#include <cstddef>
#include <utility>
#include <vector>

#include "engine/journal/account_event_generated.h"
#include "engine/journal/mail_record_generated.h"
#include "engine/journal/record_codec.hpp"

namespace kith {
namespace {

using namespace payload;
using flatbuffers::uoffset_t;

/// What is to be written over a record that verified.
class Patches {
public:
    explicit Patches(const void* begin) : begin_(static_cast<const char*>(begin)) {}

    void edit(const flatbuffers::String* text, const WithoutAddress& without) {
        if (text == nullptr) return;
        const std::string before = text->str(), after = without(before);
        if (after.size() < before.size()) replace(*text, after);
    }

    /// Drops each text of the list for which `is_gone` holds.
    void drop(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* list,
              const IsAddress& is_gone) {
        if (list == nullptr) return;
        std::string entries;
        for (uoffset_t i = 0; i < list->size(); ++i) {
            const flatbuffers::String& text = *list->Get(i);
            if (is_gone(text.str())) {
                replace(text, "");
                continue;
            }
            // An entry says how far behind itself its text is.
            const auto* const now_at = list->Data() + i * sizeof(uoffset_t);
            const auto* const then_at = list->Data() + entries.size();
            entries += bytes_of(flatbuffers::ReadScalar<uoffset_t>(now_at) +
                                static_cast<uoffset_t>(now_at - then_at));
        }
        replace_list(list, list->size(), sizeof(uoffset_t), entries);
    }

    void drop(const flatbuffers::Vector<const format::Key*>* list, const Key16& gone) {
        if (list == nullptr) return;
        std::string entries;
        for (uoffset_t i = 0; i < list->size(); ++i) {
            const std::string_view key(
                reinterpret_cast<const char*>(list->Data()) + i * sizeof(format::Key),
                sizeof(format::Key));
            if (key != gone.view()) entries += key;
        }
        replace_list(list, list->size(), sizeof(format::Key), entries);
    }

    /// A number of a table; one that was not written stays so.
    void set(const void* table, flatbuffers::voffset_t field, std::uint64_t value) {
        if (const auto* at = static_cast<const flatbuffers::Table*>(table)->GetAddressOf(field))
            add(at, bytes_of(value));
    }

    void apply_to(std::string& record) const {
        for (const auto& [offset, bytes] : patches_) record.replace(offset, bytes.size(), bytes);
    }

private:
    template <class T>
    static std::string bytes_of(T number) {
        const T little = flatbuffers::EndianScalar(number);
        return {reinterpret_cast<const char*>(&little), sizeof(little)};
    }
    void add(const void* place, std::string bytes) {
        patches_.emplace_back(static_cast<const char*>(place) - begin_, std::move(bytes));
    }
    void replace(const flatbuffers::String& text, const std::string& by) {
        add(&text, bytes_of(static_cast<uoffset_t>(by.size())) + by +
                       std::string(text.size() - by.size(), '\0'));
    }
    void replace_list(const void* list, std::size_t size, std::size_t entry_bytes,
                      const std::string& entries) {
        if (entries.size() == size * entry_bytes) return;
        add(list, bytes_of(static_cast<uoffset_t>(entries.size() / entry_bytes)) + entries +
                      std::string(size * entry_bytes - entries.size(), '\0'));
    }

    const char* begin_;
    std::vector<std::pair<std::size_t, std::string>> patches_;
};

/// A record of type T with what `find` adds to the patches.
template <class T, class Find>
Result<std::string> patched(std::string_view payload, const char* identifier, const char* what,
                            Find find) {
    const AlignedBytes before(payload);
    const T* root = before.verified<T>(identifier);
    if (root == nullptr) return damaged(what, "it does not verify");
    Patches patches(before.data());
    find(patches, *root);
    std::string out(payload);
    patches.apply_to(out);
    if (AlignedBytes(out).verified<T>(identifier) == nullptr)
        return damaged(what, "it holds the same bytes more than once");
    return out;
}

}  // namespace

Result<std::string> cut_mail_record(std::string_view payload, const RecipientCut& cut) {
    return patched<format::Mail>(
        payload, kMailIdentifier, "mail record", [&](Patches& patches, const format::Mail& m) {
            patches.drop(m.rcpts(), cut.is_address);
            patches.edit(m.subject(), cut.without);
            if (const auto* observed = m.observed()) {
                patches.drop(observed->rcpts(), cut.key);
                patches.set(observed, format::Observed::VT_RCPT_SET, cut.rcpt_set);
            }
            if (const auto* assessed = m.assessed()) {
                patches.edit(assessed->would_pass(), cut.without);
                if (const auto* reasons = assessed->reasons())
                    for (const auto* reason : *reasons) patches.edit(reason->text(), cut.without);
            }
        });
}

Result<std::string> cut_admin_record(std::string_view payload, const WithoutAddress& without) {
    return patched<format::Admin>(
        payload, kAdminIdentifier, "admin record",
        [&](Patches& patches, const format::Admin& a) { patches.edit(a.why(), without); });
}

Result<std::string> cut_account_event(std::string_view payload, const IsAddress& is_address,
                                      const WithoutAddress& without) {
    return patched<format::AccountEvent>(
        payload, kAccountIdentifier, "account event",
        [&](Patches& patches, const format::AccountEvent& e) {
            for (const auto* text : {e.detail(), e.mailbox(), e.to_mailbox()})
                patches.edit(text, without);
            const auto* rule = e.rule();
            if (rule == nullptr) return;
            patches.edit(rule->name(), without);
            patches.drop(rule->redirects(), is_address);
            if (const auto* folders = rule->folders())
                for (const auto* folder : *folders) patches.edit(folder, without);
        });
}

}  // namespace kith
