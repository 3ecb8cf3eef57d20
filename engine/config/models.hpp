// SPDX-License-Identifier: Apache-2.0
// Files of models -> ModelSet: kith's own, built in from conf/models.d, then the site's directory,
// which adds models, replaces them by name, or overrides some of their keys (`override: NAME`), so
// that an upgrade changes only what nobody touched. A file with a problem is left out whole, the
// others are used. The form is kith-models(5)'s; what it may hold: engine/policy/model.hpp. Covered
// by tests/unit/config/models_test.cpp, tests/fuzz/fuzz_policy.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/config.hpp"

namespace kith {

struct LoadedModels {
    std::shared_ptr<const ModelSet> models;  ///< never null: kith's own are always there
    std::vector<ConfigProblem> problems;
    std::vector<std::string> files;    ///< of the site, in order of reading
    std::vector<std::string> changed;  ///< models that files of the site define or override
};

/// Whether a model can be called so: letters a-z, digits and -, which is not the first.
[[nodiscard]] bool is_model_name(std::string_view text) noexcept;

/// Kith's own alone.
[[nodiscard]] const ModelSet& shipped_models();
/// The text of one of kith's own, as an admin would write it; "" when there is none of that name.
[[nodiscard]] std::string_view shipped_model_text(std::string_view name);

/// Kith's own and `directory`/*.yaml in name order. A directory that is missing is an empty one.
/// Never throws.
[[nodiscard]] LoadedModels load_models(const std::string& directory);

/// What one file would make of the models: `base` with it, also in place of a model of the site by
/// that name. `name`: its name in problems; without .yaml and directories the model's when it names
/// none.
[[nodiscard]] LoadedModels with_model_text(const ModelSet& base, std::string_view text,
                                           const std::string& name);
[[nodiscard]] LoadedModels with_model_file(const ModelSet& base, const std::string& path);

inline constexpr std::size_t kMaxModels = 256;         ///< of a site
inline constexpr std::size_t kMaxModelName = 64;       ///< bytes
inline constexpr std::size_t kMaxDescription = 300;    ///< bytes
inline constexpr std::size_t kMaxStepName = 100;       ///< bytes
inline constexpr std::size_t kMaxGroupEntries = 2000;  ///< of all groups together

}  // namespace kith
