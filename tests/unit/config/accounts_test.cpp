// SPDX-License-Identifier: Apache-2.0
// Own accounts over the configuration (engine/config/accounts.hpp).
#include "engine/config/accounts.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using kith::test::TempDir;

namespace {

const Time kNow = from_unix(1'800'000'000);

/// A site with a tenant that has a domain below the site's.
struct World {
    World() {
        auto tenant = std::make_shared<Config>();
        tenant->tenant = "north";
        tenant->site.domains = {"north.example.org"};
        tenant->store.directory = dir.file("tenants/north/store");
        auto whole = std::make_shared<Config>();
        whole->site.domains = {"example.org"};
        whole->store.directory = dir.file("store");
        whole->tenants = {tenant};
        site = whole;
    }
    void lock(const std::string& file, const std::string& account) const {
        dir.write(file, print_locks({{account, kNow, kNow + Seconds(60), true, true, "root", ""}}));
    }
    TempDir dir;
    std::shared_ptr<const Config> site;
};

}  // namespace

TEST_CASE("an account is of the tenant with its domain, a bare name the site's") {
    const World w;
    CHECK(owner_of_account(w.site, "anna@North.Example.org")->tenant == "north");
    CHECK(owner_of_account(w.site, "anna@x@north.example.org")->tenant == "north");
    for (const char* account : {"anna@example.org", "anna", "", "@", "anna@other.example"})
        CHECK(owner_of_account(w.site, account)->tenant.empty());
}

TEST_CASE("locks lie beside the store of whose they are, unless a file is named") {
    const World w;
    CHECK(account_options(*w.site).lock_file == w.dir.file("locks"));
    CHECK(account_options(*w.site->tenants[0]).lock_file == w.dir.file("tenants/north/locks"));
    Config named = *w.site;
    named.accounts.lock_file = "/somewhere/locks";
    CHECK(account_options(named).lock_file == "/somewhere/locks");
}

TEST_CASE("a tenant's lock is looked for in its own file, and stops nobody else's account") {
    const World w;
    w.lock("tenants/north/locks", "anna@north.example.org");
    w.lock("locks", "bert@example.org");
    AccountLocks locks;
    CHECK(locks.find(w.site, "Anna@north.example.org", kNow));
    CHECK(locks.find(w.site, "bert@example.org", kNow));
    CHECK_FALSE(locks.find(w.site, "anna@example.org", kNow));
    CHECK_FALSE(locks.find(w.site, "bert@north.example.org", kNow));
    CHECK(locks.trouble().empty());
    const World broken;
    broken.dir.write("locks", "rubbish");
    CHECK_FALSE(locks.find(broken.site, "bert@example.org", kNow));
    CHECK(locks.trouble().find(broken.dir.file("locks")) == 0);
}
