// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/in_use.hpp"

#include "engine/assess/mode.hpp"
#include "engine/base/digest.hpp"
#include "engine/base/status_line.hpp"
#include "engine/base/text.hpp"
#include "engine/config/keys.hpp"
#include "engine/policy/model.hpp"

namespace kith {
namespace {

std::string file_of(const Config& site) {
    const std::string& beside = site.milter.trouble_file;
    const std::size_t name = beside.rfind('/') + 1;  // npos + 1 is 0
    const std::size_t dot = beside.rfind('.');
    const bool has_ending = dot != std::string::npos && dot > name;
    return (has_ending ? beside.substr(0, dot) : beside) + ".running";
}

}  // namespace

std::string settings_digest(const Config& site) {
    Digest digest;
    const auto add = [&](const Config& config) {
        digest.add(config.tenant + '\n');
        digest.add(print_config(config));
        if (config.models) digest.add(config.models->sources);
    };
    add(site);
    for (const auto& tenant : site.tenants) add(*tenant);
    return digest.hex();
}

Status write_in_use(const Config& site, const std::string& restart) {
    return write_status_line(
        file_of(site),
        settings_digest(site) + ' ' + (restart.empty() ? "-" : restart) + ' ' + modes_text(site));
}

Result<std::optional<InUse>> read_in_use(const Config& site) {
    const auto said = read_status_line(file_of(site));
    if (!said && said.error().code == ErrorCode::NoInput) return std::optional<InUse>();
    if (!said) return fail(said.error());
    if (!*said) return std::optional<InUse>();
    const std::vector<std::string_view> parts = split((*said)->text, ' ');
    if (parts.size() < 3)
        return fail(ErrorCode::Corrupt, file_of(site) + ": not written by kith-milter",
                    "systemctl restart kith-milter");
    InUse out;
    out.settings = parts[0];
    if (parts[1] != "-") out.restart = parts[1];
    out.modes = (*said)->text.substr(parts[0].size() + parts[1].size() + 2);
    out.since = (*said)->since;
    return std::optional(std::move(out));
}

}  // namespace kith
