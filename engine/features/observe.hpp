// SPDX-License-Identifier: Apache-2.0
// Message -> Observations: everything that needs no history. Pure, total. Covered by
// tests/unit/features/observe_test.cpp.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "engine/features/asks.hpp"
#include "engine/features/observations.hpp"
#include "engine/message/message.hpp"

namespace kith {

/// Plain words for what the hashes stand for, to explain this one mail; never stored with the
/// profile.
struct Labels {
    std::array<std::string, kFeatureCount> feature;             ///< "" when the feature saw nothing
    std::vector<std::pair<std::uint32_t, std::string>> member;  ///< value of a set feature -> text
    std::vector<std::string> link_hosts;                        ///< parallel to Observations::links
    std::string sender, domain;
};

struct Observed {
    Observations observations;
    Labels labels;
};

struct ObserveContext {
    const Hasher& hasher;
    const AskVocabulary& asks;
    const std::vector<std::string>& own_domains;
};

[[nodiscard]] Observed observe(const Message& message, const Arrival& arrival, Direction direction,
                               const ObserveContext& context);

/// Identity of an address as its profile's key; lower case, as Mailbox::address().
[[nodiscard]] Key16 sender_key(const Hasher& hasher, std::string_view address);
[[nodiscard]] Key16 domain_key(const Hasher& hasher, std::string_view organisational_domain);
/// Identity of a SASL login; that of the address when it is spelt like one.
[[nodiscard]] Key16 account_key(const Hasher& hasher, std::string_view login);
/// Who a mail claims to be from: its From addresses joined, else the envelope sender, else "".
[[nodiscard]] std::string claimed_sender(const Message& message, const Arrival& arrival);

}  // namespace kith
