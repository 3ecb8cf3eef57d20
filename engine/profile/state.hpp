// SPDX-License-Identifier: Apache-2.0
// What kith remembers beside profiles: words, threads, hosts, names, traces, and the site's own
// state. Plain types; bytes in codec.hpp (FORMAT.md); where they live, memory.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/features/observations.hpp"
#include "engine/features/relations.hpp"
#include "engine/features/stratum.hpp"
#include "engine/model/anomaly.hpp"
#include "engine/model/calibration.hpp"
#include "engine/model/surprise.hpp"
#include "engine/profile/experts.hpp"
#include "engine/profile/profile.hpp"

namespace kith {

/// Words, hosts and payment data that a sender or a domain used.
struct Vocabulary {
    struct Use {
        std::uint32_t word = 0;
        float count = 0;
    };
    float total = 0;                              ///< sum of all counts ever kept, decayed
    std::vector<Use> words;                       ///< sorted by word
    std::vector<std::uint32_t> hosts, tenants;    ///< newest last
    std::vector<std::uint32_t> payments, phones;  ///< newest last
    std::vector<std::uint32_t> recipients;        ///< envelope recipients written to, newest last
    Time aged{};
    std::int32_t day = 0;
    float today = 0;     ///< mails counted on `day`
    float invoices = 0;  ///< mails with payment data in attached documents, ever

    static constexpr std::size_t kMaxWordsSender = 512, kMaxWordsDomain = 1024;
    static constexpr std::size_t kMaxHosts = 128, kMaxFacts = 32, kMaxRecipients = 256;

    [[nodiscard]] float count(std::uint32_t word) const noexcept;
    void add(std::uint32_t word, float weight);
    /// Takes it off again; a word that is hardly there any more goes.
    void retract(std::uint32_t word, float weight);
    /// Decay, and when there are more than `max_words` the rarest go.
    void age(Time now, double half_life_days);
    void trim(std::size_t max_words);
};

/// True when `item` is in the short list.
[[nodiscard]] bool contains(const std::vector<std::uint32_t>& list, std::uint32_t item) noexcept;
/// Moves or adds `item` to the end; the oldest goes when there are more than `limit`. True when it
/// was new.
bool remember(std::vector<std::uint32_t>& list, std::uint32_t item, std::size_t limit);
[[nodiscard]] inline std::uint32_t fold32(std::uint64_t h) noexcept {
    return static_cast<std::uint32_t>(h ^ h >> 32);
}

/// One word at the site.
struct SiteWord {
    float count = 0;       ///< decayed
    float senders = 0;     ///< distinct senders that used it
    std::int32_t day = 0;  ///< counts are as of this day
    /// Inbound mails with it: first ones of their senders, and of senders with kRegularMails.
    /// Decayed as a parent's counts are.
    float newcomers = 0, regulars = 0;
};

/// From so many mails on a sender's words are those of somebody who belongs here.
inline constexpr double kRegularMails = 10;

struct Thread {
    std::vector<std::uint32_t> participants;  ///< sender32 of those who wrote, newest last
    std::vector<std::uint32_t> domains;       ///< domain32 of those who wrote
    std::vector<std::uint32_t> addressed;     ///< recipients, folded keys
    std::vector<std::uint32_t> words;         ///< sorted
    std::vector<std::uint64_t> passages;      ///< written or quoted in it, newest last
    std::uint32_t asks = 0;                   ///< what was asked in it so far
    Time last{};
    bool gaps = false;  ///< not all that was written in it is among the passages
    static constexpr std::size_t kMaxPeople = 30, kMaxWords = 300, kMaxPassages = 384;
};

/// Who uses a link host (or a host's tenant).
struct HostUse {
    float senders = 0;  ///< distinct senders
    float tenants = 0;  ///< distinct first path segments (hosts only)
    std::int32_t day = 0;
};

/// Addresses that carry a name, local part or look-alike key.
struct NameUse {
    struct Bearer {
        std::uint32_t address = 0, domain = 0;
        float count = 0;
        Key16 correspondent{};  ///< zero for a bearer that is a domain, or learned by version 0.1.0
    };
    std::vector<Bearer> bearers;  ///< at most kMaxBearers, the rarest goes first
    std::int32_t day = 0;
    static constexpr std::size_t kMaxBearers = 8;
    static constexpr std::size_t kMaxCircle = 32;  ///< of a recipient's circle (circle_key)
};

/// What one mail with a payload left behind for the evidence over messages.
struct Trace {
    Time time{};
    std::uint64_t rcpt_set = 0;
    std::uint64_t message_id = 0;
    std::vector<std::uint32_t> tenants;  ///< of new links
    std::array<std::uint32_t, 8> sketch{};
    float evidence = 0;  ///< C = -log10 P of the mail alone
    bool held = false;
    std::string mail;  ///< kith's id of it; "" = not known
    static constexpr std::size_t kMaxId = 64;
};
/// What was surprising about a mail that was held (engine/scoring/fingerprint.hpp).
struct Fingerprint {
    struct Value {
        std::uint16_t feature = 0;  ///< index (in memory), tag (on disk)
        std::uint32_t value = 0;
    };
    Time time{};
    std::uint64_t message_id = 0;
    std::string mail;  ///< kith's id of it; "" = not known
    std::vector<Value> values;
    std::vector<std::uint32_t> tenants;  ///< of its links, when one was new
    static constexpr std::size_t kMaxValues = 48, kMaxTenants = 8;
};
struct Traces {
    std::vector<Trace> items;                 ///< oldest first
    std::vector<Fingerprint> fingerprints{};  ///< of the last 14 days' held mail, oldest first
    std::int32_t day = 0;                     ///< day number that `ranks` is of
    unsigned ranks = 0;  ///< what the sender's suspicious mail of the day gave to the calibration
    static constexpr std::size_t kMax = 64, kMaxFingerprints = 8;
};

/// Who matters at the site, which domains are its own, and which mails were suspicious: what tags
/// are made of. Learned, bounded.
struct People {
    struct Central {
        std::uint32_t address = 0;
        float ties = 0;
    };
    std::vector<Central> central;            ///< people with the most ties, most first
    float tied = 0;                          ///< people with any tie
    std::vector<std::uint32_t> own_domains;  ///< domain32 of those who send from here
    std::vector<std::uint64_t> suspects;     ///< Message-IDs of suspicious mail, newest last
    static constexpr std::size_t kMaxCentral = 64, kMaxOwnDomains = 64, kMaxSuspects = 512;

    /// Notes that `address` has `ties` now.
    void rank(std::uint32_t address, float ties);
    /// One of the most connected twentieth of all with ties, and with five ties at least.
    [[nodiscard]] bool is_vip(std::uint32_t address) const noexcept;
    [[nodiscard]] std::size_t vips() const noexcept;
};

inline constexpr std::size_t kLevels = 3;  ///< correspondent, domain, site
inline constexpr std::size_t kHistoryBuckets = 4;
inline constexpr std::size_t kRankBuckets = kLengthBuckets * kHistoryBuckets;
inline constexpr std::size_t kRankRing = 1000, kSumRing = 4000, kScoreRing = 6000,
                             kLevelRing = 3000, kStageRing = 1000, kIndicatorRing = 2000;
/// How well a sender is known, for the level of its mail's scores: 0, 1-2, 3-9, 10-49, 50 or more
/// mails.
inline constexpr std::size_t kStages = 5;
[[nodiscard]] constexpr std::size_t stage_of(double mails) noexcept {
    return mails < 1 ? 0 : mails < 3 ? 1 : mails < 10 ? 2 : mails < 50 ? 3 : 4;
}
inline constexpr std::size_t kIndicatorCount =
    8;  ///< rings kept; at least as many as indicators.def has lines

/// Everything about the site as a whole. The learner changes it, the milter reads a frozen copy.
struct SiteState {
    Profile values;  ///< L2: distinct domains that show a value
    std::array<std::array<NoveltyCurve, kFeatureCount>, kLevels> novelty;
    /// [feature of kind Rank or Sum][bucket]; empty for other kinds. Sums use one bucket a length.
    std::array<std::vector<ScoreRing>, kFeatureCount> ranks;
    std::array<std::array<ScoreRing, kStratumCount>, kDirectionCount> scores;
    std::array<std::array<float, kStratumCount>, kDirectionCount>
        stratum_mails{};  ///< decayed counts: shares of genuine mail
    std::array<double, kDirectionCount>
        mails{};  ///< mails counted into the calibration ever, per direction
    std::array<ScoreRing, kDirectionCount>
        evidence;  ///< C' of genuine mail: keeps the final level (see scoring/scales.hpp)
    /// The same by how well the sender is known.
    std::array<std::array<ScoreRing, kStages>, kDirectionCount> stage_evidence;
    std::array<std::array<ScoreRing, kIndicatorCount>, kDirectionCount> indicators;
    CovarianceSum anomaly;               ///< of the surprises, for General Behavioural Anomaly
    double words = 0;                    ///< words counted at the site, decayed
    double senders = 0;                  ///< senders with a profile
    double newcomers = 0, regulars = 0;  ///< mails that SiteWord's counts are of, decayed
    double learned = 0, waiting = 0, held = 0;  ///< what became of the mails, for status
    std::int32_t day = 0;                       ///< `words` is as of this day
    ExpertModel experts;
    People people;
    Migrations migrations{};  ///< of the domains
    /// Features that surprise nobody: `kith replay --without` measures what they are worth. Not
    /// stored.
    std::array<bool, kFeatureCount> without{};

    SiteState();
};

/// Features of kind Rank and Sum have rings; the others none.
[[nodiscard]] bool has_ranks(std::size_t feature) noexcept;
/// The ring for mail of these buckets (Relations). REQUIRES has_ranks(feature).
[[nodiscard]] std::size_t rank_bucket(std::size_t feature, int length, int history) noexcept;

}  // namespace kith
