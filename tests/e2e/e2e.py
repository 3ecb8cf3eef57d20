# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: where the build is, one trained state for all of them, mail to send.

The firm of contrib/demo/firm.py is generated and imported once a run; each site starts from a copy of the result. The last day is
the latest Friday, so that the mail is recent whenever the tests run and weekdays fall alike.
"""

import atexit
import datetime
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'support'))
import kith_site  # noqa: E402
from kith_site import headers_of, message_id_of, wait_until  # noqa: E402,F401
from postfix import Postfix, Smtp, Unavailable, queue_id_of, require  # noqa: E402,F401

BUILD = os.environ.get('KITH_BUILD_DIR', '')
DOMAIN = 'halvern.example'

# Few mails are enough to hold something here; the budget is wide because the tests are about what happens to a held mail.
LEARNED_FAST = {
    'budget': {
        'min_calibration': 300,
        'min_stratum_calibration': 10,
        'holds_per_1000': 20,
        'tags_per_1000': 60,
    }
}


def last_friday(today=None):
    today = today or datetime.datetime.now(datetime.timezone.utc).date()
    return today - datetime.timedelta(days=(today.weekday() - 4) % 7)


@functools.lru_cache(maxsize=None)
def firm():
    """directory with a generated firm's mail"""
    out = tempfile.mkdtemp(prefix='kith-e2e-firm-')
    atexit.register(shutil.rmtree, out, True)
    subprocess.run(
        [
            sys.executable,
            os.path.join(ROOT, 'contrib/demo/firm.py'),
            '--out',
            out,
            '--days',
            '24',
            '--probes',
            '20',
            '--end',
            str(last_friday()),
            '--story-time',
            str(int(datetime.datetime.now(datetime.timezone.utc).timestamp())),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return out


@functools.lru_cache(maxsize=None)
def mailboxes():
    with open(os.path.join(firm(), 'people.json'), encoding='utf-8') as f:
        return [p['addr'] for p in json.load(f) if p['own']] + ['info@' + DOMAIN, 'it@' + DOMAIN]


@functools.lru_cache(maxsize=None)
def trained_state():
    """state directory (store, journal, key) of a site that has learned the firm's mail"""
    out = tempfile.mkdtemp(prefix='kith-e2e-state-')
    atexit.register(shutil.rmtree, out, True)
    site = kith_site.Site(
        BUILD, [DOMAIN], [], settings=LEARNED_FAST, postfix=False, milter=False, learner=False
    )
    with site:
        site.kith('import', '--mbox', os.path.join(firm(), 'mail.mbox'))
        site.learn_now()
        shutil.copytree(site.state, out, dirs_exist_ok=True)
    return out


@functools.lru_cache(maxsize=None)
def records():
    with open(os.path.join(firm(), 'manifest.jsonl'), encoding='utf-8') as f:
        return [json.loads(x) for x in f]


def raw_of(record):
    with open(os.path.join(firm(), record['file']), 'rb') as f:
        f.seek(record['offset'])
        return f.read(record['length'])


@functools.lru_cache(maxsize=None)
def story():
    """the story's eight mails: [{"raw", "kind", "client", "mail_from", "rcpts", "message_id"}]"""
    d = os.path.join(firm(), 'story')
    with open(os.path.join(d, 'story.json'), encoding='utf-8') as f:
        rows = json.load(f)
    for r in rows:
        with open(os.path.join(d, r['file']), 'rb') as f:
            r['raw'] = f.read()
    return rows


class Mail:
    """a mail with the connection that it comes over"""

    def __init__(self, raw, mail_from, rcpts, client, message_id, login=None):
        self.raw, self.mail_from, self.rcpts, self.client, self.message_id, self.login = (
            raw,
            mail_from,
            rcpts,
            client,
            message_id,
            login,
        )


def _fresh(raw, tag):
    """the same mail under a Message-ID of its own; the id keeps its shape"""
    old = message_id_of(raw).strip('<>')
    left, _, right = old.partition('@')
    new = left[: -len(tag)] + tag + '@' + right
    return raw.replace(old.encode(), new.encode()), new


def genuine(tag, index=0):
    """a genuine mail of a well-known correspondent, as it came on one of the last days; without links, because one that is
    new for its sender is rare enough for a budget as wide as LEARNED_FAST"""
    seen = [
        r
        for r in records()
        if r['kind'] == 'ham'
        and r['direction'] == 'in'
        and r['person']
        and r['victim_history'] >= 15
        and r['mail_from']
        and r['mail_from'] == r['victim']
        and b'http' not in raw_of(r)
    ]
    r = seen[-1 - index]
    raw, mid = _fresh(raw_of(r), tag)
    return Mail(raw, r['mail_from'], r['rcpts'], r['client'], mid)


def outbound(tag, index=0):
    seen = [
        r for r in records() if r['kind'] == 'ham' and r['direction'] == 'out' and r['victim_history'] >= 10
    ]
    r = seen[-1 - index]
    raw, mid = _fresh(raw_of(r), tag)
    return Mail(raw, r['mail_from'], r['rcpts'], r['client'], mid, r['auth_user'])


def attack(tag, index=0):
    """a phishing mail from a taken-over account, written with somebody else's program somewhere else (kind A4)"""
    seen = [r for r in records() if r['kind'] == 'A4' and r['victim_history'] >= 10]
    r = seen[-1 - index]
    raw, mid = _fresh(raw_of(r), tag)
    return Mail(raw, r['mail_from'], r['rcpts'], r['client'], mid)


class SiteTest(unittest.TestCase):
    """A test with a site of its own: self.site(...) starts one and sees to its end."""

    maxDiff = 2000

    def site(self, trained=True, **kw):
        kw.setdefault('settings', LEARNED_FAST)
        s = kith_site.Site(
            BUILD, [DOMAIN], mailboxes(), seed_state=trained_state() if trained else None, **kw
        )
        s.start()
        self.addCleanup(s.stop)
        return s

    def send(self, site, mail, **kw):
        """queue id of an accepted mail"""
        code, text = site.postfix.send(
            mail.raw,
            mail.mail_from,
            mail.rcpts,
            mail.client,
            login=mail.login,
            submission=mail.login is not None,
            **kw
        )
        self.assertEqual(250, code, text)
        return queue_id_of(text)

    def assert_mail_flows(self, site, tag):
        m = genuine(tag)
        self.send(site, m)
        return site.postfix.wait_delivered(m.rcpts[0], m.message_id)


def main(*needs):
    """runs the calling file's tests; 1 with one clear sentence where they cannot run, never a silent skip. needs: functions like
    require() for what a file needs besides"""
    try:
        for need in (require, *needs):
            need()
        if BUILD:
            for name in kith_site.PROGRAMS:
                kith_site.program(BUILD, name)
    except Unavailable as e:
        print('e2e: cannot run: %s' % e, file=sys.stderr)
        sys.exit(1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is removed then, too
    unittest.main(verbosity=2)
