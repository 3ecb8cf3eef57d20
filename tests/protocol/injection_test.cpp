// SPDX-License-Identifier: Apache-2.0
// Everything a sender chooses, filled with what forges lines, fields, headers and terminals: the
// log stays one line an event with the fields kith wrote, and nothing but kith's own headers is
// asked of the MTA.
#include <algorithm>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/protocol/learned_site.hpp"
#include "tests/protocol/milter_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_mta.hpp"
#include "tests/support/hostile_text.hpp"

namespace kith::test {
namespace {

/// What one mail is filled with, and where.
struct Client {
    std::string host = "out.partner.example";
    std::string helo = "out.partner.example";
};
struct Place {
    const char* name;
    std::function<void(Client&, FakeMail&, const std::string&)> fill;
};

Place header_place(const char* name, const char* field, std::string before, std::string after) {
    return {name, [field, before, after](Client&, FakeMail& mail, const std::string& bytes) {
                const std::string value = " " + before + bytes + after;
                for (auto& [header, old] : mail.headers)
                    if (header == field) {
                        old = value;
                        return;
                    }
                mail.headers.push_back({field, value});
            }};
}

const std::vector<Place>& places() {
    static const std::vector<Place> all = {
        {"sender",
         [](Client&, FakeMail& m, const std::string& x) { m.sender = "<a" + x + "@b.example>"; }},
        {"sender's domain",
         [](Client&, FakeMail& m, const std::string& x) { m.sender = "<a@b" + x + ".example>"; }},
        {"recipient", [](Client&, FakeMail& m,
                         const std::string& x) { m.recipients = {"<ben" + x + "@site.example>"}; }},
        {"host name",
         [](Client& c, FakeMail&, const std::string& x) { c.host = "h" + x + ".example"; }},
        {"HELO", [](Client& c, FakeMail&, const std::string& x) { c.helo = "h" + x + ".example"; }},
        {"login", [](Client&, FakeMail& m, const std::string& x) { m.login = "l" + x; }},
        {"header name",
         [](Client&, FakeMail& m, const std::string& x) {
             m.headers.push_back({"X-Y" + x, " z"});
         }},
        {"own header's name",
         [](Client&, FakeMail& m, const std::string& x) {
             m.headers.push_back({"X-Kith-" + x, " z"});
         }},
        {"link",
         [](Client&, FakeMail& m, const std::string& x) {
             m.body = "log in: https://h" + x + ".example/p" + x + "\r\n";
         }},
        {"body",
         [](Client&, FakeMail& m, const std::string& x) {
             m.body = "Please open https://odd.example/x and log in." + x + "\r\n";
         }},
        header_place("display name", "From", "\"Anna ", "\" <anna@partner.example>"),
        header_place("From address", "From", "Anna <anna", "@partner.example>"),
        header_place("From domain", "From", "Anna <anna@partner", ".example>"),
        header_place("To", "To", "\"Ben ", "\" <ben@site.example>"),
        header_place("Reply-To", "Reply-To", "<x", "@y.example>"),
        header_place("Subject", "Subject", "plan ", ""),
        header_place("Message-ID", "Message-ID", "<1", "@partner.example>"),
        header_place("In-Reply-To", "In-Reply-To", "<1", "@partner.example>"),
        header_place("Date", "Date", "Mon, 02 Mar 2026 10:00:00 +0100 ", ""),
        header_place("program", "X-Mailer", "Odd ", ""),
        header_place("received", "Received", "from ",
                     " by mx.partner.example; Mon, 02 Mar 2026 10:00:00 +0100"),
        header_place("list", "List-Id", "<", ".partner.example>"),
        header_place("results", "Authentication-Results",
                     "mx.site.example; dkim=pass header.d=partner.example", ""),
        header_place("signature", "DKIM-Signature", "v=1; d=partner", ".example; s=s"),
        header_place("file name", "Content-Type", "application/pdf; name=\"invoice", ".pdf\""),
        header_place("charset", "Content-Type", "text/plain; charset=\"", "\""),
        header_place("boundary", "Content-Type", "multipart/mixed; boundary=\"", "\""),
    };
    return all;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

/// The fields of a line after its message; nullopt when it is not key=value through and through.
std::optional<Fields> fields_of(std::string_view text) {
    Fields out;
    while (!text.empty()) {
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos || equals == 0) return std::nullopt;
        const std::string key(text.substr(0, equals));
        if (key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string::npos)
            return std::nullopt;
        text.remove_prefix(equals + 1);
        const bool quoted = !text.empty() && text.front() == '"';
        if (quoted) text.remove_prefix(1);
        const std::size_t end = std::min(text.find(quoted ? '"' : ' '), text.size());
        out.push_back({key, std::string(text.substr(0, end))});
        if (!quoted && out.back().second.find_first_of("\"=") != std::string::npos)
            return std::nullopt;
        text.remove_prefix(end);
        if (quoted) {
            if (text.empty()) return std::nullopt;
            text.remove_prefix(1);
        }
        if (text.empty()) break;
        if (text.front() != ' ') return std::nullopt;
        text.remove_prefix(1);
    }
    return out;
}

std::string value_of(const Fields& fields, std::string_view key) {
    std::string out;
    int times = 0;
    for (const auto& [k, v] : fields)
        if (k == key) {
            out = v;
            ++times;
        }
    return times == 1 ? out : std::to_string(times) + " times";
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

void check_answer(const EomAnswer& answer) {
    static const std::vector<std::string> kNames = {"X-Kith-Score", "X-Kith-Verdict", "X-Kith-Tags",
                                                    "X-Kith-Reason", "X-Kith-Id"};
    const auto printable = [](char c) { return c >= 0x20 && c < 0x7f; };
    REQUIRE(answer.is_accepted());
    for (const auto& header : answer.inserted) {
        CHECK(std::find(kNames.begin(), kNames.end(), header.name) != kNames.end());
        for (std::size_t i = 0; i < header.value.size(); ++i) {
            if (header.value[i] == '\n') {
                REQUIRE(i + 2 < header.value.size());
                CHECK(header.value[i + 1] == ' ');
                CHECK(header.value[i + 2] != ' ');  // never a line of nothing but blanks
            } else {
                REQUIRE(printable(header.value[i]));
            }
        }
    }
    for (const auto& change : answer.changed) {
        CHECK(change.value.empty());
        CHECK(change.name.rfind("x-kith-", 0) == 0);
    }
    if (!answer.quarantine) return;
    CHECK(answer.quarantine->size() <= 100);
    CHECK(std::all_of(answer.quarantine->begin(), answer.quarantine->end(), printable));
}

TEST_CASE("SEC-11: nothing a sender writes forges a line or field of the log or a header") {
    const MilterProcess milter(enforcing_setup());
    learn_for(milter);
    int number = 0;
    std::size_t held = 0;
    for (const Place& place : places()) {
        for (const HostileText& payload : hostile_texts()) {
            INFO(place.name << ": " << payload.name);
            Client client;
            FakeMail mail = delayed_mail();
            mail.queue_id = "4INJ" + std::to_string(++number);
            place.fill(client, mail, payload.bytes);
            auto mta = FakeMta::connect(milter.socket());
            REQUIRE(mta);
            REQUIRE(mta->negotiate());
            mta->connection(client.host, '4', "192.0.2.7");
            mta->helo(client.helo);
            const EomAnswer answer = mta->send(mail);
            check_answer(answer);
            if (answer.quarantine) ++held;
            REQUIRE(milter.logs("kith-milter: info: " + mail.queue_id + ": id="));
        }
    }
    CHECK(held > static_cast<std::size_t>(number) / 2);  // reasons are written for most of them

    int judged = 0;
    for (const std::string& line : lines_of(milter.log())) {
        INFO(line);
        REQUIRE(is_plain(line));
        REQUIRE(line.rfind("kith-milter: ", 0) == 0);
        const std::size_t begin = line.find(": id=");
        if (begin == std::string::npos) continue;
        REQUIRE(line.rfind("kith-milter: info: 4INJ" + std::to_string(judged + 1) + ": id=", 0) ==
                0);
        ++judged;
        const auto fields = fields_of(std::string_view(line).substr(begin + 2));
        REQUIRE(fields);
        for (const char* key :
             {"id", "from", "to", "dir", "score", "stratum", "verdict", "action", "mode", "ms"})
            CHECK(value_of(*fields, key) != "0 times");
        for (const auto& [key, value] : *fields) CHECK(value_of(*fields, key) == value);  // once
        CHECK(line.size() < 8192);
    }
    CHECK(judged == number);
    CHECK(milter.journal(static_cast<std::size_t>(number)).size() ==
          static_cast<std::size_t>(number) + 330);
}

TEST_CASE("SEC-11: a queue id of hostile bytes forges nothing either") {
    const MilterProcess milter;
    const auto judged = [&] {
        std::vector<std::string> found;
        for (const std::string& line : lines_of(milter.log())) {
            REQUIRE(line.rfind("kith-milter: ", 0) == 0);
            if (line.find(": id=") != std::string::npos) found.push_back(line);
        }
        return found;
    };
    std::size_t mails = 0;
    for (const HostileText& payload : hostile_texts()) {
        INFO(payload.name);
        FakeMail mail;
        mail.queue_id = payload.bytes;
        FakeMta mta = milter.mta();
        check_answer(mta.send(mail));
        ++mails;
        REQUIRE(eventually([&] { return judged().size() >= mails; }));
        REQUIRE(judged().size() == mails);
        const std::string line = judged().back();
        INFO(line);
        CHECK(is_plain(line));
        CHECK(fields_of(std::string_view(line).substr(line.find(": id=") + 2)));
    }
}

TEST_CASE("SEC-07: own headers are taken away however a sender writes their names") {
    struct Row {
        NamedValues headers;
        std::vector<std::string> removed;
    };
    const auto row = GENERATE(values<Row>({
        {{{"X-Kith-Score", " 0"}}, {"x-kith-score#1"}},
        {{{"x-KITH-score", " 0"}}, {"x-kith-score#1"}},
        {{{"X-Kith-Score", " 0\n\tX-Kith-Verdict: pass"}}, {"x-kith-score#1"}},
        {{{"X-Kith-Score", ""}}, {"x-kith-score#1"}},
        {{{"X-Kith-Score", " 1"}, {"Subject", " between"}, {"X-KITH-Score", " 2"}},
         {"x-kith-score#2", "x-kith-score#1"}},
        {{{"X-Kith-Anything", " 1"}}, {"x-kith-anything#1"}},
        {{{"X-Kith-", " 1"}}, {"x-kith-#1"}},
        {{{"X-Kith", " 1"}}, {}},
        {{{"X-Not-Kith-Score", " 1"}}, {}},
    }));
    const MilterProcess milter;
    FakeMail mail;
    mail.headers.insert(mail.headers.begin() + 2, row.headers.begin(), row.headers.end());
    FakeMta mta = milter.mta();
    const EomAnswer answer = mta.send(mail);
    REQUIRE(answer.is_accepted());
    std::vector<std::string> removed;
    for (const auto& change : answer.changed) {
        CHECK(change.value.empty());
        removed.push_back(change.name + "#" + std::to_string(change.index));
    }
    CHECK(removed == row.removed);
    CHECK(answer.own_header("X-Kith-Score") == "0");
}

}  // namespace
}  // namespace kith::test
