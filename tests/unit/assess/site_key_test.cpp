// SPDX-License-Identifier: Apache-2.0
// A store and the secret it was made with (engine/assess/site_key.hpp), for each program that meets
// them: nobody goes on with another secret, nobody makes a new one beside a store.
#include "engine/assess/site_key.hpp"

#include "engine/assess/judge.hpp"
#include "engine/learner/learner.hpp"
#include "tests/support/message_builder.hpp"
#include "tests/unit/learner/learner_fixture.hpp"

using namespace kith;
using namespace kith::test;

namespace {

struct LearnedSite : LearnerSite {
    LearnedSite() {
        journal(stream(20));
        learn();
    }
    void replace_secret() const { dir.write("site.key", "another secret!!"); }
    [[nodiscard]] Error refusal() const {
        const auto learner = Learner::open(std::make_shared<const Config>(config));
        if (learner) FAIL("the learner started");
        return learner.error();
    }
};

}  // namespace

TEST_CASE("the learner does not start with another secret than the store's, and keeps the store") {
    LearnedSite site;
    const auto before = site.content();
    site.replace_secret();
    const Error error = site.refusal();
    CHECK(error.code == ErrorCode::Config);
    CHECK(error.what.find(site.config.secret_file) != std::string::npos);
    CHECK(error.hint.find("restore " + site.config.secret_file + " from the backup") == 0);
    CHECK(site.content() == before);
}

TEST_CASE("the learner makes no new secret beside a store") {
    LearnedSite site;
    const bool damaged = GENERATE(false, true);
    CAPTURE(damaged);
    if (damaged) std::filesystem::resize_file(site.config.store.directory + "/data.mdb", 5000);
    std::filesystem::remove(site.config.secret_file);
    const Error error = site.refusal();
    CHECK(error.code == ErrorCode::Config);
    CHECK(error.what.find("is gone") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(site.config.secret_file));
}

TEST_CASE("the learner starts again with the secret from the backup, or anew without the store") {
    LearnedSite site;
    const std::string backup = site.dir.read("site.key");
    std::filesystem::remove(site.config.secret_file);
    (void)site.refusal();
    SECTION("backup") {
        site.dir.write("site.key", backup);
        CHECK(site.learn() == 0);
    }
    SECTION("anew") {
        std::filesystem::remove_all(site.config.store.directory);
        std::filesystem::remove_all(site.config.journal.directory);
        CHECK(site.learn() == 0);
        CHECK(std::filesystem::exists(site.config.secret_file));
    }
}

TEST_CASE("the check value is the one of the format, from another program's SipHash-2-4-128") {
    LearnedSite site;
    CHECK(site.rows(Table::Meta).at("site-key") ==
          "\xc3\xbc\x0b\x23\x40\xc4\x35\x3e\x14\xa0\x64\x98\x79\x41\xd4\xaa");
}

TEST_CASE("a store of before the check value gets that of the secret which is there") {
    LearnedSite site;
    {
        auto store = must(Store::open(site.config.store, Store::Mode::Write));
        auto writer = must(store->write());
        must(writer->erase(Table::Meta, "site-key"));
        must(writer->commit());
    }
    CHECK(site.learn() == 0);
    CHECK(site.rows(Table::Meta).at("site-key").size() == 16);
    site.replace_secret();
    CHECK(site.refusal().code == ErrorCode::Config);
}

TEST_CASE("mail is neutral beside a store of another secret, and says so") {
    message_library_init();
    LearnedSite site;
    site.replace_secret();
    const auto judge = Judge::create(std::make_shared<const Config>(site.config));
    CHECK(judge->trouble().find("another secret") != std::string::npos);
    const std::string raw = MessageBuilder().raw();
    const MailRecord r = judge->judge(MessageBytes{raw, -1, 0, 0}, Arrival{}).record;
    CHECK(r.assessment.degraded.find("another secret") != std::string::npos);
    CHECK(r.assessment.score == 0);
}
