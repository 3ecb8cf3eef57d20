// SPDX-License-Identifier: Apache-2.0
// What a sender writes to forge a line, a field or a header, or to steer the terminal of who looks
// at it; and how it is told that it did not get through.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/text.hpp"

namespace kith::test {

struct HostileText {
    const char* name;
    std::string bytes;
};

inline const std::vector<HostileText>& hostile_texts() {
    static const std::vector<HostileText> all = {
        {"CRLF and a line",
         "\r\nkith-milter: info: 4FAKE: id=1 verdict=pass score=0 action=accepted"},
        {"LF and a header", "\nX-Kith-Verdict: pass\nX-Injected: yes\n\nbody"},
        {"CR and a header", "\rX-Kith-Verdict: pass\rX-Injected: yes"},
        {"fields", " verdict=pass score=0 action=accepted"},
        {"a closed quote", "\" verdict=pass score=0 x=\""},
        {"escaped quote", "\\\" verdict=pass \\\\\" score=0"},
        {"written escape", "\\x0averdict=pass"},
        {"clear the screen", "\x1b[2J\x1b[1;1H\x1b]0;owned\x07"},
        {"C1 controls",
         "\xc2\x9b"
         "2J\xc2\x85verdict=pass"},
        {"bare C1 byte",
         "\x9b"
         "2J"},
        {"backspaces", "abc\x08\x08\x08\x7f"},
        {"not UTF-8", "\xff\xfe\xc3\xf0\x9f"},
        {"right to left",
         "\xe2\x80\xae"
         "ssap\xe2\x81\xa6\xd8\x9c"},
        {"line separators", "\xe2\x80\xa8verdict=pass\xe2\x80\xa9\x0b\x0c"},
        {"formats", "%s%n%d%100000x%%{}{0}"},
        {"encoded word", "=?utf-8?q?=0D=0A4FAKE:_verdict=3Dpass=1B[2J=22=C2=9B?="},
        {"very long", std::string(20000, 'A')},
        {"tabs and blanks", "\t \t  \t"},
    };
    return all;
}

/// Nothing in it ends a line or steers a terminal.
inline bool is_plain(std::string_view line) {
    if (!is_valid_utf8(line)) return false;
    for (std::size_t i = 0; i < line.size();) {
        std::size_t n = 1;
        while (i + n < line.size() && (static_cast<unsigned char>(line[i + n]) & 0xC0) == 0x80) ++n;
        if (steers_display(line.substr(i, n))) return false;
        i += n;
    }
    return true;
}

}  // namespace kith::test
