// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as what an MTA does on one connection: events of the milter protocol in any
// order, with aborts, clients anew, macros at any stage, reloads, judges that throw, and pieces of
// any size. Whatever comes, each mail is judged by exactly the bytes that came for it, cut at the
// bounds, and is answered as it is on a fresh connection where its body comes in other pieces and
// the macros come late: nothing of one mail shows in another.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/assess/record.hpp"
#include "engine/base/text.hpp"
#include "milter/session.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace kith;
using namespace kith::milter;

void require(bool condition) {
    if (!condition) std::abort();
}

// --- events
// --------------------------------------------------------------------------------------------------

using Values = std::map<std::string, std::string>;

enum class Kind : std::uint8_t {
    Connect,
    Helo,
    Mail,
    Rcpt,
    Header,
    HeadersEnd,
    Body,
    End,
    Abort,
    Failed,
    Reload,
    Count
};

struct Event {
    Kind kind = Kind::Abort;
    std::string first, second;
    Values macros;
    std::uint8_t choice =
        0;  ///< End: bit 0 the judge throws, bit 1 it is not settled; Reload: which
};

constexpr const char* kMacroNames[] = {"i",
                                       "{auth_authen}",
                                       "{tls_version}",
                                       "j",
                                       "{daemon_name}",
                                       "{daemon_port}",
                                       "{client_addr}",
                                       "{cipher}"};

/// What a mutation of single bytes would hardly find.
constexpr std::string_view kTexts[] = {"",
                                       "<anna@partner.example>",
                                       "ben@site.example",
                                       "From",
                                       " Anna <anna@partner.example>",
                                       "Subject",
                                       "X-Kith-Score",
                                       "x-kith-verdict",
                                       "Content-Type",
                                       " multipart/mixed; boundary=b",
                                       " text/html",
                                       "\r\n--b\r\n\r\n",
                                       "https://login.example/x?y=z",
                                       "IPv6:2001:db8:0:0:0:0:0:1",
                                       "192.0.2.9",
                                       "unknown",
                                       "a\nBcc: b\r\n c\n",
                                       "\xff\xfe\x80"};

class Decoder {
public:
    Decoder(const std::uint8_t* bytes, std::size_t size) : at_(bytes), end_(bytes + size) {}
    [[nodiscard]] bool more() const noexcept { return at_ != end_; }
    std::uint8_t byte() noexcept { return more() ? *at_++ : std::uint8_t{0}; }
    /// Below 200 so many bytes, 200 to 217 a text of the table, else its own last byte repeated.
    std::string text() {
        const std::size_t length = byte();
        if (length >= 200 && length < 200 + std::size(kTexts))
            return std::string(kTexts[length - 200]);
        if (length >= 200) return std::string(length * 9, static_cast<char>(byte()));
        const std::size_t left = static_cast<std::size_t>(end_ - at_);
        std::string out(reinterpret_cast<const char*>(at_), std::min(length, left));
        at_ += out.size();
        return out;
    }
    Values macros() {
        Values out;
        const unsigned mask = byte();
        for (unsigned i = 0; i < std::size(kMacroNames); ++i)
            if ((mask >> i & 1U) != 0) out[kMacroNames[i]] = text();
        return out;
    }
    Event event() {
        Event e;
        e.kind = static_cast<Kind>(byte() % static_cast<unsigned>(Kind::Count));
        switch (e.kind) {
            case Kind::Connect:
            case Kind::Header:
                e.first = text();
                e.second = text();
                break;
            case Kind::Helo:
            case Kind::Mail:
            case Kind::Rcpt:
            case Kind::Body:
                e.first = text();
                break;
            case Kind::End:
            case Kind::Reload:
                e.choice = byte();
                break;
            default:
                break;
        }
        if (e.kind == Kind::Connect || e.kind == Kind::Helo || e.kind == Kind::Mail ||
            e.kind == Kind::End)
            e.macros = macros();
        return e;
    }

private:
    const std::uint8_t* at_;
    const std::uint8_t* end_;
};

// --- the world around the session
// --------------------------------------------------------------------------------------------------

/// Of a mail as the judge got it and as it was answered.
struct Fate {
    std::string bytes, arrival, record, plan;
    [[nodiscard]] bool operator==(const Fate&) const = default;
};

std::string text_of(const MessageBytes& bytes) {
    if (bytes.fd < 0) return std::string(bytes.memory);
    std::string out(static_cast<std::size_t>(bytes.length), '\0');
    const ssize_t n = ::pread(bytes.fd, out.data(), out.size(), static_cast<off_t>(bytes.offset));
    require(n == static_cast<ssize_t>(bytes.length));
    return out;
}

std::string text_of(const Arrival& a) {
    std::string out = a.mail_from + "|" + a.client_addr + "|" + a.client_name + "|" + a.helo + "|" +
                      a.tls_version + "|" + a.cipher + "|" + a.daemon_name + "|" + a.daemon_port +
                      "|" + a.mta_hostname + "|" + a.queue_id + "|" +
                      a.auth_user.value_or("(none)");
    for (const auto& rcpt : a.rcpts) out += "|" + rcpt;
    return out;
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; });
}

bool is_one_line(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

std::string text_of(const Plan& p) {
    std::string out = std::to_string(static_cast<int>(p.reply)) + p.reply_code + p.reply_status +
                      p.reply_text + "|" + p.quarantine_reason.value_or("(none)") + "|" +
                      std::to_string(static_cast<int>(p.action)) + p.shortfall;
    for (const auto& r : p.removals) out += "|-" + r.name + std::to_string(r.index);
    for (const auto& i : p.insertions) out += "|+" + i.name + ":" + i.value;
    return out;
}

/// What an MTA can take, and nothing that the sender could bend.
void check(const Plan& p) {
    require(is_printable(p.reply_text) && is_printable(p.quarantine_reason.value_or("")));
    for (const auto& r : p.removals) require(r.index >= 1 && ascii_lower(r.name) == r.name);
    for (const auto& i : p.insertions) {
        require(is_printable(i.name) && i.value.find('\r') == std::string::npos);
        for (std::size_t at = i.value.find('\n'); at != std::string::npos;
             at = i.value.find('\n', at + 1))
            require(at + 1 < i.value.size() && i.value[at + 1] == ' ');
    }
}

void check(const Arrival& a) {
    require(a.rcpts.size() <= Session::kMaxRecipients);
    for (const auto& rcpt : a.rcpts) require(rcpt.size() <= Session::kMaxAddressBytes);
    require(a.mail_from.size() <= Session::kMaxAddressBytes);
    for (const std::string* fact :
         {&a.client_addr, &a.client_name, &a.helo, &a.tls_version, &a.cipher, &a.daemon_name,
          &a.daemon_port, &a.mta_hostname, &a.queue_id})
        require(fact->size() <= Session::kMaxNameBytes);
    require(!a.auth_user || !a.auth_user->empty());
}

/// One for the whole process: threads are dear.
class World {
public:
    World() {
        message_library_init();
        for (std::size_t i = 0; i < kConfigs; ++i) {
            Config c;
            c.site.domains = {"site.example"};
            c.mode = static_cast<Mode>(i % 3);
            c.milter.deadline = Seconds(60);
            c.milter.on_failure = i % 2 == 0 ? OnFailure::Accept : OnFailure::Tempfail;
            c.milter.memory_bytes = i % 4 == 0 ? 4096 : 64;
            c.milter.max_message_bytes = i % 4 < 2 ? 1024 : 65536;
            c.milter.add_headers = i % 5 != 4;
            c.milter.spool_directory = has_spool(i) ? directory_.str() : directory_.file("none");
            configs_.push_back(std::make_shared<const Config>(std::move(c)));
        }
        services_->config = [this] { return configs_[config_]; };
        services_->judge = [this](const MessageBytes& bytes, const TenantPart& part) -> Judged {
            return judge(bytes, part.arrival);
        };
        services_->append = [this](const MailRecord&, const Config&) -> Status {
            ++journalled_;
            return ok();
        };
        services_->now = [] { return from_unix(1772442000); };
        services_->log = [](LogLevel, std::string_view message,
                            const std::vector<LogField>& fields) {
            require(is_one_line(log_line(message, fields)));
        };
        services_->judging = &judging_;
        services_->journalling = &journalling_;
    }

    static constexpr std::size_t kConfigs = 12;
    [[nodiscard]] const Config& config(std::size_t i) const { return *configs_[i % kConfigs]; }
    [[nodiscard]] static bool has_spool(std::size_t i) noexcept { return i % kConfigs < 8; }

    /// Everything the events lead to, one Fate for each End.
    std::vector<Fate> run(const std::vector<Event>& events, Negotiated negotiated) {
        std::vector<Fate> fates;
        config_ = 0;
        {
            Session session(services_, negotiated);
            for (const Event& e : events) play(session, e, fates);
        }
        require(services_->counters.open_messages == 0);
        return fates;
    }

private:
    void play(Session& session, const Event& e, std::vector<Fate>& fates) {
        const Macros macros = [&e](const char* name) -> std::optional<std::string> {
            const auto found = e.macros.find(name);
            return found == e.macros.end() ? std::nullopt : std::optional(found->second);
        };
        switch (e.kind) {
            case Kind::Connect:
                return session.connected(e.first, e.second, macros);
            case Kind::Helo:
                return session.helo(e.first, macros);
            case Kind::Mail:
                return session.mail_from(e.first, macros);
            case Kind::Rcpt:
                return session.recipient(e.first);
            case Kind::Header:
                return session.header(e.first, e.second);
            case Kind::HeadersEnd:
                return session.end_of_headers();
            case Kind::Body:
                return session.body(e.first);
            case Kind::Abort:
                return session.abort();
            case Kind::Failed:
                return session.mark_failed();
            case Kind::Reload:
                config_ = e.choice % kConfigs;
                return;
            case Kind::End:
                return end(session, e, macros, fates);
            case Kind::Count:
                break;
        }
    }

    void end(Session& session, const Event& e, const Macros& macros, std::vector<Fate>& fates) {
        fate_ = {};
        throws_ = (e.choice & 1) != 0;
        const auto messages = services_->counters.messages.load();
        const auto journalled = journalled_;
        const Plan plan = session.end_of_message(macros);
        require(services_->counters.messages == messages + 1);
        check(plan);
        fate_.plan = text_of(plan);
        if ((e.choice & 2) == 0) {
            session.settled(plan.action);
            session.settled(plan.action);  // nothing is left to be settled
            require(journalled_ == journalled + (fate_.record.empty() ? 0U : 1U));
        }
        fates.push_back(fate_);
    }

    Judged judge(const MessageBytes& bytes, const Arrival& arrival) {
        check(arrival);
        fate_.bytes = text_of(bytes);
        fate_.arrival = text_of(arrival);
        if (throws_) throw std::runtime_error("told to");
        static const Hasher hasher{Hasher::Secret{1}};
        Judged judged(
            draft_record(parse(bytes, ParseOptions()), arrival, *configs_[0], hasher).record);
        // Every verdict comes, the same for the same bytes.
        unsigned sum = 0;
        for (const char c : fate_.bytes) sum = sum * 31 + static_cast<unsigned char>(c);
        judged.record.assessment.verdict = static_cast<Verdict>(sum % 5);
        fate_.record = encode(judged.record);
        return judged;
    }

    test::TempDir directory_;
    std::vector<std::shared_ptr<const Config>> configs_;
    std::size_t config_ = 0;
    Fate fate_;
    bool throws_ = false;
    unsigned journalled_ = 0;
    std::shared_ptr<Services> services_ = std::make_shared<Services>();
    WorkerPool judging_{1, 1, [](const char*) {}}, journalling_{1, 64};
};

// --- what must come out
// --------------------------------------------------------------------------------------------------

/// The bytes of each mail, worked out in the dullest way.
class Expected {
public:
    Expected(const World& world, bool leading_space)
        : world_(world), leading_space_(leading_space) {}

    /// The bytes that are judged when `e` ends a mail.
    std::optional<std::string> after(const Event& e) {
        switch (e.kind) {
            case Kind::Mail:
                open_ = false;
                begin();
                break;
            case Kind::Rcpt:
                begin();
                break;
            case Kind::Header:
                begin();
                bytes_ += e.first + (leading_space_ ? ":" : ": ");
                for (std::size_t i = 0; i < e.second.size(); ++i) {
                    bytes_ += e.second[i];
                    const char next = i + 1 < e.second.size() ? e.second[i + 1] : 'x';
                    if (e.second[i] == '\n' && next != ' ' && next != '\t') bytes_ += ' ';
                }
                bytes_ += '\n';
                break;
            case Kind::HeadersEnd:
                end_headers();
                break;
            case Kind::Body:
                end_headers();
                bytes_ += e.first;
                break;
            case Kind::Reload:
                config_ = e.choice;
                break;
            case Kind::Connect:
            case Kind::Abort:
                open_ = false;
                break;
            case Kind::End: {
                end_headers();
                open_ = false;
                const MilterOptions& bounds = world_.config(begun_with_).milter;
                bytes_.resize(std::min<std::size_t>(bytes_.size(), bounds.max_message_bytes));
                if (bytes_.size() > bounds.memory_bytes && !World::has_spool(begun_with_))
                    bytes_.resize(bounds.memory_bytes);  // there is no file to be had
                return bytes_;
            }
            default:
                break;
        }
        return std::nullopt;
    }

private:
    void begin() {
        if (std::exchange(open_, true)) return;
        bytes_.clear();
        headers_ended_ = false;
        begun_with_ = config_;
    }
    void end_headers() {
        begin();
        if (!std::exchange(headers_ended_, true)) bytes_ += '\n';
    }

    const World& world_;
    bool leading_space_, open_ = false, headers_ended_ = false;
    std::size_t config_ = 0, begun_with_ = 0;
    std::string bytes_;
};

/// The events of the mail that `end` ends, on a connection with nothing else but what it knows of
/// client and MTA; the body in pieces of `piece` bytes.
std::vector<Event> alone(const std::vector<Event>& events, std::size_t end, std::size_t piece) {
    std::size_t begin = end;
    const auto ends_before = [&](const Event& e) {
        return e.kind == Kind::End || e.kind == Kind::Abort || e.kind == Kind::Connect;
    };
    while (begin > 0 && events[begin].kind != Kind::Mail && !ends_before(events[begin - 1]))
        --begin;
    std::vector<Event> out;
    for (std::size_t i = 0; i < begin; ++i) {
        const Event& e = events[i];
        if (e.kind == Kind::Connect || e.kind == Kind::Helo || e.kind == Kind::Reload)
            out.push_back(e);
        if (e.kind != Kind::Mail) continue;
        out.push_back(e);  // it may tell of another client
        out.push_back({});
    }
    for (std::size_t i = begin; i <= end; ++i) {
        if (events[i].kind != Kind::Body) {
            out.push_back(events[i]);
            continue;
        }
        std::string body = events[i].first;
        while (events[i + 1].kind == Kind::Body) body += events[++i].first;
        for (std::size_t at = 0; at == 0 || at < body.size(); at += piece) {
            out.push_back(events[i]);
            out.back().first = body.substr(at, piece);
        }
    }
    return out;
}

/// The same macros, told with the end of the last mail. What client and MTA are, the first telling
/// decides; {client_addr} counts at MAIL only.
void tell_late(std::vector<Event>& events) {
    Values& at_end = events.back().macros;
    Values known;
    for (Event& e : events) {
        if (&e == &events.back()) break;
        if (e.kind == Kind::Connect) known.clear();
        const auto take = [&](const char* name) {
            const auto found = e.macros.find(name);
            known[name] = found == e.macros.end() ? "" : found->second;
            if (found != e.macros.end()) e.macros.erase(found);
        };
        if (e.kind == Kind::Connect)
            for (const char* name : {"j", "{daemon_name}", "{daemon_port}"}) take(name);
        if (e.kind == Kind::Helo)
            for (const char* name : {"{tls_version}", "{cipher}"}) take(name);
        if (e.kind == Kind::Mail)
            for (const char* name : {"i", "{auth_authen}"}) take(name);
        if (e.kind == Kind::Abort || e.kind == Kind::End)
            for (const char* name : {"i", "{auth_authen}"}) known.erase(name);
    }
    for (const auto& [name, value] : known) {
        if (value.empty()) continue;
        std::string& late = at_end[name];
        if (name != "i" || late.empty()) late = value;  // the last telling of a queue id counts
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static World world;
    Decoder decoder(bytes, size);
    const unsigned offered = decoder.byte();
    const Negotiated negotiated{(offered & 1) != 0, (offered & 2) != 0, (offered & 4) != 0,
                                (offered & 8) != 0};
    const std::size_t piece = offered >= 128 ? 1 : offered >= 64 ? 7 : 10000;
    std::vector<Event> events;
    while (decoder.more() && events.size() < 64) events.push_back(decoder.event());
    events.push_back({Kind::End, {}, {}, {}, 0});

    const std::vector<Fate> fates = world.run(events, negotiated);
    Expected expected(world, negotiated.leading_space);
    std::size_t ended = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const auto judged = expected.after(events[i]);
        if (!judged) continue;
        const Fate& fate = fates.at(ended++);
        // What failed before its end is not judged.
        require(fate.bytes.empty() || fate.bytes == *judged);
        std::vector<Event> again = alone(events, i, piece);
        if ((offered & 32) != 0) tell_late(again);
        require(world.run(again, negotiated).back() == fate);
    }
    require(ended == fates.size());
    return 0;
}
