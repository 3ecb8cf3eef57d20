// SPDX-License-Identifier: Apache-2.0
#include "engine/message/content_type.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace kith::mail;

TEST_CASE("media types are read as mail programs do") {
    struct Row {
        std::string field, type;
    };
    const auto row = GENERATE(values<Row>({
        {"", "text/plain"},
        {"TEXT/Html; charset=x", "text/html"},
        {"text; charset=utf-8", "text/plain"},  // PARSE-40
        {"text / plain", "text/plain"},
        {"multipart/mixed;boundary=b", "multipart/mixed"},
        {"nonsense", "application/octet-stream"},
        {"a/b/c", "application/octet-stream"},
        {"text/pl\xC3\xA4in", "application/octet-stream"},
        {"/", "application/octet-stream"},
        {"text/plain (a comment); x=y", "text/plain"},
    }));
    INFO(row.field);
    CHECK(media_type_of(parse_parameter_field(row.field)) == row.type);
}

TEST_CASE("parameters are decoded whatever way they are written") {
    struct Row {
        std::string field, name;
    };
    const auto row = GENERATE(values<Row>({
        {"a; filename=x.pdf", "x.pdf"},
        {"a; FileName=\"x.pdf\"", "x.pdf"},
        {"a; filename = \"x;y\\\"z.pdf\" ; b=c", "x;y\"z.pdf"},
        {"a; filename=my file.pdf; b=c", "my file.pdf"},
        {"a; filename=\"C:\\dir\\x.pdf\"", "C:\\dir\\x.pdf"},
        {"a; filename=\"unclosed.pdf", "unclosed.pdf"},
        {"a; filename*=utf-8''%C3%A4.pdf", "\xC3\xA4.pdf"},
        {"a; filename*=iso-8859-1'de'%E4.pdf", "\xC3\xA4.pdf"},
        {"a; filename*0=long; filename*1=name; filename*2=.pdf", "longname.pdf"},
        {"a; filename*1=name; filename*0=long", "longname"},
        {"a; filename*0*=utf-8''%C3; filename*1*=%A4; filename*2=.pdf", "\xC3\xA4.pdf"},
        {"a; filename*0=x; filename*2=z", "x"},  // a gap ends it
        {"a; filename=plain.pdf; filename*=utf-8''ext.pdf", "ext.pdf"},
        {"a; filename=\"=?utf-8?q?=C3=A4?=.pdf\"", "\xC3\xA4.pdf"},
        {"a; filename=\"=?utf-8?B?w6Q=?= =?utf-8?B?LnBkZg==?=\"", "\xC3\xA4.pdf"},
        {"a; filename=first; filename=second", "first"},
        {"a; filename=\xE4.pdf", "\xC3\xA4.pdf"},
        {"a; filename*=", ""},
        {"a", ""},
    }));
    INFO(row.field);
    CHECK(parse_parameter_field(row.field).decoded("filename") == row.name);
}

TEST_CASE("the bound on parameters holds at 128 and leaves out one above") {
    std::string field = "a";
    for (int i = 0; i < 127; ++i) field += ";p" + std::to_string(i) + "=x";
    CHECK(parse_parameter_field(field + ";last=y").raw("last") == "y");
    CHECK(parse_parameter_field(field + ";q=x;last=y").raw("last").empty());
}

TEST_CASE("a field of open quotes is read in time") {
    std::string field = "a";
    for (int i = 0; i < 20000; ++i) field += ";x=\"";
    CHECK(parse_parameter_field(field).value == "a");
}
