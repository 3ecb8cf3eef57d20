// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_mta.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kith::test {
namespace {

// Bits of the steps by which the filter promised no reply.
constexpr std::uint32_t kSilentHeader = 0x80, kSilentConnect = 0x1000, kSilentHelo = 0x2000,
                        kSilentMail = 0x4000, kSilentRcpt = 0x8000, kSilentData = 0x10000,
                        kSilentEoh = 0x40000, kSilentBody = 0x80000;
constexpr std::uint32_t kLeadingSpace = 0x100000;
constexpr std::uint32_t kMaxReply = 1U << 20;
constexpr std::size_t kSendBytes = std::size_t{64} * 1024;
/// A filter that takes nothing for so long is taken to wait for us to read.
constexpr int kFloodPatience = 200;

std::string u32(std::uint32_t value) {
    const std::uint32_t wire = htonl(value);
    std::string out(sizeof wire, '\0');
    std::memcpy(out.data(), &wire, sizeof wire);
    return out;
}

std::uint32_t read_u32(std::string_view data, std::size_t at) {
    std::uint32_t wire = 0;
    if (at + sizeof wire > data.size()) return 0;
    std::memcpy(&wire, data.data() + at, sizeof wire);
    return ntohl(wire);
}

std::string zero_ended(std::string_view text) {
    std::string out(text);
    out.push_back('\0');
    return out;
}

/// The zero-ended text at `at`; moves `at` behind it.
std::string take_text(std::string_view data, std::size_t& at) {
    const std::size_t end = std::min(data.find('\0', at), data.size());
    std::string out(data.substr(std::min(at, data.size()), end - std::min(at, end)));
    at = end + 1;
    return out;
}

}  // namespace

NamedValues EomAnswer::own_headers() const {
    NamedValues out;
    for (const Header& h : inserted)
        out.insert(
            out.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(h.index, out.size())),
            {h.name, h.value});
    return out;
}

std::string EomAnswer::own_header(std::string_view name) const {
    for (const auto& [n, value] : own_headers())
        if (n == name) return value.substr(!value.empty() && value.front() == ' ' ? 1 : 0);
    return {};
}

std::string EomAnswer::summary() const {
    const auto without_blank = [](const std::string& value) {
        return value.substr(!value.empty() && value.front() == ' ' ? 1 : 0);
    };
    // The filter's id stands in its own header, in replies and in the quarantine reason.
    const std::string id = own_header("X-Kith-Id");
    const auto without_id = [&](std::string line) {
        const std::size_t at = id.empty() ? std::string::npos : line.find(id);
        return at == std::string::npos ? line : line.replace(at, id.size(), "ID");
    };
    std::string out;
    for (const Header& h : changed)
        out += "change " + h.name + "#" + std::to_string(h.index) + ": " + h.value + "\n";
    for (const Header& h : inserted)
        out += without_id("insert " + h.name + "#" + std::to_string(h.index) + ": " +
                          without_blank(h.value) + "\n");
    if (quarantine) out += without_id("quarantine " + *quarantine + "\n");
    const char answer = final == 'a' ? 'c' : final;  // the same to an MTA
    return out + "answer " + (answer == 0 ? std::string("none") : std::string(1, answer)) + " " +
           text + "\n";
}

NamedValues FakeMta::default_macros() {
    return {{"j", "mx.site.example"}, {"{daemon_name}", "mx.site.example"}, {"v", "Test 1"}};
}

std::optional<FakeMta> FakeMta::connect(const std::string& socket, Milliseconds patience) {
    UniqueFd fd;
    int connected = -1;
    if (socket.rfind("unix:", 0) == 0) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = socket.substr(5);
        std::memcpy(address.sun_path, path.data(),
                    std::min(path.size(), sizeof address.sun_path - 1));
        fd.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        connected =
            ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    } else {
        const std::size_t at = socket.find('@');
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(socket.substr(5, at - 5))));
        ::inet_pton(AF_INET, socket.substr(at + 1).c_str(), &address.sin_addr);
        fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        connected =
            ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    if (connected != 0) return std::nullopt;
    return FakeMta(std::move(fd), patience);
}

std::string FakeMta::head(std::uint32_t length, char command) { return u32(length) + command; }

void FakeMta::packet(char command, std::string_view data) {
    raw(head(static_cast<std::uint32_t>(data.size() + 1), command));
    raw(data);
}

void FakeMta::raw(std::string_view bytes) {
    unsent_ += bytes;
    if (unsent_.size() >= kSendBytes) flush();
}

void FakeMta::flush() {
    std::string_view left = unsent_;
    while (!left.empty()) {
        pollfd event{socket_.get(), POLLOUT, 0};
        if (::poll(&event, 1, static_cast<int>(patience_.count())) == 0) break;
        const ssize_t n = ::send(socket_.get(), left.data(), std::min(left.size(), write_bytes_),
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n <= 0) break;  // hung up; the next read says so
        left.remove_prefix(static_cast<std::size_t>(n));
    }
    unsent_.clear();
}

std::size_t FakeMta::flood(std::string_view bytes, std::size_t total) {
    flush();
    std::string_view left = bytes;
    std::size_t sent = 0;
    while (sent < total) {
        pollfd event{socket_.get(), POLLOUT, 0};
        if (::poll(&event, 1, kFloodPatience) <= 0) break;
        const ssize_t n =
            ::send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n <= 0) break;
        sent += static_cast<std::size_t>(n);
        left.remove_prefix(static_cast<std::size_t>(n));
        if (left.empty()) left = bytes;
    }
    return sent;
}

void FakeMta::reset() {
    flush();
    const linger at_once{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_.reset();
}

bool FakeMta::read_exactly(char* into, std::size_t bytes) {
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    while (bytes > 0) {
        const auto left =
            std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        pollfd event{socket_.get(), POLLIN, 0};
        if (::poll(&event, 1, static_cast<int>(left.count())) <= 0) continue;
        const ssize_t n = ::recv(socket_.get(), into, bytes, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        into += n;
        bytes -= static_cast<std::size_t>(n);
    }
    return true;
}

std::optional<FakeMta::Packet> FakeMta::read_packet() {
    flush();
    std::string length(4, '\0');
    if (!read_exactly(length.data(), length.size())) return std::nullopt;
    const std::uint32_t bytes = read_u32(length, 0);
    if (bytes == 0 || bytes > kMaxReply) return std::nullopt;
    std::string all(bytes, '\0');
    if (!read_exactly(all.data(), all.size())) return std::nullopt;
    return Packet{all.front(), all.substr(1)};
}

bool FakeMta::negotiate(const MtaOffer& offer) {
    packet('O', u32(offer.version) + u32(offer.actions) + u32(offer.steps));
    const auto reply = read_packet();
    if (!reply || reply->command != 'O' || reply->data.size() < 12) return false;
    agreement_ = {read_u32(reply->data, 0), read_u32(reply->data, 4), read_u32(reply->data, 8), {}};
    std::size_t at = 12;
    while (at + 4 < reply->data.size()) {
        const std::uint32_t stage = read_u32(reply->data, at);
        at += 4;
        agreement_.macro_lists[stage] = take_text(reply->data, at);
    }
    return true;
}

void FakeMta::macros(char command, const NamedValues& values) {
    NamedValues now = values;
    if (order_ == MacroOrder::Late && (command == 'H' || command == 'M')) {
        late_.insert(late_.end(), values.begin(), values.end());
        return;
    }
    if (order_ == MacroOrder::Late && command == 'E') {
        now.insert(now.end(), late_.begin(), late_.end());
        late_.clear();
    }
    if (now.empty()) return;
    if (order_ == MacroOrder::Reversed) std::reverse(now.begin(), now.end());
    if (order_ == MacroOrder::Noisy) {
        now.insert(now.begin(), {"{nobody_asked}", "auth_authen=root"});
        now.push_back({"{mail_host}", ""});
        packet('D', "?" + zero_ended("i") + zero_ended("WRONG"));  // of no stage
        packet('D', "L" + zero_ended("i") + zero_ended("WRONG"));  // of a stage without macros
        packet('D', std::string(1, command));                      // no macro at all
    }
    std::string data(1, command);
    for (const auto& [name, value] : now) data += zero_ended(name) + zero_ended(value);
    packet('D', data);
    if (order_ == MacroOrder::Twice) packet('D', data);
}

char FakeMta::step(char command, std::string_view data, std::uint32_t silent_flag) {
    packet(command, data);
    if ((agreement_.steps & silent_flag) != 0) return 'c';
    const auto reply = read_packet();
    return reply ? reply->command : '\0';
}

char FakeMta::connection(std::string_view host, char family, std::string_view address,
                         const NamedValues& values) {
    macros('C', values);
    std::string data = zero_ended(host) + family;
    if (family != 'U') data += std::string("\x30\x39", 2) + zero_ended(address);  // port 12345
    return step('C', data, kSilentConnect);
}
char FakeMta::helo(std::string_view name, const NamedValues& values) {
    macros('H', values);
    return step('H', zero_ended(name), kSilentHelo);
}
char FakeMta::mail(std::string_view sender, const NamedValues& values) {
    macros('M', values);
    return step('M', zero_ended(sender), kSilentMail);
}
char FakeMta::rcpt(std::string_view recipient) {
    return step('R', zero_ended(recipient), kSilentRcpt);
}
char FakeMta::data() { return step('T', {}, kSilentData); }
char FakeMta::header(std::string_view name, std::string_view raw_value) {
    const bool eat =
        (agreement_.steps & kLeadingSpace) == 0 && !raw_value.empty() && raw_value.front() == ' ';
    return step('L', zero_ended(name) + zero_ended(raw_value.substr(eat ? 1 : 0)), kSilentHeader);
}
char FakeMta::end_of_headers() { return step('N', {}, kSilentEoh); }
char FakeMta::body(std::string_view chunk) { return step('B', chunk, kSilentBody); }

EomAnswer FakeMta::end_of_message(const NamedValues& values) {
    macros('E', values);
    packet('E', {});
    return read_answer();
}

EomAnswer FakeMta::read_answer() {
    EomAnswer answer;
    while (const auto reply = read_packet()) {
        const std::string& d = reply->data;
        std::size_t at = 4;
        switch (reply->command) {
            case 'i': {
                std::string name = take_text(d, at);
                answer.inserted.push_back({read_u32(d, 0), std::move(name), take_text(d, at)});
                break;
            }
            case 'm': {
                std::string name = take_text(d, at);
                answer.changed.push_back({read_u32(d, 0), std::move(name), take_text(d, at)});
                break;
            }
            case 'q':
                answer.quarantine = d.substr(0, d.find('\0'));
                break;
            case 'p':
                break;  // progress: still alive
            case 'y':
                answer.text = d.substr(0, d.find('\0'));
                [[fallthrough]];
            default:
                answer.final = reply->command;
                return answer;
        }
    }
    return answer;
}

void FakeMta::abort() {
    packet('A', {});
    flush();
}
void FakeMta::quit() {
    packet('Q', {});
    flush();
}
void FakeMta::quit_new_connection() {
    packet('K', {});
    flush();
}

void FakeMta::greet() {
    connection("out.partner.example", '4', "192.0.2.7");
    helo("out.partner.example", {{"{tls_version}", "TLSv1.3"}});
}

void FakeMta::send_up_to_body(const FakeMail& mail_to_send) {
    // Postfix has no queue id at MAIL; it comes with later stages.
    NamedValues at_mail{{"{mail_addr}", mail_to_send.sender}};
    if (!mail_to_send.login.empty()) at_mail.push_back({"{auth_authen}", mail_to_send.login});
    mail(mail_to_send.sender, at_mail);
    for (const auto& recipient : mail_to_send.recipients) rcpt(recipient);
    if (agreement_.version > 3) data();
    for (const auto& [name, value] : mail_to_send.headers) header(name, value);
    end_of_headers();
    for (std::size_t at = 0; at < mail_to_send.body.size(); at += mail_to_send.chunk) {
        const char reply = body(std::string_view(mail_to_send.body).substr(at, mail_to_send.chunk));
        if (reply != 'c') break;  // skip, or hung up
    }
}

EomAnswer FakeMta::deliver(const FakeMail& mail_to_deliver, const Delivery& delivery) {
    write_bytes_ = delivery.write;
    order_ = delivery.macros;
    if (!negotiate(delivery.offer)) return {};
    greet();
    FakeMail head_only = mail_to_deliver;
    head_only.chunk = delivery.chunk;
    if (!delivery.end_with_body) {
        return send(head_only);
    }
    const std::size_t whole = mail_to_deliver.body.size();
    const std::size_t last = std::min(delivery.chunk, whole);
    head_only.body.resize(whole - last);
    send_up_to_body(head_only);
    macros('E', {{"i", mail_to_deliver.queue_id}});
    packet('E', std::string_view(mail_to_deliver.body).substr(whole - last));
    return read_answer();
}

EomAnswer FakeMta::send(const FakeMail& mail_to_send) {
    send_up_to_body(mail_to_send);
    return end_of_message({{"i", mail_to_send.queue_id}});
}

bool FakeMta::is_closed() {
    flush();
    std::string dropped(4096, '\0');
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    while (std::chrono::steady_clock::now() < deadline) {
        pollfd event{socket_.get(), POLLIN, 0};
        if (::poll(&event, 1, 100) <= 0) continue;
        const ssize_t n = ::recv(socket_.get(), dropped.data(), dropped.size(), 0);
        if (n == 0 || (n < 0 && errno != EINTR)) return true;
    }
    return false;
}

}  // namespace kith::test
