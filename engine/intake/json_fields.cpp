// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/json_fields.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

#include "engine/base/text.hpp"
#include "engine/journal/account_event.hpp"

namespace kith {

struct JsonFields::Value {
    std::shared_ptr<const nlohmann::json> root;
    const nlohmann::json* object = nullptr;

    [[nodiscard]] const nlohmann::json* find(const char* name) const {
        if (object == nullptr || !object->is_object()) return nullptr;
        const auto found = object->find(name);
        return found == object->end() ? nullptr : &*found;
    }
};

namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return n;
}

/// `digits` digits at `at`.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t digits) {
    if (at + digits > text.size()) return std::nullopt;
    int n = 0;
    for (const char c : text.substr(at, digits)) {
        if (c < '0' || c > '9') return std::nullopt;
        n = n * 10 + (c - '0');
    }
    return n;
}

/// "Z", "+01:00", "-0330" in seconds east.
std::optional<int> zone_seconds(std::string_view zone) {
    if (zone == "Z" || zone == "z") return 0;
    if (zone.size() < 5 || (zone.front() != '+' && zone.front() != '-')) return std::nullopt;
    const bool colon = zone[3] == ':';
    if (zone.size() != (colon ? 6U : 5U)) return std::nullopt;
    const auto hours = digits_at(zone, 1, 2), minutes = digits_at(zone, colon ? 4 : 3, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const int seconds = *hours * 3600 + *minutes * 60;
    return zone.front() == '-' ? -seconds : seconds;
}

}  // namespace

Result<JsonFields> JsonFields::parse(std::string_view text) {
    if (text.size() > kMaxJsonBytes)
        return fail(ErrorCode::Corrupt,
                    "more than " + std::to_string(kMaxJsonBytes) + " bytes of JSON");
    auto root = std::make_shared<nlohmann::json>(
        nlohmann::json::parse(text.begin(), text.end(), nullptr, false));
    if (!root->is_object()) return fail(ErrorCode::Corrupt, "no JSON object");
    auto value = std::make_shared<Value>();
    value->object = root.get();
    value->root = std::move(root);
    return JsonFields(std::move(value));
}

std::string JsonFields::text(const char* name) const {
    const auto* found = value_->find(name);
    return found != nullptr && found->is_string() ? event_text(found->get_ref<const std::string&>())
                                                  : std::string();
}

std::string JsonFields::lower(const char* name) const { return utf8_lower(text(name)); }

std::uint64_t JsonFields::number(const char* name) const {
    const auto* found = value_->find(name);
    if (found != nullptr && found->is_number_unsigned()) return found->get<std::uint64_t>();
    const std::int64_t n = signed_number(name, 0);
    return n < 0 ? 0 : static_cast<std::uint64_t>(n);
}

std::int64_t JsonFields::signed_number(const char* name, std::int64_t otherwise) const {
    const auto* found = value_->find(name);
    if (found == nullptr) return otherwise;
    if (found->is_string())
        return whole_number(found->get_ref<const std::string&>()).value_or(otherwise);
    return found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

bool JsonFields::flag(const char* name) const {
    const auto* found = value_->find(name);
    if (found == nullptr) return false;
    if (found->is_boolean()) return found->get<bool>();
    const std::string said = text(name);
    return said == "yes" || said == "true";
}

bool JsonFields::has(const char* name) const { return value_->find(name) != nullptr; }

bool JsonFields::list_has(const char* name, std::string_view wanted) const {
    const auto* found = value_->find(name);
    if (found == nullptr || !found->is_array()) return false;
    for (const auto& one : *found)
        if (one.is_string() && one.get_ref<const std::string&>() == wanted) return true;
    return false;
}

bool JsonFields::list_begins(const char* name, std::string_view beginning) const {
    const auto* found = value_->find(name);
    if (found == nullptr || !found->is_array()) return false;
    for (const auto& one : *found)
        if (one.is_string() && one.get_ref<const std::string&>().starts_with(beginning))
            return true;
    return false;
}

JsonFields JsonFields::object(const char* name) const {
    auto value = std::make_shared<Value>();
    value->root = value_->root;
    value->object = value_->find(name);
    return JsonFields(std::move(value));
}

std::string event_text(std::string_view text) {
    // Cut first: what is cut off need not be looked at.
    std::string out = scrub_utf8(text.substr(0, 4 * kMaxAccountText));
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return std::string(utf8_prefix(out, kMaxAccountText));
}

Result<Time> parse_rfc3339(std::string_view text) {
    const auto bad = fail(ErrorCode::Corrupt, "no RFC 3339 time");
    const auto year = digits_at(text, 0, 4), month = digits_at(text, 5, 2),
               day = digits_at(text, 8, 2), hour = digits_at(text, 11, 2),
               minute = digits_at(text, 14, 2), second = digits_at(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second || text[4] != '-' ||
        text[7] != '-' || (text[10] != 'T' && text[10] != ' ') || text[13] != ':' ||
        text[16] != ':' || *hour > 23 || *minute > 59 || *second > 60)
        return bad;
    std::size_t at = 19;
    if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
        ++at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    }
    const auto zone = zone_seconds(text.substr(at));
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!zone || !date.ok()) return bad;
    return Time(std::chrono::sys_days(date)) +
           Seconds(*hour * 3600 + *minute * 60 + *second - *zone);
}

}  // namespace kith
