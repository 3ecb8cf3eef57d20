// SPDX-License-Identifier: Apache-2.0
// YAML as a plain tree with places: the door to yaml-cpp, whose only includer is yaml.cpp. A strict
// part of YAML: one document, no anchors, aliases or tags, keys are plain scalars and unique,
// depth, nodes and bytes bounded, valid UTF-8. Scalars stay text: `no`, `12:30` and `010` are what
// they look like. Total: any bytes give a tree or a problem. Covered by
// tests/unit/config/yaml_test.cpp, tests/property/config_property_test.cpp,
// tests/fuzz/fuzz_config.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kith {

struct YamlLimits {
    std::size_t max_bytes = 256 * 1024;  ///< of the text
    std::size_t max_nodes = 10000;       ///< scalars, lists and maps together
    std::size_t max_depth = 8;  ///< nested lists and maps; far below yaml-cpp's own bound of 500
};

/// One node. Owns what is below it.
struct YamlNode {
    enum class Kind { Null, Scalar, List, Map };
    Kind kind = Kind::Null;
    int line = 0, column = 0;                 ///< 1-based
    bool quoted = false;                      ///< scalar in quotes or a block scalar
    std::string text;                         ///< of a scalar
    std::vector<std::string> keys;            ///< of a map, in order; keys[i] belongs to items[i]
    std::vector<int> key_lines, key_columns;  ///< of a map: places of the keys
    std::vector<YamlNode> items;              ///< of a list or map
};

struct YamlProblem {
    int line = 0, column = 0;  ///< 1-based; 0 when not of a place
    std::string reason;
};

struct YamlDocument {
    YamlNode root;                      ///< Null for an empty document
    std::vector<YamlProblem> problems;  ///< not empty: what was understood before the problem may
                                        ///< be in `root`, do not use it
};

[[nodiscard]] YamlDocument read_yaml(std::string_view text, const YamlLimits& limits = {});

}  // namespace kith
