// SPDX-License-Identifier: Apache-2.0
// The child process as the learner starts it: the built kith-extract, and programs that misbehave
// in its place.
#include "engine/documents/extract.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>

#include "engine/base/unique_fd.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/documents.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using namespace kith::test;

namespace {

AttachmentOptions options(const std::string& program = KITH_EXTRACT) {
    AttachmentOptions o;
    o.program = program;
    return o;
}

ExtractedText read(const Extractor& extractor, std::string_view bytes, DocumentKind kind) {
    auto text = extractor.text_of(bytes, kind);
    if (!text) FAIL(text.error().text());
    return *text;
}

/// A shell script that passes the check and then does `what`.
Extractor misbehaving(const TempDir& dir, const std::string& what, Seconds deadline = Seconds(1)) {
    const std::string path =
        dir.write("extract", "#!/bin/sh\n[ \"$1\" = check ] && exit 0\n" + what + "\n");
    ::chmod(path.c_str(), 0755);
    AttachmentOptions o = options(path);
    o.deadline = deadline;
    auto extractor = Extractor::open(o);
    if (!extractor) FAIL(extractor.error().text());
    return *extractor;
}

}  // namespace

TEST_CASE("the child reads each kind of document") {
    const auto extractor = Extractor::open(options());
    if (!extractor) FAIL(extractor.error().text());
    const auto pdf =
        read(*extractor, pdf_of({"IBAN DE89 3704 0044 0532 0130 00"}), DocumentKind::Pdf);
    CHECK(pdf.outcome == ReadOutcome::Whole);
    CHECK(pdf.text.find("DE89 3704 0044 0532 0130 00") != std::string::npos);
    const auto docx = read(*extractor, docx_of({"words"}), DocumentKind::Office);
    CHECK(docx.outcome == ReadOutcome::Whole);
    CHECK(docx.text.starts_with("words\n"));
    const auto rtf = read(*extractor, "{\\rtf1 words}", DocumentKind::Rtf);
    CHECK(rtf.outcome == ReadOutcome::Whole);
    CHECK(rtf.text == "words");
    CHECK(read(*extractor, locked_pdf(), DocumentKind::Pdf).outcome == ReadOutcome::Encrypted);
    CHECK(read(*extractor, "none", DocumentKind::Office).outcome == ReadOutcome::Damaged);
}

TEST_CASE("a document that a font table would be opened for is read without it") {
    // A composite font with a predefined table of another package: the child may not open it.
    std::string pdf = pdf_of({"plain"});
    const std::string plain = "/Subtype /Type1 /BaseFont /Helvetica";
    pdf.replace(pdf.find(plain), plain.size(), "/Subtype /Type0 /Encoding /GB-EUC-H");
    const auto extractor = Extractor::open(options());
    REQUIRE(extractor);
    CHECK(read(*extractor, pdf, DocumentKind::Pdf).outcome != ReadOutcome::Killed);
}

TEST_CASE("a document from a file is read from its beginning, wherever the file stands") {
    const TempDir dir;
    const std::string path = dir.write("doc", docx_of({"words"}));
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(::lseek(fd.get(), 10, SEEK_SET) == 10);
    const auto extractor = Extractor::open(options());
    REQUIRE(extractor);
    CHECK(extractor->text_of(fd.get(), DocumentKind::Office)->text.starts_with("words"));
}

TEST_CASE("without the program, or where its sandbox does not work, documents are not read") {
    CHECK_FALSE(Extractor::open(options("/nonexistent/kith-extract")));
    CHECK_FALSE(Extractor::open(options("/bin/false")));
}

TEST_CASE("a child that does not end is killed at the deadline") {
    const TempDir dir;
    const std::string what =
        GENERATE(std::string("while :; do :; done"), std::string("exec sleep 600"),
                 std::string("exec >/dev/null; exec sleep 600"),  // closes its output and lives on
                 std::string("exec cat /dev/zero"));
    CAPTURE(what);
    const auto extractor = misbehaving(dir, what);
    const auto started = std::chrono::steady_clock::now();
    CHECK(read(extractor, "x", DocumentKind::Pdf).outcome == ReadOutcome::Killed);
    CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(10));
}

TEST_CASE("a child that dies, fails or says something else has read nothing") {
    const TempDir dir;
    const std::string what =
        GENERATE(std::string("kill -SEGV $$"), std::string("echo 'kith-extract 1 whole'; exit 1"),
                 std::string("echo hello"), std::string("exit 0"));
    CAPTURE(what);
    const auto text = read(misbehaving(dir, what, Seconds(20)), "x", DocumentKind::Pdf);
    CHECK(text.outcome == ReadOutcome::Killed);
    CHECK(text.text.empty());
}

TEST_CASE("the child has three descriptors and no environment") {
    const TempDir dir;
    const UniqueFd ours(::open("/dev/null", O_RDONLY));  // not close-on-exec
    // No pipeline: the shell would have that open, too, for a moment.
    const auto extractor =
        misbehaving(dir, "echo 'kith-extract 1 whole'; ls /proc/$$/fd; env", Seconds(20));
    const auto text = read(extractor, "x", DocumentKind::Pdf);
    CAPTURE(text.text);
    // 10 or 255: where a shell keeps its script.
    const std::string_view dash = "0\n1\n10\n2\nPWD=", bash = "0\n1\n2\n255\n";
    CHECK((text.text.starts_with(dash) || text.text.starts_with(bash)));
    CHECK(text.text.find("HOME=") == std::string::npos);
}
