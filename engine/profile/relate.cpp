// SPDX-License-Identifier: Apache-2.0
#include "engine/profile/relate.hpp"

#include <algorithm>
#include <cmath>

#include "engine/profile/account.hpp"
#include "engine/profile/group.hpp"

namespace kith {
namespace {

// Mixture of L.mix and shrinkages (facts/detection-findings 3.4); insensitive by a factor of two
// each.
constexpr double kSenderShare = .40, kDomainShare = .15, kThreadShare = .20, kSiteShare = .25;
constexpr double kSenderShrink = 50, kDomainShrink = 100, kSiteAdd = .1, kSiteWords = 2000,
                 kGapShrink = 200;
constexpr double kFewestRegulars = 100;  // mails, before anything can be said of newcomers' words
constexpr double kFewestWordMails = 3;
constexpr std::size_t kPairs = 8;  // the first few tell; a wide list has its own features
constexpr std::uint32_t kMinWords = 3;
constexpr std::size_t kFewThreadWords =
    20;  // of a thread of two words each would be worth as much as all that its people ever wrote
constexpr double kSharedSenders = 5,
                 kSharedTenants = 8;  // a host where tenants differ: many senders, more pages

/// Words the mail's conversation is known to use: quoted text and what the known parent thread
/// said. Not the subject: it is the writer's own.
struct ThreadWords {
    const std::vector<std::uint32_t>& quoted;
    const Thread* thread;
    [[nodiscard]] bool has(std::uint32_t w) const {
        return std::binary_search(quoted.begin(), quoted.end(), w) ||
               (thread != nullptr &&
                std::binary_search(thread->words.begin(), thread->words.end(), w));
    }
    [[nodiscard]] std::size_t size() const {
        return quoted.size() + (thread == nullptr ? 0 : thread->words.size());
    }
};

std::shared_ptr<const Thread> thread_of(const Observations& o, const Memory& memory) {
    for (const auto ref : o.refs)
        if (auto t = memory.thread(ref)) return t;
    return nullptr;
}

void relate_thread(const Observations& o, const History& h, const Thread* thread, Relations& r) {
    if (o.refs.empty()) {
        r.thread = ThreadState::None;
    } else if (thread == nullptr) {
        r.thread = ThreadState::Unknown;
    } else if (contains(thread->participants, h.sender32)) {
        r.thread = ThreadState::Member;
    } else if (contains(thread->addressed, h.sender32)) {
        r.thread = ThreadState::Addressed;
    } else if (contains(thread->domains, h.domain32)) {
        r.thread = ThreadState::Colleague;
    } else {
        r.thread = ThreadState::Newcomer;
    }
}

/// How much of what is quoted was said in the thread. Only where all of it is known: else every
/// mail that quotes one from before our time would look like a forgery.
void relate_quotes(const Observations& o, const Thread* thread, Relations& r) {
    constexpr std::size_t kFewest = 2;
    if (thread == nullptr || thread->gaps || o.quoted_passages.size() < kFewest) return;
    const auto said = std::count_if(
        o.quoted_passages.begin(), o.quoted_passages.end(), [&](std::uint64_t passage) {
            return std::find(thread->passages.begin(), thread->passages.end(), passage) !=
                   thread->passages.end();
        });
    r.quoted_known = static_cast<double>(said) / static_cast<double>(o.quoted_passages.size());
}

int length_bucket(std::uint32_t words) noexcept {
    constexpr std::uint32_t kLimits[kLengthBuckets - 1] = {8, 25, 80, 200, 400};
    return static_cast<int>(std::upper_bound(std::begin(kLimits), std::end(kLimits), words) -
                            std::begin(kLimits));
}
int history_bucket(double mails) noexcept {
    return mails < 3 ? 0 : mails < 10 ? 1 : mails < 50 ? 2 : 3;
}

/// Was the word in enough mails to tell whose it is?
bool is_known_kind(const SiteWord& w) noexcept {
    return static_cast<double>(w.newcomers + w.regulars) >= kFewestWordMails;
}

/// Log odds that a mail with the word is a sender's first one; of any mail, that it is.
double newcomer_odds(const SiteWord& w) noexcept {
    constexpr double kHalf = .5;
    return std::log((static_cast<double>(w.newcomers) + kHalf) /
                    (static_cast<double>(w.regulars) + kHalf));
}
double newcomer_odds(const SiteState& site) noexcept {
    constexpr double kMails = 5;
    return std::log((site.newcomers + kMails) / (site.regulars + kMails));
}

void relate_language(const Observations& o, const History& h, const Memory& memory,
                     const Thread* thread, Relations& r) {
    r.length_bucket = length_bucket(o.word_total);
    r.history_bucket = history_bucket(r.messages);
    if (o.word_total < kMinWords) return;
    const SiteState& site = memory.site();
    if (site.words < 500) return;  // nothing to compare with in the first hours
    r.language = true;
    const ThreadWords in_thread{o.thread_words, thread};
    const double thread_size = static_cast<double>(std::max(in_thread.size(), kFewThreadWords));
    r.has_thread_words = thread != nullptr || o.thread_words.size() > 10;
    const double n_s = h.vocabulary ? static_cast<double>(h.vocabulary->total) : 0;
    const double n_d = h.domain_vocabulary ? static_cast<double>(h.domain_vocabulary->total) : 0;
    double mix = 0, gap = 0, idf_all = 0, idf_thread = 0, unseen = 0, total = 0;
    double odds = 0, judged = 0;
    for (const auto& [word, count] : o.words) {
        const SiteWord at_site = memory.word(word);
        const double q =
            (static_cast<double>(at_site.count) + kSiteAdd) / (site.words + kSiteWords);
        const double c_s = h.vocabulary ? static_cast<double>(h.vocabulary->count(word)) : 0;
        const double c_d =
            h.domain_vocabulary ? static_cast<double>(h.domain_vocabulary->count(word)) : 0;
        const bool threaded = in_thread.has(word);
        const double p = kSenderShare * (c_s + kSenderShrink * q) / (n_s + kSenderShrink) +
                         kDomainShare * (c_d + kDomainShrink * q) / (n_d + kDomainShrink) +
                         kThreadShare * (threaded ? 1 / thread_size : 0) + kSiteShare * q;
        const double weight = count;
        mix -= weight * std::log(p / q);
        gap += weight * std::log(q * (n_s + kGapShrink) / (c_s + kGapShrink * q));
        total += weight;
        const double idf =
            std::log((site.senders + 1) / (static_cast<double>(at_site.senders) + 1));
        idf_all += std::max(0.0, idf);
        if (threaded) idf_thread += std::max(0.0, idf);
        if (c_s <= 0) unseen += 1;
        if (c_s > 0 || threaded || !is_known_kind(at_site)) continue;
        odds += newcomer_odds(at_site);
        judged += 1;
    }
    r.mix = mix / total;
    r.word_gap = gap / total;
    r.thread_words = idf_all > 0 ? -idf_thread / idf_all : 0;
    r.unseen = unseen / static_cast<double>(o.words.size());
    odds -= judged * newcomer_odds(site);
    r.stranger_words = odds / (judged + 1);  // one or two words tell little
    r.has_stranger_words = site.regulars >= kFewestRegulars;
}

Novelty novelty_of(bool sender, bool domain, double site_senders) noexcept {
    if (sender) return Novelty::Sender;
    if (domain) return Novelty::Domain;
    if (site_senders >= 5) return Novelty::Site5;
    return site_senders > 0 ? Novelty::Site1 : Novelty::Never;
}

Novelty worse(Novelty a, Novelty b) noexcept {
    if (a == Novelty::None) return b;
    if (b == Novelty::None) return a;
    return std::max(a, b);
}

/// Words inside a link: their salience, and how much of it is known from the thread, from the
/// sender or from many others.
struct WordsKnown {
    double known = 0, all = 0;
    [[nodiscard]] double share() const { return all > 0 ? known / all : 0; }
};
WordsKnown words_known(const ObservedLink& link, const ThreadWords& in_thread, const History& h,
                       const Memory& memory) {
    WordsKnown out;
    for (const auto word : link.words) {
        const SiteWord at_site = memory.word(word);
        const double idf = std::max(0.0, std::log((memory.site().senders + 1) /
                                                  (static_cast<double>(at_site.senders) + 1)));
        out.all += idf;
        if (in_thread.has(word))
            out.known += idf;
        else if (h.vocabulary && h.vocabulary->count(word) > 0)
            out.known += .7 * idf;
        else if (at_site.senders >= 5)
            out.known += .3 * idf;
    }
    return out;
}

void relate_links(const Observations& o, const History& h, const Memory& memory,
                  const Thread* thread, Relations& r) {
    double known = 0, all = 0;
    const ThreadWords in_thread{o.thread_words, thread};
    for (const auto& link : o.links) {
        if (link.own_domain) continue;
        const std::uint32_t host = fold32(link.host), tenant = fold32(link.tenant);
        const HostUse use = memory.host(link.host);
        const auto has = [](const std::shared_ptr<const Vocabulary>& v, auto list,
                            std::uint32_t x) { return v && contains((*v).*list, x); };
        const bool sender_host = has(h.vocabulary, &Vocabulary::hosts, host);
        const bool sender_tenant = has(h.vocabulary, &Vocabulary::tenants, tenant);
        r.host = worse(r.host,
                       novelty_of(sender_host, has(h.domain_vocabulary, &Vocabulary::hosts, host),
                                  static_cast<double>(use.senders)));
        r.tenant =
            worse(r.tenant,
                  novelty_of(sender_tenant, has(h.domain_vocabulary, &Vocabulary::tenants, tenant),
                             static_cast<double>(memory.host(link.tenant).senders)));
        const bool shared = static_cast<double>(use.senders) >= kSharedSenders &&
                            static_cast<double>(use.tenants) >= kSharedTenants;
        const bool fresh = !link.sender_domain && (!sender_host || (shared && !sender_tenant));
        const WordsKnown words = words_known(link, in_thread, h, memory);
        if (fresh) {
            r.link_known = r.new_link ? std::min(r.link_known, words.share()) : words.share();
            r.link_asks |= link.asks;
            r.new_link = true;
        }
        known += words.known;
        all += words.all;
    }
    if (all > 0) {
        r.url_words = true;
        r.url_known = known / all;
    }
}

void relate_facts(const Observations& o, const History& h, const Memory& memory, Relations& r) {
    const auto judge = [&](const std::vector<std::uint64_t>& items, auto list) {
        Novelty n = Novelty::None;
        for (const auto item : items) {
            const bool sender = h.vocabulary && contains((*h.vocabulary).*list, fold32(item));
            const bool domain =
                h.domain_vocabulary && contains((*h.domain_vocabulary).*list, fold32(item));
            n = worse(n,
                      novelty_of(sender, domain, static_cast<double>(memory.host(item).senders)));
        }
        return n;
    };
    r.payment = judge(o.payment, &Vocabulary::payments);
    r.phone = judge(o.phones, &Vocabulary::phones);
}

/// Is there one recipient whom nobody ever addressed together with another of them, and who has
/// nothing to do with the conversation, while the others are a group: each of them often addressed
/// with another?
bool has_odd_reader(const Observations& o, const Thread* thread, const Memory& memory) {
    constexpr std::size_t kFewest = 3, kMost = 8;  // a wide list is no slip
    constexpr float kOften = 5;
    if (o.rcpts.size() < kFewest || o.rcpts.size() > kMost) return false;
    std::size_t strangers = 0;
    for (const auto& rcpt : o.rcpts) {
        const NameUse circle = memory.name(circle_key(rcpt));
        float together = 0;
        for (const auto& other : o.rcpts)
            for (const auto& b : circle.bearers)
                if (other != rcpt && b.address == other.short32())
                    together = std::max(together, b.count);
        if (together >= kOften) continue;
        const bool in_thread =
            thread != nullptr && (contains(thread->participants, rcpt.short32()) ||
                                  contains(thread->addressed, rcpt.short32()));
        if (together > 0 || in_thread || ++strangers > 1) return false;
    }
    return strangers == 1;
}

void relate_people(const Observations& o, const History& h, const Memory& memory,
                   const Thread* thread, Relations& r) {
    if (h.vocabulary && r.messages >= 3 && !o.rcpts.empty()) {
        std::size_t known = 0;
        for (const auto& rcpt : o.rcpts)
            known += contains(h.vocabulary->recipients, rcpt.short32()) ? 1U : 0U;
        r.recipients_known = static_cast<double>(known) / static_cast<double>(o.rcpts.size());
    }
    if (h.profile && h.profile->last_received != Time{}) {
        const double days = days_between(h.profile->last_received, o.time);
        r.wrote_back = days <= 7 ? 3 : days <= 90 ? 2 : 1;
    }
    std::size_t looked = 0;
    for (const auto& rcpt : o.rcpts) {
        if (++looked > kPairs) break;
        if (const auto pair = memory.profile(Subject::Pair, pair_key(h.sender, rcpt)))
            r.pair_messages = std::max(r.pair_messages, static_cast<double>(pair->messages));
        if (const auto back = memory.profile(Subject::Pair, pair_key(rcpt, h.sender)))
            r.pair_answers = std::max(r.pair_answers, static_cast<double>(back->messages));
    }
    if (h.profile) {
        r.received = static_cast<double>(h.profile->received);
        r.days = static_cast<double>(h.profile->days);
    }
    if (h.domain_profile) r.domain_received = static_cast<double>(h.domain_profile->received);
    if (h.vocabulary) r.readers = h.vocabulary->recipients.size();
    const People& people = memory.site().people;
    r.vip = people.is_vip(h.sender32);
    r.odd_reader = has_odd_reader(o, thread, memory);
    r.answers_suspect = std::any_of(o.refs.begin(), o.refs.end(), [&](std::uint64_t ref) {
        return std::find(people.suspects.begin(), people.suspects.end(), ref) !=
               people.suspects.end();
    });
}

/// The best known of those who carry a name and may be meant; nullptr = nobody.
template <class MayBe>
const NameUse::Bearer* best_known(const NameUse& use, double at_least, MayBe&& may_be) {
    const NameUse::Bearer* best = nullptr;
    for (const auto& b : use.bearers)
        if (may_be(b) && static_cast<double>(b.count) >= at_least &&
            (best == nullptr || b.count > best->count))
            best = &b;
    return best;
}

/// A service that writes under the names of those who use it, and this mail is its own.
bool lends_names(const Observations& o, const History& h) {
    return o.vouched_by_domain() && h.domain_profile &&
           lends_names(h.domain_profile->borrowed, o.time);
}

/// A domain with mail both ways whose people are addressed together. A provider's customers have
/// nothing to do with each other, whether or not anybody ever listed it as free mail.
bool is_firm(const Profile& domain) {
    if (static_cast<double>(domain.ever) < kBusinessMails ||
        static_cast<double>(domain.received) < kBusinessMails)
        return false;
    // A domain counts a value once for each of its people who showed it.
    const std::size_t f = index_of(FeatureId::colleague_copied);
    const double alone = domain.weight(f, FeatureValue::kAbsent);
    const double together = domain.total(f) - alone;
    constexpr double kPeople = 3, kShare = .25;
    return together >= kPeople && together >= kShare * alone;
}

void claim(const NameUse::Bearer& bearer, Relations& r) {
    if (!r.claimed && bearer.correspondent != Key16{}) r.claimed = bearer.correspondent;
}

void relate_identity(const Observations& o, const History& h, const Memory& memory, Relations& r) {
    if (r.messages >= kKnownMails) return;  // who writes for himself needs no disguise
    r.firm = h.domain_profile && is_firm(*h.domain_profile);
    if (r.domain_messages < kStrangerMails)
        for (const auto key : o.label_variants) {
            const NameUse use = memory.name(key);
            r.look_alike_domain =
                r.look_alike_domain ||
                std::any_of(use.bearers.begin(), use.bearers.end(), [&](const NameUse::Bearer& b) {
                    return b.domain != h.domain32 && static_cast<double>(b.count) >= kKnownMails;
                });
        }
    if (o.local_part != 0) {
        const NameUse use = memory.name(o.local_part);
        const auto* person = best_known(
            use, kKnownMails, [&](const NameUse::Bearer& b) { return b.domain != h.domain32; });
        // A local part that many people have (info, sales) names nobody.
        if (person != nullptr && use.bearers.size() < NameUse::kMaxBearers / 2) {
            r.known_local_part = true;
            claim(*person, r);
        }
    }
    if (o.name != 0 && lends_names(o, h)) {
        r.lent_name = is_known_elsewhere(memory.name(o.name), h.domain32);
    } else if (o.name != 0) {
        const NameUse use = memory.name(o.name);
        if (const auto* person = best_known(
                use, kNamed, [&](const NameUse::Bearer& b) { return b.address != h.sender32; })) {
            r.known_name = true;
            claim(*person, r);
        }
        const People& people = memory.site().people;
        for (const auto& b : use.bearers) {
            if (b.address == h.sender32 || static_cast<double>(b.count) < kNamed) continue;
            r.own_name = r.own_name || contains(people.own_domains, b.domain);
            r.vip_name = r.vip_name || people.is_vip(b.address);
        }
    }
    for (const auto label : o.name_labels) {
        if (label == o.domain_label) continue;
        const NameUse use = memory.name(label);
        r.known_brand =
            r.known_brand ||
            std::any_of(use.bearers.begin(), use.bearers.end(), [&](const NameUse::Bearer& b) {
                return b.domain != h.domain32 && static_cast<double>(b.count) >= kKnownMails;
            });
    }
}

}  // namespace

bool is_known_elsewhere(const NameUse& name, std::uint32_t domain32) noexcept {
    return std::any_of(name.bearers.begin(), name.bearers.end(), [&](const NameUse::Bearer& b) {
        return b.domain != domain32 && static_cast<double>(b.count) >= kNamed;
    });
}

History history_of(const Observations& o, const Memory& memory) {
    History h{o.sender, o.domain, o.sender32, o.domain32, {}, {}, {}, {}, {}};
    h.profile = memory.profile(Subject::Correspondent, o.sender);
    h.domain_profile = memory.profile(Subject::Domain, o.domain);
    h.vocabulary = memory.vocabulary(o.sender);
    h.domain_vocabulary = memory.vocabulary(o.domain);
    return h;
}

Relations relate(const Observations& o, const History& h, const Memory& memory) {
    Relations r;
    r.messages = h.profile ? static_cast<double>(h.profile->ever) : 0;
    if (h.profile && h.profile->first != Time{})
        r.known_days = days_between(h.profile->first, o.time);
    r.domain_messages = h.domain_profile ? static_cast<double>(h.domain_profile->ever) : 0;
    const auto thread = thread_of(o, memory);
    relate_thread(o, h, thread.get(), r);
    relate_quotes(o, thread.get(), r);
    relate_language(o, h, memory, thread.get(), r);
    relate_links(o, h, memory, thread.get(), r);
    relate_facts(o, h, memory, r);
    relate_people(o, h, memory, thread.get(), r);
    relate_identity(o, h, memory, r);
    relate_groups(o, h.domain32, memory, r);
    r.account_from = account_from(o, h.sender, memory);
    return r;
}

}  // namespace kith
