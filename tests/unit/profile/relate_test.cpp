// SPDX-License-Identifier: Apache-2.0
// How a mail relates to what is known of its sender (engine/profile/relate.hpp), before a history
// written down by hand.
#include "engine/profile/relate.hpp"

#include <cmath>
#include <map>

#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// What is known, as plain maps.
struct Known final : Memory {
    std::map<std::pair<Subject, Key16>, std::shared_ptr<Profile>> profiles;
    std::map<Key16, std::shared_ptr<Vocabulary>> vocabularies;
    std::map<std::uint32_t, SiteWord> words;
    std::map<std::uint64_t, std::shared_ptr<Thread>> threads;
    std::map<std::uint64_t, HostUse> hosts;
    std::map<std::uint64_t, NameUse> names;
    SiteState state;

    Known() {
        profile_of("anna@partner.example").messages = profile_of("anna@partner.example").ever = 12;
        vocabularies[kAnna] = std::make_shared<Vocabulary>();
        vocabularies[kPartner] = std::make_shared<Vocabulary>();
    }
    Profile& profile_of(std::string_view address) {
        auto& p = profiles[{Subject::Correspondent, person(address)}];
        if (!p) p = std::make_shared<Profile>();
        return *p;
    }
    Vocabulary& anna() { return *vocabularies[kAnna]; }
    Vocabulary& partner() { return *vocabularies[kPartner]; }

    template <class Map, class K>
    static auto at(const Map& map, const K& key) -> typename Map::mapped_type {
        const auto it = map.find(key);
        return it == map.end() ? typename Map::mapped_type{} : it->second;
    }
    std::shared_ptr<const Profile> profile(Subject s, const Key16& k) const override {
        return at(profiles, std::pair(s, k));
    }
    std::shared_ptr<const Vocabulary> vocabulary(const Key16& k) const override {
        return at(vocabularies, k);
    }
    SiteWord word(std::uint32_t w) const override { return at(words, w); }
    std::shared_ptr<const Thread> thread(std::uint64_t m) const override { return at(threads, m); }
    HostUse host(std::uint64_t h) const override { return at(hosts, h); }
    NameUse name(std::uint64_t n) const override { return at(names, n); }
    Traces traces(const Key16&) const override { return {}; }
    const SiteState& site() const override { return state; }

    const Key16 kAnna = person("anna@partner.example");
    const Key16 kPartner = domain_key(test_hasher(), "partner.example");
};

Relations related(const Known& known, const Observations& o) {
    return relate(o, history_of(o, known), known);
}

}  // namespace

TEST_CASE("a stranger relates to nothing") {
    const Relations r = related(Known{}, Mail("eve@far.example"));
    CHECK(r.messages == 0);
    CHECK(r.thread == ThreadState::None);
    CHECK(r.host == Novelty::None);
    CHECK(r.recipients_known == -1);
    CHECK(r.wrote_back == 0);
    CHECK_FALSE(r.language);
}

TEST_CASE("a conversation is known by who wrote in it and to whom") {
    Known k;
    auto t = k.threads[id_of("m1")] = std::make_shared<Thread>();
    const Mail mail = Mail().refers_to({"unseen", "m1"});
    CHECK(related(k, mail).thread == ThreadState::Newcomer);
    t->domains = {Mail().get().domain32};
    CHECK(related(k, mail).thread == ThreadState::Colleague);
    t->addressed = {Mail().get().sender32};
    CHECK(related(k, mail).thread == ThreadState::Addressed);
    t->participants = {Mail().get().sender32};
    CHECK(related(k, mail).thread == ThreadState::Member);
    CHECK(related(k, Mail().refers_to({"unseen"})).thread == ThreadState::Unknown);
    CHECK(related(k, Mail()).thread == ThreadState::None);
}

TEST_CASE("a link's host is as new as the nearest who used it") {
    Known k;
    const Mail mail = Mail().links_to("shop.example", "a");
    const auto host = host_of("shop.example");
    CHECK(related(k, mail).host == Novelty::Never);
    k.hosts[host].senders = 4;
    CHECK(related(k, mail).host == Novelty::Site1);
    k.hosts[host].senders = 5;
    CHECK(related(k, mail).host == Novelty::Site5);
    k.partner().hosts = {fold32(host)};
    CHECK(related(k, mail).host == Novelty::Domain);
    CHECK(related(k, mail).new_link);
    k.anna().hosts = {fold32(host)};
    CHECK(related(k, mail).host == Novelty::Sender);
    CHECK_FALSE(related(k, mail).new_link);
}

TEST_CASE("the newest of several links counts") {
    Known k;
    k.anna().hosts = {fold32(host_of("shop.example"))};
    CHECK(related(k, Mail().links_to("shop.example").links_to("new.example")).host ==
          Novelty::Never);
    CHECK(related(k, Mail().links_to("new.example").links_to("shop.example")).host ==
          Novelty::Never);
}

TEST_CASE("links to the site itself and to the sender's own domain are not new links") {
    Known k;
    Mail own = Mail().links_to("site.example");
    own.get().links[0].own_domain = true;
    CHECK(related(k, own).host == Novelty::None);
    CHECK_FALSE(related(k, own).new_link);
    Mail sender = Mail().links_to("partner.example");
    sender.get().links[0].sender_domain = true;
    CHECK_FALSE(related(k, sender).new_link);
}

TEST_CASE("on a host that many share a new page is a new link, on another it is not") {
    Known k;
    const auto host = host_of("forms.example");
    k.anna().hosts = {fold32(host)};
    const Mail mail = Mail().links_to("forms.example", "stranger");
    k.hosts[host] = {5, 7, 0};
    CHECK_FALSE(related(k, mail).new_link);
    k.hosts[host] = {5, 8, 0};
    CHECK(related(k, mail).new_link);
    k.anna().tenants = {fold32(tenant_of("forms.example/stranger"))};
    CHECK_FALSE(related(k, mail).new_link);
}

TEST_CASE("a new link is as well known as its words, several as the least known of them") {
    Known k;
    k.state.senders = 50;
    k.anna().hosts = {fold32(host_of("old.example"))};
    k.anna().add(word_of("gasket"), 3);
    k.words[word_of("shared")].senders = 5;
    const auto link = [](Mail mail, const char* host, std::initializer_list<const char*> words) {
        mail.links_to(host);
        for (const auto* w : words) mail.get().links.back().words.push_back(word_of(w));
        return mail;
    };
    const auto known = [&](const Observations& o) { return related(k, o).link_known; };
    CHECK(known(Mail()) == 0);
    CHECK(known(link(Mail(), "new.example", {})) == 0);
    CHECK(known(link(Mail(), "new.example", {"unheard"})) == 0);
    CHECK(known(link(Mail(), "new.example", {"gasket"})) == Approx(.7));
    CHECK(known(link(Mail().quotes("gasket"), "new.example", {"gasket"})) == 1);
    CHECK(known(link(Mail(), "new.example", {"gasket", "unheard"})) == Approx(.35));
    CHECK(known(link(Mail(), "new.example", {"shared"})) == Approx(.3));
    k.words[word_of("shared")].senders = 4;
    CHECK(known(link(Mail(), "new.example", {"shared"})) == 0);
    SECTION("whichever comes first") {
        const Mail best = link(Mail(), "new.example", {"gasket"});
        CHECK(known(link(best, "far.example", {"unheard"})) == 0);
        CHECK(known(link(link(Mail(), "far.example", {"unheard"}), "new.example", {"gasket"})) ==
              0);
        CHECK(known(link(best, "far.example", {"gasket", "unheard"})) == Approx(.35));
    }
    SECTION("a link that is not new does not count") {
        CHECK(known(link(link(Mail(), "new.example", {"gasket"}), "old.example", {"unheard"})) ==
              Approx(.7));
        CHECK(known(link(Mail(), "old.example", {"gasket"})) == 0);
    }
}

TEST_CASE("what is asked beside new links is asked, beside others it is not") {
    Known k;
    k.anna().hosts = {fold32(host_of("old.example"))};
    Mail mail = Mail().links_to("new.example").links_to("old.example").links_to("far.example");
    mail.get().links[0].asks = 0b1;
    mail.get().links[1].asks = 0b10;
    mail.get().links[2].asks = 0b100;
    CHECK(related(k, mail).link_asks == 0b101);
    k.anna().hosts.push_back(fold32(host_of("far.example")));
    CHECK(related(k, mail).link_asks == 0b1);
    mail.get().links[0].sender_domain = true;
    CHECK(related(k, mail).link_asks == 0);
}

TEST_CASE("a sender is known since the first of its mails was learned") {
    Known k;
    const Mail mail("anna@partner.example", day(10));
    CHECK(related(k, mail).known_days == 0);
    k.profile_of("anna@partner.example").first = day(7.5);
    CHECK(related(k, mail).known_days == Approx(2.5));
    CHECK(related(k, Mail("eve@far.example", day(10))).known_days == 0);
}

TEST_CASE("an account or a telephone number is as new as a link would be") {
    Known k;
    Mail mail;
    mail.get().payment = {77};
    mail.get().phones = {88};
    CHECK(related(k, mail).payment == Novelty::Never);
    k.anna().payments = {fold32(77)};
    k.partner().phones = {fold32(88)};
    CHECK(related(k, mail).payment == Novelty::Sender);
    CHECK(related(k, mail).phone == Novelty::Domain);
    CHECK(related(k, Mail()).payment == Novelty::None);
}

TEST_CASE("recipients are known by whom the sender wrote to") {
    Known k;
    k.anna().recipients = {person("ben@site.example").short32()};
    CHECK(related(k, Mail().to({"ben@site.example", "cy@site.example"})).recipients_known == 0.5);
    CHECK(related(k, Mail().to({"ben@site.example"})).recipients_known == 1);
    CHECK(related(k, Mail().to({})).recipients_known == -1);
    k.profile_of("anna@partner.example").ever = 2;
    k.profile_of("anna@partner.example").messages = 2;
    CHECK(related(k, Mail().to({"ben@site.example"})).recipients_known == -1);
}

TEST_CASE("how long ago somebody here wrote to the sender has three steps") {
    Known k;
    auto& p = k.profile_of("anna@partner.example");
    const auto wrote = [&](double days_ago) {
        p.last_received = day(100) - Seconds(static_cast<long>(days_ago * 86400));
        return related(k, Mail("anna@partner.example", day(100))).wrote_back;
    };
    CHECK(wrote(7) == 3);
    CHECK(wrote(7.1) == 2);
    CHECK(wrote(90) == 2);
    CHECK(wrote(90.1) == 1);
}

TEST_CASE("a pair's history is the best known of the first eight recipients") {
    Known k;
    auto& p = k.profiles[{Subject::Pair, pair_key(k.kAnna, person("ben@site.example"))}];
    p = std::make_shared<Profile>();
    p->messages = p->ever = 4;
    CHECK(related(k, Mail().to({"ben@site.example", "cy@site.example"})).pair_messages == 4);
    CHECK(related(k, Mail().to({"cy@site.example"})).pair_messages == 0);
}

TEST_CASE("a name that somebody better known carries makes a stranger suspect") {
    Known k;
    Mail mail("eve@far.example");
    mail.get().name = 99;
    k.names[99].bearers = {{mail.get().sender32, mail.get().domain32, 9}};
    CHECK_FALSE(related(k, mail).known_name);  // its own name
    k.names[99].bearers = {{1234, 5678, 1}};
    CHECK_FALSE(related(k, mail).known_name);
    const Key16 meant = person("meant@partner.example");
    k.names[99].bearers = {{1234, 5678, 2, meant}, {1235, 5678, 1, {}}};
    CHECK(related(k, mail).known_name);
    CHECK(related(k, mail).claimed == meant);
    Mail known;
    known.get().name = 99;
    CHECK_FALSE(related(k, known).known_name);  // who writes for himself needs no disguise
}

TEST_CASE("a firm is a domain with mail both ways whose people are addressed together") {
    constexpr auto kId = index_of(FeatureId::colleague_copied);
    const auto firm = [](float in, float out, int together, int alone) {
        Known k;
        Mail mail("new@far.example");
        auto& d = k.profiles[{Subject::Domain, mail.get().domain}];
        d = std::make_shared<Profile>();
        d->ever = in;
        d->received = out;
        for (int i = 0; i < together; ++i) d->add(kId, 7, day(1), 255, 8);
        for (int i = 0; i < alone; ++i) d->add(kId, FeatureValue::kAbsent, day(1), 255, 8);
        return related(k, mail).firm;
    };
    CHECK(firm(10, 10, 3, 12));
    CHECK_FALSE(firm(9, 10, 3, 12));
    CHECK_FALSE(firm(10, 9, 3, 12));
    CHECK_FALSE(firm(10, 10, 2, 0));
    CHECK_FALSE(firm(10, 10, 3, 13));  // three in thirteen: a provider's customers
    CHECK_FALSE(firm(10, 10, 0, 0));
    Known nobody;
    CHECK_FALSE(related(nobody, Mail("new@far.example")).firm);
}

TEST_CASE("a known local part at another domain makes a stranger suspect, a common one does not") {
    Known k;
    Mail mail("anna.berg@far.example");
    mail.get().local_part = 98;
    k.names[98].bearers = {{1, 2, 3}};
    CHECK(related(k, mail).known_local_part);
    k.names[98].bearers = {{1, mail.get().domain32, 3}};
    CHECK_FALSE(related(k, mail).known_local_part);
    k.names[98].bearers = {{1, 2, 3}, {3, 4, 3}, {5, 6, 3}, {7, 8, 3}};
    CHECK_FALSE(related(k, mail).known_local_part);
}

TEST_CASE("a domain near a known one makes a stranger suspect, unless it is known itself") {
    Known k;
    Mail mail("anna@partnar.example");
    mail.get().label_variants = {55, 56};
    k.names[56].bearers = {{1, 2, 3}};
    CHECK(related(k, mail).look_alike_domain);
    k.names[56].bearers = {{1, mail.get().domain32, 3}};
    CHECK_FALSE(related(k, mail).look_alike_domain);
    k.names[56].bearers = {{1, 2, 3}};
    auto& d = k.profiles[{Subject::Domain, mail.get().domain}];
    d = std::make_shared<Profile>();
    d->messages = d->ever = 2;
    CHECK_FALSE(related(k, mail).look_alike_domain);
}

TEST_CASE("language needs three words and a site that knows 500") {
    Known k;
    k.state.words = 500;
    CHECK(related(k, Mail().says("one two three")).language);
    CHECK_FALSE(related(k, Mail().says("one two")).language);
    k.state.words = 499;
    CHECK_FALSE(related(k, Mail().says("one two three")).language);
}

TEST_CASE("the sender's own words fit better than words it never used") {
    Known k;
    k.state.words = 10'000;
    k.state.senders = 50;
    for (const auto* w : {"gasket", "order", "monday"}) {
        k.words[word_of(w)] = {20, 5, 0};
        k.anna().add(word_of(w), 10);
    }
    for (const auto* w : {"voucher", "urgent", "favour"}) k.words[word_of(w)] = {20, 5, 0};
    const Relations own = related(k, Mail().says("gasket order monday"));
    const Relations foreign = related(k, Mail().says("voucher urgent favour"));
    CHECK(own.mix < foreign.mix);
    CHECK(own.word_gap < foreign.word_gap);
    CHECK(own.unseen == 0);
    CHECK(foreign.unseen == 1);
    const Relations in_thread =
        related(k, Mail().says("voucher urgent favour").quotes("voucher urgent favour"));
    CHECK(in_thread.mix < foreign.mix);
    CHECK(in_thread.thread_words == -1);
    CHECK(foreign.thread_words == 0);
}

TEST_CASE("words new for the sender are newcomers' or those of people who belong here") {
    Known k;
    k.state.words = 10'000;
    k.state.newcomers = 95;
    k.state.regulars = 995;
    for (const auto* w : {"kindly", "portal"}) k.words[word_of(w)] = {20, 5, 0, 9.5F, 9.5F};
    for (const auto* w : {"gasket", "flange"}) k.words[word_of(w)] = {20, 5, 0, .5F, 99.5F};
    for (const auto* w : {"rare", "seldom"}) k.words[word_of(w)] = {2, 2, 0, 2.9F, 0};
    const auto odds = [&](std::string_view words) {
        const Relations r = related(k, Mail().says(words));
        CHECK(r.has_stranger_words);
        return r.stranger_words;
    };
    // 10 of 100 first mails and 10 of 1,000 others have each: odds of ten to one; two of three
    // count, since two words tell little.
    CHECK(odds("kindly portal unheard") == Approx(std::log(10) * 2 / 3));
    CHECK(odds("gasket flange unheard") == Approx(-std::log(10) * 2 / 3));
    CHECK(odds("rare seldom unheard") == 0);
    k.anna().add(word_of("kindly"), 1);
    CHECK(odds("kindly portal unheard") == Approx(std::log(10) / 2));
    const Relations quoted = related(k, Mail().says("kindly portal unheard").quotes("portal"));
    CHECK(quoted.stranger_words == 0);
    k.state.regulars = 99;
    CHECK_FALSE(related(k, Mail().says("kindly portal unheard")).has_stranger_words);
    k.state.regulars = 100;
    CHECK(related(k, Mail().says("kindly portal unheard")).has_stranger_words);
}

TEST_CASE("length falls into six buckets, history into four") {
    Known k;
    const auto bucket = [&](std::uint32_t words, double mails) {
        Mail m;
        m.get().word_total = words;
        k.profile_of("anna@partner.example").messages = static_cast<float>(mails);
        k.profile_of("anna@partner.example").ever = static_cast<float>(mails);
        const Relations r = related(k, m);
        return r.length_bucket * 4 + r.history_bucket;
    };
    CHECK(bucket(7, 2) == 0);
    CHECK(bucket(8, 3) == 5);
    CHECK(bucket(24, 9) == 5);
    CHECK(bucket(25, 10) == 10);
    CHECK(bucket(79, 49) == 10);
    CHECK(bucket(80, 50) == 15);
    CHECK(bucket(199, 50) == 15);
    CHECK(bucket(200, 50) == 19);
    CHECK(bucket(399, 50) == 19);
    CHECK(bucket(400, 50) == 23);
}

TEST_CASE("quoted text is looked up in a conversation that is known as a whole") {
    Known k;
    auto thread = std::make_shared<Thread>();
    thread->passages = {1, 2, 3};
    k.threads[id_of("root")] = thread;
    const auto quoted = [&](std::vector<std::uint64_t> passages) {
        Observations o = Mail().refers_to({"root"});
        o.quoted_passages = std::move(passages);
        return relate(o, history_of(o, k), k).quoted_known;
    };
    CHECK(quoted({1, 3}) == 1);
    CHECK(quoted({1, 2, 8, 9}) == .5);
    CHECK(quoted({7, 8, 9}) == 0);
    CHECK(quoted({9}) == -1);  // one passage may be anything
    thread->gaps = true;
    CHECK(quoted({7, 8, 9}) == -1);
    Observations elsewhere = Mail().refers_to({"nowhere"});
    elsewhere.quoted_passages = {7, 8, 9};
    CHECK(relate(elsewhere, history_of(elsewhere, k), k).quoted_known == -1);
}

TEST_CASE("a pair's answers are those of the recipients to the sender") {
    Known k;
    const Observations o = Mail();
    CHECK(relate(o, history_of(o, k), k).pair_answers == 0);
    auto pair = std::make_shared<Profile>();
    pair->messages = 4;
    k.profiles[{Subject::Pair, pair_key(person("ben@site.example"), k.kAnna)}] = pair;
    CHECK(relate(o, history_of(o, k), k).pair_answers == 4);
}

TEST_CASE("a stranger under the name of somebody of the site, or of a VIP, is told from others") {
    Known k;
    Observations o = Mail("eve@far.example");
    o.name = 77;
    NameUse& use = k.names[77];
    use.bearers = {{501, 601, 3}};
    const auto r = [&] { return relate(o, history_of(o, k), k); };
    CHECK(r().known_name);
    CHECK_FALSE(r().own_name);
    CHECK_FALSE(r().vip_name);
    k.state.people.own_domains = {601};
    CHECK(r().own_name);
    k.state.people.central = {{501, 5}};
    k.state.people.tied = 1;
    CHECK(r().vip_name);
    use.bearers.front().count = 1;
    CHECK_FALSE(r().own_name);
    CHECK_FALSE(r().vip_name);
}

TEST_CASE("a name that has another known domain's label in it borrows that domain's name") {
    Known k;
    Observations o = Mail("eve@far.example");
    o.domain_label = 5;
    o.name_labels = {5, 6};
    const auto r = [&] { return relate(o, history_of(o, k), k); };
    k.names[5].bearers = {{1, 9, 6}};
    CHECK_FALSE(r().known_brand);  // its own label
    k.names[6].bearers = {{2, 8, 2}};
    CHECK_FALSE(r().known_brand);  // hardly known here
    k.names[6].bearers = {{2, 8, 3}};
    CHECK(r().known_brand);
}

TEST_CASE("one reader who was never addressed with a group is odd, two or a member are not") {
    Known k;
    const auto circle = [&](const char* who, std::initializer_list<const char*> with) {
        NameUse& use = k.names[circle_key(person(who))];
        for (const auto* other : with) use.bearers.push_back({person(other).short32(), 0, 5});
    };
    circle("ben@site.example", {"cy@site.example"});
    circle("cy@site.example", {"ben@site.example"});
    const auto odd = [&](Mail m) {
        const Observations o = m;
        return relate(o, history_of(o, k), k).odd_reader;
    };
    CHECK(odd(Mail().to({"ben@site.example", "cy@site.example", "zoe@far.example"})));
    CHECK_FALSE(odd(Mail().to({"ben@site.example", "cy@site.example"})));
    CHECK_FALSE(odd(
        Mail().to({"ben@site.example", "cy@site.example", "zoe@far.example", "yan@far.example"})));
    auto thread = std::make_shared<Thread>();
    thread->addressed = {person("zoe@far.example").short32()};
    k.threads[id_of("root")] = thread;
    CHECK_FALSE(odd(
        Mail().to({"ben@site.example", "cy@site.example", "zoe@far.example"}).refers_to({"root"})));
}

TEST_CASE("an answer to suspicious mail is one") {
    Known k;
    k.state.people.suspects = {id_of("bait")};
    const auto answers = [&](const char* id) {
        const Observations o = Mail().refers_to({id});
        return relate(o, history_of(o, k), k).answers_suspect;
    };
    CHECK(answers("bait"));
    CHECK_FALSE(answers("other"));
}
