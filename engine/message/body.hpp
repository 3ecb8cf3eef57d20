// SPDX-License-Identifier: Apache-2.0
// From the MIME tree to parts, readable text and links of the Message: which part is the body, how
// it reads, what is attached. Covered by tests/unit/message/body_test.cpp.
#pragma once

#include "engine/message/defects.hpp"
#include "engine/message/gmime_door.hpp"
#include "engine/message/message.hpp"
#include "engine/message/parse.hpp"

namespace kith::mail {

/// Fills parts, lines, links, mime_tree, boundary, html_* of `message` from `tree`.
void read_body(const MimeNode& tree, const ParseOptions& options, Message& message,
               DefectSet& defects);

/// Adds what another reading of the same body (by another Content-Type field) shows and the first
/// did not: parts and links.
void read_body_again(const MimeNode& tree, const ParseOptions& options, Message& message,
                     DefectSet& defects);

/// Habit behind a boundary: digits as 9, runs with digits or mixed case as x, words as they are.
/// Cut at 64 bytes.
[[nodiscard]] std::string boundary_style(std::string_view boundary);

}  // namespace kith::mail
