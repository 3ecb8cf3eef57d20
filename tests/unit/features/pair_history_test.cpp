// SPDX-License-Identifier: Apache-2.0
// What the feature pair_history sees in a mail. Its contract with all others: contract_test.cpp.
#include <limits>

#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::pair_history;

TEST_CASE("mails to these readers count in powers of two") {
    const auto [mails, expected] =
        GENERATE(table<double, const char*>({{0, "bin 0"},
                                             {0.9, "bin 0"},
                                             {1, "bin 1"},
                                             {4.2, "bin 3"},
                                             {1e300, "bin 8"},
                                             {-5, "bin 0"},
                                             {std::numeric_limits<double>::quiet_NaN(), "bin 0"}}));
    Relations r;
    r.pair_messages = mails;
    CHECK(see(kId, r) == expected);
}

TEST_CASE("one mail is not several") {
    Relations r;
    const auto told = [&] { return feature_spec(index_of(kId)).relate(r).texts().front(); };
    CHECK(told() == "never wrote to these readers before");
    r.pair_messages = 1;
    CHECK(told() == "wrote to these readers before (1 mail), unlike usual");
    r.pair_messages = 2;
    CHECK(told() == "wrote to these readers before (2 mails), unlike usual");
}

}  // namespace
