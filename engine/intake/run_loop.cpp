// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/run_loop.hpp"

#include <pthread.h>
#include <signal.h>

#include <thread>

namespace kith {
namespace {

/// Stops the loop at a signal to end. Destroyed before one came, it sends itself one.
class SignalWatch {
public:
    explicit SignalWatch(HttpLoop& loop)
        : thread_([&loop] {
              sigset_t signals;
              sigemptyset(&signals);
              sigaddset(&signals, SIGTERM);
              sigaddset(&signals, SIGINT);
              int signal = 0;
              ::sigwait(&signals, &signal);
              loop.stop();
          }) {}
    ~SignalWatch() {
        ::pthread_kill(thread_.native_handle(), SIGTERM);
        thread_.join();
    }
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

private:
    std::thread thread_;
};

}  // namespace

void run_until_signal(HttpLoop& loop) {
    const SignalWatch watch(loop);
    loop.run();
}

void run_beside(HttpLoop& loop, const std::function<void()>& work) {
    try {
        work();
    } catch (...) {
        loop.post([thrown = std::current_exception()] { std::rethrow_exception(thrown); });
    }
}

}  // namespace kith
