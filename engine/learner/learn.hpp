// SPDX-License-Identifier: Apache-2.0
// What one mail teaches. Pure over LearnedMemory: no clock, no I/O. The order of calls for a mail:
// assess() with the state as it is, then note(), then depending on fate_of() learn() now, later or
// never. Learning policy: DESIGN 6. Covered by tests/unit/learner/learn_test.cpp and
// tests/property/.
#pragma once

#include "engine/assess/assess.hpp"
#include "engine/config/config.hpp"
#include "engine/learner/learned_memory.hpp"

namespace kith {

/// Parents count types, which are not refreshed by use: they fade more slowly, by this factor.
inline constexpr double kParentHalfLife = 4;

/// Few enough recipients to say who belongs together, or how often one is addressed alone.
[[nodiscard]] bool is_circle(const Observations& o) noexcept;

/// When a mail may teach.
enum class Fate : std::uint8_t {
    Now,
    Probation,  ///< suspicious: after LearnerOptions::probation, or when somebody here answers it
    Never,      ///< held; teaches when released
};

/// `held`: it was really kept from its reader.
[[nodiscard]] Fate fate_of(const Judgement& j, bool held) noexcept;

/// It was held for what it wants, or would have been in another mode.
[[nodiscard]] bool leaves_fingerprint(const Judgement& j, Fate fate) noexcept;

/// One rank in the calibration; a sender's suspicious mail of a day is one event and gives one for
/// all, or a burst of held mail would become what is usual. False when it gave none.
bool rank(const Observations& o, const Judgement& j, LearnedMemory& memory);
inline constexpr unsigned kRanksADay = 1;

/// What every mail leaves behind whatever its fate: one rank in the calibration (else the threshold
/// creeps), a trace when it has a payload, a fingerprint when it was held for it. Indicators and
/// anomaly only of mail that may teach at once. `id`: kith's, kept with the trace. Returns what
/// rank() did.
bool note(const Observations& o, const Judgement& j, Fate fate, LearnedMemory& memory,
          std::string_view id = {});

/// Teaches sender, domain, pairs, site, threads and names. The state may be newer than when the
/// mail was judged. Returns what take_back() needs.
Lesson learn(const Observations& o, const Hasher& hasher, const LearnerOptions& options,
             LearnedMemory& memory);

/// Teaches what the mail's documents name; learn() does as well. `lesson`: the mail's, added to.
void learn_attached(const Observations& o, LearnedMemory& memory, Lesson& lesson);

}  // namespace kith
