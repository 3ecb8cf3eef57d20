// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as records of the experts' examples: nothing, or an
// example that can be used and written again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/learner/examples.hpp"
#include "tests/support/memory_store.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view in(reinterpret_cast<const char*>(bytes), size);
    const std::string first_slot(8, '\0');
    kith::Examples examples;
    for (const std::string& key : {"g" + first_slot, "s" + first_slot,
                                   std::string("b") + '\1' + first_slot, std::string("fit")})
        (void)examples.restore(key, in);
    if (size > 10) (void)examples.restore(in.substr(0, 10), in.substr(10));
    examples.restored();
    for (const auto& e : examples.genuine())
        for (const auto& [f, x] : e.row)
            if (f >= kith::kFeatureCount || !(x > 0 && x < 16)) std::abort();
    kith::Observations somebody;
    somebody.sender.bytes[0] = 1;
    examples.saw_bearer(somebody);
    examples.add(kith::GenuineExample{});
    kith::test::MemoryStore store;
    if (!examples.flush(store)) std::abort();
    return 0;
}
