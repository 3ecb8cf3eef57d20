// SPDX-License-Identifier: Apache-2.0
#include "milter/glue.hpp"

#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace kith::milter {
namespace {

/// libmilter's bound on one command is 65,535 bytes and a longer header field ends the connection;
/// Sendmail sends such.
constexpr std::size_t kMaxCommandBytes = std::size_t{1} << 20;

/// Sessions that wait with a reply for the MTA to read or write. Shorter than libmilter's 7210 s:
/// an MTA idles for minutes.
constexpr int kIoTimeoutSeconds = 1800;

constexpr unsigned long kWantedActions =
    SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST;
/// Steps that we never answer: each spares a round trip. Not the body: where its last piece comes
/// with the end of the message libmilter calls one callback after the other, and the second only
/// when the first answered CONTINUE, which in a silent step it would tell the log as an error. For
/// the same reason nothing is skipped: an MTA that waits for the end would wait for ever.
constexpr unsigned long kSilentSteps = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL |
                                       SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_HDR | SMFIP_NR_EOH;
constexpr unsigned long kWantedSteps = kSilentSteps | SMFIP_HDR_LEADSPC | SMFIP_NOUNKNOWN;
/// No silent step.
constexpr unsigned long kAnswered = 0;

/// Set once before smfi_main: no callback of libmilter carries a pointer of ours before
/// smfi_setpriv.
std::shared_ptr<Services>& services() {
    static std::shared_ptr<Services> instance;
    return instance;
}

/// What each libmilter context negotiated. Sendmail reuses a connection (QUIT_NC): close and
/// connect without a new negotiation, and by then the session that knew is gone. Keys are addresses
/// of contexts, never followed. Thread-safe.
class NegotiatedByContext {
public:
    void set(SMFICTX* context, Negotiated negotiated) {
        std::lock_guard lock(mutex_);
        if (map_.size() >= kMaxContexts)
            map_.clear();  // contexts that are long gone; a new negotiation comes with a new one
        map_[context] = negotiated;
    }
    [[nodiscard]] Negotiated get(SMFICTX* context) const {
        std::lock_guard lock(mutex_);
        const auto found = map_.find(context);
        return found == map_.end() ? Negotiated{} : found->second;
    }

private:
    static constexpr std::size_t kMaxContexts = 65536;
    mutable std::mutex mutex_;
    std::map<const void*, Negotiated> map_;
};

NegotiatedByContext& negotiated_contexts() {
    static NegotiatedByContext instance;
    return instance;
}

/// The context's session; made when there is none, because no callback may rely on an earlier one
/// having come.
Session& session_of(SMFICTX* context) {
    if (auto* session = static_cast<Session*>(::smfi_getpriv(context))) return *session;
    auto session = std::make_unique<Session>(services(), negotiated_contexts().get(context));
    if (::smfi_setpriv(context, session.get()) != MI_SUCCESS)
        throw std::runtime_error("smfi_setpriv failed");
    return *session.release();  // taken back by take_session() in on_close
}

std::unique_ptr<Session> take_session(SMFICTX* context) noexcept {
    std::unique_ptr<Session> session(static_cast<Session*>(::smfi_getpriv(context)));
    ::smfi_setpriv(context, nullptr);
    return session;
}

void report(SMFICTX* context, const char* stage, const char* what) noexcept {
    try {
        if (auto* session = static_cast<Session*>(::smfi_getpriv(context))) session->mark_failed();
        log_throttled(*services(), services()->exception_trouble, LogLevel::Error,
                      "internal failure", {{"stage", stage}, {"error", what}});
    } catch (...) {
        return;  // not even the log works; the answer below is all that is left
    }
}

/// The one catch-all between C++ and libmilter's C frames: what `work` answers, or what `otherwise`
/// does when it failed.
template <class F, class G>
sfsistat guarded(SMFICTX* context, const char* name, G&& otherwise, F&& work) noexcept {
    try {
        return std::forward<F>(work)();
    } catch (const std::exception& e) {
        report(context, name, e.what());
    } catch (...) {
        report(context, name, "unknown exception");
    }
    return std::forward<G>(otherwise)();
}

sfsistat carry_on() noexcept { return SMFIS_CONTINUE; }

/// The answer to a step nothing is decided at. One that was negotiated as silent must have none:
/// libmilter corrects a CONTINUE, and tells the system's log each time.
sfsistat go_on(SMFICTX* context, unsigned long step) noexcept {
    const auto* session = static_cast<const Session*>(::smfi_getpriv(context));
    const unsigned long silent = session != nullptr ? session->negotiated().silent
                                                    : negotiated_contexts().get(context).silent;
    return (silent & step) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/// A step nothing is decided at. A failure is remembered and answered at the end of the message.
template <class F>
sfsistat undecided(SMFICTX* context, const char* name, unsigned long step, F&& work) noexcept {
    const auto answer = [&] { return go_on(context, step); };
    return guarded(context, name, answer, [&] {
        std::forward<F>(work)();
        return answer();
    });
}

/// libmilter takes char* and promises in its documentation not to write.
char* c_text(const std::string& text) { return const_cast<char*>(text.c_str()); }

Macros macros_of(SMFICTX* context) {
    return [context](const char* name) -> std::optional<std::string> {
        const char* value = ::smfi_getsymval(context, const_cast<char*>(name));
        if (value == nullptr) return std::nullopt;
        return std::string(value);
    };
}

/// "" for a family we do not know and for none at all (a client that was gone before the MTA could
/// ask).
std::string text_of(const sockaddr* address) {
    if (address == nullptr) return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        if (::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size()) == nullptr) return {};
        return text.data();
    }
    if (address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
        const void* bytes =
            mapped ? static_cast<const void*>(&v6.sin6_addr.s6_addr[12]) : &v6.sin6_addr;
        if (::inet_ntop(mapped ? AF_INET : AF_INET6, bytes, text.data(), text.size()) == nullptr)
            return {};
        return text.data();
    }
    return {};
}

sfsistat on_negotiate(SMFICTX* context, unsigned long offered_actions, unsigned long offered_steps,
                      unsigned long, unsigned long, unsigned long* actions, unsigned long* steps,
                      unsigned long* reserved2, unsigned long* reserved3) {
    return guarded(context, "negotiate", carry_on, [&]() -> sfsistat {
        const unsigned long want_steps = kWantedSteps & offered_steps;
        *actions = kWantedActions & offered_actions;
        *steps = want_steps;
        *reserved2 = 0;
        *reserved3 = 0;
        negotiated_contexts().set(
            context, Negotiated{(*actions & SMFIF_ADDHDRS) != 0, (*actions & SMFIF_CHGHDRS) != 0,
                                (*actions & SMFIF_QUARANTINE) != 0,
                                (want_steps & SMFIP_HDR_LEADSPC) != 0, want_steps & kSilentSteps});
        if ((*actions & SMFIF_SETSYMLIST) != 0) {
            // Replaces the MTA's own lists, so that a site's milter_*_macros settings cannot take
            // from us what we need.
            static constexpr std::array<std::pair<int, const char*>, 4> kMacros = {{
                {SMFIM_CONNECT, "j {daemon_name} {daemon_addr} {daemon_port} v _"},
                {SMFIM_HELO, "{tls_version} {cipher} {cipher_bits}"},
                {SMFIM_ENVFROM,
                 "i {auth_type} {auth_authen} {auth_author} {mail_addr} {client_addr} "
                 "{client_name}"},
                {SMFIM_EOM, "i"},
            }};
            for (const auto& [stage, names] : kMacros)
                if (::smfi_setsymlist(context, stage, const_cast<char*>(names)) != MI_SUCCESS)
                    services()->log(LogLevel::Warning, "the MTA's macro list could not be set",
                                    {{"macros", names}});
        }
        return SMFIS_CONTINUE;
    });
}

sfsistat on_connect(SMFICTX* context, char* host, _SOCK_ADDR* address) {
    return undecided(context, "connect", SMFIP_NR_CONN, [&] {
        session_of(context).connected(host == nullptr ? "" : host, text_of(address),
                                      macros_of(context));
    });
}

sfsistat on_helo(SMFICTX* context, char* name) {
    return undecided(context, "helo", SMFIP_NR_HELO, [&] {
        session_of(context).helo(name == nullptr ? "" : name, macros_of(context));
    });
}

sfsistat on_mail(SMFICTX* context, char** arguments) {
    return undecided(context, "mail", SMFIP_NR_MAIL, [&] {
        const char* sender = arguments == nullptr || arguments[0] == nullptr ? "" : arguments[0];
        session_of(context).mail_from(sender, macros_of(context));
    });
}

sfsistat on_rcpt(SMFICTX* context, char** arguments) {
    return undecided(context, "rcpt", SMFIP_NR_RCPT, [&] {
        const char* address = arguments == nullptr || arguments[0] == nullptr ? "" : arguments[0];
        session_of(context).recipient(address);
    });
}

sfsistat on_data(SMFICTX* context) { return go_on(context, SMFIP_NR_DATA); }

sfsistat on_header(SMFICTX* context, char* name, char* value) {
    return undecided(context, "header", SMFIP_NR_HDR, [&] {
        session_of(context).header(name == nullptr ? "" : name, value == nullptr ? "" : value);
    });
}

sfsistat on_end_of_headers(SMFICTX* context) {
    return undecided(context, "eoh", SMFIP_NR_EOH, [&] { session_of(context).end_of_headers(); });
}

sfsistat on_body(SMFICTX* context, unsigned char* bytes, std::size_t length) {
    return undecided(context, "body", kAnswered, [&] {
        session_of(context).body({reinterpret_cast<const char*>(bytes), length});
    });
}

/// libmilter hands the text on as a format: a per cent sign must be doubled.
std::string percent_doubled(const std::string& text) {
    std::string out;
    for (const char c : text) {
        out += c;
        if (c == '%') out += c;
    }
    return out;
}

/// Asks the MTA for everything in `plan`; the action that was reached, which is less when the MTA
/// refused.
Action carry_out(SMFICTX* context, const Plan& plan, const Negotiated& negotiated) {
    std::string refused;
    for (const HeaderRemoval& removal : plan.removals)
        if (::smfi_chgheader(context, c_text(removal.name), removal.index, nullptr) != MI_SUCCESS)
            refused = "header removal";
    // Each is inserted above what is there (index 0: above the MTA's own Received), so the last one
    // comes first.
    for (auto header = plan.insertions.rbegin(); header != plan.insertions.rend(); ++header) {
        const std::string value = (negotiated.leading_space ? " " : "") + header->value;
        if (::smfi_insheader(context, 0, c_text(header->name), c_text(value)) != MI_SUCCESS)
            refused = "header insertion";
    }
    Action action = plan.action;
    if (plan.quarantine_reason &&
        ::smfi_quarantine(context, c_text(*plan.quarantine_reason)) != MI_SUCCESS) {
        refused = "quarantine";
        action = Action::Accepted;
    }
    if (!refused.empty())
        log_throttled(*services(), services()->exception_trouble, LogLevel::Error,
                      "the MTA did not take a change", {{"change", refused}});
    return action;
}

/// The answer at the end of a message whose judging failed.
sfsistat answer_of_failure(SMFICTX* context) noexcept {
    const auto* session = static_cast<const Session*>(::smfi_getpriv(context));
    const bool tempfail = session != nullptr && session->on_failure() == OnFailure::Tempfail;
    return tempfail ? SMFIS_TEMPFAIL : SMFIS_CONTINUE;
}

sfsistat on_end_of_message(SMFICTX* context) {
    const auto failed = [&] { return answer_of_failure(context); };
    return guarded(context, "eom", failed, [&]() -> sfsistat {
        Session& session = session_of(context);
        const Plan plan = session.end_of_message(macros_of(context));
        session.settled(carry_out(context, plan, session.negotiated()));
        // CONTINUE and ACCEPT mean the same to the MTA here, not to libmilter: after ACCEPT it
        // takes no QUIT_NC, drops the next client's CONNECT, and that client's mail would come
        // under the name of the one before.
        if (plan.reply == Reply::Accept) return SMFIS_CONTINUE;
        // Only here, right before the answer it belongs to: the text would stay for the
        // connection's next message.
        const std::string text = percent_doubled(plan.reply_text);
        ::smfi_setreply(context, c_text(plan.reply_code), c_text(plan.reply_status), c_text(text));
        return plan.reply == Reply::Reject ? SMFIS_REJECT : SMFIS_TEMPFAIL;
    });
}

sfsistat on_abort(SMFICTX* context) {
    return guarded(context, "abort", carry_on, [&]() -> sfsistat {
        if (auto* session = static_cast<Session*>(::smfi_getpriv(context))) session->abort();
        return SMFIS_CONTINUE;
    });
}

/// May be the only callback of a connection, and may come under libmilter's own lock: nothing here
/// waits.
sfsistat on_close(SMFICTX* context) {
    return guarded(context, "close", carry_on, [&]() -> sfsistat {
        take_session(context).reset();
        return SMFIS_CONTINUE;
    });
}

}  // namespace

Status open_milter(const std::string& socket_spec, std::shared_ptr<Services> with) {
    services() = std::move(with);
    static std::string name = "kith";
    smfiDesc filter{};
    filter.xxfi_name = name.data();
    filter.xxfi_version = SMFI_VERSION;
    filter.xxfi_flags = kWantedActions;
    filter.xxfi_connect = on_connect;
    filter.xxfi_helo = on_helo;
    filter.xxfi_envfrom = on_mail;
    filter.xxfi_envrcpt = on_rcpt;
    filter.xxfi_data = on_data;
    filter.xxfi_header = on_header;
    filter.xxfi_eoh = on_end_of_headers;
    filter.xxfi_body = on_body;
    filter.xxfi_eom = on_end_of_message;
    filter.xxfi_abort = on_abort;
    filter.xxfi_close = on_close;
    filter.xxfi_negotiate = on_negotiate;
    std::string spec = socket_spec;
    ::smfi_setmaxdatasize(kMaxCommandBytes);
    if (::smfi_setconn(spec.data()) != MI_SUCCESS)
        return fail(ErrorCode::Config,
                    "milter.socket " + socket_spec + ": libmilter does not take it");
    if (::smfi_register(filter) != MI_SUCCESS)
        return fail(ErrorCode::Internal, "libmilter refused the registration");
    if (::smfi_settimeout(kIoTimeoutSeconds) != MI_SUCCESS)
        return fail(ErrorCode::Internal, "libmilter refused the timeout");
    if (::smfi_opensocket(false) != MI_SUCCESS)
        return fail(ErrorCode::Unavailable,
                    "milter.socket " + socket_spec + ": cannot be opened (libmilter logged why)",
                    "its directory must be writable, its port free");
    return ok();
}

}  // namespace kith::milter

/// libmilter starts a thread that waits for HUP, TERM and INT with sigwait(3) and takes each for an
/// order to stop. A pending signal goes to whoever looks first, so no mask or handler of ours keeps
/// a reload from ending the filter now and then. The dynamic linker gives libmilter this definition
/// instead of the C library's: its thread waits for nothing, and main.cpp's signalfd is the only
/// reader.
extern "C" [[gnu::visibility("default")]] int sigwait(const sigset_t* /*set*/, int* /*signal*/) {
    for (;;) ::pause();
}

namespace kith::milter {

Status run_milter() {
    if (::smfi_main() == MI_SUCCESS) return ok();
    return fail(ErrorCode::Unavailable, "libmilter stopped serving (it logged why)");
}

}  // namespace kith::milter
