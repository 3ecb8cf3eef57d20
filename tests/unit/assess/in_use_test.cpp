// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/in_use.hpp"

#include <fstream>

#include "engine/assess/mode.hpp"
#include "engine/config/models.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using kith::test::TempDir;

namespace {

Config site_in(const TempDir& dir) {
    Config site;
    site.site.domains = {"example.com"};
    site.milter.trouble_file = dir.file("milter.trouble");
    return site;
}

}  // namespace

TEST_CASE("what the milter runs with is read back, and nothing where none ever ran") {
    const TempDir dir;
    Config site = site_in(dir);
    auto in_use = read_in_use(site);
    REQUIRE(in_use);
    CHECK_FALSE(in_use->has_value());
    site.mode = Mode::Enforce;
    REQUIRE(write_in_use(site));
    in_use = read_in_use(site);
    REQUIRE(in_use);
    REQUIRE(in_use->has_value());
    CHECK((*in_use)->modes == "enforce");
    CHECK((*in_use)->restart.empty());
    CHECK((*in_use)->settings == settings_digest(site));
    CHECK((*in_use)->since > from_unix(1'700'000'000));
}

TEST_CASE("what waits for a restart is told, whatever the modes are called") {
    const TempDir dir;
    Config site = site_in(dir);
    site.modes = {{"inbound", "", Mode::Tag}};
    REQUIRE(write_in_use(site, "milter.socket,milter.workers"));
    const auto in_use = read_in_use(site);
    REQUIRE(in_use);
    REQUIRE(in_use->has_value());
    CHECK((*in_use)->restart == "milter.socket,milter.workers");
    CHECK((*in_use)->modes == modes_text(site));
}

TEST_CASE("the digest changes with any key, also a tenant's, and with nothing else") {
    const TempDir dir;
    const Config site = site_in(dir);
    Config other = site;
    other.model_problems.push_back({"models.d/a.yaml", 1, 1, "when", "is missing"});
    CHECK(settings_digest(other) == settings_digest(site));
    Config with_models = site;
    with_models.models =
        with_model_text(shipped_models(), "when: ready\naction: tag\n", "a.yaml").models;
    CHECK(settings_digest(with_models) != settings_digest(site));
    other.budget.holds_per_1000 *= 2;
    CHECK(settings_digest(other) != settings_digest(site));
    Config tenant;
    tenant.tenant = "shop";
    Config with_tenant = site;
    with_tenant.tenants = {std::make_shared<const Config>(tenant)};
    CHECK(settings_digest(with_tenant) != settings_digest(site));
    tenant.mode = Mode::Tag;
    Config with_changed = site;
    with_changed.tenants = {std::make_shared<const Config>(tenant)};
    CHECK(settings_digest(with_changed) != settings_digest(with_tenant));
}

TEST_CASE("a file of another hand is an error, not a configuration") {
    const TempDir dir;
    const Config site = site_in(dir);
    std::ofstream(dir.file("milter.running")) << "nonsense\n";
    const auto in_use = read_in_use(site);
    REQUIRE_FALSE(in_use);
    CHECK(in_use.error().what.find(dir.file("milter.running")) == 0);
}
