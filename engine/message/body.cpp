// SPDX-License-Identifier: Apache-2.0
#include "engine/message/body.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/base/text.hpp"
#include "engine/message/attachments.hpp"
#include "engine/message/charset.hpp"
#include "engine/message/content_type.hpp"
#include "engine/message/html.hpp"
#include "engine/message/links.hpp"
#include "engine/message/text_lines.hpp"
#include "engine/message/transfer_decode.hpp"

namespace kith::mail {
namespace {

constexpr std::size_t kMaxTreeBytes = 256;
/// Decoded text this many times larger, or encoded text this many times larger than what it decodes
/// to, is out of proportion. Honest encodings reach 3 (quoted-printable) and charsets 3 (one byte
/// to a three-byte character).
constexpr std::size_t kMaxRatio = 8;
constexpr std::size_t kMinRatioBytes = 1024;
/// Attachments of one message whose type libmagic is asked for: a question takes it 0.2 to 2 ms,
/// and 200 parts are allowed.
constexpr int kMaxDetections = 40;

[[nodiscard]] std::string first_token(std::string_view field) {
    const std::string_view text = trim(field);
    return scrub_utf8(
        ascii_lower(text.substr(0, std::min<std::size_t>(text.find_first_of(" \t;("), 64))));
}

[[nodiscard]] bool starts_with(std::string_view s, std::string_view prefix) noexcept {
    return s.substr(0, prefix.size()) == prefix;
}

class BodyReader {
public:
    BodyReader(const ParseOptions& options, Message& message, DefectSet& defects)
        : options_(options), message_(message), defects_(defects) {}

    void read(const MimeNode& root) {
        Place place;
        visit(root, place);
        if (tree_.size() > kMaxTreeBytes) tree_.resize(kMaxTreeBytes);
        message_.mime_tree = std::move(tree_);
        finish_text();
    }

private:
    /// Where in the tree a node stands.
    struct Place {
        int depth = 0;
        bool enclosed = false;   ///< inside message/rfc822
        bool shown = true;       ///< may be (part of) the body
        bool encrypted = false;  ///< below multipart/encrypted
        std::string_view boundary;
    };

    void visit(const MimeNode& node, Place place) {
        const ParameterField type = parse_parameter_field(node.content_type);
        std::string media = media_type_of(type);
        if (!node.is_container) {
            append_tree(media);
            visit_leaf(node, type, std::move(media), place, node.content);
            return;
        }
        const bool message = node.is_message;
        append_tree(message ? "message/rfc822" : media.substr(media.find('/') + 1));
        append_tree("(");
        if (node.children.empty()) {
            // Delimiters never used: what is there is text to a reader.
            const std::string_view text =
                node.content.empty() ? std::string_view(node.stray_text) : node.content;
            visit_leaf(node, ParameterField{}, "text/plain", place, text);
        }
        const std::string_view boundary = type.raw("boundary");
        if (place.depth == 0 && !boundary.empty())
            message_.boundary = scrub_utf8(boundary.substr(0, 256));
        place.boundary = boundary;
        place.encrypted = place.encrypted || media == "multipart/encrypted";
        place.enclosed = place.enclosed || message;
        ++place.depth;
        bool first = true;
        for (const MimeNode& child : node.children) {
            if (!first) append_tree(",");
            Place below = place;
            // Only the root of a related part is read; its other parts serve it.
            below.shown = place.shown && !message && (first || media != "multipart/related");
            visit(child, below);
            first = false;
        }
        append_tree(")");
    }

    void append_tree(std::string_view text) {
        if (tree_.size() <= kMaxTreeBytes) tree_ += text;
    }

    void visit_leaf(const MimeNode& node, const ParameterField& type, std::string media,
                    const Place& place, std::string_view content) {
        Part part;
        part.media_type = std::move(media);
        part.charset = first_token(type.raw("charset"));
        part.encoding = first_token(node.encoding);
        const ParameterField disposition = parse_parameter_field(node.disposition);
        part.disposition = scrub_utf8(std::string_view(disposition.value).substr(0, 64));
        part.filename = disposition.decoded("filename");
        if (part.filename.empty()) part.filename = type.decoded("name");
        part.filename = utf8_prefix(part.filename, 512);
        part.boundary_style = boundary_style(place.boundary);
        part.depth = place.depth;
        part.encrypted = place.encrypted;

        DecodedBytes decoded = decode_transfer(content, part.encoding);
        part.decoded_bytes = decoded.bytes.size();
        defects_.add_if(decoded.irregular && part.encoding == "base64", Defect::InvalidBase64);
        const bool text = part.media_type == "text/plain" || part.media_type == "text/html";
        defects_.add_if(text && content.size() >= kMinRatioBytes &&
                            decoded.bytes.size() < content.size() / kMaxRatio,
                        Defect::DecodeRatio);
        const bool named = !part.filename.empty();
        part.is_attachment = part.disposition == "attachment" || !place.shown || place.enclosed ||
                             (named && part.disposition != "inline") || !text;
        if (text && (!part.is_attachment || place.enclosed)) {
            read_text(part, type, decoded.bytes, place.enclosed);
        } else if (!starts_with(part.media_type, "text/") || named) {
            read_attached_text(part, decoded.bytes);
            inspect(part, type, decoded.bytes);
            keep_document(std::move(decoded.bytes));
        }
        message_.parts.push_back(std::move(part));
    }

    void inspect(Part& part, const ParameterField& type, std::string_view bytes) {
        const bool detect = detections_++ < kMaxDetections;
        ContentFacts facts = inspect_content(bytes, options_.max_attachment_probe_bytes,
                                             detect ? DetectType::Yes : DetectType::No);
        part.detected_type = std::move(facts.detected_type);
        part.encrypted = part.encrypted || facts.encrypted;
        part.has_macros = facts.has_macros;
        // S/MIME: enveloped unless it says that it is only signed (RFC 8551, section 3.2.2).
        if (part.media_type == "application/pkcs7-mime" ||
            part.media_type == "application/x-pkcs7-mime")
            part.encrypted = !starts_with(ascii_lower(type.raw("smime-type")), "signed");
    }

    /// Attached files that are text as they are: read for facts, never as what the sender writes.
    void read_attached_text(const Part& part, std::string_view bytes) {
        const bool html = part.media_type == "text/html";
        const bool text = html || part.media_type == "text/plain" ||
                          part.media_type == "text/csv" || part.media_type == "text/calendar" ||
                          part.media_type == "text/vcard" || part.media_type == "text/x-vcard";
        const std::size_t left =
            options_.max_attached_text_bytes -
            std::min(options_.max_attached_text_bytes, message_.attached_text.size());
        if (!text || part.encrypted || left == 0) return;
        DecodedText decoded = to_utf8(bytes.substr(0, left), part.charset);
        if (html) {
            DefectSet theirs;  // the mail's own are another matter
            const HtmlContent content = read_html(decoded.utf8, options_, theirs);
            decoded.utf8.clear();
            for (const TextLine& line : content.lines) decoded.utf8 += line.text + "\n";
        }
        message_.attached_text += utf8_prefix(decoded.utf8, left - 1);
        message_.attached_text += '\n';
    }

    /// For whoever reads documents, in another process: here nothing looks into them.
    void keep_document(std::string bytes) {
        if (message_.documents.size() >= options_.max_documents ||
            bytes.size() > options_.max_document_bytes)
            return;
        const DocumentKind kind = document_kind(bytes);
        if (kind != DocumentKind::None) message_.documents.push_back({kind, std::move(bytes)});
    }

    void read_text(Part& part, const ParameterField& type, std::string_view bytes, bool enclosed) {
        const bool html = part.media_type == "text/html";
        const std::size_t bound = html ? options_.max_html_bytes : options_.max_text_bytes;
        // Four bytes of any charset make at least one of text; what is cut here would be cut later
        // anyway.
        if (bytes.size() / 4 > bound) {
            defects_.add(Defect::TextCut);
            bytes = bytes.substr(0, 4 * bound);
        }
        DecodedText text = to_utf8(bytes, part.charset);
        defects_.add_if(text.invalid, Defect::InvalidCharset);
        defects_.add_if(bytes.find('\0') != std::string_view::npos &&
                            !starts_with(part.charset, "utf-16") &&
                            !starts_with(part.charset, "utf-32"),
                        Defect::NulBytes);
        defects_.add_if(
            bytes.size() >= kMinRatioBytes && text.utf8.size() / kMaxRatio > bytes.size(),
            Defect::DecodeRatio);
        if (html) {
            read_html_part(text.utf8, enclosed);
        } else {
            if (text.utf8.find("-----BEGIN PGP MESSAGE-----") != std::string::npos)
                part.encrypted = true;
            const Flow flow{ascii_iequals(type.raw("format"), "flowed"),
                            ascii_iequals(type.raw("delsp"), "yes")};
            read_plain_part(text.utf8, flow, enclosed);
        }
    }

    void read_plain_part(std::string_view text, Flow flow, bool enclosed) {
        std::vector<TextLine> lines = split_lines(text, flow, options_, defects_);
        if (enclosed) {
            for (TextLine& line : lines) line.role = LineRole::Quoted;
        } else {
            assign_roles(lines);
        }
        for (const TextLine& line : lines) {
            std::string_view body = line.text;
            while (!body.empty() && (body.front() == '>' || body.front() == ' '))
                body.remove_prefix(1);
            for (const TextLink& found : find_text_links(body)) {
                std::string url(
                    body.substr(found.begin, std::min<std::size_t>(found.length, 64 * 1024)));
                if (ascii_iequals(std::string_view(url).substr(0, 4), "www."))
                    url.insert(0, "http://");
                auto link = parse_link(url, options_.max_url_bytes);
                if (!link) continue;
                link->place = found.alone ? LinkPlace::TextAlone : LinkPlace::TextInline;
                link->quoted = line.role == LineRole::Quoted || line.role == LineRole::Attribution;
                add_link(std::move(*link));
            }
        }
        if (!enclosed) append_lines(plain_lines_, std::move(lines));
    }

    void read_html_part(std::string_view html, bool enclosed) {
        HtmlContent content = read_html(html, options_, defects_);
        assign_roles(content.lines);
        for (PlacedLink& placed : content.links) {
            Link& link = placed.link;
            if (placed.line < content.lines.size()) {
                const LineRole role = content.lines[placed.line].role;
                if (role == LineRole::Quoted || role == LineRole::Attribution) link.quoted = true;
            } else if (!content.lines.empty() && content.lines.back().role == LineRole::Quoted) {
                link.quoted = true;
            }
            if (enclosed) link.quoted = true;
            add_link(std::move(link));
        }
        if (enclosed) return;
        if (message_.html_skeleton.empty()) message_.html_skeleton = std::move(content.skeleton);
        message_.html_hidden_chars += content.hidden_chars;
        append_lines(html_lines_, std::move(content.lines));
    }

    void append_lines(std::vector<TextLine>& to, std::vector<TextLine> lines) {
        std::size_t& bytes = &to == &plain_lines_ ? plain_bytes_ : html_bytes_;
        for (TextLine& line : lines) {
            bytes += line.text.size();
            if (to.size() >= options_.max_lines || bytes > options_.max_text_bytes) {
                defects_.add(Defect::TextCut);
                return;
            }
            to.push_back(std::move(line));
        }
    }

    void add_link(Link link) {
        if (message_.links.size() >= options_.max_links) {
            defects_.add(Defect::LinksCut);
            return;
        }
        message_.links.push_back(std::move(link));
    }

    /// The plain text, or that of HTML when there is no plain text to read.
    void finish_text() {
        const bool plain =
            std::any_of(plain_lines_.begin(), plain_lines_.end(),
                        [](const TextLine& line) { return !trim(line.text).empty(); });
        message_.text_from_html = !plain && !html_lines_.empty();
        message_.lines = std::move(message_.text_from_html ? html_lines_ : plain_lines_);
    }

    const ParseOptions& options_;
    Message& message_;
    DefectSet& defects_;
    std::string tree_;
    std::vector<TextLine> plain_lines_;
    std::vector<TextLine> html_lines_;
    std::size_t plain_bytes_ = 0;
    std::size_t html_bytes_ = 0;
    int detections_ = 0;
};

}  // namespace

std::string boundary_style(std::string_view boundary) {
    std::string style;
    std::size_t i = 0;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    boundary = boundary.substr(0, 128);
    while (i < boundary.size() && style.size() < 64) {
        std::size_t end = i;
        int digits = 0;
        int turns = 0;  // lower case followed by upper case: "NextPart" has one, random text many
        int lowers = 0;
        int capitals = 0;  // upper case behind upper case: no word of mixed case has it
        while (end < boundary.size() &&
               (is_digit(boundary[end]) || is_lower(boundary[end]) || is_upper(boundary[end]))) {
            if (is_digit(boundary[end])) ++digits;
            if (is_lower(boundary[end])) ++lowers;
            if (end > i && is_upper(boundary[end])) {
                if (is_lower(boundary[end - 1])) ++turns;
                if (is_upper(boundary[end - 1])) ++capitals;
            }
            ++end;
        }
        const auto length = static_cast<int>(end - i);
        if (length == 0) {
            const char c = boundary[i++];
            // Base 64 has '/' and '+' at random places.
            const bool inside_random =
                (c == '/' || c == '+') && !style.empty() && style.back() == 'x';
            if (!inside_random) style += static_cast<unsigned char>(c) < 0x80 && c >= ' ' ? c : '?';
            continue;
        }
        std::string word;
        if (digits == length) {
            word = "9";
        } else if (digits > 0 || turns > 1 || (lowers > 0 && capitals > 0)) {
            word = "x";
        } else {
            word = boundary.substr(i, end - i);
        }
        if (!(word == "x" && !style.empty() && style.back() == 'x')) style += word;
        i = end;
    }
    return style.substr(0, 64);
}

void read_body(const MimeNode& tree, const ParseOptions& options, Message& message,
               DefectSet& defects) {
    BodyReader(options, message, defects).read(tree);
}

void read_body_again(const MimeNode& tree, const ParseOptions& options, Message& message,
                     DefectSet& defects) {
    Message other;
    BodyReader(options, other, defects).read(tree);
    for (Part& part : other.parts) {
        if (message.parts.size() >= options.max_parts) break;
        const bool known =
            std::any_of(message.parts.begin(), message.parts.end(), [&](const Part& p) {
                return p.media_type == part.media_type && p.filename == part.filename &&
                       p.decoded_bytes == part.decoded_bytes;
            });
        if (!known) message.parts.push_back(std::move(part));
    }
    for (Link& link : other.links) {
        if (message.links.size() >= options.max_links) {
            defects.add(Defect::LinksCut);
            break;
        }
        const bool known = std::any_of(message.links.begin(), message.links.end(),
                                       [&](const Link& l) { return l.url == link.url; });
        if (!known) message.links.push_back(std::move(link));
    }
    if (message.lines.empty()) {
        message.lines = std::move(other.lines);
        message.text_from_html = other.text_from_html;
    }
    if (message.html_skeleton.empty()) message.html_skeleton = std::move(other.html_skeleton);
}

}  // namespace kith::mail
