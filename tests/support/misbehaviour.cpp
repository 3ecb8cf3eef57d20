// SPDX-License-Identifier: Apache-2.0
#include "tests/support/misbehaviour.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string_view>

namespace kith::test {
namespace {

using namespace std::string_literals;

/// kith-milter's bound on one packet (milter/glue.cpp).
constexpr std::uint32_t kMaxPacket = 1U << 20;
constexpr std::size_t kManyRecipients = 5000;
constexpr std::size_t kManyHeaders = 20000;
/// Every letter a filter knows as a command.
constexpr std::string_view kCommands = "ABCDEHKLMNOQRTU";

std::string wire(std::uint32_t number) { return FakeMta::head(number, 0).substr(0, 4); }

std::string negotiation(std::uint32_t version, std::uint32_t actions, std::uint32_t steps) {
    return wire(version) + wire(actions) + wire(steps);
}

class List {
public:
    std::vector<Misbehaviour> take() { return std::move(list_); }

    void add(std::string name, std::function<void(FakeMta&, const MtaOffer&)> act) {
        list_.push_back({std::move(name), std::move(act), false});
    }
    /// One packet after `before`, at which the filter hangs up.
    void fatal(const std::string& what, Step before, char command, const std::string& data) {
        list_.push_back({what,
                         [=](FakeMta& mta, const MtaOffer& offer) {
                             speak_up_to(mta, offer, before);
                             mta.packet(command, data);
                             mta.flush();
                         },
                         true});
    }
    void fatal_bytes(const std::string& what, Step before, const std::string& bytes) {
        list_.push_back({what,
                         [=](FakeMta& mta, const MtaOffer& offer) {
                             speak_up_to(mta, offer, before);
                             mta.raw(bytes);
                             mta.flush();
                         },
                         true});
    }
    /// Packets the filter may answer or not; then the farewell.
    void packets(const std::string& what, Step before,
                 const std::vector<std::pair<char, std::string>>& sent) {
        add(what, [=](FakeMta& mta, const MtaOffer& offer) {
            speak_up_to(mta, offer, before);
            for (const auto& [command, data] : sent) mta.packet(command, data);
            mta.quit();
        });
    }

private:
    std::vector<Misbehaviour> list_;
};

void add_breaking_off(List& list) {
    for (int i = 0; i <= static_cast<int>(kLastStep); ++i) {
        const auto step = static_cast<Step>(i);
        const std::string after = " after "s + to_string(step);
        list.add("hang up" + after, [=](FakeMta& mta, const MtaOffer& offer) {
            speak_up_to(mta, offer, step);
            mta.close();
        });
        list.add("reset" + after, [=](FakeMta& mta, const MtaOffer& offer) {
            speak_up_to(mta, offer, step);
            mta.reset();
        });
        for (const std::string& half :
             {"\0"s, "\0\0\0"s, FakeMta::head(65535, 'B'), FakeMta::head(40000, 'L') + "Subject"})
            list.add("hang up in the middle of a packet of which " + std::to_string(half.size()) +
                         " bytes came," + after,
                     [=](FakeMta& mta, const MtaOffer& offer) {
                         speak_up_to(mta, offer, step);
                         mta.raw(half);
                         mta.close();
                     });
        list.packets("quit" + after, step, {});
        list.packets("quit twice" + after, step, {{'Q', {}}});
        list.packets("abort" + after, step, {{'A', {}}});
        list.packets("abort twice" + after, step, {{'A', {}}, {'A', {}}});
        list.packets("abort with data" + after, step, {{'A', "why not"}});
        list.packets("the next client without a negotiation" + after, step,
                     {{'K', {}},
                      {'C',
                       "next.example\0"s
                       "4\x30\x39"
                       "192.0.2.99\0"s}});
        list.packets("a next client that only quits" + after, step, {{'K', {}}, {'Q', {}}});
        list.packets("another negotiation" + after, step, {{'O', negotiation(6, 0x1FF, 0x1FFFFF)}});
        list.packets("an unknown SMTP command" + after, step, {{'U', "NOOP\0"s}});
        list.packets("macros of an unknown stage, of none and half of one" + after, step,
                     {{'D', "?i\0x\0"s}, {'D', {}}, {'D', "M"}, {'D', "Mi"}, {'D', "Mi\0"s}});
    }
    list.add("two mails begun, none ended", [](FakeMta& mta, const MtaOffer& offer) {
        speak_up_to(mta, offer, Step::Body);
        mta.packet('M', "<again@partner.example>\0"s);
        mta.packet('M', "<and-again@partner.example>\0"s);
        mta.close();
    });
}

void add_false_negotiations(List& list) {
    list.fatal("protocol version 0", Step::None, 'O', negotiation(0, 0x1FF, 0x1FFFFF));
    list.fatal("protocol version 1", Step::None, 'O', negotiation(1, 0x3F, 0x7F));
    list.fatal("a negative protocol version", Step::None, 'O',
               negotiation(0xFFFFFFFF, 0x1FF, 0x1FFFFF));
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{4}, std::size_t{11}})
        list.fatal("a negotiation of " + std::to_string(bytes) + " bytes", Step::None, 'O',
                   negotiation(6, 0x1FF, 0x1FFFFF).substr(0, bytes));
    list.fatal("a negotiation of no bytes", Step::None, 'O', {});
    list.packets("protocol version 99, all bits", Step::None,
                 {{'O', negotiation(99, 0xFFFFFFFF, 0xFFFFFFFF)}});
    list.packets("a negotiation with nothing offered", Step::None, {{'O', negotiation(6, 0, 0)}});
    list.packets("a negotiation followed by garbage", Step::None,
                 {{'O', negotiation(6, 0x1FF, 0x1FFFFF) + std::string(3000, '\xA5')}});
    list.packets("a mail without a negotiation", Step::None,
                 {{'C',
                   "c.example\0"s
                   "4\x30\x39"
                   "192.0.2.1\0"s},
                  {'H', "c.example\0"s},
                  {'M', "<a@partner.example>\0"s},
                  {'R', "<b@site.example>\0"s},
                  {'L', "Subject\0x\0"s},
                  {'N', {}},
                  {'B', "text"},
                  {'E', {}}});
}

void add_false_packets(List& list) {
    list.fatal_bytes("a web client", Step::None, "GET / HTTP/1.1\r\nHost: mx.site.example\r\n\r\n");
    list.fatal_bytes("a TLS client", Step::None, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s);
    list.fatal_bytes("a mail client", Step::None, "EHLO c.example\r\n");
    for (const Step before : {Step::None, Step::Helo, Step::Header, Step::Body}) {
        const std::string after = " after "s + to_string(before);
        list.fatal_bytes("a packet of 2^31 bytes" + after, before,
                         FakeMta::head(0x80000000, 'B') + std::string(100000, 'x'));
        list.fatal_bytes("a packet one byte above the bound" + after, before,
                         FakeMta::head(kMaxPacket + 2, 'B'));
        for (int letter = 0; letter < 256; letter += 15)  // 18 of those that mean nothing
            if (kCommands.find(static_cast<char>(letter)) == std::string_view::npos)
                list.fatal("the unknown command " + std::to_string(letter) + after, before,
                           static_cast<char>(letter), "data");
        for (const std::uint32_t length : {0U, 0xFFFFFFFFU})  // libmilter takes both for "no data"
            list.add("a packet of length " + std::to_string(length) + after,
                     [=](FakeMta& mta, const MtaOffer& offer) {
                         speak_up_to(mta, offer, before);
                         mta.raw(FakeMta::head(length, 'B'));
                         mta.quit();
                     });
    }
    list.fatal("a client without its zero", Step::Negotiate, 'C', "c.example");
    list.fatal("a client without a family", Step::Negotiate, 'C', "c.example\0"s);
    list.fatal("a client without a port", Step::Negotiate, 'C',
               "c.example\0"s
               "4");
    list.fatal("a client of a family that does not exist", Step::Negotiate, 'C',
               "c.example\0"s
               "X\x30\x39"
               "192.0.2.1\0"s);
    list.fatal("a client with half an address", Step::Negotiate, 'C',
               "c.example\0"s
               "4\x30\x39"
               "192.0.2.1000\0"s);
    list.fatal("a client with a false IPv6 address", Step::Negotiate, 'C',
               "c.example\0"s
               "6\x30\x39"
               "2001:db8:::7\0"s);
    list.fatal("a client with a path of 300 bytes", Step::Negotiate, 'C',
               "c.example\0"s
               "L\0\0"s +
                   std::string(300, '/') + "\0"s);
    list.packets("a HELO without its zero", Step::Connect, {{'H', "c.example"}});
    list.fatal("a HELO of nothing", Step::Connect, 'H', {});
    list.fatal("a sender without its zero", Step::Helo, 'M', "<a@partner.example>");
    list.fatal("a sender of nothing", Step::Helo, 'M', {});
    list.fatal("a recipient without its zero", Step::Mail, 'R', "<b@site.example>");
    list.fatal("a header without its zero", Step::Rcpt, 'L', "Subject\0x"s);
    list.fatal("a header without a value", Step::Rcpt, 'L', "Subject\0"s);
    list.fatal("a header without a name", Step::Rcpt, 'L', "\0value\0"s);
    list.fatal("a body packet of nothing", Step::Eoh, 'B', {});
}

void add_masses(List& list) {
    list.add("thousands of recipients", [](FakeMta& mta, const MtaOffer& offer) {
        speak_up_to(mta, offer, Step::Mail);
        for (std::size_t i = 0; i < kManyRecipients; ++i)
            mta.rcpt("<r" + std::to_string(i) + "@site.example>");
        mta.reset();
    });
    list.add("thousands of headers", [](FakeMta& mta, const MtaOffer& offer) {
        speak_up_to(mta, offer, Step::Rcpt);
        for (std::size_t i = 0; i < kManyHeaders; ++i) mta.header("X-Kith-A", " 1");
        mta.reset();
    });
    list.add("a header as large as a packet may be", [](FakeMta& mta, const MtaOffer& offer) {
        speak_up_to(mta, offer, Step::Rcpt);
        mta.packet('L', "X\0"s + std::string(kMaxPacket - 3, 'x') + "\0"s);
        mta.reset();
    });
    list.add("thousands of greetings of which no answer is read",
             [](FakeMta& mta, const MtaOffer&) {
                 // Version 2 promises no silence: every HELO is answered.
                 if (!mta.negotiate(MtaOffer::version2())) return;
                 mta.connection("c.example", '4', "192.0.2.1");
                 mta.flood(FakeMta::head(11, 'H') + "c.example\0"s, 200000);
             });
    list.add("an end of message whose answer is not read", [](FakeMta& mta, const MtaOffer& offer) {
        speak_up_to(mta, offer, Step::Body);
        mta.packet('E', {});
        mta.close();
    });
}

/// Commands and data drawn by lot; the same every time.
void add_lots(List& list) {
    constexpr int kLots = 60, kPacketsOfALot = 40;
    for (int lot = 0; lot < kLots; ++lot) {
        std::mt19937 random(static_cast<std::uint32_t>(lot));
        const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
        std::vector<std::pair<char, std::string>> sent;
        for (int i = 0; i < kPacketsOfALot; ++i) {
            const char command = kCommands[below(kCommands.size())];
            if (command == 'Q' && below(4) != 0) continue;  // mostly go on
            static const std::array<std::string, 8> kData = {""s,
                                                             "c.example\0"s
                                                             "4\x30\x39"
                                                             "192.0.2.1\0"s,
                                                             "<a@partner.example>\0SIZE=1\0"s,
                                                             "Subject\0 plan\0"s,
                                                             negotiation(6, 0x1FF, 0x1FFFFF),
                                                             "Mi\0LOT\0{auth_authen}\0ben\0"s,
                                                             "\0\0\0\0"s,
                                                             std::string(5000, 'x') + "\0"s};
            sent.emplace_back(command, kData[below(kData.size())]);
        }
        const auto before = static_cast<Step>(below(static_cast<std::size_t>(kLastStep) + 1));
        list.packets("lot " + std::to_string(lot), before, sent);
    }
}

}  // namespace

const char* to_string(Step step) noexcept {
    static constexpr std::array<const char*, 11> kNames = {
        "nothing", "negotiate", "connect", "helo", "mail", "rcpt",
        "data",    "header",    "eoh",     "body", "eom"};
    return kNames[static_cast<std::size_t>(step)];
}

bool speak_up_to(FakeMta& mta, const MtaOffer& offer, Step last) {
    const std::vector<std::function<bool()>> steps = {
        [&] { return mta.negotiate(offer); },
        [&] { return mta.connection("c.example", '4', "192.0.2.1") == 'c'; },
        [&] { return mta.helo("c.example") == 'c'; },
        [&] {
            return mta.mail("<a@partner.example>", {{"{auth_authen}", "ben"}}) == 'c';
        },
        [&] { return mta.rcpt("<b@site.example>") == 'c'; },
        [&] { return offer.version <= 3 || mta.data() == 'c'; },
        [&] { return mta.header("X-Kith-Score", " 1") == 'c'; },
        [&] { return mta.end_of_headers() == 'c'; },
        [&] { return mta.body(std::string(20000, 'x')) == 'c'; },
        [&] {
            return mta.end_of_message({{"i", "4LAST"}}).is_accepted();
        },
    };
    for (std::size_t i = 0; i < static_cast<std::size_t>(last); ++i)
        if (!steps[i]()) return false;
    mta.flush();
    return true;
}

const std::vector<Misbehaviour>& misbehaviours() {
    static const std::vector<Misbehaviour> all = [] {
        List list;
        add_breaking_off(list);
        add_false_negotiations(list);
        add_false_packets(list);
        add_masses(list);
        add_lots(list);
        return list.take();
    }();
    return all;
}

}  // namespace kith::test
