// SPDX-License-Identifier: Apache-2.0
// What an attacker teaches who has somebody's account: how unusual the k-th mail of a burst still
// is, a payload mail after k harmless ones, and a payload mail after a slow drip of days; each on a
// synthetic site (tests/support/synthetic_site.hpp), the median of some victims. `poison
// [VICTIMS]`. Printed are C of the mail alone (2: 1 in 100, 3: 1 in 1000; 8 at most) and how many
// of the victims' mails were held; ARCHITECTURE.md has the table.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/must.hpp"
#include "tests/support/synthetic_site.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr double kStart = 50;  // days after the site's first mail
constexpr int kPast = 1600;    // mails, one each three quarters of an hour

/// One victim's account in foreign hands.
class Takeover {
public:
    explicit Takeover(int victim) : victim_(victim) { site_.learn(kPast); }

    /// The attacker's next mail, at this day after the takeover; with a link and a request, or
    /// none.
    double sends(double day_after, bool payload, bool own_client = false) {
        const int number = next_++;
        return run(attack(number, payload, own_client), day_after, number, true);
    }
    /// What a payload mail would score now; nothing remembers it.
    double probe(double day_after, bool own_client = false) {
        return run(attack(9999, true, own_client), day_after, 9999, false);
    }
    [[nodiscard]] bool was_held() const { return held_; }

private:
    MessageBuilder attack(int number, bool payload, bool own_client) const {
        MessageBuilder m = SyntheticSite::mail_of(victim_, 100'000 + 14 * number);
        const std::string id = std::to_string(number) + "." + std::to_string(victim_);
        m.set("Message-ID", "<evil" + id + "@firm" + std::to_string(victim_ % 6) + ".example>");
        if (!own_client)
            m.set("X-Mailer", "Roundcube Webmail/1.4")
                .set("Date", "Mon, 02 Mar 2026 09:00:00 +0530");
        // What it wants is hidden in words of the victim's own.
        if (payload)
            m.body(SyntheticSite::text_of(victim_, 100'000 + number) +
                   "\nPlease open the document: https://share.evil.example/view" +
                   std::to_string(number % 3) + "\n");
        else
            m.body(SyntheticSite::text_of(victim_, 100'000 + number));
        return m;
    }
    double run(const MessageBuilder& m, double day_after, int number, bool learn) {
        ReplayMail mail;
        mail.arrival = SyntheticSite::arrival_of(victim_, kStart + day_after,
                                                 "user" + std::to_string(number) + "@site.example");
        mail.learn = learn;
        const Judgement j = site_.replay.run(mail, m.raw()).judgement;
        held_ = j.assessment.verdict == Verdict::Quarantine;
        return j.assessment.own_evidence;
    }

    SyntheticSite site_;
    int victim_, next_ = 0;
    bool held_ = false;
};

/// Scores and holds by step, over the victims.
class Rows {
public:
    explicit Rows(const char* title) : title_(title) {}
    void add(const std::string& step, double score, bool held) {
        if (!rows_.contains(step)) order_.push_back(step);
        rows_[step].emplace_back(score, held);
    }
    void print() {
        std::printf("%s\n", title_);
        for (const auto& step : order_) {
            auto& row = rows_[step];
            std::sort(row.begin(), row.end());
            std::size_t held = 0;
            for (const auto& [score, was_held] : row) held += was_held ? 1U : 0U;
            std::printf("  %-28s %5.2f   held %zu of %zu\n", step.c_str(),
                        row[row.size() / 2].first, held, row.size());
        }
    }

private:
    const char* title_;
    std::vector<std::string> order_;
    std::map<std::string, std::vector<std::pair<double, bool>>> rows_;
};

void burst(Rows& table, int victim, bool own_client) {
    Takeover t(victim);
    for (int k = 1; k <= 500; ++k) {
        const double score = t.sends(k / 1440.0, true, own_client);
        if (k == 1 || k == 2 || k == 5 || k == 50 || k == 500)
            table.add("mail " + std::to_string(k), score, t.was_held());
    }
    for (const int day : {1, 4, 10, 40}) {
        const double score = t.probe(day, own_client);
        table.add("one more, day " + std::to_string(day), score, t.was_held());
    }
}

void harmless_first(Rows& table, int victim) {
    Takeover t(victim);
    int sent = 0;
    for (const int k : {0, 1, 5, 50, 200}) {
        for (; sent < k; ++sent) (void)t.sends(sent / 1440.0, false);
        const double score = t.probe(sent / 1440.0 + .01);
        table.add("after " + std::to_string(k) + " harmless", score, t.was_held());
    }
}

void drip(Rows& table, int victim, bool payload) {
    Takeover t(victim);
    for (int d = 0; d <= 15; ++d) {
        if (d == 0 || d == 1 || d == 3 || d == 5 || d == 10 || d == 15) {
            const double score = t.probe(d);
            table.add("after " + std::to_string(d) + " days", score, t.was_held());
        }
        (void)t.sends(d + .1, payload);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int victims = argc > 1 ? std::atoi(argv[1]) : 7;
    if (victims < 1 || victims > SyntheticSite::kPeople)
        stop("victims: 1 to " + std::to_string(SyntheticSite::kPeople));
    const std::vector<std::pair<const char*, std::function<void(Rows&, int)>>> runs = {
        {"burst, foreign client", [](Rows& t, int v) { burst(t, v, false); }},
        {"burst, the victim's own client", [](Rows& t, int v) { burst(t, v, true); }},
        {"harmless mails from the foreign client within hours, then a payload", harmless_first},
        {"one harmless mail a day, then a payload", [](Rows& t, int v) { drip(t, v, false); }},
        {"one payload mail a day", [](Rows& t, int v) { drip(t, v, true); }},
    };
    for (const auto& [title, run] : runs) {
        Rows table(title);
        for (int v = 0; v < victims; ++v) run(table, (v * 5 + 3) % SyntheticSite::kPeople);
        table.print();
    }
}
