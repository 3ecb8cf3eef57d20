// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/migration.hpp"

#include <algorithm>

#include "engine/features/spec.hpp"

namespace kith {
namespace {

/// What a domain's new server or program changes. At the site as a whole only the way of the mail:
/// with a client of his own and three domains an attacker could make one there.
bool may_migrate(std::size_t f, bool whole_site) noexcept {
    const FeatureSpec& spec = feature_spec(f);
    if (spec.extract == nullptr) return false;
    switch (spec.group) {
        case Group::Transport:
            return true;
        case Group::Submission:
        case Group::Client:
        case Group::Quoting:
            return !whole_site;
        case Group::Text:
        case Group::Address:
        case Group::Name:
            break;
    }
    return false;
}

void note(Migrations& list, std::size_t feature, std::uint32_t value, std::uint32_t bearer,
          Time now) {
    auto& items = list.items;
    std::erase_if(items, [&](const auto& i) { return now - i.since > kMigrationWindow; });
    for (auto& i : items) {
        if (i.feature != feature || i.value != value) continue;
        if (!contains(i.bearers, bearer) && i.bearers.size() < Migrations::kMaxBearers)
            i.bearers.push_back(bearer);
        return;
    }
    if (items.size() >= Migrations::kMax) items.erase(items.begin());
    items.push_back({static_cast<std::uint16_t>(feature), value, now, {bearer}});
}

}  // namespace

bool is_migration(const Migrations& list, std::size_t feature, std::uint32_t value,
                  std::uint32_t bearer, Time now) noexcept {
    for (const auto& i : list.items) {
        if (i.feature != feature || i.value != value ||
            std::chrono::abs(now - i.since) > kMigrationWindow)
            continue;
        return i.bearers.size() + (contains(i.bearers, bearer) ? 0 : 1) >= kMigrants;
    }
    return false;
}

void excuse_migrants(const Observations& o, const History& history, const SiteState& site,
                     SurpriseVector& v) noexcept {
    const Migrations* domain =
        history.domain_profile ? &history.domain_profile->migrations : nullptr;
    const bool none = (domain == nullptr || domain->items.empty()) && site.migrations.items.empty();
    if (none || !o.vouched_by_domain()) return;
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        FeatureSurprise& d = v.detail[f];
        if (v.x[f] <= 0 || !may_migrate(f, false)) continue;
        if ((domain != nullptr && is_migration(*domain, f, d.value, history.sender32, o.time)) ||
            (may_migrate(f, true) &&
             is_migration(site.migrations, f, d.value, history.domain32, o.time))) {
            d.p = 1;
            v.x[f] = 0;
        }
    }
}

void note_migrants(const Observations& o, const Comparison& c, Migrations& domain,
                   Migrations& site) {
    if (!o.vouched_by_domain()) return;
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        const FeatureSurprise& d = c.surprise.detail[f];
        // Somebody who is hardly known has not changed.
        if (!d.new_to_sender || d.n < kKnownMails || !may_migrate(f, false)) continue;
        note(domain, f, d.value, o.sender32, o.time);
        const bool new_to_domain =
            c.history.domain_profile == nullptr || !c.history.domain_profile->has(f, d.value);
        if (new_to_domain && may_migrate(f, true)) note(site, f, d.value, o.domain32, o.time);
    }
}

}  // namespace kith
