// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes behind a trusted authserv-id: every domain that comes out is a plain name, and
// results never name one that stands in a comment or in quotes only. The same as what other filters
// said: numbers stay within their bounds.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/message/auth_results.hpp"
#include "engine/message/domain.hpp"
#include "engine/message/other_filters.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string field(reinterpret_cast<const char*>(bytes), size);
    (void)kith::mail::parse_dkim_signature(field);
    for (const char* name : {"X-Spam-Flag", "X-Spam-Status", "X-Spam-Level", "X-Spam",
                             "X-Spamd-Result", "X-Spamd-Bar", "X-Rspamd-Action"}) {
        const auto said = kith::mail::other_filters({{name, field}, {"X-Virus-Status", field}});
        if (said.size() > 3) std::abort();
        for (const kith::mail::FilterSays& f : said)
            for (const auto& number : {f.score, f.required})
                if (number && !(std::abs(*number) <= kith::mail::kMaxFilterScore)) std::abort();
    }
    (void)kith::mail::parse_auth_results(field, {"mx.site.example"});
    const auto check = [](const std::string& text) {
        const auto read = kith::mail::parse_auth_results(text, {"mx.site.example"});
        if (!read) return;
        for (const kith::AuthResult& result : read->results) {
            if (!result.domain.empty() && !kith::mail::is_plain_domain(result.domain)) std::abort();
            if (result.method.empty() || result.result.empty()) std::abort();
            if (result.domain == "forged.invalid") std::abort();
        }
    };
    check("mx.site.example; " + field);
    // What a stranger can write stands in the value of a quoted reason: it must stay there.
    std::string quoted;
    for (const char c : field)
        if (c != '"' && c != '\\') quoted += c;
    if (quoted.find("forged") == std::string::npos)
        check("mx.site.example; spf=fail reason=\"" + quoted +
              "; dmarc=pass header.from=forged.invalid\" smtp.mailfrom=a.example");
    return 0;
}
