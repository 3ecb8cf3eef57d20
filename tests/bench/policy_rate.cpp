// SPDX-License-Identifier: Apache-2.0
// Policy answers by kith-accounts: requests as Dovecot sends them, over connections that are kept,
// every fiftieth for a locked account. The service answers in one thread, so answers per second of
// its processor time are answers per second on one core, whatever else the machine does. Beside it,
// in the same run and asked the same, a server that reads and answers without a thought: the share
// of its rate is what this fails on (kLeastShare), since a rate alone depends on the machine.
// Prints a line of JSON; nonzero exit when the share is too small or an answer was wrong.
//     policy_rate [--answers N] [--connections N]
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/account_lock.hpp"
#include "engine/base/unique_fd.hpp"
#include "tests/bench/must.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using namespace kith::test;
using std::chrono::steady_clock;

namespace {

// Half of what was measured, unoptimised; what is lost to a lock's search or a needless copy is
// more.
constexpr double kLeastShare = 0.03;

struct Options {
    long answers = 50'000, connections = 4;
};

/// A socket on a free port of the loopback, and that port.
std::pair<UniqueFd, unsigned> bind_anywhere() {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        stop("no free port");
    return {std::move(fd), ntohs(address.sin_port)};
}

UniqueFd connect_to(unsigned port) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fd.reset();
    const int on = 1;
    if (fd) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

std::string request(long number) {
    const std::string login = number % 50 == 0
                                  ? "locked@example.org"
                                  : "user" + std::to_string(number % 2000) + "@example.org";
    const std::string body =
        R"({"device_id":"\"name\" \"Mail\"","login":")" + login +
        R"(","protocol":"imap","remote":"192.0.2.7","session_id":"FBoiE3NhdY9/AAAH","tls":true})";
    return "POST /policy?command=allow HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
           "application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// Sends one request and reads its answer; whether it came, and refused whom it should (`refuses`).
bool ask(const UniqueFd& fd, long number, bool refuses) {
    const std::string text = request(number);
    if (::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size()))
        return false;
    std::string answer;
    char buffer[2048];
    while (answer.find("\"status\":") == std::string::npos || !answer.ends_with("}")) {
        const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
        if (n <= 0) return false;
        answer.append(buffer, static_cast<std::size_t>(n));
    }
    const bool refused = answer.find("\"status\":-1") != std::string::npos;
    return refused == (refuses && number % 50 == 0);
}

/// A server of one thread that answers every request of the client's with the same words.
[[noreturn]] void answer_blindly(const UniqueFd& listener) {
    const std::string_view answer =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        "27\r\n\r\n{\"status\":0,\"msg\":\"allow\"}";
    std::vector<pollfd> polled{{listener.get(), POLLIN, 0}};
    for (;;) {
        if (::poll(polled.data(), polled.size(), -1) < 0) ::_exit(1);
        for (std::size_t i = 1; i < polled.size(); ++i) {
            char buffer[4096];
            if (polled[i].revents == 0) continue;
            // A request is one send() of less than a segment, so it is read whole.
            if (::recv(polled[i].fd, buffer, sizeof buffer, 0) > 0) {
                (void)!::send(polled[i].fd, answer.data(), answer.size(), MSG_NOSIGNAL);
            } else {
                ::close(polled[i].fd);
                polled[i].fd = -1;
            }
        }
        if (polled[0].revents != 0)
            if (const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC); fd >= 0)
                polled.push_back({fd, POLLIN, 0});
    }
}

struct Outcome {
    std::mutex mutex;
    std::vector<double> took_us;
    long wrong = 0;
};

void client(unsigned port, long first, long count, bool refuses, Outcome& outcome) {
    const UniqueFd fd = connect_to(port);
    std::vector<double> took;
    long wrong = fd ? 0 : count;
    for (long i = 0; fd && i < count; ++i) {
        const auto begun = steady_clock::now();
        if (!ask(fd, first + i, refuses)) ++wrong;
        took.push_back(
            std::chrono::duration<double, std::micro>(steady_clock::now() - begun).count());
    }
    const std::lock_guard lock(outcome.mutex);
    outcome.wrong += wrong;
    outcome.took_us.insert(outcome.took_us.end(), took.begin(), took.end());
}

/// Processor seconds that the process has had.
double processor_seconds(pid_t pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(in)), {});
    text.erase(0, text.rfind(')') + 1);
    unsigned long user = 0, system = 0;
    if (std::sscanf(text.c_str(), " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                    &system) != 2)
        stop("cannot read what the service took");
    return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Options read_options(int argc, char** argv) {
    Options o;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        const long value = std::max(1L, std::atol(argv[i + 1]));
        if (name == "--answers")
            o.answers = value;
        else if (name == "--connections")
            o.connections = value;
        else
            stop("usage: policy_rate [--answers N] [--connections N]");
    }
    return o;
}

void wait_for(unsigned port) {
    const auto until = steady_clock::now() + std::chrono::seconds(30);
    while (!connect_to(port)) {
        if (steady_clock::now() > until) stop("kith-accounts does not listen");
        std::this_thread::yield();
    }
}

/// What a server did with `options.answers` requests.
struct Figures {
    double per_second = 0, per_second_of_one_core = 0, p50_us = 0, p99_us = 0;
};

Figures measure(const ChildProcess& server, unsigned port, bool refuses, const Options& options) {
    wait_for(port);
    Outcome warm, outcome;
    client(port, 0, 1000, refuses, warm);
    const double before = processor_seconds(server.pid());
    const auto begun = steady_clock::now();
    const long each = std::max(1L, options.answers / options.connections);
    std::vector<std::thread> clients;
    for (long c = 0; c < options.connections; ++c)
        clients.emplace_back([&, c] { client(port, c * each, each, refuses, outcome); });
    for (std::thread& one : clients) one.join();
    const double seconds = std::chrono::duration<double>(steady_clock::now() - begun).count();
    const double processor = std::max(processor_seconds(server.pid()) - before, 0.01);

    auto& took = outcome.took_us;
    if (outcome.wrong > 0 || took.empty())
        stop(std::to_string(outcome.wrong) + " answers were wrong or missing");
    std::sort(took.begin(), took.end());
    const auto at = [&](double q) {
        return took[static_cast<std::size_t>(q * static_cast<double>(took.size() - 1))];
    };
    const double answers = static_cast<double>(took.size());
    return {answers / seconds, answers / processor, at(.5), at(.99)};
}

Figures measure_nothing(const Options& options) {
    const auto [listener, port] = bind_anywhere();
    if (::listen(listener.get(), 64) != 0) stop("cannot listen");
    const ChildProcess server([&fd = listener]() -> int { answer_blindly(fd); });
    return measure(server, port, false, options);
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = read_options(argc, argv);
    const TempDir dir;
    const unsigned port = bind_anywhere().second;
    const std::string config = dir.write(
        "kith.yaml", "secret_file: " + dir.file("key") + "\njournal:\n  directory: " +
                         dir.file("journal") + "\nstore:\n  directory: " + dir.file("store") +
                         "\naccounts:\n  enforce: true\n  listen: inet:" + std::to_string(port) +
                         "@127.0.0.1\n  trouble_file: " + dir.file("trouble") + "\n");
    const Time now = SystemClock().now();
    const Status locked = change_locks(dir.file("locks"), now, [&](std::vector<AccountLock>& all) {
        for (int i = 0; i < 1000; ++i)
            all.push_back({"other" + std::to_string(i) + "@example.org", now, now + Seconds(3600),
                           true, true, "root", ""});
        all.push_back(
            {"locked@example.org", now, now + Seconds(3600), true, true, "root", "stolen"});
    });
    if (!locked) stop(locked.error().text());

    ChildProcess service([&] {
        const int log = ::open(dir.file("log").c_str(), O_WRONLY | O_CREAT, 0600);
        ::dup2(log, STDERR_FILENO);
        // Another build's, the package's for one, where it is named.
        const char* named = std::getenv("KITH_ACCOUNTS");
        ::execl(named != nullptr ? named : KITH_ACCOUNTS_PROGRAM, "kith-accounts", "--stderr",
                "--config", config.c_str(), static_cast<char*>(nullptr));
        return 127;
    });
    const Figures kith = measure(service, port, true, options);
    service.kill(SIGTERM);
    (void)service.wait();
    const Figures nothing = measure_nothing(options);

    const double share = kith.per_second_of_one_core / nothing.per_second_of_one_core;
    std::printf(
        "{\"answers\": %ld, \"per_second\": %.0f, \"per_second_of_one_core\": %.0f, "
        "\"p50_us\": %.0f, \"p99_us\": %.0f, \"share_of_doing_nothing\": %.3f}\n",
        options.answers, kith.per_second, kith.per_second_of_one_core, kith.p50_us, kith.p99_us,
        share);
    if (share < kLeastShare) stop("too slow beside a server that does nothing");
    return 0;
}
