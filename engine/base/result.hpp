// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value or an Error that says what failed and what an admin can do. Member names
// follow std::expected (C++23), so that an alias can replace this class once the toolchain has it;
// GCC 12 does not in C++20 mode. Covered by tests/unit/base/result_test.cpp.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

namespace kith {

/// What kind of failure it is; `exit_code` maps each to a sysexits(3) number in one place.
enum class ErrorCode {
    Usage,        ///< the command line is wrong
    NoInput,      ///< a file or an id that was named does not exist
    Config,       ///< configuration file invalid
    Unavailable,  ///< a service, socket or store is not there
    Internal,     ///< a promise of our own code is broken
    Io,           ///< the operating system refused to read or write
    Full,         ///< disk or map full
    Corrupt,      ///< bytes are not what their format says
    Permission,   ///< the caller may not do this
    TryAgain,     ///< temporary; the same call may succeed later
};

/// One failure, complete for a reader at 3 a.m.: `what` names object and cause, `hint` what to do
/// (may be empty).
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string what;
    std::string hint;

    /// "what; hint", or just "what".
    [[nodiscard]] std::string text() const { return hint.empty() ? what : what + "; " + hint; }
};

/// sysexits(3) number of a failure: 64 usage, 66 no input, 69 unavailable, 70 internal, 74 I/O, 75
/// try again, 77 permission, 78 config.
[[nodiscard]] int exit_code(ErrorCode code) noexcept;

/// Wraps an Error on its way into a Result<T>; like std::unexpected.
class Unexpected {
public:
    explicit Unexpected(Error error) : error_(std::move(error)) {}
    [[nodiscard]] Error take() && { return std::move(error_); }

private:
    Error error_;
};

/// Shorthand: `return fail(ErrorCode::Io, "…", "…");`
[[nodiscard]] inline Unexpected fail(ErrorCode code, std::string what, std::string hint = {}) {
    return Unexpected(Error{code, std::move(what), std::move(hint)});
}
[[nodiscard]] inline Unexpected fail(Error error) { return Unexpected(std::move(error)); }

/// A value or an Error. Reading the one that is not there is a broken promise of our own code and
/// aborts.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value)
        : state_(std::in_place_index<0>, std::move(value)) {
    }  // NOLINT(google-explicit-constructor)
    Result(Unexpected unexpected)
        : state_(std::in_place_index<1>, std::move(unexpected).take()) {
    }  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] T& value() & { return get<0>(); }
    [[nodiscard]] const T& value() const& { return get<0>(); }
    [[nodiscard]] T&& value() && { return std::move(get<0>()); }
    [[nodiscard]] T& operator*() & { return get<0>(); }
    [[nodiscard]] const T& operator*() const& { return get<0>(); }
    [[nodiscard]] T&& operator*() && { return std::move(get<0>()); }
    [[nodiscard]] T* operator->() { return &get<0>(); }
    [[nodiscard]] const T* operator->() const { return &get<0>(); }

    [[nodiscard]] const Error& error() const& { return get<1>(); }
    [[nodiscard]] Error&& error() && { return std::move(get<1>()); }

private:
    template <std::size_t I>
    [[nodiscard]] auto& get() {
        if (state_.index() != I) std::abort();
        return *std::get_if<I>(&state_);
    }
    template <std::size_t I>
    [[nodiscard]] const auto& get() const {
        if (state_.index() != I) std::abort();
        return *std::get_if<I>(&state_);
    }
    std::variant<T, Error> state_;
};

/// Result of an action that yields nothing.
using Status = Result<std::monostate>;
[[nodiscard]] inline Status ok() { return std::monostate{}; }

}  // namespace kith
