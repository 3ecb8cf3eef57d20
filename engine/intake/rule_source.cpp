// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/rule_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "engine/base/os_error.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/intake/doveadm.hpp"
#include "engine/intake/sieve.hpp"

namespace kith {
namespace {

constexpr std::chrono::milliseconds kDoveadmTime{3000};

bool leads_out(const std::string& name) {
    return name.empty() || name.front() == '.' || name.find('/') != std::string::npos ||
           name.find('\0') != std::string::npos;
}

Result<std::string> read_script(const std::string& file) {
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return os_fail(file, errno);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return os_fail(file, errno);
    if (!S_ISREG(status.st_mode)) return fail(ErrorCode::Corrupt, file + ": not a file");
    if (status.st_size > static_cast<off_t>(kMaxSieveBytes))
        return fail(ErrorCode::Corrupt, file + ": too large for a filter script");
    std::string text(kMaxSieveBytes, '\0');
    std::size_t have = 0;
    while (have < text.size()) {
        const ssize_t n = ::read(fd.get(), text.data() + have, text.size() - have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_fail(file, errno);
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
    }
    text.resize(have);
    return text;
}

Result<std::string> script_text(const AccountOptions& options, const std::string& account,
                                const std::string& script) {
    if (!options.doveadm.empty()) {
        auto answer = doveadm_post(options, sieve_get_command(account, script), kDoveadmTime);
        if (!answer) return fail(answer.error());
        return parse_sieve_get(*answer);
    }
    const auto file = sieve_file(options.sieve_path, account, script);
    if (!file) return fail(file.error());
    return read_script(*file);
}

}  // namespace

Result<std::string> sieve_file(const std::string& pattern, const std::string& account,
                               const std::string& script) {
    const std::size_t at = account.find('@');
    const std::string local = account.substr(0, at);
    const std::string domain = at == std::string::npos ? "" : account.substr(at + 1);
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%' || i + 1 == pattern.size()) {
            out += pattern[i];
            continue;
        }
        const char letter = pattern[++i];
        const std::string* value = letter == 'u'   ? &account
                                   : letter == 'n' ? &local
                                   : letter == 'd' ? &domain
                                   : letter == 's' ? &script
                                                   : nullptr;
        if (value == nullptr) {
            out += letter;
            continue;
        }
        if (leads_out(*value))
            return fail(ErrorCode::Usage, "no file of accounts.sieve_path has such a name");
        out += *value;
    }
    return out;
}

Status read_rule(const AccountOptions& options, const Hasher* hasher, AccountEvent& event) {
    if (event.kind == AccountEventKind::RuleRemoved ||
        (options.doveadm.empty() && options.sieve_path.empty()) || event.rule.name.empty())
        return ok();
    const auto text = script_text(options, event.account, event.rule.name);
    if (!text) return fail(text.error());
    std::string name = std::move(event.rule.name);
    event.rule = summarize_sieve(*text, hasher);
    event.rule.name = std::move(name);
    return ok();
}

}  // namespace kith
