// SPDX-License-Identifier: Apache-2.0
// `kith quarantine list|check|digest|requests`: held mail as a whole. `check` is what the root
// timer kith-quarantine runs: the learner cannot look into the MTA's queue. Covered by
// tests/unit/admin/quarantine_test.cpp and, with the real servers, tests/e2e/quarantine_test.py.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <ostream>

#include "engine/admin/alerts.hpp"
#include "engine/admin/audit.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/held_mail.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/admin/quarantine.hpp"
#include "engine/admin/release_request.hpp"
#include "engine/admin/state_file.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/text.hpp"
#include "engine/message/parse.hpp"

namespace kith::admin {
namespace {

constexpr std::size_t kHeldLooked = 100000;  // held mail compared with the queue
constexpr std::size_t kMostAtOnce = 1000;    // mails that one run releases or deletes
constexpr std::size_t kMaxRequestMail = 1U << 20U;

struct Options {
    std::size_t limit = 100;
    bool now = false, mail = false, print = false;
    std::string forget, why;
    unsigned settled = static_cast<unsigned>(kSettled.count());
    MtaOptions mta;
};

Result<std::vector<MailEntry>> held_mails(const Config& config, const StoreReader& reader,
                                          Time now) {
    MailFilter filter;
    filter.mails = MailClass::Held;
    filter.limit = kHeldLooked;
    filter.since = now - config.journal.keep;
    return list_mail(reader, filter);
}

DigestItem item_of(const Config& config, const MailEntry& entry) {
    DigestItem item{entry, {}, {}, ""};
    if (const Result<MailRecord> record = read_record(config, entry)) {
        item.rcpts = record->rcpts;
        item.subject = record->subject;
        for (const Reason& reason : record->assessment.reasons) item.reasons.push_back(reason.text);
    } else if (!entry.rcpt.empty()) {
        item.rcpts = {entry.rcpt};
    }
    return item;
}

Outcome list(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    Result<std::vector<MailEntry>> held = held_mails(config, reader, env.now);
    if (!held) return fail(held.error());
    std::erase_if(*held, [](const MailEntry& e) { return !e.is_on_hold(); });
    const std::size_t all = held->size();
    if (all > options.limit) held->resize(options.limit);
    if (env.json) {
        Json j;
        j["on_hold"] = all;
        j["mails"] = Json::array();
        for (const MailEntry& e : *held) {
            const DigestItem item = item_of(config, e);
            Json one = entry_json(e);
            one["rcpts"] = item.rcpts;
            one["reasons"] = item.reasons;
            one["held_seconds"] = (env.now - e.time).count();
            j["mails"].push_back(std::move(one));
        }
        print_json(env.out, j);
        return 0;
    }
    if (held->empty()) {
        env.out << "no mail on hold\n";
        return 0;
    }
    for (const MailEntry& e : *held) {
        const DigestItem item = item_of(config, e);
        env.out << cell(e.id) << "  " << iso8601(e.time) << "  score " << fixed1(e.score)
                << "  for " << span_text(env.now - e.time) << "  " << cell(e.queue_id)
                << (e.state == MailState::Confirmed ? "  confirmed as bad" : "")
                << (e.hold == HoldMark::Seen ? "" : "  not yet seen in the queue") << "\n    "
                << cell(e.from, 100) << " to " << cell(e.rcpt, 100)
                << (e.rcpt_count > 1 ? " +" + std::to_string(e.rcpt_count - 1) : "") << '\n';
        for (std::size_t i = 0; i < item.reasons.size() && i < 3; ++i)
            env.out << "    " << cell(item.reasons[i], 110) << '\n';
    }
    if (all > held->size())
        env.out << "and " << counted(all - held->size(), "mail") << " more: --limit\n";
    return 0;
}

// -- check ---------------------------------------------------------------------------------------

struct Check {
    Env& env;
    const Config& config;
    const StoreReader& reader;
    const HoldQueue& queue;
    std::string host;
    QueueFindings found;
    std::vector<ReleaseRequest> requests;
    std::size_t released = 0, dropped = 0, digests = 0;
    std::vector<std::string> troubles;  ///< what went wrong, in words

    void trouble(const Error& error) { troubles.push_back(error.text()); }
};

Status mark(const Check& check, const MailEntry& entry, HoldMark hold) {
    AdminRecord record;
    record.id = entry.id;
    record.number = static_cast<std::uint64_t>(hold);
    return append_admin_record(check.config, RecordType::Hold, check.env.now, std::move(record));
}

/// What the queue says is noted once it is told: a note without an alert would hide it.
void note_findings(Check& check) {
    for (const MailEntry& e : check.found.missing) {
        const std::string text = fmt::format(
            "mail {} from {} to {} was to be held, and is not on hold ({} {}): it was delivered, "
            "or "
            "somebody let it go or deleted it before kith looked",
            e.id, cell(e.from), cell(e.rcpt), check.queue.name(), cell(e.queue_id));
        if (Status s = enqueue(check.config, check.env.now,
                               {"hold-missing", e.id, e.time, text, Json{{"mail", entry_json(e)}}});
            !s) {
            check.trouble(s.error());
            continue;
        }
        if (Status s = mark(check, e, HoldMark::Missing); !s) check.trouble(s.error());
    }
    for (const auto& [mails, hold] : {std::pair(&check.found.seen, HoldMark::Seen),
                                      std::pair(&check.found.left, HoldMark::Left)})
        for (const MailEntry& e : *mails)
            if (Status s = mark(check, e, hold); !s) {
                check.trouble(s.error());
                return;
            }
}

void release_one(Check& check, const MailEntry& entry, const std::string& why) {
    if (const Status s =
            release_mail(check.config, check.env.now, &check.queue, entry, {false, {}, why});
        !s)
        check.trouble(s.error());
    else
        ++check.released;
}

/// Mail that lies there for too long.
void age(Check& check, Json& state) {
    const auto& aged = check.found.aged;
    if (aged.empty()) return;
    const std::string& what = check.config.quarantine.on_max_age;
    const std::string why = "on hold for more than " + span_text(check.config.quarantine.max_age);
    std::size_t done = 0;
    for (const MailEntry& e : aged) {
        if (what == "alarm" || done++ == kMostAtOnce) break;
        if (what == "drop") {
            if (const Status s = drop_mail(check.config, check.env.now, check.queue, e, why); !s)
                check.trouble(s.error());
            else
                ++check.dropped;
        } else if (e.state != MailState::Confirmed) {
            release_one(check, e, why);
        }
    }
    const std::int64_t day = day_number(check.env.now);
    if (number_at(state, "aged_told") == day) return;
    const std::string text =
        fmt::format("{} {}, the oldest for {}: kith quarantine list", counted(aged.size(), "mail"),
                    why, span_text(check.env.now - aged.back().time));
    if (Status s = enqueue(check.config, check.env.now,
                           {"hold-aged", std::to_string(day), check.env.now, text,
                            Json{{"mails", aged.size()},
                                 {"released", check.released},
                                 {"dropped", check.dropped}}});
        !s)
        check.trouble(s.error());
    else
        state["aged_told"] = day;
}

/// What recipients asked for, where the admin lets them.
void grant_requests(Check& check) {
    std::vector<std::string> over;
    for (const ReleaseRequest& r : check.requests) {
        const auto held = std::find_if(check.found.on_hold.begin(), check.found.on_hold.end(),
                                       [&](const MailEntry& e) { return e.id == r.mail; });
        if (held == check.found.on_hold.end()) {
            const auto entry = find_mail(check.reader, r.mail);
            // One the learner does not know yet may still come.
            if (entry && entry->has_value() && !(*entry)->is_on_hold()) over.push_back(r.mail);
            continue;
        }
        if (check.config.quarantine.requests != "release" || held->state == MailState::Confirmed ||
            check.released >= kMostAtOnce)
            continue;
        release_one(check, *held, "asked for by " + r.rcpt);
        over.push_back(r.mail);
    }
    if (Status s = forget_requests(check.config, over); !s) check.trouble(s.error());
}

void send_digests(Check& check) {
    std::vector<DigestItem> items;
    for (const MailEntry& e : check.found.on_hold) items.push_back(item_of(check.config, e));
    if (items.empty()) return;
    const QuarantineOptions& options = check.config.quarantine;
    const auto send = [&](const OutgoingMail& mail) {
        if (const Status s = send_mail(check.config, check.env.now, mail); !s)
            check.trouble(s.error());
        else
            ++check.digests;
        return check.troubles.empty();
    };
    if (!options.digest_to.empty())
        (void)send(admin_digest(check.config, check.env.now, check.host, items, check.found,
                                check.requests.size()));
    if (!options.digest_recipients) return;
    const Result<Hasher::Secret> secret = read_secret(check.config.secret_file);
    if (!secret) return check.trouble(secret.error());
    for (const auto& [rcpt, mail] : recipient_digests(check.config, *secret, items))
        if (!send(mail)) return;
}

/// The admin's; it goes to nobody, and so needs no address.
void print_digest(const Check& check) {
    std::vector<DigestItem> items;
    for (const MailEntry& e : check.found.on_hold) items.push_back(item_of(check.config, e));
    const OutgoingMail digest = admin_digest(check.config, check.env.now, check.host, items,
                                             check.found, check.requests.size());
    for (const std::string_view line : split(digest.text, '\n'))
        check.env.out << (line.empty() ? "" : cell(line, 1000)) << '\n';
}

bool wants_digest(const Config& config) {
    return !config.quarantine.digest_to.empty() || config.quarantine.digest_recipients;
}

Outcome check(Env& env, const Config& config, const StoreReader& reader, const Options& options,
              bool digest_only) {
    if (::geteuid() != 0)
        return fail(ErrorCode::Permission, "only root may look into the queue",
                    "run as root, or let kith-quarantine.timer do it");
    const auto queue = HoldQueue::open(options.mta);
    if (!queue) return fail(queue.error());
    const Result<std::string> host = (*queue)->host();
    if (!host) return fail(host.error());
    // The index first: what is held after this look is not missed in the queue.
    const auto held = held_mails(config, reader, env.now);
    if (!held) return fail(held.error());
    const Result<QueueView> view = (*queue)->look();
    if (!view) return fail(view.error());
    const auto requests = read_requests(config);
    if (!requests) return fail(requests.error());
    Result<StateFile> state = StateFile::open(parent_of(config.secret_file) + "quarantine.json");
    if (!state) return fail(state.error());

    Check c{env,
            config,
            reader,
            **queue,
            *host,
            compare_with_queue(*held, *view, *host, env.now, Seconds(options.settled),
                               config.quarantine.max_age),
            *requests,
            0,
            0,
            0,
            {}};
    if (digest_only) {
        if (options.print) {
            print_digest(c);
            return 0;
        }
        if (!wants_digest(config))
            return fail(ErrorCode::Config, "there is nobody to send a digest to",
                        "quarantine.digest_to, quarantine.digest_recipients");
        send_digests(c);
    } else {
        note_findings(c);
        age(c, state->json());
        grant_requests(c);
        const Time last = from_unix(number_at(state->json(), "digest"));
        if (wants_digest(config) && env.now - last >= config.quarantine.digest_interval) {
            send_digests(c);
            if (c.troubles.empty()) state->json()["digest"] = to_unix(env.now);
        }
    }
    if (Status saved = state->save(); !saved) c.trouble(saved.error());

    const int status = !c.found.missing.empty() || !c.troubles.empty() ? kExitCritical
                       : !c.found.aged.empty()                         ? kExitWarning
                                                                       : kExitOk;
    if (env.json) {
        const auto ids = [](const std::vector<MailEntry>& mails) {
            Json out = Json::array();
            for (const MailEntry& e : mails) out.push_back(e.id);
            return out;
        };
        print_json(env.out, Json{{"server", std::string((*queue)->name())},
                                 {"host", *host},
                                 {"on_hold", c.found.on_hold.size()},
                                 {"seen", ids(c.found.seen)},
                                 {"missing", ids(c.found.missing)},
                                 {"left", ids(c.found.left)},
                                 {"aged", ids(c.found.aged)},
                                 {"unknown", c.found.unknown},
                                 {"requests", c.requests.size()},
                                 {"released", c.released},
                                 {"dropped", c.dropped},
                                 {"digests", c.digests},
                                 {"troubles", c.troubles}});
        return status;
    }
    env.out << fmt::format(
        "{} at {}: {} on hold, {} newly seen, {} not held, {} left without kith, "
        "{} aged, {} not kith's\n",
        (*queue)->name(), cell(*host), counted(c.found.on_hold.size(), "mail"), c.found.seen.size(),
        c.found.missing.size(), c.found.left.size(), c.found.aged.size(), c.found.unknown.size());
    for (const MailEntry& e : c.found.missing)
        env.out << "NOT HELD: " << cell(e.id) << " (" << cell(e.queue_id) << ") from "
                << cell(e.from) << " to " << cell(e.rcpt) << '\n';
    if (c.released + c.dropped + c.digests > 0)
        env.out << c.released << " released, " << c.dropped << " deleted, "
                << counted(c.digests, "digest") << " sent\n";
    for (const std::string& t : c.troubles) env.err << "kith: " << cell(t, 1000) << '\n';
    return status;
}

// -- requests ------------------------------------------------------------------------------------

Result<std::string> standard_input(std::size_t max) {
    std::string out;
    std::array<char, 65536> buffer{};
    for (;;) {
        const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(ErrorCode::Io, "the mail cannot be read from standard input");
        if (n == 0) return out;
        out.append(buffer.data(), static_cast<std::size_t>(n));
        if (out.size() > max)
            return fail(ErrorCode::Full,
                        "the mail is larger than " + std::to_string(max) + " bytes");
    }
}

/// A request that was mailed back.
Outcome take_request(Env& env, const Config& config, const StoreReader& reader) {
    const Result<std::string> raw = standard_input(kMaxRequestMail);
    if (!raw) return fail(raw.error());
    const Message message = parse(*raw, config.parse);
    const auto named = named_in(message.subject);
    if (!named)
        return fail(ErrorCode::Usage, "the mail asks for nothing: its subject names no held mail",
                    "the subject of the digest's link must stay as it is");
    const Result<Hasher::Secret> secret = read_secret(config.secret_file);
    if (!secret) return fail(secret.error());
    const auto entry = find_mail(reader, named->mail);
    if (!entry) return fail(entry.error());
    const Error unknown{ErrorCode::NoInput, "the mail asks for one that is not on hold here", ""};
    if (!entry->has_value() || !(*entry)->is_on_hold()) return fail(unknown);
    std::string rcpt;
    for (const std::string& one : item_of(config, **entry).rcpts)
        if (request_token(*secret, named->mail, one) == named->token) rcpt = one;
    if (rcpt.empty())
        return fail(ErrorCode::Permission, "the request for " + named->mail + " is forged",
                    "its token is none that kith sent to a recipient of that mail");
    const Result<bool> added = add_request(config, {named->mail, rcpt, env.now});
    if (!added) return fail(added.error());
    if (*added) {
        if (Status s = audit(config, env.now, {"release request", named->mail, "by " + rcpt, ""});
            !s)
            return fail(std::move(s).error());
        if (Status s = enqueue(config, env.now,
                               {"request", named->mail + " " + rcpt, env.now,
                                cell(rcpt) + " asks for " + named->mail + " from " +
                                    cell((*entry)->from) + ": kith explain " + named->mail,
                                Json{{"mail", entry_json(**entry)}, {"by", rcpt}}});
            !s)
            env.err << "kith: " << cell(s.error().text(), 1000) << '\n';
    }
    const bool releases = config.quarantine.requests == "release";
    if (env.json)
        print_json(env.out, Json{{"id", named->mail}, {"by", rcpt}, {"new", *added}});
    else
        env.out << cell(rcpt) << " asks for " << named->mail
                << (releases ? ": the timer releases it\n" : ": kith explain, then kith release\n");
    return 0;
}

Outcome requests(Env& env, const Config& config, const StoreReader& reader,
                 const Options& options) {
    if (options.mail) return take_request(env, config, reader);
    const auto all = read_requests(config);
    if (!all) return fail(all.error());
    if (!options.forget.empty()) {
        if (std::none_of(all->begin(), all->end(),
                         [&](const ReleaseRequest& r) { return r.mail == options.forget; }))
            return fail(ErrorCode::NoInput, "nobody asks for " + cell(options.forget));
        if (Status s =
                audit(config, env.now, {"release request denied", options.forget, "", options.why});
            !s)
            return fail(std::move(s).error());
        if (Status s = forget_requests(config, {options.forget}); !s)
            return fail(std::move(s).error());
        env.out << (env.json ? "{}\n" : "the request is forgotten, the mail stays on hold\n");
        return 0;
    }
    Json j;
    j["requests"] = Json::array();
    TextTable table({"ID", "ASKED", "BY", "FROM", "STATE"});
    for (const ReleaseRequest& r : *all) {
        const auto entry = find_mail(reader, r.mail);
        if (!entry) return fail(entry.error());
        const std::string state = !entry->has_value() ? "forgotten" : fate_text(**entry);
        const std::string from = entry->has_value() ? (*entry)->from : "";
        table.add({cell(r.mail), iso8601(r.time), cell(r.rcpt, 64), cell(from, 64), state});
        j["requests"].push_back({{"id", r.mail},
                                 {"time", iso8601(r.time)},
                                 {"by", r.rcpt},
                                 {"from", from},
                                 {"state", state}});
    }
    if (env.json)
        print_json(env.out, j);
    else if (table.empty())
        env.out << "nobody asks for a held mail\n";
    else
        table.print(env.out, {output_width(), {2, 3}, {}});
    return 0;
}

}  // namespace

StoreAction setup_quarantine(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    CLI::App* list_sub = sub.add_subcommand("list", "List the mail on hold, with reasons");
    CLI::App* check_sub =
        sub.add_subcommand("check", "Compare with the queue, tell what is wrong, send the digest");
    CLI::App* digest_sub = sub.add_subcommand("digest", "Send the digest now");
    CLI::App* requests_sub =
        sub.add_subcommand("requests", "List what recipients asked for, or take one");
    list_sub->add_option("-n,--limit", options->limit, "At most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 100000));
    check_sub
        ->add_option("--settled", options->settled,
                     "Seconds after which a mail must be in the queue")
        ->capture_default_str()
        ->check(CLI::Range(0, 86400));
    digest_sub->add_flag("--print", options->print, "Print the admin's digest, send nothing");
    requests_sub->add_flag("--mail", options->mail, "Take the request that is mailed on stdin");
    requests_sub->add_option("--deny", options->forget, "Forget the requests for this mail")
        ->type_name("ID");
    add_reason_option(*requests_sub, options->why);
    for (CLI::App* one : {check_sub, digest_sub}) add_mta_options(*one, options->mta);
    for (CLI::App* one : {list_sub, check_sub, digest_sub, requests_sub}) one->fallthrough();
    sub.require_subcommand(1);
    return [options, list_sub, check_sub, digest_sub](Env& env, const Config& config,
                                                      const StoreReader& reader) {
        if (list_sub->parsed()) return list(env, config, reader, *options);
        if (check_sub->parsed()) return check(env, config, reader, *options, false);
        if (digest_sub->parsed()) return check(env, config, reader, *options, true);
        return requests(env, config, reader, *options);
    };
}

}  // namespace kith::admin
