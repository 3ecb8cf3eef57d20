// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/spool.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <memory>
#include <optional>

#include "engine/base/os_error.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/write_all.hpp"

namespace kith {
namespace {

// Persistent (engine/documents/FORMAT.md).
constexpr std::string_view kUnfinished = ".new-";
constexpr mode_t kMode = 0600;
constexpr std::size_t kMaxListed = 100'000;

struct CloseDir {
    void operator()(DIR* d) const noexcept { ::closedir(d); }
};

/// One file's name taken apart: MAIL-INDEX-COUNT-KIND-SENDER.
struct Name {
    std::string mail;
    unsigned index = 0, count = 0;
    DocumentKind kind = DocumentKind::None;
    std::string sender;
};

std::optional<unsigned> number(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

std::optional<Name> parse_name(std::string_view text) {
    std::array<std::string_view, 5> parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t end = i + 1 < parts.size() ? text.find('-') : text.size();
        if (end == std::string_view::npos) return std::nullopt;
        parts[i] = text.substr(0, end);
        text.remove_prefix(std::min(text.size(), end + 1));
    }
    Name name{std::string(parts[0]), 0, 0, DocumentKind::None, std::string(parts[4])};
    const auto index = number(parts[1]), count = number(parts[2]);
    for (const DocumentKind kind : {DocumentKind::Pdf, DocumentKind::Office, DocumentKind::Rtf})
        if (parts[3] == to_string(kind)) name.kind = kind;
    if (!index || !count || *index >= *count || name.mail.empty() ||
        name.kind == DocumentKind::None)
        return std::nullopt;
    name.index = *index;
    name.count = *count;
    return name;
}

bool is_mail_id(std::string_view id) noexcept {
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
}

struct Found {
    std::string name;
    Time since{};
    std::uint64_t bytes = 0;
};

/// Every file of the directory with size and age.
Result<std::vector<Found>> look(const std::string& directory) {
    const std::unique_ptr<DIR, CloseDir> dir(::opendir(directory.c_str()));
    if (!dir) return os_fail("attachments in " + directory, errno);
    std::vector<Found> out;
    while (const dirent* entry = ::readdir(dir.get())) {
        struct stat st {};
        if (out.size() == kMaxListed ||
            ::fstatat(::dirfd(dir.get()), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode))
            continue;
        out.push_back(
            {entry->d_name, from_unix(st.st_mtime), static_cast<std::uint64_t>(st.st_size)});
    }
    return out;
}

Status write_file(const std::string& directory, const std::string& name, std::string_view bytes) {
    const std::string unfinished = directory + "/" + std::string(kUnfinished) + name;
    const UniqueFd file(
        ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kMode));
    if (!file) return os_fail("cannot create " + unfinished, errno);
    int failure = write_all(file.get(), bytes);
    if (failure == 0 && ::rename(unfinished.c_str(), (directory + "/" + name).c_str()) != 0)
        failure = errno;
    if (failure == 0) return ok();
    ::unlink(unfinished.c_str());
    return os_fail("cannot write " + unfinished, failure);
}

}  // namespace

Status spool_documents(const AttachmentOptions& options, std::string_view mail,
                       std::uint32_t sender, const std::vector<Document>& documents) {
    if (!is_mail_id(mail)) return fail(ErrorCode::Internal, "attachments: a mail without an id");
    auto waiting = look(options.directory);
    if (!waiting) return fail(waiting.error());
    const std::string from = fmt::format("{:08x}", sender);
    std::uint64_t bytes = 0;
    std::size_t of_sender = documents.size();
    for (const auto& file : *waiting) {
        bytes += file.bytes;
        of_sender += file.name.ends_with("-" + from) ? 1U : 0U;
    }
    for (const auto& document : documents) bytes += document.bytes.size();
    if (waiting->size() + documents.size() > options.max_waiting ||
        bytes > options.max_waiting_bytes)
        return fail(ErrorCode::Full, "attachments: too many wait in " + options.directory,
                    "is kith-learner running?");
    if (of_sender > kMaxWaitingOfSender)
        return fail(ErrorCode::Full, "attachments: too many of one sender wait");
    SpooledMail written{std::string(mail), {}, {}, false};
    for (std::size_t i = 0; i < documents.size(); ++i) {
        const Document& document = documents[i];
        std::string name = fmt::format("{}-{}-{}-{}-{}", mail, i, documents.size(),
                                       to_string(document.kind), from);
        if (Status done = write_file(options.directory, name, document.bytes); !done) {
            remove_spooled(options.directory, written);
            return done;
        }
        written.files.push_back({std::move(name), document.kind});
    }
    return ok();
}

Result<std::vector<SpooledMail>> list_spool(const std::string& directory) {
    auto files = look(directory);
    if (!files) return fail(files.error());
    std::map<std::string, std::map<unsigned, std::pair<Found, Name>>> by_mail;
    for (auto& file : *files)
        if (auto name = parse_name(file.name)) {
            auto& mail = by_mail[name->mail];
            const unsigned index = name->index;
            mail.emplace(index, std::pair(std::move(file), std::move(*name)));
        }
    std::vector<SpooledMail> out;
    for (auto& [id, documents] : by_mail) {
        SpooledMail mail{id, documents.begin()->second.first.since, {}, false};
        for (auto& [index, document] : documents) {
            mail.since = std::min(mail.since, document.first.since);
            mail.files.push_back({document.first.name, document.second.kind});
        }
        mail.complete = documents.size() == documents.begin()->second.second.count;
        out.push_back(std::move(mail));
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const SpooledMail& a, const SpooledMail& b) { return a.since < b.since; });
    return out;
}

Result<UniqueFd> open_spooled(const std::string& directory, const SpooledMail::File& file) {
    const std::string path = directory + "/" + file.name;
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) return os_fail("cannot open " + path, errno);
    return fd;
}

void remove_spooled(const std::string& directory, const SpooledMail& mail) {
    for (const auto& file : mail.files) ::unlink((directory + "/" + file.name).c_str());
}

Status open_spool(const std::string& directory) { return make_directory(directory); }

void close_spool(const std::string& directory) {
    expire_spool(directory, Time::max());
    ::rmdir(directory.c_str());
}

void expire_spool(const std::string& directory, Time before) {
    const auto files = look(directory);
    if (!files) return;
    for (const auto& file : *files)
        if (file.since < before && (parse_name(file.name) || file.name.starts_with(kUnfinished)))
            ::unlink((directory + "/" + file.name).c_str());
}

}  // namespace kith
