// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/import_accounts.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "engine/config/accounts.hpp"
#include "engine/intake/log_follower.hpp"
#include "engine/intake/log_line_reader.hpp"
#include "engine/intake/session_merger.hpp"

namespace kith::admin {
namespace {

class AccountLog {
public:
    AccountLog(const Config& config, const Hasher& hasher, Time now,
               const std::function<Seconds(Time)>& zone,
               const std::function<Status(const AccountEvent&)>& record)
        : config_(config),
          zone_(zone),
          context_{now, zone(now), [&hasher](std::string_view) { return &hasher; }},
          record_(record) {}

    [[nodiscard]] Status line(std::string_view text) {
        ++out_.lines;
        // Summer time comes and goes within a log.
        if (reached_ != Time{}) context_.zone = zone_(reached_);
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
            if (!is_account_of(config_, e.account)) {
                ++out_.foreign;
                continue;
            }
            e.imported = true;
            if (const Status recorded = record_(e); !recorded) return recorded;
            ++out_.events;
            if (!out_.first || e.time < *out_.first) out_.first = e.time;
            if (!out_.last || e.time > *out_.last) out_.last = e.time;
        }
        return ok();
    }
    const Config& config_;
    const std::function<Seconds(Time)>& zone_;
    LogContext context_;
    const std::function<Status(const AccountEvent&)>& record_;
    SessionMerger merger_;
    Time reached_{};
    AccountImport out_;
};

}  // namespace

Result<AccountImport> read_account_log(std::istream& in, const Config& config, const Hasher& hasher,
                                       Time now, const std::function<Seconds(Time)>& zone,
                                       const std::function<Status(const AccountEvent&)>& record,
                                       const std::function<bool()>& stopped) {
    AccountLog log(config, hasher, now, zone, record);
    LineCutter cutter;
    Status failed = ok();
    std::array<char, 64 << 10> block{};
    while (failed && !stopped() && in) {
        in.read(block.data(), static_cast<std::streamsize>(block.size()));
        cutter.add({block.data(), static_cast<std::size_t>(in.gcount())},
                   [&](std::string_view line) {
                       if (failed) failed = log.line(line);
                   });
    }
    // The last line of a file may lack its end.
    cutter.add("\n", [&](std::string_view line) {
        if (failed && !line.empty()) failed = log.line(line);
    });
    if (!failed) return fail(failed.error());
    if (in.bad()) return fail(ErrorCode::Io, "the log cannot be read to its end");
    return log.end();
}

}  // namespace kith::admin
