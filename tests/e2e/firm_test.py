# SPDX-License-Identifier: Apache-2.0
"""The synthetic firm of contrib/demo/firm.py: deterministic, large and varied enough, labelled, and nobody's real mail."""

import collections
import email
import email.policy
import hashlib
import ipaddress
import json
import mailbox
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIRM = os.path.join(ROOT, 'contrib/demo/firm.py')


def generate(out, *args, env=None):
    subprocess.run(
        [sys.executable, FIRM, '--out', out, *args],
        check=True,
        stdout=subprocess.DEVNULL,
        env=dict(os.environ, **(env or {})),
    )


class Firm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory(prefix='kith-firm-')
        cls.addClassCleanup(cls.tmp.cleanup)
        generate(cls.tmp.name, '--stories')
        with open(os.path.join(cls.tmp.name, 'manifest.jsonl'), encoding='utf-8') as f:
            cls.rows = [json.loads(x) for x in f]
        with open(os.path.join(cls.tmp.name, 'stream.mbox'), 'rb') as f:
            cls.stream = f.read()

    def raw(self, r):
        return self.stream[r['offset'] : r['offset'] + r['length']]

    def test_the_same_arguments_give_the_same_bytes_whatever_the_hash_seed(self):
        sums = set()
        for hash_seed in ('1', '2'):
            with tempfile.TemporaryDirectory() as d:
                generate(
                    d,
                    '--days',
                    '14',
                    '--probes',
                    '5',
                    '--story-time',
                    '1773390000',
                    env={'PYTHONHASHSEED': hash_seed},
                )
                h = hashlib.sha256()
                for folder, _, names in sorted(os.walk(d)):
                    for name in sorted(names):
                        with open(os.path.join(folder, name), 'rb') as f:
                            h.update(name.encode() + f.read())
                sums.add(h.hexdigest())
        self.assertEqual(1, len(sums))

    def test_another_seed_gives_other_mail(self):
        with tempfile.TemporaryDirectory() as d:
            generate(d, '--days', '7', '--seed', '2', '--probes', '0')
            with open(os.path.join(d, 'stream.mbox'), 'rb') as f:
                self.assertNotEqual(self.stream[:5000], f.read(5000))

    def test_there_is_enough_genuine_mail_to_calibrate_both_directions(self):
        n = collections.Counter(r['direction'] for r in self.rows if r['kind'] in ('ham', 'ham-bulk'))
        self.assertGreaterEqual(n['in'], 6000)
        self.assertGreaterEqual(n['out'], 2995)
        self.assertGreater(n['internal'], 300)

    def test_there_are_many_correspondents_languages_and_programs(self):
        with open(os.path.join(self.tmp.name, 'people.json'), encoding='utf-8') as f:
            people = json.load(f)
        self.assertGreaterEqual(sum(not p['own'] for p in people), 60)
        self.assertGreaterEqual(sum(p['own'] for p in people), 15)
        self.assertEqual({'en', 'de', 'fr', 'it', 'es', 'nl', 'pl', 'pt'}, {p['lang'] for p in people})
        self.assertGreaterEqual(len({p['client'] for p in people}), 15)

    def test_every_mail_parses_without_a_defect(self):
        for r in self.rows[::7]:
            m = email.message_from_bytes(self.raw(r), policy=email.policy.default)
            for part in m.walk():
                self.assertEqual([], part.defects, r['id'])
            for name in ('From', 'Date', 'Message-ID', 'Subject'):
                self.assertIsNotNone(m[name], (r['id'], name))

    def test_conversations_go_both_ways_and_quote(self):
        ids = {}
        for r in self.rows:
            if r['kind'] == 'ham':
                m = email.message_from_bytes(self.raw(r))
                ids[m['Message-ID']] = r['direction']
                ref = (m['In-Reply-To'] or '').strip()
                if ref in ids and ids[ref] != r['direction']:
                    r['answers_other_side'] = True
        self.assertGreater(sum(r.get('answers_other_side', False) for r in self.rows), 3000)

    def test_only_reserved_names_and_addresses_occur(self):
        text = re.sub(rb'\n[A-Za-z0-9+/=]{60,}', b'', self.stream).replace(b'=\n', b'')
        doc = [
            ipaddress.ip_network(n)
            for n in ('192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '10.0.0.0/8', '192.168.0.0/16')
        ]
        for r in self.rows:
            a = ipaddress.ip_address(r['client']['addr'])
            self.assertTrue(
                any(a in n for n in doc) if a.version == 4 else a in ipaddress.ip_network('2001:db8::/32'), a
            )
            for address in [r['mail_from'], *r['rcpts']]:
                self.assertRegex(address, r'^$|@[a-z0-9.-]+\.(example|test)$')
        for found in set(re.findall(rb'https?://([a-z0-9.-]+)', text)):
            if found != b'www.w3.org':
                self.assertRegex(found.decode(), r'\.(example|test)$')

    def test_labels_follow_the_form_of_the_measured_streams(self):
        last = 0
        donors = {r['id']: r for r in self.rows}
        for r in self.rows:
            self.assertGreaterEqual(r['time'], last - 1)
            last = r['time']
            self.assertIn(r['span'], 'WDT')
            attack = r['kind'] not in ('ham', 'ham-bulk')
            if attack:
                self.assertNotEqual('W', r['span'], r['id'])
                self.assertGreaterEqual(r['victim_history'], 3, r['id'])
            if attack and not r['kind'].startswith('story'):
                self.assertFalse(r['learn'])
                self.assertEqual('ham', donors[r['donor']]['kind'])
                if r['kind'] != 'A9':
                    self.assertLess(r['id'], r['donor'])
                    self.assertEqual(r['time'], donors[r['donor']]['time'])
            self.assertEqual(r['kind'] == 'A9', r['session'] is not None, r['id'])
        kinds = collections.Counter(r['kind'] for r in self.rows)
        for k in (
            'A0',
            'A1',
            'A1L',
            'A2',
            'A2L',
            'A3',
            'A4',
            'A5',
            'A6',
            'A7',
            'A8',
            'A9',
            'A6i',
            'A8i',
            'story-attack',
            'story-warning',
        ):
            self.assertGreater(kinds[k], 10, k)
        topics = [r['topic'] for r in self.rows if r['kind'] in ('A5', 'A7', 'A8')]
        self.assertTrue(0.35 < sum(topics) / len(topics) < 0.65, sum(topics) / len(topics))

    def test_the_placebo_is_the_donor_but_for_its_message_id(self):
        byid = {r['id']: r for r in self.rows}
        r = next(x for x in self.rows if x['kind'] == 'A0')
        a, b = (email.message_from_bytes(self.raw(x)) for x in (r, byid[r['donor']]))
        self.assertEqual([h.lower() for h in a.keys()], [h.lower() for h in b.keys()])
        self.assertEqual(a['Subject'], b['Subject'])
        self.assertNotEqual(a['Message-ID'], b['Message-ID'])

    def test_the_mailboxes_for_import_hold_the_genuine_mail_and_nothing_else(self):
        genuine = [r for r in self.rows if r['kind'] in ('ham', 'ham-bulk')]
        for name, directions in (('mail.mbox', ('in', 'out', 'internal')), ('inbound.mbox', ('in',)), ('outbound.mbox', ('out', 'internal'))):
            box = mailbox.mbox(os.path.join(self.tmp.name, name), create=False)
            self.assertEqual(sum(r['direction'] in directions for r in genuine), len(box))
            first = box[0]
            self.assertTrue(first['Return-Path'] is not None and 'by mx.halvern.example' in first['Received'])
            box.close()

    def test_the_story_attacks_come_the_suppliers_usual_way_into_open_threads(self):
        with open(os.path.join(self.tmp.name, 'story/story.json'), encoding='utf-8') as f:
            rows = json.load(f)
        attacks = [r for r in rows if r['kind'] == 'story-attack']
        warnings = [r for r in rows if r['kind'] == 'story-warning']
        self.assertEqual((4, 4), (len(attacks), len(warnings)))
        self.assertEqual(4, len({tuple(r['rcpts']) for r in attacks}))
        known = [r for r in self.rows if r['victim'] == attacks[0]['mail_from'] and r['kind'] == 'ham']
        self.assertGreater(len(known), 50)
        sent = {
            email.message_from_bytes(self.raw(r))['Message-ID'].strip()
            for r in self.rows
            if r['kind'] == 'ham'
        }
        for r in attacks:
            self.assertEqual({r['client']['addr']}, {k['client']['addr'] for k in known})
            with open(os.path.join(self.tmp.name, 'story', r['file']), 'rb') as f:
                m = email.message_from_bytes(f.read())
            self.assertIn(m['In-Reply-To'].strip(), sent)
            self.assertIn('dkim=pass', m['Authentication-Results'])
        for r in warnings:
            self.assertEqual(16, len(r['rcpts']))


if __name__ == '__main__':
    unittest.main(verbosity=2)
