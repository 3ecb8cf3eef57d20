// SPDX-License-Identifier: Apache-2.0
// Covered by tests/unit/admin/doctor_test.cpp.
#include "engine/admin/doctor_checks.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "engine/admin/output.hpp"
#include "engine/base/text.hpp"

namespace kith::admin {
namespace {

std::string normal(const std::string& path) {
    return std::filesystem::path(path).lexically_normal().string();
}

std::string host_of(std::string_view host) {
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    std::string h = ascii_lower(host);
    return h == "localhost" ? "127.0.0.1" : h;
}

bool is_smtpd(const PostfixService& s) {
    return s.command == "smtpd" && (s.type == "inet" || s.type == "pass");
}

bool is_submission(const PostfixService& s) {
    // The name may carry an address: "127.0.0.1:submission", "[::]:587".
    const std::size_t colon = s.name.rfind(':');
    const std::string port = colon == std::string::npos ? s.name : s.name.substr(colon + 1);
    static constexpr std::array<std::string_view, 5> kPorts{"submission", "submissions", "smtps",
                                                            "587", "465"};
    return is_smtpd(s) && std::find(kPorts.begin(), kPorts.end(), port) != kPorts.end();
}

bool milters_off(const PostfixView& view, const PostfixService& s) {
    return view.setting(s, "receive_override_options").find("no_milters") != std::string::npos;
}

// A service that takes mail back from a content filter: it has a filter of its own switched off.
bool is_reinjection(const PostfixService& s) {
    const auto it = s.overrides.find("content_filter");
    return is_smtpd(s) && !is_submission(s) && it != s.overrides.end() && it->second.empty();
}

struct Placement {
    bool found = false;
    std::size_t index = 0, count = 0;
    MilterEntry entry;
};

Placement place_of(const std::string& milters, const SocketName& socket,
                   const std::string& queue_directory, bool chroot) {
    Placement p;
    const std::vector<MilterEntry> entries = parse_milters(milters);
    p.count = entries.size();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!leads_to(entries[i].endpoint, socket, queue_directory, chroot)) continue;
        p.found = true;
        p.index = i;
        p.entry = entries[i];
    }
    return p;
}

std::string service_name(const PostfixService& s) { return s.name + "/" + s.type; }

class Checker {
public:
    Checker(const PostfixView& view, const SocketName& socket)
        : view_(view), socket_(socket), queue_(view.setting("queue_directory")) {}

    std::vector<Check> run() {
        milters();
        chroot();
        submission();
        order();
        default_action();
        non_smtpd();
        reinjection();
        protocol();
        macros();
        long_ids();
        return std::move(checks_);
    }

private:
    void add(const char* name, CheckState state, std::string text, std::string todo = {}) {
        checks_.push_back(
            {std::string("postfix.") + name, state, std::move(text), std::move(todo)});
    }

    // The service that takes mail from outside: the first smtpd that is neither submission nor
    // re-injection.
    const PostfixService* inbound() const {
        for (const PostfixService& s : view_.services)
            if (is_smtpd(s) && !is_submission(s) && !is_reinjection(s)) return &s;
        return nullptr;
    }

    Placement placement(const PostfixService& s) const {
        return place_of(view_.setting(s, "smtpd_milters"), socket_, queue_, s.chroot);
    }

    void milters() {
        const PostfixService* s = inbound();
        if (s == nullptr) {
            add("smtpd_milters", CheckState::Fail,
                "master.cf has no smtpd service that takes mail from outside",
                "enable smtp inet … smtpd in master.cf");
            return;
        }
        if (placement(*s).found && !milters_off(view_, *s)) {
            add("smtpd_milters", CheckState::Ok, service_name(*s) + " hands its mail to kith");
            return;
        }
        const bool overridden = s->overrides.count("smtpd_milters") > 0;
        add("smtpd_milters", CheckState::Fail,
            milters_off(view_, *s) ? service_name(*s) + " has receive_override_options=no_milters"
            : overridden ? service_name(*s) + " has -o smtpd_milters without kith's socket"
                         : "smtpd_milters does not name kith's socket",
            "paste the lines below");
    }

    // The address is right, but a chrooted process would look for it somewhere else.
    void chroot() {
        if (!socket_.local) {
            add("chroot", CheckState::Ok,
                "an internet socket is reached from inside the chroot as well");
            return;
        }
        for (const PostfixService& s : view_.services) {
            if (!is_smtpd(s) || !s.chroot || placement(s).found) continue;
            const std::string milters = view_.setting(s, "smtpd_milters");
            if (!place_of(milters, socket_, queue_, false).found) continue;
            add("chroot", CheckState::Fail,
                service_name(s) + " runs chrooted and looks for the socket below " + queue_ +
                    ", where it is not",
                endpoint_for(socket_, queue_).find(":/") == std::string::npos
                    ? "write " + endpoint_for(socket_, queue_) + " in smtpd_milters"
                    : "set milter.socket to unix:" + queue_ +
                          "/kith/kith.sock and write unix:kith/kith.sock in smtpd_milters");
            return;
        }
        const bool any =
            std::any_of(view_.services.begin(), view_.services.end(),
                        [](const PostfixService& s) { return is_smtpd(s) && s.chroot; });
        if (any && endpoint_for(socket_, queue_).find(":/") != std::string::npos)
            add("chroot", CheckState::Fail,
                "smtpd runs chrooted, and " + socket_.path + " is outside " + queue_,
                "set milter.socket to unix:" + queue_ + "/kith/kith.sock");
        else
            add("chroot", CheckState::Ok,
                any ? "smtpd runs chrooted and can reach the socket" : "no smtpd runs chrooted");
    }

    void submission() {
        bool any = false;
        std::string without;
        for (const PostfixService& s : view_.services) {
            if (!is_submission(s)) continue;
            any = true;
            if (!placement(s).found || milters_off(view_, s))
                without += (without.empty() ? "" : ", ") + service_name(s);
        }
        if (!any)
            add("submission", CheckState::Warn, "no submission service (587, 465) in master.cf",
                "if own users send elsewhere, kith does not see their mail and learns less; else "
                "name their networks in "
                "site.networks");
        else if (!without.empty())
            add("submission", CheckState::Fail,
                without + " does not hand its mail to kith: outbound mail is not learned",
                "see the lines and commands below, or add kith's socket to its -o smtpd_milters");
        else
            add("submission", CheckState::Ok, "the submission service hands its mail to kith");
    }

    void order() {
        const PostfixService* s = inbound();
        if (s == nullptr) return;
        const Placement p = placement(*s);
        if (!p.found) return;
        if (p.index + 1 < p.count)
            add("order", CheckState::Warn, "milters come after kith in smtpd_milters",
                "put kith last: Authentication-Results of milters behind it are not seen");
        else
            add("order", CheckState::Ok,
                p.count == 1 ? "kith is the only milter" : "kith is the last milter");
        if (p.count == 1)
            add("authentication", CheckState::Warn,
                "no milter before kith checks SPF, DKIM and DMARC",
                "add one (for example OpenDKIM and OpenDMARC); kith works without, but tells "
                "identities apart less well");
    }

    void default_action() {
        const PostfixService* s = inbound();
        if (s == nullptr) return;
        const Placement p = placement(*s);
        if (!p.found) return;
        const auto it = p.entry.settings.find("default_action");
        const std::string action =
            it != p.entry.settings.end() ? it->second : view_.setting(*s, "milter_default_action");
        if (action == "accept")
            add("default_action", CheckState::Ok,
                "mail flows when kith is down (default_action=accept)");
        else
            add("default_action", CheckState::Warn,
                "mail stops when kith is down (default_action=" + action + ")",
                "write the milter as { " + endpoint_for(socket_, queue_) +
                    ", default_action=accept }");
    }

    void non_smtpd() {
        // cleanup(8) connects for mail that did not come by SMTP.
        bool chrooted = false;
        for (const PostfixService& s : view_.services)
            if (s.command == "cleanup") chrooted = chrooted || s.chroot;
        if (place_of(view_.setting("non_smtpd_milters"), socket_, queue_, chrooted).found)
            add("non_smtpd_milters", CheckState::Ok, "mail of sendmail(1) is seen");
        else
            add("non_smtpd_milters", CheckState::Ok,
                "mail of sendmail(1) is not seen; see the line for it below");
    }

    void reinjection() {
        for (const PostfixService& s : view_.services) {
            if (!is_reinjection(s) || milters_off(view_, s) || !placement(s).found) continue;
            add("reinjection", CheckState::Warn,
                service_name(s) +
                    " takes mail back from a content filter and hands it to kith a second time",
                "see the command below");
            return;
        }
    }

    void protocol() {
        const std::string version = view_.setting("milter_protocol");
        if (version.empty() || version == "6") return;
        add("milter_protocol", CheckState::Fail, "milter_protocol is " + version, "set it to 6");
    }

    void macros() {
        // Macros that kith cannot do without; it asks for them, but an old MTA sends what main.cf
        // says.
        const std::string end = view_.setting("milter_end_of_data_macros");
        const std::string mail = view_.setting("milter_mail_macros");
        if (!end.empty() && parse_has(end, "i") == false)
            add("macros", CheckState::Warn, "milter_end_of_data_macros lacks i (the queue id)",
                "remove it from main.cf");
        else if (!mail.empty() && !parse_has(mail, "{auth_authen}") &&
                 !parse_has(mail, "auth_authen"))
            add("macros", CheckState::Warn,
                "milter_mail_macros lacks {auth_authen}: own users are not recognised",
                "remove it from main.cf");
        else
            add("macros", CheckState::Ok, "the macros kith needs are sent");
    }

    static bool parse_has(const std::string& macros, std::string_view name) {
        std::string word;
        for (const char c : macros + ' ') {
            if (c != ' ' && c != ',' && c != '\t') {
                word += c;
                continue;
            }
            if (word == name) return true;
            word.clear();
        }
        return false;
    }

    void long_ids() {
        if (view_.setting("enable_long_queue_ids") == "yes")
            add("long_queue_ids", CheckState::Ok, "queue ids are not used again");
        else
            add("long_queue_ids", CheckState::Warn, "queue ids are used again after a while",
                "postconf -e enable_long_queue_ids=yes, so that an id names one mail for ever");
    }

    const PostfixView& view_;
    const SocketName& socket_;
    std::string queue_;
    std::vector<Check> checks_;
};

}  // namespace

std::string_view to_string(CheckState s) noexcept {
    switch (s) {
        case CheckState::Ok:
            return "ok";
        case CheckState::Warn:
            return "warn";
        case CheckState::Fail:
            return "fail";
    }
    return "fail";
}

SocketName parse_socket_name(std::string_view text) {
    SocketName out;
    const std::size_t colon = text.find(':');
    const std::string family =
        ascii_lower(text.substr(0, colon == std::string_view::npos ? 0 : colon));
    const std::string_view rest = colon == std::string_view::npos ? text : text.substr(colon + 1);
    if (family == "inet" || family == "inet6") {
        if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
            out.port = std::string(rest.substr(0, at));
            out.host = host_of(rest.substr(at + 1));
        } else if (const std::size_t last = rest.rfind(':'); last != std::string_view::npos) {
            out.host = host_of(rest.substr(0, last));
            out.port = std::string(rest.substr(last + 1));
        } else {
            out.host = "127.0.0.1";
            out.port = std::string(rest);
        }
        return out;
    }
    out.local = true;
    out.path = std::string(rest);
    return out;
}

bool leads_to(std::string_view endpoint, const SocketName& socket, std::string_view queue_directory,
              bool chroot) {
    const SocketName to = parse_socket_name(endpoint);
    if (to.local != socket.local) return false;
    if (!socket.local) {
        const bool any = socket.host == "0.0.0.0" || socket.host == "::";
        return to.port == socket.port && (any || to.host == socket.host);
    }
    if (to.path.empty()) return false;
    const bool below = to.path.front() != '/' || chroot;
    return normal(below ? std::string(queue_directory) + "/" + to.path : to.path) ==
           normal(socket.path);
}

std::string endpoint_for(const SocketName& socket, std::string_view queue_directory) {
    if (!socket.local) {
        const bool v6 = socket.host.find(':') != std::string::npos;
        std::string host = socket.host == "0.0.0.0" ? "127.0.0.1"
                           : socket.host == "::"    ? "::1"
                                                    : socket.host;
        return "inet:" + (v6 ? "[" + host + "]" : host) + ":" + socket.port;
    }
    const std::string path = normal(socket.path);
    const std::string below = normal(std::string(queue_directory) + "/");
    if (!queue_directory.empty() && path.size() > below.size() &&
        path.compare(0, below.size(), below) == 0)
        return "unix:" + path.substr(below.size());
    return "unix:" + path;
}

std::vector<Check> check_postfix(const PostfixView& view, const SocketName& socket) {
    return Checker(view, socket).run();
}

Check check_holding(const std::vector<HeldMail>& told, std::string_view postqueue_j) {
    constexpr const char* kName = "postfix.holding";
    if (told.empty()) return {kName, CheckState::Ok, "no mail that kith held waits for a word", ""};
    std::set<std::string, std::less<>> on_hold;
    for (QueuedMail& mail : held_mail(postqueue_j)) on_hold.insert(std::move(mail.queue_id));
    const auto is_held = [&](const HeldMail& m) { return on_hold.count(m.queue_id) > 0; };
    const auto gone = std::find_if_not(told.begin(), told.end(), is_held);
    if (gone == told.end())
        return {kName, CheckState::Ok,
                counted(told.size(), "held mail") + " in the journal, " +
                    (told.size() == 1 ? "it is" : "all of them are") + " in the hold queue",
                ""};
    const auto missing = static_cast<std::size_t>(
        std::count_if(gone, told.end(), [&](const HeldMail& m) { return !is_held(m); }));
    const std::string by_hand = "if you let it go or deleted it by hand, say so: kith release " +
                                gone->id + " --no-mta, or kith confirm " + gone->id;
    const std::string what = std::to_string(missing) + " of " + counted(told.size(), "held mail") +
                             " not in the hold queue, the newest " + gone->queue_id + " (" +
                             gone->id + ")";
    if (gone != told.begin()) return {kName, CheckState::Warn, what, by_hand};
    return {
        kName, CheckState::Fail, what + ": Postfix may not hold what it is told to hold",
        by_hand + "; else look for " + gone->queue_id +
            " and milter-hold in the mail log, and for milters and FILTER or HOLD actions after "
            "kith that undo it"};
}

std::vector<Check> check_recent(const RecentMail& recent, const std::string& server) {
    std::vector<Check> out;
    if (recent.mails == 0) return out;  // "outbound" says that no mail was seen
    const std::string newest = " of the newest " + counted(recent.mails, "mail");
    if (recent.without_queue_id > 0)
        out.push_back({"macros.seen", CheckState::Warn,
                       std::to_string(recent.without_queue_id) + newest +
                           " came without a queue id (macro i): it cannot be released by kith",
                       "take milter_end_of_data_macros and the like out of main.cf, or macro lists "
                       "out of sendmail.mc: kith asks for what it needs"});
    else if (recent.without_client > 0)
        out.push_back({"macros.seen", CheckState::Warn,
                       std::to_string(recent.without_client) + newest +
                           " came without the client's address: its way here says nothing",
                       "see whether a proxy or content filter before kith hides the client"});
    else
        out.push_back({"macros.seen", CheckState::Ok,
                       "queue id and client were sent with" + newest.substr(3), ""});
    if (recent.inbound == 0) return out;
    const std::string of = std::to_string(recent.with_results) + " of the newest " +
                           counted(recent.inbound, "mail") + " from outside have";
    if (recent.with_results == 0)
        out.push_back(
            {"results.seen", CheckState::Warn,
             of + " Authentication-Results" + (server.empty() ? "" : " of " + server),
             "set site.authserv_id to the name at the beginning of that field in a delivered mail; "
             "where there is no such field, have a milter before kith check SPF, DKIM and DMARC"});
    else
        out.push_back({"results.seen", CheckState::Ok,
                       of + " Authentication-Results" + (server.empty() ? "" : " of " + server),
                       ""});
    return out;
}

namespace {

/// Properties of each unit by name: "kith-alerts.timer" -> "ActiveState" -> "active".
std::map<std::string, std::map<std::string, std::string>> units_in(std::string_view shown) {
    std::map<std::string, std::map<std::string, std::string>> out;
    std::map<std::string, std::string> unit;
    const auto finish = [&] {
        if (const auto id = unit.find("Id"); id != unit.end()) out[id->second] = unit;
        unit.clear();
    };
    for (const std::string_view line : split(shown, '\n')) {
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos)
            finish();
        else
            unit[std::string(line.substr(0, equals))] = line.substr(equals + 1);
    }
    finish();
    return out;
}

/// "@1772368496", nullopt for what is none.
std::optional<Time> unix_time(const std::string& text) {
    std::int64_t seconds = 0;
    if (!text.starts_with('@')) return std::nullopt;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + 1, end, seconds);
    if (parsed.ec != std::errc{} || parsed.ptr != end || seconds <= 0) return std::nullopt;
    return from_unix(seconds);
}

}  // namespace

Check check_timer(const std::string& name, const std::string& duty, std::string_view shown,
                  Time now) {
    // Both run every few minutes.
    constexpr Seconds kLong{3600};
    auto units = units_in(shown);
    const bool answered = units.contains(name + ".timer");
    auto& timer = units[name + ".timer"];
    auto& service = units[name + ".service"];
    const std::string unit = name + ".timer";
    const auto warn = [&](const std::string& text, const std::string& todo) {
        return Check{"timer." + name, CheckState::Warn, text, todo};
    };
    if (!answered)
        return warn("whether " + unit +
                        " runs cannot be told, as systemctl cannot ask systemd; "
                        "where it does not: " +
                        duty,
                    "run it as root, or look yourself: systemctl status " + unit);
    if (timer["LoadState"] != "loaded")
        return warn(unit + " is not there: " + duty,
                    "install the package kith-milter again, then systemctl daemon-reload");
    if (timer["ActiveState"] != "active")
        return warn(unit + " is not running: " + duty, "systemctl enable --now " + unit);
    if (timer["UnitFileState"] != "enabled" && timer["UnitFileState"] != "static")
        return warn(unit + " runs, but will not after the next start: " + duty,
                    "systemctl enable " + unit);
    if (!service["Result"].empty() && service["Result"] != "success")
        return warn(name + ".service failed (" + service["Result"] + "): " + duty,
                    "journalctl -u " + name + " says why");
    // Not the timer's LastTriggerUSec: systemctl prints that in words whatever --timestamp asks
    // for.
    const auto last = unix_time(service["ExecMainStartTimestamp"]);
    if (last && now - *last > kLong)
        return warn(unit + " has not run since " + iso8601(*last) + ": " + duty,
                    "systemctl restart " + unit);
    return Check{
        "timer." + name, CheckState::Ok,
        unit + (last ? " runs, last at " + iso8601(*last) : " runs, not for the first time yet"),
        ""};
}

std::vector<std::string> postfix_lines(const PostfixView& view, const SocketName& socket) {
    const std::string queue = view.setting("queue_directory");
    std::string milters;
    for (const MilterEntry& e : parse_milters(view.setting("smtpd_milters"))) {
        if (leads_to(e.endpoint, socket, queue, false) || leads_to(e.endpoint, socket, queue, true))
            continue;
        std::string text = e.endpoint;
        for (const auto& [name, value] : e.settings) {
            const bool spaced = value.find_first_of(" ,\t") != std::string::npos;
            text += spaced ? ", { " + name + " = " + value + " }" : ", " + name + "=" + value;
        }
        milters += (e.settings.empty() ? text : "{ " + text + " }") + ", ";
    }
    milters +=
        "{ " + endpoint_for(socket, queue) +
        ", default_action=accept, connect_timeout=5s, command_timeout=15s, content_timeout=60s }";
    return {"smtpd_milters = " + milters, "milter_protocol = 6", "enable_long_queue_ids = yes"};
}

std::vector<std::string> master_commands(const PostfixView& view, const SocketName& socket) {
    const std::string queue = view.setting("queue_directory");
    constexpr const char* kOptions = "receive_override_options";
    std::vector<std::string> out;
    for (const PostfixService& s : view.services) {
        if (!is_smtpd(s)) continue;
        const std::string where = service_name(s) + "/";
        if (is_reinjection(s)) {
            if (milters_off(view, s)) continue;
            const std::string others = view.setting(s, kOptions);
            out.push_back("postconf -P '" + where + kOptions + "=" +
                          (others.empty() ? "" : others + ",") + "no_milters'");
            continue;
        }
        if (s.overrides.count("smtpd_milters") > 0 &&
            !place_of(s.overrides.at("smtpd_milters"), socket, queue, s.chroot).found)
            out.push_back("postconf -PX '" + where + "smtpd_milters'");
        if (s.overrides.count(kOptions) > 0 && milters_off(view, s))
            out.push_back("postconf -PX '" + where + kOptions + "'");
    }
    return out;
}

int worst_of(const std::vector<Check>& checks) noexcept {
    int worst = 0;
    for (const Check& c : checks) worst = std::max(worst, static_cast<int>(c.state));
    return worst;
}

}  // namespace kith::admin
