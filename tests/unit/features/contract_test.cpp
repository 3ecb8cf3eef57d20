// SPDX-License-Identifier: Apache-2.0
// What holds for every feature: one way to be read, a name, a tag and words of its own, and an
// answer to any mail at all.
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "engine/base/text.hpp"
#include "engine/features/observe.hpp"
#include "engine/message/parse.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

const Hasher& hasher() {
    static const Hasher h(Hasher::Secret{7});
    return h;
}

/// Everything that must hold of the observations of any mail.
void check_bounds(const Observed& observed) {
    const auto& o = observed.observations;
    CHECK(o.words.size() <= Observations::kMaxWords);
    CHECK(o.links.size() <= Observations::kMaxLinks);
    CHECK(o.own_passages.size() <= Observations::kMaxPassages);
    CHECK(o.quoted_passages.size() <= Observations::kMaxPassages);
    CHECK(o.thread_words.size() <= 300);
    CHECK(observed.labels.link_hosts.size() == o.links.size());
    CHECK(o.payment.size() <= 32);
    CHECK(o.phones.size() <= 16);
    bool labels_fit =
        is_valid_utf8(observed.labels.sender) && is_valid_utf8(observed.labels.domain);
    for (const auto& label : observed.labels.feature)
        labels_fit = labels_fit && label.size() <= 80 && is_valid_utf8(label);
    for (const auto& [value, label] : observed.labels.member)
        labels_fit = labels_fit && label.size() <= 80 && is_valid_utf8(label);
    CHECK(labels_fit);
    bool relate_is_empty = true, finite = true;
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        if (feature_spec(i).relate != nullptr)
            relate_is_empty = relate_is_empty && !o.values[i].present();
        finite = finite && std::isfinite(o.values[i].number);
    }
    CHECK(relate_is_empty);
    CHECK(finite);
}

Observed observed(const Message& m, const Arrival& a = {}) {
    static const std::vector<std::string> own{"own.example"};
    return observe(m, a, Direction::Inbound, {hasher(), builtin_asks(), own});
}

TEST_CASE("every feature is read in exactly one way and can be put into words") {
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        const auto& spec = feature_spec(i);
        INFO(feature_name(i));
        CHECK((spec.extract != nullptr) + (spec.relate != nullptr) + (spec.sums != nullptr) == 1);
        CHECK((spec.sums != nullptr) == (spec.kind == Kind::Sum || spec.kind == Kind::Claim));
        // What speaks for a mail is a number of nats, and says of which stratum.
        CHECK((spec.kind == Kind::Relief) == (spec.relieves != Stratum::Plain));
        CHECK(spec.summary.size() > 10);
        CHECK(spec.summary.ends_with('.'));
        // A request's sentence is made from the name of the ask.
        CHECK(spec.sentence.empty() ==
              (feature_name(i).starts_with("ask_") && feature_name(i) != "ask_count"));
        CHECK(std::count(spec.sentence.begin(), spec.sentence.end(), '%') <= 1);
        CHECK(to_string(spec.group) != "?");
    }
}

TEST_CASE("names and tags are unique and lead back to the feature") {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        CHECK(names.insert(feature_name(i)).second);
        CHECK(feature_index(feature_tag(i)) == i);
    }
    CHECK(feature_index(0) == kFeatureCount);
    CHECK(feature_index(1023) == kFeatureCount);
    CHECK(feature_index(65535) == kFeatureCount);
}

TEST_CASE("tags on disk keep their numbers") {
    CHECK(feature_tag(index_of(FeatureId::client_network)) == 1);
    CHECK(feature_tag(index_of(FeatureId::language_mix)) == 40);
    CHECK(feature_tag(index_of(FeatureId::display_name)) == 80);
    CHECK(feature_tag(index_of(FeatureId::ask_unsubscribe)) == 119);
    CHECK(feature_tag(index_of(FeatureId::link_file)) == 64);
    CHECK(feature_tag(index_of(FeatureId::link_unasked)) == 68);
    CHECK(feature_tag(index_of(FeatureId::ask_amount)) == 126);
}

TEST_CASE("what a feature sees is of its kind") {
    const Look look = from("ann", "example.com", "Ann Example");
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        const auto& spec = feature_spec(i);
        if (spec.extract == nullptr) continue;
        INFO(feature_name(i));
        const auto state =
            spec.extract({look.message, look.arrival, look.observations, look.own_domains}).state();
        if (state == Seen::State::Nothing || state == Seen::State::Absent) continue;
        const auto expected = spec.kind == Kind::Category  ? Seen::State::Category
                              : spec.kind == Kind::Ordinal ? Seen::State::Bin
                              : spec.kind == Kind::Set     ? Seen::State::Members
                                                           : Seen::State::Number;
        CHECK(state == expected);
    }
}

TEST_CASE("nothing, absence and values are kept apart") {
    CHECK_FALSE(encode_seen(Seen::nothing(), 0, hasher()).present());
    CHECK(encode_seen(Seen::absent(), 0, hasher()).code == FeatureValue::kAbsent);
    CHECK(encode_seen(Seen::members({}), 0, hasher()).code == FeatureValue::kAbsent);
    CHECK(encode_seen(Seen::members({"a"}), 0, hasher()).code == FeatureValue::kFirstBin);
    CHECK(encode_seen(Seen::bin(3), 0, hasher()).code == 5);
    CHECK(encode_seen(Seen::bin(-3), 0, hasher()).code == 2);
    CHECK(encode_seen(Seen::number(0.5), 0, hasher()).number == 0.5F);
    CHECK(encode_seen(Seen::category(""), 0, hasher()).code > FeatureValue::kAbsent);
    CHECK(encode_seen(Seen::category("a"), 0, hasher()).code > FeatureValue::kAbsent);
}

TEST_CASE("the same text is another value for another feature") {
    CHECK(encode_seen(Seen::category("a"), 0, hasher()).code !=
          encode_seen(Seen::category("a"), 1, hasher()).code);
    CHECK(encode_seen(Seen::category("a"), 0, hasher()).code !=
          encode_seen(Seen::category("b"), 0, hasher()).code);
}

TEST_CASE("numbers that are none are kept finite") {
    const double odd = GENERATE(std::numeric_limits<double>::quiet_NaN(),
                                std::numeric_limits<double>::infinity(), -1e300);
    CHECK(std::isfinite(encode_seen(Seen::number(odd), 0, hasher()).number));
}

TEST_CASE("every relation feature answers to odd numbers") {
    const double odd = GENERATE(std::numeric_limits<double>::quiet_NaN(),
                                std::numeric_limits<double>::infinity(), -1e300, 1e300);
    Relations r;
    r.host = r.tenant = r.payment = r.phone = static_cast<Novelty>(99);
    r.thread = static_cast<ThreadState>(99);
    r.language = r.url_words = r.has_thread_words = r.new_link = true;
    r.history_bucket = std::numeric_limits<int>::max();
    r.wrote_back = std::numeric_limits<int>::min();
    r.mix = r.thread_words = r.word_gap = r.unseen = r.url_known = r.recipients_known =
        r.pair_messages = r.link_known = r.known_days = r.messages = odd;
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        if (feature_spec(i).relate == nullptr) continue;
        INFO(feature_name(i));
        const Seen seen = feature_spec(i).relate(r);
        const FeatureValue value = encode_seen(seen, i, hasher());
        CHECK(std::isfinite(value.number));
        if (feature_spec(i).kind != Kind::Relief) continue;
        CHECK((seen.state() == Seen::State::Nothing || seen.state() == Seen::State::Number));
        CHECK(value.number >= 0);
        CHECK(value.number <= 5);  // no more is taken off, see surprises()
    }
}

TEST_CASE("an empty mail has observations") {
    const auto result = observed({});
    check_bounds(result);
    CHECK(result.observations.word_total == 0);
    CHECK(result.observations.domain_label == 0);
}

TEST_CASE("a mail of extremes has observations within their bounds") {
    const std::string huge(200000, 'x');
    Message m;
    Arrival a;
    a.mail_from = huge + "\xFF@" + huge;
    a.helo = a.client_name = a.client_addr = a.tls_version = huge;
    m.from.assign(1000, mailbox(huge.substr(0, 500), huge.substr(0, 500), huge.substr(0, 500)));
    m.sender = mailbox(huge, huge);
    m.reply_to.assign(1000, mailbox("a", "b"));
    m.subject = m.message_id = m.user_agent = m.boundary = m.mime_tree = m.html_skeleton = huge;
    for (int i = 0; i < 1000; ++i)
        m.headers.push_back({"X-" + std::to_string(i) + "\xFF", "\xC3" + huge.substr(0, 100)});
    m.headers.push_back({"Content-Type", huge + ";\xFF=\xFE"});
    m.received.assign(100, hop(huge, "1.2.3.4", huge, huge));
    m.dkim.assign(100, {huge, huge, huge, huge});
    m.parts.assign(200, attachment(huge.substr(0, 2000), huge.substr(0, 2000) + ".exe"));
    for (int i = 0; i < 5000; ++i)
        m.lines.push_back({"some words +49 30 1234567 and DE89 3704 0044 0532 0130 00 here",
                           i % 2 == 0 ? LineRole::Own : LineRole::Quoted});
    m.lines.push_back({huge, LineRole::Attribution});
    for (int i = 0; i < 500; ++i)
        m.links.push_back(link_to(std::to_string(i) + ".example.com", "example.com",
                                  LinkPlace::Anchor, huge.substr(0, 1000)));
    m.date_utc_offset_minutes = std::numeric_limits<int>::min();
    check_bounds(observed(m, a));
}

TEST_CASE("random bytes and broken mails have observations within their bounds") {
    message_library_init();
    const std::string good =
        "From: \"Ann\" <ann@example.com>\r\nTo: bob@own.example\r\nSubject: =?utf-8?B?UmU6?= "
        "offer\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: "
        "text/plain; charset=utf-8\r\n\r\nclick here "
        "https://example.net/a?b=c\r\n> quoted\r\n--b\r\nContent-Type: text/html\r\n\r\n<a "
        "href=\"https://example.net/x\">www.example.com</a>\r\n--b--\r\n";
    const unsigned seed = GENERATE(range(1U, 120U));
    INFO("seed " << seed);
    std::mt19937 random(seed);
    std::string bytes = seed % 3 == 0 ? std::string(1 + random() % 3000, '\0') : good;
    if (seed % 3 == 0)
        for (auto& c : bytes) c = static_cast<char>(random() & 0xFF);
    else
        for (unsigned k = 0; k < seed; ++k)
            bytes[random() % bytes.size()] = static_cast<char>(random() & 0xFF);
    if (seed % 3 == 2) bytes.resize(random() % bytes.size());
    check_bounds(observed(parse(bytes, {})));
}

TEST_CASE("a parsed mail is seen as it was written") {
    message_library_init();
    const auto result = observed(
        parse("From: Ann Example <ann@mail.example.com>\r\nSubject: Re: offer\r\nUser-Agent: "
              "Acme/1.0\r\nDate: Mon, 5 Jan 2026 10:00:00 +0100\r\n\r\n"
              "Please open the document, it is urgent.\r\nhttps://forms.example.net/acme/x\r\n",
              {}));
    const auto& o = result.observations;
    CHECK(result.labels.sender == "ann@mail.example.com");
    CHECK(result.labels.domain == "example.com");
    CHECK(result.labels.feature[index_of(FeatureId::time_zone)] == "UTC+01:00");
    CHECK(result.labels.feature[index_of(FeatureId::user_agent)] == "acme");
    CHECK(result.labels.feature[index_of(FeatureId::reply_prefix)] == "Re");
    CHECK(result.labels.link_hosts == std::vector<std::string>{"forms.example.net"});
    CHECK(o.asks_for(Ask::Open));
    CHECK(o.asks_for(Ask::Hurry));
    CHECK_FALSE(o.asks_for(Ask::Pay));
}

}  // namespace
