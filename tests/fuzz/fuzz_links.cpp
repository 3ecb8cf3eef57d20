// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a link and as a line with links: valid UTF-8, bounded, a host without
// separators, positions inside the line.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/base/text.hpp"
#include "engine/message/links.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(bytes), size);
    const auto check = [](std::string_view url) {
        const auto link = kith::mail::parse_link(url, 100);
        if (!link) return;
        if (link->url.size() > 100 || link->path.size() > 100 || link->query.size() > 100)
            std::abort();
        if (!kith::is_valid_utf8(link->url + link->host + link->registrable + link->path +
                                 link->query + link->userinfo))
            std::abort();
        if (link->tenant.find('/') != std::string::npos) std::abort();
    };
    check(line);
    check("https://" + std::string(line));
    std::size_t end = 0;
    for (const kith::mail::TextLink& found : kith::mail::find_text_links(line)) {
        if (found.begin < end || found.length == 0 || found.begin + found.length > line.size())
            std::abort();
        end = found.begin + found.length;
        check(line.substr(found.begin, found.length));
    }
    return 0;
}
