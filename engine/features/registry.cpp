// SPDX-License-Identifier: Apache-2.0
// The table of features, from features.def.
#include <array>

#include "engine/features/ask_feature.hpp"
#include "engine/features/spec.hpp"
#include "engine/features/stratum.hpp"

namespace kith {

#define FEATURE(tag, name) [[nodiscard]] FeatureSpec name##_feature();
#define ASK(tag, name, ask)
#include "engine/features/features.def"
#undef FEATURE

const FeatureSpec& feature_spec(std::size_t index) noexcept {
    static const std::array<FeatureSpec, kFeatureCount> table = {
#define FEATURE(tag, name) name##_feature(),
#define ASK(tag, name, ask) ask_feature<Ask::ask>(),
#include "engine/features/features.def"
#undef FEATURE
    };
    return table[index];
}

std::string_view to_string(Group g) noexcept {
    switch (g) {
        case Group::Transport:
            return "transport";
        case Group::Submission:
            return "submission";
        case Group::Client:
            return "client";
        case Group::Quoting:
            return "quoting";
        case Group::Text:
            return "text";
        case Group::Address:
            return "address";
        case Group::Name:
            return "name";
    }
    return "?";
}

std::string_view to_string(Direction d) noexcept {
    switch (d) {
        case Direction::Inbound:
            return "inbound";
        case Direction::Outbound:
            return "outbound";
        case Direction::Internal:
            return "internal";
    }
    return "?";
}

std::string_view to_string(Stratum s) noexcept {
    switch (s) {
        case Stratum::Identity:
            return "identity";
        case Stratum::NewLink:
            return "link";
        case Stratum::Request:
            return "request";
        case Stratum::Unbacked:
            return "unbacked";
        case Stratum::Plain:
            return "plain";
        case Stratum::NewClient:
            return "client";
    }
    return "?";
}

Seen Seen::bin(int b, std::string label) {
    Seen s(State::Bin);
    s.bin_ = b < 0 ? 0 : b;
    if (!label.empty()) s.texts_.push_back(std::move(label));
    return s;
}

Seen Seen::number(double x, std::string label) {
    Seen s(State::Number);
    s.number_ = x;
    if (!label.empty()) s.texts_.push_back(std::move(label));
    return s;
}

}  // namespace kith
