// SPDX-License-Identifier: Apache-2.0
// The judges of a site: its own, and one for each tenant, each over a store of its own. Covered by
// tests/unit/assess/judges_test.cpp.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/assess/judge.hpp"
#include "engine/assess/tenants.hpp"

namespace kith {

/// Thread-safe. One per process.
class Judges {
public:
    explicit Judges(const std::shared_ptr<const Config>& site);

    /// Judges a part of a mail with what its tenant knows. `part` is of a configuration that these
    /// judges have or had.
    [[nodiscard]] Judged judge(const MessageBytes& bytes, const TenantPart& part);

    /// Swaps in a new configuration, with the tenants it has; see Judge::reload.
    void reload(const std::shared_ptr<const Config>& site);

    /// "" when all are healthy, else what is wrong with which store.
    [[nodiscard]] std::string trouble() const;

private:
    [[nodiscard]] std::shared_ptr<const Config> site() const;
    [[nodiscard]] Judge& of(const std::string& tenant) const;

    mutable std::mutex mutex_;
    std::shared_ptr<const Config> site_;
    /// By tenant, "" the site itself. One whose tenant is gone stays: its store may be in use, and
    /// would not bear to be opened twice if the tenant came back.
    std::map<std::string, std::unique_ptr<Judge>, std::less<>> judges_;
};

}  // namespace kith
