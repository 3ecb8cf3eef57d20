// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/audit.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "engine/admin/mail_lookup.hpp"
#include "engine/admin/output.hpp"
#include "engine/base/log.hpp"
#include "engine/base/os_error.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/text.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/journal/journal.hpp"
#include "engine/learner/learner.hpp"

namespace kith::admin {
namespace {

// Persistent: engine/admin/FORMAT.md.
constexpr std::string_view kDomain = "audit";
constexpr std::string_view kHashBegins = ",\"hash\":\"";
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kTail = kHashBegins.size() + kHashDigits + 2;  // and "}
// Seven texts of kMaxAuditText, each byte written as \u00XX at worst.
constexpr std::size_t kMaxLine = 32768;
constexpr std::chrono::seconds kLockWait{10};

std::string cut(const std::string& text, std::size_t max = kMaxAuditText) {
    const std::string clean = scrub_utf8(text);
    return std::string(utf8_prefix(clean, max));
}

/// A line in two pieces: what is digested, and the digest.
struct Pieces {
    std::string_view body, hash;
};
std::optional<Pieces> pieces_of(std::string_view line) {
    if (line.size() <= kTail || !line.ends_with("\"}")) return std::nullopt;
    const std::string_view body = line.substr(0, line.size() - kTail);
    const std::string_view tail = line.substr(body.size());
    if (!tail.starts_with(kHashBegins)) return std::nullopt;
    return Pieces{body, tail.substr(kHashBegins.size(), kHashDigits)};
}

std::optional<AuditLine> line_of(std::string_view text) {
    const auto pieces = pieces_of(text);
    const Json j = pieces ? Json::parse(text, nullptr, false) : Json();
    if (!j.is_object()) return std::nullopt;
    const auto string = [&](const char* name) {
        const auto it = j.find(name);
        return it != j.end() && it->is_string() ? it->get<std::string>() : std::string();
    };
    const auto number = [&](const char* name) {
        const auto it = j.find(name);
        return it != j.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
    };
    AuditLine line;
    line.number = number("n");
    line.time = string("time");
    line.who = string("who");
    line.login = string("login");
    line.uid = number("uid");
    line.event = {string("action"), string("object"), string("detail"), string("why")};
    line.hash = std::string(pieces->hash);
    return line;
}

/// The kernel's word for who began this session, whatever sudo or su made of it since; "" when
/// nobody did (a timer).
std::string login_name() {
    std::ifstream in("/proc/self/loginuid");
    std::uint64_t uid = 0;
    if (!(in >> uid) || uid >= 0xFFFFFFFFU) return {};
    return user_name(static_cast<unsigned>(uid));
}

Result<UniqueFd> open_once(const std::string& path) {
    const bool is_new = ::access(path.c_str(), F_OK) != 0;
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (fd.get() < 0) {
        if (errno == EACCES || errno == EPERM)
            return fail(ErrorCode::Permission,
                        "the audit log " + path + " cannot be written, so nothing is done",
                        "run it as root or as the user _kith");
        return cannot_create(path, errno);
    }
    if (is_new)
        if (Status given = give_to_owner_of_directory(fd.get(), path); !given)
            return fail(given.error());
    const auto deadline = std::chrono::steady_clock::now() + kLockWait;
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return os_fail("cannot lock " + path, errno);
        if (std::chrono::steady_clock::now() > deadline)
            return fail(ErrorCode::TryAgain, "another command holds the audit log " + path,
                        "look what it waits for: fuser " + path);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return fd;
}

/// The file that has the name once the lock is there: another command may have closed it meanwhile.
Result<UniqueFd> open_locked(const std::string& path) {
    for (;;) {
        auto fd = open_once(path);
        if (!fd) return fd;
        struct stat locked {};
        struct stat named {};
        if (::fstat(fd->get(), &locked) != 0) return os_fail("cannot look at " + path, errno);
        if (::stat(path.c_str(), &named) == 0 && named.st_ino == locked.st_ino) return fd;
    }
}

struct End {
    std::uint64_t number = 0;
    std::string hash;
    std::string time{};
    bool torn = false;  ///< the file does not end with a line end
};

/// The last line that can be read; one a power failure tore is stepped over, and verify tells of
/// it.
Result<End> end_of(int fd, const std::string& path) {
    struct stat st {};
    if (::fstat(fd, &st) != 0) return os_fail("cannot look at " + path, errno);
    End end;
    const auto size = static_cast<std::size_t>(st.st_size);
    std::string tail(std::min<std::size_t>(size, 4 * kMaxLine), '\0');
    if (::pread(fd, tail.data(), tail.size(), static_cast<off_t>(size - tail.size())) !=
        static_cast<ssize_t>(tail.size()))
        return os_fail("cannot read " + path, errno);
    end.torn = !tail.empty() && tail.back() != '\n';
    const auto lines = split(tail, '\n');
    for (auto it = lines.rbegin(); it != lines.rend(); ++it)
        if (const auto line = line_of(*it)) {
            end.number = line->number;
            end.hash = line->hash;
            end.time = line->time;
            return end;
        }
    if (size > 0)
        return fail(ErrorCode::Corrupt, "the audit log " + path + " does not end with its lines",
                    "kith audit verify tells more; move it away to begin a new one");
    return end;
}

/// The end of the log where the current file has no line yet: that of the last closed one.
Result<End> end_of_closed(const Config& config) {
    const auto files = closed_audit_files(config);
    if (files.empty()) return End{};
    const UniqueFd fd(::open(files.back().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (fd.get() < 0) return os_fail("cannot read " + files.back(), errno);
    return end_of(fd.get(), files.back());
}

std::string first_line(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text;
    std::getline(in, text);
    return text;
}

/// "2026-03-01T12:34:56Z" is older than `before`: texts of this form sort as times do.
bool is_older(const std::string& time, Time before) {
    return !time.empty() && time < iso8601(before);
}

bool is_to_be_closed(const Config& config, int fd, const std::string& path, Time now) {
    constexpr Seconds kLongest{30LL * 86400};
    struct stat st {};
    if (::fstat(fd, &st) != 0 || st.st_size == 0) return false;
    if (static_cast<std::uint64_t>(st.st_size) > kMaxAuditFile) return true;
    const Seconds keep = config.retention.audit;
    const auto first = line_of(first_line(path));
    return first && is_older(first->time,
                             now - (keep > Seconds(0) ? std::min(kLongest, keep / 4) : kLongest));
}

Status append(int fd, const std::string& path, std::string text) {
    struct stat before {};
    if (::fstat(fd, &before) != 0) return os_fail("cannot look at " + path, errno);
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n == static_cast<ssize_t>(text.size()) && ::fdatasync(fd) == 0) return ok();
    const int error = n >= 0 && n < static_cast<ssize_t>(text.size()) ? ENOSPC : errno;
    // Half a line would look like one that somebody cut.
    if (::ftruncate(fd, before.st_size) != 0)
        return os_fail("the audit log " + path + " ends with half a line that cannot be taken back",
                       errno);
    return os_fail("the audit log " + path + " cannot be written, so nothing is done", error);
}

}  // namespace

std::string audit_file(const Config& config) { return parent_of(config.secret_file) + "audit.log"; }

std::vector<std::string> closed_audit_files(const Config& config) {
    constexpr std::size_t kDigits = 10;
    const std::filesystem::path current(audit_file(config));
    const std::string begin = current.filename().string() + ".";
    std::vector<std::string> out;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(current.parent_path(), error)) {
        const std::string name = entry.path().filename().string();
        if (name.size() == begin.size() + kDigits && name.starts_with(begin) &&
            name.find_first_not_of("0123456789", begin.size()) == std::string::npos)
            out.push_back(entry.path().string());
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::string audit_hash(const Hasher::Secret& secret, const std::string& previous,
                       std::string_view line) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const std::uint8_t b : keyed_digest(secret, kDomain, previous + std::string(line))) {
        out += kDigits[b >> 4];
        out += kDigits[b & 15];
    }
    return out;
}

Status check_audit(const Config& config) {
    if (const auto secret = read_secret(config.secret_file); !secret) return fail(secret.error());
    const Result<UniqueFd> fd = open_locked(audit_file(config));
    return fd ? ok() : Status(fail(fd.error()));
}

Status audit(const Config& config, Time now, const AuditEvent& event) {
    const Result<Hasher::Secret> secret = read_secret(config.secret_file);
    if (!secret) return fail(secret.error());
    const std::string path = audit_file(config);
    Result<UniqueFd> fd = open_locked(path);
    if (!fd) return fail(fd.error());
    Result<End> end = end_of(fd->get(), path);
    if (!end) return fail(end.error());
    if (is_to_be_closed(config, fd->get(), path, now)) {
        const std::string closed = fmt::format("{}.{:010}", path, end->number);
        if (::rename(path.c_str(), closed.c_str()) != 0)
            return os_fail("cannot close the audit log " + path, errno);
        fd = open_locked(path);
        if (!fd) return fail(fd.error());
        end = end_of(fd->get(), path);  // who waited for the lock may have been faster
        if (!end) return fail(end.error());
    }
    if (end->number == 0) end = end_of_closed(config);
    if (!end) return fail(end.error());

    Json j;
    j["n"] = end->number + 1;
    j["time"] = iso8601(now);
    j["who"] = cut(calling_user(), 64);
    j["login"] = cut(login_name(), 64);
    j["uid"] = static_cast<std::uint64_t>(::getuid());
    j["action"] = cut(event.action, 64);
    j["object"] = cut(event.object);
    j["detail"] = cut(event.detail);
    j["why"] = cut(event.why);
    std::string body = json_text(j, -1);
    body.pop_back();
    const std::string hash = audit_hash(*secret, end->hash, body);
    if (Status s =
            append(fd->get(), path,
                   (end->torn ? "\n" : "") + body + std::string(kHashBegins) + hash + "\"}\n");
        !s)
        return s;
    AdminRecord record;
    record.id = hash;
    record.number = end->number + 1;
    log(LogLevel::Info, "audit",
        {{"n", std::to_string(record.number)},
         {"action", event.action},
         {"object", event.object},
         {"who", calling_user()},
         {"hash", hash}});
    return append_admin_record(config, RecordType::Audit, now, std::move(record));
}

void audit_failure(const Config& config, Time now, AuditEvent event, const Error& error) {
    event.detail = "failed: " + error.what;
    (void)audit(config, now, event);
}

namespace {

/// Every line of the log with its file and its place there, oldest first, until `visit` returns
/// false.
Status each_line(const Config& config,
                 const std::function<bool(const std::string& file, std::uint64_t row,
                                          const std::string& text)>& visit) {
    std::vector<std::string> files = closed_audit_files(config);
    files.push_back(audit_file(config));
    for (const std::string& file : files) {
        std::ifstream in(file, std::ios::binary);
        if (!in && ::access(file.c_str(), F_OK) == 0) return os_fail("cannot read " + file, EACCES);
        std::uint64_t row = 0;
        for (std::string text; in && std::getline(in, text);)
            if (!visit(file, ++row, text)) return ok();
    }
    return ok();
}

}  // namespace

Status read_audit(const Config& config, const std::function<bool(const AuditLine&)>& visit) {
    bool goes_on = true;
    return each_line(config, [&](const std::string&, std::uint64_t, const std::string& text) {
        if (const auto line = line_of(text); line && goes_on) goes_on = visit(*line);
        return goes_on;
    });
}

namespace {

constexpr std::string_view kExpired = "audit expire";

/// Whose first lines were removed, by the lines that say so: number of the last of them -> its
/// hash.
Result<std::map<std::uint64_t, std::string>> removed_lines(const Config& config) {
    std::map<std::uint64_t, std::string> out;
    const Status read = read_audit(config, [&](const AuditLine& line) {
        if (line.event.action != kExpired) return true;
        std::uint64_t number = 0;
        const std::string_view text = line.event.object;
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
        if (parsed.ec == std::errc{}) out[number] = line.event.detail;
        return true;
    });
    if (!read) return fail(read.error());
    return out;
}

}  // namespace

Result<std::uint64_t> expire_audit(const Config& config, Time now) {
    std::uint64_t lines = 0;
    if (config.retention.audit <= Seconds(0)) return lines;
    std::uint64_t before = 0;
    for (const std::string& file : closed_audit_files(config)) {
        const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
        if (fd.get() < 0) return os_fail("cannot read " + file, errno);
        const Result<End> end = end_of(fd.get(), file);
        if (!end) return fail(end.error());
        if (!is_older(end->time, now - config.retention.audit)) break;
        const auto first = line_of(first_line(file));
        before = first ? first->number - 1 : before;
        if (Status s = audit(config, now,
                             {std::string(kExpired), std::to_string(end->number), end->hash,
                              "older than retention.audit"});
            !s)
            return fail(s.error());
        if (::unlink(file.c_str()) != 0 && errno != ENOENT)
            return os_fail("cannot remove " + file, errno);
        lines += end->number - before;
        before = end->number;
    }
    return lines;
}

namespace {

/// What journal and store know of lines. A number has two digests where the log lost its end and
/// went on: what was lost must not be forgotten for it.
struct Witnesses {
    std::map<std::uint64_t, std::set<std::string>> digests;  ///< by number
    std::uint64_t rewritten = 0;                             ///< AuditMark::rewritten
};

Result<Witnesses> witnesses(const Config& config, const StoreReader* reader, AuditDepth depth) {
    Witnesses out;
    if (reader != nullptr) {
        const Result<AuditMark> mark = read_audit_mark(*reader);
        if (!mark) return fail(mark.error());
        if (mark->number > 0) out.digests[mark->number].insert(mark->hash);
        out.rewritten = mark->rewritten;
    }
    if (depth == AuditDepth::Store) return out;
    const Result<std::unique_ptr<JournalReader>> journal = JournalReader::open(config.journal);
    if (!journal) return fail(journal.error());
    const Status walked = for_each_record(**journal, [&](const JournalRecord& record) {
        if (record.type != RecordType::Audit) return ok();
        if (const auto mark = decode_admin_record(record.payload))
            out.digests[mark->number].insert(mark->id);
        return ok();
    });
    if (!walked) return fail(walked.error());
    return out;
}

}  // namespace

Result<AuditVerdict> verify_audit(const Config& config, const StoreReader* reader,
                                  AuditDepth depth) {
    const Result<Hasher::Secret> secret = read_secret(config.secret_file);
    if (!secret) return fail(secret.error());
    const auto known = witnesses(config, reader, depth);
    if (!known) return fail(known.error());
    AuditVerdict out;
    if (!known->digests.empty()) out.witnessed = known->digests.rbegin()->first;
    const auto problem = [&](std::string text) {
        if (out.problems.size() < AuditVerdict::kMaxProblems)
            out.problems.push_back(std::move(text));
    };

    const auto removed = removed_lines(config);
    if (!removed) return fail(removed.error());
    std::string previous;
    const std::string current = audit_file(config);
    const auto one = [&](const std::string& file, std::uint64_t row, const std::string& text) {
        const std::string at =
            (file == current ? "" : file + " ") + "line " + std::to_string(row) + ": ";
        const auto pieces = pieces_of(text);
        const auto line = pieces ? line_of(text) : std::nullopt;
        if (!line) {
            problem(at + "not a line of this log");
            return true;
        }
        if (++out.lines == 1 && line->number > 1)
            if (const auto gone = removed->find(line->number - 1); gone != removed->end()) {
                out.last = out.removed = gone->first;
                previous = gone->second;
            }
        const std::string entry = "entry " + std::to_string(line->number);
        if (line->number > out.last + 1)
            problem(at + "entries are missing before " + entry + ": " +
                    std::to_string(line->number - out.last - 1));
        else if (line->number <= out.last)
            problem(at + entry + " stands where entry " + std::to_string(out.last + 1) +
                    " should: inserted");
        if (audit_hash(*secret, previous, pieces->body) != line->hash &&
            line->number == out.last + 1)
            problem(at + entry + " was changed, or the one before it");
        if (const auto witness = known->digests.find(line->number);
            witness != known->digests.end() &&
            (witness->second.size() > 1 || witness->second.count(line->hash) == 0))
            problem(at + entry + " is not the one that journal and store know");
        if (line->number > out.last) {
            out.last = line->number;
            previous = line->hash;
        }
        return true;
    };
    if (const Status read = each_line(config, one); !read) return fail(read.error());
    if (known->rewritten > 0)
        problem("the log lost its end once: another entry " + std::to_string(known->rewritten) +
                " was known before the one that it has now");
    if (out.witnessed > out.last)
        problem("the end is missing: journal and store know of entry " +
                std::to_string(out.witnessed) + ", the log ends with entry " +
                std::to_string(out.last));
    return out;
}

}  // namespace kith::admin
