// SPDX-License-Identifier: Apache-2.0
// An assessment in plain English. Pure. Covered by tests/unit/admin/explain_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/admin/models.hpp"
#include "engine/admin/output.hpp"
#include "engine/learner/attached.hpp"
#include "engine/learner/mail_index.hpp"

namespace kith::admin {

/// What `kith explain` says, ready for text and JSON.
struct Explanation {
    std::string mail;      ///< which mail it is, from whom to whom
    std::string headline;  ///< how rare the mail is among genuine mail of the site
    std::string verdict;   ///< what the rule says and what was done
    std::string decision;  ///< which model the verdict is of, and what it is; "" when none acted
    Json model;            ///< the same model as it is now; null when none acted or it is gone
    struct Item {
        std::string feature, text;
        double nats = 0;   ///< what it added to the deciding raw score
        double share = 0;  ///< of all reasons with a positive weight, 0-1
    };
    std::vector<Item> reasons;               ///< strongest first
    std::string no_reasons;                  ///< why there are none; "" when there are
    std::vector<IndicatorScore> indicators;  ///< strongest first
    std::string documents;   ///< what its documents named, read after delivery; "" when none was
    std::string would_pass;  ///< what would have changed the verdict; "" when it passes
    struct Command {
        std::string purpose, command;
    };
    std::vector<Command> commands;  ///< what can be done now, exactly as to be typed
};

/// What is told of a mail beside entry and record.
struct ExplainOptions {
    std::optional<Attached> attached{};
    std::string kith = "kith";         ///< how the command is called in what is to be typed
                                       ///< (kith_command())
    const ModelSet* models = nullptr;  ///< the site's; null: kith's own
    Time now{};                        ///< whether a model has expired
};
[[nodiscard]] Explanation explain_mail(const MailEntry& entry, const MailRecord& record,
                                       const ExplainOptions& options = {});
[[nodiscard]] Json to_json(const Explanation& e, const MailEntry& entry, const MailRecord& record);
void print(std::ostream& out, const Explanation& e);

/// "1 in 25,000": how often genuine mail is at least as suspicious; "fewer than 1 in 100,000" below
/// kRarestTold. `p` in (0, 1]; anything else counts as 1.
[[nodiscard]] std::string one_in_text(double p);
/// Where the score ends. What is rarer is the tail's form, not what a site has counted.
inline constexpr double kRarestTold = 1e-5;

}  // namespace kith::admin
