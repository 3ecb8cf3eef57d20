// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/spool.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using test::TempDir;

namespace {

struct Spool {
    Spool() {
        options.directory = dir.file("attachments");
        REQUIRE(open_spool(options.directory));
    }
    Status put(std::string_view mail, const std::vector<Document>& documents,
               std::uint32_t sender = 7) const {
        return spool_documents(options, mail, sender, documents);
    }
    [[nodiscard]] std::vector<SpooledMail> list() const {
        auto out = list_spool(options.directory);
        REQUIRE(out);
        return *out;
    }
    TempDir dir;
    AttachmentOptions options;
};

std::vector<Document> documents(std::size_t n = 1, std::size_t bytes = 3) {
    return std::vector<Document>(n, {DocumentKind::Pdf, std::string(bytes, 'x')});
}

}  // namespace

TEST_CASE("what was put in comes out, a mail at a time, in order") {
    const Spool s;
    REQUIRE(s.put("aaaa", {{DocumentKind::Pdf, "one"}, {DocumentKind::Office, "two"}}));
    REQUIRE(s.put("bbbb", {{DocumentKind::Rtf, "three"}}));
    const auto mails = s.list();
    REQUIRE(mails.size() == 2);
    CHECK(mails[0].mail == "aaaa");
    CHECK(mails[0].complete);
    REQUIRE(mails[0].files.size() == 2);
    CHECK(mails[0].files[1].kind == DocumentKind::Office);
    const auto fd = open_spooled(s.options.directory, mails[0].files[1]);
    REQUIRE(fd);
    char content[8] = {};
    CHECK(::read(fd->get(), content, sizeof content) == 3);
    CHECK(std::string(content) == "two");
    struct stat st {};
    REQUIRE(::fstat(fd->get(), &st) == 0);
    CHECK((st.st_mode & 0777U) == 0600);
    remove_spooled(s.options.directory, mails[0]);
    CHECK(s.list().size() == 1);
}

TEST_CASE("a mail whose documents are not all there is not complete") {
    const Spool s;
    REQUIRE(s.put("aaaa", documents(2)));
    ::unlink((s.options.directory + "/" + s.list()[0].files[0].name).c_str());
    REQUIRE(s.list().size() == 1);
    CHECK_FALSE(s.list()[0].complete);
}

TEST_CASE("files: as many as may wait, and one more") {
    Spool s;
    s.options.max_waiting = 3;
    REQUIRE(s.put("aaaa", documents(1), 1));
    REQUIRE(s.put("bbbb", documents(2), 2));
    CHECK(s.put("cccc", documents(1), 3).error().code == ErrorCode::Full);
    CHECK(s.list().size() == 2);
}

TEST_CASE("bytes: as many as may wait, and one more; all documents of a mail or none") {
    Spool s;
    s.options.max_waiting_bytes = 10;
    REQUIRE(s.put("aaaa", documents(1, 4)));
    CHECK(s.put("bbbb", documents(1, 7)).error().code == ErrorCode::Full);
    CHECK(s.put("bbbb", documents(2, 4)).error().code == ErrorCode::Full);
    CHECK(s.list().size() == 1);
    CHECK(s.put("bbbb", documents(1, 6)));
}

TEST_CASE("files of one sender: as many as may wait, and one more; others still may") {
    const Spool s;
    for (unsigned i = 0; i < kMaxWaitingOfSender; ++i)
        REQUIRE(s.put("mail" + std::string(1, static_cast<char>('a' + i)), documents(), 1));
    CHECK(s.put("more", documents(), 1).error().code == ErrorCode::Full);
    CHECK(s.put("other", documents(), 2));
}

TEST_CASE("without the directory nobody wants documents") {
    Spool s;
    close_spool(s.options.directory);
    CHECK(s.put("aaaa", documents()).error().code == ErrorCode::NoInput);
    CHECK_FALSE(std::filesystem::exists(s.options.directory));
}

TEST_CASE("closing removes what waits, and nothing that is not ours") {
    Spool s;
    REQUIRE(s.put("aaaa", documents()));
    s.dir.write("attachments/.new-bbbb-0-1-pdf-00000001", "half");
    s.dir.write("attachments/notes.txt", "the admin's");
    close_spool(s.options.directory);
    CHECK(std::filesystem::exists(s.options.directory + "/notes.txt"));
    CHECK(s.list().empty());
}

TEST_CASE("what is old is removed, what is not stays") {
    const Spool s;
    REQUIRE(s.put("aaaa", documents()));
    const Time since = s.list()[0].since;
    expire_spool(s.options.directory, since);
    CHECK(s.list().size() == 1);
    expire_spool(s.options.directory, since + Seconds(1));
    CHECK(s.list().empty());
}

TEST_CASE("names that are none of ours are passed over") {
    const Spool s;
    for (const char* name :
         {"x", "a-b-c-d-e", "a-0-1-exe-1", "a-1-1-pdf-1", "a-0-99999999999-pdf-1", "-0-1-pdf-1",
          "a--1-pdf-1", ".new-a-0-1-pdf-1"})
        s.dir.write("attachments/" + std::string(name), "x");
    CHECK(s.list().empty());
    CHECK_FALSE(s.put("../../etc", documents()));
    CHECK_FALSE(s.put("", documents()));
}
