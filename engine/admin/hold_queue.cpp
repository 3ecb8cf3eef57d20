// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/hold_queue.hpp"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "engine/base/os_error.hpp"
#include "engine/base/text.hpp"
#include "engine/base/unique_fd.hpp"

namespace kith::admin {
namespace {

constexpr std::size_t kMaxQueueId = 64;
constexpr std::size_t kSendmailId = 14;  // a shorter one would be part of others for sendmail -qI

bool is_alnum(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// What a server said when it did not follow, and what to do, or to type instead.
Unexpected did_not_follow(std::string_view server, const Error& error, const std::string& typed) {
    return fail(error.code, std::string(server) + " did not follow: " + error.what,
                error.hint.empty() ? "try by hand: " + typed : error.hint);
}

class PostfixQueue final : public HoldQueue {
public:
    explicit PostfixQueue(const PostfixOptions& options) : postfix_(options) {}

    std::string_view name() const override { return "Postfix"; }
    Result<std::string> host() const override { return postfix_.setting("myhostname"); }
    Result<QueueView> look() const override {
        const Result<std::string> listed = postfix_.run("postqueue", {"-j"});
        if (!listed) return fail(listed.error());
        QueueView out;
        for (QueuedMail& mail : queued_mail(*listed))
            out.insert_or_assign(std::move(mail.queue_id), std::move(mail.queue));
        return out;
    }
    Result<std::string> find(const std::string& id) const override {
        const Result<std::string> listed = postfix_.run("postqueue", {"-j"});
        if (!listed) return fail(listed.error());
        const auto queued = find_queued(*listed, id);
        return queued ? queued->queue : std::string();
    }
    Status release(const std::string& id) const override {
        Status off = call("postsuper", {"-H", id});
        return off ? call("postqueue", {"-i", id}) : off;
    }
    Status drop(const std::string& id) const override {
        return call("postsuper", {"-d", id, "hold"});
    }
    Status hold(const std::string& id) const override { return call("postsuper", {"-h", id}); }

private:
    [[nodiscard]] Status call(const std::string& command,
                              const std::vector<std::string>& arguments) const {
        const Result<std::string> done = postfix_.run(command, arguments);
        if (done) return ok();
        return did_not_follow(name(), done.error(), postfix_.command_text(command, arguments));
    }
    Postfix postfix_;
};

class SendmailQueue final : public HoldQueue {
public:
    explicit SendmailQueue(const MtaOptions& options) : directory_(options.sendmail_queue) {
        if (!options.sendmail_bin.empty()) process_.path = {options.sendmail_bin};
    }

    [[nodiscard]] bool is_there() const {
        return is_installed("mailq", process_) && is_installed("sendmail", process_);
    }
    std::string_view name() const override { return "Sendmail"; }
    Result<std::string> host() const override {
        const Result<std::string> said = run({"sendmail", "-d0.1", "-bt"});
        if (!said) return fail(said.error());
        std::string name = sendmail_name(*said);
        if (name.empty())
            return fail(ErrorCode::Unavailable, "the command sendmail here is not Sendmail's",
                        "where Sendmail is elsewhere: --sendmail-bin");
        return name;
    }
    Result<QueueView> look() const override {
        QueueView out;
        for (const auto& [place, arguments] :
             {std::pair<std::string, std::vector<std::string>>{"queued", {"mailq"}},
              {std::string(kOnHold), {"mailq", "-qQ"}}}) {
            const Result<std::string> listed = run(arguments);
            if (!listed) return fail(listed.error());
            for (std::string& id : parse_mailq(*listed)) out.insert_or_assign(std::move(id), place);
        }
        return out;
    }
    Result<std::string> find(const std::string& id) const override {
        const Result<QueueView> all = look();
        if (!all) return fail(all.error());
        const auto found = all->find(id);
        return found == all->end() ? std::string() : found->second;
    }
    Status release(const std::string& id) const override {
        // -qI takes any part of an id: a whole one is nobody else's.
        if (id.size() < kSendmailId) return too_short(id);
        Status off = call({"sendmail", "-qQ", "-Q", "-qI" + id});
        return off ? call({"sendmail", "-qI" + id}) : off;
    }
    Status hold(const std::string& id) const override {
        if (id.size() < kSendmailId) return too_short(id);
        return call({"sendmail", "-Qheld by kith", "-qI" + id});
    }
    Status drop(const std::string& id) const override;

private:
    [[nodiscard]] static Status too_short(const std::string& id) {
        return fail(ErrorCode::Usage, id + " is no whole queue id of Sendmail",
                    "mailq -qQ shows whole ones");
    }
    [[nodiscard]] Result<std::string> run(const std::vector<std::string>& command) const {
        Result<ProcessOutput> output = run_process(command, process_);
        if (!output) return fail(std::move(output).error());
        if (output->status != 0) {
            const std::string_view first =
                split(output->err.empty() ? output->out : output->err, '\n').front();
            return fail(ErrorCode::Unavailable,
                        text_of(command) + ": status " + std::to_string(output->status) +
                            (first.empty() ? "" : ": " + std::string(first)));
        }
        return std::move(output->out);
    }
    [[nodiscard]] Status call(const std::vector<std::string>& command) const {
        const Result<std::string> done = run(command);
        return done ? ok() : Status(did_not_follow(name(), done.error(), text_of(command)));
    }
    [[nodiscard]] static std::string text_of(const std::vector<std::string>& command) {
        std::string out;
        for (const std::string& word : command) {
            const bool quotes = word.find(' ') != std::string::npos;
            out += (out.empty() ? "" : " ") + (quotes ? "'" + word + "'" : word);
        }
        return out;
    }

    std::string directory_;
    ProcessOptions process_;
};

/// Locked against a queue run as Sendmail locks it, by either of the two ways it can be built with.
Result<UniqueFd> lock_queue_file(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (fd.get() < 0) return os_fail("cannot open " + path, errno);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 || ::fcntl(fd.get(), F_SETLK, &whole) != 0)
        return fail(ErrorCode::TryAgain, "Sendmail is at work on " + path, "try again in a moment");
    return fd;
}

// A quarantined mail is hfID (its envelope) and dfID (its text), in the queue's directory or in its
// folders qf and df (Operation Guide, "Queue Groups and Queue Directories").
Status SendmailQueue::drop(const std::string& id) const {
    std::vector<std::string> directories{directory_};
    if (directory_.empty()) {
        const Result<std::string> listed = run({"mailq", "-qQ"});
        if (!listed) return fail(listed.error());
        directories = mailq_directories(*listed);
    }
    for (std::string directory : directories) {
        if (directory.ends_with("/qf")) directory.resize(directory.size() - 3);
        for (const char* folder : {"/", "/qf/"}) {
            const std::string control = directory + folder + "hf" + id;
            std::error_code error;
            if (!std::filesystem::is_regular_file(control, error)) continue;
            const Result<UniqueFd> locked = lock_queue_file(control);
            if (!locked) return fail(locked.error());
            if (::unlink(control.c_str()) != 0) return os_fail("cannot remove " + control, errno);
            for (const char* data : {"/", "/df/"})
                if (const std::string text = directory + data + "df" + id;
                    ::unlink(text.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
                    return os_fail("cannot remove " + text, errno);
            return ok();
        }
    }
    return fail(ErrorCode::NoInput, "there is no file hf" + id + " in Sendmail's queue",
                "where its queue is elsewhere: --sendmail-queue");
}

}  // namespace

void add_mta_options(CLI::App& sub, MtaOptions& options) {
    add_postfix_options(sub, options.postfix);
    sub.add_option("--sendmail-bin", options.sendmail_bin,
                   "The server is Sendmail; directory of its commands")
        ->type_name("DIR");
    sub.add_option("--sendmail-queue", options.sendmail_queue,
                   "Directory of Sendmail's queue, where mailq names another")
        ->type_name("DIR");
}

bool is_queue_id(std::string_view id) noexcept {
    return !id.empty() && id.size() <= kMaxQueueId && std::all_of(id.begin(), id.end(), is_alnum);
}

std::vector<std::string> parse_mailq(std::string_view mailq) {
    std::vector<std::string> out;
    for (const std::string_view line : split(mailq, '\n')) {
        std::size_t n = 0;
        while (n < line.size() && is_alnum(line[n])) ++n;
        // An id has a digit or letter for the year and 13 others; after it stands a sign or a
        // blank.
        if (n < kSendmailId || n > kMaxQueueId) continue;
        if (n < line.size() && std::string_view("*-X? \t").find(line[n]) == std::string_view::npos)
            continue;
        out.emplace_back(line.substr(0, n));
    }
    return out;
}

std::vector<std::string> mailq_directories(std::string_view mailq) {
    std::vector<std::string> out;
    for (std::string_view line : split(mailq, '\n')) {
        line = trim(line);
        // "/var/spool/mqueue (2 requests)" and "/var/spool/mqueue is empty".
        if (!line.starts_with('/')) continue;
        std::size_t end = line.rfind(" (");
        if (end == std::string_view::npos) end = line.rfind(" is empty");
        if (end != std::string_view::npos) out.emplace_back(line.substr(0, end));
    }
    return out;
}

std::string sendmail_name(std::string_view identity) {
    constexpr std::string_view kLabel = "$j = ";
    for (const std::string_view line : split(identity, '\n'))
        if (const std::size_t at = line.find(kLabel); at != std::string_view::npos)
            return std::string(trim(line.substr(at + kLabel.size())));
    return {};
}

Result<std::unique_ptr<HoldQueue>> HoldQueue::open(const MtaOptions& options) {
    if (options.sendmail_bin.empty() && options.sendmail_queue.empty()) {
        if (Postfix(options.postfix).has("postconf"))
            return std::unique_ptr<HoldQueue>(std::make_unique<PostfixQueue>(options.postfix));
        if (!options.postfix.bin_directory.empty())
            return fail(ErrorCode::Unavailable,
                        "there is no postconf in " + options.postfix.bin_directory,
                        "--postfix-bin names the directory of Postfix's commands; with Sendmail: "
                        "--sendmail-bin");
    }
    auto sendmail = std::make_unique<SendmailQueue>(options);
    if (!sendmail->is_there())
        return fail(ErrorCode::Unavailable, "neither Postfix nor Sendmail is installed here",
                    "where they are elsewhere: --postfix-bin or --sendmail-bin");
    return std::unique_ptr<HoldQueue>(std::move(sendmail));
}

}  // namespace kith::admin
