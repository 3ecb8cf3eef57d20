// SPDX-License-Identifier: Apache-2.0
// One JSON object from a mail server, read without trust: bounded, and no member has the type that
// it should. Texts are valid UTF-8 without controls and at most kMaxAccountText bytes. Pure.
// Covered by tests/unit/intake/json_fields_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"

namespace kith {

/// A longer text is not read.
inline constexpr std::size_t kMaxJsonBytes = 64U << 10;

class JsonFields {
public:
    /// Corrupt for what is no JSON object, or too long.
    [[nodiscard]] static Result<JsonFields> parse(std::string_view text);

    /// "" for what is missing or no text.
    [[nodiscard]] std::string text(const char* name) const;
    /// The same, lower case.
    [[nodiscard]] std::string lower(const char* name) const;
    /// 0 for what is missing, negative or no number; numbers may stand in quotes.
    [[nodiscard]] std::uint64_t number(const char* name) const;
    /// -1, say, of a policy server; `otherwise` for what is missing or no whole number.
    [[nodiscard]] std::int64_t signed_number(const char* name, std::int64_t otherwise) const;
    /// True for true, "yes" and "true".
    [[nodiscard]] bool flag(const char* name) const;
    [[nodiscard]] bool has(const char* name) const;
    /// Whether the list of texts has the text.
    [[nodiscard]] bool list_has(const char* name, std::string_view wanted) const;
    /// Whether one of the list's texts begins so.
    [[nodiscard]] bool list_begins(const char* name, std::string_view beginning) const;
    /// The object that is a member; an empty one for what is missing or none.
    [[nodiscard]] JsonFields object(const char* name) const;

private:
    struct Value;
    explicit JsonFields(std::shared_ptr<const Value> value) : value_(std::move(value)) {}
    std::shared_ptr<const Value> value_;
};

/// Text as an AccountEvent keeps it: valid UTF-8, controls as blanks, at most kMaxAccountText
/// bytes.
[[nodiscard]] std::string event_text(std::string_view text);

/// "2026-03-01T12:34:56[.123456](Z|+01:00|+0100)" as a time; Corrupt else.
[[nodiscard]] Result<Time> parse_rfc3339(std::string_view text);

}  // namespace kith
