// SPDX-License-Identifier: Apache-2.0
// Prints every account event of a journal as one line of JSON, for the end-to-end tests:
//     list_account_events JOURNAL-DIRECTORY
#include <nlohmann/json.hpp>

#include <iostream>

#include "engine/journal/account_event.hpp"
#include "engine/journal/journal.hpp"

namespace {

nlohmann::json json_of(const kith::AccountEvent& e) {
    return {{"kind", kith::to_string(e.kind)},
            {"time", kith::iso8601(e.time)},
            {"id", e.id},
            {"account", e.account},
            {"host", e.host},
            {"service", e.service},
            {"session", e.session},
            {"client_addr", e.client_addr},
            {"client_id", e.client_id},
            {"mechanism", e.mechanism},
            {"tls", e.tls},
            {"mailbox", e.mailbox},
            {"to_mailbox", e.to_mailbox},
            {"messages", e.messages},
            {"bytes", e.bytes},
            {"repeats", e.repeats},
            {"seconds", e.seconds},
            {"detail", e.detail},
            {"asn", e.place.asn},
            {"country", e.place.country},
            {"message_ids", e.message_ids.size()},
            {"rule",
             {{"name", e.rule.name},
              {"redirects", e.rule.redirects},
              {"folders", e.rule.folders},
              {"words", e.rule.words.size()},
              {"topics", e.rule.topics},
              {"discards", e.rule.discards},
              {"marks_seen", e.rule.marks_seen},
              {"stops", e.rule.stops},
              {"conditional", e.rule.conditional},
              {"understood", e.rule.understood}}}};
}

int run(const std::string& directory) {
    kith::JournalOptions options;
    options.directory = directory;
    const auto reader = kith::JournalReader::open(options);
    if (!reader) {
        if (reader.error().code == kith::ErrorCode::NoInput) return 0;
        std::cerr << reader.error().text() << '\n';
        return 1;
    }
    for (;;) {
        const auto record = (*reader)->next();
        if (!record) {
            std::cerr << record.error().text() << '\n';
            return 1;
        }
        if (!*record) return 0;
        if ((*record)->type != kith::RecordType::Account) continue;
        const auto event = kith::decode_account_event((*record)->payload);
        if (!event) {
            std::cerr << event.error().text() << '\n';
            return 1;
        }
        std::cout << json_of(*event).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace)
                  << '\n';
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: list_account_events JOURNAL-DIRECTORY\n";
        return 64;
    }
    return run(argv[1]);
}
