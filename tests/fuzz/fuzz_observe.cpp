// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a mail of a known sender, from its bytes to its judgement: features, facts,
// passages and requests within their bounds, all text of labels and reasons valid UTF-8, the score
// a number, and the record the same after the way through the journal. The last line is a phrase of
// a vocabulary of requests.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/assess/assess.hpp"
#include "engine/assess/record.hpp"
#include "engine/base/text.hpp"
#include "engine/learner/learned_memory.hpp"
#include "engine/learner/mail_learner.hpp"
#include "engine/message/parse.hpp"
#include "tests/support/observed.hpp"

namespace {

using namespace kith;

void require(bool condition) {
    if (!condition) std::abort();
}

Arrival arrival() {
    Arrival a;
    a.time = test::day(30);
    a.mail_from = "anna@partner.example";
    a.client_addr = "198.51.100.7";
    a.client_name = a.helo = "out.partner.example";
    a.rcpts = {"ben@site.example", "cleo@site.example"};
    a.mta_hostname = "mx.site.example";
    return a;
}

struct Site {
    Site() {
        message_library_init();
        config.site.domains = {"site.example"};
        config.parse.trusted_authserv_ids = {"mx.site.example"};
        for (int i = 0; i < 30; ++i) {
            Arrival a = arrival();
            a.time = test::day(i * .5);
            const std::string mail =
                "From: Anna <anna@partner.example>\nTo: ben@site.example\nSubject: order\n"
                "Message-ID: <" +
                std::to_string(i) +
                "@partner.example>\nDate: Mon, 02 Mar 2026 10:00:00 +0100\n\n"
                "Hello Ben,\nthe order of pallets will be there on Monday.\nAnna\n";
            const auto draft = draft_record(parse(mail, config.parse), a, config, hasher);
            learner.advance(a.time);
            (void)learner.take(draft.record,
                               learner.judge(draft.record.observations, draft.labels));
        }
        learner.rescale();
    }
    Config config;
    const Hasher& hasher = test::test_hasher();
    LearnedMemory memory;
    MailLearner learner{hasher, config.budget, config.learner, memory};
};

void check(const Observations& o) {
    require(o.words.size() <= Observations::kMaxWords && o.links.size() <= Observations::kMaxLinks);
    require(o.own_passages.size() <= Observations::kMaxPassages);
    require(o.quoted_passages.size() <= Observations::kMaxPassages);
    require(o.payment.size() <= Observations::kMaxPayments);
    require(o.name_labels.size() <= Observations::kMaxNameLabels);
    for (const FeatureValue& v : o.values) require(std::isfinite(v.number));
    for (const auto& [feature, value] : o.set_members)
        require(feature < kFeatureCount && value != 0);
}

void check(const Labels& labels) {
    std::string text = labels.sender + labels.domain;
    for (const std::string& label : labels.feature) text += label;
    for (const auto& [value, label] : labels.member) text += label;
    for (const std::string& host : labels.link_hosts) text += host;
    require(is_valid_utf8(text));
}

void check(const Assessment& a) {
    for (const double x : {a.score, a.p, a.raw, a.own_evidence}) require(std::isfinite(x));
    require(a.score >= 0 && a.score <= 100 && a.p >= 0 && a.p <= 1);
    std::string text = a.would_pass;
    for (const Reason& r : a.reasons) text += r.feature + r.text;
    for (const std::string& tag : a.tags) text += tag;
    require(is_valid_utf8(text) && text.find_first_of("\r\n") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static Site site;
    const std::string_view raw(reinterpret_cast<const char*>(bytes), size);
    const Message message = parse(raw, site.config.parse);
    DraftRecord draft = draft_record(message, arrival(), site.config, site.hasher);
    check(draft.record.observations);
    check(draft.labels);
    const Judgement j = site.learner.judge(draft.record.observations, draft.labels);
    check(j.assessment);
    draft.record.assessment = j.assessment;
    const std::string stored = encode(draft.record);
    const auto again = decode_mail_record(stored);
    require(again && encode(*again) == stored);

    AskVocabulary vocabulary;
    const std::string phrase = scrub_utf8(raw.substr(raw.rfind('\n') + 1));
    if (vocabulary.add(Ask::Pay, phrase)) {
        const auto words = split(phrase, ' ');
        require(words.size() >= 1 && vocabulary.size() == 1);
        (void)vocabulary.match(std::vector<std::string_view>(words.begin(), words.end()));
    }
    return 0;
}
