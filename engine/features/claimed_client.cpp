// SPDX-License-Identifier: Apache-2.0
// A second address of a known person is written on the person's own client, an impostor's is not.
#include "engine/features/spec.hpp"

namespace kith {
namespace {

bool sums(std::size_t index) {
    const FeatureSpec& spec = feature_spec(index);
    return spec.group == Group::Submission || spec.group == Group::Client ||
           spec.group == Group::Quoting;
}

}  // namespace

FeatureSpec claimed_client_feature() {
    return {.group = Group::Address,
            .kind = Kind::Claim,
            .summary =
                "How unlike the known person's client the mail is written whom its sender's "
                "address or name looks like.",
            .sentence = "is not written on the client of the person it looks like",
            .sums = sums};
}

}  // namespace kith
