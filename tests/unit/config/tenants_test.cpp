// SPDX-License-Identifier: Apache-2.0
// Tenants: what a file may change, what is never inherited, whose a domain is.
#include "engine/config/tenants.hpp"

#include "engine/config/keys.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using namespace kith::test;

namespace {

struct Site {
    Site() { std::filesystem::create_directories(dir.file("tenants.d")); }
    void tenant(const std::string& name, const std::string& text) const {
        dir.write("tenants.d/" + name, text);
    }
    [[nodiscard]] LoadedConfig load(const std::string& more = "") const {
        return load_config(dir.write("kith.yaml", "tenants: {directory: " + dir.file("tenants.d") +
                                                      "}\nstore: {directory: /srv/kith/store}\n" +
                                                      more));
    }
    /// Problems of the files, one a line, without the directory.
    [[nodiscard]] std::string problems(const std::string& more = "") const {
        std::string out;
        for (const ConfigProblem& p : load(more).problems)
            out += p.text().substr(dir.str().size() + 1) + "\n";
        return out;
    }
    TempDir dir;
};

}  // namespace

TEST_CASE("a tenant has the site's configuration with its own changes, and files of its own") {
    const Site site;
    site.tenant("blue.yaml", "site: {domains: Blue.example}\nbudget: {holds_per_1000: 2}\n");
    site.tenant("red.yaml", "site: {domains: [red.example]}\nmode: enforce\n");
    const LoadedConfig loaded = site.load("mode: tag\nsite: {domains: host.example}\n");
    REQUIRE(loaded.problems.empty());
    REQUIRE(loaded.config.tenants.size() == 2);
    const Config& blue = *loaded.config.tenants[0];
    CHECK(blue.tenant == "blue");
    CHECK(blue.mode == Mode::Tag);
    CHECK(blue.budget.holds_per_1000 == 2);
    CHECK(blue.site.domains == std::vector<std::string>{"blue.example"});
    CHECK(blue.store.directory == "/srv/kith/tenants/blue/store");
    CHECK(blue.journal.directory == "/srv/kith/tenants/blue/journal");
    CHECK(blue.secret_file == "/srv/kith/tenants/blue/site.key");
    CHECK(blue.learner.trouble_file == "/run/kith/blue.learner.trouble");
    CHECK(blue.models != nullptr);
    const Config& red = *loaded.config.tenants[1];
    CHECK(red.mode == Mode::Enforce);
    CHECK(red.budget.holds_per_1000 == loaded.config.budget.holds_per_1000);
    CHECK(kith_command(red) == "kith --tenant red");
    CHECK(kith_command(loaded.config) == "kith");
}

TEST_CASE("whoever hears of the site's mail hears nothing of a tenant's") {
    const Site site;
    site.tenant("blue.yaml", "site: {domains: blue.example}\n");
    const LoadedConfig loaded = site.load(
        "site: {domains: host.example}\nmodes: {host.example: enforce}\n"
        "alerts: {mail_to: admin@host.example, mail_from: kith@host.example, webhook: "
        "\"http://127.0.0.1/\", directory: /srv/outbox}\n"
        "quarantine: {digest_to: admin@host.example, requests_to: r@host.example}\n");
    REQUIRE(loaded.problems.empty());
    const Config& blue = *loaded.config.tenants.at(0);
    CHECK(blue.alerts.mail_to.empty());
    CHECK(blue.alerts.mail_from.empty());
    CHECK(blue.alerts.webhook.empty());
    CHECK(blue.alerts.directory == "/srv/outbox/blue");
    CHECK(blue.quarantine.digest_to.empty());
    CHECK(blue.quarantine.requests_to.empty());
    CHECK(blue.modes.empty());
}

TEST_CASE("no path of a tenant is another's, whatever the site sets") {
    const Site site;
    site.tenant("blue.yaml", "site: {domains: blue.example}\n");
    site.tenant("red.yaml", "site: {domains: red.example}\n");
    const LoadedConfig loaded =
        site.load("attachments: {directory: /srv/a}\nalerts: {directory: /srv/o}\n");
    REQUIRE(loaded.problems.empty());
    const std::vector<const Config*> all{&loaded.config, loaded.config.tenants[0].get(),
                                         loaded.config.tenants[1].get()};
    for (const KeyInfo& key : config_keys()) {
        // What a tenant keeps; other paths are programs, sockets and what an admin wrote.
        const bool kept = key.path == "secret_file" || key.path == "store.directory" ||
                          key.path == "journal.directory" || key.path == "learner.trouble_file" ||
                          key.path == "attachments.directory" || key.path == "alerts.directory";
        if (!kept) continue;
        CAPTURE(key.path);
        CHECK(print_config_key(*all[0], key) != print_config_key(*all[1], key));
        CHECK(print_config_key(*all[1], key) != print_config_key(*all[2], key));
        CHECK(is_of_whole_site(key.path));
    }
}

TEST_CASE("a bad file of a tenant is a problem with its place") {
    const Site site;
    const auto [name, text, expected] = GENERATE(table<std::string, std::string, std::string>({
        {"blue.yaml", "mode: tag\n",
         "tenants.d/blue.yaml: site.domains: is missing: a tenant is told by its domains\n"},
        {"blue.yaml", "site: {domains: blue.example}\nstore:\n  directory: /elsewhere\n",
         "tenants.d/blue.yaml:3:3: store.directory: is for the whole site: it belongs into "
         "kith.yaml\n"},
        {"blue.yaml", "site: {domains: blue.example}\nmod: tag\n",
         "tenants.d/blue.yaml:2:1: mod: unknown key; did you mean mode?\n"},
        {"blue.yaml", "site: {domains: host.example}\n",
         "tenants.d/blue.yaml: site.domains: host.example is a domain of the site itself "
         "already\n"},
        {"Blue.yaml", "site: {domains: blue.example}\n",
         "tenants.d/Blue.yaml: the name of a tenant has 1 to 32 of a-z, 0-9 and -, a letter first; "
         "rename the file\n"},
        {"blue.yaml", "site: {domains: blue.example}\nmodes: {host.example: tag}\n",
         "tenants.d/blue.yaml:2:9: modes.host.example: \"host.example\" is not an own domain and "
         "no "
         "direction (inbound, outbound, internal); add it to site.domains or correct it\n"},
    }));
    site.tenant(name, text);
    CHECK(site.problems("site: {domains: host.example}\n") == expected);
}

TEST_CASE("two tenants cannot have one domain, but one may have a part of another's") {
    const Site site;
    site.tenant("blue.yaml", "site: {domains: [blue.example, lab.red.example]}\n");
    site.tenant("red.yaml", "site: {domains: red.example}\n");
    CHECK(site.problems().empty());
    const auto config = std::make_shared<const Config>(site.load().config);
    CHECK(owner_of_domain(config, "red.example")->tenant == "red");
    CHECK(owner_of_domain(config, "mail.red.example")->tenant == "red");
    CHECK(owner_of_domain(config, "x.lab.red.example")->tenant == "blue");
    CHECK(owner_of_domain(config, "elsewhere.example")->tenant.empty());
    CHECK(owner_of_domain(config, "notred.example")->tenant.empty());
    site.tenant("green.yaml", "site: {domains: red.example}\n");
    CHECK(site.problems() ==
          "tenants.d/red.yaml: site.domains: red.example is a domain of tenant green already\n");
}

TEST_CASE("names of tenants are those that files and units can have") {
    CHECK(is_tenant_name("a"));
    CHECK(is_tenant_name("acme-2"));
    CHECK(is_tenant_name(std::string(kMaxTenantName, 'a')));
    CHECK_FALSE(is_tenant_name(std::string(kMaxTenantName + 1, 'a')));
    for (const char* bad : {"", "2acme", "-a", "Acme", "a.b", "a/b", "..", "a b", "\xC3\xA9"})
        CHECK_FALSE(is_tenant_name(bad));
}

TEST_CASE("a tenant that is asked for by a name nobody has is told with the nearest") {
    const Site site;
    site.tenant("blue.yaml", "site: {domains: blue.example}\n");
    const auto file =
        site.dir.write("k.yaml", "tenants: {directory: " + site.dir.file("tenants.d") + "}\n");
    const auto found = load_config_or_error(file, "blue");
    REQUIRE(found);
    CHECK((*found)->tenant == "blue");
    const auto missing = load_config_or_error(file, "bleu");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::Usage);
    CHECK(missing.error().what == "there is no tenant \"bleu\"; did you mean blue?");
}
