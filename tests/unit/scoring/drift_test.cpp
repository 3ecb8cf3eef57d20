// SPDX-License-Identifier: Apache-2.0
// Habits that change step by step (engine/scoring/drift.hpp).
#include "engine/scoring/drift.hpp"

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

/// A sender of so many mails, each as surprising as the others.
Profile steady(int mails, double nats) {
    Profile p;
    for (int i = 0; i < mails; ++i) {
        learn_drift(p, nats);
        p.ever += 1;
    }
    return p;
}

TEST_CASE("who is as surprising as ever does not drift, however surprising that is") {
    const Profile p = steady(100, 12);
    CHECK(p.drift_fast == Approx(12));
    CHECK(p.drift_slow == Approx(12));
    CHECK(drift_of(p, 12) == Approx(0).margin(1e-3));
    CHECK(drift_of(p, 2) == 0);
}

TEST_CASE("small steps that go on add up, one does not") {
    Profile p = steady(100, 1);
    const double one = drift_of(p, 6);
    CHECK(one == Approx(5.0 / static_cast<double>(kDriftFast)));
    double before = 0;
    for (int i = 0; i < 12; ++i) {
        const double now = drift_of(p, 6);
        CHECK(now > before);
        before = now;
        learn_drift(p, 6);
        p.ever += 1;
    }
    CHECK(before > 3 * one);
}

TEST_CASE("what lasts becomes a habit") {
    Profile p = steady(100, 1);
    for (int i = 0; i < 400; ++i) {
        learn_drift(p, 6);
        p.ever += 1;
    }
    CHECK(drift_of(p, 6) < .1);
}

TEST_CASE("one wild mail counts no more than an unusual one") {
    const Profile p = steady(100, 1);
    CHECK(drift_of(p, 1e9) == drift_of(p, 30));
}

TEST_CASE("of a sender hardly known nothing is said") {
    CHECK(drift_of(steady(23, 1), 20) == 0);
    CHECK(drift_of(steady(24, 1), 20) > 0);
    CHECK(drift_of(Profile{}, 20) == 0);
}

TEST_CASE("only the way of a mail counts, not what it says") {
    Surprises x{};
    x[index_of(FeatureId::time_zone)] = 3;
    x[index_of(FeatureId::client_network)] = 2;
    x[index_of(FeatureId::submit_host)] = 1;
    x[index_of(FeatureId::quote_style)] = .5F;
    CHECK(way_surprise(x) == Approx(6.5));
    x[index_of(FeatureId::language_mix)] = 6;
    x[index_of(FeatureId::link_host)] = 6;
    x[index_of(FeatureId::recipient_place)] = 6;
    CHECK(way_surprise(x) == Approx(6.5));
}

}  // namespace
