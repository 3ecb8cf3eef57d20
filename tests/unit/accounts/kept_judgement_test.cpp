// SPDX-License-Identifier: Apache-2.0
#include "engine/accounts/kept_judgement.hpp"

#include <fstream>
#include <iterator>
#include <random>

#include "engine/accounts/codec.hpp"
#include "tests/unit/accounts/account_builder.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// What tests/golden/formats/account-judgement-v1.bin was made of.
KeptJudgement full_judgement() {
    KeptJudgement k;
    k.recorded = kMonday + Seconds(7);
    k.risk = 44.5F;
    k.hand = 8.25F;
    k.indicators = 1U << 3 | 1U << 9;
    k.unseen = 1U << index_of(AccountFeature::network) | 1U << index_of(AccountFeature::rule);
    k.nats[index_of(AccountFeature::network)] = 5.5F;
    k.nats[index_of(AccountFeature::delete_day)] = 3.25F;
    return k;
}

void check_same(const KeptJudgement& a, const KeptJudgement& b) {
    CHECK(a.recorded == b.recorded);
    CHECK(a.risk == b.risk);
    CHECK(a.hand == b.hand);
    CHECK(a.indicators == b.indicators);
    CHECK(a.unseen == b.unseen);
    CHECK(a.nats == b.nats);
}

std::string old_bytes() {
    std::ifstream in(KITH_SOURCE_DIR "/tests/golden/formats/account-judgement-v1.bin",
                     std::ios::binary);
    if (!in) FAIL("cannot read account-judgement-v1.bin");
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("what is usual is not kept, what is not comes back as it was") {
    AccountJudgement j;
    j.risk = 39.9;
    j.nats[0] = 1.9F;
    j.hand = 2;
    CHECK_FALSE(is_worth_keeping(kept_of(j, kMonday)));
    CHECK(kept_of(j, kMonday).nats[0] == 0);
    j.risk = 40;
    CHECK(is_worth_keeping(kept_of(j, kMonday)));
    j.risk = 0;
    j.nats[0] = 2;
    CHECK(is_worth_keeping(kept_of(j, kMonday)));
    j.nats[0] = 0;
    j.unseen = 2;
    CHECK(is_worth_keeping(kept_of(j, kMonday)));
    const auto back = decode_kept_judgement(encode(full_judgement()));
    REQUIRE(back);
    check_same(*back, full_judgement());
    CHECK(encode(full_judgement()).size() < 100);
}

TEST_CASE("old bytes of a judgement still give what they were made of") {
    const auto old = decode_kept_judgement(old_bytes());
    REQUIRE(old);
    check_same(*old, full_judgement());
}

TEST_CASE("damaged judgements never crash") {
    const std::string whole = encode(full_judgement());
    for (std::size_t size = 0; size < whole.size(); ++size)
        (void)decode_kept_judgement(std::string(whole.substr(0, size)));
    std::mt19937 random(1);
    for (int round = 0; round < 3000; ++round) {
        std::string bytes = whole;
        bytes[random() % bytes.size()] = static_cast<char>(random());
        const auto k = decode_kept_judgement(bytes);
        if (!k) continue;
        REQUIRE((k->risk >= 0 && k->risk <= 100));
        REQUIRE(k->hand >= 0);
    }
}

TEST_CASE("keys of judgements are in the order of the journal and tell their segment") {
    CHECK(kept_judgement_key({1, 900}) < kept_judgement_key({2, 32}));
    CHECK(kept_judgement_key({2, 255}) < kept_judgement_key({2, 256}));
    CHECK(segment_of_kept_judgement(kept_judgement_key({0x123456789AULL, 5})) == 0x123456789AULL);
    CHECK(segment_of_kept_judgement("j") == 0);
    CHECK(segment_of_kept_judgement(account_event_key(1)) == 0);
}

TEST_CASE("an account's first week has nothing new, later a network and program have") {
    AccountWorld w;
    const std::string name = AccountWorld::name(1);
    const auto first = w.see(login(kMonday, name, "198.51.100.7"));
    CHECK(first.unseen == 0);
    const auto early = w.see(login(kMonday + Seconds(6 * 86400), name, "203.0.113.9"));
    CHECK(early.unseen == 0);
    const auto late =
        w.see(login(kMonday + Seconds(8 * 86400), name, "192.0.2.9", "\"name\" \"eM Sync\""));
    CHECK(late.unseen ==
          (1U << index_of(AccountFeature::network) | 1U << index_of(AccountFeature::client)));
    const auto again = w.see(login(kMonday + Seconds(8 * 86400 + 60), name, "198.51.100.7"));
    CHECK(again.unseen == 0);
}

TEST_CASE("an event is told in words, with what was unusual of it") {
    JudgedEvent e;
    e.event = login(kMonday, "anna@own.example", "203.0.113.9", "\"name\" \"eM Sync\"");
    e.seen = sighting_of(e.event, e.event.time, kHasher, kOwnDomains);
    CHECK(event_text(e) == "logs in over imap from 203.0.113.0/24 with em sync");
    e.judged.unseen = 1U << index_of(AccountFeature::network);
    e.judged.nats[index_of(AccountFeature::network)] = 5;
    e.judged.nats[index_of(AccountFeature::hour)] = 2;
    CHECK(event_text(e) ==
          "logs in over imap from 203.0.113.0/24 with em sync: new network, unusual hour");
}
