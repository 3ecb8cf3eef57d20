// SPDX-License-Identifier: Apache-2.0
// Bytes of a document -> its text, whatever the kind. Runs in kith-extract. Covered by
// tests/unit/documents/.
#pragma once

#include <string_view>

#include "engine/documents/answer.hpp"
#include "engine/message/message.hpp"

namespace kith {

/// Total but for std::bad_alloc; what is odd is in the outcome.
[[nodiscard]] ExtractedText read_document(DocumentKind kind, std::string_view bytes);

}  // namespace kith
