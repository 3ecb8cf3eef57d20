// SPDX-License-Identifier: Apache-2.0
// Gumbo gets its memory from an arena of ours. That makes it twice as fast, spares its recursive
// release of the tree (a stack overflow on deep nesting), and bounds it: when the arena is used up,
// the allocator leaves the parser by longjmp, over nothing but the C frames of Gumbo, and the text
// is read without a tree.
#include "engine/message/html.hpp"

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "engine/base/text.hpp"
#include "engine/message/html_guard.hpp"
#include "engine/message/links.hpp"

namespace kith::mail {
namespace {

/// Gumbo's memory for ordinary mail is 10 to 25 times the HTML; beyond this factor it is an attack.
constexpr std::size_t kMemoryPerByte = 48;
constexpr std::size_t kMemoryBase = std::size_t{1} << 20U;
/// Skeleton: tags kept and bytes of one class name's shape.
constexpr std::size_t kSkeletonTags = 64;
constexpr std::size_t kMaxClassShape = 20;
/// Bytes kept of the text a link is shown under; longer texts are paragraphs.
constexpr std::size_t kMaxVisibleText = 512;
/// A line of HTML text without a break is cut here, so that one line cannot be the whole of
/// max_text_bytes.
constexpr std::size_t kMaxLineBytes = 16 * 1024;

/// Memory that is given back as a whole. One thread.
class Arena {
public:
    explicit Arena(std::size_t limit) noexcept : limit_(limit) {}

    /// Null when the limit is reached.
    [[nodiscard]] void* allocate(std::size_t bytes) noexcept {
        bytes = (bytes + kAlign - 1) & ~(kAlign - 1);
        if (bytes > left_) {
            const std::size_t block = std::max(bytes, kBlock);
            if (used_ + block > limit_) return nullptr;
            auto* memory = static_cast<Block*>(std::malloc(block + sizeof(Block)));
            if (memory == nullptr) return nullptr;
            memory->next = head_;
            head_ = memory;
            used_ += block;
            cursor_ = reinterpret_cast<char*>(memory + 1);
            left_ = block;
        }
        char* const result = cursor_;
        cursor_ += bytes;
        left_ -= bytes;
        return result;
    }
    ~Arena() {
        while (head_ != nullptr) std::free(std::exchange(head_, head_->next));
    }
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    std::jmp_buf out_of_memory;

private:
    struct alignas(16) Block {
        Block* next;
    };
    static constexpr std::size_t kAlign = 16;
    static constexpr std::size_t kBlock = 64 * 1024;

    std::size_t limit_;
    std::size_t used_ = 0;
    Block* head_ = nullptr;
    char* cursor_ = nullptr;
    std::size_t left_ = 0;
};

extern "C" {
static void* kith_gumbo_allocate(void* arena, size_t bytes) {
    auto* const a = static_cast<Arena*>(arena);
    void* const memory = a->allocate(bytes);
    if (memory == nullptr) std::longjmp(a->out_of_memory, 1);  // NOLINT(cert-err52-cpp)
    return memory;
}
static void kith_gumbo_release(void* /*arena*/, void* /*memory*/) {}
}

/// The tree, in the arena; null when it does not fit. No object with a destructor may live in this
/// frame: longjmp skips it.
[[nodiscard]] const GumboOutput* parse_tree(const char* html, std::size_t size,
                                            Arena& arena) noexcept {
    GumboOptions gumbo = kGumboDefaultOptions;
    gumbo.allocator = kith_gumbo_allocate;
    gumbo.deallocator = kith_gumbo_release;
    gumbo.userdata = &arena;
    gumbo.max_errors = 0;
    if (setjmp(arena.out_of_memory) != 0) return nullptr;  // NOLINT(cert-err52-cpp)
    return gumbo_parse_with_options(&gumbo, html, size);
}

[[nodiscard]] std::string_view attribute(const GumboElement& element, const char* name) noexcept {
    const GumboAttribute* found = gumbo_get_attribute(&element.attributes, name);
    return found == nullptr || found->value == nullptr ? std::string_view()
                                                       : std::string_view(found->value);
}

[[nodiscard]] bool is_block(GumboTag tag) noexcept {
    switch (tag) {
        case GUMBO_TAG_DIV:
        case GUMBO_TAG_P:
        case GUMBO_TAG_TABLE:
        case GUMBO_TAG_TR:
        case GUMBO_TAG_TD:
        case GUMBO_TAG_TH:
        case GUMBO_TAG_UL:
        case GUMBO_TAG_OL:
        case GUMBO_TAG_LI:
        case GUMBO_TAG_BLOCKQUOTE:
        case GUMBO_TAG_H1:
        case GUMBO_TAG_H2:
        case GUMBO_TAG_H3:
        case GUMBO_TAG_H4:
        case GUMBO_TAG_H5:
        case GUMBO_TAG_H6:
        case GUMBO_TAG_HR:
        case GUMBO_TAG_CENTER:
        case GUMBO_TAG_FORM:
        case GUMBO_TAG_PRE:
        case GUMBO_TAG_SECTION:
        case GUMBO_TAG_ARTICLE:
        case GUMBO_TAG_HEADER:
        case GUMBO_TAG_FOOTER:
        case GUMBO_TAG_DL:
        case GUMBO_TAG_DT:
        case GUMBO_TAG_DD:
        case GUMBO_TAG_ADDRESS:
        case GUMBO_TAG_FIELDSET:
        case GUMBO_TAG_BODY:
            return true;
        default:
            return false;
    }
}

[[nodiscard]] bool is_unread(GumboTag tag) noexcept {
    switch (tag) {
        case GUMBO_TAG_SCRIPT:
        case GUMBO_TAG_STYLE:
        case GUMBO_TAG_TITLE:
        case GUMBO_TAG_TEMPLATE:
        case GUMBO_TAG_NOFRAMES:
        case GUMBO_TAG_TEXTAREA:
            return true;
        default:
            return false;
    }
}

/// Value of one property in a style attribute that is lower case and without white space; "" when
/// absent.
[[nodiscard]] std::string_view property(std::string_view style, std::string_view name) noexcept {
    std::size_t i = 0;
    while ((i = style.find(name, i)) != std::string_view::npos) {
        const std::size_t end = i + name.size();
        const bool starts = i == 0 || style[i - 1] == ';';
        if (starts && end < style.size() && style[end] == ':')
            return style.substr(end + 1, style.find(';', end) - end - 1);
        i = end;
    }
    return {};
}

[[nodiscard]] std::string compact_style(std::string_view style) {
    std::string out;
    for (const char c : style.substr(0, 4096))
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') out += c;
    out = ascii_lower(out);
    for (std::size_t i = 0; (i = out.find("!important", i)) != std::string::npos;) out.erase(i, 10);
    return out;
}

[[nodiscard]] bool is_zero(std::string_view value) noexcept {
    if (value.empty() || value.find_first_of("123456789") != std::string_view::npos) return false;
    return value.front() == '0' || value.front() == '.';
}

/// Not shown: by attribute or by the usual style tricks.
[[nodiscard]] bool hides(const GumboElement& element) {
    if (gumbo_get_attribute(&element.attributes, "hidden") != nullptr) return true;
    const std::string_view raw = attribute(element, "style");
    if (raw.empty()) return false;
    const std::string style = compact_style(raw);
    if (property(style, "display") == "none" || property(style, "visibility") == "hidden" ||
        property(style, "mso-hide") == "all")
        return true;
    if (is_zero(property(style, "opacity")) || is_zero(property(style, "font-size")) ||
        property(style, "font-size") == "1px" || is_zero(property(style, "max-height")))
        return true;
    const std::string_view color = property(style, "color");
    std::string_view background = property(style, "background-color");
    if (background.empty()) background = property(style, "background");
    return !color.empty() && color == background;
}

/// What mail programs mark quoted text and its introduction with.
[[nodiscard]] std::optional<LineRole> quote_mark(const GumboElement& element) {
    if (element.tag == GUMBO_TAG_BLOCKQUOTE) return LineRole::Quoted;
    const std::string_view classes = attribute(element, "class");
    const std::string_view id = attribute(element, "id");
    if (classes.empty() && id.empty()) return std::nullopt;
    const auto in_class = [&](std::string_view word) {
        return classes.find(word) != std::string_view::npos;
    };
    if (in_class("gmail_attr") || in_class("moz-cite-prefix") ||
        in_class("moz-email-headers-table") || id == "reply-intro" || id == "divRplyFwdMsg")
        return LineRole::Attribution;
    if (in_class("gmail_quote") || in_class("yahoo_quoted") || in_class("protonmail_quote") ||
        in_class("moz-forward-container") || in_class("tutanota_quote") ||
        in_class("zmail_extra") || id == "OLK_SRC_BODY_SECTION" ||
        id.find("mail-editor-reference-message") != std::string_view::npos ||
        id.find("ms-outlook-mobile-reference-message") != std::string_view::npos)
        return LineRole::Quoted;
    return std::nullopt;
}

/// Outlook marks only where the quoted tail begins.
[[nodiscard]] bool starts_quoted_tail(const GumboElement& element) {
    const std::string_view id = attribute(element, "id");
    return id == "divRplyFwdMsg" || id == "appendonsend" || id == "stopSpelling";
}

/// "MsoNormal" stays, "css-1dbjc4n" becomes "a-9a9a": generated names differ from mail to mail, a
/// program's own do not.
[[nodiscard]] std::string class_shape(std::string_view classes) {
    std::string_view name = trim(classes);
    name = name.substr(0, name.find_first_of(" \t\r\n"));
    const bool generated =
        std::any_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    std::string shape;
    for (const char c : name) {
        if (shape.size() >= kMaxClassShape) break;
        const bool digit = c >= '0' && c <= '9';
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const char mapped = digit ? '9' : letter && generated ? 'a' : c;
        if (static_cast<unsigned char>(c) >= 0x80 || static_cast<unsigned char>(c) < 0x21) continue;
        if (!shape.empty() && generated && (digit || letter) && shape.back() == mapped) continue;
        shape += mapped;
    }
    return shape;
}

class TreeWalker {
public:
    TreeWalker(const ParseOptions& options, DefectSet& defects)
        : options_(options), defects_(defects) {}

    [[nodiscard]] HtmlContent walk(const GumboNode& root) {
        enter(root);
        while (!stack_.empty()) {
            Frame& top = stack_.back();
            if (top.next_child < top.children->length) {
                const auto* child =
                    static_cast<const GumboNode*>(top.children->data[top.next_child++]);
                enter(*child);
            } else {
                leave();
            }
        }
        break_line();
        return std::move(out_);
    }

private:
    struct State {
        LineRole role = LineRole::Own;
        bool hidden = false;
        bool preformatted = false;
        std::size_t anchor = kNone;  ///< index into out_.links
    };
    struct Frame {
        const GumboElement* element;
        const GumboVector* children;
        unsigned next_child;
        State outer;
        bool block;
    };
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

    void enter(const GumboNode& node) {
        switch (node.type) {
            case GUMBO_NODE_TEXT:
            case GUMBO_NODE_WHITESPACE:
            case GUMBO_NODE_CDATA:
                add_text(node.v.text.text);
                return;
            case GUMBO_NODE_ELEMENT:
                break;
            default:
                return;
        }
        const GumboElement& element = node.v.element;
        if (is_unread(element.tag)) return;
        Frame frame{&element, &element.children, 0, state_, is_block(element.tag)};
        if (frame.block || element.tag == GUMBO_TAG_BR) break_line();
        if (frame.block) add_to_skeleton(element);
        if (hides(element)) state_.hidden = true;
        if (element.tag == GUMBO_TAG_PRE) state_.preformatted = true;
        if (const auto mark = quote_mark(element)) {
            // A quote inside an introduction stays one; an introduction inside a quote is marked as
            // such.
            if (!(state_.role == LineRole::Quoted && *mark == LineRole::Attribution && tail_))
                set_role(*mark);
        }
        add_links(element);
        stack_.push_back(frame);
    }

    void leave() {
        const Frame frame = stack_.back();
        stack_.pop_back();
        if (frame.block) break_line();
        if (state_.role != frame.outer.role) break_line();
        state_ = frame.outer;
        if (starts_quoted_tail(*frame.element)) {
            break_line();
            tail_ = true;
        }
    }

    void set_role(LineRole role) {
        if (state_.role == role) return;
        break_line();
        state_.role = role;
    }

    [[nodiscard]] LineRole role() const noexcept {
        return tail_ && state_.role == LineRole::Own ? LineRole::Quoted : state_.role;
    }

    void add_to_skeleton(const GumboElement& element) {
        if (skeleton_tags_ >= kSkeletonTags) return;
        ++skeleton_tags_;
        if (!out_.skeleton.empty()) out_.skeleton += ' ';
        out_.skeleton += gumbo_normalized_tagname(element.tag);
        const std::string shape = class_shape(attribute(element, "class"));
        if (!shape.empty()) out_.skeleton += '.' + shape;
    }

    void add_links(const GumboElement& element) {
        switch (element.tag) {
            case GUMBO_TAG_BASE:
                if (base_.empty()) base_ = attribute(element, "href");
                break;
            case GUMBO_TAG_A: {
                std::string_view href = attribute(element, "href");
                if (href.empty()) href = attribute(element, "xlink:href");
                if (add_link(href, LinkPlace::Anchor)) state_.anchor = out_.links.size() - 1;
                break;
            }
            case GUMBO_TAG_AREA:
                add_link(attribute(element, "href"), LinkPlace::Area);
                break;
            case GUMBO_TAG_FORM:
                add_link(attribute(element, "action"), LinkPlace::Form);
                break;
            case GUMBO_TAG_INPUT:
            case GUMBO_TAG_BUTTON:
                add_link(attribute(element, "formaction"), LinkPlace::Form);
                break;
            case GUMBO_TAG_IMG:
            case GUMBO_TAG_IFRAME:
                add_link(attribute(element, "src"), LinkPlace::Image);
                break;
            case GUMBO_TAG_META:
                add_refresh(element);
                break;
            case GUMBO_TAG_BODY:
            case GUMBO_TAG_TABLE:
            case GUMBO_TAG_TR:
            case GUMBO_TAG_TD:
                add_link(attribute(element, "background"), LinkPlace::Image);
                break;
            default:
                break;
        }
    }

    /// <meta http-equiv=refresh content="0;url=…"> opens without a click.
    void add_refresh(const GumboElement& element) {
        if (!ascii_iequals(attribute(element, "http-equiv"), "refresh")) return;
        const std::string_view content = attribute(element, "content");
        const std::size_t url = ascii_lower(content.substr(0, 64)).find("url=");
        if (url == std::string::npos) return;
        std::string_view target = trim(content.substr(url + 4));
        if (!target.empty() && (target.front() == '\'' || target.front() == '"')) {
            target.remove_prefix(1);
            target = target.substr(0, target.find_first_of("'\""));
        }
        add_link(target, LinkPlace::Anchor);
    }

    bool add_link(std::string_view url, LinkPlace place) {
        url = trim(url);
        if (url.empty() || url.front() == '#') return false;
        auto link = parse_link(url, options_.max_url_bytes);
        if (!link && url.substr(0, 2) == "//")
            link = parse_link("https:" + std::string(url.substr(0, 65536)), options_.max_url_bytes);
        if (!link && !base_.empty() && url.find(':') == std::string_view::npos) {
            // Relative to <base>: only host and place matter, dot segments stay as written.
            if (auto base = parse_link(base_, options_.max_url_bytes);
                base && !base->host.empty()) {
                std::string joined = base->scheme + "://" + base->host;
                if (url.front() != '/') joined += '/';
                link = parse_link(joined.append(url.substr(0, 65536)), options_.max_url_bytes);
            }
        }
        if (!link) return false;
        if (out_.links.size() >= options_.max_links) {
            defects_.add(Defect::LinksCut);
            return false;
        }
        link->place = place;
        link->quoted = role() != LineRole::Own;
        out_.links.push_back({std::move(*link), out_.lines.size()});
        if (place == LinkPlace::Anchor) line_anchors_.push_back(out_.links.size() - 1);
        return true;
    }

    void add_text(const char* text) {
        const std::string_view bytes(text);
        for (std::size_t i = 0; i < bytes.size();) {
            const std::size_t length = code_point_length(bytes, i);
            const std::string_view c = bytes.substr(i, length);
            i += length;
            if (is_invisible(c)) {
                ++out_.hidden_chars;
                continue;
            }
            const bool gap =
                (length == 1 && static_cast<unsigned char>(c[0]) <= 0x20) || c == "\xC2\xA0";
            if (gap && state_.preformatted && c[0] == '\n') {
                break_line();
            } else if (gap) {
                space_ = true;
            } else if (state_.hidden) {
                ++out_.hidden_chars;
            } else {
                add_character(c);
            }
        }
    }

    static std::size_t code_point_length(std::string_view s, std::size_t i) noexcept {
        const auto lead = static_cast<unsigned char>(s[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        return std::min(length, s.size() - i);
    }
    /// Zero-width characters and soft hyphens: no reader sees them, they split words for machines.
    static bool is_invisible(std::string_view c) noexcept {
        if (c.size() == 1) return false;
        return c == "\xE2\x80\x8B" || c == "\xE2\x80\x8C" || c == "\xE2\x81\xA0" ||
               c == "\xEF\xBB\xBF" || c == "\xC2\xAD" || c == "\xCD\x8F";
    }

    void add_character(std::string_view c) {
        if (line_.size() >= kMaxLineBytes) break_line();
        if (space_ && !line_.empty()) line_ += ' ';
        line_ += c;
        if (state_.anchor != kNone) {
            std::string& visible = out_.links[state_.anchor].link.visible_text;
            if (visible.size() + 5 <= kMaxVisibleText) {
                if (space_ && !visible.empty()) visible += ' ';
                visible += c;
            }
        }
        space_ = false;
    }

    void break_line() {
        space_ = false;
        if (line_.empty()) return;
        add_loose_links();
        line_anchors_.clear();
        if (out_.lines.size() >= options_.max_lines ||
            text_bytes_ + line_.size() > options_.max_text_bytes) {
            defects_.add(Defect::TextCut);
        } else {
            text_bytes_ += line_.size();
            out_.lines.push_back({line_, role()});
        }
        line_.clear();
    }

    /// Mail programs make links of bare URLs in HTML text too.
    void add_loose_links() {
        for (const TextLink& found : find_text_links(line_)) {
            const std::string url = line_.substr(found.begin, found.length);
            const bool in_anchor =
                std::any_of(line_anchors_.begin(), line_anchors_.end(), [&](std::size_t k) {
                    return out_.links[k].link.visible_text.find(url) != std::string::npos;
                });
            if (in_anchor) continue;
            const bool bare = ascii_iequals(std::string_view(url).substr(0, 4), "www.");
            add_link(bare ? "http://" + url : url,
                     found.alone ? LinkPlace::TextAlone : LinkPlace::TextInline);
        }
    }

    const ParseOptions& options_;
    DefectSet& defects_;
    HtmlContent out_;
    std::vector<Frame> stack_;
    State state_;
    std::string line_;
    bool space_ = false;
    bool tail_ = false;
    std::size_t text_bytes_ = 0;
    std::size_t skeleton_tags_ = 0;
    std::string base_;
    std::vector<std::size_t> line_anchors_;  ///< links begun on the current line
};

/// Links announced anywhere in what the tree does not cover.
void add_raw_links(std::string_view html, const ParseOptions& options, DefectSet& defects,
                   HtmlContent& content) {
    for (const TextLink& found : find_text_links(html)) {
        auto link = parse_link(html.substr(found.begin, found.length), options.max_url_bytes);
        if (!link) continue;
        if (content.links.size() >= options.max_links) {
            defects.add(Defect::LinksCut);
            return;
        }
        link->place = LinkPlace::Anchor;
        content.links.push_back({std::move(*link), content.lines.size()});
    }
}

/// Text between tags, one line for all of it: for HTML that no tree can be made of.
void add_raw_text(std::string_view html, const ParseOptions& options, HtmlContent& content) {
    std::string text;
    bool in_tag = false;
    for (const char c : html) {
        if (text.size() >= std::min(options.max_text_bytes, kMaxLineBytes)) break;
        if (c == '<') in_tag = true;
        const bool gap = in_tag || static_cast<unsigned char>(c) <= 0x20;
        if (!gap) {
            text += c;
        } else if (!text.empty() && text.back() != ' ') {
            text += ' ';
        }
        if (c == '>') in_tag = false;
    }
    text = scrub_utf8(trim(text));
    if (!text.empty() && content.lines.size() < options.max_lines)
        content.lines.push_back({std::move(text), LineRole::Own});
}

/// Numeric character references as short as they can be written. libgumbo adds up their digits in
/// an int: one with enough of them comes out as bytes that are no UTF-8 instead of U+FFFD (HTML
/// standard, section 13.2.5.80).
std::string with_short_references(std::string_view html) {
    constexpr std::size_t kMostDigits = 7;  // "1114111"
    std::string out;
    out.reserve(html.size());
    for (std::size_t i = 0; i < html.size();) {
        const std::size_t start = html.find("&#", i);
        out += html.substr(i, start - i);
        if (start == std::string_view::npos) break;
        i = start + 2;
        const bool hex = i < html.size() && (html[i] == 'x' || html[i] == 'X');
        if (hex) ++i;
        const std::size_t digits_end = std::min(
            html.find_first_not_of(hex ? "0123456789abcdefABCDEF" : "0123456789", i), html.size());
        std::string_view digits = html.substr(i, digits_end - i);
        while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
        out += hex ? "&#x" : "&#";
        out += digits.size() > kMostDigits ? "0" : digits;
        i = digits_end;
    }
    return out;
}

}  // namespace

HtmlContent read_html(std::string_view html, const ParseOptions& options, DefectSet& defects) {
    if (html.size() > options.max_html_bytes) {
        defects.add(Defect::TextCut);
        html = utf8_prefix(html, options.max_html_bytes);
    }
    const std::size_t safe = safe_html_prefix(html);
    defects.add_if(safe < html.size(), Defect::DepthCut);
    const std::string readable = with_short_references(utf8_prefix(html, safe));
    HtmlContent content;
    Arena arena(kMemoryBase + kMemoryPerByte * readable.size());
    const GumboOutput* output = parse_tree(readable.data(), readable.size(), arena);
    if (output != nullptr && output->root != nullptr) {
        content = TreeWalker(options, defects).walk(*output->root);
    } else {
        defects.add(Defect::TextCut);
        add_raw_text(readable, options, content);
        add_raw_links(readable, options, defects, content);
    }
    if (safe < html.size()) add_raw_links(html.substr(safe), options, defects, content);
    return content;
}

}  // namespace kith::mail
