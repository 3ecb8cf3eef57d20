// SPDX-License-Identifier: Apache-2.0
// The report as text, JSON and HTML, and the built program that prints it.
#include "engine/admin/report_output.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <sstream>

#include "engine/base/text.hpp"
#include "tests/unit/admin/site_fixture.hpp"

using namespace kith;
using namespace kith::admin;
using kith::test::held_mail;
using kith::test::passed_mail;
using kith::test::Site;

namespace {

constexpr std::int64_t kNoon = 1772366400;  // 2026-03-01T12:00:00Z

MailRecord would_be_held(const std::string& id, Time time = from_unix(kNoon)) {
    MailRecord r = held_mail();
    r.id = id;
    r.time = time;
    r.action = Action::Accepted;
    r.mode = "passive";
    r.other_filters = {{"rspamd", false, 1.25, 15.0}};
    return r;
}

/// 1000 mails on one day, three of which would be held; of two an admin has said what they are.
Report sample() {
    Config config;
    ReportBuilder builder(config, {from_unix(kNoon - 86400), from_unix(kNoon + 43200), {}, ""}, {});
    for (int i = 0; i < 997; ++i) {
        MailRecord r = passed_mail();
        r.time = from_unix(kNoon);
        builder.add(r);
    }
    for (const char* id : {"aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"})
        builder.add(would_be_held(id));
    AdminRecord said;
    said.id = "aaaaaaaaaaaaaaaa";
    builder.add(RecordType::Release, said);
    said.id = "bbbbbbbbbbbbbbbb";
    builder.add(RecordType::Confirm, said);
    return std::move(builder).finish();
}

std::string text_of(const Report& r) {
    std::ostringstream out;
    print_report(out, r);
    return out.str();
}

std::size_t times(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
}

const std::string kHostile =
    "</p><script>alert(1)</script>\"'&\x1b[31m\xe2\x80\xae<img src=http://evil.example/x>";

}  // namespace

TEST_CASE("the sentences say how much an admin has to look at, and what is known of it") {
    const std::vector<std::string> said = findings(sample());
    REQUIRE(said.size() == 3);
    CHECK(said[0] ==
          "3 mails of 1,000 would have been held in mode enforce: 3.0 a day for an admin to look "
          "at, 3 on the busiest day (2026-03-01).");
    CHECK(said[1] ==
          "Promised: at most 1 in 1000 genuine mails held by mistake, which here is 1.0 a day. Of "
          "the 3 so far admins called 1 good, 1 bad, and 1 nothing yet. Known false alarms: 1 in "
          "1000 mails; 2 if those nobody spoke of are some, too: kith release ID --learn and kith "
          "confirm ID tell.");
    CHECK(said[2] ==
          "rspamd spoke of 3 mails: it passed 3 of the 3 that kith would hold, and called 0 mails "
          "spam that kith does not hold.");
}

TEST_CASE("a time without mail, and one without a held mail, are told as that") {
    Config config;
    const ReportScope scope{from_unix(kNoon - 86400), from_unix(kNoon + 1), {}, ""};
    CHECK(findings(ReportBuilder(config, scope, {}).finish()).at(0) ==
          "No mail was judged in this time.");
    ReportBuilder builder(config, scope, {});
    MailRecord r = passed_mail();
    r.time = from_unix(kNoon);
    builder.add(r);
    CHECK(findings(std::move(builder).finish()).at(0) ==
          "None of 1 mail was held, and none would have been.");
}

TEST_CASE("the text fits a hundred columns, whatever is in a mail") {
    Report r = sample();
    ReportMail& m = r.mails.front();
    m.from = m.rcpt = m.subject = std::string(300, 'w') + kHostile;
    m.reasons = {std::string(390, 'x'), kHostile};
    m.tags.assign(16, std::string(60, 't'));
    const std::string text = text_of(r);
    for (const std::string_view line : split(text, '\n')) {
        INFO(line);
        CHECK(std::count_if(line.begin(), line.end(), [](char c) {
                  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
              }) <= 100);
    }
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find("\xe2\x80\xae") == std::string::npos);
}

TEST_CASE("the text has the figures in columns and the mails with their reasons") {
    const std::string text = text_of(sample());
    CHECK(text.find("inbound   1,000     997       0     0           3        3        0") !=
          std::string::npos);
    CHECK(text.find("2026-03-01    1,000         0         0       0     0           3") !=
          std::string::npos);
    CHECK(text.find("  12:00   88.0  would hold  inbound   aaaaaaaaaaaaaaaa\n"
                    "       anna@supplier.example -> bert@example.org +1\n"
                    "       - first link to forms.example in 214 mails over 296 days\n") !=
          std::string::npos);
    CHECK(text.find("new-link; rspamd: no 1.2 of 15.0; an admin released it\n") !=
          std::string::npos);
    CHECK(text.find("rspamd      3     0                3               0        0\n") !=
          std::string::npos);
}

TEST_CASE("JSON has the same figures") {
    const Json j = report_json(sample());
    CHECK(j["total"]["judged"] == 1000);
    CHECK(j["total"]["would_hold"] == 3);
    CHECK(j["total"]["unsaid"] == 1);
    CHECK(j["directions"]["inbound"]["passed"] == 997);
    CHECK(j["rates"]["holds_per_1000"] == 3.0);
    CHECK(j["rates"]["false_per_1000"] == 1.0);
    CHECK(j["rates"]["false_at_most_per_1000"] == 2.0);
    CHECK(j["to_look_at"]["most_on_a_day"] == 3);
    CHECK(j["days"][0]["day"] == "2026-03-01");
    CHECK(j["mails"][0]["id"] == "cccccccccccccccc");
    CHECK(j["mails"][2]["state"] == "released");
    CHECK(j["mails"][0]["other_filters"][0]["required"] == 15.0);
    CHECK(j["other_filters"][0]["only_kith"] == 3);
}

TEST_CASE("the page is whole by itself, forbids everything else and shows hostile text as text") {
    Report r = sample();
    ReportMail& m = r.mails.front();
    m.from = m.rcpt = m.subject = m.id = kHostile;
    m.reasons = m.tags = {kHostile};
    m.other_filters = {{kHostile, true, 1.0, 2.0}};
    r.senders = {{kHostile, "", 1, 1}};
    r.reasons = {{kHostile, kHostile, 1, 1}};
    r.other_filters[kHostile] = {};
    r.mode = r.neutral_why = kHostile;
    r.directions[0].neutral = 1;
    const std::string page = report_html(r);
    CHECK(page.find("content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                    "form-action 'none'\"") != std::string::npos);
    CHECK(page.find("<script") == std::string::npos);
    CHECK(page.find("<img") == std::string::npos);
    CHECK(page.find("src=\"") == std::string::npos);
    CHECK(page.find("url(") == std::string::npos);
    CHECK(page.find(" style=\"") == std::string::npos);
    CHECK(page.find('\x1b') == std::string::npos);
    CHECK(page.find("\xe2\x80\xae") == std::string::npos);
    CHECK(page.find("&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;") !=
          std::string::npos);
    for (const char* tag :
         {"p", "ul", "section", "svg", "table", "tr", "td", "div", "g", "title"}) {
        INFO(tag);
        CHECK(times(page, std::string("<") + tag + ">") +
                  times(page, std::string("<") + tag + " ") ==
              times(page, std::string("</") + tag + ">"));
    }
}

TEST_CASE("the page has a bar for each day with suspicious mail, and its figures by name") {
    const std::string page = report_html(sample());
    CHECK(page.find("<title>2026-03-01: 3 would have been held</title>") != std::string::npos);
    CHECK(page.find("<title>2026-03-01: 1,000 inbound</title>") != std::string::npos);
    CHECK(page.find("data-figure=\"total.judged\">1,000</b>") != std::string::npos);
    CHECK(page.find("data-figure=\"days.2026-03-01.total.would_hold\">3</td>") !=
          std::string::npos);
    CHECK(page.find("data-figure=\"other_filters.rspamd.only_kith\">3</td>") != std::string::npos);
}

TEST_CASE("a report of ten years is a page like any other") {
    Report r = sample();
    r.scope.since = from_unix(kNoon - 3650LL * 86400);
    for (int day = 0; day < 3650; ++day)
        r.days[day_number(r.scope.since) + day][0].judged = 1'000'000'000;
    CHECK(report_html(r).size() < 4'000'000);
}

TEST_CASE("the program prints the report, as JSON, and into a file that is there as a whole") {
    Site site;
    site.configure("mode: passive\n");
    const Time now = SystemClock().now();
    MailRecord odd = would_be_held("aaaaaaaaaaaaaaaa", now - Seconds(3600));
    odd.from = "<b>\x1b" + odd.from;
    site.seen({odd, would_be_held("bbbbbbbbbbbbbbbb", now - Seconds(10 * 86400))});
    const auto text = site.kith({"report"});
    INFO(text.err);
    CHECK(text.status == 0);
    CHECK(text.out.find("1 mail of 1 would have been held in mode enforce") != std::string::npos);
    const auto all = Json::parse(site.kith({"report", "--since", "30d", "--json"}).out);
    CHECK(all["total"]["would_hold"] == 2);
    CHECK(all["mode"] == "passive");

    const std::string file = site.dir.write("out/report.html", "old");
    const auto written = site.kith({"report", "--since", "30d", "--html", file});
    INFO(written.err);
    CHECK(written.status == 0);
    CHECK(written.out == file + " written\n");
    CHECK(site.dir.read("out/report.html").find("</html>\n") != std::string::npos);
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
    CHECK(std::distance(std::filesystem::directory_iterator(site.dir.path() / "out"), {}) == 1);
}

TEST_CASE("what cannot be reported or written is an error with what to do") {
    Site site;
    site.seen({held_mail()});
    const auto error = [&](std::vector<std::string> more, int status) {
        more.insert(more.begin(), "report");
        const auto out = site.kith(more);
        CHECK(out.status == status);
        return out.err;
    };
    CHECK(error({"--domain", "other.example"}, 64).find("not an own domain") != std::string::npos);
    CHECK(error({"--direction", "sideways"}, 64).find("sideways") != std::string::npos);
    CHECK(error({"--until", "soon"}, 64).find("--until soon: neither") != std::string::npos);
    CHECK(error({"--since", "1d", "--until", "2d"}, 64).find("not after") != std::string::npos);
    const std::string future = error({"--since", "2999-12-31"}, 64);
    CHECK(future.find("--since 2999-12-31: lies in the future") != std::string::npos);
    CHECK(future.find("--until") == std::string::npos);
    CHECK(error({"--html", "/nowhere/report.html"}, 66).find("/nowhere/report.html") !=
          std::string::npos);
    CHECK(error({"--html", "/dev/null"}, 64).find("no regular file") != std::string::npos);
    CHECK(Json::parse(site.kith({"report", "--since", "2026-03-01", "--until", "2026-03-01",
                                 "--json", "--domain", "example.org"})
                          .out)["total"]["held"] == 1);
}
