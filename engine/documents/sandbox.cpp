// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/sandbox.hpp"

#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>

#include "engine/base/os_error.hpp"
#include "engine/base/sanitizer.hpp"
#include "engine/base/unique_fd.hpp"

namespace kith {
namespace {

#ifdef KITH_SANITIZER
constexpr bool kSanitized = true;  // needs terabytes of addresses and calls of its own at the end
#else
constexpr bool kSanitized = false;
#endif

constexpr rlim_t kMemory = rlim_t{512} << 20;
constexpr uid_t kNobody = 65534;

Status limit(__rlimit_resource what, rlim_t to) {
    const rlimit both{to, to};
    return ::setrlimit(what, &both) == 0 ? ok() : Status(os_fail("setrlimit", errno));
}

Status limit_all(Seconds seconds) {
    // Descriptors 0 to 2 are open; no further one can be.
    for (const auto& [what, to] : {std::pair{RLIMIT_CPU, static_cast<rlim_t>(seconds.count())},
                                   {RLIMIT_FSIZE, rlim_t{0}},
                                   {RLIMIT_CORE, rlim_t{0}},
                                   {RLIMIT_NOFILE, rlim_t{3}},
                                   {RLIMIT_NPROC, rlim_t{0}},
                                   {RLIMIT_MEMLOCK, rlim_t{0}}})
        if (Status done = limit(what, to); !done) return done;
    return kSanitized ? ok() : limit(RLIMIT_AS, kMemory);
}

struct Release {
    void operator()(void* filter) const noexcept { ::seccomp_release(filter); }
};

/// What a parser needs: memory, its open descriptors, the time, its end. Files are refused rather
/// than deadly, because the libraries look for fonts and tables; everything else ends the process.
Status filter_calls() {
    const std::unique_ptr<void, Release> filter(::seccomp_init(SCMP_ACT_KILL_PROCESS));
    if (!filter) return fail(ErrorCode::Unavailable, "seccomp_init failed");
    int failure = 0;
    const auto rule = [&](std::uint32_t action, int call) {
        if (failure == 0) failure = ::seccomp_rule_add(filter.get(), action, call, 0);
    };
    for (const int call : {SCMP_SYS(read),           SCMP_SYS(readv),
                           SCMP_SYS(write),          SCMP_SYS(writev),
                           SCMP_SYS(close),          SCMP_SYS(fstat),
                           SCMP_SYS(lseek),          SCMP_SYS(munmap),
                           SCMP_SYS(mremap),         SCMP_SYS(brk),
                           SCMP_SYS(madvise),        SCMP_SYS(futex),
                           SCMP_SYS(exit),           SCMP_SYS(exit_group),
                           SCMP_SYS(rt_sigreturn),   SCMP_SYS(rt_sigaction),
                           SCMP_SYS(rt_sigprocmask), SCMP_SYS(getrandom),
                           SCMP_SYS(clock_gettime),  SCMP_SYS(gettimeofday),
                           SCMP_SYS(getpid),         SCMP_SYS(gettid),
                           SCMP_SYS(tgkill),         SCMP_SYS(sched_yield),
                           SCMP_SYS(rseq),           SCMP_SYS(set_robust_list),
                           SCMP_SYS(sysinfo),        SCMP_SYS(sched_getaffinity)})
        rule(SCMP_ACT_ALLOW, call);
    for (const int call :
         {SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(access),
          SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
          SCMP_SYS(statx), SCMP_SYS(getcwd), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(ioctl)})
        rule(SCMP_ACT_ERRNO(EACCES), call);
    const auto rule_where = [&](std::uint32_t action, int call, scmp_arg_cmp where) {
        if (failure == 0) failure = ::seccomp_rule_add_array(filter.get(), action, call, 1, &where);
    };
    // fstat() of newer C libraries is this call without a name.
    rule_where(SCMP_ACT_ALLOW, SCMP_SYS(newfstatat),
               {3, SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH});
    rule_where(SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat),
               {3, SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0});
    // Nothing that was read becomes code.
    for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
        rule_where(SCMP_ACT_ALLOW, call, {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0});
    if (failure == 0) failure = ::seccomp_load(filter.get());
    return failure == 0 ? ok() : Status(os_fail("seccomp", -failure));
}

Status leave_root() {
    if (::geteuid() != 0) return ok();
    if (::setgroups(0, nullptr) != 0 || ::setresgid(kNobody, kNobody, kNobody) != 0 ||
        ::setresuid(kNobody, kNobody, kNobody) != 0)
        return os_fail("cannot become nobody", errno);
    return ok();
}

}  // namespace

Status enter_sandbox(Seconds seconds) {
    if (Status left = leave_root(); !left) return left;
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::prctl(PR_SET_DUMPABLE, 0) != 0 ||
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return os_fail("prctl", errno);
    if (Status limited = limit_all(seconds); !limited) return limited;
    return kSanitized ? ok() : filter_calls();
}

bool sandbox_holds() {
    const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return !file;
}

}  // namespace kith
