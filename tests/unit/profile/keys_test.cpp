// SPDX-License-Identifier: Apache-2.0
// Keys of the store's tables: persistent, so held to their bytes.
#include "engine/profile/keys.hpp"

#include "engine/profile/memory.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

TEST_CASE("an integer's key is big-endian, so that keys sort as numbers") {
    CHECK(integer_key(0x0102030405060708) == std::string("\1\2\3\4\5\6\7\10", 8));
    CHECK(integer_key(255) < integer_key(256));
    const std::uint64_t x = GENERATE(0ULL, 1ULL, 0x80ULL, 0xFFFFFFFFFFFFFFFFULL);
    CHECK(decode_integer_key(integer_key(x)) == x);
}

TEST_CASE("bytes that are not eight are no integer") {
    CHECK_FALSE(decode_integer_key(""));
    CHECK_FALSE(decode_integer_key("1234567"));
    CHECK_FALSE(decode_integer_key("123456789"));
}

TEST_CASE("words have four bytes; a thread and what leads to it differ in the first") {
    CHECK(word_key(0x01020304) == "\1\2\3\4");
    CHECK(thread_alias_key(1) == "m" + integer_key(1));
    CHECK(thread_key(1) == "t" + integer_key(1));
}

TEST_CASE("a pair's key tells who writes to whom") {
    const Key16 a = person("a@site.example"), b = person("b@site.example");
    CHECK(pair_key(a, b) == pair_key(a, b));
    CHECK(pair_key(a, b) != pair_key(b, a));
    CHECK(pair_key(a, a) != a);
}

TEST_CASE("profiles of one key but different subjects lie apart") {
    const Key16 k = person("a@site.example");
    CHECK(stored_key(Subject::Correspondent, k) != stored_key(Subject::Domain, k));
    CHECK(stored_key(Subject::Domain, k) != stored_key(Subject::Pair, k));
    CHECK((stored_key(Subject::Pair, k).bytes[15] & 7) == 3);
    CHECK(stored_key(Subject::Pair, k).bytes[14] == k.bytes[14]);
}
