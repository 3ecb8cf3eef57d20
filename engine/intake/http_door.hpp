// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 in one thread: a server on loopback or a Unix socket, and a client. The only includer of
// Boost. Everything that comes in is bounded: connections, header, body, time. Covered by
// tests/unit/intake/http_door_test.cpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.hpp"

namespace kith {

struct HttpRequest {
    std::string method, target, authorization, body;
};
struct HttpReply {
    unsigned status = 200;
    std::string body;
};

/// Gives the reply, once, on the loop's thread; the connection may be gone by then. Dropped without
/// a call it answers 500.
using HttpAnswer = std::function<void(HttpReply)>;
using HttpHandler = std::function<void(HttpRequest, HttpAnswer)>;

struct HttpLimits {
    std::size_t max_connections = 256;  ///< beyond it new ones are closed at once
    std::size_t max_header_bytes = 8U << 10;
    std::size_t max_body_bytes = 64U << 10;
    /// For a request to come in whole, counted from the end of the one before, and for a reply to
    /// be taken.
    std::chrono::milliseconds time{30'000};
};

/// What a client sends. http only.
struct HttpPost {
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::chrono::milliseconds time{1000};  ///< over name, connection and answer
    std::size_t max_answer_bytes = 1U << 20;
};

/// A loop of one thread.
class HttpLoop {
public:
    /// `listen` in the notation of accounts.listen; port 0 takes a free one. Unavailable when the
    /// address cannot be had, with a hint.
    [[nodiscard]] static Result<std::unique_ptr<HttpLoop>> open(const std::string& listen,
                                                                const HttpLimits& limits,
                                                                HttpHandler handler);
    virtual ~HttpLoop() = default;

    /// Serves until stop(). Exceptions of handlers pass through.
    virtual void run() = 0;
    virtual void stop() = 0;                            ///< from any thread
    virtual void post(std::function<void()> work) = 0;  ///< from any thread, runs on the loop's
    /// Calls `work` again and again on the loop's thread.
    virtual void every(std::chrono::milliseconds interval, std::function<void()> work) = 0;
    /// On the loop's thread. `done` is called once: any answer, or Unavailable.
    virtual void send(HttpPost post, std::function<void(Result<HttpReply>)> done) = 0;
    [[nodiscard]] virtual unsigned port() const = 0;  ///< 0 for a Unix socket
    [[nodiscard]] virtual std::size_t connections() const = 0;
    [[nodiscard]] virtual std::uint64_t refused_connections() const = 0;
};

/// The same as HttpLoop::send, in the calling thread.
[[nodiscard]] Result<HttpReply> http_post(const HttpPost& post);

}  // namespace kith
