// SPDX-License-Identifier: Apache-2.0
// Covered by tests/unit/admin/import_envelope_test.cpp.
#include "engine/admin/import_envelope.hpp"

#include <algorithm>
#include <array>

#include "engine/assess/direction.hpp"
#include "engine/base/text.hpp"

namespace kith::admin {
namespace {

// Networks within a site that nobody outside can send from (RFC 1918, RFC 4193, loopback,
// link-local).
const std::vector<std::string>& private_networks() {
    static const std::vector<std::string> networks{
        "127.0.0.0/8",    "::1/128",        "10.0.0.0/8", "172.16.0.0/12",
        "192.168.0.0/16", "169.254.0.0/16", "fc00::/7",   "fe80::/10"};
    return networks;
}

constexpr std::array<std::string_view, 12> kAddedLater{
    "return-path",   "delivered-to",     "x-original-to",     "envelope-to",
    "x-envelope-to", "status",           "x-status",          "x-keywords",
    "x-uid",         "x-mozilla-status", "x-mozilla-status2", "content-length"};

bool added_later(std::string_view name) {
    const std::string lower = ascii_lower(name);
    return lower.rfind("x-kith-", 0) == 0 ||
           std::find(kAddedLater.begin(), kAddedLater.end(), lower) != kAddedLater.end();
}

// ESMTPA, ESMTPSA, LMTPA …: the last letter A means authenticated (RFC 3848).
bool authenticated(const ReceivedHop& hop) {
    return hop.with.size() > 4 && hop.with.find("SMTP") != std::string::npos &&
           hop.with.back() == 'A';
}

std::string bare_address(std::string_view text) {
    text = trim(text);
    if (const std::size_t open = text.find('<'); open != std::string_view::npos) {
        const std::size_t close = text.find('>', open);
        text = text.substr(
            open + 1, close == std::string_view::npos ? std::string_view::npos : close - open - 1);
    }
    return scrub_utf8(trim(text));
}

void add_distinct(std::vector<std::string>& list, std::string address) {
    if (!address.empty() && std::find(list.begin(), list.end(), address) == list.end())
        list.push_back(std::move(address));
}

constexpr std::size_t kMaxRecipients = 1000;  // ParseOptions::max_addresses

std::vector<std::string> header_recipients(const Message& m, const SiteOptions& site,
                                           bool own_only) {
    std::vector<std::string> out;
    for (const auto* list : {&m.to, &m.cc})
        for (const Mailbox& box : *list)
            if (out.size() < kMaxRecipients && !box.domain.empty() &&
                (!own_only || is_own_domain(box.domain, site)))
                add_distinct(out, box.address());
    return out;
}

// Recipients as the delivering server noted them. X-Original-To is what the client asked for, the
// others what became of it.
std::vector<std::string> noted_recipients(const Message& m) {
    for (const std::string_view name :
         {"X-Original-To", "Envelope-To", "X-Envelope-To", "Delivered-To"}) {
        std::vector<std::string> out;
        for (const HeaderField& field : m.headers)
            if (out.size() < kMaxRecipients && ascii_iequals(field.name, name))
                add_distinct(out, bare_address(field.value));
        if (!out.empty()) return out;
    }
    return {};
}

std::string sender_of(const Message& m, const RecoverOptions& options) {
    if (const auto path = m.header("Return-Path")) return bare_address(*path);
    if (!options.mbox_sender.empty()) return options.mbox_sender;
    if (m.sender) return m.sender->address();
    return m.from.empty() ? std::string() : m.from.front().address();
}

}  // namespace

EntryHop entry_hop(const Message& message, const SiteOptions& site) {
    EntryHop out;
    for (const ReceivedHop& hop : message.received) {
        ++out.own_fields;
        out.known = true;
        if (authenticated(hop)) {
            out.submitted = true;
            return out;
        }
        const bool inside = hop.from_ip.empty() || in_networks(hop.from_ip, site.networks) ||
                            in_networks(hop.from_ip, private_networks());
        if (!inside) return out;
    }
    // The chain ends within the own networks: nobody outside had it.
    out.submitted = out.known;
    return out;
}

Arrival recover_arrival(const Message& message, const SiteOptions& site,
                        const RecoverOptions& options) {
    Arrival a;
    const EntryHop entry = entry_hop(message, site);
    const bool from_own = !message.from.empty() && is_own_domain(message.from.front().domain, site);
    const bool submitted =
        options.as == ImportAs::Outbound ||
        (options.as == ImportAs::Auto && from_own && (entry.submitted || message.received.empty()));
    if (entry.known) {
        const ReceivedHop& hop = message.received[entry.own_fields - 1];
        a.client_addr = hop.from_ip;
        a.client_name = hop.from_rdns == "unknown" ? "" : hop.from_rdns;
        a.helo = hop.from_helo;
        a.mta_hostname = hop.by;
    }
    a.mail_from = sender_of(message, options);
    const std::vector<std::string> noted = noted_recipients(message);
    if (submitted) {
        a.auth_user = message.from.empty() ? a.mail_from : message.from.front().address();
        // A copy of sent mail lies in the sender's mailbox: what was noted there is not whom it was
        // for.
        a.rcpts = header_recipients(message, site, false);
        if (a.rcpts.empty()) a.rcpts = noted;
    } else {
        a.rcpts = noted.empty() ? header_recipients(message, site, true) : noted;
        if (a.rcpts.empty()) a.rcpts = header_recipients(message, site, false);
        // Asked to be inbound, or not from an own domain: an own client must not make it outbound
        // again.
        if (in_networks(a.client_addr, site.networks) &&
            is_own_domain(domain_of(a.mail_from), site)) {
            a.client_addr.clear();
            a.client_name.clear();
        }
    }
    std::optional<Time> time;
    if (entry.known) time = message.received[entry.own_fields - 1].time;
    for (const ReceivedHop& hop : message.received)
        if (!time) time = hop.time;
    if (!time) time = message.date;
    if (!time || to_unix(*time) <= 0) time = options.fallback;
    a.time = std::min(*time, options.now);
    return a;
}

std::size_t header_length(std::string_view raw) noexcept {
    for (std::size_t at = 0; at < raw.size();) {
        const std::size_t end = raw.find('\n', at);
        if (end == std::string_view::npos) return raw.size();
        if (end == at || (end == at + 1 && raw[at] == '\r')) return end + 1;
        at = end + 1;
    }
    return raw.size();
}

std::string as_arrived(std::string_view raw, std::size_t own_received) {
    std::string out;
    out.reserve(raw.size());
    const std::size_t header_end = header_length(raw);
    bool dropping = false;
    for (std::size_t at = 0; at < raw.size();) {
        const std::size_t end = std::min(raw.find('\n', at), raw.size());
        std::string_view line = raw.substr(at, end - at);
        const bool ended = end < raw.size();
        const bool in_header = at < header_end;
        at = end + 1;
        if (!line.empty() && line.back() == '\r' && ended) line.remove_suffix(1);
        if (in_header) {
            const bool continued = !line.empty() && (line.front() == ' ' || line.front() == '\t');
            if (!continued) {
                const std::string_view name = trim(line.substr(0, line.find(':')));
                dropping = added_later(name);
                if (own_received > 0 && ascii_iequals(name, "Received") &&
                    line.find(':') != std::string_view::npos) {
                    dropping = true;
                    --own_received;
                }
            }
            if (dropping && !line.empty()) continue;
            if (line.empty()) dropping = false;
        }
        out += line;
        if (ended) out += '\n';
    }
    return out;
}

}  // namespace kith::admin
