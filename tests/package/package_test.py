#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The package's life on a fresh Debian with a real systemd and a real Postfix: installed in an earlier version, set up as its
README says, its own test run, upgraded with what it has learned, removed, installed again, purged, installed anew; and mail flows on
all the while. The earlier version is the same one under a lower number, with another kith.yaml."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'support'))
from package_box import Box, fresh_debian, package  # noqa: E402

OLD_VERSION = '0.0.9~'


def run(*argv, **kw):
    return subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, **kw)


def as_earlier_version(deb, out, folder):
    """the same package under a lower number, its kith.yaml with one line more"""
    tree = os.path.join(folder, 'old')
    run('dpkg-deb', '--raw-extract', deb, tree)
    control = os.path.join(tree, 'DEBIAN/control')
    with open(control, encoding='utf-8') as f:
        text = re.sub(r'(?m)^Version: .*$', 'Version: ' + OLD_VERSION, f.read())
    with open(control, 'w', encoding='utf-8') as f:
        f.write(text)
    with open(os.path.join(tree, 'etc/kith/kith.yaml'), 'a', encoding='utf-8') as f:
        f.write('# A line of the earlier version.\n')
    run('dpkg-deb', '--root-owner-group', '--build', tree, out, stdout=subprocess.DEVNULL)


def facts_of(directory):
    """what package_probe.py saw"""
    deb = package()
    root = fresh_debian(deb)
    box = Box(directory)
    shutil.copy(deb, os.path.join(box.share, 'new.deb'))
    as_earlier_version(deb, os.path.join(box.share, 'old.deb'), directory)
    process = box.boot(root, 'tests/package/package_probe.py')
    try:
        said = process.communicate(timeout=1300)[0]
    finally:
        box.stop()
    path = os.path.join(box.share, 'facts.json')
    if not os.path.exists(path):
        raise RuntimeError('the box ended with %d:\n%s%s' % (process.returncode, said[-3000:], box.output()[-3000:]))
    with open(path, encoding='utf-8') as f:
        return json.load(f)


class Package(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        directory = tempfile.mkdtemp(prefix='kith-package-')
        cls.addClassCleanup(shutil.rmtree, directory, True)
        cls.facts = facts_of(directory)
        if 'trouble' in cls.facts:
            raise RuntimeError('%s\n%s' % (cls.facts['trouble'], json.dumps(cls.facts, indent=1)[-9000:]))

    def assert_runs(self, step):
        self.assertEqual(0, self.facts[step]['status'], self.facts[step]['out'] + self.facts[step]['err'])
        for name, unit in self.facts[step]['units'].items():
            self.assertEqual(('active', 'enabled', '0'), (unit['ActiveState'], unit['UnitFileState'], unit['NRestarts']), name)

    def state_of(self, check, step, name):
        return next((c['state'] for c in self.facts[step][check]['checks'] if c['name'] == name), None)

    def test_installing_starts_both_services_and_touches_no_mail_server(self):
        self.assert_runs('install')
        self.assertEqual(['ii', OLD_VERSION], self.facts['install']['installed'])
        self.assertEqual(self.facts['before']['postfix'], self.facts['install']['postfix'])
        for unit in self.facts['install']['units'].values():
            self.assertEqual('notify', unit['Type'])
            self.assertNotIn(unit['WatchdogUSec'], ('0', 'infinity'))
        name, _, uid, _, _, home, shell = self.facts['install']['user']
        self.assertEqual(('_kith', '/var/lib/kith', '/usr/sbin/nologin'), (name, home, shell))
        self.assertLess(uid, 1000)

    def test_its_directories_are_its_own(self):
        self.assertEqual({'/etc/kith': ['0o755', 'root'], '/var/lib/kith': ['0o750', '_kith'], '/var/spool/kith': ['0o700', '_kith'],
                          '/run/kith': ['0o750', '_kith'], '/var/spool/postfix/kith': ['0o2710', '_kith']}, self.facts['install']['here'])
        self.assertEqual(['usr.sbin.kith-accounts', 'usr.sbin.kith-extract', 'usr.sbin.kith-learner', 'usr.sbin.kith-milter'], self.facts['install']['profiles'])

    def test_doctor_says_what_to_paste_and_is_content_afterwards(self):
        self.assertEqual('fail', self.state_of('doctor', 'install', 'postfix.smtpd_milters'))
        for check in ('socket', 'socket.rights', 'store', 'learner', 'secret'):
            self.assertEqual('ok', self.state_of('doctor', 'install', check), check)
        failed = [c['name'] for c in self.facts['passive']['doctor']['checks'] if c['state'] == 'fail']
        self.assertEqual([], failed)

    def test_a_lost_socket_directory_comes_back_with_a_restart(self):
        for step in ('restart', 'reload'):
            self.assertEqual(0, self.facts['passive'][step]['status'], self.facts['passive'][step])
        self.assertEqual('ok', self.facts['passive']['socket'][0], self.facts['passive']['socket'])

    def test_its_own_test_finds_the_mail_held(self):
        self.assertEqual(0, self.facts['autopkgtest']['status'], self.facts['autopkgtest']['out'] + self.facts['autopkgtest']['err'])

    def test_an_upgrade_keeps_what_was_learned_and_what_is_held(self):
        self.assert_runs('upgrade')
        self.assertNotEqual(OLD_VERSION, self.facts['upgrade']['installed'][1])
        self.assertEqual([], self.facts['upgrade']['lost'])
        self.assertEqual(['hold', 'hold'], self.facts['upgrade']['where'])
        self.assertEqual('ok', self.facts['upgrade']['holding'][0], self.facts['upgrade']['holding'])
        self.assertEqual(0, self.facts['upgrade']['release']['status'], self.facts['upgrade']['release'])
        self.assertNotEqual(self.facts['install']['config'], self.facts['upgrade']['config'], 'kith.yaml is the old one')

    def test_after_removing_mail_flows_and_the_state_stays(self):
        removed = self.facts['remove']
        self.assertEqual((0, 'rc'), (removed['status'], removed['installed'][0]))
        self.assertIn('still names kith', removed['err'])
        self.assertRegex(removed['err'], r'still on hold in the queue: [1-9][0-9]* mails?\. "postqueue -p" marks them')
        self.assertIn('/var/lib/kith', removed['here'])
        self.assertEqual('hold', removed['where'])
        self.assertEqual([0, 0], [x['status'] for x in self.facts['by_hand']])

    def test_installed_again_it_knows_what_it_knew(self):
        self.assert_runs('reinstall')
        self.assertEqual([], self.facts['reinstall']['lost'])

    def test_purging_leaves_nothing_but_the_user(self):
        purged = self.facts['purge']
        self.assertEqual(0, purged['status'], purged['err'])
        self.assertEqual({}, purged['here'])
        self.assertEqual([], purged['installed'])
        self.assertEqual(self.facts['install']['user'], purged['user'])
        self.assertEqual([], [x for x in purged['left'] if not x.startswith('/var/lib/dpkg/')], purged['left'])

    def test_installed_anew_it_begins_from_nothing_and_holds_nothing(self):
        self.assert_runs('afresh')
        self.assertEqual(0, self.facts['afresh']['seen'])

    def test_nothing_of_it_ever_wrote_to_the_mail_servers_configuration(self):
        after = {self.facts[x]['postfix'] for x in ('upgrade', 'remove', 'reinstall', 'purge', 'afresh')}
        self.assertEqual(1, len(after))


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is removed then, too
    unittest.main(verbosity=2)
