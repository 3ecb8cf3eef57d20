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

enum class FileFor : std::uint8_t {
    Services,  ///< mode 0640, the owner of its directory
    Everyone,  ///< mode 0644, the caller: configuration
};
/// Writes the file whole or not at all.
[[nodiscard]] Status write_whole(const std::string& path, std::string_view text,
                                 FileFor whom = FileFor::Services);
/// At most `max` bytes; NoInput when there is none, Full when it is larger.
[[nodiscard]] Result<std::string> read_small(const std::string& path, std::size_t max);

/// Values of a JSON object that may be anything.
[[nodiscard]] std::string string_at(const Json& j, const char* key);
[[nodiscard]] std::int64_t number_at(const Json& j, const char* key);

}  // namespace kith::admin
