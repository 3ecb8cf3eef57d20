// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as every record of engine/profile/codec.hpp and as every piece of the site's
// state: nothing, or a value that encodes to something that gives the same again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/profile/allowance.hpp"
#include "engine/profile/codec.hpp"

namespace {

template <class Decode>
void check(std::string_view in, Decode decode) {
    const auto value = decode(in);
    if (!value) return;
    const std::string once = kith::encode(*value);
    const auto again = decode(once);
    if (!again || kith::encode(*again) != once) std::abort();
}

constexpr const char* kPieces[] = {"totals",     "experts",   "anomaly",    "values/1",
                                   "novelty/1",  "ranks/40",  "scores/1/2", "indicators/0/5",
                                   "evidence/2", "stages/1/3"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view in(reinterpret_cast<const char*>(bytes), size);
    check(in, kith::decode_profile);
    check(in, kith::decode_vocabulary);
    check(in, kith::decode_thread);
    check(in, kith::decode_name_use);
    check(in, kith::decode_traces);
    check(in, kith::decode_site_word);
    check(in, kith::decode_host_use);
    check(in, kith::decode_allowances);
    static kith::SiteState
        site;  // a state is large; what one input left there is input for the next
    for (const char* piece : kPieces) (void)kith::decode_site_piece(piece, in, site);
    // The name is from the store as well.
    const auto cut = in.find('\0');
    if (cut != std::string_view::npos)
        (void)kith::decode_site_piece(in.substr(0, cut), in.substr(cut + 1), site);
    return 0;
}
