// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/account_learner.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "engine/accounts/codec.hpp"
#include "engine/accounts/past_incidents.hpp"
#include "engine/base/crc32c.hpp"
#include "engine/base/text.hpp"
#include "engine/features/observe.hpp"
#include "engine/learner/mail_index.hpp"
#include "engine/profile/keys.hpp"

namespace kith {
namespace {

/// Ids of events that go with each account that may go at once (expire_accounts).
constexpr std::size_t kIdsForEach = 50;
/// Judgements of deleted segments that go at once: a segment has tens of thousands of records.
constexpr std::size_t kExpiredJudgements = 50000;

constexpr char kIncidentKey = 'c';  // persistent: an incident's id -> its account
constexpr std::size_t kMaxCached = 5000;
constexpr double kArrivedEvidence = 1.5;
constexpr std::size_t kMaxArrivedAt = 64;  ///< recipients looked at of one mail

/// 16 characters [a-z2-7], the same for the same account and time.
std::string new_incident_id(const Hasher& hasher, const Sighting& s) {
    const Key16 key =
        hasher.key("account incident", s.name + " " + std::to_string(to_unix(s.time)));
    static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
    std::string out;
    for (const std::uint8_t byte : key.bytes) out += kLetters[byte % kLetters.size()];
    return out;
}

std::string incident_index_key(std::string_view id) { return kIncidentKey + std::string(id); }

bool asks_or_links(Stratum s) noexcept {
    return s == Stratum::NewLink || s == Stratum::Request || s == Stratum::Identity;
}

/// Whether any of their texts has changed.
bool reword_steps(AccountState& account,
                  const std::function<std::string(const std::string&)>& without) {
    bool changed = false;
    std::vector<std::vector<AccountStep>*> stories{&account.unusual, &account.incident.steps};
    for (AccountIncident& past : account.past) stories.push_back(&past.steps);
    for (auto* steps : stories)
        for (AccountStep& step : *steps) {
            std::string text = without(step.text);
            if (text == step.text) continue;
            step.text = std::move(text);
            changed = true;
        }
    return changed;
}

Key16 key_of_bytes(std::string_view bytes) {
    Key16 out;
    std::copy_n(bytes.begin(), std::min(bytes.size(), out.bytes.size()), out.bytes.begin());
    return out;
}

Status scan_site(const StoreReader& reader,
                 const std::function<void(std::string_view key, std::string_view value)>& visit) {
    return reader.scan(Table::Accounts, std::string_view(&kAccountSiteKey, 1),
                       [&](std::string_view key, std::string_view value) {
                           if (key.front() != kAccountSiteKey) return false;
                           visit(key, value);
                           return true;
                       });
}

}  // namespace

AccountLearner::AccountLearner(const Hasher& hasher, const AccountJudgeOptions& options,
                               const std::vector<std::string>& own_domains)
    : hasher_(hasher), options_(options), own_domains_(own_domains) {}

Result<int> AccountLearner::load_site() {
    int broken = 0;
    if (reader_ == nullptr) return broken;
    auto scanned = scan_site(*reader_, [&](std::string_view key, std::string_view value) {
        if (decode_site_piece(key.substr(1), value, site_))
            stored_[std::string(key)] = crc32c(value);
        else
            ++broken;
    });
    if (!scanned) return fail(scanned.error());
    return broken;
}

Key16 AccountLearner::domain_of(const std::string& name) const {
    // An account without a domain belongs to the site's one.
    return hasher_.key("accounts of", kith::domain_of(name));
}

Result<AccountState*> AccountLearner::load(const Key16& key, bool make) {
    if (const auto it = accounts_.find(key); it != accounts_.end()) return &it->second.state;
    const std::string stored = account_state_key(key);
    const bool forgotten = std::find(gone_.begin(), gone_.end(), stored) != gone_.end();
    if (reader_ != nullptr && !forgotten) {
        auto found = reader_->get(Table::Accounts, stored);
        if (!found) return fail(found.error());
        // A record that does not decode is an account that begins anew.
        if (found->has_value())
            if (auto state = decode_account_state(**found))
                return &accounts_.emplace(key, Entry{std::move(*state), false}).first->second.state;
    }
    if (!make) return static_cast<AccountState*>(nullptr);
    return &accounts_[key].state;
}

Result<Habits*> AccountLearner::habits_of(const Key16& domain) {
    if (const auto it = domains_.find(domain); it != domains_.end()) return &it->second;
    Habits habits;
    for (std::size_t f = 0; f < kAccountFeatures && reader_ != nullptr; ++f) {
        const std::uint8_t tag = kAccountFeatureSpecs[f].tag;
        const std::string key = account_habit_key(domain, tag);
        auto found = reader_->get(Table::Accounts, key);
        if (!found) return fail(found.error());
        if (found->has_value() && decode_habit(**found, tag, habits[f]))
            stored_[key] = crc32c(**found);
    }
    return &domains_.emplace(domain, std::move(habits)).first->second;
}

Result<bool> AccountLearner::is_repeat(std::uint64_t id, Time time) {
    if (id == 0) return false;
    if (ids_.contains(id)) return true;
    if (reader_ != nullptr) {
        auto found = reader_->get(Table::Accounts, account_event_key(id));
        if (!found) return fail(found.error());
        if (found->has_value()) return true;
    }
    ids_.emplace(id, day_number(time));
    return false;
}

Result<AccountJudgement> AccountLearner::observe(const Sighting& s) {
    auto state = load(s.account, true);
    if (!state) return fail(state.error());
    auto domain = habits_of(domain_of(s.name));
    if (!domain) return fail(domain.error());
    auto all = habits_of(Key16{});
    if (!all) return fail(all.error());
    accounts_[s.account].changed = true;
    AccountJudgement j = observe_account(s, options_, new_incident_id(hasher_, s),
                                         {**state, **domain, **all, site_});
    if (j.opened) incidents_[(*state)->incident.id] = s.account;
    return j;
}

Result<std::optional<AccountJudgement>> AccountLearner::take(const AccountEvent& event,
                                                             Time arrived) {
    using Answer = std::optional<AccountJudgement>;
    if (trim(event.account).empty()) return Answer{};
    std::string host(utf8_prefix(event.host, kMaxAccountText));
    const bool known_host = site_.clocks.contains(host);
    // More hosts than a site has are somebody's invention: they share a clock.
    if (!known_host && site_.clocks.size() >= AccountSite::kMaxHosts) host.clear();
    Sighting s = sighting_of(event, arrived, hasher_, own_domains_);
    // Else whoever guesses names would fill the store with accounts that do not exist.
    const bool failed = s.act == AccountAct::LoginFailed || s.act == AccountAct::LoginRefused;
    auto known = load(s.account, false);
    if (!known) return fail(known.error());
    if (*known == nullptr && failed) return Answer{};
    auto repeat = is_repeat(s.id, arrived);
    if (!repeat) return fail(repeat.error());
    if (*repeat) return Answer{};
    s.time = event.imported ? std::min(event.time, arrived)
                            : site_.clocks[host].correct(event.time, arrived);
    s.values[index_of(AccountFeature::hour)] = part_of_week(s.time);
    auto judged = observe(s);
    if (!judged) return fail(judged.error());
    return Answer{std::move(*judged)};
}

Status AccountLearner::note_arrived_mail(const MailRecord& mail) {
    if (!asks_or_links(mail.assessment.stratum) || mail.assessment.own_evidence < kArrivedEvidence)
        return ok();
    std::size_t looked = 0;
    for (const std::string& rcpt : mail.rcpts) {
        if (++looked > kMaxArrivedAt) break;
        const Key16 key = account_key(hasher_, rcpt);
        auto state = load(key, false);
        if (!state) return fail(state.error());
        if (*state == nullptr) continue;
        note_arrived(mail.id, mail.time, mail.assessment.own_evidence, **state);
        accounts_[key].changed = true;
    }
    return ok();
}

Result<std::optional<AccountJudgement>> AccountLearner::take(const MailRecord& mail) {
    using Answer = std::optional<AccountJudgement>;
    if (mail.imported || mail.own) return Answer{};
    if (mail.observations.direction != Direction::Outbound)
        if (auto noted = note_arrived_mail(mail); !noted) return fail(noted.error());
    if (!is_submission(mail)) return Answer{};
    auto judged = observe(sighting_of(mail, hasher_));
    if (!judged) return fail(judged.error());
    return Answer{std::move(*judged)};
}

void AccountLearner::keep(JournalPosition record, Time recorded, const AccountJudgement& judged) {
    const KeptJudgement kept = kept_of(judged, recorded);
    if (is_worth_keeping(kept)) kept_.emplace_back(kept_judgement_key(record), encode(kept));
}

Result<bool> AccountLearner::close(const std::string& incident, Time now, bool normal) {
    Key16 account;
    if (const auto it = incidents_.find(incident); it != incidents_.end()) {
        account = it->second;
    } else {
        if (reader_ == nullptr) return false;
        auto found = reader_->get(Table::Accounts, incident_index_key(incident));
        if (!found) return fail(found.error());
        if (!found->has_value()) return false;
        account = key_of_bytes(**found);
    }
    auto state = load(account, false);
    if (!state) return fail(state.error());
    if (*state == nullptr || (*state)->incident.id != incident) return false;
    auto domain = habits_of(domain_of((*state)->name));
    auto all = habits_of(Key16{});
    if (!domain || !all) return fail(domain ? all.error() : domain.error());
    accounts_[account].changed = true;
    return close_incident({**state, **domain, **all, site_}, now, normal);
}

Status AccountLearner::forget(const Key16& key) {
    auto state = load(key, false);
    if (!state) return fail(state.error());
    if (*state == nullptr) return ok();
    const auto unlist = [&](const AccountIncident& incident) {
        if (incident.id.empty()) return;
        incidents_.erase(incident.id);
        gone_.push_back(incident_index_key(incident.id));
    };
    unlist((*state)->incident);
    for (const AccountIncident& past : (*state)->past) unlist(past);
    accounts_.erase(key);
    gone_.push_back(account_state_key(key));
    return ok();
}

Status AccountLearner::reword(StoreWriter& writer,
                              const std::function<std::string(const std::string&)>& without,
                              const Alive& alive) {
    // The table is scanned as the store has it.
    if (auto flushed = flush(writer); !flushed) return flushed;
    std::vector<std::pair<std::string, AccountState>> changed;
    auto scanned = writer.scan(Table::Accounts, std::string_view(&kAccountStateKey, 1),
                               [&](std::string_view key, std::string_view value) {
                                   alive();
                                   if (key.front() != kAccountStateKey) return false;
                                   auto state = decode_account_state(value);
                                   if (state && reword_steps(*state, without))
                                       changed.emplace_back(key, std::move(*state));
                                   return true;
                               });
    if (!scanned) return scanned;
    for (auto& [key, state] : changed)
        accounts_[key_of_bytes(std::string_view(key).substr(1))] = {std::move(state), true};
    return ok();
}

Status AccountLearner::put_if_changed(StoreWriter& writer, const std::string& key,
                                      std::string bytes) {
    const std::uint32_t sum = crc32c(bytes);
    const auto known = stored_.find(key);
    if (known != stored_.end() && known->second == sum) return ok();
    stored_[key] = sum;
    return writer.put(Table::Accounts, key, bytes);
}

Status AccountLearner::flush(StoreWriter& writer) {
    for (const std::string& key : gone_)
        if (auto erased = writer.erase(Table::Accounts, key); !erased) return erased;
    bool changed = false;
    for (const auto& [key, entry] : accounts_) {
        if (!entry.changed) continue;
        changed = true;
        if (auto put = writer.put(Table::Accounts, account_state_key(key), encode(entry.state));
            !put)
            return put;
    }
    for (const auto& [id, day] : ids_)
        if (auto put = writer.put(Table::Accounts, account_event_key(id),
                                  word_key(static_cast<std::uint32_t>(day)));
            !put)
            return put;
    for (const auto& [id, account] : incidents_)
        if (auto put = writer.put(Table::Accounts, incident_index_key(id), account.view()); !put)
            return put;
    for (const auto& [key, bytes] : kept_)
        if (auto put = writer.put(Table::Accounts, key, bytes); !put) return put;
    if (!changed) return ok();
    for (const auto& [domain, habits] : domains_)
        for (std::size_t f = 0; f < kAccountFeatures; ++f) {
            if (habits[f].values().empty()) continue;
            const std::uint8_t tag = kAccountFeatureSpecs[f].tag;
            if (auto put =
                    put_if_changed(writer, account_habit_key(domain, tag), encode(habits[f], tag));
                !put)
                return put;
        }
    Status done = ok();
    encode_site(site_, [&](const std::string& name, std::string bytes) {
        if (done) done = put_if_changed(writer, account_site_key(name), std::move(bytes));
    });
    return done;
}

void AccountLearner::flushed() {
    gone_.clear();
    ids_.clear();
    incidents_.clear();
    kept_.clear();
    if (accounts_.size() > kMaxCached)
        accounts_.clear();
    else
        for (auto& [key, entry] : accounts_) entry.changed = false;
}

Result<const AccountState*> AccountLearner::find(const std::string& name) {
    auto found = load(account_key(hasher_, name), false);
    if (!found) return fail(found.error());
    return static_cast<const AccountState*>(*found);
}

Result<std::size_t> account_days(const StoreReader& reader) {
    AccountSite site;
    // A piece that does not decode counts nothing, as for the learner.
    const Status scanned = scan_site(reader, [&](std::string_view key, std::string_view value) {
        (void)decode_site_piece(key.substr(1), value, site);
    });
    if (!scanned) return fail(scanned.error());
    return site.peaks.back().size();  // of all strata
}

Status scan_accounts(const StoreReader& reader,
                     const std::function<bool(const AccountState&)>& visit) {
    return reader.scan(Table::Accounts, std::string_view(&kAccountStateKey, 1),
                       [&](std::string_view key, std::string_view value) {
                           if (key.front() != kAccountStateKey) return false;
                           const auto state = decode_account_state(value);
                           return !state || visit(*state);
                       });
}

Result<std::optional<AccountState>> find_account(const StoreReader& reader, const Key16& account) {
    auto found = reader.get(Table::Accounts, account_state_key(account));
    if (!found) return fail(found.error());
    if (!found->has_value()) return std::optional<AccountState>{};
    return decode_account_state(**found);
}

Result<std::vector<AccountIncident>> list_account_incidents(const StoreReader& reader) {
    std::set<std::string> accounts;  // bytes of their keys
    auto scanned = reader.scan(Table::Accounts, std::string_view(&kIncidentKey, 1),
                               [&](std::string_view key, std::string_view value) {
                                   if (key.front() != kIncidentKey) return false;
                                   accounts.emplace(value);
                                   return true;
                               });
    if (!scanned) return fail(scanned.error());
    std::vector<AccountIncident> out;
    for (const std::string& account : accounts) {
        auto state = find_account(reader, key_of_bytes(account));
        if (!state) return fail(state.error());
        if (!state->has_value()) continue;
        if (!(*state)->incident.id.empty()) out.push_back(std::move((*state)->incident));
        std::move((*state)->past.begin(), (*state)->past.end(), std::back_inserter(out));
    }
    std::stable_sort(
        out.begin(), out.end(),
        [](const AccountIncident& a, const AccountIncident& b) { return a.last > b.last; });
    return out;
}

Result<AccountIncident> find_account_incident(const StoreReader& reader, std::string_view id) {
    auto all = list_account_incidents(reader);
    if (!all) return fail(all.error());
    std::vector<AccountIncident> found;
    for (AccountIncident& i : *all)
        if (id.size() >= kMinIdPrefix && i.id.starts_with(id)) found.push_back(std::move(i));
    if (found.size() == 1) return std::move(found.front());
    if (found.empty())
        return fail(ErrorCode::NoInput, "no incident " + std::string(id),
                    "kith incident list --all shows those that are kept");
    std::string candidates;
    for (const auto& i : found) candidates += (candidates.empty() ? "" : ", ") + i.id;
    return fail(ErrorCode::Usage, "several incidents begin with " + std::string(id),
                "one of: " + candidates);
}

Result<KeptJudgement> find_kept_judgement(const StoreReader& reader, JournalPosition record,
                                          Time recorded) {
    auto found = reader.get(Table::Accounts, kept_judgement_key(record));
    if (!found) return fail(found.error());
    if (!found->has_value()) return KeptJudgement{};
    const auto kept = decode_kept_judgement(**found);
    return kept && kept->recorded == recorded ? *kept : KeptJudgement{};
}

Status expire_kept_judgements(StoreWriter& writer, const JournalOptions& journal) {
    std::vector<std::string> old;
    std::uint64_t gone = 0;  // number of a segment that is known to be deleted
    auto scanned = writer.scan(Table::Accounts, std::string_view(&kKeptJudgementKey, 1),
                               [&](std::string_view key, std::string_view) {
                                   if (key.front() != kKeptJudgementKey) return false;
                                   const std::uint64_t segment = segment_of_kept_judgement(key);
                                   if (segment != gone && !segment_path(journal, segment).empty())
                                       return false;
                                   gone = segment;
                                   old.emplace_back(key);
                                   return old.size() < kExpiredJudgements;
                               });
    if (!scanned) return scanned;
    for (const auto& key : old)
        if (auto erased = writer.erase(Table::Accounts, key); !erased) return erased;
    return ok();
}

namespace {

/// Returns how many accounts lost some of their incidents: at most `max`.
Result<std::size_t> expire_account_incidents(StoreWriter& writer, Time now, Time before,
                                             std::size_t max) {
    std::vector<std::pair<std::string, std::string>> changed;
    auto scanned = writer.scan(Table::Accounts, std::string_view(&kAccountStateKey, 1),
                               [&](std::string_view key, std::string_view value) {
                                   if (key.front() != kAccountStateKey) return false;
                                   auto state = decode_account_state(value);
                                   if (state && drop_incidents(*state, before, now) > 0)
                                       changed.emplace_back(key, encode(*state));
                                   return changed.size() < max;
                               });
    if (!scanned) return fail(scanned.error());
    for (const auto& [key, bytes] : changed)
        if (auto put = writer.put(Table::Accounts, key, bytes); !put) return fail(put.error());
    return changed.size();
}

}  // namespace

Result<std::size_t> expire_accounts(StoreWriter& writer, Time now, Time incidents_before,
                                    std::size_t max) {
    // First: what pointed to these incidents goes below.
    auto shortened = expire_account_incidents(writer, now, incidents_before, max);
    if (!shortened) return shortened;
    std::vector<std::string> old;
    const auto collect = [&](char first, std::size_t at_most, const auto& is_old) {
        const std::size_t full = old.size() + at_most;
        return writer.scan(Table::Accounts, std::string_view(&first, 1),
                           [&](std::string_view key, std::string_view value) {
                               if (key.front() != first) return false;
                               if (is_old(key, value)) old.emplace_back(key);
                               return old.size() < full;
                           });
    };
    const std::int32_t oldest_id = day_number(now - kAccountIdsKept);
    // Small, and one for each event: as many have to go in an hour as may come.
    auto ids =
        collect(kAccountEventKey, kIdsForEach * max, [&](std::string_view, std::string_view value) {
            const auto day = decode_integer_key(std::string(4, '\0') + std::string(value));
            return !day || static_cast<std::int32_t>(*day) < oldest_id;
        });
    if (!ids) return fail(ids.error());
    auto states = collect(kAccountStateKey, max, [&](std::string_view, std::string_view value) {
        const auto state = decode_account_state(value);
        return !state || now - state->last > kAccountKept;
    });
    if (!states) return fail(states.error());
    auto index = collect(kIncidentKey, max, [&](std::string_view key, std::string_view value) {
        const auto state = find_account(writer, key_of_bytes(value));
        return state && (!state->has_value() || incident_of(**state, key.substr(1)) == nullptr);
    });
    if (!index) return fail(index.error());
    for (const auto& key : old)
        if (auto erased = writer.erase(Table::Accounts, key); !erased) return fail(erased.error());
    return *shortened + old.size();
}

}  // namespace kith
