# SPDX-License-Identifier: Apache-2.0
"""The private Postfix of tests/support/postfix.py, without kith: what the other end-to-end tests stand on."""

import glob
import os
import unittest

import e2e
from e2e import Postfix, queue_id_of


class PrivatePostfix(unittest.TestCase):
    def test_it_delivers_inside_outside_and_from_the_command_line_and_leaves_nothing_behind(self):
        system_pid = '/var/spool/postfix/pid/master.pid'
        before = os.path.exists(system_pid) and os.stat(system_pid).st_mtime
        with Postfix(['a.example'], ['x@a.example']) as p:
            client = {'addr': '2001:db8::7', 'name': 'mail.far.example', 'helo': 'mail.far.example'}
            code, text = p.send(
                b'From: y@far.example\nMessage-ID: <1@far.example>\n\n.dot\n',
                'y@far.example',
                ['x@a.example'],
                client,
            )
            self.assertEqual(250, code, text)
            got = p.wait_delivered('x@a.example', '<1@far.example>')
            self.assertIn(b'from mail.far.example (mail.far.example [IPv6:2001:db8::7])', got)
            self.assertIn(b'\n.dot\n', got)
            code, text = p.send(
                b'Message-ID: <2@a.example>\n\nout\n',
                'x@a.example',
                ['z@far.example'],
                login='x@a.example',
                submission=True,
            )
            self.assertEqual(250, code, text)
            p.wait_delivered('outside', '<2@a.example>')
            self.assertIn('sasl_username=x@a.example', p.log())
            p.run(
                'sendmail',
                '-C',
                p.etc,
                '-f',
                'x@a.example',
                'x@a.example',
                stdin=b'Message-ID: <3@a.example>\n\ncron\n',
            )
            p.wait_delivered('x@a.example', '<3@a.example>')
            code, text = p.send(b'\n', 'y@far.example', ['nobody@a.example'], client)
            self.assertEqual(550, code, text)
            base = p.base
        self.assertFalse(os.path.exists(base))
        self.assertFalse([x for x in glob.glob('/proc/[0-9]*/cmdline') if self._mentions(x, base)])
        self.assertEqual(before, os.path.exists(system_pid) and os.stat(system_pid).st_mtime)

    def test_a_held_mail_is_seen_in_the_hold_queue(self):
        with Postfix(['a.example'], ['x@a.example'], extra='smtpd_sender_restrictions = static:HOLD\n') as p:
            _, text = p.send(b'Message-ID: <1@far.example>\n\nhi\n', 'y@far.example', ['x@a.example'])
            p.wait_held(queue_id_of(text))
            self.assertIsNone(p.find('x@a.example', '<1@far.example>'))

    @staticmethod
    def _mentions(path, what):
        try:
            with open(path, 'rb') as f:
                return what.encode() in f.read()
        except OSError:
            return False


if __name__ == '__main__':
    e2e.main()
