// SPDX-License-Identifier: Apache-2.0
// The report for a terminal, its sentences, and JSON. Covered by
// tests/unit/admin/report_output_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <utility>

#include "engine/admin/report_output.hpp"
#include "engine/base/text.hpp"

namespace kith::admin {
namespace {

constexpr std::size_t kColumns = 100;
constexpr std::size_t kMailsInText = 50;  // a terminal is read from the top; the rest is in JSON
constexpr int kReasonsInText = 2;

/// Escaped, at most `columns` wide.
std::string fit(std::string_view text, std::size_t columns) {
    return fit_columns(cell(text, 4 * columns), columns);
}

/// Paragraph of kColumns; `indent` before each line, the first with `mark` at its end.
void print_wrapped(std::ostream& out, std::string_view text, std::string_view mark,
                   std::size_t indent) {
    std::string line = std::string(indent - std::min(indent, mark.size()), ' ') + std::string(mark);
    bool begun = false;
    const auto flush = [&] {
        out << line << '\n';
        line.assign(indent, ' ');
        begun = false;
    };
    for (std::string_view word : split(text, ' ')) {
        if (begun && text_width(line) + 1 + text_width(word) > kColumns) flush();
        for (; text_width(word) > kColumns - indent; flush()) {
            const std::string_view piece = first_columns(word, kColumns - indent - (begun ? 1 : 0));
            line += (begun ? " " : "") + std::string(piece);
            word.remove_prefix(piece.size());
        }
        line += (begun ? " " : "") + std::string(word);
        begun = true;
    }
    flush();
}

/// A table with its first column to the left and the others to the right.
class NumberTable {
public:
    explicit NumberTable(std::vector<std::string> head) : rows_{std::move(head)} {}
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    void print(std::ostream& out) const {
        std::vector<std::size_t> widths(rows_.front().size(), 0);
        for (const auto& row : rows_)
            for (std::size_t i = 0; i < row.size(); ++i)
                widths[i] = std::max(widths[i], text_width(row[i]));
        for (const auto& row : rows_) {
            std::string line = row[0] + std::string(widths[0] - text_width(row[0]), ' ');
            for (std::size_t i = 1; i < row.size(); ++i)
                line += std::string(widths[i] - text_width(row[i]) + 2, ' ') + row[i];
            line.erase(line.find_last_not_of(' ') + 1);
            out << line << '\n';
        }
    }

private:
    std::vector<std::vector<std::string>> rows_;
};

std::string plural(std::uint64_t n, std::string_view thing) {
    return grouped(n) + " " + std::string(thing) + (n == 1 ? "" : "s");
}

std::string one_digit(double number) { return fmt::format("{:.1f}", number); }

/// "0.5 mails a day", "3 mails in all, less than one a week" would be guessing: one digit is
/// enough.
std::string a_day(std::uint64_t n, const Report& r) {
    const double rate = static_cast<double>(n) / r.span_days();
    return rate > 0 && rate < .1 ? "less than one mail in ten days" : one_digit(rate) + " a day";
}

// The sentences.

void add_holds(std::vector<std::string>& out, const Report& r, const Tally& all) {
    if (all.holds() == 0) {
        out.push_back(fmt::format("None of {} {} and none would have been.",
                                  plural(all.judged, "mail"),
                                  all.judged == 1 ? "was held," : "were held,"));
        return;
    }
    const BusiestDay worst = busiest_day(r);
    const std::string what =
        all.held == 0 ? plural(all.would_hold, "mail") + " of " + grouped(all.judged) +
                            " would have been held in mode enforce"
        : all.would_hold == 0
            ? plural(all.held, "mail") + " of " + grouped(all.judged) + " held"
            : plural(all.held, "mail") + " of " + grouped(all.judged) + " held, and " +
                  grouped(all.would_hold) + " more would have been in mode enforce everywhere";
    out.push_back(what + fmt::format(": {} for an admin to look at, {} on the busiest day ({}).",
                                     a_day(all.holds(), r), grouped(worst.holds),
                                     day_text(worst.day)));
}

void add_promise(std::vector<std::string>& out, const Report& r, const Tally& all) {
    const std::uint64_t rated = promised_mails(all);
    if (rated == 0) return;
    const double genuine =
        static_cast<double>(rated) / r.span_days() * r.budget.holds_per_1000 / 1000;
    std::string text = fmt::format(
        "Promised: at most {} in 1000 genuine mails held by mistake, which here is {}.",
        rate_text(r.budget.holds_per_1000),
        genuine < .1 ? "less than one mail in ten days" : one_digit(genuine) + " a day");
    if (all.holds() > 0) {
        text += fmt::format(" Of the {} so far admins called {} good, {} bad", grouped(all.holds()),
                            grouped(all.released), grouped(all.confirmed));
        if (all.unsaid() > 0) text += fmt::format(", and {} nothing yet", grouped(all.unsaid()));
        text += fmt::format(". Known false alarms: {} in 1000 mails",
                            rate_text(in_1000(all.released, rated)));
        if (all.unsaid() > 0)
            text += fmt::format(
                "; {} if those nobody spoke of are some, too: kith release ID --learn and kith "
                "confirm ID tell",
                rate_text(in_1000(all.released + all.unsaid(), rated)));
        text += '.';
    }
    out.push_back(std::move(text));
}

void add_readiness(std::vector<std::string>& out, const Report& r) {
    for (const Direction d : kDirections) {
        const Tally& tally = r.directions[static_cast<std::size_t>(d)];
        const auto& known = r.readiness[static_cast<std::size_t>(d)];
        if (!known || tally.not_ready == 0) continue;
        const std::string which(to_string(d));
        std::string text;
        if (!r.is_ready(d)) {
            text =
                fmt::format("Not ready: {} mail, {} of {} mails seen; nothing is held before that.",
                            which, grouped(known->mails), grouped(mails_needed(r.budget)));
        } else {
            std::string kinds;
            for (std::size_t s = 0; s < kStratumCount; ++s)
                if (known->strata[s] < r.budget.min_stratum_calibration)
                    kinds += fmt::format("{}{} {} of {}", kinds.empty() ? "" : ", ",
                                         to_string(static_cast<Stratum>(s)), known->strata[s],
                                         r.budget.min_stratum_calibration);
            text = fmt::format(
                "{} of the {} mails came before enough was known to hold any of "
                "their kind{}.",
                grouped(tally.not_ready), which,
                kinds.empty() ? "; it is by now" : " (still missing: " + kinds + ")");
        }
        if (tally.suspicious > 0)
            text += fmt::format(" {} of them {} as suspicious as what is held then.",
                                grouped(tally.suspicious), tally.suspicious == 1 ? "was" : "were");
        out.push_back(std::move(text));
    }
}

void add_filters(std::vector<std::string>& out, const Report& r) {
    for (const auto& [name, with] : r.other_filters) {
        const std::uint64_t held = with.both + with.only_kith;
        out.push_back(
            fmt::format("{} spoke of {}: it passed {} of the {} that kith {}, and called {} spam "
                        "that kith does "
                        "not hold.",
                        cell(name, 64), plural(with.mails(), "mail"), grouped(with.only_kith),
                        grouped(held), r.total().held > 0 ? "holds or would hold" : "would hold",
                        plural(with.only_other, "mail")));
    }
}

}  // namespace

std::string day_text(std::int32_t day) {
    return iso8601(from_unix(std::int64_t{day} * 86400)).substr(0, 10);
}

std::string grouped(std::uint64_t n) {
    std::string out = std::to_string(n);
    for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, ",");
    return out;
}

double in_1000(std::uint64_t n, std::uint64_t of) noexcept {
    return of == 0 ? 0 : 1000 * static_cast<double>(n) / static_cast<double>(of);
}

std::string said_text(const OtherFilter& said) {
    std::string out = said.spam ? "yes" : "no";
    if (said.score) out += fmt::format(" {:.1f}", *said.score);
    if (said.score && said.required) out += fmt::format(" of {:.1f}", *said.required);
    return out;
}

std::string scope_text(const Report& r) {
    const auto minute = [](Time t) {
        const std::string text = iso8601(t);
        return text.substr(0, 10) + " " + text.substr(11, 5);
    };
    std::string out = minute(r.scope.since) + " to " + minute(r.scope.until) + " UTC";
    if (r.scope.direction) out += ", " + std::string(to_string(*r.scope.direction));
    if (!r.scope.domain.empty()) out += ", " + cell(r.scope.domain, 100);
    return out;
}

Tally sum(const DirectionTallies& tallies) noexcept {
    Tally out;
    for (const Tally& tally : tallies) out += tally;
    return out;
}

std::uint64_t promised_mails(const Tally& t) noexcept { return t.judged - t.not_ready; }

BusiestDay busiest_day(const Report& r) {
    BusiestDay out;
    for (const auto& [day, tallies] : r.days)
        if (const std::uint64_t holds = sum(tallies).holds(); holds > out.holds) out = {day, holds};
    return out;
}

std::vector<std::string> findings(const Report& r) {
    std::vector<std::string> out;
    const Tally all = r.total();
    if (all.judged > 0) {
        add_holds(out, r, all);
        add_promise(out, r, all);
    } else {
        out.push_back("No mail was judged in this time.");
    }
    add_readiness(out, r);
    add_filters(out, r);
    if (all.neutral > 0)
        out.push_back(fmt::format("{} passed without having been judged; the last one because: {}.",
                                  plural(all.neutral, "mail"), cell(r.neutral_why, 300)));
    if (r.imported.judged > 0)
        out.push_back(fmt::format(
            "Not counted above: {} of the past that was imported. Judged when it was learned, {} "
            "of it would have been held and {} tagged.",
            plural(r.imported.judged, "mail"), grouped(r.imported.would_hold),
            grouped(r.imported.tagged)));
    if (r.damaged_bytes > 0)
        out.push_back(fmt::format("The journal is damaged: {} bytes were skipped.",
                                  grouped(r.damaged_bytes)));
    return out;
}

namespace {

void print_directions(std::ostream& out, const Report& r) {
    NumberTable table({"", "MAILS", "PASSED", "TAGGED", "HELD", "WOULD HOLD", "IN 1000", "DELAYED",
                       "NOT READY", "NOT JUDGED"});
    const auto row = [&](std::string name, const Tally& t) {
        table.add({std::move(name), grouped(t.judged), grouped(t.passed), grouped(t.tagged),
                   grouped(t.held), grouped(t.would_hold),
                   rate_text(in_1000(t.holds(), promised_mails(t))), grouped(t.delayed),
                   grouped(t.not_ready), grouped(t.neutral)});
    };
    for (const Direction d : kDirections)
        if (!r.scope.direction || *r.scope.direction == d)
            row(std::string(to_string(d)), r.directions[static_cast<std::size_t>(d)]);
    row("all", r.total());
    table.print(out);
}

void print_days(std::ostream& out, const Report& r) {
    if (r.days.empty()) return;
    out << "\nBY DAY (UTC)\n";
    NumberTable table({"", "INBOUND", "OUTBOUND", "INTERNAL", "TAGGED", "HELD", "WOULD HOLD",
                       "DELAYED", "NOT READY", "NOT JUDGED"});
    for (const auto& [day, tallies] : r.days) {
        const Tally t = sum(tallies);
        table.add({day_text(day), grouped(tallies[0].judged), grouped(tallies[1].judged),
                   grouped(tallies[2].judged), grouped(t.tagged), grouped(t.held),
                   grouped(t.would_hold), grouped(t.delayed), grouped(t.not_ready),
                   grouped(t.neutral)});
    }
    table.print(out);
}

/// "new-link, unusual-origin; rspamd: no 1.2 of 15; released"
std::string remarks(const ReportMail& mail) {
    std::string out;
    for (const std::string& tag : mail.tags) out += (out.empty() ? "" : ", ") + cell(tag, 64);
    for (const OtherFilter& said : mail.other_filters)
        out += (out.empty() ? "" : "; ") + cell(said.filter, 64) + ": " + said_text(said);
    if (mail.state != MailState::None)
        out += (out.empty() ? "" : "; ") + std::string("an admin ") +
               (mail.state == MailState::Released ? "released it" : "confirmed it as bad");
    return out;
}

void print_mail(std::ostream& out, const ReportMail& mail) {
    constexpr std::size_t kIndent = 7, kSides = 44;
    out << fmt::format("  {}  {:>5}  {:<10}  {:<8}  {}\n", iso8601(mail.time).substr(11, 5),
                       fixed1(mail.score), to_string(mail.fate), to_string(mail.direction),
                       fit(mail.id, 16));
    out << std::string(kIndent, ' ') << fit(mail.from.empty() ? "<>" : mail.from, kSides) << " -> "
        << fit(mail.rcpt, kSides - 6)
        << (mail.rcpt_count > 1 ? " +" + std::to_string(mail.rcpt_count - 1) : "") << '\n';
    if (!mail.subject.empty())
        out << std::string(kIndent, ' ') << fit("subject: " + mail.subject, kColumns - kIndent)
            << '\n';
    int told = 0;
    for (const std::string& reason : mail.reasons)
        if (told++ < kReasonsInText) print_wrapped(out, cell(reason, 400), "- ", kIndent + 2);
    if (const std::string text = remarks(mail); !text.empty())
        print_wrapped(out, text, "", kIndent);
}

void print_mails(std::ostream& out, const Report& r) {
    if (r.mails.empty()) return;
    out << "\nWORTH A LOOK, newest first\n";
    std::int32_t day = 0;
    std::size_t shown = 0;
    for (auto mail = r.mails.rbegin(); mail != r.mails.rend() && shown < kMailsInText;
         ++mail, ++shown) {
        if (day_number(mail->time) != day || shown == 0) {
            day = day_number(mail->time);
            out << day_text(day) << '\n';
        }
        print_mail(out, *mail);
    }
    if (const std::uint64_t more = r.left_out + r.mails.size() - shown; more > 0)
        out << "and " << grouped(more) << " older ones: --json and --html show the newest "
            << grouped(kMaxReportMails) << '\n';
}

void print_filters(std::ostream& out, const Report& r) {
    if (r.other_filters.empty()) return;
    out << "\nBESIDE OTHER FILTERS\n";
    NumberTable table({"", "MAILS", "BOTH", "ONLY KITH HOLDS", "ONLY THE OTHER", "NEITHER"});
    for (const auto& [name, with] : r.other_filters)
        table.add({fit(name, 30), grouped(with.mails()), grouped(with.both),
                   grouped(with.only_kith), grouped(with.only_other), grouped(with.neither)});
    table.print(out);
}

void print_ranked(std::ostream& out, const char* title, const std::vector<Ranked>& all) {
    if (all.empty()) return;
    out << '\n' << title << '\n';
    NumberTable table({"", "HELD OR WOULD BE", "TAGGED"});
    const bool examples = !all.front().example.empty();
    for (const Ranked& ranked : all) {
        const std::string text = examples ? ranked.name + ": " + ranked.example
                                          : (ranked.name.empty() ? std::string("<>") : ranked.name);
        table.add({fit(text, 72), grouped(ranked.holds), grouped(ranked.tagged)});
    }
    table.print(out);
}

}  // namespace

void print_report(std::ostream& out, const Report& r) {
    print_wrapped(out, "kith report, " + scope_text(r), "", 0);
    print_wrapped(out, "mode " + cell(r.mode, 500), "", 0);
    out << '\n';
    for (const std::string& finding : findings(r)) print_wrapped(out, finding, "* ", 2);
    out << '\n';
    print_directions(out, r);
    print_days(out, r);
    print_mails(out, r);
    print_filters(out, r);
    print_ranked(out, "FIRST REASONS, with one mail's words", r.reasons);
    print_ranked(out, "SENDERS", r.senders);
}

namespace {

Json tally_json(const Tally& t) {
    return {{"judged", t.judged},         {"passed", t.passed},
            {"tagged", t.tagged},         {"held", t.held},
            {"would_hold", t.would_hold}, {"not_ready", t.not_ready},
            {"suspicious", t.suspicious}, {"delayed", t.delayed},
            {"neutral", t.neutral},       {"released", t.released},
            {"confirmed", t.confirmed},   {"unsaid", t.unsaid()}};
}

Json rates_json(const Tally& t) {
    const std::uint64_t rated = promised_mails(t);
    return {{"mails", rated},
            {"holds_per_1000", rounded(in_1000(t.holds(), rated), 3)},
            {"false_per_1000", rounded(in_1000(t.released, rated), 3)},
            {"false_at_most_per_1000", rounded(in_1000(t.released + t.unsaid(), rated), 3)}};
}

Json readiness_json(const Report& r) {
    Json out = Json::array();
    for (const Direction d : kDirections) {
        const auto& known = r.readiness[static_cast<std::size_t>(d)];
        if (!known) continue;
        Json strata = Json::object();
        for (std::size_t s = 0; s < kStratumCount; ++s)
            strata[std::string(to_string(static_cast<Stratum>(s)))] = known->strata[s];
        out.push_back({{"direction", to_string(d)},
                       {"ready", r.is_ready(d)},
                       {"mails", known->mails},
                       {"needed", mails_needed(r.budget)},
                       {"kinds", strata},
                       {"needed_of_a_kind", r.budget.min_stratum_calibration}});
    }
    return out;
}

Json mail_json(const ReportMail& m) {
    Json filters = Json::array();
    for (const OtherFilter& said : m.other_filters)
        filters.push_back(
            {{"filter", said.filter},
             {"spam", said.spam},
             {"score", said.score ? Json(rounded(*said.score, 3)) : Json()},
             {"required", said.required ? Json(rounded(*said.required, 3)) : Json()}});
    return {{"id", m.id},
            {"time", iso8601(m.time)},
            {"direction", to_string(m.direction)},
            {"fate", to_string(m.fate)},
            {"state", to_string(m.state)},
            {"score", rounded(m.score, 1)},
            {"from", m.from},
            {"rcpt", m.rcpt},
            {"rcpt_count", m.rcpt_count},
            {"subject", m.subject},
            {"queue_id", m.queue_id},
            {"reasons", m.reasons},
            {"tags", m.tags},
            {"other_filters", filters}};
}

Json days_json(const Report& r) {
    Json out = Json::array();
    for (const auto& [day, tallies] : r.days) {
        Json one{{"day", day_text(day)}, {"total", tally_json(sum(tallies))}};
        for (const Direction d : kDirections)
            one[std::string(to_string(d))] = tally_json(tallies[static_cast<std::size_t>(d)]);
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace

Json report_json(const Report& r) {
    const Tally all = r.total();
    const BusiestDay worst = busiest_day(r);
    Json j;
    j["since"] = iso8601(r.scope.since);
    j["until"] = iso8601(r.scope.until);
    j["span_days"] = rounded(r.span_days(), 2);
    j["direction"] = r.scope.direction ? Json(to_string(*r.scope.direction)) : Json();
    j["domain"] = r.scope.domain.empty() ? Json() : Json(r.scope.domain);
    j["mode"] = r.mode;
    j["findings"] = findings(r);
    j["promised"] = {{"holds_per_1000", r.budget.holds_per_1000},
                     {"tags_per_1000", r.budget.tags_per_1000}};
    j["total"] = tally_json(all);
    j["rates"] = rates_json(all);
    j["to_look_at"] = {{"mails", all.holds()},
                       {"per_day", rounded(static_cast<double>(all.holds()) / r.span_days(), 2)},
                       {"most_on_a_day", worst.holds},
                       {"busiest_day", worst.holds > 0 ? Json(day_text(worst.day)) : Json()}};
    for (const Direction d : kDirections) {
        const Tally& t = r.directions[static_cast<std::size_t>(d)];
        Json& one = j["directions"][std::string(to_string(d))] = tally_json(t);
        one["rates"] = rates_json(t);
    }
    j["readiness"] = readiness_json(r);
    j["days"] = days_json(r);
    j["mails"] = Json::array();
    for (auto mail = r.mails.rbegin(); mail != r.mails.rend(); ++mail)
        j["mails"].push_back(mail_json(*mail));
    j["mails_left_out"] = r.left_out;
    j["other_filters"] = Json::array();
    for (const auto& [name, with] : r.other_filters)
        j["other_filters"].push_back({{"filter", name},
                                      {"mails", with.mails()},
                                      {"both", with.both},
                                      {"only_kith", with.only_kith},
                                      {"only_other", with.only_other},
                                      {"neither", with.neither}});
    for (const auto& [key, all_ranked] :
         {std::pair("reasons", &r.reasons), std::pair("senders", &r.senders)}) {
        j[key] = Json::array();
        for (const Ranked& ranked : *all_ranked) {
            Json one{{"name", ranked.name}, {"holds", ranked.holds}, {"tagged", ranked.tagged}};
            if (!ranked.example.empty()) one["example"] = ranked.example;
            j[key].push_back(std::move(one));
        }
    }
    j["imported"] = {{"mails", r.imported.judged},
                     {"would_hold", r.imported.would_hold},
                     {"tagged", r.imported.tagged}};
    j["damaged_bytes"] = r.damaged_bytes;
    return j;
}

}  // namespace kith::admin
