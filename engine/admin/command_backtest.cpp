// SPDX-License-Identifier: Apache-2.0
// `kith backtest FILE`: the site's models with a changed or new one against those that are live, on
// the same recorded past: holds gained and lost, and what admins said of those mails. Delays are
// left out of account: nobody can tell which retry would have come. Covered by
// tests/unit/admin/hunt_test.cpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <deque>
#include <memory>
#include <ostream>

#include "engine/admin/journal_scan.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/models.hpp"
#include "engine/config/file_text.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::vector<std::string> files;
    bool as_live = true, imported = false;
    SpanOptions span;
    std::size_t limit = 10;
};

bool holds(Verdict v) noexcept { return v == Verdict::Quarantine || v == Verdict::Reject; }

/// Mails whose fate changes one way.
struct Change {
    std::uint64_t mails = 0, released = 0, confirmed = 0;
    struct Example {
        std::string id, from, rcpt, by;
        Time time{};
        ShownVerdict verdict;
    };
    std::deque<Example> newest;

    void add(const MailRecord& r, const Model* by, const StoreReader& reader, std::size_t limit) {
        ++mails;
        const auto entry = indexed_mail(reader, r);
        newest.push_back({r.id, r.from, r.rcpts.empty() ? "" : r.rcpts.front(),
                          by == nullptr ? "" : by->name, r.time, shown_verdict(r, entry)});
        if (newest.size() > limit) newest.pop_front();
        if (!entry) return;
        released += entry->state == MailState::Released ? 1U : 0U;
        confirmed += entry->state == MailState::Confirmed ? 1U : 0U;
    }
    [[nodiscard]] Json json() const {
        Json j{{"mails", mails},
               {"released", released},
               {"confirmed", confirmed},
               {"newest", Json::array()}};
        for (auto e = newest.rbegin(); e != newest.rend(); ++e) {
            Json one{{"id", e->id}, {"time", iso8601(e->time)}};
            add_verdict(one, e->verdict);
            one["model"] = e->by;
            one["from"] = e->from;
            one["to"] = e->rcpt;
            j["newest"].push_back(std::move(one));
        }
        return j;
    }
    void print(std::ostream& out, std::string_view title) const {
        if (mails == 0) return;
        out << '\n' << title << ": " << mails;
        if (released + confirmed > 0)
            out << " (an admin released " << released << " of them and confirmed " << confirmed
                << ")";
        out << '\n';
        TextTable table({"ID", "TIME", "SCORE", "MODEL", "FROM", "TO"});
        for (auto e = newest.rbegin(); e != newest.rend(); ++e)
            table.add({cell(e->id), iso8601(e->time).substr(0, 16), score_text(e->verdict),
                       cell(e->by), cell(e->from, 40), cell(e->rcpt, 40)});
        table.print(out);
    }
};

/// Whether the file that has the last word on a model now reads like `file`.
bool reads_alike(const Model& now, const std::string& file) {
    const auto written = read_config_file(now.overridden_by.empty() ? now.file : now.overridden_by);
    const auto text = read_config_file(file);
    return written && text && *written == *text;
}

struct Changed {
    std::shared_ptr<const ModelSet> models;
    std::vector<std::string> notes;  ///< of files by which nothing can change
};

Result<Changed> changed_models(const Config& config, const Options& options) {
    const ModelSet& as_they_are = models_of(config);
    auto models = std::make_shared<ModelSet>(as_they_are);
    std::vector<std::string> notes;
    for (const std::string& file : options.files) {
        LoadedModels with = with_model_file(*models, file);
        if (!with.problems.empty()) return fail(problems_error(with.problems));
        *models = *with.models;
        for (const std::string& name : with.changed)
            for (Model& m : models->models) {
                if (m.name != name) continue;
                if (m.about == PolicySubject::Accounts)
                    return fail(ErrorCode::Usage,
                                "the model " + name + " is about accounts and holds no mail",
                                "kith hunt --model " + file + " asks it");
                m.live = m.live || options.as_live;
                const Model* now = as_they_are.find(name);
                if (now != nullptr && now->live == m.live && reads_alike(*now, file))
                    notes.push_back("the models as they are have " + name + " as " + file +
                                    " has it: nothing changes by it");
            }
    }
    return Changed{std::move(models), std::move(notes)};
}

Outcome backtest(Env& env, const Config& config, const StoreReader& reader,
                 const Options& options) {
    const auto changed = changed_models(config, options);
    if (!changed) return fail(changed.error());
    auto span = read_span(options.span, env.now);
    if (!span) return fail(span.error());
    if (options.imported) span->imported = &reader;
    const ModelSet& now = models_of(config);

    std::uint64_t held_now = 0, held_then = 0;
    Change gained, lost, tags_gained, tags_lost;
    const auto count = scan_journal(env, config, *span, [&](const MailRecord& r) {
        const PolicyCase mail{r, config.budget};
        const Decision before = decide(now, mail, false),
                       after = decide(*changed->models, mail, false);
        held_now += holds(before.verdict) ? 1U : 0U;
        held_then += holds(after.verdict) ? 1U : 0U;
        if (holds(before.verdict) != holds(after.verdict))
            (holds(after.verdict) ? gained : lost)
                .add(r, holds(after.verdict) ? after.by : before.by, reader, options.limit);
        else if ((before.verdict == Verdict::Tag) != (after.verdict == Verdict::Tag))
            (after.verdict == Verdict::Tag ? tags_gained : tags_lost)
                .add(r, after.verdict == Verdict::Tag ? after.by : before.by, reader,
                     options.limit);
    });
    if (!count) return fail(count.error());
    if (env.json) {
        print_json(env.out, Json{{"looked_at", scan_json(*count)},
                                 {"notes", changed->notes},
                                 {"held_now", held_now},
                                 {"held_then", held_then},
                                 {"gained", gained.json()},
                                 {"lost", lost.json()},
                                 {"tags_gained", tags_gained.json()},
                                 {"tags_lost", tags_lost.json()}});
        return 0;
    }
    for (const std::string& note : changed->notes) env.out << "note: " << cell(note, 2048) << '\n';
    env.out << scan_text(*count) << '\n' << left_out_text(*count);
    if (count->seen == 0) return 0;
    const double days = std::max(1.0, days_between(count->first, count->last));
    const auto rate = [&](std::uint64_t n) {
        return fmt::format(
            "{} ({} in 1000, {:.1f} a day)", n,
            rate_text(1000.0 * static_cast<double>(n) / static_cast<double>(count->seen)),
            static_cast<double>(n) / days);
    };
    env.out << "held with the models as they are: " << rate(held_now) << '\n'
            << "held with the change:             " << rate(held_then) << '\n'
            << "holds gained " << gained.mails << ", lost " << lost.mails << "; tags gained "
            << tags_gained.mails << ", lost " << tags_lost.mails << '\n';
    gained.print(env.out, "Would be held with the change");
    lost.print(env.out, "Would be let go with the change");
    return 0;
}

}  // namespace

StoreAction setup_backtest(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    sub.add_option("FILE", options->files,
                   "File with a model or an override, as kith-models(5) has it")
        ->required();
    sub.add_flag(
        "!--as-written", options->as_live,
        "Take mode: experimental as it is; without this the models of the files count as live");
    add_span_options(sub, options->span);
    sub.add_option("-n,--limit", options->limit, "At most so many mails of each kind")
        ->capture_default_str()
        ->check(CLI::Range(1, 10000));
    add_imported_option(sub, options->imported);
    return [options](Env& env, const Config& config, const StoreReader& reader) {
        return backtest(env, config, reader, *options);
    };
}

}  // namespace kith::admin
