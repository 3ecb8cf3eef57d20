// SPDX-License-Identifier: Apache-2.0
// Covered by tests/unit/admin/import_ledger_test.cpp.
#include "engine/admin/import_ledger.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "engine/base/os_error.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/write_all.hpp"
#include "engine/journal/mail_record.hpp"

namespace kith::admin {
namespace {

// Persistent (FORMAT.md).
constexpr std::string_view kMagic = "KITHIMP1";
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kHeadBytes = 8 + 3 * 8;

Unexpected os_error(const std::string& what, int number) {
    return os_fail(what, number,
                   os_error_code(number) == ErrorCode::Permission
                       ? "run it as root or as the user _kith"
                       : "");
}

void put64(std::string& out, std::uint64_t x) {
    for (int i = 0; i < 8; ++i, x >>= 8) out += static_cast<char>(x & 0xff);
}

std::uint64_t get64(std::string_view bytes) {
    std::uint64_t x = 0;
    for (std::size_t i = 8; i-- > 0;) x = x << 8 | static_cast<unsigned char>(bytes[i]);
    return x;
}

// The position up to which the file is complete; start of the journal when the file is missing or
// damaged.
JournalPosition load(const std::string& file, std::unordered_set<std::string>& ids) {
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (bytes.size() < kHeadBytes || bytes.compare(0, kMagic.size(), kMagic) != 0) return {};
    const std::string_view head(bytes);
    const JournalPosition position{get64(head.substr(8)), get64(head.substr(16))};
    const std::uint64_t count = get64(head.substr(24));
    if (count != (bytes.size() - kHeadBytes) / kIdBytes ||
        (bytes.size() - kHeadBytes) % kIdBytes != 0)
        return {};
    for (std::size_t at = kHeadBytes; at < bytes.size(); at += kIdBytes)
        ids.insert(bytes.substr(at, kIdBytes));
    return position;
}

}  // namespace

Result<ImportLedger> ImportLedger::open(const std::string& file, const JournalOptions& options) {
    ImportLedger ledger;
    ledger.file_ = file;
    const std::string lock = file + ".lock";
    ledger.lock_ = UniqueFd(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (!ledger.lock_) return os_error(lock, errno);
    if (Status s = give_to_owner_of_directory(ledger.lock_.get(), lock); !s)
        return fail(std::move(s).error());
    if (::flock(ledger.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return fail(ErrorCode::TryAgain, "another kith import is running",
                        "wait until it ends");
        return os_error(lock, errno);
    }
    if (Status s = ledger.read(options); !s) return fail(std::move(s).error());
    return ledger;
}

Result<ImportLedger> ImportLedger::look(const std::string& file, const JournalOptions& options) {
    ImportLedger ledger;
    ledger.file_ = file;
    if (Status s = ledger.read(options); !s) return fail(std::move(s).error());
    return ledger;
}

Status ImportLedger::read(const JournalOptions& options) {
    const JournalPosition complete_to = load(file_, ids_);
    Result<std::unique_ptr<JournalReader>> journal = JournalReader::open(options);
    if (!journal) {
        // No journal yet: nothing was imported.
        if (journal.error().code == ErrorCode::NoInput) return ok();
        return fail(std::move(journal).error());
    }
    if (Status s = (*journal)->seek(complete_to); !s) return fail(std::move(s).error());
    return for_each_record(**journal, [&](const JournalRecord& record) {
        if (record.type != RecordType::Mail) return ok();
        const Result<MailRecord> mail = decode_mail_record(record.payload);
        if (mail && mail->imported && mail->id.size() == kIdBytes) add(mail->id);
        return ok();
    });
}

Status ImportLedger::save(JournalPosition complete_to) const {
    std::string bytes(kMagic);
    put64(bytes, complete_to.segment);
    put64(bytes, complete_to.offset);
    put64(bytes, ids_.size());
    for (const std::string& id : ids_) bytes += id;

    const std::string unfinished = file_ + ".new";
    {
        const UniqueFd fd(
            ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
        if (!fd) return os_error(unfinished, errno);
        if (Status s = give_to_owner_of_directory(fd.get(), unfinished); !s) return s;
        if (const int failure = write_all(fd.get(), bytes); failure != 0)
            return os_error(unfinished, failure);
        if (::fdatasync(fd.get()) != 0) return os_error(unfinished, errno);
    }
    if (std::rename(unfinished.c_str(), file_.c_str()) != 0) return os_error(file_, errno);
    return ok();
}

}  // namespace kith::admin
