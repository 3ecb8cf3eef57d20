// SPDX-License-Identifier: Apache-2.0
// What the feature link_file sees in a mail. Its contract with all others: contract_test.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/glimpse.hpp"

namespace {

using namespace kith;
using namespace kith::test;

constexpr auto kId = FeatureId::link_file;

Look linking(std::initializer_list<const char*> paths) {
    Look look;
    for (const auto* path : paths) {
        look.message.links.push_back(link_to("far.example", "far.example", LinkPlace::Anchor));
        look.message.links.back().path = path;
    }
    return look;
}

TEST_CASE("a link leads to a kind of file by its extension, else to a page") {
    const auto [path, expected] =
        GENERATE(table<const char*, const char*>({{"/a/report.PDF", "{pdf}"},
                                                  {"/a.b/report", "{page}"},
                                                  {"/", "{page}"},
                                                  {"", "{page}"},
                                                  {"/archive.tar.gz", "{gz}"},
                                                  {"/a.", "{page}"},
                                                  {"/a.html5", "{html5}"},
                                                  {"/a.sixtee", "{page}"},
                                                  {"/a.p-f", "{page}"}}));
    INFO(path);
    CHECK(see(kId, linking({path})) == expected);
}

TEST_CASE("each kind counts once, eight at most, and without a link there is none") {
    CHECK(see(kId, linking({"/a.pdf", "/b", "/c.pdf"})) == "{pdf, page}");
    CHECK(
        raw(kId, linking({"/a.a", "/a.b", "/a.c", "/a.d", "/a.e", "/a.f", "/a.g", "/a.h", "/a.i"}))
            .texts()
            .size() == 8);
    CHECK(raw(kId, Look{}).texts().empty());
}

TEST_CASE("quoted links, images, headers and the site's own pages lead nowhere") {
    Look look = linking({"/a.pdf", "/b.zip", "/c.exe", "/d.doc", "/e.iso"});
    look.message.links[0].quoted = true;
    look.message.links[1].place = LinkPlace::Image;
    look.message.links[2].place = LinkPlace::Header;
    look.message.links[3].host = "www.own.example";
    CHECK(see(kId, look) == "{iso}");
}

}  // namespace
