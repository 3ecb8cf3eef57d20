// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/clock.hpp"

namespace kith {

/// Reading the text of attached documents after delivery: what waits for it, and what the child
/// process that does it may use.
struct AttachmentOptions {
    bool read = true;       ///< false: no document is kept or read
    std::string directory;  ///< where documents wait, made by the learner; "" = beside the store
                            ///< (engine/config/attachments.hpp)
    std::string program;    ///< the child process; "" = kith-extract beside the running program, or
                            ///< in ../sbin
    std::uint64_t max_bytes = 4ULL << 20;           ///< a larger document is not read
    unsigned max_documents = 4;                     ///< of a mail; the first ones
    unsigned max_waiting = 256;                     ///< files that wait
    std::uint64_t max_waiting_bytes = 64ULL << 20;  ///< of all that wait
    Seconds deadline{5};  ///< the child is killed after this; it may use as much processor time
};

/// Files of one sender that wait at most: one sender's flood must not keep out the others'.
inline constexpr unsigned kMaxWaitingOfSender = 16;
/// What nobody read for so long is removed unread.
inline constexpr Seconds kDocumentKept{24LL * 3600};

}  // namespace kith
