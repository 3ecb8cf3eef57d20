// SPDX-License-Identifier: Apache-2.0
// One thing at a time is changed in the mail of a well known sender, learned the way real mail is:
// that thing must be the reason named first, and taking it away must be what is said to change the
// verdict.
#include <functional>

#include "engine/assess/record.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/synthetic_site.hpp"

using namespace kith;
using namespace kith::test;

namespace {

struct Probe {
    MessageBuilder mail;
    Arrival arrival;
    std::string text;   ///< her own
    std::string quote;  ///< what she answers to
    std::string zone = "+0100";
    std::string submitted_at = "192.0.2.25";
};

std::string quoted(const std::string& text) {
    std::string out = "\nOn Monday, Ben Cole wrote:\n";
    std::string line;
    for (const char c : text) {
        if (c != '\n') {
            line += c;
            continue;
        }
        out += "> " + line + "\n";
        line.clear();
    }
    return out;
}

/// Vera of a supplier writes two mails a day for a month, mostly in answer to user1.
class WellKnown {
public:
    WellKnown() {
        site.learn();
        for (int n = 0; n < 60; ++n) {
            const double at = n * .45;
            answer_of_site(n, at);
            Probe p = usual(n, at + .1, n);
            learn(p);
        }
        answer_of_site(kOpen, 27.9);  // she has not answered this one
    }

    /// What she always writes: mail `n`, in answer to Ben's question.
    [[nodiscard]] static Probe usual(int n, double at, int question_number) {
        static constexpr const char* kWords[] = {
            "bearing", "shaft",  "coupling", "torque",   "drawing", "tolerance", "batch",
            "pallet",  "basket", "delivery", "schedule", "steel",   "hardness",  "sample"};
        Probe p;
        std::mt19937 random(static_cast<unsigned>(n) + 77);
        p.text = "Hello Ben,\n\n";
        for (int w = 0; w < 34; ++w) {
            p.text += kWords[random() % std::size(kWords)];
            p.text += w % 9 == 8 ? ".\n" : " ";
        }
        for (int w = 0; w < 5; ++w) p.text += "word" + std::to_string(random() % 5000) + " ";
        p.text += "\nOur account: DE89 3704 0044 0532 0130 00\n";
        if (n % 2 == 0)
            p.text +=
                "\nhttps://docs.supplier.example/orders/" + std::to_string(10 + n % 90) + "\n";
        p.text += "\nRegards,\nVera\n";
        p.quote = quoted(question(question_number));
        const std::string asked = "<q" + std::to_string(question_number) + "@site.example>";
        p.mail.from("Vera Known <vera@supplier.example>")
            .to("Ben Cole <user1@site.example>")
            .subject("Re: Order " + std::to_string(n))
            .set("Message-ID", "<v" + std::to_string(n) + ".77@supplier.example>")
            .set("In-Reply-To", asked)
            .set("References", asked)
            .set("User-Agent", "Mozilla Thunderbird")
            .set("DKIM-Signature",
                 "v=1; a=rsa-sha256; d=supplier.example; s=s1; h=from:to:subject:date; bh=x; b=y")
            .set("Authentication-Results", kPass);
        p.arrival.time = day(at);
        p.arrival.mail_from = "vera@supplier.example";
        p.arrival.client_addr = "198.51.100.77";
        p.arrival.client_name = p.arrival.helo = "mail.supplier.example";
        p.arrival.rcpts = {"user1@site.example"};
        p.arrival.mta_hostname = "mx.site.example";
        return p;
    }

    [[nodiscard]] static std::string bytes(Probe& p) {
        p.mail.set("Date", "Mon, 02 Mar 2026 09:15:00 " + p.zone)
            .set("Received", "from [" + p.submitted_at + "] (unknown [" + p.submitted_at +
                                 "]) by mail.supplier.example with ESMTPSA; Mon, 02 Mar 2026 "
                                 "09:15:00 +0100");
        if (!p.text.empty()) p.mail.body(p.text + p.quote);
        return p.mail.raw();
    }

    /// Reasons for the mail as it would be judged now.
    [[nodiscard]] std::vector<Reason> reasons(Probe p) {
        ReplayMail m;
        m.arrival = p.arrival;
        m.learn = false;
        const std::string raw = bytes(p);
        const Judgement j = site.replay.run(m, raw).judgement;
        ParseOptions options = site.config.parse;
        DraftRecord draft =
            draft_record(parse(raw, options), p.arrival, site.config, test_hasher());
        const SiteState& state = site.replay.memory().site();
        const Scales scales(state);
        const Evidence e{
            draft.record.observations, j.values, j.relations, j.surprise, j.history, state, scales};
        judged = j.assessment;
        return reasons_for(e, j.assessment.stratum, draft.labels, 8);
    }

    static constexpr int kOpen = 200;
    Assessment judged;
    SyntheticSite site;
    static constexpr const char* kPass =
        "mx.site.example; spf=pass smtp.mailfrom=supplier.example; dkim=pass "
        "header.d=supplier.example; dmarc=pass header.from=supplier.example";

private:
    /// What Ben asked her: her mail answers it.
    void answer_of_site(int n, double at) {
        ReplayMail m;
        m.arrival.time = day(at);
        m.arrival.mail_from = "user1@site.example";
        m.arrival.auth_user = "user1";
        m.arrival.client_addr = "10.0.0.5";
        m.arrival.rcpts = {"vera@supplier.example"};
        m.arrival.mta_hostname = "mx.site.example";
        MessageBuilder mail;
        mail.from("Ben Cole <user1@site.example>")
            .to("vera@supplier.example")
            .subject("Order " + std::to_string(n))
            .set("Message-ID", "<q" + std::to_string(n) + "@site.example>")
            .body(question(n));
        (void)site.replay.run(m, mail.raw());
    }
    void learn(Probe& p) {
        ReplayMail m;
        m.arrival = p.arrival;
        (void)site.replay.run(m, bytes(p));
    }

public:
    /// Text that was really said in the thread of <qN@site.example>.
    [[nodiscard]] static std::string question(int n) {
        std::string text = "Dear Vera,\n";
        std::mt19937 random(static_cast<unsigned>(n) + 9);
        for (int w = 0; w < 60; ++w)
            text += "said" + std::string(1, static_cast<char>('a' + random() % 26)) +
                    std::string(1, static_cast<char>('a' + random() % 26)) +
                    (w % 8 == 7 ? "\n" : " ");
        return text + "\n";
    }
};

struct Cause {
    const char* name;
    std::function<void(Probe&)> inject;
    std::vector<const char*> named;  ///< features any of which may speak for it
};

const std::vector<Cause>& all_causes() {
    static const std::vector<Cause> list = {
        {"a link to a host never linked to",
         [](Probe& p) { p.text += "https://forms.collector.example/viewer/page\n"; },
         {"link_host", "link_tenant"}},
        {"another client in another time zone",
         [](Probe& p) {
             p.zone = "+0900";
             p.mail.set("User-Agent", "Roundcube Webmail/1.6");
         },
         {"user_agent", "time_zone"}},
        {"another network it was submitted from",
         [](Probe& p) { p.submitted_at = "203.0.113.9"; },
         {"submit_network", "submit_host"}},
        {"another server that delivers it",
         [](Probe& p) {
             p.arrival.client_addr = "203.0.113.200";
             p.arrival.client_name = p.arrival.helo = "host.elsewhere.example";
         },
         {"client_domain", "client_network"}},
        {"the signature is gone",
         [](Probe& p) {
             p.mail.remove("DKIM-Signature")
                 .set("Authentication-Results",
                      "mx.site.example; spf=fail smtp.mailfrom=supplier.example; dkim=none; "
                      "dmarc=fail header.from=supplier.example");
         },
         {"aligned_signer", "dkim_signer", "auth_triple"}},
        {"another bank account",
         [](Probe& p) {
             const auto at = p.text.find("DE89 3704 0044 0532 0130 00");
             p.text.replace(at, 27, "GB29 NWBK 6016 1331 9268 19");
         },
         {"payment_data"}},
        {"a request for money",
         [](Probe& p) {
             p.text += "Please pay the attached invoice today, our bank details have changed.\n";
         },
         {"ask_pay", "ask_payee", "ask_hurry"}},
        {"answers go elsewhere",
         [](Probe& p) { p.mail.add("Reply-To", "vera@collector.example"); },
         {"reply_to"}},
        {"a kind of attachment never sent",
         [](Probe& p) {
             const std::string text =
                 "Content-Type: text/plain; charset=utf-8\n\n" + p.text + p.quote;
             p.mail.parts("mixed", {text,
                                    "Content-Type: application/x-msdownload; name=\"a.exe\"\n"
                                    "Content-Disposition: attachment; filename=\"a.exe\"\n\nMZ\n"});
             p.text.clear();
         },
         {"attachment_types", "attachment_risk"}},
        {"a conversation she had no part in",
         [](Probe& p) {
             p.mail.set("In-Reply-To", "<4.4@firm4.example>")
                 .set("References", "<4.4@firm4.example>");
             const std::string theirs = SyntheticSite::mail_of(4, 4).raw();
             p.quote = quoted(theirs.substr(theirs.find("\n\n") + 2));
         },
         {"thread_state"}},
        {"quoted text that nobody said",
         [](Probe& p) { p.quote = quoted(WellKnown::question(500)); },
         {"quoted_text"}},
        {"readers she never wrote to",
         [](Probe& p) {
             p.arrival.rcpts = {"strange@site.example", "other@site.example"};
             p.mail.to("strange@site.example, other@site.example");
         },
         {"recipients_known", "pair_history", "recipient_count", "recipient_place"}},
        {"a telephone number never named",
         [](Probe& p) { p.text += "Tel. +44 20 7946 0123\n"; },
         {"phone_number"}},
        {"another hand",
         [](Probe& p) {
             std::mt19937 random(5);
             p.text = "Hello Ben,\n\n";
             for (int w = 0; w < 60; ++w)
                 p.text += "odd" + std::string(1, static_cast<char>('a' + random() % 26)) +
                           std::string(1, static_cast<char>('a' + random() % 26)) +
                           std::string(1, static_cast<char>('a' + random() % 26)) +
                           (w % 9 == 8 ? ".\n" : " ");
         },
         {"language_mix", "language_gap", "language_unseen", "language_thread"}},
        {"a look-alike address",
         [](Probe& p) {
             // A link to her real domain would be a second thing.
             const auto link = p.text.find("https://");
             if (link != std::string::npos) p.text.erase(link, p.text.find('\n', link) - link);
             p.mail.from("Vera Known <vera@suppller.example>")
                 .set("Authentication-Results",
                      "mx.site.example; spf=pass smtp.mailfrom=suppller.example; dkim=pass "
                      "header.d=suppller.example; dmarc=pass header.from=suppller.example")
                 .set("DKIM-Signature",
                      "v=1; a=rsa-sha256; d=suppller.example; s=s1; h=from:to:subject:date; bh=x; "
                      "b=y");
             p.arrival.mail_from = "vera@suppller.example";
         },
         {"identity_marks"}},
    };
    return list;
}

bool among(const std::vector<const char*>& names, const std::string& feature) {
    return std::any_of(names.begin(), names.end(),
                       [&](const char* name) { return feature == name; });
}

}  // namespace

TEST_CASE("the one thing that changed is the reason named first") {
    WellKnown vera;
    for (const auto& cause : all_causes()) {
        // Over several mails of hers: what she says this time must not decide.
        for (int n = 101; n < 104; ++n) {
            Probe p = WellKnown::usual(n, 28, WellKnown::kOpen);
            cause.inject(p);
            const auto all = vera.reasons(std::move(p));
            std::string told;
            for (const auto& r : all)
                told += r.feature + " " + std::to_string(r.weight) + ": " + r.text + "\n";
            INFO(cause.name << ", mail " << n << ", " << to_string(vera.judged.stratum) << "\n"
                            << told);
            REQUIRE_FALSE(all.empty());
            CHECK(among(cause.named, all.front().feature));
        }
    }
}

TEST_CASE("what is quoted as it was said is no reason") {
    WellKnown vera;
    const auto told = vera.reasons(WellKnown::usual(101, 28, WellKnown::kOpen));
    CHECK(std::none_of(told.begin(), told.end(),
                       [](const Reason& r) { return r.feature == "quoted_text"; }));
}
