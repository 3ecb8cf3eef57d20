// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/fingerprint.hpp"

#include <algorithm>

#include "engine/features/spec.hpp"

namespace kith {
namespace {

constexpr double kSurprising = 1;   // nats above the hinge: p below .14
constexpr double kLink = 3;         // nats that the same new page is worth
constexpr std::size_t kFewest = 2;  // one value alone may be chance
constexpr double kMaxGain = 1;      // C: one power of ten when everything is the same

/// Calls f(feature, value, nats) for what is surprising. Not for relations: that a link is new, or
/// a thread unknown, says how the mail stands to the sender, not who made it.
template <class F>
void each_surprise(const Comparison& c, F&& f) {
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        const Kind kind = feature_spec(i).kind;
        if (kind != Kind::Category && kind != Kind::Ordinal && kind != Kind::Set) continue;
        if (feature_spec(i).extract == nullptr) continue;
        const double x = static_cast<double>(c.surprise.x[i]);
        if (c.values[i].present() && x >= kSurprising) f(i, c.surprise.detail[i].value, x);
    }
}

template <class F>
void each_link(const Observations& o, F&& f) {
    std::size_t n = 0;
    for (const auto& link : o.links)
        if (!link.own_domain && n++ < Fingerprint::kMaxTenants) f(fold32(link.tenant));
}

}  // namespace

Fingerprint fingerprint_of(const Observations& o, const Comparison& c, std::string_view id) {
    Fingerprint print;
    print.time = o.time;
    print.message_id = o.message_id;
    print.mail = id.substr(0, Trace::kMaxId);
    each_surprise(c, [&](std::size_t f, std::uint32_t value, double) {
        if (print.values.size() < Fingerprint::kMaxValues)
            print.values.push_back({static_cast<std::uint16_t>(f), value});
    });
    if (c.relations.new_link)
        each_link(o, [&](std::uint32_t tenant) { print.tenants.push_back(tenant); });
    return print;
}

void leave_fingerprint(Traces& traces, Fingerprint print) {
    auto& all = traces.fingerprints;
    std::erase_if(all, [&](const Fingerprint& p) {
        return print.time - p.time > kFingerprintKept ||
               (!print.mail.empty() && p.mail == print.mail);
    });
    if (print.values.empty() && print.tenants.empty()) return;
    if (all.size() >= Traces::kMaxFingerprints) all.erase(all.begin());
    all.push_back(std::move(print));
}

void lift_fingerprint(Traces& traces, std::string_view id) {
    std::erase_if(traces.fingerprints,
                  [&](const Fingerprint& p) { return !id.empty() && p.mail == id; });
}

Suspicion overlap_of(const Observations& o, const Comparison& c, const Traces& traces) noexcept {
    Suspicion most;
    for (const Fingerprint& print : traces.fingerprints) {
        // A mail that waits may be older than the one that was held.
        if (std::chrono::abs(o.time - print.time) > kFingerprintKept ||
            (o.message_id != 0 && print.message_id == o.message_id))
            continue;
        double all = 0, shared = 0;
        std::size_t n = 0;
        const auto count = [&](bool same, double nats) {
            all += nats;
            if (!same) return;
            shared += nats;
            ++n;
        };
        each_surprise(c, [&](std::size_t f, std::uint32_t value, double x) {
            const auto same = [&](const Fingerprint::Value& v) {
                return v.feature == f && v.value == value;
            };
            count(std::any_of(print.values.begin(), print.values.end(), same), x);
        });
        bool same_link = false;
        each_link(o, [&](std::uint32_t tenant) {
            same_link = same_link || contains(print.tenants, tenant);
        });
        if (same_link) {
            count(true, kLink);
            ++n;
        }
        const double overlap = all > 0 ? shared / all : 0;
        if (n >= kFewest && overlap > most.overlap) most = {overlap, n, print.time, 0};
    }
    return most;
}

Suspicion suspicion_of(double own, const Observations& o, const Comparison& c, Stratum s,
                       const Traces& traces) noexcept {
    if (traces.fingerprints.empty() || !may_gain(own, o, c.relations, s)) return {};
    Suspicion out = overlap_of(o, c, traces);
    out.gain = kMaxGain * out.overlap;
    return out;
}

}  // namespace kith
