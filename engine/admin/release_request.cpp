// SPDX-License-Identifier: Apache-2.0
#include "engine/admin/release_request.hpp"

#include <algorithm>

#include "engine/admin/state_file.hpp"
#include "engine/base/owned.hpp"
#include "engine/base/text.hpp"
#include "engine/base/whole_file.hpp"

namespace kith::admin {
namespace {

constexpr std::string_view kWords = "kith release ";
constexpr std::size_t kTokenDigits = 24;

std::string requests_path(const Config& config) {
    return parent_of(config.secret_file) + "requests.json";
}

std::vector<ReleaseRequest> requests_in(const Json& j) {
    std::vector<ReleaseRequest> out;
    const auto it = j.find("requests");
    if (it == j.end() || !it->is_array()) return out;
    for (const Json& one : *it)
        if (one.is_object() && out.size() < kMaxRequests)
            out.push_back({string_at(one, "mail"), string_at(one, "rcpt"),
                           from_unix(number_at(one, "time"))});
    return out;
}

Json to_json(const std::vector<ReleaseRequest>& all) {
    Json out = Json::array();
    for (const ReleaseRequest& r : all)
        out.push_back({{"mail", r.mail}, {"rcpt", r.rcpt}, {"time", to_unix(r.time)}});
    return out;
}

bool is_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string request_token(const Hasher::Secret& secret, std::string_view mail,
                          std::string_view rcpt) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const std::uint8_t b :
         keyed_digest(secret, "release-request", std::string(mail) + '\n' + ascii_lower(rcpt))) {
        if (out.size() == kTokenDigits) break;
        out += kDigits[b >> 4];
        out += kDigits[b & 15];
    }
    return out;
}

std::string request_subject(std::string_view mail, std::string_view token) {
    return std::string(kWords) + std::string(mail) + ' ' + std::string(token);
}

std::optional<NamedMail> named_in(std::string_view subject) {
    const std::size_t at = subject.find(kWords);
    if (at == std::string_view::npos) return std::nullopt;
    std::vector<std::string> words;
    for (const std::string_view word : split(subject.substr(at + kWords.size()), ' '))
        if (!word.empty()) words.emplace_back(word);
    if (words.size() < 2 || words[0].size() > 64 || words[1].size() != kTokenDigits ||
        !std::all_of(words[0].begin(), words[0].end(), is_word) ||
        !std::all_of(words[1].begin(), words[1].end(), is_word))
        return std::nullopt;
    return NamedMail{words[0], words[1]};
}

Result<std::vector<ReleaseRequest>> read_requests(const Config& config) {
    const Result<std::string> text = read_small(requests_path(config), 1U << 20U);
    if (!text) {
        if (text.error().code == ErrorCode::NoInput) return std::vector<ReleaseRequest>{};
        return fail(text.error());
    }
    const Json j = Json::parse(*text, nullptr, false);
    return j.is_object() ? requests_in(j) : std::vector<ReleaseRequest>{};
}

Result<bool> add_request(const Config& config, const ReleaseRequest& request) {
    Result<StateFile> state = StateFile::open(requests_path(config));
    if (!state) return fail(state.error());
    std::vector<ReleaseRequest> all = requests_in(state->json());
    if (std::any_of(all.begin(), all.end(), [&](const ReleaseRequest& r) {
            return r.mail == request.mail && r.rcpt == request.rcpt;
        }))
        return false;
    if (all.size() >= kMaxRequests)
        return fail(ErrorCode::Full, "more than " + std::to_string(kMaxRequests) + " requests wait",
                    "kith quarantine requests lists them");
    all.push_back(request);
    state->json()["requests"] = to_json(all);
    if (Status saved = state->save(); !saved) return fail(saved.error());
    return true;
}

Result<std::size_t> forget_requests_of(const Config& config,
                                       const std::function<bool(const std::string&)>& is_one) {
    const auto there = read_requests(config);
    if (!there) return fail(there.error());
    if (there->empty()) return std::size_t{0};
    Result<StateFile> state = StateFile::open(requests_path(config));
    if (!state) return fail(state.error());
    std::vector<ReleaseRequest> all = requests_in(state->json());
    const std::size_t gone =
        std::erase_if(all, [&](const ReleaseRequest& r) { return is_one(r.rcpt); });
    if (gone == 0) return gone;
    state->json()["requests"] = to_json(all);
    if (Status saved = state->save(); !saved) return fail(saved.error());
    return gone;
}

Status forget_requests(const Config& config, const std::vector<std::string>& mails) {
    if (mails.empty()) return ok();
    Result<StateFile> state = StateFile::open(requests_path(config));
    if (!state) return fail(state.error());
    std::vector<ReleaseRequest> all = requests_in(state->json());
    std::erase_if(all, [&](const ReleaseRequest& r) {
        return std::find(mails.begin(), mails.end(), r.mail) != mails.end();
    });
    state->json()["requests"] = to_json(all);
    return state->save();
}

}  // namespace kith::admin
