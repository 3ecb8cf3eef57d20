// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/mail_learner.hpp"

#include "engine/assess/delay.hpp"

namespace kith {

MailLearner::MailLearner(const Hasher& hasher, const ScoringOptions& scoring,
                         const LearnerOptions& options, LearnedMemory& memory)
    : hasher_(hasher),
      scoring_(scoring),
      options_(options),
      memory_(memory),
      teacher_(hasher, memory.examples()),
      scales_(std::make_unique<Scales>(memory.site())) {}

void MailLearner::rescale() {
    scales_ = std::make_unique<Scales>(memory_.site());
    since_scales_ = 0;
}

Judgement MailLearner::judge(const Observations& o, const Labels& labels, const Memory& memory,
                             Attempt attempt) const {
    return assess(o, labels, {memory, *scales_, hasher_, scoring_, attempt});
}

bool MailLearner::is_suspended(const Key16& sender, Time now) const {
    const auto incident = memory_.incident(sender);
    return incident && incident->is_open(now) && !incident->near_only;
}

void MailLearner::advance(Time now) {
    for (auto& waiting : memory_.take_due(now)) {
        const auto record = decode_mail_record(waiting.record);
        // Mail of a sender with an incident may be the attacker's; what an admin released is not.
        if (record && record->action != Action::Held && is_suspended(waiting.sender, now)) {
            waiting.due = memory_.incident(waiting.sender)->last_held + kIncidentKept + Seconds(1);
            memory_.wait(std::move(waiting));
        } else if (record) {
            teach(*record);
        }
        memory_.edit_site().waiting = static_cast<double>(memory_.waiting_count());
    }
    for (const auto& lost : memory_.take_delayed(now - kDelayKept)) {
        if (lost.record.empty()) continue;  // it did come back
        const auto record = decode_mail_record(lost.record);
        if (record)
            (void)rank(record->observations, judge(record->observations, Labels{}), memory_);
    }
}

void MailLearner::postpone(const MailRecord& record, const Judgement& judgement) {
    const Observations& o = record.observations;
    const double evidence = judgement.assessment.own_evidence;
    memory_.delay({delay_key(o, hasher_), o.time, encode(record)});
    group(record, evidence, memory_);
    if (has_payload(judgement.assessment.stratum))
        leave_trace(memory_.edit_traces(o.sender), trace_of(o, evidence, false, record.id));
}

/// Somebody here answers mail that waits: it was wanted, unless its sender has an incident: victims
/// do answer.
void MailLearner::learn_answered(const Observations& reply) {
    for (const auto ref : reply.refs) {
        auto answered = memory_.take_waiting(ref);
        if (!answered) continue;
        if (is_suspended(answered->sender, reply.time))
            memory_.wait(std::move(*answered));
        else if (const auto waited = decode_mail_record(answered->record))
            teach(*waited);
    }
}

void MailLearner::teach_attached(const MailRecord& record) {
    const Observations& o = record.observations;
    Lesson lesson = memory_.take_lesson(o.time, record.id).value_or(Lesson{});
    learn_attached(o, memory_, lesson);
    memory_.keep(lesson, o.time, record.id);
}

void MailLearner::teach(const MailRecord& record) {
    if (record.attached_only) return teach_attached(record);
    const Observations& o = record.observations;
    const Lesson lesson = learn(o, hasher_, options_, memory_);
    // Mail from the past is older than lessons get, and millions of them would be written at once.
    if (!record.imported) memory_.keep(lesson, o.time, record.id);
}

/// What waits of the sender, is suspicious itself and shares most of what is surprising with one of
/// its held mails is of the same hand: it never teaches. What an admin released does.
void MailLearner::drop_the_like(const Key16& sender) {
    const Traces traces = memory_.traces(sender);
    for (const auto& waiting : memory_.waiting_of(sender)) {
        const auto record = decode_mail_record(waiting.record);
        if (!record || record->action == Action::Held || !has_payload(record->assessment.stratum))
            continue;
        const Observations& o = record->observations;
        if (overlap_of(o, compare(o, memory_, hasher_), traces).overlap >= kSameHand)
            (void)memory_.take_waiting(*record);
    }
}

Fate MailLearner::take(const MailRecord& record, const Judgement& judgement) {
    const Observations& o = record.observations;
    (void)memory_.came_back(delay_key(o, hasher_));
    if (o.direction != Direction::Inbound) learn_answered(o);
    group(record, judgement.assessment.own_evidence, memory_);
    group_near(record, judgement.assessment.own_evidence, scoring_, memory_);

    // What was refused never came: a locked account's mail may well be in its owner's ways.
    const bool kept_away = record.action == Action::Held || record.action == Action::Rejected;
    const Fate fate = fate_of(judgement, kept_away);
    const bool ranked = note(o, judgement, fate, memory_, record.id);
    if (leaves_fingerprint(judgement, fate)) drop_the_like(o.sender);
    // What gives no rank gives none after a fit either.
    if (ranked) teacher_.observe(o, judgement, fate != Fate::Never, memory_);
    if (teacher_.due(memory_.site().experts.version)) {
        teacher_.refit(memory_.edit_site());
        rescale();
    }
    switch (fate) {
        case Fate::Now:
            teach(record);
            break;
        case Fate::Probation:
            if (judgement.suspicion.overlap >= kSameHand) break;  // of a held mail's hand
            memory_.wait({o.time + options_.probation, o.message_id, o.sender, encode(record)});
            break;
        case Fate::Never:
            memory_.edit_site().held += 1;
            break;
    }
    memory_.edit_site().waiting = static_cast<double>(memory_.waiting_count());
    if (++since_scales_ >= kScaleMails) rescale();
    return fate;
}

Attached MailLearner::attach(const MailRecord& record, std::vector<ReadDocument> documents) {
    const Observations& o = record.observations;
    Attached attached = relate_attached(o, std::move(documents), memory_);
    if (attached.finding) {
        // As if the text had asked for the payment and the mail had been held for it.
        MailRecord named = record;
        named.assessment.verdict = Verdict::Quarantine;
        named.assessment.stratum = Stratum::Request;
        group(named, record.assessment.own_evidence, memory_);
    }
    if (auto waiting = memory_.take_waiting(record)) {
        if (auto waited = decode_mail_record(waiting->record)) {
            add_attached(attached, waited->observations);
            waiting->record = encode(*waited);
        }
        memory_.wait(std::move(*waiting));
    } else if (memory_.has_lesson(o.time, record.id)) {
        MailRecord with = record;
        add_attached(attached, with.observations);
        with.attached_only = true;
        if (attached.finding)
            memory_.wait({o.time + options_.probation, o.message_id, o.sender, encode(with)});
        else
            teach_attached(with);
    }  // else it was held, or was of a held mail's hand: what it brings teaches nothing either
    memory_.edit_site().waiting = static_cast<double>(memory_.waiting_count());
    return attached;
}

void MailLearner::accept_attached(const MailRecord& record) {
    auto waiting = memory_.take_waiting(record);
    if (!waiting) return;
    const auto waited = decode_mail_record(waiting->record);
    if (waited && waited->attached_only)
        teach_attached(*waited);
    else
        memory_.wait(std::move(*waiting));
    memory_.edit_site().waiting = static_cast<double>(memory_.waiting_count());
}

void MailLearner::release(const MailRecord& record, bool at_once, Time now) {
    const Observations& o = record.observations;
    (void)memory_.take_waiting(record);  // released before
    lift_fingerprint(memory_.edit_traces(o.sender), record.id);
    if (memory_.has_lesson(o.time, record.id)) return;  // it teaches once
    if (at_once)
        teach(record);
    else
        memory_.wait({now + options_.probation, o.message_id, o.sender, encode(record)});
}

void MailLearner::confirm_bad(const MailRecord& record) {
    const Observations& o = record.observations;
    (void)memory_.take_waiting(record);
    if (const auto lesson = memory_.take_lesson(o.time, record.id))
        take_back(o, *lesson, options_, memory_);
    memory_.edit_site().waiting = static_cast<double>(memory_.waiting_count());
    MailRecord held = record;
    held.assessment.verdict = Verdict::Quarantine;
    group(held, record.assessment.own_evidence, memory_);
    if (has_payload(record.assessment.stratum)) {
        Traces& traces = memory_.edit_traces(o.sender);
        for (Trace& t : traces.items) t.held = t.held || t.mail == record.id;
        leave_fingerprint(traces, fingerprint_of(o, compare(o, memory_, hasher_), record.id));
        drop_the_like(o.sender);
    }
}

}  // namespace kith
