# SPDX-License-Identifier: Apache-2.0
"""A site for the soak tests: kith-milter and kith-learner with journal and store of their own, without a mail server; soak_tool
sends the mail and keeps what is not answered, as a mail server does.

What ends by itself is started again as systemd does it (Restart=on-failure), so that a fault shows what it costs on a real
machine. Everything that waits, waits for a condition with a deadline.
"""

import contextlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'support'))
import kith_site  # noqa: E402
from kith_site import Daemon, merge, wait_until, yaml  # noqa: E402

BUILD = os.environ.get('KITH_BUILD_DIR', '')
NOT_STARTED_AGAIN = (0, 64, 78)  # RestartPreventExitStatus of the units, and a stop in good order
RESTART_SEC = {'kith-milter': 2, 'kith-learner': 5}  # of the units
SECRET = bytes(range(1, 17))  # that of soak_tool's mail
HOUR, DAY = 3600, 86400


def built(name):
    path = os.path.join(BUILD, 'tests', 'soak', name)
    if not os.path.exists(path):
        raise kith_site.Unavailable('%s is not built: expected %s' % (name, path))
    return path


class Service:
    """A program that is started again when it fails, as systemd does, `pause` seconds later. started: how often so far."""

    def __init__(self, argv, log_file, pause):
        self.argv, self.log_file, self.pause = argv, log_file, pause
        self.env = {}
        self.daemon, self.wanted, self.endings = None, False, []
        self.started = 0
        self.lock = threading.RLock()
        self.again_at = None

    def start(self):
        with self.lock:
            self.wanted, self.again_at = True, None
            self.daemon = Daemon(self.argv, self.log_file, dict(os.environ, **self.env))
            self.started += 1
        return self

    def watch(self):
        """to be called now and then"""
        with self.lock:
            if not self.wanted or self.daemon.alive:
                return
            code = self.daemon.process.returncode
            if self.again_at is None:
                self.endings.append(code)
                self.again_at = time.monotonic() + self.pause
                if code in NOT_STARTED_AGAIN:
                    self.wanted = False
            elif time.monotonic() > self.again_at:
                self.start()

    def stop(self, how=kith_site.signal.SIGTERM):
        with self.lock:
            self.wanted = False
            return self.daemon.stop(how, 60) if self.daemon else None

    def kill(self):
        """as kill -9 does, and started again at once"""
        with self.lock:
            self.daemon.stop(kith_site.signal.SIGKILL)
            self.start()

    @property
    def pid(self):
        return self.daemon.process.pid

    @property
    def alive(self):
        with self.lock:
            return self.daemon is not None and self.daemon.alive

    def log(self):
        """of all its runs"""
        try:
            with open(self.log_file, encoding='utf-8', errors='replace') as f:
                return f.read()
        except FileNotFoundError:
            return ''

    def logged(self, pattern):
        """the last line that the pattern is found in, without the program's name and the level; '' when none is"""
        found = ''
        for line in self.log().splitlines():
            if re.search(pattern, line):
                found = line
        return re.sub(r'^[\w-]+: (\w+): ', r'\1: ', found)

    def wait_logged(self, pattern, seconds=60):
        return wait_until(lambda: self.logged(pattern), lambda: '%r in the log of %s, which ends in:\n%s'
                          % (pattern, self.argv[0], self.log()[-3000:]), seconds)


class Load:
    """Mail that keeps coming in; `with site.load(): ...`. A mail that was not answered for good within a minute counts as lost."""

    def __init__(self, site, **options):
        argv = [built('soak_tool'), 'send', '--socket', site.socket]
        for key, value in options.items():
            argv += ['--' + key.replace('_', '-')] + ([] if value is True else [str(value)])
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.counts = {}
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.counts = json.loads(line)

    def answered(self):
        return sum(self.counts.get(k, 0) for k in ('delivered', 'held', 'rejected'))

    def more(self, n=20, seconds=120):
        """back when so many mails more were answered"""
        want = self.answered() + n
        wait_until(lambda: self.answered() >= want, lambda: 'mail %d; counts: %s' % (want, self.counts), seconds)

    def finish(self, seconds=120):
        """the counts, when everything that was begun is answered"""
        self.process.stdin.close()
        self.process.wait(seconds)
        self.reader.join(seconds)
        assert self.counts.get('over'), self.counts
        return self.counts

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)


class Volume:
    """A small file system of its own for the site's state, which can be filled and be made read-only."""

    name, env = 'a file system of its own', {}

    def __init__(self, path):
        self.path = path

    def fill(self):
        with open(os.path.join(self.path, 'ballast'), 'wb', buffering=0) as f:
            with contextlib.suppress(OSError):
                while True:
                    f.write(b'x' * 65536)
            with contextlib.suppress(OSError):
                while True:
                    f.write(b'x' * 512)

    def empty(self):
        os.remove(os.path.join(self.path, 'ballast'))

    def remount(self, how):
        subprocess.run(['mount', '-o', 'remount,' + how, self.path], check=True)

    def remove(self):
        subprocess.run(['umount', '-l', self.path], check=False)


class RefusingDirectory:
    """In place of a Volume where none can be mounted, as in most containers: what the programs ask of the kernel below the directory
    is refused as that of a Volume is (shim.cpp)."""

    name = 'system calls refused'

    def __init__(self, path):
        self.path = path
        self.env = {'LD_PRELOAD': built('libsoak_shim.so'), 'KITH_SOAK_DISK': path}

    def fill(self):
        open(self.path + '.full', 'w').close()

    def empty(self):
        os.remove(self.path + '.full')

    def remount(self, how):
        if how == 'ro':
            open(self.path + '.ro', 'w').close()
        else:
            os.remove(self.path + '.ro')

    def remove(self):
        pass


def small_disk(path, megabytes):
    """a Volume, or what stands for one"""
    os.makedirs(path)
    mounted = not os.environ.get('KITH_SOAK_NO_MOUNT') and subprocess.run(
        ['mount', '-t', 'tmpfs', '-o', 'size=%dm' % megabytes, 'soak', path], stderr=subprocess.DEVNULL).returncode == 0
    return Volume(path) if mounted else RefusingDirectory(path)


class SoakSite:
    """Use as a context manager; it begins with everything learned that it needs to hold mail, and both services running."""

    def __init__(self, settings=None, volume_mb=0, run=True, teach=True, shim=False):
        self.dir = tempfile.mkdtemp(prefix='kith-soak-')
        os.chmod(self.dir, 0o755)
        self.state = os.path.join(self.dir, 'state')
        self.volume = small_disk(self.state, volume_mb) if volume_mb else None
        for d in ('', '/spool', '/run', '/state'):
            os.makedirs(self.dir + d, exist_ok=True)
        self.with_secret(os.path.join(self.state, 'site.key'))
        self.socket = 'unix:%s/kith.sock' % self.dir
        self.config_file = os.path.join(self.dir, 'kith.yaml')
        self.settings = {}
        self.configure(merge({
            'mode': 'enforce',
            'secret_file': os.path.join(self.state, 'site.key'),
            'site': {'domains': ['site.example'], 'authserv_id': ['mx.site.example']},
            # What is measured here is what becomes of mail; a busy machine must not look like a fault.
            'milter': {'socket': self.socket, 'socket_group': '', 'spool_directory': self.dir + '/spool',
                       'trouble_file': self.dir + '/run/milter.trouble', 'deadline': '30s'},
            'learner': {'trouble_file': self.dir + '/run/learner.trouble'},
            'budget': {'holds_per_1000': 100, 'tags_per_1000': 200, 'min_calibration': 100, 'min_stratum_calibration': 10},
            'store': {'directory': os.path.join(self.state, 'store'), 'map_size': '256MiB'},
            'journal': {'directory': os.path.join(self.state, 'journal')},
            'attachments': {'read': False},
        }, settings))
        programs = {n: kith_site.program(BUILD, n) for n in kith_site.PROGRAMS}
        self.kith_program = programs['kith']
        self.milter, self.learner = (
            Service([programs[n], '--config', self.config_file, '--stderr'], os.path.join(self.dir, n + '.log'), pause)
            for n, pause in RESTART_SEC.items())
        for service in (self.milter, self.learner):
            service.env = dict(self.volume.env) if self.volume else {}
        self.clock_file = None
        if shim:
            self.clock_file = os.path.join(self.dir, 'clock')
            self.set_clock(0)
            for service in (self.milter, self.learner):
                service.env = {'LD_PRELOAD': built('libsoak_shim.so'), 'KITH_SOAK_CLOCK': self.clock_file}
        self.run, self.teach, self.over = run, teach, threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.mails = 0  # in the journal that no load has sent
        self.sent = 0  # mails answered for good
        self.loads = 0

    @staticmethod
    def with_secret(path):
        with open(path, 'wb') as f:
            os.fchmod(f.fileno(), 0o640)
            f.write(SECRET)

    def configure(self, settings):
        self.settings = merge(self.settings, settings)
        with open(self.config_file + '.new', 'w', encoding='utf-8') as f:
            os.fchmod(f.fileno(), 0o640)
            f.write(yaml(self.settings))
        os.rename(self.config_file + '.new', self.config_file)

    def set_clock(self, seconds):
        """how far the services' time of day is off"""
        with open(self.clock_file, 'r+b' if os.path.exists(self.clock_file) else 'wb') as f:
            f.write(struct.pack('=q', seconds))

    # -- programs ----------------------------------------------------------------------------------------------------

    def _watch(self):
        while not self.over.wait(0.1):
            self.milter.watch()
            self.learner.watch()

    def __enter__(self):
        try:
            if self.teach:
                self.backlog(site=True, start=int(time.time()) - 20 * DAY)
                self.mails += 330
                self.learn_now()
            self.watcher.start()
            if self.run:
                self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        self.milter.start()
        self.learner.start()
        self.wait_fate('foreign', 'held')

    def __exit__(self, *exc):
        self.over.set()
        if self.watcher.is_alive():
            self.watcher.join()
        for service in (self.milter, self.learner):
            if service.daemon and service.daemon.alive:
                service.daemon.stop(kith_site.signal.SIGKILL)
        if self.volume:
            self.volume.remove()
        if os.environ.get('KITH_SOAK_KEEP'):
            print('kept: ' + self.dir, file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def tool(self, *args, check=True):
        p = subprocess.run([built('soak_tool'), *(str(a) for a in args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           encoding='utf-8', timeout=600)
        if check and p.returncode:
            raise RuntimeError('soak_tool %s: %s' % (' '.join(map(str, args)), p.stderr))
        return json.loads(p.stdout) if p.stdout and not p.returncode else None

    def backlog(self, **options):
        """mail put into the journal as if it had been judged"""
        args = []
        for key, value in options.items():
            args += ['--' + key] + ([] if value is True else [value])
        self.tool('backlog', self.config_file, *args)
        self.mails += options.get('count', 0)

    def learn_now(self, config_file=None):
        p = subprocess.run([*self.learner.argv[:1], '--config', config_file or self.config_file, '--stderr', '--once'],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8', timeout=1200)
        if p.returncode:
            raise RuntimeError('kith-learner --once: exit %d\n%s' % (p.returncode, p.stdout[-3000:]))
        return p.stdout

    def kith(self, *args):
        return subprocess.run([self.kith_program, '--config', self.config_file, *args], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, encoding='utf-8', timeout=120).stdout

    # -- mail --------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def load(self, **options):
        """mail that comes in while the body runs; its counts are in .counts when the body is over"""
        self.loads += 1
        load = Load(self, run='r%d' % self.loads, **{'sessions': 2, 'pause_ms': 40, **options})
        try:
            load.more(1)
            yield load
            load.finish()
            self.sent += load.answered()
        finally:
            load.stop()

    def fate(self, kind):
        """"held", "delivered", "neutral" (delivered without a look at the past), "refused" or "unanswered" of one mail"""
        answer = self.tool('probe', '--socket', self.socket, kind, check=False)
        if not answer or not answer['answered']:
            return 'unanswered'
        self.sent += answer['accepted']
        if answer['held']:
            return 'held'
        if not answer['accepted']:
            return 'refused'
        # Whoever has looked at the past holds the foreign mail.
        return 'neutral' if kind == 'foreign' and answer['score'] == '0' else 'delivered'

    def wait_fate(self, kind, fate, seconds=60):
        seen = []

        def is_so():
            seen.append(self.fate(kind))
            return seen[-1] == fate

        return wait_until(is_so, lambda: 'the %s mail to be %s, it was %s; log:\n%s' % (
            kind, fate, seen[-1], self.milter.log()[-3000:]), seconds)

    # -- looking -----------------------------------------------------------------------------------------------------

    def status(self, pattern):
        """the line of `kith status` that the pattern is found in, once there is one"""
        text = ['']

        def find():
            text[0] = self.kith('status')
            return next((x for x in text[0].splitlines() if re.search(pattern, x)), None)

        return wait_until(find, lambda: 'kith status to say %r; it says:\n%s' % (pattern, text[0]), 60)

    def doctor(self, pattern):
        """like status(), of `kith doctor`, with what it says to do"""
        text = self.kith('doctor').splitlines()
        for i, line in enumerate(text):
            if re.search(pattern, line):
                todo = text[i + 1].strip() if i + 1 < len(text) and text[i + 1].lstrip().startswith('->') else ''
                return (re.sub(r'\s+', ' ', line) + ' ' + todo).strip()
        raise AssertionError('kith doctor does not say %r; it says:\n%s' % (pattern, '\n'.join(text)))

    def wait_learned(self, seconds=300):
        """back when the learner has come to the end of the journal"""
        said = {}

        def is_so():
            said.update(json.loads(self.kith('--json', 'status') or '{}'))
            learner, journal = said.get('learner') or {}, said.get('journal') or {}
            return learner.get('running') and learner.get('checkpoint') == journal.get('end')

        wait_until(is_so, lambda: 'the learner to come to the end; status: %s\nlog:\n%s' % (
            said, self.learner.log()[-3000:]), seconds)

    def wait_more_learned(self, mails=30, seconds=120):
        """back when so many mails more were learned"""
        def learned():
            return json.loads(self.kith('--json', 'status'))['learner']['learned']

        want = learned() + mails
        wait_until(lambda: learned() >= want, lambda: '%d mails to be learned; log:\n%s' % (want, self.learner.log()[-3000:]),
                   seconds)

    def count(self):
        return self.tool('count', self.config_file)

    def twin(self):
        """what a learner that nothing ever happened to makes of the same journal"""
        twin = os.path.join(self.dir, 'twin')
        shutil.copytree(self.settings['journal']['directory'], twin + '/journal')
        self.with_secret(twin + '/site.key')
        config = merge(self.settings, {'secret_file': twin + '/site.key', 'journal': {'directory': twin + '/journal'},
                                       'store': {'directory': twin + '/store', 'map_size': '1GiB'}})
        with open(twin + '/kith.yaml', 'w', encoding='utf-8') as f:
            os.fchmod(f.fileno(), 0o640)
            f.write(yaml(config))
        try:
            self.learn_now(twin + '/kith.yaml')
            return self.tool('count', twin + '/kith.yaml')['store']
        finally:
            shutil.rmtree(twin)

    def check_learned_once(self, unrecorded=0, digest=False, twin=True):
        """Nothing lost, nothing doubled: what was answered is in the journal but for `unrecorded` mails, and what is in the
        journal is in the store as a learner makes it that nothing ever happened to (`twin`; without, the sums are compared only).
        What to say of it."""
        self.wait_learned()
        have = self.count()
        journal, store = have['journal'], have['store']
        assert journal['mails'] == self.mails + self.sent - unrecorded, (journal, self.mails, self.sent, unrecorded)
        assert store['indexed'] == journal['mails'], have
        if not twin:
            assert store['learned'] + store['waiting'] + store['held'] == journal['mails'], have
            return 'all %d learned once' % journal['mails']
        twin = self.twin()
        keys = ['learned', 'waiting', 'held', 'inbound', 'indexed'] + (['digest'] if digest else [])
        assert [store[k] for k in keys] == [twin[k] for k in keys], (store, twin)
        return 'all %d learned once' % journal['mails']
