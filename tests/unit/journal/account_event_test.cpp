// SPDX-License-Identifier: Apache-2.0
#include "engine/journal/account_event.hpp"

#include <algorithm>
#include <limits>

#include "engine/journal/account_event_generated.h"
#include "engine/journal/mail_record.hpp"
#include "tests/support/damaged.hpp"
#include "tests/unit/journal/account_event_builder.hpp"

using namespace kith;
using namespace kith::test;

namespace {

AccountEvent decoded(std::string_view bytes) {
    auto event = decode_account_event(bytes);
    if (!event) FAIL(event.error().text());
    return *event;
}

template <class Build>
std::string crafted(Build build) {
    flatbuffers::FlatBufferBuilder b;
    b.Finish(build(b), "KJC1");
    return std::string(reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize());
}

void check_corrupt(std::string_view bytes) {
    const auto event = decode_account_event(bytes);
    REQUIRE_FALSE(event);
    CHECK(event.error().code == ErrorCode::Corrupt);
}

}  // namespace

TEST_CASE("decoding an account event gives what was encoded, every field of it") {
    check_equal(full_event(), decoded(encode(full_event())));
    AccountEvent imported = full_event();
    imported.imported = true;
    check_equal(imported, decoded(encode(imported)));
    check_equal(AccountEvent{}, decoded(encode(AccountEvent{})));
    CHECK(encode(AccountEvent{}).size() < 64);  // what is not known takes no room
}

TEST_CASE("every kind of account event comes back and has a name of its own") {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < kAccountEventKinds; ++i) {
        AccountEvent e;
        e.kind = static_cast<AccountEventKind>(i);
        CHECK(decoded(encode(e)).kind == e.kind);
        names.push_back(to_string(e.kind));
    }
    CHECK(names.front() == "login");
    CHECK(names.back() == "forward");
    std::sort(names.begin(), names.end());
    CHECK(std::unique(names.begin(), names.end()) == names.end());
    CHECK(to_string(static_cast<AccountEventKind>(13)) == "unknown");
}

TEST_CASE("texts at the limit are kept whole, longer ones are cut between characters") {
    AccountEvent e;
    e.account = std::string(kMaxAccountText, 'a');
    e.client_id = std::string(kMaxAccountText + 1, 'b');
    e.detail = std::string(kMaxAccountText - 1, 'c') + "\xc3\xa9";
    e.rule.redirects = {std::string(100'000, 'd')};
    const AccountEvent out = decoded(encode(e));
    CHECK(out.account == e.account);
    CHECK(out.client_id == std::string(kMaxAccountText, 'b'));
    CHECK(out.detail == std::string(kMaxAccountText - 1, 'c'));
    CHECK(out.rule.redirects.at(0).size() == kMaxAccountText);
}

TEST_CASE("lists at the limit are kept whole, of longer ones the first elements") {
    AccountEvent e;
    for (std::size_t i = 0; i <= kMaxAccountList; ++i) e.message_ids.push_back(i);
    e.rule.words.assign(kMaxAccountList, 9);
    e.rule.folders.assign(100'000, "");
    const AccountEvent out = decoded(encode(e));
    CHECK(out.message_ids.size() == kMaxAccountList);
    CHECK(out.message_ids.back() == kMaxAccountList - 1);
    CHECK(out.rule.words.size() == kMaxAccountList);
    CHECK(out.rule.folders.size() == kMaxAccountList);
}

TEST_CASE("the first unknown kind and times outside the years 1 to 9999 are refused") {
    const auto event = [](std::uint8_t kind, std::int64_t time) {
        return crafted([&](flatbuffers::FlatBufferBuilder& b) {
            return format::CreateAccountEvent(b, kind, time);
        });
    };
    CHECK(decode_account_event(event(12, 253402300799)));
    check_corrupt(event(13, 0));
    check_corrupt(event(0, 253402300800));
    check_corrupt(event(0, -62135596801));
}

TEST_CASE("a place that cannot be one says nothing, and the event is read all the same") {
    const auto place = [](const char* country, float latitude, float longitude) {
        return decoded(crafted([&](flatbuffers::FlatBufferBuilder& b) {
                   const auto text = b.CreateString(country);
                   format::AccountEventBuilder e(b);
                   e.add_asn(64496);
                   e.add_country(text);
                   e.add_latitude(latitude);
                   e.add_longitude(longitude);
                   return e.Finish();
               }))
            .place;
    };
    CHECK((place("DE", 90, 180) == GeoPlace{64496, "DE", GeoPoint{90, 180}}));
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const auto& [latitude, longitude] :
         {std::pair(nan, 1.F), std::pair(1.F, nan), std::pair(90.1F, 1.F), std::pair(1.F, -181.F),
          std::pair(std::numeric_limits<float>::infinity(), 1.F)})
        CHECK((place("DE", latitude, longitude) == GeoPlace{64496, "DE", {}}));
    for (const char* country : {"", "de", "DEU", "D\xff"})
        CHECK((place(country, 1, 2) == GeoPlace{64496, "", GeoPoint{1, 2}}));
}

TEST_CASE("an event that holds one string many times by reference is refused") {
    const auto sharing = [](std::size_t times) {
        return crafted([&](flatbuffers::FlatBufferBuilder& b) {
            const auto text = b.CreateString(std::string(1000, 'x'));
            const auto all =
                b.CreateVector(std::vector<flatbuffers::Offset<flatbuffers::String>>(times, text));
            format::RuleBuilder rule(b);
            rule.add_redirects(all);
            const auto at = rule.Finish();
            format::AccountEventBuilder out(b);
            out.add_rule(at);
            return out.Finish();
        });
    };
    CHECK(decode_account_event(sharing(1)));
    check_corrupt(sharing(2));
    check_corrupt(sharing(200'000));
}

TEST_CASE("bytes that are no account event are refused") {
    check_corrupt("");
    check_corrupt("x");
    check_corrupt(std::string(100'000, '\xff'));
    check_corrupt(encode(MailRecord{}));
    CHECK_FALSE(decode_mail_record(encode(full_event())));
}

TEST_CASE("damaged account events never crash") {
    const std::string whole = encode(full_event());
    int refused = 0, read = 0;
    for (std::size_t size = 0; size < whole.size(); ++size)
        if (!decode_account_event(std::string(whole.substr(0, size)))) ++refused;
    CHECK(refused > static_cast<int>(whole.size() / 2));
    const auto seed = GENERATE(as<unsigned>(), 1, 2);
    CAPTURE(seed);
    for_each_damaged(whole, seed, [&](const std::string& bytes) {
        if (const auto event = decode_account_event(bytes)) {
            ++read;
            REQUIRE(static_cast<std::size_t>(event->kind) < kAccountEventKinds);
        }
    });
    CHECK(read > 100);  // else the loop showed nothing
}

TEST_CASE("an account event at an odd address is read like others") {
    const std::string whole = encode(full_event());
    for (std::size_t shift = 0; shift < 17; ++shift) {
        const std::string moved = std::string(shift, 'x') + whole;
        check_equal(full_event(), decoded(std::string_view(moved).substr(shift)));
    }
}
