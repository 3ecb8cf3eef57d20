// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/doveadm.hpp"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "engine/base/os_error.hpp"
#include "engine/base/text.hpp"
#include "engine/base/unique_fd.hpp"

namespace kith {
namespace {

constexpr const char* kTag = "kith";
constexpr std::size_t kMaxToken = 1024;
constexpr std::int64_t kNoUser = 67, kNotFound = 68;  ///< sysexits EX_NOUSER, Dovecot's own

std::string command_of(const char* name, nlohmann::json parameters) {
    return nlohmann::json::array({nlohmann::json::array({name, std::move(parameters), kTag})})
        .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

/// The rows of "doveadmResponse", or Dovecot's error.
Result<nlohmann::json> rows_of(std::string_view answer) {
    const auto bad = fail(ErrorCode::Corrupt, "doveadm: not the answer of its HTTP API");
    const auto json = nlohmann::json::parse(answer.begin(), answer.end(), nullptr, false);
    if (!json.is_array() || json.empty() || !json[0].is_array() || json[0].size() < 2 ||
        !json[0][0].is_string())
        return bad;
    const auto& body = json[0][1];
    if (json[0][0] == "error" && body.is_object()) {
        const auto code = body.find("exitCode");
        if (code != body.end() && (*code == kNoUser || *code == kNotFound))
            return fail(ErrorCode::NoInput, "doveadm: there is none");
        return fail(ErrorCode::Unavailable, "doveadm: " + body.dump().substr(0, 200));
    }
    if (json[0][0] != "doveadmResponse" || !body.is_array()) return bad;
    return body;
}

}  // namespace

std::string sieve_get_command(const std::string& account, const std::string& script) {
    return command_of("sieveGet", {{"user", account}, {"scriptname", script}});
}

Result<std::string> parse_sieve_get(std::string_view answer) {
    const auto rows = rows_of(answer);
    if (!rows) return fail(rows.error());
    // "sieve script"; the name of the only text is no promise.
    for (const auto& row : *rows)
        if (row.is_object())
            for (const auto& field : row)
                if (field.is_string()) return field.get<std::string>();
    return fail(ErrorCode::Corrupt, "doveadm: an answer without a script");
}

Result<std::string> kick_command(const std::string& account) {
    if (account.find_first_of("*?") != std::string::npos)
        return fail(ErrorCode::Usage,
                    "the sessions of an account with * or ? in its name are not "
                    "ended: doveadm would end those of others");
    return command_of("kick", {{"mask", nlohmann::json::array({account})}, {"force", true}});
}

Status parse_kick(std::string_view answer) {
    const auto rows = rows_of(answer);
    if (!rows && rows.error().code != ErrorCode::NoInput) return fail(rows.error());
    return ok();
}

Result<std::string> doveadm_post(const AccountOptions& options, const std::string& command,
                                 std::chrono::milliseconds time) {
    if (options.doveadm.empty() || options.doveadm_key_file.empty())
        return fail(ErrorCode::Config,
                    "accounts.doveadm and accounts.doveadm_key_file are not set");
    const auto key = read_token(options.doveadm_key_file);
    if (!key) return fail(key.error());
    HttpPost post;
    post.url = options.doveadm;
    post.headers = {{"Authorization", "X-Dovecot-API " + base64(*key)}};
    post.body = command;
    post.time = time;
    auto reply = http_post(post);
    if (!reply) return fail(reply.error());
    if (reply->status == 401 || reply->status == 403)
        return fail(ErrorCode::Permission, options.doveadm + ": Dovecot refuses the key",
                    "accounts.doveadm_key_file has to hold Dovecot's doveadm_api_key");
    if (reply->status != 200)
        return fail(ErrorCode::Unavailable,
                    options.doveadm + ": answered " + std::to_string(reply->status));
    return std::move(reply->body);
}

Result<std::string> read_token(const std::string& file) {
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return os_fail(file, errno, "it has to be readable for the user _kith");
    std::string text(kMaxToken + 2, '\0');
    const ssize_t n = ::read(fd.get(), text.data(), text.size());
    if (n < 0) return os_fail(file, errno);
    text.resize(static_cast<std::size_t>(n));
    const std::string token(trim(std::string_view(text).substr(0, text.find('\n'))));
    if (token.empty() || token.size() > kMaxToken)
        return fail(ErrorCode::Corrupt, file + ": no secret of 1 to 1024 bytes on its first line");
    return token;
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group =
                group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j)
            out += i + j <= bytes.size() ? kDigits[group >> (18 - 6 * j) & 63U] : '=';
    }
    return out;
}

}  // namespace kith
