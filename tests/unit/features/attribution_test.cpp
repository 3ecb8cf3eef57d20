// SPDX-License-Identifier: Apache-2.0
// What the feature attribution sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::attribution;

Look introduced(const char* line) {
    return with_lines({{"yes", LineRole::Own}, {line, LineRole::Attribution}});
}

TEST_CASE("the form of the introducing line is the client's words, its date and its address") {
    CHECK(see(kId, introduced("On Mon, 5 Jan 2026 at 10:00, Ann Lee <ann@example.com> wrote:")) ==
          "on at wrote 0 0 0:0 <@> colon");
    CHECK(see(kId, introduced("Am 05.01.2026 um 10:00 schrieb Ann Lee:")) ==
          "am um schrieb 0.0.0 0:0 colon");
    CHECK(see(kId, introduced("-----Original Message-----")) == "rule original message");
}

TEST_CASE("another day and another writer are the same form, another client is not") {
    const auto a =
        see(kId, introduced("On Mon, 5 Jan 2026 at 10:00, Ann Lee <ann@example.com> wrote:"));
    CHECK(see(kId, introduced("On Fri, 31 Dec 2027 at 9:05, Bo <bo@example.net> wrote:")) == a);
    CHECK(see(kId, introduced("On 05/01/2026 10:00, Ann Lee wrote:")) != a);
}

TEST_CASE("a mail without such a line says nothing") {
    CHECK(see(kId, with_lines({{"On it:", LineRole::Own}})) == "(nothing)");
}

}  // namespace
