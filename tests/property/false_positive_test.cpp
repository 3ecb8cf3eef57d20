// SPDX-License-Identifier: Apache-2.0
// Habits of genuine mail that filters have been known to punish (tests/known-faults.md, FP): each
// is the way of one correspondent of a synthetic site. Another mail of that way is not surprising
// in that respect and passes; the same shape in the mail of somebody who never wrote so is
// surprising, so the silence is knowledge and not blindness.
#include <functional>
#include <optional>

#include "tests/support/catch.hpp"
#include "tests/support/synthetic_site.hpp"

using namespace kith;
using namespace kith::test;

namespace {

struct Habit {
    const char* id;
    FeatureId feature;  ///< what a filter without memory looks at
    std::function<void(MessageBuilder&, Arrival&, int number)> shape;
};

std::string n_of(int number) { return std::to_string(number); }

std::string domain_of(const std::string& address) { return address.substr(address.find('@') + 1); }

void authenticated_as(MessageBuilder& mail, const std::string& domain, const std::string& spf,
                      const std::string& dkim, const std::string& dmarc) {
    mail.set("Authentication-Results", "mx.site.example; spf=" + spf + " smtp.mailfrom=" + domain +
                                           "; dkim=" + dkim + " header.d=" + domain +
                                           "; dmarc=" + dmarc + " header.from=" + domain);
}

const std::vector<Habit>& habits() {
    static const std::vector<Habit> list = {
        {"FP-01 a ticket system whose answers go to the case", FeatureId::reply_to,
         [](MessageBuilder& mail, Arrival&, int number) {
             mail.set("Reply-To", "case-" + n_of(number) + "@tickets.example");
         }},
        {"FP-02 a list that sets Reply-To to itself", FeatureId::reply_to,
         [](MessageBuilder& mail, Arrival& arrival, int number) {
             mail.set("Reply-To", "gardeners@lists.example")
                 .set("List-Id", "Gardeners <gardeners.lists.example>")
                 .set("List-Post", "<mailto:gardeners@lists.example>");
             arrival.mail_from = "gardeners-bounces@lists.example";
             mail.subject("[Gardeners] Soil, part " + n_of(number));
         }},
        {"FP-03 a contact form that sends in its visitors' names", FeatureId::reply_to,
         [](MessageBuilder& mail, Arrival&, int number) {
             mail.set("Reply-To", "Visitor <visitor" + n_of(number) + "@freemail.example>");
         }},
        {"FP-04 mail to an alias that the envelope does not show", FeatureId::recipient_place,
         [](MessageBuilder& mail, Arrival&, int) { mail.to("everybody@alias.example"); }},
        {"FP-05 mail over a forwarder that breaks SPF and DMARC", FeatureId::auth_triple,
         [](MessageBuilder& mail, Arrival& arrival, int) {
             authenticated_as(mail, domain_of(arrival.mail_from), "fail", "none", "fail");
         }},
        {"FP-07 links shown as the shop's that count clicks elsewhere", FeatureId::link_host,
         [](MessageBuilder& mail, Arrival&, int number) {
             mail.html(
                 "<p>Our offers of this week are here, as ordered.</p><a href=\""
                 "https://click.sender.example/c/" +
                 n_of(number) + "\">www.shop.example</a>");
         }},
        {"FP-11 answers of a machine, from nobody", FeatureId::return_path,
         [](MessageBuilder& mail, Arrival& arrival, int number) {
             mail.set("Auto-Submitted", "auto-replied")
                 .subject("Automatic reply: Order " + n_of(number));
             arrival.mail_from.clear();
         }},
        {"FP-13 a list's answers that refer to nothing", FeatureId::reply_without_reference,
         [](MessageBuilder& mail, Arrival&, int number) {
             mail.subject("Re: Soil, part " + n_of(number))
                 .set("List-Id", "Gardeners <gardeners.lists.example>");
         }},
        {"FP-17 a name that looks like an address and is none", FeatureId::display_name,
         [](MessageBuilder& mail, Arrival& arrival, int) {
             mail.from("\"Bugs@Mill\" <" + arrival.mail_from + ">");
         }},
        {"FP-18 delivery reports", FeatureId::mime_tree,
         [](MessageBuilder& mail, Arrival& arrival, int) {
             mail.parts("report",
                        {"Content-Type: text/plain\n\nYour mail could not be delivered today.\n",
                         "Content-Type: message/delivery-status\n\nReporting-MTA: dns; "
                         "mx.habit.example\n\nAction: delayed\nStatus: 4.4.1\n"});
             arrival.mail_from.clear();
         }},
        {"FP-21 an envelope sender that is another for every mail", FeatureId::return_path,
         [](MessageBuilder&, Arrival& arrival, int number) {
             arrival.mail_from =
                 "bounce-" + n_of(number) + "-user1=site.example@" + domain_of(arrival.mail_from);
         }},
    };
    return list;
}

std::string address_of(std::size_t habit) {
    // Domains of their own: what is new for one sender of a domain is less so for the next.
    return "writer@habit" + std::to_string(habit) + ".example";
}

/// Mail `number` of the correspondent, in its way or (nullopt) in nobody's.
std::pair<MessageBuilder, Arrival> mail_of(const std::string& from,
                                           std::optional<std::size_t> habit, int number,
                                           double at) {
    std::pair<MessageBuilder, Arrival> out;
    auto& [mail, arrival] = out;
    mail.from("Habit <" + from + ">")
        .to("user1@site.example")
        .subject("Order " + n_of(number))
        .set("Message-ID", "<" + n_of(number) + "." + from + ">")
        .set("User-Agent", "Mozilla Thunderbird")
        .body(SyntheticSite::text_of(3, number));
    authenticated_as(mail, domain_of(from), "pass", "pass", "pass");
    arrival.time = day(at);
    arrival.mail_from = from;
    arrival.client_addr = "198.51.100.90";
    arrival.client_name = arrival.helo = "mail." + domain_of(from);
    arrival.rcpts = {"user1@site.example"};
    arrival.mta_hostname = "mx.site.example";
    if (habit) habits()[*habit].shape(mail, arrival, number);
    return out;
}

/// A site that has had forty mails in each of the ways within its month, and as many of somebody
/// without any.
class Site {
public:
    Site() {
        constexpr int kMails = 900, kOfEach = 40, kBetween = kMails / kOfEach;
        for (int number = 0; number < kMails; ++number) {
            const int i = number * 7 % SyntheticSite::kPeople;
            ReplayMail m;
            m.arrival = SyntheticSite::arrival_of(
                i, number * .03, "user" + std::to_string(number % 5) + "@site.example");
            (void)site_.replay.run(m, SyntheticSite::mail_of(i, number).raw());
            if (number % kBetween != 0) continue;
            const int own = 10 + number / kBetween;
            for (std::size_t h = 0; h < habits().size(); ++h)
                run(address_of(h), h, own, number * .03);
            run(kPlain, std::nullopt, own, number * .03);
        }
    }
    [[nodiscard]] Judgement judge(const std::string& from, std::size_t habit, int number) {
        return run(from, habit, number, 28, false);
    }
    static constexpr const char* kPlain = "writer@plain.example";

    Judgement run(const std::string& from, std::optional<std::size_t> habit, int number, double at,
                  bool learn = true) {
        const auto [mail, arrival] = mail_of(from, habit, number, at);
        ReplayMail m;
        m.arrival = arrival;
        m.learn = learn;
        return site_.replay.run(m, mail.raw()).judgement;
    }

    SyntheticSite site_{with_results()};

private:
    static Config with_results() {
        Config config;
        config.parse.trusted_authserv_ids = {"mx.site.example"};
        return config;
    }
};

TEST_CASE(
    "FP-01, FP-02, FP-03, FP-04, FP-05, FP-07, FP-11, FP-13, FP-17, FP-18, FP-21: what somebody "
    "always does is no surprise, and one if somebody else does it") {
    Site site;
    for (std::size_t h = 0; h < habits().size(); ++h) {
        const Habit& habit = habits()[h];
        double usual = 0, unusual = 0;
        for (int number = 90; number < 95; ++number) {
            const Judgement own = site.judge(address_of(h), h, number);
            const Judgement other = site.judge(Site::kPlain, h, number);
            INFO(habit.id << ", mail " << number << ": own " << own.assessment.score << " in "
                          << to_string(own.assessment.stratum));
            CHECK(own.assessment.verdict == Verdict::Pass);
            usual += static_cast<double>(own.surprise.x[index_of(habit.feature)]);
            unusual += static_cast<double>(other.surprise.x[index_of(habit.feature)]);
        }
        INFO(habit.id << ": surprise " << usual / 5 << " as a habit, " << unusual / 5
                      << " without one");
        CHECK(usual / 5 < .5);
        CHECK(unusual > usual + 1);
    }
}

TEST_CASE("FP-10: a chief's private address that wrote before claims to be nobody else") {
    Site site;
    const auto chief = [](int number) {
        auto [mail, arrival] = mail_of("chief@site.example", std::nullopt, number, 0);
        return std::pair(mail.from("Chief Person <chief@site.example>"), arrival);
    };
    // The chief writes from the site, and now and then from home.
    for (int number = 0; number < 30; ++number) {
        auto [mail, arrival] = chief(number);
        ReplayMail m;
        m.arrival = arrival;
        m.arrival.time = day(number * .9);
        m.arrival.auth_user = "chief";
        m.arrival.client_addr = "10.0.0.9";
        (void)site.site_.replay.run(m, mail.raw());
    }
    const auto from_home = [&](int number, double at, bool learn) {
        auto [mail, arrival] = mail_of("chief.person@freemail.example", std::nullopt, number, at);
        mail.from("Chief Person <chief.person@freemail.example>");
        ReplayMail m;
        m.arrival = arrival;
        m.learn = learn;
        return site.site_.replay.run(m, mail.raw()).judgement;
    };
    CHECK(from_home(500, 14, false).assessment.stratum == Stratum::Identity);
    for (int number = 501; number < 506; ++number)
        (void)from_home(number, 10.0 + number % 10, true);
    const Judgement later = from_home(510, 28, false);
    CHECK(later.assessment.stratum != Stratum::Identity);
    CHECK(later.assessment.verdict == Verdict::Pass);
}

}  // namespace
