// SPDX-License-Identifier: Apache-2.0
// A recorded stream in time order through parser, judge and learner in one process: the same code
// as live, a clock that is the stream's, memory instead of the store. Covered by
// tests/unit/learner/replay_test.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/documents/extract.hpp"
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
    std::string id;  ///< of the ReplayMail
    Judgement judgement;
    Direction direction = Direction::Inbound;
    double assess_us = 0;   ///< processor time from features to verdict
    double total_us = 0;    ///< with parsing
    Attached attached{};    ///< what its documents named, where they were read
    double reading_us = 0;  ///< time that took, on the wall
};

/// One thread.
class Replay {
public:
    /// `retry_after`: how long the sender of a delayed mail waits. `without`: features that
    /// surprise nobody, neither in scores nor in what is learned.
    Replay(const Config& config, const Hasher& hasher, Seconds retry_after = Seconds{15 * 60},
           const std::vector<std::size_t>& without = {});
    /// Judges as a site in enforce mode would, then learns unless it is a probe. With the verdict
    /// Defer the mail comes again after `retry_after`: see retry().
    [[nodiscard]] ReplayResult run(const ReplayMail& mail, std::string_view bytes);
    /// The next mail that is delivered again, not after `until`; nullopt = none, any more. To be
    /// asked before each run() with its mail's time, and for the rest after the last one.
    [[nodiscard]] std::optional<ReplayResult> retry(std::optional<Time> until);
    /// The session's traces are dropped, when none of its mails is to come again any more.
    void end_session(const std::string& session);
    /// From now on attached documents are read, right after their mail was learned. `extractor`
    /// must outlive this.
    void read_documents(const Extractor& extractor);
    [[nodiscard]] const LearnedMemory& memory() const noexcept { return memory_; }
    /// Writes everything learned, as the learner would; the caller commits.
    [[nodiscard]] Status keep(StoreWriter& writer) { return memory_.flush(writer); }

private:
    struct Session {
        std::map<Key16, Traces> traces;
        std::size_t delayed = 0;  ///< mails that will come again
        bool ended = false;
    };
    /// A mail on its way, as one attempt to deliver it finds it.
    struct Delivery {
        std::string id;
        MailRecord record;
        Labels labels;
        bool learn = true;
        std::optional<std::string> session;
        std::optional<Time> delayed_since;
        std::vector<Document> documents{};
    };
    [[nodiscard]] ReplayResult deliver(Delivery delivery);
    void read(const Delivery& delivery, ReplayResult& result);

    const Config& config_;
    const Hasher& hasher_;
    Seconds retry_after_;
    ParseOptions parse_options_;
    const Extractor* extractor_ = nullptr;
    LearnedMemory memory_;
    MailLearner learner_;
    std::map<std::string, Session> sessions_;
    std::multimap<Time, Delivery> delayed_;  ///< by the time of their retry; first come, first
};

}  // namespace kith
