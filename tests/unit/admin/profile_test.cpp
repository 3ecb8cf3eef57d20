// SPDX-License-Identifier: Apache-2.0
// `kith profile show` on a store with one learned address.
#include <nlohmann/json.hpp>

#include <algorithm>

#include "engine/features/observe.hpp"
#include "engine/features/spec.hpp"
#include "engine/profile/codec.hpp"
#include "engine/profile/group.hpp"
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

TEST_CASE("of many features those that tell something are shown, by group, and all with --all") {
    const Site site;
    site.write_secret();
    site.seen({test::passed_mail()});
    const Hasher hasher(
        {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'});
    Profile p;
    p.messages = 9;
    p.days = 4;
    p.first = p.last = p.aged = from_unix(1772323200);
    std::vector<ValueCount> values;
    for (std::uint16_t f = 0; f < 60; ++f)
        for (std::uint32_t value = 7; value < (f == 3 ? 16U : 8U); ++value)
            values.push_back({f, 0, value, f == 3 ? 1.0F : 9.0F});
    // What is told of the first two is that mail has not what most mail has not; the third was seen
    // twice only, the fourth is other every time.
    values[0].value = FeatureValue::kAbsent;
    values[1].value = encode_seen(Seen::flag(false), 1, hasher).code;
    values[2].count = 2;
    p.restore(values);
    {
        auto store = Store::open(site.store(), Store::Mode::Write).value();
        auto txn = store->write().value();
        for (const auto& [subject, key] :
             {std::pair(Subject::Correspondent, sender_key(hasher, "anna@supplier.example")),
              std::pair(Subject::Domain, domain_key(hasher, "supplier.example"))})
            REQUIRE(txn->put(Table::Profiles, stored_key(subject, key).view(), encode(p)));
        REQUIRE(txn->commit());
    }
    const auto rows = [](const std::string& text) {
        return std::count(text.begin(), text.end(), '%');
    };
    const std::string text = site.kith({"profile", "show", "anna@supplier.example"}).out;
    CHECK(rows(text) == 30);
    CHECK(text.find("\nGROUP ") != std::string::npos);
    CHECK(text.find("40 features more that tell less: --all\n") != std::string::npos);
    CHECK(text.find("50 features more that tell less: --all\n") != std::string::npos);
    for (std::size_t f = 0; f < 4; ++f)
        CHECK(text.find(' ' + std::string(feature_name(f)) + ' ') == std::string::npos);
    CHECK(rows(site.kith({"profile", "show", "supplier.example"}).out) == 30);
    const std::string all = site.kith({"profile", "show", "anna@supplier.example", "--all"}).out;
    CHECK(rows(all) == 120);
    CHECK(all.find("tell less") == std::string::npos);
    const auto json = nlohmann::json::parse(
        site.kith({"profile", "show", "anna@supplier.example", "--json"}).out);
    CHECK(json["address"]["features"].size() == 60);
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
    std::filesystem::remove(site.dir.file("site.key"));
    const auto out = site.kith({"profile", "show", "anna@supplier.example"});
    CHECK(out.status == 78);
    CHECK(out.err.find("site.key") != std::string::npos);
}

namespace {

const Hasher& site_hasher() {
    static const Hasher hasher(
        {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'});
    return hasher;
}

/// A profile of 12 mails on four days with these values.
Profile profile_with(std::vector<ValueCount> values) {
    Profile p;
    p.messages = p.ever = 12;
    p.days = 4;
    p.first = from_unix(1772323200);
    p.last = p.aged = from_unix(1772582400);
    std::sort(values.begin(), values.end(), [](const ValueCount& a, const ValueCount& b) {
        return a.feature != b.feature ? a.feature < b.feature : a.value < b.value;
    });
    p.restore(std::move(values));
    return p;
}

ValueCount value(FeatureId f, std::uint32_t v, float count) {
    return {static_cast<std::uint16_t>(index_of(f)), 0, v, count};
}

/// As learn_circles() leaves it: `other` and the recipient itself.
NameUse circle_of(const Key16& recipient, const Key16& other) {
    NameUse use;
    use.bearers = {{recipient.short32(), 0, 9, recipient}, {other.short32(), 0, 6, other}};
    return use;
}

void learn_people(const Site& site) {
    const Hasher& h = site_hasher();
    const Key16 bert = sender_key(h, "bert@example.org"), cora = sender_key(h, "cora@example.org"),
                login = account_key(h, "bert");
    const auto kind = [&](const char* text) {
        return encode_seen(Seen::category(text), index_of(FeatureId::list_kind), h).code;
    };
    const Profile group = profile_with(
        {value(kGroupDomains, domain_key(h, "supplier.example").short32(), 4),
         value(kGroupDomains, 77, 2), value(FeatureId::list_kind, kind("newsletter"), 5),
         value(FeatureId::ask_pay, 9, 3)});
    Profile account = profile_with(
        {value(FeatureId::account_from, bert.short32(), 8), value(FeatureId::user_agent, 5, 8),
         value(FeatureId::time_zone, 5, 4), value(FeatureId::time_zone, 6, 4)});
    account.reach = {1, 0, 2.5F, .25F, 3, 20514};
    Profile tracker = profile_with({});
    tracker.borrowed = {16,
                        12,
                        20'500,
                        1,
                        from_unix(1771027200),
                        from_unix(1772582400),
                        {{1, 9, 4}, {2, 9, 4}, {3, 9, 4}}};
    auto store = Store::open(site.store(), Store::Mode::Write).value();
    auto txn = store->write().value();
    REQUIRE(txn->put(Table::Profiles, stored_key(Subject::Group, bert).view(), encode(group)));
    REQUIRE(txn->put(Table::Profiles, stored_key(Subject::Account, login).view(), encode(account)));
    REQUIRE(txn->put(Table::Profiles,
                     stored_key(Subject::Domain, domain_key(h, "tracker.example")).view(),
                     encode(tracker)));
    REQUIRE(txn->put(Table::Names, integer_key(circle_key(bert)), encode(circle_of(bert, cora))));
    REQUIRE(txn->put(Table::Names, integer_key(circle_key(cora)), encode(circle_of(cora, bert))));
    REQUIRE(txn->commit());
}

}  // namespace

TEST_CASE("an own address is shown with its group, named as far as the index has names") {
    const Site site;
    site.write_secret();
    MailRecord to_cora = test::passed_mail();
    to_cora.id = "cdefghijklmnopqr";
    to_cora.rcpts = {"cora@example.org"};
    to_cora.from = "anna@supplier.example";
    site.seen({test::passed_mail(), to_cora});
    learn_people(site);
    const auto out = site.kith({"profile", "show", "bert@example.org", "--json"});
    REQUIRE(out.status == 0);
    const auto g = nlohmann::json::parse(out.out)["group"];
    CHECK(g["mails"] == 12.0);
    CHECK(g["days"] == 4.0);
    CHECK(g["members"]["names"] == nlohmann::json({"cora@example.org"}));
    CHECK(g["members"]["others"] == 0);
    CHECK(g["domains"]["names"] == nlohmann::json({"supplier.example"}));
    CHECK(g["domains"]["others"] == 1);
    CHECK(g["kinds"]["newsletter"] == 5.0);
    CHECK(g["asks"]["pay"] == 3.0);
    CHECK(g["links"].empty());
    const std::string text = site.kith({"profile", "show", "bert@example.org"}).out;
    CHECK(text.find("its group: 12.0 mails learned on 4 days, last 2026-03-04T00:00:00Z\n"
                    "  with it, often addressed together: cora@example.org\n"
                    "  mail comes from: supplier.example and 1 without a name in the index\n"
                    "  kinds: newsletter 5\n"
                    "  it asks for: pay 3\n"
                    "  it links to: none\n") != std::string::npos);
}

TEST_CASE(
    "a login is shown with whom it writes as and to how many people, an unknown one is none") {
    const Site site;
    site.write_secret();
    site.seen({test::passed_mail()});
    learn_people(site);
    const auto out = site.kith({"profile", "show", "BERT", "--json"});
    REQUIRE(out.status == 0);
    const auto j = nlohmann::json::parse(out.out);
    CHECK(j["address"].is_null());
    CHECK(j["account"]["writes_as"]["names"] == nlohmann::json({"bert@example.org"}));
    CHECK(j["account"]["recipients_a_day"] == 2.5);
    CHECK(j["account"]["new_recipients_a_day"] == .3);
    CHECK(j["account"]["time_zones"] == 2);
    CHECK(j["account"]["programs"] == 1);
    CHECK(site.kith({"profile", "show", "bert"}).out ==
          "login bert: 12.0 mails learned on 4 days, last 2026-03-04T00:00:00Z\n"
          "  it writes as: bert@example.org\n"
          "  from 0 networks, 0 hosts, 2 time zones, with 1 program\n"
          "  to 2.5 recipients on a day with mail, 0.2 of them new\n"
          "  it asks for: none\n"
          "  it links to: none\n");
    const auto unknown = site.kith({"profile", "show", "nobody"});
    CHECK(unknown.status == 66);
    CHECK(unknown.err.find("kith: no login and no domain nobody is known\n") == 0);
}

TEST_CASE("a domain is shown by its name alone") {
    const Site site;
    site.write_secret();
    site.seen({test::passed_mail()});
    learn_people(site);
    const auto whole = site.kith({"profile", "show", "x@tracker.example", "--json"});
    const auto alone = site.kith({"profile", "show", "MX.Tracker.example", "--json"});
    REQUIRE(whole.status == 0);
    REQUIRE(alone.status == 0);
    const auto j = nlohmann::json::parse(alone.out);
    CHECK(j["domain"] == nlohmann::json::parse(whole.out)["domain"]);
    CHECK_FALSE(j["domain"].is_null());
    CHECK(j["account"].is_null());
    const auto text = site.kith({"profile", "show", "tracker.example"});
    CHECK(text.out.find("tracker.example: ") == 0);
}

TEST_CASE("a domain that writes under other people's names is said to be a service") {
    const Site site;
    site.write_secret();
    site.seen({test::passed_mail()});
    learn_people(site);
    const auto out = site.kith({"profile", "show", "ticket1@tracker.example", "--json"});
    REQUIRE(out.status == 0);
    const auto b = nlohmann::json::parse(out.out)["domain"]["borrowed_names"];
    CHECK(b["service"] == true);
    CHECK(b["mails"] == 12.0);
    CHECK(b["named"] == 16.0);
    CHECK(b["names"] == 3);
    CHECK(b["since"] == "2026-02-14T00:00:00Z");
    CHECK(site.kith({"profile", "show", "ticket1@tracker.example"})
              .out.find("writes under the names of people known elsewhere, as services do: 12 of "
                        "16 mails with a name, 3 names since 2026-02-14T00:00:00Z; such a name is "
                        "no impersonation here\n") != std::string::npos);
}
