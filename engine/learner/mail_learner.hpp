// SPDX-License-Identifier: Apache-2.0
// One mail through judging and learning, the same for the learner and for `kith replay`. Pure over
// LearnedMemory.
#pragma once

#include <memory>

#include "engine/assess/assess.hpp"
#include "engine/journal/mail_record.hpp"
#include "engine/learner/attached.hpp"
#include "engine/learner/learn.hpp"
#include "engine/learner/self_supervision.hpp"

namespace kith {

/// One thread.
class MailLearner {
public:
    MailLearner(const Hasher& hasher, const ScoringOptions& scoring, const LearnerOptions& options,
                LearnedMemory& memory);

    /// Judges with the state as it is; changes nothing. `memory` may be another view of the same
    /// state (a replayed session's).
    [[nodiscard]] Judgement judge(const Observations& o, const Labels& labels, const Memory& memory,
                                  Attempt attempt = {}) const;
    [[nodiscard]] Judgement judge(const Observations& o, const Labels& labels) const {
        return judge(o, labels, memory_);
    }

    /// Lets time pass to `now`: mail whose probation is over is learned, a delayed mail that never
    /// came back is counted.
    void advance(Time now);
    /// Takes in a mail that was answered with a temporary failure: it leaves a trace for the mails
    /// after it, and counts and teaches when it comes back. If it never does, it counts as held
    /// mail does when kDelayKept is over.
    void postpone(const MailRecord& record, const Judgement& judgement);
    /// Takes in a judged mail. `record` is kept (encoded) when it has to wait.
    Fate take(const MailRecord& record, const Judgement& judgement);
    /// A held mail was released: learned now, or after probation.
    void release(const MailRecord& record, bool at_once, Time now);
    /// An admin says it was bad: if it waits it never teaches, if it taught that is taken back, and
    /// from then on it counts as a held mail of its sender.
    void confirm_bad(const MailRecord& record);
    /// The mail's documents were read: what they name is learned when the mail is, or has been. A
    /// finding waits as suspicious mail does and belongs to its sender's incident. To be called
    /// once a mail, after take().
    Attached attach(const MailRecord& record, std::vector<ReadDocument> documents);
    /// An admin says that what the documents of a delivered mail name is normal: learned now.
    void accept_attached(const MailRecord& record);
    /// Rebuilds the scales from the state; done by itself every kScaleMails mails.
    void rescale();

    static constexpr std::size_t kScaleMails =
        250;  ///< facts 2: calibration updated every 250-500 records

private:
    [[nodiscard]] bool is_suspended(const Key16& sender, Time now) const;
    void learn_answered(const Observations& reply);
    void teach(const MailRecord& record);
    void teach_attached(const MailRecord& record);
    void drop_the_like(const Key16& sender);

    const Hasher& hasher_;
    const ScoringOptions& scoring_;
    const LearnerOptions& options_;
    LearnedMemory& memory_;
    SelfSupervision teacher_;
    std::unique_ptr<const Scales> scales_;
    std::size_t since_scales_ = 0;
};

}  // namespace kith
