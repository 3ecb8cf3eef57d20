// SPDX-License-Identifier: Apache-2.0
// Laws of what is remembered: the incremental profile against the whole history, fading, and bytes.
#include <random>

#include "engine/profile/codec.hpp"
#include "engine/profile/profile.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/reference_model.hpp"
#include "tests/support/state_samples.hpp"

using namespace kith;
using namespace kith::test;

namespace {

using Random = std::mt19937_64;
constexpr std::size_t kF = 5;
constexpr unsigned kCap = 3;

std::string random_bytes(Random& random, std::size_t most) {
    std::string s(random() % (most + 1), '\0');
    for (char& c : s) c = static_cast<char>(random());
    return s;
}

/// Decodes as every kind; what comes out must encode to something that gives the same again.
void check_total(const std::string& bytes) {
    const auto stable = [](const auto& value, auto decode) {
        if (!value) return;
        const std::string once = encode(*value);
        const auto again = decode(once);
        REQUIRE(again);
        REQUIRE(encode(*again) == once);
    };
    stable(decode_profile(bytes), decode_profile);
    stable(decode_vocabulary(bytes), decode_vocabulary);
    stable(decode_thread(bytes), decode_thread);
    stable(decode_name_use(bytes), decode_name_use);
    stable(decode_traces(bytes), decode_traces);
    stable(decode_site_word(bytes), decode_site_word);
    stable(decode_host_use(bytes), decode_host_use);
    if (const auto p = decode_profile(bytes))
        for (const auto& v : p->values()) {
            REQUIRE(v.feature < kFeatureCount);
            REQUIRE(v.count > 0);
        }
}

}  // namespace

TEST_CASE("a profile kept up mail by mail agrees with one recomputed from the whole history") {
    const auto seed = GENERATE(take(60, random(0, 1'000'000)));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    Profile p;
    ReferenceCounts reference(90, kCap);
    Time now = from_unix(1'772'438'400);
    for (int i = 0; i < 150; ++i) {
        now += Seconds(static_cast<long>(random() % (86400 / 2)));
        const auto value = static_cast<std::uint32_t>(1 + (random() % 5) * (random() % 3));
        p.age(now, 90);
        (void)p.add(kF, value, now, kCap, 64);
        reference.add(value, now);
    }
    for (std::uint32_t value = 0; value < 12; ++value) {
        const Standing have = p.standing(kF, value, false);
        const Standing want = reference.standing(value, now);
        // Ageing goes in steps of half a day: half a percent (profile.cpp).
        REQUIRE(have.seen == want.seen);
        REQUIRE(have.t == want.t);
        REQUIRE(have.n == Approx(want.n).epsilon(0.01));
    }
    for (const auto& [value, count] : reference.counts(now)) {
        double have = 0;
        for (const auto& v : p.values())
            if (v.feature == kF && v.value == value) have = static_cast<double>(v.count);
        REQUIRE(have == Approx(count).epsilon(0.01));
    }
}

TEST_CASE("two half-lives in one step or in many leave a quarter") {
    const auto seed = GENERATE(take(50, random(0, 1'000'000)));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    const double half_life = 7 + static_cast<double>(random() % 400);
    Profile once = sample_profile(), steps = sample_profile();
    const Time start = once.aged, end = start + Seconds(static_cast<long>(2 * half_life * 86400));
    once.age(end, half_life);
    for (Time t = start; t < end; t += Seconds(static_cast<long>(86400 + random() % 864000)))
        steps.age(t, half_life);
    steps.age(end, half_life);
    REQUIRE(once.values().size() == sample_profile().values().size());
    for (std::size_t i = 0; i < once.values().size(); ++i) {
        const auto start_count = static_cast<double>(sample_profile().values()[i].count);
        REQUIRE(once.values()[i].count == Approx(start_count / 4).epsilon(1e-4));
        // Less than half a day may be left undone at the end.
        REQUIRE(steps.values()[i].count == Approx(start_count / 4).epsilon(0.05));
    }
}

TEST_CASE("the total of a feature is the sum of its counts, whatever was added, evicted and aged") {
    const auto seed = GENERATE(take(30, random(0, 1'000'000)));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    Profile p;
    Time now = from_unix(1'772'438'400);
    for (int i = 0; i < 400; ++i) {
        now += Seconds(static_cast<long>(random() % 200'000));
        p.age(now, 30);
        (void)p.add(kF + random() % 2, static_cast<std::uint32_t>(random() % 40), now, kCap, 8);
        double sum = 0;
        std::size_t kept = 0;
        for (const auto& v : p.values())
            if (v.feature == kF) sum += static_cast<double>(v.count), ++kept;
        REQUIRE(p.total(kF) == Approx(sum).epsilon(1e-5));
        REQUIRE(kept <= 8);
    }
    Profile stored = *decode_profile(encode(p));
    REQUIRE(stored.total(kF) == p.total(kF));  // to the last bit
}

TEST_CASE("random bytes are nothing or something sane") {
    const auto seed = GENERATE(take(50, random(0, 1'000'000)));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    for (int i = 0; i < 100; ++i) CHECK_NOTHROW(check_total(random_bytes(random, 200)));
}

TEST_CASE("damaged records are nothing or something sane") {
    const auto seed = GENERATE(take(50, random(0, 1'000'000)));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    const std::string whole[] = {encode(sample_profile()), encode(sample_vocabulary()),
                                 encode(sample_thread()),  encode(sample_name()),
                                 encode(sample_traces()),  encode(sample_word())};
    for (int i = 0; i < 100; ++i) {
        std::string bytes = whole[random() % std::size(whole)];
        for (std::uint64_t k = random() % 4 + 1; k > 0; --k)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        if (random() % 4 == 0) bytes.resize(random() % bytes.size());
        check_total(bytes);
    }
}
