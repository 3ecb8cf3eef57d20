// SPDX-License-Identifier: Apache-2.0
// What a recorded stream costs: mails a second with learning, microseconds from features to
// verdict, bytes kept of a correspondent, and of the store that is left: the time to read it after
// a restart and to fit the experts with full buffers. replay_costs MANIFEST.jsonl; the stream's
// kith.yaml lies beside it.
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "engine/base/unique_fd.hpp"
#include "engine/learner/replay.hpp"
#include "engine/message/parse.hpp"
#include "tests/bench/must.hpp"
#include "tests/support/temp_dir.hpp"

using namespace kith;
using namespace kith::test;

namespace {

/// Time this process had on a processor: what others do on the machine does not count.
double cpu_ms() {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_nsec);
}

double quantile(std::vector<double>& values, double q) {
    if (values.empty()) stop("nothing to measure");
    const auto k = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + k, values.end());
    return values[static_cast<std::size_t>(k)];
}

/// The stream's mails, one at a time.
class Stream {
public:
    explicit Stream(const std::string& manifest)
        : folder_(manifest.substr(0, manifest.rfind('/') + 1)), lines_(manifest) {
        if (!lines_) stop("cannot open " + manifest);
    }
    bool next(ReplayMail& mail, std::string& bytes) {
        std::string line;
        if (!std::getline(lines_, line)) return false;
        const auto j = nlohmann::json::parse(line);
        const auto text = [](const nlohmann::json& of, const char* key) {
            return of.contains(key) && of[key].is_string() ? of[key].get<std::string>() : "";
        };
        mail = ReplayMail{};
        mail.arrival.time = from_unix(std::llround(j.at("time").get<double>()));
        mail.arrival.mail_from = text(j, "mail_from");
        mail.arrival.rcpts = j.value("rcpts", std::vector<std::string>{});
        mail.arrival.client_addr = text(j["client"], "addr");
        mail.arrival.client_name = text(j["client"], "name");
        mail.arrival.helo = text(j["client"], "helo");
        if (const auto user = text(j, "auth_user"); !user.empty()) mail.arrival.auth_user = user;
        mail.learn = j.value("learn", true);
        auto& file = files_[text(j, "file")];
        if (!file) file.reset(::open((folder_ + text(j, "file")).c_str(), O_RDONLY | O_CLOEXEC));
        bytes.assign(j.at("length").get<std::size_t>(), '\0');
        const auto got =
            ::pread(file.get(), bytes.data(), bytes.size(), j.at("offset").get<off_t>());
        if (got != static_cast<ssize_t>(bytes.size())) stop("cannot read " + text(j, "file"));
        return true;
    }

private:
    std::string folder_;
    std::ifstream lines_;
    std::map<std::string, UniqueFd> files_;
};

/// Bytes of profile and words of each correspondent that wrote at least `mails`.
void print_sizes(const StoreReader& reader, float mails) {
    std::vector<double> profiles, words, both;
    std::map<std::string, double> profile_of;
    must(reader.scan(Table::Profiles, "", [&](std::string_view key, std::string_view value) {
        const auto profile = decode_profile(value);
        const auto subject = static_cast<unsigned char>(key.back()) & 7U;
        if (subject == static_cast<unsigned>(Subject::Correspondent) && profile &&
            profile->ever >= mails) {
            profile_of[std::string(key)] = static_cast<double>(value.size());
            profiles.push_back(static_cast<double>(value.size()));
        }
        return true;
    }));
    must(reader.scan(Table::Words, "", [&](std::string_view key, std::string_view value) {
        Key16 whole;
        std::copy(key.begin(), key.end(), whole.bytes.begin());
        const auto it =
            profile_of.find(std::string(stored_key(Subject::Correspondent, whole).view()));
        if (it == profile_of.end()) return true;
        words.push_back(static_cast<double>(value.size()));
        both.push_back(static_cast<double>(value.size()) + it->second);
        return true;
    }));
    std::printf(
        "bytes a correspondent of %.0f mails and more: %zu, profile p50 %.0f, words p50 %.0f, "
        "together p50 "
        "%.0f, p99 %.0f\n",
        static_cast<double>(mails), both.size(), quantile(profiles, .5), quantile(words, .5),
        quantile(both, .5), quantile(both, .99));
}

/// Bytes of the profile of each group and each login.
void print_sizes(const StoreReader& reader, Subject subject, const char* name) {
    std::vector<double> bytes;
    must(reader.scan(Table::Profiles, "", [&](std::string_view key, std::string_view value) {
        if ((static_cast<unsigned char>(key.back()) & 7U) == static_cast<unsigned>(subject))
            bytes.push_back(static_cast<double>(value.size()));
        return true;
    }));
    if (bytes.empty()) return;
    std::printf("bytes a%s: %zu, p50 %.0f, p99 %.0f\n", name, bytes.size(), quantile(bytes, .5),
                quantile(bytes, .99));
}

void print_restart(const StoreReader& reader, const Hasher& hasher) {
    LearnedMemory memory;
    memory.read_from(&reader);
    double before = cpu_ms();
    if (must(memory.load_site()) != 0) stop("records that do not decode");
    std::printf("reading the state after a restart: %.0f ms\n", cpu_ms() - before);
    Examples& examples = memory.examples();
    if (examples.genuine().empty() || examples.swapped().empty()) stop("no examples were kept");
    for (std::size_t i = 0; examples.genuine().size() < Examples::kGenuine; ++i)
        examples.add(GenuineExample(examples.genuine()[i]));
    for (std::size_t i = 0; examples.swapped().size() < Examples::kSwapped; ++i)
        examples.add(SwappedExample(examples.swapped()[i]));
    SelfSupervision teacher(hasher, examples);
    before = cpu_ms();
    teacher.refit(memory.edit_site());
    std::printf("a fit of the experts with full buffers (%zu, %zu): %.0f ms\n",
                examples.genuine().size(), examples.swapped().size(), cpu_ms() - before);
    std::uint64_t bytes = 0, records = 0;
    must(reader.scan(Table::Examples, "", [&](std::string_view key, std::string_view value) {
        bytes += key.size() + value.size();
        ++records;
        return true;
    }));
    std::printf("examples kept: %.1f MB in %llu records\n", static_cast<double>(bytes) / 1e6,
                static_cast<unsigned long long>(records));
}

void run(const std::string& manifest) {
    const std::string beside = manifest.substr(0, manifest.rfind('/') + 1) + "kith.yaml";
    const auto loaded = must(load_config_or_error(beside));
    const Config& config = *loaded;
    const Hasher hasher(Hasher::Secret{'c', 'o', 's', 't'});
    Replay replay(config, hasher);
    Stream stream(manifest);
    ReplayMail mail;
    std::string bytes;
    std::vector<double> us;
    const double before = cpu_ms();
    while (stream.next(mail, bytes)) us.push_back(replay.run(mail, bytes).assess_us);
    const double took = cpu_ms() - before;
    std::printf("%zu mails, %.0f a second of one processor with parsing and learning\n", us.size(),
                1e3 * static_cast<double>(us.size()) / took);
    std::printf("features to verdict: p50 %.0f us, p99 %.0f us\n", quantile(us, .5),
                quantile(us, .99));

    const test::TempDir directory;
    StoreOptions options;
    options.directory = directory.file("store");
    options.durable = false;
    std::filesystem::create_directories(options.directory);
    auto store = must(Store::open(options, Store::Mode::Write));
    auto writer = must(store->write());
    must(replay.keep(*writer));
    must(writer->commit());
    auto reader = must(store->read());
    print_sizes(*reader, 1);
    print_sizes(*reader, 10);
    print_sizes(*reader, Subject::Group, " group");
    print_sizes(*reader, Subject::Account, "n account");
    print_restart(*reader, hasher);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: replay_costs MANIFEST.jsonl\n", stderr);
        return 64;
    }
    message_library_init();
    run(argv[1]);
    return 0;
}
