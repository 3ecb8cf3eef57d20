# SPDX-License-Identifier: Apache-2.0
"""A whole site for the end-to-end tests and the demo: a private Postfix, kith-milter, kith-learner and `kith` in one directory.

Place in the flow: tests/e2e and contrib/demo/play.py. Programs come from a build tree (or the system, when installed). Everything
that waits, waits for a condition with a deadline. Covered by tests/e2e/site_test.py.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postfix import Postfix, Unavailable, wait_until  # noqa: E402

PROGRAMS = {
    'kith-milter': 'milter',
    'kith-learner': 'engine/learner',
    'kith-extract': 'engine/documents',
    'kith-accounts': 'engine/intake',
    'kith': 'engine/admin',
}


def program(build, name):
    """path of a built program; without a build directory the installed one"""
    if not build:
        path = shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin:/usr/local/sbin')
    else:
        path = os.path.join(build, PROGRAMS[name], name)
    if not path or not os.access(path, os.X_OK):
        raise Unavailable('%s is not built: expected %s' % (name, path or 'it on PATH'))
    return path


def refuse_findings(argv, text):
    """raises when a sanitizer, in a program built with one, has found something"""
    if 'Sanitizer' in text or 'runtime error:' in text:
        raise RuntimeError('%s: a sanitizer found something:\n%s' % (os.path.basename(argv[0]), text[-6000:]))


class Daemon:
    """A program in the foreground with its standard error in a file. env: its environment; None is the test's own."""

    def __init__(self, argv, log_file, env=None):
        self.argv, self.log_file = argv, log_file
        self.log_start = os.path.getsize(log_file) if os.path.exists(log_file) else 0
        with open(log_file, 'ab') as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=env
            )

    @property
    def alive(self):
        return self.process.poll() is None

    def log(self):
        """what this run of the program wrote"""
        with open(self.log_file, encoding='utf-8', errors='replace') as f:
            f.seek(self.log_start)
            return f.read()

    def kill(self, number):
        self.process.send_signal(number)

    def stop(self, how=signal.SIGTERM, seconds=15):
        """its exit status; killed hard when it does not go in time"""
        if self.alive:
            self.process.send_signal(how)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
                raise TimeoutError(
                    '%s did not stop within %g s; its log:\n%s' % (self.argv[0], seconds, self.log()[-2000:])
                ) from None
        if os.path.exists(self.log_file):  # a site may be stopped twice, and is gone after the first time
            refuse_findings(self.argv, self.log())
        return self.process.returncode


def yaml(value, indent=0):
    """a nested dict as YAML, enough for a configuration"""
    out = ''
    for k, v in value.items():
        if isinstance(v, dict):
            out += '%s%s:\n%s' % (' ' * indent, k, yaml(v, indent + 2))
        else:
            out += '%s%s: %s\n' % (
                ' ' * indent,
                k,
                json.dumps(v) if not isinstance(v, bool) else str(v).lower(),
            )
    return out


def merge(a, b):
    out = dict(a)
    for k, v in (b or {}).items():
        out[k] = merge(out[k], v) if isinstance(v, dict) and isinstance(out.get(k), dict) else v
    return out


class Site:
    """Use as a context manager. `settings` overrides kith.yaml key by key.

    seed_state: directory of another site's state (store, journal, site.key) to start from, copied. inet: the milter listens on a
    loopback port instead of a Unix socket in Postfix's chroot. milter/learner: started at once. mta: Postfix, or Sendmail of
    sendmail.py; mta_options: what else its constructor takes.
    """

    def __init__(
        self,
        build,
        domains,
        mailboxes,
        mode='enforce',
        settings=None,
        default_action='tempfail',
        seed_state=None,
        inet=False,
        milter=True,
        learner=True,
        keep=False,
        postfix=True,
        mta=Postfix,
        mta_options=None,
    ):
        # Before anything is made: what is missing must leave nothing behind.
        self.milter_program, self.learner_program, self.kith_program, extract_program = (
            program(build, n) for n in ('kith-milter', 'kith-learner', 'kith', 'kith-extract')
        )
        self.milter = self.learner = None
        self.autostart = (milter, learner)
        if inet:
            with socket.socket() as s:
                s.bind(('127.0.0.1', 0))
                self.inet_port = s.getsockname()[1]
        self.mta = self.postfix = mta(
            domains,
            mailboxes,
            'inet:127.0.0.1:%d' % self.inet_port if inet else 'unix:kith/kith.sock',
            default_action,
            keep=keep,
            **(mta_options or {}),
        )
        self.with_postfix = postfix
        self.dir = os.path.join(self.postfix.base, 'kith')
        self.state = os.path.join(self.dir, 'state')
        for d in ('', 'spool', 'state'):
            os.makedirs(os.path.join(self.dir, d), exist_ok=True)
        if seed_state:
            shutil.copytree(seed_state, self.state, dirs_exist_ok=True)
        self.socket = (
            'inet:%d@127.0.0.1' % self.inet_port
            if inet
            else 'unix:' + self.mta.kith_socket
        )
        self.inet = inet
        self.config_file = os.path.join(self.dir, 'kith.yaml')
        self.settings = merge(
            {
                'mode': mode,
                'secret_file': os.path.join(self.state, 'site.key'),
                'site': {'domains': list(domains), 'authserv_id': ['mx.' + domains[0]]},
                'milter': {'socket': self.socket, 'spool_directory': os.path.join(self.dir, 'spool'),
                           'trouble_file': os.path.join(self.dir, 'milter.trouble')},
                'store': {'directory': os.path.join(self.state, 'store'), 'map_size': '1GiB'},
                'learner': {'trouble_file': os.path.join(self.dir, 'learner.trouble')},
                'journal': {'directory': os.path.join(self.state, 'journal')},
                'attachments': {'program': extract_program},
            },
            settings,
        )
        self.configure({})

    def configure(self, settings):
        """writes kith.yaml with these settings added; reload() makes the milter read it"""
        self.settings = merge(self.settings, settings)
        with open(self.config_file, 'w', encoding='utf-8') as f:
            f.write(yaml(self.settings))

    # -- programs ----------------------------------------------------------------------------------------------------

    def start_milter(self):
        self.milter = Daemon(
            [self.milter_program, '--config', self.config_file, '--stderr'],
            os.path.join(self.dir, 'milter.log'),
        )
        wait_until(
            lambda: self._answers() or not self.milter.alive,
            lambda: 'kith-milter to listen; its log:\n' + self.milter.log(),
            30,
        )
        if not self.milter.alive:
            raise RuntimeError(
                'kith-milter ended with %s; its log:\n%s'
                % (self.milter.process.returncode, self.milter.log())
            )
        return self.milter

    def _answers(self):
        try:
            if self.inet:
                socket.create_connection(('127.0.0.1', self.inet_port), 2).close()
            else:
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(self.socket[5:])
            return True
        except OSError:
            return False

    def start_learner(self):
        self.learner = Daemon(
            [self.learner_program, '--config', self.config_file, '--stderr'],
            os.path.join(self.dir, 'learner.log'),
        )
        return self.learner

    def learn_now(self, timeout=300):
        """everything in the journal is learned when this returns; the learner must not be running"""
        p = subprocess.run(
            [self.learner_program, '--config', self.config_file, '--stderr', '--once'],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
        )
        refuse_findings(p.args, p.stdout.decode('utf-8', 'replace'))
        if p.returncode:
            raise RuntimeError(
                'kith-learner --once: exit %d\n%s'
                % (p.returncode, p.stdout.decode('utf-8', 'replace')[-3000:])
            )
        return p.stdout.decode('utf-8', 'replace')

    def kith(self, *args, check=True, timeout=600):
        """runs `kith`; CompletedProcess with text output"""
        p = subprocess.run(
            [self.kith_program, '--config', self.config_file, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=timeout,
            env=dict(os.environ, PATH=os.environ.get('PATH', '') + ':/usr/sbin:/sbin'),
            encoding='utf-8',
            errors='replace',
        )
        refuse_findings(p.args, p.stderr)
        if check and p.returncode:
            raise RuntimeError(
                'kith %s: exit %d\n%s%s' % (' '.join(args), p.returncode, p.stdout[-1500:], p.stderr[-1500:])
            )
        return p

    def kith_json(self, *args, check=True):
        return json.loads(self.kith('--json', *args, check=check).stdout)

    def release(self, queue_or_id, *args, check=True):
        return self.kith('release', queue_or_id, '--postfix-config', self.postfix.etc, *args, check=check)

    def reload(self):
        """SIGUSR1 to the milter, and back when its log says that it was done"""
        before = self.milter.log().count('reload')
        self.milter.kill(signal.SIGUSR1)
        wait_until(
            lambda: self.milter.log().count('reload') > before,
            lambda: 'the milter to reload; its log:\n' + self.milter.log()[-2000:],
        )

    def log_line(self, queue_id):
        """the milter's line of a mail, once it is there"""

        def find():
            return next(
                (x for x in self.milter.log().splitlines() if queue_id + ':' in x and 'verdict=' in x), None
            )

        return wait_until(
            find, lambda: 'the log line of %s; log:\n%s' % (queue_id, self.milter.log()[-3000:])
        )

    def start(self):
        try:
            if self.autostart[0]:
                self.start_milter()
            if self.autostart[1]:
                self.start_learner()
            if self.with_postfix:
                self.postfix.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        # Each is stopped, also when the end of another shows that something was wrong.
        with contextlib.ExitStack() as last_first:
            last_first.callback(self.postfix.stop)
            for d in (self.learner, self.milter):
                if d is not None:
                    last_first.callback(d.stop)

    __enter__ = start

    def __exit__(self, *exc):
        self.stop()


def headers_of(raw, name):
    """values of a header field of a mail, unfolded, in order"""
    out, current = [], None
    for line in raw.split(b'\n\n', 1)[0].decode('utf-8', 'replace').split('\n'):
        if line[:1] in (' ', '\t'):
            if current is not None:
                out[current] += ' ' + line.strip()
            continue
        current = None
        key, _, value = line.partition(':')
        if key.lower() == name.lower():
            out.append(value.strip())
            current = len(out) - 1
    return out


def message_id_of(raw):
    return headers_of(raw, 'Message-ID')[0]


def noise(n, seed=0):
    """n printable bytes in lines, the same for the same seed"""
    r = random.Random(seed)
    return '\n'.join(
        ''.join(r.choice('abcdefghijklmnopqrstuvwxyz     ') for _ in range(70)) for _ in range(n // 71 + 1)
    )[:n].encode()
