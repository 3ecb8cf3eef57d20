// SPDX-License-Identifier: Apache-2.0
// A small synthetic site's past: some weeks of mail of suppliers, customers, colleagues and a
// newsletter, each with habits of its own, generated the same way every time. Nobody in it exists.
#pragma once

#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/learner/replay.hpp"
#include "tests/support/message_builder.hpp"
#include "tests/support/observed.hpp"

namespace kith::test {

class SyntheticSite {
public:
    /// `with`: what replay takes over when it is made. Without parse.trusted_authserv_ids in it no
    /// mail that is replayed has authentication results.
    explicit SyntheticSite(Config with = {}) : config(std::move(with)) {
        message_library_init();
        config.site.domains = {"site.example"};
        config.parse.trusted_authserv_ids = {"mx.site.example"};
        // A site this small has to be ready sooner than 2,995 mails.
        config.budget.min_calibration = 300;
        config.budget.min_stratum_calibration = 30;
    }

    /// What correspondent `i` writes.
    [[nodiscard]] static std::string text_of(int i, int number) {
        std::mt19937 random(static_cast<unsigned>(i * 1000 + number));
        return text_of(i, random);
    }
    [[nodiscard]] static std::string text_of(int i, std::mt19937& random) {
        static constexpr const char* kWords[] = {
            "order",  "gasket",  "drawing", "delivery", "monday", "pallet",   "sample", "quality",
            "report", "meeting", "machine", "offer",    "price",  "schedule", "invoice"};
        std::string text = "Dear all,\n\n";
        for (int w = 0; w < 30; ++w) {
            text += kWords[(static_cast<unsigned>(i) * 3 + random() % 7) % std::size(kWords)];
            text += w % 10 == 9 ? ".\n" : " ";
        }
        // People say new things all the time.
        for (auto n = random() % 14; n > 0; --n)
            text += "word" + std::to_string(random() % 5000) + " ";
        return text + "\n";
    }
    /// What correspondent `i` sends; text, client, zone and way of mail are its habits.
    [[nodiscard]] static MessageBuilder mail_of(int i, int number) {
        std::mt19937 random(static_cast<unsigned>(i * 1000 + number));
        const std::string text = text_of(i, random);
        const std::string from = address(i), domain = from.substr(from.find('@') + 1);
        static constexpr const char* kAgents[] = {"Mozilla Thunderbird", "Apple Mail (2.3)",
                                                  "KMail/5.15", "Evolution 3.46"};
        static constexpr const char* kZones[] = {"+0100", "+0000", "-0500"};
        char date[64];
        std::snprintf(date, sizeof date, "Mon, 02 Mar 2026 %02d:%02d:00 %s", 8 + number % 9,
                      number % 60, kZones[i % 3]);
        MessageBuilder m;
        m.from("Person " + std::string(1, static_cast<char>('A' + i)) + " Test <" + from + ">")
            .set("Date", date)
            .set("Message-ID",
                 "<" + std::to_string(number) + "." + std::to_string(i) + "@" + domain + ">")
            .set("X-Mailer", kAgents[i % 4])
            .set("Authentication-Results", "mx.site.example; spf=pass smtp.mailfrom=" + domain +
                                               "; dkim=pass header.d=" + domain +
                                               "; dmarc=pass header.from=" + domain)
            .body(text);
        if (random() % 9 == 0)  // the site's own links and now and then a new one
            m.body(text + "\nhttps://" +
                   (random() % 3 == 0 ? "h" + std::to_string(number) : "docs") + ".example/page\n");
        return m;
    }
    [[nodiscard]] static std::string address(int i) {
        return "person" + std::to_string(i) + "@firm" + std::to_string(i % 6) + ".example";
    }
    [[nodiscard]] static Arrival arrival_of(int i, double at, const std::string& rcpt) {
        Arrival a;
        a.time = day(at);
        a.mail_from = address(i);
        a.client_addr = "198.51.100." + std::to_string(10 + i % 6);
        a.client_name = "out.firm" + std::to_string(i % 6) + ".example";
        a.helo = a.client_name;
        a.rcpts = {rcpt};
        a.mta_hostname = "mx.site.example";
        return a;
    }

    /// Some weeks of it.
    void learn(int mails = 900) {
        for (int number = 0; number < mails; ++number) {
            const int i = number * 7 % kPeople;
            ReplayMail m;
            m.arrival =
                arrival_of(i, number * 0.03, "user" + std::to_string(number % 5) + "@site.example");
            (void)replay.run(m, mail_of(i, number).raw());
        }
    }
    /// Judged a day later, without a trace.
    [[nodiscard]] Judgement judge(const std::string& bytes, int as = 3) {
        ReplayMail m;
        m.arrival = arrival_of(as, 28, "user1@site.example");
        m.learn = false;
        return replay.run(m, bytes).judgement;
    }

    static constexpr int kPeople = 24;
    Config config;
    Replay replay{config, test_hasher()};
};

}  // namespace kith::test
