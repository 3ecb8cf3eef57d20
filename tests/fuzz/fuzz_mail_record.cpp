// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as the payload of a mail's, an admin's or an account's record: an error, or a
// record that is not much larger than its bytes and comes back the same after encoding; with
// something taken out of it has as many bytes, or there is an error.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/journal/account_event.hpp"
#include "engine/journal/cut_record.hpp"
#include "engine/journal/mail_record.hpp"

namespace {

std::size_t decoded_bytes(const kith::MailRecord& r) {
    std::size_t sum =
        r.id.size() + r.from.size() + r.from_name.size() + r.subject.size() + r.message_id.size();
    for (const auto& rcpt : r.rcpts) sum += rcpt.size();
    for (const auto& link : r.observations.links) sum += link.words.size() * sizeof link.words[0];
    for (const auto& reason : r.assessment.reasons)
        sum += reason.text.size() + reason.feature.size();
    return sum + r.observations.words.size() * sizeof r.observations.words[0];
}

bool has_digit(const std::string& text) { return text.find_first_of("0123456789") < text.size(); }
std::string first_half(const std::string& text) { return text.substr(0, text.size() / 2); }

void check(const kith::Result<std::string>& cut, std::size_t size) {
    if (cut && cut->size() != size) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view in(reinterpret_cast<const char*>(bytes), size);
    if (const auto record = kith::decode_mail_record(in)) {
        if (decoded_bytes(*record) > size) std::abort();
        const std::string encoded = kith::encode(*record);
        const auto again = kith::decode_mail_record(encoded);
        if (!again || kith::encode(*again) != encoded) std::abort();
        const auto& keys = record->observations.rcpts;
        check(kith::cut_mail_record(
                  in, {has_digit, keys.empty() ? kith::Key16{} : keys.front(), size, first_half}),
              size);
    }
    if (const auto record = kith::decode_admin_record(in)) {
        const std::string encoded = kith::encode(*record);
        const auto again = kith::decode_admin_record(encoded);
        if (!again || kith::encode(*again) != encoded) std::abort();
        check(kith::cut_admin_record(in, first_half), size);
    }
    if (const auto event = kith::decode_account_event(in)) {
        const std::string encoded = kith::encode(*event);
        const auto again = kith::decode_account_event(encoded);
        if (!again || kith::encode(*again) != encoded) std::abort();
        check(kith::cut_account_event(in, has_digit, first_half), size);
    }
    return 0;
}
