# SPDX-License-Identifier: Apache-2.0
"""Held mail from the queue's side, with a real Postfix and a real Sendmail: list, release, drop, what was allowed with a release, the
queue read back, age, digest and a request to release that is mailed back; and that each of it is in the audit log."""

import json
import os
import re
import subprocess
import unittest

import e2e
from e2e import attack, headers_of, wait_until
from postfix import Postfix
import sendmail
from sendmail import Sendmail


class Cases:
    mta = None

    @classmethod
    def setUpClass(cls):
        cls.admin = e2e.mailboxes()[0]
        cls.shared = e2e.kith_site.Site(
            e2e.BUILD, [e2e.DOMAIN], e2e.mailboxes(), mta=cls.mta, seed_state=e2e.trained_state(), settings=e2e.kith_site.merge(
                e2e.LEARNED_FAST,
                {'quarantine': {'digest_to': [cls.admin], 'digest_recipients': True},
                 'alerts': {'mail_to': [cls.admin], 'syslog': False}}))
        cls.server = cls.shared.mta
        cls.shared.configure({'alerts': {'sendmail': cls.sendmail_program()}})
        cls.shared.start()
        cls.addClassCleanup(cls.shared.stop)

    @classmethod
    def script(cls, name, text):
        """a program of the tests' own, in a directory of its own"""
        directory = os.path.join(cls.shared.dir, 'bin')
        os.makedirs(directory, exist_ok=True)
        path = os.path.join(directory, name)
        with open(path, 'w', encoding='utf-8') as f:
            f.write('#!/bin/sh\n' + text + '\n')
        os.chmod(path, 0o755)
        return path

    def kith(self, *args, check=True, stdin=None):
        """`kith ARGS` with this server's options; CompletedProcess"""
        if stdin is None:
            return self.shared.kith(*args, *self.options(args), check=check)
        return subprocess.run([self.shared.kith_program, '--config', self.shared.config_file, *args], input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)

    def json(self, *args, check=True):
        return json.loads(self.kith('--json', *args, check=check).stdout)

    def options(self, args):
        words = [a for a in args if not a.startswith('-')]
        touches = words[0] in ('release', 'drop') or words[:2] in (['quarantine', 'check'], ['quarantine', 'digest'],
                                                                   ['incident', 'hold'])
        return self.mta_options() if touches else []

    def held(self, tag, index=0):
        """(mail, queue id, kith's id) of a mail that is held"""
        m = attack(tag, index)
        code, text = self.server.send(m.raw, m.mail_from, m.rcpts, m.client)
        self.assertEqual(250, code, text)
        qid = e2e.queue_id_of(text)
        self.server.wait_held(qid)
        return m, qid, self.indexed(qid)

    def indexed(self, qid):
        def found():
            return next((x['id'] for x in self.shared.kith_json('list', '--all', '-n', '1000')['mails'] if x['queue_id'] == qid), None)

        return wait_until(found, lambda: 'the learner to index %s; its log:\n%s' % (qid, self.shared.learner.log()[-1000:]))

    def shown(self, mail, key, value):
        wait_until(lambda: self.shared.kith_json('show', mail)[key] == value,
                   lambda: '%s to be %r: %r' % (key, value, self.shared.kith_json('show', mail)))

    def audited(self):
        return [(x['action'], x['object']) for x in self.shared.kith_json('audit', 'list', '-n', '1000')['entries']]

    # -- cases -------------------------------------------------------------------------------------------------------

    def test_list_and_release(self):
        m, qid, mail = self.held('qa01')
        listed = {x['id']: x for x in self.shared.kith_json('quarantine', 'list')['mails']}
        self.assertTrue(listed[mail]['reasons'])
        out = self.kith('release', qid, '--reason', 'asked by phone').stdout
        self.assertIn('delivers it now', out)
        self.server.wait_delivered(m.rcpts[0], m.message_id)
        self.shown(mail, 'state', 'released')
        again = self.kith('release', qid, check=False)
        self.assertEqual(66, again.returncode, again.stdout + again.stderr)
        self.assertIn(('release', mail), self.audited())

    def test_drop(self):
        m, qid, mail = self.held('qa02', 1)
        self.assertIn('deleted ' + mail, self.kith('drop', mail, '--reason', 'spam').stdout)
        wait_until(lambda: self.server.where(qid) is None, 'the queue to have lost it')
        self.shown(mail, 'state', 'dropped')
        self.assertIsNone(self.server.find(m.rcpts[0], m.message_id))
        self.assertIn(('drop', mail), self.audited())
        again = self.kith('drop', mail, check=False)
        self.assertEqual(66, again.returncode)

    def test_the_audit_log_is_whole(self):
        _, _, mail = self.held('qa03', 2)
        self.kith('drop', mail)
        verdict = self.kith('audit', 'verify')
        self.assertIn('sound', verdict.stdout)
        path = os.path.join(self.shared.state, 'audit.log')
        with open(path, encoding='utf-8') as f:
            whole = f.read()
        try:
            for tampered in (whole.replace('"drop"', '"show"', 1), ''.join(whole.splitlines(True)[:-1])):
                with open(path, 'w', encoding='utf-8') as f:
                    f.write(tampered)
                self.assertEqual(2, self.kith('audit', 'verify', check=False).returncode)
        finally:
            with open(path, 'w', encoding='utf-8') as f:
                f.write(whole)

    def test_the_queue_is_read_back(self):
        _, qid, mail = self.held('qa04', 3)
        report = self.json('quarantine', 'check', '--settled', '0', check=False)
        self.assertIn(mail, report['seen'])
        self.assertEqual([], report['missing'])
        self.shown(mail, 'hold', 'seen')
        # One that was let go by hand before anybody looked, which is what a hold that did not happen looks like.
        other, other_qid, missing = self.held('qa05', 4)
        self.let_go(other_qid)
        self.server.wait_delivered(other.rcpts[0], other.message_id)
        self.let_go(qid)
        wait_until(lambda: self.server.where(qid) is None, 'the queue to have lost ' + qid)
        report = self.json('quarantine', 'check', '--settled', '0', check=False)
        self.assertIn(missing, report['missing'])
        self.assertIn(mail, report['left'])
        self.shown(missing, 'hold', 'missing')
        self.shown(mail, 'hold', 'left')
        self.kith('alerts', 'send', '--channel', 'mail', check=False)
        told = wait_until(lambda: [x for x in self.server.mailbox(self.admin) if b'is not on hold' in x],
                          'an alert by mail: ' + self.kith('alerts', 'list').stdout)
        self.assertIn(missing.encode(), told[0])
        self.assertEqual([], self.json('quarantine', 'check', '--settled', '0', check=False)['missing'])

    def test_the_digest_and_a_request_that_is_mailed_back(self):
        m, qid, mail = self.held('qa06', 5)
        printed = self.kith('quarantine', 'digest', '--print').stdout
        commands = ''.join('   kith %s %s\n' % (command, mail) for command in ('explain', 'release', 'drop', 'confirm'))
        self.assertIn(commands + '\n', printed)
        self.kith('quarantine', 'digest')
        digest = wait_until(lambda: [x for x in self.server.mailbox(self.admin) if mail.encode() in x and b' on hold at ' in x],
                            lambda: 'a digest; log:\n' + self.server.log()[-3000:])[0]
        self.assertEqual(['auto-generated'], headers_of(digest, 'Auto-Submitted'))
        # kith knows its own: neither judged nor held.
        own = wait_until(lambda: [x for x in self.shared.kith_json('list', '--all', '-n', '1000')['mails']
                                  if x['from'].startswith('kith@')], 'the digest to be recorded')
        self.assertEqual({'pass'}, {x['verdict'] for x in own})
        self.assertEqual({0}, {x['score'] for x in own})
        theirs = wait_until(lambda: [x for x in self.server.mailbox(m.rcpts[0]) if b'Mail to you that is held' in x],
                            'a recipient\'s digest')[0]
        token = re.search((r'kith%20release%20' + mail + r'%20([0-9a-f]{24})').encode(), theirs)[1].decode()
        forged = self.kith('quarantine', 'requests', '--mail',
                           stdin=b'Subject: kith release %s %s\n\n' % (mail.encode(), b'0' * 24))
        self.assertEqual(77, forged.returncode, forged.stderr)
        taken = self.kith('quarantine', 'requests', '--mail',
                          stdin=('Subject: Re: kith release %s %s\n\nplease\n' % (mail, token)).encode())
        self.assertEqual(0, taken.returncode, taken.stderr)
        self.assertIn(mail, [x['id'] for x in self.shared.kith_json('quarantine', 'requests')['requests']])
        self.json('quarantine', 'check', check=False)
        self.assertEqual('hold', self.server.where(qid))  # nobody releases but the admin
        self.shared.configure({'quarantine': {'requests': 'release'}})
        try:
            self.assertEqual(1, self.json('quarantine', 'check', check=False)['released'])
        finally:
            self.shared.configure({'quarantine': {'requests': 'record'}})
        self.server.wait_delivered(m.rcpts[0], m.message_id)
        self.assertEqual([], self.shared.kith_json('quarantine', 'requests')['requests'])

    def test_mail_that_lies_there_too_long(self):
        _, qid, mail = self.held('qa07', 6)
        self.shared.configure({'quarantine': {'max_age': '1s', 'on_max_age': 'drop'}})
        try:
            report = wait_until(lambda: [r for r in [self.json('quarantine', 'check', check=False)] if r['dropped']], 'its age')[0]
        finally:
            self.shared.configure({'quarantine': {'max_age': '7d', 'on_max_age': 'alarm'}})
        self.assertIn(mail, report['aged'])
        self.assertIsNone(self.server.where(qid))
        self.shown(mail, 'state', 'dropped')

    def test_what_is_allowed_with_a_release(self):
        # Of nobody whose mail another test has had held: that would speak against him here.
        others = {attack('', i).mail_from for i in range(7)}
        index = next(i for i in range(7, 100) if attack('', i).mail_from not in others)
        m, qid, mail = self.held('qa08', index)
        self.kith('release', qid, '--allow', '30d', '--reason', 'their new portal')
        self.server.wait_delivered(m.rcpts[0], m.message_id)
        allowed = wait_until(lambda: [a for a in self.shared.kith_json('allow', 'list')['allowances'] if a['id'] == mail],
                             'the allowance')[0]
        self.assertEqual([x.lower() for x in m.rcpts], [x.lower() for x in allowed['rcpts']])
        self.assertTrue(allowed['features'])
        # The like of it between the two: nothing to hold. To somebody else: as before.
        like = attack('qa09', index)
        code, text = self.server.send(like.raw, like.mail_from, like.rcpts, like.client)
        self.assertEqual(250, code, text)
        self.server.wait_delivered(like.rcpts[0], like.message_id)
        other = attack('qa10', index)
        other.rcpts = [next(x for x in e2e.mailboxes() if x not in m.rcpts)]
        code, text = self.server.send(other.raw, other.mail_from, other.rcpts, other.client)
        self.assertEqual(250, code, text)
        self.server.wait_held(e2e.queue_id_of(text))
        self.kith('allow', 'remove', mail)
        wait_until(lambda: not self.shared.kith_json('allow', 'list')['allowances'], 'the allowance to end')


class OnPostfix(Cases, e2e.SiteTest):
    mta = Postfix

    @classmethod
    def sendmail_program(cls):
        return cls.script('sendmail', 'MAIL_CONFIG=%s exec /usr/sbin/sendmail "$@"' % cls.server.etc)

    def mta_options(self):
        return ['--postfix-config', self.server.etc]

    def test_a_report_holds_what_is_still_queued(self):
        m = e2e.genuine('qb01')
        self.server.reload(defer_transports='virtual')
        try:
            _, text = self.server.send(m.raw, m.mail_from, m.rcpts, m.client)
            qid = e2e.queue_id_of(text)
            mail = self.indexed(qid)
            wait_until(lambda: self.server.where(qid) == 'deferred', 'the mail to wait')
            report = ('From: %s\nTo: abuse@%s\nSubject: odd\nMIME-Version: 1.0\nMessage-ID: <report@%s>\n'
                      'Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\n'
                      % (self.admin, e2e.DOMAIN, e2e.DOMAIN)).encode() + m.raw + b'\n--b--\n'
            p = self.kith('report-mail', '--postfix-config', self.server.etc, stdin=report)
            self.assertEqual(0, p.returncode, p.stderr)
            self.assertIn(b'1 put on hold now', p.stdout)
            self.assertEqual(b'', p.stderr)
            self.assertEqual('hold', self.server.where(qid))
        finally:
            self.server.reload(defer_transports='')
        wait_until(lambda: self.shared.kith_json('show', mail)['reports'] == 1, 'the report to be counted')
        self.assertIn(mail, [x['id'] for x in self.shared.kith_json('incident', 'show', mail)['mails']])
        # Only now: this Postfix keeps mail without a sender for no second try.
        p = self.kith('report-mail', '--reply-to-reporter', '--postfix-config', self.server.etc, stdin=report)
        self.assertEqual((0, b''), (p.returncode, p.stderr))
        answer = wait_until(lambda: [x for x in self.server.mailbox(self.admin) if b'Thank you for your report' in x],
                            lambda: 'an answer; log:\n' + self.server.log()[-3000:])[0]
        self.assertIn(b'Mails like it:            1', answer)
        self.kith('release', qid)
        self.server.wait_delivered(m.rcpts[0], m.message_id)

    def let_go(self, qid):
        self.server.run('postsuper', '-c', self.server.etc, '-H', qid)
        self.server.run('postqueue', '-c', self.server.etc, '-i', qid)


class OnSendmail(Cases, e2e.SiteTest):
    mta = Sendmail

    @classmethod
    def sendmail_program(cls):
        cls.script('mailq', 'exec chroot %s /usr/sbin/mailq "$@"' % cls.server.root)
        return cls.script('sendmail', 'exec chroot %s /usr/sbin/sendmail "$@"' % cls.server.root)

    def mta_options(self):
        return ['--sendmail-bin', os.path.join(self.shared.dir, 'bin'),
                '--sendmail-queue', os.path.join(self.server.root, 'var/spool/mqueue')]

    def let_go(self, qid):
        self.server.run('sendmail', '-qQ', '-Q', '-qI' + qid)
        self.server.run('sendmail', '-qI' + qid)


if __name__ == '__main__':
    e2e.main(sendmail.require)
