// SPDX-License-Identifier: Apache-2.0
#include "engine/message/other_filters.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;

namespace {

using Headers = std::vector<HeaderField>;

/// "rspamd yes 7.5/15", joined with "; ".
std::string said(const Headers& headers) {
    std::string out;
    for (const FilterSays& f : other_filters(headers)) {
        out += (out.empty() ? "" : "; ") + std::string(f.filter) + (f.spam ? " yes" : " no");
        if (f.score) out += fmt::format(" {}", *f.score);
        if (f.required) out += fmt::format("/{}", *f.required);
    }
    return out;
}

}  // namespace

TEST_CASE("each field that filters write is read") {
    struct Row {
        const char *name, *value, *expected;
    };
    const auto row = GENERATE(values<Row>({
        {"X-Spam-Flag", "YES", "SpamAssassin yes"},
        {"x-spam-flag", " no ", "SpamAssassin no"},
        {"X-Spam-Status", "Yes, score=7.3 required=5.0 tests=A,score=99 autolearn=no",
         "SpamAssassin yes 7.3/5"},
        {"X-Spam-Status", "No, score=-1.9 tagged_above=-999\r\n\trequired=6.2 tests=[X=1]",
         "SpamAssassin no -1.9/6.2"},
        {"X-Spam-Status", "No, hits=1.5 required=5", "SpamAssassin no 1.5/5"},
        {"X-Spam", "Yes", "rspamd yes"},
        {"X-Spamd-Result", "default: False [-1.2 / 15.0];\r\n\tR_SPF_ALLOW(-0.20)[+ip4]",
         "rspamd no -1.2/15"},
        {"X-Spamd-Result", "default: True [17.50 / 15.00]; A(1)[]", "rspamd yes 17.5/15"},
        {"X-Spamd-Result", "default: False (skip) [0.00 / 15.00]", "rspamd no 0/15"},
        {"X-Rspamd-Action", "add header", "rspamd yes"},
        {"X-Rspamd-Action", "no action", "rspamd no"},
        {"X-Virus-Status", "Clean", "virus scanner no"},
        {"X-Virus-Status", "Infected (Eicar)", "virus scanner yes"},
    }));
    INFO(row.name << ": " << row.value);
    CHECK(said({{row.name, row.value}}) == row.expected);
}

TEST_CASE("what tells neither yes nor no says nothing") {
    struct Row {
        const char *name, *value;
    };
    const auto row = GENERATE(values<Row>({
        {"X-Spam-Level", "*****"},
        {"X-Spam-Score", "7.5"},
        {"X-Spam-Flag", ""},
        {"X-Spam-Flag", "yesterday"},
        {"X-Spam-Status", "score=nan required=5"},
        {"X-Spam-Status", "score=1e99 required=5"},
        {"X-Spamd-Result", "default: maybe [/]"},
        {"X-Spamd-Result", "]["},
        {"X-Spamd-Bar", "+++"},
        {"X-Rspamd-Action", "dance"},
        {"X-Virus-Scanned", "something"},
        {"X-Spam-Checker-Version", "Yes"},
    }));
    INFO(row.name << ": " << row.value);
    CHECK(said({{row.name, row.value}}).empty());
}

TEST_CASE("fields of one filter make one word, and filters stand beside each other") {
    CHECK(said({{"X-Spam-Flag", "YES"},
                {"X-Spam-Level", "*******"},
                {"X-Spam-Status", "Yes, score=7.3 required=5.0"}}) == "SpamAssassin yes 7.3/5");
    CHECK(said({{"X-Spam-Flag", "YES"}, {"X-Spam-Level", "*******"}}) == "SpamAssassin yes 7");
    CHECK(said({{"X-Spamd-Bar", "---"}, {"X-Rspamd-Action", "no action"}}) == "rspamd no -3");
    CHECK(said({{"X-Spamd-Bar", "/"}, {"X-Rspamd-Action", "no action"}}) == "rspamd no 0");
    CHECK(said({{"X-Spam-Status", "score=7 required=5"}}) == "SpamAssassin yes 7/5");
    // Not bad enough to be refused, but spam.
    CHECK(said({{"X-Spamd-Result", "default: False [9.00 / 15.00]"}, {"X-Spam", "Yes"}}) ==
          "rspamd yes 9/15");
    CHECK(said({{"X-Virus-Status", "Clean"},
                {"X-Rspamd-Action", "no action"},
                {"X-Spam-Flag", "NO"}}) == "SpamAssassin no; rspamd no; virus scanner no");
}

TEST_CASE("only the topmost word of a filter counts: what stands below may be the sender's own") {
    CHECK(said({{"X-Spam-Flag", "NO"}, {"X-Spam-Flag", "YES"}}) == "SpamAssassin no");
    CHECK(said({{"X-Spam-Flag", "NO"},
                {"Received", "from a by b"},
                {"X-Spam-Status", "Yes, score=50 required=5"}}) == "SpamAssassin no");
    CHECK(said({{"Received", "from a by b"}, {"X-Spam-Flag", "YES"}}) == "SpamAssassin yes");
    CHECK(said({{"X-Spam-Flag", "NO"}, {"Received", "from a by b"}, {"X-Spam", "Yes"}}) ==
          "SpamAssassin no; rspamd yes");
}

TEST_CASE("long and many fields cost nothing and change nothing") {
    Headers many(5000, HeaderField{"X-Spam-Level", std::string(100'000, '*')});
    many.push_back({"X-Spam-Flag", "YES"});
    CHECK(said(many) == "SpamAssassin yes 100");
    CHECK(said({{"X-Spam-Status", std::string(100'000, ' ') + "Yes"}}).empty());
}
