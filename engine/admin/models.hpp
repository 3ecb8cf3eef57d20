// SPDX-License-Identifier: Apache-2.0
// Models as commands name them. Covered by tests/unit/admin/model_test.cpp.
#pragma once

#include <string>

#include "engine/admin/output.hpp"
#include "engine/config/models.hpp"

namespace kith::admin {

/// The site's models; kith's own when the configuration brought none.
[[nodiscard]] const ModelSet& models_of(const Config& config);
/// Not ok where some mail's mode is enforce and no model that is enabled and live would hold any.
[[nodiscard]] Status some_model_holds(const Config& config);
/// A model by its name, or the one of a file (a name with a / or .yaml). NoInput with the nearest
/// name; Config with the file's problems.
[[nodiscard]] Result<Model> find_model(const Config& config, const std::string& name_or_file);
/// An unnamed model with this condition; groups of the site's models may be used. Config when it is
/// not well formed.
[[nodiscard]] Result<Model> model_of_condition(const Config& config, const std::string& text,
                                               PolicySubject about = PolicySubject::Mail);
/// All problems as one Error; REQUIRES: not empty.
[[nodiscard]] Error problems_error(const std::vector<ConfigProblem>& problems);

/// "hold", "delay, notify"; "hunt" of one that is about accounts.
[[nodiscard]] std::string action_text(const Model& model);
/// live, experimental, disabled, expired.
[[nodiscard]] std::string state_of(const Model& model, Time now);
/// The model as every JSON output shows it (man/kith.1, "Model object").
[[nodiscard]] Json model_json(const Model& model, Time now);

}  // namespace kith::admin
