// SPDX-License-Identifier: Apache-2.0
#include "engine/message/html.hpp"

#include <string>
#include <vector>

#include "engine/base/text.hpp"
#include "engine/message/text_lines.hpp"
#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;

namespace {

struct Read {
    HtmlContent content;
    DefectSet defects;
};
Read read(std::string_view html, const ParseOptions& options = {}) {
    Read out;
    out.content = read_html(html, options, out.defects);
    return out;
}
/// Lines with their role's letter, joined.
std::string lines(std::string_view html) {
    std::string out;
    for (const TextLine& line : read(html).content.lines) {
        out += "OQAS"[static_cast<int>(line.role)];
        out += ":" + line.text + "|";
    }
    return out;
}

}  // namespace

TEST_CASE("HTML reads as the lines a reader sees") {
    struct Row {
        std::string html, lines;
    };
    const auto row = GENERATE(values<Row>({
        {"<p>Hello <b>you</b></p><p>Bye</p>", "O:Hello you|O:Bye|"},
        {"a<br>b", "O:a|O:b|"},
        {"  a \n b\t c ", "O:a b c|"},
        {"a&nbsp;&amp;&#228;", "O:a &\xC3\xA4|"},
        {"<table><tr><td>1</td><td>2</td></tr></table>", "O:1|O:2|"},
        {"<pre>a\n  b</pre>", "O:a|O:b|"},
        {"<title>t</title><style>p{}</style><script>x()</script>text", "O:text|"},
        {"<!-- comment -->text", "O:text|"},
        {"", ""},
        {"pay\xE2\x80\x8Bment", "O:payment|"},
        {"&#x000000000000041;&#0000000066;&#x1F600; &#;&#x;&#", "O:AB\xF0\x9F\x98\x80 &#;&#x;&#|"},
        {"a&#x" + std::string(90, 'F') + "0;b&#" + std::string(90, '9') + ";c",
         "O:a\xEF\xBF\xBD"
         "b\xEF\xBF\xBD"
         "c|"},
    }));
    INFO(row.html);
    CHECK(lines(row.html) == row.lines);
}

TEST_CASE("quotes are known by the mark-up of the usual programs") {
    struct Row {
        std::string html, lines;
    };
    const auto row = GENERATE(values<Row>({
        {"<div>mine</div><blockquote type=cite>old</blockquote><div>mine</div>",
         "O:mine|Q:old|O:mine|"},
        {"<div>mine</div><div class=\"gmail_quote\"><div class=\"gmail_attr\">On x, A "
         "wrote:</div><blockquote>old</blockquote></div>",
         "O:mine|A:On x, A wrote:|Q:old|"},
        {"<p>mine</p><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\"><b>From:</b> "
         "A<br><b>Sent:</b> x</div><div>old</div>",
         "O:mine|A:From: A|A:Sent: x|Q:old|"},
        {"<div class=\"moz-cite-prefix\">Am x schrieb A:</div><blockquote>old</blockquote>",
         "A:Am x schrieb A:|Q:old|"},
        {"mine<div class=\"yahoo_quoted\">old</div>", "O:mine|Q:old|"},
        {"mine<div class=\"protonmail_quote\">old</div>", "O:mine|Q:old|"},
    }));
    INFO(row.html);
    CHECK(lines(row.html) == row.lines);
}

TEST_CASE("hidden text is counted and not read") {
    const auto html = GENERATE(values<std::string>({
        "<div style=\"display: none\">12345</div>x",
        "<div style=\"DISPLAY:none !important\">12345</div>x",
        "<span style='font-size:0px'>12345</span>x",
        "<span style='visibility:hidden'><b>12345</b></span>x",
        "<div style='mso-hide:all'>12345</div>x",
        "<div style='max-height:0;overflow:hidden'>12345</div>x",
        "<div style='opacity:0'>12345</div>x",
        "<div hidden>12345</div>x",
        "<span style='color:#fff;background-color:#fff'>12345</span>x",
    }));
    INFO(html);
    const Read r = read(html);
    CHECK(r.content.hidden_chars == 5);
    REQUIRE(r.content.lines.size() == 1);
    CHECK(r.content.lines[0].text == "x");
}

TEST_CASE("text that is small or coloured is still read") {
    const Read r =
        read("<span style='font-size:10px;opacity:0.5;color:#fff;background:#000'>x</span>");
    CHECK(r.content.hidden_chars == 0);
    CHECK(r.content.lines.size() == 1);
}

TEST_CASE("PARSE-43: the text of a link is joined over its tags") {
    const Read r =
        read("<a href=\"https://evil.example/\">https://d<font></font>omain.<b>ex</b>ample</a>");
    REQUIRE(r.content.links.size() == 1);
    CHECK(r.content.links[0].link.visible_text == "https://domain.example");
    CHECK(r.content.links[0].link.host == "evil.example");
    CHECK(r.content.links[0].link.place == LinkPlace::Anchor);
}

TEST_CASE("links are found wherever HTML can carry them") {
    struct Row {
        std::string html;
        LinkPlace place;
        std::string host;
    };
    const auto row = GENERATE(values<Row>({
        {"<a href=http://h.example/x>t</a>", LinkPlace::Anchor, "h.example"},
        {"<area href=http://h.example/>", LinkPlace::Area, "h.example"},
        {"<form action=http://h.example/></form>", LinkPlace::Form, "h.example"},
        {"<button formaction=http://h.example/>t</button>", LinkPlace::Form, "h.example"},
        {"<img src=http://h.example/p.png>", LinkPlace::Image, "h.example"},
        {"<body background=http://h.example/p.png>t", LinkPlace::Image, "h.example"},
        {"<meta http-equiv=refresh content='0; URL=http://h.example/'>", LinkPlace::Anchor,
         "h.example"},
        {"<base href=http://h.example/><a href=page>t</a>", LinkPlace::Anchor, "h.example"},
        {"<a href=//h.example/x>t</a>", LinkPlace::Anchor, "h.example"},
        {"<p>see http://h.example/x now", LinkPlace::TextInline, "h.example"},
        {"<p>www.h.example", LinkPlace::TextAlone, "www.h.example"},
        {"<div style=display:none><a href=http://h.example>t</a></div>", LinkPlace::Anchor,
         "h.example"},
    }));
    INFO(row.html);
    const Read r = read(row.html);
    REQUIRE(r.content.links.size() == 1);
    CHECK(r.content.links[0].link.place == row.place);
    CHECK(r.content.links[0].link.host == row.host);
}

TEST_CASE("an address shown as the text of its link counts once") {
    CHECK(read("<a href=http://h.example/x>http://h.example/x</a>").content.links.size() == 1);
    CHECK(read("<a href=http://h.example/x>here</a> or http://i.example/").content.links.size() ==
          2);
}

TEST_CASE("links inside quotes are marked") {
    const Read r = read(
        "<a href=http://a.example>1</a><blockquote><a href=http://b.example>2</a></blockquote>");
    REQUIRE(r.content.links.size() == 2);
    CHECK_FALSE(r.content.links[0].link.quoted);
    CHECK(r.content.links[1].link.quoted);
}

TEST_CASE("the skeleton keeps a program's class names and blurs generated ones") {
    CHECK(read("<div class=\"gmail_default x\">a</div><p class=MsoNormal>b</p><div "
               "class=css-1dbjc4n>c</div>")
              .content.skeleton == "body div.gmail_default p.MsoNormal div.a-9a9a");
    std::string many;
    for (int i = 0; i < 100; ++i) many += "<p>x</p>";
    const std::string skeleton = read(many).content.skeleton;
    CHECK(std::count(skeleton.begin(), skeleton.end(), ' ') == 63);
}

TEST_CASE("the bounds on links, lines, text and HTML hold at the limit and cut one above") {
    ParseOptions options;
    options.max_links = 2;
    const std::string link = "<a href=http://a.example>t</a>";
    CHECK_FALSE(read(link + link, options).defects.has(Defect::LinksCut));
    const Read links = read(link + link + link, options);
    CHECK(links.defects.has(Defect::LinksCut));
    CHECK(links.content.links.size() == 2);

    options = {};
    options.max_lines = 2;
    CHECK_FALSE(read("a<br>b", options).defects.has(Defect::TextCut));
    CHECK(read("a<br>b<br>c", options).defects.has(Defect::TextCut));

    options = {};
    options.max_text_bytes = 3;
    CHECK_FALSE(read("abc", options).defects.has(Defect::TextCut));
    CHECK(read("abcd", options).defects.has(Defect::TextCut));

    options = {};
    options.max_html_bytes = 10;
    CHECK_FALSE(read("<p>1234567", options).defects.has(Defect::TextCut));
    CHECK(read("<p>12345678", options).defects.has(Defect::TextCut));
}

TEST_CASE("hostile HTML is read in time and memory, and its links are seen") {
    const auto pattern = GENERATE(values<std::string>({
        "<b>",          "<div>",       "<a href=x>",  "<b x=%>",      "<p><b y=%>",
        "<table>",      "<table><b>x", "<body %=1>",  "</p>",         "<ul><li>",
        "<svg>",        "<math>",      "<select>",    "<a/b/c",       "<a b='<a b=\"",
        "<!--",         "<![CDATA[",   "&",           "<template>",   "<font size=%>x</p>",
        "<blockquote>", "<x-%>",       "<script>",    "<plaintext>",  "</b>",
        "<form>",       "<nobr>",      "<button><p>", "\xE2\x80\x8B",
    }));
    std::string html;
    for (int i = 0; html.size() < 400 * 1024; ++i) {
        std::string piece = pattern;
        if (const std::size_t at = piece.find('%'); at != std::string::npos)
            piece.replace(at, 1, "q" + std::to_string(i));
        html += piece;
    }
    INFO(pattern);
    const Read r = read(html + " http://seen.example/ ");
    CHECK(r.content.lines.size() <= ParseOptions{}.max_lines);
    if (r.defects.has(Defect::DepthCut)) {
        REQUIRE_FALSE(r.content.links.empty());
        CHECK(r.content.links.back().link.host == "seen.example");
    }
}

TEST_CASE("formatting that multiplies at every paragraph stays within the parser's memory") {
    // 200 open formatting elements are made anew in each of 40,000 paragraphs: 8 million nodes
    // without a bound.
    std::string html = "<p>";
    for (int i = 0; i < 200; ++i) html += "<b x=" + std::to_string(i) + ">";
    for (int i = 0; i < 40000; ++i) html += "</p><p>x";
    html += "<a href=http://seen.example/>";
    const Read r = read(html);
    CHECK(r.defects.has(Defect::TextCut));
    REQUIRE_FALSE(r.content.links.empty());
    CHECK(r.content.links.back().link.host == "seen.example");
    CHECK_FALSE(r.content.lines.empty());
}
