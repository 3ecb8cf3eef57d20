// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/incident.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/base/text.hpp"
#include "engine/features/sketch.hpp"
#include "engine/learner/incident_generated.h"
#include "engine/learner/learned_memory.hpp"
#include "engine/learner/mail_index.hpp"
#include "engine/profile/verified.hpp"
#include "engine/scoring/score.hpp"

namespace kith {
namespace {

namespace fb = learner::fb;

constexpr char kIncident = 'C';  // first byte of a key in table Messages. Persistent.

bool would_hold(Verdict v) noexcept { return v == Verdict::Quarantine || v == Verdict::Reject; }

void add(Incident& incident, Incident::Mail mail) {
    auto& mails = incident.mails;
    const auto same = [&](const Incident::Mail& m) { return m.id == mail.id; };
    if (mail.id.empty() || std::any_of(mails.begin(), mails.end(), same)) return;
    const auto after = std::upper_bound(
        mails.begin(), mails.end(), mail,
        [](const Incident::Mail& a, const Incident::Mail& b) { return a.time < b.time; });
    mails.insert(after, std::move(mail));
    if (mails.size() <= Incident::kMaxMails) return;
    mails.pop_back();
    ++incident.left_out;
}

std::string text_of(const flatbuffers::String* s, std::size_t max) {
    return s != nullptr ? scrub_utf8(utf8_prefix(scrub_utf8(s->string_view()), max)) : "";
}

Status scan_incidents(const StoreReader& reader,
                      const std::function<bool(std::string_view, const Incident&)>& visit) {
    return reader.scan(Table::Messages, std::string_view(&kIncident, 1),
                       [&](std::string_view key, std::string_view value) {
                           if (key.front() != kIncident) return false;
                           const auto incident = decode_incident(value);
                           return !incident || visit(key, *incident);
                       });
}

}  // namespace

void group(const MailRecord& record, double own_evidence, LearnedMemory& memory) {
    const Observations& o = record.observations;
    if (!has_payload(record.assessment.stratum) || record.imported) return;
    const auto known = memory.incident(o.sender);
    const bool open = known && known->is_open(o.time);
    const bool held = would_hold(record.assessment.verdict);
    if (!held && (!open || o.time - known->last_held > kIncidentWindow)) return;
    Incident& incident = memory.edit_incident(o.sender);
    if (held) incident.near_only = false;
    if (!open) incident = Incident{record.id, record.from, o.time, o.time, {}, {}, 0, false};
    if (held) {
        incident.last_held = std::max(incident.last_held, o.time);
        for (const Trace& t : memory.traces(o.sender).items)
            if (t.time <= o.time && o.time - t.time <= kIncidentWindow)
                add(incident, {t.mail, t.time, static_cast<double>(t.evidence)});
    }
    add(incident, {record.id, o.time, own_evidence});
}

bool is_near_held(Verdict verdict, Action action, double score,
                  const ScoringOptions& options) noexcept {
    if (would_hold(verdict) || action == Action::Held || action == Action::Rejected) return false;
    if (verdict == Verdict::Defer || action == Action::Deferred) return true;
    return options.holds_per_1000 > 0 &&
           score >= score_of(std::log10(1000 / options.holds_per_1000)) - kNearScore;
}

void group_near(const MailRecord& record, double own_evidence, const ScoringOptions& options,
                LearnedMemory& memory) {
    const Observations& o = record.observations;
    if (!has_payload(record.assessment.stratum) || record.imported ||
        !is_near_held(record.assessment.verdict, record.action, record.assessment.score, options))
        return;
    const auto known = memory.incident(o.sender);
    const bool open = known && known->is_open(o.time);
    std::vector<Incident::Mail> before;
    for (const Trace& t : memory.traces(o.sender).items) {
        const double evidence = static_cast<double>(t.evidence);
        const bool alike =
            (o.sketch != Sketch{} && alike_words(t.sketch, o.sketch) >= kSameText) ||
            std::any_of(o.links.begin(), o.links.end(), [&](const ObservedLink& link) {
                return !link.own_domain && contains(t.tenants, fold32(link.tenant));
            });
        const bool another = o.message_id == 0 || t.message_id != o.message_id;
        if (t.time <= o.time && o.time - t.time <= kIncidentWindow && alike && another &&
            is_near_held(Verdict::Pass, Action::Accepted, score_of(evidence), options))
            before.push_back({t.mail, t.time, evidence});
    }
    if (!open && before.empty()) return;
    Incident& incident = memory.edit_incident(o.sender);
    if (!open) incident = Incident{record.id, record.from, o.time, o.time, {}, {}, 0, true};
    if (incident.near_only) incident.last_held = std::max(incident.last_held, o.time);
    for (Incident::Mail& mail : before) add(incident, std::move(mail));
    add(incident, {record.id, o.time, own_evidence});
}

std::string encode(const Incident& incident) {
    flatbuffers::FlatBufferBuilder b(1024);
    std::vector<flatbuffers::Offset<fb::IncidentMail>> mails;
    for (const auto& m : incident.mails) {
        const auto id = b.CreateString(m.id);
        mails.push_back(
            fb::CreateIncidentMail(b, id, to_unix(m.time), static_cast<float>(m.evidence)));
    }
    const auto list = b.CreateVector(mails);
    const auto id = b.CreateString(incident.id), from = b.CreateString(incident.from);
    fb::FinishIncidentBuffer(
        b,
        fb::CreateIncident(b, id, from, to_unix(incident.opened), to_unix(incident.last_held), list,
                           incident.left_out, to_unix(incident.closed), incident.near_only));
    return {reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()};
}

std::optional<Incident> decode_incident(std::string_view bytes) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    flatbuffers::Verifier verifier(data, bytes.size());
    if (bytes.size() < 8 || !fb::IncidentBufferHasIdentifier(data) ||
        !fb::VerifyIncidentBuffer(verifier))
        return std::nullopt;
    const fb::Incident& in = *fb::GetIncident(data);
    Incident out;
    out.id = text_of(in.id(), kMaxIndexId);
    out.from = text_of(in.from(), kMaxIndexText);
    out.opened = stored_time(in.opened());
    out.last_held = stored_time(in.last_held());
    out.closed = stored_time(in.closed());
    out.left_out = in.left_out();
    out.near_only = in.near_only();
    if (in.mails() == nullptr) return out;
    for (const auto* m : *in.mails()) {
        if (out.mails.size() == Incident::kMaxMails) break;
        const double evidence = static_cast<double>(m->evidence());
        if (std::isfinite(evidence))
            out.mails.push_back({text_of(m->id(), kMaxIndexId), stored_time(m->time()), evidence});
    }
    return out;
}

std::string incident_key(const Key16& sender) { return kIncident + std::string(sender.view()); }

Result<std::vector<Incident>> list_incidents(const StoreReader& reader) {
    std::vector<Incident> out;
    auto scanned = scan_incidents(reader, [&](std::string_view, const Incident& incident) {
        if (!incident.id.empty()) out.push_back(incident);  // an empty one was forgotten
        return true;
    });
    if (!scanned) return fail(scanned.error());
    std::stable_sort(out.begin(), out.end(), [](const Incident& a, const Incident& b) {
        return a.last_held > b.last_held;
    });
    return out;
}

Result<Incident> find_incident(const StoreReader& reader, std::string_view id) {
    auto all = list_incidents(reader);
    if (!all) return fail(all.error());
    std::vector<Incident> found;
    const auto named = [&](std::string_view whole) {
        return id.size() >= kMinIdPrefix && whole.starts_with(id);
    };
    for (const auto& incident : *all)
        if (named(incident.id)) found.push_back(incident);
    if (found.empty())
        for (const auto& incident : *all)
            if (std::any_of(incident.mails.begin(), incident.mails.end(),
                            [&](const Incident::Mail& m) { return named(m.id); }))
                found.push_back(incident);
    if (found.size() == 1) return found.front();
    if (found.empty())
        return fail(ErrorCode::NoInput, "no incident " + std::string(id),
                    "kith incident list shows those of the last 30 days");
    std::string candidates;
    for (const auto& incident : found) candidates += (candidates.empty() ? "" : ", ") + incident.id;
    return fail(ErrorCode::Usage, "several incidents begin with " + std::string(id),
                "one of: " + candidates);
}

Result<std::size_t> expire_incidents(StoreWriter& writer, Time before, std::size_t max) {
    std::vector<std::string> old;
    auto scanned = scan_incidents(writer, [&](std::string_view key, const Incident& incident) {
        if (incident.last_held < before) old.emplace_back(key);
        return old.size() < max;
    });
    if (!scanned) return fail(scanned.error());
    for (const auto& key : old)
        if (auto erased = writer.erase(Table::Messages, key); !erased) return fail(erased.error());
    return old.size();
}

}  // namespace kith
