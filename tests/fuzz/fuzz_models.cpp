// SPDX-License-Identifier: Apache-2.0
// Arbitrary numbers, finite or not, as what the estimators of engine/model learn, restore and are
// asked: probabilities stay in (0, 1], everything else finite, and what takes back keeps what is
// left in order.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "engine/model/anomaly.hpp"
#include "engine/model/calibration.hpp"
#include "engine/model/logistic.hpp"
#include "engine/model/surprise.hpp"

namespace {

using namespace kith;

void require(bool condition) {
    if (!condition) std::abort();
}

class Numbers {
public:
    Numbers(const std::uint8_t* bytes, std::size_t size) : at_(bytes), end_(bytes + size) {}
    [[nodiscard]] bool more() const noexcept { return at_ != end_; }
    std::uint8_t byte() noexcept { return more() ? *at_++ : std::uint8_t{0}; }
    /// Any float there is when its first byte is odd, else a small number.
    float number() noexcept {
        const unsigned kind = byte();
        if ((kind & 1U) == 0) return static_cast<float>(kind) / 4;
        float out = 0;
        std::uint8_t raw[sizeof out];
        for (auto& b : raw) b = byte();
        std::memcpy(&out, raw, sizeof out);
        return out;
    }
    /// What callers promise: decoders refuse all else.
    float finite() noexcept {
        const float x = number();
        return std::isfinite(x) ? x : 0;
    }
    std::vector<float> some(std::size_t most) {
        std::vector<float> out;
        for (std::size_t n = byte() % (most + 1); n > 0; --n) out.push_back(finite());
        return out;
    }

private:
    const std::uint8_t* at_;
    const std::uint8_t* end_;
};

void surprises(Numbers& in) {
    NoveltyCurve curve;
    for (int i = 0; i < 40 && in.more(); ++i) {
        const double n = std::abs(static_cast<double>(in.finite())),
                     t = std::abs(static_cast<double>(in.finite()));
        const double nu = curve.nu(n, t);
        require(nu >= kSurpriseFloor && nu <= 1);
        const bool novel = (in.byte() & 1) != 0;
        if ((in.byte() & 3) == 0)
            curve.retract(NoveltyCurve::bucket(n, t), true, novel);
        else
            curve.count(n, t, novel, std::min(1.0, static_cast<double>(in.byte()) / 100));
        require(NoveltyCurve::bucket(n, t) < NoveltyCurve::kN * NoveltyCurve::kT);
        Standing at;
        at.n = n;
        at.t = t;
        at.equal = std::min(n, std::abs(static_cast<double>(in.finite())));
        at.below = std::min(n - at.equal, std::abs(static_cast<double>(in.finite())));
        at.seen = at.equal > 0;
        const double parent =
            std::clamp(std::abs(static_cast<double>(in.finite())), kSurpriseFloor, 1.0);
        const double p = level_p(at, nu, parent, (in.byte() & 1) != 0);
        require(p >= kSurpriseFloor && p <= 1);
        require(hinge(p) >= 0 && std::isfinite(hinge(p)));
    }
    for (const auto& cell : curve.cells())
        require(cell.trials >= 0 && cell.novel >= 0 && cell.trials <= 2 * NoveltyCurve::kMaxTrials);
}

void calibration(Numbers& in) {
    ScoreRing ring(1 + in.byte() % 40);
    if ((in.byte() & 1) != 0) {
        std::vector<float> values = in.some(ring.capacity());
        // As it is decoded: a ring that is not full begins at its first value.
        const std::size_t next = values.size() == ring.capacity() ? in.byte() % ring.capacity() : 0;
        ring.restore(std::move(values), next);
    }
    for (int i = 0; i < 80 && in.more(); ++i) {
        const float x = in.finite();
        if ((in.byte() & 7) == 0)
            ring.retract(x);
        else
            ring.add(x);
        require(ring.size() <= ring.capacity() && ring.next() < ring.capacity());
        const double p = ring.rank_p(x);
        require(p > 0 && p <= 1);
    }
    const Calibration frozen(ring);
    double before = 1;
    std::vector<float> asked = in.some(20);
    std::sort(asked.begin(), asked.end());
    for (const float x : asked) {
        const double p = frozen.p(static_cast<double>(x));
        require(p > 0 && p <= before);  // never more usual for a higher score
        before = p;
    }
}

void anomaly(Numbers& in) {
    const std::size_t dimension = 1 + in.byte() % 6;
    CovarianceSum sum(dimension);
    if ((in.byte() & 1) != 0) {
        const auto count = static_cast<double>(in.finite());
        std::vector<float> sums = in.some(8), products = in.some(40);
        (void)sum.restore(count, std::move(sums), std::move(products));
    }
    std::vector<float> x(dimension);
    for (int i = 0; i < 250; ++i) {
        for (float& nats : x) nats = std::clamp(in.finite(), 0.0F, 15.0F);
        sum.add(x);
    }
    require(sum.count() <= CovarianceSum::kMaxCount);
    require(sum.sums().size() == dimension && sum.products().size() == dimension * dimension);
    const double d = Mahalanobis(sum).distance2(x);
    require(d >= 0 && std::isfinite(d));
}

void logistic(Numbers& in) {
    std::vector<float> prior;
    for (std::size_t n = 1 + in.byte() % 6; n > 0; --n)
        prior.push_back(std::clamp(in.finite(), 0.0F, 2.0F));
    std::vector<SparseRow> rows;
    std::vector<Example> examples;
    for (std::size_t n = in.byte() % 16; n > 0; --n) {
        std::vector<float> x(prior.size());
        for (float& nats : x) nats = std::clamp(in.finite(), 0.0F, 15.0F);
        rows.push_back(sparse(x));
    }
    for (const SparseRow& row : rows)
        examples.push_back({&row, static_cast<float>(1 + in.byte()) / 16, (in.byte() & 1) != 0});
    LogisticOptions options;
    options.iterations = 30;
    const LogisticModel model = fit_logistic(examples, prior, options);
    require(model.weights.size() == prior.size() && std::isfinite(model.bias));
    for (const float w : model.weights) require(w >= 0 && std::isfinite(w));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    Numbers in(bytes, size);
    switch (in.byte() % 4) {
        case 0:
            surprises(in);
            break;
        case 1:
            calibration(in);
            break;
        case 2:
            anomaly(in);
            break;
        default:
            logistic(in);
            break;
    }
    return 0;
}
