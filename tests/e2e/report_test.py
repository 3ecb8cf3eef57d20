# SPDX-License-Identifier: Apache-2.0
"""`kith report --html` in a real browser: what it shows is what --json says, hostile text is text, and nothing is loaded.

Mail is judged by the real milter behind the real Postfix in the mode passive; the page is opened in headless Chromium.
"""

import html.parser
import http.server
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
import threading
import unittest

import e2e
from e2e import attack, genuine, outbound

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser')
VOID = {'meta', 'link', 'br', 'img', 'rect', 'line', 'input', 'hr'}


def require_chromium():
    if not CHROMIUM:
        raise e2e.Unavailable('chromium is not installed: apt-get install chromium')


class Counter:
    """A web server on a loopback port that notes what it is asked for."""

    def __enter__(self):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(404)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = 'http://127.0.0.1:%d/' % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()


class Dom(html.parser.HTMLParser):
    """Elements of a page, the figures by their names, and the text of the mails."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.figures, self.subjects, self.handlers, self.bars = [], {}, [], [], []
        self.open, self.in_title = [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        self.elements.append((tag, a))
        self.handlers += [k for k in a if k.startswith('on') or k in ('src', 'href', 'style', 'action')]
        self.figure, self.subject = a.get('data-figure'), 'subject' in (a.get('class') or '')
        if tag not in VOID:
            self.open.append(tag)
        if self.figure:
            self.figures[self.figure] = ''
        if self.subject:
            self.subjects.append('')

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass
        self.figure, self.subject = None, False

    def handle_data(self, data):
        if getattr(self, 'figure', None):
            self.figures[self.figure] += data
        if getattr(self, 'subject', False):
            self.subjects[-1] += data
        if self.open[-2:] == ['g', 'title']:
            self.bars.append(data)


def at(document, path):
    """what --json has at "days.2026-03-01.total.held": a list is entered by the first text of its entries"""
    value = document
    while path:
        if isinstance(value, list):
            entry = next(e for e in value if path.startswith(next(iter(e.values())) + '.'))
            path = path[len(next(iter(entry.values()))) + 1 :]
            value = entry
            continue
        key, _, path = path.partition('.')
        value = value[key]
    return value


class Page(e2e.SiteTest):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.mkdtemp(prefix='kith-e2e-report-')
        cls.addClassCleanup(shutil.rmtree, cls.tmp, True)
        cls.counter = Counter().__enter__()
        cls.addClassCleanup(cls.counter.__exit__, None, None, None)
        cls.hostile = '</p></section><script>document.title="run"</script><img src="%shit" onerror=alert(1)>' % cls.counter.url
        settings = e2e.kith_site.merge(e2e.LEARNED_FAST, {'journal': {'subjects': True}})
        cls.shared = e2e.kith_site.Site(
            e2e.BUILD,
            [e2e.DOMAIN],
            e2e.mailboxes(),
            mode='passive',
            settings=settings,
            seed_state=e2e.trained_state(),
        ).start()
        cls.addClassCleanup(cls.shared.stop)
        cls.qids = [cls.deliver(m) for m in cls.mail()]
        cls.shared.learner.stop()
        cls.shared.learn_now()
        held = [m['id'] for m in cls.shared.kith_json('report', '--since', '1d')['mails']]
        cls.shared.kith('release', held[0], '--no-mta', '--learn')
        cls.shared.kith('confirm', held[1])
        cls.report = cls.shared.kith_json('report', '--since', '30d')
        cls.file = os.path.join(cls.tmp, 'report.html')
        cls.shared.kith('report', '--since', '30d', '--html', cls.file)
        cls.dom = Dom(cls.browse('--dump-dom', cls.file))

    @classmethod
    def mail(cls):
        for i in range(8):
            m = genuine('rg%02d' % i, i)
            m.raw = b'X-Spam-Status: No, score=-1.2 required=5.0 tests=A\n' + m.raw
            yield m
        for i in range(4):
            yield outbound('ro%02d' % i, i)
        for i in range(6):
            m = attack('ra%02d' % i, i)
            result = 'default: %s [%d.50 / 15.00]' % ('True' if i < 2 else 'False', 16 if i < 2 else i)
            m.raw = b'X-Spamd-Result: ' + result.encode() + b'\n' + m.raw
            if i < 3:
                m.raw = re.sub(rb'(?m)^Subject: .*$', b'Subject: ' + cls.hostile.encode(), m.raw, count=1)
            yield m

    @classmethod
    def deliver(cls, m):
        code, text = cls.shared.postfix.send(
            m.raw, m.mail_from, m.rcpts, m.client, login=m.login, submission=m.login is not None
        )
        assert code == 250, text
        qid = e2e.queue_id_of(text)
        cls.shared.log_line(qid)
        return qid

    @classmethod
    def browse(cls, *arguments):
        p = subprocess.run(
            [
                CHROMIUM,
                '--headless',
                '--no-sandbox',
                '--disable-gpu',
                '--disable-dev-shm-usage',
                '--no-first-run',
                '--disable-background-networking',
                '--user-data-dir=' + os.path.join(cls.tmp, 'profile'),
                *arguments[:-1],
                'file://' + arguments[-1],
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=45,
        )
        if p.returncode:
            raise RuntimeError('chromium: exit %d\n%s' % (p.returncode, p.stderr.decode('utf-8', 'replace')[-2000:]))
        return p.stdout.decode('utf-8')

    def test_the_report_counts_what_was_sent(self):
        r = self.report
        self.assertEqual(18, r['total']['judged'])
        self.assertEqual(4, r['directions']['outbound']['judged'])
        self.assertEqual(0, r['total']['held'])
        self.assertGreaterEqual(r['total']['would_hold'], 4)
        self.assertEqual(1, r['total']['released'])
        self.assertEqual(1, r['total']['confirmed'])
        self.assertEqual(r['total']['judged'], sum(d['total']['judged'] for d in r['days']))
        self.assertGreater(r['imported']['mails'], 300)
        others = {f['filter']: f for f in r['other_filters']}
        self.assertEqual(8, others['SpamAssassin']['mails'])
        self.assertEqual(6, others['rspamd']['mails'])
        self.assertGreaterEqual(others['rspamd']['only_kith'], 2)

    def test_every_figure_of_the_page_is_the_one_of_the_json_document(self):
        self.assertGreater(len(self.dom.figures), 60)
        for name, shown in self.dom.figures.items():
            # What has a fraction is shown with two digits of it.
            self.assertAlmostEqual(float(at(self.report, name)), float(shown.replace(',', '')), delta=0.0051, msg=name)
        for name in ('total.judged', 'total.would_hold', 'to_look_at.per_day', 'other_filters.rspamd.only_kith'):
            self.assertIn(name, self.dom.figures)

    def test_the_charts_have_a_bar_a_day_with_its_figures(self):
        for day in self.report['days']:
            told = ' '.join(b for b in self.dom.bars if b.startswith(day['day']))
            self.assertIn('%d inbound' % day['inbound']['judged'], told)
            if day['total']['would_hold']:
                self.assertIn('%d would have been held' % day['total']['would_hold'], told)

    def test_hostile_text_stays_text(self):
        self.assertTrue([s for s in self.dom.subjects if s.startswith('</p></section><script>')], self.dom.subjects)
        tags = {t for t, _ in self.dom.elements}
        self.assertEqual(set(), tags & {'script', 'img', 'iframe', 'object', 'embed', 'link', 'form', 'base', 'a'})
        self.assertEqual([], self.dom.handlers)

    def test_nothing_is_loaded_and_the_page_forbids_it(self):
        self.assertEqual([], self.counter.asked)
        image = '<img src="%s%s">'
        # The policy of the page stops even what would be in it, and the counter counts what is not stopped.
        with open(self.file, encoding='utf-8') as f:
            page = f.read()
        with open(os.path.join(self.tmp, 'smuggled.html'), 'w', encoding='utf-8') as f:
            f.write(page.replace('<main>', '<main>' + image % (self.counter.url, 'smuggled')))
        with open(os.path.join(self.tmp, 'free.html'), 'w', encoding='utf-8') as f:
            f.write('<!DOCTYPE html><title>x</title>' + image % (self.counter.url, 'free'))
        self.browse('--dump-dom', os.path.join(self.tmp, 'smuggled.html'))
        self.browse('--dump-dom', os.path.join(self.tmp, 'free.html'))
        self.assertEqual({'/free'}, set(self.counter.asked))

    def test_the_page_is_drawn(self):
        picture = os.path.join(self.tmp, 'page.png')
        self.browse('--screenshot=' + picture, '--window-size=1200,1600', self.file)
        with open(picture, 'rb') as f:
            data = f.read()
        self.assertEqual(b'\x89PNG', data[:4])
        self.assertEqual((1200, 1600), struct.unpack('>II', data[16:24]))
        self.assertGreater(len(data), 50000)

    def test_the_text_fits_a_hundred_columns_and_says_the_same(self):
        text = self.shared.kith('report', '--since', '30d').stdout
        self.assertLessEqual(max(map(len, text.splitlines())), 100)
        self.assertIn(self.report['findings'][0][:40], text)
        status = self.shared.kith('status', check=False).stdout
        self.assertIn('last week', status)
        week = json.loads(self.shared.kith('--json', 'status', check=False).stdout)['last_week']
        self.assertEqual(self.report['total']['judged'], week['mails'])
        self.assertEqual(self.report['total']['would_hold'], week['holds'])


if __name__ == '__main__':
    e2e.main(require_chromium)
