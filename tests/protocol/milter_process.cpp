// SPDX-License-Identifier: Apache-2.0
#include "tests/protocol/milter_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "engine/journal/journal.hpp"
#include "tests/support/memory_peak.hpp"

namespace kith::test {
namespace {

constexpr std::chrono::milliseconds kPollStep{5};

std::string program() {
    const char* path = std::getenv("KITH_MILTER_PROGRAM");
    if (path == nullptr)
        throw std::runtime_error("KITH_MILTER_PROGRAM names the program under test");
    return path;
}

pid_t start(const std::vector<std::string>& arguments, const std::string& output,
            const MilterSetup& setup = {}) {
    std::vector<std::string> all{program()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& argument : all) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("fork failed");
    if (pid == 0) {
        const int fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        ::dup2(fd, 1);
        ::dup2(fd, 2);
        if (setup.umask >= 0) ::umask(static_cast<mode_t>(setup.umask));
        if (setup.max_descriptors > 0) {
            const rlimit limit{setup.max_descriptors, setup.max_descriptors};
            ::setrlimit(RLIMIT_NOFILE, &limit);
        }
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    return pid;
}

std::string read_if_there(const TempDir& directory, const char* name) {
    return std::filesystem::exists(directory.path() / name) ? directory.read(name) : std::string();
}

}  // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::seconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(
            kPollStep);  // the pace of looking, not a wait for something to have happened
    }
    return true;
}

std::uint16_t free_port() {
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
        throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

MilterProcess::MilterProcess(const MilterSetup& setup) {
    socket_ = setup.over_tcp ? "inet:" + std::to_string(free_port()) + "@127.0.0.1"
                             : "unix:" + directory_.file("k.sock");
    if (setup.make_directories) {
        std::filesystem::create_directory(directory_.file("journal"));
        std::filesystem::create_directory(directory_.file("spool"));
    }
    write_config(setup);
    for (const auto& [name, text] : setup.models) directory_.write("models.d/" + name, text);
    pid_ = start({"--config", config_file(), "--stderr"}, directory_.file("log"), setup);
    if (!eventually([&] { return log_lines_with("serving") > 0 || !is_running(); }) ||
        !is_running())
        throw std::runtime_error("kith-milter does not serve: " + log());
}

MilterProcess::~MilterProcess() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void MilterProcess::write_config(const MilterSetup& setup) const {
    directory_.write("kith.yaml", "mode: " + setup.mode +
                                      "\n"
                                      "site:\n"
                                      "  domains: [site.example]\n"
                                      "  authserv_id: mx.site.example\n"
                                      "milter:\n"
                                      "  socket: \"" +
                                      socket_ +
                                      "\"\n"
                                      "  socket_group: \"\"\n"
                                      "  spool_directory: " +
                                      directory_.file("spool") +
                                      "\n"
                                      "  trouble_file: " +
                                      directory_.file("trouble") + "\n" + setup.more_of_milter +
                                      "store:\n"
                                      "  directory: " +
                                      directory_.file("store") +
                                      "\n"
                                      "journal:\n"
                                      "  directory: " +
                                      directory_.file("journal") +
                                      "\n"
                                      "models:\n"
                                      "  directory: " +
                                      directory_.file("models.d") +
                                      "\n"
                                      "secret_file: " +
                                      directory_.file("site.key") + "\n" + setup.more);
    // A configuration that others may write is refused.
    std::filesystem::permissions(
        config_file(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

FakeMta MilterProcess::mta(const MtaOffer& offer) const {
    auto connected = FakeMta::connect(socket_);
    if (!connected) throw std::runtime_error("nobody listens on " + socket_);
    if (!connected->negotiate(offer)) throw std::runtime_error("negotiation failed");
    connected->greet();
    return std::move(*connected);
}

void MilterProcess::signal(int number) const { ::kill(pid_, number); }

bool MilterProcess::is_running() {
    if (pid_ <= 0) return false;
    siginfo_t state{};  // WNOWAIT: the exit code stays there for wait_for_exit()
    return ::waitid(P_PID, static_cast<id_t>(pid_), &state, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           state.si_pid == 0;
}

std::optional<int> MilterProcess::wait_for_exit(std::chrono::seconds patience) {
    int status = 0;
    pid_t ended = 0;
    if (!eventually([&] { return (ended = ::waitpid(pid_, &status, WNOHANG)) != 0; }, patience))
        return std::nullopt;
    pid_ = -1;
    if (ended < 0 || !WIFEXITED(status)) return std::nullopt;
    return WEXITSTATUS(status);
}

namespace {

std::size_t entries_of(const std::string& directory) {
    const auto entries = std::filesystem::directory_iterator(directory);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

}  // namespace

std::size_t MilterProcess::open_descriptors() const {
    return entries_of("/proc/" + std::to_string(pid_) + "/fd");
}

std::size_t MilterProcess::threads() const {
    return number_of_status(std::to_string(pid_), "Threads:");
}
std::size_t MilterProcess::resident_kb() const {
    return number_of_status(std::to_string(pid_), "VmRSS:");
}
std::size_t MilterProcess::peak_resident_kb() const {
    return number_of_status(std::to_string(pid_), "VmHWM:");
}

std::string MilterProcess::log() const { return read_if_there(directory_, "log"); }

std::size_t MilterProcess::log_lines_with(std::string_view part) const {
    const std::string text = log();
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos;
         at = text.find(part, at + part.size()))
        ++count;
    return count;
}

bool MilterProcess::logs(std::string_view part, std::size_t times) const {
    return eventually([&] { return log_lines_with(part) >= times; });
}

std::vector<MailRecord> MilterProcess::journal(std::size_t at_least) const {
    std::vector<MailRecord> records;
    const auto read_all = [&] {
        records.clear();
        JournalOptions options;
        options.directory = directory_.file("journal");
        auto reader = JournalReader::open(options);
        if (!reader) return false;
        for (;;) {
            auto record = (*reader)->next();
            if (!record || !*record) break;
            if ((*record)->type != RecordType::Mail) continue;
            auto mail = decode_mail_record((*record)->payload);
            if (mail) records.push_back(std::move(*mail));
        }
        return records.size() >= at_least;
    };
    (void)eventually(read_all);
    return records;
}

MilterProcess::Run MilterProcess::run(const std::vector<std::string>& arguments,
                                      const TempDir& directory) {
    const std::string output = "run-output";
    std::filesystem::remove(directory.file(output));
    const pid_t pid = start(arguments, directory.file(output));
    int status = 0;
    ::waitpid(pid, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, directory.read(output)};
}

}  // namespace kith::test
