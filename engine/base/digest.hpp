// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of bytes that come in pieces: tells whether a file is what it was, not who
// made it. Covered by tests/unit/base/digest_test.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace kith {

class Digest {
public:
    Digest();
    ~Digest();
    Digest(const Digest&) = delete;
    Digest& operator=(const Digest&) = delete;
    void add(std::string_view bytes) noexcept;
    /// 64 hexadecimal digits of all that was added; the last call.
    [[nodiscard]] std::string hex();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace kith
