// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/load.hpp"

#include <algorithm>
#include <array>
#include <barrier>
#include <ctime>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace kith::test {
namespace {

using std::chrono::steady_clock;

constexpr unsigned kSenders = 40;  ///< the first half is known to a site that learned site_mails()
constexpr std::chrono::milliseconds kRetryPace{20}, kReportPace{200}, kBytePace{1};
constexpr std::size_t kSlowBytes = 400;
constexpr std::array<const char*, 12> kWords = {"delivery", "plan",    "meeting", "week",
                                                "sample",   "drawing", "station", "paper",
                                                "garden",   "letter",  "report",  "winter"};

std::string date_now() {
    std::array<char, 64> text{};
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::strftime(text.data(), text.size(), " %a, %d %b %Y %H:%M:%S +0000", &parts);
    return text.data();
}

std::string sender_of(std::uint64_t number) {
    const std::uint64_t n = number % kSenders;
    return n < kSenders / 2
               ? "p" + std::to_string(n) + "@far.example"
               : "new" + std::to_string(n) + "@other" + std::to_string(n % 5) + ".example";
}

FakeMail mail_of(const LoadPlan& plan, std::uint64_t number) {
    const std::string from = sender_of(number), tag = plan.run + "." + std::to_string(number);
    FakeMail mail;
    mail.sender = "<" + from + ">";
    mail.queue_id = "4S" + tag;
    mail.queue_id.erase(std::remove(mail.queue_id.begin(), mail.queue_id.end(), '.'),
                        mail.queue_id.end());
    mail.headers = {{"From", " " + from},
                    {"To", " ben@site.example"},
                    {"Subject", std::string(" ") + kWords[number % kWords.size()]},
                    {"Date", date_now()},
                    {"Message-ID", " <" + tag + "@" + from.substr(from.find('@') + 1) + ">"}};
    mail.body = "Hello Ben,\r\n\r\n";
    for (std::uint64_t i = 0; i < 60; ++i)
        mail.body +=
            std::string(kWords[(number * 7 + i * i) % kWords.size()]) + (i % 9 == 8 ? "\r\n" : " ");
    mail.body += "\r\n";
    return mail;
}

/// Everything the sessions share.
struct Shared {
    const LoadPlan& plan;
    const std::atomic<bool>& stop;
    LoadCounts& counts;
    std::mutex mutex;
    std::vector<double> times;  ///< milliseconds; guarded by mutex
    std::barrier<> everybody;
};

class SessionOfMta {
public:
    SessionOfMta(Shared& shared, bool slow) : shared_(shared), slow_(slow) {}

    void run() {
        while (const auto number = next_number()) {
            deliver(mail_of(shared_.plan, *number));
            if (shared_.plan.pause.count() > 0) std::this_thread::sleep_for(shared_.plan.pause);
        }
        if (mta_) mta_->quit();
        const std::lock_guard lock(shared_.mutex);
        shared_.times.insert(shared_.times.end(), times_.begin(), times_.end());
    }

private:
    std::optional<std::uint64_t> next_number() {
        if (shared_.stop.load()) return std::nullopt;
        const std::uint64_t number = shared_.counts.begun.fetch_add(1);
        if (shared_.plan.messages == 0 || number < shared_.plan.messages) return number;
        shared_.counts.begun.fetch_sub(1);
        return std::nullopt;
    }

    void deliver(const FakeMail& mail) {
        const auto until = steady_clock::now() + shared_.plan.patience;
        while (!try_once(mail)) {
            if (steady_clock::now() > until) {
                ++shared_.counts.lost;
                return;
            }
            std::this_thread::sleep_for(kRetryPace);
        }
    }

    /// True when the filter has answered for good.
    bool try_once(const FakeMail& mail) {
        if (!reach()) {
            ++shared_.counts.not_reached;
            return false;
        }
        hand_over(mail);
        if (shared_.plan.together) shared_.everybody.arrive_and_wait();
        const auto begun = steady_clock::now();
        // Every attempt has a queue id of its own, as with real MTAs.
        const EomAnswer answer =
            mta_->end_of_message({{"i", mail.queue_id + "t" + std::to_string(++attempts_)}});
        const std::chrono::duration<double, std::milli> took = steady_clock::now() - begun;
        if (++on_connection_ >= shared_.plan.per_connection) {
            mta_->quit();
            mta_.reset();
        }
        return settle(answer, took.count());
    }

    bool settle(const EomAnswer& answer, double milliseconds) {
        LoadCounts& counts = shared_.counts;
        if (answer.final == 0) {
            ++counts.not_answered;
            mta_.reset();
            return false;
        }
        if (answer.final == 't' || (answer.final == 'y' && answer.text.front() == '4')) {
            ++counts.told_later;
            return false;
        }
        times_.push_back(milliseconds);
        ++(!answer.is_accepted() ? counts.rejected
           : answer.quarantine   ? counts.held
                                 : counts.delivered);
        return true;
    }

    bool reach() {
        if (mta_) return true;
        on_connection_ = 0;
        mta_ = FakeMta::connect(shared_.plan.socket, shared_.plan.patience);
        if (!mta_) return false;
        if (!mta_->negotiate()) {
            mta_.reset();
            return false;
        }
        mta_->greet();
        return true;
    }

    void hand_over(const FakeMail& mail) {
        if (!slow_) {
            mta_->send_up_to_body(mail);
            mta_->flush();
            return;
        }
        FakeMail head = mail;
        head.body.clear();
        mta_->send_up_to_body(head);
        for (std::size_t i = 0; i < mail.body.size(); ++i) {
            mta_->body(
                std::string_view(mail.body).substr(i, i < kSlowBytes ? 1 : std::string::npos));
            mta_->flush();
            if (i >= kSlowBytes || shared_.stop.load()) break;
            std::this_thread::sleep_for(kBytePace);
        }
    }

    Shared& shared_;
    const bool slow_;
    std::optional<FakeMta> mta_;
    unsigned on_connection_ = 0;
    std::uint64_t attempts_ = 0;
    std::vector<double> times_;
};

double at_share(const std::vector<double>& sorted, double share) {
    if (sorted.empty()) return 0;
    return sorted[std::min(sorted.size() - 1,
                           static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

}  // namespace

LoadTimes send_load(const LoadPlan& plan, const std::atomic<bool>& stop, LoadCounts& counts,
                    const std::function<void()>& report) {
    Shared shared{plan, stop, counts, {}, {}, std::barrier<>(plan.sessions)};
    std::atomic<unsigned> running{plan.sessions};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < plan.sessions; ++i)
        threads.emplace_back([&shared, &running, &plan, i] {
            SessionOfMta(shared, i < plan.slow).run();
            if (plan.together) shared.everybody.arrive_and_drop();
            --running;
        });
    while (running > 0) {
        std::this_thread::sleep_for(kReportPace);
        report();
    }
    for (auto& thread : threads) thread.join();
    std::sort(shared.times.begin(), shared.times.end());
    return {at_share(shared.times, .5), at_share(shared.times, .99), at_share(shared.times, 1)};
}

FakeMail probe_mail(const std::string& kind) {
    FakeMail mail;
    // Two within a second would else be one to kith.
    const std::string tag = std::to_string(steady_clock::now().time_since_epoch().count());
    mail.queue_id += tag;
    mail.headers[3] = {"Date", date_now()};
    mail.headers[4] = {"Message-ID", " <" + tag + "@partner.example>"};
    if (kind == "foreign") {
        mail.headers.push_back({"X-Mailer", " Odd"});
        mail.body = "Please open https://odd.example/x and log in.\r\n";
    }
    return mail;
}

}  // namespace kith::test
