// SPDX-License-Identifier: Apache-2.0
// What a subcommand is: a function that adds its options to the command line and returns what is to
// be run. The action's type says what it may touch; main.cpp provides that or reports once why it
// cannot. Errors travel up as values. Covered by tests/unit/admin/ (the built program on a
// directory of its own).
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"
#include "engine/config/config.hpp"
#include "engine/store/store.hpp"

namespace CLI {
class App;
}

namespace kith::admin {

/// The world of one run. Lives in main() for as long as the action runs.
struct Env {
    std::ostream& out;  ///< results
    std::ostream& err;  ///< progress and warnings
    std::string config_path;
    Time now{};
    bool json = false;         ///< one JSON document on `out` instead of text
    std::string tenant{};      ///< whose mail it is about; "" = the site's own
    bool terminal = false;     ///< `err` is a terminal: progress may overwrite its line
    bool is_plugin = false;    ///< first line and status are a Nagios plugin's, of an error too
    bool each_tenant = false;  ///< `tenant` is one of all in turn
};

/// Exit status, or the error that main() prints and turns into one.
using Outcome = Result<int>;

/// Gets nothing but the command line.
using NothingAction = std::function<Outcome(Env&)>;
/// Gets a valid configuration.
using ConfigAction = std::function<Outcome(Env&, const Config&)>;
/// Gets one snapshot of the store, read only; every change goes through the journal to the learner.
using StoreAction = std::function<Outcome(Env&, const Config&, const StoreReader&)>;

#define KITH_COMMAND(function, name, needs, summary) \
    [[nodiscard]] needs##Action setup_##function(CLI::App& sub);
#include "engine/admin/commands.def"
#undef KITH_COMMAND

// Exit status of the commands that judge a set-up: Nagios' plugin numbers.
inline constexpr int kExitOk = 0;
inline constexpr int kExitWarning = 1;
inline constexpr int kExitCritical = 2;
inline constexpr int kExitUnknown = 3;  ///< it could not look

}  // namespace kith::admin
