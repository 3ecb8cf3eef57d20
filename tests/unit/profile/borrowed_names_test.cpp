// SPDX-License-Identifier: Apache-2.0
// When a domain counts as a service that writes under other people's names.
#include "engine/profile/borrowed_names.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr unsigned kCap = 3;
constexpr std::uint32_t kNotify = 500;  // one address for all

/// `mails` of them over `days`, the names of `people` in turn, all from one address.
BorrowedNames service(int mails, int people = 3, double days = 18) {
    BorrowedNames b;
    for (int i = 0; i < mails; ++i)
        count_name(b, 100 + static_cast<std::uint32_t>(i % people), kNotify, true,
                   day(mails < 2 ? 0 : days * i / (mails - 1)), kCap);
    return b;
}
bool lends(const BorrowedNames& b) { return lends_names(b, day(20)); }

}  // namespace

TEST_CASE("ten mails under three known names over two weeks are a habit, a little less is none") {
    CHECK(lends(service(10)));
    CHECK_FALSE(lends(service(9)));
    CHECK_FALSE(lends(service(10, 2)));
    CHECK(lends(service(10, 3, 14)));
    CHECK_FALSE(lends(service(10, 3, 13.9)));
    CHECK_FALSE(lends(BorrowedNames{}));
}

TEST_CASE("half of its mail with a name has to be of others") {
    BorrowedNames b = service(10);
    for (int i = 0; i < 10; ++i) count_name(b, 900, 901, false, day(19 + 3 * i), kCap);
    CHECK(b.named == 20);
    CHECK(lends(b));
    count_name(b, 900, 901, false, day(60), kCap);
    CHECK_FALSE(lends(b));
}

TEST_CASE("a day counts for three mails, whatever the names") {
    BorrowedNames b;
    for (int i = 0; i < 50; ++i)
        count_name(b, static_cast<std::uint32_t>(i), kNotify, i % 2 == 0, day(i * .001), kCap);
    CHECK(b.named == 3);
    CHECK(b.borrowed == 2);
    CHECK(b.uses.size() == 2);
    // One that waited does not open the day again.
    count_name(b, 1, kNotify, true, day(1), kCap);
    count_name(b, 1, kNotify, true, day(0), kCap);
    CHECK(b.named == 5);
    for (int i = 0; i < 5; ++i) count_name(b, 1, kNotify, true, day(0), kCap);
    CHECK(b.named == 6);
}

TEST_CASE("people who have a second address each make no service, however many they are") {
    BorrowedNames b;
    for (std::uint32_t i = 0; i < 60; ++i)
        count_name(b, 100 + i % 20, 500 + i % 20, true, day(i), kCap);
    CHECK(b.borrowed == 60);
    CHECK_FALSE(lends_names(b, day(61)));
    // Nor do one or two changed addresses among them.
    count_name(b, 100, 777, true, day(61), kCap);
    CHECK_FALSE(lends_names(b, day(62)));
}

TEST_CASE("an address a ticket is a service as soon as names come back") {
    BorrowedNames b;
    for (std::uint32_t i = 0; i < 10; ++i) count_name(b, 100 + i, 500 + i, true, day(2 * i), kCap);
    CHECK_FALSE(lends_names(b, day(20)));
    for (std::uint32_t i = 0; i < 2; ++i) count_name(b, 100 + i, 600 + i, true, day(21), kCap);
    CHECK(lends_names(b, day(22)));
}

TEST_CASE("a habit nobody saw for half a year is none, and an old one fades by use") {
    const BorrowedNames b = service(10);
    CHECK(lends_names(b, day(18 + 180)));
    CHECK_FALSE(lends_names(b, day(18 + 181)));
    BorrowedNames changed = service(200, 5, 100);
    CHECK(changed.named == 200);
    for (int i = 0; i < 120; ++i) count_name(changed, 900, 901, false, day(101 + i), kCap);
    CHECK(changed.named <= BorrowedNames::kMaxNamed);
    CHECK_FALSE(lends_names(changed, day(222)));
}

TEST_CASE("no more than 32 pairs of name and address are kept, the oldest goes") {
    BorrowedNames b;
    for (std::uint32_t i = 0; i < 33; ++i) count_name(b, i, kNotify, true, day(i), kCap);
    CHECK(b.uses.size() == BorrowedNames::kMaxUses);
    CHECK(b.uses.front().name == 1);
    CHECK(distinct_names(b) == 32);
}

TEST_CASE("a mail taken back counted for nothing, and a habit begins anew without its first one") {
    BorrowedNames b = service(9);
    const BorrowedNames before = b;
    const NameCounted counted = count_name(b, 100, kNotify, true, day(18.5), kCap);
    CHECK(lends(b));
    retract_name(b, 100, kNotify, day(18.5), counted);
    CHECK_FALSE(lends(b));
    CHECK(b.borrowed == before.borrowed);
    CHECK(b.named == before.named);
    CHECK(b.last == before.last);

    BorrowedNames first;
    const NameCounted one = count_name(first, 7, kNotify, true, day(0), kCap);
    count_name(first, 8, kNotify, true, day(15), kCap);
    retract_name(first, 7, kNotify, day(0), one);
    CHECK(first.first == day(15));
    CHECK(first.uses.size() == 1);
}
