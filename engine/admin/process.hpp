// SPDX-License-Identifier: Apache-2.0
// Runs one of the MTA's own commands and gives back what it said. No shell, a fixed environment,
// bounded output and time: the admin's command often runs as root. Covered by
// tests/unit/admin/process_test.cpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "engine/base/result.hpp"

namespace kith::admin {

struct ProcessOptions {
    /// Where commands are looked for, in order; an absolute command name is taken as it is. The
    /// caller's PATH is not used.
    std::vector<std::string> path{"/usr/sbin", "/usr/bin",        "/sbin",
                                  "/bin",      "/usr/local/sbin", "/opt/postfix/sbin"};
    std::chrono::milliseconds deadline{60000};  ///< then the process is killed
    std::size_t max_output_bytes =
        64ULL << 20;      ///< of stdout and stderr together: a queue of 100,000 mails has 40 MB
    std::string input{};  ///< what the command reads; "" = nothing
};

struct ProcessOutput {
    int status = 0;  ///< exit status; 128 + signal when killed by one
    std::string out;
    std::string err;
};

/// Whether run_process() would find the command.
[[nodiscard]] bool is_installed(const std::string& name, const ProcessOptions& options);

/// Runs `command` with LC_ALL=C and no shell; stdin gives it `options.input`. Unavailable when it
/// is not installed; TryAgain at the deadline; Full beyond the bound of output; Io when the system
/// refuses. A non-zero exit status is an answer, not an error.
[[nodiscard]] Result<ProcessOutput> run_process(const std::vector<std::string>& command,
                                                const ProcessOptions& options);

}  // namespace kith::admin
