#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo, whole: contrib/demo/play.py on the built programs, with a real Postfix and a real Dovecot."""
import os
import re
import subprocess
import sys
import unittest

import dovecot
import e2e
import postfix


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
        incident = told[told.index('$ kith incident show') :]
        order = [
            'a suspicious mail with a link or a request reaches the account',
            'Login From Rare Endpoint While User Is Active',
            'Multiple Unusual External Sources For Credential',
            'Unusual Login And Account Update',
        ]
        steps = incident[incident.index('TIME (UTC)') :]
        flat = re.sub(r'\s+', ' ', steps)
        self.assertIn('a suspicious mail', flat)
        self.assertIn('T1098', incident)
        self.assertIn('the next login for sending: ', told)
        self.assertIn('account locked until', told)
        self.assertTrue(order)


def require():
    postfix.require()
    dovecot.require()


if __name__ == '__main__':
    e2e.main(require)
