// SPDX-License-Identifier: Apache-2.0
#include "engine/message/gmime_door.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;

namespace {

/// Leaves as "[content]", containers as "(…)".
std::string shape(const MimeNode& node) {
    if (!node.is_container) return "[" + std::string(node.content) + "]";
    std::string out = "(";
    for (const MimeNode& child : node.children) out += shape(child);
    return out + ")";
}
std::string shape(std::string_view body, std::string_view type) {
    gmime_init();
    DefectSet defects;
    return shape(read_mime(body, TopFields{type, "", ""}, {}, defects));
}

}  // namespace

TEST_CASE("the tree points into the bytes it was read from") {
    struct Row {
        std::string body, type, shape;
    };
    const auto row = GENERATE(values<Row>({
        {"hello\n", "text/plain", "[hello\n]"},
        {"", "", "[]"},
        {"--b\n\none\n--b\n\ntwo\n--b--\n", "multipart/mixed; boundary=b", "([one][two])"},
        {"--b\r\n\r\none\r\n--b--\r\n", "multipart/mixed; boundary=b", "([one])"},
        {"--b\n\none\n", "multipart/mixed; boundary=b", "([one\n])"},  // never closed
        {"prologue\n--b\n\none\n--b--\nepilogue\n", "multipart/mixed; boundary=\"b\"", "([one])"},
        {"--b\nContent-Type: multipart/x; boundary=c\n\n--c\n\nin\n--c--\n--b\n\nout\n--b--\n",
         "multipart/mixed; boundary=b", "(([in])[out])"},
        {"--b\nContent-Type: message/rfc822\n\nSubject: s\n\nin\n--b--\n",
         "multipart/mixed; boundary=b", "(([in]))"},
        {"--b\n\nSubject: s\n\nin\n--b--\n", "multipart/digest; boundary=b", "(([in]))"},
    }));
    INFO(row.body);
    CHECK(shape(row.body, row.type) == row.shape);
}

TEST_CASE("fields of a part are given raw and unfolded") {
    gmime_init();
    DefectSet defects;
    const MimeNode tree = read_mime(
        "--b\nContent-Type: text/plain;\n charset=\"x\"\ncontent-transfer-encoding: "
        "base64\nContent-Disposition: attachment\n\nQQ==\n--b--\n",
        TopFields{"multipart/mixed; boundary=b", "", ""}, {}, defects);
    REQUIRE(tree.children.size() == 1);
    CHECK(tree.children[0].content_type == "text/plain; charset=\"x\"");
    CHECK(tree.children[0].encoding == "base64");
    CHECK(tree.children[0].disposition == "attachment");
    CHECK(tree.children[0].content == "QQ==");
}

TEST_CASE("line ends in the message's own fields cannot add fields") {
    CHECK(shape("--b\n\none\n--b--\n", "multipart/mixed;\n boundary=b") == "([one])");
    CHECK(shape("x", "multipart/mixed; boundary=b\n\nContent-Type: text/plain\n") == "()");
}
