// SPDX-License-Identifier: Apache-2.0
// Two families: OpenDocument has its text directly in paragraphs, OOXML in elements of their own
// (t; v for the numbers of a sheet, unless they are indices of shared strings).
#include "engine/documents/xml_text.hpp"

#include <expat.h>

#include <cstring>
#include <limits>

namespace kith {
namespace {

constexpr char kSeparator = '\n';  // between namespace and name; neither can hold it

struct FreeParser {
    void operator()(XML_Parser p) const noexcept { ::XML_ParserFree(p); }
};

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    for (const auto& n : names)
        if (n == name) return true;
    return false;
}

}  // namespace

struct XmlText::Impl {
    std::unique_ptr<std::remove_pointer_t<XML_Parser>, FreeParser> parser;
    std::string& out;
    std::size_t max_bytes;
    int depth = 0;
    int keep = 0;  ///< depth of elements whose text is read
    bool shared_string = false, stopped = false, full = false;

    Impl(std::string& text, std::size_t max)
        : parser(::XML_ParserCreateNS(nullptr, kSeparator)), out(text), max_bytes(max) {}

    void stop() {
        stopped = true;
        (void)::XML_StopParser(parser.get(), XML_FALSE);
    }
    void add(std::string_view text) {
        out.append(text.substr(0, max_bytes - std::min(max_bytes, out.size())));
        if (out.size() < max_bytes) return;
        full = true;
        stop();
    }

    /// Local name, and whether it is OpenDocument's.
    static std::pair<std::string_view, bool> split(const char* name) {
        const std::string_view all = name;
        const std::size_t at = all.rfind(kSeparator);
        if (at == std::string_view::npos) return {all, false};
        return {all.substr(at + 1), all.starts_with("urn:oasis:names:tc:opendocument")};
    }
    static bool holds_text(std::string_view name, bool open_document) {
        return open_document ? one_of(name, {"p", "h"}) : one_of(name, {"t", "v"});
    }

    void start(const char* full_name, const char** attributes) {
        const auto [name, open_document] = split(full_name);
        if (++depth > kMaxDepth) return stop();
        if (!open_document && name == "c") {
            shared_string = false;
            for (const char** a = attributes; *a != nullptr; a += 2)
                if (std::strcmp(a[0], "t") == 0) shared_string = std::strcmp(a[1], "s") == 0;
        }
        if (holds_text(name, open_document) && !(name == "v" && shared_string)) ++keep;
        if (one_of(name, {"tab", "s"})) add(" ");
        if (one_of(name, {"br", "cr", "line-break"})) add("\n");
    }
    void end(const char* full_name) {
        const auto [name, open_document] = split(full_name);
        --depth;
        if (holds_text(name, open_document) && !(name == "v" && shared_string)) --keep;
        if (one_of(name, {"p", "h", "si", "row", "table-row"})) add("\n");
        if (one_of(name, {"c", "tc", "table-cell"})) add(" ");
    }
};

XmlText::XmlText(std::string& out, std::size_t max_bytes)
    : impl_(std::make_unique<Impl>(out, max_bytes)) {
    XML_Parser parser = impl_->parser.get();
    if (parser == nullptr) throw std::bad_alloc();
    ::XML_SetUserData(parser, impl_.get());
    ::XML_SetElementHandler(
        parser,
        [](void* self, const char* name, const char** attributes) {
            static_cast<Impl*>(self)->start(name, attributes);
        },
        [](void* self, const char* name) { static_cast<Impl*>(self)->end(name); });
    ::XML_SetCharacterDataHandler(parser, [](void* self, const char* text, int length) {
        auto* impl = static_cast<Impl*>(self);
        if (impl->keep > 0) impl->add({text, static_cast<std::size_t>(length)});
    });
    ::XML_SetStartDoctypeDeclHandler(parser, [](void* self, const char*, const char*, const char*,
                                                int) { static_cast<Impl*>(self)->stop(); });
}

XmlText::~XmlText() = default;

bool XmlText::feed(std::string_view piece) {
    if (impl_->stopped || piece.size() > std::numeric_limits<int>::max()) return false;
    return ::XML_Parse(impl_->parser.get(), piece.data(), static_cast<int>(piece.size()), 0) ==
           XML_STATUS_OK;
}

bool XmlText::finish() {
    return !impl_->stopped && ::XML_Parse(impl_->parser.get(), "", 0, 1) == XML_STATUS_OK;
}

bool XmlText::is_full() const noexcept { return impl_->full; }

}  // namespace kith
