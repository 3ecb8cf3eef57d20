// SPDX-License-Identifier: Apache-2.0
// Memory over one snapshot of the store: decodes what one mail needs; the site's state is a frozen
// copy shared by all. One thread, one mail. A record that cannot be read is a cold start and
// counted. Covered by tests/unit/assess/store_memory_test.cpp.
#pragma once

#include <memory>

#include "engine/profile/memory.hpp"
#include "engine/scoring/scales.hpp"
#include "engine/store/store.hpp"

namespace kith {

/// The site's state as of one generation of the store, decoded once, with its scales.
struct SiteSnapshot {
    SiteState site;
    Scales scales;
    std::uint64_t generation = 0;

    explicit SiteSnapshot(SiteState state, std::uint64_t at)
        : site(std::move(state)), scales(site), generation(at) {}
};
[[nodiscard]] Result<std::shared_ptr<const SiteSnapshot>> load_snapshot(const StoreReader& reader,
                                                                        std::uint64_t generation);

class StoreMemory final : public Memory {
public:
    /// `reader` must outlive this.
    StoreMemory(const StoreReader& reader, std::shared_ptr<const SiteSnapshot> snapshot);

    std::shared_ptr<const Profile> profile(Subject subject, const Key16& key) const override;
    std::shared_ptr<const Vocabulary> vocabulary(const Key16& key) const override;
    SiteWord word(std::uint32_t word) const override;
    std::shared_ptr<const Thread> thread(std::uint64_t message_id) const override;
    HostUse host(std::uint64_t host_or_tenant) const override;
    NameUse name(std::uint64_t name) const override;
    Traces traces(const Key16& sender) const override;
    Allowances allowances(const Key16& sender) const override;
    double account_risk(const Key16& account, Time now) const override;
    const SiteState& site() const override { return snapshot_->site; }
    /// When the mail with this delay_key() was answered 451, as far as the learner knows.
    [[nodiscard]] std::optional<Time> delayed_since(std::uint64_t delay_key) const;

    /// Why the last failed read failed; "" when all went well.
    [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

private:
    [[nodiscard]] std::optional<std::string> get(Table table, std::string_view key) const;

    const StoreReader& reader_;
    std::shared_ptr<const SiteSnapshot> snapshot_;
    mutable std::string trouble_;
};

}  // namespace kith
