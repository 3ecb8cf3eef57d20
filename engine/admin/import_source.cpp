// SPDX-License-Identifier: Apache-2.0
// Covered by tests/unit/admin/import_source_test.cpp.
#include "engine/admin/import_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "engine/base/os_error.hpp"
#include "engine/base/unique_fd.hpp"

namespace kith::admin {
namespace {

namespace fs = std::filesystem;

// Regular files of cur/ and new/; dot files and foreign things are passed over.
void add_folder(const fs::path& folder, MailSource& source) {
    for (const char* part : {"cur", "new"}) {
        std::error_code error;
        fs::directory_iterator entries(folder / part, error);
        for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
            const std::string name = entries->path().filename().string();
            if (name.empty() || name.front() == '.') continue;
            struct stat s {};
            if (::stat(entries->path().c_str(), &s) != 0 || !S_ISREG(s.st_mode)) {
                ++source.unreadable;
                continue;
            }
            SourceMail mail;
            mail.file = static_cast<std::uint32_t>(source.files.size());
            mail.length = static_cast<std::uint64_t>(s.st_size);
            mail.fallback = from_unix(s.st_mtime);
            source.files.push_back(entries->path().string());
            source.mails.push_back(std::move(mail));
        }
        if (error && error != std::errc::no_such_file_or_directory) ++source.unreadable;
    }
}

bool is_folder(const fs::path& path) {
    std::error_code error;
    return fs::is_directory(path / "cur", error) || fs::is_directory(path / "new", error);
}

// Time of "From a@b Tue Mar  3 10:00:00 2026" with an optional zone name or offset, in UTC; nothing
// when it is no separator.
struct Separator {
    std::string sender;
    Time time{};
};

std::optional<Separator> separator_of(std::string_view line) {
    if (line.substr(0, 5) != "From ") return std::nullopt;
    const std::string text(line.substr(5));
    const std::size_t blank = text.find(' ');
    if (blank == std::string::npos || blank == 0) return std::nullopt;
    const std::size_t date = text.find_first_not_of(' ', blank);
    if (date == std::string::npos) return std::nullopt;
    std::tm tm{};
    const char* rest = ::strptime(text.c_str() + date, "%a %b %d %H:%M:%S", &tm);
    if (rest == nullptr) return std::nullopt;
    // A zone may stand before the year, an offset behind it.
    while (*rest == ' ') ++rest;
    if ((*rest >= 'A' && *rest <= 'Z') || *rest == '+' || *rest == '-') {
        while (*rest != '\0' && *rest != ' ') ++rest;
    }
    std::tm year{};
    if (::strptime(rest, " %Y", &year) == nullptr) return std::nullopt;
    tm.tm_year = year.tm_year;
    Separator out;
    out.time = from_unix(static_cast<std::int64_t>(::timegm(&tm)));
    out.sender = text.substr(0, blank);
    if (out.sender.find('@') == std::string::npos) out.sender.clear();  // "MAILER-DAEMON", "-"
    return out;
}

// Reads a file line by line, keeping at most the first kKept bytes of a line: lines of a hostile
// mail may have any length.
class LineScanner {
public:
    static constexpr std::size_t kKept = 256;
    explicit LineScanner(int fd) : fd_(fd), buffer_(1 << 20) {}

    /// False at the end. `line` is without its line end.
    Result<bool> next() {
        line_.clear();
        start_ = position_;
        bool any = false;
        for (;;) {
            if (at_ == filled_) {
                const ssize_t n = ::read(fd_, buffer_.data(), buffer_.size());
                if (n < 0 && errno == EINTR) continue;
                if (n < 0) return os_fail("read", errno);
                if (n == 0) return any;
                at_ = 0;
                filled_ = static_cast<std::size_t>(n);
            }
            any = true;
            const std::string_view rest(buffer_.data() + at_, filled_ - at_);
            const std::size_t end = rest.find('\n');
            const std::string_view piece = rest.substr(0, end);
            if (line_.size() < kKept) line_ += piece.substr(0, kKept - line_.size());
            const std::size_t taken = end == std::string_view::npos ? rest.size() : end + 1;
            at_ += taken;
            position_ += taken;
            if (end == std::string_view::npos) continue;
            if (!line_.empty() && line_.back() == '\r') line_.pop_back();
            return true;
        }
    }
    [[nodiscard]] const std::string& line() const noexcept { return line_; }
    [[nodiscard]] std::uint64_t start() const noexcept { return start_; }
    [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

private:
    int fd_;
    std::vector<char> buffer_;
    std::size_t at_ = 0, filled_ = 0;
    std::uint64_t start_ = 0, position_ = 0;
    std::string line_;
};

// One '>' of each "^>+From " goes (mboxrd).
std::string unquote_from(const std::string& text) {
    std::string out;
    out.reserve(text.size());
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        const std::size_t letter = text.find_first_not_of('>', at);
        if (letter != std::string::npos && letter > at && letter < end &&
            text.compare(letter, 5, "From ") == 0)
            ++at;
        out.append(text, at, end - at);
        at = end;
    }
    return out;
}

}  // namespace

Result<MailSource> open_maildir(const std::string& directory) {
    std::error_code error;
    const fs::file_status status = fs::status(directory, error);
    if (error && error != std::errc::no_such_file_or_directory)
        return os_fail(directory, error.value(), "is the path right, and may this user read it?");
    if (!fs::exists(status)) return fail(ErrorCode::NoInput, directory + ": no such directory");
    MailSource source;
    std::vector<fs::path> folders;
    if (is_folder(directory)) folders.emplace_back(directory);
    fs::directory_iterator entries(directory, error);
    if (error)
        return os_fail(directory, error.value(), "is the path right, and may this user read it?");
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
        const std::string name = entries->path().filename().string();
        if (name.size() > 1 && name.front() == '.' && is_folder(entries->path()))
            folders.push_back(entries->path());
    }
    if (folders.empty())
        return fail(ErrorCode::NoInput, directory + ": not a Maildir",
                    "name a directory with cur and new in it");
    for (const fs::path& folder : folders) add_folder(folder, source);
    return source;
}

Result<MailSource> open_mbox(const std::string& file) {
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return os_fail(file, errno, "is the path right, and may this user read it?");
    MailSource source;
    source.files.push_back(file);
    source.quoted_from = true;
    LineScanner scanner(fd.get());
    bool after_blank = true;
    std::uint64_t blank_start =
        0;  // where the empty line before a separator begins: it belongs to no mail
    for (;;) {
        const Result<bool> more = scanner.next();
        if (!more) return os_fail(file, errno);
        if (!*more) break;
        const std::optional<Separator> separator =
            after_blank ? separator_of(scanner.line()) : std::optional<Separator>();
        if (separator) {
            if (!source.mails.empty())
                source.mails.back().length = blank_start - source.mails.back().offset;
            source.mails.push_back({0, scanner.position(), 0, separator->time, separator->sender});
        } else if (source.mails.empty() && !scanner.line().empty()) {
            return fail(ErrorCode::Corrupt,
                        file + ": not an mbox file (it does not begin with a From line)",
                        "for a directory with one file a mail use --maildir");
        }
        after_blank = scanner.line().empty();
        if (after_blank) blank_start = scanner.start();
    }
    if (!source.mails.empty())
        source.mails.back().length = scanner.position() - source.mails.back().offset;
    // A separator directly behind another leaves a mail of no bytes.
    std::erase_if(source.mails, [](const SourceMail& m) { return m.length == 0; });
    return source;
}

Result<std::string> read_mail(const MailSource& source, const SourceMail& mail,
                              std::uint64_t max_bytes) {
    const std::string& file = source.files[mail.file];
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return os_fail(file, errno, "is the path right, and may this user read it?");
    std::string out(static_cast<std::size_t>(std::min(mail.length, max_bytes)), '\0');
    std::size_t got = 0;
    while (got < out.size()) {
        const ssize_t n = ::pread(fd.get(), out.data() + got, out.size() - got,
                                  static_cast<off_t>(mail.offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_fail(file, errno);
        if (n == 0) break;  // shorter than it was
        got += static_cast<std::size_t>(n);
    }
    out.resize(got);
    return source.quoted_from ? unquote_from(out) : out;
}

}  // namespace kith::admin
