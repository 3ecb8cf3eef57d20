// SPDX-License-Identifier: Apache-2.0
#include "engine/profile/allowance.hpp"

#include <algorithm>
#include <cstring>

#include "engine/base/text.hpp"
#include "engine/features/spec.hpp"
#include "engine/profile/allowance_generated.h"
#include "engine/profile/verified.hpp"

namespace kith {
namespace {

namespace fb = profile::fb;

std::string text_of(const flatbuffers::String* s) {
    return s != nullptr ? scrub_utf8(utf8_prefix(scrub_utf8(s->string_view()), Allowance::kMaxText))
                        : "";
}

std::vector<Key16> keys_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
    std::vector<Key16> out;
    if (bytes == nullptr) return out;
    const std::size_t n = std::min<std::size_t>(bytes->size() / 16, Allowance::kMaxRecipients);
    out.resize(n);
    for (std::size_t i = 0; i < n; ++i)
        std::memcpy(out[i].bytes.data(), bytes->Data() + 16 * i, 16);
    return out;
}

}  // namespace

void Allowances::add(Allowance allowance, Time now) {
    std::erase_if(items,
                  [&](const Allowance& a) { return a.id == allowance.id || a.expires <= now; });
    if (items.size() >= kMax) items.erase(items.begin());
    if (allowance.rcpts.size() > Allowance::kMaxRecipients)
        allowance.rcpts.resize(Allowance::kMaxRecipients);
    if (allowance.rcpt_names.size() > allowance.rcpts.size())
        allowance.rcpt_names.resize(allowance.rcpts.size());
    items.push_back(std::move(allowance));
}

bool Allowances::remove(std::string_view id) {
    return std::erase_if(items, [&](const Allowance& a) { return a.id == id; }) > 0;
}

std::vector<std::uint16_t> Allowances::allowed(const std::vector<Key16>& rcpts, Time now) const {
    std::vector<std::uint16_t> common;
    bool first = true;
    if (items.empty()) return common;
    for (const Key16& rcpt : rcpts) {
        std::vector<std::uint16_t> own;
        for (const Allowance& a : items)
            if (now < a.expires && std::find(a.rcpts.begin(), a.rcpts.end(), rcpt) != a.rcpts.end())
                own.insert(own.end(), a.features.begin(), a.features.end());
        std::sort(own.begin(), own.end());
        own.erase(std::unique(own.begin(), own.end()), own.end());
        if (first) {
            common = std::move(own);
            first = false;
            continue;
        }
        std::vector<std::uint16_t> both;
        std::set_intersection(common.begin(), common.end(), own.begin(), own.end(),
                              std::back_inserter(both));
        common = std::move(both);
    }
    return common;
}

std::string encode(const Allowances& allowances) {
    flatbuffers::FlatBufferBuilder b(1024);
    std::vector<flatbuffers::Offset<fb::Allowance>> items;
    for (const Allowance& a : allowances.items) {
        std::vector<std::uint8_t> rcpts;
        for (const Key16& k : a.rcpts) rcpts.insert(rcpts.end(), k.bytes.begin(), k.bytes.end());
        std::vector<std::uint16_t> tags;
        for (const std::uint16_t f : a.features) tags.push_back(feature_tag(f));
        const auto id = b.CreateString(a.id);
        const auto keys = b.CreateVector(rcpts);
        const auto features = b.CreateVector(tags);
        const auto from = b.CreateString(a.from);
        const auto names = b.CreateVectorOfStrings(a.rcpt_names);
        const auto who = b.CreateString(a.who), why = b.CreateString(a.why);
        items.push_back(fb::CreateAllowance(b, id, to_unix(a.expires), keys, features, from, names,
                                            who, to_unix(a.granted), why));
    }
    fb::FinishAllowancesBuffer(b, fb::CreateAllowances(b, b.CreateVector(items)));
    return {reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()};
}

std::optional<Allowances> decode_allowances(std::string_view bytes) {
    std::vector<std::uint64_t> aligned((bytes.size() + 7) / 8);
    if (bytes.size() < 8) return std::nullopt;
    std::memcpy(aligned.data(), bytes.data(), bytes.size());
    const auto* data = reinterpret_cast<const std::uint8_t*>(aligned.data());
    flatbuffers::Verifier verifier(data, bytes.size());
    if (!fb::AllowancesBufferHasIdentifier(data) || !fb::VerifyAllowancesBuffer(verifier))
        return std::nullopt;
    Allowances out;
    const auto* items = fb::GetAllowances(data)->items();
    if (items == nullptr) return out;
    for (const auto* in : *items) {
        if (out.items.size() == Allowances::kMax) break;
        Allowance a;
        a.id = text_of(in->id());
        a.rcpts = keys_of(in->rcpts());
        for (const std::uint16_t tag : to_vector(in->features(), kFeatureCount))
            if (const std::size_t f = feature_index(tag); f < kFeatureCount)
                a.features.push_back(static_cast<std::uint16_t>(f));
        a.granted = stored_time(in->granted());
        a.expires = stored_time(in->expires());
        a.from = text_of(in->from());
        if (in->rcpt_names() != nullptr)
            for (const auto* name : *in->rcpt_names())
                if (a.rcpt_names.size() < a.rcpts.size()) a.rcpt_names.push_back(text_of(name));
        a.rcpt_names.resize(a.rcpts.size());
        a.who = text_of(in->who());
        a.why = text_of(in->why());
        out.items.push_back(std::move(a));
    }
    return out;
}

std::string allowances_key(const Key16& sender) {
    return kAllowanceKey + std::string(sender.view());
}

}  // namespace kith
