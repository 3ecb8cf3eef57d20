// SPDX-License-Identifier: Apache-2.0
// What is learned of an address, a domain or a login, in words and numbers. Profiles hold hashes,
// so what is shown is how settled each habit is, not its values; addresses and domains are named
// where the index has mail of them or to them. Covered by tests/unit/admin/profile_test.cpp.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>

#include "engine/admin/output.hpp"
#include "engine/config/config.hpp"
#include "engine/profile/profile.hpp"
#include "engine/store/store.hpp"

namespace kith::admin {

/// Lower case, without blanks around it. Usage when it has no local part or domain.
[[nodiscard]] Result<std::string> checked_address(const std::string& text);

/// A profile that was forgotten is there and empty: nullptr then.
[[nodiscard]] std::shared_ptr<const Profile> unless_empty(std::shared_ptr<const Profile> p);

/// Which features print() has a row for; JSON has all.
enum class ProfileRows : std::uint8_t {
    Telling,  ///< at most 30: those by which mail that is not the sender's would stand out
    All,
};

class ProfileView {
public:
    /// `text`: an address, a domain or a login. Usage, Corrupt, or what reading the site's secret
    /// fails with; that nothing is known is none of these.
    [[nodiscard]] static Result<ProfileView> of(const Config& config, const StoreReader& reader,
                                                const std::string& text);
    [[nodiscard]] bool is_known() const noexcept;
    /// NoInput, with what was looked for.
    [[nodiscard]] Status unknown() const;
    /// {address, domain, group, account}: man/kith.1, "profile show".
    [[nodiscard]] Json json() const;
    void print(std::ostream& out, ProfileRows rows) const;

private:
    struct Impl;
    explicit ProfileView(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const Impl> impl_;
};

}  // namespace kith::admin
