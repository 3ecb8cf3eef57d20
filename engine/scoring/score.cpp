// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/score.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace kith {
namespace {

constexpr double kUnbacked = .03;
constexpr double kMaxEvidence = 8;  // P below 1e-8 means nothing more
constexpr Seconds kWindow{2 * 3600};
constexpr double kPayloadEvidence = .5;  // a mail this ordinary gains nothing from others
constexpr double kGain = .8, kMaxGain = 2, kHeldGain = .3;
constexpr double kRequestMargin = 1;  // e^(request - 1): facts 3.3
constexpr double kWhoLow = -6, kWhoHigh = 8;

constexpr std::uint32_t bit(Ask a) noexcept { return 1U << static_cast<unsigned>(a); }
/// Money, favour, secrecy, hurry, call and lures: two of them make a request.
constexpr std::uint32_t kRequestAsks =
    bit(Ask::Click) | bit(Ask::Open) | bit(Ask::Login) | bit(Ask::Pay) | bit(Ask::Payee) |
    bit(Ask::Voucher) | bit(Ask::Call) | bit(Ask::Favour) | bit(Ask::Secret) | bit(Ask::Hurry) |
    bit(Ask::Expire) | bit(Ask::Prize) | bit(Ask::Code) | bit(Ask::Install) | bit(Ask::Shared);

constexpr std::uint32_t kMoneyAsks = bit(Ask::Pay) | bit(Ask::Payee) | bit(Ask::Voucher);

int popcount32(std::uint32_t x) noexcept {
    int n = 0;
    for (; x != 0; x &= x - 1) ++n;
    return n;
}

bool same_text(const std::array<std::uint32_t, 8>& a,
               const std::array<std::uint32_t, 8>& b) noexcept {
    int equal = 0;
    for (std::size_t i = 0; i < a.size(); ++i) equal += a[i] == b[i] ? 1 : 0;
    return equal >= 4;
}

}  // namespace

bool is_backed(const Evidence& e) noexcept {
    return e.surprise.detail[index_of(FeatureId::auth_triple)].p >= kUnbacked &&
           e.surprise.detail[index_of(FeatureId::aligned_signer)].p >= kUnbacked;
}

Stratum stratum_of(const Evidence& e) noexcept {
    const Relations& r = e.relations;
    if (r.messages < kKnownMails && (r.look_alike_domain || r.known_local_part || r.known_name))
        return Stratum::Identity;
    if (r.new_link) return Stratum::NewLink;
    if (popcount32(e.observations.asks & kRequestAsks) >= 2 || !e.observations.payment.empty())
        return Stratum::Request;
    return is_backed(e) ? Stratum::Plain : Stratum::Unbacked;
}

double raw_score(Stratum s, const ExpertModel& experts, const Surprises& x) noexcept {
    const double client = std::max(0.0, experts.score(Expert::Client, x));
    switch (s) {
        case Stratum::Identity:
            return experts.score(Expert::Impostor, x);
        case Stratum::NewLink:
            return experts.score(Expert::Link, x) + client / 2;
        case Stratum::Request:
            return experts.score(Expert::Request, x) + client / 2;
        case Stratum::Unbacked:
        case Stratum::Plain: {
            const double spoof = experts.score(Expert::Spoof, x),
                         request = experts.score(Expert::Request, x) - kRequestMargin;
            const double high = std::max(spoof, request);
            return high + std::log1p(std::exp(std::min(spoof, request) - high));
        }
    }
    return 0;
}

double own_evidence(const Evidence& e, Stratum s, double raw,
                    const ScoringOptions& options) noexcept {
    const Direction d = e.observations.direction;
    const double p = e.scales.stratum_p(d, s, raw) * e.scales.share(d, s) /
                     options.shares[static_cast<std::size_t>(s)];
    return std::clamp(-std::log10(std::max(p, 1e-12)) + e.scales.level_shift(d), 0.0, kMaxEvidence);
}

double joint_evidence(double own, const Evidence& e, Stratum s, const Traces& traces) noexcept {
    const Observations& o = e.observations;
    // A warning about an attack talks of links and passwords; only a new link or money is what a
    // second mail adds to.
    const bool money = (o.asks & kMoneyAsks) != 0 || !o.payment.empty();
    if (own <= kPayloadEvidence || !has_payload(s) || !(e.relations.new_link || money)) return own;
    double sum = 0;
    bool held = false;
    for (const Trace& t : traces.items) {
        // Different recipients: a man who sends a series of mails to the same list is no fan-out.
        if (t.time > o.time || o.time - t.time > kWindow || t.rcpt_set == o.rcpt_set ||
            t.message_id == o.message_id)
            continue;
        bool same_link = false;
        for (const auto& link : o.links)
            same_link = same_link || contains(t.tenants, fold32(link.tenant));
        const double weight = same_link || same_text(t.sketch, o.sketch) ? 1 : .5;
        sum += weight * std::max(0.0, static_cast<double>(t.evidence) - 1);
        held = held || t.held;
    }
    return std::min(kMaxEvidence, own + std::min(kMaxGain, kGain * sum) + (held ? kHeldGain : 0));
}

Trace trace_of(const Observations& o, double own_evidence, bool held) {
    Trace t;
    t.time = o.time;
    t.rcpt_set = o.rcpt_set;
    t.message_id = o.message_id;
    for (const auto& link : o.links)
        if (!link.own_domain && t.tenants.size() < 8) t.tenants.push_back(fold32(link.tenant));
    t.sketch = o.sketch;
    t.evidence = static_cast<float>(own_evidence);
    t.held = held;
    return t;
}

double score_of(double evidence) noexcept { return std::clamp(20 * evidence, 0.0, 100.0); }

bool is_ready(const Scales& scales, Direction d, Stratum s,
              const ScoringOptions& options) noexcept {
    return scales.calibration_mails(d) >= options.min_calibration &&
           scales.calibration_mails(d, s) >= options.min_stratum_calibration;
}

Verdict verdict_of(double evidence, bool ready, const ScoringOptions& options) noexcept {
    const double per_1000 = 1000 * std::pow(10, -evidence);
    if (ready && per_1000 <= options.holds_per_1000) return Verdict::Quarantine;
    return per_1000 <= options.tags_per_1000 ? Verdict::Tag : Verdict::Pass;
}

}  // namespace kith
