// SPDX-License-Identifier: Apache-2.0
// A store that has learned from synthetic mail, for a milter whose verdicts are to differ from mail
// to mail.
#pragma once

#include <vector>

#include "engine/base/clock.hpp"
#include "tests/protocol/milter_process.hpp"

namespace kith::test {

/// 330 mails in the two weeks after `start`, an eleventh of them Anna's and a sixth with a new
/// link.
[[nodiscard]] std::vector<MailRecord> site_mails(Time start);

/// A learner has learned site_mails() when this ends, and the milter uses it.
void learn_for(const MilterProcess& milter);

/// Configuration under which that is enough to hold mail.
[[nodiscard]] MilterSetup enforcing_setup();
/// ... to delay mail, and a mail that is delayed then.
[[nodiscard]] MilterSetup delaying_setup();
[[nodiscard]] FakeMail delayed_mail();

}  // namespace kith::test
