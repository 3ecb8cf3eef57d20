// SPDX-License-Identifier: Apache-2.0
// Messages a second through kith-milter, as a ratio to a libmilter program that does nothing, in
// the same run on the same machine: 4 KB messages over a Unix socket and over TCP with 1 and 4
// connections; and what the process holds in memory afterwards. Fails when a message is not
// accepted or when TCP shows the 40 ms of a delayed acknowledgement.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/protocol/milter_process.hpp"
#include "tests/support/fake_mta.hpp"

namespace kith::test {
namespace {

/// Below the 40 ms of Linux's delayed acknowledgement, above any honest mean on a busy machine.
constexpr double kMaxTcpMilliseconds = 30.0;

/// The do-nothing program as a child.
class Nothing {
public:
    Nothing(const std::string& socket, int headers) {
        const char* program = std::getenv("KITH_MILTER_NOTHING");
        if (program == nullptr)
            throw std::runtime_error("KITH_MILTER_NOTHING names the do-nothing program");
        const std::string count = std::to_string(headers);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::execl(program, program, socket.c_str(), count.c_str(), nullptr);
            ::_exit(127);
        }
        if (!eventually([&] { return FakeMta::connect(socket).has_value(); }))
            throw std::runtime_error("no do-nothing milter");
    }
    ~Nothing() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Nothing(const Nothing&) = delete;
    Nothing& operator=(const Nothing&) = delete;

private:
    pid_t pid_ = -1;
};

FakeMail mail_of_4_kb() {
    FakeMail mail;
    while (mail.body.size() < 4096 - 300)
        mail.body += "The delivery of next week is ready, Ben will call about the rest.\r\n";
    return mail;
}

std::atomic<int> g_lost{0};

/// Messages a second with `connections` connections, `messages` in all.
double rate(const std::string& socket, int connections, int messages) {
    const FakeMail mail = mail_of_4_kb();
    const auto work = [&](int count) {
        auto mta = FakeMta::connect(socket);
        if (!mta || !mta->negotiate()) {
            g_lost += count;
            return;
        }
        mta->greet();
        for (int i = 0; i < count; ++i)
            if (!mta->send(mail).is_accepted()) ++g_lost;
    };
    work(5);  // warm
    const auto before = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (int c = 0; c < connections; ++c) threads.emplace_back(work, messages / connections);
    for (auto& thread : threads) thread.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
    return messages / connections * connections / took.count();
}

long rss_kb(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("VmRSS:", 0) == 0) return std::atol(line.c_str() + 6);
    return 0;
}

int run(int messages) {
    const TempDir directory;
    std::printf("messages of 4 KB per second          nothing  kith-milter  ratio\n");
    double kith_unix = 0, kith_inet = 0;
    for (const int connections : {1, 4}) {
        // A name of its own: libmilter does not take over the socket that a killed one left.
        const std::string unix_socket =
            "unix:" + directory.file("nothing" + std::to_string(connections));
        const Nothing nothing(unix_socket, 0);
        const MilterProcess kith;
        const double base = rate(unix_socket, connections, messages);
        const long before = rss_kb(kith.pid());
        const double ours = rate(kith.socket(), connections, messages);
        if (connections == 1) kith_unix = ours;
        std::printf("unix, %d connection(s)              %8.0f     %8.0f   %.3f\n", connections,
                    base, ours, ours / base);
        std::printf("  kith-milter memory: %ld KB before, %ld KB after %d messages\n", before,
                    rss_kb(kith.pid()), messages + 5);
    }
    for (const int connections : {1, 4}) {
        const std::string inet_socket = "inet:" + std::to_string(free_port()) + "@127.0.0.1";
        const Nothing nothing(inet_socket, 0);
        MilterSetup setup;
        setup.over_tcp = true;
        const MilterProcess kith(setup);
        const double base = rate(inet_socket, connections, messages);
        const double ours = rate(kith.socket(), connections, messages);
        if (connections == 1) kith_inet = ours;
        std::printf("inet, %d connection(s)              %8.0f     %8.0f   %.3f\n", connections,
                    base, ours, ours / base);
    }
    std::printf("kith-milter inet / unix: %.3f\n", kith_inet / kith_unix);
    {
        const std::string socket = "inet:" + std::to_string(free_port()) + "@127.0.0.1";
        const Nothing with_headers(socket, 5);
        std::printf(
            "milliseconds a message over TCP with 5 headers added: libmilter as it is %.1f, "
            "kith-milter %.1f\n",
            1000.0 / rate(socket, 1, 40), 1000.0 / kith_inet);
    }
    if (g_lost > 0) std::printf("FAILED: %d messages were not accepted\n", g_lost.load());
    if (1000.0 / kith_inet > kMaxTcpMilliseconds)
        std::printf("FAILED: TCP waits for delayed acknowledgements\n");
    return g_lost > 0 || 1000.0 / kith_inet > kMaxTcpMilliseconds ? 1 : 0;
}

}  // namespace
}  // namespace kith::test

int main(int argc, char** argv) {
    int messages = 2000;
    if (argc == 3 && std::string(argv[1]) == "--messages")
        messages = std::max(40, std::atoi(argv[2]));
    return kith::test::run(messages);
}
