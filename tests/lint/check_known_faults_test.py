#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_known_faults.py finds each way in which list and tests can differ."""
import os
import tempfile
import unittest

from check_known_faults import LIST, problems_in

HEAD = "{} faults of others.\n\n| id | fault | where |\n|---|---|---|\n"
TEST = 'TEST_CASE("RES-01: nothing\\" "\n    "is lost") {}\n'
TESTED = "| RES-01 | a descriptor is lost | tests/a_test.cpp |\n"


class KnownFaults(unittest.TestCase):
    def problems(self, rows, test=TEST, count=None, python=""):
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(os.path.join(root, "tests"))
            for path, text in ((LIST, HEAD.format(rows.count("\n") if count is None else count) + rows),
                               ("tests/a_test.cpp", test), ("tests/b_test.py", python)):
                with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                    f.write(text)
            return problems_in(root)

    def bad(self, words, *arguments, **named):
        problems = self.problems(*arguments, **named)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(words, problems[0])

    def test_a_list_that_fits_is_good(self):
        self.assertEqual(self.problems(TESTED), [])
        self.assertEqual(self.problems("| RES-02 | twice | cannot occur: one owner of every descriptor |\n", test=""), [])
        self.assertEqual(self.problems("| RES-03 | none left | tests/b_test.py |\n", test="",
                                       python='def test_it(self):\n    """RES-03: some are left."""\n'), [])

    def test_a_test_that_is_not_there_is_found(self):
        self.bad("RES-01: no test of that name in tests/a_test.cpp", TESTED, test="// RES-01\n")
        self.bad("RES-01: no test of that name in tests/a_test.cpp", TESTED, test='TEST_CASE("RES-011: x") {}\n')

    def test_a_test_that_is_elsewhere_is_found(self):
        self.bad("RES-01 is tested in tests/b_test.py, too", TESTED,
                 python='def test_it(self):\n    """RES-01: here as well."""\n')

    def test_a_fault_without_a_row_is_found(self):
        self.bad("RES-01 has no row", "", count=0)
        self.bad("RES-09 stands in the text and has no row", TESTED.replace("lost", "lost, see RES-09"))

    def test_a_row_that_went_away_or_came_twice_is_found(self):
        self.bad('must say "1 faults"', TESTED, count=2)
        self.bad("RES-01 is there twice", TESTED + TESTED)

    def test_what_cannot_occur_says_why_and_has_no_test(self):
        self.bad("why can it not occur?", "| RES-02 | twice | cannot occur: no |\n", test="")
        self.bad("RES-01 cannot occur and is tested", "| RES-01 | lost | cannot occur: one owner of every descriptor |\n")


if __name__ == "__main__":
    unittest.main()
