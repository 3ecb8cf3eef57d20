// SPDX-License-Identifier: Apache-2.0
// A condition over the metrics of a mail, or of an event on an account, as `kith hunt --where` and
// the `when` of a model write it:
//
//     score >= 60 and (asks.payee or payment > 0) and not from.domain in (example.org,
//     *.example.org)
//
// Comparisons: = != < <= > >=, `in (a, b)`; a flag stands alone. Texts are compared without regard
// to case (ASCII); a value with * or ? is a pattern for the whole text. `group.NAME` in a list
// stands for the entries of a named group. A value that a metric of few values (Metric::values)
// never has is refused. Binding, strongest first: not, and, or. Bounded in length, depth and nodes;
// evaluation takes time linear in both the condition and the texts it looks at. Pure. Covered by
// tests/unit/policy/expression_test.cpp, tests/fuzz/fuzz_policy.cpp.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hpp"
#include "engine/policy/metrics.hpp"

namespace kith {

/// Named lists of addresses, domains or other texts.
using PolicyGroups = std::map<std::string, std::vector<std::string>, std::less<>>;

class Expression {
public:
    static constexpr std::size_t kMaxLength = 8192;  ///< bytes of the text
    static constexpr std::size_t kMaxNodes = 512, kMaxDepth = 32;
    static constexpr std::size_t kMaxPattern = 256;  ///< bytes of one value

    /// Config when it is not well formed; the error says at which character.
    [[nodiscard]] static Result<Expression> parse(std::string_view text,
                                                  const PolicyGroups& groups = {},
                                                  PolicySubject subject = PolicySubject::Mail);
    /// What holds when all / any of them hold; none: always / never.
    [[nodiscard]] static Expression all(std::vector<Expression> parts);
    [[nodiscard]] static Expression any(std::vector<Expression> parts);
    [[nodiscard]] static Expression no(Expression part);

    /// REQUIRES: a case of the subject that it was read for.
    [[nodiscard]] bool holds(const PolicyCase& c) const;
    /// One comparison, as it was written, with what the mail has.
    struct Finding {
        std::string condition;
        std::string is;  ///< "3", "a@b.example", "yes"
        bool holds = false;
    };
    /// Every comparison of the condition, in order, for those who want to know why it holds or not.
    [[nodiscard]] std::vector<Finding> findings(const PolicyCase& c) const;
    /// Nodes and depth of nesting, for those who put several together.
    [[nodiscard]] std::size_t nodes() const noexcept;
    [[nodiscard]] std::size_t depth() const noexcept;

private:
    friend class ExpressionParser;
    enum class Op : std::uint8_t {
        All,
        Any,
        Not,
        Flag,
        Equal,
        NotEqual,
        Less,
        AtMost,
        More,
        NoLess
    };
    /// Another metric, or fixed values.
    struct Operand {
        const Metric* metric = nullptr;
        double number = 0;
        std::vector<std::string> texts;  ///< lower case
    };
    void find(const PolicyCase& c, std::vector<Finding>& out) const;
    [[nodiscard]] bool compare_numbers(const PolicyCase& c) const;
    [[nodiscard]] bool compare_texts(const PolicyCase& c) const;

    Op op_ = Op::All;
    std::vector<Expression> parts_;
    const Metric* metric_ = nullptr;
    std::string argument_;
    Operand right_;
    std::string source_;  ///< of a comparison
};

/// Does the whole of `text` match `pattern`: * any bytes, ? one; ASCII case does not matter. Time
/// <= text * pattern.
[[nodiscard]] bool matches_pattern(std::string_view text, std::string_view pattern) noexcept;

}  // namespace kith
