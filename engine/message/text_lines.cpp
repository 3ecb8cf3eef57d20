// SPDX-License-Identifier: Apache-2.0
#include "engine/message/text_lines.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "engine/base/text.hpp"

namespace kith::mail {
namespace {

/// Lines an introduction may be folded over, and bytes of it: "On <date>,\n<long name>\n<address>
/// wrote:".
constexpr std::size_t kMaxIntroductionLines = 4;
constexpr std::size_t kMaxIntroductionBytes = 400;
/// Lines of a copied header block: From, Sent, To, Cc, Subject, each perhaps folded.
constexpr std::size_t kHeaderBlockLines = 10;

/// Folded for comparison: lower case, no-break spaces as spaces, marks of bold text and of byte
/// order removed, trimmed.
[[nodiscard]] std::string folded(std::string_view line) {
    std::string out = utf8_lower(utf8_prefix(trim(line), kMaxIntroductionBytes));
    for (std::size_t i = 0; (i = out.find("\xC2\xA0", i)) != std::string::npos;)
        out.replace(i, 2, " ");
    for (std::size_t i = 0; (i = out.find("\xEF\xBB\xBF", i)) != std::string::npos;)
        out.erase(i, 3);
    out.erase(std::remove(out.begin(), out.end(), '*'), out.end());
    return std::string(trim(out));
}

template <std::size_t N>
[[nodiscard]] bool starts_with_any(std::string_view line,
                                   const std::array<std::string_view, N>& words) noexcept {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view w) { return line.substr(0, w.size()) == w; });
}
template <std::size_t N>
[[nodiscard]] bool contains_any(std::string_view line,
                                const std::array<std::string_view, N>& words) noexcept {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view w) { return line.find(w) != std::string_view::npos; });
}

// "On … wrote:" in en, de, fr, es, it, nl, pl, pt.
constexpr std::array<std::string_view, 12> kStarts{
    "on ", "am ", "le ", "el ", "il ", "op ", "w dniu ", "dnia ", "em ", "a ", "quoting ", "den "};
constexpr std::array<std::string_view, 14> kVerbs{" wrote",
                                                  " writes",
                                                  " schrieb",
                                                  " geschrieben",
                                                  " a \xC3\xA9"
                                                  "crit",
                                                  " escribi\xC3\xB3",
                                                  " ha scritto",
                                                  " schreef",
                                                  " geschreven",
                                                  " napisa\xC5\x82",
                                                  " pisze",
                                                  " escreveu",
                                                  " wrote",
                                                  " scritto"};

// Copied header blocks: From, then Sent or Date, To, Subject.
constexpr std::array<std::string_view, 9> kFromKeys{
    "from:", "von:", "de:", "de :", "da:", "van:", "od:", "from :", "afzender:"};
constexpr std::array<std::string_view, 18> kDateKeys{"sent:",
                                                     "date:",
                                                     "gesendet:",
                                                     "datum:",
                                                     "envoy\xC3\xA9:",
                                                     "envoy\xC3\xA9 :",
                                                     "date :",
                                                     "enviado:",
                                                     "enviado el:",
                                                     "fecha:",
                                                     "inviato:",
                                                     "data:",
                                                     "verzonden:",
                                                     "wys\xC5\x82"
                                                     "ano:",
                                                     "enviada:",
                                                     "enviada em:",
                                                     "enviado em:",
                                                     "gesendet am:"};
constexpr std::array<std::string_view, 19> kOtherKeys{
    "to:",        "an:",      "\xC3\xA0:", "\xC3\xA0 :", "para:",   "a:",      "aan:",
    "do:",        "subject:", "betreff:",  "objet:",     "objet :", "asunto:", "oggetto:",
    "onderwerp:", "temat:",   "assunto:",  "cc:",        "dw:"};

// What stands between dashes above forwarded or replied-to text.
constexpr std::array<std::string_view, 26> kSeparators{"original message",
                                                       "forwarded message",
                                                       "forwarded by",
                                                       "urspr\xC3\xBCngliche nachricht",
                                                       "urspruengliche nachricht",
                                                       "originalnachricht",
                                                       "weitergeleitete nachricht",
                                                       "message d'origine",
                                                       "message d\xE2\x80\x99origine",
                                                       "message original",
                                                       "message transf\xC3\xA9r\xC3\xA9",
                                                       "mensaje original",
                                                       "mensaje reenviado",
                                                       "forwarded message",
                                                       "messaggio originale",
                                                       "messaggio inoltrato",
                                                       "oorspronkelijk bericht",
                                                       "origineel bericht",
                                                       "doorgestuurd bericht",
                                                       "wiadomo\xC5\x9B\xC4\x87 oryginalna",
                                                       "oryginalna wiadomo\xC5\x9B\xC4\x87",
                                                       "wiadomo\xC5\x9B\xC4\x87 przekazana",
                                                       "przekazana wiadomo\xC5\x9B\xC4\x87",
                                                       "mensagem original",
                                                       "mensagem encaminhada",
                                                       "original appointment"};

[[nodiscard]] bool is_separator(std::string_view line) {
    if (line == "begin forwarded message:") return true;
    if (line.size() < 8 || line.size() > 200 || line.substr(0, 2) != "--") return false;
    const std::size_t start = line.find_first_not_of("- ");
    return start != std::string_view::npos && starts_with_any(line.substr(start), kSeparators);
}

[[nodiscard]] bool has_digit(std::string_view s) noexcept {
    return s.find_first_of("0123456789") != std::string_view::npos;
}

/// "Dear Ms Example,": short, and the sentence is not over. Nothing at all says no more.
[[nodiscard]] bool is_greeting(std::string_view line) noexcept {
    constexpr std::ptrdiff_t kMostSpaces = 3;
    return line.empty() ||
           (line.back() == ',' && std::count(line.begin(), line.end(), ' ') <= kMostSpaces);
}

/// Ends like an introduction of quoted text.
[[nodiscard]] bool introduces(std::string_view text) noexcept {
    if (text.empty() || text.back() != ':') return false;
    return contains_any(text, kVerbs);
}

/// "@@ -12,7 +12,8 @@": lines the hunk has on both sides. (GNU diffutils manual, "Detailed
/// Description of Unified Format")
struct Hunk {
    std::size_t before = 1, after = 1;
};
[[nodiscard]] std::optional<Hunk> read_hunk(std::string_view line) {
    if (line.substr(0, 4) != "@@ -") return std::nullopt;
    line.remove_prefix(4);
    const auto number = [&]() -> std::optional<std::size_t> {
        std::size_t value = 0, digits = 0;
        while (digits < line.size() && digits < 8 && line[digits] >= '0' && line[digits] <= '9')
            value = value * 10 + static_cast<std::size_t>(line[digits++] - '0');
        line.remove_prefix(digits);
        if (digits == 0) return std::nullopt;
        return value;
    };
    const auto take = [&](std::string_view what) {
        if (line.substr(0, what.size()) != what) return false;
        line.remove_prefix(what.size());
        return true;
    };
    Hunk hunk;
    if (!number()) return std::nullopt;
    if (take(",")) {
        const auto n = number();
        if (!n) return std::nullopt;
        hunk.before = *n;
    }
    if (!take(" +") || !number()) return std::nullopt;
    if (take(",")) {
        const auto n = number();
        if (!n) return std::nullopt;
        hunk.after = *n;
    }
    return take(" @@") ? std::optional(hunk) : std::nullopt;
}

class RoleReader {
public:
    explicit RoleReader(std::vector<TextLine>& lines) : lines_(lines), folded_(lines.size()) {}

    void run() {
        std::size_t i = 0;
        while (i < lines_.size()) i += read_at(i);
    }

private:
    /// Gives roles from line `i` on; returns how many lines got one.
    std::size_t read_at(std::size_t i) {
        TextLine& line = lines_[i];
        if (line.role != LineRole::Own) {
            signature_ = false;
            return 1;
        }
        if (tail_) {
            line.role = LineRole::Quoted;
            return 1;
        }
        if (const std::size_t n = patch_at(i); n > 0) {
            for (std::size_t k = i; k < i + n; ++k) lines_[k].role = LineRole::Patch;
            said_something_ = true;
            return n;
        }
        const std::string_view text = trim(line.text);
        if (text.empty()) {
            if (signature_) line.role = LineRole::Signature;
            return 1;
        }
        if (text.front() == '>') {
            line.role = LineRole::Quoted;
            signature_ = false;
            return 1;
        }
        if (line.text == "-- " || line.text == "--") {
            signature_ = true;
        } else if (const std::size_t n = introduction_at(i); n > 0) {
            return n;
        } else if (is_rule(text) && !signature_) {
            // Outlook draws one above the copied header, list managers above their footer.
            signature_ = header_block_at(next_text(i + 1)) == 0;
            if (!signature_) {
                line.role = LineRole::Attribution;
                return 1;
            }
        }
        line.role = signature_ ? LineRole::Signature : LineRole::Own;
        said_something_ = said_something_ || (!signature_ && !is_greeting(folded_line(i)));
        return 1;
    }

    /// folded() of a line, made once: several questions are asked of each.
    [[nodiscard]] const std::string& folded_line(std::size_t i) const {
        if (!folded_[i]) folded_[i] = folded(lines_[i].text);
        return *folded_[i];
    }

    /// Lines of a unified diff's file header or hunk at `i`; no more than its own counts say.
    [[nodiscard]] std::size_t patch_at(std::size_t i) const {
        const auto starts = [&](std::size_t k, std::string_view with) {
            return k < lines_.size() && lines_[k].role == LineRole::Own &&
                   lines_[k].text.compare(0, with.size(), with) == 0;
        };
        if (starts(i, "diff --git ") || starts(i, "Index: ")) return 1;
        if (i > 0 && lines_[i - 1].role == LineRole::Patch)
            for (const std::string_view word :
                 {"index ", "new file mode ", "deleted file mode ", "similarity index ",
                  "rename from ", "rename to ", "old mode ", "new mode ", "+++ ", "--- "})
                if (starts(i, word)) return 1;
        if (starts(i, "--- ") && starts(i + 1, "+++ ")) return 2;
        const auto hunk =
            lines_[i].role == LineRole::Own ? read_hunk(lines_[i].text) : std::nullopt;
        if (!hunk) return 0;
        std::size_t before = hunk->before, after = hunk->after, k = i + 1;
        for (; k < lines_.size() && lines_[k].role == LineRole::Own && before + after > 0; ++k) {
            const char mark = lines_[k].text.empty() ? ' ' : lines_[k].text.front();
            if (mark != ' ' && mark != '+' && mark != '-' && mark != '\\') break;
            if (mark != '+' && before > 0 && mark != '\\') --before;
            if (mark != '-' && after > 0 && mark != '\\') --after;
        }
        return k - i;
    }

    /// Lines of an introduction, a separator or a copied header at `i`, marked; 0 when there is
    /// none.
    std::size_t introduction_at(std::size_t i) {
        const std::string& first = folded_line(i);
        if (is_separator(first)) {
            tail_ = said_something_;
            return mark(i, 1 + header_block_at(next_text(i + 1), i + 1));
        }
        if (const std::size_t n = header_block_at(i); n > 0) {
            tail_ = said_something_;
            return mark(i, n);
        }
        const bool starts = starts_with_any(first, kStarts);
        if (!starts && (first.empty() || first.back() != ':')) return 0;
        std::string text = first;
        for (std::size_t n = 1; n <= kMaxIntroductionLines; ++n) {
            if (introduces(text)) {
                const std::size_t next = next_text(i + n);
                const bool quote_follows =
                    next < lines_.size() && (lines_[next].role != LineRole::Own ||
                                             trim(lines_[next].text).substr(0, 1) == ">");
                if (quote_follows) return mark(i, n);
                // Without a marked quote behind it only a dated line is one, and what follows is
                // the old mail.
                if (!starts || !has_digit(text)) return 0;
                tail_ = said_something_;
                return mark(i, n);
            }
            if (!starts || i + n >= lines_.size() || lines_[i + n].role != LineRole::Own ||
                text.size() > kMaxIntroductionBytes)
                return 0;
            const std::string& more = folded_line(i + n);
            if (more.empty() || more.front() == '>') return 0;
            text += ' ' + more;
        }
        return 0;
    }

    /// Lines of a copied header block that starts at `i` (counted from `from`), else 0.
    [[nodiscard]] std::size_t header_block_at(std::size_t i, std::size_t from) const {
        const std::size_t n = header_block_at(i);
        return n == 0 ? 0 : i - from + n;
    }
    [[nodiscard]] std::size_t header_block_at(std::size_t i) const {
        if (i >= lines_.size() || !starts_with_any(std::string_view(folded_line(i)), kFromKeys))
            return 0;
        bool date = false;
        bool other = false;
        std::size_t length = 1;
        for (std::size_t k = i + 1; k < lines_.size() && k <= i + kHeaderBlockLines; ++k) {
            const std::string_view line = folded_line(k);
            if (starts_with_any(line, kDateKeys)) {
                date = true;
            } else if (starts_with_any(line, kOtherKeys)) {
                other = true;
            } else {
                continue;
            }
            length = k - i + 1;
        }
        return date && other ? length : 0;
    }

    [[nodiscard]] static bool is_rule(std::string_view text) noexcept {
        return text.size() >= 20 && text.find_first_not_of('_') == std::string_view::npos;
    }
    [[nodiscard]] std::size_t next_text(std::size_t i) const noexcept {
        const std::size_t end = std::min(lines_.size(), i + 5);
        while (i < end && trim(lines_[i].text).empty()) ++i;
        return i;
    }
    std::size_t mark(std::size_t i, std::size_t n) {
        n = std::min(n, lines_.size() - i);
        for (std::size_t k = i; k < i + n; ++k) lines_[k].role = LineRole::Attribution;
        signature_ = false;
        return n;
    }

    std::vector<TextLine>& lines_;
    mutable std::vector<std::optional<std::string>> folded_;
    bool tail_ = false;  ///< all that follows is the old mail
    /// More than a greeting so far. Nobody sends a mail to say nothing: until then the old mail
    /// below an introduction and the answer to it are not told apart, and all of it is the
    /// sender's.
    bool said_something_ = false;
    bool signature_ = false;  ///< below "-- " or a rule
};

/// Depth of '>' marks and the text behind them, one stuffed space removed (RFC 3676, section 4.5).
struct FlowedLine {
    std::size_t depth = 0;
    std::string_view text;
};
[[nodiscard]] FlowedLine read_flowed(std::string_view line) noexcept {
    FlowedLine out;
    while (out.depth < line.size() && line[out.depth] == '>') ++out.depth;
    out.text = line.substr(out.depth);
    if (!out.text.empty() && out.text.front() == ' ') out.text.remove_prefix(1);
    return out;
}

}  // namespace

std::vector<TextLine> split_lines(std::string_view text, Flow flow, const ParseOptions& options,
                                  DefectSet& defects) {
    std::vector<TextLine> lines;
    if (text.size() > options.max_text_bytes) {
        defects.add(Defect::TextCut);
        text = utf8_prefix(text, options.max_text_bytes);
    }
    std::optional<std::size_t> open_depth;  // of a flowed paragraph that goes on
    std::size_t i = 0;
    while (i < text.size()) {
        std::size_t end = text.find('\n', i);
        if (end == std::string_view::npos) end = text.size();
        std::string_view line = text.substr(i, end - i);
        i = end + 1;
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (!flow.flowed) {
            if (lines.size() >= options.max_lines) {
                defects.add(Defect::TextCut);
                break;
            }
            lines.push_back({std::string(line), LineRole::Own});
            continue;
        }
        const FlowedLine piece = read_flowed(line);
        const bool signature = piece.text == "-- ";
        const bool soft = !signature && !piece.text.empty() && piece.text.back() == ' ';
        std::string_view body = piece.text;
        if (soft && flow.del_space) body.remove_suffix(1);
        if (open_depth && *open_depth == piece.depth && !signature) {
            lines.back().text += body;
        } else {
            if (lines.size() >= options.max_lines) {
                defects.add(Defect::TextCut);
                break;
            }
            std::string whole(piece.depth, '>');
            if (piece.depth > 0) whole += ' ';
            lines.push_back({whole.append(body), LineRole::Own});
        }
        open_depth = soft ? std::optional(piece.depth) : std::nullopt;
    }
    return lines;
}

void assign_roles(std::vector<TextLine>& lines) { RoleReader(lines).run(); }

}  // namespace kith::mail
