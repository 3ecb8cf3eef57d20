// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/judge.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "engine/assess/assess.hpp"
#include "engine/assess/delay.hpp"
#include "engine/assess/mode.hpp"
#include "engine/assess/own_mail.hpp"
#include "engine/assess/record.hpp"
#include "engine/assess/site_key.hpp"
#include "engine/assess/store_memory.hpp"
#include "engine/assess/warm_up.hpp"
#include "engine/base/text.hpp"
#include "engine/config/models.hpp"

namespace kith {
namespace {

/// How often the store is looked at for a new generation, or for being there at all.
constexpr std::chrono::milliseconds kLook{500};
constexpr std::chrono::seconds kReopen{2};

/// Which directory a path leads to: another one in its place is another store. 0 = none.
std::pair<std::uint64_t, std::uint64_t> identity_of(const std::string& directory) {
    struct stat st {};
    if (::stat(directory.c_str(), &st) != 0) return {};
    return {st.st_dev, st.st_ino};
}

/// Of a new store at most this much is read ahead of the mail that needs it.
std::uint64_t half_of_memory() {
    const long pages = ::sysconf(_SC_PHYS_PAGES), bytes = ::sysconf(_SC_PAGESIZE);
    return pages > 0 && bytes > 0 ? std::uint64_t(pages) * std::uint64_t(bytes) / 2 : 0;
}

/// What mail needs of the store, all of one moment.
struct View {
    std::shared_ptr<const Store> store;
    std::shared_ptr<const SiteSnapshot> snapshot;
    std::shared_ptr<const Hasher> hasher;
};

class LiveJudge final : public Judge {
public:
    explicit LiveJudge(std::shared_ptr<const Config> config) : config_(std::move(config)) {
        refresh();
        watcher_ = std::thread([this] { watch(); });
    }
    ~LiveJudge() override {
        {
            const std::lock_guard lock(stop_mutex_);
            stop_ = true;
        }
        stop_changed_.notify_all();
        watcher_.join();
    }

    Judged judge(const MessageBytes& bytes, const Arrival& arrival) override;
    void reload(std::shared_ptr<const Config> config) override {
        const std::lock_guard lock(mutex_);
        config_ = std::move(config);
    }
    std::string trouble() const override {
        const std::lock_guard lock(mutex_);
        return trouble_;
    }

private:
    void watch();
    void refresh();
    void warm_up();
    void set_view(View view, std::string trouble) {
        const std::lock_guard lock(mutex_);
        view_ = std::move(view);
        trouble_ = std::move(trouble);
    }
    [[nodiscard]] std::pair<View, std::shared_ptr<const Config>> view() const {
        const std::lock_guard lock(mutex_);
        return {view_, config_};
    }

    [[nodiscard]] std::optional<Time> delayed_since(std::uint64_t key, Time now) const {
        const std::lock_guard lock(delays_mutex_);
        return delays_.find(key, now);
    }
    [[nodiscard]] bool remember_delay(std::uint64_t key, Time now) {
        const std::lock_guard lock(delays_mutex_);
        return delays_.remember(key, now);
    }

    mutable std::mutex delays_mutex_;
    DelayMemory delays_;
    mutable std::mutex mutex_;  // guards view_, config_, trouble_
    View view_;
    std::shared_ptr<const Config> config_;
    std::string trouble_ = "store not opened yet";

    std::mutex stop_mutex_;
    std::condition_variable stop_changed_;
    bool stop_ = false;
    std::chrono::steady_clock::time_point last_open_{};
    std::weak_ptr<const Store> last_store_;  // watcher only
    std::optional<WarmUp> warm_up_;          // watcher only; of the store that is open
    std::pair<std::uint64_t, std::uint64_t>
        opened_;  // watcher only: directory of the store that is open
    std::thread watcher_;
};

void LiveJudge::watch() {
    std::unique_lock lock(stop_mutex_);
    while (!stop_changed_.wait_for(lock, warm_up_ ? std::chrono::milliseconds{0} : kLook,
                                   [this] { return stop_; })) {
        lock.unlock();
        refresh();
        warm_up();
        lock.lock();
    }
}

/// One step, between two looks at the store.
void LiveJudge::warm_up() {
    if (!warm_up_) return;
    if (const auto store = view().first.store) {
        const auto reader = store->read();
        if (reader && warm_up_->step(**reader)) return;
    }
    warm_up_.reset();
}

/// Opens the store when there is none, takes a new snapshot when there is a new generation. Only
/// the watcher (and the constructor) come here: LMDB forbids opening a file twice in one process.
void LiveJudge::refresh() {
    auto [now, config] = view();
    const auto directory = identity_of(config->store.directory);
    if (now.store && directory != opened_) {
        // An open store goes on working when its directory is moved away; the learner's is another
        // one now.
        set_view({}, "the store " + config->store.directory + " was moved or replaced");
        last_store_ = now.store;
    } else if (now.store) {
        auto generation = now.store->generation();
        if (generation && now.snapshot && *generation == now.snapshot->generation) return;
        auto reader = generation ? now.store->read()
                                 : Result<std::unique_ptr<StoreReader>>(fail(generation.error()));
        if (reader) {
            auto snapshot = load_snapshot(**reader, *generation);
            if (snapshot) {
                now.snapshot = *snapshot;
                set_view(std::move(now), "");
                return;
            }
            set_view({}, snapshot.error().text());
        } else {
            set_view({}, reader.error().text());
        }
        last_store_ = now.store;
    }
    now = {};
    if (!last_store_.expired()) return;  // mail in flight still holds the old one
    const auto tick = std::chrono::steady_clock::now();
    if (last_open_ != std::chrono::steady_clock::time_point{} && tick - last_open_ < kReopen)
        return;
    last_open_ = tick;
    auto store = Store::open(config->store, Store::Mode::Read);
    if (!store) return set_view({}, store.error().text());
    opened_ = directory;
    View opened;
    opened.store = std::shared_ptr<const Store>(std::move(store).value());
    auto generation = opened.store->generation();
    auto reader = opened.store->read();
    if (!generation || !reader)
        return set_view({}, generation ? reader.error().text() : generation.error().text());
    const auto secret = read_site_key(**reader, *config);
    if (!secret) return set_view({}, secret.error().text());
    opened.hasher = std::make_shared<const Hasher>(*secret);
    auto snapshot = load_snapshot(**reader, *generation);
    if (!snapshot) return set_view({}, snapshot.error().text());
    opened.snapshot = *snapshot;
    set_view(std::move(opened), "");
    warm_up_.emplace(half_of_memory());
}

/// kith's own mail, by its token.
bool is_own(const Message& message, const MessageBytes& bytes, const Hasher& hasher) {
    const auto token = message.header(kOwnMailField);
    if (!token) return false;
    std::string copy;
    std::string_view raw = bytes.memory;
    if (bytes.fd >= 0) {
        if (bytes.length > kMaxOwnMail) return false;
        copy.resize(bytes.length);
        const ssize_t n =
            ::pread(bytes.fd, copy.data(), copy.size(), static_cast<off_t>(bytes.offset));
        if (n != static_cast<ssize_t>(copy.size())) return false;
        raw = copy;
    }
    return is_own_mail(hasher, trim(*token), message.message_id, message.subject, raw);
}

Judged LiveJudge::judge(const MessageBytes& bytes, const Arrival& arrival) {
    const auto [view, config] = this->view();
    ParseOptions parse_options = config->parse;
    if (parse_options.trusted_authserv_ids.empty() && !arrival.mta_hostname.empty())
        parse_options.trusted_authserv_ids.push_back(ascii_lower(arrival.mta_hostname));
    Message message = parse(bytes, parse_options);

    // Without a store there is no secret either: the record is still made, under a hasher of no use
    // to anybody.
    static const Hasher no_secret{Hasher::Secret{}};
    const Hasher& hasher = view.hasher ? *view.hasher : no_secret;
    DraftRecord draft = draft_record(message, arrival, *config, hasher);
    Judged judged(std::move(draft.record));
    judged.documents = std::move(message.documents);
    MailRecord& record = judged.record;
    if (view.hasher && is_own(message, bytes, hasher)) {
        record.own = true;
        return judged;
    }
    const ModelSet& models = config->models ? *config->models : shipped_models();
    // No opinion of kith's; what a model says of the mail itself holds all the same.
    const auto without_memory = [&, &budget = config->budget](std::string why) {
        record.assessment = Assessment{};
        record.assessment.degraded = std::move(why);
        apply_models(models, record, budget, false);
    };
    if (!view.snapshot) {
        // The store may have been opened since the look at it: an empty reason would pass for a
        // judgement.
        const std::string why = trouble();
        without_memory(why.empty() ? "the store is being opened" : why);
        return judged;
    }
    auto reader = view.store->read();
    if (!reader) {
        without_memory(reader.error().text());
        return judged;
    }
    const StoreMemory memory(**reader, view.snapshot);
    AssessContext context{memory, view.snapshot->scales, hasher, config->budget, {}};
    Attempt& attempt = context.attempt;
    const std::uint64_t key = delay_key(record.observations, hasher);
    // Only where a 451 is really answered: a verdict nobody acts on would have no second one.
    if (models.may_delay() && mode_for(*config, arrival) == Mode::Enforce) {
        attempt.delayed_since = delayed_since(key, arrival.time);
        if (!attempt.delayed_since) attempt.delayed_since = memory.delayed_since(key);
        attempt.may_delay = !attempt.delayed_since;
    }
    const auto judge_it = [&, &budget = config->budget] {
        record.assessment = assess(record.observations, draft.labels, context).assessment;
        apply_models(models, record, budget, attempt.may_delay);
    };
    judge_it();
    if (record.assessment.verdict == Verdict::Defer && memory.trouble().empty() &&
        !remember_delay(key, arrival.time)) {
        attempt.may_delay = false;
        judge_it();
    }
    // Half a history would make a known sender look new: better no opinion than a wrong one.
    if (!memory.trouble().empty()) without_memory(memory.trouble());
    return judged;
}

}  // namespace

std::unique_ptr<Judge> Judge::create(std::shared_ptr<const Config> config) {
    return std::make_unique<LiveJudge>(std::move(config));
}

}  // namespace kith
