// SPDX-License-Identifier: Apache-2.0
// Recursive descent over the grammar of RFC 5228, section 8, with a bound on depth. Nothing is
// built: the summary grows as commands are read.
#include "engine/intake/sieve.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/text.hpp"

namespace kith {
namespace {

constexpr std::size_t kMaxVariables = 64;
constexpr std::size_t kMaxStrings = 1000;  ///< of one command or test
constexpr std::size_t kMinWord = 2, kMaxWord = 60;

bool is_name_byte(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

struct Token {
    enum class Kind { End, Name, Tag, Number, Text, Sign, Bad };
    Kind kind = Kind::End;
    std::string text;  ///< lower case of names and tags; one character of signs
};

class Lexer {
public:
    explicit Lexer(std::string_view script) : rest_(script) {}

    [[nodiscard]] Token next() {
        if (!skip_blank()) return {Token::Kind::Bad, {}};
        if (rest_.empty()) return {};
        const char c = rest_.front();
        if (c == '"') return quoted();
        if (is_digit(c)) return number();
        if (c == ':') {
            rest_.remove_prefix(1);
            return {Token::Kind::Tag, name()};
        }
        if (is_name_byte(c)) {
            std::string word = name();
            if (word == "text" && rest_.starts_with(':')) return multi_line();
            return {Token::Kind::Name, std::move(word)};
        }
        rest_.remove_prefix(1);
        if (std::string_view("{}[](),;").find(c) == std::string_view::npos)
            return {Token::Kind::Bad, {}};
        return {Token::Kind::Sign, std::string(1, c)};
    }

private:
    /// False for a comment without an end.
    bool skip_blank() {
        for (;;) {
            const std::size_t blank = rest_.find_first_not_of(" \t\r\n");
            rest_.remove_prefix(std::min(blank, rest_.size()));
            if (rest_.starts_with('#')) {
                rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
            } else if (rest_.starts_with("/*")) {
                const std::size_t end = rest_.find("*/", 2);
                if (end == std::string_view::npos) return false;
                rest_.remove_prefix(end + 2);
            } else {
                return true;
            }
        }
    }
    std::string name() {
        std::size_t n = 0;
        while (n < rest_.size() && is_name_byte(rest_[n])) ++n;
        std::string out = ascii_lower(rest_.substr(0, n));
        rest_.remove_prefix(n);
        return out;
    }
    Token number() {
        std::size_t n = 0;
        while (n < rest_.size() && is_digit(rest_[n])) ++n;
        if (n < rest_.size() && std::string_view("kKmMgG").find(rest_[n]) != std::string_view::npos)
            ++n;
        rest_.remove_prefix(n);
        return {Token::Kind::Number, {}};
    }
    Token quoted() {
        std::string out;
        for (std::size_t i = 1; i < rest_.size(); ++i) {
            if (rest_[i] == '"') {
                rest_.remove_prefix(i + 1);
                return {Token::Kind::Text, std::move(out)};
            }
            if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
            out += rest_[i];
        }
        return {Token::Kind::Bad, {}};
    }
    /// Behind "text": ':' rest of the line, lines, a line with a dot alone.
    Token multi_line() {
        const std::size_t line = rest_.find('\n');
        if (line == std::string_view::npos) return {Token::Kind::Bad, {}};
        rest_.remove_prefix(line + 1);
        std::string out;
        while (!rest_.empty()) {
            const std::size_t end = std::min(rest_.find('\n'), rest_.size());
            std::string_view one = rest_.substr(0, end);
            if (one.ends_with('\r')) one.remove_suffix(1);
            rest_.remove_prefix(std::min(end + 1, rest_.size()));
            if (one == ".") return {Token::Kind::Text, std::move(out)};
            if (one.starts_with('.')) one.remove_prefix(1);
            out.append(one).append("\n");
        }
        return {Token::Kind::Bad, {}};
    }

    std::string_view rest_;
};

/// Arguments of one command or test.
struct Arguments {
    std::vector<std::string> tags;
    std::vector<std::vector<std::string>> lists;  ///< of strings, each as a list
    /// The list that stands behind the tag, which is one of its arguments then.
    std::map<std::string, std::size_t> list_of_tag;
    bool always = false;  ///< the test is true whatever the mail

    [[nodiscard]] bool has(std::string_view tag) const {
        return std::find(tags.begin(), tags.end(), tag) != tags.end();
    }
    [[nodiscard]] const std::vector<std::string>& last() const {
        static const std::vector<std::string> none;
        return lists.empty() ? none : lists.back();
    }
};

class Reader {
public:
    Reader(std::string_view script, const Hasher* hasher) : lexer_(script), hasher_(hasher) {}

    [[nodiscard]] std::optional<RuleSummary> read() {
        advance();
        if (!block_of_commands(false, 0) || token_.kind != Token::Kind::End) return std::nullopt;
        out_.understood = true;
        return std::move(out_);
    }

private:
    void advance() { token_ = lexer_.next(); }
    [[nodiscard]] bool at(char sign) const {
        return token_.kind == Token::Kind::Sign && token_.text.front() == sign;
    }
    bool take(char sign) {
        if (!at(sign)) return false;
        advance();
        return true;
    }

    /// Commands up to the end or a closing brace.
    bool block_of_commands(bool conditional, int depth) {
        if (depth > kMaxSieveDepth) return false;
        bool redirected = false, kept = false;
        while (token_.kind == Token::Kind::Name) {
            if (++commands_ > kMaxSieveCommands) return false;
            const std::string name = token_.text;
            advance();
            Arguments arguments;
            if (!read_arguments(arguments, depth)) return false;
            redirected |= name == "redirect";
            kept |= name == "keep" || name == "fileinto";
            act(name, arguments, conditional);
            if (take(';')) continue;
            if (!take('{')) return false;
            const bool decides = name == "if" || name == "elsif" || name == "else";
            if (!block_of_commands(conditional || (decides && !arguments.always), depth + 1) ||
                !take('}'))
                return false;
        }
        if (redirected && kept) out_.keeps_copy = true;
        return true;
    }

    bool string_list(std::vector<std::string>& out) {
        if (token_.kind == Token::Kind::Text) {
            out.push_back(std::move(token_.text));
            advance();
            return true;
        }
        if (!take('[')) return false;
        while (token_.kind == Token::Kind::Text) {
            if (out.size() < kMaxStrings) out.push_back(std::move(token_.text));
            advance();
            if (!take(',')) break;
        }
        return take(']');
    }

    bool read_arguments(Arguments& out, int depth) {
        std::string last_tag;
        for (;;) {
            if (token_.kind == Token::Kind::Tag) {
                last_tag = token_.text;
                if (out.tags.size() < kMaxStrings) out.tags.push_back(token_.text);
                advance();
                continue;
            }
            if (token_.kind == Token::Kind::Number) {
                advance();
            } else if (token_.kind == Token::Kind::Text || at('[')) {
                std::vector<std::string> list;
                if (!string_list(list)) return false;
                if (!last_tag.empty()) out.list_of_tag.emplace(last_tag, out.lists.size());
                if (out.lists.size() < kMaxStrings) out.lists.push_back(std::move(list));
            } else if (token_.kind == Token::Kind::Name) {
                return test(out, depth + 1);
            } else if (take('(')) {
                return tests(out, depth + 1);
            } else {
                return token_.kind == Token::Kind::Sign;
            }
            last_tag.clear();
        }
    }

    bool test(Arguments& command, int depth) {
        if (depth > kMaxSieveDepth) return false;
        const std::string name = token_.text;
        advance();
        Arguments arguments;
        if (!read_arguments(arguments, depth)) return false;
        command.always =
            name == "true" || ((name == "anyof" || name == "allof") && arguments.always);
        // "exists" and "size" look for no text.
        if (name != "exists" && name != "size" && !arguments.lists.empty())
            look_for(name, arguments);
        return true;
    }

    bool tests(Arguments& command, int depth) {
        if (depth > kMaxSieveDepth) return false;
        bool always = true;
        do {
            if (token_.kind != Token::Kind::Name) return false;
            Arguments one;
            if (!test(one, depth)) return false;
            always = always && one.always;
        } while (take(','));
        command.always = always;
        return take(')');
    }

    void look_for(const std::string& test, const Arguments& arguments) {
        for (const std::string& text : arguments.last()) {
            if (test == "address" || test == "envelope" || text.find('@') != std::string::npos)
                out_.topics |= static_cast<std::uint8_t>(RuleTopic::Person);
            out_.topics |= rule_topics(text);
            add_words(text);
        }
    }

    void add_words(std::string_view text) {
        if (hasher_ == nullptr) return;
        const std::string lower = utf8_lower(scrub_utf8(text));
        std::string word;
        const auto end = [&] {
            if (word.size() >= kMinWord && word.size() <= kMaxWord) {
                const std::uint32_t hash = hasher_->hash32("word", word);
                auto& words = out_.words;
                if (words.size() < kMaxAccountList &&
                    std::find(words.begin(), words.end(), hash) == words.end())
                    words.push_back(hash);
            }
            word.clear();
        };
        for (const char c : lower) {
            const bool letter = (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
            if (letter)
                word += c;
            else
                end();
        }
        end();
    }

    /// "${name}" where the script sets it to plain text.
    [[nodiscard]] std::string expanded(std::string_view text) const {
        std::string out;
        while (!text.empty() && out.size() <= kMaxAccountText) {
            const std::size_t begin = text.find("${");
            const std::size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
            if (end == std::string_view::npos) break;
            out += text.substr(0, begin);
            const auto found =
                variables_.find(ascii_lower(text.substr(begin + 2, end - begin - 2)));
            out += found == variables_.end() ? text.substr(begin, end + 1 - begin)
                                             : std::string_view(found->second);
            text.remove_prefix(end + 1);
        }
        return out + std::string(text);
    }

    static void add_once(std::vector<std::string>& list, std::string text) {
        text = std::string(utf8_prefix(text, kMaxAccountText));
        if (text.empty() || list.size() >= kMaxAccountList ||
            std::find(list.begin(), list.end(), text) != list.end())
            return;
        list.push_back(std::move(text));
    }

    void mark(const std::vector<std::string>& flags) {
        for (const std::string& list : flags)
            for (const std::string_view flag : split(list, ' '))
                if (ascii_iequals(flag, "\\seen") || ascii_iequals(flag, "\\deleted"))
                    out_.marks_seen = true;
    }

    void act(const std::string& name, const Arguments& arguments, bool conditional) {
        bool does_something = true;
        if (name == "redirect") {
            for (const std::string& to : arguments.last())
                add_once(out_.redirects, utf8_lower(scrub_utf8(expanded(to))));
            if (arguments.has("copy")) out_.keeps_copy = true;
        } else if (name == "fileinto") {
            for (const std::string& folder : arguments.last())
                add_once(out_.folders, scrub_utf8(expanded(folder)));
        } else if (name == "discard") {
            out_.discards = true;
        } else if (name == "stop") {
            out_.stops = true;
        } else if (name == "addflag" || name == "setflag") {
            mark(arguments.last());
        } else if (name == "notify") {
            notify(arguments);
        } else if (name == "set" && arguments.lists.size() >= 2) {
            set(arguments);
            does_something = false;
        } else {
            does_something = name == "keep";
        }
        if (const auto flags = arguments.list_of_tag.find("flags");
            flags != arguments.list_of_tag.end() && flags->second < arguments.lists.size())
            mark(arguments.lists[flags->second]);
        if (does_something && conditional) out_.conditional = true;
    }

    void notify(const Arguments& arguments) {
        for (const auto& list : arguments.lists)
            for (const std::string& text : list)
                if (ascii_lower(text.substr(0, 7)) == "mailto:")
                    add_once(out_.redirects, utf8_lower(scrub_utf8(text.substr(7))));
    }

    void set(const Arguments& arguments) {
        const auto& names = arguments.lists[arguments.lists.size() - 2];
        const auto& values = arguments.lists.back();
        if (names.size() != 1 || values.size() != 1 || variables_.size() >= kMaxVariables) return;
        variables_[ascii_lower(names.front())] =
            expanded(values.front()).substr(0, kMaxAccountText);
    }

    Lexer lexer_;
    const Hasher* hasher_;
    Token token_;
    std::size_t commands_ = 0;
    std::map<std::string, std::string> variables_;
    RuleSummary out_;
};

}  // namespace

std::uint8_t rule_topics(std::string_view text) {
    struct Row {
        RuleTopic topic;
        std::string_view begins;
    };
    static constexpr Row kRows[] = {
#define KITH_RULE_WORD(topic, begins) {RuleTopic::topic, begins},
#include "engine/intake/rule_topics.def"
#undef KITH_RULE_WORD
    };
    const std::string lower = utf8_lower(scrub_utf8(text));
    std::uint8_t topics = 0;
    for (const Row& row : kRows)
        for (std::size_t at = lower.find(row.begins); at != std::string::npos;
             at = lower.find(row.begins, at + 1)) {
            const bool begins = at == 0 || !(is_name_byte(lower[at - 1]) ||
                                             static_cast<unsigned char>(lower[at - 1]) >= 0x80);
            if (begins) {
                topics |= static_cast<std::uint8_t>(row.topic);
                break;
            }
        }
    return topics;
}

RuleSummary summarize_sieve(std::string_view script, const Hasher* hasher) {
    if (script.size() > kMaxSieveBytes) return {};
    return Reader(script, hasher).read().value_or(RuleSummary{});
}

}  // namespace kith
