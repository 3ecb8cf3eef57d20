// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/campaigns.hpp"

#include "tests/support/catch.hpp"

using namespace kith;
using admin::Campaigns;

namespace {
Observations mail(std::uint64_t page, std::array<std::uint32_t, 8> sketch, bool own = false) {
    Observations o;
    o.sketch = sketch;
    if (page != 0) {
        o.links.resize(1);
        o.links[0].tenant = page;
        o.links[0].own_domain = own;
    }
    return o;
}
constexpr std::array<std::uint32_t, 8> kA{1, 2, 3, 4, 5, 6, 7, 8}, kHalf{1, 2, 3, 4, 9, 9, 9, 9},
    kLess{1, 2, 3, 9, 9, 9, 9, 9}, kOther{11, 12, 13, 14, 15, 16, 17, 18}, kNone{};
}  // namespace

TEST_CASE("the same page or half of the words make a campaign; own pages and no words do not") {
    Campaigns campaigns;
    CHECK(campaigns.add(mail(7, kA)) == 0);
    CHECK(campaigns.add(mail(0, kOther)) == 1);
    CHECK(campaigns.add(mail(7, kOther)) == 0);
    CHECK(campaigns.add(mail(0, kHalf)) == 0);
    CHECK(campaigns.add(mail(0, kLess)) == 2);
    CHECK(campaigns.add(mail(0, kNone)) == 3);
    CHECK(campaigns.add(mail(0, kNone)) == 4);
    CHECK(campaigns.add(mail(9, kNone, true)) == 5);
    CHECK(campaigns.add(mail(9, kNone, true)) == 6);
}
