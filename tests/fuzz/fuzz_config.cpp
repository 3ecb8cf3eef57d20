// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as kith.yaml: a configuration or problems, and what is accepted can be printed
// and read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/config/config.hpp"
#include "engine/config/keys.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(bytes), size);
    const kith::LoadedConfig loaded = kith::load_config_text(text, "fuzz");
    for (const kith::ConfigProblem& problem : loaded.problems)
        if (problem.text().find('\n') != std::string::npos) std::abort();
    const std::string printed = kith::print_config(loaded.config);
    if (!loaded.problems.empty()) return 0;
    const kith::LoadedConfig again = kith::load_config_text(printed, "printed");
    if (!again.problems.empty() || kith::print_config(again.config) != printed) std::abort();
    return 0;
}
