// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/campaign.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "engine/admin/mail_lookup.hpp"
#include "engine/base/text.hpp"
#include "engine/features/sketch.hpp"
#include "engine/journal/journal.hpp"
#include "engine/profile/codec.hpp"
#include "engine/profile/keys.hpp"

namespace kith::admin {
namespace {

// A page that so many senders link to says nothing about who wrote a mail.
constexpr float kRareLink = 4;
constexpr std::size_t kWordsToCompare = 8;  // shorter texts are alike by chance

/// What the mails asked about have that others can share.
struct Marks {
    std::set<std::string> ids;
    std::set<std::uint64_t> messages, tenants;
    std::vector<Sketch> sketches;
    std::set<Key16> senders, reached;
    std::set<std::string> networks, hosts;
    Time first{}, last{};

    void add(const MailRecord& r, const StoreReader& reader) {
        const Observations& o = r.observations;
        if (ids.empty()) first = last = r.time;
        ids.insert(r.id);
        first = std::min(first, r.time);
        last = std::max(last, r.time);
        if (o.message_id != 0) messages.insert(o.message_id);
        for (const auto& link : o.links) {
            if (link.own_domain || link.sender_domain) continue;
            const auto found = reader.get(Table::Hosts, integer_key(link.tenant));
            const auto use = found && found->has_value() ? decode_host_use(**found) : std::nullopt;
            if (!use || use->senders < kRareLink) tenants.insert(link.tenant);
        }
        if (o.word_total >= kWordsToCompare) sketches.push_back(o.sketch);
        if (!o.sender.is_null()) senders.insert(o.sender);
        reached.insert(o.rcpts.begin(), o.rcpts.end());
        if (o.direction != Direction::Inbound) return;
        if (const std::string n = network_of(r.client_addr); !n.empty()) networks.insert(n);
        if (!r.client_name.empty()) hosts.insert(ascii_lower(r.client_name));
    }

    [[nodiscard]] std::optional<Tie> tie(const MailRecord& r) const {
        const Observations& o = r.observations;
        if (ids.contains(r.id)) return Tie::Seed;
        if (o.message_id != 0 && messages.contains(o.message_id)) return Tie::Message;
        if (o.direction != Direction::Inbound) {
            const bool answers = std::any_of(o.refs.begin(), o.refs.end(),
                                             [&](std::uint64_t m) { return messages.contains(m); });
            const bool writes_back =
                r.time >= first && reached.contains(o.sender) &&
                std::any_of(o.rcpts.begin(), o.rcpts.end(),
                            [&](const Key16& k) { return senders.contains(k); });
            if (answers || writes_back) return Tie::Reply;
        }
        if (std::any_of(o.links.begin(), o.links.end(),
                        [&](const auto& link) { return tenants.contains(link.tenant); }))
            return Tie::Link;
        if (o.word_total >= kWordsToCompare &&
            std::any_of(sketches.begin(), sketches.end(),
                        [&](const Sketch& s) { return alike_words(s, o.sketch) >= kSameText; }))
            return Tie::Words;
        if (senders.contains(o.sender)) return Tie::Sender;
        if (o.direction != Direction::Inbound) return std::nullopt;
        if (networks.contains(network_of(r.client_addr))) return Tie::Network;
        if (!r.client_name.empty() && hosts.contains(ascii_lower(r.client_name))) return Tie::Host;
        return std::nullopt;
    }
};

}  // namespace

std::string_view to_string(Tie t) noexcept {
    switch (t) {
        case Tie::Seed:
            return "itself";
        case Tie::Message:
            return "same Message-ID";
        case Tie::Link:
            return "same link";
        case Tie::Words:
            return "same words";
        case Tie::Reply:
            return "reply";
        case Tie::Sender:
            return "same sender";
        case Tie::Network:
            return "same network";
        case Tie::Host:
            return "same host";
    }
    return "itself";
}

std::string network_of(const std::string& address) {
    std::array<unsigned char, 16> bytes{};
    if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1)
        return address.substr(0, address.rfind('.'));
    if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return {};
    return std::string(reinterpret_cast<const char*>(bytes.data()), 6);
}

namespace {

Result<Marks> marks_of(const Config& config, const StoreReader& reader,
                       const std::vector<std::string>& ids) {
    Marks marks;
    for (const std::string& id : ids) {
        const auto entry = find_mail(reader, id);
        if (!entry) return fail(entry.error());
        if (!entry->has_value()) continue;
        if (const auto record = read_record(config, **entry)) marks.add(*record, reader);
    }
    return marks;
}

/// Calls `visit` with the judged mail from `since` on, in the order of the journal, until it fails.
/// True when it ended early, after kMaxWalked records.
Result<bool> walk(const Config& config, const StoreReader& reader, Time since,
                  const std::function<Status(const MailRecord&)>& visit) {
    // The index tells where in the journal the window begins.
    MailFilter filter;
    filter.mails = MailClass::All;
    filter.since = since;
    filter.limit = kMaxWalked;
    const auto window = list_mail(reader, filter);
    if (!window) return fail(window.error());
    JournalPosition begin;
    for (const MailEntry& e : *window)
        if (!e.imported && (begin == JournalPosition{} || e.position < begin)) begin = e.position;
    const auto journal = JournalReader::open(config.journal);
    if (!journal) return fail(journal.error());
    if (Status sought = (*journal)->seek(begin); !sought) return fail(sought.error());
    for (std::size_t walked = 0; walked < kMaxWalked; ++walked) {
        const auto record = (*journal)->next();
        if (!record) return fail(record.error());
        if (!record->has_value()) return false;
        if ((*record)->type != RecordType::Mail) continue;
        const auto mail = decode_mail_record((*record)->payload);
        if (!mail || mail->imported || mail->own || mail->time < since) continue;
        if (Status seen = visit(*mail); !seen) return fail(seen.error());
    }
    return true;
}

}  // namespace

Result<std::vector<std::set<std::string>>> who_answered(
    const Config& config, const StoreReader& reader,
    const std::vector<std::vector<std::string>>& ids) {
    std::vector<Marks> all;
    std::optional<Time> first;
    for (const auto& list : ids) {
        auto marks = marks_of(config, reader, list);
        if (!marks) return fail(marks.error());
        if (!marks->ids.empty()) first = std::min(first.value_or(marks->first), marks->first);
        all.push_back(std::move(*marks));
    }
    std::vector<std::set<std::string>> out(ids.size());
    if (!first) return out;
    const auto walked = walk(config, reader, *first, [&](const MailRecord& mail) {
        for (std::size_t i = 0; i < all.size(); ++i)
            if (!all[i].ids.empty() && mail.time <= all[i].last + kCampaignWindow &&
                all[i].tie(mail) == Tie::Reply)
                out[i].insert(ascii_lower(mail.from));
        return ok();
    });
    if (!walked) return fail(walked.error());
    return out;
}

Result<Related> related_mail(const Config& config, const StoreReader& reader,
                             const std::vector<std::string>& ids) {
    const auto marks = marks_of(config, reader, ids);
    if (!marks) return fail(marks.error());
    Related out;
    if (marks->ids.empty()) return out;
    const Time since = marks->first - kCampaignWindow;
    const auto cut = walk(config, reader, since, [&](const MailRecord& mail) -> Status {
        if (mail.time > marks->last + kCampaignWindow) return ok();
        const auto tie = marks->tie(mail);
        if (!tie) return ok();
        const auto entry = find_mail(reader, mail.id);
        if (!entry) return fail(entry.error());
        if (!entry->has_value()) return ok();
        if (out.mails.size() == kMaxRelated) {
            ++out.left_out;
            return ok();
        }
        out.mails.push_back(
            {*tie, **entry, mail.rcpts,
             mail.client_addr + (mail.client_name.empty() ? "" : " (" + mail.client_name + ")")});
        return ok();
    });
    if (!cut) return fail(cut.error());
    out.cut = *cut;
    std::stable_sort(
        out.mails.begin(), out.mails.end(),
        [](const RelatedMail& a, const RelatedMail& b) { return a.entry.time < b.entry.time; });
    return out;
}

}  // namespace kith::admin
