// SPDX-License-Identifier: Apache-2.0
// Suspicion by what a held mail showed (engine/scoring/fingerprint.hpp).
#include "engine/scoring/fingerprint.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/observed.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// A mail beside a history, with chosen surprises.
struct Strange {
    Observations o;
    Comparison c;

    explicit Strange(std::string_view id, double at = 0) {
        o = Mail("anna@partner.example", day(at)).id(id);
        c.relations.new_link = true;
    }
    Strange& surprises(FeatureId f, std::string_view value, float nats) {
        o.values[index_of(f)].code = c.values[index_of(f)].code = value_of(f, value);
        c.surprise.detail[index_of(f)].value = value_of(f, value);
        c.surprise.x[index_of(f)] = nats;
        return *this;
    }
    Strange& links_to(std::string_view host) {
        ObservedLink link;
        link.host = host_of(host);
        link.tenant = tenant_of(host);
        o.links.push_back(link);
        return *this;
    }
    [[nodiscard]] Fingerprint print() const { return fingerprint_of(o, c, "mail"); }
    [[nodiscard]] Suspicion beside(const Traces& traces, double own = 2,
                                   Stratum s = Stratum::NewLink) const {
        return suspicion_of(own, o, c, s, traces);
    }
};

Strange held() {
    return Strange("held")
        .surprises(FeatureId::user_agent, "evil", 4)
        .surprises(FeatureId::time_zone, "+0900", 4)
        .links_to("evil.example");
}
Traces traces_of(const Strange& s) {
    Traces t;
    leave_fingerprint(t, s.print());
    return t;
}

}  // namespace

TEST_CASE("the same surprising values make a later mail harder, by their share of what surprises") {
    const Traces traces = traces_of(held());
    Strange again = Strange("later", 13)
                        .surprises(FeatureId::user_agent, "evil", 4)
                        .surprises(FeatureId::time_zone, "+0900", 4);
    CHECK(again.beside(traces).overlap == Approx(1));
    CHECK(again.beside(traces).gain > .5);
    CHECK(again.beside(traces).shared == 2);
    again.surprises(FeatureId::mime_tree, "odd", 8);
    CHECK(again.beside(traces).overlap == Approx(.5));
}

TEST_CASE("the same page counts as well") {
    const Strange again =
        Strange("later", 1).surprises(FeatureId::mime_tree, "odd", 3).links_to("evil.example");
    CHECK(again.beside(traces_of(held())).overlap == Approx(.5));
}

TEST_CASE("mail that looks like its sender before the incident gains nothing") {
    const Traces traces = traces_of(held());
    // The values are usual for the sender; or one is shared by chance; or others surprise.
    CHECK(Strange("a", 1).surprises(FeatureId::user_agent, "evil", 0).beside(traces).gain == 0);
    CHECK(Strange("b", 1).surprises(FeatureId::user_agent, "evil", 4).beside(traces).gain == 0);
    CHECK(Strange("c", 1)
              .surprises(FeatureId::user_agent, "other", 4)
              .surprises(FeatureId::time_zone, "+0200", 4)
              .links_to("docs.example")
              .beside(traces)
              .gain == 0);
}

TEST_CASE("mail that asks for nothing gains nothing: a warning about the attack passes") {
    const Traces traces = traces_of(held());
    Strange warning = held();
    warning.o.message_id = id_of("warning");
    CHECK(warning.beside(traces, 3, Stratum::Plain).gain == 0);
    CHECK(warning.beside(traces, 3, Stratum::NewClient).gain == 0);
    CHECK(warning.beside(traces, .4).gain == 0);  // too ordinary
    CHECK(warning.beside(traces, 3).gain > 0);
}

TEST_CASE("a mail's own fingerprint and an old one do not count, one that came later does") {
    Traces traces = traces_of(held());
    CHECK(held().beside(traces).gain == 0);
    Strange again = held();
    again.o.message_id = id_of("later");
    again.o.time = day(14);
    CHECK(again.beside(traces).gain > 0);
    again.o.time = day(14) + Seconds(1);
    CHECK(again.beside(traces).gain == 0);
    again.o.time = day(0) - Seconds(1);
    CHECK(again.beside(traces).gain > 0);
}

TEST_CASE("fingerprints are few, each mail has one, and a released mail's is lifted") {
    Traces traces;
    for (int i = 0; i < 12; ++i) {
        Fingerprint p = held().print();
        p.mail = "mail" + std::to_string(i);
        leave_fingerprint(traces, p);
        leave_fingerprint(traces, p);
    }
    CHECK(traces.fingerprints.size() == Traces::kMaxFingerprints);
    lift_fingerprint(traces, "mail11");
    CHECK(traces.fingerprints.size() == Traces::kMaxFingerprints - 1);
    lift_fingerprint(traces, "");
    CHECK(traces.fingerprints.size() == Traces::kMaxFingerprints - 1);
    Fingerprint late = held().print();
    late.time = day(15);
    leave_fingerprint(traces, late);
    CHECK(traces.fingerprints.size() == 1);
    Fingerprint nothing;
    nothing.time = day(15);
    nothing.mail = "nothing";
    leave_fingerprint(traces, nothing);
    CHECK(traces.fingerprints.size() == 1);
}
