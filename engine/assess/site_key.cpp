// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/site_key.hpp"

namespace kith {
namespace {

// Persistent (engine/store/FORMAT.md).
constexpr std::string_view kCheckKey = "site-key";
constexpr std::string_view kCheckDomain = "site-key-check";
constexpr std::string_view kCheckText = "kith";

std::string check_value(const Hasher::Secret& secret) {
    return std::string(Hasher(secret).key(kCheckDomain, kCheckText).view());
}

// What helps when secret and store do not belong together.
std::string what_helps(const Config& config) {
    return "restore " + config.secret_file + " from the backup; or, to learn anew, move " +
           config.store.directory + " and " + config.journal.directory +
           " away, then systemctl restart kith-learner kith-milter";
}

// Ok when the store was made with this secret, or does not say which.
Status compare(const StoreReader& reader, const Hasher::Secret& secret, const Config& config) {
    const auto found = reader.get(Table::Meta, kCheckKey);
    if (!found) return fail(found.error());
    if (!found->has_value() || **found == check_value(secret)) return ok();
    return fail(ErrorCode::Config,
                "the store " + config.store.directory + " was made with another secret than " +
                    config.secret_file + ": nothing in it can be found",
                what_helps(config));
}

// The secret where there is a store: a missing one is lost, not yet to be made.
Result<Hasher::Secret> read_existing(const Config& config) {
    auto secret = read_secret(config.secret_file);
    if (secret || secret.error().code != ErrorCode::NoInput) return secret;
    return fail(ErrorCode::Config,
                "the site's secret " + config.secret_file + " is gone, and the store " +
                    config.store.directory + " cannot be read without it",
                what_helps(config));
}

}  // namespace

Result<Hasher::Secret> read_site_key(const StoreReader& reader, const Config& config) {
    auto secret = read_existing(config);
    if (!secret) return secret;
    if (const Status same = compare(reader, *secret, config); !same) return fail(same.error());
    return secret;
}

Status bind_site_key(Store& store, const Hasher::Secret& secret, const Config& config) {
    auto writer = store.write();
    if (!writer) return fail(writer.error());
    if (auto same = compare(**writer, secret, config); !same) return same;
    const auto found = (*writer)->get(Table::Meta, kCheckKey);
    if (!found) return fail(found.error());
    if (found->has_value()) return ok();
    if (auto put = (*writer)->put(Table::Meta, kCheckKey, check_value(secret)); !put) return put;
    return (*writer)->commit();
}

Result<Hasher::Secret> read_or_create_site_key(const Config& config) {
    const auto store = Store::open(config.store, Store::Mode::Read);
    if (!store && store.error().code == ErrorCode::NoInput)
        return read_or_create_secret(config.secret_file);
    // A store that cannot be read is the business of the one who needs it.
    if (!store) return read_existing(config);
    const auto reader = (*store)->read();
    if (!reader) return read_existing(config);
    auto secret = read_site_key(**reader, config);
    if (!secret && secret.error().code == ErrorCode::Corrupt) return read_existing(config);
    return secret;
}

}  // namespace kith
