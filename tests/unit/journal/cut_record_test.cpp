// SPDX-License-Identifier: Apache-2.0
// Records with an address taken out of them where they lie (engine/journal/cut_record.hpp).
#include "engine/journal/cut_record.hpp"

#include <functional>
#include <random>

#include "engine/journal/account_event.hpp"
#include "engine/journal/mail_record_generated.h"
#include "tests/unit/journal/account_event_builder.hpp"
#include "tests/unit/journal/mail_record_builder.hpp"
#include "tests/unit/journal/mail_record_checks.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr const char* kGone = "two@site.example";

bool is_gone(const std::string& address) { return address == kGone; }
std::string without_gone(const std::string& text) {
    const std::size_t at = text.find(kGone);
    return at == std::string::npos ? text : std::string(text).erase(at, std::string(kGone).size());
}
RecipientCut cut_of(const Key16& key) { return {is_gone, key, 77, without_gone}; }

MailRecord decoded(std::string_view bytes) {
    auto record = decode_mail_record(bytes);
    if (!record) FAIL(record.error().text());
    return *record;
}

std::string cut(const std::string& payload) {
    const auto out = cut_mail_record(payload, cut_of(key_of(60)));
    if (!out) FAIL(out.error().text());
    CHECK(out->size() == payload.size());
    CHECK(out->find(kGone) == std::string::npos);
    return *out;
}

std::string crafted(
    const std::function<flatbuffers::uoffset_t(flatbuffers::FlatBufferBuilder&)>& build) {
    flatbuffers::FlatBufferBuilder b;
    b.Finish(flatbuffers::Offset<format::Mail>(build(b)), "KJM1");
    return {reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()};
}

}  // namespace

TEST_CASE("a record without a recipient has all else, in as many bytes") {
    MailRecord r = full_record();
    const std::size_t place = GENERATE(0U, 1U, 2U);
    r.rcpts = {"one@site.example", "three@site.example"};
    r.rcpts.insert(r.rcpts.begin() + static_cast<std::ptrdiff_t>(place), kGone);
    r.observations.rcpts = {key_of(40), key_of(60), key_of(80)};
    r.subject = "for two@site.example alone";
    r.assessment.reasons[1].text = "first mail to two@site.example";
    r.assessment.would_pass = "without two@site.example";
    const MailRecord left = decoded(cut(encode(r)));
    r.rcpts = {"one@site.example", "three@site.example"};
    r.observations.rcpts = {key_of(40), key_of(80)};
    r.observations.rcpt_set = 77;
    r.subject = "for  alone";
    r.assessment.reasons[1].text = "first mail to ";
    r.assessment.would_pass = "without ";
    check_equal(r, left);
}

TEST_CASE("a recipient named twice goes twice, and the only one leaves none") {
    MailRecord r = full_record();
    r.rcpts = {kGone, "one@site.example", kGone};
    CHECK(decoded(cut(encode(r))).rcpts == std::vector<std::string>{"one@site.example"});
    r.rcpts = {kGone};
    r.observations.rcpts = {key_of(60)};
    const MailRecord left = decoded(cut(encode(r)));
    CHECK(left.rcpts.empty());
    CHECK(left.observations.rcpts.empty());
}

TEST_CASE("where the address is not, no byte changes") {
    MailRecord r = full_record();
    r.rcpts = {"one@site.example"};
    r.observations.rcpts = {key_of(40)};
    r.observations.rcpt_set = 77;
    CHECK(cut(encode(r)) == encode(r));
    CHECK(cut(encode(MailRecord{})) == encode(MailRecord{}));
}

TEST_CASE("what an older version did not write stays absent, what a later one wrote stays") {
    const std::uint64_t later = 0x1122334455667788;
    const auto payload = crafted([&](flatbuffers::FlatBufferBuilder& b) {
        const auto rcpts = b.CreateVectorOfStrings({"one@site.example", kGone});
        const auto start = b.StartTable();
        b.AddOffset(format::Mail::VT_RCPTS, rcpts);
        b.AddElement<std::uint64_t>(format::Mail::VT_OWN + 20, later, 0);
        return b.EndTable(start);
    });
    const std::string left = cut(payload);
    CHECK(decoded(left).rcpts == std::vector<std::string>{"one@site.example"});
    CHECK(left.find(std::string(reinterpret_cast<const char*>(&later), 8)) != std::string::npos);
    CHECK(encode(decoded(left)).size() > left.size());  // encoded anew it had no room
}

TEST_CASE("offsets to the same bytes, and bytes that are no record, do no harm") {
    const auto shared = crafted([&](flatbuffers::FlatBufferBuilder& b) {
        const auto text = b.CreateString(kGone);
        const auto rcpts =
            b.CreateVector(std::vector<flatbuffers::Offset<flatbuffers::String>>{text, text});
        format::MailBuilder mail(b);
        mail.add_rcpts(rcpts);
        mail.add_subject(text);
        return mail.Finish().o;
    });
    if (const auto left = cut_mail_record(shared, cut_of(key_of(60))))
        CHECK(left->find(kGone) == std::string::npos);
    std::mt19937 random(3);
    const std::string whole = encode(full_record()), event = encode(full_event());
    const auto always = [](const std::string&) { return true; };
    const auto empty = [](const std::string&) { return std::string(); };
    for (int i = 0; i < 4000; ++i) {
        std::string bytes = i % 2 == 0 ? whole : event;
        for (std::uint32_t n = random() % 4; n > 0; --n)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        if (decode_mail_record(bytes))
            if (const auto left = cut_mail_record(bytes, {always, key_of(60), 1, empty}))
                CHECK(left->size() == bytes.size());
        if (decode_account_event(bytes))
            if (const auto left = cut_account_event(bytes, always, empty))
                CHECK(left->size() == bytes.size());
    }
    CHECK_FALSE(cut_mail_record("", cut_of(key_of(60))));
    CHECK_FALSE(cut_admin_record(whole, without_gone));
    CHECK_FALSE(cut_account_event(whole, is_gone, without_gone));
}

TEST_CASE("a remark loses the address from its reason, and nothing else") {
    AdminRecord r;
    r.id = "abcdefgh234567ab";
    r.learn = true;
    r.who = "postmaster";
    r.why = "two@site.example called";
    r.until = from_unix(1'700'000'000);
    const auto left = cut_admin_record(encode(r), without_gone);
    REQUIRE(left);
    CHECK(left->size() == encode(r).size());
    const auto back = decode_admin_record(*left);
    REQUIRE(back);
    CHECK(back->why == " called");
    CHECK(back->id == r.id);
    CHECK(back->who == r.who);
    CHECK(back->until == r.until);
    CHECK(back->learn);
}

TEST_CASE("an event no longer says that mail is sent on to the address") {
    AccountEvent e = full_event();
    e.rule.redirects = {"one@else.example", kGone, "three@else.example"};
    e.rule.folders = {"Archive", "user/two@site.example"};
    e.rule.name = "to two@site.example";
    e.detail = kGone;
    e.mailbox = "user/two@site.example/Sent";
    const auto left = cut_account_event(encode(e), is_gone, without_gone);
    REQUIRE(left);
    CHECK(left->size() == encode(e).size());
    CHECK(left->find(kGone) == std::string::npos);
    const auto back = decode_account_event(*left);
    REQUIRE(back);
    e.rule.redirects = {"one@else.example", "three@else.example"};
    e.rule.folders = {"Archive", "user/"};
    e.rule.name = "to ";
    e.detail = "";
    e.mailbox = "user//Sent";
    check_equal(e, *back);
}
