// SPDX-License-Identifier: Apache-2.0
// The features of what happens on accounts, from account_features.def.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kith {

enum class AccountFeature : std::uint8_t {
#define ACCOUNT_FEATURE(number, name, cause, form, text) name,
#include "engine/accounts/account_features.def"
#undef ACCOUNT_FEATURE
    kCount
};
inline constexpr std::size_t kAccountFeatures = static_cast<std::size_t>(AccountFeature::kCount);

/// What one change shows in. The first four tell whose hand it is, the others what it does.
enum class AccountCause : std::uint8_t {
    Origin,
    Client,
    Hour,
    Presence,
    Change,
    Reading,
    Deletion,
    Sending,
    kCount
};
inline constexpr std::size_t kAccountCauses = static_cast<std::size_t>(AccountCause::kCount);
inline constexpr std::size_t kHandCauses = 4;

enum class AccountForm : std::uint8_t { Category, Circle, Upward };

struct AccountFeatureSpec {
    std::uint8_t tag;  ///< persistent
    std::string_view name;
    AccountCause cause;
    AccountForm form;
    std::string_view text;
};
inline constexpr std::array<AccountFeatureSpec, kAccountFeatures> kAccountFeatureSpecs = {{
#define ACCOUNT_FEATURE(number, name, cause, form, text) \
    {number, #name, AccountCause::cause, AccountForm::form, text},
#include "engine/accounts/account_features.def"
#undef ACCOUNT_FEATURE
}};

[[nodiscard]] constexpr std::size_t index_of(AccountFeature f) noexcept {
    return static_cast<std::size_t>(f);
}
[[nodiscard]] constexpr std::size_t index_of(AccountCause c) noexcept {
    return static_cast<std::size_t>(c);
}
/// Index of a persistent number; kAccountFeatures when this build does not know it.
[[nodiscard]] constexpr std::size_t account_feature_index(std::uint8_t tag) noexcept {
    for (std::size_t i = 0; i < kAccountFeatures; ++i)
        if (kAccountFeatureSpecs[i].tag == tag) return i;
    return kAccountFeatures;
}

/// One value per feature; 0 = the event says nothing about it.
using AccountValues = std::array<std::uint32_t, kAccountFeatures>;
/// One surprise (nats above the first, >= 0) per feature.
using AccountSurprises = std::array<float, kAccountFeatures>;

/// Of features with form Upward, and of counts: 1 for 0, 2 for 1, 3 for 2 and 3, 4 for 4 to 7, …
[[nodiscard]] constexpr std::uint32_t upward_bin(std::uint64_t count) noexcept {
    std::uint32_t bin = 1;
    for (; count > 0; count >>= 1) ++bin;
    return bin;
}

}  // namespace kith
