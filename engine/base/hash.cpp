// SPDX-License-Identifier: Apache-2.0
#include "engine/base/hash.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "engine/base/digest.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/unique_fd.hpp"

namespace kith {
namespace {

/// SipHash input "domain NUL text" without allocating for the short texts that nearly all calls
/// have.
template <class F>
void with_joined(std::string_view domain, std::string_view text, F&& f) {
    std::array<unsigned char, 256> small;
    const std::size_t n = domain.size() + 1 + text.size();
    if (n <= small.size()) {
        std::memcpy(small.data(), domain.data(), domain.size());
        small[domain.size()] = 0;
        if (!text.empty()) std::memcpy(small.data() + domain.size() + 1, text.data(), text.size());
        f(small.data(), n);
        return;
    }
    std::string joined;
    joined.reserve(n);
    joined.append(domain).push_back('\0');
    joined.append(text);
    f(reinterpret_cast<const unsigned char*>(joined.data()), n);
}

}  // namespace

std::uint64_t Hasher::hash64(std::string_view domain, std::string_view text) const noexcept {
    static_assert(crypto_shorthash_siphash24_KEYBYTES == kSecretBytes);
    std::uint64_t out = 0;
    with_joined(domain, text, [&](const unsigned char* p, std::size_t n) {
        crypto_shorthash_siphash24(reinterpret_cast<unsigned char*>(&out), p, n, secret_.data());
    });
    return out;
}

std::uint32_t Hasher::hash32(std::string_view domain, std::string_view text) const noexcept {
    const auto h = static_cast<std::uint32_t>(hash64(domain, text));
    return h == 0 ? 1 : h;
}

Key16 Hasher::key(std::string_view domain, std::string_view text) const noexcept {
    Key16 out;
    with_joined(domain, text, [&](const unsigned char* p, std::size_t n) {
        crypto_shorthash_siphashx24(out.bytes.data(), p, n, secret_.data());
    });
    return out;
}

std::array<std::uint8_t, 32> keyed_digest(const Hasher::Secret& secret, std::string_view domain,
                                          std::string_view bytes) noexcept {
    static_assert(Hasher::kSecretBytes >= crypto_generichash_KEYBYTES_MIN);
    std::array<std::uint8_t, 32> out{};
    crypto_generichash_state state;
    const unsigned char nul = 0;
    crypto_generichash_init(&state, secret.data(), secret.size(), out.size());
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(domain.data()),
                              domain.size());
    crypto_generichash_update(&state, &nul, 1);
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(bytes.data()),
                              bytes.size());
    crypto_generichash_final(&state, out.data(), out.size());
    return out;
}

std::array<std::uint8_t, 32> sha256(std::string_view bytes) noexcept {
    std::array<std::uint8_t, 32> out{};
    static_assert(crypto_hash_sha256_BYTES == 32);
    crypto_hash_sha256(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                       bytes.size());
    return out;
}

Result<Hasher::Secret> read_secret(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        const int err = errno;
        return fail(err == ENOENT   ? ErrorCode::NoInput
                    : err == EACCES ? ErrorCode::Permission
                                    : ErrorCode::Io,
                    "site secret " + path + ": " + std::strerror(err),
                    err == EACCES
                        ? "run it as root, or to look only as a member of the group _kith"
                        : "kith-learner creates it at its first start; one that was lost comes "
                          "from the backup");
    }
    std::array<char, Hasher::kSecretBytes + 1> buffer{};
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n != static_cast<ssize_t>(Hasher::kSecretBytes))
        return fail(ErrorCode::Corrupt, "site secret " + path + ": expected 16 bytes",
                    "restore it from a backup; without it the store cannot be read");
    Hasher::Secret secret;
    std::memcpy(secret.data(), buffer.data(), secret.size());
    return secret;
}

Result<Hasher::Secret> read_or_create_secret(const std::string& path) {
    auto found = read_secret(path);
    if (found || found.error().code != ErrorCode::NoInput) return found;
    Hasher::Secret secret;
    randombytes_buf(secret.data(), secret.size());
    const std::string temp = path + ".new." + std::to_string(::getpid());
    UniqueFd fd(::open(temp.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (!fd) return cannot_create(path, errno);
    if (auto given = give_to_owner_of_directory(fd.get(), path); !given) {
        ::unlink(temp.c_str());
        return fail(given.error());
    }
    const bool written =
        ::write(fd.get(), secret.data(), secret.size()) == static_cast<ssize_t>(secret.size()) &&
        ::fsync(fd.get()) == 0;
    // link(2) fails when another process was first: then its secret is the site's.
    const bool linked = written && ::link(temp.c_str(), path.c_str()) == 0;
    const int err = errno;
    ::unlink(temp.c_str());
    if (linked || (written && err == EEXIST)) return read_secret(path);
    return fail(ErrorCode::Io, "cannot write site secret " + path + ": " + std::strerror(err));
}

struct Digest::State {
    crypto_hash_sha256_state sha;
};

Digest::Digest() : state_(std::make_unique<State>()) { crypto_hash_sha256_init(&state_->sha); }
Digest::~Digest() = default;

void Digest::add(std::string_view bytes) noexcept {
    crypto_hash_sha256_update(&state_->sha, reinterpret_cast<const unsigned char*>(bytes.data()),
                              bytes.size());
}

std::string Digest::hex() {
    std::array<unsigned char, crypto_hash_sha256_BYTES> sum{};
    crypto_hash_sha256_final(&state_->sha, sum.data());
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const unsigned char byte : sum) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15U];
    }
    return out;
}

}  // namespace kith
