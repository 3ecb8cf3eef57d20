// SPDX-License-Identifier: Apache-2.0
// Survives faults of C code that reads a memory-mapped file. LMDB believes what lies in its file;
// when that was truncated the kernel answers a read with SIGBUS, and damaged pages lead it to
// addresses that do not exist (SIGSEGV) or to a failed assertion. Each would end the process, and
// mail must flow. So every call into LMDB runs inside guarded(): a fault in it jumps back here and
// becomes a return code. Outside, the earlier handlers keep their say. Covered by
// tests/unit/store/faults_test.cpp.
#pragma once

namespace kith::store {

/// Returned by guarded() after a fault. Outside errno's and LMDB's ranges.
inline constexpr int kFault = -1'000'001;

/// Installs the handlers of SIGBUS and SIGSEGV unless they are in place; called at each open, since
/// others may have replaced them. Thread-safe.
void install_fault_handlers();

/// For an assertion callback: leaves the innermost guarded region of this thread with kFault;
/// returns when there is none.
void leave_guarded_region() noexcept;

namespace detail {
int run_guarded(int (*call)(void*), void* context) noexcept;
}

/// Result of `call()`, or kFault. Thread-safe; may nest. The jump runs no destructors: REQUIRES
/// that `call` makes no object that has one, takes no lock, and runs no code of its caller's.
template <class Call>
[[nodiscard]] int guarded(Call call) noexcept {
    return detail::run_guarded([](void* context) { return (*static_cast<Call*>(context))(); },
                               &call);
}

}  // namespace kith::store
