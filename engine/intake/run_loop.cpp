// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/run_loop.hpp"

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace kith {
namespace {

/// Stops the loop at a signal to end, reloads at one to reload. Destroyed before one to end came,
/// it sends itself one.
class SignalWatch {
public:
    SignalWatch(HttpLoop& loop, std::function<void()> reload)
        : thread_([&loop, reload = std::move(reload)] {
              sigset_t signals;
              sigemptyset(&signals);
              for (const int one : kLoopSignals) sigaddset(&signals, one);
              for (;;) {
                  int signal = 0;
                  ::sigwait(&signals, &signal);
                  if (signal != SIGHUP && signal != SIGUSR1) break;
                  run_beside(loop, reload);
              }
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

void run_until_signal(HttpLoop& loop, std::function<void()> reload) {
    const SignalWatch watch(loop, std::move(reload));
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
