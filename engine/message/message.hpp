// SPDX-License-Identifier: Apache-2.0
// A parsed mail as plain data. Made by parse() (parse.hpp), read by the features; outlives every
// GMime object. All text is valid UTF-8 (scrubbed); raw header values are bytes. Every list is
// bounded by ParseOptions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hpp"

namespace kith {

/// One header field in the order received. Name as written; value unfolded bytes without the
/// trailing line end.
struct HeaderField {
    std::string name;
    std::string value;
};

/// How a mailbox was written; a habit of the client.
enum class NameForm : std::uint8_t { None, Bare, Quoted, Encoded, Comment };

/// One mailbox of an address field.
struct Mailbox {
    std::string display_name;  ///< decoded, scrubbed, trimmed; "" when none
    std::string local_part;    ///< as written, quotes removed
    std::string
        domain;  ///< lower case, A-labels (xn--) where convertible; "" when the mailbox has none
    NameForm form = NameForm::None;

    /// local@domain in lower case; just the local part when there is no domain; "" when empty.
    [[nodiscard]] std::string address() const;
    auto operator<=>(const Mailbox&) const = default;
};

/// One Received field, newest first in Message::received.
struct ReceivedHop {
    std::string from_helo;  ///< name the client gave
    std::string from_rdns;  ///< name the server saw, "" or "unknown" when none
    std::string from_ip;    ///< textual address without "IPv6:" prefix and brackets, "" when none
    std::string by;         ///< host that wrote the field
    std::string with;       ///< protocol, upper case (ESMTPSA…)
    std::optional<Time> time;
    std::optional<int> utc_offset_minutes;
};

/// One result of an Authentication-Results field (RFC 8601) from a trusted authserv-id.
struct AuthResult {
    std::string method;  ///< spf, dkim, dmarc, arc, iprev … lower case
    std::string result;  ///< pass, fail, none … lower case
    std::string
        domain;  ///< header.d, header.from, smtp.mailfrom's or smtp.helo's domain; lower case
    std::string selector;  ///< header.s
    std::string property;  ///< which property `domain` came from, e.g. "smtp.mailfrom", "header.d"
};

/// A DKIM-Signature as claimed (not verified here).
struct DkimClaim {
    std::string domain, selector;
    std::string signed_headers;  ///< h= lower case, white space removed
    std::string algorithm;
};

enum class LinkPlace : std::uint8_t {
    TextAlone,  ///< the only thing on its line
    TextInline,
    Anchor,  ///< <a href>
    Area,    ///< <area href>
    Form,    ///< <form action>
    Image,   ///< <img src>, background; not clickable
    Header,  ///< List-Unsubscribe and the like
};

/// One http(s), ftp, mailto, tel or data link.
struct Link {
    std::string url;     ///< as found, scrubbed, at most ParseOptions::max_url_bytes
    std::string scheme;  ///< lower case
    std::string host;    ///< lower case A-labels; "" for mailto/tel/data
    std::string
        registrable;     ///< registrable domain (public suffix list); the host itself for addresses
    std::string path;    ///< with the leading '/', percent-decoding not applied
    std::string query;   ///< without '?'
    std::string tenant;  ///< first path segment, "" when the path is empty: who owns a page on a
                         ///< shared host
    std::string userinfo;      ///< before '@', "" when none
    std::string visible_text;  ///< anchor's text with white space folded, all nodes joined; "" for
                               ///< plain text links
    LinkPlace place = LinkPlace::TextInline;
    bool quoted = false;  ///< stands in quoted text
};

/// Line of readable text with its role. Patch: inside a unified diff, machine text that says
/// nothing about how its sender writes; links and payment data in it count all the same.
enum class LineRole : std::uint8_t { Own, Quoted, Attribution, Signature, Patch };
struct TextLine {
    std::string text;  ///< valid UTF-8, no line end
    LineRole role = LineRole::Own;
};

/// One leaf of the MIME tree in order of appearance.
struct Part {
    std::string media_type;      ///< type/subtype lower case ("text/plain" when missing,
                                 ///< "application/octet-stream" when invalid)
    std::string charset;         ///< lower case, "" when absent
    std::string encoding;        ///< content-transfer-encoding lower case, "" when absent
    std::string disposition;     ///< attachment, inline, "" — lower case
    std::string filename;        ///< decoded, scrubbed
    std::string boundary_style;  ///< skeleton of the enclosing boundary, see Message::boundary
    std::string detected_type;   ///< by content (libmagic) for non-text parts, else ""
    std::uint64_t decoded_bytes = 0;
    bool is_attachment = false;  ///< not shown as the body
    bool encrypted = false;   ///< password-protected archive or document, S/MIME or PGP encryption
    bool has_macros = false;  ///< OOXML/OLE document with a VBA project
    int depth = 0;            ///< 0 = the top
};

/// What a document is by its first bytes. Its text is read outside the milter (engine/documents).
enum class DocumentKind : std::uint8_t { None, Pdf, Office, Rtf };
[[nodiscard]] std::string_view to_string(DocumentKind k) noexcept;  ///< none, pdf, office, rtf

/// An attachment whose text somebody else may read; the parser looks at its first bytes only.
struct Document {
    DocumentKind kind = DocumentKind::None;
    std::string bytes;
};

/// What was odd about the bytes; each is a fact for the features and shown by `kith show`.
enum class Defect : std::uint8_t {
    Unparsable,  ///< GMime gave no message: headers only from the MTA's list, the rest read as text
    NoFrom,
    ManyFrom,         ///< more than one From field or mailbox
    DuplicateHeader,  ///< a field that may occur once occurs more often
    HeaderEndsEarly,  ///< a line that is no header ends the header block
    MissingBoundary,  ///< multipart without a boundary or with one never used; body read as text
    InvalidBase64,    ///< data after padding or foreign characters
    InvalidCharset,
    DepthCut,
    PartsCut,
    HeadersCut,
    AddressesCut,
    LinksCut,
    TextCut,
    BodyCut,  ///< a bound of ParseOptions was reached
    EightBitHeader,
    DecodeRatio,  ///< decoded text out of proportion to its bytes
    NulBytes,
};

struct Message {
    std::vector<HeaderField> headers;  ///< raw, order of the wire, top first
    std::vector<Mailbox> from;         ///< every mailbox of every From field, groups walked
    std::optional<Mailbox> sender;
    std::vector<Mailbox> reply_to, to, cc;
    std::string subject;                   ///< decoded
    std::string message_id;                ///< without <>, "" when absent
    std::vector<std::string> in_reply_to;  ///< ids without <>
    std::vector<std::string> references;   ///< ids without <>, oldest first, at most
                                           ///< ParseOptions::max_references (first and newest kept)
    std::optional<Time> date;
    std::optional<int> date_utc_offset_minutes;
    std::string user_agent;                ///< User-Agent, else X-Mailer; decoded
    std::vector<ReceivedHop> received;     ///< newest first
    std::vector<AuthResult> auth_results;  ///< trusted authserv-ids only
    bool auth_results_present = false;     ///< a trusted field was there, maybe saying "none"
    std::vector<DkimClaim> dkim;
    std::string boundary;   ///< top multipart's boundary as written, "" when none
    std::string mime_tree;  ///< e.g. "mixed(alternative(text/plain,text/html),application/pdf)";
                            ///< cut at 256 bytes
    std::vector<Part> parts;
    std::string attached_text;        ///< of attached text, CSV, HTML, calendar and contact files
    std::vector<Document> documents;  ///< decoded, as far as ParseOptions wants them
    std::vector<TextLine>
        lines;  ///< readable text: first text part, or text of HTML; in order, own and quoted
    bool text_from_html = false;  ///< `lines` come from HTML because there is no plain part
    std::string html_skeleton;    ///< sequence of the first 64 block tags with class names' shapes;
                                  ///< "" when no HTML
    std::uint32_t html_hidden_chars = 0;  ///< characters hidden by style
    std::vector<Link> links;
    std::uint64_t raw_bytes = 0;
    std::vector<Defect> defects;  ///< each at most once, sorted

    [[nodiscard]] bool has(Defect d) const noexcept;
    /// Value of the first field called `name` (case-insensitive), bytes; nullopt when absent.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
    /// Own text joined with '\n'.
    [[nodiscard]] std::string own_text() const;
};

/// What the MTA told about a mail beside its bytes. Strings as the MTA gave them, addresses without
/// <>.
struct Arrival {
    Time time{};
    std::string client_addr;  ///< textual; "" when unknown; no "IPv6:" prefix
    std::string client_name;  ///< verified reverse name, "" when unknown
    std::string helo;
    std::string mail_from;  ///< "" = null sender
    std::vector<std::string> rcpts;
    std::optional<std::string> auth_user;  ///< SASL login, absent = not authenticated
    std::string queue_id;
    std::string tls_version;
    std::string cipher;  ///< of the same connection; both "" without TLS
    std::string daemon_name;
    std::string daemon_port;
    std::string mta_hostname;  ///< {j}
};

}  // namespace kith
