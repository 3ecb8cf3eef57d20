# SPDX-License-Identifier: Apache-2.0
"""Each verdict through a real Postfix: what the sender hears, where the mail lies, what is in its header."""

import threading
import unittest

import e2e
from e2e import attack, genuine, headers_of, outbound, wait_until

OURS = ('X-Kith-Score', 'X-Kith-Verdict', 'X-Kith-Id')


class Verdicts(e2e.SiteTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = e2e.kith_site.Site(
            e2e.BUILD,
            [e2e.DOMAIN],
            e2e.mailboxes(),
            settings=e2e.LEARNED_FAST,
            seed_state=e2e.trained_state(),
        ).start()
        cls.addClassCleanup(cls.shared.stop)

    def test_a_genuine_mail_is_delivered_with_our_headers_and_passes(self):
        m = genuine('aa01')
        qid = self.send(self.shared, m)
        got = self.shared.postfix.wait_delivered(m.rcpts[0], m.message_id)
        for name in OURS:
            self.assertEqual(1, len(headers_of(got, name)), name)
        self.assertEqual(['pass'], headers_of(got, 'X-Kith-Verdict'))
        self.assertLess(int(headers_of(got, 'X-Kith-Score')[0]), 40)
        line = self.shared.log_line(qid)
        self.assertIn('dir=in', line)
        self.assertIn('verdict=pass', line)

    def test_a_mail_that_does_not_fit_is_held_and_not_delivered(self):
        m = attack('aa02')
        qid = self.send(self.shared, m)
        self.shared.postfix.wait_held(qid)
        self.assertIsNone(self.shared.postfix.find(m.rcpts[0], m.message_id))
        line = self.shared.log_line(qid)
        self.assertIn('verdict=quarantine', line)
        self.assertIn('action=held', line)
        self.assertIn('milter-hold', self.shared.postfix.log())

    def test_forged_copies_of_our_headers_are_removed(self):
        m = genuine('aa03', 3)
        forged = b'X-Kith-Score: 0\nX-Kith-Verdict: pass-forged\nx-kith-id: aaaaforged\nX-KITH-SCORE: 1\nX-Kith-Anything: forged\n'
        m.raw = forged + m.raw.replace(
            b'\n\n', b'\nX-Kith-Verdict: again-forged\nX-Kith-Verdict: third-forged\n\n', 1
        )
        self.send(self.shared, m)
        got = self.shared.postfix.wait_delivered(m.rcpts[0], m.message_id)
        for name in OURS:
            self.assertEqual(1, len(headers_of(got, name)), name)
        self.assertEqual([], headers_of(got, 'X-Kith-Anything'))
        self.assertNotIn(b'forged', got.split(b'\n\n', 1)[0])

    def test_three_messages_on_one_connection_are_judged_each_for_itself(self):
        first, second, third = genuine('aa04', 1), attack('aa05', 1), genuine('aa06', 1)
        s = self.shared.postfix.connect(first.client)
        replies = [s.send_raw(m.mail_from, m.rcpts, m.raw) for m in (first, second, third)]
        s.quit()
        self.assertEqual([250] * 3, [c for c, _ in replies], replies)
        self.shared.postfix.wait_held(e2e.queue_id_of(replies[1][1]))
        one, three = (self.shared.postfix.wait_delivered(m.rcpts[0], m.message_id) for m in (first, third))
        self.assertNotEqual(headers_of(one, 'X-Kith-Id'), headers_of(three, 'X-Kith-Id'))
        for got in (one, three):
            self.assertEqual(1, len(headers_of(got, 'X-Kith-Id')))
            self.assertEqual(['pass'], headers_of(got, 'X-Kith-Verdict'))

    def test_authenticated_mail_to_the_outside_is_outbound_and_carries_no_header_of_ours(self):
        m = outbound('aa07')
        qid = self.send(self.shared, m)
        got = self.shared.postfix.wait_delivered('outside', m.message_id)
        for name in OURS:
            self.assertEqual([], headers_of(got, name), name)
        line = self.shared.log_line(qid)
        self.assertIn('dir=out', line)
        self.assertIn('user=' + m.login, line)

    def test_authenticated_mail_inside_is_internal(self):
        m = outbound('aa08', 1)
        m.rcpts = [e2e.mailboxes()[0]]
        qid = self.send(self.shared, m)
        self.shared.postfix.wait_delivered(m.rcpts[0], m.message_id)
        self.assertIn('dir=internal', self.shared.log_line(qid))

    def test_mail_of_a_foreign_client_that_claims_an_own_address_is_inbound(self):
        m = outbound('aa09', 2)
        m.login, m.rcpts, m.client = (
            None,
            [e2e.mailboxes()[0]],
            {'addr': '203.0.113.66', 'name': 'unknown', 'helo': 'bad.example'},
        )
        qid = self.send(self.shared, m)
        self.assertIn('dir=in ', self.shared.log_line(qid) + ' ')

    def test_a_null_sender_and_an_eight_bit_header_get_through(self):
        box = e2e.mailboxes()[2]
        raw = 'From: MAILER-DAEMON@far.example\nSubject: Zustellung für Jürgen\nMessage-ID: <null1@far.example>\n\nKörper\n'.encode(
            'latin-1'
        )
        code, text = self.shared.postfix.send(
            raw, '', [box], {'addr': '192.0.2.201', 'name': 'mx.far.example', 'helo': 'mx.far.example'}
        )
        self.assertEqual(250, code, text)
        got = self.shared.postfix.wait_delivered(box, '<null1@far.example>')
        self.assertIn('für'.encode('latin-1'), got)
        self.assertEqual(1, len(headers_of(got, 'X-Kith-Id')))

    def test_a_mail_larger_than_the_memory_bound_is_judged_and_arrives_whole(self):
        m = genuine('aa10', 4)
        head, body = m.raw.split(b'\n\n', 1)
        m.raw = head + b'\n\n' + body + b'\n' + e2e.kith_site.noise(3 << 20) + b'\nthe very end\n'
        self.send(self.shared, m)
        got = self.shared.postfix.wait_delivered(m.rcpts[0], m.message_id)
        self.assertTrue(got.rstrip().endswith(b'the very end'))
        self.assertEqual(1, len(headers_of(got, 'X-Kith-Score')))

    def test_fifty_parallel_sessions_get_an_answer_each(self):
        n = 50
        ready = threading.Barrier(n)
        results = [None] * n

        def one(i):
            try:
                m = genuine('p%03d' % i, i % 12)
                s = self.shared.postfix.connect(m.client, timeout=120)
                ready.wait(60)
                code, text = s.send_raw(m.mail_from, m.rcpts, m.raw)
                s.quit()
                results[i] = (code, text, m)
            except Exception as e:
                results[i] = (0, repr(e), None)

        threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(180)
        self.assertEqual([250] * n, [r[0] for r in results], [r[1] for r in results if r[0] != 250][:3])
        ids = set()
        for _, text, m in results:
            qid = e2e.queue_id_of(text)
            self.shared.log_line(qid)
            got = wait_until(
                lambda: self.shared.postfix.find(m.rcpts[0], m.message_id)
                or (self.shared.postfix.where(qid) == 'hold' and b'held'),
                'mail %s to arrive' % m.message_id,
                60,
            )
            if got != b'held':
                ids.update(headers_of(got, 'X-Kith-Id'))
        self.assertGreaterEqual(len(ids), n - 3)


class TagAndTempfail(e2e.SiteTest):
    def test_mail_from_the_sendmail_command_reaches_the_milter_and_is_delivered(self):
        site = self.site(mode='tag')  # a person who suddenly writes from the command line may well be held
        box = e2e.mailboxes()[1]
        before = len(site.milter.log().splitlines())
        site.postfix.run(
            'sendmail',
            '-C',
            site.postfix.etc,
            '-f',
            e2e.mailboxes()[0],
            box,
            stdin=b'Subject: cron\nMessage-ID: <cmd1@halvern.example>\n\nall is well\n',
        )
        site.postfix.wait_delivered(box, '<cmd1@halvern.example>')
        lines = wait_until(
            lambda: [x for x in site.milter.log().splitlines()[before:] if 'verdict=' in x],
            'a log line of the mail',
        )
        self.assertIn('dir=internal', lines[-1])

    def test_tag_mode_delivers_what_enforce_would_hold_and_says_so_in_the_header(self):
        site = self.site(mode='tag')
        m = attack('bb01')
        qid = self.send(site, m)
        got = site.postfix.wait_delivered(m.rcpts[0], m.message_id)
        self.assertEqual(['quarantine'], headers_of(got, 'X-Kith-Verdict'))
        self.assertGreaterEqual(int(headers_of(got, 'X-Kith-Score')[0]), 40)
        self.assertTrue(headers_of(got, 'X-Kith-Reason'))
        self.assertIn('action=accepted', site.log_line(qid))

    def test_passive_mode_changes_nothing_but_records_what_it_would_have_done(self):
        site = self.site(mode='passive')
        m = attack('bb02')
        qid = self.send(site, m)
        got = site.postfix.wait_delivered(m.rcpts[0], m.message_id)
        for name in OURS:
            self.assertEqual([], headers_of(got, name), name)
        self.assertIn('verdict=quarantine', site.log_line(qid))

    def test_part_of_the_mail_goes_by_a_mode_of_its_own_until_a_reload_says_otherwise(self):
        modes = {'outbound': 'tag', 'inbound ' + e2e.DOMAIN: 'enforce'}
        site = self.site(mode='passive', settings=e2e.kith_site.merge(e2e.LEARNED_FAST, {'modes': modes}))
        m = attack('bb03')
        qid = self.send(site, m)
        site.postfix.wait_held(qid)
        self.assertIn('mode=enforce', site.log_line(qid))
        site.configure({'modes': {'inbound ' + e2e.DOMAIN: 'tag'}})
        site.reload()
        m = attack('bb04', 1)
        qid = self.send(site, m)
        got = site.postfix.wait_delivered(m.rcpts[0], m.message_id)
        self.assertEqual(1, len(headers_of(got, 'X-Kith-Verdict')))
        self.assertIn('mode=tag', site.log_line(qid))
        self.assertEqual('tag', site.kith_json('status', check=False)['modes']['inbound ' + e2e.DOMAIN])

    def test_mail_that_cannot_be_judged_now_is_refused_with_451_and_accepted_at_the_retry(self):
        site = self.site(
            settings=e2e.kith_site.merge(
                e2e.LEARNED_FAST, {'milter': {'on_failure': 'tempfail', 'workers': 1, 'max_waiting': 1}}
            )
        )
        n = 24
        ready = threading.Barrier(n)
        replies = [None] * n
        big = b'\n' + e2e.kith_site.noise(2 << 20)

        def one(i):
            m = genuine('t%03d' % i, i % 6)
            m.raw += big
            s = site.postfix.connect(m.client, timeout=120)
            ready.wait(60)
            replies[i] = (s.send_raw(m.mail_from, m.rcpts, m.raw), m)
            s.quit()

        threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(180)
        codes = [r[0][0] for r in replies]
        self.assertEqual(set(codes), {250, 451}, codes)
        late = next(r for r in replies if r[0][0] == 451)
        self.assertIn('4.3.0', late[0][1])
        self.send(site, late[1])
        site.postfix.wait_delivered(late[1].rcpts[0], late[1].message_id)


if __name__ == '__main__':
    e2e.main()
