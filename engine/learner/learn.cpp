// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/learn.hpp"

#include <algorithm>
#include <cmath>

#include "engine/features/spec.hpp"
#include "engine/profile/account.hpp"
#include "engine/profile/group.hpp"
#include "engine/scoring/drift.hpp"
#include "engine/scoring/migration.hpp"
#include "engine/scoring/surprises.hpp"

namespace kith {
namespace {

constexpr double kProbationFrom = 2;  // C: 1 in 100 of genuine mail
constexpr std::size_t kMaxValuesSender = 16, kMaxValuesDomain = 64, kMaxValuesSite = 512;
constexpr unsigned kNoCap = 255;        // types are counted once per bearer anyway
constexpr float kStratumWindow = 8000;  // mails the shares are taken over
constexpr std::size_t kPairs = 8;
constexpr std::size_t kCircle = 8;      // more recipients are a list, not a group
constexpr float kFullWeightMails = 10;  // words of a sender's later mails of one day count less
constexpr double kNameMails = 6;        // bearers of names are counted up to here: "known" is 3

/// Counts the value up the levels: a parent counts a value once for each child that shows it.
void add_value(std::size_t f, std::uint32_t value, Time now, const LearnerOptions& options,
               Profile& sender, Profile& domain, SiteState& site, Lesson& lesson) {
    Lesson::Value& taught = lesson.values.emplace_back();
    taught.feature = static_cast<std::uint16_t>(f);
    taught.value = value;
    // True when the level knew the value before.
    const auto add = [&](std::size_t level, Profile& p, unsigned cap, std::size_t max_values) {
        const double before = p.total(f);
        const Standing s = p.add(f, value, now, cap, max_values);
        const auto bit = static_cast<std::uint8_t>(1U << level);
        if (!s.seen || p.total(f) > before) taught.counted |= bit;
        if (s.n > 0) {
            site.novelty[level][f].count(s.n, s.t, !s.seen);
            taught.trials |= bit;
            if (!s.seen) taught.novel |= bit;
            taught.cell[level] = static_cast<std::uint8_t>(NoveltyCurve::bucket(s.n, s.t));
        }
        return s.seen;
    };
    if (add(0, sender, options.daily_cap, kMaxValuesSender)) return;
    if (add(1, domain, kNoCap, kMaxValuesDomain)) return;
    add(2, site.values, kNoCap, kMaxValuesSite);
}

void add_rank(std::size_t f, float number, const Relations& r, SiteState& site, Lesson& lesson) {
    const std::size_t bucket = rank_bucket(f, r.length_bucket, r.history_bucket);
    site.ranks[f][bucket].add(number);
    lesson.ranks.push_back(
        {static_cast<std::uint16_t>(f), static_cast<std::uint8_t>(bucket), number});
}

void learn_values(const Observations& o, const FeatureVector& values, const Relations& r,
                  const LearnerOptions& options, Profile& sender, Profile& domain, SiteState& site,
                  Lesson& lesson) {
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        if (!values[f].present()) continue;
        switch (feature_spec(f).kind) {
            case Kind::Category:
            case Kind::Ordinal:
                add_value(f, values[f].code, o.time, options, sender, domain, site, lesson);
                break;
            case Kind::Set:
                break;
            case Kind::Rank:
                add_rank(f, values[f].number, r, site, lesson);
                break;
            case Kind::Relief:
            case Kind::Sum:
            case Kind::Claim:
                break;  // have no value of their own
        }
    }
    for (const auto& [f, value] : o.set_members)
        add_value(f, value, o.time, options, sender, domain, site, lesson);
}

void learn_sums(const SurpriseVector& surprise, const Relations& r, SiteState& site,
                Lesson& lesson) {
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (feature_spec(f).kind == Kind::Sum) add_rank(f, surprise.detail[f].sum, r, site, lesson);
}

/// Whose words a mail shows.
Lesson::Speaker speaker_of(const Observations& o, double mails_before) noexcept {
    if (o.direction != Direction::Inbound) return Lesson::Speaker::Nobody;
    if (mails_before <= 0) return Lesson::Speaker::Newcomer;
    return mails_before >= kRegularMails ? Lesson::Speaker::Regular : Lesson::Speaker::Nobody;
}

void learn_words(const Observations& o, float weight, const LearnerOptions& options,
                 LearnedMemory& memory, Vocabulary& sender, Vocabulary& domain, Lesson& lesson) {
    SiteState& site = memory.edit_site();
    const std::int32_t today = day_number(o.time);
    lesson.word_weight = weight;
    lesson.fresh_words.assign((o.words.size() + 7) / 8, 0);
    // Decay of the site's total; single words follow when they are touched.
    if (site.day == 0) site.day = today;
    if (today > site.day) {
        const double halvings = static_cast<double>(today - site.day) / options.half_life_days;
        site.words *= std::exp2(-halvings);
        site.newcomers *= std::exp2(-halvings / kParentHalfLife);
        site.regulars *= std::exp2(-halvings / kParentHalfLife);
        site.day = today;
    }
    lesson.site_day = site.day;
    const bool newcomer = lesson.speaker == Lesson::Speaker::Newcomer;
    const bool regular = lesson.speaker == Lesson::Speaker::Regular;
    site.newcomers += newcomer ? 1 : 0;
    site.regulars += regular ? 1 : 0;
    for (std::size_t i = 0; i < o.words.size(); ++i) {
        const auto& [word, count] = o.words[i];
        const float c = weight * static_cast<float>(count);
        const bool fresh = sender.count(word) <= 0;
        sender.add(word, c);
        domain.add(word, c);
        SiteWord& w = memory.edit_word(word);
        if (w.day == 0) w.day = today;
        if (today > w.day) {
            const double halvings = static_cast<double>(today - w.day) / options.half_life_days;
            w.count *= static_cast<float>(std::exp2(-halvings));
            const auto slowly = static_cast<float>(std::exp2(-halvings / kParentHalfLife));
            w.newcomers *= slowly;
            w.regulars *= slowly;
            w.day = today;
        }
        w.count += c;
        w.newcomers += newcomer ? 1 : 0;
        w.regulars += regular ? 1 : 0;
        if (fresh) {
            w.senders += 1;
            lesson.fresh_words[i / 8] |= static_cast<std::uint8_t>(1U << i % 8);
        }
        site.words += static_cast<double>(c);
    }
    sender.trim(Vocabulary::kMaxWordsSender);
    domain.trim(Vocabulary::kMaxWordsDomain);
}

/// remember() that notes what was new.
bool remember_in(std::vector<std::uint32_t>& list, std::uint32_t item, std::size_t limit,
                 std::vector<std::uint32_t>& fresh) {
    const bool is_new = remember(list, item, limit);
    if (is_new) fresh.push_back(item);
    return is_new;
}

void learn_links(const Observations& o, LearnedMemory& memory, Vocabulary& sender,
                 Vocabulary& domain, Lesson& lesson) {
    const std::int32_t today = day_number(o.time);
    for (const auto& link : o.links) {
        HostUse& tenant = memory.edit_host(link.tenant);
        const bool new_tenant = tenant.senders <= 0;
        const bool tenant_new = remember_in(sender.tenants, fold32(link.tenant),
                                            Vocabulary::kMaxHosts, lesson.sender.tenants);
        if (tenant_new) tenant.senders += 1;
        tenant.day = today;
        HostUse& host = memory.edit_host(link.host);
        const bool host_new = remember_in(sender.hosts, fold32(link.host), Vocabulary::kMaxHosts,
                                          lesson.sender.hosts);
        if (host_new) host.senders += 1;
        if (new_tenant) host.tenants += 1;
        host.day = today;
        if (tenant_new) lesson.hosts.push_back({link.tenant, true, false});
        if (host_new || new_tenant) lesson.hosts.push_back({link.host, host_new, new_tenant});
        remember_in(domain.hosts, fold32(link.host), Vocabulary::kMaxHosts, lesson.domain.hosts);
        remember_in(domain.tenants, fold32(link.tenant), Vocabulary::kMaxHosts,
                    lesson.domain.tenants);
    }
}

/// Payment and contact data of one text.
void learn_facts(const std::vector<std::uint64_t>& payment,
                 const std::vector<std::uint64_t>& phones, Time now, LearnedMemory& memory,
                 Vocabulary& sender, Vocabulary& domain, Lesson& lesson) {
    const std::int32_t today = day_number(now);
    const auto facts = [&](const std::vector<std::uint64_t>& items, auto list, auto fresh) {
        for (const auto item : items) {
            HostUse& use = memory.edit_host(item);
            if (remember_in(sender.*list, fold32(item), Vocabulary::kMaxFacts,
                            lesson.sender.*fresh)) {
                use.senders += 1;
                lesson.hosts.push_back({item, true, false});
            }
            use.day = today;
            remember_in(domain.*list, fold32(item), Vocabulary::kMaxFacts, lesson.domain.*fresh);
        }
    };
    facts(payment, &Vocabulary::payments, &Lesson::Words::payments);
    facts(phones, &Vocabulary::phones, &Lesson::Words::phones);
}

/// What is quoted counts as said from now on: who forged it would have been found out before.
void learn_passages(const Observations& o, bool begins, Thread& t, Lesson& lesson) {
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
            lesson.thread.passages.push_back(passage);
        }
}

void learn_thread(const Observations& o, LearnedMemory& memory, Lesson& lesson) {
    if (o.message_id == 0) return;
    Lesson::Conversation& taught = lesson.thread;
    taught.new_id = memory.thread(o.message_id) == nullptr;
    Thread& t = memory.edit_thread(o.message_id, o.refs);
    taught.root = memory.thread_root(o.message_id);
    taught.asks = o.asks & ~t.asks;
    taught.last = t.last;
    const bool begins = t.participants.empty();
    remember_in(t.participants, o.sender32, Thread::kMaxPeople, taught.participants);
    remember_in(t.domains, o.domain32, Thread::kMaxPeople, taught.domains);
    for (const auto& rcpt : o.rcpts)
        remember_in(t.addressed, rcpt.short32(), Thread::kMaxPeople, taught.addressed);
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
    std::set_difference(merged.begin(), merged.end(), t.words.begin(), t.words.end(),
                        std::back_inserter(taught.words));
    t.words = std::move(merged);
    learn_passages(o, begins, t, lesson);
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
                 LearnedMemory& memory, Lesson& lesson) {
    const std::int32_t day = day_number(o.time);
    lesson.person_named = sender_mails < kNameMails;
    lesson.domain_named = domain_mails < kNameMails;
    if (lesson.person_named) {
        const NameUse::Bearer person{o.sender32, o.domain32, 1, o.sender};
        if (o.local_part != 0) count_bearer(memory.edit_name(o.local_part), person, day);
        if (o.name != 0) count_bearer(memory.edit_name(o.name), person, day);
    }
    if (lesson.domain_named)
        for (const auto key : o.label_variants)
            count_bearer(memory.edit_name(key), {o.domain32, o.domain32, 1, {}}, day);
}

/// Whose names the mail of a domain carries. Only what the domain vouches for, and only from
/// outside.
void learn_borrowed(const Observations& o, const LearnerOptions& options,
                    const LearnedMemory& memory, Profile& domain, Lesson& lesson) {
    if (o.name == 0 || o.direction != Direction::Inbound || !o.vouched_by_domain()) return;
    lesson.names =
        count_name(domain.borrowed, fold32(o.name), o.sender32,
                   is_known_elsewhere(memory.name(o.name), o.domain32), o.time, options.daily_cap);
}

/// Mail has gone both ways between two people for the first time.
void tie(const Key16& a, const Key16& b, const Observations& o, const LearnerOptions& options,
         LearnedMemory& memory, Lesson& lesson) {
    People& people = memory.edit_site().people;
    for (const auto& key : {a, b}) {
        Profile& p = memory.edit_profile(Subject::Correspondent, key);
        p.age(o.time, options.half_life_days);
        lesson.touched.push_back(
            {Subject::Correspondent, Lesson::What::Tie, key, p.aged, {}, 0, false});
        if (p.ties <= 0) people.tied += 1;
        p.ties += 1;
        people.rank(key.short32(), p.ties);
    }
}

/// Who is addressed together, and how often each is at all: the groups of the site.
void learn_circles(const Observations& o, LearnedMemory& memory) {
    if (!is_circle(o)) return;
    const std::int32_t day = day_number(o.time);
    for (const auto& rcpt : o.rcpts) {
        NameUse& circle = memory.edit_name(circle_key(rcpt));
        for (const auto& other : o.rcpts)
            count_bearer(circle, {other.short32(), 0, 1, other}, day, NameUse::kMaxCircle);
    }
}

/// One more mail of a subject.
void count_mail(Subject subject, const Key16& key, Time now, Profile& p, Lesson& lesson) {
    if (p.first == Time{}) p.first = now;
    // Mail that waited comes late: its day has been counted, or goes without.
    const bool new_day = p.last == Time{} || day_number(now) > day_number(p.last);
    lesson.touched.push_back({subject, Lesson::What::Mail, key, p.aged, p.last, p.day, new_day});
    if (new_day) p.days += 1;
    p.messages += 1;
    p.ever += 1;
    p.last = std::max(p.last, now);
}

/// Counts what mail shows in the profile of a group or an account: there are no levels above.
class Habits {
public:
    Habits(Subject subject, const Key16& key, const Observations& o, const LearnerOptions& options,
           LearnedMemory& memory, Lesson& lesson)
        : subject_(subject),
          key_(key),
          profile_(memory.edit_profile(subject, key)),
          o_(o),
          cap_(options.daily_cap),
          lesson_(lesson) {
        profile_.age(o.time, options.half_life_days);
    }
    Profile& profile() { return profile_; }

    /// False when the day's cap was reached.
    bool count(std::size_t f, std::uint32_t value, std::size_t max_values = kMaxValuesSender) {
        const double before = profile_.total(f);
        const bool known = profile_.add(f, value, o_.time, cap_, max_values).seen;
        if (known && profile_.total(f) <= before) return false;
        lesson_.habits.push_back({static_cast<std::uint16_t>(lesson_.touched.size()),
                                  static_cast<std::uint16_t>(f), value});
        return true;
    }
    void count(const FeatureVector& values, std::initializer_list<FeatureId> features) {
        for (const auto f : features)
            if (values[index_of(f)].present()) count(index_of(f), values[index_of(f)].code);
    }
    /// Of the requests only what is asked: the rest is what was not.
    void count_asks(const FeatureVector& values) {
        for (std::size_t a = 0; a < static_cast<std::size_t>(Ask::kCount); ++a)
            if (o_.asks_for(static_cast<Ask>(a))) {
                const std::size_t f = index_of(static_cast<Ask>(a));
                count(f, values[f].code);
            }
    }
    /// The mail itself; last.
    void done() { count_mail(subject_, key_, o_.time, profile_, lesson_); }

private:
    Subject subject_;
    Key16 key_;
    Profile& profile_;
    const Observations& o_;
    unsigned cap_;
    Lesson& lesson_;
};

void learn_groups(const Observations& o, const FeatureVector& values, const LearnerOptions& options,
                  LearnedMemory& memory, Lesson& lesson) {
    if (o.direction == Direction::Outbound || !is_circle(o)) return;
    for (const auto& key : groups_of(o.rcpts, memory)) {
        Habits group(Subject::Group, key, o, options, memory, lesson);
        group.count(index_of(kGroupDomains), o.domain32, kMaxGroupDomains);
        group.count(values, {FeatureId::list_kind, FeatureId::link_host, FeatureId::link_tenant});
        group.count_asks(values);
        group.done();
    }
}

void learn_account(const Observations& o, const FeatureVector& values,
                   const LearnerOptions& options, LearnedMemory& memory, Lesson& lesson) {
    if (o.direction == Direction::Inbound) return;
    using enum FeatureId;
    Habits account(Subject::Account, o.submitted_by(), o, options, memory, lesson);
    const bool counted =
        account.count(index_of(FeatureId::account_from), o.sender32, kMaxFromAddresses);
    account.count(
        values, {client_network, client_domain, submit_network, submit_host, originating_network,
                 time_zone, user_agent, recipient_count, link_host, link_tenant, attachment_types});
    account.count_asks(values);
    account.profile().reach.count(day_number(o.time), static_cast<float>(o.rcpts.size()),
                                  static_cast<float>(lesson.sender.recipients.size()));
    account.done();
    // Whose the address is; what nobody logged in for says nothing about that.
    if (!counted || o.account == Key16{}) return;
    lesson.login_counted = true;
    count_bearer(memory.edit_name(logins_key(o.sender)), {o.account.short32(), 0, 1, o.account},
                 day_number(o.time));
}

/// Somebody here wrote to `key`.
void receive(Subject subject, const Key16& key, const Observations& o, double half_life_days,
             LearnedMemory& memory, Lesson& lesson) {
    Profile& to = memory.edit_profile(subject, key);
    to.age(o.time, half_life_days);
    lesson.touched.push_back(
        {subject, Lesson::What::Received, key, to.aged, to.last_received, 0, false});
    to.received += 1;
    to.last_received = std::max(to.last_received, o.time);
}

void learn_people(const Observations& o, const LearnerOptions& options, LearnedMemory& memory,
                  Vocabulary& sender, Lesson& lesson) {
    learn_circles(o, memory);
    People& people = memory.edit_site().people;
    if (o.direction != Direction::Inbound)
        remember(people.own_domains, o.domain32, People::kMaxOwnDomains);
    if (o.direction == Direction::Outbound)
        for (const auto& domain : o.rcpt_domains)
            receive(Subject::Domain, domain, o, kParentHalfLife * options.half_life_days, memory,
                    lesson);
    std::size_t pairs = 0;
    for (const auto& rcpt : o.rcpts) {
        remember_in(sender.recipients, rcpt.short32(), Vocabulary::kMaxRecipients,
                    lesson.sender.recipients);
        if (pairs++ < kPairs) {
            const Key16 key = pair_key(o.sender, rcpt);
            Profile& pair = memory.edit_profile(Subject::Pair, key);
            pair.age(o.time, options.half_life_days);
            if (pair.first == Time{}) pair.first = o.time;
            if (pair.messages <= 0 && !o.automatic) {
                const auto back = memory.profile(Subject::Pair, pair_key(rcpt, o.sender));
                if (back && back->messages > 0) tie(o.sender, rcpt, o, options, memory, lesson);
            }
            lesson.touched.push_back(
                {Subject::Pair, Lesson::What::Mail, key, pair.aged, pair.last, 0, false});
            pair.messages += 1;
            pair.last = std::max(pair.last, o.time);
        }
        if (o.direction != Direction::Inbound)
            receive(Subject::Correspondent, rcpt, o, options.half_life_days, memory, lesson);
    }
}

/// The gate is narrow on purpose: a wide one makes honest newcomers look new for days (facts 3.6).
bool is_suspicious(const Judgement& j) noexcept {
    return has_payload(j.assessment.stratum) && -std::log10(j.assessment.p) >= kProbationFrom;
}

}  // namespace

bool is_circle(const Observations& o) noexcept {
    // Of people elsewhere, who else got the mail is all there is to know.
    const std::size_t fewest = o.direction == Direction::Outbound ? 2 : 1;
    return o.rcpts.size() >= fewest && o.rcpts.size() <= kCircle;
}

Fate fate_of(const Judgement& j, bool held) noexcept {
    if (held) return Fate::Never;
    if (is_suspicious(j)) return Fate::Probation;
    // An identity that is not backed as usual teaches the correspondent only when nothing came of
    // it for days.
    if (j.assessment.stratum == Stratum::Unbacked && j.relations.messages >= kKnownMails)
        return Fate::Probation;
    return Fate::Now;
}

bool leaves_fingerprint(const Judgement& j, Fate fate) noexcept {
    return has_payload(j.assessment.stratum) &&
           (fate == Fate::Never || j.assessment.verdict == Verdict::Quarantine);
}

bool rank(const Observations& o, const Judgement& j, LearnedMemory& memory) {
    SiteState& site = memory.edit_site();
    const auto d = static_cast<std::size_t>(o.direction);
    const auto s = static_cast<std::size_t>(j.assessment.stratum);
    site.mails[d] += 1;
    if (is_suspicious(j)) {
        Traces& traces = memory.edit_traces(o.sender);
        const std::int32_t today = day_number(o.time);
        if (today > traces.day) traces.ranks = 0;
        traces.day = std::max(traces.day, today);
        if (traces.ranks >= kRanksADay) return false;
        ++traces.ranks;
    }
    site.scores[d][s].add(static_cast<float>(j.assessment.raw));
    site.evidence[d].add(static_cast<float>(j.level_free_evidence));
    site.stage_evidence[d][stage_of(j.relations.messages)].add(
        static_cast<float>(j.level_free_evidence));
    site.stratum_mails[d][s] += 1;
    float sum = 0;
    for (const float x : site.stratum_mails[d]) sum += x;
    if (sum > kStratumWindow)
        for (float& x : site.stratum_mails[d]) x /= 2;
    return true;
}

bool note(const Observations& o, const Judgement& j, Fate fate, LearnedMemory& memory,
          std::string_view id) {
    const bool ranked = rank(o, j, memory);
    if (has_payload(j.assessment.stratum))
        leave_trace(memory.edit_traces(o.sender),
                    trace_of(o, j.assessment.own_evidence, fate == Fate::Never, id));
    if (leaves_fingerprint(j, fate))
        leave_fingerprint(memory.edit_traces(o.sender), fingerprint_of(o, j, id));
    if (is_suspicious(j) && o.message_id != 0) {
        auto& suspects = memory.edit_site().people.suspects;
        if (suspects.size() >= People::kMaxSuspects) suspects.erase(suspects.begin());
        suspects.push_back(o.message_id);
    }
    if (fate != Fate::Now) return ranked;
    SiteState& site = memory.edit_site();
    note_migrants(o, j, memory.edit_profile(Subject::Domain, o.domain).migrations, site.migrations);
    site.anomaly.add(strangeness(j.surprise.x));
    for (std::size_t i = 0; i < kIndicatorCount; ++i)
        site.indicators[static_cast<std::size_t>(o.direction)][i].add(
            static_cast<float>(j.indicator_strengths[i]));
    return ranked;
}

void learn_attached(const Observations& o, LearnedMemory& memory, Lesson& lesson) {
    Vocabulary& words = memory.edit_vocabulary(o.sender);
    learn_facts(o.attached_payment, o.attached_phones, o.time, memory, words,
                memory.edit_vocabulary(o.domain), lesson);
    if (o.attached_payment.empty() || lesson.invoice) return;
    words.invoices += 1;
    lesson.invoice = true;
}

Lesson learn(const Observations& o, const Hasher& hasher, const LearnerOptions& options,
             LearnedMemory& memory) {
    // Values are what they are to the state now: a mail that waited is related to what came
    // meanwhile.
    const Comparison now = compare(o, memory, hasher);
    SiteState& site = memory.edit_site();
    Lesson lesson;
    learn_sums(now.surprise, now.relations, site, lesson);

    Profile& sender = memory.edit_profile(Subject::Correspondent, o.sender);
    Profile& domain = memory.edit_profile(Subject::Domain, o.domain);
    sender.age(o.time, options.half_life_days);
    domain.age(o.time, kParentHalfLife * options.half_life_days);
    site.values.age(o.time, kParentHalfLife * options.half_life_days);
    lesson.site_aged = site.values.aged;
    learn_values(o, now.values, now.relations, options, sender, domain, site, lesson);
    learn_borrowed(o, options, memory, domain, lesson);
    learn_names(o, static_cast<double>(sender.ever), static_cast<double>(domain.ever), memory,
                lesson);

    Vocabulary& words = memory.edit_vocabulary(o.sender);
    Vocabulary& domain_words = memory.edit_vocabulary(o.domain);
    words.age(o.time, options.half_life_days);
    domain_words.age(o.time, options.half_life_days);
    lesson.sender.aged = words.aged;
    lesson.domain.aged = domain_words.aged;
    const std::int32_t today = day_number(o.time);
    if (words.day != today) {
        words.day = today;
        words.today = 0;
    }
    words.today += 1;
    lesson.sender.day = words.day;
    lesson.speaker = speaker_of(o, static_cast<double>(sender.ever));
    learn_words(o, std::min(1.0F, kFullWeightMails / words.today), options, memory, words,
                domain_words, lesson);
    learn_links(o, memory, words, domain_words, lesson);
    learn_facts(o.payment, o.phones, o.time, memory, words, domain_words, lesson);
    learn_attached(o, memory, lesson);
    learn_people(o, options, memory, words, lesson);
    learn_groups(o, now.values, options, memory, lesson);
    learn_account(o, now.values, options, memory, lesson);
    learn_thread(o, memory, lesson);

    learn_drift(sender, way_surprise(now.surprise.x));
    if (sender.ever <= 0) site.senders += 1;
    count_mail(Subject::Correspondent, o.sender, o.time, sender, lesson);
    count_mail(Subject::Domain, o.domain, o.time, domain, lesson);
    site.learned += 1;
    return lesson;
}

}  // namespace kith
