// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/score.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "engine/features/asks.hpp"
#include "engine/features/sketch.hpp"
#include "engine/features/spec.hpp"

namespace kith {
namespace {

constexpr double kUnbacked = .03;
constexpr double kMaxEvidence = 8;  // P below 1e-8 means nothing more
constexpr Seconds kWindow{2 * 3600};
constexpr double kPayloadEvidence = .5;   // a mail this ordinary gains nothing from others
constexpr double kRequestEvidence = 1.5;  // ... nor one that only asks and is no rarer than 1 in 30
constexpr double kOrdinary = .7;          // C of another mail from which on it counts: 1 in 5
constexpr double kUnlike = .7;            // weight of one with other words and another link
constexpr double kGain = .8, kMaxGain = 2, kHeldGain = .3;
constexpr double kAccountWeight = .5;
constexpr double kScorePerPower = 20;
constexpr double kRequestNats = 4;
constexpr double kClientNats = 12;  // 3-5 % of genuine mail: new computers, phones, programs

constexpr std::uint32_t kMoneyAsks =
    bit(Ask::Amount) | bit(Ask::Pay) | bit(Ask::Payee) | bit(Ask::Voucher);

/// Without something to click, open or call the words alone do no harm: a warning about an attack
/// is full of them.
std::uint32_t feasible_asks(const Observations& o) noexcept {
    constexpr std::uint32_t kNeedsPage = bit(Ask::Click) | bit(Ask::Open) | bit(Ask::Login) |
                                         bit(Ask::Document) | bit(Ask::Shared) | bit(Ask::Install) |
                                         bit(Ask::Unsubscribe);
    std::uint32_t asks = ~0U;
    const bool page = o.has_attachment || o.has(Mark::WriteTo) ||
                      std::any_of(o.links.begin(), o.links.end(),
                                  [](const ObservedLink& link) { return !link.own_domain; });
    if (!page) asks &= ~kNeedsPage;
    if (o.phones.empty()) asks &= ~bit(Ask::Call);
    return (o.asks & asks & ~kMannerAsks) != 0 ? o.asks & asks : 0;
}

/// One way an attack could come about: shares of the experts' scores and the log of how likely the
/// way is beside the others.
struct Way {
    double offset;
    std::array<double, kExpertCount> share;  ///< spoof, client, impostor, text
};
// Measured on the development stream's spans D and T (ARCHITECTURE.md "Ways"); each number is
// insensitive by a third.
constexpr Way kIdentityWays[] = {{0, {0, 0, 1, 1}}};
constexpr Way kSomebodyElse = {-.5, {.6, 0, 0, 0}};
constexpr Way kPayloadWays[] = {
    {0, {0, .2, 0, 1}},      // a foreign hand on the sender's client, or on one hardly known
    {-1.5, {0, .75, 0, 0}},  // a foreign client, whatever it writes
    kSomebodyElse,
};
constexpr Way kClientWays[] = {
    {0, {0, .7, 0, 1}},  // a foreign client that writes what its owner would not
    kSomebodyElse,
};
constexpr Way kQuietWays[] = {{0, {1, 0, 0, 0}}, {2, {0, 0, 0, 1}}};

std::span<const Way> ways_of(Stratum s) noexcept {
    switch (s) {
        case Stratum::Identity:
            return kIdentityWays;
        case Stratum::NewLink:
        case Stratum::Request:
            return kPayloadWays;
        case Stratum::NewClient:
            return kClientWays;
        case Stratum::Unbacked:
        case Stratum::Plain:
            break;
    }
    return kQuietWays;
}

constexpr std::size_t at(Expert e) noexcept { return static_cast<std::size_t>(e); }

double client_surprise(const Surprises& x) noexcept {
    return group_surprise(x, {Group::Submission, Group::Client});
}

/// No stranger gets an address at a firm the site writes with, nor can anybody else write in its
/// name.
bool is_at_home(const Evidence& e) noexcept {
    return e.observations.vouched_by_domain() && e.relations.firm;
}

/// The usual client is no alibi: a foreign hand may sit at it.
double heard(Expert e, const ExpertModel& experts, const Surprises& x) noexcept {
    const double score = experts.score(e, x);
    return e == Expert::Client ? std::max(0.0, score) : score;
}

double value_of(const Way& way, const ExpertModel& experts, const Surprises& x) noexcept {
    double sum = way.offset;
    for (std::size_t e = 0; e < kExpertCount; ++e)
        if (way.share[e] > 0) sum += way.share[e] * heard(static_cast<Expert>(e), experts, x);
    return sum;
}

/// Asked for every feature of every score, of thousands of kept mails at a fit.
bool relieves(std::size_t feature, Stratum s) noexcept {
    static const auto table = [] {
        std::array<std::array<bool, kFeatureCount>, kStratumCount> t{};
        for (std::size_t f = 0; f < kFeatureCount; ++f)
            if (feature_spec(f).kind == Kind::Relief)
                t[static_cast<std::size_t>(feature_spec(f).relieves)][f] = true;
        return t;
    }();
    return table[static_cast<std::size_t>(s)][feature];
}

double relief(Stratum s, const Surprises& x) noexcept {
    double sum = 0;
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (relieves(f, s)) sum += static_cast<double>(x[f]);
    return sum;
}

/// -log10 P; below 0 where the stratum has more of the mail than of the budget.
double unlevelled(const Evidence& e, Stratum s, double raw,
                  const ScoringOptions& options) noexcept {
    const Direction d = e.observations.direction;
    const double p = e.scales.stratum_p(d, s, raw) * e.scales.share(d, s) /
                     options.shares[static_cast<std::size_t>(s)];
    return -std::log10(std::max(p, 1e-12));
}

}  // namespace

double asked_surprise(std::uint32_t asks, const Surprises& x) noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(Ask::kCount); ++i)
        if ((asks >> i & 1U) != 0) sum += static_cast<double>(x[index_of(static_cast<Ask>(i))]);
    return sum;
}

bool is_backed(const Evidence& e) noexcept {
    // What the owner of the domain vouches for needs no history: nobody can forge that.
    if (e.values[index_of(FeatureId::aligned_signer)].code > FeatureValue::kAbsent) return true;
    return e.surprise.detail[index_of(FeatureId::auth_triple)].p >= kUnbacked &&
           e.surprise.detail[index_of(FeatureId::aligned_signer)].p >= kUnbacked;
}

Stratum stratum_of(const Evidence& e) noexcept {
    const Relations& r = e.relations;
    // An address that wrote days ago, and was learned, is a second one of somebody more often than
    // a disguise; a look-alike domain is a disguise for longer.
    const bool new_here =
        r.known_days < kProbationDays && !is_at_home(e) && (r.known_local_part || r.known_name);
    if (r.messages < kKnownMails && (r.look_alike_domain || new_here)) return Stratum::Identity;
    if (r.new_link) return Stratum::NewLink;
    if (asked_surprise(feasible_asks(e.observations), e.surprise.x) >= kRequestNats ||
        !e.observations.payment.empty())
        return Stratum::Request;
    if (!is_backed(e)) return Stratum::Unbacked;
    return r.messages >= 1 && client_surprise(e.surprise.x) >= kClientNats ? Stratum::NewClient
                                                                           : Stratum::Plain;
}

double raw_score(Stratum s, const ExpertModel& experts, const Surprises& x) noexcept {
    double high = -std::numeric_limits<double>::infinity(), sum = 0;
    for (const Way& way : ways_of(s)) {
        const double value = value_of(way, experts, x);
        sum = sum * std::exp(std::min(0.0, high - value)) + std::exp(std::min(0.0, value - high));
        high = std::max(high, value);
    }
    return high + std::log(sum) - relief(s, x);
}

std::array<double, kFeatureCount> raw_slope(Stratum s, const ExpertModel& experts,
                                            const Surprises& x) noexcept {
    std::array<double, kFeatureCount> slope{};
    const double raw = raw_score(s, experts, x) + relief(s, x);
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (relieves(f, s)) slope[f] = -1;
    for (const Way& way : ways_of(s)) {
        const double part = std::exp(value_of(way, experts, x) - raw);
        for (std::size_t e = 0; e < kExpertCount; ++e) {
            if (way.share[e] <= 0) continue;
            const bool silent = e == at(Expert::Client) && experts.score(Expert::Client, x) <= 0;
            if (silent) continue;
            for (std::size_t f = 0; f < kFeatureCount; ++f)
                slope[f] += part * way.share[e] * static_cast<double>(experts.weights[e][f]);
        }
    }
    return slope;
}

double level_free_evidence(const Evidence& e, Stratum s, double raw,
                           const ScoringOptions& options) noexcept {
    return std::clamp(unlevelled(e, s, raw, options), 0.0, kMaxEvidence);
}

double own_evidence(const Evidence& e, Stratum s, double raw,
                    const ScoringOptions& options) noexcept {
    const double levelled = e.scales.levelled(e.observations.direction, e.relations.messages,
                                              unlevelled(e, s, raw, options));
    return std::clamp(levelled, 0.0, kMaxEvidence);
}

bool may_gain(double own, const Observations& o, const Relations& r, Stratum s) noexcept {
    // A warning about an attack talks of links and passwords: without a new link or money a mail
    // has to be unusual itself before others add to it.
    const bool money = (o.asks & kMoneyAsks) != 0 || !o.payment.empty();
    const bool asks_only = !r.new_link && !money;
    return own > kPayloadEvidence && has_payload(s) &&
           (!asks_only || (own >= kRequestEvidence && s == Stratum::Request));
}

OtherMails other_mails(double own, const Evidence& e, Stratum s, const Traces& traces,
                       std::optional<Time> delayed_since) noexcept {
    const Observations& o = e.observations;
    OtherMails out;
    if (!may_gain(own, o, e.relations, s)) return out;
    const Time since = delayed_since.value_or(o.time) - kWindow;
    double sum = 0;
    for (const Trace& t : traces.items) {
        // Different recipients: a man who sends a series of mails to the same list is no fan-out.
        if (t.time > o.time || t.time < since || t.rcpt_set == o.rcpt_set ||
            (o.message_id != 0 && t.message_id == o.message_id))
            continue;
        bool same_link = false;
        for (const auto& link : o.links)
            same_link = same_link || contains(t.tenants, fold32(link.tenant));
        const bool alike = same_link || alike_words(t.sketch, o.sketch) >= kSameText;
        const double counts = std::max(0.0, static_cast<double>(t.evidence) - kOrdinary);
        sum += (alike ? 1 : kUnlike) * counts;
        out.held = out.held || t.held;
        out.mails += counts > 0 || t.held ? 1 : 0;
        out.alike += counts > 0 && alike ? 1 : 0;
    }
    out.gain = std::min(kMaxGain, kGain * sum) + (out.held ? kHeldGain : 0);
    return out;
}

double account_gain(double own, double account_risk, const Observations& o, const Relations& r,
                    Stratum s) noexcept {
    if (!may_gain(own, o, r, s)) return 0;
    return std::clamp(kAccountWeight * (account_risk / kScorePerPower - 1), 0.0, kMaxGain);
}

double joint_evidence(double own, double gain) noexcept {
    return gain > 0 ? std::min(kMaxEvidence, own + gain) : own;
}
double joint_evidence(double own, const OtherMails& others) noexcept {
    return joint_evidence(own, others.gain);
}

Trace trace_of(const Observations& o, double own_evidence, bool held, std::string_view id) {
    Trace t;
    t.time = o.time;
    t.rcpt_set = o.rcpt_set;
    t.message_id = o.message_id;
    for (const auto& link : o.links)
        if (!link.own_domain && t.tenants.size() < 8) t.tenants.push_back(fold32(link.tenant));
    t.sketch = o.sketch;
    t.evidence = static_cast<float>(own_evidence);
    t.held = held;
    t.mail = id.substr(0, Trace::kMaxId);
    return t;
}

void leave_trace(Traces& traces, Trace trace) {
    std::erase_if(traces.items, [&](const Trace& t) {
        const bool first_attempt = t.message_id == trace.message_id &&
                                   t.rcpt_set == trace.rcpt_set &&
                                   (trace.message_id != 0 || t.sketch == trace.sketch);
        return first_attempt || trace.time - t.time > kWindow;
    });
    if (traces.items.size() >= Traces::kMax) traces.items.erase(traces.items.begin());
    traces.items.push_back(std::move(trace));
}

double score_of(double evidence) noexcept {
    return std::clamp(kScorePerPower * evidence, 0.0, 100.0);
}

bool is_ready(const Scales& scales, Direction d, Stratum s,
              const ScoringOptions& options) noexcept {
    return scales.calibration_mails(d) >= mails_needed(options) &&
           scales.calibration_mails(d, s) >= options.min_stratum_calibration;
}

double limit_of(Verdict v, const ScoringOptions& options) noexcept {
    if (v == Verdict::Quarantine) return options.holds_per_1000;
    return v == Verdict::Defer ? options.delays_per_1000 : options.tags_per_1000;
}

Verdict verdict_of(double evidence, bool ready, const ScoringOptions& options) noexcept {
    const double per_1000 = 1000 * std::pow(10, -evidence);
    if (ready && per_1000 <= options.holds_per_1000) return Verdict::Quarantine;
    return per_1000 <= options.tags_per_1000 ? Verdict::Tag : Verdict::Pass;
}

bool is_worth_delay(double evidence, bool ready, Direction d, Stratum s,
                    const ScoringOptions& options) noexcept {
    const double per_1000 = 1000 * std::pow(10, -evidence);
    return ready && d == Direction::Inbound && has_payload(s) &&
           per_1000 > options.holds_per_1000 && per_1000 <= options.delays_per_1000;
}

}  // namespace kith
