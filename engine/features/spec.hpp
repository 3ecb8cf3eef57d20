// SPDX-License-Identifier: Apache-2.0
// What one feature is: where it belongs, how it is counted, how it is read off a mail, how it is
// put into words. Each feature is one file that defines one FeatureSpec; features.def is the list.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/features/observations.hpp"
#include "engine/features/relations.hpp"
#include "engine/features/stratum.hpp"
#include "engine/message/message.hpp"

namespace kith {

/// Groups by what an attacker would have to bring along (ARCHITECTURE.md "Features"). Experts are
/// made of parts.
enum class Group : std::uint8_t { Transport, Submission, Client, Quoting, Text, Address, Name };
[[nodiscard]] std::string_view to_string(Group g) noexcept;

enum class Kind : std::uint8_t {
    Category,  ///< one value out of an open set
    Ordinal,   ///< a bin; neighbours count half
    Set,       ///< several values; the most surprising one counts (Bonferroni)
    Rank,      ///< a number, larger = more suspicious; conformal rank among the site's genuine mail
    Sum,       ///< surprises of other features added up, then ranked like a number: features that
               ///< say nearly the same must not count several times, one wild value not everything
    Relief,    ///< what speaks against an attack, in nats that are taken off the raw score of one
               ///< stratum; surprises nobody, teaches nothing
    Claim,     ///< surprises of other features added up as if the known person had written the
               ///< mail whom its sender looks like
};

/// What a feature saw in one mail.
class Seen {
public:
    /// The mail says nothing about it: no surprise, nothing learned.
    [[nodiscard]] static Seen nothing() { return {}; }
    /// It is not there, and that informs.
    [[nodiscard]] static Seen absent() { return Seen(State::Absent); }
    /// Text is hashed before it is kept; it also serves as the label in explanations.
    [[nodiscard]] static Seen category(std::string text) {
        Seen s(State::Category);
        s.texts_.push_back(std::move(text));
        return s;
    }
    [[nodiscard]] static Seen flag(bool yes) { return category(yes ? "yes" : "no"); }
    [[nodiscard]] static Seen bin(int b, std::string label = {});
    [[nodiscard]] static Seen number(double x, std::string label = {});
    [[nodiscard]] static Seen members(std::vector<std::string> texts) {
        Seen s(State::Members);
        s.texts_ = std::move(texts);
        return s;
    }

    enum class State : std::uint8_t { Nothing, Absent, Category, Bin, Number, Members };
    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] const std::vector<std::string>& texts() const noexcept { return texts_; }
    [[nodiscard]] int bin_value() const noexcept { return bin_; }
    [[nodiscard]] double number_value() const noexcept { return number_; }

private:
    Seen() = default;
    explicit Seen(State s) : state_(s) {}
    State state_ = State::Nothing;
    int bin_ = 0;
    double number_ = 0;
    std::vector<std::string> texts_;
};

/// What extract functions may look at: the mail itself, and what observe() found before the
/// features ran.
struct Glimpse {
    const Message& message;
    const Arrival& arrival;
    const Observations&
        observations;  ///< identity, words, links, asks are filled; feature values are not
    const std::vector<std::string>& own_domains;
};

struct FeatureSpec {
    Group group = Group::Client;
    Kind kind = Kind::Category;
    std::string_view summary;  ///< one sentence for kith-features(7): what it is and why it informs
    /// "%" in it is the label; subject is "this sender". E.g. "writes with % for the first time".
    /// "a|b" becomes a when the label is 1, else b.
    std::string_view sentence;
    /// What is said when the value is absence; "" when absence is none of its values.
    std::string_view absence = {};
    /// The sentence where the label is not known; "" when it reads well without "(%)".
    std::string_view unlabelled = {};
    /// Kind Relief: the stratum whose mail it speaks for.
    Stratum relieves = Stratum::Plain;
    /// Exactly one of the three. Pure, total.
    Seen (*extract)(const Glimpse&) = nullptr;
    Seen (*relate)(const Relations&) = nullptr;
    /// Kinds Sum and Claim: does the feature at `index` belong to it? No sum belongs to another.
    bool (*sums)(std::size_t index) = nullptr;
};

/// Value of what was seen, for the feature at `index`: texts hashed under the feature's name.
[[nodiscard]] FeatureValue encode_seen(const Seen& seen, std::size_t index, const Hasher& hasher);

/// Specification of the feature at `index`. REQUIRES index < kFeatureCount.
[[nodiscard]] const FeatureSpec& feature_spec(std::size_t index) noexcept;

}  // namespace kith
