# SPDX-License-Identifier: Apache-2.0
"""kith as the package installs it behind the system's own Postfix, set up as an admin does it, on a machine that may be thrown away.

Place in the flow: debian/tests/held-mail, tests/package/package_probe.py and contrib/walkthrough. Writes to /etc/postfix, /etc/kith
and the system's mail queue, so it refuses to run where nobody said that this is wanted (KITH_MAY_CHANGE_THIS_MACHINE=yes; autopkgtest
says so by AUTOPKGTEST_TMP). The firm of contrib/demo/firm.py is the site. Covered by tests/package/package_test.py.
"""

import datetime
import json
import os
import pwd
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from postfix import Postfix, queue_id_of  # noqa: E402
from waiting import wait_until  # noqa: E402

DOMAIN = 'halvern.example'
HOST = 'mx.' + DOMAIN
CONFIG = '/etc/kith/conf.d/50-site.yaml'
UNITS = ('kith-learner', 'kith-milter')


def may_change_this_machine():
    if not (os.environ.get('AUTOPKGTEST_TMP') or os.environ.get('KITH_MAY_CHANGE_THIS_MACHINE') == 'yes'):
        sys.exit('this changes the system\'s mail service: run it by autopkgtest, or in a machine that may be thrown away')


def run(*argv, check=True, timeout=300, **kw):
    """CompletedProcess with text output"""
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=timeout,
                       encoding='utf-8', errors='replace', **kw)
    if check and p.returncode:
        raise RuntimeError('%s: exit %d\n%s%s' % (' '.join(argv), p.returncode, p.stdout[-3000:], p.stderr[-3000:]))
    return p


def kith(*argv, check=True, timeout=300):
    return run('kith', *argv, check=check, timeout=timeout)


def kith_json(*argv, check=True):
    return json.loads(kith('--json', *argv, check=check).stdout)


def last_friday():
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return today - datetime.timedelta(days=(today.weekday() - 4) % 7)


def write_firm(out, days=60):
    """two months of a firm's mail in `out`, the story's mails as {"raw", "kind", "client", "mail_from", "rcpts", "message_id"}, the
    firm's own mailboxes"""
    run(sys.executable, '-B', os.path.join(HERE, '../../contrib/demo/firm.py'), '--out', out, '--days', str(days), '--probes', '0', '--end',
        str(last_friday()), '--story-time', str(int(time.time())))
    with open(os.path.join(out, 'story/story.json'), encoding='utf-8') as f:
        story = json.load(f)
    for mail in story:
        with open(os.path.join(out, 'story', mail['file']), 'rb') as f:
            mail['raw'] = f.read()
    with open(os.path.join(out, 'people.json'), encoding='utf-8') as f:
        return story, [p['addr'] for p in json.load(f) if p['own']]


class SystemPostfix(Postfix):
    """The system's Postfix with the firm's mailboxes; delivers everything on the machine. Asked like a private one."""

    def __init__(self, mailboxes):  # pylint: disable=super-init-not-called
        self.base, self.etc, self.spool = '/', '/etc/postfix', '/var/spool/postfix'
        self.maildirs, self.log_file, self.port, self.submission = '/var/mail/firm', '/var/log/mail.log', 25, 587
        self.running, self.keep, self.saslauthd, self.mailboxes = False, True, None, list(mailboxes)

    def set_up(self):
        """what every mail server has before kith comes"""
        nobody = pwd.getpwnam('nobody')
        os.makedirs(self.maildirs, exist_ok=True)
        os.chown(self.maildirs, nobody.pw_uid, nobody.pw_gid)
        with open('/etc/postfix/firm', 'w', encoding='utf-8') as f:
            f.writelines('%s %s/\n' % (m, m) for m in self.mailboxes)
        with open('/etc/postfix/outside', 'w', encoding='utf-8') as f:
            f.write('if !/@%s$/\n/./ outside/\nendif\n' % DOMAIN.replace('.', '\\.'))
        self.run('postconf', '-e', 'myhostname=' + HOST, 'mydestination=', 'inet_interfaces=loopback-only', 'inet_protocols=ipv4',
                 'maillog_file=' + self.log_file, 'virtual_mailbox_domains=' + DOMAIN, 'virtual_mailbox_base=' + self.maildirs,
                 'virtual_mailbox_maps=texthash:/etc/postfix/firm regexp:/etc/postfix/outside', 'default_transport=virtual',
                 'virtual_uid_maps=static:%d' % nobody.pw_uid, 'virtual_gid_maps=static:%d' % nobody.pw_gid, 'virtual_minimum_uid=1',
                 'smtpd_relay_restrictions=check_client_access static:OK, reject_unauth_destination',
                 'smtpd_peername_lookup=no', 'smtpd_authorized_xclient_hosts=127.0.0.0/8')
        # Submission, as Debian's master.cf has it in comments.
        self.run('postconf', '-M', 'submission/inet=submission inet n - y - - smtpd')
        self.run('postconf', '-P', 'submission/inet/syslog_name=postfix/submission')
        self.restart()

    def restart(self):
        if os.path.isdir('/run/systemd/system'):
            run('systemctl', 'restart', 'postfix')
        else:
            run('postfix', 'stop', check=False)
            run('postfix', 'start')
        for port in (self.port, self.submission):
            wait_until(lambda port=port: self._greets(port), 'Postfix to greet on port %d' % port, 60)

    def paste(self, lines):
        """puts lines, as doctor prints them, into main.cf in place of what it sets for the same keys"""
        self.run('postconf', '-e', *(' '.join(x.split()) for x in lines))
        self.run('postfix', 'reload')


def configure(text):
    os.makedirs(os.path.dirname(CONFIG), exist_ok=True)
    with open(CONFIG, 'w', encoding='utf-8') as f:
        f.write(text)


def site_yaml(mode):
    return 'mode: %s\nsite:\n  domains: [%s]\n  authserv_id: %s\nstore:\n  map_size: 1GiB\n' % (mode, DOMAIN, HOST)


def restart_services():
    run('systemctl', 'restart', *UNITS)


def wait_learned(seconds=300):
    """everything in the journal is learned when this returns"""

    def learned():
        state = kith_json('status', check=False)
        return state['learner']['lag_seconds'] == 0 and state['learner']['learned'] > 0

    wait_until(learned, lambda: 'the learner; kith status:\n' + kith('status', check=False).stdout, seconds)


def send(postfix, mail):
    """queue id of an accepted mail, from the client it came from"""
    code, text = postfix.send(mail['raw'], mail['mail_from'], mail['rcpts'], mail['client'])
    if code != 250:
        raise RuntimeError('mail of %s was answered %d %s\n%s' % (mail['mail_from'], code, text, postfix.log()[-2000:]))
    return queue_id_of(text)


def wait_recorded(queue_id):
    wait_until(lambda: kith('show', queue_id, check=False).returncode == 0, 'the learner to record %s' % queue_id, 60)


def check_of_doctor(name):
    """state and text of one check"""
    return next(((c['state'], c['text']) for c in kith_json('doctor', check=False)['checks'] if c['name'] == name), None)
