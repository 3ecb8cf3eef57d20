# SPDX-License-Identifier: Apache-2.0
"""A Dovecot of one's own, in a temporary directory, for the end-to-end tests of accounts: IMAP, POP3, ManageSieve and SASL for
Postfix on free loopback ports, the HTTP API for administrators, the policy server and the event exporter as conf/dovecot shows
them. A Dovecot of the system is neither read nor touched. Needs root, because Dovecot does. Covered by tests/e2e/accounts_test.py.
"""

import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

from postfix import Unavailable, free_ports, wait_until

CONFIG = """\
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
protocols = imap pop3 sieve
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = dovecot
default_login_user = dovenull
default_internal_group = dovecot
first_valid_uid = 1
mail_location = maildir:~/Maildir
auth_failure_delay = 0
auth_verbose = yes
mail_plugins = $mail_plugins acl notify mail_log
plugin {{
  acl = vfile
  sieve = file:~/sieve;active=~/.dovecot.sieve
  mail_log_events = expunge copy mailbox_create mailbox_delete mailbox_rename
  mail_log_fields = uid box msgid size
}}
protocol imap {{
  mail_plugins = $mail_plugins imap_acl
}}
{deny}
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {base}/etc/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={base}/home/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service managesieve-login {{
  inet_listener sieve {{
    port = {sieve}
  }}
}}
service doveadm {{
  inet_listener http {{
    port = {api}
  }}
}}
doveadm_api_key = {api_key}
service auth {{
  unix_listener {sasl} {{
    mode = 0666
  }}
}}
service anvil {{
  unix_listener anvil {{
    mode = 0660
  }}
}}
{accounts}
"""


def require():
    """Raises Unavailable when there is no Dovecot with what the tests need."""
    for name, package in (('dovecot', 'dovecot-core'), ('doveadm', 'dovecot-core')):
        if not shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin'):
            raise Unavailable('%s is not installed: apt-get install %s' % (name, package))
    for file, package in (
        ('/usr/lib/dovecot/imap', 'dovecot-imapd'),
        ('/usr/lib/dovecot/pop3', 'dovecot-pop3d'),
        ('/usr/lib/dovecot/managesieve', 'dovecot-managesieved'),
    ):
        if not os.path.exists(file):
            raise Unavailable('%s is missing: apt-get install %s' % (file, package))
    if os.geteuid() != 0:
        raise Unavailable('Dovecot only starts as root: run this with sudo')


class ManageSieve:
    """A session of ManageSieve (RFC 5804), as much as the tests need."""

    def __init__(self, port, source, user, password):
        import base64

        self.socket = socket.create_connection(('127.0.0.1', port), 20, (source, 0))
        self.file = self.socket.makefile('rwb')
        self._answer()
        token = base64.b64encode(('\0%s\0%s' % (user, password)).encode()).decode()
        self.command('AUTHENTICATE "PLAIN" "%s"' % token)

    def _answer(self):
        while True:
            line = self.file.readline()
            if not line or line.startswith((b'OK', b'NO', b'BYE')):
                return line.decode('utf-8', 'replace')

    def command(self, text):
        self.file.write(text.encode() + b'\r\n')
        self.file.flush()
        answer = self._answer()
        if not answer.startswith('OK'):
            raise RuntimeError('ManageSieve: %s' % answer)

    def put(self, name, script):
        self.command('PUTSCRIPT "%s" {%d+}\r\n%s' % (name, len(script.encode()), script))

    def close(self):
        try:
            self.command('LOGOUT')
        finally:
            self.socket.close()


class Dovecot:
    """Use as a context manager. logins: {login: password}. accounts: text of dovecot.conf for kith-accounts."""

    API_KEY = 'key-of-the-tests'

    def __init__(self, logins, accounts='', deny=False):
        require()
        self.logins = dict(logins)
        self.base = tempfile.mkdtemp(prefix='kith-dovecot-')
        os.chmod(self.base, 0o755)
        self.imap_port, self.pop3_port, self.sieve_port, self.api_port = free_ports(4)
        self.sasl = os.path.join(self.base, 'sasl')
        self.config = os.path.join(self.base, 'etc/dovecot.conf')
        self.deny_file = os.path.join(self.base, 'etc/deny')
        self.accounts, self.deny = accounts, deny
        self.running = False
        for d in ('run', 'state', 'etc', 'home'):
            os.makedirs(os.path.join(self.base, d))
        nobody = pwd.getpwnam('nobody')
        os.chown(os.path.join(self.base, 'home'), nobody.pw_uid, nobody.pw_gid)
        with open(os.path.join(self.base, 'etc/users'), 'w', encoding='utf-8') as f:
            f.writelines('%s:{plain}%s::::::\n' % x for x in self.logins.items())
        with open(self.deny_file, 'w', encoding='utf-8'):
            pass
        with open(os.path.join(self.base, 'etc/api-key'), 'w', encoding='utf-8') as f:
            f.write(self.API_KEY + '\n')
        self.api_key_file = f.name
        self.configure(accounts)

    def configure(self, accounts):
        deny = 'passdb {\n  driver = passwd-file\n  deny = yes\n  args = %s\n}' % self.deny_file if self.deny else ''
        with open(self.config, 'w', encoding='utf-8') as f:
            f.write(
                CONFIG.format(
                    base=self.base,
                    imap=self.imap_port,
                    pop3=self.pop3_port,
                    sieve=self.sieve_port,
                    api=self.api_port,
                    api_key=self.API_KEY,
                    sasl=self.sasl,
                    accounts=accounts,
                    deny=deny,
                )
            )

    @property
    def api_url(self):
        return 'http://127.0.0.1:%d/doveadm/v1' % self.api_port

    def start(self):
        subprocess.run(['dovecot', '-c', self.config], check=True, timeout=30)
        self.running = True
        for port in (self.imap_port, self.pop3_port, self.sieve_port):
            wait_until(lambda port=port: self._greets(port), lambda: 'Dovecot to greet; its log:\n' + self.log(), 30)
        return self

    def deliver(self, user, raw):
        """into the user's mailbox, as a mail server has it delivered"""
        lda = ['/usr/lib/dovecot/dovecot-lda', '-c', self.config, '-d', user]
        subprocess.run(lda, input=raw, check=True, timeout=30)

    def _greets(self, port):
        try:
            with socket.create_connection(('127.0.0.1', port), 5) as s:
                s.settimeout(5)
                return bool(s.recv(100))
        except OSError:
            return False

    def _pid(self):
        try:
            with open(os.path.join(self.base, 'run/master.pid'), encoding='ascii') as f:
                return int(f.read())
        except (OSError, ValueError):
            return None

    def halt(self):
        """stops it, and leaves its files"""
        pid = self._pid() if self.running else None
        if pid:
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not os.path.exists('/proc/%d' % pid), 'Dovecot to stop', 20)
        self.running = False

    def stop(self):
        try:
            self.halt()
        finally:
            shutil.rmtree(self.base, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *exc):
        self.stop()

    def log(self):
        try:
            with open(os.path.join(self.base, 'dovecot.log'), encoding='utf-8', errors='replace') as f:
                return f.read()
        except OSError:
            return ''

    def doveadm(self, *argv):
        p = subprocess.run(
            ['doveadm', '-c', self.config, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False
        )
        return p.returncode, (p.stdout + p.stderr).decode('utf-8', 'replace')

    # -- clients -----------------------------------------------------------------------------------------------------

    def imap(self, user, source, password=None, client=None):
        """a logged-in IMAP session that comes from `source` (127.0.0.x); raises imaplib.IMAP4.error when it is refused"""
        port = self.imap_port

        class From(imaplib.IMAP4):
            def _create_socket(self, timeout=None):
                return socket.create_connection(('127.0.0.1', port), timeout or 30, (source, 0))

        session = From('127.0.0.1', port)
        if client:
            session.xatom('ID', '("name" "%s")' % client)
        session.login(user, password if password is not None else self.logins[user])
        return session

    def sieve(self, user, source):
        return ManageSieve(self.sieve_port, source, user, self.logins[user])
