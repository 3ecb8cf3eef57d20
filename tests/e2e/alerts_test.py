# SPDX-License-Identifier: Apache-2.0
"""Alerts to a webhook that is down, hangs, answers 500 and is up again: nothing is lost, nothing comes twice, and nobody waits."""

import http.server
import json
import os
import threading
import time
import unittest

import e2e
from postfix import free_ports


class Receiver:
    """a webhook on a port of its own that answers as `answer` says: a status, or None to hang"""

    def __init__(self):
        self.port, = free_ports(1)
        self.answer, self.seen, self.server, self.released = 200, [], None, threading.Event()

    def up(self, answer=200):
        self.answer = answer
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                if receiver.answer is None:
                    receiver.released.wait(30)
                    return
                receiver.seen.append((receiver.answer, self.headers['X-Kith-Alert'], json.loads(body)))
                self.send_response(receiver.answer)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def down(self):
        if self.server:
            self.released.set()
            self.server.shutdown()
            self.server.server_close()
            self.server = None
            self.released.clear()

    def taken(self):
        return [body for status, _, body in self.seen if status == 200]


class Webhook(unittest.TestCase):
    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.down)
        self.site = e2e.kith_site.Site(
            e2e.BUILD, [e2e.DOMAIN], [], postfix=False, milter=False, learner=False, seed_state=e2e.trained_state(),
            settings={'alerts': {'syslog': False, 'webhook': 'http://127.0.0.1:%d/hook' % self.receiver.port, 'timeout': '1s'}})
        self.addCleanup(self.site.stop)
        self.site.kith('alerts', 'send', check=False)  # from now on

    def send(self, at_once=True):
        """what became of it; at_once: as if the time until the next try were over"""
        if at_once and os.path.exists(os.path.join(self.site.state, 'alerts-webhook.json')):
            os.remove(os.path.join(self.site.state, 'alerts-webhook.json'))
        out = self.site.kith('--json', 'alerts', 'send', '--channel', 'webhook', check=False)
        return json.loads(out.stdout)['channels'][0]

    def put(self):
        """an alert that waits"""
        self.site.kith('alerts', 'test')

    def test_an_alert_waits_until_somebody_takes_it(self):
        self.put()
        down = self.send()
        self.assertEqual((0, 1), (down['sent'], down['waiting']))
        self.assertIn('does not answer', down['trouble'])
        self.put()
        # Not tried again before its time, and that is no new trouble.
        self.receiver.up()
        soon = self.send(at_once=False)
        self.assertEqual((0, 2), (soon['sent'], soon['waiting']))
        self.assertEqual([], self.receiver.seen)

        self.receiver.answer = 500
        broken = self.send()
        self.assertEqual((0, 2), (broken['sent'], broken['waiting']))
        self.assertIn('500', broken['trouble'])

        self.receiver.answer = None
        began = time.monotonic()
        hangs = self.send()
        self.assertEqual((0, 2), (hangs['sent'], hangs['waiting']))
        self.assertLess(time.monotonic() - began, 10)
        self.receiver.down()

        self.receiver.up()
        taken = self.send()
        self.assertEqual((2, 0, ''), (taken['sent'], taken['waiting'], taken['trouble']))
        self.assertEqual(2, len(self.receiver.taken()))
        first = self.receiver.taken()[0]
        self.assertEqual((1, 'test'), (first['version'], first['kind']))
        self.assertEqual(2, len({x['id'] for x in self.receiver.taken()}))
        self.assertEqual([], self.site.kith_json('alerts', 'list')['alerts'])
        self.assertEqual((0, 0), (self.send()['sent'], self.send()['waiting']))

    def test_what_the_receiver_refuses_for_good_does_not_stop_the_rest(self):
        self.put()
        self.receiver.up(400)
        for _ in range(5):
            self.send()
        self.receiver.answer = 200
        self.put()
        done = self.send()
        self.assertEqual((1, 0, 1), (done['sent'], done['waiting'], done['given_up']))
        kept = self.site.kith_json('alerts', 'list')['alerts']
        self.assertEqual([True], [x['given_up'] for x in kept])

    def test_a_full_outbox_takes_no_more_and_forgets_none(self):
        self.site.configure({'alerts': {'max_waiting': 10}})
        for _ in range(10):
            self.put()
        full = self.site.kith('alerts', 'test', check=False)
        self.assertEqual(74, full.returncode)
        self.assertIn('outbox', full.stderr)
        self.receiver.up()
        self.assertEqual(10, self.send()['sent'])

    def test_trouble_is_told_when_it_lasts_and_once_more_when_it_is_over(self):
        # Neither learner nor milter runs here. The state says since when: as if that were long ago.
        path = os.path.join(self.site.state, 'alerts.json')
        with open(path, encoding='utf-8') as f:
            state = json.load(f)
        self.assertIn('learner', state['troubles'])
        for trouble in state['troubles'].values():
            trouble['since'] -= 1000
        with open(path, 'w', encoding='utf-8') as f:
            json.dump(state, f)
        self.receiver.up()
        self.send()
        kinds = [(x['kind'], x['data'].get('service')) for x in self.receiver.taken()]
        self.assertIn(('trouble', 'learner'), kinds)
        self.assertIn(('trouble', 'milter'), kinds)
        self.send()
        self.assertEqual(len(kinds), len(self.receiver.taken()))
        self.site.start_learner()
        e2e.wait_until(lambda: self.send() and any(x['kind'] == 'recovered' for x in self.receiver.taken()),
                       'the learner\'s trouble to be over')


if __name__ == '__main__':
    e2e.main()
