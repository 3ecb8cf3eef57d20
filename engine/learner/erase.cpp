// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/erase.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/base/text.hpp"
#include "engine/features/observe.hpp"
#include "engine/journal/account_event.hpp"
#include "engine/journal/cut_record.hpp"
#include "engine/learner/mail_index.hpp"
#include "engine/profile/keys.hpp"

namespace kith {
namespace {

bool is(const std::string& text, const Key16& address, const Hasher& hasher) {
    return !text.empty() && sender_key(hasher, text) == address;
}

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (static_cast<unsigned char>(c) & 0x80U) != 0;
}

/// Whether the character there goes on with the local part behind it. "=" does not: kith writes
/// "user=anna@partner.example".
bool is_of_local_part(std::string_view text, std::size_t at) {
    constexpr std::string_view kSigns = "._+-%&~!#$*";
    const char c = text[at];
    return is_word(c) || kSigns.find(c) != std::string_view::npos ||
           (c == '\'' && at > 0 && is_word(text[at - 1]));
}

/// Whether the character there goes on with the domain before it. A full stop may end a sentence.
bool is_of_domain(std::string_view text, std::size_t at) {
    const auto label = [](char c) { return is_word(c) || c == '-'; };
    return label(text[at]) || (text[at] == '.' && at + 1 < text.size() && label(text[at + 1]));
}

/// Where `address` stands as a whole in `text`, both in lower case; npos when it does not.
std::size_t find_whole(std::string_view text, std::string_view address) {
    for (std::size_t at = text.find(address); at != std::string_view::npos;
         at = text.find(address, at + 1)) {
        const std::size_t end = at + address.size();
        if ((at == 0 || !is_of_local_part(text, at - 1)) &&
            (end == text.size() || !is_of_domain(text, end)))
            return at;
    }
    return std::string_view::npos;
}

/// `text` without `address`, whatever its case.
std::string without(const std::string& text, const std::string& address) {
    if (address.empty()) return text;
    std::string out = text;
    const std::string needle = ascii_lower(address);
    for (std::size_t at = find_whole(ascii_lower(out), needle); at != std::string::npos;
         at = find_whole(ascii_lower(out), needle))
        out.erase(at, needle.size());
    return out;
}

bool is_remark(RecordType type) noexcept {
    switch (type) {
        case RecordType::Release:
        case RecordType::Confirm:
        case RecordType::Forget:
        case RecordType::Close:
        case RecordType::Disallow:
        case RecordType::Drop:
        case RecordType::Hold:
        case RecordType::Report:
            return true;
        default:
            return false;
    }
}

/// Where no part can be taken out, nothing may be left.
std::string left_of(Result<std::string> cut) { return cut ? std::move(*cut) : std::string(); }

template <class List, class Gone>
bool drop(List& list, Gone gone) {
    return std::erase_if(list, gone) > 0;
}

/// Drops an address from what the store keeps about others.
class StoreEraser {
public:
    StoreEraser(StoreWriter& writer, LearnedMemory& memory, JournalReader& journal,
                const Key16& address, const Hasher& hasher, const Alive& alive)
        : writer_(writer),
          memory_(memory),
          journal_(journal),
          address_(address),
          short_(address.short32()),
          hasher_(hasher),
          alive_(alive) {}

    Result<ErasedCount> run() {
        // The tables are scanned as the store has them.
        if (auto flushed = memory_.flush(writer_); !flushed) return fail(flushed.error());
        for (const auto step :
             {&StoreEraser::mails, &StoreEraser::names, &StoreEraser::threads,
              &StoreEraser::vocabularies, &StoreEraser::lessons, &StoreEraser::waiting,
              &StoreEraser::allowances, &StoreEraser::incidents})
            if (auto done = (this->*step)(); !done) return fail(done.error());
        return std::move(count_);
    }

private:
    Status mails() {
        std::vector<MailEntry> entries;
        auto listed = for_each_mail(writer_, [&](MailEntry entry) {
            alive_();
            entries.push_back(std::move(entry));
            return true;
        });
        if (!listed) return listed;
        // As they lie in the journal: each of its files is opened once.
        std::sort(entries.begin(), entries.end(),
                  [](const MailEntry& a, const MailEntry& b) { return a.position < b.position; });
        for (const MailEntry& entry : entries) {
            alive_();
            if (auto done = mail(entry); !done) return done;
        }
        return ok();
    }

    Status mail(const MailEntry& entry) {
        const auto found = journal_.at(entry.position);
        const auto record = found && found->type == RecordType::Mail
                                ? decode_mail_record(found->payload)
                                : Result<MailRecord>(fail(ErrorCode::NoInput, "erased"));
        const bool erased_before = found && found->type == RecordType::Note;
        Role role = record ? role_in(*record, address_, hasher_) : Role::None;
        if (is(entry.from, address_, hasher_) || erased_before) role = Role::All;
        if (record) forget_pairs(*record);
        const bool first = is(entry.rcpt, address_, hasher_);
        if (role == Role::All || (first && entry.rcpt_count <= 1)) return erase(entry);
        if (!first) return ok();
        std::string other;
        if (record)
            for (const std::string& rcpt : record->rcpts)
                if (other.empty() && !is(rcpt, address_, hasher_)) other = rcpt;
        return set_mail_recipient(writer_, entry.id, other);
    }

    Status erase(const MailEntry& entry) {
        (void)memory_.take_lesson(entry.time, entry.id);
        ++count_.mails;
        count_.ids.insert(entry.id);
        return erase_mail(writer_, entry.id);
    }

    void forget_pairs(const MailRecord& mail) {
        const Observations& o = mail.observations;
        for (const Key16& rcpt : o.rcpts)
            if (rcpt == address_ || o.sender == address_)
                for (const Key16& key : {pair_key(o.sender, rcpt), pair_key(rcpt, o.sender)})
                    if (memory_.profile(Subject::Pair, key))
                        memory_.edit_profile(Subject::Pair, key) = Profile{};
    }

    Status names() {
        return each<NameUse>(
            Table::Names, "", decode_name_use, [&](std::string_view key, const NameUse& use) {
                const auto gone = [&](const NameUse::Bearer& b) {
                    return b.address == short_ || b.correspondent == address_;
                };
                const auto number = decode_integer_key(key);
                if (number && std::any_of(use.bearers.begin(), use.bearers.end(), gone))
                    count(drop(memory_.edit_name(*number).bearers, gone));
            });
    }

    Status threads() {
        return each<Thread>(Table::Threads, thread_key(0), decode_thread,
                            [&](std::string_view key, const Thread& thread) {
                                const auto number = decode_integer_key(key.substr(1));
                                if (!number || (!contains(thread.participants, short_) &&
                                                !contains(thread.addressed, short_)))
                                    return;
                                if (Thread* changed = memory_.find_thread_root(*number)) {
                                    std::erase(changed->participants, short_);
                                    std::erase(changed->addressed, short_);
                                    count(true);
                                }
                            });
    }

    Status vocabularies() {
        return each<Vocabulary>(
            Table::Words, "", decode_vocabulary, [&](std::string_view key, const Vocabulary& v) {
                Key16 sender;
                if (key.size() != sender.bytes.size() || !contains(v.recipients, short_)) return;
                std::memcpy(sender.bytes.data(), key.data(), key.size());
                std::erase(memory_.edit_vocabulary(sender).recipients, short_);
                count(true);
            });
    }

    /// What a mail of others taught can no more be taken back where it taught about the address.
    Status lessons() {
        return each<Lesson>(
            Table::Messages, lesson_key(Time{}, ""), decode_lesson,
            [&](std::string_view key, const Lesson& lesson) {
                const auto time =
                    key.size() > 9 ? decode_integer_key(key.substr(1, 8)) : std::nullopt;
                const bool named = std::any_of(lesson.touched.begin(), lesson.touched.end(),
                                               [&](const auto& t) { return t.key == address_; }) ||
                                   contains(lesson.sender.recipients, short_) ||
                                   contains(lesson.thread.participants, short_) ||
                                   contains(lesson.thread.addressed, short_);
                if (time && named)
                    count(
                        memory_
                            .take_lesson(from_unix(static_cast<std::int64_t>(*time)), key.substr(9))
                            .has_value());
            });
    }

    Status waiting() {
        memory_.rewrite_pending([&](const std::string& bytes) -> std::optional<std::string> {
            alive_();
            const auto mail = decode_mail_record(bytes);
            const Role role = mail ? role_in(*mail, address_, hasher_) : Role::None;
            if (role == Role::None) return std::nullopt;
            count(true);
            return role == Role::All ? "" : left_of(without_recipient(bytes, address_, hasher_));
        });
        return ok();
    }

    Status allowances() {
        std::vector<std::pair<std::string, Allowances>> changed;
        auto scanned = each<Allowances>(
            Table::Messages, std::string(1, kAllowanceKey), decode_allowances,
            [&](std::string_view key, const Allowances& all) {
                Allowances less = all;
                bool any = false;
                for (Allowance& a : less.items) any = remove_recipient(a) || any;
                drop(less.items, [](const Allowance& a) { return a.rcpts.empty(); });
                if (any) changed.emplace_back(std::string(key), std::move(less));
            });
        if (!scanned) return scanned;
        for (const auto& [key, all] : changed) {
            count(true);
            auto done = all.items.empty() ? writer_.erase(Table::Messages, key)
                                          : writer_.put(Table::Messages, key, encode(all));
            if (!done) return done;
        }
        return ok();
    }

    bool remove_recipient(Allowance& a) const {
        for (std::size_t i = 0; i < a.rcpts.size(); ++i) {
            if (a.rcpts[i] != address_) continue;
            a.rcpts.erase(a.rcpts.begin() + static_cast<std::ptrdiff_t>(i));
            if (i < a.rcpt_names.size())
                a.rcpt_names.erase(a.rcpt_names.begin() + static_cast<std::ptrdiff_t>(i));
            return true;
        }
        return false;
    }

    Status incidents() {
        const std::string first = incident_key(Key16{});
        return each<Incident>(
            Table::Messages, first, decode_incident,
            [&](std::string_view key, const Incident& incident) {
                const auto gone = [&](const Incident::Mail& m) {
                    return count_.ids.contains(m.id);
                };
                Key16 sender;
                if (key.size() != 1 + sender.bytes.size() ||
                    std::none_of(incident.mails.begin(), incident.mails.end(), gone))
                    return;
                std::memcpy(sender.bytes.data(), key.data() + 1, sender.bytes.size());
                count(drop(memory_.edit_incident(sender).mails, gone));
            });
    }

    /// Decoded records of a table whose keys begin like `first`; of all with "".
    template <class T, class Decode, class Visit>
    Status each(Table table, const std::string& first, Decode decode, Visit visit) {
        return writer_.scan(table, first, [&](std::string_view key, std::string_view value) {
            alive_();
            if (!first.empty() && key.front() != first.front()) return false;
            if (const auto decoded = decode(value)) visit(key, static_cast<const T&>(*decoded));
            return true;
        });
    }

    void count(bool changed) { count_.in_lists_of_others += changed ? 1U : 0U; }

    StoreWriter& writer_;
    LearnedMemory& memory_;
    JournalReader& journal_;
    const Key16 address_;
    const std::uint32_t short_;
    const Hasher& hasher_;
    const Alive& alive_;
    ErasedCount count_;
};

}  // namespace

Role role_in(const MailRecord& mail, const Key16& address, const Hasher& hasher) {
    const Observations& o = mail.observations;
    if (o.sender == address || o.account == address) return Role::All;
    for (const std::string* text : {&mail.from, &mail.mail_from, &mail.auth_user})
        if (is(*text, address, hasher)) return Role::All;
    const auto named = static_cast<std::size_t>(
        std::count_if(mail.rcpts.begin(), mail.rcpts.end(),
                      [&](const std::string& rcpt) { return is(rcpt, address, hasher); }));
    const auto hashed =
        static_cast<std::size_t>(std::count(o.rcpts.begin(), o.rcpts.end(), address));
    if (named == 0 && hashed == 0) return Role::None;
    const bool others = mail.rcpts.size() > named || o.rcpts.size() > hashed;
    return others ? Role::Recipient : Role::All;
}

Result<std::string> without_recipient(std::string_view encoded, const Key16& address,
                                      const Hasher& hasher) {
    const auto mail = decode_mail_record(encoded);
    if (!mail) return fail(mail.error());
    std::vector<std::string> names;
    for (const std::string& rcpt : mail->rcpts)
        if (is(rcpt, address, hasher)) names.push_back(rcpt);
    // Of a set of recipients only whether it is another's counts.
    std::string left;
    for (const Key16& rcpt : mail->observations.rcpts)
        if (rcpt != address) left += rcpt.view();
    return cut_mail_record(
        encoded, {[&](const std::string& rcpt) { return is(rcpt, address, hasher); }, address,
                  hasher.hash64("rcpts", left),
                  [&](const std::string& text) {
                      std::string out = text;
                      for (const std::string& name : names) out = without(out, name);
                      return out;
                  }});
}

std::string without_address(std::string_view text, const Key16& address, const Hasher& hasher) {
    std::string out;
    std::size_t kept = 0;  // what stands before it is in `out`
    for (std::size_t sign = text.find('@'); sign != std::string_view::npos;
         sign = text.find('@', sign + 1)) {
        std::size_t begin = sign, end = sign + 1;
        while (begin > kept && is_of_local_part(text, begin - 1)) --begin;
        while (end < text.size() && is_of_domain(text, end)) ++end;
        if (!is(std::string(text.substr(begin, end - begin)), address, hasher)) continue;
        out += text.substr(kept, begin - kept);
        kept = end;
    }
    return out + std::string(text.substr(kept));
}

bool names_address(std::string_view text, const std::string& address) {
    return !address.empty() &&
           find_whole(ascii_lower(text), ascii_lower(address)) != std::string_view::npos;
}

bool names_address(const AccountEvent& event, const std::string& address) {
    const auto named = [&](const std::string& text) { return names_address(text, address); };
    return named(event.detail) || named(event.mailbox) || named(event.to_mailbox) ||
           named(event.rule.name) ||
           std::any_of(event.rule.redirects.begin(), event.rule.redirects.end(),
                       [&](const std::string& to) { return ascii_iequals(to, address); }) ||
           std::any_of(event.rule.folders.begin(), event.rule.folders.end(), named);
}

std::string address_id(const Key16& address) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const std::uint8_t b : address.bytes) {
        out += kDigits[b >> 4];
        out += kDigits[b & 15];
    }
    return out;
}

std::optional<Key16> address_of_id(std::string_view id) {
    Key16 out;
    if (id.size() != 2 * out.bytes.size()) return std::nullopt;
    for (std::size_t i = 0; i < id.size(); ++i) {
        const char c = id[i];
        const bool digit = c >= '0' && c <= '9';
        if (!digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
        const int value = digit ? c - '0' : c - 'a' + 10;
        out.bytes[i / 2] = static_cast<std::uint8_t>(out.bytes[i / 2] << 4 | value);
    }
    return out;
}

JournalEraser::JournalEraser(std::string address, const Hasher& hasher)
    : address_(std::move(address)), key_(sender_key(hasher, address_)), hasher_(hasher) {}

std::optional<std::string> JournalEraser::operator()(const JournalRecord& record) {
    if (record.type == RecordType::Mail) return of_mail(record);
    if (record.type == RecordType::Account) return of_event(record);
    return is_remark(record.type) ? of_remark(record) : std::nullopt;
}

std::optional<std::string> JournalEraser::of_mail(const JournalRecord& record) {
    const auto mail = decode_mail_record(record.payload);
    switch (mail ? role_in(*mail, key_, hasher_) : Role::None) {
        case Role::None:
            return std::nullopt;
        case Role::Recipient:
            ++count_.shared;
            return left_of(without_recipient(record.payload, key_, hasher_));
        case Role::All:
            break;
    }
    erased_.insert(mail->id);
    ++count_.mails;
    return "";
}

std::optional<std::string> JournalEraser::of_event(const JournalRecord& record) {
    const auto event = decode_account_event(record.payload);
    if (!event) return std::nullopt;
    if (is(event->account, key_, hasher_)) {
        ++count_.events;
        return "";
    }
    if (!names_address(*event, address_)) return std::nullopt;
    ++count_.events_of_others;
    return left_of(cut_account_event(
        record.payload, [&](const std::string& to) { return is(to, key_, hasher_); },
        [&](const std::string& text) { return cut(text); }));
}

std::optional<std::string> JournalEraser::of_remark(const JournalRecord& record) {
    const auto remark = decode_admin_record(record.payload);
    if (!remark) return std::nullopt;
    if (erased_.contains(remark->id) || is(remark->address, key_, hasher_)) {
        ++count_.remarks;
        return "";
    }
    if (!names_address(remark->why, address_)) return std::nullopt;
    ++count_.remarks;
    return left_of(
        cut_admin_record(record.payload, [&](const std::string& text) { return cut(text); }));
}

std::string JournalEraser::cut(const std::string& text) const { return without(text, address_); }

Result<ErasedCount> erase_from_store(StoreWriter& writer, LearnedMemory& memory,
                                     JournalReader& journal, const Key16& address,
                                     const Hasher& hasher, const Alive& alive) {
    return StoreEraser(writer, memory, journal, address, hasher, alive).run();
}

}  // namespace kith
