// SPDX-License-Identifier: Apache-2.0
// Covered by tests/unit/admin/postfix_test.cpp, and with the real commands by tests/e2e.
#include "engine/admin/postfix.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <sstream>

#include "engine/admin/output.hpp"
#include "engine/base/text.hpp"

namespace kith::admin {
namespace {

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Elements of a Postfix list: split at commas and blanks, but not within braces; the outer braces
// of an element go.
std::vector<std::string> list_elements(std::string_view value) {
    std::vector<std::string> out;
    std::string current;
    int depth = 0;
    bool braced = false;
    const auto finish = [&] {
        if (braced || !current.empty()) out.push_back(current);
        current.clear();
        braced = false;
    };
    for (const char c : value) {
        if (depth == 0 && (is_blank(c) || c == ',')) {
            finish();
        } else if (c == '{') {
            if (depth++ == 0)
                braced = true;
            else
                current += c;
        } else if (c == '}' && depth > 0) {
            if (--depth > 0) current += c;
        } else {
            current += c;
        }
    }
    finish();
    return out;
}

/// Whether it is what postqueue says when no master(8) answers.
bool says_down(std::string_view line) {
    return ascii_lower(line).find("mail system is down") != std::string::npos;
}

std::vector<std::string> words(std::string_view line) {
    std::istringstream in{std::string(line)};
    std::vector<std::string> out;
    for (std::string w; in >> w;) out.push_back(w);
    return out;
}

// "name = value" cut at the first '='.
std::optional<std::pair<std::string, std::string>> assignment(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    return std::pair(std::string(trim(line.substr(0, equals))),
                     std::string(trim(line.substr(equals + 1))));
}

std::optional<QueuedMail> queued_of(std::string_view line) {
    // Envelope addresses in the report may be any bytes, and a JSON parser refuses what is not
    // UTF-8.
    const nlohmann::json j = nlohmann::json::parse(scrub_utf8(line), nullptr, false);
    if (!j.is_object() || !j.contains("queue_id") || !j["queue_id"].is_string() ||
        !j.contains("queue_name") || !j["queue_name"].is_string())
        return std::nullopt;
    return QueuedMail{j["queue_name"].get<std::string>(), j["queue_id"].get<std::string>()};
}

}  // namespace

void add_postfix_options(CLI::App& sub, PostfixOptions& options) {
    sub.add_option("--postfix-config", options.config_directory, "Directory of Postfix's main.cf")
        ->type_name("DIR");
    sub.add_option("--postfix-bin", options.bin_directory, "Directory of Postfix's commands")
        ->type_name("DIR");
}

std::vector<MilterEntry> parse_milters(std::string_view value) {
    std::vector<MilterEntry> out;
    for (const std::string& element : list_elements(value)) {
        MilterEntry entry;
        // Within the braces: the endpoint, then settings, each maybe in braces of its own when it
        // holds blanks.
        for (const std::string& piece : list_elements(element)) {
            if (entry.endpoint.empty()) {
                entry.endpoint = piece;
            } else if (const auto setting = assignment(piece)) {
                entry.settings[setting->first] = setting->second;
            }
        }
        if (!entry.endpoint.empty()) out.push_back(std::move(entry));
    }
    return out;
}

std::string PostfixView::setting(const std::string& name) const {
    const auto it = settings.find(name);
    return it == settings.end() ? std::string() : it->second;
}

std::string PostfixView::setting(const PostfixService& service, const std::string& name) const {
    const auto it = service.overrides.find(name);
    return it == service.overrides.end() ? setting(name) : it->second;
}

std::map<std::string, std::string> parse_settings(std::string_view postconf) {
    std::map<std::string, std::string> out;
    for (const std::string_view line : split(postconf, '\n'))
        if (auto setting = assignment(line))
            out.insert_or_assign(std::move(setting->first), std::move(setting->second));
    return out;
}

std::vector<PostfixService> parse_services(std::string_view postconf_m, std::string_view postconf_p,
                                           bool chroot_default) {
    std::vector<PostfixService> out;
    for (const std::string_view line : split(postconf_m, '\n')) {
        // service type private unprivileged chroot wakeup maxproc command; -o lines are
        // continuations, joined by -M.
        const std::vector<std::string> w = words(line);
        if (w.size() < 8 || is_blank(line.front())) continue;
        out.push_back({w[0], w[1], w[7], w[4] == "-" ? chroot_default : w[4] == "y", {}});
    }
    for (const std::string_view line : split(postconf_p, '\n')) {
        const auto setting = assignment(line);
        if (!setting) continue;
        // "submission/inet/smtpd_milters"; the service's own name may hold slashes (unix sockets)
        // and colons.
        const std::size_t last = setting->first.rfind('/');
        if (last == std::string::npos || last == 0) continue;
        const std::size_t type = setting->first.rfind('/', last - 1);
        if (type == std::string::npos) continue;
        for (PostfixService& s : out)
            if (s.name == setting->first.substr(0, type) &&
                s.type == setting->first.substr(type + 1, last - type - 1))
                s.overrides.insert_or_assign(setting->first.substr(last + 1), setting->second);
    }
    return out;
}

std::optional<QueuedMail> find_queued(std::string_view postqueue_j, std::string_view queue_id) {
    if (queue_id.empty()) return std::nullopt;
    for (const std::string_view line : split(postqueue_j, '\n')) {
        // Parsing a line is slow against a queue of 100,000; most lines do not even hold the id.
        if (line.find(queue_id) == std::string_view::npos) continue;
        if (auto mail = queued_of(line); mail && mail->queue_id == queue_id) return mail;
    }
    return std::nullopt;
}

std::vector<QueuedMail> queued_mail(std::string_view postqueue_j) {
    std::vector<QueuedMail> out;
    for (const std::string_view line : split(postqueue_j, '\n'))
        if (auto mail = queued_of(line)) out.push_back(std::move(*mail));
    return out;
}

std::vector<QueuedMail> held_mail(std::string_view postqueue_j) {
    std::vector<QueuedMail> out;
    for (const std::string_view line : split(postqueue_j, '\n')) {
        if (line.find("\"hold\"") == std::string_view::npos) continue;
        if (auto mail = queued_of(line); mail && mail->queue == "hold")
            out.push_back(std::move(*mail));
    }
    return out;
}

Postfix::Postfix(const PostfixOptions& options) : options_(options) {
    if (!options_.bin_directory.empty()) process_.path = {options_.bin_directory};
}

std::vector<std::string> Postfix::command(const std::string& name,
                                          const std::vector<std::string>& arguments) const {
    std::vector<std::string> out{name};
    if (!options_.config_directory.empty()) {
        out.emplace_back("-c");
        out.push_back(options_.config_directory);
    }
    out.insert(out.end(), arguments.begin(), arguments.end());
    return out;
}

std::string Postfix::command_text(const std::string& name,
                                  const std::vector<std::string>& arguments) const {
    std::string out;
    for (const std::string& word : command(name, arguments)) out += (out.empty() ? "" : " ") + word;
    return out;
}

std::string Postfix::start_text() const {
    return options_.config_directory.empty() ? "systemctl start postfix"
                                             : command_text("postfix", {"start"});
}

Result<std::string> Postfix::run(const std::string& name,
                                 const std::vector<std::string>& arguments) const {
    Result<ProcessOutput> output = run_process(command(name, arguments), process_);
    if (!output) return fail(std::move(output).error());
    if (output->status != 0) {
        // Before it says that Postfix is down, it may name the socket that it missed.
        const auto lines = split(output->err, '\n');
        const auto down = std::find_if(lines.begin(), lines.end(), says_down);
        const std::string_view why = down == lines.end() ? lines.front() : *down;
        return fail(ErrorCode::Unavailable,
                    command_text(name, arguments) + ": status " + std::to_string(output->status) +
                        (why.empty() ? "" : ": " + std::string(why)),
                    down == lines.end() ? "" : "Postfix is not running: " + start_text());
    }
    return std::move(output->out);
}

Status Postfix::running() const {
    const Result<ProcessOutput> answer = run_process(command("postfix", {"status"}), process_);
    if (!answer) return fail(answer.error());
    if (answer->status == 0) return ok();
    return fail(ErrorCode::Unavailable,
                "Postfix is not running (" + command_text("postfix", {"status"}) + ": status " +
                    std::to_string(answer->status) + ")",
                start_text());
}

Result<std::string> Postfix::setting(const std::string& name) const {
    Result<std::string> value = run("postconf", {"-x", "-h", name});
    if (!value) return fail(std::move(value).error());
    return std::string(trim(*value));
}

bool Postfix::keeps_out(const std::string& field, const PostfixView& view) const {
    static constexpr std::array<std::string_view, 4> kActions{"IGNORE", "REJECT", "DISCARD",
                                                              "STRIP"};
    for (const std::string& table : list_elements(view.setting("header_checks"))) {
        const Result<std::string> found = run("postmap", {"-q", field, table});
        if (!found) continue;  // no line of the table fits
        const std::vector<std::string> action = words(*found);
        // The first table with a line that fits decides.
        return !action.empty() &&
               std::any_of(kActions.begin(), kActions.end(),
                           [&](std::string_view a) { return ascii_iequals(a, action.front()); });
    }
    return false;
}

Result<PostfixView> Postfix::view() const {
    Result<std::string> settings = run("postconf", {"-x"});
    if (!settings) return fail(std::move(settings).error());
    Result<std::string> services = run("postconf", {"-M"});
    if (!services) return fail(std::move(services).error());
    Result<std::string> overrides = run("postconf", {"-x", "-P"});
    if (!overrides) return fail(std::move(overrides).error());
    PostfixView view;
    view.settings = parse_settings(*settings);
    // master(5): "-" in the chroot column was y before Postfix 3.0 and still is at compatibility
    // level 0.
    const std::string level = view.setting("compatibility_level");
    const bool chroot_default = level.empty() || level == "0";
    view.services = parse_services(*services, *overrides, chroot_default);
    return view;
}

}  // namespace kith::admin
