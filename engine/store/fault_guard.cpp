// SPDX-License-Identifier: Apache-2.0
#include "engine/store/fault_guard.hpp"

#include <csetjmp>
#include <csignal>
#include <mutex>
#include <utility>

#include "engine/base/sanitizer.hpp"

namespace kith::store {
namespace {

#ifdef KITH_THREAD_SANITIZER
/// ThreadSanitizer blocks all signals while a handler runs, whatever the flags.
constexpr int kSaveMask = 1;
#else
constexpr int kSaveMask = 0;
#endif

struct Guard {
    sigjmp_buf place;
    Guard* outer;
};

// Plain thread-locals and statics: a signal handler may touch nothing that needs initialising.
thread_local Guard* t_guard = nullptr;
thread_local bool t_chaining = false;
struct sigaction g_old_bus;
struct sigaction g_old_segv;

void chain(int signal, siginfo_t* info, void* context) {
    const struct sigaction& old = signal == SIGBUS ? g_old_bus : g_old_segv;
    // Called again from what we called: it was installed after us and passes on to us in turn.
    const bool circle = std::exchange(t_chaining, true);
    if (!circle && (old.sa_flags & SA_SIGINFO) != 0) {
        old.sa_sigaction(signal, info, context);
    } else if (!circle && (old.sa_flags & SA_SIGINFO) == 0 && old.sa_handler != SIG_DFL &&
               old.sa_handler != SIG_IGN) {
        old.sa_handler(signal);
    } else {
        // Back to the default; the faulting instruction runs again, and the process ends where it
        // should.
        struct sigaction standard {};
        standard.sa_handler = SIG_DFL;
        ::sigaction(signal, &standard, nullptr);
        if (info->si_code <= 0) (void)::raise(signal);
    }
    t_chaining = false;
}

void on_fault(int signal, siginfo_t* info, void* context) {
    // si_code > 0: the kernel says so; anything else was sent by kill() and means the process, not
    // this call.
    if (info->si_code > 0) leave_guarded_region();
    chain(signal, info, context);
}

void install(int signal, struct sigaction& old) {
    struct sigaction current {};
    ::sigaction(signal, nullptr, &current);
    if ((current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == &on_fault) return;
    struct sigaction action {};
    action.sa_sigaction = &on_fault;
    // NODEFER: the handler is left by a jump, which would else leave the signal blocked; saving the
    // mask at each guarded call instead costs a system call. ONSTACK: work also where someone
    // prepared a stack for it.
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    ::sigemptyset(&action.sa_mask);
    old = current;
    ::sigaction(signal, &action, nullptr);
}

}  // namespace

void install_fault_handlers() {
    static std::mutex mutex;
    const std::lock_guard guard(mutex);
    install(SIGBUS, g_old_bus);
    install(SIGSEGV, g_old_segv);
}

void leave_guarded_region() noexcept {
    if (Guard* guard = t_guard; guard != nullptr) {
        t_guard = guard->outer;
        siglongjmp(guard->place, 1);
    }
}

int detail::run_guarded(int (*call)(void*), void* context) noexcept {
    Guard guard;
    guard.outer = t_guard;
    if (sigsetjmp(guard.place, kSaveMask) != 0) return kFault;
    t_guard = &guard;
    const int rc = call(context);
    t_guard = guard.outer;
    return rc;
}

}  // namespace kith::store
