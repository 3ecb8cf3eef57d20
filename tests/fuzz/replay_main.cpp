// SPDX-License-Identifier: Apache-2.0
// main() of a fuzz target in an ordinary build: runs the target on every file of the named folders
// and on mutations of each, the same ones for the same seed. A crash is found again with the seed
// and file that were printed last, and replayed with `fuzz_NAME --rounds 0 FILE`.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) { return bound == 0 ? 0 : random() % bound; }

/// One of the mutations that find most: other bytes, bytes lost, doubled, moved from another input,
/// cut.
void mutate(std::string& bytes, const std::vector<std::string>& inputs, Random& random) {
    static constexpr char kTelling[] = {'\0', '\n', '\r', ' ',    '"',    '\'',   ':',   ';', '<',
                                        '>',  '=',  '?',  '&',    '*',    '-',    '[',   '{', '%',
                                        '@',  '/',  '\\', '\x7f', '\x80', '\xc3', '\xff'};
    const std::size_t at = below(random, bytes.size() + 1);
    const std::size_t length = std::min<std::size_t>(1 + below(random, 32), bytes.size() - at);
    switch (below(random, 6)) {
        case 0:
            if (at < bytes.size()) bytes[at] = static_cast<char>(random());
            break;
        case 1:
            bytes.insert(at, 1 + below(random, 3), kTelling[below(random, sizeof kTelling)]);
            break;
        case 2:
            bytes.erase(at, length);
            break;
        case 3:
            bytes.insert(below(random, bytes.size() + 1), bytes.substr(at, length));
            break;
        case 4: {
            const std::string& other = inputs[below(random, inputs.size())];
            const std::size_t from = below(random, other.size() + 1);
            bytes.insert(at, other.substr(from, 1 + below(random, 64)));
            break;
        }
        default:
            bytes.resize(at);
            break;
    }
}

void run(const std::string& bytes) {
    // A copy of the exact size, so that a sanitizer sees one byte too far.
    std::vector<std::uint8_t> exact(bytes.size());
    if (!bytes.empty()) std::memcpy(exact.data(), bytes.data(), bytes.size());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
    long rounds = 0;
    std::uint64_t seed = 20260101;
    std::vector<std::filesystem::path> files;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--rounds" && i + 1 < argc) {
            rounds = std::atol(argv[++i]);
        } else if (argument == "--seed" && i + 1 < argc) {
            seed = std::strtoull(argv[++i], nullptr, 10);
        } else if (std::filesystem::is_directory(argument)) {
            for (const auto& entry : std::filesystem::recursive_directory_iterator(argument))
                if (entry.is_regular_file()) files.push_back(entry.path());
        } else {
            files.emplace_back(argument);
        }
    }
    std::sort(files.begin(), files.end());
    std::vector<std::string> inputs;
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        if (!in) {
            std::fprintf(stderr, "cannot read %s\n", file.c_str());
            return 1;
        }
        inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    if (inputs.empty()) {
        std::fprintf(stderr, "no input: name files or a folder with some\n");
        return 1;
    }
    std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(seed));
    long runs = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        std::fprintf(stderr, "%s\n", files[i].c_str());
        run(inputs[i]);
        Random random(seed + i);
        std::string bytes = inputs[i];
        for (long round = 0; round < rounds; ++round, ++runs) {
            if (round % 8 == 0) bytes = inputs[i];
            mutate(bytes, inputs, random);
            run(bytes);
        }
    }
    std::fprintf(stderr, "%zu inputs, %ld mutations\n", inputs.size(), runs);
    return 0;
}
