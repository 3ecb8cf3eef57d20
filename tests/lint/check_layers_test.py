#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_layers.py finds each kind of fault and leaves good code alone."""
import unittest

from check_layers import MAY_INCLUDE, check


class Layers(unittest.TestCase):
    def good(self, path, text):
        self.assertEqual(check(path, text), [])

    def bad(self, path, text, words):
        problems = check(path, text)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(words, problems[0])

    def test_an_upward_include_is_found(self):
        self.bad("engine/model/a.cpp", '#include "engine/features/observations.hpp"\n', "model must not include features")
        self.bad("engine/base/a.hpp", '#include "engine/message/message.hpp"\n', "base must not include message")
        self.bad("engine/scoring/a.cpp", '\n#  include "engine/store/store.hpp"\n', "engine/scoring/a.cpp:2: scoring must not")
        self.bad("engine/learner/a.cpp", '#include "milter/session.hpp"\n', "learner must not include milter")

    def test_a_downward_include_is_good(self):
        self.good("engine/features/a.cpp", '#include "engine/message/message.hpp"\n#include <vector>\n')
        self.good("milter/a.cpp", '#include "engine/assess/assess.hpp"\n#include "milter/session.hpp"\n')

    def test_a_library_has_one_door(self):
        self.bad("engine/learner/a.cpp", "#include <lmdb.h>\n", "<lmdb.h> may be included by engine/store/store.cpp only")
        self.bad("engine/scoring/a.cpp", "#include <yaml-cpp/yaml.h>\n", "engine/config/ only")
        self.bad("milter/session.cpp", "#include <libmilter/mfapi.h>\n", "milter/glue.cpp only")
        self.bad("engine/message/parse.cpp", "#include <gmime/gmime.h>\n", "gmime_door.cpp only")
        self.good("engine/store/store.cpp", "#include <lmdb.h>\n")

    def test_pure_code_has_no_outside_world(self):
        self.bad("engine/model/a.cpp", "#include <fstream>\n", "pure code")
        self.bad("engine/features/a.cpp", '#include "engine/base/log.hpp"\n', "pure code")
        self.bad("engine/scoring/a.cpp", "auto t = std::chrono::system_clock::now();\n", "pure code")
        self.good("engine/scoring/a.cpp", "// never system_clock::now() here\n")
        self.good("engine/learner/a.cpp", "auto t = std::chrono::system_clock::now();\n")

    def test_the_edge_of_assess_may_touch_the_world(self):
        self.good("engine/assess/judge.cpp", "#include <thread>\n")
        self.bad("engine/assess/assess.cpp", "#include <thread>\n", "pure code")

    def test_milter_calls_stay_in_the_glue(self):
        self.bad("milter/actions.cpp", "smfi_addheader(ctx, a, b);\n", "outside milter/glue.cpp")
        self.good("milter/glue.cpp", "smfi_addheader(ctx, a, b);\n")

    def test_eigen_stays_out_of_headers(self):
        self.bad("engine/model/a.hpp", "#include <Eigen/Dense>\n", "out of headers")
        self.good("engine/model/a.cpp", "#include <Eigen/Dense>\n")

    def test_an_unknown_folder_is_found(self):
        self.bad("engine/helpers/a.cpp", "", "no folder of the include table")

    def test_a_file_is_named_from_the_top(self):
        self.bad("engine/base/a.cpp", '#include "text.hpp"\n', "from the top of the tree")

    def test_product_code_does_not_include_tests(self):
        self.bad("engine/base/a.cpp", '#include "tests/support/catch.hpp"\n', "must not include tests")

    def test_the_table_has_no_cycle(self):
        for folder, others in MAY_INCLUDE.items():
            for other in others.split():
                self.assertNotIn(folder, MAY_INCLUDE[other].split(), f"{folder} and {other} include each other")


if __name__ == "__main__":
    unittest.main()
