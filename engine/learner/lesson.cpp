// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/lesson.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/config/config.hpp"
#include "engine/learner/learn.hpp"
#include "engine/learner/learned_memory.hpp"
#include "engine/learner/lesson_generated.h"
#include "engine/profile/account.hpp"
#include "engine/profile/keys.hpp"
#include "engine/profile/verified.hpp"

namespace kith {
namespace {

namespace fb = learner::fb;

constexpr char kLesson = 'L';  // first byte of a key in table Messages. Persistent.
constexpr std::size_t kMaxItems = 4096;

bool has_bit(unsigned bits, std::size_t level) noexcept { return (bits >> level & 1U) != 0; }

/// What 1 of `then` weighs in counts that are as of `now`.
float faded(Time then, Time now, double half_life_days) noexcept {
    const double passed = days_between(then, now);
    return passed > 0 ? static_cast<float>(std::exp2(-passed / half_life_days)) : 1;
}

void reduce(float& count, float by) noexcept {
    constexpr float kRounding = 1e-3F;
    count = count - by < kRounding ? 0 : count - by;
}

void forget(std::vector<std::uint32_t>& list, const std::vector<std::uint32_t>& items) {
    std::erase_if(list, [&](std::uint32_t x) { return contains(items, x); });
}

/// A value goes as far up the levels as nobody else shows it; the novelty curves lose the trial,
/// and the novelty where it was one.
void take_back_values(const Observations& o, const Lesson& lesson, const LearnerOptions& options,
                      LearnedMemory& memory) {
    SiteState& site = memory.edit_site();
    Profile& sender = memory.edit_profile(Subject::Correspondent, o.sender);
    Profile& domain = memory.edit_profile(Subject::Domain, o.domain);
    const double parents = kParentHalfLife * options.half_life_days;
    std::array<Profile*, kLevels> levels{&sender, &domain, &site.values};
    std::array<float, kLevels> weights{1, 1, faded(lesson.site_aged, site.values.aged, parents)};
    std::int32_t day = 0;
    for (const auto& t : lesson.touched) {
        if (t.what != Lesson::What::Mail) continue;
        if (t.subject == Subject::Correspondent && t.key == o.sender) {
            weights[0] = faded(t.aged, sender.aged, options.half_life_days);
            day = t.day;
        } else if (t.subject == Subject::Domain && t.key == o.domain) {
            weights[1] = faded(t.aged, domain.aged, parents);
        }
    }
    for (const auto& v : lesson.values)
        for (std::size_t level = 0; level < kLevels; ++level) {
            NoveltyCurve& curve = site.novelty[level][v.feature];
            const bool trial = has_bit(v.trials, level), novel = has_bit(v.novel, level);
            if (!has_bit(v.counted, level)) {
                curve.retract(v.cell[level], trial, novel);
                break;
            }
            levels[level]->retract(v.feature, v.value, weights[level], day);
            // Another mail has shown it since: that one brought it to the parent then.
            const bool still = levels[level]->has(v.feature, v.value);
            curve.retract(v.cell[level], trial, novel && !still);
            if (still) break;
        }
}

void take_back_words(const Observations& o, const Lesson& lesson, const LearnerOptions& options,
                     LearnedMemory& memory) {
    SiteState& site = memory.edit_site();
    Vocabulary& sender = memory.edit_vocabulary(o.sender);
    Vocabulary& domain = memory.edit_vocabulary(o.domain);
    const double half_life = options.half_life_days;
    const auto since_day = [&](std::int32_t day) {
        return std::exp2(-std::max(0.0, static_cast<double>(day - lesson.site_day)) / half_life);
    };
    const auto slowly = [&](std::int32_t day) {
        return std::pow(since_day(day), 1 / kParentHalfLife);
    };
    const double newcomer = lesson.speaker == Lesson::Speaker::Newcomer ? 1 : 0;
    const double regular = lesson.speaker == Lesson::Speaker::Regular ? 1 : 0;
    site.newcomers = std::max(0.0, site.newcomers - newcomer * slowly(site.day));
    site.regulars = std::max(0.0, site.regulars - regular * slowly(site.day));
    const float by_sender = faded(lesson.sender.aged, sender.aged, half_life);
    const float by_domain = faded(lesson.domain.aged, domain.aged, half_life);
    for (std::size_t i = 0; i < o.words.size(); ++i) {
        const auto& [word, count] = o.words[i];
        const float c = lesson.word_weight * static_cast<float>(count);
        sender.retract(word, c * by_sender);
        domain.retract(word, c * by_domain);
        SiteWord& w = memory.edit_word(word);
        reduce(w.count, c * static_cast<float>(since_day(w.day)));
        reduce(w.newcomers, static_cast<float>(newcomer * slowly(w.day)));
        reduce(w.regulars, static_cast<float>(regular * slowly(w.day)));
        const bool fresh =
            i / 8 < lesson.fresh_words.size() && has_bit(lesson.fresh_words[i / 8], i % 8);
        if (fresh && sender.count(word) <= 0) reduce(w.senders, 1);
        site.words = std::max(0.0, site.words - static_cast<double>(c) * since_day(site.day));
    }
    for (const auto& [vocabulary, taught] :
         {std::pair{&sender, &lesson.sender}, std::pair{&domain, &lesson.domain}}) {
        forget(vocabulary->hosts, taught->hosts);
        forget(vocabulary->tenants, taught->tenants);
        forget(vocabulary->payments, taught->payments);
        forget(vocabulary->phones, taught->phones);
        forget(vocabulary->recipients, taught->recipients);
    }
    if (sender.day == lesson.sender.day) reduce(sender.today, 1);
    if (lesson.invoice) reduce(sender.invoices, 1);
    for (const auto& h : lesson.hosts) {
        HostUse& use = memory.edit_host(h.host);
        if (h.senders) reduce(use.senders, 1);
        if (h.tenants) reduce(use.tenants, 1);
    }
}

void drop_bearer(NameUse& use, std::uint32_t address) {
    for (auto& b : use.bearers)
        if (b.address == address) reduce(b.count, 1);
    std::erase_if(use.bearers, [](const NameUse::Bearer& b) { return b.count <= 0; });
}

void take_back_names(const Observations& o, const Lesson& lesson, LearnedMemory& memory) {
    if (lesson.person_named)
        for (const auto name : {o.local_part, o.name})
            if (name != 0) drop_bearer(memory.edit_name(name), o.sender32);
    if (lesson.domain_named)
        for (const auto key : o.label_variants) drop_bearer(memory.edit_name(key), o.domain32);
    if (!is_circle(o)) return;
    for (const auto& rcpt : o.rcpts)
        for (const auto& other : o.rcpts)
            drop_bearer(memory.edit_name(circle_key(rcpt)), other.short32());
}

/// What groups and accounts counted. The counts of their mails: take_back_touch().
void take_back_habits(const Observations& o, const Lesson& lesson, const LearnerOptions& options,
                      LearnedMemory& memory) {
    for (const auto& h : lesson.habits) {
        if (h.touch >= lesson.touched.size()) continue;
        const Lesson::Touch& t = lesson.touched[h.touch];
        Profile& p = memory.edit_profile(t.subject, t.key);
        p.retract(h.feature, h.value, faded(t.aged, p.aged, options.half_life_days), t.day);
    }
    if (lesson.login_counted)
        drop_bearer(memory.edit_name(logins_key(o.sender)), o.account.short32());
    for (const auto& t : lesson.touched)
        if (t.subject == Subject::Account)
            memory.edit_profile(t.subject, t.key)
                .reach.retract(day_number(o.time), static_cast<float>(o.rcpts.size()),
                               static_cast<float>(lesson.sender.recipients.size()));
}

void take_back_thread(const Observations& o, const Lesson::Conversation& taught,
                      LearnedMemory& memory) {
    if (taught.root == 0) return;
    if (taught.new_id) memory.forget_message_id(o.message_id);
    Thread* t = memory.find_thread_root(taught.root);
    if (t == nullptr) return;
    forget(t->participants, taught.participants);
    forget(t->domains, taught.domains);
    forget(t->addressed, taught.addressed);
    forget(t->words, taught.words);
    std::erase_if(t->passages, [&](std::uint64_t p) {
        return std::find(taught.passages.begin(), taught.passages.end(), p) !=
               taught.passages.end();
    });
    t->asks &= ~taught.asks;
    if (t->last == o.time) t->last = taught.last;
    if (t->participants.empty()) memory.erase_thread(taught.root);
}

void take_back_touch(const Observations& o, const Lesson::Touch& t, const LearnerOptions& options,
                     LearnedMemory& memory) {
    Profile& p = memory.edit_profile(t.subject, t.key);
    const double half_life =
        (t.subject == Subject::Domain ? kParentHalfLife : 1) * options.half_life_days;
    const float weight = faded(t.aged, p.aged, half_life);
    People& people = memory.edit_site().people;
    switch (t.what) {
        case Lesson::What::Mail:
            if (p.messages <= 0) break;  // forgotten since
            reduce(p.messages, weight);
            if (t.subject != Subject::Pair) reduce(p.ever, 1);
            if (t.new_day) reduce(p.days, 1);
            if (p.last == o.time) p.last = t.last;
            if (p.last == Time{}) p.first = {};
            if (t.subject == Subject::Correspondent && p.ever <= 0)
                memory.edit_site().senders = std::max(0.0, memory.site().senders - 1);
            break;
        case Lesson::What::Received:
            reduce(p.received, weight);
            if (p.last_received == o.time) p.last_received = t.last;
            break;
        case Lesson::What::Tie:
            reduce(p.ties, weight);
            if (p.ties <= 0) reduce(people.tied, 1);
            people.rank(t.key.short32(), p.ties);
            break;
    }
}

}  // namespace

void take_back(const Observations& o, const Lesson& lesson, const LearnerOptions& options,
               LearnedMemory& memory) {
    take_back_values(o, lesson, options, memory);
    take_back_words(o, lesson, options, memory);
    take_back_names(o, lesson, memory);
    retract_name(memory.edit_profile(Subject::Domain, o.domain).borrowed, fold32(o.name),
                 o.sender32, o.time, lesson.names);
    take_back_thread(o, lesson.thread, memory);
    take_back_habits(o, lesson, options, memory);
    for (const auto& t : lesson.touched) take_back_touch(o, t, options, memory);
    SiteState& site = memory.edit_site();
    for (const auto& r : lesson.ranks) site.ranks[r.feature][r.bucket].retract(r.number);
    site.learned = std::max(0.0, site.learned - 1);
}

Result<std::size_t> expire_lessons(StoreWriter& writer, Time before, std::size_t max) {
    std::vector<std::string> old;
    const std::string end = lesson_key(before, "");
    auto scanned = writer.scan(Table::Messages, lesson_key(Time{}, ""),
                               [&](std::string_view key, std::string_view) {
                                   if (key.front() != kLesson || key >= end) return false;
                                   old.emplace_back(key);
                                   return old.size() < max;
                               });
    if (!scanned) return fail(scanned.error());
    for (const auto& key : old)
        if (auto erased = writer.erase(Table::Messages, key); !erased) return fail(erased.error());
    return old.size();
}

std::string lesson_key(Time mail, std::string_view id) {
    return kLesson +
           integer_key(static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_unix(mail)))) +
           std::string(id);
}

namespace {

flatbuffers::Offset<fb::LessonVocabulary> encode(flatbuffers::FlatBufferBuilder& b,
                                                 const Lesson::Words& w) {
    return fb::CreateLessonVocabularyDirect(b, to_unix(w.aged), w.day, &w.hosts, &w.tenants,
                                            &w.payments, &w.phones, &w.recipients);
}

Lesson::Words words_of(const fb::LessonVocabulary* in) {
    Lesson::Words out;
    if (in == nullptr) return out;
    out.aged = stored_time(in->aged());
    out.day = stored_day(in->day());
    out.hosts = to_vector(in->hosts(), kMaxItems);
    out.tenants = to_vector(in->tenants(), kMaxItems);
    out.payments = to_vector(in->payments(), kMaxItems);
    out.phones = to_vector(in->phones(), kMaxItems);
    out.recipients = to_vector(in->recipients(), kMaxItems);
    return out;
}

}  // namespace

std::string encode(const Lesson& lesson) {
    flatbuffers::FlatBufferBuilder b(4096);
    std::vector<fb::LessonValue> values;
    for (const auto& v : lesson.values)
        values.emplace_back(v.value, feature_tag(v.feature), v.counted, v.trials, v.novel,
                            flatbuffers::span<const std::uint8_t, kLevels>(v.cell));
    std::vector<fb::LessonRank> ranks;
    for (const auto& r : lesson.ranks)
        ranks.emplace_back(feature_tag(r.feature), r.bucket, r.number);
    std::vector<fb::LessonTouch> touched;
    for (const auto& t : lesson.touched)
        touched.emplace_back(to_unix(t.aged), to_unix(t.last), t.day,
                             fb::LessonKey(flatbuffers::span<const std::uint8_t, 16>(t.key.bytes)),
                             static_cast<std::uint8_t>(t.subject),
                             static_cast<std::uint8_t>(t.what), t.new_day);
    std::vector<fb::LessonHost> hosts;
    for (const auto& h : lesson.hosts) hosts.emplace_back(h.host, h.senders, h.tenants);
    const auto sender = encode(b, lesson.sender), domain = encode(b, lesson.domain);
    const Lesson::Conversation& t = lesson.thread;
    const auto thread =
        fb::CreateLessonThreadDirect(b, t.root, t.new_id, &t.participants, &t.domains, &t.addressed,
                                     &t.words, &t.passages, t.asks, to_unix(t.last));
    const auto stored_values = b.CreateVectorOfStructs(values);
    const auto stored_ranks = b.CreateVectorOfStructs(ranks);
    const auto stored_touched = b.CreateVectorOfStructs(touched);
    const auto stored_hosts = b.CreateVectorOfStructs(hosts);
    const auto fresh = b.CreateVector(lesson.fresh_words);
    std::vector<fb::LessonHabit> habits;
    for (const auto& h : lesson.habits)
        habits.emplace_back(h.value, h.touch, feature_tag(h.feature));
    const auto stored_habits = b.CreateVectorOfStructs(habits);
    fb::FinishLessonBuffer(
        b, fb::CreateLesson(b, stored_values, stored_ranks, stored_touched, stored_hosts, sender,
                            domain, thread, lesson.word_weight, fresh, lesson.site_day,
                            to_unix(lesson.site_aged), lesson.person_named, lesson.domain_named,
                            lesson.invoice, static_cast<std::uint8_t>(lesson.speaker),
                            lesson.names.named, lesson.names.borrowed, to_unix(lesson.names.last),
                            stored_habits, lesson.login_counted));
    return {reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()};
}

std::optional<Lesson> decode_lesson(std::string_view bytes) {
    const Verified<fb::Lesson> in(bytes);
    if (!in || !std::isfinite(in->word_weight())) return std::nullopt;
    Lesson out;
    if (in->values() != nullptr)
        for (const auto* v : *in->values()) {
            const std::size_t f = feature_index(v->tag());
            if (f >= kFeatureCount) continue;
            Lesson::Value value{static_cast<std::uint16_t>(f),
                                v->value(),
                                v->counted(),
                                v->trials(),
                                v->novel(),
                                {}};
            for (std::size_t i = 0; i < kLevels; ++i)
                value.cell[i] = (*v->cell())[static_cast<std::uint16_t>(i)];
            out.values.push_back(value);
        }
    if (in->ranks() != nullptr)
        for (const auto* r : *in->ranks()) {
            const std::size_t f = feature_index(r->tag());
            if (f < kFeatureCount && has_ranks(f) && r->bucket() < kRankBuckets &&
                std::isfinite(r->number()))
                out.ranks.push_back({static_cast<std::uint16_t>(f), r->bucket(), r->number()});
        }
    if (in->touched() != nullptr)
        for (const auto* t : *in->touched()) {
            Lesson::Touch touch;
            if (t->subject() > static_cast<std::uint8_t>(Subject::Account) ||
                t->what() > static_cast<std::uint8_t>(Lesson::What::Tie))
                continue;
            touch.subject = static_cast<Subject>(t->subject());
            touch.what = static_cast<Lesson::What>(t->what());
            for (std::size_t i = 0; i < touch.key.bytes.size(); ++i)
                touch.key.bytes[i] = (*t->key().b())[static_cast<std::uint16_t>(i)];
            touch.aged = stored_time(t->aged());
            touch.last = stored_time(t->last());
            touch.day = stored_day(t->day());
            touch.new_day = t->new_day();
            out.touched.push_back(touch);
        }
    if (in->hosts() != nullptr)
        for (const auto* h : *in->hosts())
            out.hosts.push_back({h->host(), h->senders(), h->tenants()});
    if (in->habits() != nullptr)
        for (const auto* h : *in->habits()) {
            const std::size_t f = feature_index(h->tag());
            if (f < kFeatureCount)
                out.habits.push_back({h->touch(), static_cast<std::uint16_t>(f), h->value()});
        }
    out.login_counted = in->login_counted();
    out.sender = words_of(in->sender());
    out.domain = words_of(in->domain());
    if (const auto* t = in->thread()) {
        out.thread.root = t->root();
        out.thread.new_id = t->new_id();
        out.thread.participants = to_vector(t->participants(), kMaxItems);
        out.thread.domains = to_vector(t->domains(), kMaxItems);
        out.thread.addressed = to_vector(t->addressed(), kMaxItems);
        out.thread.words = to_vector(t->words(), kMaxItems);
        out.thread.passages = to_vector(t->passages(), kMaxItems);
        out.thread.asks = t->asks();
        out.thread.last = stored_time(t->last());
    }
    out.word_weight = in->word_weight();
    out.fresh_words = to_vector(in->fresh_words(), kMaxItems);
    out.site_day = stored_day(in->site_day());
    out.site_aged = stored_time(in->site_aged());
    out.person_named = in->person_named();
    out.domain_named = in->domain_named();
    out.invoice = in->invoice();
    if (in->speaker() <= static_cast<std::uint8_t>(Lesson::Speaker::Regular))
        out.speaker = static_cast<Lesson::Speaker>(in->speaker());
    out.names = {in->name_counted(), in->name_borrowed(), stored_time(in->names_last())};
    return out;
}

}  // namespace kith
