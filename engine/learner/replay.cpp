// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/replay.hpp"

#include <time.h>

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

/// Time this thread had on a processor: what others do on the machine does not count.
double cpu_us() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e6 * static_cast<double>(t.tv_sec) + 1e-3 * static_cast<double>(t.tv_nsec);
}

}  // namespace

Replay::Replay(const Config& config, const Hasher& hasher, const std::vector<std::size_t>& without)
    : config_(config),
      hasher_(hasher),
      parse_options_(config.parse),
      memory_(config.learner.half_life_days),
      learner_(hasher, config.budget, config.learner, memory_) {
    for (const std::size_t f : without) memory_.edit_site().without[f] = true;
}

ReplayResult Replay::run(const ReplayMail& mail, std::string_view bytes) {
    ReplayResult result;
    if (mail.learn) learner_.advance(mail.arrival.time);
    const double started = cpu_us();
    const Message message = parse(bytes, parse_options_);
    const double parsed = cpu_us();
    DraftRecord draft = draft_record(message, mail.arrival, config_, hasher_);
    const Observations& o = draft.record.observations;
    result.direction = o.direction;
    if (mail.session) {
        auto& traces = sessions_[*mail.session];
        result.judgement = learner_.judge(o, draft.labels, SessionMemory(memory_, traces));
    } else {
        result.judgement = learner_.judge(o, draft.labels);
    }
    result.assess_us = cpu_us() - parsed;
    result.total_us = cpu_us() - started;

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
