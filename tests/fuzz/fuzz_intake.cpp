// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as all that kith-accounts reads: policy requests and answers, exported events,
// lines of a log, answers of the HTTP API. What comes out is bounded, valid and survives the
// journal.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/base/text.hpp"
#include "engine/intake/auth_policy.hpp"
#include "engine/intake/doveadm.hpp"
#include "engine/intake/dovecot_event.hpp"
#include "engine/intake/log_line_reader.hpp"
#include "engine/intake/session_merger.hpp"

namespace {

using namespace kith;

const Time kNow = from_unix(1'800'000'000);

void check(const AccountEvent& e) {
    for (const std::string* text :
         {&e.id, &e.account, &e.host, &e.service, &e.session, &e.client_addr, &e.client_name,
          &e.client_id, &e.mechanism, &e.tls, &e.mailbox, &e.to_mailbox, &e.detail, &e.rule.name})
        // utf8_lower() may lengthen a text a little; encode() cuts then.
        if (text->size() > 2 * kMaxAccountText || !is_valid_utf8(*text)) std::abort();
    if (e.account.empty() || e.message_ids.size() > kMaxAccountList) std::abort();
    if (!decode_account_event(encode(e))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    if (const auto request = parse_policy_request(text))
        check(event_of_report(*request, kNow, std::nullopt));
    if (const auto answer = parse_policy_answer(text))
        if (answer->status < -1 || answer->status > 3600) std::abort();
    (void)parse_sieve_get(text);
    (void)parse_kick(text);

    SessionMerger merger;
    if (auto told = parse_dovecot_event(text); told && *told) {
        check((*told)->event);
        merger.add(std::move(**told), kNow);
    }
    static const Hasher hasher{Hasher::Secret{1}};
    const LogContext context{kNow, Seconds(3600), [](std::string_view) { return &hasher; }};
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        for (ToldEvent& told : read_log_line(text.substr(begin, end - begin), context)) {
            check(told.event);
            merger.add(std::move(told), kNow);
        }
        begin = end + 1;
    }
    for (const AccountEvent& e : merger.take(kNow, true)) check(e);
    return 0;
}
