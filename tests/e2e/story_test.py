#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo, whole: contrib/demo/play.py on the built programs, with a real Postfix and a real Dovecot."""
import os
import subprocess
import sys
import unittest

import e2e
import dovecot
import postfix

sys.path.insert(0, os.path.join(e2e.ROOT, 'contrib', 'demo'))
import takeover  # noqa: E402


class StoryTest(unittest.TestCase):
    maxDiff = 4000

    def test_both_attacks_are_found_and_the_warnings_pass(self):
        p = subprocess.run(
            [sys.executable, os.path.join(e2e.ROOT, 'contrib/demo/play.py'), '--build', e2e.BUILD],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=500,
            encoding='utf-8',
            check=False,
        )
        told = p.stdout
        self.assertEqual(0, p.returncode, told[-8000:])
        self.assertIn('OK: 4 of 4 attack mails held, 4 of 4 warnings delivered, release works', told)
        self.assertIn('OK: one incident tells of the mail, the logins, the rule and what was sent', told)
        # In order: what came, who logged in, what was changed, what went out.
        steps = ' '.join(told[told.index('TIME (UTC)') :].split())
        order = ['a suspicious mail', 'logs in over imap', 'a filter rule', 'sends mail to']
        places = [steps.find(x) for x in order]
        self.assertNotIn(-1, places, steps[:6000])
        self.assertEqual(sorted(places), places, steps[:6000])
        for sign in takeover.EXPECTED:
            self.assertIn(sign, steps)
        self.assertRegex(told, 'the next login for sending: .*account locked until')


def require():
    postfix.require()
    dovecot.require()


if __name__ == '__main__':
    e2e.main(require)
