# SPDX-License-Identifier: Apache-2.0
"""Parts missing, dead, damaged or reloaded while mail comes in: mail flows, and kith says what is wrong."""

import os
import shutil
import signal

import e2e
from e2e import attack, genuine, headers_of, wait_until


def listed(site, message_id):
    """whether the learner has recorded a mail, so that `kith show` knows it"""
    return site.kith('show', message_id, check=False).returncode == 0


class Faults(e2e.SiteTest):
    def test_without_the_learner_mail_is_scored_and_the_learner_catches_up_later(self):
        site = self.site()
        site.learner.stop()
        m = genuine('cc01')
        self.send(site, m)
        got = site.postfix.wait_delivered(m.rcpts[0], m.message_id)
        self.assertEqual(['pass'], headers_of(got, 'X-Kith-Verdict'))
        bad = attack('cc02')
        site.postfix.wait_held(self.send(site, bad))
        self.assertFalse(listed(site, m.message_id))
        site.start_learner()
        wait_until(
            lambda: listed(site, m.message_id) and listed(site, bad.message_id),
            lambda: 'the learner to catch up; its log:\n' + site.learner.log()[-2000:],
            30,
        )

    def test_a_learner_killed_hard_goes_on_where_it_was(self):
        site = self.site()
        first, second = genuine('cc03'), genuine('cc04', 1)
        self.send(site, first)
        wait_until(lambda: listed(site, first.message_id), 'the first mail to be learned', 30)
        site.learner.stop(signal.SIGKILL)
        self.send(site, second)
        site.start_learner()
        wait_until(
            lambda: listed(site, second.message_id),
            lambda: 'the second mail to be learned; log:\n' + site.learner.log()[-2000:],
            30,
        )
        self.assertTrue(listed(site, first.message_id))

    def test_without_the_milter_postfix_applies_milter_default_action_and_mail_flows(self):
        site = self.site(default_action='accept')
        site.milter.stop()
        got = self.assert_mail_flows(site, 'cc05')
        self.assertEqual([], headers_of(got, 'X-Kith-Id'))
        site.start_milter()
        got = self.assert_mail_flows(site, 'cc06')
        self.assertEqual(1, len(headers_of(got, 'X-Kith-Id')))

    def test_a_milter_killed_hard_can_be_started_again_on_the_same_socket(self):
        site = self.site(default_action='accept')
        site.milter.stop(signal.SIGKILL)
        site.start_milter()
        got = self.assert_mail_flows(site, 'cc07')
        self.assertEqual(1, len(headers_of(got, 'X-Kith-Id')))

    def test_without_a_store_mail_flows_with_a_neutral_score_and_status_says_so(self):
        site = self.site(learner=False, milter=False)
        shutil.rmtree(os.path.join(site.state, 'store'))
        site.start_milter()
        m = attack('cc08')
        qid = self.send(site, m)
        got = site.postfix.wait_delivered(m.rcpts[0], m.message_id)
        self.assertEqual(['0'], headers_of(got, 'X-Kith-Score'))
        self.assertIn('degraded=', site.log_line(qid))
        status = site.kith('status', check=False)
        self.assertNotEqual(0, status.returncode)
        self.assertIn('store', status.stdout + status.stderr)

    def test_with_garbage_for_a_store_mail_flows_with_a_neutral_score_and_status_says_so(self):
        site = self.site(learner=False, milter=False)
        store = os.path.join(site.state, 'store')
        for folder, _, names in os.walk(store):
            for name in names:
                with open(os.path.join(folder, name), 'wb') as f:
                    f.write(e2e.kith_site.noise(64 << 10, 3))
        site.start_milter()
        m = attack('cc09')
        qid = self.send(site, m)
        got = site.postfix.wait_delivered(m.rcpts[0], m.message_id)
        self.assertEqual(['0'], headers_of(got, 'X-Kith-Score'))
        self.assertIn('degraded=', site.log_line(qid))
        self.assertTrue(site.milter.alive)
        self.assertNotEqual(0, site.kith('status', check=False).returncode)

    def test_a_store_that_appears_later_is_found_without_a_restart(self):
        site = self.site(learner=False, milter=False)
        store, aside = os.path.join(site.state, 'store'), os.path.join(site.state, 'aside')
        os.rename(store, aside)
        site.start_milter()
        self.assert_mail_flows(site, 'cc10')
        os.rename(aside, store)
        n = iter(range(100, 400))

        def held():
            qid = self.send(site, attack('d%03d' % next(n)))
            return 'action=held' in site.log_line(qid)

        wait_until(held, 'the milter to find the store', 60)

    def test_reload_changes_the_mode_of_mail_that_comes_after_it(self):
        site = self.site(mode='enforce')
        site.postfix.wait_held(self.send(site, attack('cc11')))
        site.configure({'mode': 'tag'})
        site.reload()
        m = attack('cc12', 1)
        self.send(site, m)
        got = site.postfix.wait_delivered(m.rcpts[0], m.message_id)
        self.assertIn(headers_of(got, 'X-Kith-Verdict')[0], ('quarantine', 'tag'))

    def test_reload_of_a_broken_configuration_keeps_the_old_one(self):
        site = self.site(mode='enforce')
        site.configure({'mode': 'no-such-mode'})
        site.reload()
        site.postfix.wait_held(self.send(site, attack('cc13')))
        self.assertTrue(site.milter.alive)

    def test_a_milter_on_a_loopback_port_serves_as_well(self):
        site = self.site(inet=True)
        got = self.assert_mail_flows(site, 'cc14')
        self.assertEqual(1, len(headers_of(got, 'X-Kith-Id')))

    def test_a_clean_stop_ends_with_status_0(self):
        site = self.site()
        self.assert_mail_flows(site, 'cc15')
        self.assertEqual(0, site.milter.stop())
        self.assertEqual(0, site.learner.stop())


class Release(e2e.SiteTest):
    def test_a_released_mail_is_delivered_once_and_not_held_again(self):
        site = self.site()
        m = attack('ee01')
        qid = self.send(site, m)
        site.postfix.wait_held(qid)
        wait_until(lambda: listed(site, m.message_id), 'the held mail to be listed', 30)
        site.release(qid)
        got = site.postfix.wait_delivered(m.rcpts[0], m.message_id)
        self.assertTrue(headers_of(got, 'X-Kith-Id'))
        wait_until(lambda: site.postfix.where(qid) is None, 'the queue to be empty')
        self.assertEqual(1, sum(m.message_id.encode() in x for x in site.postfix.mailbox(m.rcpts[0])))

    def test_a_mail_that_is_not_held_is_not_released_and_the_command_says_why(self):
        site = self.site()
        m = genuine('ee02')
        qid = self.send(site, m)
        site.postfix.wait_delivered(m.rcpts[0], m.message_id)
        wait_until(lambda: listed(site, m.message_id), 'the mail to be listed', 30)
        p = site.release(qid, check=False)
        self.assertNotEqual(0, p.returncode)
        self.assertIn('was never held', p.stderr)

    def test_explain_of_a_held_mail_names_reasons_and_the_sender(self):
        site = self.site()
        m = attack('ee03')
        qid = self.send(site, m)
        site.postfix.wait_held(qid)
        wait_until(lambda: listed(site, m.message_id), 'the held mail to be listed', 30)
        text = site.kith('explain', qid).stdout
        self.assertIn(m.mail_from, text)
        self.assertGreater(len(text.splitlines()), 3)


if __name__ == '__main__':
    e2e.main()
