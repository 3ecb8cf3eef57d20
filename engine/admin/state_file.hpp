// SPDX-License-Identifier: Apache-2.0
// A small JSON file in the state directory where the timers' commands remember what they did: read
// and written under a lock, replaced as a whole, usable by root and _kith alike. Nothing in it is
// needed: without it a digest comes once more. Covered by tests/unit/admin/alerts_test.cpp.
#pragma once

#include <string>

#include "engine/admin/output.hpp"
#include "engine/base/result.hpp"
#include "engine/base/unique_fd.hpp"

namespace kith::admin {

class StateFile {
public:
    /// Locks and reads. A file that is damaged is an empty object; TryAgain while another command
    /// has it.
    [[nodiscard]] static Result<StateFile> open(const std::string& path);
    [[nodiscard]] const Json& json() const noexcept { return json_; }
    [[nodiscard]] Json& json() noexcept { return json_; }
    [[nodiscard]] Status save() const;

private:
    StateFile(std::string path, UniqueFd lock, Json json)
        : path_(std::move(path)), lock_(std::move(lock)), json_(std::move(json)) {}
    std::string path_;
    UniqueFd lock_;
    Json json_;
};

/// Values of a JSON object that may be anything.
[[nodiscard]] std::string string_at(const Json& j, const char* key);
[[nodiscard]] std::int64_t number_at(const Json& j, const char* key);

}  // namespace kith::admin
