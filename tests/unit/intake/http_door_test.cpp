// SPDX-License-Identifier: Apache-2.0
// HTTP over real sockets (engine/intake/http_door.hpp), with clients that misbehave.
#include "engine/intake/http_door.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "engine/base/unique_fd.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using kith::test::TempDir;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// Answers what it was asked, in a thread of its own.
struct Server {
    explicit Server(HttpLimits limits = {}, const std::string& listen = "inet:0@127.0.0.1",
                    HttpHandler handler = {}) {
        if (!handler)
            handler = [](const HttpRequest& r, const HttpAnswer& answer) {
                answer({200, r.method + " " + r.target + " " + r.authorization + " " + r.body});
            };
        auto opened = HttpLoop::open(listen, limits, std::move(handler));
        if (!opened) FAIL(opened.error().text());
        loop = std::move(*opened);
        thread = std::thread([this] { loop->run(); });
    }
    ~Server() {
        loop->stop();
        thread.join();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::string url(const std::string& path = "/x?y=1") const {
        return "http://127.0.0.1:" + std::to_string(loop->port()) + path;
    }
    [[nodiscard]] UniqueFd connect() const {
        UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(loop->port()));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
        const timeval patience{20, 0};
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return fd;
    }

    std::unique_ptr<HttpLoop> loop;
    std::thread thread;
};

void send(const UniqueFd& fd, const std::string& text) {
    (void)::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
}
/// Until the connection ends or `enough` is there.
std::string receive(const UniqueFd& fd, const std::string& enough = "") {
    std::string out;
    char buffer[4096];
    while (enough.empty() || out.find(enough) == std::string::npos) {
        const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
        if (n <= 0) break;
        out.append(buffer, static_cast<std::size_t>(n));
    }
    return out;
}
std::string post_text(const std::string& body) {
    return "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("a request comes in whole, and its answer goes out; our client speaks with our server") {
    const Server server;
    HttpPost post;
    post.url = server.url();
    post.headers = {{"Authorization", "Bearer t"}};
    post.body = "{\"a\":1}";
    const auto reply = http_post(post);
    REQUIRE(reply);
    CHECK(reply->status == 200);
    CHECK(reply->body == "POST /x?y=1 Bearer t {\"a\":1}");
}

TEST_CASE("a connection is kept for the next request, also when two come at once") {
    const Server server;
    const UniqueFd fd = server.connect();
    send(fd, post_text("one"));
    CHECK(receive(fd, "one").find("200 OK") != std::string::npos);
    send(fd, post_text("two") + post_text("three"));
    CHECK(receive(fd, "three").find("two") != std::string::npos);
}

TEST_CASE("a Unix socket serves as well, for owner and group only, and is gone at the end") {
    const TempDir dir;
    const std::string path = dir.file("s");
    {
        const Server server({}, "unix:" + path);
        CHECK(static_cast<int>(std::filesystem::status(path).permissions()) == 0660);
        UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
        send(fd, post_text("hello"));
        CHECK(receive(fd, "hello").find("POST /p  hello") != std::string::npos);
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE(
    "bodies and headers at their bound pass, beyond it they are refused and the connection ends") {
    HttpLimits limits;
    limits.max_body_bytes = 1000;
    limits.max_header_bytes = 2000;
    const Server server(limits);
    const auto answer_to = [&](const std::string& text) {
        const UniqueFd fd = server.connect();
        send(fd, text);
        ::shutdown(fd.get(), SHUT_WR);
        return receive(fd);
    };
    CHECK(answer_to(post_text(std::string(1000, 'x'))).find("200 OK") != std::string::npos);
    CHECK(answer_to(post_text(std::string(1001, 'x'))).find("413") != std::string::npos);
    CHECK(
        answer_to("POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n").find("413") !=
        std::string::npos);
    CHECK(answer_to("POST / HTTP/1.1\r\nX: " + std::string(1900, 'x') +
                    "\r\nContent-Length: 0\r\n\r\n")
              .find("200 OK") != std::string::npos);
    CHECK(answer_to("POST / HTTP/1.1\r\nX: " + std::string(2000, 'x') + "\r\n\r\n").find("431") !=
          std::string::npos);
}

TEST_CASE("what is no HTTP ends the connection, and nothing else") {
    const Server server;
    for (const std::string& text :
         {std::string("\r\n\r\n\0\0", 6), std::string("GET\r\n\r\n"), std::string(100, '\xff'),
          std::string("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
          std::string("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n")}) {
        const UniqueFd fd = server.connect();
        send(fd, text);
        ::shutdown(fd.get(), SHUT_WR);
        CHECK(receive(fd).find("200") == std::string::npos);
    }
    HttpPost post;
    post.url = server.url();
    CHECK(http_post(post));
}

TEST_CASE("a client that dawdles is cut off, whatever it dribbles") {
    HttpLimits limits;
    limits.time = milliseconds(300);
    const Server server(limits);
    const UniqueFd silent = server.connect(), slow = server.connect();
    const auto begun = steady_clock::now();
    send(slow, "POST / HTTP/1.1\r\nX: ");
    std::thread dribble([&] {
        while (steady_clock::now() - begun < milliseconds(1500)) {
            if (::send(slow.get(), "x", 1, MSG_NOSIGNAL) < 0) break;
            pollfd ended{slow.get(), POLLIN, 0};  // until the server says so, for a moment
            if (::poll(&ended, 1, 20) > 0) break;
        }
    });
    CHECK(receive(silent).empty());
    CHECK(receive(slow).empty());
    CHECK(steady_clock::now() - begun < std::chrono::seconds(10));
    dribble.join();
}

TEST_CASE("connections beyond the bound are closed; one that ends makes room") {
    HttpLimits limits;
    limits.max_connections = 2;
    const Server server(limits);
    UniqueFd one = server.connect();
    const UniqueFd two = server.connect();
    send(one, post_text("a"));
    send(two, post_text("a"));
    CHECK_FALSE(receive(one, "a").empty());
    CHECK_FALSE(receive(two, "POST /p").empty());
    CHECK(receive(server.connect()).empty());
    CHECK(server.loop->refused_connections() == 1);
    one.reset();
    std::string got;
    for (const auto until = steady_clock::now() + std::chrono::seconds(20);
         got.empty() && steady_clock::now() < until;) {
        const UniqueFd again = server.connect();
        send(again, post_text("b"));
        got = receive(again, "POST /p");
    }
    CHECK_FALSE(got.empty());
}

TEST_CASE("an answer that nobody gives is an error for the client, not a wait") {
    const Server server({}, "inet:0@127.0.0.1", [](const HttpRequest&, const HttpAnswer&) {});
    HttpPost post;
    post.url = server.url();
    const auto reply = http_post(post);
    REQUIRE(reply);
    CHECK(reply->status == 500);
}

TEST_CASE("our client waits no longer than it is told, for a server that is silent or not there") {
    HttpAnswer kept;
    HttpPost post;
    post.time = milliseconds(200);
    {
        const Server silent({}, "inet:0@127.0.0.1", [&](const HttpRequest&, HttpAnswer answer) {
            kept = std::move(answer);
        });
        post.url = silent.url();
        const auto begun = steady_clock::now();
        const auto reply = http_post(post);
        REQUIRE_FALSE(reply);
        CHECK(reply.error().text().find("no answer within 200 ms") != std::string::npos);
        CHECK(steady_clock::now() - begun < std::chrono::seconds(10));
        std::promise<void> dropped;
        silent.loop->post([&] {
            kept = nullptr;
            dropped.set_value();
        });
        dropped.get_future().wait();
    }
    CHECK_FALSE(http_post(post));  // nobody listens any more
    for (const char* url : {"https://127.0.0.1/", "ftp://x", "http://", "http://[::1", "x"}) {
        post.url = url;
        CHECK_FALSE(http_post(post));
    }
}

TEST_CASE("an answer larger than its bound is none") {
    const Server server({}, "inet:0@127.0.0.1", [](const HttpRequest&, const HttpAnswer& answer) {
        answer({200, std::string(2000, 'x')});
    });
    HttpPost post;
    post.url = server.url();
    post.max_answer_bytes = 2000;
    CHECK(http_post(post));
    post.max_answer_bytes = 1999;
    CHECK_FALSE(http_post(post));
}

TEST_CASE("an address that cannot be had is told with a hint") {
    const Server server;
    const auto taken =
        HttpLoop::open("inet:" + std::to_string(server.loop->port()) + "@127.0.0.1", {}, {});
    REQUIRE_FALSE(taken);
    CHECK(taken.error().text().find("accounts.listen") != std::string::npos);
    CHECK_FALSE(HttpLoop::open("inet:1@example", {}, {}));
    CHECK_FALSE(HttpLoop::open("unix:/nonexistent/dir/s", {}, {}));
}
