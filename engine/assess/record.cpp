// SPDX-License-Identifier: Apache-2.0
#include "engine/assess/record.hpp"

#include "engine/assess/direction.hpp"
#include "engine/base/text.hpp"
#include "engine/message/other_filters.hpp"

namespace kith {
namespace {

constexpr std::size_t kMaxText = 512, kMaxRcpts = 500;

std::string short_text(std::string_view bytes) { return scrub_utf8(bytes, kMaxText); }

}  // namespace

std::string id_text(std::uint64_t high, std::uint64_t low) {
    static constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
    std::string out(16, 'a');
    for (std::size_t i = 0; i < 16; ++i) {
        out[15 - i] = kAlphabet[low & 31U];
        low = low >> 5 | high << 59;
        high >>= 5;
    }
    return out;
}

DraftRecord draft_record(const Message& message, const Arrival& arrival, const Config& config,
                         const Hasher& hasher) {
    DraftRecord draft;
    MailRecord& r = draft.record;
    r.time = arrival.time;
    r.queue_id = short_text(arrival.queue_id);
    r.host = short_text(arrival.mta_hostname);
    r.client_addr = short_text(arrival.client_addr);
    r.client_name = short_text(arrival.client_name);
    r.helo = short_text(arrival.helo);
    r.tls_version = short_text(arrival.tls_version);
    r.cipher = short_text(arrival.cipher);
    r.mail_from = short_text(arrival.mail_from);
    for (const auto& rcpt : arrival.rcpts) {
        if (r.rcpts.size() == kMaxRcpts) break;
        r.rcpts.push_back(short_text(rcpt));
    }
    r.auth_user = short_text(arrival.auth_user.value_or(""));
    if (!message.from.empty()) {
        r.from = short_text(message.from.front().address());
        r.from_name = short_text(message.from.front().display_name);
    }
    r.message_id = short_text(message.message_id);
    if (config.journal_subjects) r.subject = short_text(message.subject);

    for (const mail::FilterSays& said : mail::other_filters(message.headers))
        r.other_filters.push_back({std::string(said.filter), said.spam, said.score, said.required});

    const std::string identity = std::to_string(to_unix(arrival.time)) + "\n" + arrival.queue_id +
                                 "\n" + arrival.mail_from + "\n" + message.message_id + "\n" +
                                 std::to_string(message.raw_bytes) + "\n" + arrival.client_addr +
                                 "\n" + (arrival.rcpts.empty() ? "" : arrival.rcpts.front());
    r.id = id_text(hasher.hash64("id-high", identity), hasher.hash64("id-low", identity));

    Observed observed = observe(message, arrival, direction_of(arrival, config.site),
                                {hasher, builtin_asks(), config.site.domains});
    r.observations = std::move(observed.observations);
    draft.labels = std::move(observed.labels);
    return draft;
}

MailRecord import_record(const Message& message, const Arrival& arrival, const Config& config,
                         const Hasher& hasher) {
    MailRecord r = draft_record(message, arrival, config, hasher).record;
    r.imported = true;
    r.mode = to_string(Mode::Passive);
    return r;
}

}  // namespace kith
