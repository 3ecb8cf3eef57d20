# SPDX-License-Identifier: Apache-2.0
"""Two organisations behind one Postfix and one milter: what one has learned and what it held is nowhere at the other."""

import os
import shutil
import unittest

import e2e
from e2e import attack, genuine, headers_of, wait_until

OTHER = 'other.example'
BEN = 'ben@' + OTHER


class Tenants(e2e.SiteTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = site = e2e.kith_site.Site(
            e2e.BUILD, [e2e.DOMAIN, OTHER], e2e.mailboxes() + [BEN], milter=False, learner=False
        )
        cls.addClassCleanup(site.stop)
        directory = os.path.join(site.dir, 'tenants.d')
        os.makedirs(directory)
        site.configure({**e2e.LEARNED_FAST, 'site': {'domains': ['host.example']}, 'tenants': {'directory': directory}})
        for name, domain in (('firm', e2e.DOMAIN), ('other', OTHER)):
            with open(os.path.join(directory, name + '.yaml'), 'w', encoding='utf-8') as f:
                f.write('site: {domains: %s}\n' % domain)
        shutil.copytree(e2e.trained_state(), cls.state('firm'))
        # The learner of a new tenant makes what it needs.
        cls.learners = [
            e2e.kith_site.Daemon(
                [site.learner_program, '--config', site.config_file, '--tenant', name, '--stderr'],
                os.path.join(site.dir, name + '.log'),
            )
            for name in ('firm', 'other')
        ]
        for learner in cls.learners:
            cls.addClassCleanup(learner.stop)
        wait_until(lambda: os.path.exists(os.path.join(cls.state('other'), 'store', 'data.mdb')), "the other's store", 30)
        site.start_milter()
        site.start()

    @classmethod
    def state(cls, tenant):
        return os.path.join(cls.shared.state, 'tenants', tenant)

    def listed(self, tenant):
        return self.shared.kith_json('--tenant', tenant, 'list', '--all', '--limit', '1000')['mails']

    def recorded(self, tenant, queue_id):
        """what the tenant's journal and index have of the mail, once its learner has taken it in"""
        return wait_until(
            lambda: [m for m in self.listed(tenant) if m['queue_id'] == queue_id], 'the learner of ' + tenant, 30
        )[0]

    def test_each_is_listed_with_a_running_learner(self):
        rows = self.shared.kith_json('tenants')['tenants']
        self.assertEqual([('firm', 'running'), ('other', 'running')], [(r['name'], r['learner']) for r in rows])

    def test_an_attack_on_one_is_held_and_the_other_hears_nothing_of_it(self):
        m = attack('ta01')
        queue_id = self.send(self.shared, m)
        self.shared.postfix.wait_held(queue_id)
        self.assertIn('tenant=firm', self.shared.log_line(queue_id))
        self.recorded('firm', queue_id)
        self.assertEqual([], [x for x in self.listed('other') if x['queue_id'] == queue_id])
        got = self.shared.kith('--tenant', 'other', 'explain', queue_id, check=False)
        self.assertEqual(66, got.returncode)
        # Released by its own, with the words that its own explanation names.
        words = self.shared.kith('--tenant', 'firm', 'explain', queue_id).stdout
        self.assertIn('kith --tenant firm release', words)

    def test_who_is_well_known_to_one_is_a_stranger_to_the_other(self):
        m = genuine('ta02')
        known = self.recorded('firm', self.send(self.shared, m))
        m = genuine('ta03')
        m.rcpts = [BEN]
        queue_id = self.send(self.shared, m)
        got = self.shared.postfix.wait_delivered(BEN, m.message_id)
        self.assertEqual(1, len(headers_of(got, 'X-Kith-Verdict')))
        stranger = self.recorded('other', queue_id)
        tags = [self.shared.kith_json('--tenant', t, 'show', i['id'])['tags'] for t, i in (('firm', known), ('other', stranger))]
        self.assertNotIn('low-mailing-history', tags[0])
        self.assertIn('low-mailing-history', tags[1])

    def test_a_mail_to_both_is_recorded_for_each_with_its_own_recipients_only(self):
        m = genuine('ta04')
        own = list(m.rcpts)
        m.rcpts = own + [BEN]
        queue_id = self.send(self.shared, m)
        got = self.shared.postfix.wait_delivered(BEN, m.message_id)
        self.assertEqual([], headers_of(got, 'X-Kith-Verdict'))
        for tenant, rcpts in (('firm', own), ('other', [BEN])):
            entry = self.recorded(tenant, queue_id)
            self.assertEqual(rcpts, self.shared.kith_json('--tenant', tenant, 'show', entry['id'])['rcpts'])
        self.assertFalse(self.holds_text(self.state('other'), own[0].encode()))
        self.assertTrue(self.holds_text(self.state('firm'), own[0].encode()))
        self.assertFalse(self.holds_text(self.state('firm'), BEN.encode()))

    def holds_text(self, directory, text):
        """whether a file below the directory has the bytes; segments of the journal are plain while they are the newest"""
        for path, _, names in os.walk(directory):
            for name in names:
                with open(os.path.join(path, name), 'rb') as f:
                    if text in f.read():
                        return True
        return False


if __name__ == '__main__':
    e2e.main()
