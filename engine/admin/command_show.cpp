// SPDX-License-Identifier: Apache-2.0
// `kith show ID`: everything recorded of one mail. Covered by tests/unit/admin/program_test.cpp.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <ostream>

#include "engine/admin/command.hpp"
#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/learner/attached.hpp"

namespace kith::admin {
namespace {

void line(std::ostream& out, const char* name, const std::string& value) {
    out << fmt::format("{:<12}{}\n", name, value);
}

void print_entry(std::ostream& out, const MailEntry& e) {
    line(out, "id", cell(e.id));
    line(out, "queue id", cell(e.queue_id) + (e.host.empty() ? "" : " at " + cell(e.host)));
    line(out, "time", iso8601(e.time));
    line(out, "direction", std::string(to_string(e.direction)));
    line(out, "score", fixed1(e.score));
    line(out, "verdict", verdict_text(e));
    line(out, "action", fate_text(e));
    line(out, "from", cell(e.from));
}

void print_record(std::ostream& out, const MailRecord& r) {
    const Assessment& a = r.assessment;
    if (!r.from_name.empty()) line(out, "name", cell(r.from_name));
    line(out, "envelope", r.mail_from.empty() ? "<>" : cell(r.mail_from));
    for (const std::string& rcpt : r.rcpts) line(out, "to", cell(rcpt));
    line(out, "client",
         cell(r.client_addr) + ", name " + cell(r.client_name) + ", HELO " + cell(r.helo));
    if (!r.tls_version.empty())
        line(out, "encryption",
             cell(r.tls_version) + (r.cipher.empty() ? "" : " " + cell(r.cipher)));
    if (!r.auth_user.empty()) line(out, "login", cell(r.auth_user));
    line(out, "message-id", cell(r.message_id));
    if (!r.subject.empty()) line(out, "subject", cell(r.subject));
    line(out, "mode", cell(r.mode));
    line(out, "wants", std::string(to_string(a.stratum)));
    if (!a.degraded.empty()) line(out, "not judged", "on arrival: " + cell(a.degraded));
    std::string tags;
    for (const std::string& tag : a.tags) tags += (tags.empty() ? "" : ", ") + cell(tag);
    if (!tags.empty()) line(out, "tags", tags);
    for (const IndicatorScore& i : a.indicators)
        line(out, "indicator", fixed1(i.score) + "  " + cell(i.name));
    if (!a.decided_by.empty()) line(out, "decided by", "model " + cell(a.decided_by));
    for (const Reason& reason : a.reasons) line(out, "reason", cell(reason.text, 500));
}

Json documents_json(const Attached& attached) {
    Json out = Json::array();
    for (const ReadDocument& d : attached.documents)
        out.push_back({{"kind", to_string(d.kind)},
                       {"outcome", to_string(d.outcome)},
                       {"accounts", d.checked.size() + d.accounts.size()},
                       {"phones", d.phones.size()},
                       {"new", d.novel}});
    return out;
}

void print_documents(std::ostream& out, const Attached& attached) {
    line(out, "attached", attached_text(attached));
    for (const ReadDocument& d : attached.documents)
        line(out, "document",
             fmt::format("{}: {}, {}{}, {}", to_string(d.kind), to_string(d.outcome),
                         counted(d.checked.size() + d.accounts.size(), "account"),
                         d.novel ? " (new)" : "", counted(d.phones.size(), "phone number")));
}

Outcome show(Env& env, const Config& config, const StoreReader& reader, const std::string& text) {
    const Result<MailEntry> entry = look_up_mail(config, reader, text);
    if (!entry) return fail(entry.error());
    const Result<MailRecord> record = read_record(config, *entry);
    // Without its record the mail is still worth showing; any other trouble with the journal is not
    // to be hidden.
    if (!record && record.error().code != ErrorCode::NoInput) return fail(record.error());

    const auto attached = find_attached(reader, entry->id);
    if (!attached) return fail(attached.error());

    if (env.json) {
        Json j = record ? record_json(*entry, *record) : entry_json(*entry);
        j["record"] = record ? "kept" : "expired";
        j["documents"] = attached->has_value() ? documents_json(**attached) : Json::array();
        print_json(env.out, j);
        return 0;
    }
    print_entry(env.out, *entry);
    if (record)
        print_record(env.out, *record);
    else
        env.out << "record      no longer in the journal (journal.keep)\n";
    if (attached->has_value()) print_documents(env.out, **attached);
    return 0;
}

}  // namespace

StoreAction setup_show(CLI::App& sub) {
    auto id = std::make_shared<std::string>();
    sub.add_option("ID", *id,
                   "kith's id, a queue id, a Message-ID or the unique beginning of an id")
        ->required();
    return [id](Env& env, const Config& config, const StoreReader& reader) {
        return show(env, config, reader, *id);
    };
}

}  // namespace kith::admin
