// SPDX-License-Identifier: Apache-2.0
// What a million correspondents cost the thousandth: assess() over the same store with 1,000
// learned correspondents, and again when a million more are in it, each a copy of a learned one
// under a key of its own. store_scale [--correspondents N] [--mails N]
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "engine/assess/store_memory.hpp"
#include "engine/assess/warm_up.hpp"
#include "engine/learner/mail_learner.hpp"
#include "engine/profile/keys.hpp"
#include "tests/bench/must.hpp"
#include "tests/support/observed.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using namespace kith::test;

namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr long kLearned = 1000, kMailsEach = 12;

double us_since(SteadyClock::time_point start) {
    return std::chrono::duration<double, std::micro>(SteadyClock::now() - start).count();
}
std::string address(long who) {
    return "person" + std::to_string(who) + "@firm" + std::to_string(who % 97) + ".example";
}
std::string copy_address(long copy) {
    return "copy" + std::to_string(copy) + "@firm" + std::to_string(copy % 97) + ".example";
}

/// Mail `number` of correspondent `who`: sixty words of its own few hundred, now and then a link.
Observations mail(long who, long number) {
    Mail m(address(who), day(0.01 * static_cast<double>(number)));
    m.id(std::to_string(who) + "/" + std::to_string(number));
    std::string text = "about";
    for (long w = 0; w < 60; ++w)
        text += " w" + std::to_string((who * 31 + w * 7 + number * 13) % 3000);
    m.says(text);
    if (number % 4 == 0) m.links_to("host" + std::to_string(who % 300) + ".example");
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (feature_spec(f).kind == Kind::Category && feature_spec(f).extract != nullptr &&
            !m.get().values[f].present())
            m.get().values[f].code =
                2 + static_cast<std::uint32_t>((who + static_cast<long>(f)) % 9);
    return m;
}

void learn_some(Store& store, const LearnerOptions& options) {
    LearnedMemory memory;
    auto writer = must(store.write());
    for (long n = 0; n < kMailsEach; ++n)
        for (long who = 0; who < kLearned; ++who)
            learn(mail(who, n), test_hasher(), options, memory);
    must(memory.flush(*writer));
    must(writer->commit());
}

/// Copies in the order of their keys: a table grows at its end, which is fast and packs it densely.
void add_copies(Store& store, long copies) {
    constexpr std::size_t kAtOnce = 20'000;
    std::vector<std::pair<Key16, long>> keys;
    for (long i = 0; i < copies; ++i) keys.emplace_back(person(copy_address(i)), i % kLearned);
    std::sort(keys.begin(), keys.end(),
              [](const auto& a, const auto& b) { return a.first.bytes < b.first.bytes; });
    for (const Table table : {Table::Profiles, Table::Words}) {
        const auto key_of = [&](const Key16& k) {
            return table == Table::Profiles ? stored_key(Subject::Correspondent, k) : k;
        };
        std::vector<std::string> values;
        {
            auto reader = must(store.read());
            for (long who = 0; who < kLearned; ++who) {
                auto value = must(reader->get(table, key_of(person(address(who))).view()));
                if (!value) stop("a learned correspondent is not in the store");
                values.push_back(std::move(*value));
            }
        }
        for (std::size_t i = 0; i < keys.size();) {
            auto writer = must(store.write());
            for (const std::size_t end = std::min(keys.size(), i + kAtOnce); i < end; ++i)
                must(writer->put(table, key_of(keys[i].first).view(),
                                 values[static_cast<std::size_t>(keys[i].second)]));
            must(writer->commit());
        }
    }
}

/// Time this thread had on a processor: on a busy machine the waiting for one says nothing.
double cpu_us() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e6 * static_cast<double>(t.tv_sec) + 1e-3 * static_cast<double>(t.tv_nsec);
}

struct Times {
    double p50 = 0, p99 = 0;  ///< microseconds of a processor
    double wall_p99 = 0;
};

double quantile(std::vector<double>& values, double q) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

/// Mails of learned correspondents, or of their copies spread over the whole store. Mails counted
/// from another number are other copies'.
Times measure(const Store& store, long mails, long copies, long from = 0) {
    auto reader = must(store.read());
    const auto snapshot = must(load_snapshot(*reader, 1));
    const ScoringOptions scoring;
    std::vector<double> took, wall;
    for (long i = 0; i < mails; ++i) {
        const long copy = copies > 0 ? static_cast<long>((from + i) * 104729LL % copies) : 0;
        Observations o = mail(copies > 0 ? copy % kLearned : i * 7919 % kLearned, kMailsEach + i);
        if (copies > 0) {
            o.sender = person(copy_address(copy));
            o.sender32 = o.sender.short32();
        }
        const auto start = SteadyClock::now();
        const double cpu_start = cpu_us();
        const StoreMemory memory(*reader, snapshot);
        const Judgement j = assess(o, Labels{}, {memory, snapshot->scales, test_hasher(), scoring});
        took.push_back(cpu_us() - cpu_start);
        wall.push_back(us_since(start));
        if (!memory.trouble().empty()) stop(memory.trouble());
        if (j.history.profile == nullptr) stop("a correspondent is not in the store");
    }
    return {quantile(took, .5), quantile(took, .99), quantile(wall, .99)};
}

void read_whole(const Store& store) {
    WarmUp warm_up(~std::uint64_t{0});
    while (warm_up.step(*must(store.read()))) {
    }
}

long number(const char* text) { return std::max(1L, std::atol(text)); }

}  // namespace

int main(int argc, char** argv) {
    long correspondents = 1'000'000, mails = 20'000;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--correspondents") == 0)
            correspondents = number(argv[i + 1]);
        else if (std::strcmp(argv[i], "--mails") == 0)
            mails = number(argv[i + 1]);
        else
            stop(std::string("unknown option ") + argv[i]);
    }
    const TempDir directory;
    StoreOptions options;
    options.directory = directory.file("store");
    options.map_size_bytes = 64ULL << 30;
    options.durable = false;
    std::filesystem::create_directories(options.directory);
    auto store = must(Store::open(options, Store::Mode::Write));
    learn_some(*store, LearnerOptions{});
    (void)measure(*store, mails / 10, 0);  // warm
    const Times few = measure(*store, mails, 0);
    const auto start = SteadyClock::now();
    add_copies(*store, correspondents);
    std::printf("%ld correspondents more, made in %.0f s; %.2f GB used\n", correspondents,
                us_since(start) / 1e6, static_cast<double>(must(store->stats()).used_bytes) / 1e9);
    // The first look at a correspondent since the process began maps its pages: the kernel's time,
    // once each, unless the warm-up came before it.
    const Times cold = measure(*store, mails, correspondents);
    const auto before = SteadyClock::now();
    read_whole(*store);
    std::printf("read whole, as a milter does when it begins, in %.1f s\n", us_since(before) / 1e6);
    const Times first = measure(*store, mails, correspondents, mails);
    const Times many = measure(*store, mails, correspondents, mails);
    const auto print = [](long n, const char* what, const Times& t) {
        std::printf(
            "assess with %7ld%s: p50 %.0f us, p99 %.0f us of a processor; p99 by the clock %.0f "
            "us\n",
            n, what, t.p50, t.p99, t.wall_p99);
    };
    print(kLearned, "", few);
    print(correspondents, ", each for the first time, nothing read before", cold);
    print(correspondents, ", each for the first time", first);
    print(correspondents, ", again", many);
    std::printf(
        "more at p99: %.0f us for the first time, %.0f us again, %.0f us where nothing was read "
        "before\n",
        first.p99 - few.p99, many.p99 - few.p99, cold.p99 - few.p99);
    // Look-ups are logarithmic: many times the correspondents must not cost many times the time.
    return many.p50 < 3 * few.p50 ? 0 : 1;
}
