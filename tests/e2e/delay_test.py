# SPDX-License-Identifier: Apache-2.0
"""A delayed mail as its sender's Postfix sees it: 451 once, deferred there, and the verdict when it comes again."""

import signal
import unittest

import e2e
from e2e import attack, headers_of, wait_until

# Nothing is held, and what is unusual among one in ten of the mails that want something is delayed.
DELAYING = e2e.kith_site.merge(
    e2e.LEARNED_FAST,
    {
        'budget': {'holds_per_1000': 0, 'delays_per_1000': 100, 'tags_per_1000': 100},
        'site': {'networks': ['10.0.0.0/8']},  # so that the sender's Postfix on this host comes from outside
    },
)


class Delays(e2e.SiteTest):
    def sender(self, site):
        """a Postfix that hands all mail to the site's and tries again only when told to"""
        p = e2e.Postfix(
            ['sender.example'],
            [],
            extra='default_transport = smtp:[127.0.0.1]:%d\nvirtual_transport = virtual\n'
            'minimal_backoff_time = 4h\nmaximal_backoff_time = 4h\nqueue_run_delay = 4h\n' % site.postfix.port,
        )
        p.start()
        self.addCleanup(p.stop)
        return p

    def delayed_at(self, site, sender, mail):
        """queue id at the sender of a mail that was answered 451"""
        code, text = sender.send(mail.raw, mail.mail_from, mail.rcpts)
        self.assertEqual(250, code, text)
        qid = e2e.queue_id_of(text)
        wait_until(
            lambda: sender.where(qid) == 'deferred' and 'said: 451 4.7.1' in sender.log(),
            lambda: 'the mail to be deferred; the sender says:\n%s\nthe site:\n%s'
            % (sender.log()[-3000:], site.milter.log()[-2000:]),
        )
        return qid

    def lines(self, site, mail):
        return [x for x in site.milter.log().splitlines() if 'verdict=' in x and mail.rcpts[0] in x]

    def known_to_learner(self, site):
        wait_until(
            lambda: [m for m in site.kith_json('list', '--all')['mails'] if m['action'] == 'deferred'],
            'the learner to know of the delay',
        )

    def test_a_delayed_mail_is_delivered_when_it_comes_again_and_an_ordinary_one_at_once(self):
        site = self.site(settings=DELAYING)
        sender = self.sender(site)
        m = attack('dd01')
        qid = self.delayed_at(site, sender, m)
        self.assertIn('Message delayed for a second look', sender.log())
        self.assertIsNone(site.postfix.find(m.rcpts[0], m.message_id))
        self.known_to_learner(site)
        sender.run('postqueue', '-c', sender.etc, '-i', qid)
        got = site.postfix.wait_delivered(m.rcpts[0], m.message_id)
        self.assertEqual(['tag'], headers_of(got, 'X-Kith-Verdict'))
        first, second = self.lines(site, m)
        self.assertIn('verdict=tempfail', first)
        self.assertIn('action=deferred', first)
        self.assertIn('action=accepted', second)
        self.assertIn('delayed=yes', second)
        wait_until(lambda: sender.where(qid) is None, 'the mail to leave the sender')
        wait_until(
            lambda: [m for m in site.kith_json('list', '--all')['mails'] if m['action'] == 'accepted'],
            'the learner to know of the retry',
        )
        self.assert_mail_flows(site, 'dd02')

    def test_a_delayed_mail_is_held_at_its_retry_when_it_is_suspicious_by_then(self):
        site = self.site(settings=DELAYING)
        sender = self.sender(site)
        m = attack('dd03')
        qid = self.delayed_at(site, sender, m)
        site.configure({'budget': {'holds_per_1000': 99}})
        site.reload()
        sender.run('postqueue', '-c', sender.etc, '-f')
        line = wait_until(lambda: self.lines(site, m)[1:], 'the retry')[0]
        self.assertIn('action=held', line)
        site.postfix.wait_held(line.split(': id=')[0].split()[-1])
        wait_until(lambda: sender.where(qid) is None, 'the mail to leave the sender')
        self.assertIsNone(site.postfix.find(m.rcpts[0], m.message_id))
        incident = wait_until(lambda: site.kith_json('incident', 'list')['groups'], 'an incident')[0]
        mails = site.kith_json('incident', 'show', incident['id'])['mails']
        self.assertEqual(['deferred', 'held'], [x['action'] for x in mails])

    def test_killed_between_the_attempts_milter_and_learner_still_know_it(self):
        site = self.site(settings=DELAYING)
        sender = self.sender(site)
        m = attack('dd04')
        qid = self.delayed_at(site, sender, m)
        self.known_to_learner(site)
        site.milter.stop(signal.SIGKILL)
        site.learner.stop(signal.SIGKILL)
        site.start_milter()
        site.start_learner()
        sender.run('postqueue', '-c', sender.etc, '-i', qid)
        site.postfix.wait_delivered(m.rcpts[0], m.message_id)
        self.assertIn('delayed=yes', self.lines(site, m)[-1])

    def test_what_an_incident_still_has_in_the_queue_is_put_on_hold_and_released(self):
        site = self.site()
        m = attack('dd05')
        self.send(site, m)
        incident = wait_until(lambda: site.kith_json('incident', 'list')['groups'], 'an incident')[0]
        held = site.kith_json('incident', 'show', incident['id'])['mails'][0]
        site.postfix.wait_held(held['queue_id'])
        # Out of the hold queue and back into it: the mail waits where it cannot be delivered.
        site.postfix.reload(default_transport='retry:4.0.0 not now', virtual_transport='retry:4.0.0 not now')
        site.release(held['id'])
        wait_until(lambda: site.postfix.where(held['queue_id']) == 'deferred', 'the mail to be deferred')
        out = site.kith('incident', 'hold', incident['id'], '--postfix-config', site.postfix.etc).stdout
        self.assertIn('held %s: %s' % (held['id'], held['queue_id']), out)
        self.assertEqual('hold', site.postfix.where(held['queue_id']))


class NeverDelayed(e2e.SiteTest):
    def test_tag_and_passive_mode_delay_nothing(self):
        for mode in ('tag', 'passive'):
            with self.subTest(mode=mode):
                site = self.site(settings=DELAYING, mode=mode)
                m = attack('de01')
                self.send(site, m)
                site.postfix.wait_delivered(m.rcpts[0], m.message_id)

    def test_mail_of_own_users_is_not_delayed(self):
        site = self.site(settings=DELAYING)
        for i in range(3):
            m = e2e.outbound('de1%d' % i, i)
            m.raw += b'\nPlease open https://odd.example/x and log in with your password.\n'
            self.send(site, m)
        self.assertNotIn('action=deferred', site.milter.log())


if __name__ == '__main__':
    e2e.main()
