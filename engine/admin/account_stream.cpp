// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/account_stream.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "engine/admin/output.hpp"
#include "engine/learner/account_learner.hpp"

namespace kith::admin {
namespace {

/// Thrown within this file only.
struct BadField {
    std::string what;
};

template <class T>
T field(const Json& j, const char* key, T otherwise) {
    const auto it = j.find(key);
    if (it == j.end() || it->is_null()) return otherwise;
    try {
        return it->get<T>();
    } catch (const Json::exception&) {
        throw BadField{std::string(key) + " is of the wrong type"};
    }
}

Time time_field(const Json& j, const char* key, Time otherwise) {
    const double seconds = field<double>(j, key, static_cast<double>(to_unix(otherwise)));
    if (!(seconds >= 0 && seconds <= 253402300799.0))
        throw BadField{std::string(key) + " is no time"};
    return from_unix(static_cast<std::int64_t>(seconds));
}

AccountEventKind kind_of(std::string_view name) {
    for (std::size_t i = 0; i < kAccountEventKinds; ++i)
        if (to_string(static_cast<AccountEventKind>(i)) == name)
            return static_cast<AccountEventKind>(i);
    throw BadField{"kind " + std::string(name) + " is not known"};
}

RuleSummary rule_of(const Json& j) {
    RuleSummary r;
    r.redirects = field<std::vector<std::string>>(j, "redirects", {});
    r.folders = field<std::vector<std::string>>(j, "folders", {});
    r.topics = field<std::uint8_t>(j, "topics", 0);
    r.discards = field(j, "discards", false);
    r.marks_seen = field(j, "marks_seen", false);
    r.stops = field(j, "stops", false);
    r.keeps_copy = field(j, "keeps_copy", false);
    r.conditional = field(j, "conditional", false);
    r.understood = field(j, "understood", true);
    return r;
}

GeoPlace place_of(const Json& j) {
    GeoPlace out;
    out.asn = field<std::uint32_t>(j, "asn", 0);
    if (const auto country = field<std::string>(j, "country", ""); is_country(country))
        out.country = country;
    const auto degrees = [&](const char* key) {
        return std::optional(field<double>(j, key, std::numeric_limits<double>::quiet_NaN()));
    };
    out.point = geo_point(degrees("lat"), degrees("lon"));
    return out;
}

StreamedEvent event_of(const Json& j, std::string_view kind) {
    StreamedEvent out;
    AccountEvent& e = out.event;
    e.kind = kind_of(kind);
    e.time = time_field(j, "t", Time{});
    out.arrived = time_field(j, "arrived", e.time);
    e.account = field<std::string>(j, "account", "");
    e.id = field<std::string>(j, "id", "");
    e.host = field<std::string>(j, "host", "");
    e.service = field<std::string>(j, "service", "");
    e.session = field<std::string>(j, "session", "");
    e.client_addr = field<std::string>(j, "addr", "");
    e.client_name = field<std::string>(j, "name", "");
    e.place = place_of(j);
    e.client_id = field<std::string>(j, "client", "");
    e.mechanism = field<std::string>(j, "mechanism", "");
    e.tls = field<std::string>(j, "tls", "");
    e.mailbox = field<std::string>(j, "mailbox", "");
    e.to_mailbox = field<std::string>(j, "to", "");
    e.messages = field<std::uint64_t>(j, "messages", 0);
    e.bytes = field<std::uint64_t>(j, "bytes", 0);
    e.repeats = field<std::uint32_t>(j, "repeats", 1);
    e.seconds = field<std::uint32_t>(j, "seconds", 0);
    e.detail = field<std::string>(j, "detail", "");
    if (const auto rule = j.find("rule"); rule != j.end()) e.rule = rule_of(*rule);
    return out;
}

Stratum stratum_of(std::string_view name) {
    for (int i = 0; i < kStratumCount; ++i)
        if (to_string(static_cast<Stratum>(i)) == name) return static_cast<Stratum>(i);
    throw BadField{"stratum " + std::string(name) + " is not known"};
}

MailRecord mail_of(const Json& j, const Hasher& hasher) {
    MailRecord m;
    m.time = m.observations.time = time_field(j, "t", Time{});
    m.id = field<std::string>(j, "id", "");
    m.auth_user = field<std::string>(j, "account", "");
    m.client_addr = field<std::string>(j, "addr", "");
    m.client_name = field<std::string>(j, "name", "");
    m.place = place_of(j);
    m.rcpts = field<std::vector<std::string>>(j, "rcpts", {});
    const std::string direction = field<std::string>(j, "direction", "outbound");
    m.observations.direction = direction == "inbound"    ? Direction::Inbound
                               : direction == "internal" ? Direction::Internal
                                                         : Direction::Outbound;
    for (const std::string& rcpt : m.rcpts)
        m.observations.rcpts.push_back(hasher.key("recipient", rcpt));
    const std::string agent = field<std::string>(j, "agent", "");
    m.observations.values[index_of(FeatureId::user_agent)].code =
        agent.empty() ? FeatureValue::kAbsent : hasher.hash32("agent", agent);
    m.assessment.stratum = stratum_of(field<std::string>(j, "stratum", "plain"));
    m.assessment.own_evidence = field<double>(j, "evidence", 0);
    m.assessment.tags = field<std::vector<std::string>>(j, "tags", {});
    return m;
}

Json step_json(const std::string& account, Time time, std::string_view act,
               const AccountJudgement& judged, const std::string& incident) {
    Json indicators = Json::array();
    for (const AccountIndicatorSpec& i : account_indicators())
        if (has_indicator(judged.indicators, i.number)) indicators.push_back(i.name);
    return {{"account", account},
            {"time", to_unix(time)},
            {"kind", act},
            {"incident", incident},
            {"opened", judged.opened},
            {"risk", rounded(judged.risk, 1)},
            {"per_week", rounded(judged.per_week, 3)},
            {"nats", rounded(judged.risk_nats, 2)},
            {"indicators", indicators},
            {"text", judged.text}};
}

}  // namespace

Result<StreamLine> read_stream_line(std::string_view line, const Hasher& hasher) {
    const Json j = Json::parse(line, nullptr, false);
    if (!j.is_object()) return fail(ErrorCode::Usage, "not a JSON object");
    try {
        const std::string kind = field<std::string>(j, "kind", "");
        if (kind == "mail") return StreamLine{mail_of(j, hasher)};
        return StreamLine{event_of(j, kind)};
    } catch (const BadField& bad) {
        return fail(ErrorCode::Usage, bad.what);
    }
}

Result<std::size_t> replay_account_stream(std::istream& in, const Config& config,
                                          std::ostream& out) {
    // Nothing is kept, so hashes need no secret of a site; a fixed one makes runs comparable.
    const Hasher hasher(Hasher::Secret{'r', 'e', 'p', 'l', 'a', 'y'});
    AccountLearner learner(hasher, config.account_judge, config.site.domains);
    std::size_t opened = 0;
    std::string text;
    for (std::size_t number = 1; std::getline(in, text); ++number) {
        if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
        const auto line = read_stream_line(text, hasher);
        if (!line)
            return fail(ErrorCode::NoInput,
                        "line " + std::to_string(number) + ": " + line.error().what,
                        "each line is one JSON object with at least kind, t and account");
        const auto* event = std::get_if<StreamedEvent>(&*line);
        const auto* mail = std::get_if<MailRecord>(&*line);
        auto judged =
            event != nullptr ? learner.take(event->event, event->arrived) : learner.take(*mail);
        if (!judged) return fail(judged.error());
        if (!judged->has_value() || !(*judged)->alert) continue;
        opened += (*judged)->opened ? 1U : 0U;
        const std::string& account = event != nullptr ? event->event.account : mail->auth_user;
        const auto state = learner.find(account);
        if (!state) return fail(state.error());
        out << json_text(step_json(account, event != nullptr ? event->event.time : mail->time,
                                   event != nullptr ? to_string(event->event.kind) : "mail",
                                   **judged, (*state)->incident.id),
                         -1)
            << '\n';
        if (!out) break;
    }
    return opened;
}

}  // namespace kith::admin
