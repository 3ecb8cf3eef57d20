// SPDX-License-Identifier: Apache-2.0
// How long judging and learning take when the store knows 1,000 and 100,000 correspondents: p50 and
// p99 of assess() over a snapshot of a real store, and mails a second through the learner's memory
// into it. Both sizes in one run; what counts is the ratio between them, which a busy machine
// changes little. assess_bench [--small N] [--large N] [--mails N]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "engine/assess/store_memory.hpp"
#include "engine/learner/mail_learner.hpp"
#include "tests/bench/must.hpp"
#include "tests/support/observed.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using namespace kith::test;

namespace {

using Clock_ = std::chrono::steady_clock;
double us_since(Clock_::time_point start) {
    return std::chrono::duration<double, std::micro>(Clock_::now() - start).count();
}

/// Mail `number` of correspondent `who`: a hundred words, a link, the usual features.
Observations mail(long who, long number) {
    Mail m("person" + std::to_string(who) + "@firm" + std::to_string(who % 997) + ".example",
           day(0.001 * static_cast<double>(number)));
    m.id(std::to_string(number));
    std::string text = "about";
    for (long w = 0; w < 100; ++w)
        text += " w" + std::to_string((who * 31 + w * 7 + number) % 3000);
    m.says(text).links_to("host" + std::to_string(who % 300) + ".example",
                          std::to_string(number % 5));
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (feature_spec(f).kind == Kind::Category && feature_spec(f).extract != nullptr &&
            !m.get().values[f].present())
            m.get().values[f].code =
                2 + static_cast<std::uint32_t>((who + static_cast<long>(f)) % 9);
    return m;
}

struct Numbers {
    double p50 = 0, p99 = 0, per_second = 0;
};

Numbers measure(long profiles, long mails) {
    const TempDir dir;
    StoreOptions options;
    options.directory = dir.file("store");
    options.durable = false;
    std::filesystem::create_directories(options.directory);
    auto store = must(Store::open(options, Store::Mode::Write));
    const ScoringOptions scoring;
    const LearnerOptions learning;
    Numbers out;
    {
        LearnedMemory memory;
        MailLearner learner(test_hasher(), scoring, learning, memory);
        const auto commit_every = 1000;
        std::unique_ptr<StoreWriter> writer = must(store->write());
        memory.read_from(writer.get());
        const auto flush = [&] {
            must(memory.flush(*writer));
            must(writer->commit());
            memory.flushed();
            memory.read_from(nullptr);
            writer = must(store->write());
            memory.read_from(writer.get());
        };
        // One mail each is learned without judging: it only has to be there.
        for (long who = 0; who < profiles; ++who) {
            learn(mail(who, who), test_hasher(), learning, memory);
            if ((who + 1) % commit_every == 0) flush();
        }
        flush();
        const auto start = Clock_::now();
        for (long i = 0; i < mails; ++i) {
            const Observations o = mail(i * 7919 % profiles, profiles + i);
            const Judgement j = learner.judge(o, Labels{});
            (void)learner.take(record_of(o), j);
            if ((i + 1) % commit_every == 0) flush();
        }
        flush();
        out.per_second = 1e6 * static_cast<double>(mails) / us_since(start);
    }
    auto reader = must(store->read());
    const auto snapshot = must(load_snapshot(*reader, 1));
    std::vector<double> took;
    for (long i = 0; i < mails; ++i) {
        const Observations o = mail(i * 104729 % profiles, 2 * profiles + i);
        const auto start = Clock_::now();
        const StoreMemory memory(*reader, snapshot);
        const Judgement j = assess(o, Labels{}, {memory, snapshot->scales, test_hasher(), scoring});
        took.push_back(us_since(start));
        if (!memory.trouble().empty()) stop(memory.trouble());
        if (j.history.profile == nullptr) stop("a correspondent is not in the store");
    }
    std::sort(took.begin(), took.end());
    out.p50 = took[took.size() / 2];
    out.p99 = took[took.size() * 99 / 100];
    std::printf("%7ld profiles: assess p50 %6.0f us, p99 %6.0f us; learner %6.0f mails/s\n",
                profiles, out.p50, out.p99, out.per_second);
    std::fflush(stdout);
    return out;
}

long number(const char* text) { return std::max(1L, std::atol(text)); }

}  // namespace

int main(int argc, char** argv) {
    long small = 1000, large = 100'000, mails = 2000;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--small") == 0)
            small = number(argv[i + 1]);
        else if (std::strcmp(argv[i], "--large") == 0)
            large = number(argv[i + 1]);
        else if (std::strcmp(argv[i], "--mails") == 0)
            mails = number(argv[i + 1]);
        else
            stop(std::string("unknown option ") + argv[i]);
    }
    const Numbers a = measure(small, mails), b = measure(large, mails);
    std::printf("large to small: p50 %.2f, p99 %.2f, learner %.2f\n", b.p50 / a.p50, b.p99 / a.p99,
                b.per_second / a.per_second);
    // Look-ups are logarithmic: a hundred times the correspondents must not cost ten times the
    // time.
    return b.p50 < 10 * a.p50 ? 0 : 1;
}
