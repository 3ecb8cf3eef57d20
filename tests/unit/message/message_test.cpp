// SPDX-License-Identifier: Apache-2.0
#include "engine/message/message.hpp"

#include "tests/support/catch.hpp"

using namespace kith;

TEST_CASE("a mailbox has one address in lower case") {
    Mailbox m;
    CHECK(m.address().empty());
    m.local_part = "Anna.Berg";
    CHECK(m.address() == "anna.berg");
    m.domain = "x.example";
    CHECK(m.address() == "anna.berg@x.example");
}

TEST_CASE("a field is found by name whatever its case, the first one first") {
    Message m;
    m.headers = {{"X-A", "1"}, {"x-a", "2"}};
    CHECK(m.header("X-a") == "1");
    CHECK_FALSE(m.header("X-B"));
}

TEST_CASE("own text leaves out what others wrote") {
    Message m;
    m.lines = {{"Hello", LineRole::Own},    {"On Monday A wrote:", LineRole::Attribution},
               {"> old", LineRole::Quoted}, {"", LineRole::Own},
               {"Bye", LineRole::Own},      {"-- ", LineRole::Signature}};
    CHECK(m.own_text() == "Hello\n\nBye");
}

TEST_CASE("defects are asked for by name") {
    Message m;
    m.defects = {Defect::NoFrom};
    CHECK(m.has(Defect::NoFrom));
    CHECK_FALSE(m.has(Defect::ManyFrom));
}
