// SPDX-License-Identifier: Apache-2.0
// From delivered mail back to its arrival.
#include "engine/admin/import_envelope.hpp"

#include "engine/message/parse.hpp"
#include "tests/support/catch.hpp"

using namespace kith;
using namespace kith::admin;

namespace {

SiteOptions site() {
    SiteOptions s;
    s.domains = {"example.org"};
    s.networks = {"127.0.0.0/8", "198.51.100.0/24"};
    return s;
}

Message read(const std::string& text) {
    static const bool ready = [] {
        message_library_init();
        return true;
    }();
    (void)ready;
    return parse(text, ParseOptions{});
}

Arrival arrive(const std::string& text, ImportAs as = ImportAs::Auto) {
    RecoverOptions o;
    o.as = as;
    o.fallback = from_unix(1000000000);
    o.now = from_unix(1800000000);
    return recover_arrival(read(text), site(), o);
}

// Our store server took it from our MX, which took it from outside.
const std::string kInbound =
    "Return-Path: <anna@supplier.example>\n"
    "X-Original-To: bert@example.org\n"
    "Delivered-To: bert-mailbox@example.org\n"
    "Received: from mx.example.org (mx.example.org [198.51.100.2])\n\tby store.example.org "
    "(Postfix) with ESMTP id 1\n"
    "\tfor <bert@example.org>; Sun,  1 Mar 2026 12:00:09 +0000 (UTC)\n"
    "Received: from out.supplier.example (out.supplier.example [192.0.2.7])\n\tby mx.example.org "
    "(Postfix) with ESMTPS id 2\n"
    "\tfor <bert@example.org>; Sun,  1 Mar 2026 12:00:05 +0000 (UTC)\n"
    "Received: from laptop ([203.0.113.9])\n\tby out.supplier.example with ESMTPSA id 3; Sun, 1 "
    "Mar 2026 12:00:00 +0000\n"
    "From: Anna <anna@supplier.example>\n"
    "To: bert@example.org, other@elsewhere.example\n"
    "Date: Sun, 1 Mar 2026 11:59:59 +0000\n"
    "Message-ID: <1@supplier.example>\n"
    "Subject: x\n"
    "\n"
    "Received: in the body\n";

}  // namespace

TEST_CASE("an inbound mail came in at the first hop from outside, whatever deeper hops claim") {
    const Arrival a = arrive(kInbound);
    CHECK(a.client_addr == "192.0.2.7");
    CHECK(a.client_name == "out.supplier.example");
    CHECK(a.helo == "out.supplier.example");
    CHECK(a.mta_hostname == "mx.example.org");
    CHECK(to_unix(a.time) == 1772366405);  // 12:00:05
    CHECK(a.mail_from == "anna@supplier.example");
    CHECK(a.rcpts == std::vector<std::string>{"bert@example.org"});
    CHECK_FALSE(a.auth_user.has_value());
}

TEST_CASE("what was added after the arrival is taken out, the rest stays") {
    const Message m = read(kInbound);
    const EntryHop hop = entry_hop(m, site());
    CHECK(hop.own_fields == 2);
    CHECK_FALSE(hop.submitted);
    CHECK(as_arrived(kInbound, hop.own_fields) ==
          "Received: from laptop ([203.0.113.9])\n\tby out.supplier.example with ESMTPSA id 3; "
          "Sun, 1 Mar 2026 12:00:00 +0000\n"
          "From: Anna <anna@supplier.example>\n"
          "To: bert@example.org, other@elsewhere.example\n"
          "Date: Sun, 1 Mar 2026 11:59:59 +0000\n"
          "Message-ID: <1@supplier.example>\n"
          "Subject: x\n"
          "\n"
          "Received: in the body\n");
}

TEST_CASE("an own address that was forged outside is not outbound") {
    std::string forged = kInbound;
    forged.replace(forged.find("From: Anna <anna@supplier.example>"), 34,
                   "From: Bert <bert@example.org>");
    CHECK_FALSE(arrive(forged).auth_user.has_value());
}

TEST_CASE("mail handed over by an authenticated own user is outbound to those it names") {
    const Arrival a = arrive(
        "Return-Path: <bert@example.org>\nDelivered-To: bert@example.org\n"
        "Received: from laptop (home.isp.example [203.0.113.44])\n\tby mx.example.org with ESMTPSA "
        "id 9;\n"
        "\tSun, 1 Mar 2026 12:00:05 +0000\n"
        "From: bert@example.org\nTo: anna@supplier.example\nCc: cora@example.org\n\nx\n");
    CHECK(a.auth_user == "bert@example.org");
    CHECK(a.client_addr == "203.0.113.44");
    CHECK(a.rcpts == std::vector<std::string>{"anna@supplier.example", "cora@example.org"});
}

TEST_CASE("a folder of sent mail has no Received field: outbound") {
    const std::string sent =
        "From: bert@example.org\nTo: anna@supplier.example\nDate: Sun, 1 Mar 2026 12:00:00 "
        "+0000\n\nx\n";
    CHECK(arrive(sent).auth_user == "bert@example.org");
    CHECK(to_unix(arrive(sent).time) == 1772366400);
    CHECK_FALSE(arrive(sent, ImportAs::Inbound).auth_user.has_value());
    // A stranger's mail without Received is not.
    CHECK_FALSE(
        arrive("From: anna@supplier.example\nTo: bert@example.org\n\nx\n").auth_user.has_value());
    CHECK(arrive("From: anna@supplier.example\n\nx\n", ImportAs::Outbound).auth_user ==
          "anna@supplier.example");
}

TEST_CASE("the time is the fallback when the mail tells none, and never in the future") {
    CHECK(to_unix(arrive("From: a@b.example\n\nx\n").time) == 1000000000);
    CHECK(to_unix(arrive("From: a@b.example\nDate: Sun, 1 Mar 2099 12:00:00 +0000\n\nx\n").time) ==
          1800000000);
}

TEST_CASE("the null sender stays null; without a Return-Path the separator or From serves") {
    CHECK(arrive("Return-Path: <>\nFrom: a@b.example\n\nx\n").mail_from.empty());
    CHECK(arrive("From: a@b.example\n\nx\n").mail_from == "a@b.example");
    RecoverOptions o;
    o.mbox_sender = "bounce@b.example";
    CHECK(recover_arrival(read("From: a@b.example\n\nx\n"), site(), o).mail_from ==
          "bounce@b.example");
}

TEST_CASE("any bytes give an arrival and a text") {
    for (const std::string& odd :
         {std::string(), std::string("\n"), std::string("\0\xff", 2), std::string(" folded first"),
          std::string("Received"), std::string("Received:"), std::string(5000, ':')}) {
        const Arrival a = arrive(odd);
        CHECK(to_unix(a.time) == 1000000000);
        CHECK(as_arrived(odd, 5).size() <= odd.size());
        CHECK(header_length(odd) <= odd.size());
    }
}

TEST_CASE("line ends become LF and the end of the headers is found in either form") {
    CHECK(as_arrived("A: b\r\nStatus: RO\r\n\r\nbody\r\n", 0) == "A: b\n\nbody\n");
    CHECK(header_length("A: b\r\n\r\nbody") == 8);
    CHECK(header_length("A: b\n\nbody") == 6);
    CHECK(header_length("A: b") == 4);
}
