# SPDX-License-Identifier: Apache-2.0
"""Every file that the programs make is for their user and group at most, whatever the umask they are started under."""

import os
import stat
import unittest

import attached_test
import e2e
from e2e import wait_until


class Files(e2e.SiteTest):
    def started_under(self, mask):
        """a site whose programs have that umask, with mail judged, imported and learned"""
        site = e2e.kith_site.Site(
            e2e.BUILD, [e2e.DOMAIN], e2e.mailboxes(), mode='tag', milter=False, learner=False,
            settings={'milter': {'memory_size': '4KiB'}},
        )
        site.start()
        self.addCleanup(site.stop)
        mbox = os.path.join(site.dir, 'mbox')
        with open(mbox, 'wb') as f:
            f.write(b'From MAILER-DAEMON Mon Mar  2 10:00:00 2026\n' + attached_test.mail(0, 'hello').raw + b'\n')
        before = os.umask(mask)
        try:
            site.kith('import', '--mbox', mbox)
            site.start_learner()
            site.start_milter()
        finally:
            os.umask(before)
        spool = os.path.join(site.state, 'attachments')
        wait_until(lambda: os.path.isdir(spool), lambda: 'the spool; the learner:\n' + site.learner.log())
        qid = self.send(site, attached_test.invoice(1, attached_test.IBAN_A))
        wait_until(
            lambda: any(m['queue_id'] == qid for m in site.kith_json('list', '--all', '--limit', '10')['mails']),
            lambda: 'the mail in the index; the learner:\n' + site.learner.log()[-2000:], 120)
        return site

    def test_files_under_any_umask(self):
        names = {}
        for mask in (0, 0o077):
            site = self.started_under(mask)
            names[mask] = set()
            for at, directories, files in os.walk(site.state):
                for name in directories + files:
                    path = os.path.join(at, name)
                    mode = os.lstat(path).st_mode
                    names[mask].add(os.path.basename(name))
                    with self.subTest(umask=oct(mask), path=os.path.relpath(path, site.state), mode=stat.filemode(mode)):
                        self.assertEqual(0, mode & stat.S_IRWXO)
                        self.assertEqual(0, mode & stat.S_IWGRP & (0 if name == 'lock.mdb' else ~0))
                        self.assertEqual(0, mode & 0o111 if stat.S_ISREG(mode) else 0)
            self.assertEqual(0o660, stat.S_IMODE(os.stat(site.mta.kith_socket).st_mode))
            site.stop()
        for made in ('data.mdb', 'lock.mdb', 'writer.lock', 'site.key'):
            self.assertIn(made, names[0] & names[0o077])


if __name__ == '__main__':
    e2e.main()
