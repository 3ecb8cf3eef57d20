// SPDX-License-Identifier: Apache-2.0
// What kith-extract gives up before it looks at a document. Behind this header, in sandbox.cpp
// alone, is libseccomp. Covered by tests/unit/documents/sandbox_test.cpp.
#pragma once

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"

namespace kith {

/// For the rest of this process's life: no file can be opened or written but the open descriptors,
/// no socket, no process, no other user; `seconds` of processor time, 512 MiB of memory; it dies
/// with its parent. As root it becomes nobody. Unavailable when the kernel refuses any of it.
/// A program built with a sanitizer keeps its memory and its system calls.
[[nodiscard]] Status enter_sandbox(Seconds seconds);

/// Tries to open a file. True when that was refused.
[[nodiscard]] bool sandbox_holds();

}  // namespace kith
