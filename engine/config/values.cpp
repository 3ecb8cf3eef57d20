// SPDX-License-Identifier: Apache-2.0
#include "engine/config/values.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/base/log.hpp"
#include "engine/base/text.hpp"

namespace kith {
namespace {

constexpr std::size_t kMaxTextBytes = 1024;
constexpr std::size_t kMaxDomainBytes = 253;  // RFC 1035 section 2.3.4, without the final dot
constexpr std::size_t kMaxLabelBytes = 63;
constexpr std::size_t kMaxNameBytes = 255;
/// 100 years: below it no sum of times overflows anywhere.
constexpr std::int64_t kMaxDurationSeconds = 36525LL * 86400;

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr std::array<Unit, 5> kSizeUnits{
    {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}}};
constexpr std::array<Unit, 5> kDurationUnits{
    {{"w", 7ULL * 86400}, {"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}}};

Unexpected bad(std::string reason) { return fail(ErrorCode::Config, std::move(reason)); }

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Whole of `text` as a number in decimal digits.
bool read_digits(std::string_view text, std::uint64_t& out) noexcept {
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return false;
    if (text.size() > 1 && text.front() == '0') return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

/// Digits and the unit behind them (blanks between are allowed: "5 s").
std::pair<std::string_view, std::string_view> split_unit(std::string_view text) noexcept {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    const auto digits = static_cast<std::size_t>(end - text.begin());
    return {text.substr(0, digits), trim(text.substr(digits))};
}

/// Product of the digits and the unit's factor; false when either is wrong or the product does not
/// fit.
template <std::size_t N>
bool read_with_unit(std::string_view digits, std::string_view unit,
                    const std::array<Unit, N>& units, std::uint64_t& out) noexcept {
    const auto found =
        std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == unit; });
    std::uint64_t count = 0;
    if (found == units.end() || !read_digits(digits, count)) return false;
    if (count > std::numeric_limits<std::uint64_t>::max() / found->factor) return false;
    out = count * found->factor;
    return true;
}

bool is_ipv4(const std::string& text) noexcept {
    in_addr address{};
    return ::inet_pton(AF_INET, text.c_str(), &address) == 1;
}
bool is_ipv6(const std::string& text) noexcept {
    in6_addr address{};
    return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

Result<std::string> parse_unix_socket(std::string_view text, std::string_view path) {
    auto parsed = parse_path(path);
    if (!parsed) return bad("socket: " + parsed.error().what);
    constexpr std::size_t kMax = sizeof(sockaddr_un::sun_path) - 1;
    if (path.size() > kMax)
        return bad(fmt::format("the name of the socket has {} bytes, the system takes {}",
                               path.size(), kMax));
    return std::string(text);
}

Result<std::string> parse_inet_socket(std::string_view text, bool v6) {
    const std::string_view rest = text.substr(text.find(':') + 1);
    const std::size_t at = rest.find('@');
    std::uint64_t port = 0;
    const char* const example = v6 ? "inet6:8891@::1" : "inet:8891@127.0.0.1";
    if (at == std::string_view::npos || !read_digits(rest.substr(0, at), port) || port < 1 ||
        port > 65535)
        return bad(fmt::format("must be like {}, is {}", example, quote_value(text)));
    const std::string host(rest.substr(at + 1));
    if (v6 ? is_ipv6(host) : is_ipv4(host)) return std::string(text);
    const bool looks_like_address =
        host.find(':') != std::string::npos || (!host.empty() && is_digit(host.back()));
    if (looks_like_address || !parse_domain(host))
        return bad(fmt::format("{} is not an IPv{} address or a host name", quote_value(host),
                               v6 ? 6 : 4));
    return std::string(text);
}

/// Bits of the address behind the first `prefix` ones are all 0.
bool host_bits_clear(const unsigned char* address, unsigned bytes, unsigned prefix) noexcept {
    for (unsigned bit = prefix; bit < bytes * 8; ++bit)
        if (address[bit / 8] & (0x80U >> (bit % 8))) return false;
    return true;
}

}  // namespace

std::string quote_value(std::string_view text) {
    const std::string escaped = log_escape(text, 64);
    return !escaped.empty() && escaped.front() == '"' ? escaped : '"' + escaped + '"';
}

Result<std::uint64_t> parse_count(std::string_view text) {
    std::uint64_t out = 0;
    if (!read_digits(text, out)) return bad("must be a whole number, is " + quote_value(text));
    return out;
}

Result<double> parse_number(std::string_view text) {
    double out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(out))
        return bad("must be a number, is " + quote_value(text));
    return out;
}

Result<bool> parse_bool(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return bad("must be true or false, is " + quote_value(text));
}

Result<Time> parse_day(std::string_view text) {
    // A leading zero is no number of a configuration, but part of a date.
    const auto two = [&](std::size_t at) {
        return parse_count(text.substr(text[at] == '0' ? at + 1 : at, text[at] == '0' ? 1 : 2));
    };
    if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
        const auto year = parse_count(text.substr(0, 4)), month = two(5), day = two(8);
        if (year && month && day) {
            const std::chrono::year_month_day date{
                std::chrono::year(static_cast<int>(*year)),
                std::chrono::month(static_cast<unsigned>(*month)),
                std::chrono::day(static_cast<unsigned>(*day))};
            if (date.ok()) return Time(std::chrono::sys_days(date));
        }
    }
    return bad("must be a day like 2026-03-01, is " + quote_value(text));
}

Result<std::uint64_t> parse_size(std::string_view text) {
    const auto [digits, unit] = split_unit(text);
    std::uint64_t out = 0;
    if (!read_with_unit(digits, unit.empty() ? "B" : unit, kSizeUnits, out))
        return bad("must be a size like 512KiB or 1GiB (B, KiB, MiB, GiB, TiB), is " +
                   quote_value(text));
    return out;
}

Result<Seconds> parse_duration(std::string_view text) {
    const auto [digits, unit] = split_unit(text);
    std::uint64_t out = 0;
    if (!read_with_unit(digits, digits == "0" && unit.empty() ? "s" : unit, kDurationUnits, out))
        return bad("must be a time like 5s or 90d (s, m, h, d, w), is " + quote_value(text));
    if (out > static_cast<std::uint64_t>(kMaxDurationSeconds))
        return bad("must be shorter than 100 years, is " + quote_value(text));
    return Seconds(static_cast<std::int64_t>(out));
}

std::string print_size(std::uint64_t bytes) {
    for (const Unit& unit : kSizeUnits)
        if (bytes != 0 && unit.factor > 1 && bytes % unit.factor == 0)
            return std::to_string(bytes / unit.factor) + std::string(unit.name);
    return std::to_string(bytes);
}

std::string print_duration(Seconds duration) {
    const auto seconds = static_cast<std::uint64_t>(duration.count());
    for (const Unit& unit : kDurationUnits)
        if (unit.name != "w" && seconds != 0 && seconds % unit.factor == 0)
            return std::to_string(seconds / unit.factor) + std::string(unit.name);
    return std::to_string(seconds) + "s";
}

Result<std::string> parse_text(std::string_view text) {
    if (text.size() > kMaxTextBytes) return bad(fmt::format("longer than {} bytes", kMaxTextBytes));
    const bool control = std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (control || !is_valid_utf8(text)) return bad("must be one line of text");
    return std::string(text);
}

Result<std::string> parse_path(std::string_view text) {
    if (text.empty() || text.front() != '/')
        return bad("must be an absolute file name, is " + quote_value(text));
    if (text.size() >= PATH_MAX) return bad(fmt::format("longer than {} bytes", PATH_MAX - 1));
    const bool control = std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (control) return bad("must be one line of text");
    return std::string(text);
}

Result<std::string> parse_socket(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view family = text.substr(0, std::min(colon, text.size()));
    if (colon != std::string_view::npos) {
        if (family == "unix" || family == "local")
            return parse_unix_socket(text, text.substr(colon + 1));
        if (family == "inet") return parse_inet_socket(text, false);
        if (family == "inet6") return parse_inet_socket(text, true);
    }
    return bad("must be unix:PATH, inet:PORT@ADDRESS or inet6:PORT@ADDRESS, is " +
               quote_value(text));
}

Result<std::string> parse_network(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string address(text.substr(0, std::min(slash, text.size())));
    std::array<unsigned char, 16> bytes{};
    const bool v4 = ::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
    if (address.size() > INET6_ADDRSTRLEN || address.find('\0') != std::string::npos ||
        (!v4 && ::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1))
        return bad("must be a network like 192.0.2.0/24 or 2001:db8::/32, is " + quote_value(text));
    if (slash == std::string_view::npos) return std::string(text);
    std::uint64_t prefix = 0;
    const unsigned width = v4 ? 4 : 16;
    if (!read_digits(text.substr(slash + 1), prefix) || prefix > width * 8)
        return bad(
            fmt::format("{}: the prefix must be between 0 and {}", quote_value(text), width * 8));
    if (!host_bits_clear(bytes.data(), width, static_cast<unsigned>(prefix)))
        return bad(fmt::format("{} has address bits behind its prefix", quote_value(text)));
    return std::string(text);
}

Result<std::string> parse_domain(std::string_view text) {
    if (text.find('@') != std::string_view::npos)
        return bad("must be a domain, is the address " + quote_value(text));
    if (!text.empty() && (text.front() == '.' || text.front() == '*'))
        return bad(quote_value(text) + ": subdomains count anyway, write the domain alone");
    if (!text.empty() && text.back() == '.')
        return bad(quote_value(text) + ": without the final dot");
    bool good = !text.empty() && text.size() <= kMaxDomainBytes && is_valid_utf8(text);
    for (const std::string_view label : split(text, '.')) {
        good = good && !label.empty() && label.size() <= kMaxLabelBytes && label.front() != '-' &&
               label.back() != '-';
        for (const char c : label)
            good = good && (is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80);
    }
    if (!good) return bad("must be a domain like example.com, is " + quote_value(text));
    return utf8_lower(text);
}

Result<std::string> parse_mail_address(std::string_view text) {
    const std::size_t at = text.find('@');
    const bool good = at != std::string_view::npos && at > 0 && at <= 64 && text.size() <= 320 &&
                      text.front() != '-' &&
                      std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at),
                                  [](char c) {
                                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                             (c >= '0' && c <= '9') ||
                                             std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) !=
                                                 std::string_view::npos;
                                  }) &&
                      parse_domain(text.substr(at + 1)).has_value();
    if (!good)
        return bad("must be an address like postmaster@example.com, is " + quote_value(text));
    return std::string(text);
}

Result<std::string> parse_url(std::string_view text) {
    std::string_view rest;
    for (const std::string_view scheme : {"http://", "https://"})
        if (text.starts_with(scheme)) rest = text.substr(scheme.size());
    const bool good =
        !rest.empty() && rest.front() != '/' && text.size() <= kMaxTextBytes &&
        std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; }) &&
        rest.substr(0, rest.find('/')).find('@') == std::string_view::npos;
    if (!good)
        return bad("must be a URL like https://chat.example.com/hooks/1, is " + quote_value(text));
    return std::string(text);
}

Result<std::string> parse_name(std::string_view text) {
    const bool good = !text.empty() && text.size() <= kMaxNameBytes &&
                      std::all_of(text.begin(), text.end(), [](char c) {
                          return c > 0x20 && c < 0x7F && c != ';' && c != '"' && c != '\\' &&
                                 c != '(' && c != ')';
                      });
    if (!good) return bad("must be one word like mx.example.com, is " + quote_value(text));
    return ascii_lower(text);
}

}  // namespace kith
