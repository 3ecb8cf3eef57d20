// SPDX-License-Identifier: Apache-2.0
#include "engine/message/domain.hpp"

#include <libpsl.h>
#include <unicode/bytestream.h>
#include <unicode/idna.h>

#include <algorithm>
#include <memory>

#include "engine/base/text.hpp"

namespace kith {
namespace mail {
namespace {

/// Immutable and documented as thread-safe; null when ICU lacks its data, then names stay as they
/// are.
[[nodiscard]] const icu::IDNA* uts46() {
    static const std::unique_ptr<const icu::IDNA> kInstance = [] {
        UErrorCode error = U_ZERO_ERROR;
        std::unique_ptr<const icu::IDNA> made(icu::IDNA::createUTS46Instance(
            UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE | UIDNA_CHECK_BIDI,
            error));
        return U_SUCCESS(error) ? std::move(made) : nullptr;
    }();
    return kInstance.get();
}

}  // namespace

bool is_plain_domain(std::string_view domain) noexcept {
    return !domain.empty() && std::all_of(domain.begin(), domain.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    });
}

bool is_address_literal(std::string_view host) noexcept {
    if (host.find_first_of(":[") != std::string_view::npos) return true;
    return !host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos &&
           std::count(host.begin(), host.end(), '.') == 3;
}

std::string to_ascii_domain(std::string_view domain) {
    domain = utf8_prefix(trim(domain), kMaxHostBytes);
    const bool ascii = std::all_of(domain.begin(), domain.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x80 && c != '\0';
    });
    std::string out = ascii ? ascii_lower(domain) : utf8_lower(scrub_utf8(domain));
    if (!ascii && uts46() != nullptr) {
        std::string converted;
        icu::StringByteSink<std::string> sink(&converted);
        icu::IDNAInfo info;
        UErrorCode error = U_ZERO_ERROR;
        uts46()->nameToASCII_UTF8(
            icu::StringPiece(out.data(), static_cast<std::int32_t>(out.size())), sink, info, error);
        // Length errors are DNS's business; a name with them is still that name.
        constexpr std::uint32_t kHarmless =
            UIDNA_ERROR_LABEL_TOO_LONG | UIDNA_ERROR_DOMAIN_NAME_TOO_LONG | UIDNA_ERROR_EMPTY_LABEL;
        if (U_SUCCESS(error) && (info.getErrors() & ~kHarmless) == 0) out = ascii_lower(converted);
    }
    while (!out.empty() && out.back() == '.') out.pop_back();
    return out;
}

}  // namespace mail

namespace {

/// The list that the system's library was built with; Debian updates it with the package.
[[nodiscard]] const psl_ctx_t* suffixes() noexcept {
    static const psl_ctx_t* const kBuiltin = psl_builtin();
    return kBuiltin;
}

}  // namespace

std::string registrable_domain(std::string_view host) {
    std::string name(host);
    if (suffixes() == nullptr || mail::is_address_literal(name)) return name;
    const char* found = psl_registrable_domain(suffixes(), name.c_str());
    return found == nullptr ? name : found;
}

bool is_registrable(std::string_view domain) {
    const std::string name(domain);
    if (suffixes() == nullptr || name.find('.') == std::string::npos) return false;
    const char* found = psl_registrable_domain(suffixes(), name.c_str());
    if (found == nullptr || name != found) return false;
    // Unknown top-level names count as suffixes by the list's default rule; "2.5" is none.
    return psl_is_public_suffix2(suffixes(), name.substr(name.rfind('.') + 1).c_str(),
                                 PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

}  // namespace kith
