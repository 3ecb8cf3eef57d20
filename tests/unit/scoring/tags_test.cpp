// SPDX-License-Identifier: Apache-2.0
// Tags (engine/scoring/tags.def): for each a mail that has it, and the same mail with one thing
// changed that has it not.
#include "engine/scoring/tags.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// What a predicate can see of one mail; by default a personal, backed, dull mail of a stranger.
struct Facts {
    Observations o = Mail();
    Relations r;
    FeatureVector values{};
    SurpriseVector surprise{};
    std::vector<IndicatorScore> indicators;
    Stratum stratum = Stratum::Plain;
    double score = 0, account_risk = 0;

    void asks(std::initializer_list<Ask> list) {
        for (const Ask a : list) o.asks |= 1U << static_cast<unsigned>(a);
    }
    void asks_not(Ask a) { o.asks &= ~(1U << static_cast<unsigned>(a)); }
    void marked(Mark m) { o.marks |= 1U << static_cast<unsigned>(m); }
    void changed(FeatureId f) {
        surprise.detail[index_of(f)].new_to_sender = true;
        surprise.detail[index_of(f)].p = .001;
        surprise.x[index_of(f)] = 5;
    }
    void known(double mails = 20) {
        r.messages = r.domain_messages = mails;
        r.days = mails;
        r.received = r.domain_received = mails;
        r.wrote_back = 3;
        r.pair_messages = r.pair_answers = mails;
        r.readers = 5;
    }
    void new_link() {
        stratum = Stratum::NewLink;
        r.new_link = true;
        r.host = r.tenant = Novelty::Never;
        ObservedLink link;
        link.host = 1;
        o.links.push_back(link);
    }
    void file() {
        o.has_attachment = true;
        changed(FeatureId::attachment_types);
    }

    [[nodiscard]] bool has(std::string_view name) const {
        static const SiteState site;
        static const Scales scales(site);
        const History history{o.sender, o.domain, o.sender32, o.domain32, {}, {}, {}, {}, {}};
        const Evidence e{o, values, r, surprise, history, site, scales};
        for (const Tag& tag : all_tags())
            if (tag.name == name) return tag.holds({e, indicators, stratum, score, account_risk});
        FAIL("no tag " << name);
        return false;
    }
    [[nodiscard]] std::vector<std::string> tags() const {
        static const SiteState site;
        static const Scales scales(site);
        const History history{o.sender, o.domain, o.sender32, o.domain32, {}, {}, {}, {}, {}};
        const Evidence e{o, values, r, surprise, history, site, scales};
        return tags_of({e, indicators, stratum, score, account_risk});
    }
};

using Change = std::function<void(Facts&)>;
struct Pair {
    Change yes, no;  ///< no is applied on top of yes
};

Change out() {
    return [](Facts& f) { f.o.direction = Direction::Outbound; };
}
Change into() {
    return [](Facts& f) { f.o.direction = Direction::Inbound; };
}
Change of(MailKind k) {
    return [k](Facts& f) {
        f.o.kind = k;
        f.o.automatic = k != MailKind::Person;
    };
}
Change person() { return of(MailKind::Person); }
Change well_known() {
    return [](Facts& f) { f.known(); };
}

const std::map<std::string_view, Pair>& table() {
    static const std::map<std::string_view, Pair> pairs = {
        {"email-account-takeover",
         {[](Facts& f) {
              f.o.direction = Direction::Internal;
              f.new_link();
              f.score = 60;
          },
          [](Facts& f) { f.score = 59; }}},
        {"compromise-indicators",
         {[](Facts& f) { f.account_risk = 60; }, [](Facts& f) { f.account_risk = 59; }}},
        {"vip-impersonation", {[](Facts& f) { f.r.vip_name = true; }, out()}},
        {"user-impersonation", {[](Facts& f) { f.r.own_name = true; }, out()}},
        {"lookalike-domain",
         {[](Facts& f) { f.r.look_alike_domain = true; },
          [](Facts& f) { f.r.look_alike_domain = false; }}},
        {"forged-address",
         {[](Facts& f) {
              f.known();
              f.changed(FeatureId::auth_triple);
              f.changed(FeatureId::client_domain);
          },
          [](Facts& f) { f.surprise.detail[index_of(FeatureId::auth_triple)].p = .5; }}},
        {"internal-it-impersonation",
         {[](Facts& f) {
              f.marked(Mark::NamesSite);
              f.asks({Ask::Login});
          },
          [](Facts& f) { f.asks_not(Ask::Login); }}},
        {"brand-impersonation", {[](Facts& f) { f.r.known_brand = true; }, well_known()}},
        {"credential-harvesting",
         {[](Facts& f) {
              f.new_link();
              f.asks({Ask::Login});
          },
          [](Facts& f) { f.r.new_link = false; }}},
        {"phishing-link",
         {[](Facts& f) {
              f.new_link();
              f.score = 60;
          },
          [](Facts& f) { f.score = 59; }}},
        {"phishing-attachment",
         {[](Facts& f) {
              f.file();
              f.score = 60;
          },
          [](Facts& f) { f.score = 59; }}},
        {"cloud-platform-abuse",
         {[](Facts& f) {
              f.new_link();
              f.r.host = Novelty::Site5;
              f.asks({Ask::Shared});
          },
          [](Facts& f) { f.r.tenant = Novelty::Site1; }}},
        {"document-anomalies",
         {[](Facts& f) {
              f.known();
              f.r.payment = Novelty::Never;
          },
          [](Facts& f) { f.r.payment = Novelty::Sender; }}},
        {"extortion",
         {[](Facts& f) {
              f.marked(Mark::Wallet);
              f.asks({Ask::Pay});
          },
          [](Facts& f) { f.o.marks = 0; }}},
        {"payment-scare",
         {[](Facts& f) {
              f.asks({Ask::Pay, Ask::Expire});
          },
          [](Facts& f) { f.asks_not(Ask::Expire); }}},
        {"fake-account-alert",
         {[](Facts& f) {
              f.new_link();
              f.asks({Ask::Confirm, Ask::Expire});
          },
          [](Facts& f) { f.o.links.front().sender_domain = true; }}},
        {"multistage-payload",
         {[](Facts& f) {
              f.marked(Mark::Encrypted);
              f.asks({Ask::Code});
          },
          [](Facts& f) { f.asks_not(Ask::Code); }}},
        {"solicitation",
         {[](Facts& f) { f.asks({Ask::Favour}); }, [](Facts& f) { f.o.word_total = 60; }}},
        {"spam", {[](Facts& f) { f.marked(Mark::SaidSpam); }, [](Facts& f) { f.o.marks = 0; }}},
        {"out-of-character",
         {[](Facts& f) {
              f.known();
              f.indicators = {{"Out of Character", 50}};
          },
          [](Facts& f) { f.indicators.front().score = 49; }}},
        {"response-to-solicitation",
         {[](Facts& f) {
              f.o.direction = Direction::Outbound;
              f.r.answers_suspect = true;
          },
          into()}},
        {"misdirected-email",
         {[](Facts& f) {
              f.o.direction = Direction::Outbound;
              f.r.odd_reader = true;
          },
          into()}},
        {"personal-account-file-transfer",
         {[](Facts& f) {
              f.o.direction = Direction::Outbound;
              f.o.has_attachment = true;
              f.marked(Mark::ToOwnAddress);
          },
          [](Facts& f) { f.o.has_attachment = false; }}},
        {"new-correspondent-file-transfer",
         {[](Facts& f) {
              f.o.direction = Direction::Outbound;
              f.o.has_attachment = true;
          },
          [](Facts& f) { f.r.pair_answers = 1; }}},
        {"data-loss",
         {[](Facts& f) {
              f.o.direction = Direction::Outbound;
              f.file();
              f.score = 40;
          },
          [](Facts& f) { f.score = 39; }}},
        {"new-sensitive-file-transfer",
         {[](Facts& f) {
              f.o.direction = Direction::Outbound;
              f.file();
          },
          into()}},
        {"suspicious-link",
         {[](Facts& f) {
              f.new_link();
              f.indicators = {{"Inducement Shift", 50}};
          },
          [](Facts& f) { f.indicators.front().score = 49; }}},
        {"suspicious-attachment",
         {[](Facts& f) { f.file(); },
          [](Facts& f) {
              f.surprise.detail[index_of(FeatureId::attachment_types)].new_to_sender = false;
          }}},
        {"unknown-intent", {[](Facts& f) { f.marked(Mark::Encrypted); }, well_known()}},
        {"inconsistent-content",
         {[](Facts& f) {
              f.known();
              f.changed(FeatureId::text_links);
          },
          [](Facts& f) { f.r.messages = 9; }}},
        {"spoofing-indicators",
         {[](Facts& f) {
              f.changed(FeatureId::client_network);
              f.changed(FeatureId::reply_to);
          },
          [](Facts& f) {
              f.surprise.detail[index_of(FeatureId::reply_to)].new_to_sender = false;
          }}},
        {"validation-issues",
         {[](Facts& f) {
              f.values[index_of(FeatureId::aligned_signer)].code = FeatureValue::kAbsent;
          },
          well_known()}},
        {"unusual-recipients",
         {[](Facts& f) { f.r.recipients_known = 0; }, [](Facts& f) { f.r.recipients_known = .5; }}},
        {"no-association", {[](Facts&) {}, [](Facts& f) { f.r.domain_received = 1; }}},
        {"first-time-contact", {[](Facts&) {}, [](Facts& f) { f.r.pair_answers = 1; }}},
        {"cold-call",
         {[](Facts& f) {
              f.o.word_total = 60;
              f.asks({Ask::Call});
          },
          [](Facts& f) { f.o.word_total = 59; }}},
        {"personal-address",
         {[](Facts& f) {
              f.o.free_mail_like = true;
              f.r.own_name = true;
          },
          [](Facts& f) { f.o.free_mail_like = false; }}},
        {"service-sender",
         {[](Facts& f) { f.r.lent_name = true; }, [](Facts& f) { f.r.lent_name = false; }}},
        {"unusual-request",
         {[](Facts& f) {
              f.r.groups = 1;
              f.r.group_new_asks = 1;
          },
          [](Facts& f) { f.r.group_new_asks = 0; }}},
        {"unknown-bulk-mailer", {of(MailKind::Bulk), well_known()}},
        {"unknown-correspondent", {[](Facts&) {}, well_known()}},
        {"new-correspondent",
         {[](Facts& f) { f.r.domain_messages = 1; }, [](Facts& f) { f.r.domain_messages = 0; }}},
        {"singular-relationship",
         {[](Facts& f) {
              f.known();
              f.r.readers = 1;
          },
          [](Facts& f) { f.r.readers = 2; }}},
        {"vip", {[](Facts& f) { f.r.vip = true; }, [](Facts& f) { f.r.vip = false; }}},
        {"active-conversation", {well_known(), [](Facts& f) { f.r.wrote_back = 2; }}},
        {"established-correspondent", {well_known(), [](Facts& f) { f.r.received = 2; }}},
        {"known-correspondent",
         {[](Facts& f) { f.r.wrote_back = 1; }, [](Facts& f) { f.r.wrote_back = 0; }}},
        {"established-domain-relationship",
         {well_known(), [](Facts& f) { f.r.domain_received = 9; }}},
        {"known-domain-relationship",
         {[](Facts& f) { f.r.domain_received = 1; }, [](Facts& f) { f.r.domain_received = 0; }}},
        {"high-mailing-history",
         {[](Facts& f) { f.r.days = 21; }, [](Facts& f) { f.r.days = 20; }}},
        {"moderate-mailing-history",
         {[](Facts& f) { f.r.days = 4; }, [](Facts& f) { f.r.days = 3; }}},
        {"low-mailing-history", {[](Facts& f) { f.r.days = 3; }, [](Facts& f) { f.r.days = 4; }}},
        {"consistent-content",
         {well_known(),
          [](Facts& f) { f.surprise.detail[index_of(FeatureId::text_asks)].p = .19; }}},
        {"account-confirmation",
         {[](Facts& f) {
              of(MailKind::Notification)(f);
              f.new_link();
              f.o.links.front().sender_domain = true;
              f.asks({Ask::Confirm});
          },
          [](Facts& f) { f.o.links.front().sender_domain = false; }}},
        {"undeliverable", {of(MailKind::Bounce), person()}},
        {"automatic-response", {of(MailKind::AutoReply), person()}},
        {"automated-report", {of(MailKind::Report), person()}},
        {"ticket", {of(MailKind::Ticket), person()}},
        {"calendar", {of(MailKind::Calendar), person()}},
        {"notification", {of(MailKind::Notification), person()}},
        {"wide-distribution",
         {[](Facts& f) {
              of(MailKind::Newsletter)(f);
              f.r.readers = 10;
          },
          [](Facts& f) { f.r.readers = 9; }}},
        {"narrow-distribution",
         {[](Facts& f) {
              of(MailKind::Newsletter)(f);
              f.known();
              f.r.readers = 3;
          },
          [](Facts& f) { f.r.readers = 4; }}},
        {"mailer",
         {[](Facts& f) {
              of(MailKind::List)(f);
              f.known();
          },
          person()}},
        {"graymail", {of(MailKind::Bulk), of(MailKind::List)}},
        {"non-productive-mail",
         {[](Facts& f) {
              of(MailKind::Notification)(f);
              f.known();
              f.r.wrote_back = 0;
          },
          [](Facts& f) { f.r.wrote_back = 1; }}},
        {"freemail",
         {[](Facts& f) { f.o.free_mail_like = true; },
          [](Facts& f) { f.o.free_mail_like = false; }}},
    };
    return pairs;
}

}  // namespace

TEST_CASE("every tag has a mail that has it and one that has not") {
    CHECK(table().size() == all_tags().size());
    for (const Tag& tag : all_tags()) {
        INFO(tag.name);
        const auto pair = table().find(tag.name);
        REQUIRE(pair != table().end());
        Facts f;
        pair->second.yes(f);
        CHECK(f.has(tag.name));
        pair->second.no(f);
        CHECK_FALSE(f.has(tag.name));
    }
}

TEST_CASE("tags have names and meanings of their own") {
    std::set<std::string_view> seen;
    for (const Tag& tag : all_tags()) {
        INFO(tag.name);
        CHECK(seen.insert(tag.name).second);
        CHECK(seen.insert(tag.meaning).second);
        CHECK(tag.name.size() <= 32);
        CHECK(std::all_of(tag.name.begin(), tag.name.end(),
                          [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; }));
    }
}

TEST_CASE("a domain that writes to those who share the readers' mail writes to nobody unusual") {
    Facts f;
    f.r.recipients_known = 0;
    f.r.groups = 2;
    CHECK(f.has("unusual-recipients"));
    f.r.groups_know_domain = 1;
    CHECK_FALSE(f.has("unusual-recipients"));
}

TEST_CASE("a mail shows the most serious tags and no more than fit") {
    // Everything that can hold together of an impostor's bulk mail.
    Facts f;
    f.new_link();
    f.o.free_mail_like = true;
    f.r.own_name = f.r.vip_name = f.r.look_alike_domain = f.r.known_brand = f.r.vip = true;
    f.score = 80;
    f.file();
    f.r.recipients_known = 0;
    f.marked(Mark::SaidSpam);
    f.marked(Mark::NamesSite);
    f.marked(Mark::Wallet);
    f.marked(Mark::Encrypted);
    f.asks({Ask::Login, Ask::Pay, Ask::Expire, Ask::Code, Ask::Reply});
    const auto tags = f.tags();
    CHECK(tags.size() == kMaxTags);
    CHECK(tags.front() == "vip-impersonation");
    CHECK(std::find(tags.begin(), tags.end(), "freemail") == tags.end());
    std::size_t last = 0;
    for (const auto& tag : tags) {
        std::size_t place = 0;
        while (all_tags()[place].name != tag) ++place;
        CHECK(place >= last);
        last = place;
    }
}

TEST_CASE("a dull mail of a well known person is told to be just that") {
    Facts f;
    f.known();
    CHECK(f.tags() == std::vector<std::string>{
                          "active-conversation", "established-correspondent", "known-correspondent",
                          "established-domain-relationship", "known-domain-relationship",
                          "moderate-mailing-history", "consistent-content"});
}
