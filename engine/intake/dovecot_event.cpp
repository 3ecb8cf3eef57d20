// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/dovecot_event.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "engine/base/hash.hpp"
#include "engine/base/text.hpp"
#include "engine/intake/json_fields.hpp"

namespace kith {
namespace {

constexpr std::uint64_t kMaxInSet = 1'000'000;
constexpr std::uint64_t kMicroseconds = 1'000'000;

std::string hex(std::string_view bytes, std::size_t digits) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const unsigned char b : sha256(bytes)) {
        out += kDigits[b >> 4];
        out += kDigits[b & 15];
    }
    return out.substr(0, digits);
}

/// One word of an IMAP command's arguments: an atom, or a quoted string.
std::string take_word(std::string_view& rest) {
    rest = trim(rest);
    if (!rest.starts_with('"')) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        std::string out(rest.substr(0, end));
        rest.remove_prefix(end);
        return out;
    }
    std::string out;
    std::size_t i = 1;
    for (; i < rest.size() && rest[i] != '"'; ++i) {
        if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
        out += rest[i];
    }
    rest.remove_prefix(std::min(i + 1, rest.size()));
    return out;
}

/// Source messages of "OK [COPYUID 1795996706 1:3 1:3] Copy completed."
std::uint64_t copied(std::string_view reply) {
    const std::size_t at = reply.find("[COPYUID ");
    if (at == std::string_view::npos) return 0;
    std::string_view rest = reply.substr(at + 9);
    (void)take_word(rest);
    return messages_in_set(take_word(rest));
}

class Reader {
public:
    explicit Reader(const JsonFields& event)
        : name_(event.text("event")), fields_(event.object("fields")) {}

    [[nodiscard]] std::optional<ToldEvent> read() {
        e_.account = fields_.lower("user");
        e_.session = fields_.text("session");
        e_.client_addr = fields_.text("remote_ip");
        e_.mailbox = fields_.text("mailbox");
        if (!known() || e_.account.empty()) return std::nullopt;
        return std::move(told_);
    }

private:
    bool known() {
        if (name_ == "auth_request_finished") return login();
        if (name_ == "mail_user_session_finished") return session_end();
        if (name_ == "imap_command_finished") return imap_command();
        if (name_ == "mail_opened") return opened();
        if (name_ == "mail_expunged") return expunged();
        if (name_ == "sieve_storage_save_finished") return rule(AccountEventKind::RuleStored);
        if (name_ == "sieve_script_activated") return rule(AccountEventKind::RuleActivated);
        if (name_ == "sieve_script_deleted" || name_ == "sieve_storage_deactivated")
            return rule(AccountEventKind::RuleRemoved);
        return false;
    }

    bool login() {
        const std::string policy = fields_.text("policy_result");
        const bool refused = policy == "denied" || policy == "deny" || policy == "fail";
        if (fields_.flag("success"))
            e_.kind = AccountEventKind::Login;
        else
            e_.kind = refused ? AccountEventKind::LoginRefused : AccountEventKind::LoginFailed;
        if (refused) e_.detail = "policy";
        const std::string service = fields_.lower("service");
        e_.service = service == "sieve" ? "managesieve" : service;
        e_.mechanism = fields_.text("mechanism");
        e_.client_id = fields_.text("client_id");
        if (fields_.text("transport") == "TLS") e_.tls = "TLS";
        return true;
    }

    bool session_end() {
        e_.kind = AccountEventKind::SessionEnd;
        const std::uint64_t seconds = fields_.number("duration") / kMicroseconds;
        e_.seconds = static_cast<std::uint32_t>(std::min<std::uint64_t>(seconds, UINT32_MAX));
        return true;
    }

    bool imap_command() {
        const std::string command = fields_.text("cmd_name");
        args_ = fields_.text("cmd_args");
        std::string_view rest = args_;
        if (command == "ID") {
            told_.part = ToldEvent::Part::Client;
            e_.client_id = args_;
            return true;
        }
        if (!fields_.text("tagged_reply_state").starts_with("OK")) return false;
        if (command == "FETCH" || command == "UID FETCH") return fetched();
        if (command == "COPY" || command == "UID COPY" || command == "MOVE" ||
            command == "UID MOVE")
            return copied_to(rest);
        return folder(command, rest);
    }

    /// Its messages are told by mail_opened; what went over the wire only here.
    bool fetched() {
        if (!fields_.list_begins("reason_code", "imap:fetch_body")) return false;
        e_.kind = AccountEventKind::Read;
        e_.bytes = fields_.number("bytes_out");
        told_.part = ToldEvent::Part::OfMany;
        return true;
    }
    bool opened() {
        if (!fields_.list_begins("reason_code", "imap:fetch_body") &&
            !fields_.list_begins("reason_code", "pop3:cmd_retr"))
            return false;
        e_.kind = AccountEventKind::Read;
        e_.messages = 1;
        told_.part = ToldEvent::Part::OfMany;
        return true;
    }
    bool copied_to(std::string_view rest) {
        const std::string set = take_word(rest);
        e_.to_mailbox = take_word(rest);
        if (e_.to_mailbox.empty()) return false;
        e_.kind = is_trash(e_.to_mailbox) ? AccountEventKind::Delete : AccountEventKind::Copy;
        // A move has no COPYUID in its last answer; its messages are told by mail_expunged.
        e_.messages = copied(fields_.text("tagged_reply"));
        told_.part = ToldEvent::Part::OfMany;
        return true;
    }
    bool expunged() {
        e_.kind = AccountEventKind::Delete;
        e_.messages = 1;
        const std::string command = fields_.text("cmd_name");
        told_.part = command == "MOVE" || command == "UID MOVE" ? ToldEvent::Part::OfMove
                                                                : ToldEvent::Part::OfMany;
        return true;
    }
    bool folder(const std::string& command, std::string_view rest) {
        static constexpr std::array<std::string_view, 5> kCommands{"CREATE", "DELETE", "RENAME",
                                                                   "SETACL", "DELETEACL"};
        if (std::find(kCommands.begin(), kCommands.end(), command) == kCommands.end()) return false;
        e_.kind = AccountEventKind::Folder;
        e_.mailbox = take_word(rest);
        e_.detail = event_text(ascii_lower(command) + (trim(rest).empty() ? "" : " ") +
                               std::string(trim(rest)));
        return true;
    }
    bool rule(AccountEventKind kind) {
        if (fields_.has("error")) return false;
        e_.kind = kind;
        e_.service = "managesieve";
        e_.rule.name = fields_.text("script_name");
        return true;
    }

    std::string name_;
    JsonFields fields_;
    std::string args_;
    ToldEvent told_;
    AccountEvent& e_ = told_.event;
};

}  // namespace

bool is_trash(std::string_view mailbox) {
    const std::size_t at = mailbox.find_last_of("./");
    const std::string name =
        utf8_lower(at == std::string_view::npos ? mailbox : mailbox.substr(at + 1));
    static constexpr std::array<std::string_view, 16> kNames{"trash",
                                                             "deleted items",
                                                             "deleted messages",
                                                             "deleted",
                                                             "bin",
                                                             "papierkorb",
                                                             "gelöschte elemente",
                                                             "corbeille",
                                                             "papelera",
                                                             "eliminados",
                                                             "elementos eliminados",
                                                             "cestino",
                                                             "posta eliminata",
                                                             "prullenbak",
                                                             "verwijderde items",
                                                             "kosz"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end() || name == "lixeira" ||
           name == "lixo";
}

std::uint64_t messages_in_set(std::string_view set) noexcept {
    std::uint64_t count = 0;
    while (!set.empty()) {
        const std::size_t end = std::min(set.find(','), set.size());
        const std::string_view one = set.substr(0, end);
        set.remove_prefix(std::min(end + 1, set.size()));
        std::uint64_t first = 0, last = 0;
        const char* const stop = one.data() + one.size();
        const auto [at, error] = std::from_chars(one.data(), stop, first);
        if (error != std::errc() || first == 0) return 0;
        last = first;
        if (at != stop) {
            const auto [end_at, end_error] = std::from_chars(at + 1, stop, last);
            if (*at != ':' || end_error != std::errc() || end_at != stop || last == 0) return 0;
        }
        const std::uint64_t more = (first < last ? last - first : first - last);
        if (more >= kMaxInSet || (count += more + 1) > kMaxInSet) return 0;
    }
    return count;
}

Result<std::optional<ToldEvent>> parse_dovecot_event(std::string_view json) {
    const auto event = JsonFields::parse(json);
    if (!event) return fail(event.error());
    if (event->text("event").empty()) return fail(ErrorCode::Corrupt, "no name of an event");
    auto told = Reader(*event).read();
    if (!told) return std::optional<ToldEvent>();
    const auto time = parse_rfc3339(event->text("end_time"));
    if (!time) return fail(ErrorCode::Corrupt, "no end_time in RFC 3339, see format_args");
    AccountEvent& e = told->event;
    e.time = *time;
    e.host = event->lower("hostname");
    if (e.service.empty()) {
        for (const char* service : {"imap", "pop3", "submission", "managesieve"})
            if (event->list_has("categories", "service:" + std::string(service)))
                e.service = service;
        // What lmtp and lda deliver, and what doveadm and the indexer do, is nothing that the
        // account's user or somebody in his place did.
        if (e.service.empty() && event->list_begins("categories", "service:"))
            return std::optional<ToldEvent>();
    }
    // The same bytes are the same event; a login has the id that the policy's report of it has.
    if (e.kind == AccountEventKind::Login && told->part == ToldEvent::Part::Whole &&
        !e.session.empty())
        e.id = event_text(std::string(to_string(e.kind)) + "/" + e.session);
    else
        e.id = hex(json, 32);
    return told;
}

}  // namespace kith
