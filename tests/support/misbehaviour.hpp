// SPDX-License-Identifier: Apache-2.0
// What an MTA should not do and some do, one named act each: break off anywhere, speak out of
// order, send packets that are none, never read. Each begins on a connection that has not
// negotiated. For tests of a filter that must outlive all of it: tests/protocol.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/support/fake_mta.hpp"

namespace kith::test {

struct Misbehaviour {
    std::string name;
    /// The act; never waits for an answer that need not come.
    std::function<void(FakeMta&, const MtaOffer&)> act;
    /// The filter is to hang up by itself afterwards.
    bool ends_connection = false;
};

/// All of them, in the same order every time.
[[nodiscard]] const std::vector<Misbehaviour>& misbehaviours();

/// The commands of one mail in their order, with what must come before each; for breaking off
/// after any of them. Each waits for the reply it is due.
enum class Step { None, Negotiate, Connect, Helo, Mail, Rcpt, Data, Header, Eoh, Body, Eom };
inline constexpr Step kLastStep = Step::Eom;
[[nodiscard]] const char* to_string(Step step) noexcept;
/// Speaks up to `last`; false when a reply that was due did not come.
bool speak_up_to(FakeMta& mta, const MtaOffer& offer, Step last);

}  // namespace kith::test
