// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/replay.hpp"

#include <chrono>

#include "engine/assess/record.hpp"

namespace kith {
namespace {

/// A session's probes on top of what is learned: only the traces differ.
class SessionMemory final : public Memory {
public:
    SessionMemory(const Memory& base, const std::map<Key16, Traces>& traces)
        : base_(base), traces_(traces) {}
    std::shared_ptr<const Profile> profile(Subject s, const Key16& k) const override {
        return base_.profile(s, k);
    }
    std::shared_ptr<const Vocabulary> vocabulary(const Key16& k) const override {
        return base_.vocabulary(k);
    }
    SiteWord word(std::uint32_t w) const override { return base_.word(w); }
    std::shared_ptr<const Thread> thread(std::uint64_t m) const override { return base_.thread(m); }
    HostUse host(std::uint64_t h) const override { return base_.host(h); }
    NameUse name(std::uint64_t n) const override { return base_.name(n); }
    Traces traces(const Key16& sender) const override {
        Traces all = base_.traces(sender);
        if (const auto it = traces_.find(sender); it != traces_.end())
            all.items.insert(all.items.end(), it->second.items.begin(), it->second.items.end());
        return all;
    }
    const SiteState& site() const override { return base_.site(); }

private:
    const Memory& base_;
    const std::map<Key16, Traces>& traces_;
};

double us_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
        .count();
}

}  // namespace

Replay::Replay(const Config& config, const Hasher& hasher)
    : config_(config),
      hasher_(hasher),
      parse_options_(config.parse),
      memory_(config.learner.half_life_days),
      learner_(hasher, config.budget, config.learner, memory_) {}

ReplayResult Replay::run(const ReplayMail& mail, std::string_view bytes) {
    ReplayResult result;
    if (mail.learn) learner_.advance(mail.arrival.time);
    const auto started = std::chrono::steady_clock::now();
    const Message message = parse(bytes, parse_options_);
    const auto parsed = std::chrono::steady_clock::now();
    DraftRecord draft = draft_record(message, mail.arrival, config_, hasher_);
    const Observations& o = draft.record.observations;
    result.direction = o.direction;
    if (mail.session) {
        auto& traces = sessions_[*mail.session];
        result.judgement = learner_.judge(o, draft.labels, SessionMemory(memory_, traces));
    } else {
        result.judgement = learner_.judge(o, draft.labels);
    }
    result.assess_us = us_since(parsed);
    result.total_us = us_since(started);

    const Assessment& a = result.judgement.assessment;
    const bool held = a.verdict == Verdict::Quarantine;
    if (mail.session && has_payload(a.stratum))
        sessions_[*mail.session][o.sender].items.push_back(trace_of(o, a.own_evidence, held));
    if (!mail.learn) return result;
    draft.record.assessment = a;
    draft.record.action = held ? Action::Held : Action::Accepted;
    (void)learner_.take(draft.record, result.judgement);
    return result;
}

}  // namespace kith
