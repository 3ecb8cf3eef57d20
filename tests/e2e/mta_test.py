# SPDX-License-Identifier: Apache-2.0
"""The same cases through a real Postfix and a real Sendmail: what became of the mail, and one right record of it in the journal.

The first line of a test's description is its row in README.md's table of mail servers; the lint mail_servers compares them. What
a server does not have is a test of that: should a later version have it, the test fails and the row must change.
"""

import email.utils
import os
import re
import smtplib
import threading
import unittest

import e2e
from e2e import Mail, attack, genuine, headers_of, outbound, wait_until
from postfix import Postfix, free_ports
import sendmail
from sendmail import Sendmail, loopback_of
from smtp_sink import Sink

PASSWORD = 'correct horse'
# What is unusual among one in ten of the mails that want something is answered 451 once, nothing is held; this host is outside.
DELAYING = {
    'budget': {'holds_per_1000': 0, 'delays_per_1000': 100, 'tags_per_1000': 100},
    'site': {'networks': ['10.0.0.0/8']},
}
BACK = {
    'budget': dict(e2e.LEARNED_FAST['budget'], delays_per_1000=0),
    'site': {'networks': ['127.0.0.0/8', '::1/128']},
}
# Lines that a server could spoil: 8 bits, dots, blanks at the end, empty ones, a long one.
BODY = 'Grüße\n.\n..two\n.dot\nblanks  \t \n\n\n' + 'x' * 900 + '\n-- \nthe end\n'


def difficult(tag, mail_from, rcpts, client, more=b''):
    """a mail of such lines"""
    mid = '%s@mail.test' % tag
    head = (
        'From: %s\nTo: %s\nSubject: Grüße\nDate: %s\nMessage-ID: <%s>\nMIME-Version: 1.0\n'
        'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n'
        % (mail_from, ', '.join(rcpts), email.utils.formatdate(), mid)
    )
    return Mail(head.encode() + more + BODY.encode(), mail_from, rcpts, client, mid)


def body_of(raw):
    return raw.split(b'\n\n', 1)[1]


def fields_of(raw):
    """a mail's header fields as bytes, folded as they are; not those that servers and kith add"""
    fields = re.findall(rb'(?m)^(?:[^\s:]+:.*\n(?:[ \t].*\n)*)', raw.split(b'\n\n', 1)[0] + b'\n')
    added = (b'received:', b'return-path:', b'delivered-to:', b'x-original-to:', b'x-kith-')
    return [x for x in fields if not x.lower().startswith(added)]


class Cases:
    """What both servers have; a subclass says which and is a TestCase."""

    mta = None

    @classmethod
    def setUpClass(cls):
        cls.logins = {outbound('login').login: PASSWORD}
        cls.shared = cls.make()
        cls.shared.start()
        cls.addClassCleanup(cls.shared.stop)
        cls.server = cls.shared.mta

    @classmethod
    def make(cls, **kw):
        kw.setdefault('settings', e2e.LEARNED_FAST)
        options = dict(kw.pop('mta_options', {}), logins=cls.logins)
        return e2e.kith_site.Site(
            e2e.BUILD, [e2e.DOMAIN], e2e.mailboxes() + ['jörg@' + e2e.DOMAIN], mta=cls.mta, mta_options=options,
            seed_state=e2e.trained_state(), **kw
        )

    def other_site(self, **kw):
        site = self.make(**kw)
        site.start()
        self.addCleanup(site.stop)
        return site

    def configure(self, settings):
        self.shared.configure(settings)
        self.shared.reload()

    # -- what was recorded -------------------------------------------------------------------------------------------

    def records(self, message_id, n=1, site=None):
        """the mail's records, oldest first, once the learner has everything that the milter answered; there must be n"""
        site = site or self.shared
        site.seen = getattr(site, 'seen', {})

        def found():
            return [r for r in site.seen.values() if r['message_id'].strip('<>') == message_id.strip('<>')]

        def complete():
            with open(site.milter.log_file, encoding='utf-8', errors='replace') as f:
                answered = sum(' verdict=' in x and ' id=-' not in x for x in f)
            for m in site.kith_json('list', '--all', '--limit', '1000')['mails']:
                if not m['imported'] and m['id'] not in site.seen:
                    site.seen[m['id']] = site.kith_json('show', m['id'])
            return len(site.seen) >= answered and len(found()) >= n

        wait_until(complete, lambda: '%d records of %s; the milter\'s log:\n%s\nthe learner\'s:\n%s' % (
            n, message_id, site.milter.log()[-2000:], site.learner.log()[-1000:]))
        found = found()
        self.assertEqual(n, len(found), [(r['id'], r['queue_id'], r['action']) for r in found])
        return sorted(found, key=lambda r: (r['journal']['segment'], r['journal']['offset']))

    def assert_record(self, record, mail, action='accepted', **more):
        want = dict(mail_from=mail.mail_from, rcpts=mail.rcpts, auth_user=mail.login or '', action=action, degraded='',
                    host=self.server.myhostname, **more)
        if 'client' in want:
            want['client'] = {'tls_version': '', 'cipher': '', **want['client']}
        self.assertEqual(want, {k: record[k] for k in want})

    def delivered(self, mail, rcpt=None):
        """the mail as delivered: whole, once"""
        rcpt = rcpt or mail.rcpts[0]
        got = self.server.wait_delivered(rcpt, mail.message_id)
        self.assertEqual(body_of(mail.raw).rstrip(b'\n'), body_of(got).rstrip(b'\n'))
        self.assertEqual(1, sum(mail.message_id.encode() in x for x in self.server.mailbox(rcpt)))
        return got

    # -- sending -----------------------------------------------------------------------------------------------------

    def send(self, mail, code=250):
        """queue id of an accepted mail"""
        s = self.server.connect(mail.client, submission=mail.login is not None)
        if mail.login:
            s.login(mail.login, PASSWORD)
        got, text = s.send_raw(mail.mail_from, mail.rcpts, mail.raw)
        s.quit()
        self.assertEqual(code, got, text)
        return e2e.queue_id_of(text)

    def command_line(self, mail):
        """what programs on the server use"""
        raise NotImplementedError

    def run_command_line_queue(self):
        """tries again what sendmail(1) could not hand over"""
        raise NotImplementedError

    def local(self, tag):
        """a mail of a program on the server"""
        mid = 'cron-%s@%s' % (tag, e2e.DOMAIN)
        box, sender = e2e.mailboxes()[1], e2e.mailboxes()[0]
        raw = 'From: %s\nTo: %s\nSubject: backup\nMessage-ID: <%s>\n\n' % (sender, box, mid)
        return Mail(raw.encode() + b'all is well\n.\nreally\n', sender, [box], None, mid)

    def difficult(self, tag, **more):
        return difficult(tag, 'new@stranger.example', [e2e.mailboxes()[3]],
                         {'addr': '192.0.2.9', 'name': 'mx.stranger.example', 'helo': 'mx.stranger.example'}, **more)

    # -- the cases ---------------------------------------------------------------------------------------------------

    def test_a_genuine_mail(self):
        """genuine mail: delivered whole, `pass`; client, HELO, queue id recorded"""
        m = genuine('fa01')
        qid = self.send(m)
        got = self.delivered(m)
        self.assertEqual(['pass'], headers_of(got, 'X-Kith-Verdict'))
        record, = self.records(m.message_id)
        self.assert_record(record, m, verdict='pass', queue_id=qid, direction='inbound', client=self.client_of(m))
        self.assertEqual([record['id']], headers_of(got, 'X-Kith-Id'))

    def client_of(self, mail):
        return mail.client

    def test_a_mail_that_does_not_fit(self):
        """mail that does not fit, from a client without a name: held"""
        m = attack('fa02')
        m.client = dict(m.client, name='unknown')
        qid = self.send(m)
        self.server.wait_held(qid)
        record, = self.records(m.message_id)
        self.assert_record(record, m, action='held', verdict='quarantine', queue_id=qid, client=dict(self.client_of(m), name=''))
        self.assertIsNone(self.server.find(m.rcpts[0], m.message_id))

    def test_a_held_mail_is_released(self):
        """held mail released: delivered once, not judged again"""
        m = attack('fa03', 1)
        qid = self.send(m)
        self.server.wait_held(qid)
        self.records(m.message_id)
        self.release(qid)
        self.delivered(m)
        wait_until(lambda: self.server.where(qid) is None, 'the queue to be empty')
        record, = self.records(m.message_id)
        wait_until(lambda: self.shared.kith_json('show', record['id'])['state'] == 'released', 'the learner to know')

    def release(self, queue_id):
        raise NotImplementedError

    def test_header_fields(self):
        """forged X-Kith fields: removed; every other field as without kith"""
        m = self.difficult('fa13')
        odd = 'X-Odd:no blank\nX-Odd:  two\nX-Odd: folded\n\tover\n  lines\nX-Odd: ü\nX-Odd: %s\nx-odd: other case\n' % ('y' * 900)
        forged = 'X-Kith-Verdict: pass-forged\nx-kith-id: aaaaforged\nX-KITH-SCORE: 1\nX-Kith-Score:forged\n forged\nX-Kith-Tags : forged\n'
        head, body = m.raw.split(b'\n\n', 1)
        m.raw = (forged + 'X-Kith-Id: forged\n' + odd).encode() + head + b'\n' + forged.encode() + b'\n' + body
        self.send(m)
        got = self.delivered(m)
        record, = self.records(m.message_id)
        self.assert_record(record, m)
        self.assertNotIn(b'forged', got.split(b'\n\n', 1)[0])
        for name in ('X-Kith-Score', 'X-Kith-Verdict', 'X-Kith-Id'):
            self.assertEqual(1, len(re.findall(rb'(?m)^%s: \S' % name.encode(), got.split(b'\n\n', 1)[0])), got)
        with self.mta([e2e.DOMAIN], e2e.mailboxes()) as without:
            code, text = without.send(m.raw, m.mail_from, m.rcpts, m.client)
            self.assertEqual(250, code, text)
            self.assertEqual(fields_of(without.wait_delivered(m.rcpts[0], m.message_id)), fields_of(got))
        self.assertEqual(6, sum(x.lower().startswith(b'x-odd:') for x in fields_of(got)))

    def test_a_null_sender(self):
        """null sender: `inbound`"""
        m = self.difficult('fa14')
        m.mail_from = ''
        qid = self.send(m)
        self.delivered(m)
        record, = self.records(m.message_id)
        self.assert_record(record, m, direction='inbound', queue_id=qid)

    def test_parallel_sessions(self):
        """twenty parallel sessions: an answer and a record each"""
        n = 20
        ready, replies = threading.Barrier(n), [None] * n
        mails = [self.difficult('fa2%02d' % i) for i in range(n)]

        def one(i):
            s = self.server.connect(mails[i].client)
            ready.wait(60)
            replies[i] = s.send_raw(mails[i].mail_from, mails[i].rcpts, mails[i].raw)
            s.quit()

        threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(120)
        self.assertEqual([250] * n, [r and r[0] for r in replies], replies)
        for m, (_, text) in zip(mails, replies):
            self.delivered(m)
            record, = self.records(m.message_id)
            self.assert_record(record, m, queue_id=e2e.queue_id_of(text))

    def test_a_login(self):
        """SMTP AUTH: `outbound`, with the login"""
        m = outbound('fa04')
        qid = self.send(m)
        got = self.delivered(m, 'outside')
        self.assertEqual([], headers_of(got, 'X-Kith-Id'))
        record, = self.records(m.message_id)
        self.assert_record(record, m, direction='outbound', queue_id=qid)
        s = self.server.connect(submission=True)
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            s.login(m.login, 'wrong')
        s.quit()

    def test_sendmail_of_the_command_line(self):
        """sendmail(1): `internal`"""
        m = self.local('fa05')
        self.configure({'mode': 'tag'})  # a person who suddenly writes from the command line may well be held
        self.addCleanup(self.configure, {'mode': 'enforce'})
        self.command_line(m)
        self.delivered(m)
        record, = self.records(m.message_id)
        self.assert_record(record, m, direction='internal')

    def test_a_large_mail(self):
        """3 MiB of 8-bit text: delivered byte by byte"""
        m = self.difficult('fa11', more=e2e.kith_site.noise(3 << 20) + b'\n')
        self.send(m)
        self.delivered(m)
        record, = self.records(m.message_id)
        self.assert_record(record, m)

    def test_a_pipelined_session(self):
        """two pipelined mails, three recipients: a record each"""
        first, second = self.difficult('fa06'), self.difficult('fa07')
        first.rcpts = e2e.mailboxes()[:3]
        s = self.server.connect(first.client)
        self.assertTrue(s.has_extn('pipelining'))

        def envelope(m):
            lines = ['MAIL FROM:<%s> BODY=8BITMIME' % m.mail_from, *('RCPT TO:<%s>' % r for r in m.rcpts), 'DATA']
            return '\r\n'.join(lines).encode() + b'\r\n'

        def data(m):
            return smtplib._quote_periods(m.raw.replace(b'\n', b'\r\n')) + b'.\r\n'

        s.send(envelope(first))
        self.assertEqual([250, 250, 250, 250, 354], [s.getreply()[0] for _ in range(5)])
        s.send(data(first) + envelope(second))
        self.assertEqual([250, 250, 250, 354], [s.getreply()[0] for _ in range(4)])
        s.send(data(second) + b'QUIT\r\n')
        self.assertEqual([250, 221], [s.getreply()[0] for _ in range(2)])
        s.close()
        for m in (first, second):
            for rcpt in m.rcpts:
                self.delivered(m, rcpt)
            record, = self.records(m.message_id)
            self.assert_record(record, m)

    def test_a_delayed_mail(self):
        """kith delays a mail: 451, delivered when it comes again"""
        self.configure(DELAYING)
        self.addCleanup(self.configure, BACK)
        m = attack('fa08', 2)
        self.send(m, 451)
        self.records(m.message_id)
        self.send(m)
        self.delivered(m)
        first, second = self.records(m.message_id, 2)
        self.assert_record(first, m, action='deferred', verdict='tempfail')
        self.assert_record(second, m)

    def test_a_delayed_mail_of_the_command_line(self):
        """kith delays a mail of sendmail(1): it waits in the queue, then delivered"""
        self.configure(DELAYING)
        self.addCleanup(self.configure, BACK)
        m = attack('fa12', 4)
        self.command_line(m)
        self.assertIsNone(self.server.find(m.rcpts[0], m.message_id))
        self.records(m.message_id)
        self.run_command_line_queue()
        self.delivered(m)
        first, second = self.records(m.message_id, 2)
        self.assert_record(first, m, action='deferred', verdict='tempfail')
        self.assert_record(second, m)

    def test_without_kith(self):
        """kith is down, the server told to wait: 451, then delivered"""
        m = genuine('fa09', 3)
        self.shared.milter.stop()
        try:
            self.send(m, 451)
        finally:
            self.shared.start_milter()
        self.records(m.message_id, 0)
        self.send(m)
        self.delivered(m)
        record, = self.records(m.message_id)
        self.assert_record(record, m)

    def test_without_kith_as_recommended(self):
        """kith is down, the server set as in conf/: mail flows unjudged"""
        site = self.other_site(default_action='accept', milter=False)
        m = genuine('fa10', 4)
        code, text = site.mta.send(m.raw, m.mail_from, m.rcpts, m.client)
        self.assertEqual(250, code, text)
        got = site.mta.wait_delivered(m.rcpts[0], m.message_id)
        self.assertEqual([], headers_of(got, 'X-Kith-Id'))


class OnPostfix(Cases, unittest.TestCase):
    mta = Postfix

    def command_line(self, mail):
        self.server.run('sendmail', '-C', self.server.etc, '-i', '-f', mail.mail_from, *mail.rcpts, stdin=mail.raw)

    def run_command_line_queue(self):
        self.server.pick_up()

    def release(self, queue_id):
        self.shared.release(queue_id)

    def test_chunks(self):
        """BDAT (RFC 3030), chunks that cut lines"""
        m = self.difficult('fb01')
        raw = m.raw.replace(b'\n', b'\r\n')
        s = self.server.connect(m.client)
        self.assertTrue(s.has_extn('chunking'))
        self.assertEqual(250, s.docmd('MAIL', 'FROM:<%s> BODY=8BITMIME' % m.mail_from)[0])
        self.assertEqual(250, s.docmd('RCPT', 'TO:<%s>' % m.rcpts[0])[0])
        step = 113
        for at in range(0, len(raw), step):
            piece = raw[at:at + step]
            s.send(b'BDAT %d%s\r\n' % (len(piece), b' LAST' if at + step >= len(raw) else b'') + piece)
            code, text = s.getreply()
            self.assertEqual(250, code, text)
        s.quit()
        self.delivered(m)
        record, = self.records(m.message_id)
        self.assert_record(record, m, queue_id=e2e.queue_id_of(text.decode()))

    def test_utf8_addresses(self):
        """SMTPUTF8 (RFC 6531): sender, recipient, header"""
        client = {'addr': '192.0.2.77', 'name': 'mx.gruen.example', 'helo': 'mx.gruen.example'}
        m = difficult('fb02', 'jürgen@grün.example', ['jörg@' + e2e.DOMAIN], client)
        s = self.server.connect(m.client)
        self.assertTrue(s.has_extn('smtputf8'))
        s.command_encoding = 'utf-8'
        self.assertEqual(250, s.docmd('MAIL', 'FROM:<%s> BODY=8BITMIME SMTPUTF8' % m.mail_from)[0])
        self.assertEqual(250, s.docmd('RCPT', 'TO:<%s>' % m.rcpts[0])[0])
        code, text = s.data(m.raw.replace(b'\n', b'\r\n'))
        self.assertEqual(250, code, text)
        s.quit()
        self.delivered(m)
        record, = self.records(m.message_id)
        self.assert_record(record, m, direction='inbound')
        self.assertEqual('jürgen@xn--grn-ioa.example', record['from'])

    def test_a_held_mail_is_let_go_by_hand(self):
        """held mail let go by hand (`postsuper -H`, `-r`): delivered, not judged again"""
        for i, option in enumerate(('-H', '-r')):
            with self.subTest(option=option):
                m = attack('fb%02d' % (i + 5), 3)
                qid = self.send(m)
                self.server.wait_held(qid)
                self.server.run('postsuper', '-c', self.server.etc, option, qid)
                self.server.run('postqueue', '-c', self.server.etc, '-f')
                self.server.pick_up()
                self.delivered(m)
                record, = self.records(m.message_id)
                self.assert_record(record, m, action='held', queue_id=qid)

    def test_a_content_filter(self):
        """content_filter hands mail back: judged once"""
        back, = free_ports(1)

        def hand_back(mail_from, rcpts, raw):
            with e2e.Smtp('127.0.0.1', back, timeout=60) as s:
                s.ehlo('filter.test')
                code, text = s.send_raw(mail_from, rcpts, raw)
            return '%d %s' % (code, text.splitlines()[0])

        with Sink(hand_back) as sink:
            site = self.other_site(mta_options={
                'extra': 'content_filter = smtp:[127.0.0.1]:%d\n' % sink.port,
                'services': '127.0.0.1:%d inet n - y - - smtpd\n  -o content_filter=\n'
                            '  -o receive_override_options=no_milters\n' % back})
            m = genuine('fb04')
            code, text = site.mta.send(m.raw, m.mail_from, m.rcpts, m.client)
            self.assertEqual(250, code, text)
            got = site.mta.wait_delivered(m.rcpts[0], m.message_id)
            self.assertEqual(1, len(sink.mails()))
        self.assertEqual(1, len(headers_of(got, 'X-Kith-Id')))
        self.assertEqual(1, sum(m.message_id.encode() in x for x in site.mta.mailbox(m.rcpts[0])))
        record, = self.records(m.message_id, site=site)
        self.assert_record(record, m, queue_id=e2e.queue_id_of(text))

    def test_forged_results(self):
        """forged Authentication-Results: taken out by the line in conf/"""
        with open(os.path.join(e2e.ROOT, 'conf/postfix/main.cf.snippet'), encoding='utf-8') as f:
            snippet = f.read()
        line = re.search(r'(?m)^# +(/\^Authentication-Results.*)$', snippet)[1]
        settings = re.findall(r'(?m)^#((?:nested_)?header_checks =.*)$', snippet)
        self.assertEqual(2, len(settings), snippet)
        site = self.make(mta_options={'extra': '\n'.join(settings).replace('/etc/postfix', '$config_directory') + '\n'})
        with open(os.path.join(site.mta.etc, 'forged_results'), 'w', encoding='utf-8') as f:
            f.write(line.replace(r'mx\.example\.com', re.escape(site.mta.myhostname)) + '\n')
        self.addCleanup(site.stop)
        site.start()
        own, m = site.mta.myhostname, self.difficult('fb07')
        forged = (
            'Authentication-Results: %s; forged=pass\nauthentication-results : (a) "%s" 1; forged=pass\n'
            'AUTHENTICATION-RESULTS:\n\t(comment)\n\t%s;\n\tforged=pass\n' % (own, own.upper(), own)
        ).encode()
        attached = b'\n--\n' + forged
        head, body = m.raw.split(b'\n\n', 1)
        m.raw = forged + b'Authentication-Results: other.example; mine=no\n' + head + b'\n' + forged + b'\n' + body + attached
        code, text = site.mta.send(m.raw, m.mail_from, m.rcpts, m.client)
        self.assertEqual(250, code, text)
        head, body = site.mta.wait_delivered(m.rcpts[0], m.message_id).split(b'\n\n', 1)
        self.assertNotIn(b'forged', head)
        self.assertIn(b'\nAuthentication-Results: other.example; mine=no\n', head)
        self.assertIn(attached, body)
        self.assertIn('header_checks keep out', site.kith('doctor', '--postfix-config', site.mta.etc, check=False).stdout)


class OnSendmail(Cases, unittest.TestCase):
    mta = Sendmail

    def command_line(self, mail):
        self.server.run('sendmail', '-i', '-f', mail.mail_from, *mail.rcpts, stdin=mail.raw)

    def run_command_line_queue(self):
        self.server.run('sendmail', '-Ac', '-q')

    def client_of(self, mail):
        return dict(mail.client, addr=loopback_of(mail.client['addr']))

    def release(self, queue_id):
        # This Sendmail lives in a root of its own.
        programs = os.path.join(self.shared.dir, 'sendmail-bin')
        os.makedirs(programs, exist_ok=True)
        for name in ('sendmail', 'mailq'):
            path = os.path.join(programs, name)
            with open(path, 'w', encoding='ascii') as f:
                f.write('#!/bin/sh\nexec chroot %s /usr/sbin/%s "$@"\n' % (self.server.root, name))
            os.chmod(path, 0o755)
        self.shared.kith('release', queue_id, '--sendmail-bin', programs,
                         '--sendmail-queue', os.path.join(self.server.root, 'var/spool/mqueue'))

    def test_the_queue_tells_why(self):
        """the queue's list tells why a mail is held (`mailq -qQ`)"""
        m = attack('fc01', 5)
        qid = self.send(m)
        self.server.wait_held(qid)
        record, = self.records(m.message_id)
        listed = self.server.run('mailq', '-qQ').split(qid, 1)[1]
        self.assertRegex(listed, r'(?s)^.*?<%s>\s+QUARANTINE: .*%s' % (re.escape(m.mail_from), record['id']))
        self.assertNotIn(qid, self.server.run('mailq'))

    def test_what_it_does_not_offer(self):
        s = self.server.connect()
        for name in ('chunking', 'smtputf8'):
            self.assertFalse(s.has_extn(name), name + ': README.md says that there is none')
        s.quit()


if __name__ == '__main__':
    e2e.main(sendmail.require)
