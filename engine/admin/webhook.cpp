// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/webhook.hpp"

#include <curl/curl.h>

#include <memory>

namespace kith::admin {
namespace {

constexpr std::size_t kMaxAnswer = 64U << 10U;

/// Counts what is answered and keeps nothing of it; more than kMaxAnswer ends the transfer.
std::size_t swallow(char*, std::size_t size, std::size_t n, void* seen) {
    auto& total = *static_cast<std::size_t*>(seen);
    total += size * n;
    return total > kMaxAnswer ? 0 : size * n;
}

}  // namespace

Result<int> post_json(const std::string& url, const std::string& id, const std::string& json,
                      Seconds timeout) {
    static const bool ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    const std::unique_ptr<CURL, void (*)(CURL*)> curl(ready ? ::curl_easy_init() : nullptr,
                                                      ::curl_easy_cleanup);
    if (!curl) return fail(ErrorCode::Internal, "libcurl does not start");
    curl_slist* list = nullptr;
    for (const std::string& header : {std::string("Content-Type: application/json"),
                                      "X-Kith-Alert: " + id, std::string("Expect:")})
        list = ::curl_slist_append(list, header.c_str());
    const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(list, ::curl_slist_free_all);
    std::size_t seen = 0;
    const auto set = [&](CURLoption option, auto value) {
        return ::curl_easy_setopt(curl.get(), option, value) == CURLE_OK;
    };
    const bool good =
        set(CURLOPT_URL, url.c_str()) && set(CURLOPT_PROTOCOLS_STR, "http,https") &&
        set(CURLOPT_FOLLOWLOCATION, 0L) && set(CURLOPT_PROXY, "") && set(CURLOPT_NOSIGNAL, 1L) &&
        set(CURLOPT_TIMEOUT, static_cast<long>(timeout.count())) &&
        set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(timeout.count())) &&
        set(CURLOPT_HTTPHEADER, headers.get()) && set(CURLOPT_USERAGENT, "kith") &&
        set(CURLOPT_POSTFIELDSIZE, static_cast<long>(json.size())) &&
        set(CURLOPT_POSTFIELDS, json.c_str()) && set(CURLOPT_WRITEFUNCTION, &swallow) &&
        set(CURLOPT_WRITEDATA, static_cast<void*>(&seen));
    if (!good) return fail(ErrorCode::Internal, "libcurl refuses an option");
    const CURLcode code = ::curl_easy_perform(curl.get());
    // The URL may hold a secret: it is not repeated.
    if (code != CURLE_OK)
        return fail(ErrorCode::Unavailable,
                    std::string("the webhook does not answer: ") + ::curl_easy_strerror(code),
                    "is alerts.webhook right, and the receiver up?");
    long status = 0;
    ::curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
}

}  // namespace kith::admin
