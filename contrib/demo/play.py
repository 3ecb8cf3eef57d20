#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo: a firm's mail is learned, then a supplier's account is taken over, then one of the firm's own, on a real Postfix and Dovecot.

usage: play.py [--build DIR] [--days 60] [--seed 1] [--keep]

Called by contrib/quickstart, as root (Postfix and Dovecot need it). Everything lives in temporary directories and on free loopback
ports, and is removed at the end. Exit status 0 only when all four attack mails are held, all four warnings are delivered and the second
attack is told as one incident; else 1.
Without --build the installed programs are used. Covered by CI, which runs contrib/quickstart.
"""

import argparse
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'tests', 'support'))
sys.path.insert(0, HERE)
import dovecot  # noqa: E402
import takeover  # noqa: E402
from kith_site import Site, Unavailable, wait_until  # noqa: E402
from postfix import queue_id_of, require  # noqa: E402

DOMAIN = 'halvern.example'


class Steps:
    """one line a step, with the time it took"""

    def __init__(self):
        self.begun = self.last = time.monotonic()

    def say(self, text):
        now = time.monotonic()
        print('  %-74s %5.1f s' % (text, now - self.last), flush=True)
        self.last = now


def last_friday():
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return today - datetime.timedelta(days=(today.weekday() - 4) % 7)


def generate(out, args):
    subprocess.run(
        [
            sys.executable,
            os.path.join(HERE, 'firm.py'),
            '--out',
            out,
            '--days',
            str(args.days),
            '--seed',
            str(args.seed),
            '--probes',
            '0',
            '--end',
            str(last_friday()),
            '--story-time',
            str(int(time.time())),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with open(os.path.join(out, 'people.json'), encoding='utf-8') as f:
        return json.load(f)


def send(site, mail):
    """queue id of the accepted mail; the supplier's own server is the client (XCLIENT)"""
    code, text = site.postfix.send(mail['raw'], mail['mail_from'], mail['rcpts'], mail['client'])
    if code != 250:
        raise RuntimeError('%s was answered %d %s' % (mail['file'], code, text))
    return queue_id_of(text)


def settle(site, mail):
    """waits until the mail lies still and is recorded; where it really is"""

    def look():
        if site.postfix.where(mail['queue_id']) == 'hold':
            return 'hold queue'
        found = sum(site.postfix.find(r, mail['message_id']) is not None for r in mail['rcpts'])
        if found == len(mail['rcpts']):
            return 'mailbox' if found == 1 else '%d mailboxes' % found
        return None

    mail['where'] = wait_until(
        look, lambda: '%s to arrive; log:\n%s' % (mail['file'], site.postfix.log()[-2000:]), 30
    )
    wait_until(
        lambda: site.kith('show', mail['queue_id'], check=False).returncode == 0,
        lambda: 'the learner to record %s; log:\n%s' % (mail['file'], site.learner.log()[-2000:]),
        30,
    )
    mail['record'] = site.kith_json('show', mail['queue_id'])


def table(mails):
    rows = [('mail', 'to', 'score', 'verdict', 'lies in', 'indicators')]
    for m in mails:
        r = m['record']
        names = ', '.join(
            '%s %d' % (i['name'], round(i['score']))
            for i in sorted(r['indicators'], key=lambda i: -i['score'])[:3]
        )
        to = m['rcpts'][0].split('@')[0] if len(m['rcpts']) == 1 else 'everybody (%d)' % len(m['rcpts'])
        rows.append((m['file'][:-4], to, '%.1f' % r['score'], r['verdict'], m['where'], names))
    width = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    print()
    for n, r in enumerate(rows):
        print(
            '  '
            + '  '.join(
                x.rjust(w) if i == 2 else x.ljust(w) for i, (x, w) in enumerate(zip(r, width))
            ).rstrip()
        )
        if n in (0, 4):
            print('  ' + '  '.join('-' * w for w in width))
    print()


def release(site, mail):
    """`kith release` on one held mail: it must arrive, once, and not be held again. True when it does."""
    print('$ kith release %s' % mail['queue_id'])
    print(textwrap.indent(site.release(mail['queue_id']).stdout.rstrip(), '  '))
    box = mail['rcpts'][0]
    site.postfix.wait_delivered(box, mail['message_id'], 30)
    wait_until(lambda: site.postfix.where(mail['queue_id']) is None, 'the queue to be empty')
    copies = sum(mail['message_id'].encode() in x.split(b'\n\n', 1)[0] for x in site.postfix.mailbox(box))
    print('  now in the mailbox of %s (%d copy), no longer in the queue\n' % (box, copies))
    return copies == 1


def first_attack(args, workdir, site, steps):
    """A supplier's account in foreign hands. (what became of it, the attack mail that was released or None)"""
    with open(os.path.join(workdir, 'story/story.json'), encoding='utf-8') as f:
        story = json.load(f)
    for m in story:
        with open(os.path.join(workdir, 'story', m['file']), 'rb') as f:
            m['raw'] = f.read()
    attacks = [m for m in story if m['kind'] == 'story-attack']
    warnings = [m for m in story if m['kind'] == 'story-warning']
    for group in (attacks, warnings):
        for m in group:
            m['queue_id'] = send(site, m)
        for m in group:
            settle(site, m)
    steps.say('sent four attack mails of %s, then her four warnings' % attacks[0]['mail_from'])
    table(story)
    held = [m for m in attacks if m['where'] == 'hold queue' and m['record']['action'] == 'held']
    through = [m for m in warnings if m['where'] != 'hold queue']
    one = (held or attacks)[0]
    link = re.search(rb'https://[^\s<>"]+', one['raw'].replace(b'=\n', b''))
    print(
        '  %s: a reply into an open thread, from the real server, SPF, DKIM and DMARC pass, one link: %s\n'
        % (one['file'], link.group().decode() if link else '-')
    )
    print('$ kith explain %s' % one['queue_id'])
    print(textwrap.indent(site.kith('explain', one['queue_id']).stdout.rstrip(), '  ') + '\n')
    released = held[0] if held and release(site, held[0]) else None
    ok = len(held) == 4 and len(through) == 4 and released is not None
    print(
        '%s: %d of 4 attack mails held, %d of 4 warnings delivered, release %s\n'
        % ('OK' if ok else 'FAILED', len(held), len(through), 'works' if released else 'failed')
    )
    return ok, released


def second_attack(site, server, office, released, own, steps):
    """Who got the released mail followed its link: the account is in foreign hands."""
    victim = next(p for p in office.people if p['name'] == released['rcpts'][0].lower())
    partners = [a for a in own if a != victim['name']][:3]
    print(
        '== and if somebody follows the link: the mail that was released brings the attacker the password of %s\n'
        % victim['name']
    )
    ok = takeover.play(server, site, victim, partners)
    steps.say('took over %s: logins from three networks, a filter rule, mail to colleagues' % victim['name'])
    print(
        '%s: one incident tells of the mail, the logins, the rule and what was sent; the account is locked'
        % ('OK' if ok else 'FAILED')
    )
    return ok


def without_dovecot():
    """why the second attack cannot be played here; None when it can"""
    try:
        dovecot.require()
    except Unavailable as e:
        return str(e)
    return None


def play(args, workdir):
    steps = Steps()
    people = generate(workdir, args)
    own = [p['addr'].lower() for p in people if p['own']]
    steps.say(
        'wrote %d days of mail of a firm, %d people, %d correspondents'
        % (args.days, len(own), len(people) - len(own))
    )
    missing = without_dovecot()
    site = Site(
        args.build,
        [DOMAIN],
        own,
        mode='enforce',
        milter=False,
        learner=False,
        postfix=False,
        keep=args.keep,
        mta_options={} if missing else {'extra': takeover.POSTFIX},
    )
    server = None
    try:
        if not missing:
            logins = {a: 'secret-%d' % i for i, a in enumerate(own)}
            server = takeover.Mailserver(args.build, site, logins)
        office = takeover.Office(own, args.seed)
        log = os.path.join(workdir, 'dovecot.log')
        with open(log, 'w', encoding='utf-8') as f:
            f.write(office.log(args.days, int(time.time())))
        mails = site.kith_json('import', '--mbox', os.path.join(workdir, 'mail.mbox'))['imported']
        events = site.kith_json('import', '--dovecot-log', log)['imported']
        steps.say("kith import: %d mails, %d events of Dovecot's log" % (mails, events))
        site.learn_now(600)
        steps.say('kith-learner learned them')
        site.start_milter()
        site.start_learner()
        if server is not None:
            server.start()  # Postfix asks it whether passwords are right
        site.postfix.start()
        steps.say(
            'started a private Postfix%s, kith-milter (mode enforce), kith-learner%s'
            % (('', '') if server is None else (' and Dovecot', ', kith-accounts'))
        )
        ok, released = first_attack(args, workdir, site, steps)
        if server is None:
            print('the second attack, on an account of the firm, is left out: %s' % missing)
        elif released is not None:
            ok = second_attack(site, server, office, released, own, steps) and ok
        steps.say('all in all %.0f s' % (time.monotonic() - steps.begun))
    finally:
        try:
            if server is not None:
                server.stop()
        finally:
            site.stop()
    return 0 if ok else 1


def main():
    ap = argparse.ArgumentParser(description='Plays the story on a private Postfix.')
    ap.add_argument('--build', help='build tree with the programs; default: the installed ones')
    ap.add_argument('--days', type=int, default=60)
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--keep', action='store_true', help='leave the directories behind, for looking')
    args = ap.parse_args()
    try:
        require()
    except Unavailable as e:
        print('play.py: %s' % e, file=sys.stderr)
        return 69
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is removed then, too
    workdir = tempfile.mkdtemp(prefix='kith-demo-')
    try:
        return play(args, workdir)
    except Unavailable as e:
        print('play.py: %s' % e, file=sys.stderr)
        return 69
    except (RuntimeError, TimeoutError, subprocess.SubprocessError) as e:
        print('play.py: %s' % e, file=sys.stderr)
        return 1
    finally:
        if not args.keep:
            shutil.rmtree(workdir, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main())
