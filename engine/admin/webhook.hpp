// SPDX-License-Identifier: Apache-2.0
// One HTTP POST with a deadline over everything: name, connection, TLS, answer. The only includer
// of curl. No redirects, no proxies of the environment, no other protocols, a small answer. Covered
// by tests/e2e/alerts_test.py.
#pragma once

#include <string>

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"

namespace kith::admin {

/// The answer's status code. Unavailable when there is none: no connection, a broken one, no answer
/// in time, a certificate that does not hold.
[[nodiscard]] Result<int> post_json(const std::string& url, const std::string& id,
                                    const std::string& json, Seconds timeout);

}  // namespace kith::admin
