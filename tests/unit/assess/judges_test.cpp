// SPDX-License-Identifier: Apache-2.0
// Judges of several tenants in one process (engine/assess/judges.hpp): what one tenant learned is
// not there for another.
#include "engine/assess/judges.hpp"

#include <algorithm>

#include "engine/config/tenants.hpp"
#include "tests/support/message_builder.hpp"
#include "tests/unit/learner/learner_fixture.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// The site itself, and the tenants blue and red, whose learner is of a LearnerSite.
struct Hosted : LearnerSite {
    Hosted() {
        message_library_init();
        config.site.domains = {"host.example"};
        for (const char* name : {"blue", "red"}) {
            Config tenant = tenant_base(config, name);
            // Blue is whom the fixture's mail is to.
            tenant.site.domains = {name == std::string("blue") ? "site.example" : "red.example"};
            config.tenants.push_back(std::make_shared<const Config>(std::move(tenant)));
        }
    }
    [[nodiscard]] std::shared_ptr<const Config> shared() const {
        return std::make_shared<const Config>(config);
    }
    /// `name` learns five mails of anna's.
    void learn_anna(std::size_t tenant) const {
        const Config& of = *config.tenants[tenant];
        std::filesystem::create_directories(tenant_directory(config, of.tenant));
        std::filesystem::copy_file(config.secret_file, of.secret_file);  // that of the records
        std::filesystem::create_directories(of.journal.directory);
        auto writer = must(JournalWriter::open(of.journal));
        for (int i = 0; i < 5; ++i) {
            const MailRecord mail = record_of(Mail("anna@partner.example", day(i)));
            must(writer->append(RecordType::Mail, mail.time, encode(mail)));
        }
        auto learner = must(Learner::open(config.tenants[tenant]));
        while (must(learner->step()).records > 0) {
        }
    }
};

MailRecord judged_for(Judges& judges, const std::shared_ptr<const Config>& site,
                      const std::string& rcpt) {
    Arrival a;
    a.time = day(30);
    a.client_addr = "192.0.2.7";
    a.mail_from = "anna@partner.example";
    a.rcpts = {rcpt};
    const std::string raw = MessageBuilder().raw();
    const auto parts = split_by_tenant(site, a);
    return judges.judge(MessageBytes{raw, -1, 0, 0}, parts.at(0)).record;
}

bool first_contact(const MailRecord& r) {
    const auto& tags = r.assessment.tags;
    return std::find(tags.begin(), tags.end(), "first-time-contact") != tags.end();
}

}  // namespace

TEST_CASE("a tenant's correspondent is a stranger to the others") {
    const Hosted hosted;
    hosted.learn_anna(0);
    (void)must(Learner::open(hosted.config.tenants[1]));  // makes an empty store
    const auto site = hosted.shared();
    Judges judges(site);
    INFO(judges.trouble());
    const MailRecord blue = judged_for(judges, site, "ben@site.example");
    CHECK(blue.assessment.degraded.empty());
    CHECK_FALSE(first_contact(blue));
    const MailRecord other = judged_for(judges, site, "ben@red.example");
    CHECK(other.assessment.degraded.empty());
    CHECK(first_contact(other));
    // Not even hashes can be compared: each has a secret of its own.
    CHECK(blue.observations.sender != other.observations.sender);
    // The site's own store was never made; that is its trouble alone.
    CHECK_FALSE(judged_for(judges, site, "x@host.example").assessment.degraded.empty());
    CHECK(judges.trouble().find("tenant blue: ") == std::string::npos);
    CHECK(judges.trouble().find("tenant red: ") == std::string::npos);
}

TEST_CASE("a tenant without a store is named, and its mail passes without an opinion") {
    const Hosted hosted;
    hosted.learn_anna(0);
    const auto site = hosted.shared();
    Judges judges(site);
    CHECK(judges.trouble().find("tenant red: ") != std::string::npos);
    CHECK(judges.trouble().find("tenant blue: ") == std::string::npos);
    CHECK_FALSE(judged_for(judges, site, "ben@red.example").assessment.degraded.empty());
}

TEST_CASE("a reload brings tenants, and mail of one that is gone is the site's") {
    Hosted hosted;
    hosted.learn_anna(0);
    const auto tenants = hosted.config.tenants;
    hosted.config.tenants.clear();
    auto site = hosted.shared();
    Judges judges(site);
    CHECK_FALSE(judged_for(judges, site, "ben@site.example").assessment.degraded.empty());
    hosted.config.tenants = tenants;
    const auto with_tenants = hosted.shared();
    judges.reload(with_tenants);
    CHECK(judged_for(judges, with_tenants, "ben@site.example").assessment.degraded.empty());
    judges.reload(site);
    // Mail that began before the reload is finished by what it began with.
    CHECK(judged_for(judges, with_tenants, "ben@site.example").assessment.degraded.empty());
    CHECK_FALSE(judged_for(judges, site, "ben@site.example").assessment.degraded.empty());
    judges.reload(with_tenants);
    CHECK(judged_for(judges, with_tenants, "ben@site.example").assessment.degraded.empty());
}
