// SPDX-License-Identifier: Apache-2.0
// The report as one HTML file. Everything is in it: style, charts as SVG, figures as text; no
// script. Each figure that JSON has too carries its path there as data-figure, so that a test can
// compare them. Covered by tests/unit/admin/report_output_test.cpp, tests/e2e/report_test.py.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "engine/admin/report_output.hpp"

namespace kith::admin {
namespace {

constexpr std::size_t kMaxChartDays = 400;

/// Text of a mail: what steers a display is spelt out first, then nothing of it is markup.
std::string html(std::string_view text, std::size_t max_bytes = 500) {
    std::string out;
    for (const char c : cell(text, max_bytes)) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--page:#f4f6f8;--card:#ffffff;--ink:#18212c;--soft:#576373;--line:#dde3ea;--grid:#e6ebf0;
--inbound:#0072b2;--outbound:#e0a100;--internal:#009e73;--held:#a3201b;--would:#dd6b20;--tagged:#e9c46a;--unready:#9aa7b5;
--good:#00785a;--bad:#a3201b;--accent:#0072b2}
@media (prefers-color-scheme:dark){:root{--page:#10151b;--card:#192029;--ink:#e8edf2;--soft:#9fadbb;--line:#2d3743;--grid:#28313b;
--inbound:#4ea6dd;--outbound:#efbd47;--internal:#39c69a;--held:#f2655d;--would:#f0934e;--tagged:#d9bd62;--unready:#6c7a88;
--good:#4fd0a5;--bad:#ff8a80;--accent:#4ea6dd}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:28px 20px 56px}
header h1{font-size:25px;line-height:1.25;margin:0 0 4px}
header p{margin:0;color:var(--soft)}
h2{font-size:17px;margin:0 0 10px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin-top:18px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-top:20px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px}
.tile b{display:block;font-size:27px;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:13px}
ul.findings{margin:0;padding-left:20px}
ul.findings li{margin:5px 0}
ul.findings li:first-child{font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th{color:var(--soft);font-weight:600;font-size:12.5px;text-align:right;padding:5px 10px;border-bottom:1px solid var(--line);vertical-align:bottom}
td{padding:5px 10px;border-bottom:1px solid var(--grid);text-align:right;font-variant-numeric:tabular-nums;vertical-align:top}
tr:last-child td{border-bottom:0}
th:first-child,td:first-child,th.text,td.text{text-align:left}
td.text{overflow-wrap:anywhere;font-variant-numeric:normal}
tr.sum td{font-weight:650;border-top:1px solid var(--line)}
td.zero{color:var(--soft)}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font-size:11px;font-family:inherit}
.grid{stroke:var(--grid);stroke-width:1}
.base{stroke:var(--line);stroke-width:1}
.inbound{fill:var(--inbound)}.outbound{fill:var(--outbound)}.internal{fill:var(--internal)}
.held{fill:var(--held)}.would{fill:var(--would)}.tagged{fill:var(--tagged)}.unready{fill:var(--unready)}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 8px;color:var(--soft);font-size:13px}
.legend svg{display:inline-block;width:11px;height:11px;margin-right:6px;vertical-align:-1px}
.mail{border-top:1px solid var(--grid);padding:11px 0}
.mail:first-of-type{border-top:0}
.mail p{margin:2px 0}
.who{overflow-wrap:anywhere;font-weight:600}
.subject{font-weight:400;font-style:italic}
.meta{color:var(--soft);font-size:13px;overflow-wrap:anywhere}
.reasons{margin:3px 0;padding-left:18px;overflow-wrap:anywhere}
.pill{display:inline-block;border-radius:99px;padding:0 8px;margin-right:6px;font-size:12px;line-height:19px;border:1px solid currentColor}
.pill.held,.pill.confirmed{color:var(--bad)}.pill.would{color:var(--would)}.pill.unready{color:var(--soft)}.pill.released{color:var(--good)}
h3{font-size:14px;margin:18px 0 2px;color:var(--soft);font-weight:600}
h3:first-of-type{margin-top:4px}
.note{color:var(--soft);font-size:13px;margin:8px 0 0}
footer{color:var(--soft);font-size:13px;margin-top:22px}
code{font-family:ui-monospace,"Liberation Mono",monospace;font-size:.93em;overflow-wrap:anywhere}
@media print{body{background:#fff}section,.tile{break-inside:avoid}}
)css";

class Page {
public:
    explicit Page(const Report& report) : r_(report), all_(report.total()) {}
    std::string made() {
        head();
        tiles();
        said();
        charts();
        directions();
        mails();
        filters();
        ranked("First reasons", "Reason", "reasons", r_.reasons);
        ranked("Senders", "Sender", "senders", r_.senders);
        days();
        out_ +=
            "<footer>Days and times are UTC. Made by <code>kith report</code>; the file needs "
            "nothing else and sends nothing. It names senders and recipients: keep it as you keep "
            "the mail log.</footer>\n</main>\n</body>\n</html>\n";
        return std::move(out_);
    }

private:
    template <class... Args>
    void put(fmt::format_string<Args...> form, Args&&... args) {
        fmt::format_to(std::back_inserter(out_), form, std::forward<Args>(args)...);
    }

    void head() {
        out_ +=
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
            "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
            "<meta name=\"referrer\" content=\"no-referrer\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
        put("<title>kith report, {}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n",
            html(scope_text(r_)), kStyle);
        put("<header><h1>What kith {}</h1>\n<p>{} &middot; mode {}</p></header>\n",
            all_.would_hold > 0 && all_.held == 0 ? "would have held" : "held and tagged",
            html(scope_text(r_)), html(r_.mode));
    }

    void tile(std::string_view figure, const std::string& value, std::string_view label) {
        put("<div class=\"tile\"><b data-figure=\"{}\">{}</b><span>{}</span></div>\n", figure,
            value, label);
    }

    void tiles() {
        out_ += "<div class=\"tiles\">\n";
        tile("total.judged", grouped(all_.judged), "mails judged");
        if (all_.held > 0) tile("total.held", grouped(all_.held), "held");
        tile("total.would_hold", grouped(all_.would_hold), "would have been held");
        tile("to_look_at.per_day",
             fmt::format("{:.2f}", static_cast<double>(all_.holds()) / r_.span_days()),
             "a day to look at");
        tile("rates.holds_per_1000",
             fmt::format("{:.2f}", in_1000(all_.holds(), promised_mails(all_))),
             "in 1000, attacks included");
        tile("rates.false_per_1000",
             fmt::format("{:.2f}", in_1000(all_.released, promised_mails(all_))),
             fmt::format("known false alarms in 1000; promised: {}",
                         rate_text(r_.budget.holds_per_1000)));
        tile("total.tagged", grouped(all_.tagged), "tagged and delivered");
        out_ += "</div>\n";
    }

    void said() {
        out_ += "<section><h2>What that means</h2>\n<ul class=\"findings\">\n";
        for (const std::string& finding : findings(r_)) put("<li>{}</li>\n", html(finding, 2000));
        out_ += "</ul></section>\n";
    }

    struct Series {
        const char* kind;  ///< class of the style
        const char* label;
        std::uint64_t (*value)(const DirectionTallies&);
    };

    /// Steps of 1, 2 or 5 times a power of ten: at most five of them reach `most`.
    static std::uint64_t step_for(std::uint64_t most) {
        for (std::uint64_t ten = 1;; ten *= 10)
            for (const std::uint64_t n : {1U, 2U, 5U})
                if (most <= 5 * n * ten) return n * ten;
    }

    /// The days of the charts, none left out; the newest kMaxChartDays.
    [[nodiscard]] std::pair<std::int32_t, std::int32_t> chart_days() const {
        if (r_.days.empty()) return {0, -1};
        const std::int32_t last =
            std::max(r_.days.rbegin()->first, day_number(r_.scope.until - Seconds(1)));
        const auto most = static_cast<std::int32_t>(kMaxChartDays);
        return {std::max({r_.days.begin()->first, last - most + 1}), last};
    }

    template <std::size_t N>
    void chart(const char* title, const char* name, const std::array<Series, N>& series) {
        constexpr double kWidth = 1000, kHeight = 210, kLeft = 46, kRight = 6, kTop = 10,
                         kBottom = 24;
        const auto [first, last] = chart_days();
        const int n = last - first + 1;
        if (n < 1) return;
        std::uint64_t most = 1;
        for (const auto& [day, tallies] : r_.days) {
            std::uint64_t sum = 0;
            for (const Series& s : series) sum += s.value(tallies);
            most = std::max(most, sum);
        }
        const std::uint64_t step = step_for(most);
        const std::uint64_t top = (most + step - 1) / step * step;
        const double slot = (kWidth - kLeft - kRight) / n, bar = std::min(44.0, slot * .7);
        const double unit = (kHeight - kTop - kBottom) / static_cast<double>(top);
        const double floor = kHeight - kBottom;
        put("<section><h2>{}</h2>\n<p class=\"legend\">", title);
        for (const Series& s : series) {
            if (std::none_of(r_.days.begin(), r_.days.end(),
                             [&](const auto& day) { return s.value(day.second) > 0; }))
                continue;
            put("<span><svg viewBox=\"0 0 11 11\" aria-hidden=\"true\"><rect width=\"11\" "
                "height=\"11\" rx=\"2\" class=\"{}\"/></svg>{}</span>",
                s.kind, s.label);
        }
        put("</p>\n<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" id=\"{}\">\n", kWidth,
            kHeight, title, name);
        for (std::uint64_t y = 0; y <= top; y += step) {
            const double at = floor - static_cast<double>(y) * unit;
            put("<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>"
                "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
                kLeft, kWidth - kRight, at, at, y == 0 ? "base" : "grid", kLeft - 6, at + 4,
                grouped(y));
        }
        const int every = std::max(1, static_cast<int>(std::ceil(n / 12.0)));
        for (std::int32_t day = first; day <= last; ++day) {
            const double middle = kLeft + slot * (day - first + .5);
            if ((last - day) % every == 0)
                put("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", middle,
                    kHeight - 7, day_text(day).substr(5));
            const auto found = r_.days.find(day);
            if (found == r_.days.end()) continue;
            std::string told, bars;
            double y = floor;
            for (const Series& s : series) {
                const std::uint64_t value = s.value(found->second);
                if (value == 0) continue;
                told += fmt::format("{}{} {}", told.empty() ? "" : ", ", grouped(value), s.label);
                const double height = static_cast<double>(value) * unit;
                y -= height;
                // A hair of the background between the pieces of a bar.
                bars += fmt::format(
                    "<rect x=\"{:.1f}\" y=\"{:.2f}\" width=\"{:.1f}\" "
                    "height=\"{:.2f}\" class=\"{}\"/>",
                    middle - bar / 2, y, bar, std::max(.5, height - 1), s.kind);
            }
            if (!bars.empty()) put("<g><title>{}: {}</title>{}</g>\n", day_text(day), told, bars);
        }
        out_ += "</svg></section>\n";
    }

    void charts() {
        constexpr std::array<Series, 4> kVerdicts{{
            {"held", "held", [](const DirectionTallies& t) { return sum(t).held; }},
            {"would", "would have been held",
             [](const DirectionTallies& t) { return sum(t).would_hold; }},
            {"unready", "suspicious, but not ready to hold",
             [](const DirectionTallies& t) { return sum(t).suspicious; }},
            {"tagged", "tagged",
             [](const DirectionTallies& t) { return sum(t).tagged - sum(t).suspicious; }},
        }};
        constexpr std::array<Series, 3> kJudged{{
            {"inbound", "inbound", [](const DirectionTallies& t) { return t[0].judged; }},
            {"outbound", "outbound", [](const DirectionTallies& t) { return t[1].judged; }},
            {"internal", "internal", [](const DirectionTallies& t) { return t[2].judged; }},
        }};
        chart("Suspicious mail a day", "chart-verdicts", kVerdicts);
        chart("Mail judged a day", "chart-judged", kJudged);
    }

    void number(std::string_view figure, std::uint64_t n) {
        put("<td{} data-figure=\"{}\">{}</td>", n == 0 ? " class=\"zero\"" : "", figure,
            grouped(n));
    }

    void tally_row(const std::string& name, const std::string& path, const Tally& t,
                   bool is_sum = false) {
        put("<tr{}><td>{}</td>", is_sum ? " class=\"sum\"" : "", name);
        for (const auto& [figure, n] :
             {std::pair("judged", t.judged), std::pair("passed", t.passed),
              std::pair("tagged", t.tagged), std::pair("held", t.held),
              std::pair("would_hold", t.would_hold), std::pair("delayed", t.delayed),
              std::pair("not_ready", t.not_ready), std::pair("neutral", t.neutral),
              std::pair("released", t.released), std::pair("confirmed", t.confirmed)})
            number(path + "." + figure, n);
        out_ += "</tr>\n";
    }

    void tally_head(const char* first) {
        put("<div class=\"scroll\"><table><tr><th>{}</th><th>mails</th><th>passed</th>"
            "<th>tagged</th><th>held</th><th>would have<br>been held</th><th>delayed</th>"
            "<th>not ready</th><th>not "
            "judged</th><th>released</th><th>confirmed<br>bad</th></tr>\n",
            first);
    }

    void directions() {
        out_ += "<section><h2>By direction</h2>\n";
        tally_head("Direction");
        for (const Direction d : kDirections) {
            const std::string name(to_string(d));
            tally_row(name, "directions." + name, r_.directions[static_cast<std::size_t>(d)]);
        }
        tally_row("all", "total", all_, true);
        out_ += "</table></div>\n";
        for (const Direction d : kDirections) {
            const auto& known = r_.readiness[static_cast<std::size_t>(d)];
            if (!known || known->mails == 0) continue;
            if (r_.is_ready(d))
                put("<p class=\"note\">{}: ready to hold mail.</p>\n", to_string(d));
            else
                put("<p class=\"note\">{}: {} of {} mails seen that are needed before any is "
                    "held.</p>\n",
                    to_string(d), grouped(known->mails), grouped(mails_needed(r_.budget)));
        }
        out_ += "</section>\n";
    }

    void days() {
        if (r_.days.empty()) return;
        out_ += "<section><h2>By day</h2>\n";
        tally_head("Day");
        for (const auto& [day, tallies] : r_.days)
            tally_row(day_text(day), "days." + day_text(day) + ".total", sum(tallies));
        out_ += "</table></div></section>\n";
    }

    void pill(std::string_view kind, std::string_view text) {
        put("<span class=\"pill {}\">{}</span>", kind, text);
    }

    void mail(const ReportMail& m) {
        put("<div class=\"mail\" data-id=\"{}\">\n<p class=\"meta\">", html(m.id));
        pill(m.fate == Fate::Held        ? "held"
             : m.fate == Fate::WouldHold ? "would"
                                         : "unready",
             m.fate == Fate::Held        ? "held"
             : m.fate == Fate::WouldHold ? "would have been held"
                                         : "suspicious, not ready");
        if (m.state != MailState::None)
            pill(to_string(m.state),
                 m.state == MailState::Released ? "released by an admin" : "confirmed as bad");
        put("{} &middot; score {} &middot; {} &middot; <code>{}</code></p>\n",
            iso8601(m.time).substr(11, 5), fixed1(m.score), to_string(m.direction), html(m.id));
        put("<p class=\"who\">{} &rarr; {}{}</p>\n", html(m.from.empty() ? "<>" : m.from),
            html(m.rcpt),
            m.rcpt_count > 1 ? fmt::format(" and {} more", m.rcpt_count - 1) : std::string());
        if (!m.subject.empty()) put("<p class=\"who subject\">{}</p>\n", html(m.subject));
        if (!m.reasons.empty()) {
            out_ += "<ul class=\"reasons\">";
            for (const std::string& reason : m.reasons) put("<li>{}</li>", html(reason));
            out_ += "</ul>\n";
        }
        std::string rest;
        for (const std::string& tag : m.tags) rest += (rest.empty() ? "" : ", ") + html(tag);
        for (const OtherFilter& said : m.other_filters)
            rest += (rest.empty() ? "" : " &middot; ") + html(said.filter) + ": " +
                    html(said_text(said));
        if (!rest.empty()) put("<p class=\"meta\">{}</p>\n", rest);
        out_ += "</div>\n";
    }

    void mails() {
        if (r_.mails.empty()) return;
        out_ += "<section id=\"mails\"><h2>Worth a look</h2>\n";
        std::int32_t day = 0;
        for (auto m = r_.mails.rbegin(); m != r_.mails.rend(); ++m) {
            if (m == r_.mails.rbegin() || day_number(m->time) != day) {
                day = day_number(m->time);
                put("<h3>{}</h3>\n", day_text(day));
            }
            mail(*m);
        }
        if (r_.left_out > 0) put("<p class=\"note\">and {} older ones</p>\n", grouped(r_.left_out));
        out_ += "</section>\n";
    }

    void filters() {
        if (r_.other_filters.empty()) return;
        out_ +=
            "<section><h2>Beside other filters</h2>\n<div class=\"scroll\"><table><tr>"
            "<th>Filter</th><th>mails it spoke of</th><th>both</th><th>only kith holds</th>"
            "<th>only the other</th><th>neither</th></tr>\n";
        for (const auto& [name, with] : r_.other_filters) {
            const std::string path = "other_filters." + html(name);
            put("<tr><td class=\"text\">{}</td>", html(name));
            number(path + ".mails", with.mails());
            number(path + ".both", with.both);
            number(path + ".only_kith", with.only_kith);
            number(path + ".only_other", with.only_other);
            number(path + ".neither", with.neither);
            out_ += "</tr>\n";
        }
        out_ +=
            "</table></div>\n<p class=\"note\">By the topmost of the fields X-Spam*, X-Spamd*, "
            "X-Rspamd* and X-Virus-Status in each mail; where no filter of yours writes them, a "
            "sender may have.</p></section>\n";
    }

    void ranked(const char* title, const char* what, const char* path,
                const std::vector<Ranked>& all) {
        if (all.empty()) return;
        put("<section><h2>{}</h2>\n<div class=\"scroll\"><table id=\"{}\"><tr><th>{}</th><th>held "
            "or "
            "would be</th><th>tagged</th></tr>\n",
            title, path, what);
        for (const Ranked& one : all) {
            put("<tr><td class=\"text\">{}", html(one.name.empty() ? "<>" : one.name));
            if (!one.example.empty()) put("<br><span class=\"meta\">{}</span>", html(one.example));
            put("</td><td>{}</td><td>{}</td></tr>\n", grouped(one.holds), grouped(one.tagged));
        }
        out_ += "</table></div></section>\n";
    }

    const Report& r_;
    Tally all_;
    std::string out_;
};

}  // namespace

std::string report_html(const Report& report) { return Page(report).made(); }

}  // namespace kith::admin
