// SPDX-License-Identifier: Apache-2.0
#include "engine/journal/mail_record.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include "engine/journal/mail_record_generated.h"
#include "tests/support/damaged.hpp"
#include "tests/unit/journal/mail_record_builder.hpp"
#include "tests/unit/journal/mail_record_checks.hpp"

using namespace kith;
using namespace kith::test;

namespace {

MailRecord decoded(std::string_view bytes) {
    auto record = decode_mail_record(bytes);
    if (!record) FAIL(record.error().text());
    return *record;
}

// Bytes of a record whose tables are made by `build`, which may break rules that encode() keeps.
template <class Build>
std::string crafted(Build build) {
    flatbuffers::FlatBufferBuilder b;
    b.Finish(build(b), "KJM1");
    return std::string(reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize());
}

std::string crafted_observed(const std::function<void(format::ObservedBuilder&)>& add) {
    return crafted([&](flatbuffers::FlatBufferBuilder& b) {
        format::ObservedBuilder observed(b);
        add(observed);
        const auto at = observed.Finish();
        format::MailBuilder mail(b);
        mail.add_observed(at);
        return mail.Finish();
    });
}

std::string crafted_assessed(const std::function<void(format::AssessedBuilder&)>& add) {
    return crafted([&](flatbuffers::FlatBufferBuilder& b) {
        format::AssessedBuilder assessed(b);
        add(assessed);
        const auto at = assessed.Finish();
        format::MailBuilder mail(b);
        mail.add_assessed(at);
        return mail.Finish();
    });
}

void check_corrupt(std::string_view bytes) {
    const auto record = decode_mail_record(bytes);
    REQUIRE_FALSE(record);
    CHECK(record.error().code == ErrorCode::Corrupt);
}

}  // namespace

TEST_CASE("decoding gives what was encoded, every field of it") {
    check_equal(full_record(), decoded(encode(full_record())));
    check_equal(MailRecord{}, decoded(encode(MailRecord{})));
}

TEST_CASE("more words of other filters than are kept are neither written nor read") {
    MailRecord r;
    r.other_filters.assign(kMaxOtherFilters + 1, OtherFilter{"x", true, std::nullopt, 1e300});
    CHECK(decoded(encode(r)).other_filters.size() == kMaxOtherFilters);
    const auto crafted_filters = [](std::size_t n, double score) {
        return crafted([&](flatbuffers::FlatBufferBuilder& b) {
            std::vector<flatbuffers::Offset<format::OtherFilter>> all;
            for (std::size_t i = 0; i < n; ++i) {
                format::OtherFilterBuilder one(b);
                one.add_score(score);
                all.push_back(one.Finish());
            }
            const auto at = b.CreateVector(all);
            format::MailBuilder mail(b);
            mail.add_other_filters(at);
            return mail.Finish();
        });
    };
    CHECK(decoded(crafted_filters(100, 1)).other_filters.size() == kMaxOtherFilters);
    check_corrupt(crafted_filters(1, std::numeric_limits<double>::infinity()));
}

TEST_CASE("a mail that no other filter spoke of takes no room for it") {
    MailRecord said;
    said.other_filters = {{"rspamd", false, std::nullopt, std::nullopt}};
    CHECK(encode(MailRecord{}).size() + 20 < encode(said).size());
}

TEST_CASE("an admin's record comes back") {
    const AdminRecord in{"abcdefgh234567ab", "anna@partner.example", true, "root", "she called"};
    const auto out = decode_admin_record(encode(in));
    REQUIRE(out);
    CHECK(out->id == in.id);
    CHECK(out->address == in.address);
    CHECK(out->learn);
    CHECK(out->who == in.who);
    CHECK(out->why == in.why);
    CHECK_FALSE(decode_admin_record(encode(AdminRecord{}))->learn);
}

TEST_CASE("every value of the persistent enumerations comes back") {
    MailRecord r;
    for (int i = 0; i <= 3; ++i) {
        r.action = static_cast<Action>(i);
        CHECK(decoded(encode(r)).action == r.action);
    }
    for (int i = 0; i < kDirectionCount; ++i) {
        r.observations.direction = static_cast<Direction>(i);
        CHECK(decoded(encode(r)).observations.direction == r.observations.direction);
    }
    for (int i = 0; i <= 4; ++i) {
        r.assessment.verdict = static_cast<Verdict>(i);
        r.assessment.stratum = static_cast<Stratum>(i);
        CHECK(decoded(encode(r)).assessment.verdict == r.assessment.verdict);
        CHECK(decoded(encode(r)).assessment.stratum == r.assessment.stratum);
    }
}

TEST_CASE("actions have the names that are shown") {
    CHECK(to_string(Action::Accepted) == "accepted");
    CHECK(to_string(Action::Held) == "held");
    CHECK(to_string(Action::Deferred) == "deferred");
    CHECK(to_string(Action::Rejected) == "rejected");
}

TEST_CASE("PARSE-39: strings may hold any bytes") {
    MailRecord r;
    r.from_name = std::string("a\0b\xff\n", 5);
    r.subject = std::string(100'000, 's');
    const auto out = decoded(encode(r));
    CHECK(out.from_name == r.from_name);
    CHECK(out.subject == r.subject);
}

TEST_CASE("a feature that says nothing takes no room, and absence that informs is kept") {
    MailRecord nothing, absent;
    absent.observations.values[0] = {FeatureValue::kAbsent, 0};
    CHECK(encode(nothing).size() < encode(absent).size());
    CHECK(decoded(encode(absent)).observations.values[0].code == FeatureValue::kAbsent);
    CHECK_FALSE(decoded(encode(nothing)).observations.values[0].present());
}

TEST_CASE("features are stored by tag, and tags that this build does not know are skipped") {
    const auto bytes = crafted([](flatbuffers::FlatBufferBuilder& b) {
        const std::vector<format::FeatureEntry> features = {
            {60000, 5, 1.5F}, {feature_tag(0), 6, 2.5F}, {0, 7, 3.5F}};
        const std::vector<format::SetMember> members = {{60000, 8}, {feature_tag(0), 9}};
        const auto features_at = b.CreateVectorOfStructs(features);
        const auto members_at = b.CreateVectorOfStructs(members);
        format::ObservedBuilder observed(b);
        observed.add_features(features_at);
        observed.add_set_members(members_at);
        const auto at = observed.Finish();
        format::MailBuilder mail(b);
        mail.add_observed(at);
        return mail.Finish();
    });
    const auto out = decoded(bytes).observations;
    for (std::size_t i = 0; i < kFeatureCount; ++i) CHECK(out.values[i].present() == (i == 0));
    CHECK(out.values[0].code == 6);
    CHECK(out.values[0].number == 2.5F);
    CHECK(out.set_members ==
          std::vector<std::pair<std::uint16_t, std::uint32_t>>{{std::uint16_t{0}, 9U}});
}

TEST_CASE("numbers that are not finite are never written") {
    MailRecord r;
    r.observations.values[0] = {7, std::numeric_limits<float>::quiet_NaN()};
    r.assessment.raw = std::numeric_limits<double>::infinity();
    r.assessment.own_evidence = -std::numeric_limits<double>::infinity();
    r.assessment.p = std::nan("");
    r.assessment.reasons = {{"x", std::nan(""), ""}};
    const auto out = decoded(encode(r));
    CHECK(out.observations.values[0].number == 0);
    CHECK(out.observations.values[0].code == 7);
    CHECK(out.assessment.raw == std::numeric_limits<double>::max());
    CHECK(out.assessment.own_evidence == std::numeric_limits<double>::lowest());
    CHECK(out.assessment.p == 0);
    CHECK(out.assessment.reasons.at(0).weight == 0);
}

TEST_CASE("numbers that are not finite are refused when read") {
    const double bad =
        GENERATE(std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                 std::numeric_limits<double>::quiet_NaN());
    check_corrupt(crafted_assessed([&](auto& a) { a.add_score(bad); }));
    check_corrupt(crafted_assessed([&](auto& a) { a.add_p(bad); }));
    check_corrupt(crafted_assessed([&](auto& a) { a.add_raw(bad); }));
    check_corrupt(crafted_assessed([&](auto& a) { a.add_own_evidence(bad); }));
    check_corrupt(crafted([&](flatbuffers::FlatBufferBuilder& b) {
        const std::vector<format::FeatureEntry> features = {{60000, 5, static_cast<float>(bad)}};
        const auto features_at = b.CreateVectorOfStructs(features);
        format::ObservedBuilder observed(b);
        observed.add_features(features_at);
        const auto at = observed.Finish();
        format::MailBuilder mail(b);
        mail.add_observed(at);
        return mail.Finish();
    }));
}

TEST_CASE("an enumeration's first unknown value is refused and its last known one taken") {
    CHECK(decode_mail_record(crafted_assessed([](auto& a) { a.add_verdict(4); })));
    check_corrupt(crafted_assessed([](auto& a) { a.add_verdict(5); }));
    CHECK(decode_mail_record(crafted_assessed([](auto& a) { a.add_stratum(5); })));
    check_corrupt(crafted_assessed([](auto& a) { a.add_stratum(6); }));
    CHECK(decode_mail_record(crafted_observed([](auto& o) { o.add_direction(2); })));
    check_corrupt(crafted_observed([](auto& o) { o.add_direction(3); }));
    check_corrupt(crafted([](flatbuffers::FlatBufferBuilder& b) {
        format::MailBuilder mail(b);
        mail.add_action(4);
        return mail.Finish();
    }));
}

TEST_CASE("times are within the years 1 to 9999") {
    CHECK(decode_mail_record(crafted_observed([](auto& o) { o.add_time(253402300799); })));
    check_corrupt(crafted_observed([](auto& o) { o.add_time(253402300800); }));
    CHECK(decode_mail_record(crafted_observed([](auto& o) { o.add_time(-62135596800); })));
    check_corrupt(crafted_observed([](auto& o) { o.add_time(-62135596801); }));
    check_corrupt(
        crafted_observed([](auto& o) { o.add_time(std::numeric_limits<std::int64_t>::min()); }));
}

TEST_CASE("the sketch has eight numbers or is not there") {
    for (const std::size_t length : {0U, 7U, 9U})
        check_corrupt(crafted([&](flatbuffers::FlatBufferBuilder& b) {
            const auto sketch = b.CreateVector(std::vector<std::uint32_t>(length, 1));
            format::ObservedBuilder observed(b);
            observed.add_sketch(sketch);
            const auto at = observed.Finish();
            format::MailBuilder mail(b);
            mail.add_observed(at);
            return mail.Finish();
        }));
    CHECK(decode_mail_record(crafted_observed([](auto&) {})));
}

TEST_CASE(
    "a record that holds one string many times by reference is refused, however little room it "
    "takes") {
    const auto sharing = [](std::size_t times) {
        return crafted([&](flatbuffers::FlatBufferBuilder& b) {
            const auto text = b.CreateString(std::string(1000, 'x'));
            const auto rcpts =
                b.CreateVector(std::vector<flatbuffers::Offset<flatbuffers::String>>(times, text));
            format::MailBuilder mail(b);
            mail.add_rcpts(rcpts);
            return mail.Finish();
        });
    };
    CHECK(decode_mail_record(sharing(1)));
    check_corrupt(sharing(2));
    check_corrupt(sharing(200'000));  // 800 kB that would grow to 200 MB
}

TEST_CASE("as many tables as the limit are read, and one more is refused") {
    // The mail, its observations and one table a link: 4096 in all.
    const auto with_links = [](std::size_t links) {
        MailRecord r;
        r.observations.links.resize(links);
        return encode(r);
    };
    CHECK(decode_mail_record(with_links(4096 - 3)));  // and the assessment
    check_corrupt(with_links(4096 - 2));
}

TEST_CASE("bytes of another kind are refused") {
    check_corrupt("");
    check_corrupt("x");
    check_corrupt(std::string(7, '\0'));
    check_corrupt(std::string(8, '\0'));
    check_corrupt(std::string(100'000, '\xff'));
    check_corrupt(encode(AdminRecord{}));
    CHECK_FALSE(decode_admin_record(encode(MailRecord{})));
    CHECK_FALSE(decode_admin_record(""));
}

TEST_CASE("a record cut at any byte never crashes, and one cut to nothing readable is refused") {
    const std::string whole = encode(full_record());
    int refused = 0;
    for (std::size_t size = 0; size < whole.size(); ++size)
        if (!decode_mail_record(std::string(whole.substr(0, size))))
            ++refused;  // a copy, so that the end is the end
    CHECK(refused > static_cast<int>(whole.size() / 2));
}

TEST_CASE("flipped bytes never crash and never give a number that is not finite") {
    const std::string whole = encode(full_record());
    const auto seed = GENERATE(as<unsigned>(), 1, 2, 3, 4);
    CAPTURE(seed);
    int read = 0;
    for_each_damaged(whole, seed, [&](const std::string& bytes) {
        const auto record = decode_mail_record(bytes);
        if (!record) return;
        ++read;
        REQUIRE(std::isfinite(record->assessment.score));
        REQUIRE(std::isfinite(record->observations.values[0].number));
    });
    CHECK(read > 100);  // else the loop showed nothing
}

TEST_CASE("bytes at an odd address are read like others") {
    const std::string whole = encode(full_record());
    for (std::size_t shift = 0; shift < 17; ++shift) {
        const std::string moved = std::string(shift, 'x') + whole;
        check_equal(full_record(), decoded(std::string_view(moved).substr(shift)));
    }
}
