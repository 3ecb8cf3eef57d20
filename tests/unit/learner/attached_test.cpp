// SPDX-License-Identifier: Apache-2.0
// Facts in attached documents: found in text, related to their sender, learned as their mail is
// (engine/learner/attached.hpp, MailLearner::attach), and the whole way from the spool to the index
// through the built kith-extract.
#include "engine/learner/attached.hpp"

#include <filesystem>

#include "engine/config/attachments.hpp"
#include "engine/documents/spool.hpp"
#include "engine/features/facts.hpp"
#include "engine/learner/mail_learner.hpp"
#include "tests/support/documents.hpp"
#include "tests/unit/learner/learner_fixture.hpp"

using namespace kith;
using namespace kith::test;

namespace {

constexpr std::string_view kIbanA = "DE89 3704 0044 0532 0130 00";
constexpr std::string_view kIbanB = "GB29 NWBK 6016 1331 9268 19";
constexpr std::string_view kSupplier = "billing@supplier.example";

std::uint64_t payment(std::string_view iban) {
    return test_hasher().hash64("payment", find_ibans(iban).at(0));
}
ReadDocument invoice(std::string_view iban) {
    return read_document_facts(DocumentKind::Pdf,
                               {ReadOutcome::Whole, "Invoice\nIBAN: " + std::string(iban) + "\n"},
                               test_hasher());
}
Mail mail_at(double at) { return Mail(kSupplier, day(at)); }

/// Judges and learns in memory.
struct Desk {
    ScoringOptions scoring;
    LearnerOptions options;
    LearnedMemory memory;
    MailLearner learner{test_hasher(), scoring, options, memory};

    MailRecord takes(const Observations& o, Action action = Action::Accepted) {
        learner.advance(o.time);
        MailRecord record = record_of(o, action);
        (void)learner.take(record, learner.judge(o, Labels{}));
        return record;
    }
    Attached brings(const Observations& o, std::string_view iban) {
        return learner.attach(takes(o), {invoice(iban)});
    }
    /// Three ordinary mails of the supplier, each with an invoice that names account A.
    Desk& knows_supplier() {
        for (int i = 0; i < 3; ++i) (void)brings(mail_at(i), kIbanA);
        return *this;
    }
    [[nodiscard]] bool knows(std::string_view iban) const {
        const auto v = memory.vocabulary(person(kSupplier));
        return v && contains(v->payments, fold32(payment(iban)));
    }
    [[nodiscard]] float invoices() const {
        const auto v = memory.vocabulary(person(kSupplier));
        return v ? v->invoices : 0;
    }
    [[nodiscard]] bool has_incident(Time now) const {
        const auto incident = memory.incident(person(kSupplier));
        return incident && incident->is_open(now);
    }
    [[nodiscard]] Novelty novelty_in_text(std::string_view iban, double at) {
        Observations o = mail_at(at);
        o.payment = {payment(iban)};
        return learner.judge(o, Labels{}).relations.payment;
    }
};

}  // namespace

TEST_CASE("facts in the text of a document: what the text of a mail would give, under one hash") {
    const auto d =
        read_document_facts(DocumentKind::Pdf,
                            {ReadOutcome::Whole,
                             "IBAN:   DE89  3704\xC2\xA0"
                             "0044  0532 0130 00    BIC: COBADEFFXXX\nTel. +49 30 1234567\n"},
                            test_hasher());
    REQUIRE(d.checked.size() == 1);
    CHECK(d.checked[0] == payment(kIbanA));
    CHECK(d.accounts == std::vector{test_hasher().hash64("payment", "COBADEFF")});
    CHECK(d.phones == std::vector{test_hasher().hash64("phone", "49301234567")});
}

TEST_CASE("facts of a document: as many as are kept, and one more") {
    const auto with = [](int n) {
        std::string text;
        for (int i = 0; i < n; ++i) text += "+49 30 12345" + std::to_string(10 + i) + "\n";
        return read_document_facts(DocumentKind::Pdf, {ReadOutcome::Whole, text}, test_hasher());
    };
    CHECK(with(ReadDocument::kMaxFacts).phones.size() == ReadDocument::kMaxFacts);
    CHECK(with(ReadDocument::kMaxFacts + 1).phones.size() == ReadDocument::kMaxFacts);
}

TEST_CASE("what invoices name is known of their sender, in text as well") {
    Desk s;
    CHECK(s.novelty_in_text(kIbanA, 0) == Novelty::Never);
    s.knows_supplier();
    CHECK(s.knows(kIbanA));
    CHECK(s.invoices() == 3);
    CHECK(s.novelty_in_text(kIbanA, 3) == Novelty::Sender);
    CHECK(s.novelty_in_text(kIbanB, 3) == Novelty::Never);
}

TEST_CASE("another account in an invoice of a known supplier is a finding and opens an incident") {
    Desk s;
    s.knows_supplier();
    CHECK_FALSE(s.brings(mail_at(3), kIbanA).finding);
    CHECK_FALSE(s.has_incident(day(3)));
    const Attached other = s.brings(mail_at(4), kIbanB);
    CHECK(other.finding);
    CHECK(other.invoices == 4);
    CHECK(attached_text(other) ==
          "the attached PDF names a bank account or wallet that this sender never used in 4 "
          "invoices");
    CHECK(s.has_incident(day(4)));
    CHECK(s.memory.incident(person(kSupplier))->mails.size() == 1);
}

TEST_CASE("the finding's account is not learned while its incident is open, and after it is over") {
    Desk s;
    s.knows_supplier();
    (void)s.brings(mail_at(4), kIbanB);
    CHECK_FALSE(s.knows(kIbanB));
    s.learner.advance(day(8));
    CHECK_FALSE(s.knows(kIbanB));
    CHECK(s.brings(mail_at(9), kIbanB).finding);  // said twice is not said better
    s.learner.advance(day(4 + 30));
    CHECK_FALSE(s.knows(kIbanB));
    s.learner.advance(day(9 + 31));
    CHECK(s.knows(kIbanB));
    CHECK(s.invoices() == 5);
}

TEST_CASE("an admin who closes the incident lets probation go on; one who accepts ends it") {
    Desk s;
    s.knows_supplier();
    const MailRecord record = s.takes(mail_at(4));
    (void)s.learner.attach(record, {invoice(kIbanB)});
    if (GENERATE(true, false)) {
        s.memory.edit_incident(person(kSupplier)).closed = day(4.5);
        s.learner.advance(day(7) - Seconds(1));
        CHECK_FALSE(s.knows(kIbanB));
        s.learner.advance(day(7));
    } else {
        s.learner.accept_attached(record);
    }
    CHECK(s.knows(kIbanB));
    CHECK(s.memory.waiting_count() == 0);
    CHECK(s.memory.profile(Subject::Correspondent, person(kSupplier))->ever == 4);  // once each
}

TEST_CASE("what waits with its mail teaches with it, once") {
    Desk s;
    Judgement j = s.learner.judge(mail_at(0), Labels{});
    j.assessment.stratum = Stratum::NewLink;
    j.assessment.p = 0.001;
    const MailRecord record = record_of(mail_at(0));
    REQUIRE(s.learner.take(record, j) == Fate::Probation);
    (void)s.learner.attach(record, {invoice(kIbanA)});
    CHECK_FALSE(s.knows(kIbanA));
    CHECK(s.memory.waiting_count() == 1);
    s.learner.advance(day(3));
    CHECK(s.knows(kIbanA));
    CHECK(s.invoices() == 1);
}

TEST_CASE("a held mail's document teaches nothing") {
    Desk s;
    const MailRecord record = s.takes(mail_at(0), Action::Held);
    (void)s.learner.attach(record, {invoice(kIbanA)});
    s.learner.advance(day(400));
    CHECK_FALSE(s.knows(kIbanA));
}

TEST_CASE("confirming a mail takes back what its documents taught") {
    Desk s;
    s.knows_supplier();
    const MailRecord record = s.takes(mail_at(3));
    ReadDocument d = invoice(kIbanA);
    d.phones = {test_hasher().hash64("phone", "49301234567")};
    (void)s.learner.attach(record, {d});
    CHECK(s.invoices() == 4);
    CHECK(s.memory.vocabulary(person(kSupplier))->phones.size() == 1);
    s.learner.confirm_bad(record);
    CHECK(s.invoices() == 3);
    CHECK(s.memory.vocabulary(person(kSupplier))->phones.empty());
    CHECK(s.knows(kIbanA));  // earlier invoices' as well
}

TEST_CASE("confirming a mail with a finding drops what waits") {
    Desk s;
    s.knows_supplier();
    const MailRecord record = s.takes(mail_at(4));
    (void)s.learner.attach(record, {invoice(kIbanB)});
    s.learner.confirm_bad(record);
    CHECK(s.memory.waiting_count() == 0);
    s.learner.advance(day(100));
    CHECK_FALSE(s.knows(kIbanB));
}

TEST_CASE("no finding: strangers, outbound mail, senders of ever new accounts") {
    Desk s;
    SECTION("a stranger's first accounts") {
        CHECK_FALSE(s.brings(mail_at(0), kIbanA).finding);
        CHECK_FALSE(s.brings(mail_at(1), kIbanB).finding);  // two mails only
    }
    SECTION("outbound mail") {
        s.knows_supplier();
        CHECK_FALSE(s.brings(mail_at(3).direction(Direction::Outbound), kIbanB).finding);
    }
    SECTION("an accountant") {
        Observations o = mail_at(0);
        for (std::uint64_t i = 1; i <= 9; ++i) o.payment.push_back(i);
        (void)s.takes(o);
        for (int i = 1; i < 4; ++i) (void)s.takes(mail_at(i));
        CHECK_FALSE(s.brings(mail_at(5), kIbanB).finding);
    }
}

TEST_CASE("account numbers without check digits are a finding only against three invoices") {
    const auto account = [](std::string_view number) {
        return read_document_facts(
            DocumentKind::Pdf, {ReadOutcome::Whole, "account no. " + std::string(number) + "\n"},
            test_hasher());
    };
    Desk s;
    for (int i = 0; i < 2; ++i) (void)s.learner.attach(s.takes(mail_at(i)), {account("12345678")});
    (void)s.takes(mail_at(2));
    CHECK_FALSE(s.learner.attach(s.takes(mail_at(3)), {account("87654321")}).finding);
    (void)s.learner.attach(s.takes(mail_at(4)), {account("12345678")});
    CHECK(s.learner.attach(s.takes(mail_at(5)), {account("11223344")}).finding);
}

TEST_CASE("the record of a mail's documents comes back; other bytes are none") {
    Attached a;
    a.documents = {invoice(kIbanA),
                   {DocumentKind::Office, ReadOutcome::Encrypted, {}, {}, {}, false}};
    a.documents[0].phones = {1, 2};
    a.documents[0].novel = true;
    a.read = day(1);
    a.finding = a.known_sender = true;
    a.invoices = 14;
    const auto back = decode_attached(encode(a));
    REQUIRE(back);
    CHECK(encode(*back) == encode(a));
    CHECK(back->documents[1].outcome == ReadOutcome::Encrypted);
    CHECK(back->invoices == 14);
    CHECK_FALSE(decode_attached("nonsense"));
    const std::string bytes = encode(a);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string bad = bytes;
        bad[i] = static_cast<char>(bad[i] ^ 0x55);
        (void)decode_attached(bad);
        (void)decode_attached(bytes.substr(0, i));
    }
}

namespace {

/// A site with a spool, and the built kith-extract.
struct Office : LearnerSite {
    Office() {
        config.attachments = attachment_options(config);  // beside the store
        config.attachments.program = KITH_EXTRACT;
        REQUIRE(open_spool(config.attachments.directory));
        auto opened = Extractor::open(config.attachments);
        if (!opened) FAIL(opened.error().text());
        extractor.emplace(std::move(*opened));
    }
    MailRecord arrives(double at, const std::string& document, Action action = Action::Accepted) {
        MailRecord record = record_of(mail_at(at), action);
        record.queue_id = "Q" + record.id;
        journal({record});
        spool(record, document);
        return record;
    }
    void spool(const MailRecord& record, const std::string& document) const {
        must(spool_documents(config.attachments, record.id, record.observations.sender32,
                             {{DocumentKind::Pdf, document}}));
    }
    DocumentStep read() {
        auto learner = open();
        while (must(learner->step()).records > 0) {
        }
        return must(learner->read_documents(*extractor, day(40)));
    }
    [[nodiscard]] MailEntry entry(const std::string& id) const {
        auto store = must(Store::open(config.store, Store::Mode::Read));
        return must(find_mail(*must(store->read()), id)).value();
    }
    [[nodiscard]] std::optional<Vocabulary> supplier() const {
        const auto all = rows(Table::Words);
        const auto it = all.find(std::string(person(kSupplier).view()));
        return it == all.end() ? std::nullopt : decode_vocabulary(it->second);
    }
    [[nodiscard]] std::size_t waiting_files() const {
        return must(list_spool(config.attachments.directory)).size();
    }
    std::optional<Extractor> extractor;
};

std::string invoice_pdf(std::string_view iban) {
    return pdf_of({"Invoice 4711\nPlease pay to IBAN " + std::string(iban) + "\nThank you"});
}

}  // namespace

TEST_CASE("from the spool to the index: three invoices are learned, the fourth names another") {
    Office site;
    for (int i = 0; i < 3; ++i) site.arrives(i, invoice_pdf(kIbanA));
    auto step = site.read();
    CHECK(step.documents == 3);
    CHECK(step.findings.empty());
    CHECK(site.waiting_files() == 0);
    REQUIRE(site.supplier());
    CHECK(site.supplier()->invoices == 3);

    const MailRecord fourth = site.arrives(4, invoice_pdf(kIbanB));
    step = site.read();
    REQUIRE(step.findings.size() == 1);
    CHECK(step.findings[0].queue_id == fourth.queue_id);
    CHECK(step.findings[0].text ==
          "the attached PDF names a bank account or wallet that this sender never used in 3 "
          "invoices");
    CHECK(site.entry(fourth.id).attached == AttachedMark::Finding);
    auto store = must(Store::open(site.config.store, Store::Mode::Read));
    const auto tagged = must(list_mail(*must(store->read()), {}));
    REQUIRE(tagged.size() == 1);  // listed although its verdict is pass
    CHECK(tagged[0].id == fourth.id);
}

TEST_CASE("documents that waited together are read in the order of their mails") {
    Office site;
    for (int i = 0; i < 3; ++i) site.arrives(i, invoice_pdf(kIbanA));
    site.arrives(4, invoice_pdf(kIbanB));
    for (int i = 5; i < 9; ++i) site.arrives(i, invoice_pdf(kIbanA));
    CHECK(site.read().findings.size() == 1);
}

TEST_CASE("documents are learned once, also when their files were not removed in time") {
    Office site;
    const MailRecord record = site.arrives(0, invoice_pdf(kIbanA));
    CHECK(site.read().documents == 1);
    site.spool(record, invoice_pdf(kIbanA));  // as a killed learner leaves them
    CHECK(site.read().documents == 0);
    CHECK(site.waiting_files() == 0);
    CHECK(site.supplier()->invoices == 1);
}

TEST_CASE("documents of mail that is not in the index yet wait for it") {
    Office site;
    const MailRecord record = record_of(mail_at(0));
    site.spool(record, invoice_pdf(kIbanA));
    CHECK(site.read().documents == 0);
    CHECK(site.waiting_files() == 1);
    site.journal({record});
    CHECK(site.read().documents == 1);
    CHECK(site.waiting_files() == 0);
}

TEST_CASE("a held mail's documents teach when it is released with --learn") {
    Office site;
    const MailRecord held = site.arrives(0, invoice_pdf(kIbanA), Action::Held);
    CHECK(site.read().documents == 1);
    CHECK_FALSE(site.supplier());
    site.journal_admin(RecordType::Release, day(1), held.id, true);
    site.learn();
    REQUIRE(site.supplier());
    CHECK(site.supplier()->invoices == 1);
}

TEST_CASE("release --learn of a delivered mail accepts what its document names") {
    Office site;
    for (int i = 0; i < 3; ++i) site.arrives(i, invoice_pdf(kIbanA));
    const MailRecord fourth = site.arrives(4, invoice_pdf(kIbanB));
    CHECK(site.read().findings.size() == 1);
    const std::size_t before = site.supplier()->payments.size();
    site.journal_admin(RecordType::Release, day(5), fourth.id, true);
    site.learn();
    CHECK(site.supplier()->payments.size() == before + 1);
}

TEST_CASE("a document that cannot be read is told, and stops nothing") {
    Office site;
    const MailRecord locked = site.arrives(0, locked_pdf());
    const MailRecord broken = site.arrives(1, "%PDF-1.4 broken");
    const MailRecord good = site.arrives(2, invoice_pdf(kIbanA));
    CHECK(site.read().documents == 3);
    auto store = must(Store::open(site.config.store, Store::Mode::Read));
    auto reader = must(store->read());
    const auto outcome = [&](const MailRecord& r) {
        return must(find_attached(*reader, r.id)).value().documents.at(0).outcome;
    };
    CHECK(outcome(locked) == ReadOutcome::Encrypted);
    CHECK(outcome(broken) == ReadOutcome::Damaged);
    CHECK(outcome(good) == ReadOutcome::Whole);
}

TEST_CASE("what is kept of documents goes with the mail's entry in the index") {
    Office site;
    site.arrives(0, invoice_pdf(kIbanA));
    site.read();
    const auto records = [&] {
        std::size_t n = 0;
        for (const auto& [key, value] : site.rows(Table::Messages))
            n += key.starts_with('F') ? 1U : 0U;
        return n;
    };
    CHECK(records() == 1);
    auto learner = site.open();
    must(learner->tidy(day(0) + site.config.journal.keep + Seconds(2)));
    learner.reset();
    CHECK(records() == 0);
}
