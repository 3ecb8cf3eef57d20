// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as HTML: bounded, valid UTF-8.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/base/text.hpp"
#include "engine/message/html.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string html =
        kith::scrub_utf8(std::string_view(reinterpret_cast<const char*>(bytes), size));
    kith::ParseOptions options;
    options.max_links = 20;
    options.max_lines = 100;
    kith::mail::DefectSet defects;
    const kith::mail::HtmlContent content = kith::mail::read_html(html, options, defects);
    if (content.links.size() > options.max_links || content.lines.size() > options.max_lines + 1)
        std::abort();
    std::string text = content.skeleton;
    for (const kith::TextLine& line : content.lines) text += line.text;
    for (const kith::mail::PlacedLink& placed : content.links)
        text += placed.link.url + placed.link.visible_text;
    if (!kith::is_valid_utf8(text)) std::abort();
    return 0;
}
