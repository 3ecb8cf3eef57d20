// SPDX-License-Identifier: Apache-2.0
#include "engine/message/header_block.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;
using namespace std::string_literals;

namespace {

struct Read {
    std::vector<std::string> fields;  // "name=value"
    std::string body;
    DefectSet defects;
};

Read read(std::string_view bytes, const ParseOptions& options = {}) {
    Read out;
    const HeaderBlock block = read_header_block(bytes, options, out.defects);
    for (const HeaderField& f : block.fields) out.fields.push_back(f.name + "=" + f.value);
    out.body = bytes.substr(block.body_offset);
    return out;
}
using List = std::vector<std::string>;

}  // namespace

TEST_CASE("fields keep order, duplicates, case and bytes") {
    const Read r = read("To: a\nSUBJECT:  x \xE4 \nto:b\n\nbody");
    CHECK(r.fields == List{"To=a", "SUBJECT=x \xE4", "to=b"});
    CHECK(r.body == "body");
    CHECK(r.defects.has(Defect::EightBitHeader));
}

TEST_CASE("line ends may be CRLF, LF or both in turn") {
    CHECK(read("A: 1\r\nB: 2\n\r\nbody").fields == List{"A=1", "B=2"});
    CHECK(read("A: 1\r\nB: 2\n\r\nbody").body == "body");
}

TEST_CASE("folded fields are unfolded") {
    CHECK(read("A: 1\r\n\t2\r\n 3\r\n\r\n").fields == List{"A=1\t2 3"});
}

TEST_CASE("PARSE-10: lines of only white space go on with the field") {
    const Read r = read("Subject:\n \n \n value\nTo: b\n\nbody");
    CHECK(r.fields == List{"Subject=value", "To=b"});
    CHECK(r.body == "body");
}

TEST_CASE("PARSE-16: a line that is no field does not end the header when fields go on") {
    const Read r = read("A: 1\nstray text\nSubject: x\nFrom: y\n\nbody");
    CHECK(r.fields == List{"A=1", "Subject=x", "From=y"});
    CHECK(r.body == "body");
    CHECK(r.defects.has(Defect::HeaderEndsEarly));
}

TEST_CASE("a line that is no field begins the body when text goes on") {
    const Read r = read("A: 1\nHello Ben,\nas we said yesterday\nnote: this\n\nmore");
    CHECK(r.fields == List{"A=1"});
    CHECK(r.body == "Hello Ben,\nas we said yesterday\nnote: this\n\nmore");
    CHECK(r.defects.has(Defect::HeaderEndsEarly));
}

TEST_CASE("a header block may begin or end anywhere") {
    struct Row {
        std::string bytes;
        List fields;
        std::string body;
    };
    const auto row = GENERATE(values<Row>({
        {"", {}, ""},
        {"\n", {}, ""},
        {"\nbody", {}, "body"},
        {"A: 1", {"A=1"}, ""},
        {"A:", {"A="}, ""},
        {"From bounce Mon Mar  2 09:15:00 2026\nA: 1\n\nb", {"A=1"}, "b"},
        {"From : x\n\nb", {"From=x"}, "b"},
        {" leading space\nA: 1\n\nb", {"A=1"}, "b"},
        {": no name\nA: 1\n\nb", {"A=1"}, "b"},
        {"A: 1\n\n\nb", {"A=1"}, "\nb"},
    }));
    INFO(row.bytes);
    const Read r = read(row.bytes);
    CHECK(r.fields == row.fields);
    CHECK(r.body == row.body);
}

TEST_CASE("NUL in a header is seen") {
    const Read r = read("A: x\0y\n\n"s);
    CHECK(r.fields == List{"A=x\0y"s});
    CHECK(r.defects.has(Defect::NulBytes));
}

TEST_CASE("the bound on fields holds at the limit and cuts one above") {
    ParseOptions options;
    options.max_headers = 3;
    CHECK_FALSE(read("A: 1\nB: 2\nC: 3\n\nb", options).defects.has(Defect::HeadersCut));
    const Read r = read("A: 1\nB: 2\nC: 3\nD: 4\n\nb", options);
    CHECK(r.defects.has(Defect::HeadersCut));
    CHECK(r.fields == List{"A=1", "B=2", "C=3"});
    CHECK(r.body == "b");
}

TEST_CASE("fields that decide what a reader sees are kept beyond the bound, once") {
    ParseOptions options;
    options.max_headers = 1;
    const Read r = read("A: 1\nB: 2\nFrom: x\nFrom: y\nSubject: s\n\nb", options);
    CHECK(r.fields == List{"A=1", "From=x", "Subject=s"});
}

TEST_CASE("the bound on one field holds at the limit and cuts one above") {
    ParseOptions options;
    options.max_header_field_bytes = 10;  // name 1 and value 9
    CHECK_FALSE(read("A:" + std::string(9, 'x') + "\n\n", options).defects.has(Defect::HeadersCut));
    const Read r = read("A:" + std::string(10, 'x') + "\nB: 2\n\nb", options);
    CHECK(r.defects.has(Defect::HeadersCut));
    CHECK(r.fields == List{"A=" + std::string(9, 'x'), "B=2"});
}

TEST_CASE("the bound on all fields holds at the limit and cuts one above") {
    ParseOptions options;
    options.max_header_bytes = 20;
    CHECK_FALSE(read("A:" + std::string(9, 'x') + "\nB:" + std::string(9, 'y') + "\n\n", options)
                    .defects.has(Defect::HeadersCut));
    const Read r =
        read("A:" + std::string(9, 'x') + "\nB:" + std::string(10, 'y') + "\nC: z\n\n", options);
    CHECK(r.defects.has(Defect::HeadersCut));
    CHECK(r.fields == List{"A=" + std::string(9, 'x'), "B=" + std::string(9, 'y')});
}
