// SPDX-License-Identifier: Apache-2.0
// The MTA's side of the milter protocol, versions 2 and 6, for tests: speaks it over a Unix or TCP
// socket and can do what real MTAs do wrong, and what none should (misbehaviour.hpp). Written from
// the protocol's description (packets: 32-bit length in network order, one letter, data). Every
// read and write has a deadline, so that a filter that does not answer fails a test instead of
// hanging it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/unique_fd.hpp"

namespace kith::test {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

/// What the MTA offers.
struct MtaOffer {
    std::uint32_t version = 6;
    std::uint32_t actions = 0x1FF;
    std::uint32_t steps = 0x1FFFFF;
    [[nodiscard]] static MtaOffer version2() { return {2, 0x3F, 0x7F}; }
};

/// In which packets the macros come. Whatever it is, the filter learns the same in the end.
enum class MacroOrder {
    Usual,     ///< each before the command it belongs to, as Postfix and Sendmail send them
    Reversed,  ///< the last name of a packet first
    Twice,     ///< every packet again with the same values
    Noisy,     ///< among names nobody asked for, names without a value, stages nobody knows
    Late,      ///< all that belong to HELO and MAIL only with the end of the message
};

/// How an MTA hands over connection and mail. None of it may show in what the filter answers.
struct Delivery {
    std::string name;  ///< for the failing test
    MtaOffer offer;
    std::size_t chunk = 65535;   ///< bytes of a body packet
    std::size_t write = 65536;   ///< bytes of one system call; a packet may come in many
    bool end_with_body = false;  ///< the last piece of the body comes in the end-of-message packet
    MacroOrder macros = MacroOrder::Usual;
};

/// What the filter took of it.
struct MtaAgreement {
    std::uint32_t version = 0, actions = 0, steps = 0;
    std::map<std::uint32_t, std::string> macro_lists;  ///< by stage
};

/// One mail as an MTA gets it. Header values begin with the blank after the colon.
struct FakeMail {
    std::string sender = "<anna@partner.example>";
    std::vector<std::string> recipients{"<ben@site.example>"};
    NamedValues headers{{"From", " Anna <anna@partner.example>"},
                        {"To", " ben@site.example"},
                        {"Subject", " plan"},
                        {"Date", " Mon, 02 Mar 2026 10:00:00 +0100"},
                        {"Message-ID", " <1@partner.example>"}};
    std::string body = "Hello Ben,\r\n\r\nthe plan is ready.\r\n";
    std::string queue_id = "4XyZ01abCd";
    std::string login;          ///< SASL login; "" = none
    std::size_t chunk = 65535;  ///< bytes of a body packet, without a Delivery
};

/// The filter's answer at the end of a message.
struct EomAnswer {
    char final = 0;    ///< 'a' accept, 'c' continue, 't' tempfail, 'r' reject, 'y' reply code; 0 =
                       ///< closed or no answer in time
    std::string text;  ///< of 'y'
    struct Header {
        std::uint32_t index;
        std::string name, value;
    };
    std::vector<Header> inserted;  ///< in the order asked for
    std::vector<Header> changed;   ///< empty value = removed
    std::optional<std::string> quarantine;

    [[nodiscard]] bool is_accepted() const noexcept { return final == 'a' || final == 'c'; }
    /// Our headers as they stand at the end: applies the insertions at index 0 to an empty list.
    [[nodiscard]] NamedValues own_headers() const;
    [[nodiscard]] std::string own_header(
        std::string_view name) const;  ///< without leading blank; "" when none
    /// Everything asked for and answered, one line each, without what differs from mail to mail
    /// (kith's id) and from protocol to protocol (the blank after the colon).
    [[nodiscard]] std::string summary() const;
};

/// One connection to a filter. One thread.
class FakeMta {
public:
    using Milliseconds = std::chrono::milliseconds;

    /// Connects to "unix:/path" or "inet:PORT@ADDRESS"; nullopt when nobody listens.
    [[nodiscard]] static std::optional<FakeMta> connect(
        const std::string& socket, Milliseconds patience = Milliseconds(20000));

    /// Negotiates; false when the filter hung up.
    [[nodiscard]] bool negotiate(const MtaOffer& offer = {});
    [[nodiscard]] const MtaAgreement& agreement() const noexcept { return agreement_; }

    /// Each sends one command (with macros before it unless they are empty) and reads the reply if
    /// one is due. The reply's letter; 'c' for a step negotiated as silent; 0 when the filter hung
    /// up or did not answer.
    char connection(std::string_view host, char family, std::string_view address,
                    const NamedValues& macros = default_macros());
    char helo(std::string_view name, const NamedValues& macros = {});
    char mail(std::string_view sender, const NamedValues& macros = {});
    char rcpt(std::string_view recipient);
    char data();
    char header(std::string_view name, std::string_view raw_value);
    char end_of_headers();
    char body(std::string_view chunk);
    [[nodiscard]] EomAnswer end_of_message(const NamedValues& macros = {});
    void abort();
    void quit();
    void quit_new_connection();

    /// connect and helo of an ordinary client.
    void greet();
    /// The mail from MAIL to its end.
    [[nodiscard]] EomAnswer send(const FakeMail& mail);
    /// The mail from MAIL up to the last byte of its body.
    void send_up_to_body(const FakeMail& mail);

    /// One mail on a connection that has not negotiated yet, from the negotiation on, in that
    /// manner. The answer is that to the mail; final 0 also when the negotiation failed.
    [[nodiscard]] EomAnswer deliver(const FakeMail& mail, const Delivery& delivery);

    /// Queues one packet. Like real MTAs, packets that need no reply leave together, at the latest
    /// before a read.
    void packet(char command, std::string_view data);
    /// Queues bytes as they are: half a packet, or none.
    void raw(std::string_view bytes);
    /// A packet's length and letter, for one whose data differs from what it announces.
    [[nodiscard]] static std::string head(std::uint32_t length, char command);
    void macros(char command, const NamedValues& values);
    void flush();
    /// Sends `bytes` over and over and never reads, until the filter takes no more for a while or
    /// `total` bytes are sent. Bytes sent.
    std::size_t flood(std::string_view bytes, std::size_t total);
    /// True when the filter closes the connection (waits for it; what it says before is dropped).
    [[nodiscard]] bool is_closed();
    void close() {
        flush();
        socket_.reset();
    }
    /// Hangs up without the usual farewell: over TCP the filter reads "connection reset".
    void reset();

    [[nodiscard]] static NamedValues default_macros();

private:
    struct Packet {
        char command = 0;
        std::string data;
    };
    FakeMta(UniqueFd socket, Milliseconds patience)
        : socket_(std::move(socket)), patience_(patience) {}
    [[nodiscard]] std::optional<Packet> read_packet();
    [[nodiscard]] bool read_exactly(char* into, std::size_t bytes);
    char step(char command, std::string_view data, std::uint32_t silent_flag);
    [[nodiscard]] EomAnswer read_answer();

    UniqueFd socket_;
    std::string unsent_;
    Milliseconds patience_;
    MtaAgreement agreement_;
    std::size_t write_bytes_ = 65536;
    MacroOrder order_ = MacroOrder::Usual;
    NamedValues late_;  ///< macros kept back until the end of the message
};

}  // namespace kith::test
