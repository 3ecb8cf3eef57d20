# SPDX-License-Identifier: Apache-2.0
"""The faults of the soak tests. A case is a function that provokes its fault and returns what happened to mail, to learning, what
`kith status` and what the log said; an AssertionError or TimeoutError is a failure. Long and short forms differ in numbers only.
"""

import inspect
import copy
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time

from soak_site import BUILD, DAY, ROOT, SoakSite, built, kith_site, wait_until, yaml

GROUPS = {'load': [], 'learner': [], 'milter': [], 'store': [], 'disk': [], 'clock': [], 'upgrade': []}
SLOW = 40  # clients that send a byte at a time


class Case:
    def __init__(self, title, function, wanted=None):
        self._title, self._function, self.wanted = title, function, wanted or (lambda options: True)

    def title(self, options):
        return self._title.format(**vars(options))

    def run(self, options):
        return self._function(options) if inspect.signature(self._function).parameters else self._function()


def case(group, title, **kw):
    def register(function):
        GROUPS[group].append(Case(title, function, **kw))
        return function

    return register


def answered(counts, rest=''):
    """'N of N answered'; fails when one is not"""
    n = counts['delivered'] + counts['held']
    assert counts['lost'] == 0 and counts['rejected'] == 0 and n == counts['begun'], counts
    tried_again = counts['not_reached'] + counts['not_answered'] + counts['told_later']
    return 'all %d answered%s%s' % (n, ', none tried again' if not tried_again else '', rest)


def judged(site):
    """'all judged', or how many passed without a look at the past; of the mail that the milter recorded"""
    journal = site.count()['journal']
    return 'all judged' if journal['neutral'] == 0 else '%d with a neutral score' % journal['neutral']


def resting(process_of, seconds=60):
    """(descriptors, threads, anonymous memory in kB) of a program when it has nothing to do: the least of what is seen until
    three looks in a row find nothing less"""
    best, same = None, 0

    def look():
        nonlocal best, same
        now = usage(process_of())
        least = now if best is None else tuple(map(min, best, now))
        same, best = (same + 1, best) if least == best else (0, least)
        return same >= 3

    wait_until(look, 'the program to rest', seconds)
    return best


def usage(pid):
    with open('/proc/%d/status' % pid) as f:
        fields = dict(x.split(':', 1) for x in f)
    return (len(os.listdir('/proc/%d/fd' % pid)), int(fields['Threads']), int(fields['RssAnon'].split()[0]))


# -- load ------------------------------------------------------------------------------------------------------------------


@case('load', '200 parallel sessions, in mid-message at once')
def parallel_sessions(options):
    rounds = 3 if options.short else 20
    with SoakSite() as site:
        with site.load(sessions=4, messages=100, pause_ms=0):
            pass
        before = usage(site.milter.pid)
        with site.load(sessions=200, messages=200 * rounds, together=True, pause_ms=0) as load:
            pass
        text = answered(load.counts) + ', ' + judged(site)
        wait_until(lambda: usage(site.milter.pid)[0] <= before[0], 'the descriptors to be closed')
        wait_until(lambda: usage(site.milter.pid)[1] <= before[1] + 4, 'the threads to end')
        assert not site.milter.logged('error|warning'), site.milter.logged('error|warning')
        return (text, site.check_learned_once(), site.status('^KITH OK'), 'no word; descriptors and threads as before')


@case('load', '%d slow clients, a byte at a time, beside others' % SLOW)
def slow_clients(options):
    with SoakSite() as site:
        with site.load(sessions=4, messages=400, pause_ms=0) as alone:
            pass
        with site.load(sessions=SLOW, slow=SLOW, messages=SLOW * (2 if options.short else 20)) as slow:
            with site.load(sessions=4, messages=400, pause_ms=0) as beside:
                pass
        answered(alone.counts)
        text = '%s slow ones %s; others %s, half of them within %.1f ms (alone %.1f)' % (
            slow.counts['begun'], answered(slow.counts)[4:], answered(beside.counts)[4:], beside.counts['median_ms'],
            alone.counts['median_ms'])
        return (text + ', ' + judged(site), site.check_learned_once(), site.status('^KITH OK'), 'no word')


@case('load', 'reload under load, good and broken configurations')
def reload_under_load(options):
    with SoakSite() as site:
        with site.load() as load:
            for i in range(10 if options.short else 100):
                good = i % 3 != 2
                site.configure({'mode': ('tag', 'enforce', 'no-such-mode')[i % 3]})
                pattern = 'reload: configuration ' + ('taken over' if good else 'refused')
                before = site.milter.log().count(pattern)
                os.kill(site.milter.pid, signal.SIGUSR1)
                wait_until(lambda: site.milter.log().count(pattern) > before, 'the milter to reload')
                load.more(5)
            site.configure({'mode': 'enforce'})
            os.kill(site.milter.pid, signal.SIGUSR1)
        text = answered(load.counts) + ', ' + judged(site)
        site.wait_fate('foreign', 'held')
        return (text, site.check_learned_once(), site.status('^KITH OK'), site.milter.logged('refused'))


@case('load', '{messages} messages: descriptors and memory')
def flat(options):
    with SoakSite({'log': {'level': 'warning'}, 'store': {'map_size': '4GiB'}}) as site:
        def stage(messages):
            with site.load(sessions=8, messages=messages, pause_ms=0) as load:
                pass
            answered(load.counts)
            site.wait_learned(1800)
            return resting(lambda: site.milter.pid), resting(lambda: site.learner.pid)

        # The learner remembers 100,000 conversations at once, then it begins to forget them.
        warm = max(options.messages * 3 // 5, 1000)
        (fds, threads, kb), (learner_fds, _, learner_kb) = stage(warm)
        (_, _, kb2), (learner_fds2, _, learner_kb2) = stage(options.messages - warm)
        # libmilter closes its connections to itself in its own time.
        wait_until(lambda: usage(site.milter.pid)[0] <= fds, 'the descriptors to be closed')
        wait_until(lambda: usage(site.milter.pid)[1] <= threads + 2, 'the threads to end')
        fds2, threads2, _ = resting(lambda: site.milter.pid)
        numbers = 'descriptors %d, then %d; threads %d, %d; memory %d kB, %d' % (fds, fds2, threads, threads2, kb, kb2)
        assert kb2 <= kb * 1.1 + 2048, numbers
        learner = 'descriptors %d, then %d; memory %d kB, %d' % (learner_fds, learner_fds2, learner_kb, learner_kb2)
        assert learner_fds2 <= learner_fds, learner
        assert learner_kb2 <= learner_kb * 1.1 + 2048 or warm < 110000, learner
        assert site.milter.started == site.learner.started == 1
        return ('all %d answered, %s. After %d and %d: %s' % (options.messages, judged(site), warm, options.messages, numbers),
                site.check_learned_once(twin=False) + '; ' + learner, site.status('^KITH OK'), 'no word')


# -- learner ---------------------------------------------------------------------------------------------------------------


@case('learner', 'learner stopped, started again')
def learner_stopped():
    with SoakSite() as site:
        with site.load() as load:
            load.more()
            assert site.learner.stop() == 0
            load.more()
            status = site.status('learner is not running')
            site.wait_fate('foreign', 'held')
            load.more()
            site.learner.start()
        return (answered(load.counts) + ', ' + judged(site), site.check_learned_once(), status,
                site.learner.logged('kith-learner stopped'))


@case('learner', 'learner killed {kills} times in the middle of a commit')
def learner_killed(options):
    rng = random.Random(7)
    with SoakSite(run=False, teach=False) as site:
        n, kills, batch = 0, 0, 100
        start = int(time.time()) - 5 * DAY
        site.configure({'learner': {'batch_records': 25}})
        while kills < options.kills:
            site.backlog(start=start, step=300, count=batch, **{'from': n})
            n += batch
            site.learner.env = {'LD_PRELOAD': built('libsoak_shim.so'), 'KITH_SOAK_DIE_AT': str(rng.randint(1, 30))}
            site.learner.daemon = None
            site.learner.start()
            site.learner.wanted = False
            code = site.learner.daemon.process.wait(60)
            assert code == -signal.SIGKILL, site.learner.log()[-2000:]
            kills += 1
        site.learner.env = {}
        site.learner.start()
        learning = site.check_learned_once(digest=True)
        site.milter.start()
        site.wait_fate('genuine', 'delivered')
        return ('passes, judged with what was learned',
                learning + ', the store as that of a learner that nothing happened to',
                site.status('^KITH OK'), site.learner.logged('kith-learner started'))


@case('learner', 'learner killed at any moment, under load')
def learner_killed_under_load(options):
    rng = random.Random(11)
    with SoakSite() as site:
        with site.load() as load:
            for _ in range(5 if options.short else 50):
                load.more(rng.randint(1, 30))
                site.learner.kill()
        return (answered(load.counts) + ', ' + judged(site), site.check_learned_once(), site.status('^KITH OK'),
                site.learner.logged('kith-learner started'))


# -- milter ----------------------------------------------------------------------------------------------------------------


@case('milter', 'milter killed in mid-message, an MTA that tries again')
def milter_killed(options):
    rng = random.Random(13)
    with SoakSite() as site:
        kills = 10 if options.short else 100
        with site.load(sessions=8, pause_ms=0) as load:
            for _ in range(kills):
                load.more(rng.randint(1, 40))
                site.milter.kill()
        counts = load.counts
        text = answered(counts)
        assert counts['not_answered'] > 0, counts
        site.wait_learned()
        # Recorded and then killed before the answer had left: the MTA comes again, and the mail has two records.
        twice = site.count()['journal']['mails'] - site.mails - site.sent
        assert 0 <= twice <= counts['not_answered'], (twice, counts)
        site.mails += twice
        return ('%d kills: %s, %d of them tried again' % (kills, text, counts['not_answered']),
                site.check_learned_once() + ', %d mails recorded twice because the answer did not arrive' % twice,
                site.status('^KITH OK'), site.milter.logged('serving'))


def hand_over(server, message_id, kill):
    """one mail over SMTP; `kill` is called when the server has it whole and waits for the filter. The server's answer."""
    raw = ('From: anna@partner.example\r\nTo: ben@site.example\r\nSubject: plan\r\nMessage-ID: <%s>\r\n\r\nThe plan is ready.\r\n'
           % message_id).encode()
    answer = []
    session = server.connect()
    try:
        for verb, argument in (('MAIL', 'FROM:<anna@partner.example>'), ('RCPT', 'TO:<ben@site.example>')):
            code, text = session.docmd(verb, argument)
            if code != 250:
                return code, text
        resume = kill and kill('before')
        data = threading.Thread(target=lambda: answer.append(session.data(raw)), daemon=True)
        data.start()
        if kill:
            wait_until(lambda: not data.is_alive() or 'message-id=<%s>' % message_id in server.log()[resume:],
                       'Postfix to have the mail', 30)
            kill('now')
        data.join(60)
        return answer[0]
    finally:
        session.close()


@case('milter', 'milter killed in mid-message, Postfix before it')
def milter_killed_postfix(options):
    kills = 3 if options.short else 30
    with kith_site.Site(BUILD, ['site.example'], ['ben@site.example'], mode='tag',
                        settings={'site': {'domains': ['site.example']}}) as site:
        refused = 0

        def kill(when):
            # Stopped, it cannot answer before it is killed.
            site.milter.kill(signal.SIGSTOP if when == 'before' else signal.SIGKILL)
            return len(site.postfix.log())

        for i in range(kills):
            message_id = 'killed%d@partner.example' % i
            code, _ = hand_over(site.postfix, message_id, kill)
            assert 400 <= code < 500, code
            refused += 1
            site.milter.process.wait(10)
            site.start_milter()
            assert hand_over(site.postfix, message_id, None)[0] == 250
            site.postfix.wait_delivered('ben@site.example', message_id)
        mails = site.postfix.mailbox('ben@site.example')
        assert len(mails) == kills, len(mails)
        wait_until(lambda: site.kith_json('status', check=False)['learner']['learned'] == kills, 'everything to be learned', 60)
        found = re.search(r'warning: milter .*|milter-reject.*', site.postfix.log())
        return ('%d kills: each answered %d, delivered once when it came again' % (refused, code), 'all %d learned once' % kills,
                site.kith('status', check=False).stdout.splitlines()[0], found[0] if found else '')


# -- store -----------------------------------------------------------------------------------------------------------------


def store_fault(damage, settings=None):
    """the line of a fault of the store under load that the learner mends by beginning a new one; `damage` gets the site"""
    with SoakSite(settings) as site:
        with site.load() as load:
            load.more()
            damage(site)
            site.wait_fate('foreign', 'neutral')
            log = site.milter.wait_logged('store: mail passes')
            status = site.status('CRITICAL')
            wait_until(lambda: site.learner.endings, 'the learner to notice')
            wait_until(lambda: site.learner.alive, 'the learner to be started again')
            site.milter.wait_logged('store: in use again')
            site.wait_fate('foreign', 'held')
            load.more()
        learner = site.learner.logged('ending|moved aside|cannot start')
        neutral = judged(site)
        site.status('^KITH OK')
        return ('%s, %s' % (answered(load.counts), neutral), 'begun anew from the journal; ' + site.check_learned_once(), status,
                '%s / %s' % (log, learner))


def store_file(site):
    return os.path.join(site.settings['store']['directory'], 'data.mdb')


@case('store', 'store deleted')
def store_deleted():
    return store_fault(lambda site: shutil.rmtree(site.settings['store']['directory']))


@case('store', 'store truncated')
def store_truncated():
    return store_fault(lambda site: os.truncate(store_file(site), os.path.getsize(store_file(site)) // 3))


@case('store', 'store overwritten in place')
def store_overwritten():
    def damage(site):
        with open(store_file(site), 'r+b') as f:
            f.write(random.Random(3).randbytes(os.path.getsize(store_file(site))))

    return store_fault(damage)


@case('store', 'store replaced by a file of garbage')
def store_replaced():
    def damage(site):
        with open(store_file(site) + '.new', 'wb') as f:
            f.write(b'no store at all\n' * 4096)
        os.rename(store_file(site) + '.new', store_file(site))

    return store_fault(damage)


@case('store', 'map full (16 MiB)')
def map_full(options):
    with SoakSite({'store': {'map_size': '16MiB'}}) as site:
        with site.load() as load:
            load.more()
            n = 0
            while not site.learner.logged('map is full'):
                site.backlog(start=int(time.time()) - 3 * DAY, step=20, count=400, senders=100000, **{'from': n})
                n += 400
                assert n < 40000, 'the map takes everything'
                wait_until(lambda: site.learner.logged('map is full') or not site.count()['store']['behind'],
                           'the learner to come to the end or to stop', 300)
            log = site.learner.logged('map is full')
            status = site.status('map|full|learn')
            site.wait_fate('foreign', 'held')
            load.more()
            site.configure({'store': {'map_size': '256MiB'}})
            for service in (site.learner, site.milter):
                service.stop()
                service.start()
        return (answered(load.counts) + ', ' + judged(site), 'stopped; with a larger map and a restart ' + site.check_learned_once(),
                status, log)


# -- disk ------------------------------------------------------------------------------------------------------------------


@case('disk', 'disk full')
def disk_full():
    with SoakSite(volume_mb=48) as site:
        with site.load() as load:
            load.more()
            site.volume.fill()
            site.milter.wait_logged('mail not recorded')
            status = site.status('cannot record|no space')
            doctor = site.doctor('journal.recording')
            log = site.milter.logged('mail not recorded')
            site.wait_fate('foreign', 'held')
            load.more()
            site.volume.empty()
            site.milter.wait_logged('mail is recorded again')
            load.more()
            site.status('^KITH OK')
        journal = site.count()['journal']
        missing = site.mails + site.sent - journal['mails']
        assert missing > 0
        return (answered(load.counts) + ', ' + judged(site),
                site.check_learned_once(unrecorded=missing) + ', %d not recorded' % missing, status + ' / ' + doctor,
                '%s (%s)' % (log, site.volume.name))


@case('disk', 'disk full, noticed by the learner first')
def disk_full_learner():
    with SoakSite(volume_mb=48) as site:
        with site.load() as load:
            load.more()
            os.kill(site.learner.pid, signal.SIGSTOP)
            load.more()
            site.wait_fate('genuine', 'delivered')
            site.volume.fill()
            os.kill(site.learner.pid, signal.SIGCONT)
            log = site.learner.wait_logged('learning stopped')
            status = site.status('learn')
            site.wait_fate('foreign', 'held')
            site.volume.empty()
            site.learner.wait_logged('learning goes on')
            site.status('^KITH OK')
        journal = site.count()['journal']
        missing = site.mails + site.sent - journal['mails']
        return (answered(load.counts) + ', ' + judged(site),
                'stopped, then ' + site.check_learned_once(unrecorded=missing) + ', %d not recorded' % missing, status, log)


@case('disk', 'disk read-only')
def disk_read_only():
    with SoakSite(volume_mb=48) as site:
        with site.load() as load:
            load.more()
            for service in (site.milter, site.learner):
                service.stop()
            site.volume.remount('ro')
            for service in (site.milter, site.learner):
                service.start()
            log = site.milter.wait_logged('mail not recorded')
            status = site.status('[Rr]ead-only')
            doctor = site.doctor('journal.recording')
            site.wait_fate('foreign', 'held')
            learner = site.learner.wait_logged('cannot start')
            site.volume.remount('rw')
            site.milter.wait_logged('mail is recorded again')
            wait_until(lambda: site.learner.alive, 'the learner to start')
            load.more()
        journal = site.count()['journal']
        missing = site.mails + site.sent - journal['mails']
        assert missing > 0
        return (answered(load.counts) + ', ' + judged(site),
                site.check_learned_once(unrecorded=missing) + ', %d not recorded' % missing, status + ' / ' + doctor,
                log + ' / ' + learner)


# -- clock -----------------------------------------------------------------------------------------------------------------


def clock_steps(steps, told=''):
    with SoakSite(shim=True) as site:
        with site.load() as load:
            load.more()
            known = site.count()['store']['known']
            for seconds in steps:
                site.set_clock(seconds)
                site.wait_more_learned()
                if told:
                    status, log = site.status(told), site.learner.wait_logged(told)
            site.set_clock(0)
            site.wait_more_learned()
            fate = site.fate('genuine'), site.fate('foreign')
            after = site.status('^KITH OK')
        text = answered(load.counts) + ', ' + judged(site)
        assert fate == ('delivered', 'held'), fate
        learning = site.check_learned_once()
        now = site.count()['store']['known']
        assert now > .95 * known, 'of %.0f mails that were known %.0f are' % (known, now)
        if not told:
            status, log = after, site.learner.logged('clock') or 'no word'
        return (text, learning + ', and nothing forgotten', status, log)


@case('clock', 'clock a day back, then right')
def clock_a_day_back():
    return clock_steps([-DAY])


@case('clock', 'clock ten years ahead, back before 1970, then right')
def clock_ahead():
    return clock_steps([3650 * DAY, -int(time.time()) - DAY], 'clock that jumped')


# -- upgrade ---------------------------------------------------------------------------------------------------------------


def later(site, what):
    site.tool('later', site.config_file, what)


@case('upgrade', 'store changed by a later version while the milter runs')
def later_store():
    with SoakSite() as site:
        with site.load() as load:
            load.more()
            site.learner.stop()
            later(site, 'store')
            site.wait_fate('foreign', 'neutral')
            log = site.milter.wait_logged('store: mail passes')
            status = site.status('version')
            # Back to this version: its learner cannot read that store either, and begins anew.
            site.learner.start()
            site.milter.wait_logged('store: in use again')
            site.wait_fate('foreign', 'held')
            load.more()
        learner = site.learner.wait_logged('moved aside')
        return (answered(load.counts) + ', ' + judged(site), 'this version began a new store; ' + site.check_learned_once(), status,
                log + ' / ' + learner)


@case('upgrade', 'journal records of a later milter')
def later_records():
    with SoakSite() as site:
        with site.load() as load:
            load.more()
            later(site, 'type')
            later(site, 'record')
            log = site.learner.wait_logged('unreadable')
            load.more()
            status = site.status('KITH')
        return (answered(load.counts) + ', ' + judged(site), site.check_learned_once() + ', but for the one that it could not read',
                status, log)


@case('upgrade', 'journal of a later format')
def later_journal():
    with SoakSite() as site:
        with site.load() as load:
            load.more()
            later(site, 'journal')
            milter = site.milter.wait_logged('mail not recorded')
            learner = site.learner.wait_logged('learning stopped')
            status = site.status('format')
            site.wait_fate('foreign', 'held')
            load.more()
            newest = sorted(os.listdir(site.settings['journal']['directory']))[-1]
            os.remove(os.path.join(site.settings['journal']['directory'], newest))
            site.milter.wait_logged('mail is recorded again')
        missing = site.mails + site.sent - site.count()['journal']['mails']
        return (answered(load.counts) + ', ' + judged(site),
                site.check_learned_once(unrecorded=missing) + ', %d not recorded' % missing, status, milter + ' / ' + learner)


@case('upgrade', "an older version's journal (tests/golden/formats)")
def older_journal():
    with SoakSite(run=False) as site:
        journal = site.settings['journal']['directory']
        for name in os.listdir(journal):
            os.remove(os.path.join(journal, name))
        shutil.rmtree(site.settings['store']['directory'])
        shutil.copy(os.path.join(ROOT, 'tests/golden/formats/journal-v1.bin'), os.path.join(journal, '0000000007.kj'))
        site.mails = 1
        site.milter.start()
        site.milter.wait_logged('store: mail passes')  # else a quick learner leaves nothing to be used again
        site.learner.start()
        site.milter.wait_logged('store: in use again')
        with site.load(messages=100) as load:
            pass
        learning = site.check_learned_once()
        shown = site.kith('show', 'abcdefgh234567ab')
        assert 'abcdefgh234567ab' in shown, shown
        return (answered(load.counts), learning + ', the old one found by kith show', site.status('^KITH OK'),
                site.learner.logged('started'))


def config_for(site, build):
    """the site's configuration without the keys that another version's programs do not know; its file"""
    path, settings = site.config_file.replace('kith.yaml', 'older.yaml'), copy.deepcopy(site.settings)
    for _ in range(2):
        with open(path, 'w', encoding='utf-8') as f:
            os.fchmod(f.fileno(), 0o640)
            f.write(yaml(settings))
        checked = subprocess.run([os.path.join(build, 'milter/kith-milter'), '--config', path, '--check'], stderr=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, encoding='utf-8')
        for section, key in re.findall(r'(\w+)\.(\w+): unknown key', checked.stderr):
            del settings[section][key]
    assert checked.returncode == 0, checked.stderr
    return path


@case('upgrade', "programs of two versions beside each other", wanted=lambda options: options.older)
def two_versions(options):
    with SoakSite() as site:
        older_config = config_for(site, options.older)
        told = []
        with site.load() as load:
            for service, folder in ((site.milter, 'milter'), (site.learner, 'engine/learner')):
                ours = service.argv
                service.stop()
                service.argv = [os.path.join(options.older, folder, os.path.basename(ours[0])), '--config', older_config, '--stderr']
                service.start()
                load.more(50)
                told.append('%s of the older version: %s' % (os.path.basename(ours[0]), site.fate('genuine')))
                service.stop()
                service.argv = ours
                service.start()
                load.more(50)
            site.wait_fate('foreign', 'held')
        journal = site.count()['journal']
        assert journal['mails'] == site.mails + site.sent, (journal, site.mails, site.sent)
        site.wait_learned()
        return (answered(load.counts) + ', ' + judged(site), 'all %d indexed' % site.count()['store']['indexed'],
                site.status('^KITH'), '; '.join(told))
