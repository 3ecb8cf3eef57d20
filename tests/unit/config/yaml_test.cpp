// SPDX-License-Identifier: Apache-2.0
#include "engine/config/yaml.hpp"

#include <string>
#include <tuple>

#include "tests/support/catch.hpp"

namespace kith {
namespace {

using Kind = YamlNode::Kind;

/// "line:column: reason" of the first problem, "" when there is none.
std::string first_problem(const YamlDocument& document) {
    if (document.problems.empty()) return "";
    const YamlProblem& p = document.problems.front();
    return std::to_string(p.line) + ":" + std::to_string(p.column) + ": " + p.reason;
}

TEST_CASE("a document becomes a tree with 1-based places") {
    const YamlDocument d = read_yaml("a:\n  b: [x, \"y\"]\nc: 1\n");
    REQUIRE(first_problem(d).empty());
    REQUIRE(d.root.kind == Kind::Map);
    REQUIRE(d.root.keys == std::vector<std::string>{"a", "c"});
    CHECK(d.root.key_lines == std::vector<int>{1, 3});
    const YamlNode& b = d.root.items[0];
    REQUIRE(b.keys == std::vector<std::string>{"b"});
    CHECK(b.key_lines[0] == 2);
    CHECK(b.key_columns[0] == 3);
    REQUIRE(b.items[0].kind == Kind::List);
    REQUIRE(b.items[0].items.size() == 2);
    CHECK(b.items[0].items[0].text == "x");
    CHECK_FALSE(b.items[0].items[0].quoted);
    CHECK(b.items[0].items[1].text == "y");
    CHECK(b.items[0].items[1].quoted);
    CHECK(b.items[0].items[1].column == 10);
}

TEST_CASE("a scalar stays the text it is, whatever YAML would make of it") {
    const auto text = GENERATE(as<std::string>{}, "no", "on", "true", "12:30", "010", "1e3", "0x10",
                               "1.0", "2026-01-01", ".nan", "=", "<<");
    const YamlDocument d = read_yaml("k: " + text + "\n");
    REQUIRE(first_problem(d).empty());
    REQUIRE(d.root.items[0].kind == Kind::Scalar);
    CHECK(d.root.items[0].text == text);
}

TEST_CASE("empty documents and empty values are Null") {
    CHECK(read_yaml("").root.kind == Kind::Null);
    CHECK(read_yaml("# only\n# comments\n").root.kind == Kind::Null);
    CHECK(read_yaml("---\n").root.kind == Kind::Null);
    const YamlDocument d = read_yaml("a:\nb: ~\nc: null\nd: \"\"\n");
    REQUIRE(d.root.items.size() == 4);
    CHECK(d.root.items[0].kind == Kind::Null);
    CHECK(d.root.items[1].kind == Kind::Null);
    CHECK(d.root.items[2].kind == Kind::Null);
    CHECK(d.root.items[3].kind == Kind::Scalar);
}

TEST_CASE("what the strict part of YAML leaves out is refused where it stands") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"a: 1\na: 2\n", "2:1: duplicate key a, first on line 1"},
        {"x:\n  a: 1\n  a: 2\n  a: 3\n", "3:3: duplicate key a, first on line 2"},
        {"a: &n 1\n", "1:4: anchors (&name) are not used here; write the value out"},
        {"a: &n 1\nb: *n\n", "1:4: anchors (&name) are not used here; write the value out"},
        {"a: !!int 1\n", "1:4: tags (tag:yaml.org,2002:int) are not used here"},
        {"a: !secret x\n", "1:4: tags (!secret) are not used here"},
        {"a: 1\n---\nb: 2\n", "2:1: a file holds one document; remove the second one"},
        {"[a]: 1\n", "1:1: a key must be a word"},
        {"{a: 1}: 1\n", "1:1: a key must be a word"},
        {"? [a, b]\n: 1\n", "1:3: a key must be a word"},
        {"~: 1\n", "1:1: a key must be a word"},
        {std::string("a: \0\n", 5), "1:4: control character; the file must be plain UTF-8 text"},
        {"a: 1\nb: \x1b[0m\n", "2:4: control character; the file must be plain UTF-8 text"},
        {"a: 1\nb: \xFF\n", "2:0: not valid UTF-8"},
    }));
    CHECK(first_problem(read_yaml(text)) == expected);
}

TEST_CASE("what is no YAML says where") {
    CHECK(first_problem(read_yaml("a: [1, 2\n")).rfind("2:1: not YAML: ", 0) == 0);
    CHECK(first_problem(read_yaml("a:\n\tb: 1\n")) == "2:1: a tab in the indentation; use blanks");
    CHECK(first_problem(read_yaml("a:\n  b: 1\n  \tc: [\n")) ==
          "3:3: a tab in the indentation; use blanks");
    CHECK(first_problem(read_yaml("a: b: c\n")).rfind("1:5: not YAML: ", 0) == 0);
}

TEST_CASE("a quote that is never closed is refused, however the file ends") {
    const auto text = GENERATE(as<std::string>{}, "a: 'x", "a: 'x\n", "a: \"x\n",
                               "a: \"x\n\nb: 1\n", "'x\n", "- 'x\r\n", "a: 'x\n  ");
    CHECK(first_problem(read_yaml(text)).find("not YAML: illegal EOF in scalar") !=
          std::string::npos);
}

TEST_CASE("all duplicates are named and the first value stands") {
    const YamlDocument d = read_yaml("a: 1\na: {b: 2}\nc: 3\nc: 4\n");
    CHECK(d.problems.size() == 2);
    REQUIRE(d.root.keys == std::vector<std::string>{"a", "c"});
    CHECK(d.root.items[0].text == "1");
    CHECK(d.root.items[1].text == "3");
}

TEST_CASE("after a broken line the tree holds what came before") {
    const YamlDocument d = read_yaml("a: 1\nb:\n  c: 2\n  d: &n 3\n");
    REQUIRE_FALSE(d.problems.empty());
    REQUIRE(d.root.keys == std::vector<std::string>{"a", "b"});
    CHECK(d.root.items[1].keys == std::vector<std::string>{"c"});
    CHECK(d.root.items[1].items.size() == 1);
}

TEST_CASE("nesting is taken at the limit and refused one level beyond") {
    const YamlLimits limits{1000, 1000, 4};
    CHECK(read_yaml("[[[[x]]]]", limits).problems.empty());
    CHECK(first_problem(read_yaml("[[[[[x]]]]]", limits)) == "1:5: nested deeper than 4 levels");
}

TEST_CASE("values are taken at the limit and refused one beyond") {
    // A map, its key and a list are three nodes, each entry one more.
    const YamlLimits limits{1000, 6, 4};
    CHECK(read_yaml("a: [1, 2, 3]", limits).problems.empty());
    CHECK(first_problem(read_yaml("a: [1, 2, 3, 4]", limits)) == "1:14: more than 6 values");
}

TEST_CASE("bytes are taken at the limit and refused one beyond") {
    const YamlLimits limits{10, 100, 4};
    CHECK(read_yaml("a: 3456789", limits).problems.empty());
    CHECK(first_problem(read_yaml("a: 34567890", limits)) == "0:0: larger than 10 bytes");
}

TEST_CASE("nesting beyond yaml-cpp's own guard is a problem, not a crash") {
    CHECK_FALSE(read_yaml(std::string(100000, '[')).problems.empty());
    CHECK_FALSE(read_yaml(std::string(100000, '{')).problems.empty());
    std::string deep;
    for (int i = 0; i < 600; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
    CHECK_FALSE(read_yaml(deep).problems.empty());
}

TEST_CASE("aliases upon aliases are refused before they unfold") {
    std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 30; ++i) {
        const std::string n = std::to_string(i), m = std::to_string(i - 1);
        laughs += "a" + n + ": &a" + n + " [*a" + m + ", *a" + m + ", *a" + m + "]\n";
    }
    CHECK(first_problem(read_yaml(laughs)) ==
          "1:5: anchors (&name) are not used here; write the value out");
}

TEST_CASE("line ends with CR are taken") {
    const YamlDocument d = read_yaml("a: 1\r\nb: 2\r\n");
    REQUIRE(d.problems.empty());
    CHECK(d.root.items[0].text == "1");
}

}  // namespace
}  // namespace kith
