// SPDX-License-Identifier: Apache-2.0
#include "engine/documents/read.hpp"

#include "engine/documents/office.hpp"
#include "engine/documents/pdf_door.hpp"
#include "engine/documents/rtf.hpp"

namespace kith {

ExtractedText read_document(DocumentKind kind, std::string_view bytes) {
    switch (kind) {
        case DocumentKind::Pdf:
            return pdf_text(bytes);
        case DocumentKind::Office:
            return office_text(bytes);
        case DocumentKind::Rtf:
            return rtf_text(bytes);
        case DocumentKind::None:
            break;
    }
    return {ReadOutcome::Damaged, {}};
}

}  // namespace kith
