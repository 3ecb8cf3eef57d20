// SPDX-License-Identifier: Apache-2.0
// What kith-accounts has from its configuration, at the start and at a reload
// (engine/intake/serving.hpp).
#include "engine/intake/serving.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using kith::test::TempDir;

namespace {

struct Site {
    TempDir dir;
    std::shared_ptr<Config> config = std::make_shared<Config>();
    std::shared_ptr<Serving> made() const {
        auto serving = make_serving(config);
        if (!serving) FAIL(serving.error().text());
        return *serving;
    }
};

}  // namespace

TEST_CASE("secrets are read with the configuration, and one that cannot be read refuses it") {
    Site site;
    CHECK(site.made()->token.empty());
    site.dir.write("token", "s3cret\n");
    site.config->accounts.token_file = site.dir.file("token");
    CHECK(site.made()->token == "s3cret");
    site.config->accounts.upstream_token_file = site.dir.file("missing");
    const auto broken = make_serving(site.config);
    REQUIRE_FALSE(broken.has_value());
    CHECK(broken.error().text().find("missing") != std::string::npos);
}

TEST_CASE("a configuration with a problem is none") {
    Site site;
    site.dir.write("kith.yaml", "accounts: {enforce: perhaps}\n");
    const auto broken = load_serving(site.dir.file("kith.yaml"));
    REQUIRE_FALSE(broken.has_value());
    CHECK(broken.error().text().find("accounts.enforce") != std::string::npos);
    site.dir.write("kith.yaml", "site: {domains: own.example}\naccounts: {enforce: true}\n");
    const auto sound = load_serving(site.dir.file("kith.yaml"));
    REQUIRE(sound.has_value());
    CHECK((*sound)->options.enforce);
}

TEST_CASE("the files of locks are the site's and its tenants'") {
    Site site;
    site.config->store.directory = "/var/lib/kith/store";
    auto north = std::make_shared<Config>();
    north->tenant = "north";
    north->store.directory = "/var/lib/kith/tenants/north/store";
    site.config->tenants = {north};
    CHECK(site.made()->lock_files ==
          std::set<std::string>{"/var/lib/kith/locks", "/var/lib/kith/tenants/north/locks"});
}

TEST_CASE("keys that a reload does not change are named, those of other programs are not") {
    Config before, after;
    CHECK(needs_restart(before, after).empty());
    after.accounts.enforce = !before.accounts.enforce;
    after.accounts.upstream = "http://127.0.0.1:1/";
    after.milter.workers = before.milter.workers + 1;
    CHECK(needs_restart(before, after).empty());
    after.accounts.listen = "inet:8418@127.0.0.1";
    after.accounts.max_connections = before.accounts.max_connections + 1;
    CHECK(needs_restart(before, after) == "accounts.listen,accounts.max_connections");
}

TEST_CASE("the listener that stays on an open address does not lose its secret") {
    Site site;
    const std::string open = "inet:8417@0.0.0.0", loopback = "inet:8417@127.0.0.1";
    site.config->accounts.listen = open;
    const auto before = site.made();
    before->token = "s3cret";
    const auto next = site.made();
    next->options.listen = loopback;
    CHECK(keep_token(open, *before, *next));
    CHECK(next->token == "s3cret");
    // Another one takes its place, and where the address is the same the configuration decides.
    const auto other = site.made();
    other->options.listen = loopback;
    other->token = "other";
    CHECK_FALSE(keep_token(open, *before, *other));
    CHECK(other->token == "other");
    const auto same = site.made();
    CHECK_FALSE(keep_token(open, *before, *same));
    CHECK(same->token.empty());
}

TEST_CASE("who asked for what is in use keeps it over a reload") {
    Site site;
    CurrentServing current(site.made());
    const auto old = current.get();
    current.set(site.made());
    CHECK(current.get() != old);
    CHECK(old.use_count() == 1);
    CHECK_FALSE(old->options.enforce);
}
