// SPDX-License-Identifier: Apache-2.0
// With which configuration a running kith-milter judges, so that `kith status` and `kith doctor`
// can tell a file that was changed and not reloaded, or whose reload was refused. A line in a file
// beside milter.trouble_file, ending in ".running". Covered by tests/unit/assess/in_use_test.cpp.
#pragma once

#include <optional>
#include <string>

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"
#include "engine/config/config.hpp"

namespace kith {

struct InUse {
    std::string modes;     ///< modes_text() of the site's configuration
    std::string settings;  ///< settings_digest()
    std::string restart;   ///< keys of which it keeps older values until a restart: "a,b"
    Time since{};          ///< when the milter began to use it
};

/// 64 hexadecimal digits over the value of every key, the tenants' too, and the texts of the
/// models: the same for a configuration that says the same in other words.
[[nodiscard]] std::string settings_digest(const Config& site);

/// Says that `site` is in use from now on, but for `restart`. Io, Permission.
[[nodiscard]] Status write_in_use(const Config& site, const std::string& restart = "");
/// What the milter of `site` said last; one that is gone has left its word. nullopt when none ever
/// said anything. Permission, Io, Corrupt.
[[nodiscard]] Result<std::optional<InUse>> read_in_use(const Config& site);

}  // namespace kith
