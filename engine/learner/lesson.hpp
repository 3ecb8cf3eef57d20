// SPDX-License-Identifier: Apache-2.0
// What one mail taught, so that it can be taken back: only what its observations in the journal do
// not tell. learn() fills it in, take_back() undoes it. Bytes: engine/learner/FORMAT.md. Covered by
// tests/unit/learner/lesson_test.cpp and tests/property/take_back_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/profile/state.hpp"
#include "engine/store/store.hpp"

namespace kith {

class LearnedMemory;
struct LearnerOptions;

/// Lessons are kept for this long after their mail; later it cannot be taken back.
inline constexpr Seconds kLessonKept{30LL * 86400};

struct Lesson {
    /// One value of one feature on its way up the levels (correspondent, domain, site).
    struct Value {
        std::uint16_t feature = 0;  ///< index (in memory), tag (on disk)
        std::uint32_t value = 0;
        std::uint8_t counted = 0, trials = 0, novel = 0;  ///< bit per level
        std::array<std::uint8_t, kLevels> cell{};         ///< of the novelty curve
    };
    /// A number that went into a ring of the site.
    struct Rank {
        std::uint16_t feature = 0;
        std::uint8_t bucket = 0;
        float number = 0;
    };
    /// What a profile got. Persistent numbers.
    enum class What : std::uint8_t {
        Mail = 0,      ///< sender, domain, pair: one more mail
        Received = 1,  ///< somebody here wrote to it
        Tie = 2,       ///< mail both ways with one more person
    };
    struct Touch {
        Subject subject = Subject::Correspondent;
        What what = What::Mail;
        Key16 key;
        Time aged{};           ///< the mail weighed 1 as of then
        Time last{};           ///< Profile::last (or last_received) before
        std::int32_t day = 0;  ///< Profile::day then
        bool new_day = false;  ///< counted in Profile::days
    };
    /// Whose words the site learned. Persistent numbers.
    enum class Speaker : std::uint8_t {
        Nobody = 0,    ///< not told apart: known, but not well
        Newcomer = 1,  ///< a sender's first mail
        Regular = 2,   ///< of a sender with kRegularMails
    };
    /// One value that a touched group or account counted.
    struct Habit {
        std::uint16_t touch = 0;    ///< place in `touched`
        std::uint16_t feature = 0;  ///< index (in memory), tag (on disk)
        std::uint32_t value = 0;
    };
    struct Host {
        std::uint64_t host = 0;
        bool senders = false, tenants = false;  ///< which of HostUse's counts grew
    };
    /// What was new in a vocabulary's lists; words are in the observations.
    struct Words {
        Time aged{};
        std::int32_t day = 0;
        std::vector<std::uint32_t> hosts, tenants, payments, phones, recipients;
    };
    struct Conversation {
        std::uint64_t root = 0;  ///< 0 = none
        bool new_id = false;     ///< the mail's Message-ID was not known before
        std::vector<std::uint32_t> participants, domains, addressed, words;
        std::vector<std::uint64_t> passages;
        std::uint32_t asks = 0;
        Time last{};
    };

    std::vector<Value> values;
    std::vector<Rank> ranks;
    std::vector<Touch> touched;
    std::vector<Host> hosts;
    Words sender, domain;
    Conversation thread;
    float word_weight = 0;
    Speaker speaker = Speaker::Nobody;
    std::vector<std::uint8_t> fresh_words;  ///< bit per Observations::words: new to the sender
    std::int32_t site_day = 0;              ///< site's words are as of this day
    Time site_aged{};
    bool person_named = false, domain_named = false;  ///< counted as bearers of their names
    bool invoice = false;                             ///< counted in Vocabulary::invoices
    std::vector<Habit> habits;
    bool login_counted = false;  ///< as one that writes as the sender's address
    NameCounted names{};         ///< whose name it carries (borrowed_names.hpp)
};

/// Undoes what learning `o` did, as far as nothing later hides it: what other mail of the sender
/// showed since stays theirs. Exceptions: ARCHITECTURE.md "Learning policy".
void take_back(const Observations& o, const Lesson& lesson, const LearnerOptions& options,
               LearnedMemory& memory);

[[nodiscard]] std::string encode(const Lesson& lesson);
/// nullopt when the bytes do not verify; never crashes, whatever the bytes.
[[nodiscard]] std::optional<Lesson> decode_lesson(std::string_view bytes);
/// Key in table Messages: sorted by the mail's time.
[[nodiscard]] std::string lesson_key(Time mail, std::string_view id);
/// Removes those of mails older than `before`, at most `max`; returns how many.
[[nodiscard]] Result<std::size_t> expire_lessons(StoreWriter& writer, Time before, std::size_t max);

}  // namespace kith
