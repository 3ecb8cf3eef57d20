// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/replay.hpp"

#include <time.h>

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
        if (const auto it = traces_.find(sender); it != traces_.end()) {
            const Traces& own = it->second;
            all.items.insert(all.items.end(), own.items.begin(), own.items.end());
            all.fingerprints.insert(all.fingerprints.end(), own.fingerprints.begin(),
                                    own.fingerprints.end());
        }
        return all;
    }
    Allowances allowances(const Key16& sender) const override { return base_.allowances(sender); }
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

Replay::Replay(const Config& config, const Hasher& hasher, Seconds retry_after,
               const std::vector<std::size_t>& without)
    : config_(config),
      hasher_(hasher),
      retry_after_(retry_after),
      parse_options_(config.parse),
      learner_(hasher, config.budget, config.learner, memory_) {
    parse_options_.max_documents = 0;
    for (const std::size_t f : without) memory_.edit_site().without[f] = true;
}

void Replay::read_documents(const Extractor& extractor) {
    extractor_ = &extractor;
    parse_options_.max_documents = config_.attachments.max_documents;
}

/// A document that no process could be started for is left unread, as live.
void Replay::read(const Delivery& delivery, ReplayResult& result) {
    if (extractor_ == nullptr || delivery.documents.empty()) return;
    const auto started = std::chrono::steady_clock::now();
    std::vector<ReadDocument> documents;
    for (const Document& document : delivery.documents)
        if (const auto text = extractor_->text_of(document.bytes, document.kind))
            documents.push_back(read_document_facts(document.kind, *text, hasher_));
    result.attached = learner_.attach(delivery.record, std::move(documents));
    result.reading_us =
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - started)
            .count();
}

ReplayResult Replay::run(const ReplayMail& mail, std::string_view bytes) {
    const double started = cpu_us();
    Message message = parse(bytes, parse_options_);
    const double parsing = cpu_us() - started;
    DraftRecord draft = draft_record(message, mail.arrival, config_, hasher_);
    ReplayResult result =
        deliver({mail.id, std::move(draft.record), std::move(draft.labels), mail.learn,
                 mail.session, std::nullopt, std::move(message.documents)});
    result.total_us = parsing + result.assess_us;
    return result;
}

std::optional<ReplayResult> Replay::retry(std::optional<Time> until) {
    if (delayed_.empty() || (until && delayed_.begin()->first > *until)) return std::nullopt;
    auto node = delayed_.extract(delayed_.begin());
    Delivery again = std::move(node.mapped());
    again.delayed_since = again.record.time;
    again.record.time = again.record.observations.time = node.key();
    const std::optional<std::string> session = again.session;
    ReplayResult result = deliver(std::move(again));
    result.total_us = result.assess_us;
    if (session) {
        --sessions_[*session].delayed;
        if (sessions_[*session].ended) end_session(*session);
    }
    return result;
}

void Replay::end_session(const std::string& session) {
    Session& s = sessions_[session];
    s.ended = true;
    if (s.delayed == 0) sessions_.erase(session);
}

ReplayResult Replay::deliver(Delivery d) {
    const Observations& o = d.record.observations;
    if (d.learn) learner_.advance(o.time);
    ReplayResult result;
    result.id = d.id;
    result.direction = o.direction;
    Session* session = d.session ? &sessions_[*d.session] : nullptr;
    static const std::map<Key16, Traces> none;
    const double started = cpu_us();
    result.judgement = learner_.judge(
        o, d.labels, SessionMemory(memory_, session != nullptr ? session->traces : none),
        {!d.delayed_since, d.delayed_since});
    result.assess_us = cpu_us() - started;

    const Assessment& a = result.judgement.assessment;
    const bool delayed = a.verdict == Verdict::Defer, held = a.verdict == Verdict::Quarantine;
    if (session != nullptr && has_payload(a.stratum)) {
        Traces& traces = session->traces[o.sender];
        leave_trace(traces, trace_of(o, a.own_evidence, held, d.record.id));
        if (held) leave_fingerprint(traces, fingerprint_of(o, result.judgement, d.record.id));
    }
    if (d.learn) {
        d.record.assessment = a;
        d.record.action = delayed ? Action::Deferred : held ? Action::Held : Action::Accepted;
        if (delayed)
            learner_.postpone(d.record, result.judgement);
        else
            (void)learner_.take(d.record, result.judgement);
        if (!delayed) read(d, result);
    }
    if (delayed) {
        if (session != nullptr) ++session->delayed;
        delayed_.emplace(o.time + retry_after_, std::move(d));
    }
    return result;
}

}  // namespace kith
