// SPDX-License-Identifier: Apache-2.0
// See keys.hpp. A key's C++ type (through the pointer to its member) and its KeyType together
// choose how it is read.
#include "engine/config/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <type_traits>
#include <variant>

#include "engine/base/text.hpp"
#include "engine/config/values.hpp"

namespace kith {
namespace {

/// Lists are for people: more entries than this are a mistake.
constexpr std::size_t kMaxListEntries = 1000;

/// Where a key's value lives. std::size_t and std::uint64_t are two of the unsigned types, which
/// ones depends on the system.
using Slot = std::variant<bool*, unsigned*, unsigned long*, unsigned long long*, double*, Seconds*,
                          std::string*, std::vector<std::string>*, Mode*, OnFailure*,
                          std::vector<ModeRule>*>;

struct Row {
    KeyInfo info;
    Slot (*slot)(Config&);
};

const std::vector<Row>& rows() {
    static const std::vector<Row> all{
#define KITH_KEY(path, type, range, target, effect, description)             \
    Row{KeyInfo{path, KeyType::type, range, KeyEffect::effect, description}, \
        [](Config& c) -> Slot { return &c.target; }},
#include "engine/config/keys.def"
#undef KITH_KEY
    };
    return all;
}

const Row& row_of(const KeyInfo& key) {
    const auto found = std::find_if(rows().begin(), rows().end(),
                                    [&](const Row& row) { return row.info.path == key.path; });
    if (found == rows().end()) std::abort();  // a KeyInfo that is not from the table
    return *found;
}

Unexpected bad(std::string reason) { return fail(ErrorCode::Config, std::move(reason)); }

/// Reads `text` with `parse` and holds it against the key's "LOW..HIGH", whose ends `parse` reads
/// as well.
template <class Parse>
auto parse_in_range(const KeyInfo& key, const std::string& text, Parse parse)
    -> decltype(parse(text)) {
    auto value = parse(text);
    const std::size_t dots = key.range.find("..");
    if (!value || dots == std::string_view::npos) return value;
    const std::string_view low = key.range.substr(0, dots);
    const std::string_view high = key.range.substr(dots + 2);
    if (value.value() < parse(low).value() || parse(high).value() < value.value())
        return bad(fmt::format("must be between {} and {}, is {}", low, high, quote_value(text)));
    return value;
}

/// Position of `text` among the words of the range.
Result<std::size_t> parse_choice(const KeyInfo& key, const std::string& text) {
    const std::vector<std::string_view> words = split(key.range, '|');
    const auto found = std::find(words.begin(), words.end(), text);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    const std::string near = nearest(text, std::vector<std::string>(words.begin(), words.end()));
    return bad(fmt::format("must be one of {}, is {}{}", fmt::join(words, ", "), quote_value(text),
                           near.empty() ? "" : "; did you mean " + near + "?"));
}

constexpr std::array<std::string_view, 3> kDirections{"inbound", "outbound", "internal"};
constexpr const char* kScopeForm =
    "must be a direction (inbound, outbound, internal), an own domain, or both like \"inbound "
    "example.com\"";

bool is_direction(std::string_view word) noexcept {
    return std::find(kDirections.begin(), kDirections.end(), word) != kDirections.end();
}
std::string nearest_direction(std::string_view word) {
    return nearest(word, {kDirections.begin(), kDirections.end()});
}

Result<std::string> parse_list_entry(KeyType type, const std::string& text) {
    switch (type) {
        case KeyType::Domains:
            return parse_domain(text);
        case KeyType::Networks:
            return parse_network(text);
        case KeyType::Addresses:
            return parse_mail_address(text);
        case KeyType::Paths:
            return parse_path(text);
        default:
            return parse_name(text);
    }
}

/// One overload for each type a slot can have.
class Setter {
public:
    Setter(const KeyInfo& key, const std::vector<ConfigText>& values)
        : key_(key), values_(values), text_(values.front().text) {}

    Status operator()(bool* slot) const { return store(slot, parse_bool(text_)); }
    template <class Unsigned>
    std::enable_if_t<std::is_unsigned_v<Unsigned>, Status> operator()(Unsigned* slot) const {
        auto parsed =
            parse_in_range(key_, text_, key_.type == KeyType::Size ? parse_size : parse_count);
        if (!parsed) return fail(std::move(parsed).error());
        if (parsed.value() > std::numeric_limits<Unsigned>::max())
            return bad("too large, is " + quote_value(text_));
        *slot = static_cast<Unsigned>(parsed.value());
        return ok();
    }
    Status operator()(double* slot) const {
        if (key_.type == KeyType::Number)
            return store(slot, parse_in_range(key_, text_, parse_number));
        auto parsed = parse_in_range(key_, text_, parse_duration);
        if (!parsed) return fail(std::move(parsed).error());
        *slot = static_cast<double>(parsed.value().count()) / 86400.0;
        return ok();
    }
    Status operator()(Seconds* slot) const {
        return store(slot, parse_in_range(key_, text_, parse_duration));
    }
    Status operator()(std::string* slot) const {
        switch (key_.type) {
            case KeyType::Path:
                return store(slot, parse_path(text_));
            case KeyType::Socket:
                return store(slot, parse_socket(text_));
            case KeyType::Address:
                return text_.empty() ? store(slot, parse_text(text_))
                                     : store(slot, parse_mail_address(text_));
            case KeyType::Url:
                return text_.empty() ? store(slot, parse_text(text_))
                                     : store(slot, parse_url(text_));
            case KeyType::Choice: {
                auto choice = parse_choice(key_, text_);
                if (!choice) return fail(std::move(choice).error());
                *slot = text_;
                return ok();
            }
            default:
                return store(slot, parse_text(text_));
        }
    }
    Status operator()(std::vector<std::string>* slot) const {
        if (values_.size() > kMaxListEntries)
            return bad(fmt::format("more than {} entries", kMaxListEntries));
        std::vector<std::string> entries;
        for (const ConfigText& value : values_) {
            auto entry = parse_list_entry(key_.type, value.text);
            if (!entry) return fail(std::move(entry).error());
            if (std::find(entries.begin(), entries.end(), entry.value()) != entries.end())
                return bad(quote_value(value.text) + " is there twice");
            entries.push_back(std::move(entry).value());
        }
        *slot = std::move(entries);
        return ok();
    }
    Status operator()(std::vector<ModeRule>* slot) const {
        if (values_.size() > kMaxListEntries)
            return bad(fmt::format("more than {} entries", kMaxListEntries));
        std::vector<ModeRule> rules;
        for (const ConfigText& value : values_) {
            auto rule = parse_mode_scope(value.name);
            if (!rule) return fail(std::move(rule).error());
            auto mode = parse_choice(key_, value.text);
            if (!mode) return fail(std::move(mode).error());
            rule->mode = static_cast<Mode>(*mode);
            const bool known = std::any_of(rules.begin(), rules.end(), [&](const ModeRule& other) {
                return mode_scope(other) == mode_scope(*rule);
            });
            if (known) return bad(quote_value(value.name) + " is there twice");
            rules.push_back(std::move(rule).value());
        }
        *slot = std::move(rules);
        return ok();
    }
    template <class Enum>
    std::enable_if_t<std::is_enum_v<Enum>, Status> operator()(Enum* slot) const {
        auto choice = parse_choice(key_, text_);
        if (!choice) return fail(std::move(choice).error());
        *slot = static_cast<Enum>(choice.value());
        return ok();
    }

private:
    template <class T>
    static Status store(T* slot, Result<T> parsed) {
        if (!parsed) return fail(std::move(parsed).error());
        *slot = std::move(parsed).value();
        return ok();
    }

    const KeyInfo& key_;
    const std::vector<ConfigText>& values_;
    const std::string& text_;
};

/// Plain where every YAML reader sees a string, else in double quotes. `text` has no control
/// characters.
std::string print_text(const std::string& text) {
    const auto is_alpha = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const bool plain = text.size() > 5 && (is_alpha(text.front()) || text.front() == '/') &&
                       text.back() != ':' && std::all_of(text.begin(), text.end(), [&](char c) {
                           return is_alpha(c) || (c >= '0' && c <= '9') ||
                                  std::string_view("/._:@-").find(c) != std::string_view::npos;
                       });
    if (plain) return text;
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

class Printer {
public:
    explicit Printer(const KeyInfo& key) : key_(key) {}

    std::string operator()(const bool* slot) const { return *slot ? "true" : "false"; }
    template <class Unsigned>
    std::enable_if_t<std::is_unsigned_v<Unsigned>, std::string> operator()(
        const Unsigned* slot) const {
        return key_.type == KeyType::Size ? print_size(*slot) : std::to_string(*slot);
    }
    std::string operator()(const double* slot) const {
        if (key_.type == KeyType::Number) return fmt::format("{}", *slot);
        return print_duration(Seconds(std::llround(*slot * 86400.0)));
    }
    std::string operator()(const Seconds* slot) const { return print_duration(*slot); }
    std::string operator()(const std::string* slot) const {
        return key_.type == KeyType::Choice ? *slot : print_text(*slot);
    }
    std::string operator()(const std::vector<std::string>* slot) const {
        std::vector<std::string> entries;
        for (const std::string& entry : *slot) entries.push_back(print_text(entry));
        return fmt::format("[{}]", fmt::join(entries, ", "));
    }
    std::string operator()(const std::vector<ModeRule>* slot) const {
        std::vector<std::string> entries;
        for (const ModeRule& rule : *slot)
            entries.push_back(print_text(mode_scope(rule)) + ": " +
                              std::string(to_string(rule.mode)));
        return fmt::format("{{{}}}", fmt::join(entries, ", "));
    }
    template <class Enum>
    std::enable_if_t<std::is_enum_v<Enum>, std::string> operator()(const Enum* slot) const {
        return std::string(split(key_.range, '|').at(static_cast<std::size_t>(*slot)));
    }

private:
    const KeyInfo& key_;
};

constexpr const char* kMapExample = "inbound: enforce, example.com: tag";

/// Whether only this host can connect to the socket.
bool is_of_this_host(std::string_view socket) {
    if (socket.starts_with("unix:") || socket.starts_with("local:")) return true;
    const std::size_t at = socket.find('@');
    if (at == std::string_view::npos) return false;
    const std::string_view address = socket.substr(at + 1);
    return address.starts_with("127.") || address == "::1" || address == "localhost";
}

/// "must be" check of one value's form before its text is looked at.
Status check_form(const KeyInfo& key, const std::vector<ConfigText>& values) {
    const bool wants_number =
        key.type == KeyType::Bool || key.type == KeyType::Count || key.type == KeyType::Number;
    if (is_map(key.type)) {
        const bool named = std::all_of(values.begin(), values.end(),
                                       [](const ConfigText& value) { return !value.name.empty(); });
        return named ? ok() : Status(bad(fmt::format("must be a map, like {{{}}}", kMapExample)));
    }
    if (!is_list(key.type) && values.size() != 1)
        return bad(fmt::format("must be one {}, is a list", to_string(key.type)));
    if (wants_number && values.front().quoted)
        return bad(fmt::format("must be a {}, is text in quotes", to_string(key.type)));
    return ok();
}

}  // namespace

std::string_view to_string(KeyType type) noexcept {
    switch (type) {
        case KeyType::Bool:
            return "switch";
        case KeyType::Count:
            return "whole number";
        case KeyType::Number:
            return "number";
        case KeyType::Size:
            return "size";
        case KeyType::Duration:
        case KeyType::Days:
            return "time";
        case KeyType::Text:
            return "text";
        case KeyType::Choice:
            return "choice";
        case KeyType::Path:
            return "file name";
        case KeyType::Socket:
            return "socket";
        case KeyType::Domains:
            return "domains";
        case KeyType::Networks:
            return "networks";
        case KeyType::Names:
            return "names";
        case KeyType::Paths:
            return "file names";
        case KeyType::Modes:
            return "modes";
        case KeyType::Address:
            return "address";
        case KeyType::Addresses:
            return "addresses";
        case KeyType::Url:
            return "URL";
    }
    return "value";
}

bool is_list(KeyType type) noexcept {
    return type == KeyType::Domains || type == KeyType::Networks || type == KeyType::Names ||
           type == KeyType::Addresses || type == KeyType::Paths;
}

bool is_map(KeyType type) noexcept { return type == KeyType::Modes; }

Result<ModeRule> parse_mode_scope(std::string_view text) {
    std::vector<std::string_view> words = split(trim(text), ' ');
    std::erase(words, std::string_view());
    if (words.empty() || words.size() > 2)
        return bad(fmt::format("{}, is {}", kScopeForm, quote_value(text)));
    ModeRule rule;
    if (const std::string first = ascii_lower(words.front()); is_direction(first)) {
        rule.direction = first;
        words.erase(words.begin());
    } else if (words.size() == 2) {
        const std::string near = nearest_direction(first);
        return bad(fmt::format("{}, is {}{}", kScopeForm, quote_value(text),
                               near.empty() ? "" : "; did you mean " + near + "?"));
    }
    if (words.empty()) return rule;
    auto domain = parse_domain(words.front());
    if (!domain) return fail(std::move(domain).error());
    rule.domain = std::move(domain).value();
    return rule;
}

std::string mode_scope(const ModeRule& rule) {
    return rule.direction + (rule.direction.empty() || rule.domain.empty() ? "" : " ") +
           rule.domain;
}

const std::vector<KeyInfo>& config_keys() {
    static const std::vector<KeyInfo> all = [] {
        std::vector<KeyInfo> keys;
        for (const Row& row : rows()) keys.push_back(row.info);
        return keys;
    }();
    return all;
}

const KeyInfo* find_config_key(std::string_view path) {
    const auto found = std::find_if(config_keys().begin(), config_keys().end(),
                                    [&](const KeyInfo& key) { return key.path == path; });
    return found == config_keys().end() ? nullptr : &*found;
}

Status set_config_key(Config& config, const KeyInfo& key, const std::vector<ConfigText>& values) {
    if (auto form = check_form(key, values); !form) return form;
    const Slot slot = row_of(key).slot(config);
    if (values.empty()) {  // an empty list or map; check_form lets nothing else get here
        if (auto* const* rules = std::get_if<std::vector<ModeRule>*>(&slot))
            (*rules)->clear();
        else
            std::get<std::vector<std::string>*>(slot)->clear();
        return ok();
    }
    return std::visit(Setter(key, values), slot);
}

std::string print_config_key(const Config& config, const KeyInfo& key) {
    Config copy = config;  // slots point into a Config that may be written
    return std::visit(Printer(key), row_of(key).slot(copy));
}

std::string print_config(const Config& config) {
    std::string out;
    std::vector<std::string_view> open;  // sections the last line was in
    for (const KeyInfo& key : config_keys()) {
        const std::vector<std::string_view> parts = split(key.path, '.');
        std::size_t depth = 0;
        while (depth < open.size() && depth + 1 < parts.size() && open[depth] == parts[depth])
            ++depth;
        for (; depth + 1 < parts.size(); ++depth)
            out += fmt::format("{:{}}{}:\n", "", depth * 2, parts[depth]);
        out += fmt::format("{:{}}{}: {}\n", "", depth * 2, parts[depth],
                           print_config_key(config, key));
        open.assign(parts.begin(), parts.end() - 1);
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> non_default_keys(const Config& config) {
    const Config defaults;
    std::vector<std::pair<std::string, std::string>> out;
    for (const KeyInfo& key : config_keys()) {
        std::string value = print_config_key(config, key);
        if (value != print_config_key(defaults, key)) out.emplace_back(key.path, std::move(value));
    }
    return out;
}

std::vector<std::string> keys_needing_restart(const Config& before, const Config& after) {
    std::vector<std::string> out;
    for (const KeyInfo& key : config_keys())
        if (key.effect == KeyEffect::Start &&
            print_config_key(before, key) != print_config_key(after, key))
            out.emplace_back(key.path);
    return out;
}

std::vector<CrossProblem> check_across_keys(const Config& config) {
    std::vector<CrossProblem> out;
    double sum = 0;
    for (const double share : config.budget.shares) sum += share;
    // Decimal fractions are not exact in binary; six of them written with four digits sum to 1
    // within far less.
    if (std::abs(sum - 1) > 1e-6)
        out.push_back(
            {{"budget.shares.identity", "budget.shares.link", "budget.shares.request",
              "budget.shares.unbacked", "budget.shares.plain", "budget.shares.client"},
             fmt::format("the six budget.shares must sum to 1, they sum to {:.6g}", sum)});
    for (const ModeRule& rule : config.modes) {
        const auto& own = config.site.domains;
        if (rule.domain.empty() || std::any_of(own.begin(), own.end(), [&](const std::string& top) {
                return is_domain_or_below(rule.domain, top);
            }))
            continue;
        const std::string near = rule.direction.empty() ? nearest_direction(rule.domain) : "";
        out.push_back(
            {{"modes." + mode_scope(rule), "modes", "site.domains"},
             fmt::format(
                 "{} is not an own domain{}; add it to site.domains or correct it{}",
                 quote_value(rule.domain),
                 rule.direction.empty() ? " and no direction (inbound, outbound, internal)" : "",
                 near.empty() ? "" : ". Did you mean " + near + "?")});
    }
    if (config.budget.tags_per_1000 < config.budget.holds_per_1000)
        out.push_back({{"budget.tags_per_1000", "budget.holds_per_1000"},
                       fmt::format("tags_per_1000 ({}) must be at least holds_per_1000 ({})",
                                   config.budget.tags_per_1000, config.budget.holds_per_1000)});
    if (config.budget.delays_per_1000 > 0 &&
        config.budget.delays_per_1000 < config.budget.holds_per_1000)
        out.push_back({{"budget.delays_per_1000", "budget.holds_per_1000"},
                       fmt::format("delays_per_1000 ({}) must be 0 or at least holds_per_1000 ({})",
                                   config.budget.delays_per_1000, config.budget.holds_per_1000)});
    if (config.milter.memory_bytes > config.milter.max_message_bytes)
        out.push_back({{"milter.memory_size", "milter.max_message_size"},
                       "memory_size must not be larger than max_message_size"});
    if (config.parse.max_header_field_bytes > config.parse.max_header_bytes)
        out.push_back({{"message.max_header_field_size", "message.max_header_size"},
                       "max_header_field_size must not be larger than max_header_size"});
    if (config.journal.max_record_bytes > config.journal.segment_bytes)
        out.push_back({{"journal.max_record_size", "journal.segment_size"},
                       "max_record_size must not be larger than segment_size"});
    if (config.journal.keep <= config.learner.probation)
        out.push_back({{"journal.keep", "learner.probation"},
                       "journal.keep must be longer than learner.probation: mail on probation is "
                       "learned from the journal"});
    if (config.accounts.token_file.empty() && !is_of_this_host(config.accounts.listen))
        out.push_back({{"accounts.listen", "accounts.token_file"},
                       fmt::format("accounts.listen must be a loopback address or a Unix socket, "
                                   "is {}; or set accounts.token_file",
                                   quote_value(config.accounts.listen))});
    if (!config.accounts.doveadm.empty() && config.accounts.doveadm_key_file.empty())
        out.push_back({{"accounts.doveadm", "accounts.doveadm_key_file"},
                       "accounts.doveadm needs accounts.doveadm_key_file"});
    for (const auto& [key, url] : {std::pair("accounts.upstream", &config.accounts.upstream),
                                   std::pair("accounts.doveadm", &config.accounts.doveadm)})
        if (!url->empty() && !url->starts_with("http://"))
            out.push_back({{key}, fmt::format("{} must be an http:// address", key)});
    for (const std::string& what : config.accounts.respond)
        if (what != "outbound" && what != "login" && what != "kick")
            out.push_back({{"accounts.respond"},
                           fmt::format("accounts.respond knows outbound, login and kick, not {}",
                                       quote_value(what))});
    if (config.journal.directory == config.store.directory)
        out.push_back({{"journal.directory", "store.directory"},
                       "journal.directory and store.directory must differ"});
    return out;
}

}  // namespace kith
