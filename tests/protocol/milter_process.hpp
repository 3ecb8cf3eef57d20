// SPDX-License-Identifier: Apache-2.0
// The built kith-milter as a child process with a configuration, spool and journal of its own in a
// temporary directory.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/journal/mail_record.hpp"
#include "tests/support/fake_mta.hpp"
#include "tests/support/temp_dir.hpp"

namespace kith::test {

/// Waits until `condition` holds; false when it does not within `patience`.
[[nodiscard]] bool eventually(const std::function<bool()>& condition,
                              std::chrono::seconds patience = std::chrono::seconds(20));

/// A free TCP port on 127.0.0.1 at this moment.
[[nodiscard]] std::uint16_t free_port();

struct MilterSetup {
    bool over_tcp = false;
    bool make_directories = true;  ///< journal and spool; false = they are missing
    std::string mode = "tag";
    std::string more;            ///< lines added to the configuration
    std::string more_of_milter;  ///< lines added to its section "milter"
    std::vector<std::pair<std::string, std::string>> models{};  ///< files of the site's models
    int umask = -1;                ///< of the program; -1 = the test's own
    unsigned max_descriptors = 0;  ///< of the program; 0 = the test's own
};

/// Started by the constructor, which waits until it serves; killed by the destructor if it still
/// runs.
class MilterProcess {
public:
    explicit MilterProcess(const MilterSetup& setup = {});
    ~MilterProcess();
    MilterProcess(const MilterProcess&) = delete;
    MilterProcess& operator=(const MilterProcess&) = delete;

    [[nodiscard]] const std::string& socket() const noexcept { return socket_; }
    [[nodiscard]] const TempDir& directory() const noexcept { return directory_; }
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// A connection that has negotiated and greeted.
    [[nodiscard]] FakeMta mta(const MtaOffer& offer = {}) const;
    void write_config(const MilterSetup& setup) const;
    void signal(int number) const;
    /// The exit code; nullopt when it does not end in time or dies of a signal.
    [[nodiscard]] std::optional<int> wait_for_exit(
        std::chrono::seconds patience = std::chrono::seconds(30));
    [[nodiscard]] bool is_running();
    [[nodiscard]] std::size_t open_descriptors() const;
    [[nodiscard]] std::size_t threads() const;
    /// Memory that is in use now, in kB.
    [[nodiscard]] std::size_t resident_kb() const;
    /// The most that ever was.
    [[nodiscard]] std::size_t peak_resident_kb() const;

    [[nodiscard]] std::string log() const;
    [[nodiscard]] std::size_t log_lines_with(std::string_view part) const;
    /// Waits until the log holds `part` at least `times` times.
    [[nodiscard]] bool logs(std::string_view part, std::size_t times = 1) const;
    /// Mail records in the journal, once there are at least `at_least`.
    [[nodiscard]] std::vector<MailRecord> journal(std::size_t at_least) const;

    struct Run {
        int exit_code = -1;
        std::string output;
    };
    /// Runs the program to its end with `arguments`.
    [[nodiscard]] static Run run(const std::vector<std::string>& arguments,
                                 const TempDir& directory);
    [[nodiscard]] std::string config_file() const { return directory_.file("kith.yaml"); }

private:
    TempDir directory_;
    std::string socket_;
    pid_t pid_ = -1;
};

}  // namespace kith::test
