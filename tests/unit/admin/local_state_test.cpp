// SPDX-License-Identifier: Apache-2.0
// Locks, sockets and rights as the host has them.
#include "engine/admin/local_state.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/unique_fd.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/unix_listener.hpp"

using namespace kith;
using namespace kith::admin;
using kith::test::TempDir;

TEST_CASE("a tenant's learner is a unit of its own") {
    CHECK(learner_unit("") == "kith-learner");
    CHECK(learner_unit("acme") == "kith-learner@acme");
}

TEST_CASE("the learner runs while somebody holds the writer's lock") {
    const TempDir dir;
    StoreOptions store;
    store.directory = dir.str();
    CHECK_FALSE(learner_running(store).value());
    dir.write("writer.lock", "");
    CHECK_FALSE(learner_running(store).value());
    const UniqueFd fd(::open(dir.file("writer.lock").c_str(), O_RDWR));
    REQUIRE(::flock(fd.get(), LOCK_EX | LOCK_NB) == 0);
    CHECK(learner_running(store).value());
    REQUIRE(::flock(fd.get(), LOCK_UN) == 0);
    CHECK_FALSE(learner_running(store).value());
}

TEST_CASE("a Unix socket answers while somebody listens") {
    const TempDir dir;
    const SocketName name = parse_socket_name("unix:" + dir.file("s"));
    CHECK(connect_to(name).error().code == ErrorCode::NoInput);
    {
        const test::UnixListener listener(name.path);
        CHECK(connect_to(name));
    }
    CHECK(connect_to(name).error().code == ErrorCode::Unavailable);
    CHECK(connect_to(parse_socket_name("unix:/" + std::string(200, 'x'))).error().code ==
          ErrorCode::Config);
}

TEST_CASE("an internet socket answers while somebody listens") {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd.get(), 5) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const SocketName name =
        parse_socket_name("inet:" + std::to_string(ntohs(address.sin_port)) + "@127.0.0.1");
    CHECK(connect_to(name));
    fd.reset();
    CHECK(connect_to(name).error().code == ErrorCode::Unavailable);
}

TEST_CASE("a user reaches a file only through directories that let it pass") {
    const TempDir dir;
    ::chmod(dir.path().c_str(), 0755);
    const std::string file = dir.write("a/b", "");
    ::chmod(file.c_str(), 0666);
    ::chmod(dir.file("a").c_str(), 0755);
    CHECK(user_reaches(file, "nobody"));
    ::chmod(file.c_str(), 0644);
    CHECK(user_reaches(file, "nobody").error().code == ErrorCode::Permission);
    ::chmod(file.c_str(), 0666);
    ::chmod(dir.file("a").c_str(), 0700);
    const Error error = user_reaches(file, "nobody").error();
    CHECK(error.what == "nobody may not pass the directory " + dir.file("a"));
    CHECK(user_reaches(file, "root"));
    CHECK(user_reaches(file, "no-such-user-here").error().code == ErrorCode::NoInput);
    CHECK(user_reaches(dir.file("none"), "root").error().code == ErrorCode::NoInput);
}

TEST_CASE("a user shut in a directory connects to a socket below it, or it is said why not") {
    const TempDir dir;
    std::filesystem::create_directories(dir.path() / "kith");
    std::filesystem::permissions(dir.path(), std::filesystem::perms(0755));
    const std::string path = dir.file("kith/kith.sock");
    const test::UnixListener listener(path);
    if (::geteuid() != 0) {
        CHECK(connects_from(dir.str(), "kith/kith.sock", "nobody").error().code ==
              ErrorCode::Permission);
        return;
    }
    ::chmod(path.c_str(), 0666);
    CHECK(connects_from(dir.str(), "kith/kith.sock", "nobody"));
    ::chmod(path.c_str(), 0660);
    const Status closed = connects_from(dir.str(), "kith/kith.sock", "nobody");
    REQUIRE_FALSE(closed);
    CHECK(closed.error().code == ErrorCode::Permission);
    CHECK(closed.error().what.find("nobody inside " + dir.str() + ": kith/kith.sock: ") == 0);
    CHECK(connects_from(dir.str(), "kith/none", "nobody").error().code == ErrorCode::NoInput);
    CHECK(connects_from(dir.str(), "kith/kith.sock", "no-such-user-here").error().code ==
          ErrorCode::NoInput);
}

TEST_CASE("the services write into a directory that is there, theirs, and has room") {
    const TempDir state, other;
    CHECK(services_write(other.str(), state.str()));

    const Status missing = services_write(other.file("none"), state.str());
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::NoInput);
    CHECK(missing.error().what.find(other.file("none") + ": ") == 0);
    CHECK(missing.error().hint.find("create it") == 0);

    // Root may write anywhere; the services are somebody else then.
    if (::geteuid() == 0) REQUIRE(::chown(state.str().c_str(), 65534, 65534) == 0);
    REQUIRE(::chmod(other.str().c_str(), 0500) == 0);
    const Status closed = services_write(other.str(), state.str());
    REQUIRE(::chmod(other.str().c_str(), 0700) == 0);
    REQUIRE_FALSE(closed);
    CHECK(closed.error().what.find(other.str() + ": ") == 0);
    CHECK(closed.error().what.find(" may not make files in it") != std::string::npos);
    CHECK(closed.error().hint.find("chown ") == 0);
}

TEST_CASE("what the learner says about its learning is told with the time since when it is so") {
    const TempDir dir;
    Config config;
    config.learner.trouble_file = dir.file("trouble");
    CHECK(mail_is_learned(config));
    dir.write("trouble", "store /s: the map is full; raise store.map_size\n");
    const Status said = mail_is_learned(config);
    REQUIRE_FALSE(said);
    CHECK(said.error().what.find("kith-learner learns nothing since 2") == 0);
    CHECK(said.error().what.find(": store /s: the map is full; raise store.map_size") !=
          std::string::npos);
    dir.write("trouble", "");
    CHECK(mail_is_learned(config));
}

TEST_CASE("what a running milter says about its journal counts, what a dead one said does not") {
    const TempDir dir;
    Config config;
    config.secret_file = dir.file("site.key");
    config.journal.directory = dir.str();
    config.milter.trouble_file = dir.write("trouble", "no space left on device\n");
    CHECK(mail_is_recorded(config, false));
    const Status said = mail_is_recorded(config, true);
    REQUIRE_FALSE(said);
    CHECK(said.error().what.find("kith-milter cannot record mail in " + dir.str() + " since ") ==
          0);
    CHECK(said.error().what.find(": no space left on device") != std::string::npos);
    dir.write("trouble", "");
    CHECK(mail_is_recorded(config, true));
}

TEST_CASE("kith-accounts is missed where it has run, and its own words count while it answers") {
    const TempDir dir;
    Config config;
    config.accounts.trouble_file = dir.file("trouble");
    config.accounts.listen = "unix:" + dir.file("socket");
    CHECK_FALSE(accounts_in_use(config));
    CHECK(events_are_recorded(config));
    dir.write("trouble", "");
    CHECK(accounts_in_use(config));
    Status said = events_are_recorded(config);
    REQUIRE_FALSE(said);
    CHECK(said.error().text().find("kith-accounts does not answer, people log in all the same") ==
          0);
    CHECK(said.error().hint.find("systemctl start kith-accounts") == 0);

    const test::UnixListener listener(dir.file("socket"));
    CHECK(events_are_recorded(config));
    dir.write("trouble", "journal: no space left\n");
    said = events_are_recorded(config);
    REQUIRE_FALSE(said);
    CHECK(said.error().what.find("events on accounts are not recorded since 2") == 0);
    CHECK(said.error().what.find(": journal: no space left") != std::string::npos);
}
