// SPDX-License-Identifier: Apache-2.0
// `kith profile show ADDRESS` and `kith profile forget ADDRESS`. Profiles hold hashes, so what is
// shown is how settled each habit is, not its values. Covered by tests/unit/admin/profile_test.cpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <ostream>

#include "engine/admin/command.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/assess/site_key.hpp"
#include "engine/assess/store_memory.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/text.hpp"
#include "engine/features/observe.hpp"
#include "engine/features/spec.hpp"
#include "engine/message/domain.hpp"
#include "engine/scoring/drift.hpp"

namespace kith::admin {
namespace {

/// Nats a mail of drift that are worth a line; new machines and programs reach them for some weeks.
constexpr double kDriftTold = 3;

struct Options {
    std::string address, why;
};

// One feature as the profile counts it.
struct Habit {
    std::size_t feature = 0;
    double observations = 0;  ///< decayed
    std::size_t values = 0;   ///< distinct
    double top_share = 0;     ///< of the most frequent value
};

std::vector<Habit> habits_of(const Profile& profile) {
    std::vector<Habit> out;
    for (const ValueCount& v : profile.values()) {
        if (out.empty() || out.back().feature != v.feature) {
            out.push_back({v.feature, profile.total(v.feature), 0, 0});
        }
        Habit& h = out.back();
        ++h.values;
        if (h.observations > 0)
            h.top_share = std::max(h.top_share, static_cast<double>(v.count) / h.observations);
    }
    return out;
}

struct Known {
    std::string name;
    std::shared_ptr<const Profile> profile;
    std::shared_ptr<const Vocabulary> vocabulary;
    // Of addresses only.
    bool vip = false;
    std::size_t circle = 0;  ///< recipients often addressed together with it
};

/// Those addressed together with `address` at least thrice.
std::size_t circle_of(const Memory& memory, const Key16& address) {
    constexpr float kOften = 3;
    const NameUse circle = memory.name(circle_key(address));
    return static_cast<std::size_t>(
        std::count_if(circle.bearers.begin(), circle.bearers.end(),
                      [](const NameUse::Bearer& b) { return b.count >= kOften; }));
}

Json subject_json(const Known& s) {
    if (!s.profile) return Json();
    const Profile& p = *s.profile;
    Json j;
    j["name"] = s.name;
    j["mails"] = rounded(static_cast<double>(p.messages), 1);
    j["days"] = rounded(static_cast<double>(p.days), 0);
    j["first"] = iso8601(p.first);
    j["last"] = iso8601(p.last);
    j["received"] = rounded(static_cast<double>(p.received), 1);
    j["ties"] = rounded(static_cast<double>(p.ties), 1);
    j["drift"] = rounded(drift_of(p), 1);
    j["vip"] = s.vip;
    j["circle"] = s.circle;
    j["features"] = Json::array();
    for (const Habit& h : habits_of(p))
        j["features"].push_back({{"name", std::string(feature_name(h.feature))},
                                 {"observations", rounded(h.observations, 1)},
                                 {"values", h.values},
                                 {"top_share", rounded(h.top_share, 3)}});
    if (s.vocabulary) {
        const Vocabulary& v = *s.vocabulary;
        j["vocabulary"] = {{"words", v.words.size()},
                           {"link_hosts", v.hosts.size()},
                           {"payments", v.payments.size()},
                           {"phones", v.phones.size()},
                           {"recipients", v.recipients.size()}};
    } else {
        j["vocabulary"] = Json();
    }
    return j;
}

void print_subject(std::ostream& out, const Known& s) {
    if (!s.profile) {
        out << cell(s.name) << ": nothing learned\n";
        return;
    }
    const Profile& p = *s.profile;
    out << cell(s.name) << ": "
        << fmt::format(
               "{:.1f} mails learned (older ones count less) on {:.0f} days, first {}, last {}\n",
               static_cast<double>(p.messages), static_cast<double>(p.days), iso8601(p.first),
               iso8601(p.last));
    out << fmt::format("own users wrote to it: {:.1f} mails\n", static_cast<double>(p.received));
    if (const double drift = drift_of(p); drift >= kDriftTold)
        out << fmt::format(
            "its habits drift: its last mails were unlike those before by {:.1f} nats each more "
            "than "
            "usual\n",
            drift);
    if (p.ties > 0 || s.circle > 0)
        out << fmt::format("mail both ways with {:.0f} {}{}; often addressed together with {}\n",
                           static_cast<double>(p.ties),
                           std::round(p.ties) == 1 ? "person" : "people", s.vip ? ", a VIP" : "",
                           counted(s.circle, "other recipient"));
    if (s.vocabulary)
        out << fmt::format(
            "{} words, {} link hosts, {} payment details, {} phone numbers, {} recipients\n",
            s.vocabulary->words.size(), s.vocabulary->hosts.size(), s.vocabulary->payments.size(),
            s.vocabulary->phones.size(), s.vocabulary->recipients.size());
    TextTable table({"FEATURE", "SEEN", "VALUES", "MOST FREQUENT"});
    for (const Habit& h : habits_of(p))
        table.add({std::string(feature_name(h.feature)), fixed1(h.observations),
                   std::to_string(h.values), fmt::format("{:.0f} %", 100 * h.top_share)});
    if (!table.empty()) table.print(out);
}

Result<std::string> checked_address(const std::string& text) {
    const std::string address = utf8_lower(scrub_utf8(trim(text)));
    const std::size_t at = address.rfind('@');
    if (at == std::string::npos || at == 0 || at + 1 == address.size())
        return fail(ErrorCode::Usage, cell(text) + " is not an address",
                    "give it as local-part@domain");
    return address;
}

// A profile that was forgotten is there and empty.
std::shared_ptr<const Profile> unless_empty(std::shared_ptr<const Profile> p) {
    return p && p->messages <= 0 && p->received <= 0 && p->values().empty() ? nullptr : p;
}

Outcome show(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const Result<std::string> address = checked_address(options.address);
    if (!address) return fail(address.error());
    const Result<Hasher::Secret> secret = read_site_key(reader, config);
    if (!secret) return fail(secret.error());
    const Hasher hasher(*secret);
    // Any generation does: the snapshot is read here and now, not kept.
    const auto snapshot = load_snapshot(reader, 0);
    if (!snapshot) return fail(snapshot.error());
    const StoreMemory memory(reader, *snapshot);

    const std::string domain =
        mail::registrable_domain(mail::to_ascii_domain(address->substr(address->rfind('@') + 1)));
    const Key16 sender = sender_key(hasher, *address), organisation = domain_key(hasher, domain);
    const Known own{*address, unless_empty(memory.profile(Subject::Correspondent, sender)),
                    memory.vocabulary(sender), memory.site().people.is_vip(sender.short32()),
                    circle_of(memory, sender)};
    const Known whole{domain, unless_empty(memory.profile(Subject::Domain, organisation)),
                      memory.vocabulary(organisation), false, 0};
    if (!memory.trouble().empty())
        return fail(ErrorCode::Corrupt, "profile of " + *address + ": " + memory.trouble(), "");
    if (!own.profile && !whole.profile)
        return fail(ErrorCode::NoInput, "nothing is learned about " + *address + " or " + domain,
                    "only mail whose sender is backed teaches; see `kith list --all`");
    if (env.json) {
        print_json(env.out, Json{{"address", subject_json(own)}, {"domain", subject_json(whole)}});
        return 0;
    }
    print_subject(env.out, own);
    env.out << '\n';
    print_subject(env.out, whole);
    return 0;
}

Outcome forget(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const Result<std::string> address = checked_address(options.address);
    if (!address) return fail(address.error());
    const Result<Hasher::Secret> secret = read_site_key(reader, config);
    if (!secret) return fail(secret.error());
    const auto snapshot = load_snapshot(reader, 0);
    if (!snapshot) return fail(snapshot.error());
    const StoreMemory memory(reader, *snapshot);
    const Key16 sender = sender_key(Hasher(*secret), *address);
    const auto profile = unless_empty(memory.profile(Subject::Correspondent, sender));
    const auto vocabulary = memory.vocabulary(sender);
    const bool known = profile != nullptr || (vocabulary != nullptr && !vocabulary->words.empty());
    if (!memory.trouble().empty())
        return fail(ErrorCode::Corrupt, "profile of " + *address + ": " + memory.trouble(), "");
    if (!known)
        return fail(ErrorCode::NoInput, "nothing is known about " + *address,
                    "is it spelt as in From? kith list --all shows addresses");
    AdminRecord record;
    record.address = *address;
    record.why = options.why;
    if (Status s = append_admin_record(config, RecordType::Forget, env.now, std::move(record)); !s)
        return fail(std::move(s).error());
    if (env.json)
        print_json(env.out, Json{{"address", *address}, {"recorded", true}});
    else
        env.out << "kith-learner forgets what it learned about " << cell(*address) << " next\n";
    return 0;
}

}  // namespace

StoreAction setup_profile(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    CLI::App* show_sub =
        sub.add_subcommand("show", "Show what is learned about an address and its domain");
    show_sub->add_option("ADDRESS", options->address, "local-part@domain")->required();
    CLI::App* forget_sub = sub.add_subcommand("forget", "Have the learner forget an address");
    forget_sub->add_option("ADDRESS", options->address, "local-part@domain")->required();
    forget_sub->add_option("--why", options->why, "Reason, kept in the journal")->type_name("TEXT");
    show_sub->fallthrough();
    forget_sub->fallthrough();
    sub.require_subcommand(1);
    return [options, forget_sub](Env& env, const Config& config, const StoreReader& reader) {
        return forget_sub->parsed() ? forget(env, config, reader, *options)
                                    : show(env, config, reader, *options);
    };
}

}  // namespace kith::admin
