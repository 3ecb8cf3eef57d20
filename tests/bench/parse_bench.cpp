// SPDX-License-Identifier: Apache-2.0
// Time of parse() over the messages of a replay manifest: parse_bench MANIFEST.jsonl [rounds].
// Prints messages a second and the distribution of microseconds a message; the slowest message's
// id, because a mean hides an attack.
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "engine/base/unique_fd.hpp"
#include "engine/message/parse.hpp"

namespace {

struct Sample {
    double microseconds = 0;
    std::uint64_t bytes = 0;
    std::string id;
};

[[nodiscard]] std::string read_at(int fd, std::uint64_t offset, std::uint64_t length) {
    std::string out(static_cast<std::size_t>(length), '\0');
    const ssize_t n = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    out.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return out;
}

[[nodiscard]] double quantile(const std::vector<Sample>& sorted, double q) {
    return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))]
        .microseconds;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: parse_bench MANIFEST.jsonl [rounds]\n");
        return 64;
    }
    const std::string manifest = argv[1];
    const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 3;
    const std::string folder = manifest.substr(0, manifest.rfind('/') + 1);
    kith::message_library_init();
    const kith::ParseOptions options;
    std::map<std::string, kith::UniqueFd> files;
    std::vector<Sample> samples;
    std::ifstream lines(manifest);
    std::string line;
    while (std::getline(lines, line)) {
        const auto entry = nlohmann::json::parse(line);
        const auto name = entry.at("file").get<std::string>();
        auto& file = files[name];
        if (!file) file.reset(::open((folder + name).c_str(), O_RDONLY | O_CLOEXEC));
        const std::string bytes = read_at(file.get(), entry.value("offset", std::uint64_t{0}),
                                          entry.value("length", std::uint64_t{0}));
        Sample sample{1e12, bytes.size(), entry.at("id").get<std::string>()};
        for (int i = 0; i < rounds; ++i) {
            const auto start = std::chrono::steady_clock::now();
            const kith::Message message = kith::parse(bytes, options);
            const std::chrono::duration<double, std::micro> taken =
                std::chrono::steady_clock::now() - start;
            sample.microseconds = std::min(sample.microseconds, taken.count());
            if (message.raw_bytes != bytes.size()) return 70;
        }
        samples.push_back(std::move(sample));
    }
    if (samples.empty()) return 66;
    double total = 0;
    std::uint64_t bytes = 0;
    for (const Sample& s : samples) {
        total += s.microseconds;
        bytes += s.bytes;
    }
    std::sort(samples.begin(), samples.end(),
              [](const Sample& a, const Sample& b) { return a.microseconds < b.microseconds; });
    std::printf("messages=%zu mean_bytes=%.0f mean_us=%.1f per_second=%.0f\n", samples.size(),
                static_cast<double>(bytes) / static_cast<double>(samples.size()),
                total / static_cast<double>(samples.size()),
                1e6 * static_cast<double>(samples.size()) / total);
    std::printf("p50_us=%.1f p90_us=%.1f p99_us=%.1f max_us=%.1f slowest=%s slowest_bytes=%llu\n",
                quantile(samples, .5), quantile(samples, .9), quantile(samples, .99),
                samples.back().microseconds, samples.back().id.c_str(),
                static_cast<unsigned long long>(samples.back().bytes));
    return 0;
}
