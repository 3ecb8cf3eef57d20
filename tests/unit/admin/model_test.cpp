// SPDX-License-Identifier: Apache-2.0
// `kith model` on a site's own directory of models.
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using test::held_mail;
using test::passed_mail;
using test::Site;
using Json = nlohmann::json;

namespace {

/// A program that $EDITOR names: it puts `text` into the file it is given.
struct Editor {
    Editor(const Site& site, const std::string& text) {
        site.dir.write("text", text);
        site.dir.write("editor", "#!/bin/sh\ncp '" + site.dir.file("text") + "' \"$1\"\n");
        ::chmod(site.dir.file("editor").c_str(), 0755);
    }
};

/// run_process() gives a fixed environment: the editor comes through env(1).
admin::ProcessOutput edit(const Site& site, const std::string& name) {
    auto out =
        admin::run_process({"env", "EDITOR=" + site.dir.file("editor"), kith::test::kith_program(),
                            "--config", site.dir.file("kith.yaml"), "model", "edit", name},
                           {});
    if (!out) FAIL(out.error().text());
    return *out;
}

Json model(const Site& site, const std::string& name) {
    const Json all = Json::parse(site.kith({"--json", "model", "list"}).out);
    for (const Json& m : all["models"])
        if (m["name"] == name) return m;
    return nullptr;
}

}  // namespace

TEST_CASE("model list shows kith's own and the site's, and says which file is left out") {
    const Site site;
    site.dir.write("models.d/mine.yaml",
                   "when: score >= 60\naction: [hold, notify]\nmode: live\npriority: 70\n");
    site.dir.write("models.d/broken.yaml", "when: scor >= 60\naction: hold\n");
    const auto out = site.kith({"model", "list"});
    CHECK(out.status == 0);
    CHECK(out.out.find("budget-hold         live          50        hold") != std::string::npos);
    CHECK(out.out.find("mine                live          70        hold, notify  " +
                       site.dir.file("models.d/mine.yaml")) != std::string::npos);
    CHECK(out.err.find("left out: " + site.dir.file("models.d/broken.yaml") + ":1:7") !=
          std::string::npos);
}

TEST_CASE("model list counts what each would have matched in the recorded past") {
    const Site site;
    site.dir.write("models.d/mine.yaml", "when: from = *@supplier.example\naction: tag\n");
    site.seen({held_mail(), passed_mail()});
    const Json models =
        Json::parse(site.kith({"--json", "model", "list", "--since", "2026-03-01"}).out);
    CHECK(models["looked_at"]["mails"] == 2);
    for (const Json& m : models["models"])
        if (m["name"] == "mine") CHECK(m["matches"] == 1);
}

TEST_CASE("model check tells every problem at its place, of the directory or of a file") {
    const Site site;
    CHECK(site.kith({"model", "check"}).status == 0);
    const std::string good = site.dir.write("good.yaml", "when: ready\naction: tag\n");
    const std::string bad = site.dir.write("bad.yaml", "when: ready\naction: tga\n");
    CHECK(site.kith({"model", "check", good}).status == 0);
    const auto out = site.kith({"model", "check", good, bad});
    CHECK(out.status == 78);
    CHECK(out.out.find(bad + ":2:9: action: must be hold, tag, delay, reject or notify") !=
          std::string::npos);
    const std::string soft =
        site.dir.write("soft.yaml", "when: ready\naction: tag\nmode: live\npriority: 60\n");
    const auto noted = site.kith({"model", "check", soft});
    CHECK(noted.status == 0);
    CHECK(
        noted.out.find("note: soft is live with priority 60 and action tag: mail that budget-hold "
                       "(50, hold) matches as well gets no more than tag") == 0);
    CHECK(Json::parse(site.kith({"--json", "model", "check", soft}).out)["notes"].size() == 1);
    CHECK(Json::parse(site.kith({"--json", "model", "check"}).out)["notes"].empty());
    const std::string never =
        site.dir.write("never.yaml", "scope: accounts\nwhen: kind = loginn\n");
    CHECK(site.kith({"model", "check", never})
              .out.find(never + ":2:7: when: condition, character 8, at \"loginn\": kind is never "
                                "loginn; did you mean login?") != std::string::npos);
    site.dir.write("models.d/bad.yaml", "when: ready\naction: tga\n");
    CHECK(site.kith({"model", "check"}).status == 78);
}

TEST_CASE("a model is switched off and on again by a file of its own") {
    const Site site;
    site.write_secret();
    CHECK(site.kith({"model", "disable", "budget-hold"}).status == 0);
    CHECK(model(site, "budget-hold")["state"] == "disabled");
    CHECK(site.kith({"model", "enable", "budget-hold"}).status == 0);
    CHECK(model(site, "budget-hold")["state"] == "live");
    CHECK(site.kith({"model", "enable", "vip-name", "--live"}).status == 0);
    CHECK(model(site, "vip-name")["state"] == "live");
    const Json log = Json::parse(site.kith({"--json", "audit", "list"}).out);
    CHECK(log.dump().find("model disable") != std::string::npos);
    const auto unknown = site.kith({"model", "disable", "budget-hodl"});
    CHECK(unknown.status == 66);
    CHECK(unknown.err.find("did you mean budget-hold?") != std::string::npos);
}

TEST_CASE("model edit saves a valid model, and of one of kith's own the site's version") {
    const Site site;
    site.write_secret();
    const Editor editor(site, "when: rate <= 2\naction: hold\nmode: live\n");
    CHECK(edit(site, "mine").status == 0);
    CHECK(model(site, "mine")["state"] == "live");
    CHECK(edit(site, "budget-hold").status == 0);
    CHECK(model(site, "budget-hold")["file"] == site.dir.file("models.d/budget-hold.yaml"));
    CHECK(site.kith({"model", "show", "budget-hold"}).out.find("rate <= 2") != std::string::npos);
}

TEST_CASE("model edit tells what would keep a model from being saved before the editor starts") {
    Site site;
    site.dir.write("text", "when: ready\naction: tag\n");
    site.dir.write("editor", "#!/bin/sh\ntouch '" + site.dir.file("edited") + "'\ncp '" +
                                 site.dir.file("text") + "' \"$1\"\n");
    ::chmod(site.dir.file("editor").c_str(), 0755);
    const auto edited = [&] { return std::filesystem::exists(site.dir.file("edited")); };
    SECTION("a name that none can have") {
        site.write_secret();
        for (const char* name : {"My_Model", "a/b", "mine.yaml"}) {
            const auto out = edit(site, name);
            CHECK(out.status == 64);
            CHECK(out.err.find(std::string(name) + " cannot be the name of a model") !=
                  std::string::npos);
        }
    }
    SECTION("no audit log, for want of the secret") { CHECK(edit(site, "mine").status != 0); }
    SECTION("no right to write there") {
        if (::geteuid() != 0) {
            WARN("needs root to become somebody else");
            SUCCEED();
            return;
        }
        site.write_secret();
        std::filesystem::create_directories(site.dir.path() / "models.d");
        ::chmod(site.dir.path().c_str(), 0777);
        ::chmod(site.dir.file("site.key").c_str(), 0644);
        std::filesystem::copy_file(kith::test::kith_program(), site.dir.path() / "kith");
        const auto out = admin::run_process(
            {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/env",
             "EDITOR=" + site.dir.file("editor"), site.dir.file("kith"), "--config",
             site.dir.file("kith.yaml"), "model", "edit", "mine"},
            {});
        REQUIRE(out);
        CHECK(out->status == 77);
        CHECK(out->err.find("cannot write into " + site.dir.file("models.d")) != std::string::npos);
        CHECK(out->err.find("run as root") != std::string::npos);
    }
    CHECK_FALSE(edited());
}

TEST_CASE("model edit refuses a broken model; the old one stays") {
    const Site site;
    site.write_secret();
    const Editor good(site, "when: rate <= 2\naction: hold\nmode: live\n");
    REQUIRE(edit(site, "mine").status == 0);
    const Editor bad(site, "when: rat <= 2\naction: hold\n");
    const auto out = edit(site, "mine");
    CHECK(out.status == 78);
    CHECK(out.err.find("mine.yaml:1:7: when: condition, character 1, at \"rat\": unknown metric; "
                       "did you mean rate?") != std::string::npos);
    CHECK(model(site, "mine")["state"] == "live");
    const Editor other(site, "name: other\nwhen: ready\naction: hold\n");
    CHECK(edit(site, "mine").status == 78);
    CHECK(model(site, "other") == nullptr);
}

TEST_CASE("model test says which conditions hold for a mail") {
    const Site site;
    site.seen({held_mail()});
    const std::string file = site.dir.write(
        "mine.yaml", "when: score >= 60 and from.domain = partner.example\naction: tag\n");
    const auto out = site.kith({"model", "test", file, "abcdefghijklmnop"});
    CHECK(out.status == 0);
    CHECK(out.out ==
          "mine does not match abcdefghijklmnop, score 88.0\n"
          "     CONDITION                      OF THE MAIL\n"
          "yes  score >= 60                    87.96\n"
          "no   from.domain = partner.example  supplier.example\n");
    const Json j =
        Json::parse(site.kith({"--json", "model", "test", "budget-hold", "abcdefghijklmnop"}).out);
    CHECK(j["matches"] == true);
    CHECK(j["conditions"].size() == 2);
    CHECK(site.kith({"model", "test", "budget-hold", "nothing"}).status == 66);
}
