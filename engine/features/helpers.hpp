// SPDX-License-Identifier: Apache-2.0
// Small readings of a Message shared by the feature files and observe(). Pure and total. Private to
// engine/features. Covered by tests/unit/features/helpers_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/text.hpp"
#include "engine/features/observations.hpp"
#include "engine/features/relations.hpp"
#include "engine/message/message.hpp"

namespace kith {

/// "192.0" of an IPv4 address, first three groups of an IPv6 one, "private" for RFC 1918 and the
/// like, "?" otherwise.
[[nodiscard]] std::string network_of(std::string_view address);
/// Registrable domain of a host name; "[address]" for literals, "bare" for a name without a dot.
[[nodiscard]] std::string organisation_of(std::string_view host);
/// True for equal hosts and for hosts under one registrable domain; never for "", and addresses or
/// bare names only when equal.
[[nodiscard]] bool same_organisation(std::string_view a, std::string_view b);
[[nodiscard]] bool is_own(std::string_view host, const std::vector<std::string>& own_domains);
/// Selector with digit runs folded: providers rotate "s2024a" to "s2025a".
[[nodiscard]] std::string selector_shape(std::string_view selector);
[[nodiscard]] std::string join_sorted(std::vector<std::string> items);
/// Result of `method`, "none" when there is none; for spf the smtp.mailfrom one (SEC-02).
[[nodiscard]] std::string auth_result(const Message& m, std::string_view method);
[[nodiscard]] std::string envelope_relation(std::string_view mail_from, const Mailbox& from);
/// Envelope address without SRS, BATV, VERP decoration.
[[nodiscard]] std::string undecorated_address(std::string_view address);

/// Oldest Received hop with a usable client address; null when none.
[[nodiscard]] const ReceivedHop* submission_hop(const Message& m) noexcept;
/// Host name with digit runs as '0' and long random labels as '*', at most the last four labels.
[[nodiscard]] std::string host_shape(std::string_view host);
[[nodiscard]] std::string utc_offset_text(int minutes);
[[nodiscard]] std::string_view strip_brackets(std::string_view s) noexcept;

/// Product name without version: letters of the first product and its qualifier ("Mozilla …
/// Thunderbird" -> "thunderbird linux").
[[nodiscard]] std::string product_family(std::string_view user_agent);
[[nodiscard]] std::vector<std::string> header_precedences(const Message& m);
[[nodiscard]] std::string core_order(const Message& m);
[[nodiscard]] std::vector<std::string> client_fields(const Message& m);
[[nodiscard]] std::string name_spelling(const Message& m);
[[nodiscard]] std::string_view before_at(std::string_view id) noexcept;
/// Letters as 'a'/'A', digits as '0', hex runs as 'h', with runs of one class folded to a length
/// class; punctuation kept.
[[nodiscard]] std::string skeleton(std::string_view s);
[[nodiscard]] const Part* first_text_part(const Message& m) noexcept;
[[nodiscard]] bool has_html(const Message& m) noexcept;
[[nodiscard]] std::string name_form(const Mailbox& m);
[[nodiscard]] std::string parameter_names(std::string_view content_type);

[[nodiscard]] std::string quote_style(const Message& m);
/// The client's own words, the form of date and address in the first attribution line; "" when
/// there is none.
[[nodiscard]] std::string attribution_form(const Message& m);
/// "Re", "AW" … as written; "" when the subject has none.
[[nodiscard]] std::string subject_prefix(std::string_view subject);

[[nodiscard]] std::string novelty_text(Novelty n);
[[nodiscard]] std::string thread_text(ThreadState t);
[[nodiscard]] std::string wrote_back_text(int bin);
[[nodiscard]] int density_bin(const Observations& o) noexcept;
/// Binary digits of n, at most 8: 0, 1, 2-3, 4-7, 8-15 …
[[nodiscard]] int log2_bin(std::uint32_t n) noexcept;
[[nodiscard]] int popcount(std::uint32_t bits) noexcept;
[[nodiscard]] std::string link_place(const Message& m);
/// 1 when a link of the own text shows another organisation than it goes to, 0 when none does, -1
/// when no link shows a host.
[[nodiscard]] int anchor_mismatch(const Message& m);
[[nodiscard]] std::string html_tricks(const Message& m);
[[nodiscard]] bool has_images(const Message& m) noexcept;
[[nodiscard]] std::vector<std::string> attachment_types(const Message& m);
[[nodiscard]] std::string attachment_risk(const Message& m);
[[nodiscard]] bool subject_asks(const Message& m);
/// Kinds of file that the own text's links lead to outside the site, by extension, lower case;
/// "page" for a link without one. Distinct, at most 8.
[[nodiscard]] std::vector<std::string> link_file_types(const Message& m,
                                                       const std::vector<std::string>& own_domains);
/// Do all such links have a word in path or query that a reader could read? A host alone does.
enum class Readable : std::uint8_t { NoLink, Yes, No };
[[nodiscard]] Readable readable_links(const Message& m,
                                      const std::vector<std::string>& own_domains);

/// "nowhere else", "the same address", "an address of the same organisation", or the foreign
/// organisations.
[[nodiscard]] std::string reply_relation(const Message& m);
[[nodiscard]] std::string sender_relation(const Message& m);
[[nodiscard]] std::string recipient_place(const Message& m, const Arrival& a);
/// A provider where anybody gets a mailbox; `domain` registrable, lower case. Vocabulary, no
/// verdict.
[[nodiscard]] bool is_free_mail(std::string_view domain);
/// Another filter on the way called it spam. Anybody can write such a field: a fact to show, never
/// a feature.
[[nodiscard]] bool told_spam(const Message& m);

}  // namespace kith
