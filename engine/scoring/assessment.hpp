// SPDX-License-Identifier: Apache-2.0
// The answer about one mail, as data: what scoring returns, the milter acts on, the journal keeps,
// `kith show` prints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/features/stratum.hpp"

namespace kith {

/// Ours; the milter's reply and the actions taken are other types.
enum class Verdict : std::uint8_t { Pass = 0, Tag = 1, Quarantine = 2, Reject = 3, Defer = 4 };
[[nodiscard]] std::string_view to_string(
    Verdict v) noexcept;  ///< pass, tag, quarantine, reject, tempfail

struct IndicatorScore {
    std::string name;  ///< "Out of Character"
    double score = 0;  ///< 0-100 on the same scale as the mail's score
};

/// One plain English sentence with numbers, strongest first.
struct Reason {
    std::string feature;  ///< name in features.def, or of an indicator
    double weight = 0;    ///< nats it added to the deciding raw score
    std::string text;
};

/// What was known of the sender when the mail was judged.
struct KnownSender {
    double mails = 0;       ///< learned so far
    double days = 0;        ///< since the first of them
    double sent_to = 0;     ///< mails of own people to the sender
    bool new_link = false;  ///< the mail has a link new for the sender
};

/// A model (engine/policy/model.hpp) that matches the mail.
struct ModelHit {
    std::string name;
    bool live = false;  ///< else experimental: it had no say
};

/// `feature` of the reason that a model, not the budget, decided.
inline constexpr std::string_view kModelReason = "model";

struct Assessment {
    double score = 0;  ///< 0-100 = min(100, 20 log10(1/P)), never below 0
    double p = 1;      ///< probability that this site's genuine mail is as suspicious
    Verdict verdict = Verdict::Pass;  ///< what the models say, before them the budget; the mode
                                      ///< decides whether it is done
    Stratum stratum = Stratum::Plain;
    double raw = 0;           ///< the stratum's raw score, input of the calibration
    double own_evidence = 0;  ///< C = -log10 P of this mail alone, before evidence over messages
    bool ready = false;       ///< enough calibration mail to hold (else at most Tag)
    bool delayed = false;     ///< answered 451 once already; this is the answer to the retry
    std::vector<IndicatorScore> indicators;
    std::vector<std::string> tags;
    std::vector<Reason> reasons;
    std::string would_pass;  ///< what would have changed the verdict; "" when it passes
    KnownSender known{};
    std::vector<ModelHit> models;  ///< that match, ordered by name
    std::string decided_by;        ///< the model whose action the verdict is; "" when none acted
    bool notify = false;           ///< a live model wants somebody told
    double account_risk = 0;       ///< 0-100, of the login that submitted it; 0 = none is known
    std::string degraded;          ///< why the score is neutral ("store missing"); "" in health
};

}  // namespace kith
