// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/store_memory.hpp"

#include "engine/accounts/codec.hpp"
#include "engine/accounts/judge.hpp"
#include "engine/profile/codec.hpp"
#include "engine/profile/keys.hpp"
#include "engine/profile/verified.hpp"

namespace kith {

Result<std::shared_ptr<const SiteSnapshot>> load_snapshot(const StoreReader& reader,
                                                          std::uint64_t generation) {
    SiteState site;
    auto scanned = reader.scan(Table::Site, "", [&](std::string_view key, std::string_view value) {
        (void)decode_site_piece(key, value,
                                site);  // a piece that does not fit keeps its start value
        return true;
    });
    if (!scanned) return fail(scanned.error());
    return std::shared_ptr<const SiteSnapshot>(
        std::make_shared<SiteSnapshot>(std::move(site), generation));
}

StoreMemory::StoreMemory(const StoreReader& reader, std::shared_ptr<const SiteSnapshot> snapshot)
    : reader_(reader), snapshot_(std::move(snapshot)) {}

std::optional<std::string> StoreMemory::get(Table table, std::string_view key) const {
    auto found = reader_.get(table, key);
    if (!found) {
        trouble_ = found.error().text();
        return std::nullopt;
    }
    return std::move(found).value();
}

namespace {

template <class T, class Decode>
std::shared_ptr<const T> shared(const std::optional<std::string>& bytes, Decode&& decode) {
    if (!bytes) return nullptr;
    auto value = decode(*bytes);
    return value ? std::make_shared<const T>(std::move(*value)) : nullptr;
}

template <class T, class Decode>
T plain(const std::optional<std::string>& bytes, Decode&& decode) {
    if (!bytes) return T{};
    auto value = decode(*bytes);
    return value ? std::move(*value) : T{};
}

}  // namespace

std::shared_ptr<const Profile> StoreMemory::profile(Subject subject, const Key16& key) const {
    return shared<Profile>(get(Table::Profiles, stored_key(subject, key).view()), decode_profile);
}
std::shared_ptr<const Vocabulary> StoreMemory::vocabulary(const Key16& key) const {
    return shared<Vocabulary>(get(Table::Words, key.view()), decode_vocabulary);
}
SiteWord StoreMemory::word(std::uint32_t word) const {
    return plain<SiteWord>(get(Table::SiteWords, word_key(word)), decode_site_word);
}
std::shared_ptr<const Thread> StoreMemory::thread(std::uint64_t message_id) const {
    const auto alias = get(Table::Threads, thread_alias_key(message_id));
    const auto root = alias ? decode_integer_key(*alias) : std::nullopt;
    return root ? shared<Thread>(get(Table::Threads, thread_key(*root)), decode_thread) : nullptr;
}
HostUse StoreMemory::host(std::uint64_t h) const {
    return plain<HostUse>(get(Table::Hosts, integer_key(h)), decode_host_use);
}
NameUse StoreMemory::name(std::uint64_t n) const {
    return plain<NameUse>(get(Table::Names, integer_key(n)), decode_name_use);
}
Traces StoreMemory::traces(const Key16& sender) const {
    return plain<Traces>(get(Table::Recent, sender.view()), decode_traces);
}
Allowances StoreMemory::allowances(const Key16& sender) const {
    return plain<Allowances>(get(Table::Messages, allowances_key(sender)), decode_allowances);
}

double StoreMemory::account_risk(const Key16& account, Time now) const {
    const auto found = get(Table::Accounts, account_state_key(account));
    const auto state = found ? decode_account_state(*found) : std::optional<AccountState>();
    return state ? kith::account_risk(*state, now) : 0;
}

std::optional<Time> StoreMemory::delayed_since(std::uint64_t delay_key) const {
    const auto found = get(Table::Messages, delayed_key(delay_key));
    const auto first = found ? decode_integer_key(std::string_view(*found).substr(0, 8))
                             : std::optional<std::uint64_t>();
    if (!first) return std::nullopt;
    return stored_time(static_cast<std::int64_t>(*first));
}

}  // namespace kith
