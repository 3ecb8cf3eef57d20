// SPDX-License-Identifier: Apache-2.0
#include "engine/message/received.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::mail;

TEST_CASE("Received fields of the usual servers are read") {
    struct Row {
        std::string field, helo, rdns, ip, by, with;
    };
    const auto row = GENERATE(values<Row>({
        // Postfix
        {"from mail.a.example (mx1.a.example [192.0.2.1]) (using TLSv1.3 (256/256 bits)) by "
         "mx.b.example (Postfix) "
         "with ESMTPS id 4X for <u@b.example>; Mon, 02 Mar 2026 09:15:00 +0100",
         "mail.a.example", "mx1.a.example", "192.0.2.1", "mx.b.example", "ESMTPS"},
        {"from [10.0.0.5] (unknown [192.0.2.7]) by mx.b.example with esmtpsa id 1; Mon, 02 Mar "
         "2026 09:15:00 +0100",
         "10.0.0.5", "unknown", "192.0.2.7", "mx.b.example", "ESMTPSA"},
        // Sendmail
        {"from a.example (pc.a.example [192.0.2.1] (may be forged)) by b.example (8.17/8.17) with "
         "ESMTP id x; Mon, 02 Mar 2026 09:15:00 +0100",
         "a.example", "pc.a.example", "192.0.2.1", "b.example", "ESMTP"},
        // Exim
        {"from [192.0.2.1] (helo=pc.a.example) by b.example with esmtpsa (TLS1.3) id x; Mon, 02 "
         "Mar 2026 09:15:00 +0100",
         "pc.a.example", "", "192.0.2.1", "b.example", "ESMTPSA"},
        {"from pc.a.example ([192.0.2.1] helo=laptop.local) by b.example with esmtp; Mon, 02 Mar "
         "2026 09:15:00 +0100",
         "laptop.local", "", "192.0.2.1", "b.example", "ESMTP"},
        // qmail
        {"from unknown (HELO pc.a.example) (192.0.2.1) by b.example with SMTP; 2 Mar 2026 08:15:00 "
         "-0000",
         "pc.a.example", "", "192.0.2.1", "b.example", "SMTP"},
        // Exchange
        {"from X1.prod.example (2001:db8:0::1) by X2.prod.example (2001:db8::2) with Microsoft "
         "SMTP Server (version=TLS1_2) id 15; Mon, 2 Mar 2026 08:15:00 +0000",
         "x1.prod.example", "", "2001:db8::1", "x2.prod.example", "MICROSOFT"},
        {"from a.example (a.example [IPv6:2001:db8::1]) by b.example with LMTP; Mon, 2 Mar 2026 "
         "08:15:00 +0000",
         "a.example", "a.example", "2001:db8::1", "b.example", "LMTP"},
        {"from a.example (a.example. [::ffff:192.0.2.9]) by b.example with SMTP; Mon, 2 Mar 2026 "
         "08:15:00 +0000",
         "a.example", "a.example", "192.0.2.9", "b.example", "SMTP"},
        {"by 2002:a17:90a:: with SMTP id q1; Mon, 02 Mar 2026 00:15:00 -0800 (PST)", "", "", "",
         "2002:a17:90a::", "SMTP"},
    }));
    INFO(row.field);
    const ReceivedHop hop = parse_received(row.field);
    CHECK(hop.from_helo == row.helo);
    CHECK(hop.from_rdns == row.rdns);
    CHECK(hop.from_ip == row.ip);
    CHECK(hop.by == row.by);
    CHECK(hop.with == row.with);
    REQUIRE(hop.time);
    CHECK(iso8601(*hop.time) == "2026-03-02T08:15:00Z");
}

TEST_CASE("the hop's time zone is kept") {
    CHECK(parse_received("from a by b; Mon, 02 Mar 2026 00:15:00 -0800 (PST)").utc_offset_minutes ==
          -480);
}

TEST_CASE("an address the client only claims does not replace the one the server saw") {
    CHECK(parse_received("from [10.0.0.5] (unknown [192.0.2.7]) by b").from_ip == "192.0.2.7");
    CHECK(parse_received("from 10.0.0.5 (unknown [192.0.2.7]) by b").from_ip == "192.0.2.7");
}

TEST_CASE("nonsense gives an empty hop") {
    for (const std::string field :
         {"", ";", "from", "((((", "by by by", "from ; from", "from \"\" by \"\" with \"\""}) {
        const ReceivedHop hop = parse_received(field);
        CHECK(hop.from_ip.empty());
        CHECK_FALSE(hop.time);
    }
}
