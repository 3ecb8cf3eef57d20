// SPDX-License-Identifier: Apache-2.0
#include "engine/learner/learner.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "engine/assess/site_key.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/text.hpp"
#include "engine/config/attachments.hpp"
#include "engine/documents/spool.hpp"
#include "engine/learner/account_learner.hpp"
#include "engine/learner/believed_time.hpp"
#include "engine/learner/erase.hpp"
#include "engine/learner/mail_index.hpp"
#include "engine/learner/mail_learner.hpp"
#include "engine/learner/retention.hpp"
#include "engine/profile/account.hpp"
#include "engine/profile/keys.hpp"

namespace kith {
namespace {

// Persistent.
constexpr std::string_view kCheckpointKey = "checkpoint";
constexpr std::string_view kDamagedKey = "damaged-segment";  // engine/learner/FORMAT.md
constexpr std::string_view kBelievedTimeKey = "believed-time";
constexpr std::string_view kAuditKey = "audit";
constexpr std::int32_t kThreadDays = 120;  // conversation truth holds for 90 days and more
constexpr std::size_t kExpireAtOnce = 10'000;

std::string encode_position(JournalPosition p) {
    return integer_key(p.segment) + integer_key(p.offset);
}

Result<BelievedTime> read_believed_time(const StoreReader& reader) {
    auto found = reader.get(Table::Meta, kBelievedTimeKey);
    if (!found) return fail(found.error());
    return BelievedTime::decode(found->value_or(""));
}

/// The mail as it was learned: its time is that of its entry.
Result<MailRecord> as_learned(const JournalRecord& record, const MailEntry& entry) {
    auto mail = decode_mail_record(record.payload);
    if (mail) mail->time = mail->observations.time = entry.time;
    return mail;
}

/// An error of the journal; what is Corrupt or not there means the store elsewhere, which a new
/// process would begin anew.
Unexpected of_journal(const Error& error) {
    return fail(is_store_lost(error) ? ErrorCode::Io : error.code, error.what, error.hint);
}

/// With what the documents named that were read while the mail was held.
MailRecord with_attached(const StoreReader& reader, MailRecord mail) {
    if (const auto attached = find_attached(reader, mail.id); attached && attached->has_value())
        add_attached(**attached, mail.observations);
    return mail;
}

class JournalLearner final : public Learner {
public:
    JournalLearner(std::shared_ptr<const Config> config, const Hasher::Secret& secret,
                   std::unique_ptr<Store> store, std::unique_ptr<JournalReader> journal,
                   MovedStore moved, Alive alive)
        : config_(std::move(config)),
          alive_(std::move(alive)),
          hasher_(secret),
          store_(std::move(store)),
          journal_(std::move(journal)),
          moved_(std::move(moved)) {}

    /// State and checkpoint as they are in the store; everything not committed is forgotten.
    [[nodiscard]] Status restart() {
        learner_.reset();
        accounts_ = std::make_unique<AccountLearner>(hasher_, config_->account_judge,
                                                     config_->site.domains);
        memory_ = std::make_unique<LearnedMemory>();
        auto reader = store_->read();
        if (!reader) return fail(reader.error());
        memory_->read_from(reader->get());
        auto loaded = memory_->load_site();
        if (!loaded) return fail(loaded.error());
        accounts_->read_from(reader->get());
        auto of_accounts = accounts_->load_site();
        if (!of_accounts) return fail(of_accounts.error());
        unreadable_.store_records += static_cast<std::uint64_t>(*loaded + *of_accounts);
        auto checkpoint = read_checkpoint(**reader);
        if (!checkpoint) return fail(checkpoint.error());
        auto believed = read_believed_time(**reader);
        if (!believed) return fail(believed.error());
        believed_ = noted_believed_ = *believed;
        memory_->read_from(nullptr);
        accounts_->read_from(nullptr);
        learner_ =
            std::make_unique<MailLearner>(hasher_, config_->budget, config_->learner, *memory_);
        auto sought = journal_->seek(*checkpoint);
        return sought ? sought : of_journal(sought.error());
    }

    Result<LearnerStep> step() override {
        auto done = try_step();
        if (done) {
            failed_ = false;
            return done;
        }
        failed_ = true;
        writer_.reset();
        return done;
    }

    Result<DocumentStep> read_documents(const Extractor& extractor, Time now) override;
    Status tidy(Time now) override;
    const MovedStore& moved_store() const noexcept override { return moved_; }
    std::optional<Time> newest_mail() const noexcept override { return believed_.newest(); }
    bool clock_doubted() const noexcept override { return believed_.in_doubt_since().has_value(); }
    Unreadable unreadable() const override {
        Unreadable out = unreadable_;
        out.journal_bytes = journal_->damaged_bytes();
        const std::uint64_t last = std::max(bad_segment_, journal_->damaged_segment());
        if (last > 0) out.journal_file = segment_path(config_->journal, last);
        return out;
    }

private:
    [[nodiscard]] Result<LearnerStep> try_step();
    [[nodiscard]] Status apply(const JournalRecord& record);
    [[nodiscard]] Status apply_mail(const JournalRecord& record);
    [[nodiscard]] Status apply_account(const JournalRecord& record);
    [[nodiscard]] Status keep(const JournalRecord& record,
                              const Result<std::optional<AccountJudgement>>& judged);
    [[nodiscard]] Status apply_admin(const JournalRecord& record);
    [[nodiscard]] Status apply_about(const JournalRecord& record);
    [[nodiscard]] Status apply_audit(const JournalRecord& record);
    [[nodiscard]] Status allow(const MailRecord& mail, const AdminRecord& admin, Time now);
    [[nodiscard]] Status disallow(const MailRecord& mail);
    [[nodiscard]] Status apply_forget(const JournalRecord& record);
    [[nodiscard]] Status apply_erase(const JournalRecord& record);
    [[nodiscard]] Status forget(const Key16& subject);
    [[nodiscard]] Status apply_close(const JournalRecord& record);
    [[nodiscard]] Result<std::vector<std::pair<MailEntry, SpooledMail>>> in_order(
        std::vector<SpooledMail> spool, Time now) const;
    [[nodiscard]] Status start_over();
    [[nodiscard]] Status begin();
    [[nodiscard]] Result<Attached> attach(const MailRecord& mail,
                                          std::vector<ReadDocument> documents, Time now);
    [[nodiscard]] Status read_mail(const SpooledMail& spooled, const MailEntry& entry,
                                   const Extractor& extractor, Time now, DocumentStep& step);
    /// Writes what was learned and, where records were, the new checkpoint.
    [[nodiscard]] Status commit(std::optional<JournalPosition> next);
    [[nodiscard]] Status note(const Retention& retention);
    void skipped(const JournalRecord& record) {
        ++unreadable_.records;
        bad_segment_ = record.position.segment;
    }

    std::shared_ptr<const Config> config_;
    const Alive alive_;
    Hasher hasher_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<JournalReader> journal_;
    std::unique_ptr<LearnedMemory> memory_;
    std::unique_ptr<MailLearner> learner_;
    std::unique_ptr<AccountLearner> accounts_;
    std::unique_ptr<StoreWriter> writer_;
    MovedStore moved_;
    BelievedTime believed_, noted_believed_;  // the second as the store has it
    Unreadable unreadable_;                   // but for the damage that journal_ counts
    std::uint64_t bad_segment_ = 0;           // with a record counted in unreadable_
    std::uint64_t noted_segment_ = 0;         // the damaged one that the store knows of
    bool failed_ = false;
};

/// From what is committed, at first and where something failed.
Status JournalLearner::start_over() {
    if (!failed_ && learner_) return ok();
    if (auto restarted = restart(); !restarted) return restarted;
    failed_ = false;
    return ok();
}

Result<LearnerStep> JournalLearner::try_step() {
    if (auto started = start_over(); !started) return fail(started.error());
    LearnerStep step;
    JournalPosition next;
    const auto started = std::chrono::steady_clock::now();
    while (step.records < config_->learner.batch_records) {
        auto record = journal_->next();
        if (!record) return of_journal(record.error());
        if (!record->has_value()) break;
        if (auto begun = begin(); !begun) return fail(begun.error());
        if (auto applied = apply(**record); !applied) return fail(applied.error());
        next = (*record)->next;
        ++step.records;
        if (std::chrono::steady_clock::now() - started > 5 * config_->learner.commit_interval)
            break;
    }
    if (step.records > 0) {
        if (auto committed = commit(next); !committed) return fail(committed.error());
    } else if (auto there = store_->read(); !there) {
        return fail(there.error());
    }
    step.more = step.records > 0 && step.records >= config_->learner.batch_records;
    return step;
}

/// Opens the transaction that what is learned next belongs to, unless it is open.
Status JournalLearner::begin() {
    if (writer_) return ok();
    auto writer = store_->write();
    if (!writer) return fail(writer.error());
    writer_ = std::move(writer).value();
    memory_->read_from(writer_.get());
    accounts_->read_from(writer_.get());
    return ok();
}

Result<DocumentStep> JournalLearner::read_documents(const Extractor& extractor, Time now) {
    const std::string directory = attachment_options(*config_).directory;
    DocumentStep step;
    auto spool = list_spool(directory);
    if (!spool) return fail(spool.error());
    if (spool->empty()) return step;
    if (auto begun = start_over(); !begun) return fail(begun.error());
    auto waiting = in_order(std::move(*spool), now);
    if (!waiting) return fail(waiting.error());
    const auto started = std::chrono::steady_clock::now();
    for (const auto& [entry, mail] : *waiting) {
        if (std::chrono::steady_clock::now() - started > kDocumentTime) break;
        if (auto read = read_mail(mail, entry, extractor, now, step); !read) {
            failed_ = true;
            writer_.reset();
            return fail(read.error());
        }
    }
    return step;
}

/// Those that can be read now, as their mails came: what is usual is in the earlier ones. A mail
/// that is not in the index yet is left for later.
Result<std::vector<std::pair<MailEntry, SpooledMail>>> JournalLearner::in_order(
    std::vector<SpooledMail> spool, Time now) const {
    auto reader = store_->read();
    if (!reader) return fail(reader.error());
    std::vector<std::pair<MailEntry, SpooledMail>> out;
    for (SpooledMail& mail : spool) {
        if (!mail.complete || mail.since < now - kDocumentKept) continue;
        auto entry = find_mail(**reader, mail.mail);
        if (!entry) return fail(entry.error());
        if (entry->has_value()) out.emplace_back(std::move(**entry), std::move(mail));
    }
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
        return a.first.position < b.first.position;
    });
    return out;
}

/// The files go when what they taught is committed: a process that ends in between finds that they
/// have been read.
Status JournalLearner::read_mail(const SpooledMail& spooled, const MailEntry& entry,
                                 const Extractor& extractor, Time now, DocumentStep& step) {
    const std::string directory = attachment_options(*config_).directory;
    const auto found = journal_->at(entry.position);
    const auto mail = found ? as_learned(*found, entry) : Result<MailRecord>(fail(found.error()));
    if (!mail || entry.attached != AttachedMark::None || entry.state == MailState::Confirmed) {
        remove_spooled(directory, spooled);
        return ok();
    }
    std::vector<ReadDocument> documents;
    for (const auto& file : spooled.files) {
        const auto opened = open_spooled(directory, file);
        if (!opened) continue;
        const auto text = extractor.text_of(opened->get(), file.kind);
        if (!text) return fail(text.error());
        ++step.documents;
        step.killed += text->outcome == ReadOutcome::Killed ? 1U : 0U;
        documents.push_back(read_document_facts(file.kind, *text, hasher_));
    }
    const auto attached = attach(*mail, std::move(documents), now);
    if (!attached) return fail(attached.error());
    if (attached->finding)
        step.findings.push_back({mail->id, mail->queue_id, mail->from, attached_text(*attached)});
    remove_spooled(directory, spooled);
    return ok();
}

Result<Attached> JournalLearner::attach(const MailRecord& mail, std::vector<ReadDocument> documents,
                                        Time now) {
    if (auto begun = begin(); !begun) return fail(begun.error());
    Attached attached = learner_->attach(mail, std::move(documents));
    attached.read = now;
    if (auto put = writer_->put(Table::Messages, attached_key(mail.id), encode(attached)); !put)
        return fail(put.error());
    if (auto set = set_mail_attached(*writer_, mail.id,
                                     attached.finding ? AttachedMark::Finding : AttachedMark::Read);
        !set)
        return fail(set.error());
    if (auto committed = commit(std::nullopt); !committed) return fail(committed.error());
    return attached;
}

Status JournalLearner::apply(const JournalRecord& record) {
    switch (record.type) {
        case RecordType::Mail:
            return apply_mail(record);
        case RecordType::Release:
        case RecordType::Confirm:
            return apply_admin(record);
        case RecordType::Forget:
            return apply_forget(record);
        case RecordType::Erase:
            return apply_erase(record);
        case RecordType::Close:
            return apply_close(record);
        case RecordType::Disallow:
        case RecordType::Drop:
        case RecordType::Hold:
        case RecordType::Report:
            return apply_about(record);
        case RecordType::Audit:
            return apply_audit(record);
        case RecordType::Account:
            return apply_account(record);
        case RecordType::Replied:
        case RecordType::Note:
            break;
    }
    return ok();  // a type of a later version is not ours to judge
}

Status JournalLearner::apply_mail(const JournalRecord& record) {
    auto mail = decode_mail_record(record.payload);
    if (!mail) {
        skipped(record);
        return ok();
    }
    // Mail that is imported comes as its fields say, not by a clock of ours.
    if (!mail->imported) mail->time = mail->observations.time = believed_.believe(mail->time);
    learner_->advance(mail->time);
    if (mail->own) return index_mail(*writer_, *mail, record.position);
    const Judgement j = learner_->judge(mail->observations, Labels{});
    // What was not judged when it came is listed with what the learner thinks of it.
    const std::string degraded = mail->assessment.degraded;
    if (mail->imported || !degraded.empty()) mail->assessment = j.assessment;
    // Nobody has it; whoever sent it delivers it again, and then it counts.
    if (mail->action == Action::Deferred)
        learner_->postpone(*mail, j);
    else
        (void)learner_->take(*mail, j);
    mail->assessment.degraded = degraded;
    if (mail->action != Action::Deferred)
        if (Status judged = keep(record, accounts_->take(*mail)); !judged) return judged;
    return index_mail(*writer_, *mail, record.position);
}

/// Events of accounts wait for no mail and no mail waits for them: both are in the order of the
/// journal.
Status JournalLearner::apply_account(const JournalRecord& record) {
    const auto event = decode_account_event(record.payload);
    if (!event) {
        skipped(record);
        return ok();
    }
    const auto judged = accounts_->take(*event, believed_.believe(record.time));
    // Anybody may fail to log in, as often as he likes: it says nothing of its own that would be
    // worth the room.
    if (judged && (event->kind == AccountEventKind::LoginFailed ||
                   event->kind == AccountEventKind::LoginRefused))
        return ok();
    return keep(record, judged);
}

/// What was thought of an event is for who looks through the past (`kith hunt --accounts`).
Status JournalLearner::keep(const JournalRecord& record,
                            const Result<std::optional<AccountJudgement>>& judged) {
    if (!judged) return fail(judged.error());
    if (judged->has_value()) accounts_->keep(record.position, record.time, **judged);
    return ok();
}

Status JournalLearner::apply_admin(const JournalRecord& record) {
    auto admin = decode_admin_record(record.payload);
    auto entry = admin ? find_mail(*writer_, admin->id)
                       : Result<std::optional<MailEntry>>(std::optional<MailEntry>{});
    if (!entry) return fail(entry.error());
    if (!entry->has_value()) {
        skipped(record);
        return ok();
    }
    const bool released = record.type == RecordType::Release;
    if (released && (*entry)->state == MailState::Released && !admin->learn &&
        admin->until <= record.time)
        return ok();
    if (auto found = journal_->at((*entry)->position)) {
        if (auto mail = as_learned(*found, **entry)) {
            // Before the mail teaches: what it taught would surprise no more.
            if (released && admin->until > record.time)
                if (auto allowed = allow(*mail, *admin, record.time); !allowed) return allowed;
            if (!released) {
                learner_->confirm_bad(*mail);
                if (auto ended = disallow(*mail); !ended) return ended;
            } else if (mail->action == Action::Held) {
                learner_->release(with_attached(*writer_, std::move(*mail)), admin->learn,
                                  record.time);
            } else if (admin->learn) {
                learner_->accept_attached(*mail);
            }
        }
    }
    // A mail that is deleted stays so, also where it is found to be bad afterwards.
    if (!released && (*entry)->state == MailState::Dropped) return ok();
    return set_mail_state(*writer_, admin->id,
                          released ? MailState::Released : MailState::Confirmed, record.time);
}

/// What is said of one mail, and teaches nothing.
Status JournalLearner::apply_about(const JournalRecord& record) {
    const auto admin = decode_admin_record(record.payload);
    auto entry = admin ? find_mail(*writer_, admin->id)
                       : Result<std::optional<MailEntry>>(std::optional<MailEntry>{});
    if (!entry) return fail(entry.error());
    if (!entry->has_value()) {
        skipped(record);
        return ok();
    }
    switch (record.type) {
        case RecordType::Drop:
            return set_mail_state(*writer_, admin->id, MailState::Dropped, record.time);
        case RecordType::Hold:
            if (admin->number > static_cast<std::uint64_t>(HoldMark::Left)) break;
            return set_mail_hold(*writer_, admin->id, static_cast<HoldMark>(admin->number));
        case RecordType::Disallow:
            if (auto found = journal_->at((*entry)->position))
                if (const auto mail = decode_mail_record(found->payload)) return disallow(*mail);
            return ok();
        case RecordType::Report:
            if (auto found = journal_->at((*entry)->position))
                if (auto mail = as_learned(*found, **entry)) {
                    // Somebody who got it says what a verdict would have: it belongs to an
                    // incident. It is no teacher: people also report what they only do not like.
                    mail->assessment.verdict = Verdict::Quarantine;
                    if (!has_payload(mail->assessment.stratum))
                        mail->assessment.stratum = Stratum::Request;
                    group(*mail, mail->assessment.own_evidence, *memory_);
                }
            return count_mail_report(*writer_, admin->id);
        default:
            break;
    }
    return ok();
}

Status JournalLearner::allow(const MailRecord& mail, const AdminRecord& admin, Time now) {
    const Observations& o = mail.observations;
    Allowance allowance;
    allowance.features = features_to_allow(mail.assessment.reasons, compare(o, *memory_, hasher_));
    if (allowance.features.empty() || o.rcpts.empty()) return ok();
    allowance.id = mail.id;
    allowance.rcpts = o.rcpts;
    allowance.granted = now;
    allowance.expires = admin.until;
    const auto text = [](const std::string& s) {
        return scrub_utf8(utf8_prefix(scrub_utf8(s), Allowance::kMaxText));
    };
    allowance.from = text(mail.from);
    for (const std::string& rcpt : mail.rcpts)
        if (allowance.rcpt_names.size() < allowance.rcpts.size())
            allowance.rcpt_names.push_back(text(rcpt));
    allowance.who = text(admin.who);
    allowance.why = text(admin.why);
    Allowances all = memory_->allowances(o.sender);
    all.add(std::move(allowance), now);
    return writer_->put(Table::Messages, allowances_key(o.sender), encode(all));
}

Status JournalLearner::disallow(const MailRecord& mail) {
    const std::string key = allowances_key(mail.observations.sender);
    Allowances all = memory_->allowances(mail.observations.sender);
    if (!all.remove(mail.id)) return ok();
    return all.items.empty() ? writer_->erase(Table::Messages, key)
                             : writer_->put(Table::Messages, key, encode(all));
}

/// Only ever forward: a log that begins anew is not believed until it is as long.
Status JournalLearner::apply_audit(const JournalRecord& record) {
    const auto admin = decode_admin_record(record.payload);
    if (!admin || admin->id.size() != 64) {
        skipped(record);
        return ok();
    }
    const auto known = read_audit_mark(*writer_);
    AuditMark mark = known ? *known : AuditMark{};
    if (mark.number > admin->number) return ok();
    if (mark.number == admin->number) {
        if (mark.hash == admin->id) return ok();
        mark.rewritten = admin->number;
    }
    mark.number = admin->number;
    mark.hash = admin->id;
    return writer_->put(Table::Meta, kAuditKey,
                        integer_key(mark.number) + mark.hash + integer_key(mark.rewritten));
}

Status JournalLearner::apply_forget(const JournalRecord& record) {
    const auto admin = decode_admin_record(record.payload);
    if (!admin) {
        skipped(record);
        return ok();
    }
    return forget(sender_key(hasher_, admin->address));
}

/// What is kept under the address itself.
Status JournalLearner::forget(const Key16& subject) {
    memory_->edit_profile(Subject::Correspondent, subject) = Profile{};
    memory_->edit_vocabulary(subject) = Vocabulary{};
    memory_->edit_traces(subject) = Traces{};
    memory_->edit_name(circle_key(subject)) = NameUse{};
    memory_->edit_profile(Subject::Group, subject) = Profile{};
    memory_->edit_profile(Subject::Account, subject) = Profile{};
    memory_->edit_name(logins_key(subject)) = NameUse{};
    std::erase_if(memory_->edit_site().people.central,
                  [&](const People::Central& c) { return c.address == subject.short32(); });
    memory_->examples().forget(subject);
    memory_->edit_incident(subject) = Incident{};
    if (auto forgotten = accounts_->forget(subject); !forgotten) return forgotten;
    return writer_->erase(Table::Messages, allowances_key(subject));
}

/// Forgotten, and out of all lists; what the journal has is the admin's command's matter.
Status JournalLearner::apply_erase(const JournalRecord& record) {
    const auto admin = decode_admin_record(record.payload);
    const auto address = admin ? address_of_id(admin->id) : std::nullopt;
    if (!address) {
        skipped(record);
        return ok();
    }
    auto erased = erase_from_store(*writer_, *memory_, *journal_, *address, hasher_, alive_);
    if (!erased) return fail(erased.error());
    const auto without = [&](const std::string& text) {
        return without_address(text, *address, hasher_);
    };
    if (auto reworded = accounts_->reword(*writer_, without, alive_); !reworded) return reworded;
    const std::string directory = attachment_options(*config_).directory;
    if (const auto spool = list_spool(directory))
        for (const SpooledMail& mail : *spool)
            if (erased->ids.contains(mail.mail)) remove_spooled(directory, mail);
    memory_->edit_site().waiting = static_cast<double>(memory_->waiting_count());
    return forget(*address);
}

/// The incident is over: its sender's later mail may teach again after probation. An incident is
/// named by the mail that opened it, and kept under that mail's sender.
Status JournalLearner::apply_close(const JournalRecord& record) {
    const auto admin = decode_admin_record(record.payload);
    auto entry = admin ? find_mail(*writer_, admin->id)
                       : Result<std::optional<MailEntry>>(std::optional<MailEntry>{});
    if (!entry) return fail(entry.error());
    if (admin && !entry->has_value()) {
        auto closed = accounts_->close(admin->id, record.time, admin->learn);
        if (!closed) return fail(closed.error());
        if (*closed) return ok();
    }
    if (entry->has_value())
        if (auto found = journal_->at((*entry)->position))
            if (auto mail = decode_mail_record(found->payload)) {
                const Key16& sender = mail->observations.sender;
                const auto incident = memory_->incident(sender);
                if (incident && incident->id == admin->id && incident->is_open(record.time))
                    memory_->edit_incident(sender).closed = record.time;
                return ok();
            }
    skipped(record);
    return ok();
}

Status JournalLearner::commit(std::optional<JournalPosition> next) {
    if (auto flushed = memory_->flush(*writer_); !flushed) return flushed;
    if (auto flushed = accounts_->flush(*writer_); !flushed) return flushed;
    if (next)
        if (auto put = writer_->put(Table::Meta, kCheckpointKey, encode_position(*next)); !put)
            return put;
    const std::uint64_t damaged = journal_->damaged_segment();
    if (damaged != noted_segment_)
        if (auto put = writer_->put(Table::Meta, kDamagedKey, integer_key(damaged)); !put)
            return put;
    if (believed_ != noted_believed_)
        if (auto put = writer_->put(Table::Meta, kBelievedTimeKey, believed_.encode()); !put)
            return put;
    if (auto committed = writer_->commit(); !committed) return committed;
    noted_segment_ = damaged;
    noted_believed_ = believed_;
    memory_->flushed();
    memory_->read_from(nullptr);
    accounts_->flushed();
    accounts_->read_from(nullptr);
    writer_.reset();
    return ok();
}

/// What is over does nothing any more; this only takes it away.
Status expire_allowances(StoreWriter& writer, Time now) {
    std::vector<std::string> over;
    auto scanned = writer.scan(
        Table::Messages, std::string_view(&kAllowanceKey, 1),
        [&](std::string_view key, std::string_view value) {
            if (key.front() != kAllowanceKey) return false;
            const auto all = decode_allowances(value);
            if (!all || std::all_of(all->items.begin(), all->items.end(),
                                    [&](const Allowance& a) { return a.expires <= now; }))
                over.emplace_back(key);
            return over.size() < kExpireAtOnce;
        });
    if (!scanned) return scanned;
    for (const auto& key : over)
        if (auto erased = writer.erase(Table::Messages, key); !erased) return erased;
    return ok();
}

/// Keys of conversations in which nobody wrote for months, and of what pointed to them.
Result<std::vector<std::string>> old_threads(const StoreReader& reader, Time now,
                                             const Alive& alive) {
    std::vector<std::string> old;
    const Time before = now - std::chrono::days(kThreadDays);
    auto scanned =
        reader.scan(Table::Threads, "", [&](std::string_view key, std::string_view value) {
            alive();
            bool stale = false;
            if (key.starts_with('t')) {
                const auto thread = decode_thread(value);
                stale = !thread || thread->last < before;
            } else if (const auto root = decode_integer_key(value)) {
                auto thread = reader.get(Table::Threads, thread_key(*root));
                const auto decoded =
                    thread && thread->has_value() ? decode_thread(**thread) : std::nullopt;
                stale = !decoded || decoded->last < before;
            } else {
                stale = true;
            }
            if (stale) old.emplace_back(key);
            return old.size() < kExpireAtOnce;
        });
    if (!scanned) return fail(scanned.error());
    return old;
}

/// Drops what has its own time. Returns how much of it the learner may have in memory.
Result<std::size_t> expire_old(StoreWriter& writer, const Config& config, Time now,
                               const Alive& alive) {
    if (auto mail = expire_mail(writer, now - config.journal.keep, kExpireAtOnce); !mail)
        return fail(mail.error());
    alive();
    const Time incidents_before = now - config.retention.incidents;
    auto incidents = expire_incidents(writer, incidents_before, kExpireAtOnce);
    if (!incidents) return fail(incidents.error());
    alive();
    if (auto allowed = expire_allowances(writer, now); !allowed) return fail(allowed.error());
    alive();
    if (auto lessons = expire_lessons(writer, now - config.retention.lessons, kExpireAtOnce);
        !lessons)
        return fail(lessons.error());
    alive();
    auto accounts = expire_accounts(writer, now, incidents_before, kExpireAtOnce);
    if (!accounts) return fail(accounts.error());
    alive();
    if (auto judgements = expire_kept_judgements(writer, config.journal); !judgements)
        return fail(judgements.error());
    return *incidents + *accounts;
}

Status JournalLearner::tidy(Time now) {
    (void)store_->release_dead_readers();
    expire_spool(attachment_options(*config_).directory, now - kDocumentKept);
    auto reader = store_->read();
    if (!reader) return fail(reader.error());
    auto checkpoint = read_checkpoint(**reader);
    if (!checkpoint) return fail(checkpoint.error());

    Retention retention(*config_, alive_);
    if (auto found = retention.find(**reader, *checkpoint, now); !found) return found;
    auto old = old_threads(**reader, now, alive_);
    if (!old) return fail(old.error());
    reader->reset();

    auto writer = store_->write();
    if (!writer) return fail(writer.error());
    for (const auto& key : *old)
        if (auto erased = (*writer)->erase(Table::Threads, key); !erased) return erased;
    const auto expired = expire_old(**writer, *config_, now, alive_);
    if (!expired) return fail(expired.error());
    if (auto erased = retention.erase_entries(**writer); !erased) return erased;
    if (auto committed = (*writer)->commit(); !committed) return committed;
    if (!old->empty() || *expired > 0)
        failed_ = true;  // the memory may hold what was just erased: read the state again
    writer->reset();

    if (auto redacted = retention.redact(); !redacted) return redacted;
    if (retention.has_moved())
        if (auto noted = note(retention); !noted) return noted;
    auto freed = tidy_journal(config_->journal, *checkpoint, now, alive_);
    return freed ? ok() : fail(freed.error());
}

Status JournalLearner::note(const Retention& retention) {
    auto writer = store_->write();
    if (!writer) return fail(writer.error());
    if (auto noted = retention.note(**writer); !noted) return noted;
    return (*writer)->commit();
}

/// Reads every record once. Writing into damaged pages can harm the process
/// (engine/store/FORMAT.md), so a store is looked through before the first write: about 1.5 us a
/// record.
Status look_through(const Store& store) {
    auto reader = store.read();
    if (!reader) return fail(reader.error());
    for (int t = 0; t < kTableCount; ++t)
        if (auto read = (*reader)->scan(static_cast<Table>(t), "",
                                        [](std::string_view, std::string_view) { return true; });
            !read)
            return read;
    return ok();
}

Result<std::unique_ptr<Store>> open_sound_store(const StoreOptions& options) {
    auto store = Store::open(options, Store::Mode::Write);
    if (!store) return store;
    if (auto looked = look_through(**store); !looked) return fail(looked.error());
    return store;
}

/// A store that cannot be used is evidence; it is kept beside and everything is learned again.
Result<std::string> move_store_aside(const std::string& directory) {
    for (int i = 1; i < 1000; ++i) {
        const std::string target = directory + ".damaged-" + std::to_string(i);
        std::error_code error;
        if (std::filesystem::exists(target, error)) continue;
        std::filesystem::rename(directory, target, error);
        if (error)
            return fail(ErrorCode::Io, "cannot move the damaged store " + directory +
                                           " aside: " + error.message());
        if (auto made = make_directory(directory); !made) return fail(made.error());
        return target;
    }
    return fail(
        ErrorCode::Io,
        "cannot move the damaged store " + directory + " aside: too many damaged stores beside it",
        "look at them and delete those no longer needed");
}

/// Opens store and journal and reads the state.
Result<std::unique_ptr<Learner>> open_learner(const std::shared_ptr<const Config>& config,
                                              const Hasher::Secret& secret, const MovedStore& moved,
                                              const Alive& alive) {
    auto journal = JournalReader::open(config->journal);
    if (!journal) return of_journal(journal.error());
    auto store = open_sound_store(config->store);
    if (!store) return fail(store.error());
    if (auto bound = bind_site_key(**store, secret, *config); !bound) return fail(bound.error());
    auto learner = std::make_unique<JournalLearner>(config, secret, std::move(store).value(),
                                                    std::move(journal).value(), moved, alive);
    if (auto started = learner->restart(); !started) return fail(started.error());
    return std::unique_ptr<Learner>(std::move(learner));
}

}  // namespace

Result<JournalPosition> read_checkpoint(const StoreReader& reader) {
    auto found = reader.get(Table::Meta, kCheckpointKey);
    if (!found) return fail(found.error());
    if (!found->has_value()) return JournalPosition{};
    const std::string_view bytes = **found;
    if (bytes.size() != 16)
        return fail(ErrorCode::Corrupt, "the learner's checkpoint in the store is damaged");
    return JournalPosition{*decode_integer_key(bytes.substr(0, 8)),
                           *decode_integer_key(bytes.substr(8))};
}

bool is_store_lost(const Error& error) noexcept {
    return error.code == ErrorCode::Corrupt || error.code == ErrorCode::NoInput;
}

Result<AuditMark> read_audit_mark(const StoreReader& reader) {
    auto found = reader.get(Table::Meta, kAuditKey);
    if (!found) return fail(found.error());
    if (!found->has_value()) return AuditMark{};
    const std::string_view bytes = **found;
    constexpr std::size_t kNumber = 8, kHash = 64;
    // Without the last number where it was written by a kith that did not know it.
    if (bytes.size() != kNumber + kHash && bytes.size() != kNumber + kHash + kNumber)
        return fail(ErrorCode::Corrupt, "the store's note of the audit log is damaged");
    AuditMark mark{*decode_integer_key(bytes.substr(0, kNumber)),
                   std::string(bytes.substr(kNumber, kHash)), 0};
    if (bytes.size() > kNumber + kHash)
        mark.rewritten = *decode_integer_key(bytes.substr(kNumber + kHash));
    return mark;
}

Result<std::uint64_t> read_damaged_segment(const StoreReader& reader) {
    auto found = reader.get(Table::Meta, kDamagedKey);
    if (!found) return fail(found.error());
    if (!found->has_value()) return std::uint64_t{0};
    const auto segment = decode_integer_key(**found);
    if (!segment)
        return fail(ErrorCode::Corrupt, "the store's note of a damaged segment is damaged itself");
    return *segment;
}

Result<std::optional<Time>> read_doubted_clock(const StoreReader& reader) {
    auto believed = read_believed_time(reader);
    if (!believed) return fail(believed.error());
    return believed->in_doubt_since();
}

Status make_state_directories(const Config& config) {
    std::vector<std::string> directories{config.store.directory, config.journal.directory};
    if (!config.tenant.empty()) {
        const std::string own = parent_of(config.store.directory);
        directories.insert(directories.begin(), {parent_of(own), own});
    }
    for (const std::string& directory : directories)
        if (auto made = make_directory(directory); !made) return made;
    return ok();
}

Result<std::unique_ptr<Learner>> Learner::open(std::shared_ptr<const Config> config,
                                               const Alive& alive) {
    if (auto made = make_state_directories(*config); !made) return fail(made.error());
    auto secret = read_or_create_site_key(*config);
    if (!secret) return fail(secret.error());
    MovedStore moved;
    for (;;) {
        auto learner = open_learner(config, *secret, moved, alive);
        // Damage may show at the first page or only when the site's state is read.
        if (learner || learner.error().code != ErrorCode::Corrupt || !moved.to.empty())
            return learner;
        auto aside = move_store_aside(config->store.directory);
        if (!aside) return fail(aside.error());
        moved = {*aside, learner.error().what};
    }
}

}  // namespace kith
