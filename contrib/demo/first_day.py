# SPDX-License-Identifier: Apache-2.0
"""A new admin's first day with the package, step by step as it is typed, with what is answered. Runs inside the fresh Debian that
contrib/walkthrough boots; /srv/share/new.deb is the package. Exit status 0 when every step did what it is there for."""

import json
import os
import re
import subprocess
import sys
import textwrap

SHARE = '/srv/share'
sys.path.insert(0, os.path.join(SHARE, 'tree/tests/support'))
import system_site as site  # noqa: E402


class Day:
    """numbers and prints the steps; what must be true is said beside what was seen"""

    def __init__(self):
        self.step = self.wrong = 0

    def begin(self, title):
        self.step += 1
        print('\n== %d. %s' % (self.step, title))

    def note(self, text):
        print(textwrap.fill(text, 110, initial_indent='   # ', subsequent_indent='   # '))

    def must(self, condition, what):
        print('   [%s] %s' % ('ok' if condition else 'WRONG', what))
        self.wrong += not condition

    def type(self, *argv, lines=40, may_fail=False, progress=True):
        """a command as it is typed, and what it answers; progress: what it says to standard error, too"""
        print('$ ' + ' '.join(x if re.fullmatch(r'[\w@%+=:,./-]+', x) else "'%s'" % x for x in argv))
        p = site.run(*argv, check=False, env=dict(os.environ, DEBIAN_FRONTEND='noninteractive'))
        out = (p.stdout + (p.stderr if progress or p.returncode else '')).rstrip().splitlines()
        out = [x for x in out if not x.startswith('(Reading database ...')]
        for line in out[:lines]:
            print('   ' + line)
        if len(out) > lines:
            print('   ... %d lines more' % (len(out) - lines))
        if p.returncode and not may_fail:
            self.must(False, 'exit status %d' % p.returncode)
        return p

    def write(self, path, text):
        print('$ cat > %s' % path)
        print(textwrap.indent(text.rstrip(), '   '))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)


MODEL = '''description: somebody known wants a page of a stranger opened
when: direction = inbound and new_link and mails >= 5 and score >= 30
action: [tag, notify]
tag: look-twice
'''


def passes(day, postfix, mail, why):
    queue_id = site.send(postfix, mail)
    postfix.wait_delivered(mail['rcpts'][0], mail['message_id'], 60)
    site.wait_recorded(queue_id)
    day.must(True, '%s, queue id %s: in the mailbox of %s' % (why, queue_id, mail['rcpts'][0]))
    return queue_id


def first_day(day):
    story, mailboxes = site.write_firm('/tmp/firm')
    postfix = site.SystemPostfix(mailboxes)
    postfix.set_up()
    attacks = [m for m in story if m['kind'] == 'story-attack']
    warnings = [m for m in story if m['kind'] == 'story-warning']

    day.begin('Install')
    day.type('apt-get', 'install', '-y', '-q', os.path.join(SHARE, 'new.deb'), lines=14)
    day.type('systemctl', 'is-active', *site.UNITS)

    day.begin('Ask what is missing')
    day.type('kith', 'doctor', may_fail=True)

    day.begin('Say whose mail it is; passive: judge and record, nothing more')
    day.write(site.CONFIG, site.site_yaml('passive'))
    day.type('kith', 'check-config')
    day.type('systemctl', 'restart', *site.UNITS)

    day.begin("Paste doctor's lines into main.cf; nothing else ever writes there")
    lines = site.kith_json('doctor', check=False)['postfix_lines']
    day.type('postconf', '-e', *lines)
    day.type('postfix', 'reload')
    day.type('kith', 'doctor', may_fail=True)
    failed = [c['name'] for c in site.kith_json('doctor', check=False)['checks'] if c['state'] == 'fail']
    day.must(not failed, 'no failure is left' + (': %s' % failed if failed else ''))

    day.begin("Learn from the past: two months of the firm's mail")
    day.type('kith', 'import', '--mbox', '/tmp/firm/mail.mbox', progress=False)
    site.wait_learned()
    day.type('kith', 'status', may_fail=True)

    day.begin('Passive: a supplier whose account was taken over writes; nothing is held, and kith says what would have been')
    would = passes(day, postfix, attacks[0], 'the first of the attacks')
    day.type('kith', 'list', '--limit', '5')
    day.must(site.kith_json('show', would)['verdict'] == 'quarantine', 'it would have been held')

    day.begin('Enforce')
    day.write(site.CONFIG, site.site_yaml('enforce'))
    day.type('systemctl', 'reload', 'kith-milter')

    day.begin('The next ones are held; the supplier\'s own warning, an hour later, is delivered')
    held = [site.send(postfix, m) for m in attacks[1:3]]
    for queue_id in held:
        postfix.wait_held(queue_id, 60)
        site.wait_recorded(queue_id)
    day.must(True, 'both lie in the hold queue')
    passes(day, postfix, warnings[0], 'the warning')
    day.type('kith', 'list', '--held')
    day.type('postqueue', '-p')
    day.type('kith', 'explain', held[0])

    day.begin('One was bad, one is let go all the same (to see that it can be)')
    day.type('kith', 'confirm', held[0])
    asked = day.type('kith', 'release', held[1], may_fail=True)
    day.must(asked.returncode == 64, 'kith asks before it lets another mail of that incident go')
    day.type('kith', 'release', held[1], '--force')
    postfix.wait_delivered(attacks[2]['rcpts'][0], attacks[2]['message_id'], 60)
    day.must(postfix.where(held[1]) is None, 'the released mail is delivered and gone from the queue')
    day.type('kith', 'drop', held[0], '--reason', 'an attack')
    day.type('kith', 'incident', 'list')
    groups = site.kith_json('incident', 'list')['groups']
    day.must(len(groups) == 1 and groups[0]['held'] >= 2, 'one incident, with what was held')

    day.begin('What happened, told for others')
    day.type('kith', 'report')
    report = site.kith_json('report')
    day.must(report['total']['held'] == 2, 'the report counts the two that were held')

    day.begin("Was there something like it before? The recorded past is asked, with what was known of each mail then")
    day.type('kith', 'similar', held[0])
    day.type('kith', 'hunt', '--where', 'new_link and score >= 40', '--group-by', 'sender')
    day.must(site.kith_json('hunt', '--where', 'new_link and score >= 60')['matches'] >= 3, 'the attacks are among what a hunt for new links finds')

    day.begin("A model of one's own: tried on the past, then live")
    day.write('/etc/kith/models.d/shared-pages.yaml', MODEL)
    day.type('kith', 'model', 'check')
    day.type('kith', 'backtest', '/etc/kith/models.d/shared-pages.yaml')
    day.type('kith', 'model', 'test', 'shared-pages', held[0])
    day.type('kith', 'model', 'enable', 'shared-pages', '--live', '--reason', 'pages of strangers are looked at here')
    day.type('systemctl', 'reload', 'kith-milter')
    day.type('kith', 'model', 'list')
    day.must([m['state'] for m in site.kith_json('model', 'list')['models'] if m['name'] == 'shared-pages'] == ['live'], 'the model is live')

    day.begin('Put away what was learned, and see that the copy is whole')
    day.type('kith', 'backup', '/var/backups/kith')
    day.type('kith', 'restore', '--verify', '/var/backups/kith')

    day.begin('Who did what')
    day.type('kith', 'audit', 'list')
    day.type('kith', 'audit', 'verify')

    day.begin('Somebody asks what is kept of him, and wants it erased')
    sender = site.kith_json('show', held[0])['from']
    day.type('kith', 'privacy', 'export', sender, '--output', '/root/kept.json')
    with open('/root/kept.json', encoding='utf-8') as f:
        kept = json.load(f)
    day.must(len(kept['mails']) >= 3, 'the document has %d mails of %s' % (len(kept['mails']), sender))
    erased = site.kith_json('privacy', 'erase', sender, '--yes', '--reason', 'asked for')
    day.must(erased['mails'] >= 3 and erased['learner_done'], 'erased: %s' % erased)
    left = site.kith_json('privacy', 'export', sender)
    day.must(not left['mails'] and not left['index'] and not left['incidents'], 'nothing is left in journal, index and incidents')
    day.type('kith', 'audit', 'verify')

    day.begin('Is all well: as a monitoring system asks')
    site.wait_learned()  # what was said of the held mails is known within a second
    day.type('kith', 'status', may_fail=True)
    day.must(site.check_of_doctor('postfix.holding')[0] == 'ok', 'kith doctor: what was held was really held')

    day.begin('Away with it: mail flows on, though main.cf still names the socket')
    day.type('apt-get', 'purge', '-y', '-q', 'kith-milter', lines=20)
    site.send(postfix, attacks[3])
    postfix.wait_delivered(attacks[3]['rcpts'][0], attacks[3]['message_id'], 60)
    day.must(True, 'the fourth attack is delivered: nobody judges any more')
    day.must(not any(os.path.exists(x) for x in ('/etc/kith', '/var/lib/kith', '/run/kith')), 'configuration and state are gone')
    day.type('postconf', '-X', 'smtpd_milters')
    day.type('postfix', 'reload')


def main():
    day = Day()
    try:
        first_day(day)
    except (RuntimeError, TimeoutError, subprocess.SubprocessError, OSError) as e:
        print('%s: %s' % (type(e).__name__, e))
        day.wrong += 1
    print('\n%s' % ('OK: every step did what it is there for' if not day.wrong else 'FAILED: %d steps went wrong' % day.wrong))
    with open(os.path.join(SHARE, 'status'), 'w', encoding='ascii') as f:
        f.write(str(int(day.wrong > 0)))


if __name__ == '__main__':
    main()
