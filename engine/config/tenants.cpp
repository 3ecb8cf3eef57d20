// SPDX-License-Identifier: Apache-2.0
#include "engine/config/tenants.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "engine/base/text.hpp"
#include "engine/config/values.hpp"

namespace kith {
namespace {

namespace fs = std::filesystem;

/// Keys of the whole site: these, and with a dot at the end all that begin so.
constexpr std::array kOfWholeSite{
    std::string_view{"secret_file"},
    std::string_view{"milter."},
    std::string_view{"attachments."},
    std::string_view{"message."},
    std::string_view{"learner.trouble_file"},
    std::string_view{"store."},
    std::string_view{"journal.directory"},
    std::string_view{"alerts.directory"},
    std::string_view{"alerts.sendmail"},
    std::string_view{"accounts.listen"},
    std::string_view{"accounts.token_file"},
    std::string_view{"accounts.max_connections"},
    std::string_view{"accounts.max_waiting"},
    std::string_view{"accounts.log_file"},
    std::string_view{"accounts.mmdb"},
    std::string_view{"accounts.trouble_file"},
    std::string_view{"accounts.enforce"},
    std::string_view{"accounts.upstream"},
    std::string_view{"accounts.upstream_token_file"},
    std::string_view{"accounts.upstream_timeout"},
    std::string_view{"accounts.lock_file"},
    std::string_view{"tenants."},
    std::string_view{"log."},
};

/// "" stays: beside the tenant's store then.
std::string below(const std::string& directory, std::string_view name) {
    return directory.empty() ? "" : (fs::path(directory) / name).string();
}

/// Bytes of the longest own domain that holds `domain`; 0 = none does.
std::size_t longest_own(const Config& config, std::string_view domain) {
    std::size_t longest = 0;
    for (const std::string& own : config.site.domains)
        if (is_domain_or_below(domain, own)) longest = std::max(longest, own.size());
    return longest;
}

}  // namespace

bool is_tenant_name(std::string_view name) noexcept {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    return !name.empty() && name.size() <= kMaxTenantName && name.front() >= 'a' &&
           name.front() <= 'z' && std::all_of(name.begin(), name.end(), fits);
}

bool is_of_whole_site(std::string_view key) noexcept {
    return std::any_of(kOfWholeSite.begin(), kOfWholeSite.end(), [&](std::string_view entry) {
        return entry.back() == '.' ? key.substr(0, entry.size()) == entry : key == entry;
    });
}

std::string tenant_directory(const Config& site, std::string_view name) {
    return (fs::path(site.store.directory).parent_path() / "tenants" / name).string();
}

Config tenant_base(const Config& site, std::string_view name) {
    Config out = site;
    out.tenants.clear();
    out.tenant = name;
    out.site.domains.clear();
    out.modes.clear();
    out.quarantine.digest_to.clear();
    out.quarantine.requests_to.clear();
    out.alerts.mail_to.clear();
    out.alerts.mail_from.clear();
    out.alerts.webhook.clear();
    const fs::path directory = tenant_directory(site, name);
    out.store.directory = directory / "store";
    out.journal.directory = directory / "journal";
    out.secret_file = directory / "site.key";
    out.attachments.directory = below(site.attachments.directory, name);
    out.accounts.lock_file.clear();
    out.accounts.deny_file.clear();  // it has the locks of one only
    out.alerts.directory = below(site.alerts.directory, name);
    const fs::path trouble(site.learner.trouble_file);
    out.learner.trouble_file =
        trouble.parent_path() / (std::string(name) + "." + trouble.filename().string());
    return out;
}

std::string kith_command(const Config& config) {
    return config.tenant.empty() ? "kith" : "kith --tenant " + config.tenant;
}

Result<std::shared_ptr<const Config>> find_tenant(const Config& site, const std::string& name) {
    std::vector<std::string> names;
    for (const auto& tenant : site.tenants) {
        if (tenant->tenant == name) return tenant;
        names.push_back(tenant->tenant);
    }
    const std::string near = nearest(name, names);
    return fail(ErrorCode::Usage,
                "there is no tenant " + quote_value(name) +
                    (near.empty() ? "" : "; did you mean " + near + "?"),
                names.empty() ? "tenants are files NAME.yaml in " + site.tenant_files.directory
                              : "kith tenants lists them");
}

const std::shared_ptr<const Config>& owner_of_domain(const std::shared_ptr<const Config>& site,
                                                     std::string_view domain) {
    const std::shared_ptr<const Config>* owner = &site;
    std::size_t longest = longest_own(*site, domain);
    for (const auto& tenant : site->tenants) {
        const std::size_t length = longest_own(*tenant, domain);
        if (length <= longest) continue;
        longest = length;
        owner = &tenant;
    }
    return *owner;
}

}  // namespace kith
