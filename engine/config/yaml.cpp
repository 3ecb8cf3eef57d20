// SPDX-License-Identifier: Apache-2.0
// See yaml.hpp. Built on yaml-cpp's events and not on its nodes: events show anchors, duplicate
// keys, quotes and a second document, which YAML::Load hides; and the tree below is bounded while
// it grows.
#include "engine/config/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "engine/base/log.hpp"
#include "engine/base/text.hpp"

namespace kith {
namespace {

/// Ends the parse from inside an event; never leaves this file.
struct Refused {
    YamlProblem problem;
};

YamlProblem problem_at(const YAML::Mark& mark, std::string reason) {
    return {mark.line + 1, mark.column + 1, std::move(reason)};
}

/// Grows the tree. Open nodes form a stack; a finished node is moved into its parent.
class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(const YamlLimits& limits, YamlDocument& document)
        : limits_(limits), document_(document) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ > 0) refuse(mark, "a file holds one document; remove the second one");
    }
    void OnDocumentEnd() override {}
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        refuse(mark, "aliases (*name) are not used here; write the value out");
    }
    void OnAnchor(const YAML::Mark& mark, const std::string&) override {
        refuse(mark, "anchors (&name) are not used here; write the value out");
    }
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        YamlNode node = begin(mark, "", anchor, YamlNode::Kind::Null);
        if (at_key()) refuse(mark, "a key must be a word");
        finish(std::move(node));
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        if (at_key()) {
            check_node(mark, tag, anchor);
            take_key(mark, value);
            return;
        }
        YamlNode node = begin(mark, tag, anchor, YamlNode::Kind::Scalar);
        node.quoted = tag == "!";
        node.text = value;
        finish(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, begin(mark, tag, anchor, YamlNode::Kind::List));
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, begin(mark, tag, anchor, YamlNode::Kind::Map));
    }
    void OnMapEnd() override { close(); }

    /// After a parse that was cut short: what was complete by then becomes the tree, so that its
    /// problems are found too.
    void close_all() {
        while (!open_.empty()) {
            OpenNode& last = open_.back();
            if (last.key_taken && !last.drop_value) {
                last.node.keys.pop_back();
                last.node.key_lines.pop_back();
                last.node.key_columns.pop_back();
            }
            last.key_taken = false;
            close();
        }
    }

private:
    struct OpenNode {
        YamlNode node;
        bool key_taken = false;   ///< map: a key waits for its value
        bool drop_value = false;  ///< map: that key is a duplicate
        std::unordered_map<std::string, int> first_line;
    };

    [[noreturn]] static void refuse(const YAML::Mark& mark, std::string reason) {
        throw Refused{problem_at(mark, std::move(reason))};
    }
    [[nodiscard]] bool at_key() const {
        return !open_.empty() && open_.back().node.kind == YamlNode::Kind::Map &&
               !open_.back().key_taken;
    }
    void check_node(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (anchor != 0) refuse(mark, "anchors (&name) are not used here; write the value out");
        if (!tag.empty() && tag != "?" && tag != "!")
            refuse(mark, "tags (" + log_escape(tag, 64) + ") are not used here");
        if (++nodes_ > limits_.max_nodes)
            refuse(mark, "more than " + std::to_string(limits_.max_nodes) + " values");
    }
    YamlNode begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                   YamlNode::Kind kind) {
        check_node(mark, tag, anchor);
        YamlNode node;
        node.kind = kind;
        node.line = mark.line + 1;
        node.column = mark.column + 1;
        return node;
    }
    void open(const YAML::Mark& mark, YamlNode node) {
        if (at_key()) refuse(mark, "a key must be a word");
        if (open_.size() >= limits_.max_depth)
            refuse(mark, "nested deeper than " + std::to_string(limits_.max_depth) + " levels");
        open_.push_back(OpenNode{std::move(node), false, false, {}});
    }
    void close() {
        YamlNode node = std::move(open_.back().node);
        open_.pop_back();
        finish(std::move(node));
    }
    void take_key(const YAML::Mark& mark, const std::string& key) {
        OpenNode& map = open_.back();
        map.key_taken = true;
        const auto [first, is_new] = map.first_line.emplace(key, mark.line + 1);
        map.drop_value = !is_new;
        if (!is_new) {
            document_.problems.push_back(problem_at(mark, "duplicate key " + log_escape(key, 64) +
                                                              ", first on line " +
                                                              std::to_string(first->second)));
            return;
        }
        map.node.keys.push_back(key);
        map.node.key_lines.push_back(mark.line + 1);
        map.node.key_columns.push_back(mark.column + 1);
    }
    void finish(YamlNode node) {
        if (open_.empty()) {
            document_.root = std::move(node);
            return;
        }
        OpenNode& parent = open_.back();
        if (parent.node.kind == YamlNode::Kind::Map) parent.key_taken = false;
        if (!parent.drop_value) parent.node.items.push_back(std::move(node));
    }

    const YamlLimits& limits_;
    YamlDocument& document_;
    std::vector<OpenNode> open_;
    std::size_t nodes_ = 0;
    int documents_ = 0;
};

/// What yaml-cpp would take silently: other encodings, controls, invalid UTF-8 (which it replaces).
bool check_bytes(std::string_view text, const YamlLimits& limits, YamlDocument& document) {
    if (text.size() > limits.max_bytes) {
        document.problems.push_back(
            {0, 0, "larger than " + std::to_string(limits.max_bytes) + " bytes"});
        return false;
    }
    int line = 1;
    for (std::size_t start = 0; start <= text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string_view one = text.substr(start, end - start);
        const auto bad = std::find_if(one.begin(), one.end(), [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return (byte < 0x20 && c != '\t' && c != '\r') || byte == 0x7F;
        });
        if (bad != one.end()) {
            document.problems.push_back({line, static_cast<int>(bad - one.begin()) + 1,
                                         "control character; the file must be plain UTF-8 text"});
            return false;
        }
        if (!is_valid_utf8(one)) {
            document.problems.push_back({line, 0, "not valid UTF-8"});
            return false;
        }
        start = end + 1;
    }
    return true;
}

/// The line at or before `line` (1-based) that is indented with a tab, 0 when there is none. A tab
/// is the likeliest cause of an error that yaml-cpp finds behind it, and never named as such.
YamlProblem tab_before(std::string_view text, int line) {
    YamlProblem found;
    int at = 0;
    for (const std::string_view one : split(text, '\n')) {
        if (++at > line) break;
        const std::size_t word = one.find_first_not_of(" \t\r");
        const std::size_t tab = one.find('\t');
        if (word != std::string_view::npos && tab < word && one[word] != '#')
            found = {at, static_cast<int>(tab) + 1, "a tab in the indentation; use blanks"};
    }
    return found;
}

}  // namespace

YamlDocument read_yaml(std::string_view text, const YamlLimits& limits) {
    YamlDocument document;
    if (!check_bytes(text, limits, document)) return document;
    TreeBuilder builder(limits, document);
    try {
        // yaml-cpp 0.7 takes a quote that is never closed when the text ends in a line end; a
        // comment at the end prevents that and leaves the places of other errors right.
        std::istringstream in{std::string(text) + (text.ends_with('\n') ? "#" : "\n#")};
        YAML::Parser parser(in);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Refused& refused) {
        document.problems.push_back(refused.problem);
    } catch (const YAML::Exception& e) {
        const YamlProblem tab = tab_before(text, e.mark.line + 1);
        document.problems.push_back(tab.line > 0 ? tab : problem_at(e.mark, "not YAML: " + e.msg));
    } catch (const std::exception& e) {
        document.problems.push_back({0, 0, std::string("cannot be read: ") + e.what()});
    }
    builder.close_all();
    return document;
}

}  // namespace kith
