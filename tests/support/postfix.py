# SPDX-License-Identifier: Apache-2.0
"""A Postfix of one's own, in a temporary directory, for the end-to-end tests and the demo; and an SMTP client with XCLIENT.

Place in the flow: tests/e2e and contrib/demo/play.py send mail through it to kith-milter. It has its own configuration, queue,
data and log, listens on free loopback ports only, runs smtpd and cleanup chrooted as Debian does, and delivers everything: the
site's recipients into Maildirs, every other address into one Maildir `outside`, so no mail ever leaves the machine. A Postfix of
the system is neither read nor touched. Needs root, because Postfix does. Covered by tests/e2e/postfix_test.py.
"""

import json
import os
import pwd
import grp
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from saslauthd import Saslauthd, configuration  # noqa: E402
from waiting import wait_until  # noqa: E402

# master.cf as Debian ships it (chroot column y), without the services that a test never needs.
MASTER = """\
127.0.0.1:{port} inet n - {chroot} - 100 smtpd
127.0.0.1:{submission} inet n - {chroot} - 100 smtpd
  -o syslog_name=postfix/submission
  -o milter_macro_daemon_name=ORIGINATING
pickup    unix  n - {chroot} 60 1 pickup
cleanup   unix  n - {chroot} - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - {chroot} - - trivial-rewrite
bounce    unix  - - {chroot} - 0 bounce
defer     unix  - - {chroot} - 0 bounce
trace     unix  - - {chroot} - 0 bounce
verify    unix  - - {chroot} - 1 verify
flush     unix  n - {chroot} 1000? 0 flush
proxymap  unix  - - n - - proxymap
showq     unix  n - {chroot} - - showq
error     unix  - - {chroot} - - error
retry     unix  - - {chroot} - - error
discard   unix  - - {chroot} - - discard
smtp      unix  - - {chroot} - - smtp
virtual   unix  - n n - - virtual
anvil     unix  - - {chroot} - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""

MAIN = """\
compatibility_level = 3.6
config_directory = {base}/etc
queue_directory = {base}/spool
data_directory = {base}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {base}/log/mail.log
maillog_file_prefixes = {base}
myhostname = {myhostname}
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = all
smtpd_peername_lookup = no
smtpd_relay_restrictions = check_client_access static:OK, reject_unauth_destination
smtpd_recipient_restrictions =
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_timeout = 60s
smtpd_banner = $myhostname ESMTP
strict_smtputf8 = no
smtputf8_enable = yes
enable_long_queue_ids = yes
virtual_mailbox_domains = {domains}
virtual_mailbox_base = {base}/mail
virtual_mailbox_maps = texthash:{base}/etc/mailboxes, regexp:{base}/etc/outside
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
default_transport = virtual
smtpd_milters = {milter}
non_smtpd_milters = {milter}
milter_protocol = 6
milter_default_action = {default_action}
milter_connect_timeout = {timeout}s
milter_command_timeout = {timeout}s
milter_content_timeout = {timeout}s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
notify_classes =
bounce_queue_lifetime = 0
"""


class Unavailable(Exception):
    """Postfix cannot be run here; the message says what to do about it."""


def require():
    """Raises Unavailable when there is no Postfix or no right to run one."""
    if not shutil.which('postfix', path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin'):
        raise Unavailable(
            'Postfix is not installed: apt-get install postfix (its system instance need not run)'
        )
    if os.geteuid() != 0:
        raise Unavailable('Postfix only starts as root: run this with sudo')
    for kind, get, name in (('user', pwd.getpwnam, 'postfix'), ('group', grp.getgrnam, 'postdrop')):
        try:
            get(name)
        except KeyError:
            raise Unavailable(
                'no %s %s: the postfix package is not set up; try dpkg-reconfigure postfix' % (kind, name)
            ) from None


def free_ports(n):
    """n different free loopback ports"""
    socks = []
    try:
        for _ in range(n):
            s = socket.socket()
            s.bind(('127.0.0.1', 0))
            socks.append(s)
        return [s.getsockname()[1] for s in socks]
    finally:
        for s in socks:
            s.close()


class Smtp(smtplib.SMTP):
    """SMTP client that can speak for another client (Postfix's XCLIENT) and hands over bytes as they are, lines ended by CRLF:
    Debian's Sendmail, and Postfix from 3.9 on, refuse a bare LF."""

    def xclient(self, addr=None, name=None, helo=None, login=None):
        """Makes the server believe in another client and log-in; greets again as `helo`."""
        if self.helo_resp is None and self.ehlo_resp is None:
            self.ehlo()
        args = []
        for key, value in (
            ('ADDR', ('IPV6:' + addr) if addr and ':' in addr else addr),
            ('NAME', name if name != 'unknown' else '[UNAVAILABLE]'),
            ('LOGIN', login),
        ):
            if value is not None:
                args.append('%s=%s' % (key, value))
        code, text = self.docmd('XCLIENT', ' '.join(args))
        if code != 220:
            raise smtplib.SMTPResponseException(code, text)
        self.local_hostname = helo or 'client.test'
        self.ehlo_resp = self.helo_resp = None
        self.ehlo()

    def send_raw(self, mail_from, rcpts, raw):
        """One transaction; (code, text) of the first refused command, else of the end of data. Never raises for a refusal."""
        code, text = self.docmd(
            'MAIL', 'FROM:<%s>%s' % (mail_from, ' BODY=8BITMIME' if self.has_extn('8bitmime') else '')
        )
        if code != 250:
            self.rset()
            return code, text.decode('utf-8', 'replace')
        for r in rcpts:
            code, text = self.docmd('RCPT', 'TO:<%s>' % r)
            if code not in (250, 251):
                self.rset()
                return code, text.decode('utf-8', 'replace')
        code, text = self.data(re.sub(rb'(?<!\r)\n', b'\r\n', raw))
        return code, text.decode('utf-8', 'replace')


def queue_id_of(reply):
    """the queue id in "2.0.0 Ok: queued as ID" (Postfix) and "2.0.0 ID Message accepted for delivery" (Sendmail), else None"""
    found = re.search(r'queued as (\S+)|(\S+) Message accepted for delivery', reply)
    return found and (found[1] or found[2])


def overridden(main, extra):
    """main.cf with `extra` in place of what it sets again: Postfix warns of a key that is there twice, and postlogd that
    warns before it reads waits for itself"""
    keys = {line.split('=')[0].strip() for line in extra.splitlines() if '=' in line and line[:1].strip()}
    kept, dropping = [], False
    for line in main.splitlines(keepends=True):
        if line[:1].strip():  # else it continues the line before
            dropping = line.split('=')[0].strip() in keys
        if not dropping:
            kept.append(line)
    return ''.join(kept) + extra


class Mailboxes:
    """What is asked of any mail server of the tests; it has mailbox(), where() and log()."""

    def find(self, address, message_id):
        """the mail with that Message-ID in a mailbox, None when it is not there"""
        needle = message_id.encode()
        return next((m for m in self.mailbox(address) if needle in m.split(b'\n\n', 1)[0]), None)

    def wait_delivered(self, address, message_id, seconds=20.0):
        return wait_until(
            lambda: self.find(address, message_id),
            lambda: 'mail %s in mailbox %s; log:\n%s' % (message_id, address, self.log()[-3000:]),
            seconds,
        )

    def wait_held(self, queue_id, seconds=20.0):
        return wait_until(
            lambda: self.where(queue_id) == 'hold',
            lambda: '%s in the hold queue; log:\n%s' % (queue_id, self.log()[-3000:]),
            seconds,
        )


class Postfix(Mailboxes):
    """Use as a context manager: started and ready inside, stopped and removed after.

    domains, mailboxes: what the site accepts; a mailbox user@domain is the Maildir mail/user@domain. milter: "" or as in
    smtpd_milters ("unix:kith/kith.sock" is below the queue directory, self.spool). keep: leave the directory behind. extra, services:
    more lines of main.cf and master.cf. logins: {login: password} for SMTP AUTH; without any there is none.
    """

    def __init__(
        self,
        domains,
        mailboxes,
        milter='',
        default_action='tempfail',
        myhostname=None,
        timeout=20,
        chroot=True,
        keep=False,
        extra='',
        services='',
        logins=None,
    ):
        require()
        self.domains, self.mailboxes, self.milter, self.default_action = (
            list(domains),
            list(mailboxes),
            milter,
            default_action,
        )
        self.myhostname, self.timeout, self.chroot, self.keep, self.extra = (
            myhostname or 'mx.' + self.domains[0],
            timeout,
            chroot,
            keep,
            extra,
        )
        self.base = tempfile.mkdtemp(prefix='kith-mta-')
        os.chmod(self.base, 0o755)
        self.etc, self.spool, self.maildirs, self.log_file = (
            os.path.join(self.base, x) for x in ('etc', 'spool', 'mail', 'log/mail.log')
        )
        self.kith_socket = os.path.join(self.spool, 'kith/kith.sock')
        self.port, self.submission = free_ports(2)
        self.running = False
        self.services, self.saslauthd = services, None
        self._write()
        if logins:
            self._authenticate(logins)

    def _write(self):
        owner, nobody = pwd.getpwnam('postfix'), pwd.getpwnam('nobody')
        for d in ('etc', 'spool', 'data', 'log', 'mail', 'spool/etc', 'spool/kith'):
            os.makedirs(os.path.join(self.base, d), exist_ok=True)
        os.chown(os.path.join(self.base, 'data'), owner.pw_uid, owner.pw_gid)
        os.chown(os.path.join(self.base, 'mail'), nobody.pw_uid, nobody.pw_gid)
        os.chown(os.path.join(self.spool, 'kith'), 0, owner.pw_gid)
        os.chmod(os.path.join(self.spool, 'kith'), 0o750)
        for name in ('services', 'localtime', 'resolv.conf', 'nsswitch.conf', 'hosts'):
            if os.path.exists('/etc/' + name):
                shutil.copy('/etc/' + name, os.path.join(self.spool, 'etc', name))
        with open(os.path.join(self.etc, 'mailboxes'), 'w', encoding='utf-8') as f:
            f.writelines('%s %s/\n' % (m, m) for m in self.mailboxes)
        with open(os.path.join(self.etc, 'outside'), 'w') as f:
            own = '|'.join(d.replace('.', '\\.') for d in self.domains)
            f.write('if !/@(%s)$/\n/./ outside/\nendif\n' % own)
        fill = dict(
            base=self.base,
            myhostname=self.myhostname,
            domains=' '.join(self.domains),
            uid=nobody.pw_uid,
            gid=nobody.pw_gid,
            milter=self.milter,
            default_action=self.default_action,
            timeout=self.timeout,
        )
        with open(os.path.join(self.etc, 'main.cf'), 'w') as f:
            f.write(overridden(MAIN.format(**fill), self.extra))
        with open(os.path.join(self.etc, 'master.cf'), 'w') as f:
            f.write(
                MASTER.format(port=self.port, submission=self.submission, chroot='y' if self.chroot else 'n')
                + self.services
            )

    def _authenticate(self, logins):
        """SMTP AUTH by Cyrus SASL, as Debian's Postfix does it"""
        inside = '/sasl/mux' if self.chroot else os.path.join(self.spool, 'sasl/mux')
        os.mkdir(os.path.join(self.etc, 'sasl'))
        with open(os.path.join(self.etc, 'sasl/smtpd.conf'), 'w') as f:
            f.write(configuration(inside))
        with open(os.path.join(self.etc, 'main.cf'), 'a') as f:
            f.write('smtpd_sasl_auth_enable = yes\ncyrus_sasl_config_path = %s/sasl\n' % self.etc)
        self.saslauthd = Saslauthd(os.path.join(self.spool, 'sasl/mux'), logins)

    def run(self, *argv, check=True, stdin=None):
        """a Postfix command for this instance; returns its standard output"""
        env = dict(os.environ, MAIL_CONFIG=self.etc, PATH=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
        p = subprocess.run(
            argv, env=env, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60
        )
        if check and p.returncode:
            raise RuntimeError(
                '%s: exit %d: %s\n%s'
                % (' '.join(argv), p.returncode, p.stderr.decode('utf-8', 'replace'), self.log()[-2000:])
            )
        return p.stdout.decode('utf-8', 'replace')

    def start(self):
        if self.saslauthd:
            self.saslauthd.start()
        try:
            self.run('postfix', '-c', self.etc, 'start')
            self.running = True
            for port in (self.port, self.submission):
                wait_until(
                    lambda port=port: self._greets(port),
                    lambda: 'Postfix to greet on port %d; its log:\n%s' % (port, self.log()[-2000:]),
                    30,
                )
        except BaseException:
            self.stop()
            raise
        return self

    def _greets(self, port):
        try:
            with socket.create_connection(('127.0.0.1', port), 5) as s:
                s.settimeout(5)
                return s.recv(200).startswith(b'220')
        except OSError:
            return False

    def stop(self):
        """stops and removes everything; safe to call twice"""
        if self.running:
            pid = self._master_pid()
            self.run('postfix', '-c', self.etc, 'stop', check=False)
            if pid:
                try:
                    wait_until(lambda: not os.path.exists('/proc/%d' % pid), 'Postfix to stop', 10)
                except TimeoutError:
                    os.killpg(pid, signal.SIGKILL)
            self.running = False
        if self.saslauthd:
            self.saslauthd.stop()
            self.saslauthd = None
        if not self.keep:
            shutil.rmtree(self.base, ignore_errors=True)

    def _master_pid(self):
        try:
            with open(os.path.join(self.spool, 'pid/master.pid')) as f:
                return int(f.read())
        except (OSError, ValueError):
            return None

    __enter__ = start

    def __exit__(self, *exc):
        self.stop()

    def reload(self, **settings):
        """sets main.cf parameters and reloads; new smtpd processes see them"""
        self.run('postconf', '-c', self.etc, '-e', *('%s=%s' % x for x in settings.items()))
        self.run('postfix', '-c', self.etc, 'reload')

    def pick_up(self):
        """has what sendmail(1) or postsuper -r left in the maildrop queue picked up at once; back when it is gone from there"""
        maildrop = os.path.join(self.spool, 'maildrop')

        def empty():
            # pickup may hang up before it has read why it is woken: that is no failure
            self.run('postkick', '-c', self.etc, 'public', 'pickup', 'W', check=False)
            return not os.listdir(maildrop)

        wait_until(empty, lambda: 'the maildrop queue to be empty; log:\n' + self.log()[-3000:])

    # -- looking -----------------------------------------------------------------------------------------------------

    def log(self):
        try:
            with open(self.log_file, encoding='utf-8', errors='replace') as f:
                return f.read()
        except OSError:
            return ''

    def queue(self):
        """every message in the queue, as `postqueue -j` tells it"""
        return [json.loads(x) for x in self.run('postqueue', '-c', self.etc, '-j').splitlines() if x.strip()]

    def where(self, queue_id):
        """the queue a message is in ("hold", "active", "deferred" ...), None when it has left"""
        return next((q['queue_name'] for q in self.queue() if q['queue_id'] == queue_id), None)

    def mailbox(self, address):
        """the mails in a mailbox, as bytes"""
        out = []
        for sub in ('new', 'cur'):
            d = os.path.join(self.maildirs, address, sub)
            if os.path.isdir(d):
                for name in sorted(os.listdir(d)):
                    with open(os.path.join(d, name), 'rb') as f:
                        out.append(f.read())
        return out

    # -- sending -----------------------------------------------------------------------------------------------------

    def connect(self, client=None, login=None, submission=False, timeout=60):
        """an Smtp session; client {"addr","name","helo"} and login through XCLIENT"""
        s = Smtp(timeout=timeout)
        s.connect('127.0.0.1', self.submission if submission else self.port)
        if client or login:
            client = client or {}
            s.xclient(client.get('addr'), client.get('name'), client.get('helo'), login)
        else:
            s.ehlo('client.test')
        return s

    def send(self, raw, mail_from, rcpts, client=None, login=None, submission=False):
        """one mail over a connection of its own; (code, text)"""
        s = self.connect(client, login, submission)
        try:
            return s.send_raw(mail_from, rcpts, raw)
        finally:
            try:
                s.quit()
            except smtplib.SMTPException:
                s.close()
