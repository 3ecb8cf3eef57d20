// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/site_state.hpp"

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "engine/assess/store_memory.hpp"
#include "engine/base/crc32c.hpp"
#include "engine/journal/journal.hpp"
#include "engine/journal/segment.hpp"
#include "engine/learner/learner.hpp"
#include "engine/profile/codec.hpp"
#include "engine/store/store.hpp"
#include "tests/support/observed.hpp"

namespace kith::test {
namespace {

using Json = nlohmann::json;

/// More than the journal's clock may differ from a mail's arrival without being told.
constexpr std::int64_t kOutOfDateSeconds = 6 * 3600;

/// Mail `i` of the stream; the same whatever was made before it.
MailRecord backlog_mail(const Backlog& backlog, std::uint64_t i) {
    std::mt19937_64 random(i * 2654435761U + 17);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    const std::uint64_t writer = below(backlog.senders);
    Mail mail(
        "writer" + std::to_string(writer) + "@partner" + std::to_string(writer % 9) + ".example",
        backlog.start + backlog.step * static_cast<std::int64_t>(i));
    mail.id("backlog" + std::to_string(i));
    if (i > 10 && below(3) == 0) mail.refers_to({"backlog" + std::to_string(i - 7)});
    if (below(20) == 0) mail.shows(FeatureId::user_agent, "Agent " + std::to_string(below(9)));
    mail.bin(FeatureId::recipient_count, static_cast<int>(below(4)));
    std::string text = "about";
    for (int w = 0; w < 12; ++w) text += " word" + std::to_string(below(60) * below(60));
    mail.says(text);
    if (below(4) == 0) mail.direction(Direction::Outbound).to({"kim@customer.example"});
    return record_of(mail);
}

Result<Json> count_journal(const Config& config, std::optional<JournalPosition>& end) {
    auto journal = JournalReader::open(config.journal);
    if (!journal) return fail(journal.error());
    std::uint64_t mails = 0, neutral = 0, out_of_date = 0;
    std::set<std::string> ids;
    for (;;) {
        const auto record = (*journal)->next();
        if (!record) return fail(record.error());
        if (!*record) break;
        end = (*record)->next;
        if ((*record)->type != RecordType::Mail) continue;
        const auto mail = decode_mail_record((*record)->payload);
        if (!mail) continue;
        ++mails;
        ids.insert(mail->message_id.empty() ? mail->id : mail->message_id);
        neutral += mail->assessment.degraded.empty() ? 0U : 1U;
        out_of_date +=
            std::abs(((*record)->time - mail->time).count()) > kOutOfDateSeconds ? 1U : 0U;
    }
    return Json{{"mails", mails},
                {"ids", ids.size()},
                {"neutral", neutral},
                {"out_of_date", out_of_date},
                {"damaged_bytes", (*journal)->damaged_bytes()}};
}

/// A sum over everything learned, but for what hangs on when the scales were rebuilt: the evidence
/// rings, the joint anomaly's indicator, and what a mail scored.
std::uint32_t add_to_digest(std::uint32_t digest, Table table, std::string_view key,
                            std::string_view value) {
    if (table == Table::Meta) return digest;
    if (table == Table::Site && (key.starts_with("evidence/") || key.starts_with("stages/") ||
                                 (key.starts_with("indicators/") && key.ends_with("/0"))))
        return digest;
    const char number = static_cast<char>(table);
    digest = crc32c(key, crc32c({&number, 1}, digest));
    return table == Table::Messages ? digest : crc32c(value, digest);
}

/// The subject is in the low three bits of the key's last byte (engine/profile/FORMAT.md).
bool is_correspondent(Table table, std::string_view key) {
    return table == Table::Profiles && !key.empty() &&
           (static_cast<unsigned char>(key.back()) & 7U) ==
               static_cast<unsigned char>(Subject::Correspondent);
}

Result<Json> count_store(const Config& config, const std::optional<JournalPosition>& end) {
    auto store = Store::open(config.store, Store::Mode::Read);
    if (!store) return fail(store.error());
    auto reader = (*store)->read();
    if (!reader) return fail(reader.error());
    std::uint64_t indexed = 0;
    double known = 0;
    std::uint32_t digest = 0;
    for (int t = 0; t < kTableCount; ++t) {
        const auto table = static_cast<Table>(t);
        const Status scanned =
            (*reader)->scan(table, "", [&](std::string_view key, std::string_view value) {
                indexed += table == Table::Messages && key.starts_with('I') ? 1U : 0U;
                digest = add_to_digest(digest, table, key, value);
                if (is_correspondent(table, key))
                    if (const auto profile = decode_profile(value))
                        known += static_cast<double>(profile->messages);
                return true;
            });
        if (!scanned) return fail(scanned.error());
    }
    const auto snapshot = load_snapshot(**reader, 0);
    const auto checkpoint = read_checkpoint(**reader);
    if (!snapshot) return fail(snapshot.error());
    if (!checkpoint) return fail(checkpoint.error());
    const SiteState& site = (*snapshot)->site;
    return Json{{"known", known},
                {"indexed", indexed},
                {"learned", site.learned},
                {"waiting", site.waiting},
                {"held", site.held},
                {"inbound", site.mails[static_cast<std::size_t>(Direction::Inbound)]},
                {"digest", digest},
                {"behind", end && *checkpoint < *end}};
}

Status leave_later_store(const Config& config) {
    auto store = Store::open(config.store, Store::Mode::Write);
    if (!store) return fail(store.error());
    auto writer = (*store)->write();
    if (!writer) return fail(writer.error());
    // Its format record (engine/store/FORMAT.md) with the number of the schema, at offset 8, one
    // higher.
    auto format = (*writer)->get(Table::Meta, "kith.format");
    if (!format) return fail(format.error());
    if (!*format || (*format)->size() < 12) return fail(ErrorCode::Corrupt, "no format record");
    ++(**format)[8];
    if (auto put = (*writer)->put(Table::Meta, "kith.format", **format); !put) return put;
    return (*writer)->commit();
}

/// A segment's header (engine/journal/FORMAT.md) with the number of the format, at offset 24, one
/// higher.
Status leave_later_journal(const Config& config) {
    auto reader = JournalReader::open(config.journal);
    if (!reader) return fail(reader.error());
    const auto end = (*reader)->end();
    if (!end) return fail(end.error());
    auto header = journal::encode_segment_header(end->segment + 1, 0x1122334455667788U);
    ++header[24];
    const std::uint32_t sum = crc32c({header.data(), 28});
    std::memcpy(header.data() + 28, &sum, sizeof sum);
    std::ofstream file(config.journal.directory + "/" + journal::segment_name(end->segment + 1),
                       std::ios::binary);
    file.write(header.data(), static_cast<std::streamsize>(header.size()));
    return file.good() ? ok() : fail(ErrorCode::Io, "cannot write the segment");
}

Status leave_later_record(const Config& config, bool of_unknown_type) {
    auto writer = JournalWriter::open(config.journal);
    if (!writer) return fail(writer.error());
    MailRecord mail = backlog_mail({}, 1'000'000);
    mail.assessment.verdict = static_cast<Verdict>(77);
    const auto type = of_unknown_type ? static_cast<RecordType>(77) : RecordType::Mail;
    const auto done = (*writer)->append(type, mail.time, encode(mail));
    return done ? ok() : fail(done.error());
}

}  // namespace

std::vector<MailRecord> backlog_mails(const Backlog& backlog) {
    std::vector<MailRecord> mails;
    for (std::uint64_t i = backlog.from; i < backlog.from + backlog.count; ++i)
        mails.push_back(backlog_mail(backlog, i));
    return mails;
}

Status append_mails(const Config& config, const std::vector<MailRecord>& mails) {
    auto writer = JournalWriter::open(config.journal);
    if (!writer) return fail(writer.error());
    for (const MailRecord& mail : mails)
        if (auto done = (*writer)->append(RecordType::Mail, mail.time, encode(mail)); !done)
            return fail(done.error());
    return ok();
}

Result<Json> count_site(const Config& config) {
    Json counts;
    std::optional<JournalPosition> end;
    const auto journal = count_journal(config, end);
    if (!journal) return fail(journal.error());
    counts["journal"] = *journal;
    const auto store = count_store(config, end);
    counts["store"] = store ? *store : Json(store.error().text());
    return counts;
}

Status leave_later_version(const Config& config, const std::string& what) {
    if (what == "store") return leave_later_store(config);
    if (what == "journal") return leave_later_journal(config);
    if (what == "record") return leave_later_record(config, false);
    if (what == "type") return leave_later_record(config, true);
    return fail(ErrorCode::Usage, "no such trace of a later version: " + what);
}

}  // namespace kith::test
