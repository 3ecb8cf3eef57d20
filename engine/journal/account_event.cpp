// SPDX-License-Identifier: Apache-2.0
// Events on own accounts to and from FlatBuffers (account_event.fbs, FORMAT.md); how foreign bytes
// are read: record_codec.hpp. Limits are kept when writing, since what is told comes from outside.
// Covered by tests/unit/journal/account_event_test.cpp, tests/fuzz/fuzz_mail_record.cpp.
#include "engine/journal/account_event.hpp"

#include <algorithm>
#include <array>

#include "engine/base/text.hpp"
#include "engine/journal/account_event_generated.h"
#include "engine/journal/record_codec.hpp"

namespace kith {
namespace {

using namespace payload;

using Text = flatbuffers::Offset<flatbuffers::String>;
using Texts = flatbuffers::Offset<flatbuffers::Vector<Text>>;

// Most fields of most events are empty: they take no room.
Text cut(flatbuffers::FlatBufferBuilder& b, std::string_view text) {
    if (text.empty()) return 0;
    const std::string_view kept = utf8_prefix(text, kMaxAccountText);
    return b.CreateString(kept.data(), kept.size());
}

Texts cut(flatbuffers::FlatBufferBuilder& b, const std::vector<std::string>& texts) {
    std::vector<Text> kept;
    for (const std::string& text : texts) {
        if (kept.size() == kMaxAccountList) break;
        // A list may not lose an entry for being empty.
        const std::string_view prefix = utf8_prefix(text, kMaxAccountText);
        kept.push_back(b.CreateString(prefix.data(), prefix.size()));
    }
    return kept.empty() ? 0 : b.CreateVector(kept);
}

template <class T>
flatbuffers::Offset<flatbuffers::Vector<T>> cut(flatbuffers::FlatBufferBuilder& b,
                                                const std::vector<T>& numbers) {
    if (numbers.empty()) return 0;
    return b.CreateVector(numbers.data(), std::min(numbers.size(), kMaxAccountList));
}

flatbuffers::Offset<format::Rule> build(flatbuffers::FlatBufferBuilder& b, const RuleSummary& r) {
    if (r == RuleSummary{}) return 0;
    const auto name = cut(b, r.name);
    const auto redirects = cut(b, r.redirects);
    const auto folders = cut(b, r.folders);
    const auto words = cut(b, r.words);
    return format::CreateRule(b, name, redirects, folders, words, r.topics, r.discards,
                              r.marks_seen, r.stops, r.keeps_copy, r.conditional, r.understood);
}

void read(RecordDecoder& decode, RuleSummary& r, const format::Rule& in) {
    decode.text(r.name, in.name());
    decode.texts(r.redirects, in.redirects());
    decode.texts(r.folders, in.folders());
    decode.numbers(r.words, in.words());
    r.topics = in.topics();
    r.discards = in.discards();
    r.marks_seen = in.marks_seen();
    r.stops = in.stops();
    r.keeps_copy = in.keeps_copy();
    r.conditional = in.conditional();
    r.understood = in.understood();
}

}  // namespace

std::string_view to_string(AccountEventKind k) noexcept {
    static constexpr std::array<std::string_view, kAccountEventKinds> kNames = {
        "login",  "login-failed", "login-refused",  "session-end",  "read",       "delete", "copy",
        "folder", "rule-stored",  "rule-activated", "rule-removed", "credential", "forward"};
    const auto i = static_cast<std::size_t>(k);
    return i < kNames.size() ? kNames[i] : "unknown";
}

std::string encode(const AccountEvent& e) {
    flatbuffers::FlatBufferBuilder b(1024);
    const auto id = cut(b, e.id), account = cut(b, e.account), host = cut(b, e.host),
               service = cut(b, e.service), session = cut(b, e.session),
               client_addr = cut(b, e.client_addr), client_name = cut(b, e.client_name),
               client_id = cut(b, e.client_id), mechanism = cut(b, e.mechanism),
               tls = cut(b, e.tls), mailbox = cut(b, e.mailbox), to_mailbox = cut(b, e.to_mailbox),
               detail = cut(b, e.detail);
    const auto message_ids = cut(b, e.message_ids);
    const auto rule = build(b, e.rule);
    const auto country = place_country(b, e.place);
    b.Finish(format::CreateAccountEvent(
                 b, static_cast<std::uint8_t>(e.kind), to_unix(e.time), id, account, host, service,
                 session, client_addr, client_name, client_id, mechanism, tls, mailbox, to_mailbox,
                 e.messages, e.bytes, e.repeats, e.seconds, detail, message_ids, rule, e.imported,
                 e.place.asn, country, latitude_of(e.place), longitude_of(e.place)),
             kAccountIdentifier);
    return finished(b);
}

Result<AccountEvent> decode_account_event(std::string_view bytes) {
    const AlignedBytes aligned(bytes);
    const auto* in = aligned.verified<format::AccountEvent>(kAccountIdentifier);
    if (in == nullptr) return damaged("account event", "it does not verify");
    RecordDecoder decode(bytes.size());
    AccountEvent e;
    decode.enumerator(e.kind, in->kind(), static_cast<int>(kAccountEventKinds));
    decode.time(e.time, in->time());
    decode.text(e.id, in->id());
    decode.text(e.account, in->account());
    decode.text(e.host, in->host());
    decode.text(e.service, in->service());
    decode.text(e.session, in->session());
    decode.text(e.client_addr, in->client_addr());
    decode.text(e.client_name, in->client_name());
    decode.text(e.client_id, in->client_id());
    decode.text(e.mechanism, in->mechanism());
    decode.text(e.tls, in->tls());
    decode.text(e.mailbox, in->mailbox());
    decode.text(e.to_mailbox, in->to_mailbox());
    e.messages = in->messages();
    e.bytes = in->bytes();
    e.repeats = in->repeats();
    e.seconds = in->seconds();
    decode.text(e.detail, in->detail());
    decode.numbers(e.message_ids, in->message_ids());
    if (in->rule() != nullptr) read(decode, e.rule, *in->rule());
    e.imported = in->imported();
    decode.place(e.place, *in);
    if (decode.wrong() != nullptr) return damaged("account event", decode.wrong());
    return e;
}

}  // namespace kith
