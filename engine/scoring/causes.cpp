// SPDX-License-Identifier: Apache-2.0
#include "engine/scoring/causes.hpp"

#include <array>

namespace kith {
namespace {

using enum FeatureId;

/// A feature that stands in no row is a cause of its own.
struct Row {
    std::vector<FeatureId> spokesmen, others;
};
const std::array kRows = {
    // Which server delivered it.
    Row{{client_domain, client_network}, {helo_domain, relay_path, tls_version}},
    Row{{aligned_signer, dkim_signer, auth_triple}, {dkim_fields}},
    // From which machine it was sent off.
    Row{{submit_network}, {submit_host, originating_network}},
    Row{{account_from}, {}},
    // With which program it was written.
    Row{{user_agent, time_zone},
        {header_order, header_core, x_headers, header_case, mime_tree, message_id_host,
         message_id_shape, boundary_shape, html_skeleton, charset, content_language, from_form,
         priority, content_params}},
    Row{{quote_style}, {attribution, reply_prefix}},
    Row{{language_mix, language_gap, language_unseen, stranger_words},
        {language_thread, text_length, text_language}},
    Row{{link_host, link_tenant},
        {link_file, link_asks, link_opaque, link_words, link_density, link_token, link_shape,
         link_place, anchor_mismatch, form_or_data, text_links}},
    Row{{attachment_types}, {attachment_risk}},
    // What it asks for; what can cost most is told first.
    Row{{ask_payee,       ask_pay,     ask_voucher, ask_login,   ask_code,     ask_access,
         ask_records,     ask_install, ask_secret,  ask_favour,  ask_change,   ask_sign,
         ask_channel,     ask_open,    ask_click,   ask_send,    ask_document, ask_shared,
         ask_call,        ask_prize,   ask_expire,  ask_confirm, ask_hurry,    ask_reply,
         ask_unsubscribe, ask_amount,  ask_please},
        {ask_count, subject_asks, text_asks}},
    // To whom.
    Row{{recipients_known}, {pair_history, recipient_count, recipient_place, colleague_copied}},
    Row{{thread_state}, {reply_without_reference}},
    // Whom it may be taken for.
    Row{{identity_marks}, {claimed_client}},
};

struct Table {
    std::vector<Cause> causes;
    std::array<std::size_t, kFeatureCount> of{};

    void add(Cause cause) {
        for (const auto f : cause.features) of[f] = causes.size();
        causes.push_back(std::move(cause));
    }
};

Table made() {
    Table t;
    t.of.fill(kFeatureCount);
    for (const Row& row : kRows) {
        Cause cause;
        for (const auto id : row.spokesmen) cause.features.push_back(index_of(id));
        cause.spokesmen = cause.features.size();
        for (const auto id : row.others) cause.features.push_back(index_of(id));
        t.add(std::move(cause));
    }
    for (std::size_t f = 0; f < kFeatureCount; ++f)
        if (t.of[f] == kFeatureCount) t.add({{f}, 1});
    return t;
}

const Table& table() {
    static const Table t = made();
    return t;
}

}  // namespace

const std::vector<Cause>& causes() { return table().causes; }
std::size_t cause_of(std::size_t feature) noexcept { return table().of[feature]; }

}  // namespace kith
