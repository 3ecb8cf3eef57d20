// SPDX-License-Identifier: Apache-2.0
// The learner killed with SIGKILL at random moments, again and again: when it is through, the store
// is that of a learner nobody disturbed. Nothing lost, nothing doubled.
#include <time.h>

#include "tests/support/child_process.hpp"
#include "tests/unit/learner/learner_fixture.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr int kKills = 40;

/// Learns to the end of the journal in another process. 0 = done.
int learn_all(const Config& config) {
    auto learner = Learner::open(std::make_shared<const Config>(config));
    if (!learner) return 1;
    for (;;) {
        const auto step = (*learner)->step();
        if (!step) return 2;
        if (step->records == 0) return 0;
    }
}

}  // namespace

TEST_CASE("a learner killed dozens of times has learned what an undisturbed one has") {
    const std::uint64_t seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const auto mails = stream(1200, 5);
    LearnerSite site, undisturbed;
    site.config.learner.batch_records = undisturbed.config.learner.batch_records = 12;
    int kills = 0;
    std::size_t written = 0;
    for (int round = 0; round < kKills; ++round) {
        const std::size_t more = std::min<std::size_t>(mails.size() - written, 30);
        site.journal({mails.begin() + static_cast<std::ptrdiff_t>(written),
                      mails.begin() + static_cast<std::ptrdiff_t>(written + more)});
        written += more;
        ChildProcess child([&] {
            while (learn_all(site.config) == 0) {
            }
            return 1;
        });
        // The moment is the input of this test, not a wait for something: 0 to 60 ms.
        const timespec moment{0, static_cast<long>(random() % 60'000'000)};
        ::nanosleep(&moment, nullptr);
        child.kill();
        if (child.wait().signal == SIGKILL) ++kills;
    }
    REQUIRE(written == mails.size());
    CHECK(kills == kKills);  // nobody ended by itself, with an error
    const Ending last = ChildProcess([&] { return learn_all(site.config); }).wait();
    REQUIRE(last.exit_code == 0);
    undisturbed.journal(mails);
    undisturbed.learn();
    const auto want = undisturbed.content(), have = site.content();
    for (const auto& [table, rows] : want) {
        INFO("table " << table);
        CHECK(have.at(table).size() == rows.size());
        for (const auto& [key, value] : rows) {
            const auto it = have.at(table).find(key);
            if (it == have.at(table).end() || it->second != value) {
                INFO("key " << key);
                CHECK(it != have.at(table).end());
                CHECK(it->second == value);
            }
        }
    }
    const SiteState w = undisturbed.site(), h = site.site();
    CHECK(w.experts.version > 0);  // the experts were fitted, and are the same
    for (std::size_t d = 0; d < kDirectionCount; ++d) {
        CHECK(h.mails[d] == w.mails[d]);
        CHECK(h.evidence[d].size() == w.evidence[d].size());
        CHECK(h.indicators[d][1].size() == w.indicators[d][1].size());
    }
}
