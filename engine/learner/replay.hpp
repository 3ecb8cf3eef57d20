// SPDX-License-Identifier: Apache-2.0
// A recorded stream in time order through parser, judge and learner in one process: the same code
// as live, a clock that is the stream's, memory instead of the store. Covered by
// tests/unit/learner/replay_test.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/learner/mail_learner.hpp"

namespace kith {

/// One line of a manifest (DESIGN 9): what the MTA would have said.
struct ReplayMail {
    std::string id;
    Arrival arrival;
    bool learn = true;                   ///< false: judge as a probe, leave no trace
    std::optional<std::string> session;  ///< probes of one session see one another's traces
};

struct ReplayResult {
    Judgement judgement;
    Direction direction = Direction::Inbound;
    double assess_us = 0;  ///< processor time from features to verdict
    double total_us = 0;   ///< with parsing
};

/// One thread.
class Replay {
public:
    /// `without`: features that surprise nobody, neither in scores nor in what is learned.
    Replay(const Config& config, const Hasher& hasher,
           const std::vector<std::size_t>& without = {});
    /// Judges as a site in enforce mode would, then learns unless it is a probe.
    [[nodiscard]] ReplayResult run(const ReplayMail& mail, std::string_view bytes);
    /// The session's traces are dropped.
    void end_session(const std::string& session) { sessions_.erase(session); }
    [[nodiscard]] const LearnedMemory& memory() const noexcept { return memory_; }
    /// Writes everything learned, as the learner would; the caller commits.
    [[nodiscard]] Status keep(StoreWriter& writer) { return memory_.flush(writer); }

private:
    const Config& config_;
    const Hasher& hasher_;
    ParseOptions parse_options_;
    LearnedMemory memory_;
    MailLearner learner_;
    std::map<std::string, std::map<Key16, Traces>> sessions_;
};

}  // namespace kith
