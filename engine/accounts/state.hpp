// SPDX-License-Identifier: Apache-2.0
// What is remembered of accounts: of each one, of all of a domain, of the site. Everything is
// bounded; what an account does cannot make its record larger than some 20 KB, and incidents that
// are over add 30 KB at the very most. Plain data; bytes: codec.hpp. Covered by
// tests/unit/accounts/codec_test.cpp.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/accounts/habit.hpp"
#include "engine/accounts/host_clock.hpp"
#include "engine/accounts/sighting.hpp"
#include "engine/model/calibration.hpp"

namespace kith {

/// What is usual, one habit a feature.
using Habits = std::array<Habit, kAccountFeatures>;
/// Of each habit: of an account, and of a domain or the site.
inline constexpr std::size_t kMostOfAccount = 32, kMostOfParent = 8192;
/// Levels of surprise: account, domain, site.
inline constexpr std::size_t kAccountLevels = 3;

/// What was done lately, the first that applies: each kind has its own calibration and share of the
/// budget, so that who only logs in from elsewhere does not compete with who changes something
/// there. Persistent numbers.
enum class AccountStratum : std::uint8_t {
    Divert = 0,   ///< from now on mail goes elsewhere, or is hidden from the account's owner
    Change = 1,   ///< other rules, credentials, mailboxes, as this account hardly changes
    Sending = 2,  ///< mail unlike what it sends
    Bulk = 3,     ///< reads or deletes as it hardly does
    Hand = 4,     ///< nothing but being there
};
inline constexpr std::size_t kAccountStrata = 5;
/// Of the alerts.
inline constexpr std::array<double, kAccountStrata> kAccountShares = {.2, .15, .25, .2, .2};

/// A network from which something was done on the account lately.
struct Endpoint {
    std::uint32_t network = 0;  ///< 0 = not known
    std::string words, client;  ///< of the network and of the program
    Time first{}, last{};
    std::array<float, kAccountCauses> nats{};  ///< largest surprise of each cause, faded to `last`
    Time diverted{};                ///< mail was sent elsewhere or hidden from here; epoch = never
    std::uint32_t days = 1;         ///< on which it was used
    std::optional<GeoPoint> point;  ///< where it lay when the account was used from it
    std::string country;            ///< likewise
    Time used{};                    ///< last login or mail from here; epoch = none
};

/// What is to be learned unless an incident comes in between.
struct PendingLesson {
    std::uint8_t feature = 0;  ///< index (in memory), tag (on disk)
    std::uint32_t value = 0;
    Time due{};
};

/// Mail that reached the account and was suspicious.
struct ArrivedMail {
    std::string id;
    Time time{};
    float evidence = 0;  ///< C of the mail
};

/// One step of an incident's story, or an unusual event shown with the account.
struct AccountStep {
    Time time{};
    AccountAct act = AccountAct::Login;
    std::string text;         ///< what happened and how unusual that was then, in plain words
    std::string mail;         ///< kith's id, of a mail; "" = none
    std::uint32_t marks = 0;  ///< of indicators, bit per AccountIndicator
    float risk = 0;           ///< of the account after it, 0 to 100
};

/// What belongs together: from the first thing that led to an account in other hands to the last.
struct AccountIncident {
    std::string id;  ///< 16 characters [a-z2-7]; "" = there is none
    std::string account;
    Time opened{}, last{};
    Time closed{};  ///< when an admin closed it, or it was found to be over; epoch = not yet
    Time raised{};  ///< last time that the account was as suspicious as an incident must be
    std::uint32_t raises = 0;      ///< times that it is to be told: at first, and after each pause
    float risk = 0;                ///< largest, 0 to 100
    std::uint32_t indicators = 0;  ///< bit per AccountIndicator
    std::vector<AccountStep> steps;  ///< by time, at most kMaxSteps: the first ones
    std::uint32_t left_out = 0;      ///< further steps
    bool normal = false;             ///< who closed it said that it was the account's owner

    static constexpr std::size_t kMaxSteps = 64;
    /// It is over so long after its last step.
    static constexpr Seconds kKept{14LL * 86400};
    /// What comes after such a pause is told of again.
    static constexpr Seconds kPause{3LL * 86400};
    [[nodiscard]] bool is_open(Time now) const noexcept {
        return !id.empty() && closed == Time{} && now <= last + kKept;
    }
};

struct AccountState {
    std::string name;
    Time first{}, last{};
    double logins = 0, mails = 0;  ///< ever
    Habits habits;
    Habit recipients;                 ///< to whom the account writes
    std::vector<Endpoint> endpoints;  ///< at most kMaxEndpoints
    std::vector<std::pair<std::uint32_t, std::uint32_t>>
        sessions;                                          ///< session, network; newest last
    std::vector<std::pair<Time, std::uint32_t>> failures;  ///< time, network; newest last
    std::vector<PendingLesson> pending;                    ///< at most kMaxPending
    std::vector<ArrivedMail> arrived;                      ///< newest last
    std::vector<AccountStep> unusual;                      ///< newest last
    AccountIncident incident;                              ///< the last one
    std::vector<AccountIncident> past;  ///< those before it, oldest first: see past_incidents.hpp
    bool tells_reads =
        false;  ///< single reads are told: counts of whole sessions would be the same again

    // The day that is going on.
    std::int32_t day = 0;
    std::array<std::uint32_t, kAccountFeatures>
        today{};                                ///< counts of the features *_day and new_recipients
    std::array<float, kAccountStrata> peaks{};  ///< largest risk of the day, in nats; 0 = none
    float risk = 0;                             ///< after the last event, in nats
    float score = 0;                            ///< the same from 0 to 100, ranked then

    static constexpr std::size_t kMaxEndpoints = 16, kMaxSessions = 32, kMaxFailures = 64,
                                 kMaxPending = 64, kMaxArrived = 8, kMaxUnusual = 24,
                                 kMaxRecipients = 512;
};

/// Of the site: what accounts do is compared with what all do.
struct AccountSite {
    std::array<std::array<NoveltyCurve, kAccountFeatures>, kAccountLevels> novelty{};
    /// Largest risk of an account in a day, of days of ordinary use: of each stratum, and of all.
    std::array<ScoreRing, kAccountStrata + 1> peaks;
    std::array<Calibration, kAccountStrata + 1> scales;  ///< of peaks, now and then; not stored
    std::uint32_t since_scale = 0;
    /// Account-days that ended on days by number mod 8, likewise.
    std::array<std::array<std::uint32_t, 8>, kAccountStrata + 1> day_counts{};
    std::int32_t first_day = 0, last_day = 0;
    std::map<std::string, HostClock> clocks;  ///< at most kMaxHosts

    static constexpr std::size_t kPeaks = 12000, kMaxHosts = 64;
    static constexpr std::uint32_t kScaleEvery = 100;
    AccountSite() { peaks.fill(ScoreRing(kPeaks)); }
    void rescale() {
        for (std::size_t i = 0; i < peaks.size(); ++i) scales[i] = Calibration(peaks[i]);
        since_scale = 0;
    }
};

}  // namespace kith
