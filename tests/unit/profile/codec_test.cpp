// SPDX-License-Identifier: Apache-2.0
// Bytes of engine/profile/codec.hpp: what is written comes back; what is damaged, foreign or too
// large gives nothing or a sane part.
#include "engine/profile/codec.hpp"

#include <flatbuffers/flatbuffers.h>

#include <cmath>
#include <limits>

#include "engine/profile/state_generated.h"
#include "engine/profile/verified.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/state_samples.hpp"

using namespace kith;
using namespace kith::test;

namespace {

template <class Build>
std::string table(Build build) {
    flatbuffers::FlatBufferBuilder b;
    b.Finish(build(b));
    return {reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()};
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::string profile_of(const std::vector<fb::ValueCount>& values, float messages = 1) {
    return table([&](auto& b) {
        const auto v = b.CreateVectorOfStructs(values);
        fb::ProfileBuilder t(b);
        t.add_messages(messages);
        t.add_values(v);
        return t.Finish();
    });
}

}  // namespace

TEST_CASE("a profile comes back with every field") {
    const Profile p = sample_profile();
    const auto back = decode_profile(encode(p));
    REQUIRE(back);
    CHECK(back->messages == 12.5F);
    CHECK(back->ever == 14);
    CHECK(back->days == 7);
    CHECK(back->first == from_unix(1'700'000'001));
    CHECK(back->last == from_unix(1'700'000'002));
    CHECK(back->aged == from_unix(1'700'000'003));
    CHECK(back->day == 19'675);
    CHECK(back->received == 3.25F);
    CHECK(back->last_received == from_unix(1'700'000'004));
    REQUIRE(back->values().size() == 3);
    CHECK(back->total(feature_index(1)) == 3.5);
    CHECK(back->has(feature_index(2), 103));
    CHECK(encode(*back) == encode(p));
}

TEST_CASE("whose names a domain carries and how many people an account writes to come back") {
    const Profile p = sample_profile_3();
    const auto back = decode_profile(encode(p));
    REQUIRE(back);
    CHECK(back->borrowed == p.borrowed);
    CHECK(back->reach.recipients == 2);
    CHECK(back->reach.fresh == 1);
    CHECK(back->reach.usual_recipients == 3.5F);
    CHECK(back->reach.usual_fresh == .5F);
    CHECK(back->reach.days == 7);
    CHECK(back->reach.day == 19'691);
    CHECK(encode(*back) == encode(p));
}

TEST_CASE("more pairs of name and address than fit, and counts that are none, are left out") {
    Profile p;
    p.borrowed.named = 50;
    for (std::uint32_t i = 0; i <= BorrowedNames::kMaxUses; ++i)
        p.borrowed.uses.push_back({i, i, 1});
    CHECK(decode_profile(encode(p))->borrowed.uses.size() == BorrowedNames::kMaxUses);
    p.borrowed.last = from_unix(253402300800);
    CHECK(to_unix(decode_profile(encode(p))->borrowed.last) == 253402300799);
    CHECK(decode_profile(encode(p))->borrowed.named == 50);
    p.borrowed.borrowed = kNan;
    p.reach = {kNan, 0, 0, 0, 1, 1};
    const auto back = decode_profile(encode(p));
    REQUIRE(back);
    CHECK(back->borrowed == BorrowedNames{});
    CHECK(back->reach.day == 0);
}

TEST_CASE("the other records come back with every field") {
    CHECK(encode(*decode_vocabulary(encode(sample_vocabulary()))) == encode(sample_vocabulary()));
    const auto v = decode_vocabulary(encode(sample_vocabulary()));
    CHECK(v->total == 30.5F);
    CHECK(v->count(12) == 2);
    CHECK(v->hosts == std::vector<std::uint32_t>{21, 22});
    CHECK(v->tenants == std::vector<std::uint32_t>{23, 24, 25});
    CHECK(v->payments == std::vector<std::uint32_t>{26});
    CHECK(v->phones == std::vector<std::uint32_t>{27, 28});
    CHECK(v->recipients == std::vector<std::uint32_t>{29, 30});
    CHECK(v->aged == from_unix(1'700'000'005));
    CHECK(v->day == 19'676);
    CHECK(v->today == 2);
    const auto t = decode_thread(encode(sample_thread()));
    REQUIRE(t);
    CHECK(t->participants == std::vector<std::uint32_t>{31, 32});
    CHECK(t->domains == std::vector<std::uint32_t>{33});
    CHECK(t->addressed == std::vector<std::uint32_t>{34, 35, 36});
    CHECK(t->words == std::vector<std::uint32_t>{37, 38, 39});
    CHECK(t->passages == std::vector<std::uint64_t>{40, 0xFFFFFFFFFFFFFFFFULL});
    CHECK(t->asks == 41);
    CHECK(t->last == from_unix(1'700'000'006));
    const auto n = decode_name_use(encode(sample_name()));
    REQUIRE(n);
    REQUIRE(n->bearers.size() == 2);
    CHECK(n->bearers[0].address == 51);
    CHECK(n->bearers[0].domain == 52);
    CHECK(n->bearers[1].count == 1.5F);
    CHECK(n->bearers[0].correspondent == Key16{{55, 56}});
    CHECK(n->bearers[1].correspondent == Key16{});
    CHECK(n->day == 19'677);
    const auto r = decode_traces(encode(sample_traces()));
    REQUIRE(r);
    REQUIRE(r->items.size() == 2);
    CHECK(r->items[0].time == from_unix(1'700'000'007));
    CHECK(r->items[0].rcpt_set == 61);
    CHECK(r->items[0].message_id == 62);
    CHECK(r->items[0].tenants == std::vector<std::uint32_t>{63, 64});
    CHECK(r->items[0].sketch[7] == 72);
    CHECK(r->items[0].evidence == 2.5F);
    CHECK(r->items[0].held);
    CHECK_FALSE(r->items[1].held);
    const auto w = decode_site_word(encode(sample_word()));
    REQUIRE(w);
    CHECK(w->count == 81.5F);
    CHECK(w->senders == 82);
    CHECK(w->day == 19'678);
    CHECK(w->newcomers == 3.5F);
    CHECK(w->regulars == 4.5F);
    const auto h = decode_host_use(encode(sample_host()));
    REQUIRE(h);
    CHECK(h->senders == 83);
    CHECK(h->tenants == 84.5F);
    CHECK(h->day == 19'679);
}

TEST_CASE("what came after the first format comes back, and is absent in records before it") {
    Profile p = sample_profile();
    CHECK(decode_profile(encode(p))->ties == 0);
    p.ties = 6.5F;
    CHECK(decode_profile(encode(p))->ties == 6.5F);
    p.drift_fast = 2.5F;
    p.drift_slow = 1.25F;
    CHECK(decode_profile(encode(p))->drift_fast == 2.5F);
    CHECK(decode_profile(encode(p))->drift_slow == 1.25F);
    p.ties = -1;
    CHECK_FALSE(decode_profile(encode(p)));
    Thread t = sample_thread();
    CHECK(decode_thread(encode(t))->gaps);
    t.gaps = false;
    CHECK_FALSE(decode_thread(encode(t))->gaps);
}

TEST_CASE("people come back bounded, and not at all when a tie is no number") {
    SiteState site, back;
    site.people.central.assign(People::kMaxCentral + 1, {1, 2});
    site.people.own_domains.assign(People::kMaxOwnDomains + 1, 3);
    site.people.suspects.assign(People::kMaxSuspects + 1, 4);
    CHECK(decode_site_piece("people", pieces_of(site).at("people"), back));
    CHECK(back.people.central.size() == People::kMaxCentral);
    CHECK(back.people.own_domains.size() == People::kMaxOwnDomains);
    CHECK(back.people.suspects.size() == People::kMaxSuspects);
    site.people.central.front().ties = kNan;
    CHECK_FALSE(decode_site_piece("people", pieces_of(site).at("people"), back));
    CHECK_FALSE(decode_site_piece("people", "x", back));
    CHECK(back.people.central.size() == People::kMaxCentral);
}

TEST_CASE("every piece of the site's state comes back") {
    const auto written = pieces_of(sample_site());
    SiteState back;
    for (const auto& [name, bytes] : written) {
        INFO(name);
        CHECK(decode_site_piece(name, bytes, back));
    }
    CHECK(pieces_of(back) == written);
    CHECK(back.words == 95.5);
    CHECK(back.mails[2] == 94);
    CHECK(back.scores[1][2].values() == std::vector<float>{3.5F, -1});
    CHECK(back.experts.bias[2] == -3);
    CHECK(back.experts.weights[0][feature_index(1)] == 0.75F);
    CHECK(back.values.day == 19'675);
}

TEST_CASE("the mails that the kinds of words are of come back") {
    SiteState site = sample_site(), back;
    site.newcomers = 3.5;
    site.regulars = 4.5;
    CHECK(decode_site_piece("totals", pieces_of(site).at("totals"), back));
    CHECK(back.newcomers == 3.5);
    CHECK(back.regulars == 4.5);
    site.regulars = std::nan("");
    CHECK_FALSE(decode_site_piece("totals", pieces_of(site).at("totals"), back));
}

TEST_CASE("values of the site that faded away do not come back with the next reading") {
    SiteState site = sample_site();
    auto stored = pieces_of(site);
    site.values.age(site.values.aged + std::chrono::days(3000), 90);
    REQUIRE(site.values.values().empty());
    for (auto& [name, bytes] : pieces_of(site)) stored[name] = bytes;  // as a commit does
    SiteState back;
    for (const auto& [name, bytes] : stored) CHECK(decode_site_piece(name, bytes, back));
    CHECK(back.values.values().empty());
}

TEST_CASE("a piece of one feature's values brings those of no other") {
    const auto a = feature_tag(feature_index(1)), b = feature_tag(feature_index(2));
    SiteState site;
    REQUIRE(decode_site_piece("values/2", profile_of({{103, 4, b, 0}}), site));
    REQUIRE(decode_site_piece("values/1", profile_of({{101, 1, a, 0}, {103, 9, b, 0}}), site));
    CHECK(site.values.total(feature_index(2)) == 4);
    CHECK(site.values.total(feature_index(1)) == 1);
}

TEST_CASE("a piece that does not fit leaves the state as it was") {
    const SiteState start;
    const auto before = pieces_of(start);
    SiteState site;
    const auto stored = pieces_of(sample_site());
    CHECK_FALSE(decode_site_piece("unknown", stored.at("totals"), site));
    CHECK_FALSE(decode_site_piece("", "", site));
    CHECK_FALSE(decode_site_piece("totals", "", site));
    CHECK_FALSE(decode_site_piece("scores/3/0", stored.at("scores/0/0"), site));
    CHECK_FALSE(decode_site_piece("scores/0/6", stored.at("scores/0/0"), site));
    CHECK_FALSE(decode_site_piece("scores/0/x", stored.at("scores/0/0"), site));
    CHECK_FALSE(decode_site_piece("indicators/0/8", stored.at("indicators/0/0"), site));
    CHECK_FALSE(decode_site_piece("novelty/1023", stored.at("novelty/1"), site));
    CHECK_FALSE(decode_site_piece("novelty/99999999", stored.at("novelty/1"), site));
    CHECK_FALSE(decode_site_piece("ranks/1", stored.at("ranks/40"), site));
    const auto rings = table([](auto& b) {
        std::vector<flatbuffers::Offset<fb::Ring>> all;
        for (std::size_t i = 0; i < kRankBuckets; ++i) {
            const std::vector<float> values{i + 1 == kRankBuckets ? kNan : 1.0F};
            all.push_back(fb::CreateRing(b, b.CreateVector(values), 0));
        }
        return fb::CreateRings(b, b.CreateVector(all));
    });
    CHECK_FALSE(decode_site_piece("ranks/40", rings, site));  // the last is nonsense
    const auto cells = table([](auto& b) {
        std::vector<fb::Cell> all(kLevels * NoveltyCurve::kN * NoveltyCurve::kT, fb::Cell(8, 4));
        all.back() = fb::Cell(-1, 0);
        return fb::CreateNovelty(b, b.CreateVectorOfStructs(all));
    });
    CHECK_FALSE(decode_site_piece("novelty/1", cells, site));
    const auto totals = table([](auto& b) {
        std::vector<float> strata(kDirectionCount * kStratumCount, 5);
        strata.back() = kNan;
        const std::vector<double> mails(kDirectionCount, 1);
        return fb::CreateTotals(b, b.CreateVector(strata), b.CreateVector(mails));
    });
    CHECK_FALSE(decode_site_piece("totals", totals, site));
    CHECK(pieces_of(site) == before);
}

TEST_CASE("rings of another number of lengths are dropped, the rest of the site is read") {
    const auto rings = [](std::size_t n) {
        return table([n](auto& b) {
            std::vector<flatbuffers::Offset<fb::Ring>> all;
            for (std::size_t i = 0; i < n; ++i)
                all.push_back(fb::CreateRing(b, b.CreateVector(std::vector<float>{1}), 0));
            return fb::CreateRings(b, b.CreateVector(all));
        });
    };
    SiteState site;
    const std::size_t ranked = feature_index(40);
    CHECK_FALSE(decode_site_piece("ranks/40", rings(4 * kHistoryBuckets), site));
    CHECK_FALSE(decode_site_piece("ranks/40", rings(kRankBuckets + 1), site));
    REQUIRE(site.ranks[ranked].size() == kRankBuckets);
    for (const ScoreRing& ring : site.ranks[ranked]) CHECK(ring.size() == 0);
    CHECK(decode_site_piece("totals", pieces_of(sample_site()).at("totals"), site));
    CHECK(site.words == 95.5);
    CHECK(decode_site_piece("ranks/40", rings(kRankBuckets), site));
    CHECK(site.ranks[ranked][kRankBuckets - 1].size() == 1);
}

TEST_CASE("counts of mails that are no numbers are refused") {
    SiteState site;
    const auto totals = table([](auto& b) {
        const std::vector<float> strata(kDirectionCount * kStratumCount, 5);
        const std::vector<double> mails{1, std::numeric_limits<double>::quiet_NaN(), 1};
        return fb::CreateTotals(b, b.CreateVector(strata), b.CreateVector(mails));
    });
    CHECK_FALSE(decode_site_piece("totals", totals, site));
    CHECK(std::isfinite(site.mails[1]));
}

TEST_CASE("tags that this build does not know are dropped, the rest is kept") {
    const auto p = decode_profile(profile_of({{5, 1, 1, 0}, {6, 1, 1023, 0}, {7, 1, 65535, 0}}));
    REQUIRE(p);
    REQUIRE(p->values().size() == 1);
    CHECK(p->values()[0].value == 5);
}

TEST_CASE("unsorted and doubled values are put in order") {
    const auto p = decode_profile(profile_of({{9, 1, 1, 0}, {5, 2, 1, 0}, {9, 3, 1, 0}}));
    REQUIRE(p);
    REQUIRE(p->values().size() == 2);
    CHECK(p->values()[0].value == 5);
    CHECK(p->has(feature_index(1), 9));
}

TEST_CASE("counts that are no counts are dropped, a profile whose mails are none is nothing") {
    const auto p = decode_profile(profile_of({{5, kNan, 1, 0}, {6, -1, 1, 0}, {7, 0, 1, 0}}));
    REQUIRE(p);
    CHECK(p->values().empty());
    CHECK_FALSE(decode_profile(profile_of({}, kNan)));
    CHECK_FALSE(decode_profile(profile_of({}, -1)));
}

TEST_CASE("times and days of no mail come back as ones whose differences are numbers") {
    const auto no_time = GENERATE(std::numeric_limits<std::int64_t>::min(),
                                  std::numeric_limits<std::int64_t>::max());
    const auto no_day = GENERATE(std::numeric_limits<std::int32_t>::min(),
                                 std::numeric_limits<std::int32_t>::max());
    const Time time = from_unix(no_time);
    // Years 1 to 9999.
    const auto is_time = [&](Time t) {
        return to_unix(t) == (no_time < 0 ? -62135596800 : 253402300799);
    };
    const auto is_day = [&](std::int32_t d) { return d == (no_day < 0 ? -719162 : 2932896); };

    Profile profile = sample_profile_3();
    profile.first = profile.last = profile.aged = profile.last_received = time;
    profile.migrations.items.at(0).since = time;
    profile.day = profile.reach.day = profile.borrowed.day = no_day;
    const auto p = decode_profile(encode(profile));
    REQUIRE(p);
    for (const Time t :
         {p->first, p->last, p->aged, p->last_received, p->migrations.items.at(0).since})
        CHECK(is_time(t));
    for (const auto d : {p->day, p->reach.day, p->borrowed.day}) CHECK(is_day(d));

    Vocabulary vocabulary;
    vocabulary.aged = time;
    vocabulary.day = no_day;
    CHECK(is_time(decode_vocabulary(encode(vocabulary))->aged));
    CHECK(is_day(decode_vocabulary(encode(vocabulary))->day));
    Thread thread;
    thread.last = time;
    CHECK(is_time(decode_thread(encode(thread))->last));
    Traces traces;
    traces.items.resize(1);
    traces.items[0].time = time;
    traces.fingerprints.resize(1);
    traces.fingerprints[0].time = time;
    traces.day = no_day;
    const auto t = decode_traces(encode(traces));
    REQUIRE(t);
    CHECK(is_time(t->items.at(0).time));
    CHECK(is_time(t->fingerprints.at(0).time));
    CHECK(is_day(t->day));
    NameUse name;
    name.day = no_day;
    CHECK(is_day(decode_name_use(encode(name))->day));
    CHECK(is_day(decode_site_word(encode(SiteWord{1, 1, no_day}))->day));
    CHECK(is_day(decode_host_use(encode(HostUse{1, 1, no_day}))->day));
}

TEST_CASE("a count at the limit is one, and one beyond is none") {
    CHECK(decode_profile(profile_of({}, kMostCounted)));
    const float more = std::nextafter(kMostCounted, std::numeric_limits<float>::infinity());
    CHECK_FALSE(decode_profile(profile_of({}, more)));
    CHECK(decode_profile(profile_of({{5, kMostCounted, 1, 0}}))->values().size() == 1);
    CHECK(decode_profile(profile_of({{5, more, 1, 0}}))->values().empty());
}

TEST_CASE("lists longer than their limit are cut") {
    const auto bytes = table([](auto& b) {
        const std::vector<std::uint32_t> many(Thread::kMaxPeople + 1, 7);
        const auto v = b.CreateVector(many);
        fb::ThreadBuilder t(b);
        t.add_participants(v);
        return t.Finish();
    });
    const auto t = decode_thread(bytes);
    REQUIRE(t);
    CHECK(t->participants.size() == Thread::kMaxPeople);
    Traces traces;
    traces.items.resize(Traces::kMax + 1);
    CHECK(decode_traces(encode(traces))->items.size() == Traces::kMax);
    NameUse name;
    name.bearers.resize(NameUse::kMaxCircle + 1);
    CHECK(decode_name_use(encode(name))->bearers.size() == NameUse::kMaxCircle);
}

TEST_CASE("cut bytes never give a record of another length than they have") {
    const std::string whole = encode(sample_profile());
    for (std::size_t n = 0; n < whole.size(); ++n) {
        const auto p = decode_profile(std::string_view(whole).substr(0, n));
        if (p) REQUIRE(p->values().size() <= 3);
    }
    CHECK_FALSE(decode_profile(""));
    CHECK_FALSE(decode_site_word(encode(sample_word()).substr(1)));
    CHECK_FALSE(decode_host_use(encode(sample_host()) + "x"));
    CHECK_FALSE(decode_site_word(std::string(12, '\xff')));  // two NaNs
    CHECK_FALSE(decode_site_word(encode(sample_word()) + "x"));
    CHECK_FALSE(decode_site_word(std::string(12, '\0') + std::string(8, '\xff')));
    CHECK(decode_site_word(std::string(12, '\0')));
}
