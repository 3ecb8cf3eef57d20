// SPDX-License-Identifier: Apache-2.0
// Judging live mail beside a store that is missing, empty, damaged, foreign, replaced or comes back
// (engine/assess/judge.hpp): mail is always judged, neutrally when need be, and says why.
#include "engine/assess/judge.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include "engine/learner/learner.hpp"
#include "tests/support/message_builder.hpp"
#include "tests/unit/learner/learner_fixture.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// Waits until `done`, at most half a minute: the store is looked for every few seconds.
template <class Condition>
bool soon(Condition done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

Arrival arrival() {
    Arrival a;
    a.time = day(30);
    a.client_addr = "192.0.2.7";
    a.mail_from = "anna@partner.example";
    a.rcpts = {"ben@site.example"};
    return a;
}

MailRecord judged(Judge& judge) {
    const std::string raw = MessageBuilder().raw();
    return judge.judge(MessageBytes{raw, -1, 0, 0}, arrival()).record;
}

void check_neutral(const MailRecord& r, const std::string& why) {
    CHECK(r.assessment.score == 0);
    CHECK(r.assessment.verdict == Verdict::Pass);
    CHECK_FALSE(r.assessment.degraded.empty());
    INFO(r.assessment.degraded);
    CHECK(r.assessment.degraded.find(why) != std::string::npos);
    CHECK(r.from == "anna@partner.example");  // it is recorded all the same
    CHECK(r.id.size() == 16);
}

struct Live : LearnerSite {
    Live() {
        message_library_init();
        config.site.domains = {"site.example"};
    }
    /// Mail of anna that the learner learned.
    void learn_anna(int mails = 5) const {
        std::vector<MailRecord> all;
        for (int i = 0; i < mails; ++i)
            all.push_back(record_of(Mail("anna@partner.example", day(i))));
        journal(all);
        learn();
    }
    [[nodiscard]] std::unique_ptr<Judge> judge() const {
        return Judge::create(std::make_shared<const Config>(config));
    }
    [[nodiscard]] std::string data() const { return config.store.directory + "/data.mdb"; }
};

bool first_contact(const MailRecord& r) {
    const auto& tags = r.assessment.tags;
    return std::find(tags.begin(), tags.end(), "first-time-contact") != tags.end();
}

}  // namespace

TEST_CASE("with a store a mail is judged by its sender's history") {
    Live site;
    site.learn_anna();
    const auto judge = site.judge();
    CHECK(judge->trouble().empty());
    const auto r = judged(*judge);
    CHECK(r.assessment.degraded.empty());
    CHECK_FALSE(first_contact(r));
}

TEST_CASE("without a store mail is neutral and says why, and is judged once the store is there") {
    Live site;
    const bool empty_directory = GENERATE(false, true);
    CAPTURE(empty_directory);
    if (empty_directory) std::filesystem::create_directories(site.config.store.directory);
    const auto judge = site.judge();
    CHECK_FALSE(judge->trouble().empty());
    check_neutral(judged(*judge), site.config.store.directory);
    site.learn_anna();
    REQUIRE(soon([&] { return judge->trouble().empty(); }));
    const auto r = judged(*judge);
    CHECK(r.assessment.degraded.empty());
    CHECK_FALSE(first_contact(r));
}

TEST_CASE("without the site's secret no history is to be found, and mail says so") {
    Live site;
    site.learn_anna();
    std::filesystem::remove(site.config.secret_file);
    const auto judge = site.judge();
    check_neutral(judged(*judge), site.config.secret_file);
}

TEST_CASE("a store damaged before the start gives a neutral score") {
    Live site;
    site.learn_anna();
    const auto size = std::filesystem::file_size(site.data());
    const std::string damage = GENERATE("truncated", "a foreign file", "no bytes at all");
    CAPTURE(damage);
    if (damage == "truncated") std::filesystem::resize_file(site.data(), size / 2);
    if (damage == "a foreign file") site.dir.write("store/data.mdb", std::string(size, 'x'));
    if (damage == "no bytes at all") std::filesystem::resize_file(site.data(), 0);
    const auto judge = site.judge();
    check_neutral(judged(*judge), "");
    CHECK_FALSE(judge->trouble().empty());
}

TEST_CASE("a store truncated while running gives a neutral score until a sound one is back") {
    Live site;
    site.learn_anna();
    const auto judge = site.judge();
    REQUIRE(judge->trouble().empty());
    std::filesystem::resize_file(site.data(), std::filesystem::file_size(site.data()) / 2);
    REQUIRE(soon([&] { return !judged(*judge).assessment.degraded.empty(); }));
    check_neutral(judged(*judge), "");
    std::filesystem::rename(site.config.store.directory, site.config.store.directory + ".bad");
    site.learn();
    REQUIRE(soon([&] { return judge->trouble().empty(); }));
    CHECK_FALSE(first_contact(judged(*judge)));
}

TEST_CASE("a store replaced by another while running is taken up") {
    Live site;
    const auto other = std::make_unique<Live>();
    other->learn_anna(1);
    site.journal({record_of(Mail("ben@far.example"))});
    site.learn();
    const auto judge = site.judge();
    CHECK(first_contact(judged(*judge)));
    std::filesystem::rename(site.config.store.directory, site.config.store.directory + ".old");
    std::filesystem::rename(other->config.store.directory, site.config.store.directory);
    REQUIRE(soon([&] {
        const auto r = judged(*judge);
        return r.assessment.degraded.empty() && !first_contact(r);
    }));
    CHECK(judge->trouble().empty());
}

TEST_CASE("several threads judge at once, while the store goes and comes") {
    Live site;
    site.learn_anna();
    const auto judge = site.judge();
    std::atomic<bool> stop = false;
    std::atomic<int> judgements = 0, wrong = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i)
        threads.emplace_back([&] {
            while (!stop) {
                const auto r = judged(*judge);
                // Known, or neutral with a reason: never a stranger.
                if (r.assessment.degraded.empty() ? first_contact(r) : r.assessment.score != 0)
                    ++wrong;
                ++judgements;
            }
        });
    const auto aside = site.config.store.directory + ".aside";
    std::filesystem::rename(site.config.store.directory, aside);
    const bool gone = soon([&] { return !judge->trouble().empty(); });
    std::filesystem::rename(aside, site.config.store.directory);
    const bool back = soon([&] { return judge->trouble().empty(); });
    stop = true;
    for (auto& t : threads) t.join();
    CHECK(gone);
    CHECK(back);
    CHECK(judgements > 2);
    CHECK(wrong == 0);
}

TEST_CASE("a new configuration is used for the next mail") {
    Live site;
    site.learn_anna();
    const auto judge = site.judge();
    CHECK(judged(*judge).subject.empty());
    Config with_subjects = site.config;
    with_subjects.journal_subjects = true;
    judge->reload(std::make_shared<const Config>(with_subjects));
    CHECK(judged(*judge).subject == "Minutes");
}

namespace {

/// A site that has seen enough mail with new links to delay what is more unusual than that.
struct Delaying : Live {
    Delaying() {
        config.mode = Mode::Enforce;
        config.budget.holds_per_1000 = 0;
        config.budget.delays_per_1000 = 100;
        config.budget.min_calibration = 100;
        config.budget.min_stratum_calibration = 10;
        std::vector<MailRecord> all;
        for (int i = 0; i < 300; ++i) {
            Mail m("p" + std::to_string(i % 20) + "@far.example", day(0.05 * i));
            if (i % 6 == 0) m.links_to("h" + std::to_string(i) + ".example", "page");
            all.push_back(record_of(m));
        }
        for (int i = 0; i < 30; ++i)
            all.push_back(record_of(Mail("anna@partner.example", day(15 + 0.3 * i))));
        journal(all);
        learn();
    }
    [[nodiscard]] static MailRecord odd(Judge& judge, double at = 30,
                                        const char* client = "192.0.2.7",
                                        const char* id = "<1@odd.example>") {
        const std::string raw = MessageBuilder()
                                    .set("Message-ID", id)
                                    .set("X-Mailer", "Odd")
                                    .body("Please open https://odd.example/x and log in.\n")
                                    .raw();
        Arrival a = arrival();
        a.time = day(at);
        a.client_addr = client;
        return judge.judge(MessageBytes{raw, -1, 0, 0}, a).record;
    }
    void learn_as(MailRecord r, Action action) const {
        r.action = action;
        r.mode = "enforce";
        journal({r});
        learn();
    }
};

}  // namespace

TEST_CASE(
    "a nearly suspicious mail is delayed once, and judged when it comes from anywhere again") {
    Delaying site;
    const auto judge = site.judge();
    const auto first = site.odd(*judge);
    REQUIRE(first.assessment.stratum == Stratum::NewLink);
    CHECK(first.assessment.verdict == Verdict::Defer);
    CHECK_FALSE(first.assessment.delayed);
    const auto retry = site.odd(*judge, 30.01, "198.51.100.9");
    CHECK(retry.assessment.delayed);
    CHECK(retry.assessment.verdict != Verdict::Defer);
    CHECK(site.odd(*judge, 30.02).assessment.verdict != Verdict::Defer);
    CHECK(site.odd(*judge, 30.02, "192.0.2.7", "<2@odd.example>").assessment.verdict ==
          Verdict::Defer);
}

TEST_CASE("what was delayed is known to the next process, from the store") {
    Delaying site;
    MailRecord first = site.odd(*site.judge());
    site.learn_as(first, Action::Deferred);
    MailRecord retry = site.odd(*site.judge(), 30.01);
    CHECK(retry.assessment.delayed);
    CHECK(retry.assessment.verdict != Verdict::Defer);
    // Also when it was learned, for a third attempt.
    site.learn_as(retry, Action::Accepted);
    retry = site.odd(*site.judge(), 30.02);
    CHECK(retry.assessment.delayed);
    CHECK(retry.assessment.verdict != Verdict::Defer);
}

TEST_CASE(
    "nothing is delayed in another mode than enforce, unready, on its way out or by default") {
    Delaying site;
    const std::string_view why =
        GENERATE("passive", "tag", "by rule", "unready", "inside", "by default");
    INFO(why);
    if (why == "passive") site.config.mode = Mode::Passive;
    if (why == "tag") site.config.mode = Mode::Tag;
    if (why == "by rule") site.config.modes = {{"inbound", "", Mode::Tag}};
    if (why == "unready") site.config.budget.min_calibration = 100'000;
    if (why == "inside") {
        site.config.site.networks = {"192.0.2.0/24"};
        site.config.site.domains = {"site.example", "partner.example"};
    }
    if (why == "by default") site.config.budget.delays_per_1000 = ScoringOptions{}.delays_per_1000;
    const auto judge = site.judge();
    for (int i = 0; i < 2; ++i) {
        const auto r = site.odd(*judge);
        CHECK(r.assessment.verdict != Verdict::Defer);
        CHECK_FALSE(r.assessment.delayed);
    }
}

TEST_CASE("any bytes are judged") {
    Live site;
    site.learn_anna(1);
    const auto judge = site.judge();
    const std::string raw = GENERATE(std::string(), std::string("\0\xff\r\n\r\n", 6),
                                     std::string(100'000, '<'), std::string("From: \nFrom: \n"));
    const auto r = judge->judge(MessageBytes{raw, -1, 0, 0}, Arrival{}).record;
    CHECK(r.assessment.degraded.empty());
    CHECK(r.assessment.score >= 0);
}
