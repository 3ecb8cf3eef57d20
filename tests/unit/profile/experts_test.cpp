// SPDX-License-Identifier: Apache-2.0
// The experts' start vector and what each looks at (engine/profile/experts.hpp).
#include "engine/profile/experts.hpp"

#include "engine/features/spec.hpp"
#include "tests/support/catch.hpp"

using namespace kith;

TEST_CASE("another account or telephone number counts by itself, beside the ranked requests") {
    const ExpertModel model;
    Surprises x{};
    const double before = model.score(Expert::Text, x);
    const FeatureId id = GENERATE(FeatureId::payment_data, FeatureId::phone_number);
    x[index_of(id)] = 5;
    CHECK(model.score(Expert::Text, x) == Approx(before + 1.5));
}

TEST_CASE("an expert weighs what it looks at and nothing else") {
    const ExpertModel model;
    for (std::size_t e = 0; e < kExpertCount; ++e)
        for (std::size_t f = 0; f < kFeatureCount; ++f) {
            INFO(to_string(static_cast<Expert>(e)) << " " << feature_name(f));
            CHECK((model.weights[e][f] > 0) == looks_at(static_cast<Expert>(e), f));
        }
}

TEST_CASE("the text expert adds up ranks alone, the client expert looks at no transport") {
    const auto transport = index_of(FeatureId::auth_triple);
    const auto link = index_of(FeatureId::link_host), links = index_of(FeatureId::text_links);
    const auto client = index_of(FeatureId::user_agent);
    CHECK(looks_at(Expert::Text, links));
    CHECK_FALSE(looks_at(Expert::Text, link));
    CHECK_FALSE(looks_at(Expert::Text, client));
    CHECK(looks_at(Expert::Client, client));
    CHECK(looks_at(Expert::Client, link));
    CHECK_FALSE(looks_at(Expert::Client, links));  // or the links would count twice
    CHECK_FALSE(looks_at(Expert::Client, transport));
    CHECK(looks_at(Expert::Spoof, transport));
}

TEST_CASE("a score is the bias and the weighted sum of surprises") {
    ExpertModel model;
    const auto f = index_of(FeatureId::link_host), g = index_of(FeatureId::ask_pay);
    const auto client = static_cast<std::size_t>(Expert::Client);
    model.bias[client] = -2;
    model.weights[client][f] = 0.5F;
    model.weights[client][g] = 0.25F;
    Surprises x{};
    x[f] = 4;
    x[g] = 8;
    x[index_of(FeatureId::auth_triple)] = 12;  // not the client expert's business
    CHECK(model.score(Expert::Client, x) == Approx(-2 + 2 + 2));
}

TEST_CASE("before the first fit a mail without surprises is held to be genuine") {
    const ExpertModel model;
    const Surprises usual{};
    for (std::size_t e = 0; e < kExpertCount; ++e) {
        INFO(to_string(static_cast<Expert>(e)));
        CHECK(model.score(static_cast<Expert>(e), usual) <= -3);
    }
    // A foreign client shows in many features at once; one odd value is none.
    Surprises odd{}, foreign{};
    odd[index_of(FeatureId::user_agent)] = 6;
    for (const auto f : {FeatureId::user_agent, FeatureId::time_zone, FeatureId::message_id_host,
                         FeatureId::boundary_shape})
        foreign[index_of(f)] = 6;
    CHECK(model.score(Expert::Client, odd) < 0);
    CHECK(model.score(Expert::Client, foreign) > 0);
    const auto impostor = static_cast<std::size_t>(Expert::Impostor);
    CHECK(model.weights[impostor][index_of(FeatureId::identity_marks)] >
          2 * model.weights[impostor][index_of(FeatureId::user_agent)]);
}

TEST_CASE("experts have the names that explanations use") {
    CHECK(to_string(Expert::Spoof) == "spoof");
    CHECK(to_string(Expert::Impostor) == "impostor");
    CHECK(to_string(Expert::Text) == "text");
}
