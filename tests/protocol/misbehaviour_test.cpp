// SPDX-License-Identifier: Apache-2.0
// The built kith-milter outlives what an MTA, or whoever reaches its socket, may do to it: it
// neither ends nor stalls, the next mail on a new connection fares as ever, and nothing is left
// behind (tests/support/misbehaviour.hpp has the acts).
#include "tests/support/misbehaviour.hpp"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/protocol/learned_site.hpp"
#include "tests/protocol/milter_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_mta.hpp"

namespace kith::test {
namespace {

FakeMail suspicious() {
    FakeMail mail;
    mail.headers.insert(mail.headers.begin(), {"X-Kith-Verdict", " pass"});
    mail.headers.push_back({"X-Mailer", " Odd"});
    mail.body = "Please open https://odd.example/x and log in.\r\n";
    return mail;
}

/// What becomes of a mail on a connection of its own; of one that has a verdict worth the name.
std::string fate_of_next(const MilterProcess& milter) {
    auto mta = FakeMta::connect(milter.socket());
    if (!mta) return "nobody listens";
    return mta->deliver(suspicious(), {}).summary();
}

TEST_CASE("after every misbehaviour the next mail on a new connection is judged as ever") {
    MilterSetup setup = enforcing_setup();
    setup.over_tcp = GENERATE(false, true);
    const MtaOffer offer = GENERATE(MtaOffer{}, MtaOffer::version2());
    MilterProcess milter(setup);
    learn_for(milter);
    const std::string usual = fate_of_next(milter);
    CHECK(usual.find("change x-kith-verdict#1: \n") != std::string::npos);
    CHECK(usual.find("quarantine kith ID") != std::string::npos);
    for (const Misbehaviour& misbehaviour : misbehaviours()) {
        CAPTURE(setup.over_tcp, offer.version, misbehaviour.name);
        auto mta = FakeMta::connect(milter.socket());
        REQUIRE(mta);
        misbehaviour.act(*mta, offer);
        if (misbehaviour.ends_connection) CHECK(mta->is_closed());
        CHECK(fate_of_next(milter) == usual);
    }
    CHECK(milter.is_running());
    CHECK(milter.log_lines_with("internal failure") == 0);
    CHECK(milter.log_lines_with("private data not NULL") == 0);
    CHECK(milter.log_lines_with("claimed not to reply") == 0);
}

TEST_CASE("RES-09: misbehaving clients that stay keep nobody else waiting") {
    MilterSetup setup = enforcing_setup();
    setup.over_tcp = GENERATE(false, true);
    MilterProcess milter(setup);
    learn_for(milter);
    const std::string usual = fate_of_next(milter);
    const std::size_t threads = milter.threads();
    std::vector<FakeMta> lingering;
    for (int i = 0; i < 60; ++i) {
        CAPTURE(setup.over_tcp, i);
        auto mta = FakeMta::connect(milter.socket());
        REQUIRE(mta);
        if (i % 3 == 0) {
            // Reads no answer: libmilter waits in the middle of one.
            REQUIRE(mta->negotiate(MtaOffer::version2()));
            mta->connection("c.example", '4', "192.0.2.1");
            mta->flood(FakeMta::head(11, 'H') + std::string("c.example\0", 10), 300000);
        } else if (i % 3 == 1) {
            // Half a packet: libmilter waits for the rest of it.
            REQUIRE(speak_up_to(*mta, {}, Step::Body));
            mta->raw(FakeMta::head(60000, 'B') + "half");
            mta->flush();
        } else {
            REQUIRE(speak_up_to(*mta, {}, static_cast<Step>(i / 3 % 11)));
        }
        lingering.push_back(std::move(*mta));
    }
    for (int i = 0; i < 20; ++i) CHECK(fate_of_next(milter) == usual);
    lingering.clear();
    CHECK(eventually([&] { return milter.threads() <= threads; }));
    CHECK(milter.is_running());
}

TEST_CASE("RES-09: a client that comes at the same moment as one that stalls is served") {
    MilterSetup setup;
    setup.over_tcp = GENERATE(false, true);
    const MilterProcess milter(setup);
    std::vector<FakeMta> stalled;
    for (int i = 0; i < 60; ++i) {
        CAPTURE(setup.over_tcp, i);
        auto first = FakeMta::connect(milter.socket()), second = FakeMta::connect(milter.socket());
        REQUIRE(first);
        REQUIRE(second);
        first->raw(FakeMta::head(13, 'O') + "half");
        first->flush();
        REQUIRE(second->negotiate());
        stalled.push_back(std::move(*first));
    }
}

TEST_CASE(
    "RES-01, RES-02: thousands of misbehaving connections leave no descriptor, no thread and no "
    "open message") {
    MilterProcess milter;
    const auto misbehave = [&](std::size_t times) {
        constexpr std::size_t kAtOnce = 4;
        const auto& acts = misbehaviours();
        std::atomic<std::size_t> next{0}, refused{0};
        std::vector<std::thread> clients;
        for (std::size_t c = 0; c < kAtOnce; ++c)
            clients.emplace_back([&] {
                for (std::size_t i = next++; i < times; i = next++) {
                    auto mta = FakeMta::connect(milter.socket());
                    if (!mta) {
                        refused.fetch_add(1);
                        continue;
                    }
                    acts[i % acts.size()].act(
                        *mta, i / acts.size() % 2 == 0 ? MtaOffer{} : MtaOffer::version2());
                }
            });
        for (auto& client : clients) client.join();
        return refused == 0;
    };
    // As many at once as later, so that libmilter's pool has its size.
    REQUIRE(misbehave(200));
    std::size_t descriptors = milter.open_descriptors(), threads = milter.threads();
    const auto at_rest = [&] {
        return eventually([&] {
            const std::size_t d = milter.open_descriptors(), t = milter.threads();
            const bool same = d <= descriptors && t <= threads;
            descriptors = std::min(descriptors, d);
            threads = std::min(threads, t);
            return same;
        });
    };
    REQUIRE(at_rest());
    const std::size_t descriptors_before = descriptors, threads_before = threads;
    REQUIRE(misbehave(4000));
    CHECK(eventually([&] { return milter.open_descriptors() <= descriptors_before; }));
    CHECK(eventually([&] { return milter.threads() <= threads_before; }));
    {
        FakeMta mta = milter.mta();
        CHECK(mta.send({}).is_accepted());
        mta.quit();
        CHECK(mta.is_closed());
    }
    milter.signal(SIGTERM);
    CHECK(milter.wait_for_exit() == 0);
    CHECK(milter.log_lines_with("stopping open_messages=0") == 1);
}

}  // namespace
}  // namespace kith::test
