// SPDX-License-Identifier: Apache-2.0
// What a feature sees, as text: fill in what matters of a mail (or of its relations), name the
// feature, compare. Extract features read a Look, relate features a Relations; observations a
// feature reads are filled in by hand.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "engine/features/spec.hpp"

namespace kith::test {

struct Look {
    Message message;
    Arrival arrival;
    Observations observations;
    std::vector<std::string> own_domains{"own.example"};
};

/// "(nothing)", "(absent)", "bin 3", "number 0.5", "{a, b}" for a set, else the category's text.
[[nodiscard]] inline std::string shown(const Seen& seen) {
    switch (seen.state()) {
        case Seen::State::Nothing:
            return "(nothing)";
        case Seen::State::Absent:
            return "(absent)";
        case Seen::State::Category:
            return seen.texts().front();
        case Seen::State::Bin:
            return "bin " + std::to_string(seen.bin_value());
        case Seen::State::Number: {
            std::string text = std::to_string(seen.number_value());
            text.erase(text.find_last_not_of('0') + 1);
            return "number " + text;
        }
        case Seen::State::Members: {
            std::string out = "{";
            for (const auto& text : seen.texts()) out += (out.size() > 1 ? ", " : "") + text;
            return out + "}";
        }
    }
    return "?";
}

[[nodiscard]] inline Seen raw(FeatureId id, const Look& look) {
    return feature_spec(index_of(id))
        .extract({look.message, look.arrival, look.observations, look.own_domains});
}
[[nodiscard]] inline std::string see(FeatureId id, const Look& look) {
    return shown(raw(id, look));
}
[[nodiscard]] inline std::string see(FeatureId id, const Relations& relations) {
    return shown(feature_spec(index_of(id)).relate(relations));
}

[[nodiscard]] inline Mailbox mailbox(std::string local, std::string domain, std::string name = {}) {
    Mailbox m;
    m.local_part = std::move(local);
    m.domain = std::move(domain);
    m.form = name.empty() ? NameForm::None : NameForm::Bare;
    m.display_name = std::move(name);
    return m;
}
[[nodiscard]] inline Look from(std::string local, std::string domain, std::string name = {}) {
    Look look;
    look.message.from = {mailbox(std::move(local), std::move(domain), std::move(name))};
    return look;
}
[[nodiscard]] inline Look with_headers(
    std::initializer_list<std::pair<const char*, const char*>> fields) {
    Look look;
    for (const auto& [name, value] : fields) look.message.headers.push_back({name, value});
    return look;
}
[[nodiscard]] inline Look with_subject(std::string subject) {
    Look look;
    look.message.subject = std::move(subject);
    return look;
}
[[nodiscard]] inline Look with_lines(std::vector<TextLine> lines) {
    Look look;
    look.message.lines = std::move(lines);
    return look;
}
[[nodiscard]] inline ReceivedHop hop(std::string helo, std::string ip, std::string by,
                                     std::string with = "ESMTPS") {
    ReceivedHop h;
    h.from_helo = std::move(helo);
    h.from_ip = std::move(ip);
    h.by = std::move(by);
    h.with = std::move(with);
    return h;
}
[[nodiscard]] inline AuthResult auth(std::string method, std::string result, std::string domain,
                                     std::string property) {
    AuthResult r;
    r.method = std::move(method);
    r.result = std::move(result);
    r.domain = std::move(domain);
    r.property = std::move(property);
    return r;
}
[[nodiscard]] inline Part part(std::string media_type) {
    Part p;
    p.media_type = std::move(media_type);
    return p;
}
[[nodiscard]] inline Part attachment(std::string media_type, std::string filename,
                                     std::string detected = {}) {
    Part p = part(std::move(media_type));
    p.filename = std::move(filename);
    p.detected_type = std::move(detected);
    p.is_attachment = true;
    return p;
}
[[nodiscard]] inline Link link_to(std::string host, std::string registrable, LinkPlace place,
                                  std::string visible = {}) {
    Link l;
    l.url = "https://" + host + "/";
    l.scheme = "https";
    l.host = std::move(host);
    l.registrable = std::move(registrable);
    l.path = "/";
    l.place = place;
    l.visible_text = std::move(visible);
    return l;
}

}  // namespace kith::test
