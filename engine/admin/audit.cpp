// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/audit.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <map>
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

Result<UniqueFd> open_locked(const std::string& path) {
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

struct End {
    std::uint64_t number = 0;
    std::string hash;
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
            return end;
        }
    if (size > 0)
        return fail(ErrorCode::Corrupt, "the audit log " + path + " does not end with its lines",
                    "kith audit verify tells more; move it away to begin a new one");
    return end;
}

Status append(int fd, const std::string& path, std::string text) {
    struct stat before {};
    if (::fstat(fd, &before) != 0) return os_fail("cannot look at " + path, errno);
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n == static_cast<ssize_t>(text.size()) && ::fdatasync(fd) == 0) return ok();
    const int error = n >= 0 && n < static_cast<ssize_t>(text.size()) ? ENOSPC : errno;
    // Half a line would look like one that somebody cut.
    (void)::ftruncate(fd, before.st_size);
    return os_fail("the audit log " + path + " cannot be written, so nothing is done", error);
}

}  // namespace

std::string audit_file(const Config& config) { return parent_of(config.secret_file) + "audit.log"; }

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

Status audit(const Config& config, Time now, const AuditEvent& event) {
    const Result<Hasher::Secret> secret = read_secret(config.secret_file);
    if (!secret) return fail(secret.error());
    const std::string path = audit_file(config);
    const Result<UniqueFd> fd = open_locked(path);
    if (!fd) return fail(fd.error());
    const Result<End> end = end_of(fd->get(), path);
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

Status read_audit(const Config& config, const std::function<bool(const AuditLine&)>& visit) {
    const std::string path = audit_file(config);
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        if (::access(path.c_str(), F_OK) != 0) return ok();
        return os_fail("cannot read " + path, EACCES);
    }
    for (std::string text; std::getline(in, text);)
        if (const auto line = line_of(text); line && !visit(*line)) break;
    return ok();
}

namespace {

/// What journal and store know: number -> digest.
Result<std::map<std::uint64_t, std::string>> witnesses(const Config& config,
                                                       const StoreReader* reader) {
    std::map<std::uint64_t, std::string> out;
    if (reader != nullptr) {
        const Result<AuditMark> mark = read_audit_mark(*reader);
        if (!mark) return fail(mark.error());
        if (mark->number > 0) out[mark->number] = mark->hash;
    }
    const Result<std::unique_ptr<JournalReader>> journal = JournalReader::open(config.journal);
    if (!journal) return fail(journal.error());
    for (;;) {
        const auto record = (*journal)->next();
        if (!record) return fail(record.error());
        if (!record->has_value()) return out;
        if ((*record)->type != RecordType::Audit) continue;
        if (const auto mark = decode_admin_record((*record)->payload)) out[mark->number] = mark->id;
    }
}

}  // namespace

Result<AuditVerdict> verify_audit(const Config& config, const StoreReader* reader) {
    const Result<Hasher::Secret> secret = read_secret(config.secret_file);
    if (!secret) return fail(secret.error());
    const auto known = witnesses(config, reader);
    if (!known) return fail(known.error());
    AuditVerdict out;
    if (!known->empty()) out.witnessed = known->rbegin()->first;
    const auto problem = [&](std::string text) {
        if (out.problems.size() < AuditVerdict::kMaxProblems)
            out.problems.push_back(std::move(text));
    };

    const std::string path = audit_file(config);
    std::ifstream in(path, std::ios::binary);
    if (!in && ::access(path.c_str(), F_OK) == 0) return os_fail("cannot read " + path, EACCES);
    std::string previous;
    std::uint64_t row = 0;
    for (std::string text; in && std::getline(in, text);) {
        const std::string at = "line " + std::to_string(++row) + ": ";
        const auto pieces = pieces_of(text);
        const auto line = pieces ? line_of(text) : std::nullopt;
        if (!line) {
            problem(at + "not a line of this log");
            continue;
        }
        ++out.lines;
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
        if (const auto witness = known->find(line->number);
            witness != known->end() && witness->second != line->hash)
            problem(at + entry + " is not the one that journal and store know");
        if (line->number > out.last) {
            out.last = line->number;
            previous = line->hash;
        }
    }
    if (out.witnessed > out.last)
        problem("the end is missing: journal and store know of entry " +
                std::to_string(out.witnessed) + ", the log ends with entry " +
                std::to_string(out.last));
    return out;
}

}  // namespace kith::admin
