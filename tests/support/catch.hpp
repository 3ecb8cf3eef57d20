// SPDX-License-Identifier: Apache-2.0
// The one include of the test framework, for Catch2 2 (Debian 12) and 3. main() comes from
// Catch2::Catch2WithMain.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
