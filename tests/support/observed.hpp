// SPDX-License-Identifier: Apache-2.0
// Synthetic Observations for tests of what lies above the features: an ordinary mail between two
// people; a test names only what it is about. Everything is hashed under a fixed secret.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "engine/base/text.hpp"
#include "engine/features/observe.hpp"
#include "engine/features/spec.hpp"
#include "engine/journal/mail_record.hpp"

namespace kith::test {

inline const Hasher& test_hasher() {
    static const Hasher hasher{
        Hasher::Secret{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
    return hasher;
}

/// Monday 2026-03-02 08:00 UTC and `days` later.
inline Time day(double days) {
    return from_unix(1'772'438'400 + static_cast<std::int64_t>(days * 86400));
}

inline std::uint32_t word_of(std::string_view text) { return test_hasher().hash32("word", text); }
inline std::uint64_t id_of(std::string_view text) { return test_hasher().hash64("mid", text); }
inline std::uint64_t host_of(std::string_view text) { return test_hasher().hash64("host", text); }
inline std::uint64_t tenant_of(std::string_view text) {
    return test_hasher().hash64("tenant", text);
}
inline Key16 person(std::string_view address) { return sender_key(test_hasher(), address); }
inline std::uint32_t value_of(FeatureId f, std::string_view text) {
    return encode_seen(Seen::category(std::string(text)), index_of(f), test_hasher()).code;
}

/// Builds one mail's observations. One thread.
class Mail {
public:
    explicit Mail(std::string_view from = "anna@partner.example", Time at = day(0)) {
        o_.time = at;
        const auto domain = from.substr(from.find('@') + 1);
        o_.sender = person(from);
        o_.domain = domain_key(test_hasher(), domain);
        o_.sender32 = o_.sender.short32();
        o_.domain32 = o_.domain.short32();
        o_.message_id = id_of(std::string(from) + std::to_string(to_unix(at)));
        to({"ben@site.example"});
        shows(FeatureId::auth_triple, "spf=pass dkim=pass dmarc=pass");
        shows(FeatureId::aligned_signer, domain);
        shows(FeatureId::time_zone, "+0100");
        shows(FeatureId::user_agent, "Thunderbird");
        for (std::size_t i = 0; i < static_cast<std::size_t>(Ask::kCount); ++i)
            answer(static_cast<Ask>(i), "no");
    }
    Mail& to(std::initializer_list<std::string_view> addresses) {
        o_.rcpts.clear();
        std::string all;
        for (const auto a : addresses) {
            o_.rcpts.push_back(person(a));
            all += std::string(a) + "\n";
        }
        std::sort(o_.rcpts.begin(), o_.rcpts.end());
        o_.rcpt_set = test_hasher().hash64("rcpts", all);
        return *this;
    }
    Mail& id(std::string_view text) {
        o_.message_id = id_of(text);
        return *this;
    }
    Mail& refers_to(std::initializer_list<std::string_view> ids) {
        for (const auto i : ids) o_.refs.push_back(id_of(i));
        return *this;
    }
    Mail& shows(FeatureId f, std::string_view text) {
        o_.values[index_of(f)].code = value_of(f, text);
        return *this;
    }
    Mail& bin(FeatureId f, int b) {
        o_.values[index_of(f)].code = FeatureValue::kFirstBin + static_cast<std::uint32_t>(b);
        return *this;
    }
    Mail& lacks(FeatureId f) {
        o_.values[index_of(f)] = {FeatureValue::kAbsent, 0};
        return *this;
    }
    Mail& says_nothing_of(FeatureId f) {
        o_.values[index_of(f)] = {};
        return *this;
    }
    /// A member of a set feature.
    Mail& has(FeatureId f, std::string_view text) {
        const auto v = value_of(f, text);
        o_.values[index_of(f)].code = v;
        o_.set_members.emplace_back(static_cast<std::uint16_t>(index_of(f)), v);
        return *this;
    }
    /// Words parted by one space, each once.
    Mail& says(std::string_view text) {
        for (const auto w : split(text, ' ')) {
            o_.words.push_back({word_of(w), 1});
            ++o_.word_total;
        }
        return *this;
    }
    Mail& quotes(std::string_view text) {
        for (const auto w : split(text, ' ')) o_.thread_words.push_back(word_of(w));
        std::sort(o_.thread_words.begin(), o_.thread_words.end());
        return *this;
    }
    Mail& links_to(std::string_view host, std::string_view page = "") {
        ObservedLink link;
        link.host = host_of(host);
        link.tenant = tenant_of(std::string(host) + "/" + std::string(page));
        o_.links.push_back(link);
        return *this;
    }
    Mail& asks_for(std::initializer_list<Ask> asks) {
        for (const Ask a : asks) {
            o_.asks |= 1U << static_cast<unsigned>(a);
            answer(a, "yes");
        }
        return *this;
    }
    Mail& direction(Direction d) {
        o_.direction = d;
        return *this;
    }
    Observations& get() { return o_; }
    operator const Observations&() const { return o_; }  // NOLINT(google-explicit-constructor)

private:
    void answer(Ask ask, std::string_view yes_or_no) {
        const std::size_t f = index_of(ask);
        o_.values[f].code =
            encode_seen(Seen::category(std::string(yes_or_no)), f, test_hasher()).code;
    }

    Observations o_;
};

/// What the milter would have journalled of it, accepted or held.
inline MailRecord record_of(const Observations& o, Action action = Action::Accepted) {
    MailRecord r;
    const auto hex = test_hasher().hash64("id", std::to_string(o.message_id));
    for (std::uint64_t x = hex, i = 0; i < 12; ++i, x /= 26)
        r.id += static_cast<char>('a' + x % 26);
    r.time = o.time;
    r.mode = "enforce";
    r.action = action;
    r.observations = o;
    return r;
}

}  // namespace kith::test
