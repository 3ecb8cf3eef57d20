// SPDX-License-Identifier: Apache-2.0
// Covered by tests/unit/admin/program_test.cpp.
#include "engine/admin/mail_lookup.hpp"

#include <CLI/CLI.hpp>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>

#include "engine/assess/site_key.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/text.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/learner/learner.hpp"

namespace kith::admin {
namespace {

// The domain under which observe() hashes Message-IDs.
constexpr std::string_view kMessageIdDomain = "mid";

/// What the verdict asked for and was not done, because the mode is another than enforce. A verdict
/// of later asked for nothing when the mail came.
std::string_view undone_text(const MailEntry& e) noexcept {
    if (e.action != Action::Accepted || e.judged_late) return "";
    switch (e.verdict) {
        case Verdict::Quarantine:
            return ", would have been held";
        case Verdict::Reject:
            return ", would have been rejected";
        case Verdict::Defer:
            return ", would have been delayed";
        case Verdict::Pass:
        case Verdict::Tag:
            break;
    }
    return "";
}

bool is_judged_on_arrival(const MailRecord& r) noexcept {
    return !r.imported && r.assessment.degraded.empty();
}

}  // namespace

Result<MailEntry> look_up_mail(const Config& config, const StoreReader& reader,
                               std::string_view text) {
    std::uint64_t hash = 0;
    if (text.find('@') != std::string_view::npos) {
        if (text.size() >= 2 && text.front() == '<' && text.back() == '>')
            text = text.substr(1, text.size() - 2);
        const Result<Hasher::Secret> secret = read_site_key(reader, config);
        if (!secret) return fail(secret.error());
        hash = Hasher(*secret).hash64(kMessageIdDomain, text);
    }
    auto found = resolve_mail(reader, text, hash);
    if (found || found.error().code != ErrorCode::NoInput) return found;
    const std::string near = nearest_mail(reader, text);
    if (near.empty()) return found;
    return fail(ErrorCode::NoInput, found.error().what,
                "the nearest is " + near + "; " + found.error().hint);
}

Result<MailEntry> with_newest_word(const Config& config, const StoreReader& reader,
                                   MailEntry entry) {
    const Result<JournalPosition> checkpoint = read_checkpoint(reader);
    if (!checkpoint) return fail(checkpoint.error());
    auto journal = JournalReader::open(config.journal);
    if (!journal) return fail(std::move(journal).error());
    if (Status s = (*journal)->seek(*checkpoint); !s) return fail(std::move(s).error());
    const Status read = for_each_record(**journal, [&](const JournalRecord& record) {
        const MailState said = record.type == RecordType::Release   ? MailState::Released
                               : record.type == RecordType::Confirm ? MailState::Confirmed
                               : record.type == RecordType::Drop    ? MailState::Dropped
                                                                    : MailState::None;
        if (said == MailState::None) return ok();
        const auto admin = decode_admin_record(record.payload);
        if (!admin || admin->id != entry.id) return ok();
        entry.state = said;
        entry.state_time = record.time;
        return ok();
    });
    if (!read) return fail(read.error());
    return entry;
}

std::string nearest_mail(const StoreReader& reader, std::string_view text) {
    MailFilter newest;
    newest.mails = MailClass::All;
    newest.limit = 2000;
    const auto mails = list_mail(reader, newest);
    if (!mails) return {};
    std::vector<std::string> candidates;
    for (const MailEntry& e : *mails)
        for (const std::string& id : {e.id, e.queue_id})
            if (!id.empty()) candidates.push_back(id);
    return nearest(text.substr(0, kMaxIndexId), candidates);
}

Result<MailRecord> read_record(const Config& config, const MailEntry& entry) {
    Result<std::unique_ptr<JournalReader>> journal = JournalReader::open(config.journal);
    if (!journal) return fail(std::move(journal).error());
    Result<JournalRecord> record = (*journal)->at(entry.position);
    if (!record) {
        Error error = std::move(record).error();
        if (error.code == ErrorCode::NoInput)
            return fail(
                ErrorCode::NoInput, "mail " + entry.id + ": its record is no longer in the journal",
                "records are kept for journal.keep; `kith show` still prints what the index has");
        return fail(std::move(error));
    }
    if (record->type == RecordType::Note)
        return fail(ErrorCode::NoInput, "mail " + entry.id + ": its record was erased",
                    "its index entry goes when kith-learner has read of it");
    if (record->type != RecordType::Mail)
        return fail(ErrorCode::Corrupt,
                    "mail " + entry.id + ": the index points to a record of another type");
    Result<MailRecord> mail = decode_mail_record(record->payload);
    if (!mail) return fail(std::move(mail).error());
    if (mail->id != entry.id)
        return fail(ErrorCode::Corrupt,
                    "mail " + entry.id + ": the index points to the record of another mail");
    return mail;
}

Status append_admin_record(const Config& config, RecordType type, Time now, AdminRecord record) {
    record.who = calling_user();
    Result<std::unique_ptr<JournalWriter>> journal = JournalWriter::open(config.journal);
    if (!journal) {
        Error error = std::move(journal).error();
        if (error.code == ErrorCode::Permission) error.hint = "run it as root or as the user _kith";
        return fail(std::move(error));
    }
    const Result<JournalPosition> position = (*journal)->append(type, now, encode(record));
    if (!position) return fail(position.error());
    return (*journal)->sync();
}

void add_reason_option(CLI::App& sub, std::string& why) {
    sub.add_option("--reason,--why", why, "Reason, kept in the journal and the audit log")
        ->type_name("TEXT");
}

std::string user_name(unsigned uid) {
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
        return entry.pw_name;
    return "uid " + std::to_string(uid);
}

std::string calling_user() {
    // sudo sets SUDO_USER itself; a plain user who sets it only mislabels the user's own action,
    // and only within the rights of writing to the journal.
    if (const char* sudo = std::getenv("SUDO_USER"); sudo != nullptr && *sudo != '\0')
        return std::string(sudo).substr(0, 64);
    return user_name(::getuid());
}

std::string_view to_string(Judged j) noexcept {
    switch (j) {
        case Judged::OnArrival:
            return "on arrival";
        case Judged::WhenLearned:
            return "when learned";
        case Judged::NotYet:
            return "not yet";
    }
    return "not yet";
}

ShownVerdict shown_verdict(const MailEntry& e) noexcept {
    return {e.score, e.verdict, e.judged_late ? Judged::WhenLearned : Judged::OnArrival};
}

ShownVerdict shown_verdict(const MailRecord& r, const std::optional<MailEntry>& entry) {
    if (is_judged_on_arrival(r))
        return {r.assessment.score, r.assessment.verdict, Judged::OnArrival};
    return entry ? shown_verdict(*entry) : ShownVerdict{0, Verdict::Pass, Judged::NotYet};
}

ShownVerdict shown_verdict(const StoreReader& reader, const MailRecord& r) {
    return shown_verdict(r, is_judged_on_arrival(r) ? std::nullopt : indexed_mail(reader, r));
}

std::optional<MailEntry> indexed_mail(const StoreReader& reader, const MailRecord& r) {
    auto found = find_mail(reader, r.id);
    return found ? std::move(*found) : std::nullopt;
}

std::string score_text(const ShownVerdict& v) {
    return v.judged == Judged::NotYet ? "-" : fixed1(v.score);
}

std::string verdict_text(const ShownVerdict& v) {
    if (v.judged == Judged::NotYet) return "not judged yet";
    return std::string(to_string(v.verdict)) +
           (v.judged == Judged::WhenLearned ? ", when learned" : "");
}

void add_verdict(Json& j, const ShownVerdict& v) {
    const bool judged = v.judged != Judged::NotYet;
    j["score"] = judged ? Json(rounded(v.score, 1)) : Json();
    j["verdict"] = judged ? Json(to_string(v.verdict)) : Json();
    j["judged"] = to_string(v.judged);
}

void take_learned_verdict(const StoreReader& reader, MailRecord& record) {
    if (!record.imported) return;
    const ShownVerdict v = shown_verdict(reader, record);
    record.assessment.score = v.score;
    record.assessment.verdict = v.verdict;
    // The index has the score alone; the rate is the same on another scale (Assessment::score).
    record.assessment.p = std::pow(10.0, -v.score / 20);
}

Json entry_json(const MailEntry& e) {
    Json j;
    j["id"] = e.id;
    j["time"] = iso8601(e.time);
    add_verdict(j, shown_verdict(e));
    j["action"] = to_string(e.action);
    j["state"] = to_string(e.state);
    j["direction"] = to_string(e.direction);
    j["imported"] = e.imported;
    j["from"] = e.from;
    j["rcpt"] = e.rcpt;
    j["rcpt_count"] = e.rcpt_count;
    j["queue_id"] = e.queue_id;
    j["host"] = e.host;
    j["attached"] = e.attached == AttachedMark::Finding ? "finding"
                    : e.attached == AttachedMark::Read  ? "read"
                                                        : "none";
    j["hold"] = to_string(e.hold);
    j["reports"] = e.reports;
    return j;
}

Json place_json(const GeoPlace& place) {
    Json j = Json::object();
    if (place.asn != 0) j["asn"] = place.asn;
    if (!place.country.empty()) j["country"] = place.country;
    if (place.point) j["point"] = {place.point->latitude, place.point->longitude};
    return j;
}

Json record_json(const MailEntry& entry, const MailRecord& r) {
    const Assessment& a = r.assessment;
    Json j = entry_json(entry);
    j["mode"] = r.mode;
    j["client"] = {{"addr", r.client_addr},
                   {"name", r.client_name},
                   {"helo", r.helo},
                   {"tls_version", r.tls_version},
                   {"cipher", r.cipher}};
    j["place"] = place_json(r.place);
    j["mail_from"] = r.mail_from;
    j["rcpts"] = r.rcpts;
    j["auth_user"] = r.auth_user;
    j["from_name"] = r.from_name;
    j["message_id"] = r.message_id;
    j["subject"] = r.subject;
    j["stratum"] = to_string(a.stratum);
    j["p"] = a.p;
    j["ready"] = a.ready;
    j["delayed"] = a.delayed;
    j["indicators"] = Json::array();
    for (const IndicatorScore& i : a.indicators)
        j["indicators"].push_back({{"name", i.name}, {"score", rounded(i.score, 1)}});
    j["tags"] = a.tags;
    j["models"] = Json::array();
    for (const ModelHit& m : a.models) j["models"].push_back({{"name", m.name}, {"live", m.live}});
    j["decided_by"] = a.decided_by;
    j["reasons"] = Json::array();
    for (const Reason& reason : a.reasons)
        j["reasons"].push_back({{"feature", reason.feature},
                                {"weight", rounded(reason.weight, 3)},
                                {"text", reason.text}});
    j["would_pass"] = a.would_pass;
    j["degraded"] = a.degraded;
    j["journal"] = {{"segment", entry.position.segment}, {"offset", entry.position.offset}};
    return j;
}

std::string verdict_text(const MailEntry& e) {
    return verdict_text(shown_verdict(e)) +
           (e.attached == AttachedMark::Finding ? ", document names another account" : "");
}

std::string fate_text(const MailEntry& e) {
    std::string out(to_string(e.action));
    out += undone_text(e);
    if (e.imported) out = "imported";
    if (e.hold == HoldMark::Missing) out += ", but was not on hold";
    if (e.hold == HoldMark::Freed && e.state != MailState::Released) out += ", released";
    if (e.state != MailState::None)
        out += " (" + std::string(to_string(e.state)) + ")";
    else if (e.hold == HoldMark::Left)
        out += " (left the queue)";
    if (e.reports > 0) out += ", reported";
    return out;
}

}  // namespace kith::admin
