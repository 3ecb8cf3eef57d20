// SPDX-License-Identifier: Apache-2.0
#include "engine/message/attachments.hpp"

#include <magic.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "engine/base/text.hpp"

namespace kith::mail {
namespace {

struct MagicClose {
    void operator()(magic_t m) const noexcept { magic_close(m); }
};
using Magic = std::unique_ptr<std::remove_pointer_t<magic_t>, MagicClose>;

/// libmagic's handle with its lock: loading the database takes 10 ms and a handle serves one thread
/// at a time. Milter threads are unbounded, so one a thread would cost more than waiting.
class Detector {
public:
    Detector() {
        // What looks inside compressed files or guesses at text costs most and tells us nothing.
        handle_.reset(magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF |
                                 MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_ENCODING |
                                 MAGIC_NO_CHECK_JSON | MAGIC_NO_CHECK_CSV));
        if (handle_ && magic_load(handle_.get(), nullptr) != 0) handle_.reset();
    }
    [[nodiscard]] std::string type_of(std::string_view content) {
        const std::lock_guard lock(mutex_);
        if (!handle_ || content.empty()) return {};
        const char* type = magic_buffer(handle_.get(), content.data(), content.size());
        return type == nullptr ? std::string() : scrub_utf8(ascii_lower(type));
    }

private:
    std::mutex mutex_;
    Magic handle_;
};

[[nodiscard]] Detector& detector() {
    static Detector instance;
    return instance;
}

[[nodiscard]] unsigned byte_at(std::string_view s, std::size_t i) noexcept {
    return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U;
}
[[nodiscard]] bool contains(std::string_view s, std::string_view needle) noexcept {
    return s.find(needle) != std::string_view::npos;
}

/// "name" as OLE directories write it.
[[nodiscard]] std::string utf16(std::string_view ascii) {
    std::string out;
    for (const char c : ascii) {
        out += c;
        out += '\0';
    }
    return out;
}

/// True when a local or central entry of a ZIP has the encryption bit
/// (APPNOTE 4.3.7, 4.3.12, 4.4.4).
[[nodiscard]] bool zip_encrypted(std::string_view window) noexcept {
    for (std::size_t i = 0; (i = window.find("PK", i)) != std::string_view::npos; i += 2) {
        const std::string_view kind = window.substr(i + 2, 2);
        if (kind == std::string_view("\x03\x04", 2) && i + 8 <= window.size() &&
            (byte_at(window, i + 6) & 1U) != 0)
            return true;
        if (kind == std::string_view("\x01\x02", 2) && i + 10 <= window.size() &&
            (byte_at(window, i + 8) & 1U) != 0)
            return true;
    }
    return false;
}

void inspect_window(std::string_view window, std::string_view head, ContentFacts& facts) {
    static const std::string kVba = utf16("_VBA_PROJECT");
    static const std::string kEncryptedPackage = utf16("EncryptedPackage");
    if (head.substr(0, 2) == "PK") {
        facts.encrypted = facts.encrypted || zip_encrypted(window);
        facts.has_macros = facts.has_macros || contains(window, "vbaProject.bin");
    } else if (head.substr(0, 4) == "\xD0\xCF\x11\xE0") {
        facts.has_macros = facts.has_macros || contains(window, kVba);
        facts.encrypted = facts.encrypted || contains(window, kEncryptedPackage);
    } else if (contains(head.substr(0, 1024), "%PDF-")) {
        facts.encrypted = facts.encrypted || contains(window, "/Encrypt");
    }
}

/// RAR 4 main header with encrypted headers, RAR 5 encryption header.
[[nodiscard]] bool rar_encrypted(std::string_view head) noexcept {
    if (head.substr(0, 7) == std::string_view("Rar!\x1A\x07\x00", 7))
        return (byte_at(head, 10) & 0x80U) != 0;
    // Signature (8), CRC (4), size (1 byte for this header), type 4.
    if (head.substr(0, 8) == std::string_view("Rar!\x1A\x07\x01\x00", 8))
        return byte_at(head, 13) == 4;
    return false;
}

/// Name of the first entry of a ZIP file (APPNOTE 4.3.7).
[[nodiscard]] std::string_view first_zip_entry(std::string_view content) noexcept {
    constexpr std::size_t kHeader = 30;
    if (content.size() < kHeader || content.substr(0, 4) != std::string_view("PK\x03\x04", 4))
        return {};
    const std::size_t length = byte_at(content, 26) | byte_at(content, 27) << 8U;
    return content.substr(kHeader, length);
}

}  // namespace

DocumentKind document_kind(std::string_view content) noexcept {
    if (contains(content.substr(0, 1024), "%PDF-")) return DocumentKind::Pdf;
    if (content.substr(0, 5) == "{\\rtf") return DocumentKind::Rtf;
    const std::string_view entry = first_zip_entry(content);
    for (const std::string_view begin : {"[Content_Types].xml", "_rels/", "docProps/", "mimetype",
                                         "word/", "xl/", "ppt/", "customXml/", "content.xml"})
        if (entry.substr(0, begin.size()) == begin) return DocumentKind::Office;
    return DocumentKind::None;
}

ContentFacts inspect_content(std::string_view content, std::size_t probe_bytes, DetectType detect) {
    ContentFacts facts;
    const std::string_view head = content.substr(0, probe_bytes);
    if (detect == DetectType::Yes) facts.detected_type = detector().type_of(head);
    inspect_window(head, head, facts);
    // Directories of ZIP files and trailers of PDF stand at the end.
    if (content.size() > probe_bytes)
        inspect_window(content.substr(std::max(
                           probe_bytes, content.size() - std::min(content.size(), probe_bytes))),
                       head, facts);
    facts.encrypted = facts.encrypted || rar_encrypted(head);
    return facts;
}

}  // namespace kith::mail
