// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/judges.hpp"

namespace kith {

Judges::Judges(const std::shared_ptr<const Config>& site) { reload(site); }

void Judges::reload(const std::shared_ptr<const Config>& site) {
    const std::lock_guard lock(mutex_);
    site_ = site;
    const auto take = [this](const std::shared_ptr<const Config>& config) {
        auto& judge = judges_[config->tenant];
        if (judge)
            judge->reload(config);
        else
            judge = Judge::create(config);
    };
    take(site);
    for (const auto& tenant : site->tenants) take(tenant);
}

std::shared_ptr<const Config> Judges::site() const {
    const std::lock_guard lock(mutex_);
    return site_;
}

Judge& Judges::of(const std::string& tenant) const {
    const std::lock_guard lock(mutex_);
    return *judges_.find(tenant)->second;
}

Judged Judges::judge(const MessageBytes& bytes, const TenantPart& part) {
    return of(part.config->tenant).judge(bytes, part.arrival);
}

std::string Judges::trouble() const {
    const std::shared_ptr<const Config> site = this->site();
    std::string out = of("").trouble();
    for (const auto& tenant : site->tenants) {
        const std::string trouble = of(tenant->tenant).trouble();
        if (trouble.empty()) continue;
        if (!out.empty()) out += "; ";
        out += "tenant " + tenant->tenant + ": " + trouble;
    }
    return out;
}

}  // namespace kith
