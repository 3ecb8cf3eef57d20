// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/codec.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/accounts/past_incidents.hpp"
#include "engine/accounts/state_generated.h"
#include "engine/base/text.hpp"

namespace kith {
namespace {

namespace fb = accounts::fb;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

constexpr std::size_t kMaxStepText = 400, kMaxId = 64, kMaxName = 255;
constexpr float kMostNats = 1000;
const std::string kPeaksPiece = "peaks/";

std::string finished(const FlatBufferBuilder& b) {
    return {reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()};
}

// --- writing ------------------------------------------------------------------------------------

Offset<fb::Habit> build(FlatBufferBuilder& b, const Habit& habit, std::uint8_t tag) {
    std::vector<fb::HabitValue> values;
    for (const Habit::Value& v : habit.values())
        values.emplace_back(v.value, v.count, v.day, v.today);
    const auto at = b.CreateVectorOfStructs(values);
    return fb::CreateHabit(b, tag, habit.aged(), at);
}

Offset<fb::Step> build(FlatBufferBuilder& b, const AccountStep& s) {
    const auto text = b.CreateString(s.text), mail = b.CreateString(s.mail);
    return fb::CreateStep(b, to_unix(s.time), static_cast<std::uint8_t>(s.act), text, mail, s.marks,
                          s.risk);
}

Offset<flatbuffers::Vector<Offset<fb::Step>>> build(FlatBufferBuilder& b,
                                                    const std::vector<AccountStep>& steps) {
    std::vector<Offset<fb::Step>> all;
    for (const AccountStep& s : steps) all.push_back(build(b, s));
    return b.CreateVector(all);
}

Offset<fb::Incident> build(FlatBufferBuilder& b, const AccountIncident& i) {
    if (i.id.empty()) return 0;
    const auto id = b.CreateString(i.id), account = b.CreateString(i.account);
    const auto steps = build(b, i.steps);
    return fb::CreateIncident(b, id, account, to_unix(i.opened), to_unix(i.last), to_unix(i.closed),
                              i.risk, i.indicators, steps, i.left_out, to_unix(i.raised), i.raises,
                              i.normal);
}

Offset<fb::Endpoint> build(FlatBufferBuilder& b, const Endpoint& e) {
    const auto words = b.CreateString(e.words), client = b.CreateString(e.client);
    const auto nats = b.CreateVector(e.nats.data(), e.nats.size());
    using Degrees = flatbuffers::Optional<float>;
    const auto country = e.country.empty() ? 0 : b.CreateString(e.country);
    return fb::CreateEndpoint(
        b, e.network, words, client, to_unix(e.first), to_unix(e.last), nats, to_unix(e.diverted),
        e.days, e.point ? Degrees(e.point->latitude) : Degrees(),
        e.point ? Degrees(e.point->longitude) : Degrees(), country, to_unix(e.used));
}

// --- reading ------------------------------------------------------------------------------------

/// Verified root of a copy-aligned buffer.
template <class Root>
class Verified {
public:
    explicit Verified(std::string_view bytes) : copy_((bytes.size() + 7) / 8) {
        if (bytes.size() < 8) return;
        std::memcpy(copy_.data(), bytes.data(), bytes.size());
        const auto* data = reinterpret_cast<const std::uint8_t*>(copy_.data());
        flatbuffers::Verifier verifier(data, bytes.size(), 16, 4096);
        if (verifier.VerifyBuffer<Root>(nullptr)) root_ = flatbuffers::GetRoot<Root>(data);
    }
    const Root* get() const { return root_; }

private:
    std::vector<std::uint64_t> copy_;
    const Root* root_ = nullptr;
};

Time time_of(std::int64_t seconds) {
    return from_unix(std::clamp<std::int64_t>(seconds, -62135596800, 253402300799));
}

std::string text_of(const flatbuffers::String* s, std::size_t most) {
    return s == nullptr ? "" : scrub_utf8(utf8_prefix(scrub_utf8(s->string_view()), most));
}

bool is_nats(float x) { return x >= 0 && x <= kMostNats; }
bool is_count(double x) { return x >= 0 && x <= 1e12; }

/// Copies of the structs of `in`, of the last ones when there are more than `most`.
template <class T>
std::vector<T> structs(const flatbuffers::Vector<const T*>* in, std::size_t most) {
    std::vector<T> out;
    if (in == nullptr) return out;
    const std::size_t size = std::min<std::size_t>(in->size(), most);
    for (std::size_t i = in->size() - size; i < in->size(); ++i) {
        T copy;
        std::memcpy(static_cast<void*>(&copy), in->Data() + sizeof(T) * i, sizeof(T));
        out.push_back(copy);
    }
    return out;
}

bool read(const fb::Habit* in, std::size_t most, Habit& out) {
    if (in == nullptr) return true;
    std::vector<Habit::Value> values;
    for (const fb::HabitValue& v : structs(in->values(), most)) {
        if (!is_count(static_cast<double>(v.count()))) return false;
        values.push_back({v.value(), v.count(), v.day(), v.today()});
    }
    out.restore(std::move(values), std::clamp(in->aged(), 0, 2932896));
    return true;
}

bool read(const fb::Step& in, AccountStep& out) {
    out.time = time_of(in.time());
    out.act = static_cast<AccountAct>(in.act());
    out.text = text_of(in.text(), kMaxStepText);
    out.mail = text_of(in.mail(), kMaxId);
    out.marks = in.marks();
    out.risk = in.risk();
    const bool known =
        in.act() <= static_cast<std::uint8_t>(AccountAct::Forward) || out.act == AccountAct::Mail;
    return known && is_nats(out.risk);
}

bool read(const flatbuffers::Vector<Offset<fb::Step>>* in, std::size_t most,
          std::vector<AccountStep>& out) {
    if (in == nullptr) return true;
    for (const auto* step : *in) {
        if (out.size() == most) break;
        if (!read(*step, out.emplace_back())) return false;
    }
    return true;
}

bool read(const fb::Incident* in, AccountIncident& out) {
    if (in == nullptr) return true;
    out.id = text_of(in->id(), kMaxId);
    out.account = text_of(in->account(), kMaxName);
    out.opened = time_of(in->opened());
    out.last = time_of(in->last());
    out.closed = time_of(in->closed());
    out.raised = time_of(in->raised());
    out.raises = in->raises();
    out.risk = in->risk();
    out.indicators = in->indicators();
    out.left_out = in->left_out();
    out.normal = in->normal();
    return is_nats(out.risk) && read(in->steps(), AccountIncident::kMaxSteps, out.steps);
}

bool read(const fb::Endpoint& in, Endpoint& out) {
    out.network = in.network();
    out.words = text_of(in.words(), Sighting::kMaxWordsBytes);
    out.client = text_of(in.client(), Sighting::kMaxWordsBytes);
    out.first = time_of(in.first());
    out.last = time_of(in.last());
    out.diverted = time_of(in.diverted());
    out.days = std::clamp(in.days(), 1U, 1000U);
    out.point = geo_point(in.latitude(), in.longitude());
    out.country = text_of(in.country(), kMaxId);
    if (!is_country(out.country)) out.country.clear();
    out.used = time_of(in.used());
    if (in.nats() == nullptr || in.nats()->size() != out.nats.size()) return false;
    std::memcpy(out.nats.data(), in.nats()->Data(), sizeof out.nats);
    for (float& x : out.nats) x = flatbuffers::EndianScalar(x);
    return std::all_of(out.nats.begin(), out.nats.end(), is_nats);
}

/// The newest ones. One without an id is none.
bool read_past(const fb::Account& in, AccountState& out) {
    if (in.past() == nullptr) return true;
    const std::size_t size = in.past()->size();
    for (std::size_t i = size - std::min(size, kMaxPastIncidents); i < size; ++i) {
        AccountIncident past;
        if (!read(in.past()->Get(static_cast<flatbuffers::uoffset_t>(i)), past)) return false;
        if (!past.id.empty()) out.past.push_back(std::move(past));
    }
    bound_past_incidents(out);
    return true;
}

bool read_lists(const fb::Account& in, AccountState& out) {
    if (in.endpoints() != nullptr)
        for (const auto* e : *in.endpoints()) {
            if (out.endpoints.size() == AccountState::kMaxEndpoints) break;
            if (!read(*e, out.endpoints.emplace_back())) return false;
        }
    for (const auto& s : structs(in.sessions(), AccountState::kMaxSessions))
        out.sessions.emplace_back(s.session(), s.network());
    for (const auto& f : structs(in.failures(), AccountState::kMaxFailures))
        out.failures.emplace_back(time_of(f.time()), f.network());
    for (const auto& p : structs(in.pending(), AccountState::kMaxPending))
        if (const std::size_t f = account_feature_index(p.feature()); f < kAccountFeatures)
            out.pending.push_back({static_cast<std::uint8_t>(f), p.value(), time_of(p.due())});
    for (const auto& c : structs(in.today(), kAccountFeatures))
        if (const std::size_t f = account_feature_index(c.feature()); f < kAccountFeatures)
            out.today[f] = c.count();
    if (in.arrived() != nullptr)
        for (const auto* m : *in.arrived()) {
            if (out.arrived.size() == AccountState::kMaxArrived) break;
            if (!is_nats(m->evidence())) return false;
            out.arrived.push_back({text_of(m->id(), kMaxId), time_of(m->time()), m->evidence()});
        }
    return read(in.unusual(), AccountState::kMaxUnusual, out.unusual);
}

bool read_novelty(const fb::Novelty& in, std::size_t f, AccountSite& site) {
    constexpr std::size_t kCells = NoveltyCurve::kN * NoveltyCurve::kT;
    const auto cells = structs(in.cells(), kAccountLevels * kCells);
    if (cells.size() != kAccountLevels * kCells) return false;
    for (const fb::Cell& c : cells)
        if (!is_count(static_cast<double>(c.trials())) || !(c.novel() >= 0) ||
            c.novel() > c.trials())
            return false;
    for (std::size_t i = 0; i < cells.size(); ++i)
        site.novelty[i / kCells][f].cells()[i % kCells] = {cells[i].trials(), cells[i].novel()};
    return true;
}

bool read_peaks(const fb::Peaks& in, ScoreRing& ring) {
    std::vector<float> values;
    if (in.values() != nullptr) {
        if (in.values()->size() > AccountSite::kPeaks) return false;
        for (const float x : *in.values()) values.push_back(x);
    }
    if (!std::all_of(values.begin(), values.end(), is_nats) || in.next() >= AccountSite::kPeaks)
        return false;
    ring.restore(std::move(values), in.next());
    return true;
}

bool read_basics(const fb::Site& in, AccountSite& site) {
    constexpr std::size_t kDays = 8;
    if (in.day_counts() == nullptr || in.day_counts()->size() != site.day_counts.size() * kDays)
        return false;
    for (std::size_t i = 0; i < site.day_counts.size() * kDays; ++i)
        site.day_counts[i / kDays][i % kDays] =
            in.day_counts()->Get(static_cast<flatbuffers::uoffset_t>(i));
    site.first_day = std::clamp(in.first_day(), 0, 2932896);
    site.last_day = std::clamp(in.last_day(), site.first_day, 2932896);
    if (in.clocks() == nullptr) return true;
    for (const auto* c : *in.clocks()) {
        if (site.clocks.size() == AccountSite::kMaxHosts) break;
        HostClock& clock = site.clocks[text_of(c->host(), kMaxName)];
        const auto age = [](std::int64_t x) {
            return std::clamp(x, -HostClock::kOldest.count(), HostClock::kOldest.count());
        };
        clock.least = age(c->least());
        clock.least_before = age(c->least_before());
        clock.events = std::min(c->events(), 1U << 30);
        clock.events_before = std::min(c->events_before(), 1U << 30);
        clock.since = time_of(c->since());
    }
    return true;
}

std::string number_text(std::uint8_t tag) { return std::to_string(static_cast<unsigned>(tag)); }

std::string big_endian(std::uint64_t x) {
    std::string out(8, '\0');
    for (std::size_t i = 8; i-- > 0; x >>= 8) out[i] = static_cast<char>(x & 0xFF);
    return out;
}

}  // namespace

std::string encode(const AccountState& a) {
    FlatBufferBuilder b(2048);
    std::vector<Offset<fb::Habit>> habits;
    for (std::size_t f = 0; f < kAccountFeatures; ++f)
        if (!a.habits[f].values().empty())
            habits.push_back(build(b, a.habits[f], kAccountFeatureSpecs[f].tag));
    std::vector<Offset<fb::Endpoint>> endpoints;
    for (const Endpoint& e : a.endpoints) endpoints.push_back(build(b, e));
    std::vector<fb::Session> sessions;
    for (const auto& [session, network] : a.sessions) sessions.emplace_back(session, network);
    std::vector<fb::Failure> failures;
    for (const auto& [time, network] : a.failures) failures.emplace_back(to_unix(time), network);
    std::vector<fb::Pending> pending;
    for (const PendingLesson& p : a.pending)
        pending.emplace_back(to_unix(p.due), p.value, kAccountFeatureSpecs[p.feature].tag);
    std::vector<fb::Count> today;
    for (std::size_t f = 0; f < kAccountFeatures; ++f)
        if (a.today[f] != 0) today.emplace_back(a.today[f], kAccountFeatureSpecs[f].tag);
    std::vector<Offset<fb::Arrived>> arrived;
    for (const ArrivedMail& m : a.arrived) {
        const auto id = b.CreateString(m.id);
        arrived.push_back(fb::CreateArrived(b, id, to_unix(m.time), m.evidence));
    }
    const auto name = b.CreateString(a.name);
    const auto habits_at = b.CreateVector(habits);
    const auto recipients = build(b, a.recipients, 0);
    const auto endpoints_at = b.CreateVector(endpoints);
    const auto sessions_at = b.CreateVectorOfStructs(sessions);
    const auto failures_at = b.CreateVectorOfStructs(failures);
    const auto pending_at = b.CreateVectorOfStructs(pending);
    const auto arrived_at = b.CreateVector(arrived);
    const auto unusual = build(b, a.unusual);
    const auto incident = build(b, a.incident);
    const auto today_at = b.CreateVectorOfStructs(today);
    const auto peaks = b.CreateVector(a.peaks.data(), a.peaks.size());
    std::vector<Offset<fb::Incident>> past;
    for (const AccountIncident& i : a.past)
        if (!i.id.empty()) past.push_back(build(b, i));
    const auto past_at = past.empty() ? 0 : b.CreateVector(past);
    b.Finish(fb::CreateAccount(b, name, to_unix(a.first), to_unix(a.last), a.logins, a.mails,
                               habits_at, recipients, endpoints_at, sessions_at, failures_at,
                               pending_at, arrived_at, unusual, incident, a.tells_reads, a.day,
                               today_at, peaks, a.risk, a.score, past_at));
    return finished(b);
}

std::optional<AccountState> decode_account_state(std::string_view bytes) {
    const Verified<fb::Account> verified(bytes);
    if (verified.get() == nullptr) return std::nullopt;
    const fb::Account& in = *verified.get();
    AccountState out;
    out.name = text_of(in.name(), kMaxName);
    out.first = time_of(in.first());
    out.last = time_of(in.last());
    out.logins = in.logins();
    out.mails = in.mails();
    out.tells_reads = in.tells_reads();
    out.day = std::clamp(in.day(), 0, 2932896);
    out.risk = in.risk();
    out.score = in.score();
    if (in.peaks() == nullptr || in.peaks()->size() != out.peaks.size() || !is_count(out.logins) ||
        !is_count(out.mails) || !is_nats(out.risk) || !is_nats(out.score))
        return std::nullopt;
    for (std::size_t i = 0; i < out.peaks.size(); ++i) {
        out.peaks[i] = in.peaks()->Get(static_cast<flatbuffers::uoffset_t>(i));
        if (!is_nats(out.peaks[i])) return std::nullopt;
    }
    if (in.habits() != nullptr)
        for (const auto* habit : *in.habits())
            if (const std::size_t f = account_feature_index(habit->feature());
                f < kAccountFeatures && !read(habit, kMostOfAccount, out.habits[f]))
                return std::nullopt;
    if (!read(in.recipients(), AccountState::kMaxRecipients, out.recipients) ||
        !read_lists(in, out) || !read(in.incident(), out.incident) || !read_past(in, out))
        return std::nullopt;
    return out;
}

std::string encode(const Habit& habit, std::uint8_t tag) {
    FlatBufferBuilder b(1024);
    b.Finish(build(b, habit, tag));
    return finished(b);
}

bool decode_habit(std::string_view bytes, std::uint8_t tag, Habit& out) {
    const Verified<fb::Habit> verified(bytes);
    return verified.get() != nullptr && verified.get()->feature() == tag &&
           read(verified.get(), kMostOfParent, out);
}

void encode_site(const AccountSite& site,
                 const std::function<void(const std::string&, std::string)>& put) {
    for (std::size_t f = 0; f < kAccountFeatures; ++f) {
        FlatBufferBuilder b(4096);
        std::vector<fb::Cell> cells;
        for (std::size_t level = 0; level < kAccountLevels; ++level)
            for (const NoveltyCurve::Cell& c : site.novelty[level][f].cells())
                cells.emplace_back(c.trials, c.novel);
        const auto at = b.CreateVectorOfStructs(cells);
        b.Finish(fb::CreateNovelty(b, at));
        put("novelty/" + number_text(kAccountFeatureSpecs[f].tag), finished(b));
    }
    for (std::size_t i = 0; i < site.peaks.size(); ++i) {
        FlatBufferBuilder peaks(4096);
        const auto values = peaks.CreateVector(site.peaks[i].values());
        peaks.Finish(
            fb::CreatePeaks(peaks, values, static_cast<std::uint32_t>(site.peaks[i].next())));
        put(kPeaksPiece + std::to_string(i), finished(peaks));
    }
    FlatBufferBuilder b(1024);
    std::vector<Offset<fb::Clock>> clocks;
    for (const auto& [host, c] : site.clocks) {
        const auto name = b.CreateString(host);
        clocks.push_back(fb::CreateClock(b, name, c.least, c.least_before, c.events,
                                         c.events_before, to_unix(c.since)));
    }
    std::vector<std::uint32_t> all_counts;
    for (const auto& of_ring : site.day_counts)
        all_counts.insert(all_counts.end(), of_ring.begin(), of_ring.end());
    const auto counts = b.CreateVector(all_counts);
    const auto clocks_at = b.CreateVector(clocks);
    b.Finish(fb::CreateSite(b, counts, site.first_day, site.last_day, clocks_at));
    put("basics", finished(b));
}

bool decode_site_piece(std::string_view name, std::string_view bytes, AccountSite& site) {
    for (std::size_t i = 0; i < site.peaks.size(); ++i) {
        if (name != kPeaksPiece + std::to_string(i)) continue;
        const Verified<fb::Peaks> in(bytes);
        if (in.get() == nullptr || !read_peaks(*in.get(), site.peaks[i])) return false;
        site.scales[i] = Calibration(site.peaks[i]);
        return true;
    }
    if (name == "basics") {
        const Verified<fb::Site> in(bytes);
        return in.get() != nullptr && read_basics(*in.get(), site);
    }
    for (std::size_t f = 0; f < kAccountFeatures; ++f) {
        if (name != "novelty/" + number_text(kAccountFeatureSpecs[f].tag)) continue;
        const Verified<fb::Novelty> in(bytes);
        return in.get() != nullptr && read_novelty(*in.get(), f, site);
    }
    return false;
}

std::string encode(const KeptJudgement& kept) {
    FlatBufferBuilder b(256);
    std::vector<fb::Surprise> surprises;
    for (std::size_t f = 0; f < kAccountFeatures; ++f)
        if (kept.nats[f] > 0 || is_unseen(kept, f))
            surprises.emplace_back(kept.nats[f], kAccountFeatureSpecs[f].tag, is_unseen(kept, f));
    const auto at = b.CreateVectorOfStructs(surprises);
    b.Finish(
        fb::CreateJudgement(b, to_unix(kept.recorded), kept.risk, kept.hand, kept.indicators, at));
    return finished(b);
}

std::optional<KeptJudgement> decode_kept_judgement(std::string_view bytes) {
    const Verified<fb::Judgement> verified(bytes);
    const fb::Judgement* in = verified.get();
    if (in == nullptr || !(in->risk() >= 0 && in->risk() <= 100) || !is_nats(in->hand())) return {};
    KeptJudgement out;
    out.recorded = time_of(in->recorded());
    out.risk = in->risk();
    out.hand = in->hand();
    out.indicators = in->indicators();
    for (const fb::Surprise& s : structs(in->surprises(), kAccountFeatures)) {
        const std::size_t f = account_feature_index(s.feature());
        if (f == kAccountFeatures) continue;
        if (!is_nats(s.nats())) return {};
        out.nats[f] = s.nats();
        out.unseen |= (s.unseen() ? 1U : 0U) << f;
    }
    return out;
}

std::string account_state_key(const Key16& account) {
    return kAccountStateKey + std::string(account.view());
}

std::string account_habit_key(const Key16& domain, std::uint8_t tag) {
    return "h" + std::string(domain.view()) + static_cast<char>(tag);
}

std::string account_site_key(std::string_view name) { return kAccountSiteKey + std::string(name); }

std::string account_event_key(std::uint64_t id) { return kAccountEventKey + big_endian(id); }

std::string kept_judgement_key(JournalPosition record) {
    return kKeptJudgementKey + big_endian(record.segment) + big_endian(record.offset);
}

std::uint64_t segment_of_kept_judgement(std::string_view key) noexcept {
    std::uint64_t out = 0;
    if (key.size() != 17 || key.front() != kKeptJudgementKey) return out;
    for (const char c : key.substr(1, 8)) out = out << 8 | static_cast<unsigned char>(c);
    return out;
}

}  // namespace kith
