// SPDX-License-Identifier: Apache-2.0
// Who said which line: the sender's own text, quoted text, the line that introduces it, the
// signature. Read from
// '>' marks, from "On … wrote:" and "-----Original Message-----" in the eight languages of the
// vocabulary, and from what HTML mark-up said already. Covered by
// tests/unit/message/text_lines_test.cpp.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "engine/message/defects.hpp"
#include "engine/message/message.hpp"
#include "engine/message/parse.hpp"

namespace kith::mail {

/// How a text/plain part is laid out (RFC 3676).
struct Flow {
    bool flowed = false;     ///< format=flowed: a space at the end of a line joins it to the next
    bool del_space = false;  ///< delsp=yes: that space is not part of the text
};

/// Lines of plain text, paragraphs of format=flowed joined, all with role Own. Adds TextCut at the
/// bounds of `options`.
[[nodiscard]] std::vector<TextLine> split_lines(std::string_view text, Flow flow,
                                                const ParseOptions& options, DefectSet& defects);

/// Sets the role of every line; one that is not Own already (HTML mark-up) stays. O(size).
void assign_roles(std::vector<TextLine>& lines);

}  // namespace kith::mail
