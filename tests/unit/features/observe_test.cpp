// SPDX-License-Identifier: Apache-2.0
// Message -> Observations: identity, conversation, words, links and payment data, and that only
// hashes of them are kept.
#include "engine/features/observe.hpp"

#include <algorithm>
#include <functional>

#include "engine/base/text.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

const Hasher& hasher() {
    static const Hasher h(Hasher::Secret{1, 2, 3});
    return h;
}

Observed seen(const Look& look, Direction direction = Direction::Inbound) {
    return observe(look.message, look.arrival, direction,
                   {hasher(), builtin_asks(), look.own_domains});
}

TEST_CASE("the sender is the From address in lower case, its domain the registrable one") {
    const auto o = seen(from("Ann", "mail.example.com")).observations;
    CHECK(o.sender == sender_key(hasher(), "ann@mail.example.com"));
    CHECK(o.domain == domain_key(hasher(), "example.com"));
    CHECK(o.sender != sender_key(hasher(), "ann@example.com"));
}

TEST_CASE("several From mailboxes are one claim, none is the envelope sender") {
    Look look = from("ann", "example.com");
    look.message.from.push_back(mailbox("bob", "example.net"));
    CHECK(claimed_sender(look.message, look.arrival) == "ann@example.com,bob@example.net");
    look.message.from.clear();
    look.arrival.mail_from = "Eve@Example.org";
    CHECK(claimed_sender(look.message, look.arrival) == "eve@example.org");
    look.arrival.mail_from.clear();
    CHECK(claimed_sender(look.message, look.arrival).empty());
}

TEST_CASE("a display name of two words counts in any order, one word does not") {
    CHECK(seen(from("a", "example.com", "Ann Example")).observations.name ==
          seen(from("b", "example.net", "EXAMPLE, Ann")).observations.name);
    CHECK(seen(from("a", "example.com", "Ann Example")).observations.name != 0);
    CHECK(seen(from("a", "example.com", "Ann")).observations.name == 0);
}

TEST_CASE("what services and firms add to a name is not part of it") {
    const auto name = [](const char* text) {
        return seen(from("a", "example.com", text)).observations.name;
    };
    for (const char* text : {"Ann Example (via Tracker)", "Ann Example via Tracker",
                             "Ann Example [Board]", "'Ann Example' VIA Big Tracker",
                             "Ann (CEO) Example", "Ann Example (via", "Ann Example ()"})
        CHECK(name(text) == name("Ann Example"));
    CHECK(name("Ann Example-Via Tracker") != name("Ann Example"));
    // Nobody hides a name by putting all of it, or one word, into brackets.
    CHECK(name("(Ann Example)") == name("Ann Example"));
    CHECK(name("Ann (Example)") == name("Ann Example"));
    CHECK(name("(((") == 0);
    CHECK(name("via via via") == name("via via via"));
}

TEST_CASE("a login is kept as a key in lower case, none is zero") {
    Look look = from("ann", "example.com");
    CHECK(seen(look).observations.account == Key16{});
    look.arrival.auth_user = "";
    CHECK(seen(look).observations.account == Key16{});
    look.arrival.auth_user = "Ann";
    CHECK(seen(look, Direction::Outbound).observations.account == account_key(hasher(), "ann"));
    CHECK(seen(look, Direction::Outbound).observations.submitted_by() ==
          account_key(hasher(), "ann"));
    look.arrival.auth_user.reset();
    CHECK(seen(look, Direction::Outbound).observations.submitted_by() ==
          sender_key(hasher(), "ann@example.com"));
}

TEST_CASE("a local part counts from five letters on") {
    CHECK(seen(from("annab", "example.com")).observations.local_part != 0);
    CHECK(seen(from("anna", "example.com")).observations.local_part == 0);
}

TEST_CASE("look-alike labels share a variant, unlike ones do not") {
    const auto variants = [](const char* domain) {
        return seen(from("a", domain)).observations.label_variants;
    };
    const auto alike = [&](const char* a, const char* b) {
        const auto x = variants(a), y = variants(b);
        return std::any_of(x.begin(), x.end(), [&](std::uint64_t v) {
            return std::find(y.begin(), y.end(), v) != y.end();
        });
    };
    CHECK(alike("example.com", "examp1e.com"));
    CHECK(alike("modern.com", "modem.com"));
    CHECK(alike("example.com", "exmaple.com"));
    CHECK(alike("example.com", "examples.net"));
    CHECK_FALSE(alike("example.com", "sample-shop.com"));
    CHECK(variants("abc.com").empty());
    CHECK(variants((std::string(25, 'a') + ".com").c_str()).empty());
    CHECK_FALSE(variants((std::string(24, 'a') + ".com").c_str()).empty());
}

TEST_CASE("recipients are a set of keys, at most two hundred") {
    Look look = from("a", "example.com");
    look.arrival.rcpts = {"B@own.example", "a@own.example", "b@own.example"};
    const auto o = seen(look).observations;
    CHECK(o.rcpts.size() == 2);
    std::reverse(look.arrival.rcpts.begin(), look.arrival.rcpts.end());
    CHECK(seen(look).observations.rcpt_set == o.rcpt_set);
    look.arrival.rcpts.clear();
    for (int i = 0; i < 201; ++i) look.arrival.rcpts.push_back(std::to_string(i) + "@own.example");
    CHECK(seen(look).observations.rcpts.size() == 200);
}

TEST_CASE("references are nearest first and counted once, at most forty") {
    Look look = from("a", "example.com");
    look.message.message_id = "m@example.com";
    look.message.in_reply_to = {"m@example.com"};
    look.message.references = {"old@example.com", "m@example.com"};
    const auto o = seen(look).observations;
    REQUIRE(o.refs.size() == 2);
    CHECK(o.refs.front() == o.message_id);
    look.message.references.clear();
    for (int i = 0; i < 60; ++i) look.message.references.push_back(std::to_string(i));
    CHECK(seen(look).observations.refs.size() == 40);
}

TEST_CASE("own words are counted, words of links and quotes are not") {
    const auto o =
        seen(with_lines({{"budget and budget https://example.com/secret/words", LineRole::Own},
                         {"quoted text", LineRole::Quoted}}))
            .observations;
    CHECK(o.word_total == 3);
    REQUIRE(o.words.size() == 2);
    CHECK(std::max(o.words[0].count, o.words[1].count) == 2);
    CHECK(o.thread_words.size() == 2);
}

TEST_CASE("at most four hundred words count") {
    std::string line;
    for (int i = 0; i < 401; ++i) line += "word ";
    CHECK(seen(with_lines({{line, LineRole::Own}})).observations.word_total == 400);
}

TEST_CASE("the same text has the same sketch, another text another") {
    const auto sketch = [](const char* text) {
        return seen(with_lines({{text, LineRole::Own}})).observations.sketch;
    };
    CHECK(sketch("please review the budget") == sketch("The budget: please review"));
    CHECK(sketch("please review the budget") != sketch("lunch on thursday with everybody"));
}

TEST_CASE(
    "asks are heard in the own text and in the subject, not across their border and not in "
    "quotes") {
    Look look = with_subject("here we are");
    look.message.lines = {{"one click", LineRole::Own},
                          {"send me the verification code", LineRole::Quoted}};
    CHECK_FALSE(seen(look).observations.asks_for(Ask::Click));
    CHECK_FALSE(seen(look).observations.asks_for(Ask::Code));
    look.message.lines.push_back({"click here", LineRole::Own});
    CHECK(seen(look).observations.asks_for(Ask::Click));
    CHECK(seen(with_subject("gift cards")).observations.asks_for(Ask::Voucher));
}

TEST_CASE(
    "an account on a line of its own or below the signature mark is found, a quoted one is not") {
    const auto accounts = [](LineRole role) {
        return seen(with_lines({{"DE89 3704 0044 0532 0130 00", role}}))
            .observations.payment.size();
    };
    CHECK(accounts(LineRole::Own) == 1);
    CHECK(accounts(LineRole::Signature) == 1);
    CHECK(accounts(LineRole::Quoted) == 0);
}

TEST_CASE("phone numbers of the own text are found, also on a line of digits") {
    CHECK(seen(with_lines({{"+44 20 7946 0123", LineRole::Own}})).observations.phones.size() == 1);
    CHECK(seen(with_lines({{"+44 20 7946 0123", LineRole::Quoted}})).observations.phones.empty());
}

TEST_CASE("own links count once a host and tenant; quoted ones, images and header links do not") {
    Look look = from("ann", "example.com");
    look.message.links = {link_to("a.example.net", "example.net", LinkPlace::Anchor),
                          link_to("a.example.net", "example.net", LinkPlace::TextInline),
                          link_to("www.example.com", "example.com", LinkPlace::TextAlone),
                          link_to("x.own.example", "own.example", LinkPlace::Anchor),
                          link_to("img.example.org", "example.org", LinkPlace::Image),
                          link_to("u.example.org", "example.org", LinkPlace::Header)};
    look.message.links.push_back(link_to("q.example.org", "example.org", LinkPlace::Anchor));
    look.message.links.back().quoted = true;
    const auto observed = seen(look);
    const auto& links = observed.observations.links;
    REQUIRE(links.size() == 3);
    CHECK(observed.labels.link_hosts ==
          std::vector<std::string>{"a.example.net", "www.example.com", "x.own.example"});
    CHECK_FALSE(links[0].sender_domain);
    CHECK(links[1].sender_domain);
    CHECK(links[2].own_domain);
    CHECK_FALSE(links[1].own_domain);
}

/// What the only link of a text asks for; "LINK" stands where its URL does.
std::uint32_t asked_beside_link(std::string text, const char* visible = "") {
    Look look;
    look.message.links = {link_to("far.example", "far.example", LinkPlace::TextInline, visible)};
    if (const auto at = text.find("LINK"); at != std::string::npos)
        text.replace(at, 4, look.message.links.front().url);
    look.message.lines = {{text, LineRole::Own}};
    const auto links = seen(look).observations.links;
    REQUIRE(links.size() == 1);
    return links.front().asks;
}
std::string filler(std::size_t words) {
    std::string out;
    for (std::size_t i = 0; i < words; ++i) out += "gasket ";
    return out;
}

TEST_CASE("the words beside a link ask for something, those far away in a long text do not") {
    CHECK(asked_beside_link("Please click here: LINK") == (bit(Ask::Click) | bit(Ask::Please)));
    CHECK(asked_beside_link("LINK is where you pay the invoice") != 0);
    CHECK(asked_beside_link("see LINK for the drawing") == 0);
    const std::string far = filler(40);
    CHECK(asked_beside_link("click here " + far + " LINK " + far) == 0);
    CHECK(asked_beside_link(far + " LINK " + far + " click here") == 0);
    CHECK(asked_beside_link(far + " click here " + filler(20) + "LINK " + far) == bit(Ask::Click));
    CHECK(asked_beside_link(far + " LINK " + filler(20) + "click here " + far) == bit(Ask::Click));
}

TEST_CASE("half a word at the border of what is beside a link asks for nothing") {
    for (std::size_t gap = 150; gap < 220; ++gap) {
        INFO(gap);
        const std::string between(gap, 'g');
        CHECK(asked_beside_link("LINK " + between + " click hereabouts " + filler(40)) == 0);
        CHECK(asked_beside_link(filler(40) + "unclick here " + between + " LINK") == 0);
    }
}

TEST_CASE("a link behind words is beside what stands around those words") {
    const std::string far = filler(40);
    CHECK(asked_beside_link("click here: the drawing " + far, "the drawing") == bit(Ask::Click));
    CHECK(asked_beside_link("click here " + far + "the drawing", "the drawing") == 0);
}

TEST_CASE("a link that cannot be found in the text is beside all of it") {
    const std::string far = filler(40);
    CHECK(asked_beside_link("click here " + far, "not in it") == bit(Ask::Click));
    CHECK(asked_beside_link("click here " + far) == bit(Ask::Click));
}

TEST_CASE("a link that stands twice is beside what stands around both") {
    Look look;
    look.message.links = {link_to("far.example", "far.example", LinkPlace::Anchor, "the first"),
                          link_to("far.example", "far.example", LinkPlace::Anchor, "the second")};
    look.message.lines = {{"the first " + filler(40) + "click here: the second", LineRole::Own}};
    const auto links = seen(look).observations.links;
    REQUIRE(links.size() == 1);
    CHECK(links.front().asks == bit(Ask::Click));
}

TEST_CASE("a sum of money is asked for, in the text and beside a link") {
    CHECK(seen(with_lines({{"it comes to 51,600 EUR in all", LineRole::Own}}))
              .observations.asks_for(Ask::Amount));
    CHECK_FALSE(seen(with_lines({{"it comes to 51,600 pieces", LineRole::Own}}))
                    .observations.asks_for(Ask::Amount));
    CHECK_FALSE(seen(with_lines({{"it comes to 51,600 EUR", LineRole::Quoted}}))
                    .observations.asks_for(Ask::Amount));
    CHECK(asked_beside_link("51,600 EUR at LINK") == bit(Ask::Amount));
    CHECK(asked_beside_link("51,600 EUR " + filler(40) + "LINK") == 0);
}

TEST_CASE("an account with a slip of the pen is one") {
    CHECK(seen(with_lines({{"DE88 3704 0044 0532 0130 00", LineRole::Own}}))
              .observations.payment.size() == 1);
    CHECK(seen(with_lines({{"DE89 3704 0044 0532 0130 00", LineRole::Own}})).observations.payment !=
          seen(with_lines({{"DE88 3704 0044 0532 0130 00", LineRole::Own}})).observations.payment);
}

TEST_CASE("two tenants of one host are two links, at most forty count") {
    Look look;
    for (int i = 0; i < 41; ++i) {
        look.message.links.push_back(
            link_to("forms.example.com", "example.com", LinkPlace::Anchor));
        look.message.links.back().tenant = "t" + std::to_string(i);
    }
    const auto o = seen(look).observations;
    CHECK(o.links.size() == 40);
    CHECK(o.links[0].host == o.links[1].host);
    CHECK(o.links[0].tenant != o.links[1].tenant);
}

TEST_CASE("features are filled in and labelled with text that can be shown") {
    Look look = with_headers({{"Content-Language", "d\xFF\xC3"}});
    const auto observed = seen(look);
    const auto i = index_of(FeatureId::content_language);
    CHECK(observed.observations.values[i].present());
    CHECK(is_valid_utf8(observed.labels.feature[i]));
    CHECK(observed.labels.feature[index_of(FeatureId::user_agent)] == "none");
    look.message.headers.front().value = std::string(100000, 'x');
    CHECK(seen(look).labels.feature[i].size() == 80);
}

TEST_CASE("another secret gives other hashes for the same mail") {
    const Look look = from("ann", "example.com", "Ann Example");
    const Hasher other(Hasher::Secret{9});
    const auto a = seen(look).observations;
    const auto b = observe(look.message, look.arrival, Direction::Inbound,
                           {other, builtin_asks(), look.own_domains})
                       .observations;
    CHECK(a.sender != b.sender);
    CHECK(a.name != b.name);
    CHECK(a.values[index_of(FeatureId::display_name)].code !=
          b.values[index_of(FeatureId::display_name)].code);
}

TEST_CASE("words of the display name are looked up as domain labels") {
    const auto o = seen(from("x", "far.example", "The Example-Shop of Ann")).observations;
    const auto label = [](const char* host) {
        return seen(from("a", host)).observations.domain_label;
    };
    const auto has = [&](std::uint64_t l) {
        return std::find(o.name_labels.begin(), o.name_labels.end(), l) != o.name_labels.end();
    };
    CHECK(has(label("example.com")));
    CHECK(has(label("shop.example")));
    CHECK_FALSE(has(label("ann.example")));  // three letters
    std::string many;
    for (char c = 'a'; c < 'p'; ++c) many += std::string(5, c) + " ";
    CHECK(seen(from("x", "far.example", many)).observations.name_labels.size() <=
          Observations::kMaxNameLabels);
}

TEST_CASE("organisations of recipients elsewhere are kept, the site's own are not") {
    Look look = from("a", "own.example");
    look.arrival.rcpts = {"x@mail.example.com", "y@example.com", "z@own.example", "@", "w"};
    const auto o = seen(look, Direction::Outbound).observations;
    REQUIRE(o.rcpt_domains.size() == 1);
    CHECK(o.rcpt_domains.front() == domain_key(hasher(), "example.com"));
    look.arrival.rcpts.clear();
    for (int i = 0; i < 40; ++i)
        look.arrival.rcpts.push_back("x@d" + std::to_string(i) + ".example");
    CHECK(seen(look).observations.rcpt_domains.size() == Observations::kMaxRcptDomains);
}

TEST_CASE("a link that writes to somebody who has no part in the mail is a mark") {
    const auto marked = [](std::string_view url, const std::function<void(Look&)>& change = {}) {
        Look look = from("ann", "firm.example");
        look.own_domains = {"own.example"};
        look.message.to = {mailbox("bob", "own.example")};
        look.message.cc = {mailbox("eve", "partner.example")};
        Link link;
        link.scheme = "mailto";
        link.url = url;
        link.place = LinkPlace::Anchor;
        look.message.links = {link};
        if (change) change(look);
        return seen(look).observations.has(Mark::WriteTo);
    };
    CHECK(marked("mailto:Team@far.example?subject=x@y"));
    CHECK_FALSE(marked("mailto:eve@partner.example"));
    CHECK(marked("mailto:other@partner.example"));
    CHECK_FALSE(marked("mailto:desk@lab.firm.example"));
    CHECK_FALSE(marked("mailto:desk@lab.own.example"));
    CHECK_FALSE(marked("mailto:"));
    CHECK_FALSE(marked("mailto:nobody"));
    // Answers that go there make nobody a part of it; a provider's users are not one house.
    CHECK(marked("mailto:team@far.example",
                 [](Look& l) { l.message.reply_to = {mailbox("team", "far.example")}; }));
    CHECK(marked("mailto:team@gmail.com",
                 [](Look& l) { l.message.from = {mailbox("ann", "gmail.com")}; }));
    CHECK_FALSE(
        marked("mailto:team@far.example", [](Look& l) { l.message.links.front().quoted = true; }));
    CHECK_FALSE(marked("mailto:team@far.example", [](Look& l) {
        l.message.links.front().place = LinkPlace::Header;  // List-Unsubscribe
    }));
}

TEST_CASE("each small mark has its mail and its counterpart") {
    Look site = from("it", "far.example", "Site Support");
    site.own_domains = {"site.example"};
    CHECK(seen(site).observations.has(Mark::NamesSite));
    site.message.from.front().domain = "site.example";
    CHECK_FALSE(seen(site).observations.has(Mark::NamesSite));
    CHECK_FALSE(seen(from("it", "far.example", "Site Support")).observations.has(Mark::NamesSite));
    CHECK(seen(with_lines({{"1BoatSLRHtKNngkdXEeobR76b53LETtpyT", LineRole::Own}}))
              .observations.has(Mark::Wallet));
    CHECK_FALSE(seen(with_lines({{"DE89 3704 0044 0532 0130 00", LineRole::Own}}))
                    .observations.has(Mark::Wallet));
    Look locked;
    locked.message.parts = {attachment("application/zip", "a.zip")};
    CHECK_FALSE(seen(locked).observations.has(Mark::Encrypted));
    locked.message.parts.front().encrypted = true;
    CHECK(seen(locked).observations.has(Mark::Encrypted));
    Look form;
    form.message.links = {link_to("a.example", "a.example", LinkPlace::Anchor)};
    CHECK_FALSE(seen(form).observations.has(Mark::Form));
    form.message.links.front().place = LinkPlace::Form;
    CHECK(seen(form).observations.has(Mark::Form));
    CHECK(seen(with_headers({{"X-Spam-Flag", "YES"}})).observations.has(Mark::SaidSpam));
    CHECK_FALSE(seen(with_headers({{"X-Spam-Flag", "NO"}})).observations.has(Mark::SaidSpam));
}

TEST_CASE("a recipient elsewhere who is called like the sender is the sender") {
    const auto to = [](const char* rcpt) {
        Look look = from("a.berg", "own.example", "Anna Berg");
        look.arrival.rcpts = {rcpt};
        return seen(look, Direction::Outbound).observations.has(Mark::ToOwnAddress);
    };
    CHECK(to("a.berg@far.example"));
    CHECK(to("Berg.Anna@far.example"));
    CHECK_FALSE(to("anna.cole@far.example"));
    CHECK_FALSE(to("berg.anna@own.example"));
}

TEST_CASE("what is quoted gives the passages of what was written, whatever broke the lines") {
    std::string text;
    for (int i = 0; i < 300; ++i)
        text += "word" + std::string(1, static_cast<char>('a' + i % 26)) +
                std::string(1, static_cast<char>('a' + i / 26 % 26)) + " ";
    const auto written = seen(with_lines({{text, LineRole::Own}})).observations;
    REQUIRE(written.own_passages.size() > 5);
    CHECK(written.quoted_passages.empty());
    std::vector<TextLine> lines{{"I agree.", LineRole::Own}, {"Ann wrote:", LineRole::Attribution}};
    for (std::size_t at = 0; at < text.size(); at += 70)
        lines.push_back({text.substr(at, 70), LineRole::Quoted});
    const auto answer = seen(with_lines(lines)).observations;
    CHECK(answer.quoted_passages == written.own_passages);
    CHECK(answer.own_passages.empty());
}

TEST_CASE("passages have a bound, and a mail beyond it says so") {
    const auto cut = [](int words) {
        std::string text;
        for (int i = 0; i < words; ++i)
            text += "w" + std::string(1, static_cast<char>('a' + i % 26)) +
                    std::string(1, static_cast<char>('a' + i / 26 % 26)) +
                    std::string(1, static_cast<char>('a' + i / 676 % 26)) + " ";
        return seen(with_lines({{text, LineRole::Own}})).observations;
    };
    CHECK_FALSE(cut(200).has(Mark::TextCut));
    CHECK(cut(4001).has(Mark::TextCut));
    CHECK(cut(4001).own_passages.size() == Observations::kMaxPassages);
}

TEST_CASE("bulk and automatic mail is marked, a person's is not") {
    CHECK(seen(with_headers({{"Precedence", "bulk"}})).observations.automatic);
    CHECK_FALSE(seen(with_headers({{"Subject", "hi"}})).observations.automatic);
}

}  // namespace
