// SPDX-License-Identifier: Apache-2.0
// kith-extract: reads one document on standard input, writes its text to standard output, dies.
// Started by kith-learner and `kith replay`, one process a document; nobody else has a use for it.
// It gives up all it can before the first byte is looked at. Manual: man/kith-extract.8; what it
// says: engine/documents/FORMAT.md.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <exception>
#include <string>
#include <string_view>

#include "engine/base/write_all.hpp"
#include "engine/documents/answer.hpp"
#include "engine/documents/pdf_door.hpp"
#include "engine/documents/read.hpp"
#include "engine/documents/sandbox.hpp"

namespace {

using namespace kith;

/// Everything on standard input; no more than a document may have.
std::string read_all() {
    constexpr std::size_t kMost = std::size_t{64} << 20;  // attachments.max_size is at most this
    std::string out;
    std::array<char, 65536> buffer{};
    while (out.size() < kMost) {
        const ssize_t n = ::read(0, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        out.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return out;
}

/// Exit status.
int say(std::string_view text) {
    return write_all(STDOUT_FILENO, text) == 0 ? 0 : exit_code(ErrorCode::Io);
}

int run(std::string_view what, Seconds seconds) {
    if (what == to_string(DocumentKind::Pdf) && !prepare_pdf())
        return exit_code(ErrorCode::Unavailable);
    if (!enter_sandbox(seconds)) return exit_code(ErrorCode::Unavailable);
    if (what == "check") return sandbox_holds() ? 0 : exit_code(ErrorCode::Unavailable);
    for (const DocumentKind kind : {DocumentKind::Pdf, DocumentKind::Office, DocumentKind::Rtf})
        if (what == to_string(kind)) return say(encode_answer(read_document(kind, read_all())));
    return exit_code(ErrorCode::Usage);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--version")
        return say("kith-extract " KITH_VERSION "\n");
    const std::string_view seconds = argc == 3 ? argv[2] : "";
    int limit = 0;
    const auto [end, error] =
        std::from_chars(seconds.data(), seconds.data() + seconds.size(), limit);
    if (error != std::errc{} || end != seconds.data() + seconds.size() || limit < 1)
        return exit_code(ErrorCode::Usage);
    try {
        // _exit: destructors of libraries have nothing more to do, and a hostile document might
        // have prepared them.
        ::_exit(run(argv[1], Seconds(limit)));
    } catch (const std::exception&) {  // std::bad_alloc, and what libraries throw
        ::_exit(exit_code(ErrorCode::Internal));
    }
}
