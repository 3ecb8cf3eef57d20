// SPDX-License-Identifier: Apache-2.0
#include "engine/base/digest.hpp"

#include "tests/support/catch.hpp"

using kith::Digest;

TEST_CASE("the digest is SHA-256, whatever the pieces") {
    Digest whole, pieces;
    whole.add("abc");
    pieces.add("a");
    pieces.add("");
    pieces.add("bc");
    // FIPS 180-4, the example of three letters.
    CHECK(whole.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(pieces.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
