// SPDX-License-Identifier: Apache-2.0
// GMime is handed the three MIME fields of the message (written anew, one each) and the body, in a
// memory stream that parts only point into. Nothing untrusted is ever serialised by it: that can
// loop for ever (its issue 165).
#include "engine/message/gmime_door.hpp"

#include <gmime/gmime.h>

#include <cstring>
#include <memory>

#include "engine/base/text.hpp"
#include "engine/message/content_type.hpp"
#include "engine/message/mime_budget.hpp"

namespace kith::mail {
namespace {

struct Unref {
    void operator()(gpointer object) const noexcept { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

[[nodiscard]] std::string unfolded(const char* raw) {
    std::string out;
    if (raw == nullptr) return out;
    for (const char* p = raw; *p != '\0'; ++p)
        if (*p != '\r' && *p != '\n') out += *p;
    return std::string(trim(out));
}

void append_field(std::string& header, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    header.append(name).append(": ");
    for (const char c : value)
        if (c != '\r' && c != '\n' && c != '\0') header += c;
    header += '\n';
}

class TreeReader {
public:
    TreeReader(std::string_view body, std::size_t header_bytes, const ParseOptions& options,
               DefectSet& defects)
        : body_(body), header_bytes_(header_bytes), options_(options), defects_(defects) {}

    [[nodiscard]] MimeNode read(GMimeObject* object, std::size_t depth) {
        MimeNode node;
        read_fields(object, node);
        if (GMIME_IS_MULTIPART(object)) {
            read_multipart(GMIME_MULTIPART(object), node, depth);
        } else if (GMIME_IS_MESSAGE_PART(object)) {
            node.is_container = true;
            node.is_message = true;
            GMimeMessage* message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
            GMimeObject* root =
                message == nullptr ? nullptr : g_mime_message_get_mime_part(message);
            if (root != nullptr) add_child(root, node, depth);
        } else if (GMIME_IS_PART(object)) {
            ++leaves_;
            node.content = content_of(GMIME_PART(object));
        }
        return node;
    }

private:
    void read_fields(GMimeObject* object, MimeNode& node) {
        GMimeHeaderList* list = g_mime_object_get_header_list(object);
        const int count = list == nullptr ? 0 : g_mime_header_list_get_count(list);
        int types = 0;
        for (int i = 0; i < count; ++i) {
            GMimeHeader* header = g_mime_header_list_get_header_at(list, i);
            const char* name = g_mime_header_get_name(header);
            if (name == nullptr) continue;
            if (ascii_iequals(name, "Content-Type")) {
                // Programs differ in which of two they believe: text is what would be shown.
                std::string value = unfolded(g_mime_header_get_raw_value(header));
                const bool text = ascii_lower(value.substr(0, 5)) == "text/";
                const bool had_text = ascii_lower(node.content_type.substr(0, 5)) == "text/";
                if (types++ == 0 || (text && !had_text)) node.content_type = std::move(value);
            } else if (ascii_iequals(name, "Content-Transfer-Encoding")) {
                if (node.encoding.empty())
                    node.encoding = unfolded(g_mime_header_get_raw_value(header));
            } else if (ascii_iequals(name, "Content-Disposition")) {
                if (node.disposition.empty())
                    node.disposition = unfolded(g_mime_header_get_raw_value(header));
            }
        }
        if (types > 1) defects_.add(Defect::DuplicateHeader);
    }

    void read_multipart(GMimeMultipart* multipart, MimeNode& node, std::size_t depth) {
        node.is_container = true;
        const int count = g_mime_multipart_get_count(multipart);
        for (int i = 0; i < count; ++i)
            add_child(g_mime_multipart_get_part(multipart, i), node, depth);
        if (count > 0) return;
        defects_.add(Defect::MissingBoundary);
        if (const char* stray = g_mime_multipart_get_prologue(multipart)) node.stray_text = stray;
    }

    void add_child(GMimeObject* object, MimeNode& node, std::size_t depth) {
        if (leaves_ >= options_.max_parts) {
            defects_.add(Defect::PartsCut);
        } else if (depth + 1 > options_.max_depth) {
            defects_.add(Defect::DepthCut);
        } else {
            node.children.push_back(read(object, depth + 1));
        }
    }

    [[nodiscard]] std::string_view content_of(GMimePart* part) const {
        GMimeDataWrapper* wrapper = g_mime_part_get_content(part);
        GMimeStream* stream =
            wrapper == nullptr ? nullptr : g_mime_data_wrapper_get_stream(wrapper);
        if (stream == nullptr) return {};
        const gint64 length = g_mime_stream_length(stream);
        const gint64 start = stream->bound_start - static_cast<gint64>(header_bytes_);
        if (length <= 0 || start < 0 || static_cast<std::size_t>(start) >= body_.size()) return {};
        return body_.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(length));
    }

    std::string_view body_;
    std::size_t header_bytes_;
    const ParseOptions& options_;
    DefectSet& defects_;
    std::size_t leaves_ = 0;
};

/// The message as one leaf.
[[nodiscard]] MimeNode single_leaf(std::string_view body, const TopFields& top) {
    MimeNode node;
    node.content_type = unfolded(std::string(top.content_type).c_str());
    node.encoding = trim(top.encoding);
    node.disposition = trim(top.disposition);
    node.content = body;
    return node;
}

/// Header and body in one block that GLib owns, wrapped as a stream.
[[nodiscard]] Owned<GMimeStream> make_stream(std::string_view header, std::string_view body) {
    const std::size_t size = header.size() + body.size();
    auto* block = static_cast<guint8*>(g_malloc(size == 0 ? 1 : size));
    std::memcpy(block, header.data(), header.size());
    if (!body.empty()) std::memcpy(block + header.size(), body.data(), body.size());
    GByteArray* array = g_byte_array_new_take(block, size);
    GMimeStream* stream = g_mime_stream_mem_new_with_byte_array(array);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), TRUE);
    return Owned<GMimeStream>(stream);  // NOLINT(clang-analyzer-unix.Malloc): GLib owns the block
}

}  // namespace

void gmime_init() { g_mime_init(); }

MimeNode read_mime(std::string_view body, const TopFields& top, const ParseOptions& options,
                   DefectSet& defects) {
    const std::string type = media_type_of(parse_parameter_field(top.content_type));
    const bool structured =
        type.compare(0, 10, "multipart/") == 0 || type.compare(0, 8, "message/") == 0;
    if (!structured) return single_leaf(body, top);
    const MimeBudget budget = measure_mime(body, top.content_type, options);
    defects.add_if(budget.parts_cut, Defect::PartsCut);
    defects.add_if(budget.headers_cut, Defect::HeadersCut);
    const std::string_view readable = body.substr(0, budget.bytes);

    std::string header;
    append_field(header, "MIME-Version", "1.0");
    append_field(header, "Content-Type", top.content_type);
    append_field(header, "Content-Transfer-Encoding", top.encoding);
    append_field(header, "Content-Disposition", top.disposition);
    header += '\n';
    const Owned<GMimeStream> stream = make_stream(header, readable);
    const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
    g_mime_parser_set_persist_stream(parser.get(), TRUE);
    g_mime_parser_set_format(parser.get(), GMIME_FORMAT_MESSAGE);
    const Owned<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
    GMimeObject* root = message == nullptr ? nullptr : g_mime_message_get_mime_part(message.get());
    if (root == nullptr) {
        defects.add(Defect::Unparsable);
        return single_leaf(body, {});
    }
    MimeNode tree = TreeReader(readable, header.size(), options, defects).read(root, 0);
    if (tree.is_container && tree.children.empty()) {
        tree.content = readable;
        tree.stray_text.clear();
    }
    return tree;
}

}  // namespace kith::mail
