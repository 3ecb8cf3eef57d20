// SPDX-License-Identifier: Apache-2.0
// kith replay MANIFEST: judges a recorded stream and prints one JSON line a mail (DESIGN 9).
// Covered by tests/unit/admin/replay_test.cpp.
#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <unordered_map>

#include "engine/admin/account_stream.hpp"
#include "engine/admin/command.hpp"
#include "engine/admin/output.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/config/keys.hpp"
#include "engine/features/spec.hpp"
#include "engine/learner/replay.hpp"
#include "engine/message/parse.hpp"
#include "engine/scoring/scales.hpp"

namespace kith::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kMaxMailBytes = 256ULL << 20;

struct ManifestLine {
    ReplayMail mail;
    std::string file;
    std::optional<std::uint64_t> offset, length;
};

/// What is wrong with a line of the manifest; thrown within this file only.
struct BadLine {
    std::string what;
};

template <class T>
T field(const Json& j, const char* key) {
    const auto it = j.find(key);
    if (it == j.end()) throw BadLine{std::string(key) + " is missing"};
    try {
        return it->get<T>();
    } catch (const Json::exception&) {
        throw BadLine{std::string(key) + " is of the wrong type"};
    }
}

std::string text_of(const Json& j, const char* key) {
    const auto it = j.find(key);
    return it == j.end() || it->is_null() ? "" : field<std::string>(j, key);
}

/// Throws BadLine; the caller names the line.
ManifestLine read_line(const std::string& text) {
    const Json j = Json::parse(text, nullptr, false);
    if (!j.is_object()) throw BadLine{"not a JSON object"};
    ManifestLine line;
    line.mail.id = field<std::string>(j, "id");
    Arrival& a = line.mail.arrival;
    a.time = from_unix(static_cast<std::int64_t>(std::floor(field<double>(j, "time"))));
    line.file = field<std::string>(j, "file");
    if (j.contains("offset") && !j["offset"].is_null())
        line.offset = field<std::uint64_t>(j, "offset");
    if (j.contains("length") && !j["length"].is_null())
        line.length = field<std::uint64_t>(j, "length");
    if (const auto client = j.find("client"); client != j.end() && client->is_object()) {
        a.client_addr = text_of(*client, "addr");
        a.client_name = text_of(*client, "name");
        if (a.client_name == "unknown") a.client_name.clear();
        a.helo = text_of(*client, "helo");
    }
    a.mail_from = text_of(j, "mail_from");
    if (j.contains("rcpts")) a.rcpts = field<std::vector<std::string>>(j, "rcpts");
    if (const std::string user = text_of(j, "auth_user"); !user.empty()) a.auth_user = user;
    if (const auto learn = j.find("learn"); learn != j.end() && !learn->is_null())
        line.mail.learn = field<bool>(j, "learn");
    if (const std::string session = text_of(j, "session"); !session.empty())
        line.mail.session = session;
    return line;
}

/// The stream's files, opened once.
class Files {
public:
    explicit Files(std::filesystem::path directory) : directory_(std::move(directory)) {}
    Result<std::string> read(const ManifestLine& line) {
        const auto path = directory_ / line.file;
        auto& fd = open_[line.file];
        if (!fd) fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd)
            return fail(ErrorCode::NoInput,
                        "cannot open " + path.string() + " named in the manifest");
        std::uint64_t length = 0;
        const std::uint64_t offset = line.offset.value_or(0);
        if (line.length) {
            length = *line.length;
        } else {
            const off_t end = ::lseek(fd.get(), 0, SEEK_END);
            if (end < 0 || static_cast<std::uint64_t>(end) < offset)
                return fail(ErrorCode::NoInput, path.string() + ": offset beyond its end");
            length = static_cast<std::uint64_t>(end) - offset;
        }
        if (length > kMaxMailBytes)
            return fail(ErrorCode::NoInput, path.string() + ": a mail of " +
                                                std::to_string(length) + " bytes is too large");
        std::string bytes(length, '\0');
        std::uint64_t done = 0;
        while (done < length) {
            const ssize_t n = ::pread(fd.get(), bytes.data() + done, length - done,
                                      static_cast<off_t>(offset + done));
            if (n <= 0)
                return fail(ErrorCode::NoInput, path.string() + ": shorter than the manifest says");
            done += static_cast<std::uint64_t>(n);
        }
        return bytes;
    }

private:
    std::filesystem::path directory_;
    std::unordered_map<std::string, UniqueFd> open_;
};

Json result_line(const ReplayResult& r) {
    const Assessment& a = r.judgement.assessment;
    const auto rounded = [](double x) { return std::round(x * 1000) / 1000; };
    Json indicators = Json::array();
    for (const auto& i : a.indicators)
        indicators.push_back({{"name", i.name}, {"score", rounded(i.score)}});
    Json reasons = Json::array();
    for (const auto& reason : a.reasons) reasons.push_back(reason.text);
    Json line = {{"id", r.id},
                 {"score", std::round(a.score * 1e6) / 1e6},
                 {"verdict", to_string(a.verdict)},
                 {"direction", to_string(r.direction)},
                 {"history", std::lround(r.judgement.relations.messages)},
                 {"indicators", indicators},
                 {"stratum", to_string(a.stratum)},
                 {"ready", a.ready},
                 {"raw", rounded(a.raw)},
                 {"delayed", a.delayed},
                 {"tags", a.tags},
                 {"reasons", reasons},
                 {"us", static_cast<long>(std::lround(r.assess_us))},
                 {"us_with_parsing", static_cast<long>(std::lround(r.total_us))}};
    if (!r.attached.documents.empty())
        line["attached"] = {{"documents", r.attached.documents.size()},
                            {"finding", r.attached.finding},
                            {"text", attached_text(r.attached)},
                            {"us", static_cast<long>(std::lround(r.reading_us))}};
    return line;
}

struct ReplayOptions {
    std::string manifest;
    std::vector<std::string> without;
    double retry_minutes = 15;
    std::vector<std::string> set;
    bool attachments = false, accounts = false;
};

/// The features a name stands for: a group's, a sum's with what it adds up, or one; empty when it
/// stands for none.
std::vector<std::size_t> features_named(const std::string& name) {
    std::vector<std::size_t> out;
    for (std::size_t f = 0; f < kFeatureCount; ++f) {
        const FeatureSpec& spec = feature_spec(f);
        bool named = to_string(spec.group) == name || feature_name(f) == name;
        for (std::size_t sum = 0; sum < kFeatureCount && !named; ++sum)
            named = feature_name(sum) == name && feature_spec(sum).kind == Kind::Sum &&
                    feature_spec(sum).sums(f);
        if (named) out.push_back(f);
    }
    return out;
}

Result<std::vector<std::size_t>> features_named(const std::vector<std::string>& names) {
    std::vector<std::size_t> all;
    for (const std::string& name : names) {
        const std::vector<std::size_t> some = features_named(name);
        if (some.empty())
            return fail(ErrorCode::Usage, "--without: there is no feature or group " + name,
                        "kith-features(7) lists them");
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

/// The stream's own kith.yaml beside the manifest, unless --config names another.
Result<std::shared_ptr<const Config>> config_for(const Env& env, const ReplayOptions& options) {
    const auto beside = std::filesystem::path(options.manifest).parent_path() / "kith.yaml";
    std::error_code error;
    if (env.config_path == kDefaultConfigPath && std::filesystem::exists(beside, error))
        return load_config_or_error(beside.string());
    return load_config_or_error(env.config_path);
}

/// "KEY=VALUE" of --set over what the file says.
Status apply(const std::string& setting, Config& config) {
    const auto equals = setting.find('=');
    const KeyInfo* key = find_config_key(setting.substr(0, equals));
    if (equals == std::string::npos || key == nullptr)
        return fail(ErrorCode::Usage,
                    "--set " + setting + ": not KEY=VALUE with a key of kith.yaml",
                    "kith check-config --print effective lists the keys");
    if (const Status set = set_config_key(config, *key, {{setting.substr(equals + 1), false}});
        !set)
        return fail(ErrorCode::Usage, "--set " + setting + ": " + set.error().what);
    return ok();
}

using DirectionCounts = std::array<std::size_t, kDirectionCount>;

/// A stream without a held mail looks like a filter without a reason: says where nothing could be
/// held, because too little mail of that direction was seen.
void tell_unready(Env& env, const Replay& run, const Config& config,
                  const DirectionCounts& directions) {
    const Scales scales(run.memory().site());
    for (const Direction d : {Direction::Inbound, Direction::Outbound, Direction::Internal}) {
        const std::size_t seen = scales.calibration_mails(d);
        if (directions[static_cast<std::size_t>(d)] == 0 || seen >= mails_needed(config.budget))
            continue;
        env.err << fmt::format(
            "{} mail: {} seen, {} needed before any is held (budget.min_calibration): none was\n",
            to_string(d), seen, mails_needed(config.budget));
    }
}

Outcome replay(Env& env, const ReplayOptions& options) {
    auto without = features_named(options.without);
    if (!without) return fail(without.error());
    auto loaded = config_for(env, options);
    if (!loaded) return fail(loaded.error());
    Config config = **loaded;
    for (const auto& setting : options.set)
        if (const Status set = apply(setting, config); !set) return fail(set.error());
    if (const auto wrong = check_across_keys(config); !wrong.empty())
        return fail(ErrorCode::Usage, wrong.front().keys.front() + ": " + wrong.front().reason);
    std::ifstream manifest(options.manifest);
    if (!manifest)
        return fail(ErrorCode::NoInput, "cannot open the manifest " + options.manifest,
                    "is the path right, and may this user read it?");
    if (options.accounts) {
        const auto opened = replay_account_stream(manifest, config, env.out);
        if (!opened)
            return fail(opened.error().code, options.manifest + ": " + opened.error().what,
                        opened.error().hint);
        env.err << *opened << " incidents\n";
        return 0;
    }

    std::vector<ManifestLine> lines;
    std::unordered_map<std::string, std::size_t> last_of_session;
    std::string text;
    for (std::size_t number = 1; std::getline(manifest, text); ++number) {
        if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
        try {
            lines.push_back(read_line(text));
        } catch (const BadLine& bad) {
            return fail(ErrorCode::NoInput,
                        options.manifest + ":" + std::to_string(number) + ": " + bad.what,
                        "each line is one JSON object with at least id, time and file");
        }
        if (lines.back().mail.session)
            last_of_session[*lines.back().mail.session] = lines.size() - 1;
    }

    message_library_init();
    // A replay keeps nothing, so its hashes need no secret of a site; a fixed one makes runs
    // comparable.
    const Hasher hasher(Hasher::Secret{'r', 'e', 'p', 'l', 'a', 'y'});
    Replay run(config, hasher, Seconds(std::lround(60 * options.retry_minutes)), *without);
    std::optional<Extractor> extractor;
    if (options.attachments) {
        auto opened = Extractor::open(config.attachments);
        if (!opened) return fail(opened.error());
        run.read_documents(extractor.emplace(std::move(*opened)));
    }
    Files files(std::filesystem::path(options.manifest).parent_path());
    const auto print = [&](const ReplayResult& result) {
        env.out << json_text(result_line(result), -1) << '\n';
    };
    DirectionCounts directions{};
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto bytes = files.read(lines[i]);
        if (!bytes) return fail(bytes.error());
        while (const auto again = run.retry(lines[i].mail.arrival.time)) print(*again);
        // A mail's line tells what became of it: a delayed one's follows when it came again.
        const ReplayResult result = run.run(lines[i].mail, *bytes);
        ++directions[static_cast<std::size_t>(result.direction)];
        if (result.judgement.assessment.verdict != Verdict::Defer) print(result);
        if (!env.out) break;  // main() says why
        if (const auto& session = lines[i].mail.session; session && last_of_session[*session] == i)
            run.end_session(*session);
        if (env.terminal && i % 100 == 0)
            env.err << fmt::format("\r{} of {}", i, lines.size()) << std::flush;
    }
    while (const auto again = run.retry(std::nullopt)) print(*again);
    if (env.terminal) env.err << "\r" << lines.size() << " mails replayed\n";
    tell_unready(env, run, config, directions);
    return 0;
}

}  // namespace

NothingAction setup_replay(CLI::App& sub) {
    auto options = std::make_shared<ReplayOptions>();
    sub.add_option("manifest", options->manifest, "Manifest of the stream, one JSON object a line")
        ->required()
        ->type_name("MANIFEST");
    sub.add_flag("--accounts", options->accounts,
                 "MANIFEST is a stream of what happens on own accounts");
    sub.add_option("--without", options->without,
                   "Feature or group of features to leave out; may be given again")
        ->type_name("NAME");
    sub.add_option("--retry-after", options->retry_minutes,
                   "A delayed mail comes again after this many minutes")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 7200.0))
        ->type_name("MINUTES");
    sub.add_flag("--attachments", options->attachments,
                 "Read attached documents as well, each in a process of its own");
    sub.add_option("--set", options->set, "A key of kith.yaml in place of the file's")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    return [options](Env& env) { return replay(env, *options); };
}

}  // namespace kith::admin
