// SPDX-License-Identifier: Apache-2.0
// The readable text of one XML part of an office document, piece by piece. Behind this header, in
// xml_text.cpp alone, is expat. A document type declaration ends the reading: office files have
// none, and without one there are no entities to expand.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace kith {

/// One part. One thread.
class XmlText {
public:
    /// Text is appended to `out` until it has `max_bytes`.
    XmlText(std::string& out, std::size_t max_bytes);
    ~XmlText();
    XmlText(const XmlText&) = delete;
    XmlText& operator=(const XmlText&) = delete;

    /// False when nothing more is wanted: damaged, too deep, or the text is full.
    bool feed(std::string_view piece);
    /// Says that the part is complete. False when it is not well-formed.
    bool finish();
    [[nodiscard]] bool is_full() const noexcept;

    static constexpr int kMaxDepth = 256;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace kith
