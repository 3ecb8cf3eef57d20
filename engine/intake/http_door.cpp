// SPDX-License-Identifier: Apache-2.0
#include "engine/intake/http_door.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <variant>

#include "engine/base/text.hpp"

namespace kith {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Stream = beast::basic_stream<asio::generic::stream_protocol>;
using boost::system::error_code;

struct Shared {
    HttpLimits limits;
    HttpHandler handler;
    std::atomic<std::size_t> open{0};  // these two are read from other threads as well
    std::atomic<std::uint64_t> refused{0};
    bool closing = false;  ///< the loop is going: nothing may be begun
};

/// One connection of a client, alive as long as one of its operations is.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(asio::generic::stream_protocol::socket socket, std::shared_ptr<Shared> shared)
        : stream_(std::move(socket)), shared_(std::move(shared)) {
        ++shared_->open;
    }
    ~Connection() { --shared_->open; }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void read() {
        parser_.emplace();
        parser_->header_limit(static_cast<std::uint32_t>(shared_->limits.max_header_bytes));
        parser_->body_limit(shared_->limits.max_body_bytes);
        stream_.expires_after(shared_->limits.time);
        http::async_read(
            stream_, buffer_, *parser_,
            [self = shared_from_this()](error_code error, std::size_t) { self->have_read(error); });
    }

private:
    /// An answer that nobody gives must not leave the client waiting.
    class Promise {
    public:
        explicit Promise(std::shared_ptr<Connection> connection)
            : connection_(std::move(connection)) {}
        ~Promise() {
            if (connection_) connection_->write({500, "{}"});
        }
        Promise(const Promise&) = delete;
        Promise& operator=(const Promise&) = delete;
        void keep(HttpReply reply) {
            if (auto connection = std::exchange(connection_, nullptr))
                connection->write(std::move(reply));
        }

    private:
        std::shared_ptr<Connection> connection_;
    };

    void have_read(error_code error) {
        if (error == http::error::body_limit || error == http::error::header_limit) {
            keep_alive_ = false;
            return write({error == http::error::body_limit ? 413U : 431U, "{}"});
        }
        if (error) return;  // closed, late or no HTTP: the connection ends with this object
        auto& message = parser_->get();
        keep_alive_ = message.keep_alive();
        HttpRequest request;
        request.method = std::string(message.method_string());
        request.target = std::string(message.target());
        request.authorization = std::string(message[http::field::authorization]);
        request.body = std::move(message.body());
        shared_->handler(std::move(request),
                         [promise = std::make_shared<Promise>(shared_from_this())](
                             HttpReply reply) { promise->keep(std::move(reply)); });
    }

    void write(HttpReply reply) {
        if (shared_->closing) return;
        reply_ = {};
        reply_.result(reply.status);
        reply_.set(http::field::content_type, "application/json");
        reply_.keep_alive(keep_alive_);
        reply_.body() = std::move(reply.body);
        reply_.prepare_payload();
        stream_.expires_after(shared_->limits.time);
        http::async_write(stream_, reply_,
                          [self = shared_from_this()](error_code error, std::size_t) {
                              if (!error && self->keep_alive_) self->read();
                          });
    }

    Stream stream_;
    std::shared_ptr<Shared> shared_;
    beast::flat_buffer buffer_{80U << 10};
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> reply_;
    bool keep_alive_ = false;
};

struct Url {
    std::string host, port, target;
};

Result<Url> parse_http_url(const std::string& url) {
    constexpr std::string_view kScheme = "http://";
    if (!url.starts_with(kScheme)) return fail(ErrorCode::Config, "not an http:// address: " + url);
    std::string_view rest = std::string_view(url).substr(kScheme.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    std::string_view authority = rest.substr(0, slash);
    Url out;
    out.target = slash == rest.size() ? "/" : std::string(rest.substr(slash));
    out.port = "80";
    std::size_t colon = authority.rfind(':');
    if (authority.starts_with('[')) {
        const std::size_t end = authority.find(']');
        if (end == std::string_view::npos)
            return fail(ErrorCode::Config, "not an http:// address: " + url);
        if (colon != std::string_view::npos && colon < end) colon = std::string_view::npos;
        out.host = std::string(authority.substr(1, end - 1));
    } else {
        out.host = std::string(authority.substr(0, colon));
    }
    if (colon != std::string_view::npos) out.port = std::string(authority.substr(colon + 1));
    if (out.host.empty() || out.port.empty())
        return fail(ErrorCode::Config, "not an http:// address: " + url);
    return out;
}

/// One POST of ours.
class Sending : public std::enable_shared_from_this<Sending> {
public:
    Sending(asio::io_context& context, HttpPost post, std::function<void(Result<HttpReply>)> done)
        : resolver_(context),
          stream_(context),
          timer_(context),
          post_(std::move(post)),
          done_(std::move(done)) {}

    void start() {
        auto url = parse_http_url(post_.url);
        if (!url) return finish(fail(url.error()));
        request_.method(http::verb::post);
        request_.target(url->target);
        request_.version(11);
        request_.set(http::field::host, url->host + ":" + url->port);
        request_.set(http::field::content_type, "application/json");
        for (const auto& [name, value] : post_.headers) request_.set(name, value);
        // Not "Connection: close", though finish() closes it: Dovecot 2.3 would not answer a
        // request with a body and a wrong key then.
        request_.body() = post_.body;
        request_.prepare_payload();
        // One clock over everything, name look-up included.
        timer_.expires_after(post_.time);
        timer_.async_wait([self = shared_from_this()](error_code error) {
            if (!error) self->give_up();
        });
        resolver_.async_resolve(
            url->host, url->port, [self = shared_from_this()](error_code error, auto endpoints) {
                if (error) return self->failed(error);
                self->stream_.async_connect(
                    endpoints, [self](error_code e, const auto&) { self->connected(e); });
            });
    }

private:
    void connected(error_code error) {
        if (error) return failed(error);
        http::async_write(
            stream_, request_,
            [self = shared_from_this()](error_code e, std::size_t) { self->written(e); });
    }
    void written(error_code error) {
        if (error) return failed(error);
        parser_.body_limit(post_.max_answer_bytes);
        http::async_read_header(
            stream_, buffer_, parser_,
            [self = shared_from_this()](error_code e, std::size_t) { self->have_header(e); });
    }
    void have_header(error_code error) {
        if (error) return failed(error);
        // Boost 1.74 holds an answer with a Content-Length against no limit.
        if (const auto length = parser_.content_length();
            length && *length > post_.max_answer_bytes)
            return failed(http::error::body_limit);
        http::async_read(
            stream_, buffer_, parser_,
            [self = shared_from_this()](error_code e, std::size_t) { self->have_read(e); });
    }
    void have_read(error_code error) {
        if (error) return failed(error);
        finish(HttpReply{parser_.get().result_int(), std::move(parser_.get().body())});
    }
    void failed(error_code error) {
        finish(fail(ErrorCode::Unavailable, post_.url + ": " + error.message()));
    }
    void give_up() {
        resolver_.cancel();
        finish(fail(ErrorCode::Unavailable, post_.url + ": no answer within " +
                                                std::to_string(post_.time.count()) + " ms"));
    }
    void finish(Result<HttpReply> result) {
        if (!done_) return;
        timer_.cancel();
        error_code ignored;
        stream_.socket().close(ignored);
        const auto done = std::exchange(done_, nullptr);
        done(std::move(result));
    }

    asio::ip::tcp::resolver resolver_;
    beast::tcp_stream stream_;
    asio::steady_timer timer_;
    HttpPost post_;
    std::function<void(Result<HttpReply>)> done_;
    http::request<http::string_body> request_;
    http::response_parser<http::string_body> parser_;
    beast::flat_buffer buffer_{256U << 10};
};

/// Where to listen, from "inet:PORT@ADDRESS", "inet6:PORT@ADDRESS" or "unix:PATH".
struct Address {
    std::string path;  ///< "" for TCP
    asio::ip::tcp::endpoint tcp;
};

Result<Address> parse_address(const std::string& listen) {
    Address out;
    const std::size_t colon = listen.find(':');
    const std::string family = listen.substr(0, colon), rest = listen.substr(colon + 1);
    if (family == "unix" || family == "local") {
        out.path = rest;
        return out;
    }
    const std::size_t at = rest.find('@');
    const bool six = family == "inet6";
    std::string address = at == std::string::npos ? (six ? "::" : "0.0.0.0") : rest.substr(at + 1);
    if (address == "localhost") address = six ? "::1" : "127.0.0.1";
    error_code error;
    const auto ip = asio::ip::make_address(address, error);
    const unsigned long port = std::strtoul(rest.substr(0, at).c_str(), nullptr, 10);
    if (error || port > 65535)
        return fail(ErrorCode::Config, "cannot listen on " + listen,
                    "accounts.listen takes inet:PORT@ADDRESS with a numeric address, or unix:PATH");
    out.tcp = {ip, static_cast<unsigned short>(port)};
    return out;
}

class Loop final : public HttpLoop {
public:
    Loop(const HttpLimits& limits, HttpHandler handler) {
        shared_->limits = limits;
        shared_->handler = std::move(handler);
    }
    ~Loop() override {
        shared_->closing = true;
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    Status listen(const std::string& text) {
        auto address = parse_address(text);
        if (!address) return fail(address.error());
        error_code error;
        if (address->path.empty()) {
            auto& acceptor = acceptor_.emplace<asio::ip::tcp::acceptor>(context_);
            acceptor.open(address->tcp.protocol(), error);
            if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
            if (!error) acceptor.bind(address->tcp, error);
            if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
            if (!error) port_ = acceptor.local_endpoint(error).port();
        } else {
            ::unlink(address->path.c_str());  // of a run that was killed
            auto& acceptor = acceptor_.emplace<asio::local::stream_protocol::acceptor>(context_);
            acceptor.open(asio::local::stream_protocol(), error);
            if (!error) acceptor.bind(address->path, error);
            if (!error) ::chmod(address->path.c_str(), 0660);
            if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
            if (!error) path_ = address->path;
        }
        if (error)
            return fail(ErrorCode::Unavailable, "cannot listen on " + text + ": " + error.message(),
                        "accounts.listen; ss -ltnp shows who has it");
        std::visit([this](auto& acceptor) { accept(acceptor); }, acceptor_);
        return ok();
    }

    void run() override { context_.run(); }
    void stop() override { context_.stop(); }
    void post(std::function<void()> work) override { asio::post(context_, std::move(work)); }
    void every(std::chrono::milliseconds interval, std::function<void()> work) override {
        auto timer = std::make_shared<asio::steady_timer>(context_);
        repeat(std::move(timer), interval,
               std::make_shared<std::function<void()>>(std::move(work)));
    }
    void send(HttpPost post, std::function<void(Result<HttpReply>)> done) override {
        std::make_shared<Sending>(context_, std::move(post), std::move(done))->start();
    }
    [[nodiscard]] unsigned port() const override { return port_; }
    [[nodiscard]] std::size_t connections() const override { return shared_->open; }
    [[nodiscard]] std::uint64_t refused_connections() const override { return shared_->refused; }

private:
    void accept(std::monostate) {}
    template <class Acceptor>
    void accept(Acceptor& acceptor) {
        acceptor.async_accept([this, &acceptor](error_code error, auto socket) {
            if (error == asio::error::operation_aborted) return;
            if (error) {
                // Out of descriptors: passes when a connection ends.
                auto timer = std::make_shared<asio::steady_timer>(context_);
                timer->expires_after(std::chrono::milliseconds(100));
                timer->async_wait([this, &acceptor, timer](error_code) { accept(acceptor); });
                return;
            }
            if (shared_->open >= shared_->limits.max_connections) {
                ++shared_->refused;
            } else {
                error_code ignored;
                if constexpr (std::is_same_v<Acceptor, asio::ip::tcp::acceptor>)
                    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
                std::make_shared<Connection>(
                    asio::generic::stream_protocol::socket(std::move(socket)), shared_)
                    ->read();
            }
            accept(acceptor);
        });
    }

    void repeat(std::shared_ptr<asio::steady_timer> timer, std::chrono::milliseconds interval,
                std::shared_ptr<std::function<void()>> work) {
        timer->expires_after(interval);
        timer->async_wait([this, timer, interval, work](error_code error) {
            if (error) return;
            (*work)();
            repeat(timer, interval, work);
        });
    }

    std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
    asio::io_context context_{1};
    std::variant<std::monostate, asio::ip::tcp::acceptor, asio::local::stream_protocol::acceptor>
        acceptor_;
    unsigned port_ = 0;
    std::string path_;
};

}  // namespace

Result<std::unique_ptr<HttpLoop>> HttpLoop::open(const std::string& listen,
                                                 const HttpLimits& limits, HttpHandler handler) {
    auto loop = std::make_unique<Loop>(limits, std::move(handler));
    if (Status opened = loop->listen(listen); !opened) return fail(std::move(opened).error());
    return std::unique_ptr<HttpLoop>(std::move(loop));
}

Result<HttpReply> http_post(const HttpPost& post) {
    asio::io_context context{1};
    std::optional<Result<HttpReply>> result;
    std::make_shared<Sending>(context, post, [&](Result<HttpReply> r) {
        result.emplace(std::move(r));
    })->start();
    while (!result && context.run_one() > 0) {
    }
    if (!result) return fail(ErrorCode::Internal, post.url + ": ended without an answer");
    return std::move(*result);
}

}  // namespace kith
