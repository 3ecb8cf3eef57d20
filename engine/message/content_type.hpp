// SPDX-License-Identifier: Apache-2.0
// Content-Type and Content-Disposition with their parameters (RFC 2045, RFC 2183, RFC 2231), read
// from the raw field as mail programs read them. Covered by
// tests/unit/message/content_type_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::mail {

/// A field of the form "value; name=value; …".
struct ParameterField {
    std::string value;  ///< before the first ';', lower case, no white space
    std::vector<std::pair<std::string, std::string>>
        parameters;  ///< lower-case name, raw value; first of a name wins

    /// Decoded value of a parameter, "" when absent: RFC 2231 forms (charset, continuations) before
    /// the plain one, encoded words decoded although RFC 2047 forbids them here, valid UTF-8.
    [[nodiscard]] std::string decoded(std::string_view name) const;
    /// Value as written (quotes removed), "" when absent.
    [[nodiscard]] std::string_view raw(std::string_view name) const noexcept;
};

/// Total; O(size); at most 128 parameters.
[[nodiscard]] ParameterField parse_parameter_field(std::string_view field);

/// "type/subtype" lower case; "text/plain" for an empty field and for "text" alone,
/// "application/octet-stream" for what is no media type.
[[nodiscard]] std::string media_type_of(const ParameterField& field);

}  // namespace kith::mail
