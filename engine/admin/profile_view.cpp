// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/profile_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <ostream>

#include "engine/assess/site_key.hpp"
#include "engine/assess/store_memory.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/text.hpp"
#include "engine/features/asks.hpp"
#include "engine/features/helpers.hpp"
#include "engine/features/mail_kind.hpp"
#include "engine/features/observe.hpp"
#include "engine/features/spec.hpp"
#include "engine/learner/mail_index.hpp"
#include "engine/message/domain.hpp"
#include "engine/profile/account.hpp"
#include "engine/profile/group.hpp"
#include "engine/scoring/drift.hpp"

namespace kith::admin {
namespace {

/// Rows of habits that are shown where not all are asked for, of an address and its domain
/// together; the rest of a screen tells more than they do.
constexpr std::size_t kRows = 30, kRowsOfDomain = 10;
/// Share of the most frequent value from which on there is a habit.
constexpr double kHabit = .25;

/// Nats a mail of drift that are worth a line; new machines and programs reach them for some weeks.
constexpr double kDriftTold = 3;

// One feature as the profile counts it.
struct Habit {
    std::size_t feature = 0;
    double observations = 0;  ///< decayed
    std::size_t values = 0;   ///< distinct
    double top_share = 0;     ///< of the most frequent value
    std::uint32_t value = 0;  ///< of one value: which
};

std::vector<Habit> habits_of(const Profile& profile) {
    std::vector<Habit> out;
    for (const ValueCount& v : profile.values()) {
        if (out.empty() || out.back().feature != v.feature) {
            out.push_back({v.feature, profile.total(v.feature), 0, 0, v.value});
        }
        Habit& h = out.back();
        ++h.values;
        if (h.observations > 0)
            h.top_share = std::max(h.top_share, static_cast<double>(v.count) / h.observations);
    }
    return out;
}

/// Whether it tells anything of the sender: not what is other every time, and not that his mail
/// never has something, which most mail has not.
bool is_telling(const Habit& h, const Hasher& hasher) {
    if (h.top_share < kHabit) return false;
    return h.values > 1 || (h.value != FeatureValue::kAbsent &&
                            h.value != encode_seen(Seen::flag(false), h.feature, hasher).code);
}

/// By group; within it, how much another value would stand out: the more settled and the oftener
/// seen, the more. At most `limit` that tell most, or all.
std::vector<Habit> shown_habits(const Profile& profile, const Hasher& hasher, std::size_t limit,
                                ProfileRows rows) {
    std::vector<Habit> out = habits_of(profile);
    const auto weight = [](const Habit& h) { return h.top_share * std::log1p(h.observations); };
    const auto heavier = [&](const Habit& a, const Habit& b) { return weight(a) > weight(b); };
    if (rows == ProfileRows::Telling) {
        std::erase_if(out, [&](const Habit& h) { return !is_telling(h, hasher); });
        std::stable_sort(out.begin(), out.end(), heavier);
        if (out.size() > limit) out.resize(limit);
    }
    std::stable_sort(out.begin(), out.end(), [&](const Habit& a, const Habit& b) {
        const Group x = feature_spec(a.feature).group, y = feature_spec(b.feature).group;
        return x != y ? x < y : heavier(a, b);
    });
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
        std::count_if(circle.bearers.begin(), circle.bearers.end(), [&](const NameUse::Bearer& b) {
            return b.count >= kOften && b.address != address.short32();
        }));
}

/// Plain names for hashes: addresses and domains of the newest mail in the index.
class Names {
public:
    static Result<Names> of(const StoreReader& reader, const Hasher& hasher) {
        constexpr std::size_t kNewest = 20'000;
        MailFilter filter;
        filter.mails = MailClass::All;
        filter.limit = kNewest;
        const auto mails = list_mail(reader, filter);
        if (!mails) return fail(mails.error());
        Names out;
        for (const MailEntry& mail : *mails)
            for (const std::string& address : {mail.from, mail.rcpt}) {
                if (address.empty()) continue;
                out.names_.emplace(sender_key(hasher, address).short32(), utf8_lower(address));
                const std::string host = address.substr(address.rfind('@') + 1);
                const std::string domain = mail::registrable_domain(mail::to_ascii_domain(host));
                out.names_.emplace(domain_key(hasher, domain).short32(), domain);
            }
        return out;
    }
    /// "" = unknown.
    [[nodiscard]] std::string name(std::uint32_t hash) const {
        const auto it = names_.find(hash);
        return it == names_.end() ? "" : it->second;
    }

private:
    std::map<std::uint32_t, std::string> names_;
};

/// A list of which some items have a name.
struct Named {
    std::vector<std::string> names;  ///< the most frequent first
    std::size_t others = 0;          ///< without a name

    void add(std::string name) {
        if (name.empty())
            ++others;
        else
            names.push_back(std::move(name));
    }
};

std::vector<ValueCount> most_frequent(const Profile& p, FeatureId feature) {
    std::vector<ValueCount> out;
    for (const ValueCount& v : p.values())
        if (v.feature == index_of(feature)) out.push_back(v);
    std::stable_sort(out.begin(), out.end(),
                     [](const ValueCount& a, const ValueCount& b) { return a.count > b.count; });
    return out;
}

Named named_values(const Profile& p, FeatureId feature, const Names& names) {
    Named out;
    for (const ValueCount& v : most_frequent(p, feature)) out.add(names.name(v.value));
    return out;
}

/// How often each of `texts` was a feature's value, the most frequent first.
std::vector<std::pair<std::string, double>> value_counts(const Profile& p, FeatureId feature,
                                                         const std::vector<std::string>& texts,
                                                         const Hasher& hasher) {
    std::map<std::uint32_t, std::string> text_of;
    for (const std::string& text : texts)
        text_of[encode_seen(Seen::category(text), index_of(feature), hasher).code] = text;
    std::vector<std::pair<std::string, double>> out;
    for (const ValueCount& v : most_frequent(p, feature))
        if (const auto it = text_of.find(v.value); it != text_of.end())
            out.emplace_back(it->second, static_cast<double>(v.count));
    return out;
}

/// "newsletter 12, ticket 3": kinds of mail.
std::vector<std::pair<std::string, double>> kinds_of(const Profile& p, const Hasher& hasher) {
    std::vector<std::string> kinds;
    for (int k = 0; k < kMailKindCount; ++k)
        kinds.emplace_back(to_string(static_cast<MailKind>(k)));
    return value_counts(p, FeatureId::list_kind, kinds, hasher);
}

std::vector<std::pair<std::string, double>> asks_of(const Profile& p) {
    std::vector<std::pair<std::string, double>> out;
    for (std::size_t a = 0; a < static_cast<std::size_t>(Ask::kCount); ++a)
        if (const double n = p.total(index_of(static_cast<Ask>(a))); n > 0)
            out.emplace_back(std::string(to_string(static_cast<Ask>(a))), n);
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    return out;
}

/// Where links lead that reach a group or come from an account, by how new the host was to the
/// sender.
std::vector<std::pair<std::string, double>> links_of(const Profile& p, const Hasher& hasher) {
    std::vector<std::string> texts;
    for (const Novelty n :
         {Novelty::Sender, Novelty::Domain, Novelty::Site5, Novelty::Site1, Novelty::Never})
        texts.push_back(novelty_text(n));
    return value_counts(p, FeatureId::link_host, texts, hasher);
}

Json counts_json(const std::vector<std::pair<std::string, double>>& counts) {
    Json j = Json::object();
    for (const auto& [name, n] : counts) j[name] = rounded(n, 1);
    return j;
}

Json named_json(const Named& named) { return {{"names", named.names}, {"others", named.others}}; }

std::string counts_text(const std::vector<std::pair<std::string, double>>& counts) {
    std::string out;
    for (const auto& [name, n] : counts)
        out += (out.empty() ? "" : ", ") + fmt::format("{} {:.0f}", name, n);
    return out.empty() ? "none" : out;
}

std::string named_text(const Named& named) {
    constexpr std::size_t kMost = 8;
    std::string out;
    std::size_t told = 0;
    for (; told < named.names.size() && told < kMost; ++told)
        out += (told == 0 ? "" : ", ") + cell(named.names[told]);
    if (const std::size_t more = named.names.size() - told + named.others; more > 0)
        out += (out.empty() ? "" : " and ") + std::to_string(more) +
               (named.others == more ? " without a name in the index" : " more");
    return out.empty() ? "none" : out;
}

/// null where no mail carries the name of somebody known elsewhere.
Json borrowed_json(const Profile& p) {
    const BorrowedNames& b = p.borrowed;
    if (b.borrowed <= 0) return Json();
    return {{"mails", rounded(static_cast<double>(b.borrowed), 0)},
            {"named", rounded(static_cast<double>(b.named), 0)},
            {"names", distinct_names(b)},
            {"since", iso8601(b.first)},
            {"service", lends_names(b, b.last)}};
}

void print_borrowed(std::ostream& out, const Profile& p) {
    const BorrowedNames& b = p.borrowed;
    if (!lends_names(b, b.last)) return;
    out << fmt::format(
        "writes under the names of people known elsewhere, as services do: {:.0f} of {:.0f} mails "
        "with a name, {} since {}; such a name is no impersonation here\n",
        static_cast<double>(b.borrowed), static_cast<double>(b.named),
        counted(distinct_names(b), "name"), iso8601(b.first));
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
    j["borrowed_names"] = borrowed_json(p);
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

void print_habits(std::ostream& out, const Profile& p, const Hasher& hasher, std::size_t limit,
                  ProfileRows rows) {
    const std::vector<Habit> shown = shown_habits(p, hasher, limit, rows);
    TextTable table({"GROUP", "FEATURE", "SEEN", "VALUES", "MOST FREQUENT"});
    std::string_view group;
    for (const Habit& h : shown) {
        const std::string_view of = to_string(feature_spec(h.feature).group);
        table.add({std::string(of == group ? "" : of), std::string(feature_name(h.feature)),
                   fixed1(h.observations), std::to_string(h.values),
                   fmt::format("{:.0f} %", 100 * h.top_share)});
        group = of;
    }
    if (!table.empty()) table.print(out);
    if (const std::size_t more = habits_of(p).size() - shown.size(); more > 0)
        out << counted(more, "feature") << (shown.empty() ? "" : " more")
            << " that tell less: --all\n";
}

void print_subject(std::ostream& out, const Known& s, const Hasher& hasher, std::size_t limit,
                   ProfileRows rows) {
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
    print_borrowed(out, p);
    if (s.vocabulary)
        out << fmt::format("{}, {}, {}, {}, {}\n", counted(s.vocabulary->words.size(), "word"),
                           counted(s.vocabulary->hosts.size(), "link host"),
                           counted(s.vocabulary->payments.size(), "payment detail"),
                           counted(s.vocabulary->phones.size(), "phone number"),
                           counted(s.vocabulary->recipients.size(), "recipient"));
    print_habits(out, p, hasher, limit, rows);
}

/// What is usual for those who share mail with an address.
struct GroupView {
    std::shared_ptr<const Profile> profile;
    Named members;
    Named domains;
};

GroupView group_view(const Key16& address, const Memory& memory, const Names& names) {
    GroupView view{memory.profile(Subject::Group, address), {}, {}};
    if (!view.profile || view.profile->messages <= 0) return {};
    for (const Key16& member : members_of(address, memory))
        view.members.add(names.name(member.short32()));
    view.domains = named_values(*view.profile, kGroupDomains, names);
    return view;
}

Json counts_of(const Profile& p) {
    return {{"mails", rounded(static_cast<double>(p.messages), 1)},
            {"days", rounded(static_cast<double>(p.days), 0)},
            {"first", iso8601(p.first)},
            {"last", iso8601(p.last)}};
}

Json group_json(const GroupView& g, const Hasher& hasher) {
    if (!g.profile) return Json();
    Json j = counts_of(*g.profile);
    j["members"] = named_json(g.members);
    j["domains"] = named_json(g.domains);
    j["kinds"] = counts_json(kinds_of(*g.profile, hasher));
    j["asks"] = counts_json(asks_of(*g.profile));
    j["links"] = counts_json(links_of(*g.profile, hasher));
    return j;
}

void print_group(std::ostream& out, const GroupView& g, const Hasher& hasher) {
    if (!g.profile) return;
    const Profile& p = *g.profile;
    out << fmt::format("\nits group: {:.1f} mails learned on {:.0f} days, last {}\n",
                       static_cast<double>(p.messages), static_cast<double>(p.days),
                       iso8601(p.last));
    out << "  with it, often addressed together: " << named_text(g.members) << '\n'
        << "  mail comes from: " << named_text(g.domains) << '\n'
        << "  kinds: " << counts_text(kinds_of(p, hasher)) << '\n'
        << "  it asks for: " << counts_text(asks_of(p)) << '\n'
        << "  it links to: " << counts_text(links_of(p, hasher)) << '\n';
}

Json account_json(const std::shared_ptr<const Profile>& profile, const Names& names,
                  const Hasher& hasher) {
    if (!profile) return Json();
    const Profile& p = *profile;
    Json j = counts_of(p);
    j["writes_as"] = named_json(named_values(p, FeatureId::account_from, names));
    j["recipients_a_day"] = rounded(static_cast<double>(p.reach.usual_recipients), 1);
    j["new_recipients_a_day"] = rounded(static_cast<double>(p.reach.usual_fresh), 1);
    j["networks"] = p.count(index_of(FeatureId::client_network));
    j["submit_hosts"] = p.count(index_of(FeatureId::submit_host));
    j["time_zones"] = p.count(index_of(FeatureId::time_zone));
    j["programs"] = p.count(index_of(FeatureId::user_agent));
    j["asks"] = counts_json(asks_of(p));
    j["links"] = counts_json(links_of(p, hasher));
    return j;
}

void print_account(std::ostream& out, const std::string& login,
                   const std::shared_ptr<const Profile>& profile, const Names& names,
                   const Hasher& hasher) {
    if (!profile) return;
    const Profile& p = *profile;
    out << fmt::format("login {}: {:.1f} mails learned on {:.0f} days, last {}\n", cell(login),
                       static_cast<double>(p.messages), static_cast<double>(p.days),
                       iso8601(p.last));
    out << "  it writes as: " << named_text(named_values(p, FeatureId::account_from, names)) << '\n'
        << fmt::format("  from {}, {}, {}, with {}\n",
                       counted(p.count(index_of(FeatureId::client_network)), "network"),
                       counted(p.count(index_of(FeatureId::submit_host)), "host"),
                       counted(p.count(index_of(FeatureId::time_zone)), "time zone"),
                       counted(p.count(index_of(FeatureId::user_agent)), "program"))
        << fmt::format("  to {:.1f} recipients on a day with mail, {:.1f} of them new\n",
                       static_cast<double>(p.reach.usual_recipients),
                       static_cast<double>(p.reach.usual_fresh))
        << "  it asks for: " << counts_text(asks_of(p)) << '\n'
        << "  it links to: " << counts_text(links_of(p, hasher)) << '\n';
}

Known domain_view(std::string_view host, const Memory& memory, const Hasher& hasher) {
    const std::string domain = mail::registrable_domain(mail::to_ascii_domain(host));
    const Key16 key = domain_key(hasher, domain);
    return {domain, unless_empty(memory.profile(Subject::Domain, key)), memory.vocabulary(key),
            false, 0};
}

}  // namespace

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

struct ProfileView::Impl {
    Impl(const Hasher& h, Names n) : hasher(h), names(std::move(n)) {}
    Hasher hasher;
    Names names;
    std::string login;
    bool is_address = false;
    Known own, whole;
    GroupView group;
    std::shared_ptr<const Profile> account;
};

Result<ProfileView> ProfileView::of(const Config& config, const StoreReader& reader,
                                    const std::string& text) {
    // A login need not look like an address.
    const std::string login = utf8_lower(scrub_utf8(trim(text)));
    const Result<std::string> address = login.find('@') == std::string::npos && !login.empty()
                                            ? Result<std::string>("")
                                            : checked_address(text);
    if (!address) return fail(address.error());
    const Result<Hasher::Secret> secret = read_site_key(reader, config);
    if (!secret) return fail(secret.error());
    const Hasher hasher(*secret);
    // Any generation does: the snapshot is read here and now, not kept.
    const auto snapshot = load_snapshot(reader, 0);
    if (!snapshot) return fail(snapshot.error());
    const StoreMemory memory(reader, *snapshot);

    Result<Names> names = Names::of(reader, hasher);
    if (!names) return fail(names.error());
    auto view = std::make_shared<Impl>(hasher, std::move(*names));
    view->login = login;
    view->is_address = !address->empty();
    view->account = unless_empty(memory.profile(Subject::Account, account_key(hasher, login)));
    view->whole = domain_view(address->empty() ? std::string_view(login) : domain_of(*address),
                              memory, hasher);
    if (view->is_address) {
        const Key16 sender = sender_key(hasher, *address);
        view->group = group_view(sender, memory, view->names);
        view->own = {*address, unless_empty(memory.profile(Subject::Correspondent, sender)),
                     memory.vocabulary(sender), memory.site().people.is_vip(sender.short32()),
                     circle_of(memory, sender)};
    }
    if (!memory.trouble().empty())
        return fail(ErrorCode::Corrupt, "profile of " + login + ": " + memory.trouble(), "");
    return ProfileView(std::move(view));
}

bool ProfileView::is_known() const noexcept {
    return impl_->own.profile || impl_->whole.profile || impl_->account || impl_->group.profile;
}

Status ProfileView::unknown() const {
    if (!impl_->is_address)
        return fail(ErrorCode::NoInput,
                    "no login and no domain " + cell(impl_->login) + " is known",
                    "an address is given as local-part@domain");
    return fail(ErrorCode::NoInput,
                "nothing is learned about " + impl_->own.name + " or " + impl_->whole.name,
                "only mail whose sender is backed teaches; see `kith list --all`");
}

Json ProfileView::json() const {
    const Impl& v = *impl_;
    return {{"address", v.is_address ? subject_json(v.own) : Json()},
            {"domain", v.is_address || v.whole.profile ? subject_json(v.whole) : Json()},
            {"group", v.is_address ? group_json(v.group, v.hasher) : Json()},
            {"account", account_json(v.account, v.names, v.hasher)}};
}

void ProfileView::print(std::ostream& out, ProfileRows rows) const {
    const Impl& v = *impl_;
    if (v.is_address) {
        print_subject(out, v.own, v.hasher, kRows - kRowsOfDomain, rows);
        out << '\n';
    }
    if (v.is_address || v.whole.profile)
        print_subject(out, v.whole, v.hasher, v.is_address ? kRowsOfDomain : kRows, rows);
    if (v.is_address) print_group(out, v.group, v.hasher);
    if (v.account && (v.is_address || v.whole.profile)) out << '\n';
    print_account(out, v.login, v.account, v.names, v.hasher);
}

}  // namespace kith::admin
