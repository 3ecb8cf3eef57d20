// SPDX-License-Identifier: Apache-2.0
// Payloads of journal records to and from FlatBuffers (mail_record.fbs, FORMAT.md); how foreign
// bytes are read: record_codec.hpp. Covered by tests/unit/journal/mail_record_test.cpp,
// tests/fuzz/fuzz_mail_record.cpp.
#include "engine/journal/mail_record.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "engine/journal/mail_record_generated.h"
#include "engine/journal/record_codec.hpp"

namespace kith {
namespace {

using namespace payload;

format::Key key_of(const Key16& key) { return format::Key(flatbuffers::make_span(key.bytes)); }

Key16 key_of(const format::Key& key) {
    Key16 out;
    std::memcpy(out.bytes.data(), key.bytes()->Data(), out.bytes.size());
    return out;
}

flatbuffers::Offset<format::Observed> build(flatbuffers::FlatBufferBuilder& b,
                                            const Observations& o) {
    std::vector<format::Key> rcpts;
    for (const Key16& key : o.rcpts) rcpts.push_back(key_of(key));
    std::vector<format::FeatureEntry> features;
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        const FeatureValue& value = o.values[i];
        if (value.present())
            features.emplace_back(feature_tag(i), value.code, finite(value.number));
    }
    std::vector<format::SetMember> members;
    for (const auto& [index, value] : o.set_members)
        if (index < kFeatureCount) members.emplace_back(feature_tag(index), value);
    std::vector<format::WordEntry> words;
    for (const WordCount& word : o.words) words.emplace_back(word.word, word.count);
    std::vector<flatbuffers::Offset<format::Link>> links;
    for (const ObservedLink& link : o.links)
        links.push_back(format::CreateLink(b, link.host, link.tenant, link.shape,
                                           b.CreateVector(link.words), link.has_token,
                                           link.own_domain, link.sender_domain, link.asks));

    const auto rcpts_at = b.CreateVectorOfStructs(rcpts);
    const auto refs_at = b.CreateVector(o.refs);
    const auto variants_at = b.CreateVector(o.label_variants);
    const auto features_at = b.CreateVectorOfStructs(features);
    const auto members_at = b.CreateVectorOfStructs(members);
    const auto words_at = b.CreateVectorOfStructs(words);
    const auto thread_words_at = b.CreateVector(o.thread_words);
    const auto links_at = b.CreateVector(links);
    const auto payment_at = b.CreateVector(o.payment);
    const auto phones_at = b.CreateVector(o.phones);
    const auto attached_payment_at = b.CreateVector(o.attached_payment);
    const auto attached_phones_at = b.CreateVector(o.attached_phones);
    const auto sketch_at = b.CreateVector(o.sketch.data(), o.sketch.size());
    const auto quoted_at = b.CreateVector(o.quoted_passages);
    const auto own_at = b.CreateVector(o.own_passages);
    const auto name_labels_at = b.CreateVector(o.name_labels);
    std::vector<format::Key> rcpt_domains;
    for (const Key16& key : o.rcpt_domains) rcpt_domains.push_back(key_of(key));
    const auto rcpt_domains_at = b.CreateVectorOfStructs(rcpt_domains);
    const format::Key sender = key_of(o.sender), domain = key_of(o.domain),
                      account = key_of(o.account);

    format::ObservedBuilder out(b);
    out.add_time(to_unix(o.time));
    out.add_direction(static_cast<std::uint8_t>(o.direction));
    out.add_sender(&sender);
    out.add_domain(&domain);
    if (o.account != Key16{}) out.add_account(&account);
    out.add_sender32(o.sender32);
    out.add_domain32(o.domain32);
    out.add_rcpts(rcpts_at);
    out.add_rcpt_set(o.rcpt_set);
    out.add_message_id(o.message_id);
    out.add_refs(refs_at);
    out.add_name(o.name);
    out.add_local_part(o.local_part);
    out.add_domain_label(o.domain_label);
    out.add_label_variants(variants_at);
    out.add_free_mail_like(o.free_mail_like);
    out.add_features(features_at);
    out.add_set_members(members_at);
    out.add_words(words_at);
    out.add_thread_words(thread_words_at);
    out.add_word_total(o.word_total);
    out.add_links(links_at);
    out.add_asks(o.asks);
    out.add_payment(payment_at);
    out.add_phones(phones_at);
    out.add_sketch(sketch_at);
    out.add_quoted_lines(quoted_at);
    out.add_own_lines(own_at);
    out.add_has_attachment(o.has_attachment);
    out.add_automatic(o.automatic);
    out.add_name_labels(name_labels_at);
    out.add_rcpt_domains(rcpt_domains_at);
    out.add_kind(static_cast<std::uint8_t>(o.kind));
    out.add_marks(o.marks);
    out.add_attached_payment(attached_payment_at);
    out.add_attached_phones(attached_phones_at);
    return out.Finish();
}

flatbuffers::Offset<format::Assessed> build(flatbuffers::FlatBufferBuilder& b,
                                            const Assessment& a) {
    std::vector<flatbuffers::Offset<format::Indicator>> indicators;
    for (const IndicatorScore& i : a.indicators)
        indicators.push_back(format::CreateIndicator(b, b.CreateString(i.name), finite(i.score)));
    std::vector<flatbuffers::Offset<format::Reason>> reasons;
    for (const Reason& r : a.reasons) {
        const auto feature = b.CreateString(r.feature);
        reasons.push_back(
            format::CreateReason(b, feature, finite(r.weight), b.CreateString(r.text)));
    }
    const auto indicators_at = b.CreateVector(indicators);
    const auto tags_at = strings(b, a.tags);
    const auto reasons_at = b.CreateVector(reasons);
    const auto would_pass_at = b.CreateString(a.would_pass);
    const auto degraded_at = b.CreateString(a.degraded);
    std::vector<flatbuffers::Offset<format::ModelHit>> models;
    for (const ModelHit& m : a.models)
        models.push_back(format::CreateModelHit(b, b.CreateString(m.name), m.live));
    const auto models_at = b.CreateVector(models);
    const auto decided_by_at = b.CreateString(a.decided_by);
    format::AssessedBuilder out(b);
    out.add_score(finite(a.score));
    out.add_p(finite(a.p));
    out.add_verdict(static_cast<std::uint8_t>(a.verdict));
    out.add_stratum(static_cast<std::uint8_t>(a.stratum));
    out.add_raw(finite(a.raw));
    out.add_own_evidence(finite(a.own_evidence));
    out.add_ready(a.ready);
    out.add_delayed(a.delayed);
    out.add_indicators(indicators_at);
    out.add_tags(tags_at);
    out.add_reasons(reasons_at);
    out.add_would_pass(would_pass_at);
    out.add_degraded(degraded_at);
    out.add_known_mails(finite(a.known.mails));
    out.add_known_days(finite(a.known.days));
    out.add_known_sent_to(finite(a.known.sent_to));
    out.add_new_link(a.known.new_link);
    out.add_models(models_at);
    out.add_decided_by(decided_by_at);
    out.add_notify(a.notify);
    out.add_account_risk(finite(a.account_risk));
    return out.Finish();
}

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<format::OtherFilter>>> build(
    flatbuffers::FlatBufferBuilder& b, const std::vector<OtherFilter>& all) {
    std::vector<flatbuffers::Offset<format::OtherFilter>> filters;
    for (const OtherFilter& said : all) {
        if (filters.size() == kMaxOtherFilters) break;
        const auto name = b.CreateString(said.filter);
        format::OtherFilterBuilder out(b);
        out.add_filter(name);
        out.add_spam(said.spam);
        if (said.score) out.add_score(finite(*said.score));
        if (said.required) out.add_required(finite(*said.required));
        filters.push_back(out.Finish());
    }
    // Most mail has none, and an empty vector would take room in every record.
    return filters.empty() ? 0 : b.CreateVector(filters);
}

class MailDecoder : public RecordDecoder {
public:
    using RecordDecoder::RecordDecoder;

    void observations(Observations& o, const format::Observed& in) {
        time(o.time, in.time());
        enumerator(o.direction, in.direction(), kDirectionCount);
        if (in.sender() != nullptr) o.sender = key_of(*in.sender());
        if (in.domain() != nullptr) o.domain = key_of(*in.domain());
        o.sender32 = in.sender32();
        o.domain32 = in.domain32();
        structs(in.rcpts(), [&](const format::Key& key) { o.rcpts.push_back(key_of(key)); });
        o.rcpt_set = in.rcpt_set();
        o.message_id = in.message_id();
        numbers(o.refs, in.refs());
        o.name = in.name();
        o.local_part = in.local_part();
        o.domain_label = in.domain_label();
        numbers(o.label_variants, in.label_variants());
        o.free_mail_like = in.free_mail_like();
        structs(in.features(), [&](const format::FeatureEntry& entry) {
            FeatureValue value;
            value.code = entry.code();
            number(value.number, entry.number());
            if (const std::size_t index = feature_index(entry.tag()); index < kFeatureCount)
                o.values[index] = value;
        });
        structs(in.set_members(), [&](const format::SetMember& member) {
            if (const std::size_t index = feature_index(member.tag()); index < kFeatureCount)
                o.set_members.emplace_back(static_cast<std::uint16_t>(index), member.value());
        });
        structs(in.words(), [&](const format::WordEntry& word) {
            o.words.push_back({word.word(), word.count()});
        });
        numbers(o.thread_words, in.thread_words());
        o.word_total = in.word_total();
        all(in.links(), sizeof(flatbuffers::uoffset_t), [&](const format::Link& link) {
            ObservedLink& out = o.links.emplace_back();
            out.host = link.host();
            out.tenant = link.tenant();
            out.shape = link.shape();
            numbers(out.words, link.words());
            out.has_token = link.has_token();
            out.own_domain = link.own_domain();
            out.sender_domain = link.sender_domain();
            out.asks = link.asks();
        });
        o.asks = in.asks();
        numbers(o.payment, in.payment());
        numbers(o.phones, in.phones());
        if (const auto* sketch = in.sketch(); sketch != nullptr) {
            if (sketch->size() != o.sketch.size())
                return fail_with("the sketch has another length");
            std::vector<std::uint32_t> values;
            numbers(values, sketch);
            std::copy(values.begin(), values.end(), o.sketch.begin());
        }
        numbers(o.quoted_passages, in.quoted_lines());
        numbers(o.own_passages, in.own_lines());
        o.has_attachment = in.has_attachment();
        o.automatic = in.automatic();
        numbers(o.name_labels, in.name_labels());
        structs(in.rcpt_domains(),
                [&](const format::Key& key) { o.rcpt_domains.push_back(key_of(key)); });
        enumerator(o.kind, in.kind(), kMailKindCount);
        o.marks = in.marks();
        numbers(o.attached_payment, in.attached_payment());
        numbers(o.attached_phones, in.attached_phones());
        if (in.account() != nullptr) o.account = key_of(*in.account());
    }

    void filters(std::vector<OtherFilter>& out,
                 const flatbuffers::Vector<flatbuffers::Offset<format::OtherFilter>>* in) {
        all(in, sizeof(flatbuffers::uoffset_t), [&](const format::OtherFilter& said) {
            if (out.size() == kMaxOtherFilters) return;
            OtherFilter& filter = out.emplace_back();
            text(filter.filter, said.filter());
            filter.spam = said.spam();
            number(filter.score, said.score());
            number(filter.required, said.required());
        });
    }

    void assessment(Assessment& a, const format::Assessed& in) {
        number(a.score, in.score());
        number(a.p, in.p());
        enumerator(a.verdict, in.verdict(), static_cast<int>(Verdict::Defer) + 1);
        enumerator(a.stratum, in.stratum(), kStratumCount);
        number(a.raw, in.raw());
        number(a.own_evidence, in.own_evidence());
        a.ready = in.ready();
        a.delayed = in.delayed();
        all(in.indicators(), sizeof(flatbuffers::uoffset_t),
            [&](const format::Indicator& indicator) {
                IndicatorScore& out = a.indicators.emplace_back();
                text(out.name, indicator.name());
                number(out.score, indicator.score());
            });
        texts(a.tags, in.tags());
        all(in.reasons(), sizeof(flatbuffers::uoffset_t), [&](const format::Reason& reason) {
            Reason& out = a.reasons.emplace_back();
            text(out.feature, reason.feature());
            number(out.weight, reason.weight());
            text(out.text, reason.text());
        });
        text(a.would_pass, in.would_pass());
        text(a.degraded, in.degraded());
        number(a.known.mails, in.known_mails());
        number(a.known.days, in.known_days());
        number(a.known.sent_to, in.known_sent_to());
        a.known.new_link = in.new_link();
        all(in.models(), sizeof(flatbuffers::uoffset_t), [&](const format::ModelHit& hit) {
            ModelHit& out = a.models.emplace_back();
            text(out.name, hit.name());
            out.live = hit.live();
        });
        text(a.decided_by, in.decided_by());
        a.notify = in.notify();
        number(a.account_risk, in.account_risk());
    }
};

}  // namespace

std::string_view to_string(Action a) noexcept {
    switch (a) {
        case Action::Accepted:
            return "accepted";
        case Action::Held:
            return "held";
        case Action::Deferred:
            return "deferred";
        case Action::Rejected:
            return "rejected";
    }
    return "unknown";
}

std::string encode(const MailRecord& r) {
    flatbuffers::FlatBufferBuilder b(4096);
    const auto id = b.CreateString(r.id), queue_id = b.CreateString(r.queue_id),
               host = b.CreateString(r.host);
    const auto client_addr = b.CreateString(r.client_addr),
               client_name = b.CreateString(r.client_name);
    const auto helo = b.CreateString(r.helo), mail_from = b.CreateString(r.mail_from);
    const auto rcpts = strings(b, r.rcpts);
    const auto auth_user = b.CreateString(r.auth_user), from = b.CreateString(r.from);
    const auto from_name = b.CreateString(r.from_name), message_id = b.CreateString(r.message_id);
    const auto subject = b.CreateString(r.subject), mode = b.CreateString(r.mode);
    const auto observed = build(b, r.observations);
    const auto assessed = build(b, r.assessment);
    const auto filters = build(b, r.other_filters);
    const auto country = place_country(b, r.place);
    const auto known = [&](const std::string& text) {
        return text.empty() ? 0 : b.CreateString(text);
    };
    const auto tls_version = known(r.tls_version), cipher = known(r.cipher);
    b.Finish(
        format::CreateMail(b, id, to_unix(r.time), queue_id, host, client_addr, client_name, helo,
                           mail_from, rcpts, auth_user, from, from_name, message_id, subject, mode,
                           static_cast<std::uint8_t>(r.action), r.imported, observed, assessed,
                           r.attached_only, filters, r.own, r.place.asn, country,
                           latitude_of(r.place), longitude_of(r.place), tls_version, cipher),
        kMailIdentifier);
    return finished(b);
}

std::string encode(const AdminRecord& r) {
    flatbuffers::FlatBufferBuilder b(256);
    const auto id = b.CreateString(r.id), address = b.CreateString(r.address);
    const auto who = b.CreateString(r.who), why = b.CreateString(r.why);
    b.Finish(format::CreateAdmin(b, id, address, r.learn, who, why, to_unix(r.until), r.number),
             kAdminIdentifier);
    return finished(b);
}

Result<MailRecord> decode_mail_record(std::string_view bytes) {
    const AlignedBytes aligned(bytes);
    const auto* in = aligned.verified<format::Mail>(kMailIdentifier);
    if (in == nullptr) return damaged("mail record", "it does not verify");
    MailDecoder decode(bytes.size());
    MailRecord r;
    decode.text(r.id, in->id());
    decode.time(r.time, in->time());
    decode.text(r.queue_id, in->queue_id());
    decode.text(r.host, in->host());
    decode.text(r.client_addr, in->client_addr());
    decode.text(r.client_name, in->client_name());
    decode.text(r.helo, in->helo());
    decode.text(r.mail_from, in->mail_from());
    decode.texts(r.rcpts, in->rcpts());
    decode.text(r.auth_user, in->auth_user());
    decode.text(r.from, in->from());
    decode.text(r.from_name, in->from_name());
    decode.text(r.message_id, in->message_id());
    decode.text(r.subject, in->subject());
    decode.text(r.mode, in->mode());
    decode.enumerator(r.action, in->action(), static_cast<int>(Action::Rejected) + 1);
    r.imported = in->imported();
    r.attached_only = in->attached_only();
    r.own = in->own();
    if (in->observed() != nullptr) decode.observations(r.observations, *in->observed());
    if (in->assessed() != nullptr) decode.assessment(r.assessment, *in->assessed());
    decode.filters(r.other_filters, in->other_filters());
    decode.place(r.place, *in);
    decode.text(r.tls_version, in->tls_version());
    decode.text(r.cipher, in->cipher());
    if (decode.wrong() != nullptr) return damaged("mail record", decode.wrong());
    return r;
}

Result<AdminRecord> decode_admin_record(std::string_view bytes) {
    const AlignedBytes aligned(bytes);
    const auto* in = aligned.verified<format::Admin>(kAdminIdentifier);
    if (in == nullptr) return damaged("admin record", "it does not verify");
    MailDecoder decode(bytes.size());
    AdminRecord r;
    decode.text(r.id, in->id());
    decode.text(r.address, in->address());
    r.learn = in->learn();
    decode.text(r.who, in->who());
    decode.text(r.why, in->why());
    decode.time(r.until, in->until());
    r.number = in->number();
    if (decode.wrong() != nullptr) return damaged("admin record", decode.wrong());
    return r;
}

}  // namespace kith
