// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/in_use.hpp"

#include "engine/assess/mode.hpp"
#include "engine/base/digest.hpp"
#include "engine/base/status_line.hpp"
#include "engine/config/keys.hpp"

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
    digest.add(print_config(site));
    for (const auto& tenant : site.tenants) {
        digest.add(tenant->tenant + '\n');
        digest.add(print_config(*tenant));
    }
    return digest.hex();
}

Status write_in_use(const Config& site) {
    return write_status_line(file_of(site), settings_digest(site) + ' ' + modes_text(site));
}

Result<std::optional<InUse>> read_in_use(const Config& site) {
    const auto said = read_status_line(file_of(site));
    if (!said && said.error().code == ErrorCode::NoInput) return std::optional<InUse>();
    if (!said) return fail(said.error());
    if (!*said) return std::optional<InUse>();
    const std::string& text = (*said)->text;
    const std::size_t blank = text.find(' ');
    if (blank == std::string::npos)
        return fail(ErrorCode::Corrupt, file_of(site) + ": not written by kith-milter",
                    "systemctl restart kith-milter");
    return std::optional(InUse{text.substr(blank + 1), text.substr(0, blank), (*said)->since});
}

}  // namespace kith
