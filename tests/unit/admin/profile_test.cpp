// SPDX-License-Identifier: Apache-2.0
// `kith profile show` on a store with one learned address.
#include <nlohmann/json.hpp>

#include "engine/features/observe.hpp"
#include "engine/profile/codec.hpp"
#include "engine/profile/keys.hpp"
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
    p.ties = 3;
    p.ever = 30;
    p.drift_fast = 9;
    p.drift_slow = 2;
    p.first = from_unix(1772323200);
    p.last = p.aged = from_unix(1772582400);
    p.restore({{0, 0, 7, 9}, {1, 0, 7, 3}, {1, 0, 8, 6}});
    auto store = Store::open(site.store(), Store::Mode::Write).value();
    auto txn = store->write().value();
    REQUIRE(txn->put(
        Table::Profiles,
        stored_key(Subject::Correspondent, sender_key(hasher, "anna@supplier.example")).view(),
        encode(p)));
    NameUse circle;
    circle.bearers = {{1, 0, 3}, {2, 0, 2}};
    REQUIRE(txn->put(Table::Names,
                     integer_key(circle_key(sender_key(hasher, "anna@supplier.example"))),
                     encode(circle)));
    SiteState site_state;
    site_state.people.tied = 1;
    site_state.people.rank(sender_key(hasher, "anna@supplier.example").short32(), 5);
    encode_site(site_state, [&](const std::string& name, const std::string& bytes) {
        if (name == "people") REQUIRE(txn->put(Table::Site, name, bytes));
    });
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
    CHECK(j["address"]["ties"] == 3.0);
    CHECK(j["address"]["drift"] == 7.0);
    CHECK(j["address"]["vip"] == true);
    CHECK(j["address"]["circle"] == 1);
    REQUIRE(j["address"]["features"].size() == 2);
    CHECK(j["address"]["features"][0]["name"] == std::string(feature_name(0)));
    CHECK(j["address"]["features"][0]["top_share"] == 1.0);
    CHECK(j["address"]["features"][1]["values"] == 2);
    CHECK(j["address"]["features"][1]["top_share"] == 0.667);

    const std::string text = site.kith({"profile", "show", "anna@supplier.example"}).out;
    CHECK(text.find(
              "anna@supplier.example: 9.0 mails learned (older ones count less) on 4 days, first "
              "2026-03-01T00:00:00Z, last 2026-03-04T00:00:00Z\n") == 0);
    CHECK(text.find("its habits drift: its last mails were unlike those before by 7.0 nats each "
                    "more than usual\n") != std::string::npos);
    CHECK(text.find("mail both ways with 3 people, a VIP; often addressed together with 1 other "
                    "recipient\n") != std::string::npos);
    CHECK(text.find("supplier.example: nothing learned\n") != std::string::npos);
}

TEST_CASE("forget asks the learner through the journal, and is refused where nothing is known") {
    const Site site;
    site.write_secret();
    site.seen({test::passed_mail()});
    learn_anna(site);
    CHECK(site.kith({"profile", "forget", "Anna@Supplier.Example"}).status == 0);
    const auto records = site.records(RecordType::Forget);
    REQUIRE(records.size() == 1);
    CHECK(decode_admin_record(records[0].payload).value().address == "anna@supplier.example");

    const auto stranger = site.kith({"profile", "forget", "nobody@stranger.example"});
    CHECK(stranger.status == 66);
    CHECK(stranger.err.find("kith: nothing is known about nobody@stranger.example\n") == 0);
    CHECK(site.records(RecordType::Forget).size() == 1);
}

TEST_CASE("of a forgotten address nothing is shown, and there is nothing left to forget") {
    const Site site;
    site.write_secret();
    site.seen({test::passed_mail()});
    {
        // As the learner forgets.
        const Hasher hasher(
            {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'});
        const Key16 sender = sender_key(hasher, "anna@supplier.example");
        auto store = Store::open(site.store(), Store::Mode::Write).value();
        auto txn = store->write().value();
        REQUIRE(txn->put(Table::Profiles, stored_key(Subject::Correspondent, sender).view(),
                         encode(Profile{})));
        REQUIRE(txn->put(Table::Words, sender.view(), encode(Vocabulary{})));
        REQUIRE(txn->commit());
    }
    const auto shown = site.kith({"profile", "show", "anna@supplier.example"});
    CHECK(shown.status == 66);
    CHECK(shown.out.find("1970") == std::string::npos);
    CHECK(site.kith({"profile", "forget", "anna@supplier.example"}).status == 66);
}

TEST_CASE("without the site's secret no profile can be found, and that is said") {
    const Site site;
    site.seen({test::passed_mail()});
    const auto out = site.kith({"profile", "show", "anna@supplier.example"});
    CHECK(out.status == 78);
    CHECK(out.err.find("site.key") != std::string::npos);
}
