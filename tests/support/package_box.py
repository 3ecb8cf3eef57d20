# SPDX-License-Identifier: Apache-2.0
"""A fresh Debian with a systemd of its own in which the built package can be tried: made by debian_root, booted by systemd_box.

Place in the flow: tests/package/package_test.py and contrib/walkthrough. Needs root. Covered by tests/package/package_test.py.
"""

import os
import re
import shutil
import signal
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT = os.path.join(ROOT, 'build/package')
DEBIAN = os.path.join(ROOT, 'build/root/debian')
# What the scripts inside need beside what the package depends on.
NEEDED = ('systemd', 'systemd-sysv', 'postfix', 'python3')
UNIT = """\
[Unit]
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
TimeoutStartSec=1200
Environment=KITH_MAY_CHANGE_THIS_MACHINE=yes PYTHONDONTWRITEBYTECODE=1
ExecStart=/usr/bin/python3 -B -u /srv/share/tree/{script}
StandardOutput=append:/srv/share/output
StandardError=inherit
"""


def package():
    """the built package; builds it where contrib/check did not"""
    subprocess.run([os.path.join(ROOT, 'contrib/package')], check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    return next(os.path.join(BUILT, x) for x in sorted(os.listdir(BUILT)) if re.match(r'kith-milter_.*\.deb$', x))


def depends(deb):
    """names of what the package depends on, the first of alternatives"""
    text = subprocess.run(['dpkg-deb', '-f', deb, 'Depends'], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [re.match(r'[^\s:]+', x.strip())[0] for x in text.split(',') if x.strip()]


def fresh_debian(deb):
    """a root directory with all that the package depends on, never changed"""
    p = subprocess.run([os.path.join(ROOT, 'tests/support/debian_root'), DEBIAN, *NEEDED, *depends(deb)], check=False,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200)
    if p.returncode:
        raise RuntimeError(p.stdout[-3000:])
    return DEBIAN


class Box:
    """A directory for one boot. share: what the script inside sees as /srv/share, with the source's parts that it needs below tree;
    what it prints goes to share/output."""

    def __init__(self, directory):
        self.directory, self.share, self.process = directory, os.path.join(directory, 'share'), None
        for part in ('contrib/demo', 'tests/support', 'tests/package', 'debian/tests'):
            shutil.copytree(os.path.join(ROOT, part), os.path.join(self.share, 'tree', part), ignore=shutil.ignore_patterns('__pycache__'))

    def boot(self, root, script):
        """Popen of the box, which ends when the script does, or by stop()"""
        units = os.path.join(self.directory, 'tree/etc/systemd/system')
        os.makedirs(units)
        with open(os.path.join(units, 'probe.service'), 'w', encoding='utf-8') as f:
            f.write(UNIT.format(script=script))
        self.process = subprocess.Popen([os.path.join(ROOT, 'tests/support/systemd_box'), self.directory, 'probe.service', root],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self.process

    def stop(self):
        """ends what is left of the box by its process 1, so that systemd_box tidies up after it"""
        if self.process is None or self.process.poll() is not None:
            return
        first = self.process.pid
        for _ in range(2):  # systemd_box, unshare, process 1
            with open('/proc/%d/task/%d/children' % (first, first), encoding='ascii') as f:
                first = int((f.read().split() or [0])[0]) or first
        os.kill(first, signal.SIGKILL)
        self.process.wait(60)

    def output(self):
        try:
            with open(os.path.join(self.share, 'output'), encoding='utf-8', errors='replace') as f:
                return f.read()
        except OSError:
            return ''
