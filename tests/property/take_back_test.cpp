// SPDX-License-Identifier: Apache-2.0
// A site that learned a bad mail and took it back judges as one that never learned it
// (engine/learner/lesson.hpp), whatever came before, in between and after, of its sender and of
// others. Compared are the surprises of every feature: all that scores are made of.
#include <random>

#include "engine/features/spec.hpp"
#include "engine/learner/learn.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr int kPeople = 8;
const char* const kWords[] = {"order", "gasket",  "drawing", "monday", "pallet",
                              "price", "invoice", "sample",  "report", "offer"};

std::string address_of(int i) {
    return "person" + std::to_string(i) + "@firm" + std::to_string(i % 3) + ".example";
}

/// An ordinary mail of the site's, with habits of its sender and some accidents.
Mail ordinary(std::mt19937& random, int number, double at) {
    const int i = static_cast<int>(random() % kPeople);
    Mail m(address_of(i), day(at));
    m.id("m" + std::to_string(number));
    m.to({address_of(static_cast<int>(random() % kPeople)),
          address_of(static_cast<int>(random() % kPeople))});
    if (number > 0 && random() % 2 == 0)
        m.refers_to({"m" + std::to_string(random() % static_cast<unsigned>(number))});
    const int agent = random() % 8 == 0 ? static_cast<int>(random() % 5) : i;
    m.shows(FeatureId::user_agent, "agent" + std::to_string(agent));
    m.shows(FeatureId::time_zone, random() % 9 == 0 ? "+0200" : "+0100");
    m.bin(FeatureId::recipient_count, static_cast<int>(random() % 3));
    m.has(FeatureId::x_headers, "x" + std::to_string(random() % 4));
    std::string text;
    for (const char* const word : kWords)
        if (random() % 3 == 0) text += (text.empty() ? "" : " ") + std::string(word);
    if (!text.empty()) m.says(text);
    if (random() % 3 == 0) m.links_to("docs.example", "page" + std::to_string(random() % 4));
    if (random() % 5 == 0) m.asks_for({Ask::Click});
    m.direction(random() % 3 == 0 ? Direction::Outbound : Direction::Inbound);
    return m;
}

/// Like those, and with something of everything that only it has.
Mail bad_mail(std::mt19937& random, int number, double at) {
    Mail m = ordinary(random, number, at);
    m.shows(FeatureId::user_agent, "evil").shows(FeatureId::time_zone, "+0900");
    m.get().links.clear();
    m.says("wallet transfer urgent").links_to("evil.example", "pay").asks_for({Ask::Payee});
    Observations& o = m.get();
    o.direction = Direction::Inbound;
    o.payment = {77};
    o.phones = {78};
    o.name = 79;
    o.local_part = 80;
    o.label_variants = {81, 82};
    o.own_passages = {83, 84, 85};
    return m;
}

/// Which features a comparison looks at.
enum class Look : std::uint8_t { All, Direct };

double total_difference(const Surprises& a, const Surprises& b, Look look) {
    double sum = 0;
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (look == Look::All || feature_spec(f).extract != nullptr)
            sum += static_cast<double>(std::abs(a[f] - b[f]));
    return sum;
}

struct Twins {
    LearnedMemory with, without;
    LearnerOptions options;
    void both(const Observations& o) {
        learn(o, test_hasher(), options, with);
        learn(o, test_hasher(), options, without);
    }
    /// Only `with` learns it; for the other no less time has passed.
    Lesson one(const Observations& o) {
        without.edit_profile(Subject::Correspondent, o.sender).age(o.time, options.half_life_days);
        without.edit_profile(Subject::Domain, o.domain)
            .age(o.time, kParentHalfLife * options.half_life_days);
        without.edit_site().values.age(o.time, kParentHalfLife * options.half_life_days);
        return learn(o, test_hasher(), options, with);
    }
    [[nodiscard]] double difference(const Observations& probe, Look look) const {
        return total_difference(compare(probe, with, test_hasher()).surprise.x,
                                compare(probe, without, test_hasher()).surprise.x, look);
    }
};

struct Outcome {
    double learned = 0, taken_back = 0;  ///< differences of all surprises of all probes, in nats
};

/// Learns `before` mails, the bad one, `after` mails (`same_sender`: its sender's among them), and
/// takes the bad one back.
Outcome run(unsigned seed, int before, int after, bool same_sender, Look look) {
    std::mt19937 random(seed);
    Twins site;
    int number = 0;
    for (; number < before; ++number) site.both(ordinary(random, number, .2 * number));
    const Mail made = bad_mail(random, number, .2 * number);
    const Observations& bad = made;
    const Lesson lesson = site.one(bad);
    for (++number; number <= before + after; ++number) {
        Mail m = ordinary(random, number, .2 * number);
        std::erase(m.get().refs, bad.message_id);
        if (same_sender || m.get().sender != bad.sender) site.both(m);
    }

    std::vector<Mail> probes{made};
    for (int i = 0; i < 40; ++i) {
        probes.push_back(ordinary(random, number + i, .2 * number));
        // An answer to the bad mail, and its traits under another name.
        if (i % 4 == 0) probes.back().get().refs = {bad.message_id};
        if (i % 4 == 1)
            probes.back().shows(FeatureId::user_agent, "evil").links_to("evil.example", "pay");
    }
    Outcome total;
    for (const Mail& p : probes) total.learned += site.difference(p, look);
    const auto stored = decode_lesson(encode(lesson));
    REQUIRE(stored);
    take_back(bad, *stored, site.options, site.with);
    for (const Mail& p : probes) total.taken_back += site.difference(p, look);
    return total;
}

}  // namespace

TEST_CASE("STORE-11: what is taken back at once was never learned") {
    const unsigned seed = GENERATE(range(1U, 25U));
    const Outcome o = run(seed, 60 + static_cast<int>(seed) * 4, 0, true, Look::All);
    INFO("seed " << seed);
    CHECK(o.learned > 20);
    CHECK(o.taken_back < .01 * o.learned);
}

TEST_CASE("what is taken back after weeks of others' mail was hardly ever learned") {
    const unsigned seed = GENERATE(range(1U, 25U));
    const Outcome o = run(seed, 150, 20 + static_cast<int>(seed) * 5, false, Look::Direct);
    INFO("seed " << seed);
    CHECK(o.learned > 20);
    CHECK(o.taken_back < .25 * o.learned);
}

TEST_CASE("what is taken back after weeks of its sender's mail leaves no more than a noisy curve") {
    const unsigned seed = GENERATE(range(1U, 25U));
    const Outcome o = run(seed, 150, 20 + static_cast<int>(seed) * 5, true, Look::Direct);
    INFO("seed " << seed);
    CHECK(o.learned > 20);
    CHECK(o.taken_back < .25 * o.learned);
}

TEST_CASE("the first mail of a stranger leaves nothing") {
    Twins site;
    std::mt19937 random(7);
    for (int i = 0; i < 50; ++i) site.both(ordinary(random, i, .2 * i));
    Mail made("mallory@evil.example", day(11));
    const Observations& bad = made.says("wallet transfer").links_to("evil.example");
    const Lesson lesson = site.one(bad);
    take_back(bad, lesson, site.options, site.with);
    const auto mallory = site.with.profile(Subject::Correspondent, person("mallory@evil.example"));
    REQUIRE(mallory);
    CHECK(mallory->messages == 0);
    CHECK(mallory->ever == 0);
    CHECK(mallory->days == 0);
    CHECK(mallory->first == Time{});
    CHECK(mallory->values().empty());
    CHECK(site.with.site().senders == site.without.site().senders);
    CHECK(site.with.site().learned == site.without.site().learned);
    CHECK(site.with.thread(bad.message_id) == nullptr);
    CHECK(site.difference(bad, Look::All) < 1e-4);
}
