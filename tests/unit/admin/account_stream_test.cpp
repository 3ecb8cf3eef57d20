// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/account_stream.hpp"

#include <nlohmann/json.hpp>

#include <sstream>

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::admin;

namespace {

const Hasher kHasher(Hasher::Secret{1});

constexpr std::int64_t kMonday = 1'767'571'200;

std::string line(const std::string& kind, std::int64_t t, const std::string& account,
                 const std::string& more = "") {
    return R"({"kind":")" + kind + R"(","t":)" + std::to_string(t) + R"(,"account":")" + account +
           "\"" + more + "}\n";
}

}  // namespace

TEST_CASE("a line becomes the event it tells") {
    const auto read = read_stream_line(
        line(
            "rule-activated", kMonday, "anna",
            R"(,"arrived":1767571205,"addr":"192.0.2.7","rule":{"redirects":["a@b.example"],"topics":3,"discards":true})"),
        kHasher);
    REQUIRE(read);
    const auto& e = std::get<StreamedEvent>(*read);
    CHECK(e.event.kind == AccountEventKind::RuleActivated);
    CHECK(e.event.account == "anna");
    CHECK(e.event.client_addr == "192.0.2.7");
    CHECK(to_unix(e.arrived) == kMonday + 5);
    CHECK(e.event.rule.redirects == std::vector<std::string>{"a@b.example"});
    CHECK(e.event.rule.topics == 3);
    CHECK(e.event.rule.discards);
}

TEST_CASE("a line may have a place, of an event and of a mail") {
    const std::string place = R"(,"asn":64496,"country":"DE","lat":52.5,"lon":13.5)";
    const GeoPlace berlin{64496, "DE", GeoPoint{52.5F, 13.5F}};
    const auto event = read_stream_line(line("login", kMonday, "anna", place), kHasher);
    REQUIRE(event);
    CHECK((std::get<StreamedEvent>(*event).event.place == berlin));
    const auto mail = read_stream_line(line("mail", kMonday, "anna", place), kHasher);
    REQUIRE(mail);
    CHECK((std::get<MailRecord>(*mail).place == berlin));
    const auto none = read_stream_line(
        line("login", kMonday, "anna", R"(,"country":"Germany","lat":91,"lon":null)"), kHasher);
    REQUIRE(none);
    CHECK((std::get<StreamedEvent>(*none).event.place == GeoPlace{}));
}

TEST_CASE("a line becomes the mail it tells") {
    const auto read = read_stream_line(
        line("mail", kMonday, "anna",
             R"(,"rcpts":["x@y.example"],"direction":"internal","stratum":"link","evidence":2.5)"),
        kHasher);
    REQUIRE(read);
    const auto& m = std::get<MailRecord>(*read);
    CHECK(m.auth_user == "anna");
    CHECK(m.observations.direction == Direction::Internal);
    CHECK(m.assessment.stratum == Stratum::NewLink);
    CHECK(m.assessment.own_evidence == 2.5);
    CHECK(m.observations.rcpts.size() == 1);
}

TEST_CASE("a line that is none is refused with what is wrong") {
    const auto why = [](const std::string& text) {
        const auto read = read_stream_line(text, kHasher);
        REQUIRE_FALSE(read);
        return read.error().what;
    };
    CHECK(why("") == "not a JSON object");
    CHECK(why("[1]") == "not a JSON object");
    CHECK(why("{}") == "kind  is not known");
    CHECK(why(R"({"kind":"login","t":"x"})") == "t is of the wrong type");
    CHECK(why(R"({"kind":"login","t":1e300})") == "t is no time");
    CHECK(why(R"({"kind":"mail","stratum":"x"})") == "stratum x is not known");
}

TEST_CASE("a replay tells of a takeover and of nothing else, the same each time") {
    std::string stream;
    for (int day = 0; day < 20; ++day)
        for (int i = 0; i < 40; ++i)
            stream +=
                line("login", kMonday + 86400 * day + 9 * 3600 + i, "user" + std::to_string(i),
                     R"(,"addr":"198.51.100.7","service":"imap","client":"Mail")");
    const std::int64_t t = kMonday + 86400 * 20 + 3 * 3600;
    stream += line("login", t, "user7", R"(,"addr":"203.0.113.9","service":"imap")");
    stream += line("rule-activated", t + 60, "user7",
                   R"(,"addr":"203.0.113.9","rule":{"redirects":["a@b.example"]})");
    Config config;
    std::istringstream in(stream), again(stream);
    std::ostringstream out, out_again;
    const auto opened = replay_account_stream(in, config, out);
    REQUIRE(opened);
    CHECK(*opened == 1);
    REQUIRE(replay_account_stream(again, config, out_again));
    CHECK(out.str() == out_again.str());
    std::istringstream lines(out.str());
    std::string first;
    std::getline(lines, first);
    const auto j = nlohmann::json::parse(first);
    CHECK(j["account"] == "user7");
    CHECK(j["opened"] == true);
}

TEST_CASE("a broken line stops a replay with its number") {
    std::istringstream in(line("login", kMonday, "anna") + "\nbroken\n");
    std::ostringstream out;
    const auto opened = replay_account_stream(in, Config{}, out);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().what == "line 3: not a JSON object");
}
