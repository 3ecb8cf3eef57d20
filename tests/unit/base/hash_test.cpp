// SPDX-License-Identifier: Apache-2.0
#include "engine/base/hash.hpp"

#include <sys/stat.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;

namespace {

/// 00 01 02 … 0f, the key of the SipHash reference vectors.
Hasher::Secret reference_secret() {
    Hasher::Secret secret{};
    for (std::size_t i = 0; i < secret.size(); ++i) secret[i] = static_cast<std::uint8_t>(i);
    return secret;
}

}  // namespace

TEST_CASE("the hash is SipHash-2-4 of domain, NUL and text") {
    // Reference vector for the one-byte message 00: 74f839c593dc67fd read little-endian (Aumasson,
    // Bernstein 2012).
    CHECK(Hasher(reference_secret()).hash64("", "") == 0x74f839c593dc67fdULL);
}

TEST_CASE("domains separate equal texts and the border between them counts") {
    const Hasher hasher(reference_secret());
    CHECK(hasher.hash64("word", "mail") != hasher.hash64("host", "mail"));
    CHECK(hasher.key("ab", "c") != hasher.key("a", "bc"));
}

TEST_CASE("another secret gives another hash") {
    Hasher::Secret other = reference_secret();
    other[15] ^= 1U;
    CHECK(Hasher(other).key("a", "b") != Hasher(reference_secret()).key("a", "b"));
}

TEST_CASE("short and long texts hash alike on both sides of the buffer's size") {
    // with_joined() keeps up to 256 bytes on the stack: 255 and 256 and 257 in all must be
    // different and stable.
    const Hasher hasher(reference_secret());
    std::set<std::uint64_t> seen;
    for (std::size_t n = 250; n < 262; ++n) seen.insert(hasher.hash64("w", std::string(n, 'x')));
    CHECK(seen.size() == 12);
    CHECK(hasher.hash64("w", std::string(300, 'x')) == hasher.hash64("w", std::string(300, 'x')));
}

TEST_CASE("32-bit hashes are the low half and never zero") {
    const Hasher hasher(reference_secret());
    for (int i = 0; i < 1000; ++i) {
        const std::string text = std::to_string(i);
        const std::uint32_t h = hasher.hash32("n", text);
        REQUIRE(h != 0);
        REQUIRE(h == static_cast<std::uint32_t>(hasher.hash64("n", text)));
    }
}

TEST_CASE("SHA-256 gives the digest of FIPS 180-4") {
    const auto digest = sha256("abc");
    CHECK(digest[0] == 0xBA);
    CHECK(digest[1] == 0x78);
    CHECK(digest[31] == 0xAD);
    CHECK(sha256("")[0] == 0xE3);
}

TEST_CASE("a missing secret is no input, a short or long one is corrupt") {
    const test::TempDir dir;
    CHECK(read_secret(dir.file("none")).error().code == ErrorCode::NoInput);
    CHECK(read_secret(dir.write("short", std::string(15, 'k'))).error().code == ErrorCode::Corrupt);
    CHECK(read_secret(dir.write("long", std::string(17, 'k'))).error().code == ErrorCode::Corrupt);
    CHECK(read_secret(dir.write("right", std::string(16, 'k'))).has_value());
}

TEST_CASE("a secret is made once, readable by owner and group only") {
    const test::TempDir dir;
    const auto first = read_or_create_secret(dir.file("secret"));
    REQUIRE(first);
    CHECK(first.value() != Hasher::Secret{});
    const auto second = read_or_create_secret(dir.file("secret"));
    REQUIRE(second);
    CHECK(second.value() == first.value());
    struct stat status {};
    REQUIRE(::stat(dir.file("secret").c_str(), &status) == 0);
    CHECK((status.st_mode & 0137U) == 0);
}
