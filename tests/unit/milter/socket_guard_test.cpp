// SPDX-License-Identifier: Apache-2.0
#include "milter/socket_guard.hpp"

#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace kith::milter {
namespace {

SocketSpec unix_spec(const std::string& path) { return *parse_socket("unix:" + path); }

UniqueFd listen_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd.get(), 5) == 0);
    return fd;
}

TEST_CASE("the forms of a socket") {
    const auto [text, is_unix, spec] = GENERATE(table<const char*, bool, const char*>({
        {"unix:/run/kith/kith.sock", true, "unix:/run/kith/kith.sock"},
        {"local:/run/kith/kith.sock", true, "unix:/run/kith/kith.sock"},
        {"/run/kith/kith.sock", true, "unix:/run/kith/kith.sock"},
        {"inet:8891@127.0.0.1", false, "inet:8891@127.0.0.1"},
        {"inet6:8891@::1", false, "inet6:8891@::1"},
    }));
    const auto parsed = parse_socket(text);
    REQUIRE(parsed);
    CHECK(parsed->is_unix == is_unix);
    CHECK(parsed->spec == spec);
}

TEST_CASE("what is no socket is refused with the object's name") {
    const char* text = GENERATE("", "kith.sock", "unix:", "unix:kith.sock", "inet:8891",
                                "inet:@127.0.0.1", "inet:0@127.0.0.1", "inet:65536@127.0.0.1",
                                "inet:88x@127.0.0.1", "inet:8891@", "fd:3", "tcp:1@h");
    CAPTURE(text);
    const auto parsed = parse_socket(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == ErrorCode::Config);
    CHECK(parsed.error().what.rfind("milter.socket " + std::string(text), 0) == 0);
}

TEST_CASE("a path as long as the kernel takes is taken, one byte more is refused") {
    CHECK(parse_socket("unix:/" + std::string(kMaxSocketPath - 1, 'a')));
    CHECK_FALSE(parse_socket("unix:/" + std::string(kMaxSocketPath, 'a')));
}

TEST_CASE("a second instance is refused while the first holds the lock, and not after") {
    const test::TempDir dir;
    const SocketSpec spec = unix_spec(dir.file("k.sock"));
    {
        const auto first = lock_socket(spec);
        REQUIRE(first);
        const auto second = lock_socket(spec);
        REQUIRE_FALSE(second);
        CHECK(second.error().code == ErrorCode::Unavailable);
        CHECK(second.error().what == "socket " + spec.path + ": another kith-milter serves it");
    }
    CHECK(lock_socket(spec));
}

TEST_CASE("a missing directory is named") {
    const auto lock = lock_socket(unix_spec("/nonexistent/k.sock"));
    REQUIRE_FALSE(lock);
    CHECK(lock.error().code == ErrorCode::Io);
}

TEST_CASE("a stale socket is removed, another file of that name is not") {
    const test::TempDir dir;
    const SocketSpec spec = unix_spec(dir.file("k.sock"));
    CHECK(remove_stale_socket(spec));
    listen_unix(spec.path).reset();
    REQUIRE(std::filesystem::exists(spec.path));
    CHECK(remove_stale_socket(spec));
    CHECK_FALSE(std::filesystem::exists(spec.path));

    dir.write("k.sock", "somebody's file");
    const auto refused = remove_stale_socket(spec);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::Config);
    CHECK(dir.read("k.sock") == "somebody's file");
}

TEST_CASE("the socket is for user and group only, and belongs to the named group") {
    const test::TempDir dir;
    const SocketSpec spec = unix_spec(dir.file("k.sock"));
    const UniqueFd listener = listen_unix(spec.path);
    const group* own = ::getgrgid(::getegid());
    REQUIRE(own != nullptr);
    CHECK(share_socket(spec, own->gr_name));
    struct stat status {};
    REQUIRE(::stat(spec.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0660);
    CHECK(status.st_gid == ::getegid());
}

TEST_CASE("a group that does not exist is an error, and the socket stays closed to others") {
    const test::TempDir dir;
    const SocketSpec spec = unix_spec(dir.file("k.sock"));
    const UniqueFd listener = listen_unix(spec.path);
    const auto shared = share_socket(spec, "no-such-group-here");
    REQUIRE_FALSE(shared);
    CHECK(shared.error().code == ErrorCode::NoInput);
    struct stat status {};
    REQUIRE(::stat(spec.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0660);
}

TEST_CASE("a TCP listener without Nagle hands that on to what it accepts") {
    const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
            0);
    REQUIRE(::listen(listener.get(), 5) == 0);
    socklen_t length = sizeof address;
    REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);

    const int found = find_listener({false, "", "inet:1@127.0.0.1"});
    REQUIRE(found == listener.get());
    CHECK(disable_nagle(found));
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
            0);
    const UniqueFd accepted(::accept(listener.get(), nullptr, nullptr));
    int no_delay = 0;
    length = sizeof no_delay;
    REQUIRE(::getsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &length) == 0);
    CHECK(no_delay != 0);
}

TEST_CASE("a Unix listener is found by its kind") {
    const test::TempDir dir;
    const SocketSpec spec = unix_spec(dir.file("k.sock"));
    CHECK(find_listener(spec) == -1);
    const UniqueFd listener = listen_unix(spec.path);
    CHECK(find_listener(spec) == listener.get());
    CHECK_FALSE(disable_nagle(listener.get()));
}

TEST_CASE("a knock is a connection that ends without a word") {
    const test::TempDir dir;
    UniqueFd listener;
    if (GENERATE(true, false)) {
        listener = listen_unix(dir.file("k.sock"));
    } else {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        listener.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0);
        REQUIRE(::listen(listener.get(), 5) == 0);
    }
    knock(listener.get());
    const UniqueFd accepted(::accept(listener.get(), nullptr, nullptr));
    REQUIRE(accepted);
    char byte = 0;
    CHECK(::recv(accepted.get(), &byte, 1, 0) == 0);
}

TEST_CASE("a knock where nobody listens, or where the queue is full, returns at once") {
    knock(-1);
    const UniqueFd no_socket(::dup(0));
    knock(no_socket.get());
    const test::TempDir dir;
    const UniqueFd listener = listen_unix(dir.file("k.sock"));
    for (int i = 0; i < 50; ++i) knock(listener.get());
    const UniqueFd accepted(::accept(listener.get(), nullptr, nullptr));
    CHECK(accepted);
}

}  // namespace
}  // namespace kith::milter
