// SPDX-License-Identifier: Apache-2.0
// The file that says which accounts are locked (engine/base/account_lock.hpp).
#include "engine/base/account_lock.hpp"

#include <fstream>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using kith::test::TempDir;

namespace {

const Time kNow = from_unix(1'800'000'000);

AccountLock lock_of(const std::string& account, Seconds span = Seconds(3600)) {
    return {account, kNow, kNow + span, true, true, "root", "phishing went out"};
}

Status add(const std::string& file, const AccountLock& lock, Time now = kNow) {
    return change_locks(file, now, [&](std::vector<AccountLock>& all) { all.push_back(lock); });
}

}  // namespace

TEST_CASE("what was locked is read again, word for word") {
    const TempDir dir;
    const std::string file = dir.file("locks");
    AccountLock login_only = lock_of("bob");
    login_only.outbound = false;
    login_only.why.clear();
    REQUIRE(add(file, lock_of("anna@example.com")));
    REQUIRE(add(file, login_only));
    const auto locks = read_locks(file);
    REQUIRE(locks);
    CHECK(*locks == std::vector<AccountLock>{lock_of("anna@example.com"), login_only});
}

TEST_CASE("a lock that stops nothing is none, and does not spoil the file") {
    const TempDir dir;
    const std::string file = dir.file("locks");
    AccountLock nothing = lock_of("anna");
    nothing.outbound = nothing.login = false;
    REQUIRE(add(file, nothing));
    REQUIRE(add(file, lock_of("bob")));
    const auto locks = read_locks(file);
    REQUIRE(locks);
    CHECK(*locks == std::vector<AccountLock>{lock_of("bob")});
}

TEST_CASE("a missing file locks nobody") {
    const TempDir dir;
    const auto locks = read_locks(dir.file("locks"));
    REQUIRE(locks);
    CHECK(locks->empty());
    LockTable table(dir.file("locks"));
    CHECK_FALSE(table.find("anna", kNow));
    CHECK(table.trouble().empty());
}

TEST_CASE("a lock ends by itself, to the second, and is forgotten at the next change") {
    const TempDir dir;
    const std::string file = dir.file("locks");
    REQUIRE(add(file, lock_of("anna")));
    LockTable table(file);
    CHECK(table.find("anna", kNow + Seconds(3599)));
    CHECK_FALSE(table.find("anna", kNow + Seconds(3600)));
    REQUIRE(add(file, lock_of("bob", Seconds(9000)), kNow + Seconds(3600)));
    CHECK(read_locks(file)->size() == 1);
}

TEST_CASE("an account is found in any case, and no other one") {
    const TempDir dir;
    REQUIRE(add(dir.file("locks"), lock_of("anna@example.com")));
    LockTable table(dir.file("locks"));
    const auto found = table.find("Anna@Example.COM", kNow);
    REQUIRE(found);
    CHECK(lock_text(*found) == "account locked until 2027-01-15T09:00:00Z: phishing went out");
    CHECK_FALSE(table.find("anna", kNow));
    CHECK_FALSE(table.find("", kNow));
}

TEST_CASE("text can neither add a field nor a line") {
    AccountLock l = lock_of("anna");
    l.why = "a\tb\nmallory\t9\t9\tlogin\tx\ty";
    l.by = "r\toot";
    const auto read = parse_locks(print_locks({l}));
    REQUIRE(read);
    REQUIRE(read->size() == 1);
    CHECK(read->front().why == "a b mallory 9 9 login x y");
    CHECK(read->front().by == "r oot");
}

TEST_CASE("a reason is cut, and one lock too many is refused") {
    AccountLock l = lock_of("anna");
    l.why = std::string(kMaxLockReason + 1, 'x');
    CHECK(parse_locks(print_locks({l}))->front().why.size() == kMaxLockReason);

    const TempDir dir;
    const std::string file = dir.file("locks");
    const auto fill = [&](std::size_t n) {
        return change_locks(file, kNow, [&](std::vector<AccountLock>& all) {
            all.clear();
            for (std::size_t i = 0; i < n; ++i) all.push_back(lock_of("a" + std::to_string(i)));
        });
    };
    REQUIRE(fill(kMaxAccountLocks));
    CHECK(read_locks(file)->size() == kMaxAccountLocks);
    const Status refused = fill(kMaxAccountLocks + 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::Full);
    CHECK(read_locks(file)->size() == kMaxAccountLocks);
}

TEST_CASE("what is no list of locks is told with its line and locks nobody anew") {
    const std::string head = "kith locks 1\n";
    for (const std::string& bad :
         {std::string(), std::string("x\n"), head + "anna\t1\t1\tlogin\troot\n",
          head + "anna\t-1\t1\tlogin\troot\twhy\n", head + "anna\t1\t1\tall\troot\twhy\n",
          head + "\t1\t1\tlogin\troot\twhy\n", head + "anna\t1\t1\tlogin\troot\twhy",
          head + "anna\t999999999999999\t1\tlogin\troot\twhy\n"}) {
        INFO(bad);
        const auto read = parse_locks(bad);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == ErrorCode::Corrupt);
    }
    CHECK(parse_locks(head + "anna\t1\t1\tall\troot\twhy\n").error().what == "line 2 is no lock");
}

TEST_CASE("a table keeps what it knew while the file is broken, and says so") {
    const TempDir dir;
    const std::string file = dir.file("locks");
    REQUIRE(add(file, lock_of("anna")));
    LockTable table(file, std::chrono::milliseconds(0));
    REQUIRE(table.find("anna", kNow));
    std::ofstream(file) << "rubbish";
    CHECK(table.trouble().find("no list of locks") != std::string::npos);
    CHECK(table.find("anna", kNow));
}
