// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/mail_learner.hpp"

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

Judgement MailLearner::judge(const Observations& o, const Labels& labels,
                             const Memory& memory) const {
    return assess(o, labels, {memory, *scales_, hasher_, scoring_});
}

void MailLearner::advance(Time now) {
    for (const auto& waiting : memory_.take_due(now)) {
        const auto record = decode_mail_record(waiting.record);
        if (record) learn(record->observations, hasher_, options_, memory_);
        memory_.edit_site().waiting = static_cast<double>(memory_.waiting_count());
    }
}

Fate MailLearner::take(const MailRecord& record, const Judgement& judgement) {
    const Observations& o = record.observations;
    // Somebody here answers a mail that waits: it was wanted.
    if (o.direction != Direction::Inbound)
        for (const auto ref : o.refs)
            if (const auto answered = memory_.take_waiting(ref))
                if (const auto waited = decode_mail_record(answered->record))
                    learn(waited->observations, hasher_, options_, memory_);

    const Fate fate = fate_of(judgement, record.action == Action::Held);
    note(o, judgement, fate, memory_);
    teacher_.observe(o, judgement, fate != Fate::Never, memory_);
    if (teacher_.due(memory_.site().experts.version)) {
        teacher_.refit(memory_.edit_site());
        rescale();
    }
    switch (fate) {
        case Fate::Now:
            learn(o, hasher_, options_, memory_);
            break;
        case Fate::Probation:
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

void MailLearner::release(const MailRecord& record, bool at_once, Time now) {
    (void)memory_.take_waiting(record.observations.message_id);  // released before: it teaches once
    if (at_once)
        learn(record.observations, hasher_, options_, memory_);
    else
        memory_.wait({now + options_.probation, record.observations.message_id,
                      record.observations.sender, encode(record)});
}

bool MailLearner::drop_waiting(std::uint64_t message_id) {
    return memory_.take_waiting(message_id).has_value();
}

}  // namespace kith
