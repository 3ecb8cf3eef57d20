#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kith-accounts behind a real Dovecot and a real Postfix: what is done on accounts is what the journal has, a locked account is
refused and told why, and people log in whatever happens to the service."""
import concurrent.futures
import http.client
import imaplib
import json
import os
import shutil
import signal
import smtplib
import subprocess
import tempfile
import unittest

import e2e
from dovecot import Dovecot, require
from kith_site import Daemon, program
from postfix import free_ports, wait_until

ANNA, BERT = 'anna@halvern.example', 'bert@halvern.example'
LOGINS = {ANNA: 'anna-secret', BERT: 'bert-secret'}
SCRIPT = """require ["fileinto", "imap4flags"];
if header :contains "subject" ["invoice", "password"] {
  addflag "\\\\Seen";
  fileinto "RSS Feeds";
  stop;
}
redirect "collector@outside.example";
"""


def mail(number, sender=ANNA, to='someone@outside.example'):
    return (
        'From: %s\nTo: %s\nMessage-ID: <%s@halvern.example>\nSubject: notes\n'
        'Date: Mon, 30 Nov 2026 10:00:00 +0000\n\nNotes number %s.\n' % (sender, to, number, number)
    ).encode()


class AccountsTest(unittest.TestCase):
    maxDiff = 4000

    def start(self, exporter=True, settings=None, deny=False, service=True, logins=None, whole=None):
        """Dovecot, Postfix with Dovecot's SASL, kith-milter, kith-accounts"""
        self.port = free_ports(1)[0]
        self.dovecot = Dovecot(logins or LOGINS, self.lines() if exporter else '', deny=deny)
        self.addCleanup(self.dovecot.stop)
        extra = 'smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = %s\n' % self.dovecot.sasl
        accounts = {
            'listen': 'inet:%d@127.0.0.1' % self.port,
            'enforce': True,
            'doveadm': self.dovecot.api_url,
            'doveadm_key_file': self.dovecot.api_key_file,
        }
        if deny:
            accounts['deny_file'] = self.dovecot.deny_file
        accounts.update(settings or {})
        self.site = e2e.kith_site.Site(
            e2e.BUILD,
            [e2e.DOMAIN],
            [ANNA, BERT],
            mode='passive',
            settings={'accounts': accounts},
            learner=False,
            mta_options={'chroot': False, 'extra': extra},
        )
        self.addCleanup(self.site.stop)
        self.site.configure({'accounts': {'trouble_file': os.path.join(self.site.dir, 'accounts.trouble')}})
        if whole:
            self.site.configure(whole)
        # The learners make what the others need.
        self.site.learn_now()
        if whole:
            os.makedirs(os.path.join(self.site.state, 'tenants/north'))
            subprocess.run(
                [self.site.learner_program, '--config', self.site.config_file, '--tenant', 'north', '--once', '--stderr'],
                check=True,
                stderr=subprocess.DEVNULL,
            )
        self.dovecot.start()
        self.site.start()
        if service:
            self.start_service()

    def lines(self):
        """the shipped lines for dovecot.conf, with this test's port"""
        with open(os.path.join(e2e.ROOT, 'conf/dovecot/kith-accounts.conf'), encoding='utf-8') as f:
            return f.read().replace(':8417', ':%d' % self.port)

    def start_service(self):
        self.service = Daemon(
            [program(e2e.BUILD, 'kith-accounts'), '--config', self.site.config_file, '--stderr'],
            os.path.join(self.site.dir, 'accounts.log'),
        )
        self.addCleanup(self.service.stop)
        wait_until(
            lambda: ' serving' in ' ' + self.service.log() or not self.service.alive,
            lambda: 'kith-accounts to serve; its log:\n' + self.service.log(),
            30,
        )
        self.assertTrue(self.service.alive, self.service.log())

    # -- what is done ------------------------------------------------------------------------------------------------

    def events(self, journal='journal'):
        out = subprocess.run(
            [
                os.path.join(e2e.BUILD, 'tests/e2e/list_account_events'),
                os.path.join(self.site.state, journal),
            ],
            check=True,
            stdout=subprocess.PIPE,
            timeout=60,
        )
        return [json.loads(x) for x in out.stdout.splitlines()]

    def of_kind(self, kind, **wanted):
        return [
            e for e in self.events() if e['kind'] == kind and all(e[k] == v for k, v in wanted.items())
        ]

    def wait_for(self, kind, number=1, **wanted):
        """so many events, and no more, when the session merger has had its time"""
        return wait_until(
            lambda: len(self.of_kind(kind, **wanted)) >= number and self.of_kind(kind, **wanted),
            lambda: '%d of %s %s; events:\n%s\nservice:\n%s\nDovecot:\n%s'
            % (
                number,
                kind,
                wanted,
                '\n'.join(str(e) for e in self.events()),
                self.service.log()[-2000:],
                self.dovecot.log()[-3000:],
            ),
            30,
        )

    def submit(self, user, source, number):
        """(code, text) of a mail that is submitted with Dovecot's SASL"""
        smtp = smtplib.SMTP(source_address=(source, 0), timeout=60)
        smtp.connect('127.0.0.1', self.site.postfix.submission)
        try:
            smtp.ehlo('client.test')
            smtp.login(user, LOGINS[user])
            smtp.mail(user)
            smtp.rcpt('someone@outside.example')
            return smtp.data(mail(number, user).replace(b'\n', b'\r\n'))
        finally:
            smtp.close()

    def assert_refused(self, user, source):
        with self.assertRaises(imaplib.IMAP4.error) as refused:
            self.dovecot.imap(user, source)
        return str(refused.exception)

    def assert_logs_in(self, user, source):
        session = self.dovecot.imap(user, source)
        session.logout()

    def work_on_mail(self, session):
        """appends five mails, reads two, copies one, moves one to the trash, deletes two"""
        for n in range(5):
            session.append('INBOX', None, None, mail(n).replace(b'\n', b'\r\n'))
        session.create('Trash')
        session.create('Hidden')
        session.select('INBOX')
        self.assertEqual('OK', session.fetch('1:2', '(BODY[])')[0])
        self.assertEqual('OK', session.fetch('1:5', '(FLAGS)')[0])
        self.assertEqual('OK', session.copy('1', 'Hidden')[0])
        self.assertEqual('OK', session.uid('MOVE', '2', 'Trash')[0])
        session.store('1:2', '+FLAGS', '\\Deleted')
        self.assertEqual('OK', session.expunge()[0])
        session.rename('Hidden', 'Hidden2')

    # -- tests -------------------------------------------------------------------------------------------------------

    def write_places(self, file):
        """127.0.0.0/8 lies in Berlin, as far as kith is told"""
        subprocess.run(
            [os.path.join(e2e.BUILD, 'tests/e2e/write_mmdb'), file + '.new', '127.0.0.0/8', 'DE', '64496', '52.52', '13.405'],
            check=True,
            timeout=60,
        )
        os.rename(file + '.new', file)

    def test_a_login_is_recorded_with_its_place_and_none_waits_for_a_database(self):
        directory = tempfile.mkdtemp(prefix='kith-geo-')
        self.addCleanup(shutil.rmtree, directory)
        os.chmod(directory, 0o755)
        places, missing = os.path.join(directory, 'places.mmdb'), os.path.join(directory, 'missing.mmdb')
        self.write_places(places)
        self.start(settings={'mmdb': [missing, places]})
        self.assertIn('missing.mmdb cannot be opened', self.service.log())
        self.assert_logs_in(ANNA, '127.0.0.61')
        code, text = self.submit(ANNA, '127.0.0.61', 'placed')
        self.assertEqual(250, code, text)
        for service in ('imap', 'smtp'):
            login = self.wait_for('login', account=ANNA, service=service)[0]
            self.assertEqual(('DE', 64496), (login['country'], login['asn']), login)

        with open(places, 'w', encoding='ascii') as f:
            f.write('no database')
        self.service.stop()
        self.start_service()
        self.assertIn('places.mmdb is damaged or of another format', self.service.log())
        self.assert_logs_in(BERT, '127.0.0.62')
        self.assertEqual('', self.wait_for('login', account=BERT)[0]['country'])

    def test_what_is_done_is_what_the_journal_has(self):
        self.start()
        session = self.dovecot.imap(ANNA, '127.0.0.11', client='Reader')
        self.work_on_mail(session)
        session._simple_command('SETACL', 'Hidden2', 'user=' + BERT, 'lr')
        session.logout()
        self.assert_logs_in(BERT, '127.0.0.12')
        with self.assertRaises(imaplib.IMAP4.error):
            self.dovecot.imap(ANNA, '127.0.0.13', 'wrong')
        sieve = self.dovecot.sieve(ANNA, '127.0.0.14')
        sieve.put('main', SCRIPT)
        sieve.command('SETACTIVE "main"')
        sieve.close()
        code, text = self.submit(ANNA, '127.0.0.15', 'submitted')
        self.assertEqual(250, code, text)

        self.wait_for('session-end', account=ANNA, service='imap')
        rule = self.wait_for('rule-activated', account=ANNA)[0]
        logins = sorted((e['account'], e['service'], e['client_addr'], e['mechanism']) for e in self.of_kind('login'))
        self.assertEqual(
            [
                (ANNA, 'imap', '127.0.0.11', 'PLAIN'),
                (ANNA, 'managesieve', '127.0.0.14', 'PLAIN'),
                (ANNA, 'smtp', '127.0.0.15', 'PLAIN'),
                (BERT, 'imap', '127.0.0.12', 'PLAIN'),
            ],
            logins,
        )
        self.assertIn('Reader', self.of_kind('login', client_addr='127.0.0.11')[0]['client_id'])
        self.assertEqual(
            [(ANNA, '127.0.0.13', 1)],
            [(e['account'], e['client_addr'], e['repeats']) for e in self.of_kind('login-failed')],
        )
        read = self.of_kind('read')
        self.assertEqual([(ANNA, 'INBOX', 2)], [(e['account'], e['mailbox'], e['messages']) for e in read], read)
        self.assertGreater(read[0]['bytes'], 300)
        self.assertEqual(
            [('INBOX', 'Hidden', 1)],
            [(e['mailbox'], e['to_mailbox'], e['messages']) for e in self.of_kind('copy')],
        )
        self.assertEqual(
            [('INBOX', '', 2), ('INBOX', 'Trash', 1)],
            sorted((e['mailbox'], e['to_mailbox'], e['messages']) for e in self.of_kind('delete')),
        )
        self.assertEqual(
            ['create', 'create', 'rename Hidden2', 'setacl user=%s lr' % BERT],
            sorted(e['detail'] for e in self.of_kind('folder')),
        )
        for e in (self.of_kind('rule-stored')[0], rule):
            self.assertEqual('127.0.0.14', e['client_addr'])
            self.assertEqual(
                {
                    'name': 'main',
                    'redirects': ['collector@outside.example'],
                    'folders': ['RSS Feeds'],
                    'words': 2,
                    'topics': 3,
                    'discards': False,
                    'marks_seen': True,
                    'stops': True,
                    'conditional': True,
                    'understood': True,
                },
                e['rule'],
            )
        self.assertEqual(1, len(self.of_kind('rule-stored')))
        ids = [e['id'] for e in self.events()]
        self.assertEqual(len(set(ids)), len(ids))
        # No event of what kith's own reading of the script did.
        self.assertEqual({ANNA, BERT}, {e['account'] for e in self.events()})

    def test_a_locked_account_is_refused_and_told_why_until_it_is_unlocked(self):
        self.start()
        open_session = self.dovecot.imap(ANNA, '127.0.0.21')
        locked = self.site.kith(
            'account', 'lock', ANNA, '--for', '1h', '--kick', '--reason', 'phishing went out',
            '--postfix-config', self.site.postfix.etc, check=False,
        )
        self.assertIn('locked %s until' % ANNA, locked.stdout)
        self.assertIn('its sessions are ended', locked.stdout, locked.stdout + locked.stderr)
        with self.assertRaises((imaplib.IMAP4.abort, imaplib.IMAP4.error, OSError)):
            open_session.noop()
            open_session.noop()
        wait_until(lambda: self._is_refused(ANNA, '127.0.0.22'), 'the service to see the lock')
        refused = self.wait_for('login-refused', account=ANNA)[0]
        self.assertIn('phishing went out', refused['detail'])
        self.assertIn('phishing went out', self.dovecot.log())
        self.assertRegex(self.assert_refused(ANNA, '127.0.0.22'), r'ALERT.*account locked until .*phishing went out')
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            self.submit(ANNA, '127.0.0.22', 'locked')
        self.assert_logs_in(BERT, '127.0.0.23')
        self.site.kith('account', 'unlock', ANNA)
        wait_until(lambda: not self._is_refused(ANNA, '127.0.0.21'), 'the service to see the end of the lock')

    def test_what_is_delivered_to_an_account_is_nobodys_use_of_it(self):
        self.start()
        self.dovecot.deliver(BERT, mail('delivered', to=BERT))
        self.dovecot.imap(ANNA, '127.0.0.51').logout()
        self.wait_for('session-end', account=ANNA)
        self.assertEqual({ANNA}, {e['account'] for e in self.events()})
        session = self.dovecot.imap(BERT, '127.0.0.52')
        self.assertEqual('1', session.select('INBOX')[1][0].decode())
        session.logout()
        self.wait_for('session-end', account=BERT)

    def test_a_wrong_key_of_doveadm_is_told_at_once_and_the_lock_stands(self):
        wrong = tempfile.NamedTemporaryFile('w', suffix='.key')  # pylint: disable=consider-using-with
        self.addCleanup(wrong.close)
        wrong.write('not-the-key\n')
        wrong.flush()
        os.chmod(wrong.name, 0o644)
        self.start(settings={'doveadm_key_file': wrong.name})
        locked = self.site.kith('account', 'lock', ANNA, '--login', '--kick', check=False)
        self.assertIn('locked %s until' % ANNA, locked.stdout)
        self.assertIn('Dovecot refuses the key', locked.stdout + locked.stderr)
        self.assertIn("has to hold Dovecot's doveadm_api_key", locked.stdout + locked.stderr)

    def _is_refused(self, user, source):
        try:
            self.assert_logs_in(user, source)
            return False
        except imaplib.IMAP4.error:
            return True

    def test_a_locked_accounts_mail_is_held_or_refused_with_the_reason(self):
        self.start()
        self.site.kith('account', 'lock', ANNA, '--outbound', '--reason', 'stolen password', check=False)

        def held():
            code, text = self.submit(ANNA, '127.0.0.31', 'held')
            self.assertEqual(250, code, text)
            queue_id = e2e.queue_id_of(text.decode())
            return self.site.postfix.where(queue_id) == 'hold' and queue_id

        queue_id = wait_until(held, 'the milter to see the lock')
        # Postfix has no place for a reason; the milter's log has.
        self.assertRegex(
            self.site.milter.log(), queue_id + ': account locked until .*: stolen password.*login=%s action=held' % ANNA
        )
        code, text = self.submit(BERT, '127.0.0.32', 'other')
        self.assertEqual(250, code, text)
        self.assertNotEqual('hold', self.site.postfix.where(e2e.queue_id_of(text.decode())))
        self.site.configure({'accounts': {'outbound': 'refuse'}})
        self.site.reload()
        code, text = self.submit(ANNA, '127.0.0.31', 'refused')
        self.assertEqual(550, code)
        self.assertIn(b'Not sent: account locked until', text)
        self.assertIn(b'stolen password', text)

    def reload_service(self):
        """SIGHUP to the service; its line about it"""

        def lines():
            return [x for x in self.service.log().splitlines() if 'reload: configuration' in x]

        before = len(lines())
        self.service.kill(signal.SIGHUP)
        return wait_until(
            lambda: len(lines()) > before and lines()[-1] or not self.service.alive and 'ended',
            lambda: 'kith-accounts to reload; its log:\n' + self.service.log()[-2000:],
        )

    def test_a_reload_takes_a_good_configuration_and_refuses_a_broken_one(self):
        self.start(settings={'enforce': False})
        self.site.kith('account', 'lock', ANNA, '--login', '--reason', 'stolen password', check=False)
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        self.addCleanup(connection.close)

        def status():
            connection.request('POST', '/policy?command=allow', json.dumps({'login': ANNA}))
            return json.loads(connection.getresponse().read())['status']

        wait_until(lambda: status() == 0 and 'would be refused' in self.service.log(), 'the service to see the lock')
        socket = connection.sock

        self.site.configure({'accounts': {'enforce': 'perhaps'}})
        line = self.reload_service()
        self.assertIn('reload: configuration refused, the old one stays', line)
        self.assertIn('accounts.enforce', line)
        self.assertTrue(self.service.alive)
        self.assertEqual(0, status())
        self.assert_logs_in(ANNA, '127.0.0.45')

        self.site.configure({'accounts': {'enforce': True, 'max_connections': 300}})
        line = self.reload_service()
        self.assertIn('reload: configuration taken over', line)
        self.assertIn('needs_restart=accounts.max_connections', line)
        self.assertEqual(-1, status())
        self.assertIs(socket, connection.sock, 'the connection was closed')
        self.assertTrue(self._is_refused(ANNA, '127.0.0.46'))
        self.assert_logs_in(BERT, '127.0.0.46')
        self.wait_for('login', account=BERT, client_addr='127.0.0.46')

        self.site.configure({'accounts': {'enforce': False, 'max_connections': 256}})
        self.assertNotIn('needs_restart', self.reload_service())
        self.assertEqual(0, status())

    def test_a_log_that_a_reload_names_is_followed(self):
        self.start(exporter=False)
        self.site.configure({'accounts': {'log_file': os.path.join(self.dovecot.base, 'dovecot.log')}})
        self.assertIn('taken over', self.reload_service())
        self.assert_logs_in(ANNA, '127.0.0.47')
        self.wait_for('login', account=ANNA, client_addr='127.0.0.47')

    def test_people_log_in_whatever_happens_to_the_service(self):
        self.start()
        self.assert_logs_in(ANNA, '127.0.0.41')
        self.wait_for('login', account=ANNA, client_addr='127.0.0.41')
        self.service.kill(signal.SIGKILL)
        self.service.process.wait(10)
        self.assert_logs_in(ANNA, '127.0.0.42')
        self.start_service()
        self.service.kill(signal.SIGSTOP)  # there, and silent: Dovecot waits its second and goes on
        try:
            self.assert_logs_in(ANNA, '127.0.0.43')
        finally:
            self.service.kill(signal.SIGCONT)
        self.assert_logs_in(ANNA, '127.0.0.44')
        self.wait_for('login', account=ANNA, client_addr='127.0.0.44')

    def test_a_dovecot_that_is_started_again_is_heard_again(self):
        self.start()
        self.assert_logs_in(ANNA, '127.0.0.51')
        self.wait_for('login', account=ANNA, client_addr='127.0.0.51')
        self.dovecot.halt()
        self.dovecot.start()
        self.assert_logs_in(ANNA, '127.0.0.52')
        self.wait_for('login', account=ANNA, client_addr='127.0.0.52')

    def test_a_flood_of_rubbish_keeps_nobody_out(self):
        self.start()

        def flood(_):
            connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
            for n in range(500):
                body = '{' * (n % 3) if n % 2 else json.dumps({'event': 'mail_expunged', 'end_time': 'x' * n})
                connection.request('POST', '/events' if n % 3 else '/policy?command=report', body)
                connection.getresponse().read()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            floods = [pool.submit(flood, n) for n in range(8)]
            for n in range(5):
                self.assert_logs_in(ANNA, '127.0.0.%d' % (61 + n))
            for f in floods:
                f.result()
        for n in range(5):
            self.wait_for('login', account=ANNA, client_addr='127.0.0.%d' % (61 + n))
        self.assertTrue(self.service.alive)
        # Told, but not a line for each.
        self.assertLess(self.service.log().count('cannot be read'), 10)

    def test_without_the_exporter_the_log_tells(self):
        self.start(exporter=False, service=False)
        log_file = os.path.join(self.dovecot.base, 'dovecot.log')
        self.site.configure({'accounts': {'log_file': log_file}})
        self.start_service()
        session = self.dovecot.imap(ANNA, '127.0.0.71')
        self.work_on_mail(session)
        session.logout()
        end = self.wait_for('session-end', account=ANNA)[0]
        self.assertEqual(2, end['messages'])
        self.assertEqual(
            [(ANNA, 'imap', '127.0.0.71')],
            [(e['account'], e['service'], e['client_addr']) for e in self.of_kind('login')],
        )
        deleted = self.of_kind('delete')
        # The log has Message-IDs: what was copied to Hidden and then deleted was moved there.
        self.assertEqual(2, sum(e['messages'] for e in deleted), deleted)
        self.assertEqual(2, sum(e['message_ids'] for e in deleted), deleted)
        self.assertEqual(
            [('INBOX', 'Hidden', 1)],
            [(e['mailbox'], e['to_mailbox'], e['messages']) for e in self.of_kind('copy')],
        )
        os.rename(log_file, log_file + '.1')
        self.assertEqual(0, self.dovecot.doveadm('log', 'reopen')[0])
        with self.assertRaises(imaplib.IMAP4.error):
            self.dovecot.imap(BERT, '127.0.0.72', 'wrong')
        self.wait_for('login-failed', account=BERT, client_addr='127.0.0.72')
        # A restart reads the log's end again; what it tells has the same ids.
        before = {e['id'] for e in self.events()}
        self.service.stop()
        self.start_service()
        self.assert_logs_in(BERT, '127.0.0.73')
        self.wait_for('login', account=BERT, client_addr='127.0.0.73')
        new = {e['id'] for e in self.events()} - before
        self.assertEqual({BERT}, {e['account'] for e in self.events() if e['id'] in new})

    def test_what_happens_on_a_tenants_account_is_the_tenants(self):
        directory = tempfile.mkdtemp(prefix='kith-tenants-')
        self.addCleanup(shutil.rmtree, directory, True)
        with open(os.path.join(directory, 'north.yaml'), 'w', encoding='utf-8') as f:
            f.write('site: {domains: north.example}\n')
        cora = 'cora@north.example'
        self.start(logins={**LOGINS, cora: 'cora-secret'}, whole={'tenants': {'directory': directory}})
        self.assert_logs_in(ANNA, '127.0.0.91')
        self.assert_logs_in(cora, '127.0.0.92')
        self.wait_for('session-end', account=ANNA)
        wait_until(lambda: len(self.events('tenants/north/journal')) == 2, "the tenant's login and its end")
        self.assertEqual({cora}, {e['account'] for e in self.events('tenants/north/journal')})
        self.assertEqual({ANNA}, {e['account'] for e in self.events()})
        # A lock is of the tenant as well.
        refused = self.site.kith('account', 'lock', cora, '--login', check=False)
        self.assertIn('kith --tenant north account lock ' + cora, refused.stderr)
        self.site.kith('--tenant', 'north', 'account', 'lock', cora, '--login', '--reason', 'stolen', check=False)
        wait_until(lambda: self._is_refused(cora, '127.0.0.93'), 'the service to see the lock')
        self.assert_logs_in(ANNA, '127.0.0.93')

    def imapsieve(self):
        """the lines that conf/dovecot/kith-report.sieve gives for dovecot.conf, for this test's user, site and files"""
        script = os.path.join(e2e.ROOT, 'conf/dovecot/kith-report.sieve')
        with open(script, encoding='utf-8') as f:
            head = f.read().split('in dovecot.conf', 1)[1].split('\n', 1)[1].split('require ', 1)[0]
        lines = '\n'.join(line[1:] for line in head.splitlines())
        # Dovecot compiles it beside itself.
        mine = os.path.join(self.dovecot.base, 'etc/kith-report.sieve')
        shutil.copy(script, mine)
        for shipped, here in (
            ('/etc/dovecot/kith-report.sieve', mine),
            (
                '/usr/bin/kith report-mail',
                '%s --config %s report-mail --postfix-config %s'
                % (self.site.kith_program, self.site.config_file, self.site.postfix.etc),
            ),
            ('user = vmail', 'user = nobody'),
        ):
            self.assertIn(shipped, lines)
            lines = lines.replace(shipped, here)
        return lines

    def test_a_mail_moved_to_the_folder_for_reports_is_reported(self):
        self.start(exporter=False, service=False)
        self.dovecot.halt()
        self.dovecot.configure(self.imapsieve())
        self.dovecot.start()
        raw = mail('odd', sender='someone@outside.example', to=ANNA)
        self.site.postfix.send(raw, 'someone@outside.example', [ANNA, BERT])
        self.site.postfix.wait_delivered(ANNA, '<odd@halvern.example>')
        self.site.learn_now()
        session = self.dovecot.imap(ANNA, '127.0.0.95')
        session.create('Reported')
        session.append('INBOX', None, None, raw.replace(b'\n', b'\r\n'))
        session.select('INBOX')
        self.assertEqual('OK', session.uid('MOVE', '1', 'Reported')[0])
        session.logout()

        def reported():
            self.site.learn_now()
            mails = self.site.kith_json('list', '--all')['mails']
            return [m for m in mails if self.site.kith_json('show', m['id'])['reports'] == 1]

        self.assertEqual(1, len(wait_until(reported, lambda: 'the report; Dovecot:\n' + self.dovecot.log()[-3000:], 30)))
        self.assertNotIn('failed to pipe', self.dovecot.log())

    def test_the_deny_file_refuses_without_the_policy(self):
        self.start(exporter=False, deny=True, service=False)
        self.site.kith('account', 'lock', ANNA, '--login', check=False)
        self.assert_refused(ANNA, '127.0.0.81')
        self.assert_logs_in(BERT, '127.0.0.81')
        self.site.kith('account', 'unlock', ANNA)
        wait_until(lambda: not self._is_refused(ANNA, '127.0.0.81'), 'Dovecot to read the list again')


if __name__ == '__main__':
    e2e.main(require)
