// SPDX-License-Identifier: Apache-2.0
// Messages a second through any milter, and how long each waited for its answer: sends the mail of
// files, in turn, over so many connections at once, and prints one line of JSON. What filters.py
// compares filters with. milter_rate SOCKET CONNECTIONS MESSAGES RECIPIENT FILE...
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/must.hpp"
#include "tests/support/fake_mta.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// A file's mail as an MTA hands it over: header values with the blank after the colon and line
/// feeds within, a body with CRLF.
FakeMail mail_of(const std::string& path, const std::string& recipient) {
    std::ifstream in(path, std::ios::binary);
    if (!in) stop("cannot read " + path);
    FakeMail mail;
    mail.headers.clear();
    mail.body.clear();
    mail.recipients = {"<" + recipient + ">"};
    std::string line;
    while (std::getline(in, line)) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.empty()) break;
        const auto colon = line.find(':');
        if ((line.front() == ' ' || line.front() == '\t') && !mail.headers.empty())
            mail.headers.back().second += "\n" + line;
        else if (colon != std::string::npos)
            mail.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
    }
    while (std::getline(in, line)) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        mail.body += line + "\r\n";
    }
    for (const auto& [name, value] : mail.headers) {
        const auto open = value.rfind('<'), close = value.rfind('>');
        if (name == "From" && open != std::string::npos && close != std::string::npos &&
            close > open)
            mail.sender = value.substr(open, close - open + 1);
    }
    return mail;
}

struct Outcome {
    std::mutex mutex;
    std::vector<double> waited_us;
    long lost = 0;
};

void send(const std::string& socket, const std::vector<FakeMail>& mails, long first, long count,
          Outcome& outcome) {
    std::vector<double> waited;
    long lost = 0;
    auto mta = FakeMta::connect(socket, std::chrono::minutes(2));
    if (!mta || !mta->negotiate()) {
        lost = count;
    } else {
        mta->greet();
        for (long i = 0; i < count; ++i) {
            const FakeMail& mail = mails[static_cast<std::size_t>(first + i) % mails.size()];
            mta->send_up_to_body(mail);
            const auto start = std::chrono::steady_clock::now();
            // Held or refused is an answer as well.
            if (mta->end_of_message({{"i", mail.queue_id}}).final == 0) ++lost;
            waited.push_back(
                std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
                    .count());
        }
    }
    const std::lock_guard lock(outcome.mutex);
    outcome.lost += lost;
    outcome.waited_us.insert(outcome.waited_us.end(), waited.begin(), waited.end());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 6) stop("usage: milter_rate SOCKET CONNECTIONS MESSAGES RECIPIENT FILE...");
    const std::string socket = argv[1];
    const long connections = std::max(1L, std::atol(argv[2]));
    const long each = std::max(1L, std::atol(argv[3]) / connections);
    std::vector<FakeMail> mails;
    for (int i = 5; i < argc; ++i) mails.push_back(mail_of(argv[i], argv[4]));

    Outcome warm, outcome;
    send(socket, mails, 0, std::min(20L, each), warm);
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (long c = 0; c < connections; ++c)
        threads.emplace_back([&, c] { send(socket, mails, c * each, each, outcome); });
    for (auto& thread : threads) thread.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;

    auto& waited = outcome.waited_us;
    std::sort(waited.begin(), waited.end());
    const auto at = [&](double q) {
        return waited.empty()
                   ? 0.0
                   : waited[static_cast<std::size_t>(q * static_cast<double>(waited.size() - 1))];
    };
    std::printf(
        "{\"messages\": %ld, \"seconds\": %.6f, \"p50_us\": %.0f, \"p99_us\": %.0f, \"lost\": "
        "%ld}\n",
        connections * each, took.count(), at(.5), at(.99), outcome.lost);
    return outcome.lost == 0 ? 0 : 1;
}
