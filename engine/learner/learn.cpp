// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/learn.hpp"

#include <algorithm>
#include <cmath>

#include "engine/features/spec.hpp"

namespace kith {
namespace {

constexpr double kProbationFrom = 2;  // C: 1 in 100 of genuine mail
constexpr std::size_t kMaxValuesSender = 16, kMaxValuesDomain = 64, kMaxValuesSite = 512;
constexpr unsigned kNoCap = 255;        // types are counted once per bearer anyway
constexpr float kStratumWindow = 8000;  // mails the shares are taken over
constexpr double kParentHalfLife =
    4;  // parents count types, which are not refreshed by use: they fade more slowly
constexpr std::size_t kPairs = 8;
constexpr std::size_t kCircle = 8;      // more recipients are a list, not a group
constexpr float kFullWeightMails = 10;  // words of a sender's later mails of one day count less
constexpr double kNameMails = 6;        // bearers of names are counted up to here: "known" is 3

/// Counts the value up the levels: a parent counts a value once for each child that shows it.
void add_value(std::size_t f, std::uint32_t value, Time now, const LearnerOptions& options,
               Profile& sender, Profile& domain, SiteState& site) {
    const Standing s = sender.add(f, value, now, options.daily_cap, kMaxValuesSender);
    if (s.n > 0) site.novelty[0][f].count(s.n, s.t, !s.seen);
    if (s.seen) return;
    const Standing d = domain.add(f, value, now, kNoCap, kMaxValuesDomain);
    if (d.n > 0) site.novelty[1][f].count(d.n, d.t, !d.seen);
    if (d.seen) return;
    const Standing top = site.values.add(f, value, now, kNoCap, kMaxValuesSite);
    if (top.n > 0) site.novelty[2][f].count(top.n, top.t, !top.seen);
}

void learn_values(const Observations& o, const FeatureVector& values, const Relations& r,
                  const LearnerOptions& options, Profile& sender, Profile& domain,
                  SiteState& site) {
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        if (!values[f].present()) continue;
        switch (feature_spec(f).kind) {
            case Kind::Category:
            case Kind::Ordinal:
                add_value(f, values[f].code, o.time, options, sender, domain, site);
                break;
            case Kind::Set:
                break;
            case Kind::Rank:
                site.ranks[f][rank_bucket(f, r.length_bucket, r.history_bucket)].add(
                    values[f].number);
                break;
            case Kind::Sum:
            case Kind::Claim:
                break;  // have no value of their own
        }
    }
    for (const auto& [f, value] : o.set_members)
        add_value(f, value, o.time, options, sender, domain, site);
}

void learn_sums(const SurpriseVector& surprise, const Relations& r, SiteState& site) {
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (feature_spec(f).kind == Kind::Sum)
            site.ranks[f][rank_bucket(f, r.length_bucket, r.history_bucket)].add(
                surprise.detail[f].sum);
}

void learn_words(const Observations& o, float weight, const LearnerOptions& options,
                 LearnedMemory& memory, Vocabulary& sender, Vocabulary& domain) {
    SiteState& site = memory.edit_site();
    const std::int32_t today = day_number(o.time);
    // Decay of the site's total; single words follow when they are touched.
    if (site.day == 0) site.day = today;
    if (today > site.day) {
        site.words *= std::exp2(-static_cast<double>(today - site.day) / options.half_life_days);
        site.day = today;
    }
    for (const auto& [word, count] : o.words) {
        const float c = weight * static_cast<float>(count);
        const bool fresh = sender.count(word) <= 0;
        sender.add(word, c);
        domain.add(word, c);
        SiteWord& w = memory.edit_word(word);
        if (w.day == 0) w.day = today;
        if (today > w.day) {
            w.count *= static_cast<float>(
                std::exp2(-static_cast<double>(today - w.day) / options.half_life_days));
            w.day = today;
        }
        w.count += c;
        if (fresh) w.senders += 1;
        site.words += static_cast<double>(c);
    }
    sender.trim(Vocabulary::kMaxWordsSender);
    domain.trim(Vocabulary::kMaxWordsDomain);
}

void learn_links(const Observations& o, LearnedMemory& memory, Vocabulary& sender,
                 Vocabulary& domain) {
    const std::int32_t today = day_number(o.time);
    for (const auto& link : o.links) {
        HostUse& tenant = memory.edit_host(link.tenant);
        const bool new_tenant = tenant.senders <= 0;
        if (remember(sender.tenants, fold32(link.tenant), Vocabulary::kMaxHosts))
            tenant.senders += 1;
        tenant.day = today;
        HostUse& host = memory.edit_host(link.host);
        if (remember(sender.hosts, fold32(link.host), Vocabulary::kMaxHosts)) host.senders += 1;
        if (new_tenant) host.tenants += 1;
        host.day = today;
        remember(domain.hosts, fold32(link.host), Vocabulary::kMaxHosts);
        remember(domain.tenants, fold32(link.tenant), Vocabulary::kMaxHosts);
    }
    const auto facts = [&](const std::vector<std::uint64_t>& items, auto list) {
        for (const auto item : items) {
            HostUse& use = memory.edit_host(item);
            if (remember(sender.*list, fold32(item), Vocabulary::kMaxFacts)) use.senders += 1;
            use.day = today;
            remember(domain.*list, fold32(item), Vocabulary::kMaxFacts);
        }
    };
    facts(o.payment, &Vocabulary::payments);
    facts(o.phones, &Vocabulary::phones);
}

/// What is quoted counts as said from now on: who forged it would have been found out before.
void learn_passages(const Observations& o, bool begins, Thread& t) {
    if ((begins && !o.refs.empty()) || o.has(Mark::TextCut)) t.gaps = true;
    for (const auto* passages : {&o.quoted_passages, &o.own_passages})
        for (const auto passage : *passages) {
            if (std::find(t.passages.begin(), t.passages.end(), passage) != t.passages.end())
                continue;
            if (t.passages.size() >= Thread::kMaxPassages) {
                t.passages.erase(t.passages.begin());
                t.gaps = true;
            }
            t.passages.push_back(passage);
        }
}

void learn_thread(const Observations& o, LearnedMemory& memory) {
    if (o.message_id == 0) return;
    Thread& t = memory.edit_thread(o.message_id, o.refs);
    const bool begins = t.participants.empty();
    remember(t.participants, o.sender32, Thread::kMaxPeople);
    remember(t.domains, o.domain32, Thread::kMaxPeople);
    for (const auto& rcpt : o.rcpts) remember(t.addressed, rcpt.short32(), Thread::kMaxPeople);
    std::vector<std::uint32_t> words = o.thread_words;
    for (const auto& w : o.words) words.push_back(w.word);
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    std::vector<std::uint32_t> merged;
    std::set_union(t.words.begin(), t.words.end(), words.begin(), words.end(),
                   std::back_inserter(merged));
    // A long thread keeps its newest mail's words whole; of the older ones as many as fit.
    if (merged.size() > Thread::kMaxWords) {
        std::vector<std::uint32_t> older;
        std::set_difference(t.words.begin(), t.words.end(), words.begin(), words.end(),
                            std::back_inserter(older));
        if (words.size() > Thread::kMaxWords) words.resize(Thread::kMaxWords);
        older.resize(std::min(older.size(), Thread::kMaxWords - words.size()));
        merged.clear();
        std::merge(words.begin(), words.end(), older.begin(), older.end(),
                   std::back_inserter(merged));
    }
    t.words = std::move(merged);
    learn_passages(o, begins, t);
    t.asks |= o.asks;
    t.last = std::max(t.last, o.time);
}

void count_bearer(NameUse& use, const NameUse::Bearer& bearer, std::int32_t day,
                  std::size_t limit = NameUse::kMaxBearers) {
    use.day = day;
    for (auto& b : use.bearers)
        if (b.address == bearer.address) {
            b.count += 1;
            b.correspondent = bearer.correspondent;
            return;
        }
    if (use.bearers.size() >= limit)
        use.bearers.erase(std::min_element(
            use.bearers.begin(), use.bearers.end(),
            [](const NameUse::Bearer& a, const NameUse::Bearer& b) { return a.count < b.count; }));
    use.bearers.push_back(bearer);
}

void learn_names(const Observations& o, double sender_mails, double domain_mails,
                 LearnedMemory& memory) {
    const std::int32_t day = day_number(o.time);
    if (sender_mails < kNameMails) {
        const NameUse::Bearer person{o.sender32, o.domain32, 1, o.sender};
        if (o.local_part != 0) count_bearer(memory.edit_name(o.local_part), person, day);
        if (o.name != 0) count_bearer(memory.edit_name(o.name), person, day);
    }
    if (domain_mails < kNameMails)
        for (const auto key : o.label_variants)
            count_bearer(memory.edit_name(key), {o.domain32, o.domain32, 1, {}}, day);
}

/// Mail has gone both ways between two people for the first time.
void tie(const Key16& a, const Key16& b, const Observations& o, const LearnerOptions& options,
         LearnedMemory& memory) {
    People& people = memory.edit_site().people;
    for (const auto& key : {a, b}) {
        Profile& p = memory.edit_profile(Subject::Correspondent, key);
        p.age(o.time, options.half_life_days);
        if (p.ties <= 0) people.tied += 1;
        p.ties += 1;
        people.rank(key.short32(), p.ties);
    }
}

/// Who is addressed together: the groups of the site.
void learn_circles(const Observations& o, LearnedMemory& memory) {
    if (o.rcpts.size() < 2 || o.rcpts.size() > kCircle) return;
    const std::int32_t day = day_number(o.time);
    for (const auto& rcpt : o.rcpts) {
        NameUse& circle = memory.edit_name(circle_key(rcpt));
        for (const auto& other : o.rcpts)
            if (other != rcpt)
                count_bearer(circle, {other.short32(), 0, 1, {}}, day, NameUse::kMaxCircle);
    }
}

void learn_people(const Observations& o, const LearnerOptions& options, LearnedMemory& memory,
                  Vocabulary& sender) {
    learn_circles(o, memory);
    People& people = memory.edit_site().people;
    if (o.direction != Direction::Inbound)
        remember(people.own_domains, o.domain32, People::kMaxOwnDomains);
    if (o.direction == Direction::Outbound)
        for (const auto& domain : o.rcpt_domains) {
            Profile& to = memory.edit_profile(Subject::Domain, domain);
            to.age(o.time, kParentHalfLife * options.half_life_days);
            to.received += 1;
            to.last_received = std::max(to.last_received, o.time);
        }
    std::size_t pairs = 0;
    for (const auto& rcpt : o.rcpts) {
        remember(sender.recipients, rcpt.short32(), Vocabulary::kMaxRecipients);
        if (pairs++ < kPairs) {
            Profile& pair = memory.edit_profile(Subject::Pair, pair_key(o.sender, rcpt));
            pair.age(o.time, options.half_life_days);
            if (pair.first == Time{}) pair.first = o.time;
            if (pair.messages <= 0 && !o.automatic) {
                const auto back = memory.profile(Subject::Pair, pair_key(rcpt, o.sender));
                if (back && back->messages > 0) tie(o.sender, rcpt, o, options, memory);
            }
            pair.messages += 1;
            pair.last = std::max(pair.last, o.time);
        }
        if (o.direction == Direction::Inbound) continue;
        Profile& to = memory.edit_profile(Subject::Correspondent, rcpt);
        to.age(o.time, options.half_life_days);
        to.received += 1;
        to.last_received = std::max(to.last_received, o.time);
    }
}

/// The gate is narrow on purpose: a wide one makes honest newcomers look new for days (facts 3.6).
bool is_suspicious(const Judgement& j) noexcept {
    return has_payload(j.assessment.stratum) && -std::log10(j.assessment.p) >= kProbationFrom;
}

}  // namespace

Fate fate_of(const Judgement& j, bool held) noexcept {
    if (held) return Fate::Never;
    if (is_suspicious(j)) return Fate::Probation;
    // An identity that is not backed as usual teaches the correspondent only when nothing came of
    // it for days.
    if (j.assessment.stratum == Stratum::Unbacked && j.relations.messages >= kKnownMails)
        return Fate::Probation;
    return Fate::Now;
}

void rank(const Observations& o, const Judgement& j, LearnedMemory& memory) {
    SiteState& site = memory.edit_site();
    const auto d = static_cast<std::size_t>(o.direction);
    const auto s = static_cast<std::size_t>(j.assessment.stratum);
    site.scores[d][s].add(static_cast<float>(j.assessment.raw));
    site.evidence[d].add(static_cast<float>(j.level_free_evidence));
    site.stage_evidence[d][stage_of(j.relations.messages)].add(
        static_cast<float>(j.level_free_evidence));
    site.mails[d] += 1;
    site.stratum_mails[d][s] += 1;
    float sum = 0;
    for (const float x : site.stratum_mails[d]) sum += x;
    if (sum > kStratumWindow)
        for (float& x : site.stratum_mails[d]) x /= 2;
}

void note(const Observations& o, const Judgement& j, Fate fate, LearnedMemory& memory,
          std::string_view id) {
    rank(o, j, memory);
    if (has_payload(j.assessment.stratum))
        leave_trace(memory.edit_traces(o.sender),
                    trace_of(o, j.assessment.own_evidence, fate == Fate::Never, id));
    if (is_suspicious(j) && o.message_id != 0) {
        auto& suspects = memory.edit_site().people.suspects;
        if (suspects.size() >= People::kMaxSuspects) suspects.erase(suspects.begin());
        suspects.push_back(o.message_id);
    }
    if (fate != Fate::Now) return;
    SiteState& site = memory.edit_site();
    site.anomaly.add(j.surprise.x);
    for (std::size_t i = 0; i < kIndicatorCount; ++i)
        site.indicators[static_cast<std::size_t>(o.direction)][i].add(
            static_cast<float>(j.indicator_strengths[i]));
}

void learn(const Observations& o, const Hasher& hasher, const LearnerOptions& options,
           LearnedMemory& memory) {
    // Values are what they are to the state now: a mail that waited is related to what came
    // meanwhile.
    const Comparison now = compare(o, memory, hasher);
    SiteState& site = memory.edit_site();
    learn_sums(now.surprise, now.relations, site);

    Profile& sender = memory.edit_profile(Subject::Correspondent, o.sender);
    Profile& domain = memory.edit_profile(Subject::Domain, o.domain);
    sender.age(o.time, options.half_life_days);
    domain.age(o.time, kParentHalfLife * options.half_life_days);
    site.values.age(o.time, kParentHalfLife * options.half_life_days);
    learn_values(o, now.values, now.relations, options, sender, domain, site);
    learn_names(o, static_cast<double>(sender.ever), static_cast<double>(domain.ever), memory);

    Vocabulary& words = memory.edit_vocabulary(o.sender);
    Vocabulary& domain_words = memory.edit_vocabulary(o.domain);
    words.age(o.time, options.half_life_days);
    domain_words.age(o.time, options.half_life_days);
    const std::int32_t today = day_number(o.time);
    if (words.day != today) {
        words.day = today;
        words.today = 0;
    }
    words.today += 1;
    learn_words(o, std::min(1.0F, kFullWeightMails / words.today), options, memory, words,
                domain_words);
    learn_links(o, memory, words, domain_words);
    learn_people(o, options, memory, words);
    learn_thread(o, memory);

    for (Profile* p : {&sender, &domain}) {
        if (p->ever <= 0 && p == &sender) site.senders += 1;
        if (p->first == Time{}) p->first = o.time;
        if (day_number(p->last) != today) p->days += 1;
        p->messages += 1;
        p->ever += 1;
        p->last = std::max(p->last, o.time);
    }
    site.learned += 1;
}

}  // namespace kith
