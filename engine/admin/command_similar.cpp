// SPDX-License-Identifier: Apache-2.0
// `kith similar ID`: recorded mail that is like a given one: same pages, same words, same payment
// data, same client. What is compared are the keyed hashes of the record; no text is kept. Covered
// by tests/unit/admin/hunt_test.cpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <ostream>

#include "engine/admin/campaigns.hpp"
#include "engine/admin/journal_scan.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/features/sketch.hpp"
#include "engine/features/spec.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::string id;
    SpanOptions span;
    std::size_t limit = 20;
};

struct Likeness {
    double points = 0;
    std::string why;
    void add(double more, const std::string& what) {
        points += more;
        why += (why.empty() ? "" : ", ") + what;
    }
};

template <class T>
bool overlap(const std::vector<T>& a, const std::vector<T>& b) {
    return std::any_of(a.begin(), a.end(),
                       [&](const T& x) { return std::find(b.begin(), b.end(), x) != b.end(); });
}

bool same_link(const Observations& a, const Observations& b, std::uint64_t ObservedLink::*part) {
    for (const auto& x : a.links)
        for (const auto& y : b.links)
            if (!x.own_domain && !y.own_domain && x.*part == y.*part) return true;
    return false;
}

/// Features of the program that wrote the mail, of those that both have.
double same_client_share(const Observations& a, const Observations& b) {
    int both = 0, equal = 0;
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        const FeatureSpec& spec = feature_spec(f);
        if (spec.group != Group::Client && spec.group != Group::Submission) continue;
        if (!a.values[f].present() || !b.values[f].present()) continue;
        ++both;
        equal += a.values[f].code == b.values[f].code ? 1 : 0;
    }
    return both < 4 ? 0 : static_cast<double>(equal) / both;
}

/// What two mails share, weighed by how seldom unrelated mails do.
Likeness likeness_of(const MailRecord& x, const MailRecord& y) {
    const Observations &a = x.observations, &b = y.observations;
    Likeness out;
    if (overlap(a.payment, b.payment)) out.add(4, "same account");
    if (same_link(a, b, &ObservedLink::tenant))
        out.add(3, "same page");
    else if (same_link(a, b, &ObservedLink::host))
        out.add(1, "same host linked");
    if (const int words = same_words(a, b); words >= kSameText)
        out.add(.5 * words, words == 8 ? "same words" : "most words");
    if (overlap(a.phones, b.phones)) out.add(1.5, "same telephone number");
    if (a.message_id != 0 && a.message_id == b.message_id) out.add(4, "same Message-ID");
    if (!x.client_addr.empty() && x.client_addr == y.client_addr) out.add(1, "same client address");
    if (const double share = same_client_share(a, b); share >= .9) out.add(1, "same mail program");
    if (a.sender == b.sender) out.add(.5, "same sender");
    return out;
}

Outcome similar(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const auto entry = look_up_mail(config, reader, options.id);
    if (!entry) return fail(entry.error());
    const auto wanted = read_record(config, *entry);
    if (!wanted) return fail(wanted.error());
    const auto span = read_span(options.span, env.now);
    if (!span) return fail(span.error());

    struct Found {
        Likeness like;
        std::string id, from, rcpt;
        Time time{};
        ShownVerdict verdict;
    };
    std::vector<Found> best;  // ordered, at most twice as many as wanted
    const auto better = [](const Found& a, const Found& b) {
        return a.like.points != b.like.points ? a.like.points > b.like.points : a.time > b.time;
    };
    const auto cut = [&] {
        std::sort(best.begin(), best.end(), better);
        if (best.size() > options.limit) best.resize(options.limit);
    };
    ScanSpan all = *span;
    all.imported = &reader;
    const auto count = scan_journal(env, config, all, [&](const MailRecord& r) {
        if (r.id == wanted->id) return;
        Likeness like = likeness_of(*wanted, r);
        // The sender's ordinary mail shares sender and program; that alone is no likeness.
        if (like.points < 2) return;
        best.push_back({std::move(like), r.id, r.from, r.rcpts.empty() ? "" : r.rcpts.front(),
                        r.time, shown_verdict(reader, r)});
        if (best.size() >= 2 * options.limit + 64) cut();
    });
    if (!count) return fail(count.error());
    cut();

    if (env.json) {
        Json j{{"id", wanted->id}, {"looked_at", scan_json(*count)}, {"mails", Json::array()}};
        for (const Found& f : best) {
            Json one{{"id", f.id},
                     {"time", iso8601(f.time)},
                     {"points", rounded(f.like.points, 1)},
                     {"shares", f.like.why}};
            add_verdict(one, f.verdict);
            one["from"] = f.from;
            one["to"] = f.rcpt;
            j["mails"].push_back(std::move(one));
        }
        print_json(env.out, j);
        return 0;
    }
    env.out << scan_text(*count) << '\n';
    if (best.empty()) {
        env.out << "nothing is like " << cell(wanted->id) << '\n';
        return 0;
    }
    TextTable table({"ID", "TIME", "SCORE", "VERDICT", "FROM", "TO", "SHARES"});
    for (const Found& f : best)
        table.add({cell(f.id), iso8601(f.time).substr(0, 16), score_text(f.verdict),
                   verdict_text(f.verdict), cell(f.from), cell(f.rcpt), f.like.why});
    table.print(env.out, {output_width(), {4, 5}, {3}, {6}});
    return 0;
}

}  // namespace

StoreAction setup_similar(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    sub.add_option("ID", options->id, "kith's id, the MTA's queue id or the Message-ID")
        ->required();
    add_span_options(sub, options->span);
    sub.add_option("-n,--limit", options->limit, "At most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 10000));
    return [options](Env& env, const Config& config, const StoreReader& reader) {
        return similar(env, config, reader, *options);
    };
}

}  // namespace kith::admin
