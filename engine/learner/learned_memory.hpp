// SPDX-License-Identifier: Apache-2.0
// Memory that can change: decoded state in front of the store, written back in one transaction. The
// learner's, and with no store behind it `kith replay`'s. One thread. Covered by
// tests/unit/learner/learned_memory_test.cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "engine/learner/examples.hpp"
#include "engine/learner/incident.hpp"
#include "engine/learner/lesson.hpp"
#include "engine/profile/codec.hpp"
#include "engine/profile/memory.hpp"
#include "engine/store/store.hpp"

namespace kith {

/// Mail that waits to be learned (on probation), as encoded MailRecord.
struct Waiting {
    Time due{};
    std::uint64_t message_id = 0;
    Key16 sender;
    std::string record;
};

/// Mail that was answered with a temporary failure and has left no more than a trace. It is known
/// for kDelayKept, so that its retry is recognised and counted once.
struct Delayed {
    std::uint64_t key = 0;  ///< delay_key()
    Time since{};           ///< first attempt
    std::string record;     ///< encoded MailRecord; "" once it came back
};

class LearnedMemory final : public Memory {
public:
    LearnedMemory();
    ~LearnedMemory() override;
    LearnedMemory(const LearnedMemory&) = delete;
    LearnedMemory& operator=(const LearnedMemory&) = delete;

    /// Where what is not in memory comes from; must stay valid until changed. nullptr = nowhere.
    void read_from(const StoreReader* reader) { reader_ = reader; }
    /// Loads the site's state, the waiting list and the experts' examples. What does not decode
    /// keeps its start value or is left out; returns how many.
    [[nodiscard]] Result<int> load_site();

    std::shared_ptr<const Profile> profile(Subject subject, const Key16& key) const override;
    std::shared_ptr<const Vocabulary> vocabulary(const Key16& key) const override;
    SiteWord word(std::uint32_t word) const override;
    std::shared_ptr<const Thread> thread(std::uint64_t message_id) const override;
    HostUse host(std::uint64_t host_or_tenant) const override;
    NameUse name(std::uint64_t name) const override;
    Traces traces(const Key16& sender) const override;
    /// Read anew each time: they change outside of this memory, and few senders have any.
    Allowances allowances(const Key16& sender) const override;
    const SiteState& site() const override { return *site_; }

    /// State to change; created when there is none.
    Profile& edit_profile(Subject subject, const Key16& key);
    Vocabulary& edit_vocabulary(const Key16& key);
    SiteWord& edit_word(std::uint32_t word);
    /// Thread of the first known id of `ids`; a new one under `message_id` when none is known.
    /// `message_id` leads to it from now on.
    Thread& edit_thread(std::uint64_t message_id, const std::vector<std::uint64_t>& ids);
    /// What edit_thread() found the mail to belong to; 0 = it is not known.
    [[nodiscard]] std::uint64_t thread_root(std::uint64_t message_id) const;
    /// The mail with this Message-ID is not known any more; its thread stays.
    void forget_message_id(std::uint64_t message_id);
    /// nullptr when there is none.
    [[nodiscard]] Thread* find_thread_root(std::uint64_t root);
    void erase_thread(std::uint64_t root);
    HostUse& edit_host(std::uint64_t host_or_tenant);
    NameUse& edit_name(std::uint64_t name);
    Traces& edit_traces(const Key16& sender);
    /// The sender's last incident, open or not; nullptr when there is none.
    [[nodiscard]] std::shared_ptr<const Incident> incident(const Key16& sender) const;
    Incident& edit_incident(const Key16& sender);
    /// Keeps what the mail of this id taught, for kLessonKept in the store.
    void keep(const Lesson& lesson, Time mail, std::string_view id);
    /// nullopt when it taught nothing, or too long ago; removed.
    [[nodiscard]] std::optional<Lesson> take_lesson(Time mail, std::string_view id);
    [[nodiscard]] bool has_lesson(Time mail, std::string_view id) const;
    SiteState& edit_site() { return *site_; }
    /// What the experts are fitted on.
    [[nodiscard]] Examples& examples() { return examples_; }

    void wait(Waiting waiting);
    /// Those due at `now`, oldest first; they are removed.
    [[nodiscard]] std::vector<Waiting> take_due(Time now);
    /// The one with this Message-ID (a reply to it has left the site); removed.
    [[nodiscard]] std::optional<Waiting> take_waiting(std::uint64_t message_id);
    /// The one that is this mail; removed.
    std::optional<Waiting> take_waiting(const MailRecord& mail);
    /// Of this sender. O(all that wait).
    [[nodiscard]] std::vector<Waiting> waiting_of(const Key16& sender) const;
    [[nodiscard]] std::size_t waiting_count() const noexcept;

    /// Keeps the first attempt; one that is known stays as it is.
    void delay(Delayed delayed);
    /// It is here again: true when it was waited for, and waited for no more then.
    bool came_back(std::uint64_t delay_key);
    /// Those delayed before `before` and, beyond kMaxDelayed, the oldest; they are removed.
    [[nodiscard]] std::vector<Delayed> take_delayed(Time before);

    /// Changes the records of mail that waits or was delayed: nullopt leaves one as it is, "" drops
    /// the mail.
    void rewrite_pending(
        const std::function<std::optional<std::string>(const std::string&)>& rewrite);

    /// Writes what changed since the last flush. On success the memory is clean; on failure nothing
    /// is forgotten.
    [[nodiscard]] Status flush(StoreWriter& writer);
    /// Call after the writer of flush() was committed; then read_from() must name a newer reader
    /// before the next miss.
    void flushed();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
    std::unique_ptr<SiteState> site_;
    Examples examples_;
    const StoreReader* reader_ = nullptr;
};

}  // namespace kith
