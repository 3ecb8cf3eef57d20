// SPDX-License-Identifier: Apache-2.0
// Tenants as an admin meets them, with the built program: each command of one, or of all.
#include <nlohmann/json.hpp>

#include "engine/learner/learner.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using kith::test::Site;
using Json = nlohmann::json;

namespace {

/// A site with the tenants blue and red.
struct Hosted : Site {
    Hosted() {
        configure("mode: enforce\ntenants: {directory: " + dir.file("tenants.d") + "}\n");
        std::filesystem::create_directories(dir.path() / "tenants.d");
        dir.write("tenants.d/blue.yaml", "site: {domains: blue.example}\nmode: tag\n");
        dir.write("tenants.d/red.yaml", "site: {domains: red.example}\n");
    }
    /// Journals and indexes a held mail of the tenant, whose learner has begun.
    void held(const std::string& tenant) const {
        const auto config = load_config_or_error(dir.file("kith.yaml"), tenant);
        if (!config) FAIL(config.error().text());
        auto learner = Learner::open(*config);
        if (!learner) FAIL(learner.error().text());
        auto writer = JournalWriter::open((*config)->journal);
        REQUIRE(writer);
        MailRecord mail = test::held_mail();
        REQUIRE((*writer)->append(RecordType::Mail, mail.time, encode(mail)));
        REQUIRE((*learner)->step());
    }
};

}  // namespace

TEST_CASE("a tenant's mail is listed and explained for it alone") {
    const Hosted site;
    site.held("blue");
    const auto list = site.kith({"--tenant", "blue", "list"});
    CHECK(list.status == 0);
    CHECK(list.out.find("abcdefghijklmnop") != std::string::npos);
    const auto explained = site.kith({"--tenant", "blue", "explain", "abcdefghijklmnop"});
    CHECK(explained.out.find("kith --tenant blue release abcdefghijklmnop") != std::string::npos);
    // The other tenant has a store, and knows nothing of it.
    const auto config = load_config_or_error(site.dir.file("kith.yaml"), "red");
    REQUIRE(config);
    REQUIRE(Learner::open(*config));
    const auto other = site.kith({"--tenant", "red", "explain", "abcdefghijklmnop"});
    CHECK(other.status == 66);
    CHECK(site.kith({"--tenant", "red", "list"}).out.find("abcd") == std::string::npos);
    CHECK(site.kith({"explain", "abcdefghijklmnop"}).status != 0);
}

TEST_CASE("tenants are listed with their domains, and whether a learner runs") {
    const Hosted site;
    const auto out = site.kith({"tenants"});
    CHECK(out.status == 1);
    CHECK(out.out.find("blue.example") != std::string::npos);
    CHECK(out.out.find("systemctl enable --now kith-learner@TENANT") != std::string::npos);
    const auto blue = load_config_or_error(site.dir.file("kith.yaml"), "blue");
    const auto red = load_config_or_error(site.dir.file("kith.yaml"), "red");
    REQUIRE(blue);
    REQUIRE(red);
    const auto one = Learner::open(*blue), two = Learner::open(*red);
    const auto running = site.kith({"--json", "tenants"});
    CHECK(running.status == 0);
    const Json j = Json::parse(running.out);
    REQUIRE(j["tenants"].size() == 2);
    CHECK(j["tenants"][0]["name"] == "blue");
    CHECK(j["tenants"][0]["mode"] == "tag");
    CHECK(j["tenants"][0]["learner"] == "running");
    CHECK(j["tenants"][1]["domains"] == Json{"red.example"});
    CHECK(j["tenants"][1]["directory"] == site.dir.file("tenants/red"));
}

TEST_CASE("the backup of a tenant has its state and its file, and nothing of another's") {
    const Hosted site;
    site.held("blue");
    site.held("red");
    const std::string to = site.dir.file("backup");
    const auto out = site.kith({"--tenant", "blue", "backup", to});
    INFO(out.err);
    REQUIRE(out.status == 0);
    CHECK(std::filesystem::exists(to + "/etc/tenants.d/blue.yaml"));
    CHECK_FALSE(std::filesystem::exists(to + "/etc/tenants.d/red.yaml"));
    const std::string key = site.dir.read("backup/site.key");
    CHECK(key == site.dir.read("tenants/blue/site.key"));
    CHECK(key != site.dir.read("tenants/red/site.key"));
}

TEST_CASE("doctor names the tenants whose learner does not run") {
    const Hosted site;
    site.held("blue");
    const auto blue = load_config_or_error(site.dir.file("kith.yaml"), "blue");
    REQUIRE(blue);
    const auto learner = Learner::open(*blue);
    CHECK(site.kith({"doctor"}).out.find("no learner runs for red") != std::string::npos);
    const auto of_blue = site.kith({"--tenant", "blue", "doctor"}).out;
    CHECK(of_blue.find("kith-learner is running") != std::string::npos);
}

TEST_CASE("a command for each tenant is run for all of them, whatever fails before") {
    const Hosted site;
    site.held("red");
    const auto out = site.kith({"--each-tenant", "list"});
    // The site itself and blue have no store.
    CHECK(out.status != 0);
    CHECK(out.out.find("tenant blue:") != std::string::npos);
    CHECK(out.out.find("tenant red:") != std::string::npos);
    CHECK(out.out.find("abcdefghijklmnop") > out.out.find("tenant red:"));
    CHECK(out.out.find("abcdefghijklmnop") != std::string::npos);
    CHECK(site.kith({"--each-tenant", "--tenant", "red", "list"}).status == 64);
}

TEST_CASE("what has no tenants of its own names the option that was given") {
    const Hosted site;
    CHECK(site.kith({"--each-tenant", "tenants"}).err.find("leave out --each-tenant") !=
          std::string::npos);
    CHECK(site.kith({"--tenant", "red", "tenants"}).err.find("leave out --tenant") !=
          std::string::npos);
}

TEST_CASE("a tenant that nobody has is named with the nearest, by every kind of command") {
    const Hosted site;
    for (const char* command : {"list", "tenants", "status", "doctor"}) {
        CAPTURE(command);
        const auto out = site.kith({"--tenant", "bleu", command});
        CHECK(out.status != 0);
        CHECK((out.out + out.err).find("there is no tenant \"bleu\"; did you mean blue?") !=
              std::string::npos);
    }
    CHECK(site.kith({"--tenant", "bleu", "check-config"}).out.find("did you mean blue?") !=
          std::string::npos);
}

TEST_CASE("a past is imported for a tenant before its learner ever ran") {
    const Hosted site;
    const std::string box = site.dir.write(
        "box",
        "From x@y.example Mon Mar  2 12:00:00 2026\nReturn-Path: <anna@supplier.example>\n"
        "Delivered-To: bert@blue.example\nDate: Sun, 1 Mar 2026 12:05:00 +0000\n"
        "From: Anna <anna@supplier.example>\nTo: bert@blue.example\nMessage-ID: "
        "<1@supplier.example>\nSubject: order\n\nHello.\n\n");
    const auto out = site.kith({"--tenant", "blue", "import", "--mbox", box, "--as", "inbound"});
    CHECK(out.status == 0);
    INFO(out.err);
    CHECK(std::filesystem::exists(site.dir.file("tenants/blue/journal/0000000001.kj")));
    CHECK(site.records(RecordType::Mail).empty());
}
