// SPDX-License-Identifier: Apache-2.0
#include "engine/message/domain.hpp"

#include <libpsl.h>

namespace kith {
namespace {

/// The list the system's library was built with; Debian updates it with the package.
const psl_ctx_t* suffixes() noexcept {
    static const psl_ctx_t* const list = psl_builtin();
    return list;
}

}  // namespace

std::string registrable_domain(std::string_view host) {
    const std::string name(host);
    const char* found = suffixes() == nullptr ? nullptr : psl_registrable_domain(suffixes(), name.c_str());
    return found == nullptr ? name : found;
}

bool is_registrable(std::string_view domain) {
    const std::string name(domain);
    if (suffixes() == nullptr || name.find('.') == std::string::npos) return false;
    const char* found = psl_registrable_domain(suffixes(), name.c_str());
    if (found == nullptr || name != found) return false;
    // Unknown top-level names count as suffixes by the list's default rule; "2.5" is none.
    return psl_is_public_suffix2(suffixes(), name.substr(name.rfind('.') + 1).c_str(), PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

}  // namespace kith
