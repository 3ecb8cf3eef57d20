#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_mail_servers.py finds each way in which table and tests can differ."""
import os
import tempfile
import unittest

from check_mail_servers import README, TESTS, problems_in

HEAD = "# x\n\n| case | Postfix | Sendmail |\n|---|---|---|\n"
CASE = '    def test_{0}(self):\n        """{0}"""\n'
SOURCE = "class Cases:\n" + CASE.format("both") + "class OnPostfix(Cases):\n" + CASE.format("one") + (
    "class OnSendmail(Cases):\n    def test_silent(self):\n        pass\n")
BOTH, ONE = "| both | yes | yes |\n", "| one | yes | no: it has no such thing |\n"


class MailServers(unittest.TestCase):
    def problems(self, rows, source=SOURCE):
        with tempfile.TemporaryDirectory() as root:
            for path, text in ((README, HEAD + rows + "\nmore\n"), (TESTS, source)):
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                    f.write(text)
            return problems_in(root)

    def bad(self, words, rows):
        problems = self.problems(rows)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(words, problems[0])

    def test_a_table_that_fits_is_good(self):
        self.assertEqual(self.problems(BOTH + ONE), [])

    def test_a_case_without_a_row_is_found(self):
        self.bad('no row "one"', BOTH)

    def test_a_row_without_a_test_or_twice_is_found(self):
        self.bad('no test in tests/e2e/mta_test.py is described as "gone"', BOTH + ONE + "| gone | yes | yes |\n")
        self.bad('"both" is there twice', BOTH + BOTH + ONE)

    def test_a_cell_that_is_not_so_is_found(self):
        self.bad('"one" is not tested with Sendmail', BOTH + "| one | yes | yes |\n")
        self.bad('"both" is tested with Sendmail', "| both | yes | no: it has no such thing |\n" + ONE)

    def test_a_no_gives_its_reason(self):
        self.bad('"one" is not tested with Sendmail', BOTH + "| one | yes | no: so |\n")


if __name__ == "__main__":
    unittest.main()
