// SPDX-License-Identifier: Apache-2.0
// The mail index over one table: a primary key and four kinds of secondary ones (FORMAT.md).
// Secondary keys end with the mail's id, so they need no value and never collide; times are stored
// inverted, because the store scans forward only and a list begins with the newest. Covered by
// tests/unit/learner/mail_index_test.cpp.
#include "engine/learner/mail_index.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "engine/base/text.hpp"
#include "engine/learner/attached.hpp"
#include "engine/learner/mail_index_generated.h"
#include "engine/profile/verified.hpp"

namespace kith {
namespace {

namespace fb = learner::fb;

// First byte of a key. Persistent.
constexpr char kById = 'I';
constexpr char kByQueueId = 'Q';
constexpr char kByMessageId = 'M';
constexpr char kAll = 'A';
constexpr char kTagged = 'T';
constexpr char kHeld = 'H';

// The store's tables take no empty value everywhere; the keys say all.
constexpr std::string_view kPresent = "1";

std::string big_endian(std::uint64_t x) {
    std::string out(8, '\0');
    for (std::size_t i = 8; i-- > 0; x >>= 8) out[i] = static_cast<char>(x & 0xff);
    return out;
}

// Newest first: a later time gives a smaller key. Times before 1970 count as 1970.
std::string inverted(Time t) {
    const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_unix(t)));
    return big_endian(std::numeric_limits<std::uint64_t>::max() - seconds);
}

// Part of a key before a NUL: cut at `max` and at the first NUL of its own.
std::string_view key_part(std::string_view s, std::size_t max) {
    s = s.substr(0, max);
    return s.substr(0, s.find('\0'));
}

bool is_id(std::string_view id) noexcept {
    return !id.empty() && id.size() <= kMaxIndexId && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
}

std::string id_key(std::string_view id) { return kById + std::string(id); }

std::string queue_prefix(std::string_view queue_id) {
    return kByQueueId + std::string(key_part(queue_id, kMaxIndexId)) + '\0';
}

bool is_held(const MailEntry& e) noexcept {
    return e.action == Action::Held || e.verdict == Verdict::Quarantine ||
           e.verdict == Verdict::Reject;
}
bool is_tagged(const MailEntry& e) noexcept {
    return is_held(e) || e.verdict != Verdict::Pass || e.attached == AttachedMark::Finding;
}

// Every key of the entry but the primary one.
std::vector<std::string> secondary_keys(const MailEntry& e) {
    std::vector<std::string> keys;
    const std::string when = inverted(e.time) + e.id;
    keys.push_back(kAll + when);
    if (is_tagged(e)) keys.push_back(kTagged + when);
    if (is_held(e)) keys.push_back(kHeld + when);
    if (!e.queue_id.empty())
        keys.push_back(queue_prefix(e.queue_id) + std::string(key_part(e.host, kMaxIndexHost)) +
                       '\0' + e.id);
    if (e.message_id != 0) keys.push_back(kByMessageId + big_endian(e.message_id) + e.id);
    return keys;
}

std::string encode_entry(const MailEntry& e) {
    flatbuffers::FlatBufferBuilder b(512);
    const auto id = b.CreateString(e.id);
    const auto from = b.CreateString(e.from);
    const auto rcpt = b.CreateString(e.rcpt);
    const auto queue_id = b.CreateString(e.queue_id);
    const auto host = b.CreateString(e.host);
    fb::MailEntryBuilder entry(b);
    entry.add_id(id);
    entry.add_segment(e.position.segment);
    entry.add_offset(e.position.offset);
    entry.add_time(to_unix(e.time));
    entry.add_score(static_cast<float>(e.score));
    entry.add_verdict(static_cast<std::uint8_t>(e.verdict));
    entry.add_action(static_cast<std::uint8_t>(e.action));
    entry.add_direction(static_cast<std::uint8_t>(e.direction));
    entry.add_state(static_cast<std::uint8_t>(e.state));
    entry.add_state_time(to_unix(e.state_time));
    entry.add_imported(e.imported);
    entry.add_judged_late(e.judged_late);
    entry.add_message_id(e.message_id);
    entry.add_from(from);
    entry.add_rcpt(rcpt);
    entry.add_rcpt_count(e.rcpt_count);
    entry.add_queue_id(queue_id);
    entry.add_host(host);
    entry.add_attached(static_cast<std::uint8_t>(e.attached));
    entry.add_hold(static_cast<std::uint8_t>(e.hold));
    entry.add_reports(e.reports);
    fb::FinishMailEntryBuffer(b, entry.Finish());
    return {reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()};
}

Unexpected damaged(std::string_view id, const char* why) {
    return fail(ErrorCode::Corrupt, "mail index: entry of " + std::string(id) + ": " + why,
                "restore the store from a backup; mail flows meanwhile");
}

std::string text_of(const flatbuffers::String* s) {
    return s != nullptr ? s->str() : std::string();
}

Result<MailEntry> decode_entry(std::string_view id, std::string_view bytes) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    flatbuffers::Verifier verifier(data, bytes.size());
    if (bytes.size() < 8 || !fb::MailEntryBufferHasIdentifier(data) ||
        !fb::VerifyMailEntryBuffer(verifier))
        return damaged(id, "not an entry");
    const fb::MailEntry& f = *fb::GetMailEntry(data);
    MailEntry e;
    e.id = f.id()->str();
    if (e.id != id) return damaged(id, "belongs to another mail");
    if (f.verdict() > static_cast<std::uint8_t>(Verdict::Defer) ||
        f.action() > static_cast<std::uint8_t>(Action::Rejected) ||
        f.direction() > static_cast<std::uint8_t>(Direction::Internal) ||
        f.state() > static_cast<std::uint8_t>(MailState::Dropped) ||
        f.attached() > static_cast<std::uint8_t>(AttachedMark::Finding) ||
        f.hold() > static_cast<std::uint8_t>(HoldMark::Freed))
        return damaged(id, "a number out of its range");
    e.position = {f.segment(), f.offset()};
    e.time = stored_time(f.time());
    e.score = static_cast<double>(f.score());
    e.verdict = static_cast<Verdict>(f.verdict());
    e.action = static_cast<Action>(f.action());
    e.direction = static_cast<Direction>(f.direction());
    e.state = static_cast<MailState>(f.state());
    e.state_time = stored_time(f.state_time());
    e.imported = f.imported();
    e.judged_late = f.judged_late();
    e.message_id = f.message_id();
    e.from = text_of(f.from());
    e.rcpt = text_of(f.rcpt());
    e.rcpt_count = f.rcpt_count();
    e.queue_id = text_of(f.queue_id());
    e.host = text_of(f.host());
    e.attached = static_cast<AttachedMark>(f.attached());
    e.hold = static_cast<HoldMark>(f.hold());
    e.reports = f.reports();
    return e;
}

std::string cut(const std::string& text, std::size_t max) {
    if (text.size() <= max && is_valid_utf8(text)) return text;
    const std::string clean = scrub_utf8(text);
    return std::string(utf8_prefix(clean, max));
}

Status put_all(StoreWriter& writer, const MailEntry& e) {
    if (Status s = writer.put(Table::Messages, id_key(e.id), encode_entry(e)); !s) return s;
    for (const std::string& key : secondary_keys(e))
        if (Status s = writer.put(Table::Messages, key, kPresent); !s) return s;
    return ok();
}

Status erase_secondary(StoreWriter& writer, const MailEntry& e) {
    for (const std::string& key : secondary_keys(e))
        if (Status s = writer.erase(Table::Messages, key); !s) return s;
    return ok();
}

// Ends of the keys that begin with `prefix`, from `first` on: what follows `skip` bytes, while
// `wanted` says so.
Status scan_prefix(const StoreReader& reader, std::string_view prefix, std::string_view first,
                   const std::function<bool(std::string_view)>& visit) {
    return reader.scan(Table::Messages, first, [&](std::string_view key, std::string_view) {
        return key.substr(0, prefix.size()) == prefix && visit(key.substr(prefix.size()));
    });
}

Result<std::vector<MailEntry>> load(const StoreReader& reader,
                                    const std::vector<std::string>& ids) {
    std::vector<MailEntry> out;
    for (const std::string& id : ids) {
        Result<std::optional<MailEntry>> entry = find_mail(reader, id);
        if (!entry) return fail(std::move(entry).error());
        if (!*entry) return damaged(id, "a key leads to it, but it is missing");
        out.push_back(std::move(**entry));
    }
    return out;
}

// Within a second by place in the journal, which is the order in which mail was answered.
bool is_newer(const MailEntry& a, const MailEntry& b) {
    return std::tie(a.time, a.position) > std::tie(b.time, b.position);
}

Result<std::vector<MailEntry>> load_newest_first(const StoreReader& reader,
                                                 const std::vector<std::string>& ids) {
    Result<std::vector<MailEntry>> out = load(reader, ids);
    if (out) std::stable_sort(out->begin(), out->end(), is_newer);
    return out;
}

constexpr char class_key(MailClass c) noexcept {
    switch (c) {
        case MailClass::All:
            return kAll;
        case MailClass::Tagged:
            return kTagged;
        case MailClass::Held:
            return kHeld;
    }
    return kAll;
}

constexpr std::size_t kTimeBytes = 8;

// One mail or the reason why not; `many` names the candidates so that the next call can be exact.
Result<MailEntry> the_one(std::string_view text, std::vector<MailEntry> found, const char* kind) {
    if (found.size() == 1) return std::move(found.front());
    constexpr std::size_t kShown = 5;
    std::string candidates;
    for (std::size_t i = 0; i < found.size() && i < kShown; ++i)
        candidates += (i == 0 ? "" : ", ") + found[i].id + " of " + iso8601(found[i].time);
    if (found.size() > kShown) candidates += ", and more";
    return fail(ErrorCode::Usage, std::string(text) + ": several mails have this " + kind,
                "use the id of one: " + candidates);
}

}  // namespace

std::string_view to_string(MailState s) noexcept {
    switch (s) {
        case MailState::None:
            return "none";
        case MailState::Released:
            return "released";
        case MailState::Confirmed:
            return "confirmed";
        case MailState::Dropped:
            return "dropped";
    }
    return "none";
}

std::string_view to_string(HoldMark m) noexcept {
    switch (m) {
        case HoldMark::Unknown:
            return "unknown";
        case HoldMark::Seen:
            return "seen";
        case HoldMark::Missing:
            return "missing";
        case HoldMark::Left:
            return "left";
        case HoldMark::Freed:
            return "freed";
    }
    return "unknown";
}

MailEntry entry_of(const MailRecord& record, JournalPosition position) {
    MailEntry e;
    e.id = record.id;
    e.position = position;
    e.time = record.time;
    e.score = record.assessment.score;
    e.verdict = record.assessment.verdict;
    e.action = record.action;
    e.direction = record.observations.direction;
    e.imported = record.imported;
    e.judged_late = record.imported || !record.assessment.degraded.empty();
    e.message_id = record.observations.message_id;
    e.from = cut(record.from, kMaxIndexText);
    e.rcpt = record.rcpts.empty() ? std::string() : cut(record.rcpts.front(), kMaxIndexText);
    e.rcpt_count = static_cast<std::uint32_t>(record.rcpts.size());
    e.queue_id = cut(record.queue_id, kMaxIndexId);
    e.host = cut(record.host, kMaxIndexHost);
    return e;
}

Status index_mail(StoreWriter& writer, const MailRecord& record, JournalPosition position) {
    if (!is_id(record.id))
        return fail(ErrorCode::Corrupt, "mail index: a mail's id is not letters and digits", "");
    MailEntry e = entry_of(record, position);
    Result<std::optional<MailEntry>> before = find_mail(writer, record.id);
    if (!before && before.error().code != ErrorCode::Corrupt)
        return fail(std::move(before).error());
    if (before && *before) {
        e.state = (*before)->state;
        e.state_time = (*before)->state_time;
        e.attached = (*before)->attached;
        e.hold = (*before)->hold;
        e.reports = (*before)->reports;
        if (Status s = erase_secondary(writer, **before); !s) return s;
    }
    return put_all(writer, e);
}

Status set_mail_state(StoreWriter& writer, std::string_view id, MailState state, Time when) {
    Result<std::optional<MailEntry>> entry = find_mail(writer, id);
    if (!entry) return fail(std::move(entry).error());
    if (!*entry) return fail(ErrorCode::NoInput, "mail index: no mail " + std::string(id), "");
    (*entry)->state = state;
    (*entry)->state_time = when;
    if (state == MailState::Released && (*entry)->action == Action::Held)
        (*entry)->hold = HoldMark::Freed;
    return writer.put(Table::Messages, id_key(id), encode_entry(**entry));
}

Status set_mail_attached(StoreWriter& writer, std::string_view id, AttachedMark mark) {
    Result<std::optional<MailEntry>> entry = find_mail(writer, id);
    if (!entry) return fail(std::move(entry).error());
    if (!*entry) return fail(ErrorCode::NoInput, "mail index: no mail " + std::string(id), "");
    if (Status s = erase_secondary(writer, **entry); !s) return s;
    (*entry)->attached = mark;
    return put_all(writer, **entry);
}

Status set_mail_hold(StoreWriter& writer, std::string_view id, HoldMark mark) {
    Result<std::optional<MailEntry>> entry = find_mail(writer, id);
    if (!entry) return fail(std::move(entry).error());
    if (!*entry) return fail(ErrorCode::NoInput, "mail index: no mail " + std::string(id), "");
    (*entry)->hold = mark;
    return writer.put(Table::Messages, id_key(id), encode_entry(**entry));
}

Status count_mail_report(StoreWriter& writer, std::string_view id) {
    Result<std::optional<MailEntry>> entry = find_mail(writer, id);
    if (!entry) return fail(std::move(entry).error());
    if (!*entry) return fail(ErrorCode::NoInput, "mail index: no mail " + std::string(id), "");
    ++(*entry)->reports;
    return writer.put(Table::Messages, id_key(id), encode_entry(**entry));
}

Status set_mail_recipient(StoreWriter& writer, std::string_view id, const std::string& rcpt) {
    Result<std::optional<MailEntry>> entry = find_mail(writer, id);
    if (!entry) return fail(std::move(entry).error());
    if (!*entry) return fail(ErrorCode::NoInput, "mail index: no mail " + std::string(id), "");
    (*entry)->rcpt = cut(rcpt, kMaxIndexText);
    return writer.put(Table::Messages, id_key(id), encode_entry(**entry));
}

Status erase_mail(StoreWriter& writer, std::string_view id) {
    Result<std::optional<MailEntry>> entry = find_mail(writer, id);
    if (!entry) return fail(std::move(entry).error());
    if (!*entry) return ok();
    if (Status s = erase_secondary(writer, **entry); !s) return s;
    for (const std::string& key : {id_key(id), attached_key(id)})
        if (Status s = writer.erase(Table::Messages, key); !s) return s;
    return ok();
}

Status for_each_mail(const StoreReader& reader, const std::function<bool(MailEntry)>& visit) {
    return reader.scan(Table::Messages, std::string_view(&kById, 1),
                       [&](std::string_view key, std::string_view value) {
                           if (key.front() != kById) return false;
                           auto entry = decode_entry(key.substr(1), value);
                           return !entry || visit(std::move(*entry));
                       });
}

bool has_passed(const MailEntry& e) noexcept {
    return !is_tagged(e) && e.action == Action::Accepted && e.state == MailState::None &&
           e.reports == 0;
}

Result<std::size_t> expire_mail(StoreWriter& writer, Time before, std::size_t max_entries) {
    // Inverted times of what is older than `before` are larger than that of `before` itself.
    const std::string first = kAll + inverted(before - Seconds(1));
    std::vector<std::string> ids;
    if (max_entries == 0 || to_unix(before) <= 0) return std::size_t{0};
    Status scanned =
        scan_prefix(writer, std::string_view(&kAll, 1), first, [&](std::string_view rest) {
            if (rest.size() > kTimeBytes) ids.emplace_back(rest.substr(kTimeBytes));
            return ids.size() < max_entries;
        });
    if (!scanned) return fail(std::move(scanned).error());
    for (const std::string& id : ids) {
        Result<std::optional<MailEntry>> entry = find_mail(writer, id);
        if (!entry) return fail(std::move(entry).error());
        if (!*entry) return damaged(id, "a key leads to it, but it is missing");
        if (Status s = erase_mail(writer, id); !s) return fail(std::move(s).error());
    }
    return ids.size();
}

Result<std::optional<MailEntry>> find_mail(const StoreReader& reader, std::string_view id) {
    if (!is_id(id)) return std::optional<MailEntry>();
    Result<std::optional<std::string>> bytes = reader.get(Table::Messages, id_key(id));
    if (!bytes) return fail(std::move(bytes).error());
    if (!*bytes) return std::optional<MailEntry>();
    Result<MailEntry> entry = decode_entry(id, **bytes);
    if (!entry) return fail(std::move(entry).error());
    return std::optional<MailEntry>(std::move(*entry));
}

Result<std::vector<MailEntry>> find_by_queue_id(const StoreReader& reader,
                                                std::string_view queue_id, std::string_view host) {
    if (queue_id.empty() || queue_id.size() > kMaxIndexId ||
        queue_id.find('\0') != std::string_view::npos)
        return std::vector<MailEntry>();
    std::string prefix = queue_prefix(queue_id);
    if (!host.empty()) prefix += std::string(key_part(host, kMaxIndexHost)) + '\0';
    std::vector<std::string> ids;
    Status scanned = scan_prefix(reader, prefix, prefix, [&](std::string_view rest) {
        ids.emplace_back(rest.substr(rest.find('\0') + 1));  // npos + 1 = 0: the host was given
        return true;
    });
    if (!scanned) return fail(std::move(scanned).error());
    return load_newest_first(reader, ids);
}

Result<std::vector<MailEntry>> find_by_message_id(const StoreReader& reader, std::uint64_t hash,
                                                  std::size_t max) {
    std::vector<std::string> ids;
    if (hash == 0 || max == 0) return std::vector<MailEntry>();
    const std::string prefix = kByMessageId + big_endian(hash);
    Status scanned = scan_prefix(reader, prefix, prefix, [&](std::string_view rest) {
        ids.emplace_back(rest);
        return ids.size() < max;
    });
    if (!scanned) return fail(std::move(scanned).error());
    return load_newest_first(reader, ids);
}

Result<std::vector<MailEntry>> find_by_id_prefix(const StoreReader& reader, std::string_view prefix,
                                                 std::size_t max) {
    std::vector<std::string> ids;
    if (!is_id(prefix) || max == 0) return std::vector<MailEntry>();
    const std::string key = id_key(prefix);
    Status scanned = scan_prefix(reader, key, key, [&](std::string_view rest) {
        ids.push_back(std::string(prefix) + std::string(rest));
        return ids.size() < max;
    });
    if (!scanned) return fail(std::move(scanned).error());
    return load(reader, ids);
}

Result<MailEntry> resolve_mail(const StoreReader& reader, std::string_view text,
                               std::uint64_t message_id_hash) {
    Result<std::optional<MailEntry>> exact = find_mail(reader, text);
    if (!exact) return fail(std::move(exact).error());
    if (*exact) return std::move(**exact);

    Result<std::vector<MailEntry>> found = find_by_queue_id(reader, text);
    if (!found) return fail(std::move(found).error());
    if (!found->empty()) return the_one(text, std::move(*found), "queue id");

    found = find_by_message_id(reader, message_id_hash);
    if (!found) return fail(std::move(found).error());
    if (!found->empty()) return the_one(text, std::move(*found), "Message-ID");

    if (text.size() >= kMinIdPrefix) {
        found = find_by_id_prefix(reader, text);
        if (!found) return fail(std::move(found).error());
        if (!found->empty()) return the_one(text, std::move(*found), "beginning of an id");
    }
    return fail(ErrorCode::NoInput, "no mail " + std::string(text) + " in the index",
                "see `kith list --all`; a queue id or Message-ID is to be given whole, the "
                "beginning of kith's id with four characters or more; mail "
                "older than journal.keep is forgotten, and mail of the "
                "last second may not be "
                "indexed yet");
}

Result<std::vector<MailEntry>> list_mail(const StoreReader& reader, const MailFilter& filter) {
    std::vector<MailEntry> out;
    if (filter.limit == 0) return out;
    const char prefix = class_key(filter.mails);
    const std::string last =
        filter.since ? inverted(*filter.since) : std::string(kTimeBytes, '\xff');
    std::optional<Error> error;
    Status scanned = scan_prefix(
        reader, std::string_view(&prefix, 1), std::string_view(&prefix, 1),
        [&](std::string_view rest) {
            if (rest.size() <= kTimeBytes || rest.substr(0, kTimeBytes) > last) return false;
            // Keys know the second only: all of the last one, then the journal's order decides.
            if (out.size() >= filter.limit &&
                rest.substr(0, kTimeBytes) != inverted(out.back().time))
                return false;
            Result<std::optional<MailEntry>> entry = find_mail(reader, rest.substr(kTimeBytes));
            if (!entry || !*entry) {
                error =
                    entry ? damaged(rest.substr(kTimeBytes), "a key leads to it, but it is missing")
                                .take()
                          : std::move(entry).error();
                return false;
            }
            if (!filter.direction || (*entry)->direction == *filter.direction)
                out.push_back(std::move(**entry));
            return true;
        });
    if (!scanned) return fail(std::move(scanned).error());
    if (error) return fail(std::move(*error));
    std::stable_sort(out.begin(), out.end(), is_newer);
    if (out.size() > filter.limit) out.resize(filter.limit);
    return out;
}

}  // namespace kith
