// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/serving.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/config/keys.hpp"
#include "engine/intake/doveadm.hpp"

namespace kith {
namespace {

/// What is taken from the configuration at the start alone.
constexpr std::array<std::string_view, 6> kOfTheStart = {
    "accounts.listen", "accounts.max_connections", "accounts.max_waiting",
    "accounts.mmdb",   "accounts.trouble_file",    "log.level"};

}  // namespace

const Config& Owners::of(std::string_view account) const {
    return *owner_of_account(site_, account);
}

const Hasher* Owners::hasher(std::string_view account) {
    const Config& owner = of(account);
    const std::lock_guard lock(mutex_);
    const auto found = hashers_.find(owner.tenant);
    if (found != hashers_.end()) return &found->second;
    const auto secret = read_secret(owner.secret_file);
    if (!secret) return nullptr;
    return &hashers_.emplace(owner.tenant, Hasher(*secret)).first->second;
}

Status Owners::append(const AccountEvent& event, Time now) {
    const Config& owner = of(event.account);
    Journal& journal = journals_[owner.tenant];
    // Not tried for each of the events that wait.
    if (journal.failed && std::chrono::steady_clock::now() < journal.again)
        return fail(*journal.failed);
    journal.failed.reset();
    Status done = append(event, now, owner, journal.writer);
    if (done) return done;
    journal.writer.reset();
    journal.failed = done.error();
    journal.again = std::chrono::steady_clock::now() + kAfterJournalError;
    return done;
}

Status Owners::append(const AccountEvent& event, Time now, const Config& owner,
                      std::unique_ptr<JournalWriter>& writer) {
    if (!writer) {
        auto opened = JournalWriter::open(owner.journal);
        if (!opened) return fail(std::move(opened).error());
        writer = std::move(*opened);
    }
    const auto position = writer->append(RecordType::Account, now, encode(event));
    return position ? ok() : Status(fail(position.error()));
}

Serving::Serving(std::shared_ptr<const Config> config)
    : options(account_options(*config)), owners(config) {
    lock_files.insert(options.lock_file);
    for (const auto& tenant : config->tenants)
        lock_files.insert(account_options(*tenant).lock_file);
}

Result<std::shared_ptr<Serving>> make_serving(std::shared_ptr<const Config> config) {
    auto out = std::make_shared<Serving>(std::move(config));
    for (const auto& [file, secret] :
         {std::pair(&out->options.token_file, &out->token),
          std::pair(&out->options.upstream_token_file, &out->upstream_authorization)}) {
        if (file->empty()) continue;
        auto read = read_token(*file);
        if (!read) return fail(read.error());
        *secret = std::move(*read);
    }
    return out;
}

Result<std::shared_ptr<Serving>> load_serving(const std::string& config_file) {
    auto config = load_config_or_error(config_file);
    if (!config) return fail(std::move(config).error());
    return make_serving(std::move(*config));
}

bool keep_token(const std::string& listens_on, const Serving& before, Serving& next) {
    if (!next.token.empty() || before.token.empty() || next.options.listen == listens_on)
        return false;
    next.token = before.token;
    return true;
}

std::string needs_restart(const Config& started, const Config& now) {
    std::string out;
    for (const std::string& key : keys_needing_restart(started, now))
        if (std::find(kOfTheStart.begin(), kOfTheStart.end(), key) != kOfTheStart.end())
            out += (out.empty() ? "" : ",") + key;
    return out;
}

}  // namespace kith
