// SPDX-License-Identifier: Apache-2.0
// Prints the table of configuration keys as JSON, for check_docs.py: what the documentation is held
// against is what the program does, not a second reading of keys.def.
#include <nlohmann/json.hpp>

#include <iostream>

#include "engine/config/keys.hpp"

int main() {
    auto keys = nlohmann::json::array();
    const kith::Config defaults;
    for (const kith::KeyInfo& key : kith::config_keys())
        keys.push_back({{"path", key.path},
                        {"type", kith::to_string(key.type)},
                        {"range", key.range},
                        {"default", kith::print_config_key(defaults, key)},
                        {"restart", key.effect == kith::KeyEffect::Start},
                        {"description", key.description}});
    std::cout << keys.dump(1) << '\n';
    return std::cout.good() ? 0 : 1;
}
