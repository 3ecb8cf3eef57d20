// SPDX-License-Identifier: Apache-2.0
// The one way from bytes to a Message, top to bottom: bytes, header block, fields, MIME tree, body.
#include "engine/message/parse.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/text.hpp"
#include "engine/message/addresses.hpp"
#include "engine/message/auth_results.hpp"
#include "engine/message/body.hpp"
#include "engine/message/date.hpp"
#include "engine/message/defects.hpp"
#include "engine/message/gmime_door.hpp"
#include "engine/message/header_block.hpp"
#include "engine/message/links.hpp"
#include "engine/message/received.hpp"
#include "engine/message/rfc2047.hpp"

namespace kith {
namespace {

using mail::DefectSet;

/// Received fields kept; MTAs stop a loop at 50 (Postfix hopcount_limit) or 25 (Sendmail).
constexpr std::size_t kMaxHops = 100;
constexpr std::size_t kMaxDkim = 32;
constexpr std::size_t kMaxAuthResults = 256;
/// Bytes of a Message-ID kept. RFC 5322 lines end at 998.
constexpr std::size_t kMaxMessageId = 998;
constexpr std::size_t kMaxSubject = 16 * 1024;
/// Step in which a file is searched for the end of a header block that is too long to be kept.
constexpr std::size_t kSearchStep = 256 * 1024;

/// pread until `size` bytes or the end; what could not be read is missing at the end.
[[nodiscard]] std::string read_file(int fd, std::uint64_t offset, std::uint64_t size) {
    std::string out(static_cast<std::size_t>(size), '\0');
    std::size_t have = 0;
    while (have < out.size()) {
        const ssize_t n =
            ::pread(fd, out.data() + have, out.size() - have, static_cast<off_t>(offset + have));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        have += static_cast<std::size_t>(n);
    }
    out.resize(have);
    return out;
}

/// Position behind the first empty line at or after `from`; nullopt when there is none.
[[nodiscard]] std::optional<std::uint64_t> find_body(const MessageBytes& bytes,
                                                     std::uint64_t from) {
    std::string carry;
    while (from < bytes.length) {
        std::string block = read_file(bytes.fd, bytes.offset + from,
                                      std::min<std::uint64_t>(kSearchStep, bytes.length - from));
        if (block.empty()) return std::nullopt;
        const std::uint64_t start = from - carry.size();
        from += block.size();
        block.insert(0, carry);
        const std::size_t lf = block.find("\n\n");
        const std::size_t crlf = block.find("\n\r\n");
        if (const std::size_t found = std::min(lf, crlf); found != std::string::npos)
            return start + found + (found == crlf ? 3 : 2);
        carry = block.substr(block.size() - std::min<std::size_t>(block.size(), 2));
    }
    return std::nullopt;
}

/// Ids of References or In-Reply-To, without <>; words that are none are left out.
[[nodiscard]] std::vector<std::string> message_ids(std::string_view field) {
    std::vector<std::string> ids;
    std::size_t i = 0;
    while (i < field.size()) {
        const std::size_t start = field.find('<', i);
        if (start == std::string_view::npos) break;
        const std::size_t end = field.find_first_of("<>", start + 1);
        if (end == std::string_view::npos) break;
        const std::string_view id = trim(field.substr(start + 1, end - start - 1));
        if (field[end] == '>' && !id.empty() && id.size() <= kMaxMessageId)
            ids.push_back(scrub_utf8(id));
        i = field[end] == '>' ? end + 1 : end;
    }
    return ids;
}

/// The first and the newest ids, at most `max`.
[[nodiscard]] std::vector<std::string> bounded_references(std::vector<std::string> ids,
                                                          std::size_t max) {
    if (ids.size() > max) {
        if (max == 0) return {};
        ids.erase(ids.begin() + 1, ids.begin() + static_cast<std::ptrdiff_t>(ids.size() - max + 1));
    }
    return ids;
}

[[nodiscard]] std::string one_message_id(std::string_view field) {
    auto ids = message_ids(field);
    if (!ids.empty()) return std::move(ids.front());
    return scrub_utf8(trim(field).substr(0, kMaxMessageId));
}

/// Fields that RFC 5322, section 3.6, and RFC 2045 allow once.
constexpr std::array<std::string_view, 13> kSingle{"from",
                                                   "sender",
                                                   "reply-to",
                                                   "to",
                                                   "cc",
                                                   "bcc",
                                                   "date",
                                                   "subject",
                                                   "message-id",
                                                   "in-reply-to",
                                                   "references",
                                                   "content-type",
                                                   "content-transfer-encoding"};

class FieldReader {
public:
    FieldReader(const ParseOptions& options, Message& message, DefectSet& defects)
        : options_(options), message_(message), defects_(defects) {}

    void run() {
        for (const HeaderField& field : message_.headers) {
            note_duplicate(field.name);
            read(ascii_lower(field.name), field.value);
        }
        if (message_.user_agent.empty()) message_.user_agent = std::move(x_mailer_);
        const bool has_mailbox = std::any_of(message_.from.begin(), message_.from.end(),
                                             [](const Mailbox& m) { return !m.domain.empty(); });
        defects_.add_if(!has_mailbox, Defect::NoFrom);
        defects_.add_if(message_.from.size() > 1 || from_fields_ > 1, Defect::ManyFrom);
    }

private:
    void read(const std::string& name, std::string_view value) {
        if (name == "from") {
            ++from_fields_;
            add_addresses(value, message_.from);
        } else if (name == "reply-to") {
            add_addresses(value, message_.reply_to);
        } else if (name == "to") {
            add_addresses(value, message_.to);
        } else if (name == "cc") {
            add_addresses(value, message_.cc);
        } else if (name == "sender") {
            if (!message_.sender) {
                std::vector<Mailbox> found;
                add_addresses(value, found);
                if (!found.empty()) message_.sender = std::move(found.front());
            }
        } else if (name == "subject") {
            if (!subject_seen_)
                message_.subject = utf8_prefix(mail::decode_words(value), kMaxSubject);
            subject_seen_ = true;
        } else if (name == "message-id") {
            if (message_.message_id.empty()) message_.message_id = one_message_id(value);
        } else if (name == "in-reply-to") {
            if (message_.in_reply_to.empty())
                message_.in_reply_to =
                    bounded_references(message_ids(value), options_.max_references);
        } else if (name == "references") {
            if (message_.references.empty())
                message_.references =
                    bounded_references(message_ids(value), options_.max_references);
        } else if (name == "date") {
            read_date(value);
        } else if (name == "user-agent") {
            if (message_.user_agent.empty())
                message_.user_agent = utf8_prefix(mail::decode_words(value), 512);
        } else if (name == "x-mailer") {
            if (x_mailer_.empty()) x_mailer_ = utf8_prefix(mail::decode_words(value), 512);
        } else if (name == "received") {
            if (message_.received.size() < kMaxHops)
                message_.received.push_back(mail::parse_received(value));
        } else if (name == "authentication-results") {
            read_auth_results(value);
        } else if (name == "dkim-signature") {
            if (message_.dkim.size() < kMaxDkim)
                if (auto claim = mail::parse_dkim_signature(value))
                    message_.dkim.push_back(std::move(*claim));
        } else if (name == "list-unsubscribe" || name == "list-post" || name == "list-archive" ||
                   name == "list-help" || name == "list-subscribe" || name == "list-owner") {
            add_header_links(value);
        }
    }

    void add_addresses(std::string_view value, std::vector<Mailbox>& to) {
        const std::size_t room =
            options_.max_addresses - std::min(options_.max_addresses, to.size());
        mail::AddressList list = mail::parse_addresses(value, room);
        defects_.add_if(list.cut, Defect::AddressesCut);
        std::move(list.mailboxes.begin(), list.mailboxes.end(), std::back_inserter(to));
    }

    void read_date(std::string_view value) {
        if (message_.date) return;
        if (const auto date = mail::parse_date(value)) {
            message_.date = date->time;
            message_.date_utc_offset_minutes = date->utc_offset_minutes;
        }
    }

    /// A server writes its field above what came over the wire: of a method that it has told of, a
    /// field further down that bears its name is older or forged.
    void read_auth_results(std::string_view value) {
        if (message_.auth_results.size() >= kMaxAuthResults) return;
        auto field = mail::parse_auth_results(value, options_.trusted_authserv_ids);
        if (!field) return;
        message_.auth_results_present = true;
        std::vector<std::pair<std::string, std::string>> told;
        for (AuthResult& result : field->results) {
            std::pair<std::string, std::string> told_by(field->server, result.method);
            if (told_.count(told_by) > 0) continue;
            told.push_back(std::move(told_by));
            if (message_.auth_results.size() < kMaxAuthResults)
                message_.auth_results.push_back(std::move(result));
        }
        told_.insert(told.begin(), told.end());
    }

    /// Links of RFC 2369 fields: each stands in <>.
    void add_header_links(std::string_view value) {
        std::size_t i = 0;
        while ((i = value.find('<', i)) != std::string_view::npos) {
            const std::size_t end = value.find('>', ++i);
            if (end == std::string_view::npos) return;
            auto link = mail::parse_link(value.substr(i, end - i), options_.max_url_bytes);
            i = end;
            if (!link) continue;
            if (message_.links.size() >= options_.max_links) {
                defects_.add(Defect::LinksCut);
                return;
            }
            link->place = LinkPlace::Header;
            message_.links.push_back(std::move(*link));
        }
    }

    void note_duplicate(std::string_view name) {
        for (std::size_t i = 0; i < kSingle.size(); ++i) {
            if (!ascii_iequals(kSingle[i], name)) continue;
            if (++seen_[i] > 1) defects_.add(Defect::DuplicateHeader);
            return;
        }
    }

    const ParseOptions& options_;
    Message& message_;
    DefectSet& defects_;
    std::array<unsigned, kSingle.size()> seen_{};
    std::string x_mailer_;
    /// Server and method of the authentication results of the fields so far.
    std::set<std::pair<std::string, std::string>> told_;
    unsigned from_fields_ = 0;
    bool subject_seen_ = false;
};

/// First and last field of a name.
struct FirstLast {
    std::string_view first, last;
    bool differ = false;
};
[[nodiscard]] FirstLast first_and_last(const Message& message, std::string_view name) {
    FirstLast found;
    bool any = false;
    for (const HeaderField& field : message.headers) {
        if (!ascii_iequals(field.name, name)) continue;
        if (!any) found.first = field.value;
        found.last = field.value;
        any = true;
    }
    found.differ = !ascii_iequals(found.first, found.last);
    return found;
}

void read_content(std::string_view body, const ParseOptions& options, Message& message,
                  DefectSet& defects) {
    if (body.size() > options.max_body_bytes) {
        defects.add(Defect::BodyCut);
        body = body.substr(0, options.max_body_bytes);
    }
    const FirstLast type = first_and_last(message, "Content-Type");
    const FirstLast encoding = first_and_last(message, "Content-Transfer-Encoding");
    const FirstLast disposition = first_and_last(message, "Content-Disposition");
    const mail::TopFields first{type.first, encoding.first, disposition.first};
    mail::read_body(mail::read_mime(body, first, options, defects), options, message, defects);
    if (!type.differ && !encoding.differ) return;
    // Mail programs differ in which of two they believe; what either shows is there.
    const mail::TopFields last{type.last, encoding.last, disposition.last};
    mail::read_body_again(mail::read_mime(body, last, options, defects), options, message, defects);
}

}  // namespace

void message_library_init() { mail::gmime_init(); }

Message parse(const MessageBytes& bytes, const ParseOptions& options) {
    Message message;
    DefectSet defects;
    std::string from_file;
    std::string_view raw = bytes.memory;
    message.raw_bytes = raw.size();
    if (bytes.fd >= 0) {
        message.raw_bytes = bytes.length;
        const std::uint64_t window = options.max_body_bytes + 2 * options.max_header_bytes;
        from_file = read_file(bytes.fd, bytes.offset, std::min(bytes.length, window));
        raw = from_file;
    }
    mail::HeaderBlock header = mail::read_header_block(raw, options, defects);
    std::string_view body = raw.substr(header.body_offset);
    std::string late_body;
    if (bytes.fd >= 0 && raw.size() < bytes.length && body.size() <= options.max_body_bytes) {
        std::optional<std::uint64_t> start = header.body_offset;
        if (!header.ended)
            start = find_body(bytes, raw.size() - std::min<std::size_t>(raw.size(), 2));
        const std::uint64_t body_start = start.value_or(bytes.length);
        // One byte more than may be read, so that the cut is seen.
        late_body = read_file(
            bytes.fd, bytes.offset + body_start,
            std::min<std::uint64_t>(bytes.length - body_start, options.max_body_bytes + 1));
        body = late_body;
    }
    message.headers = std::move(header.fields);
    FieldReader(options, message, defects).run();
    read_content(body, options, message, defects);
    message.defects = defects.list();
    return message;
}

}  // namespace kith
