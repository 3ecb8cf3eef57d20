# SPDX-License-Identifier: Apache-2.0
"""kith installed and run by its own units under a real systemd (tests/support/systemd_box): as the user _kith, without rights, in
the mounts and with the system calls the units leave it, it takes mail from a socket the MTA may use, learns, reads attached
documents in processes of their own, reloads, comes back after a crash and when it hangs, and stops in order."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import attached_test
import e2e

BOX = os.path.join(e2e.ROOT, 'tests', 'support', 'systemd_box')
PROBE = os.path.join(e2e.ROOT, 'tests', 'e2e', 'units_probe.py')
WAITING = os.path.join(e2e.ROOT, 'tests', 'support', 'waiting.py')
CONFIG = 'mode: tag\nsite:\n  domains: [site.example]\nstore:\n  map_size: 1GiB\nmilter:\n  memory_size: 64KiB\n'
PROBE_UNIT = """\
[Unit]
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
TimeoutStartSec=300
ExecStart=/usr/bin/python3 /srv/share/units_probe.py {kith} {config}
"""


def cached(name):
    with open(os.path.join(e2e.BUILD, 'CMakeCache.txt'), encoding='utf-8') as f:
        return next(x.split('=', 1)[1].strip() for x in f if x.startswith(name + ':'))


def boot(directory):
    """what the probe saw"""
    tree, share = os.path.join(directory, 'tree'), os.path.join(directory, 'share')
    os.makedirs(share)
    prefix = cached('CMAKE_INSTALL_PREFIX')
    subprocess.run(['cmake', '--install', e2e.BUILD], env=dict(os.environ, DESTDIR=tree), check=True, stdout=subprocess.DEVNULL)
    # /lib is a link to usr/lib; a folder of that name laid over it would hide the loader from every program.
    lib = os.path.join(tree, 'lib')
    if os.path.isdir(lib):
        shutil.copytree(lib, os.path.join(tree, 'usr', 'lib'), dirs_exist_ok=True)
        shutil.rmtree(lib)
    config = os.path.join(prefix, cached('CMAKE_INSTALL_SYSCONFDIR'), 'kith', 'kith.yaml')
    with open(tree + config, 'w', encoding='utf-8') as f:
        f.write(CONFIG)
    units = os.path.join(tree, 'etc/systemd/system')
    os.makedirs(units)
    with open(os.path.join(units, 'units-probe.service'), 'w', encoding='utf-8') as f:
        f.write(PROBE_UNIT.format(kith=os.path.join(prefix, cached('CMAKE_INSTALL_BINDIR'), 'kith'), config=config))
    for script in PROBE, WAITING:
        shutil.copy(script, share)
    with open(os.path.join(share, 'invoice.base64'), 'wb') as f:
        f.write(base64.encodebytes(attached_test.pdf(['Please pay to', 'IBAN: ' + attached_test.IBAN_A])).strip())
    p = subprocess.run([BOX, directory, 'units-probe.service'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=400, check=False)
    facts = os.path.join(share, 'facts.json')
    if not os.path.exists(facts):
        raise RuntimeError('the box ended with %d:\n%s' % (p.returncode, p.stdout.decode('utf-8', 'replace')[-3000:]))
    with open(facts, encoding='utf-8') as f:
        return json.load(f)


class Units(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        directory = tempfile.mkdtemp(prefix='kith-e2e-units-')
        cls.addClassCleanup(shutil.rmtree, directory, True)
        cls.facts = boot(directory)
        if 'trouble' in cls.facts:
            raise RuntimeError('%s\n%s' % (cls.facts['trouble'], json.dumps(cls.facts, indent=1)[-6000:]))

    def test_they_start_as_the_readme_says(self):
        for step in ('sysusers', 'tmpfiles', 'start'):
            self.assertEqual(0, self.facts[step]['status'], self.facts[step])
        for unit in self.facts['units'].values():
            self.assertEqual(('active', 'running', '0'), tuple(unit[x] for x in ('ActiveState', 'SubState', 'NRestarts')))

    def test_they_have_no_rights(self):
        for name, unit in self.facts['units'].items():
            process = unit['process']
            with self.subTest(name):
                self.assertNotIn('0', process['Uid'].split() + process['Gid'].split())
                self.assertEqual(1, len(set(process['Uid'].split())))
                self.assertEqual(process['Gid'].split()[:1], sorted(set(process['Groups'].split() or process['Gid'].split())))
                for rights in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):
                    self.assertEqual(0, int(process[rights], 16), rights)
                self.assertEqual(('1', '2'), (process['NoNewPrivs'], process['Seccomp']))

    def test_they_may_write_their_own_directories_only(self):
        for name, may in self.facts['may_write'].items():
            with self.subTest(name):
                self.assertEqual(['/var/lib/kith/probe'], [path for path, can in may.items() if can])

    def test_mail_is_judged_and_learned(self):
        for sent in ('mail', 'invoice', 'large', 'after_restart'):
            self.assertIn(self.facts[sent]['answer'], 'ac', sent)
            self.assertIn('X-Kith-Score', self.facts[sent]['added'], sent)
        self.assertNotIn('a large mail was judged by its beginning', self.facts['log']['kith-milter'])

    def test_attached_documents_are_read(self):
        self.assertEqual([('pdf', 'whole', 1)], [(d['kind'], d['outcome'], d['accounts']) for d in self.facts['documents']])

    def test_files_are_for_user_and_group_at_most(self):
        self.assertGreater(len(self.facts['files']), 8)
        socket = '/var/spool/postfix/kith/kith.sock'
        for path, kind, mode, user in self.facts['files']:
            with self.subTest(path):
                self.assertEqual('_kith', user)
                want = {'s': ['0o660'], 'd': ['0o750', '0o700', '0o2710'], '-': ['0o640', '0o600']}[kind]
                # Readers of the group write down there what they read; it has no data.
                self.assertIn(mode, ['0o660'] if path.endswith('/lock.mdb') else want)
        self.assertIn(socket, [x[0] for x in self.facts['files']])

    def test_a_hanging_program_is_started_again(self):
        for unit, found in self.facts['watchdog'].items():
            with self.subTest(unit):
                self.assertNotIn(found.pop('as_shipped'), ('0', 'infinity'))
                self.assertEqual({'restarts': ['0', '1'], 'log': True}, found)

    def test_reload_crash_and_stop(self):
        for step in ('reload', 'stop'):
            self.assertEqual(0, self.facts[step]['status'], self.facts[step])
        for unit, state in self.facts['stopped'].items():
            self.assertEqual({'ActiveState': 'inactive', 'Result': 'success', 'ExecMainStatus': '0'}, state, unit)

    def test_a_reload_of_a_broken_configuration_fails_and_changes_nothing(self):
        refused = self.facts['refused']
        self.assertNotEqual(0, refused['status'])
        self.assertEqual('running', refused['state'])
        self.assertIn('mode', refused['log'])
        self.assertNotIn('configuration taken over', refused['log'])
        self.assertIn('; the files say passive; systemctl reload kith-milter', refused['changed'])
        self.assertNotIn('goes by', refused['back'])

    def test_the_units_of_the_timers_do_their_work(self):
        for name, unit in self.facts['timers'].items():
            with self.subTest(name):
                self.assertEqual(0, unit['status'], unit)
                self.assertEqual('success', unit['Result'], unit)
                for trouble in ('ermission denied', 'not permitted', 'SIGSYS', 'cannot '):
                    self.assertNotIn(trouble, unit['log'])

    def test_the_log_has_no_trouble(self):
        for unit, log in self.facts['log'].items():
            trouble = [x for x in log.splitlines() if 'ermission denied' in x or 'not permitted' in x or 'SIGSYS' in x]
            self.assertEqual([], trouble, unit)


if __name__ == '__main__':
    e2e.main()
