// SPDX-License-Identifier: Apache-2.0
// How the loop of kith-accounts ends (engine/intake/run_loop.hpp).
#include "engine/intake/run_loop.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "tests/support/catch.hpp"

using namespace kith;

namespace {

/// As the program does it before any thread.
struct Blocked {
    Blocked() {
        sigset_t all;
        sigemptyset(&all);
        for (const int signal : kLoopSignals) sigaddset(&all, signal);
        ::pthread_sigmask(SIG_BLOCK, &all, &before);
    }
    ~Blocked() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
    Blocked(const Blocked&) = delete;
    Blocked& operator=(const Blocked&) = delete;
    sigset_t before{};
};

std::unique_ptr<HttpLoop> loop_of_nobody() {
    auto loop =
        HttpLoop::open("inet:0@127.0.0.1", {}, [](const HttpRequest&, const HttpAnswer&) {});
    if (!loop) FAIL(loop.error().text());
    return std::move(*loop);
}

std::string thrown_by(
    HttpLoop& loop, const std::function<void()>& reload = [] {}) {
    try {
        run_until_signal(loop, reload);
    } catch (const std::exception& e) {
        return e.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a signal to end ends the loop") {
    const Blocked blocked;
    const auto loop = loop_of_nobody();
    const int signal = GENERATE(SIGTERM, SIGINT);
    loop->post([signal] { ::kill(::getpid(), signal); });
    CHECK(thrown_by(*loop).empty());
}

TEST_CASE("a signal to reload calls, as often as it comes, and the loop goes on") {
    const Blocked blocked;
    const auto loop = loop_of_nobody();
    const int signal = GENERATE(SIGHUP, SIGUSR1);
    int reloads = 0;
    loop->post([signal] { ::kill(::getpid(), signal); });
    // Each one is told in the loop, which sends the next signal.
    CHECK(thrown_by(*loop, [&] {
              loop->post([&] { ::kill(::getpid(), ++reloads < 3 ? signal : SIGTERM); });
          }).empty());
    CHECK(reloads == 3);
}

TEST_CASE("a reload that throws ends the loop with its exception") {
    const Blocked blocked;
    const auto loop = loop_of_nobody();
    loop->post([] { ::kill(::getpid(), SIGHUP); });
    CHECK(thrown_by(*loop, [] { throw std::runtime_error("broken reload"); }) == "broken reload");
}

TEST_CASE("an exception in the loop reaches whoever runs it, and ends no process") {
    const Blocked blocked;
    const auto loop = loop_of_nobody();
    loop->post([] { throw std::runtime_error("broken event"); });
    CHECK(thrown_by(*loop) == "broken event");
}

TEST_CASE("a thread beside the loop that fails ends the loop with its exception") {
    const Blocked blocked;
    const auto loop = loop_of_nobody();
    std::thread beside([&] { run_beside(*loop, [] { throw std::runtime_error("broken log"); }); });
    CHECK(thrown_by(*loop) == "broken log");
    beside.join();
}
