// SPDX-License-Identifier: Apache-2.0
// The one source of these tests that knows where the build lies: the objects of the others serve in
// any clone (ccache).
#include "tests/unit/admin/site_fixture.hpp"

namespace kith::test {

const std::string& kith_program() {
    static const std::string path = KITH_PROGRAM;
    return path;
}

}  // namespace kith::test
