// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/import_accounts.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "engine/base/os_error.hpp"
#include "engine/intake/log_follower.hpp"
#include "engine/intake/log_line_reader.hpp"
#include "engine/intake/session_merger.hpp"

namespace kith::admin {
namespace {

class AccountLog {
public:
    explicit AccountLog(const AccountLogReading& reading)
        : reading_(reading),
          context_{reading.now, reading.zone(reading.now),
                   [&reading](std::string_view) { return &reading.hasher; }, true} {}

    [[nodiscard]] Status line(std::string_view text) {
        ++out_.lines;
        // Summer time comes and goes within a log.
        if (reached_ != Time{}) context_.zone = reading_.zone(reached_);
        for (ToldEvent& told : read_log_line(text, context_)) {
            // The log's own clock: what belongs together is told within seconds of it.
            reached_ = std::max(reached_, told.event.time);
            merger_.add(std::move(told), reached_);
        }
        return write(merger_.take(reached_));
    }
    [[nodiscard]] Result<AccountImport> end() {
        if (const Status written = write(merger_.take(reached_, true)); !written)
            return fail(written.error());
        return out_;
    }

private:
    [[nodiscard]] Status write(std::vector<AccountEvent> events) {
        for (AccountEvent& e : events) {
            if (!reading_.is_ours(e.account)) {
                ++out_.foreign;
                continue;
            }
            if (reading_.is_known(e)) {
                ++out_.known;
                continue;
            }
            e.imported = true;
            if (const Status recorded = reading_.record(e); !recorded) return recorded;
            ++out_.events;
            if (!out_.first || e.time < *out_.first) out_.first = e.time;
            if (!out_.last || e.time > *out_.last) out_.last = e.time;
        }
        return ok();
    }

    const AccountLogReading& reading_;
    LogContext context_;
    SessionMerger merger_;
    Time reached_{};
    AccountImport out_;
};

}  // namespace

Result<AccountImport> read_account_log(int fd, const AccountLogReading& reading) {
    AccountLog log(reading);
    LineCutter cutter;
    Status failed = ok();
    const auto take = [&](std::string_view line) {
        if (failed) failed = log.line(line);
    };
    std::array<char, 64 << 10> block{};
    while (failed && !reading.stopped()) {
        const ssize_t n = ::read(fd, block.data(), block.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_fail("the log cannot be read", errno);
        if (n == 0) {
            cutter.add("\n", [&](std::string_view line) {  // the last line may lack its end
                if (!line.empty()) take(line);
            });
            break;
        }
        cutter.add({block.data(), static_cast<std::size_t>(n)}, take);
    }
    if (!failed) return fail(failed.error());
    return log.end();
}

}  // namespace kith::admin
