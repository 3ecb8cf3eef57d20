// SPDX-License-Identifier: Apache-2.0
#include "engine/profile/codec.hpp"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>

#include "engine/profile/state_generated.h"
#include "engine/profile/verified.hpp"

namespace kith {
namespace {

using flatbuffers::FlatBufferBuilder;

std::string finished(FlatBufferBuilder& b) {
    return {reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()};
}

bool finite(double x) noexcept { return std::isfinite(x); }

auto encoded(FlatBufferBuilder& b, const Migrations& m) {
    std::vector<flatbuffers::Offset<fb::Migration>> items;
    for (const auto& i : m.items) {
        const auto bearers = b.CreateVector(i.bearers);
        items.push_back(
            fb::CreateMigration(b, i.value, feature_tag(i.feature), to_unix(i.since), bearers));
    }
    return b.CreateVector(items);
}

Migrations decoded(const flatbuffers::Vector<flatbuffers::Offset<fb::Migration>>* items) {
    Migrations m;
    if (items == nullptr) return m;
    for (const auto* i : *items) {
        const std::size_t f = feature_index(i->tag());
        if (f < kFeatureCount && m.items.size() < Migrations::kMax)
            m.items.push_back({static_cast<std::uint16_t>(f), i->value(), stored_time(i->since()),
                               to_vector(i->bearers(), Migrations::kMaxBearers)});
    }
    return m;
}

flatbuffers::Offset<fb::BorrowedNames> encoded(FlatBufferBuilder& b, const BorrowedNames& n) {
    std::vector<fb::NameUsed> uses;
    for (const auto& u : n.uses) uses.emplace_back(u.name, u.address, u.count);
    const auto stored = b.CreateVectorOfStructs(uses);
    return fb::CreateBorrowedNames(b, n.named, n.borrowed, n.day, n.today, to_unix(n.first),
                                   to_unix(n.last), stored);
}

/// What is not sane says nothing.
BorrowedNames decoded(const fb::BorrowedNames* in) {
    BorrowedNames n;
    if (in == nullptr || !is_count(in->named()) || !is_count(in->borrowed())) return n;
    n.named = in->named();
    n.borrowed = in->borrowed();
    n.day = stored_day(in->day());
    n.today = in->today();
    n.first = stored_time(in->first());
    n.last = stored_time(in->last());
    if (in->uses() != nullptr)
        for (const auto* u : *in->uses())
            if (n.uses.size() < BorrowedNames::kMaxUses)
                n.uses.push_back({u->name(), u->address(), u->count()});
    return n;
}

DailyReach decoded(const fb::DailyReach* in) {
    DailyReach r;
    if (in == nullptr || !is_count(in->recipients()) || !is_count(in->fresh()) ||
        !is_count(in->usual_recipients()) || !is_count(in->usual_fresh()) || !is_count(in->days()))
        return r;
    r.recipients = in->recipients();
    r.fresh = in->fresh();
    r.usual_recipients = in->usual_recipients();
    r.usual_fresh = in->usual_fresh();
    r.days = std::min(in->days(), DailyReach::kDays);
    r.day = stored_day(in->day());
    return r;
}

}  // namespace

std::string encode(const Profile& p) {
    FlatBufferBuilder b(2048);
    std::vector<fb::ValueCount> values;
    values.reserve(p.values().size());
    for (const auto& v : p.values())
        values.emplace_back(v.value, v.count, feature_tag(v.feature), v.today);
    const auto stored = b.CreateVectorOfStructs(values);
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::Migration>>> migrations;
    if (!p.migrations.items.empty()) migrations = encoded(b, p.migrations);
    flatbuffers::Offset<fb::BorrowedNames> borrowed;
    if (p.borrowed.named > 0) borrowed = encoded(b, p.borrowed);
    const fb::DailyReach reach(p.reach.recipients, p.reach.fresh, p.reach.usual_recipients,
                               p.reach.usual_fresh, p.reach.days, p.reach.day);
    fb::ProfileBuilder t(b);
    t.add_messages(p.messages);
    t.add_ever(p.ever);
    t.add_days(p.days);
    t.add_first(to_unix(p.first));
    t.add_last(to_unix(p.last));
    t.add_aged(to_unix(p.aged));
    t.add_day(p.day);
    t.add_received(p.received);
    t.add_last_received(to_unix(p.last_received));
    t.add_values(stored);
    t.add_ties(p.ties);
    t.add_drift_fast(p.drift_fast);
    t.add_drift_slow(p.drift_slow);
    if (!p.migrations.items.empty()) t.add_migrations(migrations);
    if (p.borrowed.named > 0) t.add_borrowed(borrowed);
    if (p.reach.day != 0) t.add_reach(&reach);
    b.Finish(t.Finish());
    return finished(b);
}

std::optional<Profile> decode_profile(std::string_view bytes) {
    const Verified<fb::Profile> t(bytes);
    if (!t || !is_count(t->messages()) || !is_count(t->days()) || !is_count(t->received()) ||
        !is_count(t->ever()) || !is_count(t->ties()) || !is_count(t->drift_fast()) ||
        !is_count(t->drift_slow()))
        return std::nullopt;
    Profile p;
    p.messages = t->messages();
    p.ever = t->ever();
    p.days = t->days();
    p.first = stored_time(t->first());
    p.last = stored_time(t->last());
    p.aged = stored_time(t->aged());
    p.day = stored_day(t->day());
    p.received = t->received();
    p.last_received = stored_time(t->last_received());
    p.ties = t->ties();
    p.drift_fast = t->drift_fast();
    p.drift_slow = t->drift_slow();
    p.migrations = decoded(t->migrations());
    p.borrowed = decoded(t->borrowed());
    p.reach = decoded(t->reach());
    std::vector<ValueCount> values;
    if (t->values() != nullptr) {
        values.reserve(t->values()->size());
        for (const auto* v : *t->values()) {
            const std::size_t f = feature_index(v->feature());
            if (f < kFeatureCount && is_count(v->count()) && v->count() > 0)
                values.push_back(
                    {static_cast<std::uint16_t>(f), v->today(), v->value(), v->count()});
        }
    }
    const auto order = [](const ValueCount& a, const ValueCount& c) {
        return a.feature != c.feature ? a.feature < c.feature : a.value < c.value;
    };
    if (!std::is_sorted(values.begin(), values.end(), order))
        std::sort(values.begin(), values.end(), order);
    const auto same = [](const ValueCount& a, const ValueCount& c) {
        return a.feature == c.feature && a.value == c.value;
    };
    values.erase(std::unique(values.begin(), values.end(), same), values.end());
    p.restore(std::move(values));
    return p;
}

std::string encode(const Vocabulary& v) {
    FlatBufferBuilder b(4096);
    std::vector<fb::WordUse> words;
    words.reserve(v.words.size());
    for (const auto& u : v.words) words.emplace_back(u.word, u.count);
    const auto w = b.CreateVectorOfStructs(words);
    const auto hosts = b.CreateVector(v.hosts), tenants = b.CreateVector(v.tenants),
               payments = b.CreateVector(v.payments), phones = b.CreateVector(v.phones),
               recipients = b.CreateVector(v.recipients);
    fb::VocabularyBuilder t(b);
    t.add_total(v.total);
    t.add_words(w);
    t.add_hosts(hosts);
    t.add_tenants(tenants);
    t.add_payments(payments);
    t.add_phones(phones);
    t.add_recipients(recipients);
    t.add_aged(to_unix(v.aged));
    t.add_day(v.day);
    t.add_today(v.today);
    t.add_invoices(v.invoices);
    b.Finish(t.Finish());
    return finished(b);
}

std::optional<Vocabulary> decode_vocabulary(std::string_view bytes) {
    const Verified<fb::Vocabulary> t(bytes);
    if (!t || !is_count(t->total()) || !is_count(t->today()) || !is_count(t->invoices()))
        return std::nullopt;
    Vocabulary v;
    v.total = t->total();
    if (t->words() != nullptr)
        for (const auto* u : *t->words())
            if (is_count(u->count())) v.words.push_back({u->word(), u->count()});
    const auto order = [](const Vocabulary::Use& a, const Vocabulary::Use& c) {
        return a.word < c.word;
    };
    if (!std::is_sorted(v.words.begin(), v.words.end(), order))
        std::sort(v.words.begin(), v.words.end(), order);
    v.hosts = to_vector(t->hosts(), Vocabulary::kMaxHosts);
    v.tenants = to_vector(t->tenants(), Vocabulary::kMaxHosts);
    v.payments = to_vector(t->payments(), Vocabulary::kMaxFacts);
    v.phones = to_vector(t->phones(), Vocabulary::kMaxFacts);
    v.recipients = to_vector(t->recipients(), Vocabulary::kMaxRecipients);
    v.aged = stored_time(t->aged());
    v.day = stored_day(t->day());
    v.today = t->today();
    v.invoices = t->invoices();
    return v;
}

std::string encode(const Thread& x) {
    FlatBufferBuilder b(2048);
    const auto participants = b.CreateVector(x.participants), domains = b.CreateVector(x.domains),
               addressed = b.CreateVector(x.addressed), words = b.CreateVector(x.words);
    const auto lines = b.CreateVector(x.passages);
    fb::ThreadBuilder t(b);
    t.add_participants(participants);
    t.add_domains(domains);
    t.add_addressed(addressed);
    t.add_words(words);
    t.add_lines(lines);
    t.add_asks(x.asks);
    t.add_last(to_unix(x.last));
    t.add_whole(!x.gaps);
    b.Finish(t.Finish());
    return finished(b);
}

std::optional<Thread> decode_thread(std::string_view bytes) {
    const Verified<fb::Thread> t(bytes);
    if (!t) return std::nullopt;
    Thread x;
    x.participants = to_vector(t->participants(), Thread::kMaxPeople);
    x.domains = to_vector(t->domains(), Thread::kMaxPeople);
    x.addressed = to_vector(t->addressed(), Thread::kMaxPeople);
    x.words = to_vector(t->words(), Thread::kMaxWords);
    if (!std::is_sorted(x.words.begin(), x.words.end())) std::sort(x.words.begin(), x.words.end());
    x.passages = to_vector(t->lines(), Thread::kMaxPassages);
    x.asks = t->asks();
    x.last = stored_time(t->last());
    x.gaps = !t->whole();  // conversations learned before there were passages have none
    return x;
}

std::string encode(const NameUse& n) {
    FlatBufferBuilder b(256);
    std::vector<fb::Bearer> bearers;
    std::vector<std::uint8_t> keys;
    for (const auto& x : n.bearers) {
        bearers.emplace_back(x.address, x.domain, x.count);
        keys.insert(keys.end(), x.correspondent.bytes.begin(), x.correspondent.bytes.end());
    }
    const auto v = b.CreateVectorOfStructs(bearers);
    b.Finish(fb::CreateNameUse(b, v, n.day, b.CreateVector(keys)));
    return finished(b);
}

std::optional<NameUse> decode_name_use(std::string_view bytes) {
    const Verified<fb::NameUse> t(bytes);
    if (!t) return std::nullopt;
    NameUse n;
    n.day = stored_day(t->day());
    if (t->bearers() == nullptr) return n;
    const auto* keys = t->correspondents();
    const bool keyed = keys != nullptr && keys->size() == t->bearers()->size() * sizeof(Key16);
    for (flatbuffers::uoffset_t i = 0; i < t->bearers()->size(); ++i) {
        const auto* x = t->bearers()->Get(i);
        if (!is_count(x->count()) || n.bearers.size() >= NameUse::kMaxCircle) continue;
        NameUse::Bearer bearer{x->address(), x->domain(), x->count(), {}};
        if (keyed) {
            const auto* key = keys->data() + i * sizeof(Key16);
            std::copy(key, key + sizeof(Key16), bearer.correspondent.bytes.begin());
        }
        n.bearers.push_back(bearer);
    }
    return n;
}

std::string encode(const Traces& x) {
    FlatBufferBuilder b(1024);
    std::vector<flatbuffers::Offset<fb::Trace>> items;
    for (const auto& i : x.items) {
        const auto tenants = b.CreateVector(i.tenants);
        const auto mail = b.CreateString(i.mail);
        const fb::Sketch sketch(flatbuffers::span<const std::uint32_t, 8>(i.sketch.data(), 8));
        items.push_back(fb::CreateTrace(b, to_unix(i.time), i.rcpt_set, i.message_id, tenants,
                                        &sketch, i.evidence, i.held, mail));
    }
    std::vector<flatbuffers::Offset<fb::Fingerprint>> prints;
    for (const auto& p : x.fingerprints) {
        std::vector<fb::PrintValue> values;
        for (const auto& v : p.values) values.emplace_back(v.value, feature_tag(v.feature));
        const auto mail = b.CreateString(p.mail);
        const auto stored = b.CreateVectorOfStructs(values);
        const auto tenants = b.CreateVector(p.tenants);
        prints.push_back(
            fb::CreateFingerprint(b, to_unix(p.time), p.message_id, mail, stored, tenants));
    }
    const auto v = b.CreateVector(items);
    const auto stored_prints = b.CreateVector(prints);
    b.Finish(fb::CreateTraces(b, v, stored_prints, x.day, x.ranks));
    return finished(b);
}

namespace {

Fingerprint decode(const fb::Fingerprint& in) {
    Fingerprint p;
    p.time = stored_time(in.time());
    p.message_id = in.message_id();
    if (in.mail() != nullptr) p.mail = in.mail()->str().substr(0, Trace::kMaxId);
    if (in.values() != nullptr)
        for (const auto* v : *in.values()) {
            const std::size_t f = feature_index(v->tag());
            if (f < kFeatureCount && p.values.size() < Fingerprint::kMaxValues)
                p.values.push_back({static_cast<std::uint16_t>(f), v->value()});
        }
    p.tenants = to_vector(in.tenants(), Fingerprint::kMaxTenants);
    return p;
}

}  // namespace

std::optional<Traces> decode_traces(std::string_view bytes) {
    const Verified<fb::Traces> t(bytes);
    if (!t) return std::nullopt;
    Traces out;
    out.day = stored_day(t->day());
    out.ranks = t->ranks();
    if (t->fingerprints() != nullptr)
        for (const auto* p : *t->fingerprints())
            if (out.fingerprints.size() < Traces::kMaxFingerprints)
                out.fingerprints.push_back(decode(*p));
    if (t->items() == nullptr) return out;
    for (const auto* i : *t->items()) {
        if (out.items.size() == Traces::kMax || !std::isfinite(i->evidence())) continue;
        Trace x;
        x.time = stored_time(i->time());
        x.rcpt_set = i->rcpt_set();
        x.message_id = i->message_id();
        x.tenants = to_vector(i->tenants(), 8);
        if (i->sketch() != nullptr)
            for (unsigned k = 0; k < 8; ++k) x.sketch[k] = i->sketch()->h()->Get(k);
        x.evidence = i->evidence();
        x.held = i->held();
        if (i->mail() != nullptr) x.mail = i->mail()->str().substr(0, Trace::kMaxId);
        out.items.push_back(std::move(x));
    }
    return out;
}

// Site words and hosts are read by the hundred a mail: twelve bytes each, little-endian, no table.
namespace {

struct Packed {
    float a, b;
    std::int32_t day;
};
static_assert(sizeof(Packed) == 12);

std::string pack(const Packed& p) {
    static_assert(std::endian::native == std::endian::little, "FORMAT.md: stored little-endian");
    return {reinterpret_cast<const char*>(&p), sizeof p};
}

std::optional<Packed> unpack(std::string_view bytes) {
    Packed p{};
    if (bytes.size() != sizeof p) return std::nullopt;
    std::memcpy(&p, bytes.data(), sizeof p);
    if (!is_count(p.a) || !is_count(p.b)) return std::nullopt;
    return p;
}

}  // namespace

std::string encode(const SiteWord& w) {
    std::string out = pack({w.count, w.senders, w.day});
    const std::array<float, 2> speakers{w.newcomers, w.regulars};
    return out.append(reinterpret_cast<const char*>(speakers.data()), sizeof speakers);
}
std::string encode(const HostUse& h) { return pack({h.senders, h.tenants, h.day}); }
std::optional<SiteWord> decode_site_word(std::string_view bytes) {
    const auto p = unpack(bytes.substr(0, sizeof(Packed)));
    if (!p) return std::nullopt;
    SiteWord w{p->a, p->b, stored_day(p->day)};
    if (bytes.size() == sizeof(Packed)) return w;  // of an earlier store
    std::array<float, 2> speakers{};
    if (bytes.size() != sizeof(Packed) + sizeof speakers) return std::nullopt;
    std::memcpy(speakers.data(), bytes.data() + sizeof(Packed), sizeof speakers);
    if (!is_count(speakers[0]) || !is_count(speakers[1])) return std::nullopt;
    w.newcomers = speakers[0];
    w.regulars = speakers[1];
    return w;
}
std::optional<HostUse> decode_host_use(std::string_view bytes) {
    const auto p = unpack(bytes);
    if (!p) return std::nullopt;
    return HostUse{p->a, p->b, stored_day(p->day)};
}

namespace {

std::string encode_ring(const ScoreRing& ring) {
    FlatBufferBuilder b(ring.size() * 4 + 64);
    const auto values = b.CreateVector(ring.values());
    b.Finish(fb::CreateRing(b, values, static_cast<std::uint32_t>(ring.next())));
    return finished(b);
}

bool restore_ring(const fb::Ring* stored, ScoreRing& ring) {
    if (stored == nullptr) return false;
    auto values = to_vector(stored->values(), ring.capacity());
    if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); }))
        return false;
    const std::size_t next =
        stored->next() < ring.capacity() && values.size() == ring.capacity() ? stored->next() : 0;
    ring.restore(std::move(values), next);
    return true;
}

std::string encode_rings(const std::vector<ScoreRing>& rings) {
    FlatBufferBuilder b(4096);
    std::vector<flatbuffers::Offset<fb::Ring>> stored;
    for (const auto& ring : rings) {
        const auto values = b.CreateVector(ring.values());
        stored.push_back(fb::CreateRing(b, values, static_cast<std::uint32_t>(ring.next())));
    }
    const auto v = b.CreateVector(stored);
    b.Finish(fb::CreateRings(b, v));
    return finished(b);
}

/// All rings or none.
bool decode_ranks(std::string_view bytes, std::vector<ScoreRing>& rings) {
    const Verified<fb::Rings> t(bytes);
    if (!t || t->rings() == nullptr || t->rings()->size() != rings.size()) return false;
    std::vector<ScoreRing> restored = rings;
    for (std::size_t i = 0; i < restored.size(); ++i)
        if (!restore_ring(t->rings()->Get(static_cast<flatbuffers::uoffset_t>(i)), restored[i]))
            return false;
    rings = std::move(restored);
    return !rings.empty();
}

/// Replaces the site's counts of one feature.
bool decode_values(std::string_view bytes, std::size_t f, Profile& values) {
    const auto part = decode_profile(bytes);
    if (!part) return false;
    const auto is_of = [f](const ValueCount& v) { return v.feature == f; };
    std::vector<ValueCount> merged = values.values();
    std::erase_if(merged, is_of);
    std::copy_if(part->values().begin(), part->values().end(), std::back_inserter(merged), is_of);
    std::sort(merged.begin(), merged.end(), [](const ValueCount& x, const ValueCount& y) {
        return x.feature != y.feature ? x.feature < y.feature : x.value < y.value;
    });
    values.aged = std::max(values.aged, part->aged);
    values.day = std::max(values.day, part->day);
    values.restore(std::move(merged));
    return true;
}

std::string encode_novelty(const SiteState& site, std::size_t f) {
    FlatBufferBuilder b(2048);
    std::vector<fb::Cell> cells;
    for (std::size_t level = 0; level < kLevels; ++level)
        for (const auto& c : site.novelty[level][f].cells()) cells.emplace_back(c.trials, c.novel);
    const auto v = b.CreateVectorOfStructs(cells);
    b.Finish(fb::CreateNovelty(b, v));
    return finished(b);
}

bool decode_novelty(std::string_view bytes, std::size_t f, SiteState& site) {
    const Verified<fb::Novelty> t(bytes);
    constexpr std::size_t kCells = NoveltyCurve::kN * NoveltyCurve::kT;
    if (!t || t->cells() == nullptr || t->cells()->size() != kLevels * kCells) return false;
    for (const auto* c : *t->cells())
        if (!is_count(c->trials()) || !is_count(c->novel())) return false;
    for (std::size_t i = 0; i < kLevels * kCells; ++i) {
        const auto* c = t->cells()->Get(static_cast<flatbuffers::uoffset_t>(i));
        site.novelty[i / kCells][f].cells()[i % kCells] = {c->trials(), c->novel()};
    }
    return true;
}

std::string encode_anomaly(const CovarianceSum& a) {
    FlatBufferBuilder b(a.products().size() * 4 + 1024);
    std::vector<std::uint16_t> tags;
    for (std::size_t f = 0; f < kFeatureCount; ++f) tags.push_back(feature_tag(f));
    const auto sums = b.CreateVector(a.sums()), products = b.CreateVector(a.products());
    const auto stored_tags = b.CreateVector(tags);
    b.Finish(fb::CreateAnomaly(b, a.count(), sums, products, stored_tags));
    return finished(b);
}

bool decode_anomaly(std::string_view bytes, CovarianceSum& a) {
    const Verified<fb::Anomaly> t(bytes);
    if (!t || t->tags() == nullptr || t->sums() == nullptr || t->products() == nullptr)
        return false;
    const std::size_t n = t->tags()->size();
    if (t->sums()->size() != n || t->products()->size() != n * n || !finite(t->count()))
        return false;
    // Features may have come and gone since: carry over what both know.
    std::vector<float> sums(kFeatureCount, 0), products(kFeatureCount * kFeatureCount, 0);
    std::vector<std::size_t> index;
    for (std::size_t i = 0; i < n; ++i)
        index.push_back(feature_index(t->tags()->Get(static_cast<flatbuffers::uoffset_t>(i))));
    for (std::size_t i = 0; i < n; ++i) {
        if (index[i] >= kFeatureCount) continue;
        sums[index[i]] = t->sums()->Get(static_cast<flatbuffers::uoffset_t>(i));
        for (std::size_t j = 0; j < n; ++j)
            if (index[j] < kFeatureCount)
                products[index[i] * kFeatureCount + index[j]] =
                    t->products()->Get(static_cast<flatbuffers::uoffset_t>(i * n + j));
    }
    if (!std::all_of(sums.begin(), sums.end(), [](float x) { return std::isfinite(x); }) ||
        !std::all_of(products.begin(), products.end(), [](float x) { return std::isfinite(x); }))
        return false;
    return a.restore(t->count(), std::move(sums), std::move(products));
}

std::string encode_experts(const ExpertModel& m) {
    FlatBufferBuilder b(8192);
    std::vector<fb::Weight> weights;
    for (std::size_t e = 0; e < kLearnedExperts; ++e)
        for (std::size_t f = 0; f < kFeatureCount; ++f)
            if (looks_at(static_cast<Expert>(e), f))
                weights.emplace_back(feature_tag(f), static_cast<std::uint8_t>(e), m.weights[e][f]);
    const auto w = b.CreateVectorOfStructs(weights);
    const auto bias = b.CreateVector(m.bias.data(), kLearnedExperts);
    b.Finish(fb::CreateExperts(b, m.version, w, bias));
    return finished(b);
}

bool decode_experts(std::string_view bytes, ExpertModel& model) {
    const Verified<fb::Experts> t(bytes);
    if (!t || t->weights() == nullptr || t->bias() == nullptr ||
        t->bias()->size() != kLearnedExperts)
        return false;
    ExpertModel m;
    m.version = t->version();
    for (const auto* w : *t->weights()) {
        const std::size_t f = feature_index(w->tag());
        if (f >= kFeatureCount || w->expert() >= kLearnedExperts) continue;
        if (!is_count(w->weight())) return false;
        m.weights[w->expert()][f] = w->weight();
    }
    for (std::size_t e = 0; e < kLearnedExperts; ++e) {
        m.bias[e] = t->bias()->Get(static_cast<flatbuffers::uoffset_t>(e));
        if (!std::isfinite(m.bias[e])) return false;
    }
    model = m;
    return true;
}

std::string encode_totals(const SiteState& s) {
    FlatBufferBuilder b(512);
    std::vector<float> strata;
    for (const auto& d : s.stratum_mails) strata.insert(strata.end(), d.begin(), d.end());
    const auto stored = b.CreateVector(strata);
    const auto mails = b.CreateVector(s.mails.data(), s.mails.size());
    b.Finish(fb::CreateTotals(b, stored, mails, s.words, s.senders, s.learned, s.waiting, s.held,
                              s.day, s.newcomers, s.regulars));
    return finished(b);
}

bool decode_totals(std::string_view bytes, SiteState& s) {
    const Verified<fb::Totals> t(bytes);
    if (!t || t->stratum_mails() == nullptr || t->mails() == nullptr ||
        t->mails()->size() != kDirectionCount || !finite(t->words()) || !finite(t->senders()) ||
        !finite(t->newcomers()) || !finite(t->regulars()))
        return false;
    // A store of an earlier version knows fewer strata; those it lacks begin empty.
    const std::size_t strata = t->stratum_mails()->size() / kDirectionCount;
    if (strata == 0 || strata > kStratumCount ||
        t->stratum_mails()->size() != kDirectionCount * strata)
        return false;
    for (const float x : *t->stratum_mails())
        if (!is_count(x)) return false;
    const std::vector<double> mails = to_vector(t->mails(), kDirectionCount);
    if (!std::all_of(mails.begin(), mails.end(), finite)) return false;
    for (std::size_t i = 0; i < kDirectionCount * strata; ++i)
        s.stratum_mails[i / strata][i % strata] =
            t->stratum_mails()->Get(static_cast<flatbuffers::uoffset_t>(i));
    std::copy(mails.begin(), mails.end(), s.mails.begin());
    s.words = std::max(0.0, t->words());
    s.senders = std::max(0.0, t->senders());
    s.newcomers = std::max(0.0, t->newcomers());
    s.regulars = std::max(0.0, t->regulars());
    s.learned = t->learned();
    s.waiting = t->waiting();
    s.held = t->held();
    s.day = stored_day(t->day());
    return true;
}

std::string encode_people(const People& p) {
    FlatBufferBuilder b(4096);
    std::vector<fb::Central> central;
    for (const auto& c : p.central) central.emplace_back(c.address, c.ties);
    const auto stored = b.CreateVectorOfStructs(central);
    const auto domains = b.CreateVector(p.own_domains);
    const auto suspects = b.CreateVector(p.suspects);
    b.Finish(fb::CreatePeople(b, stored, p.tied, domains, suspects));
    return finished(b);
}

bool decode_people(std::string_view bytes, People& people) {
    const Verified<fb::People> t(bytes);
    if (!t || !is_count(t->tied())) return false;
    People p;
    p.tied = t->tied();
    if (t->central() != nullptr)
        for (const auto* c : *t->central()) {
            if (!is_count(c->ties())) return false;
            if (p.central.size() < People::kMaxCentral)
                p.central.push_back({c->address(), c->ties()});
        }
    p.own_domains = to_vector(t->own_domains(), People::kMaxOwnDomains);
    p.suspects = to_vector(t->suspects(), People::kMaxSuspects);
    people = std::move(p);
    return true;
}

/// Numbers in "name/1/2"; nullopt when they are not there.
std::optional<std::array<std::size_t, 2>> numbers_in(std::string_view rest) {
    std::array<std::size_t, 2> out{};
    for (std::size_t i = 0; i < 2 && !rest.empty(); ++i) {
        const auto slash = rest.find('/');
        const std::string_view digits = rest.substr(0, slash);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), out[i]);
        if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
        rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    }
    return out;
}

}  // namespace

void encode_site(const SiteState& site,
                 const std::function<void(const std::string&, std::string)>& put) {
    put("totals", encode_totals(site));
    put("experts", encode_experts(site.experts));
    put("anomaly", encode_anomaly(site.anomaly));
    put("people", encode_people(site.people));
    FlatBufferBuilder b(512);
    b.Finish(fb::CreateMigrations(b, encoded(b, site.migrations)));
    put("migrations", finished(b));
    // Values of the site are one profile a feature, so that a commit writes only the features that
    // changed. One without values is written too: what faded away must not come back with the piece
    // written last.
    const auto& all = site.values.values();
    for (std::size_t f = 0, i = 0; f < kFeatureCount; ++f) {
        std::vector<ValueCount> of_feature;
        for (; i < all.size() && all[i].feature == f; ++i) of_feature.push_back(all[i]);
        Profile part;
        part.aged = site.values.aged;
        part.day = site.values.day;
        part.restore(std::move(of_feature));
        put("values/" + std::to_string(feature_tag(f)), encode(part));
    }
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        put("novelty/" + std::to_string(feature_tag(f)), encode_novelty(site, f));
        if (!site.ranks[f].empty())
            put("ranks/" + std::to_string(feature_tag(f)), encode_rings(site.ranks[f]));
    }
    for (std::size_t d = 0; d < kDirectionCount; ++d) {
        for (std::size_t s = 0; s < kStratumCount; ++s)
            put("scores/" + std::to_string(d) + "/" + std::to_string(s),
                encode_ring(site.scores[d][s]));
        for (std::size_t i = 0; i < kIndicatorCount; ++i)
            put("indicators/" + std::to_string(d) + "/" + std::to_string(i),
                encode_ring(site.indicators[d][i]));
        put("evidence/" + std::to_string(d), encode_ring(site.evidence[d]));
        for (std::size_t stage = 0; stage < kStages; ++stage)
            put("stages/" + std::to_string(d) + "/" + std::to_string(stage),
                encode_ring(site.stage_evidence[d][stage]));
    }
}

bool decode_site_piece(std::string_view name, std::string_view bytes, SiteState& site) {
    if (name == "totals") return decode_totals(bytes, site);
    if (name == "experts") return decode_experts(bytes, site.experts);
    if (name == "anomaly") return decode_anomaly(bytes, site.anomaly);
    if (name == "people") return decode_people(bytes, site.people);
    if (name == "migrations") {
        const Verified<fb::Migrations> t(bytes);
        if (t) site.migrations = decoded(t->items());
        return static_cast<bool>(t);
    }
    const auto slash = name.find('/');
    if (slash == std::string_view::npos) return false;
    const std::string_view kind = name.substr(0, slash);
    const auto n = numbers_in(name.substr(slash + 1));
    if (!n) return false;
    const auto [a, b] = *n;
    if (kind == "values" || kind == "novelty" || kind == "ranks") {
        const std::size_t f =
            a <= 0xFFFF ? feature_index(static_cast<std::uint16_t>(a)) : kFeatureCount;
        if (f >= kFeatureCount) return false;
        if (kind == "values") return decode_values(bytes, f, site.values);
        if (kind == "novelty") return decode_novelty(bytes, f, site);
        return decode_ranks(bytes, site.ranks[f]);
    }
    if (a >= kDirectionCount) return false;
    const Verified<fb::Ring> ring(bytes);
    if (!ring) return false;
    const fb::Ring* stored = ring.operator->();
    if (kind == "scores") return b < kStratumCount && restore_ring(stored, site.scores[a][b]);
    if (kind == "indicators")
        return b < kIndicatorCount && restore_ring(stored, site.indicators[a][b]);
    if (kind == "evidence") return restore_ring(stored, site.evidence[a]);
    if (kind == "stages") return b < kStages && restore_ring(stored, site.stage_evidence[a][b]);
    return false;
}

}  // namespace kith
