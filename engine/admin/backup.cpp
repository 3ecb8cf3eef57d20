// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/backup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "engine/admin/audit.hpp"
#include "engine/admin/output.hpp"
#include "engine/base/digest.hpp"
#include "engine/base/hash.hpp"
#include "engine/base/os_error.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/base/write_all.hpp"
#include "engine/store/dump.hpp"

namespace kith::admin {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 1;
constexpr const char* kList = "backup.json";
constexpr const char* kStoreDump = "store.dump";
constexpr const char* kSecret = "site.key";
constexpr const char* kAudit = "audit";
constexpr std::size_t kPiece = 1UL << 20;
constexpr std::size_t kMaxList = 64UL << 20;

struct Entry {
    std::string path;  ///< within the backup
    std::uint64_t bytes = 0;
    std::string sha256;
};

/// A new file that is synced and summed up.
class NewFile {
public:
    static Result<NewFile> create(const std::string& path) {
        UniqueFd fd(
            ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!fd) return os_fail(path + ": cannot be made", errno);
        return NewFile(path, std::move(fd));
    }
    Status write(std::string_view bytes) {
        if (const int error = write_all(fd_.get(), bytes); error != 0)
            return os_fail(path_ + ": cannot be written", error);
        digest_->add(bytes);
        bytes_ += bytes.size();
        return ok();
    }
    Result<Entry> close(std::string name) {
        if (::fsync(fd_.get()) != 0) return os_fail(path_ + ": cannot be written", errno);
        return Entry{std::move(name), bytes_, digest_->hex()};
    }

private:
    NewFile(std::string path, UniqueFd fd)
        : path_(std::move(path)), fd_(std::move(fd)), digest_(std::make_unique<Digest>()) {}
    std::string path_;
    UniqueFd fd_;
    std::unique_ptr<Digest> digest_;
    std::uint64_t bytes_ = 0;
};

/// Calls `take` with the file's bytes, piece by piece. NoInput when it is not there.
Status read_file(const std::string& path, const std::function<Status(std::string_view)>& take) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd)
        return os_fail(path + ": cannot be opened", errno,
                       "name the directory that kith backup made");
    std::string piece(kPiece, '\0');
    for (;;) {
        const ssize_t n = ::read(fd.get(), piece.data(), piece.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_fail(path + ": cannot be read", errno);
        if (n == 0) return ok();
        if (Status taken = take(std::string_view(piece).substr(0, static_cast<std::size_t>(n)));
            !taken)
            return taken;
    }
}

Result<Entry> copy_file(const std::string& from, const std::string& to, std::string name) {
    auto file = NewFile::create(to);
    if (!file) return fail(file.error());
    Status copied = read_file(from, [&](std::string_view bytes) { return file->write(bytes); });
    if (!copied) {
        ::unlink(to.c_str());
        return fail(copied.error());
    }
    return file->close(std::move(name));
}

Status make_directory(const fs::path& path) {
    if (::mkdir(path.c_str(), 0700) == 0) return ok();
    return os_fail(path.string() + ": cannot be made", errno);
}

Status sync_directory(const fs::path& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd && ::fsync(fd.get()) == 0) return ok();
    return os_fail(path.string() + ": cannot be synced", errno);
}

bool is_segment(const std::string& name) {
    const auto dot = name.find('.');
    const std::string ending = dot == std::string::npos ? "" : name.substr(dot);
    return dot == 10 && (ending == ".kj" || ending == ".kj.zst") &&
           std::all_of(name.begin(), name.begin() + 10,
                       [](char c) { return c >= '0' && c <= '9'; });
}

/// Segment files by number. The learner may compress or delete one at any moment.
std::vector<std::string> segments(const std::string& directory) {
    std::set<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
        if (const std::string name = at->path().filename().string(); is_segment(name))
            names.insert(name);
    return {names.begin(), names.end()};
}

Status copy_journal(const Config& config, const fs::path& to, std::vector<Entry>& entries) {
    if (Status made = make_directory(to / "journal"); !made) return made;
    std::set<std::string> done;  // numbers
    // A second look finds under its other name what was compressed during the first.
    for (int look = 0; look < 2; ++look)
        for (const std::string& name : segments(config.journal.directory)) {
            if (done.count(name.substr(0, 10)) != 0) continue;
            auto entry = copy_file((fs::path(config.journal.directory) / name).string(),
                                   (to / "journal" / name).string(), "journal/" + name);
            if (!entry && entry.error().code == ErrorCode::NoInput) continue;
            if (!entry) return fail(entry.error());
            done.insert(name.substr(0, 10));
            entries.push_back(std::move(*entry));
        }
    return ok();
}

bool is_there(const fs::path& path) {
    struct stat st {};
    return ::lstat(path.c_str(), &st) == 0;
}

std::vector<std::string> audit_files(const Config& config) {
    std::vector<std::string> out = closed_audit_files(config);
    if (is_there(audit_file(config))) out.push_back(audit_file(config));
    return out;
}

/// After the journal, which knows its newest line.
Status copy_audit(const Config& config, const fs::path& to, std::vector<Entry>& entries) {
    if (Status made = make_directory(to / kAudit); !made) return made;
    for (const std::string& file : audit_files(config)) {
        const std::string name = (fs::path(kAudit) / fs::path(file).filename()).string();
        auto entry = copy_file(file, (to / name).string(), name);
        if (!entry) return fail(entry.error());
        entries.push_back(std::move(*entry));
    }
    return ok();
}

/// kith.yaml and what belongs to it, as far as it is there.
Status copy_config(const Config& config, const std::string& config_path, const fs::path& to,
                   std::vector<Entry>& entries) {
    if (Status made = make_directory(to / "etc"); !made) return made;
    const auto copy = [&](const fs::path& from, const std::string& name) -> Status {
        auto entry = copy_file(from.string(), (to / "etc" / name).string(), "etc/" + name);
        if (entry) entries.push_back(std::move(*entry));
        // A symbolic link or a file that went away is no reason to have no backup.
        return entry || entry.error().code != ErrorCode::Full ? ok() : Status(fail(entry.error()));
    };
    if (Status s = copy(config_path, "kith.yaml"); !s) return s;
    for (const auto& [directory, name] :
         {std::pair(fs::path(config_path).parent_path() / "conf.d", "conf.d"),
          std::pair(fs::path(config.model_files.directory), "models.d"),
          std::pair(fs::path(config.tenant_files.directory), "tenants.d")}) {
        std::error_code error;
        if (!fs::is_directory(directory, error)) continue;
        if (Status made = make_directory(to / "etc" / name); !made) return made;
        for (fs::directory_iterator at(directory, error), end; !error && at != end;
             at.increment(error))
            // Of tenants each has its own file, the site has all of them.
            if (at->path().extension() == ".yaml" &&
                (config.tenant.empty() || name != std::string_view("tenants.d") ||
                 at->path().stem() == config.tenant))
                if (Status s =
                        copy(at->path(), std::string(name) + "/" + at->path().filename().string());
                    !s)
                    return s;
    }
    return ok();
}

Status write_list(const fs::path& to, const std::vector<Entry>& entries,
                  const BackupSummary& summary) {
    Json j{{"format", kFormat},    {"kith", KITH_VERSION},       {"made", summary.made},
           {"host", summary.host}, {"records", summary.records}, {"files", Json::array()}};
    for (const Entry& e : entries)
        j["files"].push_back({{"path", e.path}, {"bytes", e.bytes}, {"sha256", e.sha256}});
    auto file = NewFile::create((to / kList).string());
    if (!file) return fail(file.error());
    if (Status s = file->write(json_text(j, 2) + "\n"); !s) return s;
    const auto closed = file->close(kList);
    return closed ? ok() : Status(fail(closed.error()));
}

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

/// Removes what it was given unless it is kept.
class Scratch {
public:
    explicit Scratch(fs::path path) : path_(std::move(path)) {}
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        if (!path_.empty()) fs::remove_all(path_, ignored);
    }
    void keep() { path_.clear(); }

private:
    fs::path path_;
};

Unexpected not_a_backup(const std::string& directory, const std::string& why) {
    return fail(ErrorCode::Corrupt, directory + ": is no usable backup: " + why, "use another one");
}

struct Listed {
    BackupSummary summary;
    std::vector<Entry> entries;
};

Result<Listed> read_list(const std::string& directory) {
    std::string text;
    const Status read =
        read_file((fs::path(directory) / kList).string(), [&](std::string_view bytes) {
            text += bytes;
            return text.size() <= kMaxList
                       ? ok()
                       : Status(not_a_backup(directory, "its list is too large"));
        });
    if (!read) return fail(read.error());
    const Json j = Json::parse(text, nullptr, false);
    if (!j.is_object() || !j.contains("files") || !j["files"].is_array())
        return not_a_backup(directory, std::string(kList) + " cannot be read");
    if (j.value("format", 0) != kFormat)
        return not_a_backup(directory, "it is of a later version of kith");
    Listed out;
    out.summary = {directory,
                   0,
                   0,
                   j.value("records", std::uint64_t{0}),
                   j.value("made", ""),
                   j.value("host", ""),
                   j.value("kith", "")};
    for (const Json& f : j["files"]) {
        Entry e{f.value("path", ""), f.value("bytes", std::uint64_t{0}), f.value("sha256", "")};
        const fs::path path(e.path);
        // The list decides which files are read and written: none outside the backup.
        if (e.path.empty() || path.is_absolute() ||
            std::find(path.begin(), path.end(), fs::path("..")) != path.end())
            return not_a_backup(directory, "its list names " + cell(e.path));
        out.entries.push_back(std::move(e));
    }
    return out;
}

Status verify_file(const std::string& directory, const Entry& entry) {
    Digest digest;
    std::uint64_t bytes = 0;
    const std::string path = (fs::path(directory) / entry.path).string();
    if (Status read = read_file(path,
                                [&](std::string_view piece) {
                                    digest.add(piece);
                                    bytes += piece.size();
                                    return ok();
                                });
        !read)
        return read.error().code == ErrorCode::NoInput
                   ? Status(fail(
                         ErrorCode::Corrupt,
                         directory + ": is an incomplete backup: " + entry.path + " is missing",
                         "use another one, or take a new one with kith backup"))
                   : read;
    if (bytes == entry.bytes && digest.hex() == entry.sha256) return ok();
    return fail(ErrorCode::Corrupt, path + ": is not what was backed up", "use another backup");
}

/// The dump of a backup as a source; `fd` must outlive it.
DumpSource source_of(int fd, const std::string& path) {
    auto buffer = std::make_shared<std::string>();
    auto at = std::make_shared<std::size_t>(0);
    return [=](std::size_t n) -> Result<std::string> {
        while (buffer->size() - *at < n) {
            buffer->erase(0, *at);
            *at = 0;
            const std::size_t had = buffer->size();
            buffer->resize(had + std::max(kPiece, n));
            const ssize_t got = ::read(fd, buffer->data() + had, buffer->size() - had);
            buffer->resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return os_fail(path + ": cannot be read", errno);
            if (got == 0) break;
        }
        std::string out = buffer->substr(*at, n);
        *at += out.size();
        return out;
    };
}

Result<UniqueFd> open_dump(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return os_fail(path + ": cannot be opened", errno);
    return fd;
}

/// Gives the path and all below it to whom `like` belongs: the services are not root.
Status give_to_owner_of(const fs::path& like, const fs::path& path) {
    struct stat owner {};
    if (::geteuid() != 0) return ok();
    if (::stat(like.c_str(), &owner) != 0)
        return os_fail(like.string() + ": cannot be looked at", errno);
    const auto give = [&](const fs::path& p, mode_t mode) {
        return ::lchown(p.c_str(), owner.st_uid, owner.st_gid) == 0 &&
               ::chmod(p.c_str(), mode) == 0;
    };
    std::error_code error;
    bool done = give(path, fs::is_directory(path, error) ? 0750 : 0640);
    if (fs::is_directory(path, error))
        for (const auto& entry : fs::recursive_directory_iterator(path, error))
            done = done && give(entry.path(), entry.path().filename() == "lock.mdb" ? 0660 : 0640);
    return done ? ok()
                : Status(os_fail(path.string() + ": cannot be given to the services' user", errno));
}

fs::path beside(const std::string& path, const char* ending) {
    std::string plain = path;
    while (plain.size() > 1 && plain.back() == '/') plain.pop_back();
    return plain + ending;
}

constexpr const char* kNew = ".restoring";
constexpr const char* kOld = ".before-restore";
constexpr const char* kSince = ".since-interrupted-restore";

}  // namespace

Result<BackupSummary> make_backup(const Config& config, const StoreReader& reader,
                                  const std::string& config_path, const std::string& directory,
                                  Time now) {
    const fs::path target = beside(directory, "");
    struct stat st {};
    if (::lstat(target.c_str(), &st) == 0)
        return fail(ErrorCode::Usage, target.string() + ": is there already",
                    "name a directory that is not");
    const fs::path making = target.string() + ".making" + std::to_string(::getpid());
    if (Status made = make_directory(making); !made) return fail(made.error());
    Scratch scratch(making);

    BackupSummary summary{target.string(), 0, 0, 0, iso8601(now), host_name(), KITH_VERSION};
    std::vector<Entry> entries;
    auto dump = NewFile::create((making / kStoreDump).string());
    if (!dump) return fail(dump.error());
    const auto count =
        dump_store(reader, [&](std::string_view bytes) { return dump->write(bytes); });
    if (!count) return fail(count.error());
    summary.records = count->records;
    auto dumped = dump->close(kStoreDump);
    if (!dumped) return fail(dumped.error());
    entries.push_back(std::move(*dumped));
    if (Status s = copy_journal(config, making, entries); !s) return fail(s.error());
    auto secret = copy_file(config.secret_file, (making / kSecret).string(), kSecret);
    if (!secret) return fail(secret.error());
    entries.push_back(std::move(*secret));
    if (Status s = copy_audit(config, making, entries); !s) return fail(s.error());
    if (Status s = copy_config(config, config_path, making, entries); !s) return fail(s.error());
    for (const Entry& e : entries) summary.bytes += e.bytes;
    summary.files = entries.size();
    if (Status s = write_list(making, entries, summary); !s) return fail(s.error());
    if (Status s = sync_directory(making); !s) return fail(s.error());
    if (::rename(making.c_str(), target.c_str()) != 0)
        return os_fail(target.string() + ": cannot be made", errno);
    scratch.keep();
    return summary;
}

Result<BackupSummary> verify_backup(const std::string& directory) {
    auto listed = read_list(directory);
    if (!listed) return fail(listed.error());
    std::set<std::string> names;
    for (const Entry& e : listed->entries) {
        if (Status s = verify_file(directory, e); !s) return fail(s.error());
        listed->summary.bytes += e.bytes;
        names.insert(e.path);
    }
    listed->summary.files = listed->entries.size();
    for (const char* needed : {kStoreDump, kSecret})
        if (names.count(needed) == 0)
            return not_a_backup(directory, std::string(needed) + " is missing");
    const std::string path = (fs::path(directory) / kStoreDump).string();
    const auto fd = open_dump(path);
    if (!fd) return fail(fd.error());
    const auto count = check_dump(source_of(fd->get(), path));
    if (!count) return fail(count.error());
    return listed->summary;
}

namespace {

/// A restore that was killed between its renames has put some of the new places there and not all:
/// what was there before gets its names back.
Status undo_half_a_swap(const std::vector<const std::string*>& places) {
    const auto any = [&](const char* suffix) {
        return std::any_of(places.begin(), places.end(), [&](const std::string* place) {
            return is_there(beside(*place, suffix));
        });
    };
    if (!any(kNew) || !any(kOld)) return ok();
    for (const std::string* place : places) {
        const fs::path here = beside(*place, ""), fresh = beside(*place, kNew),
                       old = beside(*place, kOld);
        if (!is_there(old)) continue;
        // Beside a new place that was not put there yet lies what was written since, if anything.
        const fs::path aside = is_there(fresh) ? beside(*place, kSince) : fresh;
        if (is_there(here) && ::rename(here.c_str(), aside.c_str()) != 0)
            return os_fail(here.string() + ": cannot be moved to " + aside.string(), errno,
                           "move " + aside.string() + " away");
        if (::rename(old.c_str(), here.c_str()) != 0)
            return os_fail(old.string() + ": cannot get its name back", errno);
    }
    return ok();
}

/// The audit log belongs to the secret: on the machine that it came from it goes on, elsewhere the
/// backup's takes the place of what is there.
Status restore_audit(const Config& config, const fs::path& directory,
                     const std::vector<Entry>& entries, bool same_secret) {
    if (same_secret && !audit_files(config).empty()) return ok();
    for (const std::string& file : audit_files(config))
        if (::rename(file.c_str(), (file + kOld).c_str()) != 0)
            return os_fail(file + ": cannot be moved aside", errno);
    const fs::path place = fs::path(audit_file(config)).parent_path();
    for (const Entry& e : entries) {
        const fs::path name(e.path);
        if (name.parent_path() != kAudit) continue;
        const fs::path to = place / name.filename();
        if (const auto copied = copy_file((directory / name).string(), to.string(), e.path);
            !copied)
            return fail(copied.error());
        if (Status s = give_to_owner_of(place, to); !s) return s;
        if (::chmod(to.c_str(), 0640) != 0) return os_fail(to.string(), errno);
    }
    return ok();
}

}  // namespace

Result<BackupSummary> restore_backup(const Config& config, const std::string& directory) {
    auto summary = verify_backup(directory);
    if (!summary) return summary;
    const auto listed = read_list(directory);
    if (!listed) return fail(listed.error());
    const std::string* const places[] = {&config.journal.directory, &config.store.directory,
                                         &config.secret_file};
    if (Status s = undo_half_a_swap({places[0], places[1], places[2]}); !s) return fail(s.error());
    for (const std::string* place : places) {
        struct stat st {};
        if (const fs::path old = beside(*place, kOld); ::lstat(old.c_str(), &st) == 0)
            return fail(ErrorCode::Usage, old.string() + ": is there, of an earlier restore",
                        "look whether it is still needed, then move it away");
        std::error_code ignored;
        fs::remove_all(beside(*place, kNew), ignored);  // of one that was interrupted
    }

    // All of it beside what is there, first.
    const fs::path journal = beside(config.journal.directory, kNew),
                   store = beside(config.store.directory, kNew),
                   secret = beside(config.secret_file, kNew);
    Scratch journal_scratch(journal), store_scratch(store), secret_scratch(secret);
    if (Status s = make_directory(journal); !s) return fail(s.error());
    if (Status s = make_directory(store); !s) return fail(s.error());
    for (const Entry& e : listed->entries) {
        const fs::path name(e.path);
        const std::string from = (fs::path(directory) / name).string();
        fs::path to;
        if (name.parent_path() == "journal" && is_segment(name.filename().string()))
            to = journal / name.filename();
        else if (name == kSecret)
            to = secret;
        else
            continue;
        const auto copied = copy_file(from, to.string(), e.path);
        if (!copied) return fail(copied.error());
        if (copied->sha256 != e.sha256)
            return fail(ErrorCode::Corrupt, from + ": changed meanwhile", "try again");
    }
    {
        StoreOptions options = config.store;
        options.directory = store.string();
        auto opened = Store::open(options, Store::Mode::Write);
        if (!opened) return fail(opened.error());
        const std::string path = (fs::path(directory) / kStoreDump).string();
        const auto fd = open_dump(path);
        if (!fd) return fail(fd.error());
        const auto loaded = load_dump(source_of(fd->get(), path), **opened);
        if (!loaded) return fail(loaded.error());
    }
    for (const fs::path& made : {journal, store, secret})
        if (Status s = give_to_owner_of(made.parent_path(), made); !s) return fail(s.error());

    const auto before = read_secret(config.secret_file), after = read_secret(secret.string());
    const bool same_secret = before && after && *before == *after;

    // Then the swap: what was there keeps its bytes under another name.
    const fs::path* const made[] = {&journal, &store, &secret};
    for (std::size_t i = 0; i < 3; ++i) {
        const fs::path place = beside(*places[i], "");
        if (::rename(place.c_str(), beside(*places[i], kOld).c_str()) != 0 && errno != ENOENT)
            return os_fail(place.string() + ": cannot be moved aside", errno);
        if (::rename(made[i]->c_str(), place.c_str()) != 0)
            return os_fail(place.string() + ": cannot be put in place", errno,
                           "what was there before is in " + beside(*places[i], kOld).string());
    }
    journal_scratch.keep();
    store_scratch.keep();
    secret_scratch.keep();
    if (Status s = restore_audit(config, directory, listed->entries, same_secret); !s)
        return fail(s.error());
    return summary;
}

}  // namespace kith::admin
