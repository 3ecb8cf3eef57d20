// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a mail: always a Message within the bounds, and all its text valid UTF-8.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/base/text.hpp"
#include "engine/message/parse.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const bool initialised = (kith::message_library_init(), true);
    require(initialised);
    kith::ParseOptions options;
    options.trusted_authserv_ids = {"mx.site.example"};
    options.max_parts = 20;
    options.max_depth = 5;
    options.max_links = 20;
    options.max_lines = 200;
    options.max_addresses = 10;
    const std::string_view raw(reinterpret_cast<const char*>(bytes), size);
    const kith::Message m = kith::parse(raw, options);
    require(m.raw_bytes == size);
    require(m.parts.size() <= options.max_parts && m.links.size() <= options.max_links);
    require(m.lines.size() <= options.max_lines && m.from.size() <= options.max_addresses);
    require(m.mime_tree.size() <= 256);
    std::string text =
        m.subject + m.message_id + m.user_agent + m.boundary + m.mime_tree + m.html_skeleton;
    for (const kith::Mailbox& box : m.from) text += box.display_name + box.address();
    for (const kith::Part& part : m.parts) {
        require(part.depth <= static_cast<int>(options.max_depth));
        text += part.media_type + part.charset + part.encoding + part.disposition + part.filename;
    }
    for (const kith::TextLine& line : m.lines) text += line.text;
    for (const kith::Link& link : m.links)
        text += link.url + link.host + link.path + link.query + link.userinfo + link.tenant +
                link.visible_text;
    for (const kith::AuthResult& result : m.auth_results) text += result.method + result.domain;
    require(kith::is_valid_utf8(text));
    return 0;
}
