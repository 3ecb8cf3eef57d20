# SPDX-License-Identifier: Apache-2.0
"""A Sendmail of one's own, in a temporary directory, for the end-to-end tests: the counterpart of postfix.py.

It runs Debian's Sendmail, as contrib/fetch-sendmail unpacked it, in a root directory of its own: with an /etc/hosts that tests give
names to, a configuration that m4 makes of Debian's macros and the line of conf/sendmail/kith.m4, and queues. It listens on free
loopback ports only and hands every mail to a sink in this process. Needs root. Covered by tests/e2e/mta_test.py.
"""

import glob
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import zlib

from postfix import Mailboxes, Smtp, Unavailable, free_ports, wait_until
from saslauthd import Saslauthd, configuration
from smtp_sink import Sink

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNPACKED = os.environ.get('KITH_SENDMAIL', os.path.join(ROOT, 'build/sendmail'))
PROGRAM = 'usr/libexec/sendmail/sendmail'
KITH_LINE = os.path.join(ROOT, 'conf/sendmail/kith.m4')
KITH_SOCKET = 'S=local:/run/kith/kith.sock'
SASL_PLUGINS = ('libplain.so', 'liblogin.so')
SMMSP = 989  # user and group of sendmail(1)'s queue, in the root directory only

COMMON = """\
divert(-1)
include(`{cf}/m4/cf.m4')
OSTYPE(`linux')
define(`confDOMAIN_NAME', `{myhostname}')
define(`confTO_IDENT', `0')
define(`confTO_QUEUEWARN', `')
define(`confDEF_USER_ID', `65534:65534')
define(`confQUEUE_LA', `10000')
define(`confREFUSE_LA', `10000')
define(`confDELAY_LA', `0')
define(`confDONT_PROBE_INTERFACES', `True')
define(`confCW_FILE', `-o /etc/mail/none')
define(`confCT_FILE', `-o /etc/mail/none')
define(`confMIN_QUEUE_AGE', `0')
FEATURE(`nocanonify')
"""

# What comes is accepted from anybody for anybody, as smtpd_relay_restrictions does for the Postfix of the tests.
MTA = COMMON + """\
define(`ALIAS_FILE', `')
define(`LOCAL_MAILER_PATH', `/bin/false')
define(`confRUN_AS_USER', `root')
define(`confTRUSTED_USER', `root')
define(`QUEUE_DIR', `/var/spool/mqueue')
define(`confPID_FILE', `/run/sendmail.pid')
define(`STATUS_FILE', `/var/lib/sendmail.st')
define(`HELP_FILE', `/etc/mail/none')
define(`SMART_HOST', `relay:[127.0.0.1]')
define(`RELAY_MAILER_ARGS', `TCP $h {sink}')
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')
define(`confTO_COMMAND', `60s')
RELAY_DOMAIN(`127')
FEATURE(`accept_unresolvable_domains')
FEATURE(`accept_unqualified_senders')
FEATURE(`no_default_msa')
DAEMON_OPTIONS(`Name=MTA, Family=inet, Addr=127.0.0.1, Port={port}')
DAEMON_OPTIONS(`Name=MSA, Family=inet, Addr=127.0.0.1, Port={submission}, M=E')
{milter}
MAILER(`local')
MAILER(`smtp')
"""

# What sendmail(1) uses: a queue of its own, from which mail goes to the server by SMTP, as Debian has it.
MSP = COMMON + """\
define(`MSP_QUEUE_DIR', `/var/spool/mqueue-client')
define(`STATUS_FILE', `/var/spool/mqueue-client/sm-client.st')
define(`RELAY_MAILER_ARGS', `TCP $h {port}')
FEATURE(`msp', `[127.0.0.1]')
"""


def libraries(program):
    """([paths of the shared libraries it needs], [names of those that are not there])"""
    p = subprocess.run(['ldd', program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    out = p.stdout.decode('utf-8', 'replace')
    return re.findall(r'(/\S+) \(0x', out), re.findall(r'(\S+) => not found', out)


def sasl_plugins():
    """paths of the mechanisms' plugins for Cyrus SASL"""
    found = []
    for folder in sorted(glob.glob('/usr/lib/*/sasl2')):
        found += [os.path.join(folder, name) for name in SASL_PLUGINS if os.path.exists(os.path.join(folder, name))]
    return found


def require():
    """Raises Unavailable when there is no Sendmail or no right to run one."""
    program = os.path.join(UNPACKED, PROGRAM)
    if not os.access(program, os.X_OK):
        raise Unavailable(
            'no Sendmail at %s: contrib/fetch-sendmail unpacks one (contrib/check does it)' % program
        )
    if not shutil.which('m4'):
        raise Unavailable("m4 is not installed, which makes Sendmail's configuration: apt-get install m4")
    if len(sasl_plugins()) < len(SASL_PLUGINS):
        raise Unavailable('no SASL plugins for PLAIN and LOGIN: apt-get install libsasl2-modules')
    if os.geteuid() != 0:
        raise Unavailable('a Sendmail in a root directory of its own only starts as root: run this with sudo')
    missing = libraries(program)[1]
    if missing:
        raise Unavailable('Sendmail lacks %s: contrib/check --packages installs it' % ', '.join(missing))


class Sendmail(Mailboxes):
    """Use as a context manager: started and ready inside, stopped and removed after. The parameters and what a test may ask are
    those of Postfix in postfix.py, as far as both have it."""

    def __init__(self, domains, mailboxes, milter='', default_action='tempfail', myhostname=None, keep=False, logins=None):
        require()
        self.domains, self.mailboxes, self.keep = list(domains), list(mailboxes), keep
        self.milter, self.default_action = milter, default_action
        self.myhostname = myhostname or 'mx.' + self.domains[0]
        self.base = tempfile.mkdtemp(prefix='kith-mta-')
        os.chmod(self.base, 0o755)
        self.root = os.path.join(self.base, 'root')
        self.kith_socket = os.path.join(self.root, 'run/kith/kith.sock')
        self.port, self.submission = free_ports(2)
        self.sink = Sink()
        self.saslauthd = Saslauthd(os.path.join(self.root, 'run/saslauthd/mux'), logins or {})
        self.process = None
        self.names = {}
        self._populate()
        self._configure()

    def _populate(self):
        for d, mode, owner in (
            ('etc/mail', 0o755, 0), ('etc/sasl2', 0o755, 0), ('dev', 0o755, 0), ('run/kith', 0o750, 0), ('tmp', 0o1777, 0),
            ('var/lib', 0o755, 0), ('var/spool/mqueue', 0o700, 0), ('var/spool/mqueue-client', 0o2770, SMMSP),
            ('usr/sbin', 0o755, 0), ('usr/libexec/sendmail', 0o755, 0),
        ):
            path = os.path.join(self.root, d)
            os.makedirs(path)
            os.chown(path, owner, owner)
            os.chmod(path, mode)
        program = os.path.join(UNPACKED, PROGRAM)
        plugins = sasl_plugins()
        for source in {x for p in [program, *plugins] for x in libraries(p)[0]} | set(plugins):
            target = self.root + source
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(source, target)
        shutil.copy(program, os.path.join(self.root, PROGRAM))
        for name in ('sendmail', 'mailq'):
            os.symlink('/' + PROGRAM, os.path.join(self.root, 'usr/sbin', name))
        self._put('dev/null', '')
        self._put('etc/passwd', 'root:x:0:0::/:/bin/sh\nsmmsp:x:%d:%d::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\n'
                  % (SMMSP, SMMSP))
        self._put('etc/group', 'root:x:0:\nsmmsp:x:%d:\nnogroup:x:65534:\n' % SMMSP)
        self._put('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files\n')
        self._put('etc/mail/service.switch', 'hosts files\naliases files\n')
        self._put('etc/sasl2/Sendmail.conf', configuration('/run/saslauthd/mux'))
        self._name_hosts()

    def _name_hosts(self):
        known = ''.join('%s %s\n' % x for x in self.names.items() if x[1] != 'unknown')
        self._put('etc/hosts', '127.0.0.1 %s localhost\n' % self.myhostname + known)

    def _configure(self):
        fill = dict(
            cf=os.path.join(UNPACKED, 'usr/share/sendmail/cf'),
            myhostname=self.myhostname,
            sink=self.sink.port,
            port=self.port,
            submission=self.submission,
            milter=self._milter_line(),
        )
        for name, text in (('sendmail', MTA), ('submit', MSP)):
            p = subprocess.run(['m4', '-D_CF_DIR_=' + fill['cf'] + '/', '-'], input=text.format(**fill).encode(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            if p.returncode or p.stderr:
                raise RuntimeError('m4 for %s.cf: %s' % (name, p.stderr.decode()))
            self._put('etc/mail/%s.cf' % name, p.stdout.decode())

    def _milter_line(self):
        """what conf/sendmail has admins paste; with F=T for tempfail, as its comment says"""
        if not self.milter:
            return ''
        with open(KITH_LINE, encoding='utf-8') as f:
            line = f.read()
        if KITH_SOCKET not in line:
            raise RuntimeError('%s does not say %s' % (KITH_LINE, KITH_SOCKET))
        return line.replace(KITH_SOCKET, KITH_SOCKET + (', F=T' if self.default_action == 'tempfail' else ''))

    def _put(self, name, text):
        with open(os.path.join(self.root, name), 'w', encoding='utf-8') as f:
            f.write(text)

    def command(self, *argv):
        return ['chroot', self.root, '/usr/sbin/' + argv[0], *argv[1:]]

    def run(self, *argv, check=True, stdin=b''):
        """"sendmail" or "mailq" with its arguments, for this instance; what it prints"""
        p = subprocess.run(self.command(*argv), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        out = p.stdout.decode('utf-8', 'replace')
        if check and p.returncode:
            raise RuntimeError('%s: exit %d: %s\n%s' % (' '.join(argv), p.returncode, out, self.log()[-2000:]))
        return out

    def start(self):
        self.sink.start()
        self.saslauthd.start()
        try:
            with open(os.path.join(self.base, 'output.log'), 'ab') as out:
                self.process = subprocess.Popen(self.command('sendmail', '-bD', '-X', '/tmp/traffic.log'), stdin=subprocess.DEVNULL,
                                                stdout=out, stderr=out, start_new_session=True)
            for port in (self.port, self.submission):
                wait_until(lambda port=port: self._greets(port) or self.process.poll() is not None,
                           lambda: 'Sendmail to greet; it says:\n' + self.log()[-2000:], 30)
            if self.process.poll() is not None:
                raise RuntimeError('Sendmail ended with %d; it said:\n%s' % (self.process.returncode, self.log()[-2000:]))
        except BaseException:
            self.stop()
            raise
        return self

    def _greets(self, port):
        try:
            with socket.create_connection(('127.0.0.1', port), 5) as s:
                s.settimeout(10)
                return s.recv(200).startswith(b'220')
        except OSError:
            return False

    def _processes(self):
        """whatever runs in the root directory: the server, its children for connections and for deliveries, sendmail(1)"""
        found = []
        for name in os.listdir('/proc'):
            if name.isdigit():
                try:
                    if os.readlink('/proc/%s/root' % name) == self.root:
                        found.append(int(name))
                except OSError:
                    continue
        return found

    def stop(self):
        """stops and removes everything; safe to call twice"""
        if self.process is not None:
            for how in (signal.SIGTERM, signal.SIGKILL):
                for pid in self._processes():
                    try:
                        os.kill(pid, how)
                    except ProcessLookupError:
                        pass
                try:
                    self.process.wait(5)
                    wait_until(lambda: not self._processes(), 'Sendmail to stop', 5)
                    break
                except (subprocess.TimeoutExpired, TimeoutError):
                    continue
            self.process = None
            self.sink.stop()
            self.saslauthd.stop()
        if not self.keep:
            shutil.rmtree(self.base, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *exc):
        self.stop()

    # -- looking -----------------------------------------------------------------------------------------------------

    def log(self):
        """what the server printed, and every line of SMTP it read (<<<) and wrote (>>>)"""
        out = ''
        for path in (os.path.join(self.base, 'output.log'), os.path.join(self.root, 'tmp/traffic.log')):
            if os.path.exists(path):
                with open(path, encoding='utf-8', errors='replace') as f:
                    out += f.read()
        return out

    def where(self, queue_id):
        """"hold" for a mail in quarantine, "queue" for another that waits, None when it has left"""
        for name, selection in (('hold', ('-qQ',)), ('queue', ())):
            if re.search(r'^%s\b' % re.escape(queue_id), self.run('mailq', *selection), re.M):
                return name
        return None

    def mailbox(self, address):
        """the mails that reached an address, as bytes with LF; "outside": all that went to other domains"""
        def belongs(rcpt):
            return rcpt == address if address != 'outside' else rcpt.rsplit('@', 1)[-1] not in self.domains

        return [raw.replace(b'\r\n', b'\n') for _, rcpts, raw in self.sink.mails() for r in rcpts if belongs(r)]

    # -- sending -----------------------------------------------------------------------------------------------------

    def connect(self, client=None, submission=False, timeout=60):
        """an Smtp session. Sendmail cannot be told another client: the client's address is a loopback address made of its own,
        and its name is what /etc/hosts says of that"""
        client = client or {}
        source = loopback_of(client.get('addr', '127.0.0.1'))
        name = client.get('name', 'unknown')
        if source in self.names or name != 'unknown':
            self.names[source] = name
            self._name_hosts()
        s = Smtp(timeout=timeout, source_address=(source, 0))
        s.connect('127.0.0.1', self.submission if submission else self.port)
        s.local_hostname = client.get('helo') or 'client.test'
        s.ehlo()
        return s

    def send(self, raw, mail_from, rcpts, client=None, submission=False):
        """one mail over a connection of its own; (code, text)"""
        s = self.connect(client, submission)
        try:
            return s.send_raw(mail_from, rcpts, raw)
        finally:
            try:
                s.quit()
            except smtplib.SMTPException:
                s.close()


def loopback_of(address):
    """the loopback address that stands for another address, the same for the same"""
    if address.startswith('127.'):
        return address
    return '127.%d.%d.%d' % tuple(x % 250 + 2 for x in zlib.crc32(address.encode()).to_bytes(4, 'big')[:3])
