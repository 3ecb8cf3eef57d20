// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as records of the store, at the keys where two mails look for them: milter and
// learner judge with what decodes, numbers stay numbers, and what is written afterwards decodes.
// Records of the kinds that are looked up by the admin are listed and found. (The real store
// refuses bytes whose sum is wrong; this is what stands behind it.)
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/assess/assess.hpp"
#include "engine/assess/delay.hpp"
#include "engine/assess/store_memory.hpp"
#include "engine/base/text.hpp"
#include "engine/learner/attached.hpp"
#include "engine/learner/incident.hpp"
#include "engine/learner/learner.hpp"
#include "engine/learner/lesson.hpp"
#include "engine/learner/mail_index.hpp"
#include "engine/learner/mail_learner.hpp"
#include "engine/profile/account.hpp"
#include "engine/profile/keys.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/observed.hpp"

namespace {

using namespace kith;

void require(bool condition) {
    if (!condition) std::abort();
}

template <class T>
T must(Result<T> result) {
    require(result.has_value());
    return std::move(result).value();
}

/// A mail of a partner that wants something, and one from here that answers it.
const std::vector<MailRecord>& mails() {
    static const std::vector<MailRecord> all = [] {
        test::Mail in("anna@partner.example", test::day(20));
        in.to({"ben@site.example", "cleo@site.example"}).id("in").refers_to({"before"});
        in.links_to("files.example", "x").asks_for({Ask::Pay, Ask::Click}).says("the new account");
        in.quotes("as we wrote");
        Observations& o = in.get();
        o.payment = {11};
        o.phones = {12};
        o.name = 13;
        o.local_part = 14;
        o.domain_label = 15;
        o.label_variants = {15, 16};
        o.name_labels = {16, 17};
        o.own_passages = {18, 19};
        o.quoted_passages = {20};
        test::Mail out("ben@site.example", test::day(20.5));
        out.direction(Direction::Outbound).to({"anna@partner.example"}).id("out").refers_to({"in"});
        out.get().account = test::person("ben@site.example");
        out.get().rcpt_domains = {o.domain};
        return std::vector<MailRecord>{test::record_of(in), test::record_of(out)};
    }();
    return all;
}

/// The state of a site that has had a few weeks of such mail.
const test::MemoryStore& past() {
    static const test::MemoryStore store = [] {
        test::MemoryStore s;
        const Config config;
        LearnedMemory memory;
        MailLearner learner(test::test_hasher(), config.budget, config.learner, memory);
        for (int i = 0; i < 40; ++i)
            for (MailRecord mail : mails()) {
                Observations& o = mail.observations;
                o.time = mail.time = test::day(i * .4);
                o.message_id += static_cast<std::uint64_t>(i) + 1;
                o.asks = 0;
                o.links.clear();
                if (i < 35) o.payment.clear();
                learner.advance(o.time);
                (void)learner.take(mail, learner.judge(o, {}));
            }
        require(memory.flush(s).has_value());
        return s;
    }();
    return store;
}

/// Where a record of this kind is looked for.
void put(std::uint8_t kind, std::string_view bytes, test::MemoryStore& store) {
    const Observations& o = mails()[kind >= 128 ? 1 : 0].observations;
    const auto at = [&](Table table, std::string_view key) {
        require(store.put(table, key, bytes).has_value());
    };
    const auto at_key = [&](Subject subject, const Key16& key) {
        at(Table::Profiles, stored_key(subject, key).view());
    };
    const std::string id = mails()[kind >= 128 ? 1 : 0].id;
    switch (kind % 19) {
        case 0:
            return at_key(Subject::Correspondent, o.sender);
        case 1:
            return at_key(Subject::Domain, o.domain);
        case 2:
            for (const Key16& rcpt : o.rcpts) {
                at_key(Subject::Pair, pair_key(o.sender, rcpt));
                at_key(Subject::Group, rcpt);
                at_key(Subject::Correspondent, rcpt);
            }
            return at_key(Subject::Account, o.account);
        case 3:
            return at(Table::Words, o.sender.view());
        case 4:
            return at(Table::Words, o.domain.view());
        case 5:
            for (const auto& w : o.words) at(Table::SiteWords, word_key(w.word));
            return;
        case 6:
            for (const auto ref : o.refs) {
                require(
                    store.put(Table::Threads, thread_alias_key(ref), integer_key(7)).has_value());
                at(Table::Threads, thread_key(7));
            }
            return;
        case 7:
            for (const auto& link : o.links) {
                at(Table::Hosts, integer_key(link.host));
                at(Table::Hosts, integer_key(link.tenant));
            }
            return;
        case 8:
            for (const auto name : {o.name, o.local_part, o.domain_label, std::uint64_t{16},
                                    circle_key(o.rcpts.front()), logins_key(o.sender)})
                at(Table::Names, integer_key(name));
            return;
        case 9:
            return at(Table::Recent, o.sender.view());
        case 10: {
            const std::size_t cut = bytes.find('\0');
            if (cut == std::string_view::npos) return;
            require(
                store.put(Table::Site, bytes.substr(0, cut), bytes.substr(cut + 1)).has_value());
            return;
        }
        case 11:
            return at(Table::Waiting, integer_key(static_cast<std::uint64_t>(to_unix(o.time))) +
                                          integer_key(o.message_id) + std::string(o.sender.view()));
        case 12:
            return at(Table::Messages, delayed_key(delay_key(o, test::test_hasher())));
        case 13:
            return at(Table::Messages, lesson_key(o.time, id));
        case 14:
            return at(Table::Messages, incident_key(o.sender));
        case 15:
            return at(Table::Messages, attached_key(id));
        case 16:
            return at(Table::Messages, "I" + id);
        case 17:
            return at(Table::Meta, "checkpoint");
        default: {  // any key in any table: its length, the table, the key, the value
            if (bytes.size() < 3) return;
            const std::size_t length =
                std::min<std::size_t>(1 + static_cast<unsigned char>(bytes[0]), bytes.size() - 2);
            (void)store.put(static_cast<Table>(static_cast<unsigned char>(bytes[1]) % kTableCount),
                            bytes.substr(2, length), bytes.substr(2 + length));
        }
    }
}

void check(const Judgement& j) {
    const Assessment& a = j.assessment;
    for (const double x : {a.score, a.p, a.raw, a.own_evidence, j.level_free_evidence})
        require(std::isfinite(x));
    require(a.score >= 0 && a.score <= 100 && a.p >= 0 && a.p <= 1);
    for (const IndicatorScore& i : a.indicators) require(i.score >= 0 && i.score <= 100);
    for (const Reason& r : a.reasons) require(std::isfinite(r.weight) && is_valid_utf8(r.text));
    for (const std::string& tag : a.tags) require(is_valid_utf8(tag));
}

void judge_as_the_milter(const StoreReader& store) {
    const ScoringOptions options;
    const auto snapshot = must(load_snapshot(store, 1));
    for (const MailRecord& mail : mails()) {
        const StoreMemory memory(store, snapshot);
        AssessContext context{memory, snapshot->scales, test::test_hasher(), options, {}};
        context.attempt.delayed_since =
            memory.delayed_since(delay_key(mail.observations, test::test_hasher()));
        check(assess(mail.observations, {}, context));
    }
}

void learn(test::MemoryStore& store) {
    const Config config;
    LearnedMemory memory;
    memory.read_from(&store);
    (void)must(memory.load_site());
    MailLearner learner(test::test_hasher(), config.budget, config.learner, memory);
    for (const MailRecord& mail : mails()) {
        learner.advance(mail.time);
        const Judgement j = learner.judge(mail.observations, {});
        check(j);
        (void)learner.take(mail, j);
        (void)learner.attach(mail, {});
        (void)index_mail(store, mail, {1, 2});
    }
    learner.confirm_bad(mails()[0]);
    learner.release(mails()[1], true, test::day(21));
    learner.rescale();
    check(learner.judge(mails()[0].observations, {}));
    require(memory.flush(store).has_value());
    memory.flushed();
    // What was written is read again; what could not be read before may still lie there.
    LearnedMemory again;
    again.read_from(&store);
    (void)must(again.load_site());
    for (const MailRecord& mail : mails())
        require(again.profile(Subject::Correspondent, mail.observations.sender) != nullptr);
}

void look_as_an_admin(test::MemoryStore& store) {
    for (const MailClass mails_wanted : {MailClass::All, MailClass::Tagged, MailClass::Held})
        (void)list_mail(store, {mails_wanted, std::nullopt, 5, std::nullopt});
    for (const MailRecord& mail : mails()) {
        (void)resolve_mail(store, mail.id, mail.observations.message_id);
        if (const auto attached = find_attached(store, mail.id); attached && *attached)
            require(is_valid_utf8(attached_text(**attached)));
        (void)find_incident(store, mail.id);
        (void)set_mail_state(store, mail.id, MailState::Released, test::day(22));
    }
    if (const auto incidents = list_incidents(store))
        for (const Incident& incident : *incidents) (void)incident.is_open(test::day(22));
    (void)read_checkpoint(store);
    (void)read_damaged_segment(store);
    (void)expire_mail(store, test::day(60), 10);
    (void)expire_incidents(store, test::day(60), 10);
    (void)expire_lessons(store, test::day(60), 10);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string_view in(reinterpret_cast<const char*>(bytes), size);
    test::MemoryStore store = past();
    // Kind, length (two bytes, low first), record; as many as there are.
    while (in.size() > 3) {
        const auto byte = [&](std::size_t i) {
            return static_cast<std::size_t>(static_cast<unsigned char>(in[i]));
        };
        const std::size_t length = std::min(byte(1) + 256 * byte(2), in.size() - 3);
        put(static_cast<std::uint8_t>(in[0]), in.substr(3, length), store);
        in.remove_prefix(3 + length);
    }
    judge_as_the_milter(store);
    look_as_an_admin(store);
    learn(store);
    return 0;
}
