// SPDX-License-Identifier: Apache-2.0
#include "engine/policy/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "engine/base/text.hpp"

namespace kith {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_.-*?@:/+%'~#").find(c) != std::string_view::npos ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// For a message: at most 40 bytes, nothing that steers a terminal.
std::string plain(std::string_view text) {
    std::string out(text.substr(0, 40));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return out;
}

struct Token {
    enum class Kind : std::uint8_t { Word, Quoted, Symbol, End, Bad } kind = Kind::End;
    std::string text;
    std::size_t at = 0;  ///< byte where it begins
};

}  // namespace

bool matches_pattern(std::string_view text, std::string_view pattern) noexcept {
    std::size_t t = 0, p = 0, star = std::string_view::npos, retry = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            retry = t;
        } else if (p < pattern.size() &&
                   (pattern[p] == '?' || lower(pattern[p]) == lower(text[t]))) {
            ++p, ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++retry;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

class ExpressionParser {
public:
    ExpressionParser(std::string_view text, const PolicyGroups& groups, PolicySubject subject)
        : text_(text), groups_(groups), subject_(subject) {
        advance();
    }

    Result<Expression> whole() {
        Expression out;
        if (!alternatives(out, 0)) return fail(ErrorCode::Config, std::move(why_));
        if (now_.kind != Token::Kind::End) {
            refuse("\"and\" or \"or\" is missing here");
            return fail(ErrorCode::Config, std::move(why_));
        }
        return out;
    }

private:
    using Op = Expression::Op;

    void advance() {
        while (at_ < text_.size() &&
               std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
            ++at_;
        now_ = {Token::Kind::End, "", at_};
        if (at_ == text_.size()) return;
        const char c = text_[at_];
        if (c == '"') {
            const auto end = text_.find('"', at_ + 1);
            now_.kind = end == std::string_view::npos ? Token::Kind::Bad : Token::Kind::Quoted;
            if (now_.kind == Token::Kind::Bad) return;
            now_.text = text_.substr(at_ + 1, end - at_ - 1);
            at_ = end + 1;
        } else if (is_word(c)) {
            const std::size_t begin = at_;
            while (at_ < text_.size() && is_word(text_[at_])) ++at_;
            now_.kind = Token::Kind::Word;
            now_.text = text_.substr(begin, at_ - begin);
        } else {
            now_.kind = Token::Kind::Symbol;
            const std::string_view two = text_.substr(at_, 2);
            const bool pair = two == "<=" || two == ">=" || two == "!=" || two == "==";
            now_.text = pair ? two : text_.substr(at_, 1);
            at_ += now_.text.size();
        }
    }

    bool refuse(const std::string& reason) {
        if (why_.empty()) {
            const std::string seen =
                now_.kind == Token::Kind::End ? "the end" : "\"" + plain(now_.text) + "\"";
            why_ =
                now_.kind == Token::Kind::Bad
                    ? fmt::format("condition, character {}: a quote is not closed", now_.at + 1)
                    : fmt::format("condition, character {}, at {}: {}", now_.at + 1, seen, reason);
        }
        return false;
    }
    [[nodiscard]] bool is(std::string_view word) const {
        return (now_.kind == Token::Kind::Word || now_.kind == Token::Kind::Symbol) &&
               now_.text == word;
    }
    bool take(std::string_view word) {
        if (!is(word)) return false;
        advance();
        return true;
    }

    bool alternatives(Expression& out, std::size_t depth) {
        return chain(out, depth, "or", Op::Any, &ExpressionParser::conjunction);
    }
    bool conjunction(Expression& out, std::size_t depth) {
        return chain(out, depth, "and", Op::All, &ExpressionParser::term);
    }
    bool chain(Expression& out, std::size_t depth, std::string_view word, Op op,
               bool (ExpressionParser::*part)(Expression&, std::size_t)) {
        Expression first;
        if (!(this->*part)(first, depth)) return false;
        if (!is(word)) {
            out = std::move(first);
            return true;
        }
        out.op_ = op;
        out.parts_.push_back(std::move(first));
        while (take(word)) {
            Expression next;
            if (!(this->*part)(next, depth)) return false;
            out.parts_.push_back(std::move(next));
        }
        return true;
    }
    bool term(Expression& out, std::size_t depth) {
        if (depth >= Expression::kMaxDepth - 2)
            return refuse(fmt::format("nested deeper than {}", Expression::kMaxDepth - 2));
        if (++nodes_ > Expression::kMaxNodes)
            return refuse(fmt::format("more than {} conditions", Expression::kMaxNodes));
        if (take("not")) {
            Expression part;
            if (!term(part, depth + 1)) return false;
            out = Expression::no(std::move(part));
            return true;
        }
        if (take("(")) {
            if (!alternatives(out, depth + 1)) return false;
            return take(")") || refuse("a closing bracket is missing");
        }
        const std::size_t begin = now_.at;
        if (!comparison(out)) return false;
        out.source_ = trim(text_.substr(begin, now_.at - begin));
        return true;
    }

    bool comparison(Expression& out) {
        if (now_.kind != Token::Kind::Word)
            return refuse("expected the name of a metric, see kith-models(5)");
        FoundMetric found = find_metric(now_.text, subject_);
        if (found.metric == nullptr)
            return refuse("unknown metric" + (found.nearest.empty()
                                                  ? std::string("; kith-models(5) lists them")
                                                  : "; did you mean " + found.nearest + "?"));
        out.metric_ = found.metric;
        out.argument_ = std::move(found.argument);
        const Token name = now_;
        advance();
        if (take("in")) return list(out);
        static constexpr std::pair<std::string_view, Op> kOps[] = {
            {"=", Op::Equal},   {"==", Op::Equal}, {"!=", Op::NotEqual}, {"<", Op::Less},
            {"<=", Op::AtMost}, {">", Op::More},   {">=", Op::NoLess}};
        for (const auto& [symbol, op] : kOps) {
            if (!is(symbol)) continue;
            out.op_ = op;
            return value(out);
        }
        if (out.metric_->type != MetricType::Flag)
            return refuse(fmt::format("{} is {}: a comparison must follow", name.text,
                                      to_string(out.metric_->type)));
        out.op_ = Op::Flag;
        return true;
    }

    bool value(Expression& out) {
        const bool ordered = out.op_ != Op::Equal && out.op_ != Op::NotEqual;
        if (out.metric_->type == MetricType::Flag)
            return refuse("a yes or no is not compared; write it alone, or with \"not\" before it");
        if (ordered && out.metric_->type != MetricType::Number)
            return refuse("only numbers are larger or smaller");
        advance();
        if (now_.kind != Token::Kind::Word && now_.kind != Token::Kind::Quoted)
            return refuse("a value is missing");
        if (out.metric_->type == MetricType::Number) {
            if (!number(out.right_)) return false;
        } else if (!text(out)) {
            return false;
        }
        advance();
        return true;
    }

    bool number(Expression::Operand& right) {
        const char* end = now_.text.data() + now_.text.size();
        const auto read = std::from_chars(now_.text.data(), end, right.number);
        if (read.ec == std::errc() && read.ptr == end && std::isfinite(right.number)) return true;
        const FoundMetric other = find_metric(now_.text, subject_);
        if (other.metric == nullptr || other.metric->type != MetricType::Number ||
            other.metric->family)
            return refuse("expected a number");
        right.metric = other.metric;
        return true;
    }

    bool text(Expression& out) {
        if (now_.text.empty() && now_.kind == Token::Kind::Word)
            return refuse("a value is missing");
        if (now_.text.size() > Expression::kMaxPattern)
            return refuse(fmt::format("longer than {} bytes", Expression::kMaxPattern));
        return add_text(out, now_.text);
    }
    /// A value that the metric never has would match nothing, and nobody would notice.
    bool add_text(Expression& out, const std::string& value) {
        out.right_.texts.push_back(ascii_lower(value));
        if (out.metric_->values == nullptr) return true;
        const std::vector<std::string> all = out.metric_->values();
        if (std::any_of(all.begin(), all.end(),
                        [&](const std::string& known) { return matches_pattern(known, value); }))
            return true;
        const std::string near = nearest(out.right_.texts.back(), all);
        return refuse(fmt::format("{} is never {}; {}", out.metric_->name,
                                  value.empty() ? "empty" : plain(value),
                                  near.empty() ? fmt::format("it is {}", fmt::join(all, ", "))
                                               : "did you mean " + near + "?"));
    }

    bool list(Expression& out) {
        out.op_ = Op::Equal;
        if (out.metric_->type == MetricType::Number || out.metric_->type == MetricType::Flag)
            return refuse("\"in\" is for texts");
        const bool bracket = take("(");
        do {
            if (now_.kind != Token::Kind::Word && now_.kind != Token::Kind::Quoted)
                return refuse("a value is missing");
            if (!entry(out)) return false;
            advance();
        } while (bracket && take(","));
        return !bracket || take(")") || refuse("a closing bracket is missing");
    }
    bool entry(Expression& out) {
        if (++nodes_ > Expression::kMaxNodes)
            return refuse(fmt::format("more than {} values", Expression::kMaxNodes));
        constexpr std::string_view kGroup = "group.";
        if (now_.kind != Token::Kind::Word || now_.text.compare(0, kGroup.size(), kGroup) != 0)
            return text(out);
        const std::string name = now_.text.substr(kGroup.size());
        const auto group = groups_.find(name);
        if (group == groups_.end()) {
            std::vector<std::string> names;
            for (const auto& [known, entries] : groups_) names.push_back(known);
            const std::string near = nearest(name, names);
            return refuse("unknown group" +
                          (near.empty() ? "" : "; did you mean group." + near + "?"));
        }
        for (const auto& text : group->second)
            if (!add_text(out, text)) return false;
        return true;
    }

    std::string_view text_;
    const PolicyGroups& groups_;
    const PolicySubject subject_;
    std::size_t at_ = 0, nodes_ = 0;
    Token now_;
    std::string why_;
};

Result<Expression> Expression::parse(std::string_view text, const PolicyGroups& groups,
                                     PolicySubject subject) {
    if (text.size() > kMaxLength)
        return fail(ErrorCode::Config, fmt::format("condition longer than {} bytes", kMaxLength));
    if (!is_valid_utf8(text)) return fail(ErrorCode::Config, "condition is not UTF-8");
    if (trim(text).empty()) return fail(ErrorCode::Config, "condition is empty");
    return ExpressionParser(text, groups, subject).whole();
}

Expression Expression::all(std::vector<Expression> parts) {
    Expression out;
    out.parts_ = std::move(parts);
    return out;
}
Expression Expression::any(std::vector<Expression> parts) {
    Expression out = all(std::move(parts));
    out.op_ = Op::Any;
    return out;
}
Expression Expression::no(Expression part) {
    Expression out;
    out.op_ = Op::Not;
    out.parts_.push_back(std::move(part));
    return out;
}

std::size_t Expression::nodes() const noexcept {
    std::size_t n = 1 + right_.texts.size();
    for (const Expression& part : parts_) n += part.nodes();
    return n;
}
std::size_t Expression::depth() const noexcept {
    std::size_t deepest = 0;
    for (const Expression& part : parts_) deepest = std::max(deepest, part.depth());
    return deepest + 1;
}

bool Expression::holds(const PolicyCase& c) const {
    const auto part_holds = [&](const Expression& part) { return part.holds(c); };
    switch (op_) {
        case Op::All:
            return std::all_of(parts_.begin(), parts_.end(), part_holds);
        case Op::Any:
            return std::any_of(parts_.begin(), parts_.end(), part_holds);
        case Op::Not:
            return !parts_.front().holds(c);
        case Op::Flag:
            return metric_->flag(c, argument_);
        default:
            return metric_->type == MetricType::Number ? compare_numbers(c) : compare_texts(c);
    }
}

std::vector<Expression::Finding> Expression::findings(const PolicyCase& c) const {
    std::vector<Finding> out;
    find(c, out);
    return out;
}

void Expression::find(const PolicyCase& c, std::vector<Finding>& out) const {
    for (const Expression& part : parts_) part.find(c, out);
    if (metric_ == nullptr) return;
    Finding f{source_, "", holds(c)};
    if (metric_->flag != nullptr) {
        f.is = metric_->flag(c, argument_) ? "yes" : "no";
    } else if (metric_->number != nullptr) {
        f.is = fmt::format("{:.6g}", metric_->number(c, argument_));
    } else if (metric_->text != nullptr) {
        f.is = std::string(metric_->text(c, argument_));
    } else {
        std::vector<std::string_view> texts;
        metric_->texts(c, argument_, texts);
        f.is = fmt::format("{}", fmt::join(texts, ", "));
    }
    out.push_back(std::move(f));
}

bool Expression::compare_numbers(const PolicyCase& c) const {
    const double left = metric_->number(c, argument_);
    const double right = right_.metric != nullptr ? right_.metric->number(c, "") : right_.number;
    switch (op_) {
        case Op::Equal:
            return left == right;
        case Op::NotEqual:
            return left != right;
        case Op::Less:
            return left < right;
        case Op::AtMost:
            return left <= right;
        case Op::More:
            return left > right;
        default:
            return left >= right;
    }
}

bool Expression::compare_texts(const PolicyCase& c) const {
    const auto matches = [&](std::string_view text) {
        return std::any_of(
            right_.texts.begin(), right_.texts.end(),
            [&](const std::string& wanted) { return matches_pattern(text, wanted); });
    };
    bool found = false;
    if (metric_->type == MetricType::Text) {
        found = matches(metric_->text(c, argument_));
    } else {
        std::vector<std::string_view> texts;
        metric_->texts(c, argument_, texts);
        found = std::any_of(texts.begin(), texts.end(), matches);
    }
    return found != (op_ == Op::NotEqual);
}

}  // namespace kith
