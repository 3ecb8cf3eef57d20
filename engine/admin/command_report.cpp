// SPDX-License-Identifier: Apache-2.0
// `kith report`: what was held, and what would have been. Covered by
// tests/unit/admin/report_output_test.cpp and tests/e2e/report_test.py.
#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>

#include "engine/admin/command.hpp"
#include "engine/admin/output.hpp"
#include "engine/admin/report.hpp"
#include "engine/admin/report_output.hpp"
#include "engine/assess/direction.hpp"
#include "engine/base/os_error.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/base/write_all.hpp"
#include "engine/config/values.hpp"

namespace kith::admin {
namespace {

struct Options {
    std::string since = "7d", until, direction, domain, html;
};

/// Removes the unfinished file unless it got its name.
class Unfinished {
public:
    explicit Unfinished(std::string path) : path_(std::move(path)) {}
    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;
    ~Unfinished() {
        if (!path_.empty()) (void)::unlink(path_.c_str());
    }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    void done() noexcept { path_.clear(); }

private:
    std::string path_;
};

/// The whole file or none: a web server or a reader may look at any time.
Status write_file(const std::string& path, std::string_view bytes) {
    const std::string hint = "name a file in a directory that this user may write to";
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        return fail(ErrorCode::Usage, "--html " + path + ": is there and no regular file", hint);
    std::string name = path + ".XXXXXX";
    const UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
    if (!fd) return os_fail("--html " + path, errno, hint);
    Unfinished file(name);
    if (::fchmod(fd.get(), 0640) != 0) return os_fail("--html " + path, errno, hint);
    if (const int failure = write_all(fd.get(), bytes); failure != 0)
        return os_fail("--html " + path, failure, hint);
    if (::fsync(fd.get()) != 0) return os_fail("--html " + path, errno, hint);
    if (std::rename(file.path().c_str(), path.c_str()) != 0)
        return os_fail("--html " + path, errno, hint);
    file.done();
    return ok();
}

Result<ReportScope> scope_of(const Options& options, const Config& config, Time now) {
    ReportScope scope;
    const Result<Time> since = parse_since(options.since, now);
    if (!since) return fail(since.error());
    scope.since = *since;
    scope.until = now + Seconds(1);
    if (!options.until.empty()) {
        const Result<Time> until = parse_since(options.until, now, "--until");
        if (!until) return fail(until.error());
        // A day is meant with all its mail.
        scope.until =
            options.until.find('-') == std::string::npos ? *until : *until + Seconds(86400);
    }
    if (scope.until <= scope.since && options.until.empty())
        return fail(ErrorCode::Usage, "--since " + cell(options.since) + ": lies in the future",
                    "give an earlier --since");
    if (scope.until <= scope.since)
        return fail(
            ErrorCode::Usage,
            "--until " + cell(options.until) + ": is not after --since " + cell(options.since),
            "give an earlier --since");
    for (const Direction d : kDirections)
        if (to_string(d) == options.direction) scope.direction = d;
    if (!options.domain.empty()) {
        const Result<std::string> domain = parse_domain(options.domain);
        if (!domain) return fail(ErrorCode::Usage, "--domain: " + domain.error().what);
        if (!is_own_domain(*domain, config.site))
            return fail(ErrorCode::Usage, "--domain " + *domain + ": not an own domain",
                        "a report is of a domain in site.domains, or below one");
        scope.domain = *domain;
    }
    return scope;
}

Outcome report(Env& env, const Config& config, const StoreReader& reader, const Options& options) {
    const Result<ReportScope> scope = scope_of(options, config, env.now);
    if (!scope) return fail(scope.error());
    const Result<Report> made = make_report(config, reader, *scope);
    if (!made) return fail(made.error());
    if (!options.html.empty())
        if (const Status written = write_file(options.html, report_html(*made)); !written)
            return fail(written.error());
    if (env.json)
        print_json(env.out, report_json(*made));
    else if (options.html.empty())
        print_report(env.out, *made);
    else
        env.out << cell(options.html, 4096) << " written\n";
    return 0;
}

}  // namespace

StoreAction setup_report(CLI::App& sub) {
    auto options = std::make_shared<Options>();
    sub.add_option("--since", options->since,
                   "From a span before now (7d, 12h) or a day (2026-03-01, UTC) on")
        ->capture_default_str();
    sub.add_option("--until", options->until,
                   "Up to a span before now, or to the end of a day; now unless given");
    sub.add_option("--direction", options->direction, "Only mail of this direction")
        ->check(CLI::IsMember({"inbound", "outbound", "internal"}));
    sub.add_option("--domain", options->domain,
                   "Only mail to (inbound) or of this own domain, with all below it");
    sub.add_option("--html", options->html,
                   "Write the report to this file, as one HTML page with charts")
        ->type_name("FILE");
    return [options](Env& env, const Config& config, const StoreReader& reader) {
        return report(env, config, reader, *options);
    };
}

}  // namespace kith::admin
