// SPDX-License-Identifier: Apache-2.0
// `kith profile show` on a store with one learned address.
#include <nlohmann/json.hpp>

#include "engine/features/observe.hpp"
#include "engine/profile/codec.hpp"
#include "engine/profile/memory.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using kith::test::Site;

namespace {

// Nine mails on four days; feature 0 had one value nine times, feature 1 two values, six times and
// three times.
void learn_anna(const Site& site) {
    const Hasher hasher(
        {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'});
    Profile p;
    p.messages = 9;
    p.days = 4;
    p.received = 2;
    p.first = from_unix(1772323200);
    p.last = p.aged = from_unix(1772582400);
    p.restore({{0, 0, 7, 9}, {1, 0, 7, 3}, {1, 0, 8, 6}});
    auto store = Store::open(site.store(), Store::Mode::Write).value();
    auto txn = store->write().value();
    REQUIRE(txn->put(
        Table::Profiles,
        stored_key(Subject::Correspondent, sender_key(hasher, "anna@supplier.example")).view(),
        encode(p)));
    REQUIRE(txn->commit());
}

}  // namespace

TEST_CASE(
    "a learned address is shown with how settled each habit is, whatever the case it is typed in") {
    const Site site;
    site.write_secret();
    site.seen({test::passed_mail()});
    learn_anna(site);
    const auto out = site.kith({"profile", "show", "Anna@Supplier.Example", "--json"});
    CHECK(out.status == 0);
    const auto j = nlohmann::json::parse(out.out);
    CHECK(j["domain"].is_null());
    CHECK(j["address"]["mails"] == 9.0);
    CHECK(j["address"]["days"] == 4.0);
    CHECK(j["address"]["first"] == "2026-03-01T00:00:00Z");
    CHECK(j["address"]["last"] == "2026-03-04T00:00:00Z");
    CHECK(j["address"]["received"] == 2.0);
    REQUIRE(j["address"]["features"].size() == 2);
    CHECK(j["address"]["features"][0]["name"] == std::string(feature_name(0)));
    CHECK(j["address"]["features"][0]["top_share"] == 1.0);
    CHECK(j["address"]["features"][1]["values"] == 2);
    CHECK(j["address"]["features"][1]["top_share"] == 0.667);

    const std::string text = site.kith({"profile", "show", "anna@supplier.example"}).out;
    CHECK(text.find(
              "anna@supplier.example: 9.0 mails learned (older ones count less) on 4 days, first "
              "2026-03-01T00:00:00Z, last 2026-03-04T00:00:00Z\n") == 0);
    CHECK(text.find("supplier.example: nothing learned\n") != std::string::npos);
}

TEST_CASE("without the site's secret no profile can be found, and that is said") {
    const Site site;
    site.seen({test::passed_mail()});
    const auto out = site.kith({"profile", "show", "anna@supplier.example"});
    CHECK(out.status == 78);
    CHECK(out.err.find("site.key") != std::string::npos);
}
